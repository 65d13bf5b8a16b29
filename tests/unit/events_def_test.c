/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every row of events.def against the stored formats of three kernels: the event is there and each of
 * its fields goes into the struct, or a list below says why the event is not. A row that nobody has, a
 * field that was renamed, and an exception that is none any more fail.
 */
#include "unit.h"

#include <stdbool.h>
#include <stdio.h>

#include <mmreplay/event.h>

#include "decode.h"
#include "stored_formats.h"

struct row {
	unsigned int kind;
	const char *field;
};

static const struct row fields[] = {
#define FIELD(kind, field, member) { MMR_EVENT_##kind, #field },
#include <mmreplay/events.def>
};

/* Tracepoints that came after the kernel. */
static const char *const not_in_61[] = {
	"mm_filemap_get_pages",
	"mm_filemap_map_pages",
	"mm_filemap_fault",
	"mm_vmscan_reclaim_pages",
	"mm_compaction_fast_isolate_freepages",
	"mm_khugepaged_collapse_file",
	"ksm_start_scan",
	"ksm_stop_scan",
	"ksm_enter",
	"ksm_exit",
	"ksm_merge_one_page",
	"ksm_merge_with_ksm_page",
	"ksm_remove_ksm_page",
	"ksm_remove_rmap_item",
	NULL,
};
static const char *const not_in_612[] = { "mm_vmscan_reclaim_pages", NULL };
static const char *const not_in_618[] = { NULL };

/* The kernel has them, but the recordings that gave the formats did not ask for them. */
static const char *const not_recorded_61[] = {
	"cma_alloc_start", /* Debian builds without CMA */
	"cma_alloc_busy_retry",
	"cma_alloc_finish",
	"cma_release",
	"writeback_dirty_folio",
	"folio_wait_writeback",
	"balance_dirty_pages",
	"block_bio_queue",
	"sys_exit_munmap",
	"sys_exit_madvise",
	"sys_enter_mlock2",
	"sys_enter_mlockall",
	"sys_enter_munlockall",
	"kmalloc",
	"kfree",
	"kmem_cache_alloc",
	"kmem_cache_free",
	"tlb_flush",
	"damon_aggregated",
	NULL,
};
static const char *const not_recorded_612[] = {
	"block_bio_queue",
	"sys_exit_munmap",
	"sys_exit_madvise",
	"sys_enter_mlock2",
	"sys_enter_mlockall",
	"sys_enter_munlockall",
	"kmalloc",
	"kfree",
	"kmem_cache_alloc",
	"kmem_cache_free",
	"tlb_flush",
	"damon_aggregated",
	NULL,
};

static const char *const not_recorded_618[] = {
	"cma_alloc_start", "cma_alloc_busy_retry", "cma_alloc_finish", "cma_release", NULL,
};

