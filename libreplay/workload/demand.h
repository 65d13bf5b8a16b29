/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Demand: what the recorded programs asked of the memory manager, without what the kernel did about it.
 *
 * workload/ turns events into a stream of struct demand_op; the engine (through replay/) executes it.
 * A logical page is a place that can hold contents: (mm, virtual page) for anonymous memory,
 * (device, inode, index) for the page cache, or one allocation of the kernel for itself. Logical pages
 * are numbered densely from 0 and numbers are reused after DEMAND_FREE, so the engine indexes arrays
 * and never hashes. The engine alone decides where a logical page lives and whether it is in memory.
 *
 * Numbers and huge pages: a touch of order k > 0 has the 2^k consecutive numbers from .page on, a
 * multiple of 2^k. Each is a base page of its own: later ops may touch or free single ones of them
 * (order 0), or all at once (order k). With DEMAND_HUGE, whatever its order, the 512 numbers from
 * .page & ~511 on are the base pages of the one huge page that could be here, in address order. New anonymous pages
 * have such numbers wherever their VMA has room for a huge page around them, whether the original used one or not. A
 * DEMAND_KERNEL_ALLOC has one number whatever its order, and is freed as a whole (same order).
 */
#ifndef WORKLOAD_DEMAND_H
#define WORKLOAD_DEMAND_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#define DEMAND_NO_PAGE UINT32_MAX

enum demand_kind {
	/* A page comes to life or is used again. If the engine has it out, this faults or reads it in. */
	DEMAND_ANON_TOUCH = 1, /* task touched anonymous page; arg = demand_touch_flags */
	DEMAND_FILE_TOUCH,     /* buffered read, write or mapped access of a page-cache page */
	DEMAND_SHMEM_TOUCH,    /* tmpfs or shared anonymous page: swappable, but owned by a file */
	DEMAND_KERNEL_ALLOC, /* slab, page table, stack, pipe buffer …: lives until DEMAND_FREE */

	/*
	 * A sampled access somewhere in (arg2 ns before t_ns, t_ns]. The original had the page in.
	 * arg = DEMAND_TWICE: not a sample, but at least two uses by system calls up to now, which the
	 * original put on its active list for.
	 */
	DEMAND_ACCESS,

	/* The contents are gone: exit, munmap, truncate, kernel free. arg = DEMAND_HUGE: of 2^order base pages. */
	DEMAND_FREE,
	DEMAND_LAZYFREE, /* MADV_FREE */
	DEMAND_DIRTY,    /* a page-cache page was dirtied */
	DEMAND_COW,      /* write to a shared anonymous page: arg2 = the logical page copied from */
	DEMAND_MLOCK,    /* becomes unevictable */
	DEMAND_MUNLOCK,
	DEMAND_SLAB_FREE, /* as DEMAND_FREE of kernel memory, by a shrinker that reclaim had called */
	/*
	 * A page table has a page of a file no more (exit, munmap, MADV_DONTNEED). arg = 1: nor has any other that
	 * the events tell of.
	 */
	DEMAND_UNMAPPED,
	/* The original reclaimed the page: nobody used it since it was looked at before. Asks for nothing. */
	DEMAND_EVICTED,
	/*
	 * What page arg2 held is page's from now on: it had been there before the trace, nobody knew where it
	 * was seen, and the original had it in swap. arg2 = DEMAND_NO_PAGE: it was none, after all. Or others share it
	 * since a fork, and the place among its neighbours goes to the copy that its owner makes next.
	 */
	DEMAND_RENAME,
	/* What is in a base page: arg2 << 32 | arg, the same number where it is the same; 1: zeroes. */
	DEMAND_CONTENT,
	/*
	 * The task calls a page of its own, which it alone has, cold (MADV_COLD), or wants it out (arg & DEMAND_PAGEOUT);
	 * arg & DEMAND_MORE: so it does the next one, of the same page table.
	 */
	DEMAND_COLD,
	/* The task wants the page soon, if it is in swap (MADV_WILLNEED); arg & DEMAND_MORE: and the next one, too. */
	DEMAND_WILLNEED,

