/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rate is what it says: "> 100/s" is met when the counter grew by more than 100 within the last
 * second, whatever the interval of the readings. Kept for it are samples over the window, thinned to
 * about a thousand. A window shorter than the interval is taken as a share of what the interval brought.
 */
#include "condition.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "condition_private.h"

const char *condition_file(enum condition_source source)
{
	static const char *const files[] = {
		[CONDITION_VMSTAT] = "vmstat",
		[CONDITION_MEMINFO] = "meminfo",
		[CONDITION_PSI_MEMORY] = "pressure/memory",
		[CONDITION_PSI_IO] = "pressure/io",
		[CONDITION_PSI_CPU] = "pressure/cpu",
	};

	return files[source];
}

/* ---- reading the files ---- */

void term_names(const char *text, bool (*found)(const char *name, const char *value, void *data),
                void *data)
{
	while (*text) {
		size_t length = strcspn(text, " :\n");
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)length, text);
		text += length;
		text += strspn(text, ": ");
		if (length > 0 && length < sizeof(name) && !found(name, text, data))
			return;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
}

struct sum {
	const struct term *term;
	uint64_t value;
	bool any;
};

/* "dma32" of "allocstall_dma32". */
static bool is_zone(const char *suffix)
{
	static const char *const zones[] = {
		"dma", "dma32", "normal", "high", "movable", "device"
	};

	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (strcmp(suffix, zones[i]) == 0)
			return true;
	return false;
}

static bool is_meant(const struct term *term, const char *name)
{
	size_t length = strlen(term->name);

	if (term->over_zones)
		return strncmp(name, term->name, length) == 0 && name[length] == '_' &&
		       is_zone(name + length + 1);
	return fnmatch(term->name, name, 0) == 0;
}

static bool add_line(const char *name, const char *value, void *data)
{
	struct sum *sum = data;
	char *end;
	uint64_t number;

	if (!is_meant(sum->term, name))
		return true;
	number = strtoull(value, &end, 10);
	if (strncmp(end, " kB", 3) == 0)
		number *= 1024;
	sum->value += number;
	sum->any = true;
	return true;
}

/* "avg10=1.25" as 125, "total=1234" (us) as ns, in the line "full avg10=… avg60=… …". */
static bool read_psi(const struct term *term, const char *text, uint64_t *value)
{
	char kind[8];
	char field[16];
	const char *at;
	size_t length;
	char *end;

	if (sscanf(term->name, "%7s %14s", kind, field) != 2)
		return false;
	length = strlen(field);
	at = strncmp(text, kind, 4) == 0
	             ? text
	             : strstr(text, strcmp(kind, "full") == 0 ? "\nfull" : "\nsome");
	at = at ? strstr(at, field) : NULL;
	if (!at || at[length] != '=')
		return false;
	*value = strtoull(at + length + 1, &end, 10);
	if (term->measure == MEASURE_TIME) {
		*value *= 1000;
	} else {
		*value *= 100;
		if (*end == '.')
			*value += strtoull(end + 1, NULL, 10); /* always two digits */
	}
	return true;
}

bool term_read(const struct term *term, const char *text, uint64_t *value)
{
	struct sum sum = { .term = term };

	if (!text)
		return false;
	if (term->source >= CONDITION_PSI_MEMORY)
		return read_psi(term, text, value);
	term_names(text, add_line, &sum);
	*value = sum.value;
	return sum.any;
}

/* ---- growth ---- */

static const struct term_sample *sample(const struct term_history *h, size_t i)
{
	return &h->samples[(h->first + i) % h->capacity];
}

static void keep(struct term_history *h, uint64_t ns, uint64_t value)
{
	/* A timer that is a little early must not cost a sample. */
	if (h->count > 0 && ns - sample(h, h->count - 1)->ns < h->step_ns - h->step_ns / 8)
		return;
	if (h->count == h->capacity) {
		h->first = (h->first + 1) % h->capacity;
		h->count--;
	}
	h->samples[(h->first + h->count++) % h->capacity] = (struct term_sample){ ns, value };
}

/* Forgets what is older than the window, but for the newest of all. */
static void forget(struct term_history *h, uint64_t now_ns, uint64_t window_ns)
{
	while (h->count > 1 && now_ns - sample(h, 0)->ns > window_ns + h->slack_ns) {
		h->first = (h->first + 1) % h->capacity;
		h->count--;
	}
}

