/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top_reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const counter_names[TOP_NR_COUNTERS] = {
#define TOP_COUNTER_NAME(name, text) [TOP_##name] = (text),
	TOP_COUNTER_MAP(TOP_COUNTER_NAME)
#undef TOP_COUNTER_NAME
};

const char *top_counter_name(enum top_counter counter)
{
	return counter_names[counter];
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

/* ---- vmstat ---- */

static bool is_counter(const char *pattern, const char *name, size_t length)
{
	size_t size = strlen(pattern);

	if (size > 0 && pattern[size - 1] == '_')
		return length > size && memcmp(pattern, name, size) == 0;
	return length == size && memcmp(pattern, name, size) == 0;
}

void top_read_vmstat(struct top_reading *reading, const char *text)
{
	for (unsigned int i = 0; i < TOP_NR_COUNTERS; i++)
		reading->counters[i] = TOP_ABSENT;
	for (const char *line = text; *line; line = next_line(line)) {
		size_t length = strcspn(line, " \n");
		uint64_t value = line[length] == ' ' ? strtoull(line + length, NULL, 10) : 0;

		for (unsigned int i = 0; i < TOP_NR_COUNTERS; i++) {
			uint64_t *counter = &reading->counters[i];

			if (counter_names[i][0] != line[0] ||
			    !is_counter(counter_names[i], line, length))
				continue;
			*counter = (*counter == TOP_ABSENT ? 0 : *counter) + value;
			break;
		}
	}
}

/* ---- zones ---- */

static struct top_zone *find_zone(struct top_reading *reading, int node, const char *name)
{
	for (uint32_t i = 0; i < reading->nr_zones; i++) {
		struct top_zone *zone = &reading->zones[i];

		if (zone->node == node && strcmp(zone->name, name) == 0)
			return zone;
	}
	return NULL;
}

/* Zones without memory are left out. */
static void keep_zone(struct top_reading *reading, const struct top_zone *zone)
{
	if (zone->managed == 0)
		return;
	if (reading->nr_zones == TOP_MAX_ZONES)
		reading->nr_zones_hidden++;
	else
		reading->zones[reading->nr_zones++] = *zone;
}

/* The lines "high:" of the CPUs' lists end in a colon; the zone's watermarks do not. */
static void read_zone_line(struct top_zone *zone, const char *text)
{
	char line[80];
	char key[24];
	unsigned long long value;

	/* sscanf() looks for the end of the whole text, which is long where there are many CPUs. */
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
	if (sscanf(line, " pages free %llu", &value) == 1)
		zone->free = value;
	else if (sscanf(line, " %23s %llu", key, &value) != 2)
		return;
	else if (strcmp(key, "min") == 0)
		zone->min = value;
	else if (strcmp(key, "low") == 0)
		zone->low = value;
	else if (strcmp(key, "high") == 0)
		zone->high = value;
	else if (strcmp(key, "managed") == 0)
		zone->managed = value;
}

void top_read_zoneinfo(struct top_reading *reading, const char *text)
{
	struct top_zone zone = { 0 };

	reading->nr_zones = 0;
	reading->nr_zones_hidden = 0;
	for (const char *line = text; *line; line = next_line(line)) {
		int node;
		char name[16];

		if (line[0] != 'N') {
			/* Of the hundred lines of a zone only few begin with these. */
			if (line[strspn(line, " ")] != 'n')
				read_zone_line(&zone, line);
			continue;
		}
		if (sscanf(line, "Node %d, zone %15s", &node, name) != 2)
			continue;
		keep_zone(reading, &zone);
		zone = (struct top_zone){ .node = node };
		memcpy(zone.name, name, sizeof(zone.name));
	}
	keep_zone(reading, &zone);
}

void top_read_buddyinfo(struct top_reading *reading, const char *text)
{
	for (const char *line = text; *line; line = next_line(line)) {
		struct top_zone *zone;
		uint32_t order = 0;
		const char *at;
		char name[16];
		int length;
		int node;

		if (sscanf(line, "Node %d, zone %15s%n", &node, name, &length) != 2)
			continue;
		zone = find_zone(reading, node, name);
		at = line + length;
		while (zone && order < TOP_MAX_ORDERS) {
			char *end;

			at += strspn(at, " ");
			zone->nr_blocks[order] = strtoull(at, &end, 10);
			if (end == at || *at == '\n')
				break;
			at = end;
			order++;
		}
		if (order > reading->nr_orders)
			reading->nr_orders = order;
	}
}

double top_unusable(const struct top_zone *zone, uint32_t nr_orders, uint32_t order)
{
	uint64_t usable = 0;
	uint64_t free = 0;

	for (uint32_t i = 0; i < nr_orders && i < TOP_MAX_ORDERS; i++) {
		uint64_t nr_pages = zone->nr_blocks[i] << i;

		free += nr_pages;
		if (i >= order)
			usable += nr_pages;
	}
	return free == 0 ? 0.0 : (double)(free - usable) / (double)free;
}

/* ---- pressure and meminfo ---- */

void top_read_pressure(struct top_reading *reading, const char *text)
{
	for (const char *line = text; *line; line = next_line(line)) {
		struct top_pressure p;
		char kind[8];
		unsigned long long total;

		if (sscanf(line, "%7s avg10=%lf avg60=%lf avg300=%lf total=%llu", kind,
		           &p.average[0], &p.average[1], &p.average[2], &total) != 5)
			continue;
		p.total_us = total;
		reading->has_pressure = true;
		if (strcmp(kind, "some") == 0)
			reading->some = p;
		else if (strcmp(kind, "full") == 0)
			reading->full = p;
	}
}

void top_read_meminfo(struct top_reading *reading, const char *text)
{
	const struct {
		const char *name;
		uint64_t *bytes;
	} rows[] = {
		{ "MemTotal", &reading->total_bytes },
		{ "MemAvailable", &reading->available_bytes },
		{ "SwapTotal", &reading->swap_bytes },
		{ "SwapFree", &reading->swap_free_bytes },
	};

	for (const char *line = text; *line; line = next_line(line)) {
		size_t length = strcspn(line, ":\n");

		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			if (line[length] == ':' && strlen(rows[i].name) == length &&
			    memcmp(rows[i].name, line, length) == 0)
				*rows[i].bytes = strtoull(line + length + 1, NULL, 10) * 1024;
	}
}
