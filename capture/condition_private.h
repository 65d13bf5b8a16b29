/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What condition_parse.c builds and condition.c evaluates. */
#ifndef CONDITION_PRIVATE_H
#define CONDITION_PRIVATE_H

#include "condition.h"

#define MAX_TERMS 16

enum term_op { TERM_GROWS, TERM_LESS, TERM_LESS_EQUAL, TERM_GREATER, TERM_GREATER_EQUAL };

/* What the numbers of an operand are. */
enum term_measure {
	MEASURE_COUNT,
	MEASURE_BYTES,
	MEASURE_PERCENT, /* in hundredths */
	MEASURE_TIME,    /* ns */
};

struct term_sample {
	uint64_t ns;
	uint64_t value;
};

/* The last samples of a growth, oldest first; a ring. */
struct term_history {
	struct term_sample *samples;
	size_t capacity;
	size_t first;
	size_t count;
	uint64_t step_ns;  /* at least this lies between two */
	uint64_t slack_ns; /* a sample may be older than the window by this: timers are not exact */
};

struct term {
	enum condition_source source;
	char name[64];   /* of the counter, may hold *; of psi: "full avg10" */
	char shown[96];  /* as the condition calls it */
	bool over_zones; /* sum of name_dma, name_normal, … */
	enum term_measure measure;
	enum term_op op;
	uint64_t limit;
	uint64_t
		window_ns; /* 0: the level counts, or (TERM_GROWS) what it grew since the last update */
	struct term_history history;

	bool known; /* value holds something */
	uint64_t value;
	bool met;
};

enum node_kind { NODE_TERM, NODE_AND, NODE_OR };

struct node {
	enum node_kind kind;
	size_t left; /* of a term its number */
	size_t right;
};

struct condition {
	char *text;
	uint64_t interval_ns;
	struct term terms[MAX_TERMS];
	size_t nr_terms;
	struct node nodes[2 * MAX_TERMS];
	size_t nr_nodes;
	size_t root;
};

/* The operand's value in text, the content of its file; false: it is not there. */
bool term_read(const struct term *term, const char *text, uint64_t *value);

/* Calls found for each name of a file of lines "NAME VALUE" or "NAME: VALUE …", until it returns false. */
void term_names(const char *text, bool (*found)(const char *name, const char *value, void *data),
                void *data);

#endif
