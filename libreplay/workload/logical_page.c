// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Logical pages: by number, by the page frame they live in, by the addresses they are seen at.
 *
 * A place (a u32 per page frame) says which page lives there, or what is known otherwise. A map says
 * that an address space sees a page at an address; pages shared by fork have several. Every table is
 * flat; entries link each other by 32-bit index.
 *
 * Pages of files are known by file and index; which addresses map them, by the faults that did it, so that it is known
 * when a process that goes, or munmap(), takes the last mapping away.
 *
 * Not modelled: mappings of files that were there before the trace, that mremap() moves, and that a private copy replaces.
 */
#include "wl_state.h"

uint32_t wl_hash_key(uint64_t a, uint64_t b)
{
	uint64_t h = (a ^ b << 32 ^ b >> 32) * 0x9e3779b97f4a7c15ull;

	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93ull;
	return (uint32_t)(h >> 32);
}

bool wl_hash_grow(struct wl *wl, struct wl_hash *hash)
{
	size_t size = hash->heads ? 2 * ((size_t)hash->mask + 1) : 1024;
	uint32_t *heads;

	hash->count++;
	if (hash->heads && hash->count <= hash->mask)
		return false;
	if (size > UINT32_MAX)
		return false;
	heads = base_calloc(size, sizeof(*heads));
	if (!heads) {
		wl->nomem |= !hash->heads;
		return false;
	}
	for (size_t i = 0; i < size; i++)
		heads[i] = WL_NONE;
	base_free(hash->heads);
	hash->heads = heads;
	hash->mask = (uint32_t)(size - 1);
	return true;
}

/* ---- maps ---- */

static void hash_map(struct wl *wl, uint32_t map)
{
	struct wl_map *m = &wl->maps.items[map];
	uint32_t *head = &wl->map_hash.heads[wl_hash_near(m->vpn, m->mm) & wl->map_hash.mask];

	m->hash_next = *head;
	*head = map;
}

uint32_t wl_map_find(const struct wl *wl, uint32_t mm, uint64_t vpn)
{
	uint32_t map;

	if (!wl->map_hash.heads)
		return WL_NONE;
	map = wl->map_hash.heads[wl_hash_near(vpn, mm) & wl->map_hash.mask];
	while (map != WL_NONE) {
		const struct wl_map *m = &wl->maps.items[map];

		if (m->vpn == vpn && m->mm == mm)
			break;
		map = m->hash_next;
	}
	return map;
}

uint32_t wl_map_page(const struct wl *wl, uint32_t mm, uint64_t vpn)
{
	uint32_t map = wl_map_find(wl, mm, vpn);

	return map == WL_NONE ? WL_NONE : wl->maps.items[map].page;
}

static uint32_t take_map(struct wl *wl)
{
	uint32_t map = wl->free_map;

	if (map != WL_NONE) {
		wl->free_map = wl->maps.items[map].hash_next;
		return map;
	}
	if (wl->maps.count >= WL_NONE ||
	    (wl->maps.count == wl->maps.capacity &&
	     wl_map_vec_reserve(&wl->maps, wl_more(wl->maps.count)) < 0) ||
	    wl_map_vec_push(&wl->maps, (struct wl_map){ 0 }) < 0) {
		wl->nomem = true;
		return WL_NONE;
	}
	return (uint32_t)(wl->maps.count - 1);
}

uint32_t wl_map_add(struct wl *wl, uint32_t mm, uint64_t vpn, uint32_t page)
{
	uint32_t map = take_map(wl);
	struct wl_map *m;
	bool rehash;

	if (map == WL_NONE)
		return WL_NONE;
	rehash = wl_hash_grow(wl, &wl->map_hash);
	m = &wl->maps.items[map];
	if (wl->nomem) {
		m->mm = WL_NONE;
		m->hash_next = wl->free_map;
		wl->free_map = map;
		return WL_NONE;
	}
	*m = (struct wl_map){ .vpn = vpn, .mm = mm, .page = page, .page_next = WL_NONE };
	m->mm_prev = WL_NONE;
	m->mm_next = wl->mms.items[mm].maps;
	if (m->mm_next != WL_NONE)
		wl->maps.items[m->mm_next].mm_prev = map;
	wl->mms.items[mm].maps = map;
	wl->mms.items[mm].nr_maps++;
	if (!(vpn & WL_AREA_BIT)) {
		m->page_next = wl->pages.items[page].maps;
		wl->pages.items[page].maps = map;
	}
	if (!rehash) {
		hash_map(wl, map);
		return map;
	}
	for (uint32_t i = 0; i < wl->maps.count; i++)
		if (wl->maps.items[i].mm != WL_NONE)
			hash_map(wl, i);
	return map;
}

