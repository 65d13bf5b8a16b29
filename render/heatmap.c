// SPDX-License-Identifier: GPL-2.0-or-later
/* Time across, physical memory up, the state of each pageblock as a colour. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axis.h"
#include "chart.h"
#include "heat.h"
#include "heat_moves.h"
#include "heat_zones.h"
#include "layout.h"
#include "legend.h"
#include "tips.h"

/* Times canvas->unit. */
#define ZONE_HEIGHT 15.0
#define ZONE_BORDER 3.0
#define HOLE_MARK   16.0
#define COLUMN_GAP  22.0

enum show { SHOW_OCCUPANCY, SHOW_ORDER, SHOW_MIGRATETYPE, SHOW_KIND, SHOW_COMPACTION, NR_SHOWS };

static const struct {
	const char *name, *synonym, *title, *difference;
} shows[NR_SHOWS] = {
	[SHOW_OCCUPANCY] = { "occupancy", "free", "Free memory in every pageblock",
	                     "more or fewer pages free" },
	[SHOW_ORDER] = { "order", "fragmentation", "Largest free block in every pageblock",
	                 "larger or smaller free blocks" },
	[SHOW_MIGRATETYPE] = { "migratetype", NULL, "Migratetype of every pageblock", NULL },
	[SHOW_KIND] = { "kind", NULL, "What every pageblock is used for", NULL },
	[SHOW_COMPACTION] = { "compaction", "moves", "Compaction at work in every pageblock",
	                      NULL },
};

struct category {
	const char *label;
	enum hue hue; /* NR_HUES: the theme's blank */
};

static const struct category kinds[NR_KINDS] = {
	[KIND_FREE] = { "free", NR_HUES },
	[KIND_MOVABLE] = { "movable", HUE_SKY },
	[KIND_MIXED] = { "movable mixed with others", HUE_VERMILLION },
	[KIND_UNMOVABLE] = { "unmovable", HUE_BLUE },
	[KIND_RECLAIMABLE] = { "reclaimable", HUE_GREEN },
	[KIND_HIGHATOMIC] = { "high-atomic reserve", HUE_PURPLE },
	[KIND_CMA] = { "CMA", HUE_ORANGE },
	[KIND_ISOLATE] = { "isolated", HUE_BLACK },
};

static const struct category types[NR_TYPES] = {
	[TYPE_UNMOVABLE] = { "Unmovable", HUE_BLUE },
	[TYPE_MOVABLE] = { "Movable", HUE_SKY },
	[TYPE_RECLAIMABLE] = { "Reclaimable", HUE_GREEN },
	[TYPE_HIGHATOMIC] = { "HighAtomic", HUE_PURPLE },
	[TYPE_CMA] = { "CMA", HUE_ORANGE },
	[TYPE_ISOLATE] = { "Isolate", HUE_BLACK },
};

enum work { WORK_OUT, WORK_IN, WORK_BOTH, WORK_LOOKED, NR_WORKS };

static const struct category works[NR_WORKS] = {
	[WORK_OUT] = { "pages moved out", HUE_BLUE },
	[WORK_IN] = { "pages moved in", HUE_VERMILLION },
	[WORK_BOTH] = { "both", HUE_PURPLE },
	[WORK_LOOKED] = { "looked at only", HUE_YELLOW },
};

/* Of a cell the weaker colour of compaction's work, and from what share of a pageblock it is the strongest. */
#define WORK_WEAKEST 0.45
#define WORK_STRONG  0.25
#define USED_SHADE   0.45 /* of the faint ink: memory in use, behind it */

#define DIFFERENCE_PANEL CHART_PANELS /* its place in heats[] */

struct heatmap {
	struct canvas *canvas;
	const struct chart_request *request;
	enum show show;
	struct heat_filter filter;
	int64_t since, until;
	struct heat heats[CHART_PANELS + 1];
	float *values[2];        /* of the first two runs, for their difference; NAN: none */
	bool shared;             /* all panels have the same vertical axis */
	bool seen[NR_KINDS + 1]; /* kinds or migratetypes, for the legend */
	bool nothing_seen, gap_seen;
	bool work_seen[NR_WORKS];
};

/* ---- cells to colours ---- */

static struct colour category_colour(const struct theme *theme, const struct category *category)
{
	return category->hue == NR_HUES ? theme->blank : theme->hues[category->hue];
}

