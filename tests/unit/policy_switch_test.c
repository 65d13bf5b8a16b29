/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the classic lists to generations and back: no page is lost, and each lands where its age says. */
#include "mglru_machine.h"

#include "classic.h"

static struct mm_machine *machine_of_two(const struct mm_policy_ops *policy,
                                         const struct mm_policy_ops *other)
{
	const struct mm_zone_config zone = { .name = "DMA32",
		                             .type = MM_ZONE_DMA32,
		                             .spanned = NR_PAGES,
		                             .present = NR_PAGES,
		                             .managed = NR_PAGES };
	struct mm_config config = { .zones = &zone,
		                    .nr_zones = 1,
		                    .nr_cpus = 1,
		                    .nr_swap_slots = NR_PAGES,
		                    .settings = machine_settings(),
		                    .policy = policy,
		                    .other = other,
		                    .seed = 1 };
	struct mm_machine *machine;

	config.settings.kernel = MM_KERNEL(6, 12);
	assert_int_equal(mm_machine_create(&config, &machine, NULL), 0);
	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, NR_PAGES, NULL), 0);
	return machine;
}

static void touch_pages(struct mm_machine *machine, uint32_t first, uint32_t end,
                        enum mm_lpage_kind kind)
{
	for (uint32_t number = first; number < end; number++)
		touch(machine, number, kind, 0);
}

static void active_pages_become_the_youngest_generation(void **state)
{
	struct mm_machine *machine = machine_of_two(&policy_classic, &policy_mglru);
	struct mm_node *node = &machine->nodes[0];

	(void)state;
	touch_pages(machine, 0, 100, MM_LPAGE_ANON);
	touch_pages(machine, 100, 200, MM_LPAGE_FILE);
	/* Some of either type are on the active lists. */
	for (uint32_t number = 90; number < 110; number++) {
		uint32_t pfn = mm_lpage(machine, number)->pfn;

		machine->policy->page_removed(node, pfn);
		machine->pages[pfn].flags |= MM_PG_ACTIVE;
		machine->policy->page_added(node, pfn);
	}
	assert_ptr_equal(mm_switch_policy(machine), &policy_mglru);
	check_sizes(machine);
	machine_check(machine);
	assert_int_equal(node->nr_lru[MM_LRU_ANON], 100);
	assert_int_equal(node->nr_lru[MM_LRU_FILE], 100);
	assert_int_equal(seq_of(machine, page_of(machine, 0)), 2);   /* youngest but one */
	assert_int_equal(seq_of(machine, page_of(machine, 95)), 3);  /* was active */
	assert_int_equal(seq_of(machine, page_of(machine, 105)), 3); /* was active */
	assert_int_equal(seq_of(machine, page_of(machine, 150)), 1); /* oldest but one */
	assert_false(page_of(machine, 95)->flags & MM_PG_ACTIVE);
	/* The oldest page of a list is the oldest one still. */
	assert_int_equal(node->lists[mglru_list(mglru_slot(2), MM_LRU_ANON, MM_ZONE_DMA32)].tail,
	                 mm_lpage(machine, 0)->pfn);
	mm_machine_destroy(machine);
}

static void young_generations_become_active(void **state)
{
	struct mm_machine *machine = machine_of_two(&policy_mglru, &policy_classic);
	struct mm_node *node = &machine->nodes[0];
	uint64_t max_seq = mglru_of(node)->max_seq;

	(void)state;
	touch_pages(machine, 0, 100, MM_LPAGE_ANON);
	touch_pages(machine, 100, 200, MM_LPAGE_FILE);
	assert_int_equal(machine_counter(machine, "nr_active_anon"), 100);
	node->kswapd.in_pass = true;
	assert_ptr_equal(mm_switch_policy(machine), &policy_classic);
	assert_false(node->kswapd.in_pass);
	machine_check(machine);
	assert_int_equal(machine_counter(machine, "nr_active_anon"), 100);
	assert_int_equal(machine_counter(machine, "nr_inactive_file"), 100);
	assert_int_equal(page_of(machine, 0)->list, CLASSIC_ACTIVE_ANON);
	assert_int_equal(page_of(machine, 199)->list, CLASSIC_INACTIVE_FILE);
	/* Pages that come and go meanwhile are the other policy's; sequence numbers wait. */
	touch_pages(machine, 200, 300, MM_LPAGE_ANON);
	mm_free_lpage(machine, 0, 0);
	assert_ptr_equal(mm_switch_policy(machine), &policy_mglru);
	assert_int_equal(mglru_of(node)->max_seq, max_seq);
	assert_int_equal(node->nr_lru[MM_LRU_ANON], 199);
	check_sizes(machine);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void without_another_policy_nothing_happens(void **state)
{
	struct mm_machine *machine = machine_of_two(&policy_classic, NULL);

	(void)state;
	touch_pages(machine, 0, 100, MM_LPAGE_ANON);
	assert_ptr_equal(mm_switch_policy(machine), &policy_classic);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void new_settings_reach_the_policy(void **state)
{
	struct mm_machine *machine = machine_of_two(&policy_mglru, NULL);
	struct mm_settings settings = machine->settings;

	(void)state;
	settings.lru_gen_enabled = MGLRU_CORE;
	settings.swappiness = 7;
	mm_set_settings(machine, &settings);
	assert_int_equal(mglru_of(&machine->nodes[0])->caps, MGLRU_CORE);
	assert_int_equal(machine->settings.swappiness, 7);
	settings.lru_gen_enabled = 0;
	mm_set_settings(machine, &settings);
	assert_int_equal(mglru_of(&machine->nodes[0])->caps, 7);
	mm_machine_destroy(machine);
}

/* Under pressure all the time, and to and fro: nobody is lost. */
static void memory_stays_whole(void **state)
{
	struct mm_machine *machine = machine_of_two(&policy_classic, &policy_mglru);
	uint32_t page = 0;

	(void)state;
	for (uint32_t i = 0; i < 40; i++) {
		for (uint32_t j = 0; j < 700; j++)
			touch(machine, page++ * 31 % (NR_PAGES - 1), MM_LPAGE_ANON, MM_TOUCH_WRITE);
		mm_switch_policy(machine);
		machine_check(machine);
	}
	assert_true(machine_counter(machine, "pswpout") > 0);
	mm_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(active_pages_become_the_youngest_generation),
		cmocka_unit_test(young_generations_become_active),
		cmocka_unit_test(without_another_policy_nothing_happens),
		cmocka_unit_test(new_settings_reach_the_policy),
		cmocka_unit_test(memory_stays_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
