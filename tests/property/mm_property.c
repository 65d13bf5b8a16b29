/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random requests to machines of 16 MB to 1 TB, of several layouts and kernels, under every policy: whatever
 * comes, in whatever order, the books balance. The larger a machine, the larger the blocks that are asked
 * for, so that each of them runs out of memory. A failing run tells how to repeat it.
 * usage: mm_property [REQUESTS]      for each policy, spread over the machines (24000; the bar: 1000000)
 */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGES_PER_MB 256u
#define NR_SWAP      20000u
#define NR_CHECKS    8

/* ASan would have to shadow arrays of gigabytes. */
#if defined(__SANITIZE_ADDRESS__)
#define LARGEST_MB (64u << 10)
#else
#define LARGEST_MB (1u << 20)
#endif

static uint32_t nr_requests = 24000;

static const uint32_t sizes_mb[] = { 16, 96, 512, 5u << 10, 64u << 10, 1u << 20 };
static const uint32_t kernels[] = { MM_KERNEL(6, 12), MM_KERNEL(6, 1), MM_KERNEL(6, 18) };

static const uint32_t gfps[] = {
	MM_GFP_KERNEL,
	MM_GFP_KERNEL | MM_GFP_RECLAIMABLE,
	MM_GFP_HIGHUSER_MOVABLE,
	MM_GFP_HIGHUSER_MOVABLE & ~MM_GFP_HIGHMEM,
	MM_GFP_KERNEL | MM_GFP_NORETRY,
	MM_GFP_HIGH | MM_GFP_KSWAPD_RECLAIM, /* atomic: HIGHATOMIC where order > 0 */
	MM_GFP_KSWAPD_RECLAIM,
	MM_GFP_KERNEL | MM_GFP_MEMALLOC,
	MM_GFP_KERNEL | MM_GFP_RETRY_MAYFAIL,
};

struct run {
	struct mm_machine *machine;
	struct rng rng;
	uint32_t nr_lpages;
	uint8_t max_order; /* of what kernel pages are */
	uint32_t range;    /* page frames that were taken as one */
	uint32_t nr_range; /* 0: none are */
	uint32_t area;     /* … of this CMA area, or MM_NONE */
};

static struct mm_zone_config zone_at(const char *name, uint8_t type, uint8_t node, uint32_t start,
                                     uint32_t end)
{
	struct mm_zone_config zone = { .type = type,
		                       .node = node,
		                       .start_pfn = start,
		                       .spanned = end - start,
		                       .present = end - start,
		                       .managed = end - start };

	snprintf(zone.name, sizeof(zone.name), "%s", name);
	return zone;
}

/*
 * DMA, DMA32, Normal as far as there is memory; every other one with a second node, small ones with a movable
 * zone (in large ones reclaim for the kernel would pass over all of it, each time).
 */
static uint32_t lay_out(struct mm_zone_config *zones, uint32_t nr_pages, uint32_t variant)
{
	uint32_t dma = 16 * PAGES_PER_MB, dma32 = 4096 * PAGES_PER_MB, nr = 0;
	uint32_t end = nr_pages, upper = nr_pages / 4 * 3 / 1024 * 1024;

	if (variant % 2 && nr_pages > dma)
		end = upper;
	zones[nr++] = zone_at("DMA", MM_ZONE_DMA, 0, 0, end < dma ? end : dma);
	if (end > dma)
		zones[nr++] = zone_at("DMA32", MM_ZONE_DMA32, 0, dma, end < dma32 ? end : dma32);
	if (end > dma32)
		zones[nr++] = zone_at("Normal", MM_ZONE_NORMAL, 0, dma32, end);
	if (end < nr_pages)
		zones[nr++] = variant % 4 == 1 && nr_pages <= 512 * PAGES_PER_MB
		                      ? zone_at("Movable", MM_ZONE_MOVABLE, 0, end, nr_pages)
		                      : zone_at("Normal", MM_ZONE_NORMAL, 1, end, nr_pages);
	return nr;
}

