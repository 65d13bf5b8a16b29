/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The multi-generational LRU: its state, and what its files know of each other.
 *
 * It is the kernel's own policy and half of its reclaim, so it sees the machine whole (internal.h), which
 * other policies do not.
 *
 * Words
 *	generation   pages of about the same age; named by a sequence number that only grows. A slot is the
 *	             number modulo 4: what pages and lists know
 *	refs, tier   how often a page was used through file descriptors, and its logarithm
 *	type         anonymous or file
 *	can_swap     swappiness of this pass is not 0: both types can be aged and evicted
 */
#ifndef MGLRU_PRIVATE_H
#define MGLRU_PRIVATE_H

#include "internal.h"

#define MGLRU_MIN_GENS       2u
#define MGLRU_NR_GENS        4u
#define MGLRU_NR_TIERS       4u
#define MGLRU_NR_HIST        4u
#define MGLRU_MIN_BATCH      64u
#define MGLRU_MAX_BATCH      4096u
#define MGLRU_REFS_MAX       3u
#define MGLRU_ANY_TIER       MGLRU_NR_TIERS /* all tiers together */
#define MGLRU_FILTER_BITS    (1u << 15)
#define MGLRU_MAX_SWAPPINESS 200u

static_assert(MGLRU_NR_GENS * MM_NR_LRU_TYPES * MM_NR_ZONE_TYPES == MM_POLICY_LISTS,
              "a list for each generation, type and zone");

/* Where versions differ in more than a detail: before the memcg LRU (6.3), and from the rework of 6.14 on. */
enum mglru_version { MGLRU_6_1, MGLRU_6_12, MGLRU_6_18 };

/* /sys/kernel/mm/lru_gen/enabled */
enum mglru_caps { MGLRU_CORE = 1, MGLRU_MM_WALK = 2, MGLRU_NONLEAF_YOUNG = 4 };

/* mm_page.policy: slot + 1 (0: on no list), then the counter of uses, then MGLRU_GUESSED. */
#define MGLRU_GEN_MASK   0x7u
#define MGLRU_REFS_SHIFT 3u
#define MGLRU_REFS_MASK  (MGLRU_REFS_MAX << MGLRU_REFS_SHIFT)

#define MGLRU_GUESSED 0x20u /* a walk found it in use by chance */

#define MGLRU_REFERENCED MM_PG_POLICY0
#define MGLRU_ACTIVE     MM_PG_POLICY1 /* off the lists: goes to a young generation */

/* What a walk has seen (enum of MM_LEAF_TOTAL and so on). */
enum mglru_walk_stat {
	MGLRU_LEAF_TOTAL, /* page-table entries */
	MGLRU_LEAF_OLD,
	MGLRU_LEAF_YOUNG,
	MGLRU_TABLE_TOTAL, /* page-table pages */
	MGLRU_TABLE_FOUND, /* … that were looked at */
	MGLRU_TABLE_ADDED, /* … that the next walk should look at */
	MGLRU_NR_WALK_STATS
};

struct mglru {
	uint64_t max_seq;
	uint64_t min_seq[MM_NR_LRU_TYPES];
	uint64_t birth_ns[MGLRU_NR_GENS];
	/* By the slot that the page knows; its list may be another one until eviction meets it. */
	uint32_t nr_pages[MGLRU_NR_GENS][MM_NR_LRU_TYPES][MM_NR_ZONE_TYPES];
	uint64_t avg_refaulted[MM_NR_LRU_TYPES][MGLRU_NR_TIERS];
	uint64_t avg_total[MM_NR_LRU_TYPES][MGLRU_NR_TIERS];
	/* Since a generation became the oldest; by sequence number modulo nr_hist. */
	uint64_t evicted[MGLRU_NR_HIST][MM_NR_LRU_TYPES][MGLRU_NR_TIERS];
	uint64_t refaulted[MGLRU_NR_HIST][MM_NR_LRU_TYPES][MGLRU_NR_TIERS];
	uint64_t protected[MGLRU_NR_HIST][MM_NR_LRU_TYPES][MGLRU_NR_TIERS];
	uint32_t nr_hist;
	uint8_t version; /* enum mglru_version */
	uint8_t caps;    /* enum mglru_caps */
	bool has_filter[2];
	uint64_t filters[2][MGLRU_FILTER_BITS / 64];
	uint64_t walked[MGLRU_NR_HIST][MGLRU_NR_WALK_STATS]; /* by generation, as evicted */
	/* This pass */
	bool have_walk;     /* look-around may change generations as the page-table walk does */
	bool evicting;      /* pages that come back are survivors of a batch */
	bool retrying;      /* … for the second time */
	uint64_t nr_before; /* 6.1: reclaimed when kswapd aged last */
	struct mm_batch retry;
};

