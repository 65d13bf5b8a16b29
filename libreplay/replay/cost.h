/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long things take. The engine decides by counts; this turns counts into simulated nanoseconds.
 *
 * The defaults are of the order of a present x86 machine with a fast disk, and are tunables (cost.*);
 * calibrate.c sets what the trace tells of the recorded machine.
 */
#ifndef REPLAY_COST_H
#define REPLAY_COST_H

#include <stdint.h>

#include "mmzone.h"
#include "tunables.h"

struct replay_cost {
	uint64_t compact_scan_ns;
	uint64_t copy_ns;
	uint64_t file_read_ns;
	uint64_t file_latency_ns;
	uint64_t file_write_ns;
	uint64_t free_ns;
	uint64_t migrate_ns;
	uint64_t pageout_ns;
	uint64_t putback_ns;
	uint64_t scan_ns;
	uint64_t swap_read_ns;
	uint64_t swap_write_ns;
	uint64_t unmap_ns;
	uint64_t walk_ns;
	uint64_t direct_percent;
	uint64_t kcompactd_percent; /* of a CPU */
	uint64_t kswapd_percent;
	uint64_t kswapd_latency_ns;
	uint64_t ksm_ns;
};

void replay_cost_init(struct replay_cost *cost, const struct replay_tunables *tunables);

/* CPU time of what a reclaimer has done since the last call; *seen remembers how far that was. */
uint64_t replay_cost_reclaim(const struct replay_cost *cost, const struct mm_scan_control *sc,
                             struct mm_scan_control *seen);

/* What has been paid for of a run of compaction. */
struct replay_compact_seen {
	uint64_t nr_scanned;
	uint64_t nr_migrated;
};

/* The same of a run of compaction over a zone. */
uint64_t replay_cost_compact(const struct replay_cost *cost, const struct mm_compact_control *cc,
                             struct replay_compact_seen *seen);

#endif
