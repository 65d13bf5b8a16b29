/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shadow: the kernel's free lists, followed from the first full snapshot through the events.
 *
 *	replay_shadow_create()          from a trace: zones, first full snapshot, kernel's ways
 *	replay_shadow_verify_start()    if it is to be compared with the later snapshots
 *	replay_shadow_event() …         every event, in time order; queries whenever the caller likes
 *	replay_shadow_finish()          no more events
 *	replay_shadow_buddy() …         the state at the end
 *	replay_shadow_checks()          what verification found
 *	replay_shadow_destroy()
 *
 * Between two events every query gives the state after the last one. The set of free pages decides
 * the blocks (free buddies always merge), so two bytes per page of the zones' spans and a record per
 * pageblock are all it keeps. Nothing is allocated per event.
 *
 * It never peeks: snapshots after the first serve verification only and change nothing.
 */
#ifndef REPLAY_SHADOW_H
#define REPLAY_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/trace.h>

#define SHADOW_NR_ORDERS       11
#define SHADOW_PAGEBLOCK_ORDER 9
#define SHADOW_PAGEBLOCK_PAGES 512

/* Migratetypes in the order of the database's names; the kernel's own numbers are mapped to these. */
enum shadow_migratetype {
	SHADOW_UNMOVABLE,
	SHADOW_MOVABLE,
	SHADOW_RECLAIMABLE,
	SHADOW_HIGHATOMIC,
	SHADOW_CMA,
	SHADOW_ISOLATE,
	SHADOW_NR_TYPES
};

/* "Unmovable", "Movable", … as in /proc/pagetypeinfo; never NULL. */
const char *replay_shadow_type_name(unsigned int type);

/*
 * What the events showed to be otherwise than the shadow had it, and was put right on the spot. The
 * unit is pages. They cost nothing at the end; they tell how far the state was off until then.
 */
#define SHADOW_REPAIR_MAP(X)                                                            \
	X(TARGET, "compaction targets that their first use named")                      \
	X(CAPTURE, "pages that a direct compaction captured")                           \
	X(PAST_PCP, "pages freed past a per-CPU list whose lock was held")              \
	X(MISSED_TAKE, "pages in use that had seemed free")                             \
	X(MISSED_REFILL, "pages allocated that had seemed free")                        \
	X(MISSED_FREE_PCP, "pages on the free lists that had seemed on a per-CPU list") \
	X(MISSED_FREE_PRIVATE, "pages that compaction had not taken")                   \
	X(MISSED_FREE, "free pages that had seemed in use")                             \
	X(DOUBLE_FREE, "pages drained or freed that had seemed free")                   \
	X(REORDERED, "pages taken and given back within the clocks' difference")

enum shadow_repair {
#define SHADOW_REPAIR_ENUM(name, text) SHADOW_REPAIR_##name,
	SHADOW_REPAIR_MAP(SHADOW_REPAIR_ENUM)
#undef SHADOW_REPAIR_ENUM
		SHADOW_NR_REPAIRS
};

/* The text of a repair, in the plural; never NULL. */
const char *replay_shadow_repair_text(unsigned int repair);

struct replay_shadow;

/* How the recorded kernel behaves, where kernels differ. */
struct replay_shadow_kernel {
	bool fallback_relocks; /* before 6.10: every fallback is followed by a zone_locked */
	bool thp_pcp;     /* order 9 goes through the per-CPU lists (CONFIG_TRANSPARENT_HUGEPAGE) */
	bool cma;         /* CONFIG_CMA: ISOLATE is 5, not 4 */
	bool fast_silent; /* before 6.5: compaction's search of the free lists has no event */
	bool unused_silent; /* before 6.9: a target that a migration gives back has none */
	uint32_t nr_cpus;   /* 0: what happens on a CPU while it holds a lock is not followed */
};

/*
 * An empty shadow of these zones; nothing is known until chunks are added. Copies what it needs.
 * MMR_E_INVALID: zones overlap or are empty; MMR_E_LIMIT: 2^32 pages or more; MMR_E_NOMEM.
 */
int replay_shadow_new(const struct mmr_zone_info *zones, uint32_t nr_zones,
                      const struct replay_shadow_kernel *kernel, struct replay_shadow **ret,
                      struct mmr_error *err) MMR_MUST_CHECK;

