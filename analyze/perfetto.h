/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A results database as a trace in Chrome's JSON format, which ui.perfetto.dev and chrome://tracing open. */
#ifndef ANALYZE_PERFETTO_H
#define ANALYZE_PERFETTO_H

#include <stdint.h>
#include <stdio.h>

#include <sqlite3.h>

/* run: label or number, or "" for all. Number of events, or -1 after a message of tool. */
int64_t perfetto_write(const char *tool, sqlite3 *db, const char *run, FILE *stream);

#endif
