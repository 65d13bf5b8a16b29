/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events that make no sense together: whatever they are, each op of the workload is one that the engine
 * can execute, and the numbers follow what is alive. Odd seeds begin with a snapshot in the middle.
 * usage: workload_property [FIRST LAST]        seeds (1 32)
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "rng.h"
#include "workload.h"
#include "workload_events.h"

#define NR_EVENTS 50000

static uint64_t first_seed = 1;
static uint64_t last_seed = 32;
static uint64_t running_seed;

/* What the engine may rely on: a mirror of which numbers are alive. */
struct mirror {
	uint8_t *alive; /* 1 kernel, 2 user */
	size_t size;
	uint64_t nr_alive;
	uint64_t last_ns;
	uint32_t nr_spaces;
};

static void mirror_one(struct mirror *m, const struct demand_op *op, uint32_t page)
{
	uint8_t *alive;

	assert_true(page < m->size);
	alive = &m->alive[page];
	switch (op->kind) {
	case DEMAND_ANON_TOUCH:
	case DEMAND_FILE_TOUCH:
	case DEMAND_SHMEM_TOUCH:
	case DEMAND_COW:
		assert_int_not_equal(*alive, 1);
		m->nr_alive += !*alive;
		*alive = 2;
		break;
	case DEMAND_KERNEL_ALLOC:
		assert_int_equal(*alive, 0);
		m->nr_alive++;
		*alive = 1;
		break;
	case DEMAND_SLAB_FREE:
		assert_int_equal(*alive, 1);
		__attribute__((fallthrough));
	case DEMAND_FREE:
		assert_int_not_equal(*alive, 0);
		m->nr_alive--;
		*alive = 0;
		break;
	default:
		assert_int_not_equal(*alive, 0);
		break;
	}
}

/* A new number has what another one held; that is free for others then. */
static void mirror_rename(struct mirror *m, const struct demand_op *op)
{
	if (op->arg2 == DEMAND_NO_PAGE)
		return;
	assert_true(op->arg2 < m->size);
	assert_int_equal(m->alive[op->page], 0);
	assert_int_equal(m->alive[op->arg2], 2);
	m->alive[op->page] = 2;
	m->alive[op->arg2] = 0;
}

/* Address spaces are numbered densely, and a task is told of before what it uses. */
static void mirror_told(struct mirror *m, const struct demand_op *op)
{
	assert_int_equal(op->page, DEMAND_NO_PAGE);
	if (op->kind == DEMAND_TASK_SPACE) {
		/* exec takes numbers that may come to nothing. */
		assert_true(op->arg <= m->nr_spaces + 64);
		assert_true(op->arg2 <= m->nr_spaces);
		if (op->arg > m->nr_spaces)
			m->nr_spaces = op->arg;
	} else if (op->kind == DEMAND_TASK_ADJ) {
		assert_in_range((int32_t)op->arg + 1000, 0, 2000);
	} else if (op->kind == DEMAND_CACHE_GROWS || op->kind == DEMAND_CACHE_SHRUNK) {
		assert_true((op->arg & 255) < 128);
	}
}

static void mirror_op(struct mirror *m, const struct demand_op *op)
{
	bool kernel;

	assert_true(op->t_ns >= m->last_ns);
	m->last_ns = op->t_ns;
	if (op->kind >= DEMAND_TASK_START) {
		mirror_told(m, op);
		return;
	}
	assert_true(op->order <= 10);
	assert_true(op->page < m->size);
	if (op->kind == DEMAND_RENAME) {
		mirror_rename(m, op);
		return;
	}
	if (op->kind == DEMAND_COW)
		assert_int_equal(m->alive[op->arg2], 2);
	kernel = op->kind == DEMAND_KERNEL_ALLOC || m->alive[op->page] == 1;
	if (!kernel)
		assert_int_equal(op->page & ((1u << op->order) - 1), 0);
	for (uint32_t i = 0; i < (kernel ? 1u : 1u << op->order); i++)
		mirror_one(m, op, op->page + i);
}

static void mirror_all(struct mirror *m, struct wl *wl)
{
	size_t nr;
	const struct demand_op *ops = wl_ops(wl, &nr);

	for (size_t i = 0; i < nr; i++)
		mirror_op(m, &ops[i]);
	wl_consume(wl, nr);
}

static void random_run(uint64_t seed)
{
	struct mmr_zone_info zone = { .spanned = NR_PFNS, .name = "DMA32" };
	struct wl_options options = { .zones = &zone, .nr_zones = 1 };
	struct mirror mirror = { .size = 1u << 20 };
	struct rng rng;
	struct wl *wl;

	base_rng_init(&rng, seed);
	mirror.alive = calloc(mirror.size, 1);
	assert_non_null(mirror.alive);
	assert_int_equal(wl_new(&options, &wl, NULL), 0);
	if (seed & 2)
		wl_number_files(wl);
	if (seed & 1) {
		static uint64_t flags[2048];

		for (unsigned int i = 0; i < 2048; i++)
			flags[i] = base_rng_next(&rng) & base_rng_next(&rng) & base_rng_next(&rng);
		assert_int_equal(wl_add_kpageflags(wl, 100, flags, 2048, NR_EVENTS / 4, NULL), 0);
	}
	for (unsigned int i = 0; i < NR_EVENTS; i++) {
		struct mmr_event event = random_event(&rng, i);

		assert_int_equal(wl_event(wl, &event, NULL), 0);
		if (i % 1000 == 0)
			mirror_all(&mirror, wl);
	}
	assert_int_equal(wl_finish(wl, NULL), 0);
	mirror_all(&mirror, wl);
	assert_true(wl_explain(wl)->pages_alive >= mirror.nr_alive);
	/* As many as there are page frames, files' pages and mapped pages; not as there were events. */
	assert_true(wl_explain(wl)->pages_at_most < 64 * 1024);
	wl_destroy(wl);
	free(mirror.alive);
}

static void the_engine_can_execute_every_op(void **state)
{
	(void)state;
	for (uint64_t seed = first_seed; seed <= last_seed; seed++) {
		running_seed = seed;
		random_run(seed);
	}
	running_seed = 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_engine_can_execute_every_op),
	};
	int failed;

	if (argc == 3) {
		first_seed = strtoull(argv[1], NULL, 10);
		last_seed = strtoull(argv[2], NULL, 10);
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (running_seed)
		printf("# seed %llu\n", (unsigned long long)running_seed);
	return failed;
}
