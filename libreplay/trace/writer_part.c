/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The name: a temporary one beside the target, which is locked so that two recorders do not share it
 * and which the target gets when it is whole. The index counts what is in the file and nothing else: frames
 * that did not fit on the disk are taken back before they are counted.
 */
#include "writer_part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "error_set.h"
#include "index_build.h"

/* Room that the index may need: of itself, and for each frame and event type (they compress well). */
#define INDEX_ROOM (64u << 10)
#define ENTRY_ROOM 40u

/* ---- names ---- */

/* path with suffix added; NULL if there is no memory. */
static char *with_suffix(const char *path, const char *suffix)
{
	size_t size = strlen(path) + strlen(suffix) + 1;
	char *name = base_calloc(size, 1);

	if (name)
		snprintf(name, size, "%s%s", path, suffix);
	return name;
}

/* Renames path to path.old. */
static int set_aside(const char *path, struct mmr_error *err)
{
	char *old = with_suffix(path, ".old");
	int ret = 0;

	if (!old)
		return base_error(err, MMR_E_NOMEM, "out of memory for a name");
	if (rename(path, old) < 0)
		ret = base_error_errno(err, errno, "cannot rename %s", path);
	base_free(old);
	return ret;
}

/*
 * Something has the temporary name: another recorder at work holds a lock on it; a dead one does not,
 * and then it is set aside (keep_old), replaced (force), or left to the user.
 */
