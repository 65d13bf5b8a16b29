/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of a tool that cannot go on without it, and the byte buffer a picture is built in. */
#ifndef RENDER_XALLOC_H
#define RENDER_XALLOC_H

#include <stddef.h>

/* Zeroed; ends the process with one line on stderr when there is none. Free with free(). */
void *xalloc(size_t count, size_t size);

/* Doubles *items when count has reached *capacity; new elements are not zeroed. */
void *xgrow(void *items, size_t count, size_t *capacity, size_t size);

char *xstrdup(const char *text);

struct buffer {
	char *data;
	size_t size;
	size_t capacity;
};

void buffer_append(struct buffer *buffer, const void *data, size_t size);
void buffer_printf(struct buffer *buffer, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buffer_deinit(struct buffer *buffer);

#endif
