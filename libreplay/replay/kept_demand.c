/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A packed op is 16 bits of what follows, then only that, in the order of enum tag_bit: numbers seven bits a byte,
 * lowest first, differences with their sign in the lowest bit. Pieces are whole ops, so that each can be freed
 * as soon as it has been read.
 */
#include "kept_demand.h"

#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "vec.h"

#define PIECE_SIZE (UINT32_C(1) << 20)
#define OP_MAX     48u /* bytes of a packed op, at most: 2, 10 and seven times 5 */
#define KIND_BITS  6
#define NR_KINDS   (1u << KIND_BITS)
#define TAG(bit)   (1u << (KIND_BITS + (bit)))

/* What is not as expected: time, task and CPU as in the op before, the rest as in the last one of its kind. */
enum tag_bit {
	TAG_TIME,
	TAG_TASK,
	TAG_CPU,
	TAG_PAGE,
	TAG_FOLLOWS,
	TAG_GFP,
	TAG_ORDER,
	TAG_ARG,
	TAG_ARG2
};

struct piece {
	uint8_t *bytes;
	uint32_t size;
};

struct pid_change {
	uint32_t task;
	uint32_t pid;
};

struct batch {
	uint32_t nr_ops;
	uint32_t nr_changes; /* of pids, since the batch before */
	uint64_t nr_events;
};

DEFINE_VEC(kept_piece_vec, struct piece);
DEFINE_VEC(kept_batch_vec, struct batch);
DEFINE_VEC(kept_change_vec, struct pid_change);
DEFINE_VEC(kept_pid_vec, uint32_t);
DEFINE_VEC(kept_op_vec, struct demand_op);

/* What an op is told apart from. */
struct context {
	struct demand_op last;
	struct demand_op of_kind[NR_KINDS];
};

struct replay_kept {
	uint64_t limit;
	bool dropped;
	struct context context;
	struct kept_piece_vec pieces;
	struct kept_batch_vec batches;
	struct kept_change_vec changes;
	struct kept_pid_vec pids; /* by task */
	/* reading */
	struct kept_op_vec ops;
	size_t next_batch, next_change, next_piece;
	const uint8_t *at, *end;
};

int replay_kept_create(uint64_t limit, struct replay_kept **ret, struct mmr_error *err)
{
	*ret = base_calloc_err(1, sizeof(**ret), "the demand", err);
	if (!*ret)
		return MMR_E_NOMEM;
	(*ret)->limit = limit;
	return 0;
}

static void drop(struct replay_kept *kept)
{
	for (size_t i = 0; i < kept->pieces.count; i++)
		base_free(kept->pieces.items[i].bytes);
	kept_piece_vec_deinit(&kept->pieces);
	kept_batch_vec_deinit(&kept->batches);
	kept_change_vec_deinit(&kept->changes);
	kept_pid_vec_deinit(&kept->pids);
	kept_op_vec_deinit(&kept->ops);
	kept->dropped = true;
}

void replay_kept_destroy(struct replay_kept *kept)
{
	if (!kept)
		return;
	drop(kept);
	base_free(kept);
}

bool replay_kept_is_whole(const struct replay_kept *kept)
{
	return !kept->dropped;
}

/* ---- numbers ---- */

static uint8_t *put_number(uint8_t *at, uint64_t number)
{
	while (number >= 0x80) {
		*at++ = (uint8_t)(number | 0x80);
		number >>= 7;
	}
	*at++ = (uint8_t)number;
	return at;
}

static uint8_t *put_difference(uint8_t *at, uint32_t from, uint32_t to)
{
	uint32_t difference = to - from;

	return put_number(at, difference << 1 ^ (0 - (difference >> 31)));
}

static uint64_t get_number(const uint8_t **at)
{
	uint64_t number = *(*at)++;

	if (number < 0x80)
		return number;
	number &= 0x7f;
	for (unsigned int shift = 7;; shift += 7) {
		uint8_t byte = *(*at)++;

		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return number;
	}
}

