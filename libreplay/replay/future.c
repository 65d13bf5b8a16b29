/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pass goes forward: the number of a use is written to the place of the page's use before it. So
 * each entry is written when its future has become the present, and those never written stay "never".
 */
#include "future.h"

#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "vec.h"

#define AHEAD       24 /* uses between asking memory for a page's last one and needing it */
#define PIECE_SHIFT 20
#define PIECE_USES  (UINT32_C(1) << PIECE_SHIFT)
#define MAX_PAGES   (UINT32_C(1) << 28) /* logical pages of a demand */

DEFINE_VEC(future_piece_vec, uint32_t *);
DEFINE_VEC(future_page_vec, uint32_t);

struct replay_future {
	struct future_piece_vec pieces;
	uint64_t nr_uses;
	struct future_page_vec last; /* use of each page so far; REPLAY_FUTURE_NEVER: none */
};

int replay_future_create(struct replay_future **ret, struct mmr_error *err)
{
	*ret = base_calloc_err(1, sizeof(**ret), "the future", err);
	return *ret ? 0 : MMR_E_NOMEM;
}

void replay_future_destroy(struct replay_future *future)
{
	if (!future)
		return;
	for (size_t i = 0; i < future->pieces.count; i++)
		base_free(future->pieces.items[i]);
	future_piece_vec_deinit(&future->pieces);
	future_page_vec_deinit(&future->last);
	base_free(future);
}

void replay_future_seal(struct replay_future *future)
{
	future_page_vec_deinit(&future->last);
}

unsigned int replay_future_uses(const struct demand_op *op, uint32_t pages[2])
{
	unsigned int nr = 0;

	switch (demand_role(op)) {
	case DEMAND_ROLE_COPY:
		if (op->arg2 != DEMAND_NO_PAGE)
			pages[nr++] = op->arg2;
		__attribute__((fallthrough));
	case DEMAND_ROLE_TOUCH:
	case DEMAND_ROLE_USE:
		if (op->kind != DEMAND_FILE_TOUCH || !(op->arg & DEMAND_AROUND))
			pages[nr++] = op->page;
		break;
	case DEMAND_ROLE_KERNEL:
	case DEMAND_ROLE_END:
	case DEMAND_ROLE_EVICTED:
	case DEMAND_ROLE_RENAME:
	case DEMAND_ROLE_OTHER:
		break;
	}
	return nr;
}

static int no_memory(struct mmr_error *err)
{
	return base_error(err, MMR_E_NOMEM, "no memory for the future: four bytes for each use");
}

static int add_piece(struct replay_future *future, struct mmr_error *err)
{
	uint32_t *piece;

	if (future->nr_uses > REPLAY_FUTURE_NEVER - PIECE_USES)
		return base_error(err, MMR_E_LIMIT, "the demand has too many uses to look ahead");
	piece = base_calloc(PIECE_USES, sizeof(*piece));
	if (!piece || future_piece_vec_push(&future->pieces, piece) < 0) {
		base_free(piece);
		return no_memory(err);
	}
	memset(piece, 0xff, PIECE_USES * sizeof(*piece));
	return 0;
}

static int reserve_pages(struct replay_future *future, uint32_t page, struct mmr_error *err)
{
	size_t had = future->last.count, want = had ? had : 1024;

	if (page >= MAX_PAGES)
		return base_error(err, MMR_E_CORRUPT, "page %u is none of a demand", page);
	while (want <= page)
		want *= 2;
	if (future_page_vec_reserve(&future->last, want) < 0)
		return no_memory(err);
	memset(future->last.items + had, 0xff, (want - had) * sizeof(*future->last.items));
	future->last.count = want;
	return 0;
}

static int note_use(struct replay_future *future, uint32_t page, struct mmr_error *err)
{
	uint32_t use = (uint32_t)future->nr_uses, before;
	int rc = 0;

	if ((use & (PIECE_USES - 1)) == 0)
		rc = add_piece(future, err);
	if (rc == 0 && page >= future->last.count)
		rc = reserve_pages(future, page, err);
	if (rc < 0)
		return rc;
	before = future->last.items[page];
	if (before != REPLAY_FUTURE_NEVER)
		future->pieces.items[before >> PIECE_SHIFT][before & (PIECE_USES - 1)] = use;
	future->last.items[page] = use;
	future->nr_uses++;
	return 0;
}

int replay_future_pages(struct replay_future *future, const uint32_t *pages, size_t nr,
                        struct mmr_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < nr; i++) {
		if (i + AHEAD < nr && pages[i + AHEAD] < future->last.count)
			__builtin_prefetch(&future->last.items[pages[i + AHEAD]], 1);
		if (i + AHEAD / 2 < nr && pages[i + AHEAD / 2] < future->last.count) {
			uint32_t before = future->last.items[pages[i + AHEAD / 2]];

			if (before != REPLAY_FUTURE_NEVER)
				__builtin_prefetch(&future->pieces.items[before >> PIECE_SHIFT]
				                                        [before & (PIECE_USES - 1)],
				                   1);
		}
		rc = note_use(future, pages[i], err);
	}
	return rc;
}

int replay_future_ops(struct replay_future *future, const struct demand_op *ops, size_t nr_ops,
                      struct mmr_error *err)
{
	for (size_t i = 0; i < nr_ops; i++) {
		uint32_t pages[2];
		int rc =
			replay_future_pages(future, pages, replay_future_uses(&ops[i], pages), err);

		if (rc < 0)
			return rc;
		/* What has this number afterwards is something else. */
		if ((ops[i].kind == DEMAND_FREE || ops[i].kind == DEMAND_SLAB_FREE) &&
		    ops[i].page < future->last.count)
			future->last.items[ops[i].page] = REPLAY_FUTURE_NEVER;
	}
	return 0;
}

uint32_t replay_future_next(const struct replay_future *future, uint64_t i)
{
	if (i >= future->nr_uses)
		return REPLAY_FUTURE_NEVER;
	return future->pieces.items[i >> PIECE_SHIFT][i & (PIECE_USES - 1)];
}
