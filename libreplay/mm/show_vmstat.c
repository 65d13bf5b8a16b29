/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/vmstat and /proc/meminfo.
 *
 * Meminfo is what can be derived from the machine's counts, in KiB. Memory that might be had without
 * swapping is what is free above the reserves, and the page cache and the reclaimable slabs but for half of each
 * or a low watermark.
 *
 * Follows vmstat_show(), meminfo_proc_show(), si_mem_available(), calculate_totalreserve_pages() of v6.12.
 *
 * Not modelled: block devices' own cache (Buffers; it counts as Cached), which file pages are mapped, vmalloc
 * and per-CPU memory.
 */
#include "internal.h"

#include "show_text.h"
#include "show_views.h"

#define PAGE_KIB        4
#define HUGE_PAGE_KIB   2048
#define MEMINFO_NAME    16 /* columns of the name … */
#define MEMINFO_NUMBERS 24 /* … and where the numbers end */

static void count_items(const struct mm_machine *machine, struct mm_zone_items *sum)
{
	*sum = (struct mm_zone_items){ 0 };
	for (uint32_t i = 0; i < machine->nr_zones; i++) {
		struct mm_zone_items items;

		mm_count_zone_items(machine, i, &items);
		mm_add_zone_items(sum, &items);
	}
}

static uint64_t vmstat_value(const struct mm_machine *machine, const struct mm_zone_items *items,
                             const struct mm_model_line *line)
{
	uint64_t value;

	for (uint32_t i = 0; i < MM_NR_VMSTAT_ITEMS; i++)
		if (mm_name_is(line->name, line->name_length, mm_vmstat_name(i)))
			return mm_vmstat_value(machine, i);
	if (mm_zone_item_find(items, line->name, line->name_length, &value) ||
	    mm_node_item_find(items, line->name, line->name_length, &value))
		return value;
	return 0;
}

size_t mm_show_vmstat(const struct mm_machine *machine, const char *model, char *at, size_t size)
{
	struct mm_text text = mm_text_begin(at, size);
	struct mm_zone_items items;
	struct mm_model_line line;

	count_items(machine, &items);
	while (mm_model_next(&model, &line)) {
		if (line.prefix_length == line.length)
			continue;
		mm_text_put_part(&text, line.text, line.prefix_length);
		mm_text_put_number(&text, 0, vmstat_value(machine, &items, &line));
		mm_text_put(&text, "\n");
	}
	return mm_text_end(&text);
}

/* ---- meminfo ---- */

static uint64_t sum_managed(const struct mm_machine *machine)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < machine->nr_zones; i++)
		pages += machine->zones[i].managed;
	return pages;
}

/* What no allocation of a user's may take, and the low watermarks. */
static uint64_t sum_reserves(const struct mm_machine *machine, uint64_t *wmark_low)
{
	uint64_t pages = 0;

	*wmark_low = 0;
	for (uint32_t i = 0; i < machine->nr_zones; i++) {
		const struct mm_zone *zone = &machine->zones[i];
		uint64_t most = 0;

		for (uint32_t type = zone->type; type < MM_NR_ZONE_TYPES; type++)
			if (zone->reserve[type] > most)
				most = zone->reserve[type];
		most += mm_wmark_pages(zone, MM_WMARK_HIGH);
		pages += most < zone->managed ? most : zone->managed;
		*wmark_low += zone->wmark[MM_WMARK_LOW];
	}
	return pages;
}

static uint64_t available(const struct mm_machine *machine, const struct mm_zone_items *items)
{
	uint64_t cache = items->active[MM_LRU_FILE] + items->inactive[MM_LRU_FILE];
	uint64_t slab = mm_kmem_pages(machine, MM_NONE, MM_KMEM_SLAB_RECLAIMABLE);
	uint64_t wmark_low, reserves = sum_reserves(machine, &wmark_low);
	uint64_t kept = cache / 2 < wmark_low ? cache / 2 : wmark_low;
	uint64_t kept_slab = slab / 2 < wmark_low ? slab / 2 : wmark_low;
	uint64_t pages = items->free + cache - kept + slab - kept_slab;

	return pages > reserves ? pages - reserves : 0;
}

