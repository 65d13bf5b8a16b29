/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the frames hold against what was counted elsewhere: the totals of the index, and the ring
 * buffer's own statistics, read when nothing had been recorded yet and when everything had been read.
 *
 * An event that the kernel has written ends in one of four ways: it is read, it is overwritten
 * ("overrun"), it is turned away by a full buffer ("dropped"), or it stays in the buffer ("entries").
 * So what was read has to be in the file, and the rest has to be what the index says was lost. If
 * events were lost on the way (a disk full, a frame damaged), only these numbers tell.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

/* ---- the index ---- */

static void compare(struct verifier *v, const char *what, uint64_t index, uint64_t found)
{
	if (index != found)
		trace_verify_finding(v, MMR_CHECK_INDEX, 0,
		                     "the index says %s %llu, the frames %llu", what,
		                     (unsigned long long)index, (unsigned long long)found);
}

static void compare_cpus(struct verifier *v)
{
	const struct trace_totals *totals = &v->trace->totals;
	uint64_t nr_lost = 0;
	char what[48];

	for (uint32_t i = 0; i < totals->cpus.count; i++) {
		const struct trace_cpu_total *total = &totals->cpus.items[i];
		const struct trace_cpu_total none = { 0 };
		const struct trace_cpu_total *found =
			i < v->nr_streams ? &v->streams[i].total : &none;

		nr_lost += total->nr_lost;
		snprintf(what, sizeof(what), "events of CPU %u", i);
		compare(v, what, total->nr_events, found->nr_events);
		if (found->nr_events && total->nr_events == found->nr_events &&
		    (found->first_ns != total->first_ns || found->last_ns > total->last_ns))
			trace_verify_finding(v, MMR_CHECK_INDEX, 0,
			                     "the index has other times for CPU %u", i);
		if (found->nr_lost > total->nr_lost)
			trace_verify_finding(v, MMR_CHECK_INDEX, 0,
			                     "CPU %u: the frames tell of %llu lost events, the "
			                     "index of %llu",
			                     i, (unsigned long long)found->nr_lost,
			                     (unsigned long long)total->nr_lost);
	}
	compare(v, "lost events", totals->nr_lost, nr_lost);
}

static void compare_counts(struct verifier *v)
{
	const struct trace_totals *totals = &v->trace->totals;
	uint64_t counted = 0;

	for (size_t i = 0; i < totals->counts.count; i++) {
		const struct mmr_event_count *total = &totals->counts.items[i];
		const struct mmr_event_count *found = &v->counts[total->event_id & 0xffff];
		char what[48];

		counted += total->nr_events;
		snprintf(what, sizeof(what), "events of number %u", total->event_id);
		compare(v, what, total->nr_events, found->nr_events);
		if (total->nr_events == found->nr_events &&
		    (total->first_ns != found->first_ns || total->last_ns != found->last_ns))
			trace_verify_finding(v, MMR_CHECK_INDEX, 0,
			                     "the index has other times for event %u",
			                     total->event_id);
	}
	compare(v, "events", totals->nr_events, v->nr_records);
	compare(v, "events by number", counted, v->nr_records);
}

/* Times of the whole are those of the CPUs. */
static void compare_span(struct verifier *v)
{
	const struct trace_totals *totals = &v->trace->totals;
	uint64_t first_ns = UINT64_MAX;
	uint64_t last_ns = 0;

	for (uint32_t i = 0; i < totals->cpus.count; i++) {
		const struct trace_cpu_total *total = &totals->cpus.items[i];

		if (total->nr_events == 0)
			continue;
		first_ns = total->first_ns < first_ns ? total->first_ns : first_ns;
		last_ns = total->last_ns > last_ns ? total->last_ns : last_ns;
	}
	compare(v, "that the first event came at", totals->first_ns,
	        totals->nr_events ? first_ns : 0);
	compare(v, "that the last event came at", totals->last_ns, last_ns);
}

void trace_verify_index(struct verifier *v)
{
	const struct trace_totals *totals = &v->trace->totals;

	if (!v->trace->info.indexed) {
		trace_verify_finding(v, MMR_CHECK_INDEX, 0,
		                     "there is none, or it is damaged: mmcap repair makes one");
		return;
	}
	if (!trace_index_framed(v->trace))
		trace_verify_finding(v, MMR_CHECK_INDEX, v->trace->footer.offset,
		                     "the frame that holds the index, or its footer, is damaged");
	compare_cpus(v);
	compare_counts(v);
	compare_span(v);
	compare(v, "bytes of sub-buffers", totals->raw_bytes, v->found.raw_bytes);
	compare(v, "access samples", totals->nr_access, v->found.nr_access);
	compare(v, "bytes of trailer", totals->trailer_size, v->found.trailer_size);
	if (totals->trailer_size)
		compare(v, "that the trailer begins at", totals->trailer_offset,
		        v->found.trailer_offset);
	trace_verify_say(v, MMR_CHECK_INDEX, MMR_CHECK_SOUND,
	                 "%llu entries, and totals of %llu events, agree with the frames",
	                 (unsigned long long)totals->nr_entries,
	                 (unsigned long long)totals->nr_events);
}

/* ---- the kernel's statistics ---- */

struct statistics {
	uint64_t entries;
	uint64_t overrun;
	uint64_t dropped;
	uint64_t read;
};

static uint64_t number_of(const char *text, const char *name)
{
	const char *at = text;
	size_t length = strlen(name);

	while (at && strncmp(at, name, length) != 0) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return at ? strtoull(at + length, NULL, 10) : 0;
}

