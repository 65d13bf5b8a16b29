/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <mmreplay/trace_writer.h>

#include "container.h"
#include "io.h"
#include "trace_pages.h"

static char dir[] = "/tmp/mmr-writer-XXXXXX";
static char path[64];
static char partial[64];
static char old[64];

static int set_up(void **state)
{
	(void)state;
	memcpy(dir, "/tmp/mmr-writer-XXXXXX", sizeof(dir));
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/trace.zst", dir);
	snprintf(partial, sizeof(partial), "%s/trace.zst.partial", dir);
	snprintf(old, sizeof(old), "%s/trace.zst.old", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	unlink(partial);
	unlink(old);
	return rmdir(dir);
}

static int create(const struct mmr_writer_options *more, struct mmr_writer **w,
                  struct mmr_error *err)
{
	struct mmr_writer_options options = { .nr_cpus = 2, .subbuf_size = PAGE_BYTES };
	int ret;

	options.keep_old = more && more->keep_old;
	options.force = more && more->force;
	ret = mmr_writer_create(path, &options, w, err);
	if (ret < 0)
		return ret;
	assert_int_equal(mmr_writer_text(*w, "kernel.release", "6.12.0", 6, err), 0);
	assert_int_equal(mmr_writer_text(*w, "page_size", "4096", 4, err), 0);
	assert_int_equal(mmr_writer_text(*w, "clock", "mono", 4, err), 0);
	assert_int_equal(mmr_writer_text(*w, "events/kmem/mm_page_alloc/format",
	                                 "name: mm_page_alloc\nID: 500\nformat:\n", 37, err),
	                 0);
	return 0;
}

static void add_pages(struct mmr_writer *w, uint32_t cpu, unsigned int nr_pages, uint64_t t_ns)
{
	struct mmr_error err = { 0 };

	for (unsigned int i = 0; i < nr_pages; i++) {
		struct test_page page;

		page_begin(&page, t_ns + i * 1000);
		page_record(&page, 1, 500, 1, "12345678", 8);
		page_record(&page, 1, 7, 1, "12345678", 8);
		assert_int_equal(mmr_writer_pages(w, cpu, page.bytes, 1, &err), 0);
	}
}

/* Decompresses the whole file as zstd(1) would; the sizes of all frames must add up to the file's. */
static unsigned int count_frames(const char *name)
{
	struct mmr_error err = { 0 };
	unsigned int frames = 0;
	size_t size;
	char *data;
	char *out = malloc(TRACE_MAX_CONTENT);

	assert_int_equal(base_read_file(name, 1 << 26, &data, &size, &err), 0);
	for (size_t pos = 0; pos < size; frames++) {
		size_t len = ZSTD_findFrameCompressedSize(data + pos, size - pos);

		assert_false(ZSTD_isError(len));
		assert_false(
			ZSTD_isError(ZSTD_decompress(out, TRACE_MAX_CONTENT, data + pos, len)));
		pos += len;
	}
	free(out);
	free(data);
	return frames;
}

static void the_file_is_a_sequence_of_zstd_frames(void **state)
{
	struct mmr_snapshot_piece piece = { .name = "proc/kpageflags", .size = 3 << 20 };
	struct mmr_writer_stats stats;
	struct mmr_error err = { 0 };
	struct mmr_writer *w;
	struct stat st;

	(void)state;
	assert_int_equal(create(NULL, &w, &err), 0);
	assert_int_equal(mmr_writer_begin(w, &err), 0);
	add_pages(w, 0, 100, 1000);
	add_pages(w, 1, 10, 2000);
	piece.data = calloc(1, piece.size);
	assert_int_equal(mmr_writer_snapshot_begin(w, MMR_SNAPSHOT_FULL, 5, &err), 0);
	assert_int_equal(mmr_writer_snapshot_piece(w, &piece, &err), 0);
	assert_int_equal(mmr_writer_snapshot_end(w, 9, &err), 0);
	free((void *)(uintptr_t)piece.data);
	mmr_writer_stats(w, &stats);
	assert_int_equal(stats.nr_events, 220);
	assert_int_equal(stats.by_group[MMR_GROUP_PAGE], 110);
	assert_int_equal(stats.by_group[MMR_GROUP_OTHER], 110);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(mmr_writer_trailer_text(w, "saved_cmdlines", "1 init\n", 7, &err), 0);
	assert_int_equal(mmr_writer_finish(w, &err), 0);
	assert_int_equal(access(partial, F_OK), -1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* header, 2 + 1 data, at least 3 snapshot, trailer, index */
	assert_in_range(count_frames(path), 9, 10);
}

static void the_recorders_own_events_are_counted(void **state)
{
	static const int32_t own[] = { 1003, 7, 1001 };
	static const uint32_t pids[] = { 7, 8, 1000, 1001, 1002, 1003, 1004, 0, 0xffffffff };
	struct mmr_writer_stats stats;
	struct mmr_error err = { 0 };
	struct test_page page;
	struct mmr_writer *w;

	(void)state;
	assert_int_equal(create(NULL, &w, &err), 0);
	assert_int_equal(mmr_writer_set_own(w, own, 3, &err), 0);
	assert_int_equal(mmr_writer_begin(w, &err), 0);
	page_begin(&page, 1000);
	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++)
		page_record(&page, 1, 500, pids[i], "12345678", 8);
	assert_int_equal(mmr_writer_pages(w, 0, page.bytes, 1, &err), 0);
	mmr_writer_stats(w, &stats);
	assert_int_equal(stats.nr_events, sizeof(pids) / sizeof(pids[0]));
	assert_int_equal(stats.nr_own, 3);
	/* Without any there are none, as before it was called. */
	assert_int_equal(mmr_writer_set_own(w, own, 0, &err), 0);
	assert_int_equal(mmr_writer_pages(w, 0, page.bytes, 1, &err), 0);
	mmr_writer_stats(w, &stats);
	assert_int_equal(stats.nr_own, 3);
	mmr_writer_abort(w);
}

static void what_exists_is_kept_unless_told_otherwise(void **state)
{
	struct mmr_writer_options keep = { .keep_old = true };
	struct mmr_writer_options force = { .force = true };
	struct mmr_error err = { 0 };
	struct mmr_writer *w;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(create(i == 0 ? NULL : i == 1 ? &keep : &force, &w, &err), 0);
		assert_int_equal(mmr_writer_begin(w, &err), 0);
		assert_int_equal(mmr_writer_finish(w, &err), 0);
		assert_int_equal(access(old, F_OK), i == 0 ? -1 : 0);
		assert_int_equal(create(NULL, &w, &err), MMR_E_EXISTS);
	}
}

