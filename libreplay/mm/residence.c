/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When a page was used, by how long the recorded kernel kept it.
 *
 * Uses that hit leave no event, but reclaim saw them: a page that came in and was still there when its list
 * had been looked through three times had been in use at two of these looks at least, and one that reclaim
 * then took had not been used since the look before. So the time that counts is looks: pages that the
 * recorded reclaim looked at, for each that was there (replay/recorded_residence.c). Of a page that came in
 * at S and was taken at U this says:
 *
 * - the look at about S + 1 finds the bit that its fault has left;
 * - the last use was between U - 2 and U - 1, at U - 1 - x, x by chance, and there was none after it;
 * - before that there was one in every look at least. A page of which n looks are known is used
 *   ln 2(n + 1) times a look: the rate at which the expected chance to be found in use is the one that n
 *   successes in n tries suggest (n + 1/2 of n + 1, Jeffreys).
 *
 * These uses are the bits that mm_test_clear_young() finds, whoever looks and however often.
 *
 * State: of each logical page the looks at S, U, and when it was looked at last. A huge page that is whole goes by its
 * first base page. What is not known is left to chance (reference.c).
 *
 * Bias: looks are a mean over the active and the inactive list, and over all pages of a type. What the
 * recording did not reclaim it says nothing of: a page that was never looked at seems unused.
 *
 * Not modelled: uses of unmapped file pages, which are known from 6.10 on.
 */
#include "internal.h"

#include <string.h>

#include "alloc.h"
#include "error_set.h"

#define LOOK (1u << MM_LOOK_SHIFT)

int mm_residence_enable(struct mm_machine *machine, struct mmr_error *err)
{
	machine->residence.on = true;
	return mm_residence_reserve(machine, machine->nr_lpages, err);
}

void mm_residence_set_timed(struct mm_machine *machine)
{
	machine->residence.timed = true;
}

int mm_residence_reserve(struct mm_machine *machine, uint32_t nr_lpages, struct mmr_error *err)
{
	struct mm_residence_model *model = &machine->residence;
	void *pages = model->pages;

	if (!model->on || nr_lpages <= model->nr_pages)
		return 0;
	if (base_grow(&pages, model->nr_pages, nr_lpages, sizeof(*model->pages), 0) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for the residence of %u pages",
		                  nr_lpages);
	model->pages = pages;
	model->nr_pages = nr_lpages;
	return 0;
}

void mm_residence_destroy(struct mm_machine *machine)
{
	base_free(machine->residence.pages);
}

void mm_residence_clock(struct mm_machine *machine, const uint32_t looks[MM_NR_LRU_TYPES])
{
	memcpy(machine->residence.looks, looks, sizeof(machine->residence.looks));
}

void mm_residence_begin(struct mm_machine *machine, uint32_t page, bool file, uint32_t until)
{
	uint32_t now = machine->residence.looks[file ? MM_LRU_FILE : MM_LRU_ANON];

	machine->residence.pages[page] =
		(struct mm_residence){ .since = now, .until = until, .looked = now };
}

void mm_residence_end(struct mm_machine *machine, uint32_t page)
{
	machine->residence.pages[page].until = 0;
}

/* ---- the uses of a page ---- */

struct uses {
	uint32_t first; /* all are after this */
	uint32_t last;
	uint32_t step;
};

/* False: none but the one that brought it in. */
static bool uses_of(const struct mm_residence *r, uint32_t page, struct uses *ret)
{
	uint32_t chance = ((page ^ (r->until * 0x9e3779b1u)) * 0x85ebca6bu) >> (32 - MM_LOOK_SHIFT);
	uint32_t looks = r->until > r->since ? (r->until - r->since) >> MM_LOOK_SHIFT : 0;

	if (looks < 2)
		return false;
	ret->first = r->since + LOOK;
	ret->last = r->until - LOOK - chance;
	ret->step = looks < 3 ? LOOK : looks < 9 ? LOOK / 2 : looks < 27 ? LOOK / 3 : LOOK / 4;
	return ret->last > ret->first;
}

/* The latest use until now; 0: none. */
static uint32_t latest_use(const struct mm_residence *r, uint32_t page, uint32_t now)
{
	struct uses uses;
	uint32_t back;

	if (r->until == 0 || !uses_of(r, page, &uses) || now <= uses.first)
		return 0;
	if (now >= uses.last)
		return uses.last;
	back = (uses.last - now + uses.step - 1) / uses.step * uses.step;
	return uses.last - uses.first > back ? uses.last - back : 0;
}

bool mm_residence_used(const struct mm_machine *machine, uint32_t pfn)
{
	uint32_t page = machine->pages[pfn].logical;
	const struct mm_residence *r;

	if (page >= machine->residence.nr_pages || (machine->pages[pfn].flags & MM_PG_UNMAPPED))
		return false;
	r = &machine->residence.pages[page];
	return latest_use(r, page, machine->residence.looks[mm_lpage_lru_type(machine, page)]) >
	       r->looked;
}

void mm_residence_part(struct mm_machine *machine, uint32_t whole, uint32_t part)
{
	if (part < machine->residence.nr_pages)
		machine->residence.pages[part].looked = machine->residence.pages[whole].looked;
}

bool mm_residence_look(struct mm_machine *machine, uint32_t pfn)
{
	bool used = mm_residence_used(machine, pfn);
	uint32_t page = machine->pages[pfn].logical;

	if (page < machine->residence.nr_pages)
		machine->residence.pages[page].looked =
			machine->residence.looks[mm_lpage_lru_type(machine, page)];
	return used;
}

uint32_t mm_residence_since_look(const struct mm_machine *machine, uint32_t pfn)
{
	uint32_t page = machine->pages[pfn].logical, since;

	if (!machine->residence.timed || page >= machine->residence.nr_pages ||
	    machine->residence.pages[page].until == 0)
		return LOOK;
	since = machine->residence.looks[mm_lpage_lru_type(machine, page)] -
	        machine->residence.pages[page].looked;
	return since < LOOK ? since : LOOK;
}
