/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace.dat to trace file. Formats and texts go into the header, the sub-buffers of each CPU are
 * copied as they are, and what trace-cmd noted at the end (statistics, names of tasks) goes into the
 * trailer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <mmreplay/trace_import.h>
#include <mmreplay/version.h>

#include "alloc.h"
#include "error_set.h"
#include "io.h"
#include "subbuf.h"
#include "tracedat.h"
#include "tracedat_place.h"
#include "tracedat_snapshot.h"

#define DEFAULT_LEVEL 3
#define MAX_ZONEINFO  (4u << 20)

struct import {
	const struct mmr_import_options *options;
	struct mmr_import_report *report;
	struct dat dat;
	const struct dat_buffer *buffer;
	struct mmr_writer *writer;
	struct dat_watch watch;
	struct dat_reader_vec first; /* who read the snapshots */
	struct dat_reader_vec last;
	uint64_t total; /* bytes of this instance, as the file stores them */
};

static int text(struct import *im, const char *name, const char *value, struct mmr_error *err)
{
	return mmr_writer_text(im->writer, name, value, strlen(value), err);
}

/* The n-th word of a line, or the last; cut to fit. */
static void copy_word(struct dat_text line, int n, char *word, size_t size)
{
	size_t begin = 0;
	size_t end = 0;

	word[0] = '\0';
	for (int i = 0; i <= n || n < 0; i++) {
		size_t start = end;

		while (start < line.size && line.data[start] == ' ')
			start++;
		if (start == line.size)
			break;
		begin = start;
		for (end = start; end < line.size && line.data[end] != ' '; end++)
			;
	}
	snprintf(word, size, "%.*s", (int)(end - begin < 128 ? end - begin : 128),
	         line.data ? line.data + begin : "");
}

/* Some clocks count something else than nanoseconds; no event could be placed in time. */
static int check_clock(const struct import *im, struct mmr_error *err)
{
	const char *clock = im->buffer->clock;

	if (strcmp(clock, "x86-tsc") == 0 || strcmp(clock, "counter") == 0 ||
	    strcmp(clock, "ppc-tb") == 0)
		return base_error(err, MMR_E_UNSUPPORTED,
		                  "%s: clock %s does not count nanoseconds; record with -C mono",
		                  im->dat.path, clock);
	if (im->options->idle && strcmp(clock, "mono") != 0)
		return base_error(err, MMR_E_INVALID,
		                  "%s: access samples bear the clock mono, the events %s; they "
		                  "cannot be put together",
		                  im->dat.path, clock[0] ? clock : "local");
	return 0;
}

/* The text has to describe what the sub-buffer walk expects; later readers check the same. */
static int check_layout(const struct import *im, struct mmr_error *err)
{
	const struct dat_text *page = &im->dat.header_page;
	char *layout = base_strndup(page->data, page->size);
	int ret;

	if (!layout)
		return base_error(err, MMR_E_NOMEM, "out of memory for a format");
	ret = trace_subbuf_check_layout(layout, NULL, err);
	base_free(layout);
	return ret;
}

/* The instance that was asked for, or the first that has data. */
static int choose_buffer(struct import *im, struct mmr_error *err)
{
	const char *wanted = im->options->instance;
	unsigned int nr_others = 0;

	for (size_t i = 0; i < im->dat.buffers.count; i++) {
		const struct dat_buffer *buffer = &im->dat.buffers.items[i];
		uint64_t bytes = 0;

		for (size_t j = 0; j < buffer->cpus.count; j++)
			bytes += buffer->cpus.items[j].size < im->dat.file_size
			                 ? buffer->cpus.items[j].size
			                 : 0;
		if (wanted && strcmp(buffer->name, wanted) != 0)
			continue;
		if (im->buffer && im->total > 0) {
			nr_others += bytes > 0;
			continue;
		}
		im->buffer = buffer;
		im->total = bytes;
	}
	if (!im->buffer && wanted) {
		base_error(err, MMR_E_NOTFOUND, "%s has no instance %s", im->dat.path, wanted);
		return MMR_E_NOTFOUND;
	}
	if (!im->buffer || im->buffer->cpus.count == 0) {
		base_error(err, MMR_E_CORRUPT, "%s has no ring-buffer data", im->dat.path);
		return MMR_E_CORRUPT;
	}
	if (nr_others > 0 && !wanted)
		trace_dat_note(im->report,
		               "%u other instances with events were left out (--instance)",
		               nr_others);
	return 0;
}

