/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How versions 6 and 7 lay out their header. Version 6 is one stream up to a table of the CPUs;
 * version 7 is a chain of option sections that point to the others.
 */
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "tracedat.h"

/* Numbers of version 7's sections and of the options that point to them. */
enum {
	OPTION_DONE = 0,
	OPTION_BUFFER = 3,
	OPTION_TRACECLOCK = 4,
	OPTION_CPUCOUNT = 8,
	OPTION_HEADER_INFO = 16,
	OPTION_FTRACE_EVENTS = 17,
	OPTION_EVENT_FORMATS = 18,
	OPTION_PRINTK = 20,
	OPTION_CMDLINES = 21,
};

#define SECTION_HEAD_SIZE  16u
#define SECTION_COMPRESSED 1u
#define V6_FIRST_READ      (8u << 20)

static int cut(const struct dat *dat, struct mmr_error *err)
{
	return base_error(err, MMR_E_TRUNCATED, "%s: its header is damaged or cut", dat->path);
}

static int add_buffer(struct dat *dat, struct dat_buffer *buffer, struct mmr_error *err)
{
	if (dat->buffers.count >= DAT_MAX_BUFFERS)
		return base_error(err, MMR_E_LIMIT, "%s: more than %u instances", dat->path,
		                  DAT_MAX_BUFFERS);
	if (dat_buffer_vec_push(&dat->buffers, *buffer) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for instances");
	*buffer = (struct dat_buffer){ 0 };
	return 0;
}

/* ---- version 6 ---- */

/* Of the options of version 6; behind them stands "latency  " or "flyrecord". */
struct v6_rest {
	uint32_t nr_cpus;
	char clock[16];
	uint64_t instance_offset[DAT_MAX_BUFFERS];
	char instance_name[DAT_MAX_BUFFERS][DAT_NAME_SIZE];
	uint32_t nr_instances;
};

static int v6_options(struct dat *dat, struct le_cursor *c, struct v6_rest *rest,
                      struct mmr_error *err)
{
	for (;;) {
		unsigned int id = le_u16(c);
		uint32_t size;
		struct dat_text data;

		if (c->overrun)
			return cut(dat, err);
		if (id == 0)
			return 0;
		size = le_u32(c);
		data = (struct dat_text){ le_bytes(c, size), size };
		if (!data.data)
			return cut(dat, err);
		if (id == OPTION_TRACECLOCK) {
			trace_dat_clock(data, rest->clock);
		} else if (id == OPTION_BUFFER) {
			uint32_t i = rest->nr_instances;

			if (size < 8 || i == DAT_MAX_BUFFERS)
				return cut(dat, err);
			rest->instance_offset[i] = le64_get(data.data);
			for (size_t n = 0; n + 8 < size && n < DAT_NAME_SIZE - 1; n++)
				rest->instance_name[i][n] = data.data[8 + n];
			rest->nr_instances++;
		} else {
			int ret = trace_dat_option(dat, id, data, err);

			if (ret < 0)
				return ret;
		}
	}
}

/* "flyrecord" and the table of CPUs. */
static int v6_buffer(struct dat *dat, struct le_cursor *c, const struct v6_rest *rest,
                     const char *name, struct mmr_error *err)
{
	struct dat_buffer buffer = { .page_size = dat->page_size };
	const void *kind = le_bytes(c, 10);
	int ret = 0;

	if (!kind)
		return cut(dat, err);
	if (memcmp(kind, "latency  ", 10) == 0)
		return base_error(err, MMR_E_UNSUPPORTED,
		                  "%s holds the text of a latency tracer, no events", dat->path);
	if (memcmp(kind, "flyrecord", 10) != 0)
		return cut(dat, err);
	memcpy(buffer.clock, rest->clock, sizeof(buffer.clock));
	memcpy(buffer.name, name, strnlen(name, DAT_NAME_SIZE - 1));
	for (uint32_t i = 0; i < rest->nr_cpus && ret == 0; i++) {
		struct dat_cpu cpu = { .cpu = i };

		cpu.offset = le_u64(c);
		cpu.size = le_u64(c);
		if (c->overrun)
			ret = cut(dat, err);
		else if (dat_cpu_vec_push(&buffer.cpus, cpu) < 0)
			ret = base_error(err, MMR_E_NOMEM, "out of memory for CPUs");
	}
	if (ret == 0)
		ret = add_buffer(dat, &buffer, err);
	dat_cpu_vec_deinit(&buffer.cpus);
	return ret;
}

static int v6_instances(struct dat *dat, const struct v6_rest *rest, struct mmr_error *err)
{
	for (uint32_t i = 0; i < rest->nr_instances; i++) {
		uint8_t table[10 + 16 * 64];
		size_t size = 10 + 16 * (size_t)rest->nr_cpus;
		uint8_t *bytes = size <= sizeof(table) ? table : base_calloc(size, 1);
		struct le_cursor c;
		int ret;

		if (!bytes)
			return base_error(err, MMR_E_NOMEM, "out of memory for CPUs");
		ret = trace_dat_read(dat, rest->instance_offset[i], bytes, size, err);
		c = le_cursor_init(bytes, size);
		if (ret == 0)
			ret = v6_buffer(dat, &c, rest, rest->instance_name[i], err);
		if (bytes != table)
			base_free(bytes);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int v6_stream(struct dat *dat, struct le_cursor *c, struct v6_rest *rest,
                     struct mmr_error *err)
{
	const uint8_t *kind;
	uint64_t size;
	int ret = trace_dat_header_info(dat, c, err);

	if (ret == 0)
		ret = trace_dat_ftrace_formats(dat, c, err);
	if (ret == 0)
		ret = trace_dat_event_formats(dat, c, err);
	if (ret < 0)
		return ret;
	le_bytes(c, le_u32(c)); /* kallsyms */
	size = le_u32(c);
	dat->printk = (struct dat_text){ le_bytes(c, size), (size_t)size };
	size = le_u64(c);
	dat->cmdlines = (struct dat_text){ le_bytes(c, size), (size_t)size };
	rest->nr_cpus = le_u32(c);
	if (c->overrun || le_left(c) < 10)
		return cut(dat, err);
	if (rest->nr_cpus == 0 || rest->nr_cpus > TRACE_MAX_CPUS)
		return base_error(err, MMR_E_CORRUPT, "%s: %u CPUs make no sense", dat->path,
		                  rest->nr_cpus);
	kind = c->data + c->pos;
	if (memcmp(kind, "options  ", 10) == 0) {
		le_bytes(c, 10);
		ret = v6_options(dat, c, rest, err);
	}
	if (ret == 0)
		ret = v6_buffer(dat, c, rest, "", err);
	return ret;
}

static int v6_attempt(struct dat *dat, uint64_t offset, size_t size, struct v6_rest *rest,
                      struct mmr_error *err)
{
	uint8_t *bytes = NULL;
	struct le_cursor c;
	int ret = trace_dat_own(dat, size, &bytes, err);

	if (ret == 0)
		ret = trace_dat_read(dat, 0, bytes, size, err);
	if (ret < 0)
		return ret;
	dat->formats.count = 0;
	dat->stats.count = 0;
	*rest = (struct v6_rest){ 0 };
	c = le_cursor_init(bytes, size);
	le_bytes(&c, offset);
	return v6_stream(dat, &c, rest, err);
}

int trace_dat_parse_v6(struct dat *dat, uint64_t offset, struct mmr_error *err)
{
	struct v6_rest *rest = base_calloc_err(1, sizeof(*rest), "options", err);
	size_t size = V6_FIRST_READ;
	int ret;

	if (!rest)
		return MMR_E_NOMEM;
	/* Where the header ends is known only once it has been read. */
	for (;; size *= 4) {
		bool whole = size >= dat->file_size;

		ret = v6_attempt(dat, offset, whole ? (size_t)dat->file_size : size, rest, err);
		if (ret == 0 || whole || size * 4 > DAT_MAX_SECTION)
			break;
	}
	if (ret == 0)
		ret = v6_instances(dat, rest, err);
	base_free(rest);
	return ret;
}

/* ---- version 7 ---- */

struct section {
	uint16_t id;
	struct le_cursor content;
};

/* Loads the section at offset, uncompressed. */
static int load_section(struct dat *dat, uint64_t offset, struct section *section,
                        struct mmr_error *err)
{
	uint8_t head[SECTION_HEAD_SIZE];
	uint64_t size;
	uint16_t flags;
	uint8_t *bytes = NULL;
	uint8_t *plain = NULL;
	uint32_t plain_size;
	int ret = trace_dat_read(dat, offset, head, SECTION_HEAD_SIZE, err);

	*section = (struct section){ 0 };
	if (ret < 0)
		return ret;
	section->id = le16_get(head);
	flags = le16_get(head + 2);
	size = le64_get(head + 8);
	if (size > DAT_MAX_SECTION || size > dat->file_size)
		return base_error_at(err, MMR_E_CORRUPT, offset,
		                     "%s: a section of %llu bytes makes no sense", dat->path,
		                     (unsigned long long)size);
	ret = trace_dat_own(dat, (size_t)size, &bytes, err);
	if (ret == 0)
		ret = trace_dat_read(dat, offset + SECTION_HEAD_SIZE, bytes, (size_t)size, err);
	if (ret < 0)
		return ret;
	section->content = le_cursor_init(bytes, (size_t)size);
	if (!(flags & SECTION_COMPRESSED))
		return 0;
	/* Sizes, packed and plain, then the packed bytes. */
	if (size < 8 || le32_get(bytes) > size - 8 || le32_get(bytes + 4) > DAT_MAX_SECTION)
		return base_error_at(err, MMR_E_CORRUPT, offset, "%s: a section is damaged",
		                     dat->path);
	plain_size = le32_get(bytes + 4);
	ret = trace_dat_own(dat, plain_size, &plain, err);
	if (ret < 0)
		return ret;
	section->content = le_cursor_init(plain, plain_size);
	return trace_dat_inflate(dat, bytes + 8, le32_get(bytes), plain, plain_size, err);
}

/* A string and its NUL; cut to fit. False if it has no end. */
static bool get_string(struct le_cursor *c, char *text, size_t text_size)
{
	const char *start = (const char *)c->data + c->pos;
	size_t length = strnlen(start, le_left(c));

	if (length == le_left(c))
		return false;
	memset(text, 0, text_size);
	memcpy(text, start, length < text_size ? length : text_size - 1);
	le_bytes(c, length + 1);
	return true;
}

static int v7_buffer(struct dat *dat, struct dat_text option, struct mmr_error *err)
{
	struct le_cursor c = le_cursor_init(option.data, option.size);
	struct dat_buffer buffer = { 0 };
	uint8_t head[SECTION_HEAD_SIZE];
	uint64_t offset = le_u64(&c);
	char clock[64];
	uint32_t nr_cpus;
	int ret;

	if (!get_string(&c, buffer.name, sizeof(buffer.name)) ||
	    !get_string(&c, clock, sizeof(clock)))
		return cut(dat, err);
	trace_dat_clock((struct dat_text){ clock, sizeof(clock) }, buffer.clock);
	buffer.page_size = le_u32(&c);
	nr_cpus = le_u32(&c);
	if (c.overrun || nr_cpus > TRACE_MAX_CPUS || buffer.page_size < 4096 ||
	    buffer.page_size > TRACE_MAX_SUBBUF || buffer.page_size & (buffer.page_size - 1))
		return cut(dat, err);
	ret = trace_dat_read(dat, offset, head, sizeof(head), err);
	if (ret < 0)
		return ret;
	buffer.compressed = le16_get(head + 2) & SECTION_COMPRESSED;
	for (uint32_t i = 0; i < nr_cpus && ret == 0; i++) {
		struct dat_cpu cpu;

		cpu.cpu = le_u32(&c);
		cpu.offset = le_u64(&c);
		cpu.size = le_u64(&c);
		if (c.overrun || cpu.cpu >= TRACE_MAX_CPUS)
			ret = cut(dat, err);
		else if (dat_cpu_vec_push(&buffer.cpus, cpu) < 0)
			ret = base_error(err, MMR_E_NOMEM, "out of memory for CPUs");
	}
	if (ret == 0)
		ret = add_buffer(dat, &buffer, err);
	dat_cpu_vec_deinit(&buffer.cpus);
	return ret;
}

static int v7_pointed(struct dat *dat, unsigned int id, uint64_t offset, struct mmr_error *err)
{
	struct section section;
	struct le_cursor *c = &section.content;
	uint64_t size;
	int ret = load_section(dat, offset, &section, err);

	if (ret < 0)
		return ret;
	if (section.id != id)
		return base_error_at(err, MMR_E_CORRUPT, offset,
		                     "%s: section %u where %u should be", dat->path, section.id,
		                     id);
	switch (id) {
	case OPTION_HEADER_INFO:
		return trace_dat_header_info(dat, c, err);
	case OPTION_FTRACE_EVENTS:
		return trace_dat_ftrace_formats(dat, c, err);
	case OPTION_EVENT_FORMATS:
		return trace_dat_event_formats(dat, c, err);
	case OPTION_PRINTK:
		size = le_u32(c);
		dat->printk = (struct dat_text){ le_bytes(c, size), (size_t)size };
		break;
	default:
		size = le_u64(c);
		dat->cmdlines = (struct dat_text){ le_bytes(c, size), (size_t)size };
		break;
	}
	return c->overrun ? cut(dat, err) : 0;
}

/* 1: done, *offset is the next section of options. */
static int v7_option(struct dat *dat, unsigned int id, struct dat_text data, uint64_t *offset,
                     struct mmr_error *err)
{
	switch (id) {
	case OPTION_DONE:
		if (data.size < 8)
			return cut(dat, err);
		*offset = le64_get(data.data);
		return 1;
	case OPTION_BUFFER:
		return v7_buffer(dat, data, err);
	case OPTION_HEADER_INFO:
	case OPTION_FTRACE_EVENTS:
	case OPTION_EVENT_FORMATS:
	case OPTION_PRINTK:
	case OPTION_CMDLINES:
		return data.size < 8 ? cut(dat, err)
		                     : v7_pointed(dat, id, le64_get(data.data), err);
	default:
		return trace_dat_option(dat, id, data, err);
	}
}

static int v7_options(struct dat *dat, uint64_t *offset, struct mmr_error *err)
{
	struct section section;
	struct le_cursor *c = &section.content;
	int ret = load_section(dat, *offset, &section, err);

	if (ret < 0)
		return ret;
	if (section.id != 0)
		return cut(dat, err);
	while (ret == 0) {
		unsigned int id = le_u16(c);
		uint32_t size = le_u32(c);
		struct dat_text data = { le_bytes(c, size), size };

		if (!data.data || c->overrun)
			return cut(dat, err);
		ret = v7_option(dat, id, data, offset, err);
	}
	return ret < 0 ? ret : 0;
}

int trace_dat_parse_v7(struct dat *dat, uint64_t offset, struct mmr_error *err)
{
	if (offset == 0)
		return base_error(err, MMR_E_TRUNCATED,
		                  "%s was not finished: it has no list of its parts", dat->path);
	for (unsigned int i = 0; offset != 0; i++) {
		int ret;

		if (i == DAT_MAX_SECTIONS)
			return base_error(err, MMR_E_CORRUPT, "%s: too many sections of options",
			                  dat->path);
		ret = v7_options(dat, &offset, err);
		if (ret < 0)
			return ret;
	}
	if (!dat->header_page.data)
		return base_error(err, MMR_E_CORRUPT, "%s does not describe its ring buffer",
		                  dat->path);
	return 0;
}
