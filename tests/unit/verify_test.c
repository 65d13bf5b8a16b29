/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a verification has to find: any changed byte, a missing frame, a lying index, a wrong count. */
#include "unit.h"

#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include <mmreplay/trace_check.h>

#include "container.h"
#include "io.h"
#include "trace_model.h"

static char dir[] = "/tmp/mmr-verify-XXXXXX";
static char path[64];
static char memory_path[64];
static struct model model;
static int memory = -1;

static int set_up(void **state)
{
	(void)state;
	memcpy(dir, "/tmp/mmr-verify-XXXXXX", sizeof(dir));
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/trace.zst", dir);
	memory = memfd_create("trace", MFD_CLOEXEC);
	snprintf(memory_path, sizeof(memory_path), "/proc/self/fd/%d", memory);
	return memory < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(memory);
	unlink(path);
	return rmdir(dir);
}

static void write_model(uint32_t events_a_cpu)
{
	struct rng rng;

	base_rng_init(&rng, 11);
	assert_int_equal(model_write(&model, &rng, path, 2, events_a_cpu), 0);
}

static void put_file(const char *data, size_t size)
{
	assert_int_equal(ftruncate(memory, 0), 0);
	assert_int_equal(pwrite(memory, data, size, 0), size);
}

/* The number of findings of one check, or of all (MMR_NR_CHECKS); UINT64_MAX: it cannot be opened. */
static uint64_t findings(const char *name, enum mmr_check_kind kind)
{
	struct mmr_verification *v;
	struct mmr_error err = { 0 };
	uint64_t count = 0;

	if (mmr_trace_verify(name, NULL, &v, &err) < 0) {
		assert_true(err.text[0] != '\0');
		return UINT64_MAX;
	}
	for (uint32_t i = 0; i < MMR_NR_CHECKS; i++) {
		const struct mmr_check *check = mmr_verification_check(v, i);

		assert_true(check->text[0] != '\0');
		assert_int_equal(check->nr_findings > 0, check->state == MMR_CHECK_FINDING);
		if (i == kind || kind == MMR_NR_CHECKS)
			count += check->nr_findings;
	}
	assert_int_equal(mmr_verification_sound(v),
	                 kind == MMR_NR_CHECKS ? count == 0 : mmr_verification_sound(v));
	mmr_verification_free(v);
	return count;
}

static void what_the_writer_makes_is_sound(void **state)
{
	(void)state;
	write_model(300);
	assert_int_equal(findings(path, MMR_NR_CHECKS), 0);
}

/* What zstd(1) makes of size bytes; the caller's. Empty if it is not a sequence of frames. */
static char *unpack(const char *file, size_t size, size_t *unpacked)
{
	const size_t room = 1 << 20;
	char *out = calloc(1, room);

	*unpacked = ZSTD_decompress(out, room, file, size);
	if (ZSTD_isError(*unpacked))
		*unpacked = 0;
	return out;
}

/* Except where zstd can say the same in two ways: then nothing has changed. */
static void every_changed_byte_is_found(void **state)
{
	struct mmr_error err = { 0 };
	unsigned int nr_same = 0;
	size_t unpacked;
	char *content;
	char *file;
	size_t size;

	(void)state;
	write_model(100);
	assert_int_equal(base_read_file(path, 1 << 20, &file, &size, &err), 0);
	content = unpack(file, size, &unpacked);
	for (size_t i = 0; i < size; i++) {
		size_t got;
		char *now;

		file[i] ^= (char)(1 + i % 255);
		put_file(file, size);
		if (findings(memory_path, MMR_NR_CHECKS) == 0) {
			now = unpack(file, size, &got);
			if (got != unpacked || memcmp(now, content, got) != 0)
				fail_msg("byte %zu of %zu may change", i, size);
			free(now);
			nr_same++;
		}
		file[i] ^= (char)(1 + i % 255);
	}
	/* What unpacks to the same is no damage; there is little of it. */
	assert_true(nr_same * 1000 < size);
	free(content);
	base_free(file);
}

struct frame {
	size_t begin;
	size_t end;
	struct trace_head head;
};

/* All but the index; how many. */
static size_t find_frames(const char *file, size_t size, struct frame *frames, size_t room)
{
	static char content[1 << 20];
	size_t count = 0;

	for (size_t pos = 0; pos < size && count < room; count++) {
		size_t length = ZSTD_findFrameCompressedSize(file + pos, size - pos);
		size_t got = ZSTD_decompress(content, sizeof(content), file + pos, length);

		if (!trace_head_get((const uint8_t *)content, got, &frames[count].head))
			break;
		frames[count].begin = pos;
		frames[count].end = pos += length;
	}
	return count;
}

/* A file without an index, in which only the frames' own numbers tell. */
static void a_missing_frame_is_found(void **state)
{
	static struct frame frames[64];
	struct mmr_error err = { 0 };
	unsigned int nr_tried = 0;
	size_t count;
	char *file;
	char *less;
	size_t size;

	(void)state;
	write_model(1500);
	assert_int_equal(base_read_file(path, 1 << 20, &file, &size, &err), 0);
	count = find_frames(file, size, frames, 64);
	less = malloc(size);
	for (size_t i = 0; i + 1 < count; i++) {
		const struct trace_head *head = &frames[i].head;
		const struct trace_head *next = &frames[i + 1].head;
		size_t rest = frames[count - 1].end - frames[i].end;

		/* Of the last one of a CPU nobody knows. */
		if (head->kind != TRACE_FRAME_DATA || next->kind != TRACE_FRAME_DATA ||
		    head->number != next->number)
			continue;
		memcpy(less, file, frames[i].begin);
		memcpy(less + frames[i].begin, file + frames[i].end, rest);
		put_file(less, frames[i].begin + rest);
		assert_int_equal(findings(memory_path, MMR_CHECK_ORDER), 1);
		nr_tried++;
	}
	assert_true(nr_tried >= 3);
	free(less);
	base_free(file);
}

