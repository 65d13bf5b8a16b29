/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast rows go into a database, beside a plain prepared statement a row in the same process.
 * usage: bench_rows [DIRECTORY]     Prints "NAME VALUE" lines; of five rounds in turns the best counts.
 * The bar: 3 million rows a second of CPU time, or 1.5 times the plain statement's on the same machine.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "db.h"
#include "write.h"

#define ROWS   1000000
#define ROUNDS 5

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *why)
{
	fprintf(stderr, "bench_rows: %s\n", why);
	exit(2);
}

static struct results_pin_span row_of(int i)
{
	return (struct results_pin_span){
		.t_ns = (int64_t)(i / 100) * 100000000,
		.last_ns = (int64_t)(i / 100 + i % 50) * 100000000,
		.zone = "DMA32",
		.first_pfn = i % 100 * 512,
		.holder_id = (int64_t)i * 7 % 1000,
		.pages = i % 11,
		.holders = i % 3,
	};
}

static double batched(const char *path)
{
	static const struct results_trace trace = { .fingerprint = "0" };
	static const struct results_run run = { .kind = "replay", .label = "bench" };
	struct mmr_error err = { 0 };
	struct results_db *db;
	double begin;

	unlink(path);
	if (results_open(path, &db, &err) < 0 || results_put_trace(db, &trace, &err) < 0 ||
	    results_begin_run(db, &run, NULL, &err) < 0)
		die(err.text);
	begin = now();
	for (int i = 0; i < ROWS; i++) {
		const struct results_pin_span row = row_of(i);

		results_put_pin_span(db, &row);
	}
	if (results_commit(db, &err) < 0)
		die(err.text);
	begin = now() - begin;
	results_close(db);
	return begin;
}

static void execute(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(db));
}

static double plain(const char *path)
{
	sqlite3_stmt *insert;
	double begin;
	sqlite3 *db;

	unlink(path);
	if (sqlite3_open_v2(path, &db,
	                    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
	                    NULL) != SQLITE_OK)
		die("cannot open the database");
	execute(db,
	        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;"
	        "CREATE TABLE pin_span (run_id INTEGER, t_ns INTEGER, last_ns INTEGER, zone_id INTEGER,"
	        " first_pfn INTEGER, holder_id INTEGER, pages INTEGER, holders INTEGER)");
	if (sqlite3_prepare_v3(db, "INSERT INTO pin_span VALUES (?,?,?,?,?,?,?,?)", -1,
	                       SQLITE_PREPARE_PERSISTENT, &insert, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(db));
	begin = now();
	for (int i = 0; i < ROWS; i++) {
		const struct results_pin_span row = row_of(i);

		sqlite3_bind_int64(insert, 1, 1);
		sqlite3_bind_int64(insert, 2, row.t_ns);
		sqlite3_bind_int64(insert, 3, row.last_ns);
		sqlite3_bind_int64(insert, 4, 0);
		sqlite3_bind_int64(insert, 5, row.first_pfn);
		sqlite3_bind_int64(insert, 6, row.holder_id);
		sqlite3_bind_int64(insert, 7, row.pages);
		sqlite3_bind_int64(insert, 8, row.holders);
		if (sqlite3_step(insert) != SQLITE_DONE)
			die(sqlite3_errmsg(db));
		sqlite3_reset(insert);
	}
	sqlite3_finalize(insert);
	execute(db, "COMMIT");
	begin = now() - begin;
	sqlite3_close(db);
	return begin;
}

int main(int argc, char **argv)
{
	double ours = 1e9, theirs = 1e9;
	char path[4096];

	snprintf(path, sizeof(path), "%s/bench-rows-%d.db", argc > 1 ? argv[1] : "/tmp",
	         (int)getpid());
	for (int round = 0; round < ROUNDS; round++) {
		double seconds = batched(path);

		ours = seconds < ours ? seconds : ours;
		seconds = plain(path);
		theirs = seconds < theirs ? seconds : theirs;
	}
	unlink(path);
	printf("rows_per_cpu_s %.0f\n", ROWS / ours);
	printf("plain_rows_per_cpu_s %.0f\n", ROWS / theirs);
	printf("times_plain %.2f\n", theirs / ours);
	if (ROWS / ours < 3e6 && theirs / ours < 1.5) {
		puts("rows go in too slowly");
		return 1;
	}
	return 0;
}
