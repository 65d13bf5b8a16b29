// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Faults: which page a task is after, and which of its allocations is that page.
 *
 * A fault is open from its event until the task shows that it is over: the next fault, rss_stat (the
 * page has been mapped), a system call, exec, exit. The first movable page of order 0 that is
 * allocated meanwhile is the faulting page; by __GFP_ZERO, the error code and what was known of the
 * address it is new, copied, or read back from swap. Follows handle_pte_fault(), do_swap_page(),
 * wp_page_copy() and swap_vma_readahead(), v6.12.
 *
 * Swap readahead allocates several pages. On a device without seeks their addresses lie in a window
 * around the fault, in order, so that the pages known to be out tell which is which; otherwise they
 * are neighbours in swap, and no event says whose they are.
 *
 * perf's faults (MMR_FAULT_CODE_UNKNOWN) do not tell what was to be done: they count as writes, which
 * what allocates a page or finds one write-protected is, and most swap-ins are.
 *
 * The kernel counts every fault of a user address once it is over (mm_account_fault(), v6.4 and later),
 * whatever it did. So each has an op that counts as one: the touch of the page that it was for, or, when
 * that is not known, DEMAND_PAGE_FAULT. A protection fault found its page in memory, and comes under any
 * policy (DEMAND_FAULTED); one for a page known to be there that was not mapped came because reclaim or
 * migration had just unmapped it, and comes if the replay has unmapped it, too.
 *
 * Not modelled: pages that were in swap when the trace began (they look new to this address space);
 * KSM; userfaultfd; faults that end in a signal, which kernels before v6.4 count and the tracepoint tells of as of
 * any other.
 */
#include "shared_room.h"
#include "wl_fault.h"

uint32_t wl_fault_op_flags(const struct wl_fault *f)
{
	return f->error_code & WL_ERROR_WRITE ? DEMAND_WRITE : 0u;
}

bool wl_fault_reads(const struct wl_fault *f)
{
	return f->state == WL_STATE_OPEN && f->page == WL_NONE && !f->served &&
	       !(f->error_code & (WL_ERROR_PROTECTION | WL_ERROR_WRITE));
}

void wl_fault_served(struct wl_task *task)
{
	struct wl_fault *f = &task->fault;

	if (f->state == WL_STATE_NONE)
		return;
	if (f->cause == WL_FAULT_NONE)
		f->cause = WL_FAULT_FILE;
	f->served = true;
}

/* ---- swap readahead ---- */

/* The pages of [start, end) that are out, target included although it is not any more. */
static unsigned int out_pages(const struct wl *wl, uint32_t mm, uint64_t start, uint64_t end,
                              uint64_t target, uint32_t pages[WL_MAX_AHEAD])
{
	unsigned int n = 0;

	for (uint64_t vpn = start; vpn < end && n < WL_MAX_AHEAD; vpn++) {
		uint32_t page = wl_map_page(wl, mm, vpn);

		if (page != WL_NONE && (vpn == target || wl->pages.items[page].flags & WL_PAGE_OUT))
			pages[n++] = page;
	}
	return n;
}

/* swap_vma_ra_win(): where a window of size pages lies. */
static uint64_t window_start(const struct wl_fault *f, unsigned int size)
{
	if (f->vpn == f->previous + 1)
		return f->vpn;
	if (f->vpn + 1 == f->previous)
		return f->vpn - size + 1;
	return f->vpn - (size - 1) / 2;
}

static void name_ahead(struct wl *wl, uint32_t task)
{
	struct wl_fault *f = &wl->tasks.items[task].fault;
	uint32_t pages[WL_MAX_AHEAD];
	uint32_t mm = wl->tasks.items[task].mm;
	uint32_t target;

	if (mm == WL_NONE)
		return;
	target = wl_map_page(wl, mm, f->vpn);
	for (unsigned int size = 2; wl->seekless_swap && size <= 8; size *= 2) {
		uint64_t start = window_start(f, size);

		if (out_pages(wl, mm, start, start + size, f->vpn, pages) != f->nr_got)
			continue;
		for (unsigned int i = 0; i < f->nr_got; i++) {
			wl->pages.items[pages[i]].flags &= (uint8_t)~WL_PAGE_OUT;
			if (wl->pages.items[pages[i]].pfn != WL_NONE)
				wl_page_unplace(wl, pages[i], WL_PLACE_DROPPED);
		}
		for (unsigned int i = 0; i < f->nr_got; i++)
			wl_page_place(wl, pages[i], f->got[i]);
		return;
	}
	if (target != WL_NONE && wl->pages.items[target].pfn == f->got[0]) {
		wl_recount_first(wl, target, WL_FIRST_SWAPAHEAD);
		wl_page_unplace(wl, target, WL_PLACE_DROPPED);
	}
}

