/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * By recursive descent, a function for each rule of the grammar in condition.h. The first failure stays
 * and names the column; the functions after it do nothing.
 */
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "closest.h"
#include "condition_private.h"
#include "failure.h"
#include "options.h"

#define MAX_DEPTH   32
#define MAX_SAMPLES 1024u
#define MAX_WINDOW  (24ull * 3600 * 1000000000)

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
static const char digits[] = "0123456789";

struct parser {
	struct condition *c;
	const struct condition_reading *now;
	const char *at;
	unsigned int depth;
	int ret;
	struct mmr_error *err;
};

__attribute__((format(printf, 4, 5))) static void wrong(struct parser *p, int code, const char *at,
                                                        const char *fmt, ...)
{
	char text[200];
	va_list args;

	if (p->ret < 0)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	p->ret = failure(p->err, code, "--on '%.80s', column %zu: %s", p->c->text,
	                 (size_t)(at - p->c->text) + 1, text);
}

static void skip_blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t");
}

/* The length of what stands at the parser, to be shown. */
static int shown_length(const struct parser *p)
{
	size_t length = strcspn(p->at, " \t()<>/");

	return length == 0 ? 1 : length > 40 ? 40 : (int)length;
}

static bool take(struct parser *p, const char *symbol)
{
	size_t length = strlen(symbol);

	skip_blanks(p);
	if (strncmp(p->at, symbol, length) != 0)
		return false;
	/* A word ends where its letters end. */
	if (strspn(symbol, letters) == length && strspn(p->at, letters) != length)
		return false;
	p->at += length;
	return true;
}

static size_t add_node(struct parser *p, enum node_kind kind, size_t left, size_t right)
{
	p->c->nodes[p->c->nr_nodes] = (struct node){ .kind = kind, .left = left, .right = right };
	return p->c->nr_nodes++;
}

/* ---- operands ---- */

struct search {
	struct closest closest;
	char names[2048]; /* of those that were the closest so far */
	size_t used;
};

static void offer_word(struct search *s, const char *name, size_t length)
{
	char *copy = s->names + s->used;

	if (s->used + length + 1 > sizeof(s->names))
		return;
	snprintf(copy, length + 1, "%s", name);
	if (closest_offer(&s->closest, copy))
		s->used += length + 1;
}

static bool offer(const char *name, const char *value, void *data)
{
	const char *zone = strstr(name, "_normal"); /* allocstall for allocstall_normal */

	(void)value;
	offer_word(data, name, strlen(name));
	if (zone)
		offer_word(data, name, (size_t)(zone - name));
	return true;
}

static void unknown_name(struct parser *p, const struct term *term, const char *at)
{
	const char *text = p->now->text[term->source];
	const char *file = condition_file(term->source);
	struct search *s = calloc(1, sizeof(*s));

	if (!text || !s) {
		wrong(p, MMR_E_UNSUPPORTED, at, "/proc/%s cannot be read on this machine", file);
		free(s);
		return;
	}
	closest_begin(&s->closest, term->name);
	term_names(text, offer, s);
	if (s->closest.found)
		wrong(p, MMR_E_NOTFOUND, at, "/proc/%s has no counter %s; did you mean %s%s?", file,
		      term->name, term->source == CONDITION_MEMINFO ? "meminfo." : "",
		      s->closest.found);
	else
		wrong(p, MMR_E_NOTFOUND, at, "/proc/%s has no counter %s", file, term->name);
	free(s);
}

