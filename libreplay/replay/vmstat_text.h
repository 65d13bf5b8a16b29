/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of /proc/vmstat, as snapshots have it. */
#ifndef REPLAY_VMSTAT_TEXT_H
#define REPLAY_VMSTAT_TEXT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A counter of a text that ends in a NUL; 0: it is not there. */
static inline uint64_t vmstat_text_value(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 && line[length] == ' ')
			return strtoull(line + length, NULL, 10);
	}
	return 0;
}

#endif
