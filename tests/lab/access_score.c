/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much of what a load touched the access samples of its recording show, and how much of what they
 * show is true. The truth is mmtruth's log.
 *
 *	access_score TRACE TRUTH
 *
 * A sample speaks of a page from some time to some time, and neither of them is an instant:
 *
 *	marking [mb, me] ................ reading [rb, re]
 *
 * Judged are pages of the load that stayed in the same page frame from mb to re (by the trace's
 * allocations and frees). Of these
 *	recall     of the pages touched certainly within the window, after me and before rb: how many are shown
 *	precision  of the pages shown: how many were touched at all in [mb, re]
 * A touch within the marking or the reading itself may show or not, so it demands nothing and excuses. A
 * page that the sample does not know (bit of known is 0) is not shown: for recall it is a miss.
 * Pages that came or went within the window are counted apart; the trace has their faults.
 *
 * A watched address (--access=faults) is a window of its own: from being armed to its use, or to the end
 * of the watch. Recall is given over all touches and over the writes. A DAMON region shows all of its
 * pages, if nr_accesses is not 0, and is a window of one aggregation interval before its event.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmreplay/trace.h>

#include "truth.h"

#define PAGE_SHIFT 12

/* What is said about one set of page frames or addresses, and what is true. */
struct score {
	uint64_t nr_windows;
	uint64_t touched; /* certainly, within the window */
	uint64_t found;   /* of these, shown */
	uint64_t writes;  /* of touched: by a write */
	uint64_t found_writes;
	uint64_t unknown; /* of touched, not found: the sample said that it does not know */
	uint64_t shown;
	uint64_t right; /* of these, touched at some time in the window */
	uint64_t pages; /* judged */
	uint64_t moved; /* not judged: came or went */
};

/* Touches by page frame, or by page of the address space, each in time order. */
struct by_place {
	uint64_t first; /* number of the first place */
	uint64_t nr;
	uint32_t *start; /* nr + 1 */
	uint32_t *touch; /* numbers of touches */
};

struct truth {
	struct truth_head head;
	struct truth_touch *touches;
	struct by_place frames;
	struct by_place anon;
	struct by_place file;
};

struct scorer {
	struct mmr_trace *trace;
	struct truth truth;
	uint64_t *changed_ns; /* by pfn: when it was allocated or freed last */
	uint64_t nr_changed;
	uint32_t next_sample;
	uint64_t aggregation_ns;
	bool physical; /* DAMON's regions */
	struct score score;
	uint64_t windows_ns; /* sum of their lengths */
	uint64_t vague_ns;   /* of which marking or reading */
};

struct window {
	uint64_t mark_begin_ns;
	uint64_t mark_end_ns;
	uint64_t read_begin_ns;
	uint64_t read_end_ns;
};

/* ---- the truth ---- */

static _Noreturn void trouble(const char *what, const char *why)
{
	fprintf(stderr, "access_score: %s: %s\n", what, why);
	exit(1);
}

static void *room(uint64_t count, size_t size)
{
	void *p = calloc(count + 1, size);

	if (!p)
		trouble("memory", "there is none");
	return p;
}

static void read_truth(struct truth *t, const char *path)
{
	FILE *file = fopen(path, "r");

	if (!file || fread(&t->head, sizeof(t->head), 1, file) != 1 ||
	    t->head.magic != TRUTH_MAGIC || t->head.nr_touches > UINT32_MAX)
		trouble(path, "no log of mmtruth");
	t->touches = room(t->head.nr_touches, sizeof(*t->touches));
	if (fread(t->touches, sizeof(*t->touches), t->head.nr_touches, file) != t->head.nr_touches)
		trouble(path, "cut");
	fclose(file);
}

static uint64_t place_of(const struct truth_touch *touch, bool frames)
{
	return frames ? touch->pfn : touch->address >> PAGE_SHIFT;
}

static bool has_place(const struct by_place *b, const struct truth_touch *touch, bool frames)
{
	return (!frames || touch->pfn) && place_of(touch, frames) - b->first < b->nr;
}