static bool listed(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static int add(void *arg, const char *path, const char *text, size_t size)
{
	return trace_formats_add(arg, path, text, size);
}

static unsigned int nr_fields_of(unsigned int kind)
{
	unsigned int count = 0;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		count += fields[i].kind == kind;
	return count;
}

static void check_version(const char *version, const char *const *absent,
                          const char *const *not_recorded)
{
	struct trace_formats formats = { 0 };
	uint32_t nr_bad;

	assert_true(stored_formats_walk(version, add, &formats) > 0);
	assert_int_equal(trace_formats_load(&formats, &nr_bad), 0);
	assert_int_equal(nr_bad, 0);
	for (unsigned int kind = MMR_EVENT_OTHER + 1; kind < MMR_NR_EVENT_KINDS; kind++) {
		const char *name = mmr_event_name(kind);
		uint32_t row = formats.row_of_kind[kind];
		const struct trace_plan *plan;

		if (!mmr_event_is_tracepoint(kind))
			continue;
		if (listed(absent, name) || listed(not_recorded, name)) {
			if (row)
				fail_msg("%s has %s: take it off the list", version, name);
			continue;
		}
		if (!row)
			fail_msg("%s lacks %s:%s", version, mmr_event_system(kind), name);
		plan = trace_plan_of(&formats, formats.rows[row - 1].id);
		assert_int_equal(plan->kind, kind);
		if (plan->nr_ops != nr_fields_of(kind))
			fail_msg("%s: %u of the %u fields of %s were found", version, plan->nr_ops,
			         nr_fields_of(kind), name);
	}
	for (uint32_t i = 0; i < formats.nr_rows; i++)
		free((void *)(uintptr_t)formats.rows[i].text);
	trace_formats_deinit(&formats);
}

static void every_row_is_in_61(void **state)
{
	(void)state;
	check_version("6.1", not_in_61, not_recorded_61);
}

static void every_row_is_in_612(void **state)
{
	(void)state;
	check_version("6.12", not_in_612, not_recorded_612);
}

static void every_row_is_in_618(void **state)
{
	(void)state;
	check_version("6.18", not_in_618, not_recorded_618);
}

static void no_kind_has_more_fields_than_a_plan_has_room(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < MMR_NR_EVENT_KINDS; kind++)
		assert_true(nr_fields_of(kind) <= TRACE_MAX_OPS);
}

static void names_are_found_again(void **state)
{
	(void)state;
	for (unsigned int kind = MMR_EVENT_OTHER + 1; kind < MMR_NR_EVENT_KINDS; kind++)
		assert_int_equal(mmr_event_find(mmr_event_system(kind), mmr_event_name(kind)),
		                 kind);
	assert_int_equal(mmr_event_find("kmem", "mm_page"), MMR_EVENT_NONE);
}

/* A kernel of before 5.16 names pages, not folios; it means the same. */
static void older_names_are_known(void **state)
{
	static const char text[] =
		"name: writeback_dirty_page\nID: 700\nformat:\n"
		"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
		"\tfield:char name[32];\toffset:8;\tsize:32;\tsigned:1;\n"
		"\tfield:ino_t ino;\toffset:40;\tsize:8;\tsigned:0;\n"
		"\tfield:unsigned long index;\toffset:48;\tsize:8;\tsigned:0;\n\n"
		"print fmt: \"bdi %s\", REC->name\n";
	struct trace_formats formats = { 0 };
	uint32_t nr_bad;

	(void)state;
	assert_string_equal(mmr_event_older_name(MMR_EVENT_WRITEBACK_DIRTY_FOLIO),
	                    "writeback_dirty_page");
	assert_null(mmr_event_older_name(MMR_EVENT_MM_PAGE_ALLOC));
	assert_null(mmr_event_older_name(MMR_NR_EVENT_KINDS));
	assert_int_equal(mmr_event_find("vmscan", "mm_vmscan_writepage"),
	                 MMR_EVENT_MM_VMSCAN_WRITE_FOLIO);
	assert_int_equal(mmr_event_find("vmscan", "writeback_dirty_page"), MMR_EVENT_NONE);
	assert_int_equal(trace_formats_add(&formats, "events/writeback/writeback_dirty_page/format",
	                                   text, sizeof(text) - 1),
	                 0);
	assert_int_equal(trace_formats_load(&formats, &nr_bad), 0);
	assert_int_equal(nr_bad, 0);
	assert_int_equal(trace_plan_of(&formats, 700)->kind, MMR_EVENT_WRITEBACK_DIRTY_FOLIO);
	assert_int_equal(trace_plan_of(&formats, 700)->nr_ops, 3);
	trace_formats_deinit(&formats);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_in_61),
		cmocka_unit_test(every_row_is_in_612),
		cmocka_unit_test(every_row_is_in_618),
		cmocka_unit_test(no_kind_has_more_fields_than_a_plan_has_room),
		cmocka_unit_test(names_are_found_again),
		cmocka_unit_test(older_names_are_known),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