static unsigned int pageblock_order(const struct heat *heat)
{
	return (unsigned int)lround(log2((double)heat->index.zones[0].pageblock_pages));
}

/* 0 to 1 on the ramp; negative where there is nothing to measure. */
static double cell_share(const struct heatmap *heatmap, const struct heat *heat,
                         const struct cell *cell)
{
	double order;

	if (heatmap->show == SHOW_OCCUPANCY)
		return cell_free(cell);
	order = cell_order(cell);
	return order < 0 ? -1 : order / fmax(pageblock_order(heat), 1);
}

static struct colour cell_colour(struct heatmap *heatmap, const struct heat *heat,
                                 const struct cell *cell)
{
	const struct theme *theme = heatmap->canvas->theme;
	double share;

	if (!cell->blocks) {
		heatmap->gap_seen = true;
		return theme->hole;
	}
	if (heatmap->show == SHOW_KIND) {
		heatmap->seen[cell_kind(cell)] = true;
		return category_colour(theme, &kinds[cell_kind(cell)]);
	}
	if (heatmap->show == SHOW_MIGRATETYPE) {
		heatmap->seen[cell_type(cell)] = true;
		return category_colour(theme, &types[cell_type(cell)]);
	}
	if (heatmap->show == SHOW_COMPACTION)
		return palette_diverging((1 - cell_free(cell)) * USED_SHADE, theme->paper,
		                         theme->paper, theme->faint_ink);
	share = cell_share(heatmap, heat, cell);
	if (share >= 0)
		return palette_ramp(&heatmap->canvas->palette, share);
	heatmap->nothing_seen = true;
	return theme->nothing;
}

static void paint_cell(void *data, struct heat *heat, size_t x, const struct band *band,
                       const struct cell *cell)
{
	struct heatmap *heatmap = data;
	size_t width = (size_t)heat->plot.width, panel = (size_t)(heat - heatmap->heats);
	struct colour colour = cell_colour(heatmap, heat, cell);

	for (size_t y = band->top; y < band->bottom; y++)
		heat->cells[y * width + x] = colour;
	if (panel > 1 || !heatmap->values[panel])
		return;
	for (size_t y = band->top; y < band->bottom; y++)
		heatmap->values[panel][y * width + x] =
			cell->blocks ? (float)fmax(cell_share(heatmap, heat, cell), 0) : NAN;
}

/* Of the other fields no mean can be told. */
static bool wants_tips(const struct heatmap *heatmap)
{
	return heatmap->canvas->ops->tip && heatmap->show == SHOW_OCCUPANCY;
}

static enum work work_of(const struct heat_move *move)
{
	if (move->out <= 0 && move->in <= 0)
		return WORK_LOOKED;
	if (move->out > 4 * move->in)
		return WORK_OUT;
	return move->in > 4 * move->out ? WORK_IN : WORK_BOTH;
}

/* Over what is in use: where compaction moved pages out of, and to. */
static int paint_moves(struct heatmap *heatmap, struct heat *heat, struct mmr_error *err)
{
	const struct theme *theme = heatmap->canvas->theme;
	size_t nr_cells = (size_t)heat->plot.width * (size_t)heat->plot.height;
	double pages = (double)heat->index.zones[0].pageblock_pages;
	struct heat_moves moves = { NULL };
	int rc = heat_moves_load(heatmap->request->db, heat, heatmap->since, heatmap->until, &moves,
	                         err);

	for (size_t i = 0; i < nr_cells && !rc; i++) {
		const struct heat_move *move = &moves.cells[i];
		enum work work = work_of(move);
		double strength = fmin((double)(move->out + move->in) / pages / WORK_STRONG, 1);

		if (!move->scanned)
			continue;
		heatmap->work_seen[work] = true;
		heat->cells[i] = palette_diverging(
			WORK_WEAKEST + (1 - WORK_WEAKEST) * sqrt(strength), heat->cells[i],
			heat->cells[i], category_colour(theme, &works[work]));
	}
	heat_moves_deinit(&moves);
	return rc;
}

