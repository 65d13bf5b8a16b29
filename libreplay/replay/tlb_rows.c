/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLBs and page tables as rows: flushes as recorded or as the engine had them, reach and page tables of a replay. */
#include "tlb_rows.h"

static void put_flush(struct results_db *db, int cause, int reason, int extent,
                      const struct mm_tlb_count *count)
{
	if (count->flushes > 0)
		results_put_tlb_flush(db, mm_tlb_cause_name((enum mm_tlb_cause)cause),
		                      mm_tlb_reason_name((enum mm_tlb_reason)reason),
		                      mm_tlb_extent_name((enum mm_tlb_extent)extent),
		                      (int64_t)count->flushes, (int64_t)count->pages);
}

void replay_put_tlb_recorded(struct results_db *db, const struct replay_tlb_recorded *recorded)
{
	for (int cause = 0; cause < MM_NR_TLB_CAUSES; cause++)
		for (int reason = 0; reason < MM_NR_TLB_REASONS; reason++)
			for (int extent = 0; extent < MM_NR_TLB_EXTENTS; extent++)
				put_flush(db, cause, reason, extent,
				          &recorded->counts[cause][reason][extent]);
}

static void put_flushes(struct results_db *db, const struct mm_machine *machine)
{
	for (int cause = 0; cause < MM_NR_TLB_CAUSES; cause++)
		for (int reason = 0; reason < MM_NR_TLB_REASONS; reason++)
			for (int extent = 0; extent < MM_NR_TLB_EXTENTS; extent++)
				put_flush(db, cause, reason, extent,
				          mm_tlb_count(machine, (enum mm_tlb_cause)cause,
				                       (enum mm_tlb_reason)reason,
				                       (enum mm_tlb_extent)extent));
}

void replay_put_tlb(struct results_db *db, struct replay *replay)
{
	static const char *const mappings[] = {
		[MM_TLB_AS_IS] = "as mapped",
		[MM_TLB_ALL_4K] = "4 KiB",
		[MM_TLB_ALL_2M] = "2 MiB",
		[MM_TLB_ALL_1G] = "1 GiB",
	};
	const struct replay_tlb_use *use = replay_tlb_use(replay);

	if (!use)
		return;
	put_flushes(db, replay_machine(replay));
	for (int i = 0; i < MM_NR_TLB_MAPPINGS && use->nr_windows > 0; i++) {
		const struct results_tlb_reach row = {
			.entries = mappings[i],
			.windows = (int64_t)use->nr_windows,
			.pages = (int64_t)use->reach.pages,
			.needed = (int64_t)use->reach.needed[i],
			.l1_held = (int64_t)use->reach.held[i][0],
			.l2_held = (int64_t)use->reach.held[i][1],
		};

		results_put_tlb_reach(db, &row);
	}
	for (int i = 0; i < MM_NR_PGTABLE_LAYOUTS; i++)
		results_put_page_table(db, mm_pgtable_layout_name((enum mm_pgtable_layout)i),
		                       (int64_t)use->tables[i].leaves,
		                       (int64_t)use->tables[i].uppers,
		                       (int64_t)use->tables[i].bytes);
}
