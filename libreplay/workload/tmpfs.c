// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Where pages of tmpfs that system calls write lie in their files, so that a replay can put huge pages there.
 *
 * No event tells when they are written. Where a file is truncated or removed before the recording ends its pages are named one by one, which
 * the caller has looked up beforehand (wl_add_tmpfs()). Others are taken to follow the page that the same task wrote before, in the same
 * file. Where the original asked for a huge page in vain, there was nothing yet in 2 MiB around.
 *
 * A page is known to be tmpfs's when it is put on its list, with others of its batch: its op, which has a number of no meaning so far,
 * is given the right one then, unless it is gone or the number ended in between.
 *
 * State: what each named file was begun as; of each task the place that it writes next and how long the file is at least; the last pages for which a huge one
 * was asked in vain.
 *
 * Follows shmem_alloc_and_add_folio(), __shmem_huge_global_enabled() of v6.12; shmem_get_folio_gfp() of v6.1.
 *
 * Not modelled: how much a call writes at once, which huge=within_size goes by where it extends the file; which part of a huge page has
 * been written; where pages lie that were written by turns into several files which all outlive the recording.
 */
#include "tmpfs.h"

#include "error_set.h"

/* An op that long ago is not looked for any more. */
#define MAX_LATE 4096u

int wl_add_tmpfs(struct wl *wl, const struct wl_tmpfs_place *place, struct mmr_error *err)
{
	struct wl_tmpfs *tmpfs = &wl->tmpfs;
	int code = wl_tmpfs_vec_push(&tmpfs->places, *place);

	while (code == 0 && tmpfs->files.count <= place->file)
		code = wl_u32_vec_push(&tmpfs->files, 0);
	return code < 0 ? base_error(err, MMR_E_NOMEM, "no memory for the pages of tmpfs") : 0;
}

void wl_tmpfs_tried(struct wl *wl, uint32_t task, uint32_t gfp_flags)
{
	wl->tasks.items[task].tmpfs_gfp = gfp_flags;
}

void wl_tmpfs_allocated(struct wl *wl, uint32_t page, uint32_t gfp_flags)
{
	struct wl_tmpfs *tmpfs = &wl->tmpfs;

	tmpfs->tried[tmpfs->nr_tried++ % WL_TMPFS_TRIED] =
		(struct wl_tmpfs_tried){ page, gfp_flags };
}

/* The gfp_flags with which a huge page was asked for before this one; 0: none was. */
static uint32_t was_tried(struct wl *wl, uint32_t page)
{
	struct wl_tmpfs *tmpfs = &wl->tmpfs;

	for (uint32_t i = 0; i < WL_TMPFS_TRIED && i < tmpfs->nr_tried; i++) {
		uint32_t gfp_flags = tmpfs->tried[i].gfp_flags;

		if (tmpfs->tried[i].page != page || gfp_flags == 0)
			continue;
		tmpfs->tried[i].gfp_flags = 0;
		return gfp_flags;
	}
	return 0;
}

/* What the caller has found out of the page frame allocated at t_ns; 0: nothing. */
static uint64_t looked_up(struct wl *wl, uint64_t t_ns, uint32_t pfn)
{
	const struct wl_tmpfs_vec *places = &wl->tmpfs.places;
	size_t low = 0, high = places->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (places->items[middle].t_ns < t_ns)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < places->count && places->items[low].t_ns == t_ns; low++)
		if (places->items[low].pfn == pfn)
			return (uint64_t)places->items[low].file << 32 | places->items[low].index;
	return 0;
}

/*
 * Of a file whose beginning outlives the recording, or was swapped out or moved, pages are named from somewhere on: the task had begun
 * it as one of no name, which it is then.
 */
static uint64_t known_as(struct wl *wl, const struct wl_task *t, uint64_t place)
{
	uint32_t *file = &wl->tmpfs.files.items[place >> 32],
		 running = (uint32_t)(t->tmpfs_next >> 32);

	if (*file == 0) {
		bool goes_on = running > INT32_MAX - wl->tmpfs.nr_unnamed &&
		               (uint32_t)t->tmpfs_next == (uint32_t)place;

		*file = goes_on ? running : (uint32_t)(place >> 32);
	}
	return (uint64_t)*file << 32 | (uint32_t)place;
}

