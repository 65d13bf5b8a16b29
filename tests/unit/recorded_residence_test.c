/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long the recording kept its pages, and how often those are used that the replay did not keep. */
#include "machine.h"

#include "recorded_residence.h"
#include "set_difference.h"

#define NR_PAGES (16u * 512)
#define SECOND   UINT64_C(1000000000)
#define NR_USED  1000u

/* ---- the difference ---- */

/* nr_recorded pages that only the recording has, from 0 on, and nr_replayed after these. */
static void set_apart(struct replay_difference *difference, uint32_t nr_recorded,
                      uint32_t nr_replayed)
{
	assert_int_equal(replay_difference_reserve(difference, 1000), 0);
	for (uint32_t page = 0; page < nr_recorded; page++)
		assert_int_equal(replay_difference_recorded(difference, page, MM_LRU_ANON), 0);
	for (uint32_t page = nr_recorded; page < nr_recorded + nr_replayed; page++)
		replay_difference_replayed(difference, page, MM_LRU_ANON);
}

/* How many uses of what only the recording has are owed; they are paid. */
static uint32_t pay_all(struct replay_difference *difference, struct rng *rng, uint32_t nr_recorded)
{
	uint32_t used, nr_paid = 0;

	while (replay_difference_owes(difference, MM_LRU_ANON)) {
		assert_true(replay_difference_draw(difference, MM_LRU_ANON, rng, &used));
		assert_true(used < nr_recorded);
		replay_difference_pay(difference, MM_LRU_ANON, used);
		nr_paid++;
	}
	return nr_paid;
}

/* A use of one of the replay's is worth as many of the recording's as there are of these to one of those, but one at most. */
static void each_side_is_used_as_often(void **state)
{
	struct replay_difference difference = { 0 };
	uint32_t nr_paid = 0;
	struct rng rng;

	(void)state;
	base_rng_init(&rng, 1);
	set_apart(&difference, 100, 300);
	assert_true(replay_difference_is_replayed(&difference, 100));
	assert_false(replay_difference_is_replayed(&difference, 99));
	for (uint32_t page = 100; page < 250; page++) {
		replay_difference_saved(&difference, MM_LRU_ANON);
		replay_difference_forget(&difference, page);
		nr_paid += pay_all(&difference, &rng, 100);
	}
	/* Half of one, so half of the other: what stays is as 1 to 3 all the time. */
	assert_in_range(nr_paid, 48, 50);
	assert_int_equal(difference.recorded[MM_LRU_ANON].count, 100 - nr_paid);
	assert_int_equal(difference.nr_replayed[MM_LRU_ANON], 150);
	/* The other type has none, and owes nothing. */
	replay_difference_saved(&difference, MM_LRU_FILE);
	assert_false(replay_difference_owes(&difference, MM_LRU_FILE));
	replay_difference_destroy(&difference);
}

/* With less memory only the recording has more: what is more is used as often as what it has taken. */
static void what_is_more_is_used_as_what_was_taken(void **state)
{
	struct replay_difference difference = { 0 };
	uint32_t nr_paid = 0;
	struct rng rng;

	(void)state;
	base_rng_init(&rng, 1);
	/* No more of one than of the other: who comes back is none of them. */
	set_apart(&difference, 100, 100);
	replay_difference_back(&difference, MM_LRU_ANON, 1);
	assert_false(replay_difference_owes(&difference, MM_LRU_ANON));
	/* 200 more; half of the 800 that are out come back, so half of the 200, of which there are ever fewer. */
	for (uint32_t page = 100; page < 200; page++)
		replay_difference_forget(&difference, page);
	for (uint32_t page = 200; page < 300; page++)
		assert_int_equal(replay_difference_recorded(&difference, page, MM_LRU_ANON), 0);
	for (uint32_t nr_out = 800; nr_out > 400; nr_out--) {
		replay_difference_back(&difference, MM_LRU_ANON, nr_out);
		nr_paid += pay_all(&difference, &rng, 300);
	}
	assert_in_range(nr_paid, 98, 101);
	/* Each of the replay's is worth one of the recording's. */
	replay_difference_replayed(&difference, 400, MM_LRU_ANON);
	replay_difference_saved(&difference, MM_LRU_ANON);
	assert_int_equal(pay_all(&difference, &rng, 300), 1);
	replay_difference_destroy(&difference);
}