static void sort_places(struct by_place *b, const struct truth *t, bool frames)
{
	uint32_t *fill = room(b->nr + 1, sizeof(*fill));

	b->start = room(b->nr + 1, sizeof(*b->start));
	b->touch = room(t->head.nr_touches, sizeof(*b->touch));
	for (uint64_t i = 0; i < t->head.nr_touches; i++)
		if (has_place(b, &t->touches[i], frames))
			b->start[place_of(&t->touches[i], frames) - b->first + 1]++;
	for (uint64_t i = 0; i < b->nr; i++)
		b->start[i + 1] += b->start[i];
	memcpy(fill, b->start, (b->nr + 1) * sizeof(*fill));
	for (uint32_t i = 0; i < t->head.nr_touches; i++)
		if (has_place(b, &t->touches[i], frames))
			b->touch[fill[place_of(&t->touches[i], frames) - b->first]++] = i;
	free(fill);
}

static void sort_truth(struct scorer *s)
{
	struct truth *t = &s->truth;

	for (uint64_t i = 0; i < t->head.nr_touches; i++)
		if (t->touches[i].pfn >= t->frames.nr)
			t->frames.nr = t->touches[i].pfn + 1;
	t->anon.first = t->head.anon >> PAGE_SHIFT;
	t->anon.nr = t->head.nr_anon;
	t->file.first = t->head.file >> PAGE_SHIFT;
	t->file.nr = t->head.nr_file;
	sort_places(&t->frames, t, true);
	sort_places(&t->anon, t, false);
	sort_places(&t->file, t, false);
}

/* ---- judging ---- */

/* What the truth says about one place in a window. */
struct verdict {
	bool owned; /* touched some time before the window's end */
	bool certain;
	bool certain_write;
	bool possible;
};

static struct verdict judge(const struct truth *t, const struct by_place *b, uint64_t place,
                            const struct window *w)
{
	uint64_t i = place - b->first;
	uint32_t low = b->start[i];
	uint32_t end = b->start[i + 1];
	uint32_t high = end;
	struct verdict v = { 0 };

	v.owned = low < end && t->touches[b->touch[low]].begin_ns <= w->read_end_ns;
	while (low < high) { /* the first that ends in the window or later */
		uint32_t middle = low + (high - low) / 2;

		if (t->touches[b->touch[middle]].end_ns < w->mark_begin_ns)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < end; low++) {
		const struct truth_touch *touch = &t->touches[b->touch[low]];

		if (touch->begin_ns > w->read_end_ns)
			break;
		v.possible = true;
		if (touch->begin_ns < w->mark_end_ns || touch->end_ns > w->read_begin_ns)
			continue;
		v.certain = true;
		v.certain_write |= touch->flags & TRUTH_WRITE;
	}
	return v;
}

static void count(struct score *score, const struct verdict *v, bool known, bool shown)
{
	score->pages++;
	score->touched += v->certain;
	score->found += v->certain && shown;
	score->writes += v->certain_write;
	score->found_writes += v->certain_write && shown;
	score->unknown += v->certain && !known;
	score->shown += shown;
	score->right += shown && v->possible;
}

/* A page frame of the load's: judged if it has been that all the time. */
static void judge_frame(struct scorer *s, uint64_t pfn, const struct window *w, bool known,
                        bool shown)
{
	struct verdict v;

	v = judge(&s->truth, &s->truth.frames, pfn, w);
	if (!v.owned)
		return;
	if (s->changed_ns[pfn] >= w->mark_begin_ns) {
		s->score.moved++;
		return;
	}
	count(&s->score, &v, known, shown);
}

