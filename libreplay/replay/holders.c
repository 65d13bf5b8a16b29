/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every page that is allocated within the recording belongs to the task that asked for it, until it is freed;
 * movable pages are those of programs and files, the others the kernel's. Sizes of address spaces are the
 * kernel's own (rss_stat); an address space is known by the first task that changed it as its own.
 *
 * Of the OOM killer's choice: oom_badness() of v6.12, memory + swap + totalpages * oom_score_adj / 1000. Page tables
 * are left out, no event tells of them.
 *
 * Where direct compaction fails, pageblocks are looked at in which the kernel's pages lie: who allocated them, and
 * in how many pageblocks, of those that were allocated within the recording.
 *
 * What a thread allocates is its process'. Those that allocate little leave one row a name together: a thousand short-lived
 * processes may want more than one that everybody sees.
 *
 * Not modelled: memory from before the recording has no owner; a pid that is given away again goes on counting for the same holder.
 */
#include "holders.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "gfp.h"

#define CLONE_VM        0x100
#define PAGEBLOCK_ORDER 9 /* x86, as everywhere in replay */
#define MAX_ORDER       10
#define LEAST_PAGES     256 /* holders of less leave no rows of their own */
#define MAX_NAMES       256 /* of them, at most */
#define NR_CANDIDATES   10
#define ADJ_NONE        (-1000)

/* ---- tables ---- */

static uint32_t hash(uint32_t key, uint32_t nr_slots)
{
	return (key * 2654435761u >> 7) & (nr_slots - 1);
}

/* Slot of a pid, and of an mm_id: where it is, or where it would go. */
static uint32_t pid_slot(const struct replay_holders *h, uint32_t pid)
{
	uint32_t slot = hash(pid, h->nr_slots);

	while (h->slots[slot] && h->items[h->slots[slot] - 1].pid != pid)
		slot = (slot + 1) & (h->nr_slots - 1);
	return slot;
}

static uint32_t mm_slot(const struct replay_holders *h, uint32_t mm_id)
{
	uint32_t slot = hash(mm_id, h->nr_slots);

	while (h->mm_slots[slot] && h->items[h->mm_slots[slot] - 1].mm_id != mm_id)
		slot = (slot + 1) & (h->nr_slots - 1);
	return slot;
}

static bool grow_holders(struct replay_holders *h)
{
	uint32_t nr_slots = h->nr_slots ? h->nr_slots * 2 : 256;
	void *items = h->items;
	uint32_t *slots = base_calloc(nr_slots, sizeof(*slots));
	uint32_t *mm_slots = base_calloc(nr_slots, sizeof(*mm_slots));

	if (!slots || !mm_slots || base_resize(&items, nr_slots / 2, sizeof(*h->items)) < 0) {
		base_free(slots);
		base_free(mm_slots);
		return false;
	}
	base_free(h->slots);
	base_free(h->mm_slots);
	h->items = items;
	h->slots = slots;
	h->mm_slots = mm_slots;
	h->nr_slots = nr_slots;
	for (uint32_t i = 0; i < h->count; i++) {
		h->slots[pid_slot(h, h->items[i].pid)] = i + 1;
		if (h->items[i].has_mm)
			h->mm_slots[mm_slot(h, h->items[i].mm_id)] = i + 1;
	}
	return true;
}

/* Index of the holder with this pid, new if need be; UINT32_MAX: no memory. */
static uint32_t holder_of(struct replay_holders *h, uint32_t pid)
{
	uint32_t slot;

	if (h->count >= h->nr_slots / 2 && !grow_holders(h)) {
		h->no_memory = true;
		return UINT32_MAX;
	}
	slot = pid_slot(h, pid);
	if (!h->slots[slot]) {
		memset(&h->items[h->count], 0, sizeof(h->items[0]));
		h->items[h->count].pid = pid;
		h->items[h->count].leader = h->count;
		h->slots[slot] = ++h->count;
	}
	return h->slots[slot] - 1;
}

uint32_t replay_holders_process(struct replay_holders *h, uint32_t pid)
{
	uint32_t index = holder_of(h, pid);

	return index == UINT32_MAX ? pid : h->items[h->items[index].leader].pid;
}

/* Index of the holder whose address space the thread uses. */
static uint32_t leader_of(struct replay_holders *h, uint32_t pid)
{
	uint32_t index = holder_of(h, pid);

	return index == UINT32_MAX ? index : h->items[index].leader;
}