static void operand_psi(struct parser *p, struct term *term, const char *name, const char *at)
{
	static const char *const resources[] = { "memory.", "io.", "cpu." };
	static const char *const kinds[] = { "some.", "full." };
	static const char *const fields[] = { "avg10", "avg60", "avg300", "total" };
	unsigned int r = 0;
	unsigned int k = 0;
	unsigned int f = 0;
	uint64_t value;

	while (r < 3 && strncmp(name, resources[r], strlen(resources[r])) != 0)
		r++;
	name += r < 3 ? strlen(resources[r]) : 0;
	while (k < 2 && strncmp(name, kinds[k], strlen(kinds[k])) != 0)
		k++;
	name += k < 2 ? strlen(kinds[k]) : 0;
	while (f < 4 && strcmp(name, fields[f]) != 0)
		f++;
	if (r == 3 || k == 2 || f == 4) {
		wrong(p, MMR_E_NOTFOUND, at,
		      "pressure is psi.{memory,io,cpu}.{some,full}.{avg10,avg60,avg300,total}");
		return;
	}
	term->source = CONDITION_PSI_MEMORY + r;
	term->measure = f == 3 ? MEASURE_TIME : MEASURE_PERCENT;
	snprintf(term->name, sizeof(term->name), "%.4s %s", kinds[k], fields[f]);
	if (!term_read(term, p->now->text[term->source], &value))
		wrong(p, MMR_E_UNSUPPORTED, at,
		      "this kernel does not tell %s (CONFIG_PSI, and psi=1 at boot)", term->shown);
}

static void operand_meminfo(struct parser *p, struct term *term, const char *name, const char *at)
{
	const char *text = p->now->text[CONDITION_MEMINFO];
	char line[72];
	const char *found;
	uint64_t value;

	term->source = CONDITION_MEMINFO;
	term->measure = MEASURE_COUNT;
	snprintf(term->name, sizeof(term->name), "%.60s", name);
	if (!term_read(term, text, &value)) {
		unknown_name(p, term, at);
		return;
	}
	snprintf(line, sizeof(line), "%s:", term->name);
	found = strstr(text, line);
	if (found && strstr(found, " kB") && strstr(found, " kB") < strchr(found, '\n'))
		term->measure = MEASURE_BYTES;
}

static void operand_vmstat(struct parser *p, struct term *term, const char *name, const char *at)
{
	const char *text = p->now->text[CONDITION_VMSTAT];
	uint64_t value;

	term->source = CONDITION_VMSTAT;
	term->measure = MEASURE_COUNT;
	snprintf(term->name, sizeof(term->name), "%.60s", name);
	if (term_read(term, text, &value))
		return;
	term->over_zones = !strchr(term->name, '*');
	if (!term_read(term, text, &value))
		unknown_name(p, term, at);
}

/* Names hold letters, digits, points and stars; those of meminfo a part in parentheses. */
static size_t name_length(const char *at)
{
	size_t length = strspn(at, letters);

	if (length > 0 || *at == '*')
		for (;;) {
			size_t more = strspn(at + length, letters) + strspn(at + length, digits);

			more += strspn(at + length + more, ".*");
			if (more == 0)
				break;
			length += more;
		}
	if (strncmp(at, "meminfo.", 8) == 0 && at[length] == '(' && strchr(at + length, ')'))
		length = (size_t)(strchr(at + length, ')') + 1 - at);
	return length;
}

static void operand(struct parser *p, struct term *term)
{
	const char *at = p->at;
	size_t length = name_length(at);

	if (length == 0) {
		if (*at)
			wrong(p, MMR_E_INVALID, at, "a counter's name is missing before \"%.*s\"",
			      shown_length(p), at);
		else
			wrong(p, MMR_E_INVALID, at, "a counter's name is missing");
		return;
	}
	if (length >= sizeof(term->name)) {
		wrong(p, MMR_E_INVALID, at, "no counter has so long a name");
		return;
	}
	snprintf(term->shown, sizeof(term->shown), "%.*s", (int)length, at);
	p->at += length;
	if (strcmp(term->shown, "oom") == 0)
		operand_vmstat(p, term, "oom_kill", at);
	else if (strcmp(term->shown, "free") == 0)
		operand_meminfo(p, term, "MemFree", at);
	else if (strcmp(term->shown, "available") == 0)
		operand_meminfo(p, term, "MemAvailable", at);
	else if (strncmp(term->shown, "psi.", 4) == 0)
		operand_psi(p, term, term->shown + 4, at);
	else if (strncmp(term->shown, "meminfo.", 8) == 0)
		operand_meminfo(p, term, term->shown + 8, at);
	else
		operand_vmstat(p, term,
		               strncmp(term->shown, "vmstat.", 7) == 0 ? term->shown + 7
		                                                       : term->shown,
		               at);
}

