/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a machine: counters by the kernel's names, free lists, pageblocks.
 *
 * Follows vmstat_start(), frag_show_print(), pagetypeinfo_show_free_print() of v6.12 in what the numbers
 * mean.
 *
 * Not modelled: active lists are the policy's own business, so all that it can reach counts as inactive.
 */
#include "internal.h"

static const char *const item_names[MM_NR_VMSTAT_ITEMS] = {
#define GAUGE(id, name)   [MM_##id] = (name),
#define COUNTER(id, name) [MM_##id] = (name),
#include "vmstat_items.def"
#undef GAUGE
#undef COUNTER
};

static const bool item_is_gauge[MM_NR_VMSTAT_ITEMS] = {
#define GAUGE(id, name)   [MM_##id] = true,
#define COUNTER(id, name) [MM_##id] = false,
#include "vmstat_items.def"
#undef GAUGE
#undef COUNTER
};

const char *mm_vmstat_name(uint32_t i)
{
	return i < MM_NR_VMSTAT_ITEMS ? item_names[i] : NULL;
}

static uint64_t lru_pages(const struct mm_machine *machine, enum mm_lru_type type)
{
	uint64_t pages = 0;

	for (uint32_t n = 0; n < machine->nr_nodes; n++)
		pages += machine->nodes[n].nr_lru[type];
	return pages;
}

static uint64_t active_pages(const struct mm_machine *machine, enum mm_lru_type type)
{
	uint64_t pages = 0;

	for (uint32_t n = 0; machine->policy && machine->policy->nr_active && n < machine->nr_nodes;
	     n++)
		pages += machine->policy->nr_active(&machine->nodes[n], type);
	return pages;
}

static uint64_t free_pages(const struct mm_machine *machine)
{
	int64_t pages = 0;

	for (uint32_t i = 0; i < machine->nr_zones; i++)
		pages += machine->zones[i].free_pages;
	return pages > 0 ? (uint64_t)pages : 0;
}

static uint64_t gauge(const struct mm_machine *machine, uint32_t i)
{
	switch (i) {
	case MM_NR_FREE_PAGES:
		return free_pages(machine);
	case MM_NR_INACTIVE_ANON:
		return lru_pages(machine, MM_LRU_ANON) - active_pages(machine, MM_LRU_ANON);
	case MM_NR_ACTIVE_ANON:
		return active_pages(machine, MM_LRU_ANON);
	case MM_NR_INACTIVE_FILE:
		return lru_pages(machine, MM_LRU_FILE) - active_pages(machine, MM_LRU_FILE);
	case MM_NR_ACTIVE_FILE:
		return active_pages(machine, MM_LRU_FILE);
	case MM_NR_UNEVICTABLE:
		return machine->nr_unevictable;
	case MM_NR_ANON_PAGES:
		return machine->nr_anon;
	case MM_NR_ANON_THPS:
		return machine->nr_anon_huge;
	case MM_NR_FILE_PAGES:
		return machine->nr_file + machine->nr_shmem + machine->nr_swapcached;
	case MM_NR_DIRTY:
		return machine->nr_dirty;
	case MM_NR_WRITEBACK:
		return machine->nr_writeback;
	case MM_NR_SHMEM_THPS:
		return machine->huge.nr_shmem;
	case MM_NR_SHMEM_PMDMAPPED:
		return machine->huge.nr_shmem_mapped;
	case MM_NR_FILE_THPS:
		return machine->huge.nr_file;
	case MM_NR_FILE_PMDMAPPED:
		return machine->huge.nr_file_mapped;
	case MM_NR_SHMEM:
		return machine->nr_shmem;
	case MM_NR_SWAPCACHED:
		return machine->nr_swapcached;
	case MM_NR_SLAB_RECLAIMABLE:
		return mm_kmem_pages(machine, MM_NONE, MM_KMEM_SLAB_RECLAIMABLE);
	case MM_NR_SLAB_UNRECLAIMABLE:
		return mm_kmem_pages(machine, MM_NONE, MM_KMEM_SLAB);
	case MM_NR_PAGETABLE:
		return mm_kmem_pages(machine, MM_NONE, MM_KMEM_PAGE_TABLE);
	case MM_NR_KERNEL_STACK_KB:
		return mm_kmem_stacks(machine, MM_NONE) * MM_STACK_KIB;
	default:
		return 0;
	}
}

