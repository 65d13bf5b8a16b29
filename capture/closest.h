/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What somebody who mistyped a word may have meant. */
#ifndef CLOSEST_H
#define CLOSEST_H

#include <stdbool.h>
#include <stddef.h>

struct closest {
	const char *wanted;
	const char *found; /* NULL: nothing is close */
	size_t least;      /* edits that the next better one may need */
};

void closest_begin(struct closest *closest, const char *wanted);
/* Whether candidate is closer than all before; it is not copied. */
bool closest_offer(struct closest *closest, const char *candidate);

#endif
