/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A trace of any length on a machine of 32 MiB: tasks come, fault a page, read a file, have to reclaim,
 * and go. Every round has a task, an address space and a file of its own, and gives back what it took.
 */
#ifndef TESTS_RUN_TRACE_H
#define TESTS_RUN_TRACE_H

#include "unit.h"

#include <stdio.h>

#include <mmreplay/trace_writer.h>

#include "trace_pages.h"

#define RUN_FIRST_PFN 4096u
#define RUN_NR_PAGES  8192u
#define RUN_NR_TMPFS  16u /* pages that are there from the beginning */
#define RUN_STEP_NS   2000u
#define RUN_FIELDS    6

enum run_event {
	RUN_ALLOC,
	RUN_FREE,
	RUN_ZONE_LOCKED,
	RUN_DRAIN,
	RUN_EXTFRAG,
	RUN_FAULT,
	RUN_RSS,
	RUN_LRU,
	RUN_ADD,
	RUN_DELETE,
	RUN_RECLAIM_BEGIN,
	RUN_RECLAIM_END,
	RUN_FORK,
	RUN_EXIT,
	RUN_NR_EVENTS
};

/* Fields of 8 bytes each, whatever the kernel's width; those that are not here read as 0. */
static const struct {
	const char *system;
	const char *name;
	const char *fields[RUN_FIELDS];
} run_formats[RUN_NR_EVENTS] = {
	[RUN_ALLOC] = { "kmem", "mm_page_alloc", { "pfn", "order", "gfp_flags", "migratetype" } },
	[RUN_FREE] = { "kmem", "mm_page_free", { "pfn", "order" } },
	[RUN_ZONE_LOCKED] = { "kmem",
	                      "mm_page_alloc_zone_locked",
	                      { "pfn", "order", "migratetype", "percpu_refill" } },
	[RUN_DRAIN] = { "kmem", "mm_page_pcpu_drain", { "pfn", "order", "migratetype" } },
	[RUN_EXTFRAG] = { "kmem",
	                  "mm_page_alloc_extfrag",
	                  { "pfn", "alloc_order", "fallback_order", "alloc_migratetype",
	                    "fallback_migratetype", "change_ownership" } },
	[RUN_FAULT] = { "exceptions", "page_fault_user", { "address", "ip", "error_code" } },
	[RUN_RSS] = { "kmem", "rss_stat", { "mm_id", "curr", "member", "size" } },
	[RUN_LRU] = { "pagemap", "mm_lru_insertion", { "pfn", "lru", "flags" } },
	[RUN_ADD] = { "filemap",
	              "mm_filemap_add_to_page_cache",
	              { "pfn", "i_ino", "index", "s_dev", "order" } },
	[RUN_DELETE] = { "filemap",
	                 "mm_filemap_delete_from_page_cache",
	                 { "pfn", "i_ino", "index", "s_dev", "order" } },
	[RUN_RECLAIM_BEGIN] = { "vmscan",
	                        "mm_vmscan_direct_reclaim_begin",
	                        { "order", "gfp_flags" } },
	[RUN_RECLAIM_END] = { "vmscan", "mm_vmscan_direct_reclaim_end", { "nr_reclaimed" } },
	[RUN_FORK] = { "sched", "sched_process_fork", { "parent_pid", "child_pid" } },
	[RUN_EXIT] = { "sched", "sched_process_exit", { "pid" } },
};

struct run_trace {
	struct mmr_writer *writer;
	struct test_page page;
	uint64_t t_ns;
	uint64_t written_ns; /* time of the page's last record */
};

static inline void run_text(struct run_trace *trace, const char *name, const char *text)
{
	assert_int_equal(mmr_writer_text(trace->writer, name, text, strlen(text), NULL), 0);
}

