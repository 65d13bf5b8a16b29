/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Huge pages of ordinary files: who may have them, what is read and freed for one, and how it ends. */
#include "machine.h"

#include <errno.h>

#include "huge_memory.h"
#include "shmem.h"

#define NR_PAGES  (16u * 512)
#define NR_LPAGES (32u * 512)
#define AREA      100u
#define CHUNK     512u /* number of the area's first base page */

static const struct mm_request small = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

static struct mm_machine *new_machine(uint32_t *space)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, policy_find("classic"));

	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, NR_LPAGES, NULL), 0);
	assert_int_equal(mm_reserve_spaces(machine, 4, NULL), 0);
	machine->settings.kernel = MM_KERNEL(6, 12);
	machine->settings.thp_enabled = MM_THP_ALWAYS;
	machine->settings.khugepaged_pages_to_scan = 4096;
	machine->settings.max_ptes_none = 511;
	machine->settings.file_thp = true;
	*space = mm_space_new(machine, 0, false);
	return machine;
}

static void end(struct mm_machine *machine)
{
	machine_check(machine);
	mm_machine_destroy(machine);
}

static uint64_t count(const struct mm_machine *machine, const char *name)
{
	return machine_counter(machine, name);
}

/* A use of page i of the area through the mapping. */
static enum mm_touch_result use(struct mm_machine *machine, uint32_t space, uint32_t i)
{
	const struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE, .space = space };

	return mm_touch_page(machine, &request, CHUNK + i, MM_LPAGE_FILE,
	                     MM_TOUCH_FAULT | MM_TOUCH_BACKED);
}

/* Every step-th page is in memory, and the area is mapped. */
static void map_file(struct mm_machine *machine, uint32_t space, uint32_t step, uint32_t advice)
{
	for (uint32_t i = 0; i < 512; i += step)
		use(machine, space, i);
	mm_file_thp_place(machine, CHUNK, space, AREA, 1);
	mm_set_huge_range(machine, space, AREA, 1, (enum mm_advice)advice);
}

static void round_of_it(struct mm_machine *machine)
{
	while (mm_khugepaged_step(machine, 0) != MM_KHUGEPAGED_DONE)
		;
}

