/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening and committing: what keeps a database whole when a run is interrupted. */
#include "db.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "db_private.h"
#include "error_set.h"
#include "write.h"

#define PACKED_BYTES   (4 << 20)   /* a new database of no more is packed … */
#define PACKED_TIGHTLY (512 << 10) /* … into the smallest pages, if it has no more than that */

/* clang-format off */
static const char schema_sql[] =
#include "schema.sql.inc"
	;
/* What becomes of tables that older versions had, and of those that lacked a column then. */
static const struct {
	const char *table;
	const char *column; /* NULL: there is no such table any more */
	const char *sql;
} upgrades[] = {
	{ "allocation_stat", "tasks",
#include "upgrade_allocation_stat.sql.inc"
	},
	{ "buddy", NULL,
#include "upgrade_buddy.sql.inc"
	},
	{ "file_stat", "written",
#include "upgrade_file_stat.sql.inc"
	},
	{ "pinned_block", NULL,
#include "upgrade_pinned_block.sql.inc"
	},
	{ "request_outcome", NULL,
#include "upgrade_request_outcome.sql.inc"
	},
	{ "vmstat", NULL,
#include "upgrade_vmstat.sql.inc"
	},
};
static const char views_sql[] =
#include "views.sql.inc"
	;
/* clang-format on */

int results_sqlite_error(const struct results_db *db, const char *what, struct mmr_error *err)
{
	int extended = sqlite3_extended_errcode(db->sqlite);
	const char *text = sqlite3_errmsg(db->sqlite);

	switch (extended & 0xff) {
	case SQLITE_NOMEM:
		return base_error(err, MMR_E_NOMEM, "out of memory while %s", what);
	case SQLITE_FULL:
		return base_error(err, MMR_E_NOSPACE, "%s: no space left while %s", db->path, what);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return base_error(err, MMR_E_BUSY, "%s: another process is using it", db->path);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return base_error(err, MMR_E_PERMISSION, "%s: %s (the folder must be writable too)",
		                  db->path, text);
	case SQLITE_NOTADB:
		return base_error(err, MMR_E_FORMAT, "%s is not a SQLite database", db->path);
	case SQLITE_CORRUPT:
		return base_error(err, MMR_E_CORRUPT, "%s is damaged: %s", db->path, text);
	case SQLITE_IOERR:
		return base_error(err, MMR_E_IO, "%s: %s while %s", db->path, text, what);
	default:
		return base_error(err, MMR_E_DATABASE, "%s: %s while %s", db->path, text, what);
	}
}

int results_exec(struct results_db *db, const char *sql, const char *what, struct mmr_error *err)
{
	if (sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) != SQLITE_OK)
		return results_sqlite_error(db, what, err);
	return 0;
}

/* The number that a pragma, or a query of one row, gives. */
static int ask_number(struct results_db *db, const char *sql, int64_t *value, struct mmr_error *err)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(db->sqlite, sql, -1, &statement, NULL) != SQLITE_OK ||
	    sqlite3_step(statement) != SQLITE_ROW) {
		int code = results_sqlite_error(db, "reading it", err);

		sqlite3_finalize(statement);
		return code;
	}
	*value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return 0;
}

/* Refuses databases of others and of newer versions before anything is written. */
static int check_identity(struct results_db *db, int64_t *version, struct mmr_error *err)
{
	int64_t application_id = 0;
	int code;

	code = ask_number(db, "PRAGMA application_id", &application_id, err);
	if (code < 0)
		return code;
	code = ask_number(db, "PRAGMA user_version", version, err);
	if (code < 0)
		return code;
	if (application_id != RESULTS_APPLICATION_ID)
		return base_error(err, MMR_E_FORMAT,
		                  "%s is a database of another program; choose another --db",
		                  db->path);
	if (*version > RESULTS_USER_VERSION)
		return base_error(err, MMR_E_VERSION,
		                  "%s was made by a newer version (%lld; this one knows %d)",
		                  db->path, (long long)*version, RESULTS_USER_VERSION);
	return 0;
}

