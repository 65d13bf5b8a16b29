/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of addresses, from two texts of the trailer. "kallsyms" has the lines of /proc/kallsyms that the
 * recorded kernel addresses fall into; "user_symbols" has a line for each user address of each process.
 * Both are split in a copy, sorted, and searched by halving. Lines that make no sense are passed over.
 */
#include <mmreplay/stack.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "reader.h"

/* Only used symbols are there: the nearest one below may be that of another address, if far. */
#define MAX_FUNCTION (1u << 20)

static int compare(const void *a, const void *b)
{
	const struct trace_symbol *x = a;
	const struct trace_symbol *y = b;

	if (x->tgid != y->tgid)
		return x->tgid < y->tgid ? -1 : 1;
	return (x->address > y->address) - (x->address < y->address);
}

/* The next field of a line that tabs or blanks separate; "" past the last. */
static char *next_field(char **line, const char *separators)
{
	char *field = *line;
	size_t length = strcspn(field, separators);

	*line = field + length + (field[length] != '\0');
	field[length] = '\0';
	return field;
}

/* "ffffffff81000000 T name [module]", where a tab is before the module. */
static bool parse_kernel(char *line, struct trace_symbol *symbol)
{
	char *end;

	symbol->address = strtoull(next_field(&line, " "), &end, 16);
	next_field(&line, " ");
	symbol->symbol.function = next_field(&line, "\t");
	if (*line == '[') {
		line[strcspn(line, "]")] = '\0';
		symbol->symbol.file = line + 1;
	}
	return !*end && symbol->address && symbol->symbol.function[0];
}

/* "TGID <tab> ADDRESS <tab> FUNCTION <tab> OFFSET <tab> FILE OFFSET <tab> FILE", "-" for what is unknown. */
static bool parse_user(char *line, struct trace_symbol *symbol)
{
	struct mmr_symbol *s = &symbol->symbol;
	char *end;

	symbol->tgid = (uint32_t)strtoul(next_field(&line, "\t"), NULL, 10);
	symbol->address = strtoull(next_field(&line, "\t"), &end, 16);
	s->function = next_field(&line, "\t");
	s->offset = strtoull(next_field(&line, "\t"), NULL, 16);
	s->file_offset = strtoull(next_field(&line, "\t"), NULL, 16);
	s->file = line;
	if (strcmp(s->function, "-") == 0)
		s->function = NULL;
	if (strcmp(s->file, "-") == 0)
		s->file = NULL;
	return !*end && symbol->tgid && (s->function || s->file);
}

static int parse(struct trace_symbols *symbols, const char *text, size_t size,
                 bool (*parse_line)(char *line, struct trace_symbol *symbol))
{
	uint32_t nr_lines = 1;
	char *line;

	symbols->text = base_strndup(text, size);
	if (!symbols->text)
		return MMR_E_NOMEM;
	for (line = symbols->text; (line = strchr(line, '\n')); line++)
		nr_lines++;
	symbols->items = base_calloc(nr_lines, sizeof(*symbols->items));
	if (!symbols->items)
		return MMR_E_NOMEM;
	line = symbols->text;
	while (*line) {
		struct trace_symbol symbol = { 0 };

		if (parse_line(next_field(&line, "\n"), &symbol))
			symbols->items[symbols->count++] = symbol;
	}
	qsort(symbols->items, symbols->count, sizeof(*symbols->items), compare);
	return 0;
}

/* Reads the texts once; without memory there are no names. */
static void load(struct mmr_trace *trace)
{
	size_t size;
	const char *text;

	if (trace->symbols_loaded)
		return;
	trace->symbols_loaded = true;
	text = mmr_trace_text(trace, "kallsyms", &size);
	if (text && parse(&trace->kernel_symbols, text, size, parse_kernel) < 0)
		trace_symbols_deinit(&trace->kernel_symbols);
	text = mmr_trace_text(trace, "user_symbols", &size);
	if (text && parse(&trace->user_symbols, text, size, parse_user) < 0)
		trace_symbols_deinit(&trace->user_symbols);
}

/* The last one that is not behind (tgid, address). */
static const struct trace_symbol *find(const struct trace_symbols *symbols, uint32_t tgid,
                                       uint64_t address)
{
	const struct trace_symbol wanted = { .tgid = tgid, .address = address };
	uint32_t low = 0;
	uint32_t high = symbols->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (compare(&symbols->items[middle], &wanted) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &symbols->items[low - 1] : NULL;
}

bool mmr_trace_symbol(struct mmr_trace *trace, uint32_t tgid, uint64_t address,
                      struct mmr_symbol *symbol)
{
	const struct trace_symbol *found;

	load(trace);
	found = find(tgid ? &trace->user_symbols : &trace->kernel_symbols, tgid, address);
	if (!found || found->tgid != tgid || (tgid && found->address != address) ||
	    address - found->address > MAX_FUNCTION)
		return false;
	*symbol = found->symbol;
	if (tgid == 0)
		symbol->offset = address - found->address;
	return true;
}

size_t mmr_trace_format_address(struct mmr_trace *trace, uint32_t tgid, uint64_t address,
                                char *text, size_t size)
{
	struct mmr_symbol symbol;
	const char *file;
	char line[512];

	if (!mmr_trace_symbol(trace, tgid, address, &symbol)) {
		snprintf(line, sizeof(line), "0x%llx", (unsigned long long)address);
		return trace_put_line(text, size, line, strlen(line));
	}
	file = symbol.file ? strrchr(symbol.file, '/') : NULL;
	file = file ? file + 1 : symbol.file;
	if (symbol.function && file)
		snprintf(line, sizeof(line), "%s+0x%llx (%s)", symbol.function,
		         (unsigned long long)symbol.offset, file);
	else if (symbol.function)
		snprintf(line, sizeof(line), "%s+0x%llx", symbol.function,
		         (unsigned long long)symbol.offset);
	else
		snprintf(line, sizeof(line), "%s+0x%llx", file,
		         (unsigned long long)symbol.file_offset);
	return trace_put_line(text, size, line, strlen(line));
}

void trace_symbols_deinit(struct trace_symbols *symbols)
{
	base_free(symbols->items);
	base_free(symbols->text);
	*symbols = (struct trace_symbols){ 0 };
}
