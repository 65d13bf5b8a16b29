/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage: hostile FILE
 * Writes a trace in which everything that can bear a name bears one that nobody should print as it is:
 * escape sequences, newlines, quotes, bytes that are no UTF-8, C1 controls, a change of direction.
 */
#include <stdio.h>
#include <string.h>

#include <mmreplay/trace_writer.h>

#define EVIL "\033]0;x\a\033[31m\n\"',\\<&>\xff\x9b"
/* 15 bytes: what fits into a comm. */
#define COMM "\033[2J\n\"'<&\xc3\x28\x9b\xe2\x80"

#define COMMON                                                                         \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"         \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"         \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

static const char exit_format[] =
	"name: sched_process_exit\nID: 301\nformat:\n" COMMON
	"\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
	"\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n"
	"\tfield:int prio;\toffset:28;\tsize:4;\tsigned:1;\n\n"
	"print fmt: \"comm=%s pid=%d prio=%d\", REC->comm, REC->pid, REC->prio\n";

static const char begin_format[] =
	"name: mm_vmscan_direct_reclaim_begin\nID: 302\nformat:\n" COMMON
	"\tfield:int order;\toffset:8;\tsize:4;\tsigned:1;\n"
	"\tfield:unsigned long gfp_flags;\toffset:16;\tsize:8;\tsigned:0;\n\n"
	"print fmt: \"order=%d gfp_flags=%lx\", REC->order, REC->gfp_flags\n";

static const char end_format[] =
	"name: mm_vmscan_direct_reclaim_end\nID: 303\nformat:\n" COMMON
	"\tfield:unsigned long nr_reclaimed;\toffset:8;\tsize:8;\tsigned:0;\n\n"
	"print fmt: \"nr_reclaimed=%lu\", REC->nr_reclaimed\n";

static const char evil_format[] = "name: evil\nID: 304\nformat:\n" COMMON
				  "\tfield:char what[16];\toffset:8;\tsize:16;\tsigned:0;\n\n"
				  "print fmt: \"what=%s\", REC->what\n";

static const char zoneinfo[] =
	"Node 0, zone   \033[7mNo\"rm\n        min      10\n        low      20\n        high     30\n"
	"        spanned  1000\n        present  900\n        managed  800\n"
	"        protection: (0, 0)\n  start_pfn:           4096\n";

static unsigned char page[4096];
static size_t used;

static void put(const void *bytes, size_t size)
{
	memcpy(page + 16 + used, bytes, size);
	used += size;
}

/* A record of size bytes behind the common fields, 1000 ns after the one before. */
static void add_record(unsigned short id, int pid, const void *bytes, size_t size)
{
	unsigned int word = 1000u << 5 | (unsigned int)((size + 8) / 4);
	unsigned int flags = 0;

	put(&word, 4);
	put(&id, 2);
	put(&flags, 2);
	put(&pid, 4);
	put(bytes, size);
}

static void add_exit(int pid)
{
	unsigned char record[24] = { 0 };

	memcpy(record, COMM, 15);
	memcpy(record + 16, &pid, 4);
	add_record(301, pid, record, sizeof(record));
}

static int add_text(struct mmr_writer *w, const char *name, const char *value)
{
	return mmr_writer_text(w, name, value, strlen(value), NULL);
}

static int write_header(struct mmr_writer *w)
{
	static const char *const texts[][2] = {
		{ "kernel.release", "6.12" EVIL },
		{ "page_size", "4096" },
		{ "clock", "mo" EVIL },
		{ "machine", EVIL },
		{ "tool", "mmcap " EVIL },
		{ "cmdline", "sh -c " EVIL },
		{ "recorder.options", "event=" EVIL },
		{ "events/absent", EVIL },
		{ "import.notes", EVIL },
		{ "filtered", "cgroup /" EVIL },
		{ "ring", "1" },
		{ "ring.dropped_events", EVIL },
		{ "name of a text " EVIL, EVIL },
		{ "events/sched/sched_process_exit/format", exit_format },
		{ "events/vmscan/mm_vmscan_direct_reclaim_begin/format", begin_format },
		{ "events/vmscan/mm_vmscan_direct_reclaim_end/format", end_format },
		{ "events/e" EVIL "/n\033[1m\"\xff/format", evil_format },
		{ "proc/zoneinfo", zoneinfo },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (add_text(w, texts[i][0], texts[i][1]) < 0)
			return -1;
	return mmr_writer_begin(w, NULL);
}

static void fill_page(void)
{
	const unsigned long long start = 1000000;
	const unsigned long long commit_of = 0;
	const unsigned char begin[16] = { 0 };
	const unsigned char end[8] = { 9 };
	char what[16] = { 0 };

	memcpy(what, COMM, 15);
	memcpy(page, &start, 8);
	add_exit(7);
	add_record(302, 7, begin, sizeof(begin));
	add_record(303, 7, end, sizeof(end));
	add_record(304, 7, what, sizeof(what));
	add_exit(8);
	memcpy(page + 8, &commit_of, 8);
	page[8] = (unsigned char)used;
	page[9] = (unsigned char)(used >> 8);
}

static int write_rest(struct mmr_writer *w)
{
	static const char vmstat[] = "pgfault 1\nnr_free_pages 2\n";
	const struct mmr_snapshot_piece pieces[] = {
		{ .name = "proc/vmstat", .data = (const unsigned char *)vmstat, .size = 26 },
		{ .name = "sys/fs/cgroup/" EVIL, .data = (const unsigned char *)EVIL, .size = 8 },
	};
	static const char comms[] = "9 \033]0;evil\a\"\xff\n10 x\n";

	for (int n = 0; n < 2; n++) {
		if (mmr_writer_snapshot_begin(w, MMR_SNAPSHOT_LIGHT, 900000 + 300000u * (unsigned)n,
		                              NULL) < 0)
			return -1;
		for (int i = 0; i < 2; i++)
			if (mmr_writer_snapshot_piece(w, &pieces[i], NULL) < 0)
				return -1;
		if (mmr_writer_snapshot_end(w, 900001 + 300000u * (unsigned)n, NULL) < 0 ||
		    (n == 0 && mmr_writer_pages(w, 0, page, 1, NULL) < 0))
			return -1;
	}
	return mmr_writer_trailer_text(w, "saved_cmdlines", comms, sizeof(comms) - 1, NULL);
}

int main(int argc, char **argv)
{
	const struct mmr_writer_options options = { .nr_cpus = 1,
		                                    .subbuf_size = sizeof(page),
		                                    .force = true };
	struct mmr_error err = { 0 };
	struct mmr_writer *w;

	if (argc != 2)
		return 2;
	fill_page();
	if (mmr_writer_create(argv[1], &options, &w, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	if (write_header(w) < 0 || write_rest(w) < 0) {
		mmr_writer_abort(w);
		return 2;
	}
	return mmr_writer_finish(w, &err) < 0 ? 2 : 0;
}
