/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The numbers by which rows of a run refer to its zones, whose names it keeps once (write.c adds these rows). */
#ifndef RESULTS_ZONES_H
#define RESULTS_ZONES_H

#include <stdbool.h>
#include <stdint.h>

#include "vec.h"

struct results_zone_name {
	int64_t node;
	char *zone;
};

DEFINE_VEC(results_zone_vec, struct results_zone_name);

/* Of one run; zeroed: nothing is known. */
struct results_zones {
	struct results_zone_vec names; /* by number */
};

/* The number of a zone, and whether it is new; MMR_E_NOMEM (negative). */
int64_t results_zones_number(struct results_zones *zones, int64_t node, const char *zone,
                             bool *added);

/* Frees everything, for another run or the end. */
void results_zones_forget(struct results_zones *zones);

#endif
