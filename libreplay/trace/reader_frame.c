/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One frame: its bytes from the file, decompressed, and its head checked. zstd's own checksum says
 * whether the content is sound; sizes are compared with their limits before memory is asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "error_set.h"
#include "io.h"
#include "le.h"
#include "reader.h"

#define PROBE_STEP    4096u /* first read of a frame whose size is not known; then 16 times more */
#define CHECKSUM_FLAG 4u    /* of a zstd frame's descriptor, the byte behind its magic */

int trace_unzip_init(struct trace_unzip *unzip)
{
	unzip->dctx = ZSTD_createDCtx();
	if (!unzip->dctx)
		return MMR_E_NOMEM;
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
	/* A fuzzer does not find checksums. */
	ZSTD_DCtx_setParameter(unzip->dctx, ZSTD_d_experimentalParam3, 1);
#endif
	return 0;
}

void trace_unzip_deinit(struct trace_unzip *unzip)
{
	ZSTD_freeDCtx(unzip->dctx);
	base_free(unzip->packed);
	*unzip = (struct trace_unzip){ 0 };
}

void trace_content_deinit(struct trace_content *content)
{
	if (!content->lent)
		base_free(content->data);
	*content = (struct trace_content){ 0 };
}

static int make_room(uint8_t **bytes, size_t *capacity, size_t size)
{
	void *memory = *bytes;

	if (size <= *capacity)
		return 0;
	if (base_resize(&memory, size, 1) < 0)
		return MMR_E_NOMEM;
	*bytes = memory;
	*capacity = size;
	return 0;
}

int trace_content_room(struct trace_content *content, size_t size)
{
	bool offered = content->offered && size <= content->offered_bytes;

	if (offered && !content->lent)
		base_free(content->data);
	if (offered || content->lent) {
		content->data = offered ? content->offered : NULL;
		content->capacity = offered ? size : 0;
		content->lent = offered;
		content->offered = NULL;
	}
	return make_room(&content->data, &content->capacity, size);
}

static int corrupt(struct mmr_error *err, uint64_t offset, const char *why)
{
	return base_error_at(err, MMR_E_CORRUPT, offset, "the frame at %llu %s",
	                     (unsigned long long)offset, why);
}

/* The size that a frame says its content has, if it is one that ours may have; else 0. */
static size_t content_size(const uint8_t *packed, size_t size)
{
	unsigned long long content = ZSTD_getFrameContentSize(packed, size);

	/* Without the flag nothing would be verified: one changed bit must not do that. */
	if (size < 5 || !(packed[4] & CHECKSUM_FLAG))
		return 0;
	return content < TRACE_HEAD_SIZE || content > TRACE_MAX_CONTENT ? 0 : (size_t)content;
}

