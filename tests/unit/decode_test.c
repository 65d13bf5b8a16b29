/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formats to plans to events: widths, signs, strings, and records that are too short. */
#include "unit.h"

#include "decode.h"
#include "format_clean.h"
#include "le.h"

#define COMMON                                                                         \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"         \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"         \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

static struct trace_formats formats;

static void load(const char *path, const char *text, uint32_t expect_bad)
{
	uint32_t nr_bad;

	memset(&formats, 0, sizeof(formats));
	assert_int_equal(trace_formats_add(&formats, path, text, strlen(text)), 0);
	assert_int_equal(trace_formats_load(&formats, &nr_bad), 0);
	assert_int_equal(nr_bad, expect_bad);
}

static void numbers_take_any_width(void **state)
{
	static const char text[] = "name: rss_stat\nID: 77\nformat:\n" COMMON
				   "\tfield:u16 mm_id;\toffset:8;\tsize:2;\tsigned:0;\n"
				   "\tfield:bool curr;\toffset:10;\tsize:1;\tsigned:0;\n"
				   "\tfield:signed char member;\toffset:11;\tsize:1;\tsigned:1;\n"
				   "\tfield:int size;\toffset:12;\tsize:4;\tsigned:1;\n\n"
				   "print fmt: \"\"\n";
	static const uint8_t record[16] = { 77,   0,    0, 0,    5,    0,    0,    0,
		                            0xff, 0xff, 1, 0xfe, 0xfd, 0xff, 0xff, 0xff };
	struct mmr_event event;

	(void)state;
	load("events/kmem/rss_stat/format", text, 0);
	assert_true(trace_decode(trace_plan_of(&formats, 77), record, sizeof(record), &event));
	assert_int_equal(event.kind, MMR_EVENT_RSS_STAT);
	assert_int_equal(event.pid, 5);
	assert_int_equal(event.rss.mm_id, 0xffff);
	assert_int_equal(event.rss.curr, 1);
	assert_int_equal(event.rss.member, -2);
	assert_true(event.rss.size == -3);
	/* One byte short of the last field. */
	assert_false(trace_decode(trace_plan_of(&formats, 77), record, 15, &event));
	trace_formats_deinit(&formats);
}

static void unsigned_words_widen_with_zeroes(void **state)
{
	static const char text[] = "name: mm_page_free\nID: 4\nformat:\n" COMMON
				   "\tfield:unsigned int pfn;\toffset:8;\tsize:4;\tsigned:0;\n\n"
				   "print fmt: \"\"\n";
	static const uint8_t record[12] = { 4, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff };
	struct mmr_event event;

	(void)state;
	memset(&event, 0xff, sizeof(event));
	load("events/kmem/mm_page_free/format", text, 0);
	assert_true(trace_decode(trace_plan_of(&formats, 4), record, sizeof(record), &event));
	assert_true(event.page.pfn == UINT32_MAX);
	assert_int_equal(event.page.order, 0); /* a field that this kernel lacks */
	trace_formats_deinit(&formats);
}

static const char exec_text[] =
	"name: sched_process_exec\nID: 300\nformat:\n" COMMON
	"\tfield:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:0;\n"
	"\tfield:pid_t pid;\toffset:12;\tsize:4;\tsigned:1;\n\n"
	"print fmt: \"\"\n";

static void strings_keep_their_end(void **state)
{
	static const char name[] = "/a/rather/long/path/to/a/program/that/is/named/last";
	uint8_t record[16 + sizeof(name)] = { 44, 1 };
	struct mmr_event event;

	(void)state;
	load("events/sched/sched_process_exec/format", exec_text, 0);
	le32_put(record + 8, (uint32_t)sizeof(name) << 16 | 16);
	memcpy(record + 16, name, sizeof(name));
	assert_true(trace_decode(trace_plan_of(&formats, 300), record, sizeof(record), &event));
	assert_int_equal(strlen(event.exec.filename), 39);
	assert_string_equal(event.exec.filename, name + strlen(name) - 39);
	/* Without its NUL it ends where its length says. */
	le32_put(record + 8, 3u << 16 | 16);
	assert_true(trace_decode(trace_plan_of(&formats, 300), record, sizeof(record), &event));
	assert_string_equal(event.exec.filename, "/a/");
	/* A place beyond the record. */
	le32_put(record + 8, 3u << 16 | (uint32_t)(sizeof(record) - 2));
	assert_false(trace_decode(trace_plan_of(&formats, 300), record, sizeof(record), &event));
	le32_put(record + 8, 0xffffffffu);
	assert_false(trace_decode(trace_plan_of(&formats, 300), record, sizeof(record), &event));
	trace_formats_deinit(&formats);
}

