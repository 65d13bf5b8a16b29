// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which page of a file a fault is after, on kernels that do not tell: mm_filemap_fault and mm_filemap_map_pages came
 * with 6.10.
 *
 * A mapping shows the pages of a file in order, so one number tells of all of them: index - vpn. A fault that misses
 * the page cache reads around its page, 32 pages from 16 before it on; when too many have missed it reads its page
 * alone, which is allocated like any other (without __GFP_NORETRY). So the pages that come in during a fault say
 * which one it was for, and from then on those that miss nothing are known by their address. What a fault for reading
 * finds in the cache is mapped around it, 16 pages from an aligned address on.
 *
 * A fault that makes a page of a shared mapping dirty is for that page, on all kernels: of a page that is write-protected since it was
 * written back none tells more. System calls dirty pages, too, and may follow a fault that is over: so this counts from the second
 * one on that says the same of a mapping.
 *
 * State: for each address space and mapping the range of addresses where this was seen, and how sure it is. A
 * fault whose page should be there by it, and is neither in the cache nor among those that came in, makes it less sure.
 *
 * Follows do_sync_mmap_readahead(), filemap_fault(), do_fault_around() of v6.1.
 *
 * Not modelled: another read_ahead_kb than 128; read() right after a fault, whose readahead is taken for the fault's
 * (once at most); the ends of a mapping, beyond which nothing is mapped around.
 */
#include "wl_fault.h"

#define READ_AROUND  32u
#define FAULT_AROUND 16u
#define NEARBY       512u /* pages: what lies so near to a known address is taken for the same mapping */
#define SURE         3
#define MOST_SPANS   64u /* of an address space; the oldest goes first */

/* ---- what is known of mappings ---- */

static uint64_t distance(const struct wl_span *span, uint64_t vpn)
{
	if (vpn < span->first)
		return span->first - vpn;
	return vpn > span->last ? vpn - span->last : 0;
}

static uint32_t find_near(const struct wl *wl, uint32_t mm, uint64_t vpn)
{
	uint32_t best = WL_NONE;
	uint64_t nearest = NEARBY + 1;

	for (uint32_t i = wl->mms.items[mm].spans; i != WL_NONE; i = wl->spans.items[i].next) {
		uint64_t far = distance(&wl->spans.items[i], vpn);

		if (far < nearest && !wl->spans.items[i].once) {
			nearest = far;
			best = i;
		}
	}
	return best;
}

static void add_span(struct wl *wl, uint32_t mm, struct wl_span span)
{
	uint32_t i = wl->free_span;

	span.next = wl->mms.items[mm].spans;
	if (i != WL_NONE) {
		wl->free_span = wl->spans.items[i].next;
		wl->spans.items[i] = span;
	} else {
		i = (uint32_t)wl->spans.count;
		if (wl_span_vec_push(&wl->spans, span) < 0) {
			wl->nomem = true;
			return;
		}
	}
	wl->mms.items[mm].spans = i;
}

static void remove_span(struct wl *wl, uint32_t mm, uint32_t span)
{
	uint32_t *link = &wl->mms.items[mm].spans;

	while (*link != span)
		link = &wl->spans.items[*link].next;
	*link = wl->spans.items[span].next;
	wl->spans.items[span].next = wl->free_span;
	wl->free_span = span;
}

/* Whether the same was learnt before. */
static bool learn_span(struct wl *wl, uint32_t mm, struct wl_span span)
{
	uint32_t oldest = WL_NONE, nr = 0;

	for (uint32_t i = wl->mms.items[mm].spans; i != WL_NONE; i = wl->spans.items[i].next) {
		struct wl_span *s = &wl->spans.items[i];

		oldest = i;
		nr++;
		if (s->delta != span.delta || s->ino != span.ino || s->dev != span.dev)
			continue;
		if (span.first < s->first)
			s->first = span.first;
		if (span.last > s->last)
			s->last = span.last;
		if (s->sure < SURE)
			s->sure++;
		s->once = false;
		return true;
	}
	if (nr >= MOST_SPANS)
		remove_span(wl, mm, oldest);
	add_span(wl, mm, span);
	return false;
}

static void learn(struct wl *wl, uint32_t mm, const struct wl_fault *f, uint64_t index)
{
	learn_span(wl, mm,
	           (struct wl_span){ .ino = f->added_ino,
	                             .dev = f->added_dev,
	                             .delta = index - f->vpn,
	                             .first = f->vpn,
	                             .last = f->vpn,
	                             .sure = 1 });
}

void wl_spans_free(struct wl *wl, uint32_t mm)
{
	while (wl->mms.items[mm].spans != WL_NONE)
		remove_span(wl, mm, wl->mms.items[mm].spans);
}

void wl_spans_copy(struct wl *wl, uint32_t dst, uint32_t src)
{
	for (uint32_t i = wl->mms.items[src].spans; i != WL_NONE && !wl->nomem;
	     i = wl->spans.items[i].next)
		add_span(wl, dst, wl->spans.items[i]);
}

/* ---- faults ---- */

