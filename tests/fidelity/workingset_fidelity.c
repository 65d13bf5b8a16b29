/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Refault distance against the kernel's own decisions: what workingset.c activates when pages leave and come back as
 * they did in the recording. mm_lru_insertion tells which list the kernel put each of them on.
 *
 * The machine here reclaims nothing. It is told by the demand which page came in and which one reclaim took, and by
 * the events what else makes nonresident_age grow and how long the kernel's lists are. So all that is
 * judged is the distance, what it is held against, and the rule.
 *
 * The lengths of the lists: kpageflags at the start; from then on insertions, activations and frees, page by
 * page. Which pages vmscan activates and deactivates it does not say, only how many; a page that is freed later
 * is taken to be one of them by as much chance as there is. Each /proc/vmstat puts them right. It also tells
 * of what reclaim took without an event, which is the recorder's own (a tenth on some recordings).
 *
 * When 6.12's statistics of memory cgroups were brought up to date, which is what the distance is held against,
 * nothing tells: every 2,048 ms, but the timer is one that an idle CPU puts off, by a step of 64 ms at a time. If the
 * time that the engine takes is off the bar, all 32 are tried, and the one counts by which most decisions agree.
 *
 * Only the classic lists: MGLRU's rule is the sequence number of the oldest generation, which no event tells. Only
 * recordings in which no program pages out itself (MADV_PAGEOUT): on advice-612-zram 58 of 1,084 pages would be activated
 * that the kernel leaves inactive, and why is not known; the replay, which does the paging out, has as many as the kernel (256). Only
 * refaults of pages that the demand names; the column "followed" says how many of workingset_refault_* they are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "kernel_lists.h"
#include "le.h"
#include "recordings.h"
#include "replay.h"
#include "wl_state.h"
#include "workload.h"

#define KPF_LRU         (1ull << 5)
#define KPF_ACTIVE      (1ull << 6)
#define KPF_ANON        (1ull << 12)
#define KPF_SWAPBACKED  (1ull << 14)
#define KPF_UNEVICTABLE (1ull << 18)

#define MAX_PIECES     8192
#define MAX_READINGS   4096
#define FEWEST         64 /* activations that make a figure */
#define FEW            4 /* off by so many is no error: the order within a batch of reclaim is not known */
#define PHASE_NS       UINT64_C(64000000)
#define MEMCG_BEGIN_NS UINT64_C(350000000) /* as in replay_machine.c */

/* One /proc/vmstat. */
struct reading {
	uint64_t t_ns;
	uint64_t lists[NR_LRU_LISTS];
	uint64_t refaults;
	uint64_t
		stolen; /* pages that reclaim took: by itself, and as far as events tell, until then */
	uint64_t seen;
};

/* What happens beside the demand, to be done in its time. */
struct mark {
	uint64_t t_ns;
	uint32_t age;  /* nonresident_age grows by this */
	uint32_t page; /* that the kernel put on a list, or DEMAND_NO_PAGE */
	bool active;   /* … the active one */
	bool flush;    /* reclaim sees the lists as they are now: */
	bool reading;  /* a /proc/vmstat, from the first of which on is counted, … */
	bool last;     /* … to the last */
	uint32_t lists[NR_LRU_LISTS];
	double evicted; /* pages that reclaim took since the last one */
};

struct page_state {
	bool fresh; /* it came in, and the kernel has put it on no list yet */
	bool refault;
	bool active; /* … and we activated it */
	bool listed; /* the kernel has, before it was known to be in */
	bool listed_active;
};

/* Of pages that came back, one by one: [the kernel activates it][workingset.c does]. */
struct decisions {
	uint64_t nr[2][2];
	bool advised; /* a program has paged out itself: they are not judged */
};

struct model {
	struct mm_machine *machine;
	struct wl *wl;
	struct kernel_lists kernel;
	uint8_t *order; /* by pfn: of the allocation */
	uint64_t nr_pfns;
	uint8_t reclaiming[1 << 16]; /* by thread: it is in reclaim */
	struct mark *marks;
	size_t nr_marks;
	size_t room;
	size_t done;
	uint32_t *free_frames;
	uint32_t nr_free;
	struct page_state *pages; /* by logical page */
	uint32_t nr_pages;
	uint64_t flush_ns; /* 0: reclaim sees the lists as they are */
	uint64_t flush_period_ns;
	double unseen_share; /* pages reclaimed without an event, for each that had one, until the next reading */
	double unnamed; /* pages that reclaim took, less those that the demand named */
	bool counting;
	struct decisions decisions;
};

