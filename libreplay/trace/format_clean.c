/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What of a format text libtraceevent gets to see. Its parser takes the text for the kernel's own, and
 * 1.7.1 crashes on some that are not; so decoding gives it the field lines only, each of which was
 * checked here, and a print format that says nothing.
 *
 * Not modelled: a field whose type is written with anything but words, stars and one pair of brackets;
 * it is left out (no kernel has one).
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "decode.h"
#include "format_clean.h"

static bool is_word(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '_')
			return false;
	return len > 0 && len < 128 && !isdigit((unsigned char)text[0]);
}

/* "unsigned long args[6]", "__data_loc char[] filename", "const char * name" */
static bool is_declaration(const char *text, size_t len)
{
	const char *end = text + len;
	const char *open = memchr(text, '[', len);
	int words = 0;

	if (open) {
		const char *close = memchr(open, ']', (size_t)(end - open));

		if (!close || open == text || !isalnum((unsigned char)open[-1]))
			return false;
		for (const char *p = open + 1; p < close; p++)
			if (!isalnum((unsigned char)*p) && *p != '_')
				return false;
	}
	while (text < end) {
		size_t word = 0;

		while (text + word < end &&
		       (isalnum((unsigned char)text[word]) || text[word] == '_'))
			word++;
		if (word > 0 && open && text > open) {
			words += text[word] != ']';
		} else if (word > 0) {
			if (!is_word(text, word))
				return false;
			words++;
		} else if (!strchr(" *[]", *text) || (*text == '[' && text != open)) {
			return false;
		}
		text += word ? word : 1;
	}
	return words >= 2 && end[-1] != '*' && end[-1] != ' ';
}

/* The text between "field:" and the first ';' and the three numbers behind it. */
static bool parse_line(const char *line, const char *end, size_t *len, unsigned int numbers[3])
{
	const char *semicolon = memchr(line, ';', (size_t)(end - line));
	char copy[96];
	int used = 0;

	if (!semicolon || (size_t)(end - semicolon) >= sizeof(copy))
		return false;
	*len = (size_t)(semicolon - line);
	memcpy(copy, semicolon, (size_t)(end - semicolon));
	copy[end - semicolon] = '\0';
	if (sscanf(copy, "; offset:%5u; size:%5u; signed:%1u;%n", &numbers[0], &numbers[1],
	           &numbers[2], &used) != 3)
		return false;
	return used > 0 && numbers[0] <= UINT16_MAX && numbers[1] <= UINT16_MAX &&
	       is_declaration(line, *len);
}

static int put(struct trace_buffer *out, const char *text, size_t size)
{
	if (trace_buffer_room(out, size) < 0)
		return MMR_E_NOMEM;
	memcpy(out->data + out->used, text, size);
	out->used += size;
	return 0;
}

static int put_line(struct trace_buffer *out, const char *line, const char *end)
{
	unsigned int numbers[3];
	char tail[64];
	size_t len;
	int n;

	if (!parse_line(line, end, &len, numbers) || len > 200)
		return 0;
	n = snprintf(tail, sizeof(tail), ";\toffset:%u;\tsize:%u;\tsigned:%u;\n", numbers[0],
	             numbers[1], numbers[2]);
	if (put(out, "\tfield:", 7) < 0 || put(out, line, len) < 0 || put(out, tail, (size_t)n) < 0)
		return MMR_E_NOMEM;
	return 0;
}

int trace_format_clean(const struct trace_format *format, struct trace_buffer *out)
{
	const char *end = format->text + format->size;
	const char *at = strstr(format->text, "\nformat:");
	bool common = true;
	char head[256];
	int n;

	out->used = 0;
	if (!at || !is_word(format->name, strlen(format->name)))
		return MMR_E_CORRUPT;
	n = snprintf(head, sizeof(head), "name: %s\nID: %u\nformat:\n", format->name, format->id);
	if (put(out, head, (size_t)n) < 0)
		return MMR_E_NOMEM;
	for (at += 8; at < end;) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));

		eol = eol ? eol : end;
		while (at < eol && (*at == '\t' || *at == ' '))
			at++;
		if (strncmp(at, "print fmt:", 10) == 0)
			break;
		/* An empty line divides the common fields from the event's own. */
		if (at == eol && common && out->used > (size_t)n) {
			common = false;
			if (put(out, "\n", 1) < 0)
				return MMR_E_NOMEM;
		}
		if (strncmp(at, "field:", 6) == 0 && put_line(out, at + 6, eol) < 0)
			return MMR_E_NOMEM;
		at = eol + 1;
	}
	if (common && put(out, "\n", 1) < 0)
		return MMR_E_NOMEM;
	return put(out, "\nprint fmt: \"\"\n", 15);
}
