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

	mm_set_reference_share(machine, MM_LRU_ANON, share * MM_REFERENCE_ONE / 1000);
	for (uint32_t i = 0; i < NR_LOOKS; i++)
		nr += look(machine, i, i % known_of < known);
	stats = mm_reference_stats(machine, MM_LRU_ANON);
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
	assert_int_equal(mm_reference_stats(machine, MM_LRU_ANON).nr_looks, 0);
	mm_machine_destroy(machine);
}

static void an_unmapped_page_has_no_bit(void **state)
{
	struct mm_machine *machine = new_machine(1);

	(void)state;
	mm_set_reference_share(machine, MM_LRU_ANON, MM_REFERENCE_ONE);
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
		mm_set_reference_share(machine[m], MM_LRU_ANON, MM_REFERENCE_ONE / 2);
	for (uint32_t i = 0; i < 1000; i++) {
		bool young = look(machine[0], i, false);

		assert_int_equal(look(machine[1], i, false), young);
		nr_other += look(machine[2], i, false) != young;
	}
	assert_in_range(nr_other, 300, 700);
	for (int m = 0; m < 3; m++)
		mm_machine_destroy(machine[m]);
}

/* ---- the share that a recording shows ---- */

static void batch(struct replay_reference_share *share, uint64_t t_ns, uint32_t nr_scanned,
                  uint32_t nr_young, uint32_t nr_written)
{
	struct mmr_event event = { .t_ns = t_ns, .kind = MMR_EVENT_MM_VMSCAN_WRITE_FOLIO };

	event.write_folio.reclaim_flags = 1;
	for (uint32_t i = 0; i < nr_written; i++)
		replay_reference_event(share, &event);
	event = (struct mmr_event){ .t_ns = t_ns, .kind = MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE };
	event.shrink_inactive.reclaim_flags = 1;
	event.shrink_inactive.nr_scanned = nr_scanned;
	event.shrink_inactive.nr_ref_keep = nr_young / 2;
	event.shrink_inactive.nr_activate_anon = nr_young - nr_young / 2;
	event.shrink_inactive.nr_activate_file = 7; /* of the other type */
	replay_reference_event(share, &event);
}

static void looks_at_written_pages_do_not_count(void **state)
{
	struct replay_reference_share share = { .first_ns = 100, .last_ns = 100 + 1280 };

	(void)state;
	assert_false(replay_reference_known(&share));
	batch(&share, 100, 100000, 30000, 40000);
	assert_true(replay_reference_known(&share));
	assert_int_equal(replay_reference_of(&share, REPLAY_REFERENCE_BINS, MM_LRU_ANON),
	                 MM_REFERENCE_ONE / 2);
	assert_int_equal(replay_reference_of(&share, 0, MM_LRU_ANON), MM_REFERENCE_ONE / 2);
	assert_int_equal(replay_reference_of(&share, 0, MM_LRU_FILE), 0);
}

static void the_share_follows_the_time(void **state)
{
	struct replay_reference_share share = { .first_ns = 0, .last_ns = 1280 };

	(void)state;
	batch(&share, 5, 100000, 80000, 0);
	batch(&share, 1280, 100000, 20000, 0);
	assert_in_range(replay_reference_of(&share, 0, MM_LRU_ANON), 52200, 52428);
	/* Nothing was looked at: as in the whole trace. */
	assert_int_equal(replay_reference_of(&share, 60, MM_LRU_ANON), MM_REFERENCE_ONE / 2);
	assert_int_equal(replay_reference_begin_ns(&share, 0), 0);
	assert_int_equal(replay_reference_begin_ns(&share, 1), 11);
	assert_true(replay_reference_begin_ns(&share, REPLAY_REFERENCE_BINS) == UINT64_MAX);
	/* Times outside of what the header says go to the ends. */
	batch(&share, 99999, 100000, 20000, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_measured_share_is_met_in_the_mean),
		cmocka_unit_test(what_is_known_is_never_taken_back),
		cmocka_unit_test(a_machine_that_was_told_nothing_guesses_nothing),
		cmocka_unit_test(an_unmapped_page_has_no_bit),
		cmocka_unit_test(the_seed_decides),
		cmocka_unit_test(looks_at_written_pages_do_not_count),
		cmocka_unit_test(the_share_follows_the_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
