/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The free run: ops in order of time, simulated threads in between.
 *
 * A batch of ops is looked through first: ops that make no sense refuse the whole batch, and room for the
 * logical pages and tasks that it names is made, so that executing it allocates nothing.
 */
#include "replay.h"

#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "future.h"
#include "policy_table.h"
#include "recorded_residence.h"
#include "replay_state.h"

/* Ops between two looks at the machine's invariants, and between two walks of -Dcheck=full. */
#define STATUS_INTERVAL 1024u
#define WALK_INTERVAL   65536u
/* Ops from a page's turn back to when it is asked for, and then its page frame. */
#define EXPECT_PAGE  12u
#define EXPECT_FRAME 6u

int replay_create(const struct replay_config *config, struct replay **ret, struct mmr_error *err)
{
	struct replay *replay;
	int rc;

	if (config->start->nr_cpus == 0)
		return base_error(err, MMR_E_INVALID, "a machine without CPUs");
	replay = base_calloc_err(1, sizeof(*replay), "replay", err);
	if (!replay)
		return MMR_E_NOMEM;
	replay->hooks = config->hooks;
	replay->future = config->future;
	replay->residence = config->residence;
	replay->stalls = &config->start->stalls;
	replay->wakes = &config->start->wakes;
	replay->kswapd_wakes = &config->start->kswapd_wakes;
	replay->kswapd_cpus = config->start->kswapd_cpus;
	replay->alone_percent = config->start->alone_percent;
	if (config->tunables->source[REPLAY_TUNABLE_DIRECT_STRETCH] != REPLAY_TUNABLE_SET)
		replay->direct_pauses = config->start->direct_pauses;
	if (config->tunables->source[REPLAY_TUNABLE_KSWAPD_CPU] != REPLAY_TUNABLE_SET)
		replay->kswapd_pace = config->start->kswapd_pace;
	base_rng_init(&replay->rng, config->seed);
	replay->nr_cpus = config->start->nr_cpus;
	replay->start_ns = config->start->start_ns;
	replay->now_ns = config->start->start_ns;
	for (int i = 0; i < (int)MM_NR_WRITE_QUEUES; i++)
		replay->write_done_ns[i] = REPLAY_NEVER;
	replay->flush_period_ns =
		config->tunables->value[REPLAY_TUNABLE_DIRTY_WRITEBACK] * UINT64_C(10000000);
	replay->flush_ns = replay->flush_period_ns > 0
	                           ? config->start->start_ns + replay->flush_period_ns
	                           : REPLAY_NEVER;
	replay->vmstat_ns = config->start->start_ns;
	replay->jiffy_ns = UINT64_C(1000000000) / config->tunables->value[REPLAY_TUNABLE_HZ];
	replay->memcg_period_ns = config->tunables->value[REPLAY_TUNABLE_MEMCG_FLUSH];
	replay->memcg_flush_ns = REPLAY_NEVER;
	replay->seeding = true;
	replay->committed_pages = config->start->committed_pages;
	replay->strict_commit = config->tunables->value[REPLAY_TUNABLE_OVERCOMMIT_MEMORY] == 2;
	/* To the classic lists a marked page is as before: no other policy is to be measured with what did not matter. */
	replay->marks_idle = config->start->mglru;
	replay->traces_reads =
		config->tunables->value[REPLAY_TUNABLE_KERNEL] >= MM_KERNEL_TRACES_READS;
	for (uint32_t n = 0; n < MM_MAX_NODES; n++)
		replay->kswapd[n].nap_end_ns = REPLAY_NEVER;
	replay_compactor_init(replay, config);
	replay_khugepaged_init(replay, config);
	replay->tunables = *config->tunables;
	replay->zram = config->start->zram;
	replay_hugetlb_init(replay, config);
	replay_folios_init(replay);
	replay->reference_ns = REPLAY_NEVER;
	if (config->tunables->source[REPLAY_TUNABLE_COST_FILE_WRITE_NS] == REPLAY_TUNABLE_RECORDED)
		replay->device = &config->start->device;
	if (config->tunables->source[REPLAY_TUNABLE_COST_SWAP_WRITE_NS] != REPLAY_TUNABLE_SET)
		replay->swap_device = config->start->swap_device;
	if (config->guess_references && replay_reference_known(&config->start->reference)) {
		replay->reference = &config->start->reference;
		replay->walks = policy_find(config->policy)->asks_references;
		replay->reference_ns = 0;
	}
	replay->policy = policy_find(config->policy);
	replay->thp_set =
		config->tunables->source[REPLAY_TUNABLE_THP_ENABLED] == REPLAY_TUNABLE_SET ||
		config->tunables->source[REPLAY_TUNABLE_THP_DEFRAG] == REPLAY_TUNABLE_SET;
	replay->change_ns =
		replay->tunables.nr_changes ? replay->tunables.changes[0].t_ns : REPLAY_NEVER;
	replay_cost_init(&replay->cost, config->tunables);
	replay_oom_init(replay, config->tunables);
	rc = replay_machine_build(replay, config, err);
	if (rc == 0 && replay->residence)
		rc = mm_residence_enable(replay->machine, err);
	if (replay->residence && replay_residence_is_timed(replay->residence))
		mm_residence_set_timed(replay->machine);
	replay->knows_areas =
		config->tunables->value[REPLAY_TUNABLE_SWAP_DEVICE] == MM_SWAP_NO_SEEKS;
	if (rc == 0)
		rc = mm_tables_enable(replay->machine, err);
	if (rc == 0)
		rc = replay_ksmd_init(replay, config, err);
	if (rc == 0)
		rc = replay_tlb_init(replay, config, err);
	if (rc == 0 && replay->knows_areas)
		rc = mm_areas_enable(replay->machine, err);
	if (rc < 0) {
		replay_destroy(replay);
		return rc;
	}
	*ret = replay;
	return 0;
}

