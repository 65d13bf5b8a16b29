/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Logical pages that share a page frame, and how they part.
 *
 * Those that share a frame form a ring; the frame names one of them. Whoever writes gets a frame of its own, by a fault, even
 * if it was the last one (cow_ksm). Where the zero page was put nothing is in memory: a write makes a page as if it were
 * the first touch.
 *
 * Reclaim writes a shared page once, and unmaps it from all. They stay a ring, of which one has the slot. The first
 * that is used reads it in, as any page, and has the slot from then on. The others find it in the swap cache and copy it
 * (ksm_swpin_copy), unless it is out again by then. Back in memory they are ordinary pages.
 *
 * State: struct mm_ksm_page; MM_LP_KSM of every logical page that has a role, so that all others cost nothing.
 *
 * Follows write_protect_page(), replace_page(), try_to_merge_one_page(), wp_page_copy(), ksm_might_need_to_copy() of v6.12.
 *
 * Not modelled: mlocked pages are not merged, and mlock() makes a copy; pages that a fork shares are one logical page, in
 * the space that used them first; whether processes that share a page have used it is known of all together.
 */
#include "huge_memory.h"
#include "internal.h"
#include "ksm_state.h"

static struct mm_ksm_page *ksm_page(const struct mm_machine *machine, uint32_t number)
{
	return &machine->ksm->pages[number];
}

static void begin_role(struct mm_machine *machine, uint32_t number, enum mm_ksm_role role)
{
	struct mm_ksm_page *page = ksm_page(machine, number);

	page->role = (uint8_t)role;
	page->next = number;
	page->prev = number;
	page->node = MM_NONE;
	mm_lpage(machine, number)->flags |= MM_LP_KSM;
}

/* Out of its ring. */
static void end_role(struct mm_machine *machine, uint32_t number)
{
	struct mm_ksm_page *page = ksm_page(machine, number);
	uint32_t next = page->next;

	ksm_page(machine, page->prev)->next = page->next;
	ksm_page(machine, page->next)->prev = page->prev;
	if (page->role == MM_KSM_ZERO)
		machine->ksm->stat.zero_pages--;
	/* What one has alone in its slot is no different from what others have. */
	if (page->role == MM_KSM_SWAPPED && next != number && ksm_page(machine, next)->next == next)
		end_role(machine, next);
	page->role = MM_KSM_NONE;
	mm_lpage(machine, number)->flags &= (uint8_t)~MM_LP_KSM;
}

/* Another one of the ring stands for the frame, or has the slot. */
static void hand_over(struct mm_machine *machine, uint32_t number, uint32_t next)
{
	struct mm_lpage *lpage = mm_lpage(machine, number), *other = mm_lpage(machine, next);

	if (lpage->pfn != MM_NONE && other->pfn == lpage->pfn)
		machine->pages[lpage->pfn].logical = next;
	if (lpage->slot == MM_NONE)
		return;
	other->slot = lpage->slot;
	machine->swap.owners[lpage->slot] = next;
	lpage->slot = MM_NONE;
}

/* It leaves the frame; with the last one that is free. */
static void leave_frame(struct mm_machine *machine, uint32_t number)
{
	struct mm_ksm_page *page = ksm_page(machine, number);
	struct mm_lpage *lpage = mm_lpage(machine, number);

	if (page->next == number) {
		machine->ksm->nodes[page->node].pfn = MM_NONE;
		end_role(machine, number);
		return;
	}
	if (machine->pages[lpage->pfn].logical == number)
		hand_over(machine, number, page->next);
	end_role(machine, number);
	lpage->pfn = MM_NONE;
}

/* It leaves those that have a slot together: the slot is another one's, unless they are all in memory. */
static void leave_slot(struct mm_machine *machine, uint32_t number)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);
	uint32_t next = ksm_page(machine, number)->next;

	if (lpage->slot != MM_NONE && lpage->pfn != MM_NONE) {
		machine->pages[lpage->pfn].flags &= (uint16_t)~MM_PG_SWAPCACHE;
		machine->nr_swapcached--;
		mm_set_dirty(machine, lpage->pfn);
	}
	hand_over(machine, number, next);
	end_role(machine, number);
}

