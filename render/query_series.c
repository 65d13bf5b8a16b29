// SPDX-License-Identifier: GPL-2.0-or-later
/* Values over time. */
#include <stdlib.h>
#include <string.h>

#include "query.h"
#include "query_sql.h"

#define PAGES_MAX 4503599627370496.0 /* 2^52 */

void series_deinit(struct series *series)
{
	free(series->samples);
	*series = (struct series){ 0 };
}

void series_add(struct series *series, int64_t t_ns, double value)
{
	series->samples =
		xgrow(series->samples, series->count, &series->capacity, sizeof(*series->samples));
	series->samples[series->count++] = (struct sample){ .t_ns = t_ns, .value = value };
}

static double column_pages(sqlite3_stmt *stmt, int column)
{
	double value = sqlite3_column_double(stmt, column);

	return value > 0 ? value < PAGES_MAX ? value : PAGES_MAX : 0;
}

static int read_series(struct db *db, sqlite3_stmt *stmt, struct series *series,
                       struct mmr_error *err)
{
	int rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		series_add(series, column_in_range(stmt, 0, 0, TIME_MAX), column_pages(stmt, 1));
	return db_finish(db, stmt, rc, err);
}

int db_vmstat(struct db *db, const struct run *run, const char *name, struct series *series,
              struct mmr_error *err)
{
	sqlite3_stmt *stmt = db_prepare(db,
	                                "SELECT t_ns, value FROM vmstat WHERE run_id = ? AND "
	                                "name = ?2 ORDER BY t_ns",
	                                run->run_id, err);

	if (!stmt)
		return err->code;
	sqlite3_bind_text(stmt, 2, name, -1, SQLITE_STATIC);
	return read_series(db, stmt, series, err);
}

int db_free_pages(struct db *db, const struct run *run, const struct zone_info *zone,
                  struct series *series, struct mmr_error *err)
{
	sqlite3_stmt *stmt = db_prepare(
		db,
		"SELECT t_ns, sum(blocks * 1.0 * (1 << page_order)) FROM buddy WHERE run_id = ? "
		"AND page_order BETWEEN 0 AND 20 AND (?2 IS NULL OR (node = ?2 AND zone = ?3)) "
		"GROUP BY t_ns ORDER BY t_ns",
		run->run_id, err);
	int rc;

	if (!stmt)
		return err->code;
	if (zone) {
		sqlite3_bind_int64(stmt, 2, zone->node);
		sqlite3_bind_text(stmt, 3, zone->name, -1, SQLITE_STATIC);
	}
	rc = read_series(db, stmt, series, err);
	if (rc || series->count || zone)
		return rc;
	return db_vmstat(db, run, "nr_free_pages", series, err);
}

int db_free_orders(struct db *db, const struct run *run, const char *zone,
                   struct series orders[DB_ORDERS], struct mmr_error *err)
{
	sqlite3_stmt *stmt = db_prepare(
		db,
		"SELECT t_ns, page_order, sum(blocks * 1.0 * (1 << page_order)) FROM buddy "
		"WHERE run_id = ? AND page_order BETWEEN 0 AND 12 AND (?2 IS NULL OR zone = ?2) "
		"GROUP BY t_ns, page_order ORDER BY t_ns, page_order",
		run->run_id, err);
	int rc;

	if (!stmt)
		return err->code;
	if (zone)
		sqlite3_bind_text(stmt, 2, zone, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		int64_t t_ns = column_in_range(stmt, 0, 0, TIME_MAX);
		size_t order = (size_t)column_in_range(stmt, 1, 0, DB_ORDERS - 1);
		size_t count = orders[0].count;

		/* A row for each instant, in which those without blocks are nought. */
		if (!count || orders[0].samples[count - 1].t_ns != t_ns) {
			for (size_t i = 0; i < DB_ORDERS; i++)
				series_add(&orders[i], t_ns, 0);
			count++;
		}
		orders[order].samples[count - 1].value = column_pages(stmt, 2);
	}
	return db_finish(db, stmt, rc, err);
}

int db_thp_events(struct db *db, const struct run *run, const char *kind, struct series *series,
                  struct mmr_error *err)
{
	sqlite3_stmt *stmt = db_prepare(db,
	                                "SELECT t_ns, count(*) FROM thp_event WHERE run_id = ? AND "
	                                "kind = ?2 GROUP BY t_ns ORDER BY t_ns",
	                                run->run_id, err);

	if (!stmt)
		return err->code;
	sqlite3_bind_text(stmt, 2, kind, -1, SQLITE_STATIC);
	return read_series(db, stmt, series, err);
}

/* Older databases do not have the table. */
static bool has_table(struct db *db, const char *name)
{
	struct mmr_error err;
	sqlite3_stmt *stmt = db_prepare(db, "SELECT 1 FROM sqlite_schema WHERE name = ?1", 0, &err);
	bool found = false;

	if (stmt) {
		sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
		found = sqlite3_step(stmt) == SQLITE_ROW;
	}
	sqlite3_finalize(stmt);
	return found;
}

int db_generations(struct db *db, const struct run *run, struct series anon[DB_GENERATIONS],
                   struct series file[DB_GENERATIONS], struct mmr_error *err)
{
	sqlite3_stmt *stmt;
	int rc;

	if (!has_table(db, "lru_generation"))
		return 0;
	stmt = db_prepare(db,
	                  "SELECT t_ns, generation, sum(anon * 1.0), sum(file * 1.0) "
	                  "FROM lru_generation WHERE run_id = ? AND generation BETWEEN 0 AND 3 "
	                  "GROUP BY t_ns, generation ORDER BY t_ns, generation",
	                  run->run_id, err);
	if (!stmt)
		return err->code;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		int64_t t_ns = column_in_range(stmt, 0, 0, TIME_MAX);
		size_t generation = (size_t)column_in_range(stmt, 1, 0, DB_GENERATIONS - 1);
		size_t count = anon[0].count;

		if (!count || anon[0].samples[count - 1].t_ns != t_ns) {
			for (size_t i = 0; i < DB_GENERATIONS; i++) {
				series_add(&anon[i], t_ns, 0);
				series_add(&file[i], t_ns, 0);
			}
			count++;
		}
		anon[generation].samples[count - 1].value = column_pages(stmt, 2);
		file[generation].samples[count - 1].value = column_pages(stmt, 3);
	}
	return db_finish(db, stmt, rc, err);
}

int db_counter(struct db *db, const struct run *run, const char *name, double *sum,
               struct mmr_error *err)
{
	sqlite3_stmt *stmt = db_prepare(
		db, "SELECT value FROM counters WHERE run_id = ? AND name = ?2", run->run_id, err);
	int rc;

	if (!stmt)
		return err->code;
	sqlite3_bind_text(stmt, 2, name, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		*sum += column_pages(stmt, 0);
	return db_finish(db, stmt, rc, err);
}
