/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compacts a zone of 64 GB of which every second page is in use, from one end to the other: prints how many pages
 * a second were looked at. Fails below the bar of 20 million.
 * usage: bench_compact [GIB]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "internal.h"
#include "policy_table.h"

#define BAR   20e6
#define START 4096u

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void check(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "bench_compact: %s\n", what);
	exit(2);
}

static struct mm_machine *fragmented(uint32_t nr_pages)
{
	const struct mm_zone_config zone = {
		.name = "Normal",
		.type = MM_ZONE_NORMAL,
		.start_pfn = START,
		.spanned = nr_pages,
		.present = nr_pages,
		.managed = nr_pages,
	};
	const struct mm_config config = {
		.zones = &zone,
		.nr_zones = 1,
		.nr_cpus = 1,
		.settings = { .watermark_scale_factor = 10,
		              .lowmem_reserve_ratio = { 256, 256, 32, 0, 0 } },
		.policy = policy_find("classic"),
		.seed = 1,
	};
	struct mm_machine *machine;

	check(mm_machine_create(&config, &machine, NULL) == 0, "no machine");
	check(mm_reserve_lpages(machine, nr_pages / 2, NULL) == 0, "no pages");
	for (uint32_t i = 0; i < nr_pages; i += 2) {
		check(mm_seed_free_block(machine, START + i + 1, 0), "a page is not free");
		check(mm_seed_page(machine, i / 2, MM_LPAGE_ANON, START + i, 0) == 1, "no place");
	}
	mm_seed_done(machine);
	return machine;
}

int main(int argc, char **argv)
{
	uint32_t gib = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 64;
	const struct mm_request request = { .gfp_flags = MM_GFP_KERNEL };
	struct mm_machine *machine;
	uint64_t scanned;
	double seconds;

	check(gib > 0 && gib <= 1024, "1 to 1024 GiB");
	machine = fragmented(gib << 18);
	seconds = now_s();
	mm_compact_nodes(machine, &request);
	seconds = now_s() - seconds;
	scanned = machine->counters[MM_COMPACTMIGRATE_SCANNED] +
	          machine->counters[MM_COMPACTFREE_SCANNED];
	printf("%u GiB: %llu pages scanned, %llu moved in %.2f s: %.1f million a second\n", gib,
	       (unsigned long long)scanned,
	       (unsigned long long)machine->counters[MM_PGMIGRATE_SUCCESS], seconds,
	       (double)scanned / seconds / 1e6);
	check(mm_status(machine, NULL) == 0, "the books do not balance");
	mm_machine_destroy(machine);
	return (double)scanned / seconds >= BAR ? 0 : 1;
}
