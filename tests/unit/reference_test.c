/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reference model: what reclaim is told of pages that nobody saw in use. */
#include "machine.h"

#include "reference_share.h"

#define NR_PAGES (16u * 512)
#define NR_LOOKS 200000

static const struct mm_request user = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

static struct mm_machine *new_machine(uint64_t seed)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, policy_find("fifo"));

	base_rng_init(&machine->reference.rng, seed);
	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, NR_PAGES, NULL), 0);
	for (uint32_t page = 0; page < 1000; page++)
		assert_int_equal(mm_touch_page(machine, &user, page, MM_LPAGE_ANON, 0),
		                 MM_TOUCH_NEW);
	return machine;
}

/* The look that a scan takes, at a page with a known access or without; what it finds. */
static bool look(struct mm_machine *machine, uint32_t i, bool known)
{
	uint32_t pfn = machine->lpages[i % 1000].pfn;
	uint16_t *flags = &machine->pages[pfn].flags;

	*flags = (uint16_t)(known ? *flags | MM_PG_YOUNG : *flags & ~MM_PG_YOUNG);
	mm_reference_look(machine, pfn);
	return *flags & MM_PG_YOUNG;
}

/* Of NR_LOOKS, per mille that find a page young; each known_of looks there are known accesses. */
static uint32_t found(uint32_t share, uint32_t known, uint32_t known_of)
{
	struct mm_machine *machine = new_machine(1);
	struct mm_reference_stats stats;
	uint32_t nr = 0;

	mm_set_reference_share(machine, MM_LRU_ANON, false, share * MM_REFERENCE_ONE / 1000);
	for (uint32_t i = 0; i < NR_LOOKS; i++)
		nr += look(machine, i, i % known_of < known);
	stats = mm_reference_stats(machine, MM_LRU_ANON, false);
	assert_int_equal(stats.nr_looks, NR_LOOKS);
	assert_int_equal(stats.nr_known + stats.nr_guessed, nr);
	mm_machine_destroy(machine);
	return (nr + NR_LOOKS / 2000) / (NR_LOOKS / 1000);
}

static void the_measured_share_is_met_in_the_mean(void **state)
{
	(void)state;
	assert_in_range(found(350, 0, 1), 345, 355);
	assert_in_range(found(350, 1, 5), 345, 355);
	/* Known accesses in runs: a thousand looks with them, then four thousand without. */
	assert_in_range(found(350, 1000, 5000), 340, 360);
	assert_in_range(found(990, 1, 2), 985, 995);
}

static void what_is_known_is_never_taken_back(void **state)
{
	(void)state;
	assert_int_equal(found(100, 1, 2), 500);
	assert_int_equal(found(0, 1, 4), 250);
}

static void a_machine_that_was_told_nothing_guesses_nothing(void **state)
{
	struct mm_machine *machine = new_machine(1);

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		assert_false(look(machine, i, false));
	assert_int_equal(mm_reference_stats(machine, MM_LRU_ANON, false).nr_looks, 0);
	mm_machine_destroy(machine);
}

static void an_unmapped_page_has_no_bit(void **state)
{
	struct mm_machine *machine = new_machine(1);

	(void)state;
	mm_set_reference_share(machine, MM_LRU_ANON, false, MM_REFERENCE_ONE);
	machine->pages[machine->lpages[0].pfn].flags |= MM_PG_UNMAPPED;
	assert_false(look(machine, 0, false));
	assert_true(look(machine, 1, false));
	mm_machine_destroy(machine);
}

static void the_seed_decides(void **state)
{
	struct mm_machine *machine[3] = { new_machine(1), new_machine(1), new_machine(2) };
	uint32_t nr_other = 0;

	(void)state;
	for (int m = 0; m < 3; m++)
		mm_set_reference_share(machine[m], MM_LRU_ANON, false, MM_REFERENCE_ONE / 2);
	for (uint32_t i = 0; i < 1000; i++) {
		bool young = look(machine[0], i, false);

		assert_int_equal(look(machine[1], i, false), young);
		nr_other += look(machine[2], i, false) != young;
	}
	assert_in_range(nr_other, 300, 700);
	for (int m = 0; m < 3; m++)
		mm_machine_destroy(machine[m]);
}

static void pages_that_were_spared_have_a_share_of_their_own(void **state)
{
	struct mm_machine *machine = new_machine(1);
	uint32_t nr = 0;

	(void)state;
	mm_set_reference_share(machine, MM_LRU_ANON, false, MM_REFERENCE_ONE);
	mm_set_reference_share(machine, MM_LRU_ANON, true, MM_REFERENCE_ONE / 10);
	for (uint32_t page = 0; page < 500; page++)
		machine->pages[machine->lpages[page].pfn].flags |= MM_PG_REFERENCED;
	for (uint32_t i = 0; i < NR_LOOKS; i++) {
		if (i % 1000 >= 500)
			assert_true(look(machine, i, false));
		else
			nr += look(machine, i, false);
	}
	assert_in_range(nr, NR_LOOKS / 20 * 95 / 100, NR_LOOKS / 20 * 105 / 100);
	assert_int_equal(mm_reference_stats(machine, MM_LRU_ANON, true).nr_guessed, nr);
	mm_machine_destroy(machine);
}

