/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A diagnosis of one run: what its recording can show, and findings, the most important first. */
#ifndef ANALYZE_REPORT_H
#define ANALYZE_REPORT_H

#include <stdbool.h>

#include <jansson.h>
#include <sqlite3.h>

#include "finding.h"

#define REPORT_NR_LIMITS   16
#define REPORT_NR_FINDINGS 32

/* "accesses": "none were sampled: ...". */
struct report_limit {
	const char *what;
	char *text;
	bool lacks; /* something cannot be shown for it */
};

struct report {
	const char *tool;
	sqlite3 *db;
	struct finding_scope scope;
	char *db_word; /* the database and the trace as one would name them to a shell */
	char *trace_word;
	char *title; /* "pressure.zst: Linux 6.12, 2 CPUs, 85 MiB, 7.05 s, 507,123 events" */
	char *name;  /* "pressure.zst" */
	char *facts; /* "Linux 6.12, 2 CPUs, ...": what the title says of it */
	char *label; /* of the run */
	struct report_limit limits[REPORT_NR_LIMITS];
	unsigned int nr_limits;
	bool no_replay; /* there is nothing that mmreplay could do with it */
	bool partial;   /* so much is lacking that what is not found may be there all the same */
	struct finding findings[REPORT_NR_FINDINGS];
	unsigned int nr_findings;
};

/* What the report is about: a database, or traces that become one. */
struct report_source {
	const char *tool;
	const char *keep; /* where a trace's database goes; NULL: away */
	char **operands;  /* a database, or the parts of a trace */
	int nr_operands;
	bool quiet;
	bool named;      /* the database has a name until report_close(), for others to open it */
	char *directory; /* temporary */
	char *path;      /* of the database */
	sqlite3 *db;
	const char *db_path; /* how to name the database to whoever reads the report */
};

/* Opens the database, after following the trace into one if that is what was given; false after a message. */
bool report_open(struct report_source *source);
void report_close(struct report_source *source);

/* run: label or number; NULL: the original. False after a message. */
bool report_make(struct report *report, const struct report_source *source, const char *run);
void report_deinit(struct report *report);

/* report_limits.c */
bool report_add_limits(struct report *report);

/* The statement of an evidence; NULL after a message. *sql is what it runs, to be freed with sqlite3_free(). */
sqlite3_stmt *report_evidence(const struct report *report, const struct finding_evidence *evidence,
                              char **sql);

/*
 * "mmreplay --set vm.swappiness=10 --seeds 5 -d results.db trace.zst"; free with sqlite3_free(). NULL: there is nothing to
 * set; a comment with the setting where no replay can be made.
 */
char *report_command(const struct report *report, const struct finding_try *try);

/* Replays of the same trace in the database, with their spread over seeds: rows; NULL after a message. */
sqlite3_stmt *report_predictions(const struct report *report);
/* Replays of the same trace that had tlb.model: how often they flushed TLBs, and what those hold. Likewise. */
sqlite3_stmt *report_tlbs(const struct report *report);
#define REPORT_TLBS_TITLE \
	"TLBs of replays with tlb.model, and the share of entries there is room for"

/* What is said where there is no finding. */
const char *report_all_is_well(const struct report *report);

/* 0 or -1 after a message. */
/* brief: without evidence. */
int report_print_text(const struct report *report, bool brief);
int report_print_markdown(const struct report *report);
int report_print_json(const struct report *report);

/*
 * page/page.c: a page of its own into path, by way of a temporary file; db_path is where mmrender finds the database. An existing
 * file is not replaced without force.
 */
int report_write_html(const struct report *report, const char *db_path, const char *path,
                      bool force);

/* A title and the rows, if there are any, as Markdown; their number, or -1 after a message. Finalizes the statement. */
int64_t report_markdown_table(const char *tool, const char *title, sqlite3_stmt *statement);

#endif
