/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What each op of the demand means for TLBs (tlb.model): who runs where, what leaves page tables, what was used.
 *
 * A task is on a CPU when an op of its own says so, or a recorded switch away from it (DEMAND_TLB_SWITCH). Between two
 * such signs a CPU is taken to have kept what it had.
 */
#include "replay_state.h"
#include "tlb.h"

#define PAGE_SHIFT 12

static uint32_t value(const struct replay *replay, enum replay_tunable_id id)
{
	return (uint32_t)replay->tunables.value[id];
}

int replay_tlb_init(struct replay *replay, const struct replay_config *config,
                    struct mmr_error *err)
{
	struct mm_tlb_config tlb = { 0 };

	if (!config->tunables->value[REPLAY_TUNABLE_TLB_MODEL])
		return 0;
	tlb.ceiling = value(replay, REPLAY_TUNABLE_TLB_CEILING);
	tlb.pcid = value(replay, REPLAY_TUNABLE_TLB_PCID) != 0;
	tlb.shared = value(replay, REPLAY_TUNABLE_TLB_L2_SHARED) != 0;
	tlb.arrays[0][MM_TLB_4K] =
		(struct mm_tlb_array){ value(replay, REPLAY_TUNABLE_TLB_L1_4K),
		                       value(replay, REPLAY_TUNABLE_TLB_L1_4K_WAYS) };
	tlb.arrays[0][MM_TLB_2M] =
		(struct mm_tlb_array){ value(replay, REPLAY_TUNABLE_TLB_L1_2M),
		                       value(replay, REPLAY_TUNABLE_TLB_L1_2M_WAYS) };
	tlb.arrays[0][MM_TLB_1G] =
		(struct mm_tlb_array){ value(replay, REPLAY_TUNABLE_TLB_L1_1G),
		                       value(replay, REPLAY_TUNABLE_TLB_L1_1G_WAYS) };
	tlb.arrays[1][MM_TLB_4K] =
		(struct mm_tlb_array){ value(replay, REPLAY_TUNABLE_TLB_L2_4K),
		                       value(replay, REPLAY_TUNABLE_TLB_L2_4K_WAYS) };
	tlb.arrays[1][MM_TLB_2M] =
		(struct mm_tlb_array){ value(replay, REPLAY_TUNABLE_TLB_L2_2M),
		                       value(replay, REPLAY_TUNABLE_TLB_L2_2M_WAYS) };
	tlb.arrays[1][MM_TLB_1G] =
		(struct mm_tlb_array){ value(replay, REPLAY_TUNABLE_TLB_L2_1G),
		                       value(replay, REPLAY_TUNABLE_TLB_L2_1G_WAYS) };
	replay->knows_tlb = true;
	replay->tlb_window_ns = REPLAY_NEVER;
	return mm_tlb_enable(replay->machine, &tlb, err);
}

/* ---- windows ---- */

static void end_window(struct replay *replay)
{
	struct mm_pgtable_size tables[MM_NR_PGTABLE_LAYOUTS];
	struct replay_tlb_use *use = &replay->tlb_use;
	struct mm_tlb_reach reach;

	mm_tlb_window(replay->machine, &reach);
	mm_pgtable_sizes(replay->machine, tables);
	if (tables[MM_PGTABLE_X86_4].bytes > use->tables[MM_PGTABLE_X86_4].bytes)
		for (int i = 0; i < MM_NR_PGTABLE_LAYOUTS; i++)
			use->tables[i] = tables[i];
	if (reach.pages == 0)
		return;
	use->nr_windows++;
	use->reach.pages += reach.pages;
	for (int i = 0; i < MM_NR_TLB_MAPPINGS; i++) {
		use->reach.needed[i] += reach.needed[i];
		for (int level = 0; level < MM_TLB_LEVELS; level++)
			use->reach.held[i][level] += reach.held[i][level];
	}
}

static void reach_time(struct replay *replay)
{
	uint64_t window_ns = replay->tunables.value[REPLAY_TUNABLE_TLB_WINDOW];

	if (replay->tlb_window_ns == REPLAY_NEVER) {
		replay->tlb_window_ns = replay->now_ns + window_ns;
		return;
	}
	if (replay->now_ns < replay->tlb_window_ns)
		return;
	end_window(replay);
	replay->tlb_window_ns +=
		(replay->now_ns - replay->tlb_window_ns) / window_ns * window_ns + window_ns;
}

