/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the original and its replays say about their trace. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error_set.h"
#include "run_private.h"
#include "run_runs.h"

static int scan(struct mmr_trace *trace, struct run_span *span, struct mmr_error *err)
{
	struct mmr_event event;
	int more;

	*span = (struct run_span){ 0 };
	while ((more = mmr_trace_next(trace, &event, err)) > 0) {
		if (!span->first_ns)
			span->first_ns = event.t_ns;
		span->last_ns = event.t_ns;
		if (event.kind == MMR_EVENT_LOST)
			span->nr_lost += event.lost.nr_events;
		else
			span->nr_events++;
	}
	return more;
}

int replay_run_span_read(struct mmr_trace *trace, struct run_span *span, struct mmr_error *err)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	int code;

	code = mmr_trace_rewind(trace, err);
	if (code < 0)
		return code;
	if (info->indexed) {
		*span = (struct run_span){ .first_ns = info->first_ns,
			                   .last_ns = info->last_ns,
			                   .nr_events = info->nr_events,
			                   .nr_lost = info->nr_lost };
		return 0;
	}
	code = scan(trace, span, err);
	return code < 0 ? code : mmr_trace_rewind(trace, err);
}

static uint64_t hash(uint64_t state, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		state = (state ^ bytes[i]) * UINT64_C(0x100000001b3);
	return state;
}

/* FNV-1a over what tells one recording from another: the machine, the times, and how often what happened. */
static void fingerprint(const struct mmr_trace *trace, const struct run_span *span, char text[17])
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	const char *requests = mmr_trace_text(trace, "requests.hash", NULL);
	const struct mmr_event_count *count;
	uint64_t state = UINT64_C(0xcbf29ce484222325);

	state = hash(state, info->kernel_release, strlen(info->kernel_release));
	state = hash(state, &info->start_ns, sizeof(info->start_ns));
	state = hash(state, &info->start_wall_ns, sizeof(info->start_wall_ns));
	state = hash(state, &span->first_ns, sizeof(span->first_ns));
	state = hash(state, &span->last_ns, sizeof(span->last_ns));
	state = hash(state, &span->nr_events, sizeof(span->nr_events));
	for (uint32_t i = 0; (count = mmr_trace_count(trace, i)); i++)
		state = hash(state, &count->nr_events, sizeof(count->nr_events));
	if (requests)
		state = hash(state, requests, strlen(requests));
	snprintf(text, 17, "%016llx", (unsigned long long)state);
}

int replay_run_put_trace(struct results_db *db, struct mmr_trace *trace,
                         const struct mmr_run_options *options, const struct run_span *span,
                         struct mmr_error *err)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	const char *cmdline = mmr_trace_text(trace, "cmdline", NULL);
	struct mmr_trace_limit limit;
	char text[17];
	const struct results_trace row = {
		.fingerprint = text,
		.path = options->trace_path ? options->trace_path : "",
		.kernel_release = info->kernel_release,
		.machine = info->machine,
		.clock = info->clock,
		.cmdline = cmdline ? cmdline : "",
		.page_size = info->page_size,
		.nr_cpus = info->nr_cpus,
		.start_wall_ns = (int64_t)info->start_wall_ns,
		.duration_ns = (int64_t)(span->last_ns - span->first_ns),
		.nr_events = (int64_t)span->nr_events,
		.nr_lost = (int64_t)span->nr_lost,
		.complete = !span->nr_lost && !info->truncated && info->indexed &&
		            !mmr_trace_limit(trace, 0, &limit),
	};

	fingerprint(trace, span, text);
	return results_put_trace(db, &row, err);
}

int replay_run_counters_find(struct mmr_trace *trace, struct run_counters *counters,
                             struct mmr_error *err)
{
	uint32_t nr_snapshots = mmr_trace_info(trace)->nr_snapshots;
	struct run_counters found = { 0 };

	for (uint32_t i = 0; i < nr_snapshots; i++) {
		struct mmr_snapshot_piece piece;
		struct mmr_snapshot *snapshot;
		uint64_t t_ns = 0;
		int code;

		/* Only the first and the last are needed; those between are skipped. */
		if (found.begin_ns && i + 1 < nr_snapshots)
			continue;
		code = mmr_trace_snapshot(trace, i, &snapshot, err);
		if (code == MMR_E_NOMEM)
			return code;
		if (code < 0)
			continue;
		if (mmr_snapshot_find(snapshot, "proc/vmstat", &piece))
			t_ns = piece.begin_ns ? piece.begin_ns
			                      : mmr_trace_snapshot_info(trace, i)->begin_ns;
		mmr_snapshot_free(snapshot);
		if (t_ns && !found.begin_ns)
			found.begin_ns = t_ns;
		else if (t_ns)
			found.end_ns = t_ns;
	}
	*counters = found.end_ns ? found : (struct run_counters){ 0 };
	return 0;
}