/* False if the text is not there. */
static bool parse(const struct mmr_trace *trace, uint32_t cpu, const char *suffix,
                  struct statistics *s)
{
	char name[64];
	const char *text;

	snprintf(name, sizeof(name), "per_cpu/cpu%u/stats%s", cpu, suffix);
	text = mmr_trace_text(trace, name, NULL);
	*s = (struct statistics){ 0 };
	if (!text)
		return false;
	s->entries = number_of(text, "entries:");
	s->overrun = number_of(text, "overrun:") + number_of(text, "commit overrun:");
	s->dropped = number_of(text, "dropped events:");
	s->read = number_of(text, "read events:");
	return true;
}

static void check_cpu(struct verifier *v, const struct mmr_check_cpu *c)
{
	uint64_t written = c->read + c->left + c->overrun + c->dropped;

	/* trace-cmd takes its statistics before it reads the last sub-buffers. */
	if (v->imported && c->in_frames >= c->read) {
		if (c->in_frames < c->read + c->left)
			v->nr_left_behind += c->read + c->left - c->in_frames;
		return;
	}
	if (v->partial) {
		/* What was before this file is not in it. */
		if (c->in_frames > c->read)
			trace_verify_finding(v, MMR_CHECK_STATISTICS, 0,
			                     "CPU %u: %llu events are in the file, but only %llu "
			                     "were read",
			                     c->cpu, (unsigned long long)c->in_frames,
			                     (unsigned long long)c->read);
		return;
	}
	/* What was damaged is lost too. */
	if (v->repaired) {
		if (c->in_frames + c->lost != written)
			trace_verify_say(v, MMR_CHECK_STATISTICS, MMR_CHECK_UNKNOWN,
			                 "CPU %u: of %llu events written %llu are in the repaired "
			                 "file and %llu are told as lost",
			                 c->cpu, (unsigned long long)written,
			                 (unsigned long long)c->in_frames,
			                 (unsigned long long)c->lost);
		return;
	}
	if (c->in_frames != c->read)
		trace_verify_finding(v, MMR_CHECK_STATISTICS, 0,
		                     "CPU %u: the kernel says %llu events were read, %llu are in "
		                     "the file",
		                     c->cpu, (unsigned long long)c->read,
		                     (unsigned long long)c->in_frames);
	if (c->read + c->lost != written)
		trace_verify_finding(v, MMR_CHECK_STATISTICS, 0,
		                     "CPU %u: of %llu events written %llu were read and %llu are "
		                     "told as lost",
		                     c->cpu, (unsigned long long)written,
		                     (unsigned long long)c->read, (unsigned long long)c->lost);
}

static int add_cpu(struct verifier *v, uint32_t cpu, struct statistics *sum)
{
	const struct trace_cpu_vec *totals = &v->trace->totals.cpus;
	struct mmr_check_cpu c = {
		.cpu = cpu,
		.in_frames = v->streams[cpu].total.nr_events,
		.lost = cpu < totals->count ? totals->items[cpu].nr_lost
		                            : v->streams[cpu].total.nr_lost,
	};
	struct statistics start;
	struct statistics end;

	parse(v->trace, cpu, ".start", &start);
	c.known = parse(v->trace, cpu, "", &end);
	if (!c.known && c.in_frames == 0)
		return 0;
	c.read = end.read - start.read;
	c.left = end.entries;
	c.overrun = end.overrun - start.overrun;
	c.dropped = end.dropped - start.dropped;
	sum->read += v->imported && c.in_frames > c.read ? c.in_frames : c.read;
	sum->overrun += c.overrun;
	sum->dropped += c.dropped;
	if (c.known)
		check_cpu(v, &c);
	return verify_cpu_vec_push(&v->out->cpus, c);
}

int trace_verify_statistics(struct verifier *v)
{
	struct statistics sum = { 0 };
	bool known = false;

	/* Streams behind those of the CPUs come from elsewhere. */
	for (uint32_t cpu = 0; cpu < v->nr_streams; cpu++)
		if ((cpu < v->trace->info.nr_cpus ||
		     !mmr_trace_text(v->trace, "nr_streams", NULL)) &&
		    add_cpu(v, cpu, &sum) < 0)
			return MMR_E_NOMEM;
	for (size_t i = 0; i < v->out->cpus.count; i++)
		known |= v->out->cpus.items[i].known;
	if (!known)
		trace_verify_say(v, MMR_CHECK_STATISTICS, MMR_CHECK_UNKNOWN,
		                 "the kernel's statistics are not in the file");
	else if (v->partial)
		trace_verify_say(v, MMR_CHECK_STATISTICS, MMR_CHECK_UNKNOWN,
		                 "they cover more than this file holds");
	else if (v->nr_left_behind)
		trace_verify_say(
			v, MMR_CHECK_STATISTICS, MMR_CHECK_UNKNOWN,
			"imported: they were read too early for %llu events that are not in "
			"the file",
			(unsigned long long)v->nr_left_behind);
	trace_verify_say(v, MMR_CHECK_STATISTICS, MMR_CHECK_SOUND,
	                 "%llu read + %llu overrun + %llu dropped = %llu written",
	                 (unsigned long long)sum.read, (unsigned long long)sum.overrun,
	                 (unsigned long long)sum.dropped,
	                 (unsigned long long)sum.read + sum.overrun + sum.dropped);
	return 0;
}
