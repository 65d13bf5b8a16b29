/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was on page lists at the start, told by what left them. */
#include "start_bulk.c"
#include "start_lists.c"

#include "unit.h"

#define FIRST 0x1000u

struct fixture {
	struct mmr_zone_info zone;
	struct replay_free_block blocks[3];
	uint8_t types[16];
	struct replay_pcp pcps[2];
	struct replay_start start;
	struct replay_lists *lists;
	struct replay_bulk *bulk;
	uint64_t now_ns;
};

/* A zone of four pageblocks; free: a page, a block of four, a pageblock. */
static int set_up(void **state)
{
	struct fixture *f = base_calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->zone = (struct mmr_zone_info){ .start_pfn = FIRST, .spanned = 2048, .present = 2048 };
	f->blocks[0] = (struct replay_free_block){ .pfn = FIRST + 0x400, .order = 9 };
	f->blocks[1] = (struct replay_free_block){ .pfn = FIRST + 1, .order = 0 };
	f->blocks[2] = (struct replay_free_block){ .pfn = FIRST + 4, .order = 2 };
	memset(f->types, MM_MOVABLE, sizeof(f->types));
	f->start = (struct replay_start){
		.zones = &f->zone,
		.nr_zones = 1,
		.nr_cpus = 2,
		.free_blocks = f->blocks,
		.nr_free_blocks = 3,
		.block_types = f->types,
		.nr_block_types = 16,
	};
	assert_int_equal(replay_lists_create(&f->start, &f->lists, NULL), 0);
	assert_int_equal(replay_bulk_create(&f->start, &f->bulk, NULL), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	replay_lists_destroy(f->lists);
	replay_bulk_destroy(f->bulk);
	base_free(f->start.listed);
	base_free(f->start.waiting);
	base_free(f->start.bulk_takes);
	base_free(f);
	return 0;
}

static void tell(struct fixture *f, uint16_t kind, uint16_t cpu, uint64_t pfn, uint32_t order,
                 int32_t type)
{
	const struct mmr_event event = {
		.t_ns = ++f->now_ns,
		.kind = kind,
		.cpu = cpu,
		.page = { .pfn = pfn, .order = order, .migratetype = type },
	};

	assert_int_equal(replay_lists_event(f->lists, &event, NULL), 0);
	assert_int_equal(replay_bulk_event(f->bulk, &event, NULL), 0);
}

static void tell_fallback(struct fixture *f, uint64_t pfn, int32_t order, int32_t from)
{
	const struct mmr_event event = {
		.kind = MMR_EVENT_MM_PAGE_ALLOC_EXTFRAG,
		.extfrag = { .pfn = pfn,
		             .fallback_order = order,
		             .fallback_migratetype = from,
		             .change_ownership = 1 },
	};

	assert_int_equal(replay_lists_event(f->lists, &event, NULL), 0);
}

static void what_leaves_first_lay_at_the_end_that_it_left(void **state)
{
	struct fixture *f = *state;

	tell(f, MMR_EVENT_MM_PAGE_ALLOC, 0, FIRST + 10, 0, MM_MOVABLE);
	tell(f, MMR_EVENT_MM_PAGE_PCPU_DRAIN, 0, FIRST + 20, 0, MM_MOVABLE);
	tell(f, MMR_EVENT_MM_PAGE_ALLOC, 0, FIRST + 12, 1, MM_UNMOVABLE);
	tell(f, MMR_EVENT_MM_PAGE_PCPU_DRAIN, 0, FIRST + 21, 0, MM_MOVABLE);
	/* Named before, or in use, or on the free lists, or nowhere. */
	tell(f, MMR_EVENT_MM_PAGE_ALLOC, 0, FIRST + 20, 0, MM_MOVABLE);
	tell(f, MMR_EVENT_MM_PAGE_FREE, 0, FIRST + 30, 0, 0);
	tell(f, MMR_EVENT_MM_PAGE_ALLOC, 0, FIRST + 30, 0, MM_MOVABLE);
	tell(f, MMR_EVENT_MM_PAGE_ALLOC, 0, FIRST + 1, 0, MM_MOVABLE);
	tell(f, MMR_EVENT_MM_PAGE_ALLOC, 0, MMR_PFN_NONE, 0, MM_MOVABLE);
	tell(f, MMR_EVENT_MM_PAGE_ALLOC, 0, FIRST + 2047, 1, MM_MOVABLE);
	assert_int_equal(replay_lists_take(f->lists, &f->start, NULL), 0);
	assert_int_equal(f->start.nr_listed, 4);
	assert_int_equal(f->start.listed[0].pfn, FIRST + 10);
	assert_int_equal(f->start.listed[1].pfn, FIRST + 12);
	assert_int_equal(f->start.listed[1].order, 1);
	assert_int_equal(f->start.listed[1].type, MM_UNMOVABLE);
	assert_int_equal(f->start.listed[2].pfn, FIRST + 21);
	assert_int_equal(f->start.listed[3].pfn, FIRST + 20);
}

static void what_another_cpu_drained_goes_where_pages_lack(void **state)
{
	struct fixture *f = *state;

	f->pcps[0].count = 1;
	f->pcps[1].count = 2;
	f->start.pcps = f->pcps;
	for (uint32_t i = 0; i < 3; i++)
		tell(f, MMR_EVENT_MM_PAGE_PCPU_DRAIN, 0, FIRST + 20 + i, 0, MM_MOVABLE);
	assert_int_equal(replay_lists_take(f->lists, &f->start, NULL), 0);
	assert_int_equal(f->start.listed[0].cpu, 0);
	assert_int_equal(f->start.listed[1].cpu, 1);
	assert_int_equal(f->start.listed[2].cpu, 1);
}

static void free_blocks_learn_their_turn(void **state)
{
	struct fixture *f = *state;

	tell(f, MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED, 0, FIRST + 6, 0, MM_MOVABLE);
	tell(f, MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED, 0, FIRST + 0x500, 3, MM_MOVABLE);
	tell(f, MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED, 0, FIRST + 5, 0, MM_MOVABLE);
	assert_int_equal(f->blocks[0].pfn, FIRST + 1);
	assert_int_equal(f->blocks[0].use, 0);
	assert_int_equal(f->blocks[1].use, 1);
	assert_int_equal(f->blocks[2].use, 2);
}

static void pageblocks_have_the_type_of_the_first_list(void **state)
{
	struct fixture *f = *state;
	uint32_t block = FIRST / 512;

	tell(f, MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED, 0, FIRST + 1, 0, MM_UNMOVABLE);
	tell(f, MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED, 0, FIRST + 4, 0, MM_RECLAIMABLE);
	/* Since 6.10 a claim is told after the page has gone from the new type's list. */
	tell(f, MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED, 0, FIRST + 0x400, 0, MM_UNMOVABLE);
	tell_fallback(f, FIRST + 0x400, 9, MM_RECLAIMABLE);
	tell(f, MMR_EVENT_MM_PAGE_PCPU_DRAIN, 0, FIRST + 0x600, 0, MM_UNMOVABLE);
	assert_int_equal(replay_lists_take(f->lists, &f->start, NULL), 0);
	assert_int_equal(f->types[block], MM_UNMOVABLE);
	assert_int_equal(f->types[block + 1], MM_MOVABLE);
	assert_int_equal(f->types[block + 2], MM_RECLAIMABLE);
	assert_int_equal(f->types[block + 3], MM_UNMOVABLE);
}

static void a_claim_tells_of_all_its_pageblocks(void **state)
{
	struct fixture *f = *state;
	uint32_t block = FIRST / 512;

	tell_fallback(f, FIRST, 10, MM_MOVABLE);
	tell(f, MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED, 0, FIRST + 0x200, 0, MM_UNMOVABLE);
	tell_fallback(f, FIRST + 0x400, 8, MM_RECLAIMABLE);
	tell(f, MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED, 0, FIRST + 0x600, 0, MM_UNMOVABLE);
	assert_int_equal(replay_lists_take(f->lists, &f->start, NULL), 0);
	assert_int_equal(f->types[block], MM_MOVABLE);
	assert_int_equal(f->types[block + 1], MM_MOVABLE);
	assert_int_equal(f->types[block + 2], MM_RECLAIMABLE);
	assert_int_equal(f->types[block + 3], MM_UNMOVABLE);
}

static void what_lay_above_has_gone_in_silence(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 4; i++)
		tell(f, MMR_EVENT_MM_PAGE_FREE, 0, FIRST + 40 + i, 0, 0);
	tell(f, MMR_EVENT_MM_PAGE_FREE, 1, FIRST + 50, 0, 0);
	tell(f, MMR_EVENT_MM_PAGE_ALLOC, 0, FIRST + 41, 0, MM_MOVABLE);
	/* 43 and 42 went then. Of them 42 is freed; 43 was on the free lists after all. */
	tell(f, MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED, 0, FIRST + 43, 0, MM_MOVABLE);
	tell(f, MMR_EVENT_MM_PAGE_FREE, 1, FIRST + 42, 0, 0);
	replay_bulk_take(f->bulk, &f->start);
	assert_int_equal(f->start.nr_bulk_takes, 1);
	assert_int_equal(f->start.bulk_takes[0].pfn, FIRST + 42);
	assert_int_equal(f->start.bulk_takes[0].t_ns, 6);
}

