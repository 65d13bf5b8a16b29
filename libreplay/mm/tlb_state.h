/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tlb.c, mmu_gather.c and tlb_reach.c keep. */
#ifndef MM_TLB_STATE_H
#define MM_TLB_STATE_H

#include "tlb.h"
#include "vec.h"

#define MM_TLB_ASIDS 6 /* TLB_NR_DYN_ASIDS */

struct mm_tlb_asid {
	uint64_t context; /* 0: free */
	uint64_t gen;     /* up to which it is flushed */
};

struct mm_tlb_cpu {
	struct mm_tlb_asid asids[MM_TLB_ASIDS];
	uint32_t loaded; /* space; 0: init_mm */
	uint32_t task;   /* that was seen on it last; 0: of the kernel */
	uint8_t asid;
	uint8_t next_asid;
	bool lazy;    /* a thread of the kernel runs on it */
	bool leaving; /* it has gone on to a space that is not known yet */
	bool batched; /* has to be flushed by mm_tlb_unmap_flush() */
};

struct mm_tlb_space {
	uint64_t context;   /* as a number may be used again; 0: not used yet */
	uint64_t gen;       /* flushes asked for */
	uint32_t parent;    /* space that it was forked from; 0: none, or it has ended */
	uint32_t family;    /* of all that were forked from one: the number of that; 0: none */
	uint32_t born;      /* by a fork, in forks */
	uint8_t member;     /* in the family: bit of mm_tlb_page.left */
	uint8_t nr_members; /* of a family that this one began */
	uint32_t nr_loaded;
	uint32_t nr_gathered; /* by what is under way */
	uint32_t first;       /* vpn */
	uint32_t last;
	bool batched; /* tlb_flush_batched: reclaim has left flushes to others */
};

#define MM_TLB_FAMILY 32 /* members of which it is known what they share */

/* Through whose page tables a logical page can be used. */
struct mm_tlb_page {
	uint32_t mapper; /* the space that used it first; 0: none */
	uint32_t born;   /* in forks */
	uint32_t left; /* a bit for each member of the mapper's family that has a copy of its own */
	uint32_t window; /* when it was used last */
};

/* A page that was used in this window. */
struct mm_tlb_use {
	uint32_t space;
	uint32_t vpn;
	uint8_t order;
};

DEFINE_VEC(mm_tlb_use_vec, struct mm_tlb_use);

struct mm_tlb {
	struct mm_tlb_config config;
	struct mm_tlb_cpu *cpus;     /* [nr_cpus] of the machine */
	struct mm_tlb_space *spaces; /* [nr_spaces] */
	struct mm_tlb_page *pages;   /* [nr_pages] */
	uint32_t nr_forks;
	uint32_t nr_spaces;
	uint32_t nr_pages;
	uint64_t last_context;
	bool told; /* mm_tlb_leave() tells of every switch */
	bool batch_pending;
	bool batch_writable;
	uint32_t window;
	struct mm_tlb_use_vec uses;
	uint32_t *sets; /* room for the sets of one array */
	struct mm_tlb_count counts[MM_NR_TLB_CAUSES][MM_NR_TLB_REASONS][MM_NR_TLB_EXTENTS];
};

#endif
