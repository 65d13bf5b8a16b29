/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sub-buffers of one CPU of a trace.dat. Compressed data comes in chunks, each with its packed
 * and its plain size; a chunk may end within a sub-buffer, so what is left over opens the next run.
 *
 * trace-cmd 3.1 gives as size of a CPU's compressed data that of the chunks without the count before
 * them; the count decides here.
 */
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "tracedat.h"

#define RUN_SIZE (256u << 10)

int trace_dat_pages_init(struct dat_pages *p, const struct dat *dat,
                         const struct dat_buffer *buffer, const struct dat_cpu *cpu,
                         struct mmr_error *err)
{
	uint8_t count[4];
	int ret;

	*p = (struct dat_pages){
		.dat = dat,
		.page_size = buffer->page_size,
		.compressed = buffer->compressed,
		.pos = cpu->offset,
		.end = cpu->offset,
	};
	if (cpu->size == 0)
		return 0;
	if (cpu->offset > dat->file_size) {
		p->truncated = true;
		return 0;
	}
	p->end = dat->file_size;
	if (!p->compressed) {
		if (cpu->size <= dat->file_size - cpu->offset)
			p->end = cpu->offset + cpu->size;
		else
			p->truncated = true;
		return 0;
	}
	if (dat->file_size - cpu->offset < sizeof(count)) {
		p->truncated = true;
		return 0;
	}
	ret = trace_dat_read(dat, cpu->offset, count, sizeof(count), err);
	p->pos += sizeof(count);
	p->chunks_left = le32_get(count);
	return ret;
}

void trace_dat_pages_deinit(struct dat_pages *p)
{
	base_free(p->packed);
	base_free(p->pages);
	p->packed = p->pages = NULL;
}

static int room(uint8_t **bytes, size_t *capacity, size_t size, struct mmr_error *err)
{
	void *memory = *bytes;

	if (size <= *capacity)
		return 0;
	if (base_resize(&memory, size, 1) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for sub-buffers");
	*bytes = memory;
	*capacity = size;
	return 0;
}

/* 1: appended to p->pages; 0: the end. */
static int plain_run(struct dat_pages *p, struct mmr_error *err)
{
	uint64_t left = p->end - p->pos;
	size_t size = left < RUN_SIZE ? (size_t)left : RUN_SIZE;
	int ret;

	if (size == 0)
		return 0;
	ret = room(&p->pages, &p->pages_size, p->used + size, err);
	if (ret == 0)
		ret = trace_dat_read(p->dat, p->pos, p->pages + p->used, size, err);
	if (ret < 0)
		return ret;
	p->pos += size;
	p->used += size;
	return 1;
}

/* The head of a chunk says how to find the next one even if this one is damaged. */
static int chunk_run(struct dat_pages *p, struct mmr_error *err)
{
	while (p->chunks_left > 0) {
		uint8_t head[8];
		uint32_t packed;
		uint32_t plain;
		int ret;

		p->chunks_left--;
		if (p->end - p->pos < sizeof(head)) {
			p->truncated = true;
			break;
		}
		ret = trace_dat_read(p->dat, p->pos, head, sizeof(head), err);
		if (ret < 0)
			return ret;
		packed = le32_get(head);
		plain = le32_get(head + 4);
		if (packed > DAT_MAX_CHUNK || plain > DAT_MAX_CHUNK) {
			p->nr_bad_chunks += (uint64_t)p->chunks_left + 1;
			p->chunks_left = 0;
			return 0;
		}
		p->pos += sizeof(head);
		if (plain == 0) {
			p->nr_bad_chunks++;
			p->pos += packed < p->end - p->pos ? packed : p->end - p->pos;
			continue;
		}
		if (packed > p->end - p->pos) {
			p->truncated = true;
			break;
		}
		ret = room(&p->packed, &p->packed_size, packed, err);
		if (ret == 0)
			ret = room(&p->pages, &p->pages_size, p->used + plain, err);
		if (ret == 0)
			ret = trace_dat_read(p->dat, p->pos, p->packed, packed, err);
		if (ret < 0)
			return ret;
		p->pos += packed;
		ret = trace_dat_inflate(p->dat, p->packed, packed, p->pages + p->used, plain, err);
		if (ret == MMR_E_UNSUPPORTED)
			return ret;
		if (ret == 0) {
			p->used += plain;
			return 1;
		}
		/* What follows begins with a sub-buffer again: chunks are whole ones in practice. */
		p->nr_bad_chunks++;
		p->used = 0;
	}
	p->chunks_left = 0;
	return 0;
}

int trace_dat_pages_next(struct dat_pages *p, const uint8_t **pages, size_t *nr_pages,
                         struct mmr_error *err)
{
	if (p->given > 0)
		memmove(p->pages, p->pages + p->given, p->used - p->given);
	p->used -= p->given;
	p->given = 0;
	while (p->used < p->page_size) {
		int ret = p->compressed ? chunk_run(p, err) : plain_run(p, err);

		if (ret < 0)
			return ret;
		if (ret > 0)
			continue;
		if (p->used == 0)
			return 0;
		/* A cut sub-buffer: its walk ends where the bytes do. */
		ret = room(&p->pages, &p->pages_size, p->page_size, err);
		if (ret < 0)
			return ret;
		memset(p->pages + p->used, 0, p->page_size - p->used);
		p->truncated = true;
		p->used = p->page_size;
	}
	p->given = p->used - p->used % p->page_size;
	*pages = p->pages;
	*nr_pages = p->given / p->page_size;
	return 1;
}
