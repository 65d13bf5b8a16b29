/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A recording cut into several files reads as one: the same events, counts, losses, snapshots, samples and
 * names as if it were one file; and what is missing of it is told.
 */
#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include <mmreplay/trace.h>

#include "reader.h"
#include "trace_model.h"

#define NR_CPUS   3u
#define NR_ROUNDS 40u

static char dir[] = "/tmp/mmr-parts-XXXXXX";
static char whole[64];
static char base[64];

static void name_part(char name[80], uint32_t part)
{
	snprintf(name, 80, "%s/rec.%04u.zst", dir, part);
}

static int set_up(void **state)
{
	(void)state;
	memcpy(dir, "/tmp/mmr-parts-XXXXXX", sizeof(dir));
	if (!mkdtemp(dir))
		return -1;
	snprintf(whole, sizeof(whole), "%s/whole.zst", dir);
	snprintf(base, sizeof(base), "%s/rec.zst", dir);
	return 0;
}

static int tear_down(void **state)
{
	struct dirent *entry;
	DIR *d = opendir(dir);

	(void)state;
	while (d && (entry = readdir(d))) {
		char name[400];

		snprintf(name, sizeof(name), "%s/%s", dir, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(name);
	}
	if (d)
		closedir(d);
	return rmdir(dir);
}

static struct mmr_writer *begin(const char *name, const char *id, uint32_t part)
{
	struct mmr_writer_options options = { .nr_cpus = NR_CPUS,
		                              .subbuf_size = PAGE_BYTES,
		                              .frame_size = PAGE_BYTES,
		                              .force = true };
	struct mmr_error err = { 0 };
	struct mmr_writer *w;
	char number[16];

	assert_int_equal(mmr_writer_create(name, &options, &w, &err), 0);
	snprintf(number, sizeof(number), "%u", part);
	if (part) {
		assert_int_equal(mmr_writer_text(w, "rotation.id", id, strlen(id), &err), 0);
		assert_int_equal(mmr_writer_text(w, "rotation.part", number, strlen(number), &err),
		                 0);
	}
	/* A second recording is a later one. */
	assert_int_equal(mmr_writer_text(w, "start_wall_ns", id, 1, &err), 0);
	assert_int_equal(model_header(w, &err), 0);
	return w;
}

/* What happens in one round, on each CPU: a page of events, sometimes a snapshot, sample or loss. */
static void write_round(struct mmr_writer *w, uint32_t round)
{
	static uint8_t idle[16];
	struct mmr_access_sample sample = { .begin_ns = round, .nr_pfns = 100, .idle = idle };
	struct mmr_snapshot_piece piece = { .name = "proc/buddyinfo",
		                            .data = (const uint8_t *)"Node 0\n",
		                            .size = 7 };
	struct mmr_error err = { 0 };

	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++) {
		struct test_page page;

		page_begin(&page, 1000 + round * 500 + cpu * 7);
		for (uint32_t i = 0; i < 5; i++) {
			struct model_event e = { .pfn = round * 100 + i,
				                 .cpu = cpu,
				                 .pid = 1 + round,
				                 .id = i == 4 ? MODEL_EXEC_ID : MODEL_FREE_ID };

			model_record(&page, 60, &e);
		}
		/* The kernel tells of 2 lost events before it. */
		page_commit(&page, round % 7 == 3 && cpu == 1 ? 3u << 30 : 0);
		le64_put(page.bytes + 16 + page.used, round % 7 == 3 && cpu == 1 ? 2 : 0);
		assert_int_equal(mmr_writer_pages(w, cpu, page.bytes, 1, &err), 0);
	}
	if (round % 4 == 0) {
		assert_int_equal(
			mmr_writer_snapshot_begin(w, MMR_SNAPSHOT_LIGHT, 100 + round, &err), 0);
		piece.offset = round;
		assert_int_equal(mmr_writer_snapshot_piece(w, &piece, &err), 0);
		assert_int_equal(mmr_writer_snapshot_end(w, 101 + round, &err), 0);
	}
	if (round % 5 == 0) {
		idle[0] = (uint8_t)round;
		assert_int_equal(mmr_writer_access(w, &sample, &err), 0);
	}
}