/* ---- begin and end ---- */

/* No page of it is known: it counts all the same. */
static void tell(struct wl *wl, uint32_t task)
{
	struct wl_fault *f = &wl->tasks.items[task].fault;

	struct demand_op op = { .kind = DEMAND_PAGE_FAULT, .task = task, .page = DEMAND_NO_PAGE };

	/* Of memory that nobody has written to there are zeroes to be read. */
	if (wl_fault_reads(f) && wl->tasks.items[task].mm != WL_NONE)
		op.arg = wl_huge_flags(wl, wl->tasks.items[task].mm, f->vpn);
	if (op.arg != 0)
		op.arg2 = (uint32_t)f->vpn;
	f->told = true;
	f->op = wl_emit(wl, op);
}

/* The op that counts as the task's fault, as long as nothing else is known of it. */
static struct demand_op *told_op(struct wl *wl, uint32_t task)
{
	const struct wl_fault *f = &wl->tasks.items[task].fault;
	struct demand_op *op = f->told ? wl_op_find(wl, f->op, DEMAND_NO_PAGE) : NULL;

	return op && op->kind == DEMAND_PAGE_FAULT && op->task == task ? op : NULL;
}

/* Pages around it may have been mapped before, and rss_stat have ended the fault: it was too early to tell. */
void wl_fault_misses(struct wl *wl, uint32_t task, uint32_t page)
{
	struct wl_fault *f = &wl->tasks.items[task].fault;
	const struct demand_op miss = {
		.kind = DEMAND_FILE_FAULT,
		.task = task,
		.page = DEMAND_NO_PAGE,
		.arg = page == WL_NONE ? DEMAND_NO_PAGE : page,
	};
	struct demand_op *op = told_op(wl, task);

	f->missed = true;
	if (!op) {
		wl_emit(wl, miss);
		return;
	}
	wl->explain.counts[WL_OP_FAULT]--;
	wl_count(wl, WL_OP_OTHER);
	op->kind = miss.kind;
	op->arg = miss.arg;
	f->told = false;
}

void wl_fault_touch_file(struct wl *wl, uint32_t task, uint32_t page, uint32_t flags)
{
	struct wl_fault *f = &wl->tasks.items[task].fault;
	struct demand_op *op = told_op(wl, task);
	bool first = !f->told;

	f->told = true;
	flags |= wl_file_flag(wl, page);
	/* Not of a page that came after what told of the fault. */
	if (!op || f->op - wl->pages.items[page].op > UINT32_MAX / 2) {
		wl_emit(wl,
		        (struct demand_op){ .kind = DEMAND_FILE_TOUCH,
		                            .task = task,
		                            .page = page,
		                            .arg = flags | (first ? (uint32_t)DEMAND_FAULTED : 0u),
		                            .arg2 = wl->pages.items[page].index });
		return;
	}
	wl->explain.counts[WL_OP_FAULT]--;
	wl_count(wl, WL_OP_TOUCH);
	op->kind = DEMAND_FILE_TOUCH;
	op->page = page;
	op->arg = flags | DEMAND_FAULTED;
	op->arg2 = wl->pages.items[page].index;
	if (wl->pages.items[page].nr_ops < 2)
		wl->pages.items[page].nr_ops++;
}

static void begin_to_wait(struct wl *wl, struct wl_fault *f, uint32_t mm)
{
	f->waits_mm = mm + 1;
	wl->mms.items[mm].nr_waiting++;
}

static void end_to_wait(struct wl *wl, struct wl_fault *f)
{
	if (f->waits_mm != 0 && wl->mms.items[f->waits_mm - 1].nr_waiting > 0)
		wl->mms.items[f->waits_mm - 1].nr_waiting--;
	f->waits_mm = 0;
}

