/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small trace cut at every byte, and with every byte changed: never a crash, every frame that is
 * whole is read to its last event, nothing is invented, and what is missing is told.
 */
#include "unit.h"

#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include <mmreplay/trace.h>

#include "container.h"
#include "io.h"
#include "trace_model.h"

#define MAX_FRAMES 64

struct frame {
	size_t begin;
	size_t end;
	struct trace_head head;
};

static char dir[] = "/tmp/mmr-damage-XXXXXX";
static char path[64];
static struct model model;
static struct frame frames[MAX_FRAMES];
static size_t nr_frames;
static size_t header_end;
static char *file;
static size_t file_size;
static int memory = -1;

static void find_frames(void)
{
	static uint8_t content[1 << 20];

	nr_frames = 0;
	header_end = 0;
	for (size_t pos = 0; pos < file_size;) {
		size_t len = ZSTD_findFrameCompressedSize(file + pos, file_size - pos);
		size_t got = ZSTD_decompress(content, sizeof(content), file + pos, len);

		assert_false(ZSTD_isError(len));
		if (got == 0)
			break; /* the index */
		assert_true(nr_frames < MAX_FRAMES);
		frames[nr_frames].begin = pos;
		frames[nr_frames].end = pos + len;
		assert_true(trace_head_get(content, got, &frames[nr_frames].head));
		pos += len;
		if (frames[nr_frames].head.kind == TRACE_FRAME_HEADER)
			header_end = pos;
		nr_frames++;
	}
}

static int set_up(void **state)
{
	struct mmr_error err = { 0 };
	struct rng rng;

	(void)state;
	memcpy(dir, "/tmp/mmr-damage-XXXXXX", sizeof(dir));
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/trace.zst", dir);
	base_rng_init(&rng, 5);
	if (model_write(&model, &rng, path, 2, 400) < 0 ||
	    base_read_file(path, 1 << 20, &file, &file_size, &err) < 0)
		return -1;
	unlink(path);
	rmdir(dir);
	find_frames();
	return header_end > 0 && model.nr_events > 100 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	base_free(file);
	close(memory);
	memory = -1;
	return 0;
}

/* In memory: rewriting a file on a disk waits for the disk. */
static void put_file(const char *data, size_t size)
{
	if (memory < 0)
		memory = memfd_create("trace", MFD_CLOEXEC);
	assert_true(memory >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	assert_int_equal(ftruncate(memory, 0), 0);
	assert_int_equal(pwrite(memory, data, size, 0), size);
}

struct result {
	int ret; /* of opening */
	uint64_t nr_events;
	uint64_t nr_missing; /* as the marks tell */
	bool indexed;
	bool truncated;
	bool told;
	bool snapshot;
	bool sample;
};

/* Every event has to be one of the model's, in its order. */
static void read_events(struct mmr_trace *trace, struct result *result)
{
	struct mmr_error err = { 0 };
	struct mmr_event event;
	size_t at = 0;

	while (mmr_trace_next(trace, &event, &err) > 0) {
		if (event.kind == MMR_EVENT_LOST) {
			result->nr_missing += event.lost.nr_events;
			continue;
		}
		while (at < model.nr_events && !model_equal(&model.events[at], &event))
			at++;
		assert_true(at < model.nr_events);
		at++;
		result->nr_events++;
	}
	assert_int_equal(err.code, 0);
}

static struct result read_file(void)
{
	struct mmr_access_sample sample;
	struct mmr_snapshot *snapshot;
	struct mmr_snapshot_piece piece;
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;
	struct result result = { .ret = mmr_trace_open(path, NULL, &trace, &err) };

	if (result.ret < 0) {
		assert_int_equal(err.code, result.ret);
		assert_non_null(strstr(err.text, path));
		return result;
	}
	read_events(trace, &result);
	if (mmr_trace_snapshot(trace, 0, &snapshot, &err) == 0) {
		result.snapshot = mmr_snapshot_find(snapshot, "proc/kpageflags", &piece);
		assert_true(result.snapshot && piece.size == sizeof(model.kpageflags));
		assert_memory_equal(piece.data, model.kpageflags, sizeof(model.kpageflags));
		mmr_snapshot_free(snapshot);
	}
	if (mmr_trace_access_sample(trace, 0, &sample, &err) == 0) {
		assert_memory_equal(sample.idle, model.idle, 126);
		result.sample = true;
	}
	result.indexed = mmr_trace_info(trace)->indexed;
	result.truncated = mmr_trace_info(trace)->truncated;
	result.told = mmr_trace_damage(trace)->text[0] != '\0';
	mmr_trace_close(trace);
	return result;
}

/* Events in the frames that are whole within the first size bytes, but for the one with that byte. */
static uint64_t whole_events(size_t size, size_t without)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < nr_frames; i++)
		if (frames[i].head.kind == TRACE_FRAME_DATA && frames[i].end <= size &&
		    (without < frames[i].begin || without >= frames[i].end))
			sum += frames[i].head.count;
	return sum;
}

