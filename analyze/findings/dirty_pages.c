/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs write files faster than the device takes them. Either balance_dirty_pages() puts them to sleep, so that no more is dirty
 * than may be; or, where that comes too late, their own allocations meet a page cache full of what is dirty or was just
 * written, and reclaim for themselves.
 */
#include <stddef.h>

#include "finding.h"

/* dirty_expire_centisecs, which nobody changes: so long may be dirty what no limit is met by. */
#define DIRTY_EXPIRE_NS 30e9

/* Most of what came into the page cache was dirtied there, and most of what reclaim took was of files. */
static bool is_written(const struct finding_facts *facts)
{
	return fact(facts, "dirtied") >= THRESHOLD_MEMORY_SERIOUS * facts->scope->managed &&
	       fact(facts, "dirtied") * 2 >= fact(facts, "added") &&
	       fact(facts, "taken") >= fact(facts, "taken_anon");
}

/*
 * More was dirtied than may be, and before the flushers would write any of it for its age: whether somebody waited for the
 * device then depends on how fast that is, which only the events of it tell.
 */
static bool meets_limit(const struct finding_facts *facts)
{
	double dirtied = fact(facts, "dirtied"), limit = fact(facts, "limit"),
	       span_ns = fact(facts, "span_ns");

	return is_written(facts) && limit > 0 && span_ns > 0 && dirtied > limit &&
	       limit / dirtied * span_ns < DIRTY_EXPIRE_NS;
}

/* What else was in the cache had to go for it, as with a scan. */
static bool goes_through(const struct finding_facts *facts)
{
	return is_written(facts) &&
	       fact(facts, "taken") >= THRESHOLD_MEMORY_SERIOUS * facts->scope->managed;
}

static void say_head(const struct finding_facts *facts, struct finding *finding, double throttled,
                     double reclaimed)
{
	if (throttled > 0)
		finding_head(finding,
		             "Too many dirty pages: %s had to wait for the disk, %s in all",
		             say_number(fact(facts, "tasks"), "task"), say_time(throttled));
	else if (reclaimed > 0)
		finding_head(
			finding,
			"Dirty pages fill the memory: %s were dirtied, and who wrote them reclaimed for %s",
			say_pages(facts, fact(facts, "dirtied")), say_time(reclaimed));
	else
		finding_head(
			finding, "Dirty pages fill the memory: %s were dirtied, %s a second",
			say_pages(facts, fact(facts, "dirtied")),
			say_pages(facts, fact(facts, "dirtied") / fact(facts, "span_ns") * 1e9));
}

static void judge(const struct finding_facts *facts, struct finding *finding)
{
	double throttled = fact(facts, "throttled_ns"),
	       reclaimed = is_written(facts) ? fact(facts, "writers_ns") : 0,
	       longest = fact(facts, "longest_ns");
	bool untold = fact(facts, "untold") > 0; /* events of waits were not recorded */

	if (reclaimed > 0 && fact(facts, "writers_longest_ns") > longest)
		longest = fact(facts, "writers_longest_ns");
	finding->severity = severity_of_waits(facts->scope, throttled + reclaimed, longest);
	if (finding->severity == FINDING_NONE &&
	    ((untold && meets_limit(facts)) || goes_through(facts)))
		finding->severity = FINDING_NOTICE;
	if (finding->severity == FINDING_NONE)
		return;
	finding->weight = (throttled + reclaimed) / facts->scope->duration_ns;
	say_head(facts, finding, throttled, reclaimed);
	if (throttled > 0)
		finding_say(
			finding,
			"Writers were put to sleep %s, for %s at the longest, because more memory was dirty "
			"than vm.dirty_ratio (or vm.dirty_bytes) allows: they write faster than the device takes it.",
			say_number(fact(facts, "stalls"), "time"),
			say_time(fact(facts, "longest_ns")));
	if (*fact_text(facts, "writer") && fact(facts, "writer_files") > 1)
		finding_say(finding, "%s wrote most: %s of %s files.", fact_text(facts, "writer"),
		            say_pages(facts, fact(facts, "writer_pages")),
		            say_count(fact(facts, "writer_files")));
	else if (*fact_text(facts, "writer"))
		finding_say(finding, "%s (pid %.0f) wrote most.", fact_text(facts, "writer"),
		            fact(facts, "writer_pid"));
	finding_say(finding, "%s (%s of memory) were dirtied, %s a second, and %s written.",
	            say_pages(facts, fact(facts, "dirtied")),
	            say_percent(fact(facts, "dirtied") / facts->scope->managed),
	            say_pages(facts, fact(facts, "dirtied") / fact(facts, "span_ns") * 1e9),
	            say_pages(facts, fact(facts, "written")));
	if (fact(facts, "limit") > 0)
		finding_say(finding,
		            "In the snapshots up to %s were dirty or being written, and %s may be.",
		            say_pages(facts, fact(facts, "most_dirty")),
		            say_pages(facts, fact(facts, "limit")));
	if (goes_through(facts))
		finding_say(finding, "Reclaim took %s of files to make room for it.",
		            say_pages(facts, fact(facts, "taken")));
	if (untold)
		finding_say(finding, "Whether writers were put to sleep for it was not recorded "
		                     "(writeback:balance_dirty_pages).");
	if (reclaimed > 0 && throttled > 0)
		finding_say(
			finding,
			"A cache full of it is slow to reclaim, too: %s of direct reclaim by the writers.",
			say_time(reclaimed));
	finding_try(
		finding,
		"Let the flushers begin earlier, so that less is dirty when reclaim or the limit is met:",
		"vm.dirty_background_ratio=5");
	finding_try(finding,
	            "Room for a burst, if it is one (a storm that goes on only waits later):",
	            "vm.dirty_ratio=40");
	finding_try(finding,
	            "Hold the writers back earlier instead, so that others keep their memory:",
	            "vm.dirty_ratio=10");
}