/* The next place of what the task writes; a file of its own, if it has not written so far. */
static uint64_t next_place(struct wl *wl, struct wl_task *t)
{
	if (t->tmpfs_next == 0)
		t->tmpfs_next = (uint64_t)(INT32_MAX - wl->tmpfs.nr_unnamed++) << 32;
	return t->tmpfs_next;
}

static uint64_t end_of_area(uint64_t place)
{
	return (place | (WL_HUGE_PAGES - 1)) + 1;
}

static void go_on(struct wl_task *t, uint64_t next)
{
	bool same = t->tmpfs_end >> 32 == next >> 32;

	t->tmpfs_next = next;
	if (!same || t->tmpfs_end < next)
		t->tmpfs_end = next;
}

bool wl_ends_later(const struct wl *wl, const struct demand_op *op, uint32_t number)
{
	for (const struct demand_op *next = op + 1; next < wl->ops.items + wl->ops.count; next++) {
		uint32_t order = next->order < 32 ? next->order : 0;

		if (next->page <= number && number - next->page < 1u << order &&
		    (demand_role(next) == DEMAND_ROLE_END ||
		     demand_role(next) == DEMAND_ROLE_KERNEL))
			return true;
	}
	return false;
}

static uint32_t number_at(struct wl *wl, const struct demand_op *op, uint64_t place)
{
	uint32_t mm = wl_mm_of_nobody(wl, &wl->tmpfs.mm), number;

	if (mm == WL_NONE)
		return WL_NONE;
	number = wl_number_get_area(wl, mm, place);
	if (number == WL_NONE || !wl_ends_later(wl, op, number))
		return number;
	wl_number_put(wl, number);
	return WL_NONE;
}

static void renumber(struct wl *wl, struct demand_op *op, uint32_t number)
{
	uint32_t page = op->page;

	wl->pages.items[number] = wl->pages.items[page];
	*wl_place(wl, wl->pages.items[number].pfn) = number + WL_PLACE_PAGE;
	op->page = number;
	wl->pages.items[page] = (struct wl_page){ .kind = WL_PAGE_NONE };
	wl_number_put(wl, page);
}

uint32_t wl_tmpfs_page(struct wl *wl, uint32_t page)
{
	const struct wl_page *p = &wl->pages.items[page];
	struct demand_op *op = wl_op_find(wl, p->op, page);
	uint32_t gfp_flags = was_tried(wl, page), number;
	struct wl_task *t;
	uint64_t place;

	if (!op || op->kind != DEMAND_KERNEL_ALLOC || op->order != 0 || op->task == 0 ||
	    p->nr_ops != 1 || p->maps != WL_NONE || p->slot != WL_NONE || p->flags != 0 ||
	    wl->ops.items + wl->ops.count - op > MAX_LATE)
		return page;
	t = &wl->tasks.items[op->task];
	place = looked_up(wl, op->t_ns, p->pfn);
	if (place != 0) {
		place = known_as(wl, t, place);
	} else {
		place = next_place(wl, t);
		if (gfp_flags != 0 && place % WL_HUGE_PAGES != 0)
			place = end_of_area(place);
	}
	number = number_at(wl, op, place);
	if (number == WL_NONE)
		return page;
	op->arg |= DEMAND_HUGE | DEMAND_ADMITS;
	if (t->tmpfs_end >> 32 == place >> 32 && t->tmpfs_end >= end_of_area(place))
		op->arg |= DEMAND_WITHIN;
	if (gfp_flags != 0) {
		op->arg |= DEMAND_SHMEM_TRIED;
		op->gfp_flags = gfp_flags;
	}
	go_on(t, place + 1);
	renumber(wl, op, number);
	return number;
}

void wl_tmpfs_huge(struct wl *wl, uint32_t page)
{
	const struct demand_op *op = wl_op_find(wl, wl->pages.items[page].op, page);
	struct wl_task *t;
	uint64_t place;

	if (!op || op->order != WL_HUGE_ORDER || op->task == 0)
		return;
	t = &wl->tasks.items[op->task];
	place = next_place(wl, t);
	if (place % WL_HUGE_PAGES != 0)
		place = end_of_area(place);
	go_on(t, end_of_area(place));
}
