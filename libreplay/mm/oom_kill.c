/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Out of memory: whose address space goes.
 *
 * A space is what the processes of one mm share. It owns the anonymous pages that its tasks touched first
 * and its page tables; those it shares with the one it was forked from, and those it had when the machine
 * was built, are counted without a name. Badness is the sum, plus oom_score_adj thousandths of memory and
 * swap. The worst space is killed; of equals the one born last. While a victim has its memory still, nobody
 * else is killed. What it owned is freed by mm_space_reap(), when the caller says that it has exited or that
 * the reaper has got to it.
 *
 * Follows out_of_memory(), oom_badness(), oom_evaluate_task(), select_bad_process(), oom_kill_process(),
 * oom_reap_task_mm() of v6.12.
 *
 * Pages of files count as many as the recorded space mapped, whatever has been reclaimed of them here.
 *
 * Not modelled: memcg, cpuset and mempolicy constraints (all memory counts); tasks of several processes in one mm one by one (so in_vfork() decides nothing: the parent
 * stays a candidate with the same mm); oom_task_origin(); notifiers; a victim that cannot exit.
 */
#include "huge_memory.h"
#include "internal.h"
#include "ksm_state.h"

#include "alloc.h"
#include "error_set.h"

#define OOM_ADJ_MIN (-1000)

/* ---- spaces ---- */

