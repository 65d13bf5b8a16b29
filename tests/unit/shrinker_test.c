/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#define NR_PAGES (16u * 512)

static struct mm_machine *machine_with(void)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, policy_find("fifo"));

	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, NR_PAGES, NULL), 0);
	return machine;
}

/* do_shrink_slab() call by call: what is scanned, what is put off. */
static void the_kernels_arithmetic(void **state)
{
	static const struct {
		int64_t nr_objects;
		uint64_t deferred;
		uint32_t seeks;
		bool super; /* a file system's: 1024 at a time */
		int8_t priority;
		uint64_t scanned; /* what the kernel scans, with nothing freed */
		uint64_t deferred_after;
	} rows[] = {
		{ 0, 77, 2, false, 12, 0, 77 },      /* nothing there: not even looked at */
		{ 4000, 0, 2, false, 12, 0, 0 },     /* 4000 >> 12 is 0 */
		{ 4096, 0, 2, false, 12, 0, 2 },     /* 1 * 4 / 2, below a batch */
		{ 262144, 0, 2, false, 12, 128, 0 }, /* exactly a batch */
		{ 262144, 4096 * 10, 2, false, 12, 128, 40960 }, /* 10 + 128: one batch, 10 left */
		{ 100000, 0, 2, false, 6, 3072, 52 },            /* 1562 * 2 = 3124 */
		{ 100000, 0, 4, false, 6, 1536, 26 },            /* twice as dear: half as many */
		{ 500, 0, 0, false, 12, 128, 122 },              /* seeks 0: half of all */
		{ 500, 0, 0, true, 12, 0, 250 },                 /* … below its batch */
		{ 100, 0, 2, false, 0, 128, 72 }, /* 200; the 72 are no batch, and not all */
		{ 60, 0, 2, false, 0, 120, 0 },   /* less than a batch, but all of them, twice */
		{ 100, 100000, 2, false, 0, 128, 200 }, /* deferred work never exceeds 2n */
		{ 1273, 1272, 0, true, 1, 1024, 884 }, /* 636 + 636: not all of them, but a batch */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mm_machine *machine = machine_with();
		struct mm_shrinker *shrinker = &machine->slab.shrinkers[0];
		const struct mm_scan_control sc = { .gfp_flags = MM_GFP_KERNEL,
			                            .priority = rows[i].priority };
		uint64_t nr_pages;

		mm_shrinker_grow(machine, 0, 0, rows[i].seeks, rows[i].nr_objects);
		mm_shrinker_learn(machine, 0, &(struct mm_shrinker_sample){ .nr_scanned = 1 });
		shrinker->nr_deferred = rows[i].deferred;
		if (rows[i].super)
			shrinker->batch = 1024;
		assert_int_equal(mm_do_shrink_slab(machine, shrinker, &sc, &nr_pages), 0);
		if (machine->counters[MM_SLABS_SCANNED] != rows[i].scanned ||
		    shrinker->nr_deferred != rows[i].deferred_after)
			fail_msg("row %zu: scanned %llu, deferred %llu", i,
			         (unsigned long long)machine->counters[MM_SLABS_SCANNED],
			         (unsigned long long)shrinker->nr_deferred);
		mm_machine_destroy(machine);
	}
}

static void file_systems_count_by_vfs_cache_pressure_and_need_fs(void **state)
{
	struct mm_machine *machine = machine_with();
	struct mm_shrinker *shrinker = &machine->slab.shrinkers[0];
	struct mm_scan_control sc = { .gfp_flags = MM_GFP_KERNEL & ~MM_GFP_FS, .priority = 1 };
	uint64_t nr_pages;

	(void)state;
	mm_shrinker_grow(machine, 0, 0, 2, 2000);
	machine->settings.vfs_cache_pressure = 50;
	assert_int_equal(mm_shrinker_count(machine, shrinker), 2000);
	mm_shrinker_learn(machine, 0, &(struct mm_shrinker_sample){ .large_batch = true });
	assert_int_equal(mm_shrinker_count(machine, shrinker), 1000);
	mm_do_shrink_slab(machine, shrinker, &sc, &nr_pages);
	assert_int_equal(machine->counters[MM_SLABS_SCANNED], 0);
	assert_int_equal(shrinker->nr_deferred, 1000);
	sc.gfp_flags = MM_GFP_KERNEL;
	mm_do_shrink_slab(machine, shrinker, &sc, &nr_pages); /* 500 + 1000: one batch of 1024 */
	assert_int_equal(machine->counters[MM_SLABS_SCANNED], 1024);
	assert_int_equal(shrinker->nr_deferred, 976);
	machine->settings.vfs_cache_pressure = 0;
	assert_int_equal(mm_shrinker_count(machine, shrinker), 0);
	mm_machine_destroy(machine);
}

