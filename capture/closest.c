/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "closest.h"

#include <stdint.h>
#include <string.h>

/* Edits that turn a into b, a swap of neighbours being one. */
static size_t distance(const char *a, const char *b)
{
	enum { MAX = 80 };
	size_t rows[3][MAX + 1];
	size_t length = strlen(b);
	size_t i;

	if (length > MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= length; j++)
		rows[0][j] = j;
	for (i = 1; a[i - 1]; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);

			best = above[j] + 1 < best ? above[j] + 1 : best;
			best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    rows[(i + 1) % 3][j - 2] + 1 < best)
				best = rows[(i + 1) % 3][j - 2] + 1;
			row[j] = best;
		}
	}
	return rows[(i + 2) % 3][length];
}

void closest_begin(struct closest *c, const char *wanted)
{
	*c = (struct closest){ .wanted = wanted, .least = strlen(wanted) / 3 + 1 };
}

bool closest_offer(struct closest *c, const char *candidate)
{
	size_t edits = distance(c->wanted, candidate);

	if (edits > c->least || (c->found && edits == c->least && edits == 0))
		return false;
	c->least = edits - (edits > 0);
	c->found = candidate;
	return true;
}
