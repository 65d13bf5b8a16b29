/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens a recording, follows its free lists, and says how true that is. cc $(pkg-config --cflags --libs mmreplay) */
#include <stdio.h>

#include <mmreplay/run.h>

int main(int argc, char **argv)
{
	const struct mmr_run_options options = { .verify = true };
	struct mmr_error err = { 0 };
	struct mmr_run_report report;
	struct mmr_trace *trace;
	unsigned int nr_off = 0;

	if (argc != 2 || mmr_trace_open(argv[1], NULL, &trace, &err) < 0) {
		fprintf(stderr, "%s\n", argc == 2 ? err.text : "usage: example trace.zst");
		return 2;
	}
	printf("Linux %s, %u CPUs\n", mmr_trace_info(trace)->kernel_release,
	       mmr_trace_info(trace)->nr_cpus);
	if (mmr_run_original(trace, &options, &report, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		mmr_trace_close(trace);
		return 2;
	}
	for (size_t i = 0; i < report.nr_checks; i++)
		nr_off += !report.checks[i].good;
	printf("%llu events; %u of %zu comparisons with the kernel are off\n",
	       (unsigned long long)report.nr_events, nr_off, report.nr_checks);
	mmr_run_report_deinit(&report);
	mmr_trace_close(trace);
	return 0;
}