	/* page = DEMAND_NO_PAGE from here on. */
	DEMAND_TASK_START, /* arg = parent task; 0: it was there before, and is heard of now */
	DEMAND_TASK_EXIT,
	/*
	 * The task uses address space arg now (dense from 1 on, used again when no task does; 0: none).
	 * arg2: the space it is a copy of (fork); 0: it goes on from what the task had before (exec), if
	 * anything.
	 */
	DEMAND_TASK_SPACE,
	DEMAND_TASK_ADJ, /* its space's oom_score_adj is (int32_t)arg; arg2 = 1: it is init's */
	DEMAND_TASK_RSS, /* its space has had arg pages since before all that is known of it */
	DEMAND_TASK_FILES, /* its space maps (int32_t)arg pages of files, beyond those of DEMAND_TASK_RSS */
	/* The last task of its space gives it up, by exit or exec: its page tables are being emptied. */
	DEMAND_TASK_LEAVES,
	/*
	 * A mapping of arg2 pages that overcommit accounts, number arg (dense from 1 on; 0: those that were there
	 * before, which nobody refuses). order = 1: MAP_NORESERVE. gfp_flags = number of the mapping whose VMA it
	 * belongs to: its own, or one that it makes larger; 0: it makes one larger that was there before. The first
	 * touch of anonymous memory has the number of its mapping in arg >> DEMAND_MAPPING_SHIFT; 0: it is not known.
	 */
	DEMAND_MAP,
	DEMAND_UNMAP, /* arg2 pages of mapping arg are gone */
	/*
	 * Cache arg (dense, < 128) of node order has (int32_t)arg2 objects more, apart from what a shrinker
	 * took; gfp_flags = its seeks.
	 */
	DEMAND_CACHE_GROWS,
	/*
	 * Of cache arg & 255 a shrinker scanned arg2 objects and freed arg >> 8, which made gfp_flags pages
	 * free. order = 1: it had more than 128 to scan and left them alone.
	 */
	DEMAND_CACHE_SHRUNK,
	/* The original found no memory for a request of the task, and killed task arg for it. */
	DEMAND_OOM,
	/*
	 * A fault on a page that was there, of which nothing else is known, and arg >> DEMAND_FAULTS_SHIFT others. arg = DEMAND_HUGE with
	 * DEMAND_ADMITS, DEMAND_ADVISED: a read of virtual page arg2 of anonymous memory, with room for a huge page around it, that found
	 * zeroes; the others are of the same huge page.
	 */
	DEMAND_PAGE_FAULT,
	DEMAND_DROP_CACHES, /* a write of arg to /proc/sys/vm/drop_caches */
	/*
	 * arg2 ranges of 2 MiB of the task's space, from the low 44 bits of an address arg << 21 on, lie within an
	 * anonymous VMA now, private or shared, or with wl_number_files() a file's, whose enum demand_advice is order; DEMAND_ADVICE_GONE: they do not any more, and with DEMAND_UNMAPS in gfp_flags
	 * a file's are not even mapped. The last word counts.
	 */
	DEMAND_HUGE_RANGE,
	/*
	 * A fault on a mapped file missed page arg (DEMAND_NO_PAGE: it was never seen before), and reads it with others
	 * around it: what comes with DEMAND_READAHEAD and a file, up to the task's next one, is read if this is.
	 */
	DEMAND_FILE_FAULT,
	/* The original wanted a page for its hugetlb pool and got none; gfp_flags are those of the request. */
	DEMAND_HUGETLB_FAIL,
	/*
	 * arg2 virtual pages of the task's space, from the low 32 bits of the number arg on, are an enum demand_ksm for
	 * KSM now, which is order.
	 */
	DEMAND_KSM_RANGE,
	/* For TLBs, only where that was asked for: order is an enum demand_tlb. */
	DEMAND_TLB,
	/* madvise(MADV_COLLAPSE) of arg2 ranges of 2 MiB of the task's space, as of DEMAND_HUGE_RANGE. */
	DEMAND_COLLAPSE,
	/*
	 * Idle page tracking marked all pages: page tables tell of no use before. What the sample before it
	 * tells of follows.
	 */
	DEMAND_IDLE_MARK,
	/*
	 * A range of arg2 page frames of the CMA area whose name has the key gfp_flags (demand_cma_key()) is wanted, the first a
	 * multiple of 2^(arg >> DEMAND_CMA_SHIFT). Its number is arg & DEMAND_CMA_MASK: dense from 1 on.
	 */
	DEMAND_CMA_ALLOC,
	/* Range number arg is given back; or the original did not get it, and nobody has it. */
	DEMAND_CMA_RELEASE,
	/* The 512 pages from number arg2 on are those of a file which the task has at range arg of its space (DEMAND_HUGE_RANGE); gfp_flags is another number for another file. */
	DEMAND_FILE_AREA,
};

