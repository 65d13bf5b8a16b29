/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When writes to swap were done, from made-up batches of reclaim. */
#include "unit.h"

#include "swap_device.h"

#define MS     UINT64_C(1000000)
#define KSWAPD 40

struct fixture {
	struct replay_swap_device *device;
	struct replay_swap_meter *meter;
};

static void see(struct fixture *f, struct mmr_event event)
{
	replay_swap_meter_event(f->meter, f->device, &event);
}

static void batch(struct fixture *f, uint64_t t_ns, int lru)
{
	see(f, (struct mmr_event){ .t_ns = t_ns,
	                           .kind = MMR_EVENT_MM_VMSCAN_LRU_ISOLATE,
	                           .pid = KSWAPD,
	                           .lru_isolate = { .nr_taken = 32, .lru = lru } });
}

static void batch_end(struct fixture *f, uint64_t t_ns)
{
	see(f, (struct mmr_event){ .t_ns = t_ns,
	                           .kind = MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE,
	                           .pid = KSWAPD });
}

static void write_page(struct fixture *f, uint64_t t_ns, uint64_t pfn)
{
	see(f, (struct mmr_event){ .t_ns = t_ns,
	                           .kind = MMR_EVENT_MM_VMSCAN_WRITE_FOLIO,
	                           .pid = KSWAPD,
	                           .write_folio = { .pfn = pfn, .reclaim_flags = 1 } });
}

static void free_page(struct fixture *f, uint64_t t_ns, uint64_t pfn, uint32_t pid)
{
	see(f, (struct mmr_event){ .t_ns = t_ns,
	                           .kind = MMR_EVENT_MM_PAGE_FREE,
	                           .pid = pid,
	                           .page = { .pfn = pfn } });
}

/* Each batch writes one page and frees the one that was written delay batches before; a batch every ms. */
static void run(struct fixture *f, uint64_t begin_ns, uint32_t nr, uint32_t delay)
{
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t t_ns = begin_ns + i * MS;

		batch(f, t_ns, 0);
		if (i >= delay)
			free_page(f, t_ns + 1000, i - delay, KSWAPD);
		write_page(f, t_ns + 2000, i);
		batch_end(f, t_ns + 3000);
	}
}

static int setup_of(void **state, uint32_t nr_cpus, bool generations)
{
	static struct fixture f;

	/* Parts of 2 ms. */
	f.device = replay_swap_device_create(0, 4096 * MS - 1);
	assert_non_null(f.device);
	f.meter = replay_swap_meter_create(nr_cpus, generations);
	assert_non_null(f.meter);
	*state = &f;
	return 0;
}

/* No CPU has a batch of pages on their way. */
static int setup(void **state)
{
	return setup_of(state, 0, false);
}

static int setup_cpu(void **state)
{
	return setup_of(state, 1, false);
}

static int setup_cpus(void **state)
{
	return setup_of(state, 2, false);
}

static int setup_generations(void **state)
{
	return setup_of(state, 0, true);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	replay_swap_meter_destroy(f->meter);
	replay_swap_device_destroy(f->device);
	return 0;
}

static void stands_still(void **state)
{
	struct fixture *f = *state;

	/* 200 pages in 200 ms, of which none is found before; then all of them. */
	for (uint32_t i = 0; i < 201; i++) {
		batch(f, 1000 * MS + i * MS, 0);
		if (i == 200)
			free_page(f, 1200 * MS + 1000, 1199, KSWAPD);
		write_page(f, 1000 * MS + i * MS + 2000, 1000 + i);
		batch_end(f, 1000 * MS + i * MS + 3000);
	}
	replay_swap_device_finish(f->device);
	assert_int_equal(replay_swap_device_held(f->device, 0, 999 * MS), 0);
	assert_int_equal(replay_swap_device_held(f->device, 0, 1000 * MS), 1199 * MS);
	assert_int_equal(replay_swap_device_held(f->device, 0, 1100 * MS), 1199 * MS);
	/* Nor is it done with what is begun last. */
	assert_int_equal(replay_swap_device_held(f->device, 0, 1198 * MS), 1199 * MS);
	assert_int_equal(replay_swap_device_held(f->device, 0, 1199 * MS), 0);
}