static uint32_t get_difference(const uint8_t **at, uint32_t from)
{
	uint32_t coded = (uint32_t)get_number(at);

	return from + (coded >> 1 ^ (0 - (coded & 1)));
}

/* ---- ops ---- */

static uint8_t *put_op(struct context *context, uint8_t *at, const struct demand_op *op)
{
	struct demand_op *last = &context->last, *like = &context->of_kind[op->kind];
	uint8_t *tag = at;
	uint32_t bits = op->kind;

	at += 2;
	if (op->t_ns != last->t_ns) {
		uint64_t difference = op->t_ns - last->t_ns;

		bits |= TAG(TAG_TIME);
		at = put_number(at, difference << 1 ^ (0 - (difference >> 63)));
	}
	if (op->task != last->task) {
		bits |= TAG(TAG_TASK);
		at = put_number(at, op->task);
	}
	if (op->cpu != last->cpu) {
		bits |= TAG(TAG_CPU);
		at = put_number(at, op->cpu);
	}
	if (op->page == like->page + 1) {
		bits |= TAG(TAG_FOLLOWS);
	} else if (op->page != like->page) {
		bits |= TAG(TAG_PAGE);
		at = put_difference(at, like->page, op->page);
	}
	if (op->gfp_flags != like->gfp_flags) {
		bits |= TAG(TAG_GFP);
		at = put_number(at, op->gfp_flags);
	}
	if (op->order != like->order) {
		bits |= TAG(TAG_ORDER);
		*at++ = op->order;
	}
	if (op->arg != like->arg) {
		bits |= TAG(TAG_ARG);
		at = put_difference(at, like->arg, op->arg);
	}
	if (op->arg2 != like->arg2) {
		bits |= TAG(TAG_ARG2);
		at = put_difference(at, like->arg2, op->arg2);
	}
	tag[0] = (uint8_t)bits;
	tag[1] = (uint8_t)(bits >> 8);
	*last = *op;
	*like = *op;
	return at;
}

static const uint8_t *get_op(struct context *context, const uint8_t *at, struct demand_op *op)
{
	uint32_t bits = (uint32_t)at[0] | (uint32_t)at[1] << 8;
	struct demand_op *last = &context->last;
	struct demand_op *like = &context->of_kind[bits & (NR_KINDS - 1)];

	at += 2;
	*op = *like;
	op->kind = bits & (NR_KINDS - 1);
	op->t_ns = last->t_ns;
	op->task = last->task;
	op->cpu = last->cpu;
	if (bits & TAG(TAG_TIME)) {
		uint64_t coded = get_number(&at);

		op->t_ns += coded >> 1 ^ (0 - (coded & 1));
	}
	if (bits & TAG(TAG_TASK))
		op->task = (uint32_t)get_number(&at);
	if (bits & TAG(TAG_CPU))
		op->cpu = (uint16_t)get_number(&at);
	if (bits & TAG(TAG_FOLLOWS))
		op->page = like->page + 1;
	else if (bits & TAG(TAG_PAGE))
		op->page = get_difference(&at, like->page);
	if (bits & TAG(TAG_GFP))
		op->gfp_flags = (uint32_t)get_number(&at);
	if (bits & TAG(TAG_ORDER))
		op->order = *at++;
	if (bits & TAG(TAG_ARG))
		op->arg = get_difference(&at, like->arg);
	if (bits & TAG(TAG_ARG2))
		op->arg2 = get_difference(&at, like->arg2);
	*last = *op;
	*like = *op;
	return at;
}

/* ---- adding ---- */

static struct piece *room_for_op(struct replay_kept *kept)
{
	struct kept_piece_vec *pieces = &kept->pieces;
	struct piece piece = { 0 };
	void *bytes = NULL;

	if (pieces->count > 0 && pieces->items[pieces->count - 1].size <= PIECE_SIZE - OP_MAX)
		return &pieces->items[pieces->count - 1];
	if ((pieces->count + 1) * PIECE_SIZE > kept->limit)
		return NULL;
	if (base_resize(&bytes, PIECE_SIZE, 1) < 0)
		return NULL;
	piece.bytes = bytes;
	if (kept_piece_vec_push(pieces, piece) < 0) {
		base_free(bytes);
		return NULL;
	}
	return &pieces->items[pieces->count - 1];
}

