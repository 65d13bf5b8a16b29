/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Large blocks are asked for and compaction cannot make them, or takes long. Those above PAGE_ALLOC_COSTLY_ORDER are refused
 * for that, smaller ones are not. Where nobody compacts for itself, as transparent_hugepage/defrag has it, faults just get small pages.
 * Whether that is for lack of memory says the free memory at the time: where it was above the high
 * watermarks and what the kernel wants to have for compacting, twice the block, the block was there, but in pieces.
 */
#include <stddef.h>

#include "finding.h"

static bool in_pieces(const struct finding_facts *facts)
{
	return fact(facts, "plenty") * 2 >= fact(facts, "known") && fact(facts, "known") > 0;
}

/* Somebody compacted for itself; else faults went without. */
static bool has_waited(const struct finding_facts *facts)
{
	return fact(facts, "compactions") > 0;
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
			"It is fragmentation: in %s of %s more was free than the high watermarks and "
			"compaction ask for (%s on average), but in pieces.",
			say_count(plenty),
			say_number(failed, has_waited(facts) ? "failed compaction" : "fault"),
			say_pages(facts, fact(facts, "mean_free")));
	else
		finding_say(
			finding,
			"It is lack of memory rather than fragmentation: in %s of %s less was free "
			"than the high watermarks and compaction ask for.",
			say_count(failed - plenty),
			say_number(failed, has_waited(facts) ? "failed compaction" : "fault"));
}

static enum finding_severity severity(const struct finding_facts *facts, double failed,
                                      double refused)
{
	double total = fact(facts, "total_ns") + fact(facts, "reclaim_ns");
	enum finding_severity of_waits =
		severity_of_waits(facts->scope, total, fact(facts, "longest_ns"));

	if (!has_waited(facts))
		of_waits = FINDING_NONE;
	if (failed < 2 || (!has_waited(facts) && !in_pieces(facts)))
		return of_waits;
	if (refused >= THRESHOLD_REFUSED_SERIOUS)
		return FINDING_SERIOUS;
	if (refused >= THRESHOLD_REFUSED_NOTICE && of_waits == FINDING_NONE)
		return FINDING_NOTICE;
	return of_waits;
}

static void say_head(const struct finding_facts *facts, struct finding *finding, double asked,
                     double failed)
{
	const char *though = in_pieces(facts) ? ", although memory was free" : "";

	if (!has_waited(facts))
		finding_head(
			finding,
			"%s: %s of %s faults that could have had a huge page got small pages%s",
			why(facts), say_count(failed), say_count(asked), though);
	else if (asked > 0 && failed >= THRESHOLD_REFUSED_NOTICE * asked)
		finding_head(finding, "%s: %s of %s requests for large blocks got none%s",
		             why(facts), say_count(failed), say_count(asked), though);
	else
		finding_head(finding, "Compaction takes time: %s for large blocks waited %s",
		             say_number(asked, "request"),
		             say_time(fact(facts, "total_ns") + fact(facts, "reclaim_ns")));
}

static void say_who_compacted(const struct finding_facts *facts, struct finding *finding)
{
	if (has_waited(facts))
		finding_say(
			finding,
			"Tasks compacted for %s, %s at the longest, and reclaimed for %s to make room for it.",
			say_time(fact(facts, "total_ns")), say_time(fact(facts, "longest_ns")),
			say_time(fact(facts, "reclaim_ns")));
	else if (fact(facts, "kcompactd") > 0)
		finding_say(
			finding,
			"Nobody compacted for them (transparent_hugepage/defrag); kcompactd did %s, for %s.",
			say_number(fact(facts, "kcompactd"), "time"),
			say_time(fact(facts, "kcompactd_ns")));
	else
		finding_say(
			finding,
			"Nobody compacted for them, not even kcompactd (transparent_hugepage/defrag).");
}

static void judge(const struct finding_facts *facts, struct finding *finding)
{
	double asked = fact(facts, "asked"), failed = fact(facts, "failed");
	double total = fact(facts, "total_ns") + fact(facts, "reclaim_ns");
	double refused = asked > 0 && fact(facts, "large") > 1 ? failed / asked : 0;

	finding->severity = severity(facts, failed, refused);
	if (finding->severity == FINDING_NONE)
		return;
	finding->weight = total / facts->scope->duration_ns;
	if (refused > finding->weight)
		finding->weight = refused;
	say_head(facts, finding, asked, refused > 0 ? failed : 0);
	say_who_compacted(facts, finding);
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
	if (!has_waited(facts))
		return;
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
	{ "kcompactd's work by how it ended",
	  "SELECT result, count(*) AS compactions, sum(duration_ns) AS total_ns, sum(nr_migrated) AS migrated,\n"
	  "       sum(nr_failed) AS failed FROM compaction_episode\n"
	  " WHERE run_id = {run} AND kind = 'kcompactd' GROUP BY result ORDER BY compactions DESC" },
	{ "Who asked",
	  "SELECT " FINDING_WHO ", count(*) AS compactions, sum(duration_ns) AS total_ns,\n"
	  "       max(duration_ns) AS longest_ns FROM compaction_stalls s\n"
	  "  " FINDING_NAMES "\n"
	  " WHERE s.run_id = {run} GROUP BY s.pid ORDER BY total_ns DESC LIMIT 5" },
	{ "Whose pages lie in pageblocks and cannot be moved",
	  "SELECT " FINDING_WHO ", t_ns, pages, pageblocks FROM pin s\n"
	  "  " FINDING_NAMES "\n"
	  " WHERE s.run_id = {run} AND t_ns = (SELECT t_ns FROM pin\n"
	  "   WHERE run_id = {run} ORDER BY pageblocks DESC LIMIT 1) ORDER BY pageblocks DESC, pages DESC LIMIT 4" },
	{ NULL, NULL },
};