static void unlink_from_page(struct wl *wl, uint32_t map)
{
	const struct wl_map *m = &wl->maps.items[map];
	uint32_t *link = &wl->pages.items[m->page].maps;

	while (*link != map)
		link = &wl->maps.items[*link].page_next;
	*link = m->page_next;
}

static void unlink_from_hash(struct wl *wl, uint32_t map)
{
	const struct wl_map *m = &wl->maps.items[map];
	uint32_t *link = &wl->map_hash.heads[wl_hash_near(m->vpn, m->mm) & wl->map_hash.mask];

	while (*link != map)
		link = &wl->maps.items[*link].hash_next;
	*link = m->hash_next;
	wl->map_hash.count--;
}

void wl_map_remove(struct wl *wl, uint32_t map)
{
	struct wl_map *m = &wl->maps.items[map];
	struct wl_mm *mm = &wl->mms.items[m->mm];

	unlink_from_hash(wl, map);
	if (m->vpn & WL_AREA_BIT)
		wl->chunks.items[m->page].area = WL_NONE;
	else
		unlink_from_page(wl, map);
	if (m->mm_prev == WL_NONE)
		mm->maps = m->mm_next;
	else
		wl->maps.items[m->mm_prev].mm_next = m->mm_next;
	if (m->mm_next != WL_NONE)
		wl->maps.items[m->mm_next].mm_prev = m->mm_prev;
	mm->nr_maps--;
	m->mm = WL_NONE;
	m->hash_next = wl->free_map;
	wl->free_map = map;
}

void wl_map_set(struct wl *wl, uint32_t mm, uint64_t vpn, uint32_t page)
{
	uint32_t map = wl_map_find(wl, mm, vpn);

	if (map != WL_NONE) {
		if (wl->maps.items[map].page == page)
			return;
		wl_map_drop(wl, map);
	}
	wl_map_add(wl, mm, vpn, page);
}

void wl_map_drop(struct wl *wl, uint32_t map)
{
	uint32_t page = wl->maps.items[map].page;
	bool area = wl->maps.items[map].vpn & WL_AREA_BIT;
	const struct wl_page *p;

	wl_map_remove(wl, map);
	if (area)
		return;
	p = &wl->pages.items[page];
	if (p->kind == WL_PAGE_FILE) {
		if (p->maps == WL_NONE)
			wl_page_unlock(wl, page);
		wl_emit(wl, (struct demand_op){ .kind = DEMAND_UNMAPPED,
		                                .page = page,
		                                .arg = p->maps == WL_NONE });
		return;
	}
	if (p->maps != WL_NONE || p->pfn != WL_NONE)
		return;
	/* In swap, or moved no one knows where: no event will tell of its end. */
	if (p->flags & WL_PAGE_OUT)
		wl_count(wl, WL_VMA_SWAPPED_FREED);
	wl_page_die(wl, page);
}

uint32_t wl_map_file(struct wl *wl, uint32_t mm, uint64_t vpn, uint32_t page)
{
	if (mm == WL_NONE)
		return 0;
	vpn |= WL_FILE_BIT;
	if (wl_map_page(wl, mm, vpn) != page) {
		uint32_t map = wl_map_find(wl, mm, vpn);

		if (map != WL_NONE)
			wl_map_remove(wl, map);
		wl_map_add(wl, mm, vpn, page);
	}
	return wl_note_table(wl, mm, page);
}

/* ---- places ---- */

void wl_page_move(struct wl *wl, uint32_t page, uint32_t number)
{
	struct wl_page *p = &wl->pages.items[number];

	*p = wl->pages.items[page];
	for (uint32_t map = p->maps; map != WL_NONE; map = wl->maps.items[map].page_next)
		wl->maps.items[map].page = number;
	if (p->pfn != WL_NONE)
		*wl_place(wl, p->pfn) = number + WL_PLACE_PAGE;
	wl_emit(wl, (struct demand_op){ .kind = DEMAND_RENAME, .page = number, .arg2 = page });
}

uint32_t wl_page_renumber(struct wl *wl, uint32_t page)
{
	uint32_t number = wl_number_get(wl, 0);
	const struct wl_page *p;

	if (number == WL_NONE)
		return WL_NONE;
	wl_page_move(wl, page, number);
	p = &wl->pages.items[number];
	if (p->slot < wl->slots.count && wl->slots.items[p->slot] == page)
		wl->slots.items[p->slot] = number;
	return number;
}

