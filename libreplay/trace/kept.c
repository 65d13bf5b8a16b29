/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A frame is not copied: it is decompressed into one of a few large pieces of memory, which are of huge pages where
 * the kernel has some, and lent from there.
 */
#include "kept.h"

#include <pthread.h>

#include "alloc.h"
#include "error_set.h"

#define PIECE_BYTES (32u << 20)

struct kept_frame {
	uint8_t *data; /* NULL: it is not kept */
	size_t capacity;
	struct trace_head head;
};

struct trace_kept {
	struct kept_frame *frames; /* by entry */
	pthread_mutex_t lock;      /* of what is below */
	uint64_t left;             /* bytes of pieces yet to come */
	uint8_t **pieces;
	size_t nr_pieces;
	uint8_t *room; /* what is left of the last one */
	size_t room_bytes;
};

int trace_kept_create(struct mmr_trace *trace, uint64_t limit, struct mmr_error *err)
{
	struct trace_kept *kept = base_calloc_err(1, sizeof(*kept), "frames", err);

	if (!kept)
		return MMR_E_NOMEM;
	pthread_mutex_init(&kept->lock, NULL);
	kept->left = limit;
	trace->kept = kept;
	kept->frames =
		base_calloc_err(trace->entries.count + 1, sizeof(*kept->frames), "frames", err);
	if (kept->frames)
		kept->pieces = base_calloc_err(limit / PIECE_BYTES + 1, sizeof(*kept->pieces),
		                               "frames", err);
	if (kept->pieces)
		return 0;
	trace_kept_destroy(trace);
	return MMR_E_NOMEM;
}

void trace_kept_destroy(struct mmr_trace *trace)
{
	struct trace_kept *kept = trace->kept;

	if (!kept)
		return;
	for (size_t i = 0; i < kept->nr_pieces; i++)
		base_free(kept->pieces[i]);
	pthread_mutex_destroy(&kept->lock);
	base_free(kept->pieces);
	base_free(kept->frames);
	base_free(kept);
	trace->kept = NULL;
}

/* Under the lock. What is left of the piece before stays empty. */
static void add_piece(struct trace_kept *kept)
{
	size_t size = kept->left < PIECE_BYTES ? (size_t)kept->left : PIECE_BYTES;
	uint8_t *piece = size > 0 ? base_calloc(size, 1) : NULL;

	if (!piece)
		return;
	base_want_huge_pages(piece, size);
	kept->pieces[kept->nr_pieces++] = piece;
	kept->left -= size;
	kept->room = piece;
	kept->room_bytes = size;
}

/* Where there is no room for it, the frame is decompressed again. */
static uint8_t *take_room(struct trace_kept *kept, size_t size)
{
	uint8_t *room = NULL;

	pthread_mutex_lock(&kept->lock);
	if (size > kept->room_bytes && size <= kept->left && size <= PIECE_BYTES)
		add_piece(kept);
	if (size <= kept->room_bytes) {
		room = kept->room;
		kept->room += size;
		kept->room_bytes -= size;
	}
	pthread_mutex_unlock(&kept->lock);
	return room;
}

static void lend(const struct kept_frame *frame, struct trace_content *content)
{
	if (!content->lent)
		base_free(content->data);
	content->data = frame->data;
	content->capacity = frame->capacity;
	content->head = frame->head;
	content->lent = true;
}

int trace_kept_read(const struct mmr_trace *trace, struct trace_unzip *unzip, size_t entry,
                    struct trace_content *content, struct mmr_error *err)
{
	const struct trace_entry *what = &trace->entries.items[entry];
	struct kept_frame *frame;
	int ret;

	if (!trace->kept)
		return trace_entry_read(trace, unzip, what, content, err);
	frame = &trace->kept->frames[entry];
	if (frame->data) {
		lend(frame, content);
		return 0;
	}
	content->offered_bytes = TRACE_HEAD_SIZE + (size_t)what->payload;
	content->offered = take_room(trace->kept, content->offered_bytes);
	ret = trace_entry_read(trace, unzip, what, content, err);
	content->offered = NULL;
	if (ret == 0 && content->lent)
		*frame = (struct kept_frame){ content->data, content->capacity, content->head };
	return ret;
}
