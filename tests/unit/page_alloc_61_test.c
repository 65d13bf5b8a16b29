/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where 6.1's page allocator decides otherwise than 6.12's: tables of what each does. */
#include "machine.h"

#define NR_PAGES (128u * 1024) /* 512 MB: a batch is 31 pages */
#define BATCH    31

static const struct mm_request movable = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

static struct mm_machine *machine_of(uint32_t kernel)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, NULL);

	machine->settings.kernel = kernel;
	machine->zones[0].whole_reserve = kernel < MM_KERNEL_STRICT_TYPES;
	mm_setup_per_zone_wmarks(machine);
	return machine;
}

/* Pages on the per-CPU list after each of four refills in a row. */
static void refills_grow_from_6_7_on(void **state)
{
	static const struct {
		uint32_t kernel;
		int32_t refills[4];
	} rows[] = {
		{ MM_KERNEL(6, 1), { BATCH, BATCH, BATCH, BATCH } },
		{ MM_KERNEL(6, 12), { BATCH, 2 * BATCH, 4 * BATCH, 8 * BATCH } },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct mm_machine *machine = machine_of(rows[i].kernel);
		const struct mm_pcp *pcp = &machine->zones[0].pcp[0];

		machine_all_free(machine);
		for (int k = 0; k < 4; k++) {
			assert_int_not_equal(mm_alloc_pages(machine, &movable), MM_NONE);
			assert_int_equal(pcp->count, rows[i].refills[k] - 1);
			while (pcp->count > 0)
				mm_alloc_pages(machine, &movable);
		}
		machine_check(machine);
		mm_machine_destroy(machine);
	}
}

/* What each overflow of the list gives back while pages are only freed. */
static void drains_double_without_an_allocation(void **state)
{
	static const int32_t drains[] = { BATCH, 2 * BATCH, 4 * BATCH, 8 * BATCH, 16 * BATCH };
	struct mm_machine *machine = machine_of(MM_KERNEL(6, 1));
	struct mm_pcp *pcp = &machine->zones[0].pcp[0];
	uint32_t *pfns = test_calloc(4000, sizeof(*pfns));
	uint32_t nr = 4000, seen = 0;

	(void)state;
	machine_all_free(machine);
	pcp->high_min = 1000;
	for (uint32_t i = 0; i < nr; i++)
		pfns[i] = mm_alloc_pages(machine, &movable);
	pcp->free_factor = 0;
	while (seen < 5 && nr > 0) {
		int32_t before = pcp->count;

		mm_free_pages(machine, 0, pfns[--nr]);
		if (pcp->count < before)
			assert_int_equal(before + 1 - pcp->count, drains[seen++]);
	}
	assert_int_equal(seen, 5);
	machine_check(machine);
	mm_machine_destroy(machine);
	test_free(pfns);
}

/*
 * The only free memory is 192 pages of a pageblock that is unmovable, too few to take it over: 6.1 takes
 * the pages and leaves the type, 6.12 takes the one page that was asked for.
 */
static void a_fallback_takes_the_pages_but_not_the_pageblock(void **state)
{
	static const struct {
		uint32_t kernel;
		uint32_t movable,
			unmovable; /* free blocks of order 6 after an allocation of order 4 */
	} rows[] = { { MM_KERNEL(6, 1), 2, 0 }, { MM_KERNEL(6, 12), 0, 2 } };
	struct mm_request request = movable;

	(void)state;
	request.order = 4;
	for (size_t i = 0; i < 2; i++) {
		struct mm_machine *machine = machine_of(rows[i].kernel);

		mm_seed_block_type(machine, 0, MM_UNMOVABLE);
		for (uint32_t pfn = 0; pfn < 6 * 64; pfn += 128)
			assert_true(mm_seed_free_block(machine, pfn, 6));
		mm_seed_done(machine);
		memset(machine->zones[0].wmark, 0, sizeof(machine->zones[0].wmark));
		assert_int_not_equal(mm_alloc_pages(machine, &request), MM_NONE);
		assert_int_equal(mm_block_type(machine, 0), MM_UNMOVABLE);
		assert_int_equal(mm_free_blocks(machine, 0, 6, MM_MOVABLE), rows[i].movable);
		assert_int_equal(mm_free_blocks(machine, 0, 6, MM_UNMOVABLE), rows[i].unmovable);
		machine_check(machine);
		mm_machine_destroy(machine);
	}
}

/* Free pages that a request without a right to reserves cannot have: all of the reserve in 6.1. */
static void the_highatomic_reserve_counts_whole(void **state)
{
	struct mm_zone zone = { .free_pages = 1000,
		                .nr_reserved_highatomic = 512,
		                .nr_free_highatomic = 100 };

	(void)state;
	assert_true(mm_zone_watermark_ok(&zone, 0, 899, 0, 0, zone.free_pages));
	assert_false(mm_zone_watermark_ok(&zone, 0, 900, 0, 0, zone.free_pages));
	zone.whole_reserve = true;
	assert_true(mm_zone_watermark_ok(&zone, 0, 487, 0, 0, zone.free_pages));
	assert_false(mm_zone_watermark_ok(&zone, 0, 488, 0, 0, zone.free_pages));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refills_grow_from_6_7_on),
		cmocka_unit_test(drains_double_without_an_allocation),
		cmocka_unit_test(a_fallback_takes_the_pages_but_not_the_pageblock),
		cmocka_unit_test(the_highatomic_reserve_counts_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
