/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A strict parser of the kernel's views of memory: every line must be in the kernel's format to the last column. */
#ifndef TESTS_KERNEL_VIEW_H
#define TESTS_KERNEL_VIEW_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

#define MAX_ROWS 4096

struct row {
	char key[96];
	uint64_t value;
};

struct table {
	struct row rows[MAX_ROWS];
	size_t nr;
};

/* ---- the parsers ---- */

struct cursor {
	const char *at;
	const char *file; /* for messages */
	char place[48];   /* before the key of each row */
};

static void add(struct table *table, const struct cursor *cursor, const char *key, size_t length,
                uint64_t value)
{
	struct row *row = &table->rows[table->nr];

	assert_true(table->nr < MAX_ROWS);
	snprintf(row->key, sizeof(row->key), "%s%.*s", cursor->place, (int)length, key);
	row->value = value;
	table->nr++;
}

static bool begins(const struct cursor *cursor, const char *text)
{
	return strncmp(cursor->at, text, strlen(text)) == 0;
}

static void literal(struct cursor *cursor, const char *text)
{
	if (!begins(cursor, text))
		fail_msg("%s: \"%s\" expected at \"%.60s\"", cursor->file, text, cursor->at);
	cursor->at += strlen(text);
}

/* As printf's %*lu: no more blanks than the width has room for, no leading zeros. */
static uint64_t number(struct cursor *cursor, size_t width)
{
	const char *start = cursor->at, *digits = start;
	char *end;
	uint64_t value;

	digits += strspn(digits, " ");
	value = strtoull(digits, &end, 10);
	if (end == digits || (*digits == '0' && end > digits + 1) ||
	    (digits > start && (size_t)(end - start) != width) || (size_t)(end - start) < width)
		fail_msg("%s: no number of %zu columns at \"%.40s\"", cursor->file, width, start);
	cursor->at = end;
	return value;
}

/* As printf's %*s. */
static size_t word(struct cursor *cursor, size_t width, const char **ret)
{
	const char *start = cursor->at, *name = start + strspn(start, " ");
	size_t length = strcspn(name, " ,\n");

	if (length == 0 || (size_t)(name - start) + length != (length > width ? length : width))
		fail_msg("%s: no name of %zu columns at \"%.40s\"", cursor->file, width, start);
	cursor->at = name + length;
	*ret = name;
	return length;
}

static void zone_heading(struct cursor *cursor, size_t node_width)
{
	const char *name;
	uint64_t node;
	size_t length;

	literal(cursor, "Node ");
	node = number(cursor, node_width);
	literal(cursor, ", zone ");
	length = word(cursor, 8, &name);
	snprintf(cursor->place, sizeof(cursor->place), "%u/%.*s/", (unsigned int)node, (int)length,
	         name);
}

static void orders(struct cursor *cursor, struct table *table)
{
	for (unsigned int order = 0; order <= 10; order++) {
		char key[8];

		if (*cursor->at == '>')
			cursor->at++;
		snprintf(key, sizeof(key), "%u", order);
		add(table, cursor, key, strlen(key), number(cursor, 6));
		literal(cursor, " ");
	}
	literal(cursor, "\n");
}

static void parse_buddyinfo(struct cursor *cursor, struct table *table)
{
	while (*cursor->at) {
		zone_heading(cursor, 0);
		literal(cursor, " ");
		orders(cursor, table);
	}
}

static void parse_block_counts(struct cursor *cursor, struct table *table)
{
	const char *names[8];
	size_t lengths[8], nr = 0;

	literal(cursor, "Number of blocks type  ");
	while (*cursor->at != '\n') {
		assert_true(nr < 8);
		lengths[nr] = word(cursor, 12, &names[nr]);
		literal(cursor, " ");
		nr++;
	}
	literal(cursor, "\n");
	while (begins(cursor, "Node ")) {
		zone_heading(cursor, 0);
		literal(cursor, " ");
		for (size_t i = 0; i < nr; i++) {
			char key[32];

			snprintf(key, sizeof(key), "blocks %.*s", (int)lengths[i], names[i]);
			add(table, cursor, key, strlen(key), number(cursor, 12));
			literal(cursor, " ");
		}
		literal(cursor, "\n");
	}
}

static void parse_pagetypeinfo(struct cursor *cursor, struct table *table)
{
	while (*cursor->at) {
		const char *type;
		size_t length;

		literal(cursor, "Page block order: 9\nPages per block:  512\n\n"
		                "Free pages count per migrate type at order  ");
		for (unsigned int order = 0; order <= 10; order++) {
			assert_int_equal(number(cursor, 6), order);
			literal(cursor, " ");
		}
		literal(cursor, "\n");
		while (begins(cursor, "Node ")) {
			size_t used;

			zone_heading(cursor, 4);
			literal(cursor, ", type ");
			length = word(cursor, 12, &type);
			used = strlen(cursor->place);
			snprintf(cursor->place + used, sizeof(cursor->place) - used, "%.*s/",
			         (int)length, type);
			literal(cursor, " ");
			orders(cursor, table);
		}
		literal(cursor, "\n");
		parse_block_counts(cursor, table);
	}
}

/* "name<blanks>number", with what is between them as part of the key: the columns have to be the same. */
static void named_line(struct cursor *cursor, struct table *table, const char *suffix)
{
	size_t length = strcspn(cursor->at, "\n"), at = length;
	struct cursor rest = *cursor;

	assert_true(cursor->at[length] == '\n');
	if (strlen(suffix) && length > strlen(suffix) &&
	    strncmp(cursor->at + length - strlen(suffix), suffix, strlen(suffix)) == 0)
		at -= strlen(suffix);
	while (at > 0 && cursor->at[at - 1] >= '0' && cursor->at[at - 1] <= '9')
		at--;
	rest.at += at;
	add(table, cursor, cursor->at, at, number(&rest, 0));
	cursor->at += length + 1;
}

