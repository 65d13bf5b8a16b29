// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Free memory against the watermarks, and below it when tasks were held up, by kind, and when the kernel's
 * own threads worked.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axis.h"
#include "board.h"
#include "chart.h"
#include "lanes.h"
#include "layout.h"
#include "legend.h"
#include "series.h"
#include "tips.h"

#define TITLE "Free memory, watermarks, and who was held up"

/* Times canvas->unit. */
#define STRIP_MIN 20.0
#define LANE_MIN  10.0
#define LANE_MAX  46.0

/* Free memory this many times the high watermark would press the watermarks into one line. */
#define LOG_FACTOR 5
/* ... which matters if it ever comes this near to it. */
#define NEAR_FACTOR 4

/* A strip of free memory: all zones, or one. */
struct strip {
	char name[ZONE_SIZE + 48];
	struct series series;
	double min, low, high; /* watermarks, bytes; 0: unknown */
};

struct panel {
	const struct run *run;
	struct strip *strips;
	size_t nr_strips;
	struct stall_set stalls;
};

struct timeline {
	struct canvas *canvas;
	const struct chart_request *request;
	struct panel panels[CHART_PANELS];
	size_t nr_panels, nr_strips;
	bool lanes[NR_STALL_KINDS]; /* that any panel has */
	size_t nr_lanes;
	bool any;             /* there is anything to show */
	int64_t begin, end;   /* of the data */
	double longest_ns[2]; /* of tasks that waited; of the kernel's own threads */
	struct board board;
};

/* ---- reading ---- */

static int load_strip(struct timeline *timeline, struct panel *panel, struct strip *strip,
                      const struct zone_info *zones, size_t nr_zones, bool all,
                      struct mmr_error *err)
{
	double page = (double)panel->run->page_size;
	int rc = db_free_pages(timeline->request->db, panel->run, all ? NULL : zones,
	                       &strip->series, err);

	for (size_t i = 0; i < nr_zones; i++) {
		strip->min += zones[i].min * page;
		strip->low += zones[i].low * page;
		strip->high += zones[i].high * page;
	}
	if (strip->series.count && strip->series.samples[0].t_ns < timeline->begin)
		timeline->begin = strip->series.samples[0].t_ns;
	for (size_t i = 0; i < strip->series.count; i++) {
		strip->series.samples[i].value *= page;
		if (strip->series.samples[i].t_ns > timeline->end)
			timeline->end = strip->series.samples[i].t_ns;
	}
	return rc;
}

static void name_strip(struct strip *strip, const struct zone_info *zone, bool nodes)
{
	if (!zone)
		snprintf(strip->name, sizeof(strip->name), "free memory");
	else if (nodes)
		snprintf(strip->name, sizeof(strip->name), "free memory of zone %s, node %d",
		         zone->name, (int)zone->node);
	else
		snprintf(strip->name, sizeof(strip->name), "free memory of zone %s", zone->name);
}

/* The zones that --zone and --per-zone ask for, each a strip; or one strip of all. */
static int load_strips(struct timeline *timeline, struct panel *panel, struct mmr_error *err)
{
	const struct chart_request *request = timeline->request;
	struct zone_info zones[ZONES_MAX];
	int nr_zones = db_zones(request->db, panel->run, zones, ZONES_MAX, err), rc = 0;
	bool single = request->per_zone || request->zone;

	if (nr_zones < 0)
		return nr_zones;
	panel->strips = xalloc((size_t)nr_zones + 1, sizeof(*panel->strips));
	if (!single) {
		panel->nr_strips = 1;
		name_strip(&panel->strips[0], NULL, false);
		return load_strip(timeline, panel, &panel->strips[0], zones, (size_t)nr_zones, true,
		                  err);
	}
	for (int i = nr_zones - 1; i >= 0 && !rc; i--) {
		struct strip *strip = &panel->strips[panel->nr_strips];

		if (request->zone && strcmp(request->zone, zones[i].name) != 0)
			continue;
		panel->nr_strips++;
		name_strip(strip, &zones[i], zones[nr_zones - 1].node != zones[0].node);
		rc = load_strip(timeline, panel, strip, &zones[i], 1, false, err);
	}
	if (!rc && !panel->nr_strips)
		return render_error(err, MMR_E_NOTFOUND, "run '%.60s' has no zone %.20s",
		                    panel->run->label, request->zone ? request->zone : "at all");
	return rc;
}