/* Any order of changes of any page leaves each page on one side, and the counts what they are. */
static void a_page_is_on_one_side(void **state)
{
	struct replay_difference difference = { 0 };
	uint32_t nr[MM_NR_LRU_TYPES][2];
	uint8_t side[64] = { 0 }, type[64];
	struct rng rng;

	(void)state;
	base_rng_init(&rng, 2);
	assert_int_equal(replay_difference_reserve(&difference, 64), 0);
	for (uint32_t i = 0; i < 10000; i++) {
		uint32_t page = base_rng_below(&rng, 64);

		side[page] = (uint8_t)base_rng_below(&rng, 3);
		type[page] = (uint8_t)base_rng_below(&rng, MM_NR_LRU_TYPES);
		if (side[page] == 0)
			replay_difference_forget(&difference, page);
		else if (side[page] == 1)
			assert_int_equal(replay_difference_recorded(&difference, page, type[page]),
			                 0);
		else
			replay_difference_replayed(&difference, page, type[page]);
	}
	memset(nr, 0, sizeof(nr));
	for (uint32_t page = 0; page < 64; page++)
		if (side[page])
			nr[type[page]][side[page] - 1]++;
	for (uint32_t t = 0; t < MM_NR_LRU_TYPES; t++) {
		assert_int_equal(difference.recorded[t].count, nr[t][0]);
		assert_int_equal(difference.nr_replayed[t], nr[t][1]);
		for (uint32_t i = 0; i < nr[t][0]; i++) {
			uint32_t page = difference.recorded[t].items[i];

			assert_int_equal(side[page], 1);
			assert_int_equal(type[page], t);
		}
	}
	replay_difference_destroy(&difference);
}

/* ---- residence ---- */

static struct demand_op op(uint64_t t_ns, uint8_t kind, uint32_t page)
{
	return (struct demand_op){ .t_ns = t_ns, .kind = kind, .page = page, .task = 1 + page % 3 };
}

static void add(struct replay_residence *residence, struct demand_op *ops, uint32_t *nr,
                struct demand_op next)
{
	ops[(*nr)++] = next;
	assert_int_equal(replay_residence_ops(residence, &next, 1, NULL), 0);
}

/* Pages 0 .. NR_USED - 1 stay; as many others go out after a second and come back after one more. */
static uint32_t script(struct replay_residence *residence, struct demand_op *ops)
{
	uint32_t nr = 0;

	for (uint32_t page = 0; page < 2 * NR_USED; page++)
		add(residence, ops, &nr, op(page, DEMAND_ANON_TOUCH, page));
	for (uint32_t page = NR_USED; page < 2 * NR_USED; page++)
		add(residence, ops, &nr, op(SECOND, DEMAND_EVICTED, page));
	for (uint32_t page = NR_USED; page < 2 * NR_USED; page++)
		add(residence, ops, &nr, op(2 * SECOND, DEMAND_ANON_TOUCH, page));
	return nr;
}

struct bench {
	struct mm_machine *machine;
	struct replay_residence *residence;
};

/* The second pass of the script, up to the instant at which the recording has evicted half of the pages. */
static struct bench after_a_second(void)
{
	static struct demand_op ops[4 * NR_USED];
	struct bench b = { .machine = machine_new(NR_PAGES, 1, 0, policy_find("fifo")) };
	uint32_t nr_ops;

	assert_int_equal(mm_residence_enable(b.machine, NULL), 0);
	assert_int_equal(mm_reserve_lpages(b.machine, NR_PAGES, NULL), 0);
	/* The replay has what the recording evicts. */
	for (uint32_t page = NR_USED; page < 2 * NR_USED; page++)
		assert_true(mm_seed_page(b.machine, page, MM_LPAGE_ANON, MM_NONE, 0) >= 0);
	machine_seed_done(b.machine);
	assert_int_equal(replay_residence_create(0, 10 * SECOND, 1, &b.residence, NULL), 0);
	nr_ops = script(b.residence, ops);
	assert_int_equal(replay_residence_seal(b.residence, NULL), 0);
	for (uint32_t i = 0; i < nr_ops && ops[i].t_ns <= SECOND; i++) {
		replay_residence_advance(b.residence, b.machine, ops[i].t_ns);
		replay_residence_op(b.residence, b.machine, &ops[i]);
	}
	return b;
}

static void end(struct bench *b)
{
	replay_residence_destroy(b->residence);
	mm_machine_destroy(b->machine);
}

/* The recording has to bring pages back that the replay has kept. */
static void recording_misses(struct bench *b, uint32_t nr_pages)
{
	replay_residence_advance(b->residence, b->machine, 2 * SECOND);
	for (uint32_t page = NR_USED; page < NR_USED + nr_pages; page++) {
		const struct demand_op back = op(2 * SECOND, DEMAND_ANON_TOUCH, page);

		replay_residence_op(b->residence, b->machine, &back);
	}
}

