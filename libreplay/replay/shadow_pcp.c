/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frees that went past the per-CPU lists (free_unref_page(), 6.1 to 6.12).
 *
 * mm_page_free comes first, whichever way the page goes. If the list's lock is taken, the page goes
 * to the free lists and no further event says so. Four sequences tell:
 *
 *	free a, free b, batched a, [drain …,] free X, batched b     an interrupt in free_unref_folios()
 *	zone_locked a, zone_locked b, …, free X, alloc a            an interrupt in rmqueue_pcplist(),
 *	                                                            unless it came while a was cleared
 *	free X, free b, batched b; meanwhile, on another CPU:       drain_pages(), that CPU holds the
 *	    drain …, drain … of pages from this CPU's list          lock
 *	drain a, drain b, free X in an interrupt of that task       the end of free_pcppages_bulk()
 *
 * In the first, all of a batch is prepared before its first page is put on the list, so that X, which
 * came after that, is none of it. In the third, X is of the batch and was left out. In the last, the zone's lock
 * has kept interrupts out until all was drained: one that waited comes as soon as that is released, before the list's is, and
 * before any other event of the task.
 *
 * State: for each CPU the frees that may still turn out to be such an X, and the last drain of its
 * list from elsewhere, and by itself; for each page on a list, whose it is.
 *
 * Not modelled: an interrupt while a page is taken from a list without a refill, or is then cleared; a
 * drain during a free that is not of a batch. shadow_list.c finds most of those by what leaves the list
 * next; shadow_event.c puts right what is left when the page is next taken.
 */
#include "shadow_pcp.h"

#include <string.h>

#include "shadow_buddy.h"

#define DRAIN_PAUSE_NS 20000 /* a longer pause between two pages ends a drain */
#define BATCH_NS       60000 /* a batch is prepared in less */
/* What waited for the end of a drain has come by then, even where the CPU is emulated, and was taken off meanwhile. */
#define INTERRUPT_NS 20000000

static struct cpu_frees *cpu_frees(struct replay_shadow *s, uint32_t cpu)
{
	return cpu < s->kernel.nr_cpus ? &s->cpus[cpu] : NULL;
}

static bool is_all_on_list(const struct replay_shadow *s, const struct cpu_free *free)
{
	for (uint32_t i = free->index; i < free->index + (1u << free->order); i++)
		if (page_state(s, i) != PAGE_PCP)
			return false;
	return true;
}

/* The frees from number `first` on were made while the lock of the zone of `index` was held. */
static void bypass_lists(struct replay_shadow *s, struct cpu_frees *cpu, uint32_t first,
                         uint32_t index)
{
	const struct shadow_zone *zone = replay_shadow_zone_of(s, index);

	for (uint32_t i = first; i < cpu->count; i++) {
		const struct cpu_free *free = &cpu->frees[i];

		if (free->index - zone->base >= zone->nr || !is_all_on_list(s, free))
			continue;
		replay_shadow_give(s, free->index, free->order);
		s->stats.repairs[SHADOW_REPAIR_PAST_PCP] += 1u << free->order;
	}
	cpu->count = first;
}

static bool was_drained_meanwhile(const struct replay_shadow *s, const struct cpu_frees *cpu,
                                  const struct cpu_free *free)
{
	for (uint32_t i = 0; i < cpu->nr_drains; i++) {
		const struct cpu_drain *drain = &cpu->drains[i];
		const struct shadow_zone *zone = &s->zones[drain->zone];

		if (free->t_ns + BATCH_NS >= drain->begin_ns && free->t_ns <= drain->end_ns &&
		    free->index - zone->base < zone->nr)
			return true;
	}
	return false;
}

/*
 * Of the frees before number `end`, those that were to go onto the list while another CPU drained it.
 * Had they got there, they would have a mm_page_free_batched of their own by now.
 */
static void settle_drained(struct replay_shadow *s, struct cpu_frees *cpu, uint32_t end)
{
	for (uint32_t i = cpu->next; cpu->nr_drains && i < end; i++) {
		const struct cpu_free *free = &cpu->frees[i];

		if (!was_drained_meanwhile(s, cpu, free) || !is_all_on_list(s, free))
			continue;
		replay_shadow_give(s, free->index, free->order);
		s->stats.repairs[SHADOW_REPAIR_PAST_PCP] += 1u << free->order;
	}
	cpu->nr_drains = 0;
}

bool replay_shadow_pcp_is_draining(struct replay_shadow *s, const struct mmr_event *event,
                                   uint32_t index)
{
	struct cpu_frees *cpu = cpu_frees(s, event->cpu);
	uint32_t zone = (uint32_t)(replay_shadow_zone_of(s, index) - s->zones);

	if (!cpu || !(event->page.context & IN_INTERRUPT)) {
		replay_shadow_pcp_other(s, event->cpu);
		return false;
	}
	return cpu->drained == zone + 1 && cpu->drainer == event->pid &&
	       s->now_ns - cpu->drained_ns <= INTERRUPT_NS;
}

void replay_shadow_pcp_other(struct replay_shadow *s, uint32_t nr)
{
	struct cpu_frees *cpu = cpu_frees(s, nr);

	if (cpu)
		cpu->drained = 0;
}

