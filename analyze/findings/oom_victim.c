/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Somebody was killed for lack of memory: always a finding, and why it was this one. */
#include <stddef.h>

#include "finding.h"

static void judge(const struct finding_facts *facts, struct finding *finding)
{
	double kills = fact(facts, "kills");

	if (kills < 1)
		return;
	finding->severity = FINDING_CRITICAL;
	finding->weight = kills;
	finding_head(finding, "Out of memory: %s was killed after %s", fact_text(facts, "comm"),
	             say_time(fact(facts, "t_ns")));
	if (kills > 1)
		finding_head(finding, "(and %s more)", say_count(kills - 1));
	finding_say(finding,
	            "%s (pid %.0f) had %.0f MiB of anonymous memory and %.0f MiB of files in "
	            "memory, with oom_score_adj %.0f.",
	            fact_text(facts, "comm"), fact(facts, "pid"), fact(facts, "anon_mib"),
	            fact(facts, "file_mib"), fact(facts, "adj"));
	finding_try(finding, "How much memory or swap would have been enough:", "memory=%.0fM",
	            facts->scope->managed * facts->scope->page_size / (1 << 20) * 1.25);
	finding_try(finding, "The same with swap only:", "swap=%.0fM",
	            facts->scope->managed * facts->scope->page_size / (1 << 20));
}

static const struct finding_evidence evidence[] = {
	{ "Who was killed",
	  "SELECT at_s, comm, pid, oom_score_adj, anon_rss_mib, file_rss_mib, total_vm_mib\n"
	  "  FROM oom_kills WHERE run_id = {run} ORDER BY at_s LIMIT 10" },
	{ NULL, NULL },
};

const struct finding_ops finding_oom_victim = {
	.name = "oom-victim",
	.rank = FINDING_ROOT,
	.sql = "SELECT count(*) AS kills, min(t_ns) AS t_ns, comm, pid, anon_rss_kb / 1024.0 AS anon_mib,"
	       " file_rss_kb / 1024.0 AS file_mib, oom_score_adj AS adj FROM oom_kill WHERE run_id = {run}",
	.judge = judge,
	.evidence = evidence,
};