static int upgrade(struct results_db *db, struct mmr_error *err)
{
	int64_t there = 0;
	char query[256];
	int code = 0;

	for (size_t i = 0; code == 0 && i < sizeof(upgrades) / sizeof(upgrades[0]); i++) {
		sqlite3_snprintf(
			sizeof(query), query,
			"SELECT count(*) FROM sqlite_schema s WHERE type = 'table' AND name = %Q AND NOT"
			" EXISTS (SELECT 1 FROM pragma_table_info(s.name) c WHERE c.name = %Q)",
			upgrades[i].table, upgrades[i].column);
		code = ask_number(db, query, &there, err);
		if (code == 0 && there)
			code = results_exec(db, upgrades[i].sql, "bringing it up to date", err);
	}
	return code;
}

/* In an older database this adds the tables that are not there, and makes all views anew. */
static int create_schema(struct results_db *db, struct mmr_error *err)
{
	char identity[96];
	int code;

	code = results_exec(db, schema_sql, "creating the tables", err);
	if (code == 0)
		code = upgrade(db, err);
	if (code < 0)
		return code;
	code = results_exec(db, views_sql, "creating the views", err);
	if (code < 0)
		return code;
	sqlite3_snprintf(sizeof(identity), identity,
	                 "PRAGMA application_id = %d; PRAGMA user_version = %d",
	                 RESULTS_APPLICATION_ID, RESULTS_USER_VERSION);
	return results_exec(db, identity, "marking it", err);
}

static int open_sqlite(struct results_db *db, const char *path, struct mmr_error *err)
{
	if (sqlite3_open_v2(path, &db->sqlite,
	                    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
	                    NULL) != SQLITE_OK) {
		if (!db->sqlite)
			return base_error(err, MMR_E_NOMEM, "out of memory");
		return results_sqlite_error(db, "opening it", err);
	}
	sqlite3_extended_result_codes(db->sqlite, 1);
	sqlite3_busy_timeout(db->sqlite, 5000);
	return results_exec(db, "PRAGMA foreign_keys = ON", "opening it", err);
}

/* Nobody sees the file before it has its name, so it needs no journal. */
static int create_new(struct results_db *db, struct mmr_error *err)
{
	int fd, code;

	db->temporary = sqlite3_mprintf("%s.%d.partial", db->path, (int)getpid());
	if (!db->temporary)
		return base_error(err, MMR_E_NOMEM, "out of memory");
	fd = open(db->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0) {
		code = base_error_errno(err, errno, "cannot create %s", db->path);
		sqlite3_free(db->temporary);
		db->temporary = NULL;
		return code;
	}
	close(fd);
	code = open_sqlite(db, db->temporary, err);
	if (code < 0)
		return code;
	code = results_exec(db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN",
	                    "creating it", err);
	return code < 0 ? code : create_schema(db, err);
}

static int open_existing(struct results_db *db, struct mmr_error *err)
{
	int64_t version = 0;
	int code;

	if (access(db->path, R_OK | W_OK) < 0)
		return base_error_errno(err, errno, "cannot write %s", db->path);
	code = open_sqlite(db, db->path, err);
	if (code < 0)
		return code;
	code = check_identity(db, &version, err);
	if (code < 0)
		return code;
	code = results_exec(
		db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
		"opening it", err);
	if (code < 0 || version == RESULTS_USER_VERSION)
		return code;
	db->upgraded = true;
	return create_schema(db, err);
}