static void end(struct mmr_writer *w, const char *comms)
{
	struct mmr_error err = { 0 };

	assert_int_equal(mmr_writer_trailer_text(w, "saved_cmdlines", comms, strlen(comms), &err),
	                 0);
	assert_int_equal(mmr_writer_finish(w, &err), 0);
}

/* One file, and the same in parts of so many rounds. How many parts. */
static uint32_t write_both(const char *id, uint32_t rounds_a_part)
{
	struct mmr_writer *one = begin(whole, id, 0);
	struct mmr_writer *w = NULL;
	uint32_t part = 0;

	for (uint32_t round = 0; round < NR_ROUNDS; round++) {
		char name[80];

		if (round % rounds_a_part == 0) {
			if (w)
				end(w, part == 1 ? "9001 early\n" : "9002 middle\n");
			name_part(name, ++part);
			w = begin(name, id, part);
		}
		write_round(one, round);
		write_round(w, round);
	}
	end(one, "9001 early\n9002 middle\n9003 late\n");
	end(w, "9003 late\n");
	return part;
}

/* ---- comparison ---- */

static uint64_t expect_same_events(struct mmr_trace *a, struct mmr_trace *b)
{
	struct mmr_error err = { 0 };
	struct mmr_event x;
	struct mmr_event y;
	uint64_t count = 0;
	int ret;

	while ((ret = mmr_trace_next(a, &x, &err)) > 0) {
		assert_int_equal(mmr_trace_next(b, &y, &err), 1);
		assert_memory_equal(&x, &y, sizeof(x));
		count++;
	}
	assert_int_equal(ret, 0);
	assert_int_equal(mmr_trace_next(b, &y, &err), 0);
	return count;
}

static void expect_same_lists(struct mmr_trace *a, struct mmr_trace *b)
{
	const struct mmr_trace_info *info = mmr_trace_info(a);
	struct mmr_error err = { 0 };

	assert_int_equal(info->nr_snapshots, mmr_trace_info(b)->nr_snapshots);
	assert_int_equal(info->nr_access_frames, mmr_trace_info(b)->nr_access_frames);
	for (uint32_t i = 0; i < info->nr_snapshots; i++) {
		struct mmr_snapshot *x;
		struct mmr_snapshot *y;
		struct mmr_snapshot_piece p;
		struct mmr_snapshot_piece q;

		assert_int_equal(mmr_trace_snapshot_info(a, i)->begin_ns,
		                 mmr_trace_snapshot_info(b, i)->begin_ns);
		assert_int_equal(mmr_trace_snapshot_info(a, i)->kind,
		                 mmr_trace_snapshot_info(b, i)->kind);
		assert_int_equal(mmr_trace_snapshot(a, i, &x, &err), 0);
		assert_int_equal(mmr_trace_snapshot(b, i, &y, &err), 0);
		assert_true(mmr_snapshot_find(x, "proc/buddyinfo", &p));
		assert_true(mmr_snapshot_find(y, "proc/buddyinfo", &q));
		assert_int_equal(p.offset, q.offset);
		mmr_snapshot_free(x);
		mmr_snapshot_free(y);
	}
	for (uint32_t i = 0; i < info->nr_access_frames; i++) {
		struct mmr_access_sample x;
		struct mmr_access_sample y;
		uint8_t first;

		assert_int_equal(mmr_trace_access_sample(a, i, &x, &err), 0);
		first = x.idle[0];
		assert_int_equal(mmr_trace_access_sample(b, i, &y, &err), 0);
		assert_int_equal(x.begin_ns, y.begin_ns);
		assert_int_equal(first, y.idle[0]);
	}
}