static int paint(struct heatmap *heatmap, struct heat *heat, struct mmr_error *err)
{
	const struct heat_painter painter = { paint_cell, heatmap };
	size_t nr_cells = (size_t)heat->plot.width * (size_t)heat->plot.height;
	size_t panel = (size_t)(heat - heatmap->heats);
	int rc;

	heat->cells = xalloc(nr_cells, sizeof(*heat->cells));
	for (size_t i = 0; i < nr_cells; i++)
		heat->cells[i] = heatmap->canvas->theme->paper;
	if (panel < 2 && (heatmap->request->difference || wants_tips(heatmap))) {
		heatmap->values[panel] = xalloc(nr_cells, sizeof(float));
		for (size_t i = 0; i < nr_cells; i++)
			heatmap->values[panel][i] = NAN;
	}
	rc = heat_paint(heatmap->request->db, heat, heatmap->since, heatmap->until, &painter, err);
	return rc || heatmap->show != SHOW_COMPACTION ? rc : paint_moves(heatmap, heat, err);
}

/* The second run less the first, where both have something. */
static void paint_difference(struct heatmap *heatmap)
{
	struct heat *heat = &heatmap->heats[DIFFERENCE_PANEL];
	const struct theme *theme = heatmap->canvas->theme;
	size_t nr_cells = (size_t)heat->plot.width * (size_t)heat->plot.height;
	struct colour colour = theme->hole;
	double last = (double)NAN;

	heat->cells = xalloc(nr_cells, sizeof(*heat->cells));
	for (size_t i = 0; i < nr_cells; i++) {
		double difference = (double)heatmap->values[1][i] - (double)heatmap->values[0][i];

		/* Neighbours are alike, and mixing a colour takes its time. */
		if (!isnan(difference) && !(fabs(difference - last) <= 0))
			colour = palette_diverging(difference, theme->paper, theme->hues[HUE_BLUE],
			                           theme->hues[HUE_VERMILLION]);
		last = difference;
		heat->cells[i] = isnan(difference) ? theme->hole : colour;
	}
}

/* ---- legend ---- */

#define LEGEND_MOST (NR_KINDS + 3)

struct legend_texts {
	char most[SCALE_LABEL], least[SCALE_LABEL];
};

static size_t list_categories(const struct heatmap *heatmap, const bool *seen,
                              const struct category *categories, size_t count,
                              struct legend_entry *entries)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (!seen || seen[i])
			entries[n++] = (struct legend_entry){
				.label = categories[i].label,
				.colour = category_colour(heatmap->canvas->theme, &categories[i])
			};
	}
	return n;
}

static bool any_work(const struct heatmap *heatmap)
{
	for (size_t i = 0; i < NR_WORKS; i++) {
		if (heatmap->work_seen[i])
			return true;
	}
	return false;
}

/* `all`: whatever might occur, to know how much room it takes at most. */
static size_t legend_entries(const struct heatmap *heatmap, bool all, struct legend_texts *texts,
                             struct legend_entry *entries)
{
	const struct heat *heat = &heatmap->heats[0];
	const struct theme *theme = heatmap->canvas->theme;
	size_t n = 0;

	format_memory(texts->least, (double)heat->run->page_size);
	format_memory(texts->most,
	              (double)heat->index.zones[0].pageblock_pages * (double)heat->run->page_size);
	if (heatmap->show == SHOW_OCCUPANCY)
		entries[n++] = (struct legend_entry){ .mark = LEGEND_RAMP,
			                              .label = "share of its pages that are free",
			                              .from = "0 %",
			                              .to = "100 %" };
	if (heatmap->show == SHOW_ORDER) {
		entries[n++] = (struct legend_entry){ .mark = LEGEND_RAMP,
			                              .label = "largest free block",
			                              .from = texts->least,
			                              .to = texts->most };
		if (all || heatmap->nothing_seen)
			entries[n++] = (struct legend_entry){ .label = "nothing free",
				                              .colour = theme->nothing };
	}
	if (heatmap->show == SHOW_KIND)
		n += list_categories(heatmap, all ? NULL : heatmap->seen, kinds, NR_KINDS,
		                     entries + n);
	if (heatmap->show == SHOW_MIGRATETYPE)
		n += list_categories(heatmap, all ? NULL : heatmap->seen, types, NR_TYPES,
		                     entries + n);
	if (heatmap->show == SHOW_COMPACTION) {
		entries[n++] = (struct legend_entry){
			.label = all || any_work(heatmap) ? "in use, not touched"
			                                  : "in use; compaction did nothing",
			.colour = palette_diverging(USED_SHADE, theme->paper, theme->paper,
			                            theme->faint_ink),
		};
		n += list_categories(heatmap, all ? NULL : heatmap->work_seen, works, NR_WORKS,
		                     entries + n);
	}
	if (all || heatmap->gap_seen)
		entries[n++] = (struct legend_entry){ .label = "no memory or no sample",
			                              .colour = theme->hole };
	if (heatmap->request->difference)
		entries[n++] = (struct legend_entry){ .mark = LEGEND_RAMP,
			                              .label = "difference",
			                              .from = "less",
			                              .to = "more",
			                              .diverging = true };
	return n;
}