int mm_reserve_spaces(struct mm_machine *machine, uint32_t nr, struct mmr_error *err)
{
	void *spaces = machine->spaces;
	uint64_t have = machine->nr_spaces ? machine->nr_spaces : 64;

	if (machine->nr_free_spaces >= nr)
		return 0;
	while (have - machine->nr_spaces + machine->nr_free_spaces < nr)
		have *= 2;
	if (have > MM_MAX_LPAGES || base_resize(&spaces, have, sizeof(*machine->spaces)) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for %u address spaces", nr);
	machine->spaces = spaces;
	if (mm_huge_spaces_reserve(machine, (uint32_t)have, err) < 0 ||
	    mm_ksm_reserve_spaces(machine, (uint32_t)have, err) < 0)
		return MMR_E_NOMEM;
	/* Number 0 is nobody's. The lowest number comes first. */
	for (uint32_t i = (uint32_t)have; i-- > (machine->nr_spaces ? machine->nr_spaces : 1);) {
		machine->spaces[i] = (struct mm_space){ .next_free = machine->free_space };
		machine->free_space = i;
		machine->nr_free_spaces++;
	}
	if (machine->nr_spaces == 0)
		machine->spaces[0] = (struct mm_space){ 0 };
	machine->nr_spaces = (uint32_t)have;
	return mm_tlb_reserve(machine, err);
}

uint32_t mm_space_new(struct mm_machine *machine, uint32_t like, bool forked)
{
	uint32_t number = machine->free_space;
	struct mm_space *space = &machine->spaces[number];
	const struct mm_space *from = &machine->spaces[like];

	if (number == 0)
		return 0;
	machine->free_space = space->next_free;
	machine->nr_free_spaces--;
	*space = (struct mm_space){ .flags = MM_SPACE_USED };
	if (like != 0) {
		space->adj = from->adj;
		space->order = from->order;
		space->flags |= from->flags & (MM_SPACE_INIT | MM_SPACE_KILLED | MM_SPACE_REAPED);
	}
	if (like == 0 || forked) {
		space->order = ++machine->last_space_order;
		space->flags &= (uint16_t)~MM_SPACE_INIT;
	}
	if (forked)
		space->nr_shared = from->nr_pages + from->nr_shared + from->nr_before;
	if (forked && like != 0)
		mm_huge_space_copy(machine, number, like);
	if (forked && like != 0 && machine->ksm)
		mm_ksm_space_copy(machine, number, like);
	return number;
}

static void put_space(struct mm_machine *machine, uint32_t number)
{
	struct mm_space *space = &machine->spaces[number];

	if (!(space->flags & MM_SPACE_ENDED) || space->nr_pages > 0 || space->nr_tables > 0)
		return;
	*space = (struct mm_space){ .next_free = machine->free_space };
	machine->free_space = number;
	machine->nr_free_spaces++;
}

void mm_space_end(struct mm_machine *machine, uint32_t number)
{
	struct mm_space *space = &machine->spaces[number];

	if (number == 0)
		return;
	MM_CHECK(machine, space->flags & MM_SPACE_USED, number);
	mm_uncommit(machine, number, space->nr_committed);
	mm_huge_space_end(machine, number);
	if (machine->ksm)
		mm_ksm_space_end(machine, number);
	space->flags |= MM_SPACE_ENDED;
	space->flags &= (uint16_t)~MM_SPACE_LEAVING;
	put_space(machine, number);
}

void mm_space_leave(struct mm_machine *machine, uint32_t number)
{
	if (number != 0)
		machine->spaces[number].flags |= MM_SPACE_LEAVING;
}

void mm_space_set_adj(struct mm_machine *machine, uint32_t number, int32_t adj)
{
	if (number != 0 && adj >= OOM_ADJ_MIN && adj <= -OOM_ADJ_MIN)
		machine->spaces[number].adj = (int16_t)adj;
}

void mm_space_set_init(struct mm_machine *machine, uint32_t number)
{
	if (number != 0)
		machine->spaces[number].flags |= MM_SPACE_INIT;
}

void mm_space_set_before(struct mm_machine *machine, uint32_t number, uint64_t nr_pages)
{
	if (number != 0)
		machine->spaces[number].nr_before = nr_pages;
}

void mm_space_set_files(struct mm_machine *machine, uint32_t number, int64_t nr_pages)
{
	if (number != 0)
		machine->spaces[number].nr_files = nr_pages;
}

void mm_space_refuse(struct mm_machine *machine, uint32_t number)
{
	if (number != 0)
		machine->spaces[number].flags |= MM_SPACE_KILLED | MM_SPACE_REAPED;
}

void mm_space_switched(struct mm_machine *machine, uint32_t number)
{
	if (number != 0)
		machine->spaces[number].flags |= MM_SPACE_RAN;
}

bool mm_space_is_killed(const struct mm_machine *machine, uint32_t number)
{
	return number != 0 && (machine->spaces[number].flags & MM_SPACE_KILLED);
}

bool mm_space_is_reaped(const struct mm_machine *machine, uint32_t number)
{
	return number != 0 && (machine->spaces[number].flags & MM_SPACE_REAPED);
}

/* ---- what they own ---- */

static uint64_t *charged(struct mm_space *space, enum mm_lpage_kind kind)
{
	return kind == MM_LPAGE_KERNEL ? &space->nr_tables : &space->nr_pages;
}

void mm_space_charge(struct mm_machine *machine, uint32_t number, uint32_t page)
{
	const struct mm_lpage *lpage;

	page = mm_whole_page(machine, page);
	lpage = mm_lpage(machine, page);
	if (number == 0 || machine->owners[page] != 0 || lpage->kind == MM_LPAGE_NONE ||
	    lpage->kind == MM_LPAGE_FILE)
		return;
	machine->owners[page] = number;
	*charged(&machine->spaces[number], (enum mm_lpage_kind)lpage->kind) +=
		mm_block_pages(lpage->order);
}

void mm_space_uncharge(struct mm_machine *machine, uint32_t page)
{
	const struct mm_lpage *lpage;
	uint32_t number;
	uint64_t *nr;

	number = machine->owners[page];
	if (number == 0)
		return;
	lpage = mm_lpage(machine, page);
	machine->owners[page] = 0;
	nr = charged(&machine->spaces[number], (enum mm_lpage_kind)lpage->kind);
	MM_CHECK(machine, *nr >= mm_block_pages(lpage->order), page);
	*nr -= mm_block_pages(lpage->order);
	put_space(machine, number);
}

void mm_space_copied(struct mm_machine *machine, uint32_t number, uint32_t source)
{
	struct mm_space *space = &machine->spaces[number];

	if (number == 0)
		return;
	/* The other side keeps what was shared: it has counted it already. */
	if (machine->owners[source] == number)
		mm_space_uncharge(machine, source);
	else if (space->nr_shared > 0)
		space->nr_shared--;
}

/* ---- who is the worst ---- */

uint64_t mm_managed_pages(const struct mm_machine *machine)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < machine->nr_zones; i++)
		pages += machine->zones[i].managed;
	return pages;
}

