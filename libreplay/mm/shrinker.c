/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shrinkers: caches of the kernel that reclaim asks to give objects back, after each pass over the lists.
 *
 * A shrinker's objects are a number: the caller tells how many came and went, and what scanning the recorded
 * one was worth (objects freed for those scanned, pages for those freed). How many are scanned is decided here,
 * from the number, the priority and what was put off before. Freed pages are, first, those that the recorded
 * shrinkers freed too; then any reclaimable slab pages, in turn (slub.c). A freed page counts as reclaimed.
 *
 * Follows do_shrink_slab(), shrink_slab() of v6.12, and super_cache_count()'s vfs_cache_pressure and
 * super_cache_scan()'s __GFP_FS.
 *
 * Not modelled: objects and which slab each lies in; the memory of objects freed after a grace period, which
 * the demand frees when the original did; memcgs.
 */
#include "internal.h"

#define DEFAULT_BATCH 128u
#define SUPER_BATCH   1024u

void mm_shrinker_grow(struct mm_machine *machine, uint32_t index, uint8_t node, uint32_t seeks,
                      int64_t nr_objects)
{
	struct mm_shrinker *shrinker;

	if (index >= MM_MAX_SHRINKERS)
		return;
	shrinker = &machine->slab.shrinkers[index];
	shrinker->seeks = seeks;
	shrinker->node = node;
	if (shrinker->batch == 0)
		shrinker->batch = DEFAULT_BATCH;
	shrinker->nr_objects += nr_objects;
	if (shrinker->nr_objects < 0)
		shrinker->nr_objects = 0;
	if (index >= machine->slab.nr_shrinkers)
		machine->slab.nr_shrinkers = index + 1;
}

void mm_shrinker_learn(struct mm_machine *machine, uint32_t index,
                       const struct mm_shrinker_sample *sample)
{
	struct mm_shrinker *shrinker;

	if (index >= MM_MAX_SHRINKERS)
		return;
	shrinker = &machine->slab.shrinkers[index];
	shrinker->seen.nr_scanned += sample->nr_scanned;
	shrinker->seen.nr_freed += sample->nr_freed;
	shrinker->seen.nr_pages += sample->nr_pages;
	/* Only file systems have a batch of their own. */
	if (sample->large_batch)
		shrinker->batch = SUPER_BATCH;
}

/* part of nr, whole numbers only; what is left over goes on to the next. */
static uint64_t share(uint64_t nr, uint64_t part, uint64_t whole, uint64_t *left)
{
	uint64_t sum;

	if (whole == 0)
		return 0;
	sum = nr * part + *left;
	*left = sum % whole;
	return sum / whole;
}

/* Before the recorded one has scanned anything, whatever is scanned is taken to be free. */
static uint64_t scan_objects(struct mm_shrinker *shrinker, uint64_t nr)
{
	uint64_t freed = shrinker->seen.nr_scanned == 0
	                         ? nr
	                         : share(nr, shrinker->seen.nr_freed, shrinker->seen.nr_scanned,
	                                 &shrinker->objects_left);

	if (freed > (uint64_t)shrinker->nr_objects)
		freed = (uint64_t)shrinker->nr_objects;
	shrinker->nr_objects -= (int64_t)freed;
	return freed;
}

uint64_t mm_shrinker_count(const struct mm_machine *machine, const struct mm_shrinker *shrinker)
{
	if (shrinker->batch != SUPER_BATCH)
		return (uint64_t)shrinker->nr_objects;
	return (uint64_t)shrinker->nr_objects * machine->settings.vfs_cache_pressure / 100;
}

uint64_t mm_do_shrink_slab(struct mm_machine *machine, struct mm_shrinker *shrinker,
                           const struct mm_scan_control *sc, uint64_t *nr_pages)
{
	uint64_t freeable = mm_shrinker_count(machine, shrinker);
	uint64_t deferred = shrinker->nr_deferred, delta, total, done = 0, freed = 0, next;
	bool stops = shrinker->batch == SUPER_BATCH && !(sc->gfp_flags & MM_GFP_FS);

	*nr_pages = 0;
	if (freeable == 0)
		return 0;
	delta = shrinker->seeks ? (freeable >> sc->priority) * 4 / shrinker->seeks : freeable / 2;
	total = (deferred >> sc->priority) + delta;
	if (total > 2 * freeable)
		total = 2 * freeable;
	while (!stops && (total >= shrinker->batch || total >= freeable)) {
		uint64_t nr = total < shrinker->batch ? total : shrinker->batch;

		if (nr == 0)
			break;
		freed += scan_objects(shrinker, nr);
		mm_count(machine, MM_SLABS_SCANNED, nr);
		total -= nr;
		done += nr;
	}
	next = deferred + delta > done ? deferred + delta - done : 0;
	shrinker->nr_deferred = next < 2 * freeable ? next : 2 * freeable;
	*nr_pages = share(freed, shrinker->seen.nr_pages, shrinker->seen.nr_freed,
	                  &shrinker->pages_left);
	return freed;
}

void mm_shrink_slab(struct mm_node *node, struct mm_scan_control *sc)
{
	struct mm_machine *machine = node->machine;

	for (uint32_t i = 0; i < machine->slab.nr_shrinkers; i++) {
		struct mm_shrinker *shrinker = &machine->slab.shrinkers[i];
		uint64_t nr_pages;

		if (shrinker->node != node->id)
			continue;
		mm_do_shrink_slab(machine, shrinker, sc, &nr_pages);
		if (nr_pages > 0)
			sc->nr_reclaimed += mm_free_slab_pages(machine, sc->cpu, nr_pages);
	}
	mm_deferred_split_scan(node, sc);
	mm_huge_zero_scan(node->machine, sc);
}
