/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which op has to wait for which, while tasks wait in the middle of what they do.
 *
 * A task does one thing after the other. Who needs a page that somebody else has in hand waits until that is done,
 * as for the kernel's page lock. And numbers are used again: a page, an address space or a mapping is not another's before
 * what was asked of it earlier has been done. So an op claims what it names,
 *
 *	its task, its pages (all 512 where it is about a huge page), the space that it enters, leaves or copies,
 *	the mapping that it makes or removes; of uses that nobody knows the task of, the CPU, which has one at a time
 *
 * and waits for the last op before it that claimed any of it. As waiting always goes back in the order of the demand,
 * nobody waits for himself.
 *
 * State: a record of every op that is under way or waits, edges to those that wait for it, and a hash table
 * of claims. Empty as long as nobody waits for anything, which is nearly always.
 */
#include "pending.h"

#include <mmreplay/error.h>

#define MIN_SLOTS  64
#define HUGE_PAGES 512u
#define MAX_CLAIMS 5

enum claim_kind {
	CLAIM_TASK = 1,
	CLAIM_PAGE,
	CLAIM_SPACE,
	CLAIM_MAPPING,
	CLAIM_CPU,
};

struct claim {
	uint64_t first;
	uint32_t nr;
	bool shared; /* it waits, but nobody waits for it */
};

/* ---- what an op names ---- */

static uint64_t key_of(enum claim_kind kind, uint32_t number)
{
	return (uint64_t)kind << 32 | number;
}

static struct claim pages_of(const struct demand_op *op)
{
	uint32_t nr = 1;

	if (op->kind != DEMAND_KERNEL_ALLOC && op->kind != DEMAND_CACHE_GROWS)
		nr = UINT32_C(1) << op->order;
	if (demand_tried_huge(op))
		return (struct claim){ key_of(CLAIM_PAGE, op->page & ~(HUGE_PAGES - 1)), HUGE_PAGES,
			               false };
	return (struct claim){ key_of(CLAIM_PAGE, op->page), nr, false };
}

static unsigned int claims_of(const struct demand_op *op, uint32_t space,
                              struct claim claims[MAX_CLAIMS])
{
	uint32_t mapping = op->arg >> DEMAND_MAPPING_SHIFT;
	unsigned int nr = 0;

	if (op->task != 0)
		claims[nr++] = (struct claim){ key_of(CLAIM_TASK, op->task), 1, false };
	else if (op->kind == DEMAND_ACCESS)
		claims[nr++] = (struct claim){ key_of(CLAIM_CPU, op->cpu), 1, false };
	if (op->page != DEMAND_NO_PAGE)
		claims[nr++] = pages_of(op);
	if (op->kind == DEMAND_COW && op->arg2 != DEMAND_NO_PAGE)
		claims[nr++] = (struct claim){ key_of(CLAIM_PAGE, op->arg2), 1, false };
	if (op->kind == DEMAND_ANON_TOUCH && mapping != 0)
		claims[nr++] = (struct claim){ key_of(CLAIM_MAPPING, mapping), 1, true };
	if ((op->kind == DEMAND_MAP || op->kind == DEMAND_UNMAP) && op->arg != 0)
		claims[nr++] = (struct claim){ key_of(CLAIM_MAPPING, op->arg), 1, false };
	if (op->kind == DEMAND_TASK_SPACE && op->arg != 0)
		claims[nr++] = (struct claim){ key_of(CLAIM_SPACE, op->arg), 1, false };
	if (op->kind == DEMAND_TASK_SPACE && op->arg2 != 0)
		claims[nr++] = (struct claim){ key_of(CLAIM_SPACE, op->arg2), 1, false };
	if (space != 0)
		claims[nr++] = (struct claim){ key_of(CLAIM_SPACE, space), 1, false };
	return nr;
}

/* ---- the table of claims ---- */

