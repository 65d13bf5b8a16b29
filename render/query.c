// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening a database, and choosing the runs to draw. */
#include "query.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "query_sql.h"
#include "terminal.h"

#define BUSY_TIMEOUT_MS 5000

/* Of the databases that mmreplay writes: "mmrp", and the newest schema that is known here. */
#define APPLICATION_ID 0x6d6d7270
#define USER_VERSION   9

int render_error(struct mmr_error *err, int code, const char *fmt, ...)
{
	va_list args;

	err->code = code;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return code;
}

int db_trouble(struct db *db, struct mmr_error *err)
{
	int rc = sqlite3_errcode(db->sqlite);

	return render_error(err, rc == SQLITE_NOMEM ? MMR_E_NOMEM : MMR_E_DATABASE,
	                    "%.100s: %.120s", db->path, sqlite3_errmsg(db->sqlite));
}

sqlite3_stmt *db_prepare(struct db *db, const char *sql, int64_t run_id, struct mmr_error *err)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(db->sqlite, sql, -1, &stmt, NULL) != SQLITE_OK) {
		db_trouble(db, err);
		return NULL;
	}
	if (sqlite3_bind_parameter_count(stmt) > 0)
		sqlite3_bind_int64(stmt, 1, run_id);
	return stmt;
}

int db_finish(struct db *db, sqlite3_stmt *stmt, int rc, struct mmr_error *err)
{
	int result = rc == SQLITE_DONE ? 0 : db_trouble(db, err);

	sqlite3_finalize(stmt);
	return result;
}

int64_t column_in_range(sqlite3_stmt *stmt, int column, int64_t low, int64_t high)
{
	int64_t value = sqlite3_column_int64(stmt, column);

	return value < low ? low : value > high ? high : value;
}

void column_name(sqlite3_stmt *stmt, int column, char *name, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);
	int length = sqlite3_column_bytes(stmt, column);

	escape_text(name, size, text ? text : "", text ? (size_t)length : 0);
}

