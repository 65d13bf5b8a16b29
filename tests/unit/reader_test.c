/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the reader says of losses, tasks, versions and files that are none; and how it words events. */
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <mmreplay/trace.h>

#include "container.h"
#include "io.h"
#include "reader.h"
#include "trace_model.h"

static char dir[] = "/tmp/mmr-reader-XXXXXX";
static char path[64];

static int set_up(void **state)
{
	(void)state;
	memcpy(dir, "/tmp/mmr-reader-XXXXXX", sizeof(dir));
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

static struct mmr_writer *begin_streams(uint32_t nr_cpus, uint32_t nr_streams)
{
	struct mmr_writer_options options = {
		.nr_cpus = nr_cpus,
		.nr_streams = nr_streams,
		.subbuf_size = PAGE_BYTES,
		.frame_size = PAGE_BYTES,
		.force = true,
	};
	struct mmr_error err = { 0 };
	struct mmr_writer *w;

	assert_int_equal(mmr_writer_create(path, &options, &w, &err), 0);
	assert_int_equal(model_header(w, &err), 0);
	return w;
}

static struct mmr_writer *begin(uint32_t nr_cpus)
{
	return begin_streams(nr_cpus, 0);
}

static void add_page(struct mmr_writer *w, uint32_t cpu, uint64_t t_ns, uint32_t commit_flags,
                     uint64_t missed)
{
	struct model_event e = { .pfn = t_ns, .cpu = cpu, .pid = 7, .id = MODEL_FREE_ID };
	struct mmr_error err = { 0 };
	struct test_page page;

	page_begin(&page, t_ns);
	model_record(&page, 0, &e);
	page_commit(&page, commit_flags);
	le64_put(page.bytes + 16 + page.used, missed);
	assert_int_equal(mmr_writer_pages(w, cpu, page.bytes, 1, &err), 0);
}

static struct mmr_trace *finish(struct mmr_writer *w)
{
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;

	assert_int_equal(mmr_writer_finish(w, &err), 0);
	assert_int_equal(mmr_trace_open(path, NULL, &trace, &err), 0);
	return trace;
}

static void expect_event(struct mmr_trace *trace, uint32_t cpu, uint64_t t_ns)
{
	struct mmr_error err = { 0 };
	struct mmr_event event;

	assert_int_equal(mmr_trace_next(trace, &event, &err), 1);
	assert_int_equal(event.kind, MMR_EVENT_MM_PAGE_FREE);
	assert_int_equal(event.cpu, cpu);
	assert_int_equal(event.t_ns, t_ns);
}

static void expect_lost(struct mmr_trace *trace, uint32_t cpu, uint64_t t_ns, uint64_t nr_events)
{
	struct mmr_error err = { 0 };
	struct mmr_event event;

	assert_int_equal(mmr_trace_next(trace, &event, &err), 1);
	assert_int_equal(event.kind, MMR_EVENT_LOST);
	assert_int_equal(event.cpu, cpu);
	assert_int_equal(event.t_ns, t_ns);
	assert_int_equal(event.lost.nr_events, nr_events);
	assert_null(mmr_trace_raw(trace, NULL));
}

static void expect_end(struct mmr_trace *trace)
{
	struct mmr_error err = { 0 };
	struct mmr_event event;

	assert_int_equal(mmr_trace_next(trace, &event, &err), 0);
}

static void losses_that_sub_buffers_tell_come_before_them(void **state)
{
	struct mmr_writer *w = begin(2);
	struct mmr_trace *trace;

	(void)state;
	add_page(w, 0, 100, 0, 0);
	add_page(w, 0, 300, 3u << 30, 17); /* missed, and how many */
	add_page(w, 0, 400, 1u << 31, 0);  /* missed, nobody knows how many */
	add_page(w, 1, 200, 0, 0);
	trace = finish(w);
	assert_int_equal(mmr_trace_info(trace)->nr_lost, 17);
	expect_event(trace, 0, 100);
	expect_event(trace, 1, 200);
	expect_lost(trace, 0, 300, 17);
	expect_event(trace, 0, 300);
	expect_lost(trace, 0, 400, 0);
	expect_event(trace, 0, 400);
	expect_end(trace);
	mmr_trace_close(trace);
}

static void losses_that_statistics_tell_are_located_by_frame(void **state)
{
	struct mmr_writer *w = begin(2);
	struct mmr_trace *trace;
	uint64_t sum = 0;
	struct mmr_event event;
	struct mmr_error err = { 0 };

	(void)state;
	add_page(w, 0, 100, 0, 0);
	mmr_writer_set_lost(w, 0, 5); /* counts for the frame of 100 */
	add_page(w, 0, 200, 0, 0);
	add_page(w, 0, 300, 0, 0);
	mmr_writer_set_lost(w, 1, 9); /* a CPU from which nothing came */
	trace = finish(w);
	assert_int_equal(mmr_trace_info(trace)->nr_lost, 14);
	expect_lost(trace, 0, 100, 5);
	expect_event(trace, 0, 100);
	expect_event(trace, 0, 200);
	expect_event(trace, 0, 300);
	expect_lost(trace, 1, 300, 9);
	expect_end(trace);
	assert_int_equal(mmr_trace_rewind(trace, &err), 0);
	while (mmr_trace_next(trace, &event, &err) > 0)
		sum += event.kind == MMR_EVENT_LOST ? event.lost.nr_events : 0;
	assert_int_equal(sum, 14);
	mmr_trace_close(trace);
}

static void streams_of_a_cpu_come_as_one(void **state)
{
	struct mmr_writer *w = begin_streams(2, 4);
	struct mmr_trace *trace;

	(void)state;
	add_page(w, 0, 100, 0, 0);
	add_page(w, 0, 400, 0, 0);
	add_page(w, 1, 200, 0, 0);
	add_page(w, 3, 150, 0, 0); /* of CPU 1 */
	add_page(w, 3, 200, 3u << 30, 6);
	add_page(w, 2, 400, 0, 0); /* of CPU 0; the ring buffer's own comes first */
	mmr_writer_set_lost(w, 2, 9);
	trace = finish(w);
	assert_int_equal(mmr_trace_info(trace)->nr_cpus, 2);
	assert_int_equal(mmr_trace_info(trace)->nr_lost, 15);
	expect_event(trace, 0, 100);
	expect_event(trace, 1, 150);
	expect_event(trace, 1, 200);
	expect_lost(trace, 1, 200, 6);
	expect_event(trace, 1, 200);
	expect_event(trace, 0, 400);
	expect_lost(trace, 0, 400, 9);
	expect_event(trace, 0, 400);
	expect_end(trace);
	mmr_trace_close(trace);
}

static void marks_come_whatever_kinds_are_wanted(void **state)
{
	uint64_t kinds[(MMR_NR_EVENT_KINDS + 63) / 64] = { 0 };
	struct mmr_trace_options options = { .kinds = kinds };
	struct mmr_writer *w = begin(1);
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;

	(void)state;
	add_page(w, 0, 100, 0, 0);
	add_page(w, 0, 300, 3u << 30, 17);
	mmr_trace_close(finish(w));
	assert_int_equal(mmr_trace_open(path, &options, &trace, &err), 0);
	expect_lost(trace, 0, 300, 17);
	expect_end(trace);
	mmr_trace_close(trace);
}

static void overwrite_file(void)
{
	static const char zeroes[1 << 16];
	FILE *file = fopen(path, "r+b");

	assert_non_null(file);
	assert_int_equal(fwrite(zeroes, 1, sizeof(zeroes), file), sizeof(zeroes));
	assert_int_equal(fclose(file), 0);
}

/* Reads the frames of two CPUs twice, the second time out of a file that holds nothing any more. */
static void expect_kept(uint64_t keep_bytes, unsigned int nr_threads, unsigned int nr_kept)
{
	struct mmr_trace_options options = { .keep_bytes = keep_bytes, .nr_threads = nr_threads };
	struct mmr_writer *w = begin(2);
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;
	struct mmr_event event;
	unsigned int nr_events = 0;

	add_page(w, 0, 100, 0, 0);
	add_page(w, 1, 200, 0, 0);
	mmr_trace_close(finish(w));
	assert_int_equal(mmr_trace_open(path, &options, &trace, &err), 0);
	expect_event(trace, 0, 100);
	expect_event(trace, 1, 200);
	expect_end(trace);
	overwrite_file();
	assert_int_equal(mmr_trace_rewind(trace, &err), 0);
	while (mmr_trace_next(trace, &event, &err) > 0)
		nr_events += event.kind == MMR_EVENT_MM_PAGE_FREE;
	assert_int_equal(nr_events, nr_kept);
	assert_int_equal(mmr_trace_damage(trace)->nr_frames, 2 - nr_kept);
	mmr_trace_close(trace);
}

static void frames_are_kept_for_the_next_pass_up_to_a_limit(void **state)
{
	(void)state;
	for (unsigned int nr_threads = 0; nr_threads <= 2; nr_threads++) {
		expect_kept(0, nr_threads, 0);
		expect_kept(6000, nr_threads, 1);
		expect_kept(1 << 20, nr_threads, 2);
	}
}

static void tasks_have_the_name_they_had_then(void **state)
{
	struct model_event exec = { .pid = 77, .id = MODEL_EXEC_ID };
	struct mmr_writer *w = begin(1);
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;
	struct test_page page;
	struct mmr_event event;

	(void)state;
	add_page(w, 0, 100, 0, 0);
	page_begin(&page, 200);
	model_record(&page, 0, &exec);
	assert_int_equal(mmr_writer_pages(w, 0, page.bytes, 1, &err), 0);
	assert_int_equal(
		mmr_writer_trailer_text(w, "saved_cmdlines", "1 init\n77 a b\nx y\n5\n", 20, &err),
		0);
	trace = finish(w);
	assert_string_equal(mmr_trace_comm(trace, 1), "init");
	assert_string_equal(mmr_trace_comm(trace, 77), "a b");
	assert_string_equal(mmr_trace_comm(trace, 5), "<...>");
	assert_string_equal(mmr_trace_comm(trace, 0), "<idle>");
	expect_event(trace, 0, 100);
	assert_string_equal(mmr_trace_comm(trace, 77), "a b");
	assert_int_equal(mmr_trace_next(trace, &event, &err), 1);
	assert_string_equal(mmr_trace_comm(trace, 77), "ls");
	assert_int_equal(mmr_trace_rewind(trace, &err), 0);
	assert_string_equal(mmr_trace_comm(trace, 77), "a b");
	mmr_trace_close(trace);
}

static void events_are_worded_by_their_print_format(void **state)
{
	struct model_event exec = { .pid = 77, .id = MODEL_EXEC_ID };
	struct model_event unknown = { .pid = 1, .id = MODEL_UNKNOWN_ID };
	struct mmr_writer *w = begin(1);
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;
	struct test_page page;
	struct mmr_event event;
	static const char worded[] = "filename=a\\x1b[1m\\x0a pid=77 old_pid=77";
	char text[100];

	(void)state;
	page_begin(&page, 200);
	model_record(&page, 0, &exec);
	memcpy(page.bytes + 16 + 4 + 20, "a\033[1m\n", 7);
	model_record(&page, 1, &unknown);
	assert_int_equal(mmr_writer_pages(w, 0, page.bytes, 1, &err), 0);
	trace = finish(w);
	assert_int_equal(mmr_trace_format_event(trace, text, sizeof(text)), 0);
	assert_int_equal(mmr_trace_next(trace, &event, &err), 1);
	assert_int_equal(mmr_trace_format_event(trace, text, sizeof(text)), strlen(worded));
	assert_string_equal(text, worded);
	assert_int_equal(mmr_trace_next(trace, &event, &err), 1);
	assert_int_equal(mmr_trace_format_event(trace, text, 10), strlen("raw 20 bytes:") + 3 * 20);
	assert_string_equal(text, "raw 20 by");
	mmr_trace_close(trace);
}

static void events_whose_print_format_is_odd_show_their_fields(void **state)
{
	static const char odd[] = "name: odd\nID: 700\nformat:\n" MODEL_COMMON
				  "\tfield:unsigned long pfn;\toffset:8;\tsize:8;\tsigned:0;\n"
				  "\tfield:int order;\toffset:16;\tsize:4;\tsigned:1;\n\n"
				  "print fmt: \"%d\", no_such_function(REC->pfn, {})\n";
	struct mmr_writer_options options = { .nr_cpus = 1, .subbuf_size = PAGE_BYTES };
	struct model_event e = { .pfn = 4097, .order = (uint32_t)-3, .pid = 1, .id = 700 };
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;
	struct mmr_writer *w;
	struct test_page page;
	struct mmr_event event;
	char text[100];

	(void)state;
	assert_int_equal(mmr_writer_create(path, &options, &w, &err), 0);
	assert_int_equal(mmr_writer_text(w, "events/kmem/odd/format", odd, sizeof(odd) - 1, &err),
	                 0);
	assert_int_equal(model_header(w, &err), 0);
	page_begin(&page, 200);
	model_record(&page, 0, &e);
	model_record(&page, 0, &e);
	assert_int_equal(mmr_writer_pages(w, 0, page.bytes, 1, &err), 0);
	trace = finish(w);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(mmr_trace_next(trace, &event, &err), 1);
		assert_int_equal(event.kind, MMR_EVENT_OTHER);
		mmr_trace_format_event(trace, text, sizeof(text));
		assert_string_equal(text, "[FAILED TO PARSE] pfn=0x1001 order=-3");
	}
	mmr_trace_close(trace);
}

