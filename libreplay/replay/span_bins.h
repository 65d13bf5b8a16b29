/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The equal parts that a trace's time is cut into, for what is learnt of each of them. */
#ifndef REPLAY_SPAN_BINS_H
#define REPLAY_SPAN_BINS_H

#include <stdint.h>

struct replay_span {
	uint64_t first_ns; /* of the trace */
	uint64_t last_ns;
};

/* The width of one of nr_bins parts, of least_ns at least (then the last ones are empty). */
static inline uint64_t replay_span_width(struct replay_span span, uint32_t nr_bins,
                                         uint64_t least_ns)
{
	uint64_t width = (span.last_ns - span.first_ns) / nr_bins + 1;

	return width > least_ns ? width : least_ns;
}

/* The part that t_ns lies in; what is before the trace is in the first, what is after it in the last. */
static inline uint32_t replay_span_bin(struct replay_span span, uint32_t nr_bins, uint64_t least_ns,
                                       uint64_t t_ns)
{
	uint64_t since = t_ns > span.first_ns ? t_ns - span.first_ns : 0;
	uint64_t bin = since / replay_span_width(span, nr_bins, least_ns);

	return bin < nr_bins ? (uint32_t)bin : nr_bins - 1;
}

#endif
