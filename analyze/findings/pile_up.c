/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tasks of one name that begin and do not end, so that ever more of them hold memory: of those that live at the same time there
 * are more at the end of every quarter, as in leak.c. A pool that is filled, or a build with so many compilers at once, has all of
 * its tasks early, and changes them rather than have more.
 */
#include <stddef.h>

#include "finding.h"

/* Fewer than two a quarter is no course, and each is large enough to be named by leak.c. */
#define LEAST_TASKS "8"

static void judge(const struct finding_facts *facts, struct finding *finding)
{
	double memory = fact(facts, "memory"), managed = facts->scope->managed;
	double tasks = fact(facts, "most"), time = fact(facts, "last_ns") - fact(facts, "first_ns");

	if (memory < THRESHOLD_GROWTH_NOTICE * managed || fact(facts, "long") < 1)
		return;
	finding->severity = memory >= THRESHOLD_MEMORY_SERIOUS * managed && finding_harmed(facts)
	                            ? FINDING_SERIOUS
	                            : FINDING_NOTICE;
	finding->weight = memory / managed;
	finding_head(finding, "Tasks pile up: %s of %s that do not end, with %s (%s of memory)",
	             say_count(tasks), fact_text(facts, "comm"), say_pages(facts, memory),
	             say_percent(memory / managed));
	finding_say(
		finding,
		"Of %s, %s began and %s ended: at the end of each quarter of %s more were there than a quarter before. "
		"Each has %s on average. At that rate they take as much as there is memory within %s.",
		fact_text(facts, "comm"), say_number(fact(facts, "began"), "task"),
		fact(facts, "ended") > 0 ? say_count(fact(facts, "ended")) : "none", say_time(time),
		say_pages(facts, memory / tasks), say_time(managed / memory * time));
	if (fact(facts, "swap") > 0)
		finding_say(finding, "%s of it were in swap.",
		            say_pages(facts, fact(facts, "swap")));
	finding_try(finding, "More memory only puts it off; by how much:", "memory=%.0fM",
	            managed * facts->scope->page_size / (1 << 20) * 1.5);
	finding_try(
		finding,
		"Who starts them, and what each waits for: ps -eo ppid,etime,wchan:20,comm --sort=etime. A limit on their "
		"number (a pool's size, systemd's TasksMax=, pids.max) keeps the rest of the machine alive.",
		NULL);
}

/*
 * Of each name how many lived at the end of each quarter of the time from its first on. A task that executes another program ends under
 * its old name and begins under the new one. Where most of them ended all at once at the end, as when the recording and they were
 * stopped together, the time ends before. Their memory: of those with 256 pages or more what they had last; of the smaller ones what
 * they have of what they allocated. The larger sum counts, as some may be in both. Shared memory is not added up.
 */
#define PILES                                                                                                                   \
	"WITH step AS (SELECT comm, start_ns AS t_ns, 1 AS step FROM task WHERE run_id = {recorded}" FINDING_NOT_RECORDER       \
	"\n              UNION ALL SELECT comm, end_ns, -1 FROM task WHERE run_id = {recorded} AND end_ns" FINDING_NOT_RECORDER \
	"),\n"                                                                                                                  \
	"     number AS (SELECT comm, t_ns, sum(step) OVER (PARTITION BY comm ORDER BY t_ns) AS live FROM step),\n"             \
	"     most AS (SELECT comm, min(t_ns) AS first_ns, max(live) AS live FROM number GROUP BY comm\n"                       \
	"              HAVING max(live) >= " LEAST_TASKS "),\n"                                                                 \
	"     peak AS (SELECT comm, first_ns, min(t_ns) AS peak_ns FROM number JOIN most USING (comm, live) GROUP BY comm),\n"  \
	"     life AS (SELECT comm, first_ns, iif(peak_ns > 0.9 * duration_ns, peak_ns, duration_ns) AS last_ns\n"              \
	"                FROM peak JOIN run ON run_id = {recorded}),\n"                                                         \
	"     quarters AS (SELECT comm, first_ns, last_ns, sum(step = 1) AS began, sum(step = -1) AS ended,\n"                  \
	"                     sum(step) FILTER (WHERE t_ns <= first_ns + (last_ns - first_ns) / 4) AS first,\n"                 \
	"                     sum(step) FILTER (WHERE t_ns <= first_ns + (last_ns - first_ns) / 2) AS second,\n"                \
	"                     sum(step) FILTER (WHERE t_ns <= first_ns + (last_ns - first_ns) / 4 * 3) AS third,\n"             \
	"                     sum(step) AS most FROM step JOIN life USING (comm) WHERE t_ns <= last_ns GROUP BY comm),\n"       \
	"     alive AS (SELECT t.pid, t.comm, last_ns FROM task t JOIN life USING (comm)\n"                                     \
	"                WHERE t.run_id = {recorded} AND start_ns <= last_ns AND coalesce(end_ns, last_ns + 1) > last_ns),\n"   \
	"     had AS (SELECT a.comm, anon + swap + kernel AS pages, swap, max(t_ns)\n"                                          \
	"               FROM alive a JOIN task_memory m ON m.run_id = {run} AND m.pid = a.pid AND m.t_ns <= a.last_ns\n"        \
	"              GROUP BY a.pid),\n"                                                                                      \
	"     large AS (SELECT comm, sum(pages) AS pages, sum(swap) AS swap FROM had GROUP BY comm),\n"                         \
	"     small AS (SELECT comm, sum(live) AS pages FROM allocation_stat WHERE run_id = {run} AND tasks > 1\n"              \
	"                GROUP BY comm),\n"                                                                                     \
	"     pile AS (SELECT q.*, coalesce(l.swap, 0) AS swap,\n"                                                              \
	"                     max(coalesce(l.pages, 0), coalesce(s.pages, 0)) AS memory\n"                                      \
	"                FROM quarters q LEFT JOIN large l USING (comm) LEFT JOIN small s USING (comm)\n"                       \
	"               WHERE most >= " LEAST_TASKS "\n"                                                                        \
	"                 AND 8 * min(first, second - first, third - second, most - third) >= most)\n"

static const struct finding_evidence evidence[] = {
	{ "How many there were at the end of each quarter, and their memory in pages",
	  PILES "SELECT comm, began, ended, first, second, third, most, memory\n"
	        "  FROM pile ORDER BY memory DESC LIMIT 3" },
	{ NULL, NULL },
};

const struct finding_ops finding_pile_up = {
	.name = "pile-up",
	.rank = FINDING_ROOT,
	.sql = PILES
	"SELECT pile.*, (SELECT 2 * (pile.last_ns - pile.first_ns) > duration_ns FROM run"
	" WHERE run_id = {recorded}) AS long" FINDING_HARM
	" FROM pile ORDER BY memory DESC LIMIT 1",
	.judge = judge,
	.evidence = evidence,
};
