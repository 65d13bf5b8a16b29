/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The numbers by which a run's rows refer to names and instants of counters, which it keeps once (write.c adds the rows). */
#ifndef RESULTS_COUNTERS_H
#define RESULTS_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vec.h"

DEFINE_VEC(results_name_vec, char *);
DEFINE_VEC(results_time_vec, int64_t);

/* Of one run; zeroed: nothing is known. */
struct results_counters {
	struct results_name_vec names;    /* by number */
	size_t next_name;                 /* where to look first */
	struct results_time_vec instants; /* by number */
	int64_t latest_ns;                /* of the instants */
};

/* The number of a name or an instant, and whether it is new; MMR_E_NOMEM (negative). No name (NULL) is new: the table refuses it. */
int64_t results_counters_name(struct results_counters *counters, const char *name, bool *added);
int64_t results_counters_instant(struct results_counters *counters, int64_t t_ns, bool *added);

/* Frees everything, for another run or the end. */
void results_counters_forget(struct results_counters *counters);

#endif
