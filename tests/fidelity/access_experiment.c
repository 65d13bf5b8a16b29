/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much of a replay's faults depends on knowing the accesses: a small classic LRU for the one process of a
 * recording of `workload zipf MB OPS A` (deterministic: the accesses are generated here again), with as many
 * pages in memory as the process had at each instant (rss_stat), and three ways to know what was in use.
 *
 *	exact   every access, placed between the faults of the recording by its own faults
 *	idle    the faults, and the samples of idle page tracking
 *	model   the faults, and the shares of the recording by chance (reference_share.c)
 *	faults  the faults
 *
 * Prints how often a page had to come back (first touches left out), beside the recording's own.
 * usage: access_experiment TRACE MB OPS A
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference_share.h"
#include "rng.h"
#include "wl_state.h"

enum feed { EXACT, IDLE, MODEL, FAULTS, NR_FEEDS };

/* ---- the LRU ---- */

enum { INACTIVE, ACTIVE, NR_LISTS };

struct page {
	uint32_t next, prev; /* of the list; head = newest */
	uint64_t evicted_at; /* age at that time */
	bool known, in, active, young, referenced;
};

struct lru {
	struct page *pages;
	uint32_t head[NR_LISTS], tail[NR_LISTS], count[NR_LISTS];
	uint64_t age; /* evictions and activations: nonresident_age */
	uint64_t nr_refaults;
	uint32_t share[2]; /* of the model, for first and later looks; 0: none */
	struct rng rng;
};

static void list_add(struct lru *lru, uint32_t page, int list)
{
	struct page *p = &lru->pages[page];

	p->active = list == ACTIVE;
	p->prev = WL_NONE;
	p->next = lru->head[list];
	if (p->next != WL_NONE)
		lru->pages[p->next].prev = page;
	else
		lru->tail[list] = page;
	lru->head[list] = page;
	lru->count[list]++;
}

static void list_del(struct lru *lru, uint32_t page)
{
	struct page *p = &lru->pages[page];
	int list = p->active ? ACTIVE : INACTIVE;

	if (p->prev != WL_NONE)
		lru->pages[p->prev].next = p->next;
	else
		lru->head[list] = p->next;
	if (p->next != WL_NONE)
		lru->pages[p->next].prev = p->prev;
	else
		lru->tail[list] = p->prev;
	lru->count[list]--;
}

static void lru_touch(struct lru *lru, uint32_t page)
{
	struct page *p = &lru->pages[page];
	bool hot = false;

	if (p->in) {
		p->young = true;
		return;
	}
	if (p->known) {
		lru->nr_refaults++;
		hot = lru->age - p->evicted_at <= lru->count[ACTIVE] + lru->count[INACTIVE];
	}
	*p = (struct page){ .known = true, .in = true, .young = true };
	list_add(lru, page, hot ? ACTIVE : INACTIVE);
	lru->age += hot;
}

/* Whether a look finds the page in use: by knowledge, or by chance. */
static bool look(struct lru *lru, struct page *p)
{
	bool young = p->young;

	p->young = false;
	if (!young && lru->share[p->referenced] > 0)
		young = base_rng_below(&lru->rng, 65536) < lru->share[p->referenced];
	return young;
}

static void lru_shrink(struct lru *lru, uint64_t room)
{
	while (lru->count[ACTIVE] + lru->count[INACTIVE] > room) {
		uint32_t page = lru->tail[INACTIVE];
		struct page *p;

		if (lru->count[INACTIVE] < lru->count[ACTIVE]) {
			page = lru->tail[ACTIVE];
			lru->pages[page].young = false;
			list_del(lru, page);
			list_add(lru, page, INACTIVE);
			continue;
		}
		p = &lru->pages[page];
		list_del(lru, page);
		if (look(lru, p)) {
			bool activate = p->referenced;

			p->referenced = !activate;
			list_add(lru, page, activate ? ACTIVE : INACTIVE);
			lru->age += activate;
			continue;
		}
		p->in = false;
		p->evicted_at = ++lru->age;
	}
}

