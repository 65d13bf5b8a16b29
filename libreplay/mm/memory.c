/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an access does: nothing but a mark on a page that is there, a fault on one that is not.
 *
 * A logical page is in one of four places: nowhere (never touched, or freed), in memory, in swap, on
 * its file's device. The first touch allocates; a touch of what reclaim took out allocates and reads
 * (major fault); a touch of what reclaim has unmapped but not yet taken is a minor fault. System calls on tmpfs
 * do the same without a fault.
 *
 * Each page table that maps a page has an accessed bit of its own. The demand tells when a page is used through
 * another one than before; two bits are kept. A page that one process read from swap is there for the others, too,
 * whose tables still name the slot: they fault once more each, without reading.
 *
 * Follows do_anonymous_page(), do_swap_page(), do_wp_page(), wp_page_copy(), zap_present_ptes(),
 * madvise_free_pte_range() of v6.12. The page cache is in filemap.c.
 *
 * Not modelled: page tables as such (the demand has their pages as kernel allocations), the zero page,
 * soft-dirty, userfaultfd.
 */
#include "huge_memory.h"
#include "internal.h"
#include "ksm_state.h"

/* Anonymous again: MADV_FREE's promise is void once the page is written. */
static void undo_lazyfree(struct mm_machine *machine, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];
	bool listed = page->flags & MM_PG_LRU;

	if (listed)
		mm_lru_remove_page(machine, pfn);
	page->flags &= (uint16_t)~MM_PG_FILE;
	page->flags |= MM_PG_DIRTY;
	if (listed)
		machine->policy->page_added(mm_page_node(machine, pfn), pfn);
}

static void write_to_page(struct mm_machine *machine, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];

	if ((page->flags & (MM_PG_ANON | MM_PG_FILE)) == (MM_PG_ANON | MM_PG_FILE))
		undo_lazyfree(machine, pfn);
	else
		mm_set_dirty(machine, pfn);
}

/*
 * A page of the swap cache is put to use. Of tmpfs it goes back to its file and gives up its slot; a page of a
 * process keeps it, to be evicted again without a write, unless it will be written or slots are short.
 */
static void leave_swapcache(struct mm_machine *machine, uint32_t pfn, bool write)
{
	if (machine->pages[pfn].flags & MM_PG_SHMEM)
		mm_free_swapcache(machine, pfn);
	else if (write || mm_swap_full(machine))
		mm_try_free_swapcache(machine, pfn);
}

/* Each page table has a bit of its own. */
static void mark_young(struct mm_machine *machine, uint32_t pfn, uint32_t flags)
{
	struct mm_page *page = &machine->pages[pfn];

	if ((flags & MM_TOUCH_BESIDE) && (page->flags & MM_PG_YOUNG))
		page->io |= MM_IO_YOUNG_TWICE;
	mm_mark_young(machine, pfn);
}

/*
 * How the use shows: in the page table, or, of a file that is read, in the page itself. A sample does
 * not tell; of a page that is in no page table it saw a read, which kernels that trace reads have told, but
 * not of tmpfs.
 */
static void note_use(struct mm_machine *machine, uint32_t pfn, uint32_t flags)
{
	const struct mm_page *page = &machine->pages[pfn];
	bool in_tables = (page->flags & MM_PG_ANON) || (flags & MM_TOUCH_FAULT);
	bool told =
		!(page->flags & MM_PG_SHMEM) && machine->settings.kernel >= MM_KERNEL_TRACES_READS;

	if (flags & MM_TOUCH_SAMPLED)
		in_tables |= !(page->flags & MM_PG_UNMAPPED);
	if (in_tables || !machine->policy || !machine->policy->mark_accessed)
		mark_young(machine, pfn, flags);
	else if (flags & MM_TOUCH_SAMPLED ? !told : !(flags & MM_TOUCH_UNUSED))
		machine->policy->mark_accessed(mm_page_node(machine, pfn), pfn);
}