void wl_fault_frees(struct wl *wl, uint32_t task, uint64_t pfn)
{
	struct wl_task *t = &wl->tasks.items[task];
	struct wl_fault *f = &t->fault;

	if (f->state != WL_STATE_GOT || f->cause != WL_FAULT_NEW || f->nr_got != 1 ||
	    f->got[0] != pfn || t->mm == WL_NONE || f->filled)
		return;
	f->state = WL_STATE_OPEN;
	f->page = WL_NONE;
	begin_to_wait(wl, f, t->mm);
}

bool wl_fault_is_waited(const struct wl *wl, uint32_t task)
{
	const struct wl_task *t = &wl->tasks.items[task];

	return t->mm != WL_NONE &&
	       wl->mms.items[t->mm].nr_waiting > (t->fault.waits_mm == t->mm + 1 ? 1u : 0u);
}

void wl_fault_end(struct wl *wl, uint32_t task)
{
	struct wl_fault *f = &wl->tasks.items[task].fault;

	end_to_wait(wl, f);
	if (f->state != WL_STATE_NONE) {
		if (f->state == WL_STATE_OPEN && f->page != WL_NONE &&
		    wl_map_page(wl, wl->tasks.items[task].mm, f->vpn) == f->page)
			wl->pages.items[f->page].flags &= (uint8_t)~WL_PAGE_OUT;
		if (f->state == WL_STATE_GOT && f->nr_got > 1 && !f->by_slot)
			name_ahead(wl, task);
		if (f->cause == WL_FAULT_SWAPIN)
			f->previous = f->vpn;
	}
	if (f->counted)
		wl_fault_file_end(wl, task);
	f = &wl->tasks.items[task].fault;
	if (f->counted) {
		wl_count(wl, f->cause);
		if (!f->told)
			tell(wl, task);
	}
	f->counted = false;
	f->around = false;
	f->missed = false;
	f->state = WL_STATE_NONE;
	wl->tasks.items[task].wants = false;
}

/* Of a fault whose page is known: whether it would come though nothing were reclaimed. */
static bool comes_anyway(const struct wl_fault *f, const struct wl_page *page)
{
	if (page->flags & WL_PAGE_OUT)
		return false;
	return f->blind || f->error_code & WL_ERROR_PROTECTION || page->kind == WL_PAGE_SHMEM;
}

/* A write to what may not be written: the page is not used before it is this address space's alone. */
static bool may_copy(const struct wl_fault *f)
{
	const uint8_t both = WL_ERROR_PROTECTION | WL_ERROR_WRITE;

	return !f->blind && (f->error_code & both) == both;
}

void wl_fault_begin(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	struct wl_fault *f = &wl->tasks.items[task].fault;
	uint64_t vpn = event->fault.address >> WL_PAGE_SHIFT;
	const struct wl_page *p;
	uint32_t mm;
	bool out;

	wl_fault_end(wl, task);
	wl->tasks.items[task].populate_end = 0;
	f->counted = true;
	f->cause = WL_FAULT_NONE;
	f->first = true;
	f->page = WL_NONE;
	mm = event->fault.address >> 63 ? WL_NONE : wl_mm_of(wl, task);
	f->told = mm == WL_NONE;
	f->around = !f->told;
	if (mm == WL_NONE)
		return;
	f->vpn = vpn;
	f->state = WL_STATE_OPEN;
	f->blind = event->fault.error_code & MMR_FAULT_CODE_UNKNOWN;
	f->error_code = f->blind ? WL_ERROR_WRITE : event->fault.error_code & 0xff;
	f->served = false;
	f->huge = 0;
	f->huge_ns = 0;
	f->by_slot = false;
	f->nr_got = 0;
	f->nr_added = 0;
	f->scattered = false;
	f->filled = false;
	f->found = false;
	f->page = wl_map_page(wl, mm, vpn);
	if (f->page == WL_NONE)
		return;
	p = &wl->pages.items[f->page];
	out = p->flags & WL_PAGE_OUT;
	f->cause = out ? WL_FAULT_SWAPIN : WL_FAULT_ACCESS;
	f->told = true;
	if (out && wl->started)
		wl_count(wl, WL_OP_REFAULT);
	f->op = wl_emit(
		wl,
		(struct demand_op){
			.kind = p->kind == WL_PAGE_SHMEM ? DEMAND_SHMEM_TOUCH : DEMAND_ANON_TOUCH,
			.page = f->page,
			.arg = wl_fault_op_flags(f) | (out ? (uint32_t)DEMAND_REFAULT : 0u) |
	                       (may_copy(f) ? 0u : wl_note_table(wl, mm, f->page)) |
	                       (comes_anyway(f, p) ? (uint32_t)DEMAND_FAULTED : 0u) |
	                       (p->kind == WL_PAGE_SHMEM ? (uint32_t)DEMAND_MAPPED : 0u),
			.arg2 = p->kind == WL_PAGE_ANON ? (uint32_t)vpn : 0u,
		});
}

