/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the first full snapshot tells of the machine at the start.
 *
 * Free blocks and pageblock types are the shadow's, once it has reached the snapshot's last chunk: the same
 * instant from which workload/ says what is in memory. What is on per-CPU lists comes from the events that
 * follow (start_lists.c), their counts and sizes from zoneinfo, the swap devices from swaps, the tunables
 * from /proc/sys/vm, each as it was when its file was read, some milliseconds earlier.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "le.h"
#include "mm.h"
#include "reference_share.h"
#include "replay.h"
#include "shadow.h"
#include "start_ksm.h"
#include "start_survey.h"
#include "start_swap.h"
#include "start_thp.h"
#include "text_line.h"
#include "vec.h"
#include "zero_filled.h"

DEFINE_VEC(free_block_vec, struct replay_free_block);

#define SYSCTL_PREFIX  "proc/sys/vm/"
#define NODE_PREFIX    "sys/devices/system/node/node"
#define LRU_GEN_PREFIX "sys/kernel/mm/lru_gen/"

/* ---- free blocks and pageblock types ---- */

/* The end of the run of free pages that begins at pfn. */
static uint64_t free_run_end(const struct replay_shadow *shadow, uint64_t pfn, uint64_t end)
{
	while (pfn < end && replay_shadow_is_free(shadow, pfn))
		pfn++;
	return pfn;
}

/* A run of free pages in blocks: buddies always merge, so the largest aligned ones are the blocks. */
static int add_free_run(struct free_block_vec *blocks, uint64_t pfn, uint64_t end)
{
	while (pfn < end) {
		uint8_t order = 0;

		while (order < SHADOW_NR_ORDERS - 1 && (pfn & (UINT64_C(1) << order)) == 0 &&
		       pfn + (UINT64_C(2) << order) <= end)
			order++;
		if (free_block_vec_push(blocks, (struct replay_free_block){ .pfn = (uint32_t)pfn,
		                                                            .order = order }) < 0)
			return MMR_E_NOMEM;
		pfn += UINT64_C(1) << order;
	}
	return 0;
}

static int read_free_blocks(const struct replay_shadow *shadow, struct replay_start *start)
{
	struct free_block_vec blocks = { 0 };
	int code = 0;

	for (uint32_t i = 0; i < start->nr_zones; i++) {
		const struct mmr_zone_info *zone = &start->zones[i];
		uint64_t end = zone->start_pfn + zone->spanned;
		uint64_t pfn = zone->start_pfn;

		while (code == 0 && pfn < end) {
			uint64_t run_end = free_run_end(shadow, pfn, end);

			code = add_free_run(&blocks, pfn, run_end);
			pfn = run_end + 1;
		}
	}
	start->free_blocks = blocks.items;
	start->nr_free_blocks = blocks.count;
	return code;
}

/* Page frames of the zone in the pageblock at pfn of which its record knows nothing. */
static uint16_t holes_of(const struct mmr_zone_info *zone, uint64_t pfn, const uint8_t *record)
{
	uint64_t first = zone->start_pfn > pfn ? zone->start_pfn : pfn;
	uint64_t end = zone->start_pfn + zone->spanned;
	uint64_t known = (uint64_t)le16_get(record) + le16_get(record + 2) + le16_get(record + 4);

	if (end > pfn + SHADOW_PAGEBLOCK_PAGES)
		end = pfn + SHADOW_PAGEBLOCK_PAGES;
	return end > first + known ? (uint16_t)(end - first - known) : 0;
}

static int read_blocks(const struct replay_shadow *shadow, struct replay_start *start)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < start->nr_zones; i++)
		if (start->zones[i].start_pfn + start->zones[i].spanned > end)
			end = start->zones[i].start_pfn + start->zones[i].spanned;
	start->nr_block_types = (size_t)(end / SHADOW_PAGEBLOCK_PAGES + 1);
	start->block_types = base_calloc(start->nr_block_types, 1);
	start->block_holes = base_calloc(start->nr_block_types, sizeof(*start->block_holes));
	if (!start->block_types || !start->block_holes)
		return MMR_E_NOMEM;
	memset(start->block_types, SHADOW_MOVABLE, start->nr_block_types);
	for (uint32_t i = 0; i < start->nr_zones; i++) {
		uint64_t first_pfn;
		uint32_t nr = replay_shadow_pageblocks(shadow, i, &first_pfn);
		uint8_t *records = base_calloc(nr + 1u, 8);

		if (!records)
			return MMR_E_NOMEM;
		replay_shadow_pageblock_state(shadow, i, records);
		for (uint32_t block = 0; block < nr; block++) {
			uint64_t pfn = first_pfn + (uint64_t)block * SHADOW_PAGEBLOCK_PAGES;
			size_t at = (size_t)(pfn / SHADOW_PAGEBLOCK_PAGES);
			const uint8_t *record = records + (size_t)block * 8;

			start->block_types[at] = record[6];
			start->block_holes[at] =
				(uint16_t)(start->block_holes[at] +
			                   holes_of(&start->zones[i], pfn, record));
		}
		base_free(records);
	}
	return 0;
}

