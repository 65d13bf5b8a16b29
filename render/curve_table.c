// SPDX-License-Identifier: GPL-2.0-or-later
#include "curve_table.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query_sql.h"
#include "terminal.h"

#define HEADER    "memory,bytes,pages,refaults,refault_percent,miss_percent,lower_bound"
#define ROWS_MOST 1000000
#define BYTES_MAX 18014398509481984.0 /* 2^54 */

static struct curve *curve_named(struct curve_table *table, const char *name)
{
	for (size_t i = 0; i < table->nr_curves; i++) {
		if (strcmp(table->curves[i].name, name) == 0)
			return &table->curves[i];
	}
	if (table->nr_curves == CURVES)
		return NULL;
	snprintf(table->curves[table->nr_curves].name, NAME_SIZE, "%s", name);
	return &table->curves[table->nr_curves++];
}

static bool in_range(double value, double high)
{
	return value >= 0 && value <= high;
}

static bool add_point(struct curve_table *table, const char *name, const struct curve_point *point)
{
	struct curve *curve = curve_named(table, name);

	if (!curve)
		return true;
	if (curve->count && curve->points[curve->count - 1].bytes > point->bytes)
		return false;
	curve->points =
		xgrow(curve->points, curve->count, &curve->capacity, sizeof(*curve->points));
	curve->points[curve->count++] = *point;
	return true;
}

/* "anon,274432,67,5114.0,14.8572,100.0000,1" */
static bool read_row(struct curve_table *table, const char *line)
{
	struct curve_point point;
	char name[32], escaped[NAME_SIZE];
	int bound, used = 0;

	if (sscanf(line, "%31[^,],%lf,%*f,%*f,%lf,%lf,%d%n", name, &point.bytes,
	           &point.refault_percent, &point.miss_percent, &bound, &used) != 5 ||
	    (line[used] && line[used] != '\n' && line[used] != '\r'))
		return false;
	if (!in_range(point.bytes, BYTES_MAX) || !in_range(point.refault_percent, 100) ||
	    !in_range(point.miss_percent, 100))
		return false;
	point.lower_bound = bound != 0;
	escape_text(escaped, sizeof(escaped), name, strlen(name));
	return add_point(table, escaped, &point);
}

int curve_table_read(const char *path, struct curve_table *table, struct mmr_error *err)
{
	FILE *stream = fopen(path, "re");
	char line[256];
	size_t nr_rows = 0;
	int rc = 0;

	if (!stream)
		return render_error(err, errno == ENOENT ? MMR_E_NOTFOUND : MMR_E_IO, "%.150s: %s",
		                    path, strerror(errno));
	if (!fgets(line, sizeof(line), stream) || strncmp(line, HEADER, strlen(HEADER)) != 0)
		rc = render_error(
			err, MMR_E_FORMAT,
			"%.150s: neither a database nor what mmanalyze curve --csv prints", path);
	while (!rc && fgets(line, sizeof(line), stream)) {
		if (!read_row(table, line) || ++nr_rows > ROWS_MOST)
			rc = render_error(err, MMR_E_CORRUPT, "%.150s: line %zu cannot be read",
			                  path, nr_rows + 2);
	}
	if (!rc && ferror(stream))
		rc = render_error(err, MMR_E_IO, "%.150s: %s", path, strerror(errno));
	fclose(stream);
	return rc;
}

/* The curves of a recording: shares of its uses, as mmanalyze curve prints them. */
static int read_recorded(struct db *db, const struct run *run, struct curve_table *table,
                         struct mmr_error *err)
{
	sqlite3_stmt *stmt = db_prepare(
		db,
		"SELECT c.memory, c.pages, 100.0 * c.refaults / u.uses, 100.0 * (c.refaults + u.first_uses) / u.uses, "
		"c.pages < u.known_from FROM miss_curve c JOIN memory_use u USING (run_id, memory) "
		"WHERE c.run_id = (SELECT run_id FROM run WHERE trace_id = ? AND kind = 'original') "
		"AND u.uses > 0 ORDER BY c.memory = 'both', c.memory, c.pages",
		run->trace_id, err);
	int rc;

	if (!stmt)
		return err->code;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct curve_point point = { .lower_bound = sqlite3_column_int(stmt, 4) };
		char name[NAME_SIZE];

		column_name(stmt, 0, name, sizeof(name));
		point.bytes = fmin(fmax(sqlite3_column_double(stmt, 1), 0) * (double)run->page_size,
		                   BYTES_MAX);
		point.refault_percent = fmin(fmax(sqlite3_column_double(stmt, 2), 0), 100);
		point.miss_percent = fmin(fmax(sqlite3_column_double(stmt, 3), 0), 100);
		add_point(table, name, &point);
	}
	return db_finish(db, stmt, rc, err);
}

int db_miss_ratios(struct db *db, const struct run *run, struct curve_table *table,
                   struct mmr_error *err)
{
	sqlite3_stmt *stmt = db_prepare(
		db,
		"SELECT m.policy, m.memory, m.miss_ratio FROM miss_ratios m JOIN run r USING (run_id) "
		"WHERE r.trace_id = ? AND m.miss_ratio IS NOT NULL ORDER BY m.policy, m.memory",
		run->trace_id, err);
	int rc;

	if (!stmt)
		return err->code;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct curve_point point = { .refault_percent = -1 };
		char name[NAME_SIZE];

		column_name(stmt, 0, name, sizeof(name));
		point.bytes = fmin(fmax(sqlite3_column_double(stmt, 1), 0) * (double)run->page_size,
		                   BYTES_MAX);
		point.miss_percent = fmin(fmax(100 * sqlite3_column_double(stmt, 2), 0), 100);
		add_point(table, name, &point);
	}
	rc = db_finish(db, stmt, rc, err);
	return rc || table->nr_curves ? rc : read_recorded(db, run, table, err);
}

void curve_table_deinit(struct curve_table *table)
{
	for (size_t i = 0; i < table->nr_curves; i++)
		free(table->curves[i].points);
	*table = (struct curve_table){ 0 };
}