static struct mmr_snapshot_piece pieces[MAX_PIECES];
static struct reading readings[MAX_READINGS];

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* ---- a policy that only keeps lists ---- */

static void page_added(struct mm_node *node, uint32_t pfn)
{
	mm_lru_add_head(node, mm_page_lru_type(mm_node_page(node, pfn)), pfn);
}

static void page_removed(struct mm_node *node, uint32_t pfn)
{
	mm_lru_del(node, pfn);
}

static void putback(struct mm_node *node, uint32_t pfn, enum mm_putback why)
{
	(void)why;
	page_added(node, pfn);
}

static void isolate(struct mm_node *node, struct mm_scan_control *sc, enum mm_lru_type type,
                    uint32_t nr_to_scan, struct mm_batch *batch)
{
	(void)node, (void)sc, (void)type, (void)nr_to_scan, (void)batch;
}

/* Never asked: the lists are as node.stat has them. */
static uint32_t no_pages(const struct mm_node *node, enum mm_lru_type type)
{
	(void)node, (void)type;
	return 0;
}

static const struct mm_policy_ops follower = {
	.name = "follower",
	.summary = "",
	.page_added = page_added,
	.page_removed = page_removed,
	.isolate = isolate,
	.putback = putback,
	.nr_reclaimable = no_pages,
	.nr_active = no_pages,
};

/* ---- what happens beside the demand ---- */

static struct mark *add_mark(struct model *m, uint64_t t_ns)
{
	if (m->nr_marks == m->room) {
		m->room = 2 * m->room + 4096;
		m->marks = must(realloc(m->marks, m->room * sizeof(*m->marks)));
	}
	m->marks[m->nr_marks] = (struct mark){ .t_ns = t_ns, .page = DEMAND_NO_PAGE };
	return &m->marks[m->nr_marks++];
}

static void add_reading(struct model *m, uint64_t t_ns, bool last)
{
	struct mark *mark = add_mark(m, t_ns);

	mark->reading = true;
	mark->last = last;
}

static void add_flush(struct model *m, uint64_t t_ns)
{
	struct mark *mark = add_mark(m, t_ns);

	mark->flush = true;
	for (unsigned int i = 0; i < NR_LRU_LISTS; i++)
		mark->lists[i] = lists_length(&m->kernel, i);
}

static void on_insertion(struct model *m, const struct mmr_event *event)
{
	uint64_t pfn = event->lru.pfn, nr = 1ull << m->order[pfn];
	struct mark *mark = add_mark(m, event->t_ns);

	mark->page = wl_page_at(m->wl, pfn);
	mark->active = event->lru.lru == 1 || event->lru.lru == 3;
	for (uint64_t i = 0; i < nr && pfn + i < m->nr_pfns; i++) {
		lists_leave(&m->kernel, pfn + i, false);
		lists_enter(&m->kernel, pfn + i, event->lru.lru);
	}
}

static void on_activate(struct model *m, uint64_t t_ns, uint64_t pfn)
{
	add_mark(m, t_ns)->age = 1;
	lists_activate(&m->kernel, pfn);
}

static void on_vmscan(struct model *m, const struct mmr_event *event)
{
	struct mark *mark;
	enum mm_lru_type type;

	if (m->flush_ns == 0)
		add_flush(m, event->t_ns);
	if (event->kind == MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE) {
		lists_move(&m->kernel, MM_LRU_ANON, true, event->shrink_inactive.nr_activate_anon);
		lists_move(&m->kernel, MM_LRU_FILE, true, event->shrink_inactive.nr_activate_file);
		mark = add_mark(m, event->t_ns);
		mark->age = event->shrink_inactive.nr_activate_anon +
		            event->shrink_inactive.nr_activate_file;
		mark->evicted = (1 + m->unseen_share) * event->shrink_inactive.nr_reclaimed;
		return;
	}
	type = event->shrink_active.reclaim_flags & 2 ? MM_LRU_FILE : MM_LRU_ANON;
	lists_move(&m->kernel, type, false, event->shrink_active.nr_deactivated);
	add_mark(m, event->t_ns)->age = event->shrink_active.nr_active;
}