static inline void run_format(struct run_trace *trace, unsigned int event)
{
	char path[96], text[1024];
	int length;

	snprintf(path, sizeof(path), "events/%s/%s/format", run_formats[event].system,
	         run_formats[event].name);
	length = snprintf(text, sizeof(text),
	                  "name: %s\nID: %u\nformat:\n"
	                  "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	                  "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	                  "\tfield:unsigned char common_preempt_count;"
	                  "\toffset:3;\tsize:1;\tsigned:0;\n"
	                  "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n",
	                  run_formats[event].name, 100 + event);
	for (unsigned int i = 0; i < RUN_FIELDS && run_formats[event].fields[i]; i++)
		length += snprintf(text + length, sizeof(text) - (size_t)length,
		                   "\tfield:unsigned long %s;\toffset:%u;\tsize:8;\tsigned:0;\n",
		                   run_formats[event].fields[i], 8 + 8 * i);
	snprintf(text + length, sizeof(text) - (size_t)length, "\nprint fmt: \"\"\n");
	run_text(trace, path, text);
}

static inline void run_flush(struct run_trace *trace)
{
	if (trace->page.used)
		assert_int_equal(mmr_writer_pages(trace->writer, 0, trace->page.bytes, 1, NULL), 0);
	page_begin(&trace->page, trace->t_ns);
	trace->written_ns = trace->t_ns;
}

/* An event of pid with the values of its fields. */
static inline void run_event(struct run_trace *trace, enum run_event event, uint32_t pid,
                             const uint64_t values[RUN_FIELDS])
{
	uint8_t payload[8 * RUN_FIELDS];
	uint32_t size = 0;

	for (; size < RUN_FIELDS && run_formats[event].fields[size]; size++)
		le64_put(payload + 8ul * size, values[size]);
	trace->t_ns += RUN_STEP_NS;
	if (trace->page.used + 80 > PAGE_BYTES - 16)
		run_flush(trace);
	page_record(&trace->page, (uint32_t)(trace->t_ns - trace->written_ns),
	            (uint16_t)(100 + event), pid, payload, 8 * size);
	trace->written_ns = trace->t_ns;
}

#define RUN_EVENT(trace, event, pid, ...) \
	run_event(trace, event, pid, (const uint64_t[RUN_FIELDS]){ __VA_ARGS__ })

/* A page out of the free lists and, through a list of a CPU, back into them. */
static inline void run_take(struct run_trace *trace, uint32_t pid, uint64_t pfn, uint64_t gfp_flags)
{
	RUN_EVENT(trace, RUN_ZONE_LOCKED, pid, pfn, 0, 1, 1);
	RUN_EVENT(trace, RUN_ALLOC, pid, pfn, 0, gfp_flags, 1);
}

static inline void run_give_back(struct run_trace *trace, uint32_t pid, uint64_t pfn)
{
	RUN_EVENT(trace, RUN_FREE, pid, pfn, 0);
	RUN_EVENT(trace, RUN_DRAIN, pid, pfn, 0, 1);
}

static inline void run_round(struct run_trace *trace, uint32_t round)
{
	uint64_t pfn = RUN_FIRST_PFN + 1024 + round % 2048 * 2;
	uint32_t pid = 100 + round % 4000; /* pids are used again */

	RUN_EVENT(trace, RUN_FORK, 1, 1, pid);
	RUN_EVENT(trace, RUN_FAULT, pid, 0x7f0000001000 + (uint64_t)round * 4096, 0, 6);
	RUN_EVENT(trace, RUN_RECLAIM_BEGIN, pid, 0, 0x140dca);
	RUN_EVENT(trace, RUN_RECLAIM_END, pid, 3);
	run_take(trace, pid, pfn, 0x140dca);
	RUN_EVENT(trace, RUN_RSS, pid, 7 + round, 1, 1, 4096);
	RUN_EVENT(trace, RUN_LRU, pid, pfn, 1, 0);
	run_take(trace, pid, pfn + 1, 0x152cca);
	RUN_EVENT(trace, RUN_ADD, pid, pfn + 1, 1000 + round, 0, 5, 0);
	RUN_EVENT(trace, RUN_DELETE, pid, pfn + 1, 1000 + round, 0, 5, 0);
	run_give_back(trace, pid, pfn + 1);
	RUN_EVENT(trace, RUN_RSS, pid, 7 + round, 1, 1, 0);
	run_give_back(trace, pid, pfn);
	RUN_EVENT(trace, RUN_EXIT, pid, pid);
}

static inline void run_piece(struct run_trace *trace, const char *name, const void *data,
                             uint64_t size, uint64_t offset)
{
	const struct mmr_snapshot_piece piece = { name,   data,        size,
		                                  offset, trace->t_ns, trace->t_ns + 10 };

	assert_int_equal(mmr_writer_snapshot_piece(trace->writer, &piece, NULL), 0);
	trace->t_ns += 20;
}

