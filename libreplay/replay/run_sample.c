/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The free lists over time. Rows without blocks are left out, and so are pageblock rows that equal the
 * zone's last ones: a machine that does nothing costs nothing.
 */
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "run_private.h"
#include "shadow.h"
#include "show_views.h"

#define PAGEBLOCK_RECORD 8

uint64_t replay_run_interval(const struct mmr_run_options *options, const struct run_span *span)
{
	uint64_t duration_ns = span->last_ns - span->first_ns;
	uint64_t interval_ns = duration_ns < RUN_SHORT_NS ? RUN_INTERVAL_NS / 10 : RUN_INTERVAL_NS;

	if (options->interval_ns)
		return options->interval_ns;
	while (duration_ns / interval_ns > RUN_MAX_SAMPLES)
		interval_ns *= 10;
	return interval_ns;
}

static uint32_t largest_zone(const struct run_sampler *sampler)
{
	uint32_t nr_zones = mmr_trace_info(sampler->trace)->nr_zones, most = 0;

	for (uint32_t zone = 0; zone < nr_zones; zone++) {
		uint64_t first_pfn;
		uint32_t nr =
			sampler->source->nr_pageblocks(sampler->source->state, zone, &first_pfn);

		if (nr > most)
			most = nr;
	}
	return most;
}

int replay_run_sampler_init(struct run_sampler *sampler, uint64_t duration_ns,
                            struct mmr_error *err)
{
	uint32_t nr_zones = mmr_trace_info(sampler->trace)->nr_zones;
	uint64_t nr_samples = duration_ns / sampler->interval_ns + 1;

	sampler->max_samples = nr_samples + 1;
	sampler->pageblock_interval = (nr_samples + RUN_MAX_PAGEBLOCKS - 1) / RUN_MAX_PAGEBLOCKS;
	sampler->records = base_calloc(largest_zone(sampler) + 1u, PAGEBLOCK_RECORD);
	sampler->last = base_calloc(nr_zones + 1u, sizeof(*sampler->last));
	if (!sampler->records || !sampler->last)
		return base_error(err, MMR_E_NOMEM, "out of memory for samples of pageblocks");
	for (uint32_t zone = 0; zone < nr_zones; zone++) {
		uint64_t first_pfn;
		uint32_t nr =
			sampler->source->nr_pageblocks(sampler->source->state, zone, &first_pfn);

		sampler->last[zone] =
			base_calloc_err(nr + 1u, PAGEBLOCK_RECORD, "samples of pageblocks", err);
		if (!sampler->last[zone])
			return MMR_E_NOMEM;
		/* So many free pages no pageblock has: the first sample is always written. */
		memset(sampler->last[zone], 0xff, nr * (size_t)PAGEBLOCK_RECORD);
	}
	return replay_run_room_init(sampler, err);
}

void replay_run_sampler_deinit(struct run_sampler *sampler)
{
	if (sampler->last)
		for (uint32_t zone = 0; zone < mmr_trace_info(sampler->trace)->nr_zones; zone++)
			base_free(sampler->last[zone]);
	base_free(sampler->last);
	base_free(sampler->records);
	replay_run_room_deinit(sampler);
}

static void put_buddy(struct run_sampler *sampler, uint32_t zone_index, int64_t t_ns)
{
	const struct mmr_zone_info *zone = mmr_trace_zone(sampler->trace, zone_index);
	uint32_t blocks[RUN_NR_ORDERS][RUN_NR_TYPES];
	uint64_t sums[SHADOW_NR_ORDERS] = { 0 };
	struct results_buddy row = { .t_ns = t_ns, .node = zone->node, .zone = zone->name };
	struct results_frag frag = { .t_ns = t_ns, .node = zone->node, .zone = zone->name };

	sampler->source->blocks(sampler->source->state, zone_index, blocks);
	for (unsigned int order = 0; order < RUN_NR_ORDERS; order++) {
		for (unsigned int type = 0; type < RUN_NR_TYPES; type++) {
			sums[order] += blocks[order][type];
			if (!blocks[order][type])
				continue;
			row.page_order = order;
			row.migratetype = sampler->source->type_name(type);
			row.blocks = blocks[order][type];
			results_put_buddy(sampler->db, &row);
		}
	}
	for (unsigned int order = 1; order < RUN_NR_ORDERS; order++) {
		frag.page_order = order;
		frag.unusable = mm_unusable_free_index(sums, order);
		frag.frag_index = mm_fragmentation_index(sums, order);
		results_put_frag(sampler->db, &frag);
	}
	replay_run_put_outcomes(sampler, zone_index, t_ns, blocks);
}

static void put_pageblocks(struct run_sampler *sampler, uint32_t zone_index, int64_t t_ns)
{
	const struct mmr_zone_info *zone = mmr_trace_zone(sampler->trace, zone_index);
	const struct run_source *source = sampler->source;
	uint8_t *last = sampler->last[zone_index];
	uint64_t first_pfn;
	uint32_t nr = source->nr_pageblocks(source->state, zone_index, &first_pfn);
	struct results_pageblocks row = { .t_ns = t_ns,
		                          .node = zone->node,
		                          .zone = zone->name,
		                          .first_pfn = (int64_t)first_pfn,
		                          .pageblock_pages = SHADOW_PAGEBLOCK_PAGES,
		                          .nr_pageblocks = nr,
		                          .state = sampler->records };

	source->pageblocks(source->state, zone_index, sampler->records);
	if (memcmp(last, sampler->records, (size_t)nr * PAGEBLOCK_RECORD) == 0)
		return;
	memcpy(last, sampler->records, (size_t)nr * PAGEBLOCK_RECORD);
	results_put_pageblocks(sampler->db, &row);
}

void replay_run_sample_until(struct run_sampler *sampler, uint64_t t_ns)
{
	while (t_ns >= sampler->next_ns) {
		/* Times of a damaged trace can be any: no more than its length promised. */
		if (sampler->nr_samples >= sampler->max_samples) {
			sampler->next_ns = UINT64_MAX;
			return;
		}
		replay_run_sample(sampler, sampler->next_ns, false);
		sampler->next_ns += sampler->interval_ns;
	}
}

void replay_run_sample(struct run_sampler *sampler, uint64_t t_ns, bool last)
{
	int64_t since_base = (int64_t)(t_ns - sampler->base_ns);
	bool pageblocks = last || sampler->nr_samples % sampler->pageblock_interval == 0;

	replay_run_begin_outcomes(sampler);
	for (uint32_t zone = 0; zone < mmr_trace_info(sampler->trace)->nr_zones; zone++) {
		if (!mmr_trace_zone(sampler->trace, zone)->managed)
			continue;
		put_buddy(sampler, zone, since_base);
		if (pageblocks) {
			put_pageblocks(sampler, zone, since_base);
			replay_run_put_room(sampler, zone, since_base, last);
		}
	}
	replay_run_end_outcomes(sampler, since_base);
	if (pageblocks)
		sampler->room_ns = since_base;
	sampler->nr_samples++;
}
