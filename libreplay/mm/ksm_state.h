/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of KSM know of each other, and what the other files of mm/ know of them: see ksm.c. */
#ifndef MM_KSM_STATE_H
#define MM_KSM_STATE_H

#include "huge_area.h"
#include "ksm.h"

/* A place in a tree: see ksm_tree.c. */
struct mm_ksm_link {
	uint32_t parent; /* MM_NONE: the root */
	uint32_t left;
	uint32_t right;
	uint32_t priority;
};

enum mm_ksm_item_state {
	MM_KSM_ITEM_LOOSE, /* in no tree */
	MM_KSM_ITEM_UNSTABLE,
	MM_KSM_ITEM_STABLE,
};

/* An address that ksmd has come by (struct ksm_rmap_item). */
struct mm_ksm_item {
	uint32_t next; /* of its slot, by address; or of those that are not in use */
	uint32_t slot;
	uint32_t vpn;
	uint32_t checksum;
	uint32_t node; /* stable: which one it hangs on, … */
	uint32_t next_same;
	uint32_t prev_same; /* … and beside which others; MM_NONE at the ends */
	uint32_t seqnr;     /* unstable: the scan that put it there */
	uint8_t state;      /* enum mm_ksm_item_state */
	uint8_t age;
	uint8_t skips_left;
};

/* A page that is shared, or a chain of such that have the same contents (struct ksm_stable_node). */
struct mm_ksm_node {
	uint64_t content;  /* mm_ksm_key() */
	uint64_t prune_ns; /* of a chain: when it was gone through as a whole */
	uint32_t pfn;      /* MM_NONE: the page has gone, and nobody has noticed yet */
	uint32_t items;    /* the newest first */
	uint32_t nr_items;
	uint32_t chain; /* that it is in, or MM_NONE */
	uint32_t dups;  /* of a chain: its first */
	uint32_t next_dup;
	uint32_t prev_dup;
	bool is_chain;
};

/* A space that has registered memory (struct ksm_mm_slot). Slot 0 is the head of their list. */
struct mm_ksm_slot {
	struct mm_huge_range_vec ranges; /* of virtual page numbers */
	uint32_t items;                  /* by address */
	uint32_t prev;
	uint32_t next;  /* or of those that are not in use */
	uint32_t space; /* 0: it has ended */
};

enum mm_ksm_role {
	MM_KSM_NONE,
	MM_KSM_SHARED,  /* its page frame is a node's */
	MM_KSM_ZERO,    /* it is where the zero page is */
	MM_KSM_SWAPPED, /* one of several whose contents are in one slot: see ksm_share.c */
};

/* Of a logical page. */
struct mm_ksm_page {
	uint64_t content; /* 0: not known */
	uint32_t next;    /* of the ring of those that share a page frame or a slot */
	uint32_t prev;
	uint32_t node; /* MM_KSM_SHARED */
	uint8_t role;  /* enum mm_ksm_role */
	bool changing; /* by the model: it has other contents at each scan */
};

struct mm_ksm {
	struct mm_ksm_page *pages; /* [nr_pages] */
	struct mm_ksm_item *items; /* [nr_items] */
	struct mm_ksm_link *item_links;
	struct mm_ksm_node *nodes; /* [nr_nodes] */
	struct mm_ksm_link *node_links;
	struct mm_ksm_slot *slots; /* [nr_slots] */
	uint32_t *slot_of;         /* [nr_spaces]: 0: it has none */
	uint32_t nr_pages;
	uint32_t nr_items;
	uint32_t nr_nodes;
	uint32_t nr_slots;
	uint32_t nr_spaces;
	uint32_t free_item; /* MM_NONE: there is none */
	uint32_t free_node;
	uint32_t free_slot; /* 0: there is none */
	uint32_t stable;    /* roots */
	uint32_t unstable;
	/* Where ksmd is (struct ksm_scan). */
	uint32_t slot; /* 0: it begins anew */
	uint32_t last; /* item before the place where it is, or MM_NONE */
	uint64_t vpn;
	uint32_t batch_left; /* pages of the batch that goes on; 0: none does */
	uint32_t pages_to_scan;
	/* See ksm_advisor.c. */
	uint64_t scan_begin_ns;
	uint64_t scan_time;
	uint64_t change;
	uint64_t cpu_ns; /* that ksmd has had; the driver's */
	uint64_t cpu_seen_ns;
	bool advised;
	/* See ksm_content.c. */
	struct mm_ksm_model model;
	struct rng rng;
	uint64_t nr_copies; /* pages with copies so far */
	uint64_t nr_written;
	struct mm_ksm_stat stat;
};

/* ---- ksm_tree.c ---- */

/* at becomes a child of parent, which has none on this side; of nobody (parent = MM_NONE) in an empty tree. */
void mm_ksm_tree_add(struct mm_ksm_link *links, uint32_t *root, uint32_t at, uint32_t parent,
                     bool left);