static const struct finding_evidence evidence[] = {
	{ "Who was put to sleep",
	  "SELECT " FINDING_WHO ", count(*) AS waits, sum(duration_ns) AS total_ns,\n"
	  "       max(duration_ns) AS longest_ns FROM reclaim_stalls s\n"
	  "  " FINDING_NAMES "\n"
	  " WHERE s.run_id = {run} AND cause = 'too many dirty pages' GROUP BY s.pid ORDER BY total_ns DESC LIMIT 5" },
	{ "Files that were written, in pages, and how long their writers reclaimed",
	  "SELECT dev, ino, " FINDING_WHO ", files, written, evicted,\n"
	  "       (SELECT sum(duration_ns) FROM reclaim_stalls r WHERE r.run_id = {run} AND r.pid = s.pid\n"
	  "           AND kind = 'direct') AS reclaim_ns\n"
	  "  FROM (SELECT dev, ino, writer_pid AS pid, writer_comm AS comm, files, written, evicted FROM file_stat\n"
	  "         WHERE run_id = {recorded} AND written > 0) s\n"
	  "  " FINDING_NAMES "\n"
	  " ORDER BY written DESC LIMIT 4" },
	{ "What was dirty, in pages",
	  "SELECT t_ns, sum(value) FILTER (WHERE name = 'nr_dirty') AS dirty,\n"
	  "       sum(value) FILTER (WHERE name = 'nr_writeback') AS writeback,\n"
	  "       sum(value) FILTER (WHERE name = 'nr_dirty_background_threshold') AS background_limit,\n"
	  "       sum(value) FILTER (WHERE name = 'nr_dirty_threshold') AS dirty_limit\n"
	  "  FROM vmstat WHERE run_id = {run} GROUP BY t_ns ORDER BY dirty + writeback DESC LIMIT 3" },
	{ NULL, NULL },
};

const struct finding_ops finding_dirty_pages = {
	.name = "dirty-pages",
	.rank = FINDING_CAUSE,
	/* clang-format off */
	.sql = "WITH dirty AS (SELECT sum(value) AS pages FROM vmstat WHERE run_id = {run} AND name IN ('nr_dirty', 'nr_writeback')"
	       "   GROUP BY t_ns),"
	       " writer AS (SELECT writer_comm AS comm, writer_pid AS pid, written AS pages, files FROM file_stat"
	       "   WHERE run_id = {recorded}" FINDING_WRITTEN
	       "   UNION ALL SELECT comm, pid, added, files FROM file_stat WHERE run_id = {recorded}" FINDING_NOT_RECORDER
	       "   AND NOT EXISTS (SELECT 1 FROM file_stat WHERE run_id = {recorded} AND written > 0)),"
	       " file AS (SELECT s.pid, coalesce(n.comm, s.comm) AS comm, sum(files) AS files, sum(pages) AS pages, max(pages)"
	       "   FROM writer s " FINDING_NAMES " GROUP BY 2 ORDER BY pages DESC LIMIT 1),"
	       " waits AS (SELECT duration_ns FROM reclaim_stalls WHERE run_id = {run} AND kind = 'direct'" FINDING_NOT_RECORDER
	       "   AND pid IN " FINDING_TASKS_OF("writer") ")"
	       " SELECT count(*) AS stalls, count(DISTINCT pid) AS tasks, sum(duration_ns) AS throttled_ns,"
	       " max(duration_ns) AS longest_ns, (SELECT max(pages) FROM dirty) AS most_dirty,"
	       " (SELECT value FROM vmstat WHERE run_id = {run} AND name = 'nr_dirty_threshold'"
	       "   ORDER BY t_ns DESC LIMIT 1) AS \"limit\","
	       " (SELECT value FROM counters WHERE run_id = {run} AND name = 'pgsteal_file') AS taken,"
	       " (SELECT value FROM counters WHERE run_id = {run} AND name = 'pgsteal_anon') AS taken_anon,"
	       " (SELECT value FROM counters WHERE run_id = {run} AND name = 'nr_dirtied') - " FINDING_RECORDER_WROTE
	       " AS dirtied,"
	       " (SELECT value FROM counters WHERE run_id = {run} AND name = 'nr_written') AS written,"
	       " (SELECT sum(added) FROM file_stat WHERE run_id = {recorded}" FINDING_NOT_RECORDER ") AS added,"
	       " (SELECT comm FROM file WHERE pages > 0) AS writer, (SELECT pid FROM file WHERE pages > 0) AS writer_pid,"
	       " (SELECT files FROM file) AS writer_files, (SELECT pages FROM file) AS writer_pages,"
	       " (SELECT sum(duration_ns) FROM waits) AS writers_ns, (SELECT max(duration_ns) FROM waits) AS writers_longest_ns,"
	       " (SELECT iif(end_ns > begin_ns, end_ns - begin_ns, duration_ns) FROM run WHERE run_id = {run}) AS span_ns,"
	       " (SELECT count(*) FROM run_param WHERE run_id = {run} AND name = 'recorder.lacks'"
	       "   AND instr(value, 'waits of writers')) AS untold"
	       " FROM reclaim_stalls WHERE run_id = {run} AND cause = 'too many dirty pages'",
	/* clang-format on */
	.judge = judge,
	.evidence = evidence,
};
