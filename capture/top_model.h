/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `mmcap top` knows: counters and their rates from two readings of /proc, who is in reclaim or
 * compaction now, and who was how long, from the events. Pure and of fixed size: readings and events
 * go in, the view looks at the fields.
 *
 * Reclaim and compaction pair begin and end as libreplay/replay/episode.c does. A zone's run of
 * compaction counts as one stall; throttling happens within reclaim and is counted by itself as well.
 *
 * Order 0 is the difference of vmstat's pages and the higher orders that events tell: most allocations
 * are of order 0, and need not be looked at one by one.
 */
#ifndef TOP_MODEL_H
#define TOP_MODEL_H

#include <mmreplay/event.h>

#include "top_reading.h"

#define TOP_MAX_ACTIVE 128u
#define TOP_MAX_STALLS 256u
#define TOP_NR_NAMES   256u
#define TOP_COMM       16u

/* In the order of the names in top_kind_name(). */
enum top_kind {
	TOP_DIRECT_RECLAIM,
	TOP_MEMCG_RECLAIM,
	TOP_NODE_RECLAIM,
	TOP_THROTTLED,  /* reclaim made it sleep */
	TOP_COMPACTION, /* of a task that needs a block itself, khugepaged among them */
	TOP_DIRTYING,   /* balance_dirty_pages() made it sleep */
	TOP_OOM_KILL,   /* was killed; no duration */
	TOP_KSWAPD,     /* these two are nobody's stall: they work in the background */
	TOP_KCOMPACTD,
	TOP_NR_KINDS
};

/* Something that began and has not ended. */
struct top_activity {
	uint32_t pid;
	char comm[TOP_COMM];
	enum top_kind kind;
	int order; /* -1: unknown */
	uint64_t begin_ns;
	uint64_t nr_scanned;
	uint64_t nr_done; /* reclaimed, or isolated for migration */
};

/* A task and what it suffered, since the beginning or the last reset. */
struct top_stall {
	uint32_t pid;
	char comm[TOP_COMM];
	enum top_kind kind;
	uint64_t count;
	uint64_t total_ns;
	uint64_t longest_ns;
	uint64_t last_ns; /* when the last one ended */
	uint64_t nr_reclaimed;
};

enum top_sort { TOP_BY_TOTAL, TOP_BY_LONGEST, TOP_BY_COUNT, TOP_BY_LAST, TOP_NR_SORTS };

struct top_name {
	uint32_t pid;
	uint64_t t_ns; /* when it was asked for */
	char comm[TOP_COMM];
};

/* By order, and by reading the difference. */
struct top_orders {
	uint64_t nr_allocated[TOP_MAX_ORDERS]; /* events since the beginning, orders above 0 */
	uint64_t nr_freed[TOP_MAX_ORDERS];
};

struct top_model {
	/* Fills comm of a task; called for a task that was not seen lately. */
	void (*find_comm)(void *data, uint32_t pid, char comm[TOP_COMM]);
	void *find_data;

	struct top_reading now;
	struct top_reading before;
	uint32_t nr_readings;
	double seconds; /* between the two */

	bool counts_orders; /* events of the allocator come */
	struct top_orders orders_now;
	struct top_orders orders_before;
	struct top_orders orders; /* counted up */

	struct top_activity active[TOP_MAX_ACTIVE];
	uint32_t nr_active;
	struct top_stall stalls[TOP_MAX_STALLS];
	uint32_t nr_stalls;
	uint64_t nr_forgotten; /* rows that gave way to newer ones */
	struct top_name names[TOP_NR_NAMES];

	uint64_t since_ns; /* what stalls and counts of events begin with */
	uint64_t by_event[MMR_NR_EVENT_KINDS];
	uint64_t by_event_before[MMR_NR_EVENT_KINDS];
	uint64_t by_event_now[MMR_NR_EVENT_KINDS];
	bool shows_event[MMR_NR_EVENT_KINDS]; /* -e asked for it */
	uint64_t nr_losses;                   /* holes in the stream of events */
};

const char *top_kind_name(enum top_kind kind);
const char *top_sort_name(enum top_sort sort);

/* An event, in time order. */
void top_model_event(struct top_model *model, const struct mmr_event *event);

/* A reading; rates are those between the last two. */
void top_model_reading(struct top_model *model, const struct top_reading *reading);

/* Forgets the stalls. */
void top_model_reset(struct top_model *model);

/* Whether there are two readings. */
bool top_model_has_rates(const struct top_model *model);

/* Per second; negative: unknown. */
double top_model_rate(const struct top_model *model, enum top_counter counter);
double top_model_alloc_rate(const struct top_model *model, uint32_t order);
double top_model_free_rate(const struct top_model *model, uint32_t order);
double top_model_event_rate(const struct top_model *model, unsigned int kind);

/* Share of the time between the readings that some, or all, tasks stalled, in percent; < 0: unknown. */
double top_model_pressure(const struct top_model *model, bool full);

/* Sorts the rows of stalls (largest first) in place. */
void top_model_sort(struct top_model *model, enum top_sort sort);

/* In the order in which they began. */
void top_model_sort_active(struct top_model *model);

#endif
