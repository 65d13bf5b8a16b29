/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the classic LRU know of each other. A part of the engine: it sees the machine. */
#ifndef CLASSIC_H
#define CLASSIC_H

#include "internal.h"
#include "policy_table.h"

/* enum lru_list, without the unevictable one, which is only counted. */
enum classic_list {
	CLASSIC_INACTIVE_ANON,
	CLASSIC_ACTIVE_ANON,
	CLASSIC_INACTIVE_FILE,
	CLASSIC_ACTIVE_FILE,
	CLASSIC_NR_LISTS
};

/* Per node. In base pages. */
struct classic {
	uint32_t nr[CLASSIC_NR_LISTS];
	uint32_t nr_zone[CLASSIC_NR_LISTS][MM_NR_ZONE_TYPES];
};

static inline struct classic *classic_of(const struct mm_node *node)
{
	return node->policy_state;
}

static inline enum classic_list classic_inactive(enum mm_lru_type type)
{
	return type == MM_LRU_FILE ? CLASSIC_INACTIVE_FILE : CLASSIC_INACTIVE_ANON;
}

static inline enum classic_list classic_active(enum mm_lru_type type)
{
	return type == MM_LRU_FILE ? CLASSIC_ACTIVE_FILE : CLASSIC_ACTIVE_ANON;
}

/* ---- classic.c ---- */

/* On the list that its flags say. */
void policy_classic_add(struct mm_node *node, uint32_t pfn, bool tail);
void policy_classic_del(struct mm_node *node, uint32_t pfn);

/* ---- classic_isolate.c ---- */

/* Up to nr_to_scan pages into an empty batch, oldest first. Base pages scanned, without the skipped. */
uint32_t policy_classic_isolate(struct mm_node *node, const struct mm_scan_control *sc,
                                enum classic_list list, uint32_t nr_to_scan,
                                struct mm_batch *batch);

/* ---- classic_active.c ---- */

bool policy_classic_inactive_is_low(struct mm_node *node, enum mm_lru_type type);
void policy_classic_shrink_active(struct mm_node *node, struct mm_scan_control *sc,
                                  enum mm_lru_type type, uint32_t nr_to_scan);
/* Some of the active anonymous pages, where they are too many. */
void policy_classic_age_anon(struct mm_node *node, struct mm_scan_control *sc);

/* ---- classic_references.c ---- */

void policy_classic_mark_accessed(struct mm_node *node, uint32_t pfn);
void policy_classic_activate(struct mm_node *node, uint32_t pfn);
void policy_classic_deactivate(struct mm_node *node, uint32_t pfn, bool to_tail);
enum mm_references policy_classic_check_references(struct mm_node *node, uint32_t pfn,
                                                   const struct mm_scan_control *sc);

/* ---- classic_scan.c ---- */

void policy_classic_shrink_begin(struct mm_node *node, struct mm_scan_control *sc,
                                 struct mm_scan_pass *pass);
bool policy_classic_shrink_step(struct mm_node *node, struct mm_scan_control *sc,
                                struct mm_scan_pass *pass);

#endif