#define CMA_FIELDS                                                            \
	"\tfield:__data_loc char[] name;\toffset:8;\tsize:4;\tsigned:0;\n"    \
	"\tfield:unsigned long pfn;\toffset:16;\tsize:8;\tsigned:0;\n"        \
	"\tfield:const struct page * page;\toffset:24;\tsize:8;\tsigned:0;\n" \
	"\tfield:unsigned long count;\toffset:32;\tsize:8;\tsigned:0;\n"      \
	"\tfield:unsigned int align;\toffset:40;\tsize:4;\tsigned:0;\n"

/* 6.1 does not say why a request failed, and has its strings 4 bytes further to the front. */
static void cma_requests_of_two_kernels(void **state)
{
	static const char newer[] =
		"name: cma_alloc_finish\nID: 694\nformat:\n" COMMON CMA_FIELDS
		"\tfield:int errorno;\toffset:44;\tsize:4;\tsigned:1;\n\nprint fmt: \"\"\n";
	static const char older[] = "name: cma_alloc_finish\nID: 694\nformat:\n" COMMON CMA_FIELDS
				    "\nprint fmt: \"\"\n";
	uint8_t record[64] = { 694 & 255, 694 >> 8 };
	struct mmr_event event;

	(void)state;
	le64_put(record + 16, 0x40000);
	le64_put(record + 24, 0xffffea0001000000ull);
	le64_put(record + 32, 262144);
	le32_put(record + 40, 18);
	le32_put(record + 44, (uint32_t)-12);
	memcpy(record + 48, "hugetlb0", 9);
	le32_put(record + 8, 9u << 16 | 48);
	load("events/cma/cma_alloc_finish/format", newer, 0);
	assert_true(trace_decode(trace_plan_of(&formats, 694), record, sizeof(record), &event));
	assert_int_equal(event.kind, MMR_EVENT_CMA_ALLOC_FINISH);
	assert_true(event.cma.pfn == 0x40000 && event.cma.page == 0xffffea0001000000ull);
	assert_int_equal(event.cma.nr_pages, 262144);
	assert_int_equal(event.cma.align, 18);
	assert_int_equal(event.cma.error, -12);
	assert_string_equal(event.cma.name, "hugetlb0");
	trace_formats_deinit(&formats);

	memcpy(record + 44, "reserved", 9);
	le32_put(record + 8, 9u << 16 | 44);
	load("events/cma/cma_alloc_finish/format", older, 0);
	assert_true(trace_decode(trace_plan_of(&formats, 694), record, sizeof(record), &event));
	assert_int_equal(event.cma.error, 0);
	assert_int_equal(event.cma.nr_pages, 262144);
	assert_string_equal(event.cma.name, "reserved");
	trace_formats_deinit(&formats);
}

static void a_relative_place_counts_from_behind_its_field(void **state)
{
	static const char text[] =
		"name: sched_process_exec\nID: 300\nformat:\n" COMMON
		"\tfield:__rel_loc char[] filename;\toffset:8;\tsize:4;\tsigned:0;\n\n"
		"print fmt: \"\"\n";
	uint8_t record[20] = { 44, 1 };
	struct mmr_event event;

	(void)state;
	load("events/sched/sched_process_exec/format", text, 0);
	le32_put(record + 8, 4u << 16 | 4u);
	memcpy(record + 16, "abc", 4);
	assert_true(trace_decode(trace_plan_of(&formats, 300), record, sizeof(record), &event));
	assert_string_equal(event.exec.filename, "abc");
	trace_formats_deinit(&formats);
}

static void char_arrays_always_end(void **state)
{
	static const char text[] = "name: sched_process_exit\nID: 8\nformat:\n" COMMON
				   "\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n\n"
				   "print fmt: \"\"\n";
	uint8_t record[24] = { 8 };
	struct mmr_event event;

	(void)state;
	load("events/sched/sched_process_exit/format", text, 0);
	memset(record + 8, 'x', 16);
	assert_true(trace_decode(trace_plan_of(&formats, 8), record, sizeof(record), &event));
	assert_int_equal(strlen(event.exit.comm), 15);
	trace_formats_deinit(&formats);
}

