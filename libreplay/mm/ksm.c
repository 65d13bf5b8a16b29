/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * KSM: finds pages with the same contents in memory that was registered for it, and lets them share one.
 *
 * ksmd goes through the registered ranges of all spaces, in the order in which they came, and looks at each anonymous
 * page that is in memory:
 *	its contents have changed since the scan before            leave it alone (pages_volatile)
 *	the stable tree has a page with them                       share that one
 *	a page in the unstable tree has them                       share this one with it: a new node of the stable tree
 *	neither                                                    into the unstable tree (pages_unshared)
 * The unstable tree is forgotten after each scan, as nobody keeps its pages from being written. Before 6.11 the stable
 * tree is asked first, whether the page has changed or not. As of 6.7 (smart scan) a page that has been looked at three
 * times in vain is passed over in the next one, two, four or eight scans.
 *
 * What ksmd knows of an address is an item, which outlives the page. Items of addresses that are no longer there go when
 * ksmd comes by. A space that ends is looked at next.
 *
 * State: struct mm_ksm, which is there only if somebody asked for it (mm_ksm_enable()). What is in pages: ksm_content.c;
 * the stable tree: ksm_stable.c; pages that are shared: ksm_share.c; how fast it goes: ksm_advisor.c.
 *
 * Follows scan_get_next_rmap_item(), cmp_and_merge_page(), unstable_tree_search_insert(), should_skip_rmap_item(),
 * __ksm_enter(), __ksm_exit(), unmerge_and_remove_all_rmap_items() of v6.12; cmp_and_merge_page() of v6.1.
 *
 * Not modelled: pages that a fork shares, in the child; locks that ksmd does not get; khugepaged
 * leaves areas with shared pages alone; the memory that ksmd takes for its items and nodes.
 */
#include "huge_memory.h"
#include "internal.h"
#include "ksm_state.h"

#include "alloc.h"
#include "error_set.h"

#define NEVER_SKIP 3u /* looks before a page may be passed over */
#define MAX_AGE    255u
#define STEP_PAGES 256u /* so that a large batch lets others go on */

/* ---- memory ---- */

int mm_ksm_enable(struct mm_machine *machine, const struct mm_ksm_model *model, uint64_t seed,
                  struct mmr_error *err)
{
	struct mm_ksm *ksm = base_calloc_err(1, sizeof(*ksm), "KSM", err);

	if (!ksm)
		return MMR_E_NOMEM;
	machine->ksm = ksm;
	ksm->free_item = MM_NONE;
	ksm->free_node = MM_NONE;
	ksm->stable = MM_NONE;
	ksm->unstable = MM_NONE;
	ksm->last = MM_NONE;
	if (model)
		ksm->model = *model;
	base_rng_init(&ksm->rng, seed);
	if (!machine->tables.on && mm_tables_enable(machine, err) < 0)
		return MMR_E_NOMEM;
	if (mm_ksm_reserve(machine, machine->nr_lpages, err) < 0)
		return MMR_E_NOMEM;
	return mm_ksm_reserve_spaces(machine, machine->nr_spaces, err);
}

