/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recorder's own records come back from the trace as they were: order, times, bytes, losses. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mmreplay/trace.h>

#include "failure.c"
#include "subbuf_writer.c"

#define ID          700u
#define SUBBUF_SIZE 4096u
#define NR_RECORDS  5000u

static const char format[] = "name: page_fault_user\nID: 700\nformat:\n" SUBBUF_COMMON_FORMAT
			     "\tfield:unsigned long address;\toffset:8;\tsize:8;\tsigned:0;\n\n"
			     "print fmt: \"%lx\", REC->address\n";

struct record {
	struct subbuf_common common;
	uint64_t address;
	uint8_t more[256];
};

static char dir[] = "/tmp/mmr-subbuf-XXXXXX";
static char path[64];

static int set_up(void **state)
{
	(void)state;
	memcpy(dir, "/tmp/mmr-subbuf-XXXXXX", sizeof(dir));
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

static struct mmr_writer *begin(struct subbuf_writer *out)
{
	struct mmr_writer_options options = {
		.nr_cpus = 2, .nr_streams = 4, .subbuf_size = SUBBUF_SIZE, .frame_size = 16384
	};
	struct mmr_error err = { 0 };
	struct mmr_writer *w;

	assert_int_equal(mmr_writer_create(path, &options, &w, &err), 0);
	assert_int_equal(mmr_writer_text(w, "kernel.release", "6.12.0", 6, &err), 0);
	assert_int_equal(mmr_writer_text(w, "page_size", "4096", 4, &err), 0);
	assert_int_equal(mmr_writer_text(w, "clock", "mono", 4, &err), 0);
	assert_int_equal(mmr_writer_text(w, "events/exceptions/page_fault_user/format", format,
	                                 sizeof(format) - 1, &err),
	                 0);
	assert_int_equal(mmr_writer_begin(w, &err), 0);
	assert_int_equal(subbuf_writer_init(out, w, 3, SUBBUF_SIZE, &err), 0);
	return w;
}

static void add(struct subbuf_writer *out, uint64_t t_ns, uint64_t address, uint32_t size)
{
	struct record record = { .common = { .type = ID, .pid = 42 }, .address = address };
	struct mmr_error err = { 0 };

	memset(record.more, (int)(address & 0xff), sizeof(record.more));
	assert_int_equal(subbuf_writer_add(out, t_ns, &record, size, &err), 0);
}

static struct mmr_trace *finish(struct mmr_writer *w, struct subbuf_writer *out)
{
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;

	assert_int_equal(subbuf_writer_flush(out, &err), 0);
	subbuf_writer_deinit(out);
	assert_int_equal(mmr_writer_finish(w, &err), 0);
	assert_int_equal(mmr_trace_open(path, NULL, &trace, &err), 0);
	return trace;
}

/* Deltas from none to more than a time extend of one word, sizes on both sides of a long record. */
static uint64_t delta_of(uint32_t i)
{
	return i % 7 == 3 ? 1ull << (i % 40) : i % 11;
}

static uint32_t size_of(uint32_t i)
{
	return 16 + i * 4 % 256;
}

static void records_come_back_as_they_were(void **state)
{
	struct mmr_error err = { 0 };
	struct subbuf_writer out;
	struct mmr_writer *w = begin(&out);
	struct mmr_trace *trace;
	struct mmr_event event;
	uint64_t t_ns = 1000;

	(void)state;
	for (uint32_t i = 0; i < NR_RECORDS; i++)
		add(&out, t_ns += delta_of(i), i, size_of(i));
	trace = finish(w, &out);
	t_ns = 1000;
	for (uint32_t i = 0; i < NR_RECORDS; i++) {
		const uint8_t *raw;
		size_t size;

		assert_int_equal(mmr_trace_next(trace, &event, &err), 1);
		assert_int_equal(event.kind, MMR_EVENT_PAGE_FAULT_USER);
		assert_int_equal(event.t_ns, t_ns += delta_of(i));
		assert_int_equal(event.cpu, 1);
		assert_int_equal(event.pid, 42);
		assert_int_equal(event.fault.address, i);
		raw = mmr_trace_raw(trace, &size);
		assert_int_equal(size, size_of(i));
		if (size > 16)
			assert_int_equal(raw[size - 1], i & 0xff);
	}
	assert_int_equal(mmr_trace_next(trace, &event, &err), 0);
	assert_int_equal(mmr_trace_info(trace)->nr_events, NR_RECORDS);
	assert_int_equal(mmr_trace_damage(trace)->nr_records, 0);
	mmr_trace_close(trace);
}

static void losses_stand_where_they_happened(void **state)
{
	static const uint64_t expected[][3] = { /* kind, time, address or number */
		                                { MMR_EVENT_PAGE_FAULT_USER, 100, 1 },
		                                { MMR_EVENT_LOST, 300, 12 },
		                                { MMR_EVENT_PAGE_FAULT_USER, 300, 2 },
		                                { MMR_EVENT_PAGE_FAULT_USER, 400, 3 }
	};
	struct mmr_error err = { 0 };
	struct subbuf_writer out;
	struct mmr_writer *w = begin(&out);
	struct mmr_trace *trace;
	struct mmr_event event;

	(void)state;
	add(&out, 100, 1, 16);
	assert_int_equal(subbuf_writer_missed(&out, 5, &err), 0);
	assert_int_equal(subbuf_writer_missed(&out, 7, &err), 0);
	add(&out, 300, 2, 16);
	add(&out, 400, 3, 16);
	trace = finish(w, &out);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(mmr_trace_next(trace, &event, &err), 1);
		assert_int_equal(event.kind, expected[i][0]);
		assert_int_equal(event.t_ns, expected[i][1]);
		assert_int_equal(event.words[0], expected[i][2]);
	}
	assert_int_equal(mmr_trace_next(trace, &event, &err), 0);
	assert_int_equal(mmr_trace_info(trace)->nr_lost, 12);
	mmr_trace_close(trace);
}

