/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a recording cannot show. Said once, here, so that whoever reads a trace (info, shadow, replay,
 * the results database) says the same.
 */
#include <stdio.h>
#include <string.h>

#include "reader.h"

/* The first line of a text of the header, with what could disturb a terminal escaped. */
static void quote(const struct mmr_trace *trace, const char *name, char *out, size_t room)
{
	const char *text = mmr_trace_text(trace, name, NULL);
	size_t used = 0;

	for (; text && *text && *text != '\n' && used + 5 < room; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c >= 0x7f)
			used += (size_t)snprintf(out + used, room - used, "\\x%02x", c);
		else
			out[used++] = (char)c;
	}
	out[used] = '\0';
}

static bool limit_filtered(const struct mmr_trace *trace, struct mmr_trace_limit *limit)
{
	char of[100];

	if (!trace->info.filtered)
		return false;
	quote(trace, "filtered", of, sizeof(of));
	*limit = (struct mmr_trace_limit){ .name = "filtered",
		                           .no_shadow = true,
		                           .no_replay = true };
	snprintf(limit->text, sizeof(limit->text),
	         "it holds only %s: their faults and stalls are all there, free lists cannot be "
	         "followed, and what the counters say is of the whole machine",
	         strcmp(of, "1") == 0 || !of[0] ? "some tasks" : of);
	return true;
}

static bool limit_ring(const struct mmr_trace *trace, struct mmr_trace_limit *limit)
{
	char dropped[32];

	if (!trace->info.ring)
		return false;
	quote(trace, "ring.dropped_events", dropped, sizeof(dropped));
	if (strcmp(dropped, "0") == 0)
		return false; /* all that was recorded still stood in the ring */
	*limit = (struct mmr_trace_limit){ .name = "ring", .no_replay = true };
	snprintf(limit->text, sizeof(limit->text),
	         "it begins in the middle: %s%sevents before it were not kept; free lists can be "
	         "followed from a full snapshot within it only, and counters reach further back",
	         dropped, dropped[0] ? " " : "");
	return true;
}

static bool limit_parts(const struct mmr_trace *trace, struct mmr_trace_limit *limit)
{
	if (trace->info.first_part <= 1)
		return false;
	*limit = (struct mmr_trace_limit){ .name = "parts" };
	snprintf(limit->text, sizeof(limit->text),
	         "it begins with part %u of its recording: what was before is not there, and free "
	         "lists can be followed from a full snapshot within it only",
	         trace->info.first_part);
	return true;
}

static bool limit_missing(const struct mmr_trace *trace, struct mmr_trace_limit *limit)
{
	uint32_t count = trace->info.nr_missing_parts;

	if (count == 0)
		return false;
	*limit = (struct mmr_trace_limit){ .name = "missing" };
	snprintf(limit->text, sizeof(limit->text),
	         "%u part%s of its recording %s missing: nothing is exact after the hole", count,
	         count == 1 ? "" : "s", count == 1 ? "is" : "are");
	return true;
}

static bool limit_repaired(const struct mmr_trace *trace, struct mmr_trace_limit *limit)
{
	char of[160];

	if (!trace->info.repaired)
		return false;
	quote(trace, "repair.notes", of, sizeof(of));
	*limit = (struct mmr_trace_limit){ .name = "repaired" };
	snprintf(limit->text, sizeof(limit->text), "it was repaired: %s", of);
	return true;
}

bool mmr_trace_limit(const struct mmr_trace *trace, uint32_t i, struct mmr_trace_limit *limit)
{
	static bool (*const limits[])(const struct mmr_trace *, struct mmr_trace_limit *) = {
		limit_filtered, limit_ring, limit_parts, limit_missing, limit_repaired,
	};

	for (size_t at = 0; at < sizeof(limits) / sizeof(limits[0]); at++) {
		struct mmr_trace_limit found;

		if (limits[at](trace, &found) && i-- == 0) {
			*limit = found;
			return true;
		}
	}
	return false;
}
