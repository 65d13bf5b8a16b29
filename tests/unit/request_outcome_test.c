/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What would have become of a request, in a zone of which all is known. */
#include "unit.h"

#include "request_outcome.h"

/* min 100, low 125; all that is free as given: 2^order pages x blocks of a type. */
static struct outcome_zone zone_with(uint32_t order, uint32_t type, uint32_t blocks, int room)
{
	struct outcome_zone zone = {
		.wmark_min = 100, .wmark_low = 125, .room = room, .extfrag_threshold = 500
	};

	zone.blocks[order][type] = blocks;
	return zone;
}

static void at_once(void **state)
{
	struct outcome_zone zone = zone_with(4, MM_MOVABLE, 100, 9);

	(void)state;
	assert_int_equal(replay_request_outcome(&zone, 4, MM_MOVABLE), OUTCOME_OWN);
	assert_int_equal(replay_request_outcome(&zone, 0, MM_MOVABLE), OUTCOME_OWN);
	assert_int_equal(replay_request_outcome(&zone, 4, MM_UNMOVABLE), OUTCOME_FALLBACK);
	zone.blocks[5][MM_UNMOVABLE] = 1;
	assert_int_equal(replay_request_outcome(&zone, 4, MM_UNMOVABLE), OUTCOME_OWN);
}

static void watermark_and_reserve(void **state)
{
	struct outcome_zone zone = zone_with(0, MM_MOVABLE, 101, 9);

	(void)state;
	assert_int_equal(replay_request_outcome(&zone, 0, MM_MOVABLE), OUTCOME_OWN);
	zone.blocks[0][MM_MOVABLE] = 100; /* not above it */
	assert_int_equal(replay_request_outcome(&zone, 0, MM_MOVABLE), OUTCOME_MEMORY);
	zone.blocks[0][MM_MOVABLE] = 101;
	zone.reserve = 1;
	assert_int_equal(replay_request_outcome(&zone, 0, MM_MOVABLE), OUTCOME_MEMORY);
	/* 2^order - 1 more than for a page. */
	zone = zone_with(3, MM_MOVABLE, 13, 9); /* 104 */
	assert_int_equal(replay_request_outcome(&zone, 2, MM_MOVABLE), OUTCOME_OWN);
	assert_int_equal(replay_request_outcome(&zone, 3, MM_MOVABLE), OUTCOME_MEMORY);
}

static void cma_and_the_reserve_for_atomics(void **state)
{
	struct outcome_zone zone = zone_with(9, MM_CMA, 10, 9);

	(void)state;
	assert_int_equal(replay_request_outcome(&zone, 9, MM_MOVABLE), OUTCOME_OWN);
	/* Compaction counts what is free there, but there is a block already: nothing speaks against it but the list. */
	assert_int_equal(replay_request_outcome(&zone, 9, MM_UNMOVABLE), OUTCOME_COMPACTION);
	zone = zone_with(9, MM_HIGHATOMIC, 10, 9);
	assert_int_equal(replay_request_outcome(&zone, 0, MM_MOVABLE), OUTCOME_MEMORY);
}

static void compaction_helps(void **state)
{
	struct outcome_zone zone = zone_with(0, MM_MOVABLE, 3000, 9);

	(void)state;
	/* Single pages: the index is 1000 - (1000 + 3000 * 1000 / 512) / 3000 = 998. */
	assert_int_equal(replay_request_outcome(&zone, 9, MM_MOVABLE), OUTCOME_COMPACTION);
	assert_int_equal(replay_request_outcome(&zone, 9, MM_RECLAIMABLE), OUTCOME_COMPACTION);
	assert_int_equal(replay_request_outcome(&zone, 10, MM_MOVABLE), OUTCOME_PINNED);
	zone.room = 8;
	assert_int_equal(replay_request_outcome(&zone, 9, MM_MOVABLE), OUTCOME_PINNED);
	assert_int_equal(replay_request_outcome(&zone, 8, MM_MOVABLE), OUTCOME_COMPACTION);
	zone.room = -1;
	assert_int_equal(replay_request_outcome(&zone, 1, MM_MOVABLE), OUTCOME_PINNED);
}

static void compaction_needs_memory(void **state)
{
	/* Of order 9: more than low + 2 * 512 = 1149; of order 3: more than min + 16. */
	struct outcome_zone zone = zone_with(0, MM_MOVABLE, 1149, 9);

	(void)state;
	assert_int_equal(replay_request_outcome(&zone, 9, MM_MOVABLE), OUTCOME_MEMORY);
	zone.blocks[0][MM_MOVABLE]++;
	assert_int_equal(replay_request_outcome(&zone, 9, MM_MOVABLE), OUTCOME_COMPACTION);
	zone.blocks[0][MM_MOVABLE] = 116;
	assert_int_equal(replay_request_outcome(&zone, 3, MM_MOVABLE), OUTCOME_MEMORY);
	zone.blocks[0][MM_MOVABLE] = 117;
	assert_int_equal(replay_request_outcome(&zone, 3, MM_MOVABLE), OUTCOME_COMPACTION);
}

static void the_kernel_blames_lack_of_memory(void **state)
{
	/* 5 blocks of order 8: the index is 1000 - (1000 + 1280 * 1000 / 512) / 5 = 300. */
	struct outcome_zone zone = zone_with(8, MM_MOVABLE, 5, 9);

	(void)state;
	assert_int_equal(replay_request_outcome(&zone, 9, MM_MOVABLE), OUTCOME_MEMORY);
	zone.extfrag_threshold = 299;
	assert_int_equal(replay_request_outcome(&zone, 9, MM_MOVABLE), OUTCOME_COMPACTION);
	zone.extfrag_threshold = 300;
	assert_int_equal(replay_request_outcome(&zone, 9, MM_MOVABLE), OUTCOME_MEMORY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_once),
		cmocka_unit_test(watermark_and_reserve),
		cmocka_unit_test(cma_and_the_reserve_for_atomics),
		cmocka_unit_test(compaction_helps),
		cmocka_unit_test(compaction_needs_memory),
		cmocka_unit_test(the_kernel_blames_lack_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