static void set_leader(struct replay_holders *h, uint32_t pid, uint32_t leader)
{
	uint32_t index = holder_of(h, pid);

	if (index != UINT32_MAX && leader != UINT32_MAX)
		h->items[index].leader = leader;
}

/* The holder's address space is gone; what came after it in its probe sequence moves up. */
static void leave_mm(struct replay_holders *h, struct replay_holder *holder)
{
	uint32_t mask = h->nr_slots - 1, slot, next;

	memset(holder->rss, 0, sizeof(holder->rss));
	if (!holder->has_mm)
		return;
	holder->has_mm = false;
	slot = mm_slot(h, holder->mm_id);
	for (next = (slot + 1) & mask; h->mm_slots[next]; next = (next + 1) & mask) {
		uint32_t from = hash(h->items[h->mm_slots[next] - 1].mm_id, h->nr_slots);

		if (((next - from) & mask) < ((next - slot) & mask))
			continue;
		h->mm_slots[slot] = h->mm_slots[next];
		slot = next;
	}
	h->mm_slots[slot] = 0;
}

/*
 * Whose address space mm_id is; NULL: nobody's so far. The kernel's mm_id is made of an address, so that a new address
 * space may come to an old one's: whoever says that it is its own is right. A holder has one at a time.
 */
static struct replay_holder *holder_of_mm(struct replay_holders *h, const struct mmr_event *event)
{
	uint32_t index = event->rss.curr == 1 ? leader_of(h, event->pid) : UINT32_MAX;
	uint32_t known;

	if (h->nr_slots == 0 || (event->rss.curr == 1 && index == UINT32_MAX))
		return NULL;
	known = h->mm_slots[mm_slot(h, event->rss.mm_id)];
	if (event->rss.curr != 1)
		return known ? &h->items[known - 1] : NULL;
	if (known == index + 1)
		return &h->items[index];
	if (known)
		leave_mm(h, &h->items[known - 1]);
	leave_mm(h, &h->items[index]);
	h->items[index].mm_id = event->rss.mm_id;
	h->items[index].has_mm = true;
	h->mm_slots[mm_slot(h, event->rss.mm_id)] = index + 1;
	return &h->items[index];
}

/* ---- rows ---- */

static int64_t memory_of(const struct replay_holder *holder)
{
	int64_t pages =
		holder->rss[MMR_RSS_FILE] + holder->rss[MMR_RSS_ANON] + holder->rss[MMR_RSS_SHMEM];

	return pages > holder->before ? pages : holder->before;
}

static bool is_worth_a_row(const struct replay_holder *holder)
{
	return memory_of(holder) + holder->rss[MMR_RSS_SWAP] >= LEAST_PAGES ||
	       holder->live[HOLDER_KERNEL] >= LEAST_PAGES ||
	       holder->live[HOLDER_MOVABLE] >= LEAST_PAGES;
}

static void put_task_memory(struct replay_holders *h, uint64_t t_ns)
{
	for (uint32_t i = 0; i < h->count; i++) {
		struct replay_holder *holder = &h->items[i];
		const struct results_task_memory row = {
			.t_ns = (int64_t)(t_ns - h->first_ns),
			.pid = holder->pid,
			.comm = mmr_trace_comm(h->trace, holder->pid),
			.anon = holder->rss[MMR_RSS_ANON],
			.file = holder->rss[MMR_RSS_FILE],
			.shmem = holder->rss[MMR_RSS_SHMEM],
			.swap = holder->rss[MMR_RSS_SWAP],
			.kernel = (int64_t)holder->live[HOLDER_KERNEL],
		};

		if (holder->changed && is_worth_a_row(holder))
			results_put_task_memory(h->db, &row);
		holder->changed = false;
	}
}

/* ---- those that allocate little ---- */

static struct replay_small_holders *small_of(struct replay_holders *h, int kind, const char *comm)
{
	struct replay_small_holder_vec *vec = &h->small[kind];
	struct replay_small_holders new = { 0 };

	snprintf(new.comm, sizeof(new.comm), "%.15s", comm);
	for (size_t i = 0; i < vec->count; i++)
		if (strcmp(vec->items[i].comm, new.comm) == 0)
			return &vec->items[i];
	if (vec->count == MAX_NAMES)
		return NULL;
	if (replay_small_holder_vec_push(vec, new) < 0) {
		h->no_memory = true;
		return NULL;
	}
	return &vec->items[vec->count - 1];
}

