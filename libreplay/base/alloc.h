/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The only way libreplay gets memory. Sizes are multiplied with overflow checks; failures come back
 * as MMR_E_NOMEM. tests/fault links with --wrap=calloc,--wrap=reallocarray and lets the N-th call fail.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stddef.h>

#include <mmreplay/error.h>

/* nmemb zeroed elements of size bytes; NULL if there is no memory. Free with base_free(). */
void *base_calloc(size_t nmemb, size_t size) __attribute__((malloc, warn_unused_result));

/* As base_calloc(), filling err with how much was asked for and what for (a noun: "free lists"). */
void *base_calloc_err(size_t nmemb, size_t size, const char *what, struct mmr_error *err)
	__attribute__((malloc, warn_unused_result));

/* Resizes *array to nmemb elements; new elements are not initialised. 0 or MMR_E_NOMEM (array as it was). */
int base_resize(void **array, size_t nmemb, size_t size) MMR_MUST_CHECK;

/* The same from had elements to nmemb >= had; each byte of the new ones is fill. */
int base_grow(void **array, size_t had, size_t nmemb, size_t size, int fill) MMR_MUST_CHECK;

/* Copy of len bytes with a terminating NUL added; NULL if there is no memory. */
char *base_strndup(const char *text, size_t len) __attribute__((malloc, warn_unused_result));

/* Asks the kernel for huge pages for memory that is filled from end to end. It need not follow. */
void base_want_huge_pages(void *memory, size_t size);

/* free() that takes NULL. */
void base_free(void *memory);

#endif
