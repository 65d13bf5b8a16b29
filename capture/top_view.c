/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Made for 80x24; more rows become more zones, tasks and stalls, more columns longer bars and more
 * figures. Sections follow each other from the top; what does not fit is the end of the stalls.
 */
#include "top_view.h"

#include <stdio.h>
#include <string.h>

#define TEXT_SIZE   16
#define ORDER_WIDTH 6
#define LABEL_WIDTH 12
#define ITEM_LABEL  10
#define ITEM_WIDTH  17
#define SPACIOUS    38 /* rows from which sections are set apart */

#define GLYPH_FULL  0x2588 /* full block */
#define GLYPH_EMPTY 0x2591 /* light shade */

struct layout {
	struct top_frame *frame;
	const struct top_model *model;
	const struct top_view *view;
	int row;
};

/* ---- numbers in four or five columns ---- */

static const char *scaled(char text[TEXT_SIZE], double value, double base)
{
	static const char units[] = " kMGTPE";
	unsigned int unit = 0;

	while (value >= (base > 1000.0 ? 1023.95 : 999.5) && unit + 2 < sizeof(units)) {
		value /= base;
		unit++;
	}
	if (unit == 0)
		snprintf(text, TEXT_SIZE, value > 0.0 && value < 9.95 ? "%.1f" : "%.0f", value);
	else
		snprintf(text, TEXT_SIZE,
		         value < 9.995   ? "%.2f%c"
		         : value < 99.95 ? "%.1f%c"
		                         : "%.0f%c",
		         value, units[unit] == 'k' && base > 1000.0 ? 'K' : units[unit]);
	return text;
}

static const char *format_rate(char text[TEXT_SIZE], double value)
{
	if (value < 0.0)
		snprintf(text, TEXT_SIZE, "-");
	else
		scaled(text, value, 1000.0);
	return text;
}

static const char *format_number(char text[TEXT_SIZE], uint64_t value)
{
	if (value < 1000)
		snprintf(text, TEXT_SIZE, "%u", (unsigned int)value);
	else
		scaled(text, (double)value, 1000.0);
	return text;
}

static const char *format_size(char text[TEXT_SIZE], uint64_t bytes)
{
	return scaled(text, (double)bytes, 1024.0);
}

static const char *format_pages(char text[TEXT_SIZE], const struct layout *l, uint64_t nr_pages)
{
	if (nr_pages == TOP_ABSENT)
		snprintf(text, TEXT_SIZE, "-");
	else
		format_size(text, nr_pages * l->model->now.page_size);
	return text;
}

static const char *format_time(char text[TEXT_SIZE], uint64_t ns)
{
	double us = (double)ns / 1e3;

	if (us < 999.5)
		snprintf(text, TEXT_SIZE, us < 9.95 ? "%.1f us" : "%.0f us", us);
	else if (us < 999.5e3)
		snprintf(text, TEXT_SIZE, us < 9.95e3 ? "%.1f ms" : "%.0f ms", us / 1e3);
	else if (us < 99.95e6)
		snprintf(text, TEXT_SIZE, "%.1f s", us / 1e6);
	else
		snprintf(text, TEXT_SIZE, "%.0f s", us / 1e6);
	return text;
}

/* ---- lines ---- */

static void heading(struct layout *l, const char *text)
{
	if (l->frame->rows >= SPACIOUS && !l->view->plain)
		l->row++;
	top_frame_put(l->frame, l->row, 0, TOP_PLAIN, "%s", text);
	top_frame_mark(l->frame, l->row++, TOP_TITLE);
}

static void draw_title(struct layout *l)
{
	const struct top_view *v = l->view;
	char interval[TEXT_SIZE];
	int col =
		top_frame_put(l->frame, 0, 0, TOP_PLAIN, "mmcap top  %s  %s  %s  every %s", v->host,
	                      v->release, v->clock, format_time(interval, v->interval_ns));

	if (!v->plain && col + 20 < l->frame->cols)
		top_frame_put(l->frame, 0, l->frame->cols - 15, TOP_PLAIN, "h help  q quit");
	top_frame_mark(l->frame, 0, TOP_TITLE);
	if (v->paused)
		top_frame_put(l->frame, 0, col + 2, TOP_WARN, "PAUSED");
	l->row = 1;
}

