/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The charts, as mmrender draws them: it stands beside mmanalyze, needs libraries that mmanalyze does without, and where it is
 * missing the page says so and goes without. Each chart is drawn twice, for wide and for narrow windows, by processes that
 * write into files without a name, as many at a time as there are CPUs.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "database.h"
#include "interruption.h"
#include "options.h"
#include "page.h"
#include "terminal.h"

#define MOST_RUNS  8 /* compared in one chart */
#define NR_WIDTHS  2
#define WORD_SIZE  32
#define NR_WORDS   (16 + 2 * MOST_RUNS)
#define PATH_SIZE  4096
#define ERROR_SIZE 512

/* What a page has, in the order in which questions come up; how says how to read it. */
static const struct page_chart {
	const char *name;
	const char *title;
	const char *how;
	bool compares; /* all runs of the trace, if there are several */
	const char *sizes[NR_WIDTHS];
} charts[] = {
	{ "timeline",
	  "Free memory, and who was held up",
	  "Below the low watermark kswapd works; at min, tasks reclaim for themselves. A bar is a wait: the higher, the longer.",
	  false,
	  { "960x520", "420x420" } },
	{ "tasks",
	  "Who waited for memory",
	  "The time that each task spent waiting, by what it waited for.",
	  false,
	  { "960x320", "420x360" } },
	{ "latency",
	  "How long the waits were, over time",
	  "A cell is an instant and a duration; brighter cells hold more waits. What lies high was noticed.",
	  false,
	  { "960x480", "420x420" } },
	{ "histogram",
	  "How long the waits were",
	  "How many waits lasted how long; durations are logarithmic.",
	  false,
	  { "960x420", "420x400" } },
	{ "heatmap",
	  "Free memory in every pageblock",
	  "Time runs to the right, addresses up. Speckled areas are free memory in pieces; solid dark ones are full.",
	  false,
	  { "960x560", "420x460" } },
	{ "orders",
	  "Free memory by the size of its blocks",
	  "Large blocks lie at the bottom. The line below says how much of free memory is too small for a huge page.",
	  false,
	  { "960x520", "420x440" } },
	{ "lru",
	  "The lists that reclaim takes pages from",
	  "How memory in use is divided over the kernel's lists.",
	  false,
	  { "960x520", "420x460" } },
	{ "workingset",
	  "Working set: what is resident, and what comes back",
	  "A working set larger than memory shows as refaults that do not end.",
	  false,
	  { "960x560", "420x520" } },
	{ "thp",
	  "Huge pages",
	  "How much memory is in huge pages, and who asked for one in vain.",
	  false,
	  { "960x480", "420x440" } },
	{ "difference",
	  "Replays against the recording, over time",
	  "Each line a run; below it, how far the replays are from what was recorded.",
	  true,
	  { "960x720", "420x640" } },
	{ "policies",
	  "Every run in figures",
	  "Bars are comparable within a field; percentages are against the recording.",
	  true,
	  { "960x420", "420x720" } },
};
#define NR_CHARTS (sizeof(charts) / sizeof(charts[0]))
#define NR_JOBS   (NR_CHARTS * NR_WIDTHS)

struct job {
	const struct page_chart *chart;
	size_t width;
	char name[WORD_SIZE], size[WORD_SIZE]; /* of both, for its command line */
	FILE *picture, *complaint;
	pid_t pid; /* 0: not started, or done */
	bool drawn;
	char *svg; /* from "<svg " on; NULL where it failed */
	char error[ERROR_SIZE];
};

struct drawing {
	const struct page *page;
	char mmrender[PATH_SIZE], db_path[PATH_SIZE];
	char runs[MOST_RUNS][WORD_SIZE]; /* of the trace, the original first */
	size_t nr_runs;
	struct job jobs[NR_JOBS];
};

/* Beside mmanalyze, as installed; or in the folder next to its own, as built. */
static bool find_mmrender(char path[PATH_SIZE])
{
	static const char *const places[] = { "mmrender", "../render/mmrender" };
	char self[PATH_SIZE];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (length <= 0)
		return false;
	self[length] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return false;
	*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (snprintf(path, PATH_SIZE, "%s/%s", self, places[i]) < PATH_SIZE &&
		    access(path, X_OK) == 0)
			return true;
	return false;
}

