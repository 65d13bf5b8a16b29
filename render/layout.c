// SPDX-License-Identifier: GPL-2.0-or-later
#include "layout.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axis.h"
#include "palette.h"
#include "scale.h"
#include "terminal.h"

/* Times canvas->unit. */
#define MARGIN      18.0
#define TITLE_ROW   28.0
#define SUBTITLE    21.0
#define PANEL_TITLE 24.0

/* What an import of page requests has for a kernel. */
#define NO_KERNEL "none"

/* "pressure.zst, recorded on Linux 6.12.48"; of both traces, should they differ. */
static void describe_traces(const struct chart_request *request, char *text, size_t size)
{
	size_t used = 0;

	if (request->table) {
		const char *slash = strrchr(request->table, '/');

		*text = '\0';
		escape_text(text, size, slash ? slash + 1 : request->table,
		            strlen(slash ? slash + 1 : request->table));
		return;
	}
	for (size_t i = 0; i < request->nr_runs && used < size; i++) {
		const struct run *run = &request->runs[i];

		if (i && run->trace_id == request->runs[0].trace_id)
			break;
		if (strcmp(run->release, NO_KERNEL) == 0)
			used += (size_t)snprintf(text + used, size - used,
			                         "%s%s, requests of pages", i ? "; " : "",
			                         run->trace);
		else
			used += (size_t)snprintf(text + used, size - used,
			                         "%s%s, recorded on Linux %s", i ? "; " : "",
			                         run->trace, run->release);
	}
}

/* What is wrong with them, if anything. */
static void describe_doubt(const struct chart_request *request, char *text, size_t size)
{
	char count[FORMAT_SIZE];

	*text = '\0';
	for (size_t i = 0; i < request->nr_runs && !*text; i++) {
		const struct run *run = &request->runs[i];

		if (run->nr_lost)
			snprintf(text, size, "%s events were lost",
			         format_count(count, (uint64_t)run->nr_lost));
		else if (!run->complete)
			snprintf(text, size, "incomplete");
	}
}

struct rect layout_heading(struct canvas *canvas, const struct chart_request *request,
                           const char *title)
{
	const double unit = canvas->unit, margin = MARGIN * unit;
	struct text_style style = axis_text(canvas, TEXT_TITLE, ALIGN_LEFT);
	struct rect left = { margin, margin, canvas->width - 2 * margin, 0 };
	char traces[4 * NAME_SIZE + 64], doubt[64];
	double y = margin + 0.8 * style.size, x = margin;

	if (canvas->no_heading)
		return (struct rect){ margin, margin / 2, left.width, canvas->height - margin };
	style.bold = true;
	style.colour = canvas->theme->ink;
	/* A narrow picture has the whole title in smaller letters rather than half of it. */
	while (style.size > TEXT_PLAIN * unit &&
	       canvas_text_width(canvas, title, &style) > left.width)
		style.size -= unit;
	canvas_text_fit(canvas, (struct point){ margin, y }, title, &style, left.width);
	y += SUBTITLE * unit;
	style = axis_text(canvas, TEXT_PLAIN, ALIGN_LEFT);
	describe_traces(request, traces, sizeof(traces));
	describe_doubt(request, doubt, sizeof(doubt));
	x += canvas_text_fit(canvas, (struct point){ x, y }, traces, &style, left.width) +
	     12 * unit;
	style.bold = true;
	style.colour = canvas->theme->alarm;
	if (*doubt)
		canvas_text_fit(canvas, (struct point){ x, y }, doubt, &style,
		                margin + left.width - x);
	left.y = margin + (TITLE_ROW + SUBTITLE - 4) * unit;
	left.height = canvas->height - left.y - margin / 2;
	return left;
}

void layout_columns(const struct canvas *canvas, struct rect area, size_t nr_columns, double gap,
                    struct rect *columns)
{
	double width =
		(area.width - gap * canvas->unit * (double)(nr_columns - 1)) / (double)nr_columns;

