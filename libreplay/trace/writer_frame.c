/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "writer_frame.h"

#include "alloc.h"
#include "error_set.h"

/*
 * Level 3 (dfast) with tables that stay in the cache: on ring-buffer pages the same size as with zstd's
 * own tables for a fifth less time.
 */
#define SMALL_LEVEL 3
#define SMALL_LONG  15
#define SMALL_SHORT 14

static void set_level(ZSTD_CCtx *cctx, int level)
{
	ZSTD_CCtx_setParameter(cctx, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(cctx, ZSTD_c_hashLog, level == SMALL_LEVEL ? SMALL_LONG : 0);
	ZSTD_CCtx_setParameter(cctx, ZSTD_c_chainLog, level == SMALL_LEVEL ? SMALL_SHORT : 0);
}

int trace_zip_init(struct writer_zip *zip, int level, size_t content)
{
	zip->out_size = ZSTD_compressBound(content);
	zip->out = base_calloc(zip->out_size, 1);
	zip->cctx = ZSTD_createCCtx();
	if (!zip->out || !zip->cctx)
		return MMR_E_NOMEM;
	zip->level = level;
	set_level(zip->cctx, level);
	ZSTD_CCtx_setParameter(zip->cctx, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(zip->cctx, ZSTD_c_contentSizeFlag, 1);
	return 0;
}

void trace_zip_deinit(struct writer_zip *zip)
{
	ZSTD_freeCCtx(zip->cctx);
	base_free(zip->out);
	*zip = (struct writer_zip){ 0 };
}

void trace_zip_set_level(struct writer_zip *zip, int level)
{
	if (zip->level == level)
		return;
	zip->level = level;
	set_level(zip->cctx, level);
}

int trace_zip_frame(struct writer_zip *zip, uint8_t *content, const struct trace_head *head,
                    struct writer_frame *frame, struct mmr_error *err)
{
	size_t size;

	trace_head_put(content, head);
	size = ZSTD_compress2(zip->cctx, zip->out, zip->out_size, content,
	                      TRACE_HEAD_SIZE + (size_t)head->payload);
	if (ZSTD_isError(size))
		return base_error(err, MMR_E_NOMEM, "cannot compress a frame: %s",
		                  ZSTD_getErrorName(size));
	frame->data = zip->out;
	frame->entry = (struct trace_entry){
		.first_ns = head->first_ns,
		.last_ns = head->last_ns,
		.lost = head->lost,
		.size = (uint32_t)size,
		.payload = (uint32_t)head->payload,
		.number = head->number,
		.aux = head->aux,
		.count = (uint32_t)head->count,
		.kind = head->kind,
		.flags = head->flags,
	};
	return 0;
}