uint64_t mm_vmstat_value(const struct mm_machine *machine, uint32_t i)
{
	if (i >= MM_NR_VMSTAT_ITEMS)
		return 0;
	return item_is_gauge[i] ? gauge(machine, i) : machine->counters[i];
}

bool mm_vmstat_find(const struct mm_machine *machine, const char *name, uint64_t *value)
{
	for (uint32_t i = 0; i < MM_NR_VMSTAT_ITEMS; i++) {
		if (strcmp(item_names[i], name) == 0) {
			*value = mm_vmstat_value(machine, i);
			return true;
		}
	}
	return false;
}

uint32_t mm_nr_zones(const struct mm_machine *machine)
{
	return machine->nr_zones;
}

uint32_t mm_nr_nodes(const struct mm_machine *machine)
{
	return machine->nr_nodes;
}

const struct mm_zone *mm_zone_at(const struct mm_machine *machine, uint32_t i)
{
	return i < machine->nr_zones ? &machine->zones[i] : NULL;
}

uint32_t mm_free_blocks(const struct mm_machine *machine, uint32_t zone, uint32_t order,
                        uint32_t migratetype)
{
	if (zone >= machine->nr_zones || order >= MM_NR_ORDERS || migratetype >= MM_NR_MIGRATETYPES)
		return 0;
	return machine->zones[zone].free_area[order].lists[migratetype].count;
}

const char *mm_migratetype_name(uint32_t migratetype)
{
	static const char *const names[MM_NR_MIGRATETYPES] = {
		[MM_UNMOVABLE] = "Unmovable",
		[MM_MOVABLE] = "Movable",
		[MM_RECLAIMABLE] = "Reclaimable",
		[MM_HIGHATOMIC] = "HighAtomic",
		[MM_CMA] = "CMA",
		[MM_ISOLATE] = "Isolate",
	};

	return migratetype < MM_NR_MIGRATETYPES ? names[migratetype] : "";
}

uint64_t mm_pcp_pages(const struct mm_machine *machine, uint32_t zone)
{
	uint64_t pages = 0;

	for (uint32_t cpu = 0; zone < machine->nr_zones && cpu < machine->nr_cpus; cpu++)
		pages += (uint64_t)machine->zones[zone].pcp[cpu].count;
	return pages;
}

struct mm_swap_usage mm_swap_usage(const struct mm_machine *machine)
{
	return (struct mm_swap_usage){ machine->swap.nr_slots, machine->swap.nr_used };
}

uint64_t mm_nr_extfrag(const struct mm_machine *machine)
{
	return machine->nr_extfrag;
}

/* ---- pageblocks ---- */

uint32_t mm_first_pageblock_pfn(const struct mm_machine *machine, uint32_t zone)
{
	return zone < machine->nr_zones ? machine->zones[zone].start_pfn & ~(MM_PAGEBLOCK_PAGES - 1)
	                                : 0;
}

uint32_t mm_nr_pageblocks(const struct mm_machine *machine, uint32_t i)
{
	const struct mm_zone *zone = mm_zone_at(machine, i);
	uint32_t first = mm_first_pageblock_pfn(machine, i);

	if (!zone || zone->spanned == 0)
		return 0;
	return (zone->start_pfn + zone->spanned - first + MM_PAGEBLOCK_PAGES - 1) /
	       MM_PAGEBLOCK_PAGES;
}

size_t mm_show_policy(const struct mm_machine *machine, bool full, char *text, size_t size)
{
	size_t used = 0;

	if (size > 0)
		text[0] = '\0';
	for (uint32_t n = 0; machine->policy && machine->policy->show && n < machine->nr_nodes;
	     n++) {
		bool room = used < size;

		used += machine->policy->show(&machine->nodes[n], full, room ? text + used : NULL,
		                              room ? size - used : 0);
	}
	return used;
}
