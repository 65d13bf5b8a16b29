/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the workload make events of. */
#ifndef TESTS_WORKLOAD_EVENTS_H
#define TESTS_WORKLOAD_EVENTS_H

#include <mmreplay/event.h>

#include "demand.h"
#include "rng.h"

#define GFP_ANON    0x140dcau /* __GFP_ZERO and movable */
#define GFP_COPY    0x140ccau
#define GFP_AHEAD   0x152ccau /* page-cache readahead: __GFP_NORETRY */
#define GFP_WRITE   0x141ccau
#define GFP_KERNEL  0xcc0u
#define GFP_PGTABLE 0x400dc0u
#define GFP_HUGE    0x3d24cau /* GFP_TRANSHUGE without __GFP_NORETRY */

#define BASE    0x7f0000000ull /* a virtual page, 512-aligned */
#define NR_PFNS 4096u

/* Of a touch of a file: without the file's number. */
static inline uint32_t flags_of(const struct demand_op *op)
{
	return op->arg & ((1u << DEMAND_FILE_SHIFT) - 1);
}

/* __swp_entry() of x86-64. */
static inline uint64_t migration_pte(uint64_t pfn)
{
	return 0x1dull << 59 | ~pfn << 14 >> 5;
}

/* Events that make no sense together, but whose values meet often enough to reach everything. */
static inline struct mmr_event random_event(struct rng *rng, uint64_t t_ns)
{
	static const uint64_t gfps[] = { GFP_ANON,   GFP_COPY,    GFP_AHEAD, GFP_WRITE,
		                         GFP_KERNEL, GFP_PGTABLE, GFP_HUGE,  0 };
	static const uint16_t common[] = { MMR_EVENT_MM_PAGE_ALLOC, MMR_EVENT_MM_PAGE_FREE,
		                           MMR_EVENT_PAGE_FAULT_USER,
		                           MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE };
	struct mmr_event e = { .t_ns = t_ns };
	uint64_t r = base_rng_next(rng);

	e.pid = (uint32_t)(r % 24);
	r >>= 8;
	e.kind = r & 1 ? common[r >> 1 & 3] : (uint16_t)(r >> 1) % MMR_NR_EVENT_KINDS;
	for (unsigned int w = 0; w < 6; w++) {
		r = base_rng_next(rng);
		/* Small numbers, addresses, and now and then anything. */
		e.words[w] =
			r & 0xf00 ? (r & 7 ? r >> 32 & 63 : (BASE + (r >> 32 & 1023)) << 12) : r;
	}
	r = base_rng_next(rng);
	if (e.kind == MMR_EVENT_MM_PAGE_ALLOC || e.kind == MMR_EVENT_MM_PAGE_FREE) {
		e.page.pfn = r % (NR_PFNS + 8);
		e.page.order = r >> 32 & 15 ? 0 : r >> 40 & 15;
		e.page.gfp_flags = gfps[r >> 48 & 7];
	} else if (e.kind == MMR_EVENT_PAGE_FAULT_USER) {
		e.fault.address = (BASE + (r & 2047)) << 12;
	} else if (e.kind == MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE ||
	           e.kind == MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE) {
		e.filemap.pfn = r % (NR_PFNS + 8);
		e.filemap.ino = r >> 32 & 3;
		e.filemap.index = r >> 40 & 63;
		e.filemap.dev = 5;
		e.filemap.order = r >> 56 ? 0 : 2;
	} else if (e.kind == MMR_EVENT_SET_MIGRATION_PTE) {
		e.migration_pte.pte = migration_pte(r % NR_PFNS);
	} else if (e.kind == MMR_EVENT_REMOVE_MIGRATION_PTE) {
		e.migration_pte.pte = (r % NR_PFNS) << 12 | 1;
	} else if (e.kind >= MMR_EVENT_CMA_ALLOC_START && e.kind <= MMR_EVENT_CMA_RELEASE) {
		e.cma.pfn = r % (NR_PFNS + 8);
		e.cma.nr_pages = r >> 32 & 31;
		e.cma.name[0] = (char)('a' + (r >> 48 & 1));
		e.cma.name[1] = '\0';
	}
	return e;
}

#endif