/* Larger than a frame takes: text, piece and bitmap are cut by the writer and joined by the reader. */
static void what_is_cut_into_frames_comes_back_whole(void **state)
{
	const size_t size = (3u << 20) + 17;
	uint8_t *bytes = malloc(size);
	struct mmr_writer_options options = { .nr_cpus = 1, .subbuf_size = PAGE_BYTES };
	struct mmr_snapshot_piece piece = { .name = "proc/kpagecount",
		                            .data = bytes,
		                            .size = size };
	struct mmr_access_sample sample = { .nr_pfns = size * 8 - 3, .idle = bytes };
	struct mmr_error err = { 0 };
	struct mmr_snapshot *snapshot;
	struct mmr_trace *trace;
	struct mmr_writer *w;
	size_t got;
	struct rng rng;

	(void)state;
	assert_non_null(bytes);
	base_rng_init(&rng, 1);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)base_rng_next(&rng);
	assert_int_equal(mmr_writer_create(path, &options, &w, &err), 0);
	assert_int_equal(mmr_writer_text(w, "events/absent", bytes, size, &err), 0);
	assert_int_equal(model_header(w, &err), 0);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(mmr_writer_snapshot_begin(w, MMR_SNAPSHOT_FULL, 1, &err), 0);
		assert_int_equal(mmr_writer_snapshot_piece(w, &piece, &err), 0);
		assert_int_equal(mmr_writer_snapshot_piece(w, &piece, &err), 0);
		assert_int_equal(mmr_writer_snapshot_end(w, 2, &err), 0);
		assert_int_equal(mmr_writer_access(w, &sample, &err), 0);
	}
	assert_int_equal(mmr_writer_trailer_text(w, "per_cpu/cpu0/stats", bytes, size, &err), 0);
	trace = finish(w);
	assert_memory_equal(mmr_trace_text(trace, "events/absent", &got), bytes, size);
	assert_int_equal(got, size);
	assert_memory_equal(mmr_trace_text(trace, "per_cpu/cpu0/stats", &got), bytes, size);
	assert_int_equal(mmr_trace_snapshot(trace, 1, &snapshot, &err), 0);
	for (uint32_t i = 0; i < 2; i++) {
		assert_true(mmr_snapshot_piece(snapshot, i, &piece));
		assert_int_equal(piece.size, size);
		assert_memory_equal(piece.data, bytes, size);
	}
	assert_false(mmr_snapshot_piece(snapshot, 2, &piece));
	mmr_snapshot_free(snapshot);
	assert_int_equal(mmr_trace_access_sample(trace, 1, &sample, &err), 0);
	assert_int_equal(sample.nr_pfns, size * 8 - 3);
	assert_memory_equal(sample.idle, bytes, size);
	mmr_trace_close(trace);
	free(bytes);
}

