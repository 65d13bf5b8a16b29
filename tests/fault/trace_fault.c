/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing and reading a trace with the N-th allocation failing, for every N: each call says
 * MMR_E_NOMEM or does without, nothing leaks (under ASan), nothing crashes.
 */
#include "unit.h"

#include <unistd.h>

#include <mmreplay/trace.h>
#include <mmreplay/trace_check.h>

#include "fail_at.h"
#include "trace_model.h"

static char dir[] = "/tmp/mmr-fault-XXXXXX";
static char path[64];
static struct model model;
static int set_up(void **state)
{
	(void)state;
	memcpy(dir, "/tmp/mmr-fault-XXXXXX", sizeof(dir));
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/trace.zst", dir);
	return 0;
}

static int tear_down(void **state)
{
	char partial[80];

	(void)state;
	snprintf(partial, sizeof(partial), "%s.partial", path);
	unlink(partial);
	unlink(path);
	return rmdir(dir);
}

/* What comes after the file's name: a thread or more, several files, a ring. */
struct variant {
	uint32_t nr_threads;
	bool rotate;
	uint64_t ring_bytes;
};

static int go_on(struct mmr_writer *w, const struct variant *v, struct mmr_error *err)
{
	char other[80];
	int ret = 0;

	snprintf(other, sizeof(other), "%s.2", path);
	if (v->rotate)
		ret = mmr_writer_rotate(w, other, err);
	if (ret == 0 && v->rotate)
		ret = model_lists(&model, w, err);
	if (ret == 0 && v->ring_bytes)
		ret = mmr_writer_ring_save(w, other, 0, err);
	return ret;
}

static int write_variant(const struct variant *v)
{
	const struct mmr_writer_options options = {
		.nr_cpus = 2,
		.subbuf_size = PAGE_BYTES,
		.frame_size = 2 * PAGE_BYTES,
		.force = true,
		.nr_threads = v->nr_threads,
		.queue_frames = 2,
		.ring_bytes = v->ring_bytes,
		.rotate = v->rotate,
		.io = MMR_WRITER_UNCACHED,
	};
	struct mmr_error err = { 0 };
	struct mmr_writer *w;
	struct rng rng;

	base_rng_init(&rng, 3);
	model_init(&model, &rng, options.nr_cpus);
	if (mmr_writer_create(path, &options, &w, &err) < 0)
		return -1;
	if (model_content(&model, &rng, w, 100) < 0 || go_on(w, v, &err) < 0) {
		mmr_writer_abort(w);
		return -1;
	}
	return mmr_writer_finish(w, &err);
}

static void clean(void)
{
	static const char *const suffixes[] = { "", ".partial", ".2", ".2.partial" };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char name[80];

		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
}