void replay_destroy(struct replay *replay)
{
	if (!replay)
		return;
	replay_workers_destroy(replay);
	mm_machine_destroy(replay->machine);
	replay_task_vec_deinit(&replay->tasks);
	replay_dirtier_vec_deinit(&replay->dirtiers);
	replay_key_vec_deinit(&replay->keys);
	replay_mapping_vec_deinit(&replay->mappings);
	replay_cma_range_vec_deinit(&replay->cma_ranges);
	base_free(replay->kernel);
	base_free(replay->pcps);
	base_free(replay->waiting);
	base_free(replay);
}

static int make_room(struct replay *replay, struct mmr_error *err)
{
	size_t had = replay->tasks.count;
	size_t want = (size_t)replay->nr_tasks + 1;

	if (mm_reserve_lpages(replay->machine, replay->nr_pages, err) < 0)
		return MMR_E_NOMEM;
	if (want <= had)
		return 0;
	if (replay_task_vec_reserve(&replay->tasks, want * 2) < 0 ||
	    replay_dirtier_vec_reserve(&replay->dirtiers, want * 2) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for %zu tasks", want);
	memset(&replay->dirtiers.items[had], 0, (want * 2 - had) * sizeof(*replay->dirtiers.items));
	memset(&replay->tasks.items[had], 0, (want * 2 - had) * sizeof(*replay->tasks.items));
	replay->tasks.count = want * 2;
	return 0;
}

/* Looks at all ops before the first is executed. */
static int prepare(struct replay *replay, const struct demand_op *ops, size_t nr_ops,
                   struct mmr_error *err)
{
	uint32_t nr_spaces = 0;

	for (size_t i = 0; i < nr_ops; i++) {
		int rc = replay_op_check(replay, &ops[i], err);

		if (rc == 0)
			rc = replay_oom_check(replay, &ops[i], err);
		if (rc == 0)
			rc = replay_mappings_check(replay, &ops[i], err);
		if (rc < 0)
			return rc;
		if (ops[i].kind == DEMAND_TASK_SPACE) {
			nr_spaces++;
			if (ops[i].arg > replay->nr_keys)
				replay->nr_keys = ops[i].arg;
			if (ops[i].arg2 > replay->nr_keys)
				replay->nr_keys = ops[i].arg2;
		}
		if (ops[i].task >= replay->nr_tasks)
			replay->nr_tasks = ops[i].task + 1;
		if (ops[i].page != DEMAND_NO_PAGE && ops[i].page >= replay->nr_pages)
			replay->nr_pages = ops[i].page + 1;
		if ((ops[i].kind == DEMAND_COW || ops[i].kind == DEMAND_RENAME) &&
		    ops[i].arg2 != DEMAND_NO_PAGE && ops[i].arg2 >= replay->nr_pages)
			replay->nr_pages = ops[i].arg2 + 1;
		/* All of it: what nobody has used of a file can be read for a huge page. */
		if (ops[i].kind == DEMAND_FILE_AREA &&
		    ops[i].arg2 < DEMAND_NO_PAGE - MM_PAGEBLOCK_PAGES &&
		    ops[i].arg2 + MM_PAGEBLOCK_PAGES > replay->nr_pages)
			replay->nr_pages = ops[i].arg2 + MM_PAGEBLOCK_PAGES;
	}
	if (replay_oom_room(replay, nr_spaces, err) < 0 || replay_mappings_room(replay, err) < 0)
		return MMR_E_NOMEM;
	return make_room(replay, err);
}

static int check_machine(const struct replay *replay, struct mmr_error *err)
{
	if (MMR_CHECK > 1 && !replay->seeding && replay->stats.nr_ops % WALK_INTERVAL == 0)
		return mm_check(replay->machine, err);
	if (replay->stats.nr_ops % STATUS_INTERVAL == 0)
		return mm_status(replay->machine, err);
	return 0;
}

/* The machine is told when what the op uses is used next. */
static void look_ahead(struct replay *replay, const struct demand_op *op)
{
	uint32_t pages[2];
	unsigned int nr = replay_future_uses(op, pages);

	for (unsigned int i = 0; i < nr; i++)
		mm_set_next_use(replay->machine, pages[i],
		                replay_future_next(replay->future, replay->nr_uses++));
}

/* From now on pages are found in use as often as they were at this time of the recording. */
static void set_reference_share(struct replay *replay, uint64_t t_ns)
{
	uint32_t bin = replay->reference_bin;

	while (replay_reference_begin_ns(replay->reference, bin + 1) <= t_ns)
		bin++;
	for (uint32_t i = 0; i < MM_NR_LOOKS * MM_NR_LRU_TYPES; i++) {
		enum mm_lru_type type = i / MM_NR_LOOKS;
		enum mm_look look = i % MM_NR_LOOKS;

		mm_set_reference_share(
			replay->machine, type, look,
			replay_reference_of(replay->reference, bin, type, look, replay->walks));
		if (look == MM_LOOK_BESIDE || look == MM_LOOK_WALK)
			mm_set_reference_outcome(
				replay->machine, type, look,
				replay_reference_outcome(replay->reference, bin, type, look));
	}
	replay->reference_bin = bin + 1;
	replay->reference_ns = replay_reference_begin_ns(replay->reference, bin + 1);
}

/* What ops to come need is on its way to the cache when their turn is. */
static void expect(const struct replay *replay, const struct replay_input *input)
{
	size_t far = input->next + EXPECT_PAGE, near = input->next + EXPECT_FRAME;

	if (far < input->nr)
		mm_expect_page(replay->machine, input->ops[far].page);
	if (near < input->nr)
		mm_expect_frame(replay->machine, input->ops[near].page);
}

static bool is_resident(const struct demand_op *op)
{
	return (op->arg & DEMAND_RESIDENT) &&
	       (op->kind <= DEMAND_KERNEL_ALLOC && op->kind >= DEMAND_ANON_TOUCH);
}

static bool is_of_task(const struct demand_op *op)
{
	return op->kind >= DEMAND_TASK_START && op->kind <= DEMAND_UNMAP;
}

/* Before time goes on to the op. */
static void meet(struct replay *replay, const struct demand_op *op)
{
	replay->stats.nr_ops++;
	if (replay->future)
		look_ahead(replay, op);
	if (replay->residence)
		replay_residence_advance(replay->residence, replay->machine, op->t_ns);
	if (replay->seeding && !is_resident(op) && !is_of_task(op) &&
	    op->kind != DEMAND_HUGE_RANGE && op->kind != DEMAND_KSM_RANGE &&
	    op->kind != DEMAND_CONTENT) {
		replay_machine_seeded(replay);
		if (replay->hooks.begun)
			replay->hooks.begun(replay->hooks.data);
	}
	replay->input.met = true;
}

/* Whoever reclaims goes by the settings that it began with. */
static void change_settings(struct replay *replay)
{
	if (!replay->sleepers || !replay_simtime_step(replay, REPLAY_NEVER - 1))
		replay_changes_run(replay);
}

/* What the recording kept and the machine did not comes back when it is used. true: there was such a page. */
static bool bring_back(struct replay *replay, const struct demand_op *op)
{
	struct demand_op access = { .t_ns = op->t_ns, .kind = DEMAND_ACCESS, .cpu = op->cpu };

	if (!replay->residence ||
	    !replay_residence_due(replay->residence, &access.page, &access.task))
		return false;
	replay_submit(replay, &access);
	return true;
}

static void accept(struct replay *replay, const struct demand_op *op)
{
	if (replay->residence)
		replay_residence_op(replay->residence, replay->machine, op);
	if (is_resident(op) && replay->seeding)
		replay_op_seed(replay, op);
	else if (is_resident(op))
		replay->stats.nr_mismatched++;
	else
		replay_submit(replay, op);
}

bool replay_input_next(struct replay *replay)
{
	struct replay_input *input = &replay->input;
	const struct demand_op *op = NULL;
	uint64_t t_ns = input->until_ns;

	if (input->code < 0)
		return false;
	/* To the machine it is as if they were not there: no time passes, nobody's turn comes. */
	while (input->next < input->nr && input->ops[input->next].kind == DEMAND_TLB)
		replay_tlb_op(replay, &input->ops[input->next++]);
	if (input->next < input->nr) {
		op = &input->ops[input->next];
		t_ns = op->t_ns;
		if (!input->met)
			meet(replay, op);
	}
	if (t_ns < replay->now_ns)
		t_ns = replay->now_ns;
	if (!replay->seeding && replay->hugetlb_due) {
		replay_hugetlb_submit(replay);
		return true;
	}
	if (!replay->seeding && replay->ksmd.unmerge) {
		replay_ksm_unmerge_submit(replay);
		return true;
	}
	if (!replay->seeding && replay->change_ns <= t_ns) {
		if (!replay_simtime_step(replay, replay->change_ns))
			change_settings(replay);
		return true;
	}
	if (!replay->seeding && replay_simtime_step(replay, t_ns))
		return true;
	if (!op)
		return input->settles && replay->pending.nr > 0 &&
		       replay_simtime_step(replay, REPLAY_NEVER - 1);
	if (!replay->seeding && bring_back(replay, op))
		return true;
	if (!replay->seeding && t_ns >= replay->reference_ns)
		set_reference_share(replay, t_ns);
	expect(replay, input);
	input->next++;
	input->met = false;
	replay_table_meet(replay, op);
	accept(replay, op);
	return true;
}

void replay_execute(struct replay *replay, const struct demand_op *op)
{
	if (is_of_task(op)) {
		if (op->kind == DEMAND_TASK_LEAVES || op->kind == DEMAND_TASK_EXIT ||
		    op->kind == DEMAND_UNMAP)
			mm_unmap_begin(replay->machine, op->cpu);
		replay_oom_task(replay, op);
		return;
	}
	if (op->kind == REPLAY_OP_KHUGEPAGED)
		replay_khugepaged_step(replay, op);
	else if (op->kind == REPLAY_OP_HUGETLB)
		replay_hugetlb_resize(replay, op);
	else if (op->kind == REPLAY_OP_KSMD)
		replay_ksmd_step(replay, op);
	else if (op->kind == REPLAY_OP_KSM_UNMERGE)
		replay_ksm_unmerge(replay, op);
	else
		replay_op_run(replay, op);
	if (replay->input.code == 0)
		replay->input.code = check_machine(replay, replay->input.err);
}

int replay_run(struct replay *replay, const struct demand_op *ops, size_t nr_ops,
               struct mmr_error *err)
{
	int rc = prepare(replay, ops, nr_ops, err);

	if (rc < 0)
		return rc;
	replay->input = (struct replay_input){ .ops = ops, .nr = nr_ops };
	rc = replay_workers_run(replay, err);
	return rc < 0 ? rc : mm_status(replay->machine, err);
}

int replay_advance(struct replay *replay, uint64_t t_ns, struct mmr_error *err)
{
	int rc;

	replay->input = (struct replay_input){ .until_ns = t_ns };
	rc = replay_workers_run(replay, err);
	/* Nothing moves before the first demand, and the start population may still be on its way. */
	if (t_ns > replay->now_ns)
		replay->now_ns = t_ns;
	return rc < 0 ? rc : mm_status(replay->machine, err);
}

int replay_settle(struct replay *replay, struct mmr_error *err)
{
	int rc;

	replay->input = (struct replay_input){ .until_ns = replay->now_ns, .settles = true };
	rc = replay_workers_run(replay, err);
	return rc < 0 ? rc : mm_status(replay->machine, err);
}

const struct mm_machine *replay_machine(const struct replay *replay)
{
	return replay->machine;
}

uint64_t replay_now_ns(const struct replay *replay)
{
	return replay->now_ns;
}

const struct replay_task_stat *replay_task_stat(const struct replay *replay, uint32_t task)
{
	return task < replay->nr_tasks ? &replay->tasks.items[task] : NULL;
}

const struct replay_stats *replay_stats(const struct replay *replay)
{
	return &replay->stats;
}

const char *replay_policy_name(unsigned int i)
{
	const struct mm_policy_ops *policy = policy_at(i);

	return policy ? policy->name : NULL;
}

const char *replay_policy_summary(unsigned int i)
{
	const struct mm_policy_ops *policy = policy_at(i);

	return policy ? policy->summary : NULL;
}

bool replay_policy_wants_future(const char *name)
{
	const struct mm_policy_ops *policy = policy_find(name);

	return policy && policy->wants_future;
}
