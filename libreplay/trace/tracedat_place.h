/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When snapshot files were read: found from the `cat` processes in the events. */
#ifndef TRACE_TRACEDAT_PLACE_H
#define TRACE_TRACEDAT_PLACE_H

#include "tracedat.h"

DEFINE_VEC(dat_time_vec, uint64_t);

/* A `cat`, from its fork to its exit. */
struct dat_reader {
	uint64_t begin_ns;
	uint64_t end_ns;
	uint32_t pid;
	uint32_t parent;
	struct dat_time_vec writes; /* when it got a page for what it wrote, oldest first */
};

DEFINE_VEC(dat_reader_vec, struct dat_reader);

struct dat_fork {
	uint64_t t_ns;
	uint32_t pid;
	uint32_t parent;
};

DEFINE_VEC(dat_fork_vec, struct dat_fork);

/* A page that a task added to the page cache. */
struct dat_add {
	uint64_t t_ns;
	uint32_t pid;
};

DEFINE_VEC(dat_add_vec, struct dat_add);

/* An event's number in this trace and where two of its fields are. UINT32_MAX: the event is not there. */
struct dat_spot {
	uint32_t id;
	uint32_t field[2];
};

struct dat_watch {
	struct dat_spot fork;  /* parent, child */
	struct dat_spot exit;  /* comm, pid */
	struct dat_spot alloc; /* order, gfp_flags */
	struct dat_spot add;   /* no fields; noted only if wanted */
	uint64_t first_ns;     /* of all events; 0 without any */
	uint64_t last_ns;
	struct dat_fork_vec forks;
	struct dat_reader_vec readers;
	struct dat_add_vec adds;
};

void trace_dat_watch_init(struct dat_watch *watch, const struct dat *dat, bool want_adds);
void trace_dat_watch_deinit(struct dat_watch *watch);

/* Takes note of a sub-buffer's forks and exits. 0 or MMR_E_NOMEM. */
int trace_dat_watch_page(struct dat_watch *watch, const uint8_t *page,
                         uint32_t page_size) MMR_MUST_CHECK;

/*
 * The readers of the first or the last snapshot in their order, moved from watch; none if they
 * cannot be told. To be called when all pages have been seen. 0 or MMR_E_NOMEM.
 */
int trace_dat_watch_select(struct dat_watch *watch, bool last,
                           struct dat_reader_vec *readers) MMR_MUST_CHECK;

/* Fills ->writes of both snapshots' readers in a second walk over the events. */
int trace_dat_find_writes(const struct dat *dat, const struct dat_buffer *buffer,
                          const struct dat_watch *watch, struct dat_reader_vec *first,
                          struct dat_reader_vec *last, struct mmr_error *err) MMR_MUST_CHECK;

void trace_dat_readers_deinit(struct dat_reader_vec *readers);

#endif
