/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of a trace.dat's header that versions 6 and 7 have in common, and format texts. */
#include <string.h>

#include "error_set.h"
#include "tracedat.h"

/* trace-cmd's numbers of the options. */
enum {
	OPTION_DATE = 1,
	OPTION_CPUSTAT = 2,
	OPTION_UNAME = 5,
	OPTION_VERSION = 9,
};

static int damaged(const struct dat *dat, const char *what, struct mmr_error *err)
{
	return base_error(err, MMR_E_CORRUPT, "%s: %s are damaged or cut", dat->path, what);
}

/* u64 size and that many bytes. */
static bool sized_text(struct le_cursor *c, struct dat_text *text)
{
	uint64_t size = le_u64(c);
	const char *data = le_bytes(c, size);

	if (c->overrun)
		return false;
	*text = (struct dat_text){ data, (size_t)size };
	return true;
}

int trace_dat_header_info(struct dat *dat, struct le_cursor *c, struct mmr_error *err)
{
	const void *name = le_bytes(c, sizeof("header_page"));

	if (!name || memcmp(name, "header_page", sizeof("header_page")) != 0 ||
	    !sized_text(c, &dat->header_page))
		return damaged(dat, "the ring buffer's headers", err);
	name = le_bytes(c, sizeof("header_event"));
	if (!name || memcmp(name, "header_event", sizeof("header_event")) != 0 ||
	    !sized_text(c, &dat->header_event))
		return damaged(dat, "the ring buffer's headers", err);
	return 0;
}

/* Whether a name may become part of a path in the trace file. */
static bool name_is_sane(const char *name, size_t length)
{
	if (length == 0 || length >= DAT_NAME_SIZE)
		return false;
	for (size_t i = 0; i < length; i++) {
		char ch = name[i];

		if (!(ch >= 'a' && ch <= 'z') && !(ch >= 'A' && ch <= 'Z') &&
		    !(ch >= '0' && ch <= '9') && ch != '_' && ch != '-' && ch != '.')
			return false;
	}
	return true;
}

/* A format whose name makes no sense is left out: its events could not be told apart anyway. */
static int add_format(struct dat *dat, const char *system, struct dat_text text,
                      struct mmr_error *err)
{
	static const char key[] = "name: ";
	struct dat_format format = { .text = text };
	const char *end;
	size_t length;

