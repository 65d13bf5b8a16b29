/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mglru: what is remembered of an evicted page, and what its return says.
 *
 * The token holds the oldest generation at eviction and the page's refs, so a refault can be booked to the tier
 * that the page was evicted from. It counts as recent while that generation is still the oldest (before
 * 6.14), or for four generations. A page that comes back by a fault, or was used often, belongs to
 * the working set.
 *
 * Follows lru_gen_eviction(), lru_gen_test_recent(), lru_gen_refault() of v6.1, v6.12 and v6.18.
 *
 * Not modelled: the loss of shadow entries with their tree nodes. 29 bits of the sequence number are kept:
 * fewer than the kernel's, more than any run has.
 */
#include "mglru_private.h"

#define TOKEN_WORKINGSET 4u
#define TOKEN_SEQ_SHIFT  3u
#define TOKEN_SEQ_MASK   (UINT32_MAX >> TOKEN_SEQ_SHIFT)

uint32_t policy_mglru_eviction(struct mm_node *node, uint32_t pfn)
{
	struct mglru *lru = mglru_of(node);
	const struct mm_page *page = &node->machine->pages[pfn];
	uint32_t type = mm_page_lru_type(page);
	uint32_t refs = policy_mglru_refs(lru, page);
	bool workingset = page->flags & MM_PG_WORKINGSET;
	uint32_t tier = policy_mglru_tier(lru, refs, workingset);
	uint32_t token = (uint32_t)(lru->min_seq[type] & TOKEN_SEQ_MASK) << TOKEN_SEQ_SHIFT;

	lru->evicted[mglru_hist(lru, lru->min_seq[type])][type][tier] +=
		mm_block_pages(page->order);
	if (lru->version == MGLRU_6_18 ? workingset : refs > 0)
		token |= TOKEN_WORKINGSET;
	return token | (refs > 0 ? refs - 1 : 0);
}

static bool is_recent(const struct mglru *lru, uint32_t type, uint32_t token)
{
	uint32_t seq = token >> TOKEN_SEQ_SHIFT, since;

	if (lru->version != MGLRU_6_18)
		return seq == (lru->min_seq[type] & TOKEN_SEQ_MASK);
	since = (uint32_t)(lru->max_seq - seq) & TOKEN_SEQ_MASK;
	return since < MGLRU_NR_GENS;
}

static void count(struct mm_node *node, enum mm_vmstat_item anon, uint32_t type, uint64_t nr)
{
	mm_count(node->machine, (enum mm_vmstat_item)((uint32_t)anon + type), nr);
}

static void restore(struct mm_node *node, struct mm_page *page, uint32_t refs, bool workingset)
{
	const struct mglru *lru = mglru_of(node);
	uint32_t type = mm_page_lru_type(page);
	uint64_t nr = mm_block_pages(page->order);

	if (lru->version == MGLRU_6_18) {
		if (node->machine->current.in_fault)
			count(node, MM_WORKINGSET_ACTIVATE_ANON, type, nr);
		if (!workingset) {
			mglru_set_counter(page, refs - 1);
			return;
		}
	} else {
		if (lru->version == MGLRU_6_12)
			count(node, MM_WORKINGSET_ACTIVATE_ANON, type, nr);
		if (!node->machine->current.in_fault && refs < MGLRU_REFS_MAX)
			return;
		mglru_set_counter(page, MGLRU_REFS_MAX);
	}
	page->flags |= MM_PG_WORKINGSET;
	count(node, MM_WORKINGSET_RESTORE_ANON, type, nr);
}

void policy_mglru_refault(struct mm_node *node, uint32_t pfn, uint32_t token)
{
	struct mglru *lru = mglru_of(node);
	struct mm_page *page = &node->machine->pages[pfn];
	uint32_t type = mm_page_lru_type(page);
	uint64_t nr = mm_block_pages(page->order);
	bool recent = is_recent(lru, type, token), workingset = token & TOKEN_WORKINGSET;
	uint32_t refs = token & MGLRU_REFS_MAX;

	if (recent || lru->version != MGLRU_6_1)
		count(node, MM_WORKINGSET_REFAULT_ANON, type, nr);
	if (!recent)
		return;
	refs += lru->version == MGLRU_6_18 || workingset ? 1 : 0;
	lru->refaulted[mglru_hist(lru, lru->min_seq[type])][type]
		      [policy_mglru_tier(lru, refs, workingset)] += nr;
	restore(node, page, refs, workingset);
}
