/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which allocation is the page of which fault, or of which call that fills its range. A task's index is one into wl->tasks,
 * a pfn that of the page allocated, gfp_flags those that it was asked for with.
 */
#ifndef WORKLOAD_WL_FAULT_H
#define WORKLOAD_WL_FAULT_H

#include "wl_state.h"

/* Bits of wl_fault.error_code, as x86 has them; the recorder gives others in the same form. */
#define WL_ERROR_PROTECTION 1u
#define WL_ERROR_WRITE      2u

/* ---- fault_context.c ---- */

void wl_fault_begin(struct wl *wl, uint32_t task, const struct mmr_event *event);
/* The task frees what its fault has just got: userfaultfd is to bring the page, before or when the fault is tried again. */
void wl_fault_frees(struct wl *wl, uint32_t task, uint64_t pfn);
/* Whether another fault of its address space waits for that. */
bool wl_fault_is_waited(const struct wl *wl, uint32_t task);
/* The fault is over: nothing allocated from now on belongs to it. */
void wl_fault_end(struct wl *wl, uint32_t task);
/* Whether it is open and reads a page that is not known, for which none has been allocated. */
bool wl_fault_reads(const struct wl_fault *f);
/* A page of a file serves it. */
void wl_fault_served(struct wl_task *task);
/* The task's fault is after a page of a file that is not in memory; page: its number, or WL_NONE. */
void wl_fault_misses(struct wl *wl, uint32_t task, uint32_t page);
/* The touch of a file's page that is the task's fault: emitted, or made of what told of the fault before. */
void wl_fault_touch_file(struct wl *wl, uint32_t task, uint32_t page, uint32_t flags);
/* An address space has more or fewer pages: a fault of the task may be over. */
void wl_fault_rss(struct wl *wl, uint32_t task, const struct mmr_event *event);
/*
 * A movable page of order 0 has been allocated at pfn within a fault: true if it is the page of that
 * fault, or read ahead with it. Its page and op are made here.
 */
bool wl_fault_page(struct wl *wl, uint32_t task, uint32_t pfn, uint32_t gfp_flags);
/* There was no huge page to be had. */
void wl_fault_no_huge(struct wl *wl, uint32_t task, uint32_t gfp_flags);
/* What came between was a page table at most: the next op is to have the time at which the huge page was asked for. */
void wl_fault_ask_again(struct wl_task *task);
/* What a touch's arg says of the fault itself: DEMAND_WRITE, or nothing. */
uint32_t wl_fault_op_flags(const struct wl_fault *f);

/* ---- fault_huge.c ---- */

/* A movable page of 2^order base pages has been allocated: true if it serves the task's fault, as wl_fault_page(). */
bool wl_fault_huge(struct wl *wl, uint32_t task, uint32_t pfn, uint32_t gfp_flags,
                   unsigned int order);
/* A fault's huge page, of which page is one, is shared memory's. */
void wl_huge_to_shmem(struct wl *wl, uint32_t page);

/* ---- populate.c ---- */

/* The task's call fills virtual pages [start, end) and, with locks, locks them; both 0: it fills none, or nobody knows yet where. */
void wl_populate_begin(struct wl_task *task, uint64_t start, uint64_t end, bool locks);
/*
 * A movable page of 2^order base pages has been allocated while the call goes on: a fault begins at the next page of its range that
 * it can be for, to be ended by the caller. In which order readahead reads what is out nobody tells. false: there is none.
 */
bool wl_populate_fault(struct wl *wl, uint32_t task, uint32_t gfp_flags, unsigned int order);
/* Whether what the task's fault brings in is locked. */
bool wl_populate_locks(const struct wl *wl, const struct wl_task *t);
/* A page has come of an mmap that fills its range, it will be named when that returns: a zeroed one, or a huge one at pfn. */
bool wl_populate_page(struct wl *wl, uint32_t task, uint32_t page);
bool wl_populate_huge(struct wl *wl, uint32_t task, uint32_t pfn, uint32_t gfp_flags);
/* An mmap that has filled its range returns: its pages are those from vpn on. */
void wl_populate_named(struct wl *wl, struct wl_task *t, uint64_t vpn, uint64_t end);
/* Likewise, of a file. */
void wl_populate_file(struct wl *wl, uint32_t task, uint64_t vpn, uint64_t end);

/* What the events of one fault on a mapping of a file come to, each at most once. */
enum wl_step {
	WL_STEP_AROUND = 1, /* the first, if it comes */
	WL_STEP_FAULT = 2,
	WL_STEP_PAGE = 4, /* a page of tmpfs, or one read alone */
};

/* One of them while the call goes on, where no exception tells of its faults: each is told of here. */
void wl_populate_step(struct wl *wl, uint32_t task, enum wl_step step);
/* A page of a file comes in, or is mapped, while the call goes on. */
void wl_populate_sees(struct wl *wl, uint32_t task, const struct mmr_event *event);
/* MADV_POPULATE_READ of virtual pages [start, end): what nobody has written to is mapped to zeroes. */
void wl_populate_zeroes(struct wl *wl, uint32_t task, uint64_t start, uint64_t end);

#endif
