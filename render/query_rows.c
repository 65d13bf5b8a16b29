// SPDX-License-Identifier: GPL-2.0-or-later
/* The rows that charts draw. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pageblock.h"
#include "query.h"
#include "query_sql.h"

#define PFN_MAX         ((int64_t)1 << 52)
#define PAGEBLOCK_PAGES ((int64_t)1 << 18)
#define PAGEBLOCKS_MAX  ((uint64_t)1 << 24) /* of a zone: 32 TiB of 2 MiB blocks */

/* ---- pageblocks ---- */

static int damaged_row(struct db *db, int64_t rowid, const char *what, struct mmr_error *err)
{
	return render_error(err, MMR_E_CORRUPT, "%.120s: pageblock row %" PRId64 ": %s", db->path,
	                    rowid, what);
}

static struct pageblock_zone *find_zone(struct pageblock_index *index, int64_t node,
                                        const char *name)
{
	for (size_t i = 0; i < index->nr_zones; i++) {
		if (index->zones[i].node == node && strcmp(index->zones[i].name, name) == 0)
			return &index->zones[i];
	}
	return NULL;
}

/* The zone grows to hold the row's range of pageblocks. */
static const char *extend_zone(struct pageblock_index *index, struct pageblock_row *row,
                               int64_t node, const char *name, uint64_t pages)
{
	struct pageblock_zone *zone = find_zone(index, node, name);
	uint64_t end = row->first_pfn + row->nr_pageblocks * pages, zone_end;

	if (row->first_pfn % pages)
		return "first_pfn is not aligned to a pageblock";
	if (!zone) {
		if (index->nr_zones == ZONES_MAX)
			return "more zones than any machine has";
		zone = &index->zones[index->nr_zones++];
		*zone = (struct pageblock_zone){ .node = node,
			                         .first_pfn = row->first_pfn,
			                         .pageblock_pages = pages,
			                         .first_row = index->nr_rows };
		snprintf(zone->name, sizeof(zone->name), "%s", name);
	}
	if (zone->pageblock_pages != pages)
		return "the size of a pageblock changes";
	zone_end = zone->first_pfn + zone->nr_pageblocks * pages;
	if (row->first_pfn < zone->first_pfn)
		zone->first_pfn = row->first_pfn;
	if (end > zone_end)
		zone_end = end;
	zone->nr_pageblocks = (zone_end - zone->first_pfn) / pages;
	row->zone = (uint32_t)(zone - index->zones);
	return zone->nr_pageblocks > PAGEBLOCKS_MAX ? "the zone is too large" : NULL;
}

static const char *add_row(struct pageblock_index *index, size_t *capacity, sqlite3_stmt *stmt)
{
	int64_t nr_pageblocks = sqlite3_column_int64(stmt, 6);
	int64_t size = sqlite3_column_int64(stmt, 7);
	struct pageblock_row row = { 0 };
	char zone[ZONE_SIZE];
	const char *wrong;

	row.rowid = sqlite3_column_int64(stmt, 0);
	row.t_ns = column_in_range(stmt, 1, 0, TIME_MAX);
	column_name(stmt, 3, zone, sizeof(zone));
	if (nr_pageblocks < 1 || nr_pageblocks > (int64_t)PAGEBLOCKS_MAX ||
	    size != nr_pageblocks * PAGEBLOCK_RECORD)
		return "nr_pageblocks does not agree with the size of state";
	if (sqlite3_column_int64(stmt, 5) < 1 || sqlite3_column_int64(stmt, 5) > PAGEBLOCK_PAGES)
		return "pageblock_pages is out of range";
	row.nr_pageblocks = (uint32_t)nr_pageblocks;
	row.first_pfn = (uint64_t)column_in_range(stmt, 4, 0, PFN_MAX);
	wrong = extend_zone(index, &row, sqlite3_column_int64(stmt, 2), zone,
	                    (uint64_t)sqlite3_column_int64(stmt, 5));
	if (wrong)
		return wrong;
	index->rows = xgrow(index->rows, index->nr_rows, capacity, sizeof(*index->rows));
	index->rows[index->nr_rows++] = row;
	return NULL;
}

