/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a free run writes to the database while it goes on: stalls, kills, counters. */
#include "free_run.h"

#include <stdio.h>

#include "compact_result.h"
#include "mm.h"
#include "run_generations.h"
#include "run_ksm.h"
#include "show_mem.h"

uint32_t replay_free_run_pid(const struct free_run *run, uint32_t task)
{
	return run->kept ? replay_kept_pid(run->kept, task) : wl_task_pid(run->wl, task);
}

int64_t replay_free_run_since(const struct free_run *run, uint64_t t_ns)
{
	return (int64_t)(t_ns - run->span.first_ns);
}

/* ---- hooks ---- */

static void on_compaction(void *data, const struct replay_compaction *compaction)
{
	struct free_run *run = data;
	bool direct = !compaction->kcompactd && compaction->order >= 0;
	uint32_t pid = compaction->kcompactd ? 0 : replay_free_run_pid(run, compaction->task);
	const struct results_compaction row = {
		.kind = compaction->kcompactd ? "kcompactd"
		        : direct              ? "direct"
		                              : "manual",
		.pid = pid,
		.comm = compaction->kcompactd ? "kcompactd" : mmr_trace_comm(run->trace, pid),
		.start_ns = replay_free_run_since(run, compaction->begin_ns),
		.duration_ns = (int64_t)(compaction->end_ns - compaction->begin_ns),
		.page_order = compaction->order >= 0 ? compaction->order : RESULTS_NULL,
		.gfp_flags = direct ? (int64_t)compaction->gfp_flags : RESULTS_NULL,
		.sync = compaction->sync,
		.nr_migrate_scanned = (int64_t)compaction->nr_migrate_scanned,
		.nr_free_scanned = (int64_t)compaction->nr_free_scanned,
		.nr_migrated = (int64_t)compaction->nr_migrated,
		.nr_failed = (int64_t)compaction->nr_failed,
		.result = replay_compact_result_name(compaction->result),
	};

	run->report->nr_compaction_episodes++;
	if (run->db)
		results_put_compaction(run->db, &row);
}

static void on_reclaim(void *data, const struct replay_reclaim *reclaim)
{
	static const char *const kinds[] = { [REPLAY_RECLAIM_DIRECT] = "direct",
		                             [REPLAY_RECLAIM_KSWAPD] = "kswapd",
		                             [REPLAY_RECLAIM_THROTTLE] = "throttle",
		                             [REPLAY_RECLAIM_DIRTY] = "throttle",
		                             [REPLAY_RECLAIM_WRITTEN] = "throttle" };
	struct free_run *run = data;
	bool kswapd = reclaim->kind == REPLAY_RECLAIM_KSWAPD;
	uint32_t pid = kswapd ? 0 : replay_free_run_pid(run, reclaim->task);
	char cause[64], name[16];
	const struct results_reclaim row = {
		.kind = kinds[reclaim->kind],
		.pid = pid,
		.comm = kswapd ? name : mmr_trace_comm(run->trace, pid),
		.start_ns = replay_free_run_since(run, reclaim->begin_ns),
		.duration_ns = reclaim->goes_on ? RESULTS_NULL
		                                : (int64_t)(reclaim->end_ns - reclaim->begin_ns),
		.page_order = reclaim->order,
		.gfp_flags = kswapd ? RESULTS_NULL : reclaim->gfp_flags,
		.nr_scanned = (int64_t)reclaim->nr_scanned,
		.nr_reclaimed = (int64_t)reclaim->nr_reclaimed,
		.cause = cause,
	};

	run->report->nr_reclaim_episodes++;
	if (!run->db)
		return;
	snprintf(name, sizeof(name), "kswapd%u", reclaim->node);
	if (kswapd)
		snprintf(cause, sizeof(cause), "free pages below the low watermark");
	else if (reclaim->kind == REPLAY_RECLAIM_DIRTY)
		snprintf(cause, sizeof(cause), "%s", RUN_CAUSE_DIRTY);
	else if (reclaim->kind == REPLAY_RECLAIM_WRITTEN)
		snprintf(cause, sizeof(cause), "a page that is being written");
	else
		snprintf(cause, sizeof(cause), "allocation of order %u (%s)", reclaim->order,
		         mm_migratetype_name(reclaim->migratetype));
	results_put_reclaim(run->db, &row);
}

static void on_failure(void *data, const struct replay_failure *failure)
{
	struct free_run *run = data;

	if (failure->oom)
		run->report->nr_oom++;
}

