// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Time across, physical memory up, the state of each pageblock as a colour.
 *
 * A column of pixels is the mean over the samples that fall into its span of time; where there are
 * fewer samples than columns, the last one holds until the next. A band of pixels is the mean over its
 * pageblocks (addrmap.h). Only one column of sums is kept, so a long run costs no more memory than a
 * short one.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addrmap.h"
#include "axis.h"
#include "chart.h"
#include "layout.h"
#include "legend.h"
#include "pageblock.h"
#include "palette.h"

/* Times canvas->unit. */
#define ZONE_HEIGHT 15.0
#define ZONE_BORDER 3.0
#define HOLE_MARK   16.0
#define COLUMN_GAP  22.0
#define LABEL_GAP   8.0

#define NO_BAND UINT32_MAX

enum show { SHOW_FREE, SHOW_FRAGMENTATION, SHOW_KIND, NR_SHOWS };

static const struct {
	const char *name, *title;
} shows[NR_SHOWS] = {
	[SHOW_FREE] = { "free", "Free memory in every pageblock" },
	[SHOW_FRAGMENTATION] = { "fragmentation", "Largest free block in every pageblock" },
	[SHOW_KIND] = { "kind", "What every pageblock is used for" },
};

static const struct {
	const char *label;
	enum hue hue;
} kinds[NR_KINDS] = {
	[KIND_FREE] = { "free", NR_HUES },
	[KIND_MOVABLE] = { "movable", HUE_SKY },
	[KIND_MIXED] = { "movable mixed with others", HUE_VERMILLION },
	[KIND_UNMOVABLE] = { "unmovable", HUE_BLUE },
	[KIND_RECLAIMABLE] = { "reclaimable", HUE_GREEN },
	[KIND_HIGHATOMIC] = { "high-atomic reserve", HUE_PURPLE },
	[KIND_CMA] = { "CMA", HUE_ORANGE },
	[KIND_ISOLATE] = { "isolated", HUE_BLACK },
};

/* One run's panel. */
struct heat {
	const struct run *run;
	struct pageblock_index index;
	bool *present[ZONES_MAX];
	struct addrmap map;
	struct rect plot;
	struct colour *cells;
	int64_t loss_ns, end_ns;
};

struct heatmap {
	struct canvas *canvas;
	const struct chart_request *request;
	struct palette palette;
	enum show show;
	int64_t since, until;
	struct heat heats[CHART_RUNS];
	bool shared;               /* all panels have the same vertical axis */
	bool kinds_seen[NR_KINDS]; /* for the legend */
	bool nothing_seen, gap_seen;
};

/* ---- reading ---- */

/* A pageblock exists if its zone's first or last sample knows a page of it. */
static int find_present(struct heatmap *heatmap, struct heat *heat, struct mmr_error *err)
{
	for (size_t i = 0; i < heat->index.nr_zones; i++) {
		const struct pageblock_zone *zone = &heat->index.zones[i];
		const size_t rows[2] = { zone->first_row, zone->last_row };

		heat->present[i] = xalloc(zone->nr_pageblocks, sizeof(bool));
		for (size_t j = 0; j < 2; j++) {
			const struct pageblock_row *row = &heat->index.rows[rows[j]];
			size_t offset = (row->first_pfn - zone->first_pfn) / zone->pageblock_pages;
			const uint8_t *state;
			int rc = db_pageblock_state(heatmap->request->db, row, &state, err);

			if (rc)
				return rc;
			for (size_t block = 0; block < row->nr_pageblocks; block++) {
				struct pageblock at =
					pageblock_unpack(state + block * PAGEBLOCK_RECORD);

				heat->present[i][offset + block] |= !pageblock_absent(&at);
			}
		}
	}
	return 0;
}

static int load(struct heatmap *heatmap, struct heat *heat, struct mmr_error *err)
{
	const struct run *run = heat->run;
	int rc = db_pageblocks(heatmap->request->db, run, &heat->index, err);

	if (rc)
		return rc;
	if (!heat->index.nr_rows)
		return render_error(err, MMR_E_NOTFOUND, "run '%.60s' has no pageblock rows; %s",
		                    run->label,
		                    run->original ? "run mmreplay --shadow on its trace again"
		                                  : "replay its trace again");
	heat->loss_ns = db_first_loss(heatmap->request->db, run);
	heat->end_ns = heat->index.rows[heat->index.nr_rows - 1].t_ns;
	if (run->duration_ns > heat->end_ns)
		heat->end_ns = run->duration_ns;
	return find_present(heatmap, heat, err);
}

