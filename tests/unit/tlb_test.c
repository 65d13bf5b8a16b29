/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLBs: who is told to forget what, one by one or all, and what entries reach. */
#include "machine.h"

#define NR_PAGES (16u * 512)
#define A        1u
#define B        2u

static const struct mm_tlb_config plain = {
	.ceiling = 33,
	.arrays = { { { 64, 4 }, { 32, 4 }, { 4, 4 } }, { { 1536, 12 }, { 0, 1 }, { 16, 4 } } },
	.shared = true,
};

static struct mm_machine *new_machine(uint32_t nr_cpus, bool pcid)
{
	struct mm_machine *machine = machine_new(NR_PAGES, nr_cpus, 64, &policy_classic);
	struct mm_tlb_config config = plain;

	config.pcid = pcid;
	machine->settings.kernel = MM_KERNEL(6, 12);
	machine_all_free(machine);
	assert_int_equal(mm_tlb_enable(machine, &config, NULL), 0);
	assert_int_equal(mm_tables_enable(machine, NULL), 0);
	assert_int_equal(mm_reserve_spaces(machine, 16, NULL), 0);
	assert_int_equal(mm_reserve_lpages(machine, 2 * NR_PAGES, NULL), 0);
	return machine;
}

static uint64_t flushes(const struct mm_machine *machine, enum mm_tlb_reason reason,
                        enum mm_tlb_extent extent)
{
	uint64_t sum = 0;

	for (int cause = 0; cause < MM_NR_TLB_CAUSES; cause++)
		sum += mm_tlb_count(machine, (enum mm_tlb_cause)cause, reason, extent)->flushes;
	return sum;
}

static uint64_t all(const struct mm_machine *machine)
{
	uint64_t sum = 0;

	for (int reason = 0; reason < MM_NR_TLB_REASONS; reason++)
		for (int extent = 0; extent < MM_NR_TLB_EXTENTS; extent++)
			sum += flushes(machine, (enum mm_tlb_reason)reason,
			               (enum mm_tlb_extent)extent);
	return sum;
}

/* A thread of its own on each CPU. */
static void run(struct mm_machine *machine, uint16_t cpu, uint32_t space)
{
	mm_tlb_run(machine, cpu, 100 * space + cpu, space);
}

static void flush(struct mm_machine *machine, uint16_t cpu, uint32_t space, uint32_t nr_pages)
{
	mm_tlb_flush(machine, &(struct mm_tlb_flush){ .space = space,
	                                              .nr_pages = nr_pages,
	                                              .cpu = cpu,
	                                              .shift = 12,
	                                              .cause = MM_TLB_UNMAP });
}

static void without_pcids_every_switch_flushes(void **state)
{
	struct mm_machine *machine = new_machine(1, false);

	(void)state;
	for (int i = 0; i < 3; i++) {
		run(machine, 0, A);
		run(machine, 0, A);
		mm_tlb_run(machine, 0, 0, 0); /* a thread of the kernel, which uses A's tables */
		run(machine, 0, A);
		run(machine, 0, B);
	}
	assert_int_equal(flushes(machine, MM_TLB_TASK_SWITCH, MM_TLB_FULL), 6);
	assert_int_equal(all(machine), 6);
	mm_machine_destroy(machine);
}

static void six_spaces_are_kept_apart(void **state)
{
	struct mm_machine *machine = new_machine(1, true);

	(void)state;
	for (int i = 0; i < 3; i++)
		for (uint32_t space = 1; space <= 6; space++)
			run(machine, 0, space);
	assert_int_equal(flushes(machine, MM_TLB_TASK_SWITCH, MM_TLB_FULL), 6);
	assert_int_equal(flushes(machine, MM_TLB_TASK_SWITCH, MM_TLB_NONE), 12);
	/* What changed meanwhile has to be flushed, once. */
	flush(machine, 0, 3, 1);
	assert_int_equal(all(machine), 18);
	run(machine, 0, 3);
	run(machine, 0, 4);
	run(machine, 0, 3);
	assert_int_equal(flushes(machine, MM_TLB_TASK_SWITCH, MM_TLB_FULL), 7);
	/* With seven, taken in turn, none is kept. */
	for (int i = 0; i < 2; i++)
		for (uint32_t space = 1; space <= 7; space++)
			run(machine, 0, space);
	assert_in_range(flushes(machine, MM_TLB_TASK_SWITCH, MM_TLB_FULL), 7 + 8, 7 + 14);
	mm_machine_destroy(machine);
}