static void on_oom_kill(void *data, const struct replay_oom_kill *kill)
{
	struct free_run *run = data;
	uint32_t pid = replay_free_run_pid(run, kill->task);
	const char *comm = mmr_trace_comm(run->trace, pid);
	uint64_t nr = kill->nr_anon + kill->nr_files + kill->nr_shmem;
	const struct results_oom row = {
		.t_ns = replay_free_run_since(run, kill->t_ns),
		.pid = pid,
		.comm = comm,
		.total_vm_kb = (int64_t)((nr + kill->nr_swap) * KB_PER_PAGE),
		.anon_rss_kb = (int64_t)(kill->nr_anon * KB_PER_PAGE),
		.file_rss_kb = (int64_t)(kill->nr_files * KB_PER_PAGE),
		.oom_score_adj = kill->oom_score_adj,
	};

	if (run->db)
		results_put_oom(run->db, &row);
	replay_run_note(
		run->report,
		"out of memory: %s (%u) was killed after %.3f s; it had %llu kB in memory and "
		"%llu kB in swap",
		comm, pid, (double)row.t_ns / 1e9, nr * KB_PER_PAGE, kill->nr_swap * KB_PER_PAGE);
}
struct replay_hooks replay_free_run_hooks(struct free_run *run)
{
	return (struct replay_hooks){ .data = run,
		                      .reclaim = on_reclaim,
		                      .compaction = on_compaction,
		                      .failure = on_failure,
		                      .oom_kill = on_oom_kill };
}

/* ---- counters ---- */

