/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Conservation, for KSM: what its counters say is what a walk finds, whoever shares a frame is in a ring with those that
 * have the same one, nodes are in the order of their contents, and items in that of their addresses.
 */
#include "internal.h"
#include "ksm_state.h"

#include "error_set.h"

bool mm_ksm_is_beside(const struct mm_machine *machine, uint32_t number)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);
	const struct mm_ksm_page *page;

	if (!(lpage->flags & MM_LP_KSM) || !machine->ksm)
		return false;
	page = &machine->ksm->pages[number];
	return page->role == MM_KSM_SHARED && machine->ksm->nodes[page->node].pfn == lpage->pfn;
}

static int broken(struct mmr_error *err, uint32_t number, const char *what)
{
	return base_error(err, MMR_E_INTERNAL, "KSM, %u: %s", number, what);
}

static int check_page(const struct mm_machine *machine, uint32_t number, struct mmr_error *err)
{
	const struct mm_ksm *ksm = machine->ksm;
	const struct mm_ksm_page *page = &ksm->pages[number];
	const struct mm_lpage *lpage = mm_lpage(machine, number);

	if ((page->role != MM_KSM_NONE) != ((lpage->flags & MM_LP_KSM) != 0))
		return broken(err, number, "a role without its flag, or the other way round");
	if (page->role == MM_KSM_NONE)
		return 0;
	if (ksm->pages[page->next].prev != number || ksm->pages[page->prev].next != number ||
	    ksm->pages[page->next].role != page->role)
		return broken(err, number, "a ring is not linked");
	switch ((enum mm_ksm_role)page->role) {
	case MM_KSM_SHARED:
		if (ksm->nodes[page->node].pfn != lpage->pfn || lpage->pfn == MM_NONE ||
		    mm_lpage(machine, page->next)->pfn != lpage->pfn)
			return broken(err, number, "its frame is not that of its node");
		break;
	case MM_KSM_SWAPPED:
		if (page->next == number)
			return broken(err, number, "alone in its slot");
		break;
	case MM_KSM_ZERO:
		if (lpage->pfn != MM_NONE || lpage->slot != MM_NONE || page->next != number)
			return broken(err, number, "more than the zero page is there");
		break;
	case MM_KSM_NONE:
		break;
	}
	return 0;
}

struct tally {
	uint64_t items;
	uint64_t unshared;
	uint64_t stable;
	uint64_t shared;
	uint64_t sharing;
	uint64_t chains;
	uint64_t dups;
};

static int check_items(const struct mm_ksm *ksm, struct tally *tally, struct mmr_error *err)
{
	for (uint32_t slot = ksm->slots[0].next; slot != 0; slot = ksm->slots[slot].next) {
		uint32_t next = ksm->slots[slot].items;

		for (uint32_t at = next; at != MM_NONE; at = next) {
			const struct mm_ksm_item *item = &ksm->items[at];

			next = item->next;
			if (next != MM_NONE && ksm->items[next].vpn <= item->vpn)
				return broken(err, at, "items are not in order");
			tally->items++;
			tally->unshared += item->state == MM_KSM_ITEM_UNSTABLE;
			tally->stable += item->state == MM_KSM_ITEM_STABLE;
		}
	}
	return 0;
}

static int check_node(const struct mm_ksm *ksm, uint32_t at, struct tally *tally,
                      struct mmr_error *err)
{
	const struct mm_ksm_node *node = &ksm->nodes[at];
	uint32_t nr = 0;

	for (uint32_t i = node->items; i != MM_NONE; i = ksm->items[i].next_same) {
		if (ksm->items[i].node != at || ksm->items[i].state != MM_KSM_ITEM_STABLE)
			return broken(err, at, "an item hangs elsewhere");
		nr++;
	}
	if (nr != node->nr_items)
		return broken(err, at, "items are not as many as they should be");
	tally->shared += nr > 0;
	tally->sharing += nr > 0 ? nr - 1 : 0;
	return 0;
}

static int check_place(const struct mm_ksm *ksm, uint32_t at, struct tally *tally,
                       struct mmr_error *err)
{
	const struct mm_ksm_node *node = &ksm->nodes[at];
	int rc = 0;

	if (!node->is_chain)
		return check_node(ksm, at, tally, err);
	tally->chains++;
	for (uint32_t dup = node->dups; rc == 0 && dup != MM_NONE; dup = ksm->nodes[dup].next_dup) {
		tally->dups++;
		if (ksm->nodes[dup].chain != at || ksm->nodes[dup].content != node->content)
			return broken(err, dup, "a duplicate in another's chain");
		rc = check_node(ksm, dup, tally, err);
	}
	return rc;
}

/* From the lowest contents to the highest. */
static int check_stable_tree(const struct mm_ksm *ksm, struct tally *tally, struct mmr_error *err)
{
	const struct mm_ksm_link *links = ksm->node_links;
	uint32_t at = ksm->stable, last = MM_NONE;

	while (at != MM_NONE && links[at].left != MM_NONE)
		at = links[at].left;
	while (at != MM_NONE) {
		int rc = check_place(ksm, at, tally, err);

		if (rc < 0)
			return rc;
		if (last != MM_NONE && ksm->nodes[last].content >= ksm->nodes[at].content)
			return broken(err, at, "the stable tree is not in order");
		last = at;
		if (links[at].right != MM_NONE) {
			for (at = links[at].right; links[at].left != MM_NONE;)
				at = links[at].left;
			continue;
		}
		while (links[at].parent != MM_NONE && links[links[at].parent].right == at)
			at = links[at].parent;
		at = links[at].parent;
	}
	return 0;
}

int mm_ksm_check(const struct mm_machine *machine, struct mmr_error *err)
{
	const struct mm_ksm *ksm = machine->ksm;
	struct tally tally = { .items = 0 };
	uint64_t zero = 0;
	int rc = 0;

	if (!ksm)
		return 0;
	for (uint32_t i = 0; rc == 0 && i < ksm->nr_pages && i < machine->nr_lpages; i++) {
		zero += ksm->pages[i].role == MM_KSM_ZERO;
		rc = check_page(machine, i, err);
	}
	if (rc == 0 && ksm->nr_slots > 0)
		rc = check_items(ksm, &tally, err);
	if (rc == 0)
		rc = check_stable_tree(ksm, &tally, err);
	if (rc < 0)
		return rc;
	if (tally.items != ksm->stat.rmap_items || tally.unshared != ksm->stat.pages_unshared ||
	    tally.shared != ksm->stat.pages_shared || tally.sharing != ksm->stat.pages_sharing ||
	    tally.stable != tally.shared + tally.sharing)
		return base_error(err, MMR_E_INTERNAL,
		                  "KSM: %llu items, %llu shared, %llu sharing, %llu unshared",
		                  (unsigned long long)tally.items, (unsigned long long)tally.shared,
		                  (unsigned long long)tally.sharing,
		                  (unsigned long long)tally.unshared);
	if (tally.chains != ksm->stat.stable_node_chains ||
	    tally.dups != ksm->stat.stable_node_dups || zero != ksm->stat.zero_pages)
		return base_error(err, MMR_E_INTERNAL, "KSM: %llu chains, %llu in them, %llu zero",
		                  (unsigned long long)tally.chains, (unsigned long long)tally.dups,
		                  (unsigned long long)zero);
	return 0;
}
