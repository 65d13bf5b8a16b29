/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the recorded machine and the tunables to the simulated one.
 *
 * Zones, watermarks, swap, free blocks and per-CPU lists are as recorded. Where memory, min_free_kbytes or
 * watermark_scale_factor are set by the user, the watermarks are computed instead. Another size of memory
 * cuts the zones from the top, or lengthens the highest one; a page whose place is gone goes elsewhere.
 *
 * In what order free blocks lie on their lists is known as far as they were used later (start_lists.c); the
 * others follow by address, as after boot. With a seed other than 0 all are shuffled by it.
 *
 * Not modelled: that more memory would also have changed what the kernel took for itself at boot.
 */
#include "replay_state.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "policy_table.h"

#define PAGE_SHIFT 12
/* When the kernel sets memory cgroups up, by the clock that starts at boot. */
#define MEMCG_BEGIN_NS UINT64_C(350000000)
#define ZONE_LIMIT     (UINT64_C(1) << 31) /* pages */

static int copy_zones(const struct replay_config *config, struct mm_zone_config zones[MM_MAX_ZONES],
                      struct mmr_error *err)
{
	const struct replay_start *start = config->start;

	if (start->nr_zones == 0 || start->nr_zones > MM_MAX_ZONES)
		return base_error(err, MMR_E_INVALID, "%u zones: nothing to build a machine from",
		                  start->nr_zones);
	for (uint32_t i = 0; i < start->nr_zones; i++) {
		const struct mmr_zone_info *info = &start->zones[i];
		struct mm_zone_config *zone = &zones[i];

		if (info->node < 0 || info->node >= MM_MAX_NODES || info->index < 0 ||
		    info->index >= MM_NR_ZONE_TYPES || info->start_pfn > ZONE_LIMIT ||
		    info->spanned > ZONE_LIMIT || info->present > info->spanned ||
		    info->managed > info->present || info->wmark_high > info->spanned)
			return base_error(err, MMR_E_INVALID, "zone %u of the trace makes no sense",
			                  i);
		*zone = (struct mm_zone_config){
			.type = (uint8_t)info->index,
			.node = (uint8_t)info->node,
			.start_pfn = (uint32_t)info->start_pfn,
			.spanned = (uint32_t)info->spanned,
			.present = (uint32_t)info->present,
			.managed = (uint32_t)info->managed,
		};
		memcpy(zone->name, info->name, sizeof(zone->name));
		zone->wmark[MM_WMARK_MIN] = (uint32_t)info->wmark_min;
		zone->wmark[MM_WMARK_LOW] = (uint32_t)info->wmark_low;
		zone->wmark[MM_WMARK_HIGH] = (uint32_t)info->wmark_high;
	}
	return 0;
}

static uint64_t managed_pages(const struct mm_zone_config *zones, uint32_t nr_zones)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < nr_zones; i++)
		pages += zones[i].managed;
	return pages;
}

/* What is left of a zone of which only some managed pages stay. */
static void cut_zone(struct mm_zone_config *zone, uint32_t managed)
{
	zone->spanned = (uint32_t)((uint64_t)zone->spanned * managed / zone->managed);
	zone->present = (uint32_t)((uint64_t)zone->present * managed / zone->managed);
	zone->managed = managed;
}

static uint32_t highest_zone(const struct mm_zone_config *zones, uint32_t nr_zones)
{
	uint32_t highest = 0;

	for (uint32_t i = 1; i < nr_zones; i++) {
		if (zones[i].managed > 0 &&
		    (zones[highest].managed == 0 || zones[i].start_pfn > zones[highest].start_pfn))
			highest = i;
	}
	return highest;
}

static int resize_memory(struct mm_zone_config *zones, uint32_t nr_zones, uint64_t pages,
                         struct mmr_error *err)
{
	uint64_t had = managed_pages(zones, nr_zones);
	struct mm_zone_config *zone = &zones[highest_zone(zones, nr_zones)];

	if (pages < 1024)
		return base_error(err, MMR_E_INVALID, "memory: a machine has 4M at least");
	if (pages > had) {
		if (pages - had > ZONE_LIMIT - zone->spanned)
			return base_error(err, MMR_E_LIMIT, "memory: too much");
		zone->spanned += (uint32_t)(pages - had);
		zone->present += (uint32_t)(pages - had);
		zone->managed += (uint32_t)(pages - had);
		return 0;
	}
	while (had > pages) {
		uint64_t cut = had - pages;

		zone = &zones[highest_zone(zones, nr_zones)];
		if (cut > zone->managed)
			cut = zone->managed;
		cut_zone(zone, zone->managed - (uint32_t)cut);
		had -= cut;
	}
	return 0;
}