static int write_formats(struct import *im, struct mmr_error *err)
{
	for (size_t i = 0; i < im->dat.formats.count; i++) {
		const struct dat_format *format = &im->dat.formats.items[i];
		char name[2 * DAT_NAME_SIZE + 32];
		int ret;

		snprintf(name, sizeof(name), "events/%s/%s/format", format->system, format->name);
		/* The first of two formats of one name is the one that counts. */
		ret = mmr_writer_text(im->writer, name, format->text.data, format->text.size, err);
		if (ret < 0 && ret != MMR_E_EXISTS)
			return ret;
	}
	return 0;
}

/* kernel.release and machine: from uname, else from the first snapshot's proc/version. */
static int write_kernel(struct import *im, struct mmr_error *err)
{
	struct dat_text uname = im->dat.uname;
	char release[80];
	char machine[32];
	char path[4096];
	char *version = NULL;
	size_t size = 0;
	struct mmr_error ignored;
	int ret;

	copy_word(uname, 2, release, sizeof(release));
	copy_word(uname, -1, machine, sizeof(machine));
	if (!release[0] && im->options->before &&
	    snprintf(path, sizeof(path), "%s/version", im->options->before) < (int)sizeof(path) &&
	    base_read_file(path, 65536, &version, &size, &ignored) == 0)
		copy_word((struct dat_text){ version, strcspn(version, "\n") }, 2, release,
		          sizeof(release));
	base_free(version);
	if (!release[0])
		trace_dat_note(im->report, "which kernel it was is not in the file");
	ret = text(im, "kernel.release", release[0] ? release : "unknown", err);
	if (ret == 0 && machine[0])
		ret = text(im, "machine", machine, err);
	return ret;
}

/* Time of the first event, roughly: the oldest sub-buffer. And the wall clock, if the file tells. */
static int write_start(struct import *im, struct mmr_error *err)
{
	uint64_t start_ns = UINT64_MAX;
	char value[32];
	int ret;

	for (size_t i = 0; i < im->buffer->cpus.count; i++) {
		struct dat_pages p;
		const uint8_t *pages = NULL;
		size_t nr_pages;

		ret = trace_dat_pages_init(&p, &im->dat, im->buffer, &im->buffer->cpus.items[i],
		                           err);
		if (ret == 0)
			ret = trace_dat_pages_next(&p, &pages, &nr_pages, err);
		if (pages && le64_get(pages) < start_ns)
			start_ns = le64_get(pages);
		trace_dat_pages_deinit(&p);
		if (ret < 0)
			return ret;
	}
	if (start_ns == UINT64_MAX)
		return 0;
	snprintf(value, sizeof(value), "%llu", (unsigned long long)start_ns);
	ret = text(im, "start_ns", value, err);
	if (ret == 0 && im->dat.date.size > 0 && im->dat.date.size < sizeof(value)) {
		char micros[32] = "";

		memcpy(micros, im->dat.date.data, im->dat.date.size);
		snprintf(value, sizeof(value), "%llu", start_ns + strtoull(micros, NULL, 0) * 1000);
		ret = text(im, "start_wall_ns", value, err);
	}
	return ret;
}

static int write_zoneinfo(struct import *im, struct mmr_error *err)
{
	char path[4096];
	char *data;
	size_t size;
	int ret;

	if (!im->options->before)
		return 0;
	if (snprintf(path, sizeof(path), "%s/zoneinfo", im->options->before) >= (int)sizeof(path))
		return base_error(err, MMR_E_LIMIT, "the path of %s is too long",
		                  im->options->before);
	ret = base_read_file(path, MAX_ZONEINFO, &data, &size, err);
	if (ret == MMR_E_NOTFOUND)
		return 0;
	if (ret < 0)
		return ret;
	ret = mmr_writer_text(im->writer, "proc/zoneinfo", data, size, err);
	base_free(data);
	return ret;
}

