/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sub-buffers written by hand, as the kernel would have. Included by tests and fuzz targets. */
#ifndef TESTS_TRACE_PAGES_H
#define TESTS_TRACE_PAGES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "le.h"

#define PAGE_BYTES 4096u

struct test_page {
	uint8_t bytes[PAGE_BYTES];
	uint32_t used; /* of the data behind the header */
};

static inline void page_begin(struct test_page *page, uint64_t t_ns)
{
	memset(page, 0, sizeof(*page));
	le64_put(page->bytes, t_ns);
}

static inline void page_commit(struct test_page *page, uint32_t flags)
{
	le64_put(page->bytes + 8, page->used | flags);
}

/* A word of type and delta, and the words that follow it. */
static inline uint8_t *page_put(struct test_page *page, uint32_t type, uint32_t delta,
                                uint32_t size)
{
	uint8_t *p = page->bytes + 16 + page->used;

	le32_put(p, delta << 5 | type);
	page->used += 4 + size;
	page_commit(page, 0);
	return p + 4;
}

static inline void page_time_extend(struct test_page *page, uint64_t delta)
{
	le32_put(page_put(page, 30, (uint32_t)(delta & 0x7ffffff), 4), (uint32_t)(delta >> 27));
}

static inline void page_time_stamp(struct test_page *page, uint64_t t_ns)
{
	le32_put(page_put(page, 31, (uint32_t)(t_ns & 0x7ffffff), 4), (uint32_t)(t_ns >> 27));
}

/* A record: common fields of event id by task pid, then the payload. Multiples of four bytes. */
static inline void page_record(struct test_page *page, uint32_t delta, uint16_t id, uint32_t pid,
                               const void *payload, uint32_t size)
{
	uint32_t len = 8 + size;
	uint8_t *p;

	if (len <= 28 * 4) {
		p = page_put(page, len / 4, delta, len);
	} else {
		p = page_put(page, 0, delta, len + 4);
		le32_put(p, len + 4);
		p += 4;
	}
	le16_put(p, id);
	le32_put(p + 4, pid);
	if (size)
		memcpy(p + 8, payload, size);
}

#endif
