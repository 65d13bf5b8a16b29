/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Huge pages, and those that could not stay whole: 512 base pages under one logical page.
 *
 * A huge page is one logical page of order 9. When there was no huge block for it, or reclaim took it
 * apart, its contents go on as 512 logical pages of their own (numbers from MM_SUB_BASE on), each with its
 * place and slot; the parent only says where they are. Room for them is set aside when a huge page is
 * touched first, so that reclaim never needs memory.
 *
 * The first touch of an area asks for a huge page, twice: on the node without reclaiming much, then as the
 * setting allows (transparent_hugepage/defrag, which is in the recorded request). If there is none, a small
 * page is put there, and nobody asks again. Where the recorded kernel got a huge page and the replay does not, no
 * event tells which base pages are used later: all 512 are touched.
 *
 * Follows do_huge_pmd_anonymous_page(), alloc_pages_mpol() and what split_huge_page_to_list() leaves behind in
 * v6.12.
 *
 * Not modelled: which base page a touch meant where the recorded kernel had a huge page too: a touch of one in
 * pieces touches all of them; the deferred split queue; khugepaged putting pieces together again; huge pages of the page cache, which are
 * dropped whole.
 */
#include "internal.h"

#include "alloc.h"

#define SUBS MM_PAGEBLOCK_PAGES

static uint32_t sub_number(const struct mm_lpage *lpage, uint32_t i)
{
	return MM_SUB_BASE + lpage->subs * SUBS + i;
}

/* A chunk of sub pages for lpage. Doubles the array where it is full. */
static bool reserve_subs(struct mm_machine *machine, struct mm_lpage *lpage)
{
	if (lpage->flags & MM_LP_HAS_SUBS)
		return true;
	if (machine->free_sub_chunk == MM_NONE) {
		uint32_t nr = machine->nr_sub_chunks, more = nr ? nr : 16;
		void *subs = machine->subs;

		if (nr + more > MM_MAX_LPAGES / SUBS ||
		    base_resize(&subs, (size_t)(nr + more) * SUBS, sizeof(*machine->subs)) < 0)
			return false;
		machine->subs = subs;
		machine->nr_sub_chunks = nr + more;
		memset(&machine->subs[(size_t)nr * SUBS], 0,
		       (size_t)more * SUBS * sizeof(*machine->subs));
		for (uint32_t i = nr + more; i-- > nr;) {
			machine->subs[(size_t)i * SUBS].subs = machine->free_sub_chunk;
			machine->free_sub_chunk = i;
		}
	}
	lpage->subs = machine->free_sub_chunk;
	lpage->flags |= MM_LP_HAS_SUBS;
	machine->free_sub_chunk = machine->subs[(size_t)lpage->subs * SUBS].subs;
	for (uint32_t i = 0; i < SUBS; i++)
		*mm_lpage(machine, sub_number(lpage, i)) =
			(struct mm_lpage){ .pfn = MM_NONE, .slot = MM_NONE };
	return true;
}

bool mm_prepare_huge(struct mm_machine *machine, uint32_t number)
{
	return reserve_subs(machine, mm_lpage(machine, number));
}

static void mark_split(struct mm_lpage *lpage, enum mm_lpage_kind kind)
{
	lpage->kind = (uint8_t)kind;
	lpage->order = MM_PAGEBLOCK_ORDER;
	lpage->flags |= MM_LP_SPLIT;
	lpage->flags &= (uint8_t)~MM_LP_EVICTED;
}

enum mm_touch_result mm_touch_split(struct mm_machine *machine, const struct mm_request *request,
                                    uint32_t number, enum mm_lpage_kind kind)
{
	struct mm_lpage *lpage = mm_lpage(machine, number);
	enum mm_touch_result worst = MM_TOUCH_HIT;
	struct mm_request small = *request;

	if (!(lpage->flags & MM_LP_HAS_SUBS))
		return MM_TOUCH_FAILED;
	small.order = 0;
	small.gfp_flags = MM_GFP_HIGHUSER_MOVABLE;
	mark_split(lpage, kind);
	machine->in_hand = number;
	for (uint32_t i = 0; i < SUBS; i++) {
		enum mm_touch_result result =
			mm_touch_page(machine, &small, sub_number(lpage, i), kind, 0);

		if (result > worst)
			worst = result;
		if (result == MM_TOUCH_FAILED)
			break;
	}
	machine->in_hand = MM_NONE;
	return worst;
}

uint32_t mm_huge_part(const struct mm_machine *machine, uint32_t number)
{
	uint32_t head = number & ~(SUBS - 1);
	const struct mm_lpage *lpage;

	if (number >= machine->nr_lpages)
		return number;
	lpage = mm_lpage(machine, head);
	if (lpage->order != MM_PAGEBLOCK_ORDER || lpage->kind == MM_LPAGE_NONE ||
	    lpage->kind == MM_LPAGE_KERNEL)
		return number;
	if (lpage->flags & MM_LP_SPLIT)
		return sub_number(lpage, number - head);
	return lpage->pfn != MM_NONE ? head : number;
}

/* ---- faults ---- */