/* ---- cells to colours ---- */

static struct colour kind_colour(enum block_kind kind)
{
	static const struct colour free_block = { 252, 240, 166 };

	return kinds[kind].hue == NR_HUES ? free_block : hues[kinds[kind].hue];
}

static unsigned int pageblock_order(const struct heat *heat)
{
	return (unsigned int)lround(log2((double)heat->index.zones[0].pageblock_pages));
}

static struct colour cell_colour(struct heatmap *heatmap, const struct heat *heat,
                                 const struct cell *cell)
{
	double order;

	if (!cell->blocks) {
		heatmap->gap_seen = true;
		return colour_hole;
	}
	switch (heatmap->show) {
	case SHOW_FRAGMENTATION:
		order = cell_order(cell);
		if (order < 0) {
			heatmap->nothing_seen = true;
			return colour_nothing;
		}
		return palette_ramp(&heatmap->palette, order / fmax(pageblock_order(heat), 1));
	case SHOW_KIND:
		heatmap->kinds_seen[cell_kind(cell)] = true;
		return kind_colour(cell_kind(cell));
	case SHOW_FREE:
	case NR_SHOWS:
	default:
		return palette_ramp(&heatmap->palette, cell_free(cell));
	}
}

/* ---- samples to cells ---- */

/* Sums of one column. */
struct column {
	struct cell *held; /* each band in its zone's latest sample */
	struct cell *sum;  /* over the samples within this column */
	bool known[ZONES_MAX], summed[ZONES_MAX];
	uint32_t *band_of[ZONES_MAX];  /* by pageblock */
	size_t skip_before[ZONES_MAX]; /* rows that a later one replaces before `since` */
};

static void column_init(struct column *column, const struct heat *heat, int64_t since)
{
	const struct addrmap *map = &heat->map;

	*column = (struct column){ .held = xalloc(map->nr_bands, sizeof(struct cell)),
		                   .sum = xalloc(map->nr_bands, sizeof(struct cell)) };
	for (size_t i = 0; i < heat->index.nr_zones; i++) {
		size_t nr = heat->index.zones[i].nr_pageblocks;

		column->band_of[i] = xalloc(nr, sizeof(uint32_t));
		memset(column->band_of[i], 0xff, nr * sizeof(uint32_t));
	}
	for (size_t i = 0; i < map->nr_segments; i++) {
		const struct segment *segment = &map->segments[i];

		for (size_t j = 0; j < segment->nr_bands; j++) {
			const struct band *band = &map->bands[segment->first_band + j];

			for (uint32_t block = 0; block < band->nr_blocks; block++)
				column->band_of[segment->zone][band->first_block + block] =
					(uint32_t)(segment->first_band + j);
		}
	}
	for (size_t i = 0; i < heat->index.nr_rows && heat->index.rows[i].t_ns <= since; i++)
		column->skip_before[heat->index.rows[i].zone] = i;
}

static void column_deinit(struct column *column)
{
	free(column->held);
	free(column->sum);
	for (size_t i = 0; i < ZONES_MAX; i++)
		free(column->band_of[i]);
}