/* Whether the load was the last to have got this frame: a touch after the last change, before end_ns. */
static bool is_loads(const struct scorer *s, uint64_t pfn, uint64_t end_ns)
{
	const struct by_place *b = &s->truth.frames;

	if (pfn >= b->nr || pfn >= s->nr_changed)
		return false;
	for (uint32_t i = b->start[pfn]; i < b->start[pfn + 1]; i++) {
		const struct truth_touch *touch = &s->truth.touches[b->touch[i]];

		if (touch->begin_ns > end_ns)
			return false;
		if (touch->end_ns >= s->changed_ns[pfn])
			return true;
	}
	return false;
}

static void take_bitmap(struct scorer *s, const struct mmr_access_sample *sample)
{
	struct window w = { sample->mark_begin_ns, sample->mark_end_ns, sample->begin_ns,
		            sample->end_ns };

	s->score.nr_windows++;
	s->windows_ns += w.read_end_ns - w.mark_begin_ns;
	s->vague_ns += w.mark_end_ns - w.mark_begin_ns + w.read_end_ns - w.read_begin_ns;
	for (uint64_t i = 0; i < sample->nr_pfns; i++) {
		bool known = !sample->known || sample->known[i / 8] >> i % 8 & 1;
		bool shown = known && !(sample->idle[i / 8] >> i % 8 & 1);

		if (is_loads(s, sample->first_pfn + i, w.read_end_ns))
			judge_frame(s, sample->first_pfn + i, &w, known, shown);
	}
}

static const struct by_place *region_of(const struct truth *t, uint64_t page)
{
	if (page - t->anon.first < t->anon.nr)
		return &t->anon;
	return page - t->file.first < t->file.nr ? &t->file : NULL;
}

static void take_use(struct scorer *s, const struct mmr_access_use *use)
{
	uint64_t page = use->address >> PAGE_SHIFT;
	const struct by_place *region = region_of(&s->truth, page);
	struct window w = { use->begin_ns, use->begin_ns, use->end_ns, use->end_ns };
	struct verdict v;

	if (use->pid != s->truth.head.pid || (use->flags & MMR_USE_PHYSICAL) || !region)
		return;
	v = judge(&s->truth, region, page, &w);
	/* The use itself ends a watch: it is the touch that is under way. */
	if ((use->flags & MMR_USE_SEEN) && v.possible) {
		v.certain = true;
		v.certain_write |= use->flags & MMR_USE_WRITE;
	}
	s->score.nr_windows++;
	s->windows_ns += w.read_end_ns - w.mark_begin_ns;
	count(&s->score, &v, true, use->flags & MMR_USE_SEEN);
}

static void take_region(struct scorer *s, const struct mmr_event *event)
{
	uint64_t end = event->damon.end >> PAGE_SHIFT;
	struct window w = { event->t_ns - s->aggregation_ns, event->t_ns - s->aggregation_ns,
		            event->t_ns, event->t_ns };
	bool shown = event->damon.nr_accesses > 0;

	s->score.nr_windows++;
	s->windows_ns += s->aggregation_ns;
	for (uint64_t page = event->damon.start >> PAGE_SHIFT; page < end; page++) {
		const struct by_place *region = s->physical ? NULL : region_of(&s->truth, page);
		struct verdict v;

		if (s->physical && is_loads(s, page, w.read_end_ns))
			judge_frame(s, page, &w, true, shown);
		if (!region)
			continue;
		v = judge(&s->truth, region, page, &w);
		if (v.owned)
			count(&s->score, &v, true, shown);
	}
}

/* ---- the trace ---- */

static void take_samples(struct scorer *s, uint64_t t_ns)
{
	struct mmr_access_sample sample;
	struct mmr_error err = { 0 };

	for (; s->next_sample < mmr_trace_info(s->trace)->nr_access_frames; s->next_sample++) {
		if (mmr_trace_access_sample(s->trace, s->next_sample, &sample, &err) < 0)
			trouble("sample", err.text);
		if (sample.end_ns >= t_ns)
			return;
		if (sample.kind == MMR_ACCESS_BITMAP)
			take_bitmap(s, &sample);
		for (uint64_t i = 0; i < sample.nr_uses; i++)
			take_use(s, &sample.uses[i]);
	}
}

