/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses by residence: what a look finds of a page that the recording kept for so many looks. */
#include "machine.h"

#define NR_PAGES (16u * 512)
#define NR_USED  1000u
#define LOOK     (1u << MM_LOOK_SHIFT)
#define PARTS    32u /* of a look: how finely the tests let time pass */

static const struct mm_request user = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

static struct mm_machine *new_machine(void)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, policy_find("fifo"));

	machine_all_free(machine);
	assert_int_equal(mm_residence_enable(machine, NULL), 0);
	assert_int_equal(mm_reserve_lpages(machine, NR_PAGES, NULL), 0);
	return machine;
}

static void set_clock(struct mm_machine *machine, uint32_t looks)
{
	const uint32_t both[MM_NR_LRU_TYPES] = { looks, looks };

	mm_residence_clock(machine, both);
}

static void bring_in(struct mm_machine *machine, uint32_t page, uint32_t since, uint32_t until)
{
	set_clock(machine, since);
	mm_residence_begin(machine, page, false, until);
	assert_int_equal(mm_touch_page(machine, &user, page, MM_LPAGE_ANON, 0), MM_TOUCH_NEW);
}

static bool look_at(struct mm_machine *machine, uint32_t page, uint32_t looks)
{
	set_clock(machine, looks);
	return mm_test_clear_young(&machine->nodes[0], machine->lpages[page].pfn);
}

/* In a page's residence of nr looks, in which of them a look once per look finds it in use, as bits. */
static uint32_t uses(struct mm_machine *machine, uint32_t page, uint32_t nr)
{
	uint32_t found = 0;

	bring_in(machine, page, LOOK, LOOK + nr * LOOK);
	for (uint32_t i = 1; i <= nr; i++)
		if (look_at(machine, page, LOOK + i * LOOK))
			found |= 1u << i;
	return found;
}

static void each_look_but_the_last_finds_a_use(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	/* The first finds what the fault has left; the recording evicted the page in the last. */
	assert_int_equal(uses(machine, 0, 1), 0x2);
	for (uint32_t page = 1; page < NR_USED; page++)
		assert_int_equal(uses(machine, page, 2 + page % 20) >> 1 & ~1u,
		                 (1u << (1 + page % 20)) - 2);
	mm_machine_destroy(machine);
}

/* … and the uses of pages with the same residence are not all at the same time. */
static void the_last_use_is_somewhere_in_the_last_look_but_one(void **state)
{
	struct mm_machine *machine = new_machine();
	uint32_t nr[PARTS + 1] = { 0 };

	(void)state;
	for (uint32_t page = 0; page < NR_USED; page++) {
		bring_in(machine, page, LOOK, 7 * LOOK);
		look_at(machine, page, 5 * LOOK - 1);
	}
	for (uint32_t page = 0; page < NR_USED; page++) {
		uint32_t last = 0;

		for (uint32_t i = 0; i <= 2 * PARTS; i++)
			if (look_at(machine, page, 5 * LOOK + i * LOOK / PARTS))
				last = i;
		assert_true(last <= PARTS);
		nr[last]++;
	}
	for (uint32_t i = 1; i <= PARTS; i++)
		assert_in_range(nr[i], NR_USED / PARTS / 3, 3 * NR_USED / PARTS);
	mm_machine_destroy(machine);
}

static void nothing_is_known_of_what_the_recording_has_out(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	bring_in(machine, 0, LOOK, 20 * LOOK);
	assert_true(look_at(machine, 0, 2 * LOOK));
	assert_true(look_at(machine, 0, 4 * LOOK));
	mm_residence_end(machine, 0);
	assert_false(look_at(machine, 0, 6 * LOOK));
	mm_machine_destroy(machine);
}

/* Longer residence is evidence of more use: between two looks that are half a look apart. */
static void long_residence_means_frequent_use(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	bring_in(machine, 0, LOOK, LOOK + 100 * LOOK);
	look_at(machine, 0, 50 * LOOK);
	for (uint32_t i = 1; i < 20; i++)
		assert_true(look_at(machine, 0, 50 * LOOK + i * LOOK / 2));
	mm_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_look_but_the_last_finds_a_use),
		cmocka_unit_test(the_last_use_is_somewhere_in_the_last_look_but_one),
		cmocka_unit_test(nothing_is_known_of_what_the_recording_has_out),
		cmocka_unit_test(long_residence_means_frequent_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
