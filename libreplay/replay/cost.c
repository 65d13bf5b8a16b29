/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cost.h"

void replay_cost_init(struct replay_cost *cost, const struct replay_tunables *tunables)
{
	*cost = (struct replay_cost){
		.compact_scan_ns = tunables->value[REPLAY_TUNABLE_COST_COMPACT_NS],
		.migrate_ns = tunables->value[REPLAY_TUNABLE_COST_MIGRATE_NS],
		.copy_ns = tunables->value[REPLAY_TUNABLE_COST_COPY_NS],
		.file_read_ns = tunables->value[REPLAY_TUNABLE_COST_FILE_READ_NS],
		.file_latency_ns = tunables->value[REPLAY_TUNABLE_COST_FILE_LATENCY_NS],
		.file_write_ns = tunables->value[REPLAY_TUNABLE_COST_FILE_WRITE_NS],
		.free_ns = tunables->value[REPLAY_TUNABLE_COST_FREE_NS],
		.pageout_ns = tunables->value[REPLAY_TUNABLE_COST_PAGEOUT_NS],
		.putback_ns = tunables->value[REPLAY_TUNABLE_COST_PUTBACK_NS],
		.scan_ns = tunables->value[REPLAY_TUNABLE_COST_SCAN_NS],
		.swap_read_ns = tunables->value[REPLAY_TUNABLE_COST_SWAP_READ_NS],
		.swap_write_ns = tunables->value[REPLAY_TUNABLE_COST_SWAP_WRITE_NS],
		.walk_ns = tunables->value[REPLAY_TUNABLE_COST_WALK_NS],
		.unmap_ns = tunables->value[REPLAY_TUNABLE_COST_UNMAP_NS],
		.kswapd_latency_ns = tunables->value[REPLAY_TUNABLE_KSWAPD_LATENCY],
		.direct_percent = tunables->value[REPLAY_TUNABLE_DIRECT_STRETCH],
		.kcompactd_percent = tunables->value[REPLAY_TUNABLE_KCOMPACTD_CPU],
		.kswapd_percent = tunables->value[REPLAY_TUNABLE_KSWAPD_CPU],
		.ksm_ns = tunables->value[REPLAY_TUNABLE_COST_KSM_NS],
	};
}

uint64_t replay_cost_reclaim(const struct replay_cost *cost, const struct mm_scan_control *sc,
                             struct mm_scan_control *seen)
{
	uint64_t nr_scanned =
		sc->nr_scanned - seen->nr_scanned + sc->nr_refilled - seen->nr_refilled;
	uint64_t ns = nr_scanned * cost->scan_ns +
	              (sc->nr_reclaimed - seen->nr_reclaimed) * cost->free_ns +
	              (sc->nr_written - seen->nr_written) * cost->pageout_ns +
	              (sc->nr_unmapped - seen->nr_unmapped) * cost->unmap_ns +
	              (sc->nr_putback - seen->nr_putback) * cost->putback_ns +
	              (sc->nr_walked - seen->nr_walked) * cost->walk_ns;

	*seen = *sc;
	return ns;
}

uint64_t replay_cost_compact(const struct replay_cost *cost, const struct mm_compact_control *cc,
                             struct replay_compact_seen *seen)
{
	uint64_t nr_scanned = cc->total_migrate_scanned + cc->total_free_scanned;
	uint64_t nr_migrated = cc->nr_migrated + cc->nr_failed;
	uint64_t ns = (nr_scanned - seen->nr_scanned) * cost->compact_scan_ns +
	              (nr_migrated - seen->nr_migrated) * cost->migrate_ns;

	*seen = (struct replay_compact_seen){ nr_scanned, nr_migrated };
	return ns;
}