static bool is_of(const struct wl *wl, uint32_t span, const struct mmr_event *event)
{
	return span != WL_NONE && wl->spans.items[span].ino == event->filemap.ino &&
	       wl->spans.items[span].dev == event->filemap.dev;
}

bool wl_fault_adds(struct wl *wl, uint32_t task, const struct mmr_event *event, uint64_t index,
                   uint32_t gfp_flags)
{
	struct wl_task *t = &wl->tasks.items[task];
	struct wl_fault *f = &t->fault;
	bool alone = !(gfp_flags & WL_GFP_NORETRY);
	uint32_t span;

	if (wl->traces_faults || f->state == WL_STATE_NONE || f->found || t->mm == WL_NONE ||
	    t->syscall || gfp_flags == 0 || gfp_flags & WL_GFP_WRITE)
		return false;
	if (f->nr_added > 0 &&
	    (f->added_ino != event->filemap.ino || index != f->added_first + f->nr_added))
		f->scattered = true;
	if (f->nr_added == 0) {
		f->added_ino = event->filemap.ino;
		f->added_dev = event->filemap.dev;
		f->added_first = index;
	}
	f->nr_added++;
	span = find_near(wl, t->mm, f->vpn);
	if (f->nr_added == 1 && !alone && is_of(wl, span, event))
		wl_fault_misses(wl, task,
		                wl_file_page(wl, event->filemap.dev, event->filemap.ino,
		                             f->vpn + wl->spans.items[span].delta));
	if (alone ? f->nr_added == 1
	          : is_of(wl, span, event) && wl->spans.items[span].delta == index - f->vpn) {
		f->found = true;
		learn(wl, t->mm, f, index);
	}
	return f->found;
}

/* The page that a fault at vpn is for, if it is in the cache. */
static uint32_t cached_page(struct wl *wl, const struct wl_span *span, uint64_t vpn)
{
	uint32_t page = wl_file_page(wl, span->dev, span->ino, vpn + span->delta);

	if (page == WL_NONE || wl->pages.items[page].flags & WL_PAGE_OUT)
		return WL_NONE;
	return page;
}

static void map_around(struct wl *wl, uint32_t task, const struct wl_span *span)
{
	const struct wl_fault *f = &wl->tasks.items[task].fault;
	struct mmr_event around = { .filemap = { .ino = span->ino, .dev = span->dev } };
	uint64_t index = f->vpn + span->delta, before = f->vpn % FAULT_AROUND;

	if (f->error_code & WL_ERROR_WRITE)
		return;
	around.filemap.index = index > before ? index - before : 0;
	around.filemap.last_index = index - before + FAULT_AROUND - 1;
	wl_file_around(wl, task, &around, index);
}

bool wl_fault_maps(struct wl *wl, uint32_t mm, uint64_t vpn, uint32_t page, bool once)
{
	const struct wl_page *p = &wl->pages.items[page];
	const struct wl_file *file = &wl->files.items[p->file];

	return learn_span(wl, mm,
	                  (struct wl_span){ .ino = file->ino,
	                                    .dev = file->dev,
	                                    .delta = ((uint64_t)file->high << 32 | p->index) - vpn,
	                                    .first = vpn,
	                                    .last = vpn,
	                                    .sure = 1,
	                                    .once = once });
}

void wl_fault_dirties(struct wl *wl, uint32_t task, uint32_t page)
{
	const struct wl_task *t = &wl->tasks.items[task];
	const struct wl_fault *f = &t->fault;

	if (!f->counted || f->told || f->found || f->state != WL_STATE_OPEN || f->page != WL_NONE ||
	    f->blind || !(f->error_code & WL_ERROR_WRITE) || t->syscall || t->mm == WL_NONE)
		return;
	/* Once may be chance: a system call writes to a file, and what it did before was a fault. */
	if (wl_fault_maps(wl, t->mm, f->vpn, page, true))
		wl_file_fault(wl, task, page);
}

void wl_fault_file_end(struct wl *wl, uint32_t task)
{
	const struct wl_task *t = &wl->tasks.items[task];
	const struct wl_fault *f = &t->fault;
	uint32_t mm = t->mm, span, page;

	if (wl->traces_faults || mm == WL_NONE)
		return;
	if (!f->found && (f->state != WL_STATE_OPEN || f->page != WL_NONE || f->told))
		return;
	span = find_near(wl, mm, f->vpn);
	if (span != WL_NONE && f->nr_added > 0 &&
	    cached_page(wl, &wl->spans.items[span], f->vpn) == WL_NONE &&
	    --wl->spans.items[span].sure < 0) {
		remove_span(wl, mm, span);
		span = WL_NONE;
	}
	if (span == WL_NONE && f->nr_added == READ_AROUND && !f->scattered && f->added_first > 0) {
		learn(wl, mm, f, f->added_first + READ_AROUND / 2);
		span = find_near(wl, mm, f->vpn);
	}
	if (span == WL_NONE)
		return;
	page = cached_page(wl, &wl->spans.items[span], f->vpn);
	if (page == WL_NONE)
		return;
	wl_file_fault(wl, task, page);
	map_around(wl, task, &wl->spans.items[span]);
}
