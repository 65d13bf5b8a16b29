/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dropping caches: what a write to /proc/sys/vm/drop_caches frees.
 *
 * 1: every page of a file that is clean, in no page table and not being written; it leaves no shadow, so that it
 * is read again without being a refault, and what reclaim remembered of pages of files that it took before is
 * forgotten with them, whether drop_pagecache_sb() finds an entry or evict_inode() ends them all. 2: what
 * shrinkers can free at the highest pressure, again while that is worth it. 3: both.
 *
 * Follows drop_pagecache_sb(), mapping_try_invalidate(), mapping_evict_folio(), drop_slab() of v6.12.
 *
 * What cannot go is deactivated: dirty pages and those of tmpfs.
 *
 * Not modelled: the order by super block and inode.
 */
#include "internal.h"

static bool can_drop(const struct mm_page *page)
{
	return page->state == MM_PAGE_USED && (page->flags & MM_PG_LRU) &&
	       !(page->flags & (MM_PG_ANON | MM_PG_SHMEM | MM_PG_DIRTY | MM_PG_UNEVICTABLE)) &&
	       (page->flags & MM_PG_UNMAPPED) && !mm_is_writeback(page);
}

/* deactivate_file_folio() of what is in a page cache; of mapped pages nothing comes. */
static bool can_deactivate(const struct mm_page *page)
{
	return page->state == MM_PAGE_USED && (page->flags & MM_PG_LRU) &&
	       !(page->flags & (MM_PG_ANON | MM_PG_UNEVICTABLE)) && (page->flags & MM_PG_UNMAPPED);
}

static void drop_pages(struct mm_machine *machine, uint16_t cpu)
{
	uint32_t step;

	for (uint32_t pfn = 0; pfn < machine->nr_pfns; pfn += step) {
		const struct mm_page *page = &machine->pages[pfn];

		step = page->state == MM_PAGE_USED ? mm_block_pages(page->order) : 1;
		if (!can_drop(page)) {
			if (can_deactivate(page))
				mm_folio_batch_add(machine, MM_BATCH_DEACTIVATE_FILE, pfn);
			continue;
		}
		mm_lru_remove_page(machine, pfn);
		mm_release_page(machine, cpu, pfn);
	}
}

/* Objects freed. */
static uint64_t shrink_all(struct mm_machine *machine, uint16_t cpu)
{
	struct mm_scan_control sc = { .gfp_flags = MM_GFP_KERNEL, .cpu = cpu };
	uint64_t freed = 0, nr_pages;

	for (uint32_t i = 0; i < machine->slab.nr_shrinkers; i++) {
		freed += mm_do_shrink_slab(machine, &machine->slab.shrinkers[i], &sc, &nr_pages);
		if (nr_pages > 0)
			mm_free_slab_pages(machine, cpu, nr_pages);
	}
	return freed;
}

static void drop_slab(struct mm_machine *machine, uint16_t cpu)
{
	for (uint32_t shift = 0; shift < 64; shift++)
		if (shrink_all(machine, cpu) >> shift <= 1)
			break;
}

void mm_drop_caches(struct mm_machine *machine, uint16_t cpu, uint32_t what)
{
	if (what & MM_DROP_PAGECACHE) {
		mm_count(machine, MM_DROP_PAGECACHES, 1);
		machine->current.cpu = (uint16_t)(cpu % machine->nr_cpus);
		mm_lru_add_drain_all(machine);
		drop_pages(machine, cpu);
		mm_workingset_forget_files(machine);
	}
	if (what & MM_DROP_SLAB) {
		mm_count(machine, MM_DROP_SLABS, 1);
		drop_slab(machine, cpu);
	}
}
