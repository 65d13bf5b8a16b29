/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Large blocks are asked for and compaction cannot make them, or takes long. Those above PAGE_ALLOC_COSTLY_ORDER are refused
 * for that, smaller ones are not. Whether that is for lack of memory says the free memory at the time: where it was above the high watermarks, the
 * block was there, but in pieces.
 */
#include <stddef.h>

#include "finding.h"

static bool in_pieces(const struct finding_facts *facts)
{
	return fact(facts, "plenty") * 2 >= fact(facts, "known") && fact(facts, "known") > 0;
}

static const char *why(const struct finding_facts *facts)
{
	if (fact(facts, "known") < 1)
		return "Compaction fails"; /* nobody knows how much was free */
	return in_pieces(facts) ? "Fragmentation" : "Compaction fails for lack of memory";
}

static void say_why(const struct finding_facts *facts, struct finding *finding)
{
	double failed = fact(facts, "known"), plenty = fact(facts, "plenty");

	if (failed < 1)
		return;
	if (in_pieces(facts))
		finding_say(
			finding,
			"It is fragmentation: in %s of %s more was free than the high watermarks ask "
			"for (%s on average), but in pieces.",
			say_count(plenty), say_number(failed, "failure"),
			say_pages(facts, fact(facts, "mean_free")));
	else
		finding_say(
			finding,
			"It is lack of memory rather than fragmentation: in %s of %s less was free "
			"than the high watermarks ask for.",
			say_count(failed - plenty), say_number(failed, "failure"));
}

static void judge(const struct finding_facts *facts, struct finding *finding)
{
	double asked = fact(facts, "asked"), failed = fact(facts, "failed");
	double total = fact(facts, "total_ns") + fact(facts, "reclaim_ns");
	double refused = asked > 0 && fact(facts, "large") > 1 ? failed / asked : 0;

	finding->severity = severity_of_waits(facts->scope, total, fact(facts, "longest_ns"));
	if (failed > 1 && refused >= THRESHOLD_REFUSED_SERIOUS)
		finding->severity = FINDING_SERIOUS;
	else if (failed > 1 && refused >= THRESHOLD_REFUSED_NOTICE &&
	         finding->severity == FINDING_NONE)
		finding->severity = FINDING_NOTICE;
	if (finding->severity == FINDING_NONE)
		return;
	finding->weight = total / facts->scope->duration_ns;
	if (refused > finding->weight)
		finding->weight = refused;
	if (refused >= THRESHOLD_REFUSED_NOTICE)
		finding_head(finding, "%s: %s of %s requests for large blocks got none%s",
		             why(facts), say_count(failed), say_count(asked),
		             in_pieces(facts) ? ", although memory was free" : "");
	else
		finding_head(finding, "Compaction takes time: %s for large blocks waited %s",
		             say_number(asked, "request"), say_time(total));
	finding_say(
		finding,
		"Tasks compacted for %s, %s at the longest, and reclaimed for %s to make room for it.",
		say_time(fact(facts, "total_ns")), say_time(fact(facts, "longest_ns")),
		say_time(fact(facts, "reclaim_ns")));
	say_why(facts, finding);
	if (fact(facts, "scanned") >= 1 && fact(facts, "migrated") * 2 < fact(facts, "scanned"))
		finding_say(
			finding,
			"Of %s pages that were looked at only %s could be moved: the others are the kernel's, or pinned "
			"by programs (pipes, O_DIRECT, RDMA).",
			say_count(fact(facts, "scanned")), say_count(fact(facts, "migrated")));
	if (*fact_text(facts, "pinner") &&
	    fact(facts, "pinned_blocks") * 512 >= THRESHOLD_MEMORY_SERIOUS * facts->scope->managed)
		finding_say(
			finding,
			"%s (pid %.0f) has most of the kernel's pages that cannot be moved: %s pages in %s pageblocks, "
			"of those allocated within the recording.",
			fact_text(facts, "pinner"), fact(facts, "pinner_pid"),
			say_count(fact(facts, "pinned")), say_count(fact(facts, "pinned_blocks")));
	finding_try(finding, "Let kcompactd work ahead:", "vm.compaction_proactiveness=60");
	finding_try(finding,
	            "Keep more memory free, so that compaction has places to move pages to:",
	            "vm.watermark_scale_factor=200");
	finding_try(
		finding,
		"Whether huge pages are worth it: no replay tells; "
		"echo defer+madvise >/sys/kernel/mm/transparent_hugepage/defrag lets nobody else wait for them.",
		NULL);
}