/* What swap readahead brought in was wanted, or a fault found the page in the swap cache (swap_cache_get_folio()). */
static void note_ahead(struct mm_machine *machine, const struct mm_request *request, uint32_t pfn)
{
	const uint32_t cached = MM_PG_ANON | MM_PG_SWAPCACHE | MM_PG_UNMAPPED;
	struct mm_page *page = &machine->pages[pfn];
	bool ahead = page->flags & MM_PG_READAHEAD;
	bool by_address = mm_reads_by_address(machine) && (page->flags & MM_PG_ANON);

	if (by_address && (ahead || (page->flags & cached) == cached))
		mm_area_hit(machine, page->logical, request->space, ahead);
	if (!ahead)
		return;
	page->flags &= (uint16_t)~MM_PG_READAHEAD;
	mm_count(machine, MM_SWAP_RA_HIT, 1);
	machine->swap.ra_hits += !by_address;
}

/* A page that was read from swap is in the page table of whoever wanted it; the others still have its slot there. */
static bool came_for_another(const struct mm_page *page, uint32_t flags)
{
	const uint32_t both = MM_PG_ANON | MM_PG_SWAPCACHE;

	return (flags & MM_TOUCH_BESIDE) && (page->flags & both) == both;
}

/* A fault to write: whether the writer has the page to itself is not to be seen while it waits in a batch. */
static void look_for_sharers(struct mm_machine *machine, uint32_t pfn)
{
	const struct mm_page *page = &machine->pages[pfn];

	if ((page->flags & (MM_PG_ANON | MM_PG_LRU)) == MM_PG_ANON)
		mm_lru_add_drain(machine, machine->current.cpu);
}

static enum mm_touch_result touch_present(struct mm_machine *machine,
                                          const struct mm_request *request, uint32_t pfn,
                                          uint32_t flags)
{
	struct mm_page *page = &machine->pages[pfn];
	bool mapped = (page->flags & MM_PG_ANON) || (flags & MM_TOUCH_FAULT);
	bool fault = (flags & MM_TOUCH_FAULTED) || (mapped && (page->flags & MM_PG_UNMAPPED)) ||
	             came_for_another(page, flags);

	if (fault)
		mm_count(machine, MM_PGFAULT, 1);
	if (fault && (flags & MM_TOUCH_WRITE))
		look_for_sharers(machine, pfn);
	note_ahead(machine, request, pfn);
	if ((page->flags & MM_PG_SWAPCACHE) && (page->flags & (MM_PG_UNMAPPED | MM_PG_SHMEM)))
		leave_swapcache(machine, pfn, flags & MM_TOUCH_WRITE);
	if (mapped)
		page->flags &= (uint16_t)~MM_PG_UNMAPPED;
	if (flags & MM_TOUCH_EXEC)
		page->flags |= MM_PG_EXEC;
	if (flags & MM_TOUCH_WRITE)
		write_to_page(machine, pfn);
	note_use(machine, pfn, flags);
	return fault ? MM_TOUCH_MINOR : MM_TOUCH_HIT;
}

static enum mm_touch_result use_present(struct mm_machine *machine,
                                        const struct mm_request *request, uint32_t page,
                                        uint32_t flags)
{
	const struct mm_lpage *lpage = mm_lpage(machine, page);
	enum mm_touch_result result;

	if (mm_is_mapped_as_one(machine, page) && (flags & MM_TOUCH_FAULT))
		flags = mm_shmem_fault(machine, request->space, page, flags);
	result = touch_present(machine, request, lpage->pfn, flags);
	if (result == MM_TOUCH_MINOR && (flags & MM_TOUCH_FAULT) &&
	    mm_lpage(machine, page)->kind == MM_LPAGE_FILE)
		mm_fault_around(machine, page, flags);
	return result;
}

void mm_enter_unmapped(struct mm_machine *machine, uint32_t pfn)
{
	machine->pages[pfn].flags |= MM_PG_UNMAPPED;
	if (machine->policy && machine->policy->mark_accessed)
		machine->policy->mark_accessed(mm_page_node(machine, pfn), pfn);
	else
		mm_mark_young(machine, pfn);
}

static enum mm_touch_result first_touch(struct mm_machine *machine,
                                        const struct mm_request *request, uint32_t page,
                                        enum mm_lpage_kind kind, uint32_t flags)
{
	bool fault = kind == MM_LPAGE_ANON || (flags & MM_TOUCH_FAULT);
	bool huge = request->order == MM_PAGEBLOCK_ORDER && kind != MM_LPAGE_KERNEL;
	const uint32_t hugetlb = MM_TOUCH_HUGETLB | MM_TOUCH_HUGETLB_USED;
	struct mm_request small = *request;
	uint32_t pfn;

