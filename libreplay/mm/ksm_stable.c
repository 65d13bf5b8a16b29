/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The stable tree: one node for each page that is shared, by contents.
 *
 * A node has a list of the addresses (items) that ksmd has given its page to. It may hold ones that have long got
 * a page of their own: ksmd notices when it comes by. Nor is a node told that its page is free; whoever comes upon it
 * then removes it with all its items. So the counters lag behind, here as in the kernel.
 *
 * A page is shared by max_page_sharing addresses at most. Beyond that a second page with the same contents is shared, and
 * a chain takes the node's place in the tree, with both as its duplicates. Which one is offered: one that
 * has room, the first, or, every ksm.chains_prune_millisecs when all are gone through, the one with most items. A chain
 * of one is a node again.
 *
 * Follows stable_tree_search(), stable_tree_insert(), stable_tree_append(), stable_node_dup(),
 * remove_node_from_stable_tree(), remove_rmap_item_from_tree() of v6.12.
 *
 * With merge_across_nodes = 0 each NUMA node has a tree: here one tree, in which contents of other nodes have other keys.
 */
#include "internal.h"
#include "ksm_state.h"

#include "alloc.h"

#define NS_PER_MS UINT64_C(1000000)

static uint32_t new_node(struct mm_machine *machine, const struct mm_ksm_node *node)
{
	struct mm_ksm *ksm = machine->ksm;
	void *nodes = ksm->nodes, *links = ksm->node_links;
	uint32_t at, room = ksm->nr_nodes ? 2 * ksm->nr_nodes : 256;

	if (ksm->free_node == MM_NONE) {
		if (base_resize(&nodes, room, sizeof(*ksm->nodes)) == 0)
			ksm->nodes = nodes;
		if (ksm->nodes != nodes ||
		    base_resize(&links, room, sizeof(*ksm->node_links)) < 0) {
			machine->lacks = "nodes of the stable tree";
			return MM_NONE;
		}
		ksm->node_links = links;
		for (uint32_t i = room; i-- > ksm->nr_nodes;) {
			ksm->nodes[i].next_dup = ksm->free_node;
			ksm->free_node = i;
		}
		ksm->nr_nodes = room;
	}
	at = ksm->free_node;
	ksm->free_node = ksm->nodes[at].next_dup;
	ksm->nodes[at] = *node;
	ksm->nodes[at].items = MM_NONE;
	ksm->nodes[at].chain = MM_NONE;
	ksm->nodes[at].dups = MM_NONE;
	return at;
}

static void free_node(struct mm_ksm *ksm, uint32_t at)
{
	ksm->nodes[at] = (struct mm_ksm_node){ .pfn = MM_NONE, .next_dup = ksm->free_node };
	ksm->free_node = at;
}

/* ---- chains ---- */

static void push_dup(struct mm_ksm *ksm, uint32_t chain, uint32_t dup)
{
	struct mm_ksm_node *node = &ksm->nodes[dup];

	node->chain = chain;
	node->prev_dup = MM_NONE;
	node->next_dup = ksm->nodes[chain].dups;
	if (node->next_dup != MM_NONE)
		ksm->nodes[node->next_dup].prev_dup = dup;
	ksm->nodes[chain].dups = dup;
}

static void unlink_dup(struct mm_ksm *ksm, uint32_t dup)
{
	struct mm_ksm_node *node = &ksm->nodes[dup];

	if (node->prev_dup == MM_NONE)
		ksm->nodes[node->chain].dups = node->next_dup;
	else
		ksm->nodes[node->prev_dup].next_dup = node->next_dup;
	if (node->next_dup != MM_NONE)
		ksm->nodes[node->next_dup].prev_dup = node->prev_dup;
	node->chain = MM_NONE;
}

static void add_dup(struct mm_ksm *ksm, uint32_t chain, uint32_t dup)
{
	push_dup(ksm, chain, dup);
	ksm->stat.stable_node_dups++;
}

static void del_dup(struct mm_ksm *ksm, uint32_t dup)
{
	unlink_dup(ksm, dup);
	ksm->stat.stable_node_dups--;
}