/* The runs of the trace: the original, then replays as they were made. */
static int find_runs(struct drawing *drawing)
{
	const struct report *report = drawing->page->report;
	sqlite3_stmt *statement = database_prepare(
		report->tool, report->db,
		"SELECT run_id FROM run WHERE trace_id = (SELECT trace_id FROM run WHERE run_id = ?1)"
		" ORDER BY kind <> 'original', run_id LIMIT ?2",
		NULL);

	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 1, report->scope.run_id);
	sqlite3_bind_int(statement, 2, MOST_RUNS);
	while (sqlite3_step(statement) == SQLITE_ROW)
		snprintf(drawing->runs[drawing->nr_runs++], WORD_SIZE, "%lld",
		         (long long)sqlite3_column_int64(statement, 0));
	sqlite3_finalize(statement);
	return 0;
}

/* The command line: words lie in numbers or in the drawing. */
static void make_words(struct drawing *drawing, struct job *job, char *single, char **words)
{
	static char format[] = "--format=svg", theme[] = "--theme=auto", bare[] = "--no-heading";
	static char size[] = "--size", run[] = "--run", output[] = "--output=-", end[] = "--";
	size_t n = 0;

	words[n++] = drawing->mmrender;
	words[n++] = job->name;
	words[n++] = format;
	words[n++] = theme;
	words[n++] = bare;
	words[n++] = output;
	words[n++] = size;
	words[n++] = job->size;
	for (size_t i = 0; i < (job->chart->compares ? drawing->nr_runs : 1); i++) {
		words[n++] = run;
		words[n++] = job->chart->compares ? drawing->runs[i] : single;
	}
	words[n++] = end;
	words[n++] = drawing->db_path;
	words[n] = NULL;
}

