// SPDX-License-Identifier: GPL-2.0-or-later
/* Who waited for memory: a bar for each task, as long as all its stalls together, by kind. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axis.h"
#include "chart.h"
#include "layout.h"
#include "legend.h"
#include "stall_kind.h"

#define TITLE       "Who waited for memory, and for how long"
#define ROW         24.0 /* times canvas->unit, at least */
#define BAR         0.6  /* of a row */
#define BAR_MOST    56.0
#define BEYOND      1.03 /* of the longest bar: it ends within its frame */
#define GAP         8.0
#define EDGE        4.0  /* above the first row and below the last */
#define REST        14.0 /* a line below the rows */
#define COLUMN_GAP  26.0
#define TASKS_SHOWN 30
#define NARROWEST   90.0 /* of the bars */
#define BARS_SHARE  0.4  /* of the width, where figures can be left out for them */

struct panel {
	struct task_waits waits;
	double longest_ns; /* the longest bar */
	double total_ns;
	size_t nr_drawn;
};

struct tasks {
	struct canvas *canvas;
	const struct chart_request *request;
	struct panel panels[CHART_PANELS];
	bool shown[NR_STALL_KINDS];
	double longest_ns;
	int64_t since, until;
	double row; /* height of one */
};

/* ---- reading ---- */

static int by_identity(const void *left, const void *right)
{
	const struct task_wait *a = left, *b = right;

	return a->pid != b->pid ? (a->pid < b->pid ? -1 : 1) : strcmp(a->comm, b->comm);
}

static int by_total(const void *left, const void *right)
{
	const struct task_wait *a = left, *b = right;

	return a->total_ns > b->total_ns ? -1 : a->total_ns < b->total_ns;
}

/* Every task of any run once, the one that waited longest in all runs together first. */
static struct task_waits unite(const struct tasks *tasks)
{
	struct task_waits all = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < tasks->request->nr_runs; i++) {
		const struct task_waits *waits = &tasks->panels[i].waits;

		for (size_t j = 0; j < waits->count; j++) {
			all.items = xgrow(all.items, all.count, &all.capacity, sizeof(*all.items));
			all.items[all.count++] = waits->items[j];
		}
	}
	if (all.count)
		qsort(all.items, all.count, sizeof(*all.items), by_identity);
	for (size_t i = 0; i < all.count; i++) {
		if (count && by_identity(&all.items[count - 1], &all.items[i]) == 0)
			all.items[count - 1].total_ns += all.items[i].total_ns;
		else
			all.items[count++] = all.items[i];
	}
	all.count = count;
	if (count)
		qsort(all.items, count, sizeof(*all.items), by_total);
	return all;
}

/* A task stands in the same row of all panels. */
static void align(struct tasks *tasks)
{
	struct task_waits all = unite(tasks);

	for (size_t i = 0; i < tasks->request->nr_runs && all.count; i++) {
		struct task_waits *waits = &tasks->panels[i].waits;
		struct task_wait *items = xalloc(all.count, sizeof(*items));

		if (waits->count)
			qsort(waits->items, waits->count, sizeof(*waits->items), by_identity);
		for (size_t j = 0; j < all.count; j++) {
			const struct task_wait *found =
				waits->count ? bsearch(&all.items[j], waits->items, waits->count,
			                               sizeof(*waits->items), by_identity)
					     : NULL;

			items[j] = found ? *found : (struct task_wait){ .pid = all.items[j].pid };
			memcpy(items[j].comm, all.items[j].comm, sizeof(items[j].comm));
		}
		free(waits->items);
		waits->items = items;
		waits->count = waits->capacity = all.count;
	}
	task_waits_deinit(&all);
}

static int load(struct tasks *tasks, struct mmr_error *err)
{
	const struct chart_request *request = tasks->request;
	int64_t end = 0;
	int rc;

	for (size_t i = 0; i < request->nr_runs; i++)
		end = request->runs[i].duration_ns > end ? request->runs[i].duration_ns : end;
	rc = layout_time_range(request, 0, end ? end : TIME_MAX, &tasks->since, &tasks->until, err);
	for (size_t i = 0; i < request->nr_runs && !rc; i++) {
		struct panel *panel = &tasks->panels[i];

		rc = db_task_waits(request->db, &request->runs[i], tasks->since, tasks->until,
		                   &panel->waits, err);
		for (size_t j = 0; j < panel->waits.count; j++) {
			const struct task_wait *task = &panel->waits.items[j];

			panel->total_ns += task->total_ns;
			panel->longest_ns = fmax(panel->longest_ns, task->total_ns);
			for (size_t kind = 0; kind < NR_STALL_KINDS; kind++)
				tasks->shown[kind] |= task->ns[kind] > 0;
		}
		tasks->longest_ns = fmax(tasks->longest_ns, panel->longest_ns);
	}
	if (!rc && request->nr_runs > 1)
		align(tasks);
	return rc;
}

