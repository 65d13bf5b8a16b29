/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unmapping many pages: their entries are taken out first, then one flush makes all CPUs forget them, then they are
 * freed. What is noted for that has room for some ten thousand pages; then all of this happens in between.
 *
 * A flush is of the addresses from the first to the last entry that was taken out; at exit it is of all of the space.
 *
 * Follows tlb_next_batch(), tlb_flush_mmu(), tlb_finish_mmu() of mm/mmu_gather.c and flush_tlb_batched_pending() of
 * mm/rmap.c, v6.12.
 *
 * Not modelled: page tables that go with the range, which widen it and wake lazy CPUs; the earlier flush where pages of
 * files are dirty; batches for which there was no memory.
 */
#include "huge_memory.h"
#include "internal.h"
#include "tlb_state.h"

/* Pages until a flush: 8 on the stack, then 19 batches of a page each (MAX_GATHER_BATCH_COUNT). */
#define GATHER_PAGES     (7u + 19 * 509)
#define GATHER_PAGES_6_1 (8u + 19 * 510)

static void flush_gathered(struct mm_machine *machine, uint16_t cpu, uint32_t space,
                           uint32_t nr_pages, enum mm_tlb_cause cause)
{
	mm_tlb_flush(machine, &(struct mm_tlb_flush){ .space = space,
	                                              .nr_pages = nr_pages,
	                                              .cpu = cpu,
	                                              .shift = 12,
	                                              .freed_tables = cause == MM_TLB_EXIT,
	                                              .cause = cause });
}

static struct mm_tlb_space *gather_of(struct mm_machine *machine, uint32_t space)
{
	struct mm_tlb *tlb = machine->tlb;

	return space != 0 && space < tlb->nr_spaces ? &tlb->spaces[space] : NULL;
}

/* Whether an entry of a page table has it. */
static bool is_mapped(const struct mm_machine *machine, uint32_t page)
{
	uint32_t pfn = page < machine->nr_lpages
	                       ? mm_lpage(machine, mm_whole_page(machine, page))->pfn
	                       : MM_NONE;

	return pfn != MM_NONE && !(machine->pages[pfn].flags & MM_PG_UNMAPPED);
}

void mm_gather_begin(struct mm_machine *machine, uint32_t space)
{
	struct mm_tlb_space *s = gather_of(machine, space);

	if (s)
		s->nr_gathered = 0;
}

void mm_gather_page(struct mm_machine *machine, uint16_t cpu, uint32_t space, uint32_t page)
{
	struct mm_tlb_space *s = gather_of(machine, space);
	uint32_t vpn;

	if (!s || !is_mapped(machine, page))
		return;
	if (s->batched) {
		s->batched = false;
		flush_gathered(machine, cpu, space, MM_TLB_ALL, MM_TLB_RECLAIM);
	}
	vpn = mm_tlb_vpn(machine, page);
	if (s->nr_gathered == 0) {
		s->first = MM_NONE;
		s->last = 0;
	}
	s->nr_gathered++;
	if (vpn == MM_NONE)
		return;
	if (vpn < s->first)
		s->first = vpn;
	if (vpn > s->last)
		s->last = vpn;
}

/* Pages of the range; where addresses are not known, those that were taken out. */
static uint32_t range(const struct mm_tlb_space *s)
{
	uint32_t span = s->first <= s->last ? s->last - s->first + 1 : 0;

	return span > s->nr_gathered ? span : s->nr_gathered;
}

void mm_gather_finish(struct mm_machine *machine, uint16_t cpu, uint32_t space,
                      enum mm_tlb_cause cause)
{
	uint32_t room =
		machine->settings.kernel < MM_KERNEL(6, 12) ? GATHER_PAGES_6_1 : GATHER_PAGES;
	struct mm_tlb_space *s = gather_of(machine, space);
	uint32_t nr_pages;

	if (!s || (s->nr_gathered == 0 && cause != MM_TLB_EXIT))
		return;
	nr_pages = cause == MM_TLB_EXIT ? MM_TLB_ALL : range(s);
	for (; s->nr_gathered > room; s->nr_gathered -= room)
		flush_gathered(machine, cpu, space, MM_TLB_ALL, cause);
	s->nr_gathered = 0;
	flush_gathered(machine, cpu, space, nr_pages, cause);
}
