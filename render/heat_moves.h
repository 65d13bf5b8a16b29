/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compaction's work by pageblock and time, as cells of a heatmap. */
#ifndef RENDER_HEAT_MOVES_H
#define RENDER_HEAT_MOVES_H

#include "heat.h"

struct heat_move {
	float out, in; /* pages */
	bool scanned;
};

struct heat_moves {
	struct heat_move *cells; /* plot.width * plot.height */
};

/* Once map and plot are there. The result is freed with heat_moves_deinit(), also after an error. */
int heat_moves_load(struct db *db, const struct heat *heat, int64_t since, int64_t until,
                    struct heat_moves *moves, struct mmr_error *err);
void heat_moves_deinit(struct heat_moves *moves);

#endif
