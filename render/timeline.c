// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Free memory against the watermarks, and below it when tasks were held up, by kind.
 *
 * A stall is drawn where it was, as wide as it lasted, and as high as the logarithm of its duration: so
 * a stall of 25 ms stands out among thousands of 100 us even where an hour leaves it less than a pixel.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axis.h"
#include "chart.h"
#include "layout.h"
#include "legend.h"
#include "palette.h"

/* Times canvas->unit. */
#define STRIP_TITLE 21.0
#define STRIP_GAP   6.0
#define LANE_MIN    16.0
#define LANE_MAX    46.0
#define COLUMN_GAP  26.0
#define FREE_SHARE  0.42 /* of the height, for free memory at least */

/* Shorter stalls stand as high as this. */
#define STALL_FLOOR_NS 1e3
/* Free memory this many times the high watermark would press the watermarks into one line. */
#define LOG_FACTOR 8
/* ... which matters if it ever comes this near to it. */
#define NEAR_FACTOR 4

struct lane_kind {
	enum stall_source source;
	const char *kind, *title;
	const char *one; /* what a row of it is called */
	bool background; /* nobody waits for it */
	enum hue hue;
};

/* Tasks that had to wait first, then the kernel's own threads. */
static const struct lane_kind lane_kinds[] = {
	{ STALL_RECLAIM, "direct", "direct reclaim", "stall", false, HUE_VERMILLION },
	{ STALL_RECLAIM, "throttle", "throttled reclaim", "stall", false, HUE_PURPLE },
	{ STALL_RECLAIM, "memcg", "cgroup reclaim", "stall", false, HUE_ORANGE },
	{ STALL_RECLAIM, "node", "node reclaim", "stall", false, HUE_ORANGE },
	{ STALL_COMPACTION, "direct", "direct compaction", "stall", false, HUE_BLUE },
	{ STALL_RECLAIM, "kswapd", "kswapd", "run", true, HUE_GREEN },
	{ STALL_COMPACTION, "kcompactd", "kcompactd", "run", true, HUE_SKY },
	{ STALL_COMPACTION, "khugepaged", "khugepaged's compaction", "run", true, HUE_SKY },
	{ STALL_COMPACTION, "manual", "compaction by hand", "run", true, HUE_SKY },
	{ STALL_COMPACTION, "other", "other compaction", "run", true, HUE_SKY },
	{ STALL_OOM, "", "out of memory", "kill", false, HUE_BLACK },
};
#define NR_LANES (sizeof(lane_kinds) / sizeof(lane_kinds[0]))

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
	struct stalls stalls[NR_LANES];
	struct rect area;
	struct scale time;
	int64_t loss_ns;
};

struct timeline {
	struct canvas *canvas;
	const struct chart_request *request;
	struct panel panels[CHART_RUNS];
	size_t nr_panels, nr_strips;
	bool lanes[NR_LANES]; /* that any panel has */
	size_t nr_lanes;
	int64_t since, until;
	int64_t begin, end;   /* of the data */
	double longest_ns[2]; /* of tasks that waited; of the kernel's own threads */
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
	struct db *db = timeline->request->db;
	bool any = false;
	int rc = load_strips(timeline, panel, err);

	for (size_t i = 0; i < panel->nr_strips; i++)
		any |= panel->strips[i].series.count > 0;
	for (size_t i = 0; i < NR_LANES && !rc; i++) {
		double *longest = &timeline->longest_ns[lane_kinds[i].background];
		struct stalls *stalls = &panel->stalls[i];

		rc = db_stalls(db, panel->run, lane_kinds[i].source, lane_kinds[i].kind, stalls,
		               err);
		timeline->lanes[i] |= stalls->count > 0;
		any |= stalls->count > 0;
		*longest = fmax(*longest, (double)stalls->longest_ns);
		if (stalls->count && stalls->items[0].start_ns < timeline->begin)
			timeline->begin = stalls->items[0].start_ns;
		for (size_t j = 0; j < stalls->count; j++) {
			int64_t end = stalls->items[j].start_ns + stalls->items[j].duration_ns;

			if (end > timeline->end && !panel->run->duration_ns)
				timeline->end = end;
		}
	}
	if (rc)
		return rc;
	if (panel->run->duration_ns > timeline->end)
		timeline->end = panel->run->duration_ns;
	panel->loss_ns = db_first_loss(db, panel->run);
	if (!any)
		return render_error(
			err, MMR_E_NOTFOUND, "run '%.60s' has no buddy rows and no stalls; %s",
			panel->run->label,
			panel->run->original ? "run mmreplay --shadow on its trace again"
					     : "replay its trace again");
	return 0;
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

static const struct stroke *free_stroke(double unit)
{
	static struct stroke stroke;

	stroke = (struct stroke){ .width = 1.8 * unit, .colour = hues[HUE_BLUE] };
	return &stroke;
}

static struct stroke watermark_stroke(double unit, size_t which)
{
	static const enum hue colours[3] = { HUE_GREEN, HUE_ORANGE, HUE_VERMILLION };
	struct stroke stroke = { .width = 1.6 * unit, .colour = hues[colours[which]] };

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
		struct stroke stroke = watermark_stroke(canvas->unit, i);
		double y = scale_map(memory, marks[i]);

