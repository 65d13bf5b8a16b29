/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmanalyze stalls --stacks: the code that waited. */
#ifndef STALL_STACKS_REPORT_H
#define STALL_STACKS_REPORT_H

#include <sqlite3.h>

/*
 * Prints the stacks by the time that was waited in them, the longest first: at most limit of them. run is
 * its label or number, "": all. 0, or -1 after a message.
 */
int stall_stacks_report(const char *tool, sqlite3 *db, const char *run, const char *limit);

/* The same as the statement of its rows, for JSON; NULL after a message. */
sqlite3_stmt *stall_stacks_prepare(const char *tool, sqlite3 *db, const char *run,
                                   const char *limit);

#endif