static const struct finding_evidence evidence[] = {
	{ "Direct compactions by how they ended",
	  "SELECT result, page_order, count(*) AS compactions, sum(duration_ns) AS total_ns,\n"
	  "       sum(nr_migrate_scanned) AS scanned, sum(nr_migrated) AS migrated, sum(nr_failed) AS failed\n"
	  "  FROM compaction_stalls WHERE run_id = {run} GROUP BY result, page_order ORDER BY compactions DESC" },
	{ "Who asked",
	  "SELECT comm, pid, count(*) AS compactions, sum(duration_ns) AS total_ns, max(duration_ns) AS longest_ns\n"
	  "  FROM compaction_stalls WHERE run_id = {run} GROUP BY comm, pid ORDER BY total_ns DESC LIMIT 5" },
	{ "Whose pages lie in pageblocks and cannot be moved",
	  "SELECT comm, pid, t_ns, pages, pageblocks FROM pin WHERE run_id = {run} AND t_ns = (SELECT t_ns FROM pin\n"
	  " WHERE run_id = {run} ORDER BY pageblocks DESC LIMIT 1) ORDER BY pageblocks DESC, pages DESC LIMIT 4" },
	{ NULL, NULL },
};

/* The last free memory that is known before a compaction began, by one pass over both in order of time. */
const struct finding_ops finding_fragmentation = {
	.name = "fragmentation",
	.rank = FINDING_CAUSE,
	.sql = "WITH free AS (SELECT t_ns, sum(blocks << page_order) AS pages FROM buddy WHERE run_id = {run} GROUP BY t_ns),"
	       " failing AS (SELECT start_ns, 1 AS failing FROM compaction_stalls WHERE run_id = {run}"
	       "   AND result NOT IN ('success', 'unknown', 'contended')),"
	       " both AS (SELECT t_ns, t_ns AS sample_ns, 0 AS failing FROM free"
	       "   UNION ALL SELECT start_ns, NULL, 1 FROM failing),"
	       " known AS (SELECT failing, max(sample_ns) OVER (ORDER BY t_ns, failing) AS sample_ns FROM both),"
	       " at AS (SELECT pages FROM known JOIN free ON free.t_ns = known.sample_ns WHERE failing),"
	       " pinner AS (SELECT * FROM pin WHERE run_id = {run} ORDER BY pageblocks DESC, pages DESC LIMIT 1)"
	       " SELECT (SELECT comm FROM pinner) AS pinner, (SELECT pid FROM pinner) AS pinner_pid,"
	       " (SELECT pages FROM pinner) AS pinned, (SELECT pageblocks FROM pinner) AS pinned_blocks,"
	       " (SELECT count(*) FROM at) AS known, (SELECT avg(pages) FROM at) AS mean_free,"
	       " (SELECT count(*) FROM at WHERE pages > (SELECT sum(wmark_high) FROM zone WHERE run_id = {run})) AS plenty,"
	       " (SELECT value FROM counters WHERE run_id = {run} AND name = 'compact_stall') AS asked,"
	       " (SELECT value FROM counters WHERE run_id = {run} AND name = 'compact_fail') AS failed,"
	       " (SELECT sum(duration_ns) FROM reclaim_stalls WHERE run_id = {run} AND kind = 'direct'"
	       "   AND page_order > 3) AS reclaim_ns,"
	       " count(*) FILTER (WHERE page_order > 3 AND result NOT IN ('success', 'unknown', 'contended')) AS large,"
	       " sum(nr_migrate_scanned) AS scanned, sum(nr_migrated) AS migrated,"
	       " sum(duration_ns) AS total_ns, max(duration_ns) AS longest_ns"
	       " FROM compaction_stalls WHERE run_id = {run}",
	.judge = judge,
	.evidence = evidence,
};
