/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The writer with threads of its own, into files, streams, several files, and a ring. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "io.h"
#include "writer_feed.h"

#define CPUS 3u

static char dir[] = "/tmp/mmr-thread-XXXXXX";
static char path[64];
static struct model model;

static int set_up(void **state)
{
	(void)state;
	memcpy(dir, "/tmp/mmr-thread-XXXXXX", sizeof(dir));
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/trace.zst", dir);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static struct mmr_writer_options threaded(uint32_t nr_threads)
{
	return (struct mmr_writer_options){
		.nr_cpus = CPUS,
		.subbuf_size = PAGE_BYTES,
		.frame_size = 4 * PAGE_BYTES,
		.nr_threads = nr_threads,
		.queue_frames = 4,
		.thread_name = "test",
		.io = MMR_WRITER_UNCACHED,
	};
}

static struct mmr_writer *create(const struct mmr_writer_options *options)
{
	struct mmr_error err = { 0 };
	struct mmr_writer *w;

	if (mmr_writer_create(path, options, &w, &err) < 0 || model_header(w, &err) < 0)
		fail_msg("%s", err.text);
	return w;
}

static void finish(struct mmr_writer *w)
{
	struct mmr_error err = { 0 };

	if (mmr_writer_finish(w, &err) < 0)
		fail_msg("%s", err.text);
}

/* ---- files ---- */

static void what_threads_write_is_what_was_given(void **state)
{
	(void)state;
	for (uint32_t nr_threads = 0; nr_threads < 4; nr_threads++) {
		struct mmr_writer_options options = threaded(nr_threads);
		struct mmr_error err = { 0 };
		struct mmr_event event;
		struct mmr_trace *trace;
		struct rng rng;
		size_t n = 0;

		base_rng_init(&rng, 7);
		options.force = true;
		assert_int_equal(model_write_as(&model, &rng, path, &options, 1000), 0);
		assert_int_equal(mmr_trace_open(path, NULL, &trace, &err), 0);
		assert_true(mmr_trace_info(trace)->indexed);
		assert_int_equal(mmr_trace_info(trace)->nr_events, model.nr_events);
		assert_int_equal(mmr_trace_info(trace)->nr_snapshots, 1);
		assert_int_equal(mmr_trace_info(trace)->nr_access_frames, 1);
		while (mmr_trace_next(trace, &event, &err) > 0)
			assert_true(model_equal(&model.events[n++], &event));
		assert_int_equal(n, model.nr_events);
		mmr_trace_close(trace);
	}
}

static void many_feed_it_at_a_time(void **state)
{
	struct mmr_writer_options options = threaded(2);
	struct mmr_writer *w = create(&options);
	struct mmr_writer_stats stats;
	struct feed feeds[CPUS] = { 0 };
	struct fed fed[CPUS];
	struct mmr_error err = { 0 };
	uint64_t frames = 0;

	(void)state;
	for (uint32_t cpu = 0; cpu < CPUS; cpu++)
		feed_start(&feeds[cpu], w, cpu, 500 + cpu);
	for (int i = 0; i < 20; i++)
		assert_int_equal(model_lists(&model, w, &err), 0);
	for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
		feed_join(&feeds[cpu]);
		assert_int_equal(feeds[cpu].ret, 0);
	}
	mmr_writer_stats(w, &stats);
	finish(w);
	for (int i = 0; i < MMR_WRITER_STEPS; i++)
		frames += stats.frames[i];
	assert_in_range(frames, 3 * 500 / 4 - 8, 3 * 502 / 4);
	mmr_trace_close(feed_read(path, fed, CPUS));
	for (uint32_t cpu = 0; cpu < CPUS; cpu++)
		assert_int_equal(fed[cpu].nr_events, (500 + cpu) * FEED_EVENTS_A_PAGE);
}

