/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one pageblock's record says, and how the records of many pageblocks at many instants add up to
 * the one cell of the heatmap that they share.
 */
#ifndef RENDER_PAGEBLOCK_H
#define RENDER_PAGEBLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGEBLOCK_RECORD 8 /* bytes, see schema.sql */
#define NO_FREE_ORDER    255

struct pageblock {
	uint16_t free, movable, other; /* pages */
	uint8_t migratetype;
	uint8_t largest_order; /* of a free block, or NO_FREE_ORDER */
};

/* What a pageblock is used for, in the order of the legend. */
enum block_kind {
	KIND_FREE,    /* nothing but free pages */
	KIND_MOVABLE, /* a movable block with movable pages only */
	KIND_MIXED,   /* a movable block that others have got into: the kernel, or per-CPU lists */
	KIND_UNMOVABLE,   /* set aside for the kernel, or all of it the kernel's */
	KIND_RECLAIMABLE, /* set aside for caches of the kernel */
	KIND_HIGHATOMIC,
	KIND_CMA,
	KIND_ISOLATE,
	NR_KINDS
};

/* enum migratetype of the kernel, as the records have it. */
enum block_type {
	TYPE_UNMOVABLE,
	TYPE_MOVABLE,
	TYPE_RECLAIMABLE,
	TYPE_HIGHATOMIC,
	TYPE_CMA,
	TYPE_ISOLATE,
	NR_TYPES
};

/* Sums over pageblocks and instants; all zero is empty. */
struct cell {
	uint64_t free, pages;
	uint64_t blocks;                  /* present pageblocks counted */
	uint64_t order_sum, order_blocks; /* of those that have a free page */
	uint64_t kinds[NR_KINDS];
	uint64_t types[NR_TYPES];
};

/* record: PAGEBLOCK_RECORD bytes. */
struct pageblock pageblock_unpack(const uint8_t *record);

/* A pageblock without a single page: a hole of the address space. */
bool pageblock_absent(const struct pageblock *block);

enum block_kind pageblock_kind(const struct pageblock *block);
void cell_add(struct cell *cell, const struct pageblock *block);
void cell_merge(struct cell *cell, const struct cell *other);

/* 0 to 1; the kind, the migratetype most pageblocks have; mean order of the largest free block, -1 if none is free. */
double cell_free(const struct cell *cell);
enum block_kind cell_kind(const struct cell *cell);
enum block_type cell_type(const struct cell *cell);
double cell_order(const struct cell *cell);

#endif