/* What an op says of when pages are there and used: all that a reader needs who follows nothing else. */
enum demand_role {
	DEMAND_ROLE_TOUCH, /* .page comes to life or is used again; with DEMAND_VOID nothing happens */
	DEMAND_ROLE_COPY,    /* likewise, and .arg2 is used, unless it is DEMAND_NO_PAGE */
	DEMAND_ROLE_USE,     /* .page is used */
	DEMAND_ROLE_KERNEL,  /* .page is memory of the kernel's from now on */
	DEMAND_ROLE_END,     /* .page's contents are gone */
	DEMAND_ROLE_EVICTED, /* the original has .page out */
	DEMAND_ROLE_RENAME,  /* .page goes on as what .arg2 was */
	DEMAND_ROLE_OTHER,   /* nothing */
};

enum demand_ksm {
	DEMAND_KSM_MERGEABLE,
	DEMAND_KSM_UNMERGEABLE,
	DEMAND_KSM_GONE,
};

enum demand_tlb {
	DEMAND_TLB_SWITCH, /* the task was on the CPU, which goes on to another address space now */
	DEMAND_TLB_COPIED, /* it wrote to what the zero page or a file's page was mapped for */
	DEMAND_TLB_UNMAP_BEGIN, /* it is about to unmap a range, … */
	DEMAND_TLB_UNMAP_END,   /* … and has */
	DEMAND_TLB_MOVED,       /* arg pages of its address space are mapped elsewhere */
};

/* What madvise() has said of huge pages. */
enum demand_advice {
	DEMAND_ADVICE_NONE,
	DEMAND_ADVICE_HUGE,
	DEMAND_ADVICE_NOHUGE,
	DEMAND_ADVICE_GONE,
	/* Added to the others: of shared memory, of a file, of one that is executed. */
	DEMAND_ADVICE_SHARED,
	DEMAND_ADVICE_FILE = 2 * DEMAND_ADVICE_SHARED,
	DEMAND_ADVICE_EXEC = 3 * DEMAND_ADVICE_SHARED,
};

