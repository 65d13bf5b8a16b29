/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Importing trace.dat: files written by hand here, and the small ones of the fuzz corpus. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mmreplay/trace.h>
#include <mmreplay/trace_import.h>

#include "io.h"
#include "trace_pages.h"
#include "tracedat.h"
#include "tracedat_snapshot.h"

#define FORK_ID  7
#define EXIT_ID  8
#define ALLOC_ID 9

static char dir[64];

static const char header_page[] = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
				  "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
				  "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
				  "\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n";

#define COMMON                                                                          \
	"format:\n\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

static const char *const formats[][2] = {
	{ "sched", "name: sched_process_fork\nID: 7\n" COMMON
	           "\tfield:char parent_comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
	           "\tfield:pid_t parent_pid;\toffset:24;\tsize:4;\tsigned:1;\n"
	           "\tfield:char child_comm[16];\toffset:28;\tsize:16;\tsigned:0;\n"
	           "\tfield:pid_t child_pid;\toffset:44;\tsize:4;\tsigned:1;\n" },
	{ "sched", "name: sched_process_exit\nID: 8\n" COMMON
	           "\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
	           "\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n" },
	{ "kmem", "name: mm_page_alloc\nID: 9\n" COMMON
	          "\tfield:unsigned long pfn;\toffset:8;\tsize:8;\tsigned:0;\n"
	          "\tfield:unsigned int order;\toffset:16;\tsize:4;\tsigned:0;\n"
	          "\tfield:unsigned long gfp_flags;\toffset:24;\tsize:8;\tsigned:0;\n"
	          "\tfield:int migratetype;\toffset:32;\tsize:4;\tsigned:1;\n" },
};

/* ---- files by hand ---- */

struct bytes {
	uint8_t data[256 << 10];
	size_t used;
};

static void put(struct bytes *b, const void *data, size_t size)
{
	assert_true(b->used + size <= sizeof(b->data));
	memcpy(b->data + b->used, data, size);
	b->used += size;
}

static void put_number(struct bytes *b, uint64_t value, size_t size)
{
	put(b, &value, size);
}

static void put_sized(struct bytes *b, const char *text)
{
	put_number(b, strlen(text), 8);
	put(b, text, strlen(text));
}

static void put_option(struct bytes *b, uint16_t id, const char *text)
{
	put_number(b, id, 2);
	put_number(b, strlen(text) + 1, 4);
	put(b, text, strlen(text) + 1);
}

/* A version 6 file with these pages on one CPU. */
static void make_dat(struct bytes *b, const struct test_page *pages, size_t nr_pages,
                     const char *stats)
{
	size_t table;

	b->used = 0;
	put(b, "\x17\x08\x44tracing6\0\0\x08", 14);
	put_number(b, 4096, 4);
	put(b, "header_page", 12);
	put_sized(b, header_page);
	put(b, "header_event", 13);
	put_sized(b, "# compressed entry header\n");
	put_number(b, 0, 4);
	put_number(b, 2, 4);
	put(b, "sched", 6);
	put_number(b, 2, 4);
	put_sized(b, formats[0][1]);
	put_sized(b, formats[1][1]);
	put(b, "kmem", 5);
	put_number(b, 1, 4);
	put_sized(b, formats[2][1]);
	put_number(b, 0, 4);
	put_number(b, 0, 4);
	put_sized(b, "20 snap\n");
	put_number(b, 1, 4);
	put(b, "options  ", 10);
	put_option(b, 4, "local [mono] boot\n");
	put_option(b, 5, "Linux host 6.12.117 #1 SMP x86_64");
	put_option(b, 2, stats);
	put_number(b, 0, 2);
	put(b, "flyrecord", 10);
	table = b->used;
	b->used = (table + 16 + 4095) / 4096 * 4096;
	le64_put(b->data + table, b->used);
	le64_put(b->data + table + 8, nr_pages * 4096);
	for (size_t i = 0; i < nr_pages; i++)
		put(b, pages[i].bytes, 4096);
}

