/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When tasks were held up: a lane for a kind. A stall is drawn where it was, as wide as it lasted, and as
 * high as the logarithm of its duration: so one of 25 ms stands out among thousands of 100 us even where
 * an hour leaves it less than a pixel.
 */
#ifndef RENDER_LANES_H
#define RENDER_LANES_H

#include "canvas.h"
#include "scale.h"
#include "stall_kind.h"

struct lane {
	const struct stall_kind *kind;
	const struct stalls *stalls;
	double full_ns; /* what a bar of the lane's full height lasts */
	int64_t since, until;
	const struct scale *time;
	bool labels; /* on the left: what the height means */
};

void lane_draw(struct canvas *canvas, struct rect plot, const struct lane *lane);

#endif