static int by_address(const void *left, const void *right)
{
	const struct pageblock_zone *a = left, *b = right;

	if (a->first_pfn != b->first_pfn)
		return a->first_pfn < b->first_pfn ? -1 : 1;
	return a->node < b->node ? -1 : a->node > b->node;
}

/* Zones were numbered as they came; renumber the rows after sorting. */
static void sort_zones(struct pageblock_index *index)
{
	uint32_t number[ZONES_MAX] = { 0 };

	qsort(index->zones, index->nr_zones, sizeof(index->zones[0]), by_address);
	for (size_t i = 0; i < index->nr_zones; i++)
		number[index->rows[index->zones[i].first_row].zone] = (uint32_t)i;
	for (size_t i = 0; i < index->nr_rows; i++)
		index->rows[i].zone = number[index->rows[i].zone];
}

int db_pageblocks(struct db *db, const struct run *run, struct pageblock_index *index,
                  struct mmr_error *err)
{
	sqlite3_stmt *stmt = db_prepare(db,
	                                "SELECT rowid, t_ns, node, zone, first_pfn, "
	                                "pageblock_pages, nr_pageblocks, length(state) "
	                                "FROM pageblock WHERE run_id = ? "
	                                "ORDER BY t_ns, node, zone, first_pfn, rowid",
	                                run->run_id, err);
	size_t capacity = 0;
	int rc;

	*index = (struct pageblock_index){ 0 };
	if (!stmt)
		return err->code;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *wrong = add_row(index, &capacity, stmt);

		if (wrong) {
			damaged_row(db, sqlite3_column_int64(stmt, 0), wrong, err);
			sqlite3_finalize(stmt);
			pageblock_index_deinit(index);
			return err->code;
		}
	}
	if (index->nr_rows)
		sort_zones(index);
	return db_finish(db, stmt, rc, err);
}

void pageblock_index_deinit(struct pageblock_index *index)
{
	free(index->rows);
	*index = (struct pageblock_index){ 0 };
}

int db_pageblock_state(struct db *db, const struct pageblock_row *row, const uint8_t **data,
                       struct mmr_error *err)
{
	if (!db->state) {
		db->state = db_prepare(db, "SELECT state FROM pageblock WHERE rowid = ?", 0, err);
		if (!db->state)
			return err->code;
	}
	sqlite3_reset(db->state);
	sqlite3_bind_int64(db->state, 1, row->rowid);
	if (sqlite3_step(db->state) != SQLITE_ROW)
		return db_trouble(db, err);
	*data = sqlite3_column_blob(db->state, 0);
	if (!*data ||
	    sqlite3_column_bytes(db->state, 0) != (int64_t)row->nr_pageblocks * PAGEBLOCK_RECORD)
		return damaged_row(db, row->rowid, "state has changed its size", err);
	return 0;
}

/* ---- watermarks ---- */

int db_zones(struct db *db, const struct run *run, struct zone_info *zones, size_t most,
             struct mmr_error *err)
{
	sqlite3_stmt *stmt = db_prepare(db,
	                                "SELECT node, zone, wmark_min, wmark_low, wmark_high, "
	                                "managed FROM zone WHERE run_id = ? AND managed > 0 "
	                                "ORDER BY node, zone_index, zone",
	                                run->run_id, err);
	size_t count = 0;
	int rc;

	if (!stmt)
		return err->code;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (count == most)
			continue;
		zones[count].node = sqlite3_column_int64(stmt, 0);
		column_name(stmt, 1, zones[count].name, sizeof(zones[count].name));
		zones[count].min = (double)column_in_range(stmt, 2, 0, PFN_MAX);
		zones[count].low = (double)column_in_range(stmt, 3, 0, PFN_MAX);
		zones[count].high = (double)column_in_range(stmt, 4, 0, PFN_MAX);
		zones[count].managed = (double)column_in_range(stmt, 5, 0, PFN_MAX);
		count++;
	}
	rc = db_finish(db, stmt, rc, err);
	return rc ? rc : (int)count;
}
