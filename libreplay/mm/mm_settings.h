/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an administrator sets, in /proc/sys/vm and under /sys/kernel/mm, and the kernel that obeys it. */
#ifndef MM_MM_SETTINGS_H
#define MM_MM_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "mmzone.h"

/* A kernel's version, to be compared: the engine behaves as this one where versions differ. */
#define MM_KERNEL(major, minor) ((uint32_t)(major) << 16 | (uint32_t)(minor))

/* The first whose per-CPU lists tune themselves. */
#define MM_KERNEL_TUNES_PCP MM_KERNEL(6, 7)

/* The first that keeps free pages on the lists of their pageblock's type, always. */
#define MM_KERNEL_STRICT_TYPES MM_KERNEL(6, 10)

/* The first that has mm_filemap_get_pages: reads of pages that are there are known. */
#define MM_KERNEL_TRACES_READS MM_KERNEL(6, 10)

/* What swap lies on. */
enum mm_swap_device {
	MM_SWAP_SEEKS,    /* rotates: slots one behind the other */
	MM_SWAP_NO_SEEKS, /* each CPU has its clusters; readahead can go by address */
	MM_SWAP_AT_ONCE,  /* as before, and I/O ends when it begins: zram */
};

/* /sys/kernel/mm/transparent_hugepage: enabled, … */
enum mm_thp_enabled { MM_THP_NEVER, MM_THP_MADVISE, MM_THP_ALWAYS };

/* … and defrag: who compacts and reclaims for a huge page, and who only wakes kswapd and kcompactd. */
enum mm_thp_defrag {
	MM_DEFRAG_ALWAYS,
	MM_DEFRAG_DEFER,
	MM_DEFRAG_DEFER_MADVISE,
	MM_DEFRAG_MADVISE,
	MM_DEFRAG_NEVER,
};

/* What madvise() has said of huge pages. */
enum mm_advice {
	MM_ADVICE_NONE,
	MM_ADVICE_HUGE,
	MM_ADVICE_NOHUGE,
	MM_ADVICE_GONE, /* there is no VMA */
	/* Added to the others, of areas: it is of shared memory, of a file, of one that is executed. */
	MM_ADVICE_SHARED,
	MM_ADVICE_FILE = 2 * MM_ADVICE_SHARED,
	MM_ADVICE_EXEC = 3 * MM_ADVICE_SHARED,
};

/* … shmem_enabled, and of which orders' own file says what; a bit each. */
enum mm_shmem_enabled {
	MM_SHMEM_NEVER,
	MM_SHMEM_ALWAYS,
	MM_SHMEM_WITHIN_SIZE,
	MM_SHMEM_ADVISE,
	MM_SHMEM_DENY,
	MM_SHMEM_FORCE,
};
struct mm_shmem_settings {
	uint16_t always, within_size, advise, inherit;
	uint8_t enabled; /* enum mm_shmem_enabled */
	uint8_t huge;    /* of tmpfs as it is mounted: up to MM_SHMEM_ADVISE */
};

enum mm_ksm_run { MM_KSM_RUN_STOP, MM_KSM_RUN_MERGE, MM_KSM_RUN_UNMERGE };

struct mm_ksm_settings {   /* /sys/kernel/mm/ksm */
	uint8_t run;       /* enum mm_ksm_run */
	bool within_nodes; /* merge_across_nodes is 0 */
	bool smart_scan;
	bool use_zero_pages;
	bool advisor; /* scan-time; otherwise none */
	uint32_t pages_to_scan;
	uint32_t max_page_sharing;
	uint32_t chains_prune_ms;
	uint32_t advisor_max_cpu; /* percent */
	uint32_t advisor_min_pages_to_scan;
	uint32_t advisor_max_pages_to_scan;
	uint32_t advisor_target_scan_time; /* seconds */
};

/* /proc/sys/vm, in the kernel's units. */
struct mm_settings {
	uint32_t kernel;          /* MM_KERNEL(); 0: 6.12 */
	uint32_t min_free_kbytes; /* 0: the kernel's rule, mm_min_free_kbytes() */
	bool thp_min_free;        /* … with what khugepaged wants free */
	uint8_t thp_enabled;      /* enum mm_thp_enabled */
	uint8_t thp_defrag;       /* enum mm_thp_defrag */
	uint16_t folio_always;    /* a bit for each order, 2 to 8: folios of it are for all, … */
	uint16_t folio_madvise;   /* … where MADV_HUGEPAGE was said, … */
	uint16_t folio_inherit;   /* … as thp_enabled says */
	bool file_thp;            /* CONFIG_READ_ONLY_THP_FOR_FS */
	struct mm_shmem_settings shmem;
	bool khugepaged_defrag;            /* its requests compact and reclaim */
	uint32_t khugepaged_pages_to_scan; /* a round */
	uint32_t max_ptes_none;            /* khugepaged/max_ptes_*, 0 to 511 */
	uint32_t max_ptes_swap;
	struct mm_ksm_settings ksm;
	uint32_t max_ptes_shared;
	uint32_t watermark_scale_factor;
	uint32_t watermark_boost_factor;
	uint32_t lowmem_reserve_ratio[MM_NR_ZONE_TYPES];
	uint32_t percpu_pagelist_high_fraction;
	uint32_t swappiness;
	uint8_t swap_device;               /* enum mm_swap_device */
	uint8_t zram_percent;              /* what zram makes of a page; 0: it takes no memory */
	uint16_t swap_zero_filled;         /* of 1,000 pages swapped out so many are zeroes */
	bool swap_vma_readahead;           /* by address, if it does not seek */
	uint32_t extfrag_threshold;        /* compact for a costly order if the index is above it */
	uint32_t compaction_proactiveness; /* 0: kcompactd does nothing of its own accord */
	bool compact_unevictable_skipped;  /* vm.compact_unevictable_allowed = 0 */
	uint32_t dirty_background_ratio;   /* percent of what may be dirty; not with the bytes */
	uint32_t dirty_ratio;
	uint64_t dirty_background_bytes;
	uint64_t dirty_bytes;
	uint32_t dirty_expire_centisecs;
	uint64_t dirty_limit;  /* wb_domain.dirty_limit at the start; 0: as it was at boot */
	uint32_t hz;           /* jiffies a second; 0: 1000 */
	uint32_t write_queue;  /* pages on their way to the device of the files; 0: 1024 */
	uint32_t ra_pages;     /* a fault on a file that misses reads so many; 0: the one page */
	uint32_t page_cluster; /* swap readahead: at most 2^page_cluster pages; <= 10 */
	uint8_t lru_gen_enabled; /* bits of /sys/kernel/mm/lru_gen/enabled; bit 0 clear: all of them */
	uint32_t lru_gen_min_ttl_ms; /* a working set younger than this is not evicted; 0: off */
	uint32_t vfs_cache_pressure;
	bool memcg_stat_delay;      /* reclaim sees the lists as mm_flush_memcg_stats() last did */
	uint32_t overcommit_memory; /* 0: guess, 1: always, 2: never */
	uint32_t overcommit_ratio;  /* percent of memory */
	uint64_t overcommit_kbytes; /* instead of the ratio, unless 0 */
	uint64_t admin_reserve_kbytes;
	uint64_t user_reserve_kbytes;
	bool panic_on_oom;
	bool oom_kill_allocating_task;
};

#endif
