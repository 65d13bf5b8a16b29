/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A page belongs to whom it was allocated for until it is freed. What was there before the recording belongs to a kind of
 * memory, as kpageflags of the first full snapshot tells; what boot reserved is never freed. A page that is moved becomes
 * nobody's, but what is moved is not pinned.
 *
 * Not modelled: the bulk allocator, which has no event: its pages are of whoever had them last, or unknown.
 */
#include "pins_original.h"

#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "le.h"

#define MAX_ORDER 10
#define KPF_BYTES 8

/* Bits of /proc/kpageflags, Documentation/admin-guide/mm/pagemap.rst. */
#define KPF_LRU      (1ull << 5)
#define KPF_SLAB     (1ull << 7)
#define KPF_BUDDY    (1ull << 10)
#define KPF_ANON     (1ull << 12)
#define KPF_NOPAGE   (1ull << 20)
#define KPF_THP      (1ull << 22)
#define KPF_PGTABLE  (1ull << 26)
#define KPF_RESERVED (1ull << 32)

static enum pin_kind kind_of_flags(uint64_t flags)
{
	if (flags & KPF_SLAB)
		return PIN_SLAB;
	if (flags & KPF_PGTABLE)
		return PIN_TABLE;
	return flags & (KPF_LRU | KPF_ANON | KPF_THP) ? PIN_PAGE : PIN_OTHER;
}

static void add_chunk(struct pins_original *p, const struct mmr_snapshot_piece *piece)
{
	uint64_t first = piece->offset / KPF_BYTES;
	uint32_t before[PIN_NR_KINDS] = { 0 };

	for (uint64_t i = 0; i < piece->size / KPF_BYTES && first + i < p->nr_pfns; i++) {
		uint64_t flags = le64_get(piece->data + i * KPF_BYTES);
		enum pin_kind kind = kind_of_flags(flags);

		if (flags & KPF_BUDDY)
			continue;
		if (flags & (KPF_NOPAGE | KPF_RESERVED)) {
			p->owners[first + i] = PINS_RESERVED;
			continue;
		}
		if (!before[kind])
			before[kind] = replay_pins_holder(&p->pins, kind, 0, 0);
		p->owners[first + i] = before[kind];
	}
}

/* The same snapshot as the shadow's (load_start() in shadow.c). */
static int read_start(struct pins_original *p, struct mmr_error *err)
{
	uint64_t whole_from_ns = mmr_trace_info(p->pins.trace)->whole_from_ns;
	const struct mmr_snapshot_info *info;
	bool found = false;

	for (uint32_t i = 0; !found && (info = mmr_trace_snapshot_info(p->pins.trace, i)); i++) {
		struct mmr_snapshot_piece piece;
		struct mmr_snapshot *snapshot;
		int code;

		if (info->kind != MMR_SNAPSHOT_FULL || info->begin_ns < whole_from_ns)
			continue;
		code = mmr_trace_snapshot(p->pins.trace, i, &snapshot, err);
		if (code < 0)
			return code;
		for (uint32_t j = 0; mmr_snapshot_piece(snapshot, j, &piece); j++) {
			if (strcmp(piece.name, "proc/kpageflags") != 0)
				continue;
			add_chunk(p, &piece);
			found = true;
		}
		mmr_snapshot_free(snapshot);
	}
	return p->pins.no_memory ? base_error(err, MMR_E_NOMEM, "out of memory for owners of pages")
	                         : 0;
}

int replay_pins_original_init(struct pins_original *p, struct mmr_trace *trace,
                              struct results_db *db, struct replay_shadow *shadow,
                              struct mmr_error *err)
{
	const struct mmr_zone_info *zone;

	*p = (struct pins_original){ .pins = { .trace = trace, .db = db }, .shadow = shadow };
	for (uint32_t i = 0; (zone = mmr_trace_zone(trace, i)); i++)
		if (zone->start_pfn + zone->spanned > p->nr_pfns)
			p->nr_pfns = zone->start_pfn + zone->spanned;
	p->owners = base_calloc_err(p->nr_pfns, sizeof(*p->owners), "owners of pages", err);
	return p->owners ? read_start(p, err) : MMR_E_NOMEM;
}

static void set_owner(struct pins_original *p, const struct mmr_event *event, uint32_t owner)
{
	uint64_t nr;

	if (event->page.order > MAX_ORDER || event->page.pfn >= p->nr_pfns)
		return;
	nr = UINT64_C(1) << event->page.order;
	for (uint64_t i = 0; i < nr && i < p->nr_pfns - event->page.pfn; i++)
		p->owners[event->page.pfn + i] = owner;
}

void replay_pins_original_event(struct pins_original *p, const struct mmr_event *event,
                                uint32_t process)
{
	uint64_t gfp_flags = event->page.gfp_flags;

	if (event->kind == MMR_EVENT_MM_PAGE_ALLOC && event->page.pfn < p->nr_pfns)
		set_owner(p, event,
		          replay_pins_holder(&p->pins, replay_pin_kind_of(gfp_flags), process,
		                             gfp_flags));
	else if (event->kind == MMR_EVENT_MM_PAGE_FREE)
		set_owner(p, event, PINS_NONE);
}

void replay_pins_original_zone(void *state, uint32_t zone, struct pins_place *place)
{
	struct pins_original *p = state;
	uint32_t unknown = replay_pins_holder(&p->pins, PIN_UNKNOWN, 0, 0);
	uint8_t uses[SHADOW_PAGEBLOCK_PAGES];
	uint32_t who[PINS_PAGEBLOCK];

	for (uint64_t pfn = 0; replay_shadow_next_pinned(p->shadow, zone, &pfn, uses);
	     pfn += SHADOW_PAGEBLOCK_PAGES) {
		place->first_pfn = pfn;
		for (uint32_t i = 0; i < PINS_PAGEBLOCK; i++) {
			uint32_t owner = pfn + i < p->nr_pfns ? p->owners[pfn + i] : PINS_NONE;

			if (uses[i] == SHADOW_USE_ABSENT)
				owner = PINS_RESERVED;
			else if (uses[i] == SHADOW_USE_NONE)
				owner = PINS_NONE;
			else if (owner == PINS_NONE)
				owner = unknown;
			who[i] = owner;
		}
		replay_pins_block(&p->pins, place, who);
	}
}

void replay_pins_original_deinit(struct pins_original *p)
{
	replay_pins_deinit(&p->pins);
	base_free(p->owners);
	*p = (struct pins_original){ 0 };
}
