/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_AGE_NS \
	5000000000ull /* an older comm is asked for again: a task may have called exec */

static const char *const kind_names[TOP_NR_KINDS] = {
	[TOP_DIRECT_RECLAIM] = "direct reclaim",
	[TOP_MEMCG_RECLAIM] = "memcg reclaim",
	[TOP_NODE_RECLAIM] = "node reclaim",
	[TOP_THROTTLED] = "throttled",
	[TOP_COMPACTION] = "compaction",
	[TOP_DIRTYING] = "dirty pause",
	[TOP_OOM_KILL] = "oom kill",
	[TOP_KSWAPD] = "kswapd",
	[TOP_KCOMPACTD] = "kcompactd",
};

const char *top_kind_name(enum top_kind kind)
{
	return kind_names[kind];
}

const char *top_sort_name(enum top_sort sort)
{
	static const char *const names[TOP_NR_SORTS] = { "total", "longest", "count", "last" };

	return names[sort];
}

/* ---- names ---- */

static const char *comm_of(struct top_model *model, uint32_t pid, uint64_t t_ns)
{
	struct top_name *name = &model->names[pid % TOP_NR_NAMES];

	if (pid == 0)
		return "<idle>";
	if (name->pid == pid && t_ns < name->t_ns + NAME_AGE_NS)
		return name->comm;
	if (name->pid != pid)
		snprintf(name->comm, sizeof(name->comm), "<...>");
	name->pid = pid;
	name->t_ns = t_ns;
	if (model->find_comm)
		model->find_comm(model->find_data, pid, name->comm);
	return name->comm;
}

/* ---- stalls ---- */

/* The row of a task and kind; the one that is longest ago gives way if there is none left. */
static struct top_stall *stall_of(struct top_model *model, uint32_t pid, enum top_kind kind)
{
	struct top_stall *oldest = &model->stalls[0];

	for (uint32_t i = 0; i < model->nr_stalls; i++) {
		struct top_stall *row = &model->stalls[i];

		if (row->pid == pid && row->kind == kind)
			return row;
		if (row->last_ns < oldest->last_ns)
			oldest = row;
	}
	if (model->nr_stalls < TOP_MAX_STALLS)
		oldest = &model->stalls[model->nr_stalls++];
	else
		model->nr_forgotten++;
	*oldest = (struct top_stall){ .pid = pid, .kind = kind };
	return oldest;
}

static void add_stall(struct top_model *model, const struct mmr_event *event, uint32_t pid,
                      enum top_kind kind, uint64_t duration_ns)
{
	struct top_stall *row = stall_of(model, pid, kind);

	snprintf(row->comm, sizeof(row->comm), "%s", comm_of(model, pid, event->t_ns));
	row->count++;
	row->total_ns += duration_ns;
	row->last_ns = event->t_ns;
	if (duration_ns > row->longest_ns)
		row->longest_ns = duration_ns;
}

/* ---- what is going on ---- */

static bool is_compaction(enum top_kind kind)
{
	return kind == TOP_COMPACTION || kind == TOP_KCOMPACTD;
}

/* A task is in one reclaim and one compaction at most. */
static struct top_activity *find_active(struct top_model *model, uint32_t pid, bool compaction)
{
	for (uint32_t i = 0; i < model->nr_active; i++) {
		struct top_activity *a = &model->active[i];

		if (a->pid == pid && is_compaction(a->kind) == compaction)
			return a;
	}
	return NULL;
}

static void forget_active(struct top_model *model, struct top_activity *activity)
{
	*activity = model->active[--model->nr_active];
}

static struct top_activity *begin(struct top_model *model, const struct mmr_event *event,
                                  enum top_kind kind, int order)
{
	struct top_activity *a = find_active(model, event->pid, is_compaction(kind));

	if (!a && model->nr_active == TOP_MAX_ACTIVE)
		return NULL;
	if (!a)
		a = &model->active[model->nr_active++];
	*a = (struct top_activity){
		.pid = event->pid, .kind = kind, .order = order, .begin_ns = event->t_ns
	};
	snprintf(a->comm, sizeof(a->comm), "%s", comm_of(model, event->pid, event->t_ns));
	return a;
}

static void end(struct top_model *model, const struct mmr_event *event, enum top_kind kind)
{
	struct top_activity *a = find_active(model, event->pid, is_compaction(kind));
	struct top_stall *row;

	/* An end without its begin: that was before we looked, or is lost. */
	if (!a || (a->kind != kind && !is_compaction(kind)))
		return;
	if (a->kind < TOP_KSWAPD) {
		add_stall(model, event, event->pid, a->kind, event->t_ns - a->begin_ns);
		row = stall_of(model, event->pid, a->kind);
		row->nr_reclaimed += is_compaction(kind) ? 0 : event->reclaim.nr_reclaimed;
	}
	forget_active(model, a);
}

