/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The free lists over time. What is as it was at the sample before has no row of its own: a machine that does
 * nothing costs nothing.
 */
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "run_private.h"
#include "shadow.h"

#define PAGEBLOCK_RECORD 8
#define ROW_RECORDS      4 /* a row of its own takes as much as so many records */

uint64_t replay_run_interval(const struct mmr_run_options *options, const struct run_span *span)
{
	uint64_t duration_ns = span->last_ns - span->first_ns;
	uint64_t interval_ns = duration_ns < RUN_SHORT_NS ? RUN_INTERVAL_NS / 10 : RUN_INTERVAL_NS;

	if (options->interval_ns)
		return options->interval_ns;
	while (duration_ns / interval_ns > RUN_MAX_SAMPLES)
		interval_ns *= 2;
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
	sampler->lists = base_calloc(nr_zones + 1u, sizeof(*sampler->lists));
	if (!sampler->records || !sampler->last || !sampler->lists)
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
	base_free(sampler->lists);
	base_free(sampler->records);
	replay_run_room_deinit(sampler);
}

static void put_list(struct run_sampler *sampler, uint32_t zone_index, unsigned int type,
                     int64_t last_ns)
{
	const struct mmr_zone_info *zone = mmr_trace_zone(sampler->trace, zone_index);
	const struct run_free_list *list = &sampler->lists[zone_index][type];
	struct results_free_blocks row = { .t_ns = list->since_ns,
		                           .last_ns = last_ns,
		                           .node = zone->node,
		                           .zone = zone->name,
		                           .migratetype = type };

	if (!list->known)
		return;
	for (unsigned int order = 0; order < RUN_NR_ORDERS; order++)
		row.blocks[order] = list->blocks[order];
	results_put_free_blocks(sampler->db, &row);
}

/* Takes over what a list is now; what it was is a row, if that has changed. */
static void follow_list(struct run_sampler *sampler, uint32_t zone_index, unsigned int type,
                        uint32_t blocks[RUN_NR_ORDERS][RUN_NR_TYPES])
{
	struct run_free_list *list = &sampler->lists[zone_index][type];
	bool changed = false;

	for (unsigned int order = 0; order < RUN_NR_ORDERS; order++)
		changed |= list->blocks[order] != blocks[order][type];
	if (!changed)
		return;
	if (list->since_ns != sampler->instant_ns)
		put_list(sampler, zone_index, type, sampler->before_ns);
	list->known = true;
	list->since_ns = sampler->instant_ns;
	for (unsigned int order = 0; order < RUN_NR_ORDERS; order++)
		list->blocks[order] = blocks[order][type];
}

static void put_blocks(struct run_sampler *sampler, uint32_t zone_index)
{
	uint32_t blocks[RUN_NR_ORDERS][RUN_NR_TYPES];

	sampler->source->blocks(sampler->source->state, zone_index, blocks);
	for (unsigned int type = 0; type < RUN_NR_TYPES; type++)
		follow_list(sampler, zone_index, type, blocks);
	replay_run_put_outcomes(sampler, zone_index, sampler->instant_ns, blocks);
}

/* The last sample may fall on the instant of the one before, of which it then makes a part. */
static void begin_instant(struct run_sampler *sampler, int64_t t_ns)
{
	if (sampler->nr_samples > 0 && t_ns == sampler->instant_ns)
		return;
	sampler->before_ns = sampler->nr_samples > 0 ? sampler->instant_ns : -1;
	sampler->instant_ns = t_ns;
	results_put_instant(sampler->db, t_ns);
}

/* No other sample follows. */
static void put_all_lists(struct run_sampler *sampler)
{
	for (uint32_t zone = 0; zone < mmr_trace_info(sampler->trace)->nr_zones; zone++)
		for (unsigned int type = 0; type < RUN_NR_TYPES; type++)
			put_list(sampler, zone, type, sampler->instant_ns);
}

/* The end of what has changed from record at on, together with what lies between and takes less than another row. */
static uint32_t changed_until(const uint8_t *last, const uint8_t *records, uint32_t at, uint32_t nr)
{
	uint32_t end = at;

	for (uint32_t i = at; i < nr && i <= end + ROW_RECORDS; i++)
		if (memcmp(last + (size_t)i * PAGEBLOCK_RECORD,
		           records + (size_t)i * PAGEBLOCK_RECORD, PAGEBLOCK_RECORD) != 0)
			end = i + 1;
	return end;
}

/* A row for each range of pageblocks that are not as they were. */
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
		                          .pageblock_pages = SHADOW_PAGEBLOCK_PAGES };

	source->pageblocks(source->state, zone_index, sampler->records);
	for (uint32_t at = 0, end; at<nr; at = end> at ? end : at + 1) {
		end = changed_until(last, sampler->records, at, nr);
		if (end == at)
			continue;
		row.first_pfn = (int64_t)(first_pfn + (uint64_t)at * SHADOW_PAGEBLOCK_PAGES);
		row.nr_pageblocks = end - at;
		row.state = sampler->records + (size_t)at * PAGEBLOCK_RECORD;
		results_put_pageblocks(sampler->db, &row);
	}
	memcpy(last, sampler->records, (size_t)nr * PAGEBLOCK_RECORD);
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

	begin_instant(sampler, since_base);
	replay_run_begin_outcomes(sampler);
	for (uint32_t zone = 0; zone < mmr_trace_info(sampler->trace)->nr_zones; zone++) {
		if (!mmr_trace_zone(sampler->trace, zone)->managed)
			continue;
		put_blocks(sampler, zone);
		if (pageblocks) {
			put_pageblocks(sampler, zone, since_base);
			replay_run_put_room(sampler, zone, since_base, last);
		}
	}
	replay_run_end_outcomes(sampler, since_base);
	if (pageblocks)
		sampler->room_ns = since_base;
	if (last)
		put_all_lists(sampler);
	sampler->nr_samples++;
}