/* ---- allocations ---- */

/* A number for a new page at the fault's address; DEMAND_HUGE in *flags if its neighbours are numbered. */
static uint32_t new_number(struct wl *wl, uint32_t mm, const struct wl_fault *f, bool zeroed,
                           uint32_t *flags)
{
	uint32_t number = WL_NONE;

	*flags = zeroed ? wl_room_flags(wl, mm, f->vpn) : 0;
	if (f->huge != 0)
		*flags |= DEMAND_HUGE | DEMAND_ADMITS | DEMAND_TRIED;
	else if (*flags == 0 && wl->mms.items[mm].has_areas &&
	         (!wl->folios || wl_huge_flags(wl, mm, f->vpn)) &&
	         wl_map_find(wl, mm, f->vpn >> WL_HUGE_ORDER | WL_AREA_BIT) != WL_NONE)
		*flags = DEMAND_HUGE;
	if (*flags != 0)
		number = wl_number_get_area(wl, mm, f->vpn);
	if (number != WL_NONE)
		return number;
	*flags = 0;
	return wl_number_get(wl, 0);
}

/* Of what others share since a fork, and who had it first copies: the copy is where it was, and it is elsewhere. */
static uint32_t make_way(struct wl *wl, uint32_t mm, uint64_t vpn, uint32_t page)
{
	uint32_t area = wl_map_find(wl, mm, vpn >> WL_HUGE_ORDER | WL_AREA_BIT);
	uint32_t map = page == WL_NONE ? WL_NONE : wl->pages.items[page].maps;
	uint32_t number;

	if (map == WL_NONE || wl->maps.items[map].page_next == WL_NONE || area == WL_NONE ||
	    page / WL_HUGE_PAGES != wl->maps.items[area].page || (page ^ vpn) % WL_HUGE_PAGES ||
	    wl->pages.items[page].kind != WL_PAGE_ANON || wl->pages.items[page].pfn == WL_NONE ||
	    wl_is_huge(wl, page))
		return page;
	number = wl_page_renumber(wl, page);
	return number == WL_NONE ? page : number;
}

/*
 * The op of a new page. The touch that was emitted for what had been known there says no more than that; a copy
 * tells of it. It cannot become this one's, as the number may have been another's then.
 */
static void emit_new(struct wl *wl, const struct wl_fault *f, uint32_t page, struct demand_op op)
{
	struct demand_op *old = f->page == WL_NONE ? NULL : wl_op_find(wl, f->op, f->page);

	if (old && old->arg & DEMAND_REFAULT && wl->started)
		wl->explain.counts[WL_OP_REFAULT]--;
	if (old)
		old->arg = op.kind == DEMAND_COW ? (uint32_t)DEMAND_VOID : 0u;
	op.page = page;
	wl->pages.items[page].op = wl_emit(wl, op);
}

static void count_alloc(struct wl *wl, struct wl_page *p, enum wl_cause cause, enum wl_cause first)
{
	wl_count(wl, cause);
	wl_count(wl, first);
	p->alloc_cause = (uint8_t)cause;
	p->first_cause = (uint8_t)first;
}

void wl_fault_no_huge(struct wl *wl, uint32_t task, uint32_t gfp_flags)
{
	struct wl_task *t = &wl->tasks.items[task];

	/* A page table comes next, and then a small page, which is all that tells of it. */
	t->fault.huge = gfp_flags;
	if (t->fault.huge_ns == 0)
		t->fault.huge_ns = t->asked_ns;
	t->asked_ns = 0;
	t->has_got = false;
}

