// SPDX-License-Identifier: GPL-2.0-or-later
#include "heat.h"

#include <stdlib.h>
#include <string.h>

#define NO_BAND UINT32_MAX

/* Where a row's pageblocks begin among its zone's. */
static size_t first_block(const struct heat *heat, const struct pageblock_row *row)
{
	const struct pageblock_zone *zone = &heat->index.zones[row->zone];

	return (row->first_pfn - zone->first_pfn) / zone->pageblock_pages;
}

/* A pageblock exists if any row knows a page of it. */
static int find_present(struct db *db, struct heat *heat, struct mmr_error *err)
{
	for (size_t i = 0; i < heat->index.nr_zones; i++)
		heat->present[i] = xalloc(heat->index.zones[i].nr_pageblocks, sizeof(bool));
	for (size_t i = 0; i < heat->index.nr_rows; i++) {
		const struct pageblock_row *row = &heat->index.rows[i];
		bool *present = heat->present[row->zone] + first_block(heat, row);
		const uint8_t *state;
		int rc = db_pageblock_state(db, row, &state, err);

		if (rc)
			return rc;
		for (size_t block = 0; block < row->nr_pageblocks; block++) {
			struct pageblock at = pageblock_unpack(state + block * PAGEBLOCK_RECORD);

			present[block] |= !pageblock_absent(&at);
		}
	}
	return 0;
}

static void leave_out(struct heat *heat, const struct heat_filter *filter)
{
	for (size_t i = 0; i < heat->index.nr_zones; i++) {
		const struct pageblock_zone *zone = &heat->index.zones[i];
		bool other = filter->zone && strcmp(filter->zone, zone->name) != 0;

		for (uint64_t block = 0; block < zone->nr_pageblocks; block++) {
			uint64_t pfn = zone->first_pfn + block * zone->pageblock_pages;

			if (other || pfn > filter->last_pfn ||
			    pfn + zone->pageblock_pages <= filter->first_pfn)
				heat->present[i][block] = false;
		}
	}
}

/* A replay does not know where there is no memory; the original's samples do. */
static int take_holes(struct db *db, struct heat *heat, struct mmr_error *err)
{
	struct mmr_error none;
	struct run original;
	struct heat *other;
	int rc;

	if (heat->run->original || db_find_original(db, heat->run, &original, &none))
		return 0;
	other = xalloc(1, sizeof(*other));
	rc = db_pageblocks(db, &original, &other->index, err);
	if (!rc && other->index.nr_zones == heat->index.nr_zones)
		rc = find_present(db, other, err);
	for (size_t i = 0; !rc && i < heat->index.nr_zones && other->present[i]; i++) {
		const struct pageblock_zone *mine = &heat->index.zones[i];
		const struct pageblock_zone *its = &other->index.zones[i];

		for (uint64_t block = 0;
		     mine->first_pfn == its->first_pfn &&
		     mine->nr_pageblocks == its->nr_pageblocks && block < mine->nr_pageblocks;
		     block++)
			heat->present[i][block] &= other->present[i][block];
	}
	heat_deinit(other);
	free(other);
	return rc;
}

int heat_load(struct db *db, const struct run *run, const struct heat_filter *filter,
              struct heat *heat, struct mmr_error *err)
{
	int rc;

	heat->run = run;
	rc = db_pageblocks(db, run, &heat->index, err);
	heat->loss_ns = db_first_loss(db, run);
	if (rc || !heat->index.nr_rows)
		return rc;
	heat->end_ns = heat->index.rows[heat->index.nr_rows - 1].t_ns;
	if (run->duration_ns > heat->end_ns)
		heat->end_ns = run->duration_ns;
	rc = find_present(db, heat, err);
	if (!rc)
		rc = take_holes(db, heat, err);
	if (!rc)
		leave_out(heat, filter);
	return rc;
}

void heat_deinit(struct heat *heat)
{
	for (size_t zone = 0; zone < ZONES_MAX; zone++)
		free(heat->present[zone]);
	addrmap_deinit(&heat->map);
	pageblock_index_deinit(&heat->index);
	free(heat->cells);
}

/* Sums of one column. */
struct column {
	struct cell *held; /* each band in its zone's latest sample */
	struct cell *sum;  /* over the samples within this column */
	bool known[ZONES_MAX], summed[ZONES_MAX];
	uint32_t *band_of[ZONES_MAX]; /* by pageblock */
	uint8_t *state[ZONES_MAX];    /* likewise: the last record */
	size_t count_from
		[ZONES_MAX]; /* rows before: of samples that later ones replace before `since` */
};

