/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Somebody was killed for lack of memory: always a finding, and why it was this one. */
#include <stddef.h>

#include "finding.h"

/* Why this one: the kernel takes the task with most points, and which these were. */
static void say_why(const struct finding_facts *facts, struct finding *finding)
{
	double points = fact(facts, "points"), next = fact(facts, "next_points");

	if (points <= 0) {
		finding_say(finding, "Who else there was no snapshot and no event tells.");
		return;
	}
	finding_say(finding, "It was chosen for its %s points: %s in memory, %s in swap",
	            say_count(points), say_pages(facts, fact(facts, "memory")),
	            say_pages(facts, fact(facts, "swap")));
	finding_say(
		finding,
		fact(facts, "adj") < 0 || fact(facts, "adj") > 0
			? "and an oom_score_adj of %.0f, which stands for %.1f %% of all memory and swap."
			: "(its oom_score_adj is %.0f).",
		fact(facts, "adj"), fact(facts, "adj") / 10);
	if (next > 0)
		finding_say(finding, "Next would have been %s with %s points.",
		            fact_text(facts, "next_comm"), say_count(next));
	if (fact(facts, "largest") > fact(facts, "memory") + fact(facts, "swap"))
		finding_say(finding, "It was not the largest: %s had %s.",
		            fact_text(facts, "largest_comm"),
		            say_pages(facts, fact(facts, "largest")));
}

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
	if (*fact_text(facts, "asked_comm"))
		finding_say(finding, "%s (pid %.0f) asked for memory and there was none%s.",
		            fact_text(facts, "asked_comm"), fact(facts, "asked_pid"),
		            fact(facts, "memcg") > 0 ? " in its memory cgroup" : "");
	finding_say(finding, "%s (pid %.0f) had to go.", fact_text(facts, "comm"),
	            fact(facts, "pid"));
	say_why(facts, finding);
	if (fact(facts, "memcg") > 0) {
		finding_try(finding, "Raise the limit of its memory cgroup; see cgroup-limit.",
		            NULL);
		return;
	}
	finding_try(finding, "How much memory or swap would have been enough:", "memory=%.0fM",
	            facts->scope->managed * facts->scope->page_size / (1 << 20) * 1.25);
	finding_try(finding, "The same with swap only:", "swap=%.0fM",
	            facts->scope->managed * facts->scope->page_size / (1 << 20));
}

static const struct finding_evidence evidence[] = {
	{ "Who was killed",
	  "SELECT at_s, " FINDING_WHO ", oom_score_adj, anon_rss_mib, file_rss_mib, total_vm_mib\n"
	  "  FROM oom_kills s " FINDING_NAMES "\n"
	  " WHERE s.run_id = {run} ORDER BY at_s LIMIT 10" },
	{ "Whom there was to choose from: pages in memory and in swap, and points",
	  "SELECT " FINDING_WHO
	  ", memory, swap, oom_score_adj, points, iif(victim, 'victim', '') AS role,\n"
	  "       iif(asked, 'asked for memory', '') AS what FROM oom_candidate s\n"
	  "  " FINDING_NAMES "\n"
	  " WHERE s.run_id = {run} AND t_ns = (SELECT min(t_ns) FROM oom_kill WHERE run_id = {run}) ORDER BY points DESC LIMIT 5" },
	{ NULL, NULL },
};

const struct finding_ops finding_oom_victim = {
	.name = "oom-victim",
	.rank = FINDING_ROOT,
	/* clang-format off */
	.sql = "WITH kill AS (SELECT * FROM oom_kill WHERE run_id = {run} ORDER BY t_ns LIMIT 1),"
	       " c AS (SELECT * FROM oom_candidate WHERE run_id = {run} AND t_ns = (SELECT t_ns FROM kill)),"
	       " v AS (SELECT * FROM c WHERE victim), a AS (SELECT * FROM c WHERE asked),"
	       " n AS (SELECT * FROM c WHERE NOT victim ORDER BY points DESC LIMIT 1),"
	       " l AS (SELECT * FROM c ORDER BY memory + swap DESC LIMIT 1)"
	       " SELECT (SELECT count(*) FROM oom_kill WHERE run_id = {run}) AS kills, kill.t_ns,"
	       " " FINDING_NAME("kill") " AS comm, kill.pid,"
	       " kill.oom_score_adj AS adj, (SELECT points FROM v) AS points, (SELECT memory FROM v) AS memory,"
	       " (SELECT swap FROM v) AS swap, (SELECT " FINDING_NAME("n") " FROM n) AS next_comm, (SELECT points FROM n) AS next_points,"
	       " (SELECT " FINDING_NAME("l") " FROM l) AS largest_comm, (SELECT memory + swap FROM l) AS largest,"
	       " (SELECT " FINDING_NAME("a") " FROM a) AS asked_comm, (SELECT pid FROM a) AS asked_pid,"
	       " (SELECT e.kind = 'memcg' FROM reclaim_episode e WHERE e.run_id = {run} AND e.pid = (SELECT pid FROM a)"
	       "   AND e.start_ns < kill.t_ns AND e.kind IN ('memcg', 'direct') ORDER BY e.start_ns DESC LIMIT 1) AS memcg"
	       " FROM kill",
	/* clang-format on */
	.judge = judge,
	.evidence = evidence,
};
