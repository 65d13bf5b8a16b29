/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One decoded event: what every analysis works on.
 *
 * struct mmr_event is plain data of 64 bytes without pointers, so that it can be copied, stored and
 * written as a literal in a test. The kinds and which kernel field goes into which member are the
 * rows of events.def; a field that the recording kernel does not have is 0.
 */
#ifndef MMREPLAY_EVENT_H
#define MMREPLAY_EVENT_H

#include <assert.h>
#include <stdint.h>

#include <mmreplay/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* pfn of an mm_page_alloc that failed. */
#define MMR_PFN_NONE UINT64_MAX

/* Of rss_stat: MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES. */
enum { MMR_RSS_FILE, MMR_RSS_ANON, MMR_RSS_SWAP, MMR_RSS_SHMEM };

/* Of khugepaged's events: enum scan_result (mm/khugepaged.c), in every kernel so far. */
enum { MMR_SCAN_SUCCEED = 1, MMR_SCAN_PTE_MAPPED_HUGEPAGE = 10 };

/*
 * In a fault's error_code: perf recorded it, which does not know whether the page was to be written,
 * was there, or was to be executed. Only bit 2 (from user mode) is known; the others are 0.
 */
#define MMR_FAULT_CODE_UNKNOWN (UINT64_C(1) << 63)

enum mmr_event_kind {
	MMR_EVENT_NONE = 0,
	MMR_EVENT_LOST,  /* the ring buffer of .cpu was full: .lost.nr_events are missing here */
	MMR_EVENT_OTHER, /* an event that events.def does not name: .other.event_id */
#define EVENT(kind, system, name, group, by_default) MMR_EVENT_##kind,
#include <mmreplay/events.def>
	MMR_NR_EVENT_KINDS
};

/* Groups that `mmcap record -e` switches; the order is that of every listing. */
#define MMR_EVENT_GROUP_MAP(X)      \
	X(PAGE, "page")             \
	X(FAULT, "fault")           \
	X(RSS, "rss")               \
	X(LRU, "lru")               \
	X(FILEMAP, "filemap")       \
	X(RECLAIM, "reclaim")       \
	X(COMPACTION, "compaction") \
	X(MIGRATE, "migrate")       \
	X(THP, "thp")               \
	X(KSM, "ksm")               \
	X(OOM, "oom")               \
	X(WRITEBACK, "writeback")   \
	X(SWAP, "swap")             \
	X(VMA, "vma")               \
	X(TASK, "task")             \
	X(SLAB, "slab")             \
	X(TLB, "tlb")               \
	X(ACCESS, "access")         \
	X(OTHER, "other")

enum mmr_event_group {
#define GROUP_ENUM(name, text) MMR_GROUP_##name,
	MMR_EVENT_GROUP_MAP(GROUP_ENUM)
#undef GROUP_ENUM
		MMR_NR_EVENT_GROUPS
};

