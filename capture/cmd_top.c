/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmcap top: what memory management does now. One loop waits for keys, signals and two clocks: /proc is
 * read at the interval, the events' buffers are emptied as often as they fill.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "failure.h"
#include "options.h"
#include "terminal.h"
#include "top_json.h"
#include "top_screen.h"
#include "top_source.h"
#include "top_view.h"

#define TOOL         "mmcap top"
#define MIN_INTERVAL 100000000ull /* ns */
#define MAX_INTERVAL 64000000000ull
#define MIN_DRAIN    20000000ull
#define ENDLESS      UINT64_MAX
#define STUCK_S      1 /* a terminal that takes no more text when we are to end has this long */
#define BATCH_ROWS   60
#define BATCH_COLS   80

enum style { STYLE_SCREEN, STYLE_TEXT, STYLE_JSON };

static struct {
	struct option_list events;
	uint64_t interval_ns;
	uint64_t nr_frames;
	const char *sort;
	bool json;
} args = { .interval_ns = 1000000000u, .nr_frames = ENDLESS, .sort = "total" };

static const struct option_row options[] = {
	{ .long_name = "interval",
	  .short_name = 'i',
	  .type = OPTION_TIME,
	  .argument = "TIME",
	  .target = &args.interval_ns,
	  .help = "Time between two pictures (default: 1s, at least 100ms)" },
	{ .long_name = "batch",
	  .short_name = 'b',
	  .type = OPTION_UINT,
	  .argument = "N",
	  .target = &args.nr_frames,
	  .help = "Print N pictures as plain text and end; needs no terminal" },
	{ .long_name = "json",
	  .type = OPTION_FLAG,
	  .target = &args.json,
	  .help = "Print a JSON object a line instead, until Ctrl-C or --batch" },
	{ .long_name = "event",
	  .short_name = 'e',
	  .type = OPTION_LIST,
	  .argument = "EVENT",
	  .target = &args.events,
	  .help = "Show the rate of these as well: a group, name or system:name (may hold * and ?); "
	          "^EVENT: do without" },
	{ .long_name = "sort",
	  .short_name = 's',
	  .type = OPTION_STRING,
	  .argument = "KEY",
	  .target = &args.sort,
	  .help = "Order of the stalls: total (default), longest, count or last" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "Show what memory management does now, and who waits for it.",
	.usage = "[options]",
	.options = options,
	.epilogue = "Keys: q quit, p pause, s sort, r reset, + - interval, h help.\n"
		    "\n"
		    "Examples:\n"
		    "  mmcap top\n"
		    "  mmcap top --batch 1\n"
		    "  mmcap top --json --interval 10s | jq -c '[.time, .pressure_full.now]'\n"
		    "\n"
		    "Without root, rates and watermarks only: stalls and orders need tracefs.\n",
};

struct top {
	enum style style;
	struct top_source source;
	struct top_model model;
	struct top_view view;
	struct top_frame frame;
	sigset_t waiting; /* signals blocked while we wait */
	uint64_t nr_left; /* frames */
	uint64_t next_read_ns;
	uint64_t next_drain_ns;
	uint64_t drain_ns; /* between two drains */
	bool ended;
};

static volatile sig_atomic_t got_end;
static volatile sig_atomic_t got_resized;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bool parse_sort(const char *text, enum top_sort *sort)
{
	for (*sort = 0; *sort < TOP_NR_SORTS; ++*sort)
		if (strcmp(text, top_sort_name(*sort)) == 0)
			return true;
	return false;
}

/* ---- pictures ---- */

static void tell_time(struct top_view *view)
{
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(view->clock, sizeof(view->clock), "%H:%M:%S", &tm);
}

static void write_picture(struct top *top)
{
	if (top->style == STYLE_JSON) {
		top_json_print(&top->model, &top->view, stdout);
	} else {
		top_frame_clear(&top->frame);
		top_view_draw(&top->frame, &top->model, &top->view);
		if (top->style == STYLE_TEXT)
			top_frame_print(&top->frame, stdout);
		else if (top_screen_takes_more())
			top_screen_show(&top->frame);
	}
}

static void draw(struct top *top)
{
	sigset_t blocked;

	top_model_sort(&top->model, top->view.sort);
	top_model_sort_active(&top->model);
	if (top->view.scroll >= top->model.nr_stalls)
		top->view.scroll = top->model.nr_stalls ? top->model.nr_stalls - 1 : 0;
	sigprocmask(SIG_SETMASK, &top->waiting, &blocked);
	write_picture(top);
	/* The disk is full, or no one reads on. */
	if (top->style != STYLE_SCREEN && fflush(stdout) != 0)
		top->ended = true;
	sigprocmask(SIG_SETMASK, &blocked, NULL);
}

static void print_frame(struct top *top)
{
	if (top->nr_left != ENDLESS)
		top->nr_left--;
	if (top->nr_left == 0)
		top->ended = true;
	draw(top);
	if (top->style == STYLE_TEXT && !top->ended)
		putchar('\n');
}

/* A new reading, and its picture. */
static int show_next(struct top *top, struct mmr_error *err)
{
	int ret;

	if (top->view.paused)
		return 0;
	ret = top_source_read(&top->source, &top->model, err);
	if (ret < 0)
		return ret;
	tell_time(&top->view);
	if (top->style == STYLE_SCREEN)
		draw(top);
	else if (top_model_has_rates(&top->model))
		print_frame(top);
	return 0;
}

/* ---- what happens ---- */

static void change_interval(struct top *top, bool longer)
{
	uint64_t *interval = &top->view.interval_ns;

	*interval = longer ? *interval * 2 : *interval / 2;
	if (*interval < MIN_INTERVAL)
		*interval = MIN_INTERVAL;
	if (*interval > MAX_INTERVAL)
		*interval = MAX_INTERVAL;
	top->next_read_ns = now_ns() + *interval;
}

static void press(struct top *top, enum top_key key)
{
	struct top_view *view = &top->view;

	switch (key) {
	case TOP_KEY_QUIT:
		top->ended = true;
		break;
	case TOP_KEY_PAUSE:
		view->paused = !view->paused;
		break;
	case TOP_KEY_SORT:
		view->sort = (view->sort + 1) % TOP_NR_SORTS;
		view->scroll = 0;
		break;
	case TOP_KEY_RESET:
		top_model_reset(&top->model);
		break;
	case TOP_KEY_HELP:
		view->help = !view->help;
		break;
	case TOP_KEY_SLOWER:
	case TOP_KEY_FASTER:
		change_interval(top, key == TOP_KEY_SLOWER);
		break;
	case TOP_KEY_UP:
		view->scroll -= view->scroll > 0;
		break;
	case TOP_KEY_DOWN:
		view->scroll++;
		break;
	case TOP_KEY_OTHER:
		view->help = false;
		break;
	case TOP_KEY_NONE:
	case TOP_KEY_REDRAW:
	default:
		break;
	}
}

static void take_keys(struct top *top)
{
	enum top_key key;

	while ((key = top_screen_key()) != TOP_KEY_NONE)
		press(top, key);
	if (!top->ended)
		draw(top);
}

static void take_resize(struct top *top)
{
	got_resized = 0;
	if (top->style == STYLE_SCREEN && top_screen_fit(&top->frame))
		draw(top);
}

/* Twice as often when a quarter of a buffer was full, less often again when it is nearly empty. */
static void drain(struct top *top, uint64_t now)
{
	unsigned int percent = top_source_drain(&top->source, &top->model);

	if (percent > 25 && top->drain_ns > MIN_DRAIN)
		top->drain_ns /= 2;
	else if (percent < 5 && top->drain_ns < top->view.interval_ns)
		top->drain_ns *= 2;
	if (top->drain_ns > top->view.interval_ns)
		top->drain_ns = top->view.interval_ns;
	top->next_drain_ns = now + top->drain_ns;
}

static struct timespec time_left(const struct top *top, uint64_t now)
{
	uint64_t next = top->next_read_ns;
	uint64_t left;

	if (top->source.pipes && top->next_drain_ns < next)
		next = top->next_drain_ns;
	left = next > now ? next - now : 0;
	return (struct timespec){ .tv_sec = (time_t)(left / 1000000000u),
		                  .tv_nsec = (long)(left % 1000000000u) };
}

static int run(struct top *top, struct mmr_error *err)
{
	int ret = 0;

	while (ret == 0 && !top->ended) {
		struct pollfd keys = { .fd = top->style == STYLE_SCREEN ? STDIN_FILENO : -1,
			               .events = POLLIN };
		struct timespec timeout = time_left(top, now_ns());
		int ready = ppoll(&keys, 1, &timeout, &top->waiting);
		uint64_t now;

		/* The terminal may be gone. */
		if (got_end || (ready > 0 && keys.revents & (POLLHUP | POLLERR | POLLNVAL)))
			break;
		if (got_resized)
			take_resize(top);
		if (ready > 0)
			take_keys(top);
		now = now_ns();
		if (top->ended)
			break;
		if (now >= top->next_drain_ns || now >= top->next_read_ns)
			drain(top, now);
		if (now >= top->next_read_ns) {
			top->next_read_ns = now + top->view.interval_ns;
			ret = show_next(top, err);
		}
	}
	return ret;
}

/* ---- beginning and end ---- */

static void on_end(int signal)
{
	(void)signal;
	got_end = 1;
	alarm(STUCK_S);
}

static void on_resize(int signal)
{
	(void)signal;
	got_resized = 1;
}

static void on_stuck(int signal)
{
	(void)signal;
	top_screen_abandon();
	_exit(EXIT_TROUBLE); /* the janitor sees to the instance */
}

/*
 * Blocked but while we wait or write: a terminal that was stopped (Ctrl-S, a dead connection) keeps us
 * within a write for ever.
 */
static void catch_signals(struct top *top)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = { .sa_handler = on_end };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		sigaddset(&set, ends[i]);
		sigaction(ends[i], &action, NULL);
	}
	sigaddset(&set, SIGWINCH);
	action.sa_handler = on_resize;
	sigaction(SIGWINCH, &action, NULL);
	action.sa_handler = on_stuck;
	sigaction(SIGALRM, &action, NULL);
	sigprocmask(SIG_BLOCK, &set, &top->waiting);
	signal(SIGPIPE, SIG_IGN);
}

