/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recording in several files, as one trace: the frames of all parts in one list, in the order of the
 * parts, so that each stream's frames follow each other whichever file they are in. Texts are those of the
 * first header and the last trailer, counts are summed, snapshots and samples are numbered through.
 *
 * A part that is missing between two leaves an entry without bytes in every stream, which reads as a
 * frame that cannot be read: a mark of unknown size stands in its place.
 */
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "reader.h"

#define MAX_OPEN 200u /* files; those beyond are opened when they are read */

/* ---- taking over ---- */

static int add_part(struct mmr_trace *trace, struct mmr_trace *from, struct mmr_error *err)
{
	uint32_t count = (uint32_t)trace->parts.count;
	const struct trace_snapshot_vec *snapshots = &trace->totals.snapshots;
	struct trace_part part = {
		.path = base_strndup(from->path, strlen(from->path)),
		.fd = count < MAX_OPEN ? from->fd : -1,
		.size = from->info.file_size,
		.number = from->info.first_part,
		.access_base = count ? trace->totals.nr_access : 0,
	};

	if (count && snapshots->count)
		part.snapshot_base = snapshots->items[snapshots->count - 1].number + 1;
	if (!part.path || trace_part_vec_push(&trace->parts, part) < 0) {
		base_free(part.path);
		return base_error(err, MMR_E_NOMEM, "out of memory for the parts of a trace");
	}
	if (part.fd >= 0 && from != trace)
		from->fd = -1;
	return 0;
}

static int add_entries(struct mmr_trace *trace, const struct mmr_trace *from)
{
	uint32_t at = (uint32_t)trace->parts.count - 1;
	const struct trace_part *part = &trace->parts.items[at];

	for (size_t i = 0; i < from->entries.count; i++) {
		struct trace_entry entry = from->entries.items[i];

		entry.part = at;
		if (entry.kind == TRACE_FRAME_SNAPSHOT)
			entry.number += part->snapshot_base;
		if (entry.kind == TRACE_FRAME_ACCESS)
			entry.number += part->access_base;
		/* Only the first part's header was read, and a trailer is not read again. */
		if (entry.kind != TRACE_FRAME_HEADER && entry.kind != TRACE_FRAME_TRAILER &&
		    trace_entry_vec_push(&trace->entries, entry) < 0)
			return MMR_E_NOMEM;
	}
	return 0;
}

static int add_counts(struct trace_totals *totals, const struct trace_count_vec *counts)
{
	for (size_t i = 0; i < counts->count; i++) {
		const struct mmr_event_count *more = &counts->items[i];
		struct mmr_event_count *count = NULL;

		for (size_t j = 0; j < totals->counts.count && !count; j++)
			if (totals->counts.items[j].event_id == more->event_id)
				count = &totals->counts.items[j];
		if (!count) {
			if (trace_count_vec_push(&totals->counts, *more) < 0)
				return MMR_E_NOMEM;
			continue;
		}
		count->nr_events += more->nr_events;
		count->first_ns =
			more->first_ns < count->first_ns ? more->first_ns : count->first_ns;
		count->last_ns = more->last_ns > count->last_ns ? more->last_ns : count->last_ns;
	}
	return 0;
}

static int add_cpus(struct trace_totals *totals, const struct trace_cpu_vec *cpus)
{
	const struct trace_cpu_total none = { 0 };

	while (totals->cpus.count < cpus->count)
		if (trace_cpu_vec_push(&totals->cpus, none) < 0)
			return MMR_E_NOMEM;
	for (size_t i = 0; i < cpus->count; i++) {
		struct trace_cpu_total *total = &totals->cpus.items[i];
		const struct trace_cpu_total *more = &cpus->items[i];

		total->nr_lost += more->nr_lost;
		if (more->nr_events == 0)
			continue;
		if (total->nr_events == 0)
			total->first_ns = more->first_ns;
		total->last_ns = more->last_ns;
		total->nr_events += more->nr_events;
	}
	return 0;
}

static int add_totals(struct mmr_trace *trace, const struct mmr_trace *from)
{
	const struct trace_part *part = &trace->parts.items[trace->parts.count - 1];
	const struct trace_totals *more = &from->totals;
	struct trace_totals *totals = &trace->totals;

	if (more->nr_events) {
		if (totals->nr_events == 0 || more->first_ns < totals->first_ns)
			totals->first_ns = more->first_ns;
		if (more->last_ns > totals->last_ns)
			totals->last_ns = more->last_ns;
	}
	totals->nr_events += more->nr_events;
	totals->nr_lost += more->nr_lost;
	totals->raw_bytes += more->raw_bytes;
	totals->nr_access += more->nr_access;
	for (size_t i = 0; i < more->snapshots.count; i++) {
		struct trace_snapshot_total snapshot = more->snapshots.items[i];

		snapshot.number += part->snapshot_base;
		if (trace_snapshot_vec_push(&totals->snapshots, snapshot) < 0)
			return MMR_E_NOMEM;
	}
	if (add_cpus(totals, &more->cpus) < 0)
		return MMR_E_NOMEM;
	return add_counts(totals, &more->counts);
}