/* ---- drawing ---- */

static void task_name(const struct task_wait *task, char *text, size_t size)
{
	snprintf(text, size, "%s (%lld)", task->comm, (long long)task->pid);
}

/* "2.06 s, 213 stalls, longest 189 ms"; the less there is room for, the fewer of them. */
enum figures { TOTAL_ONLY, TOTAL_AND_COUNT, ALL_FIGURES };

static void task_figures(const struct task_wait *task, enum figures figures, char *text,
                         size_t size)
{
	char longest[SCALE_LABEL], total[SCALE_LABEL];

	format_time(longest, task->longest_ns);
	format_time(total, task->total_ns);
	if (!task->count)
		snprintf(text, size, "none");
	else if (figures == TOTAL_ONLY)
		snprintf(text, size, "%s", total);
	else if (figures == TOTAL_AND_COUNT)
		snprintf(text, size, "%s, %zu stall%s", total, task->count,
		         task->count == 1 ? "" : "s");
	else
		snprintf(text, size, "%s, %zu stall%s, longest %s", total, task->count,
		         task->count == 1 ? "" : "s", longest);
}

struct widths {
	double names, figures;
	enum figures which;
};

/* What stands left and right of the bars, of all panels, so that they have one scale. */
static struct widths measure(const struct tasks *tasks, double column)
{
	struct canvas *canvas = tasks->canvas;
	struct text_style name = axis_text(canvas, TEXT_PLAIN, ALIGN_RIGHT);
	struct text_style small = axis_text(canvas, TEXT_SMALL, ALIGN_LEFT);
	struct widths widths = { 0 };

	for (enum figures which = ALL_FIGURES + 1; which-- > TOTAL_ONLY;) {
		widths = (struct widths){ .which = which };
		for (size_t i = 0; i < tasks->request->nr_runs; i++) {
			const struct panel *panel = &tasks->panels[i];

			for (size_t j = 0; j < panel->nr_drawn; j++) {
				char text[128];

				task_name(&panel->waits.items[j], text, sizeof(text));
				widths.names =
					fmax(widths.names, canvas_text_width(canvas, text, &name));
				task_figures(&panel->waits.items[j], which, text, sizeof(text));
				widths.figures = fmax(widths.figures,
				                      canvas_text_width(canvas, text, &small));
			}
		}
		widths.names = fmin(widths.names, 0.35 * column);
		if (column - widths.names - widths.figures - 3 * GAP * canvas->unit >
		    fmax(NARROWEST * canvas->unit, BARS_SHARE * column))
			break;
	}
	return widths;
}

static void draw_bar(struct tasks *tasks, const struct task_wait *task, struct rect row,
                     const struct scale *scale)
{
	struct canvas *canvas = tasks->canvas;
	double done = 0, height = fmin(BAR * row.height, BAR_MOST * canvas->unit);
	char name[NAME_SIZE + 32], total[SCALE_LABEL], text[256];

	for (size_t kind = 0; kind < NR_STALL_KINDS; kind++) {
		double from = scale_map(scale, done), to;
		struct rect bar;

		if (!(task->ns[kind] > 0))
			continue;
		done += task->ns[kind];
		to = scale_map(scale, done);
		bar = (struct rect){ from, row.y + (row.height - height) / 2, fmax(to - from, 0.5),
			             height };
		canvas_rectangle(canvas, bar, canvas->theme->hues[stall_kinds[kind].hue]);
		task_name(task, name, sizeof(name));
		format_time(total, task->ns[kind]);
		snprintf(text, sizeof(text), "%s: %s of %s", name, total, stall_kinds[kind].title);
		canvas_tip(canvas, bar, text);
	}
}

static const char *nobody_waited(bool but_the_recorder)
{
	return but_the_recorder ? "Nobody but the recorder waited for memory."
	                        : "No stalls: nobody waited for memory.";
}