/* ---- the accesses of the workload, as lab/workload.c makes them ---- */

struct zipf {
	uint64_t state;
	uint64_t nr_pages;
	uint64_t nr_left;
	double exponent;
};

static uint64_t zipf_random(struct zipf *z)
{
	z->state ^= z->state << 13;
	z->state ^= z->state >> 7;
	z->state ^= z->state << 17;
	return z->state;
}

static uint64_t zipf_next(struct zipf *z)
{
	double u = (double)(zipf_random(z) >> 11) * (1.0 / 9007199254740992.0);
	uint64_t page = (uint64_t)(pow(u, z->exponent) * (double)z->nr_pages);

	if (page >= z->nr_pages)
		page = z->nr_pages - 1;
	zipf_random(z);
	z->nr_left--;
	return page * 2654435761u % z->nr_pages;
}

/* ---- the recording ---- */

struct experiment {
	struct lru lru;
	struct zipf zipf;
	uint64_t first_vpn; /* of the workload's area; 0: not found yet */
	uint64_t room;
	uint64_t nr_faults, nr_touches, nr_lost_sync;
	uint32_t pid, mm_id;
	enum feed feed;
};

/* Of the area, or WL_NONE. */
static uint32_t page_at(const struct experiment *x, uint64_t vpn)
{
	uint64_t page = vpn - x->first_vpn;

	return x->first_vpn && vpn >= x->first_vpn && page < x->zipf.nr_pages ? (uint32_t)page
	                                                                      : WL_NONE;
}

/* The generator goes on to the access that faulted; what lies between were hits. */
static void follow_exact(struct experiment *x, uint32_t page)
{
	struct zipf saved = x->zipf;
	uint64_t limit = x->zipf.nr_left < 20000 ? x->zipf.nr_left : 20000;

	for (uint64_t i = 0; i < limit; i++) {
		if (zipf_next(&x->zipf) == page) {
			x->zipf = saved;
			for (uint64_t j = 0; j <= i; j++) {
				lru_touch(&x->lru, (uint32_t)zipf_next(&x->zipf));
				lru_shrink(&x->lru, x->room);
			}
			return;
		}
	}
	x->zipf = saved;
	x->nr_lost_sync++;
	lru_touch(&x->lru, page);
}

static void fault(struct experiment *x, uint64_t vpn)
{
	uint32_t page = page_at(x, vpn);

	if (page == WL_NONE)
		return;
	x->nr_faults++;
	if (x->feed == EXACT && x->lru.pages[page].known)
		follow_exact(x, page);
	else
		lru_touch(&x->lru, page);
	lru_shrink(&x->lru, x->room);
}

/* The area begins where a process first faults thousands of pages one after the other. */
static void find_area(struct experiment *x, const struct mmr_event *event)
{
	static uint64_t next, run;
	static uint32_t pid;
	uint64_t vpn = event->fault.address >> WL_PAGE_SHIFT;

	run = event->pid == pid && vpn == next ? run + 1 : 1;
	pid = event->pid;
	next = vpn + 1;
	if (run < 4096)
		return;
	x->pid = pid;
	x->first_vpn = next - run;
	run = 0;
	next = 0;
	for (uint32_t page = 0; page < 4096; page++)
		lru_touch(&x->lru, page);
}

static void sample(struct experiment *x, struct wl *wl, const struct mmr_access_sample *s)
{
	if (s->kind != MMR_ACCESS_BITMAP)
		return;
	for (uint64_t i = 0; i < s->nr_pfns; i++) {
		uint32_t number, map;

		if (s->idle[i / 8] >> i % 8 & 1)
			continue;
		number = wl_page_at(wl, s->first_pfn + i);
		if (number == WL_NONE || wl->pages.items[number].kind != WL_PAGE_ANON)
			continue;
		map = wl->pages.items[number].maps;
		if (map != WL_NONE) {
			uint32_t page = page_at(x, wl->maps.items[map].vpn);

			if (page != WL_NONE && x->lru.pages[page].in)
				x->lru.pages[page].young = true;
		}
	}
}

