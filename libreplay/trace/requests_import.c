/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Public traces of page requests: libCacheSim's oracleGeneral, which most of them are available in.
 *
 * A record is 24 bytes, little endian, nothing aligned: u32 time in seconds, u64 object, u32 its size,
 * i64 when it is requested next. The file has no header and may be packed with zstd. Time and object are
 * taken; an object counts as one page whatever its size; what the record says of the future is not
 * believed (replay/future.c looks for itself).
 *
 * Objects become dense numbers in the order of their first requests, by an open hash table that is at most
 * half full: 32 bytes per object, 64 after it has just grown. Its key is random, so that no trace can make it slow.
 */
#include <mmreplay/trace_import.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mmreplay/trace_requests.h>
#include <mmreplay/trace_writer.h>
#include <mmreplay/version.h>

#include "alloc.h"
#include "error_set.h"
#include "le.h"
#include "reader.h"

#define RECORD_SIZE   ((size_t)24)
#define TICK_NS       1000000000u
#define IN_SIZE       (1u << 20)
#define OUT_SIZE      (MMR_REQUESTS_A_FRAME * RECORD_SIZE)
#define FIRST_SLOTS   4096u
#define MAX_OBJECTS   (1u << 28) /* pages that the engine can number */
#define AHEAD         12u        /* records between looking for a slot and needing it */
#define DEFAULT_LEVEL 3

/* The table's slot of an object; an empty one has number 0. */
struct object_slot {
	uint64_t id;
	uint32_t number; /* 1 + that of the page */
	uint32_t unused;
};

struct objects {
	struct object_slot *slots;
	uint32_t mask;
	uint32_t count;
	uint64_t key;
};

/* The input, packed or not, as a stream of bytes. */
struct source {
	int fd;
	const char *path;
	ZSTD_DCtx *dctx; /* NULL: it is not packed */
	uint8_t *packed;
	ZSTD_inBuffer in;
	bool within; /* a zstd frame has begun and not ended */
	uint64_t done;
	uint64_t size;
};

struct import {
	const struct mmr_import_options *options;
	struct mmr_request_import_report *report;
	struct source source;
	struct objects objects;
	struct mmr_writer *writer;
	uint8_t *records; /* OUT_SIZE */
	uint32_t *pages;
	uint32_t *ticks;
	uint32_t now_s;
	uint32_t first_size;
	uint64_t hash; /* of all requests: tells this trace from others */
};

/* Adds a line to the report; what does not fit is left out. */
__attribute__((format(printf, 2, 3))) static void note(struct mmr_request_import_report *report,
                                                       const char *fmt, ...)
{
	size_t used = strlen(report->notes);
	va_list args;

	if (used > 0 && used + 1 < sizeof(report->notes))
		report->notes[used++] = '\n';
	va_start(args, fmt);
	vsnprintf(report->notes + used, sizeof(report->notes) - used, fmt, args);
	va_end(args);
}

/* ---- objects ---- */

static uint32_t slot_of(const struct objects *objects, uint64_t id)
{
	uint64_t hash = (id ^ objects->key) * UINT64_C(0x9e3779b97f4a7c15);

	hash = (hash ^ hash >> 32 ^ objects->key >> 7) * UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)(hash >> 32) & objects->mask;
}

static struct object_slot *find_object(const struct objects *objects, uint64_t id)
{
	uint32_t i = slot_of(objects, id);

	while (objects->slots[i].number && objects->slots[i].id != id)
		i = (i + 1) & objects->mask;
	return &objects->slots[i];
}

static int grow_objects(struct objects *objects, struct mmr_error *err)
{
	struct objects grown = *objects;
	uint32_t nr = objects->slots ? (objects->mask + 1) * 2 : FIRST_SLOTS;

	if (objects->count >= MAX_OBJECTS)
		return base_error(err, MMR_E_LIMIT, "more than %u objects", MAX_OBJECTS);
	grown.mask = nr - 1;
	grown.slots = base_calloc_err(nr, sizeof(*grown.slots), "objects", err);
	if (!grown.slots)
		return MMR_E_NOMEM;
	for (uint32_t i = 0; objects->slots && i <= objects->mask; i++)
		if (objects->slots[i].number)
			*find_object(&grown, objects->slots[i].id) = objects->slots[i];
	base_free(objects->slots);
	*objects = grown;
	return 0;
}

static int number_object(struct objects *objects, uint64_t id, uint32_t *page,
                         struct mmr_error *err)
{
	struct object_slot *slot = find_object(objects, id);
	int ret = 0;

	if (!slot->number) {
		if (objects->count >= objects->mask / 2) {
			ret = grow_objects(objects, err);
			if (ret < 0)
				return ret;
			slot = find_object(objects, id);
		}
		*slot = (struct object_slot){ .id = id, .number = ++objects->count };
	}
	*page = slot->number - 1;
	return ret;
}

/* ---- the input ---- */

