/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A workload on a bench, for the tests of workload/: events go in one by one, ops come out at the end. */
#ifndef TESTS_WORKLOAD_BENCH_H
#define TESTS_WORKLOAD_BENCH_H

#include "unit.h"

#include "workload.h"
#include "workload_events.h"

#define FAULT_READ    4u
#define FAULT_WRITE   6u
#define FAULT_PROTECT 7u
#define FAULT_FETCH   20u

#define BENCH_DEV     (254u << 20 | 17)
#define BENCH_MAX_OPS 20000

struct bench {
	struct wl *wl;
	uint64_t t_ns;
	uint64_t step_ns;                    /* from one event to the next */
	uint32_t pid;                        /* of events that name none */
	struct demand_op ops[BENCH_MAX_OPS]; /* that collect() was to keep … */
	size_t nr_ops;
	struct demand_op others[BENCH_MAX_OPS]; /* … and not, but for evictions */
	size_t nr_others;
};

/* One zone of NR_PFNS, whatever the options say of zones; NULL: nothing else is known. */
static inline struct bench *bench_new(const struct wl_options *more)
{
	static struct bench bench;
	struct mmr_zone_info zone = { .spanned = NR_PFNS, .name = "DMA32" };
	struct wl_options options = { 0 };

	if (more)
		options = *more;
	options.zones = &zone;
	options.nr_zones = 1;
	memset(&bench, 0, sizeof(bench));
	bench.step_ns = 1;
	assert_int_equal(wl_new(&options, &bench.wl, NULL), 0);
	return &bench;
}

#define RECORDER 59u

/* Of a recorded kernel (NULL: a recent one), with swap on a device without seeks. */
static inline struct bench *bench_recorded(const char *release)
{
	return bench_new(&(struct wl_options){
		.release = release, .seekless_swap = true, .recorder_pid = RECORDER });
}

static inline void end(struct bench *b)
{
	wl_destroy(b->wl);
}

static inline void send(struct bench *b, struct mmr_event event)
{
	b->t_ns += b->step_ns;
	event.t_ns = b->t_ns;
	if (event.pid == 0)
		event.pid = b->pid;
	assert_int_equal(wl_event(b->wl, &event, NULL), 0);
}

static inline bool is_page_op(const struct demand_op *op)
{
	return op->kind < DEMAND_TASK_START && op->kind != DEMAND_EVICTED;
}

/* No more events: all ops. */
static inline void collect(struct bench *b, bool (*keep)(const struct demand_op *op))
{
	const struct demand_op *ops;
	bool resident = true;
	size_t nr;

	assert_int_equal(wl_finish(b->wl, NULL), 0);
	ops = wl_ops(b->wl, &nr);
	assert_true(nr <= BENCH_MAX_OPS);
	for (size_t i = 0; i < nr; i++) {
		if (keep(&ops[i]))
			b->ops[b->nr_ops++] = ops[i];
		else if (ops[i].kind != DEMAND_EVICTED)
			b->others[b->nr_others++] = ops[i];
		/* What is resident comes before all else. */
		if (ops[i].kind <= DEMAND_KERNEL_ALLOC && ops[i].arg & DEMAND_RESIDENT)
			assert_true(resident);
		else
			resident = false;
	}
	wl_consume(b->wl, nr);
}

static inline void bench_finish(struct bench *b)
{
	collect(b, is_page_op);
}

static inline uint64_t count(const struct bench *b, enum wl_cause cause)
{
	return wl_explain(b->wl)->counts[cause];
}

/* ---- events ---- */

static inline void fault(struct bench *b, uint32_t pid, uint64_t vpn, uint64_t error_code)
{
	send(b, (struct mmr_event){
			.kind = MMR_EVENT_PAGE_FAULT_USER,
			.pid = pid,
			.fault = { .address = vpn << 12 | 0x123, .error_code = error_code } });
}

static inline void alloc(struct bench *b, uint32_t pid, uint64_t pfn, uint64_t gfp_flags,
                         uint32_t order)
{
	send(b,
	     (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_ALLOC,
	                         .pid = pid,
	                         .page = { .pfn = pfn, .gfp_flags = gfp_flags, .order = order } });
}

static inline void free_pages(struct bench *b, uint32_t pid, uint64_t pfn, uint32_t order)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_FREE,
	                            .pid = pid,
	                            .page = { .pfn = pfn, .order = order } });
}

static inline void simple(struct bench *b, uint32_t pid, enum mmr_event_kind kind)
{
	send(b, (struct mmr_event){ .kind = (uint16_t)kind, .pid = pid });
}

static inline void rss(struct bench *b, uint32_t pid, uint32_t mm_id, uint32_t curr, int32_t member)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_RSS_STAT,
	                            .pid = pid,
	                            .rss = { .mm_id = mm_id, .curr = curr, .member = member } });
}

static inline void newtask(struct bench *b, uint32_t parent, uint32_t child, uint64_t clone_flags)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_TASK_NEWTASK,
	                            .pid = parent,
	                            .newtask = { .pid = child, .clone_flags = clone_flags } });
}

static inline void filemap(struct bench *b, uint32_t pid, enum mmr_event_kind kind, uint64_t pfn,
                           uint64_t index)
{
	send(b, (struct mmr_event){ .kind = (uint16_t)kind,
	                            .pid = pid,
	                            .filemap = { .pfn = pfn,
	                                         .ino = 14,
	                                         .index = index,
	                                         .last_index = index,
	                                         .dev = BENCH_DEV } });
}

static inline void call(struct bench *b, uint32_t pid, enum mmr_event_kind enter, uint64_t vpn,
                        uint64_t pages, uint64_t flags)
{
	send(b, (struct mmr_event){
			.kind = (uint16_t)enter,
			.pid = pid,
			.vma = { .address = vpn << 12, .length = pages << 12, .flags = flags } });
}

static inline void ret(struct bench *b, uint32_t pid, enum mmr_event_kind exit, int64_t value)
{
	send(b, (struct mmr_event){
			.kind = (uint16_t)exit, .pid = pid, .syscall_exit = { .ret = value } });
}

/* A new anonymous page of a task. */
static inline void touch_new(struct bench *b, uint32_t pid, uint64_t vpn, uint64_t pfn)
{
	fault(b, pid, vpn, FAULT_WRITE);
	alloc(b, pid, pfn, GFP_ANON, 0);
}

/* kswapd (pid 40) writes it to swap. */
static inline void swap_out(struct bench *b, uint64_t pfn)
{
	simple(b, 40, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE);
	free_pages(b, 40, pfn, 0);
}

#endif
