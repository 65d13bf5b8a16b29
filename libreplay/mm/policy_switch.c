/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From one policy to another while the machine runs, as writing to /sys/kernel/mm/lru_gen/enabled does.
 *
 * Every page leaves its list and joins one of the new policy's, list by list from the oldest page on: from the
 * active lists to the youngest generation, from the two youngest generations to the active lists. What each
 * policy knows beside its lists (sequence numbers, averages) stays for the next time.
 *
 * State: the other policy and its state per node (mm_config.other).
 *
 * Follows lru_gen_change_state(), fill_evictable(), drain_evictable() of v6.12.
 *
 * Not modelled: that other tasks go on between each 4096 pages; a pass of kswapd under way, which begins anew.
 */
#include "internal.h"

/* All that is listed, the oldest page of the first list at the tail. */
static void drain_evictable(struct mm_node *node, struct mm_list *moving)
{
	struct mm_machine *machine = node->machine;

	for (uint32_t i = 0; i < MM_POLICY_LISTS; i++) {
		while (node->lists[i].tail != MM_NONE) {
			uint32_t pfn = node->lists[i].tail;

			machine->policy->page_removed(node, pfn);
			mm_list_add_head(machine, moving, pfn);
		}
	}
}

static void fill_evictable(struct mm_node *node, struct mm_list *moving)
{
	while (moving->tail != MM_NONE) {
		uint32_t pfn = moving->tail;

		mm_list_del(node->machine, moving, pfn);
		node->machine->policy->page_added(node, pfn);
	}
}

const struct mm_policy_ops *mm_switch_policy(struct mm_machine *machine)
{
	const struct mm_policy_ops *policy = machine->policy;
	struct mm_list moving[MM_MAX_NODES];

	if (!machine->other)
		return policy;
	for (uint32_t n = 0; n < machine->nr_nodes; n++) {
		struct mm_node *node = &machine->nodes[n];
		void *state = node->policy_state;

		mm_list_init(&moving[n]);
		drain_evictable(node, &moving[n]);
		node->policy_state = node->other_state;
		node->other_state = state;
		node->kswapd.in_pass = false;
	}
	machine->policy = machine->other;
	machine->other = policy;
	for (uint32_t n = 0; n < machine->nr_nodes; n++)
		fill_evictable(&machine->nodes[n], &moving[n]);
	return machine->policy;
}

void mm_set_settings(struct mm_machine *machine, const struct mm_settings *settings)
{
	machine->settings = *settings;
	for (uint32_t n = 0; machine->policy && n < machine->nr_nodes; n++) {
		if (machine->policy->settings_changed)
			machine->policy->settings_changed(&machine->nodes[n]);
	}
}
