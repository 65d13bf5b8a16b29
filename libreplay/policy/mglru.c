/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mglru: pages in generations by when they were used last; the oldest generation is evicted.
 *
 * Where a page starts says what is known of it: faulted in, it is young (from 6.14 on: not quite the
 * youngest, unless it belongs to the working set); anonymous and not in swap, one generation older; read
 * ahead or through a file descriptor, the oldest but one. The page tables are looked at when there are too few
 * old pages (mglru_aging.c, mglru_walk.c): what was used since goes to the youngest generation. That changes
 * the page's slot only; its list is put right when eviction meets it there (mglru_evict.c). Uses through
 * file descriptors are counted (refs) and protect a page as far as the refaults of pages with as many uses say
 * that it pays (mglru_tiers.c).
 *
 * State: struct mglru per node; per page 5 bits, two flags and MM_PG_WORKINGSET.
 *
 * Follows lru_gen_add_folio(), lru_gen_del_folio(), folio_update_gen(), folio_inc_gen(),
 * folio_mark_accessed() of v6.12, and where they differ of v6.1 and v6.18.
 *
 * Not modelled: memcgs and their LRU; PG_reclaim: a page that is being written is on
 * no list.
 */
#include "mglru_private.h"

#include "policy_table.h"

void policy_mglru_resize(struct mm_node *node, uint32_t pfn, int from, int to)
{
	struct mglru *lru = mglru_of(node);
	const struct mm_page *page = &node->machine->pages[pfn];
	uint32_t type = mm_page_lru_type(page), zone = mglru_page_zone(node, pfn);

	MM_CHECK(node->machine,
	         from < 0 || lru->nr_pages[from][type][zone] >= mm_block_pages(page->order), pfn);
	if (from >= 0)
		lru->nr_pages[from][type][zone] -= mm_block_pages(page->order);
	if (to >= 0)
		lru->nr_pages[to][type][zone] += mm_block_pages(page->order);
}

/* Sequence numbers as lru_gen_folio_seq() of v6.18 has them. */
static uint64_t reworked_seq(const struct mglru *lru, const struct mm_page *page, bool reclaiming)
{
	uint32_t type = mm_page_lru_type(page);
	uint64_t workingset = page->flags & MM_PG_WORKINGSET ? 1 : 0, age, seq;

	if (page->flags & MGLRU_ACTIVE)
		age = MGLRU_MIN_GENS - workingset;
	else if (reclaiming)
		age = MGLRU_NR_GENS;
	else if (type == MM_LRU_ANON && !(page->flags & MM_PG_SWAPCACHE))
		age = MGLRU_MIN_GENS;
	else
		age = MGLRU_NR_GENS - workingset;
	seq = lru->max_seq - age + 1;
	return seq > lru->min_seq[type] ? seq : lru->min_seq[type];
}

uint64_t policy_mglru_seq(const struct mglru *lru, const struct mm_page *page, bool reclaiming)
{
	uint32_t type = mm_page_lru_type(page);

	if (lru->version == MGLRU_6_18)
		return reworked_seq(lru, page, reclaiming);
	if (page->flags & MGLRU_ACTIVE)
		return lru->max_seq;
	if ((type == MM_LRU_ANON && !(page->flags & MM_PG_SWAPCACHE)) || mglru_waits(page))
		return lru->max_seq - 1;
	if (reclaiming || lru->min_seq[type] + MGLRU_MIN_GENS >= lru->max_seq)
		return lru->min_seq[type];
	return lru->min_seq[type] + 1;
}

void policy_mglru_add(struct mm_node *node, uint32_t pfn, bool reclaiming)
{
	struct mglru *lru = mglru_of(node);
	struct mm_page *page = &node->machine->pages[pfn];
	uint32_t slot = mglru_slot(policy_mglru_seq(lru, page, reclaiming));
	uint32_t list = mglru_list(slot, mm_page_lru_type(page), mglru_page_zone(node, pfn));

	MM_CHECK(node->machine, mglru_page_slot(page) < 0, pfn);
	mglru_set_slot(page, (int)slot);
	if ((page->flags & MGLRU_ACTIVE) && lru->version == MGLRU_6_12) {
		mglru_set_counter(page, 0);
		page->flags &= (uint16_t)~MGLRU_REFERENCED;
	}
	page->flags &= (uint16_t)~MGLRU_ACTIVE;
	policy_mglru_resize(node, pfn, -1, (int)slot);
	if (reclaiming)
		mm_lru_add_tail(node, list, pfn);
	else
		mm_lru_add_head(node, list, pfn);
}

