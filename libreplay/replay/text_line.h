/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of a text that may end anywhere. */
#ifndef REPLAY_TEXT_LINE_H
#define REPLAY_TEXT_LINE_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The line at *text < end without its newline, cut to what line takes; *text goes on. false: there is none. */
static inline bool text_line(const char **text, const char *end, char *line, size_t size)
{
	const char *newline;
	size_t length;

	if (*text >= end)
		return false;
	newline = memchr(*text, '\n', (size_t)(end - *text));
	length = (size_t)((newline ? newline : end) - *text);
	snprintf(line, size, "%.*s", (int)(length < size ? length : size - 1), *text);
	*text = newline ? newline + 1 : end;
	return true;
}

#endif