/* ---- comparisons ---- */

static bool take_op(struct parser *p, struct term *term)
{
	if (take(p, "<="))
		term->op = TERM_LESS_EQUAL;
	else if (take(p, ">="))
		term->op = TERM_GREATER_EQUAL;
	else if (take(p, "<"))
		term->op = TERM_LESS;
	else if (take(p, ">"))
		term->op = TERM_GREATER;
	else
		return false;
	return true;
}

/* "5.25" as 525. */
static bool parse_percent(const char *text, uint64_t *value)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || strspn(text, "0123456789.%") != strlen(text) ||
	    (*end && strcmp(end, "%") != 0) || number > 100.0)
		return false;
	*value = (uint64_t)(number * 100.0 + 0.5);
	return true;
}

static void number(struct parser *p, struct term *term)
{
	static const char *const wanted[] = {
		[MEASURE_COUNT] = "a whole number",
		[MEASURE_BYTES] = "a size such as 64M",
		[MEASURE_PERCENT] = "a share such as 5 or 5.25 %",
		[MEASURE_TIME] = "a time such as 150ms",
	};
	char text[48];
	size_t length;
	bool good = false;

	skip_blanks(p);
	length = strspn(p->at, "0123456789.%abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (length == 0 || length >= sizeof(text)) {
		wrong(p, MMR_E_INVALID, p->at, "%s is missing", wanted[term->measure]);
		return;
	}
	snprintf(text, sizeof(text), "%.*s", (int)length, p->at);
	switch (term->measure) {
	case MEASURE_COUNT:
		good = parse_uint(text, &term->limit);
		break;
	case MEASURE_BYTES:
		good = parse_size(text, &term->limit);
		break;
	case MEASURE_PERCENT:
		good = parse_percent(text, &term->limit);
		break;
	case MEASURE_TIME:
		good = parse_time(text, &term->limit);
		break;
	}
	if (!good)
		wrong(p, MMR_E_INVALID, p->at, "%s is compared with %s, not \"%s\"", term->shown,
		      wanted[term->measure], text);
	p->at += length;
	if (term->measure == MEASURE_PERCENT)
		take(p, "%");
}

static void window(struct parser *p, struct term *term)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "ms", 1000000 },
		{ "s", 1000000000 },
		{ "min", 60000000000 },
		{ "h", 3600000000000 },
	};
	const char *at;
	size_t length;
	uint64_t count = 1;

	if (!take(p, "/"))
		return;
	skip_blanks(p);
	at = p->at;
	length = strspn(at, digits);
	if (length > 0 && length < 10)
		count = strtoull(at, NULL, 10);
	p->at += length;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (take(p, units[i].name))
			term->window_ns = count * units[i].ns;
	if (term->window_ns == 0 || term->window_ns > MAX_WINDOW)
		wrong(p, MMR_E_INVALID, at,
		      "behind / stands ms, s, min or h, or as in /10s; at most /24h");
	else if (term->measure == MEASURE_PERCENT)
		wrong(p, MMR_E_INVALID, at, "%s is a mean already: it has no rate", term->shown);
}

/* Levels of vmstat: that they grow says nothing. Some counts bear the same prefix. */
static bool is_level(const struct term *term)
{
	static const char *const counts[] = {
		"nr_vmscan_*", "nr_dirtied", "nr_written", "nr_throttled_written", "nr_foll_pin_*",
	};

	if (term->source != CONDITION_VMSTAT)
		return term->measure != MEASURE_TIME;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (fnmatch(counts[i], term->name, 0) == 0)
			return false;
	return strncmp(term->name, "nr_", 3) == 0 || strcmp(term->name, "workingset_nodes") == 0;
}

