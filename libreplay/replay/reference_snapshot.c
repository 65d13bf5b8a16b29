/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How often MGLRU of 6.1 found a page in use: it has no events, only counters.
 *
 * Between two snapshots of /proc/vmstat, of anonymous pages: T = pgscan_anon were isolated, R = pgsteal_anon freed, and
 * B = pgrotated came back when their write had ended, to be isolated once more. So T - R - B were spared. Those that
 * eviction found in use itself are activated in 6.1: pgactivate, less the file pages that it could not free
 * (pgscan_file - pgsteal_file), which mostly are so as well. The rest was found by look-arounds. What walks found
 * cannot be told: pgrefill has pages that wait for their writes, too.
 *
 * State: struct replay_reference_share, whose parts between the two snapshots all get these counts: what
 * happened when within this time is not known.
 *
 * Follows sort_folio(), scan_folios(), folio_check_references(), lru_gen_look_around() of v6.1.
 *
 * Bias: pgrotated is of file pages too; pages without a slot are activated; look-arounds that find few pages
 * activate them as well. Taken for anonymous memory only, which is what has no other evidence.
 */
#include "reference_share.h"

#include "vmstat_text.h"

struct counters {
	uint64_t t_ns;
	uint64_t pgscan_anon;
	uint64_t pgsteal_anon;
	uint64_t pgscan_file;
	uint64_t pgsteal_file;
	uint64_t pgrotated;
	uint64_t pgactivate;
};

static struct counters read_counters(const char *text, uint64_t t_ns)
{
	return (struct counters){ .t_ns = t_ns,
		                  .pgscan_anon = vmstat_text_value(text, "pgscan_anon"),
		                  .pgsteal_anon = vmstat_text_value(text, "pgsteal_anon"),
		                  .pgscan_file = vmstat_text_value(text, "pgscan_file"),
		                  .pgsteal_file = vmstat_text_value(text, "pgsteal_file"),
		                  .pgrotated = vmstat_text_value(text, "pgrotated"),
		                  .pgactivate = vmstat_text_value(text, "pgactivate") };
}

/* What is left of a after b; counters of a damaged file may say anything. */
static uint32_t less(uint64_t a, uint64_t b)
{
	uint64_t left = a > b ? a - b : 0;

	return left < UINT32_MAX / 2 ? (uint32_t)left : UINT32_MAX / 2;
}

static struct replay_reference_count between(const struct counters *from, const struct counters *to)
{
	struct replay_reference_count count = { { 0 } };
	uint32_t taken = less(to->pgscan_anon, from->pgscan_anon);
	uint32_t freed = less(to->pgsteal_anon, from->pgsteal_anon);
	uint32_t back = less(to->pgrotated, from->pgrotated);
	uint32_t spared = less(taken, (uint64_t)freed + back);
	uint32_t files = less(less(to->pgscan_file, from->pgscan_file),
	                      less(to->pgsteal_file, from->pgsteal_file));
	uint32_t young = less(less(to->pgactivate, from->pgactivate), files);

	if (young > spared)
		young = spared;
	count.nr[REPLAY_TAKEN] = taken;
	count.nr[REPLAY_YOUNG] = young;
	count.nr[REPLAY_BESIDE] = spared - young;
	count.nr[REPLAY_LED] = taken - young;
	count.nr[REPLAY_LED_BESIDE] = spared - young;
	return count;
}

static void add(struct replay_reference_share *share, const struct counters *from,
                const struct counters *to)
{
	struct replay_reference_count count = between(from, to);

	for (uint32_t bin = 0; bin < REPLAY_REFERENCE_BINS; bin++) {
		if (replay_reference_begin_ns(share, bin) < to->t_ns &&
		    replay_reference_begin_ns(share, bin + 1) > from->t_ns)
			replay_reference_add(&share->bins[bin][MM_LRU_ANON], &count);
	}
	replay_reference_add(&share->all[MM_LRU_ANON], &count);
}

int replay_reference_snapshots(struct mmr_trace *trace, struct replay_reference_share *share,
                               struct mmr_error *err)
{
	const struct mmr_snapshot_info *info;
	struct counters last = { 0 };

	for (uint32_t i = 0; (info = mmr_trace_snapshot_info(trace, i)); i++) {
		struct mmr_snapshot_piece piece;
		struct mmr_snapshot *snapshot;
		struct counters now;
		int code = mmr_trace_snapshot(trace, i, &snapshot, err);

		if (code == MMR_E_CORRUPT)
			continue;
		if (code < 0)
			return code;
		if (mmr_snapshot_find(snapshot, "proc/vmstat", &piece)) {
			now = read_counters((const char *)piece.data,
			                    piece.begin_ns ? piece.begin_ns : info->begin_ns);
			if (last.t_ns)
				add(share, &last, &now);
			last = now;
		}
		mmr_snapshot_free(snapshot);
	}
	return 0;
}
