/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reference model: what reclaim is told of pages that nobody saw in use. */
#include "machine.h"

#include "reference_snapshot.c"

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
	mm_reference_look(machine, pfn, *flags & MM_PG_REFERENCED ? MM_LOOK_AGAIN : MM_LOOK_FIRST);
	return *flags & MM_PG_YOUNG;
}

/* Of NR_LOOKS, per mille that find a page young; each known_of looks there are known accesses. */
static uint32_t found(uint32_t share, uint32_t known, uint32_t known_of)
{
	struct mm_machine *machine = new_machine(1);
	struct mm_reference_stats stats;
	uint32_t nr = 0;

	mm_set_reference_share(machine, MM_LRU_ANON, MM_LOOK_FIRST,
	                       share * MM_REFERENCE_ONE / 1000);
	for (uint32_t i = 0; i < NR_LOOKS; i++)
		nr += look(machine, i, i % known_of < known);
	stats = mm_reference_stats(machine, MM_LRU_ANON, MM_LOOK_FIRST);
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
	assert_int_equal(mm_reference_stats(machine, MM_LRU_ANON, MM_LOOK_FIRST).nr_looks, 0);
	mm_machine_destroy(machine);
}

static void an_unmapped_page_has_no_bit(void **state)
{
	struct mm_machine *machine = new_machine(1);

	(void)state;
	mm_set_reference_share(machine, MM_LRU_ANON, MM_LOOK_FIRST, MM_REFERENCE_ONE);
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
		mm_set_reference_share(machine[m], MM_LRU_ANON, MM_LOOK_FIRST,
		                       MM_REFERENCE_ONE / 2);
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
	mm_set_reference_share(machine, MM_LRU_ANON, MM_LOOK_FIRST, MM_REFERENCE_ONE);
	mm_set_reference_share(machine, MM_LRU_ANON, MM_LOOK_AGAIN, MM_REFERENCE_ONE / 10);
	for (uint32_t page = 0; page < 500; page++)
		machine->pages[machine->lpages[page].pfn].flags |= MM_PG_REFERENCED;
	for (uint32_t i = 0; i < NR_LOOKS; i++) {
		if (i % 1000 >= 500)
			assert_true(look(machine, i, false));
		else
			nr += look(machine, i, false);
	}
	assert_in_range(nr, NR_LOOKS / 20 * 95 / 100, NR_LOOKS / 20 * 105 / 100);
	assert_int_equal(mm_reference_stats(machine, MM_LRU_ANON, MM_LOOK_AGAIN).nr_guessed, nr);
	mm_machine_destroy(machine);
}

/* Walks over all pages, of which only some are met afterwards: per mille that had moved on. */
static uint32_t moved(uint32_t share, uint32_t outcome)
{
	struct mm_machine *machine = new_machine(1);
	uint32_t nr = 0;

	mm_set_reference_share(machine, MM_LRU_ANON, MM_LOOK_WALK, share * MM_REFERENCE_ONE / 1000);
	mm_set_reference_outcome(machine, MM_LRU_ANON, MM_LOOK_WALK,
	                         outcome * MM_REFERENCE_ONE / 1000);
	for (uint32_t walk = 0; walk < 200; walk++) {
		for (uint32_t page = 0; page < 1000; page++) {
			machine->pages[machine->lpages[page].pfn].flags &= (uint16_t)~MM_PG_YOUNG;
			mm_reference_look(machine, machine->lpages[page].pfn, MM_LOOK_WALK);
		}
		for (uint32_t page = 0; page < 500; page++) {
			uint32_t pfn = machine->lpages[page].pfn;
			bool young = machine->pages[pfn].flags & MM_PG_YOUNG;

			mm_reference_outcome(machine, pfn, MM_LOOK_WALK,
			                     young ? MM_OUTCOME_CHANCE : MM_OUTCOME_MISS);
			nr += young;
		}
	}
	mm_machine_destroy(machine);
	return (nr + 50) / 100;
}

