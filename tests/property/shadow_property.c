/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shadow against a model: a random machine takes, gives and compacts, emits what a 6.12 kernel
 * would, and keeps one byte per page. Whatever the order of events, the shadow must know the same
 * pages as free and find the blocks that a search of the bytes finds. And garbage must not break it.
 */
#include "shadow_machine.h"

#include "rng.h"

#define NR_OPERATIONS 1000000
#define NR_SEEDS      4
#define CHECK_EVERY   4000

enum model_state { MODEL_FREE, MODEL_PCP, MODEL_USED, MODEL_PRIVATE };

struct model_block {
	uint32_t page;
	uint8_t order;
	uint8_t state;
};

struct model {
	struct rng rng;
	struct replay_shadow *shadow;
	uint8_t page[NR_PAGES];
	struct model_block block[NR_PAGES]; /* those that are not free */
	uint32_t nr_blocks;
};

static void set_pages(struct model *m, uint32_t page, uint32_t order, enum model_state state)
{
	memset(&m->page[page], (int)state, (size_t)1 << order);
}

static bool all_free(const struct model *m, uint32_t page, uint32_t order)
{
	for (uint32_t i = page; i < page + (1u << order); i++)
		if (m->page[i] != MODEL_FREE)
			return false;
	return true;
}

static void add_block(struct model *m, uint32_t page, uint32_t order, enum model_state state)
{
	m->block[m->nr_blocks++] = (struct model_block){ page, (uint8_t)order, (uint8_t)state };
	set_pages(m, page, order, state);
}

static void drop_block(struct model *m, struct model_block *block)
{
	set_pages(m, block->page, block->order, MODEL_FREE);
	*block = m->block[--m->nr_blocks];
}

/* A refill of a per-CPU list, or a steal, which only the fallback event shows. */
static void take(struct model *m)
{
	uint32_t order = base_rng_below(&m->rng, 8) ? base_rng_below(&m->rng, 4)
	                                            : base_rng_below(&m->rng, 11);
	uint32_t page = base_rng_below(&m->rng, NR_PAGES) & ~((1u << order) - 1);
	struct mmr_event extfrag;

	if (!all_free(m, page, order))
		return;
	add_block(m, page, order, MODEL_PCP);
	if (base_rng_below(&m->rng, 4)) {
		page_event(m->shadow, MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED, page, order,
		           SHADOW_MOVABLE);
		return;
	}
	extfrag = event_of(MMR_EVENT_MM_PAGE_ALLOC_EXTFRAG);
	extfrag.extfrag.pfn = FIRST_PFN + page;
	extfrag.extfrag.alloc_order = (int)order;
	extfrag.extfrag.fallback_order = 9;
	extfrag.extfrag.alloc_migratetype = SHADOW_UNMOVABLE;
	extfrag.extfrag.change_ownership = (int)base_rng_below(&m->rng, 2);
	replay_shadow_event(m->shadow, &extfrag);
}

/* What becomes of a block that is not free. */
static void use(struct model *m)
{
	struct model_block *block;
	bool on_list;

	if (m->nr_blocks == 0)
		return;
	block = &m->block[base_rng_below(&m->rng, m->nr_blocks)];
	on_list = block->order <= 3 || block->order == 9;
	if (block->state == MODEL_PCP && (base_rng_below(&m->rng, 2) || !on_list)) {
		page_event(m->shadow, MMR_EVENT_MM_PAGE_ALLOC, block->page, block->order,
		           SHADOW_MOVABLE);
		block->state = MODEL_USED;
	} else if (block->state == MODEL_PCP) {
		page_event(m->shadow, MMR_EVENT_MM_PAGE_PCPU_DRAIN, block->page, block->order,
		           SHADOW_MOVABLE);
		drop_block(m, block);
		return;
	} else if (block->state == MODEL_PRIVATE && base_rng_below(&m->rng, 2)) {
		struct mmr_event event = event_of(MMR_EVENT_MM_LRU_INSERTION);

		event.lru.pfn = FIRST_PFN + block->page;
		replay_shadow_event(m->shadow, &event);
		block->state = MODEL_USED;
	} else {
		page_event(m->shadow, MMR_EVENT_MM_PAGE_FREE, block->page, block->order, 0);
		if (!on_list) {
			drop_block(m, block);
			return;
		}
		block->state = MODEL_PCP;
	}
	set_pages(m, block->page, block->order, (enum model_state)block->state);
}

