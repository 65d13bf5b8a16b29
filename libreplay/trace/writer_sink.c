/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recorder's file should not show up in what is recorded: it is written with O_DIRECT, in whole
 * blocks from an aligned buffer. What is left of a block at a flush is written too, filled up with a
 * skippable zstd frame, and again when the block is full, so that a recorder that is killed loses no
 * frame. Where O_DIRECT cannot be had, the pages are written back and dropped every few MiB.
 *
 * Room for the file's end is reserved ahead: when the disk is full, or a limit of the file's size is
 * near, writing fails while there is still room for the index.
 */
#include "writer_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "container.h"
#include "error_set.h"
#include "le.h"

#define BLOCK    4096u
#define STAGE    (512u << 10)
#define AHEAD    (1u << 20)     /* reserved at once */
#define DROP     (2ul << 20)    /* page cache that a SINK_DROP may have */
#define PAD_SKIP TRACE_SKIP_ANY /* the magic of what fills a block up */

static bool wants_direct(int fd)
{
	int flags = fcntl(fd, F_GETFL);

#ifdef STATX_DIOALIGN
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &st) == 0 &&
	    (st.stx_mask & STATX_DIOALIGN) &&
	    (st.stx_dio_offset_align == 0 || BLOCK % st.stx_dio_offset_align != 0 ||
	     BLOCK % st.stx_dio_mem_align != 0))
		return false;
#endif
	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_DIRECT) == 0;
}

static void leave_direct(struct writer_sink *sink)
{
	int flags = fcntl(sink->fd, F_GETFL);

	if (flags >= 0)
		fcntl(sink->fd, F_SETFL, flags & ~O_DIRECT);
	sink->mode = SINK_DROP;
	sink->dropped = sink->offset;
}

int trace_sink_init(struct writer_sink *sink, int fd, enum writer_sink_mode mode, const char *name)
{
	struct rlimit limit;

	*sink = (struct writer_sink){ .fd = fd, .mode = mode, .name = name, .limit = UINT64_MAX };
	/* Room for the last block's filling as well. */
	sink->memory = base_calloc(STAGE + 3 * BLOCK, 1);
	if (!sink->memory)
		return MMR_E_NOMEM;
	sink->stage = (uint8_t *)sink->memory + (BLOCK - (uintptr_t)sink->memory % BLOCK) % BLOCK;
	memset(sink->stage, 0, STAGE + 2 * BLOCK);
	if (mode == SINK_STREAM)
		return 0;
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		sink->limit = limit.rlim_cur;
	if (mode == SINK_DIRECT && !wants_direct(fd))
		sink->mode = SINK_DROP;
	return 0;
}

void trace_sink_deinit(struct writer_sink *sink)
{
	if (sink->fd >= 0 && sink->mode != SINK_STREAM)
		close(sink->fd);
	base_free(sink->memory);
	*sink = (struct writer_sink){ .fd = -1 };
}

static int failed(const struct writer_sink *sink, int why, struct mmr_error *err)
{
	return base_error_errno(err, why, "cannot write %s", sink->name);
}

/* Room for the bytes up to end and the reserve behind them. */
static int ensure_room(struct writer_sink *sink, uint64_t end, struct mmr_error *err)
{
	const uint64_t want[] = { end + sink->reserve + AHEAD, end + sink->reserve };

	if (want[1] > sink->limit)
		return failed(sink, EFBIG, err);
	if (want[1] <= sink->reserved)
		return 0;
	for (int i = 0; i < 2; i++) {
		uint64_t size = (want[i] < sink->limit ? want[i] : sink->limit) - sink->reserved;

		if (fallocate(sink->fd, FALLOC_FL_KEEP_SIZE, (off_t)sink->reserved, (off_t)size) ==
		    0) {
			sink->reserved += size;
			return 0;
		}
		if (errno != ENOSPC && errno != EDQUOT) {
			sink->reserved = UINT64_MAX; /* does without */
			return 0;
		}
	}
	return failed(sink, errno, err);
}

/* Once: some of size bytes. The number written, or -1 with errno. */
static ssize_t write_some(struct writer_sink *sink, const uint8_t *data, size_t size, uint64_t at)
{
	ssize_t got;

	if (sink->mode != SINK_STREAM)
		got = pwrite(sink->fd, data, size, (off_t)at);
	else
		got = write(sink->fd, data, size);
	if (got < 0 && errno == EAGAIN) {
		poll(&(struct pollfd){ .fd = sink->fd, .events = POLLOUT }, 1, -1);
		return 0;
	}
	if (got < 0 && errno == EINTR)
		return 0;
	if (got < 0 && errno == EINVAL && sink->mode == SINK_DIRECT) {
		leave_direct(sink);
		return 0;
	}
	if (got == 0) {
		errno = ENOSPC;
		return -1;
	}
	return got;
}