void mm_ksm_tree_del(struct mm_ksm_link *links, uint32_t *root, uint32_t at);
/* new takes the place of at. */
void mm_ksm_tree_replace(struct mm_ksm_link *links, uint32_t *root, uint32_t at, uint32_t new);

/* ---- ksm_content.c ---- */

uint64_t mm_ksm_content(struct mm_machine *machine, uint32_t number);
uint32_t mm_ksm_checksum(uint64_t content);
/* What these contents of a page in memory are told apart by in both trees. */
uint64_t mm_ksm_key(const struct mm_machine *machine, uint32_t number, uint64_t content);
/* Somebody writes to a page that has been there before. */
void mm_ksm_written(struct mm_machine *machine, uint32_t number);

/* ---- ksm_stable.c ---- */

/* A node to share the page of, by mm_ksm_key(); MM_NONE: there is none that has room. */
uint32_t mm_ksm_stable_search(struct mm_machine *machine, uint64_t key);
/* A node for a page frame; MM_NONE: no memory. */
uint32_t mm_ksm_stable_insert(struct mm_machine *machine, uint32_t pfn, uint64_t key);
void mm_ksm_stable_append(struct mm_machine *machine, uint32_t item, uint32_t node);
/* Out of whichever tree it is in (remove_rmap_item_from_tree()). */
void mm_ksm_remove_item(struct mm_machine *machine, uint32_t item);
/* All nodes; no item is left. */
void mm_ksm_remove_nodes(struct mm_machine *machine);

/* ---- ksm_share.c ---- */

/*
 * Whether the frame of a base page could be shared: nobody has it in hand. It is taken out of a larger page for it, and
 * parts from those that have a slot with it.
 */
bool mm_ksm_can_share(struct mm_machine *machine, uint32_t number);
/* Its frame becomes a node's: nobody else shares it so far. */
void mm_ksm_begin_sharing(struct mm_machine *machine, uint32_t number, uint32_t node);
/* It shares the node's frame from now on, and its own is free. */
void mm_ksm_share(struct mm_machine *machine, uint32_t number, uint32_t node);
/* The zero page takes its place. */
void mm_ksm_share_zero(struct mm_machine *machine, uint32_t number);
/* It gets a page frame of its own, with the same contents. false: there is no memory. */
bool mm_ksm_unshare(struct mm_machine *machine, const struct mm_request *request, uint32_t number);
/* A write to a page that is shared: the same, by a fault. */
enum mm_touch_result mm_ksm_write(struct mm_machine *machine, const struct mm_request *request,
                                  uint32_t number);
/*
 * It is not in memory, or where the zero page is. true: that has been dealt with. Otherwise it has its own slot, or is as if
 * it had never been touched.
 */
bool mm_ksm_fault(struct mm_machine *machine, uint32_t number, uint32_t flags);
/* Its contents end. What is left to be freed is its own. */
void mm_ksm_drop(struct mm_machine *machine, uint32_t number);
/* It gives up its slot. true: another page has it now. */
bool mm_ksm_pass_slot(struct mm_machine *machine, uint32_t number, uint32_t slot);
/* Reclaim is about to free the frame of a shared page. */
void mm_ksm_evicted(struct mm_machine *machine, uint32_t number);
/* It has moved to another frame. */
void mm_ksm_moved(struct mm_machine *machine, uint32_t number, uint32_t pfn);
/* to stands where from stood. */
void mm_ksm_rename(struct mm_machine *machine, uint32_t from, uint32_t to);

/* ---- ksm_advisor.c ---- */

void mm_ksm_advisor_start(struct mm_machine *machine);
void mm_ksm_advisor_stop(struct mm_machine *machine);
/* Pages of a batch, by the settings or by the advisor. */
uint32_t mm_ksm_pages_to_scan(struct mm_machine *machine);

/* ---- ksm.c ---- */

int mm_ksm_reserve(struct mm_machine *machine, uint32_t nr_lpages,
                   struct mmr_error *err) MMR_MUST_CHECK;
int mm_ksm_reserve_spaces(struct mm_machine *machine, uint32_t nr_spaces,
                          struct mmr_error *err) MMR_MUST_CHECK;
void mm_ksm_destroy(struct mm_machine *machine);
void mm_ksm_space_copy(struct mm_machine *machine, uint32_t to, uint32_t from);
void mm_ksm_space_end(struct mm_machine *machine, uint32_t space);
/* The base page at an address, if it is anonymous, in memory and mapped; MM_NONE. */
uint32_t mm_ksm_page_at(const struct mm_machine *machine, uint32_t space, uint32_t vpn);

/* ---- ksm_check.c ---- */

int mm_ksm_check(const struct mm_machine *machine, struct mmr_error *err) MMR_MUST_CHECK;
/* Whether a logical page may say that it is in a frame that names another one. */
bool mm_ksm_is_beside(const struct mm_machine *machine, uint32_t number);

#endif
