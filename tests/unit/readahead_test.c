/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a fault on a mapped file reads and maps around its page. */
#include "machine.h"

#include "gfp.h"

#define NR_PAGES 4096u
#define NR_FILE  128u /* pages of the file: logical page i is its page i */
#define FILE     3u
#define GFP      (MM_GFP_HIGHUSER_MOVABLE)

static struct mm_machine *new_machine(void)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, policy_find("classic"));

	assert_int_equal(mm_reserve_lpages(machine, 2 * NR_FILE, NULL), 0);
	assert_int_equal(mm_tables_enable(machine, NULL), 0);
	machine_all_free(machine);
	for (uint32_t i = 0; i < NR_FILE; i++)
		mm_place_file_page(machine, i, FILE, i);
	return machine;
}

static enum mm_touch_result fault(struct mm_machine *machine, uint32_t page, uint32_t flags)
{
	const struct mm_request request = { .gfp_flags = GFP };

	return mm_touch_page(machine, &request, page, MM_LPAGE_FILE,
	                     MM_TOUCH_FAULT | MM_TOUCH_BACKED | flags);
}

static uint32_t nr_present(const struct mm_machine *machine, uint32_t first, uint32_t end)
{
	uint32_t nr = 0;

	for (uint32_t i = first; i < end; i++)
		nr += mm_lpage_is_present(machine, i);
	return nr;
}

static uint32_t nr_mapped(const struct mm_machine *machine, uint32_t first, uint32_t end)
{
	uint32_t nr = 0;

	for (uint32_t i = first; i < end; i++) {
		uint32_t pfn = mm_lpage(machine, i)->pfn;

		nr += pfn != MM_NONE && !(machine->pages[pfn].flags & MM_PG_UNMAPPED);
	}
	return nr;
}

/* A window of 32 that begins 16 pages before it; of these the 16 from a multiple of 16 on are mapped. */
static void a_miss_reads_around(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	assert_int_equal(fault(machine, 50, 0), MM_TOUCH_READ);
	assert_int_equal(nr_present(machine, 0, NR_FILE), 32);
	assert_int_equal(nr_present(machine, 34, 66), 32);
	assert_int_equal(nr_mapped(machine, 0, NR_FILE), 16);
	assert_int_equal(nr_mapped(machine, 48, 64), 16);
	/* Those that came along cost no fault that reads, and a hit reads nothing. */
	assert_int_equal(fault(machine, 40, 0), MM_TOUCH_MINOR);
	assert_int_equal(fault(machine, 49, 0), MM_TOUCH_HIT);
	assert_int_equal(nr_present(machine, 0, NR_FILE), 32);
	assert_int_equal(machine->counters[MM_PGMAJFAULT], 1);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* At the beginning of the file the window has only its second half; what is there already is not read again. */
static void a_window_is_cut(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	assert_int_equal(fault(machine, 3, 0), MM_TOUCH_READ);
	assert_int_equal(nr_present(machine, 0, 32), 32);
	assert_int_equal(nr_present(machine, 0, NR_FILE), 32);
	assert_int_equal(fault(machine, 40, 0), MM_TOUCH_READ);
	assert_int_equal(nr_present(machine, 0, NR_FILE), 56);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* Who writes maps no page along. */
static void a_fault_to_write_maps_its_page_alone(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	assert_int_equal(fault(machine, 50, MM_TOUCH_WRITE), MM_TOUCH_READ);
	assert_int_equal(nr_present(machine, 0, NR_FILE), 32);
	assert_int_equal(nr_mapped(machine, 0, NR_FILE), 1);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* madvise(MADV_RANDOM), or too many misses: this file's pages come one by one, another's do not. */
static void a_file_may_be_read_page_by_page(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	mm_set_read_around(machine, FILE, false);
	assert_int_equal(fault(machine, 50, 0), MM_TOUCH_READ);
	assert_int_equal(nr_present(machine, 0, NR_FILE), 1);
	mm_place_file_page(machine, NR_FILE, FILE + 1, 0);
	mm_place_file_page(machine, NR_FILE + 1, FILE + 1, 1);
	assert_int_equal(fault(machine, NR_FILE, 0), MM_TOUCH_READ);
	assert_true(mm_lpage_is_present(machine, NR_FILE + 1));
	mm_set_read_around(machine, FILE, true);
	assert_int_equal(fault(machine, 80, 0), MM_TOUCH_READ);
	assert_int_equal(nr_present(machine, 0, NR_FILE), 1 + 32);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* bdi.read_ahead_kb = 0; and what is freed is in its file no more. */
static void nothing_is_around(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	machine->settings.ra_pages = 0;
	assert_int_equal(fault(machine, 50, 0), MM_TOUCH_READ);
	assert_int_equal(nr_present(machine, 0, NR_FILE), 1);
	machine->settings.ra_pages = 32;
	assert_true(mm_free_lpage(machine, 0, 50));
	assert_false(mm_free_lpage(machine, 0, 51));
	assert_int_equal(fault(machine, 52, 0), MM_TOUCH_READ);
	assert_int_equal(nr_present(machine, 0, NR_FILE), 30);
	machine_check(machine);
	mm_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_miss_reads_around),
		cmocka_unit_test(a_window_is_cut),
		cmocka_unit_test(a_fault_to_write_maps_its_page_alone),
		cmocka_unit_test(a_file_may_be_read_page_by_page),
		cmocka_unit_test(nothing_is_around),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
