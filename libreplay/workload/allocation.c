// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Allocations: which are demand, and which page each brings to life.
 *
 * What the kernel allocates inside compaction, migration, khugepaged and madvise(MADV_COLLAPSE) is its own reaction and is dropped, with
 * its free. Inside reclaim it is what writing to swap takes (requests, slots of the swap cache, what zram
 * compresses to): the engine has none of that, so it is kept as other kernel memory, from the reserves as there. A movable page of order 0 is the page of the task's fault if there is
 * one open; otherwise it waits for the event that says what it is: mm_filemap_add_to_page_cache or
 * mm_lru_insertion. Everything else is kernel memory. Follows __alloc_pages() and lru_add(), v6.12.
 *
 * The bulk allocator has no event: what the caller has found out of it (wl_add_bulk()) is kernel memory from then
 * on; what it has not shows only when it is freed (release.c).
 */
#include "error_set.h"
#include "tmpfs.h"
#include "wl_fault.h"

/* mm_lru_insertion's own flags (include/trace/events/pagemap.h). */
#define LRU_ANON       0x2u
#define LRU_SWAPCACHE  0x8u
#define LRU_SWAPBACKED 0x10u

#define MAX_ORDER 10

void wl_recount(struct wl *wl, uint32_t page, enum wl_cause cause)
{
	struct wl_page *p = &wl->pages.items[page];

	if (p->alloc_cause < WL_NR_CAUSES) {
		wl->explain.counts[p->alloc_cause]--;
		wl_count(wl, cause);
		p->alloc_cause = (uint8_t)cause;
	}
}

void wl_recount_first(struct wl *wl, uint32_t page, enum wl_cause cause)
{
	struct wl_page *p = &wl->pages.items[page];

	if (p->first_cause < WL_NR_CAUSES) {
		wl->explain.counts[p->first_cause]--;
		wl_count(wl, cause);
		p->first_cause = (uint8_t)cause;
	}
}

static void drop(struct wl *wl, uint64_t pfn, uint64_t nr, enum wl_cause cause)
{
	enum wl_place place = cause == WL_ALLOC_KHUGEPAGED ? WL_PLACE_COLLAPSE : WL_PLACE_DROPPED;

	wl_count(wl, cause);
	for (uint64_t i = 0; i < nr; i++)
		*wl_place(wl, pfn + i) = place;
}

/* A task with PF_MEMALLOC never reclaims for itself, and may use the reserves. */
static uint32_t memalloc(uint32_t gfp_flags)
{
	return (gfp_flags & ~WL_GFP_DIRECT_RECLAIM) | WL_GFP_MEMALLOC;
}

/* The recorder's, whose faults are not recorded: it may come from swap. */
static bool is_guess(const struct wl *wl, const struct mmr_event *event, enum wl_page_kind kind)
{
	return kind == WL_PAGE_MOVABLE && wl->recorder_pid && event->pid == wl->recorder_pid &&
	       !(event->page.gfp_flags & WL_GFP_ZERO);
}

/* Within reclaim nobody but zs_malloc() asks for pages that could be moved. */
static bool is_zspage(const struct mmr_event *event)
{
	return event->page.order == 0 && (event->page.gfp_flags & WL_GFP_MOVABLE);
}

/* Memory of the kernel's own, or a movable page that may still turn out to be something else. */
static uint32_t alloc_kernel(struct wl *wl, const struct mmr_event *event, enum wl_page_kind kind,
                             enum wl_cause cause)
{
	uint32_t gfp_flags = (uint32_t)event->page.gfp_flags;
	uint64_t pfn = event->page.pfn;
	uint64_t nr = 1ull << event->page.order;
	bool large = cause == WL_ALLOC_MOVABLE_UNNAMED && event->page.order &&
	             event->page.order <= WL_HUGE_ORDER;
	uint32_t page = wl_number_get(wl, large ? event->page.order : 0);
	struct wl_page *p;

