/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing pages to their devices: what is being written, how much may be dirty, and who has to wait for it.
 *
 * A page that is being written stays on its list; the writes of a queue end in the order in which they began.
 * One that reclaim waits for (PG_reclaim, here MM_IO_RECLAIM) then moves to where it is taken next.
 *
 * There are two devices, that of the swap area and that of the files. To swap each CPU has a queue of its own (blk-mq): what a
 * task writes need not wait for what kswapd has written on another CPU.
 *
 *	queue       0        1        2
 *	            files    CPU 0    CPU 1 ...
 *
 * State: a ring of the writes of each queue.
 *
 * Follows folio_start_writeback(), folio_end_writeback(), folio_rotate_reclaimable(), domain_dirty_limits(),
 * global_dirtyable_memory() of v6.12.
 *
 * Bias: kswapd writes to the queue of the CPU that it had in the recording at about that time (mm_kswapd_set_write_cpu()),
 * also where it runs on another one here.
 *
 * Not modelled: devices of one queue; several devices of files; that swap may share the device with files; highmem;
 * higher limits for real-time tasks.
 */
#include "internal.h"

#include "alloc.h"
#include "error_set.h"

#define PAGE_BYTES 4096u
#define RATIO_ONE  4096u /* ratios are rounded to this first, as by the kernel */

int mm_writeback_init(struct mm_machine *machine, struct mmr_error *err)
{
	struct mm_writeback *wb = &machine->writeback;

	wb->nr_queues = MM_WRITE_SWAP + machine->nr_cpus;
	if (wb->nr_queues > MM_NR_WRITE_QUEUES)
		wb->nr_queues = MM_NR_WRITE_QUEUES;
	for (uint32_t i = 0; i < wb->nr_queues; i++) {
		wb->queues[i].writes =
			base_calloc_err(MM_FIRST_WRITES, sizeof(struct mm_write), "writes", err);
		if (!wb->queues[i].writes)
			return MMR_E_NOMEM;
		wb->queues[i].size = MM_FIRST_WRITES;
	}
	return mm_flushers_init(machine, err);
}

void mm_writeback_deinit(struct mm_machine *machine)
{
	for (uint32_t i = 0; i < machine->writeback.nr_queues; i++)
		base_free(machine->writeback.queues[i].writes);
	mm_flushers_deinit(machine);
}

/* ---- writes ---- */

static bool goes_to_swap(const struct mm_page *page)
{
	return page->flags & (MM_PG_ANON | MM_PG_SHMEM);
}

uint32_t mm_nr_write_queues(const struct mm_machine *machine)
{
	return machine->writeback.nr_queues;
}

uint32_t mm_swap_queue(const struct mm_machine *machine, uint16_t cpu)
{
	return MM_WRITE_SWAP + mm_swap_queue_of(machine->nr_cpus, cpu);
}

uint16_t mm_write_cpu(const struct mm_machine *machine, const struct mm_scan_control *sc)
{
	return sc->kswapd ? machine->nodes[sc->node].kswapd.write_cpu : sc->cpu;
}

static void account(struct mm_machine *machine, const struct mm_page *page, bool begin)
{
	struct mm_zone *zone = &machine->zones[page->zone];
	uint32_t nr = mm_block_pages(page->order);

	machine->nr_writeback += begin ? nr : -(uint64_t)nr;
	zone->nr_writeback += begin ? nr : -nr;
}

static struct mm_write *write_at(struct mm_write_queue *queue, uint32_t at)
{
	return &queue->writes[at % queue->size];
}

/* false: there is no memory for more, or they are too many. */
static bool grow(struct mm_write_queue *queue)
{
	struct mm_write_queue larger = *queue;

	if (queue->size == MM_MAX_WRITES)
		return false;
	larger.size *= 2;
	larger.writes = base_calloc(larger.size, sizeof(*larger.writes));
	if (!larger.writes)
		return false;
	for (uint32_t at = queue->begin; at != queue->end; at++)
		*write_at(&larger, at) = *write_at(queue, at);
	base_free(queue->writes);
	*queue = larger;
	return true;
}

bool mm_start_writeback(struct mm_machine *machine, uint32_t pfn, uint16_t cpu)
{
	struct mm_page *page = &machine->pages[pfn];
	uint32_t to = goes_to_swap(page) ? mm_swap_queue(machine, cpu) : (uint32_t)MM_WRITE_FILE;
	struct mm_write_queue *queue = &machine->writeback.queues[to];

	MM_CHECK(machine, !mm_is_writeback(page), pfn);
	if (queue->end - queue->begin == queue->size && !grow(queue))
		return false;
	page->io |= MM_IO_WRITEBACK;
	*write_at(queue, queue->end++) =
		(struct mm_write){ mm_now_ns(machine), pfn, machine->current.cpu };
	queue->count++;
	machine->writeback.count++;
	account(machine, page, true);
	return true;
}

/* Entries of pages that were freed meanwhile. */
static void skip_cancelled(struct mm_write_queue *queue)
{
	while (queue->begin != queue->end && write_at(queue, queue->begin)->pfn == MM_NONE)
		queue->begin++;
}

static bool cancel(struct mm_write_queue *queue, uint32_t pfn)
{
	for (uint32_t at = queue->begin; at != queue->end; at++) {
		if (write_at(queue, at)->pfn != pfn)
			continue;
		write_at(queue, at)->pfn = MM_NONE;
		queue->count--;
		skip_cancelled(queue);
		return true;
	}
	return false;
}