/* ---- drawing ---- */

static void draw_panel(struct heatmap *heatmap, struct heat *heat, bool first, bool last)
{
	struct canvas *canvas = heatmap->canvas;
	const struct stroke frame = { .width = canvas->unit, .colour = canvas->theme->rule };
	bool named = last || !heatmap->shared;
	size_t panel = (size_t)(heat - heatmap->heats);
	struct rect title = heat->plot;
	struct scale time;

	scale_init(&time, (double)heatmap->since, (double)heatmap->until, heat->plot.x,
	           heat->plot.x + heat->plot.width);
	title.y -= layout_panel_title_height(canvas);
	if (heat == &heatmap->heats[DIFFERENCE_PANEL])
		layout_panel_text(canvas, title, "Difference", shows[heatmap->show].difference);
	else
		layout_panel_title(canvas, title, heat->run, heat->loss_ns);
	canvas_raster(canvas, heat->plot,
	              &(struct raster){ .width = (size_t)heat->plot.width,
	                                .height = (size_t)heat->plot.height,
	                                .cells = heat->cells });
	heat_draw_holes(canvas, heat, heatmap->filter.zone != NULL);
	heat_draw_borders(canvas, heat, named);
	if (heat->loss_ns >= heatmap->since && heat->loss_ns <= heatmap->until)
		layout_loss_line(canvas, heat->plot, scale_map(&time, (double)heat->loss_ns));
	canvas_frame(canvas, heat->plot, &frame);
	axis_time(canvas, heat->plot, &time);
	if (first || !heatmap->shared)
		axis_address(canvas, heat->plot, &heat->map);
	if (named)
		heat_draw_zone_names(canvas, heat);
	if (panel < 2 && heatmap->values[panel] && wants_tips(heatmap))
		tips_heat(canvas, heat, heatmap->values[panel], "free", &time);
}

/* Whole pixels, so that a cell of the raster is one pixel of the picture. */
static struct rect whole(struct rect rect)
{
	double right = floor(rect.x + rect.width), bottom = floor(rect.y + rect.height);

	rect.x = ceil(rect.x);
	rect.y = ceil(rect.y);
	rect.width = fmax(right - rect.x, 1);
	rect.height = fmax(bottom - rect.y, 1);
	return rect;
}

static void map_memory(struct heatmap *heatmap, struct heat *heat, double height)
{
	const double unit = heatmap->canvas->unit;
	const struct addrmap_style style = {
		.height = (uint32_t)height,
		.zone_height = (uint32_t)lround(ZONE_HEIGHT * unit),
		.border = (uint32_t)lround(ZONE_BORDER * unit),
		.hole = (uint32_t)lround(HOLE_MARK * unit),
		.page_size = (uint64_t)heat->run->page_size,
	};

	addrmap_init(&heat->map, &heat->index, (const bool *const *)heat->present, &style);
}

static int map_all(struct heatmap *heatmap, double height, double *right, struct mmr_error *err)
{
	heatmap->shared = true;
	for (size_t i = 0; i < heatmap->request->nr_runs; i++) {
		struct heat *heat = &heatmap->heats[i];

		map_memory(heatmap, heat, height);
		if (!heat->map.nr_segments && (heatmap->request->zone || heatmap->request->pfn))
			return render_error(err, MMR_E_NOTFOUND,
			                    "run '%.60s' has no memory within --zone and --pfn",
			                    heat->run->label);
		if (!heat->map.nr_segments)
			return render_error(err, MMR_E_CORRUPT, "run '%.60s' has no memory to draw",
			                    heat->run->label);
		heatmap->shared &= i == 0 || addrmap_equal(&heat->map, &heatmap->heats[0].map);
		*right = fmax(*right, heat_zone_names_width(heatmap->canvas, heat));
	}
	if (heatmap->request->difference && !heatmap->shared)
		return render_error(err, MMR_E_INVALID,
		                    "--difference: the two runs do not have the same memory");
	return 0;
}

