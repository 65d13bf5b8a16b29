// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The start: what is in memory when the demand begins, from the first full snapshot's kpageflags.
 *
 * A snapshot takes tens of milliseconds. Each piece of kpageflags is taken in at its own instant, the
 * events around it are followed as ever, and the demand begins after the last piece, with an op for
 * every page that is in memory then. So no page is counted twice or missed.
 *
 * Not modelled: pages on per-CPU lists look like kernel memory in kpageflags. Those that the caller knows
 * of (wl_add_listed()) are free; others end as such when an allocation or mm_page_pcpu_drain tells.
 */
#include "error_set.h"
#include "le.h"
#include "wl_state.h"

/* Bits of /proc/kpageflags (include/uapi/linux/kernel-page-flags.h). */
#define KPF_LRU           (1ull << 5)
#define KPF_REFERENCED    (1ull << 2)
#define KPF_ACTIVE        (1ull << 6)
#define KPF_SLAB          (1ull << 7)
#define KPF_BUDDY         (1ull << 10)
#define KPF_ANON          (1ull << 12)
#define KPF_SWAPBACKED    (1ull << 14)
#define KPF_COMPOUND_HEAD (1ull << 15)
#define KPF_COMPOUND_TAIL (1ull << 16)
#define KPF_HUGE          (1ull << 17)
#define KPF_UNEVICTABLE   (1ull << 18)
#define KPF_NOPAGE        (1ull << 20)
#define KPF_OFFLINE       (1ull << 23)
#define KPF_PGTABLE       (1ull << 26)
#define KPF_RESERVED      (1ull << 32)
#define KPF_MLOCKED       (1ull << 33)

#define MAX_ORDER       10
#define MAX_ORDER_PAGES (1u << MAX_ORDER)

int wl_add_kpageflags(struct wl *wl, uint64_t first_pfn, const void *flags, uint64_t nr_pfns,
                      uint64_t begin_ns, struct mmr_error *err)
{
	const uint8_t *bytes = flags;
	struct wl_piece piece = { .first_pfn = first_pfn, .begin_ns = begin_ns, .nr = nr_pfns };

	if (nr_pfns == 0)
		return 0;
	piece.flags = base_calloc_err(nr_pfns, sizeof(*piece.flags), "kpageflags", err);
	if (!piece.flags)
		return MMR_E_NOMEM;
	for (uint64_t i = 0; i < nr_pfns; i++)
		piece.flags[i] = le64_get(bytes + 8 * i);
	if (wl_piece_vec_push(&wl->pieces, piece) < 0) {
		base_free(piece.flags);
		return base_error(err, MMR_E_NOMEM, "no memory for kpageflags");
	}
	wl->started = false;
	return 0;
}

void wl_add_listed(struct wl *wl, uint64_t pfn, uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++)
		if (wl_pfn_known(wl, pfn + i) && *wl_place(wl, pfn + i) == WL_PLACE_UNKNOWN)
			*wl_place(wl, pfn + i) = WL_PLACE_LISTED;
}

static enum wl_page_kind kind_of(uint64_t flags)
{
	/* What a slab keeps in struct page's mapping can look like an anonymous page's. */
	if (flags & (KPF_SLAB | KPF_HUGE | KPF_PGTABLE))
		return WL_PAGE_KERNEL;
	if (flags & KPF_ANON)
		return WL_PAGE_ANON;
	if (!(flags & KPF_LRU))
		return WL_PAGE_KERNEL;
	return flags & KPF_SWAPBACKED ? WL_PAGE_SHMEM : WL_PAGE_FILE;
}

/* Order of the compound page whose head is entry i; what is not whole counts as single pages. */
static uint32_t order_of(const struct wl_piece *piece, uint64_t i)
{
	uint32_t order = 0;
	uint64_t nr = 1;

	if (!(piece->flags[i] & KPF_COMPOUND_HEAD))
		return 0;
	while (i + nr < piece->nr && piece->flags[i + nr] & KPF_COMPOUND_TAIL)
		nr++;
	while (order < MAX_ORDER && 2ull << order <= nr)
		order++;
	return order;
}