static void expect_same_info(struct mmr_trace *a, struct mmr_trace *b)
{
	const struct mmr_trace_info *x = mmr_trace_info(a);
	const struct mmr_trace_info *y = mmr_trace_info(b);
	const struct mmr_event_count *count;

	assert_int_equal(x->nr_events, y->nr_events);
	assert_int_equal(x->nr_lost, y->nr_lost);
	assert_int_equal(x->first_ns, y->first_ns);
	assert_int_equal(x->last_ns, y->last_ns);
	assert_int_equal(x->raw_size, y->raw_size);
	assert_int_equal(x->nr_zones, y->nr_zones);
	assert_true(y->indexed);
	assert_false(y->truncated);
	for (uint32_t i = 0; (count = mmr_trace_count(a, i)); i++)
		assert_memory_equal(count, mmr_trace_count(b, i), sizeof(*count));
	assert_string_equal(mmr_trace_comm(b, 9001), "early");
	assert_string_equal(mmr_trace_comm(b, 9002), "middle");
	assert_string_equal(mmr_trace_comm(b, 9003), "late");
	assert_string_equal(mmr_trace_text(b, "saved_cmdlines", NULL), "9003 late\n");
}

static struct mmr_trace *open_one(const char *name, unsigned int nr_threads)
{
	struct mmr_trace_options options = { .nr_threads = nr_threads };
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;

	if (mmr_trace_open(name, &options, &trace, &err) < 0)
		fail_msg("%s: %s", name, err.text);
	return trace;
}

/* ---- tests ---- */

static void parts_read_as_one_file_does(void **state)
{
	static const uint32_t sizes[] = { 1, 3, 7, 13 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t nr_parts = write_both("1", sizes[i]);
		char first[80];

		name_part(first, 1);
		for (unsigned int nr_threads = 0; nr_threads < 3; nr_threads += 2) {
			struct mmr_trace *one = open_one(whole, nr_threads);
			struct mmr_trace *parts = open_one(i % 2 ? base : first, nr_threads);

			assert_int_equal(mmr_trace_info(parts)->nr_parts, nr_parts);
			assert_int_equal(mmr_trace_info(parts)->first_part, 1);
			assert_false(mmr_trace_info(parts)->starts_late);
			expect_same_info(one, parts);
			assert_true(expect_same_events(one, parts) > 5u * NR_CPUS * NR_ROUNDS);
			assert_int_equal(mmr_trace_rewind(one, NULL), 0);
			assert_int_equal(mmr_trace_rewind(parts, NULL), 0);
			expect_same_lists(one, parts);
			expect_same_events(one, parts);
			assert_string_equal(mmr_trace_damage(parts)->text, "");
			mmr_trace_close(one);
			mmr_trace_close(parts);
		}
		tear_down(state);
		set_up(state);
	}
}

/* As the recorder does it: one writer, which changes its file. */
static void what_the_writer_rotates_reads_as_one_file(void **state)
{
	struct mmr_writer_options options = { .nr_cpus = NR_CPUS,
		                              .subbuf_size = PAGE_BYTES,
		                              .frame_size = PAGE_BYTES,
		                              .rotate = true,
		                              .nr_threads = 2 };
	struct mmr_writer *one = begin(whole, "1", 0);
	struct mmr_error err = { 0 };
	struct mmr_writer *w;
	struct mmr_trace *a;
	struct mmr_trace *b;
	char name[80];

	(void)state;
	name_part(name, 1);
	assert_int_equal(mmr_writer_create(name, &options, &w, &err), 0);
	assert_int_equal(mmr_writer_text(w, "start_wall_ns", "1", 1, &err), 0);
	assert_int_equal(model_header(w, &err), 0);
	for (uint32_t round = 0; round < NR_ROUNDS; round++) {
		name_part(name, round / 7 + 1);
		if (round > 0 && round % 7 == 0) {
			const char *comms = round == 7 ? "9001 early\n" : "9002 middle\n";

			assert_int_equal(mmr_writer_trailer_text(w, "saved_cmdlines", comms,
			                                         strlen(comms), &err),
			                 0);
			assert_int_equal(mmr_writer_rotate(w, name, &err), 0);
		}
		write_round(one, round);
		write_round(w, round);
	}
	end(one, "9001 early\n9002 middle\n9003 late\n");
	end(w, "9003 late\n");
	a = open_one(whole, 0);
	b = open_one(base, 0);
	assert_int_equal(mmr_trace_info(b)->nr_parts, (NR_ROUNDS + 6) / 7);
	expect_same_info(a, b);
	expect_same_events(a, b);
	expect_same_lists(a, b);
	mmr_trace_close(a);
	mmr_trace_close(b);
}

