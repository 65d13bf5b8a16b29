/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What mmanalyze report looks for. A finding is a file in this folder that ends in a const struct finding_ops,
 * and its name in meson.build, from which the table is made.
 *
 * Its SQL gives one row of facts about a run; judge() reads them, says how severe that is (nothing said: no
 * finding) and puts it into words. Each evidence is a query whose rows are shown, and printed so that it runs.
 * In all SQL {run} stands for the run's number, {recorded} for that of the original of its trace, which has what only a
 * recording tells, such as who reads and writes which files.
 *
 * Thresholds are the same for every recording: a share of its time, of its memory or of its requests, or a
 * time that people notice. They stand in threshold.h and in mmanalyze(1), with the reason.
 */
#ifndef FINDINGS_FINDING_H
#define FINDINGS_FINDING_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>
#include <sqlite3.h>

#include "threshold.h"

enum finding_severity {
	FINDING_NONE,
	FINDING_NOTICE,  /* worth knowing; nobody was hurt much */
	FINDING_SERIOUS, /* tasks lost time that somebody notices, or asked for something in vain */
	FINDING_CRITICAL, /* somebody was killed */
};

/* Of equally severe findings one that explains others comes first. */
enum finding_rank {
	FINDING_ROOT,    /* what took the memory away: explains shortage of every kind */
	FINDING_CAUSE,   /* what memory management did about it, or could not do */
	FINDING_SYMPTOM, /* what tasks felt */
};

/* What every finding may want to know of its run. */
struct finding_scope {
	int64_t run_id;
	int64_t recorded_id; /* the original of its trace; itself if there is none */
	double duration_ns;
	double page_size; /* bytes */
	double managed;   /* pages of memory */
	int64_t nr_cpus;
	bool replay;
	char policy[16]; /* the lists: "classic", "mglru", of replays others; "": not known */
};

struct finding_evidence {
	const char *title;
	const char *sql;
};

#define FINDING_NR_TRIES 4

struct finding_try {
	char *why;
	char *settings; /* "vm.swappiness=10 swap=0": becomes --set options; NULL: nothing that a replay could test */
};

struct finding {
	const struct finding_ops *ops;
	enum finding_severity severity;
	double weight; /* task time lost to it, as a share of the recording's: sorts within a severity and rank */
	char *headline; /* a sentence without a full stop */
	char *text;     /* sentences; paragraphs end in a newline */
	struct finding_try tries[FINDING_NR_TRIES];
	unsigned int nr_tries;
	const char *
		told_by; /* a finding that says the same and more: this one is left out then; NULL: none */
};

struct finding_facts {
	const struct finding_scope *scope;
	sqlite3_stmt *row;
};

struct finding_ops {
	const char *name; /* "swap-thrash" */
	enum finding_rank rank;
	const char *sql;
	void (*judge)(const struct finding_facts *facts, struct finding *finding);
	const struct finding_evidence *evidence; /* ended by a row without title */
};

/* Every finding, ended by NULL. */
extern const struct finding_ops *const all_findings[];

/* A column of the facts; 0 and "" where it is NULL. A text lives until the next row. */
double fact(const struct finding_facts *facts, const char *column);
const char *fact_text(const struct finding_facts *facts, const char *column);