static struct mm_machine *build(const struct mm_policy_ops *policy, uint32_t nr_pages,
                                uint32_t variant, uint32_t kernel)
{
	struct mm_zone_config zones[4];
	struct mm_config config = {
		.zones = zones,
		.nr_zones = lay_out(zones, nr_pages, variant),
		.nr_cpus = 4,
		.nr_swap_slots = NR_SWAP,
		.settings = machine_settings(),
		.policy = policy,
		.seed = variant,
	};
	struct mm_machine *machine;

	config.settings.kernel = kernel;
	assert_int_equal(mm_machine_create(&config, &machine, NULL), 0);
	for (uint32_t pfn = 0; pfn < nr_pages; pfn += 1024) {
		if (pfn / 1024 % 8 == 7)
			mm_seed_block_type(machine, pfn, MM_UNMOVABLE);
		if (pfn / 1024 % 64 == 5 && kernel >= MM_KERNEL_STRICT_TYPES &&
		    mm_seed_cma_area(machine, pfn, 1024, pfn / 65536 % 3, false) == MM_NONE)
			mm_seed_block_type(machine, pfn, MM_CMA);
		assert_true(mm_seed_free_block(machine, pfn, 10));
	}
	mm_seed_done(machine);
	return machine;
}

static void give_back(struct run *run)
{
	if (run->area == MM_NONE)
		mm_free_contig_range(run->machine, run->range, run->nr_range);
	else
		assert_true(mm_cma_release(run->machine, run->area, run->range, run->nr_range));
	run->nr_range = 0;
	run->area = MM_NONE;
}

/* Of any size and place, of 4 pageblocks, or of a CMA area; at most one at a time. */
static void random_range(struct run *run, const struct mm_request *request)
{
	struct mm_machine *machine = run->machine;
	uint32_t nr = 1 + base_rng_below(&run->rng, 1500);
	uint32_t start = base_rng_below(&run->rng, machine->nr_pfns);

	if (run->nr_range > 0) {
		give_back(run);
	} else if (machine->cma.nr_areas > 0 && base_rng_below(&run->rng, 2)) {
		run->area = base_rng_below(&run->rng, machine->cma.nr_areas);
		nr = 1 + base_rng_below(&run->rng, 1024);
		run->range = mm_cma_alloc(machine, request, run->area, nr,
		                          base_rng_below(&run->rng, 11));
		run->nr_range = run->range == MM_NONE ? 0 : nr;
	} else if (base_rng_below(&run->rng, 4) == 0) {
		run->range = mm_alloc_contig_pages(machine, request, 2048);
		run->nr_range = run->range == MM_NONE ? 0 : 2048;
	} else if (start + nr <= machine->nr_pfns &&
	           mm_alloc_contig_range(machine, request, start, start + nr,
	                                 mm_block_type(machine, start) == MM_CMA
	                                         ? MM_CMA
	                                         : MM_MOVABLE) == MM_CONTIG_DONE) {
		run->range = start;
		run->nr_range = nr;
	}
}

static void random_request(struct run *run)
{
	static const enum mm_lpage_kind kinds[] = { MM_LPAGE_ANON,   MM_LPAGE_FILE,
		                                    MM_LPAGE_KERNEL, MM_LPAGE_SHMEM,
		                                    MM_LPAGE_KERNEL, MM_LPAGE_ANON };
	struct mm_machine *machine = run->machine;
	uint32_t page = base_rng_below(&run->rng, run->nr_lpages);
	enum mm_lpage_kind kind = kinds[page % 6];
	struct mm_request request = {
		.gfp_flags = MM_GFP_HIGHUSER_MOVABLE,
		.cpu = (uint16_t)base_rng_below(&run->rng, 4),
	};
	uint32_t what = base_rng_below(&run->rng, 100);
	uint32_t node = base_rng_below(&run->rng, 2) % machine->nr_nodes;

	/* Areas of base pages that are mostly whole. */
	if (page / 512 % 5 == 0 && page < run->nr_lpages / 512 * 512) {
		kind = page / 512 % 2 ? MM_LPAGE_SHMEM : MM_LPAGE_ANON;
		if (page % 61 == 0) {
			request.order = page % 2 ? 9 : 3;
			page &= ~((1u << request.order) - 1);
		}
	} else if (kind == MM_LPAGE_KERNEL) {
		request.gfp_flags = gfps[page / 6 % (sizeof(gfps) / sizeof(gfps[0]))];
		/* Few: where most memory is above, reclaim passes over all of it for each of them. */
		if (page / 6 % 101 == 7)
			request.gfp_flags = MM_GFP_KERNEL | MM_GFP_DMA32;
		/* By the page, because it is freed as what it was allocated. */
		request.order =
			(uint8_t)(page / 64 % 3 ? page / 8 % 4 : page % (run->max_order + 1u));
		if (page % 8 < run->max_order / 2u)
			request.order = run->max_order;
	}
	if (what < 76)
		mm_touch_page(machine, &request, page, kind, base_rng_below(&run->rng, 32));
	else if (what < 84)
		mm_free_base(machine, request.cpu, page, request.order);
	else if (what < 85)
		mm_lazyfree_page(machine, 0, page);
	else if (what < 86)
		mm_dirty_page(machine, page);
	else if (what < 87)
		mm_lock_page(machine, page, base_rng_below(&run->rng, 4) == 0);
	else if (what < 89)
		mm_copy_page(machine, &request, page / 6 * 6,
		             base_rng_below(&run->rng, run->nr_lpages),
		             base_rng_below(&run->rng, 2) ? MM_TOUCH_LEAVES : 0);
	else if (what < 95)
		mm_kswapd_step(machine, node);
	else if (what < 96)
		mm_kswapd_nap_over(machine, node);
	else if (what < 97)
		mm_vmstat_update(machine, request.cpu);
	else if (what < 98 && page % 8 == 0)
		random_range(run, &request);
	else
		mm_end_writeback(machine, base_rng_below(&run->rng, 64));
}