/* ---- coming together ---- */

bool mm_ksm_can_share(struct mm_machine *machine, uint32_t number)
{
	uint32_t head = mm_whole_page(machine, number);
	const struct mm_lpage *lpage;
	const struct mm_page *page;

	if (mm_lpage(machine, head)->flags & MM_LP_LOCKED)
		return false;
	if (mm_lpage(machine, head)->order > 0 &&
	    (mm_is_held(&machine->pages[mm_lpage(machine, head)->pfn]) ||
	     !mm_take_apart(machine, head)))
		return false;
	lpage = mm_lpage(machine, number);
	if (lpage->pfn == MM_NONE)
		return false;
	page = &machine->pages[lpage->pfn];
	if (page->state != MM_PAGE_USED || mm_is_held(page) || mm_is_writeback(page))
		return false;
	if (ksm_page(machine, number)->role == MM_KSM_SWAPPED)
		leave_slot(machine, number);
	return true;
}

void mm_ksm_begin_sharing(struct mm_machine *machine, uint32_t number, uint32_t node)
{
	uint32_t pfn = mm_lpage(machine, number)->pfn;

	begin_role(machine, number, MM_KSM_SHARED);
	ksm_page(machine, number)->node = node;
	if (machine->policy && machine->policy->mark_accessed &&
	    (machine->pages[pfn].flags & MM_PG_LRU))
		machine->policy->mark_accessed(mm_page_node(machine, pfn), pfn);
	mm_set_dirty(machine, pfn);
}

/* Its frame is free, and it has none. */
static void give_up_frame(struct mm_machine *machine, uint32_t number)
{
	uint32_t pfn = mm_lpage(machine, number)->pfn;

	if (machine->pages[pfn].flags & MM_PG_SWAPCACHE)
		mm_free_swapcache(machine, pfn);
	mm_lru_remove_page(machine, pfn);
	mm_release_page(machine, machine->current.cpu, pfn);
}

void mm_ksm_share(struct mm_machine *machine, uint32_t number, uint32_t node)
{
	uint32_t pfn = machine->ksm->nodes[node].pfn, other = machine->pages[pfn].logical;
	struct mm_ksm_page *page = ksm_page(machine, number), *beside = ksm_page(machine, other);

	give_up_frame(machine, number);
	begin_role(machine, number, MM_KSM_SHARED);
	mm_lpage(machine, number)->pfn = pfn;
	page->node = node;
	page->next = beside->next;
	page->prev = other;
	ksm_page(machine, page->next)->prev = number;
	beside->next = number;
}

void mm_ksm_share_zero(struct mm_machine *machine, uint32_t number)
{
	give_up_frame(machine, number);
	begin_role(machine, number, MM_KSM_ZERO);
	machine->ksm->stat.zero_pages++;
}

/* ---- parting ---- */

void mm_ksm_drop(struct mm_machine *machine, uint32_t number)
{
	struct mm_ksm_page *page = ksm_page(machine, number);

	switch ((enum mm_ksm_role)page->role) {
	case MM_KSM_SHARED:
		leave_frame(machine, number);
		break;
	case MM_KSM_SWAPPED:
		leave_slot(machine, number);
		break;
	case MM_KSM_ZERO:
		end_role(machine, number);
		break;
	case MM_KSM_NONE:
		break;
	}
	for (uint32_t i = 0; i < mm_block_pages(mm_lpage(machine, number)->order); i++) {
		if (number + i >= machine->ksm->nr_pages)
			break;
		page[i].content = 0;
		page[i].changing = false;
	}
}

bool mm_ksm_pass_slot(struct mm_machine *machine, uint32_t number, uint32_t slot)
{
	struct mm_ksm_page *page = ksm_page(machine, number);
	struct mm_lpage *next = mm_lpage(machine, page->next);

	if (page->role != MM_KSM_SWAPPED || page->next == number)
		return false;
	next->slot = slot;
	machine->swap.owners[slot] = page->next;
	end_role(machine, number);
	return true;
}

