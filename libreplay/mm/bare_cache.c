/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A page cache of exactly N pages, for comparing policies by hits and misses alone.
 *
 * The policy sees what it would see of a whole machine: a page was added, was used, one page is wanted.
 * But a page is evicted only when another one takes its frame, and only one, so that the counts are those
 * of the textbook's algorithm and of cache simulators. Frames are pfns [0, N) of one zone; one that is in use
 * stays in use. A read does not set the accessed bit of the page that it brings in, as in filemap.c.
 *
 * Not modelled: all that makes the kernel evict earlier, later or in batches; writes; sizes of objects.
 */
#include "internal.h"

#include "error_set.h"

/* Requests between asking memory for something and needing it. */
#define AHEAD       24 /* a logical page */
#define AHEAD_FRAME 12 /* the page that it is in, if it is */

int mm_cache_create(const struct mm_policy_ops *policy, uint32_t nr_pages, uint64_t seed,
                    struct mm_machine **ret, struct mmr_error *err)
{
	const struct mm_zone_config zone = {
		.name = "Normal",
		.type = MM_ZONE_NORMAL,
		.spanned = nr_pages,
		.present = nr_pages,
		.managed = nr_pages,
	};
	const struct mm_config config = {
		.zones = &zone,
		.nr_zones = 1,
		.nr_cpus = 1,
		.policy = policy,
		.seed = seed,
	};
	int rc;

	if (nr_pages == 0 || !policy || policy->shrink_begin)
		return base_error(
			err, MMR_E_INVALID, "a bare page cache of %u pages%s", nr_pages,
			policy && policy->shrink_begin ? ", which this policy cannot manage" : "");
	rc = mm_machine_create(&config, ret, err);
	if (rc < 0)
		return rc;
	mm_seed_done(*ret);
	(*ret)->batch_size = 1;
	return 0;
}

/* The frame of the page that the policy gives up; MM_NONE: it gives none. */
static uint32_t evict(struct mm_machine *machine, struct mm_node *node)
{
	const struct mm_policy_ops *policy = machine->policy;
	struct mm_scan_control sc = { .nr_to_reclaim = 1,
		                      .gfp_flags = MM_GFP_HIGHUSER_MOVABLE,
		                      .reclaim_idx = MM_ZONE_NORMAL,
		                      .may_writepage = true };
	/* clock_dirty goes round four times at most, and a policy may take a few pages' time more. */
	uint64_t limit = 8 * (uint64_t)machine->zones[0].managed + 64;

	for (uint64_t i = 0; i < limit; i++) {
		struct mm_batch batch = { .nr = 0 };
		enum mm_references references = MM_REFERENCES_RECLAIM;
		uint32_t pfn;

		policy->isolate(node, &sc, MM_LRU_FILE, 1, &batch);
		if (batch.nr == 0)
			continue;
		pfn = batch.pfns[0];
		node->nr_isolated[MM_LRU_FILE]--;
		machine->pages[pfn].state = MM_PAGE_USED;
		if (policy->check_references)
			references = policy->check_references(node, pfn, &sc);
		if (references == MM_REFERENCES_RECLAIM ||
		    references == MM_REFERENCES_RECLAIM_CLEAN)
			return pfn;
		policy->putback(node, pfn,
		                references == MM_REFERENCES_KEEP ? MM_PUTBACK_KEEP
		                                                 : MM_PUTBACK_ACTIVATE);
	}
	mm_broken(machine, machine->policy->name, "a page is given up", MM_NONE);
	return MM_NONE;
}

static void read_page(struct mm_machine *machine, struct mm_node *node, uint32_t number)
{
	const struct mm_policy_ops *policy = machine->policy;
	struct mm_lpage *lpage = &machine->lpages[number];
	bool refaults = policy->page_refaulted || policy->eviction;
	struct mm_page *page;
	uint32_t pfn;

	if (machine->nr_cached < machine->zones[0].managed) {
		pfn = machine->nr_cached++;
	} else {
		pfn = evict(machine, node);
		if (pfn == MM_NONE)
			return;
		if (refaults)
			mm_workingset_eviction(machine, pfn);
		machine->lpages[machine->pages[pfn].logical].pfn = MM_NONE;
	}
	page = &machine->pages[pfn];
	page->logical = number;
	page->flags = MM_PG_FILE;
	page->state = MM_PAGE_USED;
	lpage->pfn = pfn;
	lpage->kind = MM_LPAGE_FILE;
	if (refaults)
		mm_workingset_add(machine, pfn);
	else
		policy->page_added(node, pfn);
	if (policy->mark_accessed)
		policy->mark_accessed(node, pfn);
}

/* A macro, because gcc takes a function that only prefetches for one without effect. */
#define LOOK_AHEAD(machine, pages, i, nr)                                                       \
	do {                                                                                    \
		if ((i) + AHEAD < (nr)) {                                                       \
			__builtin_prefetch(&(machine)->lpages[(pages)[(i) + AHEAD]]);           \
			if ((machine)->next_use)                                                \
				__builtin_prefetch(&(machine)->next_use[(pages)[(i) + AHEAD]]); \
		}                                                                               \
		if ((i) + AHEAD_FRAME < (nr)) {                                                 \
			uint32_t in = (machine)->lpages[(pages)[(i) + AHEAD_FRAME]].pfn;        \
                                                                                                \
			if (in != MM_NONE)                                                      \
				__builtin_prefetch(&(machine)->pages[in]);                      \
		}                                                                               \
	} while (0)

uint64_t mm_cache_run(struct mm_machine *machine, const uint32_t *pages, const uint32_t *next,
                      size_t nr)
{
	const struct mm_policy_ops *policy = machine->policy;
	void (*accessed)(struct mm_node *, uint32_t) =
		policy->mark_accessed ? policy->mark_accessed : policy->page_accessed;
	uint16_t young = policy->mark_accessed ? 0 : MM_PG_YOUNG;
	struct mm_lpage *lpages = machine->lpages;
	struct mm_node *node = &machine->nodes[0];
	uint64_t hits = 0;

	for (size_t i = 0; i < nr; i++) {
		uint32_t pfn = lpages[pages[i]].pfn;

		LOOK_AHEAD(machine, pages, i, nr);
		if (next)
			mm_set_next_use(machine, pages[i], next[i]);
		if (pfn == MM_NONE) {
			read_page(machine, node, pages[i]);
			continue;
		}
		hits++;
		machine->pages[pfn].flags |= young;
		if (accessed)
			accessed(node, pfn);
	}
	return hits;
}