static void the_same_calls_give_the_same_file(void **state)
{
	char *data[2];
	size_t size[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct mmr_writer_options options = threaded(0);
		struct mmr_error err = { 0 };
		struct rng rng;

		options.force = true;
		options.io = i ? MMR_WRITER_UNCACHED : MMR_WRITER_CACHED;
		base_rng_init(&rng, 9);
		assert_int_equal(model_write_as(&model, &rng, path, &options, 1000), 0);
		assert_int_equal(base_read_file(path, 1 << 26, &data[i], &size[i], &err), 0);
	}
	assert_int_equal(size[0], size[1]);
	assert_memory_equal(data[0], data[1], size[0]);
	free(data[0]);
	free(data[1]);
}

static void the_largest_frames_pass(void **state)
{
	struct mmr_writer_options options = threaded(1);
	struct mmr_error err = { 0 };
	struct feed feed = { 0 };
	struct fed fed[CPUS];
	struct mmr_writer *w;

	(void)state;
	options.frame_size = 4 << 20;
	options.queue_frames = 1;
	options.level = -131072;
	feed.writer = create(&options);
	for (int i = 0; i < 4000; i++)
		assert_int_equal(feed_page(&feed), 0);
	finish(feed.writer);
	mmr_trace_close(feed_read(path, fed, CPUS));
	assert_int_equal(fed[0].nr_events, 4000 * FEED_EVENTS_A_PAGE);
	options.ring_bytes = 4 << 20;
	assert_int_equal(mmr_writer_create(NULL, &options, &w, &err), MMR_E_INVALID);
}

/* ---- threads ---- */

static bool all_blocked(int32_t tid)
{
	char name[64];
	char line[128];
	unsigned long long mask = 0;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/self/task/%d/status", tid);
	file = fopen(name, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "SigBlk: %llx", &mask);
	fclose(file);
	return mask >> (SIGTERM - 1) & mask >> (SIGUSR1 - 1) & mask >> (SIGPIPE - 1) & 1;
}

static void threads_have_numbers_and_names(void **state)
{
	static const char *const names[] = { "test/z0\n", "test/z1\n", "test/out\n" };
	struct mmr_writer_options options = threaded(2);
	struct mmr_writer *w = create(&options);
	int32_t tids[4];

	(void)state;
	assert_int_equal(mmr_writer_tids(w, tids, 0), 3);
	assert_int_equal(mmr_writer_tids(w, tids, 4), 3);
	for (int i = 0; i < 3; i++) {
		struct mmr_error err = { 0 };
		char name[64];
		char *comm;
		size_t size;

		snprintf(name, sizeof(name), "/proc/self/task/%d/comm", tids[i]);
		assert_int_equal(base_read_file(name, 100, &comm, &size, &err), 0);
		assert_string_equal(comm, names[i]);
		free(comm);
		assert_true(all_blocked(tids[i]));
	}
	mmr_writer_abort(w);
	assert_int_equal(access(path, F_OK), -1);
}

/* ---- trouble ---- */

/* Whether a file that is still written has so many events. */
static bool holds(const char *partial, uint64_t nr_events)
{
	struct mmr_error err = { 0 };
	struct mmr_event event;
	struct mmr_trace *trace;
	uint64_t nr_found = 0;

	if (mmr_trace_open(partial, NULL, &trace, &err) < 0)
		return false;
	/* It has no index that would tell. */
	while (mmr_trace_next(trace, &event, &err) > 0)
		nr_found++;
	mmr_trace_close(trace);
	return nr_found >= nr_events;
}

