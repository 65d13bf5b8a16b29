/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Trees of numbers, for KSM: whoever searches compares, and says where a new one belongs; this file keeps it balanced.
 *
 * A treap: each number has a fixed pseudo-random priority, and none has a child of a higher one, so that the depth
 * is about that of a red-black tree, whatever the order in which they come. Its shape does not matter to the stable
 * tree. In the unstable one, whose contents change behind its back, it decides which pages are not found.
 */
#include "internal.h"
#include "ksm_state.h"

static uint32_t priority_of(uint32_t at)
{
	uint32_t hash = (at + 1) * 0x9e3779b1u;

	hash = (hash ^ hash >> 15) * 0x85ebca6bu;
	return (hash ^ hash >> 13) * 0xc2b2ae35u;
}

/* Whoever has at below it has new there from now on. */
static void relink(struct mm_ksm_link *links, uint32_t *root, uint32_t parent, uint32_t at,
                   uint32_t new)
{
	if (parent == MM_NONE)
		*root = new;
	else if (links[parent].left == at)
		links[parent].left = new;
	else
		links[parent].right = new;
	if (new != MM_NONE)
		links[new].parent = parent;
}

/* at goes above its parent. */
static void rotate_up(struct mm_ksm_link *links, uint32_t *root, uint32_t at)
{
	uint32_t parent = links[at].parent;
	bool left = links[parent].left == at;
	uint32_t inner = left ? links[at].right : links[at].left;

	relink(links, root, links[parent].parent, parent, at);
	if (left) {
		links[parent].left = inner;
		links[at].right = parent;
	} else {
		links[parent].right = inner;
		links[at].left = parent;
	}
	links[parent].parent = at;
	if (inner != MM_NONE)
		links[inner].parent = parent;
}

void mm_ksm_tree_add(struct mm_ksm_link *links, uint32_t *root, uint32_t at, uint32_t parent,
                     bool left)
{
	links[at] = (struct mm_ksm_link){
		.parent = parent, .left = MM_NONE, .right = MM_NONE, .priority = priority_of(at)
	};
	if (parent == MM_NONE)
		*root = at;
	else if (left)
		links[parent].left = at;
	else
		links[parent].right = at;
	while (links[at].parent != MM_NONE && links[links[at].parent].priority < links[at].priority)
		rotate_up(links, root, at);
}

void mm_ksm_tree_del(struct mm_ksm_link *links, uint32_t *root, uint32_t at)
{
	while (links[at].left != MM_NONE && links[at].right != MM_NONE) {
		uint32_t left = links[at].left, right = links[at].right;

		rotate_up(links, root, links[left].priority > links[right].priority ? left : right);
	}
	relink(links, root, links[at].parent, at,
	       links[at].left != MM_NONE ? links[at].left : links[at].right);
}

void mm_ksm_tree_replace(struct mm_ksm_link *links, uint32_t *root, uint32_t at, uint32_t new)
{
	/* With the priority of its place. */
	links[new] = links[at];
	relink(links, root, links[at].parent, at, new);
	if (links[new].left != MM_NONE)
		links[links[new].left].parent = new;
	if (links[new].right != MM_NONE)
		links[links[new].right].parent = new;
}