/* Follows the trace to the end of the first full snapshot. */
static int follow_snapshot(struct mmr_trace *trace, struct replay_shadow *shadow,
                           uint64_t *nr_events, uint64_t *start_ns, struct mmr_error *err)
{
	struct mmr_event event;
	int more = 1;

	while (!replay_shadow_ready(shadow) && (more = mmr_trace_next(trace, &event, err)) > 0) {
		replay_shadow_event(shadow, &event);
		*start_ns = event.t_ns;
		++*nr_events;
	}
	return more < 0 ? more : 0;
}

/* nr_before: events before the start. */
static int read_memory(struct mmr_trace *trace, struct replay_start *start, uint64_t *nr_before,
                       struct mmr_error *err)
{
	struct replay_shadow *shadow;
	int code;

	code = replay_shadow_create(trace, &shadow, err);
	if (code == MMR_E_NOTFOUND || code == MMR_E_UNSUPPORTED)
		return 0; /* an unfragmented machine, then; start->exact tells */
	if (code < 0)
		return code;
	code = mmr_trace_rewind(trace, err);
	if (code == 0)
		code = follow_snapshot(trace, shadow, nr_before, &start->start_ns, err);
	if (code == 0) {
		code = read_free_blocks(shadow, start);
		if (code == 0)
			code = read_blocks(shadow, start);
		if (code < 0)
			base_error(err, code, "out of memory for the free blocks at the start");
		start->exact = code == 0;
	}
	replay_shadow_destroy(shadow);
	return code;
}

/* ---- texts ---- */

static uint32_t find_zone(const struct replay_start *start, int node, const char *name)
{
	uint32_t i = 0;

	while (i < start->nr_zones &&
	       (start->zones[i].node != node || strcmp(start->zones[i].name, name) != 0))
		i++;
	return i;
}

static void read_kernel_memory(const char *line, struct replay_kernel_memory *kernel)
{
	uint32_t nr;

	if (sscanf(line, " nr_slab_reclaimable %" SCNu32, &nr) == 1)
		kernel->slab_reclaimable = nr;
	else if (sscanf(line, " nr_slab_unreclaimable %" SCNu32, &nr) == 1)
		kernel->slab_unreclaimable = nr;
	else if (sscanf(line, " nr_page_table_pages %" SCNu32, &nr) == 1)
		kernel->page_tables = nr;
	else if (sscanf(line, " nr_kernel_stack %" SCNu32, &nr) == 1)
		kernel->stacks_kib = nr;
}

static void read_pcp(const char *line, struct replay_pcp *pcp)
{
	uint32_t nr;

	if (sscanf(line, " count: %" SCNu32, &nr) == 1)
		pcp->count = nr;
	else if (sscanf(line, " high: %" SCNu32, &nr) == 1)
		pcp->high = nr;
}

/*
 * "Node 0, zone DMA32" … "cpu: 1" … "count: 233" "high: 496": the list of each CPU of each zone; and what
 * memory of each node is the kernel's own, in the stats of its first zone.
 */
