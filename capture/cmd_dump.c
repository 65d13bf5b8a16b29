/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcap dump: the events of a trace, readable by people or by programs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmreplay/trace.h>

#include "commands.h"
#include "event_filter.h"
#include "event_print.h"
#include "options.h"
#include "terminal.h"

#define TOOL "mmcap dump"

static struct {
	struct option_list events;
	const char *format;
	uint64_t since_ns;
	uint64_t until_ns;
	bool json;
} args = { .format = "text", .until_ns = UINT64_MAX };

static const struct option_row options[] = {
	{ .long_name = "event",
	  .short_name = 'e',
	  .type = OPTION_LIST,
	  .argument = "EVENT",
	  .target = &args.events,
	  .help = "Only these events: a group (page), a name (mm_page_alloc, "
	          "kmem:mm_page_alloc) or a pattern (mm_vmscan_*); may be given more than once" },
	{ .long_name = "since",
	  .type = OPTION_TIME,
	  .argument = "TIME",
	  .target = &args.since_ns,
	  .help = "Only events from TIME after the first one on, such as 1.5s" },
	{ .long_name = "until",
	  .type = OPTION_TIME,
	  .argument = "TIME",
	  .target = &args.until_ns,
	  .help = "Only events before TIME after the first one" },
	{ .long_name = "format",
	  .type = OPTION_STRING,
	  .argument = "FORMAT",
	  .target = &args.format,
	  .help = "Print text (default), csv or json (an object a line)" },
	{ .long_name = "json",
	  .type = OPTION_FLAG,
	  .target = &args.json,
	  .help = "The same as --format=json" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "Print the events of a trace in time order.",
	.usage = "[options] trace.zst...",
	.options = options,
	.epilogue = "Examples:\n"
		    "  mmcap dump -e reclaim --since 2s --until 2.5s trace.zst\n"
		    "  mmcap dump --json -e sched_process_exec trace.zst\n",
};

static bool finished(const struct mmr_event *event, uint64_t first_ns)
{
	return event->t_ns >= first_ns && event->t_ns - first_ns >= args.until_ns;
}

static int print_events(struct mmr_trace *trace, struct event_filter *filter,
                        struct event_printer *printer)
{
	struct mmr_error err = { 0 };
	struct mmr_event event;
	uint64_t first_ns = 0;
	bool started = false;
	int ret;

	event_print_head(printer);
	while ((ret = mmr_trace_next(trace, &event, &err)) > 0) {
		if (!started)
			first_ns = event.t_ns;
		started = true;
		if (finished(&event, first_ns))
			break;
		if (event.t_ns - first_ns < args.since_ns ||
		    !event_filter_match(filter, trace, &event))
			continue;
		event_print(printer, &event);
		/* Disk full, or no one reads on. */
		if (ferror(stdout))
			break;
	}
	return ret < 0 ? fail(TOOL, &err) : 0;
}

static int dump(const char *const *paths, size_t nr_paths, enum event_style style)
{
	struct event_filter *filter = calloc(1, sizeof(*filter));
	struct event_printer *printer = NULL;
	struct mmr_trace *trace = NULL;
	struct mmr_error err = { 0 };
	int status = EXIT_TROUBLE;

	if (!filter)
		message(TOOL, "out of memory");
	else if (mmr_trace_open_parts(paths, nr_paths, NULL, &trace, &err) < 0)
		status = fail(TOOL, &err);
	else if (mmr_trace_info(trace)->has_requests)
		message(TOOL, "%s holds page requests, and no events (see mmcap info)", paths[0]);
	else if (event_filter_init(filter, TOOL, &args.events, trace)) {
		printer = event_printer_create(trace, style, stdout);
		status = print_events(trace, filter, printer);
		if (mmr_trace_damage(trace)->nr_frames > 0 || mmr_trace_info(trace)->truncated) {
			message(TOOL, "%s is damaged or cut: %s", paths[0],
			        mmr_trace_damage(trace)->text);
			status = EXIT_TROUBLE;
		}
	}
	event_printer_destroy(printer);
	mmr_trace_close(trace);
	free(filter);
	return status;
}

int cmd_dump(int argc, char **argv)
{
	enum event_style style;
	int first = options_parse(&command, argc, argv);
	int status = EXIT_TROUBLE;

	if (first < 0)
		return EXIT_TROUBLE;
	if (args.json)
		args.format = "json";
	if (argc == first)
		message(TOOL, "a trace is to be given (see %s --help)", TOOL);
	else if (!event_style_parse(args.format, &style))
		message(TOOL, "--format: %s is not text, csv or json", args.format);
	else
		status = finish_output(TOOL, dump((const char *const *)argv + first,
		                                  (size_t)(argc - first), style));
	options_deinit(&command);
	return status;
}
