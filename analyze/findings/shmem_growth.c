/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files on tmpfs and shared memory that only grow. They are nobody's memory: who wrote a file on tmpfs may have ended long ago, and
 * it stays until it is deleted; it can be swapped out, but not dropped as other files are.
 *
 * The kernel does not count what was swapped out of it: of all that was swapped out since the first snapshot at most as much is taken for
 * it as it grew by in memory. Programs that fill their shared memory once, as databases do, have it early, not in every quarter.
 */
#include <stddef.h>

#include "finding.h"

static void say_writer(const struct finding_facts *facts, struct finding *finding, double growth)
{
	if (2 * fact(facts, "taken") < growth)
		return;
	finding_say(finding,
	            "%s (%s) allocated most of what is neither its own memory nor given back: %s.",
	            fact_text(facts, "comm"), say_who(fact(facts, "tasks"), fact(facts, "pid")),
	            say_pages(facts, fact(facts, "taken")));
}

static void judge(const struct finding_facts *facts, struct finding *finding)
{
	double growth = fact(facts, "growth"), managed = facts->scope->managed;
	double time = fact(facts, "last_ns") - fact(facts, "first_ns");

	if (growth < THRESHOLD_GROWTH_NOTICE * managed || fact(facts, "long") < 1)
		return;
	finding->severity = growth >= THRESHOLD_MEMORY_SERIOUS * managed && finding_harmed(facts)
	                            ? FINDING_SERIOUS
	                            : FINDING_NOTICE;
	finding->weight = growth / managed;
	finding_head(finding, "Shared memory grows: %s more in %s (%s of memory)",
	             say_pages(facts, growth), say_time(time), say_percent(growth / managed));
	finding_say(
		finding,
		"Files on tmpfs (/dev/shm, /run, often /tmp), memfds and shared segments went from %s to %s, in every quarter of that time. "
		"At that rate they take as much as there is memory within %s.",
		say_pages(facts, fact(facts, "before")), say_pages(facts, fact(facts, "after")),
		say_time(managed / growth * time));
	if (fact(facts, "swapped") > 0)
		finding_say(finding, "%s of that may be in swap.",
		            say_pages(facts, fact(facts, "swapped")));
	say_writer(facts, finding, growth);
	finding_try(
		finding,
		"What it is: df -t tmpfs; ipcs -m; ls -l /proc/[0-9]*/fd | grep memfd. It ends with the file or the segment, not with the "
		"process that wrote it; mount -o remount,size= limits a tmpfs.",
		NULL);
	finding_try(finding, "More memory only puts it off; by how much:", "memory=%.0fM",
	            managed * facts->scope->page_size / (1 << 20) * 1.5);
}

/*
 * Of each snapshot what there is of shared memory, in memory and, perhaps, in swap. The growth is from the last snapshot before a twentieth
 * of it to the first at its highest; a quarter
 * of it is one of these snapshots.
 */
#define COURSE                                                                                                                      \
	"WITH swapped AS (SELECT t_ns, (sum(kb) FILTER (WHERE name = 'SwapTotal')\n"                                                \
	"                           - sum(kb) FILTER (WHERE name = 'SwapFree')) * 1024 / page_size AS pages\n"                      \
	"                   FROM meminfo JOIN run r ON r.run_id = {run} JOIN trace USING (trace_id)\n"                              \
	"                  WHERE meminfo.run_id = {run} AND name IN ('SwapTotal', 'SwapFree') GROUP BY t_ns),\n"                    \
	"     level AS (SELECT v.t_ns, value AS shmem, max(coalesce(pages, 0) - first_value(coalesce(pages, 0))\n"                  \
	"                      OVER (ORDER BY v.t_ns), 0) AS swapped\n"                                                             \
	"                 FROM vmstat v LEFT JOIN swapped USING (t_ns) WHERE run_id = {run} AND name = 'nr_shmem'),\n"              \
	"     course AS (SELECT t_ns, shmem, min(swapped, max(shmem - first_value(shmem) OVER (ORDER BY t_ns), 0)) AS swapped\n"    \
	"                  FROM level),\n"                                                                                          \
	"     ends AS (SELECT min(shmem + swapped) AS low, max(shmem + swapped) AS high FROM course),\n"                            \
	"     top AS (SELECT min(t_ns) AS last_ns FROM course, ends WHERE shmem + swapped = high),\n"                               \
	"     span AS (SELECT max(t_ns) AS first_ns, last_ns FROM course, ends, top\n"                                              \
	"               WHERE t_ns < last_ns AND 20 * (shmem + swapped - low) <= high - low),\n"                                    \
	"     growing AS (SELECT t_ns, shmem + swapped AS pages, swapped, row_number() OVER (ORDER BY t_ns) - 1 AS at,\n"           \
	"                        count(*) OVER () - 1 AS nr FROM course, span WHERE t_ns BETWEEN first_ns AND last_ns),\n"          \
	"     quarters AS (SELECT min(t_ns) AS first_ns, max(t_ns) AS last_ns, nr + 1 AS snapshots, min(pages) AS before,\n"        \
	"                     max(pages) FILTER (WHERE 4 * at <= nr) AS first, max(pages) FILTER (WHERE 2 * at <= nr) AS second,\n" \
	"                     max(pages) FILTER (WHERE 4 * at <= 3 * nr) AS third, max(pages) AS after,\n"                          \
	"                     max(swapped) FILTER (WHERE at = nr) AS swapped FROM growing)\n"

/* By name: movable memory that is still there, but for what is the tasks' own. */
#define WRITERS                                                                                                       \
	"own AS (SELECT pid, anon + swap AS pages, max(t_ns) FROM task_memory WHERE run_id = {run} GROUP BY pid),\n"  \
	"     writer AS (SELECT coalesce(n.comm, s.comm) AS comm, min(s.pid) AS pid, sum(s.tasks) AS tasks,\n"        \
	"                       sum(s.allocated) AS allocated, sum(max(s.live - coalesce(o.pages, 0), 0)) AS taken\n" \
	"                  FROM allocation_stat s LEFT JOIN own o ON o.pid = s.pid " FINDING_NAMES                    \
	"\n"                                                                                                          \
	"                 WHERE s.run_id = {run} AND kind = 'movable'" FINDING_AND_OTHERS "\n"                        \
	"                 GROUP BY 1 ORDER BY taken DESC LIMIT 3)\n"

static const struct finding_evidence evidence[] = {
	{ "Shared memory in the snapshots, in pages, and what may be swapped out of it",
	  COURSE "SELECT t_ns, shmem, course.swapped FROM course, quarters\n"
	         " WHERE t_ns BETWEEN first_ns AND last_ns ORDER BY t_ns" },
	{ "Who allocated memory that is neither its own nor given back, in pages",
	  "WITH " WRITERS "SELECT comm, tasks, allocated, taken FROM writer" },
	{ NULL, NULL },
};

const struct finding_ops finding_shmem_growth = {
	.name = "shmem-growth",
	.rank = FINDING_ROOT,
	.sql = COURSE
	", " WRITERS "SELECT quarters.*, after - before AS growth,"
	" (SELECT 2 * (last_ns - first_ns) > duration_ns FROM run WHERE run_id = {run}) AS long,"
	" comm, pid, tasks, taken" FINDING_HARM
	" FROM quarters LEFT JOIN (SELECT * FROM writer LIMIT 1)"
	" WHERE snapshots >= 5 AND 8 * min(first - before, second - first, third - second, after - third) >= after - before",
	.judge = judge,
	.evidence = evidence,
};
