/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLBs: who flushes what where (tlb.c), in which batches (mmu_gather.c), and how far entries reach (tlb_reach.c). */
#ifndef MM_TLB_H
#define MM_TLB_H

#include "mm.h"

#define MM_TLB_ALL UINT32_MAX /* pages: everything of the address space */

/* As tlb:tlb_flush tells them (enum tlb_flush_reason). */
enum mm_tlb_reason {
	MM_TLB_TASK_SWITCH,
	MM_TLB_REMOTE_SHOOTDOWN,
	MM_TLB_LOCAL_SHOOTDOWN,
	MM_TLB_LOCAL_MM_SHOOTDOWN,
	MM_TLB_REMOTE_SEND_IPI,
	MM_NR_TLB_REASONS
};

/* NONE: the CPU was up to date, or the page tables that it switched to were. */
enum mm_tlb_extent { MM_TLB_NONE, MM_TLB_RANGED, MM_TLB_FULL, MM_NR_TLB_EXTENTS };

/* What a flush was for. */
enum mm_tlb_cause {
	MM_TLB_SWITCH,
	MM_TLB_EXIT,
	MM_TLB_FORK,
	MM_TLB_COPY,    /* a write to what fork or the zero page shared */
	MM_TLB_UNMAP,   /* munmap, brk, madvise, mremap */
	MM_TLB_RECLAIM, /* try_to_unmap() */
	MM_TLB_MIGRATE,
	MM_TLB_HUGE, /* a huge page was split or made */
	MM_TLB_OTHER,
	MM_NR_TLB_CAUSES
};

struct mm_tlb_count {
	uint64_t flushes;
	uint64_t pages; /* of ranged ones */
};

/* Entries of a size that a level has, and in how many places one may be. 0 entries: none. */
struct mm_tlb_array {
	uint32_t entries;
	uint32_t ways;
};

enum mm_tlb_size { MM_TLB_4K, MM_TLB_2M, MM_TLB_1G, MM_NR_TLB_SIZES };

#define MM_TLB_LEVELS 2

struct mm_tlb_config {
	uint32_t ceiling; /* tlb_single_page_flush_ceiling */
	bool pcid;        /* the CPUs tag entries with an address space */
	struct mm_tlb_array arrays[MM_TLB_LEVELS][MM_NR_TLB_SIZES];
	bool shared; /* the second level's 4 KiB array holds 2 MiB entries, too */
};

/* What one window needed: entries for the pages used in it, and how many of them a level holds at the same time. */
enum mm_tlb_mapping {
	MM_TLB_AS_IS,
	MM_TLB_ALL_4K,
	MM_TLB_ALL_2M,
	MM_TLB_ALL_1G,
	MM_NR_TLB_MAPPINGS
};

struct mm_tlb_reach {
	uint64_t needed[MM_NR_TLB_MAPPINGS];
	uint64_t held[MM_NR_TLB_MAPPINGS][MM_TLB_LEVELS];
	uint64_t pages; /* used in it */
};

/* Page tables of the anonymous memory of all spaces, by how a machine lays them out: see pgtable_layout.c. */
enum mm_pgtable_layout {
	MM_PGTABLE_X86_4,
	MM_PGTABLE_X86_5,
	MM_PGTABLE_ARM_4K,
	MM_PGTABLE_ARM_16K,
	MM_PGTABLE_ARM_64K,
	MM_PGTABLE_X86_2,
	MM_NR_PGTABLE_LAYOUTS
};

struct mm_pgtable_size {
	uint64_t leaves; /* tables that map pages */
	uint64_t uppers; /* and those above */
	uint64_t bytes;
};

/* ---- tlb.c ---- */

/* From now on all of this is counted; before any logical page or space. */
int mm_tlb_enable(struct mm_machine *machine, const struct mm_tlb_config *config,
                  struct mmr_error *err) MMR_MUST_CHECK;
