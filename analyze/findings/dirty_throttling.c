/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writers were put to sleep because more was dirty than may be: balance_dirty_pages() paces who dirties to what
 * the device takes. That a recorder's own writing counts as well is said where it matters, in the table.
 */
#include <stddef.h>

#include "finding.h"

static void judge(const struct finding_facts *facts, struct finding *finding)
{
	double total = fact(facts, "total_ns");

	finding->severity = severity_of_waits(facts->scope, total, fact(facts, "longest_ns"));
	if (finding->severity == FINDING_NONE)
		return;
	finding->weight = total / facts->scope->duration_ns;
	finding_head(finding, "Too many dirty pages: %s task%s had to wait for the disk, %s in all",
	             say_count(fact(facts, "tasks")), fact(facts, "tasks") > 1 ? "s" : "",
	             say_time(total));
	finding_say(
		finding,
		"Writers were put to sleep %s times, for %s at the longest, because more memory was dirty than "
		"vm.dirty_ratio allows: they write faster than the device takes it.",
		say_count(fact(facts, "stalls")), say_time(fact(facts, "longest_ns")));
	if (fact(facts, "threshold") > 0)
		finding_say(finding,
		            "The limit was %s at the end, and %s were dirty or being written.",
		            say_pages(facts, fact(facts, "threshold")),
		            say_pages(facts, fact(facts, "dirty")));
	if (fact(facts, "direct_ns") > 0)
		finding_say(
			finding,
			"Memory full of dirty pages is slow to reclaim, too: %s of direct reclaim.",
			say_time(fact(facts, "direct_ns")));
	finding_try(finding,
	            "Let the flushers begin earlier, so that writers reach the limit later:",
	            "vm.dirty_background_ratio=5");
	finding_try(finding,
	            "Room for a burst, if it is one (a storm that goes on only waits later):",
	            "vm.dirty_ratio=40");
}

static const struct finding_evidence evidence[] = {
	{ "Who had to wait",
	  "SELECT comm, pid, count(*) AS waits, sum(duration_ns) AS total_ns, max(duration_ns) AS longest_ns\n"
	  "  FROM reclaim_stalls WHERE run_id = {run} AND cause = 'too many dirty pages'\n"
	  " GROUP BY comm, pid ORDER BY total_ns DESC LIMIT 5" },
	{ "What was dirty, in pages",
	  "SELECT t_ns, sum(value) FILTER (WHERE name = 'nr_dirty') AS dirty,\n"
	  "       sum(value) FILTER (WHERE name = 'nr_writeback') AS writeback,\n"
	  "       sum(value) FILTER (WHERE name = 'nr_dirty_background_threshold') AS background_limit,\n"
	  "       sum(value) FILTER (WHERE name = 'nr_dirty_threshold') AS dirty_limit\n"
	  "  FROM vmstat WHERE run_id = {run} GROUP BY t_ns ORDER BY dirty + writeback DESC LIMIT 3" },
	{ NULL, NULL },
};

const struct finding_ops finding_dirty_throttling = {
	.name = "dirty-throttling",
	.rank = FINDING_CAUSE,
	.sql = "SELECT count(*) AS stalls, count(DISTINCT pid) AS tasks, sum(duration_ns) AS total_ns,"
	       " max(duration_ns) AS longest_ns,"
	       " (SELECT value FROM vmstat v WHERE v.run_id = {run} AND name = 'nr_dirty_threshold'"
	       "   ORDER BY t_ns DESC LIMIT 1) AS threshold,"
	       " (SELECT sum(value) FROM vmstat v WHERE v.run_id = {run} AND name IN ('nr_dirty', 'nr_writeback')"
	       "   GROUP BY t_ns ORDER BY t_ns DESC LIMIT 1) AS dirty,"
	       " (SELECT sum(duration_ns) FROM reclaim_stalls s WHERE s.run_id = {run} AND kind = 'direct') AS direct_ns"
	       " FROM reclaim_stalls WHERE run_id = {run} AND cause = 'too many dirty pages'",
	.judge = judge,
	.evidence = evidence,
};
