/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shadow_machine.h"

#include "shadow_verify.h"

#define ZONE_LOCKED MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED

/* A file of a snapshot, read between two instants. */
static void add_piece(struct replay_shadow *shadow, const char *name, const void *data,
                      uint64_t size, uint64_t begin_ns, uint64_t end_ns)
{
	const struct mmr_snapshot_piece piece = {
		.name = name,
		.data = data,
		.size = size,
		.offset = strcmp(name, "proc/kpageflags") == 0 ? FIRST_PFN * 8 : 0,
		.begin_ns = begin_ns,
		.end_ns = end_ns,
	};

	assert_int_equal(replay_shadow_verify_add(shadow, &piece, 1, NULL), 0);
}

static void take_at(struct replay_shadow *shadow, uint64_t t_ns, uint64_t page)
{
	struct mmr_event event = { .kind = ZONE_LOCKED, .t_ns = t_ns };

	event.page.pfn = FIRST_PFN + page;
	event.page.migratetype = SHADOW_MOVABLE;
	replay_shadow_event(shadow, &event);
}

/* The first check of a kind with this order or cause; fails if there is none. */
static struct replay_shadow_check check_of(const struct replay_shadow *shadow,
                                           enum shadow_check_kind kind, unsigned int value)
{
	size_t nr;
	const struct replay_shadow_check *checks = replay_shadow_checks(shadow, &nr);

	for (size_t i = 0; i < nr; i++)
		if (checks[i].kind == kind &&
		    (kind == SHADOW_CHECK_CAUSE ? checks[i].cause : checks[i].page_order) == value)
			return checks[i];
	fail_msg("no check of kind %u about %u", kind, value);
	return (struct replay_shadow_check){ 0 };
}

static void buddyinfo_counts_at_its_best_instant(void **state)
{
	static const char text[] =
		"Node 0, zone      DMA      9      9\n"
		"Node 0, zone   Normal      1      1      1      1      1      1 "
		"     1      1      1      1      7 \n";
	struct replay_shadow *shadow = shadow_with(&kernel_612, NR_PAGES);
	struct replay_shadow_check check;
	size_t nr;

	(void)state;
	add_piece(shadow, "proc/buddyinfo", text, sizeof(text) - 1, 100, 200);
	take_at(shadow, 90, 0);
	take_at(shadow, 110, 2);
	take_at(shadow, 150, 4);
	replay_shadow_checks(shadow, &nr);
	assert_int_equal(nr, 0); /* still being read */
	take_at(shadow, 210, 6);
	replay_shadow_checks(shadow, &nr);
	assert_int_equal(nr, SHADOW_NR_ORDERS);
	for (unsigned int order = 0; order < SHADOW_NR_ORDERS; order++) {
		check = check_of(shadow, SHADOW_CHECK_BUDDYINFO, order);
		assert_int_equal(check.shadow, check.kernel);
		assert_true(replay_shadow_check_good(shadow, &check));
	}
	shadow_end(shadow);
}

static void a_difference_is_bad_unless_compaction_ran(void **state)
{
	struct replay_shadow_check check = { .kernel = 100, .shadow = 105 };
	struct replay_shadow *shadow = shadow_with(&kernel_612, NR_PAGES);

	(void)state;
	assert_false(replay_shadow_check_good(shadow, &check));
	plain_event(shadow, MMR_EVENT_MM_COMPACTION_BEGIN);
	isolate_event(shadow, MMR_EVENT_MM_COMPACTION_ISOLATE_FREEPAGES, 0, 512, 3);
	assert_true(replay_shadow_check_good(shadow, &check));
	check.shadow = 106;
	assert_false(replay_shadow_check_good(shadow, &check));
	check = (struct replay_shadow_check){ .kernel = 0, .shadow = 4 };
	assert_true(replay_shadow_check_good(shadow, &check));
	shadow_end(shadow);
}

static void kpageflags_names_the_causes(void **state)
{
	static uint64_t flags[NR_PAGES];
	struct replay_shadow *shadow = shadow_with(&kernel_612, 512);
	struct replay_shadow_check check;

	(void)state;
	for (uint64_t page = 0; page < 512; page++)
		flags[page] = KPF_BUDDY;
	flags[7] = 0;           /* taken while it was read */
	flags[8] = 0;           /* taken behind the shadow's back */
	flags[600] = KPF_BUDDY; /* given, likewise */
	add_piece(shadow, "proc/kpageflags", flags, sizeof(flags), 1000000, 1000100);
	take_at(shadow, 1000050, 7);
	replay_shadow_finish(shadow);
	check = check_of(shadow, SHADOW_CHECK_KPAGEFLAGS, 0);
	assert_int_equal(check.kernel, NR_PAGES);
	assert_int_equal(check.shadow, NR_PAGES - 2);
	assert_int_equal(check.zone, 0);
	check = check_of(shadow, SHADOW_CHECK_CAUSE, SHADOW_CAUSE_FREE_ELSE);
	assert_int_equal(check.kernel, 1);
	check = check_of(shadow, SHADOW_CHECK_CAUSE, SHADOW_CAUSE_USED_ELSE);
	assert_int_equal(check.kernel, 1);
	shadow_end(shadow);
}

