/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The future, for policies that ask for it: when each logical page will be used next.
 *
 * Whoever drives the machine says so before each use (mm_set_next_use()), so the number stands for a page
 * whether it is in memory or not, and is right for pages that come in by readahead too. The base pages of a huge
 * page that is taken apart are used next when it was.
 *
 * Memory: four bytes per logical page; nothing where the policy does not ask.
 */
#include "internal.h"

#include "alloc.h"
#include "error_set.h"

int mm_next_use_reserve(struct mm_machine *machine, uint32_t nr_lpages, struct mmr_error *err)
{
	void *next_use = machine->next_use;

	if (!machine->policy || !machine->policy->wants_future)
		return 0;
	if (base_resize(&next_use, nr_lpages, sizeof(*machine->next_use)) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for the future of %u pages",
		                  nr_lpages);
	machine->next_use = next_use;
	for (uint32_t i = machine->nr_lpages; i < nr_lpages; i++)
		machine->next_use[i] = MM_NONE;
	return 0;
}

void mm_set_next_use(struct mm_machine *machine, uint32_t page, uint32_t when)
{
	if (machine->next_use)
		machine->next_use[page] = when;
}

uint32_t mm_next_use(struct mm_node *node, uint32_t pfn)
{
	const struct mm_machine *machine = node->machine;
	uint32_t number = machine->pages[pfn].logical;

	return machine->next_use ? machine->next_use[number] : MM_NONE;
}
