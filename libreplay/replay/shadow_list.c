/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frees that went past a per-CPU list, told by what is taken from the list afterwards (free_unref_page(),
 * __rmqueue_pcplist(), free_pcppages_bulk(), 6.1 to 6.12).
 *
 * An interrupt that frees a page may find the list's lock taken, or may not: between an allocation's
 * taking of the lock and its event lies also the clearing of the page, and nothing says which of the
 * two was interrupted. The list itself does: a freed page goes to its head, an allocation takes the
 * head, a drain takes the tail, and a refill comes only when it is empty. So a page that should have
 * been taken before another, and was not, went to the buddy.
 *
 * State: for each CPU, zone, order and type the latest frees by interrupts after which an allocation of the
 * interrupted task came, each with the number of allocations that the CPU had seen before. An allocation's
 * event comes some time after the page was taken; what was freed since the allocation before it is not
 * judged yet.
 *
 * Not modelled: lists of order 9; pages of pageblocks that were not always of one type, as far as events
 * tell; pages allocated in bulk, of which no event tells. A single page may have been taken without the
 * list: it says nothing, but where a refill is a single page.
 */
#include "shadow_list.h"

#include <string.h>

#include "shadow_buddy.h"
#include "shadow_text.h"

/* The list of a page, or NULL. */
static struct pcp_list *list_of(struct replay_shadow *s, uint32_t cpu, uint32_t index,
                                unsigned int order, unsigned int type)
{
	const struct shadow_zone *zone = replay_shadow_zone_of(s, index);
	size_t i;

	if (cpu >= s->kernel.nr_cpus || order >= NR_LIST_ORDERS || type >= NR_LIST_TYPES || !zone)
		return NULL;
	i = cpu * (size_t)s->nr_zones + (size_t)(zone - s->zones);
	return &s->lists[(i * NR_LIST_ORDERS + order) * NR_LIST_TYPES + type];
}

static struct pcp_list *list_of_freed(struct replay_shadow *s, uint32_t cpu, uint32_t index,
                                      unsigned int order)
{
	const struct shadow_pageblock *pb = &s->pageblock[index / SHADOW_PAGEBLOCK_PAGES];

	if (!(pb->flags & PB_TYPED) || pb->types != 1u << pb->type)
		return NULL;
	return list_of(s, cpu, index, order, pb->type >= NR_LIST_TYPES ? SHADOW_MOVABLE : pb->type);
}

/* Number of the latest free of a page, or list->nr. */
static uint32_t find_free(const struct pcp_list *list, uint32_t index)
{
	for (uint32_t i = list->nr; i > 0; i--)
		if (list->frees[i - 1].index == index)
			return i - 1;
	return list->nr;
}

static void forget_free(struct pcp_list *list, uint32_t i)
{
	list->nr--;
	memmove(&list->frees[i], &list->frees[i + 1], (list->nr - i) * sizeof(*list->frees));
}

static bool is_on_list(const struct replay_shadow *s, uint32_t cpu, uint32_t index)
{
	return page_state(s, index) == PAGE_PCP && s->list_cpu[index] == (uint8_t)cpu;
}

/* Forgets what has left the list without being judged, or else the older half. */
static void make_room(const struct replay_shadow *s, struct pcp_list *list, uint32_t cpu)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < list->nr; i++)
		if (is_on_list(s, cpu, list->frees[i].index) &&
		    !replay_shadow_was_refilled(s, list->frees[i].index))
			list->frees[nr++] = list->frees[i];
	list->nr = nr;
	if (nr < MAX_LIST_FREES)
		return;
	list->nr = MAX_LIST_FREES / 2;
	memmove(list->frees, list->frees + list->nr, list->nr * sizeof(*list->frees));
}

static void push(struct replay_shadow *s, uint32_t cpu, const struct run_free *free)
{
	struct pcp_list *list = list_of_freed(s, cpu, free->index, free->order);

	if (!list)
		return;
	if (find_free(list, free->index) < list->nr)
		forget_free(list, find_free(list, free->index)); /* it has left it meanwhile */
	if (list->nr == MAX_LIST_FREES)
		make_room(s, list, cpu);
	list->frees[list->nr++] = (struct list_free){ free->index, s->cpus[cpu].nr_allocs };
}

