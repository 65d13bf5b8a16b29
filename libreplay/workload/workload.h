/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From events to demand: who asked for what, on which logical page.
 *
 *	wl_create()         from a trace, or wl_new() + wl_add_kpageflags() without one
 *	wl_event() …        every event, in time order
 *	wl_ops(), wl_consume()   the ops that are ready, whenever the caller likes
 *	wl_finish()         no more events: all ops are ready now
 *	wl_explain()        what was attributed to what, and what could not be
 *	wl_destroy()
 *
 * An allocation is often named only later (by its insertion into the page cache, or by the LRU), so
 * ops stay in a window of WL_WINDOW ops in which they can still be completed before they are ready.
 * Memory: some bytes a page of the zones' spans, and 45 to 95 for each logical page that is alive;
 * nothing grows with the trace's length otherwise, and nothing is allocated per event.
 */
#ifndef WORKLOAD_WORKLOAD_H
#define WORKLOAD_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/trace.h>
#include <mmreplay/trace_requests.h>

#include "demand.h"

/* Ops that wait at least for their completion, unless wl_finish() was called. */
#define WL_WINDOW 16384

struct wl;

struct wl_options {
	const struct mmr_zone_info *zones;
	uint32_t nr_zones;
	const char *release;   /* of the recorded kernel ("6.12.9-amd64"); NULL: a recent one */
	bool seekless_swap;    /* all swap is on devices without seeks: readahead goes by address */
	bool generations;      /* MGLRU was on at the start */
	uint32_t recorder_pid; /* whose faults are not among the events; 0: nobody's */
};

/*
 * An empty workload of these zones: nothing is known to be in memory. Copies what it needs.
 * MMR_E_INVALID: no zones; MMR_E_LIMIT: 2^32 pages or more; MMR_E_NOMEM.
 */