enum demand_touch_flags {
	DEMAND_WRITE = 1,
	DEMAND_READAHEAD = 2, /* allocated by readahead: nobody waits for it */
	DEMAND_HANDED = 2, /* DEMAND_ANON_TOUCH: for a fault that has been told of (userfaultfd) */
	/*
	 * There is room for a huge page in the VMA; order says what the kernel used. DEMAND_ANON_TOUCH of order 0: arg2 =
	 * number of the virtual page, its low 32 bits; 0: not known. DEMAND_SHMEM_TOUCH: likewise, as it would be if the
	 * mapping began at a multiple of 2 MiB.
	 */
	DEMAND_HUGE = 4,
	/* DEMAND_ANON_TOUCH, DEMAND_SHMEM_TOUCH with DEMAND_HUGE: no MADV_NOHUGEPAGE; MADV_HUGEPAGE. */
	DEMAND_ADMITS = 512,
	DEMAND_ADVISED = 8,
	/*
	 * … of order 0: the original asked for a huge page first, in vain; gfp_flags are those of that request, the page's
	 * own are GFP_HIGHUSER_MOVABLE.
	 */
	DEMAND_TRIED = 256,
	DEMAND_EXEC = 8,     /* mapped executable file page; with DEMAND_MAPPED */
	DEMAND_REFAULT = 16, /* the original had it out */
	/*
	 * In memory when the trace began: the op comes before all others with t_ns of the trace's start,
	 * allocates nothing and counts nothing. arg2 is the page's pfn, or DEMAND_NO_PAGE if only the
	 * page is known and not its place. Touches and DEMAND_KERNEL_ALLOC only.
	 */
	DEMAND_RESIDENT = 32,
	DEMAND_SWAPPED = 64, /* with DEMAND_RESIDENT: it was in swap instead; arg2 is unused */
	/*
	 * DEMAND_SHMEM_TOUCH with DEMAND_HUGE, not DEMAND_MAPPED: written by a system call, into a file of tmpfs that reaches
	 * beyond the place for a huge page around the page already.
	 */
	DEMAND_WITHIN = 8,
	/* DEMAND_SHMEM_TOUCH of order 0, in place of DEMAND_TRIED, which DEMAND_MAPPED is there. */
	DEMAND_SHMEM_TRIED = 16384,
	/* DEMAND_KERNEL_ALLOC: what for. A page table goes with the address space. */
	DEMAND_PAGE_TABLE = 256,
	DEMAND_SLAB = 512,
	DEMAND_HUGETLB = 1024, /* a page of the hugetlb pool */
	DEMAND_SURPLUS = 2048, /* … beyond it, for a mapping */
	DEMAND_UNCHARGED =
		8192, /* a fault's huge page that its memory cgroup refused: it is freed at once */
	DEMAND_ZSPAGE = 16384, /* what was swapped out is in it, compressed */
	DEMAND_LOCKED = 128,   /* with DEMAND_RESIDENT: it is unevictable, as after DEMAND_MLOCK */
	DEMAND_MAPPED =
		256, /* pages of files and tmpfs: by a fault on a mapping, not by read() or write() */
	DEMAND_AGAIN = 512, /* file pages: read on within the page where the last read ended */
	DEMAND_INSERT =
		1024, /* file pages: put into the cache; kernels from 6.10 on tell of the use apart */
	/*
	 * By a fault that came although the original had the page in memory (write-protected, or not yet in
	 * this page table), and so comes whatever the policy. Others come if the page is out or unmapped.
	 */
	DEMAND_FAULTED = 2048,
	DEMAND_AROUND =
		32768,      /* with DEMAND_MAPPED: mapped along with another, if it is in memory */
	DEMAND_VOID = 4096, /* nothing is to be done: it turned out to be what a later op says */
	DEMAND_BESIDE = 8192, /* through another address space's page table than the use before */
	DEMAND_LEAVES =
		8192, /* DEMAND_COW: of what was last used through the table that the copy is in */
	/* With DEMAND_RESIDENT: it is on an active list; it was used once (PG_referenced). */
	DEMAND_ACTIVE = 8192,
	DEMAND_REFERENCED = 512,
	DEMAND_TWICE = 1, /* DEMAND_ACCESS */
	/* DEMAND_COLD; DEMAND_MORE of DEMAND_WILLNEED, too */
	DEMAND_PAGEOUT = 1,
	DEMAND_MORE = 2,
	/* With DEMAND_PAGEOUT: what the original wrote or freed for the sake of a memory cgroup. */
	DEMAND_LIMIT = 4,
};

/*
 * DEMAND_ANON_TOUCH, not DEMAND_RESIDENT, without DEMAND_HUGE: the VMA has room for a folio of an order from 2 to 8 around the page,
 * whose base pages have numbers as those of huge pages have. Only where wl_number_folios() was asked for. 0: there is none.
 */
static inline uint32_t demand_room_flags(uint32_t order)
{
	uint32_t n = order > 1 ? order - 1 : 0;

	return (n & 3) << 6 | (n & 4) << 8;
}

static inline uint32_t demand_room_order(uint32_t arg)
{
	uint32_t n = (arg >> 6 & 3) | (arg >> 8 & 4);

	return n > 0 ? n + 1 : 0;
}

#define DEMAND_AREA_MASK (UINT32_MAX >> 9)
#define DEMAND_UNMAPS    1u
/*
 * DEMAND_FILE_TOUCH of a mapped file (DEMAND_MAPPED, or by a fault on another page), not DEMAND_RESIDENT: number of the
 * file + 1 in arg >> DEMAND_FILE_SHIFT, 0: it is not known; arg2 = the page's index in it, its low 32 bits.
 */