static void a_sample_has_its_place_what_is_known_and_uses(void **state)
{
	const uint8_t idle[9] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	const uint8_t known[9] = { 9, 8, 7, 6, 5, 4, 3, 2, 1 };
	const struct mmr_access_use uses[] = { { 4096, 5, 6, 7, MMR_USE_SEEN },
		                               { 8192, 5, 8, 7, 0 } };
	struct mmr_access_sample bitmap = { .begin_ns = 3,
		                            .end_ns = 4,
		                            .mark_begin_ns = 1,
		                            .mark_end_ns = 2,
		                            .nr_pfns = 70,
		                            .first_pfn = 640,
		                            .idle = idle,
		                            .known = known };
	struct mmr_access_sample single = {
		.kind = MMR_ACCESS_USES, .begin_ns = 5, .end_ns = 8, .uses = uses, .nr_uses = 2
	};
	const struct mmr_access_content contents[] = {
		{ 0x1000, MMR_CONTENT_REGISTERED, 7, 512 },
		{ 0x2000, MMR_CONTENT_ZERO, 7, 3 },
		{ 0x5000, 0x123456789abcdef0u, 7, 1 },
	};
	const struct mmr_access_sample inside = { .kind = MMR_ACCESS_CONTENTS,
		                                  .begin_ns = 9,
		                                  .end_ns = 11,
		                                  .contents = contents,
		                                  .nr_contents = 3 };
	struct mmr_access_sample got;
	struct mmr_error err = { 0 };
	struct mmr_writer *w = begin(1);
	struct mmr_trace *trace;

	(void)state;
	assert_int_equal(mmr_writer_access(w, &bitmap, &err), 0);
	assert_int_equal(mmr_writer_access(w, &single, &err), 0);
	assert_int_equal(mmr_writer_access(w, &inside, &err), 0);
	bitmap.first_pfn = 8;
	assert_int_equal(mmr_writer_access(w, &bitmap, &err), MMR_E_INVALID);
	trace = finish(w);
	assert_int_equal(mmr_trace_info(trace)->nr_access_frames, 3);
	assert_int_equal(mmr_trace_access_sample(trace, 0, &got, &err), 0);
	assert_int_equal(got.kind, MMR_ACCESS_BITMAP);
	assert_int_equal(got.first_pfn, 640);
	assert_int_equal(got.nr_pfns, 70);
	assert_int_equal(got.mark_end_ns, 2);
	assert_memory_equal(got.idle, idle, sizeof(idle));
	assert_memory_equal(got.known, known, sizeof(known));
	assert_int_equal(mmr_trace_access_sample(trace, 1, &got, &err), 0);
	assert_int_equal(got.kind, MMR_ACCESS_USES);
	assert_int_equal(got.nr_pfns, 0);
	assert_int_equal(got.nr_uses, 2);
	assert_int_equal(got.nr_contents, 0);
	assert_memory_equal(got.uses, uses, sizeof(uses));
	assert_int_equal(mmr_trace_access_sample(trace, 2, &got, &err), 0);
	assert_int_equal(got.kind, MMR_ACCESS_CONTENTS);
	assert_int_equal(got.nr_uses, 0);
	assert_int_equal(got.nr_contents, 3);
	assert_int_equal(got.end_ns, 11);
	assert_memory_equal(got.contents, contents, sizeof(contents));
	mmr_trace_close(trace);
}

