/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page requests, both ways in. An input that begins with 'T' is, behind it, a whole trace file, of which the
 * requests are read; any other is a file of oracleGeneral records, packed or not. What was imported has
 * to be a trace that says the same, with pages that are numbered densely.
 */
#include <string.h>

#include <mmreplay/trace.h>
#include <mmreplay/trace_import.h>
#include <mmreplay/trace_requests.h>

#include "fuzz.h"

FUZZ_LEAKS_OF_LIBTRACEEVENT

static uint64_t read_requests(const char *path, uint64_t *nr_pages)
{
	struct mmr_requests requests;
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;
	uint64_t nr = 0;
	int more;

	*nr_pages = 0;
	if (mmr_trace_open(path, NULL, &trace, &err) < 0)
		return 0;
	while ((more = mmr_trace_next_requests(trace, &requests, &err)) > 0) {
		if (requests.nr == 0 || requests.nr > MMR_MAX_REQUESTS ||
		    requests.nr_pages < *nr_pages)
			abort();
		for (uint32_t i = 0; i < requests.nr; i++)
			if (requests.pages[i] >= requests.nr_pages)
				abort();
		*nr_pages = requests.nr_pages;
		nr += requests.nr;
	}
	if (more < 0 && !err.text[0])
		abort();
	mmr_trace_close(trace);
	return nr;
}

static void import(const uint8_t *data, size_t size)
{
	const struct mmr_import_options options = { .force = true, .level = 1 };
	struct mmr_request_import_report report;
	struct fuzz_file file = fuzz_file_open(data, size);
	struct mmr_error err = { 0 };
	uint64_t nr_pages;
	char output[64];

	snprintf(output, sizeof(output), "/dev/shm/fuzz-requests-%d", (int)getpid());
	if (mmr_import_oracle_general(file.path, output, &options, &report, &err) == 0) {
		if (read_requests(output, &nr_pages) != report.nr_requests ||
		    nr_pages != report.nr_pages || report.nr_requests == 0)
			abort();
	} else if (err.code >= 0 || !err.text[0]) {
		abort();
	}
	unlink(output);
	fuzz_file_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] == 'T') {
		struct fuzz_file file = fuzz_file_open(data + 1, size - 1);
		uint64_t nr_pages;

		read_requests(file.path, &nr_pages);
		fuzz_file_close(&file);
	} else {
		import(data, size);
	}
	return 0;
}
