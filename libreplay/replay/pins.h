/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who pins pageblocks: rows about pages that cannot be moved, by who asked for them. Whose a page is, the caller knows:
 * of the original pins_original.c, of a replay pins_replay.c.
 */
#ifndef REPLAY_PINS_H
#define REPLAY_PINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/trace.h>

#include "vec.h"
#include "write.h"

#define PINS_INSTANTS   20      /* of rows about single pageblocks, evenly over the recording … */
#define PINS_MAX_BLOCKS 100000u /* … fewer if that were more pageblocks, but always one */
#define PINS_PAGEBLOCK  512u
#define PINS_NONE       0u         /* nobody: the page is free, or can be moved */
#define PINS_RESERVED   UINT32_MAX /* the pageblock is nobody's fault: see replay_pins_block() */

enum pin_kind {
	PIN_UNMOVABLE,
	PIN_RECLAIMABLE,
	PIN_MOVABLE, /* a movable page that compaction looked at and did not take */
	PIN_SLAB,    /* from here on: there when the recording began */
	PIN_TABLE,
	PIN_OTHER,
	PIN_PAGE,    /* movable as above */
	PIN_UNKNOWN, /* its allocation was not seen */
	PIN_NR_KINDS
};

/* "unmovable", "slab before", … */
const char *replay_pin_kind_name(enum pin_kind kind);

/* Of memory that was asked for with these flags. */
enum pin_kind replay_pin_kind_of(uint64_t gfp_flags);

struct pin_holder {
	uint32_t pid;
	uint32_t gfp_flags;
	uint8_t kind; /* enum pin_kind */
	bool used;    /* it has rows */
	uint16_t nr;  /* pages in the pageblock that is being counted */
};

/* That a holder has so many pages in a pageblock, and since which instant. */
struct pin_span {
	int64_t since_ns;
	int64_t node;
	const char *zone; /* the trace's */
	uint64_t first_pfn;
	uint32_t zone_index;
	uint32_t holder;
	uint32_t pages;
	uint32_t holders;
};

/* By zone_index and first_pfn; those of a pageblock together. */
DEFINE_VEC(pin_span_vec, struct pin_span);

struct replay_pins {
	struct mmr_trace *trace;
	struct results_db *db;
	struct pin_holder *items; /* number 1 is items[0] */
	uint32_t count;
	uint32_t *slots; /* by contents: number, or 0 */
	uint32_t nr_slots;
	bool no_memory;
	bool begun; /* there has been an instant: */
	int64_t t_ns;
	struct pin_span_vec spans;   /* that held at the instant before … */
	int64_t before_ns;           /* … which is this */
	struct pin_span_vec counted; /* at this instant, so far */
};

/* A zeroed one with trace and db is empty. The number of a holder, new if need be; PINS_NONE: out of memory. */
uint32_t replay_pins_holder(struct replay_pins *pins, enum pin_kind kind, uint32_t pid,
                            uint64_t gfp_flags);

/* A pageblock at an instant. */
struct pins_place {
	int64_t t_ns;
	int64_t node;
	const char *zone;
	uint32_t zone_index;
	uint64_t first_pfn;
};

/*
 * To be called for the pageblocks of an instant in the order of their zones and addresses, for those of later ones afterwards.
 * Of each of its pages who holds it where it is. If one is PINS_RESERVED nobody can free it, so that the pageblock is
 * lost whatever the others do: no rows.
 */
void replay_pins_block(struct replay_pins *pins, const struct pins_place *place,
                       const uint32_t who[PINS_PAGEBLOCK]);

/* After the last: rows of what held until then, and of the holders. 0 or MMR_E_NOMEM. */
int replay_pins_finish(struct replay_pins *pins, struct mmr_error *err) MMR_MUST_CHECK;
void replay_pins_deinit(struct replay_pins *pins);

#endif
