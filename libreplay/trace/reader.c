/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opening a trace: header, index or walk, trailer; the texts and what struct mmr_trace_info tells from
 * them. Events are not touched before mmr_trace_next().
 */
#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "error_set.h"
#include "io.h"
#include "kept.h"
#include "le.h"

void trace_note_damage(struct mmr_trace *trace, uint64_t offset, uint64_t nr_bytes, const char *fmt,
                       ...)
{
	struct mmr_trace_damage *damage = &trace->damage;
	char text[96];
	va_list args;

	damage->nr_frames += nr_bytes > 0;
	damage->nr_bytes += nr_bytes;
	if (damage->text[0])
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	damage->first_offset = offset;
	snprintf(damage->text, sizeof(damage->text), "at byte %llu: %s", (unsigned long long)offset,
	         text);
}

/* ---- texts ---- */

struct trace_text *trace_find_text(const struct mmr_trace *trace, const char *name, size_t len)
{
	for (size_t i = trace->texts.count; i-- > 0;)
		if (strlen(trace->texts.items[i].name) == len &&
		    memcmp(trace->texts.items[i].name, name, len) == 0)
			return &trace->texts.items[i];
	return NULL;
}

static int append_text(struct trace_text *text, const struct trace_blob *blob)
{
	void *data = text->data;

	if (blob->size > TRACE_MAX_TEXT - text->size)
		return MMR_E_LIMIT;
	if (base_resize(&data, text->size + (size_t)blob->size + 1, 1) < 0)
		return MMR_E_NOMEM;
	text->data = data;
	memcpy(text->data + text->size, blob->data, (size_t)blob->size);
	text->size += (size_t)blob->size;
	text->data[text->size] = '\0';
	return 0;
}

static int add_text(struct mmr_trace *trace, const struct trace_blob *blob, size_t *total)
{
	struct trace_text text = { .size = (size_t)blob->size };
	struct trace_text *before;

	*total += (size_t)blob->size + TRACE_BLOB_HEAD_SIZE;
	if (*total > TRACE_MAX_TEXT || trace->texts.count >= TRACE_MAX_BLOBS)
		return MMR_E_LIMIT;
	before = blob->flags & TRACE_BLOB_CONTINUES
	                 ? trace_find_text(trace, blob->name, blob->name_size)
	                 : NULL;
	if (before)
		return append_text(before, blob);
	text.name = base_strndup(blob->name, blob->name_size);
	text.data = base_calloc(text.size + 1, 1);
	if (!text.name || !text.data || trace_text_vec_push(&trace->texts, text) < 0) {
		base_free(text.name);
		base_free(text.data);
		return MMR_E_NOMEM;
	}
	if (text.size)
		memcpy(text.data, blob->data, text.size);
	return 0;
}

int trace_add_texts(struct mmr_trace *trace, const struct trace_content *content)
{
	struct trace_blob blob;
	size_t pos = 0;
	size_t total = 0;
	int ret;

	for (size_t i = 0; i < trace->texts.count; i++)
		total += trace->texts.items[i].size + TRACE_BLOB_HEAD_SIZE;
	while ((ret = trace_blob_next(content->data + TRACE_HEAD_SIZE,
	                              (size_t)content->head.payload, &pos, &blob)) > 0) {
		ret = add_text(trace, &blob, &total);
		if (ret < 0)
			return ret;
	}
	return ret;
}

const char *mmr_trace_text(const struct mmr_trace *trace, const char *name, size_t *size)
{
	const struct trace_text *text = trace_find_text(trace, name, strlen(name));

	if (!text)
		return NULL;
	if (size)
		*size = text->size;
	return text->data;
}

const char *mmr_trace_text_name(const struct mmr_trace *trace, uint32_t i)
{
	return i < trace->texts.count ? trace->texts.items[i].name : NULL;
}

/* ---- header ---- */

