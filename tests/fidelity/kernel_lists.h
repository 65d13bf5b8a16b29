/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lengths of the kernel's LRU lists, from what events tell: insertions, activations and frees, page by page. Which
 * pages vmscan activates and deactivates it does not say, only how many: marks become stale, and a page that is freed
 * later is taken to be one of those by as much chance as there is. Each /proc/vmstat puts the lengths right.
 */
#ifndef FIDELITY_KERNEL_LISTS_H
#define FIDELITY_KERNEL_LISTS_H

#include <stdbool.h>
#include <stdint.h>

#include "mmzone.h"

#define NR_LRU_LISTS 4 /* inactive and active anonymous, inactive and active file */

/* Of a type: pages marked by the last event about them, and how many of these marks vmscan has made untrue. */
struct lengths {
	double marked[2]; /* [active] */
	double stale[2];
	double off[2]; /* what the last /proc/vmstat had beyond that */
};

struct kernel_lists {
	uint8_t *lru; /* by pfn: list + 1; 0: it is on none */
	struct lengths lengths[MM_NR_LRU_TYPES];
};

static uint32_t lists_length(const struct kernel_lists *k, unsigned int list)
{
	const struct lengths *l = &k->lengths[list / 2];
	unsigned int active = list % 2;
	double n = l->marked[active] - l->stale[active] + l->stale[!active] + l->off[active];

	return n > 0 ? (uint32_t)(n + 0.5) : 0;
}

static void lists_leave(struct kernel_lists *k, uint64_t pfn, bool reclaimed)
{
	uint8_t list = k->lru[pfn];
	struct lengths *l;
	bool active;

	k->lru[pfn] = 0;
	if (list == 0 || list > NR_LRU_LISTS)
		return;
	l = &k->lengths[(list - 1) / 2];
	active = (list - 1) % 2;
	/* Reclaim takes inactive pages only. */
	if (!reclaimed)
		l->stale[active] -= l->stale[active] / l->marked[active];
	else if (active && l->stale[1] >= 1)
		l->stale[1]--;
	l->marked[active]--;
	if (l->stale[active] > l->marked[active])
		l->stale[active] = l->marked[active];
}

static void lists_enter(struct kernel_lists *k, uint64_t pfn, uint32_t list)
{
	k->lru[pfn] = (uint8_t)(list + 1);
	if (list < NR_LRU_LISTS)
		k->lengths[list / 2].marked[list % 2]++;
}

/* vmscan moves n pages of a type. */
static void lists_move(struct kernel_lists *k, enum mm_lru_type type, bool to_active, double n)
{
	struct lengths *l = &k->lengths[type];
	double true_marks = l->marked[!to_active] - l->stale[!to_active];
	double all = true_marks + l->stale[to_active];
	double of_marked = all > 0 ? n * true_marks / all : 0;

	l->stale[!to_active] += of_marked;
	l->stale[to_active] -= n - of_marked;
	if (l->stale[to_active] < 0)
		l->stale[to_active] = 0;
}

/* One page, by mm_lru_activate. */
static void lists_activate(struct kernel_lists *k, uint64_t pfn)
{
	uint8_t list = k->lru[pfn];
	struct lengths *l = &k->lengths[list > 2];

	if (list == 1 || list == 3) {
		lists_leave(k, pfn, true);
		lists_enter(k, pfn, list);
	} else if (list != 0 && list <= NR_LRU_LISTS && l->stale[1] > 0) {
		l->stale[1] = l->stale[1] > 1 ? l->stale[1] - 1 : 0;
	}
}

static void lists_put_right(struct kernel_lists *k, const uint64_t lists[NR_LRU_LISTS])
{
	for (unsigned int i = 0; i < NR_LRU_LISTS; i++)
		k->lengths[i / 2].off[i % 2] += (double)lists[i] - (double)lists_length(k, i);
}

#endif