/* Lines that are numbers of huge pages. */
static bool hugetlb_number(const struct mm_machine *machine, const struct mm_model_line *line,
                           uint64_t *value)
{
	const struct mm_hugetlb_stat stat = mm_hugetlb_stat(machine);
	const struct {
		const char *name;
		uint32_t nr;
	} known[] = {
		{ "HugePages_Total", stat.nr_total },
		{ "HugePages_Free", stat.nr_free },
		{ "HugePages_Surp", stat.nr_surplus },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!mm_name_is(line->name, line->name_length, known[i].name))
			continue;
		*value = known[i].nr;
		return true;
	}
	return false;
}

static uint64_t meminfo_kib(const struct mm_machine *machine, const struct mm_zone_items *items,
                            const struct mm_model_line *line)
{
	const uint64_t *inactive = items->inactive, *active = items->active;
	uint64_t slab = mm_kmem_pages(machine, MM_NONE, MM_KMEM_SLAB);
	uint64_t reclaimable = mm_kmem_pages(machine, MM_NONE, MM_KMEM_SLAB_RECLAIMABLE);
	const struct {
		const char *name;
		uint64_t pages;
	} known[] = {
		{ "MemTotal", sum_managed(machine) },
		{ "MemFree", items->free },
		{ "MemAvailable", available(machine, items) },
		{ "Cached", items->file - items->swapcached },
		{ "SwapCached", items->swapcached },
		{ "Active", active[MM_LRU_ANON] + active[MM_LRU_FILE] },
		{ "Inactive", inactive[MM_LRU_ANON] + inactive[MM_LRU_FILE] },
		{ "Active(anon)", active[MM_LRU_ANON] },
		{ "Inactive(anon)", inactive[MM_LRU_ANON] },
		{ "Active(file)", active[MM_LRU_FILE] },
		{ "Inactive(file)", inactive[MM_LRU_FILE] },
		{ "Unevictable", items->unevictable },
		{ "Mlocked", items->unevictable },
		{ "SwapTotal", machine->swap.nr_slots },
		{ "SwapFree", machine->swap.nr_slots - machine->swap.nr_used },
		{ "Dirty", items->dirty },
		{ "Writeback", items->writeback },
		{ "AnonPages", items->anon },
		{ "Shmem", items->shmem },
		{ "KReclaimable", reclaimable },
		{ "Slab", slab + reclaimable },
		{ "SReclaimable", reclaimable },
		{ "SUnreclaim", slab },
		{ "KernelStack", mm_kmem_stacks(machine, MM_NONE) * MM_STACK_KIB / PAGE_KIB },
		{ "PageTables", mm_kmem_pages(machine, MM_NONE, MM_KMEM_PAGE_TABLE) },
		{ "CommitLimit", mm_commit_limit(machine) },
		{ "Committed_AS", mm_committed(machine) },
		{ "AnonHugePages", items->anon_huge * MM_PAGEBLOCK_PAGES },
		{ "CmaFree", items->free_cma },
		{ "Hugepagesize", HUGE_PAGE_KIB / PAGE_KIB },
		{ "Hugetlb", mm_hugetlb_pages(machine) },
	};
	uint64_t number;

	if (hugetlb_number(machine, line, &number))
		return number;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (mm_name_is(line->name, line->name_length, known[i].name))
			return known[i].pages * PAGE_KIB;
	return 0;
}

/* Longer names than the column have room for take it from the number. */
static void put_meminfo(struct mm_text *text, const struct mm_model_line *line, uint64_t value)
{
	const char *unit = line->text + line->length - 3;
	size_t prefix = line->name_length + 1;

	mm_text_put_part(text, line->name, line->name_length);
	mm_text_put(text, ":");
	for (; prefix < MEMINFO_NAME; prefix++)
		mm_text_put(text, " ");
	if (line->name_length >= MEMINFO_NAME) {
		mm_text_put(text, " ");
		prefix++;
	}
	mm_text_put_number(text, prefix < MEMINFO_NUMBERS ? MEMINFO_NUMBERS - prefix : 0, value);
	mm_text_put(text, line->length > 3 && memcmp(unit, " kB", 3) == 0 ? " kB\n" : "\n");
}

size_t mm_show_meminfo(const struct mm_machine *machine, const char *model, char *at, size_t size)
{
	struct mm_text text = mm_text_begin(at, size);
	struct mm_zone_items items;
	struct mm_model_line line;

	count_items(machine, &items);
	while (mm_model_next(&model, &line)) {
		if (line.prefix_length < line.length)
			put_meminfo(&text, &line, meminfo_kib(machine, &items, &line));
	}
	return mm_text_end(&text);
}
