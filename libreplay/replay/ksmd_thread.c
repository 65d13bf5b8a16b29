/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ksmd as a simulated thread, and where it gets its memory and contents from.
 *
 * It goes through ksm.pages_to_scan pages, which take as long as the cost model says, and sleeps for
 * ksm.sleep_millisecs, in whole jiffies. It is there only if ksm.run is, or will be, 1; otherwise nothing is kept for it.
 *
 * Memory is registered as the recording says (madvise, prctl as far as it shows), or, with ksm.mergeable=all, all anonymous
 * memory is whose addresses are known. What is in it samples tell (mmcap record --content-hash), or a model does (ksm.contents=model).
 *
 * Follows ksm_scan_thread(), run_store() of v6.12.
 */
#include "ksm.h"
#include "replay_state.h"

#define NS_PER_MS   UINT64_C(1000000)
#define AREA_PAGES  512u
#define SEED_OF_KSM UINT64_C(0x6b736d)

bool replay_ksm_is_used(const struct replay_tunables *tunables)
{
	if (tunables->value[REPLAY_TUNABLE_KSM_RUN] == MM_KSM_RUN_MERGE)
		return true;
	for (uint32_t i = 0; i < tunables->nr_changes; i++)
		if (tunables->changes[i].id == REPLAY_TUNABLE_KSM_RUN)
			return true;
	return false;
}

uint64_t replay_ksm_sleep_ns(const struct replay_tunables *tunables)
{
	uint64_t jiffy_ns = NS_PER_MS * 1000 / tunables->value[REPLAY_TUNABLE_HZ];
	uint64_t ns = tunables->value[REPLAY_TUNABLE_KSM_SLEEP] * NS_PER_MS;

	return (ns + jiffy_ns - 1) / jiffy_ns * jiffy_ns;
}

int replay_ksmd_init(struct replay *replay, const struct replay_config *config,
                     struct mmr_error *err)
{
	const uint64_t *value = config->tunables->value;
	const struct mm_ksm_model model = {
		.on = value[REPLAY_TUNABLE_KSM_CONTENTS] == 1,
		.zero_percent = (uint32_t)value[REPLAY_TUNABLE_KSM_MODEL_ZERO],
		.copied_percent = (uint32_t)value[REPLAY_TUNABLE_KSM_MODEL_COPIED],
		.copies = (uint32_t)value[REPLAY_TUNABLE_KSM_MODEL_COPIES],
		.changing_percent = (uint32_t)value[REPLAY_TUNABLE_KSM_MODEL_CHANGING],
	};

	replay->ksmd.on = replay_ksm_is_used(config->tunables);
	replay->ksmd.all = value[REPLAY_TUNABLE_KSM_MERGEABLE] == 1;
	replay->ksmd.due_ns = replay->start_ns;
	if (!replay->ksmd.on)
		return 0;
	return mm_ksm_enable(replay->machine, &model, config->seed ^ SEED_OF_KSM, err);
}

uint64_t replay_ksmd_due(const struct replay *replay)
{
	if (!replay->ksmd.on || replay->ksmd.busy || replay->seeding ||
	    !mm_ksmd_has_work(replay->machine))
		return REPLAY_NEVER;
	return replay->ksmd.due_ns > replay->now_ns ? replay->ksmd.due_ns : replay->now_ns;
}

static void submit(struct replay *replay, uint8_t kind)
{
	const struct demand_op op = { .t_ns = replay->now_ns,
		                      .kind = kind,
		                      .page = DEMAND_NO_PAGE,
		                      .cpu = (uint16_t)((replay->cpu + 1u) % replay->nr_cpus) };

	replay_submit(replay, &op);
}

/* It runs on a stack of its own, as khugepaged does. */
void replay_ksmd_run(struct replay *replay)
{
	replay->ksmd.busy = true;
	submit(replay, REPLAY_OP_KSMD);
}

void replay_ksmd_step(struct replay *replay, const struct demand_op *op)
{
	bool over = mm_ksmd_step(replay->machine, op->cpu);
	struct mm_ksm_stat stat;
	uint64_t ns = 0;

	if (mm_ksm_stat(replay->machine, &stat)) {
		ns = (stat.pages_scanned - replay->ksmd.nr_scanned) * replay->cost.ksm_ns;
		replay->ksmd.nr_scanned = stat.pages_scanned;
		mm_ksm_charge(replay->machine, ns);
	}
	/* Time always goes on. */
	replay->ksmd.due_ns = replay->now_ns + ns +
	                      (over ? replay_rest_ns(replay_ksm_sleep_ns(&replay->tunables)) : 0) +
	                      1;
	replay->ksmd.busy = false;
	replay_simtime_writes(replay);
}

void replay_ksm_run_changed(struct replay *replay)
{
	replay->ksmd.unmerge = replay->tunables.value[REPLAY_TUNABLE_KSM_RUN] == MM_KSM_RUN_UNMERGE;
}

void replay_ksm_unmerge_submit(struct replay *replay)
{
	replay->ksmd.unmerge = false;
	submit(replay, REPLAY_OP_KSM_UNMERGE);
}

void replay_ksm_unmerge(struct replay *replay, const struct demand_op *op)
{
	const struct mm_request request = { .cpu = op->cpu };

	mm_ksm_unmerge_all(replay->machine, &request);
}

static void set_range(struct replay *replay, const struct demand_op *op,
                      const struct mm_request *request)
{
	static const uint8_t ranges[] = {
		[DEMAND_KSM_MERGEABLE] = MM_KSM_MERGEABLE,
		[DEMAND_KSM_UNMERGEABLE] = MM_KSM_UNMERGEABLE,
		[DEMAND_KSM_GONE] = MM_KSM_GONE,
	};

	if (op->order < sizeof(ranges) && (!replay->ksmd.all || op->order == DEMAND_KSM_GONE))
		mm_ksm_set_range(replay->machine, request, op->arg, op->arg2,
		                 (enum mm_ksm_range)ranges[op->order]);
}

void replay_ksm_op(struct replay *replay, const struct demand_op *op,
                   const struct mm_request *request)
{
	if (!replay->ksmd.on)
		return;
	if (op->kind == DEMAND_KSM_RANGE)
		set_range(replay, op, request);
	else
		mm_ksm_set_content(replay->machine, request, op->page,
		                   (uint64_t)op->arg2 << 32 | op->arg);
}

void replay_ksm_placed(struct replay *replay, const struct mm_request *request, uint32_t vpn)
{
	uint32_t area = vpn & ~(AREA_PAGES - 1);

	if (replay->ksmd.all && replay->ksmd.on && area <= UINT32_MAX - AREA_PAGES)
		mm_ksm_set_range(replay->machine, request, area, AREA_PAGES, MM_KSM_MERGEABLE);
}