static void a_refilled_list_was_empty(void **state)
{
	struct fixture *f = *state;

	tell(f, MMR_EVENT_MM_PAGE_FREE, 0, FIRST + 40, 0, 0);
	tell(f, MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED, 0, FIRST + 0x400, 0, MM_MOVABLE);
	tell(f, MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED, 0, FIRST + 0x401, 0, MM_MOVABLE);
	tell(f, MMR_EVENT_MM_PAGE_ALLOC, 0, FIRST + 0x400, 0, MM_MOVABLE);
	tell(f, MMR_EVENT_MM_PAGE_FREE, 0, FIRST + 40, 0, 0);
	tell(f, MMR_EVENT_MM_PAGE_FREE, 0, FIRST + 0x401, 0, 0);
	tell(f, MMR_EVENT_MM_PAGE_ALLOC, 0, MMR_PFN_NONE, 0, MM_MOVABLE);
	replay_bulk_take(f->bulk, &f->start);
	assert_int_equal(f->start.nr_bulk_takes, 1);
	assert_int_equal(f->start.bulk_takes[0].pfn, FIRST + 40);
	assert_int_equal(f->start.bulk_takes[0].t_ns, 2);
}

/* A page of the first batch that was not allocated since had waited before; of later batches all are new. */
static void the_first_batch_tells_who_waited(void **state)
{
	struct fixture *f = *state;

	tell(f, MMR_EVENT_MM_PAGE_ALLOC, 0, FIRST + 40, 0, MM_MOVABLE);
	for (uint32_t i = 0; i < 3; i++) {
		const struct mmr_event joins = { .kind = MMR_EVENT_MM_LRU_INSERTION,
			                         .lru = { .pfn = FIRST + 40 + i } };

		assert_int_equal(replay_lists_event(f->lists, &joins, NULL), 0);
	}
	tell(f, MMR_EVENT_MM_PAGE_ALLOC, 0, FIRST + 50, 0, MM_MOVABLE);
	for (uint32_t i = 0; i < 2; i++) {
		const struct mmr_event joins = { .kind = MMR_EVENT_MM_LRU_INSERTION,
			                         .lru = { .pfn = FIRST + 50 + i } };

		assert_int_equal(replay_lists_event(f->lists, &joins, NULL), 0);
	}
	assert_int_equal(replay_lists_take(f->lists, &f->start, NULL), 0);
	assert_int_equal(f->start.waiting[0], 2);
	assert_int_equal(f->start.waiting[1], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define LISTS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		LISTS_TEST(what_leaves_first_lay_at_the_end_that_it_left),
		LISTS_TEST(what_another_cpu_drained_goes_where_pages_lack),
		LISTS_TEST(free_blocks_learn_their_turn),
		LISTS_TEST(pageblocks_have_the_type_of_the_first_list),
		LISTS_TEST(a_claim_tells_of_all_its_pageblocks),
		LISTS_TEST(what_lay_above_has_gone_in_silence),
		LISTS_TEST(a_refilled_list_was_empty),
		LISTS_TEST(the_first_batch_tells_who_waited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
