/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lets the N-th allocation of libreplay fail (link with --wrap=calloc,--wrap=reallocarray). */
#ifndef TESTS_FAIL_AT_H
#define TESTS_FAIL_AT_H

#include <stdatomic.h>
#include <stddef.h>

static unsigned long fail_at;       /* 0: none fails */
static atomic_ulong nr_allocations; /* of all threads */

void *__real_calloc(size_t nmemb, size_t size);
void *__real_reallocarray(void *memory, size_t nmemb, size_t size);
void *__wrap_calloc(size_t nmemb, size_t size);
void *__wrap_reallocarray(void *memory, size_t nmemb, size_t size);

void *__wrap_calloc(size_t nmemb, size_t size)
{
	return atomic_fetch_add(&nr_allocations, 1) + 1 == fail_at ? NULL
	                                                           : __real_calloc(nmemb, size);
}

void *__wrap_reallocarray(void *memory, size_t nmemb, size_t size)
{
	return atomic_fetch_add(&nr_allocations, 1) + 1 == fail_at
	               ? NULL
	               : __real_reallocarray(memory, nmemb, size);
}

#endif
