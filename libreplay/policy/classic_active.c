/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The active lists, and what they give back.
 *
 * The inactive lists must be long enough that a page is looked at before it goes, and short enough that the
 * active ones keep what is used: up to 1 GiB as long as the active list, at 10 GiB a third, at 100 GiB a tenth.
 * A page from the tail of an active list becomes inactive whether it was used or not (its accessed bit is
 * lost, PG_referenced stays), except used pages of programs' code, which go round once more.
 *
 * Follows inactive_is_low(), shrink_active_list(), kswapd_age_node() of v6.12; v6.1 does not count the
 * pages that go round as a cost.
 *
 * Not modelled: buffer heads.
 */
#include "classic.h"

#define GIB_SHIFT 18 /* pages */

static uint64_t int_sqrt(uint64_t x)
{
	uint64_t root = 0;

	while ((root + 1) * (root + 1) <= x)
		root++;
	return root;
}

bool policy_classic_inactive_is_low(struct mm_node *node, enum mm_lru_type type)
{
	const struct mm_lru_stat *stat = mm_lru_stat(node);
	uint64_t inactive = stat->inactive[type];
	uint64_t active = stat->active[type];
	uint64_t gib = (inactive + active) >> GIB_SHIFT;

	return inactive * (gib ? int_sqrt(10 * gib) : 1) < active;
}

/* Used code of a program: stays. */
static bool goes_round(struct mm_node *node, uint32_t pfn)
{
	const struct mm_page *page = mm_node_page(node, pfn);

	return mm_folio_referenced(node, pfn) && (page->flags & MM_PG_EXEC) &&
	       mm_page_lru_type(page) == MM_LRU_FILE;
}

void policy_classic_shrink_active(struct mm_node *node, struct mm_scan_control *sc,
                                  enum mm_lru_type type, uint32_t nr_to_scan)
{
	struct mm_machine *machine = node->machine;
	struct mm_batch batch = { .nr = 0 };
	uint32_t nr_scanned, nr_rotated = 0, nr_deactivated = 0;
	bool rotated[MM_SWAP_CLUSTER];

	mm_lru_add_drain(machine, sc->cpu);
	nr_scanned = policy_classic_isolate(node, sc, classic_active(type), nr_to_scan, &batch);
	nr_scanned += batch.nr_skipped;
	mm_count(machine, MM_PGREFILL, nr_scanned);
	sc->nr_refilled += nr_scanned;
	for (uint32_t i = 0; i < batch.nr; i++)
		rotated[i] = goes_round(node, batch.pfns[i]);
	for (uint32_t i = 0; i < batch.nr; i++) {
		struct mm_page *page = mm_node_page(node, batch.pfns[i]);
		uint32_t nr = mm_block_pages(page->order);

		mm_unisolate(node, batch.pfns[i]);
		if (rotated[i]) {
			nr_rotated += nr;
			mm_workingset_age(node, nr);
		} else {
			nr_deactivated += nr;
			page->flags &= (uint16_t)~MM_PG_ACTIVE;
			page->flags |= MM_PG_WORKINGSET;
		}
		policy_classic_add(node, batch.pfns[i], false);
	}
	mm_count(machine, MM_PGDEACTIVATE, nr_deactivated);
	if (nr_rotated > 0 && machine->settings.kernel >= MM_KERNEL(6, 2))
		mm_note_cost(node, type, 0, nr_rotated);
}

void policy_classic_age_anon(struct mm_node *node, struct mm_scan_control *sc)
{
	/* Where there could be swap at all. */
	if (node->machine->swap.nr_slots > 0 && policy_classic_inactive_is_low(node, MM_LRU_ANON))
		policy_classic_shrink_active(node, sc, MM_LRU_ANON, MM_SWAP_CLUSTER);
}