/* The later trailer's texts take the place of the earlier's. */
static int add_texts(struct mmr_trace *trace, struct mmr_trace *from)
{
	const char *comms = mmr_trace_text(from, "saved_cmdlines", NULL);

	for (size_t i = from->nr_header_texts; i < from->texts.count; i++) {
		struct trace_text *text = &from->texts.items[i];
		struct trace_text *old = trace_find_text(trace, text->name, strlen(text->name));

		if (old && (size_t)(old - trace->texts.items) < trace->nr_header_texts)
			old = NULL;
		if (old) {
			struct trace_text kept = *old;

			*old = *text;
			*text = kept;
			continue;
		}
		if (trace_text_vec_push(&trace->texts, *text) < 0)
			return MMR_E_NOMEM;
		*text = (struct trace_text){ 0 };
	}
	return comms ? trace_comms_parse(&trace->saved_comms, comms) : 0;
}

static void add_damage(struct mmr_trace *trace, const struct mmr_trace *from)
{
	const struct mmr_trace_damage *more = &from->damage;
	struct mmr_trace_damage *damage = &trace->damage;

	damage->nr_frames += more->nr_frames;
	damage->nr_bytes += more->nr_bytes;
	damage->nr_records += more->nr_records;
	if (damage->text[0] || !more->text[0])
		return;
	damage->first_offset = more->first_offset;
	snprintf(damage->text, sizeof(damage->text), "%.60s: %.90s", from->path, more->text);
}

static void add_info(struct mmr_trace *trace, const struct mmr_trace *from)
{
	struct mmr_trace_info *info = &trace->info;

	info->indexed &= from->info.indexed;
	info->truncated |= from->info.truncated;
	info->repaired |= from->info.repaired;
	info->file_size += from->info.file_size;
	info->nr_parts++;
}

const char *mmr_trace_part(const struct mmr_trace *trace, uint32_t i, uint32_t *number)
{
	if (i >= trace->info.nr_parts)
		return NULL;
	if (number)
		*number =
			trace->parts.count ? trace->parts.items[i].number : trace->info.first_part;
	return trace->parts.count ? trace->parts.items[i].path : trace->path;
}

/* ---- holes ---- */

static uint64_t begin_of(const struct mmr_trace *part)
{
	uint64_t begin = UINT64_MAX;

	for (size_t i = 0; i < part->entries.count; i++)
		if (part->entries.items[i].kind == TRACE_FRAME_DATA &&
		    part->entries.items[i].first_ns < begin)
			begin = part->entries.items[i].first_ns;
	return begin == UINT64_MAX ? 0 : begin;
}

static int add_hole(struct mmr_trace *trace, const struct mmr_trace *next)
{
	const struct trace_part *last = &trace->parts.items[trace->parts.count - 1];
	uint32_t nr_missing = next->info.first_part - last->number - 1;
	struct trace_entry hole = {
		.kind = TRACE_FRAME_DATA,
		.first_ns = begin_of(next),
		.part = (uint32_t)trace->parts.count,
	};

	if (nr_missing == 0)
		return 0;
	hole.last_ns = hole.first_ns;
	trace->info.nr_missing_parts += nr_missing;
	trace->damage.nr_frames++;
	trace_note_damage(trace, 0, 0, "%u part%s of the recording before part %u %s missing",
	                  nr_missing, nr_missing == 1 ? "" : "s", next->info.first_part,
	                  nr_missing == 1 ? "is" : "are");
	for (; hole.number < trace->info.nr_cpus; hole.number++)
		if (trace_entry_vec_push(&trace->entries, hole) < 0)
			return MMR_E_NOMEM;
	return 0;
}

/* ---- one after the other ---- */

static int absorb(struct mmr_trace *trace, struct mmr_trace *from, struct mmr_error *err)
{
	int ret = trace_index_load(from, err);

	if (ret < 0)
		return ret;
	if (from->info.nr_cpus != trace->info.nr_cpus)
		return base_error(err, MMR_E_INVALID, "%s has %u CPUs, %s has %u", from->path,
		                  from->info.nr_cpus, trace->path, trace->info.nr_cpus);
	if (add_hole(trace, from) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for the parts of a trace");
	ret = add_part(trace, from, err);
	if (ret < 0)
		return ret;
	if (add_entries(trace, from) < 0 || add_totals(trace, from) < 0 ||
	    add_texts(trace, from) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for the parts of a trace");
	add_damage(trace, from);
	add_info(trace, from);
	return 0;
}

int trace_add_parts(struct mmr_trace *trace, const char *const *paths, size_t nr_paths,
                    struct mmr_error *err)
{
	int ret = trace_index_load(trace, err);

	if (ret == 0)
		ret = add_part(trace, trace, err);
	for (size_t i = 0; i < nr_paths && ret == 0; i++) {
		struct mmr_trace *from;

		ret = trace_open_file(paths[i], NULL, &from, err);
		if (ret < 0)
			break;
		ret = absorb(trace, from, err);
		mmr_trace_close(from);
	}
	if (ret < 0)
		return ret;
	/* The list by number was that of the first part. */
	base_free(trace->first_of_snapshot);
	base_free(trace->first_of_access);
	trace->first_of_snapshot = trace->first_of_access = NULL;
	trace_use_totals(trace);
	return 0;
}
