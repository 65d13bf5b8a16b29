/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run's pageblocks over time as a field of cells.
 *
 * A column of pixels is the mean over the samples that fall into its span of time; where there are fewer
 * samples than columns, the last one holds until the next. A band of pixels is the mean over its
 * pageblocks (addrmap.h). Only one column of sums is kept, so a long run costs no more memory than a
 * short one.
 */
#ifndef RENDER_HEAT_H
#define RENDER_HEAT_H

#include "addrmap.h"
#include "canvas.h"
#include "pageblock.h"
#include "query.h"

/* Which pageblocks: of one zone (NULL: all), and between two page frames. */
struct heat_filter {
	const char *zone;
	uint64_t first_pfn, last_pfn;
};

struct heat {
	const struct run *run;
	struct pageblock_index index;
	bool *present[ZONES_MAX]; /* by zone and pageblock: it has pages and is wanted */
	struct addrmap map;
	struct rect plot;
	struct colour *cells; /* plot.width * plot.height */
	int64_t loss_ns, end_ns;
};

/* Called for every cell of a column, from the left; the cells of a column from the lower edge up. */
struct heat_painter {
	void (*paint)(void *data, struct heat *heat, size_t x, const struct band *band,
	              const struct cell *cell);
	void *data;
};

/* No rows is no error: index.nr_rows is 0 then. */
int heat_load(struct db *db, const struct run *run, const struct heat_filter *filter,
              struct heat *heat, struct mmr_error *err);

/* Once map and plot are there. */
int heat_paint(struct db *db, struct heat *heat, int64_t since, int64_t until,
               const struct heat_painter *painter, struct mmr_error *err);

void heat_deinit(struct heat *heat);

#endif
