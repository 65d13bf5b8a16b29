/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pool of hugetlb pages: blocks of pageblock order that are set aside for mappings that ask for them.
 *
 * vm.nr_hugepages pages are taken off the free lists one by one, each with compaction and reclaim, until one cannot be had; what
 * has been got stays. Fewer: pages that nobody uses go back, and what is in use beyond that is surplus from then on. A mapping that
 * finds the pool empty gets a page of its own as long as there are fewer than vm.nr_overcommit_hugepages such; it is freed when
 * the mapping ends. Pages of the pool are on no list that reclaim or compaction looks at.
 *
 * Those of the demand are logical pages: the pool's own (MM_KMEM_HUGETLB), and those that mappings took beyond it or out of it
 * (MM_KMEM_HUGETLB_USED). What the machine took for vm.nr_hugepages of its user is a list of page frames.
 *
 * Follows set_max_huge_pages(), alloc_buddy_hugetlb_folio(), alloc_surplus_hugetlb_folio(), free_huge_folio() of v6.12.
 *
 * Pages of 1 GiB are ranges of page frames that are made free (page_alloc_contig.c). They are a pool of their own, of the user's
 * size: no mapping asks for them.
 *
 * Not modelled: mappings of 1 GiB pages, and recorded pools of them; pools of single nodes, and turns between nodes; reservations; which pages of a pool faults use (no
 * event tells: what was in use at the start counts as in use all the time); pages that hold the struct pages of huge pages,
 * which the kernel frees where hugetlb_free_vmemmap is on.
 */
#include "huge_memory.h"
#include "internal.h"

#define GFP_COMP       0x40000u
#define GIGANTIC       (1u << GIGANTIC_ORDER) /* base pages */
#define GFP_NOWARN     0x2000u
#define GIGANTIC_ORDER 18

static uint32_t nr_of(const struct mm_machine *machine, enum mm_kmem_kind kind)
{
	return (uint32_t)(mm_kmem_pages(machine, MM_NONE, kind) / MM_PAGEBLOCK_PAGES);
}

struct mm_hugetlb_stat mm_hugetlb_stat(const struct mm_machine *machine)
{
	const struct mm_hugetlb *pool = &machine->hugetlb;
	uint32_t used = nr_of(machine, MM_KMEM_HUGETLB_USED);
	uint32_t idle = pool->own.count + nr_of(machine, MM_KMEM_HUGETLB);
	uint32_t seeded = pool->nr_seeded_used < idle ? pool->nr_seeded_used : idle;

	return (struct mm_hugetlb_stat){ .nr_total = idle + used,
		                         .nr_free = idle - seeded,
		                         .nr_surplus = pool->nr_surplus };
}

void mm_seed_hugetlb_used(struct mm_machine *machine, uint32_t nr_pages)
{
	machine->hugetlb.nr_seeded_used = nr_pages;
}

/* alloc_pool_huge_folio() */
static bool grow(struct mm_machine *machine, const struct mm_request *request)
{
	struct mm_request fresh = *request;
	uint32_t pfn;

	fresh.order = MM_PAGEBLOCK_ORDER;
	fresh.gfp_flags = MM_GFP_HIGHUSER_MOVABLE | GFP_COMP | GFP_NOWARN | MM_GFP_RETRY_MAYFAIL |
	                  MM_GFP_THISNODE;
	pfn = mm_alloc_pages(machine, &fresh);
	mm_count(machine, pfn == MM_NONE ? MM_HTLB_BUDDY_PGALLOC_FAIL : MM_HTLB_BUDDY_PGALLOC, 1);
	if (pfn == MM_NONE)
		return false;
	mm_list_add_head(machine, &machine->hugetlb.own, pfn);
	return true;
}

/* A page of the recorded pool: MM_NONE: there is none. */
static uint32_t recorded_page(const struct mm_machine *machine)
{
	for (uint32_t number = machine->nr_lpages; number-- > 0;) {
		const struct mm_lpage *lpage = &machine->lpages[number];

		if (lpage->kind == MM_LPAGE_KERNEL && lpage->kmem == MM_KMEM_HUGETLB)
			return number;
	}
	return MM_NONE;
}

/* remove_pool_hugetlb_folio() */
static bool shrink(struct mm_machine *machine, uint16_t cpu)
{
	struct mm_list *own = &machine->hugetlb.own;
	uint32_t pfn = own->head, number;

	if (pfn != MM_NONE) {
		mm_list_del(machine, own, pfn);
		mm_free_pages(machine, cpu, pfn);
		return true;
	}
	number = recorded_page(machine);
	return number != MM_NONE && mm_free_lpage(machine, cpu, number);
}