static void event_of(struct experiment *x, const struct mmr_event *event)
{
	if (event->kind == MMR_EVENT_PAGE_FAULT_USER) {
		if (!x->first_vpn)
			find_area(x, event);
		else if (event->pid == x->pid)
			fault(x, event->fault.address >> WL_PAGE_SHIFT);
	} else if (event->kind == MMR_EVENT_RSS_STAT && x->first_vpn && event->rss.member == 1) {
		if (event->pid == x->pid && event->rss.curr)
			x->mm_id = event->rss.mm_id;
		if (event->rss.mm_id == x->mm_id && x->mm_id)
			x->room = (uint64_t)event->rss.size >> WL_PAGE_SHIFT;
		lru_shrink(&x->lru, x->room);
	}
}

static int run(struct mmr_trace *trace, struct experiment *x,
               const struct replay_reference_share *share)
{
	struct mmr_event event;
	struct wl *wl = NULL;
	uint32_t next_sample = 0, bin = 0;
	int more = mmr_trace_rewind(trace, NULL);

	if (more < 0 || wl_create(trace, &wl, NULL) < 0)
		return -1;
	while ((more = mmr_trace_next(trace, &event, NULL)) > 0) {
		struct mmr_access_sample s;
		size_t nr;

		while (x->feed == IDLE && next_sample < mmr_trace_info(trace)->nr_access_frames &&
		       mmr_trace_access_sample(trace, next_sample, &s, NULL) == 0 &&
		       s.end_ns < event.t_ns) {
			sample(x, wl, &s);
			next_sample++;
		}
		while (x->feed == MODEL && event.t_ns >= replay_reference_begin_ns(share, bin)) {
			for (int again = 0; again < 2; again++)
				x->lru.share[again] = replay_reference_of(
					share, bin, MM_LRU_ANON,
					again ? MM_LOOK_AGAIN : MM_LOOK_FIRST, false);
			bin++;
		}
		event_of(x, &event);
		if (wl_event(wl, &event, NULL) < 0)
			break;
		wl_ops(wl, &nr);
		wl_consume(wl, nr);
	}
	wl_destroy(wl);
	return more;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "exact", "idle", "model", "faults" };
	struct replay_reference_share share = { .first_ns = 0 };
	struct mmr_trace *trace;
	struct mmr_event event;
	struct mmr_error err = { 0 };

	if (argc != 5 || mmr_trace_open(argv[1], NULL, &trace, &err) < 0) {
		fprintf(stderr, "usage: access_experiment TRACE MB OPS A; %s\n", err.text);
		return 2;
	}
	share.first_ns = mmr_trace_info(trace)->first_ns;
	share.last_ns = mmr_trace_info(trace)->last_ns;
	while (mmr_trace_next(trace, &event, NULL) > 0)
		replay_reference_event(&share, &event);
	for (int feed = 0; feed < NR_FEEDS; feed++) {
		struct experiment x = {
			.zipf = { .state = 88172645463325252ull,
			          .nr_pages = strtoull(argv[2], NULL, 10) * 256,
			          .nr_left = strtoull(argv[3], NULL, 10),
			          .exponent = strtod(argv[4], NULL) },
			.room = UINT64_MAX,
			.feed = (enum feed)feed,
		};

		x.lru.pages = calloc(x.zipf.nr_pages, sizeof(*x.lru.pages));
		if (!x.lru.pages)
			return 2;
		base_rng_init(&x.lru.rng, 1);
		for (int list = 0; list < NR_LISTS; list++)
			x.lru.head[list] = x.lru.tail[list] = WL_NONE;
		if (run(trace, &x, &share) < 0)
			return 2;
		printf("%-7s %8llu refaults; %llu faults recorded in the area, %llu without a place in the sequence\n",
		       names[feed], (unsigned long long)x.lru.nr_refaults,
		       (unsigned long long)x.nr_faults, (unsigned long long)x.nr_lost_sync);
		free(x.lru.pages);
	}
	mmr_trace_close(trace);
	return 0;
}