static void more_than_the_ceiling_is_all(void **state)
{
	struct mm_machine *machine = new_machine(1, true);

	(void)state;
	run(machine, 0, A);
	flush(machine, 0, A, 33);
	assert_int_equal(flushes(machine, MM_TLB_LOCAL_MM_SHOOTDOWN, MM_TLB_RANGED), 1);
	flush(machine, 0, A, 34);
	assert_int_equal(flushes(machine, MM_TLB_LOCAL_MM_SHOOTDOWN, MM_TLB_FULL), 1);
	assert_int_equal(
		mm_tlb_count(machine, MM_TLB_UNMAP, MM_TLB_LOCAL_MM_SHOOTDOWN, MM_TLB_RANGED)
			->pages,
		33);
	/* Nobody has it loaded. */
	flush(machine, 0, B, 1);
	assert_int_equal(all(machine), 3);
	mm_machine_destroy(machine);
}

static void lazy_cpus_find_out_later(void **state)
{
	struct mm_machine *machine = new_machine(3, true);

	(void)state;
	for (uint16_t cpu = 0; cpu < 3; cpu++)
		run(machine, cpu, A);
	mm_tlb_run(machine, 2, 0, 0);
	flush(machine, 0, A, 1);
	assert_int_equal(flushes(machine, MM_TLB_REMOTE_SEND_IPI, MM_TLB_RANGED), 1);
	assert_int_equal(flushes(machine, MM_TLB_LOCAL_MM_SHOOTDOWN, MM_TLB_RANGED), 1);
	assert_int_equal(flushes(machine, MM_TLB_REMOTE_SHOOTDOWN, MM_TLB_RANGED), 1);
	assert_int_equal(flushes(machine, MM_TLB_TASK_SWITCH, MM_TLB_FULL), 3);
	run(machine, 2, A);
	assert_int_equal(flushes(machine, MM_TLB_TASK_SWITCH, MM_TLB_FULL), 4);
	/* It missed one, so it takes all of the next. */
	mm_tlb_run(machine, 2, 0, 0);
	run(machine, 2, A);
	assert_int_equal(all(machine), 7);
	mm_machine_destroy(machine);
}