/* The plots share the width; a shared axis stands left of the first, the zones right of the last. */
static int arrange(struct heatmap *heatmap, struct rect area, struct mmr_error *err)
{
	struct canvas *canvas = heatmap->canvas;
	const bool difference = heatmap->request->difference;
	double left = axis_left_width(canvas), right = 0;
	size_t nr_runs = heatmap->request->nr_runs, nr_panels = nr_runs + difference;
	struct rect columns[CHART_PANELS + 1];
	int rc;

	area.y += layout_panel_title_height(canvas);
	area.height -= layout_panel_title_height(canvas) + axis_time_height(canvas);
	if (area.height < 40 || area.width < 160)
		return render_error(err, MMR_E_INVALID, "--size is too small for this chart");
	rc = map_all(heatmap, whole(area).height, &right, err);
	if (rc)
		return rc;
	if (heatmap->shared) {
		area.x += left;
		area.width -= left + right;
	}
	layout_columns(canvas, area, nr_panels, COLUMN_GAP, columns);
	for (size_t i = 0; i < nr_panels; i++) {
		struct heat *heat = &heatmap->heats[i < nr_runs ? i : DIFFERENCE_PANEL];

		if (!heatmap->shared) {
			columns[i].x += left;
			columns[i].width -= left + right;
		}
		if (columns[i].width < 40 * canvas->unit)
			return render_error(err, MMR_E_INVALID,
			                    "--size is too small for %zu panels", nr_panels);
		heat->plot = whole(columns[i]);
		heat->plot.width = floor(columns[i].width);
		heat->plot.height = whole(area).height;
	}
	if (difference) {
		struct heat *heat = &heatmap->heats[DIFFERENCE_PANEL];

		heat->run = heatmap->heats[0].run;
		heat->loss_ns = -1;
	}
	return 0;
}

static int compose(struct heatmap *heatmap, struct mmr_error *err)
{
	struct canvas *canvas = heatmap->canvas;
	struct rect area = layout_heading(canvas, heatmap->request, shows[heatmap->show].title);
	struct heat *difference = &heatmap->heats[DIFFERENCE_PANEL];
	size_t nr_runs = heatmap->request->nr_runs, count;
	struct legend_entry entries[LEGEND_MOST];
	struct legend_texts texts;
	struct rect legend_area = area;
	double height;
	int rc;

	count = legend_entries(heatmap, true, &texts, entries);
	height = legend(canvas, area, entries, count, false);
	area.y += height;
	area.height -= height;
	rc = arrange(heatmap, area, err);
	for (size_t i = 0; i < nr_runs && !rc; i++)
		rc = paint(heatmap, &heatmap->heats[i], err);
	if (rc)
		return rc;
	count = legend_entries(heatmap, false, &texts, entries);
	legend(canvas, legend_area, entries, count, true);
	for (size_t i = 0; i < nr_runs; i++)
		draw_panel(heatmap, &heatmap->heats[i], i == 0,
		           i + 1 == nr_runs && !heatmap->request->difference);
	if (heatmap->request->difference) {
		paint_difference(heatmap);
		difference->index = heatmap->heats[0].index; /* borrowed for the zones' names */
		difference->map = heatmap->heats[0].map;
		draw_panel(heatmap, difference, false, true);
		difference->index = (struct pageblock_index){ 0 };
		difference->map = (struct addrmap){ 0 };
	}
	return 0;
}

/* ---- what is asked for ---- */

static int parse_show(struct heatmap *heatmap, const char *name, struct mmr_error *err)
{
	for (size_t i = 0; i < NR_SHOWS; i++) {
		if (!name || strcmp(name, shows[i].name) == 0 ||
		    (shows[i].synonym && strcmp(name, shows[i].synonym) == 0)) {
			heatmap->show = (enum show)i;
			return 0;
		}
	}
	return render_error(
		err, MMR_E_INVALID,
		"--show knows occupancy, order, migratetype, kind and compaction, not '%.40s'",
		name);
}

static bool parse_number(const char *text, char end, uint64_t *number, const char **rest)
{
	char *stop;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoull(text, &stop, 0);
	*rest = stop + 1;
	return !errno && *stop == end;
}