int wl_new(const struct wl_options *options, struct wl **ret, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * The workload of a trace. With a full snapshot (kpageflags), the first one, the pages in memory at
 * its end come first, as ops with DEMAND_RESIDENT; what happened before it only names them. Without,
 * it starts with the first event and nothing is resident. The trace's position is not touched, and
 * the trace is not needed afterwards.
 */
int wl_create(struct mmr_trace *trace, struct wl **ret, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * New anonymous pages are numbered as demand_room_flags() says wherever their VMA has room for a folio. Before the first event;
 * otherwise they are only where there is room for a huge page.
 */
void wl_number_folios(struct wl *wl);
/* Areas of mapped files are told and numbered, too. Before the first event. */
void wl_number_files(struct wl *wl);
/* Which task khugepaged is, as far as it is known before its events tell. 0: it is not. */
void wl_khugepaged_is(struct wl *wl, uint32_t pid);

/* NULL is fine. */
void wl_destroy(struct wl *wl);

/*
 * DEMAND_TLB comes, too, from tlb_flush and what else wl_event() is given. To be called before the first event; the
 * event is none of wl_kinds().
 */
void wl_tell_tlb(struct wl *wl);

/*
 * kpageflags of nr_pfns pages from first_pfn on (8 bytes each), read from begin_ns on. To be added in
 * time order before the first event. Copies them. The workload begins with the first event after the
 * last chunk.
 */
int wl_add_kpageflags(struct wl *wl, uint64_t first_pfn, const void *flags, uint64_t nr_pfns,
                      uint64_t begin_ns, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * nr page frames were free, on a per-CPU list, when the last chunk of wl_add_kpageflags() was read: no memory
 * of the kernel's. To be added before the first event.
 */
void wl_add_listed(struct wl *wl, uint64_t pfn, uint64_t nr);

/*
 * The bulk allocator took a page frame right before the first event of t_ns or later. To be added in time order,
 * before the first event. MMR_E_NOMEM.
 */
int wl_add_bulk(struct wl *wl, uint64_t t_ns, uint32_t pfn, struct mmr_error *err) MMR_MUST_CHECK;

/* A page frame that was allocated at t_ns was page index of a file of tmpfs, by a number from 1 on, which is not ~0u / 2 or close. */
struct wl_tmpfs_place {
	uint64_t t_ns;
	uint32_t pfn;
	uint32_t file;
	uint32_t index;
};

/* As the recording tells later. To be added in time order, before the first event. MMR_E_NOMEM. */
int wl_add_tmpfs(struct wl *wl, const struct wl_tmpfs_place *place,
                 struct mmr_error *err) MMR_MUST_CHECK;

/*
 * A process that was there before the first event, with the pages it had. To be added before
 * wl_add_kpageflags().
 */
int wl_add_process(struct wl *wl, uint32_t pid, uint32_t nr_pages, int32_t oom_score_adj,
                   struct mmr_error *err) MMR_MUST_CHECK;

/* A piece of a swap area: consecutive slots in consecutive sectors. */
struct wl_swap_extent {
	uint32_t dev; /* major << 20 | minor */
	uint64_t
		first_slot; /* unused by wl_add_swap(): slots are numbered in the order they are added */
	uint64_t nr_slots;
	uint64_t sector; /* of 512 bytes */
};

/* Where swap lies. To be added before the first event. MMR_E_LIMIT, MMR_E_NOMEM. */
int wl_add_swap(struct wl *wl, const struct wl_swap_extent *extents, uint32_t nr,
                struct mmr_error *err) MMR_MUST_CHECK;

/* The next event. MMR_E_NOMEM; whatever an event says, it is not an error. */
int wl_event(struct wl *wl, const struct mmr_event *event, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * One sample of page accesses, to be given before the first event that is later than its end_ns:
 * DEMAND_ACCESS for every page in memory that it shows in use (a known page's bit is 0, or a use of it).
 */
int wl_access(struct wl *wl, const struct mmr_access_sample *sample,
              struct mmr_error *err) MMR_MUST_CHECK;

/* No more events. */
int wl_finish(struct wl *wl, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * The ops that are ready, in time order, their number in *nr; valid until the next call of anything
 * here. wl_consume() takes the first nr of them away.
 */
const struct demand_op *wl_ops(struct wl *wl, size_t *nr);
void wl_consume(struct wl *wl, size_t nr);

/* Time at which the demand begins: of the snapshot's end or of the first event; 0 before that. */
uint64_t wl_start_ns(const struct wl *wl);

/* Thread id of a demand task; 0 for task 0 and unknown numbers. Numbers are reused after an exit. */
uint32_t wl_task_pid(const struct wl *wl, uint32_t task);
/* All numbers of tasks are less. */
uint32_t wl_nr_tasks(const struct wl *wl);

/* The event kinds it looks at, as a bit set for struct mmr_trace_options. */
#define WL_KIND_WORDS ((MMR_NR_EVENT_KINDS + 63) / 64)
void wl_kinds(uint64_t kinds[WL_KIND_WORDS]);

/*
 * Page requests, which name the page themselves, as demand: ops[i] is file read i. Requests of one tick are
 * spread evenly over it. Nothing of a workload is needed for them.
 */
void wl_requests(const struct mmr_requests *requests, struct demand_op *ops);

/* ---- explain ---- */

/*
 * What every event was taken for. Within a section the counts add up to what the section's title
 * says; a row of a section is one cause. X(name, section, text)
 */
#define WL_SECTION_MAP(X)                                                             \
	X(ALLOC, "allocations")                                                       \
	X(FREE, "frees")                                                              \
	X(FAULT, "faults")                                                            \
	X(FIRST, "first movable order-0 allocation after a fault")                    \
	X(MIGRATION, "pages that set_migration_pte names, against their attribution") \
	X(FILE, "page-cache events")                                                  \
	X(VMA, "address-space calls")                                                 \
	X(OP, "demand")

enum wl_section {
#define WL_SECTION_ENUM(name, text) WL_SECTION_##name,
	WL_SECTION_MAP(WL_SECTION_ENUM)
#undef WL_SECTION_ENUM
		WL_NR_SECTIONS
};

#include "wl_causes.h"

enum wl_cause {
#define WL_CAUSE_ENUM(name, section, text) WL_##section##_##name,
	WL_CAUSE_MAP(WL_CAUSE_ENUM)
#undef WL_CAUSE_ENUM
		WL_NR_CAUSES
};

struct wl_explanation {
	uint64_t nr_events; /* all that were given */
	uint64_t nr_lost;   /* events lost: attribution is unsure after them */
	uint64_t counts[WL_NR_CAUSES];
	uint64_t pages_alive;   /* logical pages now */
	uint64_t pages_at_most; /* … at the same time */
};

/* As of the last event; valid until the next. */
const struct wl_explanation *wl_explain(const struct wl *wl);

/* Titles of sections, texts of causes (plural, "pages freed at exit"), the section of a cause. */
const char *wl_section_text(unsigned int section);
const char *wl_cause_text(unsigned int cause);
enum wl_section wl_cause_section(unsigned int cause);

#endif