/*
 * The shadow of a trace, with its first full snapshot as the start. MMR_E_NOTFOUND: there is no full
 * snapshot with kpageflags; MMR_E_UNSUPPORTED: the trace is filtered or lacks the page events.
 */
int replay_shadow_create(struct mmr_trace *trace, struct replay_shadow **ret,
                         struct mmr_error *err) MMR_MUST_CHECK;

/* NULL is fine. */
void replay_shadow_destroy(struct replay_shadow *shadow);

/*
 * kpageflags of nr_pfns pages from first_pfn on (8 bytes each), read from begin_ns on. To be added in
 * time order, before the first event that is later. Copies what it needs.
 */
int replay_shadow_add_chunk(struct replay_shadow *shadow, uint64_t first_pfn, const void *flags,
                            uint64_t nr_pfns, uint64_t begin_ns,
                            struct mmr_error *err) MMR_MUST_CHECK;

/* Text of /proc/pagetypeinfo at the start, from which the types of the pageblocks are guessed. */
int replay_shadow_add_pagetypeinfo(struct replay_shadow *shadow, const char *text, size_t size,
                                   struct mmr_error *err) MMR_MUST_CHECK;

/* The next event. */
void replay_shadow_event(struct replay_shadow *shadow, const struct mmr_event *event);

/* No more events are to come: what waited for a later one is done now. */
void replay_shadow_finish(struct replay_shadow *shadow);

/* ---- what it knows ---- */

/* True once every chunk of the first snapshot has been reached. */
bool replay_shadow_ready(const struct replay_shadow *shadow);

/* Free blocks of one zone (index as in the trace's header) by order and migratetype. */
struct replay_shadow_buddy {
	uint32_t blocks[SHADOW_NR_ORDERS][SHADOW_NR_TYPES];
};

void replay_shadow_buddy(const struct replay_shadow *shadow, uint32_t zone,
                         struct replay_shadow_buddy *buddy);

/* Blocks of each order, all types together; returns the free pages. */
uint64_t replay_shadow_free_blocks(const struct replay_shadow *shadow, uint32_t zone,
                                   uint64_t blocks[SHADOW_NR_ORDERS]);

/* Number of pageblocks that a zone touches, and the first pfn of the first of them (aligned down). */
uint32_t replay_shadow_pageblocks(const struct replay_shadow *shadow, uint32_t zone,
                                  uint64_t *first_pfn);

/*
 * The state of all pageblocks of a zone, 8 bytes each as in the database (results/schema.sql). Pages
 * on per-CPU lists and those that compaction holds count as other used pages; holes as none.
 */
void replay_shadow_pageblock_state(const struct replay_shadow *shadow, uint32_t zone,
                                   uint8_t *state);

/* Whether a page is on a free list. */
bool replay_shadow_is_free(const struct replay_shadow *shadow, uint64_t pfn);

/* ---- what compaction did and could do: shadow_room.c ---- */

struct mm_room;

/* Where a zone could be made free by moving what can be moved: see show_mem.h. */
void replay_shadow_room(const struct replay_shadow *shadow, uint32_t zone, struct mm_room *room);

/* Why a page cannot be moved. */
enum shadow_use {
	SHADOW_USE_NONE,   /* it is free, or can be moved */
	SHADOW_USE_KERNEL, /* in use, and not movable */
	SHADOW_USE_STUCK,  /* movable, but compaction looked at it and did not take it */
	SHADOW_USE_ABSENT, /* a hole, or nothing is known of it */
};

/*
 * The next pageblock that lies wholly in the zone, from *pfn on, and has pages in use that cannot be moved: its first pfn,
 * and of each page an enum shadow_use. To go on: *pfn + SHADOW_PAGEBLOCK_PAGES. False past the last.
 */
bool replay_shadow_next_pinned(const struct replay_shadow *shadow, uint32_t zone, uint64_t *pfn,
                               uint8_t uses[SHADOW_PAGEBLOCK_PAGES]);

/* Pages of a pageblock. */
struct shadow_block_work {
	uint32_t migrate_scanned; /* looked at for some to be moved … */
	uint32_t free_scanned;    /* … and for free ones to be moved to */
	uint32_t moved_out;
	uint32_t moved_in;
};

