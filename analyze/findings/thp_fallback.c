/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults that asked for a huge page and got a small one, and what kept them from it. */
#include <stddef.h>

#include "finding.h"

static void judge(const struct finding_facts *facts, struct finding *finding)
{
	double got = fact(facts, "got"), refused = fact(facts, "refused"), asked = got + refused;

	if (refused < 2 || refused < THRESHOLD_REFUSED_NOTICE * asked)
		return;
	finding->severity = FINDING_NOTICE;
	finding->weight = refused / asked;
	if (fact(facts, "compactions") < 1)
		finding->told_by = "fragmentation";
	finding_head(finding, "Huge pages: %s of %s faults that could have had one got small pages",
	             say_count(refused), say_count(asked));
	if (fact(facts, "charge") > 0)
		finding_say(finding, "%s of them were refused by a memory cgroup's limit.",
		            say_count(fact(facts, "charge")));
	if (fact(facts, "compactions") < 1)
		finding_say(
			finding,
			"No block was free, and nobody compacted for them: either the setting "
			"transparent_hugepage/defrag lets faults not wait, or compaction was put off or had no chance.");
	else
		finding_say(finding, "Compaction was tried %s and failed %s; see fragmentation.",
		            say_number(fact(facts, "compactions"), "time"),
		            say_number(fact(facts, "compactions_failed"), "time"));
	finding_try(finding, "Let kcompactd keep blocks ready:", "vm.compaction_proactiveness=60");
}

static const struct finding_evidence evidence[] = {
	{ "Huge pages by the kernel's count",
	  "SELECT name, value FROM counters WHERE run_id = {run} AND part = 'thp' AND value <> 0 ORDER BY name" },
	{ "By task",
	  "SELECT n.comm, s.pid, kind, detail, count(*) AS events FROM thp_event s\n"
	  "  " FINDING_NAMES "\n"
	  " WHERE s.run_id = {run} AND (n.comm IS NULL OR " FINDING_OTHERS(
		  "n.comm") ")\n"
	                    " GROUP BY s.pid, kind, detail ORDER BY events DESC LIMIT 6" },
	{ NULL, NULL },
};

const struct finding_ops finding_thp_fallback = {
	.name = "thp-fallback",
	.rank = FINDING_SYMPTOM,
	/* clang-format off */
	.sql = "SELECT sum(value) FILTER (WHERE name = 'thp_fault_alloc') AS got,"
	       " sum(value) FILTER (WHERE name = 'thp_fault_fallback') AS refused,"
	       " sum(value) FILTER (WHERE name = 'thp_fault_fallback_charge') AS charge,"
	       " sum(value) FILTER (WHERE name = 'compact_stall') AS compactions,"
	       " sum(value) FILTER (WHERE name = 'compact_fail') AS compactions_failed"
	       " FROM counters WHERE run_id = {run}",
	/* clang-format on */
	.judge = judge,
	.evidence = evidence,
};