	for (size_t i = 0; i < nr_columns; i++) {
		columns[i] = area;
		columns[i].x = area.x + (double)i * (width + gap * canvas->unit);
		columns[i].width = width;
	}
}

double layout_panel_title_height(const struct canvas *canvas)
{
	return PANEL_TITLE * canvas->unit;
}

/* brief: what there is no other way to know. */
static void describe_run(const struct run *run, bool brief, char *text, size_t size)
{
	const size_t policy = strlen(run->policy);

	if (brief)
		snprintf(text, size, "%s", run->original ? "Original" : run->label);
	else if (run->original)
		snprintf(text, size, "Original: the kernel's own policy");
	else if (strncmp(run->label, run->policy, policy) == 0 &&
	         (!run->label[policy] || run->label[policy] == ' ')) /* and what was set */
		snprintf(text, size, "Replay: policy %s", run->label);
	else
		snprintf(text, size, "Replay %s: policy %s", run->label, run->policy);
	if (!run->original && strcmp(run->kernel, run->release) != 0 && *run->kernel) {
		size_t used = strlen(text);

		snprintf(text + used, size - used, ", as Linux %s", run->kernel);
	}
}

void layout_panel_title(struct canvas *canvas, struct rect area, const struct run *run,
                        int64_t loss_ns)
{
	struct text_style style = axis_text(canvas, TEXT_PLAIN, ALIGN_LEFT);
	double y = area.y + (PANEL_TITLE - 8) * canvas->unit, width;
	char text[3 * NAME_SIZE + 64], when[SCALE_LABEL], note[96];

	style.bold = true;
	style.colour = canvas->theme->ink;
	describe_run(run, false, text, sizeof(text));
	if (canvas_text_width(canvas, text, &style) > area.width)
		describe_run(run, true, text, sizeof(text));
	width = canvas_text_fit_ends(canvas, (struct point){ area.x, y }, text, &style,
	                             area.width) +
	        12 * canvas->unit;
	if (loss_ns < 0 || width >= area.width)
		return;
	format_time(when, (double)loss_ns);
	style = axis_text(canvas, TEXT_SMALL, ALIGN_RIGHT);
	style.colour = canvas->theme->alarm;
	snprintf(note, sizeof(note), "events lost at %s: not exact from there on", when);
	if (canvas_text_width(canvas, note, &style) > area.width - width)
		snprintf(note, sizeof(note), "events lost at %s", when);
	canvas_text_fit(canvas, (struct point){ area.x + area.width, y }, note, &style,
	                area.width - width);
}

void layout_panel_text(struct canvas *canvas, struct rect area, const char *name, const char *note)
{
	struct text_style style = axis_text(canvas, TEXT_PLAIN, ALIGN_LEFT);
	double y = area.y + (PANEL_TITLE - 8) * canvas->unit, width;

	style.bold = true;
	style.colour = canvas->theme->ink;
	width = canvas_text_fit(canvas, (struct point){ area.x, y }, name, &style, area.width) +
	        12 * canvas->unit;
	style = axis_text(canvas, TEXT_SMALL, ALIGN_RIGHT);
	if (canvas_text_width(canvas, note, &style) <= area.width - width)
		canvas_text(canvas, (struct point){ area.x + area.width, y }, note, &style);
}

/* "197 stalls, 1.99 s in all, longest 189 ms": to what is before the last comma; at last to nothing. */
static void cut_last_part(char *text)
{
	char *comma = strrchr(text, ','), *semicolon = strrchr(text, ';');

	if (semicolon > comma)
		comma = semicolon;
	*(comma ? comma : text) = '\0';
}

