/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compressed frames in a fixed piece of memory, first in, first out: on their way to the file, or kept
 * until somebody asks for them (--ring). The writer's lock guards it; what lies between two positions
 * may be read without as long as nobody takes it out.
 */
#ifndef TRACE_WRITER_ARENA_H
#define TRACE_WRITER_ARENA_H

#include "writer_frame.h"

struct writer_part;

struct writer_arena {
	uint8_t *data;
	uint64_t size; /* multiple of 8 */
	uint64_t in;   /* bytes that ever came in, so that in % size is where the next goes */
	uint64_t out;
};

/* What is in it. */
struct arena_item {
	struct writer_frame frame; /* counts and data point into the arena */
	struct writer_part *next;  /* instead of a frame: the file that comes after this one */
	uint64_t end;              /* position behind it */
};

/* 0 or MMR_E_NOMEM. All of the memory is touched. */
int trace_arena_init(struct writer_arena *arena, uint64_t size) MMR_MUST_CHECK;
void trace_arena_deinit(struct writer_arena *arena);

/* Bytes that a frame would take from in on, with what would be left over at the end of the memory. */
uint64_t trace_arena_need(const struct writer_arena *arena, const struct writer_frame *frame);

/* The most that may be asked for by one frame of so many compressed bytes and counts. */
uint64_t trace_arena_most(uint64_t size, uint64_t nr_counts);

static inline uint64_t trace_arena_used(const struct writer_arena *arena)
{
	return arena->in - arena->out;
}

/* Puts a frame in, for which there is room. */
void trace_arena_put(struct writer_arena *arena, const struct writer_frame *frame);
/* Puts a change of file in: as a frame without data. */
void trace_arena_put_part(struct writer_arena *arena, struct writer_part *next);

/* What is at pos, which lies before in. */
void trace_arena_get(const struct writer_arena *arena, uint64_t pos, struct arena_item *item);

#endif
