/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every chart of the databases named, at five sizes, in every theme, alone and side by side: no text
 * leaves the picture, none touches another, none was cut short but names of files, and of runs as long
 * as they are told apart; and what is drawn takes up the picture.
 * usage: extents DATABASE...        prints what is wrong, or how many pictures were right
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"

#define FILLED 0.7 /* of the height, at least */

static const struct {
	double width, height;
	bool column; /* of a narrow page, which has the heading; a run alone */
} sizes[] = {
	{ 420, 400, true },   { 420, 720, true },    { 800, 500, false },
	{ 1600, 900, false }, { 3840, 2160, false },
};

static size_t nr_pictures, nr_wrong;

static bool overlap(struct rect a, struct rect b)
{
	return a.x < b.x + b.width - 0.5 && b.x < a.x + a.width - 0.5 &&
	       a.y < b.y + b.height - 0.5 && b.y < a.y + a.height - 0.5;
}

static void wrong(const char *what, const char *text, const char *why, const char *other)
{
	printf("%s: '%s' %s%s%s\n", what, text, why, *other ? " " : "", other);
	nr_wrong++;
}

/* "fifo vm.wat…factor=200": the beginning and the end of one run's name, and of no other's. */
static bool names_one_run(const struct chart_request *request, const char *text)
{
	const char *mark = strstr(text, "…"), *tail = mark + strlen("…");
	size_t head = (size_t)(mark - text), matches = 0;

	for (size_t i = 0; i < request->nr_runs; i++) {
		const char *name = request->runs[i].label;
		size_t length = strlen(name);

		if (length > head + strlen(tail) && strncmp(name, text, head) == 0 &&
		    strcmp(name + length - strlen(tail), tail) == 0)
			matches++;
	}
	return matches == 1;
}

/* A plot that ends half way down, or fields that leave the lower half empty. */
static void check_filled(const struct canvas *canvas, const char *what)
{
	const struct text_box *last = NULL;

	for (size_t i = 0; i < canvas->nr_boxes; i++) {
		if (!last || canvas->boxes[i].rect.y > last->rect.y)
			last = &canvas->boxes[i];
	}
	if (last && !canvas->nothing && last->rect.y < FILLED * canvas->height)
		wrong(what, last->text, "is the last of a picture that is empty below it", "");
}

static void check(const struct canvas *canvas, const struct chart_request *request,
                  const char *what)
{
	check_filled(canvas, what);
	for (size_t i = 0; i < canvas->nr_boxes; i++) {
		const struct rect *box = &canvas->boxes[i].rect;
		const char *text = canvas->boxes[i].text;

		if (box->x < 0 || box->y < 0 || box->x + box->width > canvas->width + 0.5 ||
		    box->y + box->height > canvas->height)
			wrong(what, text, "leaves the picture", "");
		if (strstr(text, "…") && !strstr(text, ".zst") && !strstr(text, "Replay") &&
		    !names_one_run(request, text))
			wrong(what, text, "is cut short", "");
		for (size_t j = 0; j < i; j++) {
			if (overlap(*box, canvas->boxes[j].rect))
				wrong(what, text, "overlaps", canvas->boxes[j].text);
		}
	}
}

static void draw(const struct chart_ops *chart, const struct chart_request *request, const char *db)
{
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (sizes[i].column &&
		    (chart->compares ? sizes[i].height < 500 : request->nr_runs > 1))
			continue;
		for (const struct theme *theme = themes; theme->name; theme++) {
			struct canvas *canvas = canvas_create(
				&(struct canvas_style){ .format = FORMAT_PDF,
			                                .width = sizes[i].width,
			                                .height = sizes[i].height,
			                                .theme = theme,
			                                .no_heading = sizes[i].column });
			struct mmr_error err = { 0 };
			char what[256];

			snprintf(what, sizeof(what), "%.80s: %s of %zu runs, %s, %.0fx%.0f", db,
			         chart->name, request->nr_runs, theme->name, sizes[i].width,
			         sizes[i].height);
			if (chart->draw(canvas, request, &err) &&
			    !(sizes[i].column &&
			      err.code == MMR_E_INVALID)) /* --size is too small */
				wrong(what, err.text, "", "");
			check(canvas, request, what);
			canvas_destroy(canvas);
			nr_pictures++;
		}
	}
}

static void draw_all(const char *path)
{
	struct chart_request *request = calloc(1, sizeof(*request));
	struct run *runs = calloc(CHART_RUNS, sizeof(*runs));
	struct mmr_error err = { 0 };
	int nr_runs = -1;

	if (!request || !runs)
		exit(99);
	request->since_ns = request->until_ns = NO_TIME;
	request->db = db_open(path, &err);
	if (request->db && !db_find_run(request->db, NULL, &runs[0], &err))
		nr_runs = db_trace_runs(request->db, &runs[0], runs, CHART_RUNS, &err);
	if (nr_runs < 0)
		wrong(path, err.text, "", "");
	for (size_t i = 0; charts[i] && nr_runs > 0; i++) {
		memcpy(request->runs, runs, CHART_RUNS * sizeof(*runs));
		request->nr_runs = charts[i]->compares ? (size_t)nr_runs : 1;
		draw(charts[i], request, path);
		request->nr_runs = 2;
		if (!charts[i]->compares && nr_runs > 1)
			draw(charts[i], request, path);
	}
	db_close(request->db);
	free(request);
	free(runs);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		draw_all(argv[i]);
	printf("%zu pictures, %zu wrong\n", nr_pictures, nr_wrong);
	return nr_wrong || !nr_pictures;
}
