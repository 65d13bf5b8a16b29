// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which numbers are in use.
 *
 * The numbers are dealt out in chunks of 512. A chunk serves one order, or is one huge area: the 512
 * base pages of a place where a huge page could be. A chunk whose last number is given back can serve
 * anything again, so the highest number ever used follows the pages alive and not the trace's length.
 */
#include "wl_state.h"

static void unlink_chunk(struct wl *wl, uint32_t c)
{
	struct wl_chunk *chunk = &wl->chunks.items[c];

	if (!chunk->linked)
		return;
	if (chunk->prev == WL_NONE)
		wl->chunk_lists[chunk->class] = chunk->next;
	else
		wl->chunks.items[chunk->prev].next = chunk->next;
	if (chunk->next != WL_NONE)
		wl->chunks.items[chunk->next].prev = chunk->prev;
	chunk->linked = 0;
}

static void link_chunk(struct wl *wl, uint32_t c, uint8_t class)
{
	struct wl_chunk *chunk = &wl->chunks.items[c];
	uint32_t next = wl->chunk_lists[class];

	chunk->class = class;
	chunk->prev = WL_NONE;
	chunk->next = next;
	chunk->linked = 1;
	if (next != WL_NONE)
		wl->chunks.items[next].prev = c;
	wl->chunk_lists[class] = c;
}

/* An empty chunk for a class, in no list. */
static uint32_t take_chunk(struct wl *wl, uint8_t class)
{
	uint32_t c = wl->chunk_lists[WL_CLASS_EMPTY];
	struct wl_chunk chunk = { .prev = WL_NONE, .next = WL_NONE, .area = WL_NONE };
	size_t first = wl->chunks.count * WL_HUGE_PAGES;

	if (c != WL_NONE) {
		unlink_chunk(wl, c);
		wl->chunks.items[c].class = class;
		return c;
	}
	if (first + WL_HUGE_PAGES > UINT32_MAX - WL_PLACE_PAGE)
		goto nomem;
	if (wl->pages.capacity < first + WL_HUGE_PAGES &&
	    wl_page_vec_reserve(&wl->pages, wl_more(first)) < 0)
		goto nomem;
	chunk.class = class;
	if (wl_chunk_vec_push(&wl->chunks, chunk) < 0)
		goto nomem;
	wl->pages.count = first + WL_HUGE_PAGES;
	for (size_t i = first; i < wl->pages.count; i++)
		wl->pages.items[i] = (struct wl_page){ .kind = WL_PAGE_NONE };
	return (uint32_t)(wl->chunks.count - 1);
nomem:
	wl->nomem = true;
	return WL_NONE;
}

/* Where the first free run of 2^order numbers is, for up to 32; 512 if there is none. */
static unsigned int find_small_run(const struct wl_chunk *chunk, unsigned int order)
{
	uint64_t mask = (1ull << (1u << order)) - 1;

	for (unsigned int w = 0; w < 8; w++) {
		if (chunk->used[w] == UINT64_MAX)
			continue;
		for (unsigned int shift = 0; shift < 64; shift += 1u << order)
			if (!(chunk->used[w] & mask << shift))
				return w * 64 + shift;
	}
	return WL_HUGE_PAGES;
}

/* Likewise for 64 and more. */
static unsigned int find_large_run(const struct wl_chunk *chunk, unsigned int order)
{
	unsigned int words = 1u << (order - 6);

	for (unsigned int w = 0; w < 8; w += words) {
		uint64_t used = 0;

		for (unsigned int i = 0; i < words; i++)
			used |= chunk->used[w + i];
		if (!used)
			return w * 64;
	}
	return WL_HUGE_PAGES;
}

/* Takes the first free run of 2^order numbers; 512 if there is none. */
static unsigned int take_run(struct wl_chunk *chunk, unsigned int order)
{
	unsigned int n = order < 6 ? find_small_run(chunk, order) : find_large_run(chunk, order);

	if (n == WL_HUGE_PAGES)
		return n;
	for (unsigned int i = n; i < n + (1u << order); i++)
		chunk->used[i / 64] |= 1ull << i % 64;
	chunk->nr_used = (uint16_t)(chunk->nr_used + (1u << order));
	return n;
}