static void settings_say_what_qualifies(void **state)
{
	static const struct {
		uint32_t kernel, advice;
		uint8_t enabled;
		bool on, collapses;
	} cases[] = {
		{ MM_KERNEL(6, 12), MM_ADVICE_FILE, MM_THP_ALWAYS, true, true },
		{ MM_KERNEL(6, 12), MM_ADVICE_FILE, MM_THP_ALWAYS, false, false },
		{ MM_KERNEL(6, 1), MM_ADVICE_FILE, MM_THP_ALWAYS, true, false },
		{ MM_KERNEL(6, 1), MM_ADVICE_EXEC, MM_THP_ALWAYS, true, true },
		{ MM_KERNEL(6, 1), MM_ADVICE_EXEC + MM_ADVICE_NOHUGE, MM_THP_ALWAYS, true, false },
		{ MM_KERNEL(6, 12), MM_ADVICE_EXEC, MM_THP_MADVISE, true, false },
		{ MM_KERNEL(6, 12), MM_ADVICE_FILE + MM_ADVICE_HUGE, MM_THP_MADVISE, true, true },
		{ MM_KERNEL(6, 12), MM_ADVICE_FILE + MM_ADVICE_HUGE, MM_THP_NEVER, true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t space;
		struct mm_machine *machine = new_machine(&space);

		machine->settings.kernel = cases[i].kernel;
		machine->settings.thp_enabled = cases[i].enabled;
		machine->settings.file_thp = cases[i].on;
		map_file(machine, space, 1, cases[i].advice);
		round_of_it(machine);
		assert_int_equal(count(machine, "nr_file_hugepages"), cases[i].collapses);
		end(machine);
	}
}

static void what_is_missing_is_read(void **state)
{
	uint32_t space;
	struct mm_machine *machine = new_machine(&space);
	uint64_t allocated;

	(void)state;
	map_file(machine, space, 4, MM_ADVICE_EXEC);
	allocated = count(machine, "pgalloc_dma32");
	round_of_it(machine);
	assert_int_equal(count(machine, "thp_collapse_alloc"), 1);
	assert_int_equal(count(machine, "thp_file_alloc"), 0);
	assert_int_equal(count(machine, "nr_file_hugepages"), 1);
	assert_int_equal(count(machine, "nr_file_pages"), 512);
	/* The huge page, and 384 that it was put together from; those go with the others. */
	assert_int_equal(count(machine, "pgalloc_dma32") - allocated, 512 + 384);
	assert_int_equal(machine->nr_used, 512);
	/* In no page table: one fault has it all there, with what nobody had used so far. */
	assert_int_equal(count(machine, "nr_file_pmdmapped"), 0);
	assert_true(machine->pages[mm_lpage(machine, CHUNK)->pfn].flags & MM_PG_UNMAPPED);
	assert_int_equal(use(machine, space, 4), MM_TOUCH_MINOR);
	assert_int_equal(use(machine, space, 5), MM_TOUCH_HIT);
	assert_int_equal(count(machine, "thp_file_mapped"), 1);
	assert_int_equal(count(machine, "nr_file_pmdmapped"), 1);
	/* It ends with those that the demand knows of. */
	for (uint32_t i = 0; i < 512; i++)
		if (i % 4 == 0 || i == 5)
			assert_true(mm_free_base(machine, 0, CHUNK + i, 0));
	assert_int_equal(machine->nr_used, 0);
	assert_int_equal(count(machine, "nr_file_hugepages"), 0);
	assert_int_equal(count(machine, "nr_file_pmdmapped"), 0);
	end(machine);
}

static void too_little_of_it_is_left_alone(void **state)
{
	uint32_t space;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	machine->settings.max_ptes_none = 383;
	map_file(machine, space, 4, MM_ADVICE_EXEC);
	round_of_it(machine);
	assert_int_equal(count(machine, "thp_collapse_alloc"), 0);
	assert_int_equal(count(machine, "thp_scan_exceed_none_pte"), 1);
	assert_int_equal(machine->nr_used, 128);
	/* No limit counts for who asks for it, and then it is mapped. */
	assert_int_equal(
		mm_madvise_collapse(machine, &(struct mm_request){ .space = space }, AREA, 1), 0);
	assert_int_equal(count(machine, "nr_file_hugepages"), 1);
	assert_int_equal(count(machine, "nr_file_pmdmapped"), 1);
	end(machine);
}

static void what_is_dirty_is_written_first(void **state)
{
	uint32_t space;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	map_file(machine, space, 2, MM_ADVICE_EXEC);
	mm_dirty_page(machine, CHUNK + 100);
	round_of_it(machine);
	/* What was read up to there is given back. */
	assert_int_equal(count(machine, "thp_collapse_alloc"), 1);
	assert_int_equal(count(machine, "nr_file_hugepages"), 0);
	assert_int_equal(machine->nr_used, 256);
	assert_int_equal(count(machine, "nr_dirty"), 0);
	assert_int_equal(count(machine, "nr_writeback"), 1);
	round_of_it(machine);
	assert_int_equal(count(machine, "nr_file_hugepages"), 0);
	mm_end_writeback(machine, 1);
	round_of_it(machine);
	assert_int_equal(count(machine, "nr_file_hugepages"), 1);
	end(machine);
}

/* Whatever is dirty of the file is written at once, whether huge pages can be there or not; what others have is not. */
static void all_of_a_file_is_written(void **state)
{
	static const uint32_t dirty[] = { CHUNK + 100, CHUNK + 512, CHUNK + 1024 };
	uint32_t space;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	map_file(machine, space, 2, MM_ADVICE_FILE);
	use(machine, space, 512);
	use(machine, space, 1024);
	mm_file_thp_place(machine, CHUNK + 512, space, AREA + 4, 1);
	mm_file_thp_place(machine, CHUNK + 1024, space, AREA + 5, 2);
	for (size_t i = 0; i < 3; i++)
		mm_dirty_page(machine, dirty[i]);
	round_of_it(machine);
	assert_int_equal(count(machine, "nr_writeback"), 2);
	assert_int_equal(count(machine, "nr_dirty"), 1);
	assert_true(machine->pages[mm_lpage(machine, dirty[2])->pfn].flags & MM_PG_DIRTY);
	end(machine);
}

static void free_from(struct mm_machine *machine, uint32_t first)
{
	for (uint32_t i = 512; i-- > first;)
		mm_free_base(machine, 0, CHUNK + i, 0);
}

/* Beyond its end nothing can be read; what was taken up to there is in no page table for it. */
static void nothing_is_read_beyond_the_end(void **state)
{
	uint32_t space;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	map_file(machine, space, 1, MM_ADVICE_FILE);
	free_from(machine, 300);
	round_of_it(machine);
	assert_int_equal(count(machine, "thp_collapse_alloc"), 1);
	assert_int_equal(count(machine, "nr_file_hugepages"), 0);
	assert_int_equal(machine->nr_used, 300);
	assert_int_equal(machine->pages[mm_lpage(machine, CHUNK + 299)->pfn].flags &
	                         (MM_PG_UNMAPPED | MM_PG_YOUNG),
	                 MM_PG_UNMAPPED);
	assert_int_equal(use(machine, space, 299), MM_TOUCH_MINOR);
	/* It has grown. */
	use(machine, space, 400);
	round_of_it(machine);
	assert_int_equal(count(machine, "nr_file_hugepages"), 1);
	/* It is cut off again, further behind, and once more when all of it had been there. */
	free_from(machine, 350);
	mm_shmem_settle(machine);
	round_of_it(machine);
	assert_int_equal(count(machine, "nr_file_hugepages"), 0);
	for (uint32_t i = 350; i < 512; i++)
		use(machine, space, i);
	round_of_it(machine);
	assert_int_equal(count(machine, "nr_file_hugepages"), 1);
	free_from(machine, 400);
	mm_shmem_settle(machine);
	round_of_it(machine);
	assert_int_equal(count(machine, "nr_file_hugepages"), 0);
	end(machine);
}

static void what_has_all_gone_can_be_read_again(void **state)
{
	uint32_t space;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	map_file(machine, space, 1, MM_ADVICE_FILE);
	/* As small pages, and as a huge one. */
	for (int times = 0; times < 2; times++) {
		for (uint32_t i = 0; i < 512; i++)
			mm_free_base(machine, 0, CHUNK + i, 0);
		assert_int_equal(count(machine, "nr_file_hugepages"), 0);
		assert_int_equal(mm_madvise_collapse(
					 machine, &(struct mm_request){ .space = space }, AREA, 1),
		                 0);
		assert_int_equal(count(machine, "nr_file_hugepages"), 1);
		for (uint32_t i = 0; i < 512; i++)
			use(machine, space, i);
	}
	end(machine);
}

static void who_writes_to_it_has_none(void **state)
{
	uint32_t space;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	map_file(machine, space, 2, MM_ADVICE_EXEC);
	round_of_it(machine);
	use(machine, space, 0);
	assert_int_equal(mm_touch_page(machine, &small, CHUNK + 7, MM_LPAGE_FILE, MM_TOUCH_WRITE),
	                 MM_TOUCH_NEW);
	assert_int_equal(count(machine, "nr_file_hugepages"), 0);
	assert_int_equal(count(machine, "nr_file_pmdmapped"), 0);
	assert_int_equal(count(machine, "thp_split_page"), 0);
	assert_int_equal(machine->nr_used, 1);
	/* The others are read again, and that is no refault. */
	assert_int_equal(use(machine, space, 2), MM_TOUCH_READ);
	assert_int_equal(count(machine, "workingset_refault_file"), 0);
	end(machine);
}

static bool is_young(struct mm_machine *machine)
{
	return machine->pages[mm_lpage(machine, CHUNK)->pfn].flags & MM_PG_YOUNG;
}

/* khugepaged finds it in both; of each, what its page table said is forgotten with its mapping. */
static void two_spaces_map_it(void **state)
{
	uint32_t space, other;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	other = mm_space_new(machine, 0, false);
	map_file(machine, space, 1, MM_ADVICE_FILE);
	mm_file_thp_place(machine, CHUNK, other, AREA + 7, 1);
	mm_set_huge_range(machine, other, AREA + 7, 1, (enum mm_advice)MM_ADVICE_FILE);
	round_of_it(machine);
	round_of_it(machine);
	assert_int_equal(count(machine, "thp_collapse_alloc"), 1);
	assert_int_equal(count(machine, "thp_scan_exceed_none_pte"), 0);
	/* What the small pages' entries said is gone, too. */
	assert_false(is_young(machine));
	use(machine, space, 1);
	use(machine, other, 2);
	assert_int_equal(count(machine, "thp_file_mapped"), 2);
	assert_int_equal(count(machine, "nr_file_pmdmapped"), 1);
	mm_file_thp_unmap(machine, other, AREA, 4);
	mm_file_thp_unmap(machine, other, AREA + 6, 4);
	assert_int_equal(mm_huge_chunk(machine, other, AREA + 7), MM_NONE);
	assert_int_equal(count(machine, "nr_file_pmdmapped"), 1);
	assert_true(is_young(machine));
	mm_unmap_page(machine, CHUNK, true);
	assert_true(is_young(machine));
	mm_file_thp_unmap(machine, space, AREA, 1);
	assert_int_equal(count(machine, "nr_file_pmdmapped"), 0);
	assert_int_equal(count(machine, "nr_file_hugepages"), 1);
	assert_false(is_young(machine));
	assert_true(machine->pages[mm_lpage(machine, CHUNK)->pfn].flags & MM_PG_UNMAPPED);
	end(machine);
}

static void a_child_maps_it_too(void **state)
{
	uint32_t space, child;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	map_file(machine, space, 1, MM_ADVICE_FILE);
	child = mm_space_new(machine, space, true);
	mm_space_end(machine, space);
	round_of_it(machine);
	assert_int_equal(count(machine, "nr_file_hugepages"), 1);
	use(machine, child, 0);
	assert_int_equal(count(machine, "nr_file_pmdmapped"), 1);
	mm_space_end(machine, child);
	assert_int_equal(count(machine, "nr_file_pmdmapped"), 0);
	assert_true(machine->pages[mm_lpage(machine, CHUNK)->pfn].flags & MM_PG_UNMAPPED);
	end(machine);
}

static void reclaim_takes_it_as_a_whole(void **state)
{
	uint32_t space;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	map_file(machine, space, 2, MM_ADVICE_EXEC);
	round_of_it(machine);
	/* Others read what fills the memory. */
	for (uint32_t i = 1024; i < NR_LPAGES && count(machine, "nr_file_hugepages") > 0; i++)
		mm_touch_page(machine, &small, i, MM_LPAGE_FILE, MM_TOUCH_BACKED);
	assert_int_equal(count(machine, "nr_file_hugepages"), 0);
	assert_int_equal(count(machine, "thp_split_page"), 0);
	/* It comes back by base pages, those that the demand knows of. */
	assert_int_equal(use(machine, space, 2), MM_TOUCH_READ);
	assert_int_equal(mm_lpage(machine, CHUNK + 2)->order, 0);
	assert_false(mm_lpage_is_known(machine, CHUNK + 3));
	assert_true(mm_lpage_is_known(machine, CHUNK + 4));
	end(machine);
}

static void a_part_that_is_cut_off_splits_it(void **state)
{
	uint32_t space;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	map_file(machine, space, 1, MM_ADVICE_EXEC);
	round_of_it(machine);
	for (uint32_t i = 256; i < 512; i++)
		assert_true(mm_free_base(machine, 0, CHUNK + i, 0));
	mm_shmem_settle(machine);
	assert_int_equal(count(machine, "thp_split_page"), 1);
	assert_int_equal(machine->nr_used, 256);
	assert_int_equal(use(machine, space, 3), MM_TOUCH_MINOR);
	end(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_say_what_qualifies),
		cmocka_unit_test(what_is_missing_is_read),
		cmocka_unit_test(too_little_of_it_is_left_alone),
		cmocka_unit_test(what_is_dirty_is_written_first),
		cmocka_unit_test(all_of_a_file_is_written),
		cmocka_unit_test(nothing_is_read_beyond_the_end),
		cmocka_unit_test(what_has_all_gone_can_be_read_again),
		cmocka_unit_test(who_writes_to_it_has_none),
		cmocka_unit_test(two_spaces_map_it),
		cmocka_unit_test(a_child_maps_it_too),
		cmocka_unit_test(reclaim_takes_it_as_a_whole),
		cmocka_unit_test(a_part_that_is_cut_off_splits_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