/* "name value" one behind the other, as many as fit. */
static int item(struct layout *l, int col, const char *name, const char *value)
{
	int width = (int)(strlen(name) + strlen(value)) + 1;

	if (col + width > l->frame->cols)
		return l->frame->cols;
	col = top_frame_put(l->frame, l->row, col, TOP_DIM, "%s ", name);
	return top_frame_put(l->frame, l->row, col, TOP_PLAIN, "%s", value) + 2;
}

static void draw_memory(struct layout *l)
{
	const struct top_reading *now = &l->model->now;
	const uint64_t *c = now->counters;
	uint64_t slab = c[TOP_NR_SLAB] == TOP_ABSENT || c[TOP_NR_SLAB_FIXED] == TOP_ABSENT
	                        ? TOP_ABSENT
	                        : c[TOP_NR_SLAB] + c[TOP_NR_SLAB_FIXED];
	char text[TEXT_SIZE];
	int col = top_frame_put(l->frame, l->row, 0, TOP_BOLD, "Memory") + 4;

	col = top_frame_put(l->frame, l->row, col, TOP_PLAIN, "%s",
	                    format_size(text, now->total_bytes)) +
	      2;
	col = item(l, col, "free", format_pages(text, l, c[TOP_NR_FREE]));
	col = item(l, col, "avail", format_size(text, now->available_bytes));
	col = item(l, col, "anon", format_pages(text, l, c[TOP_NR_ANON]));
	col = item(l, col, "file", format_pages(text, l, c[TOP_NR_FILE]));
	col = item(l, col, "slab", format_pages(text, l, slab));
	col = item(l, col, "dirty", format_pages(text, l, c[TOP_NR_DIRTY]));
	col = item(l, col, "writeback", format_pages(text, l, c[TOP_NR_WRITEBACK]));
	item(l, col, "shmem", format_pages(text, l, c[TOP_NR_SHMEM]));
	l->row++;
}

static int draw_stalled(struct layout *l, int col, const char *name, bool full)
{
	const struct top_pressure *p = full ? &l->model->now.full : &l->model->now.some;
	double now = top_model_pressure(l->model, full);
	enum top_attr attr = now >= 10.0 ? TOP_BAD : now >= 1.0 ? TOP_WARN : TOP_PLAIN;

	col = top_frame_put(l->frame, l->row, col, TOP_DIM, "%s ", name);
	if (now < 0.0)
		col = top_frame_put(l->frame, l->row, col, TOP_PLAIN, "    - ");
	else
		col = top_frame_put(l->frame, l->row, col, attr, "%5.1f%%", now);
	col = top_frame_put(l->frame, l->row, col, TOP_DIM, "  avg ");
	return top_frame_put(l->frame, l->row, col, TOP_PLAIN, "%.2f %.2f %.2f", p->average[0],
	                     p->average[1], p->average[2]) +
	       3;
}

static void draw_pressure(struct layout *l)
{
	int col = top_frame_put(l->frame, l->row, 0, TOP_BOLD, "Pressure") + 2;

	if (l->model->now.has_pressure)
		draw_stalled(l, draw_stalled(l, col, "some", false), "full", true);
	else
		top_frame_put(l->frame, l->row, col, TOP_DIM, "unknown: this kernel has no PSI");
	l->row++;
}

/* ---- zones ---- */

/*
 * From nothing to twice the high watermark, which is where things happen; ">": more is free. m, l and
 * h stand where the watermarks are.
 */
