/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The zones of the recorded machine, from the text of its /proc/zoneinfo. The kernel prints every zone
 * of a node in order, so that the place is the number; zones without pages are left out here. Follows
 * zoneinfo_show_print(), mm/vmstat.c, v6.12; 6.1 and 6.18 print the same lines.
 *
 * Untrusted: a zone whose numbers contradict each other, or which begins above what 64-bit machines
 * address (2^52 bytes), is left out, so that nobody sizes an array by it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "reader.h"

#define MAX_ZONES 5120u /* 1024 nodes of 5 */
#define MAX_PFN   (1ull << 40)

struct row {
	const char *key;
	size_t offset;
};

static const struct row rows[] = {
	{ "min", offsetof(struct mmr_zone_info, wmark_min) },
	{ "low", offsetof(struct mmr_zone_info, wmark_low) },
	{ "high", offsetof(struct mmr_zone_info, wmark_high) },
	{ "spanned", offsetof(struct mmr_zone_info, spanned) },
	{ "present", offsetof(struct mmr_zone_info, present) },
	{ "managed", offsetof(struct mmr_zone_info, managed) },
	{ "start_pfn:", offsetof(struct mmr_zone_info, start_pfn) },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

/* "        protection: (0, 457, 457, 457)" */
static void parse_protection(const char *at, struct mmr_zone_info *zone)
{
	for (int i = 0; i < 5; i++) {
		char *end;

		at += strspn(at, " (,");
		zone->protection[i] = strtoull(at, &end, 10);
		if (end == at)
			return;
		at = end;
	}
}

/* A line of a zone; the first of its kind counts ("high" comes again for every CPU). */
static void parse_line(const char *line, struct mmr_zone_info *zone, uint32_t *seen)
{
	char key[32];
	unsigned long long value;

	if (sscanf(line, " %31s", key) != 1)
		return;
	if (strcmp(key, "protection:") == 0) {
		parse_protection(strchr(line, ':') + 1, zone);
		return;
	}
	if (sscanf(line, " %31s %llu", key, &value) != 2)
		return;
	for (size_t i = 0; i < NR_ROWS; i++) {
		if (strcmp(key, rows[i].key) != 0 || (*seen >> i & 1))
			continue;
		memcpy((char *)zone + rows[i].offset, &(uint64_t){ value }, sizeof(uint64_t));
		*seen |= 1u << i;
	}
}

static bool makes_sense(const struct mmr_zone_info *zone)
{
	return zone->spanned > 0 && zone->present > 0 && zone->start_pfn < MAX_PFN &&
	       zone->spanned <= MAX_PFN - zone->start_pfn && zone->present <= zone->spanned &&
	       zone->managed <= zone->present;
}

static int add_zone(struct mmr_zone_info **zones, uint32_t *nr_zones,
                    const struct mmr_zone_info *zone)
{
	void *items = *zones;

	if (!makes_sense(zone) || *nr_zones >= MAX_ZONES)
		return 0;
	if (base_resize(&items, *nr_zones + 1ul, sizeof(*zone)) < 0)
		return MMR_E_NOMEM;
	*zones = items;
	(*zones)[(*nr_zones)++] = *zone;
	return 0;
}

int trace_parse_zoneinfo(const char *text, struct mmr_zone_info **zones, uint32_t *nr_zones)
{
	struct mmr_zone_info zone = { .node = -1 };
	uint32_t seen = 0;
	int ret = 0;

	while (*text && ret == 0) {
		const char *end = text + strcspn(text, "\n");
		struct mmr_zone_info next = { 0 };
		char line[160];

		snprintf(line, sizeof(line), "%.*s", (int)(end - text < 159 ? end - text : 159),
		         text);
		text = *end ? end + 1 : end;
		if (sscanf(line, "Node %d, zone %15s", &next.node, next.name) == 2) {
			if (zone.node >= 0)
				ret = add_zone(zones, nr_zones, &zone);
			next.index = next.node == zone.node ? zone.index + 1 : 0;
			zone = next;
			seen = 0;
		} else if (zone.node >= 0) {
			parse_line(line, &zone, &seen);
		}
	}
	if (ret == 0 && zone.node >= 0)
		ret = add_zone(zones, nr_zones, &zone);
	return ret;
}