/* Base pages that nothing is known of yet become pages of their own. */
static void add_user(struct wl *wl, uint64_t pfn, uint32_t order, uint64_t flags)
{
	enum wl_page_kind kind = kind_of(flags);
	uint32_t page;

	if (order > WL_HUGE_ORDER)
		order = WL_HUGE_ORDER;
	if (kind == WL_PAGE_FILE)
		order = 0;
	page = wl_number_get(wl, order);
	for (uint32_t i = 0; page != WL_NONE && i < 1u << order; i++) {
		if (!wl_pfn_known(wl, pfn + i) || *wl_place(wl, pfn + i) >= WL_PLACE_PAGE) {
			wl_number_put(wl, page + i);
			continue;
		}
		wl_page_init(wl, page + i, kind, (uint32_t)(pfn + i));
		if (flags & (KPF_UNEVICTABLE | KPF_MLOCKED))
			wl->pages.items[page + i].flags |= WL_PAGE_LOCKED;
		wl->pages.items[page + i].begins_active = flags & KPF_ACTIVE;
		wl->pages.items[page + i].begins_referenced = flags & KPF_REFERENCED;
		if (kind == WL_PAGE_FILE && flags & KPF_COMPOUND_TAIL)
			wl->pages.items[page + i].flags |= WL_PAGE_TAIL;
	}
}

static void add_kernel(struct wl *wl, uint64_t pfn, uint32_t order, uint64_t flags)
{
	uint32_t page = wl_page_new(wl, WL_PAGE_KERNEL, (uint32_t)pfn);
	uint64_t nr = 0;

	if (page == WL_NONE)
		return;
	for (uint64_t i = 0; i < 1ull << order; i++) {
		if (!wl_pfn_known(wl, pfn + i) || (i && *wl_place(wl, pfn + i) >= WL_PLACE_PAGE))
			continue;
		*wl_place(wl, pfn + i) = page + WL_PLACE_PAGE;
		nr++;
	}
	wl->pages.items[page].nr_frames = (uint32_t)nr;
	wl->pages.items[page].page_order = order;
	if ((flags & KPF_HUGE) && order == WL_HUGE_ORDER)
		wl->pages.items[page].purpose = DEMAND_HUGETLB;
	else if (flags & KPF_SLAB)
		wl->pages.items[page].purpose = DEMAND_SLAB;
	else if (flags & KPF_PGTABLE)
		wl->pages.items[page].purpose = DEMAND_PAGE_TABLE;
}

/*
 * Whether a whole block of the highest order begins at entry i of which no page shows any flag: the
 * page allocator does not have it (a balloon's or virtio-mem's part of a zone that is present and not
 * managed). Kernel memory without flags looks the same, but hardly fills such a block.
 */
static bool is_unmanaged(const struct wl_piece *piece, uint64_t i)
{
	uint64_t flags = 0;

	if ((piece->first_pfn + i) % MAX_ORDER_PAGES || piece->nr - i < MAX_ORDER_PAGES)
		return false;
	for (uint64_t k = 0; k < MAX_ORDER_PAGES && !flags; k++)
		flags = piece->flags[i + k];
	return flags == 0;
}

static void take_in(struct wl *wl, const struct wl_piece *piece)
{
	for (uint64_t i = 0; i < piece->nr && !wl->nomem; i++) {
		uint64_t pfn = piece->first_pfn + i;
		uint64_t flags = piece->flags[i];
		uint32_t order;

		if (is_unmanaged(piece, i)) {
			i += MAX_ORDER_PAGES - 1;
			continue;
		}
		if (!wl_pfn_known(wl, pfn))
			continue;
		if (flags & KPF_BUDDY) {
			wl_place_vacate(wl, pfn);
			*wl_place(wl, pfn) = WL_PLACE_FREE;
			continue;
		}
		if (*wl_place(wl, pfn) == WL_PLACE_LISTED)
			*wl_place(wl, pfn) = WL_PLACE_FREE;
		/* Free by the events and not in the buddy lists: on a per-CPU list. */
		if (flags & (KPF_NOPAGE | KPF_OFFLINE | KPF_RESERVED) ||
		    *wl_place(wl, pfn) != WL_PLACE_UNKNOWN)
			continue;
		order = order_of(piece, i);
		if (kind_of(flags) == WL_PAGE_KERNEL)
			add_kernel(wl, pfn, order, flags);
		else
			add_user(wl, pfn, order, flags);
	}
}