void wl_fault_ask_again(struct wl_task *task)
{
	if (task->fault.huge_ns != 0)
		task->asked_ns = task->fault.huge_ns;
	task->fault.huge_ns = 0;
}

/* A page of shared memory that had not been there. */
static void got_shared(struct wl *wl, uint32_t task, uint32_t pfn, uint32_t gfp_flags,
                       const struct wl_shared_room *room)
{
	struct wl_fault *f = &wl->tasks.items[task].fault;
	uint32_t mm = wl->tasks.items[task].mm, number = WL_NONE;
	struct demand_op op = { .kind = DEMAND_SHMEM_TOUCH,
		                .gfp_flags = gfp_flags,
		                .arg = wl_fault_op_flags(f) | (uint32_t)DEMAND_MAPPED };

	if (room->flags != 0 || f->huge != 0)
		number = wl_number_get_area(wl, mm, room->place);
	if (number != WL_NONE) {
		op.arg |= room->flags;
		op.arg2 = (uint32_t)room->place;
	}
	if (number != WL_NONE && f->huge != 0) {
		op.arg |= DEMAND_HUGE | DEMAND_ADMITS | DEMAND_SHMEM_TRIED;
		op.gfp_flags = f->huge;
		wl_fault_ask_again(&wl->tasks.items[task]);
	}
	if (number == WL_NONE)
		number = wl_number_get(wl, 0);
	if (number == WL_NONE)
		return;
	wl_page_init(wl, number, WL_PAGE_SHMEM, pfn);
	wl->pages.items[number].last_mm = mm;
	wl_announce_nameless(wl, number);
	emit_new(wl, f, number, op);
	wl_nameless_back(wl, number, WL_PAGE_SHMEM);
	count_alloc(wl, &wl->pages.items[number], WL_ALLOC_SHMEM_FAULT, WL_FIRST_SHMEM);
	f->told = true;
	f->cause = WL_FAULT_SHMEM;
	wl_map_set(wl, mm, f->vpn, number);
	f->page = number;
}

/* A page that had not been there: zeroed, copied, or of unknown origin. */
static void got_new(struct wl *wl, uint32_t task, uint32_t pfn, uint32_t gfp_flags, bool copy)
{
	struct wl_fault *f = &wl->tasks.items[task].fault;
	uint32_t mm = wl->tasks.items[task].mm;
	uint32_t page = copy ? f->page : WL_NONE, huge = DEMAND_HUGE;
	uint32_t from = copy ? make_way(wl, mm, f->vpn, page) : WL_NONE;
	struct demand_op op = { .kind = DEMAND_ANON_TOUCH, .gfp_flags = gfp_flags };
	struct wl_shared_room room;

	if (!copy && !(gfp_flags & WL_GFP_ZERO) && wl_shared_room(wl, mm, f->vpn, &room)) {
		got_shared(wl, task, pfn, gfp_flags, &room);
		return;
	}
	if (from == page)
		page = new_number(wl, mm, f, gfp_flags & WL_GFP_ZERO && !copy, &huge);
	if (page == WL_NONE)
		return;
	f->told = true;
	wl_page_init(wl, page, WL_PAGE_ANON, pfn);
	if (!(gfp_flags & WL_GFP_ZERO) && !copy) {
		wl->pages.items[page].flags = WL_PAGE_GUESS;
		if (wl->slots.count == 0)
			wl_announce_nameless(wl, page);
		else
			wl_nameless_back(wl, page, WL_PAGE_ANON);
	}
	op.arg = wl_fault_op_flags(f) | huge | wl_commit_flags(wl, mm, f->vpn) |
	         (f->waits_mm != 0 ? (uint32_t)DEMAND_HANDED : 0u);
	end_to_wait(wl, f);
	op.arg2 = (uint32_t)f->vpn;
	if (huge & DEMAND_TRIED)
		op.gfp_flags = f->huge;
	wl->pages.items[page].last_mm = mm;
	if (from != WL_NONE) {
		op.kind = DEMAND_COW;
		op.arg &= ~(uint32_t)(DEMAND_ADMITS | DEMAND_ADVISED | DEMAND_TRIED);
		op.arg2 = from;
		if (wl->pages.items[from].last_mm == mm) {
			op.arg |= DEMAND_LEAVES;
			wl->pages.items[from].last_mm = WL_NONE;
		}
	}
	if (op.arg & DEMAND_TRIED)
		wl_fault_ask_again(&wl->tasks.items[task]);
	emit_new(wl, f, page, op);
	if (op.kind != DEMAND_COW && may_copy(f))
		wl_tlb_copied(wl);
	count_alloc(wl, &wl->pages.items[page],
	            f->filled ? WL_ALLOC_POPULATE
	            : copy    ? WL_ALLOC_COW
	                      : WL_ALLOC_ANON,
	            f->filled ? WL_FIRST_POPULATE : WL_FIRST_ANON);
	f->cause = copy ? WL_FAULT_COW : WL_FAULT_NEW;
	wl_map_set(wl, mm, f->vpn, page);
	f->page = page;
	if (wl_populate_locks(wl, &wl->tasks.items[task]))
		wl_page_lock(wl, page);
}

