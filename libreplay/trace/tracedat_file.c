/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening a trace.dat, bounded reads of it, and its two kinds of compression. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

#include "alloc.h"
#include "error_set.h"
#include "io.h"
#include "tracedat.h"

/* Magic, "tracing", version, byte order, long size, page size, then in v7 two names and an offset. */
#define PREAMBLE_SIZE 256

int trace_dat_read(const struct dat *dat, uint64_t offset, void *data, size_t size,
                   struct mmr_error *err)
{
	ssize_t got;

	if (offset > dat->file_size || size > dat->file_size - offset)
		return base_error_at(err, MMR_E_TRUNCATED, offset,
		                     "%s ends before byte %llu, which it refers to", dat->path,
		                     (unsigned long long)offset + size);
	got = base_pread_all(dat->fd, data, size, offset, dat->path, err);
	if (got < 0)
		return (int)got;
	if ((size_t)got < size)
		return base_error_at(err, MMR_E_TRUNCATED, offset, "%s was cut while it was read",
		                     dat->path);
	return 0;
}

int trace_dat_own(struct dat *dat, size_t size, uint8_t **ret, struct mmr_error *err)
{
	void *memory;

	/* All together too: a small file can point to one section many times. */
	if (size > DAT_MAX_SECTION || dat->owned_bytes > DAT_MAX_OWNED)
		return base_error(err, MMR_E_LIMIT, "%s: a section of %zu bytes is too large",
		                  dat->path, size);
	memory = base_calloc_err(size, 1, "a section", err);
	if (!memory)
		return MMR_E_NOMEM;
	if (dat_owned_vec_push(&dat->owned, memory) < 0) {
		base_free(memory);
		return base_error(err, MMR_E_NOMEM, "out of memory for a section");
	}
	dat->owned_bytes += size;
	*ret = memory;
	return 0;
}

static int inflate_zlib(const void *in, size_t in_size, void *out, size_t out_size)
{
#ifdef HAVE_ZLIB
	uLongf size = out_size;

	return uncompress(out, &size, in, in_size) == Z_OK && size == out_size ? 0 : MMR_E_CORRUPT;
#else
	(void)in, (void)in_size, (void)out, (void)out_size;
	return MMR_E_UNSUPPORTED;
#endif
}

int trace_dat_inflate(const struct dat *dat, const void *in, size_t in_size, void *out,
                      size_t out_size, struct mmr_error *err)
{
	int ret = MMR_E_CORRUPT;

	switch (dat->compression) {
	case DAT_ZSTD:
		ret = ZSTD_decompress(out, out_size, in, in_size) == out_size ? 0 : MMR_E_CORRUPT;
		break;
	case DAT_ZLIB:
		ret = inflate_zlib(in, in_size, out, out_size);
		break;
	case DAT_NONE:
		return base_error(err, MMR_E_CORRUPT, "%s: a compressed section in a file without",
		                  dat->path);
	case DAT_OTHER:
		ret = MMR_E_UNSUPPORTED;
		break;
	}
	if (ret == MMR_E_UNSUPPORTED)
		return base_error(err, ret,
		                  "%s is compressed with %s, which this build cannot read",
		                  dat->path, dat->compression_name);
	if (ret < 0)
		return base_error(err, ret, "%s: a compressed section is damaged", dat->path);
	return 0;
}

static int parse_compression(struct dat *dat, struct le_cursor *c, struct mmr_error *err)
{
	const char *name = (const char *)c->data + c->pos;
	size_t length = strnlen(name, le_left(c));
	size_t version;

	if (length == le_left(c) || length >= sizeof(dat->compression_name))
		return base_error(err, MMR_E_CORRUPT, "%s: the name of its compression is damaged",
		                  dat->path);
	memcpy(dat->compression_name, name, length + 1);
	le_bytes(c, length + 1);
	version = strnlen((const char *)c->data + c->pos, le_left(c));
	if (version == le_left(c))
		return base_error(err, MMR_E_CORRUPT, "%s: the name of its compression is damaged",
		                  dat->path);
	le_bytes(c, version + 1);
	if (strcmp(dat->compression_name, "zstd") == 0)
		dat->compression = DAT_ZSTD;
	else if (strcmp(dat->compression_name, "zlib") == 0)
		dat->compression = DAT_ZLIB;
	else if (strcmp(dat->compression_name, "none") != 0 && length > 0)
		dat->compression = DAT_OTHER;
	return 0;
}