	if (page == WL_NONE)
		return WL_NONE;
	wl_page_init(wl, page, kind, (uint32_t)pfn);
	p = &wl->pages.items[page];
	if (is_guess(wl, event, kind)) {
		p->flags = WL_PAGE_GUESS;
		wl_announce_nameless(wl, page);
	}
	p->nr_frames = (uint32_t)nr;
	if (large) {
		p->flags = WL_PAGE_LARGE;
		for (uint64_t i = 1; i < nr; i++)
			p[i] = (struct wl_page){ .kind = WL_PAGE_PART, .pfn = WL_NONE };
	}
	if (kind == WL_PAGE_KERNEL) {
		p->page_order = event->page.order;
		p->purpose = cause == WL_ALLOC_RECLAIM && is_zspage(event)
		                     ? (uint32_t)DEMAND_ZSPAGE
		                     : wl_kernel_purpose(event);
	}
	p->alloc_cause = (uint8_t)cause;
	wl_count(wl, cause);
	for (uint64_t i = 0; i < nr; i++)
		*wl_place(wl, pfn + i) = page + WL_PLACE_PAGE;
	p->op = wl_emit(wl, (struct demand_op){ .kind = DEMAND_KERNEL_ALLOC,
	                                        .page = page,
	                                        .order = (uint8_t)event->page.order,
	                                        .gfp_flags = cause == WL_ALLOC_RECLAIM
	                                                             ? memalloc(gfp_flags)
	                                                             : gfp_flags,
	                                        .arg = kind == WL_PAGE_KERNEL ? p->purpose : 0u });
	return page;
}

/* What MADV_WILLNEED reads from swap; the page cache asks for its own otherwise. */
static bool is_wanted(const struct wl_task *t, const struct mmr_event *event)
{
	const uint64_t other = WL_GFP_ZERO | WL_GFP_NORETRY | WL_GFP_WRITE;

	return t->flags & WL_TASK_WILLNEED && t->fault.state == WL_STATE_NONE &&
	       event->page.order == 0 && !(event->page.gfp_flags & other);
}

static void alloc_movable(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	struct wl_fault *f = &wl->tasks.items[task].fault;
	uint32_t pfn = (uint32_t)event->page.pfn;
	uint32_t gfp_flags = (uint32_t)event->page.gfp_flags;
	bool first = f->first;
	uint32_t page, tried = wl->tasks.items[task].tmpfs_gfp;

	f->first = false;
	wl->tasks.items[task].tmpfs_gfp = 0;
	wl->tasks.items[task].movable_pfn = event->page.order == 0 ? pfn : WL_NONE;
	wl->tasks.items[task].last = WL_NONE;
	if (is_wanted(&wl->tasks.items[task], event)) {
		drop(wl, pfn, 1, WL_ALLOC_SWAPAHEAD);
		return;
	}
	if (event->page.order == 0 ? wl_fault_page(wl, task, pfn, gfp_flags)
	                           : wl_fault_huge(wl, task, pfn, gfp_flags, event->page.order))
		return;
	if (event->page.order) {
		alloc_kernel(wl, event, WL_PAGE_KERNEL, WL_ALLOC_MOVABLE_UNNAMED);
		return;
	}
	page = alloc_kernel(wl, event, WL_PAGE_MOVABLE, WL_ALLOC_MOVABLE_UNNAMED);
	if (page == WL_NONE)
		return;
	if (!(gfp_flags & (WL_GFP_ZERO | WL_GFP_NORETRY | WL_GFP_WRITE))) {
		struct demand_op *op = wl_op_find(wl, wl->pages.items[page].op, page);

		wl_populate_step(wl, task, WL_STEP_PAGE);
		if (op && wl_fault_is_waited(wl, task))
			op->arg |= DEMAND_HANDED;
	}
	if (first) {
		wl->pages.items[page].first_cause = WL_FIRST_KERNEL;
		wl_count(wl, WL_FIRST_KERNEL);
	}
	wl->tasks.items[task].last = gfp_flags & WL_GFP_ZERO ? page : WL_NONE;
	if (tried != 0 && !(gfp_flags & WL_GFP_ZERO))
		wl_tmpfs_allocated(wl, page, tried);
	if (gfp_flags & WL_GFP_ZERO && wl_populate_page(wl, task, page))
		wl_page_to_anon(wl, page, WL_ALLOC_POPULATE, WL_FIRST_POPULATE);
	else if (gfp_flags & WL_GFP_ZERO)
		/* Neither the page cache nor tmpfs asks for zeroes. */
		wl_page_to_anon(wl, page, WL_ALLOC_ANON_UNNAMED, WL_FIRST_LATE_ANON);
}