		if (marks[i] > 0)
			canvas_segment(canvas, (struct point){ plot.x, y },
			               (struct point){ plot.x + plot.width, y }, &stroke);
	}
}

/* What a column of pixels shows: first, extremes and last, in this order. */
struct pixel {
	double first, lowest, highest, last;
};

static void add_pixel(struct point *points, size_t *count, double x, const struct pixel *pixel,
                      const struct scale *memory)
{
	const double values[4] = { pixel->first, pixel->highest, pixel->lowest, pixel->last };

	for (size_t i = 0; i < 4; i++) {
		double y = scale_map(memory, values[i]);

		if (*count && i && fabs(points[*count - 1].y - y) < 0.01)
			continue;
		points[(*count)++] = (struct point){ x, y };
	}
}

/* A line through all samples; those within one pixel are drawn as their extent. */
static void draw_series(struct canvas *canvas, const struct panel *panel,
                        const struct series *series, const struct scale *memory)
{
	size_t room = 4 * ((size_t)(panel->time.last - panel->time.first) + 3), count = 0;
	struct point *points = xalloc(room, sizeof(*points));
	struct pixel pixel = { 0 };
	double at = -(double)INFINITY;

	for (size_t i = 0; i < series->count; i++) {
		double value = series->samples[i].value;
		double t = (double)series->samples[i].t_ns;
		double x = floor(scale_map(&panel->time, t)) + 0.5;

		if (t > panel->time.high ||
		    (t < panel->time.low && i + 1 < series->count &&
		     (double)series->samples[i + 1].t_ns <= panel->time.low))
			continue;
		if (x > at) {
			if (isfinite(at))
				add_pixel(points, &count, at, &pixel, memory);
			pixel = (struct pixel){ value, value, value, value };
			at = x;
		}
		pixel.lowest = fmin(pixel.lowest, value);
		pixel.highest = fmax(pixel.highest, value);
		pixel.last = value;
	}
	if (isfinite(at))
		add_pixel(points, &count, at, &pixel, memory);
	if (count == 1) {
		points[count] = points[0];
		points[count++].x = panel->time.last;
	}
	canvas_line(canvas, points, count, free_stroke(canvas->unit));
	free(points);
}