static int parse(struct dat *dat, struct mmr_error *err)
{
	static const char magic[] = "\x17\x08\x44tracing";
	uint8_t bytes[PREAMBLE_SIZE];
	ssize_t size = base_pread_all(dat->fd, bytes, sizeof(bytes), 0, dat->path, err);
	struct le_cursor c;
	const char *version;
	int ret;

	if (size < 0)
		return (int)size;
	c = le_cursor_init(bytes, (size_t)size);
	version = (const char *)bytes + sizeof(magic) - 1;
	if (size < 18 || memcmp(bytes, magic, sizeof(magic) - 1) != 0)
		return base_error(err, MMR_E_FORMAT, "%s is not a trace.dat of trace-cmd",
		                  dat->path);
	if ((version[0] != '6' && version[0] != '7') || version[1])
		return base_error(err, MMR_E_VERSION,
		                  "%s: versions 6 and 7 of trace.dat can be read, not this one",
		                  dat->path);
	dat->version = (unsigned int)(version[0] - '0');
	le_bytes(&c, sizeof(magic) - 1 + 2);
	if (le_u8(&c) != 0)
		return base_error(err, MMR_E_UNSUPPORTED,
		                  "%s is from a big-endian machine, which is not supported",
		                  dat->path);
	if (le_u8(&c) != 8)
		return base_error(err, MMR_E_UNSUPPORTED,
		                  "%s is from a 32-bit machine, which is not supported", dat->path);
	dat->page_size = le_u32(&c);
	if (dat->page_size < 4096 || dat->page_size > TRACE_MAX_SUBBUF ||
	    dat->page_size & (dat->page_size - 1))
		return base_error(err, MMR_E_CORRUPT, "%s: a page size of %u makes no sense",
		                  dat->path, dat->page_size);
	if (dat->version == 6)
		return trace_dat_parse_v6(dat, c.pos, err);
	ret = parse_compression(dat, &c, err);
	if (ret < 0)
		return ret;
	return trace_dat_parse_v7(dat, le_u64(&c), err);
}

int trace_dat_open(const char *path, struct dat *dat, struct mmr_error *err)
{
	struct stat st;
	int ret;

	*dat = (struct dat){ .path = path, .fd = open(path, O_RDONLY | O_CLOEXEC) };
	if (dat->fd < 0)
		return base_error_errno(err, errno, "cannot open %s", path);
	if (fstat(dat->fd, &st) < 0)
		ret = base_error_errno(err, errno, "cannot read %s", path);
	else if (!S_ISREG(st.st_mode))
		ret = base_error(err, MMR_E_FORMAT, "%s is not a regular file", path);
	else {
		dat->file_size = (uint64_t)st.st_size;
		ret = parse(dat, err);
	}
	if (ret < 0)
		trace_dat_close(dat);
	return ret;
}

void trace_dat_close(struct dat *dat)
{
	if (dat->fd >= 0)
		close(dat->fd);
	dat->fd = -1;
	for (size_t i = 0; i < dat->owned.count; i++)
		base_free(dat->owned.items[i]);
	for (size_t i = 0; i < dat->buffers.count; i++)
		dat_cpu_vec_deinit(&dat->buffers.items[i].cpus);
	dat_owned_vec_deinit(&dat->owned);
	dat_buffer_vec_deinit(&dat->buffers);
	dat_format_vec_deinit(&dat->formats);
	dat_text_vec_deinit(&dat->stats);
}
