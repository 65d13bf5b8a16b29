/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pages by what the kernel calls them in /proc/vmstat and /proc/zoneinfo, and the lines of those files.
 *
 * The machine counts most of this for itself as a whole; here it is counted per zone, by a walk.
 *
 * Follows vmstat_text[] and what adds to each item in v6.12.
 */
#include "internal.h"

#include "show_views.h"

struct item {
	const char *name;
	size_t offset; /* in struct mm_zone_items */
};

#define ITEM(name, member)                                   \
	{                                                    \
		name, offsetof(struct mm_zone_items, member) \
	}

static const struct item zone_items[] = {
	ITEM("nr_free_pages", free),
	ITEM("nr_free_pages_blocks", free_blocks),
	ITEM("nr_zone_inactive_anon", inactive[MM_LRU_ANON]),
	ITEM("nr_zone_active_anon", active[MM_LRU_ANON]),
	ITEM("nr_zone_inactive_file", inactive[MM_LRU_FILE]),
	ITEM("nr_zone_active_file", active[MM_LRU_FILE]),
	ITEM("nr_zone_unevictable", unevictable),
	ITEM("nr_zone_write_pending", write_pending),
	ITEM("nr_mlock", unevictable),
	ITEM("nr_free_cma", free_cma),
	ITEM("nr_zspages", zspages),
};

static const struct item node_items[] = {
	ITEM("nr_inactive_anon", inactive[MM_LRU_ANON]),
	ITEM("nr_active_anon", active[MM_LRU_ANON]),
	ITEM("nr_inactive_file", inactive[MM_LRU_FILE]),
	ITEM("nr_active_file", active[MM_LRU_FILE]),
	ITEM("nr_unevictable", unevictable),
	ITEM("nr_isolated_anon", isolated[MM_LRU_ANON]),
	ITEM("nr_isolated_file", isolated[MM_LRU_FILE]),
	ITEM("nr_anon_pages", anon),
	ITEM("nr_file_pages", file),
	ITEM("nr_dirty", dirty),
	ITEM("nr_writeback", writeback),
	ITEM("nr_shmem", shmem),
	ITEM("nr_anon_transparent_hugepages", anon_huge),
	ITEM("nr_swapcached", swapcached),
};

static void count_used(const struct mm_page *page, struct mm_zone_items *items)
{
	uint64_t nr = mm_block_pages(page->order);
	bool anon = page->flags & MM_PG_ANON, shmem = page->flags & MM_PG_SHMEM;

	if (page->state == MM_PAGE_ISOLATED)
		items->isolated[mm_page_lru_type(page)] += nr;
	if (mm_is_writeback(page))
		items->writeback += nr;
	if (page->flags & MM_PG_UNEVICTABLE)
		items->unevictable += nr;
	if (page->flags & MM_PG_SWAPCACHE)
		items->swapcached += nr;
	if (anon) {
		items->anon += nr;
		items->anon_huge += page->order == MM_PAGEBLOCK_ORDER;
	} else if (shmem) {
		items->shmem += nr;
	} else if (page->flags & MM_PG_FILE) {
		items->file += nr;
	}
	if (!anon && !shmem && (page->flags & MM_PG_DIRTY))
		items->dirty += nr;
}

static void walk_zone(const struct mm_machine *machine, const struct mm_zone *zone,
                      struct mm_zone_items *items)
{
	uint64_t end = (uint64_t)zone->start_pfn + zone->spanned;

	for (uint64_t pfn = zone->start_pfn; pfn < end;) {
		const struct mm_page *page = &machine->pages[pfn];

		if (page->state <= MM_PAGE_TAIL) {
			pfn++;
			continue;
		}
		if (page->state >= MM_PAGE_USED)
			count_used(page, items);
		pfn += mm_block_pages(page->order);
	}
}

void mm_count_zone_items(const struct mm_machine *machine, uint32_t i, struct mm_zone_items *items)
{
	const struct mm_zone *zone = &machine->zones[i];
	const struct mm_node *node = &machine->nodes[zone->node];

	*items = (struct mm_zone_items){ .free = (uint64_t)zone->free_pages,
		                         .free_cma = (uint64_t)zone->nr_free_cma,
		                         .zspages = mm_nr_zspages(machine, i) };
	walk_zone(machine, zone, items);
	items->file += items->shmem + items->swapcached;
	items->write_pending = items->dirty + items->writeback;
	for (uint32_t order = MM_PAGEBLOCK_ORDER; order < MM_NR_ORDERS; order++)
		items->free_blocks += (uint64_t)zone->free_area[order].nr_free << order;
	for (uint32_t type = 0; type < MM_NR_LRU_TYPES; type++) {
		if (machine->policy && machine->policy->nr_zone_active)
			items->active[type] = machine->policy->nr_zone_active(
				node, (enum mm_lru_type)type, (enum mm_zone_type)zone->type);
		items->inactive[type] = zone->nr_lru[type] - items->active[type];
	}
}

void mm_add_zone_items(struct mm_zone_items *sum, const struct mm_zone_items *items)
{
	uint64_t to[sizeof(*sum) / sizeof(uint64_t)], from[sizeof(*sum) / sizeof(uint64_t)];

	static_assert(sizeof(*sum) % sizeof(uint64_t) == 0, "nothing but counts");
	memcpy(to, sum, sizeof(to));
	memcpy(from, items, sizeof(from));
	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++)
		to[i] += from[i];
	memcpy(sum, to, sizeof(to));
}

static bool find(const struct item *table, size_t nr, const struct mm_zone_items *items,
                 const char *name, size_t length, uint64_t *value)
{
	for (size_t i = 0; i < nr; i++) {
		if (!mm_name_is(name, length, table[i].name))
			continue;
		memcpy(value, (const char *)items + table[i].offset, sizeof(*value));
		return true;
	}
	return false;
}

bool mm_zone_item_find(const struct mm_zone_items *items, const char *name, size_t length,
                       uint64_t *value)
{
	return find(zone_items, sizeof(zone_items) / sizeof(zone_items[0]), items, name, length,
	            value);
}

bool mm_node_item_find(const struct mm_zone_items *items, const char *name, size_t length,
                       uint64_t *value)
{
	return find(node_items, sizeof(node_items) / sizeof(node_items[0]), items, name, length,
	            value);
}

/* ---- lines of a model ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The number behind the last blank that has one behind it: "kB" may follow. */
static size_t find_number(const char *text, size_t length)
{
	for (size_t at = length; at > 1; at--)
		if (is_digit(text[at - 1]) && text[at - 2] == ' ')
			return at - 1;
	return length;
}

static void parse_line(struct mm_model_line *line)
{
	size_t begin = 0, end;

	line->prefix_length = find_number(line->text, line->length);
	line->value = 0;
	for (size_t at = line->prefix_length; at < line->length && is_digit(line->text[at]); at++)
		line->value = line->value * 10 + (uint64_t)(line->text[at] - '0');
	for (end = line->prefix_length; end > 0; end--)
		if (line->text[end - 1] != ' ' && line->text[end - 1] != ':')
			break;
	while (begin < end && line->text[begin] == ' ')
		begin++;
	line->name = line->text + begin;
	line->name_length = end - begin;
}

static bool is_printable(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return true;
}

bool mm_model_next(const char **model, struct mm_model_line *line)
{
	while (**model) {
		*line = (struct mm_model_line){ .text = *model, .length = strcspn(*model, "\n") };
		*model += line->length + ((*model)[line->length] != '\0');
		if (!is_printable(line->text, line->length))
			continue;
		parse_line(line);
		return true;
	}
	return false;
}