static void a_killed_recorder_leaves_what_went_out(void **state)
{
	char partial[80];
	struct fed fed[CPUS];
	struct mmr_trace *trace;
	pid_t child;
	int status;

	(void)state;
	snprintf(partial, sizeof(partial), "%s.partial", path);
	child = fork();
	if (child == 0) {
		struct mmr_writer_options options = threaded(1);
		struct mmr_writer *w = create(&options);
		struct feed feed = { .writer = w };

		for (int i = 0; i < 401; i++)
			feed.ret |= feed_page(&feed);
		while (feed.ret == 0 && !holds(partial, 400 * FEED_EVENTS_A_PAGE))
			usleep(50000);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	trace = feed_read(partial, fed, CPUS);
	assert_false(mmr_trace_info(trace)->truncated);
	assert_int_equal(mmr_trace_damage(trace)->nr_bytes, 0);
	assert_int_equal(fed[0].nr_events, 400 * FEED_EVENTS_A_PAGE);
	mmr_trace_close(trace);
}

static void a_full_disk_leaves_a_whole_file(void **state)
{
	(void)state;
	for (uint32_t nr_threads = 0; nr_threads < 2; nr_threads++) {
		struct rlimit before;
		/* Several batches: one that does not fit is lost as a whole, however late its thread comes to it. */
		struct rlimit small = { .rlim_cur = 2000000, .rlim_max = RLIM_INFINITY };
		struct mmr_writer_options options = threaded(nr_threads);
		struct mmr_error err = { 0 };
		struct fed fed[CPUS];
		struct mmr_trace *trace;
		struct feed feed = { 0 };
		char partial[80];

		getrlimit(RLIMIT_FSIZE, &before);
		small.rlim_max = before.rlim_max;
		setrlimit(RLIMIT_FSIZE, &small);
		options.level = -7;
		feed.writer = create(&options);
		for (int i = 0; i < 20000 && feed.ret == 0; i++)
			feed.ret = feed_page(&feed);
		assert_int_not_equal(feed.ret, 0);
		assert_int_equal(mmr_writer_finish(feed.writer, &err), feed.ret);
		setrlimit(RLIMIT_FSIZE, &before);
		snprintf(partial, sizeof(partial), "%s.partial", path);
		assert_non_null(strstr(err.text, partial));
		trace = feed_read(partial, fed, CPUS);
		assert_true(mmr_trace_info(trace)->indexed);
		assert_int_equal(mmr_trace_info(trace)->nr_events, fed[0].nr_events);
		assert_int_equal(mmr_trace_count(trace, 0)->nr_events, fed[0].nr_events);
		assert_true(fed[0].nr_events > 1000);
		mmr_trace_close(trace);
		unlink(partial);
	}
}

/* ---- streams ---- */

struct collector {
	int fd;
	size_t limit; /* then it goes away */
	char *data;
	size_t size;
};

static void *collect(void *arg)
{
	struct collector *c = arg;
	ssize_t got;

	while (c->size < c->limit && (got = read(c->fd, c->data + c->size, 5000)) > 0)
		c->size += (size_t)got;
	close(c->fd);
	return NULL;
}

static void write_file(const char *name, const char *data, size_t size)
{
	struct mmr_error err = { 0 };
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(base_write_all(fd, data, size, name, &err), 0);
	close(fd);
}

static int stream(struct collector *c, uint32_t nr_threads, struct mmr_error *err)
{
	struct mmr_writer_options options = threaded(nr_threads);
	struct feed feed = { 0 };
	pthread_t thread;
	int fds[2];
	int ret;

	assert_int_equal(pipe(fds), 0);
	c->fd = fds[0];
	c->data = calloc(1, 1 << 22);
	pthread_create(&thread, NULL, collect, c);
	assert_int_equal(mmr_writer_create_stream(fds[1], "a pipe", &options, &feed.writer, err),
	                 0);
	assert_int_equal(model_header(feed.writer, err), 0);
	for (int i = 0; i < 400 && feed.ret == 0; i++)
		feed.ret = feed_page(&feed);
	ret = mmr_writer_finish(feed.writer, err);
	close(fds[1]);
	pthread_join(thread, NULL);
	return ret;
}

static void a_stream_is_a_file(void **state)
{
	(void)state;
	for (uint32_t nr_threads = 0; nr_threads < 3; nr_threads++) {
		struct collector c = { .limit = SIZE_MAX };
		struct mmr_error err = { 0 };
		struct mmr_trace *trace;
		struct fed fed[CPUS];

		assert_int_equal(stream(&c, nr_threads, &err), 0);
		write_file(path, c.data, c.size);
		trace = feed_read(path, fed, CPUS);
		assert_true(mmr_trace_info(trace)->indexed);
		assert_int_equal(fed[0].nr_events, 400 * FEED_EVENTS_A_PAGE);
		mmr_trace_close(trace);
		/* Cut anywhere, it can be read up to there. */
		write_file(path, c.data, c.size * 2 / 3);
		trace = feed_read(path, fed, CPUS);
		assert_in_range(fed[0].nr_events, 100 * FEED_EVENTS_A_PAGE,
		                399 * FEED_EVENTS_A_PAGE);
		mmr_trace_close(trace);
		free(c.data);
	}
}

static void a_reader_that_goes_away_ends_the_stream(void **state)
{
	struct collector c = { .limit = 20000 };
	struct mmr_error err = { 0 };

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(stream(&c, 1, &err), MMR_E_IO);
	assert_int_equal(err.sys_errno, EPIPE);
	assert_non_null(strstr(err.text, "a pipe"));
	free(c.data);
}

/* ---- several files ---- */

static void part_name(char *name, size_t size, unsigned int number)
{
	snprintf(name, size, "%s/rec.%04u.zst", dir, number);
}

#define PARTS     5u
#define FED_PAGES 300u
#define A_PART    50u /* pages of each CPU between two rotations, and as many more while one is made */

static void rotate_while_fed(uint32_t nr_threads)
{
	struct mmr_writer_options options = threaded(nr_threads);
	struct mmr_error err = { 0 };
	struct feed feeds[CPUS] = { 0 };
	struct fed expected[CPUS] = { 0 };
	_Atomic uint32_t limit = 2 * A_PART;
	struct mmr_writer *w;
	char id[64] = "";

	options.rotate = true;
	part_name(path, sizeof(path), 1);
	w = create(&options);
	for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
		feeds[cpu].pause_us = 200;
		feeds[cpu].limit = &limit;
		feed_start(&feeds[cpu], w, cpu, FED_PAGES);
	}
	for (unsigned int part = 2; part <= PARTS; part++) {
		char name[64];

		feed_await(feeds, CPUS, (part - 1) * A_PART);
		part_name(name, sizeof(name), part);
		assert_int_equal(model_lists(&model, w, &err), 0);
		assert_int_equal(mmr_writer_trailer_text(w, "saved_cmdlines", "1 a\n", 4, &err), 0);
		assert_int_equal(mmr_writer_rotate(w, name, &err), 0);
		atomic_store(&limit, (part + 1) * A_PART);
	}
	for (uint32_t cpu = 0; cpu < CPUS; cpu++)
		feed_join(&feeds[cpu]);
	finish(w);
	for (unsigned int part = 1; part <= PARTS; part++) {
		struct fed fed[CPUS];
		struct mmr_trace *trace;
		char name[64];
		const char *paths[] = { name };

		part_name(name, sizeof(name), part);
		assert_int_equal(mmr_trace_open_parts(paths, 1, NULL, &trace, &err), 0);
		/* The name of the first means all of them. */
		if (part > 1) {
			assert_int_equal(mmr_trace_info(trace)->nr_snapshots, part < PARTS);
			assert_int_equal(mmr_trace_info(trace)->nr_access_frames, part < PARTS);
		}
		assert_int_equal(strtoul(mmr_trace_text(trace, "rotation.part", NULL), NULL, 10),
		                 part);
		if (part == 1)
			snprintf(id, sizeof(id), "%s", mmr_trace_text(trace, "rotation.id", NULL));
		assert_int_equal(strlen(id), 32);
		assert_string_equal(mmr_trace_text(trace, "rotation.id", NULL), id);
		assert_int_equal(!!mmr_trace_text(trace, "saved_cmdlines", NULL), part < PARTS);
		mmr_trace_close(trace);
		if (part == 1)
			continue;
		mmr_trace_close(feed_read(name, fed, CPUS));
		for (uint32_t cpu = 0; cpu < CPUS; cpu++)
			expected[cpu].nr_events += fed[cpu].nr_events;
	}
	{
		struct fed fed[CPUS];
		struct mmr_trace *trace = feed_read(path, fed, CPUS);

		assert_int_equal(mmr_trace_info(trace)->nr_parts, PARTS);
		assert_int_equal(mmr_trace_info(trace)->nr_events,
		                 CPUS * FED_PAGES * FEED_EVENTS_A_PAGE);
		mmr_trace_close(trace);
		for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
			assert_int_equal(fed[cpu].nr_events, FED_PAGES * FEED_EVENTS_A_PAGE);
			assert_true(expected[cpu].nr_events < fed[cpu].nr_events);
			assert_true(expected[cpu].nr_events > 0);
		}
	}
}

