/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Huge pages of which a part has ended: they keep their memory until somebody splits them.
 *
 * The first base page that ends takes the huge page's entry in the upper page table apart and puts the page into the queue,
 * unless the others end right behind it. Reclaim asks the queue as it asks any cache of the kernel's: the longer it is and the
 * lower the priority, the more of it is split, oldest first, and what had ended is free then.
 *
 * State: the queue, by number of the first base page; MM_LP_DEFERRED of those that are in it. An entry whose page has
 * ended or was split goes when the queue is looked at. The page that came last is counted when another one follows: an exit
 * ends 512 base pages one by one where the recorded kernel had them in pieces, and that is no use for a queue.
 *
 * Follows deferred_split_folio(), deferred_split_count(), deferred_split_scan() of v6.12 and, with the counts of
 * do_shrink_slab(), v6.1.
 *
 * Not modelled: parts of a huge page that processes shared after a fork and that each has copied since, of which no event
 * tells; huge pages that hold little but zeroes (shrink_underused), which are left alone as long as max_ptes_none is 511,
 * as it is unless somebody sets it; a queue for each memory cgroup.
 */
#include "huge_memory.h"
#include "internal.h"

#define BATCH 128u
#define SEEKS 2u

static bool is_queued(const struct mm_machine *machine, uint32_t number)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);

	return lpage->order > 1 && lpage->pfn != MM_NONE && (lpage->flags & MM_LP_DEFERRED);
}

/* __split_huge_pmd(): its base pages have entries of their own from now on. */
void mm_split_huge_pmd(struct mm_machine *machine, uint32_t number)
{
	struct mm_lpage *lpage = mm_lpage(machine, number);

	if (lpage->flags & MM_LP_PTE_MAPPED)
		return;
	lpage->flags |= MM_LP_PTE_MAPPED;
	mm_count(machine, MM_THP_SPLIT_PMD, 1);
	mm_tlb_split(machine, machine->current.cpu, number);
}

/* Before 6.8 its base pages were unmapped one by one, and the first of them put it into the queue. */
void mm_split_mapped(struct mm_machine *machine, uint32_t number)
{
	bool whole = !(mm_lpage(machine, number)->flags & MM_LP_PTE_MAPPED);

	mm_split_huge_pmd(machine, number);
	mm_count(machine, MM_THP_DEFERRED_SPLIT_PAGE,
	         whole && machine->settings.kernel < MM_KERNEL(6, 8));
}

static void count_last(struct mm_machine *machine)
{
	struct mm_deferred_split *queue = &machine->huge.deferred;

	if (queue->last != MM_NONE && is_queued(machine, queue->last)) {
		uint32_t order = mm_lpage(machine, queue->last)->order;

		if (order == MM_PAGEBLOCK_ORDER) {
			mm_split_huge_pmd(machine, queue->last);
			mm_count(machine, MM_THP_DEFERRED_SPLIT_PAGE, 1);
		}
		mm_count_folio(machine, order, MM_FOLIO_SPLIT_DEFERRED);
	}
	queue->last = MM_NONE;
}

void mm_deferred_split_seen(struct mm_machine *machine, uint32_t number)
{
	if (machine->huge.deferred.last == number)
		count_last(machine);
}

uint64_t mm_nr_deferred(const struct mm_machine *machine, uint32_t order)
{
	const struct mm_deferred_split *queue = &machine->huge.deferred;
	uint64_t nr = 0;

	/* The queue may have one twice. */
	for (uint32_t i = 0; queue->numbers.count > 0 && i < machine->nr_lpages; i++)
		nr += is_queued(machine, i) && i != queue->last &&
		      mm_lpage(machine, i)->order == order;
	return nr;
}

/* Those that are there no more go. */
static void tidy(struct mm_machine *machine)
{
	struct mm_number_vec *numbers = &machine->huge.deferred.numbers;
	size_t nr = 0;

	for (size_t i = 0; i < numbers->count; i++)
		if (is_queued(machine, numbers->items[i]))
			numbers->items[nr++] = numbers->items[i];
	numbers->count = nr;
}

void mm_deferred_split(struct mm_machine *machine, uint32_t number)
{
	struct mm_deferred_split *queue = &machine->huge.deferred;

	if (mm_lpage(machine, number)->flags & MM_LP_DEFERRED)
		return;
	count_last(machine);
	if (queue->numbers.count == queue->numbers.capacity)
		tidy(machine);
	mm_lpage(machine, number)->flags |= MM_LP_DEFERRED;
	queue->last = number;
	if (mm_number_vec_push(&queue->numbers, number) < 0)
		machine->lacks = "a queue of huge pages";
}

uint64_t mm_nr_to_scan(uint64_t *nr_deferred, uint64_t freeable, int8_t priority)
{
	uint64_t delta = (freeable >> priority) * 4 / SEEKS, done = 0, next;
	uint64_t total = (*nr_deferred >> priority) + delta;

	if (total > 2 * freeable)
		total = 2 * freeable;
	if (total >= freeable)
		done = freeable;
	else
		done = total / BATCH * BATCH;
	next = *nr_deferred + delta > done ? *nr_deferred + delta - done : 0;
	*nr_deferred = next < 2 * freeable ? next : 2 * freeable;
	return done;
}

void mm_deferred_split_scan(struct mm_node *node, const struct mm_scan_control *sc)
{
	struct mm_machine *machine = node->machine;
	struct mm_deferred_split *queue = &machine->huge.deferred;
	uint64_t left;

	if (queue->numbers.count == 0)
		return;
	count_last(machine);
	tidy(machine);
	left = mm_nr_to_scan(&queue->nr_deferred, queue->numbers.count, sc->priority);
	mm_count(machine, MM_SLABS_SCANNED, left);
	machine->current.cpu = sc->cpu;
	for (size_t i = 0; i < queue->numbers.count && left > 0; i++) {
		uint32_t number = queue->numbers.items[i];

		if (mm_page_node(machine, mm_lpage(machine, number)->pfn) != node)
			continue;
		left--;
		mm_take_apart(machine, number);
	}
	tidy(machine);
}

void mm_deferred_split_deinit(struct mm_machine *machine)
{
	mm_number_vec_deinit(&machine->huge.deferred.numbers);
}
