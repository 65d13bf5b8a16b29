/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a page was in use that nobody saw in use: a random answer where no access is known.
 *
 * Faults and reads of files tell of accesses that missed; those that hit leave only the bit that reclaim finds
 * when it looks at a page. Where a recording has no samples of accesses, its own reclaim tells how often that
 * bit was set. The model is told this share for each type and kind of look, as time goes on. A page with a known
 * access is young anyway; any other is made young by chance.
 *
 * A list is gone through once a look of the recorded clock (residence.c); walks and looks at neighbours come at any
 * time. A page that was looked at a short while before had as much less time to be used, and their p is in
 * proportion. Otherwise reclaim that goes over the same pages again and again within an instant would find some of
 * them in use each time, and never end. Where the recording has no scans (MGLRU of 6.1) its clock tells no such times.
 *
 * At the last look before eviction, the first one or a later one: the fault that brings a page in leaves a bit, so
 * that nearly all are found in use at first and few the second time, and only the latter are hot. The chance is
 * p = (s - k) / (1 - k), where s is the share that was recorded and k that of known accesses among the pages
 * looked at lately, so that both together come to s; p is a little higher while the share so far is behind
 * s, and lower while it is ahead.
 *
 * Beside a page in use p = s, and a little more or less while what comes of it is behind what was recorded or ahead:
 * of the pages that reclaim isolated, those that a neighbour saved. Of others it is 0 while more have moved on than were recorded. In walks through the page tables s is the
 * share of pages that had moved on to another generation when reclaim met them, and k that of those which had
 * for known accesses; what is behind is made up for in one walk: p rises by the pages that are missing, divided by the
 * pages there are.
 *
 * State: per type and look s, k (a moving mean over some 256 looks), by how many pages the answers are behind (at most
 * 1024), and what was answered. The generator is its own, so that a policy which asks for chance gets the
 * same with the model and without.
 *
 * A use that the recording's keeping a page tells of is a known access, too: residence.c.
 *
 * Bias: the answers are independent. Real pages are either hot or cold, so the kernel finds the same ones young
 * again and again; here a hot page without a known access has no better chance than a cold one and is evicted
 * in its turn, and a cold one stays as long. Refaults come out too low where this decides, as what was hot in
 * the original is not asked for again. A policy that decides without a last look sees known accesses only.
 *
 * Follows folio_referenced() as shrink_folio_list() of v6.12 calls it, and what walk_pte_range() and
 * lru_gen_look_around() of v6.12 find.
 */
#include "internal.h"

#define K_SHIFT    8 /* looks in the mean of k: 2^this */
#define MAX_BEHIND (1024 * (int64_t)MM_REFERENCE_ONE)
#define PULL_SHIFT 8 /* a page behind adds 2^-this to p */

static uint32_t at_most_one(uint32_t share)
{
	return share < MM_REFERENCE_ONE ? share : MM_REFERENCE_ONE;
}

void mm_set_reference_share(struct mm_machine *machine, enum mm_lru_type type, enum mm_look look,
                            uint32_t share)
{
	struct mm_reference_type *t = &machine->reference.types[type][look];

	machine->reference.on = true;
	t->share = at_most_one(share);
	t->outcome = UINT32_MAX;
}

void mm_set_reference_outcome(struct mm_machine *machine, enum mm_lru_type type, enum mm_look look,
                              uint32_t share)
{
	machine->reference.types[type][look].outcome =
		share == UINT32_MAX ? share : at_most_one(share);
}

struct mm_reference_stats mm_reference_stats(const struct mm_machine *machine,
                                             enum mm_lru_type type, enum mm_look look)
{
	return machine->reference.types[type][look].stats;
}

/* (s - k) / (1 - k) */
static int64_t missing_share(const struct mm_reference_type *type)
{
	int64_t known = type->known >> K_SHIFT;
	int64_t missing = ((int64_t)type->share - known) * MM_REFERENCE_ONE;

	if (known >= MM_REFERENCE_ONE)
		return 0;
	return missing / (MM_REFERENCE_ONE - known);
}