	small.folio_orders = 0;
	small.huge_gfp = 0;
	if (huge || request->huge_gfp != 0) {
		enum mm_touch_result result = mm_touch_huge(machine, request, page, kind, flags);

		if (huge || result != MM_TOUCH_FAILED)
			return result;
	}
	if (request->folio_orders != 0 && (kind == MM_LPAGE_ANON || kind == MM_LPAGE_SHMEM)) {
		enum mm_touch_result result = mm_touch_folio(machine, request, page, kind, flags);

		if (result != MM_TOUCH_FAILED && mm_lpage(machine, page)->order < request->order)
			return mm_touch_pieces(machine, request, page, kind, flags);
		if (result != MM_TOUCH_FAILED)
			return result;
		/* Somebody else may have been faster. */
		if (mm_lpage_is_known(machine, page))
			return mm_touch_page(machine, &small, page, kind, flags);
	}
	pfn = request->folio_orders != 0 && request->order > 0 ? MM_NONE
	                                                       : mm_alloc_pages(machine, request);
	/* It falls back to the one page that is wanted (alloc_anon_folio()); others are not told of. */
	if (pfn == MM_NONE && kind != MM_LPAGE_KERNEL && request->order > 0)
		return mm_touch_pieces(machine, request, page, kind, flags);
	if (kind != MM_LPAGE_KERNEL && fault && !(flags & MM_TOUCH_HANDED))
		mm_count(machine, MM_PGFAULT, 1);
	if (pfn == MM_NONE) {
		mm_count(machine, MM_HTLB_BUDDY_PGALLOC_FAIL, (flags & hugetlb) != 0);
		return MM_TOUCH_FAILED;
	}
	/* Its number is a page table's, too, which a fault that waited has put there meanwhile. */
	if (mm_lpage(machine, page)->pfn != MM_NONE) {
		mm_free_pages(machine, machine->current.cpu, pfn);
		return kind == MM_LPAGE_KERNEL ? MM_TOUCH_INVALID : MM_TOUCH_HIT;
	}
	mm_page_bind(machine, pfn, page, kind);
	if (kind != MM_LPAGE_KERNEL) {
		if (fault)
			machine->pages[pfn].flags |= MM_PG_YOUNG;
		mm_lru_add_page(machine, pfn);
		if (!fault)
			mm_enter_unmapped(machine, pfn);
	} else {
		mm_kmem_added(machine, page, mm_kmem_kind(request->gfp_flags, flags));
		mm_count(machine, MM_HTLB_BUDDY_PGALLOC, (flags & hugetlb) != 0);
	}
	return MM_TOUCH_NEW;
}

static enum mm_touch_result swap_in(struct mm_machine *machine, const struct mm_request *request,
                                    uint32_t page, uint32_t flags)
{
	bool shared = mm_lpage(machine, page)->kind == MM_LPAGE_SHMEM;
	bool fault = !shared || (flags & MM_TOUCH_FAULT);
	uint32_t pfn;

	mm_count(machine, MM_PGFAULT, fault);
	if (!mm_swapin(machine, request, page))
		return MM_TOUCH_FAILED;
	if (fault)
		mm_count_major_fault(machine, machine->swap.ra_waits);
	pfn = mm_lpage(machine, page)->pfn;
	if (flags & MM_TOUCH_WRITE)
		look_for_sharers(machine, pfn);
	if (fault) {
		machine->pages[pfn].flags &= (uint16_t)~MM_PG_UNMAPPED;
		machine->pages[pfn].flags |= MM_PG_YOUNG;
	} else {
		mm_enter_unmapped(machine, pfn);
	}
	leave_swapcache(machine, pfn,
	                (flags & MM_TOUCH_WRITE) ||
	                        machine->settings.swap_device == MM_SWAP_AT_ONCE);
	return MM_TOUCH_SWAPIN;
}

static enum mm_touch_result bring_in(struct mm_machine *machine, const struct mm_request *request,
                                     uint32_t page, enum mm_lpage_kind kind, uint32_t flags)
{
	if (kind == MM_LPAGE_FILE)
		return mm_touch_file(machine, request, page, flags);
	if (mm_lpage(machine, page)->slot != MM_NONE)
		return swap_in(machine, request, page, flags);
	return first_touch(machine, request, page, kind, flags);
}

