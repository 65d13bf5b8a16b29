// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The ops on their way out: a window in which the last ones can still be completed.
 */
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
	if (wl_op_vec_push(&wl->ops, op) < 0)
		wl->nomem = true;
	return wl->ops_serial + (uint32_t)pending;
}

void wl_emit_evicted(struct wl *wl, uint32_t page)
{
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

const struct demand_op *wl_ops(const struct wl *wl, size_t *nr)
{
	size_t pending = wl->ops.count - wl->ops_head;

	if (wl->finished)
		*nr = pending;
	else
		*nr = pending > WL_WINDOW ? pending - WL_WINDOW : 0;
	return wl->ops.items + wl->ops_head;
}

void wl_consume(struct wl *wl, size_t nr)
{
	size_t left;

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