void replay_shadow_list_free(struct replay_shadow *s, const struct mmr_event *event, uint32_t index)
{
	struct cpu_frees *cpu;

	if (event->cpu >= s->kernel.nr_cpus || !(event->page.context & IN_INTERRUPT))
		return;
	cpu = &s->cpus[event->cpu];
	if (cpu->run_pid != event->pid)
		cpu->nr_run = 0;
	cpu->run_pid = event->pid;
	if (cpu->nr_run < MAX_RUN_FREES)
		cpu->run[cpu->nr_run++] = (struct run_free){ index, (uint8_t)event->page.order };
}

void replay_shadow_list_other(struct replay_shadow *s, uint32_t cpu)
{
	if (cpu < s->kernel.nr_cpus)
		s->cpus[cpu].nr_run = 0;
}

/* These frees, [first, end) of a list, went to the buddy unless they are too new to be judged. */
static void dismiss(struct replay_shadow *s, struct pcp_list *list, uint32_t cpu, uint32_t first,
                    uint32_t end, unsigned int order)
{
	uint32_t nr = first;

	for (uint32_t i = first; i < list->nr; i++) {
		const struct list_free free = list->frees[i];

		if (i >= end || free.nr_allocs == s->cpus[cpu].nr_allocs) {
			list->frees[nr++] = free;
			continue;
		}
		if (!is_on_list(s, cpu, free.index) || replay_shadow_was_refilled(s, free.index))
			continue;
		replay_shadow_give(s, free.index, order);
		s->stats.repairs[SHADOW_REPAIR_PAST_PCP] += 1u << order;
	}
	list->nr = nr;
}

/* A page was taken from a list. */
static void judge(struct replay_shadow *s, struct pcp_list *list, const struct mmr_event *event,
                  uint32_t index)
{
	const struct cpu_frees *cpu = &s->cpus[event->cpu];
	bool single = cpu->nr_refilled == 1 && cpu->refilled == index;
	uint32_t found = find_free(list, index);

	if (found < list->nr) {
		dismiss(s, list, event->cpu, found + 1, list->nr, event->page.order);
		forget_free(list, found);
	} else if (replay_shadow_was_refilled(s, index) &&
	           (!single || replay_shadow_zone_of(s, index)->batch == 1)) {
		dismiss(s, list, event->cpu, 0, list->nr, event->page.order);
	}
}

void replay_shadow_list_alloc(struct replay_shadow *s, const struct mmr_event *event,
                              uint32_t index)
{
	unsigned int type = replay_shadow_type(s, event->page.migratetype);
	struct pcp_list *list = list_of(s, event->cpu, index, event->page.order, type);
	struct cpu_frees *cpu;

	if (event->cpu >= s->kernel.nr_cpus || event->page.context & IN_INTERRUPT)
		return;
	cpu = &s->cpus[event->cpu];
	if (list && list->nr && is_on_list(s, event->cpu, index))
		judge(s, list, event, index);
	for (uint32_t i = 0; cpu->run_pid == event->pid && i < cpu->nr_run; i++)
		push(s, event->cpu, &cpu->run[i]);
	cpu->nr_run = 0;
	cpu->nr_allocs++;
}

void replay_shadow_list_drain(struct replay_shadow *s, uint32_t index, unsigned int order)
{
	uint32_t cpu = s->list_cpu[index];
	struct pcp_list *list = list_of_freed(s, cpu, index, order);
	uint32_t found;

	if (!list || list->nr == 0 || page_state(s, index) != PAGE_PCP)
		return;
	found = find_free(list, index);
	if (found == list->nr)
		return;
	dismiss(s, list, cpu, 0, found, order);
	forget_free(list, find_free(list, index));
}

void replay_shadow_list_batches(struct replay_shadow *s, const char *text, size_t size)
{
	const char *end = text + size;
	uint32_t zone = SHADOW_NONE;

	for (const char *next; text < end; text = next) {
		uint32_t other;
		uint64_t batch;

		next = replay_shadow_text_next_line(text, end);
		other = replay_shadow_text_zone(s, &text, next);
		if (other != SHADOW_NONE)
			zone = other;
		else if (replay_shadow_text_word(&text, next, "Node"))
			zone = SHADOW_NONE; /* one of which nothing is known */
		else if (zone != SHADOW_NONE && replay_shadow_text_word(&text, next, "batch:") &&
		         replay_shadow_text_number(&text, next, &batch))
			s->zones[zone].batch = (uint32_t)batch;
	}
}