static void alloc_failed(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	uint32_t gfp_flags = (uint32_t)event->page.gfp_flags;

	wl_count(wl, WL_ALLOC_FAILED);
	if (wl_hugetlb_purpose(event) == DEMAND_HUGETLB)
		wl_emit(wl, (struct demand_op){ .kind = DEMAND_HUGETLB_FAIL,
		                                .page = DEMAND_NO_PAGE,
		                                .order = WL_HUGE_ORDER,
		                                .gfp_flags = gfp_flags });
	else if (event->page.order == WL_HUGE_ORDER)
		wl_fault_no_huge(wl, task, gfp_flags);
	if (event->page.order == WL_HUGE_ORDER && !(gfp_flags & WL_GFP_ZERO) &&
	    gfp_flags & WL_GFP_MOVABLE && wl->tasks.items[task].fault.state == WL_STATE_NONE &&
	    !wl_in_collapse(&wl->tasks.items[task]))
		wl_tmpfs_tried(wl, task, gfp_flags);
}

/* get_huge_zero_page(), of a fault that says for itself that it reads zeroes of such an area. */
static bool is_huge_zero_page(const struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	const uint32_t wants = WL_GFP_ZERO | WL_GFP_COMP | WL_GFP_NOMEMALLOC;
	const struct wl_task *t = &wl->tasks.items[task];
	uint64_t gfp_flags = event->page.gfp_flags;

	return event->page.order == WL_HUGE_ORDER &&
	       (gfp_flags & (wants | WL_GFP_MOVABLE)) == wants && t->mm != WL_NONE &&
	       wl_fault_reads(&t->fault) && wl_huge_flags(wl, t->mm, t->fault.vpn) != 0;
}

void wl_alloc_event(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	struct wl_task *t = &wl->tasks.items[task];
	uint64_t pfn = event->page.pfn;
	uint64_t nr;
	bool movable = event->page.gfp_flags & WL_GFP_MOVABLE;

	if (wl->khugepaged_pid && event->pid == wl->khugepaged_pid)
		t->flags |= WL_TASK_KHUGEPAGED;
	/* What it reclaimed for it has got now, or had before: then no op has come of it. */
	if (!wl_in_reclaim(t)) {
		t->asked_ns = t->has_got ? 0 : t->asked_ns;
		t->has_got = t->asked_ns != 0;
	}
	wl_drop_row_ends(wl, task);
	if (pfn == MMR_PFN_NONE) {
		alloc_failed(wl, task, event);
		return;
	}
	nr = 1ull << (event->page.order & 63);
	if (event->page.order > MAX_ORDER || !wl_pfn_known(wl, pfn) ||
	    !wl_pfn_known(wl, pfn + nr - 1)) {
		wl_count(wl, WL_ALLOC_OUTSIDE);
		return;
	}
	for (uint64_t i = 0; i < nr; i++) {
		wl_place_vacate(wl, pfn + i);
		*wl_place(wl, pfn + i) = WL_PLACE_UNKNOWN;
		/* The idle bit moves with a page, and is clear on a new one. */
		if (wl->born)
			wl->born[pfn + i - wl->first_pfn] =
				wl_in_migration(t) ? 0 : wl_born_time(wl->now_ns);
	}
	if (is_huge_zero_page(wl, task, event)) {
		drop(wl, pfn, nr, WL_ALLOC_HUGE);
	} else if (wl_in_collapse(t)) {
		drop(wl, pfn, nr, WL_ALLOC_KHUGEPAGED);
		if (event->page.order == WL_HUGE_ORDER)
			t->collapse_pfn = (uint32_t)pfn;
	} else if (wl_in_migration(t)) {
		drop(wl, pfn, nr, WL_ALLOC_COMPACTION);
	} else if (wl_in_reclaim(t)) {
		alloc_kernel(wl, event, WL_PAGE_KERNEL, WL_ALLOC_RECLAIM);
	} else if (movable && !wl_hugetlb_purpose(event)) {
		alloc_movable(wl, task, event);
	} else if (wl_kernel_purpose(event) == DEMAND_PAGE_TABLE) {
		alloc_kernel(wl, event, WL_PAGE_KERNEL, WL_ALLOC_PAGE_TABLE);
	} else {
		alloc_kernel(wl, event, WL_PAGE_KERNEL, WL_ALLOC_KERNEL);
	}
}