static void several_files_hold_everything_once(void **state)
{
	(void)state;
	rotate_while_fed(2);
}

static void several_files_without_threads(void **state)
{
	(void)state;
	rotate_while_fed(0);
}

static void a_file_that_exists_ends_nothing(void **state)
{
	struct mmr_writer_options options = threaded(1);
	struct mmr_error err = { 0 };
	struct feed feed = { 0 };
	struct mmr_trace *trace;
	struct fed fed[CPUS];
	char other[64];

	(void)state;
	snprintf(other, sizeof(other), "%s/other.zst", dir);
	write_file(other, "x", 1);
	options.rotate = true;
	feed.writer = create(&options);
	assert_int_equal(feed_page(&feed), 0);
	assert_int_equal(mmr_writer_rotate(feed.writer, other, &err), MMR_E_EXISTS);
	assert_int_equal(feed_page(&feed), 0);
	finish(feed.writer);
	trace = feed_read(path, fed, CPUS);
	assert_int_equal(fed[0].nr_events, 2 * FEED_EVENTS_A_PAGE);
	mmr_trace_close(trace);
}

/* ---- the ring ---- */

static void light_snapshot(struct mmr_writer *w, uint64_t t_ns)
{
	struct mmr_error err = { 0 };
	struct mmr_snapshot_piece piece = { .name = "proc/vmstat",
		                            .data = (const uint8_t *)"nr_free_pages 1\n",
		                            .size = 16,
		                            .begin_ns = t_ns,
		                            .end_ns = t_ns + 1 };

	assert_int_equal(mmr_writer_snapshot_begin(w, MMR_SNAPSHOT_LIGHT, t_ns, &err), 0);
	assert_int_equal(mmr_writer_snapshot_piece(w, &piece, &err), 0);
	assert_int_equal(mmr_writer_snapshot_end(w, t_ns + 2, &err), 0);
}

