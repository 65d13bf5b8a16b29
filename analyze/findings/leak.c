/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program whose memory only grows, or a task that allocates kernel memory that only grows. One that fills its memory once,
 * as most do, grows at first and not at last: a suspect has at least half of an even share of its growth in every quarter of its
 * life. What it had is counted in memory and in swap, so that reclaim does not hide it. One that has ended has given all of it
 * back, and is a suspect only if memory became short, or if it grew much. One that was
 * there for less than half of the time is one only if memory that it did not use was swapped out. The instants at which it was seen are some more than
 * quarters have ends.
 */
#include <stddef.h>

#include "finding.h"

static void judge(const struct finding_facts *facts, struct finding *finding)
{
	double growth = fact(facts, "growth"), managed = facts->scope->managed;
	double rate = growth /
	              (fact(facts, "last_ns") - fact(facts, "first_ns")); /* pages a nanosecond */

	if (growth < THRESHOLD_GROWTH_NOTICE * managed)
		return;
	/* Seen for a short time, filling memory looks the same, unless it does not use what it has. */
	if (fact(facts, "long") < 1 && fact(facts, "swap") < THRESHOLD_MEMORY_NOTICE * managed)
		return;
	/* What it had is back, and nobody missed it meanwhile: most programs grow while they run. */
	if (fact(facts, "ended") > 0 && growth < THRESHOLD_MEMORY_SERIOUS * managed &&
	    !finding_harmed(facts))
		return;
	finding->severity = growth >= THRESHOLD_MEMORY_SERIOUS * managed && finding_harmed(facts)
	                            ? FINDING_SERIOUS
	                            : FINDING_NOTICE;
	finding->weight = growth / managed;
	finding_head(finding, "Leak suspect: the %s of %s only grows, from %s to %s",
	             fact_text(facts, "what"), fact_text(facts, "name"),
	             say_pages(facts, fact(facts, "least")), say_pages(facts, fact(facts, "most")));
	finding_say(
		finding,
		"%s (pid %.0f) grew in every quarter of the %s in which it was seen, by %s in all (%s of memory): "
		"%s a second. At that rate it takes as much as there is memory within %s.",
		fact_text(facts, "name"), fact(facts, "pid"),
		say_time(fact(facts, "last_ns") - fact(facts, "first_ns")),
		say_pages(facts, growth), say_percent(growth / managed),
		say_pages(facts, rate * 1e9), say_time(managed / rate));
	if (fact(facts, "swap") > 0)
		finding_say(finding, "%s of it were in swap: it does not use again what it has.",
		            say_pages(facts, fact(facts, "swap")));
	if (fact(facts, "others") > 0)
		finding_say(finding, "%s grew alike.",
		            say_number(fact(facts, "others"), "other task"));
	finding_say(
		finding,
		"A program that is still filling its memory looks the same: a longer recording tells them apart.");
	finding_try(finding, "More memory only puts it off; by how much:", "memory=%.0fM",
	            managed * facts->scope->page_size / (1 << 20) * 1.5);
	finding_try(
		finding,
		"Find the place: a heap profiler for a program, mmcap record --stacks=stalls for who waits meanwhile.",
		NULL);
}

/*
 * Of each process its quarters; {run} and thresholds as in judge(). There are rows only where something changed, so that life
 * ends with the task or the recording, if that is not just behind the most it had: a task that ends has given some of it back
 * at the instant at which it was seen last.
 */
#define SUSPECTS                                                                                                           \
	"WITH size AS (SELECT pid, comm, t_ns, 'memory' AS what, anon + shmem + swap AS pages, swap\n"                     \
	"                FROM task_memory WHERE run_id = {run}" FINDING_NOT_RECORDER "\n"                                  \
	"              UNION ALL SELECT pid, comm, t_ns, 'kernel memory', kernel, 0\n"                                     \
	"                FROM task_memory WHERE run_id = {run}" FINDING_NOT_RECORDER "),\n"                                \
	"     ends AS (SELECT pid, iif(count(*) = count(end_ns), max(end_ns), NULL) AS ended FROM task\n"                  \
	"               WHERE run_id = {run} GROUP BY pid),\n"                                                             \
	"     peak AS (SELECT pid, comm, what, t_ns AS peak_ns, max(pages), count(*) AS instants FROM size\n"              \
	"               GROUP BY pid, comm, what),\n"                                                                      \
	"     life AS (SELECT pid, comm, what, min(t_ns) AS first_ns, instants, iif(coalesce(ended, duration_ns)\n"        \
	"                     <= peak_ns + duration_ns / 10, peak_ns, coalesce(ended, duration_ns)) AS last_ns\n"          \
	"                FROM size JOIN peak USING (pid, comm, what) LEFT JOIN ends USING (pid)\n"                         \
	"                JOIN run ON run.run_id = {run} GROUP BY pid, comm, what),\n"                                      \
	"     quarters AS (SELECT pid, comm, what, first_ns, last_ns, instants, max(swap) AS swap,\n"                      \
	"                     max(pages) FILTER (WHERE t_ns = first_ns) AS least,\n"                                       \
	"                     max(pages) FILTER (WHERE t_ns <= first_ns + (last_ns - first_ns) / 4) AS first,\n"           \
	"                     max(pages) FILTER (WHERE t_ns <= first_ns + (last_ns - first_ns) / 2) AS second,\n"          \
	"                     max(pages) FILTER (WHERE t_ns <= first_ns + (last_ns - first_ns) / 4 * 3) AS third,\n"       \
	"                     max(pages) AS most FROM size JOIN life USING (pid, comm, what) GROUP BY pid, comm, what),\n" \
	"     suspect AS (SELECT *, most - least AS growth FROM quarters WHERE instants >= 6\n"                            \
	"                    AND 8 * min(first - least, second - first, third - second, most - third) >= most - least\n"   \
	"                    AND most > least)\n"

static const struct finding_evidence evidence[] = {
	{ "Who only grows, in pages by quarter of its life",
	  SUSPECTS "SELECT " FINDING_WHO ", what, least, first, second, third, most\n"
	           "  FROM suspect s " FINDING_NAMES "\n"
	           " ORDER BY growth DESC LIMIT 3" },
	{ NULL, NULL },
};

const struct finding_ops finding_leak = {
	.name = "leak",
	.rank = FINDING_ROOT,
	/* clang-format off */
	.sql = SUSPECTS "SELECT suspect.*, " FINDING_NAME("suspect") " AS name,"
	       " (SELECT max(end_ns) FROM task t WHERE t.run_id = {run} AND t.pid = suspect.pid) AS ended,"
	       " (SELECT last_ns - first_ns > duration_ns / 2 FROM run WHERE run_id = {run}) AS long,"
	       " (SELECT count(*) - 1 FROM suspect s, (SELECT max(growth) AS most_growth FROM suspect)"
	       "   WHERE s.growth > most_growth / 2) AS others"
	       FINDING_HARM
	       " FROM suspect ORDER BY growth DESC LIMIT 1",
	/* clang-format on */
	.judge = judge,
	.evidence = evidence,
};
