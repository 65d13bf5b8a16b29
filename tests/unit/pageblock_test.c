/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <math.h>

#include "pageblock.h"

static struct pageblock block(uint16_t free, uint16_t movable, uint16_t other, uint8_t migratetype,
                              uint8_t largest_order)
{
	return (struct pageblock){ free, movable, other, migratetype, largest_order };
}

static void unpacks_little_endian(void **state)
{
	const uint8_t record[PAGEBLOCK_RECORD] = { 0x01, 0x02, 0xff, 0x00, 0x10, 0x80, 2, 255 };
	struct pageblock unpacked = pageblock_unpack(record);

	(void)state;
	assert_int_equal(unpacked.free, 0x201);
	assert_int_equal(unpacked.movable, 0xff);
	assert_int_equal(unpacked.other, 0x8010);
	assert_int_equal(unpacked.migratetype, 2);
	assert_int_equal(unpacked.largest_order, NO_FREE_ORDER);
	assert_false(pageblock_absent(&unpacked));
}

static void kinds(void **state)
{
	static const struct {
		struct pageblock block;
		enum block_kind kind;
	} cases[] = {
		{ { 512, 0, 0, 1, 9 }, KIND_FREE },
		{ { 512, 0, 0, 0, 9 }, KIND_FREE },
		{ { 12, 500, 0, 1, 2 }, KIND_MOVABLE },
		{ { 12, 460, 40, 1, 2 }, KIND_MIXED },
		{ { 0, 0, 512, 0, 255 }, KIND_UNMOVABLE },
		{ { 1, 500, 11, 0, 0 }, KIND_UNMOVABLE },
		{ { 0, 0, 512, 2, 255 }, KIND_RECLAIMABLE },
		{ { 512, 0, 0, 3, 9 }, KIND_HIGHATOMIC },
		{ { 0, 512, 0, 4, 255 }, KIND_CMA },
		{ { 1, 1, 510, 5, 0 }, KIND_ISOLATE },
		{ { 0, 512, 0, 200, 255 }, KIND_MOVABLE },
		{ { 0, 0, 512, 1, 255 }, KIND_UNMOVABLE },
		{ { 0, 1, 511, 1, 255 }, KIND_MIXED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(pageblock_kind(&cases[i].block), cases[i].kind);
}

static void cells_weigh_by_pages(void **state)
{
	const struct pageblock empty = block(512, 0, 0, 1, 9), full = block(0, 500, 12, 1, 255);
	const struct pageblock hole = block(0, 0, 0, 0, 255), half = block(128, 128, 0, 1, 7);
	struct cell cell = { 0 }, twice = { 0 };

	(void)state;
	cell_add(&cell, &hole);
	assert_int_equal(cell.blocks, 0);
	assert_true(cell_order(&cell) < 0 && fabs(cell_free(&cell)) < 1e-12);
	cell_add(&cell, &empty);
	cell_add(&cell, &full);
	cell_add(&cell, &half);
	assert_true(fabs(cell_free(&cell) - 640.0 / 1280) < 1e-12);
	assert_true(fabs(cell_order(&cell) - 8) < 1e-12); /* full ones have no largest block */
	cell_merge(&twice, &cell);
	cell_merge(&twice, &cell);
	assert_int_equal(twice.blocks, 6);
	assert_true(fabs(cell_free(&twice) - cell_free(&cell)) < 1e-12);
}

static void the_most_frequent_kind_wins(void **state)
{
	const struct pageblock movable = block(0, 512, 0, 1, 255);
	const struct pageblock unmovable = block(0, 0, 512, 0, 255), empty = block(512, 0, 0, 1, 9);
	struct cell cell = { 0 };

	(void)state;
	cell_add(&cell, &unmovable);
	cell_add(&cell, &empty);
	assert_int_equal(cell_kind(&cell), KIND_FREE);
	cell_add(&cell, &movable);
	cell_add(&cell, &movable);
	assert_int_equal(cell_kind(&cell), KIND_MOVABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unpacks_little_endian),
		cmocka_unit_test(kinds),
		cmocka_unit_test(cells_weigh_by_pages),
		cmocka_unit_test(the_most_frequent_kind_wins),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