static bool has_list(size_t size, enum trace_frame_kind kind, size_t without)
{
	for (size_t i = 0; i < nr_frames; i++)
		if (frames[i].head.kind == kind)
			return frames[i].end <= size &&
			       (without < frames[i].begin || without >= frames[i].end);
	return false;
}

static void a_trace_cut_at_any_byte_is_read_up_to_there(void **state)
{
	(void)state;
	for (size_t size = 0; size < file_size; size++) {
		bool border = false;
		struct result result;

		put_file(file, size);
		result = read_file();
		if (size < header_end) {
			assert_int_equal(result.ret, size < 4 ? MMR_E_FORMAT : MMR_E_TRUNCATED);
			continue;
		}
		for (size_t i = 0; i < nr_frames; i++)
			border = border || frames[i].end == size;
		assert_int_equal(result.ret, 0);
		assert_int_equal(result.nr_events, whole_events(size, SIZE_MAX));
		assert_int_equal(result.snapshot, has_list(size, TRACE_FRAME_SNAPSHOT, SIZE_MAX));
		assert_int_equal(result.sample, has_list(size, TRACE_FRAME_ACCESS, SIZE_MAX));
		assert_false(result.indexed);
		assert_int_equal(result.truncated, !border);
		assert_int_equal(result.told, !border);
	}
}

/* Which of the frames has this byte; NULL: the index. */
static const struct frame *frame_of(size_t at)
{
	for (size_t i = 0; i < nr_frames; i++)
		if (at >= frames[i].begin && at < frames[i].end)
			return &frames[i];
	return NULL;
}

static void check_flip(size_t at, const struct result *result)
{
	const struct frame *frame = frame_of(at);

	if (at < header_end && result->ret < 0) {
		assert_true(result->ret == MMR_E_FORMAT || result->ret == MMR_E_CORRUPT ||
		            result->ret == MMR_E_TRUNCATED || result->ret == MMR_E_VERSION);
		return;
	}
	/* Bits of a zstd frame's header that nobody reads do no damage. */
	assert_int_equal(result->ret, 0);
	assert_true(result->nr_events >= whole_events(file_size, at));
	assert_true(result->snapshot || !has_list(file_size, TRACE_FRAME_SNAPSHOT, at));
	assert_true(result->sample || !has_list(file_size, TRACE_FRAME_ACCESS, at));
	if (result->indexed)
		assert_int_equal(result->nr_events + result->nr_missing, model.nr_events);
	if (result->nr_events < model.nr_events)
		assert_true(result->told && frame && frame->head.kind == TRACE_FRAME_DATA);
}

static void any_changed_byte_costs_at_most_its_frame(void **state)
{
	static const char masks[] = { 0x01, 0x04, (char)0xff };

	(void)state;
	for (size_t at = 0; at < file_size; at++) {
		for (size_t m = 0; m < sizeof(masks); m++) {
			struct result result;

			file[at] = (char)(file[at] ^ masks[m]);
			put_file(file, file_size);
			file[at] = (char)(file[at] ^ masks[m]);
			result = read_file();
			check_flip(at, &result);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_trace_cut_at_any_byte_is_read_up_to_there, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(any_changed_byte_costs_at_most_its_frame, set_up,
		                                tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