static char *write_file(const char *name, const void *data, size_t size)
{
	static char path[4][128];
	static int next;
	char *p = path[next++ % 4];
	int fd;

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	fd = open(p, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
	return p;
}

static char *output_path(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/out.zst", dir);
	return path;
}

/* ---- the events of a snapshot ---- */

static void put_fork(struct test_page *page, uint32_t parent, uint32_t child)
{
	uint8_t payload[40] = "snap";

	le32_put(payload + 16, parent);
	memcpy(payload + 20, "snap", 5);
	le32_put(payload + 36, child);
	page_record(page, 1000, FORK_ID, parent, payload, sizeof(payload));
}

static void put_exit(struct test_page *page, const char *comm, uint32_t pid)
{
	uint8_t payload[20] = "";

	memcpy(payload, comm, strlen(comm));
	le32_put(payload + 16, pid);
	page_record(page, 1000, EXIT_ID, pid, payload, sizeof(payload));
}

static void put_alloc(struct test_page *page, uint32_t pid, uint64_t gfp)
{
	uint8_t payload[28] = "";

	le64_put(payload, 4711);
	le64_put(payload + 16, gfp);
	page_record(page, 1000, ALLOC_ID, pid, payload, sizeof(payload));
}

/*
 * Shell 20 runs 14 cats, 100 to 113; each takes a page for itself and then nr_writes[i] for its output.
 * Shell 21 within it runs 13 cats meanwhile, which are not to be taken for the snapshot's. Every event
 * is 1000 ns after the one before, the first at 1,001,000.
 */
static void snapshot_events(struct test_page *pages, const unsigned int nr_writes[14],
                            uint64_t first_write_ns[14])
{
	uint64_t t_ns = 1000000;
	struct test_page *page = pages;

	page_begin(page, t_ns);
	for (uint32_t i = 0; i < 14; i++) {
		put_fork(page, 20, 100 + i);
		put_alloc(page, 100 + i, 0x140cca);
		t_ns += 3000;
		first_write_ns[i] = t_ns;
		for (unsigned int n = 0; n < nr_writes[i]; n++, t_ns += 1000)
			put_alloc(page, 100 + i, 0x140cca);
		put_alloc(page, 100 + i, 0x140dca); /* zeroed: not of the page cache */
		put_exit(page, "cat", 100 + i);
		t_ns += 1000;
		if (i == 5 || i == 12) {
			page_begin(++page, t_ns);
			for (uint32_t k = 0; i == 12 && k < 13; k++) {
				put_fork(page, 21, 200 + k);
				put_exit(page, "cat", 200 + k);
				t_ns += 2000;
			}
		}
	}
}

static bool find_piece(const struct mmr_snapshot *snapshot, const char *name, uint64_t offset,
                       struct mmr_snapshot_piece *piece)
{
	for (uint32_t i = 0; mmr_snapshot_piece(snapshot, i, piece); i++)
		if (strcmp(piece->name, name) == 0 && piece->offset == offset)
			return true;
	return false;
}

static void snapshot_files_are_placed_by_their_cats(void **state)
{
	static const unsigned int nr_writes[14] = { 1, 32, 1, 1, 1, 1, 1, 3, 1, 1, 1, 1, 1, 1 };
	static struct test_page pages[3];
	static struct bytes b;
	static char flags[32 * 4096];
	uint64_t first[14];
	struct mmr_import_options options = { .force = true, .before = dir };
	struct mmr_import_report report;
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;
	struct mmr_snapshot *snapshot;
	struct mmr_snapshot_piece piece;

	(void)state;
	snapshot_events(pages, nr_writes, first);
	make_dat(&b, pages, 3, "CPU: 0\nentries: 9\noverrun: 0\n");
	write_file("buddyinfo", "Node 0\n", 7);
	write_file("kpageflags", flags, sizeof(flags));
	write_file("slabinfo", flags, 9000);
	write_file("buddyinfo.end", "Node 1\n", 7);
	write_file("sysctl", "swappiness=60\nx=1\n2\n", 20);
	write_file("maps", "== 1 init\n00-01 r\n== 2 kthreadd\n", 32);
	assert_int_equal(mmr_import_tracedat(write_file("in.dat", b.data, b.used), output_path(),
	                                     &options, &report, &err),
	                 0);
	assert_string_equal(report.notes, "");
	assert_int_equal(mmr_trace_open(output_path(), NULL, &trace, &err), 0);
	assert_int_equal(mmr_trace_info(trace)->nr_snapshots, 1);
	assert_int_equal(mmr_trace_snapshot_info(trace, 0)->kind, MMR_SNAPSHOT_FULL);
	assert_int_equal(mmr_trace_snapshot_info(trace, 0)->begin_ns, 1001000);
	assert_int_equal(mmr_trace_snapshot(trace, 0, &snapshot, &err), 0);

	assert_true(find_piece(snapshot, "proc/buddyinfo", 0, &piece));
	assert_int_equal(piece.end_ns, first[0] - 1);
	/* 64 KiB are 16 pages: the second chunk comes before the 17th page. */
	assert_true(find_piece(snapshot, "proc/kpageflags", 0, &piece));
	assert_int_equal(piece.begin_ns, first[1] - 1);
	assert_true(find_piece(snapshot, "proc/kpageflags", 65536, &piece));
	assert_int_equal(piece.begin_ns, first[1] + 16000 - 1);
	assert_int_equal(piece.end_ns, piece.begin_ns);
	/* Three pages, read one by one. */
	assert_true(find_piece(snapshot, "proc/slabinfo", 0, &piece));
	assert_int_equal(piece.begin_ns, first[7] - 1);
	assert_int_equal(piece.end_ns, first[7] + 2000 - 1);
	assert_true(find_piece(snapshot, "proc/buddyinfo.end", 0, &piece));
	assert_int_equal(piece.end_ns, first[13] - 1);
	assert_memory_equal(piece.data, "Node 1\n", 7);
	assert_true(find_piece(snapshot, "proc/sys/vm/x", 0, &piece));
	assert_memory_equal(piece.data, "1\n2\n", 4);
	assert_true(find_piece(snapshot, "proc/1/maps", 0, &piece));
	assert_memory_equal(piece.data, "00-01 r\n", 8);
	assert_true(find_piece(snapshot, "proc/2/comm", 0, &piece));
	assert_memory_equal(piece.data, "kthreadd\n", 9);
	mmr_snapshot_free(snapshot);
	mmr_trace_close(trace);
}

static void files_without_cats_are_told(void **state)
{
	static struct test_page page;
	static struct bytes b;
	struct mmr_import_options options = { .force = true, .before = dir };
	struct mmr_import_report report;
	struct mmr_error err = { 0 };

	(void)state;
	page_begin(&page, 5000);
	put_fork(&page, 1, 2);
	make_dat(&b, &page, 1, "CPU: 0\n");
	write_file("buddyinfo", "Node 0\n", 7);
	assert_int_equal(mmr_import_tracedat(write_file("in.dat", b.data, b.used), output_path(),
	                                     &options, &report, &err),
	                 0);
	assert_non_null(strstr(report.notes, "no processes that read it"));
}

static void losses_are_those_of_the_statistics(void **state)
{
	static struct test_page page;
	static struct bytes b;
	struct mmr_import_options options = { .force = true };
	struct mmr_import_report report;
	struct mmr_error err = { 0 };

	(void)state;
	page_begin(&page, 5000);
	put_fork(&page, 1, 2);
	make_dat(&b, &page, 1,
	         "CPU: 0\nentries: 138881\noverrun: 10\ncommit overrun: 2\ndropped events: 30\n");
	assert_int_equal(mmr_import_tracedat(write_file("in.dat", b.data, b.used), output_path(),
	                                     &options, &report, &err),
	                 0);
	assert_int_equal(report.nr_lost, 42);
	assert_int_equal(report.nr_events, 1);
}

static void clocks_that_do_not_count_ns_are_refused(void **state)
{
	static struct test_page page;
	static struct bytes b;
	struct mmr_import_options options = { .force = true };
	struct mmr_error err = { 0 };
	uint8_t *clock;

	(void)state;
	page_begin(&page, 5000);
	make_dat(&b, &page, 1, "CPU: 0\n");
	clock = memmem(b.data, b.used, "local [mono] boot", 17);
	memcpy(clock, "mono [x86-tsc]   ", 17);
	assert_int_equal(mmr_import_tracedat(write_file("in.dat", b.data, b.used), output_path(),
	                                     &options, NULL, &err),
	                 MMR_E_UNSUPPORTED);
	assert_non_null(strstr(err.text, "x86-tsc"));
}

/* ---- the two versions and three packings ---- */

static const char *const corpus[] = { "v6.dat", "v7-none.dat", "v7-zstd.dat", "v7-zlib.dat" };

static char *corpus_file(const char *name, char path[256])
{
	const char *root = getenv("SOURCE_ROOT");

	snprintf(path, 256, "%s/tests/fuzz/corpus/fuzz_tracedat/%s", root ? root : ".", name);
	return path;
}

static void versions_and_packings_give_the_same(void **state)
{
	struct mmr_import_options options = { .force = true };
	struct mmr_error err = { 0 };
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof(corpus) / sizeof(corpus[0]); i++) {
		struct mmr_import_report report;
		struct mmr_trace *trace;
		int ret = mmr_import_tracedat(corpus_file(corpus[i], path), output_path(), &options,
		                              &report, &err);

		if (ret == MMR_E_UNSUPPORTED && strstr(err.text, "zlib"))
			continue;
		assert_int_equal(ret, 0);
		assert_int_equal(report.nr_events, 458);
		assert_int_equal(report.nr_lost, 7);
		assert_false(report.truncated);
		assert_int_equal(mmr_trace_open(output_path(), NULL, &trace, &err), 0);
		assert_string_equal(mmr_trace_info(trace)->kernel_release, "6.12.117");
		assert_string_equal(mmr_trace_info(trace)->machine, "x86_64");
		assert_string_equal(mmr_trace_info(trace)->clock, "mono");
		assert_int_equal(mmr_trace_info(trace)->nr_cpus, 2);
		assert_string_equal(mmr_trace_comm(trace, 119), "trace-cmd");
		mmr_trace_close(trace);
	}
}