/* The last free memory that is known before a compaction began, by one pass over both in order of time. */
const struct finding_ops finding_fragmentation = {
	.name = "fragmentation",
	.rank = FINDING_CAUSE,
	.sql = "WITH free AS (" FINDING_FREE "),"
	       " failing AS (SELECT start_ns, 2 << page_order AS failing FROM compaction_stalls WHERE run_id = {run}"
	       "   AND result NOT IN ('success', 'unknown', 'contended')"
	       "   UNION ALL SELECT t_ns, 2 << 9 FROM thp_event WHERE run_id = {run} AND kind = 'fault_fallback'"
	       "   AND NOT EXISTS (SELECT 1 FROM compaction_stalls WHERE run_id = {run})),"
	       " counted AS (SELECT name, value FROM counters WHERE run_id = {run} AND (name GLOB 'compact_*' OR name GLOB 'thp_fault_*' OR name = 'pgmigrate_success')),"
	       " both AS (SELECT t_ns, t_ns AS sample_ns, 0 AS failing FROM free"
	       "   UNION ALL SELECT start_ns, NULL, failing FROM failing),"
	       " known AS (SELECT failing, max(sample_ns) OVER (ORDER BY t_ns, failing) AS sample_ns FROM both),"
	       " at AS (SELECT pages, failing AS gap FROM known JOIN free ON free.t_ns = known.sample_ns WHERE failing),"
	       " pinner AS (SELECT * FROM pin WHERE run_id = {run}" FINDING_NOT_RECORDER
	       "   ORDER BY pageblocks DESC, pages DESC LIMIT 1)"
	       " SELECT (SELECT coalesce(n.comm, s.comm) FROM pinner s " FINDING_NAMES
	       ") AS pinner, (SELECT pid FROM pinner) AS pinner_pid,"
	       " (SELECT pages FROM pinner) AS pinned, (SELECT pageblocks FROM pinner) AS pinned_blocks,"
	       " (SELECT count(*) FROM at) AS known, (SELECT avg(pages) FROM at) AS mean_free,"
	       " (SELECT count(*) FROM at WHERE pages > gap + (SELECT sum(wmark_high) FROM zone WHERE run_id = {run})) AS plenty,"
	       " (SELECT sum(duration_ns) FROM reclaim_stalls WHERE run_id = {run} AND kind = 'direct'"
	       "   AND page_order > 3) AS reclaim_ns, total_ns, longest_ns, compactions,"
	       " (SELECT count(*) FROM compaction_episode WHERE run_id = {run} AND kind = 'kcompactd') AS kcompactd,"
	       " (SELECT sum(duration_ns) FROM compaction_episode WHERE run_id = {run} AND kind = 'kcompactd') AS kcompactd_ns,"
	       " iif(compactions, scanned, (SELECT value FROM counted WHERE name = 'compact_migrate_scanned')) AS scanned,"
	       " iif(compactions, migrated, (SELECT value FROM counted WHERE name = 'pgmigrate_success')) AS migrated,"
	       " iif(compactions, (SELECT value FROM counted WHERE name = 'compact_stall'), (SELECT sum(value) FROM counted"
	       "   WHERE name IN ('thp_fault_alloc', 'thp_fault_fallback'))) AS asked,"
	       " (SELECT value FROM counted WHERE name = iif(compactions, 'compact_fail', 'thp_fault_fallback')) AS failed,"
	       " iif(compactions, large, (SELECT value FROM counted WHERE name = 'thp_fault_fallback')) AS large"
	       " FROM (SELECT count(*) AS compactions,"
	       "   count(*) FILTER (WHERE page_order > 3 AND result NOT IN ('success', 'unknown', 'contended')) AS large,"
	       "   sum(nr_migrate_scanned) AS scanned, sum(nr_migrated) AS migrated,"
	       "   sum(duration_ns) AS total_ns, max(duration_ns) AS longest_ns"
	       "   FROM compaction_stalls WHERE run_id = {run})",
	.judge = judge,
	.evidence = evidence,
};
