/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the writer wrote is what the reader gives: events in order, snapshots, samples, totals. */
#include "unit.h"

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mmreplay/trace.h>

#include "trace_model.h"

#define ROUNDS 40

static char dir[] = "/tmp/mmr-trace-XXXXXX";
static char path[64];
static struct model model;

static int set_up(void **state)
{
	(void)state;
	memcpy(dir, "/tmp/mmr-trace-XXXXXX", sizeof(dir));
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

static void check_events(struct mmr_trace *trace, bool only_free)
{
	struct mmr_error err = { 0 };
	struct mmr_event event;

	for (size_t i = 0; i < model.nr_events; i++) {
		const struct model_event *e = &model.events[i];
		const uint8_t *raw;
		size_t size;

		if (only_free && e->id != MODEL_FREE_ID)
			continue;
		assert_int_equal(mmr_trace_next(trace, &event, &err), 1);
		assert_true(model_equal(e, &event));
		raw = mmr_trace_raw(trace, &size);
		assert_non_null(raw);
		assert_int_equal(raw[0] | raw[1] << 8, e->id);
		assert_true(size == 20 || (size == 28 && e->id == MODEL_EXEC_ID));
		if (e->id == MODEL_EXEC_ID)
			assert_string_equal(mmr_trace_comm(trace, e->pid), "ls");
	}
	assert_int_equal(mmr_trace_next(trace, &event, &err), 0);
	assert_int_equal(mmr_trace_next(trace, &event, &err), 0);
	assert_null(mmr_trace_raw(trace, NULL));
}

static void check_totals(const struct mmr_trace *trace)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	uint64_t counts = 0;

	assert_true(info->indexed);
	assert_false(info->truncated);
	assert_int_equal(info->nr_cpus, model.nr_cpus);
	assert_int_equal(info->nr_events, model.nr_events);
	assert_int_equal(info->nr_lost, 0);
	if (model.nr_events) {
		assert_int_equal(info->first_ns, model.events[0].t_ns);
		assert_int_equal(info->last_ns, model.events[model.nr_events - 1].t_ns);
	}
	for (uint32_t i = 0; mmr_trace_count(trace, i); i++) {
		const struct mmr_event_count *count = mmr_trace_count(trace, i);

		counts += count->nr_events;
		assert_int_equal(count->kind,
		                 count->event_id == MODEL_FREE_ID   ? MMR_EVENT_MM_PAGE_FREE
		                 : count->event_id == MODEL_EXEC_ID ? MMR_EVENT_SCHED_PROCESS_EXEC
		                                                    : MMR_EVENT_OTHER);
	}
	assert_int_equal(counts, model.nr_events);
}

static void check_header(const struct mmr_trace *trace)
{
	const struct mmr_zone_info *zone;
	const char *system;
	const char *name;

	assert_string_equal(mmr_trace_info(trace)->kernel_release, "6.12.117");
	assert_string_equal(mmr_trace_info(trace)->clock, "mono");
	assert_int_equal(mmr_trace_info(trace)->page_size, 4096);
	assert_int_equal(mmr_trace_info(trace)->nr_zones, 2);
	zone = mmr_trace_zone(trace, 1);
	assert_string_equal(zone->name, "Normal");
	assert_int_equal(zone->index, 2);
	assert_int_equal(zone->start_pfn, 4096);
	assert_int_equal(zone->spanned, 1000);
	assert_int_equal(zone->managed, 800);
	assert_int_equal(zone->wmark_high, 30);
	assert_int_equal(mmr_trace_zone(trace, 0)->protection[1], 457);
	assert_null(mmr_trace_zone(trace, 2));
	assert_true(mmr_trace_has_event(trace, MMR_EVENT_MM_PAGE_FREE));
	assert_false(mmr_trace_has_event(trace, MMR_EVENT_MM_PAGE_ALLOC));
	assert_true(mmr_trace_event_id_name(trace, MODEL_FREE_ID, &system, &name));
	assert_string_equal(system, "kmem");
	assert_string_equal(name, "mm_page_free");
	assert_false(mmr_trace_event_id_name(trace, MODEL_UNKNOWN_ID, &system, &name));
	assert_string_equal(mmr_trace_comm(trace, 77 + (1u << 22)), "<...>");
}