static int refuse(const struct mmr_trace *trace, struct mmr_error *err)
{
	uint8_t bytes[16];
	ssize_t got = base_pread_all(trace->fd, bytes, sizeof(bytes), 0, trace->path, err);

	if (got < 0)
		return (int)got;
	if (got == 0)
		return base_error(err, MMR_E_FORMAT, "%s is empty", trace->path);
	if (got >= 10 && memcmp(bytes, "\x17\x08\x44tracing", 10) == 0)
		return base_error(err, MMR_E_FORMAT,
		                  "%s is a trace.dat file: convert it with mmcap import",
		                  trace->path);
	if (got >= 8 && memcmp(bytes, "PERFILE2", 8) == 0)
		return base_error(err, MMR_E_FORMAT, "%s is a perf.data file, not a trace",
		                  trace->path);
	if (got == 16 && memcmp(bytes, "SQLite format 3", 16) == 0)
		return base_error(err, MMR_E_FORMAT,
		                  "%s is a database: give the trace that it was made of",
		                  trace->path);
	return base_error(err, MMR_E_FORMAT, "%s is not a trace file", trace->path);
}

/* What to say if the frame at offset within the header cannot be read for that reason. */
static int bad_header(const struct mmr_trace *trace, int code, struct mmr_error *err)
{
	if (code == MMR_E_TRUNCATED)
		return base_error(err, code, "%s ends within its header", trace->path);
	if (code == MMR_E_CORRUPT || code == MMR_E_FORMAT || code == MMR_E_LIMIT)
		return base_error(err, MMR_E_CORRUPT, "the header of %s is damaged", trace->path);
	if (code == MMR_E_NOMEM)
		return base_error(err, code, "out of memory for the header of %s", trace->path);
	return code;
}

static int check_version(struct mmr_trace *trace, uint32_t version, struct mmr_error *err)
{
	trace->info.format_major = version >> 16;
	trace->info.format_minor = version & 0xffff;
	if (trace->info.format_major == MMR_TRACE_FORMAT_MAJOR)
		return 0;
	return base_error(err, MMR_E_VERSION,
	                  "%s has format %u.%u; this program reads %u.x: a newer one is needed",
	                  trace->path, trace->info.format_major, trace->info.format_minor,
	                  (unsigned int)MMR_TRACE_FORMAT_MAJOR);
}

static int read_header(struct mmr_trace *trace, struct mmr_error *err)
{
	struct trace_content content = { 0 };
	struct trace_entry entry = { 0 };
	uint8_t magic[4];
	uint64_t offset = 0;
	int ret = 0;

	if (base_pread_all(trace->fd, magic, 4, 0, trace->path, err) != 4 ||
	    le32_get(magic) != TRACE_ZSTD_MAGIC)
		return refuse(trace, err);
	while (ret == 0 && !(entry.flags & TRACE_FRAME_LAST)) {
		ret = trace_frame_probe(trace, &trace->unzip, offset, &entry, err);
		if (ret == MMR_E_FORMAT && offset == 0)
			return refuse(trace, err);
		if (ret == 0 && entry.kind != TRACE_FRAME_HEADER)
			ret = MMR_E_CORRUPT;
		if (ret == 0 && offset == 0)
			ret = check_version(trace, entry.aux, err);
		if (ret == MMR_E_VERSION)
			break;
		if (ret == 0)
			ret = trace_entry_read(trace, &trace->unzip, &entry, &content, err);
		if (ret == 0)
			ret = trace_add_texts(trace, &content);
		offset += entry.size;
		if (ret < 0)
			ret = bad_header(trace, ret, err);
	}
	trace_content_deinit(&content);
	return ret;
}

static void copy_text(const struct mmr_trace *trace, const char *name, char *dst, size_t room)
{
	const char *text = mmr_trace_text(trace, name, NULL);

	snprintf(dst, room, "%s", text ? text : "");
	dst[strcspn(dst, "\n")] = '\0';
}

static uint64_t number_text(const struct mmr_trace *trace, const char *name)
{
	const char *text = mmr_trace_text(trace, name, NULL);

	return text ? strtoull(text, NULL, 10) : 0;
}

