/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing pages to their devices: what is being written, and the flushers that clean file pages.
 *
 * A page that is being written stays on its list; the writes end in the order in which they began. One that
 * reclaim waits for (PG_reclaim, here MM_IO_RECLAIM) then moves to where it is taken next.
 *
 * Dirty file pages queue in the order in which they became dirty. The flushers take them from there: down to
 * vm.dirty_background_ratio of the memory that could be dirtied, what has been dirty for
 * vm.dirty_expire_centisecs, and all that there was when reclaim found nothing but dirty pages.
 *
 * State: a ring of the writes, a ring of the dirty pages (each page once at most; a page that was cleaned in
 * another way stays in it until its turn), and the position in it at each of the last wake-ups.
 *
 * Follows folio_end_writeback(), folio_rotate_reclaimable(), wb_writeback(), wb_over_bg_thresh(),
 * wb_check_old_data_flush(), wakeup_flusher_threads() of v6.12.
 *
 * Not modelled: several devices; the order by inode; balance_dirty_pages(): who dirties pages is not slowed down;
 * pages that become dirty while they are written.
 */
#include "internal.h"

#include "alloc.h"
#include "error_set.h"

/* Pages that the flushers have on their way at a time, so that reclaim finds room in the queue. */
#define FLUSH_LIMIT (MM_WRITEBACK_LIMIT / 2)
#define FLUSH_CHUNK 1024u /* MIN_WRITEBACK_PAGES */

int mm_writeback_init(struct mm_machine *machine, struct mmr_error *err)
{
	struct mm_writeback *wb = &machine->writeback;

	wb->pfns = base_calloc_err(MM_WRITE_RING, sizeof(*wb->pfns), "writes", err);
	if (!wb->pfns)
		return MMR_E_NOMEM;
	/* One more than there can be in it, so that full and empty differ. */
	wb->dirty_size = machine->nr_pfns + 1;
	wb->dirty = base_calloc_err(wb->dirty_size, sizeof(*wb->dirty), "dirty pages", err);
	return wb->dirty ? 0 : MMR_E_NOMEM;
}

void mm_writeback_deinit(struct mm_machine *machine)
{
	base_free(machine->writeback.pfns);
	base_free(machine->writeback.dirty);
}

/* ---- writes ---- */

static void account(struct mm_machine *machine, const struct mm_page *page, bool begin)
{
	struct mm_zone *zone = &machine->zones[page->zone];
	uint32_t nr = mm_block_pages(page->order);

	machine->nr_writeback += begin ? nr : -(uint64_t)nr;
	zone->nr_writeback += begin ? nr : -nr;
}

bool mm_start_writeback(struct mm_machine *machine, uint32_t pfn)
{
	struct mm_writeback *wb = &machine->writeback;
	struct mm_page *page = &machine->pages[pfn];

	MM_CHECK(machine, !mm_is_writeback(page), pfn);
	if (wb->end - wb->begin == MM_WRITE_RING)
		return false;
	page->io |= MM_IO_WRITEBACK;
	wb->pfns[wb->end++ % MM_WRITE_RING] = pfn;
	wb->count++;
	account(machine, page, true);
	return true;
}

/* Entries of pages that were freed meanwhile. */
static void skip_cancelled(struct mm_writeback *wb)
{
	while (wb->begin != wb->end && wb->pfns[wb->begin % MM_WRITE_RING] == MM_NONE)
		wb->begin++;
}

void mm_cancel_writeback(struct mm_machine *machine, uint32_t pfn)
{
	struct mm_writeback *wb = &machine->writeback;
	struct mm_page *page = &machine->pages[pfn];

	if (mm_is_writeback(page)) {
		uint32_t at = wb->begin;

		while (wb->pfns[at % MM_WRITE_RING] != pfn)
			at++;
		wb->pfns[at % MM_WRITE_RING] = MM_NONE;
		wb->count--;
		account(machine, page, false);
		skip_cancelled(wb);
	}
	page->io &= MM_IO_QUEUED;
}

static void end_write(struct mm_machine *machine, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];
	bool rotate = (page->io & MM_IO_RECLAIM) && !(page->flags & MM_PG_DIRTY);
	struct mm_node *node = mm_page_node(machine, pfn);

	account(machine, page, false);
	machine->nr_written += mm_block_pages(page->order);
	page->io &= MM_IO_QUEUED;
	if (!rotate || !(page->flags & MM_PG_LRU))
		return;
	mm_count(machine, MM_PGROTATED, mm_block_pages(page->order));
	machine->policy->page_removed(node, pfn);
	machine->policy->putback(node, pfn, MM_PUTBACK_ROTATE);
}

uint32_t mm_nr_writeback(const struct mm_machine *machine)
{
	return machine->writeback.count;
}

