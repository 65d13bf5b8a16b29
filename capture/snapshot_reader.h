/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads /proc and /sys into snapshots of the trace. */
#ifndef SNAPSHOT_READER_H
#define SNAPSHOT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/trace_writer.h>

#include "page_sweep.h"

#define MAX_PFN_RANGES 1024

struct pfn_range {
	uint64_t first;
	uint64_t end; /* behind the last */
};

struct snapshot_reader {
	struct mmr_writer *writer;
	uint8_t *buffer; /* the file that is being read */
	size_t capacity;
	int *light_fds; /* kept open, so that a light snapshot allocates next to nothing */
	struct pfn_range *ranges; /* pfns that have memory */
	unsigned int nr_ranges;
	struct page_sweep sweep;
	uint64_t end_ns;          /* time for a full snapshot at the end; 0: all that it takes */
	uint64_t pagetypeinfo_ns; /* not to be read again before */
	size_t nr_chunks;         /* of the pages' flags at the end, */
	size_t nr_chunks_read;    /* and how many of them there was time for */
	bool private;             /* leave out what tells about processes */
	int error;                /* the first failure of the writer, MMR_E_* */
	struct mmr_error why;
};

enum snapshot_moment { SNAPSHOT_START, SNAPSHOT_BETWEEN, SNAPSHOT_END };

int snapshot_reader_init(struct snapshot_reader *reader, struct mmr_error *err) MMR_MUST_CHECK;
void snapshot_reader_deinit(struct snapshot_reader *reader);

/* Finds out which pfns have memory, for ranges. Every full snapshot does. */
void snapshot_learn_ranges(struct snapshot_reader *reader);

/* Now, in ns of the trace's clock. */
uint64_t snapshot_clock(void);

/*
 * Takes a snapshot of kind (enum mmr_snapshot_kind). What this kernel lacks or hides is left out. Only
 * the writer's failures are errors.
 */
int snapshot_take(struct snapshot_reader *reader, uint32_t kind, enum snapshot_moment moment,
                  struct mmr_error *err) MMR_MUST_CHECK;

/* For what snapshot_system.c adds to a full one: reads path, names the piece name. */
void snapshot_file(struct snapshot_reader *reader, const char *path, const char *name);
void snapshot_piece(struct snapshot_reader *reader, const struct mmr_snapshot_piece *piece);

/* Everything of a full snapshot but the per-page files: settings, devices, processes, cgroups. */
void snapshot_system(struct snapshot_reader *reader);

/* Those of them that change, for a snapshot at the end: settings, slabs, swap, cgroups. */
void snapshot_system_changes(struct snapshot_reader *reader);

/* Its part about block devices and swap areas. */
void snapshot_devices(struct snapshot_reader *reader);

#endif