uint32_t wl_number_get(struct wl *wl, unsigned int order)
{
	uint32_t c = wl->chunk_lists[order];
	unsigned int n;

	/* Some chunks of a higher order have room for less than a whole run: they leave the list
	 * until a number comes back. */
	while (c != WL_NONE) {
		n = take_run(&wl->chunks.items[c], order);
		if (n < WL_HUGE_PAGES)
			break;
		unlink_chunk(wl, c);
		c = wl->chunk_lists[order];
	}
	if (c == WL_NONE) {
		c = take_chunk(wl, (uint8_t)order);
		if (c == WL_NONE)
			return WL_NONE;
		link_chunk(wl, c, (uint8_t)order);
		n = take_run(&wl->chunks.items[c], order);
	}
	if (wl->chunks.items[c].nr_used == WL_HUGE_PAGES)
		unlink_chunk(wl, c);
	wl->explain.pages_alive += 1u << order;
	if (wl->explain.pages_alive > wl->explain.pages_at_most)
		wl->explain.pages_at_most = wl->explain.pages_alive;
	return c * WL_HUGE_PAGES + n;
}

/* The chunk of an area, which it gets now if it has none. */
static uint32_t chunk_of_area(struct wl *wl, uint32_t mm, uint64_t vpn)
{
	uint64_t area = vpn >> WL_HUGE_ORDER | WL_AREA_BIT;
	uint32_t map = wl_map_find(wl, mm, area);
	uint32_t c;

	if (map != WL_NONE)
		return wl->maps.items[map].page;
	c = take_chunk(wl, WL_CLASS_AREA);
	if (c == WL_NONE)
		return WL_NONE;
	map = wl_map_add(wl, mm, area, c);
	if (map == WL_NONE) {
		link_chunk(wl, c, WL_CLASS_EMPTY);
		return WL_NONE;
	}
	wl->chunks.items[c].area = map;
	wl->mms.items[mm].has_areas = true;
	return c;
}

uint32_t wl_number_of_area(struct wl *wl, uint32_t mm, uint64_t vpn)
{
	uint32_t c = chunk_of_area(wl, mm, vpn);

	return c == WL_NONE ? WL_NONE : c * WL_HUGE_PAGES;
}

uint32_t wl_number_get_area(struct wl *wl, uint32_t mm, uint64_t vpn)
{
	uint32_t c = chunk_of_area(wl, mm, vpn);
	unsigned int n = vpn & (WL_HUGE_PAGES - 1);
	struct wl_chunk *chunk;

	if (c == WL_NONE)
		return WL_NONE;
	chunk = &wl->chunks.items[c];
	if (chunk->used[n / 64] >> n % 64 & 1)
		return WL_NONE;
	chunk->used[n / 64] |= 1ull << n % 64;
	chunk->nr_used++;
	if (++wl->explain.pages_alive > wl->explain.pages_at_most)
		wl->explain.pages_at_most = wl->explain.pages_alive;
	return c * WL_HUGE_PAGES + n;
}

void wl_number_put(struct wl *wl, uint32_t number)
{
	uint32_t c = number / WL_HUGE_PAGES;
	unsigned int n = number % WL_HUGE_PAGES;
	struct wl_chunk *chunk = &wl->chunks.items[c];

	chunk->used[n / 64] &= ~(1ull << n % 64);
	chunk->nr_used--;
	wl->explain.pages_alive--;
	if (chunk->nr_used == 0) {
		unlink_chunk(wl, c);
		if (chunk->area != WL_NONE) {
			uint32_t map = chunk->area;

			chunk->area = WL_NONE;
			wl_map_remove(wl, map);
		}
		link_chunk(wl, c, WL_CLASS_EMPTY);
	} else if (!chunk->linked && chunk->class != WL_CLASS_AREA) {
		link_chunk(wl, c, chunk->class);
	}
}