/* A limit on the file's size stands in for the disk. */
static void a_full_disk_leaves_a_trace_up_to_there(void **state)
{
	struct mmr_writer *w = begin(1);
	struct rlimit before;
	struct rlimit small;
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;
	struct mmr_event event;
	char partial[80];
	uint64_t count = 0;
	int ret = 0;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ .rlim_cur = 20000, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (uint64_t i = 0; i < 4000 && ret == 0; i++) {
		struct model_event e = { .pfn = i, .pid = 7, .id = MODEL_FREE_ID };
		struct test_page p;

		page_begin(&p, 100 + i);
		model_record(&p, 0, &e);
		ret = mmr_writer_pages(w, 0, p.bytes, 1, &err);
		count += ret == 0;
	}
	assert_true(ret < 0);
	snprintf(partial, sizeof(partial), "%s.partial", path);
	assert_non_null(strstr(err.text, partial));
	assert_int_equal(mmr_writer_finish(w, &err), ret);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(mmr_trace_open(partial, NULL, &trace, &err), 0);
	assert_false(mmr_trace_info(trace)->truncated);
	for (uint64_t i = 0; mmr_trace_next(trace, &event, &err) > 0; i++, count--)
		assert_int_equal(event.page.pfn, i);
	assert_in_range(count, 0, 1); /* the page that waited for its frame */
	mmr_trace_close(trace);
	unlink(partial);
}