static int read_zoneinfo(const struct mmr_snapshot_piece *piece, struct replay_start *start)
{
	const char *text = (const char *)piece->data;
	const char *end = text + piece->size;
	uint32_t zone = start->nr_zones, cpu = start->nr_cpus;
	int node = -1;
	char line[128];

	start->pcps =
		base_calloc((size_t)start->nr_zones * start->nr_cpus + 1, sizeof(*start->pcps));
	start->kernel = base_calloc(REPLAY_MAX_NODES, sizeof(*start->kernel));
	if (!start->pcps || !start->kernel)
		return MMR_E_NOMEM;
	while (text_line(&text, end, line, sizeof(line))) {
		char name[16];
		uint32_t number;

		if (sscanf(line, "Node %d, zone %15s", &node, name) == 2) {
			zone = find_zone(start, node, name);
			cpu = start->nr_cpus;
		} else if (sscanf(line, " cpu: %" SCNu32, &number) == 1) {
			cpu = number;
		} else if (zone < start->nr_zones && zone < REPLAY_MAX_ZONES &&
		           sscanf(line, " cma %" SCNu32, &number) == 1) {
			start->cma_pages[zone] = number;
		} else if (zone < start->nr_zones && cpu < start->nr_cpus) {
			read_pcp(line, &start->pcps[zone * start->nr_cpus + cpu]);
		} else if (node >= 0 && node < REPLAY_MAX_NODES) {
			read_kernel_memory(line, &start->kernel[node]);
		}
	}
	return 0;
}

/* "0-3,8" in node1/cpulist: the CPUs of a node. */
static int read_cpulist(const struct mmr_snapshot_piece *piece, struct replay_start *start)
{
	const char *text = (const char *)piece->data;
	const char *end = text + piece->size;
	char line[1024], file[16], *at = line;
	uint32_t node;

	if (sscanf(piece->name + strlen(NODE_PREFIX), "%" SCNu32 "/%15s", &node, file) != 2 ||
	    strcmp(file, "cpulist") != 0)
		return 0;
	if (!start->homes)
		start->homes = base_calloc(start->nr_cpus + 1u, 1);
	if (!start->homes)
		return MMR_E_NOMEM;
	if (node >= REPLAY_MAX_NODES || !text_line(&text, end, line, sizeof(line)))
		return 0;
	while (isdigit((unsigned char)*at)) {
		unsigned long first = strtoul(at, &at, 10);
		unsigned long last = *at == '-' ? strtoul(at + 1, &at, 10) : first;

		for (unsigned long cpu = first; cpu <= last && cpu < start->nr_cpus; cpu++)
			start->homes[cpu] = (uint8_t)node;
		at += *at == ',';
	}
	return 0;
}

static void read_meminfo(const struct mmr_snapshot_piece *piece, struct replay_start *start)
{
	const char *text = (const char *)piece->data;
	const char *end = text + piece->size;
	uint32_t total = 0, unused = 0;
	uint64_t kb;
	char line[128];

	while (text_line(&text, end, line, sizeof(line))) {
		if (sscanf(line, "Committed_AS: %" SCNu64, &kb) == 1 && kb < UINT64_C(1) << 40)
			start->committed_pages = kb / 4;
		sscanf(line, "HugePages_Total: %" SCNu32, &total);
		sscanf(line, "HugePages_Free: %" SCNu32, &unused);
	}
	start->hugetlb_used = total > unused ? total - unused : 0;
}

static void read_lowmem_reserve_ratio(const char *text, struct replay_tunables *tunables)
{
	static const char *const zones[] = { "DMA", "DMA32", "Normal" };
	unsigned long ratios[3];

	if (sscanf(text, "%lu %lu %lu", &ratios[0], &ratios[1], &ratios[2]) != 3)
		return;
	for (int i = 0; i < 3; i++) {
		char name[64], value[32];

		snprintf(name, sizeof(name), "vm.lowmem_reserve_ratio.%s", zones[i]);
		snprintf(value, sizeof(value), "%lu", ratios[i]);
		replay_tunable_record(tunables, name, value);
	}
}

static void read_sysctl(const struct mmr_snapshot_piece *piece, struct replay_tunables *tunables)
{
	const char *text = (const char *)piece->data;
	char name[96], value[64];

	snprintf(name, sizeof(name), "vm.%s", piece->name + strlen(SYSCTL_PREFIX));
	if (!text_line(&text, text + piece->size, value, sizeof(value)))
		return;
	if (strcmp(name, "vm.lowmem_reserve_ratio") == 0)
		read_lowmem_reserve_ratio(value, tunables);
	else
		replay_tunable_record(tunables, name, value);
}

/* enabled is in hexadecimal; off means that the kernel followed another policy. */
static void read_lru_gen(const struct mmr_snapshot_piece *piece, struct replay_start *start,
                         struct replay_tunables *tunables)
{
	const char *text = (const char *)piece->data;
	const char *file = piece->name + strlen(LRU_GEN_PREFIX);
	char name[64], value[32];
	unsigned long number;
	char *end;