static int load(struct timeline *timeline, struct panel *panel, struct mmr_error *err)
{
	int rc = load_strips(timeline, panel, err);

	for (size_t i = 0; i < panel->nr_strips; i++)
		timeline->any |= panel->strips[i].series.count > 0;
	if (!rc)
		rc = stall_set_load(timeline->request->db, panel->run, &panel->stalls, err);
	for (size_t i = 0; i < NR_STALL_KINDS && !rc; i++) {
		double *longest = &timeline->longest_ns[stall_kinds[i].background];
		const struct stalls *stalls = &panel->stalls.of[i];

		if (!stalls->count)
			continue;
		timeline->lanes[i] = timeline->any = true;
		*longest = fmax(*longest, (double)stalls->longest_ns);
		if (stalls->items[0].start_ns < timeline->begin)
			timeline->begin = stalls->items[0].start_ns;
		if (!panel->run->duration_ns && stalls->last_ns > timeline->end)
			timeline->end = stalls->last_ns;
	}
	if (panel->run->duration_ns > timeline->end)
		timeline->end = panel->run->duration_ns;
	return rc;
}

/* ---- free memory ---- */

/* Of strip `number` in all panels: *low and *high with the watermarks, *lowest of free memory alone. */
static void strip_range(const struct timeline *timeline, size_t number, double *low, double *lowest,
                        double *high)
{
	*low = *lowest = (double)INFINITY;
	*high = 0;
	for (size_t i = 0; i < timeline->nr_panels; i++) {
		const struct panel *panel = &timeline->panels[i];
		const struct strip *strip;

		if (number >= panel->nr_strips)
			continue;
		strip = &panel->strips[number];
		*high = fmax(*high, strip->high);
		if (strip->min > 0)
			*low = fmin(*low, strip->min);
		for (size_t j = 0; j < strip->series.count; j++) {
			*high = fmax(*high, strip->series.samples[j].value);
			*lowest = fmin(*lowest, strip->series.samples[j].value);
		}
	}
	*low = fmin(*low, *lowest);
}

/* Where the watermarks matter, and would be pressed into one line. */
static bool want_log(const struct timeline *timeline, size_t number, double low, double high)
{
	const char *scale = timeline->request->scale;
	const struct panel *panel = &timeline->panels[0];
	double watermark;

	if (scale && strcmp(scale, "auto") != 0)
		return strcmp(scale, "log") == 0;
	watermark = number < panel->nr_strips ? panel->strips[number].high : 0;
	return watermark > 0 && high > LOG_FACTOR * watermark && low < NEAR_FACTOR * watermark;
}

static void strip_scale(const struct timeline *timeline, size_t number, struct rect plot,
                        struct scale *scale)
{
	double low, lowest, high, page = (double)timeline->panels[0].run->page_size;

	strip_range(timeline, number, &low, &lowest, &high);
	if (want_log(timeline, number, lowest, high)) {
		low = exp2(floor(log2(fmax(low, page) * 0.8)));
		high = fmax(high * 1.15, low * 2);
		scale_init(scale, low, high, plot.y + plot.height, plot.y);
		scale->logarithmic = true;
	} else {
		scale_init(scale, 0, fmax(high * 1.05, page), plot.y + plot.height, plot.y);
	}
}

static struct stroke free_stroke(const struct canvas *canvas)
{
	return (struct stroke){ .width = 1.8 * canvas->unit * canvas->theme->line,
		                .colour = canvas->theme->hues[HUE_BLUE] };
}

static struct stroke watermark_stroke(const struct canvas *canvas, size_t which)
{
	static const enum hue colours[3] = { HUE_GREEN, HUE_ORANGE, HUE_VERMILLION };
	const double unit = canvas->unit;
	struct stroke stroke = { .width = 1.6 * unit * canvas->theme->line,
		                 .colour = canvas->theme->hues[colours[which]] };

	if (which == 0) {
		stroke.dash[0] = 9 * unit;
		stroke.dash[1] = 4 * unit;
	} else if (which == 1) {
		stroke.dash[0] = 5 * unit;
		stroke.dash[1] = 3 * unit;
	} else {
		stroke.dash[0] = 2 * unit;
		stroke.dash[1] = 2 * unit;
	}
	return stroke;
}

static void draw_watermarks(struct canvas *canvas, struct rect plot, const struct scale *memory,
                            const struct strip *strip)
{
	const double marks[3] = { strip->high, strip->low, strip->min };

	for (size_t i = 0; i < 3; i++) {
		struct stroke stroke = watermark_stroke(canvas, i);
		double y = scale_map(memory, marks[i]);

		if (marks[i] > 0)
			canvas_segment(canvas, (struct point){ plot.x, y },
			               (struct point){ plot.x + plot.width, y }, &stroke);
	}
}