static void what_the_recording_kept_is_used_as_often(void **state)
{
	struct bench b = after_a_second();
	uint32_t page, task, nr_due = 0;

	(void)state;
	for (page = 0; page < NR_USED / 2; page++)
		replay_residence_evicted(b.residence, page, false);
	assert_false(replay_residence_due(b.residence, &page, &task));
	recording_misses(&b, NR_USED / 2);
	while (replay_residence_due(b.residence, &page, &task)) {
		assert_true(page < NR_USED / 2);
		assert_int_equal(task, 1 + page % 3);
		nr_due++;
	}
	/* One side has 500 pages, the other 1000, and half of these were used. */
	assert_in_range(nr_due, NR_USED / 4 - 1, NR_USED / 4 + 1);
	end(&b);
}

static void what_has_gone_since_does_not_come_back(void **state)
{
	struct bench b = after_a_second();
	uint32_t page, task;

	(void)state;
	for (page = 0; page < NR_USED; page++) {
		const struct demand_op gone = op(SECOND, DEMAND_FREE, page);

		replay_residence_evicted(b.residence, page, false);
		replay_residence_op(b.residence, b.machine, &gone);
	}
	recording_misses(&b, NR_USED);
	assert_false(replay_residence_due(b.residence, &page, &task));
	end(&b);
}

/* Uses of what only the recording has that are faults in both: no others are owed for them. */
static void uses_that_events_tell_of_are_not_made_up_again(void **state)
{
	struct bench b = after_a_second();
	uint32_t page, task, nr_due = 0;

	(void)state;
	for (page = 0; page < NR_USED; page++)
		replay_residence_evicted(b.residence, page, false);
	for (page = 0; page < NR_USED / 4; page++) {
		const struct demand_op fault = op(SECOND, DEMAND_ANON_TOUCH, page);

		replay_residence_op(b.residence, b.machine, &fault);
	}
	recording_misses(&b, NR_USED / 2);
	while (replay_residence_due(b.residence, &page, &task)) {
		assert_in_range(page, NR_USED / 4, NR_USED - 1);
		nr_due++;
	}
	/* 500 of 1000 are used on one side; on the other as many, but 250 are told. */
	assert_in_range(nr_due, NR_USED / 4 - 30, NR_USED / 4);
	end(&b);
}

/* Read ahead, or written in by a neighbour's fault. */
static void what_comes_back_unasked_counts(void **state)
{
	struct bench b = after_a_second();
	uint32_t page, task, nr_due = 0;

	(void)state;
	/* Both are without half of the pages; then the replay reads them again. */
	for (page = NR_USED; page < NR_USED + NR_USED / 2; page++)
		replay_residence_evicted(b.residence, page, false);
	for (page = NR_USED; page < NR_USED + NR_USED / 2; page++)
		replay_residence_returned(b.residence, b.machine, page);
	/* So it does with those that the recording has kept, but for a hundred. */
	for (page = 0; page < NR_USED; page++)
		replay_residence_evicted(b.residence, page, false);
	for (page = 100; page < NR_USED; page++)
		replay_residence_returned(b.residence, b.machine, page);
	recording_misses(&b, NR_USED / 2);
	while (replay_residence_due(b.residence, &page, &task)) {
		assert_true(page < 100);
		nr_due++;
	}
	/* 1 to 10, and half of the 1000 are used. */
	assert_in_range(nr_due, 48, 52);
	end(&b);
}

/* What was read ahead is in no page table: its use is a fault in both. */
static void what_is_read_ahead_spares_no_fault(void **state)
{
	struct bench b = after_a_second();
	uint32_t page, task, nr_due = 0;

	(void)state;
	for (page = 0; page < NR_USED; page++)
		replay_residence_evicted(b.residence, page, false);
	for (page = NR_USED; page < NR_USED + NR_USED / 4; page++)
		b.machine->pages[b.machine->lpages[page].pfn].flags |=
			MM_PG_SWAPCACHE | MM_PG_UNMAPPED;
	assert_true(mm_lpage_is_read_ahead(b.machine, NR_USED));
	assert_false(mm_lpage_is_read_ahead(b.machine, NR_USED + NR_USED / 4));
	assert_false(mm_lpage_is_read_ahead(b.machine, 0));
	recording_misses(&b, NR_USED / 2);
	while (replay_residence_due(b.residence, &page, &task))
		nr_due++;
	/*
	 * Both sides have 1000 pages; of 500 that are used 250 were spared a fault. As those that were read ahead are gone
	 * from one side, the other has more, some of which come back for that.
	 */
	assert_in_range(nr_due, NR_USED / 4, NR_USED * 3 / 8);
	end(&b);
}