static int write_header(struct import *im, struct mmr_error *err)
{
	const struct dat *dat = &im->dat;
	char value[64];
	int ret = write_kernel(im, err);

	snprintf(value, sizeof(value), "%u", dat->page_size);
	if (ret == 0)
		ret = text(im, "page_size", value, err);
	if (ret == 0)
		ret = text(im, "clock", im->buffer->clock[0] ? im->buffer->clock : "local", err);
	snprintf(value, sizeof(value), "mmcap %s import", mmr_version());
	if (ret == 0)
		ret = text(im, "tool", value, err);
	if (ret == 0 && dat->recorder.size > 0)
		ret = mmr_writer_text(im->writer, "recorder", dat->recorder.data,
		                      dat->recorder.size, err);
	if (ret == 0)
		ret = mmr_writer_text(im->writer, "header_page", dat->header_page.data,
		                      dat->header_page.size, err);
	if (ret == 0)
		ret = mmr_writer_text(im->writer, "header_event", dat->header_event.data,
		                      dat->header_event.size, err);
	if (ret == 0 && dat->cmdlines.size > 0)
		ret = mmr_writer_text(im->writer, "saved_cmdlines", dat->cmdlines.data,
		                      dat->cmdlines.size, err);
	if (ret == 0 && dat->printk.size > 0)
		ret = mmr_writer_text(im->writer, "printk_formats", dat->printk.data,
		                      dat->printk.size, err);
	if (ret == 0)
		ret = write_start(im, err);
	if (ret == 0)
		ret = write_zoneinfo(im, err);
	if (ret == 0)
		ret = write_formats(im, err);
	return ret < 0 ? ret : mmr_writer_begin(im->writer, err);
}

static int take_pages(void *data, uint32_t cpu, const uint8_t *pages, size_t nr_pages,
                      struct mmr_error *err)
{
	struct import *im = data;

	return mmr_writer_pages(im->writer, cpu, pages, nr_pages, err);
}

static void show_progress(void *data, uint64_t done)
{
	struct import *im = data;

	if (im->options->progress)
		im->options->progress(im->options->progress_data, done, im->total);
}

static int copy_pages(struct import *im, struct mmr_error *err)
{
	struct dat_copy copy = {
		.buffer = im->buffer,
		.take = take_pages,
		.progress = show_progress,
		.data = im,
	};
	int ret = trace_dat_copy(&im->dat, &copy, err);

	im->report->nr_bad_chunks = copy.nr_bad_chunks;
	im->report->truncated = copy.truncated;
	return ret;
}

static int watch_pages(void *data, uint32_t cpu, const uint8_t *pages, size_t nr_pages,
                       struct mmr_error *err)
{
	struct import *im = data;
	uint32_t page_size = im->buffer->page_size;

	(void)cpu;
	for (size_t i = 0; i < nr_pages; i++)
		if (trace_dat_watch_page(&im->watch, pages + i * page_size, page_size) < 0)
			return base_error(err, MMR_E_NOMEM, "out of memory for tasks");
	return 0;
}

/* "overrun: 12" in a statistics text; 0 without it. */
static uint64_t statistic(struct dat_text stats, const char *key)
{
	char value[24] = "";
	const char *found = memmem(stats.data, stats.size, key, strlen(key));
	size_t left;

	if (!found)
		return 0;
	found += strlen(key);
	left = stats.size - (size_t)(found - stats.data);
	memcpy(value, found, left < sizeof(value) - 1 ? left : sizeof(value) - 1);
	return strtoull(value, NULL, 10);
}

/*
 * Events that the kernel dropped: overwritten ones, and those refused because the buffer was full.
 * "entries" is what was still unread when the file was made, which is no loss.
 */
static int write_stats(struct import *im, struct mmr_error *err)
{
	for (size_t i = 0; i < im->dat.stats.count; i++) {
		struct dat_text stats = im->dat.stats.items[i];
		uint64_t cpu = statistic(stats, "CPU: ");
		uint64_t lost = statistic(stats, "\noverrun: ") +
		                statistic(stats, "\ncommit overrun: ") +
		                statistic(stats, "\ndropped events: ");
		char name[64];
		int ret;

		if (stats.size == 0 || cpu >= TRACE_MAX_CPUS)
			continue;
		snprintf(name, sizeof(name), "per_cpu/cpu%u/stats", (unsigned int)cpu);
		/* The statistics of other instances come behind those of the first. */
		ret = mmr_writer_trailer_text(im->writer, name, stats.data, stats.size, err);
		if (ret == MMR_E_EXISTS)
			continue;
		if (ret < 0)
			return ret;
		mmr_writer_set_lost(im->writer, (uint32_t)cpu, lost);
	}
	return 0;
}

