/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bounded little-endian reads and writes. A cursor never leaves its buffer: a read past the end
 * gives 0 and sets ->overrun, so that a parser can read a whole header and check once.
 */
#ifndef BASE_LE_H
#define BASE_LE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "only little-endian hosts are supported; add byte swaps here"
#endif

static inline uint16_t le16_get(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t le32_get(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t le64_get(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void le16_put(void *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void le32_put(void *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void le64_put(void *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

struct le_cursor {
	const uint8_t *data;
	size_t size;
	size_t pos;
	bool overrun;
};

static inline struct le_cursor le_cursor_init(const void *data, size_t size)
{
	return (struct le_cursor){ .data = data, .size = size };
}

static inline size_t le_left(const struct le_cursor *c)
{
	return c->size - c->pos;
}

/* Pointer to the next len bytes, which are consumed; NULL (and overrun) if there are fewer. */
static inline const void *le_bytes(struct le_cursor *c, uint64_t len)
{
	const void *p = c->data + c->pos;

	if (len > le_left(c)) {
		c->overrun = true;
		c->pos = c->size;
		return NULL;
	}
	c->pos += (size_t)len;
	return p;
}

static inline uint8_t le_u8(struct le_cursor *c)
{
	const uint8_t *p = le_bytes(c, 1);

	return p ? *p : 0;
}

static inline uint16_t le_u16(struct le_cursor *c)
{
	const void *p = le_bytes(c, 2);

	return p ? le16_get(p) : 0;
}

static inline uint32_t le_u32(struct le_cursor *c)
{
	const void *p = le_bytes(c, 4);

	return p ? le32_get(p) : 0;
}

static inline uint64_t le_u64(struct le_cursor *c)
{
	const void *p = le_bytes(c, 8);

	return p ? le64_get(p) : 0;
}

#endif