static void touch_kernel(struct mm_machine *machine, uint32_t page, uint32_t gfp)
{
	const struct mm_request request = { .gfp_flags = gfp };

	assert_int_equal(mm_touch_page(machine, &request, page, MM_LPAGE_KERNEL, 0), MM_TOUCH_NEW);
}

/* A quarter of what was scanned was freed, and of eight objects one page: so it goes on. */
static void pages_come_free_as_they_did(void **state)
{
	struct mm_machine *machine = machine_with();
	struct mm_scan_control sc = { .gfp_flags = MM_GFP_KERNEL, .priority = 1 };

	(void)state;
	for (uint32_t page = 0; page < 20; page++)
		touch_kernel(machine, page, MM_GFP_KERNEL | MM_GFP_RECLAIMABLE);
	touch_kernel(machine, 20, MM_GFP_KERNEL);
	assert_int_equal(machine->slab.nr_pages, 20);
	/* The recorded shrinker has freed two, and these go first. */
	assert_true(mm_detach_slab(machine, 0, 7));
	assert_true(mm_detach_slab(machine, 0, 20));
	assert_false(mm_detach_slab(machine, 0, 7));
	assert_int_equal(machine->slab.nr_pages, 21);
	assert_int_equal(machine->nr_used, 21);
	machine_check(machine);
	mm_shrinker_grow(machine, 3, 0, 2, 128);
	mm_shrinker_learn(
		machine, 3,
		&(struct mm_shrinker_sample){ .nr_scanned = 400, .nr_freed = 100, .nr_pages = 12 });
	mm_shrink_slab(&machine->nodes[0], &sc);
	assert_int_equal(machine->counters[MM_SLABS_SCANNED], 128);
	assert_int_equal(machine->slab.shrinkers[3].nr_objects, 96);
	assert_int_equal(sc.nr_reclaimed, 3); /* 32 objects, 3.84 pages */
	assert_int_equal(machine->nr_used, 18);
	assert_int_equal(machine->slab.detached.count, 0);
	assert_int_equal(mm_slab_freed(machine), 3);
	/* One more than recorded so far: the next that the recording frees is made up for. */
	assert_int_equal(machine->slab.nr_ahead, 1);
	assert_true(mm_detach_slab(machine, 0, 19));
	assert_int_equal(machine->slab.detached.count, 0);
	assert_int_equal(machine->nr_used, 17);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void numbers_from_a_trace_are_not_trusted(void **state)
{
	struct mm_machine *machine = machine_with();
	struct mm_scan_control sc = { .gfp_flags = MM_GFP_KERNEL };

	(void)state;
	mm_shrinker_grow(machine, MM_MAX_SHRINKERS, 0, 2, 100);
	mm_shrinker_learn(machine, UINT32_MAX, &(struct mm_shrinker_sample){ .nr_freed = 1 });
	mm_shrinker_grow(machine, 0, 7, 2, 100);
	mm_shrinker_grow(machine, 1, 0, 2, -100);
	mm_shrinker_learn(machine, 1,
	                  &(struct mm_shrinker_sample){ .nr_freed = 9, .nr_pages = 90 });
	mm_shrink_slab(&machine->nodes[0], &sc);
	assert_int_equal(machine->counters[MM_SLABS_SCANNED], 0);
	assert_int_equal(machine->slab.shrinkers[1].nr_objects, 0);
	mm_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernels_arithmetic),
		cmocka_unit_test(file_systems_count_by_vfs_cache_pressure_and_need_fs),
		cmocka_unit_test(pages_come_free_as_they_did),
		cmocka_unit_test(numbers_from_a_trace_are_not_trusted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