static int read_frame(int fd, const char *path, struct trace_unzip *unzip, uint64_t offset,
                      uint64_t size, struct trace_content *content, struct mmr_error *err)
{
	size_t expected;
	size_t out;
	ssize_t got;

	if (size > TRACE_MAX_COMPRESSED)
		return corrupt(err, offset, "is too large");
	if (make_room(&unzip->packed, &unzip->capacity, (size_t)size) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for a frame");
	got = base_pread_all(fd, unzip->packed, (size_t)size, offset, path, err);
	if (got < 0)
		return (int)got;
	if ((size_t)got < size)
		return base_error_at(err, MMR_E_TRUNCATED, offset, "%s ends within a frame", path);
	expected = content_size(unzip->packed, (size_t)size);
	if (expected == 0 || (content->limit && expected > content->limit))
		return corrupt(err, offset, "has an impossible size");
	if (trace_content_room(content, expected) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for a frame");
	out = ZSTD_decompressDCtx(unzip->dctx, content->data, expected, unzip->packed,
	                          (size_t)size);
	if (ZSTD_isError(out))
		return base_error_at(err, MMR_E_CORRUPT, offset, "the frame at %llu is damaged: %s",
		                     (unsigned long long)offset, ZSTD_getErrorName(out));
	if (out != expected || !trace_head_get(content->data, out, &content->head) ||
	    content->head.payload != out - TRACE_HEAD_SIZE)
		return corrupt(err, offset, "has no sound head");
	return 0;
}

int trace_frame_read(const struct mmr_trace *trace, struct trace_unzip *unzip, uint64_t offset,
                     uint64_t size, struct trace_content *content, struct mmr_error *err)
{
	return read_frame(trace->fd, trace->path, unzip, offset, size, content, err);
}

/* The frame of an entry of one of several files, which may have to be opened for it. */
static int read_of_part(const struct trace_part *part, struct trace_unzip *unzip,
                        const struct trace_entry *entry, struct trace_content *content,
                        struct mmr_error *err)
{
	struct mmr_error why = { 0 };
	int fd = part->fd;
	int ret;

	if (entry->size == 0)
		return base_error(err, MMR_E_CORRUPT, "parts before %s are missing", part->path);
	if (fd < 0)
		fd = open(part->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return base_error_errno(err, errno, "cannot open %s", part->path);
	ret = read_frame(fd, part->path, unzip, entry->offset, entry->size, content, &why);
	if (part->fd < 0)
		close(fd);
	if (ret < 0 && err) {
		*err = why;
		snprintf(err->text, sizeof(err->text), "part %u: %.200s", part->number, why.text);
	}
	return ret;
}

/* The number that the frame itself bears. */
static uint32_t own_number(const struct trace_part *part, const struct trace_entry *entry)
{
	switch (part ? entry->kind : 0) {
	case TRACE_FRAME_SNAPSHOT:
		return entry->number - part->snapshot_base;
	case TRACE_FRAME_ACCESS:
		return entry->number - part->access_base;
	default:
		return entry->number;
	}
}

int trace_entry_read(const struct mmr_trace *trace, struct trace_unzip *unzip,
                     const struct trace_entry *entry, struct trace_content *content,
                     struct mmr_error *err)
{
	const struct trace_part *part =
		entry->part < trace->parts.count ? &trace->parts.items[entry->part] : NULL;
	int ret;

	content->limit = TRACE_HEAD_SIZE + (size_t)entry->payload;
	if (part)
		ret = read_of_part(part, unzip, entry, content, err);
	else
		ret = trace_frame_read(trace, unzip, entry->offset, entry->size, content, err);
	if (ret < 0)
		return ret;
	if (content->head.kind != entry->kind || content->head.number != own_number(part, entry) ||
	    content->head.payload != entry->payload)
		return corrupt(err, entry->offset, "is another than the index says");
	return 0;
}

/* Decompresses as little as gives the head. */
static int probe_head(struct trace_unzip *unzip, size_t size, struct trace_head *head)
{
	uint8_t bytes[TRACE_HEAD_SIZE];
	ZSTD_inBuffer in = { unzip->packed, size, 0 };
	ZSTD_outBuffer out = { bytes, sizeof(bytes), 0 };
	size_t expected = content_size(unzip->packed, size);

	if (expected == 0)
		return MMR_E_FORMAT;
	ZSTD_DCtx_reset(unzip->dctx, ZSTD_reset_session_only);
	while (out.pos < out.size && in.pos < in.size) {
		size_t ret = ZSTD_decompressStream(unzip->dctx, &out, &in);

		if (ZSTD_isError(ret))
			return MMR_E_CORRUPT;
		if (ret == 0)
			break;
	}
	if (out.pos < out.size || !trace_head_get(bytes, sizeof(bytes), head) ||
	    head->payload != expected - TRACE_HEAD_SIZE)
		return MMR_E_FORMAT;
	return 0;
}

int trace_frame_probe(const struct mmr_trace *trace, struct trace_unzip *unzip, uint64_t offset,
                      struct trace_entry *entry, struct mmr_error *err)
{
	struct trace_head head = { 0 };
	size_t step = PROBE_STEP;
	size_t size;
	int ret;

	for (;;) {
		ssize_t got;

		if (make_room(&unzip->packed, &unzip->capacity, step) < 0)
			return base_error(err, MMR_E_NOMEM, "out of memory for a frame");
		got = base_pread_all(trace->fd, unzip->packed, step, offset, trace->path, err);
		if (got < 0)
			return (int)got;
		if (got >= 4 && le32_get(unzip->packed) != TRACE_ZSTD_MAGIC)
			return corrupt(err, offset, "is none");
		if ((size_t)got == step && content_size(unzip->packed, step) == 0)
			return base_error_at(err, MMR_E_FORMAT, offset,
			                     "the frame at %llu is not one of a trace",
			                     (unsigned long long)offset);
		size = ZSTD_findFrameCompressedSize(unzip->packed, (size_t)got);
		if (!ZSTD_isError(size))
			break;
		if ((size_t)got < step)
			return base_error_at(err, MMR_E_TRUNCATED, offset, "%s ends within a frame",
			                     trace->path);
		if (step >= TRACE_MAX_COMPRESSED)
			return corrupt(err, offset, "does not end");
		step = step * 16 < TRACE_MAX_COMPRESSED ? step * 16 : TRACE_MAX_COMPRESSED;
	}
	ret = probe_head(unzip, size, &head);
	if (ret < 0)
		return base_error_at(err, ret, offset, "the frame at %llu has no sound head",
		                     (unsigned long long)offset);
	*entry = (struct trace_entry){
		.offset = offset,
		.first_ns = head.first_ns,
		.last_ns = head.last_ns,
		.lost = head.lost,
		.size = (uint32_t)size,
		.payload = (uint32_t)head.payload,
		.number = head.number,
		.aux = head.aux,
		.count = (uint32_t)head.count,
		.kind = head.kind,
		.flags = head.flags,
		.sequence = head.sequence,
	};
	return 0;
}