/* "lowest 2.6 MiB at 3.2 s" of what is shown. */
static void describe_strip(const struct timeline *timeline, const struct strip *strip, char *text,
                           size_t size)
{
	const struct sample *lowest = NULL;
	char memory[SCALE_LABEL], when[SCALE_LABEL];

	for (size_t i = 0; i < strip->series.count; i++) {
		const struct sample *sample = &strip->series.samples[i];

		if (sample->t_ns >= timeline->board.since &&
		    sample->t_ns <= timeline->board.until &&
		    (!lowest || sample->value < lowest->value))
			lowest = sample;
	}
	if (!lowest) {
		snprintf(text, size, "no samples");
		return;
	}
	format_memory(memory, lowest->value);
	format_time(when, (double)lowest->t_ns);
	snprintf(text, size, "lowest %s at %s", memory, when);
}

static void draw_strip(struct timeline *timeline, size_t number, size_t which, struct rect plot)
{
	static const char *const free_name = "free";
	struct canvas *canvas = timeline->canvas;
	const struct strip *strip = &timeline->panels[number].strips[which];
	const struct stroke stroke = free_stroke(canvas);
	char figures[128], name[sizeof(strip->name) + 32];
	struct scale memory;

	strip_scale(timeline, which, plot, &memory);
	describe_strip(timeline, strip, figures, sizeof(figures));
	snprintf(name, sizeof(name), "%s%s", strip->name,
	         memory.logarithmic ? " (logarithmic)" : "");
	layout_strip_name(canvas, plot, name, figures);
	axis_left(canvas, plot, &memory, QUANTITY_MEMORY, number == 0);
	if (!strip->series.count)
		layout_nothing(canvas, plot, "no samples of free memory");
	draw_watermarks(canvas, plot, &memory, strip);
	series_line(canvas, &strip->series, &timeline->board.across[number], &memory, &stroke);
	if (timeline->board.loss_ns[number] >= timeline->board.since &&
	    timeline->board.loss_ns[number] <= timeline->board.until)
		layout_loss_line(canvas, plot,
		                 scale_map(&timeline->board.across[number],
		                           (double)timeline->board.loss_ns[number]));
	canvas_frame(canvas, plot,
	             &(struct stroke){ .width = canvas->unit, .colour = canvas->theme->rule });
	tips_series(canvas, plot,
	            &(struct tips){ .names = &free_name,
	                            .series = &strip->series,
	                            .nr_series = 1,
	                            .quantity = QUANTITY_MEMORY },
	            &timeline->board.across[number]);
}

/* ---- arranging ---- */

/* The watermarks' sizes stand in the legend where there is one of each. */
static size_t legend_entries(const struct timeline *timeline, struct legend_entry *entries,
                             char labels[3][64])
{
	static const char *const names[3] = { "high watermark", "low", "min" };
	const struct canvas *canvas = timeline->canvas;
	const struct strip *strip = &timeline->panels[0].strips[0];
	const double marks[3] = { strip->high, strip->low, strip->min };
	size_t count = 0;

	entries[count++] = (struct legend_entry){ .mark = LEGEND_LINE,
		                                  .label = "free",
		                                  .stroke = free_stroke(canvas) };
	for (size_t i = 0; i < 3; i++) {
		char size[SCALE_LABEL];

		if (!(marks[i] > 0))
			continue;
		format_memory(size, marks[i]);
		snprintf(labels[i], 64, timeline->nr_strips == 1 ? "%s %s" : "%s", names[i], size);
		entries[count++] = (struct legend_entry){ .mark = LEGEND_LINE,
			                                  .label = labels[i],
			                                  .stroke = watermark_stroke(canvas, i) };
	}
	return count;
}

static void add_strips(struct timeline *timeline)
{
	struct board *board = &timeline->board;

	for (size_t i = 0; i < timeline->nr_strips && board->nr_strips < BOARD_STRIPS; i++)
		board->strips[board->nr_strips++] =
			(struct board_strip){ .share = 1, .least = STRIP_MIN };
	for (size_t i = 0; i < timeline->nr_lanes && board->nr_strips < BOARD_STRIPS; i++)
		board->strips[board->nr_strips++] =
			(struct board_strip){ .share = 0.3, .least = LANE_MIN, .most = LANE_MAX };
	if (!timeline->nr_lanes)
		board->strips[board->nr_strips++] = (struct board_strip){ .least = 1 };
}

