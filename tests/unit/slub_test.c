/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#include "show_views.h"

#define NR_PAGES (16u * 512)

static struct mm_machine *machine_with(void)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, policy_find("fifo"));

	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, NR_PAGES, NULL), 0);
	return machine;
}

static void touch_kernel(struct mm_machine *machine, uint32_t page, uint32_t gfp_flags,
                         uint8_t order, uint32_t flags)
{
	const struct mm_request request = { .gfp_flags = gfp_flags, .order = order };

	assert_int_equal(mm_touch_page(machine, &request, page, MM_LPAGE_KERNEL, flags),
	                 MM_TOUCH_NEW);
}

static void assert_gauges(const struct mm_machine *machine, uint64_t reclaimable, uint64_t slab,
                          uint64_t tables, uint64_t stacks)
{
	assert_int_equal(machine_counter(machine, "nr_slab_reclaimable"), reclaimable);
	assert_int_equal(machine_counter(machine, "nr_slab_unreclaimable"), slab);
	assert_int_equal(machine_counter(machine, "nr_page_table_pages"), tables);
	assert_int_equal(machine_counter(machine, "nr_kernel_stack"), stacks);
}

static void each_page_counts_as_what_it_is_for(void **state)
{
	struct mm_machine *machine = machine_with();

	(void)state;
	touch_kernel(machine, 0, MM_GFP_KERNEL | MM_GFP_RECLAIMABLE, 1, MM_TOUCH_SLAB);
	touch_kernel(machine, 1, MM_GFP_KERNEL, 3, MM_TOUCH_SLAB);
	touch_kernel(machine, 2, MM_GFP_KERNEL, 0, MM_TOUCH_TABLE);
	touch_kernel(machine, 3, MM_GFP_KERNEL, 2, 0);
	assert_gauges(machine, 2, 8, 1, 0);
	mm_add_stacks(machine, 0, 3);
	mm_add_stacks(machine, 0, -1);
	mm_add_stacks(machine, 7, 9); /* there is no such node */
	mm_free_lpage(machine, 0, 1);
	mm_free_lpage(machine, 0, 3);
	assert_gauges(machine, 2, 0, 1, 32);
	/* What a shrinker frees, whoever it was taken from. */
	assert_int_equal(mm_free_slab_pages(machine, 0, 1), 2);
	mm_free_lpage(machine, 0, 2);
	assert_gauges(machine, 0, 0, 0, 32);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* Two pages waiting for our shrinkers are reclaimable memory until these have freed them. */
static void detached_slabs_are_memory_still(void **state)
{
	struct mm_machine *machine = machine_with();

	(void)state;
	touch_kernel(machine, 0, MM_GFP_KERNEL | MM_GFP_RECLAIMABLE, 1, MM_TOUCH_SLAB);
	touch_kernel(machine, 1, MM_GFP_KERNEL | MM_GFP_RECLAIMABLE, 0, MM_TOUCH_SLAB);
	assert_true(mm_detach_slab(machine, 0, 0));
	assert_gauges(machine, 3, 0, 0, 0);
	assert_int_equal(mm_free_slab_pages(machine, 0, 1), 2);
	assert_gauges(machine, 1, 0, 0, 0);
	mm_machine_destroy(machine);
}

/* kpageflags says slab; only the pageblock says whether it can be reclaimed. The rest is a remainder. */
static void the_recorded_sums_hold_at_the_start(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, policy_find("fifo"));

	(void)state;
	assert_int_equal(mm_reserve_lpages(machine, NR_PAGES, NULL), 0);
	mm_seed_block_type(machine, 512, MM_RECLAIMABLE);
	for (uint32_t page = 0; page < 4; page++)
		assert_true(mm_seed_page(machine, page, MM_LPAGE_KERNEL, 510 + page, 0) == 1);
	for (uint32_t page = 0; page < 3; page++)
		mm_seed_kmem(machine, page, MM_TOUCH_SLAB);
	mm_seed_kmem(machine, 3, MM_TOUCH_TABLE);
	assert_gauges(machine, 1, 2, 1, 0);
	mm_seed_kmem_total(machine, 0, MM_KMEM_SLAB, 50);
	mm_seed_kmem_total(machine, 0, MM_KMEM_SLAB_RECLAIMABLE, 0);
	mm_seed_kmem_total(machine, 7, MM_KMEM_PAGE_TABLE, 5);
	mm_seed_done(machine);
	assert_gauges(machine, 0, 50, 1, 0);
	mm_free_lpage(machine, 0, 0);
	assert_gauges(machine, 0, 49, 1, 0);
	/* More goes than was said to be there. */
	mm_free_lpage(machine, 0, 2);
	assert_gauges(machine, 0, 49, 1, 0);
	mm_machine_destroy(machine);
}

static void the_views_have_them(void **state)
{
	static const char zoneinfo[] = "Node 0, zone    DMA32\n"
				       "  per-node stats\n"
				       "      nr_slab_reclaimable 7\n"
				       "      nr_slab_unreclaimable 7\n"
				       "      nr_kernel_stack 7\n"
				       "      nr_page_table_pages 7\n";
	static const char meminfo[] = "KReclaimable:    1 kB\nSlab:            1 kB\n"
				      "SReclaimable:    1 kB\nSUnreclaim:      1 kB\n"
				      "KernelStack:     1 kB\nPageTables:      1 kB\n";
	struct mm_machine *machine = machine_with();
	char text[512];

	(void)state;
	touch_kernel(machine, 0, MM_GFP_KERNEL | MM_GFP_RECLAIMABLE, 1, MM_TOUCH_SLAB);
	touch_kernel(machine, 1, MM_GFP_KERNEL, 3, MM_TOUCH_SLAB);
	touch_kernel(machine, 2, MM_GFP_KERNEL, 0, MM_TOUCH_TABLE);
	mm_add_stacks(machine, 0, 2);
	mm_show_zoneinfo(machine, zoneinfo, text, sizeof(text));
	assert_string_equal(text, "Node 0, zone    DMA32\n"
	                          "  per-node stats\n"
	                          "      nr_slab_reclaimable 2\n"
	                          "      nr_slab_unreclaimable 8\n"
	                          "      nr_kernel_stack 32\n"
	                          "      nr_page_table_pages 1\n");
	mm_show_meminfo(machine, meminfo, text, sizeof(text));
	assert_string_equal(text, "KReclaimable:          8 kB\nSlab:                 40 kB\n"
	                          "SReclaimable:          8 kB\nSUnreclaim:           32 kB\n"
	                          "KernelStack:          32 kB\nPageTables:            4 kB\n");
	mm_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_page_counts_as_what_it_is_for),
		cmocka_unit_test(detached_slabs_are_memory_still),
		cmocka_unit_test(the_recorded_sums_hold_at_the_start),
		cmocka_unit_test(the_views_have_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