/* "0x1000-0x2fff" */
static int parse_pfn(struct heatmap *heatmap, const char *text, struct mmr_error *err)
{
	struct heat_filter *filter = &heatmap->filter;
	const char *rest = text;

	filter->zone = heatmap->request->zone;
	filter->last_pfn = UINT64_MAX;
	if (!text)
		return 0;
	if (parse_number(text, '-', &filter->first_pfn, &rest) &&
	    parse_number(rest, '\0', &filter->last_pfn, &rest) &&
	    filter->first_pfn <= filter->last_pfn)
		return 0;
	return render_error(err, MMR_E_INVALID,
	                    "--pfn is FIRST-LAST, such as 0x10000-0x17fff, not '%.40s'", text);
}

static int check_request(struct heatmap *heatmap, struct mmr_error *err)
{
	const struct chart_request *request = heatmap->request;
	int rc = parse_show(heatmap, request->show, err);

	if (!rc)
		rc = parse_pfn(heatmap, request->pfn, err);
	if (rc || !request->difference)
		return rc;
	if (request->nr_runs != 2)
		return render_error(err, MMR_E_INVALID,
		                    "--difference needs --side-by-side with "
		                    "two runs");
	if (!shows[heatmap->show].difference)
		return render_error(err, MMR_E_INVALID,
		                    "--difference goes with --show occupancy and order");
	return 0;
}

static int load(struct heatmap *heatmap, bool *empty, struct mmr_error *err)
{
	const struct chart_request *request = heatmap->request;
	int64_t begin = TIME_MAX, end = 0;

	for (size_t i = 0; i < request->nr_runs; i++) {
		struct heat *heat = &heatmap->heats[i];
		int rc = heat_load(request->db, &request->runs[i], &heatmap->filter, heat, err);

		if (rc)
			return rc;
		if (!heat->index.nr_rows) {
			*empty = true;
			return 0;
		}
		end = heat->end_ns > end ? heat->end_ns : end;
		if (heat->index.rows[0].t_ns < begin)
			begin = heat->index.rows[0].t_ns;
	}
	return layout_time_range(request, begin, end, &heatmap->since, &heatmap->until, err);
}

static int draw(struct canvas *canvas, const struct chart_request *request, struct mmr_error *err)
{
	struct heatmap *heatmap = xalloc(1, sizeof(*heatmap));
	bool empty = false;
	int rc;

	heatmap->canvas = canvas;
	heatmap->request = request;
	rc = check_request(heatmap, err);
	if (!rc)
		rc = load(heatmap, &empty, err);
	if (!rc && empty)
		layout_empty(canvas, request, shows[heatmap->show].title,
		             "Nothing to show: a run has no samples of its pageblocks.");
	else if (!rc)
		rc = compose(heatmap, err);
	for (size_t i = 0; i <= DIFFERENCE_PANEL; i++)
		heat_deinit(&heatmap->heats[i]);
	free(heatmap->values[0]);
	free(heatmap->values[1]);
	free(heatmap);
	return rc;
}

static size_t options(struct chart_request *request, struct option_row *rows)
{
	const struct option_row own[] = {
		{ "show", 0, OPTION_STRING, "WHAT", &request->show,
		  "What the colour shows: occupancy (the share of free pages, default), order (the largest free block), "
		  "migratetype, kind (what the block is used for), or compaction (where it moved pages out of, and to)",
		  NULL, false },
		{ "zone", 0, OPTION_STRING, "NAME", &request->zone, "This zone only, such as DMA32",
		  NULL, false },
		{ "pfn", 0, OPTION_STRING, "FIRST-LAST", &request->pfn,
		  "The pageblocks of these page frames only, such as 0x10000-0x17fff", NULL,
		  false },
		{ "difference", 0, OPTION_FLAG, NULL, &request->difference,
		  "With --side-by-side: a third field, the second run less the first", NULL,
		  false },
	};

	memcpy(rows, own, sizeof(own));
	return sizeof(own) / sizeof(own[0]);
}

const struct chart_ops chart_heatmap = {
	.name = "heatmap",
	.summary = "The state of every pageblock: time across, physical memory up",
	.epilogue = "Examples:\n"
		    "  mmrender heatmap results.db -o free.png\n"
		    "  mmrender heatmap results.db --show order -o frag.svg\n"
		    "  mmrender heatmap results.db --side-by-side --difference -o both.png\n"
		    "  mmrender heatmap results.db --since 2s --until 2500ms --zone DMA32\n",
	.options = options,
	.draw = draw,
};