/* What is in a saved ring is whole from ring.begin_ns on. */
static void check_ring(const char *name, uint32_t nr_cpus, uint64_t *nr_events)
{
	struct fed fed[CPUS];
	struct mmr_trace *trace = feed_read(name, fed, nr_cpus);
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	uint64_t begin = strtoull(mmr_trace_text(trace, "ring.begin_ns", NULL), NULL, 10);

	assert_true(info->ring);
	assert_true(info->indexed);
	*nr_events = 0;
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++) {
		*nr_events += fed[cpu].nr_events;
		if (fed[cpu].nr_events && begin)
			assert_true(feed_time(fed[cpu].first, cpu) <= begin + FEED_STEP_NS);
	}
	assert_int_equal(info->nr_events, *nr_events);
	for (uint32_t i = 0; i < info->nr_snapshots; i++) {
		struct mmr_error err = { 0 };
		struct mmr_snapshot *snapshot;

		assert_int_equal(mmr_trace_snapshot(trace, i, &snapshot, &err), 0);
		mmr_snapshot_free(snapshot);
	}
	for (uint32_t i = 0; i < info->nr_access_frames; i++) {
		struct mmr_error err = { 0 };
		struct mmr_access_sample sample;

		assert_int_equal(mmr_trace_access_sample(trace, i, &sample, &err), 0);
	}
	mmr_trace_close(trace);
}

