/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "overhead.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "recording.h"
#include "terminal.h"

static uint64_t clock_of(clockid_t id)
{
	struct timespec now;

	if (clock_gettime(id, &now) < 0)
		return 0;
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t faults(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) == 0
	               ? (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt
	               : 0;
}

void overhead_begin(struct overhead *o)
{
	o->begin_ns = clock_of(CLOCK_MONOTONIC);
	o->begin_cpu_ns = clock_of(CLOCK_PROCESS_CPUTIME_ID);
	o->begin_main_ns = clock_of(CLOCK_THREAD_CPUTIME_ID);
	o->begin_faults = faults();
}

/* A row of /proc/self/status, in bytes. */
static uint64_t status_row(const char *name)
{
	FILE *file = fopen("/proc/self/status", "re");
	unsigned long long kb = 0;
	size_t length = strlen(name);
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			kb = strtoull(line + length + 1, NULL, 10);
	if (file)
		fclose(file);
	return kb * 1024;
}

static void take(struct overhead *o, const struct recording *r)
{
	struct mmr_writer_stats stats;
	uint64_t all = clock_of(CLOCK_PROCESS_CPUTIME_ID) - o->begin_cpu_ns;

	o->snapshot_cpu_ns = clock_of(CLOCK_THREAD_CPUTIME_ID) - o->begin_main_ns +
	                     page_sweep_cpu_ns(&r->snapshots.sweep);
	o->event_cpu_ns = all > o->snapshot_cpu_ns ? all - o->snapshot_cpu_ns : 0;
	mmr_writer_stats(r->writer, &stats);
	o->own_events = stats.nr_own;
	o->faults = faults() - o->begin_faults;
	o->peak_bytes = status_row("VmHWM");
	o->locked_bytes = status_row("VmLck");
	o->nr_buffers = tracing_nr_buffers(&r->tracing);
	o->buffer_bytes = r->buffer_size * o->nr_buffers;
}

int overhead_trailer(struct recording *r, struct mmr_error *err)
{
	struct overhead *o = &r->overhead;
	char text[512];
	int size;

	take(o, r);
	size = snprintf(
		text, sizeof(text),
		"run_ns=%llu\nevent_cpu_ns=%llu\nsnapshot_cpu_ns=%llu\nend_snapshot_ns=%llu\n"
		"own_events=%llu\nfaults=%llu\npeak_bytes=%llu\nlocked_bytes=%llu\nbuffer_bytes=%llu\n",
		(unsigned long long)(o->ended_ns - o->started_ns),
		(unsigned long long)o->event_cpu_ns, (unsigned long long)o->snapshot_cpu_ns,
		(unsigned long long)(o->snapshot_ns - o->ended_ns),
		(unsigned long long)o->own_events, (unsigned long long)o->faults,
		(unsigned long long)o->peak_bytes, (unsigned long long)o->locked_bytes,
		(unsigned long long)o->buffer_bytes);
	return mmr_writer_trailer_text(r->writer, "recorder.cost", text, (size_t)size, err);
}

/* How much of a file is in the page cache. */
static uint64_t cached(const char *path, uint64_t *size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	unsigned char *pages = NULL;
	void *map = MAP_FAILED;
	uint64_t count = 0;

	*size = 0;
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		*size = (uint64_t)st.st_size;
		map = mmap(NULL, *size, PROT_READ, MAP_SHARED, fd, 0);
		pages = malloc(*size / page + 1);
	}
	if (map != MAP_FAILED && pages && mincore(map, *size, pages) == 0)
		for (size_t i = 0; i < (*size + page - 1) / page; i++)
			count += pages[i] & 1;
	if (map != MAP_FAILED)
		munmap(map, *size);
	free(pages);
	if (fd >= 0)
		close(fd);
	return count * page;
}

void overhead_closed(struct overhead *o, const char *path)
{
	o->closed_ns = clock_of(CLOCK_MONOTONIC);
	o->cached_bytes = cached(path, &o->file_bytes);
}

/* ---- printing ---- */

static void row(struct table *table, const char *what, const char *amount, const char *note)
{
	table_cell(table, "%s", what);
	table_cell(table, "%s", amount);
	table_cell(table, "%s", note);
}

static void cpu_rows(struct table *table, const struct recording *r)
{
	const struct overhead *o = &r->overhead;
	const double run = (double)(o->closed_ns - o->begin_ns);
	const uint64_t events = r->stats.nr_events ? r->stats.nr_events : 1;
	char amount[FORMAT_SIZE];
	char note[160];

	snprintf(note, sizeof(note), "%.0f ns an event; %.1f %% of a CPU for the whole run",
	         (double)o->event_cpu_ns / (double)events, 100.0 * (double)o->event_cpu_ns / run);
	row(table, "CPU: reading, compressing, writing", format_duration(amount, o->event_cpu_ns),
	    note);
	snprintf(note, sizeof(note), "%.1f %% of a CPU for the whole run",
	         100.0 * (double)o->snapshot_cpu_ns / run);
	row(table, "CPU: snapshots and the rest", format_duration(amount, o->snapshot_cpu_ns),
	    note);
}

static void memory_rows(struct table *table, const struct recording *r)
{
	const struct overhead *o = &r->overhead;
	char amount[FORMAT_SIZE];
	char text[FORMAT_SIZE];
	char note[160];

	snprintf(note, sizeof(note), "%s of it locked", format_bytes(text, o->locked_bytes));
	row(table, "memory: the recorder, at most", format_bytes(amount, o->peak_bytes), note);
	snprintf(note, sizeof(note), "%u CPUs of %s each", o->nr_buffers,
	         format_bytes(text, r->buffer_size));
	row(table, "memory: the kernel's buffers", format_bytes(amount, o->buffer_bytes), note);
	row(table, "events of its own in the trace", format_count(amount, o->own_events),
	    "of pages, LRU lists and slab, which are not filtered; they bear its task numbers");
	row(table, "page faults of its own", format_count(amount, o->faults), "");
	snprintf(note, sizeof(note), "%s of it left in the page cache",
	         format_bytes(text, o->cached_bytes));
	row(table, "file", format_bytes(amount, o->file_bytes), note);
}

void overhead_print(const struct recording *r)
{
	static const struct table_column columns[] = {
		{ "what it cost", TABLE_LEFT },
		{ "amount", TABLE_RIGHT },
		{ "", TABLE_LEFT },
	};
	const struct overhead *o = &r->overhead;
	struct table *table = table_create(columns, sizeof(columns) / sizeof(columns[0]));
	char amount[FORMAT_SIZE];
	char text[FORMAT_SIZE];
	char note[160];

	cpu_rows(table, r);
	memory_rows(table, r);
	if (o->snapshot_ns > o->ended_ns && o->closed_ns > o->ended_ns) {
		snprintf(note, sizeof(note), "%s of it the end snapshot",
		         format_duration(text, o->snapshot_ns - o->ended_ns));
		row(table, "from the end to the closed file",
		    format_duration(amount, o->closed_ns - o->ended_ns), note);
	}
	table_print(table, stderr);
	table_destroy(table);
}
