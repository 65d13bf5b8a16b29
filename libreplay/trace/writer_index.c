/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The end of the file: trailer, index, and the file's name. If the disk is full, what was written gets
 * its index where the room suffices.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "error_set.h"
#include "index_build.h"
#include "io.h"
#include "writer.h"

/* Sums the CPUs' counts. 0 or MMR_E_NOMEM. */
static int total_counts(const struct mmr_writer *w, struct trace_totals *totals)
{
	uint32_t nr_ids = 0;

	for (uint32_t cpu = 0; cpu < w->options.nr_streams; cpu++)
		if (w->cpus[cpu].nr_counts > nr_ids)
			nr_ids = w->cpus[cpu].nr_counts;
	for (uint32_t id = 0; id < nr_ids; id++) {
		struct mmr_event_count sum = { .event_id = id, .first_ns = UINT64_MAX };

		for (uint32_t cpu = 0; cpu < w->options.nr_streams; cpu++) {
			const struct mmr_event_count *count;

			if (id >= w->cpus[cpu].nr_counts || !w->cpus[cpu].counts[id].nr_events)
				continue;
			count = &w->cpus[cpu].counts[id];
			sum.nr_events += count->nr_events;
			sum.first_ns =
				count->first_ns < sum.first_ns ? count->first_ns : sum.first_ns;
			sum.last_ns = count->last_ns > sum.last_ns ? count->last_ns : sum.last_ns;
		}
		if (sum.nr_events && trace_count_vec_push(&totals->counts, sum) < 0)
			return MMR_E_NOMEM;
	}
	return 0;
}

static int total_cpus(const struct mmr_writer *w, struct trace_totals *totals)
{
	totals->first_ns = UINT64_MAX;
	for (uint32_t cpu = 0; cpu < w->options.nr_streams; cpu++) {
		const struct writer_cpu *c = &w->cpus[cpu];
		struct trace_cpu_total total = c->total;

		total.nr_lost = c->stat_lost > c->located_lost ? c->stat_lost : c->located_lost;
		if (trace_cpu_vec_push(&totals->cpus, total) < 0)
			return MMR_E_NOMEM;
		totals->nr_lost += total.nr_lost;
		if (total.nr_events == 0)
			continue;
		totals->nr_events += total.nr_events;
		if (total.first_ns < totals->first_ns)
			totals->first_ns = total.first_ns;
		if (total.last_ns > totals->last_ns)
			totals->last_ns = total.last_ns;
	}
	if (totals->nr_events == 0)
		totals->first_ns = 0;
	return 0;
}

/* From the entries, so that what did not fit on the disk does not count. */
static int total_frames(const struct mmr_writer *w, struct trace_totals *totals)
{
	uint64_t begin_ns = 0;

	totals->nr_entries = w->entries.count;
	for (size_t i = 0; i < w->entries.count; i++) {
		const struct trace_entry *e = &w->entries.items[i];
		struct trace_snapshot_total snapshot = { .number = e->number };

		if (e->kind == TRACE_FRAME_DATA)
			totals->raw_bytes += e->payload;
		if (e->kind == TRACE_FRAME_ACCESS && (e->flags & TRACE_FRAME_LAST))
			totals->nr_access++;
		if (e->kind == TRACE_FRAME_TRAILER) {
			if (totals->trailer_size == 0)
				totals->trailer_offset = e->offset;
			totals->trailer_size += e->size;
		}
		if (e->kind != TRACE_FRAME_SNAPSHOT)
			continue;
		begin_ns = e->first_ns;
		if (!(e->flags & TRACE_FRAME_LAST))
			continue;
		snapshot.info = (struct mmr_snapshot_info){ e->aux, begin_ns, e->last_ns };
		if (trace_snapshot_vec_push(&totals->snapshots, snapshot) < 0)
			return MMR_E_NOMEM;
	}
	return 0;
}

static int write_index(struct mmr_writer *w, struct mmr_error *err)
{
	struct trace_totals totals = { 0 };
	struct trace_buffer out = { 0 };
	int ret = total_cpus(w, &totals);

	if (ret == 0)
		ret = total_counts(w, &totals);
	if (ret == 0)
		ret = total_frames(w, &totals);
	if (ret == 0)
		ret = trace_index_build(w->zstd.cctx, &w->entries, &totals, w->offset, &out);
	if (ret < 0)
		base_error(err, ret, "cannot make the index of %s", w->partial);
	if (ret == 0)
		ret = base_write_all(w->fd, out.data, out.used, w->partial, err);
	if (ret < 0 && ftruncate(w->fd, (off_t)w->offset) < 0)
		base_error_errno(err, errno, "cannot cut %s back", w->partial);
	trace_buffer_deinit(&out);
	trace_totals_deinit(&totals);
	return ret;
}

static int write_rest(struct mmr_writer *w, struct mmr_error *err)
{
	int ret = trace_writer_check(w, err);

	if (ret == 0 && !w->begun)
		ret = base_error(err, MMR_E_INVALID, "%s has no header yet", w->path);
	if (ret == 0 && w->in_snapshot)
		ret = mmr_writer_snapshot_end(w, w->list_head.last_ns, err);
	for (uint32_t cpu = 0; cpu < w->options.nr_streams && ret == 0; cpu++)
		ret = trace_writer_flush(w, cpu, err);
	if (ret == 0 && w->trailer.count > 0)
		ret = trace_writer_trailer(w, err);
	return ret;
}

/* The directory's entry is on the disk too when this returns; a failure of that is no failure. */
static void sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? base_strndup(path, slash == path ? 1 : (size_t)(slash - path))
	                  : base_strndup(".", 1);
	int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	base_free(dir);
}

static int take_name(const struct mmr_writer *w, struct mmr_error *err)
{
	unsigned int flags = w->options.force ? 0 : RENAME_NOREPLACE;
	int ret;

	if (w->options.keep_old && access(w->path, F_OK) == 0) {
		ret = trace_writer_set_aside(w->path, err);
		if (ret < 0)
			return ret;
	}
	ret = renameat2(AT_FDCWD, w->partial, AT_FDCWD, w->path, flags);
	if (ret < 0 && flags && (errno == EINVAL || errno == ENOSYS))
		ret = access(w->path, F_OK) == 0 ? (errno = EEXIST, -1)
		                                 : rename(w->partial, w->path);
	if (ret < 0)
		return base_error_errno(err, errno, "cannot rename %s to %s", w->partial, w->path);
	sync_directory(w->path);
	return 0;
}

int mmr_writer_finish(struct mmr_writer *w, struct mmr_error *err)
{
	struct mmr_error ignored;
	int ret = write_rest(w, err);

	if (ret < 0) {
		/* What is there gets its index if the room suffices; the failure stays a failure. */
		if (w->begun && write_index(w, &ignored) == 0)
			fsync(w->fd);
		return trace_writer_free(w, ret);
	}
	ret = write_index(w, err);
	if (ret == 0 && fsync(w->fd) < 0)
		ret = base_error_errno(err, errno, "cannot write %s", w->partial);
	if (ret == 0)
		ret = take_name(w, err);
	return trace_writer_free(w, ret);
}

void mmr_writer_abort(struct mmr_writer *w)
{
	if (!w)
		return;
	unlink(w->partial);
	trace_writer_free(w, 0);
}