static void slow_but_steady(void **state)
{
	struct fixture *f = *state;

	run(f, 100 * MS, 400, 15);
	run(f, 1000 * MS, 400, 30);
	replay_swap_device_finish(f->device);
	assert_int_equal(replay_swap_device_held(f->device, 0, 200 * MS), 0);
	/* What was written at 1,103.002 ms was not found at 1,132, but was at 1,133. */
	assert_int_equal(replay_swap_device_held(f->device, 0, 1102 * MS), 1132 * MS);
}

static void nobody_looked(void **state)
{
	struct fixture *f = *state;

	run(f, 100 * MS, 400, 2);
	write_page(f, 1000 * MS, 5000);
	write_page(f, 1001 * MS, 5001);
	/* Half a second later two batches, the second of which finds it: it tells of no half second. */
	batch(f, 1500 * MS, 0);
	batch_end(f, 1500 * MS + 1);
	batch(f, 1501 * MS, 0);
	free_page(f, 1501 * MS + 1, 5001, KSWAPD);
	replay_swap_device_finish(f->device);
	assert_int_equal(replay_swap_device_held(f->device, 0, 1000 * MS), 0);
}

/* A batch each 40 ms, the last of which finds all that was written before; of each nr_reclaimed are free. */
static uint64_t held_by_slow_batches(struct fixture *f, uint32_t nr_writes, uint32_t nr_reclaimed)
{
	for (uint32_t i = 0; i < nr_writes; i++)
		write_page(f, 970 * MS + i, 5000 + i);
	for (uint32_t i = 0; i < 20; i++) {
		batch(f, 1000 * MS + i * 40 * MS, 0);
		if (i == 19)
			free_page(f, 1760 * MS + 1, 5000 + nr_writes - 1, KSWAPD);
		see(f, (struct mmr_event){ .t_ns = 1000 * MS + i * 40 * MS + 2,
		                           .kind = MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE,
		                           .pid = KSWAPD,
		                           .shrink_inactive.nr_reclaimed = nr_reclaimed });
	}
	replay_swap_device_finish(f->device);
	return replay_swap_device_held(f->device, 0, 970 * MS);
}

static void slow_batches(void **state)
{
	assert_int_equal(held_by_slow_batches(*state, 1, 0), 1720 * MS);
}

static void batches_of_other_pages(void **state)
{
	assert_int_equal(held_by_slow_batches(*state, 1, 15), 1720 * MS);
}

static void batches_of_done_pages_tell_nothing(void **state)
{
	assert_int_equal(held_by_slow_batches(*state, 1, 16), 0);
}

static void pauses_of_generations(void **state)
{
	assert_int_equal(held_by_slow_batches(*state, 1, 0), 0);
}

static void on_its_way_in_a_cpus_batch(void **state)
{
	assert_int_equal(held_by_slow_batches(*state, 30, 0), 0);
}

static void on_its_way_no_more(void **state)
{
	assert_int_equal(held_by_slow_batches(*state, 31, 0), 1720 * MS);
}

/* Nothing is found for 40 ms; last says how the page goes then. */
static uint64_t held_at_1000(struct fixture *f, void (*last)(struct fixture *f))
{
	for (uint32_t i = 0; i < 41; i++) {
		batch(f, 1000 * MS + i * MS, 0);
		if (i == 0)
			write_page(f, 1000 * MS + 1, 5000);
		batch_end(f, 1000 * MS + i * MS + 3000);
	}
	last(f);
	replay_swap_device_finish(f->device);
	return replay_swap_device_held(f->device, 0, 1000 * MS);
}

static void reclaimed(struct fixture *f)
{
	batch(f, 1041 * MS, 0);
	free_page(f, 1041 * MS + 1, 5000, KSWAPD);
}

static void exited(struct fixture *f)
{
	batch(f, 1041 * MS, 0);
	free_page(f, 1041 * MS + 1, 5000, KSWAPD + 1);
}

