/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows about what requests would find, and about what stands in the way of larger blocks. Those that say the same as the
 * zone's last are left out.
 */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "run_private.h"

#define EXTFRAG_THRESHOLD 500 /* the kernel's own */

int replay_run_room_init(struct run_sampler *sampler, struct mmr_error *err)
{
	uint32_t nr_zones = mmr_trace_info(sampler->trace)->nr_zones;
	uint64_t nr_pageblocks = 1, nr_instants;

	for (uint32_t zone = 0; zone < nr_zones; zone++)
		nr_pageblocks += mmr_trace_zone(sampler->trace, zone)->managed / PINS_PAGEBLOCK;
	nr_instants = PINS_MAX_BLOCKS / nr_pageblocks;
	if (nr_instants > PINS_INSTANTS)
		nr_instants = PINS_INSTANTS;
	/* They fall on samples of pageblocks; the last has one of its own. */
	sampler->pin_interval =
		nr_instants ? (sampler->max_samples / sampler->pageblock_interval / nr_instants +
	                       1) * sampler->pageblock_interval
			    : UINT64_MAX;
	sampler->last_rows = base_calloc_err(nr_zones + 1u, sizeof(*sampler->last_rows),
	                                     "samples of pageblocks", err);
	if (!sampler->last_rows)
		return MMR_E_NOMEM;
	for (uint32_t zone = 0; zone < nr_zones; zone++)
		sampler->last_rows[zone].pageblocks[0] = UINT32_MAX;
	return 0;
}

void replay_run_room_deinit(struct run_sampler *sampler)
{
	base_free(sampler->last_rows);
}

/* A row for each type of which an order is not as it was. */
static void put_changes(struct run_sampler *sampler, struct run_last *last,
                        uint8_t outcomes[RUN_NR_ORDERS][OUTCOME_NR_TYPES],
                        const struct results_outcomes *place)
{
	char changes[RUN_NR_ORDERS + 1] = "";
	struct results_outcomes row = *place;

	row.outcomes = changes;
	for (uint32_t type = 0; type < OUTCOME_NR_TYPES; type++) {
		bool changed = false;

		for (uint32_t order = 0; order < RUN_NR_ORDERS; order++) {
			uint8_t outcome = outcomes[order][type];

			changes[order] = '-';
			if (last->outcomes[order][type] == outcome + 1)
				continue;
			last->outcomes[order][type] = (uint8_t)(outcome + 1);
			changes[order] = replay_outcome_name(outcome)[0];
			changed = true;
		}
		row.migratetype = type;
		if (changed)
			results_put_outcomes(sampler->db, &row);
	}
}

void replay_run_put_outcomes(struct run_sampler *sampler, uint32_t zone_index, int64_t t_ns,
                             uint32_t blocks[RUN_NR_ORDERS][RUN_NR_TYPES])
{
	const struct mmr_zone_info *info = mmr_trace_zone(sampler->trace, zone_index);
	const struct run_source *source = sampler->source;
	uint8_t outcomes[RUN_NR_ORDERS][OUTCOME_NR_TYPES];
	struct results_outcomes row = { .t_ns = t_ns, .node = info->node, .zone = info->name };
	struct outcome_zone zone = { 0 };
	struct mm_room room;

	source->limits(source->state, zone_index, &zone);
	source->room(source->state, zone_index, &room);
	zone.room = room.order;
	memcpy(zone.blocks, blocks, sizeof(zone.blocks));
	for (uint32_t order = 0; order < RUN_NR_ORDERS; order++) {
		for (uint32_t type = 0; type < OUTCOME_NR_TYPES; type++) {
			outcomes[order][type] = (uint8_t)replay_request_outcome(&zone, order, type);
			if (outcomes[order][type] < sampler->best[order][type])
				sampler->best[order][type] = outcomes[order][type];
		}
	}
	put_changes(sampler, &sampler->last_rows[zone_index], outcomes, &row);
}

void replay_run_begin_outcomes(struct run_sampler *sampler)
{
	memset(sampler->best, OUTCOME_MEMORY, sizeof(sampler->best));
}

void replay_run_end_outcomes(struct run_sampler *sampler, int64_t t_ns)
{
	struct results_outcomes row = { .t_ns = t_ns, .node = -1, .zone = "any" };

	put_changes(sampler, &sampler->last_rows[mmr_trace_info(sampler->trace)->nr_zones],
	            sampler->best, &row);
}

static void put_count(struct run_sampler *sampler, uint32_t zone, int64_t t_ns)
{
	const struct mmr_zone_info *info = mmr_trace_zone(sampler->trace, zone);
	uint32_t *last = sampler->last_rows[zone].pageblocks;
	struct mm_room room;

	sampler->source->room(sampler->source->state, zone, &room);
	if (last[0] == room.nr_free && last[1] == room.nr_empty && last[2] == room.nr_pageblocks)
		return;
	last[0] = room.nr_free;
	last[1] = room.nr_empty;
	last[2] = room.nr_pageblocks;
	results_put_pageblock_count(sampler->db,
	                            &(struct results_pageblock_count){
					    .t_ns = t_ns,
					    .node = info->node,
					    .zone = info->name,
					    .pageblocks = room.nr_pageblocks,
					    .free = room.nr_free,
					    .movable = room.nr_empty - room.nr_free,
					    .pinned = room.nr_pageblocks - room.nr_empty,
				    });
}

static void put_work(struct run_sampler *sampler, uint32_t zone, int64_t t_ns)
{
	const struct mmr_zone_info *info = mmr_trace_zone(sampler->trace, zone);
	const struct run_source *source = sampler->source;
	struct shadow_block_work work;

	for (uint64_t pfn = 0; source->next_work(source->state, zone, &pfn, &work);
	     pfn += SHADOW_PAGEBLOCK_PAGES)
		results_put_compaction_block(sampler->db,
		                             &(struct results_compaction_block){
						     .begin_ns = sampler->room_ns,
						     .t_ns = t_ns,
						     .node = info->node,
						     .zone = info->name,
						     .first_pfn = (int64_t)pfn,
						     .migrate_scanned = work.migrate_scanned,
						     .free_scanned = work.free_scanned,
						     .moved_out = work.moved_out,
						     .moved_in = work.moved_in,
					     });
}

void replay_run_put_room(struct run_sampler *sampler, uint32_t zone, int64_t t_ns, bool last)
{
	const struct mmr_zone_info *info = mmr_trace_zone(sampler->trace, zone);
	const struct run_source *source = sampler->source;
	struct pins_place place = {
		.t_ns = t_ns, .node = info->node, .zone = info->name, .zone_index = zone
	};

	put_count(sampler, zone, t_ns);
	put_work(sampler, zone, t_ns);
	if (source->pins && (last || sampler->nr_samples % sampler->pin_interval == 0))
		source->pins(source->pins_state, zone, &place);
}

int32_t replay_run_extfrag_threshold(struct mmr_trace *trace)
{
	struct mmr_snapshot_piece piece;
	struct mmr_snapshot *snapshot;
	struct mmr_error why = { 0 };
	int32_t threshold = EXTFRAG_THRESHOLD;

	if (!mmr_trace_info(trace)->nr_snapshots ||
	    mmr_trace_snapshot(trace, 0, &snapshot, &why) < 0)
		return threshold;
	if (mmr_snapshot_find(snapshot, "proc/sys/vm/extfrag_threshold", &piece))
		threshold = (int32_t)strtol((const char *)piece.data, NULL, 10);
	mmr_snapshot_free(snapshot);
	return threshold;
}