static uint32_t new_page(struct mm_machine *machine, uint32_t number, uint32_t space, uint32_t vpn)
{
	const struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

	mm_touch_page(machine, &request, number, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	mm_place_lpage(machine, number, space, vpn);
	mm_tlb_used(machine, number, 0, space);
	return number;
}

static void reclaim_flushes_once_for_a_batch(void **state)
{
	struct mm_machine *machine = new_machine(2, true);

	(void)state;
	run(machine, 0, A);
	run(machine, 1, A);
	for (uint32_t i = 0; i < 4; i++)
		new_page(machine, i, A, 0x1000 + i);
	for (uint32_t i = 0; i < 3; i++)
		mm_tlb_unmap(machine, 0, i, false);
	assert_int_equal(flushes(machine, MM_TLB_REMOTE_SEND_IPI, MM_TLB_FULL), 0);
	mm_tlb_unmap_flush(machine, 0, true); /* nothing that could be written to */
	assert_int_equal(flushes(machine, MM_TLB_REMOTE_SEND_IPI, MM_TLB_FULL), 0);
	mm_tlb_unmap_flush(machine, 0, false);
	assert_int_equal(flushes(machine, MM_TLB_REMOTE_SEND_IPI, MM_TLB_FULL), 1);
	assert_int_equal(flushes(machine, MM_TLB_LOCAL_SHOOTDOWN, MM_TLB_FULL), 1);
	assert_int_equal(flushes(machine, MM_TLB_REMOTE_SHOOTDOWN, MM_TLB_FULL), 1);
	/* Alone with it, a CPU flushes page by page. */
	run(machine, 1, B);
	mm_tlb_unmap(machine, 0, 3, true);
	assert_int_equal(flushes(machine, MM_TLB_LOCAL_MM_SHOOTDOWN, MM_TLB_RANGED), 1);
	mm_machine_destroy(machine);
}

static void unmapping_flushes_what_was_there(void **state)
{
	struct mm_machine *machine = new_machine(1, true);

	(void)state;
	run(machine, 0, A);
	new_page(machine, 0, A, 0x1000);
	new_page(machine, 1, A, 0x1010);
	new_page(machine, 2, A, 0x1030);
	mm_gather_begin(machine, A);
	mm_gather_finish(machine, 0, A, MM_TLB_UNMAP); /* nothing */
	assert_int_equal(all(machine), 1);
	mm_gather_page(machine, 0, A, 0);
	mm_gather_page(machine, 0, A, 1);
	mm_gather_finish(machine, 0, A, MM_TLB_UNMAP);
	assert_int_equal(
		mm_tlb_count(machine, MM_TLB_UNMAP, MM_TLB_LOCAL_MM_SHOOTDOWN, MM_TLB_RANGED)
			->pages,
		17);
	mm_gather_page(machine, 0, A, 0);
	mm_gather_page(machine, 0, A, 2);
	mm_gather_finish(machine, 0, A, MM_TLB_UNMAP); /* 49 pages apart */
	assert_int_equal(flushes(machine, MM_TLB_LOCAL_MM_SHOOTDOWN, MM_TLB_FULL), 1);
	mm_machine_destroy(machine);
}

/* 100 pages that share an index of the sets, then 100 that follow each other. */
static void reach_goes_by_sets(void **state)
{
	struct mm_machine *machine = new_machine(1, true);
	struct mm_tlb_reach reach;

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		new_page(machine, i, A, 0x100000 + 512 * i);
	new_page(machine, 0, A, 0x100000);
	mm_tlb_window(machine, &reach);
	assert_int_equal(reach.pages, 100);
	assert_int_equal(reach.needed[MM_TLB_ALL_4K], 100);
	assert_int_equal(reach.needed[MM_TLB_AS_IS], 100);
	assert_int_equal(reach.held[MM_TLB_ALL_4K][0], 4);  /* 16 sets of 4 */
	assert_int_equal(reach.held[MM_TLB_ALL_4K][1], 12); /* 128 sets of 12 */
	assert_int_equal(reach.needed[MM_TLB_ALL_2M], 100);
	assert_int_equal(reach.held[MM_TLB_ALL_2M][0], 32);
	assert_int_equal(reach.held[MM_TLB_ALL_2M][1], 100);
	assert_int_equal(reach.needed[MM_TLB_ALL_1G], 1);
	for (uint32_t i = 0; i < 100; i++)
		new_page(machine, 200 + i, A, 0x200000 + i);
	mm_tlb_window(machine, &reach);
	assert_int_equal(reach.needed[MM_TLB_ALL_4K], 100);
	assert_int_equal(reach.held[MM_TLB_ALL_4K][0], 64);
	assert_int_equal(reach.held[MM_TLB_ALL_4K][1], 100);
	assert_int_equal(reach.needed[MM_TLB_ALL_2M], 1);
	mm_tlb_window(machine, &reach);
	assert_int_equal(reach.pages, 0);
	mm_machine_destroy(machine);
}

static void layouts_count_their_tables(void **state)
{
	struct mm_pgtable_size sizes[MM_NR_PGTABLE_LAYOUTS];
	struct mm_machine *machine = new_machine(1, true);

	(void)state;
	for (uint32_t i = 0; i < 32; i++)
		new_page(machine, i, A, 0x200000 + 512 * i); /* 64 MiB */
	new_page(machine, 32, B, 0);
	mm_pgtable_sizes(machine, sizes);
	assert_int_equal(sizes[MM_PGTABLE_X86_4].leaves, 33);
	assert_int_equal(sizes[MM_PGTABLE_X86_4].uppers, 6);
	assert_int_equal(sizes[MM_PGTABLE_X86_4].bytes, 39 * 4096);
	assert_int_equal(sizes[MM_PGTABLE_X86_5].uppers, 8);
	assert_int_equal(sizes[MM_PGTABLE_ARM_4K].bytes, sizes[MM_PGTABLE_X86_4].bytes);
	assert_int_equal(sizes[MM_PGTABLE_ARM_16K].leaves, 3);
	assert_int_equal(sizes[MM_PGTABLE_ARM_16K].uppers, 4);
	assert_int_equal(sizes[MM_PGTABLE_ARM_64K].leaves, 2);
	assert_int_equal(sizes[MM_PGTABLE_ARM_64K].uppers, 2);
	assert_int_equal(sizes[MM_PGTABLE_ARM_64K].bytes, 4 * 65536);
	assert_int_equal(sizes[MM_PGTABLE_X86_2].leaves, 17);
	assert_int_equal(sizes[MM_PGTABLE_X86_2].uppers, 2);
	mm_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_pcids_every_switch_flushes),
		cmocka_unit_test(six_spaces_are_kept_apart),
		cmocka_unit_test(more_than_the_ceiling_is_all),
		cmocka_unit_test(lazy_cpus_find_out_later),
		cmocka_unit_test(reclaim_flushes_once_for_a_batch),
		cmocka_unit_test(unmapping_flushes_what_was_there),
		cmocka_unit_test(reach_goes_by_sets),
		cmocka_unit_test(layouts_count_their_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
