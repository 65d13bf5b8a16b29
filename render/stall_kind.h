/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of stalls, and of what the kernel's own threads do: one name and one colour in all charts. */
#ifndef RENDER_STALL_KIND_H
#define RENDER_STALL_KIND_H

#include "query.h"
#include "theme.h"

struct stall_kind {
	enum stall_source source;
	const char *kind, *title;
	const char *one; /* what a row of it is called */
	bool background; /* nobody waits for it */
	bool within;     /* it is part of another wait */
	enum hue hue;
};

#define NR_STALL_KINDS 12
extern const struct stall_kind stall_kinds[NR_STALL_KINDS];

/* Each kind of a run, in the order of the table. */
struct stall_set {
	struct stalls of[NR_STALL_KINDS];
};

int stall_set_load(struct db *db, const struct run *run, struct stall_set *set,
                   struct mmr_error *err);
void stall_set_deinit(struct stall_set *set);

/* What is within [since, until]. */
struct stall_sum {
	size_t count;
	double total_ns, longest_ns;
};
struct stall_sum stall_sum(const struct stalls *stalls, int64_t since, int64_t until);

/* Powers of ten around all durations, 1 us at least and two decades apart. */
void stall_decades(double shortest_ns, double longest_ns, double *low_ns, double *high_ns);

/* "312 stalls, 1.4 s in all, longest 25 ms". */
void stall_describe(const struct stall_kind *kind, const struct stall_sum *sum, char *text,
                    size_t size);

#endif