void mm_cancel_writeback(struct mm_machine *machine, uint32_t pfn)
{
	struct mm_writeback *wb = &machine->writeback;
	struct mm_page *page = &machine->pages[pfn];
	uint32_t i = 0;

	if (mm_is_writeback(page)) {
		while (!cancel(&wb->queues[i], pfn))
			i++;
		wb->count--;
		account(machine, page, false);
	}
	page->io &= MM_IO_QUEUED;
}

static void end_write(struct mm_machine *machine, const struct mm_write *write)
{
	uint32_t pfn = write->pfn;
	struct mm_page *page = &machine->pages[pfn];
	bool rotate = (page->io & MM_IO_RECLAIM) && !(page->flags & MM_PG_DIRTY);
	uint16_t this_cpu = machine->current.cpu;

	account(machine, page, false);
	machine->nr_written += mm_block_pages(page->order);
	if (!goes_to_swap(page))
		machine->writeback.nr_files_written += mm_block_pages(page->order);
	page->io &= (uint8_t) ~(MM_IO_WRITEBACK | MM_IO_RECLAIM);
	if (!rotate || !(page->flags & MM_PG_LRU))
		return;
	machine->current.cpu = write->cpu;
	mm_folio_batch_add(machine, MM_BATCH_MOVE_TAIL, pfn);
	machine->current.cpu = this_cpu;
}

uint32_t mm_nr_writeback(const struct mm_machine *machine)
{
	return machine->writeback.count;
}

bool mm_swap_writes_full(const struct mm_machine *machine, uint16_t cpu)
{
	return machine->writeback.queues[mm_swap_queue(machine, cpu)].count >= MM_WRITEBACK_LIMIT;
}

bool mm_lpage_is_written(const struct mm_machine *machine, uint32_t number)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);

	return lpage->kind == MM_LPAGE_FILE && lpage->pfn != MM_NONE &&
	       mm_is_writeback(&machine->pages[lpage->pfn]);
}

uint32_t mm_oldest_write_pages(const struct mm_machine *machine, uint32_t number)
{
	const struct mm_write_queue *queue = &machine->writeback.queues[number];

	if (queue->count == 0)
		return 0;
	return mm_block_pages(machine->pages[queue->writes[queue->begin % queue->size].pfn].order);
}

uint64_t mm_oldest_write_begin_ns(const struct mm_machine *machine, uint32_t number)
{
	const struct mm_write_queue *queue = &machine->writeback.queues[number];

	return queue->writes[queue->begin % queue->size].begin_ns;
}

static bool end_oldest(struct mm_machine *machine, uint32_t number)
{
	struct mm_write_queue *queue = &machine->writeback.queues[number];

	if (queue->count == 0)
		return false;
	queue->count--;
	machine->writeback.count--;
	end_write(machine, write_at(queue, queue->begin++));
	skip_cancelled(queue);
	return true;
}

void mm_end_write(struct mm_machine *machine, uint32_t queue)
{
	end_oldest(machine, queue);
	mm_flush(machine);
}

void mm_end_writeback(struct mm_machine *machine, uint32_t nr)
{
	for (uint32_t i = machine->writeback.nr_queues; i-- > 0;) {
		while (nr > 0 && end_oldest(machine, i))
			nr--;
	}
	mm_flush(machine);
}

/* ---- limits ---- */

uint64_t mm_totalreserve_pages(const struct mm_machine *machine)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < machine->nr_zones; i++) {
		const struct mm_zone *zone = &machine->zones[i];
		uint64_t reserve = 0;

		for (uint32_t type = zone->type; type < MM_NR_ZONE_TYPES; type++)
			if (zone->reserve[type] > reserve)
				reserve = zone->reserve[type];
		reserve += zone->wmark[MM_WMARK_HIGH];
		pages += reserve < zone->managed ? reserve : zone->managed;
	}
	return pages;
}

/* What may be dirty at all: free memory and the page cache. */
static uint64_t dirtyable_pages(const struct mm_machine *machine)
{
	uint64_t reserved = mm_totalreserve_pages(machine), file = 0, pages;
	int64_t free = 0;

	for (uint32_t i = 0; i < machine->nr_zones; i++) {
		free += machine->zones[i].free_pages;
		file += machine->zones[i].nr_lru[MM_LRU_FILE];
	}
	pages = free > 0 ? (uint64_t)free : 0;
	return (pages > reserved ? pages - reserved : 0) + file + 1;
}

static uint64_t share(uint64_t bytes, uint32_t percent, uint64_t pages)
{
	if (bytes > 0)
		return (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
	return (uint64_t)percent * RATIO_ONE / 100 * pages / RATIO_ONE;
}

struct mm_dirty_limits mm_dirty_limits_of(const struct mm_machine *machine, uint64_t pages)
{
	const struct mm_settings *settings = &machine->settings;
	struct mm_dirty_limits limits = {
		.background = share(settings->dirty_background_bytes,
		                    settings->dirty_background_ratio, pages),
		.dirty = share(settings->dirty_bytes, settings->dirty_ratio, pages),
	};

	if (limits.background >= limits.dirty)
		limits.background = limits.dirty / 2;
	return limits;
}

struct mm_dirty_limits mm_dirty_limits(const struct mm_machine *machine)
{
	return mm_dirty_limits_of(machine, dirtyable_pages(machine));
}