/* Finds out when the snapshots were read, before anything is written: the first comes first. */
static int place_snapshots(struct import *im, struct mmr_error *err)
{
	const struct mmr_import_options *o = im->options;
	struct dat_copy copy = { .buffer = im->buffer, .take = watch_pages, .data = im };
	struct dat_reader_vec *first = &im->first;
	struct dat_reader_vec *last = &im->last;
	int ret;

	if (!o->before && !o->after && !o->idle)
		return 0;
	ret = trace_dat_copy(&im->dat, &copy, err);
	if (ret < 0)
		return ret;
	if (im->watch.first_ns > im->watch.last_ns)
		im->watch.first_ns = 0;
	if ((o->before && trace_dat_watch_select(&im->watch, false, first) < 0) ||
	    (o->after && trace_dat_watch_select(&im->watch, true, last) < 0))
		return base_error(err, MMR_E_NOMEM, "out of memory for tasks");
	/* One snapshot in the events cannot be both. */
	if (first->count > 0 && last->count > 0 && first->items[0].pid == last->items[0].pid &&
	    first->items[0].begin_ns == last->items[0].begin_ns)
		last->count = 0;
	if (first->count + last->count == 0)
		return 0;
	return trace_dat_find_writes(&im->dat, im->buffer, &im->watch, first, last, err);
}

static int convert(struct import *im, struct mmr_error *err)
{
	const struct mmr_import_options *o = im->options;
	int ret = write_header(im, err);

	if (ret == 0)
		ret = place_snapshots(im, err);
	if (ret == 0 && o->before)
		ret = trace_dat_import_folder(im->writer, o->before, &im->first, im->watch.first_ns,
		                              im->report, err);
	if (ret == 0)
		ret = copy_pages(im, err);
	if (ret == 0 && im->buffer == im->dat.buffers.items)
		ret = write_stats(im, err);
	if (ret == 0 && o->idle)
		ret = trace_dat_import_idle(im->writer, o->idle, &im->watch.adds, im->report, err);
	if (ret == 0 && o->after)
		ret = trace_dat_import_folder(im->writer, o->after, &im->last, im->watch.last_ns,
		                              im->report, err);
	if (im->report->truncated)
		trace_dat_note(im->report, "%s ends before its data does", im->dat.path);
	if (im->report->nr_bad_chunks > 0)
		trace_dat_note(im->report, "%llu damaged pieces of %s were left out",
		               (unsigned long long)im->report->nr_bad_chunks, im->dat.path);
	if (ret == 0 && im->report->notes[0])
		ret = mmr_writer_trailer_text(im->writer, "import.notes", im->report->notes,
		                              strlen(im->report->notes), err);
	return ret;
}

static int open_writer(struct import *im, const char *output, struct mmr_error *err)
{
	struct mmr_writer_options options = {
		.nr_cpus = 1,
		.subbuf_size = im->buffer->page_size,
		.level = im->options->level ? im->options->level : DEFAULT_LEVEL,
		.force = im->options->force,
	};

	for (size_t i = 0; i < im->buffer->cpus.count; i++)
		if (im->buffer->cpus.items[i].cpu >= options.nr_cpus)
			options.nr_cpus = im->buffer->cpus.items[i].cpu + 1;
	return mmr_writer_create(output, &options, &im->writer, err);
}

int mmr_import_tracedat(const char *input, const char *output,
                        const struct mmr_import_options *options, struct mmr_import_report *report,
                        struct mmr_error *err)
{
	static const struct mmr_import_options defaults = { 0 };
	struct mmr_import_report unwanted;
	struct mmr_writer_stats stats;
	struct stat st;
	struct import im = { .options = options ? options : &defaults,
		             .report = report ? report : &unwanted };
	int ret;

	*im.report = (struct mmr_import_report){ 0 };
	ret = trace_dat_open(input, &im.dat, err);
	if (ret < 0)
		return ret;
	trace_dat_watch_init(&im.watch, &im.dat, im.options->idle != NULL);
	ret = choose_buffer(&im, err);
	if (ret == 0)
		ret = check_clock(&im, err);
	if (ret == 0)
		ret = check_layout(&im, err);
	if (ret == 0)
		ret = open_writer(&im, output, err);
	if (ret == 0)
		ret = convert(&im, err);
	if (ret == 0) {
		mmr_writer_stats(im.writer, &stats);
		im.report->nr_events = stats.nr_events;
		im.report->nr_lost = stats.nr_lost;
		im.report->raw_bytes = stats.raw_bytes;
		ret = mmr_writer_finish(im.writer, err);
		/* With trailer and index. */
		if (ret == 0 && stat(output, &st) == 0)
			im.report->file_bytes = (uint64_t)st.st_size;
	} else {
		mmr_writer_abort(im.writer);
	}
	trace_dat_readers_deinit(&im.first);
	trace_dat_readers_deinit(&im.last);
	trace_dat_watch_deinit(&im.watch);
	trace_dat_close(&im.dat);
	return ret;
}
