// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memory that mappings may need: what overcommit accounts.
 *
 * Private writable mappings and the heap are told when they come and go, in pages, each under a number of its
 * own by which later touches refer to it; shared anonymous ones likewise. For this the accounted ranges of
 * each address space are kept, ascending and apart from each other. Processes that were there before tell theirs
 * by /proc/PID/maps, under number 0.
 *
 * Where it is asked for, mappings of files are kept, too, of which nothing is accounted: a huge page can be where the place in the file and the
 * address are the same within 2 MiB. Not those by which the file is written: whoever has one has it open for that.
 *
 * Mappings that lie beside each other, without a file, of one kind and of one advice, are one VMA: the demand tells
 * which it began with, and where in it there is room for huge pages.
 *
 * Follows accountable_mapping(), mmap_region(), do_brk_flags(), mremap_to(), shmem_zero_setup(), shmem_get_unmapped_area(),
 * vma_merge(), hugepage_madvise(), calc_vm_flag_bits() of v6.12.
 *
 * Not modelled: what exec maps without a system call (the program, its data and its stack), files that were mapped before the trace, growth of stacks,
 * mprotect() that makes a mapping writable, shared memory by other ways than mmap(); on which pages a call that
 * populates its range has put its mapping's number; numbers beyond DEMAND_MAX_MAPPING, of which no touch tells.
 */
#include <stdlib.h>
#include <string.h>

#include "error_set.h"
#include "shared_room.h"
#include "wl_state.h"

#define PROT_WRITABLE   2
#define PROT_EXECUTABLE 4
#define MAP_SHARING     0x01u
#define MAP_PLACE       0x10u /* MAP_FIXED */
#define MAP_ANON        0x20u
#define MAP_NO_SWAP     0x4000u /* MAP_NORESERVE */
#define MAP_STACKS      0x20000u
#define MAP_HUGETLBFS   0x40000u

#define MAX_PAGES (UINT64_C(1) << 31)
#define MOST_MAPS 1024u /* of files that are remembered */

/* Which ranges are one VMA if they touch. */
enum {
	MERGES_NEVER,
	MERGES_PRIVATE,
	MERGES_NORESERVE,
	MERGES_SHARED, /* pieces of one mapping alone */
	MERGES_FILE,   /* likewise, by their areas */
};

static void tell(struct wl *wl, uint32_t task, struct demand_op op)
{
	op.task = task;
	op.page = DEMAND_NO_PAGE;
	wl_emit(wl, op);
}