static void what_was_imported_exports_to_the_same(void **state)
{
	struct mmr_import_options import = { .force = true };
	struct mmr_export_options export = { .force = true };
	struct mmr_import_report there;
	struct mmr_import_report back;
	struct mmr_error err = { 0 };
	char path[256];
	char dat[256];
	uint64_t nr_bad = 1;

	(void)state;
	snprintf(dat, sizeof(dat), "%s/back.dat", dir);
	assert_int_equal(mmr_import_tracedat(corpus_file("v7-none.dat", path), output_path(),
	                                     &import, &there, &err),
	                 0);
	assert_int_equal(mmr_export_tracedat(output_path(), dat, &export, &nr_bad, &err), 0);
	assert_int_equal(nr_bad, 0);
	assert_int_equal(mmr_import_tracedat(dat, output_path(), &import, &back, &err), 0);
	assert_int_equal(back.nr_events, there.nr_events);
	assert_int_equal(back.nr_lost, there.nr_lost);
	assert_int_equal(back.raw_bytes, there.raw_bytes);
	unlink(dat);
}

static void existing_files_are_kept(void **state)
{
	struct mmr_import_options options = { 0 };
	struct mmr_error err = { 0 };
	char path[256];
	char *data;
	size_t size;

	(void)state;
	write_file("out.zst", "mine", 4);
	assert_int_equal(mmr_import_tracedat(corpus_file("v6.dat", path), output_path(), &options,
	                                     NULL, &err),
	                 MMR_E_EXISTS);
	assert_int_equal(base_read_file(output_path(), 100, &data, &size, &err), 0);
	assert_string_equal(data, "mine");
	free(data);
}