uint32_t mm_hugetlb_set_pool(struct mm_machine *machine, const struct mm_request *request,
                             uint32_t count)
{
	struct mm_hugetlb *pool = &machine->hugetlb;
	struct mm_hugetlb_stat stat = mm_hugetlb_stat(machine);

	machine->current.cpu = (uint16_t)(request->cpu % machine->nr_cpus);
	while (pool->nr_surplus > 0 && count > stat.nr_total - pool->nr_surplus)
		pool->nr_surplus--;
	while (count > stat.nr_total - pool->nr_surplus) {
		if (!grow(machine, request))
			return count - (stat.nr_total - pool->nr_surplus);
		/* Mappings may have come and gone while it waited. */
		stat = mm_hugetlb_stat(machine);
	}
	while (count < stat.nr_total - pool->nr_surplus && stat.nr_free > 0 &&
	       shrink(machine, machine->current.cpu))
		stat = mm_hugetlb_stat(machine);
	if (count < stat.nr_total - pool->nr_surplus)
		pool->nr_surplus = stat.nr_total - count;
	return 0;
}

uint64_t mm_hugetlb_pages(const struct mm_machine *machine)
{
	return (uint64_t)mm_hugetlb_stat(machine).nr_total * MM_PAGEBLOCK_PAGES +
	       (uint64_t)machine->hugetlb.gigantic.count * GIGANTIC;
}

/* alloc_gigantic_folio(): out of the area that is for them (hugetlb_cma=), or anywhere. */
static uint32_t alloc_gigantic(struct mm_machine *machine, const struct mm_request *request)
{
	uint8_t node = machine->homes[request->cpu % machine->nr_cpus];

	for (uint32_t i = 0; i < machine->cma.nr_areas; i++) {
		const struct mm_cma_area *area = &machine->cma.areas[i];
		uint32_t pfn;

		if (!area->hugetlb || mm_page_node(machine, area->base)->id != node)
			continue;
		pfn = mm_cma_alloc(machine, request, i, GIGANTIC, GIGANTIC_ORDER);
		if (pfn != MM_NONE)
			return pfn;
	}
	return mm_alloc_contig_pages(machine, request, GIGANTIC);
}

uint32_t mm_hugetlb_set_gigantic(struct mm_machine *machine, const struct mm_request *request,
                                 uint32_t count)
{
	struct mm_list *pool = &machine->hugetlb.gigantic;
	struct mm_request fresh = *request;

	/* hugepage_movable_supported(): it is not, so that ZONE_MOVABLE is left alone. */
	fresh.gfp_flags = (MM_GFP_HIGHUSER_MOVABLE & ~MM_GFP_MOVABLE) | GFP_COMP | GFP_NOWARN |
	                  MM_GFP_RETRY_MAYFAIL | MM_GFP_THISNODE;
	while (pool->count < count) {
		uint32_t pfn = alloc_gigantic(machine, &fresh);

		if (pfn == MM_NONE)
			return count - pool->count;
		mm_list_add_head(machine, pool, pfn);
	}
	while (pool->count > count) {
		uint32_t pfn = pool->head;

		mm_list_del(machine, pool, pfn);
		if (!mm_cma_release(machine, mm_cma_area_at(machine, pfn), pfn, GIGANTIC))
			mm_free_contig_range(machine, pfn, GIGANTIC);
	}
	return 0;
}

bool mm_hugetlb_try(struct mm_machine *machine, const struct mm_request *request)
{
	machine->current.cpu = (uint16_t)(request->cpu % machine->nr_cpus);
	return grow(machine, request);
}

/* A page of the pool becomes the mapping's. */
static void dequeue(struct mm_machine *machine, uint32_t number)
{
	uint32_t pfn = machine->hugetlb.own.head;

	mm_list_del(machine, &machine->hugetlb.own, pfn);
	mm_page_bind(machine, pfn, number, MM_LPAGE_KERNEL);
	mm_kmem_added(machine, number, MM_KMEM_HUGETLB_USED);
}

enum mm_touch_result mm_hugetlb_take(struct mm_machine *machine, const struct mm_request *request,
                                     uint32_t number, uint32_t most)
{
	struct mm_hugetlb *pool = &machine->hugetlb;
	enum mm_touch_result result;

	if (mm_lpage_is_known(machine, number))
		return MM_TOUCH_INVALID;
	if (pool->own.count > 0) {
		dequeue(machine, number);
		return MM_TOUCH_NEW;
	}
	if (pool->nr_surplus >= most)
		return MM_TOUCH_FAILED;
	result = mm_touch_page(machine, request, number, MM_LPAGE_KERNEL, MM_TOUCH_HUGETLB_USED);
	pool->nr_surplus += result == MM_TOUCH_NEW;
	return result;
}

enum mm_touch_result mm_hugetlb_add(struct mm_machine *machine, const struct mm_request *request,
                                    uint32_t number)
{
	return mm_touch_page(machine, request, number, MM_LPAGE_KERNEL, MM_TOUCH_HUGETLB);
}

/* free_huge_folio() */
bool mm_hugetlb_put(struct mm_machine *machine, uint32_t number)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);
	struct mm_hugetlb *pool = &machine->hugetlb;
	uint32_t pfn = lpage->pfn;

	if (lpage->kind != MM_LPAGE_KERNEL || lpage->kmem != MM_KMEM_HUGETLB_USED || pfn == MM_NONE)
		return false;
	if (pool->nr_surplus > 0) {
		pool->nr_surplus--;
		return false;
	}
	mm_kmem_removed(machine, number);
	mm_page_unbind(machine, pfn);
	mm_list_add_head(machine, &pool->own, pfn);
	return true;
}