void wl_page_unplace(struct wl *wl, uint32_t page, enum wl_place place)
{
	struct wl_page *p = &wl->pages.items[page];

	if (p->pfn != WL_NONE)
		*wl_place(wl, p->pfn) = place;
	p->pfn = WL_NONE;
}

void wl_place_vacate(struct wl *wl, uint64_t pfn)
{
	uint32_t page = wl_page_at(wl, pfn);
	struct wl_page *p;

	if (page == WL_NONE)
		return;
	p = &wl->pages.items[page];
	if (p->kind == WL_PAGE_KERNEL || p->kind == WL_PAGE_MOVABLE ||
	    (p->kind != WL_PAGE_FILE && p->maps == WL_NONE)) {
		wl_page_die(wl, page);
		return;
	}
	wl_page_unplace(wl, page, WL_PLACE_UNKNOWN);
}

void wl_page_place(struct wl *wl, uint32_t page, uint32_t pfn)
{
	if (wl->pages.items[page].pfn == pfn)
		return;
	wl_place_vacate(wl, pfn);
	wl_page_unplace(wl, page, WL_PLACE_MOVED);
	wl->pages.items[page].pfn = pfn;
	*wl_place(wl, pfn) = page + WL_PLACE_PAGE;
}

/* ---- pages ---- */

void wl_page_init(struct wl *wl, uint32_t page, enum wl_page_kind kind, uint32_t pfn)
{
	wl->pages.items[page] = (struct wl_page){
		.kind = 15u & kind,
		.pfn = pfn,
		.maps = WL_NONE,
		.next = WL_NONE,
		.slot = kind == WL_PAGE_KERNEL ? 0 : WL_NONE,
		.last_mm = WL_NONE,
		.alloc_cause = WL_NR_CAUSES,
		.first_cause = WL_NR_CAUSES,
	};
	if (pfn != WL_NONE)
		*wl_place(wl, pfn) = page + WL_PLACE_PAGE;
}

uint32_t wl_page_new(struct wl *wl, enum wl_page_kind kind, uint32_t pfn)
{
	uint32_t page = wl_number_get(wl, 0);

	if (page != WL_NONE)
		wl_page_init(wl, page, kind, pfn);
	return page;
}

/* A kernel allocation has one number and several page frames. */
static void forget_kernel_places(struct wl *wl, uint32_t page)
{
	struct wl_page *p = &wl->pages.items[page];

	for (uint64_t pfn = p->pfn; p->nr_frames && wl_pfn_known(wl, pfn); pfn++) {
		if (*wl_place(wl, pfn) != page + WL_PLACE_PAGE) {
			if (pfn - p->pfn >= 1u << 10)
				break;
			continue;
		}
		*wl_place(wl, pfn) = WL_PLACE_UNKNOWN;
		p->nr_frames--;
	}
}

uint32_t wl_note_table(struct wl *wl, uint32_t mm, uint32_t page)
{
	struct wl_page *p = &wl->pages.items[page];
	uint32_t last = p->last_mm;

	if (mm == WL_NONE)
		return 0;
	p->last_mm = mm;
	return last == WL_NONE || last == mm ? 0 : DEMAND_BESIDE;
}

void wl_page_forget(struct wl *wl, uint32_t page)
{
	struct wl_page *p = &wl->pages.items[page];

	while (p->maps != WL_NONE)
		wl_map_remove(wl, p->maps);
	if (p->flags & WL_PAGE_IN_HASH)
		wl_file_unname(wl, page);
	if (p->kind == WL_PAGE_KERNEL && p->pfn != WL_NONE)
		forget_kernel_places(wl, page);
	else if (p->pfn != WL_NONE && *wl_place(wl, p->pfn) == page + WL_PLACE_PAGE)
		*wl_place(wl, p->pfn) = WL_PLACE_UNKNOWN;
	if (p->kind == WL_PAGE_KERNEL && p->flags & WL_PAGE_LARGE) {
		for (uint32_t i = 1; i < 1u << p->page_order; i++) {
			p[i].kind = WL_PAGE_NONE;
			wl_number_put(wl, page + i);
		}
	}
	p->kind = WL_PAGE_NONE;
	wl_number_put(wl, page);
}

void wl_page_die(struct wl *wl, uint32_t page)
{
	const struct wl_page *p = &wl->pages.items[page];

	if (!(p->flags & WL_PAGE_ABSENT))
		wl_emit(wl, (struct demand_op){
				    .kind = DEMAND_FREE, .page = page, .order = wl_page_order(p) });
	wl_page_forget(wl, page);
}