static void on_free(struct model *m, const struct mmr_event *event)
{
	uint64_t nr = 1ull << event->page.order;

	for (uint64_t i = 0; i < nr && event->page.pfn + i < m->nr_pfns; i++)
		lists_leave(&m->kernel, event->page.pfn + i, m->reclaiming[event->pid & 0xffff]);
	if (event->page.pfn < m->nr_pfns)
		m->order[event->page.pfn] = 0;
}

static void note_event(struct model *m, const struct mmr_event *event)
{
	switch (event->kind) {
	case MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN:
	case MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE:
		m->reclaiming[event->pid & 0xffff] = 1;
		break;
	case MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END:
	case MMR_EVENT_MM_VMSCAN_KSWAPD_SLEEP:
		m->reclaiming[event->pid & 0xffff] = 0;
		break;
	case MMR_EVENT_MM_PAGE_ALLOC:
		if (event->page.pfn < m->nr_pfns)
			m->order[event->page.pfn] = (uint8_t)event->page.order;
		break;
	case MMR_EVENT_MM_PAGE_FREE:
	case MMR_EVENT_MM_PAGE_FREE_BATCHED:
		on_free(m, event);
		break;
	case MMR_EVENT_MM_LRU_INSERTION:
		if (event->lru.pfn < m->nr_pfns)
			on_insertion(m, event);
		break;
	case MMR_EVENT_MM_LRU_ACTIVATE:
		if (event->lru.pfn < m->nr_pfns)
			on_activate(m, event->t_ns, event->lru.pfn);
		break;
	case MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE:
	case MMR_EVENT_MM_VMSCAN_LRU_SHRINK_ACTIVE:
		on_vmscan(m, event);
		break;
	default:
		break;
	}
}

/* ---- the demand, with the kernel's residency ---- */

static void reserve(struct model *m, uint32_t page)
{
	uint32_t room = 2 * page + 1024;
	struct mmr_error err;

	if (page < m->nr_pages)
		return;
	m->pages = must(realloc(m->pages, room * sizeof(*m->pages)));
	memset(&m->pages[m->nr_pages], 0, (room - m->nr_pages) * sizeof(*m->pages));
	m->nr_pages = room;
	if (mm_reserve_lpages(m->machine, room, &err) < 0)
		abort();
}

/* The kernel put it on a list for the first time. */
static void judge(struct model *m, uint32_t number, bool active)
{
	struct page_state *page = &m->pages[number];

	/* It was used again before it was on a list. */
	if (!page->refault && active)
		mm_workingset_age(&m->machine->nodes[0], 1);
	if (page->refault && m->counting)
		m->decisions.nr[active][page->active]++;
	page->fresh = false;
}

static void bring_in(struct model *m, uint32_t number, enum mm_lpage_kind kind, bool resident)
{
	bool listed = m->pages[number].listed, active = m->pages[number].listed_active;
	struct mm_machine *machine = m->machine;
	const struct mm_lpage *lpage = mm_lpage(machine, number);
	uint32_t pfn;

	if (lpage->pfn != MM_NONE || m->nr_free == 0)
		return;
	pfn = m->free_frames[--m->nr_free];
	machine->pages[pfn] = (struct mm_page){ .state = MM_PAGE_USED };
	m->pages[number] =
		(struct page_state){ .fresh = !resident, .refault = lpage->flags & MM_LP_EVICTED };
	mm_page_bind(machine, pfn, number, kind);
	mm_workingset_add(machine, pfn);
	m->pages[number].active = machine->pages[pfn].flags & MM_PG_ACTIVE;
	if (listed)
		judge(m, number, active);
}

static void take_out(struct model *m, uint32_t number, bool evicted)
{
	struct mm_machine *machine = m->machine;
	uint32_t pfn = mm_lpage(machine, number)->pfn;

	if (pfn == MM_NONE)
		return;
	mm_lru_remove_page(machine, pfn);
	if (evicted)
		mm_workingset_eviction(machine, pfn);
	m->unnamed -= evicted;
	m->pages[number].listed = false;
	mm_page_unbind(machine, pfn);
	m->free_frames[m->nr_free++] = pfn;
}

