/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "error_set.h"

void *base_calloc(size_t nmemb, size_t size)
{
	/* calloc(0) may give NULL, which callers would take for a failure. */
	if (nmemb == 0 || size == 0)
		nmemb = size = 1;
	return calloc(nmemb, size);
}

void *base_calloc_err(size_t nmemb, size_t size, const char *what, struct mmr_error *err)
{
	void *memory = base_calloc(nmemb, size);

	if (!memory)
		base_error(err, MMR_E_NOMEM, "out of memory for %s (%zu x %zu bytes)", what, nmemb,
		           size);
	return memory;
}

int base_resize(void **array, size_t nmemb, size_t size)
{
	void *grown = reallocarray(*array, nmemb ? nmemb : 1, size ? size : 1);

	if (!grown)
		return MMR_E_NOMEM;
	*array = grown;
	return 0;
}

int base_grow(void **array, size_t had, size_t nmemb, size_t size, int fill)
{
	if (base_resize(array, nmemb, size) < 0)
		return MMR_E_NOMEM;
	memset((char *)*array + had * size, fill, (nmemb - had) * size);
	return 0;
}

char *base_strndup(const char *text, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		return NULL;
	copy = base_calloc(len + 1, 1);
	if (copy)
		memcpy(copy, text, len);
	return copy;
}

void base_want_huge_pages(void *memory, size_t size)
{
	const uintptr_t huge = 2u << 20, begin = ((uintptr_t)memory + huge - 1) & ~(huge - 1),
			end = ((uintptr_t)memory + size) & ~(huge - 1);

	if (begin < end)
		(void)madvise((char *)memory + (begin - (uintptr_t)memory), end - begin,
		              MADV_HUGEPAGE);
}

void base_free(void *memory)
{
	free(memory);
}