/* pmd_none(): nothing has been touched there. */
static bool is_untouched(const struct mm_machine *machine, uint32_t head)
{
	for (uint32_t i = head; i < head + SUBS && i < machine->nr_lpages; i++) {
		if (machine->lpages[i].kind != MM_LPAGE_NONE)
			return false;
	}
	return true;
}

/* alloc_pages_mpol(): a block nearby without much ado, then anywhere with what the setting allows. */
static uint32_t alloc_huge(struct mm_machine *machine, const struct mm_request *request,
                           uint32_t gfp_flags)
{
	struct mm_request huge = *request;
	uint32_t pfn;

	/* Recorded of the first try; the second one's are not known then. */
	if (gfp_flags & MM_GFP_THISNODE)
		gfp_flags &= ~(MM_GFP_THISNODE | MM_GFP_NORETRY);
	huge.order = MM_PAGEBLOCK_ORDER;
	huge.gfp_flags = gfp_flags | MM_GFP_THISNODE | MM_GFP_NORETRY;
	pfn = mm_alloc_pages(machine, &huge);
	if (pfn != MM_NONE || !(gfp_flags & MM_GFP_DIRECT_RECLAIM))
		return pfn;
	huge.gfp_flags = gfp_flags;
	return mm_alloc_pages(machine, &huge);
}

enum mm_touch_result mm_touch_huge(struct mm_machine *machine, const struct mm_request *request,
                                   uint32_t number, enum mm_lpage_kind kind)
{
	bool whole = request->order == MM_PAGEBLOCK_ORDER;
	uint32_t head = whole ? number : number & ~(SUBS - 1), pfn;

	if (!whole && !is_untouched(machine, head))
		return MM_TOUCH_FAILED;
	if (!reserve_subs(machine, mm_lpage(machine, head)))
		return MM_TOUCH_FAILED;
	pfn = alloc_huge(machine, request, whole ? request->gfp_flags : request->huge_gfp);
	mm_count(machine, pfn == MM_NONE ? MM_THP_FAULT_FALLBACK : MM_THP_FAULT_ALLOC, 1);
	if (pfn == MM_NONE && whole)
		return mm_touch_split(machine, request, head, kind);
	if (pfn == MM_NONE) {
		mm_free_subs(machine, request->cpu, head);
		return MM_TOUCH_FAILED;
	}
	mm_count(machine, MM_PGFAULT, 1);
	mm_page_bind(machine, pfn, head, kind);
	machine->pages[pfn].flags |= MM_PG_YOUNG;
	mm_lru_add_page(machine, pfn);
	return MM_TOUCH_NEW;
}

void mm_free_subs(struct mm_machine *machine, uint16_t cpu, uint32_t number)
{
	struct mm_lpage *lpage = mm_lpage(machine, number);

	for (uint32_t i = 0; i < SUBS && (lpage->flags & MM_LP_SPLIT); i++)
		mm_free_lpage(machine, cpu, sub_number(lpage, i));
	machine->subs[(size_t)lpage->subs * SUBS].subs = machine->free_sub_chunk;
	machine->free_sub_chunk = lpage->subs;
	lpage->flags &= (uint8_t) ~(MM_LP_SPLIT | MM_LP_HAS_SUBS);
}

void mm_count_subs(const struct mm_machine *machine, uint32_t number, uint64_t *nr_in,
                   uint64_t *nr_out)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);

	for (uint32_t i = 0; i < SUBS; i++) {
		const struct mm_lpage *sub = mm_lpage(machine, sub_number(lpage, i));

		*nr_in += sub->pfn != MM_NONE;
		*nr_out += sub->pfn == MM_NONE && sub->slot != MM_NONE;
	}
}

void mm_split_evicted(struct mm_machine *machine, uint32_t number)
{
	struct mm_lpage *lpage = mm_lpage(machine, number);

	MM_CHECK(machine, lpage->pfn == MM_NONE && lpage->slot != MM_NONE, number);
	mark_split(lpage, (enum mm_lpage_kind)lpage->kind);
	for (uint32_t i = 0; i < SUBS; i++) {
		struct mm_lpage *sub = mm_lpage(machine, sub_number(lpage, i));

		sub->kind = lpage->kind;
		sub->slot = lpage->slot + i;
		sub->shadow = (uint32_t)machine->nodes[lpage->node].nonresident_age;
		sub->node = lpage->node;
		sub->flags = MM_LP_EVICTED;
		machine->swap.owners[sub->slot] = sub_number(lpage, i);
	}
	lpage->slot = MM_NONE;
}

void mm_split_page(struct mm_machine *machine, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];
	uint32_t number = page->logical;
	struct mm_lpage *lpage = mm_lpage(machine, number);
	uint16_t keep = page->flags & (MM_PG_YOUNG | MM_PG_UNMAPPED | MM_PG_WORKINGSET);

	mm_page_unbind(machine, pfn);
	mark_split(lpage, (enum mm_lpage_kind)lpage->kind);
	machine->nr_used -= SUBS;
	for (uint32_t i = 0; i < SUBS; i++) {
		machine->pages[pfn + i].zone = page->zone;
		mm_prep_block(machine, pfn + i, 0);
		mm_page_bind(machine, pfn + i, sub_number(lpage, i),
		             (enum mm_lpage_kind)lpage->kind);
		machine->pages[pfn + i].flags |= keep;
	}
}