static void of_another_list(struct fixture *f)
{
	batch(f, 1041 * MS, 2);
	free_page(f, 1041 * MS + 1, 5000, KSWAPD);
}

static void lost(struct fixture *f)
{
	see(f, (struct mmr_event){ .t_ns = 1040 * MS + 4000, .kind = MMR_EVENT_LOST });
	reclaimed(f);
}

static void found_by_reclaim(void **state)
{
	assert_int_equal(held_at_1000(*state, reclaimed), 1040 * MS);
}

static void exit_tells_nothing(void **state)
{
	assert_int_equal(held_at_1000(*state, exited), 0);
}

static void files_tell_nothing(void **state)
{
	assert_int_equal(held_at_1000(*state, of_another_list), 0);
}

#define TASK 50

/*
 * kswapd writes 61 pages on CPU 1 at 970 ms, a task one on CPU 0; batches each ms find that one at 990 ms and kswapd's last one at
 * 1,040 ms.
 */
static void two_queues(struct fixture *f)
{
	for (uint32_t i = 0; i < 61; i++)
		see(f, (struct mmr_event){ .t_ns = 970 * MS + i,
		                           .cpu = 1,
		                           .kind = MMR_EVENT_MM_VMSCAN_WRITE_FOLIO,
		                           .pid = KSWAPD,
		                           .write_folio = { 5000 + i, .reclaim_flags = 1 } });
	see(f, (struct mmr_event){ .t_ns = 971 * MS,
	                           .kind = MMR_EVENT_MM_VMSCAN_WRITE_FOLIO,
	                           .pid = TASK,
	                           .write_folio = { 6000, .reclaim_flags = 1 } });
	for (uint32_t i = 972; i <= 1040; i++) {
		batch(f, i * MS, 0);
		if (i == 990)
			free_page(f, i * MS + 1, 6000, KSWAPD);
		if (i == 1040)
			free_page(f, i * MS + 1, 5060, KSWAPD);
		batch_end(f, i * MS + 2);
	}
	replay_swap_device_finish(f->device);
}

static void a_cpu_need_not_wait_for_another(void **state)
{
	struct fixture *f = *state;

	two_queues(f);
	assert_int_equal(replay_swap_device_held(f->device, mm_swap_queue_of(2, 1), 970 * MS),
	                 1039 * MS);
	assert_int_equal(replay_swap_device_held(f->device, mm_swap_queue_of(2, 0), 970 * MS), 0);
}

static void queues_of_cpus(void **state)
{
	(void)state;
	assert_int_not_equal(mm_swap_queue_of(2, 0), mm_swap_queue_of(2, 1));
	assert_int_equal(mm_swap_queue_of(0, 1), 0);
	for (uint16_t cpu = 0; cpu < 256; cpu++)
		assert_in_range(mm_swap_queue_of(256, cpu), 0, MM_MAX_SWAP_QUEUES - 1);
}

static void lost_events(void **state)
{
	assert_int_equal(held_at_1000(*state, lost), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(stands_still, setup, teardown),
		cmocka_unit_test_setup_teardown(slow_but_steady, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_looked, setup_cpu, teardown),
		cmocka_unit_test_setup_teardown(slow_batches, setup, teardown),
		cmocka_unit_test_setup_teardown(batches_of_other_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(batches_of_done_pages_tell_nothing, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(pauses_of_generations, setup_generations, teardown),
		cmocka_unit_test_setup_teardown(on_its_way_in_a_cpus_batch, setup_cpu, teardown),
		cmocka_unit_test_setup_teardown(on_its_way_no_more, setup_cpu, teardown),
		cmocka_unit_test_setup_teardown(found_by_reclaim, setup, teardown),
		cmocka_unit_test_setup_teardown(exit_tells_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(files_tell_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_cpu_need_not_wait_for_another, setup_cpus,
		                                teardown),
		cmocka_unit_test(queues_of_cpus),
		cmocka_unit_test_setup_teardown(lost_events, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
