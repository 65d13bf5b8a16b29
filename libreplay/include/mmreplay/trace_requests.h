/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Traces of page requests: nothing but which page was asked for, and when, as the public traces of caches
 * and block devices have it. Such a trace has no events, no machine and no kernel; it is replayed in a
 * cache of a given size, or as file reads on a machine of a given memory. mmr_trace_info().has_requests
 * tells that a trace is one.
 */
#ifndef MMREPLAY_TRACE_REQUESTS_H
#define MMREPLAY_TRACE_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/error.h>
#include <mmreplay/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mmr_writer;

/* Requests in a frame of a file that mmcap import writes. A reader takes up to MMR_MAX_REQUESTS. */
#define MMR_REQUESTS_A_FRAME 65536u
#define MMR_MAX_REQUESTS     131072u

/*
 * Consecutive requests. Pages are numbered densely, in the order of their first requests; request i comes
 * ticks[i] x tick_ns after the one before it, the first of them at first_ns (ticks[0] is not used).
 */
struct mmr_requests {
	const uint32_t *pages;
	const uint32_t *ticks;
	uint32_t nr; /* at most MMR_MAX_REQUESTS */
	uint32_t tick_ns;
	uint64_t first_ns;
	uint64_t last_ns;
	uint32_t
		nr_pages; /* reading: all pages so far are below this, and it is not above the number of
	                      requests so far */
};

/*
 * The next requests, in order. 1: *requests was filled, valid until the next call; 0: the end; < 0: an
 * error. A damaged frame is passed over and counted (mmr_trace_damage()). mmr_trace_rewind() starts again.
 */
MMR_API int mmr_trace_next_requests(struct mmr_trace *trace, struct mmr_requests *requests,
                                    struct mmr_error *err) MMR_MUST_CHECK;

/* Writes a frame of requests. The header needs the text "requests", the trailer "requests.count" and
 * "requests.pages" (mmreplay-trace(5)). */
MMR_API int mmr_writer_requests(struct mmr_writer *writer, const struct mmr_requests *requests,
                                struct mmr_error *err) MMR_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
