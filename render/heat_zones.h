/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Around a field of pageblocks: which zone is where, and where there is no memory. */
#ifndef RENDER_HEAT_ZONES_H
#define RENDER_HEAT_ZONES_H

#include "heat.h"

void heat_draw_holes(struct canvas *canvas, const struct heat *heat, bool filtered);

/* A line where one zone ends and the next begins, unless a hole parts them anyway. */
void heat_draw_borders(struct canvas *canvas, const struct heat *heat, bool named);

/* Right of the plot: each zone's name and size, in as much width. */
void heat_draw_zone_names(struct canvas *canvas, const struct heat *heat);
double heat_zone_names_width(struct canvas *canvas, const struct heat *heat);

#endif