/* The longest of these that fits; the shortest, cut, if none does. */
static void draw_recorder(struct tasks *tasks, const struct task_waits *waits, struct point at,
                          double width)
{
	struct text_style style = axis_text(tasks->canvas, TEXT_SMALL, ALIGN_LEFT);
	char texts[3][96], total[SCALE_LABEL];
	size_t which = 0;

	format_time(total, waits->recorder_ns);
	snprintf(texts[0], sizeof(texts[0]), "left out: the recorder, %s, %zu stall%s", total,
	         waits->recorder_count, waits->recorder_count == 1 ? "" : "s");
	snprintf(texts[1], sizeof(texts[1]), "left out: the recorder, %s", total);
	snprintf(texts[2], sizeof(texts[2]), "recorder: %s", total);
	while (which < 2 && canvas_text_width(tasks->canvas, texts[which], &style) > width)
		which++;
	canvas_text_fit(tasks->canvas, at, texts[which], &style, width);
}

static void draw_more(struct tasks *tasks, const struct panel *panel, struct point at, double width)
{
	struct text_style style = axis_text(tasks->canvas, TEXT_SMALL, ALIGN_LEFT);
	size_t nr_left = panel->waits.count - panel->nr_drawn;
	char text[128], total[SCALE_LABEL];
	double left_ns = panel->total_ns;

	for (size_t i = 0; i < panel->nr_drawn; i++)
		left_ns -= panel->waits.items[i].total_ns;
	format_time(total, fmax(left_ns, 0));
	snprintf(text, sizeof(text), "and %zu more task%s: %s", nr_left, nr_left == 1 ? "" : "s",
	         total);
	canvas_text_fit(tasks->canvas, at, text, &style, width);
}

/* What there was no room for, and what is left out, from the lowest line up. */
static void draw_rest(struct tasks *tasks, const struct panel *panel, struct rect plot)
{
	const double unit = tasks->canvas->unit, width = plot.width - 2 * GAP * unit;
	struct point at = { plot.x + GAP * unit, plot.y + plot.height - 5 * unit };

	if (panel->waits.recorder_count) {
		draw_recorder(tasks, &panel->waits, at, width);
		at.y -= REST * unit;
	}
	if (panel->nr_drawn < panel->waits.count)
		draw_more(tasks, panel, at, width);
}

static void draw_panel(struct tasks *tasks, size_t number, struct rect column,
                       const struct widths *widths)
{
	struct canvas *canvas = tasks->canvas;
	const struct panel *panel = &tasks->panels[number];
	const struct stroke frame = { .width = canvas->unit, .colour = canvas->theme->rule };
	double unit = canvas->unit, row = tasks->row;
	struct rect plot = { column.x + widths->names + GAP * unit, column.y,
		             column.width - widths->names - widths->figures - 3 * GAP * unit,
		             column.height };
	struct text_style name = axis_text(canvas, TEXT_PLAIN, ALIGN_RIGHT);
	struct text_style small = axis_text(canvas, TEXT_SMALL, ALIGN_LEFT);
	struct scale scale;

	name.colour = canvas->theme->ink;
	scale_init(&scale, 0, BEYOND * tasks->longest_ns, plot.x, plot.x + plot.width);
	axis_below_grid(canvas, plot, &scale, QUANTITY_DURATION);
	axis_below(canvas, plot, &scale, QUANTITY_DURATION, "time spent waiting");
	for (size_t i = 0; i < panel->nr_drawn && panel->total_ns > 0; i++) {
		struct rect line = { plot.x, plot.y + EDGE * unit + (double)i * row, plot.width,
			             row };
		double baseline = line.y + row / 2 + 0.36 * name.size;
		char text[128];

		draw_bar(tasks, &panel->waits.items[i], line, &scale);
		task_name(&panel->waits.items[i], text, sizeof(text));
		canvas_text_fit(canvas, (struct point){ plot.x - GAP * unit, baseline }, text,
		                &name, widths->names);
		task_figures(&panel->waits.items[i], widths->which, text, sizeof(text));
		canvas_text_fit(canvas,
		                (struct point){ plot.x + plot.width + GAP * unit, baseline }, text,
		                &small, widths->figures + GAP * unit);
	}
	if (panel->total_ns > 0)
		draw_rest(tasks, panel, plot);
	else
		layout_nothing(canvas, plot, nobody_waited(panel->waits.recorder_count > 0));
	canvas_frame(canvas, plot, &frame);
}