uint64_t mm_oom_totalpages(const struct mm_machine *machine)
{
	return mm_managed_pages(machine) + machine->swap.nr_slots;
}

int64_t mm_oom_badness(const struct mm_space *space, uint64_t totalpages)
{
	int64_t points = (int64_t)(space->nr_pages + space->nr_shared + space->nr_before +
	                           space->nr_tables) +
	                 space->nr_files;

	if (!(space->flags & MM_SPACE_USED) || space->adj == OOM_ADJ_MIN ||
	    (space->flags & (MM_SPACE_ENDED | MM_SPACE_INIT | MM_SPACE_REAPED)))
		return INT64_MIN;
	return points + space->adj * (int64_t)(totalpages / 1000);
}

/* 0: nobody can be killed; *waiting: a victim is on its way out. */
static uint32_t select_bad_space(const struct mm_machine *machine, bool *waiting)
{
	uint64_t totalpages = mm_oom_totalpages(machine);
	int64_t most = INT64_MIN;
	uint32_t chosen = 0;

	*waiting = false;
	for (uint32_t i = 1; i < machine->nr_spaces; i++) {
		const struct mm_space *space = &machine->spaces[i];
		int64_t points;

		if ((space->flags & MM_SPACE_KILLED) && !(space->flags & MM_SPACE_REAPED)) {
			*waiting = true;
			return 0;
		}
		points = mm_oom_badness(space, totalpages);
		if (points == INT64_MIN || points < most)
			continue;
		if (points == most && chosen != 0 && space->order < machine->spaces[chosen].order)
			continue;
		most = points;
		chosen = i;
	}
	return chosen;
}

/* ---- the kill, and its end ---- */

/* Pages that somebody has in hand are left to the demand. */
static bool frees_by_death(const struct mm_machine *machine, uint32_t page)
{
	const struct mm_lpage *lpage = &machine->lpages[page];

	if (lpage->pfn != MM_NONE && machine->pages[lpage->pfn].state == MM_PAGE_ISOLATED)
		return false;
	return lpage->kind == MM_LPAGE_ANON || lpage->kind == MM_LPAGE_KERNEL;
}

/*
 * The pages it had before the machine was built have no owner: as many of the anonymous ones that nobody
 * owns stand for them.
 */
void mm_space_reap(struct mm_machine *machine, uint32_t number, uint16_t cpu)
{
	struct mm_space *space = &machine->spaces[number];
	uint64_t before = space->nr_before;

	if (number == 0 || (space->flags & MM_SPACE_REAPED))
		return;
	space->flags |= MM_SPACE_REAPED;
	if (machine->held_space == number)
		mm_release_held(machine, cpu);
	for (uint32_t page = 0; page < machine->nr_lpages; page++) {
		struct mm_lpage *lpage = &machine->lpages[page];
		bool own = machine->owners[page] == number;

		if (!frees_by_death(machine, page))
			continue;
		if (!own && (machine->owners[page] != 0 || before == 0 ||
		             lpage->kind != MM_LPAGE_ANON || (lpage->flags & MM_LP_LOCKED)))
			continue;
		if (!own)
			before -= before < mm_block_pages(lpage->order)
			                  ? before
			                  : mm_block_pages(lpage->order);
		mm_free_lpage(machine, cpu, page);
	}
}

bool mm_hold_page(struct mm_machine *machine, const struct mm_request *request)
{
	uint32_t pfn = mm_alloc_pages(machine, request);

	if (pfn == MM_NONE)
		return false;
	if (machine->held.count == 0)
		machine->held_space = request->space;
	mm_list_add_tail(machine, &machine->held, pfn);
	return true;
}

