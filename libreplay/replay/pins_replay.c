/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel memory has a number from its allocation to its free, whatever frame it is in, and belongs to the task that asked
 * for it, threads each for themselves. What the recording's first snapshot showed belongs to a kind of memory.
 *
 * Not modelled: pages that programs pinned, which the engine moves like any other.
 */
#include "pins_replay.h"

#include "alloc.h"
#include "error_set.h"
#include "show_mem.h"

static uint32_t holder_of(struct pins_replay *p, uint32_t pid, const struct demand_op *op)
{
	if (!(op->arg & DEMAND_RESIDENT))
		return replay_pins_holder(&p->pins, replay_pin_kind_of(op->gfp_flags), pid,
		                          op->gfp_flags);
	if (op->arg & DEMAND_SLAB)
		return replay_pins_holder(&p->pins, PIN_SLAB, 0, 0);
	return replay_pins_holder(&p->pins, op->arg & DEMAND_PAGE_TABLE ? PIN_TABLE : PIN_OTHER, 0,
	                          0);
}

int replay_pins_replay_op(struct pins_replay *p, uint32_t pid, const struct demand_op *op,
                          struct mmr_error *err)
{
	void *holders = p->holders;
	uint32_t nr;

	if (op->kind != DEMAND_KERNEL_ALLOC || op->page == DEMAND_NO_PAGE ||
	    (op->arg & DEMAND_VOID))
		return 0;
	if (op->page >= p->nr) {
		nr = op->page + op->page / 2 + 1024;
		if (base_grow(&holders, p->nr, nr, sizeof(*p->holders), 0) < 0)
			return base_error(err, MMR_E_NOMEM, "out of memory for owners of pages");
		p->holders = holders;
		p->nr = nr;
	}
	p->holders[op->page] = holder_of(p, pid, op);
	return 0;
}

void replay_pins_replay_zone(void *state, uint32_t zone, struct pins_place *place)
{
	struct pins_replay *p = state;
	uint32_t unknown = replay_pins_holder(&p->pins, PIN_UNKNOWN, 0, 0);
	uint32_t who[PINS_PAGEBLOCK];

	for (uint32_t pfn = 0; mm_next_pinned(p->machine, zone, &pfn, who); pfn += PINS_PAGEBLOCK) {
		place->first_pfn = pfn;
		for (uint32_t i = 0; i < PINS_PAGEBLOCK; i++) {
			if (who[i] == MM_PINNED_NOT)
				who[i] = PINS_NONE;
			else if (who[i] == MM_PINNED_ABSENT)
				who[i] = PINS_RESERVED;
			else if (who[i] < p->nr && p->holders[who[i]] != PINS_NONE)
				who[i] = p->holders[who[i]];
			else
				who[i] = unknown;
		}
		replay_pins_block(&p->pins, place, who);
	}
}

void replay_pins_replay_deinit(struct pins_replay *p)
{
	replay_pins_deinit(&p->pins);
	base_free(p->holders);
	*p = (struct pins_replay){ 0 };
}