/* kswapd that was awake before we looked shows by its work. */
static void shrink(struct top_model *model, const struct mmr_event *event)
{
	struct top_activity *a = find_active(model, event->pid, false);

	if (!a && strncmp(comm_of(model, event->pid, event->t_ns), "kswapd", 6) == 0)
		a = begin(model, event, TOP_KSWAPD, -1);
	if (!a)
		return;
	a->nr_scanned += event->shrink_inactive.nr_scanned;
	a->nr_done += event->shrink_inactive.nr_reclaimed;
}

static void reclaim_event(struct top_model *model, const struct mmr_event *event)
{
	switch (event->kind) {
	case MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN:
		begin(model, event, TOP_DIRECT_RECLAIM, event->reclaim.order);
		break;
	case MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END:
		end(model, event, TOP_DIRECT_RECLAIM);
		break;
	case MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_BEGIN:
		begin(model, event, TOP_MEMCG_RECLAIM, event->reclaim.order);
		break;
	case MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_END:
		end(model, event, TOP_MEMCG_RECLAIM);
		break;
	case MMR_EVENT_MM_VMSCAN_NODE_RECLAIM_BEGIN:
		begin(model, event, TOP_NODE_RECLAIM, event->reclaim.order);
		break;
	case MMR_EVENT_MM_VMSCAN_NODE_RECLAIM_END:
		end(model, event, TOP_NODE_RECLAIM);
		break;
	case MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE:
		/* It is woken again and again before it sleeps. */
		if (!find_active(model, event->pid, false))
			begin(model, event, TOP_KSWAPD, event->reclaim.order);
		break;
	case MMR_EVENT_MM_VMSCAN_KSWAPD_SLEEP:
		end(model, event, TOP_KSWAPD);
		break;
	case MMR_EVENT_MM_VMSCAN_THROTTLED:
		add_stall(model, event, event->pid, TOP_THROTTLED,
		          (uint64_t)event->throttled.delayed_us * 1000u);
		break;
	case MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE:
		shrink(model, event);
		break;
	default:
		break;
	}
}

static void compaction_event(struct top_model *model, const struct mmr_event *event)
{
	struct top_activity *a;
	enum top_kind kind;

	switch (event->kind) {
	case MMR_EVENT_MM_COMPACTION_BEGIN:
		kind = strncmp(comm_of(model, event->pid, event->t_ns), "kcompactd", 9) == 0
		               ? TOP_KCOMPACTD
		               : TOP_COMPACTION;
		begin(model, event, kind, -1);
		break;
	case MMR_EVENT_MM_COMPACTION_END:
		end(model, event, TOP_COMPACTION);
		break;
	case MMR_EVENT_MM_COMPACTION_ISOLATE_MIGRATEPAGES:
		a = find_active(model, event->pid, true);
		if (!a)
			break;
		a->nr_scanned += event->isolate.nr_scanned;
		a->nr_done += event->isolate.nr_taken;
		break;
	default:
		break;
	}
}

/* Begins and ends may be in the hole: what seems to be going on may be over. */
static void lost_event(struct top_model *model)
{
	model->nr_losses++;
	model->nr_active = 0;
}

static void count_order(uint64_t *counts, uint32_t order)
{
	if (order > 0)
		counts[order < TOP_MAX_ORDERS ? order : TOP_MAX_ORDERS - 1]++;
}

void top_model_event(struct top_model *model, const struct mmr_event *event)
{
	unsigned int group = mmr_event_group(event->kind); /* most groups say nothing here */

	model->by_event[event->kind]++;
	switch (group) {
	case MMR_GROUP_PAGE:
		if (event->kind == MMR_EVENT_MM_PAGE_ALLOC && event->page.pfn != MMR_PFN_NONE)
			count_order(model->orders.nr_allocated, event->page.order);
		else if (event->kind == MMR_EVENT_MM_PAGE_FREE)
			count_order(model->orders.nr_freed, event->page.order);
		break;
	case MMR_GROUP_RECLAIM:
		reclaim_event(model, event);
		break;
	case MMR_GROUP_COMPACTION:
		compaction_event(model, event);
		break;
	case MMR_GROUP_OOM:
		if (event->kind == MMR_EVENT_MARK_VICTIM)
			add_stall(model, event, (uint32_t)event->oom.pid, TOP_OOM_KILL, 0);
		break;
	case MMR_GROUP_WRITEBACK:
		if (event->kind == MMR_EVENT_BALANCE_DIRTY_PAGES &&
		    event->balance_dirty.pause_ms > 0)
			add_stall(model, event, event->pid, TOP_DIRTYING,
			          (uint64_t)event->balance_dirty.pause_ms * 1000000u);
		break;
	default:
		if (event->kind == MMR_EVENT_LOST)
			lost_event(model);
		break;
	}
}