static bool add_ops(struct replay_kept *kept, const struct demand_op *ops, size_t nr_ops)
{
	for (size_t i = 0; i < nr_ops;) {
		struct piece *piece = room_for_op(kept);
		uint8_t *at;

		if (!piece)
			return false;
		at = piece->bytes + piece->size;
		for (; i < nr_ops && at <= piece->bytes + PIECE_SIZE - OP_MAX; i++) {
			if (ops[i].kind >= NR_KINDS)
				return false;
			at = put_op(&kept->context, at, &ops[i]);
		}
		piece->size = (uint32_t)(at - piece->bytes);
	}
	return true;
}

static bool add_pids(struct replay_kept *kept, const struct wl *wl, uint32_t *nr_changes)
{
	uint32_t nr_tasks = wl_nr_tasks(wl);

	*nr_changes = 0;
	while (kept->pids.count < nr_tasks)
		if (kept_pid_vec_push(&kept->pids, 0) < 0)
			return false;
	for (uint32_t task = 0; task < nr_tasks; task++) {
		uint32_t pid = wl_task_pid(wl, task);

		if (kept->pids.items[task] == pid)
			continue;
		kept->pids.items[task] = pid;
		if (kept_change_vec_push(&kept->changes, (struct pid_change){ task, pid }) < 0)
			return false;
		++*nr_changes;
	}
	return true;
}

void replay_kept_add(struct replay_kept *kept, const struct wl *wl, const struct demand_op *ops,
                     size_t nr_ops, uint64_t nr_events)
{
	struct batch batch = { .nr_ops = (uint32_t)nr_ops, .nr_events = nr_events };

	if (kept->dropped)
		return;
	if (nr_ops > UINT32_MAX || !add_ops(kept, ops, nr_ops) ||
	    !add_pids(kept, wl, &batch.nr_changes) ||
	    kept_batch_vec_push(&kept->batches, batch) < 0 ||
	    kept_op_vec_reserve(&kept->ops, nr_ops) < 0)
		drop(kept);
}

/* ---- reading ---- */

static void next_piece(struct replay_kept *kept)
{
	const struct piece *piece = &kept->pieces.items[kept->next_piece];

	if (kept->next_piece > 0) {
		base_free(piece[-1].bytes);
		kept->pieces.items[kept->next_piece - 1].bytes = NULL;
	}
	kept->next_piece++;
	kept->at = piece->bytes;
	kept->end = piece->bytes + piece->size;
}

static void begin_reading(struct replay_kept *kept)
{
	memset(&kept->context, 0, sizeof(kept->context));
	memset(kept->pids.items, 0, kept->pids.count * sizeof(*kept->pids.items));
}

bool replay_kept_next(struct replay_kept *kept, struct replay_kept_batch *batch)
{
	const struct batch *next;

	if (kept->dropped || kept->next_batch >= kept->batches.count)
		return false;
	if (kept->next_batch == 0)
		begin_reading(kept);
	next = &kept->batches.items[kept->next_batch++];
	for (uint32_t i = 0; i < next->nr_ops; i++) {
		if (kept->at == kept->end)
			next_piece(kept);
		kept->at = get_op(&kept->context, kept->at, &kept->ops.items[i]);
	}
	for (uint32_t i = 0; i < next->nr_changes; i++) {
		struct pid_change change = kept->changes.items[kept->next_change++];

		kept->pids.items[change.task] = change.pid;
	}
	*batch = (struct replay_kept_batch){ .ops = kept->ops.items,
		                             .nr_ops = next->nr_ops,
		                             .nr_events = next->nr_events };
	return true;
}

uint32_t replay_kept_pid(const struct replay_kept *kept, uint32_t task)
{
	return task < kept->pids.count ? kept->pids.items[task] : 0;
}