	if (!text_line(&text, text + piece->size, value, sizeof(value)))
		return;
	number = strtoul(value, &end, 0);
	if (end == value || (strcmp(file, "enabled") == 0 && !(number & 1)))
		return;
	start->mglru |= strcmp(file, "enabled") == 0;
	snprintf(name, sizeof(name), "lru_gen.%.32s", file);
	snprintf(value, sizeof(value), "%lu", number);
	replay_tunable_record(tunables, name, value);
}

/* 2 * HZ from a timer's expiry on: the wheel expires those that are 63 or 511 ticks away at every 8th or 64th only. */
static uint64_t memcg_flush_ticks(uint64_t hz)
{
	uint64_t ticks = 2 * hz;
	uint32_t shift = 0;

	while (ticks >> shift >= 63)
		shift += 3;
	return ((ticks >> shift) + (shift > 0)) << shift;
}

static void read_config(const struct mmr_snapshot_piece *piece, struct replay_tunables *tunables)
{
	const char *text = (const char *)piece->data;
	const char *end = text + piece->size;
	uint64_t hz = 0, period_ns = 0;
	bool memcg = false, throttled = false;
	char line[128], value[32];

	while (text_line(&text, end, line, sizeof(line))) {
		if (strcmp(line, "CONFIG_MEMCG=y") == 0)
			memcg = true;
		else if (strcmp(line, "CONFIG_BLK_WBT_MQ=y") == 0)
			throttled = true;
		else if (strcmp(line, "CONFIG_READ_ONLY_THP_FOR_FS=y") == 0)
			replay_tunable_record(tunables, "thp.read_only_thp_for_fs", "1");
		else if (strncmp(line, "CONFIG_HZ=", 10) == 0)
			hz = strtoul(line + 10, NULL, 10);
	}
	if (hz == 0 || hz > 10000)
		return;
	snprintf(value, sizeof(value), "%" PRIu64, hz);
	replay_tunable_record(tunables, "hz", value);
	/* Otherwise as many as its 256 requests hold. */
	if (!throttled)
		replay_tunable_record(tunables, "cost.file_queue", "4096");
	if (memcg)
		period_ns = memcg_flush_ticks(hz) * UINT64_C(1000000000) / hz;
	snprintf(value, sizeof(value), "%" PRIu64, period_ns);
	replay_tunable_record(tunables, "memcg.flush", value);
}

/* "flags : fpu vme ... pcid ..." of x86's first CPU. */
static void read_cpuinfo(const struct mmr_snapshot_piece *piece, struct replay_tunables *tunables)
{
	const char *text = (const char *)piece->data, *end = text + piece->size;
	const char *line = memmem(text, piece->size, "\nflags", 6), *stop;

	if (!line)
		return;
	stop = memchr(line + 1, '\n', (size_t)(end - line) - 1);
	stop = stop ? stop : end;
	replay_tunable_record(tunables, "tlb.pcid",
	                      memmem(line, (size_t)(stop - line), " pcid", 5) ? "1" : "0");
}

static int read_files(const struct mmr_snapshot *snapshot, struct replay_start *start,
                      struct replay_tunables *tunables, struct mmr_error *err)
{
	struct mmr_snapshot_piece piece;

	start->zram = replay_start_swap(snapshot, tunables);
	replay_start_ksm(snapshot, tunables);
	replay_start_thp(snapshot, start, tunables);
	for (uint32_t i = 0; mmr_snapshot_piece(snapshot, i, &piece); i++) {
		if (strncmp(piece.name, SYSCTL_PREFIX, strlen(SYSCTL_PREFIX)) == 0)
			read_sysctl(&piece, tunables);
		else if (strncmp(piece.name, LRU_GEN_PREFIX, strlen(LRU_GEN_PREFIX)) == 0)
			read_lru_gen(&piece, start, tunables);
		else if (strcmp(piece.name, "proc/meminfo") == 0)
			read_meminfo(&piece, start);
		else if (strcmp(piece.name, "proc/cpuinfo") == 0)
			read_cpuinfo(&piece, tunables);
		else if (strcmp(piece.name, "proc/config") == 0)
			read_config(&piece, tunables);
		else if (strcmp(piece.name, "proc/zoneinfo") == 0 && !start->pcps &&
		         read_zoneinfo(&piece, start) < 0)
			return base_error(err, MMR_E_NOMEM, "out of memory for zoneinfo");
		else if (strncmp(piece.name, NODE_PREFIX, strlen(NODE_PREFIX)) == 0 &&
		         read_cpulist(&piece, start) < 0)
			return base_error(err, MMR_E_NOMEM, "out of memory for the CPUs");
	}
	return 0;
}

