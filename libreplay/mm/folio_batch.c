/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Batches of pages on their way to the lists, or within them.
 *
 * A page does not join the policy's lists at once: it waits on the CPU that brought it in until 31 do (15
 * before 6.8), and they join together, in order. Other CPUs cannot see it there: it is not aged, not
 * reclaimed, not moved, and of its uses only those on the same CPU make it active. Pages that are to move within
 * the lists wait alike, each kind in a batch of its own: those that were used twice, those whose write is over and
 * that go next, those that are no longer wanted. They stay where they are meanwhile, held by the batch, so
 * that reclaim and migration cannot have them.
 *
 * Large pages wait for nobody: with one, all of its batch move. A CPU's batches are emptied when it begins to
 * reclaim or to compact, at a fault to write to a page that waits, when pages end (truncation; before 6.14 munmap() and exit(), too) and after it read ahead
 * from swap; those of all CPUs by drop_caches, compact_memory and khugepaged.
 *
 * State: the batches of each CPU; mm_page.io says in which one a page is. An entry whose page was freed stays, as the
 * page does that the kernel then frees with its batch; here it is free at once.
 *
 * Follows folio_batch_add_and_move(), folio_batch_move_lru(), lru_add_drain_cpu(), lru_add(), lru_activate(),
 * lru_move_tail(), lru_deactivate_file(), lru_lazyfree() of v6.12 and v6.1.
 *
 * Not modelled: mlock()'s batch (locked pages leave the lists at once).
 */
#include "internal.h"

#include "alloc.h"
#include "error_set.h"

#define SIZE_BEFORE_6_8 15u

int mm_folio_batches_init(struct mm_machine *machine, struct mmr_error *err)
{
	machine->batches =
		base_calloc_err(machine->nr_cpus, sizeof(*machine->batches), "batches", err);
	machine->batch_size = 1;
	return machine->batches ? 0 : MMR_E_NOMEM;
}

void mm_folio_batches_deinit(struct mm_machine *machine)
{
	base_free(machine->batches);
}

void mm_folio_batches_begin(struct mm_machine *machine)
{
	machine->batch_size =
		machine->settings.kernel < MM_KERNEL(6, 8) ? SIZE_BEFORE_6_8 : MM_FOLIO_BATCH;
}

static const uint8_t waiting[MM_NR_BATCHES] = {
	[MM_BATCH_ADD] = MM_IO_ADDING,
	[MM_BATCH_MOVE_TAIL] = MM_IO_ROTATING,
	[MM_BATCH_DEACTIVATE_FILE] = MM_IO_DEACTIVATING,
	[MM_BATCH_DEACTIVATE] = MM_IO_DEACTIVATING,
	[MM_BATCH_LAZYFREE] = MM_IO_DEACTIVATING,
	[MM_BATCH_ACTIVATE] = MM_IO_ACTIVATING,
};

void mm_seed_waiting(struct mm_machine *machine, uint32_t cpu, uint32_t nr_pages)
{
	struct mm_cpu_batches *batches = &machine->batches[cpu % machine->nr_cpus];
	struct mm_folio_batch *batch = &batches->of[MM_BATCH_ADD];

	for (; nr_pages > 0 && batch->nr + 1u < machine->batch_size; nr_pages--) {
		batch->waits[batch->nr++] = (struct mm_folio_wait){ 0, MM_NONE };
		batches->nr++;
	}
}

/* ---- what becomes of a page at the end of its wait ---- */

static void move_tail(struct mm_machine *machine, struct mm_node *node, uint32_t pfn)
{
	mm_count(machine, MM_PGROTATED, mm_block_pages(machine->pages[pfn].order));
	machine->policy->page_removed(node, pfn);
	machine->policy->putback(node, pfn, MM_PUTBACK_ROTATE);
}

static void deactivate_file(struct mm_machine *machine, struct mm_node *node, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];
	bool busy = mm_is_writeback(page) || (page->flags & MM_PG_DIRTY);

	if (!(page->flags & MM_PG_UNMAPPED) || !machine->policy->deactivate)
		return;
	if (busy)
		page->io |= MM_IO_RECLAIM;
	else
		mm_count(machine, MM_PGROTATED, mm_block_pages(page->order));
	machine->policy->deactivate(node, pfn, !busy);
}

/* MADV_COLD. Where there are generations none is active, and all count. */
static void deactivate(struct mm_machine *machine, struct mm_node *node, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];

	if (!machine->policy->deactivate)
		return;
	if (machine->policy->eviction)
		mm_count(machine, MM_PGDEACTIVATE, mm_block_pages(page->order));
	else if (!(page->flags & MM_PG_ACTIVE))
		return;
	machine->policy->deactivate(node, pfn, false);
}

/* Written since: the promise is void. */
static void lazyfree(struct mm_machine *machine, struct mm_node *node, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];

	if (page->flags & (MM_PG_SWAPCACHE | MM_PG_FILE | MM_PG_DIRTY))
		return;
	machine->policy->page_removed(node, pfn);
	page->flags &= (uint16_t)~MM_PG_YOUNG;
	page->flags |= MM_PG_FILE;
	machine->policy->page_added(node, pfn);
	mm_count(machine, MM_PGLAZYFREE, mm_block_pages(page->order));
}

