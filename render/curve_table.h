/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Miss-ratio curves: from what `mmanalyze curve --csv` printed, or from replays of page requests. */
#ifndef RENDER_CURVE_TABLE_H
#define RENDER_CURVE_TABLE_H

#include "query.h"

struct curve_point {
	double bytes;
	double refault_percent; /* of all uses; negative: not known */
	double miss_percent;
	bool lower_bound; /* there may be more */
};

struct curve {
	char name[NAME_SIZE];
	struct curve_point *points; /* by memory */
	size_t count, capacity;
};

#define CURVES ((size_t)8)

struct curve_table {
	struct curve curves[CURVES];
	size_t nr_curves; /* what goes beyond CURVES is left out */
};

/* MMR_E_FORMAT: it is not such a table. */
int curve_table_read(const char *path, struct curve_table *table, struct mmr_error *err);

/*
 * A curve for each policy, of the runs of `run`'s trace of page requests; of a recording those of its memory, which databases
 * of short ones have.
 */
int db_miss_ratios(struct db *db, const struct run *run, struct curve_table *table,
                   struct mmr_error *err);

void curve_table_deinit(struct curve_table *table);

#endif