/* The first full snapshot that can be read; none is fine. */
static int read_snapshot(struct mmr_trace *trace, struct replay_start *start,
                         struct replay_tunables *tunables, struct mmr_error *err)
{
	const struct mmr_snapshot_info *info;

	for (uint32_t i = 0; (info = mmr_trace_snapshot_info(trace, i)); i++) {
		struct mmr_snapshot *snapshot;
		int code;

		if (info->kind != MMR_SNAPSHOT_FULL)
			continue;
		code = mmr_trace_snapshot(trace, i, &snapshot, err);
		if (code == MMR_E_CORRUPT)
			continue;
		if (code < 0)
			return code;
		code = read_files(snapshot, start, tunables, err);
		mmr_snapshot_free(snapshot);
		return code;
	}
	return 0;
}

int replay_start_open(struct mmr_trace *trace, struct replay_start *start,
                      struct replay_tunables *tunables, struct replay_survey **ret,
                      struct mmr_error *err)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	uint64_t nr_before = 0;
	int code;

	/* In place: it is too large for the stack. */
	memset(start, 0, sizeof(*start));
	start->zones = mmr_trace_zone(trace, 0);
	start->nr_zones = info->nr_zones;
	start->nr_cpus = info->nr_cpus;
	start->start_ns = info->first_ns;
	replay_tunable_record(tunables, "kernel", info->kernel_release);
	code = read_memory(trace, start, &nr_before, err);
	if (code == 0)
		code = read_snapshot(trace, start, tunables, err);
	if (code == 0)
		code = replay_survey_create(trace, start, nr_before, ret, err);
	if (code == 0 && replay_ksm_is_used(tunables)) {
		code = replay_survey_ksm(*ret, trace, err);
		if (code < 0)
			replay_survey_destroy(*ret);
	}
	if (code < 0)
		replay_start_deinit(start);
	return code;
}

int replay_start_close(struct mmr_trace *trace, struct replay_start *start,
                       struct replay_tunables *tunables, struct replay_survey *survey,
                       struct mmr_error *err)
{
	int code = replay_survey_finish(survey, tunables, err);

	/* What MGLRU did before 6.2 (and what a recording without the events knows) is in the counters only. */
	if (code == 0 && start->mglru && !replay_reference_known(&start->reference))
		code = replay_reference_snapshots(trace, &start->reference, err);
	if (code == 0)
		code = replay_zero_filled(trace, tunables, err);
	if (code == 0)
		code = mmr_trace_rewind(trace, err);
	return code;
}

static int read_events(struct mmr_trace *trace, struct replay_survey *survey, struct mmr_error *err)
{
	struct mmr_event event;
	int more = 1, code = mmr_trace_rewind(trace, err);

	while (code == 0 && (more = mmr_trace_next(trace, &event, err)) > 0)
		code = replay_survey_event(survey, &event, err);
	return code < 0 ? code : more;
}

int replay_start_read(struct mmr_trace *trace, struct replay_start *start,
                      struct replay_tunables *tunables, struct mmr_error *err)
{
	struct replay_survey *survey;
	int code = replay_start_open(trace, start, tunables, &survey, err);

	if (code < 0)
		return code;
	if (replay_survey_asks(survey))
		code = read_events(trace, survey, err);
	if (code == 0)
		code = replay_start_close(trace, start, tunables, survey, err);
	replay_survey_destroy(survey);
	if (code < 0)
		replay_start_deinit(start);
	return code;
}

void replay_start_deinit(struct replay_start *start)
{
	base_free(start->homes);
	base_free(start->free_blocks);
	base_free(start->block_types);
	base_free(start->block_holes);
	base_free(start->kernel);
	base_free(start->pcps);
	base_free(start->looks);
	base_free(start->listed);
	base_free(start->waiting);
	base_free(start->bulk_takes);
	base_free(start->tmpfs_places);
	base_free(start->direct_pauses);
	base_free(start->kswapd_pace);
	replay_wake_vec_deinit(&start->kswapd_wakes);
	replay_kswapd_cpus_destroy(start->kswapd_cpus);
	replay_swap_device_destroy(start->swap_device);
	memset(start, 0, sizeof(*start));
}
