/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a sub-buffer of a kernel whose formats are in tests/data/formats: walked, decoded and
 * printed. The first byte of the input chooses the kernel.
 */
#include <string.h>

#include "fuzz.h"
#include "reader.h"
#include "stored_formats.h"

FUZZ_LEAKS_OF_LIBTRACEEVENT

#define NR_VERSIONS 3
#define MAX_PRINTED 64

static struct mmr_trace *traces[NR_VERSIONS];

static int add(void *arg, const char *path, const char *text, size_t size)
{
	return trace_formats_add(arg, path, text, size);
}

static void load(void)
{
	static const char *const versions[NR_VERSIONS] = { "6.1", "6.12", "6.18" };

	for (int i = 0; i < NR_VERSIONS; i++) {
		uint32_t nr_bad;

		traces[i] = calloc(1, sizeof(*traces[i]));
		if (!traces[i])
			abort();
		traces[i]->fd = -1;
		memset(traces[i]->formats.wanted, 0xff, sizeof(traces[i]->formats.wanted));
		if (stored_formats_walk(versions[i], add, &traces[i]->formats) <= 0 ||
		    trace_formats_load(&traces[i]->formats, &nr_bad) < 0 || nr_bad)
			abort();
		traces[i]->streams = calloc(1, sizeof(*traces[i]->streams));
		traces[i]->current = traces[i]->streams;
	}
}

static void check_strings(const struct mmr_event *event)
{
	if (event->kind == MMR_EVENT_SCHED_PROCESS_EXEC &&
	    !memchr(event->exec.filename, '\0', sizeof(event->exec.filename)))
		abort();
	if (event->kind == MMR_EVENT_SCHED_PROCESS_FORK &&
	    !memchr(event->fork.child_comm, '\0', sizeof(event->fork.child_comm)))
		abort();
	if (event->kind == MMR_EVENT_FOLIO_WAIT_WRITEBACK &&
	    !memchr(event->writeback.bdi, '\0', sizeof(event->writeback.bdi)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace_subbuf walk;
	struct mmr_trace *trace;
	struct trace_stream *s;
	struct mmr_event event;
	int printed = 0;

	if (!traces[0])
		load();
	if (size < 1 + SUBBUF_HEADER || size > TRACE_MAX_SUBBUF)
		return 0;
	trace = traces[data[0] % NR_VERSIONS];
	s = trace->current;
	trace_subbuf_init(&walk, data + 1, size - 1);
	while (trace_subbuf_next(&walk, &s->data, &s->size)) {
		const struct trace_plan *plan =
			trace_plan_of(&trace->formats, trace_record_id(s->data));
		char text[512];

		if (s->data < data || s->data + s->size > data + size)
			abort();
		if (trace_decode(plan, s->data, s->size, &event)) {
			check_strings(&event);
			if (trace_comms_learn(&trace->seen_comms, &event) < 0)
				abort();
		}
		if (printed++ < MAX_PRINTED &&
		    mmr_trace_format_event(trace, text, sizeof(text)) == 0 && s->size == 0)
			abort();
	}
	trace_comms_deinit(&trace->seen_comms);
	return 0;
}