#define DEMAND_FILE_SHIFT    16
#define DEMAND_FAULTS_SHIFT  16
#define DEMAND_MAPPING_SHIFT 14
#define DEMAND_CMA_SHIFT     26
#define DEMAND_CMA_MASK      ((UINT32_C(1) << DEMAND_CMA_SHIFT) - 1)
#define DEMAND_MAX_MAPPING   (UINT32_MAX >> DEMAND_MAPPING_SHIFT)

struct demand_op {
	uint64_t t_ns;
	uint32_t task;      /* dense task number; 0 is "no task" (interrupt, idle) */
	uint32_t page;      /* logical page, or DEMAND_NO_PAGE */
	uint32_t gfp_flags; /* as the original asked; 0 where it did not allocate */
	uint8_t kind;       /* enum demand_kind */
	uint8_t order;      /* 0..10; a huge page is one logical page of order 9 */
	uint16_t cpu;
	uint32_t arg;
	uint32_t arg2;
};

static_assert(sizeof(struct demand_op) == 32, "demand ops are stored in bulk");

/* A new kind says here what it is to those that follow pages. */
static inline enum demand_role demand_role(const struct demand_op *op)
{
	switch ((enum demand_kind)op->kind) {
	case DEMAND_ANON_TOUCH:
	case DEMAND_FILE_TOUCH:
	case DEMAND_SHMEM_TOUCH:
		return DEMAND_ROLE_TOUCH;
	case DEMAND_COW:
		return DEMAND_ROLE_COPY;
	case DEMAND_ACCESS:
		return DEMAND_ROLE_USE;
	case DEMAND_KERNEL_ALLOC:
		return DEMAND_ROLE_KERNEL;
	case DEMAND_FREE:
	case DEMAND_SLAB_FREE:
		return DEMAND_ROLE_END;
	case DEMAND_EVICTED:
		return DEMAND_ROLE_EVICTED;
	case DEMAND_RENAME:
		return DEMAND_ROLE_RENAME;
	case DEMAND_LAZYFREE:
	case DEMAND_DIRTY:
	case DEMAND_MLOCK:
	case DEMAND_MUNLOCK:
	case DEMAND_UNMAPPED:
	case DEMAND_CONTENT:
	case DEMAND_COLD:
	case DEMAND_WILLNEED:
	case DEMAND_TASK_START:
	case DEMAND_TASK_EXIT:
	case DEMAND_TASK_SPACE:
	case DEMAND_TASK_ADJ:
	case DEMAND_TASK_RSS:
	case DEMAND_TASK_FILES:
	case DEMAND_TASK_LEAVES:
	case DEMAND_MAP:
	case DEMAND_UNMAP:
	case DEMAND_CACHE_GROWS:
	case DEMAND_CACHE_SHRUNK:
	case DEMAND_OOM:
	case DEMAND_PAGE_FAULT:
	case DEMAND_DROP_CACHES:
	case DEMAND_HUGE_RANGE:
	case DEMAND_FILE_FAULT:
	case DEMAND_HUGETLB_FAIL:
	case DEMAND_KSM_RANGE:
	case DEMAND_TLB:
	case DEMAND_COLLAPSE:
	case DEMAND_IDLE_MARK:
	case DEMAND_CMA_ALLOC:
	case DEMAND_CMA_RELEASE:
	case DEMAND_FILE_AREA:
		break;
	}
	return DEMAND_ROLE_OTHER;
}

/* What DEMAND_CMA_ALLOC calls a CMA area of this name (FNV-1a). */
static inline uint32_t demand_cma_key(const char *name)
{
	uint32_t key = 2166136261u;

	for (; *name; name++)
		key = (key ^ (uint8_t)*name) * 16777619u;
	return key;
}

/* A base page for which the original asked for a huge page first, in vain. */
static inline bool demand_tried_huge(const struct demand_op *op)
{
	uint32_t tried = op->kind == DEMAND_ANON_TOUCH    ? DEMAND_HUGE | DEMAND_TRIED
	                 : op->kind == DEMAND_SHMEM_TOUCH ? DEMAND_HUGE | DEMAND_SHMEM_TRIED
	                                                  : 0;

	return tried != 0 && op->order == 0 && (op->arg & tried) == tried;
}

#endif