static void ring_while_fed(uint32_t nr_threads)
{
	struct mmr_writer_options options = threaded(nr_threads);
	struct mmr_error err = { 0 };
	struct mmr_writer_stats stats;
	struct feed feeds[CPUS] = { 0 };
	struct mmr_writer *w;
	uint64_t nr_events;

	options.ring_bytes = 4 << 20;
	options.level = -100; /* hardly compresses: it is full soon */
	w = create(&options);
	assert_int_equal(model_lists(&model, w, &err), 0);
	for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
		feeds[cpu].pause_us = 20;
		feed_start(&feeds[cpu], w, cpu, 1500);
	}
	for (unsigned int i = 0; i < 4; i++) {
		char name[64];

		usleep(20000);
		light_snapshot(w, 1000000 + i);
		part_name(name, sizeof(name), i);
		assert_int_equal(mmr_writer_ring_save(w, name, 0, &err), 0);
		check_ring(name, CPUS, &nr_events);
	}
	for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
		feed_join(&feeds[cpu]);
		assert_int_equal(feeds[cpu].ret, 0);
	}
	assert_int_equal(mmr_writer_trailer_text(w, "saved_cmdlines", "1 a\n", 4, &err), 0);
	assert_int_equal(mmr_writer_ring_save(w, path, 0, &err), 0);
	check_ring(path, CPUS, &nr_events);
	mmr_writer_stats(w, &stats);
	assert_true(stats.ring_dropped_events > 0);
	assert_true(stats.file_bytes <= options.ring_bytes);
	assert_int_equal(stats.ring_dropped_events + nr_events, CPUS * 1500 * FEED_EVENTS_A_PAGE);
	finish(w);
}

static void a_ring_keeps_the_newest(void **state)
{
	(void)state;
	ring_while_fed(2);
}

static void a_ring_without_threads(void **state)
{
	(void)state;
	ring_while_fed(0);
}

static void a_ring_forgets_by_time(void **state)
{
	struct mmr_writer_options options = threaded(1);
	struct mmr_error err = { 0 };
	struct feed feed = { 0 };
	uint64_t nr_events;

	(void)state;
	options.ring_bytes = 8 << 20;
	options.ring_ns = 100 * FEED_EVENTS_A_PAGE * FEED_STEP_NS;
	feed.writer = create(&options);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(feed_page(&feed), 0);
	assert_int_equal(mmr_writer_ring_save(feed.writer, path, 0, &err), 0);
	check_ring(path, CPUS, &nr_events);
	assert_in_range(nr_events, 100 * FEED_EVENTS_A_PAGE, 110 * FEED_EVENTS_A_PAGE);
	/* Of these the last ten pages' time. */
	assert_int_equal(mmr_writer_ring_save(feed.writer, path,
	                                      feed_time(990 * FEED_EVENTS_A_PAGE, 0), &err),
	                 MMR_E_EXISTS);
	unlink(path);
	assert_int_equal(mmr_writer_ring_save(feed.writer, path,
	                                      feed_time(990 * FEED_EVENTS_A_PAGE, 0), &err),
	                 0);
	check_ring(path, CPUS, &nr_events);
	assert_in_range(nr_events, 10 * FEED_EVENTS_A_PAGE, 14 * FEED_EVENTS_A_PAGE);
	mmr_writer_abort(feed.writer);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_threads_write_is_what_was_given),
		TEST(many_feed_it_at_a_time),
		TEST(the_same_calls_give_the_same_file),
		TEST(the_largest_frames_pass),
		TEST(threads_have_numbers_and_names),
		TEST(a_killed_recorder_leaves_what_went_out),
		TEST(a_full_disk_leaves_a_whole_file),
		TEST(a_stream_is_a_file),
		TEST(a_reader_that_goes_away_ends_the_stream),
		TEST(several_files_hold_everything_once),
		TEST(several_files_without_threads),
		TEST(a_file_that_exists_ends_nothing),
		TEST(a_ring_keeps_the_newest),
		TEST(a_ring_without_threads),
		TEST(a_ring_forgets_by_time),
	};

	signal(SIGXFSZ, SIG_IGN);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
