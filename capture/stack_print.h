/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frames of the stack behind the event given last. */
#ifndef STACK_PRINT_H
#define STACK_PRINT_H

#include <stddef.h>
#include <stdio.h>

#include <mmreplay/trace.h>

/* One a line, innermost first: " => function" in the kernel, " -> function" outside. */
void stack_print_lines(struct mmr_trace *trace, FILE *stream);

/* Appends " kernel=a;b;c user=d;e" to a text in a room of size bytes. */
void stack_print_append(struct mmr_trace *trace, char *text, size_t size);

/* "cause": "...", "tgid": N, "kernel": [...], "user": [...]. */
void stack_print_json(struct mmr_trace *trace, FILE *stream);

#endif