/* Adds to headline or text; names of tasks and files go in as they are, and are escaped when printed. */
void finding_head(struct finding *finding, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void finding_say(struct finding *finding, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What to try; settings as in struct finding_try, printf'ed from fmt; NULL: none. */
void finding_try(struct finding *finding, const char *why, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The other lists of the kernel, where it is not known that they were in use. */
void finding_try_policy(const struct finding_facts *facts, struct finding *finding,
                        const char *policy, const char *why);

/* Numbers in words, in one of a few buffers that are used in turn: "1,234", "12.5 MiB", "1.5 s", "12 %". */
const char *say_count(double count);
/* "1 time", "2 times". */
const char *say_number(double count, const char *noun);
/* Who bears a name: "pid 12" if one task does, otherwise "3 tasks". */
const char *say_who(double nr_tasks, double pid);
const char *say_pages(const struct finding_facts *facts, double pages);
const char *say_time(double ns);
const char *say_percent(double share);

/*
 * The recorder's tasks, mmcap's or trace-cmd's: without it nothing of them would have been. For a WHERE of rows with a comm.
 */
#define FINDING_OTHERS(comm) comm " NOT GLOB 'mmcap*' AND " comm " NOT GLOB 'trace-cmd*'"
#define FINDING_NOT_RECORDER " AND " FINDING_OTHERS("comm")

/* Rows of file_stat that others than the recorder wrote most of. */
#define FINDING_WRITTEN " AND written > 0 AND " FINDING_OTHERS("writer_comm")

/* Pages that the recorder brought into the page cache, which are those of the recording: it dirtied them. */
#define FINDING_RECORDER_WROTE                                                     \
	"(SELECT coalesce(sum(added), 0) FROM file_stat WHERE run_id = {recorded}" \
	" AND NOT (" FINDING_OTHERS("comm") "))"

/*
 * Rows of file_stat that were read from front to back, once: in long runs, or small files (a row of which has more than one)
 * that did not come back.
 */
#define FINDING_SCANNED \
	" AND evicted > again AND (sequential * 2 > added - again OR files > 1 AND again * 2 < added)"

/* Those who move them; rows have pid, comm and files. Many small files may be read, or written, by a process each. */
#define FINDING_TASKS_OF(rows)                                                   \
	"(SELECT pid FROM " rows                                                 \
	" UNION SELECT pid FROM task_name WHERE run_id = {recorded} AND comm IN" \
	" (SELECT comm FROM " rows " WHERE files > 1))"

/* Of a row f of file_stat: pages that came in to be read. Those that came in to be written over are dirty_pages.c's. */
#define FINDING_READ "(f.added - f.written)"

/*
 * A task's last name, as it is known by: rows about waits have what it was called when it waited. table: what has the pid. For few
 * rows, as it looks at all tasks for each; for many there is FINDING_NAMES.
 */
#define FINDING_NAME(table)                                                                  \
	"coalesce((SELECT t.comm FROM task t WHERE t.run_id = {recorded} AND t.pid = " table \
	".pid ORDER BY t.start_ns DESC LIMIT 1), " table ".comm)"

/*
 * The same for evidence, whose rows s have a pid and a comm: columns, and where they come from. Rows of a replay have the pids of
 * its recording, which alone knows the tasks.
 */
#define FINDING_WHO        "coalesce(n.comm, s.comm) AS comm, s.pid"
#define FINDING_NAMES      "LEFT JOIN task_name n ON n.run_id = {recorded} AND n.pid = s.pid"
#define FINDING_AND_OTHERS " AND " FINDING_OTHERS("s.comm")

/* Free pages of the machine at each instant; the view buddy, which has rows for each order and type, is ten times as slow. */
#define FINDING_FREE                                                                                             \
	"SELECT i.t_ns AS t_ns, sum(order_0 + (order_1 << 1) + (order_2 << 2) + (order_3 << 3) + (order_4 << 4)" \
	" + (order_5 << 5) + (order_6 << 6) + (order_7 << 7) + (order_8 << 8) + (order_9 << 9)"                  \
	" + (order_10 << 10)) AS pages FROM free_blocks f CROSS JOIN instant i ON i.run_id = f.run_id"           \
	" AND i.t_ns BETWEEN f.t_ns AND f.last_ns WHERE f.run_id = {run} GROUP BY i.t_ns"

/*
 * A column for the facts: pages that kswapd and tasks took because the machine was short. The kernel counts what was taken within
 * memory cgroups, at their limits, in pgsteal_anon and pgsteal_file only.
 */
#define FINDING_TAKEN_OF_MACHINE                                                   \
	" (SELECT sum(value) FROM counters c WHERE c.run_id = {run} AND c.name IN" \
	"   ('pgsteal_kswapd', 'pgsteal_direct', 'pgsteal_khugepaged')) AS taken_of_machine,"

/*
 * Columns for the facts of what the miss-ratio curve of anon or file says, if the database has it: the least memory that
 * leaves a twentieth of the refaults (of the uses, where those that hit are seen), and what the pages had.
 */
#define FINDING_CURVE(memory)                                                                                 \
	" (SELECT min(pages) FROM miss_curve c JOIN memory_use u USING (run_id, memory) WHERE run_id = {run}" \
	"   AND memory = '" memory                                                                            \
	"' AND pages >= known_from AND c.refaults <= 0.05 * CASE only_faults"                                 \
	"   WHEN 0 THEN uses ELSE (SELECT max(refaults) FROM miss_curve m WHERE m.run_id = {run}"             \
	"   AND m.memory = '" memory "' AND m.pages >= known_from) END) AS curve_pages,"                      \
	" (SELECT min(pages) FROM miss_curve WHERE run_id = {run} AND memory = '" memory                      \
	"' AND refaults = 0) AS curve_whole,"                                                                 \
	" (SELECT only_faults FROM memory_use WHERE run_id = {run} AND memory = '" memory                     \
	"') AS curve_of_faults,"                                                                              \
	" (SELECT known_from FROM memory_use WHERE run_id = {run} AND memory = '" memory                      \
	"') AS curve_from,"

/* Columns for finding_harmed(), behind others. */
#define FINDING_HARM                                                                               \
	", (SELECT value FROM counters WHERE run_id = {run} AND name = 'pswpout') AS swapped_out," \
	" (SELECT count(*) FROM oom_kill WHERE run_id = {run}) AS kills,"                          \
	" (SELECT sum(duration_ns) FROM reclaim_stalls WHERE run_id = {run}"                       \
	"   AND kind = 'direct'" FINDING_NOT_RECORDER ") AS stall_ns,"                             \
	" (SELECT max(duration_ns) FROM reclaim_stalls WHERE run_id = {run}"                       \
	"   AND kind = 'direct'" FINDING_NOT_RECORDER ") AS longest_ns"

/* Memory has become short: something was swapped out, tasks waited for reclaim, or somebody was killed. */
bool finding_harmed(const struct finding_facts *facts);

/* Says it; what: "anonymous memory". Nothing without the columns. */
void say_curve(const struct finding_facts *facts, struct finding *finding, const char *what);

/* Most of all that was taken, given in pages, was taken within memory cgroups: it is their limits that are too low. */
bool taken_within_groups(const struct finding_facts *facts, double taken);

/* How severe it is that tasks waited so long in all, and one of them so long at once. */
enum finding_severity severity_of_waits(const struct finding_scope *scope, double total_ns,
                                        double longest_ns);

/* sql with {run} and {recorded} replaced by their numbers; free with sqlite3_free(). */
char *finding_sql(const char *sql, const struct finding_scope *scope);

/* Examines a run; false after a message of tool. What it filled must be freed with finding_deinit(). */
bool finding_examine(const char *tool, sqlite3 *db, const struct finding_scope *scope,
                     const struct finding_ops *ops, struct finding *finding);
void finding_deinit(struct finding *finding);

const char *severity_name(enum finding_severity severity);

#endif