/* A database in WAL mode that lies where we may not write can only be read as if nobody wrote to it. */
static int open_file(const char *path, sqlite3 **sqlite)
{
	char *wal = sqlite3_mprintf("%s-wal", path);
	char *uri = sqlite3_mprintf("file:%s?immutable=1", path);
	struct stat st;
	int rc;

	rc = sqlite3_open_v2(path, sqlite, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(*sqlite, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL);
	if ((rc == SQLITE_CANTOPEN || rc == SQLITE_READONLY) && wal && uri &&
	    !strpbrk(path, "?#%") && (stat(wal, &st) || !st.st_size)) {
		sqlite3_close(*sqlite);
		rc = sqlite3_open_v2(uri, sqlite,
		                     SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI,
		                     NULL);
	}
	sqlite3_free(wal);
	sqlite3_free(uri);
	return rc;
}

static int64_t pragma(struct db *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t value = -1;

	if (sqlite3_prepare_v2(db->sqlite, sql, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

static int not_ours(const char *path, struct mmr_error *err)
{
	return render_error(
		err, MMR_E_FORMAT,
		"%.150s: not a database of mmreplay; mmreplay --shadow --db makes one of a trace",
		path);
}

static int check_kind(struct db *db, struct mmr_error *err)
{
	int64_t version = pragma(db, "PRAGMA user_version");

	if (pragma(db, "PRAGMA application_id") != APPLICATION_ID)
		return not_ours(db->path, err);
	if (version > USER_VERSION)
		return render_error(err, MMR_E_VERSION,
		                    "%.150s: made by a newer mmreplay (version %d of the database; "
		                    "this mmrender knows %d)",
		                    db->path, (int)version, USER_VERSION);
	return 0;
}

static int check_file(const char *path, struct mmr_error *err)
{
	struct stat st;

	if (stat(path, &st)) {
		if (errno == ENOENT)
			return render_error(
				err, MMR_E_NOTFOUND,
				"%.150s: no such file; mmreplay --shadow --db makes one", path);
		return render_error(err, MMR_E_IO, "%.150s: %s", path, strerror(errno));
	}
	if (!S_ISREG(st.st_mode))
		return render_error(err, MMR_E_FORMAT, "%.150s: not a regular file", path);
	if (access(path, R_OK))
		return render_error(err, MMR_E_PERMISSION, "%.150s: %s", path, strerror(errno));
	if (!st.st_size)
		return render_error(err, MMR_E_FORMAT, "%.150s: the file is empty", path);
	return 0;
}

struct db *db_open(const char *path, struct mmr_error *err)
{
	struct db *db;

	if (check_file(path, err))
		return NULL;
	db = xalloc(1, sizeof(*db));
	db->path = xstrdup(path);
	if (open_file(path, &db->sqlite) != SQLITE_OK) {
		if (sqlite3_errcode(db->sqlite) == SQLITE_NOTADB)
			not_ours(path, err);
		else
			db_trouble(db, err);
		db_close(db);
		return NULL;
	}
	sqlite3_busy_timeout(db->sqlite, BUSY_TIMEOUT_MS);
	sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_exec(db->sqlite, "PRAGMA cell_size_check = ON", NULL, NULL, NULL);
	if (check_kind(db, err)) {
		db_close(db);
		return NULL;
	}
	return db;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	sqlite3_finalize(db->state);
	sqlite3_close(db->sqlite);
	free(db->path);
	free(db);
}

const char *db_path(const struct db *db)
{
	return db->path;
}

/* Where the run's base name begins in a path. */
static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

#define RUN_COLUMNS                                                                         \
	"SELECT r.run_id, r.trace_id, r.kind = 'original', r.complete, r.label, r.policy, " \
	"r.kernel, t.path, t.kernel_release, max(r.duration_ns, t.duration_ns * "           \
	"(r.kind = 'original')), t.page_size, t.nr_lost FROM run r JOIN trace t USING (trace_id) "

static void read_run(sqlite3_stmt *stmt, struct run *run)
{
	char path[4096];

	*run = (struct run){ 0 };
	run->run_id = sqlite3_column_int64(stmt, 0);
	run->trace_id = sqlite3_column_int64(stmt, 1);
	run->original = sqlite3_column_int(stmt, 2) != 0;
	run->complete = sqlite3_column_int(stmt, 3) != 0;
	column_name(stmt, 4, run->label, sizeof(run->label));
	column_name(stmt, 5, run->policy, sizeof(run->policy));
	column_name(stmt, 6, run->kernel, sizeof(run->kernel));
	column_name(stmt, 7, path, sizeof(path));
	snprintf(run->trace, sizeof(run->trace), "%.*s", NAME_SIZE - 1, base_name(path));
	column_name(stmt, 8, run->release, sizeof(run->release));
	run->duration_ns = column_in_range(stmt, 9, 0, TIME_MAX);
	run->page_size = column_in_range(stmt, 10, 512, 1 << 20);
	run->nr_lost = column_in_range(stmt, 11, 0, INT64_MAX);
}

/* The first row of a query over runs; *nr_rows counts all of them. */
static int find(struct db *db, const char *sql, const char *text, int64_t number, struct run *run,
                size_t *nr_rows, struct mmr_error *err)
{
	sqlite3_stmt *stmt = db_prepare(db, sql, number, err);
	int rc;

	*nr_rows = 0;
	if (!stmt)
		return err->code;
	if (text)
		sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (!(*nr_rows)++)
			read_run(stmt, run);
	}
	return db_finish(db, stmt, rc, err);
}

static int no_such_run(struct db *db, const char *selector, struct mmr_error *err)
{
	sqlite3_stmt *stmt =
		db_prepare(db, "SELECT label FROM run ORDER BY run_id DESC LIMIT 6", 0, err);
	char names[160] = "", name[NAME_SIZE];
	size_t used = 0;

	while (stmt && sqlite3_step(stmt) == SQLITE_ROW && used + 30 < sizeof(names)) {
		column_name(stmt, 0, name, sizeof(name));
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%.24s",
		                         used ? ", " : "", name);
	}
	sqlite3_finalize(stmt);
	if (!used)
		return render_error(err, MMR_E_NOTFOUND,
		                    "%.100s holds no run yet; mmreplay --shadow --db makes one",
		                    db->path);
	return render_error(err, MMR_E_NOTFOUND, "no run is called '%.40s'; there are: %s",
	                    selector, names);
}

static bool whole_number(const char *text, int64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoll(text, &end, 10);
	return !errno && !*end;
}

int db_find_run(struct db *db, const char *selector, struct run *run, struct mmr_error *err)
{
	int64_t number;
	size_t nr_rows;
	int rc;

	if (!selector) {
		rc = find(db, RUN_COLUMNS "ORDER BY created_utc DESC, run_id DESC LIMIT 1", NULL, 0,
		          run, &nr_rows, err);
		if (rc || !nr_rows)
			return rc ? rc : no_such_run(db, "", err);
		if (db_find_original(db, run, run, err) == MMR_E_NOTFOUND)
			return 0;
		return 0;
	}
	rc = find(db, RUN_COLUMNS "WHERE r.label = ?", selector, 0, run, &nr_rows, err);
	if (rc)
		return rc;
	if (nr_rows > 1)
		return render_error(err, MMR_E_INVALID,
		                    "%zu runs are called '%.40s'; give --run a number: select "
		                    "run_id, label, trace_id from run",
		                    nr_rows, selector);
	if (nr_rows)
		return 0;
	if (whole_number(selector, &number)) {
		rc = find(db, RUN_COLUMNS "WHERE r.run_id = ?", NULL, number, run, &nr_rows, err);
		if (rc || nr_rows)
			return rc;
	}
	if (strcmp(selector, "original") == 0) {
		rc = find(
			db,
			RUN_COLUMNS
			"WHERE r.kind = 'original' ORDER BY created_utc DESC, run_id DESC LIMIT 1",
			NULL, 0, run, &nr_rows, err);
		if (rc || nr_rows)
			return rc;
	}
	return no_such_run(db, selector, err);
}

int db_find_original(struct db *db, const struct run *run, struct run *original,
                     struct mmr_error *err)
{
	struct run found;
	size_t nr_rows;
	int rc = find(db, RUN_COLUMNS "WHERE r.trace_id = ? AND r.kind = 'original' LIMIT 1", NULL,
	              run->trace_id, &found, &nr_rows, err);

	if (rc)
		return rc;
	if (!nr_rows)
		return render_error(err, MMR_E_NOTFOUND,
		                    "the original of %.60s is not in the database; run mmreplay "
		                    "--shadow --db %.80s on the trace",
		                    run->trace, db->path);
	*original = found;
	return 0;
}

int db_find_replay(struct db *db, const struct run *run, struct run *replay, struct mmr_error *err)
{
	struct run found;
	size_t nr_rows;
	int rc = find(
		db,
		RUN_COLUMNS
		"WHERE r.trace_id = ? AND r.kind = 'replay' ORDER BY created_utc DESC, run_id DESC LIMIT 1",
		NULL, run->trace_id, &found, &nr_rows, err);

	if (rc)
		return rc;
	if (!nr_rows)
		return render_error(err, MMR_E_NOTFOUND,
		                    "there is no replay of %.60s in the database; run mmreplay "
		                    "--policy clock --db %.80s on the trace",
		                    run->trace, db->path);
	*replay = found;
	return 0;
}

int db_trace_runs(struct db *db, const struct run *run, struct run *runs, size_t most,
                  struct mmr_error *err)
{
	sqlite3_stmt *stmt = db_prepare(
		db, RUN_COLUMNS "WHERE r.trace_id = ? ORDER BY r.kind != 'original', r.run_id",
		run->trace_id, err);
	size_t count = 0;
	int rc;

	if (!stmt)
		return err->code;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (count < most)
			read_run(stmt, &runs[count++]);
	}
	rc = db_finish(db, stmt, rc, err);
	return rc ? rc : (int)count;
}