static void check_lists(struct mmr_trace *trace)
{
	struct mmr_access_sample sample;
	struct mmr_snapshot *snapshot;
	struct mmr_snapshot_piece piece;
	struct mmr_error err = { 0 };

	assert_int_equal(mmr_trace_info(trace)->nr_snapshots, 1);
	assert_int_equal(mmr_trace_snapshot_info(trace, 0)->kind, MMR_SNAPSHOT_FULL);
	assert_int_equal(mmr_trace_snapshot_info(trace, 0)->begin_ns, 10);
	assert_int_equal(mmr_trace_snapshot_info(trace, 0)->end_ns, 13);
	assert_null(mmr_trace_snapshot_info(trace, 1));
	assert_int_equal(mmr_trace_snapshot(trace, 1, &snapshot, &err), MMR_E_NOTFOUND);
	assert_int_equal(mmr_trace_snapshot(trace, 0, &snapshot, &err), 0);
	assert_true(mmr_snapshot_piece(snapshot, 0, &piece));
	assert_string_equal(piece.name, "proc/buddyinfo");
	assert_string_equal((const char *)piece.data, "Node 0\n");
	assert_true(mmr_snapshot_find(snapshot, "proc/kpageflags", &piece));
	assert_int_equal(piece.size, sizeof(model.kpageflags));
	assert_memory_equal(piece.data, model.kpageflags, sizeof(model.kpageflags));
	assert_int_equal(piece.offset, 8);
	assert_int_equal(piece.begin_ns, 11);
	assert_int_equal(piece.end_ns, 12);
	assert_false(mmr_snapshot_find(snapshot, "proc/vmstat", &piece));
	assert_false(mmr_snapshot_piece(snapshot, 2, &piece));
	mmr_snapshot_free(snapshot);
	assert_int_equal(mmr_trace_info(trace)->nr_access_frames, 1);
	assert_int_equal(mmr_trace_access_sample(trace, 1, &sample, &err), MMR_E_NOTFOUND);
	assert_int_equal(mmr_trace_access_sample(trace, 0, &sample, &err), 0);
	assert_int_equal(sample.nr_pfns, 1001);
	assert_int_equal(sample.begin_ns, 21);
	assert_int_equal(sample.mark_end_ns, 24);
	assert_memory_equal(sample.idle, model.idle, 126);
}

/* The index cut off, as after kill -9: the same but for the totals. */
static void check_without_index(void)
{
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;
	struct stat st;
	uint8_t footer[48];
	uint64_t offset;
	FILE *file = fopen(path, "rb");

	assert_int_equal(stat(path, &st), 0);
	fseek(file, st.st_size - 48, SEEK_SET);
	assert_int_equal(fread(footer, sizeof(footer), 1, file), 1);
	fclose(file);
	offset = le64_get(footer);
	assert_int_equal(truncate(path, (off_t)offset), 0);
	assert_int_equal(mmr_trace_open(path, NULL, &trace, &err), 0);
	assert_false(mmr_trace_info(trace)->indexed);
	assert_false(mmr_trace_info(trace)->truncated);
	assert_true(mmr_trace_info(trace)->nr_events == UINT64_MAX);
	check_events(trace, false);
	check_lists(trace);
	assert_string_equal(mmr_trace_damage(trace)->text, "");
	mmr_trace_close(trace);
}

static void read_back(struct rng *rng)
{
	uint64_t kinds[(MMR_NR_EVENT_KINDS + 63) / 64] = { 0 };
	struct mmr_trace_options options = { .nr_threads = base_rng_below(rng, 4) };
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;

	assert_int_equal(mmr_trace_open(path, &options, &trace, &err), 0);
	check_totals(trace);
	check_header(trace);
	check_events(trace, false);
	check_lists(trace);
	assert_int_equal(mmr_trace_rewind(trace, &err), 0);
	check_events(trace, false);
	mmr_trace_close(trace);
	kinds[MMR_EVENT_MM_PAGE_FREE / 64] = 1ull << (MMR_EVENT_MM_PAGE_FREE % 64);
	options.kinds = kinds;
	assert_int_equal(mmr_trace_open(path, &options, &trace, &err), 0);
	check_events(trace, true);
	mmr_trace_close(trace);
	check_without_index();
}

static void random_traces_come_back_as_written(void **state)
{
	struct rng rng;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		uint32_t nr_cpus = round % 8 == 7 ? 64 : 1 + (uint32_t)round % 8;

		base_rng_init(&rng, (uint64_t)round);
		assert_int_equal(model_write(&model, &rng, path, nr_cpus, 1 + (uint32_t)round * 30),
		                 0);
		read_back(&rng);
	}
}

static void check_bundled(const char *name)
{
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;
	struct mmr_event event;
	uint64_t kinds[MMR_NR_EVENT_KINDS] = { 0 };
	uint64_t nr_events = 0;
	uint64_t nr_lost = 0;
	uint64_t t_ns = 0;

	assert_int_equal(mmr_trace_open(name, NULL, &trace, &err), 0);
	while (mmr_trace_next(trace, &event, &err) > 0) {
		assert_true(event.t_ns >= t_ns);
		t_ns = event.t_ns;
		kinds[event.kind]++;
		if (event.kind == MMR_EVENT_LOST)
			nr_lost += event.lost.nr_events;
		else
			nr_events++;
	}
	assert_int_equal(err.code, 0);
	assert_string_equal(mmr_trace_damage(trace)->text, "");
	assert_int_equal(nr_events, mmr_trace_info(trace)->nr_events);
	assert_int_equal(nr_lost, mmr_trace_info(trace)->nr_lost);
	for (uint32_t i = 0; mmr_trace_count(trace, i); i++)
		if (mmr_trace_count(trace, i)->kind != MMR_EVENT_OTHER)
			assert_int_equal(mmr_trace_count(trace, i)->nr_events,
			                 kinds[mmr_trace_count(trace, i)->kind]);
	mmr_trace_close(trace);
}

static void recordings_read_to_the_event_that_the_recorder_counted_last(void **state)
{
	char pattern[4096];
	glob_t found;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/traces/*.zst",
	         getenv("SOURCE_ROOT") ? getenv("SOURCE_ROOT") : ".");
	if (glob(pattern, 0, NULL, &found) != 0)
		skip();
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_bundled(found.gl_pathv[i]);
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(random_traces_come_back_as_written, set_up,
		                                tear_down),
		cmocka_unit_test(recordings_read_to_the_event_that_the_recorder_counted_last),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