static void draw_panel(struct timeline *timeline, size_t number)
{
	struct board *board = &timeline->board;
	struct panel *panel = &timeline->panels[number];
	size_t at = timeline->nr_strips;

	for (size_t i = 0; i < panel->nr_strips; i++)
		draw_strip(timeline, number, i, board->plots[number][i]);
	for (size_t i = 0; i < NR_STALL_KINDS; i++) {
		const struct lane lane = { .kind = &stall_kinds[i],
			                   .stalls = &panel->stalls.of[i],
			                   .full_ns =
			                           timeline->longest_ns[stall_kinds[i].background],
			                   .since = board->since,
			                   .until = board->until,
			                   .time = &board->across[number],
			                   .labels = number == 0 };

		if (timeline->lanes[i])
			lane_draw(timeline->canvas, board->plots[number][at++], &lane);
	}
	if (!timeline->nr_lanes)
		layout_strip_name(timeline->canvas, board->plots[number][at],
		                  "no stalls: nobody waited for memory", "");
}

static int compose(struct timeline *timeline, struct mmr_error *err)
{
	struct board *board = &timeline->board;
	struct legend_entry entries[4];
	char labels[3][64];
	int rc;

	add_strips(timeline);
	board->title = TITLE;
	board->legend = entries;
	board->nr_legend = legend_entries(timeline, entries, labels);
	rc = board_arrange(board, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < timeline->nr_panels; i++)
		draw_panel(timeline, i);
	board_finish(board, false);
	return 0;
}

static int check_scale(const char *scale, struct mmr_error *err)
{
	if (!scale || strcmp(scale, "auto") == 0 || strcmp(scale, "linear") == 0 ||
	    strcmp(scale, "log") == 0)
		return 0;
	return render_error(err, MMR_E_INVALID, "--scale knows auto, linear and log, not '%.40s'",
	                    scale);
}

static void deinit(struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->nr_panels; i++) {
		struct panel *panel = &timeline->panels[i];

		for (size_t j = 0; j < panel->nr_strips; j++)
			series_deinit(&panel->strips[j].series);
		free(panel->strips);
		stall_set_deinit(&panel->stalls);
	}
}

static int draw(struct canvas *canvas, const struct chart_request *request, struct mmr_error *err)
{
	struct timeline *timeline = xalloc(1, sizeof(*timeline));
	int rc = check_scale(request->scale, err);

	timeline->canvas = timeline->board.canvas = canvas;
	timeline->request = timeline->board.request = request;
	timeline->begin = TIME_MAX;
	timeline->nr_panels = request->nr_runs;
	for (size_t i = 0; i < timeline->nr_panels && !rc; i++) {
		timeline->panels[i].run = &request->runs[i];
		rc = load(timeline, &timeline->panels[i], err);
		if (timeline->panels[i].nr_strips > timeline->nr_strips)
			timeline->nr_strips = timeline->panels[i].nr_strips;
	}
	for (size_t i = 0; i < NR_STALL_KINDS; i++)
		timeline->nr_lanes += timeline->lanes[i];
	if (!rc && timeline->any)
		rc = layout_time_range(request, timeline->begin, timeline->end,
		                       &timeline->board.since, &timeline->board.until, err);
	if (!rc && timeline->any)
		rc = compose(timeline, err);
	else if (!rc)
		layout_empty(
			canvas, request, TITLE,
			"Nothing to show: the run has neither samples of free memory nor stalls.");
	deinit(timeline);
	free(timeline);
	return rc;
}

static size_t options(struct chart_request *request, struct option_row *rows)
{
	rows[0] = (struct option_row){
		.long_name = "zone",
		.type = OPTION_STRING,
		.argument = "NAME",
		.target = &request->zone,
		.help = "Free memory and watermarks of this zone only, such as DMA32",
	};
	rows[1] = (struct option_row){
		.long_name = "per-zone",
		.type = OPTION_FLAG,
		.target = &request->per_zone,
		.help = "A strip for every zone instead of their sum",
	};
	rows[2] = (struct option_row){
		.long_name = "scale",
		.type = OPTION_STRING,
		.argument = "SCALE",
		.target = &request->scale,
		.help = "Scale of free memory: linear, log, or auto (default): log where the watermarks "
			"would not be seen otherwise",
	};
	return 3;
}

const struct chart_ops chart_timeline = {
	.name = "timeline",
	.summary = "Free memory, watermarks and stalls over time",
	.epilogue = "Examples:\n"
		    "  mmrender timeline results.db -o timeline.png\n"
		    "  mmrender timeline results.db --per-zone -o zones.svg\n"
		    "  mmrender timeline results.db --side-by-side -o compare.pdf\n",
	.options = options,
	.draw = draw,
};
