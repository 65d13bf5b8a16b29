/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which zstd level the next frame gets. No locks, no clock: the caller brings both. */
#ifndef TRACE_WRITER_LEVEL_H
#define TRACE_WRITER_LEVEL_H

#include <stdint.h>

#include <mmreplay/trace_writer.h>

struct writer_level {
	int level[MMR_WRITER_STEPS]; /* of each step, ever faster */
	uint32_t step;
	uint32_t calm;        /* frames taken in a row from a queue that was next to empty */
	uint32_t calm_needed; /* of these, before the next slower step */
	uint32_t nr_lowered;
	uint64_t frames[MMR_WRITER_STEPS];
};

void trace_level_init(struct writer_level *l, int level);

/* The queue in front of the compressors is so full, in thousandths. */
void trace_level_queue(struct writer_level *l, uint32_t per_mille);

/* The kernel's ring buffer is so full, in thousandths: this is later in the chain, and more urgent. */
void trace_level_kernel(struct writer_level *l, uint32_t per_mille);

/* A frame is about to be compressed; the level for it. idle: none waits behind it. */
int trace_level_take(struct writer_level *l, bool idle);

#endif