static int add_sample(struct heatmap *heatmap, const struct heat *heat, struct column *column,
                      const struct pageblock_row *row, struct mmr_error *err)
{
	const struct pageblock_zone *zone = &heat->index.zones[row->zone];
	const uint32_t *band_of = column->band_of[row->zone] +
	                          (row->first_pfn - zone->first_pfn) / zone->pageblock_pages;
	const struct addrmap *map = &heat->map;
	const uint8_t *state;
	int rc = db_pageblock_state(heatmap->request->db, row, &state, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < map->nr_segments; i++) {
		if (map->segments[i].zone == row->zone)
			memset(&column->held[map->segments[i].first_band], 0,
			       map->segments[i].nr_bands * sizeof(struct cell));
	}
	for (size_t block = 0; block < row->nr_pageblocks; block++) {
		struct pageblock at = pageblock_unpack(state + block * PAGEBLOCK_RECORD);

		if (band_of[block] != NO_BAND)
			cell_add(&column->held[band_of[block]], &at);
	}
	for (size_t i = 0; i < map->nr_segments; i++) {
		const struct segment *segment = &map->segments[i];

		for (size_t j = 0; segment->zone == row->zone && j < segment->nr_bands; j++)
			cell_merge(&column->sum[segment->first_band + j],
			           &column->held[segment->first_band + j]);
	}
	column->known[row->zone] = column->summed[row->zone] = true;
	return 0;
}

static void paint_column(struct heatmap *heatmap, struct heat *heat, struct column *column,
                         size_t x)
{
	const struct addrmap *map = &heat->map;
	size_t width = (size_t)heat->plot.width;

	for (size_t i = 0; i < map->nr_segments; i++) {
		const struct segment *segment = &map->segments[i];
		const struct cell *cells =
			column->summed[segment->zone] ? column->sum : column->held;

		for (size_t j = segment->first_band; j < segment->first_band + segment->nr_bands;
		     j++) {
			const struct band *band = &map->bands[j];
			struct colour colour = cell_colour(heatmap, heat, &cells[j]);

			for (size_t y = band->top; y < band->bottom; y++)
				heat->cells[y * width + x] = colour;
		}
	}
	memset(column->sum, 0, map->nr_bands * sizeof(struct cell));
	memset(column->summed, 0, sizeof(column->summed));
}

/* The right edge of column x, exclusive; in double, as span * width may pass 64 bits. */
static int64_t column_end(const struct heatmap *heatmap, size_t x, size_t width)
{
	double span = (double)(heatmap->until - heatmap->since);

	return x + 1 == width ? heatmap->until + 1
	                      : heatmap->since + (int64_t)(span * (double)(x + 1) / (double)width);
}

static int paint(struct heatmap *heatmap, struct heat *heat, struct mmr_error *err)
{
	size_t width = (size_t)heat->plot.width, height = (size_t)heat->plot.height, row = 0;
	const struct pageblock_index *index = &heat->index;
	struct column column;
	int64_t begin = heatmap->since;
	int rc = 0;

	heat->cells = xalloc(width * height, sizeof(*heat->cells));
	for (size_t i = 0; i < width * height; i++)
		heat->cells[i] = colour_paper;
	column_init(&column, heat, heatmap->since);
	for (size_t x = 0; x < width && begin <= heat->end_ns && !rc; x++) {
		int64_t end = column_end(heatmap, x, width);

		for (; row < index->nr_rows && index->rows[row].t_ns < end && !rc; row++) {
			if (row >= column.skip_before[index->rows[row].zone])
				rc = add_sample(heatmap, heat, &column, &index->rows[row], err);
		}
		paint_column(heatmap, heat, &column, x);
		begin = end;
	}
	column_deinit(&column);
	return rc;
}

/* ---- drawing ---- */

static const struct legend_entry *legend_entries(const struct heatmap *heatmap, bool all,
                                                 size_t *count)
{
	static struct legend_entry entries[NR_KINDS + 3];
	static char most[SCALE_LABEL], least[SCALE_LABEL];
	const struct heat *heat = &heatmap->heats[0];
	size_t n = 0;

	format_memory(least, (double)heat->run->page_size);
	format_memory(most,
	              (double)heat->index.zones[0].pageblock_pages * (double)heat->run->page_size);
	if (heatmap->show == SHOW_FREE)
		entries[n++] = (struct legend_entry){ .mark = LEGEND_RAMP,
			                              .label = "share of its pages that are free",
			                              .from = "0 %",
			                              .to = "100 %" };
	if (heatmap->show == SHOW_FRAGMENTATION) {
		entries[n++] = (struct legend_entry){ .mark = LEGEND_RAMP,
			                              .label = "largest free block",
			                              .from = least,
			                              .to = most };
		if (all || heatmap->nothing_seen)
			entries[n++] = (struct legend_entry){ .label = "nothing free",
				                              .colour = colour_nothing };
	}
	for (size_t i = 0; heatmap->show == SHOW_KIND && i < NR_KINDS; i++) {
		if (all || heatmap->kinds_seen[i])
			entries[n++] =
				(struct legend_entry){ .label = kinds[i].label,
				                       .colour = kind_colour((enum block_kind)i) };
	}
	if (all || heatmap->gap_seen)
		entries[n++] = (struct legend_entry){ .label = "no memory or no sample",
			                              .colour = colour_hole };
	*count = n;
	return entries;
}

