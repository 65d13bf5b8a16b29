/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Trace file to trace.dat, version 6: the plainest layout there is, which every trace-cmd and
 * KernelShark reads. The sub-buffers go out as they came from the kernel. A loss that only the
 * kernel's statistics tell of is marked on the sub-buffer behind it, as the kernel marks the others.
 *
 * Streams beside the ring buffer's (perf's page faults) become instances named perf, perf2, ..., which
 * trace-cmd and KernelShark merge as they do those of the kernel's tracer.
 *
 * Left out: what trace.dat has no place for (snapshots, access samples, the machine's zones).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mmreplay/trace_import.h>

#include "alloc.h"
#include "error_set.h"
#include "io.h"
#include "reader.h"

#define MISSED_EVENTS \
	(1ull << 31) /* in the commit word: events are missing before this sub-buffer */
#define MISSED_STORED (1ull << 30) /* their number follows the data */

enum {
	OPTION_CPUSTAT = 2,
	OPTION_BUFFER = 3,
	OPTION_TRACECLOCK = 4,
	OPTION_UNAME = 5,
	OPTION_VERSION = 9,
};

struct export
{
	const struct mmr_export_options *options;
	struct mmr_trace *trace;
	struct trace_unzip unzip;
	struct trace_content content;
	struct trace_buffer head;
	const char *path;
	char *partial;
	int fd;
	uint64_t offset;
	uint32_t nr_layers; /* streams of each CPU */
	size_t *tables; /* where in the head each layer's table of CPUs stands; 0: it has no data */
	uint64_t done;
	uint64_t nr_bad;
	bool failed; /* out of memory while the header was built */
};

/* ---- the header ---- */

static void put(struct export *x, const void *data, size_t size)
{
	if (x->failed || trace_buffer_room(&x->head, size) < 0) {
		x->failed = true;
		return;
	}
	if (size)
		memcpy(x->head.data + x->head.used, data, size);
	x->head.used += size;
}

static void put_number(struct export *x, uint64_t value, size_t size)
{
	uint8_t bytes[8];

	le64_put(bytes, value);
	put(x, bytes, size);
}

/* A text with its size before it; an empty one if the trace has none. */
static void put_text(struct export *x, const char *name, size_t size_bytes)
{
	size_t size = 0;
	const char *text = mmr_trace_text(x->trace, name, &size);

	put_number(x, text ? size : 0, size_bytes);
	put(x, text, text ? size : 0);
}

static void put_option(struct export *x, unsigned int id, const char *text, size_t size)
{
	put_number(x, id, 2);
	put_number(x, size + 1, 4);
	put(x, text, size);
	put(x, "", 1);
}

/* The system in "events/SYSTEM/NAME/format"; 0 if this is another text. */
static size_t system_of(const char *name, const char **system)
{
	size_t length = strlen(name);
	const char *slash;

	if (strncmp(name, "events/", 7) != 0 || length < 16 ||
	    strcmp(name + length - 7, "/format") != 0)
		return 0;
	*system = name + 7;
	slash = strchr(*system, '/');
	return slash && strchr(slash + 1, '/') == name + length - 7 ? (size_t)(slash - *system) : 0;
}

static bool same_system(const char *name, const char *system, size_t length)
{
	const char *other = "";

	return system_of(name, &other) == length && memcmp(other, system, length) == 0;
}

/* All formats of one system, with their number before them. */
static void put_system(struct export *x, const char *system, size_t length)
{
	size_t at = x->head.used;
	uint32_t count = 0;
	const char *name;

	put_number(x, 0, 4);
	for (uint32_t i = 0; (name = mmr_trace_text_name(x->trace, i)); i++)
		if (same_system(name, system, length)) {
			put_text(x, name, 8);
			count++;
		}
	if (!x->failed)
		le32_put(x->head.data + at, count);
}

/* Whether an earlier text has the same system. */
static bool seen_before(const struct export *x, uint32_t index, const char *system, size_t length)
{
	for (uint32_t i = 0; i < index; i++)
		if (same_system(mmr_trace_text_name(x->trace, i), system, length))
			return true;
	return false;
}

static void put_systems(struct export *x)
{
	size_t at = x->head.used;
	uint32_t count = 0;
	const char *name;

	put_number(x, 0, 4);
	for (uint32_t i = 0; (name = mmr_trace_text_name(x->trace, i)); i++) {
		const char *system;
		size_t length = system_of(name, &system);

		if (length == 0 || (length == 6 && memcmp(system, "ftrace", 6) == 0) ||
		    seen_before(x, i, system, length))
			continue;
		put(x, system, length);
		put(x, "", 1);
		put_system(x, system, length);
		count++;
	}
	if (!x->failed)
		le32_put(x->head.data + at, count);
}

/* Notes which layers have data; the ring buffer's is always there. */
static int find_layers(struct export *x)
{
	uint32_t nr_cpus = mmr_trace_info(x->trace)->nr_cpus;
	const struct trace_entry_vec *entries = &x->trace->entries;
	const char *text = mmr_trace_text(x->trace, "nr_streams", NULL);
	uint64_t nr_streams = text ? strtoull(text, NULL, 10) : nr_cpus;

	x->nr_layers = nr_streams > TRACE_MAX_CPUS ? TRACE_MAX_CPUS / nr_cpus
	                                           : (uint32_t)nr_streams / nr_cpus;
	x->nr_layers = x->nr_layers ? x->nr_layers : 1;
	x->tables = base_calloc(x->nr_layers, sizeof(*x->tables));
	if (!x->tables)
		return MMR_E_NOMEM;
	x->tables[0] = 1;
	for (size_t i = 0; i < entries->count; i++) {
		uint32_t layer = entries->items[i].number / nr_cpus;

		if (entries->items[i].kind == TRACE_FRAME_DATA && layer < x->nr_layers)
			x->tables[layer] = 1;
	}
	return 0;
}

/* An instance for each layer; where its table stands is filled in by put_tables(). */
static void put_instances(struct export *x)
{
	for (uint32_t layer = 1; layer < x->nr_layers; layer++) {
		char name[24];
		int size = layer == 1 ? snprintf(name, sizeof(name), "perf")
		                      : snprintf(name, sizeof(name), "perf%u", layer);

		if (!x->tables[layer])
			continue;
		put_number(x, OPTION_BUFFER, 2);
		put_number(x, 8 + (size_t)size + 1, 4);
		x->tables[layer] = x->head.used;
		put_number(x, 0, 8);
		put(x, name, (size_t)size + 1);
	}
}

static void put_tables(struct export *x)
{
	uint32_t nr_cpus = mmr_trace_info(x->trace)->nr_cpus;

	for (uint32_t layer = 0; layer < x->nr_layers; layer++) {
		if (!x->tables[layer])
			continue;
		if (layer > 0 && !x->failed)
			le64_put(x->head.data + x->tables[layer], x->head.used);
		put(x, "flyrecord", 10);
		x->tables[layer] = x->head.used;
		for (uint32_t cpu = 0; cpu < nr_cpus; cpu++) {
			put_number(x, 0, 8);
			put_number(x, 0, 8);
		}
	}
}

static void put_options(struct export *x)
{
	const struct mmr_trace_info *info = mmr_trace_info(x->trace);
	char text[256];
	int size = snprintf(text, sizeof(text), "[%s]\n", info->clock);

	put_option(x, OPTION_TRACECLOCK, text, (size_t)size);
	size = snprintf(text, sizeof(text), "Linux unknown %s #0 unknown %s", info->kernel_release,
	                info->machine);
	put_option(x, OPTION_UNAME, text, (size_t)size);
	put_option(x, OPTION_VERSION, info->tool, strlen(info->tool));
	for (uint32_t cpu = 0; cpu < info->nr_cpus; cpu++) {
		size_t stats_size;
		const char *stats;

		snprintf(text, sizeof(text), "per_cpu/cpu%u/stats", cpu);
		stats = mmr_trace_text(x->trace, text, &stats_size);
		if (!stats)
			continue;
		/* trace-cmd expects the CPU's number first; the kernel's file has none. */
		size = snprintf(text, sizeof(text), "CPU: %u\n", cpu);
		if (strncmp(stats, "CPU:", 4) == 0)
			size = 0;
		put_number(x, OPTION_CPUSTAT, 2);
		put_number(x, (size_t)size + stats_size + 1, 4);
		put(x, text, (size_t)size);
		put(x, stats, stats_size);
		put(x, "", 1);
	}
	put_instances(x);
	put_number(x, 0, 2);
}

/* Everything before the sub-buffers. */
static void build_head(struct export *x, uint32_t subbuf_size)
{
	put(x, "\x17\x08\x44tracing6", 12); /* with its NUL */
	put(x, "\x00\x08", 2);              /* little endian, 64 bit */
	put_number(x, subbuf_size, 4);
	put(x, "header_page", sizeof("header_page"));
	put_text(x, "header_page", 8);
	put(x, "header_event", sizeof("header_event"));
	put_text(x, "header_event", 8);
	put_system(x, "ftrace", 6);
	put_systems(x);
	put_number(x, 0, 4); /* kallsyms */
	put_text(x, "printk_formats", 4);
	put_text(x, "saved_cmdlines", 8);
	put_number(x, mmr_trace_info(x->trace)->nr_cpus, 4);
	put(x, "options  ", 10);
	put_options(x);
	put_tables(x);
	while (!x->failed && x->head.used % subbuf_size)
		put(x, "", 1);
}

/* ---- the sub-buffers ---- */

/* Marks the sub-buffer as standing behind a loss, if it is not marked yet and its number fits. */
static void mark_loss(uint8_t *page, uint32_t page_size, uint64_t nr_lost)
{
	uint64_t commit = le64_get(page + 8);
	uint64_t size = commit & (MISSED_STORED - 1);

	if (nr_lost == 0 || commit & MISSED_EVENTS)
		return;
	commit |= MISSED_EVENTS;
	if (size + 8 <= page_size - SUBBUF_HEADER) {
		commit |= MISSED_STORED;
		le64_put(page + SUBBUF_HEADER + size, nr_lost);
	}
	le64_put(page + 8, commit);
}

static uint64_t marked_losses(const uint8_t *pages, size_t size, uint32_t page_size)
{
	uint64_t nr_lost = 0;

	for (size_t i = 0; i + page_size <= size; i += page_size) {
		struct trace_subbuf s;

		trace_subbuf_init(&s, pages + i, page_size);
		nr_lost += s.nr_missed;
	}
	return nr_lost;
}

static int copy_frame(struct export *x, const struct trace_entry *entry, uint32_t subbuf_size,
                      struct mmr_error *err)
{
	uint8_t *pages;
	size_t size;
	uint64_t marked;
	int ret = trace_entry_read(x->trace, &x->unzip, entry, &x->content, err);

	if (ret == MMR_E_CORRUPT || ret == MMR_E_TRUNCATED ||
	    (ret == 0 && x->content.head.aux != subbuf_size)) {
		x->nr_bad++;
		return 0;
	}
	if (ret < 0)
		return ret;
	pages = x->content.data + TRACE_HEAD_SIZE;
	size = (size_t)x->content.head.payload;
	size -= size % subbuf_size;
	marked = marked_losses(pages, size, subbuf_size);
	if (size > 0 && x->content.head.lost > marked)
		mark_loss(pages, subbuf_size, x->content.head.lost - marked);
	ret = base_write_all(x->fd, pages, size, x->partial, err);
	if (ret == 0)
		x->offset += size;
	x->done += size;
	if (x->options->progress)
		x->options->progress(x->options->progress_data, x->done,
		                     mmr_trace_info(x->trace)->raw_size);
	return ret;
}

/* The sub-buffers of one CPU in one layer; their place goes into the table. */
static int copy_stream(struct export *x, uint32_t layer, uint32_t cpu, uint32_t subbuf_size,
                       struct mmr_error *err)
{
	const struct trace_entry_vec *entries = &x->trace->entries;
	uint32_t stream = layer * mmr_trace_info(x->trace)->nr_cpus + cpu;
	uint8_t *place = x->head.data + x->tables[layer] + 16ul * cpu;
	uint64_t start = x->offset;

	for (size_t i = 0; i < entries->count; i++) {
		int ret;

		if (entries->items[i].kind != TRACE_FRAME_DATA ||
		    entries->items[i].number != stream)
			continue;
		ret = copy_frame(x, &entries->items[i], subbuf_size, err);
		if (ret < 0)
			return ret;
	}
	le64_put(place, start);
	le64_put(place + 8, x->offset - start);
	return 0;
}

static int copy_streams(struct export *x, uint32_t subbuf_size, struct mmr_error *err)
{
	uint32_t nr_cpus = mmr_trace_info(x->trace)->nr_cpus;
	int ret = 0;

	for (uint32_t layer = 0; layer < x->nr_layers && ret == 0; layer++)
		for (uint32_t cpu = 0; cpu < nr_cpus && ret == 0 && x->tables[layer]; cpu++)
			ret = copy_stream(x, layer, cpu, subbuf_size, err);
	return ret;
}

/* Of the first data frame that says one; without any the size does not matter. */
static uint32_t subbuf_size_of(const struct mmr_trace *trace)
{
	for (size_t i = 0; i < trace->entries.count; i++) {
		uint32_t size = trace->entries.items[i].aux;

		if (trace->entries.items[i].kind == TRACE_FRAME_DATA && size >= 4096 &&
		    size <= TRACE_MAX_SUBBUF && (size & (size - 1)) == 0)
			return size;
	}
	return 4096;
}

static int write_file(struct export *x, struct mmr_error *err)
{
	int ret = trace_index_load(x->trace, err);
	uint32_t subbuf_size;
	size_t tables, end;

	if (ret < 0)
		return ret;
	if (find_layers(x) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for the header");
	subbuf_size = subbuf_size_of(x->trace);
	build_head(x, subbuf_size);
	if (x->failed || trace_unzip_init(&x->unzip) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for the header");
	ret = base_write_all(x->fd, x->head.data, x->head.used, x->partial, err);
	x->offset = x->head.used;
	if (ret == 0)
		ret = copy_streams(x, subbuf_size, err);
	if (ret < 0)
		return ret;
	/* Now the tables are known, which are the end of the head. */
	tables = x->tables[0];
	end = x->head.used;
	if (lseek(x->fd, (off_t)tables, SEEK_SET) < 0)
		return base_error_errno(err, errno, "cannot write %s", x->partial);
	return base_write_all(x->fd, x->head.data + tables, end - tables, x->partial, err);
}

/* ---- the file ---- */

/* A partial file that a killed export left is of no use; one that is locked is being written. */
static int open_partial(struct export *x, struct mmr_error *err)
{
	x->fd = open(x->partial, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (x->fd < 0)
		return base_error_errno(err, errno, "cannot create %s", x->partial);
	if (flock(x->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
		close(x->fd);
		x->fd = -1;
		return base_error(err, MMR_E_BUSY, "%s is being written by another process",
		                  x->partial);
	}
	if (ftruncate(x->fd, 0) < 0)
		return base_error_errno(err, errno, "cannot write %s", x->partial);
	return 0;
}

static int create(struct export *x, struct mmr_error *err)
{
	size_t size = strlen(x->path) + sizeof(".partial");
	struct stat st;

	if (lstat(x->path, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			return base_error(err, MMR_E_INVALID, "%s is not a regular file", x->path);
		if (!x->options->force)
			return base_error(err, MMR_E_EXISTS, "%s is there already", x->path);
	}
	x->partial = base_calloc_err(size, 1, "a name", err);
	if (!x->partial)
		return MMR_E_NOMEM;
	snprintf(x->partial, size, "%s.partial", x->path);
	return open_partial(x, err);
}

static int take_name(const struct export *x, struct mmr_error *err)
{
	unsigned int flags = x->options->force ? 0 : RENAME_NOREPLACE;

	if (fsync(x->fd) < 0)
		return base_error_errno(err, errno, "cannot write %s", x->partial);
	if (renameat2(AT_FDCWD, x->partial, AT_FDCWD, x->path, flags) == 0)
		return 0;
	if (flags && (errno == EINVAL || errno == ENOSYS) && access(x->path, F_OK) < 0 &&
	    rename(x->partial, x->path) == 0)
		return 0;
	return base_error_errno(err, errno, "cannot rename %s to %s", x->partial, x->path);
}

int mmr_export_tracedat(const char *input, const char *output,
                        const struct mmr_export_options *options, uint64_t *nr_bad_frames,
                        struct mmr_error *err)
{
	static const struct mmr_export_options defaults = { 0 };
	struct export x = { .options = options ? options : &defaults, .path = output, .fd = -1 };
	int ret = mmr_trace_open(input, NULL, &x.trace, err);

	if (ret < 0)
		return ret;
	if (x.trace->info.has_requests)
		ret = base_error(err, MMR_E_UNSUPPORTED, "%s holds page requests, and no events",
		                 input);
	if (ret == 0)
		ret = create(&x, err);
	if (ret == 0)
		ret = write_file(&x, err);
	if (ret == 0)
		ret = take_name(&x, err);
	if (x.fd >= 0) {
		close(x.fd);
		if (ret < 0)
			unlink(x.partial);
	}
	if (ret == 0 && nr_bad_frames)
		*nr_bad_frames = x.nr_bad;
	base_free(x.partial);
	base_free(x.tables);
	trace_buffer_deinit(&x.head);
	trace_content_deinit(&x.content);
	if (x.unzip.dctx)
		trace_unzip_deinit(&x.unzip);
	mmr_trace_close(x.trace);
	return ret;
}
