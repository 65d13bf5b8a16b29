/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a page-replacement policy is: a struct mm_policy_ops at the end of one file in policy/.
 *
 * To add one:
 *	1. policy/foo.c: the ops below, const, named policy_foo. fifo.c is the smallest complete example.
 *	2. 'foo' in policy/meson.build: the build and the table of names come from that list.
 *	3. A section in man/mmreplay-policies.7 and a line in CHANGELOG.md.
 * The property, determinism and speed tests take every policy of the table by themselves.
 *
 * The engine decides when and how much to scan, and what becomes of a page that was isolated; the
 * policy decides which page is next. It has MM_POLICY_LISTS lists per node, state_size bytes per node,
 * page_size bytes, 32 bits (mm_page.policy) and four flags (MM_PG_POLICY0..3) per page. A page that the policy was given
 * by page_added() or putback() stays on one of its lists until page_removed() or isolate() takes it.
 * A policy allocates nothing and sees no other part of the machine; only the kernel's own ones, which are
 * half of reclaim there, include internal.h.
 */
#ifndef MM_POLICY_H
#define MM_POLICY_H

#include "mmzone.h"

/* Why a page comes (back) to the policy. */
enum mm_putback {
	MM_PUTBACK_KEEP,     /* could not be evicted now: as young as before */
	MM_PUTBACK_ACTIVATE, /* … and will not be soon (no slot, in use) */
	MM_PUTBACK_ROTATE,   /* written by reclaim, now clean: next to go */
};

/* What the accesses of an isolated page say (enum folio_references). */
enum mm_references {
	MM_REFERENCES_RECLAIM,
	MM_REFERENCES_RECLAIM_CLEAN, /* only if nothing has to be written */
	MM_REFERENCES_KEEP,
	MM_REFERENCES_ACTIVATE,
};

struct mm_batch {
	uint32_t nr; /* entries */
	uint32_t
		nr_skipped; /* base pages of zones above reclaim_idx that were looked at all the same */
	uint32_t pfns[MM_BATCH_MAX];
};

/* Mandatory unless it says otherwise. pfn is always the first page of its block. */
struct mm_policy_ops {
	const char *name;
	const char *summary; /* one line */
	size_t state_size;   /* bytes per node in mm_node.policy_state; zeroed at the start */
	size_t page_size;    /* bytes per base page in mm_policy_pages(); zeroed at the start */
	bool wants_future;   /* mm_next_use() has to know: the demand is read twice */

	/* Once per node, before anything else. May be NULL. */
	void (*init)(struct mm_node *node);

	/*
	 * A page comes into memory: page_added() follows some time later (folio_batch.c), unless it is freed
	 * before. What is known of why it came is known now. May be NULL.
	 */
	void (*page_queued)(struct mm_node *node, uint32_t pfn);

	/* A page came into memory. Put it on a list with mm_lru_add_head() or mm_lru_add_tail(). */
	void (*page_added)(struct mm_node *node, uint32_t pfn);

	/* It leaves (freed, locked): mm_lru_del(). It is on a list. */
	void (*page_removed)(struct mm_node *node, uint32_t pfn);

	/*
	 * It was used, beyond MM_PG_YOUNG, which the engine sets. May be NULL, and should be where YOUNG is
	 * enough: this is the hottest path. Also called for pages that are isolated or being written.
	 */
	void (*page_accessed)(struct mm_node *node, uint32_t pfn);

	/*
	 * It was used by read(), not through a mapping, and in place of page_accessed() and MM_PG_YOUNG. NULL:
	 * all uses are alike, and bringing a page in that is there already is one.
	 */
	void (*mark_accessed)(struct mm_node *node, uint32_t pfn);

	/*
	 * The end of a wait in a batch, of a page that is on a list: it was used twice (only after
	 * mm_folio_batch_add() by the policy itself), or is not wanted any more. The latter may be NULL.
	 */
	void (*activate)(struct mm_node *node, uint32_t pfn);
	void (*deactivate)(struct mm_node *node, uint32_t pfn, bool to_tail);

	/*
	 * Precedes page_queued() for a page that had been evicted; distance = evictions and
	 * activations since (nonresident_age). May be NULL.
	 */
	void (*page_refaulted)(struct mm_node *node, uint32_t pfn, uint64_t distance);

	/*
	 * The 32 bits to remember of a page that is being evicted, in place of nonresident_age, and what
	 * they mean when it comes back (before page_added()), counting included. Both or neither; without
	 * them workingset.c decides.
	 */
	uint32_t (*eviction)(struct mm_node *node, uint32_t pfn);
	void (*refault)(struct mm_node *node, uint32_t pfn, uint32_t token);

	/*
	 * A last look at a page that isolate() took, before anything is done to it. KEEP and ACTIVATE come
	 * back by putback(). NULL: RECLAIM.
	 */
	enum mm_references (*check_references)(struct mm_node *node, uint32_t pfn,
	                                       const struct mm_scan_control *sc);
	bool asks_references; /* check_references() asks the reference model itself, and walks do */