static void touch(struct model *m, const struct demand_op *op)
{
	static const uint8_t kinds[] = { [DEMAND_ANON_TOUCH] = MM_LPAGE_ANON,
		                         [DEMAND_FILE_TOUCH] = MM_LPAGE_FILE,
		                         [DEMAND_SHMEM_TOUCH] = MM_LPAGE_SHMEM };
	enum mm_lpage_kind kind = op->kind == DEMAND_COW ? MM_LPAGE_ANON : kinds[op->kind];
	bool written = op->kind == DEMAND_FILE_TOUCH && (op->arg & DEMAND_WRITE) &&
	               !(op->arg & DEMAND_MAPPED);

	if ((op->kind == DEMAND_FILE_TOUCH && op->arg & DEMAND_AROUND) ||
	    (op->kind != DEMAND_COW && op->arg & DEMAND_VOID))
		return;
	for (uint32_t i = 0; i < 1u << op->order; i++) {
		struct mm_lpage *lpage = mm_lpage(m->machine, op->page + i);

		if (lpage->kind != MM_LPAGE_NONE && lpage->kind != kind)
			continue;
		if (written)
			lpage->flags &= (uint8_t)~MM_LP_EVICTED;
		if (op->arg & DEMAND_SWAPPED && op->arg & DEMAND_RESIDENT)
			continue;
		bring_in(m, op->page + i, kind, op->arg & DEMAND_RESIDENT);
	}
}

static void end(struct model *m, const struct demand_op *op)
{
	bool kernel = mm_lpage(m->machine, op->page)->kind == MM_LPAGE_KERNEL;
	uint32_t nr = kernel ? 1 : 1u << op->order;

	for (uint32_t i = 0; i < nr; i++) {
		take_out(m, op->page + i, false);
		*mm_lpage(m->machine, op->page + i) =
			(struct mm_lpage){ .pfn = MM_NONE, .slot = MM_NONE };
	}
}

static void do_op(struct model *m, const struct demand_op *op)
{
	switch (op->kind) {
	case DEMAND_ANON_TOUCH:
	case DEMAND_FILE_TOUCH:
	case DEMAND_SHMEM_TOUCH:
	case DEMAND_COW:
		reserve(m, op->page + (1u << op->order));
		touch(m, op);
		break;
	case DEMAND_EVICTED:
		reserve(m, op->page);
		take_out(m, op->page, true);
		break;
	case DEMAND_COLD:
		m->decisions.advised |= op->arg & DEMAND_PAGEOUT && !(op->arg & DEMAND_LIMIT);
		break;
	case DEMAND_KERNEL_ALLOC:
		reserve(m, op->page);
		mm_lpage(m->machine, op->page)->kind = MM_LPAGE_KERNEL;
		break;
	case DEMAND_FREE:
	case DEMAND_SLAB_FREE:
		reserve(m, op->page + (1u << op->order));
		end(m, op);
		break;
	default:
		break;
	}
}

static void do_mark(struct model *m, const struct mark *mark)
{
	struct mm_node *node = &m->machine->nodes[0];
	struct page_state *page;

	mm_workingset_age(node, mark->age);
	m->unnamed += mark->evicted;
	if (mark->evicted > 0 && m->unnamed >= 1) {
		mm_workingset_age(node, (uint64_t)m->unnamed);
		m->unnamed -= (double)(uint64_t)m->unnamed;
	}
	for (unsigned int type = 0; mark->flush && type < MM_NR_LRU_TYPES; type++) {
		node->stat.inactive[type] = mark->lists[2 * type];
		node->stat.active[type] = mark->lists[2 * type + 1];
	}
	if (mark->reading)
		m->counting = !mark->last;
	if (mark->page >= m->nr_pages)
		return;
	page = &m->pages[mark->page];
	if (page->fresh) {
		judge(m, mark->page, mark->active);
	} else if (mm_lpage(m->machine, mark->page)->pfn == MM_NONE) {
		page->listed = true;
		page->listed_active = mark->active;
	}
}

static void do_marks(struct model *m, uint64_t t_ns)
{
	while (m->done < m->nr_marks && m->marks[m->done].t_ns <= t_ns)
		do_mark(m, &m->marks[m->done++]);
}