bool mm_ksm_unshare(struct mm_machine *machine, const struct mm_request *request, uint32_t number)
{
	struct mm_request single = *request;
	uint32_t pfn;

	single.gfp_flags = MM_GFP_HIGHUSER_MOVABLE;
	single.order = 0;
	pfn = mm_alloc_pages(machine, &single);
	if (pfn == MM_NONE)
		return false;
	/* Reclaim may have had it meanwhile, or its end. */
	if (ksm_page(machine, number)->role != MM_KSM_SHARED) {
		mm_free_pages(machine, machine->current.cpu, pfn);
		return true;
	}
	leave_frame(machine, number);
	if (mm_lpage(machine, number)->pfn != MM_NONE)
		give_up_frame(machine, number);
	mm_page_bind(machine, pfn, number, MM_LPAGE_ANON);
	machine->pages[pfn].flags |= MM_PG_YOUNG;
	mm_lru_add_page(machine, pfn);
	return true;
}

enum mm_touch_result mm_ksm_write(struct mm_machine *machine, const struct mm_request *request,
                                  uint32_t number)
{
	mm_count(machine, MM_PGFAULT, 1);
	mm_count(machine, MM_COW_KSM, 1);
	return mm_ksm_unshare(machine, request, number) ? MM_TOUCH_NEW : MM_TOUCH_FAILED;
}

/* ---- reclaim, and back ---- */

void mm_ksm_evicted(struct mm_machine *machine, uint32_t number)
{
	struct mm_ksm_page *page = ksm_page(machine, number);
	uint32_t pfn = mm_lpage(machine, number)->pfn;

	if (page->role != MM_KSM_SHARED)
		return;
	machine->ksm->nodes[page->node].pfn = MM_NONE;
	page->role = MM_KSM_SWAPPED;
	for (uint32_t i = page->next; i != number; i = ksm_page(machine, i)->next) {
		MM_CHECK(machine, mm_lpage(machine, i)->pfn == pfn, pfn);
		ksm_page(machine, i)->role = MM_KSM_SWAPPED;
		mm_lpage(machine, i)->pfn = MM_NONE;
	}
	if (page->next == number)
		end_role(machine, number);
}

/* Which of them has the slot. */
static uint32_t holder_of(const struct mm_machine *machine, uint32_t number)
{
	uint32_t at = number;

	while (mm_lpage(machine, at)->slot == MM_NONE && ksm_page(machine, at)->next != number)
		at = ksm_page(machine, at)->next;
	return at;
}

bool mm_ksm_fault(struct mm_machine *machine, uint32_t number, uint32_t flags)
{
	struct mm_ksm_page *page = ksm_page(machine, number);
	uint32_t holder;

	if (page->role == MM_KSM_ZERO && !(flags & MM_TOUCH_WRITE))
		return true;
	if (page->role == MM_KSM_ZERO) {
		end_role(machine, number);
		return false;
	}
	holder = holder_of(machine, number);
	if (page->role != MM_KSM_SWAPPED || holder == number)
		return false;
	if (mm_lpage(machine, holder)->pfn == MM_NONE) {
		hand_over(machine, holder, number);
		return false;
	}
	mm_count(machine, MM_KSM_SWPIN_COPY, 1);
	end_role(machine, number);
	return false;
}

void mm_ksm_moved(struct mm_machine *machine, uint32_t number, uint32_t pfn)
{
	const struct mm_ksm_page *page = ksm_page(machine, number);

	if (page->role != MM_KSM_SHARED)
		return;
	machine->ksm->nodes[page->node].pfn = pfn;
	for (uint32_t i = page->next; i != number; i = ksm_page(machine, i)->next)
		mm_lpage(machine, i)->pfn = pfn;
}

void mm_ksm_rename(struct mm_machine *machine, uint32_t from, uint32_t to)
{
	struct mm_ksm_page *was = ksm_page(machine, from), *is = ksm_page(machine, to);

	*is = *was;
	if (was->role != MM_KSM_NONE) {
		is->next = was->next == from ? to : was->next;
		is->prev = was->prev == from ? to : was->prev;
		ksm_page(machine, is->next)->prev = to;
		ksm_page(machine, is->prev)->next = to;
	}
	*was = (struct mm_ksm_page){ .content = 0 };
}
