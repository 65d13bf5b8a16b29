// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What compaction did, on the field of a heatmap: a row of compaction_block is of one pageblock between two instants,
 * and so covers a rectangle of cells. Where several share a cell they add up.
 */
#include "heat_moves.h"

#include <math.h>
#include <stdlib.h>

#include "query_sql.h"

#define PFN_MAX ((int64_t)1 << 52)
#define MOST    ((int64_t)1 << 20) /* pages moved out of a pageblock between two instants */

/* Where a pageblock is: rows of cells; bottom 0: not in the picture. */
struct place {
	size_t top, bottom;
};

struct places {
	struct place *of[ZONES_MAX]; /* by zone and pageblock */
};

static void find_places(const struct heat *heat, struct places *places)
{
	const struct addrmap *map = &heat->map;

	for (size_t i = 0; i < heat->index.nr_zones; i++)
		places->of[i] = xalloc(heat->index.zones[i].nr_pageblocks, sizeof(struct place));
	for (size_t i = 0; i < map->nr_segments; i++) {
		const struct segment *segment = &map->segments[i];

		for (size_t j = 0; j < segment->nr_bands; j++) {
			const struct band *band = &map->bands[segment->first_band + j];

			for (uint32_t block = 0; block < band->nr_blocks; block++)
				places->of[segment->zone][band->first_block + block] =
					(struct place){ band->top, band->bottom };
		}
	}
}

static struct place place_of(const struct heat *heat, const struct places *places, uint64_t pfn)
{
	for (size_t i = 0; i < heat->index.nr_zones; i++) {
		const struct pageblock_zone *zone = &heat->index.zones[i];
		uint64_t block = (pfn - zone->first_pfn) / zone->pageblock_pages;

		/* Zones may share a pageblock: where it is drawn it is. */
		if (pfn >= zone->first_pfn && block < zone->nr_pageblocks &&
		    places->of[i][block].bottom)
			return places->of[i][block];
	}
	return (struct place){ 0, 0 };
}

static size_t column_at(const struct heat *heat, const int64_t range[2], int64_t t_ns)
{
	double share = (double)(t_ns - range[0]) / (double)(range[1] - range[0]);

	return (size_t)(fmin(fmax(share, 0), 1) * (heat->plot.width - 1));
}

static void add_row(const struct heat *heat, const struct places *places, const int64_t range[2],
                    sqlite3_stmt *stmt, struct heat_moves *moves)
{
	int64_t begin_ns = column_in_range(stmt, 0, 0, TIME_MAX);
	int64_t end_ns = column_in_range(stmt, 1, 0, TIME_MAX);
	struct place place = place_of(heat, places, (uint64_t)column_in_range(stmt, 2, 0, PFN_MAX));
	size_t width = (size_t)heat->plot.width;
	size_t first, last;

	if (end_ns < range[0] || begin_ns >= range[1] || end_ns < begin_ns)
		return;
	first = column_at(heat, range, begin_ns);
	last = column_at(heat, range, end_ns);
	for (size_t y = place.top; y < place.bottom; y++) {
		for (size_t x = first; x <= last; x++) {
			struct heat_move *move = &moves->cells[y * width + x];

			move->out += (float)column_in_range(stmt, 3, 0, MOST);
			move->in += (float)column_in_range(stmt, 4, 0, MOST);
			move->scanned = true;
		}
	}
}

int heat_moves_load(struct db *db, const struct heat *heat, int64_t since, int64_t until,
                    struct heat_moves *moves, struct mmr_error *err)
{
	const int64_t range[2] = { since, until > since ? until : since + 1 };
	struct places places = { 0 };
	sqlite3_stmt *stmt =
		db_prepare(db,
	                   "SELECT begin_ns, t_ns, first_pfn, moved_out, moved_in "
	                   "FROM compaction_block WHERE run_id = ? ORDER BY t_ns, first_pfn",
	                   heat->run->run_id, err);
	int rc;

	if (!stmt)
		return err->code;
	moves->cells =
		xalloc((size_t)heat->plot.width * (size_t)heat->plot.height, sizeof(*moves->cells));
	find_places(heat, &places);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		add_row(heat, &places, range, stmt, moves);
	for (size_t i = 0; i < heat->index.nr_zones; i++)
		free(places.of[i]);
	return db_finish(db, stmt, rc, err);
}

void heat_moves_deinit(struct heat_moves *moves)
{
	free(moves->cells);
	moves->cells = NULL;
}
