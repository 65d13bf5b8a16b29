/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings of huge pages that a snapshot has. */
#include "unit.h"

#include "start_thp.c" /* statics */

static struct mmr_snapshot_piece piece_of(const char *name, const char *text)
{
	return (struct mmr_snapshot_piece){ .name = name,
		                            .data = (const uint8_t *)text,
		                            .size = strlen(text) };
}

static const char *value_of(const struct replay_tunables *tunables, const char *name)
{
	static char text[32];
	const struct replay_tunable *row;

	for (unsigned int i = 0; (row = replay_tunable(i)); i++)
		if (strcmp(row->name, name) == 0) {
			replay_tunable_format(tunables, i, text, sizeof(text));
			return text;
		}
	return "no such tunable";
}

static void expect_thp(const char *all, const char *own, enum replay_thp thp, const char *word)
{
	const struct mmr_snapshot_piece piece = piece_of(THP_PREFIX "enabled", all);
	const struct mmr_snapshot_piece other = piece_of(THP_PREFIX SIZE_2M, own ? own : "");
	struct replay_tunables tunables;
	static struct replay_start start; /* too large for a stack */

	start.thp = REPLAY_THP_UNKNOWN;
	replay_tunables_init(&tunables);
	read_enabled(&piece, own ? &other : NULL, &start, &tunables);
	assert_int_equal(start.thp, thp);
	assert_string_equal(value_of(&tunables, "thp.enabled"), word);
}

static void huge_pages_of_a_size_can_have_a_switch_of_their_own(void **state)
{
	static const char always[] = "[always] madvise never\n";
	static const char never[] = "always madvise [never]\n";

	(void)state;
	expect_thp(always, NULL, REPLAY_THP_ALWAYS, "always");
	expect_thp(never, NULL, REPLAY_THP_NEVER, "never");
	expect_thp("always [madvise] never", NULL, REPLAY_THP_MADVISE, "madvise");
	expect_thp(never, "always [inherit] madvise never\n", REPLAY_THP_NEVER, "never");
	expect_thp(never, "always inherit [madvise] never\n", REPLAY_THP_MADVISE, "madvise");
	expect_thp(always, "always inherit madvise [never]\n", REPLAY_THP_NEVER, "never");
	expect_thp("", NULL, REPLAY_THP_UNKNOWN, "madvise");
	expect_thp("[", NULL, REPLAY_THP_UNKNOWN, "madvise");
	expect_thp("[always and for ever more]", NULL, REPLAY_THP_UNKNOWN, "madvise");
	expect_thp("[]", NULL, REPLAY_THP_UNKNOWN, "madvise");
}

static void a_mount_of_tmpfs_says_huge(void **state)
{
	static const char mounts[] = "proc /proc proc rw,huge=always 0 0\n"
				     "tmpfs /run tmpfs rw,nosuid,size=100k 0 0\n"
				     "shm /a\\040b tmpfs rw,relatime,huge=within_size,inode64 0 0\n"
				     "tmpfs /last tmpfs rw,huge=always 0 0";
	const struct mmr_snapshot_piece some = piece_of("proc/mounts", mounts),
					none = piece_of("proc/mounts", "tmpfs /x tmpfs rw 0 0\n");
	struct replay_tunables tunables;

	(void)state;
	replay_tunables_init(&tunables);
	read_mounts(&none, &tunables);
	assert_string_equal(value_of(&tunables, "thp.tmpfs_huge"), "never");
	read_mounts(&some, &tunables);
	assert_string_equal(value_of(&tunables, "thp.tmpfs_huge"), "within_size");
}

static void khugepaged_has_its_own(void **state)
{
	const struct mmr_snapshot_piece sleeps =
		piece_of(THP_PREFIX KHUGEPAGED "scan_sleep_millisecs", "200\n");
	const struct mmr_snapshot_piece counter =
		piece_of(THP_PREFIX KHUGEPAGED "pages_collapsed", "7\n");
	const struct mmr_snapshot_piece odd =
		piece_of(THP_PREFIX KHUGEPAGED "max_ptes_none", "512\n");
	struct replay_tunables tunables;

	(void)state;
	replay_tunables_init(&tunables);
	read_number(&sleeps, &tunables);
	read_number(&counter, &tunables);
	read_number(&odd, &tunables);
	assert_string_equal(value_of(&tunables, "thp.khugepaged.scan_sleep_millisecs"), "200");
	/* There are 512 pages, and one of them has to be there. */
	assert_string_equal(value_of(&tunables, "thp.khugepaged.max_ptes_none"), "511");
}

static void folios_have_theirs(void **state)
{
	static const char inherits[] = "always [inherit] madvise never\n";
	const struct mmr_snapshot_piece size =
		piece_of(THP_PREFIX "hugepages-64kB/enabled", inherits);
	const struct mmr_snapshot_piece shmem =
		piece_of(THP_PREFIX "hugepages-32kB/shmem_enabled",
	                 "always inherit [within_size] advise never\n");
	const struct mmr_snapshot_piece longer =
		piece_of(THP_PREFIX "hugepages-128kB/enabled_too", inherits);
	const struct mmr_snapshot_piece unknown =
		piece_of(THP_PREFIX "hugepages-2048kB/enabled", inherits);
	struct replay_tunables tunables;

	(void)state;
	replay_tunables_init(&tunables);
	read_size(&size, &tunables);
	read_size(&shmem, &tunables);
	read_size(&longer, &tunables);
	read_size(&unknown, &tunables);
	assert_string_equal(value_of(&tunables, "thp.hugepages-64kB.enabled"), "inherit");
	assert_string_equal(value_of(&tunables, "thp.hugepages-32kB.enabled"), "never");
	assert_string_equal(value_of(&tunables, "thp.hugepages-32kB.shmem_enabled"), "within_size");
	assert_string_equal(value_of(&tunables, "thp.hugepages-128kB.enabled"), "never");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(huge_pages_of_a_size_can_have_a_switch_of_their_own),
		cmocka_unit_test(a_mount_of_tmpfs_says_huge),
		cmocka_unit_test(khugepaged_has_its_own),
		cmocka_unit_test(folios_have_theirs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
