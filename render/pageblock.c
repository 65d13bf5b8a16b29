// SPDX-License-Identifier: GPL-2.0-or-later
#include "pageblock.h"

struct pageblock pageblock_unpack(const uint8_t *record)
{
	return (struct pageblock){
		.free = (uint16_t)(record[0] | record[1] << 8),
		.movable = (uint16_t)(record[2] | record[3] << 8),
		.other = (uint16_t)(record[4] | record[5] << 8),
		.migratetype = record[6],
		.largest_order = record[7],
	};
}

bool pageblock_absent(const struct pageblock *block)
{
	return !block->free && !block->movable && !block->other;
}

enum block_kind pageblock_kind(const struct pageblock *block)
{
	switch (block->migratetype) {
	case TYPE_HIGHATOMIC:
		return KIND_HIGHATOMIC;
	case TYPE_CMA:
		return KIND_CMA;
	case TYPE_ISOLATE:
		return KIND_ISOLATE;
	default:
		break;
	}
	if (!block->movable && !block->other)
		return KIND_FREE;
	switch (block->migratetype) {
	case TYPE_UNMOVABLE:
		return KIND_UNMOVABLE;
	case TYPE_RECLAIMABLE:
		return KIND_RECLAIMABLE;
	default:
		break;
	}
	if (!block->other)
		return KIND_MOVABLE;
	/* The kernel's image, initrd and memory map lie in blocks that were never given another type. */
	return block->free || block->movable ? KIND_MIXED : KIND_UNMOVABLE;
}

void cell_add(struct cell *cell, const struct pageblock *block)
{
	if (pageblock_absent(block))
		return;
	cell->free += block->free;
	cell->pages += (uint64_t)block->free + block->movable + block->other;
	cell->blocks++;
	cell->kinds[pageblock_kind(block)]++;
	cell->types[block->migratetype < NR_TYPES ? block->migratetype : TYPE_UNMOVABLE]++;
	if (block->largest_order != NO_FREE_ORDER) {
		cell->order_sum += block->largest_order;
		cell->order_blocks++;
	}
}

void cell_merge(struct cell *cell, const struct cell *other)
{
	cell->free += other->free;
	cell->pages += other->pages;
	cell->blocks += other->blocks;
	cell->order_sum += other->order_sum;
	cell->order_blocks += other->order_blocks;
	for (size_t i = 0; i < NR_KINDS; i++)
		cell->kinds[i] += other->kinds[i];
	for (size_t i = 0; i < NR_TYPES; i++)
		cell->types[i] += other->types[i];
}

double cell_free(const struct cell *cell)
{
	return cell->pages ? (double)cell->free / (double)cell->pages : 0;
}

enum block_kind cell_kind(const struct cell *cell)
{
	enum block_kind kind = KIND_FREE;

	for (size_t i = 1; i < NR_KINDS; i++) {
		if (cell->kinds[i] > cell->kinds[kind])
			kind = (enum block_kind)i;
	}
	return kind;
}

enum block_type cell_type(const struct cell *cell)
{
	enum block_type type = TYPE_UNMOVABLE;

	for (size_t i = 1; i < NR_TYPES; i++) {
		if (cell->types[i] > cell->types[type])
			type = (enum block_type)i;
	}
	return type;
}

double cell_order(const struct cell *cell)
{
	return cell->order_blocks ? (double)cell->order_sum / (double)cell->order_blocks : -1;
}