/* The first size bytes of the stage, whole blocks if this is SINK_DIRECT, to where they belong. */
static int write_stage(struct writer_sink *sink, size_t size, struct mmr_error *err)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got =
			write_some(sink, sink->stage + done, size - done, sink->offset + done);

		if (got < 0)
			return failed(sink, errno, err);
		if (sink->mode == SINK_DIRECT && (size_t)got < size - done)
			got -= got % BLOCK; /* the next write tells why */
		done += (size_t)got;
	}
	return 0;
}

/* Forgets the first size bytes of the stage, which are written. */
static void consume(struct writer_sink *sink, size_t size)
{
	sink->staged -= size;
	sink->offset += size;
	memmove(sink->stage, sink->stage + size, sink->staged);
	if (sink->mode != SINK_DROP || sink->offset - sink->dropped < DROP)
		return;
	/* Written back by the time the next few MiB are; then they can be dropped. */
	sync_file_range(sink->fd, (off_t)(sink->offset - DROP), DROP, SYNC_FILE_RANGE_WRITE);
	if (sink->offset - sink->dropped < 2 * DROP)
		return;
	sync_file_range(sink->fd, (off_t)sink->dropped, DROP,
	                SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
	                        SYNC_FILE_RANGE_WAIT_AFTER);
	posix_fadvise(sink->fd, (off_t)sink->dropped, DROP, POSIX_FADV_DONTNEED);
	sink->dropped += DROP;
}

/* Fills the last block up; how many bytes the stage holds then. */
static size_t pad(struct writer_sink *sink)
{
	size_t size = (BLOCK - sink->staged % BLOCK) % BLOCK;

	if (size == 0)
		return sink->staged;
	if (size < TRACE_SKIP_HEAD_SIZE)
		size += BLOCK;
	memset(sink->stage + sink->staged, 0, size);
	le32_put(sink->stage + sink->staged, PAD_SKIP);
	le32_put(sink->stage + sink->staged + 4, (uint32_t)size - TRACE_SKIP_HEAD_SIZE);
	return sink->staged + size;
}

int trace_sink_append(struct writer_sink *sink, const void *data, size_t size,
                      struct mmr_error *err)
{
	const uint8_t *p = data;
	int ret = 0;

	if (sink->mode != SINK_STREAM)
		ret = ensure_room(sink, sink->offset + sink->staged + size, err);
	while (size > 0 && ret == 0) {
		size_t part = size < STAGE - sink->staged ? size : STAGE - sink->staged;

		memcpy(sink->stage + sink->staged, p, part);
		sink->staged += part;
		p += part;
		size -= part;
		if (sink->staged < STAGE)
			break;
		ret = write_stage(sink, STAGE, err);
		if (ret == 0)
			consume(sink, STAGE);
	}
	return ret;
}

int trace_sink_flush(struct writer_sink *sink, struct mmr_error *err)
{
	int ret;

	if (sink->staged == 0)
		return 0;
	ret = write_stage(sink, sink->mode == SINK_DIRECT ? pad(sink) : sink->staged, err);
	if (ret == 0)
		consume(sink, sink->mode == SINK_DIRECT ? sink->staged - sink->staged % BLOCK
		                                        : sink->staged);
	return ret;
}

int trace_sink_cut(struct writer_sink *sink, uint64_t to)
{
	sink->staged = 0;
	if (sink->mode == SINK_STREAM)
		return MMR_E_IO;
	/* It may end within a block whose beginning is not in the stage any more. */
	if (sink->mode == SINK_DIRECT)
		leave_direct(sink);
	sink->offset = to;
	sink->dropped = to;
	trace_sink_last(sink);
	return 0;
}

void trace_sink_last(struct writer_sink *sink)
{
	sink->reserve = 0;
}

int trace_sink_close(struct writer_sink *sink, struct mmr_error *err)
{
	uint64_t end = sink->offset + sink->staged;
	int ret = trace_sink_flush(sink, err);

	if (sink->mode == SINK_STREAM)
		return ret;
	if (ret == 0 && (ftruncate(sink->fd, (off_t)end) < 0 || fsync(sink->fd) < 0))
		ret = failed(sink, errno, err);
	if (ret == 0 && sink->mode == SINK_DROP)
		posix_fadvise(sink->fd, 0, 0, POSIX_FADV_DONTNEED);
	return ret;
}
