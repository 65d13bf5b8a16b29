/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has to wait for how much is dirty, and how the rates follow what is written. */
#include "balance_dirty_pages.c"

#include "machine.h"

#define NR_PAGES (64u * 512)
#define MS       UINT64_C(1000000)

static const struct mm_request user = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

struct bench {
	struct mm_machine *machine;
	struct mm_dirtier dirtier;
	uint64_t now_ns;
	uint32_t page;
};

static uint64_t clock_ns(void *data)
{
	return ((const struct bench *)data)->now_ns;
}

static struct bench *new_bench(void)
{
	static struct bench bench;

	bench = (struct bench){ .machine = machine_new(NR_PAGES, 1, 0, NULL), .now_ns = 1000 * MS };
	bench.machine->hooks.now_ns = clock_ns;
	bench.machine->hooks.data = &bench;
	machine_all_free(bench.machine);
	assert_int_equal(mm_reserve_lpages(bench.machine, NR_PAGES, NULL), 0);
	return &bench;
}

static void end(struct bench *b)
{
	machine_check(b->machine);
	mm_machine_destroy(b->machine);
}

/* The task writes a page; what it has to wait. */
static uint64_t dirty(struct bench *b)
{
	assert_int_not_equal(
		mm_touch_page(b->machine, &user, b->page++, MM_LPAGE_FILE, MM_TOUCH_WRITE),
		MM_TOUCH_FAILED);
	return mm_balance_dirty_pages(b->machine, &b->dirtier, 1);
}

/* How many pages it writes until it has to wait, the device standing still. */
static uint32_t pages_until_pause(struct bench *b, uint64_t *pause_ns)
{
	uint32_t nr = 0;

	while ((*pause_ns = dirty(b)) == 0 && nr < NR_PAGES / 2)
		nr++;
	return nr;
}

static void nobody_waits_below_the_middle(void **state)
{
	struct bench *b = new_bench();
	uint64_t pause_ns, freerun;
	uint32_t nr = pages_until_pause(b, &pause_ns);
	struct mm_dirty_limits limits = mm_dirty_limits(b->machine);

	(void)state;
	freerun = (limits.background + limits.dirty) / 2;
	assert_in_range(nr, freerun, larger(limits.dirty, b->machine->writeback.rate.limit));
	assert_in_range(pause_ns, MS, 200 * MS);
	end(b);
}

/* At the limit a task does nothing but wait; what it does meanwhile in a recording does not make it wait twice. */
static void at_the_limit_all_wait(void **state)
{
	struct bench *b = new_bench();
	uint64_t pause_ns = 0, waited_ns = 0, begin_ns;

	(void)state;
	while (b->machine->nr_dirty + b->machine->nr_writeback < b->machine->writeback.rate.limit ||
	       b->machine->writeback.rate.limit == 0) {
		b->now_ns += pause_ns;
		pause_ns = dirty(b);
	}
	b->now_ns += pause_ns;
	begin_ns = b->now_ns;
	for (uint32_t nr = 0; nr < 1000; nr++) {
		waited_ns += dirty(b);
		b->now_ns += MS;
	}
	assert_in_range(waited_ns, b->now_ns - begin_ns - 100 * MS,
	                b->now_ns - begin_ns + 200 * MS);
	end(b);
}

/* 2 where the free run ends, 1 at the setpoint, 0 at the limit. */
static void position_between_free_run_and_limit(void **state)
{
	(void)state;
	assert_int_equal(pos_ratio_polynom(3000, 3000, 4000), 1 << RATIO_SHIFT);
	assert_in_range(pos_ratio_polynom(3000, 2000, 4000), (2 << RATIO_SHIFT) - 8,
	                2 << RATIO_SHIFT);
	assert_in_range(pos_ratio_polynom(3000, 4000, 4000), 0, 8);
	assert_int_equal(pos_ratio_polynom(3000, 5000, 4000), 0);
	assert_int_equal(pos_ratio_polynom(3000, 0, 4000), 2 << RATIO_SHIFT);
}

/* So many pages are written each 10 ms. */
static void write_for(struct bench *b, uint32_t nr_rounds, uint32_t nr_pages)
{
	for (uint32_t i = 0; i < nr_rounds; i++) {
		b->now_ns += 10 * MS;
		b->machine->writeback.nr_files_written += nr_pages;
		/* Somebody has work for the device. */
		b->machine->writeback.queues[MM_WRITE_FILE].count++;
		mm_update_bandwidth(b->machine);
		b->machine->writeback.queues[MM_WRITE_FILE].count--;
	}
}

static void bandwidth_follows_what_is_written(void **state)
{
	struct bench *b = new_bench();
	const struct mm_dirty_rate *rate = &b->machine->writeback.rate;

	(void)state;
	mm_update_bandwidth(b->machine);
	assert_int_equal(rate->avg_write_bandwidth, INIT_BANDWIDTH);
	write_for(b, 2000, 10); /* 1000 pages a second for 20 s */
	assert_in_range(rate->write_bandwidth, 950, 1300);
	assert_in_range(rate->avg_write_bandwidth, 950, 2000);
	end(b);
}

/* Writers of a device that is slower than they are: their rate comes down to its. */
static void rate_of_a_writer_comes_down(void **state)
{
	struct bench *b = new_bench();
	const struct mm_writeback *wb = &b->machine->writeback;
	uint64_t pause_ns, begin_ns, credit = 0;
	uint32_t nr = 0;

	(void)state;
	pages_until_pause(b, &pause_ns);
	begin_ns = b->now_ns;
	while (b->now_ns - begin_ns < 10000 * MS) {
		uint64_t step_ns = 10000 + dirty(b);

		nr++;
		/* Each page anew: as if written over. */
		if (b->page == NR_PAGES / 2)
			b->page = 0;
		b->now_ns += step_ns;
		for (credit += step_ns; credit >= 500000; credit -= 500000)
			mm_end_write(b->machine, MM_WRITE_FILE);
	}
	/* 2000 pages a second were written. */
	assert_in_range(nr, 10 * 1500, 10 * 3000);
	assert_in_range(wb->rate.avg_write_bandwidth, 1000, 6000);
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_waits_below_the_middle),
		cmocka_unit_test(at_the_limit_all_wait),
		cmocka_unit_test(position_between_free_run_and_limit),
		cmocka_unit_test(bandwidth_follows_what_is_written),
		cmocka_unit_test(rate_of_a_writer_comes_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
