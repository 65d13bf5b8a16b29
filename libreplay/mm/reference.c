/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a page was in use that nobody saw in use: a random answer where no access is known.
 *
 * Faults and reads of files tell of accesses that missed; those that hit leave only the bit that reclaim finds
 * when it looks at a page. Where a recording has no samples of accesses, its own reclaim tells how often that
 * bit was set. The model is told this share for each type, as time goes on, for pages that are looked at for
 * the first time and for those that were spared before: the fault that brings a page in leaves a bit, so that
 * nearly all are found in use at first and few the second time, and only the latter are hot. It is asked when a mapped page is
 * about to be evicted: one with a known access is young anyway; any other is made young with the probability
 * p = (s - k) / (1 - k), where s is the share that was recorded and k that of known accesses among the pages
 * looked at lately, so that both together come to s; p is a little higher while the share so far is behind
 * s, and lower while it is ahead.
 *
 * State: per type and look s, k (a moving mean over some 256 looks), by how many pages the answers are behind (at most
 * 1024), and what was answered. The generator is its own, so that a policy which asks for chance gets the
 * same with the model and without.
 *
 * Bias: the answers are independent. Real pages are either hot or cold, so the kernel finds the same ones young
 * again and again; here a hot page without a known access has no better chance than a cold one and is evicted
 * in its turn, and a cold one stays as long. Refaults come out too low where this decides, as what was hot in
 * the original is not asked for again. Asked at the last look only: a walk of page tables (MGLRU), and
 * policies that decide without that look, see known accesses only.
 *
 * Follows folio_referenced() as shrink_folio_list() of v6.12 calls it.
 */
#include "internal.h"

#define K_SHIFT    8 /* looks in the mean of k: 2^this */
#define MAX_BEHIND (1024 * (int64_t)MM_REFERENCE_ONE)
#define PULL_SHIFT 8 /* a page behind adds 2^-this to p */

void mm_set_reference_share(struct mm_machine *machine, enum mm_lru_type type, bool again,
                            uint32_t share)
{
	machine->reference.on = true;
	machine->reference.types[type][again].share =
		share < MM_REFERENCE_ONE ? share : MM_REFERENCE_ONE;
}

struct mm_reference_stats mm_reference_stats(const struct mm_machine *machine,
                                             enum mm_lru_type type, bool again)
{
	return machine->reference.types[type][again].stats;
}

/* p, of MM_REFERENCE_ONE; what is not between 0 and 1 is never or always. */
static int64_t chance(const struct mm_reference_type *type)
{
	int64_t known = type->known >> K_SHIFT;
	int64_t missing = ((int64_t)type->share - known) * MM_REFERENCE_ONE;

	if (known >= MM_REFERENCE_ONE)
		return 0;
	return missing / (MM_REFERENCE_ONE - known) + (type->behind >> PULL_SHIFT);
}

static void settle(struct mm_reference_type *type, bool young)
{
	type->behind += (int64_t)type->share - (young ? MM_REFERENCE_ONE : 0);
	if (type->behind > MAX_BEHIND)
		type->behind = MAX_BEHIND;
	if (type->behind < -MAX_BEHIND)
		type->behind = -MAX_BEHIND;
}

void mm_reference_look(struct mm_machine *machine, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];
	bool again = page->flags & MM_PG_REFERENCED;
	struct mm_reference_type *type = &machine->reference.types[mm_page_lru_type(page)][again];
	bool young = page->flags & MM_PG_YOUNG;

	if (!machine->reference.on || (page->flags & MM_PG_UNMAPPED))
		return;
	type->stats.nr_looks++;
	type->stats.nr_known += young;
	type->known += (young ? MM_REFERENCE_ONE : 0) - (type->known >> K_SHIFT);
	if (!young && type->share > 0 &&
	    base_rng_below(&machine->reference.rng, MM_REFERENCE_ONE) < chance(type)) {
		page->flags |= MM_PG_YOUNG;
		type->stats.nr_guessed++;
		young = true;
	}
	settle(type, young);
}