bool mm_oldest_write_is_file(const struct mm_machine *machine)
{
	const struct mm_writeback *wb = &machine->writeback;

	return wb->count > 0 && !(machine->pages[wb->pfns[wb->begin % MM_WRITE_RING]].flags &
	                          (MM_PG_ANON | MM_PG_SHMEM));
}

uint32_t mm_oldest_write_pages(const struct mm_machine *machine)
{
	const struct mm_writeback *wb = &machine->writeback;

	if (wb->count == 0)
		return 0;
	return mm_block_pages(machine->pages[wb->pfns[wb->begin % MM_WRITE_RING]].order);
}

void mm_end_writeback(struct mm_machine *machine, uint32_t nr)
{
	struct mm_writeback *wb = &machine->writeback;

	while (nr-- > 0 && wb->count > 0) {
		uint32_t pfn = wb->pfns[wb->begin++ % MM_WRITE_RING];

		wb->count--;
		end_write(machine, pfn);
		skip_cancelled(wb);
	}
	mm_flush(machine);
}

/* ---- dirty pages ---- */

void mm_queue_dirty(struct mm_machine *machine, uint32_t pfn)
{
	struct mm_writeback *wb = &machine->writeback;
	struct mm_page *page = &machine->pages[pfn];

	if (page->io & MM_IO_QUEUED)
		return;
	page->io |= MM_IO_QUEUED;
	wb->dirty[wb->dirty_end % wb->dirty_size] = pfn;
	wb->dirty_end++;
}

/* What may be dirty at all: free memory and the page cache (global_dirtyable_memory()). */
static uint64_t dirtyable_pages(const struct mm_machine *machine)
{
	int64_t pages = 1;

	for (uint32_t i = 0; i < machine->nr_zones; i++) {
		const struct mm_zone *zone = &machine->zones[i];
		int64_t reserve = 0;

		for (uint32_t type = 0; type < MM_NR_ZONE_TYPES; type++)
			reserve = zone->reserve[type] > reserve ? zone->reserve[type] : reserve;
		reserve += (int64_t)mm_wmark_pages(zone, MM_WMARK_HIGH);
		pages += zone->free_pages > reserve ? zone->free_pages - reserve : 0;
		pages += zone->nr_lru[MM_LRU_FILE];
	}
	return (uint64_t)pages;
}

static uint64_t background_threshold(const struct mm_machine *machine)
{
	return machine->settings.dirty_background_ratio * dirtyable_pages(machine) / 100;
}

/* The next page of the queue goes to its device. */
static void flush_one(struct mm_machine *machine)
{
	struct mm_writeback *wb = &machine->writeback;
	uint32_t pfn = wb->dirty[wb->dirty_begin++ % wb->dirty_size];
	struct mm_page *page = &machine->pages[pfn];

	page->io &= (uint8_t)~MM_IO_QUEUED;
	if (page->state != MM_PAGE_USED || !(page->flags & MM_PG_DIRTY) ||
	    (page->flags & (MM_PG_ANON | MM_PG_SHMEM)))
		return;
	if (mm_is_writeback(page) || !mm_start_writeback(machine, pfn)) {
		mm_queue_dirty(machine, pfn);
		return;
	}
	mm_clear_dirty(machine, pfn);
}

/* Pages that are written of an inode at a time (writeback_chunk_size()). */
static uint64_t chunk_pages(const struct mm_machine *machine)
{
	/* The bandwidth's half is more than that on any device that is not slow. */
	uint64_t limit = 2 * background_threshold(machine) / 8;

	return (limit + FLUSH_CHUNK) & ~(uint64_t)(FLUSH_CHUNK - 1);
}

void mm_flush(struct mm_machine *machine)
{
	struct mm_writeback *wb = &machine->writeback;

	if (wb->dirty_begin == wb->dirty_end || machine->nr_dirty == 0)
		return;
	for (uint64_t last = wb->dirty_end; wb->dirty_begin < last && wb->count < FLUSH_LIMIT;) {
		if (wb->dirty_begin >= wb->flush_until) {
			if (machine->nr_dirty <= background_threshold(machine))
				return;
			wb->flush_until = wb->dirty_begin + chunk_pages(machine);
		}
		flush_one(machine);
	}
}

void mm_wake_flushers(struct mm_machine *machine)
{
	machine->writeback.flush_until = machine->writeback.dirty_end;
	mm_flush(machine);
}

void mm_flush_expired(struct mm_machine *machine)
{
	struct mm_writeback *wb = &machine->writeback;
	uint32_t slot = wb->nr_wakeups++ % MM_FLUSH_MARKS;

	/* What was dirty that many wake-ups ago. */
	if (wb->nr_wakeups > MM_FLUSH_MARKS && wb->marks[slot] > wb->flush_until)
		wb->flush_until = wb->marks[slot];
	wb->marks[slot] = wb->dirty_end;
	mm_flush(machine);
}
