/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tasks reclaimed themselves although memory was not short: what they took was clean and nobody wanted it back.
 * So there was enough to take, only kswapd had not taken it in time: it is woken at the low watermark, and between
 * that and min there is too little for what is asked for until it runs. Where programs or the kernel keep what was taken, it is
 * they who made memory short.
 * Tasks that scan files reclaim for themselves what they read before: they are file_cache.c's; those that write them
 * dirty_pages.c's.
 */
#include <stddef.h>

#include "finding.h"

static bool memory_is_short(const struct finding_facts *facts)
{
	double taken = fact(facts, "taken");

	return taken <= 0 || fact(facts, "swapped_out") > THRESHOLD_WANTED_BACK * taken ||
	       fact(facts, "wanted_back") > THRESHOLD_WANTED_BACK * taken ||
	       fact(facts, "kept") * 2 > taken ||
	       fact(facts, "files_ns") * 2 > fact(facts, "total_ns") || fact(facts, "kills") > 0 ||
	       fact(facts, "dirty_ns") > THRESHOLD_TIME_SERIOUS * fact(facts, "total_ns");
}

static void judge(const struct finding_facts *facts, struct finding *finding)
{
	double total = fact(facts, "total_ns"), gap = fact(facts, "low") - fact(facts, "min");

	finding->severity = severity_of_waits(facts->scope, total, fact(facts, "longest_ns"));
	if (memory_is_short(facts))
		finding->severity = FINDING_NONE;
	if (finding->severity == FINDING_NONE)
		return;
	finding->weight = total / facts->scope->duration_ns;
	finding_head(
		finding,
		"kswapd comes too late: tasks reclaimed themselves %s, %s in all, though memory was "
		"not short",
		say_number(fact(facts, "stalls"), "time"), say_time(total));
	finding_say(
		finding,
		"Of %s that reclaim took only %s was wanted back, and %s had to be swapped out: there was "
		"enough to take, but not in time.",
		say_pages(facts, fact(facts, "taken")),
		say_pages(facts, fact(facts, "wanted_back")),
		say_pages(facts, fact(facts, "swapped_out")));
	finding_say(
		finding,
		"kswapd is woken when less than %s is free (the low watermarks), and tasks have to reclaim "
		"below %s (min): %s between them (%s of memory) were used up before it had made room.",
		say_pages(facts, fact(facts, "low")), say_pages(facts, fact(facts, "min")),
		say_pages(facts, gap), say_percent(gap / facts->scope->managed));
	finding_try(
		finding,
		"Wake kswapd earlier: more distance between the watermarks (10 is 0.1 % of memory):",
		"vm.watermark_scale_factor=200");
	finding_try(finding, "All watermarks higher:", "vm.min_free_kbytes=%.0f",
	            4 * fact(facts, "min") * facts->scope->page_size / 1024);
}

static const struct finding_evidence evidence[] = {
	{ "What reclaim did",
	  "SELECT kind, count(*) AS episodes, sum(duration_ns) AS total_ns, max(duration_ns) AS longest_ns,\n"
	  "       sum(nr_scanned) AS scanned, sum(nr_reclaimed) AS reclaimed\n"
	  "  FROM reclaim_episode WHERE run_id = {run} AND kind IN ('direct', 'kswapd') GROUP BY kind" },
	{ "Watermarks, in pages",
	  "SELECT node, zone, managed, wmark_min, wmark_low, wmark_high FROM zone WHERE run_id = {run} AND managed > 0" },
	{ NULL, NULL },
};

const struct finding_ops finding_kswapd_late = {
	.name = "kswapd-late",
	.rank = FINDING_CAUSE,
	.sql = "WITH mover AS (SELECT pid, comm, files FROM file_stat WHERE run_id = {recorded}" FINDING_SCANNED
		FINDING_NOT_RECORDER
	       "   UNION ALL SELECT writer_pid, writer_comm, files FROM file_stat WHERE run_id = {recorded}" FINDING_WRITTEN
	       "),"
	       /* What reclaim does not take for good: memory of programs, and of the kernel. */
	       " held AS (SELECT t_ns, sum(value) AS pages FROM vmstat WHERE run_id = {run}"
	       "   AND name IN ('nr_inactive_anon', 'nr_active_anon', 'nr_unevictable', 'nr_slab_unreclaimable') GROUP BY t_ns)"
	       " SELECT sum(value) FILTER (WHERE name GLOB 'pgsteal_anon' OR name GLOB 'pgsteal_file') AS taken,"
	       " sum(value) FILTER (WHERE name = 'pswpout') AS swapped_out,"
	       " sum(value) FILTER (WHERE name IN ('pswpin', 'workingset_refault_file')) AS wanted_back,"
	       " sum(value) FILTER (WHERE name = 'oom_kill') AS kills,"
	       " (SELECT avg(pages) FROM held WHERE t_ns >= (SELECT min(start_ns) FROM reclaim_stalls"
	       "   WHERE run_id = {run} AND kind = 'direct'" FINDING_NOT_RECORDER
	       ")) - (SELECT pages FROM held ORDER BY t_ns LIMIT 1) AS kept,"
	       " (SELECT sum(wmark_min) FROM zone WHERE run_id = {run}) AS min,"
	       " (SELECT sum(wmark_low) FROM zone WHERE run_id = {run}) AS low,"
	       " (SELECT sum(duration_ns) FROM reclaim_stalls WHERE run_id = {run} AND kind = 'direct' AND pid IN"
	       " " FINDING_TASKS_OF(
		       "mover") ")"
				"   AS files_ns,"
				" (SELECT count(*) FROM reclaim_stalls WHERE run_id = {run} AND kind = 'direct'" FINDING_NOT_RECORDER
				") AS stalls,"
				" (SELECT sum(duration_ns) FROM reclaim_stalls WHERE run_id = {run} AND kind = 'direct'" FINDING_NOT_RECORDER
				") AS total_ns,"
				" (SELECT max(duration_ns) FROM reclaim_stalls WHERE run_id = {run} AND kind = 'direct'" FINDING_NOT_RECORDER
				") AS longest_ns,"
				" (SELECT sum(duration_ns) FROM reclaim_stalls WHERE run_id = {run}"
				"   AND cause = 'too many dirty pages') AS dirty_ns"
				" FROM counters WHERE run_id = {run}",
	.judge = judge,
	.evidence = evidence,
};
