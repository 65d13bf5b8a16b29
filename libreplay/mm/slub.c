/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel memory: what its pages are for, and which of them go when shrinkers have freed objects.
 *
 * Each logical page of the kernel's is a slab, reclaimable or not, a page table, or something else; nodes
 * count their base pages. The pages of stacks come from an allocator that leaves no event and says nothing of
 * them, so that stacks are a number. What the recorded kernel counted at the start beyond the pages that are known stays as it was.
 *
 * A slab goes when its last object does, and which object lies in which slab is known to the recorded kernel
 * alone. So the pages that its shrinkers made free are the first to go here too (mm_detach_slab()), as many as
 * ours are worth; beyond them any reclaimable ones, in turn, each in place of one that will be freed later.
 *
 * Follows account_slab(), unaccount_slab(), __free_slab(), __pagetable_ctor(), account_kernel_stack() of v6.12
 * in what counts as what.
 *
 * Not modelled: objects; partial and per-CPU slabs; on which node a stack is (the first).
 */
#include "internal.h"

#include "show_views.h"

static void count(struct mm_machine *machine, uint32_t pfn, enum mm_kmem_kind kind, int64_t nr)
{
	mm_page_node(machine, pfn)->kmem[kind] += nr;
	if (kind == MM_KMEM_SLAB_RECLAIMABLE)
		machine->slab.nr_pages += (uint64_t)nr;
}

void mm_kmem_added(struct mm_machine *machine, uint32_t number, enum mm_kmem_kind kind)
{
	struct mm_lpage *lpage = mm_lpage(machine, number);

	lpage->kmem = (uint8_t)kind;
	count(machine, lpage->pfn, kind, mm_block_pages(lpage->order));
}

void mm_kmem_removed(struct mm_machine *machine, uint32_t number)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);

	if (lpage->kind != MM_LPAGE_KERNEL || lpage->pfn == MM_NONE)
		return;
	count(machine, lpage->pfn, (enum mm_kmem_kind)lpage->kmem,
	      -(int64_t)mm_block_pages(lpage->order));
}

enum mm_kmem_kind mm_kmem_kind(uint32_t gfp_flags, uint32_t touch_flags)
{
	if (gfp_flags & MM_GFP_RECLAIMABLE)
		return MM_KMEM_SLAB_RECLAIMABLE;
	if (touch_flags & MM_TOUCH_SLAB)
		return MM_KMEM_SLAB;
	if (touch_flags & MM_TOUCH_HUGETLB)
		return MM_KMEM_HUGETLB;
	if (touch_flags & MM_TOUCH_HUGETLB_USED)
		return MM_KMEM_HUGETLB_USED;
	return touch_flags & MM_TOUCH_TABLE ? MM_KMEM_PAGE_TABLE : MM_KMEM_OTHER;
}

void mm_seed_kmem(struct mm_machine *machine, uint32_t number, uint32_t flags)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);
	uint32_t gfp_flags = 0;

	if (lpage->kind != MM_LPAGE_KERNEL)
		return;
	if ((flags & MM_TOUCH_SLAB) && mm_block_type(machine, lpage->pfn) == MM_RECLAIMABLE)
		gfp_flags = MM_GFP_RECLAIMABLE;
	mm_kmem_removed(machine, number);
	mm_kmem_added(machine, number, mm_kmem_kind(gfp_flags, flags));
}

void mm_seed_kmem_total(struct mm_machine *machine, uint32_t node, enum mm_kmem_kind kind,
                        uint64_t nr_pages)
{
	if (node < machine->nr_nodes && nr_pages < MM_MAX_LPAGES)
		machine->nodes[node].kmem_before[kind] =
			(int64_t)nr_pages - machine->nodes[node].kmem[kind];
}

void mm_add_stacks(struct mm_machine *machine, uint32_t node, int64_t nr)
{
	if (node < machine->nr_nodes)
		machine->nodes[node].nr_stacks += nr;
}

/* What was freed of the unknown cannot make it negative. */
uint64_t mm_kmem_pages(const struct mm_machine *machine, uint32_t node, enum mm_kmem_kind kind)
{
	int64_t pages = 0;

	for (uint32_t n = 0; n < machine->nr_nodes; n++)
		if (node == MM_NONE || node == n)
			pages += machine->nodes[n].kmem[kind] + machine->nodes[n].kmem_before[kind];
	return pages > 0 ? (uint64_t)pages : 0;
}

