/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How fast files were written, from made-up looks at how much is dirty. */
#include "unit.h"

#include "file_device.h"

#define MS UINT64_C(1000000)

static struct mmr_event event_at(uint64_t t_ns, uint16_t kind, uint64_t nr_dirty)
{
	return (struct mmr_event){ .t_ns = t_ns,
		                   .kind = kind,
		                   .balance_dirty = { .dirty = nr_dirty, .limit = 4000 } };
}

/* Looks every 10 ms from begin on; nr_dirtied pages become dirty and nr_written are written each time. */
static void look(struct replay_file_device *device, uint64_t begin_ns, uint32_t nr_looks,
                 uint32_t nr_dirtied, uint32_t nr_written)
{
	uint64_t nr_dirty = 100000;

	for (uint32_t i = 0; i < nr_looks; i++) {
		struct mmr_event event =
			event_at(begin_ns + i * 10 * MS, MMR_EVENT_BALANCE_DIRTY_PAGES, nr_dirty);

		replay_file_device_event(device, &event);
		event = event_at(event.t_ns + 1, MMR_EVENT_WRITEBACK_DIRTY_FOLIO, 0);
		for (uint32_t page = 0; page < nr_dirtied; page++)
			replay_file_device_event(device, &event);
		nr_dirty += nr_dirtied;
		nr_dirty -= nr_written;
	}
}

/* 6.4 s: bins of 50 ms. */
static const struct replay_file_device trace = { .span.last_ns = 6400 * MS - 1 };

static void speed_by_time(void **state)
{
	struct replay_file_device device = trace;

	(void)state;
	look(&device, 1000 * MS, 11, 30, 100);  /* 100 us a page, for 100 ms */
	look(&device, 2000 * MS, 51, 500, 400); /* 25 us a page, for 500 ms */
	look(&device, 3000 * MS, 11, 10, 0);    /* nothing was written */
	assert_int_equal(replay_file_device_ns(&device), 25000);
	assert_int_equal(replay_file_device_at(&device, 1075 * MS, 1), 100000);
	assert_int_equal(replay_file_device_at(&device, 2300 * MS, 1), 25000);
	assert_in_range(replay_file_device_at(&device, 3075 * MS, 1), 50 * MS, 50 * MS);
	/* Nobody looked. */
	assert_int_equal(replay_file_device_at(&device, 1500 * MS, 1), 1);
	assert_int_equal(replay_file_device_at(&device, 99999 * MS, 1), 1);
	assert_int_equal(device.limit, 4000);
}

static void too_little_is_known(void **state)
{
	struct replay_file_device device = trace;
	struct mmr_event lost = { .kind = MMR_EVENT_LOST };

	(void)state;
	look(&device, 1000 * MS, 11, 30, 100);
	assert_int_equal(replay_file_device_ns(&device), 0);
	/* Too far apart, and over a hole. */
	for (uint32_t i = 0; i < 4; i++)
		look(&device, 2000 * MS + i * 30 * MS, 1, 0, 9999);
	look(&device, 4000 * MS, 1, 0, 0);
	replay_file_device_event(&device, &lost);
	look(&device, 4010 * MS, 1, 0, 0);
	for (uint32_t i = 0; i < REPLAY_FILE_DEVICE_BINS; i++)
		assert_true(device.bins[i].ns == 0 || (i >= 20 && i <= 22));
}

/* The device may have rested between looks far apart, but was no slower than what it wrote. */
static void far_apart(void **state)
{
	struct replay_file_device device = trace;
	struct mmr_event event;

	(void)state;
	look(&device, 1000 * MS, 51, 0, 100); /* 100 us a page, for 500 ms */
	event = event_at(1530 * MS, MMR_EVENT_BALANCE_DIRTY_PAGES, 94000);
	replay_file_device_event(&device, &event);
	assert_int_equal(replay_file_device_ns(&device), 100000); /* 1000 pages tell nothing */
	event = event_at(1630 * MS, MMR_EVENT_BALANCE_DIRTY_PAGES, 85000);
	replay_file_device_event(&device, &event);
	assert_int_equal(replay_file_device_ns(&device), 13000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speed_by_time),
		cmocka_unit_test(too_little_is_known),
		cmocka_unit_test(far_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