static void draw_bar(struct layout *l, int col, const struct top_zone *zone)
{
	static const char letters[] = "mlh";
	const uint64_t marks[] = { zone->min, zone->low, zone->high };
	uint64_t end = zone->high * 2;
	int width = l->frame->cols - col - 2;
	enum top_attr attr = zone->free < zone->min   ? TOP_BAD
	                     : zone->free < zone->low ? TOP_WARN
	                                              : TOP_GOOD;
	uint64_t filled;

	if (width < 8 || end == 0)
		return;
	filled = zone->free >= end ? (uint64_t)width : zone->free * (uint64_t)width / end;
	top_frame_char(l->frame, l->row, col, '[', TOP_PLAIN);
	top_frame_char(l->frame, l->row, col + 1 + width, ']', TOP_PLAIN);
	for (int i = 0; i < width; i++) {
		bool full = (uint64_t)i < filled;
		uint16_t ch = full ? '#' : '.';

		if (l->view->utf8)
			ch = full ? GLYPH_FULL : GLYPH_EMPTY;
		top_frame_char(l->frame, l->row, col + 1 + i, ch, full ? attr : TOP_DIM);
	}
	for (int i = 0; i < 3; i++)
		top_frame_char(l->frame, l->row, col + 1 + (int)(marks[i] * (uint64_t)width / end),
		               (uint16_t)letters[i], TOP_BOLD);
	if (zone->free > end)
		top_frame_char(l->frame, l->row, col + width, '>', TOP_BOLD);
}

/* Which zone to show next: those that are short first, then the larger ones. */
static int pick_zone(const struct top_reading *now, uint64_t *taken)
{
	int best = -1;

	for (uint32_t i = 0; i < now->nr_zones; i++) {
		const struct top_zone *zone = &now->zones[i];
		const struct top_zone *than = best < 0 ? NULL : &now->zones[best];
		bool is_short = zone->free < zone->low;

		if (*taken >> i & 1)
			continue;
		if (!than || is_short > (than->free < than->low) ||
		    (is_short == (than->free < than->low) && zone->managed > than->managed))
			best = (int)i;
	}
	if (best >= 0)
		*taken |= 1ull << best;
	return best;
}

static void draw_zones(struct layout *l, int limit)
{
	const struct top_reading *now = &l->model->now;
	uint64_t shown = 0;
	char text[4][TEXT_SIZE];

	heading(l, "ZONE           FREE     MIN     LOW    HIGH  free: 0 to 2 x high");
	if (limit > (int)now->nr_zones)
		limit = (int)now->nr_zones;
	for (int i = 0; i < limit; i++)
		pick_zone(now, &shown);
	for (uint32_t i = 0; i < now->nr_zones; i++) {
		const struct top_zone *zone = &now->zones[i];
		int col;

		if (!(shown >> i & 1))
			continue;
		col = top_frame_put(l->frame, l->row, 0, TOP_PLAIN, "%d %-8s %8s%8s%8s%8s  ",
		                    zone->node, zone->name, format_pages(text[0], l, zone->free),
		                    format_pages(text[1], l, zone->min),
		                    format_pages(text[2], l, zone->low),
		                    format_pages(text[3], l, zone->high));
		draw_bar(l, col, zone);
		l->row++;
	}
}

/* ---- orders ---- */

/* All zones together, as if they were one. */
static struct top_zone whole_machine(const struct top_reading *now)
{
	struct top_zone sum = { 0 };

	for (uint32_t i = 0; i < now->nr_zones; i++)
		for (uint32_t order = 0; order < now->nr_orders; order++)
			sum.nr_blocks[order] += now->zones[i].nr_blocks[order];
	return sum;
}

static void draw_orders(struct layout *l)
{
	static const char *const labels[] = { "alloc/s", "free/s", "free blocks", "unusable %" };
	const struct top_reading *now = &l->model->now;
	const struct top_zone all = whole_machine(now);
	uint32_t count = now->nr_orders;
	char text[TEXT_SIZE];

	heading(l, "ORDER");
	while (count > 0 && LABEL_WIDTH + (int)count * ORDER_WIDTH > l->frame->cols)
		count--;
	for (int i = 0; i < 4; i++)
		top_frame_put(l->frame, l->row + i, 0, TOP_PLAIN, "%s", labels[i]);
	for (uint32_t order = 0; order < count; order++) {
		int col = LABEL_WIDTH + (int)order * ORDER_WIDTH;
		double unusable = 100.0 * top_unusable(&all, now->nr_orders, order);
		enum top_attr attr = unusable >= 95.0   ? TOP_BAD
		                     : unusable >= 80.0 ? TOP_WARN
		                                        : TOP_PLAIN;

		top_frame_put(l->frame, l->row - 1, col, TOP_TITLE, "%6u", order);
		top_frame_put(l->frame, l->row, col, TOP_PLAIN, "%6s",
		              format_rate(text, top_model_alloc_rate(l->model, order)));
		top_frame_put(l->frame, l->row + 1, col, TOP_PLAIN, "%6s",
		              format_rate(text, top_model_free_rate(l->model, order)));
		top_frame_put(l->frame, l->row + 2, col, TOP_PLAIN, "%6s",
		              format_number(text, all.nr_blocks[order]));
		top_frame_put(l->frame, l->row + 3, col, attr, "%6.1f", unusable);
	}
	l->row += 4;
}

