/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The flushers: which dirty file pages are written when nobody waits for them.
 *
 * Dirty file pages queue in the order in which they became dirty. The flushers take them from there: all, as long as
 * more than the background limit is dirty when they look, which they do each 100 ms; what has been dirty for vm.dirty_expire_centisecs, and all that there was when reclaim
 * found nothing but dirty pages. They begin when a writer passes the limit (balance_dirty_pages()), when
 * reclaim wakes them, and every vm.dirty_writeback_centisecs; they have no more than so many pages on their
 * way to the device.
 *
 * State: a queue of the dirty pages (each page once at most; a page that was cleaned in another way stays in it
 * until its turn), in chunks that come and go with it, and the position in it at each of the last wake-ups.
 *
 * Follows wb_writeback(), writeback_sb_inodes(), wb_over_bg_thresh(), wb_check_old_data_flush(), wakeup_flusher_threads() of v6.12.
 *
 * Not modelled: several devices of files; the order by inode; the flusher's own CPU time; laptop mode; sync() and
 * fsync(), of which no event tells.
 */
#include "internal.h"

#include "alloc.h"

#define CHUNK        4096u               /* pages of the queue */
#define PASS_NS      UINT64_C(100000000) /* HZ / 10 in writeback_sb_inodes() */
#define NS_PER_CENTI UINT64_C(10000000)

int mm_flushers_init(struct mm_machine *machine, struct mmr_error *err)
{
	struct mm_writeback *wb = &machine->writeback;

	/* The first and the last may be parts. */
	wb->nr_dirty_chunks = machine->nr_pfns / CHUNK + 2;
	wb->dirty = base_calloc_err(wb->nr_dirty_chunks, sizeof(*wb->dirty), "dirty pages", err);
	return wb->dirty ? 0 : MMR_E_NOMEM;
}

void mm_flushers_deinit(struct mm_machine *machine)
{
	struct mm_writeback *wb = &machine->writeback;

	for (uint32_t i = 0; wb->dirty && i < wb->nr_dirty_chunks; i++)
		base_free(wb->dirty[i]);
	base_free(wb->dirty);
	base_free(wb->spare);
}

static uint32_t **chunk_of(struct mm_writeback *wb, uint64_t position)
{
	return &wb->dirty[position / CHUNK % wb->nr_dirty_chunks];
}

void mm_queue_dirty(struct mm_machine *machine, uint32_t pfn)
{
	struct mm_writeback *wb = &machine->writeback;
	uint32_t **chunk = chunk_of(wb, wb->dirty_end);
	struct mm_page *page = &machine->pages[pfn];

	if (page->io & MM_IO_QUEUED)
		return;
	if (!*chunk) {
		*chunk = wb->spare ? wb->spare : base_calloc(CHUNK, sizeof(**chunk));
		wb->spare = NULL;
	}
	if (!*chunk) {
		machine->lacks = "dirty pages";
		return;
	}
	page->io |= MM_IO_QUEUED;
	(*chunk)[wb->dirty_end++ % CHUNK] = pfn;
}

static uint32_t take_dirty(struct mm_writeback *wb)
{
	uint32_t **chunk = chunk_of(wb, wb->dirty_begin);
	uint32_t pfn = (*chunk)[wb->dirty_begin++ % CHUNK];

	if (wb->dirty_begin % CHUNK == 0) {
		base_free(wb->spare);
		wb->spare = *chunk;
		*chunk = NULL;
	}
	return pfn;
}

/* The next page of the queue goes to its device. */
static void flush_one(struct mm_machine *machine)
{
	uint32_t pfn = take_dirty(&machine->writeback);
	struct mm_page *page = &machine->pages[pfn];

	page->io &= (uint8_t)~MM_IO_QUEUED;
	if (page->state != MM_PAGE_USED || !(page->flags & MM_PG_DIRTY) ||
	    (page->flags & (MM_PG_ANON | MM_PG_SHMEM)))
		return;
	if (mm_is_writeback(page) || !mm_start_writeback(machine, pfn, machine->current.cpu)) {
		mm_queue_dirty(machine, pfn);
		return;
	}
	mm_clear_dirty(machine, pfn);
}

/* A pass goes over all that is dirty as it begins, and sees after PASS_NS whether that is still too much. */
static bool in_pass(const struct mm_machine *machine)
{
	const struct mm_writeback *wb = &machine->writeback;

	return wb->dirty_begin < wb->pass_until &&
	       mm_now_ns(machine) - wb->pass_begin_ns <= PASS_NS;
}

void mm_flush(struct mm_machine *machine)
{
	struct mm_writeback *wb = &machine->writeback;
	uint32_t most =
		machine->settings.write_queue ? machine->settings.write_queue : MM_WRITE_QUEUE;

	if (wb->dirty_begin == wb->dirty_end || machine->nr_dirty == 0)
		return;
	mm_update_bandwidth(machine);
	for (uint64_t last = wb->dirty_end;
	     wb->dirty_begin < last && wb->queues[MM_WRITE_FILE].count < most;) {
		if (wb->dirty_begin >= wb->flush_until && !in_pass(machine)) {
			if (machine->nr_dirty <= mm_dirty_limits(machine).background)
				return;
			wb->pass_until = wb->dirty_end;
			wb->pass_begin_ns = mm_now_ns(machine);
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
	uint64_t age_ns = machine->settings.dirty_expire_centisecs * NS_PER_CENTI;
	uint64_t now_ns = mm_now_ns(machine);
	uint32_t first = wb->nr_marks > MM_FLUSH_MARKS ? wb->nr_marks - MM_FLUSH_MARKS : 0;
	const struct mm_flush_mark *newest;

	for (uint32_t i = wb->nr_marks; i > first; i--) {
		const struct mm_flush_mark *mark = &wb->marks[(i - 1) % MM_FLUSH_MARKS];

		if (now_ns - mark->t_ns < age_ns)
			continue;
		if (mark->dirty_end > wb->flush_until)
			wb->flush_until = mark->dirty_end;
		break;
	}
	/* So far apart that they reach back far enough. */
	newest = &wb->marks[(wb->nr_marks - 1) % MM_FLUSH_MARKS];
	if (wb->nr_marks == 0 || now_ns - newest->t_ns >= age_ns / (MM_FLUSH_MARKS / 2))
		wb->marks[wb->nr_marks++ % MM_FLUSH_MARKS] =
			(struct mm_flush_mark){ now_ns, wb->dirty_end };
	mm_flush(machine);
}
