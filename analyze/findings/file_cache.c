/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes through the file cache pushes out what is in use there. A scan is told by what it brings in: page after page,
 * each once. Whether it does harm says the kernel's count of refaults; where the lists keep what is hot it is a notice.
 * Without a scan many refaults mean that the files in use do not fit.
 */
#include <stddef.h>

#include "finding.h"

/*
 * What is written goes through the cache as well: that is dirty_pages.c's. Where the recording has no allocations, which tell the
 * two apart, most must have been read. A scan fills at least so much of memory; less passes unnoticed among what the watermarks
 * keep free. A replay's is that of the recording: what it reads is the same, if reclaim took as much.
 */
static bool is_scan(const struct finding_facts *facts)
{
	return fact(facts, "once") >= THRESHOLD_MEMORY_SERIOUS * facts->scope->managed &&
	       fact(facts, "taken") >= THRESHOLD_MEMORY_SERIOUS * facts->scope->managed &&
	       (fact(facts, "all_written") > 0 ||
	        fact(facts, "dirtied") * 2 < fact(facts, "all_added"));
}

static void say_scan(const struct finding_facts *facts, struct finding *finding, bool harm)
{
	if (harm)
		finding_head(
			finding,
			"A scan evicts the file cache: %s went through it once, and %s that it pushed out were "
			"wanted back",
			say_pages(facts, fact(facts, "once")),
			say_pages(facts, fact(facts, "refaults")));
	else
		finding_head(
			finding,
			"A scan goes through the file cache: %s came in once, and little that it pushed out was wanted back",
			say_pages(facts, fact(facts, "once")));
	if (fact(facts, "files") > 1)
		finding_say(finding,
		            "%s read in %s of %s files%s; %s were evicted and did not come back.",
		            fact_text(facts, "comm"), say_pages(facts, fact(facts, "read")),
		            say_count(fact(facts, "files")),
		            fact(facts, "small") * 2 > fact(facts, "read") ? ", most of them small"
		                                                           : "",
		            say_pages(facts, fact(facts, "who_once")));
	else
		finding_say(
			finding,
			"%s (pid %.0f) read in %s of inode %.0f on device %s, %s of it page after page; %s were evicted "
			"and did not come back.",
			fact_text(facts, "comm"), fact(facts, "pid"),
			say_pages(facts, fact(facts, "read")), fact(facts, "ino"),
			fact_text(facts, "dev"),
			say_percent(fact(facts, "sequential") / fact(facts, "added")),
			say_pages(facts, fact(facts, "who_once")));
}

static void judge(const struct finding_facts *facts, struct finding *finding)
{
	double refaults = fact(facts, "refaults"), taken = fact(facts, "taken"),
	       share = refaults /
	               (refaults + fact(facts, "swapped_in")); /* of the waits for reclaim */
	bool harm = refaults >= THRESHOLD_WANTED_BACK * taken && taken > 0 &&
	            refaults >= THRESHOLD_MEMORY_NOTICE * facts->scope->managed;

	bool groups = taken_within_groups(facts, taken + fact(facts, "taken_anon"));

	if (!harm && !is_scan(facts))
		return;
	finding->severity =
		severity_of_waits(facts->scope, is_scan(facts) ? fact(facts, "scan_ns") : 0,
	                          is_scan(facts) ? fact(facts, "scan_longest_ns") : 0);
	if (finding->severity == FINDING_NONE)
		finding->severity = FINDING_NOTICE;
	if (harm &&
	    (severity_of_waits(facts->scope, fact(facts, "stall_ns") * share,
	                       share >= 0.5 ? fact(facts, "longest_ns") : 0) == FINDING_SERIOUS ||
	     refaults >= THRESHOLD_MEMORY_SERIOUS * facts->scope->managed))
		finding->severity = FINDING_SERIOUS;
	finding->weight = harm ? fact(facts, "stall_ns") / facts->scope->duration_ns * share
	                       : fact(facts, "scan_ns") / facts->scope->duration_ns;
	if (is_scan(facts))
		say_scan(facts, finding, harm);
	else
		finding_head(
			finding,
			"The file cache%s is too small: %s of what was evicted from it came back",
			groups ? " of a memory cgroup" : "", say_percent(refaults / taken));
	finding_say(finding, "Reclaim took %s of files, and %s (%s) were read again afterwards.",
	            say_pages(facts, taken), say_pages(facts, refaults),
	            say_percent(taken > 0 ? refaults / taken : 0));
	if (harm)
		say_curve(facts, finding, "the file cache");
	if (is_scan(facts) && fact(facts, "scan_ns") > 0)
		finding_say(finding, "The scanning tasks themselves waited %s in direct reclaim.",
		            say_time(fact(facts, "scan_ns")));
	if (is_scan(facts))
		finding_try(
			finding,
			"Keep the scan out of the cache: O_DIRECT, posix_fadvise(POSIX_FADV_DONTNEED) or RWF_DONTCACHE "
			"(6.14); a replay cannot test that.",
			NULL);
	finding_try_policy(facts, finding, "mglru", "Lists that tell scans from hot pages:");
	if (groups)
		finding_try(finding, "Raise the limit of the group; see cgroup-limit.", NULL);
	else if (harm)
		finding_try(finding, "Whether more memory would hold it:", "memory=%.0fM",
		            (facts->scope->managed + refaults) * facts->scope->page_size /
		                    (1 << 20) * 1.1);
}