static void change(struct scorer *s, const struct mmr_event *event, uint32_t order)
{
	for (uint64_t pfn = event->page.pfn; pfn >> order == event->page.pfn >> order; pfn++)
		if (pfn < s->nr_changed)
			s->changed_ns[pfn] = event->t_ns;
}

static void take_event(struct scorer *s, const struct mmr_event *event)
{
	if (event->kind == MMR_EVENT_MM_PAGE_ALLOC || event->kind == MMR_EVENT_MM_PAGE_FREE)
		change(s, event, event->page.order);
	else if (event->kind == MMR_EVENT_MM_PAGE_FREE_BATCHED)
		change(s, event, 0);
	else if (event->kind == MMR_EVENT_DAMON_AGGREGATED)
		take_region(s, event);
}

static double share(uint64_t part, uint64_t of)
{
	return of ? (double)part / (double)of : 0.0;
}

static void print(const struct scorer *s)
{
	const struct score *c = &s->score;

	printf("source     %s\n", mmr_trace_text(s->trace, "access", NULL));
	printf("windows    %" PRIu64 ", %.0f ms on average, %.1f %% of it marking and reading\n",
	       c->nr_windows,
	       c->nr_windows ? (double)s->windows_ns / 1e6 / (double)c->nr_windows : 0.0,
	       100.0 * share(s->vague_ns, s->windows_ns));
	printf("judged     %" PRIu64 " pages; %" PRIu64 " came or went within their window\n",
	       c->pages, c->moved);
	printf("recall     %.3f  (%" PRIu64 " of %" PRIu64 " touched; %" PRIu64
	       " of the others not known)\n",
	       share(c->found, c->touched), c->found, c->touched, c->unknown);
	printf("  writes   %.3f  (%" PRIu64 " of %" PRIu64 ")\n", share(c->found_writes, c->writes),
	       c->found_writes, c->writes);
	printf("precision  %.3f  (%" PRIu64 " of %" PRIu64 " shown)\n", share(c->right, c->shown),
	       c->right, c->shown);
	printf("chance     %.3f  (touched among all judged)\n", share(c->touched, c->pages));
}

static uint64_t number_of(const struct mmr_trace *trace, const char *name)
{
	const char *text = mmr_trace_text(trace, name, NULL);

	return text ? strtoull(text, NULL, 10) : 0;
}

int main(int argc, char **argv)
{
	struct scorer s = { 0 };
	struct mmr_error err = { 0 };
	struct mmr_event event;
	int code;

	if (argc != 3) {
		fprintf(stderr, "usage: access_score TRACE TRUTH\n");
		return 2;
	}
	if (mmr_trace_open(argv[1], NULL, &s.trace, &err) < 0)
		trouble(argv[1], err.text);
	read_truth(&s.truth, argv[2]);
	sort_truth(&s);
	for (uint32_t i = 0; mmr_trace_zone(s.trace, i); i++) {
		const struct mmr_zone_info *zone = mmr_trace_zone(s.trace, i);

		if (zone->start_pfn + zone->spanned > s.nr_changed)
			s.nr_changed = zone->start_pfn + zone->spanned;
	}
	s.changed_ns = room(s.nr_changed, sizeof(*s.changed_ns));
	s.aggregation_ns = number_of(s.trace, "access.interval_ns");
	s.physical = !mmr_trace_text(s.trace, "access.pid", NULL);
	while ((code = mmr_trace_next(s.trace, &event, &err)) > 0) {
		take_samples(&s, event.t_ns);
		take_event(&s, &event);
	}
	if (code < 0)
		trouble(argv[1], err.text);
	take_samples(&s, UINT64_MAX);
	print(&s);
	mmr_trace_close(s.trace);
	free(s.truth.touches);
	free(s.truth.frames.start);
	free(s.truth.frames.touch);
	free(s.truth.anon.start);
	free(s.truth.anon.touch);
	free(s.truth.file.start);
	free(s.truth.file.touch);
	free(s.changed_ns);
	return 0;
}