static void put_file(const void *data, size_t size)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void expect_refusal(int code, const char *part)
{
	struct mmr_error err = { 0 };
	struct mmr_trace *trace = NULL;

	assert_int_equal(mmr_trace_open(path, NULL, &trace, &err), code);
	assert_null(trace);
	if (!strstr(err.text, part))
		fail_msg("\"%s\" does not say \"%s\"", err.text, part);
}

static void other_files_are_refused_with_a_reason(void **state)
{
	char foreign[200];
	size_t size;

	(void)state;
	expect_refusal(MMR_E_NOTFOUND, "cannot open");
	put_file("", 0);
	expect_refusal(MMR_E_FORMAT, "is empty");
	put_file("hello, world", 12);
	expect_refusal(MMR_E_FORMAT, "not a trace file");
	put_file("\x17\x08\x44tracing7", 11);
	expect_refusal(MMR_E_FORMAT, "mmcap import");
	size = ZSTD_compress(foreign, sizeof(foreign), "hello", 5, 1);
	put_file(foreign, size);
	expect_refusal(MMR_E_FORMAT, "not a trace file");
	snprintf(path, sizeof(path), "%s", dir);
	expect_refusal(MMR_E_INVALID, "not a regular file");
	snprintf(path, sizeof(path), "%s/trace.zst", dir);
}

