/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a machine of a terabyte takes until it could serve its first request, under every policy, and
 * how much of the host's memory it holds then. Fails above two seconds, or 32 bytes a page.
 * usage: bench_start [GIBIBYTES]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mm.h"
#include "policy.h"
#include "policy_table.h"

#define PAGES_PER_GIB (1u << 18)
#define BLOCK_PAGES   (1u << MM_MAX_ORDER)
#define LIMIT_MS      2000
#define LIMIT_BYTES   32

static struct mm_machine *start(const struct mm_policy_ops *policy, uint32_t nr_pages)
{
	const struct mm_zone_config zones[] = {
		{ .name = "DMA32",
		  .type = MM_ZONE_DMA32,
		  .spanned = 4 * PAGES_PER_GIB,
		  .present = 4 * PAGES_PER_GIB,
		  .managed = 4 * PAGES_PER_GIB },
		{ .name = "Normal",
		  .type = MM_ZONE_NORMAL,
		  .start_pfn = 4 * PAGES_PER_GIB,
		  .spanned = nr_pages - 4 * PAGES_PER_GIB,
		  .present = nr_pages - 4 * PAGES_PER_GIB,
		  .managed = nr_pages - 4 * PAGES_PER_GIB },
	};
	const struct mm_config config = {
		.zones = zones,
		.nr_zones = 2,
		.nr_cpus = 64,
		.nr_swap_slots = PAGES_PER_GIB,
		.settings = { .watermark_scale_factor = 10,
		              .lowmem_reserve_ratio = { 256, 256, 32 } },
		.policy = policy,
	};
	struct mm_machine *machine;

	if (mm_machine_create(&config, &machine, NULL) < 0)
		return NULL;
	for (uint32_t pfn = 0; pfn < nr_pages; pfn += BLOCK_PAGES) {
		if (!mm_seed_free_block(machine, pfn, MM_MAX_ORDER))
			return NULL;
	}
	mm_seed_done(machine);
	return machine;
}

/* In a process of its own, so that each policy's memory counts by itself. */
static int measure(const struct mm_policy_ops *policy, uint32_t nr_pages)
{
	const struct mm_request request = { .gfp_flags = 0x100ccau };
	struct timespec begin, end;
	struct mm_machine *machine;
	struct rusage usage;
	double ms, bytes;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	machine = start(policy, nr_pages);
	if (!machine || mm_alloc_pages(machine, &request) == MM_NONE)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &end);
	getrusage(RUSAGE_SELF, &usage);
	ms = (double)(end.tv_sec - begin.tv_sec) * 1e3 +
	     (double)(end.tv_nsec - begin.tv_nsec) / 1e6;
	bytes = (double)usage.ru_maxrss * 1024 / nr_pages;
	printf("start_%s_ms %.0f\nstart_%s_host_bytes_per_page %.2f\n", policy->name, ms,
	       policy->name, bytes);
	fflush(stdout);
	return ms > LIMIT_MS || bytes > LIMIT_BYTES;
}

int main(int argc, char **argv)
{
	uint32_t gib = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1024;
	int failed = 0;

	if (gib < 5 || gib > 4096)
		return 2;
	for (unsigned int i = 0; policy_at(i); i++) {
		pid_t pid = fork();
		int status = 0;

		if (pid == 0)
			_exit(measure(policy_at(i), gib * PAGES_PER_GIB));
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
			failed = 1;
	}
	if (failed)
		puts("an engine starts too slowly, or is too large");
	return failed;
}