/* A chain in the place of a node, which is the first in it. */
static uint32_t new_chain(struct mm_machine *machine, uint32_t node)
{
	struct mm_ksm *ksm = machine->ksm;
	const struct mm_ksm_node of = { .content = ksm->nodes[node].content,
		                        .prune_ns = mm_now_ns(machine),
		                        .pfn = MM_NONE,
		                        .is_chain = true };
	uint32_t chain = new_node(machine, &of);

	if (chain == MM_NONE)
		return MM_NONE;
	ksm->stat.stable_node_chains++;
	mm_ksm_tree_replace(ksm->node_links, &ksm->stable, node, chain);
	add_dup(ksm, chain, node);
	return chain;
}

static void free_chain(struct mm_ksm *ksm, uint32_t chain)
{
	mm_ksm_tree_del(ksm->node_links, &ksm->stable, chain);
	free_node(ksm, chain);
	ksm->stat.stable_node_chains--;
}

/* ---- items ---- */

void mm_ksm_stable_append(struct mm_machine *machine, uint32_t at, uint32_t number)
{
	struct mm_ksm *ksm = machine->ksm;
	struct mm_ksm_item *item = &ksm->items[at];
	struct mm_ksm_node *node = &ksm->nodes[number];

	item->state = MM_KSM_ITEM_STABLE;
	item->node = number;
	item->prev_same = MM_NONE;
	item->next_same = node->items;
	if (node->items != MM_NONE)
		ksm->items[node->items].prev_same = at;
	node->items = at;
	if (node->nr_items++ > 0)
		ksm->stat.pages_sharing++;
	else
		ksm->stat.pages_shared++;
}

static void detach(struct mm_ksm *ksm, struct mm_ksm_item *item)
{
	struct mm_ksm_node *node = &ksm->nodes[item->node];

	if (item->prev_same == MM_NONE)
		node->items = item->next_same;
	else
		ksm->items[item->prev_same].next_same = item->next_same;
	if (item->next_same != MM_NONE)
		ksm->items[item->next_same].prev_same = item->prev_same;
	if (--node->nr_items > 0)
		ksm->stat.pages_sharing--;
	else
		ksm->stat.pages_shared--;
	item->state = MM_KSM_ITEM_LOOSE;
}

/* With what hangs on it. */
static void remove_node(struct mm_ksm *ksm, uint32_t at)
{
	struct mm_ksm_node *node = &ksm->nodes[at];

	while (node->items != MM_NONE)
		detach(ksm, &ksm->items[node->items]);
	if (node->chain != MM_NONE)
		del_dup(ksm, at);
	else
		mm_ksm_tree_del(ksm->node_links, &ksm->stable, at);
	free_node(ksm, at);
}

/* Whether a node still has its page; one that has not is gone then. */
static bool still_there(struct mm_ksm *ksm, uint32_t at)
{
	if (ksm->nodes[at].pfn != MM_NONE)
		return true;
	remove_node(ksm, at);
	return false;
}

void mm_ksm_remove_item(struct mm_machine *machine, uint32_t at)
{
	struct mm_ksm *ksm = machine->ksm;
	struct mm_ksm_item *item = &ksm->items[at];

	if (item->state == MM_KSM_ITEM_STABLE && still_there(ksm, item->node)) {
		detach(ksm, item);
	} else if (item->state == MM_KSM_ITEM_UNSTABLE) {
		/* The tree of an earlier scan has been forgotten as a whole. */
		if (item->seqnr == (uint32_t)ksm->stat.full_scans)
			mm_ksm_tree_del(ksm->item_links, &ksm->unstable, at);
		ksm->stat.pages_unshared--;
		item->state = MM_KSM_ITEM_LOOSE;
	}
}

/* ---- search ---- */

static bool has_room(const struct mm_machine *machine, uint32_t at, uint32_t more)
{
	uint32_t nr = machine->ksm->nodes[at].nr_items;

	return nr > 0 && nr + more < machine->settings.ksm.max_page_sharing;
}

/* The duplicate to offer; those whose pages are gone go. */
static uint32_t find_dup(struct mm_machine *machine, uint32_t chain, bool all)
{
	struct mm_ksm *ksm = machine->ksm;
	uint32_t found = MM_NONE, next;

	for (uint32_t dup = ksm->nodes[chain].dups; dup != MM_NONE; dup = next) {
		next = ksm->nodes[dup].next_dup;
		if (!still_there(ksm, dup))
			continue;
		if (found == MM_NONE || (has_room(machine, dup, 0) &&
		                         (!has_room(machine, found, 0) ||
		                          ksm->nodes[dup].nr_items > ksm->nodes[found].nr_items)))
			found = dup;
		if (!all && has_room(machine, found, 0))
			break;
	}
	return found;
}

