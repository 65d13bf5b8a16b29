/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Huge pages and folios of shared memory: who gets one, who maps it, and what becomes of one that has lost a part. */
#include "machine.h"

#include "huge_memory.h"
#include "shmem.h"

#define NR_PAGES (16u * 512)
#define HUGE     512u /* a huge page's first number */

#define ORDER(k) (1u << (k))

static uint32_t new_space(struct mm_machine *machine)
{
	return mm_space_new(machine, 0, false);
}

static struct mm_machine *new_machine(void)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, NR_PAGES, policy_find("classic"));

	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, 8 * 512, NULL), 0);
	assert_int_equal(mm_reserve_spaces(machine, 4, NULL), 0);
	return machine;
}

static void end(struct mm_machine *machine)
{
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* A fault of a space. */
static enum mm_touch_result fault(struct mm_machine *machine, uint32_t space, uint32_t page,
                                  uint32_t flags)
{
	const struct mm_request request = {
		.gfp_flags = MM_GFP_HIGHUSER_MOVABLE,
		.huge_gfp = MM_GFP_TRANSHUGE_LIGHT,
		.space = space,
	};

	return mm_touch_page(machine, &request, page, MM_LPAGE_SHMEM,
	                     MM_TOUCH_WRITE | MM_TOUCH_FAULT | flags);
}

static uint64_t count(const struct mm_machine *machine, const char *name)
{
	return machine_counter(machine, name);
}

static void settings_say_who_gets_one(void **state)
{
	static const struct {
		uint32_t kernel;
		struct mm_shmem_settings shmem;
		uint32_t plain, advised;
	} cases[] = {
		{ 0, { .enabled = MM_SHMEM_NEVER, .inherit = ORDER(9) }, 0, 0 },
		{ 0, { .enabled = MM_SHMEM_ALWAYS, .inherit = ORDER(9) }, ORDER(9), ORDER(9) },
		{ 0, { .enabled = MM_SHMEM_WITHIN_SIZE, .inherit = ORDER(9) }, ORDER(9), ORDER(9) },
		{ 0, { .enabled = MM_SHMEM_ADVISE, .inherit = ORDER(9) }, 0, ORDER(9) },
		{ 0, { .enabled = MM_SHMEM_ALWAYS }, 0, 0 },
		/* A size's own word, whatever the one for all says. */
		{ 0, { .always = ORDER(4) }, ORDER(4), ORDER(4) },
		{ 0,
		  { .within_size = ORDER(5), .advise = ORDER(6) },
		  ORDER(5),
		  ORDER(5) | ORDER(6) },
		/* … but for these two. */
		{ 0, { .enabled = MM_SHMEM_DENY, .always = ORDER(4), .inherit = ORDER(9) }, 0, 0 },
		{ 0,
		  { .enabled = MM_SHMEM_FORCE, .always = ORDER(4), .inherit = ORDER(9) },
		  ORDER(9),
		  ORDER(9) },
		/* There is only the one for all. */
		{ MM_KERNEL(6, 1),
		  { .enabled = MM_SHMEM_ADVISE, .always = ORDER(4) },
		  0,
		  ORDER(9) },
		{ MM_KERNEL(6, 1), { .enabled = MM_SHMEM_FORCE }, ORDER(9), ORDER(9) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct mm_settings settings = { .kernel = cases[i].kernel,
			                              .shmem = cases[i].shmem };

		assert_int_equal(mm_shmem_orders(&settings, MM_ADVICE_NONE), cases[i].plain);
		assert_int_equal(mm_shmem_orders(&settings, MM_ADVICE_HUGE), cases[i].advised);
		assert_int_equal(mm_shmem_orders(&settings, MM_ADVICE_NOHUGE), 0);
	}
}

static void the_mount_says_what_writes_get(void **state)
{
	struct mm_settings settings = { 0 };

	(void)state;
	for (uint8_t huge = MM_SHMEM_NEVER; huge <= MM_SHMEM_ADVISE; huge++) {
		settings.shmem = (struct mm_shmem_settings){ .huge = huge };
		assert_int_equal(mm_shmem_file_huge(&settings, false), huge == MM_SHMEM_ALWAYS);
		assert_int_equal(mm_shmem_file_huge(&settings, true),
		                 huge == MM_SHMEM_ALWAYS || huge == MM_SHMEM_WITHIN_SIZE);
		settings.shmem.enabled = MM_SHMEM_DENY;
		assert_false(mm_shmem_file_huge(&settings, true));
		settings.shmem.enabled = MM_SHMEM_FORCE;
		assert_true(mm_shmem_file_huge(&settings, false));
	}
}

/* Page after page by write(): the first one gets it, the others are there; what was never written ends with it. */
static void a_file_is_written_into_huge_pages(void **state)
{
	struct mm_machine *machine = new_machine();
	const struct mm_request request = {
		.gfp_flags = MM_GFP_HIGHUSER_MOVABLE,
		.huge_gfp = MM_GFP_TRANSHUGE_LIGHT,
	};

	(void)state;
	for (uint32_t i = 0; i < 512 + 80; i++)
		mm_touch_page(machine, &request, HUGE + i, MM_LPAGE_SHMEM, MM_TOUCH_WRITE);
	assert_int_equal(count(machine, "thp_file_alloc"), 2);
	assert_int_equal(count(machine, "thp_file_mapped"), 0);
	assert_int_equal(count(machine, "pgfault"), 0);
	for (uint32_t i = 0; i < 512 + 80; i++)
		assert_true(mm_free_base(machine, 0, HUGE + i, 0));
	mm_shmem_settle(machine);
	assert_int_equal(count(machine, "thp_split_page"), 0);
	assert_int_equal(count(machine, "nr_shmem"), 0);
	end(machine);
}

static void each_space_maps_it_by_one_fault(void **state)
{
	struct mm_machine *machine = new_machine();
	uint32_t one = new_space(machine), other = new_space(machine);

	(void)state;
	assert_int_equal(fault(machine, one, HUGE + 5, 0), MM_TOUCH_NEW);
	assert_int_equal(count(machine, "thp_file_alloc"), 1);
	assert_int_equal(count(machine, "nr_shmem_hugepages"), 1);
	assert_int_equal(count(machine, "nr_shmem"), 512);
	/* The original had base pages, of which each fault came. */
	assert_int_equal(fault(machine, one, HUGE + 6, 0), MM_TOUCH_HIT);
	assert_int_equal(fault(machine, one, HUGE + 7, MM_TOUCH_FAULTED), MM_TOUCH_HIT);
	assert_int_equal(fault(machine, other, HUGE + 6, 0), MM_TOUCH_MINOR);
	assert_int_equal(fault(machine, other, HUGE + 7, MM_TOUCH_FAULTED), MM_TOUCH_HIT);
	assert_int_equal(count(machine, "pgfault"), 2);
	assert_int_equal(count(machine, "thp_file_mapped"), 2);
	assert_int_equal(count(machine, "nr_shmem_pmdmapped"), 1);
	mm_space_end(machine, one);
	assert_int_equal(count(machine, "nr_shmem_pmdmapped"), 1);
	mm_space_end(machine, other);
	assert_int_equal(count(machine, "nr_shmem_pmdmapped"), 0);
	assert_int_equal(count(machine, "nr_shmem_hugepages"), 1);
	end(machine);
}

static void one_that_has_lost_a_part_is_split(void **state)
{
	struct mm_machine *machine = new_machine();
	uint32_t one = new_space(machine), other = new_space(machine);

	(void)state;
	for (uint32_t i = 0; i < 512; i++)
		fault(machine, one, HUGE + i, 0);
	fault(machine, other, HUGE, 0);
	for (uint32_t i = 100; i < 300; i++)
		assert_true(mm_free_base(machine, 0, HUGE + i, 0));
	assert_int_equal(mm_shmem_punched(machine), HUGE);
	assert_int_equal(count(machine, "thp_split_page"), 0);
	mm_shmem_settle(machine);
	assert_int_equal(mm_shmem_punched(machine), MM_NONE);
	assert_int_equal(count(machine, "thp_split_page"), 1);
	assert_int_equal(count(machine, "thp_split_pmd"), 2);
	assert_int_equal(count(machine, "thp_deferred_split_page"), 0);
	assert_int_equal(count(machine, "nr_shmem"), 312);
	assert_int_equal(count(machine, "nr_shmem_hugepages"), 0);
	assert_int_equal(count(machine, "nr_shmem_pmdmapped"), 0);
	/* In no page table; and where something is there is no huge page. */
	assert_int_equal(fault(machine, one, HUGE, 0), MM_TOUCH_MINOR);
	assert_int_equal(fault(machine, one, HUGE + 100, 0), MM_TOUCH_NEW);
	assert_int_equal(count(machine, "thp_file_alloc"), 1);
	end(machine);
}

static void all_of_one_ends_without_a_split(void **state)
{
	struct mm_machine *machine = new_machine();
	uint32_t space = new_space(machine);

	(void)state;
	for (uint32_t i = 0; i < 512; i += 4)
		fault(machine, space, HUGE + i, 0);
	assert_int_equal(count(machine, "pgfault"), 1);
	for (uint32_t i = 0; i < 512; i += 4)
		assert_true(mm_free_base(machine, 0, HUGE + i, 0));
	mm_shmem_settle(machine);
	assert_int_equal(count(machine, "thp_split_page"), 0);
	assert_int_equal(count(machine, "nr_shmem"), 0);
	assert_int_equal(count(machine, "nr_shmem_pmdmapped"), 0);
	/* The next one is another, which nobody maps. */
	fault(machine, space, HUGE, 0);
	assert_int_equal(count(machine, "thp_file_mapped"), 2);
	end(machine);
}

static void by_a_system_call_it_is_in_no_page_table(void **state)
{
	const struct mm_request whole = { .gfp_flags = MM_GFP_TRANSHUGE_LIGHT, .order = 9 };
	struct mm_machine *machine = new_machine();

	(void)state;
	assert_int_equal(mm_touch_page(machine, &whole, HUGE, MM_LPAGE_SHMEM, MM_TOUCH_WRITE),
	                 MM_TOUCH_NEW);
	assert_int_equal(count(machine, "pgfault"), 0);
	assert_int_equal(count(machine, "thp_file_alloc"), 1);
	assert_int_equal(count(machine, "thp_file_mapped"), 0);
	assert_true(machine->pages[mm_lpage(machine, HUGE)->pfn].flags & MM_PG_UNMAPPED);
	end(machine);
}

static void without_a_block_it_is_a_small_one(void **state)
{
	struct mm_machine *machine = new_machine();
	uint32_t space = new_space(machine), nr = 0;

	(void)state;
	/* Nothing but base pages, one of each pair in use. */
	while (mm_touch_page(machine, &(struct mm_request){ .gfp_flags = MM_GFP_TRANSHUGE_LIGHT },
	                     HUGE + 512 + nr, MM_LPAGE_KERNEL, 0) == MM_TOUCH_NEW &&
	       HUGE + 512 + ++nr < 8 * 512)
		;
	machine->settings.kernel = MM_KERNEL(6, 12);
	for (uint32_t i = 0; i < 16; i++)
		mm_alloc_pages(machine, &(struct mm_request){ .gfp_flags = MM_GFP_TRANSHUGE_LIGHT,
		                                              .order = 9 });
	assert_int_equal(fault(machine, space, HUGE, 0), MM_TOUCH_NEW);
	assert_int_equal(count(machine, "thp_file_fallback"), 1);
	assert_int_equal(count(machine, "nr_shmem"), 1);
	assert_int_equal(count(machine, "thp_file_mapped"), 0);
	mm_machine_destroy(machine);
}

static void folios_are_counted_by_their_size(void **state)
{
	const struct mm_request request = {
		.gfp_flags = MM_GFP_HIGHUSER_MOVABLE,
		.folio_gfp = MM_GFP_TRANSHUGE_LIGHT,
		.folio_orders = ORDER(4),
	};
	struct mm_machine *machine = new_machine();

	(void)state;
	assert_int_equal(mm_touch_page(machine, &request, HUGE + 20, MM_LPAGE_SHMEM,
	                               MM_TOUCH_WRITE | MM_TOUCH_FAULT),
	                 MM_TOUCH_NEW);
	assert_int_equal(mm_folio_stat(machine, 4, MM_FOLIO_SHMEM_ALLOC), 1);
	assert_int_equal(mm_folio_stat(machine, 4, MM_FOLIO_FAULT_ALLOC), 0);
	assert_int_equal(count(machine, "nr_shmem"), 16);
	assert_int_equal(mm_touch_page(machine, &request, HUGE + 31, MM_LPAGE_SHMEM,
	                               MM_TOUCH_WRITE | MM_TOUCH_FAULT),
	                 MM_TOUCH_HIT);
	assert_int_equal(count(machine, "pgfault"), 1);
	end(machine);
}

#define AREA 100u /* of the space */

/* Every step-th page of an area, in small ones. */
static void fill(struct mm_machine *machine, uint32_t space, uint32_t step)
{
	const struct mm_request small = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE, .space = space };

	machine->settings.khugepaged_pages_to_scan = 4096;
	machine->settings.max_ptes_none = 511;
	machine->settings.max_ptes_swap = 64;
	machine->settings.thp_enabled = MM_THP_MADVISE;
	machine->settings.shmem.inherit = ORDER(9);
	for (uint32_t i = 0; i < 512; i += step) {
		mm_touch_page(machine, &small, HUGE + i, MM_LPAGE_SHMEM,
		              MM_TOUCH_WRITE | MM_TOUCH_FAULT);
		mm_shmem_place(machine, HUGE + i, space, AREA);
	}
	mm_lru_add_drain_all(machine);
}

static void advise(struct mm_machine *machine, uint32_t space, enum mm_advice advice)
{
	mm_set_huge_range(machine, space, AREA, 1, MM_ADVICE_SHARED + advice);
}

static void round_of_khugepaged(struct mm_machine *machine)
{
	while (mm_khugepaged_step(machine, 0) != MM_KHUGEPAGED_DONE)
		;
}

static void khugepaged_goes_by_the_settings_of_shared_memory(void **state)
{
	struct mm_machine *machine = new_machine();
	uint32_t space = new_space(machine);

	(void)state;
	fill(machine, space, 2);
	machine->settings.shmem.enabled = MM_SHMEM_ADVISE;
	advise(machine, space, MM_ADVICE_NONE);
	round_of_khugepaged(machine);
	assert_int_equal(count(machine, "thp_collapse_alloc"), 0);
	advise(machine, space, MM_ADVICE_HUGE);
	round_of_khugepaged(machine);
	assert_int_equal(count(machine, "thp_collapse_alloc"), 1);
	assert_int_equal(count(machine, "nr_shmem_hugepages"), 1);
	assert_int_equal(count(machine, "nr_anon_transparent_hugepages"), 0);
	assert_int_equal(count(machine, "nr_shmem"), 512);
	/* In no page table: who uses it has a fault for all of it, and once. */
	assert_int_equal(count(machine, "thp_file_mapped"), 0);
	assert_int_equal(fault(machine, space, HUGE + 2, MM_TOUCH_FAULTED), MM_TOUCH_MINOR);
	assert_int_equal(fault(machine, space, HUGE + 4, MM_TOUCH_FAULTED), MM_TOUCH_HIT);
	assert_int_equal(count(machine, "thp_file_mapped"), 1);
	round_of_khugepaged(machine);
	assert_int_equal(count(machine, "thp_collapse_alloc"), 1);
	end(machine);
}

static void khugepaged_wants_some_of_it_to_be_there(void **state)
{
	struct mm_machine *machine = new_machine();
	uint32_t space = new_space(machine);

	(void)state;
	fill(machine, space, 2);
	machine->settings.shmem.enabled = MM_SHMEM_ALWAYS;
	machine->settings.max_ptes_none = 255;
	mm_set_huge_range(machine, space, AREA, 2, MM_ADVICE_SHARED);
	round_of_khugepaged(machine);
	/* One has half of its pages, which is as many as are asked for, and of the other there is nothing. */
	assert_int_equal(count(machine, "thp_collapse_alloc"), 0);
	assert_int_equal(count(machine, "thp_scan_exceed_none_pte"), 2);
	machine->settings.max_ptes_none = 256;
	round_of_khugepaged(machine);
	assert_int_equal(count(machine, "thp_collapse_alloc"), 1);
	assert_int_equal(count(machine, "thp_scan_exceed_none_pte"), 3);
	end(machine);
}

static void who_collapses_it_maps_it(void **state)
{
	struct mm_machine *machine = new_machine();
	uint32_t space = new_space(machine);
	const struct mm_request request = { .space = space };

	(void)state;
	fill(machine, space, 16);
	machine->settings.max_ptes_none = 0;
	advise(machine, space, MM_ADVICE_NONE);
	machine->settings.shmem.enabled = MM_SHMEM_DENY;
	assert_int_not_equal(mm_madvise_collapse(machine, &request, AREA, 1), 0);
	machine->settings.shmem.enabled = MM_SHMEM_NEVER;
	assert_int_equal(mm_madvise_collapse(machine, &request, AREA, 1), 0);
	assert_int_equal(count(machine, "thp_collapse_alloc"), 1);
	assert_int_equal(count(machine, "thp_file_mapped"), 1);
	assert_int_equal(mm_madvise_collapse(machine, &request, AREA, 1), 0);
	assert_int_equal(count(machine, "thp_collapse_alloc"), 1);
	assert_int_equal(count(machine, "thp_file_mapped"), 1);
	/* What nobody has used is a hole of it. */
	assert_int_equal(fault(machine, space, HUGE + 1, 0), MM_TOUCH_HIT);
	end(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_say_who_gets_one),
		cmocka_unit_test(the_mount_says_what_writes_get),
		cmocka_unit_test(a_file_is_written_into_huge_pages),
		cmocka_unit_test(each_space_maps_it_by_one_fault),
		cmocka_unit_test(one_that_has_lost_a_part_is_split),
		cmocka_unit_test(all_of_one_ends_without_a_split),
		cmocka_unit_test(by_a_system_call_it_is_in_no_page_table),
		cmocka_unit_test(without_a_block_it_is_a_small_one),
		cmocka_unit_test(folios_are_counted_by_their_size),
		cmocka_unit_test(khugepaged_goes_by_the_settings_of_shared_memory),
		cmocka_unit_test(khugepaged_wants_some_of_it_to_be_there),
		cmocka_unit_test(who_collapses_it_maps_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
