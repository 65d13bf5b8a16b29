/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists of named blobs on their way into frames: header, trailer, snapshots, access samples. What is
 * too long for a frame is cut here, so that no reader needs more memory than a frame.
 */
#include <stdlib.h>
#include <string.h>

#include "error_set.h"
#include "writer.h"

int trace_list_init(struct writer_list *list, int level)
{
	return trace_zip_init(&list->zip, level, TRACE_HEAD_SIZE + TRACE_BLOB_FRAME + 4096);
}

void trace_list_deinit(struct writer_list *list)
{
	trace_zip_deinit(&list->zip);
	trace_buffer_deinit(&list->bytes);
}

int trace_list_begin(struct writer_list *list, enum trace_frame_kind kind, uint32_t number,
                     uint32_t aux, struct mmr_error *err)
{
	list->head = (struct trace_head){
		.kind = (uint16_t)kind,
		.number = number,
		.aux = aux,
	};
	list->begun = false;
	if (trace_buffer_reset(&list->bytes) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for a frame");
	return 0;
}

int trace_list_flush(struct mmr_writer *w, struct writer_list *list, uint16_t flags,
                     struct mmr_error *err)
{
	struct trace_head head = list->head;
	struct writer_frame frame = { .first = !list->begun };
	int ret;

	head.flags = flags;
	head.payload = list->bytes.used - TRACE_HEAD_SIZE;
	if (head.kind != TRACE_FRAME_ACCESS)
		head.count = list->bytes.count;
	head.sequence = list->sequence[head.kind]++;
	list->begun = true;
	ret = trace_zip_frame(&list->zip, list->bytes.data, &head, &frame, err);
	if (ret == 0)
		ret = list->part ? trace_part_write(list->part, &frame, 1, err)
		                 : trace_writer_output(w, &frame, err);
	if (trace_buffer_reset(&list->bytes) < 0 && ret == 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for a frame");
	return ret;
}

int trace_list_add(struct mmr_writer *w, struct writer_list *list, struct trace_blob blob,
                   struct mmr_error *err)
{
	uint64_t left = blob.size;

	do {
		int ret;

		if (list->bytes.used > TRACE_HEAD_SIZE &&
		    list->bytes.used + left > TRACE_BLOB_FRAME) {
			ret = trace_list_flush(w, list, 0, err);
			if (ret < 0)
				return ret;
		}
		blob.size = left < TRACE_BLOB_FRAME ? left : TRACE_BLOB_FRAME;
		if (trace_blob_put(&list->bytes, &blob) < 0)
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

static int add_texts(struct mmr_writer *w, struct writer_list *list,
                     const struct writer_texts *texts, struct mmr_error *err)
{
	int ret = 0;

	for (size_t i = 0; i < texts->count && ret == 0; i++) {
		const struct writer_text *text = &texts->items[i];
		struct trace_blob blob = {
			.name = text->name,
			.name_size = (uint32_t)strlen(text->name),
			.data = text->data,
			.size = text->size,
		};

		ret = trace_list_add(w, list, blob, err);
	}
	return ret;
}

int trace_list_header(struct mmr_writer *w, struct writer_list *list,
                      const struct writer_texts *more, struct mmr_error *err)
{
	int ret = trace_list_begin(list, TRACE_FRAME_HEADER, 0,
	                           MMR_TRACE_FORMAT_MAJOR << 16 | MMR_TRACE_FORMAT_MINOR, err);

	if (ret == 0)
		ret = add_texts(w, list, &w->texts, err);
	if (ret == 0)
		ret = add_texts(w, list, more, err);
	return ret < 0 ? ret : trace_list_flush(w, list, TRACE_FRAME_LAST, err);
}

int trace_list_trailer(struct mmr_writer *w, struct writer_list *list,
                       const struct writer_texts *texts, struct mmr_error *err)
{
	int ret;

	if (texts->count == 0)
		return 0;
	ret = trace_list_begin(list, TRACE_FRAME_TRAILER, 0, 0, err);
	if (ret == 0)
		ret = add_texts(w, list, texts, err);
	return ret < 0 ? ret : trace_list_flush(w, list, TRACE_FRAME_LAST, err);
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
	ret = trace_list_begin(&w->list, TRACE_FRAME_SNAPSHOT, w->nr_snapshots, kind, err);
	w->list.head.first_ns = begin_ns;
	w->list.head.last_ns = begin_ns;
	w->in_snapshot = ret == 0;
	return ret;
}

static int add_piece(struct mmr_writer *w, const struct mmr_snapshot_piece *piece,
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

	if (len == 0 || len > TRACE_MAX_NAME)
		return base_error(err, MMR_E_LIMIT, "the name %.80s is too long", piece->name);
	blob.name_size = (uint32_t)len;
	if (piece->end_ns > w->list.head.last_ns)
		w->list.head.last_ns = piece->end_ns;
	return trace_list_add(w, &w->list, blob, err);
}

int mmr_writer_snapshot_piece(struct mmr_writer *w, const struct mmr_snapshot_piece *piece,
                              struct mmr_error *err)
{
	struct mmr_snapshot_piece changed = *piece;
	char name[512];
	char *own = NULL;
	int ret = 0;

	if (!w->in_snapshot)
		return base_error(err, MMR_E_INVALID, "%.80s outside of a snapshot", piece->name);
	if (!w->anon || trace_writer_anon_piece(w->anon, &changed, name, &own))
		ret = add_piece(w, &changed, err);
	free(own);
	return ret;
}

int mmr_writer_snapshot_end(struct mmr_writer *w, uint64_t end_ns, struct mmr_error *err)
{
	if (!w->in_snapshot)
		return base_error(err, MMR_E_INVALID, "no snapshot has begun");
	w->in_snapshot = false;
	w->nr_snapshots++;
	w->list.head.last_ns = end_ns;
	return trace_list_flush(w, &w->list, TRACE_FRAME_LAST, err);
}
