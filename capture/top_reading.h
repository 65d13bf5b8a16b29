/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of memory management at one instant, from the texts of /proc. Pure: whoever has the texts
 * can make one, so that tests need no machine in that state.
 */
#ifndef TOP_READING_H
#define TOP_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOP_MAX_ZONES  64u /* more are summed up in nr_zones_hidden */
#define TOP_MAX_ORDERS 16u
#define TOP_ABSENT     UINT64_MAX /* a counter that this kernel lacks */

/*
 * Counters of /proc/vmstat: name here, name there. One that ends in an underscore sums all that begin
 * with it (by zone). Later rows of the same name are added.
 */
#define TOP_COUNTER_MAP(X)                                  \
	X(ALLOC, "pgalloc_")                                \
	X(FREE, "pgfree")                                   \
	X(FAULT, "pgfault")                                 \
	X(MAJOR_FAULT, "pgmajfault")                        \
	X(SCAN_KSWAPD, "pgscan_kswapd")                     \
	X(SCAN_DIRECT, "pgscan_direct")                     \
	X(SCAN_KHUGEPAGED, "pgscan_khugepaged")             \
	X(STEAL_KSWAPD, "pgsteal_kswapd")                   \
	X(STEAL_DIRECT, "pgsteal_direct")                   \
	X(STEAL_KHUGEPAGED, "pgsteal_khugepaged")           \
	X(STALL, "allocstall_")                             \
	X(REFAULT_ANON, "workingset_refault_anon")          \
	X(REFAULT_FILE, "workingset_refault_file")          \
	X(ACTIVATE_ANON, "workingset_activate_anon")        \
	X(ACTIVATE_FILE, "workingset_activate_file")        \
	X(SWAP_IN, "pswpin")                                \
	X(SWAP_OUT, "pswpout")                              \
	X(THP_FAULT_ALLOC, "thp_fault_alloc")               \
	X(THP_FAULT_FALLBACK, "thp_fault_fallback")         \
	X(THP_COLLAPSE, "thp_collapse_alloc")               \
	X(THP_COLLAPSE_FAILED, "thp_collapse_alloc_failed") \
	X(THP_SPLIT, "thp_split_page")                      \
	X(COMPACT_STALL, "compact_stall")                   \
	X(COMPACT_SUCCESS, "compact_success")               \
	X(COMPACT_FAIL, "compact_fail")                     \
	X(COMPACT_SCAN_MIGRATE, "compact_migrate_scanned")  \
	X(COMPACT_SCAN_FREE, "compact_free_scanned")        \
	X(COMPACT_WAKE, "compact_daemon_wake")              \
	X(MIGRATE, "pgmigrate_success")                     \
	X(OOM, "oom_kill")                                  \
	X(NR_FREE, "nr_free_pages")                         \
	X(NR_ANON, "nr_anon_pages")                         \
	X(NR_FILE, "nr_file_pages")                         \
	X(NR_SHMEM, "nr_shmem")                             \
	X(NR_SLAB, "nr_slab_reclaimable")                   \
	X(NR_SLAB_FIXED, "nr_slab_unreclaimable")           \
	X(NR_DIRTY, "nr_dirty")                             \
	X(NR_WRITEBACK, "nr_writeback")

enum top_counter {
#define TOP_COUNTER_ENUM(name, text) TOP_##name,
	TOP_COUNTER_MAP(TOP_COUNTER_ENUM)
#undef TOP_COUNTER_ENUM
		TOP_NR_COUNTERS
};

/* Sizes in pages. */
struct top_zone {
	int node;
	char name[16];
	uint64_t free;
	uint64_t min;
	uint64_t low;
	uint64_t high;
	uint64_t managed;
	uint64_t nr_blocks[TOP_MAX_ORDERS]; /* free blocks by order */
};

/* Averages in percent of the last 10, 60 and 300 seconds, and the time ever, µs. */
struct top_pressure {
	double average[3];
	uint64_t total_us;
};

struct top_reading {
	uint64_t t_ns; /* CLOCK_MONOTONIC */
	uint64_t counters[TOP_NR_COUNTERS];
	struct top_zone zones[TOP_MAX_ZONES];
	uint32_t nr_zones;
	uint32_t nr_zones_hidden;
	uint32_t nr_orders; /* of buddyinfo; 0: unknown */
	bool has_pressure;
	struct top_pressure some;
	struct top_pressure full;
	uint64_t total_bytes; /* meminfo */
	uint64_t available_bytes;
	uint64_t swap_bytes;
	uint64_t swap_free_bytes;
	uint32_t page_size; /* bytes */
};

/* The name of a counter in /proc/vmstat. */
const char *top_counter_name(enum top_counter counter);

/* Each takes the text of the file of its name; what the text lacks stays as it was. */
void top_read_vmstat(struct top_reading *reading, const char *text);
void top_read_zoneinfo(struct top_reading *reading, const char *text); /* before buddyinfo */
void top_read_buddyinfo(struct top_reading *reading, const char *text);
void top_read_pressure(struct top_reading *reading, const char *text);
void top_read_meminfo(struct top_reading *reading, const char *text);

/*
 * How much of a zone's free memory is of no use for a block of order, 0 to 1: it lies in smaller blocks
 * (the kernel's unusable_free_index, mm/vmstat.c, v6.12). 0 if nothing is free.
 */
double top_unusable(const struct top_zone *zone, uint32_t nr_orders, uint32_t order);

#endif