#define NR_FOLIO_SIZES 7

/* The switch of anonymous memory, and that of shared memory. */
static const struct {
	uint8_t tunable;
	uint8_t shared;
	uint8_t order;
} folio_sizes[NR_FOLIO_SIZES] = {
	{ REPLAY_TUNABLE_FOLIO_16K, REPLAY_TUNABLE_SHMEM_16K, 2 },
	{ REPLAY_TUNABLE_FOLIO_32K, REPLAY_TUNABLE_SHMEM_32K, 3 },
	{ REPLAY_TUNABLE_FOLIO_64K, REPLAY_TUNABLE_SHMEM_64K, 4 },
	{ REPLAY_TUNABLE_FOLIO_128K, REPLAY_TUNABLE_SHMEM_128K, 5 },
	{ REPLAY_TUNABLE_FOLIO_256K, REPLAY_TUNABLE_SHMEM_256K, 6 },
	{ REPLAY_TUNABLE_FOLIO_512K, REPLAY_TUNABLE_SHMEM_512K, 7 },
	{ REPLAY_TUNABLE_FOLIO_1024K, REPLAY_TUNABLE_SHMEM_1024K, 8 },
};

/* The orders of folios whose switch is at word. */
static uint16_t folio_orders(const struct replay_tunables *tunables, uint64_t word)
{
	uint16_t mask = 0;

	for (int i = 0; i < NR_FOLIO_SIZES; i++)
		if (tunables->value[folio_sizes[i].tunable] == word)
			mask |= (uint16_t)(1u << folio_sizes[i].order);
	return mask;
}

/* The orders of shared memory's whose own switch is at word: never|advise|inherit|within_size|always. */
static uint16_t shmem_orders(const uint64_t *value, uint64_t word)
{
	uint16_t mask = 0;

	for (int i = 0; i < NR_FOLIO_SIZES; i++)
		if (value[folio_sizes[i].shared] == word)
			mask |= (uint16_t)(1u << folio_sizes[i].order);
	if (value[REPLAY_TUNABLE_SHMEM_2048K] == word)
		mask |= (uint16_t)(1u << MM_PAGEBLOCK_ORDER);
	return mask;
}

static struct mm_shmem_settings shmem_settings_of(const uint64_t *value)
{
	return (struct mm_shmem_settings){
		.enabled = (uint8_t)value[REPLAY_TUNABLE_SHMEM_ENABLED],
		.huge = (uint8_t)value[REPLAY_TUNABLE_TMPFS_HUGE],
		.advise = shmem_orders(value, 1),
		.inherit = shmem_orders(value, 2),
		.within_size = shmem_orders(value, 3),
		.always = shmem_orders(value, 4),
	};
}

static struct mm_ksm_settings ksm_settings_of(const uint64_t *value)
{
	return (struct mm_ksm_settings){
		.run = (uint8_t)value[REPLAY_TUNABLE_KSM_RUN],
		.within_nodes = value[REPLAY_TUNABLE_KSM_MERGE_NODES] == 0,
		.smart_scan = value[REPLAY_TUNABLE_KSM_SMART_SCAN] > 0,
		.use_zero_pages = value[REPLAY_TUNABLE_KSM_USE_ZERO_PAGES] > 0,
		.advisor = value[REPLAY_TUNABLE_KSM_ADVISOR] > 0,
		.pages_to_scan = (uint32_t)value[REPLAY_TUNABLE_KSM_PAGES_TO_SCAN],
		.max_page_sharing = (uint32_t)value[REPLAY_TUNABLE_KSM_MAX_SHARING],
		.chains_prune_ms = (uint32_t)value[REPLAY_TUNABLE_KSM_CHAINS_PRUNE],
		.advisor_max_cpu = (uint32_t)value[REPLAY_TUNABLE_KSM_ADVISOR_MAX_CPU],
		.advisor_min_pages_to_scan = (uint32_t)value[REPLAY_TUNABLE_KSM_ADVISOR_MIN_PAGES],
		.advisor_max_pages_to_scan = (uint32_t)value[REPLAY_TUNABLE_KSM_ADVISOR_MAX_PAGES],
		.advisor_target_scan_time = (uint32_t)value[REPLAY_TUNABLE_KSM_ADVISOR_TARGET],
	};
}

