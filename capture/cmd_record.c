/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcap record: runs the recording, says what came of it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "recording.h"
#include "terminal.h"

#define TOOL "mmcap record"

static void print_groups(const struct mmr_writer_stats *stats)
{
	static const struct table_column columns[] = {
		{ "group", TABLE_LEFT },
		{ "events", TABLE_RIGHT },
		{ "share", TABLE_RIGHT },
	};
	struct table *table = table_create(columns, sizeof(columns) / sizeof(columns[0]));
	char count[FORMAT_SIZE];

	for (unsigned int g = 0; g < MMR_NR_EVENT_GROUPS; g++) {
		if (stats->by_group[g] == 0)
			continue;
		table_cell(table, "%s", mmr_event_group_name(g));
		table_cell(table, "%s", format_count(count, stats->by_group[g]));
		table_cell(table, "%.1f %%",
		           100.0 * (double)stats->by_group[g] / (double)stats->nr_events);
	}
	table_print(table, stderr);
	table_destroy(table);
}

/* Where the events are: the end of the summary's line. */
static void describe_output(const struct recording *r, char text[PATH_MAX + 64])
{
	const struct flight_options *flight = &r->options->flight;

	if (flight->ring_bytes > 0 && r->nr_saved == 0)
		snprintf(text, PATH_MAX + 64,
		         "memory; no file was written (mmcap trigger, SIGUSR1 "
		         "and --on do)");
	else if (flight->ring_bytes > 0)
		snprintf(text, PATH_MAX + 64, "memory; %u file%s written", r->nr_saved,
		         r->nr_saved > 1 ? "s" : "");
	else if (strcmp(r->path, "-") == 0)
		snprintf(text, PATH_MAX + 64, "stdout");
	else
		snprintf(text, PATH_MAX + 64, "%s%s%s", r->path, r->kept ? "" : ".partial",
		         r->nr_saved > 0 ? " and those before it" : "");
}

static void summary(const struct recording *r)
{
	const struct mmr_writer_stats *s = &r->stats;
	char output[PATH_MAX + 64];
	char events[FORMAT_SIZE];
	char lost[FORMAT_SIZE];
	char file[FORMAT_SIZE];
	char raw[FORMAT_SIZE];
	char time[FORMAT_SIZE];

	if (!r->options->quiet) {
		if (s->nr_events > 0)
			print_groups(s);
		describe_output(r, output);
		message(TOOL, "%s events in %s, %s lost; %s (%s of ring buffer, %.1f:1) in %s",
		        format_count(events, s->nr_events), format_duration(time, r->duration_ns),
		        format_count(lost, s->nr_lost), format_bytes(file, s->file_bytes),
		        format_bytes(raw, s->raw_bytes),
		        s->file_bytes ? (double)s->raw_bytes / (double)s->file_bytes : 0.0, output);
	}
	if (s->nr_lowered > 0 && !r->options->quiet)
		message(TOOL,
		        "compression was lowered %s %s, so that no event was lost by it (%s of the "
		        "time it stood waiting)",
		        format_count(lost, s->nr_lowered), s->nr_lowered == 1 ? "time" : "times",
		        format_duration(time, s->wait_ns));
	if (s->nr_lost > 0)
		message(TOOL,
		        "lost %s of %s events (%.1f %%): the kernel's buffers were full; try "
		        "--buffer-size %lluM or fewer groups (-e)",
		        format_count(lost, s->nr_lost),
		        format_count(events, s->nr_events + s->nr_lost),
		        100.0 * (double)s->nr_lost / (double)(s->nr_events + s->nr_lost),
		        (unsigned long long)(r->buffer_size >> 20) * 4 + 1);
}

int cmd_record(int argc, char **argv)
{
	struct record_options options;
	static struct recording recording; /* large */
	struct mmr_error err = { 0 };
	int status;

	if (record_options_parse(&options, argc, argv) < 0) {
		record_options_deinit(&options);
		return EXIT_RECORDER;
	}
	status = recording_run(&recording, &options, &err);
	if (recording.duration_ns > 0)
		summary(&recording);
	if (options.overhead && recording.kept)
		overhead_print(&recording);
	if (err.text[0])
		message(TOOL, "%s", err.text);
	if (options.fail_on_loss && recording.stats.nr_lost > 0 && status != EXIT_RECORDER) {
		message(TOOL, "events were lost (--fail-on-loss)");
		status = EXIT_RECORDER;
	}
	record_options_deinit(&options);
	return status;
}
