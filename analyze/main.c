/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmanalyze: questions to a results database. */
#include <stddef.h>

#include "mmanalyze.h"
#include "subcommand.h"

int main(int argc, char **argv)
{
	static const struct subcommand commands[] = {
		{ "report", cmd_report, "What went wrong, in plain words, and what to try" },
		{ "compare", cmd_compare, "Replays against the original, counter by counter" },
		{ "stalls", cmd_stalls, "Who waited for reclaim and compaction, and how long" },
		{ "frag", cmd_frag,
		  "Who fragments memory: when large blocks could be had, who pins pageblocks" },
		{ "vmstat", cmd_vmstat, "Memory as vmstat shows it, interval by interval" },
		{ "sar", cmd_sar, "Paging, swapping and memory as sar shows them" },
		{ "vmscan", cmd_vmscan,
		  "Who reclaimed, as the kernel's postprocess script counts it" },
		{ "pagealloc", cmd_pagealloc, "Who allocated and freed, likewise" },
		{ "tlb", cmd_tlb,
		  "What flushed TLBs, how far their entries reach, what page tables take" },
		{ "curve", cmd_curve,
		  "How much memory the workload needs: its misses by memory size" },
		{ "what-if", cmd_what_if,
		  "The recording under other policies, memory sizes and settings" },
		{ "export", cmd_export,
		  "Tables as CSV or JSON lines, the course of runs for Perfetto" },
		{ "runs", cmd_runs, "The runs of a database; deletes them too" },
		{ NULL, NULL, NULL },
	};

	return subcommand_main("mmanalyze", "Answer questions from a results database of mmreplay.",
	                       commands, argc, argv);
}