static int use_header(struct mmr_trace *trace, struct mmr_error *err)
{
	struct mmr_trace_info *info = &trace->info;
	const char *zoneinfo = mmr_trace_text(trace, "proc/zoneinfo", NULL);
	const char *header_page = mmr_trace_text(trace, "header_page", NULL);
	uint64_t page_size = number_text(trace, "page_size");
	uint64_t nr_cpus = number_text(trace, "nr_cpus");
	int ret = 0;

	copy_text(trace, "kernel.release", info->kernel_release, sizeof(info->kernel_release));
	copy_text(trace, "machine", info->machine, sizeof(info->machine));
	copy_text(trace, "clock", info->clock, sizeof(info->clock));
	copy_text(trace, "tool", info->tool, sizeof(info->tool));
	info->start_wall_ns = number_text(trace, "start_wall_ns");
	info->start_ns = number_text(trace, "start_ns");
	info->filtered = mmr_trace_text(trace, "filtered", NULL) != NULL;
	info->ring = mmr_trace_text(trace, "ring", NULL) != NULL;
	info->nr_parts = 1;
	info->first_part = (uint32_t)number_text(trace, "rotation.part");
	info->starts_late = info->ring || info->first_part > 1;
	info->whole_from_ns = number_text(trace, "ring.begin_ns");
	info->has_requests = mmr_trace_text(trace, "requests", NULL) != NULL;
	if (page_size < 4096 || page_size > 1u << 20 || (page_size & (page_size - 1)) != 0)
		return base_error(err, MMR_E_CORRUPT, "%s: pages of %llu bytes do not exist",
		                  trace->path, (unsigned long long)page_size);
	if (nr_cpus == 0 || nr_cpus > TRACE_MAX_CPUS)
		return base_error(err, MMR_E_CORRUPT, "%s: %llu CPUs are not possible (at most %u)",
		                  trace->path, (unsigned long long)nr_cpus, TRACE_MAX_CPUS);
	info->page_size = (uint32_t)page_size;
	info->nr_cpus = (uint32_t)nr_cpus;
	if (header_page)
		ret = trace_subbuf_check_layout(header_page, NULL, err);
	if (ret == 0 && zoneinfo &&
	    trace_parse_zoneinfo(zoneinfo, &trace->zones, &info->nr_zones) < 0)
		ret = base_error(err, MMR_E_NOMEM, "out of memory for zones");
	return ret;
}

static int use_formats(struct mmr_trace *trace, const struct mmr_trace_options *options,
                       struct mmr_error *err)
{
	struct trace_formats *formats = &trace->formats;

	if (options && options->kinds)
		memcpy(formats->wanted, options->kinds, sizeof(formats->wanted));
	else
		memset(formats->wanted, 0xff, sizeof(formats->wanted));
	for (size_t i = 0; i < trace->texts.count; i++) {
		const struct trace_text *text = &trace->texts.items[i];

		if (trace_formats_add(formats, text->name, text->data, text->size) < 0)
			return base_error(err, MMR_E_NOMEM, "out of memory for event formats");
	}
	return 0;
}

/* ---- trailer and totals ---- */

/* The trailer's frames, one after the other. Damage there costs names of tasks, not the trace. */
static int read_trailer(struct mmr_trace *trace, struct mmr_error *err)
{
	struct trace_content content = { 0 };
	struct mmr_error why;
	uint64_t offset = trace->totals.trailer_offset;
	uint64_t left = trace->totals.trailer_size;
	int ret = 0;

	while (ret == 0 && left > 0) {
		struct trace_entry entry;

		ret = trace_frame_probe(trace, &trace->unzip, offset, &entry, &why);
		if (ret == 0 && (entry.size > left || entry.kind != TRACE_FRAME_TRAILER))
			ret = MMR_E_CORRUPT;
		if (ret == 0)
			ret = trace_entry_read(trace, &trace->unzip, &entry, &content, &why);
		if (ret == 0)
			ret = trace_add_texts(trace, &content);
		if (ret == 0) {
			offset += entry.size;
			left -= entry.size;
		}
	}
	trace_content_deinit(&content);
	if (ret == 0)
		return 0;
	if (ret == MMR_E_IO)
		return base_error_errno(err, why.sys_errno, "cannot read %s", trace->path);
	if (ret == MMR_E_NOMEM)
		return base_error(err, ret, "out of memory for the trailer");
	trace_note_damage(trace, offset, left, "the trailer is damaged");
	return 0;
}