/* A page that was out is read back. */
static void got_old(struct wl *wl, uint32_t task, uint32_t pfn, uint32_t gfp_flags)
{
	struct wl_fault *f = &wl->tasks.items[task].fault;
	struct demand_op *op = wl_op_find(wl, f->op, f->page);
	struct wl_page *p = &wl->pages.items[f->page];

	if (op)
		op->gfp_flags = gfp_flags;
	if (gfp_flags & WL_GFP_ZERO && op && op->arg & DEMAND_REFAULT) {
		/* MADV_FREE had let it go: it begins anew, under its number. */
		op->arg &= ~(uint32_t)DEMAND_REFAULT;
		if (wl->started)
			wl->explain.counts[WL_OP_REFAULT]--;
	}
	p->flags &= (uint8_t) ~(WL_PAGE_OUT | WL_PAGE_LAZY);
	wl_page_place(wl, f->page, pfn);
	count_alloc(wl, p, WL_ALLOC_SWAPIN, WL_FIRST_ANON);
	f->cause = WL_FAULT_SWAPIN;
}

/*
 * Whether the page allocated is to be a copy of the one there. Without an error code: whenever there is
 * one in memory, since nothing else that needs a page without zeroes finds one.
 */
static bool is_copy(const struct wl *wl, const struct wl_fault *f, uint32_t gfp_flags, bool old)
{
	if (gfp_flags & WL_GFP_ZERO)
		return false;
	/* It has been merged, and what is allocated is its own again. */
	if (wl->merges && f->page != WL_NONE && !old && wl->pages.items[f->page].pfn == WL_NONE)
		return false;
	if (f->blind)
		return f->page != WL_NONE && !old && wl->pages.items[f->page].pfn != WL_NONE;
	return may_copy(f);
}

static bool take_page(struct wl *wl, uint32_t task, uint32_t pfn, uint32_t gfp_flags)
{
	struct wl_fault *f = &wl->tasks.items[task].fault;
	uint32_t mm = wl->tasks.items[task].mm;
	bool copy, old;

	/* Readahead and write() allocate for the page cache. */
	if (f->state == WL_STATE_NONE || mm == WL_NONE || f->served ||
	    gfp_flags & (WL_GFP_NORETRY | WL_GFP_WRITE))
		return false;
	if (f->state == WL_STATE_GOT) {
		if (f->cause != WL_FAULT_SWAPIN || gfp_flags & WL_GFP_ZERO ||
		    f->nr_got == WL_MAX_AHEAD)
			return false;
		f->got[f->nr_got++] = pfn;
		*wl_place(wl, pfn) = WL_PLACE_DROPPED;
		wl_count(wl, WL_ALLOC_SWAPAHEAD);
		return true;
	}
	/* Another thread may have been there since. */
	if (f->page != wl_map_page(wl, mm, f->vpn))
		f->page = WL_NONE;
	old = f->page != WL_NONE && wl->pages.items[f->page].flags & WL_PAGE_OUT;
	if (old && gfp_flags & WL_GFP_ZERO && !(wl->pages.items[f->page].flags & WL_PAGE_LAZY))
		old = false;
	copy = is_copy(wl, f, gfp_flags, old);
	/* In memory and not to be copied: served from the swap cache, so this is for something else. */
	if (f->page != WL_NONE && !old && !copy && !(gfp_flags & WL_GFP_ZERO) &&
	    wl->pages.items[f->page].pfn != WL_NONE)
		return false;
	f->state = WL_STATE_GOT;
	f->got[0] = pfn;
	f->nr_got = 1;
	if (old || (f->page != WL_NONE && !copy && !(gfp_flags & WL_GFP_ZERO)))
		got_old(wl, task, pfn, gfp_flags);
	else
		got_new(wl, task, pfn, gfp_flags, copy);
	return true;
}

