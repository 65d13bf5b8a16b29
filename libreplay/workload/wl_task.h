/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of tasks and address spaces: where a task is, the fault it is inside of, what an address space has mapped. */
#ifndef WORKLOAD_WL_TASK_H
#define WORKLOAD_WL_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "vec.h"

#define WL_NONE UINT32_MAX

/* What overcommit accounts of an address space: pages [start, end). */
struct wl_commit {
	uint64_t start;
	uint64_t end;
	uint32_t mapping; /* its number in the demand; 0: it was there before */
	uint32_t area;  /* number of the mapping that its VMA began with; 0: it was there before */
	uint8_t merges; /* with those beside it that have the same; 0: never */
	uint8_t advice; /* enum demand_advice */
	uint16_t shift; /* of what is shared, or a file's: where in an area its first page lies */
	bool executed;  /* a file's */
	uint32_t dev;   /* … which one it is, once a fault has told … */
	uint64_t ino;   /* … or 0 */
	uint64_t delta; /* … index - vpn of its pages … */
	uint64_t first; /* … and the first index and the number of pages of the whole mapping */
	uint64_t nr;
};

DEFINE_VEC(wl_commit_vec, struct wl_commit);

struct wl_mm {
	struct wl_commit_vec commits; /* ascending */
	uint32_t nr_committed;        /* pages, before the trace */
	uint32_t maps;                /* the first */
	uint32_t nr_maps;
	uint32_t spans;       /* the first */
	uint32_t users;       /* tasks; 0: the entry is free and maps links the free ones */
	uint32_t id;          /* mm_id of rss_stat; 0: unknown */
	uint32_t nr_waiting;  /* faults that wait for userfaultfd */
	uint32_t nr_before;   /* pages that it had by the snapshot */
	int32_t files_before; /* … of files among them, if files_known */
	int32_t files_told;
	uint32_t nr_files; /* pages of files that are mapped, as last told */
	bool files_known;
	int16_t oom_adj; /* oom_score_adj of its process */
	uint64_t brk;
	uint64_t zeroes_start; /* virtual pages that a call has mapped to zeroes last */
	uint64_t zeroes_end;
	bool guessed; /* made for a task whose birth was not seen */
	bool lock_future;
	bool left; /* exit_mmap() is at work */
	bool has_areas;
	bool mergeable; /* some of it is or was registered for KSM */
};

enum wl_task_flags {
	WL_TASK_RECLAIM = 1,
	WL_TASK_COMPACT = 2,
	WL_TASK_MIGRATE = 4,
	WL_TASK_KSWAPD = 8,
	WL_TASK_KCOMPACTD = 16,
	WL_TASK_KHUGEPAGED = 32,
	WL_TASK_PAGEOUT = 64, /* MADV_PAGEOUT */
	WL_TASK_EXITED = 128,
	WL_TASK_COLLAPSE = 256, /* MADV_COLLAPSE */
	WL_TASK_KSMD = 512,
	WL_TASK_MEMCG = 1024,    /* with WL_TASK_RECLAIM: for a memory cgroup */
	WL_TASK_CMA = 2048,      /* makes a range of page frames free */
	WL_TASK_WILLNEED = 4096, /* MADV_WILLNEED */
};

#define WL_MAX_AHEAD 16

enum wl_fault_state {
	WL_STATE_NONE, /* no fault, or it is over */
	WL_STATE_OPEN, /* nothing movable allocated yet */
	WL_STATE_GOT,  /* its page has been allocated */
};