/* More pages had moved on than in the recording when reclaim met them. */
static bool is_ahead(const struct mm_reference_type *walks)
{
	return walks->outcome != UINT32_MAX && walks->behind < 0;
}

/* p, of MM_REFERENCE_ONE; what is not between 0 and 1 is never or always. */
static int64_t chance(const struct mm_machine *machine, const struct mm_page *page,
                      const struct mm_reference_type *type, enum mm_look look)
{
	enum mm_lru_type lru = mm_page_lru_type(page);
	const struct mm_node *node = &machine->nodes[machine->zones[page->zone].node];

	switch (look) {
	case MM_LOOK_FIRST:
	case MM_LOOK_AGAIN:
		break;
	case MM_LOOK_BESIDE:
		/* On its list, it would be one more of them. */
		if ((page->flags & MM_PG_LRU) &&
		    is_ahead(&machine->reference.types[lru][MM_LOOK_WALK]))
			return 0;
		return type->share + (type->behind >> PULL_SHIFT);
	case MM_LOOK_WALK:
		return missing_share(type) + type->behind / (node->nr_lru[lru] + INT64_C(1));
	case MM_NR_LOOKS:
		break;
	}
	return missing_share(type) + (type->behind >> PULL_SHIFT);
}

/* p, of a page that may have been looked at before there was time to use it. */
static int64_t in_time(const struct mm_machine *machine, uint32_t pfn, enum mm_look look, int64_t p)
{
	if (look != MM_LOOK_BESIDE && look != MM_LOOK_WALK)
		return p;
	return p * mm_residence_since_look(machine, pfn) >> MM_LOOK_SHIFT;
}

static void settle(struct mm_reference_type *type, uint32_t share, bool young)
{
	type->behind += (int64_t)share - (young ? MM_REFERENCE_ONE : 0);
	if (type->behind > MAX_BEHIND)
		type->behind = MAX_BEHIND;
	if (type->behind < -MAX_BEHIND)
		type->behind = -MAX_BEHIND;
}

static void note_known(struct mm_reference_type *type, bool known)
{
	type->known += (known ? MM_REFERENCE_ONE : 0) - (type->known >> K_SHIFT);
}

void mm_reference_look(struct mm_machine *machine, uint32_t pfn, enum mm_look look)
{
	struct mm_page *page = &machine->pages[pfn];
	struct mm_reference_type *type = &machine->reference.types[mm_page_lru_type(page)][look];
	bool young = page->flags & MM_PG_YOUNG;

	if (!machine->reference.on || (page->flags & MM_PG_UNMAPPED))
		return;
	if (!young && machine->residence.on)
		young = mm_residence_used(machine, pfn);
	type->stats.nr_looks++;
	type->stats.nr_known += young;
	if (look != MM_LOOK_WALK)
		note_known(type, young);
	if (!young && type->share > 0 &&
	    base_rng_below(&machine->reference.rng, MM_REFERENCE_ONE) <
	            in_time(machine, pfn, look, chance(machine, page, type, look))) {
		page->flags |= MM_PG_YOUNG;
		type->stats.nr_guessed++;
		young = true;
	}
	if (look == MM_LOOK_FIRST || look == MM_LOOK_AGAIN)
		settle(type, type->share, young);
}

void mm_reference_outcome(struct mm_machine *machine, uint32_t pfn, enum mm_look look,
                          enum mm_outcome outcome)
{
	struct mm_reference_type *type =
		&machine->reference.types[mm_page_lru_type(&machine->pages[pfn])][look];

	if (!machine->reference.on || type->outcome == UINT32_MAX)
		return;
	if (look == MM_LOOK_WALK)
		note_known(type, outcome == MM_OUTCOME_KNOWN);
	settle(type, type->outcome, outcome != MM_OUTCOME_MISS);
}