struct mmr_event {
	uint64_t t_ns; /* the trace clock, absolute (CLOCK_MONOTONIC for recordings of mmcap) */
	uint32_t pid;  /* thread that was running, 0 = idle or interrupt on an idle CPU */
	uint16_t cpu;
	uint16_t kind; /* enum mmr_event_kind */
	union {
		struct {
			uint64_t nr_events;
		} lost;
		struct {
			uint32_t event_id; /* the kernel's common_type */
		} other;
		struct {
			uint64_t pfn; /* MMR_PFN_NONE: the allocation failed */
			uint64_t gfp_flags;
			uint32_t order;
			int32_t migratetype;
			int32_t percpu_refill;
			int32_t context; /* common_flags: 0x08 in a hard, 0x10 in a soft interrupt */
		} page;
		struct {
			uint64_t pfn;      /* of a request that failed: the last that was tried */
			uint64_t page;     /* address of its struct page; 0: the request failed */
			uint32_t nr_pages; /* as asked for, or given back */
			uint32_t align;    /* to 2^align page frames */
			int32_t error;     /* negative; from 6.2 to 6.12 on, 0 before */
			char name
				[20]; /* of the area: "hugetlb0"; NUL-terminated, cut to its last 19 bytes if longer */
		} cma;
		struct {
			uint64_t pfn;
			int32_t alloc_order;
			int32_t fallback_order;
			int32_t alloc_migratetype;
			int32_t fallback_migratetype;
			int32_t change_ownership;
		} extfrag;
		struct {
			uint64_t address;
			uint64_t ip;
			uint64_t error_code;
		} fault;
		struct {
			int64_t size; /* bytes */
			uint32_t mm_id;
			uint32_t curr;  /* 1 = the mm of the running task */
			int32_t member; /* MMR_RSS_FILE, … */
		} rss;
		struct {
			uint64_t pfn;
			uint64_t flags;
			uint32_t lru;
		} lru;
		struct {
			uint64_t pfn;
			uint64_t ino;
			uint64_t index;
			uint64_t last_index;
			uint32_t dev;
			uint32_t order;
		} filemap;
		struct {
			uint64_t gfp_flags;
			uint64_t nr_reclaimed;
			int32_t nid;
			int32_t zid;
			int32_t order;
		} reclaim;
		struct {
			int32_t nid;
			int32_t timeout_us;
			int32_t delayed_us;
			int32_t reason; /* 0 writeback, 1 isolated, 2 no progress, 3 congested */
		} throttled;
		struct {
			uint64_t pfn;
			int32_t reclaim_flags;
		} write_folio;
		struct {
			uint32_t nr_requested;
			uint32_t nr_scanned;
			uint32_t nr_skipped;
			uint32_t nr_taken;
			int32_t highest_zoneidx;
			int32_t order;
			int32_t lru; /* 0/1 inactive/active anon, 2/3 inactive/active file */
		} lru_isolate;
		struct {
			uint32_t nr_scanned;
			uint32_t nr_reclaimed;
			uint32_t nr_dirty;
			uint32_t nr_writeback;
			uint32_t nr_immediate;
			uint32_t nr_activate_anon;
			uint32_t nr_activate_file;
			uint32_t nr_ref_keep;
			uint32_t nr_unmap_fail;
			int32_t nid;
			int32_t priority;
			int32_t reclaim_flags; /* 1 anon, 2 file, 4 async */
		} shrink_inactive;
		struct {
			uint32_t nr_taken;
			uint32_t nr_active;
			uint32_t nr_deactivated;
			uint32_t nr_referenced;
			int32_t nid;
			int32_t priority;
			int32_t reclaim_flags;
		} shrink_active;
		struct {
			uint64_t shrinker; /* address, only to tell them apart */
			int64_t nr_deferred;
			int64_t cache_items;
			int64_t delta;
			int64_t total_scan;
			int16_t nid;
			int16_t priority;
			int32_t nr_freed;
		} shrink_slab;
		struct {
			uint64_t zone_start; /* pfn, as are the next three */
			uint64_t migrate_pfn;
			uint64_t free_pfn;
			uint64_t zone_end;
			int32_t sync;
			int32_t status; /* the kernel's enum compact_result */
		} compaction;
		struct {
			uint64_t start_pfn;
			uint64_t end_pfn;
			uint64_t nr_scanned;
			uint64_t nr_taken;
		} isolate;
		struct {
			int32_t order;
			int32_t priority; /* 0 sync full, 1 sync light, 2 async */
			uint64_t gfp_flags;
		} try_to_compact;
		struct {
			int32_t nid;
			int32_t zid;
			int32_t order;
			int32_t ret; /* the kernel's enum compact_result */
			uint32_t considered;
			uint32_t defer_shift;
			int32_t order_failed;
		} compact_zone;
		struct {
			uint64_t nr_succeeded;
			uint64_t nr_failed;
			uint64_t nr_thp_succeeded;
			uint64_t nr_thp_failed;
			uint64_t nr_thp_split;
			int32_t mode;
			int32_t reason;
		} migrate;
		struct {
			uint64_t address;
			uint64_t pte; /* or pmd: a swap-type migration entry, or the new mapping */
			int32_t order;
		} migration_pte;
		struct {
			uint64_t mm; /* address, only to tell them apart */
			uint64_t pfn;
			uint64_t address; /* mm_khugepaged_collapse_file */
			int32_t isolated;
			int32_t referenced;
			int32_t none_or_zero;
			int32_t status;   /* MMR_SCAN_SUCCEED, … */
			int32_t is_shmem; /* mm_khugepaged_collapse_file: else a file's */
		} khugepaged;
		struct {
			uint64_t mm;
			uint64_t pfn;
			int32_t err;
		} ksm;
		struct {
			int32_t pid;
			int32_t oom_score_adj;
			uint64_t total_vm_kb;
			uint64_t anon_rss_kb;
			uint64_t file_rss_kb;
			uint64_t shmem_rss_kb;
		} oom;
		struct {
			int32_t nid;
			int32_t zid;
			int32_t order;
			int32_t no_progress_loops;
			uint64_t reclaimable;
			uint64_t available;
			uint64_t min_wmark;
			int32_t wmark_check;
		} retry_zone;
		struct {
			int32_t order;
			int32_t priority;
			int32_t result;
			int32_t retries;
			int32_t max_retries;
			int32_t ret;
		} compact_retry;
		struct {
			uint64_t ino;
			uint64_t index;
			char bdi[32]; /* device name as the kernel gives it: "254:16" or "(unknown)" */
		} writeback;
		struct {
			uint64_t limit; /* pages, as are the next two */
			uint64_t setpoint;
			uint64_t dirty;
			uint32_t dirty_ratelimit; /* KB/s */
			uint32_t task_ratelimit;
			uint32_t dirtied;
			uint32_t paused_ms;
			int32_t pause_ms;
		} balance_dirty;
		struct {
			uint64_t sector; /* of 512 bytes, from the start of the whole disk */
			uint32_t dev;    /* major << 20 | minor */
			uint32_t nr_sectors;
			char rwbs[16]; /* holds 'R' for a read, 'W' for a write */
		} bio;
		struct {
			uint64_t address;
			uint64_t length;
			uint64_t flags; /* MAP_*, MADV_* or MLOCK_*, as the call has them */
			uint64_t offset;
			int32_t fd;
			int32_t prot;
		} vma;
		struct {
			uint64_t address;
			uint64_t old_length;
			uint64_t new_length;
			uint64_t flags;
			uint64_t new_address;
		} mremap;
		struct {
			int64_t ret;
		} syscall_exit;
		struct {
			uint64_t mm;
		} exit_mmap;
		struct {
			uint32_t parent_pid;
			uint32_t child_pid;
			char parent_comm
				[16]; /* may lack its NUL in a damaged trace: print with %.16s */
			char child_comm[16];
		} fork;
		struct {
			uint32_t pid;
			uint32_t old_pid;
			char filename[40]; /* NUL-terminated, cut to its last 39 bytes if longer */
		} exec;
		struct {
			uint32_t pid;
			char comm[16];
		} exit;
		struct {
			uint32_t pid;
			int32_t oom_score_adj;
			uint64_t clone_flags;
			char comm[16];
		} newtask;
		struct {
			uint64_t call_site;
			uint64_t ptr;
			uint64_t bytes_req;
			uint64_t bytes_alloc;
			uint64_t gfp_flags;
		} slab;
		struct {
			uint64_t nr_pages;
			int32_t reason;
		} tlb;
		struct {
			uint64_t
				start; /* of a region, bytes: addresses of the target, or physical */
			uint64_t end;
			uint64_t target_id;
			uint32_t nr_accesses; /* samplings of the interval that saw an access */
			uint32_t age;         /* intervals without much change */
			uint32_t nr_regions;
		} damon;
		struct {
			uint32_t cause; /* enum mmr_stall_cause; mmr_trace_stack() gives the rest */
			uint32_t tgid;
		} stack;
		uint64_t words[6]; /* the payload as a whole */
	};
};