static void what_walks_are_behind_is_made_up_for(void **state)
{
	(void)state;
	assert_in_range(moved(200, 200), 190, 210);
	assert_in_range(moved(100, 300), 270, 310);
	assert_in_range(moved(400, 200), 190, 230);
}

/* A page that was looked at a quarter of a look ago is found in use a quarter as often. */
static void a_page_must_have_had_the_time(void **state)
{
	struct mm_machine *machine = new_machine(1);
	uint32_t nr = 0, looks = 1u << MM_LOOK_SHIFT;

	(void)state;
	assert_int_equal(mm_residence_enable(machine, NULL), 0);
	mm_residence_set_timed(machine);
	mm_set_reference_share(machine, MM_LRU_ANON, MM_LOOK_BESIDE, MM_REFERENCE_ONE / 2);
	for (uint32_t i = 0; i < NR_LOOKS; i++) {
		const uint32_t clock[MM_NR_LRU_TYPES] = { looks, looks };
		uint32_t pfn = machine->lpages[i % 1000].pfn;

		if (i % 1000 == 0)
			looks += 1u << (MM_LOOK_SHIFT - 2);
		mm_residence_clock(machine, clock);
		if (i < 1000)
			mm_residence_begin(machine, i, false,
			                   looks + 1); /* too short for any use */
		mm_reference_look(machine, pfn, MM_LOOK_BESIDE);
		nr += machine->pages[pfn].flags & MM_PG_YOUNG ? 1 : 0;
		machine->pages[pfn].flags &= (uint16_t)~MM_PG_YOUNG;
		machine->residence.pages[i % 1000].looked = looks;
	}
	assert_in_range(nr, NR_LOOKS / 8 * 95 / 100, NR_LOOKS / 8 * 105 / 100);
	mm_machine_destroy(machine);
}

/* ---- the share that a recording shows ---- */

struct counts {
	uint32_t nr_looked, nr_kept, nr_activated;
};

static void write_pages(struct replay_reference_share *share, uint64_t t_ns, uint32_t pid,
                        uint32_t nr)
{
	struct mmr_event event = { .t_ns = t_ns,
		                   .pid = pid,
		                   .kind = MMR_EVENT_MM_VMSCAN_WRITE_FOLIO };

	event.write_folio.reclaim_flags = 1;
	while (nr-- > 0)
		replay_reference_event(share, &event);
}

static void shrink(struct replay_reference_share *share, uint64_t t_ns, uint32_t pid,
                   struct counts count, uint32_t nr_freed)
{
	struct mmr_event event = { .t_ns = t_ns,
		                   .pid = pid,
		                   .kind = MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE };

	event.shrink_inactive.reclaim_flags = 1;
	event.shrink_inactive.nr_scanned = 2 * count.nr_looked; /* some twice, some for nothing */
	event.shrink_inactive.nr_reclaimed = nr_freed;
	event.shrink_inactive.nr_ref_keep = count.nr_kept;
	event.shrink_inactive.nr_activate_anon = count.nr_activated;
	event.shrink_inactive.nr_activate_file = 7; /* of the other type */
	replay_reference_event(share, &event);
}

static void batch(struct replay_reference_share *share, uint64_t t_ns, struct counts count)
{
	shrink(share, t_ns, 1, count, count.nr_looked - count.nr_kept - count.nr_activated);
}

/* MGLRU: met and taken of one type. */
static uint64_t isolated_ns = 100;

static void isolate(struct replay_reference_share *share, uint32_t pid, uint32_t met,
                    uint32_t taken, bool file)
{
	struct mmr_event event = { .t_ns = isolated_ns,
		                   .pid = pid,
		                   .kind = MMR_EVENT_MM_VMSCAN_LRU_ISOLATE };

	event.lru_isolate.nr_requested = 4096;
	event.lru_isolate.nr_scanned = met;
	event.lru_isolate.nr_taken = taken;
	event.lru_isolate.lru = file ? 2 : 0;
	replay_reference_event(share, &event);
}

