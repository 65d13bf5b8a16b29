/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of the results database, as the drivers make them and write.c stores them. The columns are
 * explained in schema.sql and mmreplay-db(5). Times count from the trace's first event. Texts belong
 * to the caller and are copied; an optional number is RESULTS_NULL where it is unknown.
 */
#ifndef RESULTS_ROWS_H
#define RESULTS_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RESULTS_NULL INT64_MIN

struct results_trace {
	const char *fingerprint;
	const char *path;
	const char *kernel_release;
	const char *machine;
	const char *clock;
	const char *cmdline;
	int64_t page_size;
	int64_t nr_cpus;
	int64_t start_wall_ns;
	int64_t duration_ns;
	int64_t nr_events;
	int64_t nr_lost;
	bool complete;
};

struct results_run {
	const char *kind; /* "original", "replay" */
	const char *label;
	const char *policy;
	const char *kernel;
	const char
		*options; /* what tells it from other runs of the trace: policy, settings, seed */
	int64_t seed;
	const char *access_source;
	int64_t begin_ns;
	int64_t end_ns;
	int64_t duration_ns;
	bool complete;
};

struct results_zone {
	int64_t node;
	const char *zone;
	int64_t zone_index;
	int64_t start_pfn;
	int64_t spanned;
	int64_t present;
	int64_t managed;
	int64_t wmark_min;
	int64_t wmark_low;
	int64_t wmark_high;
};

/* What the free lists were at each instant from t_ns to last_ns. */
struct results_free_blocks {
	int64_t t_ns;
	int64_t last_ns;
	int64_t node;
	const char *zone;
	int64_t migratetype; /* as mmreplay-db(5) numbers them */
	int64_t blocks[11];  /* by order */
};

struct results_reclaim {
	const char *kind; /* "direct", "kswapd", "memcg", "node", "throttle" */
	int64_t pid;
	const char *comm;
	int64_t start_ns;
	int64_t duration_ns; /* or RESULTS_NULL, as are the next two */
	int64_t page_order;
	int64_t gfp_flags;
	int64_t nr_scanned;
	int64_t nr_reclaimed;
	const char *cause;
};

struct results_compaction {
	const char *kind; /* "direct", "kcompactd", "khugepaged", "manual", "other" */
	int64_t pid;
	const char *comm;
	int64_t start_ns;
	int64_t duration_ns; /* or RESULTS_NULL, as are the next two */
	int64_t page_order;
	int64_t gfp_flags;
	int64_t sync;
	int64_t nr_migrate_scanned;
	int64_t nr_free_scanned;
	int64_t nr_migrated;
	int64_t nr_failed;
	const char *result;
};

struct results_thp {
	int64_t t_ns;
	int64_t pid;
	const char *kind;
	int64_t address; /* or RESULTS_NULL */
	const char *detail;
};

struct results_oom {
	int64_t t_ns;
	int64_t pid;
	const char *comm;
	int64_t total_vm_kb;
	int64_t anon_rss_kb;
	int64_t file_rss_kb;
	int64_t oom_score_adj;
};

struct results_allocation {
	int64_t pid;
	const char *comm;
	const char *kind; /* "movable", "kernel" */
	int64_t allocated;
	int64_t most;
	int64_t live;
	int64_t tasks; /* 1, or how many of that name it is of, who allocated little each */
};

struct results_task_memory {
	int64_t t_ns;
	int64_t pid;
	const char *comm;
	int64_t anon;
	int64_t file;
	int64_t shmem;
	int64_t swap;
	int64_t kernel;
};

struct results_pin {
	int64_t t_ns;
	int64_t pid;
	const char *comm;
	int64_t pages;
	int64_t pageblocks;
};

struct results_oom_candidate {
	int64_t t_ns;
	int64_t pid;
	const char *comm;
	int64_t memory;
	int64_t swap;
	int64_t oom_score_adj;
	int64_t points;
	bool victim;
	bool asked;
};

struct results_file {
	unsigned int dev_major;
	unsigned int dev_minor;
	int64_t ino;
	int64_t pages;
	int64_t pid;
	const char *comm;
	int64_t added;
	int64_t again;
	int64_t sequential;
	int64_t evicted;
	int64_t written;
	int64_t writer_pid; /* if any was written */
	const char *writer_comm;
	int64_t files; /* more than 1: small ones, summed up */
};

struct results_slab_cache {
	int64_t t_ns;
	const char *name;
	int64_t objects;
	int64_t object_size; /* bytes */
	int64_t pages;
};

struct results_cgroup_memory {
	int64_t t_ns;
	const char *path;
	const char *name;
	int64_t value; /* or RESULTS_NULL: no limit */
};

struct results_pageblocks {
	int64_t t_ns;
	int64_t node;
	const char *zone;
	int64_t first_pfn;
	int64_t pageblock_pages;
	int64_t nr_pageblocks;
	const void *state; /* 8 bytes each */
};

struct results_stack_frame {
	int64_t stack_id;
	const char *side; /* "kernel", "user" */
	int64_t depth;
	const char *frame;
	const char *file; /* or NULL */
};

struct results_stall_stack {
	const char *cause;
	int64_t pid;
	const char *comm;
	int64_t start_ns;
	int64_t duration_ns; /* or RESULTS_NULL */
	int64_t stack_id;
};

struct results_requests {
	int64_t memory; /* pages */
	bool exact;
	int64_t requests;
	int64_t hits;
};

struct results_verification {
	int64_t t_ns;
	const char *what;
	int64_t page_order; /* or RESULTS_NULL */
	int64_t kernel;
	int64_t shadow;
	const char *cause;
};

/* Sums over windows. */
struct results_tlb_reach {
	const char *entries; /* "as mapped", "4 KiB", "2 MiB", "1 GiB" */
	int64_t windows;
	int64_t pages;
	int64_t needed;
	int64_t l1_held;
	int64_t l2_held;
};

struct results_memory_use {
	const char *memory; /* "anon", "file", "both" */
	int64_t uses;
	int64_t first_uses;
	int64_t pages_at_most;
	int64_t known_from;
	bool only_faults;
	int64_t kernel_pages;
};

struct results_outcomes {
	int64_t t_ns;
	int64_t node;
	const char *zone;
	int64_t migratetype; /* as mmreplay-db(5) numbers them */
	const char *
		outcomes; /* by order: "own", "fallback", "compaction", "pinned", "memory", each by its first letter; - as before */
};

struct results_pageblock_count {
	int64_t t_ns;
	int64_t node;
	const char *zone;
	int64_t pageblocks;
	int64_t free;
	int64_t movable;
	int64_t pinned;
};

struct results_pin_holder {
	int64_t holder_id;
	const char *kind;
	int64_t pid; /* or RESULTS_NULL, as gfp_flags */
	const char *comm;
	int64_t gfp_flags;
	const char *gfp;
};

/* That a holder had so many pages in a pageblock, at each instant from t_ns to last_ns. */
struct results_pin_span {
	int64_t t_ns;
	int64_t last_ns;
	int64_t node;
	const char *zone;
	int64_t first_pfn;
	int64_t holder_id;
	int64_t pages;
	int64_t holders;
};

struct results_compaction_block {
	int64_t begin_ns; /* since when */
	int64_t t_ns;
	int64_t node;
	const char *zone;
	int64_t first_pfn;
	int64_t migrate_scanned; /* pages, as the others */
	int64_t free_scanned;
	int64_t moved_out;
	int64_t moved_in;
};

#endif
