/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said of recordings that are not of everything, and what is refused because of it. */
#include "unit.h"

#include <unistd.h>

#include <mmreplay/run.h>
#include <mmreplay/trace.h>

#include "shadow.h"
#include "trace_model.h"

static char dir[] = "/tmp/mmr-limits-XXXXXX";
static char path[64];
static char db[64];

static int set_up(void **state)
{
	(void)state;
	memcpy(dir, "/tmp/mmr-limits-XXXXXX", sizeof(dir));
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/trace.zst", dir);
	snprintf(db, sizeof(db), "%s/results.db", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	unlink(db);
	return rmdir(dir);
}

static void add_text(struct mmr_writer *w, const char *name, const char *value)
{
	struct mmr_error err = { 0 };

	assert_int_equal(mmr_writer_text(w, name, value, strlen(value), &err), 0);
}

static void add_full_snapshot(struct mmr_writer *w, uint64_t t_ns)
{
	static const uint8_t flags[80];
	const struct mmr_snapshot_piece piece = { .name = "proc/kpageflags",
		                                  .data = flags,
		                                  .size = sizeof(flags),
		                                  .offset = 4096 * 8,
		                                  .begin_ns = t_ns,
		                                  .end_ns = t_ns + 1 };
	struct mmr_error err = { 0 };

	assert_int_equal(mmr_writer_snapshot_begin(w, MMR_SNAPSHOT_FULL, t_ns, &err), 0);
	assert_int_equal(mmr_writer_snapshot_piece(w, &piece, &err), 0);
	assert_int_equal(mmr_writer_snapshot_end(w, t_ns + 1, &err), 0);
}

/* A trace with one event at 2000 and full snapshots at these times (0: none), and these texts. */
static struct mmr_trace *make(const char *const texts[][2], uint64_t first, uint64_t second)
{
	static const char *const names[] = { "mm_page_alloc", "mm_page_alloc_zone_locked",
		                             "mm_page_pcpu_drain", "mm_page_alloc_extfrag" };
	struct mmr_writer_options options = { .nr_cpus = 1,
		                              .subbuf_size = PAGE_BYTES,
		                              .force = true };
	struct model_event event = { .pfn = 4097, .pid = 1, .id = MODEL_FREE_ID };
	struct mmr_error err = { 0 };
	struct test_page page;
	struct mmr_trace *trace;
	struct mmr_writer *w;

	assert_int_equal(mmr_writer_create(path, &options, &w, &err), 0);
	for (size_t i = 0; texts[i][0]; i++)
		add_text(w, texts[i][0], texts[i][1]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char name[64];
		char format[800];

		snprintf(name, sizeof(name), "events/kmem/%s/format", names[i]);
		snprintf(format, sizeof(format),
		         "name: %s\nID: %zu\nformat:\n%s\nprint fmt: \"\"\n", names[i], 600 + i,
		         MODEL_COMMON);
		add_text(w, name, format);
	}
	assert_int_equal(model_header(w, &err), 0);
	if (first)
		add_full_snapshot(w, first);
	page_begin(&page, 2000);
	model_record(&page, 0, &event);
	assert_int_equal(mmr_writer_pages(w, 0, page.bytes, 1, &err), 0);
	if (second)
		add_full_snapshot(w, second);
	assert_int_equal(mmr_writer_finish(w, &err), 0);
	assert_int_equal(mmr_trace_open(path, NULL, &trace, &err), 0);
	return trace;
}

static const char *const nothing[][2] = { { NULL, NULL } };
static const char *const filtered[][2] = { { "filtered", "pid 77\033[2J" }, { NULL, NULL } };
static const char *const ring[][2] = { { "ring", "1" },
	                               { "ring.begin_ns", "1500" },
	                               { "ring.dropped_events", "12345" },
	                               { NULL, NULL } };
static const char *const part[][2] = { { "rotation.id", "x" },
	                               { "rotation.part", "3" },
	                               { NULL, NULL } };

static void of_the_whole_machine_nothing_is_said(void **state)
{
	struct mmr_trace *trace = make(nothing, 1000, 0);
	struct mmr_trace_limit limit;

	(void)state;
	assert_false(mmr_trace_limit(trace, 0, &limit));
	assert_int_equal(mmr_trace_info(trace)->whole_from_ns, 0);
	mmr_trace_close(trace);
}

static void a_filtered_recording_is_refused(void **state)
{
	struct mmr_trace *trace = make(filtered, 1000, 0);
	struct mmr_run_options options = { .db_path = db, .policy = "clock" };
	struct replay_shadow *shadow;
	struct mmr_run_report report;
	struct mmr_trace_limit limit;
	struct mmr_error err = { 0 };

	(void)state;
	assert_true(mmr_trace_limit(trace, 0, &limit));
	assert_string_equal(limit.name, "filtered");
	assert_true(limit.no_shadow && limit.no_replay);
	assert_non_null(strstr(limit.text, "pid 77\\x1b[2J"));
	assert_false(mmr_trace_limit(trace, 1, &limit));
	assert_int_equal(replay_shadow_create(trace, &shadow, &err), MMR_E_UNSUPPORTED);
	assert_int_equal(mmr_run_original(trace, &options, &report, &err), MMR_E_UNSUPPORTED);
	assert_int_equal(mmr_run_replay(trace, &options, &report, &err), MMR_E_UNSUPPORTED);
	assert_non_null(strstr(err.text, "pid 77"));
	assert_int_equal(access(db, F_OK), -1);
	options.force = true;
	assert_int_equal(mmr_run_original(trace, &options, &report, &err), 0);
	assert_false(report.complete);
	assert_false(report.shadow);
	assert_non_null(strstr(report.notes, "pid 77"));
	mmr_run_report_deinit(&report);
	mmr_trace_close(trace);
}

static void a_ring_is_followed_from_a_snapshot_within_it_only(void **state)
{
	struct mmr_trace *trace = make(ring, 1000, 0);
	struct mmr_run_options options = { .db_path = db, .policy = "clock" };
	struct replay_shadow *shadow;
	struct mmr_run_report report;
	struct mmr_trace_limit limit;
	struct mmr_error err = { 0 };

	(void)state;
	assert_true(mmr_trace_limit(trace, 0, &limit));
	assert_string_equal(limit.name, "ring");
	assert_non_null(strstr(limit.text, "12345 events"));
	assert_true(mmr_trace_info(trace)->starts_late);
	assert_int_equal(replay_shadow_create(trace, &shadow, &err), MMR_E_NOTFOUND);
	assert_non_null(strstr(err.text, "begins in the middle"));
	assert_int_equal(mmr_run_replay(trace, &options, &report, &err), MMR_E_UNSUPPORTED);
	mmr_trace_close(trace);
	trace = make(ring, 1000, 3000);
	assert_int_equal(replay_shadow_create(trace, &shadow, &err), 0);
	replay_shadow_destroy(shadow);
	mmr_trace_close(trace);
}

static void a_later_part_says_so(void **state)
{
	struct mmr_trace *trace = make(part, 1000, 3000);
	struct replay_shadow *shadow;
	struct mmr_trace_limit limit;
	struct mmr_error err = { 0 };

	(void)state;
	assert_true(mmr_trace_limit(trace, 0, &limit));
	assert_string_equal(limit.name, "parts");
	assert_non_null(strstr(limit.text, "part 3"));
	assert_int_equal(mmr_trace_info(trace)->whole_from_ns, 2000);
	assert_int_equal(replay_shadow_create(trace, &shadow, &err), 0);
	replay_shadow_destroy(shadow);
	mmr_trace_close(trace);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(of_the_whole_machine_nothing_is_said),
		TEST(a_filtered_recording_is_refused),
		TEST(a_ring_is_followed_from_a_snapshot_within_it_only),
		TEST(a_later_part_says_so),
	};
#undef TEST

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
