/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Snapshot folders: one file for each of /proc and /sys, and four collections (sysctl, mm, maps,
 * extfrag) that hold many small files in one. Each becomes the pieces that a recorder would have made.
 */
#include "tracedat_snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "io.h"

#define MAX_FILE  (1u << 30)
#define MAX_PATH  4096
#define PAGE      4096u
#define READ_SIZE (64u << 10) /* of cat */

/* How a file of the folder is read and cut up. */
enum shape {
	WHOLE,
	CHUNKS, /* read 64 KiB at a time, each with its own instant */
	SYSCTL, /* NAME=VALUE lines */
	SYSFS,  /* ./NAME=VALUE lines */
	MAPS,   /* "== PID COMM" and the lines of that process's maps */
};

/* Which of a snapshot's cats read the file. */
enum { BY_SUBSHELL = -1, BY_LAST = -2, BY_LAST_BUT_ONE = -3 };

static const struct row {
	const char *file;
	const char *name; /* or what precedes the names */
	enum shape shape;
	int reader;
} rows[] = {
	{ "buddyinfo", "proc/buddyinfo", WHOLE, 0 },
	{ "kpageflags", "proc/kpageflags", CHUNKS, 1 },
	{ "pagetypeinfo", "proc/pagetypeinfo", WHOLE, 2 },
	{ "zoneinfo", "proc/zoneinfo", WHOLE, 3 },
	{ "vmstat", "proc/vmstat", WHOLE, 4 },
	{ "buddyinfob", "proc/buddyinfo.b", WHOLE, 5 },
	{ "meminfo", "proc/meminfo", WHOLE, 6 },
	{ "slabinfo", "proc/slabinfo", WHOLE, 7 },
	{ "swaps", "proc/swaps", WHOLE, 8 },
	{ "version", "proc/version", WHOLE, 9 },
	{ "cmdline", "proc/cmdline", WHOLE, 10 },
	{ "kpagecount", "proc/kpagecount", CHUNKS, 11 },
	{ "uptime", "proc/uptime", WHOLE, 12 },
	{ "config", "proc/config", WHOLE, BY_SUBSHELL },
	{ "extfrag/extfrag_index", "sys/kernel/debug/extfrag/extfrag_index", WHOLE, 13 },
	{ "extfrag/unusable_index", "sys/kernel/debug/extfrag/unusable_index", WHOLE, 14 },
	{ "lru_gen_full", "sys/kernel/debug/lru_gen_full", WHOLE, 15 },
	{ "maps", "proc/", MAPS, BY_SUBSHELL },
	{ "cgroup", "proc/self/cgroup", WHOLE, BY_SUBSHELL },
	{ "sysctl", "proc/sys/vm/", SYSCTL, BY_SUBSHELL },
	{ "mm", "sys/kernel/mm/", SYSFS, BY_SUBSHELL },
	{ "page_owner", "sys/kernel/debug/page_owner", WHOLE, BY_LAST_BUT_ONE },
	{ "buddyinfo.end", "proc/buddyinfo.end", WHOLE, BY_LAST },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

struct folder {
	struct mmr_writer *writer;
	const struct dat_reader_vec *readers;
	struct mmr_import_report *report;
	bool has_extfrag; /* otherwise the cats behind uptime are others */
	unsigned int nr_unplaced;
};

void trace_dat_note(struct mmr_import_report *report, const char *fmt, ...)
{
	size_t used = strlen(report->notes);
	va_list args;
	int length;

	if (used + 2 >= sizeof(report->notes))
		return;
	va_start(args, fmt);
	length = vsnprintf(report->notes + used, sizeof(report->notes) - used - 1, fmt, args);
	va_end(args);
	if (length < 0)
		return;
	used = strlen(report->notes);
	memcpy(report->notes + used, "\n", 2);
}

static int piece(struct folder *f, const char *name, const char *data, size_t size,
                 const uint64_t when[3], struct mmr_error *err)
{
	struct mmr_snapshot_piece p = {
		.name = name,
		.data = (const uint8_t *)data,
		.size = size,
		.begin_ns = when[0],
		.end_ns = when[1],
		.offset = when[2],
	};

	return mmr_writer_snapshot_piece(f->writer, &p, err);
}

static const struct dat_reader *reader_of(const struct folder *f, int which)
{
	size_t count = f->readers->count;

	if (which == BY_LAST)
		return count > 0 ? &f->readers->items[count - 1] : NULL;
	if (which == BY_LAST_BUT_ONE)
		return count > 1 ? &f->readers->items[count - 2] : NULL;
	if (which < 0 || (size_t)which + 1 >= count || (which > 12 && !f->has_extfrag))
		return NULL;
	return &f->readers->items[which];
}

/*
 * The span of a file of size bytes, or of its chunk at offset. The last of a reader's page
 * allocations are those of what it wrote: page n of the file was produced just before the n-th.
 */
static void span(struct folder *f, const struct row *row, size_t size, size_t offset,
                 uint64_t when[3])
{
	const struct dat_reader *reader = reader_of(f, row->reader);
	size_t nr_pages = (size + PAGE - 1) / PAGE;
	const uint64_t *writes;

	when[0] = when[1] = 0;
	when[2] = offset;
	if (row->reader == BY_SUBSHELL && f->readers->count > 13) {
		when[0] = f->readers->items[12].end_ns;
		when[1] = f->readers->items[f->readers->count - 1].begin_ns;
	}
	if (!reader)
		return;
	if (nr_pages == 0 || reader->writes.count < nr_pages) {
		when[0] = reader->begin_ns;
		when[1] = reader->end_ns;
		f->nr_unplaced += nr_pages > 0;
		return;
	}
	writes = reader->writes.items + (reader->writes.count - nr_pages);
	when[0] = writes[offset / PAGE] - 1;
	when[1] = (row->shape == CHUNKS ? writes[offset / PAGE] : writes[nr_pages - 1]) - 1;
}

static int chunks(struct folder *f, const struct row *row, const char *data, size_t size,
                  struct mmr_error *err)
{
	for (size_t offset = 0; offset < size; offset += READ_SIZE) {
		size_t left = size - offset;
		uint64_t when[3];
		int ret;

		span(f, row, size, offset, when);
		ret = piece(f, row->name, data + offset, left < READ_SIZE ? left : READ_SIZE, when,
		            err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Length of a name at the start of a line that begins a new file: "swappiness=", "./ksm/run=". 0: none. */
static size_t entry_name(const char *line, size_t size, enum shape shape)
{
	size_t i = shape == SYSFS ? 2 : 0;

	if (shape == SYSFS && (size < 3 || line[0] != '.' || line[1] != '/'))
		return 0;
	for (; i < size && i < 256; i++) {
		char c = line[i];

		if (c == '=')
			return i;
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '_' && c != '-' && c != '.' && (c != '/' || shape == SYSCTL))
			return 0;
	}
	return 0;
}

/* Values may have several lines; a line that does not begin an entry belongs to the one before. */
static int entries(struct folder *f, const struct row *row, const char *data, size_t size,
                   struct mmr_error *err)
{
	size_t skip = row->shape == SYSFS ? 2 : 0;
	uint64_t when[3];
	size_t pos = 0;

	span(f, row, size, 0, when);
	while (pos < size) {
		size_t name_size = entry_name(data + pos, size - pos, row->shape);
		char name[512];
		size_t end = pos;
		size_t begin = pos + name_size + 1;
		int ret;

		do {
			const char *newline = memchr(data + end, '\n', size - end);

			end = newline ? (size_t)(newline - data) + 1 : size;
		} while (end < size && entry_name(data + end, size - end, row->shape) == 0);
		if (name_size > skip && begin <= end) {
			snprintf(name, sizeof(name), "%s%.*s", row->name, (int)(name_size - skip),
			         data + pos + skip);
			ret = piece(f, name, data + begin, end - begin, when, err);
			if (ret < 0)
				return ret;
		}
		pos = end;
	}
	return 0;
}

/* "== 1 init\n" and what follows, as proc/1/comm and proc/1/maps. */
static int maps(struct folder *f, const struct row *row, const char *data, size_t size,
                struct mmr_error *err)
{
	const char *end = data + size;
	const char *line = data;
	uint64_t when[3];

	span(f, row, size, 0, when);
	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		const char *next;
		char name[64];
		char *comm;
		unsigned long pid;
		int ret;

		stop = stop ? stop + 1 : end;
		/* The text is followed by a NUL, so that strtoul() stops. */
		pid = stop - line > 3 && memcmp(line, "== ", 3) == 0 ? strtoul(line + 3, &comm, 10)
		                                                     : 0;
		next = stop < end ? memmem(stop - 1, (size_t)(end - stop) + 1, "\n== ", 4) : NULL;
		next = next ? next + 1 : end;
		if (pid > 0 && pid <= UINT32_MAX && comm < stop && *comm == ' ') {
			snprintf(name, sizeof(name), "%s%lu/comm", row->name, pid);
			ret = piece(f, name, comm + 1, (size_t)(stop - comm - 1), when, err);
			snprintf(name, sizeof(name), "%s%lu/maps", row->name, pid);
			if (ret == 0)
				ret = piece(f, name, stop, (size_t)(next - stop), when, err);
			if (ret < 0)
				return ret;
		}
		line = next;
	}
	return 0;
}

static int write_row(struct folder *f, const struct row *row, const char *data, size_t size,
                     struct mmr_error *err)
{
	uint64_t when[3];

	switch (row->shape) {
	case WHOLE:
		span(f, row, size, 0, when);
		return piece(f, row->name, data, size, when, err);
	case CHUNKS:
		return chunks(f, row, data, size, err);
	case SYSCTL:
	case SYSFS:
		return entries(f, row, data, size, err);
	case MAPS:
		return maps(f, row, data, size, err);
	}
	return 0;
}

/* A file that is not there, or empty (the kernel lacked it), is left out. */
static int load(const char *folder, const char *file, char **data, size_t *size,
                struct mmr_error *err)
{
	char path[MAX_PATH];
	int ret;

	*data = NULL;
	*size = 0;
	if (snprintf(path, sizeof(path), "%s/%s", folder, file) >= (int)sizeof(path))
		return base_error(err, MMR_E_LIMIT, "the path of %s is too long", folder);
	ret = base_read_file(path, MAX_FILE, data, size, err);
	return ret == MMR_E_NOTFOUND ? 0 : ret;
}

static int write_rows(struct folder *f, const char *folder, struct mmr_error *err)
{
	for (size_t i = 0; i < NR_ROWS; i++) {
		char *data;
		size_t size;
		int ret = load(folder, rows[i].file, &data, &size, err);

		if (ret == 0 && size > 0)
			ret = write_row(f, &rows[i], data, size, err);
		base_free(data);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Whether the folder has this file; < 0 if the folder itself cannot be read. */
static int has_file(const char *folder, const char *file, struct mmr_error *err)
{
	char *data;
	size_t size;
	int ret;
	DIR *dir = opendir(folder);

	if (!dir)
		return base_error_errno(err, errno, "cannot open %s", folder);
	closedir(dir);
	ret = load(folder, file, &data, &size, err);
	base_free(data);
	return ret < 0 ? ret : size > 0;
}

int trace_dat_import_folder(struct mmr_writer *writer, const char *folder,
                            const struct dat_reader_vec *readers, uint64_t fallback_ns,
                            struct mmr_import_report *report, struct mmr_error *err)
{
	struct folder f = { .writer = writer, .readers = readers, .report = report };
	bool placed = readers->count > 0;
	uint64_t begin_ns = placed ? readers->items[0].begin_ns : fallback_ns;
	uint64_t end_ns = placed ? readers->items[readers->count - 1].end_ns : fallback_ns;
	int full = has_file(folder, "kpageflags", err);
	int extfrag = full < 0 ? full : has_file(folder, "extfrag/extfrag_index", err);
	int ret;

	if (extfrag < 0)
		return extfrag;
	f.has_extfrag = extfrag > 0;
	if (!placed)
		trace_dat_note(report,
		               "%s: no processes that read it are in the events; it is "
		               "taken as read at one end of the recording",
		               folder);
	ret = mmr_writer_snapshot_begin(writer, full ? MMR_SNAPSHOT_FULL : MMR_SNAPSHOT_LIGHT,
	                                begin_ns, err);
	if (ret == 0)
		ret = write_rows(&f, folder, err);
	if (ret == 0)
		ret = mmr_writer_snapshot_end(writer, end_ns, err);
	if (f.nr_unplaced > 0)
		trace_dat_note(report,
		               "%s: %u pieces are placed only between the start and the "
		               "end of the process that read them",
		               folder, f.nr_unplaced);
	report->nr_snapshots += ret == 0;
	return ret;
}
