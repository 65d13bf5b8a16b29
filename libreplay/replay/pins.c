/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Holders are told apart by task, flags and kind. Their number is that of different requests that were made, not of
 * pages; only those that pinned something become rows.
 */
#include "pins.h"

#include <string.h>

#include "alloc.h"
#include "error_set.h"

#define GFP_MOVABLE \
	0x08u /* ___GFP_MOVABLE and ___GFP_RECLAIMABLE, the same bits from 4.8 to 6.18 */
#define GFP_RECLAIMABLE 0x10u

const char *replay_pin_kind_name(enum pin_kind kind)
{
	static const char *const names[PIN_NR_KINDS] = {
		[PIN_UNMOVABLE] = "unmovable",     [PIN_RECLAIMABLE] = "reclaimable",
		[PIN_MOVABLE] = "pinned",          [PIN_SLAB] = "slab before",
		[PIN_TABLE] = "page table before", [PIN_OTHER] = "other before",
		[PIN_PAGE] = "pinned before",      [PIN_UNKNOWN] = "unknown",
	};

	return names[kind];
}

enum pin_kind replay_pin_kind_of(uint64_t gfp_flags)
{
	if (gfp_flags & GFP_MOVABLE)
		return PIN_MOVABLE;
	return gfp_flags & GFP_RECLAIMABLE ? PIN_RECLAIMABLE : PIN_UNMOVABLE;
}

static uint32_t slot_of(const struct replay_pins *pins, const struct pin_holder *holder)
{
	uint32_t value = (holder->pid * 31 + holder->gfp_flags) * 31 + holder->kind;
	uint32_t slot = (value * 2654435761u >> 7) & (pins->nr_slots - 1);

	for (; pins->slots[slot]; slot = (slot + 1) & (pins->nr_slots - 1)) {
		const struct pin_holder *other = &pins->items[pins->slots[slot] - 1];

		if (other->pid == holder->pid && other->gfp_flags == holder->gfp_flags &&
		    other->kind == holder->kind)
			break;
	}
	return slot;
}

static bool grow(struct replay_pins *pins)
{
	uint32_t nr_slots = pins->nr_slots ? pins->nr_slots * 2 : 256;
	void *items = pins->items;
	uint32_t *slots = base_calloc(nr_slots, sizeof(*slots));

	if (!slots || base_grow(&items, pins->count, nr_slots / 2, sizeof(*pins->items), 0) < 0) {
		base_free(slots);
		return false;
	}
	base_free(pins->slots);
	pins->items = items;
	pins->slots = slots;
	pins->nr_slots = nr_slots;
	for (uint32_t i = 0; i < pins->count; i++)
		pins->slots[slot_of(pins, &pins->items[i])] = i + 1;
	return true;
}

uint32_t replay_pins_holder(struct replay_pins *pins, enum pin_kind kind, uint32_t pid,
                            uint64_t gfp_flags)
{
	const struct pin_holder holder = { .pid = pid,
		                           .gfp_flags = (uint32_t)gfp_flags,
		                           .kind = (uint8_t)kind };
	uint32_t slot;

	if (pins->count >= pins->nr_slots / 2 && !grow(pins)) {
		pins->no_memory = true;
		return PINS_NONE;
	}
	slot = slot_of(pins, &holder);
	if (!pins->slots[slot]) {
		pins->items[pins->count] = holder;
		pins->slots[slot] = ++pins->count;
	}
	return pins->slots[slot];
}

void replay_pins_block(struct replay_pins *pins, const struct pins_place *place,
                       const uint32_t who[PINS_PAGEBLOCK])
{
	uint32_t different[PINS_PAGEBLOCK];
	uint32_t nr = 0;

	for (uint32_t i = 0; i < PINS_PAGEBLOCK; i++)
		if (who[i] == PINS_RESERVED)
			return;
	for (uint32_t i = 0; i < PINS_PAGEBLOCK; i++)
		if (who[i] != PINS_NONE && pins->items[who[i] - 1].nr++ == 0)
			different[nr++] = who[i];
	for (uint32_t i = 0; i < nr; i++) {
		struct pin_holder *holder = &pins->items[different[i] - 1];
		const struct results_pinned_block row = {
			.t_ns = place->t_ns,
			.node = place->node,
			.zone = place->zone,
			.first_pfn = (int64_t)place->first_pfn,
			.holder_id = different[i],
			.pages = holder->nr,
			.holders = nr,
		};

		results_put_pinned_block(pins->db, &row);
		holder->nr = 0;
		holder->used = true;
	}
}

int replay_pins_finish(struct replay_pins *pins, struct mmr_error *err)
{
	for (uint32_t i = 0; i < pins->count; i++) {
		const struct pin_holder *holder = &pins->items[i];
		bool asked = holder->kind <= PIN_MOVABLE;
		char gfp[512] = "";
		const struct results_pin_holder row = {
			.holder_id = i + 1,
			.kind = replay_pin_kind_name((enum pin_kind)holder->kind),
			.pid = asked ? (int64_t)holder->pid : RESULTS_NULL,
			.comm = asked ? mmr_trace_comm(pins->trace, holder->pid) : "",
			.gfp_flags = asked ? (int64_t)holder->gfp_flags : RESULTS_NULL,
			.gfp = gfp,
		};

		if (!holder->used)
			continue;
		if (asked)
			mmr_trace_format_gfp(pins->trace, holder->gfp_flags, gfp, sizeof(gfp));
		results_put_pin_holder(pins->db, &row);
	}
	return pins->no_memory
	               ? base_error(err, MMR_E_NOMEM, "out of memory for who pins pageblocks")
	               : 0;
}

void replay_pins_deinit(struct replay_pins *pins)
{
	base_free(pins->items);
	base_free(pins->slots);
	*pins = (struct replay_pins){ 0 };
}