static struct mm_settings settings_of(const struct replay_tunables *tunables)
{
	const uint64_t *value = tunables->value;

	return (struct mm_settings){
		.kernel = (uint32_t)value[REPLAY_TUNABLE_KERNEL],
		.min_free_kbytes = (uint32_t)value[REPLAY_TUNABLE_MIN_FREE_KBYTES],
		.watermark_scale_factor = (uint32_t)value[REPLAY_TUNABLE_SCALE_FACTOR],
		.watermark_boost_factor = (uint32_t)value[REPLAY_TUNABLE_BOOST_FACTOR],
		.lowmem_reserve_ratio = { [MM_ZONE_DMA] =
		                                  (uint32_t)value[REPLAY_TUNABLE_LOWMEM_DMA],
		                          [MM_ZONE_DMA32] =
		                                  (uint32_t)value[REPLAY_TUNABLE_LOWMEM_DMA32],
		                          [MM_ZONE_NORMAL] =
		                                  (uint32_t)value[REPLAY_TUNABLE_LOWMEM_NORMAL] },
		.percpu_pagelist_high_fraction = (uint32_t)value[REPLAY_TUNABLE_PCP_FRACTION],
		.swappiness = (uint32_t)value[REPLAY_TUNABLE_SWAPPINESS],
		.dirty_background_ratio = (uint32_t)value[REPLAY_TUNABLE_DIRTY_BACKGROUND],
		.dirty_background_bytes = value[REPLAY_TUNABLE_DIRTY_BG_BYTES],
		.dirty_ratio = (uint32_t)value[REPLAY_TUNABLE_DIRTY_RATIO],
		.dirty_bytes = value[REPLAY_TUNABLE_DIRTY_BYTES],
		.dirty_expire_centisecs = (uint32_t)value[REPLAY_TUNABLE_DIRTY_EXPIRE],
		.hz = (uint32_t)value[REPLAY_TUNABLE_HZ],
		.write_queue = (uint32_t)value[REPLAY_TUNABLE_FILE_QUEUE],
		.extfrag_threshold = (uint32_t)value[REPLAY_TUNABLE_EXTFRAG_THRESHOLD],
		.compaction_proactiveness = (uint32_t)value[REPLAY_TUNABLE_PROACTIVENESS],
		.compact_unevictable_skipped = value[REPLAY_TUNABLE_UNEVICTABLE] == 0,
		.thp_enabled = (uint8_t)value[REPLAY_TUNABLE_THP_ENABLED],
		.thp_defrag = (uint8_t)value[REPLAY_TUNABLE_THP_DEFRAG],
		.folio_madvise = folio_orders(tunables, 1),
		.folio_inherit = folio_orders(tunables, 2),
		.folio_always = folio_orders(tunables, 3),
		.shmem = shmem_settings_of(value),
		.file_thp = value[REPLAY_TUNABLE_FILE_THP] > 0,
		.khugepaged_defrag = value[REPLAY_TUNABLE_KHUGEPAGED_DEFRAG] > 0,
		.khugepaged_pages_to_scan = (uint32_t)value[REPLAY_TUNABLE_PAGES_TO_SCAN],
		.max_ptes_none = (uint32_t)value[REPLAY_TUNABLE_MAX_PTES_NONE],
		.max_ptes_swap = (uint32_t)value[REPLAY_TUNABLE_MAX_PTES_SWAP],
		.ksm = ksm_settings_of(value),
		.max_ptes_shared = (uint32_t)value[REPLAY_TUNABLE_MAX_PTES_SHARED],
		.swap_device = (uint8_t)value[REPLAY_TUNABLE_SWAP_DEVICE],
		.zram_percent = (uint8_t)value[REPLAY_TUNABLE_ZRAM_PERCENT],
		.swap_zero_filled = (uint16_t)value[REPLAY_TUNABLE_ZERO_FILLED],
		.swap_vma_readahead = value[REPLAY_TUNABLE_VMA_READAHEAD] > 0,
		.ra_pages = (uint32_t)(value[REPLAY_TUNABLE_READ_AHEAD] * 1024 >> PAGE_SHIFT),
		.page_cluster = (uint32_t)value[REPLAY_TUNABLE_PAGE_CLUSTER],
		.lru_gen_enabled = (uint8_t)value[REPLAY_TUNABLE_LRU_GEN_ENABLED],
		.lru_gen_min_ttl_ms = (uint32_t)value[REPLAY_TUNABLE_LRU_GEN_MIN_TTL],
		.vfs_cache_pressure = (uint32_t)value[REPLAY_TUNABLE_VFS_PRESSURE],
		.memcg_stat_delay = value[REPLAY_TUNABLE_MEMCG_FLUSH] > 0 &&
		                    value[REPLAY_TUNABLE_KERNEL] >= MM_KERNEL(6, 12),
		.overcommit_memory = (uint32_t)value[REPLAY_TUNABLE_OVERCOMMIT_MEMORY],
		.overcommit_ratio = (uint32_t)value[REPLAY_TUNABLE_OVERCOMMIT_RATIO],
		.overcommit_kbytes = value[REPLAY_TUNABLE_OVERCOMMIT_KBYTES],
		.admin_reserve_kbytes = value[REPLAY_TUNABLE_ADMIN_RESERVE],
		.user_reserve_kbytes = value[REPLAY_TUNABLE_USER_RESERVE],
		.panic_on_oom = value[REPLAY_TUNABLE_PANIC_ON_OOM] > 0,
		.oom_kill_allocating_task = value[REPLAY_TUNABLE_OOM_ALLOCATING] > 0,
	};
}

