/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people see: messages, numbers, tables, progress. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <mmreplay/error.h>

/* "tool: text" on stderr, one line; control characters in the text are escaped. */
void message(const char *tool, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* message() of an error; returns EXIT_TROUBLE, so that commands can end with it. */
int fail(const char *tool, const struct mmr_error *err);

/*
 * The end of every command that printed: flushes stdout and returns status, or EXIT_TROUBLE if what
 * was printed did not arrive (after a message, unless the reader closed the pipe: that is its right).
 */
int finish_output(const char *tool, int status);

/* Whether stream is a terminal that may be coloured (NO_COLOR, TERM=dumb, --color). */
bool terminal_colour(FILE *stream);

/* Columns of the terminal that stream is, else 80. */
size_t terminal_width(FILE *stream);

/* Into the caller's buffer, which is returned: "3,123,376", "15.9 MB", "1.234 s". */
#define FORMAT_SIZE 32
char *format_count(char buffer[FORMAT_SIZE], uint64_t value);
char *format_bytes(char buffer[FORMAT_SIZE], uint64_t bytes);
char *format_duration(char buffer[FORMAT_SIZE], uint64_t ns);
/* What is so many percent more than another, as a multiple of that: "×149" of 14,800. percent >= 0. */
char *format_multiple(char buffer[FORMAT_SIZE], double percent);

/*
 * Copies text with everything as \xHH that is not a printable character of UTF-8: what comes out is valid
 * UTF-8 and no command to any terminal. Always terminated. For comm and other hostile strings.
 */
char *escape_text(char *buffer, size_t size, const char *text, size_t text_size);

/* A table: rows are collected, columns sized, printed with a rule under the heading. Headings and long texts are broken where it is too wide. */
struct table;
enum table_align { TABLE_LEFT, TABLE_RIGHT };
struct table_column {
	const char *title;
	enum table_align align;
};
struct table *table_create(const struct table_column *columns, size_t nr_columns);
void table_cell(struct table *table, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void table_print(const struct table *table,
                 FILE *stream); /* within the terminal's width, as far as that can be */
void table_print_within(const struct table *table, FILE *stream, size_t width);
void table_destroy(struct table *table);

/*
 * One line on stderr, rewritten at most five times a second, only on a terminal and not when
 * quiet: "replaying  42 %  3.1 M events  12.4 M/s  ETA 3 s".
 */
struct progress {
	const char *what;
	uint64_t total; /* 0: unknown */
	uint64_t start_ns;
	uint64_t last_ns;
	bool enabled;
};
void progress_begin(struct progress *progress, const char *what, uint64_t total, bool quiet);
void progress_update(struct progress *progress, uint64_t done, const char *unit);
void progress_end(struct progress *progress);

#endif
