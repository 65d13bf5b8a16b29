// SPDX-License-Identifier: GPL-2.0-or-later
/* mmrender: reads a results database and draws charts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canvas.h"
#include "chart.h"
#include "options.h"
#include "output.h"
#include "query.h"
#include "subcommand.h"
#include "terminal.h"
#include "xalloc.h"

#define TOOL    "mmrender"
#define SUMMARY "Draw charts of recordings and replays (--list prints their names)."

#define COMMON_OPTIONS 13
#define EDGE_MIN       200
#define EDGE_MAX       16384 /* of an edge: 1 GB as pixels */

struct invocation {
	const char *tool; /* "mmrender heatmap" */
	const struct chart_ops *chart;
	struct chart_request request;
	const char *output;
	const char *format_name, *theme_name;
	const char *selectors[CHART_RUNS];
	size_t nr_selectors;
	enum canvas_format format;
	const struct theme *theme;
	const struct theme *dark; /* for --theme auto: what it is to those who prefer it */
	double width, height;
	bool force, side_by_side, no_heading;
};

static int add_selector(const char *value, void *data)
{
	struct invocation *invocation = data;

	if (invocation->nr_selectors == CHART_RUNS) {
		message(invocation->tool, "--run can be given %d times at most", CHART_RUNS);
		return -1;
	}
	invocation->selectors[invocation->nr_selectors++] = value;
	return 0;
}

static bool parse_edge(const char *text, char end, double *edge, const char **rest)
{
	char *stop;
	unsigned long value;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoul(text, &stop, 10);
	*edge = (double)value;
	*rest = stop + 1;
	return !errno && *stop == end && value >= EDGE_MIN && value <= EDGE_MAX;
}

static int parse_dimensions(const char *value, void *data)
{
	struct invocation *invocation = data;
	const char *rest = value;

	if (parse_edge(value, 'x', &invocation->width, &rest) &&
	    parse_edge(rest, '\0', &invocation->height, &rest))
		return 0;
	message(invocation->tool, "--size is WIDTHxHEIGHT, such as 1600x900, each %d to %d",
	        EDGE_MIN, EDGE_MAX);
	return -1;
}

static size_t common_options(struct invocation *invocation, struct option_row *rows)
{
	const struct option_row common[] = {
		{ "output", 'o', OPTION_STRING, "FILE", &invocation->output,
		  "Write the picture to FILE; - is stdout (default: the chart's name and .png)",
		  NULL, false },
		{ "format", 0, OPTION_STRING, "FORMAT", &invocation->format_name,
		  "Draw as png, svg, pdf or txt (a list of draw calls) (default: by the suffix of FILE)",
		  NULL, false },
		{ "force", 'f', OPTION_FLAG, NULL, &invocation->force, "Replace an existing FILE",
		  NULL, false },
		{ "size", 0, OPTION_CALLBACK, "WxH", invocation,
		  "Pixels, in PDF points (default: 1600x900); text grows with it", parse_dimensions,
		  false },
		{ "theme", 0, OPTION_STRING, "THEME", &invocation->theme_name,
		  "Colours: light (default), dark, print: black ink, heavier lines, no dark areas; or auto: an SVG that is light or dark as its viewer prefers",
		  NULL, false },
		{ "no-heading", 0, OPTION_FLAG, NULL, &invocation->no_heading,
		  "Leave out the title and the name of the trace: for a document that has them",
		  NULL, false },
		{ "run", 0, OPTION_CALLBACK, "RUN", invocation,
		  "The run with this label or number (default: the original); more than once to compare runs, or with "
		  "--side-by-side",
		  add_selector, false },
		{ "side-by-side", 0, OPTION_FLAG, NULL, &invocation->side_by_side,
		  "The original beside a replay (--run, else the newest)", NULL, false },
		{ "since", 0, OPTION_TIME, "TIME", &invocation->request.since_ns,
		  "Draw from TIME on, counted from the trace's first event", NULL, false },
		{ "until", 0, OPTION_TIME, "TIME", &invocation->request.until_ns,
		  "Draw what was before TIME", NULL, false },
	};
	size_t count = sizeof(common) / sizeof(common[0]);

	memcpy(rows, common, sizeof(common));
	return count;
}

