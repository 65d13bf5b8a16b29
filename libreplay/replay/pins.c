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

/* The end of the spans of a pageblock that begin at `at`. */
static size_t block_end(const struct pin_span_vec *spans, size_t at)
{
	const struct pin_span *first = &spans->items[at];

	while (at < spans->count && spans->items[at].first_pfn == first->first_pfn &&
	       spans->items[at].zone_index == first->zone_index)
		at++;
	return at;
}

/* Which pageblock comes first; spans that are not there come after all others. */
static int compare(const struct pin_span_vec *a, size_t at, const struct pin_span_vec *b, size_t bt)
{
	const struct pin_span *left, *right;

	if (at == a->count || bt == b->count)
		return (at == a->count) - (bt == b->count);
	left = &a->items[at];
	right = &b->items[bt];
	if (left->zone_index != right->zone_index)
		return left->zone_index < right->zone_index ? -1 : 1;
	return (left->first_pfn > right->first_pfn) - (left->first_pfn < right->first_pfn);
}

static bool equal(const struct pin_span *a, const struct pin_span *b, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (a[i].holder != b[i].holder || a[i].pages != b[i].pages)
			return false;
	return true;
}

static void put_spans(struct replay_pins *pins, size_t begin, size_t end)
{
	for (size_t i = begin; i < end; i++) {
		const struct pin_span *span = &pins->spans.items[i];
		const struct results_pin_span row = {
			.t_ns = span->since_ns,
			.last_ns = pins->before_ns,
			.node = span->node,
			.zone = span->zone,
			.first_pfn = (int64_t)span->first_pfn,
			.holder_id = span->holder,
			.pages = span->pages,
			.holders = span->holders,
		};

		results_put_pin_span(pins->db, &row);
	}
}

/* What held at the instant before and does not now becomes rows; what still does, has done so since it began. */
static void end_instant(struct replay_pins *pins)
{
	struct pin_span_vec *old = &pins->spans, *now = &pins->counted, swap = *old;
	size_t i = 0, j = 0;

	while (i < old->count || j < now->count) {
		int order = compare(old, i, now, j);
		size_t old_end = order <= 0 ? block_end(old, i) : i;
		size_t now_end = order >= 0 ? block_end(now, j) : j;

		if (order == 0 && old_end - i == now_end - j &&
		    equal(&old->items[i], &now->items[j], now_end - j))
			for (size_t k = 0; k < now_end - j; k++)
				now->items[j + k].since_ns = old->items[i + k].since_ns;
		else
			put_spans(pins, i, old_end);
		i = old_end;
		j = now_end;
	}
	*old = *now;
	*now = swap;
	now->count = 0;
	pins->before_ns = pins->t_ns;
}

static void begin_instant(struct replay_pins *pins, int64_t t_ns)
{
	if (pins->begun && pins->t_ns == t_ns)
		return;
	if (pins->begun)
		end_instant(pins);
	pins->begun = true;
	pins->t_ns = t_ns;
	results_put_pin_instant(pins->db, t_ns);
}

void replay_pins_block(struct replay_pins *pins, const struct pins_place *place,
                       const uint32_t who[PINS_PAGEBLOCK])
{
	uint32_t different[PINS_PAGEBLOCK];
	uint32_t nr = 0;

	begin_instant(pins, place->t_ns);
	for (uint32_t i = 0; i < PINS_PAGEBLOCK; i++)
		if (who[i] == PINS_RESERVED)
			return;
	for (uint32_t i = 0; i < PINS_PAGEBLOCK; i++)
		if (who[i] != PINS_NONE && pins->items[who[i] - 1].nr++ == 0)
			different[nr++] = who[i];
	for (uint32_t i = 0; i < nr; i++) {
		struct pin_holder *holder = &pins->items[different[i] - 1];
		const struct pin_span span = {
			.since_ns = place->t_ns,
			.node = place->node,
			.zone = place->zone,
			.zone_index = place->zone_index,
			.first_pfn = place->first_pfn,
			.holder = different[i],
			.pages = holder->nr,
			.holders = nr,
		};

		if (pin_span_vec_push(&pins->counted, span) < 0)
			pins->no_memory = true;
		holder->nr = 0;
		holder->used = true;
	}
}

int replay_pins_finish(struct replay_pins *pins, struct mmr_error *err)
{
	end_instant(pins);
	put_spans(pins, 0, pins->spans.count);
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
	pin_span_vec_deinit(&pins->spans);
	pin_span_vec_deinit(&pins->counted);
	*pins = (struct replay_pins){ 0 };
}
