/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a page holds, as a number that tells nothing but whether others hold the same. */
#ifndef CONTENT_HASH_H
#define CONTENT_HASH_H

#include <stdint.h>

#define CONTENT_PAGE 4096u

/*
 * MMR_CONTENT_ZERO for zeroes, otherwise greater than all other MMR_CONTENT_*. Under another key other numbers come out:
 * a recording has one of its own, so that nobody can look up what a number stands for.
 */
uint64_t content_hash(const void *page, uint64_t key);

#endif
