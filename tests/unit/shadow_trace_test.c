/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shadow of a trace file: where it starts, what it refuses, which snapshots it compares with. */
#include "shadow_machine.h"

#include <stdio.h>
#include <unistd.h>

#include <mmreplay/trace_writer.h>

#include "stored_formats.h"

#define FULL_OF_FREE \
	"      0      0      0      0      0      0      0      0      0      0      8\n"

static char dir[] = "/tmp/mmr-shadow-XXXXXX";
static char path[64];

/* What is different about a trace. */
struct make {
	bool filtered;
	bool without_formats;
	bool without_start;
	bool damaged_types;
};

static int set_up(void **state)
{
	(void)state;
	memcpy(dir, "/tmp/mmr-shadow-XXXXXX", sizeof(dir));
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/trace.zst", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static int add_format(void *arg, const char *name, const char *text, size_t size)
{
	struct mmr_writer *w = arg;
	int code = mmr_writer_text(w, name, text, size, NULL);

	/* stored_formats.h gives the text away. */
	free((void *)(uintptr_t)text);
	return code;
}

static void add_text(struct mmr_writer *w, const char *name, const char *text)
{
	assert_int_equal(mmr_writer_text(w, name, text, strlen(text), NULL), 0);
}

static void add_piece(struct mmr_writer *w, const char *name, const void *data, uint64_t size,
                      uint64_t offset, uint64_t begin_ns)
{
	const struct mmr_snapshot_piece piece = {
		name, data, size, offset, begin_ns, begin_ns + 10
	};

	assert_int_equal(mmr_writer_snapshot_piece(w, &piece, NULL), 0);
}

/* kpageflags of the Normal zone in two chunks; all free but the page `used`. */
static void add_kpageflags(struct mmr_writer *w, uint64_t begin_ns, uint32_t used)
{
	static uint64_t flags[NR_PAGES];

	for (uint32_t i = 0; i < NR_PAGES; i++)
		flags[i] = i == used ? 0 : KPF_BUDDY;
	add_piece(w, "proc/kpageflags", flags, sizeof(flags) / 2, FIRST_PFN * 8, begin_ns);
	add_piece(w, "proc/kpageflags", flags + NR_PAGES / 2, sizeof(flags) / 2,
	          (FIRST_PFN + NR_PAGES / 2) * 8, begin_ns + 20);
}

static void add_snapshots(struct mmr_writer *w, const struct make *make)
{
	static const char buddy[] = "Node 0, zone   Normal" FULL_OF_FREE;
	const char *types = make->damaged_types
	                            ? "nothing"
	                            : "Number of blocks type     Unmovable      Movable\n"
	                              "Node 0, zone   Normal            0           16\n";

	assert_int_equal(mmr_writer_snapshot_begin(w, MMR_SNAPSHOT_LIGHT, 50, NULL), 0);
	add_piece(w, "proc/buddyinfo", "before", 6, 0, 50);
	assert_int_equal(mmr_writer_snapshot_end(w, 70, NULL), 0);
	if (make->without_start)
		return;
	assert_int_equal(mmr_writer_snapshot_begin(w, MMR_SNAPSHOT_FULL, 100, NULL), 0);
	add_piece(w, "proc/buddyinfo", "too early", 9, 0, 100);
	add_kpageflags(w, 120, NR_PAGES);
	add_piece(w, "proc/pagetypeinfo", types, strlen(types), 0, 160);
	add_piece(w, "proc/buddyinfo.end", buddy, sizeof(buddy) - 1, 0, 180);
	assert_int_equal(mmr_writer_snapshot_end(w, 200, NULL), 0);
	assert_int_equal(mmr_writer_snapshot_begin(w, MMR_SNAPSHOT_FULL, 1000, NULL), 0);
	add_piece(w, "proc/buddyinfo", buddy, sizeof(buddy) - 1, 0, 1000);
	add_kpageflags(w, 1020, 77);
	assert_int_equal(mmr_writer_snapshot_end(w, 1100, NULL), 0);
}

static struct mmr_trace *open_trace(const struct make *make)
{
	const struct mmr_writer_options options = { .nr_cpus = 1,
		                                    .subbuf_size = 4096,
		                                    .force = true };
	struct mmr_trace *trace;
	struct mmr_writer *w;

	assert_int_equal(mmr_writer_create(path, &options, &w, NULL), 0);
	add_text(w, "kernel.release", "6.12.117");
	add_text(w, "page_size", "4096");
	add_text(w, "clock", "mono");
	add_text(w, "proc/zoneinfo",
	         "Node 0, zone   Normal\n        spanned  8192\n        present  8192\n"
	         "        managed  8000\n  start_pfn:           1048576\n");
	if (make->filtered)
		add_text(w, "filtered", "1");
	if (!make->without_formats)
		assert_true(stored_formats_walk("6.12", add_format, w) > 0);
	assert_int_equal(mmr_writer_begin(w, NULL), 0);
	add_snapshots(w, make);
	assert_int_equal(mmr_writer_finish(w, NULL), 0);
	assert_int_equal(mmr_trace_open(path, NULL, &trace, NULL), 0);
	return trace;
}

static void it_starts_and_is_compared(void **state)
{
	struct mmr_trace *trace = open_trace(&(struct make){ 0 });
	struct mmr_error err = { 0 };
	struct replay_shadow *shadow;
	const struct replay_shadow_check *checks;
	unsigned int nr_of_kind[4] = { 0 };
	size_t nr;

	(void)state;
	assert_int_equal(replay_shadow_create(trace, &shadow, &err), 0);
	assert_int_equal(replay_shadow_verify_start(shadow, trace, &err), 0);
	replay_shadow_finish(shadow);
	assert_int_equal(blocks_of(shadow, 10), 8);
	checks = replay_shadow_checks(shadow, &nr);
	for (size_t i = 0; i < nr; i++) {
		nr_of_kind[checks[i].kind]++;
		if (checks[i].kind == SHADOW_CHECK_BUDDYINFO_END)
			assert_int_equal(checks[i].snapshot, 1);
		else
			assert_int_equal(checks[i].snapshot, 2);
		if (checks[i].kind == SHADOW_CHECK_CAUSE)
			assert_int_equal(checks[i].cause, SHADOW_CAUSE_FREE_ELSE);
		else if (checks[i].kind != SHADOW_CHECK_KPAGEFLAGS)
			assert_int_equal(checks[i].kernel, checks[i].shadow);
	}
	assert_int_equal(nr_of_kind[SHADOW_CHECK_BUDDYINFO], SHADOW_NR_ORDERS);
	assert_int_equal(nr_of_kind[SHADOW_CHECK_BUDDYINFO_END], SHADOW_NR_ORDERS);
	assert_int_equal(nr_of_kind[SHADOW_CHECK_KPAGEFLAGS], 2);
	assert_int_equal(nr_of_kind[SHADOW_CHECK_CAUSE], 1); /* page 77 */
	shadow_end(shadow);
	mmr_trace_close(trace);
}

static void expect_refusal(const struct make *make, int code, const char *part)
{
	struct mmr_trace *trace = open_trace(make);
	struct replay_shadow *shadow = NULL;
	struct mmr_error err = { 0 };

	assert_int_equal(replay_shadow_create(trace, &shadow, &err), code);
	assert_null(shadow);
	assert_non_null(strstr(err.text, part));
	mmr_trace_close(trace);
}

static void traces_that_do_not_tell_enough_are_refused(void **state)
{
	(void)state;
	expect_refusal(&(struct make){ .filtered = true }, MMR_E_UNSUPPORTED, "only some tasks");
	expect_refusal(&(struct make){ .without_formats = true }, MMR_E_UNSUPPORTED,
	               "without mm_page_alloc");
	expect_refusal(&(struct make){ .without_start = true }, MMR_E_NOTFOUND, "no full snapshot");
}

static void types_are_not_needed(void **state)
{
	struct mmr_trace *trace = open_trace(&(struct make){ .damaged_types = true });
	struct replay_shadow *shadow;

	(void)state;
	assert_int_equal(replay_shadow_create(trace, &shadow, NULL), 0);
	replay_shadow_finish(shadow);
	assert_int_equal(typed_blocks(shadow, 10, SHADOW_MOVABLE), 8);
	shadow_end(shadow);
	mmr_trace_close(trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_starts_and_is_compared, set_up, tear_down),
		cmocka_unit_test_setup_teardown(types_are_not_needed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(traces_that_do_not_tell_enough_are_refused, set_up,
		                                tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