	if (text.size < sizeof(key) || memcmp(text.data, key, sizeof(key) - 1) != 0)
		return 0;
	end = memchr(text.data, '\n', text.size);
	length = (end ? (size_t)(end - text.data) : text.size) - (sizeof(key) - 1);
	if (!name_is_sane(text.data + sizeof(key) - 1, length) ||
	    !name_is_sane(system, strlen(system)))
		return 0;
	if (dat->formats.count >= DAT_MAX_FORMATS)
		return base_error(err, MMR_E_LIMIT, "%s: more than %u event formats", dat->path,
		                  DAT_MAX_FORMATS);
	memcpy(format.name, text.data + sizeof(key) - 1, length);
	memcpy(format.system, system, strlen(system));
	if (dat_format_vec_push(&dat->formats, format) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for event formats");
	return 0;
}

static int add_formats(struct dat *dat, struct le_cursor *c, const char *system, uint32_t count,
                       struct mmr_error *err)
{
	for (uint32_t i = 0; i < count; i++) {
		struct dat_text text;
		int ret;

		if (!sized_text(c, &text))
			return damaged(dat, "the event formats", err);
		ret = add_format(dat, system, text, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int trace_dat_ftrace_formats(struct dat *dat, struct le_cursor *c, struct mmr_error *err)
{
	uint32_t count = le_u32(c);

	return add_formats(dat, c, "ftrace", count, err);
}

int trace_dat_event_formats(struct dat *dat, struct le_cursor *c, struct mmr_error *err)
{
	uint32_t nr_systems = le_u32(c);

	for (uint32_t i = 0; i < nr_systems; i++) {
		const char *name = (const char *)c->data + c->pos;
		size_t length = strnlen(name, le_left(c));
		uint32_t count;
		int ret;

		if (length == le_left(c))
			return damaged(dat, "the event formats", err);
		le_bytes(c, length + 1);
		count = le_u32(c);
		ret = add_formats(dat, c, name, count, err);
		if (ret < 0)
			return ret;
	}
	return c->overrun ? damaged(dat, "the event formats", err) : 0;
}

int trace_dat_option(struct dat *dat, unsigned int id, struct dat_text data, struct mmr_error *err)
{
	/* Texts carry their NUL. */
	data.size = strnlen(data.data, data.size);
	switch (id) {
	case OPTION_DATE:
		dat->date = data;
		break;
	case OPTION_UNAME:
		dat->uname = data;
		break;
	case OPTION_VERSION:
		dat->recorder = data;
		break;
	case OPTION_CPUSTAT:
		if (dat->stats.count < TRACE_MAX_CPUS && dat_text_vec_push(&dat->stats, data) < 0)
			return base_error(err, MMR_E_NOMEM, "out of memory for statistics");
		break;
	default:
		break;
	}
	return 0;
}

void trace_dat_clock(struct dat_text text, char clock[16])
{
	const char *begin = memchr(text.data, '[', text.size);
	const char *end;
	size_t length = strnlen(text.data, text.size);

	if (begin) {
		text.size -= (size_t)(begin + 1 - text.data);
		text.data = begin + 1;
		end = memchr(text.data, ']', text.size);
		length = end ? (size_t)(end - text.data) : 0;
	}
	if (!name_is_sane(text.data, length) || length >= 16)
		return;
	memcpy(clock, text.data, length);
	clock[length] = '\0';
}

/* The number behind key, as in "offset:8;"; false without one. */
static bool number_behind(const char *line, const char *end, const char *key, uint32_t *value)
{
	size_t length = strlen(key);
	uint64_t number = 0;
	const char *digit = memmem(line, (size_t)(end - line), key, length);

	if (!digit)
		return false;
	for (digit += length; digit < end && (*digit == ' ' || *digit == '\t'); digit++)
		;
	if (digit >= end || *digit < '0' || *digit > '9')
		return false;
	for (; digit < end && *digit >= '0' && *digit <= '9' && number <= UINT32_MAX; digit++)
		number = number * 10 + (uint64_t)(*digit - '0');
	*value = (uint32_t)number;
	return number <= UINT32_MAX;
}

/* Whether the declaration before the first ';' is of name: "unsigned long pfn" or "char comm[16]". */
static bool declares(const char *line, const char *end, const char *name)
{
	const char *stop = memchr(line, ';', (size_t)(end - line));
	const char *bracket;
	size_t length = strlen(name);

	if (!stop)
		return false;
	bracket = memchr(line, '[', (size_t)(stop - line));
	/* "__data_loc char[] filename" has its brackets in the type. */
	if (bracket && stop[-1] == ']')
		stop = bracket;
	return (size_t)(stop - line) > length && memcmp(stop - length, name, length) == 0 &&
	       (stop[-(ptrdiff_t)length - 1] == ' ' || stop[-(ptrdiff_t)length - 1] == '\t');
}

bool trace_dat_field(struct dat_text format, const char *name, uint32_t *offset, uint32_t *size)
{
	const char *end = format.data + format.size;

	for (const char *line = format.data; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		stop = stop ? stop : end;
		if (memmem(line, (size_t)(stop - line), "field:", 6) && declares(line, stop, name))
			return number_behind(line, stop, "offset:", offset) &&
			       number_behind(line, stop, "size:", size);
		line = stop + 1;
	}
	return false;
}

bool trace_dat_format_id(struct dat_text format, uint32_t *id)
{
	return number_behind(format.data, format.data + format.size, "\nID:", id);
}

const struct dat_format *trace_dat_format(const struct dat *dat, const char *system,
                                          const char *name)
{
	for (size_t i = 0; i < dat->formats.count; i++) {
		const struct dat_format *format = &dat->formats.items[i];

		if (strcmp(format->name, name) == 0 && strcmp(format->system, system) == 0)
			return format;
	}
	return NULL;
}