int results_open(const char *path, struct results_db **ret, struct mmr_error *err)
{
	struct results_db *db;
	struct stat status;
	int code;

	db = base_calloc_err(1, sizeof(*db), "the database", err);
	if (!db)
		return MMR_E_NOMEM;
	db->path = base_strndup(path, strlen(path));
	if (!db->path) {
		base_free(db);
		return base_error(err, MMR_E_NOMEM, "out of memory");
	}
	if (stat(path, &status) < 0)
		code = errno == ENOENT ? create_new(db, err)
		                       : base_error_errno(err, errno, "cannot open %s", path);
	else if (!S_ISREG(status.st_mode))
		code = base_error(err, MMR_E_FORMAT, "%s is not a regular file", path);
	else
		code = open_existing(db, err);
	if (code < 0) {
		results_close(db);
		return code;
	}
	*ret = db;
	return 0;
}

/*
 * Most tables of a short recording's database have few rows, and each has a page at least: small pages take a third
 * off it, of the shortest half. They would slow down the writing of a long one's, and larger rows fit into them badly.
 * What has been brought up to date has room for rows that it has no more.
 */
static int pack(struct results_db *db, struct mmr_error *err)
{
	int64_t bytes = 0;
	char sql[96];
	int code = ask_number(db,
	                      "SELECT (page_count - freelist_count) * page_size"
	                      " FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
	                      &bytes, err);

	if (code < 0 || (bytes > PACKED_BYTES && !db->upgraded))
		return code;
	if (bytes > PACKED_BYTES)
		return results_exec(db, "VACUUM", "packing it", err);
	sqlite3_snprintf(sizeof(sql), sql,
	                 "PRAGMA temp_store = MEMORY; PRAGMA page_size = %d; VACUUM",
	                 bytes > PACKED_TIGHTLY ? 1024 : 512);
	return results_exec(db, sql, "packing it", err);
}

/* Gives a new database its name, unless somebody else has taken it meanwhile. */
static int take_name(struct results_db *db, struct mmr_error *err)
{
	int fd, code = 0;

	if (sqlite3_close(db->sqlite) != SQLITE_OK)
		return results_sqlite_error(db, "closing it", err);
	db->sqlite = NULL;
	fd = open(db->temporary, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		code = base_error_errno(err, errno, "%s", db->path);
	if (fd >= 0)
		close(fd);
	if (code == 0 &&
	    renameat2(AT_FDCWD, db->temporary, AT_FDCWD, db->path, RENAME_NOREPLACE) < 0) {
		/* Not every filesystem can refuse to replace; link() can. */
		if (errno != EINVAL || link(db->temporary, db->path) < 0)
			code = base_error_errno(err, errno, "cannot create %s", db->path);
		else
			unlink(db->temporary);
	}
	if (code == 0) {
		sqlite3_free(db->temporary);
		db->temporary = NULL;
	}
	return code;
}

/*
 * Makes one file of the database again. While somebody reads it, it stays in WAL mode: what was committed
 * counts all the same, and the last one to close it moves it into the database.
 */
static int tidy(struct results_db *db, struct mmr_error *err)
{
	int code;

	sqlite3_busy_timeout(db->sqlite, 0);
	code = results_exec(db, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE",
	                    "writing results", err);
	if (code == 0 && db->upgraded)
		pack(db, NULL); /* it is whole without that, too */
	if (code != MMR_E_BUSY)
		return code;
	if (err)
		*err = (struct mmr_error){ 0 };
	return 0;
}

int results_commit(struct results_db *db, struct mmr_error *err)
{
	int code;

	results_flush(db);
	code = results_failed(db, err);

	if (code < 0)
		return code;
	results_finalize_statements(db);
	code = results_exec(db, "COMMIT", "writing results", err);
	if (code < 0)
		return code;
	if (!db->temporary)
		return tidy(db, err);
	code = pack(db, err);
	return code < 0 ? code : take_name(db, err);
}

void results_close(struct results_db *db)
{
	if (!db)
		return;
	results_finalize_statements(db);
	/* An open transaction is rolled back. */
	sqlite3_close(db->sqlite);
	if (db->temporary) {
		unlink(db->temporary);
		sqlite3_free(db->temporary);
	}
	results_counters_forget(&db->counters);
	results_zones_forget(&db->zones);
	base_free(db->path);
	base_free(db);
}