void mm_release_held(struct mm_machine *machine, uint16_t cpu)
{
	while (machine->held.count > 0) {
		uint32_t pfn = machine->held.head;

		mm_list_del(machine, &machine->held, pfn);
		mm_free_pages(machine, cpu, pfn);
	}
}

static void count_rss(const struct mm_machine *machine, uint32_t number, struct mm_oom_kill *kill)
{
	for (uint32_t page = 0; page < machine->nr_lpages; page++) {
		const struct mm_lpage *lpage = &machine->lpages[page];
		uint64_t nr = mm_block_pages(lpage->order);

		if (machine->owners[page] != number || lpage->kind == MM_LPAGE_KERNEL)
			continue;
		if (lpage->pfn == MM_NONE)
			kill->nr_swap += nr;
		else if (lpage->kind == MM_LPAGE_SHMEM)
			kill->nr_shmem += nr;
		else
			kill->nr_anon += nr;
	}
}

static void kill_space(struct mm_machine *machine, const struct mm_request *request,
                       uint32_t number)
{
	struct mm_space *space = &machine->spaces[number];
	struct mm_oom_kill kill = {
		.request = request,
		.space = number,
		.points = mm_oom_badness(space, mm_oom_totalpages(machine)),
		.totalpages = mm_oom_totalpages(machine),
		.adj = space->adj,
		.nr_tables = space->nr_tables,
		.nr_anon = space->nr_before + space->nr_shared,
		.nr_files = space->nr_files > 0 ? (uint64_t)space->nr_files : 0,
	};

	count_rss(machine, number, &kill);
	space->flags |= MM_SPACE_KILLED;
	mm_count(machine, MM_OOM_KILL, 1);
	if (machine->hooks.oom_kill)
		machine->hooks.oom_kill(machine->hooks.data, &kill);
	else
		mm_space_reap(machine, number, request->cpu);
}

enum mm_oom_result mm_out_of_memory(struct mm_machine *machine, const struct mm_request *request)
{
	uint32_t chosen;
	bool waiting;

	if (machine->settings.panic_on_oom)
		return MM_OOM_PANIC;
	if (machine->nr_spaces == 0)
		return MM_OOM_NOBODY;
	if (machine->settings.oom_kill_allocating_task &&
	    !mm_space_is_killed(machine, request->space) &&
	    mm_oom_badness(&machine->spaces[request->space], 0) != INT64_MIN) {
		kill_space(machine, request, request->space);
		return MM_OOM_KILLED;
	}
	chosen = select_bad_space(machine, &waiting);
	if (waiting)
		return MM_OOM_WAIT;
	if (chosen == 0)
		return MM_OOM_NOBODY;
	kill_space(machine, request, chosen);
	return MM_OOM_KILLED;
}

int mm_check_spaces(const struct mm_machine *machine, struct mmr_error *err)
{
	uint64_t owned = 0, counted = 0;

	for (uint32_t page = 0; page < machine->nr_lpages; page++) {
		const struct mm_lpage *lpage = &machine->lpages[page];
		uint32_t owner = machine->owners[page];

		if (owner == 0)
			continue;
		if (owner >= machine->nr_spaces || lpage->kind == MM_LPAGE_NONE ||
		    !(machine->spaces[owner].flags & MM_SPACE_USED))
			return base_error(err, MMR_E_INTERNAL, "page %u is owned by space %u", page,
			                  owner);
		owned += mm_block_pages(lpage->order);
	}
	for (uint32_t i = 1; i < machine->nr_spaces; i++)
		counted += machine->spaces[i].nr_pages + machine->spaces[i].nr_tables;
	if (owned != counted)
		return base_error(err, MMR_E_INTERNAL, "%llu pages have owners, %llu are counted",
		                  (unsigned long long)owned, (unsigned long long)counted);
	return 0;
}