bool wl_fault_page(struct wl *wl, uint32_t task, uint32_t pfn, uint32_t gfp_flags)
{
	bool filled = wl->tasks.items[task].fault.state != WL_STATE_OPEN &&
	              wl_populate_fault(wl, task, gfp_flags, 0);
	bool taken = take_page(wl, task, pfn, gfp_flags);

	if (filled)
		wl_fault_end(wl, task);
	return taken;
}

/* ---- rss_stat ---- */

/*
 * The page of another address space: an argument of exec, or a remote write. It had been taken for
 * the fault's if none had been allocated since.
 */
static void on_remote(struct wl *wl, uint32_t task, uint32_t id)
{
	struct wl_task *t = &wl->tasks.items[task];
	struct wl_fault *f = &t->fault;
	bool mistaken = f->state == WL_STATE_GOT && f->cause == WL_FAULT_NEW && f->nr_got == 1 &&
	                f->page != WL_NONE && wl->pages.items[f->page].pfn == f->got[0];
	uint32_t page = mistaken ? f->page : t->last;
	uint32_t map;

	t->last = WL_NONE;
	if (page == WL_NONE || (!mistaken && (wl->pages.items[page].kind != WL_PAGE_ANON ||
	                                      wl->pages.items[page].maps != WL_NONE)))
		return;
	if (mistaken) {
		map = wl_map_find(wl, t->mm, f->vpn);
		if (map != WL_NONE)
			wl_map_remove(wl, map);
		f->cause = WL_FAULT_NONE;
	}
	if (wl_mm_exec_page(wl, task, id, page))
		wl_page_to_anon(wl, page, WL_ALLOC_EXEC, WL_FIRST_EXEC);
	else
		wl_page_to_anon(wl, page, WL_ALLOC_ANON_UNNAMED, WL_FIRST_LATE_ANON);
}

/*
 * What the kernel counts when it has mapped a page: the fault is over, and was of this kind. Before
 * v6.2 a task's own counts come out once in 64 faults, before the fault's page is allocated.
 */
void wl_fault_rss(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	struct wl_task *t = &wl->tasks.items[task];
	struct wl_fault *f = &t->fault;
	uint32_t page = f->page;
	bool around;

	/* Whoever unmaps pages for others. */
	if (wl->tells_files && !event->rss.curr && event->rss.member == MMR_RSS_FILE)
		wl_mm_file_rss(wl, event->rss.mm_id, event->rss.size);
	if (task == 0 || wl_in_reclaim(t) || wl_in_migration(t) ||
	    t->flags & (WL_TASK_KHUGEPAGED | WL_TASK_COLLAPSE | WL_TASK_EXITED))
		return;
	if (event->rss.curr)
		wl_mm_identify(wl, task, event->rss.mm_id);
	else if (!wl_mm_is_left(wl, task, event->rss.mm_id) && event->rss.member == MMR_RSS_ANON)
		on_remote(wl, task, event->rss.mm_id);
	if (event->rss.curr && event->rss.member == MMR_RSS_FILE)
		wl_file_rss(wl, task, event);
	if (!wl->rss_per_fault && event->rss.curr)
		return;
	if (f->state == WL_STATE_GOT && page != WL_NONE && f->nr_got == 1 &&
	    event->rss.member == MMR_RSS_SHMEM && wl->pages.items[page].pfn == f->got[0]) {
		struct demand_op *op;

		if (wl->pages.items[page].flags & WL_PAGE_GUESS)
			wl_page_to_shmem(wl, page, WL_ALLOC_SHMEM_FAULT);
		op = wl_op_find(wl, wl->pages.items[page].op, page);
		if (op && op->kind == DEMAND_SHMEM_TOUCH) {
			op->arg |= DEMAND_MAPPED;
			f->cause = WL_FAULT_SHMEM;
		}
	}
	around = f->around;
	wl_fault_end(wl, task);
	f->around = around;
}
