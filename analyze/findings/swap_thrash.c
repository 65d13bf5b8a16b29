/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Anonymous memory that goes to swap and is wanted back: what is in use does not fit. Swapping out alone is none,
 * nor is the return of what went out before the recording.
 */
#include <stddef.h>

#include "finding.h"

static void say_numbers(const struct finding_facts *facts, struct finding *finding, bool groups)
{
	double in = fact(facts, "swapped_in"), refaults = fact(facts, "refaults");

	finding_say(finding,
	            "The memory in use does not fit into %s: %s pages were read back from swap",
	            groups ? "the limit of its memory cgroup"
	                   : say_pages(facts, facts->scope->managed),
	            say_count(in));
	finding_say(finding, "(%s of memory, %s a second), for which tasks waited %s.",
	            say_percent(in / facts->scope->managed),
	            say_count(in / fact(facts, "span_ns") * 1e9),
	            say_number(fact(facts, "major"), "time"));
	say_curve(facts, finding, "anonymous memory");
	if (refaults > 0 && fact(facts, "activated") / refaults >= 0.01)
		finding_say(
			finding,
			"%s of %s refaults came so soon that the page belonged to the working set "
			"by the kernel's own measure.",
			say_percent(fact(facts, "activated") / refaults), say_count(refaults));
	if (fact(facts, "stall_ns") > 0)
		finding_say(finding, "Meanwhile tasks spent %s in direct reclaim.",
		            say_time(fact(facts, "stall_ns")));
}

static void judge(const struct finding_facts *facts, struct finding *finding)
{
	double in = fact(facts, "swapped_in"), out = fact(facts, "swapped_out");
	double least = THRESHOLD_MEMORY_NOTICE * facts->scope->managed;
	double mib = facts->scope->managed * facts->scope->page_size / (1 << 20);
	double share = in / (in + fact(facts, "file_refaults")); /* of the waits for reclaim */
	bool groups = taken_within_groups(facts, fact(facts, "taken"));

	if (in < least || out < least || in < THRESHOLD_WANTED_BACK * out)
		return;
	finding->severity = severity_of_waits(facts->scope, fact(facts, "stall_ns") * share,
	                                      share >= 0.5 ? fact(facts, "longest_ns") : 0);
	if (in >= THRESHOLD_MEMORY_SERIOUS * facts->scope->managed)
		finding->severity = FINDING_SERIOUS;
	if (finding->severity == FINDING_NONE)
		finding->severity = FINDING_NOTICE;
	finding->weight = fact(facts, "stall_ns") / facts->scope->duration_ns * share;
	finding_head(finding, "Swap thrash%s: %s were swapped out and %s read back",
	             groups ? " within a memory cgroup" : "", say_pages(facts, out),
	             say_pages(facts, in));
	say_numbers(facts, finding, groups);
	if (groups) {
		finding_try(finding, "Raise the limit of the group; see cgroup-limit.", NULL);
		return;
	}
	finding_try(finding,
	            "A quarter more memory; repeat with other sizes to see what is enough:",
	            "memory=%.0fM", mib * 1.25);
	if (fact(facts, "file_pages") > THRESHOLD_MEMORY_SERIOUS * facts->scope->managed)
		finding_try(
			finding,
			"Take from the file cache first; worth it only if that is not in use itself:",
			"vm.swappiness=10");
	finding_try_policy(facts, finding, "mglru", "The other kind of lists:");
}

static const struct finding_evidence evidence[] = {
	{ "Pages out and back",
	  "SELECT name, value FROM counters WHERE run_id = {run} AND name IN ('pswpout', 'pswpin', 'pgmajfault',\n"
	  "       'workingset_refault_anon', 'workingset_activate_anon') ORDER BY value DESC" },
	{ "Who waited for reclaim meanwhile",
	  "SELECT " FINDING_WHO
	  ", nr_stalls AS stalls, total_ns, longest_ns FROM top_stalled_tasks s\n"
	  "  " FINDING_NAMES "\n"
	  " WHERE s.run_id = {run}" FINDING_AND_OTHERS "\n"
	  " ORDER BY total_ns DESC LIMIT 5" },
	{ NULL, NULL },
};

const struct finding_ops finding_swap_thrash = {
	.name = "swap-thrash",
	.rank = FINDING_CAUSE,
	.sql = "SELECT sum(value) FILTER (WHERE name = 'pswpin') AS swapped_in,"
	       " sum(value) FILTER (WHERE name = 'pswpout') AS swapped_out,"
	       " sum(value) FILTER (WHERE name = 'pgmajfault') AS major,"
	       " sum(value) FILTER (WHERE name IN ('pgsteal_anon', 'pgsteal_file')) AS taken,"
	       " (SELECT iif(end_ns > begin_ns, end_ns - begin_ns, duration_ns) FROM run WHERE run_id = {run}) AS span_ns," FINDING_TAKEN_OF_MACHINE
	       " sum(value) FILTER (WHERE name = 'workingset_refault_anon') AS refaults,"
	       " sum(value) FILTER (WHERE name = 'workingset_refault_file') AS file_refaults,"
	       " sum(value) FILTER (WHERE name = 'workingset_activate_anon') AS activated," FINDING_CURVE(
		       "anon") " (SELECT sum(value) FROM vmstat WHERE run_id = {run} AND name IN ('nr_active_file', 'nr_inactive_file')"
			       "   GROUP BY t_ns ORDER BY t_ns DESC LIMIT 1) AS file_pages,"
			       " (SELECT sum(duration_ns) FROM reclaim_stalls WHERE run_id = {run} AND kind = 'direct'"
			       "   AND page_order <= 3" FINDING_NOT_RECORDER ") AS stall_ns,"
			       " (SELECT max(duration_ns) FROM reclaim_stalls WHERE run_id = {run} AND kind = 'direct'"
			       "   AND page_order <= 3" FINDING_NOT_RECORDER ") AS longest_ns"
			       " FROM counters WHERE run_id = {run}",
	.judge = judge,
	.evidence = evidence,
};