/* The free scanner takes all that is free in two pageblocks. */
static void compact(struct model *m)
{
	uint32_t start = base_rng_below(&m->rng, NR_PAGES) & ~1023u;

	plain_event(m->shadow, MMR_EVENT_MM_COMPACTION_BEGIN);
	for (uint32_t first = start; first < start + 1024; first += 512) {
		uint32_t nr_taken = 0;

		if (all_free(m, start, 10))
			break; /* one block of both, which no scan of one tells */
		for (uint32_t page = first; page < first + 512; page++) {
			if (m->page[page] != MODEL_FREE)
				continue;
			add_block(m, page, 0, MODEL_PRIVATE);
			nr_taken++;
		}
		isolate_event(m->shadow, MMR_EVENT_MM_COMPACTION_ISOLATE_FREEPAGES, first,
		              first + 512, nr_taken);
	}
	plain_event(m->shadow, MMR_EVENT_MM_COMPACTION_END);
}

/* Blocks by order, found from the bytes alone. */
static void count_blocks(const struct model *m, uint64_t blocks[SHADOW_NR_ORDERS])
{
	memset(blocks, 0, SHADOW_NR_ORDERS * sizeof(*blocks));
	for (uint32_t page = 0; page < NR_PAGES;) {
		uint32_t order = 10;

		if (m->page[page] != MODEL_FREE) {
			page++;
			continue;
		}
		while (page & ((1u << order) - 1) || !all_free(m, page, order))
			order--;
		blocks[order]++;
		page += 1u << order;
	}
}

static void compare(const struct model *m)
{
	uint64_t expected[SHADOW_NR_ORDERS];
	uint64_t blocks[SHADOW_NR_ORDERS];
	struct mmr_error err = { 0 };

	for (uint32_t page = 0; page < NR_PAGES; page++)
		if (replay_shadow_is_free(m->shadow, FIRST_PFN + page) !=
		    (m->page[page] == MODEL_FREE))
			fail_msg("page %u is%s free", page,
			         m->page[page] == MODEL_FREE ? "" : " not");
	count_blocks(m, expected);
	replay_shadow_free_blocks(m->shadow, 0, blocks);
	assert_memory_equal(blocks, expected, sizeof(blocks));
	if (replay_shadow_check(m->shadow, &err) < 0)
		fail_msg("%s", err.text);
}

static void any_order_of_events_is_followed(void **state)
{
	static struct model m;
	struct replay_shadow_kernel kernel = kernel_612;

	(void)state;
	kernel.nr_cpus = 0; /* the model has one CPU and no interrupts, but the sequences of both */
	for (uint64_t seed = 1; seed <= NR_SEEDS; seed++) {
		memset(&m, 0, sizeof(m));
		base_rng_init(&m.rng, seed);
		m.shadow = shadow_with(&kernel, NR_PAGES);
		for (unsigned int i = 0; i < NR_OPERATIONS; i++) {
			if (base_rng_below(&m.rng, 20000) == 0)
				compact(&m);
			else if (base_rng_below(&m.rng, 5) < 2)
				take(&m);
			else
				use(&m);
			if (i % CHECK_EVERY == CHECK_EVERY - 1)
				compare(&m);
		}
		replay_shadow_destroy(m.shadow);
	}
}

/* A number that is often near the edge of something. */
static uint64_t odd_number(struct rng *rng)
{
	switch (base_rng_below(rng, 6)) {
	case 0:
		return base_rng_below(rng, 12);
	case 1:
		return FIRST_PFN + base_rng_below(rng, NR_PAGES);
	case 2:
		return (FIRST_PFN + base_rng_below(rng, NR_PAGES)) & ~(uint64_t)511;
	case 3:
		return FIRST_PFN + NR_PAGES - base_rng_below(rng, 4);
	case 4:
		return base_rng_next(rng);
	default:
		return UINT64_MAX - base_rng_below(rng, 3);
	}
}

static void garbage_never_breaks_it(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, NR_PAGES / 2);
	struct mmr_error err = { 0 };
	struct rng rng;

	(void)state;
	base_rng_init(&rng, 7);
	for (unsigned int i = 0; i < 1000000; i++) {
		struct mmr_event event =
			event_of((enum mmr_event_kind)base_rng_below(&rng, MMR_NR_EVENT_KINDS + 1));

		event.cpu = (uint16_t)base_rng_below(&rng, 6);
		event.pid = base_rng_below(&rng, 200);
		for (unsigned int word = 0; word < 6; word++)
			event.words[word] = odd_number(&rng);
		if (base_rng_below(&rng, 2))
			event.page.order = base_rng_below(&rng, 12);
		replay_shadow_event(shadow, &event);
		if (i % 50000 == 0 && replay_shadow_check(shadow, &err) < 0)
			fail_msg("after %u events: %s", i, err.text);
	}
	shadow_end(shadow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_of_events_is_followed),
		cmocka_unit_test(garbage_never_breaks_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