uint64_t mm_kmem_stacks(const struct mm_machine *machine, uint32_t node)
{
	int64_t nr = 0;

	for (uint32_t n = 0; n < machine->nr_nodes; n++)
		if (node == MM_NONE || node == n)
			nr += machine->nodes[n].nr_stacks;
	return nr > 0 ? (uint64_t)nr : 0;
}

bool mm_kmem_find(const struct mm_machine *machine, uint32_t node, const char *name, size_t length,
                  uint64_t *value)
{
	static const struct {
		const char *name;
		enum mm_kmem_kind kind;
	} items[] = {
		{ "nr_slab_reclaimable", MM_KMEM_SLAB_RECLAIMABLE },
		{ "nr_slab_unreclaimable", MM_KMEM_SLAB },
		{ "nr_page_table_pages", MM_KMEM_PAGE_TABLE },
	};

	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		if (!mm_name_is(name, length, items[i].name))
			continue;
		*value = mm_kmem_pages(machine, node, items[i].kind);
		return true;
	}
	if (!mm_name_is(name, length, "nr_kernel_stack"))
		return false;
	*value = mm_kmem_stacks(machine, node) * MM_STACK_KIB;
	return true;
}

/* ---- which slabs go ---- */

static uint32_t free_detached(struct mm_machine *machine, uint16_t cpu)
{
	uint32_t pfn = machine->slab.detached.head;
	uint32_t nr = mm_block_pages(machine->pages[pfn].order);

	mm_list_del(machine, &machine->slab.detached, pfn);
	count(machine, pfn, MM_KMEM_SLAB_RECLAIMABLE, -(int64_t)nr);
	mm_free_pages(machine, cpu, pfn);
	return nr;
}

/* The next slab page from where the last search ended. */
static uint32_t free_any(struct mm_machine *machine, uint16_t cpu)
{
	for (uint32_t i = 0; i < machine->nr_lpages; i++) {
		uint32_t number = machine->slab.cursor;
		const struct mm_lpage *lpage = &machine->lpages[number];
		uint32_t nr = mm_block_pages(lpage->order);

		machine->slab.cursor = number + 1 < machine->nr_lpages ? number + 1 : 0;
		if (lpage->kind != MM_LPAGE_KERNEL || lpage->kmem != MM_KMEM_SLAB_RECLAIMABLE)
			continue;
		mm_free_lpage(machine, cpu, number);
		machine->slab.nr_ahead += nr;
		return nr;
	}
	return 0;
}

uint32_t mm_free_slab_pages(struct mm_machine *machine, uint16_t cpu, uint64_t want)
{
	uint32_t nr = 0;

	while (nr < want && machine->slab.nr_pages > 0) {
		uint32_t got = machine->slab.detached.count > 0 ? free_detached(machine, cpu)
		                                                : free_any(machine, cpu);

		if (got == 0)
			break;
		nr += got;
	}
	machine->slab.nr_freed += nr;
	return nr;
}

bool mm_detach_slab(struct mm_machine *machine, uint16_t cpu, uint32_t number)
{
	struct mm_lpage *lpage = mm_lpage(machine, number);
	uint32_t pfn = lpage->pfn;
	uint32_t nr = mm_block_pages(lpage->order);

	if (lpage->kind != MM_LPAGE_KERNEL || pfn == MM_NONE)
		return false;
	/* Another was freed in its place before. */
	if (machine->slab.nr_ahead >= nr) {
		machine->slab.nr_ahead -= nr;
		return mm_free_lpage(machine, cpu, number);
	}
	mm_space_uncharge(machine, number);
	mm_kmem_removed(machine, number);
	mm_page_unbind(machine, pfn);
	*lpage = (struct mm_lpage){ .pfn = MM_NONE, .slot = MM_NONE };
	mm_list_add_tail(machine, &machine->slab.detached, pfn);
	count(machine, pfn, MM_KMEM_SLAB_RECLAIMABLE, nr);
	return true;
}

uint64_t mm_slab_freed(const struct mm_machine *machine)
{
	return machine->slab.nr_freed;
}
