/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A growing array of one type. DEFINE_VEC(page_vec, struct page) gives, as if written by hand:
 *
 *	struct page_vec { struct page *items; size_t count; size_t capacity; };
 *	static inline int page_vec_push(struct page_vec *vec, struct page item);     0 or MMR_E_NOMEM
 *	static inline int page_vec_reserve(struct page_vec *vec, size_t capacity);   0 or MMR_E_NOMEM
 *	static inline void page_vec_deinit(struct page_vec *vec);                    empty again
 *
 * A zeroed struct is an empty vector.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stddef.h>

#include "alloc.h"

#define DEFINE_VEC(name, type)                                                       \
	struct name {                                                                \
		type *items;                                                         \
		size_t count;                                                        \
		size_t capacity;                                                     \
	};                                                                           \
                                                                                     \
	static inline int name##_reserve(struct name *vec, size_t capacity)          \
	{                                                                            \
		void *items = vec->items;                                            \
                                                                                     \
		if (capacity <= vec->capacity)                                       \
			return 0;                                                    \
		if (base_resize(&items, capacity, sizeof(type)) < 0)                 \
			return MMR_E_NOMEM;                                          \
		vec->items = items;                                                  \
		vec->capacity = capacity;                                            \
		return 0;                                                            \
	}                                                                            \
                                                                                     \
	static inline int name##_push(struct name *vec, type item)                   \
	{                                                                            \
		if (vec->count == vec->capacity &&                                   \
		    name##_reserve(vec, vec->capacity ? vec->capacity * 2 : 16) < 0) \
			return MMR_E_NOMEM;                                          \
		vec->items[vec->count++] = item;                                     \
		return 0;                                                            \
	}                                                                            \
                                                                                     \
	static inline void name##_deinit(struct name *vec)                           \
	{                                                                            \
		base_free(vec->items);                                               \
		*vec = (struct name){ 0 };                                           \
	}                                                                            \
	struct name

#endif