void layout_strip_name(struct canvas *canvas, struct rect plot, const char *name,
                       const char *figures)
{
	struct text_style style = axis_text(canvas, TEXT_PLAIN, ALIGN_LEFT);
	double y = plot.y - 6 * canvas->unit, used;
	char *text;

	style.colour = canvas->theme->ink;
	used = canvas_text_fit(canvas, (struct point){ plot.x, y }, name, &style, plot.width);
	style = axis_text(canvas, TEXT_SMALL, ALIGN_RIGHT);
	text = xstrdup(figures);
	while (*text &&
	       canvas_text_width(canvas, text, &style) > plot.width - used - 14 * canvas->unit)
		cut_last_part(text);
	canvas_text(canvas, (struct point){ plot.x + plot.width, y }, text, &style);
	free(text);
}

#define NOTHING_LINES 6

/* How many bytes of text, up to a space, fit into width. */
static size_t line_length(struct canvas *canvas, const char *text, const struct text_style *style,
                          double width)
{
	size_t best = 0, size = strlen(text);
	char *line = xstrdup(text);

	for (size_t end = 1; end <= size; end++) {
		if (text[end] != ' ' && text[end])
			continue;
		line[end] = '\0';
		if (best && canvas_text_width(canvas, line, style) > width)
			break;
		best = end;
		line[end] = text[end];
	}
	free(line);
	return best;
}

void layout_nothing(struct canvas *canvas, struct rect plot, const char *text)
{
	struct text_style style = axis_text(canvas, TEXT_PLAIN, ALIGN_CENTRE);
	const char *lines[NOTHING_LINES];
	size_t lengths[NOTHING_LINES], count = 0;
	double y;

	while (*text && count < NOTHING_LINES) {
		lines[count] = text;
		lengths[count] = line_length(canvas, text, &style, plot.width * 0.9);
		text += lengths[count++];
		while (*text == ' ')
			text++;
	}
	y = plot.y + plot.height / 2 - (double)(count - 1) * 0.7 * style.size + 0.36 * style.size;
	for (size_t i = 0; i < count; i++) {
		char *line = xstrdup(lines[i]);

		line[lengths[i]] = '\0';
		canvas_text_fit(canvas, (struct point){ plot.x + plot.width / 2, y }, line, &style,
		                plot.width);
		y += 1.4 * style.size;
		free(line);
	}
}

void layout_empty(struct canvas *canvas, const struct chart_request *request, const char *title,
                  const char *text)
{
	const struct stroke frame = { .width = canvas->unit, .colour = canvas->theme->rule };
	struct rect area = layout_heading(canvas, request, title);

	area.y += 12 * canvas->unit;
	area.height -= 20 * canvas->unit;
	canvas_rectangle(canvas, area, canvas->theme->hole);
	canvas_frame(canvas, area, &frame);
	layout_nothing(canvas, area, text);
	canvas_nothing(canvas, text);
}

void layout_loss_line(struct canvas *canvas, struct rect plot, double x)
{
	const struct stroke stroke = { .width = 1.6 * canvas->unit,
		                       .colour = canvas->theme->alarm,
		                       .dash = { 5 * canvas->unit, 3 * canvas->unit } };

	if (x >= plot.x && x <= plot.x + plot.width)
		canvas_segment(canvas, (struct point){ x, plot.y },
		               (struct point){ x, plot.y + plot.height }, &stroke);
}

int layout_time_range(const struct chart_request *request, int64_t begin, int64_t end,
                      int64_t *since, int64_t *until, struct mmr_error *err)
{
	char last[SCALE_LABEL];

	*until = request->until_ns == NO_TIME ? end
	                                      : (int64_t)fmin((double)request->until_ns, TIME_MAX);
	if (*until > end)
		*until = end;
	*since = request->since_ns == NO_TIME ? (begin < *until ? begin : 0)
	                                      : (int64_t)fmin((double)request->since_ns, TIME_MAX);
	if (*since < *until)
		return 0;
	if (!end) {
		*until = 1;
		return 0;
	}
	format_time(last, (double)end);
	return render_error(err, MMR_E_INVALID,
	                    "nothing lies between --since and --until: the run lasts %s", last);
}
