/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A condition on the kernel's own counters, for `mmcap record --on`: read on a timer, no work per event.
 *
 *	either   = both { "or" both }                         also ||
 *	both     = one { "and" one }                          also &&
 *	one      = "(" either ")" | operand [ compare ]       alone: the counter grows
 *	compare  = ( "<" | "<=" | ">" | ">=" ) number [ "/" window ]
 *	number   = 100 | 64M (meminfo) | 5.25 or 5% (psi averages) | 150ms (psi totals)
 *	window   = s | min | h | 10s | 500ms | …              grew by this much within the last …
 *	operand  = counter of /proc/vmstat, or vmstat.counter; a * stands for any letters: their sum;
 *	           allocstall, pgalloc, pgskip: summed over zones
 *	         | meminfo.Name | free | available
 *	         | psi.{memory,io,cpu}.{some,full}.{avg10,avg60,avg300,total}
 *	         | oom                                        vmstat's oom_kill
 */
#ifndef CONDITION_H
#define CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>

enum condition_source {
	CONDITION_VMSTAT,
	CONDITION_MEMINFO,
	CONDITION_PSI_MEMORY,
	CONDITION_PSI_IO,
	CONDITION_PSI_CPU,
	CONDITION_NR_SOURCES,
};

/* The files at one instant. */
struct condition_reading {
	uint64_t ns;                            /* CLOCK_MONOTONIC */
	const char *text[CONDITION_NR_SOURCES]; /* NULL: this kernel has none, or it was not read */
};

/* The file in /proc: "vmstat", "pressure/memory", … */
const char *condition_file(enum condition_source source);

struct condition;

/*
 * Parses text. The names are checked against now, which should hold all that this kernel has: an
 * unknown one is MMR_E_NOTFOUND and names the closest; what is not well-formed MMR_E_INVALID, naming
 * the place. interval_ns is how often it will be evaluated. Free with condition_free().
 */
int condition_parse(struct condition **ret, const char *text, uint64_t interval_ns,
                    const struct condition_reading *now, struct mmr_error *err) MMR_MUST_CHECK;
void condition_free(struct condition *condition);

const char *condition_text(const struct condition *condition);
bool condition_reads(const struct condition *condition, enum condition_source source);

/* Takes one reading into account; whether the condition is met now. Never by the first reading of a growth. */
bool condition_update(struct condition *condition, const struct condition_reading *now);

/* "allocstall +132 in 1s, meminfo.MemFree 51200K": what the terms had at the last update. */
void condition_explain(const struct condition *condition, char *text, size_t size);

#endif