static int open_style(struct top *top, struct mmr_error *err)
{
	bool fits;
	int ret;

	if (top->style != STYLE_SCREEN) {
		top->view.plain = true;
		fits = top_frame_resize(&top->frame, BATCH_ROWS, BATCH_COLS);
		return fits ? 0 : failure(err, MMR_E_NOMEM, "out of memory for a picture");
	}
	ret = top_screen_open(err);
	if (ret < 0)
		return ret;
	top->view.utf8 = top_screen_utf8();
	fits = top_screen_fit(&top->frame);
	return fits ? 0 : failure(err, MMR_E_NOMEM, "out of memory for a picture");
}

static void describe(struct top_view *view)
{
	struct utsname name;

	view->interval_ns = args.interval_ns;
	if (uname(&name) < 0)
		return;
	snprintf(view->host, sizeof(view->host), "%.20s", name.nodename);
	snprintf(view->release, sizeof(view->release), "%.24s", name.release);
}

static int show(struct top *top, struct mmr_error *err)
{
	int ret;

	catch_signals(top);
	/* The janitor is forked in here: before ncurses has touched the terminal. */
	ret = top_source_open(&top->source, &args.events, &top->model, err);
	if (ret == 0)
		ret = open_style(top, err);
	if (ret < 0)
		return ret;
	/* Who looks at a machine that thrashes must not wait for its own pages. As good as it gets. */
	mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
	snprintf(top->view.problem, sizeof(top->view.problem), "%s", top->source.problem);
	top->drain_ns = top->view.interval_ns;
	top->next_drain_ns = now_ns();
	top->next_read_ns = top->next_drain_ns + top->view.interval_ns;
	ret = show_next(top, err);
	return ret < 0 ? ret : run(top, err);
}