static int clear_partial(const struct writer_part *part, struct mmr_error *err)
{
	int ret = 0;
	int fd = open(part->partial, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return base_error_errno(err, errno, "cannot open %s", part->partial);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		ret = base_error(err, MMR_E_BUSY, "%s is being written by another recorder",
		                 part->partial);
	else if (part->force)
		ret = unlink(part->partial) < 0
		              ? base_error_errno(err, errno, "cannot remove %s", part->partial)
		              : 0;
	else if (!part->keep_old)
		ret = base_error(err, MMR_E_EXISTS,
		                 "%s is left from a recording that was interrupted; it can be read",
		                 part->partial);
	else
		ret = set_aside(part->partial, err);
	close(fd);
	return ret;
}

/* The descriptor, or an error. */
static int open_partial(const struct writer_part *part, struct mmr_error *err)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	struct stat st;
	int fd;

	if (lstat(part->path, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			return base_error(err, MMR_E_INVALID, "%s is not a regular file",
			                  part->path);
		if (!part->keep_old && !part->force)
			return base_error(err, MMR_E_EXISTS, "%s exists", part->path);
	}
	fd = open(part->partial, flags, 0600);
	if (fd < 0 && errno == EEXIST) {
		int ret = clear_partial(part, err);

		if (ret < 0)
			return ret;
		fd = open(part->partial, flags, 0600);
	}
	if (fd < 0)
		return base_error_errno(err, errno, "cannot create %s", part->partial);
	flock(fd, LOCK_EX | LOCK_NB); /* not on every file system; then there is no guard */
	return fd;
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

static int take_name(const struct writer_part *part, struct mmr_error *err)
{
	unsigned int flags = part->force ? 0 : RENAME_NOREPLACE;
	int ret;

	if (part->keep_old && access(part->path, F_OK) == 0) {
		ret = set_aside(part->path, err);
		if (ret < 0)
			return ret;
	}
	ret = renameat2(AT_FDCWD, part->partial, AT_FDCWD, part->path, flags);
	if (ret < 0 && flags && (errno == EINVAL || errno == ENOSYS))
		ret = access(part->path, F_OK) == 0 ? (errno = EEXIST, -1)
		                                    : rename(part->partial, part->path);
	if (ret < 0)
		return base_error_errno(err, errno, "cannot rename %s to %s", part->partial,
		                        part->path);
	sync_directory(part->path);
	return 0;
}

/* ---- opening ---- */

static void part_free(struct writer_part *part)
{
	if (!part)
		return;
	trace_sink_deinit(&part->sink);
	trace_entry_vec_deinit(&part->entries);
	base_free(part->streams);
	base_free(part->counts);
	base_free(part->partial);
	base_free(part->path);
	base_free(part);
}

static struct writer_part *part_create(const char *path, const struct mmr_writer_options *options,
                                       struct mmr_error *err)
{
	struct writer_part *part = base_calloc_err(1, sizeof(*part), "a trace file", err);

	if (!part)
		return NULL;
	part->sink.fd = -1;
	part->keep_old = options->keep_old;
	part->force = options->force;
	part->number = 1;
	part->nr_streams = options->nr_streams;
	part->path = base_strndup(path, strlen(path));
	part->streams = base_calloc(part->nr_streams, sizeof(*part->streams));
	if (part->path && part->streams)
		return part;
	base_error(err, MMR_E_NOMEM, "out of memory for a trace file");
	part_free(part);
	return NULL;
}

int trace_part_open(struct writer_part **ret, const char *path,
                    const struct mmr_writer_options *options, struct mmr_error *err)
{
	enum writer_sink_mode mode = options->io == MMR_WRITER_UNCACHED ? SINK_DIRECT : SINK_CACHED;
	struct writer_part *part = part_create(path, options, err);
	int fd;

	if (!part)
		return MMR_E_NOMEM;
	part->partial = with_suffix(path, ".partial");
	fd = part->partial ? open_partial(part, err)
	                   : base_error(err, MMR_E_NOMEM, "out of memory for a name");
	if (fd < 0) {
		part_free(part);
		return fd;
	}
	if (trace_sink_init(&part->sink, fd, mode, part->partial) < 0) {
		trace_part_abort(part);
		return base_error(err, MMR_E_NOMEM, "out of memory to write %s", path);
	}
	*ret = part;
	return 0;
}

int trace_part_open_stream(struct writer_part **ret, int fd, const char *name,
                           const struct mmr_writer_options *options, struct mmr_error *err)
{
	struct writer_part *part = part_create(name, options, err);

	if (!part)
		return MMR_E_NOMEM;
	if (trace_sink_init(&part->sink, fd, SINK_STREAM, part->path) < 0) {
		part_free(part);
		return base_error(err, MMR_E_NOMEM, "out of memory to write %s", name);
	}
	*ret = part;
	return 0;
}

/* ---- frames ---- */

/* Makes the counts reach up to id. */
static int grow_counts(struct writer_part *part, uint32_t id)
{
	uint32_t count = (id | 255) + 1;
	void *counts = part->counts;

	if (id < part->nr_counts)
		return 0;
	if (base_grow(&counts, part->nr_counts, count, sizeof(*part->counts), 0) < 0)
		return MMR_E_NOMEM;
	part->counts = counts;
	part->nr_counts = count;
	return 0;
}

/* Memory that counting a frame needs. */
static int prepare(struct writer_part *part, const struct writer_frame *frame)
{
	size_t need = part->entries.count + 1;

	for (uint32_t i = 0; i < frame->nr_counts; i++)
		if (grow_counts(part, frame->counts[i].id) < 0)
			return MMR_E_NOMEM;
	if (need <= part->entries.capacity)
		return 0;
	return trace_entry_vec_reserve(&part->entries, need < 1024 ? 1024 : need * 2);
}

static void count_stream(struct trace_cpu_total *total, const struct trace_entry *entry)
{
	total->nr_lost += entry->lost;
	if (entry->count == 0)
		return;
	if (total->nr_events == 0)
		total->first_ns = entry->first_ns;
	total->nr_events += entry->count;
	total->last_ns = entry->last_ns;
}

static void count_frame(struct writer_part *part, const struct writer_frame *frame)
{
	for (uint32_t i = 0; i < frame->nr_counts; i++) {
		const struct writer_count *from = &frame->counts[i];
		struct mmr_event_count *to = &part->counts[from->id];

		to->event_id = from->id;
		if (to->nr_events == 0 || from->first_ns < to->first_ns)
			to->first_ns = from->first_ns;
		if (to->nr_events == 0 || from->last_ns > to->last_ns)
			to->last_ns = from->last_ns;
		to->nr_events += from->nr_events;
	}
	if (frame->entry.kind == TRACE_FRAME_DATA)
		count_stream(&part->streams[frame->entry.number], &frame->entry);
}

int trace_part_write(struct writer_part *part, const struct writer_frame *frames, size_t nr_frames,
                     struct mmr_error *err)
{
	uint64_t end = part->offset;
	size_t known = part->entries.count;
	int ret = 0;

	part->sink.reserve = INDEX_ROOM + ENTRY_ROOM * (uint64_t)(known + nr_frames);
	for (size_t i = 0; i < nr_frames && ret == 0; i++) {
		struct trace_entry entry = frames[i].entry;

		entry.offset = end;
		end += entry.size;
		ret = prepare(part, &frames[i]);
		if (ret == 0)
			ret = trace_entry_vec_push(&part->entries, entry);
		if (ret < 0)
			base_error(err, ret, "out of memory for the index of %s", part->path);
		else
			ret = trace_sink_append(&part->sink, frames[i].data, entry.size, err);
	}
	if (ret == 0)
		ret = trace_sink_flush(&part->sink, err);
	if (ret < 0) {
		part->entries.count = known;
		return ret;
	}
	for (size_t i = 0; i < nr_frames; i++)
		count_frame(part, &frames[i]);
	part->offset = end;
	return 0;
}

/* ---- the end ---- */

static int total_streams(const struct writer_part *part, struct trace_totals *totals)
{
	totals->first_ns = UINT64_MAX;
	for (uint32_t i = 0; i < part->nr_streams; i++) {
		const struct trace_cpu_total *total = &part->streams[i];

		if (trace_cpu_vec_push(&totals->cpus, *total) < 0)
			return MMR_E_NOMEM;
		totals->nr_lost += total->nr_lost;
		if (total->nr_events == 0)
			continue;
		totals->nr_events += total->nr_events;
		if (total->first_ns < totals->first_ns)
			totals->first_ns = total->first_ns;
		if (total->last_ns > totals->last_ns)
			totals->last_ns = total->last_ns;
	}
	if (totals->nr_events == 0)
		totals->first_ns = 0;
	return 0;
}

static int total_frames(const struct writer_part *part, struct trace_totals *totals)
{
	totals->nr_entries = part->entries.count;
	for (size_t i = 0; i < part->entries.count; i++) {
		const struct trace_entry *e = &part->entries.items[i];
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
		if (!(e->flags & TRACE_FRAME_LAST))
			continue;
		snapshot.info = (struct mmr_snapshot_info){ e->aux, e->first_ns, e->last_ns };
		if (trace_snapshot_vec_push(&totals->snapshots, snapshot) < 0)
			return MMR_E_NOMEM;
	}
	return 0;
}

static int make_index(const struct writer_part *part, struct trace_buffer *out)
{
	struct trace_totals totals = { 0 };
	struct writer_zip zip = { 0 };
	int ret = trace_zip_init(&zip, 1, 0);

	if (ret == 0)
		ret = total_streams(part, &totals);
	for (uint32_t id = 0; id < part->nr_counts && ret == 0; id++)
		if (part->counts[id].nr_events)
			ret = trace_count_vec_push(&totals.counts, part->counts[id]);
	if (ret == 0)
		ret = total_frames(part, &totals);
	if (ret == 0)
		ret = trace_index_build(zip.cctx, &part->entries, &totals, part->offset, out);
	trace_zip_deinit(&zip);
	trace_totals_deinit(&totals);
	return ret;
}

/* Index and sync; if there is no room, the file ends with its last frame. */
static int complete(struct writer_part *part, struct mmr_error *err)
{
	struct trace_buffer index = { 0 };
	struct mmr_error ignored;
	int ret = make_index(part, &index);

	if (ret < 0)
		base_error(err, ret, "cannot make the index of %s", part->sink.name);
	trace_sink_last(&part->sink);
	if (ret == 0)
		ret = trace_sink_append(&part->sink, index.data, index.used, err);
	if (ret == 0)
		ret = trace_sink_close(&part->sink, err);
	if (ret < 0 && trace_sink_cut(&part->sink, part->offset) == 0 &&
	    trace_sink_close(&part->sink, &ignored) < 0)
		base_error(err, ret, "cannot write %s", part->sink.name);
	trace_buffer_deinit(&index);
	return ret;
}

int trace_part_finish(struct writer_part *part, struct mmr_error *err)
{
	int ret = complete(part, err);

	if (ret == 0 && part->partial)
		ret = take_name(part, err);
	part_free(part);
	return ret;
}

void trace_part_salvage(struct writer_part *part)
{
	struct mmr_error ignored;

	if (!part)
		return;
	if (part->offset > 0 && trace_sink_cut(&part->sink, part->offset) == 0 &&
	    complete(part, &ignored) < 0)
		part->offset = 0; /* it stays as it is, readable from frame to frame */
	part_free(part);
}

void trace_part_abort(struct writer_part *part)
{
	if (!part)
		return;
	if (part->partial)
		unlink(part->partial);
	part_free(part);
}