static void files_beyond_those_held_open_are_read_too(void **state)
{
	struct mmr_trace *one;
	struct mmr_trace *parts;

	(void)state;
	write_both("1", 1);
	one = open_one(whole, 0);
	parts = open_one(base, 2);
	for (size_t i = 1; i < parts->parts.count; i += 2) {
		close(parts->parts.items[i].fd);
		parts->parts.items[i].fd = -1;
	}
	expect_same_events(one, parts);
	mmr_trace_close(one);
	mmr_trace_close(parts);
}

static uint64_t count_holes(struct mmr_trace *trace, uint64_t *nr_events)
{
	struct mmr_error err = { 0 };
	struct mmr_event event;
	uint64_t last = 0;
	uint64_t holes = 0;

	*nr_events = 0;
	while (mmr_trace_next(trace, &event, &err) > 0) {
		assert_true(event.t_ns >= last);
		last = event.t_ns;
		if (event.kind != MMR_EVENT_LOST)
			(*nr_events)++;
		else if (event.lost.nr_events == 0)
			holes++;
	}
	return holes;
}

static void a_missing_part_is_a_hole_that_is_told(void **state)
{
	struct mmr_trace *trace;
	uint64_t nr_events;
	char name[80];

	(void)state;
	write_both("1", 8); /* 5 parts */
	name_part(name, 3);
	unlink(name);
	trace = open_one(base, 0);
	assert_int_equal(mmr_trace_info(trace)->nr_parts, 4);
	assert_int_equal(mmr_trace_info(trace)->nr_missing_parts, 1);
	assert_false(mmr_trace_info(trace)->starts_late);
	assert_int_equal(mmr_trace_damage(trace)->nr_frames, 1);
	assert_non_null(strstr(mmr_trace_damage(trace)->text, "before part 4 is missing"));
	assert_int_equal(count_holes(trace, &nr_events), NR_CPUS);
	assert_int_equal(nr_events, 5u * NR_CPUS * (NR_ROUNDS - 8));
	mmr_trace_close(trace);
}

static void without_the_oldest_it_begins_in_the_middle(void **state)
{
	struct mmr_trace *trace;
	uint64_t nr_events;
	char name[80];

	(void)state;
	write_both("1", 8);
	for (uint32_t part = 1; part <= 2; part++) {
		name_part(name, part);
		unlink(name);
	}
	trace = open_one(base, 0);
	assert_int_equal(mmr_trace_info(trace)->nr_parts, 3);
	assert_int_equal(mmr_trace_info(trace)->first_part, 3);
	assert_int_equal(mmr_trace_info(trace)->nr_missing_parts, 0);
	assert_true(mmr_trace_info(trace)->starts_late);
	assert_int_equal(count_holes(trace, &nr_events), 0);
	assert_int_equal(nr_events, 5u * NR_CPUS * (NR_ROUNDS - 16));
	mmr_trace_close(trace);
	/* A part by its own name is that part. */
	name_part(name, 4);
	trace = open_one(name, 0);
	assert_int_equal(mmr_trace_info(trace)->nr_parts, 1);
	assert_int_equal(mmr_trace_info(trace)->first_part, 4);
	assert_true(mmr_trace_info(trace)->starts_late);
	mmr_trace_close(trace);
}