/* The first range that ends after vpn. */
static size_t find(const struct wl_mm *mm, uint64_t vpn)
{
	size_t low = 0, high = mm->commits.count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (mm->commits.items[middle].end <= vpn)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct wl_commit *range_at(const struct wl *wl, uint32_t mm, uint64_t vpn)
{
	const struct wl_mm *m = &wl->mms.items[mm];
	size_t i = find(m, vpn);

	return i < m->commits.count && m->commits.items[i].start <= vpn ? &m->commits.items[i]
	                                                                : NULL;
}

uint32_t wl_commit_flags(const struct wl *wl, uint32_t mm, uint64_t vpn)
{
	const struct wl_commit *range = range_at(wl, mm, vpn);

	return range && range->mapping <= DEMAND_MAX_MAPPING
	               ? range->mapping << DEMAND_MAPPING_SHIFT
	               : 0;
}

/* ---- room for huge pages ---- */

static bool is_one_vma(const struct wl_commit *a, const struct wl_commit *b)
{
	return a->end == b->start && a->merges != MERGES_NEVER && a->merges == b->merges &&
	       a->advice == b->advice && (a->merges != MERGES_SHARED || a->mapping == b->mapping) &&
	       (a->merges != MERGES_FILE || a->area == b->area);
}

static bool is_private(const struct wl_commit *range)
{
	return range->merges == MERGES_PRIVATE || range->merges == MERGES_NORESERVE;
}

bool wl_commit_is_anon(const struct wl *wl, uint32_t mm, uint64_t vpn)
{
	const struct wl_commit *range = range_at(wl, mm, vpn);

	return range && is_private(range);
}

static bool is_of_file(const struct wl_commit *range)
{
	return range->merges == MERGES_SHARED || range->merges == MERGES_FILE;
}

/* For its DEMAND_HUGE_RANGE. */
static uint32_t unmaps(const struct wl_commit *range)
{
	return range->merges == MERGES_FILE ? DEMAND_UNMAPS : 0;
}

/* What khugepaged and MADV_COLLAPSE are told of. Of files, as shared memory is, only what lies where huge pages do. */
static bool is_told(const struct wl_commit *range)
{
	return is_private(range) || (is_of_file(range) && range->shift == 0);
}

static uint8_t advice_of(const struct wl_commit *range)
{
	uint8_t kind = DEMAND_ADVICE_NONE;

	if (range->merges == MERGES_FILE)
		kind = range->executed ? DEMAND_ADVICE_EXEC : DEMAND_ADVICE_FILE;
	else if (range->merges == MERGES_SHARED)
		kind = DEMAND_ADVICE_SHARED;
	return (uint8_t)(range->advice + kind);
}

/* The range at vpn, if its VMA covers the 2^order pages around (of shared memory: of the file); or NULL. */
static const struct wl_commit *any_room_at(const struct wl *wl, uint32_t mm, uint64_t vpn,
                                           uint32_t order)
{
	const struct wl_mm *m = &wl->mms.items[mm];
	uint64_t nr = UINT64_C(1) << order, start, end;
	const struct wl_commit *ranges = m->commits.items;
	size_t at = find(m, vpn), i = at;

	if (at == m->commits.count || ranges[at].start > vpn || ranges[at].merges == MERGES_NEVER)
		return NULL;
	start = ((vpn - ranges[at].shift) & ~(nr - 1)) + ranges[at].shift;
	end = start + nr;
	while (ranges[i].start > start && i > 0 && is_one_vma(&ranges[i - 1], &ranges[i]))
		i--;
	if (ranges[i].start > start)
		return NULL;
	for (i = at; ranges[i].end < end; i++) {
		if (i + 1 == m->commits.count || !is_one_vma(&ranges[i], &ranges[i + 1]))
			return NULL;
	}
	return &ranges[at];
}

/* … of memory that is not shared. */
static const struct wl_commit *room_at(const struct wl *wl, uint32_t mm, uint64_t vpn,
                                       uint32_t order)
{
	const struct wl_commit *range = any_room_at(wl, mm, vpn, order);

	return range && is_private(range) ? range : NULL;
}

/* … for a huge page of which khugepaged is told. */
static const struct wl_commit *huge_room_at(const struct wl *wl, uint32_t mm, uint64_t vpn)
{
	const struct wl_commit *range = any_room_at(wl, mm, vpn, WL_HUGE_ORDER);

	return range && is_told(range) ? range : NULL;
}

bool wl_commit_has_file(const struct wl *wl, uint32_t mm, uint64_t vpn)
{
	const struct wl_commit *range = huge_room_at(wl, mm, vpn);

	return range && range->merges == MERGES_FILE;
}

/* The only file that has been mapped as this mapping is, or NULL. */
static const struct wl_file_map *mapped_alike(const struct wl *wl, const struct wl_commit *range)
{
	const struct wl_file_map *found = NULL;

	for (size_t i = 0; i < wl->file_maps.count; i++) {
		const struct wl_file_map *map = &wl->file_maps.items[i];

		if (map->first != range->first || map->nr != range->nr)
			continue;
		if (found)
			return NULL;
		found = map;
	}
	return found;
}

static void remember_map(struct wl *wl, const struct wl_file_map *map)
{
	for (size_t i = 0; i < wl->file_maps.count; i++) {
		const struct wl_file_map *other = &wl->file_maps.items[i];

		if (other->ino == map->ino && other->dev == map->dev &&
		    other->first == map->first && other->nr == map->nr)
			return;
	}
	if (wl->file_maps.count < MOST_MAPS)
		wl->nomem |= wl_file_map_vec_push(&wl->file_maps, *map) < 0;
}

bool wl_commit_name_file(struct wl *wl, uint32_t mm, uint64_t vpn, const struct wl_file *file,
                         uint64_t index)
{
	const struct wl_commit *range = range_at(wl, mm, vpn);
	struct wl_commit_vec *commits = &wl->mms.items[mm].commits;

	if (!range || range->merges != MERGES_FILE || range->ino != 0)
		return false;
	remember_map(wl, &(struct wl_file_map){ .ino = file->ino,
	                                        .first = range->first,
	                                        .nr = range->nr,
	                                        .dev = file->dev });
	for (size_t i = 0; i < commits->count; i++) {
		struct wl_commit *part = &commits->items[i];

		if (part->merges != MERGES_FILE || part->area != range->area)
			continue;
		part->dev = file->dev;
		part->ino = file->ino;
		part->delta = index - vpn;
	}
	return true;
}

struct wl_file_place wl_commit_place(const struct wl *wl, uint32_t mm, uint64_t vpn)
{
	const struct wl_commit *range = range_at(wl, mm, vpn);

	if (!range || range->merges != MERGES_FILE || range->ino == 0)
		return (struct wl_file_place){ .ino = 0 };
	return (struct wl_file_place){ .ino = range->ino,
		                       .index = vpn + range->delta,
		                       .dev = range->dev };
}

struct wl_file_place wl_commit_guess(const struct wl *wl, uint32_t mm, uint64_t vpn)
{
	const struct wl_commit *range = range_at(wl, mm, vpn);
	const struct wl_file_map *map;

	if (!range || range->merges != MERGES_FILE || range->ino != 0)
		return wl_commit_place(wl, mm, vpn);
	map = mapped_alike(wl, range);
	return (struct wl_file_place){ .ino = map ? map->ino : 0,
		                       .index = vpn + range->delta,
		                       .dev = map ? map->dev : 0 };
}

/* What is said of a VMA of this advice. */
static uint32_t advice_flags(uint8_t advice)
{
	static const uint32_t flags[] = {
		[DEMAND_ADVICE_NONE] = DEMAND_ADMITS,
		[DEMAND_ADVICE_HUGE] = DEMAND_ADMITS | DEMAND_ADVISED,
		[DEMAND_ADVICE_NOHUGE] = 0,
	};

	return flags[advice];
}

uint32_t wl_huge_flags(const struct wl *wl, uint32_t mm, uint64_t vpn)
{
	const struct wl_commit *range = room_at(wl, mm, vpn, WL_HUGE_ORDER);

	return range ? DEMAND_HUGE | advice_flags(range->advice) : 0;
}

uint32_t wl_room_flags(const struct wl *wl, uint32_t mm, uint64_t vpn)
{
	uint32_t flags = wl_huge_flags(wl, mm, vpn);

	for (uint32_t order = WL_HUGE_ORDER - 1; flags == 0 && wl->folios && order > 1; order--) {
		const struct wl_commit *range = room_at(wl, mm, vpn, order);

		if (range)
			flags = demand_room_flags(order) | advice_flags(range->advice);
	}
	return flags;
}

bool wl_shared_room(const struct wl *wl, uint32_t mm, uint64_t vpn, struct wl_shared_room *room)
{
	const struct wl_commit *range = range_at(wl, mm, vpn);

	if (!range || range->merges != MERGES_SHARED)
		return false;
	room->flags = 0;
	room->place = vpn - range->shift;
	for (uint32_t order = WL_HUGE_ORDER;
	     room->flags == 0 && order > (wl->folios ? 1 : WL_HUGE_ORDER - 1); order--) {
		if (any_room_at(wl, mm, vpn, order))
			room->flags = advice_flags(range->advice) |
			              (order == WL_HUGE_ORDER ? (uint32_t)DEMAND_HUGE
			                                      : demand_room_flags(order));
	}
	return true;
}

static void tell_huge(struct wl *wl, uint32_t task, uint64_t first, uint64_t end, uint8_t advice,
                      uint32_t flags)
{
	if (end > first)
		tell(wl, task,
		     (struct demand_op){ .kind = DEMAND_HUGE_RANGE,
		                         .order = advice,
		                         .gfp_flags = flags,
		                         .arg = (uint32_t)first & DEMAND_AREA_MASK,
		                         .arg2 = (uint32_t)(end - first) });
}

/* [start, end) belongs to a VMA now, or has another advice. */
static void tell_room(struct wl *wl, uint32_t task, uint64_t start, uint64_t end, uint8_t advice)
{
	uint64_t first = start >> WL_HUGE_ORDER, last = (end - 1) >> WL_HUGE_ORDER;
	uint32_t mm = wl->tasks.items[task].mm;

	/* Both ends may lie within what was there before. */
	first += huge_room_at(wl, mm, start) == NULL;
	if (first <= last)
		tell_huge(wl, task, first, last + (huge_room_at(wl, mm, end - 1) != NULL), advice,
		          0);
}

/* … or to none any more. */
static void tell_no_room(struct wl *wl, uint32_t task, uint64_t start, uint64_t end, uint32_t flags)
{
	if (end > start)
		tell_huge(wl, task, start >> WL_HUGE_ORDER, ((end - 1) >> WL_HUGE_ORDER) + 1,
		          DEMAND_ADVICE_GONE, flags);
}

/* ---- ranges ---- */

/* At its place; what was there has been taken away. */
static void insert(struct wl *wl, uint32_t mm, struct wl_commit range)
{
	struct wl_commit_vec *commits = &wl->mms.items[mm].commits;
	size_t at = find(&wl->mms.items[mm], range.start);

	if (range.end <= range.start)
		return;
	if (wl_commit_vec_push(commits, range) < 0) {
		wl->nomem = true;
		return;
	}
	for (size_t i = commits->count - 1; i > at; i--)
		commits->items[i] = commits->items[i - 1];
	commits->items[at] = range;
}

static void erase(struct wl_commit_vec *commits, size_t at)
{
	for (size_t i = at; i + 1 < commits->count; i++)
		commits->items[i] = commits->items[i + 1];
	commits->count--;
}

/*
 * Takes [start, end) out of the ranges and gives what was there: the next piece at or after start, which
 * becomes its end. false: there is none.
 */
static bool take(struct wl *wl, uint32_t mm, uint64_t *start, uint64_t end, struct wl_commit *piece)
{
	struct wl_mm *m = &wl->mms.items[mm];
	size_t i = find(m, *start);
	struct wl_commit *range, tail;

	if (i == m->commits.count || m->commits.items[i].start >= end)
		return false;
	range = &m->commits.items[i];
	*piece = *range;
	if (piece->start < *start)
		piece->start = *start;
	if (piece->end > end)
		piece->end = end;
	tail = *range;
	tail.start = piece->end;
	range->end = piece->start;
	if (range->end == range->start)
		erase(&m->commits, i);
	insert(wl, mm, tail);
	*start = piece->end;
	return true;
}

/* Of files only what may be written to, and copied. */
static bool is_accounted(const struct wl_commit *range)
{
	return range->merges != MERGES_FILE || range->mapping != 0;
}

void wl_commit_unmap(struct wl *wl, uint32_t task, uint64_t start, uint64_t end)
{
	uint32_t mm = wl->tasks.items[task].mm;
	struct wl_commit piece;

	wl_ksm_unmap(wl, task, start, end);
	while (!wl->nomem && take(wl, mm, &start, end, &piece)) {
		if (is_accounted(&piece))
			tell(wl, task,
			     (struct demand_op){ .kind = DEMAND_UNMAP,
			                         .arg = piece.mapping,
			                         .arg2 = (uint32_t)(piece.end - piece.start) });
		if (is_told(&piece))
			tell_no_room(wl, task, piece.start, piece.end, unmaps(&piece));
	}
}

void wl_commit_advise(struct wl *wl, uint32_t task, uint64_t start, uint64_t end,
                      enum demand_advice advice)
{
	uint32_t mm = wl->tasks.items[task].mm;
	uint64_t at = start;
	struct wl_commit piece;
	uint32_t any = 0;

	while (!wl->nomem && take(wl, mm, &at, end, &piece)) {
		piece.advice = (uint8_t)advice;
		insert(wl, mm, piece);
		any |= is_told(&piece) ? 1u << advice_of(&piece) : 0;
	}
	if (any == 0)
		return;
	tell_no_room(wl, task, start, end, 0);
	tell_room(wl, task, start, end, (uint8_t)__builtin_ctz(any));
}

/* The first area behind this one of which another can be said: no range is gone through area by area. */
static uint64_t next_area(const struct wl_mm *mm, uint64_t area, bool room)
{
	size_t i = find(mm, area << WL_HUGE_ORDER);
	uint64_t next;

	if (i == mm->commits.count)
		return UINT64_MAX;
	if (room || !is_told(&mm->commits.items[i]))
		next = mm->commits.items[i].end >> WL_HUGE_ORDER;
	else
		next = mm->commits.items[i].start >> WL_HUGE_ORDER;
	return next > area ? next : area + 1;
}

void wl_commit_collapse(struct wl *wl, uint32_t task, uint64_t start, uint64_t end)
{
	uint64_t area = (start + WL_HUGE_PAGES - 1) >> WL_HUGE_ORDER, last = end >> WL_HUGE_ORDER;
	uint32_t mm = wl->tasks.items[task].mm;
	uint64_t first = area;

	/* Each VMA as far as it lies within: the others are of files. */
	while (mm != WL_NONE && area < last) {
		bool room = huge_room_at(wl, mm, area << WL_HUGE_ORDER) != NULL;
		uint64_t next = next_area(&wl->mms.items[mm], area, room);

		area = next < last ? next : last;
		if (!room) {
			first = area;
			continue;
		}
		if (area < last && huge_room_at(wl, mm, area << WL_HUGE_ORDER))
			continue;
		wl_file_areas_wanted(wl, task, first << WL_HUGE_ORDER, area << WL_HUGE_ORDER);
		tell(wl, task,
		     (struct demand_op){ .kind = DEMAND_COLLAPSE,
		                         .arg = (uint32_t)first & DEMAND_AREA_MASK,
		                         .arg2 = (uint32_t)(area - first) });
	}
}

/* The range beside [start, end) that it becomes one VMA with: the one before it, if there is a choice. Or NULL. */
static const struct wl_commit *merges_with(const struct wl *wl, uint32_t mm,
                                           const struct wl_commit *range)
{
	const struct wl_commit *before =
		range->start > 0 ? range_at(wl, mm, range->start - 1) : NULL;
	const struct wl_commit *behind = range_at(wl, mm, range->end);

	if (!is_private(range))
		return NULL;
	if (before && before->merges == range->merges && before->advice == range->advice)
		return before;
	return behind && behind->merges == range->merges && behind->advice == range->advice ? behind
	                                                                                    : NULL;
}

static void add(struct wl *wl, uint32_t task, struct wl_commit range, bool noreserve)
{
	uint32_t mm = wl->tasks.items[task].mm;
	const struct wl_commit *other = merges_with(wl, mm, &range);

	if (range.end <= range.start || range.end - range.start > MAX_PAGES)
		return;
	range.mapping = ++wl->nr_mappings;
	range.area = other ? other->area : range.mapping;
	insert(wl, mm, range);
	tell(wl, task,
	     (struct demand_op){ .kind = DEMAND_MAP,
	                         .order = noreserve,
	                         .gfp_flags = range.area,
	                         .arg = range.mapping,
	                         .arg2 = (uint32_t)(range.end - range.start) });
	if (is_told(&range))
		tell_room(wl, task, range.start, range.end, advice_of(&range));
}

/* A mapping of a file that nothing is accounted for. */
static void add_file(struct wl *wl, uint32_t task, struct wl_commit range)
{
	if (range.merges != MERGES_FILE || range.end <= range.start ||
	    range.end - range.start > MAX_PAGES)
		return;
	range.area = UINT32_MAX - wl->nr_unaccounted++;
	insert(wl, wl->tasks.items[task].mm, range);
	if (is_told(&range))
		tell_room(wl, task, range.start, range.end, advice_of(&range));
}

void wl_commit_mmap(struct wl *wl, uint32_t task, uint64_t start, uint64_t end)
{
	const struct wl_task *t = &wl->tasks.items[task];
	uint64_t flags = t->args[2];
	bool shared = flags & MAP_SHARING, file = !(flags & MAP_ANON);
	struct wl_commit range;
	uint8_t merges = MERGES_NEVER, advice = DEMAND_ADVICE_NONE;
	uint16_t shift = shared ? start % WL_HUGE_PAGES : 0;

	wl_commit_unmap(wl, task, start, end);
	if (flags & MAP_HUGETLBFS)
		return;
	/* Where nobody says where it is to be, it begins at a huge page's boundary if it can have any. */
	if (shared && (shift == 0 || !(flags & MAP_PLACE || t->args[0] >> WL_PAGE_SHIFT == start)))
		merges = MERGES_SHARED;
	if (file) {
		merges = wl->tells_files && !(shared && t->prot & PROT_WRITABLE) ? MERGES_FILE
		                                                                 : MERGES_NEVER;
		shift = (uint16_t)((start - t->populate_index) % WL_HUGE_PAGES);
	}
	if (!shared && !file)
		merges = flags & MAP_NO_SWAP ? MERGES_NORESERVE : MERGES_PRIVATE;
	/* Since 6.7 stacks are without. */
	if (flags & MAP_STACKS && wl->traces_faults)
		advice = DEMAND_ADVICE_NOHUGE;
	range = (struct wl_commit){ .start = start,
		                    .end = end,
		                    .merges = merges,
		                    .advice = advice,
		                    .shift = shift,
		                    .executed = t->prot & PROT_EXECUTABLE,
		                    .delta = t->populate_index - start,
		                    .first = t->populate_index,
		                    .nr = end - start };
	if (shared ? file : !(t->prot & PROT_WRITABLE))
		add_file(wl, task, range);
	else
		add(wl, task, range, flags & MAP_NO_SWAP);
}

void wl_commit_brk(struct wl *wl, uint32_t task, uint64_t old, uint64_t new)
{
	if (new < old)
		wl_commit_unmap(wl, task, new, old);
	else if (old != 0)
		add(wl, task,
		    (struct wl_commit){ .start = old, .end = new, .merges = MERGES_PRIVATE },
		    false);
}

void wl_commit_mremap(struct wl *wl, uint32_t task, const struct wl_remap *move)
{
	uint32_t mm = wl->tasks.items[task].mm;
	uint64_t at = move->from, kept_end = move->from + move->old_pages;
	const struct wl_commit *was = range_at(wl, mm, move->from);
	uint8_t merges = was ? was->merges : MERGES_NEVER;
	uint8_t advice = was ? was->advice : DEMAND_ADVICE_NONE;
	bool accounted = was != NULL && is_accounted(was);
	bool of_file = was != NULL && is_of_file(was);
	struct wl_commit piece;

	if (move->new_pages < move->old_pages) {
		kept_end = move->from + move->new_pages;
		wl_commit_unmap(wl, task, kept_end, move->from + move->old_pages);
	}
	if (move->to != move->from)
		wl_commit_unmap(wl, task, move->to, move->to + move->new_pages);
	while (move->to != move->from && !wl->nomem && take(wl, mm, &at, kept_end, &piece)) {
		if (is_told(&piece))
			tell_no_room(wl, task, piece.start, piece.end, unmaps(&piece));
		if (is_of_file(&piece))
			piece.shift =
				(uint16_t)((piece.shift + move->to - move->from) % WL_HUGE_PAGES);
		piece.start += move->to - move->from;
		piece.end += move->to - move->from;
		piece.delta -= move->to - move->from;
		insert(wl, mm, piece);
		if (is_told(&piece))
			tell_room(wl, task, piece.start, piece.end, advice_of(&piece));
	}
	if (accounted && move->new_pages > move->old_pages)
		add(wl, task,
		    (struct wl_commit){ .start = move->to + move->old_pages,
		                        .end = move->to + move->new_pages,
		                        .merges = of_file ? MERGES_NEVER : merges,
		                        .advice = advice },
		    false);
}

void wl_commit_copy(struct wl *wl, uint32_t dst, uint32_t src)
{
	for (size_t i = 0; i < wl->mms.items[src].commits.count && !wl->nomem; i++)
		insert(wl, dst, wl->mms.items[src].commits.items[i]);
}

/* ---- what was there before ---- */

/* "rw-p 00000000 00:00 0    [heap]": the rest of a line of maps, of memory that is not of a file, nor a stack. */
static bool is_anonymous(const char *text)
{
	for (int field = 0; field < 3; field++) {
		text += strcspn(text, " \n");
		text += *text == ' ';
	}
	if (text[0] != '0' || (text[1] != ' ' && text[1] != '\n'))
		return false;
	text += 1 + strspn(text + 1, " ");
	return *text == '\n' || *text == '\0' || strncmp(text, "[heap]", 6) == 0;
}

/* "7fffee933000-7fffee954000 rw-p …": false: not a line of maps. */
static bool parse(const char *line, struct wl_commit *range, bool *accounted)
{
	char *end;

	range->start = strtoull(line, &end, 16) >> WL_PAGE_SHIFT;
	if (*end != '-')
		return false;
	range->end = strtoull(end + 1, &end, 16) >> WL_PAGE_SHIFT;
	if (*end != ' ' || strlen(end) < 5)
		return false;
	*accounted = end[2] == 'w' && end[4] == 'p';
	if (is_anonymous(end + 1))
		range->merges = MERGES_PRIVATE;
	return range->end > range->start && range->end - range->start <= MAX_PAGES;
}

int wl_commit_maps(struct wl *wl, uint32_t pid, const char *maps, struct mmr_error *err)
{
	uint32_t task = wl_task_of(wl, pid), mm = wl_mm_of(wl, task);

	while (mm != WL_NONE && *maps && !wl->nomem) {
		struct wl_commit range = { .mapping = 0 };
		bool accounted = false;

		if (parse(maps, &range, &accounted) && accounted) {
			wl->mms.items[mm].nr_committed += (uint32_t)(range.end - range.start);
			insert(wl, mm, range);
		}
		maps += strcspn(maps, "\n");
		maps += *maps == '\n';
	}
	return wl->nomem ? base_error(err, MMR_E_NOMEM, "no memory for the maps of processes") : 0;
}

void wl_commit_tell(struct wl *wl, uint32_t task)
{
	const struct wl_mm *mm = &wl->mms.items[wl->tasks.items[task].mm];

	for (size_t i = 0; i < mm->commits.count; i++)
		if (is_told(&mm->commits.items[i]))
			tell_room(wl, task, mm->commits.items[i].start, mm->commits.items[i].end,
			          advice_of(&mm->commits.items[i]));
}