static void a_format_that_makes_no_sense_is_another_event(void **state)
{
	static const uint8_t record[8] = { 44, 1, 0, 0, 9 };
	static const char moved[] =
		"name: sched_process_exec\nID: 300\nformat:\n"
		"\tfield:unsigned short common_type;\toffset:4;\tsize:2;\tsigned:0;\n"
		"\tfield:int common_pid;\toffset:0;\tsize:4;\tsigned:1;\n\nprint fmt: \"\"\n";
	struct mmr_event event;

	(void)state;
	load("events/sched/sched_process_exec/format", moved, 1);
	assert_true(trace_decode(trace_plan_of(&formats, 300), record, sizeof(record), &event));
	assert_int_equal(event.kind, MMR_EVENT_OTHER);
	assert_int_equal(event.other.event_id, 300);
	assert_int_equal(event.pid, 9);
	trace_formats_deinit(&formats);
}

static void ids_and_paths_are_checked(void **state)
{
	static const char *const paths[] = { "events/kmem/format", "events//x/format",
		                             "events/a//format",   "events/a/b/filter",
		                             "header_page",        "events/a/b/c/format" };

	(void)state;
	memset(&formats, 0, sizeof(formats));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_int_equal(trace_formats_add(&formats, paths[i], "name: x\nID: 5\n", 14), 0);
	assert_int_equal(trace_formats_add(&formats, "events/a/b/format", "name: x\nID: 0\n", 14),
	                 0);
	assert_int_equal(
		trace_formats_add(&formats, "events/a/b/format", "name: x\nID: 65536\n", 18), 0);
	assert_int_equal(trace_formats_add(&formats, "events/a/b/format", "name: x\n", 8), 0);
	assert_int_equal(formats.nr_rows, 0);
	assert_int_equal(
		trace_formats_add(&formats, "events/a/b/format", "name: x\nID: 65535\n", 18), 0);
	assert_int_equal(formats.nr_rows, 1);
	assert_string_equal(trace_formats_find(&formats, 65535)->system, "a");
	assert_null(trace_formats_find(&formats, 65536));
	trace_formats_deinit(&formats);
}

static void only_well_formed_lines_reach_libtraceevent(void **state)
{
	struct trace_format format = { .name = (char *)(uintptr_t) "x", .id = 3 };
	static const char text[] =
		"name: x\nID: 3\nformat:\n"
		"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
		"\tfield:unsigned long args[6];\toffset:8;\tsize:48;\tsigned:0;\n"
		"\tfield:const char * name;\toffset:8;\tsize:8;\tsigned:0;\n"
		"\tfield:int (x);\toffset:8;\tsize:8;\tsigned:0;\n"
		"\tfield:int;\toffset:8;\tsize:8;\tsigned:0;\n"
		"\tfield:int y;\toffset:-8;\tsize:8;\tsigned:0;\n"
		"\tfield:int y[;\toffset:8;\tsize:8;\tsigned:0;\n"
		"\tfield:int z;\toffset:8;\tsize:123456;\tsigned:0;\n"
		"print fmt: \"%s\", evil(((\n";
	struct trace_buffer out = { 0 };
	static const char expected[] =
		"name: x\nID: 3\nformat:\n"
		"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
		"\tfield:unsigned long args[6];\toffset:8;\tsize:48;\tsigned:0;\n"
		"\tfield:const char * name;\toffset:8;\tsize:8;\tsigned:0;\n"
		"\nprint fmt: \"\"\n";

	(void)state;
	format.text = text;
	format.size = sizeof(text) - 1;
	assert_int_equal(trace_format_clean(&format, &out), 0);
	assert_int_equal(out.used, sizeof(expected) - 1);
	assert_memory_equal(out.data, expected, sizeof(expected) - 1);
	trace_buffer_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_take_any_width),
		cmocka_unit_test(unsigned_words_widen_with_zeroes),
		cmocka_unit_test(strings_keep_their_end),
		cmocka_unit_test(cma_requests_of_two_kernels),
		cmocka_unit_test(a_relative_place_counts_from_behind_its_field),
		cmocka_unit_test(char_arrays_always_end),
		cmocka_unit_test(a_format_that_makes_no_sense_is_another_event),
		cmocka_unit_test(ids_and_paths_are_checked),
		cmocka_unit_test(only_well_formed_lines_reach_libtraceevent),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
