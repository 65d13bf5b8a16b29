/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tasks that asked for memory had to reclaim it themselves first: who, how long, for what. */
#include <stddef.h>

#include "finding.h"

static void judge(const struct finding_facts *facts, struct finding *finding)
{
	double total = fact(facts, "total_ns"), stalls = fact(facts, "stalls");

	finding->severity = severity_of_waits(facts->scope, total, fact(facts, "longest_ns"));
	if (finding->severity == FINDING_NONE)
		return;
	finding->weight = total / facts->scope->duration_ns;
	finding_head(finding, "Direct reclaim: %s waited %s for memory, %s in all",
	             say_number(fact(facts, "tasks"), "task"), say_number(stalls, "time"),
	             say_time(total));
	finding_say(finding, "%s (%s) suffered most: %s of it.", fact_text(facts, "comm"),
	            say_who(fact(facts, "sufferers"), fact(facts, "pid")),
	            say_percent(fact(facts, "worst_ns") / total));
	/* What few small tasks of a name allocated has no row, only a part in what the kernel counted. */
	if (*fact_text(facts, "taker") && fact(facts, "taken_share") >= 0.5)
		finding_say(finding, "%s (%s) caused most of it: %s of all that was allocated.",
		            fact_text(facts, "taker"),
		            say_who(fact(facts, "takers"), fact(facts, "taker_pid")),
		            say_percent(fact(facts, "taken_share")));
	finding_say(finding, "The longest wait took %s; one in a hundred took %s or more.",
	            say_time(fact(facts, "longest_ns")), say_time(fact(facts, "p99_ns")));
	finding_say(
		finding,
		"In all, reclaim took %s of files and %s of programs' memory, of which %s was written to swap.",
		say_pages(facts, fact(facts, "files")), say_pages(facts, fact(facts, "anon")),
		say_pages(facts, fact(facts, "swapped_out")));
	finding_try(finding, "Let kswapd begin earlier, so that fewer have to do it themselves:",
	            "vm.watermark_scale_factor=100");
}

static const struct finding_evidence evidence[] = {
	{ "Who suffered",
	  "SELECT " FINDING_WHO ", count(*) AS stalls, sum(duration_ns) AS total_ns,\n"
	  "       max(duration_ns) AS longest_ns FROM reclaim_stalls s\n"
	  "  " FINDING_NAMES "\n"
	  " WHERE s.run_id = {run} AND kind = 'direct'" FINDING_AND_OTHERS "\n"
	  " GROUP BY s.pid ORDER BY total_ns DESC LIMIT 5" },
	{ "Who caused it: pages allocated, at most at a time, left at the end",
	  "SELECT " FINDING_WHO
	  ", max(tasks) AS tasks, sum(allocated) AS allocated, sum(most) AS most, sum(live) AS live\n"
	  "  FROM allocation_stat s\n"
	  "  " FINDING_NAMES "\n"
	  " WHERE s.run_id = {run}" FINDING_AND_OTHERS "\n"
	  " GROUP BY s.pid, tasks > 1 ORDER BY allocated DESC LIMIT 3" },
	{ "The longest waits",
	  "SELECT start_ns, duration_ns, " FINDING_WHO ", nr_scanned AS scanned,\n"
	  "       nr_reclaimed AS reclaimed, replace(cause, 'allocation of ', '') AS cause\n"
	  "  FROM reclaim_stalls s\n"
	  "  " FINDING_NAMES "\n"
	  " WHERE s.run_id = {run} AND kind = 'direct'" FINDING_AND_OTHERS "\n"
	  " ORDER BY duration_ns DESC LIMIT 3" },
	{ NULL, NULL },
};

const struct finding_ops finding_direct_reclaim = {
	.name = "direct-reclaim",
	.rank = FINDING_SYMPTOM,
	/* clang-format off */
	.sql = "WITH stall AS (SELECT " FINDING_WHO ", duration_ns,"
	       "   row_number() OVER (ORDER BY duration_ns) AS n, count(*) OVER () AS k FROM reclaim_stalls s " FINDING_NAMES
	       "   WHERE s.run_id = {run} AND kind = 'direct' AND duration_ns IS NOT NULL" FINDING_AND_OTHERS "),"
	       " worst AS (SELECT comm, min(pid) AS pid, count(DISTINCT pid) AS tasks, sum(duration_ns) AS total_ns"
	       "   FROM stall GROUP BY comm ORDER BY total_ns DESC LIMIT 1),"
	       " took AS (SELECT comm, min(pid) AS pid, sum(allocated) AS pages,"
	       "   max(total(tasks) FILTER (WHERE kind = 'movable'), total(tasks) FILTER (WHERE kind = 'kernel')) AS tasks FROM"
	       "   (SELECT " FINDING_WHO ", kind, tasks, allocated FROM allocation_stat s " FINDING_NAMES
	       "     WHERE s.run_id = {run}" FINDING_AND_OTHERS ") GROUP BY comm ORDER BY pages DESC LIMIT 1)"
	       " SELECT (SELECT comm FROM took) AS taker, (SELECT pid FROM took) AS taker_pid,"
	       " (SELECT tasks FROM took) AS takers, (SELECT pages FROM took) * 1.0 /"
	       "   max((SELECT sum(allocated) FROM allocation_stat WHERE run_id = {run}), coalesce((SELECT sum(value)"
	       "     FROM counters WHERE run_id = {run} AND name GLOB 'pgalloc_*'), 0)) AS taken_share,"
	       " (SELECT value FROM counters WHERE run_id = {run} AND name = 'pgsteal_file') AS files,"
	       " (SELECT value FROM counters WHERE run_id = {run} AND name = 'pgsteal_anon') AS anon,"
	       " (SELECT value FROM counters WHERE run_id = {run} AND name = 'pswpout') AS swapped_out,"
	       " count(*) AS stalls, count(DISTINCT pid) AS tasks, sum(duration_ns) AS total_ns,"
	       " max(duration_ns) AS longest_ns, min(CASE WHEN n > k * 0.99 THEN duration_ns END) AS p99_ns,"
	       " (SELECT comm FROM worst) AS comm, (SELECT pid FROM worst) AS pid,"
	       " (SELECT tasks FROM worst) AS sufferers, (SELECT total_ns FROM worst) AS worst_ns FROM stall",
	/* clang-format on */
	.judge = judge,
	.evidence = evidence,
};