static void start(struct drawing *drawing, struct job *job)
{
	posix_spawn_file_actions_t actions;
	char *words[NR_WORDS], single[WORD_SIZE];
	int code;

	snprintf(single, sizeof(single), "%lld", (long long)drawing->page->report->scope.run_id);
	make_words(drawing, job, single, words);
	job->picture = tmpfile();
	job->complaint = tmpfile();
	if (!job->picture || !job->complaint) {
		snprintf(job->error, sizeof(job->error), "no temporary file: %s", strerror(errno));
		return;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fileno(job->picture), STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fileno(job->complaint), STDERR_FILENO);
	code = posix_spawn(&job->pid, drawing->mmrender, &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (code) {
		snprintf(job->error, sizeof(job->error), "%s", strerror(code));
		job->pid = 0;
	}
}

/* All of a file as a string, to be freed; NULL without memory. */
static char *read_back(FILE *file, size_t *size)
{
	char *text = NULL;
	char part[8192];
	FILE *all = open_memstream(&text, size);
	size_t got;

	if (!all)
		return NULL;
	rewind(file);
	while ((got = fread(part, 1, sizeof(part), file)) > 0)
		fwrite(part, 1, got, all);
	if (fclose(all) || ferror(file)) {
		free(text);
		return NULL;
	}
	return text;
}

static void read_picture(struct job *job)
{
	size_t size = 0;
	char *text = read_back(job->picture, &size);
	char *svg = text ? strstr(text, "<svg ") : NULL;

	if (svg && strlen(text) == size) {
		job->svg = sqlite3_mprintf("%s", svg);
		job->drawn = job->svg != NULL;
	}
	if (!job->drawn)
		snprintf(job->error, sizeof(job->error), "mmrender wrote no picture");
	free(text);
}

/* "mmrender policies: --size is too small for 3 runs" */
static void read_complaint(struct job *job)
{
	size_t size = 0;
	char *text = read_back(job->complaint, &size);

	if (text)
		escape_text(job->error, sizeof(job->error), text, strcspn(text, "\n"));
	if (!*job->error)
		snprintf(job->error, sizeof(job->error), "mmrender ended without a word");
	free(text);
}

static void finish(struct job *job)
{
	int status = 0;
	pid_t ended = -1;

	while (job->pid && (ended = waitpid(job->pid, &status, 0)) < 0 && errno == EINTR)
		if (interruption_came())
			kill(job->pid, SIGTERM);
	if (job->pid && ended == job->pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		read_picture(job);
	else if (job->pid)
		read_complaint(job);
	job->pid = 0;
	if (job->picture)
		fclose(job->picture);
	if (job->complaint)
		fclose(job->complaint);
}

/* false: interrupted. */
static bool draw_all(struct drawing *drawing)
{
	long nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t ahead = nr_cpus > 1 ? (size_t)nr_cpus : 1, done = 0;

	for (size_t i = 0; i < NR_JOBS && !interruption_came(); i++) {
		struct job *job = &drawing->jobs[i];

		job->chart = &charts[i / NR_WIDTHS];
		job->width = i % NR_WIDTHS;
		snprintf(job->name, sizeof(job->name), "%s", job->chart->name);
		snprintf(job->size, sizeof(job->size), "%s", job->chart->sizes[job->width]);
		if (job->chart->compares && drawing->nr_runs < 2)
			continue;
		if (i - done >= ahead)
			finish(&drawing->jobs[done++]);
		start(drawing, job);
	}
	while (done < NR_JOBS)
		finish(&drawing->jobs[done++]);
	return !interruption_came();
}

/* What mmrender has to say of an empty picture, up to the quote; NULL if it is none. */
static const char *nothing_in(const char *svg)
{
	static const char mark[] = " data-nothing=\"";
	const char *end = strchr(svg, '>'), *at = strstr(svg, mark);

	return at && end && at < end ? at + strlen(mark) : NULL;
}

/* The picture is named by the heading above it. */
static void put_svg(const struct page *page, const struct job *job, const char *class)
{
	static const char begin[] = "<svg ";

	fprintf(page->out,
	        "<div class=\"%s\"%s>\n%saria-labelledby=\"chart-%s\" aria-describedby=\"how-%s\" %s</div>\n",
	        class, strcmp(class, "both") == 0 ? " tabindex=\"0\"" : "", begin, job->chart->name,
	        job->chart->name, job->svg + strlen(begin));
}

static void put_chart(const struct page *page, const struct job *wide, const struct job *narrow)
{
	const struct page_chart *chart = wide->chart;

	page_printf(
		page,
		"<article class=\"chart\" aria-labelledby=\"chart-%s\">\n<h3 id=\"chart-%s\">%s</h3>\n"
		"<figure><figcaption id=\"how-%s\">%s</figcaption>\n",
		chart->name, chart->name, chart->title, chart->name, chart->how);
	if (!wide->drawn)
		page_printf(page, "<p>This chart could not be drawn: %s.</p>\n", wide->error);
	else
		put_svg(page, wide, narrow->drawn ? "wide" : "both");
	if (wide->drawn && narrow->drawn)
		put_svg(page, narrow, "narrow");
	fputs("</figure></article>\n", page->out);
}

/* Charts that would be empty are named, and why. */
static void put_empty(const struct drawing *drawing)
{
	const struct page *page = drawing->page;
	bool any = false;

	for (size_t i = 0; i < NR_JOBS; i += NR_WIDTHS) {
		const struct job *job = &drawing->jobs[i];
		const char *nothing = job->drawn ? nothing_in(job->svg) : NULL;

		if (!nothing)
			continue;
		if (!any)
			fputs("<p>Charts with nothing to show are left out:</p>\n<ul>\n",
			      page->out);
		any = true;
		/* What follows the mark is escaped already. */
		fprintf(page->out, "<li>%s: %.*s</li>\n", job->chart->title,
		        (int)strcspn(nothing, "\""), nothing);
	}
	if (any)
		fputs("</ul>\n", page->out);
}

static int put_all(struct drawing *drawing)
{
	if (find_runs(drawing) < 0)
		return -1;
	if (!draw_all(drawing)) {
		message(drawing->page->report->tool, "interrupted");
		return -1;
	}
	fputs("<p>Values stand under the pointer, and under the arrow keys once a chart has the focus.</p>\n",
	      drawing->page->out);
	for (size_t i = 0; i < NR_JOBS; i += NR_WIDTHS) {
		const struct job *job = &drawing->jobs[i];

		if ((job->drawn && !nothing_in(job->svg)) || (!job->drawn && *job->error))
			put_chart(drawing->page, job, job + 1);
	}
	put_empty(drawing);
	return 0;
}

int page_charts(const struct page *page)
{
	struct drawing *drawing = calloc(1, sizeof(*drawing));
	int code = 0;

	if (!drawing) {
		message(page->report->tool, "out of memory");
		return -1;
	}
	drawing->page = page;
	snprintf(drawing->db_path, sizeof(drawing->db_path), "%s", page->db_path);
	fputs("<section aria-labelledby=\"charts\">\n<h2 id=\"charts\">Charts</h2>\n", page->out);
	if (find_mmrender(drawing->mmrender))
		code = put_all(drawing);
	else
		fputs("<p>There are no charts: mmrender, which draws them, is not installed beside mmanalyze.</p>\n",
		      page->out);
	fputs("</section>\n", page->out);
	for (size_t i = 0; i < NR_JOBS; i++)
		sqlite3_free(drawing->jobs[i].svg);
	free(drawing);
	return code;
}