static void draw_holes(struct canvas *canvas, const struct heat *heat)
{
	const struct stroke edge = { .width = canvas->unit, .colour = colour_rule };
	struct text_style style = axis_text(canvas, TEXT_SMALL - 1, ALIGN_CENTRE);
	double right = heat->plot.x + heat->plot.width;

	for (size_t i = 0; i < heat->map.nr_holes; i++) {
		const struct hole *hole = &heat->map.holes[i];
		double top = heat->plot.y + hole->top, bottom = heat->plot.y + hole->bottom;
		char size[SCALE_LABEL], text[SCALE_LABEL + 16];

		canvas_rectangle(canvas,
		                 (struct rect){ heat->plot.x, top, heat->plot.width, bottom - top },
		                 colour_hole);
		canvas_segment(canvas, (struct point){ heat->plot.x, top },
		               (struct point){ right, top }, &edge);
		canvas_segment(canvas, (struct point){ heat->plot.x, bottom },
		               (struct point){ right, bottom }, &edge);
		format_memory(size, (double)hole->bytes);
		snprintf(text, sizeof(text), "%s without memory", size);
		canvas_text_fit(canvas,
		                (struct point){ heat->plot.x + heat->plot.width / 2,
		                                (top + bottom) / 2 + 0.36 * style.size },
		                text, &style, heat->plot.width);
	}
}

/* A line where one zone ends and the next begins, unless a hole parts them anyway. */
static void draw_borders(struct canvas *canvas, const struct heat *heat, bool named)
{
	const struct stroke border = { .width = 1.4 * canvas->unit, .colour = colour_ink };
	double right = heat->plot.x + heat->plot.width + (named ? LABEL_GAP * canvas->unit : 0);

	for (size_t i = 1; i < heat->map.nr_segments; i++) {
		const struct segment *below = &heat->map.segments[i - 1];
		const struct segment *above = &heat->map.segments[i];
		double y = heat->plot.y + (above->bottom + below->top) / 2.0;

		if (above->zone != below->zone && below->address + below->bytes == above->address)
			canvas_segment(canvas, (struct point){ heat->plot.x, y },
			               (struct point){ right, y }, &border);
	}
}

static bool several_nodes(const struct heat *heat)
{
	for (size_t i = 1; i < heat->index.nr_zones; i++) {
		if (heat->index.zones[i].node != heat->index.zones[0].node)
			return true;
	}
	return false;
}

/* "DMA32", with its node where there are several. */
static void zone_name(const struct heat *heat, size_t zone, char *text, size_t size)
{
	const struct pageblock_zone *info = &heat->index.zones[zone];

	if (several_nodes(heat))
		snprintf(text, size, "%s, node %d", info->name, (int)info->node);
	else
		snprintf(text, size, "%s", info->name);
}

static double zone_names_width(struct canvas *canvas, const struct heat *heat)
{
	struct text_style style = axis_text(canvas, TEXT_PLAIN, ALIGN_LEFT);
	char text[ZONE_SIZE + 32];
	double widest = canvas_text_width(canvas, "99.9 MiB", &style);

	style.bold = true;
	for (size_t i = 0; i < heat->index.nr_zones; i++) {
		zone_name(heat, i, text, sizeof(text));
		widest = fmax(widest, canvas_text_width(canvas, text, &style));
	}
	return widest + LABEL_GAP * canvas->unit;
}

static double zone_bytes(const struct heat *heat, size_t zone)
{
	double bytes = 0;

	for (size_t i = 0; i < heat->map.nr_segments; i++)
		bytes += heat->map.segments[i].zone == zone ? (double)heat->map.segments[i].bytes
		                                            : 0;
	return bytes;
}

