/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text into a buffer that may be too small, as snprintf() does it: what does not fit is counted and left
 * out, so that a first pass with size 0 tells how much room a second one needs.
 */
#ifndef MM_SHOW_TEXT_H
#define MM_SHOW_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct mm_text {
	char *at; /* may be NULL if size is 0 */
	size_t size;
	size_t used; /* what there is to say, whether it fits or not */
};

static inline struct mm_text mm_text_begin(char *at, size_t size)
{
	struct mm_text text = { .size = size };

	text.at = at;
	return text;
}

static inline void mm_text_put_part(struct mm_text *text, const char *part, size_t length)
{
	if (text->used < text->size) {
		size_t room = text->size - text->used;

		memcpy(text->at + text->used, part, length < room ? length : room);
	}
	text->used += length;
}

static inline void mm_text_put(struct mm_text *text, const char *string)
{
	mm_text_put_part(text, string, strlen(string));
}

/* To the right of width columns. */
static inline void mm_text_put_right(struct mm_text *text, size_t width, const char *string,
                                     size_t length)
{
	for (; width > length; width--)
		mm_text_put_part(text, " ", 1);
	mm_text_put_part(text, string, length);
}

static inline void mm_text_put_number(struct mm_text *text, size_t width, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	mm_text_put_right(text, width, digits + at, sizeof(digits) - at);
}

/* "Node 0, zone    DMA32" */
static inline void mm_text_put_zone(struct mm_text *text, size_t node_width, uint32_t node,
                                    const char *name, size_t length)
{
	mm_text_put(text, "Node ");
	mm_text_put_number(text, node_width, node);
	mm_text_put(text, ", zone ");
	mm_text_put_right(text, 8, name, length);
}

/* Terminates it; the length of the whole. */
static inline size_t mm_text_end(struct mm_text *text)
{
	if (text->size > 0)
		text->at[text->used < text->size ? text->used : text->size - 1] = '\0';
	return text->used;
}

#endif