/* stable_node_dup(): *node becomes that of a chain which is none any more. MM_NONE: it was empty, and is gone. */
static uint32_t chain_dup(struct mm_machine *machine, uint32_t *node, bool prune)
{
	struct mm_ksm *ksm = machine->ksm;
	uint64_t now_ns = mm_now_ns(machine);
	uint32_t chain = *node, found;

	if (prune &&
	    now_ns < ksm->nodes[chain].prune_ns + machine->settings.ksm.chains_prune_ms * NS_PER_MS)
		prune = false;
	if (prune)
		ksm->nodes[chain].prune_ns = now_ns;
	found = find_dup(machine, chain, prune);
	if (found == MM_NONE) {
		free_chain(ksm, chain);
		return MM_NONE;
	}
	if (ksm->nodes[chain].dups == found && ksm->nodes[found].next_dup == MM_NONE) {
		del_dup(ksm, found);
		mm_ksm_tree_replace(ksm->node_links, &ksm->stable, chain, found);
		free_node(ksm, chain);
		ksm->stat.stable_node_chains--;
		*node = found;
	} else if (ksm->nodes[chain].dups != found && has_room(machine, found, 1)) {
		unlink_dup(ksm, found);
		push_dup(ksm, chain, found);
	}
	return found;
}

/* The page at a place of the tree, by its node. MM_NONE: there is none, and the tree has changed. */
static uint32_t node_at(struct mm_machine *machine, uint32_t *node, bool prune)
{
	if (machine->ksm->nodes[*node].is_chain)
		return chain_dup(machine, node, prune);
	return still_there(machine->ksm, *node) ? *node : MM_NONE;
}

/* The place of some contents. true: there are such, at *node, and *dup is the page to offer. */
static bool find(struct mm_machine *machine, uint64_t key, bool prune, uint32_t *node,
                 uint32_t *dup, bool *left)
{
	struct mm_ksm *ksm = machine->ksm;
	uint32_t at = ksm->stable;

	*node = MM_NONE;
	while (at != MM_NONE) {
		*dup = node_at(machine, &at, prune);
		if (*dup == MM_NONE) {
			*node = MM_NONE;
			at = ksm->stable;
			continue;
		}
		*node = at;
		if (ksm->nodes[at].content == key)
			return true;
		*left = key < ksm->nodes[at].content;
		at = *left ? ksm->node_links[at].left : ksm->node_links[at].right;
	}
	return false;
}

uint32_t mm_ksm_stable_search(struct mm_machine *machine, uint64_t key)
{
	uint32_t node, dup;
	bool left;

	if (!find(machine, key, true, &node, &dup, &left) || !has_room(machine, dup, 0))
		return MM_NONE;
	return dup;
}

uint32_t mm_ksm_stable_insert(struct mm_machine *machine, uint32_t pfn, uint64_t key)
{
	const struct mm_ksm_node of = { .content = key, .pfn = pfn };
	struct mm_ksm *ksm = machine->ksm;
	uint32_t place, dup, node;
	bool left = false, there = find(machine, key, false, &place, &dup, &left);

	node = new_node(machine, &of);
	if (node == MM_NONE)
		return MM_NONE;
	if (!there) {
		mm_ksm_tree_add(ksm->node_links, &ksm->stable, node, place, left);
		return node;
	}
	if (!ksm->nodes[place].is_chain)
		place = new_chain(machine, place);
	if (place == MM_NONE) {
		free_node(ksm, node);
		return MM_NONE;
	}
	add_dup(ksm, place, node);
	return node;
}

void mm_ksm_remove_nodes(struct mm_machine *machine)
{
	struct mm_ksm *ksm = machine->ksm;

	while (ksm->stable != MM_NONE) {
		uint32_t at = ksm->stable;

		while (ksm->nodes[at].dups != MM_NONE)
			remove_node(ksm, ksm->nodes[at].dups);
		if (ksm->nodes[at].is_chain)
			free_chain(ksm, at);
		else
			remove_node(ksm, at);
	}
}
