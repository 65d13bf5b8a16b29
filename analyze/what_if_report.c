/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the replays of a what-if come to: of each combination the mean over its seeds, its change from the replay with
 * nothing changed, the spread of that, and how far such predictions were off where they could be held against a real
 * kernel (prediction_error.def, which tests/fidelity/prediction-errors makes).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "database.h"
#include "terminal.h"
#include "what_if.h"

enum number { STALLS, P99, SWAPPED, REFAULTS, HUGE_PAGES, OOM_KILLS, NR_NUMBERS };

static const struct {
	const char *name;
	const char *title;
	double least; /* what a change is taken of, if there was less */
} numbers[NR_NUMBERS] = {
	[STALLS] = { "stalls", "stalls", 64 },
	[P99] = { "p99_stall_ns", "p99 stall", 1e6 },
	[SWAPPED] = { "swapped_pages", "swapped", 64 },
	[REFAULTS] = { "refaults", "refaults", 64 },
	[HUGE_PAGES] = { "huge_pages", "huge pages", 64 },
	[OOM_KILLS] = { "oom_kills", "OOM kills", 1 },
};

/* How far predictions of a kind were off. nr 0: nobody knows. */
static const struct known_error {
	unsigned int nr;
	unsigned int median_percent;
	unsigned int largest_percent;
	unsigned int nr_right;
	unsigned int nr_changed;
} known_errors[WHAT_IF_NR_KINDS][NR_NUMBERS] = {
#define PREDICTION_ERROR(kind, number, nr, median, largest, right, changed) \
	[WHAT_IF_##kind][number] = { nr, median, largest, right, changed },
#include "prediction_error.def"
#undef PREDICTION_ERROR
};

static const char *const kind_names[WHAT_IF_NR_KINDS] = {
	[WHAT_IF_OWN] = "",
	[WHAT_IF_POLICY] = "policy",
	[WHAT_IF_MEMORY] = "memory",
	[WHAT_IF_SETTING] = "settings",
};

struct value {
	double mean;
	double least;
	double most;
};

/* Of the recording, or of all seeds of a combination. */
struct row {
	const char *name;
	enum what_if_kind kind;
	unsigned int nr_seeds; /* that were replayed */
	const char *error;     /* why others were not; NULL */
	int64_t run_id;        /* of the first of them */
	struct value values[NR_NUMBERS];
};

struct result {
	struct row *rows; /* the recording, then the combinations */
	unsigned int nr_rows;
	double page_size;
	bool shown[NR_NUMBERS]; /* it is not 0 in all of them */
};

/* ---- reading ---- */

static bool read_numbers(const char *tool, sqlite3 *db, int64_t run_id, double got[NR_NUMBERS])
{
	sqlite3_stmt *statement = database_prepare(
		tool, db,
		"SELECT nr_stalls, p99_stall_ns, swapped, refaults, huge_pages, nr_oom_kills FROM outcomes"
		" WHERE run_id = ?1",
		NULL);
	bool good;

	if (!statement)
		return false;
	sqlite3_bind_int64(statement, 1, run_id);
	good = sqlite3_step(statement) == SQLITE_ROW;
	for (int i = 0; good && i < NR_NUMBERS; i++)
		got[i] = sqlite3_column_double(statement, i);
	sqlite3_finalize(statement);
	if (!good)
		message(tool, "run %" PRId64 " is not there", run_id);
	return good;
}

static void add_numbers(struct row *row, const double got[NR_NUMBERS])
{
	for (unsigned int i = 0; i < NR_NUMBERS; i++) {
		struct value *value = &row->values[i];

		value->least = row->nr_seeds == 0 || got[i] < value->least ? got[i] : value->least;
		value->most = row->nr_seeds == 0 || got[i] > value->most ? got[i] : value->most;
		value->mean += (got[i] - value->mean) / (row->nr_seeds + 1);
	}
	row->nr_seeds++;
}

static bool read_original(const struct what_if_batch *batch, sqlite3 *db, struct result *result)
{
	sqlite3_stmt *statement = database_prepare(
		batch->tool, db,
		"SELECT run_id, page_size FROM run JOIN trace USING (trace_id) WHERE kind = 'original'",
		NULL);
	double got[NR_NUMBERS];
	int64_t run_id = 0;

	if (!statement)
		return false;
	if (sqlite3_step(statement) == SQLITE_ROW) {
		run_id = sqlite3_column_int64(statement, 0);
		result->page_size = sqlite3_column_double(statement, 1);
	}
	sqlite3_finalize(statement);
	result->rows[0].name = "as recorded";
	if (!read_numbers(batch->tool, db, run_id, got))
		return false;
	add_numbers(&result->rows[0], got);
	return true;
}

/* The recorded policy, asked for by its name, changes nothing. */
static void leave_out_same(struct result *result)
{
	unsigned int nr = 2;

	for (unsigned int i = 2; i < result->nr_rows; i++)
		if (result->rows[i].run_id != result->rows[1].run_id)
			result->rows[nr++] = result->rows[i];
	result->nr_rows = result->nr_rows < 2 ? result->nr_rows : nr;
}

static bool read_result(const struct what_if_batch *batch, sqlite3 *db, struct result *result)
{
	result->nr_rows = batch->grid->nr_runs + 1;
	result->rows = calloc(result->nr_rows, sizeof(*result->rows));
	if (!result->rows) {
		message(batch->tool, "out of memory");
		return false;
	}
	if (!read_original(batch, db, result))
		return false;
	for (unsigned int i = 0; i < batch->grid->nr_runs; i++) {
		result->rows[i + 1].name = batch->grid->runs[i].name;
		result->rows[i + 1].kind = batch->grid->runs[i].kind;
	}
	for (unsigned int i = 0; i < batch->nr_jobs; i++) {
		const struct what_if_job *job = &batch->jobs[i];
		struct row *row = &result->rows[job->run + 1];
		double got[NR_NUMBERS];

		if (job->run_id == 0) {
			row->error = job->error;
			continue;
		}
		if (!read_numbers(batch->tool, db, job->run_id, got))
			return false;
		if (row->nr_seeds == 0)
			row->run_id = job->run_id;
		add_numbers(row, got);
	}
	leave_out_same(result);
	for (unsigned int i = 0; i < result->nr_rows; i++)
		for (unsigned int j = 0; j < NR_NUMBERS; j++)
			result->shown[j] |= result->rows[i].values[j].most > 0;
	return true;
}

/* ---- what it says ---- */

/* In percent of the replay with nothing changed. */
static double change_of(const struct result *result, const struct row *row, unsigned int number)
{
	double was = result->rows[1].values[number].mean;
	double base = was > numbers[number].least ? was : numbers[number].least;

	return 100 * (row->values[number].mean - was) / base;
}

/* Half of what its seeds differ by, likewise. */
static double spread_of(const struct result *result, const struct row *row, unsigned int number)
{
	double was = result->rows[1].values[number].mean;
	double base = was > numbers[number].least ? was : numbers[number].least;

	return 50 * (row->values[number].most - row->values[number].least) / base;
}

/* Not more than what chance makes of the two. */
static bool is_chance(const struct result *result, const struct row *row, unsigned int number)
{
	const struct value *a = &row->values[number], *b = &result->rows[1].values[number];

	return a->least <= b->most && b->least <= a->most;
}

static bool is_same(const struct value *a, const struct value *b)
{
	return !(a->least < b->least || a->least > b->least || a->most < b->most ||
	         a->most > b->most || a->mean < b->mean || a->mean > b->mean);
}

static void format_number(const struct result *result, unsigned int number, double value,
                          char text[FORMAT_SIZE])
{
	if (number == P99)
		format_duration(text, (uint64_t)(value + 0.5));
	else if (number == SWAPPED)
		snprintf(text, FORMAT_SIZE, "%.1f MiB", value * result->page_size / 0x1p20);
	else
		format_count(text, (uint64_t)(value + 0.5));
}

/* "+12 % ±3", "~" before what may be chance. */
static void format_change(const struct result *result, const struct row *row, unsigned int number,
                          char text[FORMAT_SIZE])
{
	double change = change_of(result, row, number), spread = spread_of(result, row, number);
	const char *unsure = is_chance(result, row, number) ? "~" : "";
	char times[FORMAT_SIZE];

	if (is_same(&row->values[number], &result->rows[1].values[number]))
		snprintf(text, FORMAT_SIZE, "=");
	else if (change >= 1000 && !(result->rows[1].values[number].mean > 0))
		snprintf(text, FORMAT_SIZE, "%sfrom 0", unsure);
	else if (change >= 1000)
		snprintf(text, FORMAT_SIZE, "%s%s", unsure, format_multiple(times, change));
	else if (spread >= 0.5)
		snprintf(text, FORMAT_SIZE, "%s%+.0f %% ±%.0f", unsure, change, spread);
	else
		snprintf(text, FORMAT_SIZE, "%s%+.0f %%", unsure, change);
}

static void add_row(struct table *table, const struct result *result, const struct row *row)
{
	bool own = row == &result->rows[1];

	table_cell(table, "%s", row->name);
	for (unsigned int i = 0; i < NR_NUMBERS; i++) {
		char text[FORMAT_SIZE];

		if (!result->shown[i])
			continue;
		if (row->nr_seeds == 0) {
			table_cell(table, "-");
			table_cell(table, "-");
			continue;
		}
		format_number(result, i, row->values[i].mean, text);
		table_cell(table, "%s", text);
		text[0] = '\0';
		if (row != &result->rows[0] && !own)
			format_change(result, row, i, text);
		else if (own && spread_of(result, row, i) >= 0.5)
			snprintf(text, sizeof(text), "±%.0f %%", spread_of(result, row, i));
		table_cell(table, "%s", text);
	}
}

static bool has_kind(const struct result *result, enum what_if_kind kind)
{
	for (unsigned int i = 0; i < result->nr_rows; i++)
		if (result->rows[i].kind == kind)
			return true;
	return false;
}

static void add_known_errors(struct table *table, const struct result *result)
{
	for (unsigned int kind = WHAT_IF_POLICY; kind < WHAT_IF_NR_KINDS; kind++) {
		if (!has_kind(result, kind))
			continue;
		table_cell(table, "known error: other %s", kind_names[kind]);
		for (unsigned int i = 0; i < NR_NUMBERS; i++) {
			const struct known_error *known = &known_errors[kind][i];

			if (!result->shown[i])
				continue;
			table_cell(table, "%s", "");
			if (known->nr)
				table_cell(table, "off by %u %%", known->median_percent);
			else
				table_cell(table, "unknown");
		}
	}
}

static void print_table(const struct result *result)
{
	struct table_column columns[1 + 2 * NR_NUMBERS] = { { "run", TABLE_LEFT } };
	struct table *table;
	size_t nr = 1;

	for (unsigned int i = 0; i < NR_NUMBERS; i++) {
		if (!result->shown[i])
			continue;
		columns[nr++] = (struct table_column){ numbers[i].title, TABLE_RIGHT };
		columns[nr++] = (struct table_column){ "change", TABLE_RIGHT };
	}
	table = table_create(columns, nr);
	for (unsigned int i = 0; i < result->nr_rows; i++)
		add_row(table, result, &result->rows[i]);
	add_known_errors(table, result);
	table_print(table, stdout);
	table_destroy(table);
}

/* Which way the numbers went was right how often, of those that really changed. */
static void print_directions(const struct result *result)
{
	unsigned int right = 0, changed = 0;

	for (unsigned int kind = WHAT_IF_POLICY; kind < WHAT_IF_NR_KINDS; kind++)
		for (unsigned int i = 0; has_kind(result, kind) && i < NR_NUMBERS; i++) {
			right += known_errors[kind][i].nr_right;
			changed += known_errors[kind][i].nr_changed;
		}
	if (changed)
		printf("Of %u numbers that really changed between two recordings, %u were predicted to go the right way.\n",
		       changed, right);
}

int what_if_print_text(const struct what_if_batch *batch, sqlite3 *db)
{
	struct result result = { 0 };
	int ret = -1;

	if (read_result(batch, db, &result)) {
		print_table(&result);
		printf("\nMeans over %u seed%s. Changes are from the replay with nothing changed; ± is half of what the seeds "
		       "differ by,\n~ no more than chance. Known error: the median of predictions that were held against a "
		       "recording (mmanalyze(1)).\n",
		       batch->nr_jobs / batch->grid->nr_runs,
		       batch->nr_jobs == batch->grid->nr_runs ? "" : "s");
		print_directions(&result);
		ret = 0;
	}
	for (unsigned int i = 0; ret == 0 && i < result.nr_rows; i++)
		if (result.rows[i].error)
			message(batch->tool, "%s: %s", result.rows[i].name, result.rows[i].error);
	free(result.rows);
	return ret;
}

/* ---- JSON and CSV ---- */

static json_t *number_json(const struct result *result, const struct row *row, unsigned int number)
{
	const struct known_error *known = &known_errors[row->kind][number];
	const struct value *value = &row->values[number];
	json_t *object = json_pack("{sf sf sf}", "mean", value->mean, "least", value->least, "most",
	                           value->most);

	if (row < &result->rows[2])
		return object;
	json_object_set_new(object, "change_percent", json_real(change_of(result, row, number)));
	json_object_set_new(object, "chance", json_boolean(is_chance(result, row, number)));
	if (known->nr)
		json_object_set_new(object, "known_error",
		                    json_pack("{si si si si si}", "predictions", known->nr,
		                              "median_percent", known->median_percent,
		                              "largest_percent", known->largest_percent,
		                              "right_direction", known->nr_right, "changed",
		                              known->nr_changed));
	return object;
}

static json_t *row_json(const struct result *result, const struct row *row)
{
	json_t *object = json_pack("{ss si}", "run", row->name, "seeds", row->nr_seeds);

	if (row->kind != WHAT_IF_OWN)
		json_object_set_new(object, "changes", json_string(kind_names[row->kind]));
	if (row->error)
		json_object_set_new(object, "error", json_string(row->error));
	for (unsigned int i = 0; row->nr_seeds && i < NR_NUMBERS; i++)
		json_object_set_new(object, numbers[i].name, number_json(result, row, i));
	return object;
}

int what_if_print_json(const struct what_if_batch *batch, sqlite3 *db)
{
	struct result result = { 0 };
	json_t *rows = json_array();
	bool good = read_result(batch, db, &result);

	for (unsigned int i = 0; good && i < result.nr_rows; i++)
		json_array_append_new(rows, row_json(&result, &result.rows[i]));
	if (good)
		print_json_value(rows);
	else
		json_decref(rows);
	free(result.rows);
	return good ? 0 : -1;
}

int what_if_print_csv(const struct what_if_batch *batch, sqlite3 *db)
{
	struct result result = { 0 };
	bool good = read_result(batch, db, &result);

	if (good)
		puts("run,seeds,number,mean,least,most,change_percent,known_error_percent");
	for (unsigned int i = 0; good && i < result.nr_rows; i++) {
		const struct row *row = &result.rows[i];

		for (unsigned int j = 0; row->nr_seeds && j < NR_NUMBERS; j++) {
			const struct value *value = &row->values[j];

			printf("\"%s\",%u,%s,%.1f,%.1f,%.1f,", row->name, row->nr_seeds,
			       numbers[j].name, value->mean, value->least, value->most);
			if (i > 1)
				printf("%.2f", change_of(&result, row, j));
			putchar(',');
			if (known_errors[row->kind][j].nr)
				printf("%u", known_errors[row->kind][j].median_percent);
			putchar('\n');
		}
	}
	free(result.rows);
	return good ? 0 : -1;
}