/* ---- the ops of the start ---- */

static enum demand_kind op_kind(const struct wl_page *p)
{
	switch (p->kind) {
	case WL_PAGE_ANON:
		return DEMAND_ANON_TOUCH;
	case WL_PAGE_FILE:
		return DEMAND_FILE_TOUCH;
	case WL_PAGE_SHMEM:
		return DEMAND_SHMEM_TOUCH;
	default:
		return DEMAND_KERNEL_ALLOC;
	}
}

/* Whether the 512 numbers from page on are one huge page as it lies in memory. */
static bool is_huge(const struct wl *wl, uint32_t page)
{
	const struct wl_page *p = &wl->pages.items[page];

	if (p->kind != WL_PAGE_ANON || p->pfn == WL_NONE || p->pfn % WL_HUGE_PAGES)
		return false;
	for (uint32_t i = 1; i < WL_HUGE_PAGES; i++)
		if (p[i].kind != WL_PAGE_ANON || p[i].pfn != p->pfn + i)
			return false;
	return true;
}

static void emit_resident(struct wl *wl, uint32_t page, uint8_t order)
{
	struct wl_page *p = &wl->pages.items[page];
	struct demand_op op = {
		.kind = (uint8_t)op_kind(p),
		.page = page,
		.order = p->kind == WL_PAGE_KERNEL ? wl_page_order(p) : order,
		.arg = DEMAND_RESIDENT,
		.arg2 = p->pfn,
	};

	if (p->flags & WL_PAGE_OUT) {
		/* Pages of files that are out are simply not in memory, nor locked there. */
		if (p->kind == WL_PAGE_FILE) {
			p->flags |= WL_PAGE_ABSENT;
			p->flags &= (uint8_t)~WL_PAGE_LOCKED;
			return;
		}
		op.arg |= DEMAND_SWAPPED;
		op.arg2 = DEMAND_NO_PAGE;
	}
	if (order)
		op.arg |= DEMAND_HUGE;
	if (p->kind == WL_PAGE_KERNEL)
		op.arg |= p->purpose;
	if (p->flags & WL_PAGE_LOCKED)
		op.arg |= DEMAND_LOCKED;
	if (p->kind != WL_PAGE_KERNEL && p->begins_active)
		op.arg |= DEMAND_ACTIVE;
	if (p->kind != WL_PAGE_KERNEL && p->begins_referenced)
		op.arg |= DEMAND_REFERENCED;
	p->op = wl_emit(wl, op);
}

static void start(struct wl *wl)
{
	wl->started = true;
	wl->start_ns = wl->now_ns;
	for (uint32_t page = 0; page < wl->pages.count; page++) {
		uint8_t kind = wl->pages.items[page].kind;

		if (kind == WL_PAGE_NONE || kind == WL_PAGE_PART)
			continue;
		if (page % WL_HUGE_PAGES == 0 && is_huge(wl, page)) {
			emit_resident(wl, page, WL_HUGE_ORDER);
			page += WL_HUGE_PAGES - 1;
		} else {
			emit_resident(wl, page, 0);
		}
	}
	for (uint32_t task = 1; task < wl->tasks.count; task++)
		if (!(wl->tasks.items[task].flags & WL_TASK_EXITED))
			wl_task_tell(wl, task);
}

void wl_resident_until(struct wl *wl, uint64_t now_ns)
{
	while (wl->nr_pieces_done < wl->pieces.count &&
	       wl->pieces.items[wl->nr_pieces_done].begin_ns <= now_ns) {
		struct wl_piece *piece = &wl->pieces.items[wl->nr_pieces_done++];

		take_in(wl, piece);
		base_free(piece->flags);
		piece->flags = NULL;
	}
	if (wl->nr_pieces_done == wl->pieces.count)
		start(wl);
}