/* "lowest 2.6 MiB at 3.2 s" of what is shown. */
static void describe_strip(const struct timeline *timeline, const struct strip *strip, char *text,
                           size_t size)
{
	const struct sample *lowest = NULL;
	char memory[SCALE_LABEL], when[SCALE_LABEL];

	for (size_t i = 0; i < strip->series.count; i++) {
		const struct sample *sample = &strip->series.samples[i];

		if (sample->t_ns >= timeline->since && sample->t_ns <= timeline->until &&
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

/* A name on the left and figures on the right, above a strip. */
static void strip_title(struct canvas *canvas, struct rect plot, const char *name,
                        const char *figures)
{
	struct text_style style = axis_text(canvas, TEXT_PLAIN, ALIGN_LEFT);
	double y = plot.y - 6 * canvas->unit, used;

	style.colour = colour_ink;
	used = canvas_text_fit(canvas, (struct point){ plot.x, y }, name, &style, plot.width);
	style = axis_text(canvas, TEXT_SMALL, ALIGN_RIGHT);
	canvas_text_fit(canvas, (struct point){ plot.x + plot.width, y }, figures, &style,
	                plot.width - used - 14 * canvas->unit);
}

static void draw_strip(struct timeline *timeline, struct panel *panel, size_t number,
                       struct rect plot, bool labels)
{
	const struct stroke frame = { .width = timeline->canvas->unit, .colour = colour_rule };
	const struct strip *strip = &panel->strips[number];
	char figures[128], name[sizeof(strip->name) + 32];
	struct scale memory;

	strip_scale(timeline, number, plot, &memory);
	describe_strip(timeline, strip, figures, sizeof(figures));
	snprintf(name, sizeof(name), "%s%s", strip->name,
	         memory.logarithmic ? " (logarithmic)" : "");
	strip_title(timeline->canvas, plot, name, figures);
	axis_memory(timeline->canvas, plot, &memory, labels);
	draw_watermarks(timeline->canvas, plot, &memory, strip);
	draw_series(timeline->canvas, panel, &strip->series, &memory);
	if (panel->loss_ns >= timeline->since && panel->loss_ns <= timeline->until)
		layout_loss_line(timeline->canvas, plot,
		                 scale_map(&panel->time, (double)panel->loss_ns));
	canvas_frame(timeline->canvas, plot, &frame);
}

/* ---- stalls ---- */

/* What a bar of a lane's full height lasts. */
static double full_height_ns(const struct timeline *timeline, const struct lane_kind *kind)
{
	return fmax(timeline->longest_ns[kind->background], 100 * STALL_FLOOR_NS);
}

/* The highest stall in each column of pixels. */
static void raise_columns(const struct timeline *timeline, const struct panel *panel, size_t lane,
                          struct rect plot, double *columns)
{
	const struct stalls *stalls = &panel->stalls[lane];
	const struct lane_kind *kind = &lane_kinds[lane];
	size_t width = (size_t)plot.width, thinnest = (size_t)(timeline->canvas->unit / 1.5);
	struct scale scale;

	scale_init(&scale, STALL_FLOOR_NS, full_height_ns(timeline, kind), fmin(3, plot.height / 4),
	           plot.height);
	scale.logarithmic = true;
	for (size_t i = 0; i < stalls->count; i++) {
		double start = (double)stalls->items[i].start_ns;
		double end = start + (double)stalls->items[i].duration_ns;
		double height =
			kind->source == STALL_OOM ? plot.height : scale_map(&scale, end - start);
		size_t from, to;

		if (end < (double)timeline->since || start > (double)timeline->until)
			continue;
		from = (size_t)(scale_map(&panel->time, start) - panel->time.first);
		to = (size_t)(scale_map(&panel->time, end) - panel->time.first);
		to = to < from + thinnest ? from + thinnest : to;
		for (size_t x = from; x <= to && x < width; x++)
			columns[x] = fmax(columns[x], height);
	}
}

static void draw_columns(struct canvas *canvas, struct rect plot, const double *columns,
                         struct colour colour)
{
	size_t width = (size_t)plot.width, start = 0;

	for (size_t x = 1; x <= width; x++) {
		if (x < width && fabs(columns[x] - columns[start]) < 0.25)
			continue;
		canvas_rectangle(canvas,
		                 (struct rect){ plot.x + (double)start,
		                                plot.y + plot.height - columns[start],
		                                (double)(x - start), columns[start] },
		                 colour);
		start = x;
	}
}

/* Of a lane, within the time that is shown. */
struct lane_sum {
	size_t count;
	double total_ns, longest_ns;
};

static struct lane_sum sum_lane(const struct timeline *timeline, const struct stalls *stalls)
{
	struct lane_sum sum = { 0 };

	for (size_t i = 0; i < stalls->count; i++) {
		const struct stall *stall = &stalls->items[i];

		if (stall->start_ns > timeline->until ||
		    stall->start_ns + stall->duration_ns < timeline->since)
			continue;
		sum.count++;
		sum.total_ns += (double)stall->duration_ns;
		sum.longest_ns = fmax(sum.longest_ns, (double)stall->duration_ns);
	}
	return sum;
}

/* "312 stalls, 1.4 s in all, longest 25 ms". */
static void describe_lane(const struct lane_kind *kind, const struct lane_sum *sum, char *text,
                          size_t size)
{
	char total[SCALE_LABEL], longest[SCALE_LABEL];

	format_time(total, sum->total_ns);
	format_time(longest, sum->longest_ns);
	if (!sum->count)
		snprintf(text, size, "none");
	else if (kind->source == STALL_OOM)
		snprintf(text, size, "%zu %s%s", sum->count, kind->one, sum->count > 1 ? "s" : "");
	else if (sum->count == 1)
		snprintf(text, size, "1 %s of %s", kind->one, longest);
	else
		snprintf(text, size, "%zu %ss, %s in all, longest %s", sum->count, kind->one, total,
		         longest);
}

/* Left of a lane: the duration that a bar of full height has. */
static void label_lane(struct timeline *timeline, const struct lane_kind *kind, struct rect plot)
{
	struct canvas *canvas = timeline->canvas;
	struct text_style style = axis_text(canvas, TEXT_SMALL - 1, ALIGN_RIGHT);
	char label[SCALE_LABEL];
	double x = plot.x - 6 * canvas->unit;

	format_time(label, full_height_ns(timeline, kind));
	canvas_text(canvas, (struct point){ x, plot.y + 0.72 * style.size }, label, &style);
	if (plot.height < 2.2 * style.size)
		return;
	format_time(label, STALL_FLOOR_NS);
	canvas_text(canvas, (struct point){ x, plot.y + plot.height }, label, &style);
}

static void draw_lane(struct timeline *timeline, struct panel *panel, size_t number,
                      struct rect plot, bool labels)
{
	const struct stroke base = { .width = timeline->canvas->unit, .colour = colour_rule };
	const struct lane_kind *kind = &lane_kinds[number];
	struct lane_sum sum = sum_lane(timeline, &panel->stalls[number]);
	double *columns = xalloc((size_t)plot.width + 1, sizeof(*columns));
	double bottom = plot.y + plot.height;
	char figures[128];

	describe_lane(kind, &sum, figures, sizeof(figures));
	strip_title(timeline->canvas, plot, kind->title, figures);
	canvas_rectangle(timeline->canvas, plot, colour_hole);
	raise_columns(timeline, panel, number, plot, columns);
	draw_columns(timeline->canvas, plot, columns, hues[kind->hue]);
	canvas_segment(timeline->canvas, (struct point){ plot.x, bottom },
	               (struct point){ plot.x + plot.width, bottom }, &base);
	if (labels && kind->source != STALL_OOM)
		label_lane(timeline, kind, plot);
	free(columns);
}

/* ---- arranging ---- */

struct heights {
	double strip, lane;
};

static int share_height(const struct timeline *timeline, double height, struct heights *heights,
                        struct mmr_error *err)
{
	const double unit = timeline->canvas->unit;
	double nr_lanes = (double)timeline->nr_lanes, nr_strips = (double)timeline->nr_strips;
	double titles = (fmax(nr_lanes, 1) + nr_strips) * (STRIP_TITLE + STRIP_GAP) * unit;
	double room = height - titles;

	heights->lane = nr_lanes > 0 ? (room * (1 - FREE_SHARE)) / nr_lanes : 0;
	heights->lane = floor(fmin(fmax(heights->lane, LANE_MIN * unit), LANE_MAX * unit));
	heights->strip = floor((room - nr_lanes * heights->lane) / fmax(nr_strips, 1));
	if (heights->strip < 24 * unit)
		return render_error(err, MMR_E_INVALID,
		                    "--size is too small for %zu strips and %zu lanes; make it "
		                    "higher or choose a --zone",
		                    timeline->nr_strips, timeline->nr_lanes);
	return 0;
}

static void draw_panel(struct timeline *timeline, size_t number, const struct heights *heights)
{
	const double unit = timeline->canvas->unit;
	struct panel *panel = &timeline->panels[number];
	struct rect plot = panel->area, title = panel->area;

	scale_init(&panel->time, (double)timeline->since, (double)timeline->until, plot.x,
	           plot.x + plot.width);
	title.y -= layout_panel_title_height(timeline->canvas);
	layout_panel_title(timeline->canvas, title, panel->run, panel->loss_ns);
	for (size_t i = 0; i < timeline->nr_strips; i++) {
		plot.y += STRIP_TITLE * unit;
		plot.height = heights->strip;
		if (i < panel->nr_strips)
			draw_strip(timeline, panel, i, plot, number == 0);
		plot.y += heights->strip + STRIP_GAP * unit;
	}
	for (size_t i = 0; i < NR_LANES; i++) {
		if (!timeline->lanes[i])
			continue;
		plot.y += STRIP_TITLE * unit;
		plot.height = heights->lane;
		draw_lane(timeline, panel, i, plot, number == 0);
		plot.y += heights->lane + STRIP_GAP * unit;
	}
	if (!timeline->nr_lanes) {
		plot.y += STRIP_TITLE * unit;
		strip_title(timeline->canvas, plot, "no stalls: nobody waited for memory", "");
		plot.y += STRIP_GAP * unit;
	}
	plot.y -= STRIP_GAP * unit;
	plot.height = 0;
	axis_time(timeline->canvas, plot, &panel->time);
}

/* The watermarks' sizes stand in the legend where there is one of each. */
static size_t legend_entries(const struct timeline *timeline, struct legend_entry *entries,
                             char labels[3][64])
{
	static const char *const names[3] = { "high watermark", "low", "min" };
	const struct strip *strip = &timeline->panels[0].strips[0];
	const double marks[3] = { strip->high, strip->low, strip->min };
	size_t count = 0;

	entries[count++] = (struct legend_entry){ .mark = LEGEND_LINE,
		                                  .label = "free",
		                                  .stroke = *free_stroke(timeline->canvas->unit) };
	for (size_t i = 0; i < 3; i++) {
		char size[SCALE_LABEL];

		if (!(marks[i] > 0))
			continue;
		format_memory(size, marks[i]);
		snprintf(labels[i], 64, timeline->nr_strips == 1 ? "%s %s" : "%s", names[i], size);
		entries[count++] = (struct legend_entry){ .mark = LEGEND_LINE,
			                                  .label = labels[i],
			                                  .stroke = watermark_stroke(
								  timeline->canvas->unit, i) };
	}
	return count;
}

static int compose(struct timeline *timeline, struct mmr_error *err)
{
	struct canvas *canvas = timeline->canvas;
	struct rect area = layout_heading(canvas, timeline->request, "Free memory and stalls");
	double left = axis_memory_width(canvas), height;
	struct legend_entry entries[4];
	struct rect columns[CHART_RUNS];
	struct heights heights;
	char labels[3][64];
	int rc;

	height = legend(canvas, area, NULL, entries, legend_entries(timeline, entries, labels),
	                true) +
	         layout_panel_title_height(canvas);
	area.y += height;
	area.height -= height + axis_time_height(canvas);
	area.x += left;
	area.width -= left + 12 * canvas->unit;
	rc = share_height(timeline, area.height, &heights, err);
	if (rc)
		return rc;
	if (area.width < 160)
		return render_error(err, MMR_E_INVALID, "--size is too small for this chart");
	layout_columns(canvas, area, timeline->nr_panels, COLUMN_GAP, columns);
	for (size_t i = 0; i < timeline->nr_panels; i++) {
		columns[i].x = floor(columns[i].x);
		columns[i].width = floor(columns[i].width);
		timeline->panels[i].area = columns[i];
		draw_panel(timeline, i, &heights);
	}
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
	for (size_t i = 0; i < CHART_RUNS; i++) {
		struct panel *panel = &timeline->panels[i];

		for (size_t j = 0; j < panel->nr_strips; j++)
			series_deinit(&panel->strips[j].series);
		free(panel->strips);
		for (size_t j = 0; j < NR_LANES; j++)
			stalls_deinit(&panel->stalls[j]);
	}
}

static int draw(struct canvas *canvas, const struct chart_request *request, struct mmr_error *err)
{
	struct timeline timeline = { .canvas = canvas, .request = request, .begin = TIME_MAX };
	int rc = check_scale(request->scale, err);

	timeline.nr_panels = request->nr_runs;
	for (size_t i = 0; i < timeline.nr_panels && !rc; i++) {
		timeline.panels[i].run = &request->runs[i];
		rc = load(&timeline, &timeline.panels[i], err);
		if (timeline.panels[i].nr_strips > timeline.nr_strips)
			timeline.nr_strips = timeline.panels[i].nr_strips;
	}
	for (size_t i = 0; i < NR_LANES; i++)
		timeline.nr_lanes += timeline.lanes[i];
	if (!rc)
		rc = layout_time_range(request, timeline.begin, timeline.end, &timeline.since,
		                       &timeline.until, err);
	if (!rc)
		rc = compose(&timeline, err);
	deinit(&timeline);
	return rc;
}

static size_t options(struct chart_request *request, struct option_row *rows)
{
	rows[0] = (struct option_row){
		.long_name = "zone",
		.type = OPTION_STRING,
		.argument = "NAME",
		.target = &request->zone,
		.help = "free memory and watermarks of this zone only, such as DMA32",
	};
	rows[1] = (struct option_row){
		.long_name = "per-zone",
		.type = OPTION_FLAG,
		.target = &request->per_zone,
		.help = "a strip for every zone instead of their sum",
	};
	rows[2] = (struct option_row){
		.long_name = "scale",
		.type = OPTION_STRING,
		.argument = "SCALE",
		.target = &request->scale,
		.help = "of free memory: linear, log, or auto (default): log where the watermarks "
			"would not be seen otherwise",
	};
	return 3;
}

const struct chart_ops chart_timeline = {
	.name = "timeline",
	.summary = "free memory, watermarks and stalls over time",
	.epilogue = "Examples:\n"
		    "  mmrender timeline results.db -o timeline.png\n"
		    "  mmrender timeline results.db --per-zone -o zones.svg\n"
		    "  mmrender timeline results.db --side-by-side -o compare.pdf\n",
	.options = options,
	.draw = draw,
};