	/*
	 * A pass over the lists (shrink_lruvec()) of the policy's own, in place of the engine's, which
	 * shares the scanning between the types and calls isolate(). shrink_begin() decides how much;
	 * shrink_step() does one batch (mm_shrink_list() or its own), so that time can pass, and returns
	 * false when the pass is over. Both or neither.
	 */
	void (*shrink_begin)(struct mm_node *node, struct mm_scan_control *sc,
	                     struct mm_scan_pass *pass);
	bool (*shrink_step)(struct mm_node *node, struct mm_scan_control *sc,
	                    struct mm_scan_pass *pass);

	/*
	 * Of the pages on the lists, those that the kernel would count as active. NULL: none. With this and
	 * without refault(), a page of the working set has MM_PG_ACTIVE when page_added() is called.
	 */
	uint32_t (*nr_active)(const struct mm_node *node, enum mm_lru_type type);
	/* … of them, those of one zone: goes with nr_active(). */
	uint32_t (*nr_zone_active)(const struct mm_node *node, enum mm_lru_type type,
	                           enum mm_zone_type zone);

	/* Before each round of kswapd: keep lists in shape. May be NULL. */
	void (*age)(struct mm_node *node, struct mm_scan_control *sc);

	/*
	 * Examine at most nr_to_scan base pages of this type (a larger block may overshoot), oldest first, and
	 * take those that should go: mm_isolate(). Add every base page examined to sc->nr_scanned. Pages
	 * of zones above sc->reclaim_idx stay: mm_eligible(); they count apart, if at all. May take nothing.
	 */
	void (*isolate)(struct mm_node *node, struct mm_scan_control *sc, enum mm_lru_type type,
	                uint32_t nr_to_scan, struct mm_batch *batch);

	/* A page that was isolated comes back. */
	void (*putback)(struct mm_node *node, uint32_t pfn, enum mm_putback why);

	/* Pages (base pages) that a scan of this type can reach; drives how much is scanned. */
	uint32_t (*nr_reclaimable)(const struct mm_node *node, enum mm_lru_type type);

	/* mm_machine.settings are others now. May be NULL. */
	void (*settings_changed)(struct mm_node *node);

	/* The policy's own view of its state as text (mm_show_policy()), as snprintf(). May be NULL. */
	size_t (*show)(const struct mm_node *node, bool full, char *text, size_t size);
};

/* ---- for policies: links and looks ---- */

struct mm_page *mm_node_page(struct mm_node *node, uint32_t pfn);

/* anon or file, by the page's flags */
enum mm_lru_type mm_page_lru_type(const struct mm_page *page);

/* Head = newest. list < MM_POLICY_LISTS. */
void mm_lru_add_head(struct mm_node *node, uint32_t list, uint32_t pfn);
void mm_lru_add_tail(struct mm_node *node, uint32_t list, uint32_t pfn);
void mm_lru_del(struct mm_node *node, uint32_t pfn);

/* Whether the reclaimer may take pages of this one's zone. */
bool mm_eligible(const struct mm_node *node, const struct mm_scan_control *sc, uint32_t pfn);

/* Off its list and into the batch, which must have room (nr < MM_BATCH_MAX). */
void mm_isolate(struct mm_node *node, uint32_t pfn, struct mm_batch *batch);

/* Undone, before anything else: the page is on no list and not isolated any more. */
void mm_unisolate(struct mm_node *node, uint32_t pfn);

/*
 * isolate() of up to nr_to_scan pages, and what becomes of them: evicted, written, or put back; counted as
 * the kernel counts. Base pages freed; they are in sc->nr_reclaimed too.
 */
uint64_t mm_shrink_list(struct mm_node *node, struct mm_scan_control *sc, enum mm_lru_type type,
                        uint32_t nr_to_scan);

/* YOUNG, cleared: what page-table entries say. */
bool mm_test_clear_young(struct mm_node *node, uint32_t pfn);
/* … or PG_young does, which idle page tracking leaves (v6.12 folio_referenced()); cleared. */
bool mm_folio_referenced(struct mm_node *node, uint32_t pfn);

/* From where it is on its list to the head of the same list: mm_lru_del() and mm_lru_add_head() in one. */
void mm_lru_move_head(struct mm_node *node, uint32_t pfn);

/* page_size bytes for each pfn of the machine. */
void *mm_policy_pages(struct mm_node *node);

/* The zone of a page; a node's zone of a type, NULL if it has none. */
const struct mm_zone *mm_node_zone_of(struct mm_node *node, uint32_t pfn);
const struct mm_zone *mm_node_zone(struct mm_node *node, enum mm_zone_type type);

/* Uniform in [0, bound), bound > 0: from the run's seed. */
uint32_t mm_policy_random(struct mm_node *node, uint32_t bound);

/*
 * When what is in this page will be used next, as the number of that use among all uses of the demand
 * (from 0); MM_NONE: never again, or unknown. Only with wants_future.
 */
uint32_t mm_next_use(struct mm_node *node, uint32_t pfn);

#endif
