/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Miss-ratio curves: how many of a workload's uses of pages would not find them in a memory of N pages, for all N at
 * once, from one pass over its trace.
 *
 *	mmr_trace_open()
 *	mmr_curves_read()
 *	mmr_curves_get()         of anonymous memory, of files, of both
 *	mmr_curve_refaults()     with so much memory
 *	mmr_curve_pages()        for so few refaults
 *	mmr_curves_free()
 *
 * The memory is one LRU list of all these pages, and nothing else is in it: no watermarks, no kernel memory. A use of a
 * page is a first use, which no memory makes a hit, or a hit, or a refault.
 */
#ifndef MMREPLAY_CURVE_H
#define MMREPLAY_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>
#include <mmreplay/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

enum mmr_curve_memory {
	MMR_CURVE_ANON = 0, /* anonymous and shared memory, tmpfs: what goes to swap */
	MMR_CURVE_FILE,     /* page cache */
	MMR_CURVE_ALL,      /* both in one memory */
	MMR_NR_CURVES
};

struct mmr_curve_point {
	uint64_t pages;
	double refaults; /* with so many pages or more, up to the next point */
};

struct mmr_curve {
	uint64_t
		nr_uses; /* of pages, as far as the trace shows them; a huge page is as many as it has */
	uint64_t
		nr_first; /* of them: first uses of new contents, of files: since the trace began */
	uint64_t
		nr_unknown; /* of them: first uses of pages that were there before; part of nothing else */
	uint64_t nr_reuses; /* the others: hits or refaults */
	uint64_t
		pages_at_most; /* used and not gone, at the same time: with so much nothing is evicted */
	uint64_t
		known_from; /* pages; with less memory there may be more refaults. 0: all is known */
	double rate; /* of pages that were followed, at the end; 1: all, and what is here is exact */
	bool by_evictions; /* only uses that faulted are seen: depths count from the original's evictions */
	/* Falling; the first has 0 pages. A use is a refault in all memories before the point that it falls at. */
	const struct mmr_curve_point *points;
	size_t nr_points;
};

struct mmr_curve_options {
	/* Of the pages, chosen by a hash: 1 all, 0.01 every hundredth; 0: as many as max_followed allows. */
	double rate;
	uint32_t
		max_followed; /* 0: 524288. With rate 0; a trace with fewer pages than this gives exact curves */
	bool force; /* also with a recording that can show only a part of it (mmr_trace_limit()) */
	/* Called now and then with the number of events done; may be NULL. False ends the pass with MMR_E_BUSY. */
	bool (*progress)(void *data, uint64_t nr_events);
	void *progress_data;
};

struct mmr_curves;

/*
 * Reads the whole trace from its start. MMR_E_UNSUPPORTED: it is filtered or from a ring, and options->force is
 * not set; MMR_E_INVALID: no such rate; MMR_E_NOMEM, MMR_E_LIMIT, MMR_E_BUSY. A trace of page requests has uses of files
 * only. Free the result with mmr_curves_free().
 */
MMR_API int mmr_curves_read(struct mmr_trace *trace, const struct mmr_curve_options *options,
                            struct mmr_curves **ret, struct mmr_error *err) MMR_MUST_CHECK;
MMR_API void mmr_curves_free(struct mmr_curves *curves);

/* Valid until curves are freed. */
MMR_API const struct mmr_curve *mmr_curves_get(const struct mmr_curves *curves,
                                               enum mmr_curve_memory memory);

/* What else holds memory, and what the trace shows. */
struct mmr_curves_info {
	uint32_t page_size;    /* bytes */
	uint64_t kernel_pages; /* that the kernel held for itself at most at the same time */
	uint64_t
		memory_pages; /* of the recorded machine, without what the kernel keeps from the allocator; 0: none */
	uint64_t nr_events; /* or requests */
	uint64_t duration_ns;
	const char *access_source; /* "none", "idle", "perf": samples of uses that hit */
	bool reads_seen;           /* every buffered read leaves an event */
	bool complete;             /* nothing lost or damaged */
	char notes[1024];          /* lines: what this recording cannot show; "" if nothing */
};

MMR_API const struct mmr_curves_info *mmr_curves_info(const struct mmr_curves *curves);

/* Refaults with a memory of so many pages. */
MMR_API double mmr_curve_refaults(const struct mmr_curve *curve, uint64_t pages);

/* The least memory with at most so many refaults; UINT64_MAX: none has so few (refaults is negative). */
MMR_API uint64_t mmr_curve_pages(const struct mmr_curve *curve, double refaults);

#ifdef __cplusplus
}
#endif
#endif
