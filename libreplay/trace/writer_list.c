/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists of named blobs on their way into frames: header, trailer, snapshots. What is
 * too long for a frame is cut here, so that no reader needs more memory than a frame.
 */
#include <string.h>

#include "error_set.h"
#include "writer.h"

int trace_writer_list_begin(struct mmr_writer *w, enum trace_frame_kind kind, uint32_t number,
                            uint32_t aux, struct mmr_error *err)
{
	w->list_head = (struct trace_head){
		.kind = (uint16_t)kind,
		.number = number,
		.aux = aux,
	};
	if (trace_buffer_reset(&w->list) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for a frame");
	return 0;
}

int trace_writer_list_flush(struct mmr_writer *w, uint16_t flags, struct mmr_error *err)
{
	struct trace_head head = w->list_head;
	int ret;

	head.flags = flags;
	head.payload = w->list.used - TRACE_HEAD_SIZE;
	if (head.kind != TRACE_FRAME_ACCESS)
		head.count = w->list.count;
	head.sequence = w->sequence[head.kind]++;
	ret = trace_writer_frame(w, &w->zstd, w->list.data, &head, err);
	if (trace_buffer_reset(&w->list) < 0 && ret == 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for a frame");
	return ret;
}

int trace_writer_list_add(struct mmr_writer *w, struct trace_blob blob, struct mmr_error *err)
{
	uint64_t left = blob.size;

	do {
		int ret;

		if (w->list.used > TRACE_HEAD_SIZE && w->list.used + left > TRACE_BLOB_FRAME) {
			ret = trace_writer_list_flush(w, 0, err);
			if (ret < 0)
				return ret;
		}
		blob.size = left < TRACE_BLOB_FRAME ? left : TRACE_BLOB_FRAME;
		if (trace_blob_put(&w->list, &blob) < 0)
			return base_error(err, MMR_E_NOMEM, "out of memory for %.*s",
			                  (int)blob.name_size, blob.name);
		left -= blob.size;
		if (left == 0)
			break;
		blob.data += blob.size;
		blob.offset += blob.size;
		blob.flags |= TRACE_BLOB_CONTINUES;
	} while (true);
	return 0;
}

int trace_writer_add_texts(struct mmr_writer *w, const struct writer_text_vec *texts,
                           struct mmr_error *err)
{
	int ret = 0;

	for (size_t i = 0; i < texts->count && ret == 0; i++) {
		const struct writer_text *text = &texts->items[i];

		ret = trace_writer_list_add(
			w,
			(struct trace_blob){ .name = text->name,
		                             .name_size = (uint32_t)strlen(text->name),
		                             .data = text->data,
		                             .size = text->size },
			err);
	}
	return ret;
}

/* ---- snapshots ---- */

int mmr_writer_snapshot_begin(struct mmr_writer *w, uint32_t kind, uint64_t begin_ns,
                              struct mmr_error *err)
{
	int ret = trace_writer_check(w, err);

	if (ret < 0)
		return ret;
	if (!w->begun || w->in_snapshot)
		return base_error(err, MMR_E_INVALID, "a snapshot cannot begin here");
	ret = trace_writer_list_begin(w, TRACE_FRAME_SNAPSHOT, w->nr_snapshots, kind, err);
	w->list_head.first_ns = begin_ns;
	w->list_head.last_ns = begin_ns;
	w->in_snapshot = ret == 0;
	return ret;
}

int mmr_writer_snapshot_piece(struct mmr_writer *w, const struct mmr_snapshot_piece *piece,
                              struct mmr_error *err)
{
	struct trace_blob blob = {
		.name = piece->name,
		.data = piece->data,
		.size = piece->size,
		.offset = piece->offset,
		.begin_ns = piece->begin_ns,
		.end_ns = piece->end_ns,
	};
	size_t len = strlen(piece->name);

	if (!w->in_snapshot)
		return base_error(err, MMR_E_INVALID, "%.80s outside of a snapshot", piece->name);
	if (len == 0 || len > TRACE_MAX_NAME)
		return base_error(err, MMR_E_LIMIT, "the name %.80s is too long", piece->name);
	blob.name_size = (uint32_t)len;
	if (piece->end_ns > w->list_head.last_ns)
		w->list_head.last_ns = piece->end_ns;
	return trace_writer_list_add(w, blob, err);
}

int mmr_writer_snapshot_end(struct mmr_writer *w, uint64_t end_ns, struct mmr_error *err)
{
	if (!w->in_snapshot)
		return base_error(err, MMR_E_INVALID, "no snapshot has begun");
	w->in_snapshot = false;
	w->nr_snapshots++;
	w->list_head.last_ns = end_ns;
	return trace_writer_list_flush(w, TRACE_FRAME_LAST, err);
}

int trace_writer_trailer(struct mmr_writer *w, struct mmr_error *err)
{
	int ret = trace_writer_list_begin(w, TRACE_FRAME_TRAILER, 0, 0, err);

	if (ret == 0)
		ret = trace_writer_add_texts(w, &w->trailer, err);
	if (ret == 0)
		ret = trace_writer_list_flush(w, TRACE_FRAME_LAST, err);
	return ret;
}