static void every_way_of_writing_survives_any_failure(void **state)
{
	static const struct variant variants[] = {
		{ .nr_threads = 2 },
		{ .rotate = true },
		{ .nr_threads = 1, .rotate = true },
		{ .ring_bytes = 4 << 20 },
		{ .nr_threads = 1, .ring_bytes = 4 << 20 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		unsigned long n = 0;
		int ret;

		do {
			fail_at = ++n;
			atomic_store(&nr_allocations, 0);
			ret = write_variant(&variants[i]);
			clean();
		} while (atomic_load(&nr_allocations) >= fail_at);
		fail_at = 0;
		assert_int_equal(ret, 0);
		assert_true(n > 20);
	}
}

static int write_model(void)
{
	struct rng rng;

	base_rng_init(&rng, 3);
	return model_write(&model, &rng, path, 2, 100);
}

static void writing_survives_any_failure(void **state)
{
	unsigned long n = 0;
	int ret;

	(void)state;
	do {
		fail_at = ++n;
		nr_allocations = 0;
		ret = write_model();
	} while (nr_allocations >= fail_at);
	fail_at = 0;
	assert_int_equal(ret, 0);
	assert_true(n > 20);
}

/* Reads everything. 0, or the first error. */
static int read_all(struct mmr_trace *trace, size_t *nr_events)
{
	struct mmr_access_sample sample;
	struct mmr_snapshot *snapshot;
	struct mmr_error err = { 0 };
	struct mmr_event event;
	char text[100];
	int ret;

	*nr_events = 0;
	while ((ret = mmr_trace_next(trace, &event, &err)) > 0)
		(*nr_events)++;
	mmr_trace_format_event(trace, text, sizeof(text));
	if (ret == 0)
		ret = mmr_trace_snapshot(trace, 0, &snapshot, &err);
	if (ret == 0)
		mmr_snapshot_free(snapshot);
	if (ret == 0)
		ret = mmr_trace_access_sample(trace, 0, &sample, &err);
	assert_int_equal(err.code, ret);
	return ret;
}

static void reading(unsigned int nr_threads, uint64_t keep_bytes)
{
	struct mmr_trace_options options = { .nr_threads = nr_threads, .keep_bytes = keep_bytes };
	unsigned long n = 0;

	assert_int_equal(write_model(), 0);
	do {
		struct mmr_error err = { 0 };
		struct mmr_trace *trace;
		size_t nr_events;
		int ret;

		fail_at = ++n;
		nr_allocations = 0;
		ret = mmr_trace_open(path, &options, &trace, &err);
		if (ret == 0) {
			ret = read_all(trace, &nr_events);
			/* A call that failed can be made again. */
			if (ret == MMR_E_NOMEM && mmr_trace_rewind(trace, &err) == 0) {
				assert_int_equal(read_all(trace, &nr_events), 0);
				assert_int_equal(nr_events, model.nr_events);
			}
			mmr_trace_close(trace);
		}
		assert_true(ret == 0 || ret == MMR_E_NOMEM);
	} while (nr_allocations >= fail_at);
	fail_at = 0;
	assert_true(n > 40);
}

static void reading_survives_any_failure(void **state)
{
	(void)state;
	reading(0, 0);
	reading(0, MMR_TRACE_KEEP);
}

static void verifying_survives_any_failure(void **state)
{
	unsigned long n = 0;

	(void)state;
	assert_int_equal(write_model(), 0);
	do {
		struct mmr_verification *v;
		struct mmr_error err = { 0 };
		int ret;

		fail_at = ++n;
		nr_allocations = 0;
		ret = mmr_trace_verify(path, NULL, &v, &err);
		if (ret == 0)
			mmr_verification_free(v);
		assert_true(ret == 0 || ret == MMR_E_NOMEM);
	} while (nr_allocations >= fail_at);
	fail_at = 0;
	assert_true(n > 40);
}

static void repairing_survives_any_failure(void **state)
{
	struct mmr_repair_options options = { .force = true };
	unsigned long n = 0;
	char output[80];

	(void)state;
	assert_int_equal(write_model(), 0);
	assert_int_equal(truncate(path, 3000), 0);
	snprintf(output, sizeof(output), "%s.whole", path);
	do {
		struct mmr_error err = { 0 };
		int ret;

		fail_at = ++n;
		nr_allocations = 0;
		ret = mmr_trace_repair(path, output, &options, NULL, &err);
		assert_true(ret == 0 || ret == MMR_E_NOMEM);
		assert_int_equal(access(output, F_OK), ret == 0 ? 0 : -1);
	} while (nr_allocations >= fail_at);
	fail_at = 0;
	unlink(output);
	assert_true(n > 40);
}

/* The file as part 1 and 2 of a recording. */
static void opening_parts_survives_any_failure(void **state)
{
	static const char *const numbers[] = { "1", "2" };
	char names[2][80];
	unsigned long n = 0;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct mmr_writer_options options = { .nr_cpus = 1, .subbuf_size = PAGE_BYTES };
		struct mmr_error err = { 0 };
		struct mmr_writer *w;

		snprintf(names[i], sizeof(names[i]), "%s/rec.000%d.zst", dir, i + 1);
		assert_int_equal(mmr_writer_create(names[i], &options, &w, &err), 0);
		assert_int_equal(mmr_writer_text(w, "rotation.id", "x", 1, &err), 0);
		assert_int_equal(mmr_writer_text(w, "rotation.part", numbers[i], 1, &err), 0);
		assert_int_equal(model_header(w, &err), 0);
		assert_int_equal(mmr_writer_trailer_text(w, "saved_cmdlines", "1 a\n", 4, &err), 0);
		assert_int_equal(mmr_writer_finish(w, &err), 0);
	}
	do {
		struct mmr_error err = { 0 };
		struct mmr_trace *trace;
		int ret;

		fail_at = ++n;
		nr_allocations = 0;
		ret = mmr_trace_open(names[0], NULL, &trace, &err);
		if (ret == 0)
			mmr_trace_close(trace);
		assert_true(ret == 0 || ret == MMR_E_NOMEM);
	} while (nr_allocations >= fail_at);
	fail_at = 0;
	unlink(names[0]);
	unlink(names[1]);
	assert_true(n > 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writing_survives_any_failure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_way_of_writing_survives_any_failure, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(reading_survives_any_failure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(verifying_survives_any_failure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(repairing_survives_any_failure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(opening_parts_survives_any_failure, set_up,
		                                tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