void replay_shadow_pcp_free(struct replay_shadow *s, uint32_t nr, uint32_t index,
                            unsigned int order)
{
	struct cpu_frees *cpu = cpu_frees(s, nr);

	if (!cpu)
		return;
	if (cpu->count == MAX_CPU_FREES)
		cpu->count = cpu->batch_end = cpu->next = cpu->nr_refilled = 0;
	cpu->frees[cpu->count++] = (struct cpu_free){ s->now_ns, index, (uint8_t)order };
	s->list_cpu[index] = (uint8_t)nr;
	replay_shadow_set_refilled(s, index, false);
}

/* Number of a free among [first, end), or end. Batches come in the order of their frees. */
static uint32_t find_free(const struct cpu_frees *cpu, uint32_t first, uint32_t end, uint32_t index)
{
	while (first < end && cpu->frees[first].index != index)
		first++;
	return first;
}

void replay_shadow_pcp_batched(struct replay_shadow *s, uint32_t nr, uint32_t index)
{
	struct cpu_frees *cpu = cpu_frees(s, nr);
	uint32_t found;

	if (!cpu)
		return;
	cpu->nr_refilled = 0;
	found = find_free(cpu, cpu->next, cpu->batch_end, index);
	if (found < cpu->batch_end) {
		if (replay_shadow_zone_of(s, index) == replay_shadow_zone_of(s, cpu->batched))
			bypass_lists(s, cpu, cpu->batch_end, index);
	} else {
		/* The first of a batch: what was freed before it belongs to no later one. */
		found = find_free(cpu, cpu->batch_end, cpu->count, index);
		if (found < cpu->count)
			settle_drained(s, cpu, found);
		cpu->batch_end = cpu->count;
	}
	cpu->next = found + 1;
	cpu->batched = index;
	if (cpu->next >= cpu->batch_end)
		cpu->count = cpu->batch_end = cpu->next = 0;
}

void replay_shadow_pcp_reclaimed(struct replay_shadow *s, uint32_t nr)
{
	struct cpu_frees *cpu = cpu_frees(s, nr);

	if (cpu)
		settle_drained(s, cpu, cpu->count);
}

void replay_shadow_pcp_refill(struct replay_shadow *s, uint32_t nr, uint32_t index)
{
	struct cpu_frees *cpu = cpu_frees(s, nr);

	if (!cpu)
		return;
	if (cpu->nr_refilled == 0 || cpu->count != cpu->refill_end) {
		cpu->nr_refilled = 0;
		cpu->refilled = index;
		cpu->refill_end = cpu->count;
	}
	cpu->nr_refilled++;
	s->list_cpu[index] = (uint8_t)nr;
	replay_shadow_set_refilled(s, index, true);
}

void replay_shadow_pcp_alloc(struct replay_shadow *s, uint32_t nr, uint32_t index, bool cleared)
{
	struct cpu_frees *cpu = cpu_frees(s, nr);

	if (!cpu || cpu->nr_refilled == 0)
		return;
	/* A single page may have been taken past the list, without its lock. */
	if (!cleared && cpu->nr_refilled > 1 && index == cpu->refilled &&
	    cpu->refill_end <= cpu->count)
		bypass_lists(s, cpu, cpu->refill_end, index);
	cpu->nr_refilled = 0;
}

void replay_shadow_pcp_drain(struct replay_shadow *s, const struct mmr_event *event, uint32_t index)
{
	uint32_t owner = s->list_cpu[index], nr = event->cpu;
	struct cpu_frees *cpu = cpu_frees(s, owner);
	struct cpu_drain *last;

	if (cpu && owner == nr && !(event->page.context & IN_INTERRUPT)) {
		cpu->drained = (uint32_t)(replay_shadow_zone_of(s, index) - s->zones) + 1;
		cpu->drainer = event->pid;
		cpu->drained_ns = s->now_ns;
	}
	if (!cpu || owner == nr || page_state(s, index) != PAGE_PCP)
		return;
	last = &cpu->drains[cpu->nr_drains ? cpu->nr_drains - 1 : 0];
	if (cpu->nr_drains && s->now_ns - last->end_ns <= DRAIN_PAUSE_NS) {
		last->end_ns = s->now_ns;
		return;
	}
	if (cpu->nr_drains == MAX_CPU_DRAINS)
		memmove(cpu->drains, cpu->drains + 1, --cpu->nr_drains * sizeof(*cpu->drains));
	cpu->drains[cpu->nr_drains++] = (struct cpu_drain){
		.begin_ns = s->now_ns,
		.end_ns = s->now_ns,
		.zone = (uint32_t)(replay_shadow_zone_of(s, index) - s->zones),
	};
}

void replay_shadow_pcp_lost(struct replay_shadow *s)
{
	for (uint32_t i = 0; i < s->kernel.nr_cpus; i++) {
		struct cpu_frees *cpu = &s->cpus[i];

		cpu->count = cpu->batch_end = cpu->next = cpu->nr_refilled = 0;
		cpu->nr_drains = 0;
		cpu->drained = 0;
		cpu->nr_run = 0;
	}
	for (size_t i = 0;
	     i < (size_t)s->kernel.nr_cpus * s->nr_zones * NR_LIST_ORDERS * NR_LIST_TYPES; i++)
		s->lists[i].nr = 0;
}
