/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page tables that come before base pages.
 *
 * Who gets a huge page allocates a page table after it, to be kept for when the huge page is split. Who does not get one
 * allocates it all the same, for the base pages, and so before them, but after what the vain attempt has freed. In the demand it
 * follows the touch in both cases, as the attempt comes with the touch:
 *
 *	recorded  huge page, table                 attempt, table, base page
 *	demand    touch, table                     touch, table
 *	replay    huge page, table                 attempt, table, base pages
 *
 * It matters as a CPU's list takes twice as many pages each time somebody allocates and nobody frees (nr_pcp_alloc()):
 * after base pages a page table makes it take 992 unmovable ones, and after the few pages that reclaim has freed for the
 * attempt some 60 or 120. What there is of unmovable blocks is enough for the one and not for the other.
 *
 * State: of the last touches of this kind that were read, the page table.
 *
 * Follows do_huge_pmd_anonymous_page(), do_anonymous_page() of v6.12.
 *
 * Not modelled: that base pages then come one by one, as they are used, where the recorded kernel had a huge page.
 */
#include "replay_state.h"

#define FAR 256u /* ops, of others: they go on while somebody reclaims */

static uint32_t slot_of(uint32_t touch)
{
	return (touch >> MM_PAGEBLOCK_ORDER) % REPLAY_TABLES;
}

static bool tries_huge(const struct demand_op *op)
{
	return op->kind == DEMAND_ANON_TOUCH &&
	       (op->order == MM_PAGEBLOCK_ORDER || demand_tried_huge(op));
}

static bool is_table(const struct demand_op *op)
{
	return op->kind == DEMAND_KERNEL_ALLOC && (op->arg & DEMAND_PAGE_TABLE) && op->order == 0;
}

void replay_table_meet(struct replay *replay, const struct demand_op *op)
{
	const struct replay_input *input = &replay->input;

	if (op->task == 0 || !tries_huge(op))
		return;
	for (size_t i = input->next; i < input->nr && i < input->next + FAR; i++) {
		const struct demand_op *next = &input->ops[i];

		if (next->task != op->task || next->kind == DEMAND_TLB)
			continue;
		if (is_table(next) && next->gfp_flags != 0)
			replay->tables[slot_of(op->page)] =
				(struct replay_early_table){ op->page, next->page,
				                             next->gfp_flags };
		return;
	}
}

void replay_table_ask(const struct replay *replay, const struct demand_op *op,
                      struct mm_request *request)
{
	const struct replay_early_table *table = &replay->tables[slot_of(op->page)];

	if (!tries_huge(op) || table->touch != op->page)
		return;
	request->table = table->table;
	request->table_gfp = table->gfp_flags;
}

bool replay_table_is_there(struct replay *replay, const struct demand_op *op)
{
	if (!is_table(op))
		return false;
	for (uint32_t i = 0; i < REPLAY_TABLES; i++) {
		struct replay_early_table *table = &replay->tables[i];

		if (table->gfp_flags == 0 || table->table != op->page)
			continue;
		table->gfp_flags = 0;
		return mm_lpage_is_known(replay->machine, op->page);
	}
	return false;
}