void policy_mglru_del(struct mm_node *node, uint32_t pfn, bool reclaiming)
{
	struct mglru *lru = mglru_of(node);
	struct mm_page *page = &node->machine->pages[pfn];
	int slot = mglru_page_slot(page);

	MM_CHECK(node->machine, slot >= 0, pfn);
	mm_lru_del(node, pfn);
	policy_mglru_resize(node, pfn, slot, -1);
	mglru_set_slot(page, -1);
	if (!reclaiming && mglru_slot_is_active(lru, (uint32_t)slot))
		page->flags |= MGLRU_ACTIVE;
}

void policy_mglru_move(struct mm_node *node, uint32_t pfn, uint32_t slot, bool to_tail)
{
	const struct mm_page *page = &node->machine->pages[pfn];
	uint32_t list = mglru_list(slot, mm_page_lru_type(page), mglru_page_zone(node, pfn));

	mm_lru_del(node, pfn);
	if (to_tail)
		mm_lru_add_tail(node, list, pfn);
	else
		mm_lru_add_head(node, list, pfn);
}

void policy_mglru_clear_refs(const struct mglru *lru, struct mm_page *page)
{
	mglru_set_counter(page, 0);
	page->flags &= (uint16_t)~MGLRU_REFERENCED;
	if (lru->version != MGLRU_6_18)
		page->flags &= (uint16_t)~MM_PG_WORKINGSET;
}

bool policy_mglru_set_refs(struct mm_page *page)
{
	mglru_set_counter(page, 0);
	if (!(page->flags & (MGLRU_REFERENCED | MM_PG_WORKINGSET))) {
		page->flags |= MGLRU_REFERENCED;
		return false;
	}
	page->flags &= (uint16_t)~MGLRU_REFERENCED;
	page->flags |= MM_PG_WORKINGSET;
	return true;
}

void policy_mglru_update_gen(struct mm_node *node, uint32_t pfn)
{
	struct mglru *lru = mglru_of(node);
	struct mm_page *page = &node->machine->pages[pfn];
	int from = mglru_page_slot(page), to = (int)mglru_slot(lru->max_seq);

	if (lru->version == MGLRU_6_18) {
		if (!(page->flags & (MGLRU_REFERENCED | MM_PG_WORKINGSET))) {
			policy_mglru_set_refs(page);
			return;
		}
		if (from < 0)
			return;
		policy_mglru_set_refs(page);
	} else {
		if (from < 0) {
			page->flags |= MGLRU_REFERENCED;
			return;
		}
		policy_mglru_clear_refs(lru, page);
	}
	if (from == to)
		return;
	mglru_set_slot(page, to);
	policy_mglru_resize(node, pfn, from, to);
}

uint32_t policy_mglru_inc_gen(struct mm_node *node, uint32_t pfn)
{
	struct mglru *lru = mglru_of(node);
	struct mm_page *page = &node->machine->pages[pfn];
	uint64_t oldest = lru->min_seq[mm_page_lru_type(page)];
	uint32_t slot = (uint32_t)mglru_page_slot(page);

	if (slot != mglru_slot(oldest))
		return slot;
	policy_mglru_clear_refs(lru, page);
	mglru_set_slot(page, (int)mglru_slot(oldest + 1));
	policy_mglru_resize(node, pfn, (int)slot, (int)mglru_slot(oldest + 1));
	return mglru_slot(oldest + 1);
}

/* ---- ops ---- */

static void settings_changed(struct mm_node *node)
{
	uint8_t caps = node->machine->settings.lru_gen_enabled;

	mglru_of(node)->caps =
		caps & MGLRU_CORE ? caps : MGLRU_CORE | MGLRU_MM_WALK | MGLRU_NONLEAF_YOUNG;
}

static void init(struct mm_node *node)
{
	struct mglru *lru = mglru_of(node);
	const struct mm_settings *settings = &node->machine->settings;

	lru->version = settings->kernel < MM_KERNEL(6, 3)    ? MGLRU_6_1
	               : settings->kernel < MM_KERNEL(6, 14) ? MGLRU_6_12
	                                                     : MGLRU_6_18;
	/* LRU_GEN_STATS is off in the kernels of 6.1 that were seen, and on in those of 6.12. */
	lru->nr_hist = lru->version == MGLRU_6_1 ? 1 : MGLRU_NR_HIST;
	settings_changed(node);
	lru->max_seq = MGLRU_MIN_GENS + 1;
	for (uint32_t i = 0; i < MGLRU_NR_GENS; i++)
		lru->birth_ns[i] = mglru_now_ns(node);
}

static void page_queued(struct mm_node *node, uint32_t pfn)
{
	if (node->machine->current.in_fault)
		node->machine->pages[pfn].flags |= MGLRU_ACTIVE;
}