/* The format that --format names, or the suffix of the file. */
static int choose_format(struct invocation *invocation, struct mmr_error *err)
{
	const char *dot = strrchr(invocation->output, '.');

	if (invocation->format_name) {
		if (canvas_format_parse(invocation->format_name, &invocation->format))
			return 0;
		return render_error(err, MMR_E_INVALID,
		                    "--format knows png, svg, pdf and txt, not '%.40s'",
		                    invocation->format_name);
	}
	if (dot && canvas_format_parse(dot + 1, &invocation->format))
		return 0;
	return render_error(err, MMR_E_INVALID,
	                    "%.150s: the name ends in no known suffix (.png, .svg, .pdf); use "
	                    "--format",
	                    invocation->output);
}

/* The runs that one plot compares: those chosen, else all of the newest trace, the original first. */
static int choose_compared(struct invocation *invocation, struct mmr_error *err)
{
	struct chart_request *request = &invocation->request;
	struct run *runs = request->runs, first;
	int rc = 0;

	request->nr_runs = invocation->nr_selectors;
	for (size_t i = 0; i < request->nr_runs && !rc; i++)
		rc = db_find_run(request->db, invocation->selectors[i], &runs[i], err);
	if (rc || request->nr_runs)
		return rc;
	rc = db_find_run(request->db, NULL, &first, err);
	if (!rc)
		rc = db_trace_runs(request->db, &first, runs, CHART_RUNS, err);
	if (rc < 0)
		return rc;
	request->nr_runs = (size_t)rc;
	return 0;
}

/* Which runs stand in the picture, from left to right. */
static int choose_runs(struct invocation *invocation, struct mmr_error *err)
{
	struct chart_request *request = &invocation->request;
	struct run *runs = request->runs;
	int rc = 0;

	if (invocation->chart->compares)
		return choose_compared(invocation, err);
	request->nr_runs = invocation->nr_selectors ? invocation->nr_selectors : 1;
	if (request->nr_runs > CHART_PANELS)
		return render_error(err, MMR_E_INVALID, "no more than %d runs side by side",
		                    CHART_PANELS);
	for (size_t i = 0; i < request->nr_runs && !rc; i++)
		rc = db_find_run(request->db, invocation->selectors[i], &runs[i], err);
	if (rc || !invocation->side_by_side || request->nr_runs > 1)
		return rc;
	request->nr_runs = 2;
	if (!runs[0].original) {
		runs[1] = runs[0];
		return db_find_original(request->db, &runs[1], &runs[0], err);
	}
	return db_find_replay(request->db, &runs[0], &runs[1], err);
}

static int draw_in_theme(const struct invocation *invocation, const struct theme *theme,
                         struct canvas **canvas, struct mmr_error *err)
{
	char title[NAME_SIZE + 64];

	snprintf(title, sizeof(title), "%s of %.*s", invocation->chart->name, NAME_SIZE,
	         invocation->request.table ? invocation->request.table
	                                   : invocation->request.runs[0].trace);
	*canvas = canvas_create(&(struct canvas_style){ .format = invocation->format,
	                                                .width = invocation->width,
	                                                .height = invocation->height,
	                                                .theme = theme,
	                                                .title = title,
	                                                .description = invocation->chart->summary,
	                                                .no_heading = invocation->no_heading });
	return invocation->chart->draw(*canvas, &invocation->request, err);
}

static int draw(struct invocation *invocation, struct mmr_error *err)
{
	struct buffer picture = { 0 };
	struct canvas *canvas, *dark = NULL;
	int rc = draw_in_theme(invocation, invocation->theme, &canvas, err);

	if (!rc && invocation->dark)
		rc = draw_in_theme(invocation, invocation->dark, &dark, err);
	if (!rc && dark && canvas_finish_pair(canvas, dark, &picture))
		rc = render_error(err, MMR_E_INTERNAL, "the two themes of --theme auto differ");
	else if (!rc && !dark && canvas_finish(canvas, &picture))
		rc = render_error(err, MMR_E_NOMEM, "cairo could not draw a picture of this size");
	canvas_destroy(canvas);
	canvas_destroy(dark);
	if (!rc)
		rc = output_write(invocation->output, invocation->force, picture.data, picture.size,
		                  err);
	buffer_deinit(&picture);
	return rc;
}

static int choose_theme(struct invocation *invocation, struct mmr_error *err)
{
	bool both = invocation->theme_name && strcmp(invocation->theme_name, "auto") == 0;

	if (both && invocation->format != FORMAT_SVG)
		return render_error(err, MMR_E_INVALID, "--theme auto is for SVG only");
	invocation->theme = theme_find(both ? NULL : invocation->theme_name);
	if (both)
		invocation->dark = theme_find("dark");
	if (invocation->theme)
		return 0;
	return render_error(err, MMR_E_INVALID,
	                    "--theme knows light, dark, print and auto, not '%.40s'",
	                    invocation->theme_name);
}