/* The tasks of each panel that have rows, of so much height together; how many lines follow them at most. */
static size_t fill_rows(struct tasks *tasks, double height, size_t *most)
{
	size_t wanted = tasks->request->nr_shown ? (size_t)tasks->request->nr_shown : TASKS_SHOWN;
	size_t room = (size_t)fmax(floor(height / (ROW * tasks->canvas->unit)), 1);
	size_t limit = wanted < room ? wanted : room, lines = 0;

	*most = 1;
	for (size_t i = 0; i < tasks->request->nr_runs; i++) {
		struct panel *panel = &tasks->panels[i];
		size_t rest;

		panel->nr_drawn = panel->waits.count < limit ? panel->waits.count : limit;
		*most = panel->nr_drawn > *most ? panel->nr_drawn : *most;
		rest = (panel->nr_drawn < panel->waits.count ? 1u : 0u) +
		       (panel->waits.recorder_count ? 1u : 0u);
		lines = rest > lines ? rest : lines;
	}
	return lines;
}

/* How many there is room for; the fewer there are, the higher is each row. */
static void choose_rows(struct tasks *tasks, double height)
{
	const double unit = tasks->canvas->unit;
	size_t most, lines;

	height -= 2 * EDGE * unit;
	lines = fill_rows(tasks, height, &most);
	/* What the lines take may push out one more task, and add its line. */
	for (int i = 0; i < 2 && lines > 0; i++)
		lines = fill_rows(tasks, height - (double)lines * REST * unit, &most);
	tasks->row = (height - (double)lines * REST * unit) / (double)most;
}

static int compose(struct tasks *tasks, struct mmr_error *err)
{
	struct canvas *canvas = tasks->canvas;
	struct rect area = layout_heading(canvas, tasks->request, TITLE), columns[CHART_PANELS];
	struct legend_entry entries[NR_STALL_KINDS];
	size_t nr_entries = 0;
	struct widths widths;
	double above;

	for (size_t i = 0; i < NR_STALL_KINDS; i++) {
		if (tasks->shown[i])
			entries[nr_entries++] = (struct legend_entry){
				.label = stall_kinds[i].title,
				.colour = canvas->theme->hues[stall_kinds[i].hue]
			};
	}
	above = legend(canvas, area, entries, nr_entries, true) + layout_panel_title_height(canvas);
	area.y += above;
	area.height -= above + axis_time_height(canvas);
	if (area.height < 2 * ROW * canvas->unit)
		return render_error(err, MMR_E_INVALID, "--size is too small for this chart");
	choose_rows(tasks, area.height);
	layout_columns(canvas, area, tasks->request->nr_runs, COLUMN_GAP, columns);
	widths = measure(tasks, columns[0].width);
	if (columns[0].width - widths.names - widths.figures < NARROWEST * canvas->unit)
		return render_error(err, MMR_E_INVALID, "--size is too small for %zu runs",
		                    tasks->request->nr_runs);
	for (size_t i = 0; i < tasks->request->nr_runs; i++) {
		struct rect title = columns[i];

		title.y -= layout_panel_title_height(canvas);
		layout_panel_title(canvas, title, &tasks->request->runs[i],
		                   db_first_loss(tasks->request->db, &tasks->request->runs[i]));
		draw_panel(tasks, i, columns[i], &widths);
	}
	return 0;
}

static bool recorder_waited(const struct tasks *tasks)
{
	for (size_t i = 0; i < tasks->request->nr_runs; i++) {
		if (tasks->panels[i].waits.recorder_count)
			return true;
	}
	return false;
}

static int draw(struct canvas *canvas, const struct chart_request *request, struct mmr_error *err)
{
	struct tasks tasks = { .canvas = canvas, .request = request };
	int rc = load(&tasks, err);

	if (!rc && !(tasks.longest_ns > 0))
		layout_empty(canvas, request, TITLE, nobody_waited(recorder_waited(&tasks)));
	else if (!rc)
		rc = compose(&tasks, err);
	for (size_t i = 0; i < request->nr_runs; i++)
		task_waits_deinit(&tasks.panels[i].waits);
	return rc;
}

static size_t options(struct chart_request *request, struct option_row *rows)
{
	rows[0] = (struct option_row){ .long_name = "tasks",
		                       .type = OPTION_UINT,
		                       .argument = "N",
		                       .target = &request->nr_shown,
		                       .help = "So many tasks at most, those that waited longest "
		                               "(default: 30, or as many as there is room for)" };
	return 1;
}

const struct chart_ops chart_tasks = {
	.name = "tasks",
	.summary = "Who waited for memory, and for how long",
	.epilogue = "Examples:\n"
		    "  mmrender tasks results.db -o tasks.png\n"
		    "  mmrender tasks results.db --tasks 10 --since 4s --until 6s -o few.svg\n",
	.options = options,
	.draw = draw,
};