/* A file of one header frame with this version and these texts. */
static void put_header(uint32_t version, const char *const (*texts)[2], size_t nr_texts)
{
	struct trace_buffer buffer = { 0 };
	struct trace_head head = { .kind = TRACE_FRAME_HEADER, .flags = TRACE_FRAME_LAST };
	ZSTD_CCtx *cctx = ZSTD_createCCtx();
	char packed[4096];

	ZSTD_CCtx_setParameter(cctx, ZSTD_c_checksumFlag, 1);
	assert_int_equal(trace_buffer_reset(&buffer), 0);
	for (size_t i = 0; i < nr_texts; i++) {
		struct trace_blob blob = {
			.name = texts[i][0],
			.name_size = (uint32_t)strlen(texts[i][0]),
			.data = (const uint8_t *)texts[i][1],
			.size = strlen(texts[i][1]),
		};

		assert_int_equal(trace_blob_put(&buffer, &blob), 0);
	}
	head.aux = version;
	head.payload = buffer.used - TRACE_HEAD_SIZE;
	trace_head_put(buffer.data, &head);
	put_file(packed, ZSTD_compress2(cctx, packed, sizeof(packed), buffer.data, buffer.used));
	ZSTD_freeCCtx(cctx);
	trace_buffer_deinit(&buffer);
}

