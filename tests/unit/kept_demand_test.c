/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever ops are kept come back as they were, in the same batches and with the thread ids of their time, or not at all. */
#include "workload_bench.h"

#include "kept_demand.h"
#include "rng.h"

#define NR_BATCHES 200
#define MOST       3000u
#define SEED       5

/* Fields are often as in the op before or follow from it, and otherwise anything. */
static struct demand_op next_op(struct rng *rng, const struct demand_op *last)
{
	struct demand_op op = *last;
	uint32_t what = base_rng_below(rng, 1 << 9);

	if (what & 1)
		op.t_ns = what & 2 ? base_rng_next(rng) : op.t_ns + base_rng_below(rng, 5000);
	if (what & 2)
		op.task = (uint32_t)base_rng_next(rng) >> base_rng_below(rng, 32);
	if (what & 4)
		op.page = what & 8 ? DEMAND_NO_PAGE : op.page + base_rng_below(rng, 3);
	if (what & 16)
		op.gfp_flags = (uint32_t)base_rng_next(rng);
	if (what & 32)
		op.kind = (uint8_t)(1 + base_rng_below(rng, DEMAND_TLB));
	if (what & 64)
		op.order = (uint8_t)base_rng_next(rng);
	if (what & 128)
		op.cpu = (uint16_t)base_rng_next(rng);
	if (what & 256)
		op.arg = what & 1 ? (uint32_t)base_rng_next(rng) : op.arg ^ 256;
	if (what & 8)
		op.arg2 = op.arg2 - base_rng_below(rng, 100);
	return op;
}

static size_t next_batch(struct rng *rng, struct demand_op *last, struct demand_op ops[MOST])
{
	size_t nr = base_rng_below(rng, 10) ? base_rng_below(rng, MOST) : 0;

	for (size_t i = 0; i < nr; i++)
		*last = ops[i] = next_op(rng, last);
	return nr;
}

static void add_batches(struct replay_kept *kept, const struct wl *wl)
{
	static struct demand_op ops[MOST];
	struct demand_op last = { .kind = 1 };
	struct rng rng;

	base_rng_init(&rng, SEED);
	for (uint64_t i = 0; i < NR_BATCHES; i++) {
		size_t nr = next_batch(&rng, &last, ops);

		replay_kept_add(kept, wl, ops, nr, i * 4096);
	}
}

static void ops_come_back(void **state)
{
	static struct demand_op ops[MOST];
	struct bench *b = bench_recorded(NULL);
	struct replay_kept_batch batch;
	struct replay_kept *kept;
	struct demand_op last = { .kind = 1 };
	struct rng rng;

	(void)state;
	assert_int_equal(replay_kept_create(REPLAY_KEPT_LIMIT, &kept, NULL), 0);
	add_batches(kept, b->wl);
	assert_true(replay_kept_is_whole(kept));
	base_rng_init(&rng, SEED);
	for (uint64_t i = 0; i < NR_BATCHES; i++) {
		size_t nr = next_batch(&rng, &last, ops);

		assert_true(replay_kept_next(kept, &batch));
		assert_int_equal(batch.nr_ops, nr);
		assert_int_equal(batch.nr_events, i * 4096);
		if (nr > 0)
			assert_memory_equal(batch.ops, ops, nr * sizeof(*ops));
	}
	assert_false(replay_kept_next(kept, &batch));
	replay_kept_destroy(kept);
	end(b);
}

static void too_much_is_dropped(void **state)
{
	struct bench *b = bench_recorded(NULL);
	struct replay_kept_batch batch;
	struct replay_kept *kept;

	(void)state;
	assert_int_equal(replay_kept_create(3ull << 20, &kept, NULL), 0);
	add_batches(kept, b->wl);
	assert_false(replay_kept_is_whole(kept));
	assert_false(replay_kept_next(kept, &batch));
	replay_kept_destroy(kept);
	end(b);
}

static void thread_ids_are_those_of_then(void **state)
{
	struct bench *b = bench_recorded(NULL);
	struct demand_op op = { .kind = DEMAND_PAGE_FAULT };
	struct replay_kept_batch batch;
	uint32_t nr[3], pids[3][8];
	struct replay_kept *kept;

	(void)state;
	assert_int_equal(replay_kept_create(REPLAY_KEPT_LIMIT, &kept, NULL), 0);
	for (uint32_t i = 0; i < 3; i++) {
		fault(b, 100 + i, BASE, FAULT_WRITE);
		if (i == 1)
			simple(b, 100, MMR_EVENT_SCHED_PROCESS_EXIT);
		if (i == 2)
			fault(b, 200, BASE, FAULT_WRITE); /* perhaps by the number that 100 had */
		replay_kept_add(kept, b->wl, &op, 1, i);
		nr[i] = wl_nr_tasks(b->wl);
		assert_in_range(nr[i], 2 + i, 8);
		for (uint32_t task = 0; task < 8; task++)
			pids[i][task] = wl_task_pid(b->wl, task);
	}
	assert_memory_not_equal(pids[0], pids[2], sizeof(pids[0]));
	for (uint32_t i = 0; i < 3; i++) {
		assert_true(replay_kept_next(kept, &batch));
		for (uint32_t task = 0; task < 8; task++)
			assert_int_equal(replay_kept_pid(kept, task), pids[i][task]);
	}
	replay_kept_destroy(kept);
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ops_come_back),
		cmocka_unit_test(too_much_is_dropped),
		cmocka_unit_test(thread_ids_are_those_of_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