/* At the start, or by a change. */
static bool may_be_on(const struct replay_tunables *tunables, uint32_t id)
{
	bool on = tunables->value[id] > 0;

	for (uint32_t i = 0; i < tunables->nr_changes; i++)
		on |= tunables->changes[i].id == id;
	return on;
}

bool replay_tunables_folios(const struct replay_tunables *tunables)
{
	for (int i = 0; i < NR_FOLIO_SIZES; i++)
		if (may_be_on(tunables, folio_sizes[i].tunable) ||
		    may_be_on(tunables, folio_sizes[i].shared))
			return true;
	return false;
}

bool replay_tunables_files(const struct replay_tunables *tunables)
{
	return may_be_on(tunables, REPLAY_TUNABLE_FILE_THP);
}

void replay_folios_init(struct replay *replay)
{
	const uint8_t *source = replay->tunables.source;
	struct mm_settings settings = settings_of(&replay->tunables);

	replay->thp_settings = settings;
	replay->has_folios =
		settings.folio_always || settings.folio_madvise || settings.folio_inherit;
	/* Otherwise there are those that the recording has. */
	for (int i = 0; i < NR_FOLIO_SIZES; i++)
		replay->has_folios |= source[folio_sizes[i].tunable] == REPLAY_TUNABLE_SET;
	replay->shmem_set = source[REPLAY_TUNABLE_SHMEM_ENABLED] == REPLAY_TUNABLE_SET ||
	                    source[REPLAY_TUNABLE_SHMEM_2048K] == REPLAY_TUNABLE_SET;
	replay->tmpfs_set = source[REPLAY_TUNABLE_TMPFS_HUGE] == REPLAY_TUNABLE_SET ||
	                    (replay->shmem_set && (settings.shmem.enabled == MM_SHMEM_DENY ||
	                                           settings.shmem.enabled == MM_SHMEM_FORCE));
	for (int i = 0; i < NR_FOLIO_SIZES; i++)
		replay->shmem_set |= source[folio_sizes[i].shared] == REPLAY_TUNABLE_SET;
}

uint32_t replay_folio_orders(const struct replay *replay)
{
	const struct mm_settings *settings = &replay->thp_settings;

	const struct mm_shmem_settings *shmem = &settings->shmem;

	return settings->folio_always | settings->folio_madvise | settings->folio_inherit |
	       shmem->always | shmem->within_size | shmem->advise | shmem->inherit;
}

struct mm_settings replay_machine_settings(const struct replay *replay)
{
	return settings_of(&replay->tunables);
}

/* A free range in the largest blocks that fit. */
static void seed_free_range(struct mm_machine *machine, uint64_t pfn, uint64_t end)
{
	while (pfn < end) {
		uint8_t order = 0;

		while (order < MM_MAX_ORDER && (pfn & (UINT64_C(2) << order >> 1)) == 0 &&
		       pfn + (UINT64_C(2) << order) <= end)
			order++;
		mm_seed_free_block(machine, (uint32_t)pfn, order);
		pfn += UINT64_C(1) << order;
	}
}

