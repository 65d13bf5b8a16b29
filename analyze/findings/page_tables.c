/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables that take much of the memory: many processes that map the same memory, each with tables of its own, or programs that use
 * a page here and there. They are in no process's resident size and on no list of reclaim, so that who looks there misses them.
 */
#include <stddef.h>

#include "finding.h"

/* A page table's entries have 8 bytes on every machine with 4 levels or more. */
#define ENTRY_BYTES 8

static void judge(const struct finding_facts *facts, struct finding *finding)
{
	double most = fact(facts, "most"), managed = facts->scope->managed;
	double reach = most * facts->scope->page_size / ENTRY_BYTES;

	if (most < THRESHOLD_GROWTH_NOTICE * managed)
		return;
	finding->severity = most >= THRESHOLD_MEMORY_SERIOUS * managed && finding_harmed(facts)
	                            ? FINDING_SERIOUS
	                            : FINDING_NOTICE;
	finding->weight = most / managed;
	finding_head(finding, "Page tables take %s (%s of memory)", say_pages(facts, most),
	             say_percent(most / managed));
	finding_say(
		finding,
		"That is at %s; the recording began with %s. They could map %s of address space, and %s of memory were mapped then: "
		"either many tasks map the same, each with tables of its own, or a page is used here and there. Reclaim cannot "
		"take page tables.",
		say_time(fact(facts, "most_ns")), say_pages(facts, fact(facts, "before")),
		say_pages(facts, reach), say_pages(facts, fact(facts, "mapped")));
	if (2 * fact(facts, "kernel") >= most)
		finding_say(finding, "%s (%s) had most kernel memory: %s.",
		            fact_text(facts, "comm"),
		            say_who(fact(facts, "tasks"), fact(facts, "pid")),
		            say_pages(facts, fact(facts, "kernel")));
	finding_try(
		finding,
		"Whose they are: grep -H VmPTE /proc/[0-9]*/status. Shared memory in huge pages needs none of the lowest level "
		"(hugetlbfs, or huge= of tmpfs), and fewer processes that map it (a pool of connections) need fewer.",
		NULL);
}

/* What each snapshot had, in pages: of page tables, and of what they can map but for files that nobody maps. */
#define LEVEL                                                                                 \
	"WITH level AS (SELECT t_ns, sum(value) FILTER (WHERE name = 'nr_page_table_pages')"  \
	" AS page_tables,\n"                                                                  \
	"                      sum(value) FILTER (WHERE name <> 'nr_page_table_pages')"       \
	" AS mapped\n"                                                                        \
	"                 FROM vmstat WHERE run_id = {run}\n"                                 \
	"                  AND name IN ('nr_page_table_pages', 'nr_anon_pages', 'nr_mapped')" \
	" GROUP BY t_ns)\n"

/* By name, as many tasks that map the same bear the same one. */
#define OWNERS                                                                                 \
	"SELECT coalesce(n.comm, s.comm) AS comm, min(s.pid) AS pid, sum(s.tasks) AS tasks,\n" \
	"       sum(s.most) AS most, sum(s.live) AS live\n"                                    \
	"  FROM allocation_stat s " FINDING_NAMES "\n"                                         \
	" WHERE s.run_id = {run} AND kind = 'kernel'" FINDING_AND_OTHERS "\n"                  \
	" GROUP BY 1 ORDER BY most DESC"

static const struct finding_evidence evidence[] = {
	{ "Page tables in the snapshots, and what was mapped, in pages", LEVEL
	  "SELECT t_ns, page_tables, mapped FROM level ORDER BY page_tables DESC, t_ns LIMIT 5" },
	{ "Whose kernel memory was most, in pages (the most of each of its tasks, added up)",
	  OWNERS " LIMIT 3" },
	{ NULL, NULL },
};

const struct finding_ops finding_page_tables = {
	.name = "page-tables",
	.rank = FINDING_ROOT,
	.sql = LEVEL ", owner AS (" OWNERS " LIMIT 1)\n"
		     "SELECT l.t_ns AS most_ns, page_tables AS most, l.mapped,"
		     " (SELECT page_tables FROM level ORDER BY t_ns LIMIT 1) AS before,"
		     " comm, pid, tasks, o.most AS kernel" FINDING_HARM
		     " FROM level l LEFT JOIN owner o ORDER BY page_tables DESC, l.t_ns LIMIT 1",
	.judge = judge,
	.evidence = evidence,
};
