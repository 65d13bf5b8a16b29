/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/zoneinfo: each zone's watermarks, sizes, reserves, counts and per-CPU lists.
 *
 * The model is walked line by line: a line says what is wanted by its name and the section that it is in. Zones
 * of the model that the machine does not have are empty ones, and stay as they are.
 *
 * Follows zoneinfo_show_print(), calculate_normal_threshold(), calculate_pressure_threshold() of v6.12.
 *
 * Not modelled: numa_* counts.
 */
#include "internal.h"

#include "show_text.h"
#include "show_views.h"

#define THRESHOLD_MAX       125
#define THRESHOLD_UNIT      15 /* 128 MiB as an order of pages */
#define MAX_RECLAIM_RETRIES 16

enum section {
	SECTION_NONE,
	SECTION_NODE,     /* below "per-node stats" */
	SECTION_ZONE,     /* from "pages free" on */
	SECTION_STATS,    /* behind "protection" */
	SECTION_PAGESETS, /* and what follows them */
};

struct walk {
	const struct mm_machine *machine;
	const struct mm_zone *zone; /* NULL: the machine does not have it */
	struct mm_zone_items items[MM_MAX_ZONES];
	enum section section;
	uint32_t cpu;
	bool skip; /* the rest of this zone */
};

static uint32_t fls(uint64_t value)
{
	return value ? 64u - (uint32_t)__builtin_clzll(value) : 0;
}

/* How far a CPU's own count of pages may be off: less while kswapd is at work. */
static uint64_t stat_threshold(const struct mm_machine *machine, const struct mm_zone *zone)
{
	uint64_t memory = zone->managed >> THRESHOLD_UNIT, pages;

	if (machine->nodes[zone->node].kswapd.state == MM_KSWAPD_BALANCE)
		pages = (zone->wmark[MM_WMARK_LOW] - zone->wmark[MM_WMARK_MIN]) / machine->nr_cpus;
	else
		pages = UINT64_C(2) * fls(machine->nr_cpus) * (1 + fls(memory));
	if (pages > THRESHOLD_MAX)
		return THRESHOLD_MAX;
	return pages ? pages : 1;
}

struct line_value {
	const char *name;
	uint64_t value;
};

static uint64_t find(const struct line_value *lines, size_t nr, const struct mm_model_line *line)
{
	for (size_t i = 0; i < nr; i++)
		if (mm_name_is(line->name, line->name_length, lines[i].name))
			return lines[i].value;
	return 0;
}

static uint64_t zone_value(const struct walk *walk, const struct mm_model_line *line)
{
	const struct mm_zone *zone = walk->zone;
	uint64_t high = mm_wmark_pages(zone, MM_WMARK_HIGH);
	const struct line_value lines[] = {
		{ "pages free", (uint64_t)zone->free_pages },
		{ "boost", zone->boost },
		{ "min", mm_wmark_pages(zone, MM_WMARK_MIN) },
		{ "low", mm_wmark_pages(zone, MM_WMARK_LOW) },
		{ "high", high },
		{ "promo", high + zone->wmark[MM_WMARK_HIGH] - zone->wmark[MM_WMARK_LOW] },
		{ "spanned", zone->spanned },
		{ "present", zone->present },
		{ "managed", zone->managed },
	};

	return find(lines, sizeof(lines) / sizeof(lines[0]), line);
}

static uint64_t pageset_value(const struct walk *walk, const struct mm_model_line *line)
{
	static const struct mm_pcp none;
	const struct mm_zone *zone = walk->zone;
	const struct mm_node *node = &walk->machine->nodes[zone->node];
	const struct mm_pcp *pcp =
		walk->cpu < walk->machine->nr_cpus ? &zone->pcp[walk->cpu] : &none;
	const struct line_value lines[] = {
		{ "count", (uint64_t)pcp->count },
		{ "high", (uint64_t)pcp->high },
		{ "batch", (uint64_t)pcp->batch },
		{ "high_min", (uint64_t)pcp->high_min },
		{ "high_max", (uint64_t)pcp->high_max },
		{ "vm stats threshold", stat_threshold(walk->machine, zone) },
		{ "node_unreclaimable", node->kswapd.failures >= MAX_RECLAIM_RETRIES },
		{ "start_pfn", zone->start_pfn },
	};

	return find(lines, sizeof(lines) / sizeof(lines[0]), line);
}