static void files_may_be_given_in_any_order(void **state)
{
	static const uint32_t order[] = { 4, 1, 5, 3, 2 };
	const char *paths[5];
	char names[5][80];
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;
	struct mmr_trace *one;
	char pattern[80];

	(void)state;
	write_both("1", 8);
	for (size_t i = 0; i < 5; i++) {
		name_part(names[i], order[i]);
		paths[i] = names[i];
	}
	one = open_one(whole, 0);
	assert_int_equal(mmr_trace_open_parts(paths, 5, NULL, &trace, &err), 0);
	expect_same_events(one, trace);
	mmr_trace_close(trace);
	assert_int_equal(mmr_trace_rewind(one, &err), 0);
	snprintf(pattern, sizeof(pattern), "%s/rec.[0-9]*", dir);
	trace = open_one(pattern, 0);
	expect_same_events(one, trace);
	mmr_trace_close(trace);
	mmr_trace_close(one);
	paths[2] = paths[1];
	assert_int_equal(mmr_trace_open_parts(paths, 5, NULL, &trace, &err), MMR_E_INVALID);
	assert_non_null(strstr(err.text, "both part 1"));
	paths[2] = whole;
	assert_int_equal(mmr_trace_open_parts(paths, 5, NULL, &trace, &err), MMR_E_INVALID);
}

static void parts_of_another_recording_are_left_alone(void **state)
{
	const char *paths[2];
	char names[2][80];
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;
	char name[80];
	struct mmr_writer *w;

	(void)state;
	write_both("1", 8); /* 5 parts, of which a second recording has replaced 2 */
	for (uint32_t part = 1; part <= 2; part++) {
		name_part(name, part);
		w = begin(name, "2", part);
		write_round(w, part);
		end(w, "1 init\n");
	}
	trace = open_one(base, 0);
	assert_int_equal(mmr_trace_info(trace)->nr_parts, 2);
	assert_string_equal(mmr_trace_text(trace, "rotation.id", NULL), "2");
	mmr_trace_close(trace);
	for (uint32_t i = 0; i < 2; i++) {
		name_part(names[i], i * 3 + 1);
		paths[i] = names[i];
	}
	assert_int_equal(mmr_trace_open_parts(paths, 2, NULL, &trace, &err), MMR_E_INVALID);
	assert_non_null(strstr(err.text, "two recordings"));
}

/* The last part is cut, and still has the name that it had while it was written. */
static void the_last_part_of_a_killed_recorder_is_read(void **state)
{
	struct mmr_trace *trace;
	uint64_t nr_events;
	char partial[96];
	char name[80];
	uint64_t nr_all = 5u * NR_CPUS * NR_ROUNDS;

	(void)state;
	write_both("1", 8);
	name_part(name, 5);
	snprintf(partial, sizeof(partial), "%s.partial", name);
	assert_int_equal(rename(name, partial), 0);
	trace = open_one(name, 0) /* by the name that it would have got */;
	assert_int_equal(mmr_trace_info(trace)->nr_parts, 5);
	assert_int_equal(count_holes(trace, &nr_events), 0);
	assert_int_equal(nr_events, nr_all);
	mmr_trace_close(trace);
	assert_int_equal(truncate(partial, 3000), 0);
	trace = open_one(base, 0);
	assert_int_equal(mmr_trace_info(trace)->nr_parts, 5);
	assert_true(mmr_trace_info(trace)->truncated);
	assert_false(mmr_trace_info(trace)->indexed);
	assert_int_equal(mmr_trace_info(trace)->nr_events, UINT64_MAX);
	assert_int_equal(mmr_trace_info(trace)->raw_size, 0);
	count_holes(trace, &nr_events);
	assert_true(nr_events >= nr_all - 5u * NR_CPUS * 8 && nr_events < nr_all);
	mmr_trace_close(trace);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(parts_read_as_one_file_does),
		TEST(what_the_writer_rotates_reads_as_one_file),
		TEST(files_beyond_those_held_open_are_read_too),
		TEST(a_missing_part_is_a_hole_that_is_told),
		TEST(without_the_oldest_it_begins_in_the_middle),
		TEST(files_may_be_given_in_any_order),
		TEST(parts_of_another_recording_are_left_alone),
		TEST(the_last_part_of_a_killed_recorder_is_read),
	};
#undef TEST

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
