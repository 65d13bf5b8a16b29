// SPDX-License-Identifier: GPL-2.0-or-later
#include "xalloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

static void die(void)
{
	fputs("mmrender: out of memory\n", stderr);
	exit(EXIT_TROUBLE);
}

void *xalloc(size_t count, size_t size)
{
	void *data = calloc(count ? count : 1, size ? size : 1);

	if (!data)
		die();
	return data;
}

void *xgrow(void *items, size_t count, size_t *capacity, size_t size)
{
	size_t wanted = *capacity ? *capacity * 2 : 16;

	if (count < *capacity)
		return items;
	if (wanted > SIZE_MAX / size)
		die();
	items = realloc(items, wanted * size);
	if (!items)
		die();
	*capacity = wanted;
	return items;
}

char *xstrdup(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(xalloc(size, 1), text, size);
}

void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
	size_t wanted = buffer->capacity ? buffer->capacity : 4096;

	if (!size)
		return;
	if (size > SIZE_MAX / 4 - buffer->size)
		die();
	while (wanted < buffer->size + size)
		wanted *= 2;
	if (wanted != buffer->capacity) {
		buffer->data = realloc(buffer->data, wanted);
		if (!buffer->data)
			die();
		buffer->capacity = wanted;
	}
	memcpy(buffer->data + buffer->size, data, size);
	buffer->size += size;
}

void buffer_printf(struct buffer *buffer, const char *fmt, ...)
{
	char line[1024];
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (length > 0)
		buffer_append(buffer, line,
		              (size_t)length < sizeof(line) ? (size_t)length : sizeof(line) - 1);
}

void buffer_deinit(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){ 0 };
}
