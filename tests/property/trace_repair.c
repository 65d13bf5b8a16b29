/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small trace cut at many places, and with many bytes changed, is repaired: what comes out is sound to
 * the verification and to zstd, holds every event that could be read, tells of every loss that was
 * told, and the file that was damaged is as it was.
 */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <mmreplay/trace_check.h>

#include "alloc.h"
#include "io.h"
#include "trace_model.h"

#define MAX_EVENTS 4096

static char dir[64];
static char path[96];
static char damaged[96];
static char repaired[96];
static struct model model;
static char *file;
static size_t file_size;

/* Repairs sync what they write: a disk would make this test slow. */
static int set_up(void **state)
{
	const char *root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	struct mmr_error err = { 0 };
	struct rng rng;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/mmr-repair-XXXXXX", root);
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/trace.zst", dir);
	snprintf(damaged, sizeof(damaged), "%s/damaged.zst", dir);
	snprintf(repaired, sizeof(repaired), "%s/repaired.zst", dir);
	base_rng_init(&rng, 8);
	return model_write(&model, &rng, path, 2, 700) < 0 ||
	                       base_read_file(path, 1 << 20, &file, &file_size, &err) < 0
	               ? -1
	               : 0;
}

static int tear_down(void **state)
{
	(void)state;
	base_free(file);
	unlink(path);
	unlink(damaged);
	unlink(repaired);
	return rmdir(dir);
}

static void put_file(const char *data, size_t size)
{
	FILE *f = fopen(damaged, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

struct reading {
	struct mmr_event events[MAX_EVENTS];
	size_t nr_events;
	uint64_t nr_lost;
	uint32_t nr_snapshots;
	bool told; /* that something is missing */
};

static int read_trace(const char *name, struct reading *r)
{
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;
	int ret = mmr_trace_open(name, NULL, &trace, &err);

	r->nr_events = 0;
	r->nr_lost = 0;
	if (ret < 0)
		return ret;
	while (r->nr_events < MAX_EVENTS &&
	       mmr_trace_next(trace, &r->events[r->nr_events], &err) > 0) {
		if (r->events[r->nr_events].kind == MMR_EVENT_LOST)
			r->nr_lost += r->events[r->nr_events].lost.nr_events;
		else
			r->nr_events++;
	}
	r->nr_snapshots = mmr_trace_info(trace)->nr_snapshots;
	r->told = mmr_trace_damage(trace)->text[0] || mmr_trace_info(trace)->repaired ||
	          mmr_trace_info(trace)->truncated || !mmr_trace_info(trace)->indexed;
	mmr_trace_close(trace);
	return 0;
}

static void expect_zstd_takes_it(void)
{
	static char out[4 << 20];
	struct mmr_error err = { 0 };
	char *data;
	size_t size;

	assert_int_equal(base_read_file(repaired, 1 << 22, &data, &size, &err), 0);
	assert_false(ZSTD_isError(ZSTD_decompress(out, sizeof(out), data, size)));
	base_free(data);
}

static void expect_sound(const char *what, size_t at)
{
	struct mmr_verification *v;
	struct mmr_error err = { 0 };

	if (mmr_trace_verify(repaired, NULL, &v, &err) < 0)
		fail_msg("%s %zu: %s", what, at, err.text);
	if (!mmr_verification_sound(v))
		fail_msg("%s %zu: %s", what, at, mmr_verification_finding(v, 0)->text);
	mmr_verification_free(v);
}

/* Whether it could be repaired. */
static bool repair(const char *what, size_t at, const char *data, size_t size)
{
	static struct reading before;
	static struct reading after;
	struct mmr_repair_options options = { .force = true };
	struct mmr_repair_report report;
	struct mmr_error err = { 0 };
	char *now;
	size_t now_size;
	int ret;

	put_file(data, size);
	ret = mmr_trace_repair(damaged, repaired, &options, &report, &err);
	assert_int_equal(read_trace(damaged, &before), ret);
	assert_int_equal(base_read_file(damaged, 1 << 20, &now, &now_size, &err), 0);
	assert_int_equal(now_size, size);
	assert_memory_equal(now, data, size);
	base_free(now);
	if (ret < 0)
		return false;
	expect_sound(what, at);
	expect_zstd_takes_it();
	assert_int_equal(read_trace(repaired, &after), 0);
	if (after.nr_events != before.nr_events ||
	    memcmp(after.events, before.events, before.nr_events * sizeof(before.events[0])) != 0)
		fail_msg("%s %zu: %zu events before, %zu after", what, at, before.nr_events,
		         after.nr_events);
	assert_int_equal(after.nr_lost, before.nr_lost);
	assert_int_equal(after.nr_events, report.nr_events);
	assert_int_equal(after.nr_snapshots <= before.nr_snapshots, 1);
	assert_int_equal(after.told, !report.was_sound);
	if (before.told)
		assert_true(after.told);
	return true;
}

static void a_file_that_was_cut_is_made_whole(void **state)
{
	size_t nr_repaired = 0;

	(void)state;
	for (size_t size = 0; size < file_size; size += size % 11 + 3)
		nr_repaired += repair("cut at", size, file, size);
	assert_true(nr_repaired > 300);
}

static void a_file_with_changed_bytes_is_made_whole(void **state)
{
	size_t nr_repaired = 0;

	(void)state;
	for (size_t at = 0; at < file_size; at += at % 13 + 3) {
		file[at] ^= (char)(1 + at % 255);
		nr_repaired += repair("changed at", at, file, file_size);
		file[at] ^= (char)(1 + at % 255);
	}
	assert_true(nr_repaired > 300);
}

static void a_sound_file_is_left_alone_in_place(void **state)
{
	struct mmr_repair_options options = { .in_place = true };
	struct mmr_repair_report report;
	struct mmr_error err = { 0 };
	struct stat before;
	struct stat after;
	char old[112];

	(void)state;
	put_file(file, file_size);
	snprintf(old, sizeof(old), "%s.old", damaged);
	assert_int_equal(stat(damaged, &before), 0);
	assert_int_equal(mmr_trace_repair(damaged, NULL, &options, &report, &err), 0);
	assert_true(report.was_sound);
	assert_int_equal(stat(damaged, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	/* And a cut one takes its name, while what was there stays as .old. */
	put_file(file, file_size / 2);
	assert_int_equal(mmr_trace_repair(damaged, NULL, &options, &report, &err), 0);
	assert_false(report.was_sound);
	assert_int_equal(stat(old, &after), 0);
	assert_int_equal(after.st_size, file_size / 2);
	assert_int_equal(rename(damaged, repaired), 0);
	expect_sound("in place", 0);
	/* Not again: a repaired file is sound, and says still what was repaired. */
	assert_int_equal(rename(repaired, damaged), 0);
	assert_int_equal(mmr_trace_repair(damaged, NULL, &options, &report, &err), 0);
	assert_true(report.was_sound);
	unlink(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_was_cut_is_made_whole),
		cmocka_unit_test(a_file_with_changed_bytes_is_made_whole),
		cmocka_unit_test(a_sound_file_is_left_alone_in_place),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