static void take_ops(struct model *m)
{
	size_t nr;
	const struct demand_op *ops = wl_ops(m->wl, &nr);

	for (size_t i = 0; i < nr; i++) {
		do_marks(m, ops[i].t_ns ? ops[i].t_ns - 1 : 0);
		if (ops[i].page != DEMAND_NO_PAGE)
			do_op(m, &ops[i]);
	}
	wl_consume(m->wl, nr);
}

/* ---- a recording ---- */

static uint64_t value_of(const struct mmr_snapshot_piece *piece, const char *name)
{
	const char *at = (const char *)piece->data;
	size_t len = strlen(name);

	for (; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		if (strncmp(at, name, len) == 0 && at[len] == ' ')
			return strtoull(at + len, NULL, 10);
	return 0;
}

static struct reading reading_of(const struct mmr_snapshot_piece *piece)
{
	return (struct reading){
		.t_ns = piece->begin_ns,
		.lists = { value_of(piece, "nr_inactive_anon"), value_of(piece, "nr_active_anon"),
		           value_of(piece, "nr_inactive_file"), value_of(piece, "nr_active_file") },
		.stolen = value_of(piece, "pgsteal_anon") + value_of(piece, "pgsteal_file"),
		.refaults = value_of(piece, "workingset_refault_anon") +
		            value_of(piece, "workingset_refault_file"),
	};
}

/* Every /proc/vmstat. */
static uint32_t read_readings(struct mmr_trace *trace)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < mmr_trace_info(trace)->nr_snapshots && nr < MAX_READINGS; i++) {
		struct mmr_snapshot_piece piece;
		struct mmr_snapshot *snapshot;
		struct mmr_error err;

		if (mmr_trace_snapshot(trace, i, &snapshot, &err) < 0)
			continue;
		if (mmr_snapshot_find(snapshot, "proc/vmstat", &piece) && piece.begin_ns)
			readings[nr++] = reading_of(&piece);
		mmr_snapshot_free(snapshot);
	}
	return nr;
}

/* The pieces of kpageflags of the first snapshot that has them. */
static uint32_t read_pieces(struct mmr_trace *trace, struct mmr_snapshot **ret)
{
	uint32_t nr = 0;

	*ret = NULL;
	for (uint32_t i = 0; nr == 0 && i < mmr_trace_info(trace)->nr_snapshots; i++) {
		struct mmr_error err;

		mmr_snapshot_free(*ret);
		*ret = NULL;
		if (mmr_trace_snapshot(trace, i, ret, &err) < 0)
			continue;
		for (uint32_t p = 0; nr < MAX_PIECES && mmr_snapshot_piece(*ret, p, &pieces[nr]);
		     p++)
			nr += strcmp(pieces[nr].name, "proc/kpageflags") == 0;
	}
	return nr;
}

static void see_piece(struct model *m, const struct mmr_snapshot_piece *piece)
{
	for (uint64_t i = 0; i < piece->size / 8 && piece->offset / 8 + i < m->nr_pfns; i++) {
		uint64_t pfn = piece->offset / 8 + i;
		uint64_t flags = le64_get(piece->data + 8 * i);
		uint32_t list = (flags & KPF_ACTIVE ? 1u : 0) +
		                (flags & (KPF_ANON | KPF_SWAPBACKED) ? 0 : 2u);

		lists_leave(&m->kernel, pfn, false);
		if (flags & KPF_LRU && !(flags & KPF_UNEVICTABLE))
			lists_enter(&m->kernel, pfn, list);
	}
}

/* What events tell of reclaimed pages, up to each reading. */
static int count_seen(struct mmr_trace *trace, uint32_t nr_readings, struct mmr_error *err)
{
	struct mmr_event event;
	uint64_t seen = 0;
	uint32_t reading = 0;
	int more;

	while ((more = mmr_trace_next(trace, &event, err)) > 0) {
		for (; reading < nr_readings && readings[reading].t_ns <= event.t_ns; reading++)
			readings[reading].seen = seen;
		if (event.kind == MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE)
			seen += event.shrink_inactive.nr_reclaimed;
	}
	for (; reading < nr_readings; reading++)
		readings[reading].seen = seen;
	return more;
}