#define RUN_TEXT_PIECE(trace, name, text) run_piece(trace, name, text, strlen(text), 0)

static inline void run_snapshot(struct run_trace *trace, uint32_t kind, const char *vmstat)
{
	static uint64_t flags[RUN_NR_PAGES];

	for (uint32_t i = 0; i < RUN_NR_PAGES; i++)
		flags[i] = i < RUN_NR_TMPFS ? 1ull << 5 | 1ull << 14 /* KPF_LRU, KPF_SWAPBACKED */
		           : i < 1024       ? 0
		                            : 1ull << 10; /* KPF_BUDDY */
	assert_int_equal(mmr_writer_snapshot_begin(trace->writer, kind, trace->t_ns, NULL), 0);
	RUN_TEXT_PIECE(trace, "proc/vmstat", vmstat);
	if (kind == MMR_SNAPSHOT_FULL) {
		RUN_TEXT_PIECE(trace, "proc/sys/vm/swappiness", "35\n");
		RUN_TEXT_PIECE(trace, "proc/swaps",
		               "Filename Type Size Used Priority\n/dev/sda2 partition 8192 0 -2\n");
		RUN_TEXT_PIECE(trace, "proc/zoneinfo",
		               "Node 0, zone   Normal\n    cpu: 0\n              count: 3\n");
		run_piece(trace, "proc/kpageflags", flags, sizeof(flags), RUN_FIRST_PFN * 8ul);
		RUN_TEXT_PIECE(trace, "proc/pagetypeinfo",
		               "Number of blocks type     Unmovable      Movable\n"
		               "Node 0, zone   Normal            2           14\n");
		RUN_TEXT_PIECE(trace, "proc/buddyinfo.end",
		               "Node 0, zone   Normal 0 0 0 0 0 0 0 0 0 0 7\n");
	}
	assert_int_equal(mmr_writer_snapshot_end(trace->writer, trace->t_ns, NULL), 0);
}

/* Writes a trace of so many rounds, 18 events each; the last event is gap_ns after all others. */
static inline void run_trace_write_gap(const char *path, uint32_t nr_rounds, uint64_t gap_ns)
{
	const struct mmr_writer_options options = { .nr_cpus = 1,
		                                    .subbuf_size = PAGE_BYTES,
		                                    .force = true };
	struct run_trace trace = { .t_ns = 1000000 };

	assert_int_equal(mmr_writer_create(path, &options, &trace.writer, NULL), 0);
	run_text(&trace, "kernel.release", "6.12.117");
	run_text(&trace, "page_size", "4096");
	run_text(&trace, "clock", "mono");
	run_text(&trace, "proc/zoneinfo",
	         "Node 0, zone   Normal\n  pages free     7168\n"
	         "        min      64\n        low      80\n        high     96\n"
	         "        spanned  8192\n        present  8192\n        managed  8192\n"
	         "        protection: (0, 0, 0, 0)\n  start_pfn:           4096\n");
	for (unsigned int event = 0; event < RUN_NR_EVENTS; event++)
		run_format(&trace, event);
	assert_int_equal(mmr_writer_begin(trace.writer, NULL), 0);
	run_flush(&trace);
	RUN_EVENT(&trace, RUN_FAULT, 1, 0x1000, 0, 4);
	run_snapshot(&trace, MMR_SNAPSHOT_FULL, "pgfault 100\npgalloc_normal 7\n");
	for (uint32_t round = 0; round < nr_rounds; round++)
		run_round(&trace, round);
	if (gap_ns) {
		trace.t_ns += gap_ns;
		run_flush(&trace);
		RUN_EVENT(&trace, RUN_FAULT, 1, 0x1000, 0, 4);
	}
	run_flush(&trace);
	run_snapshot(&trace, MMR_SNAPSHOT_LIGHT, "pgfault 350\npgalloc_normal 9\n");
	assert_int_equal(mmr_writer_finish(trace.writer, NULL), 0);
}

static inline void run_trace_write(const char *path, uint32_t nr_rounds)
{
	run_trace_write_gap(path, nr_rounds, 0);
}

#endif