static void two_recorders_do_not_share_a_name(void **state)
{
	struct mmr_writer_options force = { .force = true };
	struct mmr_writer_options keep = { .keep_old = true };
	struct mmr_error err = { 0 };
	struct mmr_writer *first;
	struct mmr_writer *second;
	char stale[80];

	(void)state;
	assert_int_equal(create(NULL, &first, &err), 0);
	assert_int_equal(create(&force, &second, &err), MMR_E_BUSY);
	mmr_writer_abort(first);
	assert_int_equal(access(partial, F_OK), -1);
	/* One that died leaves its file, and no lock. */
	fclose(fopen(partial, "w"));
	assert_int_equal(create(NULL, &second, &err), MMR_E_EXISTS);
	assert_int_equal(create(&keep, &second, &err), 0);
	mmr_writer_abort(second);
	snprintf(stale, sizeof(stale), "%s.old", partial);
	assert_int_equal(unlink(stale), 0);
}

static void a_header_without_its_texts_is_refused(void **state)
{
	struct mmr_writer_options options = { .nr_cpus = 1, .subbuf_size = PAGE_BYTES };
	struct mmr_error err = { 0 };
	struct mmr_writer *w;

	(void)state;
	assert_int_equal(mmr_writer_create(path, &options, &w, &err), 0);
	assert_int_equal(mmr_writer_begin(w, &err), MMR_E_INVALID);
	assert_string_equal(err.text, "the header lacks kernel.release");
	mmr_writer_abort(w);
	options.subbuf_size = 1000;
	assert_int_equal(mmr_writer_create(path, &options, &w, &err), MMR_E_INVALID);
	options.subbuf_size = PAGE_BYTES;
	options.nr_cpus = 0;
	assert_int_equal(mmr_writer_create(path, &options, &w, &err), MMR_E_INVALID);
	assert_int_equal(mmr_writer_create("/nowhere/x", &options, &w, &err), MMR_E_INVALID);
	options.nr_cpus = 1;
	assert_int_equal(mmr_writer_create("/nowhere/x", &options, &w, &err), MMR_E_NOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_file_is_a_sequence_of_zstd_frames, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(the_recorders_own_events_are_counted, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(what_exists_is_kept_unless_told_otherwise, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(two_recorders_do_not_share_a_name, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_header_without_its_texts_is_refused, set_up,
		                                tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
