/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small machine for tests of the shadow: events as literals, a first snapshot, its end. */
#ifndef TESTS_SHADOW_MACHINE_H
#define TESTS_SHADOW_MACHINE_H

#include "unit.h"

#include "shadow_check.h"

#define KPF_BUDDY  (1ull << 10)
#define KPF_NOPAGE (1ull << 20)

/* A Normal zone far up, as on a machine with more than 4 GiB. */
#define FIRST_PFN ((uint64_t)1 << 20)
#define NR_PAGES  8192

static const struct mmr_zone_info normal_zone = {
	.index = 2,
	.name = "Normal",
	.start_pfn = FIRST_PFN,
	.spanned = NR_PAGES,
};

static const struct replay_shadow_kernel kernel_612 = { .thp_pcp = true,
	                                                .cma = true,
	                                                .nr_cpus = 4 };
static const struct replay_shadow_kernel kernel_61 = {
	.fallback_relocks = true,
	.thp_pcp = true,
	.nr_cpus = 4,
};

/* A shadow of which every page is free (first_used == NR_PAGES), or only those before first_used. */
static inline struct replay_shadow *shadow_with(const struct replay_shadow_kernel *kernel,
                                                uint32_t first_used)
{
	static uint64_t flags[NR_PAGES];
	struct replay_shadow *shadow;

	for (uint32_t i = 0; i < NR_PAGES; i++)
		flags[i] = i < first_used ? KPF_BUDDY : 0;
	assert_int_equal(replay_shadow_new(&normal_zone, 1, kernel, &shadow, NULL), 0);
	assert_int_equal(replay_shadow_add_chunk(shadow, FIRST_PFN, flags, NR_PAGES, 1, NULL), 0);
	return shadow;
}

/* An event on cpu 0 by task 100; the clock moves on by 100 ns with each. */
static inline struct mmr_event event_of(enum mmr_event_kind kind)
{
	static uint64_t now_ns = 1000;

	return (struct mmr_event){ .t_ns = now_ns += 100, .kind = (uint16_t)kind, .pid = 100 };
}

/* An event about 2^order pages from FIRST_PFN + page on. */
static inline void page_event(struct replay_shadow *shadow, enum mmr_event_kind kind, uint64_t page,
                              uint32_t order, int migratetype)
{
	struct mmr_event event = event_of(kind);

	event.page.pfn = FIRST_PFN + page;
	event.page.order = order;
	event.page.migratetype = migratetype;
	event.page.percpu_refill = 1;
	replay_shadow_event(shadow, &event);
}

static inline void isolate_event(struct replay_shadow *shadow, enum mmr_event_kind kind,
                                 uint64_t start, uint64_t end, uint64_t nr_taken)
{
	struct mmr_event event = event_of(kind);

	event.isolate.start_pfn = FIRST_PFN + start;
	event.isolate.end_pfn = FIRST_PFN + end;
	event.isolate.nr_taken = nr_taken;
	replay_shadow_event(shadow, &event);
}

static inline void plain_event(struct replay_shadow *shadow, enum mmr_event_kind kind)
{
	struct mmr_event event = event_of(kind);

	replay_shadow_event(shadow, &event);
}

static inline uint64_t blocks_of(const struct replay_shadow *shadow, unsigned int order)
{
	uint64_t blocks[SHADOW_NR_ORDERS];

	replay_shadow_free_blocks(shadow, 0, blocks);
	return blocks[order];
}

static inline uint64_t free_pages(const struct replay_shadow *shadow)
{
	uint64_t blocks[SHADOW_NR_ORDERS];

	return replay_shadow_free_blocks(shadow, 0, blocks);
}

static inline uint32_t typed_blocks(const struct replay_shadow *shadow, unsigned int order,
                                    unsigned int type)
{
	struct replay_shadow_buddy buddy;

	replay_shadow_buddy(shadow, 0, &buddy);
	return buddy.blocks[order][type];
}

static inline uint64_t repairs(const struct replay_shadow *shadow, enum shadow_repair repair)
{
	struct replay_shadow_stats stats;

	replay_shadow_stats(shadow, &stats);
	return stats.repairs[repair];
}

/* Ends a test: everything must be consistent. */
static inline void shadow_end(struct replay_shadow *shadow)
{
	struct mmr_error err = { 0 };

	if (replay_shadow_check(shadow, &err) < 0)
		fail_msg("%s", err.text);
	replay_shadow_destroy(shadow);
}

#endif