static size_t home_of(const struct replay_pending *pending, uint64_t key)
{
	return (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (pending->nr_slots - 1);
}

/* Where it is, or would be. */
static size_t find(const struct replay_pending *pending, uint64_t key)
{
	size_t at = home_of(pending, key);

	while (pending->claims[at].key != 0 && pending->claims[at].key != key)
		at = (at + 1) & (pending->nr_slots - 1);
	return at;
}

static uint32_t claimed_by(const struct replay_pending *pending, uint64_t key)
{
	const struct replay_pending_claim *claim;

	if (pending->nr_claims == 0)
		return REPLAY_NO_OP;
	claim = &pending->claims[find(pending, key)];
	return claim->key == key ? claim->number : REPLAY_NO_OP;
}

static int reserve_claims(struct replay_pending *pending, size_t more)
{
	size_t had = pending->nr_slots, want = had ? had : MIN_SLOTS;
	struct replay_pending_claim *claims = pending->claims;

	while ((pending->nr_claims + more) * 2 > want)
		want *= 2;
	if (want == had)
		return 0;
	pending->claims = base_calloc(want, sizeof(*claims));
	if (!pending->claims) {
		pending->claims = claims;
		return MMR_E_NOMEM;
	}
	pending->nr_slots = want;
	for (size_t i = 0; i < had; i++)
		if (claims[i].key != 0)
			pending->claims[find(pending, claims[i].key)] = claims[i];
	base_free(claims);
	return 0;
}

static void claim(struct replay_pending *pending, uint64_t key, uint32_t number)
{
	struct replay_pending_claim *slot = &pending->claims[find(pending, key)];

	pending->nr_claims += slot->key == 0;
	*slot = (struct replay_pending_claim){ key, number };
}

/* Those behind it move up, as far as their homes allow. */
static void unclaim(struct replay_pending *pending, uint64_t key, uint32_t number)
{
	size_t mask = pending->nr_slots - 1, hole = find(pending, key);

	if (pending->claims[hole].key != key || pending->claims[hole].number != number)
		return;
	for (size_t at = (hole + 1) & mask; pending->claims[at].key != 0; at = (at + 1) & mask) {
		size_t home = home_of(pending, pending->claims[at].key);

		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		pending->claims[hole] = pending->claims[at];
		hole = at;
	}
	pending->claims[hole].key = 0;
	pending->nr_claims--;
}

/* ---- who waits for whom ---- */

static int new_op(struct replay_pending *pending, uint32_t *number)
{
	if (pending->free_op == 0) {
		if (replay_pending_op_vec_push(&pending->ops, (struct replay_pending_op){ 0 }) < 0)
			return MMR_E_NOMEM;
		pending->free_op = (uint32_t)pending->ops.count;
	}
	*number = pending->free_op - 1;
	pending->free_op = pending->ops.items[*number].next;
	return 0;
}

static int wait_for(struct replay_pending *pending, uint32_t number, uint32_t before)
{
	struct replay_pending_op *op = &pending->ops.items[before];
	struct replay_pending_edge *edge;
	uint32_t at;

	/* The same one once more: of the same page, say. */
	if (op->first_edge != 0 && pending->edges.items[op->first_edge - 1].to == number)
		return 0;
	if (pending->free_edge == 0) {
		if (replay_pending_edge_vec_push(&pending->edges,
		                                 (struct replay_pending_edge){ 0 }) < 0)
			return MMR_E_NOMEM;
		pending->free_edge = (uint32_t)pending->edges.count;
	}
	at = pending->free_edge;
	edge = &pending->edges.items[at - 1];
	pending->free_edge = edge->next;
	*edge = (struct replay_pending_edge){ .to = number, .next = op->first_edge };
	op->first_edge = at;
	pending->ops.items[number].nr_waits++;
	return 0;
}

bool replay_pending_blocks(const struct replay_pending *pending, const struct demand_op *op,
                           uint32_t space)
{
	struct claim claims[MAX_CLAIMS];
	unsigned int nr = claims_of(op, space, claims);

	for (unsigned int i = 0; i < nr; i++)
		for (uint32_t k = 0; k < claims[i].nr; k++)
			if (claimed_by(pending, claims[i].first + k) != REPLAY_NO_OP)
				return true;
	return false;
}

int replay_pending_add(struct replay_pending *pending, const struct demand_op *op, uint32_t space,
                       uint32_t *number)
{
	struct claim claims[MAX_CLAIMS];
	unsigned int nr = claims_of(op, space, claims);
	size_t most = 0;

	for (unsigned int i = 0; i < nr; i++)
		most += claims[i].nr;
	if (reserve_claims(pending, most) < 0 || new_op(pending, number) < 0)
		return MMR_E_NOMEM;
	pending->ops.items[*number] = (struct replay_pending_op){ .op = *op, .space = space };
	pending->nr++;
	for (unsigned int i = 0; i < nr; i++) {
		for (uint32_t k = 0; k < claims[i].nr; k++) {
			uint64_t key = claims[i].first + k;
			uint32_t before = claimed_by(pending, key);

			if (before != REPLAY_NO_OP && before != *number &&
			    wait_for(pending, *number, before) < 0)
				return MMR_E_NOMEM;
			if (!claims[i].shared)
				claim(pending, key, *number);
		}
	}
	return 0;
}

static void make_ready(struct replay_pending *pending, uint32_t number)
{
	pending->ops.items[number].next = 0;
	if (pending->ready == 0)
		pending->ready = number + 1;
	else
		pending->ops.items[pending->last_ready - 1].next = number + 1;
	pending->last_ready = number + 1;
}

void replay_pending_done(struct replay_pending *pending, uint32_t number)
{
	struct replay_pending_op *op = &pending->ops.items[number];
	struct claim claims[MAX_CLAIMS];
	unsigned int nr = claims_of(&op->op, op->space, claims);
	uint32_t edge = op->first_edge, first = 0;

	for (unsigned int i = 0; i < nr; i++)
		for (uint32_t k = 0; k < claims[i].nr && !claims[i].shared; k++)
			unclaim(pending, claims[i].first + k, number);
	/* Pushed at the head: those that came first are to be first. */
	while (edge != 0) {
		struct replay_pending_edge *at = &pending->edges.items[edge - 1];
		uint32_t next = at->next;

		at->next = first;
		first = edge;
		edge = next;
	}
	while (first != 0) {
		struct replay_pending_edge *at = &pending->edges.items[first - 1];
		uint32_t next = at->next;

		if (--pending->ops.items[at->to].nr_waits == 0)
			make_ready(pending, at->to);
		at->next = pending->free_edge;
		pending->free_edge = first;
		first = next;
	}
	op->next = pending->free_op;
	pending->free_op = number + 1;
	pending->nr--;
}

uint32_t replay_pending_next(struct replay_pending *pending)
{
	uint32_t ready = pending->ready;

	if (ready == 0)
		return REPLAY_NO_OP;
	pending->ready = pending->ops.items[ready - 1].next;
	return ready - 1;
}

const struct demand_op *replay_pending_op(const struct replay_pending *pending, uint32_t number)
{
	return &pending->ops.items[number].op;
}

void replay_pending_deinit(struct replay_pending *pending)
{
	replay_pending_op_vec_deinit(&pending->ops);
	replay_pending_edge_vec_deinit(&pending->edges);
	base_free(pending->claims);
	*pending = (struct replay_pending){ 0 };
}