/* Room for as many logical pages and spaces as the machine has. */
int mm_tlb_reserve(struct mm_machine *machine, struct mmr_error *err) MMR_MUST_CHECK;
void mm_tlb_destroy(struct mm_machine *machine);
/* A task of the space is on the CPU, and so on no other; space 0: a thread of the kernel, whatever the task. */
void mm_tlb_run(struct mm_machine *machine, uint16_t cpu, uint32_t task, uint32_t space);
/* It goes on to another space, of which the next mm_tlb_run() tells. */
void mm_tlb_leave(struct mm_machine *machine, uint16_t cpu);
/* nr_pages of 1 << shift bytes (MM_TLB_ALL: all) are no longer what the page tables said. */
struct mm_tlb_flush {
	uint32_t space;
	uint32_t nr_pages;
	uint16_t cpu;
	uint8_t shift;
	bool freed_tables;
	enum mm_tlb_cause cause;
};
void mm_tlb_flush(struct mm_machine *machine, const struct mm_tlb_flush *flush);
/* child begins as a copy of parent, and shares its pages. */
void mm_tlb_fork(struct mm_machine *machine, uint32_t parent, uint32_t child);
/* The space has a copy of its own from now on; nobody has the 2^order pages. */
void mm_tlb_copied(struct mm_machine *machine, uint32_t source, uint32_t space);
void mm_tlb_forget(struct mm_machine *machine, uint32_t page, uint32_t order);
/* The space is no more. */
void mm_tlb_space_end(struct mm_machine *machine, uint32_t space);
const struct mm_tlb_count *mm_tlb_count(const struct mm_machine *machine, enum mm_tlb_cause cause,
                                        enum mm_tlb_reason reason, enum mm_tlb_extent extent);
const char *mm_tlb_cause_name(enum mm_tlb_cause cause);
const char *mm_tlb_reason_name(enum mm_tlb_reason reason);
const char *mm_tlb_extent_name(enum mm_tlb_extent extent);

/* Reclaim takes a page from the page table that it was used through last; without a TLB nothing. */
void mm_tlb_unmap(struct mm_machine *machine, uint16_t cpu, uint32_t page, bool dirty);
/* try_to_unmap_flush(); dirty: only if what was unmapped could be written to (try_to_unmap_flush_dirty()). */
void mm_tlb_unmap_flush(struct mm_machine *machine, uint16_t cpu, bool dirty);
/* A page moves elsewhere; at once: it is not one of a batch, which mm_tlb_migrate_flush() ends. */
void mm_tlb_migrate(struct mm_machine *machine, uint16_t cpu, uint32_t page, bool at_once);
void mm_tlb_migrate_flush(struct mm_machine *machine, uint16_t cpu);
/* A huge page's entry gives way to 512, or the other way round. */
void mm_tlb_split(struct mm_machine *machine, uint16_t cpu, uint32_t number);
/* … by khugepaged, for the space. */
void mm_tlb_collapse(struct mm_machine *machine, uint16_t cpu, uint32_t space);

/* ---- mmu_gather.c ---- */

/* A page's entry is taken out of the space's page table, to be flushed by mm_gather_finish(). */
void mm_gather_page(struct mm_machine *machine, uint16_t cpu, uint32_t space, uint32_t page);
/* What was gathered so far was of another call. */
void mm_gather_begin(struct mm_machine *machine, uint32_t space);
/* cause MM_TLB_EXIT: all of the space. */
void mm_gather_finish(struct mm_machine *machine, uint16_t cpu, uint32_t space,
                      enum mm_tlb_cause cause);

/* ---- tlb_reach.c ---- */

/* One of the 2^order pages from page on was used through the space's page table, where they all are. */
void mm_tlb_used(struct mm_machine *machine, uint32_t page, uint32_t order, uint32_t space);
/* The window that ended; reach may be NULL. A new one begins. */
void mm_tlb_window(struct mm_machine *machine, struct mm_tlb_reach *reach);
/* Number of the virtual page, its low 32 bits; MM_NONE: not known. */
uint32_t mm_tlb_vpn(const struct mm_machine *machine, uint32_t page);

/* ---- pgtable_layout.c ---- */

void mm_pgtable_sizes(const struct mm_machine *machine,
                      struct mm_pgtable_size sizes[MM_NR_PGTABLE_LAYOUTS]);
const char *mm_pgtable_layout_name(enum mm_pgtable_layout layout);

#endif