/* What those of a name have now, by the names they have now. */
static void sum_small(struct replay_holders *h, int kind)
{
	struct replay_small_holder_vec *vec = &h->small[kind];

	for (size_t i = 0; i < vec->count; i++)
		vec->items[i].live = 0;
	for (uint32_t i = 0; i < h->count; i++) {
		const struct replay_holder *holder = &h->items[i];
		struct replay_small_holders *small = NULL;

		if (holder->live[kind] && holder->allocated[kind] < LEAST_PAGES)
			small = small_of(h, kind, mmr_trace_comm(h->trace, holder->pid));
		if (small)
			small->live += holder->live[kind];
	}
	for (size_t i = 0; i < vec->count; i++)
		if (vec->items[i].live > vec->items[i].most_live)
			vec->items[i].most_live = vec->items[i].live;
}

static uint64_t instant_after(const struct replay_holders *h, uint64_t t_ns, uint64_t nr)
{
	uint64_t step = (h->last_ns - h->first_ns) / nr + 1;

	return h->first_ns + ((t_ns - h->first_ns) / step + 1) * step;
}

/* ---- pages ---- */

static void forget(struct replay_holders *h, uint64_t pfn)
{
	uint32_t owner = h->owners[pfn];
	struct replay_holder *holder;

	if (!owner)
		return;
	holder = &h->items[(owner >> 1) - 1];
	holder->live[owner & 1]--;
	holder->changed = true;
	h->owners[pfn] = 0;
}

static void page_alloc(struct replay_holders *h, const struct mmr_event *event)
{
	uint32_t kind = event->page.gfp_flags & MM_GFP_MOVABLE ? HOLDER_MOVABLE : HOLDER_KERNEL;
	uint32_t index;
	uint64_t nr;

	if (event->page.order > MAX_ORDER || event->page.pfn >= h->nr_pfns)
		return;
	nr = UINT64_C(1) << event->page.order;
	/* What an interrupt asks for is nobody's whom it interrupted. */
	index = leader_of(h, event->page.context & HOLDER_IN_INTERRUPT ? 0 : event->pid);
	if (index == UINT32_MAX || index >= UINT32_MAX / 2 - 1 || nr > h->nr_pfns - event->page.pfn)
		return;
	for (uint64_t i = 0; i < nr; i++) {
		forget(h, event->page.pfn + i);
		h->owners[event->page.pfn + i] = 2 * (index + 1) + kind;
	}
	h->items[index].allocated[kind] += nr;
	h->items[index].live[kind] += nr;
	if (h->items[index].live[kind] > h->items[index].most_live[kind])
		h->items[index].most_live[kind] = h->items[index].live[kind];
	h->items[index].changed = true;
}

static void page_free(struct replay_holders *h, const struct mmr_event *event)
{
	uint64_t nr = UINT64_C(1) << (event->page.order > MAX_ORDER ? 0 : event->page.order);

	for (uint64_t i = 0;
	     i < nr && event->page.pfn < h->nr_pfns && i < h->nr_pfns - event->page.pfn; i++)
		forget(h, event->page.pfn + i);
}

/* A huge page that a failing compaction could not make: who is in its way. */
static void put_pins(struct replay_holders *h, uint64_t t_ns)
{
	for (uint64_t pfn = 0; pfn < h->nr_pfns; pfn++) {
		uint32_t owner = h->owners[pfn];
		struct replay_holder *holder;

		if ((owner & 1) != HOLDER_KERNEL || !owner)
			continue;
		holder = &h->items[(owner >> 1) - 1];
		holder->pins++;
		holder->pinned_blocks += holder->last_block != (pfn >> PAGEBLOCK_ORDER) + 1;
		holder->last_block = (pfn >> PAGEBLOCK_ORDER) + 1;
	}
	for (uint32_t i = 0; i < h->count; i++) {
		struct replay_holder *holder = &h->items[i];

		if (holder->pins)
			results_put_pin(h->db,
			                &(struct results_pin){
						.t_ns = (int64_t)(t_ns - h->first_ns),
						.pid = holder->pid,
						.comm = mmr_trace_comm(h->trace, holder->pid),
						.pages = (int64_t)holder->pins,
						.pageblocks = (int64_t)holder->pinned_blocks,
					});
		holder->pins = 0;
		holder->pinned_blocks = 0;
		holder->last_block = 0;
	}
}