/* Likewise the next pageblock that compaction has been at since this was last asked of it; forgets it. */
bool replay_shadow_next_work(struct replay_shadow *shadow, uint32_t zone, uint64_t *pfn,
                             struct shadow_block_work *work);

struct replay_shadow_stats {
	uint64_t nr_events;                  /* those that concern it */
	uint64_t nr_lost;                    /* events lost since the start: no longer exact */
	uint64_t repairs[SHADOW_NR_REPAIRS]; /* pages */
	uint64_t isolated;                   /* pages that compaction took */
	uint64_t isolated_unknown;           /* of these, not yet known which */
	uint64_t nr_unchecked;               /* comparisons left out for lack of memory */
	uint64_t nr_broken;                  /* invariants found broken (-Dcheck=full) */
};

void replay_shadow_stats(const struct replay_shadow *shadow, struct replay_shadow_stats *stats);

/* ---- verification ---- */

/* Why a page is on a free list for the kernel and not for the shadow, or the other way round. */
#define SHADOW_CAUSE_MAP(X)                                                                    \
	X(NONE, "")                                                                            \
	X(FREE_PENDING, "free only in the shadow: taken by a compaction, which pages unknown") \
	X(FREE_ELSE, "free only in the shadow: taken without an event")                        \
	X(USED_PRIVATE, "free only in the kernel: seemed taken by a compaction")               \
	X(USED_PCP, "free only in the kernel: seemed to be on a per-CPU list")                 \
	X(USED_ELSE, "free only in the kernel: freed without an event")                        \
	X(LOST, "events were lost before")                                                     \
	X(UNKNOWN, "the first snapshot does not hold it")                                      \
	X(UNREADABLE, "the snapshot cannot be read")

enum shadow_cause {
#define SHADOW_CAUSE_ENUM(name, text) SHADOW_CAUSE_##name,
	SHADOW_CAUSE_MAP(SHADOW_CAUSE_ENUM)
#undef SHADOW_CAUSE_ENUM
		SHADOW_NR_CAUSES
};

/* The text of a cause; never NULL. */
const char *replay_shadow_cause_text(unsigned int cause);

enum shadow_check_kind {
	SHADOW_CHECK_BUDDYINFO,     /* blocks of an order: kernel's, shadow's */
	SHADOW_CHECK_BUDDYINFO_END, /* likewise, the last file of a full snapshot */
	SHADOW_CHECK_KPAGEFLAGS,    /* kernel = pages compared, shadow = pages that agree */
	SHADOW_CHECK_CAUSE          /* kernel = pages that do not agree by this cause, shadow = 0 */
};

/*
 * One comparison. A file is read between two instants, not at one: buddyinfo counts as read at the
 * instant between them at which it agrees best; a page agrees if it does at one of the two.
 */
struct replay_shadow_check {
	uint64_t t_ns; /* absolute; of the comparison */
	uint64_t kernel;
	uint64_t shadow;
	uint32_t snapshot;  /* its number in the trace */
	uint32_t zone;      /* index as in the trace's header */
	uint8_t kind;       /* enum shadow_check_kind */
	uint8_t page_order; /* of a buddyinfo row, else 0 */
	uint8_t cause;      /* enum shadow_cause, of a CHECK_CAUSE row */
};

/*
 * Compares with every snapshot after the first full one while the events pass. Called before the
 * first event; the trace must outlive the shadow. Loads one snapshot at a time.
 */
int replay_shadow_verify_start(struct replay_shadow *shadow, struct mmr_trace *trace,
                               struct mmr_error *err) MMR_MUST_CHECK;

/* All comparisons so far, in time order. Valid until the next event; their number in *nr. */
const struct replay_shadow_check *replay_shadow_checks(const struct replay_shadow *shadow,
                                                       size_t *nr);

/*
 * The bars: whether a zone's buddyinfo row is as near as the shadow promises (equal, if nothing was
 * compacted; else off by at most 5 % or 4 blocks, whichever is more).
 */
bool replay_shadow_check_good(const struct replay_shadow *shadow,
                              const struct replay_shadow_check *check);

#endif