static_assert(sizeof(struct mmr_event) == 64, "one cache line");

/* Name of a kind as the kernel has it ("mm_page_alloc"); "lost", "other" for the marks. Never NULL. */
MMR_API const char *mmr_event_name(unsigned int kind);

/* Its subsystem ("kmem"); "mmreplay" for the marks. Never NULL. */
MMR_API const char *mmr_event_system(unsigned int kind);

/* Whether it is a tracepoint of some kernel; 0 for the marks and for what the recorder makes itself. */
MMR_API int mmr_event_is_tracepoint(unsigned int kind);

/* Its group; MMR_GROUP_OTHER for the marks and for unknown kinds. */
MMR_API enum mmr_event_group mmr_event_group(unsigned int kind);

/* Whether mmcap records it unless it is switched off; 2: of a part that many kernels are built without. */
MMR_API int mmr_event_by_default(unsigned int kind);

/* "page", "fault", …; never NULL. */
MMR_API const char *mmr_event_group_name(unsigned int group);

/*
 * What older kernels call a kind that was renamed, in the same system; NULL for the others. Where both
 * names are in a kernel they would be two events; there is no such kernel.
 */
MMR_API const char *mmr_event_older_name(unsigned int kind);

/* Kind of (system, name), by either name, or MMR_EVENT_NONE. */
MMR_API enum mmr_event_kind mmr_event_find(const char *system, const char *name);

#ifdef __cplusplus
}
#endif
#endif