/* ---- rates ---- */

struct rate_item {
	const char *name;
	double value;
	bool percent;
	bool alarming; /* anything above 0 is */
};

static void draw_items(struct layout *l, const char *label, const struct rate_item *items,
                       int count)
{
	top_frame_put(l->frame, l->row, 0, TOP_BOLD, "%s", label);
	for (int i = 0; i < count; i++) {
		int col = ITEM_LABEL + i * ITEM_WIDTH;
		enum top_attr attr =
			items[i].alarming && items[i].value > 0.0 ? TOP_WARN : TOP_PLAIN;
		char text[TEXT_SIZE + 1];

		if (col + ITEM_WIDTH > l->frame->cols + 1)
			break;
		format_rate(text, items[i].value);
		if (items[i].percent && items[i].value >= 0.0)
			snprintf(text, sizeof(text), "%.0f%%", items[i].value);
		top_frame_put(l->frame, l->row, col, TOP_DIM, "%s", items[i].name);
		top_frame_put(l->frame, l->row, col + ITEM_WIDTH - 2 - (int)strlen(text), attr,
		              "%s", text);
	}
	l->row++;
}

/* part of whole in percent; unknown without any. */
static double percent(double part, double whole)
{
	return part >= 0.0 && whole > 0.0 ? 100.0 * part / whole : -1.0;
}

static double known(double value)
{
	return value < 0.0 ? 0.0 : value;
}

static void draw_reclaim(struct layout *l)
{
	const struct top_model *m = l->model;
	double kswapd = top_model_rate(m, TOP_SCAN_KSWAPD);
	double direct = top_model_rate(m, TOP_SCAN_DIRECT);
	double khugepaged = top_model_rate(m, TOP_SCAN_KHUGEPAGED);
	double stolen = known(top_model_rate(m, TOP_STEAL_KSWAPD)) +
	                known(top_model_rate(m, TOP_STEAL_DIRECT)) +
	                known(top_model_rate(m, TOP_STEAL_KHUGEPAGED));
	const struct rate_item scan[] = {
		{ "kswapd", kswapd, false, false },
		{ "direct", direct, false, true },
		{ "reclaimed", top_model_has_rates(m) ? stolen : -1.0, false, false },
		{ "of scanned", percent(stolen, known(kswapd) + known(direct) + known(khugepaged)),
		  true, false },
		{ "stalls", top_model_rate(m, TOP_STALL), false, true },
		{ "khugepaged", khugepaged, false, false },
	};
	const struct rate_item refault[] = {
		{ "file", top_model_rate(m, TOP_REFAULT_FILE), false, false },
		{ "anon", top_model_rate(m, TOP_REFAULT_ANON), false, true },
		{ "swap in", top_model_rate(m, TOP_SWAP_IN), false, true },
		{ "swap out", top_model_rate(m, TOP_SWAP_OUT), false, true },
		{ "active file", top_model_rate(m, TOP_ACTIVATE_FILE), false, false },
		{ "active anon", top_model_rate(m, TOP_ACTIVATE_ANON), false, false },
	};

	draw_items(l, "Scan/s", scan, 6);
	draw_items(l, "Refault/s", refault, 6);
}