static void parse_vmstat(struct cursor *cursor, struct table *table)
{
	while (*cursor->at)
		named_line(cursor, table, "");
}

/* The numbers end in one column, whatever their length; those too long for it begin in one. */
static void parse_meminfo(struct cursor *cursor, struct table *table)
{
	while (*cursor->at) {
		size_t name = strcspn(cursor->at, ":") + 1, width;
		bool has_unit;
		const char *start = cursor->at;
		uint64_t value;

		cursor->at += name;
		while (cursor->at - start < 16)
			literal(cursor, " ");
		if (name > 16)
			literal(cursor, " ");
		width = 24 - (size_t)(cursor->at - start);
		value = number(cursor, width);
		has_unit = begins(cursor, " kB");
		add(table, cursor, start, name - !has_unit, value);
		if (has_unit)
			literal(cursor, " kB");
		literal(cursor, "\n");
	}
}

static void zone_place(struct cursor *cursor, const char *zone, const char *section)
{
	snprintf(cursor->place, sizeof(cursor->place), "%s%s ", zone, section);
}

static void parse_protection(struct cursor *cursor, struct table *table)
{
	char key[32];

	literal(cursor, "        protection: (");
	for (unsigned int i = 0; i == 0 || *cursor->at == ','; i++) {
		if (i > 0)
			literal(cursor, ", ");
		snprintf(key, sizeof(key), "protection %u", i);
		add(table, cursor, key, strlen(key), number(cursor, 0));
	}
	literal(cursor, ")\n");
}

static void parse_zoneinfo(struct cursor *cursor, struct table *table)
{
	char zone[40] = "";

	while (*cursor->at) {
		if (begins(cursor, "Node ")) {
			zone_heading(cursor, 0);
			literal(cursor, "\n");
			memcpy(zone, cursor->place, sizeof(zone));
			add(table, cursor, "", 0, 0);
		} else if (begins(cursor, "  per-node stats\n")) {
			literal(cursor, "  per-node stats\n");
			zone_place(cursor, zone, "node");
		} else if (begins(cursor, "  pages free")) {
			zone_place(cursor, zone, "zone");
			named_line(cursor, table, "");
		} else if (begins(cursor, "        protection")) {
			parse_protection(cursor, table);
		} else if (begins(cursor, "  pagesets\n")) {
			literal(cursor, "  pagesets\n");
			zone_place(cursor, zone, "sets");
		} else {
			if (begins(cursor, "    cpu: "))
				zone_place(cursor, zone, "sets");
			named_line(cursor, table, "");
			if (strstr(table->rows[table->nr - 1].key, "cpu: "))
				snprintf(cursor->place, sizeof(cursor->place), "%scpu%u ", zone,
				         (unsigned int)table->rows[table->nr - 1].value);
		}
	}
}

static void parse_lru_gen(struct cursor *cursor, struct table *table)
{
	while (*cursor->at) {
		literal(cursor, "memcg ");
		number(cursor, 5);
		literal(cursor, " /");
		cursor->at += strcspn(cursor->at, "\n");
		literal(cursor, "\n");
		while (begins(cursor, " node ")) {
			literal(cursor, " node ");
			number(cursor, 5);
			literal(cursor, "\n");
			while (begins(cursor, "  ")) {
				uint64_t seq;
				char key[32];

				literal(cursor, " ");
				seq = number(cursor, 10);
				literal(cursor, " ");
				number(cursor, 10);
				literal(cursor, " ");
				snprintf(key, sizeof(key), "anon %u", (unsigned int)seq);
				add(table, cursor, key, strlen(key), number(cursor, 10));
				literal(cursor, "  ");
				snprintf(key, sizeof(key), "file %u", (unsigned int)seq);
				add(table, cursor, key, strlen(key), number(cursor, 10));
				literal(cursor, " \n");
			}
		}
	}
}

static const struct {
	const char *name;
	const char *piece;
	void (*parse)(struct cursor *cursor, struct table *table);
} views[] = {
	{ "buddyinfo", "proc/buddyinfo", parse_buddyinfo },
	{ "pagetypeinfo", "proc/pagetypeinfo", parse_pagetypeinfo },
	{ "zoneinfo", "proc/zoneinfo", parse_zoneinfo },
	{ "vmstat", "proc/vmstat", parse_vmstat },
	{ "meminfo", "proc/meminfo", parse_meminfo },
	{ "lru_gen", "sys/kernel/debug/lru_gen", parse_lru_gen },
};

enum { BUDDYINFO, PAGETYPEINFO, ZONEINFO, VMSTAT, MEMINFO, LRU_GEN, NR_VIEWS };

static struct table *parse(unsigned int view, const char *text)
{
	struct cursor cursor = { .at = text, .file = views[view].name };
	struct table *table = calloc(1, sizeof(*table));

	assert_non_null(table);
	views[view].parse(&cursor, table);
	assert_true(table->nr > 0);
	return table;
}

static uint64_t value(const struct table *table, const char *key)
{
	size_t length = strlen(key);

	for (size_t i = 0; i < table->nr; i++) {
		const char *row = table->rows[i].key;

		if (strncmp(row, key, length) == 0 && row[length + strspn(row + length, " :")] == 0)
			return table->rows[i].value;
	}
	fail_msg("there is no %s", key);
	return 0;
}

#endif