enum mm_touch_result mm_touch_page(struct mm_machine *machine, const struct mm_request *request,
                                   uint32_t page, enum mm_lpage_kind kind, uint32_t flags)
{
	struct mm_lpage *lpage = mm_lpage(machine, page);
	enum mm_touch_result result;

	machine->current.cpu = (uint16_t)(request->cpu % machine->nr_cpus);
	if (machine->ksm && (flags & MM_TOUCH_WRITE) && kind == MM_LPAGE_ANON)
		mm_ksm_written(machine, page);
	if (kind != MM_LPAGE_KERNEL && request->order > 0 && lpage->order != request->order &&
	    (request->pieces || !mm_has_room(machine, page, request->order)))
		return mm_touch_pieces(machine, request, page, kind, flags);
	if ((flags & MM_TOUCH_WRITE) && kind == MM_LPAGE_FILE && machine->huge.nr_file > 0)
		mm_file_thp_opened(machine, page);
	if (kind != MM_LPAGE_KERNEL && request->order == 0 && machine->orders != 0) {
		page = mm_base_page(machine, page);
		lpage = mm_lpage(machine, page);
	}
	if (lpage->kind != MM_LPAGE_NONE && lpage->kind != kind)
		return MM_TOUCH_INVALID;
	if (machine->huge.nr_read_only > 0 && kind == MM_LPAGE_ANON && (flags & MM_TOUCH_WRITE))
		mm_huge_written(machine, page);
	if (kind == MM_LPAGE_KERNEL && mm_whole_page(machine, page) != page)
		return MM_TOUCH_INVALID;
	if (lpage->pfn == MM_NONE && kind == MM_LPAGE_FILE && (flags & MM_TOUCH_FAULT))
		mm_sync_mmap_readahead(machine, request, page);
	lpage = mm_lpage(machine, page);
	if (lpage->pfn != MM_NONE && (lpage->flags & MM_LP_KSM) && (flags & MM_TOUCH_WRITE) &&
	    mm_ksm_is_beside(machine, page))
		return mm_ksm_write(machine, request, page);
	if (lpage->pfn == MM_NONE && (lpage->flags & MM_LP_KSM) &&
	    mm_ksm_fault(machine, page, flags))
		return MM_TOUCH_HIT;
	if (lpage->pfn != MM_NONE)
		return kind == MM_LPAGE_KERNEL ? MM_TOUCH_INVALID
		                               : use_present(machine, request, page, flags);
	machine->current.in_fault =
		kind == MM_LPAGE_ANON || (flags & (MM_TOUCH_FAULT | MM_TOUCH_IN_FAULT));
	result = bring_in(machine, request, page, kind, flags);
	machine->current.in_fault = false;
	if (kind == MM_LPAGE_FILE && (flags & MM_TOUCH_FAULT))
		mm_fault_around(machine, page, flags);
	return result;
}

void mm_map_along(struct mm_machine *machine, uint32_t number, uint32_t flags)
{
	uint32_t pfn = mm_lpage(machine, number)->pfn;
	struct mm_page *page;

	if (pfn == MM_NONE || !(machine->pages[pfn].flags & MM_PG_FILE))
		return;
	page = &machine->pages[pfn];
	if (flags & MM_TOUCH_EXEC)
		page->flags |= MM_PG_EXEC;
	if (!(page->flags & MM_PG_UNMAPPED) && !(flags & MM_TOUCH_BESIDE))
		return;
	if (page->flags & MM_PG_UNMAPPED)
		page->flags &= (uint16_t) ~(MM_PG_UNMAPPED | MM_PG_YOUNG);
	mark_young(machine, pfn, flags);
}

void mm_unmap_page(struct mm_machine *machine, uint32_t number, bool last)
{
	const struct mm_policy_ops *policy = machine->policy;
	uint32_t pfn = mm_lpage(machine, number)->pfn;
	struct mm_page *page;
	bool young;

	if (pfn == MM_NONE || !(machine->pages[pfn].flags & MM_PG_FILE) ||
	    (machine->pages[pfn].flags & MM_PG_UNMAPPED))
		return;
	/* That ends with the mapping. */
	if (mm_is_file_thp(machine, number))
		return;
	page = &machine->pages[pfn];
	/* Of several which one's bit is set is not known, unless two are. */
	young = last ? page->flags & MM_PG_YOUNG : page->io & MM_IO_YOUNG_TWICE;
	if (last)
		page->flags |= MM_PG_UNMAPPED;
	if (!young || !policy || !policy->mark_accessed)
		return;
	page->io &= (uint8_t)~MM_IO_YOUNG_TWICE;
	if (last)
		page->flags &= (uint16_t)~MM_PG_YOUNG;
	policy->mark_accessed(mm_page_node(machine, pfn), pfn);
}

