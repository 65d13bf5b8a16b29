/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages and the terminal. Names from traces and file names are hostile: nothing that could move
 * the cursor or start an escape sequence reaches a terminal.
 */
#include "terminal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "alloc.h"
#include "cli_private.h"

#define MESSAGE_SIZE 1024

_Noreturn void cli_out_of_memory(void)
{
	fputs("out of memory\n", stderr);
	exit(EXIT_TROUBLE);
}

char *cli_strndup(const char *text, size_t len)
{
	char *copy = base_strndup(text, len);

	if (!copy)
		cli_out_of_memory();
	return copy;
}

void cli_resize(void **array, size_t count, size_t size)
{
	if (base_resize(array, count, size) < 0)
		cli_out_of_memory();
}

/* Bytes above 0x7f may be UTF-8 and pass; C1 controls do nothing in UTF-8 terminals. */
/*
 * The length of the character at text if a terminal may show it as it is, else 0. Not shown are control
 * characters (C1 ones too, which are commands to some terminals), what turns the direction of writing, and
 * bytes that are no UTF-8.
 */
static size_t harmless(const unsigned char *text, size_t size)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t code = text[0];
	size_t length = code < 0x80   ? 1
	                : code < 0xc2 ? 0
	                : code < 0xe0 ? 2
	                : code < 0xf0 ? 3
	                : code < 0xf5 ? 4
	                              : 0;

	if (length < 2)
		return length == 1 && code >= 0x20 && code != 0x7f;
	if (length > size)
		return 0;
	code &= 0xffu >> (length + 1);
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	if (code < 0xa0 || (code >= 0x200e && code <= 0x200f) ||
	    (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069))
		return 0;
	return length;
}

char *escape_text(char *buffer, size_t size, const char *text, size_t text_size)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *bytes = (const unsigned char *)text;
	size_t used = 0;

	if (size == 0)
		return buffer;
	text_size = strnlen(text, text_size);
	for (size_t i = 0; i < text_size;) {
		size_t length = harmless(bytes + i, text_size - i);

		if (used + (length ? length : 4) >= size)
			break;
		if (length) {
			memcpy(buffer + used, text + i, length);
			used += length;
			i += length;
			continue;
		}
		buffer[used++] = '\\';
		buffer[used++] = 'x';
		buffer[used++] = hex[bytes[i] >> 4];
		buffer[used++] = hex[bytes[i] & 15];
		i++;
	}
	buffer[used] = '\0';
	return buffer;
}

void message(const char *tool, const char *fmt, ...)
{
	char text[MESSAGE_SIZE];
	char escaped[MESSAGE_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* What was printed so far comes first, also where both go to one file. */
	fflush(stdout);
	fprintf(stderr, "%s: %s\n", tool,
	        escape_text(escaped, sizeof(escaped), text, sizeof(text)));
}

int fail(const char *tool, const struct mmr_error *err)
{
	message(tool, "%s", err->text[0] ? err->text : mmr_error_name(err->code));
	return EXIT_TROUBLE;
}

int finish_output(const char *tool, int status)
{
	/* Who stopped at an error left its errno; otherwise the flush sets it. */
	int reason = ferror(stdout) ? errno : 0;

	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	reason = reason ? reason : errno;
	if (reason != EPIPE)
		message(tool, "cannot write the output: %s", strerror(reason));
	return EXIT_TROUBLE;
}

bool terminal_colour(FILE *stream)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no_color && no_color[0])
		return false;
	if (!term || !term[0] || strcmp(term, "dumb") == 0)
		return false;
	return isatty(fileno(stream)) == 1;
}

size_t terminal_width(FILE *stream)
{
	struct winsize size = { .ws_col = 0 };
	int fd = fileno(stream);

	if (fd >= 0 && isatty(fd) == 1 && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}