static void draw_faults(struct layout *l)
{
	const struct top_model *m = l->model;
	uint64_t swap = m->now.swap_bytes;
	double huge = top_model_rate(m, TOP_THP_FAULT_ALLOC);
	double fallback = top_model_rate(m, TOP_THP_FAULT_FALLBACK);
	const struct rate_item faults[] = {
		{ "all", top_model_rate(m, TOP_FAULT), false, false },
		{ "major", top_model_rate(m, TOP_MAJOR_FAULT), false, false },
		{ "oom kills", top_model_rate(m, TOP_OOM), false, true },
		{ "swap used", percent((double)(swap - m->now.swap_free_bytes), (double)swap), true,
		  false },
	};
	const struct rate_item thp[] = {
		{ "fault", huge, false, false },
		{ "fallback", fallback, false, true },
		{ "success", percent(huge, huge + fallback), true, false },
		{ "collapse", top_model_rate(m, TOP_THP_COLLAPSE), false, false },
		{ "failed", top_model_rate(m, TOP_THP_COLLAPSE_FAILED), false, true },
		{ "split", top_model_rate(m, TOP_THP_SPLIT), false, false },
	};
	const struct rate_item compact[] = {
		{ "stall", top_model_rate(m, TOP_COMPACT_STALL), false, true },
		{ "success", top_model_rate(m, TOP_COMPACT_SUCCESS), false, false },
		{ "fail", top_model_rate(m, TOP_COMPACT_FAIL), false, true },
		{ "migrated", top_model_rate(m, TOP_MIGRATE), false, false },
		{ "scanned", top_model_rate(m, TOP_COMPACT_SCAN_MIGRATE), false, false },
		{ "free scan", top_model_rate(m, TOP_COMPACT_SCAN_FREE), false, false },
		{ "kcompactd", top_model_rate(m, TOP_COMPACT_WAKE), false, false },
	};

	draw_items(l, "Fault/s", faults, 4);
	draw_items(l, "THP/s", thp, 6);
	draw_items(l, "Compact/s", compact, 7);
}

/* What -e added, by name, two and more a row. */
static void draw_events(struct layout *l, int limit)
{
	const struct top_model *m = l->model;
	const int width = 39;
	int col = 0;
	int rows = 0;

	for (unsigned int kind = 0; kind < MMR_NR_EVENT_KINDS && rows < limit; kind++) {
		char text[TEXT_SIZE];

		if (!m->shows_event[kind])
			continue;
		if (rows == 0) {
			heading(l, "EVENTS/s");
			rows = 1;
		}
		top_frame_put(l->frame, l->row, col, TOP_DIM, "%.31s", mmr_event_name(kind));
		top_frame_put(l->frame, l->row, col + 31, TOP_PLAIN, "%6s",
		              format_rate(text, top_model_event_rate(m, kind)));
		col += width;
		if (col + width > l->frame->cols + 1) {
			col = 0;
			l->row++;
			rows++;
		}
	}
	l->row += col > 0;
}

/* ---- tasks ---- */

static void draw_active(struct layout *l, int limit)
{
	const struct top_model *m = l->model;

	heading(l, "    PID  NOW IN           WHAT            ORDER     SINCE   SCANNED      DONE");
	if (m->nr_active == 0)
		top_frame_put(l->frame, l->row++, 9, TOP_DIM, "nobody reclaims or compacts");
	for (int i = 0; i < limit && i < (int)m->nr_active; i++) {
		const struct top_activity *a = &m->active[i];
		uint64_t since = m->now.t_ns > a->begin_ns ? m->now.t_ns - a->begin_ns : 0;
		char text[3][TEXT_SIZE];
		char order[TEXT_SIZE] = "-";

		if (a->order >= 0)
			snprintf(order, sizeof(order), "%d", a->order);
		top_frame_put(l->frame, l->row++, 0, a->kind < TOP_KSWAPD ? TOP_WARN : TOP_PLAIN,
		              "%7u  %-16.16s %-15s %5s%10s%10s%10s", a->pid, a->comm,
		              top_kind_name(a->kind), order, format_time(text[0], since),
		              format_number(text[1], a->nr_scanned),
		              format_number(text[2], a->nr_done));
	}
}