struct wl_fault {
	uint64_t vpn;
	uint64_t previous; /* vpn of the swap fault before */
	uint32_t page;     /* logical page at vpn, if known */
	uint32_t op;       /* the touch emitted for it */
	uint16_t cause;    /* enum wl_cause of the section FAULT */
	uint8_t state;     /* enum wl_fault_state */
	uint8_t error_code;
	uint32_t waits_mm; /* address space + 1 that counts it among nr_waiting; 0: none does */
	bool blind;        /* perf recorded it: error_code is a guess */
	bool counted;      /* .cause is to be counted when it ends */
	bool first;        /* nothing movable has been allocated since it began */
	bool served;       /* by a page of a file: nothing anonymous follows */
	bool told;         /* an op has been emitted that counts as this fault */
	bool around;       /* mm_filemap_map_pages may still come, though rss_stat has ended it */
	bool missed;       /* a page of a file, so that others around it are read, too */
	bool by_slot;      /* the pages read are known by their slots */
	uint8_t nr_got;    /* movable order-0 pages of a swap fault */
	uint32_t huge;     /* gfp_flags with which a huge page was asked for in vain; 0: none was */
	uint64_t huge_ns;  /* … and when that began, if it took anything */
	uint32_t got[WL_MAX_AHEAD];
	uint64_t
		added_ino; /* pages of a file that came in meanwhile, if the kernel does not tell for what */
	uint64_t added_first;
	uint32_t added_dev;
	uint32_t nr_added;
	bool scattered; /* they do not follow each other */
	bool found;     /* the fault's page is among them */
	bool filled;    /* of a call that fills its range: there was no exception */
};

/* A mapping of a file: its page index - vpn = delta is at vpn, at least from first to last. */
struct wl_span {
	uint64_t ino;
	uint64_t delta;
	uint64_t first;
	uint64_t last;
	uint32_t dev;
	uint32_t next; /* of the same address space, or of the free ones */
	int8_t sure;
	bool once; /* a page was dirtied in a fault, which may be chance */
};

struct wl_task {
	uint32_t pid;
	uint32_t mm;
	uint32_t next_free;
	uint32_t flags;
	struct wl_fault fault;
	uint16_t syscall; /* enum mmr_event_kind of the sys_enter, or 0 */
	uint64_t args[3];
	int32_t prot;           /* of mmap */
	uint64_t stack_ns;      /* when the stack of a stall was taken, until that begins */
	uint64_t populate_next; /* page after page … */
	uint64_t populate_end;
	bool populate_locks;   /* … which it locks */
	uint8_t populate_seen; /* enum wl_step of the fault that it is in */
	uint32_t
		populate_dev; /* … the file that it maps, as far as events tell; populate_ino 0: none did */
	uint64_t populate_ino;
	uint64_t populate_index; /* … from this page of it on */
	uint32_t populated;      /* … or a list of pages while the address is not known */
	uint32_t populated_last;
	uint32_t collapse_pfn; /* khugepaged: the huge page it has allocated */
	uint64_t
		collapse_vpn; /* … and where it goes; in the space of files (file_area.c): its first number */
	uint32_t collapse_mm;
	uint32_t migrator;
	uint32_t shrinker;  /* that it is inside of, + 1 */
	uint64_t asked_ns;  /* when it asked for what it reclaims for; 0: no op is to come of it */
	bool has_got;       /* … and that has been allocated */
	uint32_t stall_gfp; /* what it reclaimed for last; 0: nothing, or a cgroup */
	uint32_t
		tmpfs_gfp; /* a huge page was asked for with it in vain, and no fault was it; or 0 */
	uint64_t tmpfs_next;  /* where it writes to tmpfs next: file << 32 | index; 0: it has not */
	uint64_t tmpfs_end;   /* … and the end of a file as far as is known */
	uint32_t last;        /* the last page that waits for its name */
	uint32_t movable_pfn; /* the last movable page of order 0 */
	uint32_t written_slot; /* of the I/O whose page is named next */
	uint32_t nr_written;   /* 0: none */
	uint32_t exec_mm;      /* what exec is building */
	uint32_t nr_args;      /* pages it has there */
	uint64_t want_ino;     /* file and index that a fault waits for */
	uint64_t want_index;
	uint64_t read_ino; /* file and index where read() ended last */
	uint64_t read_last;
	uint64_t read_first;  /* where that batch began, … */
	uint64_t read_wanted; /* … where the system call wants to end */
	uint32_t read_known;  /* pages of the batch that were touched, a bit each */
	uint32_t want_dev;
	uint32_t read_dev;
	bool wants;
	uint8_t reclaim_depth;
	uint32_t cma_range; /* number of the one that it waits for; 0: none */
};

DEFINE_VEC(wl_span_vec, struct wl_span);
DEFINE_VEC(wl_mm_vec, struct wl_mm);
DEFINE_VEC(wl_task_vec, struct wl_task);

#endif