static void versions_decide_what_is_read(void **state)
{
	static const char *const texts[][2] = { { "page_size", "4096" }, { "nr_cpus", "2" } };
	static const char *const many[][2] = { { "page_size", "4096" },
		                               { "nr_cpus", "4000000000" } };
	static const char *const odd[][2] = { { "page_size", "4095" }, { "nr_cpus", "1" } };
	static const char *const narrow[][2] = {
		{ "page_size", "4096" },
		{ "nr_cpus", "1" },
		{ "header_page", "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
		                 "\tfield: local_t commit;\toffset:8;\tsize:4;\tsigned:1;\n"
		                 "\tfield: char data;\toffset:12;\tsize:4084;\tsigned:1;\n" },
	};
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;

	(void)state;
	put_header(1u << 16 | 99, texts, 2); /* a newer minor version still reads */
	assert_int_equal(mmr_trace_open(path, NULL, &trace, &err), 0);
	assert_int_equal(mmr_trace_info(trace)->format_minor, 99);
	assert_int_equal(mmr_trace_info(trace)->nr_cpus, 2);
	mmr_trace_close(trace);
	put_header(2u << 16, texts, 2);
	expect_refusal(MMR_E_VERSION, "format 2.0");
	put_header(1u << 16, many, 2);
	expect_refusal(MMR_E_CORRUPT, "4000000000 CPUs");
	put_header(1u << 16, odd, 2);
	expect_refusal(MMR_E_CORRUPT, "pages of 4095 bytes");
	put_header(1u << 16, narrow, 3);
	expect_refusal(MMR_E_UNSUPPORTED, "64-bit");
}

static void zones_that_make_no_sense_are_left_out(void **state)
{
	static const char text[] =
		"Node 0, zone DMA\n spanned 10\n present 11\n managed 1\n start_pfn: 1\n"
		"Node 0, zone DMA32\n spanned 18446744073709551615\n present 5\n start_pfn: 1\n"
		"Node 0, zone Normal\n spanned 10\n present 10\n managed 10\n"
		" start_pfn: 18446744073709551610\n"
		"Node 1, zone DMA\n spanned 0\n"
		"Node 1, zone DMA32\n spanned 10\n present 9\n managed 8\n high 7\n high 99\n"
		" protection: (1, 2, 3)\n start_pfn: 5\n";
	struct mmr_zone_info *zones = NULL;
	uint32_t nr_zones = 0;

	(void)state;
	assert_int_equal(trace_parse_zoneinfo(text, &zones, &nr_zones), 0);
	assert_int_equal(nr_zones, 1);
	assert_int_equal(zones[0].node, 1);
	assert_int_equal(zones[0].index, 1);
	assert_int_equal(zones[0].wmark_high, 7);
	assert_int_equal(zones[0].protection[2], 3);
	assert_int_equal(zones[0].protection[3], 0);
	base_free(zones);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(losses_that_sub_buffers_tell_come_before_them,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(losses_that_statistics_tell_are_located_by_frame,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(streams_of_a_cpu_come_as_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(marks_come_whatever_kinds_are_wanted, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(frames_are_kept_for_the_next_pass_up_to_a_limit,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(tasks_have_the_name_they_had_then, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(events_are_worded_by_their_print_format, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(events_whose_print_format_is_odd_show_their_fields,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_sample_has_its_place_what_is_known_and_uses,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_cut_into_frames_comes_back_whole, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_full_disk_leaves_a_trace_up_to_there, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(other_files_are_refused_with_a_reason, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(versions_decide_what_is_read, set_up, tear_down),
		cmocka_unit_test(zones_that_make_no_sense_are_left_out),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
