/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page tables: pages lie beside each other by their addresses, whatever their numbers. */
#include "mglru_machine.h"

#define SPACE   1u
#define OTHER   2u
#define VPN     0x7f000u /* the first of a table */
#define ENTRIES MM_TABLE_ENTRIES

static struct mm_machine *new_machine(void)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), NR_PAGES);

	assert_int_equal(mm_tables_enable(machine, NULL), 0);
	return machine;
}

static uint32_t table_of(const struct mm_machine *machine, uint32_t page)
{
	return mm_place(machine, page) >> MM_TABLE_SHIFT;
}

static void a_place_is_kept_until_the_page_is_freed(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	for (uint32_t page = 0; page < 3; page++)
		touch(machine, page, MM_LPAGE_ANON, 0);
	mm_place_lpage(machine, 0, SPACE, VPN + 7);
	mm_place_lpage(machine, 1, SPACE, VPN + ENTRIES);
	mm_place_lpage(machine, 2, OTHER, VPN + 7);
	assert_int_equal(mm_place(machine, 0) % ENTRIES, 7);
	assert_int_not_equal(table_of(machine, 0), table_of(machine, 1));
	assert_int_not_equal(table_of(machine, 0), table_of(machine, 2));
	mm_place_lpage(machine, 0, SPACE, VPN + 9); /* it has one */
	assert_int_equal(mm_place(machine, 0) % ENTRIES, 7);
	assert_true(mm_place(machine, 3) == MM_NONE);
	assert_true(mm_free_lpage(machine, 0, 0));
	assert_true(mm_place(machine, 0) == MM_NONE);
	mm_machine_destroy(machine);
}

static void whoever_comes_to_a_place_drives_the_other_out(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	touch(machine, 0, MM_LPAGE_ANON, 0);
	touch(machine, 1, MM_LPAGE_ANON, 0);
	mm_place_lpage(machine, 0, SPACE, VPN + 7);
	mm_place_lpage(machine, 1, SPACE, VPN + 7);
	assert_true(mm_place(machine, 0) == MM_NONE);
	assert_int_equal(mm_place(machine, 1) % ENTRIES, 7);
	/* The first one's end leaves the second where it is. */
	mm_free_lpage(machine, 0, 0);
	assert_int_equal(mm_place(machine, 1) % ENTRIES, 7);
	mm_machine_destroy(machine);
}

static void a_copy_lies_in_its_own_space_where_its_source_does(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	for (uint32_t page = 0; page < 4; page++)
		touch(machine, page, MM_LPAGE_ANON, 0);
	mm_place_lpage(machine, 0, SPACE, VPN + 7);
	mm_place_copy(machine, 1, OTHER, 0);
	mm_place_lpage(machine, 2, OTHER, VPN + 8);
	mm_place_copy(machine, 3, OTHER, 99); /* nowhere */
	assert_int_equal(mm_place(machine, 1) % ENTRIES, 7);
	assert_int_equal(table_of(machine, 1), table_of(machine, 2));
	assert_int_not_equal(table_of(machine, 1), table_of(machine, 0));
	assert_true(mm_place(machine, 3) == MM_NONE);
	mm_machine_destroy(machine);
}

static void tables_without_pages_are_used_again(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t page = 0; page < 200; page++) {
			touch(machine, page, MM_LPAGE_ANON, 0);
			mm_place_lpage(machine, page, SPACE + round, VPN + page * ENTRIES);
		}
		for (uint32_t page = 0; page < 200; page++) {
			assert_int_equal(machine->tables.items[table_of(machine, page)]->area,
			                 VPN / ENTRIES + page);
			assert_int_equal(machine->tables.items[table_of(machine, page)]->pages[0],
			                 page);
		}
		for (uint32_t page = 0; page < 200; page++)
			mm_free_lpage(machine, 0, page);
	}
	assert_int_equal(machine->tables.nr_tables, 200);
	mm_machine_destroy(machine);
}

/* Pages 0, 2, 4 … are in one table and the others in another one, of which only the former are in use. */
static void walks_go_by_address(void **state)
{
	struct mm_machine *machine = new_machine();
	struct mglru *lru = mglru_of(&machine->nodes[0]);
	struct mm_scan_control sc = { .priority = MM_DEF_PRIORITY, .may_swap = true };

	(void)state;
	for (uint32_t page = 0; page < 2 * ENTRIES; page++) {
		struct mm_page *frame = touch(machine, page, MM_LPAGE_ANON, 0);

		mm_place_lpage(machine, page, SPACE, VPN + page % 2 * ENTRIES + page / 2);
		if (page % 2)
			frame->flags &= (uint16_t)~MM_PG_YOUNG;
	}
	policy_mglru_inc_max_seq(&machine->nodes[0], &sc, true);
	/* Nobody owns the pages: what has no young one is passed over. */
	assert_int_equal(lru->walked[3][MGLRU_TABLE_FOUND], 1);
	assert_int_equal(lru->walked[3][MGLRU_LEAF_TOTAL], ENTRIES);
	assert_int_equal(lru->walked[3][MGLRU_LEAF_YOUNG], ENTRIES);
	assert_int_equal(lru->walked[3][MGLRU_TABLE_ADDED], 1);
	mm_machine_destroy(machine);
}

/* Of the 64 entries around the place of one page, not of those around its number. */
static void look_arounds_go_by_address(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	for (uint32_t page = 0; page < 2 * ENTRIES; page++) {
		touch(machine, page, MM_LPAGE_ANON, 0);
		mm_place_lpage(machine, page, SPACE, VPN + page % 2 * ENTRIES + page / 2);
	}
	policy_mglru_look_around(&machine->nodes[0], machine->lpages[512].pfn); /* entry 256 */
	for (uint32_t page = 0; page < 2 * ENTRIES; page++) {
		bool around = page % 2 == 0 && page / 2 >= 224 && page / 2 < 288;
		bool young = page_of(machine, page)->flags & MM_PG_YOUNG;

		if (young == around)
			fail_msg("page %u is %s", page, young ? "young" : "old");
	}
	mm_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_is_kept_until_the_page_is_freed),
		cmocka_unit_test(whoever_comes_to_a_place_drives_the_other_out),
		cmocka_unit_test(a_copy_lies_in_its_own_space_where_its_source_does),
		cmocka_unit_test(tables_without_pages_are_used_again),
		cmocka_unit_test(walks_go_by_address),
		cmocka_unit_test(look_arounds_go_by_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
