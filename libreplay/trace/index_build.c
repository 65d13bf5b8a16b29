/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The index is a skippable zstd frame, so that zstd(1) passes over it; within it, the entries and the
 * totals are zstd frames of their own and so have checksums.
 */
#include "index_build.h"

#include "le.h"

struct builder {
	ZSTD_CCtx *cctx;
	struct trace_buffer list; /* the frame that is being filled */
	struct trace_buffer *out;
	uint32_t nr_frames; /* of entries */
};

/* Compresses the list as one frame of the index behind out. */
static int pack(struct builder *b, enum trace_frame_kind kind)
{
	struct trace_buffer *list = &b->list;
	struct trace_buffer *out = b->out;
	struct trace_head head = {
		.kind = (uint16_t)kind,
		.sequence = kind == TRACE_FRAME_ENTRIES ? b->nr_frames++ : 0,
		.count = list->count,
		.payload = list->used - TRACE_HEAD_SIZE,
	};
	size_t bound = ZSTD_compressBound(list->used);
	size_t size;

	if (trace_buffer_room(out, bound) < 0)
		return MMR_E_NOMEM;
	trace_head_put(list->data, &head);
	size = ZSTD_compress2(b->cctx, out->data + out->used, bound, list->data, list->used);
	if (ZSTD_isError(size))
		return MMR_E_NOMEM;
	out->used += size;
	return trace_buffer_reset(list);
}

static int pack_entries(struct builder *b, const struct trace_entry_vec *entries)
{
	int ret = trace_buffer_reset(&b->list);

	for (size_t i = 0; i < entries->count && ret == 0; i++) {
		ret = trace_entry_put(&b->list, &entries->items[i]);
		if (ret == 0 && b->list.count == TRACE_ENTRIES_A_FRAME)
			ret = pack(b, TRACE_FRAME_ENTRIES);
	}
	if (ret == 0 && b->list.count > 0)
		ret = pack(b, TRACE_FRAME_ENTRIES);
	return ret;
}

/* Room for the skippable frame's head, then the frames in it. */
static int build_frames(struct builder *b, const struct trace_entry_vec *entries,
                        const struct trace_totals *totals, struct trace_footer *footer)
{
	int ret = trace_buffer_room(b->out, TRACE_SKIP_HEAD_SIZE);

	if (ret < 0)
		return ret;
	b->out->used = TRACE_SKIP_HEAD_SIZE;
	ret = pack_entries(b, entries);
	footer->entries = b->out->used - TRACE_SKIP_HEAD_SIZE;
	if (ret == 0)
		ret = trace_buffer_reset(&b->list);
	if (ret == 0)
		ret = trace_totals_put(&b->list, totals);
	if (ret == 0)
		ret = pack(b, TRACE_FRAME_TOTALS);
	footer->totals = b->out->used - TRACE_SKIP_HEAD_SIZE - footer->entries;
	return ret;
}

int trace_index_build(ZSTD_CCtx *cctx, const struct trace_entry_vec *entries,
                      const struct trace_totals *totals, uint64_t offset, struct trace_buffer *out)
{
	struct builder b = { .cctx = cctx, .out = out };
	struct trace_footer footer = {
		.offset = offset,
		.entry_count = (uint32_t)entries->count,
		.version = totals->version ? totals->version
		                           : MMR_TRACE_FORMAT_MAJOR << 16 | MMR_TRACE_FORMAT_MINOR,
	};
	int ret = build_frames(&b, entries, totals, &footer);

	trace_buffer_deinit(&b.list);
	if (ret == 0)
		ret = trace_buffer_room(out, TRACE_FOOTER_SIZE);
	if (ret < 0)
		return ret;
	footer.file_size = offset + out->used + TRACE_FOOTER_SIZE;
	trace_footer_put(out->data + out->used, &footer);
	out->used += TRACE_FOOTER_SIZE;
	if (out->used - TRACE_SKIP_HEAD_SIZE > UINT32_MAX)
		return MMR_E_LIMIT;
	le32_put(out->data, TRACE_SKIP_MAGIC);
	le32_put(out->data + 4, (uint32_t)(out->used - TRACE_SKIP_HEAD_SIZE));
	return 0;
}