static inline struct mglru *mglru_of(const struct mm_node *node)
{
	return node->policy_state;
}

static inline uint32_t mglru_slot(uint64_t seq)
{
	return (uint32_t)(seq % MGLRU_NR_GENS);
}

static inline uint32_t mglru_hist(const struct mglru *lru, uint64_t seq)
{
	return (uint32_t)(seq % lru->nr_hist);
}

static inline uint32_t mglru_nr_gens(const struct mglru *lru, uint32_t type)
{
	return (uint32_t)(lru->max_seq - lru->min_seq[type] + 1);
}

static inline bool mglru_slot_is_active(const struct mglru *lru, uint32_t slot)
{
	return slot == mglru_slot(lru->max_seq) || slot == mglru_slot(lru->max_seq - 1);
}

static inline uint32_t mglru_list(uint32_t slot, uint32_t type, uint32_t zone)
{
	return (slot * MM_NR_LRU_TYPES + type) * MM_NR_ZONE_TYPES + zone;
}

/* Slot of a page; -1: it is on no list. */
static inline int mglru_page_slot(const struct mm_page *page)
{
	return (int)(page->policy & MGLRU_GEN_MASK) - 1;
}

static inline void mglru_set_slot(struct mm_page *page, int slot)
{
	page->policy = (page->policy & ~MGLRU_GEN_MASK) | (uint32_t)(slot + 1);
}

static inline uint32_t mglru_counter(const struct mm_page *page)
{
	return (page->policy & MGLRU_REFS_MASK) >> MGLRU_REFS_SHIFT;
}

static inline void mglru_set_counter(struct mm_page *page, uint32_t counter)
{
	page->policy = (page->policy & ~MGLRU_REFS_MASK) | counter << MGLRU_REFS_SHIFT;
}

/* Uses through page tables show in them; those of the page cache itself only in refs. */
static inline bool mglru_is_mapped(const struct mm_page *page)
{
	return !(page->flags & MM_PG_UNMAPPED);
}

/* Reclaim has had it written, or waits for somebody to do so. */
static inline bool mglru_waits(const struct mm_page *page)
{
	return (page->io & MM_IO_RECLAIM) && ((page->flags & MM_PG_DIRTY) || mm_is_writeback(page));
}

static inline uint32_t mglru_page_zone(const struct mm_node *node, uint32_t pfn)
{
	return node->machine->zones[node->machine->pages[pfn].zone].type;
}

static inline uint64_t mglru_now_ns(const struct mm_node *node)
{
	const struct mm_hooks *hooks = &node->machine->hooks;

	return hooks->now_ns ? hooks->now_ns(hooks->data) : 0;
}

/* ---- mglru.c ---- */

/* On a list; reclaiming: it goes next. MGLRU_ACTIVE is used up. */
void policy_mglru_add(struct mm_node *node, uint32_t pfn, bool reclaiming);
/* Off its list, for reclaim or for good. */
void policy_mglru_del(struct mm_node *node, uint32_t pfn, bool reclaiming);
/* The generation where policy_mglru_add() would put it. */
uint64_t policy_mglru_seq(const struct mglru *lru, const struct mm_page *page, bool reclaiming);
void policy_mglru_move(struct mm_node *node, uint32_t pfn, uint32_t slot, bool to_tail);
void policy_mglru_resize(struct mm_node *node, uint32_t pfn, int from, int to);
/* An access through a page table: to the youngest generation, now or at the second one. */
void policy_mglru_update_gen(struct mm_node *node, uint32_t pfn);
/* Out of the oldest generation into the next; its new slot. */
uint32_t policy_mglru_inc_gen(struct mm_node *node, uint32_t pfn);
/* The first use of two is noted, the second one counts (6.14 on). */
bool policy_mglru_set_refs(struct mm_page *page);
void policy_mglru_clear_refs(const struct mglru *lru, struct mm_page *page);

