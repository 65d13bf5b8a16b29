/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tasks waited for reclaim within their memory cgroup, or were killed there: the machine had memory, the group had not.
 * Which group says the kernel's own count (memory.events), where the snapshots saw the group.
 */
#include <stddef.h>

#include "finding.h"

static void say_group(const struct finding_facts *facts, struct finding *finding)
{
	if (!*fact_text(facts, "path")) {
		finding_say(
			finding,
			fact(facts, "groups") > 0
				? "Which group that was no snapshot tells: it was made and removed in between."
				: "Which group that was this recording does not tell: it has no snapshots of groups "
				  "(mmcap record takes them).");
		return;
	}
	finding_say(finding, "%s ran into its limit %s", fact_text(facts, "path"),
	            say_number(fact(facts, "hits"), "time"));
	if (fact(facts, "limit") > 0)
		finding_say(finding, "(%s).",
		            say_pages(facts, fact(facts, "limit") / facts->scope->page_size));
	else
		finding_say(finding, "(of a group above it).");
}

static void judge(const struct finding_facts *facts, struct finding *finding)
{
	double total = fact(facts, "total_ns"), kills = fact(facts, "kills");

	finding->severity = severity_of_waits(facts->scope, total, fact(facts, "longest_ns"));
	if (kills > 0)
		finding->severity = FINDING_CRITICAL;
	if (finding->severity == FINDING_NONE)
		return;
	/* Before the kill itself, which it explains. */
	finding->weight = total / facts->scope->duration_ns + (kills > 0 ? kills + 1 : 0);
	finding_head(finding, "Memory cgroup at its limit:");
	if (kills > 0)
		finding_head(finding, "%s killed,", say_number(kills, "task"));
	finding_head(finding, "%s of %s in all", say_number(fact(facts, "stalls"), "wait"),
	             say_time(total));
	finding_say(
		finding,
		"Tasks had to reclaim memory of their own group before they got more, for %s at the longest, "
		"while the machine had %s free at the least.",
		say_time(fact(facts, "longest_ns")), say_pages(facts, fact(facts, "least_free")));
	say_group(facts, finding);
	if (fact(facts, "refaults") >= THRESHOLD_WANTED_BACK * fact(facts, "taken") &&
	    fact(facts, "taken") > 0)
		finding_say(
			finding,
			"%s of what was reclaimed was wanted back: the limit is below what the group uses.",
			say_percent(fact(facts, "refaults") / fact(facts, "taken")));
	finding_try(
		finding,
		"Raise the limit (memory.max, memory.high) and record again; replays know no limits of groups, so that "
		"none can test it.",
		NULL);
	finding_try(finding,
	            "What the same demand does on a machine without limits:", "--policy original");
}

static const struct finding_evidence evidence[] = {
	{ "Who waited for memory of its group",
	  "SELECT " FINDING_WHO ", count(*) AS stalls, sum(duration_ns) AS total_ns,\n"
	  "       max(duration_ns) AS longest_ns FROM reclaim_stalls s\n"
	  "  " FINDING_NAMES "\n"
	  " WHERE s.run_id = {run} AND kind = 'memcg' GROUP BY s.pid ORDER BY total_ns DESC LIMIT 5" },
	{ "Groups at the end: limits in bytes, and how often they were met",
	  "SELECT path, name, value FROM cgroup_memory WHERE run_id = {run}\n"
	  "   AND (name IN ('memory.max', 'memory.high', 'memory.peak', 'memory.failcnt') OR name GLOB 'memory.events:*')\n"
	  "   AND t_ns = (SELECT max(t_ns) FROM cgroup_memory WHERE run_id = {run}) AND value > 0\n"
	  " ORDER BY path, name LIMIT 12" },
	{ NULL, NULL },
};

/* Events are counted from the group's making on: what they were at the first snapshot is taken off. */
const struct finding_ops finding_cgroup_limit = {
	.name = "cgroup-limit",
	.rank = FINDING_ROOT,
	.sql = "WITH c AS (SELECT path, name, max(value) - CASE WHEN min(t_ns) = (SELECT min(t_ns) FROM cgroup_memory WHERE run_id = {run})"
	       "   AND count(*) > 1 THEN min(value) ELSE 0 END AS value, max(value) AS last FROM cgroup_memory"
	       "   WHERE run_id = {run} GROUP BY path, name),"
	       " hit AS (SELECT path, sum(value) AS hits FROM c WHERE name IN ('memory.events.local:max', 'memory.events.local:high',"
	       "   'memory.failcnt') GROUP BY path HAVING hits > 0 ORDER BY hits DESC LIMIT 1),"
	       " free AS (" FINDING_FREE ")"
	       " SELECT count(*) AS stalls, sum(duration_ns) AS total_ns, max(duration_ns) AS longest_ns,"
	       " (SELECT count(*) FROM c) AS groups, (SELECT path FROM hit) AS path, (SELECT hits FROM hit) AS hits,"
	       " (SELECT min(last) FROM c WHERE path = (SELECT path FROM hit) AND name IN ('memory.max', 'memory.high',"
	       "   'memory.limit_in_bytes')) AS \"limit\","
	       " (SELECT sum(value) FROM c WHERE name IN ('memory.events.local:oom_kill')) AS kills,"
	       " (SELECT min(pages) FROM free) AS least_free,"
	       " (SELECT sum(value) FROM counters k WHERE k.run_id = {run} AND name IN ('workingset_refault_file', 'pswpin')) AS refaults,"
	       " (SELECT sum(value) FROM counters k WHERE k.run_id = {run} AND name IN ('pgsteal_anon', 'pgsteal_file')) AS taken"
	       " FROM reclaim_stalls WHERE run_id = {run} AND kind = 'memcg'",
	.judge = judge,
	.evidence = evidence,
};