static uint32_t percent_of(const struct replay_reference_share *share, uint32_t bin,
                           enum mm_look look, bool walks)
{
	return (replay_reference_of(share, bin, MM_LRU_ANON, look, walks) * 100 + 32768) /
	       MM_REFERENCE_ONE;
}

static uint32_t percent(const struct replay_reference_share *share, uint32_t bin, bool again)
{
	return percent_of(share, bin, again ? MM_LOOK_AGAIN : MM_LOOK_FIRST, false);
}

static void first_and_second_looks_are_told_apart(void **state)
{
	struct replay_reference_share share = { .first_ns = 100, .last_ns = 100 + 1280 };

	(void)state;
	assert_false(replay_reference_known(&share));
	/* 60000 looks: 20000 second ones, of which 5000 found the page in use again. */
	batch(&share, 100, (struct counts){ 60000, .nr_kept = 20000, .nr_activated = 5000 });
	assert_true(replay_reference_known(&share));
	assert_int_equal(percent(&share, REPLAY_REFERENCE_BINS, false), 50);
	assert_int_equal(percent(&share, REPLAY_REFERENCE_BINS, true), 25);
	assert_int_equal(percent(&share, 0, false), 50);
	assert_int_equal(replay_reference_of(&share, 0, MM_LRU_FILE, MM_LOOK_FIRST, false), 0);
	/* Walks take the first bits away. */
	assert_int_equal(percent_of(&share, 0, MM_LOOK_FIRST, true), 25);
	assert_int_equal(percent_of(&share, 0, MM_LOOK_WALK, true), 25);
	assert_true(replay_reference_outcome(&share, 0, MM_LRU_ANON, MM_LOOK_WALK) == UINT32_MAX);
}

static void most_pages_that_are_spared_may_never_come_back(void **state)
{
	struct replay_reference_share share = { .first_ns = 100, .last_ns = 100 + 1280 };

	(void)state;
	batch(&share, 100, (struct counts){ 10000, .nr_kept = 8000, .nr_activated = 500 });
	assert_int_equal(percent(&share, REPLAY_REFERENCE_BINS, false), 100);
	assert_int_equal(percent(&share, REPLAY_REFERENCE_BINS, true), 25);
}

/* Code becomes active at the first look. */
/* A long list: all are kept in one part, and come back in others. */
static void what_was_kept_comes_back_in_a_later_part(void **state)
{
	struct replay_reference_share share = { .first_ns = 100, .last_ns = 100 + 1280 };

	(void)state;
	batch(&share, 105, (struct counts){ 40000, .nr_kept = 40000 });
	batch(&share, 600, (struct counts){ 20000, .nr_activated = 5000 });
	batch(&share, 1100, (struct counts){ 20000, .nr_activated = 10000 });
	assert_in_range(percent(&share, 500 / 11, true), 24, 26);
	assert_in_range(percent(&share, 1000 / 11, true), 49, 51);
	/* All came back: from here on, none of those that are freed was kept before. */
	batch(&share, 1300, (struct counts){ 25000, .nr_kept = 5000 });
	assert_in_range(percent(&share, 1200 / 11, false), 25, 26);
}

static void activations_without_marks_make_all_looks_alike(void **state)
{
	struct replay_reference_share share = { .first_ns = 100, .last_ns = 100 + 1280 };

	(void)state;
	batch(&share, 100, (struct counts){ 80000, .nr_kept = 100, .nr_activated = 39900 });
	assert_int_equal(percent(&share, REPLAY_REFERENCE_BINS, false), 50);
	assert_int_equal(percent(&share, REPLAY_REFERENCE_BINS, true), 50);
}

static void entry(struct replay_reference_share *share, uint32_t pid, bool taken, int32_t order)
{
	struct mmr_event event = { .t_ns = 100,
		                   .pid = pid,
		                   .kind = taken ? MMR_EVENT_SET_MIGRATION_PTE
		                                 : MMR_EVENT_REMOVE_MIGRATION_PTE };

	event.migration_pte.order = order;
	for (uint32_t i = 0; i < 512; i++)
		replay_reference_event(share, &event);
}