/* ---- the share that a recording shows ---- */

static void batch(struct replay_reference_share *share, uint64_t t_ns,
                  struct replay_reference_count count)
{
	struct mmr_event event = { .t_ns = t_ns, .kind = MMR_EVENT_MM_VMSCAN_WRITE_FOLIO };

	event.write_folio.reclaim_flags = 1;
	for (uint64_t i = 0; i < count.nr_written; i++)
		replay_reference_event(share, &event);
	event = (struct mmr_event){ .t_ns = t_ns, .kind = MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE };
	event.shrink_inactive.reclaim_flags = 1;
	event.shrink_inactive.nr_scanned = (uint32_t)count.nr_looked;
	event.shrink_inactive.nr_ref_keep = (uint32_t)count.nr_kept;
	event.shrink_inactive.nr_activate_anon = (uint32_t)count.nr_activated;
	event.shrink_inactive.nr_activate_file = 7; /* of the other type */
	replay_reference_event(share, &event);
}

static uint32_t percent(const struct replay_reference_share *share, uint32_t bin, bool again)
{
	return (replay_reference_of(share, bin, MM_LRU_ANON, again) * 100 + 32768) /
	       MM_REFERENCE_ONE;
}

static void first_and_second_looks_are_told_apart(void **state)
{
	struct replay_reference_share share = { .first_ns = 100, .last_ns = 100 + 1280 };

	(void)state;
	assert_false(replay_reference_known(&share));
	/* 60000 looks: 20000 second ones, of which 5000 found the page in use again. */
	batch(&share, 100,
	      (struct replay_reference_count){ 100000, 40000, .nr_kept = 20000,
	                                       .nr_activated = 5000 });
	assert_true(replay_reference_known(&share));
	assert_int_equal(percent(&share, REPLAY_REFERENCE_BINS, false), 50);
	assert_int_equal(percent(&share, REPLAY_REFERENCE_BINS, true), 25);
	assert_int_equal(percent(&share, 0, false), 50);
	assert_int_equal(replay_reference_of(&share, 0, MM_LRU_FILE, false), 0);
}

static void most_pages_that_are_spared_may_never_come_back(void **state)
{
	struct replay_reference_share share = { .first_ns = 100, .last_ns = 100 + 1280 };

	(void)state;
	batch(&share, 100,
	      (struct replay_reference_count){ 10000, 0, .nr_kept = 8000, .nr_activated = 500 });
	assert_int_equal(percent(&share, REPLAY_REFERENCE_BINS, false), 100);
	assert_int_equal(percent(&share, REPLAY_REFERENCE_BINS, true), 25);
}

static void the_share_follows_the_time(void **state)
{
	struct replay_reference_share share = { .first_ns = 0, .last_ns = 1280 };

	(void)state;
	batch(&share, 5, (struct replay_reference_count){ 100000, 0, .nr_kept = 40000 });
	batch(&share, 1280, (struct replay_reference_count){ 100000, 0, .nr_kept = 10000 });
	assert_int_equal(percent(&share, 0, false), 67);
	assert_int_equal(percent(&share, 116, false), 11);
	/* Nothing was looked at: as in the whole trace. */
	assert_int_equal(percent(&share, 60, false), 33);
	assert_int_equal(replay_reference_begin_ns(&share, 0), 0);
	assert_int_equal(replay_reference_begin_ns(&share, 1), 11);
	assert_true(replay_reference_begin_ns(&share, REPLAY_REFERENCE_BINS) == UINT64_MAX);
	/* Times outside of what the header says go to the ends. */
	batch(&share, 99999, (struct replay_reference_count){ .nr_looked = 1 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_measured_share_is_met_in_the_mean),
		cmocka_unit_test(what_is_known_is_never_taken_back),
		cmocka_unit_test(a_machine_that_was_told_nothing_guesses_nothing),
		cmocka_unit_test(an_unmapped_page_has_no_bit),
		cmocka_unit_test(the_seed_decides),
		cmocka_unit_test(pages_that_were_spared_have_a_share_of_their_own),
		cmocka_unit_test(first_and_second_looks_are_told_apart),
		cmocka_unit_test(most_pages_that_are_spared_may_never_come_back),
		cmocka_unit_test(the_share_follows_the_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