/* A file that is not there is left to db_open() to complain about. */
static bool is_sqlite(const char *path)
{
	static const char magic[] = "SQLite format 3";
	char head[sizeof(magic)] = "";
	FILE *stream = fopen(path, "re");

	if (!stream)
		return true;
	if (fread(head, 1, sizeof(head), stream) != sizeof(head))
		head[0] = '\0';
	fclose(stream);
	return memcmp(head, magic, sizeof(magic)) == 0;
}

static int run(struct invocation *invocation, const char *path)
{
	struct mmr_error err = { 0 };
	int rc = choose_format(invocation, &err);

	if (!rc)
		rc = choose_theme(invocation, &err);
	if (!rc)
		rc = output_check(invocation->output, invocation->force,
		                  invocation->format != FORMAT_TEXT, &err);
	if (rc)
		return fail(invocation->tool, &err);
	if (invocation->nr_selectors > 1 && !invocation->side_by_side &&
	    !invocation->chart->compares) {
		message(invocation->tool, "several runs need --side-by-side");
		return EXIT_TROUBLE;
	}
	if (invocation->chart->takes_table && !is_sqlite(path)) {
		invocation->request.table = path;
	} else {
		invocation->request.db = db_open(path, &err);
		if (!invocation->request.db)
			return fail(invocation->tool, &err);
		rc = choose_runs(invocation, &err);
	}
	if (!rc)
		rc = draw(invocation, &err);
	db_close(invocation->request.db);
	return rc ? fail(invocation->tool, &err) : EXIT_SUCCESS;
}

static const struct chart_ops *find_chart(const char *name)
{
	for (size_t i = 0; charts[i]; i++) {
		if (strcmp(charts[i]->name, name) == 0)
			return charts[i];
	}
	return NULL;
}

/* Every chart's subcommand: argv[0] is its name. */
static int chart_main(int argc, char **argv)
{
	static struct option_row rows[COMMON_OPTIONS + CHART_OPTIONS + 1];
	char tool[64], output[64];
	struct invocation invocation = { .tool = tool,
		                         .chart = find_chart(argv[0]),
		                         .output = output,
		                         .width = 1600,
		                         .height = 900 };
	struct command command = { .tool = tool, .usage = "[options] results.db", .options = rows };
	size_t count = common_options(&invocation, rows);
	int first, status;

	if (!invocation.chart)
		return EXIT_TROUBLE;
	snprintf(tool, sizeof(tool), TOOL " %s", invocation.chart->name);
	snprintf(output, sizeof(output), "%s.png", invocation.chart->name);
	invocation.request.since_ns = invocation.request.until_ns = NO_TIME;
	if (invocation.chart->options)
		invocation.chart->options(&invocation.request, rows + count);
	command.summary = invocation.chart->summary;
	command.epilogue = invocation.chart->epilogue;
	first = options_parse(&command, argc, argv);
	if (first < 0)
		return EXIT_TROUBLE;
	if (argc - first != 1) {
		message(tool,
		        argc > first ? "one database, please (see %s --help)"
		                     : "which database? (see %s --help)",
		        tool);
		return EXIT_TROUBLE;
	}
	status = run(&invocation, argv[first]);
	options_deinit(&command);
	return status;
}

static int list_charts(void)
{
	for (size_t i = 0; charts[i]; i++)
		printf("%-12s %s\n", charts[i]->name, charts[i]->summary);
	return fflush(stdout) ? EXIT_TROUBLE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct subcommand *commands;
	size_t count = 0;
	int status;

	if (argc == 2 && (strcmp(argv[1], "--list") == 0 || strcmp(argv[1], "--list-charts") == 0))
		return list_charts();
	if (argc == 2 && strcmp(argv[1], "--list-options") == 0)
		fputs("--list\t\t\tPrint the charts, with a line on each\n", stdout);
	while (charts[count])
		count++;
	commands = xalloc(count + 1, sizeof(*commands));
	for (size_t i = 0; i < count; i++)
		commands[i] =
			(struct subcommand){ charts[i]->name, chart_main, charts[i]->summary };
	status = subcommand_main(TOOL, SUMMARY, commands, argc, argv);
	free(commands);
	return status;
}
