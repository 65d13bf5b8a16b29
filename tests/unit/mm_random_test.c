/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random demand against every policy: whatever comes, in whatever order, the machine's books balance, and
 * the same seed gives the same machine. The seed of a failing run is in its message.
 */
#include "machine.h"

#define NR_LPAGES 6000u
#define NR_OPS    60000u

struct run {
	struct mm_machine *machine;
	struct rng rng;
	uint64_t results; /* a hash of everything that came back */
};

/* Areas of base pages that can be one page. */
static bool may_be_whole(uint32_t page)
{
	return page / 512 % 3 == 0 && page < NR_LPAGES / 512 * 512;
}

static enum mm_lpage_kind kind_of(uint32_t page)
{
	static const enum mm_lpage_kind kinds[] = { MM_LPAGE_ANON,  MM_LPAGE_ANON, MM_LPAGE_ANON,
		                                    MM_LPAGE_FILE,  MM_LPAGE_FILE, MM_LPAGE_SHMEM,
		                                    MM_LPAGE_KERNEL };

	if (may_be_whole(page))
		return page / 512 % 2 ? MM_LPAGE_ANON : MM_LPAGE_SHMEM;
	return kinds[page % 7];
}

static uint8_t order_of(uint32_t page)
{
	if (kind_of(page) != MM_LPAGE_KERNEL && !may_be_whole(page))
		return 0;
	if (page % 61 == 0)
		return 9;
	if (page % 13 == 0)
		return (uint8_t)(page % 4);
	return 0;
}

static void random_op(struct run *run)
{
	struct mm_machine *machine = run->machine;
	uint32_t page = base_rng_below(&run->rng, NR_LPAGES);
	enum mm_lpage_kind kind = kind_of(page);
	struct mm_request request = {
		.gfp_flags = kind == MM_LPAGE_KERNEL ? MM_GFP_KERNEL : MM_GFP_HIGHUSER_MOVABLE,
		.cpu = (uint16_t)base_rng_below(&run->rng, 4),
		.order = order_of(page),
	};
	uint32_t what = base_rng_below(&run->rng, 100);

	if (kind != MM_LPAGE_KERNEL)
		page &= ~((1u << request.order) - 1);
	if (what < 70)
		run->results = run->results * 31 + mm_touch_page(machine, &request, page, kind,
		                                                 base_rng_below(&run->rng, 16));
	else if (what < 84)
		run->results =
			run->results * 31 + mm_free_base(machine, request.cpu, page, request.order);
	else if (what < 86)
		mm_lazyfree_page(machine, 0, page);
	else if (what < 88)
		mm_dirty_page(machine, page);
	else if (what < 89)
		mm_lock_page(machine, page, base_rng_below(&run->rng, 4) == 0);
	else if (what < 92 && kind == MM_LPAGE_ANON)
		run->results =
			run->results * 31 +
			mm_copy_page(machine, &request, page, base_rng_below(&run->rng, NR_LPAGES),
		                     base_rng_below(&run->rng, 2) ? MM_TOUCH_LEAVES : 0);
	else if (what < 96)
		mm_kswapd_step(machine, 0);
	else if (what < 97)
		mm_kswapd_nap_over(machine, 0);
	else if (what < 98)
		mm_vmstat_update(machine, request.cpu);
	else if (what < 99)
		mm_rename_page(machine, page, base_rng_below(&run->rng, NR_LPAGES));
	else
		mm_end_writeback(machine, base_rng_below(&run->rng, 64));
}

static uint64_t run_random(const struct mm_policy_ops *policy, uint64_t seed, uint32_t nr_pages)
{
	struct run run = { .machine = machine_new(nr_pages, 4, 3000, policy) };
	struct mmr_error err = { 0 };

	base_rng_init(&run.rng, seed);
	machine_all_free(run.machine);
	assert_int_equal(mm_reserve_lpages(run.machine, NR_LPAGES, NULL), 0);
	for (uint32_t i = 0; i < NR_OPS; i++) {
		random_op(&run);
		if (i % 997 == 0 && mm_check(run.machine, &err) < 0)
			fail_msg("%s, seed %llu, op %u: %s", policy->name, (unsigned long long)seed,
			         i, err.text);
	}
	for (uint32_t page = 0; page < NR_LPAGES; page++)
		mm_free_lpage(run.machine, 0, page);
	mm_drain_all_pages(run.machine);
	machine_check(run.machine);
	assert_int_equal(run.machine->zones[0].free_pages, nr_pages);
	assert_int_equal(run.machine->swap.nr_used, run.machine->swap.nr_cached);
	for (uint32_t i = 0; i < MM_NR_VMSTAT_ITEMS; i++)
		run.results = run.results * 31 + mm_vmstat_value(run.machine, i);
	mm_machine_destroy(run.machine);
	return run.results;
}

static void the_books_balance_under_every_policy(void **state)
{
	(void)state;
	for (unsigned int i = 0; policy_at(i); i++) {
		for (uint64_t seed = 1; seed <= 3; seed++)
			run_random(policy_at(i), seed, 512u * (7 + (uint32_t)seed));
	}
}

static void the_same_seed_gives_the_same_machine(void **state)
{
	(void)state;
	for (unsigned int i = 0; policy_at(i); i++) {
		uint64_t first = run_random(policy_at(i), 42, 512u * 8);

		assert_true(first == run_random(policy_at(i), 42, 512u * 8));
		assert_true(first != run_random(policy_at(i), 43, 512u * 8));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_books_balance_under_every_policy),
		cmocka_unit_test(the_same_seed_gives_the_same_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
