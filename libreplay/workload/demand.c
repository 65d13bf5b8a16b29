// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The ops on their way out: a window in which the last ones can still be completed.
 *
 * An op has the time at which its task asked. What had to reclaim for itself shows itself when it has got its page: its
 * op comes late, and is put where it belongs when it leaves the window, but never before an op that names the same
 * page. Ops that others asked for meanwhile stay in the window as long.
 */
#include "memcg.h"
#include "wl_state.h"

static enum wl_cause cause_of(const struct demand_op *op)
{
	switch (op->kind) {
	case DEMAND_ANON_TOUCH:
	case DEMAND_FILE_TOUCH:
	case DEMAND_SHMEM_TOUCH:
	case DEMAND_COW:
		return WL_OP_TOUCH;
	case DEMAND_KERNEL_ALLOC:
		return WL_OP_KERNEL;
	case DEMAND_FREE:
		return WL_OP_FREE;
	case DEMAND_ACCESS:
		return WL_OP_ACCESS;
	case DEMAND_PAGE_FAULT:
		return WL_OP_FAULT;
	default:
		return WL_OP_OTHER;
	}
}

static bool asks(const struct demand_op *op)
{
	return (op->kind <= DEMAND_KERNEL_ALLOC || op->kind == DEMAND_COW) &&
	       !(op->arg & DEMAND_RESIDENT);
}

uint32_t wl_emit(struct wl *wl, struct demand_op op)
{
	size_t pending = wl->ops.count - wl->ops_head;

	if (!wl->started)
		return 0;
	op.t_ns = wl->now_ns;
	op.cpu = wl->cpu;
	if (op.task == 0)
		op.task = wl->task;
	if (op.task && wl->tasks.items[op.task].flags & WL_TASK_EXITED)
		op.task = 0;
	wl_count(wl, op.arg & DEMAND_RESIDENT && op.kind <= DEMAND_KERNEL_ALLOC ? WL_OP_RESIDENT
	                                                                        : cause_of(&op));
	if (op.page != DEMAND_NO_PAGE && op.kind != DEMAND_EVICTED &&
	    wl->pages.items[op.page].nr_ops < 2)
		wl->pages.items[op.page].nr_ops++;
	if (op.task && asks(&op) && wl->tasks.items[op.task].asked_ns &&
	    !wl_in_reclaim(&wl->tasks.items[op.task])) {
		op.t_ns = wl->tasks.items[op.task].asked_ns;
		wl->tasks.items[op.task].asked_ns = 0;
		wl->tasks.items[op.task].has_got = false;
		if (wl_u32_vec_push(&wl->late, wl->ops_serial + (uint32_t)pending) < 0)
			wl->nomem = true;
	}
	wl->nr_tlb += op.kind == DEMAND_TLB;
	if (wl_op_vec_push(&wl->ops, op) < 0)
		wl->nomem = true;
	return wl->ops_serial + (uint32_t)pending;
}

void wl_emit_evicted(struct wl *wl, uint32_t page)
{
	wl_memcg_takes(wl, page);
	/* Of a page that nothing was said of so far nothing need be said. */
	if (wl->pages.items[page].nr_ops > 0)
		wl_emit(wl, (struct demand_op){ .kind = DEMAND_EVICTED, .page = page });
}

struct demand_op *wl_op_find(struct wl *wl, uint32_t serial, uint32_t page)
{
	size_t at = serial - wl->ops_serial;
	struct demand_op *op;

	if (at >= wl->ops.count - wl->ops_head)
		return NULL;
	op = &wl->ops.items[wl->ops_head + at];
	return op->page == page ? op : NULL;
}

/* arg2 is a page, too. */
static bool names_two(const struct demand_op *op)
{
	return op->kind == DEMAND_COW || op->kind == DEMAND_RENAME;
}

/* All 512 base pages of a place for a huge page. */
static bool names_area(const struct demand_op *op)
{
	return op->order > 0 || demand_tried_huge(op);
}