/* A huge page is 512 that stay as long as each does; memory of the kernel has one number. */
static void base_pages_stay_each_for_itself(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, policy_find("classic"));
	struct demand_op huge = op(0, DEMAND_ANON_TOUCH, 512),
			 gone = op(2 * SECOND, DEMAND_FREE, 512);
	struct demand_op stack = op(SECOND, DEMAND_FREE, 700), ops[8];
	struct replay_residence *residence = NULL;
	uint32_t nr = 0;

	(void)state;
	huge.order = gone.order = 9;
	gone.arg = DEMAND_HUGE;
	stack.order = 3;
	assert_int_equal(mm_reserve_lpages(machine, 1024, NULL), 0);
	assert_int_equal(mm_residence_enable(machine, NULL), 0);
	assert_int_equal(replay_residence_create(0, 4 * SECOND, 1, &residence, NULL), 0);
	add(residence, ops, &nr, huge);
	add(residence, ops, &nr, op(SECOND, DEMAND_EVICTED, 600));
	add(residence, ops, &nr, stack);
	add(residence, ops, &nr, gone);
	assert_int_equal(replay_residence_seal(residence, NULL), 0);
	replay_residence_advance(residence, machine, 0);
	for (uint32_t i = 0; i < nr; i++) {
		replay_residence_op(residence, machine, &ops[i]);
		for (uint32_t page = 512; page < 1024; page++)
			assert_int_equal(machine->residence.pages[page].until > 0,
			                 i < 3 && !(page == 600 && i > 0) &&
			                         !(page == 700 && i > 1));
	}
	replay_residence_destroy(residence);
	mm_machine_destroy(machine);
}

static void look(struct replay_residence *residence, uint64_t t_ns, uint32_t nr_kept,
                 uint32_t nr_freed)
{
	struct mmr_event event = { .t_ns = t_ns,
		                   .pid = 1,
		                   .kind = MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE };

	event.shrink_inactive.reclaim_flags = 1;
	event.shrink_inactive.nr_scanned = nr_kept + nr_freed;
	event.shrink_inactive.nr_ref_keep = nr_kept;
	event.shrink_inactive.nr_reclaimed = nr_freed;
	replay_residence_event(residence, &event);
}

/* How many looks at each page the clock has counted until then. */
static uint32_t percent_of_looks(struct replay_residence *residence, struct mm_machine *machine,
                                 uint64_t t_ns)
{
	replay_residence_advance(residence, machine, t_ns);
	return machine->residence.looks[MM_LRU_ANON] * 100 >> MM_LOOK_SHIFT;
}

/* A page that was kept in use is activated or taken when it is met again: who keeps all of them ten times in a row learns nothing. */
static void pages_are_kept_once_between_other_looks(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, policy_find("classic"));
	struct replay_residence *residence = NULL;
	static struct demand_op ops[2 * NR_USED + 1];
	uint32_t nr = 0;

	(void)state;
	assert_int_equal(mm_residence_enable(machine, NULL), 0);
	assert_int_equal(replay_residence_create(0, 10 * SECOND, 1, &residence, NULL), 0);
	for (uint32_t page = 0; page < NR_USED; page++)
		add(residence, ops, &nr, op(0, DEMAND_ANON_TOUCH, page));
	add(residence, ops, &nr, op(SECOND / 2, DEMAND_ANON_TOUCH, 0));
	for (uint32_t i = 0; i < 10; i++)
		look(residence, SECOND + i * SECOND / 10, NR_USED, 0);
	/* All are met again, and then half of them end and are new ones: these can be kept once more. */
	look(residence, 3 * SECOND, 0, NR_USED);
	look(residence, 4 * SECOND, NR_USED, 0);
	for (uint32_t page = 0; page < NR_USED / 2; page++) {
		add(residence, ops, &nr, op(5 * SECOND, DEMAND_FREE, page));
		add(residence, ops, &nr, op(5 * SECOND, DEMAND_ANON_TOUCH, page));
	}
	look(residence, 6 * SECOND, NR_USED, 0);
	assert_int_equal(replay_residence_seal(residence, NULL), 0);
	assert_int_equal(percent_of_looks(residence, machine, 2 * SECOND), 100);
	assert_int_equal(percent_of_looks(residence, machine, 3 * SECOND + SECOND / 2), 200);
	assert_int_equal(percent_of_looks(residence, machine, 4 * SECOND + SECOND / 2), 300);
	assert_in_range(percent_of_looks(residence, machine, 9 * SECOND), 348, 352);
	replay_residence_destroy(residence);
	mm_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_side_is_used_as_often),
		cmocka_unit_test(what_is_more_is_used_as_what_was_taken),
		cmocka_unit_test(a_page_is_on_one_side),
		cmocka_unit_test(what_the_recording_kept_is_used_as_often),
		cmocka_unit_test(what_has_gone_since_does_not_come_back),
		cmocka_unit_test(uses_that_events_tell_of_are_not_made_up_again),
		cmocka_unit_test(what_comes_back_unasked_counts),
		cmocka_unit_test(what_is_read_ahead_spares_no_fault),
		cmocka_unit_test(base_pages_stay_each_for_itself),
		cmocka_unit_test(pages_are_kept_once_between_other_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
