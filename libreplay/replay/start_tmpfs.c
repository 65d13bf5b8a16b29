/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where in their files pages of tmpfs lay that system calls wrote.
 *
 * No event tells when a page comes into a file of tmpfs; mm_filemap_delete_from_page_cache tells of file and index
 * when the file is truncated or removed. So of each page frame it is kept when it was allocated, and not named as another file's;
 * what is deleted then was allocated for that place.
 *
 * Follows shmem_add_to_page_cache(), shmem_undo_range(), filemap_remove_folio() of v6.12 and v6.1.
 *
 * State: a time a page frame; a record a page deleted; the number of each file, by device and inode.
 *
 * Not modelled: pages that were moved (migration) or swapped out before: they have no record.
 */
#include "start_tmpfs.h"

#include <stdlib.h>

#include "alloc.h"
#include "error_set.h"
#include "gfp.h"
#include "vec.h"
#include "workload.h"

DEFINE_VEC(tmpfs_vec, struct wl_tmpfs_place);

#define MAX_PFNS  (1u << 26)
#define DEV_SHIFT 20 /* of the major number; that of file systems without a device is 0 */
#define FILE_HASH 4096u
#define MAX_FILES (1u << 30)

struct tmpfs_file {
	uint64_t ino;
	uint32_t dev;
	uint32_t next; /* in its hash chain: 1 + where it stands */
};

DEFINE_VEC(tmpfs_file_vec, struct tmpfs_file);

struct replay_tmpfs {
	uint64_t first_pfn;
	uint32_t nr_pfns;
	uint64_t *allocated; /* when each page frame was; 0: it is no candidate */
	struct tmpfs_vec places;
	struct tmpfs_file_vec files;
	uint32_t heads[FILE_HASH];
};

int replay_tmpfs_create(const struct replay_start *start, struct replay_tmpfs **ret,
                        struct mmr_error *err)
{
	uint64_t first = UINT64_MAX, end = 0;
	struct replay_tmpfs *tmpfs;

	*ret = NULL;
	for (uint32_t i = 0; i < start->nr_zones; i++) {
		const struct mmr_zone_info *zone = &start->zones[i];

		first = zone->start_pfn < first ? zone->start_pfn : first;
		end = zone->start_pfn + zone->spanned > end ? zone->start_pfn + zone->spanned : end;
	}
	if (end <= first || end - first > MAX_PFNS)
		return 0;
	tmpfs = base_calloc_err(1, sizeof(*tmpfs), "pages of tmpfs", err);
	if (!tmpfs)
		return MMR_E_NOMEM;
	tmpfs->first_pfn = first;
	tmpfs->nr_pfns = (uint32_t)(end - first);
	tmpfs->allocated = base_calloc_err(tmpfs->nr_pfns, sizeof(uint64_t), "pages of tmpfs", err);
	if (!tmpfs->allocated) {
		replay_tmpfs_destroy(tmpfs);
		return MMR_E_NOMEM;
	}
	*ret = tmpfs;
	return 0;
}

void replay_tmpfs_destroy(struct replay_tmpfs *tmpfs)
{
	if (!tmpfs)
		return;
	base_free(tmpfs->allocated);
	tmpfs_vec_deinit(&tmpfs->places);
	tmpfs_file_vec_deinit(&tmpfs->files);
	base_free(tmpfs);
}

/* 0: there is no memory for it, or there are too many. */
static uint32_t file_number(struct replay_tmpfs *tmpfs, uint32_t dev, uint64_t ino)
{
	uint32_t *head = &tmpfs->heads[(ino * 31 + dev) % FILE_HASH], i;

	for (i = *head; i != 0; i = tmpfs->files.items[i - 1].next)
		if (tmpfs->files.items[i - 1].ino == ino && tmpfs->files.items[i - 1].dev == dev)
			return i;
	if (tmpfs->files.count >= MAX_FILES ||
	    tmpfs_file_vec_push(&tmpfs->files, (struct tmpfs_file){ ino, dev, *head }) < 0)
		return 0;
	*head = (uint32_t)tmpfs->files.count;
	return *head;
}

static int deleted(struct replay_tmpfs *tmpfs, const struct mmr_event *event, uint32_t at,
                   struct mmr_error *err)
{
	struct wl_tmpfs_place place = {
		.t_ns = tmpfs->allocated[at],
		.pfn = (uint32_t)event->filemap.pfn,
		.index = (uint32_t)event->filemap.index,
	};

	if (place.t_ns == 0 || event->filemap.order > 0 || event->filemap.index > UINT32_MAX ||
	    event->filemap.dev >> DEV_SHIFT != 0)
		return 0;
	place.file = file_number(tmpfs, event->filemap.dev, event->filemap.ino);
	if (place.file == 0 || tmpfs_vec_push(&tmpfs->places, place) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for the pages of tmpfs");
	return 0;
}

/* Neither the page cache nor tmpfs asks for zeroes. */
static bool may_be_ours(const struct mmr_event *event)
{
	return event->page.order == 0 && event->page.gfp_flags & MM_GFP_MOVABLE &&
	       !(event->page.gfp_flags & MM_GFP_ZERO);
}

int replay_tmpfs_event(struct replay_tmpfs *tmpfs, const struct mmr_event *event,
                       struct mmr_error *err)
{
	bool alloc = event->kind == MMR_EVENT_MM_PAGE_ALLOC,
	     add = event->kind == MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE,
	     delete = event->kind == MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE;
	uint64_t pfn = alloc ? event->page.pfn : event->filemap.pfn;
	uint32_t at;
	int code = 0;

	if (!(alloc || add || delete) || pfn < tmpfs->first_pfn ||
	    pfn - tmpfs->first_pfn >= tmpfs->nr_pfns)
		return 0;
	at = (uint32_t)(pfn - tmpfs->first_pfn);
	if (delete)
		code = deleted(tmpfs, event, at, err);
	tmpfs->allocated[at] = alloc && may_be_ours(event) ? event->t_ns : 0;
	return code;
}

static int by_time(const void *a, const void *b)
{
	const struct wl_tmpfs_place *x = a, *y = b;

	if (x->t_ns != y->t_ns)
		return x->t_ns < y->t_ns ? -1 : 1;
	return (x->pfn > y->pfn) - (x->pfn < y->pfn);
}

void replay_tmpfs_take(struct replay_tmpfs *tmpfs, struct replay_start *start)
{
	if (tmpfs->places.count > 1)
		qsort(tmpfs->places.items, tmpfs->places.count, sizeof(tmpfs->places.items[0]),
		      by_time);
	start->tmpfs_places = tmpfs->places.items;
	start->nr_tmpfs_places = tmpfs->places.count;
	tmpfs->places = (struct tmpfs_vec){ 0 };
}