void replay_run_put_zones(struct results_db *db, const struct mmr_trace *trace)
{
	uint32_t nr_zones = mmr_trace_info(trace)->nr_zones;

	for (uint32_t i = 0; i < nr_zones; i++) {
		const struct mmr_zone_info *zone = mmr_trace_zone(trace, i);
		const struct results_zone row = {
			.node = zone->node,
			.zone = zone->name,
			.zone_index = zone->index,
			.start_pfn = (int64_t)zone->start_pfn,
			.spanned = (int64_t)zone->spanned,
			.present = (int64_t)zone->present,
			.managed = (int64_t)zone->managed,
			.wmark_min = (int64_t)zone->wmark_min,
			.wmark_low = (int64_t)zone->wmark_low,
			.wmark_high = (int64_t)zone->wmark_high,
		};
		uint64_t present = 0, managed = 0;
		bool counted = false;

		results_put_zone(db, &row);
		/* A node's row is written with the first of its zones. */
		for (uint32_t j = 0; j < nr_zones; j++) {
			const struct mmr_zone_info *other = mmr_trace_zone(trace, j);

			if (other->node != zone->node)
				continue;
			counted = counted || j < i;
			present += other->present;
			managed += other->managed;
		}
		if (!counted)
			results_put_node(db, zone->node, (int64_t)present, (int64_t)managed);
	}
}

void replay_run_note(struct mmr_run_report *report, const char *fmt, ...)
{
	size_t length = strlen(report->notes);
	size_t left = sizeof(report->notes) - length;
	va_list args;
	int written;

	va_start(args, fmt);
	written = vsnprintf(report->notes + length, left, fmt, args);
	va_end(args);
	if (written < 0 || (size_t)written + 1 >= left)
		report->notes[length] = '\0';
	else
		memcpy(report->notes + length + written, "\n", 2);
}

bool replay_run_is_complete(struct mmr_trace *trace, const struct run_span *span,
                            struct mmr_run_report *report)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	const struct mmr_trace_damage *damage = mmr_trace_damage(trace);
	const char *faults = mmr_trace_text(trace, "fault_source", NULL);
	struct mmr_trace_limit limit;
	bool complete = true;

	if (span->nr_lost) {
		replay_run_note(
			report,
			"%llu events were lost while recording: results are not exact after them",
			(unsigned long long)span->nr_lost);
		complete = false;
	}
	for (uint32_t i = 0; mmr_trace_limit(trace, i, &limit); i++) {
		replay_run_note(report, "the recording is not of everything: %s", limit.text);
		complete = false;
	}
	if (faults && strcmp(faults, "perf") == 0)
		replay_run_note(report,
		                "page faults were recorded by perf: all count as writes, since "
		                "their error codes are unknown");
	if (info->truncated || !info->indexed) {
		replay_run_note(report,
		                "the recording was not closed properly: its end may be missing");
		report->damaged = true;
		complete = false;
	}
	if (damage->nr_frames || damage->nr_records) {
		replay_run_note(report, "parts of the file are damaged: %s", damage->text);
		report->damaged = true;
		complete = false;
	}
	return complete;
}

int replay_run_check_limits(const struct mmr_trace *trace, bool replay,
                            const struct mmr_run_options *options, struct mmr_error *err)
{
	struct mmr_trace_limit limit;

	for (uint32_t i = 0; !options->force && mmr_trace_limit(trace, i, &limit); i++)
		if (replay ? limit.no_replay : limit.no_shadow)
			return base_error(err, MMR_E_UNSUPPORTED, "%s the whole machine: %s",
			                  replay ? "a replay needs" : "following it needs",
			                  limit.text);
	return 0;
}

void replay_run_put_limits(struct results_db *db, const struct mmr_trace *trace)
{
	struct mmr_trace_limit limit;

	for (uint32_t i = 0; mmr_trace_limit(trace, i, &limit); i++) {
		char name[64];

		snprintf(name, sizeof(name), "recording.%s", limit.name);
		results_put_param(db, name, limit.text);
	}
}

bool replay_run_has_accesses(const struct mmr_trace *trace)
{
	const char *source = mmr_trace_text(trace, "access", NULL);

	/* The same frames hold what is in pages. */
	return mmr_trace_info(trace)->nr_access_frames > 0 &&
	       (!source || strcmp(source, "none") != 0);
}

const char *replay_run_access_source(const struct mmr_trace *trace)
{
	const char *source = mmr_trace_text(trace, "access", NULL);

	if (!replay_run_has_accesses(trace))
		return "none";
	return source ? source : "idle";
}

void replay_run_label(const struct mmr_run_options *options, char *label, size_t size)
{
	size_t length = 0;

	length += (size_t)snprintf(label, size, "%s", options->policy);
	for (size_t i = 0; i < options->nr_settings && length < size; i++)
		length += (size_t)snprintf(label + length, size - length, " %s",
		                           options->settings[i]);
	if (options->seed && length < size)
		snprintf(label + length, size - length, " seed=%llu",
		         (unsigned long long)options->seed);
}

void replay_run_put_params(struct results_db *db, const struct replay_tunables *tunables)
{
	static const char *const sources[] = { "default", "recorded", "set" };

	for (unsigned int i = 0; i < REPLAY_NR_TUNABLES; i++) {
		char value[32], text[64];

		replay_tunable_format(tunables, i, value, sizeof(value));
		snprintf(text, sizeof(text), "%s (%s)", value, sources[tunables->source[i]]);
		results_put_param(db, replay_tunable(i)->name, text);
	}
}

int replay_run_check_events(const struct mmr_trace *trace, struct mmr_error *err)
{
	if (!mmr_trace_info(trace)->has_requests)
		return 0;
	return base_error(err, MMR_E_UNSUPPORTED,
	                  "page requests have no kernel to follow: replay them (--policy NAME)");
}