static void compaction_end(struct replay_holders *h, const struct mmr_event *event)
{
	/* COMPACT_CONTENDED and COMPACT_SUCCESS are 7 and 8 since v4.8: the others have come to nothing. */
	if (event->t_ns < h->next_pin_ns || event->compaction.status >= 7)
		return;
	put_pins(h, event->t_ns);
	h->next_pin_ns = instant_after(h, event->t_ns, REPLAY_HOLDERS_PINS);
}

/* ---- address spaces ---- */

static void rss_stat(struct replay_holders *h, const struct mmr_event *event)
{
	struct replay_holder *holder;
	uint64_t page_size = mmr_trace_info(h->trace)->page_size;

	if (event->rss.member < 0 || event->rss.member > MMR_RSS_SHMEM)
		return;
	holder = holder_of_mm(h, event);
	if (!holder)
		return;
	holder->rss[event->rss.member] =
		event->rss.size > 0 && page_size ? event->rss.size / (int64_t)page_size : 0;
	holder->changed = true;
	if (event->rss.member == MMR_RSS_ANON)
		holder->before = 0;
}

static void set_adj(struct replay_holders *h, uint32_t pid, int32_t adj)
{
	uint32_t index = holder_of(h, pid);

	if (index != UINT32_MAX && adj >= -1000 && adj <= 1000)
		h->items[index].oom_score_adj = adj;
}

static void task_exit(struct replay_holders *h, uint32_t pid)
{
	uint32_t index = holder_of(h, pid);

	if (index == UINT32_MAX)
		return;
	leave_mm(h, &h->items[index]);
	h->items[index].before = 0;
}

/* ---- the OOM killer's choice ---- */

static int64_t points_of(const struct replay_holders *h, const struct replay_holder *holder)
{
	return memory_of(holder) + holder->rss[MMR_RSS_SWAP] +
	       (int64_t)holder->oom_score_adj * (int64_t)(h->oom_pages / 1000);
}

static void put_candidate(struct replay_holders *h, const struct replay_holder *holder,
                          const struct mmr_event *event)
{
	const struct results_oom_candidate row = {
		.t_ns = (int64_t)(event->t_ns - h->first_ns),
		.pid = holder->pid,
		.comm = mmr_trace_comm(h->trace, holder->pid),
		.memory = memory_of(holder),
		.swap = holder->rss[MMR_RSS_SWAP],
		.oom_score_adj = holder->oom_score_adj,
		.points = points_of(h, holder),
		.victim = holder->pid == (uint32_t)event->oom.pid,
		.asked = holder->pid == event->pid,
	};

	results_put_oom_candidate(h->db, &row);
}

/* Those with most points, the victim, and the task that asked for memory. */
static void mark_victim(struct replay_holders *h, const struct mmr_event *event)
{
	int64_t least = INT64_MAX;
	uint32_t nr = 0;

	holder_of(h, event->pid);
	holder_of(h, (uint32_t)event->oom.pid);
	for (uint32_t i = 0; i < h->count && !h->no_memory; i++) {
		const struct replay_holder *holder = &h->items[i];
		bool matters = holder->pid == event->pid || holder->pid == (uint32_t)event->oom.pid;

		if (matters)
			put_candidate(h, holder, event);
	}
	/* The rest in order of points; few are asked for, so each is looked for anew. */
	for (; nr < NR_CANDIDATES; nr++) {
		const struct replay_holder *best = NULL;

		for (uint32_t i = 0; i < h->count; i++) {
			const struct replay_holder *holder = &h->items[i];

			if (memory_of(holder) + holder->rss[MMR_RSS_SWAP] > 0 &&
			    holder->oom_score_adj != ADJ_NONE && holder->pid != event->pid &&
			    holder->pid != (uint32_t)event->oom.pid &&
			    points_of(h, holder) < least &&
			    (!best || points_of(h, holder) > points_of(h, best)))
				best = holder;
		}
		if (!best)
			break;
		least = points_of(h, best);
		put_candidate(h, best, event);
	}
}

/* ---- what was there before ---- */

static uint64_t meminfo_kb(const struct mmr_snapshot *snapshot, const char *name)
{
	struct mmr_snapshot_piece piece;
	const char *found;

	if (!mmr_snapshot_find(snapshot, "proc/meminfo", &piece))
		return 0;
	found = strstr((const char *)piece.data, name);
	return found ? strtoull(found + strlen(name), NULL, 10) : 0;
}