static void column_init(struct column *column, const struct heat *heat, int64_t since)
{
	const struct addrmap *map = &heat->map;

	*column = (struct column){ .held = xalloc(map->nr_bands, sizeof(struct cell)),
		                   .sum = xalloc(map->nr_bands, sizeof(struct cell)) };
	for (size_t i = 0; i < heat->index.nr_zones; i++) {
		size_t nr = heat->index.zones[i].nr_pageblocks;

		column->state[i] = xalloc(nr, PAGEBLOCK_RECORD);
		column->band_of[i] = xalloc(nr, sizeof(uint32_t));
		memset(column->band_of[i], 0xff, nr * sizeof(uint32_t));
	}
	for (size_t i = 0; i < map->nr_segments; i++) {
		const struct segment *segment = &map->segments[i];

		for (size_t j = 0; j < segment->nr_bands; j++) {
			const struct band *band = &map->bands[segment->first_band + j];

			for (uint32_t block = 0; block < band->nr_blocks; block++)
				column->band_of[segment->zone][band->first_block + block] =
					(uint32_t)(segment->first_band + j);
		}
	}
	for (size_t i = 0; i < heat->index.nr_rows && heat->index.rows[i].t_ns <= since; i++)
		column->count_from[heat->index.rows[i].zone] = i;
}

static void column_deinit(struct column *column)
{
	free(column->held);
	free(column->sum);
	for (size_t i = 0; i < ZONES_MAX; i++) {
		free(column->band_of[i]);
		free(column->state[i]);
	}
}

/* Makes the zone's bands of its state, and adds them to the column. */
static void add_sample(const struct heat *heat, struct column *column, uint32_t zone)
{
	const uint32_t *band_of = column->band_of[zone];
	const struct addrmap *map = &heat->map;

	for (size_t i = 0; i < map->nr_segments; i++) {
		if (map->segments[i].zone == zone)
			memset(&column->held[map->segments[i].first_band], 0,
			       map->segments[i].nr_bands * sizeof(struct cell));
	}
	for (size_t block = 0; block < heat->index.zones[zone].nr_pageblocks; block++) {
		struct pageblock at =
			pageblock_unpack(column->state[zone] + block * PAGEBLOCK_RECORD);

		if (band_of[block] != NO_BAND)
			cell_add(&column->held[band_of[block]], &at);
	}
	for (size_t i = 0; i < map->nr_segments; i++) {
		const struct segment *segment = &map->segments[i];

		for (size_t j = 0; segment->zone == zone && j < segment->nr_bands; j++)
			cell_merge(&column->sum[segment->first_band + j],
			           &column->held[segment->first_band + j]);
	}
	column->known[zone] = column->summed[zone] = true;
}

/* The rows of a zone's sample come one after the other; with the last of them it is complete. */
static int add_row(struct db *db, const struct heat *heat, struct column *column, size_t number,
                   struct mmr_error *err)
{
	const struct pageblock_row *row = &heat->index.rows[number];
	const uint8_t *state;
	int rc = db_pageblock_state(db, row, &state, err);

	if (rc)
		return rc;
	memcpy(column->state[row->zone] + first_block(heat, row) * PAGEBLOCK_RECORD, state,
	       (size_t)row->nr_pageblocks * PAGEBLOCK_RECORD);
	if (number + 1 < heat->index.nr_rows && row[1].zone == row->zone &&
	    row[1].t_ns == row->t_ns)
		return 0;
	if (number >= column->count_from[row->zone])
		add_sample(heat, column, row->zone);
	return 0;
}

static void paint_column(const struct heat_painter *painter, struct heat *heat,
                         struct column *column, size_t x)
{
	const struct addrmap *map = &heat->map;

	for (size_t i = 0; i < map->nr_segments; i++) {
		const struct segment *segment = &map->segments[i];
		const struct cell *cells =
			column->summed[segment->zone] ? column->sum : column->held;

		for (size_t j = segment->first_band; j < segment->first_band + segment->nr_bands;
		     j++)
			painter->paint(painter->data, heat, x, &map->bands[j], &cells[j]);
	}
	memset(column->sum, 0, map->nr_bands * sizeof(struct cell));
	memset(column->summed, 0, sizeof(column->summed));
}

/* The right edge of column x, exclusive; in double, as span * width may pass 64 bits. */
static int64_t column_end(int64_t since, int64_t until, size_t x, size_t width)
{
	return x + 1 == width ? until + 1
	                      : since + (int64_t)((double)(until - since) * (double)(x + 1) /
	                                          (double)width);
}

int heat_paint(struct db *db, struct heat *heat, int64_t since, int64_t until,
               const struct heat_painter *painter, struct mmr_error *err)
{
	const struct pageblock_index *index = &heat->index;
	size_t width = (size_t)heat->plot.width, row = 0;
	struct column column;
	int64_t begin = since;
	int rc = 0;

	column_init(&column, heat, since);
	for (size_t x = 0; x < width && begin <= heat->end_ns && !rc; x++) {
		int64_t end = column_end(since, until, x, width);

		for (; row < index->nr_rows && index->rows[row].t_ns < end && !rc; row++)
			rc = add_row(db, heat, &column, row, err);
		paint_column(painter, heat, &column, x);
		begin = end;
	}
	column_deinit(&column);
	return rc;
}