void mm_count_major_fault(struct mm_machine *machine, bool waits)
{
	mm_count(machine, MM_PGMAJFAULT, 1);
	if (waits && machine->settings.kernel < MM_KERNEL(6, 4))
		mm_count(machine, MM_PGFAULT, 1);
}

void mm_count_faults(struct mm_machine *machine, uint32_t nr)
{
	mm_count(machine, MM_PGFAULT, nr);
}

enum mm_touch_result mm_access_page(struct mm_machine *machine, const struct mm_request *request,
                                    uint32_t page)
{
	const struct mm_lpage *lpage = mm_lpage(machine, page);
	struct mm_request adapted = *request;
	uint32_t flags = MM_TOUCH_SAMPLED;

	if (lpage->kind == MM_LPAGE_NONE) {
		page = mm_whole_page(machine, page);
		lpage = mm_lpage(machine, page);
	}
	if (lpage->kind == MM_LPAGE_NONE || lpage->kind == MM_LPAGE_KERNEL)
		return MM_TOUCH_INVALID;
	adapted.order = lpage->order;
	if (lpage->pfn == MM_NONE && mm_is_mapped_file(machine, page))
		flags |= MM_TOUCH_FAULT;
	return mm_touch_page(machine, &adapted, page, (enum mm_lpage_kind)lpage->kind, flags);
}

enum mm_touch_result mm_activate_page(struct mm_machine *machine, const struct mm_request *request,
                                      uint32_t number)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);
	const struct mm_policy_ops *policy = machine->policy;
	struct mm_page *page;

	if (lpage->pfn == MM_NONE || !policy || !policy->mark_accessed)
		return mm_access_page(machine, request, number);
	page = &machine->pages[lpage->pfn];
	/* zap_pte_range() has told, and zap_huge_pmd() does not say so of a page. */
	if (lpage->kind == MM_LPAGE_SHMEM && page->order == MM_PAGEBLOCK_ORDER)
		return MM_TOUCH_HIT;
	/* Told at the end of its wait: there it was on a list, and here it becomes active at once. */
	machine->current.cpu = (uint16_t)(request->cpu % machine->nr_cpus);
	for (uint32_t cpu = 0; cpu < machine->nr_cpus && (page->io & MM_IO_ADDING); cpu++)
		mm_folio_batch_flush(machine, cpu, MM_BATCH_ADD);
	/* The uses that are known have done it. */
	if (policy->nr_active && (page->flags & MM_PG_ACTIVE))
		return MM_TOUCH_HIT;
	if (!(page->flags & MM_PG_REFERENCED))
		policy->mark_accessed(mm_page_node(machine, lpage->pfn), lpage->pfn);
	policy->mark_accessed(mm_page_node(machine, lpage->pfn), lpage->pfn);
	mm_folio_batch_flush(machine, machine->current.cpu, MM_BATCH_ACTIVATE);
	return MM_TOUCH_HIT;
}

/* One of the page tables through which it was used has it no more. */
static void forget_use(struct mm_page *page)
{
	if (page->io & MM_IO_YOUNG_TWICE)
		page->io &= (uint8_t)~MM_IO_YOUNG_TWICE;
	else
		page->flags &= (uint16_t)~MM_PG_YOUNG;
}

/*
 * What is to be copied has to be there, by the same fault. That is no use of it: the entry that would say so is the
 * copy's from then on, and what it had said before is gone.
 */