/* Those first that were used first, in this order; then by address. */
static int compare_uses(const void *a, const void *b)
{
	const struct replay_free_block *first = a, *second = b;
	uint32_t one = first->use - 1, other = second->use - 1; /* never: the largest */

	if (one != other)
		return one < other ? -1 : 1;
	return (first->pfn > second->pfn) - (first->pfn < second->pfn);
}

static void shuffle(struct replay_free_block *blocks, size_t nr, uint64_t seed)
{
	struct rng rng;

	base_rng_init(&rng, seed);
	for (size_t i = nr; i > 1; i--) {
		size_t other = (size_t)(base_rng_next(&rng) % i);
		struct replay_free_block block = blocks[other];

		blocks[other] = blocks[i - 1];
		blocks[i - 1] = block;
	}
}

/* The free blocks in the order in which they go to their lists; NULL: out of memory. */
static struct replay_free_block *free_blocks_in_order(const struct replay_start *start,
                                                      uint64_t seed)
{
	size_t nr = start->nr_free_blocks;
	struct replay_free_block *blocks = base_calloc(nr + 1, sizeof(*blocks));

	if (!blocks || nr == 0)
		return blocks;
	memcpy(blocks, start->free_blocks, nr * sizeof(*blocks));
	if (seed != 0)
		shuffle(blocks, nr, seed);
	else
		qsort(blocks, nr, sizeof(*blocks), compare_uses);
	return blocks;
}

static int seed_free(struct replay *replay, const struct replay_start *start, uint64_t seed,
                     const struct mm_zone_config *zones)
{
	uint32_t highest = highest_zone(zones, start->nr_zones);
	const struct mmr_zone_info *was = &start->zones[highest];
	struct replay_free_block *blocks = free_blocks_in_order(start, seed);

	if (!blocks)
		return MMR_E_NOMEM;

	for (size_t i = 0; i < start->nr_block_types && i < UINT32_MAX / MM_PAGEBLOCK_PAGES; i++) {
		uint32_t pfn = (uint32_t)i * MM_PAGEBLOCK_PAGES;

		mm_seed_block_type(replay->machine, pfn, start->block_types[i]);
		if (start->block_holes)
			mm_seed_holes(replay->machine, pfn, start->block_holes[i]);
	}
	replay_cma_seed(replay, start);
	for (size_t i = 0; i < start->nr_free_blocks; i++)
		mm_seed_free_block(replay->machine, blocks[i].pfn, blocks[i].order);
	base_free(blocks);
	if (start->nr_free_blocks == 0) {
		for (uint32_t i = 0; i < start->nr_zones; i++)
			seed_free_range(replay->machine, zones[i].start_pfn,
			                (uint64_t)zones[i].start_pfn + zones[i].managed);
	} else if (zones[highest].managed > was->managed) {
		seed_free_range(replay->machine, was->start_pfn + was->spanned,
		                (uint64_t)zones[highest].start_pfn + zones[highest].spanned);
	}
	return 0;
}

static int keep_kernel_memory(struct replay *replay, const struct replay_start *start,
                              struct mmr_error *err)
{
	if (!start->kernel)
		return 0;
	replay->kernel =
		base_calloc_err(REPLAY_MAX_NODES, sizeof(*replay->kernel), "kernel memory", err);
	if (!replay->kernel)
		return MMR_E_NOMEM;
	memcpy(replay->kernel, start->kernel, REPLAY_MAX_NODES * sizeof(*replay->kernel));
	return 0;
}

static int keep_pcps(struct replay *replay, const struct replay_start *start, struct mmr_error *err)
{
	uint32_t nr = start->nr_zones * replay->nr_cpus;

	if (start->waiting) {
		replay->waiting = base_calloc_err(replay->nr_cpus, 1, "batches", err);
		if (!replay->waiting)
			return MMR_E_NOMEM;
		memcpy(replay->waiting, start->waiting,
		       start->nr_cpus < replay->nr_cpus ? start->nr_cpus : replay->nr_cpus);
	}
	if (!start->pcps)
		return 0;
	replay->pcps = base_calloc_err(nr, sizeof(*replay->pcps), "per-CPU lists", err);
	if (!replay->pcps)
		return MMR_E_NOMEM;
	memcpy(replay->pcps, start->pcps, nr * sizeof(*replay->pcps));
	return 0;
}