static void draw_stalls(struct layout *l)
{
	static const int mark_at[TOP_NR_SORTS] = {
		[TOP_BY_TOTAL] = 52, [TOP_BY_LONGEST] = 60, [TOP_BY_COUNT] = 42, [TOP_BY_LAST] = 73
	};
	const struct top_model *m = l->model;
	uint32_t first = l->view->scroll;
	int head;

	heading(l, "    PID  STALLED          IN              COUNT     TOTAL   LONGEST      LAST");
	head = l->row - 1;
	top_frame_char(l->frame, head, mark_at[l->view->sort] - 1, '*', TOP_TITLE);
	if (m->nr_stalls == 0)
		top_frame_put(l->frame, l->row++, 9, TOP_DIM, "nobody so far");
	for (uint32_t i = first; i < m->nr_stalls && l->row < l->frame->rows; i++) {
		const struct top_stall *s = &m->stalls[i];
		uint64_t ago = m->now.t_ns > s->last_ns ? m->now.t_ns - s->last_ns : 0;
		char text[4][TEXT_SIZE];

		format_time(text[1], s->total_ns);
		format_time(text[2], s->longest_ns);
		if (s->kind == TOP_OOM_KILL) {
			snprintf(text[1], sizeof(text[1]), "-");
			snprintf(text[2], sizeof(text[2]), "-");
		}
		top_frame_put(l->frame, l->row++, 0,
		              ago < l->view->interval_ns ? TOP_BOLD : TOP_PLAIN,
		              "%7u  %-16.16s %-15s %5s%10s%10s%6llu s", s->pid, s->comm,
		              top_kind_name(s->kind), format_number(text[0], s->count), text[1],
		              text[2], (unsigned long long)(ago / 1000000000u));
	}
}

/* ---- all of it ---- */

static void draw_problem(struct layout *l)
{
	const struct top_model *m = l->model;

	if (l->view->problem[0])
		top_frame_put(l->frame, l->row++, 0, TOP_WARN, "No stalls, no orders: %s",
		              l->view->problem);
	else if (m->nr_losses > 0)
		top_frame_put(l->frame, l->row++, 0, TOP_WARN,
		              "Events were lost %llu times: stalls and orders are too low",
		              (unsigned long long)m->nr_losses);
}

static void draw_help(struct layout *l)
{
	static const char *const lines[] = {
		"",
		"q       quit                         p space pause, go on",
		"s       sort stalls by the next of total, longest, count, last",
		"r       forget the stalls            + -     longer, shorter interval",
		"up down scroll the stalls            h ?     this page",
		"",
		"ZONE    free pages against the watermarks. Below l kswapd works, below m tasks",
		"        reclaim themselves (direct reclaim): that is where they stall.",
		"ORDER   blocks of 2^order pages: allocated, freed, free now, and the share of",
		"        free memory that is of no use for that order (fragmentation).",
		"Scan/s  pages looked at by kswapd and by tasks, pages reclaimed, and the share",
		"        of success. Refault/s: pages that came back too soon after reclaim.",
		"THP/s   huge pages at faults, faults that had to do without, collapses.",
		"NOW IN  who reclaims or compacts at this moment, for how long, pages scanned",
		"        and reclaimed (or isolated for migration).",
		"STALLED who had to wait, since the start or the last r. Throttling is a part of",
		"        reclaim; a pause for dirty pages is the length that was set.",
		"",
		"mmcap record --help: to keep what you see here for mmreplay.",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		top_frame_put(l->frame, l->row++, 0, TOP_PLAIN, "%s", lines[i]);
}

void top_view_draw(struct top_frame *frame, const struct top_model *model,
                   const struct top_view *view)
{
	struct layout l = { .frame = frame, .model = model, .view = view };
	int left;

	draw_title(&l);
	if (view->help) {
		draw_help(&l);
		return;
	}
	draw_memory(&l);
	draw_pressure(&l);
	draw_problem(&l);
	draw_zones(&l, frame->rows < 28 ? 2 : frame->rows / 8);
	draw_orders(&l);
	draw_reclaim(&l);
	draw_faults(&l);
	left = frame->rows - l.row;
	draw_events(&l, left / 3);
	if (view->problem[0])
		return;
	left = frame->rows - l.row;
	draw_active(&l, left < 9 ? 2 : left / 3);
	draw_stalls(&l);
}