static void make_history(struct parser *p, struct term *term)
{
	struct term_history *h = &term->history;
	uint64_t interval = p->c->interval_ns;
	uint64_t count = term->window_ns / interval;

	if (term->op != TERM_GROWS && term->window_ns == 0)
		return;
	h->capacity = (size_t)(count > MAX_SAMPLES ? MAX_SAMPLES : count) + MAX_SAMPLES / 4;
	h->step_ns = count > MAX_SAMPLES ? term->window_ns / MAX_SAMPLES : 0;
	h->slack_ns = (h->step_ns > interval ? h->step_ns : interval) / 4;
	if (h->slack_ns > term->window_ns / 16)
		h->slack_ns = term->window_ns / 16;
	h->samples = calloc(h->capacity, sizeof(*h->samples));
	if (!h->samples)
		wrong(p, MMR_E_NOMEM, p->at, "out of memory");
}

/* ---- the rules ---- */

static size_t either(struct parser *p);

static size_t comparison(struct parser *p)
{
	const char *start;
	struct term *term;

	skip_blanks(p);
	start = p->at;
	if (p->c->nr_terms == MAX_TERMS) {
		wrong(p, MMR_E_LIMIT, start, "more than %d comparisons", MAX_TERMS);
		return 0;
	}
	term = &p->c->terms[p->c->nr_terms++];
	operand(p, term);
	if (p->ret < 0)
		return 0;
	if (take_op(p, term)) {
		number(p, term);
		window(p, term);
	} else if (is_level(term)) {
		wrong(p, MMR_E_INVALID, p->at, "%s is a level: compare it, as in %s < %s",
		      term->shown, term->shown,
		      term->measure == MEASURE_BYTES   ? "64M"
		      : term->measure == MEASURE_COUNT ? "1000"
		                                       : "5");
	}
	if (p->ret == 0)
		make_history(p, term);
	return add_node(p, NODE_TERM, p->c->nr_terms - 1, 0);
}

static size_t one(struct parser *p)
{
	size_t inner;

	if (!take(p, "("))
		return comparison(p);
	if (++p->depth > MAX_DEPTH) {
		wrong(p, MMR_E_LIMIT, p->at, "more than %d parentheses", MAX_DEPTH);
		return 0;
	}
	inner = either(p);
	p->depth--;
	if (!take(p, ")"))
		wrong(p, MMR_E_INVALID, p->at, "\")\" is missing");
	return inner;
}

static size_t both(struct parser *p)
{
	size_t left = one(p);

	while (p->ret == 0 && (take(p, "and") || take(p, "&&"))) {
		size_t right = one(p);

		if (p->ret == 0)
			left = add_node(p, NODE_AND, left, right);
	}
	return left;
}

static size_t either(struct parser *p)
{
	size_t left = both(p);

	while (p->ret == 0 && (take(p, "or") || take(p, "||"))) {
		size_t right = both(p);

		if (p->ret == 0)
			left = add_node(p, NODE_OR, left, right);
	}
	return left;
}

int condition_parse(struct condition **ret, const char *text, uint64_t interval_ns,
                    const struct condition_reading *now, struct mmr_error *err)
{
	struct condition *c = calloc(1, sizeof(*c));
	struct parser p = { .c = c, .now = now, .err = err };

	*ret = NULL;
	if (c)
		c->text = strdup(text);
	if (!c || !c->text) {
		condition_free(c);
		return failure(err, MMR_E_NOMEM, "out of memory for a condition");
	}
	c->interval_ns = interval_ns;
	p.at = c->text;
	c->root = either(&p);
	skip_blanks(&p);
	if (p.ret == 0 && *p.at)
		wrong(&p, MMR_E_INVALID, p.at, "\"%.*s\" is not expected here", shown_length(&p),
		      p.at);
	if (p.ret < 0) {
		condition_free(c);
		return p.ret;
	}
	*ret = c;
	return 0;
}