/* The recorder's own reclaim leaves no events. */
static double share_of_unseen(const struct reading *reading)
{
	double stolen = (double)(reading[1].stolen - reading[0].stolen);
	double seen = (double)(reading[1].seen - reading[0].seen);

	return seen > 0 && stolen > seen ? (stolen - seen) / seen : 0;
}

static int follow(struct mmr_trace *trace, struct model *m, struct mmr_error *err)
{
	uint32_t nr_pieces, nr_readings, piece = 0, reading = 0;
	struct mmr_snapshot *snapshot;
	struct mmr_event event;
	uint64_t nr_events = 0;
	int more;

	nr_readings = read_readings(trace);
	if (count_seen(trace, nr_readings, err) < 0 || mmr_trace_rewind(trace, err) < 0)
		return -1;
	nr_pieces = read_pieces(trace, &snapshot);
	while ((more = mmr_trace_next(trace, &event, err)) > 0) {
		for (; piece < nr_pieces && pieces[piece].begin_ns <= event.t_ns; piece++)
			see_piece(m, &pieces[piece]);
		for (; reading < nr_readings && readings[reading].t_ns <= event.t_ns; reading++) {
			lists_put_right(&m->kernel, readings[reading].lists);
			add_reading(m, readings[reading].t_ns, reading + 1 == nr_readings);
			m->unseen_share =
				reading + 1 < nr_readings ? share_of_unseen(&readings[reading]) : 0;
			if (reading == 0)
				add_flush(m, readings[reading].t_ns);
		}
		for (; m->flush_ns && m->flush_ns <= event.t_ns; m->flush_ns += m->flush_period_ns)
			add_flush(m, m->flush_ns);
		if (wl_event(m->wl, &event, err) < 0)
			break;
		note_event(m, &event);
		if (++nr_events % 4096 == 0)
			take_ops(m);
	}
	if (more == 0)
		more = wl_finish(m->wl, err);
	take_ops(m);
	do_marks(m, UINT64_MAX);
	mmr_snapshot_free(snapshot);
	return more;
}

static int create(struct mmr_trace *trace, const struct replay_start *start,
                  const struct replay_tunables *tunables, struct model *m, struct mmr_error *err)
{
	uint64_t period_ns = tunables->value[REPLAY_TUNABLE_MEMCG_FLUSH];
	uint64_t first_ns = mmr_trace_info(trace)->first_ns;
	int rc;

	for (uint32_t z = 0; z < start->nr_zones; z++)
		if (start->zones[z].start_pfn + start->zones[z].spanned > m->nr_pfns)
			m->nr_pfns = start->zones[z].start_pfn + start->zones[z].spanned;
	m->kernel.lru = must(calloc(m->nr_pfns, 1));
	m->order = must(calloc(m->nr_pfns, 1));
	m->nr_free = (uint32_t)m->nr_pfns * 2;
	m->free_frames = must(calloc(m->nr_free, sizeof(*m->free_frames)));
	for (uint32_t i = 0; i < m->nr_free; i++)
		m->free_frames[i] = i;
	rc = mm_cache_create(&follower, m->nr_free, 0, &m->machine, err);
	if (rc == 0)
		rc = wl_create(trace, &m->wl, err);
	if (rc < 0)
		return rc;
	/* What it reclaimed itself has no batches, and so no order: it is not judged, but spread over what has. */
	m->wl->recorder_pid = 0;
	m->machine->settings.kernel = (uint32_t)tunables->value[REPLAY_TUNABLE_KERNEL];
	m->machine->settings.memcg_stat_delay = true;
	m->machine->swap.nr_slots = tunables->value[REPLAY_TUNABLE_SWAP] > 0 ? 1 : 0;
	if (period_ns > 0 && m->machine->settings.kernel >= MM_KERNEL(6, 12)) {
		m->flush_period_ns = period_ns;
		m->flush_ns = first_ns - (first_ns - MEMCG_BEGIN_NS) % period_ns + period_ns;
	}
	return 0;
}

static void destroy(struct model *m)
{
	wl_destroy(m->wl);
	if (m->machine)
		m->machine->swap.nr_slots = 0;
	mm_machine_destroy(m->machine);
	free(m->kernel.lru);
	free(m->order);
	free(m->free_frames);
	free(m->pages);
	free(m->marks);
}