int mm_ksm_reserve(struct mm_machine *machine, uint32_t nr_lpages, struct mmr_error *err)
{
	struct mm_ksm *ksm = machine->ksm;
	void *pages;

	if (!ksm || nr_lpages <= ksm->nr_pages)
		return 0;
	pages = ksm->pages;
	if (base_grow(&pages, ksm->nr_pages, nr_lpages, sizeof(*ksm->pages), 0) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for KSM of %u pages", nr_lpages);
	ksm->pages = pages;
	ksm->nr_pages = nr_lpages;
	return 0;
}

int mm_ksm_reserve_spaces(struct mm_machine *machine, uint32_t nr_spaces, struct mmr_error *err)
{
	struct mm_ksm *ksm = machine->ksm;
	void *slot_of;

	if (!ksm || nr_spaces <= ksm->nr_spaces)
		return 0;
	slot_of = ksm->slot_of;
	if (base_grow(&slot_of, ksm->nr_spaces, nr_spaces, sizeof(*ksm->slot_of), 0) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for KSM of %u address spaces",
		                  nr_spaces);
	ksm->slot_of = slot_of;
	ksm->nr_spaces = nr_spaces;
	return 0;
}

void mm_ksm_destroy(struct mm_machine *machine)
{
	struct mm_ksm *ksm = machine->ksm;

	if (!ksm)
		return;
	for (uint32_t i = 0; i < ksm->nr_slots; i++)
		mm_huge_range_vec_deinit(&ksm->slots[i].ranges);
	base_free(ksm->slots);
	base_free(ksm->slot_of);
	base_free(ksm->nodes);
	base_free(ksm->node_links);
	base_free(ksm->items);
	base_free(ksm->item_links);
	base_free(ksm->pages);
	base_free(ksm);
	machine->ksm = NULL;
}

/* ---- spaces ---- */

/* Of a space; 0: there is no memory. It is looked at last. */
static uint32_t enter(struct mm_machine *machine, uint32_t space)
{
	struct mm_ksm *ksm = machine->ksm;
	uint32_t at, room = ksm->nr_slots ? 2 * ksm->nr_slots : 16;
	void *slots = ksm->slots;
	struct mm_ksm_slot *slot;

	if (ksm->free_slot == 0) {
		if (base_grow(&slots, ksm->nr_slots, room, sizeof(*ksm->slots), 0) < 0) {
			machine->lacks = "spaces of KSM";
			return 0;
		}
		ksm->slots = slots;
		for (uint32_t i = room; i-- > (ksm->nr_slots ? ksm->nr_slots : 1);) {
			ksm->slots[i].next = ksm->free_slot;
			ksm->free_slot = i;
		}
		ksm->nr_slots = room;
	}
	at = ksm->free_slot;
	slot = &ksm->slots[at];
	ksm->free_slot = slot->next;
	slot->items = MM_NONE;
	slot->space = space;
	slot->next = ksm->slot;
	slot->prev = ksm->slots[ksm->slot].prev;
	ksm->slots[slot->prev].next = at;
	ksm->slots[slot->next].prev = at;
	ksm->slot_of[space] = at;
	return at;
}

static void unlink_slot(struct mm_ksm *ksm, uint32_t at)
{
	ksm->slots[ksm->slots[at].prev].next = ksm->slots[at].next;
	ksm->slots[ksm->slots[at].next].prev = ksm->slots[at].prev;
}

/* It has no items. */
static void free_slot(struct mm_ksm *ksm, uint32_t at)
{
	struct mm_ksm_slot *slot = &ksm->slots[at];

	unlink_slot(ksm, at);
	if (slot->space != 0)
		ksm->slot_of[slot->space] = 0;
	mm_huge_range_vec_deinit(&slot->ranges);
	*slot = (struct mm_ksm_slot){ .next = ksm->free_slot };
	ksm->free_slot = at;
}

void mm_ksm_space_copy(struct mm_machine *machine, uint32_t to, uint32_t from)
{
	struct mm_ksm *ksm = machine->ksm;
	uint32_t at, source = from < ksm->nr_spaces ? ksm->slot_of[from] : 0;

	if (source == 0)
		return;
	at = enter(machine, to);
	for (size_t i = 0; at != 0 && i < ksm->slots[source].ranges.count; i++)
		if (mm_huge_range_vec_push(&ksm->slots[at].ranges,
		                           ksm->slots[source].ranges.items[i]) < 0)
			machine->lacks = "spaces of KSM";
}

/* It is looked at next, for its items. */
void mm_ksm_space_end(struct mm_machine *machine, uint32_t space)
{
	struct mm_ksm *ksm = machine->ksm;
	uint32_t at = space < ksm->nr_spaces ? ksm->slot_of[space] : 0;
	struct mm_ksm_slot *slot;

	if (at == 0)
		return;
	slot = &ksm->slots[at];
	ksm->slot_of[space] = 0;
	slot->space = 0;
	mm_huge_range_vec_deinit(&slot->ranges);
	if (ksm->slot == at)
		return;
	if (slot->items == MM_NONE) {
		free_slot(ksm, at);
		return;
	}
	unlink_slot(ksm, at);
	slot->prev = ksm->slot;
	slot->next = ksm->slots[ksm->slot].next;
	ksm->slots[slot->next].prev = at;
	ksm->slots[ksm->slot].next = at;
}

/* A page gets a frame of its own, as by a write (break_ksm()), and holds what it held. What is in swap stays there. */
static void unmerge_page(struct mm_machine *machine, const struct mm_request *request,
                         uint32_t number)
{
	uint64_t content = machine->ksm->pages[number].content;

	if (machine->ksm->pages[number].role == MM_KSM_NONE ||
	    machine->ksm->pages[number].role == MM_KSM_SWAPPED)
		return;
	mm_touch_page(machine, request, number, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	machine->ksm->pages[number].content = content;
}

/* Each page of a range that is shared gets a frame of its own (unmerge_ksm_pages()). */
static void unmerge(struct mm_machine *machine, const struct mm_request *request, uint32_t space,
                    uint32_t first, uint32_t end)
{
	for (uint32_t vpn = first; vpn < end; vpn++) {
		uint32_t number = mm_lpage_at(machine, space, vpn);
		uint32_t chunk = mm_huge_chunk(machine, space, vpn >> MM_TABLE_SHIFT);

		if (number == MM_NONE && chunk != MM_NONE)
			number = chunk * MM_PAGEBLOCK_PAGES + vpn % MM_PAGEBLOCK_PAGES;
		if (number != MM_NONE)
			unmerge_page(machine, request, number);
	}
}

void mm_ksm_set_range(struct mm_machine *machine, const struct mm_request *request, uint32_t first,
                      uint32_t nr, enum mm_ksm_range range)
{
	struct mm_ksm *ksm = machine->ksm;
	const struct mm_huge_range is = {
		.first = first,
		.end = first + nr,
		.advice = range == MM_KSM_MERGEABLE ? MM_ADVICE_NONE : MM_ADVICE_GONE,
	};
	uint32_t space = request->space, at;

	if (!ksm || space == 0 || space >= ksm->nr_spaces || nr == 0 || is.end < first)
		return;
	at = ksm->slot_of[space];
	if (at == 0 && range != MM_KSM_MERGEABLE)
		return;
	if (at == 0)
		at = enter(machine, space);
	if (at == 0)
		return;
	if (!mm_ranges_set(&ksm->slots[at].ranges, &is))
		machine->lacks = "ranges of KSM";
	if (range == MM_KSM_UNMERGEABLE)
		unmerge(machine, request, space, first, is.end);
}

/* ---- pages ---- */

uint32_t mm_ksm_page_at(const struct mm_machine *machine, uint32_t space, uint32_t vpn)
{
	uint32_t chunk = mm_huge_chunk(machine, space, vpn >> MM_TABLE_SHIFT), number, head;
	const struct mm_lpage *lpage;

	number = chunk == MM_NONE ? MM_NONE : chunk * MM_PAGEBLOCK_PAGES + vpn % MM_PAGEBLOCK_PAGES;
	if (number == MM_NONE || !mm_lpage_is_known(machine, number))
		number = mm_lpage_at(machine, space, vpn);
	if (number == MM_NONE)
		return MM_NONE;
	head = mm_whole_page(machine, number);
	lpage = mm_lpage(machine, head);
	if (lpage->kind != MM_LPAGE_ANON || lpage->pfn == MM_NONE ||
	    (machine->pages[lpage->pfn].flags & MM_PG_UNMAPPED))
		return MM_NONE;
	return number;
}

/* Whether an area has any page at all. */
static bool has_pages(const struct mm_machine *machine, uint32_t space, uint32_t vpn)
{
	return mm_huge_chunk(machine, space, vpn >> MM_TABLE_SHIFT) != MM_NONE ||
	       mm_has_table(machine, space, vpn >> MM_TABLE_SHIFT);
}

/* The next page of a space from *vpn on; MM_NONE: there is none. */
static uint32_t next_page(const struct mm_machine *machine, const struct mm_ksm_slot *slot,
                          uint64_t *vpn)
{
	for (size_t i = 0; i < slot->ranges.count; i++) {
		const struct mm_huge_range *range = &slot->ranges.items[i];

		if (range->end <= *vpn)
			continue;
		if (*vpn < range->first)
			*vpn = range->first;
		while (*vpn < range->end) {
			uint32_t number;

			if (!has_pages(machine, slot->space, (uint32_t)*vpn)) {
				*vpn = (*vpn | (MM_TABLE_ENTRIES - 1)) + 1;
				continue;
			}
			number = mm_ksm_page_at(machine, slot->space, (uint32_t)*vpn);
			if (number != MM_NONE)
				return number;
			++*vpn;
		}
	}
	return MM_NONE;
}

/* ---- items ---- */

static uint32_t *next_of(struct mm_ksm *ksm, uint32_t slot, uint32_t last)
{
	return last == MM_NONE ? &ksm->slots[slot].items : &ksm->items[last].next;
}

/* The one behind *link goes. */
static void drop_item(struct mm_machine *machine, uint32_t *link)
{
	struct mm_ksm *ksm = machine->ksm;
	uint32_t at = *link;

	mm_ksm_remove_item(machine, at);
	*link = ksm->items[at].next;
	ksm->items[at] = (struct mm_ksm_item){ .next = ksm->free_item };
	ksm->free_item = at;
	ksm->stat.rmap_items--;
}

static bool room_for_item(struct mm_machine *machine)
{
	struct mm_ksm *ksm = machine->ksm;
	void *items = ksm->items, *links = ksm->item_links;
	uint32_t room = ksm->nr_items ? 2 * ksm->nr_items : 1024;

	if (ksm->free_item != MM_NONE)
		return true;
	if (base_resize(&items, room, sizeof(*ksm->items)) == 0)
		ksm->items = items;
	if (ksm->items != items || base_resize(&links, room, sizeof(*ksm->item_links)) < 0) {
		machine->lacks = "addresses of KSM";
		return false;
	}
	ksm->item_links = links;
	for (uint32_t i = room; i-- > ksm->nr_items;) {
		ksm->items[i] = (struct mm_ksm_item){ .next = ksm->free_item };
		ksm->free_item = i;
	}
	ksm->nr_items = room;
	return true;
}

/* The item of an address where a page is; those before it have none. */
static uint32_t item_at(struct mm_machine *machine, uint32_t vpn)
{
	struct mm_ksm *ksm = machine->ksm;
	uint32_t at, *link;

	if (!room_for_item(machine))
		return MM_NONE;
	link = next_of(ksm, ksm->slot, ksm->last);
	while (*link != MM_NONE && ksm->items[*link].vpn < vpn)
		drop_item(machine, link);
	if (*link != MM_NONE && ksm->items[*link].vpn == vpn)
		return *link;
	at = ksm->free_item;
	ksm->free_item = ksm->items[at].next;
	ksm->items[at] = (struct mm_ksm_item){ .next = *link, .slot = ksm->slot, .vpn = vpn };
	*link = at;
	ksm->stat.rmap_items++;
	return at;
}

/* ---- the unstable tree ---- */

/* An item whose page has these contents; otherwise it is there itself from now on, unless a page has gone. */
static uint32_t unstable_search_insert(struct mm_machine *machine, uint32_t at, uint32_t number,
                                       uint64_t key)
{
	struct mm_ksm *ksm = machine->ksm;
	uint32_t parent = MM_NONE, here = ksm->unstable;
	bool left = false;

	while (here != MM_NONE) {
		const struct mm_ksm_item *item = &ksm->items[here];
		uint32_t other = mm_ksm_page_at(machine, ksm->slots[item->slot].space, item->vpn);
		uint64_t there;

		if (other == MM_NONE || other == number)
			return MM_NONE;
		there = mm_ksm_key(machine, other, mm_ksm_content(machine, other));
		if (there == key)
			return here;
		left = key < there;
		parent = here;
		here = left ? ksm->item_links[here].left : ksm->item_links[here].right;
	}
	ksm->items[at].state = MM_KSM_ITEM_UNSTABLE;
	ksm->items[at].seqnr = (uint32_t)ksm->stat.full_scans;
	mm_ksm_tree_add(ksm->item_links, &ksm->unstable, at, parent, left);
	ksm->stat.pages_unshared++;
	return MM_NONE;
}

/* try_to_merge_two_pages(): the page that was come upon last is kept. */
static void merge_two(struct mm_machine *machine, uint32_t at, uint32_t number, uint32_t other_at)
{
	struct mm_ksm *ksm = machine->ksm;
	const struct mm_ksm_item *item = &ksm->items[other_at];
	uint32_t other = mm_ksm_page_at(machine, ksm->slots[item->slot].space, item->vpn), node;
	uint64_t key = mm_ksm_key(machine, number, mm_ksm_content(machine, number));
	bool apart = mm_whole_page(machine, number) != mm_whole_page(machine, other);
	bool can = mm_ksm_can_share(machine, number);

	/* Both held, a page that they are parts of cannot be split; afterwards it is. */
	if (!can || !apart || ksm->pages[other].role == MM_KSM_SHARED ||
	    !mm_ksm_can_share(machine, other))
		return;
	mm_ksm_remove_item(machine, other_at);
	node = mm_ksm_stable_insert(machine, mm_lpage(machine, number)->pfn, key);
	if (node == MM_NONE)
		return;
	mm_ksm_begin_sharing(machine, number, node);
	mm_ksm_share(machine, other, node);
	mm_ksm_stable_append(machine, other_at, node);
	mm_ksm_stable_append(machine, at, node);
	ksm->stat.nr_merged++;
}

/* ---- a page ---- */

/* Its contents are those of the last scan. */
static bool is_steady(struct mm_ksm_item *item, uint64_t content)
{
	uint32_t checksum = mm_ksm_checksum(content);
	bool same = item->checksum == checksum;

	item->checksum = checksum;
	return same;
}

static bool put_zero_page(struct mm_machine *machine, uint32_t number, uint64_t content)
{
	if (!machine->settings.ksm.use_zero_pages || content != MM_KSM_ZERO_CONTENT ||
	    !mm_ksm_can_share(machine, number))
		return false;
	mm_ksm_share_zero(machine, number);
	return true;
}

/* cmp_and_merge_page() */
static void compare_and_merge(struct mm_machine *machine, uint32_t at, uint32_t number)
{
	struct mm_ksm *ksm = machine->ksm;
	bool steady_first = machine->settings.kernel >= MM_KERNEL(6, 11);
	uint64_t content = mm_ksm_content(machine, number);
	uint32_t node, other;

	if (ksm->pages[number].role == MM_KSM_SHARED) {
		node = ksm->pages[number].node;
		if (ksm->items[at].state == MM_KSM_ITEM_STABLE && ksm->items[at].node == node)
			return;
		mm_ksm_remove_item(machine, at);
		mm_ksm_stable_append(machine, at, node);
		return;
	}
	mm_ksm_remove_item(machine, at);
	if (steady_first &&
	    (!is_steady(&ksm->items[at], content) || put_zero_page(machine, number, content)))
		return;
	node = mm_ksm_stable_search(machine, mm_ksm_key(machine, number, content));
	if (node != MM_NONE) {
		if (!mm_ksm_can_share(machine, number))
			return;
		mm_ksm_share(machine, number, node);
		mm_ksm_stable_append(machine, at, node);
		ksm->stat.nr_merged++;
		return;
	}
	if (!steady_first &&
	    (!is_steady(&ksm->items[at], content) || put_zero_page(machine, number, content)))
		return;
	other = unstable_search_insert(machine, at, number, mm_ksm_key(machine, number, content));
	if (other != MM_NONE)
		merge_two(machine, at, number, other);
}

/* ---- the scan ---- */

static uint8_t skip_age(uint8_t age)
{
	return age <= 3 ? 1 : age <= 5 ? 2 : age <= 8 ? 4 : 8;
}

/* should_skip_rmap_item() */
static bool should_skip(struct mm_machine *machine, uint32_t at, uint32_t number)
{
	struct mm_ksm_item *item = &machine->ksm->items[at];
	uint8_t age = item->age;

	if (!machine->settings.ksm.smart_scan || machine->settings.kernel < MM_KERNEL(6, 7) ||
	    machine->ksm->pages[number].role == MM_KSM_SHARED)
		return false;
	item->age = age < MAX_AGE ? age + 1 : age;
	if (age < NEVER_SKIP)
		return false;
	if (item->skips_left == 0) {
		item->skips_left = skip_age(age);
		return false;
	}
	machine->ksm->stat.pages_skipped++;
	item->skips_left--;
	mm_ksm_remove_item(machine, at);
	return true;
}

static void begin_scan(struct mm_machine *machine)
{
	struct mm_ksm *ksm = machine->ksm;

	mm_ksm_advisor_start(machine);
	mm_lru_add_drain_all(machine);
	ksm->unstable = MM_NONE;
	ksm->slot = ksm->slots[0].next;
	ksm->vpn = 0;
	ksm->last = MM_NONE;
}

/* Done with a space: to the next one. Its items behind the last place have no page. */
static void end_slot(struct mm_machine *machine)
{
	struct mm_ksm *ksm = machine->ksm;
	uint32_t at = ksm->slot, *link;
	bool empty = ksm->slots[at].ranges.count == 0;

	link = next_of(ksm, at, empty ? MM_NONE : ksm->last);
	while (*link != MM_NONE)
		drop_item(machine, link);
	ksm->slot = ksm->slots[at].next;
	ksm->vpn = 0;
	ksm->last = MM_NONE;
	if (empty)
		free_slot(ksm, at);
}

/* The next item to look at, and its page. false: this scan is over. */
static bool next_item(struct mm_machine *machine, uint32_t *at, uint32_t *number)
{
	struct mm_ksm *ksm = machine->ksm;

	if (ksm->slot == 0)
		begin_scan(machine);
	while (ksm->slot != 0) {
		while ((*number = next_page(machine, &ksm->slots[ksm->slot], &ksm->vpn)) !=
		       MM_NONE) {
			*at = item_at(machine, (uint32_t)ksm->vpn);
			ksm->vpn++;
			if (*at == MM_NONE)
				return false;
			ksm->last = *at;
			if (!should_skip(machine, *at, *number))
				return true;
		}
		end_slot(machine);
	}
	mm_ksm_advisor_stop(machine);
	ksm->stat.full_scans++;
	return false;
}

bool mm_ksmd_has_work(const struct mm_machine *machine)
{
	return machine->ksm && machine->settings.ksm.run == MM_KSM_RUN_MERGE &&
	       machine->ksm->nr_slots > 0 && machine->ksm->slots[0].next != 0;
}

bool mm_ksmd_step(struct mm_machine *machine, uint16_t cpu)
{
	struct mm_ksm *ksm = machine->ksm;
	uint32_t steps = STEP_PAGES, at, number;

	machine->current.cpu = (uint16_t)(cpu % machine->nr_cpus);
	if (!mm_ksmd_has_work(machine)) {
		ksm->batch_left = 0;
		return true;
	}
	if (ksm->batch_left == 0)
		ksm->batch_left = mm_ksm_pages_to_scan(machine);
	while (steps-- > 0 && ksm->batch_left > 0) {
		if (!next_item(machine, &at, &number)) {
			ksm->batch_left = 0;
			break;
		}
		compare_and_merge(machine, at, number);
		ksm->stat.pages_scanned++;
		ksm->batch_left--;
	}
	return ksm->batch_left == 0;
}

void mm_ksm_unmerge_all(struct mm_machine *machine, const struct mm_request *request)
{
	struct mm_ksm *ksm = machine->ksm;
	uint32_t next;

	if (!ksm || ksm->nr_slots == 0)
		return;
	for (uint32_t i = 0; i < ksm->nr_pages; i++)
		unmerge_page(machine, request, i);
	for (uint32_t at = ksm->slots[0].next; at != 0; at = next) {
		next = ksm->slots[at].next;
		while (ksm->slots[at].items != MM_NONE)
			drop_item(machine, &ksm->slots[at].items);
		if (ksm->slots[at].ranges.count == 0)
			free_slot(ksm, at);
	}
	mm_ksm_remove_nodes(machine);
	ksm->slot = 0;
	ksm->last = MM_NONE;
	ksm->unstable = MM_NONE;
	ksm->stat.full_scans = 0;
}

void mm_ksm_charge(struct mm_machine *machine, uint64_t cpu_ns)
{
	machine->ksm->cpu_ns += cpu_ns;
}

bool mm_ksm_stat(const struct mm_machine *machine, struct mm_ksm_stat *stat)
{
	const struct mm_ksm *ksm = machine->ksm;
	uint64_t in_trees;

	if (!ksm)
		return false;
	*stat = ksm->stat;
	in_trees = stat->pages_shared + stat->pages_sharing + stat->pages_unshared;
	stat->pages_volatile = stat->rmap_items > in_trees ? stat->rmap_items - in_trees : 0;
	stat->pages_to_scan =
		ksm->advised ? ksm->pages_to_scan : machine->settings.ksm.pages_to_scan;
	stat->cpu_ns = ksm->cpu_ns;
	return true;
}