static void draw_zone_names(struct canvas *canvas, const struct heat *heat)
{
	double x = heat->plot.x + heat->plot.width + LABEL_GAP * canvas->unit,
	       last = (double)INFINITY;
	struct text_style style;
	char text[ZONE_SIZE + 32];

	for (size_t i = 0; i < heat->index.nr_zones; i++) {
		double top = heat->map.zone_top[i], bottom = heat->map.zone_bottom[i];
		double middle = heat->plot.y + (top + bottom) / 2;
		bool sized = bottom - top > 2.8 * TEXT_PLAIN * canvas->unit;

		style = axis_text(canvas, TEXT_PLAIN, ALIGN_LEFT);
		if (!heat->map.zone_bottom[i] || last - middle < 1.1 * style.size)
			continue;
		style.bold = true;
		style.colour = colour_ink;
		zone_name(heat, i, text, sizeof(text));
		canvas_text(canvas,
		            (struct point){ x, middle + (sized ? -0.25 : 0.36) * style.size }, text,
		            &style);
		last = middle;
		if (!sized)
			continue;
		style = axis_text(canvas, TEXT_SMALL, ALIGN_LEFT);
		format_memory(text, zone_bytes(heat, i));
		canvas_text(canvas, (struct point){ x, middle + 1.15 * style.size }, text, &style);
	}
}

