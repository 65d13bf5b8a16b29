/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small machines under MGLRU, as one of the kernels that it was different in. */
#ifndef TESTS_MGLRU_MACHINE_H
#define TESTS_MGLRU_MACHINE_H

#include "machine.h"

#include "mglru_private.h"

#define NR_PAGES (16u * 512)

static const uint32_t kernels[] = { MM_KERNEL(6, 1), MM_KERNEL(6, 12), MM_KERNEL(6, 18) };
#define NR_KERNELS 3u

static const struct mm_request user = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

static inline struct mm_machine *mglru_machine(uint32_t kernel, uint32_t nr_slots)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, nr_slots, &policy_mglru);

	machine->settings.kernel = kernel;
	memset(machine->nodes[0].policy_state, 0, sizeof(struct mglru));
	policy_mglru.init(&machine->nodes[0]);
	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, 4 * NR_PAGES, NULL), 0);
	return machine;
}

static inline struct mm_page *page_of(const struct mm_machine *machine, uint32_t number)
{
	uint32_t pfn = mm_lpage(machine, number)->pfn;

	assert_int_not_equal(pfn, MM_NONE);
	return &machine->pages[pfn];
}

static inline struct mm_page *touch(struct mm_machine *machine, uint32_t number,
                                    enum mm_lpage_kind kind, uint32_t flags)
{
	mm_touch_page(machine, &user, number, kind, flags);
	return page_of(machine, number);
}

/* The generation that a page is in, by its distance from the oldest one of its type. */
static inline uint64_t seq_of(const struct mm_machine *machine, const struct mm_page *page)
{
	const struct mglru *lru = mglru_of(&machine->nodes[0]);
	uint64_t seq = lru->min_seq[mm_page_lru_type(page)];

	while (mglru_slot(seq) != (uint32_t)mglru_page_slot(page)) {
		seq++;
		assert_true(seq <= lru->max_seq);
	}
	return seq;
}

/* What the counts must be: by the slot that each listed page knows. */
static inline void check_sizes(const struct mm_machine *machine)
{
	static uint32_t pages[MGLRU_NR_GENS][MM_NR_LRU_TYPES][MM_NR_ZONE_TYPES];
	const struct mm_node *node = &machine->nodes[0];
	const struct mglru *lru = mglru_of(node);

	memset(pages, 0, sizeof(pages));
	for (uint32_t list = 0; list < MM_POLICY_LISTS; list++) {
		for (uint32_t pfn = node->lists[list].head; pfn != MM_NONE;
		     pfn = machine->pages[pfn].next) {
			const struct mm_page *page = &machine->pages[pfn];
			uint32_t type = mm_page_lru_type(page), zone = mglru_page_zone(node, pfn);

			assert_in_range(mglru_page_slot(page), 0, MGLRU_NR_GENS - 1);
			assert_int_equal(list / MM_NR_ZONE_TYPES % MM_NR_LRU_TYPES, type);
			assert_int_equal(list % MM_NR_ZONE_TYPES, zone);
			pages[mglru_page_slot(page)][type][zone] += mm_block_pages(page->order);
		}
	}
	assert_memory_equal(pages, lru->nr_pages, sizeof(pages));
	for (uint32_t type = 0; type < MM_NR_LRU_TYPES; type++)
		assert_in_range(mglru_nr_gens(lru, type), MGLRU_MIN_GENS, MGLRU_NR_GENS);
}

#endif