static const struct finding_evidence evidence[] = {
	{ "Files by what went through the cache, in pages, and who read them in",
	  "SELECT dev, ino, " FINDING_WHO ", files, s.pages AS file_size, added,\n"
	  "       written, sequential, evicted, again FROM file_stat s\n"
	  "  " FINDING_NAMES "\n"
	  " WHERE s.run_id = {recorded}" FINDING_AND_OTHERS "\n"
	  " ORDER BY evicted - again DESC LIMIT 4" },
	{ "The kernel's count",
	  "SELECT name, value FROM counters WHERE run_id = {run} AND name IN ('pgsteal_file', 'workingset_refault_file',\n"
	  "       'workingset_activate_file', 'pgscan_file') ORDER BY value DESC" },
	{ NULL, NULL },
};

const struct finding_ops finding_file_cache = {
	.name = "file-cache",
	.rank = FINDING_CAUSE,
	.sql = "WITH scan AS (SELECT coalesce(n.comm, s.comm) AS comm, s.pid, dev, ino, files, added,"
	       "   min(sequential, added) AS sequential, added - written AS read, min(evicted - again, added - written) AS once"
	       "   FROM file_stat s " FINDING_NAMES
	       " WHERE s.run_id = {recorded}" FINDING_AND_OTHERS FINDING_SCANNED "),"
	       /* Columns that are no sums are those of the file with most of it. */
	       " who AS (SELECT comm, pid, dev, ino, sum(files) AS files, sum(added) AS added, sum(sequential) AS sequential,"
	       "   sum(read) AS read, sum(iif(files > 1, read, 0)) AS small, sum(once) AS who_once, max(once)"
	       "   FROM scan GROUP BY comm ORDER BY who_once DESC LIMIT 1),"
	       " waits AS (SELECT duration_ns FROM reclaim_stalls WHERE run_id = {run} AND kind = 'direct'"
	       "   AND pid IN " FINDING_TASKS_OF(
		       "scan") ")"
			       " SELECT (SELECT sum(once) FROM scan) AS once, who.*,"
			       " (SELECT sum(duration_ns) FROM waits) AS scan_ns, (SELECT max(duration_ns) FROM waits) AS scan_longest_ns,"
			       " (SELECT sum(written) FROM file_stat WHERE run_id = {recorded}) AS all_written,"
			       " (SELECT sum(added) FROM file_stat WHERE run_id = {recorded}" FINDING_NOT_RECORDER
			       ") AS all_added,"
			       " sum(value) FILTER (WHERE name = 'nr_dirtied') - " FINDING_RECORDER_WROTE
			       " AS dirtied,"
			       " sum(value) FILTER (WHERE name = 'pgsteal_anon') AS taken_anon," FINDING_TAKEN_OF_MACHINE
			       " sum(value) FILTER (WHERE name = 'pgsteal_file') AS taken,"
			       " sum(value) FILTER (WHERE name = 'workingset_refault_file') AS refaults,"
			       " sum(value) FILTER (WHERE name = 'pswpin') AS swapped_in," FINDING_CURVE(
				       "file") " (SELECT sum(duration_ns) FROM reclaim_stalls WHERE run_id = {run} AND kind = 'direct'" FINDING_NOT_RECORDER
					       ") AS stall_ns,"
					       " (SELECT max(duration_ns) FROM reclaim_stalls WHERE run_id = {run} AND kind = 'direct'" FINDING_NOT_RECORDER
					       ") AS longest_ns"
					       " FROM counters LEFT JOIN who ON 1 WHERE run_id = {run}",
	.judge = judge,
	.evidence = evidence,
};
