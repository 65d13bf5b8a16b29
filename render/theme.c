// SPDX-License-Identifier: GPL-2.0-or-later
#include "theme.h"

#include <string.h>

/*
 * The hues are those of Okabe and Ito (palette.h). On dark paper blue, green and vermillion are lifted,
 * so that each stands out from it at 4 : 1 or more; on print yellow is dropped a little for the same end.
 */
const struct theme themes[] = {
	{
		.name = "light",
		.paper = { 255, 255, 255 },
		.ink = { 28, 30, 34 },
		.faint_ink = { 92, 97, 105 },
		.rule = { 120, 125, 133 },
		.grid = { 226, 228, 232 },
		.nothing = { 224, 224, 226 },
		.hole = { 245, 245, 246 },
		.alarm = { 178, 71, 0 },
		.blank = { 252, 240, 166 },
		.hues = { [HUE_SKY] = { 86, 180, 233 },
	                  [HUE_BLUE] = { 0, 114, 178 },
	                  [HUE_GREEN] = { 0, 158, 115 },
	                  [HUE_ORANGE] = { 230, 159, 0 },
	                  [HUE_VERMILLION] = { 213, 94, 0 },
	                  [HUE_PURPLE] = { 204, 121, 167 },
	                  [HUE_YELLOW] = { 240, 228, 66 },
	                  [HUE_BLACK] = { 0, 0, 0 } },
		.ramp_begin = 0.1,
		.line = 1,
	},
	{
		.name = "dark",
		.paper = { 21, 24, 29 },
		.ink = { 236, 238, 241 },
		.faint_ink = { 169, 175, 184 },
		.rule = { 110, 116, 126 },
		.grid = { 45, 49, 56 },
		.nothing = { 84, 87, 93 },
		.hole = { 34, 38, 44 },
		.alarm = { 255, 145, 77 },
		.blank = { 252, 240, 166 },
		.hues = { [HUE_SKY] = { 137, 207, 245 },
	                  [HUE_BLUE] = { 38, 132, 204 },
	                  [HUE_GREEN] = { 0, 178, 130 },
	                  [HUE_ORANGE] = { 240, 176, 32 },
	                  [HUE_VERMILLION] = { 228, 104, 20 },
	                  [HUE_PURPLE] = { 221, 148, 189 },
	                  [HUE_YELLOW] = { 245, 236, 110 },
	                  [HUE_BLACK] = { 244, 245, 246 } },
		.ramp_begin = 0.3,
		.line = 1,
	},
	{
		.name = "print",
		.paper = { 255, 255, 255 },
		.ink = { 0, 0, 0 },
		.faint_ink = { 40, 40, 40 },
		.rule = { 70, 70, 70 },
		.grid = { 205, 205, 205 },
		.nothing = { 214, 214, 214 },
		.hole = { 240, 240, 240 },
		.alarm = { 150, 40, 0 },
		.blank = { 255, 252, 232 },
		.hues = { [HUE_SKY] = { 86, 180, 233 },
	                  [HUE_BLUE] = { 0, 90, 150 },
	                  [HUE_GREEN] = { 0, 140, 100 },
	                  [HUE_ORANGE] = { 230, 159, 0 },
	                  [HUE_VERMILLION] = { 200, 76, 0 },
	                  [HUE_PURPLE] = { 204, 121, 167 },
	                  [HUE_YELLOW] = { 232, 218, 40 },
	                  [HUE_BLACK] = { 0, 0, 0 } },
		.ramp_begin = 0.36,
		.line = 1.25,
		.print = true,
	},
	{ .name = NULL },
};

const struct theme *theme_find(const char *name)
{
	if (!name)
		return &themes[0];
	for (size_t i = 0; themes[i].name; i++) {
		if (strcmp(themes[i].name, name) == 0)
			return &themes[i];
	}
	return NULL;
}

struct colour theme_series(const struct theme *theme, size_t number)
{
	static const enum hue order[THEME_SERIES - 1] = { HUE_BLUE,   HUE_VERMILLION, HUE_GREEN,
		                                          HUE_PURPLE, HUE_ORANGE,     HUE_SKY,
		                                          HUE_YELLOW };

	return number ? theme->hues[order[(number - 1) % (THEME_SERIES - 1)]] : theme->ink;
}

struct colour theme_ramp(const struct theme *theme, const struct palette *palette, double share)
{
	return palette_ramp(palette, theme->ramp_begin + (1 - theme->ramp_begin) * share);
}