/* Cut at every place of the start and at many behind it, and changed there: an error with words or a sound trace, nothing else. */
static void import_mutant(const void *data, size_t size)
{
	struct mmr_import_options options = { .force = true, .level = 1 };
	struct mmr_import_report report;
	struct mmr_error err = { 0 };
	int ret = mmr_import_tracedat(write_file("mutant.dat", data, size), output_path(), &options,
	                              &report, &err);

	if (ret < 0) {
		assert_true(err.text[0] != '\0');
		return;
	}
	assert_true(report.nr_events <= 100000);
}

static void cuts_and_flips_are_survived(void **state)
{
	struct mmr_error err = { 0 };
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof(corpus) / sizeof(corpus[0]); i++) {
		char *data;
		size_t size;

		assert_int_equal(
			base_read_file(corpus_file(corpus[i], path), 1 << 20, &data, &size, &err),
			0);
		for (size_t cut = 0; cut < size; cut += cut < 128 ? 1 : 211)
			import_mutant(data, cut);
		for (size_t at = 0; at < size; at += at < 64 ? 1 : 113) {
			data[at] ^= (char)(1 << at % 8);
			import_mutant(data, size);
			data[at] ^= (char)(1 << at % 8);
		}
		free(data);
	}
}

/* Cut within the ring buffer's data: what is before the cut is read, and the report says so. */
static void a_cut_file_gives_what_it_has(void **state)
{
	struct mmr_import_options options = { .force = true };
	struct mmr_import_report report;
	struct mmr_error err = { 0 };
	char path[256];
	char *data;
	size_t size;

	(void)state;
	assert_int_equal(base_read_file(corpus_file("v6.dat", path), 1 << 20, &data, &size, &err),
	                 0);
	assert_int_equal(mmr_import_tracedat(write_file("cut.dat", data, size - 4096),
	                                     output_path(), &options, &report, &err),
	                 0);
	assert_true(report.truncated);
	assert_true(report.nr_events > 100 && report.nr_events < 458);
	assert_non_null(strstr(report.notes, "ends before its data does"));
	free(data);
}

