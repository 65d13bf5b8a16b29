/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Overcommit: how much memory mappings may promise.
 *
 * Each address space has the pages that its mappings may need, and the machine the sum, with what the recorded
 * kernel had promised beyond those that are known. Mode 1 grants everything, mode 0 all but single mappings
 * larger than memory and swap, mode 2 as long as the sum stays below the limit less the reserves.
 *
 * Follows __vm_enough_memory(), vm_commit_limit() of v6.12.
 *
 * Not modelled: CAP_SYS_ADMIN, which may use admin_reserve_kbytes (no event tells who has it); mappings that are
 * not accounted in mm->total_vm; hugetlb's pages.
 */
#include "internal.h"

#define PAGE_KIB       4
#define USER_FRACTION  32 /* of a space's own size is kept back */
#define OVERCOMMIT_ALL 1
#define OVERCOMMIT_NOT 2

uint64_t mm_commit_limit(const struct mm_machine *machine)
{
	const struct mm_settings *settings = &machine->settings;
	uint64_t pages = settings->overcommit_kbytes / PAGE_KIB;
	uint64_t hugetlb = mm_hugetlb_pages(machine);

	if (pages == 0)
		pages = (mm_managed_pages(machine) - hugetlb) * settings->overcommit_ratio / 100;
	return pages + machine->swap.nr_slots;
}

uint64_t mm_committed(const struct mm_machine *machine)
{
	return machine->committed > 0 ? (uint64_t)machine->committed : 0;
}

static bool enough_memory(const struct mm_machine *machine, const struct mm_space *space,
                          uint64_t nr_pages)
{
	const struct mm_settings *settings = &machine->settings;
	int64_t allowed;
	uint64_t reserve;

	if (settings->overcommit_memory == OVERCOMMIT_ALL)
		return true;
	if (settings->overcommit_memory != OVERCOMMIT_NOT)
		return nr_pages <= mm_oom_totalpages(machine);
	reserve = settings->user_reserve_kbytes / PAGE_KIB;
	if (space->nr_committed / USER_FRACTION < reserve)
		reserve = space->nr_committed / USER_FRACTION;
	allowed = (int64_t)mm_commit_limit(machine) -
	          (int64_t)(settings->admin_reserve_kbytes / PAGE_KIB) - (int64_t)reserve;
	return machine->committed + (int64_t)nr_pages < allowed;
}

void mm_commit_before(struct mm_machine *machine, uint32_t number, uint64_t nr_pages)
{
	machine->committed += (int64_t)nr_pages;
	machine->spaces[number].nr_committed += nr_pages;
}

bool mm_commit(struct mm_machine *machine, uint32_t number, uint64_t nr_pages)
{
	if (!enough_memory(machine, &machine->spaces[number], nr_pages))
		return false;
	mm_commit_before(machine, number, nr_pages);
	return true;
}

void mm_uncommit(struct mm_machine *machine, uint32_t number, uint64_t nr_pages)
{
	struct mm_space *space = &machine->spaces[number];

	if (nr_pages > space->nr_committed)
		nr_pages = space->nr_committed;
	space->nr_committed -= nr_pages;
	machine->committed -= (int64_t)nr_pages;
}

uint64_t mm_space_committed(const struct mm_machine *machine, uint32_t number)
{
	return machine->spaces[number].nr_committed;
}

void mm_seed_committed(struct mm_machine *machine, uint64_t nr_pages)
{
	machine->committed = (int64_t)nr_pages;
}
