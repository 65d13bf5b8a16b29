/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The numbers by which a run's rows refer to names and instants of counters, which it keeps once (write.c adds the rows). */
#ifndef RESULTS_COUNTERS_H
#define RESULTS_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

/* Of one run; zeroed: nothing is known. */
struct results_counters {
	char **names; /* by number */
	uint32_t nr_names;
	uint32_t room_names;
	uint32_t next_name; /* where to look first */
	int64_t *instants;  /* by number */
	uint32_t nr_instants;
	uint32_t room_instants;
};

/* The number of a name or an instant, and whether it is new; MMR_E_NOMEM (negative). No name (NULL) is new: the table refuses it. */
int64_t results_counters_name(struct results_counters *counters, const char *name, bool *added);
int64_t results_counters_instant(struct results_counters *counters, int64_t t_ns, bool *added);

/* Frees everything, for another run or the end. */
void results_counters_forget(struct results_counters *counters);

#endif