/*
 * What was there at the start came in as if nothing had aged since: anonymous pages by faults, those of
 * files by read(), tmpfs from the archive that the system was booted from.
 */
static void page_added(struct mm_node *node, uint32_t pfn)
{
	const struct mm_machine *machine = node->machine;
	struct mm_page *page = &machine->pages[pfn];
	bool lazyfree = (page->flags & (MM_PG_ANON | MM_PG_FILE)) == (MM_PG_ANON | MM_PG_FILE);

	if (lazyfree)
		page->flags &= (uint16_t) ~(MGLRU_ACTIVE | MGLRU_REFERENCED);
	else if (machine->building && (page->flags & MM_PG_ANON))
		page->flags |= MGLRU_ACTIVE;
	policy_mglru_add(node, pfn, false);
}

static void page_removed(struct mm_node *node, uint32_t pfn)
{
	policy_mglru_del(node, pfn, false);
}

/* Through a file descriptor: counted. (Through a page table, its young bit is enough.) */
static void mark_accessed(struct mm_node *node, uint32_t pfn)
{
	const struct mglru *lru = mglru_of(node);
	struct mm_page *page = &node->machine->pages[pfn];

	if (page->flags & MM_PG_UNEVICTABLE)
		return;
	if (!(page->flags & MGLRU_REFERENCED)) {
		page->flags |= MGLRU_REFERENCED;
		if (lru->version == MGLRU_6_18)
			mglru_set_counter(page, 0);
	} else if (mglru_counter(page) == MGLRU_REFS_MAX ||
	           (lru->version != MGLRU_6_18 && !(page->flags & MM_PG_WORKINGSET))) {
		page->flags |= MM_PG_WORKINGSET;
	} else {
		mglru_set_counter(page, mglru_counter(page) + 1);
	}
}

static void deactivate(struct mm_node *node, uint32_t pfn, bool to_tail)
{
	struct mm_page *page = &node->machine->pages[pfn];

	policy_mglru_del(node, pfn, false);
	page->flags &= (uint16_t) ~(MGLRU_ACTIVE | MGLRU_REFERENCED);
	policy_mglru_add(node, pfn, to_tail);
}

static void putback(struct mm_node *node, uint32_t pfn, enum mm_putback why)
{
	struct mm_page *page = &node->machine->pages[pfn];

	if (why == MM_PUTBACK_ROTATE) {
		page->flags &= (uint16_t)~MGLRU_ACTIVE;
		policy_mglru_add(node, pfn, true);
	} else if (mglru_of(node)->evicting) {
		policy_mglru_survivor(node, pfn, why == MM_PUTBACK_ACTIVATE);
	} else {
		if (why == MM_PUTBACK_ACTIVATE)
			page->flags |= MGLRU_ACTIVE;
		policy_mglru_add(node, pfn, false);
	}
}

static uint32_t nr_zone_active(const struct mm_node *node, enum mm_lru_type type,
                               enum mm_zone_type zone)
{
	const struct mglru *lru = mglru_of(node);

	return lru->nr_pages[mglru_slot(lru->max_seq)][type][zone] +
	       lru->nr_pages[mglru_slot(lru->max_seq - 1)][type][zone];
}

static uint32_t nr_active(const struct mm_node *node, enum mm_lru_type type)
{
	uint32_t pages = 0;

	for (uint32_t zone = 0; zone < MM_NR_ZONE_TYPES; zone++)
		pages += nr_zone_active(node, type, (enum mm_zone_type)zone);
	return pages;
}

static uint32_t nr_reclaimable(const struct mm_node *node, enum mm_lru_type type)
{
	return node->nr_lru[type];
}

const struct mm_policy_ops policy_mglru = {
	.name = "mglru",
	.summary = "the kernel's multi-generational LRU",
	.state_size = sizeof(struct mglru),
	.init = init,
	.settings_changed = settings_changed,
	.page_queued = page_queued,
	.page_added = page_added,
	.page_removed = page_removed,
	.mark_accessed = mark_accessed,
	.activate = policy_mglru_activate,
	.deactivate = deactivate,
	.eviction = policy_mglru_eviction,
	.refault = policy_mglru_refault,
	.check_references = policy_mglru_check_references,
	.asks_references = true,
	.shrink_begin = policy_mglru_shrink_begin,
	.shrink_step = policy_mglru_shrink_step,
	.nr_active = nr_active,
	.nr_zone_active = nr_zone_active,
	.age = policy_mglru_age,
	.isolate = policy_mglru_isolate,
	.putback = putback,
	.nr_reclaimable = nr_reclaimable,
	.show = policy_mglru_show,
};