/* Value is what the counter shows; becomes what it grew. A sum that has shrunk has not grown. */
static void update_growth(struct term *term, uint64_t ns, uint64_t counter)
{
	struct term_history *h = &term->history;
	const struct term_sample *base;
	uint64_t age;

	if (h->count == 0) {
		keep(h, ns, counter);
		term->known = false;
		return;
	}
	forget(h, ns, term->window_ns);
	base = sample(h, 0);
	age = ns - base->ns;
	term->value = counter > base->value ? counter - base->value : 0;
	if (term->op != TERM_GROWS && age > term->window_ns + h->slack_ns)
		term->value =
			(uint64_t)((double)term->value * (double)term->window_ns / (double)age);
	/* That it grew by less than that is known when the whole window was seen. */
	term->known = term->op == TERM_GROWS || term->op >= TERM_GREATER ||
	              age >= term->window_ns - h->slack_ns;
	if (term->op == TERM_GROWS)
		h->count = 0;
	keep(h, ns, counter);
}

static bool compare(const struct term *term)
{
	switch (term->op) {
	case TERM_GROWS:
		return term->value > 0;
	case TERM_LESS:
		return term->value < term->limit;
	case TERM_LESS_EQUAL:
		return term->value <= term->limit;
	case TERM_GREATER:
		return term->value > term->limit;
	case TERM_GREATER_EQUAL:
		return term->value >= term->limit;
	}
	return false;
}

static void update_term(struct term *term, const struct condition_reading *now)
{
	uint64_t value;

	term->known = term_read(term, now->text[term->source], &value);
	if (term->known && (term->op == TERM_GROWS || term->window_ns > 0))
		update_growth(term, now->ns, value);
	else if (term->known)
		term->value = value;
	term->met = term->known && compare(term);
}

static bool is_met(const struct condition *c, size_t at)
{
	const struct node *node = &c->nodes[at];

	switch (node->kind) {
	case NODE_TERM:
		return c->terms[node->left].met;
	case NODE_AND:
		return is_met(c, node->left) && is_met(c, node->right);
	case NODE_OR:
		return is_met(c, node->left) || is_met(c, node->right);
	}
	return false;
}

bool condition_update(struct condition *c, const struct condition_reading *now)
{
	for (size_t i = 0; i < c->nr_terms; i++)
		update_term(&c->terms[i], now);
	return is_met(c, c->root);
}

/* ---- asked about ---- */

const char *condition_text(const struct condition *c)
{
	return c->text;
}

bool condition_reads(const struct condition *c, enum condition_source source)
{
	for (size_t i = 0; i < c->nr_terms; i++)
		if (c->terms[i].source == source)
			return true;
	return false;
}

static void print_time(FILE *stream, uint64_t ns)
{
	if (ns % 1000000000u == 0)
		fprintf(stream, "%llus", (unsigned long long)(ns / 1000000000u));
	else
		fprintf(stream, "%gms", (double)ns / 1e6);
}

static void print_value(FILE *stream, const struct term *term)
{
	switch (term->measure) {
	case MEASURE_COUNT:
		fprintf(stream, "%llu", (unsigned long long)term->value);
		break;
	case MEASURE_BYTES:
		fprintf(stream, "%lluK", (unsigned long long)(term->value >> 10));
		break;
	case MEASURE_PERCENT:
		fprintf(stream, "%llu.%02llu", (unsigned long long)(term->value / 100),
		        (unsigned long long)(term->value % 100));
		break;
	case MEASURE_TIME:
		print_time(stream, term->value);
		break;
	}
}

static void explain_term(FILE *stream, const struct term *term)
{
	bool growth = term->op == TERM_GROWS || term->window_ns > 0;

	fprintf(stream, "%s %s", term->shown, growth ? "+" : "");
	if (term->known)
		print_value(stream, term);
	else
		fputc('?', stream);
	if (term->window_ns > 0) {
		fputs(" in ", stream);
		print_time(stream, term->window_ns);
	}
}

void condition_explain(const struct condition *c, char *text, size_t size)
{
	FILE *stream = fmemopen(text, size, "w");

	text[0] = '\0';
	for (size_t i = 0; stream && i < c->nr_terms; i++) {
		if (i > 0)
			fputs(", ", stream);
		explain_term(stream, &c->terms[i]);
	}
	if (stream)
		fclose(stream);
	text[size - 1] = '\0';
}

void condition_free(struct condition *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->nr_terms; i++)
		free(c->terms[i].history.samples);
	free(c->text);
	free(c);
}