/* ---- readings ---- */

void top_model_reading(struct top_model *model, const struct top_reading *reading)
{
	model->before = model->now;
	model->now = *reading;
	model->orders_before = model->orders_now;
	model->orders_now = model->orders;
	memcpy(model->by_event_before, model->by_event_now, sizeof(model->by_event));
	memcpy(model->by_event_now, model->by_event, sizeof(model->by_event));
	model->nr_readings += model->nr_readings < 2;
	if (model->since_ns == 0)
		model->since_ns = reading->t_ns;
	model->seconds = (double)(model->now.t_ns - model->before.t_ns) / 1e9;
}

void top_model_reset(struct top_model *model)
{
	model->nr_stalls = 0;
	model->nr_forgotten = 0;
	model->since_ns = model->now.t_ns;
}

bool top_model_has_rates(const struct top_model *model)
{
	return model->nr_readings == 2 && model->seconds > 0.0;
}

static double rate(const struct top_model *model, uint64_t before, uint64_t now)
{
	if (!top_model_has_rates(model))
		return -1.0;
	return now > before ? (double)(now - before) / model->seconds : 0.0;
}

double top_model_rate(const struct top_model *model, enum top_counter counter)
{
	uint64_t now = model->now.counters[counter];

	return now == TOP_ABSENT ? -1.0 : rate(model, model->before.counters[counter], now);
}

/* The pages that no event of a higher order accounts for. */
static double rate_of_order_0(const struct top_model *model, enum top_counter counter,
                              const uint64_t *before, const uint64_t *now)
{
	double pages = top_model_rate(model, counter);

	for (uint32_t order = 1; order < TOP_MAX_ORDERS && pages >= 0.0; order++) {
		double blocks = rate(model, before[order], now[order]);

		pages -= blocks * (double)(1u << order);
		if (pages < 0.0)
			return 0.0;
	}
	return pages;
}

double top_model_alloc_rate(const struct top_model *model, uint32_t order)
{
	const uint64_t *before = model->orders_before.nr_allocated;
	const uint64_t *now = model->orders_now.nr_allocated;

	if (!model->counts_orders)
		return -1.0;
	return order == 0 ? rate_of_order_0(model, TOP_ALLOC, before, now)
	                  : rate(model, before[order], now[order]);
}

double top_model_free_rate(const struct top_model *model, uint32_t order)
{
	const uint64_t *before = model->orders_before.nr_freed;
	const uint64_t *now = model->orders_now.nr_freed;

	if (!model->counts_orders)
		return -1.0;
	return order == 0 ? rate_of_order_0(model, TOP_FREE, before, now)
	                  : rate(model, before[order], now[order]);
}

double top_model_event_rate(const struct top_model *model, unsigned int kind)
{
	return rate(model, model->by_event_before[kind], model->by_event_now[kind]);
}

double top_model_pressure(const struct top_model *model, bool full)
{
	uint64_t now = full ? model->now.full.total_us : model->now.some.total_us;
	uint64_t before = full ? model->before.full.total_us : model->before.some.total_us;
	double share;

	if (!model->now.has_pressure || !model->before.has_pressure)
		return -1.0;
	share = rate(model, before, now) / 1e4;
	return share > 100.0 ? 100.0 : share;
}

/* ---- order of rows ---- */

static uint64_t sort_key(const struct top_stall *row, enum top_sort sort)
{
	switch (sort) {
	case TOP_BY_LONGEST:
		return row->longest_ns;
	case TOP_BY_COUNT:
		return row->count;
	case TOP_BY_LAST:
		return row->last_ns;
	case TOP_BY_TOTAL:
	case TOP_NR_SORTS:
	default:
		return row->total_ns;
	}
}

static int compare_stalls(const void *a, const void *b, void *data)
{
	const struct top_stall *x = a;
	const struct top_stall *y = b;
	enum top_sort sort = *(const enum top_sort *)data;
	uint64_t key_x = sort_key(x, sort);
	uint64_t key_y = sort_key(y, sort);

	if (key_x != key_y)
		return key_x < key_y ? 1 : -1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int compare_active(const void *a, const void *b)
{
	const struct top_activity *x = a;
	const struct top_activity *y = b;

	return (x->begin_ns > y->begin_ns) - (x->begin_ns < y->begin_ns);
}

void top_model_sort(struct top_model *model, enum top_sort sort)
{
	qsort_r(model->stalls, model->nr_stalls, sizeof(model->stalls[0]), compare_stalls, &sort);
}

void top_model_sort_active(struct top_model *model)
{
	qsort(model->active, model->nr_active, sizeof(model->active[0]), compare_active);
}