#define MS 1000000ull

/* Four samples of 4096 bytes, a period of 600 ms; the sampler is task 50. */
static struct mmr_trace *import_samples(struct dat_add_vec *adds, struct mmr_import_report *report)
{
	static uint8_t file[4 * (16 + 4096)];
	struct mmr_writer_options options = { .nr_cpus = 1, .subbuf_size = 4096, .force = true };
	struct mmr_writer *writer;
	struct mmr_trace *trace;
	struct mmr_error err = { 0 };

	for (size_t i = 0; i < 4; i++) {
		uint8_t *record = file + i * (16 + 4096);

		le64_put(record, (1000 + i * 600) * MS);
		le64_put(record + 8, 4096);
	}
	assert_int_equal(mmr_writer_create(output_path(), &options, &writer, &err), 0);
	assert_int_equal(mmr_writer_text(writer, "kernel.release", "6.12.0", 6, &err), 0);
	assert_int_equal(mmr_writer_text(writer, "page_size", "4096", 4, &err), 0);
	assert_int_equal(mmr_writer_text(writer, "clock", "mono", 4, &err), 0);
	assert_int_equal(
		mmr_writer_text(writer, "header_page", header_page, strlen(header_page), &err), 0);
	assert_int_equal(mmr_writer_begin(writer, &err), 0);
	assert_int_equal(trace_dat_import_idle(writer, write_file("idle", file, sizeof(file)), adds,
	                                       report, &err),
	                 0);
	assert_int_equal(mmr_writer_finish(writer, &err), 0);
	assert_int_equal(mmr_trace_open(output_path(), NULL, &trace, &err), 0);
	return trace;
}