static void time_does_not_run_back(void **state)
{
	struct mmr_error err = { 0 };
	struct subbuf_writer out;
	struct mmr_writer *w = begin(&out);
	struct mmr_trace *trace;
	struct mmr_event event;

	(void)state;
	add(&out, 100, 1, 16);
	add(&out, 90, 2, 16);
	add(&out, 110, 3, 16);
	trace = finish(w, &out);
	for (uint64_t i = 1; i <= 3; i++) {
		assert_int_equal(mmr_trace_next(trace, &event, &err), 1);
		assert_int_equal(event.fault.address, i);
		assert_int_equal(event.t_ns, i < 3 ? 100 : 110);
	}
	mmr_trace_close(trace);
}

static void the_largest_record_fits(void **state)
{
	struct subbuf_writer out;
	struct mmr_writer *w = begin(&out);
	struct mmr_error err = { 0 };
	uint32_t limit = subbuf_writer_limit(&out);
	uint8_t *data = calloc(1, limit);
	struct mmr_trace *trace;
	struct mmr_event event;
	size_t size;

	(void)state;
	assert_non_null(data);
	data[0] = (uint8_t)(ID & 0xff);
	data[1] = (uint8_t)(ID >> 8);
	for (uint64_t i = 1; i <= 3; i++)
		assert_int_equal(subbuf_writer_add(&out, i << 40, data, limit, &err), 0);
	free(data);
	trace = finish(w, &out);
	for (uint64_t i = 1; i <= 3; i++) {
		assert_int_equal(mmr_trace_next(trace, &event, &err), 1);
		assert_int_equal(event.t_ns, i << 40);
		assert_non_null(mmr_trace_raw(trace, &size));
		assert_int_equal(size, limit);
	}
	mmr_trace_close(trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(records_come_back_as_they_were, set_up, tear_down),
		cmocka_unit_test_setup_teardown(losses_stand_where_they_happened, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(time_does_not_run_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_largest_record_fits, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
