/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RENDER_COLOUR_H
#define RENDER_COLOUR_H

#include <stdint.h>

struct colour {
	uint8_t red, green, blue;
};

#endif