/* rss is the 24th field of /proc/PID/stat; the second ends in the last parenthesis. */
static int64_t rss_of_stat(const char *text)
{
	const char *at = strrchr(text, ')');

	for (int field = 2; at && field < 24; field++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return at ? strtoll(at, NULL, 10) : 0;
}

/* The numbers of a process' threads. */
static void add_threads(struct replay_holders *h, uint32_t pid, const char *text)
{
	uint32_t leader = holder_of(h, pid);
	char *end;

	for (;; text = end) {
		unsigned long tid = strtoul(text, &end, 10);

		if (end == text || tid > UINT32_MAX)
			return;
		set_leader(h, (uint32_t)tid, leader);
	}
}

static void add_process_file(struct replay_holders *h, const struct mmr_snapshot_piece *piece)
{
	char *end;
	unsigned long pid;

	if (strncmp(piece->name, "proc/", 5) != 0)
		return;
	pid = strtoul(piece->name + 5, &end, 10);
	if (end == piece->name + 5 || pid > UINT32_MAX)
		return;
	if (strcmp(end, "/task") == 0)
		add_threads(h, (uint32_t)pid, (const char *)piece->data);
	if (strcmp(end, "/oom_score_adj") == 0) {
		set_adj(h, (uint32_t)pid, (int32_t)strtol((const char *)piece->data, NULL, 10));
	} else if (strcmp(end, "/stat") == 0) {
		uint32_t index = holder_of(h, (uint32_t)pid);

		if (index != UINT32_MAX)
			h->items[index].before = rss_of_stat((const char *)piece->data);
	}
}

/* What the recorder itself had in memory when it began. */
static void put_recorder(struct replay_holders *h)
{
	const char *pid = mmr_trace_text(h->trace, "recorder.pid", NULL);
	uint32_t index = pid ? holder_of(h, (uint32_t)strtoul(pid, NULL, 10)) : UINT32_MAX;
	char text[24];

	if (index == UINT32_MAX || h->items[index].before <= 0)
		return;
	snprintf(text, sizeof(text), "%" PRId64, h->items[index].before);
	results_put_param(h->db, "recorder.pages", text);
}

static int add_first_snapshot(struct replay_holders *h, struct mmr_error *err)
{
	struct mmr_snapshot *snapshot;
	struct mmr_snapshot_piece piece;
	struct mmr_error why = { 0 };
	uint64_t page_size = mmr_trace_info(h->trace)->page_size;
	int code;

	if (!mmr_trace_info(h->trace)->nr_snapshots)
		return 0;
	code = mmr_trace_snapshot(h->trace, 0, &snapshot, &why);
	if (code == MMR_E_NOMEM)
		return base_error(err, code, "%s", why.text);
	if (code < 0)
		return 0; /* said already, where its counters are read */
	for (uint32_t i = 0; mmr_snapshot_piece(snapshot, i, &piece); i++)
		add_process_file(h, &piece);
	if (page_size)
		h->oom_pages =
			(meminfo_kb(snapshot, "MemTotal:") + meminfo_kb(snapshot, "SwapTotal:")) *
			1024 / page_size;
	mmr_snapshot_free(snapshot);
	put_recorder(h);
	return 0;
}

/* ---- the life of it ---- */

int replay_holders_init(struct replay_holders *h, struct mmr_trace *trace, struct results_db *db,
                        uint64_t first_ns, uint64_t last_ns, struct mmr_error *err)
{
	const struct mmr_zone_info *zone;

	*h = (struct replay_holders){ .trace = trace,
		                      .db = db,
		                      .first_ns = first_ns,
		                      .last_ns = last_ns,
		                      .next_pin_ns = first_ns };
	h->next_ns = instant_after(h, first_ns, REPLAY_HOLDERS_INSTANTS);
	for (uint32_t i = 0; (zone = mmr_trace_zone(trace, i)); i++)
		if (zone->start_pfn + zone->spanned > h->nr_pfns)
			h->nr_pfns = zone->start_pfn + zone->spanned;
	if (h->nr_pfns) {
		h->owners = base_calloc_err(h->nr_pfns, sizeof(*h->owners), "owners of pages", err);
		if (!h->owners)
			return MMR_E_NOMEM;
	}
	return add_first_snapshot(h, err);
}

void replay_holders_event(struct replay_holders *h, const struct mmr_event *event)
{
	if (event->t_ns >= h->next_ns) {
		put_task_memory(h, h->next_ns);
		for (int kind = 0; kind < NR_HOLDER_KINDS; kind++)
			sum_small(h, kind);
		h->next_ns = instant_after(h, event->t_ns, REPLAY_HOLDERS_INSTANTS);
	}
	switch (event->kind) {
	case MMR_EVENT_MM_PAGE_ALLOC:
		page_alloc(h, event);
		break;
	case MMR_EVENT_MM_PAGE_FREE:
		page_free(h, event);
		break;
	case MMR_EVENT_RSS_STAT:
		rss_stat(h, event);
		break;
	case MMR_EVENT_MM_COMPACTION_END:
		compaction_end(h, event);
		break;
	case MMR_EVENT_TASK_NEWTASK:
		set_adj(h, event->newtask.pid, event->newtask.oom_score_adj);
		set_leader(h, event->newtask.pid,
		           event->newtask.clone_flags & CLONE_VM
		                   ? leader_of(h, event->pid)
		                   : holder_of(h, event->newtask.pid));
		break;
	case MMR_EVENT_SCHED_PROCESS_EXEC:
		set_leader(h, event->exec.pid, holder_of(h, event->exec.pid));
		break;
	case MMR_EVENT_OOM_SCORE_ADJ_UPDATE:
		set_adj(h, (uint32_t)event->oom.pid, event->oom.oom_score_adj);
		break;
	case MMR_EVENT_SCHED_PROCESS_EXIT:
		task_exit(h, event->exit.pid);
		break;
	case MMR_EVENT_MARK_VICTIM:
		mark_victim(h, event);
		break;
	default:
		break;
	}
}

static const char *const kind_names[] = {
	[HOLDER_MOVABLE] = "movable", [HOLDER_KERNEL] = "kernel"
};

static void put_holder(struct replay_holders *h, const struct replay_holder *holder, int kind)
{
	const char *comm = mmr_trace_comm(h->trace, holder->pid);
	const struct results_allocation row = {
		.pid = holder->pid,
		.comm = comm,
		.kind = kind_names[kind],
		.allocated = (int64_t)holder->allocated[kind],
		.most = (int64_t)holder->most_live[kind],
		.live = (int64_t)holder->live[kind],
		.tasks = 1,
	};
	struct replay_small_holders *small;

	if (row.allocated >= LEAST_PAGES) {
		results_put_allocation(h->db, &row);
		return;
	}
	small = row.allocated ? small_of(h, kind, comm) : NULL;
	if (!small)
		return;
	small->tasks++;
	small->allocated += holder->allocated[kind];
	if (holder->allocated[kind] > small->largest) {
		small->largest = holder->allocated[kind];
		small->pid = holder->pid;
	}
	if (holder->most_live[kind] > small->most_live)
		small->most_live = holder->most_live[kind];
}

static void put_small(struct replay_holders *h, const struct replay_small_holders *small, int kind)
{
	const struct results_allocation row = {
		.pid = small->pid,
		.comm = small->comm,
		.kind = kind_names[kind],
		.allocated = (int64_t)small->allocated,
		.most = (int64_t)small->most_live,
		.live = (int64_t)small->live,
		.tasks = (int64_t)small->tasks,
	};

	if (row.tasks > 1 && row.allocated >= LEAST_PAGES)
		results_put_allocation(h->db, &row);
}

int replay_holders_finish(struct replay_holders *h, struct mmr_error *err)
{
	put_task_memory(h, h->last_ns);
	for (int kind = 0; kind < NR_HOLDER_KINDS; kind++) {
		sum_small(h, kind);
		for (uint32_t i = 0; i < h->count; i++)
			put_holder(h, &h->items[i], kind);
		for (size_t i = 0; i < h->small[kind].count; i++)
			put_small(h, &h->small[kind].items[i], kind);
	}
	return h->no_memory ? base_error(err, MMR_E_NOMEM, "out of memory for who holds memory")
	                    : 0;
}

void replay_holders_deinit(struct replay_holders *h)
{
	base_free(h->items);
	base_free(h->slots);
	base_free(h->mm_slots);
	base_free(h->owners);
	for (int kind = 0; kind < NR_HOLDER_KINDS; kind++)
		replay_small_holder_vec_deinit(&h->small[kind]);
	*h = (struct replay_holders){ 0 };
}