static void draw_panel(struct heatmap *heatmap, size_t number)
{
	struct heat *heat = &heatmap->heats[number];
	struct canvas *canvas = heatmap->canvas;
	const struct stroke frame = { .width = canvas->unit, .colour = colour_rule };
	bool named = number + 1 == heatmap->request->nr_runs || !heatmap->shared;
	struct rect title = heat->plot;
	struct scale time;

	scale_init(&time, (double)heatmap->since, (double)heatmap->until, heat->plot.x,
	           heat->plot.x + heat->plot.width);
	title.y -= layout_panel_title_height(canvas);
	layout_panel_title(canvas, title, heat->run, heat->loss_ns);
	canvas_raster(canvas, heat->plot,
	              &(struct raster){ .width = (size_t)heat->plot.width,
	                                .height = (size_t)heat->plot.height,
	                                .cells = heat->cells });
	draw_holes(canvas, heat);
	draw_borders(canvas, heat, named);
	if (heat->loss_ns >= heatmap->since && heat->loss_ns <= heatmap->until)
		layout_loss_line(canvas, heat->plot, scale_map(&time, (double)heat->loss_ns));
	canvas_frame(canvas, heat->plot, &frame);
	axis_time(canvas, heat->plot, &time);
	if (!number || !heatmap->shared)
		axis_address(canvas, heat->plot, &heat->map);
	if (named)
		draw_zone_names(canvas, heat);
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

/* The plots share the width; a shared axis stands left of the first, the zones right of the last. */
static int arrange(struct heatmap *heatmap, struct rect area, struct mmr_error *err)
{
	struct canvas *canvas = heatmap->canvas;
	double left = axis_memory_width(canvas), right = 0;
	size_t nr_runs = heatmap->request->nr_runs;
	struct rect columns[CHART_RUNS];

	area.y += layout_panel_title_height(canvas);
	area.height -= layout_panel_title_height(canvas) + axis_time_height(canvas);
	if (area.height < 40 || area.width < 160)
		return render_error(err, MMR_E_INVALID, "--size is too small for this chart");
	heatmap->shared = true;
	for (size_t i = 0; i < nr_runs; i++) {
		struct heat *heat = &heatmap->heats[i];

		map_memory(heatmap, heat, whole(area).height);
		if (!heat->map.nr_segments)
			return render_error(err, MMR_E_CORRUPT, "run '%.60s' has no memory to draw",
			                    heat->run->label);
		heatmap->shared &= i == 0 || addrmap_equal(&heat->map, &heatmap->heats[0].map);
		right = fmax(right, zone_names_width(canvas, heat));
	}
	if (heatmap->shared) {
		area.x += left;
		area.width -= left + right;
	}
	layout_columns(canvas, area, nr_runs, COLUMN_GAP, columns);
	for (size_t i = 0; i < nr_runs; i++) {
		if (!heatmap->shared) {
			columns[i].x += left;
			columns[i].width -= left + right;
		}
		heatmap->heats[i].plot = whole(columns[i]);
		heatmap->heats[i].plot.width = floor(columns[i].width);
		heatmap->heats[i].plot.height = whole(area).height;
	}
	return 0;
}

static int compose(struct heatmap *heatmap, struct mmr_error *err)
{
	struct canvas *canvas = heatmap->canvas;
	struct rect area = layout_heading(canvas, heatmap->request, shows[heatmap->show].title);
	const struct legend_entry *entries;
	struct rect legend_area = area;
	size_t count;
	double height;
	int rc;

	entries = legend_entries(heatmap, true, &count);
	height = legend(canvas, area, &heatmap->palette, entries, count, false);
	area.y += height;
	area.height -= height;
	rc = arrange(heatmap, area, err);
	for (size_t i = 0; i < heatmap->request->nr_runs && !rc; i++)
		rc = paint(heatmap, &heatmap->heats[i], err);
	if (rc)
		return rc;
	entries = legend_entries(heatmap, false, &count);
	legend(canvas, legend_area, &heatmap->palette, entries, count, true);
	for (size_t i = 0; i < heatmap->request->nr_runs; i++)
		draw_panel(heatmap, i);
	return 0;
}

static int parse_show(struct heatmap *heatmap, const char *name, struct mmr_error *err)
{
	for (size_t i = 0; i < NR_SHOWS; i++) {
		if (!name || strcmp(name, shows[i].name) == 0) {
			heatmap->show = (enum show)i;
			return 0;
		}
	}
	return render_error(err, MMR_E_INVALID,
	                    "--show knows free, fragmentation and kind, not '%.40s'", name);
}

static int draw(struct canvas *canvas, const struct chart_request *request, struct mmr_error *err)
{
	struct heatmap heatmap = { .canvas = canvas, .request = request };
	int64_t begin = TIME_MAX, end = 0;
	int rc = parse_show(&heatmap, request->show, err);

	palette_init(&heatmap.palette);
	for (size_t i = 0; i < request->nr_runs && !rc; i++) {
		heatmap.heats[i].run = &request->runs[i];
		rc = load(&heatmap, &heatmap.heats[i], err);
		if (heatmap.heats[i].end_ns > end)
			end = heatmap.heats[i].end_ns;
		if (!rc && heatmap.heats[i].index.rows[0].t_ns < begin)
			begin = heatmap.heats[i].index.rows[0].t_ns;
	}
	if (!rc)
		rc = layout_time_range(request, begin, end, &heatmap.since, &heatmap.until, err);
	if (!rc)
		rc = compose(&heatmap, err);
	for (size_t i = 0; i < request->nr_runs; i++) {
		struct heat *heat = &heatmap.heats[i];

		for (size_t zone = 0; zone < ZONES_MAX; zone++)
			free(heat->present[zone]);
		addrmap_deinit(&heat->map);
		pageblock_index_deinit(&heat->index);
		free(heat->cells);
	}
	return rc;
}

static size_t options(struct chart_request *request, struct option_row *rows)
{
	rows[0] = (struct option_row){
		.long_name = "show",
		.type = OPTION_STRING,
		.argument = "WHAT",
		.target = &request->show,
		.help = "free (the share of free pages, default), fragmentation (the largest "
			"free block) or kind (what the block is used for)",
	};
	return 1;
}

const struct chart_ops chart_heatmap = {
	.name = "heatmap",
	.summary = "the state of every pageblock: time across, physical memory up",
	.epilogue = "Examples:\n"
		    "  mmrender heatmap results.db -o free.png\n"
		    "  mmrender heatmap results.db --show fragmentation -o frag.svg\n"
		    "  mmrender heatmap results.db --side-by-side --run clock -o clock.png\n"
		    "  mmrender heatmap results.db --since 2s --until 2500ms --size 2400x1200\n",
	.options = options,
	.draw = draw,
};