/* While another thread splits a huge page nobody can look at anonymous pages: they are kept whatever they are. */
static void what_a_split_hides_is_no_look(void **state)
{
	struct replay_reference_share share = { .first_ns = 100, .last_ns = 100 + 1280 };
	const struct counts half = { .nr_looked = 10000, .nr_kept = 5000 };
	const struct counts hidden = { .nr_looked = 9000, .nr_kept = 9000 };

	(void)state;
	batch(&share, 100, half);
	entry(&share, 7, true, 9);
	batch(&share, 100, hidden);
	entry(&share, 7, false, 0);
	assert_int_equal(percent(&share, REPLAY_REFERENCE_BINS, false), 100);
	batch(&share, 100, (struct counts){ .nr_looked = 10000, .nr_kept = 0 });
	assert_int_equal(percent(&share, REPLAY_REFERENCE_BINS, false), 33);
	/* Migration of single pages hides none, nor does what the thread itself has split. */
	entry(&share, 7, true, 0);
	entry(&share, 1, true, 9);
	batch(&share, 100, half);
	assert_int_equal(percent(&share, REPLAY_REFERENCE_BINS, false), 50);
}

static void resident_pages(struct replay_reference_share *share, uint32_t pid, int32_t member,
                           uint32_t nr)
{
	struct mmr_event event = { .t_ns = 100, .pid = pid, .kind = MMR_EVENT_RSS_STAT };

	event.rss.member = member;
	while (nr-- > 0)
		replay_reference_event(share, &event);
}

/* What held zeroes is given back as the shared page of zeroes: only the size of its owner tells. */
static void a_split_gives_pages_of_zeroes_back_without_their_entries(void **state)
{
	struct replay_reference_share share = { .first_ns = 100, .last_ns = 100 + 1280 };
	const struct counts in_use = { .nr_looked = 10000, .nr_kept = 10000 };

	(void)state;
	batch(&share, 100, (struct counts){ .nr_looked = 20000, .nr_kept = 0 });
	for (uint32_t i = 0; i < 2; i++)
		entry(&share, 7, true, 9);
	/* Another's pages, and those of files, are none of the split's. */
	resident_pages(&share, 8, 1, 512);
	resident_pages(&share, 7, 0, 512);
	resident_pages(&share, 7, 1, 511);
	batch(&share, 100, in_use);
	assert_int_equal(percent(&share, REPLAY_REFERENCE_BINS, false), 0);
	resident_pages(&share, 7, 1, 1);
	batch(&share, 100, in_use);
	assert_int_equal(percent(&share, REPLAY_REFERENCE_BINS, false), 50);
}

static void the_share_follows_the_time(void **state)
{
	struct replay_reference_share share = { .first_ns = 0, .last_ns = 1280 };

	(void)state;
	batch(&share, 5, (struct counts){ 100000, .nr_kept = 40000 });
	batch(&share, 1280, (struct counts){ 100000, .nr_kept = 10000 });
	assert_int_equal(percent(&share, 0, false), 67);
	assert_int_equal(percent(&share, 116, false), 11);
	/* Nothing was looked at: as in the whole trace. */
	assert_int_equal(percent(&share, 60, false), 33);
	assert_int_equal(replay_reference_begin_ns(&share, 0), 0);
	assert_int_equal(replay_reference_begin_ns(&share, 1), 11);
	assert_true(replay_reference_begin_ns(&share, REPLAY_REFERENCE_BINS) == UINT64_MAX);
	/* Times outside of what the header says go to the ends. */
	batch(&share, 99999, (struct counts){ .nr_looked = 1 });
}