static void seed_lists(struct replay *replay, const struct replay_start *start)
{
	for (size_t i = 0; i < start->nr_listed; i++)
		mm_seed_pcp_block(replay->machine, start->listed[i].cpu, start->listed[i].pfn,
		                  start->listed[i].order, start->listed[i].type);
}

int replay_machine_build(struct replay *replay, const struct replay_config *config,
                         struct mmr_error *err)
{
	const uint64_t *value = config->tunables->value;
	struct mm_zone_config zones[MM_MAX_ZONES], recorded[MM_MAX_ZONES];
	struct mm_config machine = {
		.zones = zones,
		.nr_zones = config->start->nr_zones,
		.nr_cpus = replay->nr_cpus,
		.homes = config->start->homes,
		.nr_swap_slots = (uint32_t)(value[REPLAY_TUNABLE_SWAP] >> PAGE_SHIFT),
		.settings = settings_of(config->tunables),
		.policy = policy_find(config->policy),
		.other = replay_other_policy(config),
		.hooks = replay_kthread_hooks(replay),
		.seed = config->seed,
	};
	int rc;

	machine.settings.dirty_limit = config->start->device.limit;
	if (!machine.policy)
		return base_error(err, MMR_E_INVALID, "there is no policy \"%.40s\"",
		                  config->policy);
	rc = copy_zones(config, zones, err);
	if (rc < 0)
		return rc;
	memcpy(recorded, zones, sizeof(recorded));
	if (config->tunables->source[REPLAY_TUNABLE_MEMORY] == REPLAY_TUNABLE_SET &&
	    value[REPLAY_TUNABLE_MEMORY] > 0)
		rc = resize_memory(zones, machine.nr_zones,
		                   value[REPLAY_TUNABLE_MEMORY] >> PAGE_SHIFT, err);
	if (replay_reserves(config, recorded, zones, &machine.settings)) {
		for (uint32_t i = 0; i < machine.nr_zones; i++)
			memset(zones[i].wmark, 0, sizeof(zones[i].wmark));
	}
	if (rc == 0)
		rc = mm_machine_create(&machine, &replay->machine, err);
	if (rc == 0)
		rc = keep_pcps(replay, config->start, err);
	if (rc == 0)
		rc = keep_kernel_memory(replay, config->start, err);
	if (rc == 0 && seed_free(replay, config->start, config->seed, zones) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for the free blocks");
	if (rc == 0)
		seed_lists(replay, config->start);
	return rc;
}

static void seed_kernel_memory(struct mm_machine *machine, uint32_t node,
                               const struct replay_kernel_memory *kernel)
{
	mm_seed_kmem_total(machine, node, MM_KMEM_SLAB, kernel->slab_unreclaimable);
	mm_seed_kmem_total(machine, node, MM_KMEM_SLAB_RECLAIMABLE, kernel->slab_reclaimable);
	mm_seed_kmem_total(machine, node, MM_KMEM_PAGE_TABLE, kernel->page_tables);
	mm_add_stacks(machine, node, kernel->stacks_kib / MM_STACK_KIB);
}

void replay_machine_seeded(struct replay *replay)
{
	for (uint32_t zone = 0; replay->pcps && zone < mm_nr_zones(replay->machine); zone++) {
		for (uint32_t cpu = 0; cpu < replay->nr_cpus; cpu++) {
			const struct replay_pcp *pcp = &replay->pcps[zone * replay->nr_cpus + cpu];

			mm_seed_pcp(replay->machine, zone, (uint16_t)cpu, pcp->count, pcp->high);
		}
	}
	for (uint32_t node = 0; replay->kernel && node < REPLAY_MAX_NODES; node++)
		seed_kernel_memory(replay->machine, node, &replay->kernel[node]);
	if (replay->committed_pages > 0)
		mm_seed_committed(replay->machine, replay->committed_pages);
	mm_seed_hugetlb_used(replay->machine, replay->hugetlb_used);
	mm_seed_done(replay->machine);
	for (uint32_t cpu = 0; replay->waiting && cpu < replay->nr_cpus; cpu++)
		mm_seed_waiting(replay->machine, cpu, replay->waiting[cpu]);
	mm_flush_memcg_stats(replay->machine);
	if (replay->memcg_period_ns > 0)
		replay->memcg_flush_ns = replay->now_ns + replay->memcg_period_ns -
		                         (replay->now_ns + replay->memcg_period_ns -
		                          MEMCG_BEGIN_NS % replay->memcg_period_ns) %
		                                 replay->memcg_period_ns;
	replay->seeding = false;
}