static void samples_are_timed_by_what_their_task_wrote(void **state)
{
	struct mmr_import_report report = { 0 };
	struct mmr_access_sample sample;
	struct dat_add_vec adds = { 0 };
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;

	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		/* Read for 30 ms, written in 2, marked for 58 (the third: 38), slept 510. */
		uint64_t t_ns = (1000 + i * 600 + 30 + (i == 2 ? 20 : 0)) * MS;

		assert_int_equal(dat_add_vec_push(&adds, (struct dat_add){ t_ns, 50 }), 0);
		assert_int_equal(dat_add_vec_push(&adds, (struct dat_add){ t_ns + 2 * MS, 50 }), 0);
		/* Another task, that adds far too many pages. */
		for (uint64_t k = 0; k < 30; k++)
			assert_int_equal(
				dat_add_vec_push(&adds, (struct dat_add){ t_ns + k * MS, 60 }), 0);
	}
	trace = import_samples(&adds, &report);
	assert_string_equal(report.notes, "");
	assert_int_equal(report.nr_access_samples, 4);
	assert_int_equal(mmr_trace_access_sample(trace, 1, &sample, &err), 0);
	assert_int_equal(sample.nr_pfns, 32768);
	assert_int_equal(sample.begin_ns, 1600 * MS);
	assert_int_equal(sample.end_ns, 1630 * MS);
	assert_int_equal(sample.mark_begin_ns, 1032 * MS);
	/* The shortest rest is 548 ms, hence a sleep of 500. */
	assert_int_equal(sample.mark_end_ns, 1100 * MS);
	mmr_trace_close(trace);
	dat_add_vec_deinit(&adds);
}

static void samples_without_their_task_are_timed_roughly(void **state)
{
	struct mmr_import_report report = { 0 };
	struct mmr_access_sample sample;
	struct dat_add_vec adds = { 0 };
	struct mmr_error err = { 0 };
	struct mmr_trace *trace = import_samples(&adds, &report);

	(void)state;
	assert_non_null(strstr(report.notes, "known roughly"));
	assert_int_equal(mmr_trace_access_sample(trace, 3, &sample, &err), 0);
	assert_int_equal(sample.end_ns, 2800 * MS + 300 * MS);
	assert_int_equal(sample.mark_begin_ns, 2200 * MS);
	assert_int_equal(sample.mark_end_ns, 2500 * MS);
	mmr_trace_close(trace);
}

static void fields_are_found_by_name(void **state)
{
	struct dat_text text = { formats[2][1], strlen(formats[2][1]) };
	uint32_t offset;
	uint32_t size;
	uint32_t id;

	(void)state;
	assert_true(trace_dat_field(text, "gfp_flags", &offset, &size));
	assert_int_equal(offset, 24);
	assert_int_equal(size, 8);
	assert_false(trace_dat_field(text, "flags", &offset, &size));
	assert_true(trace_dat_format_id(text, &id));
	assert_int_equal(id, ALLOC_ID);
	text = (struct dat_text){ formats[0][1], strlen(formats[0][1]) };
	assert_true(trace_dat_field(text, "child_comm", &offset, &size));
	assert_int_equal(offset, 28);
}

static int make_dir(void **state)
{
	(void)state;
	/* Thousands of small files, each synced: on a disk that others use this takes minutes. */
	snprintf(dir, sizeof(dir), "%s/tracedat-test-XXXXXX",
	         access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snapshot_files_are_placed_by_their_cats),
		cmocka_unit_test(files_without_cats_are_told),
		cmocka_unit_test(losses_are_those_of_the_statistics),
		cmocka_unit_test(clocks_that_do_not_count_ns_are_refused),
		cmocka_unit_test(versions_and_packings_give_the_same),
		cmocka_unit_test(what_was_imported_exports_to_the_same),
		cmocka_unit_test(existing_files_are_kept),
		cmocka_unit_test(cuts_and_flips_are_survived),
		cmocka_unit_test(a_cut_file_gives_what_it_has),
		cmocka_unit_test(samples_are_timed_by_what_their_task_wrote),
		cmocka_unit_test(samples_without_their_task_are_timed_roughly),
		cmocka_unit_test(fields_are_found_by_name),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