/* ---- by hand ---- */

static struct mmr_writer *begin_file(void)
{
	struct mmr_writer_options options = {
		.nr_cpus = 1, .subbuf_size = PAGE_BYTES, .frame_size = PAGE_BYTES, .force = true
	};
	struct mmr_error err = { 0 };
	struct mmr_writer *w;

	assert_int_equal(mmr_writer_create(path, &options, &w, &err), 0);
	assert_int_equal(model_header(w, &err), 0);
	return w;
}

static void add_page(struct mmr_writer *w, uint64_t t_ns, size_t size)
{
	struct mmr_error err = { 0 };
	struct test_page page;
	uint8_t payload[32] = { 0 };

	page_begin(&page, t_ns);
	page_record(&page, 5, MODEL_FREE_ID, 1, payload, (uint32_t)size);
	assert_int_equal(mmr_writer_pages(w, 0, page.bytes, 1, &err), 0);
}

static void finish(struct mmr_writer *w, const char *stats)
{
	struct mmr_error err = { 0 };

	if (stats)
		assert_int_equal(mmr_writer_trailer_text(w, "per_cpu/cpu0/stats", stats,
		                                         strlen(stats), &err),
		                 0);
	assert_int_equal(mmr_writer_finish(w, &err), 0);
}

static void time_that_goes_back_is_found(void **state)
{
	struct mmr_writer *w = begin_file();

	(void)state;
	add_page(w, 1000, 12);
	add_page(w, 900, 12);
	finish(w, NULL);
	assert_int_equal(findings(path, MMR_CHECK_ORDER), 1);
}

static void a_record_that_is_too_short_is_found(void **state)
{
	struct mmr_writer *w = begin_file();

	(void)state;
	add_page(w, 1000, 12);
	add_page(w, 1100, 4);
	finish(w, NULL);
	assert_int_equal(findings(path, MMR_CHECK_RECORDS), 1);
}

static void statistics_have_to_add_up(void **state)
{
	static const struct {
		const char *stats;
		uint64_t nr_lost;
		uint64_t nr_findings;
	} cases[] = {
		{ "entries: 0\noverrun: 0\ncommit overrun: 0\ndropped events: 0\nread events: 2\n",
		  0, 0 },
		{ "entries: 0\noverrun: 3\ncommit overrun: 1\ndropped events: 5\nread events: 2\n",
		  9, 0 },
		/* One more was read than there is. */
		{ "entries: 0\noverrun: 0\ncommit overrun: 0\ndropped events: 0\nread events: 3\n",
		  0, 1 },
		/* One that was dropped is not told. */
		{ "entries: 0\noverrun: 0\ncommit overrun: 0\ndropped events: 1\nread events: 2\n",
		  0, 1 },
		/* One was never read. */
		{ "entries: 1\noverrun: 0\ncommit overrun: 0\ndropped events: 0\nread events: 2\n",
		  0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mmr_writer *w = begin_file();

		add_page(w, 1000, 12);
		add_page(w, 1100, 12);
		mmr_writer_set_lost(w, 0, cases[i].nr_lost);
		finish(w, cases[i].stats);
		assert_int_equal(findings(path, MMR_CHECK_STATISTICS), cases[i].nr_findings);
		assert_int_equal(findings(path, MMR_NR_CHECKS), cases[i].nr_findings);
	}
}

static void statistics_from_the_start_do_not_count(void **state)
{
	static const char start[] =
		"entries: 0\noverrun: 7\ncommit overrun: 0\ndropped events: 1\nread events: 40\n";
	struct mmr_writer_options options = {
		.nr_cpus = 1, .subbuf_size = PAGE_BYTES, .frame_size = PAGE_BYTES, .force = true
	};
	struct mmr_error err = { 0 };
	struct mmr_writer *w;

	(void)state;
	assert_int_equal(mmr_writer_create(path, &options, &w, &err), 0);
	assert_int_equal(
		mmr_writer_text(w, "per_cpu/cpu0/stats.start", start, sizeof(start) - 1, &err), 0);
	assert_int_equal(model_header(w, &err), 0);
	add_page(w, 1000, 12);
	finish(w,
	       "entries: 0\noverrun: 7\ncommit overrun: 0\ndropped events: 1\nread events: 41\n");
	assert_int_equal(findings(path, MMR_NR_CHECKS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_writer_makes_is_sound),
		cmocka_unit_test(every_changed_byte_is_found),
		cmocka_unit_test(a_missing_frame_is_found),
		cmocka_unit_test(time_that_goes_back_is_found),
		cmocka_unit_test(a_record_that_is_too_short_is_found),
		cmocka_unit_test(statistics_have_to_add_up),
		cmocka_unit_test(statistics_from_the_start_do_not_count),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
