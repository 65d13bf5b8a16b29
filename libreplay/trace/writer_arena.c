/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An item is its head, the counts, the compressed bytes, in one piece: where it does not fit before the
 * end of the memory, the rest is left empty and it goes to the beginning.
 */
#include "writer_arena.h"

#include <string.h>

#include "alloc.h"

enum item_kind {
	ITEM_FRAME,
	ITEM_PART,
	ITEM_NOTHING, /* up to the end of the memory; only size and kind are there */
};

struct item_head {
	uint32_t size; /* of all, multiple of 8 */
	uint16_t kind; /* enum item_kind */
	uint16_t first;
	uint32_t nr_counts;
	struct trace_entry entry;
	struct writer_part *next;
};

static_assert(sizeof(struct item_head) % 8 == 0 && sizeof(struct writer_count) % 8 == 0,
              "items are aligned");

int trace_arena_init(struct writer_arena *arena, uint64_t size)
{
	*arena = (struct writer_arena){ .size = size - size % 8 };
	arena->data = base_calloc((size_t)arena->size, 1);
	if (!arena->data)
		return MMR_E_NOMEM;
	/* Not while recording. */
	for (uint64_t i = 0; i < arena->size; i += 4096)
		((volatile uint8_t *)arena->data)[i] = 0;
	return 0;
}

void trace_arena_deinit(struct writer_arena *arena)
{
	base_free(arena->data);
	*arena = (struct writer_arena){ 0 };
}

static uint64_t item_size(const struct writer_frame *frame)
{
	uint64_t size = sizeof(struct item_head) + frame->nr_counts * sizeof(struct writer_count) +
	                frame->entry.size;

	return (size + 7) & ~7ull;
}

/* Bytes from the next item's place to the end of the memory. */
static uint64_t left_over(const struct writer_arena *arena)
{
	return arena->size - arena->in % arena->size;
}

uint64_t trace_arena_need(const struct writer_arena *arena, const struct writer_frame *frame)
{
	uint64_t size = item_size(frame);
	uint64_t left = left_over(arena);

	return size <= left ? size : left + size;
}

uint64_t trace_arena_most(uint64_t size, uint64_t nr_counts)
{
	return 2 * (sizeof(struct item_head) + nr_counts * sizeof(struct writer_count) + size + 8);
}

static void put(struct writer_arena *arena, const struct item_head *head,
                const struct writer_frame *frame)
{
	uint64_t left = left_over(arena);
	uint8_t *p;

	if (head->size > left) {
		struct item_head nothing = { .size = (uint32_t)left, .kind = ITEM_NOTHING };

		memcpy(arena->data + arena->in % arena->size, &nothing, 8);
		arena->in += left;
	}
	p = arena->data + arena->in % arena->size;
	memcpy(p, head, sizeof(*head));
	p += sizeof(*head);
	if (frame->nr_counts)
		memcpy(p, frame->counts, frame->nr_counts * sizeof(*frame->counts));
	p += frame->nr_counts * sizeof(*frame->counts);
	if (frame->entry.size)
		memcpy(p, frame->data, frame->entry.size);
	arena->in += head->size;
}

void trace_arena_put(struct writer_arena *arena, const struct writer_frame *frame)
{
	struct item_head head = {
		.size = (uint32_t)item_size(frame),
		.kind = ITEM_FRAME,
		.first = frame->first,
		.nr_counts = frame->nr_counts,
		.entry = frame->entry,
	};

	put(arena, &head, frame);
}

void trace_arena_put_part(struct writer_arena *arena, struct writer_part *next)
{
	struct writer_frame none = { 0 };
	struct item_head head = {
		.size = (uint32_t)item_size(&none),
		.kind = ITEM_PART,
		.next = next,
	};

	put(arena, &head, &none);
}

void trace_arena_get(const struct writer_arena *arena, uint64_t pos, struct arena_item *item)
{
	struct item_head head;
	const uint8_t *p = arena->data + pos % arena->size;

	memcpy(&head, p, 8);
	if (head.kind == ITEM_NOTHING) {
		/* What made it necessary came right behind. */
		pos += head.size;
		p = arena->data;
	}
	memcpy(&head, p, sizeof(head));
	p += sizeof(head);
	*item = (struct arena_item){ .next = head.next, .end = pos + head.size };
	item->frame = (struct writer_frame){
		.entry = head.entry,
		.first = head.first,
		.counts = (const void *)p,
		.nr_counts = head.nr_counts,
		.data = p + head.nr_counts * sizeof(struct writer_count),
	};
}