/* Of each 100 pages that are met 20 have moved on; of 80, 2 are in use, 38 beside them, 10 written, 30 freed. */
static void batches_of_mglru_tell_of_neighbours_and_walks(void **state)
{
	struct replay_reference_share share = { .first_ns = 100, .last_ns = 100 + 1280 };
	const struct counts in_use = { .nr_looked = 100, .nr_kept = 2 };

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		/* Two threads at a time, and a type that has nothing. */
		isolate(&share, 1, 0, 0, true);
		isolate(&share, 1, 100, 80, false);
		isolate(&share, 2, 100, 80, false);
		write_pages(&share, 100, 1, 10);
		write_pages(&share, 100, 2, 10);
		shrink(&share, 100, 2, in_use, 30);
		shrink(&share, 100, 1, in_use, 30);
		/* The retry frees what has been written meanwhile: no looks. */
		shrink(&share, 100, 1, (struct counts){ .nr_looked = 100 }, 10);
	}
	assert_true(replay_reference_known(&share));
	assert_int_equal(percent_of(&share, 0, MM_LOOK_FIRST, true), 6);   /* 2 of 32 */
	assert_int_equal(percent_of(&share, 0, MM_LOOK_BESIDE, true), 49); /* 38 of 78 */
	assert_int_equal(percent_of(&share, 0, MM_LOOK_WALK, true), 20);
	/* What the classic lists would find again: 20 of the 90 that were mapped. */
	assert_int_equal(percent_of(&share, 0, MM_LOOK_FIRST, false), 22);
	assert_int_equal(percent_of(&share, 0, MM_LOOK_AGAIN, false), 22);
	assert_in_range(replay_reference_outcome(&share, 0, MM_LRU_ANON, MM_LOOK_BESIDE),
	                MM_REFERENCE_ONE * 38 / 70 - 1, MM_REFERENCE_ONE * 38 / 70 + 1);
}

/* 120 batches of 100, of which those of one part find nine in use, and the others none. */
static void a_burst_is_no_share_of_quiet_times(void **state)
{
	struct replay_reference_share share = { .first_ns = 0, .last_ns = 1279 };

	(void)state;
	for (uint32_t part = 0; part < 120; part++) {
		isolated_ns = part * 11;
		isolate(&share, 1, 100, 100, false);
		shrink(&share, isolated_ns, 1,
		       (struct counts){ .nr_looked = 100, .nr_kept = part == 60 ? 9 : 0 },
		       part == 60 ? 91 : 100);
	}
	isolated_ns = 100;
	assert_in_range(replay_reference_of(&share, 60, MM_LRU_ANON, MM_LOOK_FIRST, true),
	                MM_REFERENCE_ONE * 8 / 100, MM_REFERENCE_ONE * 9 / 100);
	assert_in_range(replay_reference_of(&share, 61, MM_LRU_ANON, MM_LOOK_FIRST, true), 0,
	                MM_REFERENCE_ONE * 1 / 10000);
}

/* Half of what is met in part 64 had moved on: by walks of the eight parts up to it. */
static void what_walks_found_is_met_later(void **state)
{
	struct replay_reference_share share = { .first_ns = 0, .last_ns = 1279 };

	(void)state;
	isolated_ns = 645; /* 11 ns a part */
	for (uint32_t i = 0; i < 1000; i++) {
		isolate(&share, 1, 100, 50, false);
		shrink(&share, 645, 1, (struct counts){ .nr_looked = 100 }, 50);
	}
	isolated_ns = 100;
	for (uint32_t i = 0; i < 9000; i++) {
		isolate(&share, 1, 100, 100, false);
		shrink(&share, 100, 1, (struct counts){ .nr_looked = 100 }, 100);
	}
	assert_int_equal(percent_of(&share, 645 / 11, MM_LOOK_WALK, true), 50);
	assert_int_equal(percent_of(&share, 645 / 11 - 7, MM_LOOK_WALK, true), 50);
	assert_int_equal(percent_of(&share, 645 / 11 - 8, MM_LOOK_WALK, true), 5);
	assert_int_equal(percent_of(&share, 645 / 11 + 1, MM_LOOK_WALK, true), 5);
	assert_in_range(replay_reference_outcome(&share, 645 / 11, MM_LRU_ANON, MM_LOOK_WALK),
	                MM_REFERENCE_ONE * 49 / 100, MM_REFERENCE_ONE / 2);
}