static int top_main(enum top_sort sort)
{
	static struct top top; /* large */
	struct mmr_error err = { 0 };
	int ret;

	top.nr_left = args.nr_frames;
	top.view.sort = sort;
	top.style = args.json ? STYLE_JSON : args.nr_frames != ENDLESS ? STYLE_TEXT : STYLE_SCREEN;
	describe(&top.view);
	ret = show(&top, &err);
	top_screen_close();
	alarm(0);
	top_source_close(&top.source);
	top_frame_deinit(&top.frame);
	if (ret < 0)
		return fail(TOOL, &err);
	return top.style == STYLE_SCREEN ? 0 : finish_output(TOOL, 0);
}

int cmd_top(int argc, char **argv)
{
	int first = options_parse(&command, argc, argv);
	enum top_sort sort = TOP_BY_TOTAL;
	int status = EXIT_TROUBLE;

	if (first < 0)
		return EXIT_TROUBLE;
	if (first < argc)
		message(TOOL, "takes no operand: %s (see %s --help)", argv[first], TOOL);
	else if (!parse_sort(args.sort, &sort))
		message(TOOL, "--sort: \"%s\" is none of total, longest, count, last", args.sort);
	else if (args.interval_ns < MIN_INTERVAL)
		message(TOOL, "--interval: at least 100ms");
	else if (args.nr_frames == 0)
		message(TOOL, "--batch: at least 1");
	else
		status = top_main(sort);
	options_deinit(&command);
	return status;
}
