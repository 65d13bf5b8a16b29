/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long opening a trace takes, and how fast its events come, decoded and merged, in one thread.
 * usage: bench_trace TRACE     Prints "NAME VALUE" lines; the best of five runs counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <mmreplay/trace.h>

#define RUNS 5

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long peak_kb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static struct mmr_trace *open_trace(const char *path, unsigned int nr_threads)
{
	struct mmr_trace_options options = { .nr_threads = nr_threads };
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;

	if (mmr_trace_open(path, &options, &trace, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		exit(2);
	}
	return trace;
}

/* Seconds for all events; their number in *nr_events. */
static double read_events(const char *path, unsigned int nr_threads, unsigned long *nr_events)
{
	double best = 1e9;

	for (int run = 0; run < RUNS; run++) {
		double begin = now();
		struct mmr_trace *trace = open_trace(path, nr_threads);
		struct mmr_error err = { 0 };
		struct mmr_event event;

		*nr_events = 0;
		while (mmr_trace_next(trace, &event, &err) > 0)
			(*nr_events)++;
		if (err.code < 0) {
			fprintf(stderr, "%s\n", err.text);
			exit(2);
		}
		mmr_trace_close(trace);
		if (now() - begin < best)
			best = now() - begin;
	}
	return best;
}

int main(int argc, char **argv)
{
	unsigned long nr_events;
	double best = 1e9;
	double seconds;

	if (argc != 2) {
		fprintf(stderr, "usage: %s TRACE\n", argv[0]);
		return 2;
	}
	for (int run = 0; run < RUNS; run++) {
		double begin = now();

		mmr_trace_close(open_trace(argv[1], 0));
		if (now() - begin < best)
			best = now() - begin;
	}
	printf("open_ms %.2f\n", best * 1e3);
	printf("open_peak_kb %ld\n", peak_kb());
	seconds = read_events(argv[1], 0, &nr_events);
	printf("events %lu\n", nr_events);
	printf("events_per_s %.0f\n", (double)nr_events / seconds);
	printf("peak_kb %ld\n", peak_kb());
	seconds = read_events(argv[1], 2, &nr_events);
	printf("events_per_s_two_threads_ahead %.0f\n", (double)nr_events / seconds);
	return 0;
}