static void a_device_that_writes_at_once_hides_no_neighbours(void **state)
{
	struct replay_reference_share share = { .first_ns = 100, .last_ns = 100 + 1280 };

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		isolate(&share, 1, 64, 64, false);
		write_pages(&share, 100, 1, 40);
		shrink(&share, 100, 1, (struct counts){ .nr_looked = 64, .nr_kept = 1 }, 50);
	}
	assert_int_equal(percent_of(&share, 0, MM_LOOK_BESIDE, true), 21); /* 13 of 63 */
	assert_int_equal(percent_of(&share, 0, MM_LOOK_FIRST, true),
	                 2); /* 1 of 51: none came back */
}

static void counts_that_do_not_fit_keep_their_proportion(void **state)
{
	struct replay_reference_share share = { .first_ns = 100, .last_ns = 100 + 1280 };

	(void)state;
	for (uint32_t i = 0; i < 16; i++)
		batch(&share, 100, (struct counts){ .nr_looked = 1u << 31, .nr_kept = 1u << 28 });
	assert_in_range(percent(&share, REPLAY_REFERENCE_BINS, false), 12, 16);
}

/*
 * 6.1: of 1000 isolated 300 were freed, 200 came back from their write, 50 of the others were activated; so were 10
 * file pages.
 */
static void counters_tell_where_no_event_does(void **state)
{
	static const char before[] = "pgscan_anon 7\npgsteal_anon 3\npgrotated 1\n"
				     "pgactivate 20\n"
				     "pgscan_file 5\npgsteal_file 5\n";
	static const char after[] = "pgsteal_anon 303\npgscan_anon 1007\npgscan_anon_x 1\n"
				    "pgrotated 201\npgactivate 80\n"
				    "pgscan_file 20\npgsteal_file 10\n";
	struct replay_reference_share share = { .first_ns = 0, .last_ns = 1279 };
	struct counters from = read_counters(before, 100), to = read_counters(after, 200);

	(void)state;
	for (int i = 0; i < 100; i++)
		add(&share, &from, &to);
	assert_true(replay_reference_known(&share));
	assert_int_equal(percent_of(&share, 15, MM_LOOK_FIRST, true), 9);   /* 50 of 550 */
	assert_int_equal(percent_of(&share, 15, MM_LOOK_BESIDE, true), 47); /* 450 of 950 */
	assert_int_equal(percent_of(&share, 15, MM_LOOK_WALK, true), 0);
	assert_int_equal(share.bins[30][MM_LRU_ANON].nr[REPLAY_TAKEN], 0);
	assert_int_equal(share.bins[15][MM_LRU_ANON].nr[REPLAY_TAKEN], 100000);
	/* Counters that go back, or do not fit together, tell nothing. */
	share = (struct replay_reference_share){ .last_ns = 1279 };
	add(&share, &to, &from);
	assert_false(replay_reference_known(&share));
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
		cmocka_unit_test(what_was_kept_comes_back_in_a_later_part),
		cmocka_unit_test(activations_without_marks_make_all_looks_alike),
		cmocka_unit_test(what_a_split_hides_is_no_look),
		cmocka_unit_test(a_split_gives_pages_of_zeroes_back_without_their_entries),
		cmocka_unit_test(the_share_follows_the_time),
		cmocka_unit_test(what_walks_are_behind_is_made_up_for),
		cmocka_unit_test(a_page_must_have_had_the_time),
		cmocka_unit_test(batches_of_mglru_tell_of_neighbours_and_walks),
		cmocka_unit_test(a_burst_is_no_share_of_quiet_times),
		cmocka_unit_test(what_walks_found_is_met_later),
		cmocka_unit_test(a_device_that_writes_at_once_hides_no_neighbours),
		cmocka_unit_test(counts_that_do_not_fit_keep_their_proportion),
		cmocka_unit_test(counters_tell_where_no_event_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