static void run_machine(const struct mm_policy_ops *policy, uint32_t size, uint32_t seed)
{
	uint32_t nr_pages = sizes_mb[size] * PAGES_PER_MB;
	uint32_t kernel = kernels[seed % (sizeof(kernels) / sizeof(kernels[0]))];
	uint32_t nr = nr_requests / (sizeof(sizes_mb) / sizeof(sizes_mb[0]));
	uint32_t nr_checks = sizes_mb[size] > 1024 ? 1 : NR_CHECKS;
	struct run run = { .machine = build(policy, nr_pages, seed, kernel),
		           .nr_lpages = nr_pages / 2 * 3,
		           .area = MM_NONE,
		           .max_order = (uint8_t)(size < 2   ? 5
		                                  : size < 3 ? 9
		                                             : 10) };
	struct mmr_error err = { 0 };
	uint64_t free_pages = 0;

	if (run.nr_lpages > nr)
		run.nr_lpages = nr;
	base_rng_init(&run.rng, seed);
	assert_int_equal(mm_reserve_lpages(run.machine, run.nr_lpages, NULL), 0);
	for (uint32_t i = 0; i < nr; i++) {
		random_request(&run);
		if (mm_status(run.machine, &err) < 0 ||
		    (i % (nr / nr_checks + 1) == nr / nr_checks && mm_check(run.machine, &err) < 0))
			fail_msg("%s, %u MB, seed %u, kernel %x, request %u of %u: %s",
			         policy->name, sizes_mb[size], seed, kernel, i, nr_requests,
			         err.text);
	}
	for (uint32_t page = 0; page < run.nr_lpages; page++)
		mm_free_lpage(run.machine, 0, page);
	if (run.nr_range > 0)
		give_back(&run);
	mm_drain_all_pages(run.machine);
	machine_check(run.machine);
	for (uint32_t i = 0; i < run.machine->nr_zones; i++)
		free_pages += (uint64_t)run.machine->zones[i].free_pages;
	assert_int_equal(free_pages, nr_pages);
	assert_int_equal(run.machine->swap.nr_used, run.machine->swap.nr_cached);
	mm_machine_destroy(run.machine);
}

static void the_books_balance_on_machines_of_all_sizes(void **state)
{
	(void)state;
	for (unsigned int i = 0; policy_at(i); i++) {
		for (uint32_t size = 0; size < sizeof(sizes_mb) / sizeof(sizes_mb[0]); size++) {
			/* A terabyte takes its time: all policies only where that was asked for. */
			if (sizes_mb[size] > LARGEST_MB ||
			    (sizes_mb[size] > 64u << 10 && nr_requests < 1000000 && i > 0))
				continue;
			run_machine(policy_at(i), size, i * 7 + size);
		}
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_books_balance_on_machines_of_all_sizes),
	};

	if (argc > 1)
		nr_requests = (uint32_t)strtoul(argv[1], NULL, 10);
	if (nr_requests < 600)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