void trace_use_totals(struct mmr_trace *trace)
{
	struct mmr_trace_info *info = &trace->info;
	struct trace_totals *totals = &trace->totals;

	info->nr_snapshots = (uint32_t)totals->snapshots.count;
	info->nr_access_frames = totals->nr_access;
	info->nr_requests = number_text(trace, "requests.count");
	info->nr_request_pages = number_text(trace, "requests.pages");
	info->nr_events = UINT64_MAX;
	/* In a later part each CPU goes on where its last page in the part before ended. */
	for (size_t i = 0; i < totals->cpus.count && info->first_part > 1; i++)
		if (totals->cpus.items[i].first_ns > info->whole_from_ns)
			info->whole_from_ns = totals->cpus.items[i].first_ns;
	/* The first of several parts may have had an index; it does not speak for all of them. */
	info->nr_lost = info->first_ns = info->last_ns = info->raw_size = 0;
	if (!info->indexed)
		return;
	info->nr_events = totals->nr_events;
	info->nr_lost = totals->nr_lost;
	info->first_ns = totals->first_ns;
	info->last_ns = totals->last_ns;
	info->raw_size = totals->raw_bytes;
	for (size_t i = 0; i < totals->counts.count; i++) {
		const struct trace_format *format =
			trace_formats_find(&trace->formats, totals->counts.items[i].event_id);

		totals->counts.items[i].kind =
			format && format->kind ? format->kind : MMR_EVENT_OTHER;
	}
}

static void info_of_trailer(struct mmr_trace *trace)
{
	trace->info.repaired = mmr_trace_text(trace, "repair.notes", NULL) != NULL;
}

