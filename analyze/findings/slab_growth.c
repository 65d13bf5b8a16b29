/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slab that only grows from snapshot to snapshot: what is reclaimable may be cache, what is not looks like a leak. */
#include <stddef.h>
#include <string.h>

#include "finding.h"

static void judge(const struct finding_facts *facts, struct finding *finding)
{
	double growth = fact(facts, "growth"), managed = facts->scope->managed;
	bool reclaimable = strcmp(fact_text(facts, "name"), "nr_slab_reclaimable") == 0;

	if (growth < THRESHOLD_GROWTH_NOTICE * managed)
		return;
	finding->severity = growth >= THRESHOLD_MEMORY_SERIOUS * managed && !reclaimable
	                            ? FINDING_SERIOUS
	                            : FINDING_NOTICE;
	finding->weight = growth / managed;
	finding_head(finding, "Slab grows: %s more %s slab (%s of memory)",
	             say_pages(facts, growth), reclaimable ? "reclaimable" : "unreclaimable",
	             say_percent(growth / managed));
	finding_say(finding, "It went from %s to %s and never shrank between %s snapshots.",
	            say_pages(facts, fact(facts, "before")), say_pages(facts, fact(facts, "after")),
	            say_count(fact(facts, "snapshots")));
	if (reclaimable)
		finding_say(
			finding,
			"This is mostly caches of file systems, which reclaim takes back when memory is short.");
	else
		finding_say(finding,
		            "Reclaim cannot take it back: who allocated it has to free it.");
	if (*fact_text(facts, "cache"))
		finding_say(finding, "Most of it is %s: %s more.", fact_text(facts, "cache"),
		            say_pages(facts, fact(facts, "cache_growth")));
	if (*fact_text(facts, "comm"))
		finding_say(
			finding, "%s (%s) allocated most kernel memory that is still there: %s.",
			fact_text(facts, "comm"), say_who(fact(facts, "tasks"), fact(facts, "pid")),
			say_pages(facts, fact(facts, "live")));
	if (reclaimable)
		finding_try(finding, "Have it reclaimed sooner:", "vm.vfs_cache_pressure=400");
	else
		finding_try(
			finding,
			"Which code it is: mmcap record -e slab names every caller; no replay frees it.",
			NULL);
}

static const struct finding_evidence evidence[] = {
	{ "Caches that grew, in pages",
	  "SELECT name, object_size AS object_bytes, max(pages) FILTER (WHERE t_ns = first) AS before,\n"
	  "       max(pages) FILTER (WHERE t_ns = last) AS after\n"
	  "  FROM slab_cache, (SELECT min(t_ns) AS first, max(t_ns) AS last FROM slab_cache WHERE run_id = {run})\n"
	  " WHERE run_id = {run} GROUP BY name ORDER BY after - coalesce(before, 0) DESC LIMIT 5" },
	{ "Who has kernel memory that it allocated, in pages",
	  "SELECT " FINDING_WHO ", tasks, allocated, most, live FROM allocation_stat s\n"
	  "  " FINDING_NAMES "\n"
	  " WHERE s.run_id = {run} AND kind = 'kernel'" FINDING_AND_OTHERS "\n"
	  " ORDER BY live DESC LIMIT 3" },
	{ NULL, NULL },
};

const struct finding_ops finding_slab_growth = {
	.name = "slab-growth",
	.rank = FINDING_ROOT,
	.sql = "WITH slab AS (SELECT name, t_ns, value, value - lag(value, 1, value) OVER (PARTITION BY name ORDER BY t_ns) AS step"
	       "   FROM vmstat WHERE run_id = {run} AND name IN ('nr_slab_reclaimable', 'nr_slab_unreclaimable')),"
	       " cache AS (SELECT name, max(pages) FILTER (WHERE t_ns = last) - coalesce(max(pages) FILTER (WHERE t_ns = first), 0) AS growth"
	       "   FROM slab_cache, (SELECT min(t_ns) AS first, max(t_ns) AS last FROM slab_cache WHERE run_id = {run})"
	       "   WHERE run_id = {run} GROUP BY slab_cache.name ORDER BY growth DESC LIMIT 1),"
	       " who AS (SELECT comm, pid, live, tasks FROM allocation_stat WHERE run_id = {run} AND kind = 'kernel'" FINDING_NOT_RECORDER
	       "   ORDER BY live DESC LIMIT 1)"
	       " SELECT name, max(value) - min(value) AS growth, min(value) AS before, max(value) AS after, count(*) AS snapshots,"
	       " (SELECT name FROM cache WHERE growth > 0) AS cache, (SELECT growth FROM cache) AS cache_growth,"
	       " (SELECT coalesce(n.comm, s.comm) FROM who s " FINDING_NAMES
	       ") AS comm, (SELECT pid FROM who) AS pid, (SELECT live FROM who) AS live, (SELECT tasks FROM who) AS tasks"
	       /* The recorder itself takes some in the beginning, and gives a little back. */
	       " FROM slab GROUP BY name HAVING 8 * -min(step) <= max(value) - min(value) ORDER BY growth DESC LIMIT 1",
	.judge = judge,
	.evidence = evidence,
};