/* Ops of its own task from then on are what its reclaim took; that comes after, too. */
static bool name_the_same(const struct demand_op *a, const struct demand_op *b)
{
	bool huge = names_area(a) || names_area(b);
	unsigned int shift = huge ? WL_HUGE_ORDER : 0;

	if (a->page == DEMAND_NO_PAGE || b->page == DEMAND_NO_PAGE)
		return false;
	return a->page >> shift == b->page >> shift ||
	       (names_two(a) && a->arg2 >> shift == b->page >> shift) ||
	       (names_two(b) && b->arg2 >> shift == a->page >> shift);
}

/* Back to where it belongs, and not before what is gone, until gone_ns. */
static void put_back(struct demand_op *ops, size_t at, uint64_t gone_ns)
{
	struct demand_op op = ops[at];

	for (; at > 0 && ops[at - 1].t_ns > op.t_ns && !name_the_same(&ops[at - 1], &op); at--)
		ops[at] = ops[at - 1];
	if (at > 0)
		gone_ns = ops[at - 1].t_ns;
	if (op.t_ns < gone_ns)
		op.t_ns = gone_ns;
	ops[at] = op;
}

/* How many of the first nr ops came before those asked that are still in the window. */
static size_t before_late(const struct wl *wl, size_t nr)
{
	const struct demand_op *ops = wl->ops.items + wl->ops_head;

	for (size_t i = wl->late.count; i-- > 0;) {
		size_t at = wl->late.items[i] - wl->ops_serial;

		while (at >= nr && nr > 0 && ops[nr - 1].t_ns > ops[at].t_ns)
			nr--;
	}
	return nr;
}

/* DEMAND_TLB is as if it were not there: so many of the first ops have nr others among them. */
static size_t with_tlb(const struct wl *wl, size_t nr)
{
	const struct demand_op *ops = wl->ops.items + wl->ops_head;
	size_t at = 0;

	while (nr > 0)
		nr -= ops[at++].kind != DEMAND_TLB;
	return at;
}

const struct demand_op *wl_ops(struct wl *wl, size_t *nr)
{
	size_t pending = wl->ops.count - wl->ops_head, nr_left = 0;

	*nr = pending - wl->nr_tlb > WL_WINDOW ? pending - wl->nr_tlb - WL_WINDOW : 0;
	*nr = wl->nr_tlb > 0 ? with_tlb(wl, *nr) : *nr;
	*nr = wl->finished ? pending : before_late(wl, *nr);
	for (size_t i = 0; i < wl->late.count; i++) {
		size_t at = wl->late.items[i] - wl->ops_serial;

		if (at < *nr)
			put_back(wl->ops.items + wl->ops_head, at, wl->gone_ns);
		else
			wl->late.items[nr_left++] = wl->late.items[i];
	}
	wl->late.count = nr_left;
	return wl->ops.items + wl->ops_head;
}

void wl_consume(struct wl *wl, size_t nr)
{
	size_t left;

	for (size_t i = nr; wl->nr_tlb > 0 && i > 0; i--)
		wl->nr_tlb -= wl->ops.items[wl->ops_head + i - 1].kind == DEMAND_TLB;
	for (size_t i = nr; i > 0; i--) {
		if (wl->ops.items[wl->ops_head + i - 1].kind == DEMAND_TLB)
			continue;
		wl->gone_ns = wl->ops.items[wl->ops_head + i - 1].t_ns;
		break;
	}
	wl->ops_head += nr;
	wl->ops_serial += (uint32_t)nr;
	left = wl->ops.count - wl->ops_head;
	/* The gap is closed when it is larger than what is to be moved, so each op moves once at most
	 * on average. */
	if (wl->ops_head < left + WL_WINDOW)
		return;
	for (size_t i = 0; i < left; i++)
		wl->ops.items[i] = wl->ops.items[wl->ops_head + i];
	wl->ops.count = left;
	wl->ops_head = 0;
}
