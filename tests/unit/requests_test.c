/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page requests: what a file of oracleGeneral says is what a trace of it says, packed or not, whole or not;
 * and a replay of it counts as the requests do.
 */
#include "unit.h"

#include <errno.h>
#include <unistd.h>

#include <mmreplay/run.h>
#include <mmreplay/trace_check.h>
#include <mmreplay/trace_import.h>
#include <mmreplay/trace_requests.h>
#include <zstd.h>

#include "le.h"
#include "result_rows.h"

#define RECORD 24u

static char input[64], output[64];

static void put_file(const void *data, size_t size)
{
	FILE *file = fopen(input, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void put_record(uint8_t *to, uint32_t time_s, uint64_t object, uint32_t size)
{
	le32_put(to, time_s);
	le64_put(to + 4, object);
	le32_put(to + 12, size);
	le64_put(to + 16, UINT64_MAX);
}

static int import(struct mmr_request_import_report *report)
{
	const struct mmr_import_options options = { .force = true, .level = 1 };

	return mmr_import_oracle_general(input, output, &options, report, NULL);
}

static struct mmr_trace *open_output(void)
{
	struct mmr_trace *trace;
	struct mmr_error err = { 0 };

	if (mmr_trace_open(output, NULL, &trace, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(mmr_trace_info(trace)->has_requests);
	return trace;
}

/* 200000 requests, four a second, to 1000 objects whose names are far apart. */
static uint8_t *many_records(uint32_t nr)
{
	uint8_t *records = calloc(nr, RECORD);

	assert_non_null(records);
	for (uint32_t i = 0; i < nr; i++)
		put_record(records + (size_t)i * RECORD, 1000000 + i / 4,
		           (uint64_t)(i * 7919 % 1000) << 40 | 5, 4096);
	return records;
}

static void expect_many(uint32_t nr)
{
	struct mmr_trace *trace = open_output();
	struct mmr_requests requests;
	uint32_t number[1000], nr_numbers = 0;
	uint64_t t_s = 0;
	uint32_t done = 0;

	memset(number, 0xff, sizeof(number));
	while (mmr_trace_next_requests(trace, &requests, NULL) > 0) {
		assert_int_equal(requests.tick_ns, 1000000000);
		for (uint32_t i = 0; i < requests.nr; i++, done++) {
			uint32_t *expected = &number[done * 7919 % 1000];

			if (*expected == UINT32_MAX)
				*expected = nr_numbers++;
			assert_int_equal(requests.pages[i], *expected);
			t_s = i == 0 ? requests.first_ns / 1000000000 : t_s + requests.ticks[i];
			assert_int_equal(t_s, 1000000 + done / 4);
		}
		assert_int_equal(requests.last_ns, t_s * 1000000000);
		assert_int_equal(requests.nr_pages, nr_numbers);
	}
	assert_int_equal(done, nr);
	mmr_trace_close(trace);
}

static void a_file_is_read_packed_or_not(void **state)
{
	const uint32_t nr = 200000;
	size_t size = (size_t)nr * RECORD, bound = ZSTD_compressBound(size);
	uint8_t *records = many_records(nr), *packed = malloc(bound);
	struct mmr_request_import_report report;

	(void)state;
	put_file(records, size);
	assert_int_equal(import(&report), 0);
	assert_int_equal(report.nr_requests, nr);
	assert_int_equal(report.nr_pages, 1000);
	assert_false(report.truncated);
	assert_string_equal(report.notes, "");
	expect_many(nr);
	size = ZSTD_compress(packed, bound, records, size, 1);
	put_file(packed, size);
	assert_int_equal(import(&report), 0);
	assert_int_equal(report.nr_requests, nr);
	expect_many(nr);
	/* Cut within the packed data: what could be unpacked is there. */
	put_file(packed, size / 2);
	assert_int_equal(import(&report), 0);
	assert_true(report.truncated);
	assert_in_range(report.nr_requests, 1, nr - 1);
	assert_non_null(strstr(report.notes, "cut off"));
	expect_many((uint32_t)report.nr_requests);
	free(records);
	free(packed);
}

static void what_a_file_says_amiss_is_told(void **state)
{
	uint8_t records[4 * RECORD];
	struct mmr_request_import_report report;

	(void)state;
	put_record(records, 9, 1, 4096);
	put_record(records + RECORD, 8, UINT64_MAX, 0);
	put_record(records + 2 * RECORD, UINT32_MAX, 1, UINT32_MAX);
	put_record(records + 3 * RECORD, UINT32_MAX, 0, 4096);
	put_file(records, sizeof(records) - 1);
	assert_int_equal(import(&report), 0);
	assert_true(report.truncated);
	assert_int_equal(report.nr_requests, 3);
	assert_int_equal(report.nr_pages, 2);
	assert_int_equal(report.nr_early, 1);
	assert_int_equal(report.nr_sized, 2);
	put_file(records, RECORD - 1);
	assert_int_equal(import(&report), MMR_E_FORMAT);
	put_file(records, 0);
	assert_int_equal(import(&report), MMR_E_FORMAT);
	unlink(input);
	assert_int_equal(import(&report), MMR_E_NOTFOUND);
}

static void a_damaged_frame_is_passed_over(void **state)
{
	const uint32_t nr = 200000;
	uint8_t *records = many_records(nr);
	struct mmr_verification *verification;
	struct mmr_requests requests;
	struct mmr_trace *trace;
	uint32_t done = 0;
	FILE *file;

	(void)state;
	put_file(records, (size_t)nr * RECORD);
	assert_int_equal(import(NULL), 0);
	assert_int_equal(mmr_trace_verify(output, NULL, &verification, NULL), 0);
	assert_true(mmr_verification_sound(verification));
	mmr_verification_free(verification);
	file = fopen(output, "r+b");
	assert_non_null(file);
	assert_int_equal(fseek(file, 3000, SEEK_SET), 0);
	assert_int_equal(fputs("damaged", file) < 0, 0);
	fclose(file);
	trace = open_output();
	while (mmr_trace_next_requests(trace, &requests, NULL) > 0)
		done += requests.nr;
	assert_int_equal(done, nr - MMR_REQUESTS_A_FRAME);
	assert_int_equal(mmr_trace_damage(trace)->nr_frames, 1);
	mmr_trace_close(trace);
	free(records);
}

static int replay(const char *policy, const char *memory, struct mmr_run_report *report)
{
	struct mmr_trace *trace = open_output();
	const struct mmr_run_options options = { .db_path = rows_path,
		                                 .policy = policy,
		                                 .settings = &memory,
		                                 .nr_settings = memory != NULL };
	struct mmr_error err = { 0 };
	int code = mmr_run_replay(trace, &options, report, &err);

	mmr_trace_close(trace);
	return code;
}

/* A round of 1000 pages: lru never hits in less, opt in all but the first and what must be given up. */
static void a_replay_counts_hits_and_misses(void **state)
{
	const uint32_t nr = 200000;
	uint8_t *records = many_records(nr);
	struct mmr_run_report report;

	(void)state;
	put_file(records, (size_t)nr * RECORD);
	assert_int_equal(import(NULL), 0);
	assert_int_equal(replay("lru", "memory=999p", &report), 0);
	assert_true(report.exact);
	assert_int_equal(report.cache_pages, 999);
	assert_int_equal(report.nr_requests, nr);
	assert_int_equal(report.nr_hits, 0);
	mmr_run_report_deinit(&report);
	assert_int_equal(replay("lru", "memory=1000p", &report), 0);
	assert_int_equal(report.nr_hits, nr - 1000);
	mmr_run_report_deinit(&report);
	/* Of 999 pages kept, each round misses one, and the round after begins one page later. */
	assert_int_equal(replay("opt", "memory=999p", &report), 0);
	assert_in_range(report.nr_requests - report.nr_hits, 1000 + 199, 1000 + 200);
	mmr_run_report_deinit(&report);
	/* A whole machine: all of the pages fit. */
	assert_int_equal(replay("classic", "memory=64M", &report), 0);
	assert_false(report.exact);
	assert_int_equal(report.nr_hits, nr - 1000);
	mmr_run_report_deinit(&report);
	rows_expect(
		"SELECT policy, memory, exact, requests, hits FROM miss_ratios ORDER BY run_id LIMIT 2",
		"lru|999|1|200000|0\nlru|1000|1|200000|199000\n");
	free(records);
}

static void what_requests_cannot_be_asked_is_refused(void **state)
{
	const struct mmr_run_options options = { 0 };
	uint8_t *records = many_records(10);
	struct mmr_explanation explanation;
	struct mmr_run_report report;
	struct mmr_trace *trace;

	(void)state;
	put_file(records, 10 * RECORD);
	assert_int_equal(import(NULL), 0);
	assert_int_equal(replay("lru", NULL, &report), MMR_E_INVALID);
	assert_int_equal(replay(NULL, "memory=10p", &report), MMR_E_INVALID);
	assert_int_equal(replay("nosuch", "memory=10p", &report), MMR_E_NOTFOUND);
	trace = open_output();
	assert_int_equal(mmr_run_original(trace, &options, &report, NULL), MMR_E_UNSUPPORTED);
	assert_int_equal(mmr_export_tracedat(output, input, NULL, NULL, NULL), MMR_E_UNSUPPORTED);
	assert_int_equal(mmr_explain(trace, &options, &explanation, NULL), MMR_E_UNSUPPORTED);
	mmr_trace_close(trace);
	free(records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_packed_or_not),
		cmocka_unit_test(what_a_file_says_amiss_is_told),
		cmocka_unit_test(a_damaged_frame_is_passed_over),
		cmocka_unit_test(a_replay_counts_hits_and_misses),
		cmocka_unit_test(what_requests_cannot_be_asked_is_refused),
	};
	int ret;

	snprintf(input, sizeof(input), "/tmp/requests-%d.bin", (int)getpid());
	snprintf(output, sizeof(output), "/tmp/requests-%d.zst", (int)getpid());
	ret = cmocka_run_group_tests(tests, rows_set_up, rows_tear_down);
	unlink(input);
	unlink(output);
	return ret;
}