/* ---- mglru_tiers.c ---- */

struct mglru_position {
	uint64_t refaulted;
	uint64_t total;
	uint64_t gain;
};

uint32_t policy_mglru_refs(const struct mglru *lru, const struct mm_page *page);
uint32_t policy_mglru_tier(const struct mglru *lru, uint32_t refs, bool workingset);
struct mglru_position policy_mglru_read(const struct mglru *lru, uint32_t type, uint32_t tier,
                                        uint64_t gain);
/* pv refaults no more often than sp, or too little to tell. */
bool policy_mglru_is_better(const struct mglru_position *sp, const struct mglru_position *pv);
/* The highest tier of a type that may be evicted. */
uint32_t policy_mglru_tier_limit(const struct mglru *lru, uint32_t type);
/* The type to begin with, and for versions before 6.14 its tier limit. */
uint32_t policy_mglru_choose(const struct mglru *lru, uint32_t swappiness, uint32_t *tier_limit);
/* Used so often that it is young whatever the controller says. */
bool policy_mglru_is_full(const struct mglru *lru, const struct mm_page *page);
void policy_mglru_protect(struct mglru *lru, const struct mm_page *page);
/* The oldest generation of a type is about to change (carryover), or the youngest one. */
void policy_mglru_reset(struct mglru *lru, uint32_t type, bool carryover);

/* ---- mglru_refault.c ---- */

uint32_t policy_mglru_eviction(struct mm_node *node, uint32_t pfn);
void policy_mglru_refault(struct mm_node *node, uint32_t pfn, uint32_t token);

/* ---- mglru_aging.c ---- */

uint32_t policy_mglru_swappiness(const struct mm_node *node, const struct mm_scan_control *sc);
/* Oldest generation of all types that can be evicted. */
uint64_t policy_mglru_min_seq(const struct mglru *lru, bool can_swap);
/* Whether the eviction runs out of old pages; *total = pages of the types in use. */
bool policy_mglru_should_age(const struct mglru *lru, bool can_swap, uint64_t *total);
/* One generation more. */
void policy_mglru_inc_max_seq(struct mm_node *node, struct mm_scan_control *sc, bool can_swap);
/* Empty generations at the old end are gone: true if there were any. */
bool policy_mglru_inc_min_seq(struct mglru *lru, const struct mm_node *node, bool can_swap);
void policy_mglru_set_priority(const struct mm_node *node, struct mm_scan_control *sc);
void policy_mglru_age(struct mm_node *node, struct mm_scan_control *sc);

/* ---- mglru_walk.c ---- */

void policy_mglru_walk(struct mm_node *node, struct mm_scan_control *sc, bool can_swap);
/* A page that reclaim looked at was young: so may be those beside it. */
void policy_mglru_look_around(struct mm_node *node, uint32_t pfn);
/* The end of its wait in a batch: to the youngest generation. */
void policy_mglru_activate(struct mm_node *node, uint32_t pfn);
void policy_mglru_filter_add(struct mglru *lru, uint64_t seq, uint32_t table);
bool policy_mglru_filter_test(const struct mglru *lru, uint64_t seq, uint32_t table);
void policy_mglru_filter_reset(struct mglru *lru, uint64_t seq);

/* ---- mglru_show.c ---- */

size_t policy_mglru_show(const struct mm_node *node, bool full, char *text, size_t size);

/* ---- mglru_evict.c ---- */

enum mm_references policy_mglru_check_references(struct mm_node *node, uint32_t pfn,
                                                 const struct mm_scan_control *sc);
void policy_mglru_isolate(struct mm_node *node, struct mm_scan_control *sc, enum mm_lru_type type,
                          uint32_t nr_to_scan, struct mm_batch *batch);
void policy_mglru_survivor(struct mm_node *node, uint32_t pfn, bool activate);
void policy_mglru_shrink_begin(struct mm_node *node, struct mm_scan_control *sc,
                               struct mm_scan_pass *pass);
bool policy_mglru_shrink_step(struct mm_node *node, struct mm_scan_control *sc,
                              struct mm_scan_pass *pass);

#endif