static int read_rest(struct mmr_trace *trace, struct mmr_error *err)
{
	struct mmr_error why;
	const char *comms;
	int ret = trace_index_open(trace, &why);

	trace->info.indexed = ret == 0;
	if (ret == 0)
		ret = read_trailer(trace, err);
	else if (ret == MMR_E_NOTFOUND)
		ret = trace_index_scan(trace, err);
	else if (err)
		*err = why;
	if (ret < 0)
		return ret;
	info_of_trailer(trace);
	trace_use_totals(trace);
	comms = mmr_trace_text(trace, "saved_cmdlines", NULL);
	if (comms && trace_comms_parse(&trace->saved_comms, comms) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for names of tasks");
	return 0;
}

/* ---- opening and closing ---- */

static int open_file(struct mmr_trace *trace, const char *path, struct mmr_error *err)
{
	struct stat st;

	trace->path = base_strndup(path, strlen(path));
	if (!trace->path || trace_unzip_init(&trace->unzip) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for a trace");
	trace->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (trace->fd < 0 || fstat(trace->fd, &st) < 0)
		return base_error_errno(err, errno, "cannot open %s", path);
	if (S_ISDIR(st.st_mode) || S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
		return base_error(err, MMR_E_INVALID, "%s is not a regular file", path);
	trace->info.file_size = (uint64_t)st.st_size;
	return 0;
}

static int open_header(const char *path, const struct mmr_trace_options *options,
                       struct mmr_trace **ret, struct mmr_error *err)
{
	struct mmr_trace *trace = base_calloc_err(1, sizeof(*trace), "a trace", err);
	int code;

	if (!trace)
		return MMR_E_NOMEM;
	trace->fd = -1;
	trace->nr_threads = options ? options->nr_threads : 0;
	trace->keep_bytes = options ? options->keep_bytes : 0;
	code = open_file(trace, path, err);
	if (code == 0)
		code = read_header(trace, err);
	if (code == 0)
		code = use_header(trace, err);
	if (code < 0) {
		mmr_trace_close(trace);
		return code;
	}
	trace->nr_header_texts = trace->texts.count;
	*ret = trace;
	return 0;
}

int trace_open_header(const char *path, struct mmr_trace **ret, struct mmr_error *err)
{
	return open_header(path, NULL, ret, err);
}

int trace_open_file(const char *path, const struct mmr_trace_options *options,
                    struct mmr_trace **ret, struct mmr_error *err)
{
	struct mmr_trace *trace;
	int code = open_header(path, options, &trace, err);

	if (code < 0)
		return code;
	code = use_formats(trace, options, err);
	if (code == 0)
		code = read_rest(trace, err);
	if (code < 0) {
		mmr_trace_close(trace);
		return code;
	}
	*ret = trace;
	return 0;
}

void mmr_trace_close(struct mmr_trace *trace)
{
	if (!trace)
		return;
	trace_merge_deinit(trace);
	trace_kept_destroy(trace);
	if (trace->fd >= 0)
		close(trace->fd);
	/* The first part's file is that of the trace. */
	for (size_t i = 0; i < trace->parts.count; i++) {
		if (i > 0 && trace->parts.items[i].fd >= 0)
			close(trace->parts.items[i].fd);
		base_free(trace->parts.items[i].path);
	}
	trace_part_vec_deinit(&trace->parts);
	for (size_t i = 0; i < trace->texts.count; i++) {
		base_free(trace->texts.items[i].name);
		base_free(trace->texts.items[i].data);
	}
	trace_text_vec_deinit(&trace->texts);
	trace_formats_deinit(&trace->formats);
	trace_totals_deinit(&trace->totals);
	trace_entry_vec_deinit(&trace->entries);
	trace_comms_deinit(&trace->saved_comms);
	trace_comms_deinit(&trace->seen_comms);
	trace_requests_deinit(&trace->requests);
	trace_content_deinit(&trace->access);
	trace_buffer_deinit(&trace->access_bytes);
	trace_buffer_deinit(&trace->access_known);
	trace_unzip_deinit(&trace->unzip);
	base_free(trace->first_of_snapshot);
	base_free(trace->first_of_access);
	trace_symbols_deinit(&trace->kernel_symbols);
	trace_symbols_deinit(&trace->user_symbols);
	base_free(trace->print_room);
	base_free(trace->zones);
	base_free(trace->path);
	base_free(trace);
}

/* ---- what is known ---- */

const struct mmr_trace_info *mmr_trace_info(const struct mmr_trace *trace)
{
	return &trace->info;
}

const struct mmr_zone_info *mmr_trace_zone(const struct mmr_trace *trace, uint32_t i)
{
	return i < trace->info.nr_zones ? &trace->zones[i] : NULL;
}

const struct mmr_trace_damage *mmr_trace_damage(const struct mmr_trace *trace)
{
	return &trace->damage;
}

const struct mmr_event_count *mmr_trace_count(const struct mmr_trace *trace, uint32_t i)
{
	return i < trace->totals.counts.count ? &trace->totals.counts.items[i] : NULL;
}

bool mmr_trace_has_event(const struct mmr_trace *trace, unsigned int kind)
{
	return kind < MMR_NR_EVENT_KINDS && trace->formats.row_of_kind[kind] != 0;
}

bool mmr_trace_event_id_name(const struct mmr_trace *trace, uint32_t event_id, const char **system,
                             const char **name)
{
	const struct trace_format *format = trace_formats_find(&trace->formats, event_id);

	if (!format)
		return false;
	*system = format->system;
	*name = format->name;
	return true;
}

const char *mmr_trace_comm(const struct mmr_trace *trace, uint32_t pid)
{
	const char *comm = trace_comms_find(&trace->seen_comms, pid);

	if (pid == 0)
		return "<idle>";
	if (!comm)
		comm = trace_comms_find(&trace->saved_comms, pid);
	return comm ? comm : "<...>";
}