/* Of /proc/meminfo what the machine counts as it goes; the others take a walk over all pages (--dump). */
static void put_meminfo(struct free_run *run, int64_t t_ns)
{
	const struct mm_machine *machine = replay_machine(run->replay);
	const struct mm_swap_usage swap = mm_swap_usage(machine);
	uint64_t managed = 0, v[MM_NR_VMSTAT_ITEMS];

	for (uint32_t i = 0; i < MM_NR_VMSTAT_ITEMS; i++)
		v[i] = mm_vmstat_value(machine, i);
	for (uint32_t i = 0; i < mm_nr_zones(machine); i++)
		managed += mm_zone_at(machine, i)->managed;
	const struct {
		const char *name;
		uint64_t pages;
	} rows[] = {
		{ "MemTotal", managed },
		{ "MemFree", v[MM_NR_FREE_PAGES] },
		{ "Cached", v[MM_NR_FILE_PAGES] - v[MM_NR_SWAPCACHED] },
		{ "SwapCached", v[MM_NR_SWAPCACHED] },
		{ "Active", v[MM_NR_ACTIVE_ANON] + v[MM_NR_ACTIVE_FILE] },
		{ "Inactive", v[MM_NR_INACTIVE_ANON] + v[MM_NR_INACTIVE_FILE] },
		{ "Dirty", v[MM_NR_DIRTY] },
		{ "Slab", v[MM_NR_SLAB_RECLAIMABLE] + v[MM_NR_SLAB_UNRECLAIMABLE] },
		{ "SReclaimable", v[MM_NR_SLAB_RECLAIMABLE] },
		{ "Hugetlb", mm_hugetlb_pages(machine) },
		{ "SwapTotal", swap.nr_slots },
		{ "SwapFree", swap.nr_slots - swap.nr_used },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		results_put_meminfo(run->db, t_ns, rows[i].name,
		                    (int64_t)(rows[i].pages * KB_PER_PAGE));
}

/* Statistics of folios of the sizes that are on and, if one is, of huge pages. */
static void put_folios(struct free_run *run, int64_t t_ns)
{
	const struct mm_machine *machine = replay_machine(run->replay);
	uint32_t orders = replay_folio_orders(run->replay);

	if (orders != 0)
		orders |= 1u << MM_PAGEBLOCK_ORDER;
	for (uint32_t order = 1; order <= MM_PAGEBLOCK_ORDER; order++) {
		for (unsigned int i = 0; i < MM_NR_FOLIO_STATS; i++) {
			char name[64];

			if (!(orders >> order & 1))
				continue;
			snprintf(name, sizeof(name), "hugepages-%ukB/%s", 4u << order,
			         mm_folio_stat_name((enum mm_folio_stat)i));
			results_put_vmstat(
				run->db, t_ns, name,
				(int64_t)mm_folio_stat(machine, order, (enum mm_folio_stat)i));
		}
	}
}

void replay_free_run_put_counters(struct free_run *run, uint64_t t_ns)
{
	const struct mm_machine *machine = replay_machine(run->replay);

	for (uint32_t i = 0; i < MM_NR_VMSTAT_ITEMS; i++)
		results_put_vmstat(run->db, replay_free_run_since(run, t_ns), mm_vmstat_name(i),
		                   (int64_t)mm_vmstat_value(machine, i));
	put_meminfo(run, replay_free_run_since(run, t_ns));
	put_folios(run, replay_free_run_since(run, t_ns));
	replay_run_put_ksm(run->db, machine, replay_free_run_since(run, t_ns));
}

void replay_free_run_put_swap(struct free_run *run, uint64_t t_ns)
{
	const struct mm_machine *machine = replay_machine(run->replay);
	uint64_t in = 0, out = 0;

	mm_vmstat_find(machine, "pswpin", &in);
	mm_vmstat_find(machine, "pswpout", &out);
	results_put_swap(run->db, replay_free_run_since(run, t_ns), mm_swap_usage(machine).nr_used,
	                 (int64_t)in, (int64_t)out);
}

/* Of /proc/vmstat what the charts of LRU lists, working set and huge pages show. */
static const char *const lru_items[] = {
	"nr_inactive_anon",
	"nr_active_anon",
	"nr_inactive_file",
	"nr_active_file",
	"nr_unevictable",
	"nr_anon_pages",
	"nr_anon_transparent_hugepages",
	"nr_file_pages",
	"nr_shmem",
	"nr_swapcached",
	"workingset_refault_anon",
	"workingset_refault_file",
	"workingset_activate_anon",
	"workingset_activate_file",
	"pgmajfault",
	"pswpin",
	"pswpout",
	"thp_fault_alloc",
	"thp_fault_fallback",
	"thp_collapse_alloc",
};

void replay_free_run_put_lru(struct free_run *run, uint64_t t_ns)
{
	const struct mm_machine *machine = replay_machine(run->replay);
	char text[4096];
	size_t length = mm_show_policy(machine, false, text, sizeof(text));

	/* There all counters are written anyway. */
	if (t_ns != run->counters.begin_ns && t_ns != run->counters.end_ns) {
		for (size_t i = 0; i < sizeof(lru_items) / sizeof(lru_items[0]); i++) {
			uint64_t value;

			if (mm_vmstat_find(machine, lru_items[i], &value))
				results_put_vmstat(run->db, replay_free_run_since(run, t_ns),
				                   lru_items[i], (int64_t)value);
		}
		replay_run_put_ksm(run->db, machine, replay_free_run_since(run, t_ns));
	}
	if (length < sizeof(text))
		replay_run_put_generations(run->db, replay_free_run_since(run, t_ns), text, length);
}
void replay_free_run_put_refused(struct free_run *run)
{
	const struct replay_stats *stats = replay_stats(run->replay);
	char text[96];

	if (stats->nr_refused == 0)
		return;
	snprintf(text, sizeof(text), "%llu mappings and forks of %llu kB",
	         (unsigned long long)stats->nr_refused,
	         (unsigned long long)stats->nr_refused_pages * KB_PER_PAGE);
	results_put_param(run->db, "overcommit.refused", text);
	replay_run_note(run->report,
	                "overcommit refused %s: what would have been touched there is left out",
	                text);
}

void replay_free_run_put_faults(struct free_run *run)
{
	static const char *const kinds[] = { [REPLAY_FAULT_ANON] = "anon",
		                             [REPLAY_FAULT_SWAPIN] = "swapin",
		                             [REPLAY_FAULT_FILE] = "file",
		                             [REPLAY_FAULT_COW] = "cow" };
	uint64_t sums[REPLAY_NR_FAULT_KINDS] = { 0 };
	const struct replay_task_stat *stat;

	/* Task numbers are reused, so only their sum is a fact. */
	for (uint32_t task = 0; task <= run->last_task; task++) {
		stat = replay_task_stat(run->replay, task);
		for (int i = 0; stat && i < REPLAY_NR_FAULT_KINDS; i++)
			sums[i] += stat->nr_faults[i];
	}
	for (int i = 0; i < REPLAY_NR_FAULT_KINDS; i++)
		results_put_fault(run->db, 0, "(all tasks)", kinds[i], (int64_t)sums[i]);
}
