/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stack a block: a line of sums, then the frames, a line each, since they do not fit into a table. */
#include "stall_stacks_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "database.h"
#include "terminal.h"

/* By cause too: one function may wait for several things. */
static const char sql[] =
	"SELECT run, cause, code, count(*) AS stalls, count(DISTINCT pid) AS tasks,"
	" sum(duration_ns) AS total_ns, max(duration_ns) AS longest_ns, kernel, user"
	" FROM stall_stacks WHERE (?1 = '' OR run = ?1 OR CAST(run_id AS TEXT) = ?1)"
	" GROUP BY run_id, cause, stack_id"
	" ORDER BY total_ns DESC NULLS LAST, stalls DESC, code, stack_id LIMIT CAST(?2 AS INTEGER)";

enum { RUN, CAUSE, CODE, STALLS, TASKS, TOTAL, LONGEST, KERNEL, USER };

sqlite3_stmt *stall_stacks_prepare(const char *tool, sqlite3 *db, const char *run,
                                   const char *limit)
{
	return database_prepare(tool, db, sql, run, limit, NULL);
}

static const char *text(sqlite3_stmt *row, int column)
{
	const char *value = (const char *)sqlite3_column_text(row, column);

	return value ? value : "";
}

static void print_escaped(const char *value, size_t size)
{
	char line[512];

	escape_text(line, sizeof(line), value, size);
	fputs(line, stdout);
}

static void print_frames(const char *frames, const char *arrow)
{
	while (*frames) {
		size_t length = strcspn(frames, ";");

		printf("      %s ", arrow);
		print_escaped(frames, length);
		putchar('\n');
		frames += length + (frames[length] == ';');
	}
}

static void print_stack(sqlite3_stmt *row)
{
	char total[FORMAT_SIZE];
	char longest[FORMAT_SIZE];
	int64_t stalls = sqlite3_column_int64(row, STALLS);
	int64_t tasks = sqlite3_column_int64(row, TASKS);

	fputs("  ", stdout);
	print_escaped(text(row, CODE), strlen(text(row, CODE)));
	printf(": %s, %" PRId64 " stall%s of %" PRId64 " task%s", text(row, CAUSE), stalls,
	       stalls == 1 ? "" : "s", tasks, tasks == 1 ? "" : "s");
	if (sqlite3_column_type(row, TOTAL) != SQLITE_NULL)
		printf(", %s, longest %s",
		       format_duration(total, (uint64_t)sqlite3_column_int64(row, TOTAL)),
		       format_duration(longest, (uint64_t)sqlite3_column_int64(row, LONGEST)));
	fputs(" (", stdout);
	print_escaped(text(row, RUN), strlen(text(row, RUN)));
	puts(")");
	print_frames(text(row, KERNEL), "=>");
	print_frames(text(row, USER), "->");
}

int stall_stacks_report(const char *tool, sqlite3 *db, const char *run, const char *limit)
{
	sqlite3_stmt *statement = stall_stacks_prepare(tool, db, run, limit);
	bool any = false;
	int ret;

	if (!statement)
		return -1;
	puts("\nCode that waited longest");
	while ((ret = sqlite3_step(statement)) == SQLITE_ROW) {
		print_stack(statement);
		any = true;
	}
	sqlite3_finalize(statement);
	if (ret != SQLITE_DONE) {
		message(tool, "cannot read the stacks: %s", sqlite3_errmsg(db));
		return -1;
	}
	if (!any)
		puts("  none: nobody waited, or it was recorded without --stacks=stalls");
	return 0;
}
