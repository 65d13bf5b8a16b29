/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The huge zero page: who gets it, who holds it, and when it is free again. */
#include "machine.h"

#define NR_PAGES (16u * 512)

static struct mm_machine *new_machine(void)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, policy_find("classic"));

	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, 1024, NULL), 0);
	assert_int_equal(mm_reserve_spaces(machine, 4, NULL), 0);
	return machine;
}

static void end(struct mm_machine *machine)
{
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void read_area(struct mm_machine *machine, uint32_t space, uint32_t area)
{
	const struct mm_request request = { .space = space };

	mm_read_huge_area(machine, &request, area);
}

static void shrink(struct mm_machine *machine)
{
	const struct mm_scan_control sc = { .priority = 0 };

	mm_huge_zero_scan(machine, &sc);
}

static void all_share_one_until_the_last_has_ended(void **state)
{
	struct mm_machine *machine = new_machine();
	uint64_t had = machine_counter(machine, "nr_free_pages");
	uint32_t a = mm_space_new(machine, 0, false), b = mm_space_new(machine, 0, false);

	(void)state;
	read_area(machine, a, 7);
	read_area(machine, a, 7);
	read_area(machine, a, 8);
	read_area(machine, b, 7);
	assert_int_equal(machine_counter(machine, "thp_zero_page_alloc"), 1);
	assert_int_equal(machine_counter(machine, "nr_free_pages"), had - 512);
	assert_int_equal(mm_block_type(machine, machine->huge.zero.pfn), MM_UNMOVABLE);
	assert_true(mm_huge_zero_maps(machine, a, 8));
	assert_false(mm_huge_zero_maps(machine, b, 8));
	mm_space_end(machine, a);
	shrink(machine);
	assert_int_equal(machine->huge.zero.refs, 2);
	mm_space_end(machine, b);
	assert_int_equal(machine_counter(machine, "nr_free_pages"), had - 512);
	shrink(machine);
	assert_int_equal(machine->huge.zero.refs, 0);
	assert_int_equal(machine_counter(machine, "nr_free_pages") + mm_pcp_pages(machine, 0), had);
	/* The next one needs another. */
	a = mm_space_new(machine, 0, false);
	read_area(machine, a, 7);
	assert_int_equal(machine_counter(machine, "thp_zero_page_alloc"), 2);
	end(machine);
}

static void what_is_unmapped_is_read_anew(void **state)
{
	struct mm_machine *machine = new_machine();
	uint32_t space = mm_space_new(machine, 0, false);

	(void)state;
	read_area(machine, space, 7);
	read_area(machine, space, 9);
	mm_set_huge_range(machine, space, 6, 2, MM_ADVICE_GONE);
	assert_false(mm_huge_zero_maps(machine, space, 7));
	assert_true(mm_huge_zero_maps(machine, space, 9));
	assert_int_equal(machine->huge.zero.refs, 2);
	end(machine);
}

/* It is a fault that falls back. */
static void without_a_block_there_is_none(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, policy_find("classic"));
	uint32_t space;

	(void)state;
	for (uint32_t pfn = 0; pfn < NR_PAGES; pfn += 16)
		assert_true(mm_seed_free_block(machine, pfn, 3));
	machine_seed_done(machine);
	assert_int_equal(mm_reserve_spaces(machine, 4, NULL), 0);
	space = mm_space_new(machine, 0, false);
	read_area(machine, space, 7);
	assert_false(mm_huge_zero_maps(machine, space, 7));
	assert_int_equal(machine_counter(machine, "thp_zero_page_alloc_failed"), 1);
	assert_int_equal(machine_counter(machine, "thp_fault_fallback"), 1);
	end(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_share_one_until_the_last_has_ended),
		cmocka_unit_test(what_is_unmapped_is_read_anew),
		cmocka_unit_test(without_a_block_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