static void bring_source(struct mm_machine *machine, const struct mm_request *request,
                         uint32_t source, uint32_t flags)
{
	const struct mm_lpage *lpage;

	source = mm_whole_page(machine, source);
	lpage = mm_lpage(machine, source);
	if (lpage->pfn != MM_NONE) {
		look_for_sharers(machine, lpage->pfn);
		note_ahead(machine, request, lpage->pfn);
		if ((flags & MM_TOUCH_LEAVES) && lpage->order == 0)
			forget_use(&machine->pages[lpage->pfn]);
		return;
	}
	if (lpage->kind == MM_LPAGE_FILE && (lpage->flags & MM_LP_EVICTED))
		mm_access_page(machine, request, source);
	else if (lpage->slot != MM_NONE && mm_swapin(machine, request, source))
		mm_count_major_fault(machine, machine->swap.ra_waits);
}

enum mm_touch_result mm_copy_page(struct mm_machine *machine, const struct mm_request *request,
                                  uint32_t page, uint32_t source, uint32_t flags)
{
	machine->current.cpu = (uint16_t)(request->cpu % machine->nr_cpus);
	machine->current.in_fault = true;
	mm_huge_copied(machine, request->space, source);
	bring_source(machine, request, source, flags);
	machine->current.in_fault = false;
	machine->copied = source;
	return mm_touch_page(machine, request, page, MM_LPAGE_ANON, MM_TOUCH_WRITE);
}

/* The page is on no list when it comes here. */
void mm_release_page(struct mm_machine *machine, uint16_t cpu, uint32_t pfn)
{
	mm_page_unbind(machine, pfn);
	mm_free_pages(machine, cpu, pfn);
}

void mm_drop_lpage(struct mm_machine *machine, uint16_t cpu, uint32_t number)
{
	struct mm_lpage *lpage = mm_lpage(machine, number);

	mm_space_uncharge(machine, number);
	mm_unplace_lpage(machine, number);
	mm_area_forget(machine, number);
	if (machine->ksm)
		mm_ksm_drop(machine, number);
	if (lpage->kind == MM_LPAGE_ANON)
		mm_huge_recall(machine, number, mm_block_pages(lpage->order));
	if (!mm_hugetlb_put(machine, number))
		mm_kmem_removed(machine, number);
	if (lpage->order > 0 && lpage->kind != MM_LPAGE_KERNEL && lpage->nr_gone > 0)
		mm_forget_parts(machine, number);
	if (lpage->pfn != MM_NONE) {
		mm_lru_remove_page(machine, lpage->pfn);
		mm_release_page(machine, cpu, lpage->pfn);
	}
	if (lpage->slot != MM_NONE)
		mm_swap_free(machine, lpage->slot, lpage->order);
	*lpage = (struct mm_lpage){ .pfn = MM_NONE, .slot = MM_NONE };
}

bool mm_free_lpage(struct mm_machine *machine, uint16_t cpu, uint32_t number)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);

	if (lpage->kind == MM_LPAGE_NONE) {
		if (mm_is_mapped_file(machine, number))
			mm_unplace_lpage(machine, number);
		return false;
	}
	machine->current.cpu = (uint16_t)(cpu % machine->nr_cpus);
	/* wp_page_copy() puts what it has copied if nobody else has it. */
	if (lpage->kind == MM_LPAGE_ANON && number != machine->copied)
		mm_unmap_begin(machine, machine->current.cpu);
	else if (lpage->kind == MM_LPAGE_FILE || lpage->kind == MM_LPAGE_SHMEM)
		mm_lru_add_drain(machine, machine->current.cpu);
	mm_drop_lpage(machine, cpu, number);
	return true;
}

void mm_lazyfree_page(struct mm_machine *machine, uint16_t cpu, uint32_t number)
{
	struct mm_lpage *lpage = mm_lpage(machine, number);
	struct mm_page *page;

	if (lpage->kind != MM_LPAGE_ANON || (lpage->flags & MM_LP_KSM))
		return;
	if (lpage->pfn == MM_NONE) {
		mm_free_lpage(machine, cpu, number);
		return;
	}
	machine->current.cpu = (uint16_t)(cpu % machine->nr_cpus);
	mm_lru_add_drain(machine, machine->current.cpu);
	page = &machine->pages[lpage->pfn];
	if (!(page->flags & MM_PG_LRU) || (page->flags & (MM_PG_SWAPCACHE | MM_PG_FILE)))
		return;
	page->flags &= (uint16_t) ~(MM_PG_DIRTY | MM_PG_YOUNG);
	mm_folio_batch_add(machine, MM_BATCH_LAZYFREE, lpage->pfn);
}