const struct replay_tlb_use *replay_tlb_use(struct replay *replay)
{
	if (!replay->knows_tlb)
		return NULL;
	end_window(replay);
	return &replay->tlb_use;
}

/* ---- ops ---- */

static void flush(struct replay *replay, const struct demand_op *op, uint32_t space,
                  uint32_t nr_pages, enum mm_tlb_cause cause)
{
	mm_tlb_flush(replay->machine, &(struct mm_tlb_flush){ .space = space,
	                                                      .nr_pages = nr_pages,
	                                                      .cpu = op->cpu,
	                                                      .shift = PAGE_SHIFT,
	                                                      .cause = cause });
}

void replay_tlb_op(struct replay *replay, const struct demand_op *op)
{
	struct mm_machine *machine = replay->machine;
	uint32_t space = replay_oom_space(replay, op->task);

	if (!replay->knows_tlb)
		return;
	mm_tlb_run(machine, op->cpu, op->task, space);
	switch ((enum demand_tlb)op->order) {
	case DEMAND_TLB_SWITCH:
		mm_tlb_leave(machine, op->cpu);
		break;
	case DEMAND_TLB_COPIED:
		flush(replay, op, space, 1, MM_TLB_COPY);
		break;
	case DEMAND_TLB_UNMAP_BEGIN:
		mm_gather_begin(machine, space);
		break;
	case DEMAND_TLB_UNMAP_END:
		mm_gather_finish(machine, op->cpu, space, MM_TLB_UNMAP);
		break;
	case DEMAND_TLB_MOVED:
		flush(replay, op, space, op->arg, MM_TLB_UNMAP);
		break;
	}
}

/* wp_page_copy() */
static void copies(struct replay *replay, const struct demand_op *op, uint32_t space)
{
	flush(replay, op, space, 1, MM_TLB_COPY);
	if (op->arg2 != DEMAND_NO_PAGE)
		mm_tlb_copied(replay->machine, op->arg2, space);
}

void replay_tlb_before(struct replay *replay, const struct demand_op *op, uint32_t space)
{
	reach_time(replay);
	/* A sample is no sign of a task: its time and its CPU are those of who took it. */
	if (op->task == 0 || op->kind == DEMAND_ACCESS)
		return;
	mm_tlb_run(replay->machine, op->cpu, op->task, space);
	if (op->kind == DEMAND_COW)
		copies(replay, op, space);
	else if (op->kind == DEMAND_FREE || op->kind == DEMAND_LAZYFREE ||
	         op->kind == DEMAND_UNMAPPED)
		mm_gather_page(replay->machine, op->cpu, space, op->page);
}

void replay_tlb_after(struct replay *replay, const struct demand_op *op, uint32_t space)
{
	switch (op->kind) {
	case DEMAND_FREE:
		mm_tlb_forget(replay->machine, op->page, op->arg & DEMAND_HUGE ? op->order : 0);
		break;
	case DEMAND_ANON_TOUCH:
	case DEMAND_COW:
		mm_tlb_used(replay->machine, op->page, op->order, space);
		break;
	case DEMAND_FILE_TOUCH:
	case DEMAND_SHMEM_TOUCH:
		if (op->arg & DEMAND_MAPPED)
			mm_tlb_used(replay->machine, op->page, op->order, space);
		break;
	case DEMAND_ACCESS:
		mm_tlb_used(replay->machine, op->page, 0, 0);
		break;
	default:
		break;
	}
}

/* dup_mmap() has write-protected all of it. */
void replay_tlb_fork(struct replay *replay, const struct demand_op *op, uint32_t space,
                     uint32_t child)
{
	if (space == 0)
		return;
	mm_tlb_fork(replay->machine, space, child);
	mm_tlb_run(replay->machine, op->cpu, 0, space);
	flush(replay, op, space, MM_TLB_ALL, MM_TLB_FORK);
}

void replay_tlb_leave(struct replay *replay, const struct demand_op *op, uint32_t space,
                      uint32_t next)
{
	struct mm_machine *machine = replay->machine;

	if (space == 0)
		return;
	/* exec has loaded the new one before it ends the old (exec_mmap()), exit none (exit_mm()). */
	if (next != 0)
		mm_tlb_run(machine, op->cpu, op->task, next);
	else
		mm_tlb_run(machine, op->cpu, op->task, space);
	if (next == 0)
		mm_tlb_run(machine, op->cpu, 0, 0);
	mm_gather_finish(machine, op->cpu, space, MM_TLB_EXIT);
	mm_tlb_space_end(machine, space);
}