int wl_add_bulk(struct wl *wl, uint64_t t_ns, uint32_t pfn, struct mmr_error *err)
{
	if (wl_bulk_vec_push(&wl->bulks, (struct wl_bulk){ t_ns, pfn }) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for the bulk allocator's pages");
	return 0;
}

void wl_bulk_until(struct wl *wl, uint64_t now_ns)
{
	while (wl->nr_bulks_done < wl->bulks.count &&
	       wl->bulks.items[wl->nr_bulks_done].t_ns <= now_ns) {
		uint32_t pfn = wl->bulks.items[wl->nr_bulks_done++].pfn;
		uint32_t page;

		if (!wl->started || !wl_pfn_known(wl, pfn) || *wl_place(wl, pfn) != WL_PLACE_FREE)
			continue;
		page = wl_page_new(wl, WL_PAGE_KERNEL, pfn);
		if (page == WL_NONE)
			return;
		wl->pages.items[page].nr_frames = 1;
		*wl_place(wl, pfn) = page + WL_PLACE_PAGE;
		wl->pages.items[page].op = wl_emit(
			wl, (struct demand_op){ .kind = DEMAND_KERNEL_ALLOC, .page = page });
	}
}

void wl_page_complete(struct wl *wl, uint32_t page, enum demand_kind kind)
{
	struct demand_op *op = wl_op_find(wl, wl->pages.items[page].op, page);

	if (!op && wl->pages.items[page].nr_ops) {
		wl_emit(wl, (struct demand_op){ .kind = DEMAND_FREE, .page = page });
		wl_emit(wl, (struct demand_op){ .kind = (uint8_t)kind, .page = page });
	}
	if (!op)
		return;
	if (wl->started && op->kind == DEMAND_KERNEL_ALLOC) {
		wl->explain.counts[WL_OP_KERNEL]--;
		wl_count(wl, WL_OP_TOUCH);
	}
	op->kind = (uint8_t)kind;
	if (kind != DEMAND_ANON_TOUCH)
		op->arg &= ~(uint32_t)DEMAND_HANDED;
}

void wl_page_to_anon(struct wl *wl, uint32_t page, enum wl_cause cause, enum wl_cause first)
{
	wl->pages.items[page].kind = WL_PAGE_ANON;
	wl_recount(wl, page, cause);
	wl_recount_first(wl, page, first);
	wl_page_complete(wl, page, DEMAND_ANON_TOUCH);
}

uint32_t wl_page_split(struct wl *wl, uint32_t kernel_page, uint64_t pfn, enum wl_page_kind kind)
{
	const struct wl_page was = wl->pages.items[kernel_page];
	uint32_t nr = 1u << wl_page_order(&was);

	if (!(was.flags & WL_PAGE_LARGE) || was.nr_frames != nr ||
	    !wl_op_find(wl, was.op, kernel_page)) {
		wl_page_die(wl, kernel_page);
		return WL_NONE;
	}
	for (uint32_t i = 0; i < nr; i++) {
		wl_page_init(wl, kernel_page + i, kind, was.pfn + i);
		wl->pages.items[kernel_page + i].op = was.op;
		wl->pages.items[kernel_page + i].nr_ops = was.nr_ops;
	}
	wl->pages.items[kernel_page].alloc_cause = was.alloc_cause;
	wl_page_complete(wl, kernel_page,
	                 kind == WL_PAGE_SHMEM ? DEMAND_SHMEM_TOUCH : DEMAND_FILE_TOUCH);
	return wl_page_at(wl, pfn);
}

void wl_page_to_shmem(struct wl *wl, uint32_t page, enum wl_cause cause)
{
	struct wl_page *p = &wl->pages.items[page];

	p->kind = WL_PAGE_SHMEM;
	p->flags &= (uint8_t)~WL_PAGE_GUESS;
	wl_recount(wl, page, cause);
	wl_recount_first(wl, page,
	                 cause == WL_ALLOC_SHMEM_FAULT ? WL_FIRST_SHMEM : WL_FIRST_LATE_SHMEM);
	wl_page_complete(wl, page, DEMAND_SHMEM_TOUCH);
	wl_nameless_back(wl, page, WL_PAGE_SHMEM);
	p = &wl->pages.items[page];
	/* Where rss_stat comes with each page that is mapped, it tells. */
	if (cause == WL_ALLOC_SHMEM_FAULT && !wl->rss_per_fault) {
		struct demand_op *op = wl_op_find(wl, p->op, page);

		if (op)
			op->arg |= DEMAND_MAPPED;
	}
}

void wl_page_to_file(struct wl *wl, uint32_t page)
{
	wl->pages.items[page].kind = WL_PAGE_FILE;
	wl_recount(wl, page, WL_ALLOC_FILE_UNNAMED);
	wl_recount_first(wl, page, WL_FIRST_LATE_FILE);
	wl_page_complete(wl, page, DEMAND_FILE_TOUCH);
}

void wl_lru_event(struct wl *wl, const struct mmr_event *event)
{
	uint64_t flags = event->lru.flags;
	uint32_t page = wl_page_at(wl, event->lru.pfn);
	bool shmem = flags & LRU_SWAPBACKED && !(flags & LRU_ANON);
	bool file = !(flags & (LRU_SWAPBACKED | LRU_ANON));
	struct wl_page *p;

	if (page == WL_NONE)
		return;
	p = &wl->pages.items[page];
	if (p->kind == WL_PAGE_KERNEL && shmem) {
		wl_recount(wl, page, WL_ALLOC_SHMEM);
		if (!(flags & LRU_SWAPCACHE))
			wl_tmpfs_huge(wl, page);
		wl_page_split(wl, page, event->lru.pfn, WL_PAGE_SHMEM);
	} else if (p->kind == WL_PAGE_KERNEL && p->flags & WL_PAGE_LARGE && file) {
		wl_recount(wl, page, WL_ALLOC_FILE_UNNAMED);
		wl_page_split(wl, page, event->lru.pfn, WL_PAGE_FILE);
	} else if (p->kind == WL_PAGE_ANON && shmem && !(flags & LRU_SWAPCACHE) &&
	           wl_is_huge(wl, page)) {
		wl_huge_to_shmem(wl, page);
	} else if (p->kind == WL_PAGE_ANON && p->flags & WL_PAGE_GUESS) {
		/* In the swap cache an anonymous page has not been mapped yet. */
		if (shmem && !(flags & LRU_SWAPCACHE))
			wl_page_to_shmem(wl, page, WL_ALLOC_SHMEM_FAULT);
		else if (!file)
			wl_nameless_back(wl, page, WL_PAGE_ANON);
		p->flags &= (uint8_t)~WL_PAGE_GUESS;
	} else if (p->kind == WL_PAGE_MOVABLE && shmem && flags & LRU_SWAPCACHE &&
	           p->flags & WL_PAGE_GUESS) {
		p->flags &= (uint8_t)~WL_PAGE_GUESS;
		wl_page_to_anon(wl, page, WL_ALLOC_ANON_UNNAMED, WL_FIRST_LATE_ANON);
		wl_nameless_back(wl, page, WL_PAGE_ANON);
	} else if (p->kind == WL_PAGE_MOVABLE && shmem) {
		if (!(flags & LRU_SWAPCACHE))
			page = wl_tmpfs_page(wl, page);
		wl_page_to_shmem(wl, page, WL_ALLOC_SHMEM);
	} else if (p->kind == WL_PAGE_MOVABLE && flags & LRU_ANON) {
		wl_page_to_anon(wl, page, WL_ALLOC_ANON_UNNAMED, WL_FIRST_LATE_ANON);
	} else if (p->kind == WL_PAGE_MOVABLE && file) {
		wl_page_to_file(wl, page);
	}
}

/*
 * folio_mark_accessed() found the page marked already: a read() that no event tells of (before 6.10), metadata of
 * a file system, or a mapping of a file that goes and had used it (zap_pte_range()). Whose CPU the page
 * waited on is not who used it. Of a large folio all pages become active. With MGLRU on it is lru_gen_look_around()
 * that activates, as reclaim goes.
 */
void wl_activate_event(struct wl *wl, const struct mmr_event *event)
{
	uint32_t page = wl_page_at(wl, event->lru.pfn);

	if (wl->generations || page == WL_NONE || wl->pages.items[page].kind > WL_PAGE_SHMEM)
		return;
	wl->task = 0;
	for (uint64_t pfn = event->lru.pfn + 1; page != WL_NONE; pfn++) {
		wl_emit(wl, (struct demand_op){
				    .kind = DEMAND_ACCESS, .page = page, .arg = DEMAND_TWICE });
		page = wl_page_at(wl, pfn);
		if (page != WL_NONE && (wl->pages.items[page].kind != WL_PAGE_FILE ||
		                        !(wl->pages.items[page].flags & WL_PAGE_TAIL)))
			page = WL_NONE;
	}
}
