/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log that mmtruth writes and access_score reads. */
#ifndef LAB_TRUTH_H
#define LAB_TRUTH_H

#include <stdint.h>

#define TRUTH_MAGIC 0x314854555254524dull
#define TRUTH_WRITE 1u

struct truth_head {
	uint64_t magic;
	uint64_t anon; /* first address */
	uint64_t nr_anon;
	uint64_t file; /* 0: none */
	uint64_t nr_file;
	uint64_t nr_touches;
	uint32_t pid;
	uint32_t reserved;
};

/* An access between begin_ns and end_ns (CLOCK_MONOTONIC), in time order. */
struct truth_touch {
	uint64_t address; /* of the page */
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t pfn;   /* right after the access; 0: it had gone already */
	uint64_t flags; /* TRUTH_* */
};

#endif