/* The first zone that has memory speaks for the whole node. */
static uint64_t node_value(const struct walk *walk, const struct mm_model_line *line)
{
	const struct mm_node *node = &walk->machine->nodes[walk->zone->node];
	struct mm_zone_items sum = { 0 };
	uint64_t value;

	for (uint32_t i = 0; i < node->nr_zones; i++)
		mm_add_zone_items(&sum, &walk->items[node->zones[i]]);
	if (mm_node_item_find(&sum, line->name, line->name_length, &value) ||
	    mm_kmem_find(walk->machine, node->id, line->name, line->name_length, &value))
		return value;
	for (uint32_t i = 0; i < MM_NR_VMSTAT_ITEMS && walk->machine->nr_nodes == 1; i++)
		if (mm_name_is(line->name, line->name_length, mm_vmstat_name(i)))
			return mm_vmstat_value(walk->machine, i);
	return 0;
}

static uint64_t value_of(const struct walk *walk, const struct mm_model_line *line)
{
	uint64_t value = 0;

	switch (walk->section) {
	case SECTION_NODE:
		return node_value(walk, line);
	case SECTION_ZONE:
		return zone_value(walk, line);
	case SECTION_STATS:
		mm_zone_item_find(&walk->items[walk->zone->index], line->name, line->name_length,
		                  &value);
		return value;
	case SECTION_PAGESETS:
		return pageset_value(walk, line);
	case SECTION_NONE:
		break;
	}
	return 0;
}

/* "Node 0, zone    DMA32" */
static const struct mm_zone *zone_of(const struct mm_machine *machine,
                                     const struct mm_model_line *line)
{
	const char *end = line->text + line->length, *name = end, *node = line->text + 5;
	uint32_t number = 0;

	while (name > line->text && name[-1] != ' ')
		name--;
	for (; node < end && *node >= '0' && *node <= '9' && number < MM_MAX_NODES; node++)
		number = number * 10 + (uint32_t)(*node - '0');
	for (uint32_t i = 0; i < machine->nr_zones; i++)
		if (machine->zones[i].node == number &&
		    mm_name_is(name, (size_t)(end - name), machine->zones[i].name))
			return &machine->zones[i];
	return NULL;
}

static bool begins(const struct mm_model_line *line, const char *with)
{
	size_t length = strlen(with);

	return line->length >= length && memcmp(line->text, with, length) == 0;
}

static void put_line(struct mm_text *text, const struct mm_model_line *line)
{
	mm_text_put_part(text, line->text, line->length);
	mm_text_put(text, "\n");
}

/* "        protection: (0, 85, 85, 85)": as many as the kernel has types of zones. */
static void put_protection(struct mm_text *text, const struct mm_zone *zone,
                           const struct mm_model_line *line)
{
	uint32_t nr = 1;

	for (size_t i = 0; i < line->length; i++)
		nr += line->text[i] == ',';
	mm_text_put(text, "        protection: (");
	for (uint32_t type = 0; type < nr && type < MM_NR_ZONE_TYPES; type++) {
		mm_text_put(text, type ? ", " : "");
		mm_text_put_number(text, 0, zone->reserve[type]);
	}
	mm_text_put(text, ")\n");
}

/* Lines that open a section, or are no names and numbers. false: it is an ordinary one. */
static bool show_special(struct walk *walk, struct mm_text *text, const struct mm_model_line *line)
{
	if (begins(line, "Node ")) {
		walk->zone = zone_of(walk->machine, line);
		walk->section = SECTION_NONE;
		walk->skip = false;
		put_line(text, line);
	} else if (walk->skip) {
		return true;
	} else if (!walk->zone) {
		put_line(text, line);
	} else if (begins(line, "        protection: (")) {
		put_protection(text, walk->zone, line);
		walk->section = SECTION_STATS;
		walk->skip = walk->zone->present == 0;
	} else if (begins(line, "  per-node stats")) {
		walk->section = SECTION_NODE;
		put_line(text, line);
	} else if (begins(line, "  pagesets")) {
		walk->section = SECTION_PAGESETS;
		put_line(text, line);
	} else if (begins(line, "    cpu: ")) {
		walk->cpu = line->value < MM_MAX_CPUS ? (uint32_t)line->value : MM_NONE;
		put_line(text, line);
	} else {
		return line->prefix_length == line->length;
	}
	return true;
}

size_t mm_show_zoneinfo(const struct mm_machine *machine, const char *model, char *at, size_t size)
{
	struct walk walk = { .machine = machine };
	struct mm_text text = mm_text_begin(at, size);
	struct mm_model_line line;

	for (uint32_t i = 0; i < machine->nr_zones; i++)
		mm_count_zone_items(machine, i, &walk.items[i]);
	while (mm_model_next(&model, &line)) {
		if (show_special(&walk, &text, &line))
			continue;
		if (begins(&line, "  pages free"))
			walk.section = SECTION_ZONE;
		mm_text_put_part(&text, line.text, line.prefix_length);
		mm_text_put_number(&text, 0, value_of(&walk, &line));
		mm_text_put(&text, "\n");
	}
	return mm_text_end(&text);
}