static void move(struct mm_machine *machine, enum mm_folio_batch_kind kind, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];
	struct mm_node *node = mm_page_node(machine, pfn);

	page->io &= (uint8_t)~waiting[kind];
	if (page->flags & MM_PG_UNEVICTABLE)
		return;
	if (kind == MM_BATCH_ADD) {
		machine->policy->page_added(node, pfn);
		return;
	}
	if (!(page->flags & MM_PG_LRU))
		return;
	switch (kind) {
	case MM_BATCH_MOVE_TAIL:
		move_tail(machine, node, pfn);
		break;
	case MM_BATCH_DEACTIVATE_FILE:
		deactivate_file(machine, node, pfn);
		break;
	case MM_BATCH_DEACTIVATE:
		deactivate(machine, node, pfn);
		break;
	case MM_BATCH_LAZYFREE:
		lazyfree(machine, node, pfn);
		break;
	case MM_BATCH_ACTIVATE:
		if (machine->policy->activate)
			machine->policy->activate(node, pfn);
		break;
	case MM_BATCH_ADD:
	case MM_NR_BATCHES:
		break;
	}
}

/* ---- batches ---- */

/* Of a page that was freed since, and may be another one now, nothing waits. */
static bool is_valid(const struct mm_machine *machine, enum mm_folio_batch_kind kind,
                     const struct mm_folio_wait *wait)
{
	const struct mm_page *page = &machine->pages[wait->pfn];

	return page->logical == wait->logical && (page->io & waiting[kind]);
}

void mm_folio_batch_flush(struct mm_machine *machine, uint32_t cpu, enum mm_folio_batch_kind kind)
{
	struct mm_folio_batch *batch = &machine->batches[cpu].of[kind];
	uint32_t nr = batch->nr;

	machine->batches[cpu].nr -= nr;
	batch->nr = 0;
	for (uint32_t i = 0; i < nr; i++) {
		if (is_valid(machine, kind, &batch->waits[i]))
			move(machine, kind, batch->waits[i].pfn);
	}
}

void mm_folio_batch_add(struct mm_machine *machine, enum mm_folio_batch_kind kind, uint32_t pfn)
{
	struct mm_cpu_batches *cpu = &machine->batches[machine->current.cpu];
	struct mm_folio_batch *batch = &cpu->of[kind];
	struct mm_page *page = &machine->pages[pfn];

	MM_CHECK(machine, (kind == MM_BATCH_ADD) != !!(page->flags & MM_PG_LRU), pfn);
	page->io |= waiting[kind];
	batch->waits[batch->nr++] = (struct mm_folio_wait){ pfn, page->logical };
	cpu->nr++;
	if (batch->nr >= machine->batch_size || page->order > 0)
		mm_folio_batch_flush(machine, machine->current.cpu, kind);
}

void mm_folio_batch_rename(struct mm_machine *machine, uint32_t pfn, uint32_t was)
{
	const struct mm_page *page = &machine->pages[pfn];

	for (uint32_t i = 0; (page->io & MM_IO_HELD) && i < machine->nr_cpus * MM_NR_BATCHES; i++) {
		struct mm_folio_batch *batch =
			&machine->batches[i / MM_NR_BATCHES].of[i % MM_NR_BATCHES];

		for (uint32_t k = 0; k < batch->nr; k++)
			if (batch->waits[k].pfn == pfn && batch->waits[k].logical == was)
				batch->waits[k].logical = page->logical;
	}
}

bool mm_waits_here(const struct mm_machine *machine, uint32_t pfn)
{
	const struct mm_folio_batch *batch =
		&machine->batches[machine->current.cpu].of[MM_BATCH_ADD];

	if (!(machine->pages[pfn].io & MM_IO_ADDING))
		return false;
	for (uint32_t i = batch->nr; i-- > 0;) {
		if (batch->waits[i].pfn == pfn)
			return is_valid(machine, MM_BATCH_ADD, &batch->waits[i]);
	}
	return false;
}

void mm_lru_add_drain(struct mm_machine *machine, uint32_t cpu)
{
	for (uint32_t kind = 0; kind < MM_NR_BATCHES && machine->batches[cpu].nr > 0; kind++)
		mm_folio_batch_flush(machine, cpu, (enum mm_folio_batch_kind)kind);
}

void mm_unmap_begin(struct mm_machine *machine, uint32_t cpu)
{
	if (machine->settings.kernel < MM_KERNEL(6, 14))
		mm_lru_add_drain(machine, cpu % machine->nr_cpus);
}

void mm_lru_add_drain_all(struct mm_machine *machine)
{
	for (uint32_t cpu = 0; cpu < machine->nr_cpus; cpu++)
		mm_lru_add_drain(machine, cpu);
}

uint64_t mm_nr_waiting(const struct mm_machine *machine, enum mm_folio_batch_kind kind)
{
	uint64_t pages = 0;

	for (uint32_t cpu = 0; cpu < machine->nr_cpus; cpu++) {
		const struct mm_folio_batch *batch = &machine->batches[cpu].of[kind];

		for (uint32_t i = 0; i < batch->nr; i++)
			pages += is_valid(machine, kind, &batch->waits[i]);
	}
	return pages;
}