static int source_open(struct source *source, const char *path, struct mmr_error *err)
{
	uint8_t magic[4];
	struct stat st;

	source->path = path;
	source->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (source->fd < 0)
		return base_error_errno(err, errno, "cannot open %s", path);
	if (fstat(source->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return base_error(err, MMR_E_INVALID, "%s is not a regular file", path);
	source->size = (uint64_t)st.st_size;
	if (pread(source->fd, magic, 4, 0) != 4 || le32_get(magic) != TRACE_ZSTD_MAGIC)
		return 0;
	source->packed = base_calloc(IN_SIZE, 1);
	source->dctx = ZSTD_createDCtx();
	if (!source->packed || !source->dctx)
		return base_error(err, MMR_E_NOMEM, "out of memory to unpack %s", path);
	source->in.src = source->packed;
	return 0;
}

static void source_close(struct source *source)
{
	if (source->fd >= 0)
		close(source->fd);
	ZSTD_freeDCtx(source->dctx);
	base_free(source->packed);
}

static ssize_t read_some(struct source *source, void *data, size_t size, struct mmr_error *err)
{
	ssize_t got;

	do
		got = read(source->fd, data, size);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return base_error_errno(err, errno, "cannot read %s", source->path);
	source->done += (uint64_t)got;
	return got;
}

/* Some bytes, at least one; 0: the end. MMR_E_CORRUPT: it cannot be unpacked from here on. */
static ssize_t unpack_some(struct source *source, void *data, size_t size, struct mmr_error *err)
{
	ZSTD_outBuffer out = { data, size, 0 };

	while (out.pos == 0) {
		size_t ret;

		if (source->in.pos == source->in.size) {
			ssize_t got = read_some(source, source->packed, IN_SIZE, err);

			if (got < 0)
				return got;
			if (got == 0 && source->within)
				return base_error(err, MMR_E_CORRUPT, "it ends within its data");
			if (got == 0)
				return 0;
			source->in.size = (size_t)got;
			source->in.pos = 0;
		}
		ret = ZSTD_decompressStream(source->dctx, &out, &source->in);
		if (ZSTD_isError(ret))
			return base_error(err, MMR_E_CORRUPT, "%s", ZSTD_getErrorName(ret));
		source->within = ret != 0;
	}
	return (ssize_t)out.pos;
}

/* Fills data as far as there is any; as unpack_some() otherwise. */
static int source_read(struct source *source, uint8_t *data, size_t size, size_t *got,
                       struct mmr_error *err)
{
	*got = 0;
	while (*got < size) {
		ssize_t more = source->dctx ? unpack_some(source, data + *got, size - *got, err)
		                            : read_some(source, data + *got, size - *got, err);

		if (more < 0)
			return (int)more;
		if (more == 0)
			break;
		*got += (size_t)more;
	}
	return 0;
}

/* ---- requests ---- */

static uint32_t tick_of(struct import *im, uint32_t time_s)
{
	uint32_t tick = 0;

	if (time_s < im->now_s)
		im->report->nr_early++;
	else
		tick = time_s - im->now_s;
	im->now_s += tick;
	return tick;
}

/* nr records at im->records become a frame. */
static int take_records(struct import *im, uint32_t nr, struct mmr_error *err)
{
	struct mmr_requests requests = {
		.pages = im->pages, .ticks = im->ticks, .nr = nr, .tick_ns = TICK_NS
	};

	if (im->report->nr_requests == 0) {
		im->now_s = le32_get(im->records);
		im->first_size = le32_get(im->records + 12);
	}
	for (uint32_t i = 0; i < nr; i++) {
		const uint8_t *record = im->records + (size_t)i * RECORD_SIZE;
		int ret;

		if (i + AHEAD < nr)
			__builtin_prefetch(&im->objects.slots[slot_of(
				&im->objects, le64_get(record + AHEAD * RECORD_SIZE + 4))]);
		im->ticks[i] = tick_of(im, le32_get(record));
		if (i == 0)
			requests.first_ns = (uint64_t)im->now_s * TICK_NS;
		im->report->nr_sized += le32_get(record + 12) != im->first_size;
		ret = number_object(&im->objects, le64_get(record + 4), &im->pages[i], err);
		if (ret < 0)
			return ret;
		im->hash = (im->hash ^ ((uint64_t)im->ticks[i] << 32 | im->pages[i])) *
		           UINT64_C(0x100000001b3);
		im->hash ^= im->hash >> 29;
	}
	requests.last_ns = (uint64_t)im->now_s * TICK_NS;
	im->report->nr_requests += nr;
	return mmr_writer_requests(im->writer, &requests, err);
}

static int take_all(struct import *im, struct mmr_error *err)
{
	size_t got = OUT_SIZE;

	while (got == OUT_SIZE) {
		struct mmr_error why = { 0 };
		int ret = source_read(&im->source, im->records, OUT_SIZE, &got, &why);

		if (ret < 0 && ret != MMR_E_CORRUPT) {
			if (err)
				*err = why;
			return ret;
		}
		if (ret < 0)
			note(im->report, "%s is damaged or cut off: %s", im->source.path, why.text);
		else if (got % RECORD_SIZE != 0)
			note(im->report, "%s ends within a record", im->source.path);
		im->report->truncated = ret < 0 || got % RECORD_SIZE != 0;
		if (got >= RECORD_SIZE)
			ret = take_records(im, (uint32_t)(got / RECORD_SIZE), err);
		else
			ret = 0;
		if (ret < 0)
			return ret;
		if (im->report->truncated)
			break;
		if (im->options->progress)
			im->options->progress(im->options->progress_data, im->source.done,
			                      im->source.size);
	}
	if (im->report->nr_requests > 0)
		return 0;
	return base_error(err, MMR_E_FORMAT, "%s has no record of 24 bytes that could be read",
	                  im->source.path);
}

/* ---- the whole ---- */

static int put_text(struct import *im, bool trailer, const char *name, const char *text,
                    struct mmr_error *err)
{
	return trailer ? mmr_writer_trailer_text(im->writer, name, text, strlen(text), err)
	               : mmr_writer_text(im->writer, name, text, strlen(text), err);
}

static int put_number(struct import *im, const char *name, uint64_t number, struct mmr_error *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return put_text(im, true, name, text, err);
}

static int write_header(struct import *im, struct mmr_error *err)
{
	static const struct {
		const char *name;
		const char *text;
	} texts[] = {
		{ "kernel.release", "none" },
		{ "page_size", "4096" },
		{ "clock", "trace" },
		{ "requests", "oracleGeneral" },
	};
	char tool[64];
	int ret;

	snprintf(tool, sizeof(tool), "mmcap %s import", mmr_version());
	ret = put_text(im, false, "tool", tool, err);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && ret == 0; i++)
		ret = put_text(im, false, texts[i].name, texts[i].text, err);
	return ret < 0 ? ret : mmr_writer_begin(im->writer, err);
}

static int write_trailer(struct import *im, struct mmr_error *err)
{
	struct mmr_request_import_report *report = im->report;
	int ret = put_number(im, "requests.count", report->nr_requests, err);

	report->nr_pages = im->objects.count;
	if (report->nr_early > 0)
		note(report,
		     "%llu requests are older than the one before them: they "
		     "count as simultaneous",
		     (unsigned long long)report->nr_early);
	if (report->nr_sized > 0)
		note(report, "objects have different sizes: each counts as one page");
	if (ret == 0)
		ret = put_number(im, "requests.pages", report->nr_pages, err);
	if (ret == 0)
		ret = put_number(im, "requests.hash", im->hash, err);
	if (ret == 0 && report->notes[0])
		ret = put_text(im, true, "import.notes", report->notes, err);
	return ret;
}

static int convert(struct import *im, const char *output, struct mmr_error *err)
{
	const struct mmr_writer_options options = {
		.nr_cpus = 1,
		.subbuf_size = 4096,
		.level = im->options->level ? im->options->level : DEFAULT_LEVEL,
		.force = im->options->force,
	};
	int ret;

	im->records = base_calloc(OUT_SIZE, 1);
	im->pages = base_calloc(MMR_REQUESTS_A_FRAME, sizeof(*im->pages));
	im->ticks = base_calloc(MMR_REQUESTS_A_FRAME, sizeof(*im->ticks));
	if (!im->records || !im->pages || !im->ticks)
		return base_error(err, MMR_E_NOMEM, "out of memory to import");
	if (getrandom(&im->objects.key, sizeof(im->objects.key), GRND_NONBLOCK) < 0)
		im->objects.key = 0;
	ret = grow_objects(&im->objects, err);
	if (ret == 0)
		ret = mmr_writer_create(output, &options, &im->writer, err);
	if (ret == 0)
		ret = write_header(im, err);
	if (ret == 0)
		ret = take_all(im, err);
	return ret < 0 ? ret : write_trailer(im, err);
}

int mmr_import_oracle_general(const char *input, const char *output,
                              const struct mmr_import_options *options,
                              struct mmr_request_import_report *report, struct mmr_error *err)
{
	static const struct mmr_import_options defaults = { 0 };
	struct mmr_request_import_report unwanted;
	struct import im = { .options = options ? options : &defaults,
		             .report = report ? report : &unwanted,
		             .source = { .fd = -1 } };
	struct stat st;
	int ret;

	*im.report = (struct mmr_request_import_report){ 0 };
	ret = source_open(&im.source, input, err);
	if (ret == 0)
		ret = convert(&im, output, err);
	if (ret == 0) {
		ret = mmr_writer_finish(im.writer, err);
		if (ret == 0 && stat(output, &st) == 0)
			im.report->file_bytes = (uint64_t)st.st_size;
	} else {
		mmr_writer_abort(im.writer);
	}
	source_close(&im.source);
	base_free(im.objects.slots);
	base_free(im.records);
	base_free(im.pages);
	base_free(im.ticks);
	return ret;
}