static void overlapping_readings_are_kept_apart(void **state)
{
	static uint64_t flags[NR_PAGES];
	static const char text[] = "Node 0, zone   Normal 0 0 0 0 0 0 0 0 0 1 0\n";
	struct replay_shadow *shadow = shadow_with(&kernel_612, 512);
	struct replay_shadow_check check;

	(void)state;
	for (uint64_t page = 0; page < 512; page++)
		flags[page] = KPF_BUDDY;
	add_piece(shadow, "proc/buddyinfo.end", text, sizeof(text) - 1, 100, 300);
	add_piece(shadow, "proc/kpageflags", flags, sizeof(flags), 150, 400);
	take_at(shadow, 160, 0);
	take_at(shadow, 310, 2);
	replay_shadow_finish(shadow);
	check = check_of(shadow, SHADOW_CHECK_BUDDYINFO_END, 9);
	assert_int_equal(check.shadow, 1);
	check = check_of(shadow, SHADOW_CHECK_KPAGEFLAGS, 0);
	assert_int_equal(check.shadow, NR_PAGES);
	shadow_end(shadow);
}

/* Nothing happens any more: the comparison still has a time, the end of the reading. */
static void a_comparison_after_the_last_event_has_the_time_of_the_reading(void **state)
{
	static uint64_t flags[NR_PAGES];
	static const char text[] = "Node 0, zone   Normal 0 0 0 0 0 0 0 0 0 1 0\n";
	struct replay_shadow *shadow = shadow_with(&kernel_612, 512);

	(void)state;
	add_piece(shadow, "proc/buddyinfo.end", text, sizeof(text) - 1, 100, 300);
	add_piece(shadow, "proc/kpageflags", flags, sizeof(flags), 150, 400);
	take_at(shadow, 90, 0);
	replay_shadow_finish(shadow);
	assert_int_equal(check_of(shadow, SHADOW_CHECK_BUDDYINFO_END, 9).t_ns, 300);
	assert_int_equal(check_of(shadow, SHADOW_CHECK_KPAGEFLAGS, 0).t_ns, 400);
	assert_int_equal(check_of(shadow, SHADOW_CHECK_CAUSE, SHADOW_CAUSE_FREE_ELSE).t_ns, 400);
	shadow_end(shadow);
}

static void damaged_texts_are_ignored(void **state)
{
	static const char *const texts[] = {
		"",
		"Node",
		"Node 0, zone",
		"Node 0, zone   Normal 1 2 3\n",
		"Node 0, zone   Normal 1 2 3 4 5 6 7 8 9 10 99999999999999999999\n",
		"Node 7, zone   Normal 1 2 3 4 5 6 7 8 9 10 11\n",
		"Node 0, zone   Norma 1 2 3 4 5 6 7 8 9 10 11\n",
	};
	struct replay_shadow *shadow = shadow_with(&kernel_612, 512);
	size_t nr;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		add_piece(shadow, "proc/buddyinfo", texts[i], strlen(texts[i]), 100 + i, 100 + i);
	add_piece(shadow, "proc/kpageflags", "1234567", 7, 200, 100); /* ends before it began */
	add_piece(shadow, "proc/vmstat", "x", 1, 200, 300);
	take_at(shadow, 1000, 0);
	replay_shadow_finish(shadow);
	replay_shadow_checks(shadow, &nr);
	assert_int_equal(nr, 0);
	shadow_end(shadow);
}

/* A source of two snapshots: one that cannot be read, one with buddyinfo. */
struct fake_source {
	unsigned int next;
	unsigned int nr_destroyed;
};

static uint64_t fake_next_ns(void *data)
{
	const struct fake_source *fake = data;

	return fake->next < 2 ? 1000 * (fake->next + 1) : UINT64_MAX;
}

static void fake_load(void *data, struct replay_shadow *shadow)
{
	static const char text[] = "Node 0, zone   Normal 0 0 0 0 0 0 0 0 0 1 0\n";
	struct fake_source *fake = data;

	if (fake->next++ == 0)
		replay_shadow_verify_unreadable(shadow, 0, 1000);
	else
		add_piece(shadow, "proc/buddyinfo", text, sizeof(text) - 1, 2000, 2000);
}

static void fake_destroy(void *data)
{
	struct fake_source *fake = data;

	fake->nr_destroyed++;
}

static void snapshots_are_loaded_when_their_time_comes(void **state)
{
	struct fake_source fake = { 0 };
	const struct shadow_source source = { &fake, fake_next_ns, fake_load, fake_destroy };
	struct replay_shadow *shadow = shadow_with(&kernel_612, 512);
	size_t nr;

	(void)state;
	assert_int_equal(replay_shadow_verify_from(shadow, &source, NULL), 0);
	take_at(shadow, 500, 0);
	assert_int_equal(fake.next, 0);
	take_at(shadow, 1500, 2);
	assert_int_equal(fake.next, 1);
	assert_int_equal(check_of(shadow, SHADOW_CHECK_CAUSE, SHADOW_CAUSE_UNREADABLE).kernel, 0);
	replay_shadow_finish(shadow);
	replay_shadow_checks(shadow, &nr);
	assert_int_equal(nr, 1 + SHADOW_NR_ORDERS);
	shadow_end(shadow);
	assert_int_equal(fake.nr_destroyed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buddyinfo_counts_at_its_best_instant),
		cmocka_unit_test(a_difference_is_bad_unless_compaction_ran),
		cmocka_unit_test(kpageflags_names_the_causes),
		cmocka_unit_test(overlapping_readings_are_kept_apart),
		cmocka_unit_test(a_comparison_after_the_last_event_has_the_time_of_the_reading),
		cmocka_unit_test(damaged_texts_are_ignored),
		cmocka_unit_test(snapshots_are_loaded_when_their_time_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