static uint64_t agreeing(const struct decisions *d)
{
	return d->nr[0][0] + d->nr[1][1];
}

static uint64_t activated(const struct decisions *d, bool here)
{
	return d->nr[1][1] + (here ? d->nr[0][1] : d->nr[1][0]);
}

static bool within(const struct decisions *d)
{
	uint64_t kernel = activated(d, false), here = activated(d, true);
	uint64_t off = kernel > here ? kernel - here : here - kernel;

	return off <= FEW || off * 50 <= kernel;
}

static uint64_t refaults(const struct reading *first, const struct reading *last)
{
	return last->refaults - first->refaults;
}

static bool report(const char *name, const struct decisions *d, uint64_t nr_refaults)
{
	uint64_t kernel = activated(d, false), here = activated(d, true);
	uint64_t followed = d->nr[0][0] + d->nr[0][1] + d->nr[1][0] + d->nr[1][1];
	bool judged;

	judged = kernel >= FEWEST && 2 * followed >= nr_refaults && !d->advised;
	printf("%-28.28s %9llu %9llu %9llu %9llu %8.1f %9llu%s\n", name,
	       (unsigned long long)nr_refaults, (unsigned long long)followed,
	       (unsigned long long)kernel, (unsigned long long)here,
	       100 * ((double)here - (double)kernel) / (kernel ? (double)kernel : 1),
	       (unsigned long long)(followed - agreeing(d)),
	       d->advised  ? "  pages out itself"
	       : !judged   ? "  too few"
	       : within(d) ? ""
	                   : "  past its bound");
	return !judged || within(d);
}

/* The recording, with the flushes of memory cgroups' statistics so many steps later than the engine has them. */
static int try_phase(struct mmr_trace *trace, const struct replay_start *start,
                     const struct replay_tunables *tunables, uint32_t phase, struct model *m,
                     struct mmr_error *err)
{
	int rc;

	memset(m, 0, sizeof(*m));
	rc = mmr_trace_rewind(trace, err);
	if (rc == 0)
		rc = create(trace, start, tunables, m, err);
	m->flush_ns += m->flush_ns ? phase * PHASE_NS : 0;
	if (rc == 0)
		rc = follow(trace, m, err);
	destroy(m);
	return rc;
}

static int decide(struct mmr_trace *trace, const struct replay_start *start,
                  const struct replay_tunables *tunables, struct decisions *best,
                  struct mmr_error *err)
{
	static struct model m;
	int rc = try_phase(trace, start, tunables, 0, &m, err);

	*best = m.decisions;
	if (within(best))
		return rc;
	for (uint32_t phase = 1; rc == 0 && phase * PHASE_NS < m.flush_period_ns; phase++) {
		rc = try_phase(trace, start, tunables, phase, &m, err);
		if (agreeing(&m.decisions) > agreeing(best))
			*best = m.decisions;
	}
	return rc;
}

static bool check_file(const char *path, const char *name)
{
	static struct replay_start start; /* too large for a stack */
	struct replay_tunables tunables;
	struct decisions decisions;
	struct mmr_error err = { 0 };
	struct reading first, last;
	struct mmr_trace *trace;
	bool good = true;
	uint32_t nr;
	int rc;

	if (mmr_trace_open(path, NULL, &trace, &err) < 0) {
		printf("%s: %s\n", name, err.text);
		return false;
	}
	replay_tunables_init(&tunables);
	rc = replay_start_read(trace, &start, &tunables, &err);
	nr = read_readings(trace);
	first = readings[0];
	last = readings[nr ? nr - 1 : 0];
	if (rc == 0 && !start.mglru && nr >= 2 && refaults(&first, &last) >= FEWEST) {
		rc = decide(trace, &start, &tunables, &decisions, &err);
		good = rc == 0 && report(name, &decisions, refaults(&first, &last));
	}
	if (rc < 0) {
		printf("%s: %s\n", name, err.text);
		good = false;
	}
	replay_start_deinit(&start);
	mmr_trace_close(trace);
	return good;
}

static void print_head(void)
{
	printf("%-28s %9s %9s %9s %9s %8s %9s\n", "recording", "refaults", "followed", "activated",
	       "here", "off, %", "otherwise");
}

int main(void)
{
	return check_recordings(print_head, check_file);
}
