/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the sub-buffers of a trace again, with other levels, frames and threads, and tells what each event
 * costs: bytes of file, and nanoseconds of CPU (all threads) and of the thread that hands them over.
 * Then fills a ring and saves it. Not a test with a bar: what these cost decides on defaults.
 * usage: bench_write TRACE.zst OUTPUT-DIRECTORY
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include <mmreplay/trace_writer.h>

#include "container.h"
#include "io.h"

struct piece {
	uint32_t cpu;
	uint32_t subbuf_size;
	uint8_t *pages;
	size_t size;
};

struct input {
	struct piece *pieces;
	size_t count;
	uint32_t nr_cpus;
};

struct setting {
	int level;
	uint32_t frame_size;
	uint32_t nr_threads;
};

static double seconds(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void die(const char *why)
{
	fprintf(stderr, "bench_write: %s\n", why);
	exit(2);
}

static void load(struct input *in, const char *path)
{
	struct mmr_error err = { 0 };
	uint8_t *content = malloc(TRACE_MAX_CONTENT);
	char *data;
	size_t size;

	if (!content || base_read_file(path, 1ul << 30, &data, &size, &err) < 0)
		die(err.text);
	for (size_t pos = 0; pos < size;) {
		size_t len = ZSTD_findFrameCompressedSize(data + pos, size - pos);
		struct trace_head head;
		struct piece piece;

		if (ZSTD_isError(len))
			break;
		ZSTD_decompress(content, TRACE_MAX_CONTENT, data + pos, len);
		pos += len;
		if (!trace_head_get(content, TRACE_MAX_CONTENT, &head) ||
		    head.kind != TRACE_FRAME_DATA)
			continue;
		piece = (struct piece){
			.cpu = head.number,
			.subbuf_size = head.aux,
			.pages = malloc(head.payload),
			.size = head.payload,
		};
		memcpy(piece.pages, content + TRACE_HEAD_SIZE, piece.size);
		in->pieces = reallocarray(in->pieces, in->count + 1, sizeof(piece));
		in->pieces[in->count++] = piece;
		if (piece.cpu >= in->nr_cpus)
			in->nr_cpus = piece.cpu + 1;
	}
	free(content);
	free(data);
	if (in->count == 0)
		die("there are no events");
}

static void run(const struct input *in, const struct setting *s, const char *dir)
{
	struct mmr_writer_options options = {
		.nr_cpus = in->nr_cpus,
		.subbuf_size = in->pieces[0].subbuf_size,
		.frame_size = s->frame_size,
		.level = s->level,
		.nr_threads = s->nr_threads,
		.queue_frames = 32,
		.io = MMR_WRITER_UNCACHED,
		.force = true,
	};
	struct mmr_writer_stats stats;
	struct mmr_error err = { 0 };
	struct mmr_writer *w;
	char path[4096];
	double cpu, thread, wall;
	long size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/bench-write.zst", dir);
	if (mmr_writer_create(path, &options, &w, &err) < 0 ||
	    mmr_writer_text(w, "kernel.release", "6.12.0", 6, &err) < 0 ||
	    mmr_writer_text(w, "page_size", "4096", 4, &err) < 0 ||
	    mmr_writer_text(w, "clock", "mono", 4, &err) < 0 || mmr_writer_begin(w, &err) < 0)
		die(err.text);
	for (uint32_t i = 0; i < in->nr_cpus; i++)
		if (mmr_writer_prepare_cpu(w, i, &err) < 0)
			die(err.text);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	thread = seconds(CLOCK_THREAD_CPUTIME_ID);
	wall = seconds(CLOCK_MONOTONIC);
	for (size_t i = 0; i < in->count; i++) {
		const struct piece *p = &in->pieces[i];

		if (mmr_writer_pages(w, p->cpu, p->pages, p->size / p->subbuf_size, &err) < 0)
			die(err.text);
	}
	thread = seconds(CLOCK_THREAD_CPUTIME_ID) - thread;
	mmr_writer_stats(w, &stats);
	if (mmr_writer_finish(w, &err) < 0)
		die(err.text);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = seconds(CLOCK_MONOTONIC) - wall;
	file = fopen(path, "re");
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	fclose(file);
	unlink(path);
	printf("%7d %7u %7u %10.2f %10.1f %12.1f %9.2f %8u %6u\n", s->level, s->frame_size >> 10,
	       s->nr_threads, (double)size / (double)stats.nr_events,
	       cpu * 1e9 / (double)stats.nr_events, thread * 1e9 / (double)stats.nr_events,
	       (double)stats.nr_events / wall / 1e6, stats.nr_lowered, stats.nr_waits);
}

#define RING (256ull << 20)

static long resident_kb(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file || fscanf(file, "%*d %ld", &pages) != 1)
		die("no /proc/self/statm");
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Fills a ring three times over, and saves it. */
static void run_ring(const struct input *in, const char *dir)
{
	struct mmr_writer_options options = {
		.nr_cpus = in->nr_cpus,
		.subbuf_size = in->pieces[0].subbuf_size,
		.nr_threads = 1,
		.ring_bytes = RING,
		.io = MMR_WRITER_UNCACHED,
		.force = true,
	};
	struct mmr_writer_stats stats = { 0 };
	struct mmr_error err = { 0 };
	struct mmr_writer *w;
	char path[4096];
	long resident[2];
	double wall;

	snprintf(path, sizeof(path), "%s/bench-ring.zst", dir);
	if (mmr_writer_create(NULL, &options, &w, &err) < 0 ||
	    mmr_writer_text(w, "kernel.release", "6.12.0", 6, &err) < 0 ||
	    mmr_writer_text(w, "page_size", "4096", 4, &err) < 0 ||
	    mmr_writer_text(w, "clock", "mono", 4, &err) < 0 || mmr_writer_begin(w, &err) < 0)
		die(err.text);
	for (uint32_t i = 0; i < in->nr_cpus; i++)
		if (mmr_writer_prepare_cpu(w, i, &err) < 0)
			die(err.text);
	resident[0] = resident_kb();
	for (unsigned long n = 0, full = 0; full == 0 || n < 3 * full;) {
		for (size_t i = 0; i < in->count; i++, n++) {
			const struct piece *p = &in->pieces[i];

			if (mmr_writer_pages(w, p->cpu, p->pages, p->size / p->subbuf_size, &err))
				die(err.text);
		}
		mmr_writer_stats(w, &stats);
		if (full == 0 && stats.ring_dropped_frames > 0)
			full = n;
	}
	resident[1] = resident_kb();
	wall = seconds(CLOCK_MONOTONIC);
	if (mmr_writer_ring_save(w, path, 0, &err) < 0)
		die(err.text);
	wall = seconds(CLOCK_MONOTONIC) - wall;
	printf("ring of %llu MiB: %llu events dropped; resident %ld MiB at first, %ld then; "
	       "saved in %.3f s\n",
	       RING >> 20, (unsigned long long)stats.ring_dropped_events, resident[0] >> 10,
	       resident[1] >> 10, wall);
	mmr_writer_abort(w);
	unlink(path);
}

int main(int argc, char **argv)
{
	static const struct setting settings[] = {
		{ 1, 256 << 10, 0 },  { 2, 256 << 10, 0 },       { 3, 256 << 10, 0 },
		{ -1, 256 << 10, 0 }, { -2, 256 << 10, 0 },      { -4, 256 << 10, 0 },
		{ -8, 256 << 10, 0 }, { -131072, 256 << 10, 0 }, { 1, 64 << 10, 0 },
		{ 1, 1024 << 10, 0 }, { 3, 1024 << 10, 0 },      { 1, 256 << 10, 1 },
		{ 1, 256 << 10, 2 },
	};
	struct input in = { 0 };

	if (argc != 3)
		die("usage: bench_write TRACE.zst OUTPUT-DIRECTORY");
	load(&in, argv[1]);
	printf("  level   frame threads  bytes/ev  CPU ns/ev  feeder ns/ev  M ev/s  lowered  waits\n");
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		run(&in, &settings[i], argv[2]);
	run_ring(&in, argv[2]);
	for (size_t i = 0; i < in.count; i++)
		free(in.pieces[i].pages);
	free(in.pieces);
	return 0;
}
