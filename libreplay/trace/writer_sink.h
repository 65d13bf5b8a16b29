/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a trace's bytes go: a file, with or without the page cache, or a stream. One thread at a time. */
#ifndef TRACE_WRITER_SINK_H
#define TRACE_WRITER_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>

enum writer_sink_mode {
	SINK_CACHED,
	SINK_DIRECT, /* O_DIRECT */
	SINK_DROP,   /* through the page cache, and out of it as it goes */
	SINK_STREAM, /* never goes back */
};

struct writer_sink {
	int fd;
	enum writer_sink_mode mode;
	const char *name; /* for messages; the owner's */
	void *memory;     /* of stage, which is aligned in it */
	uint8_t *stage;   /* the bytes from offset on that are not written, or not for good */
	size_t staged;
	uint64_t offset;
	uint64_t
		reserved; /* the file system has promised room up to here; UINT64_MAX: it does not */
	uint64_t reserve; /* room that is to be left for the file's end */
	uint64_t limit;   /* of the file's size */
	uint64_t dropped; /* SINK_DROP: what is before is out of the page cache */
};

/*
 * Takes fd, which stays the caller's if mode is SINK_STREAM and the sink's otherwise. SINK_DIRECT
 * becomes SINK_DROP where the file system does not have it. 0 or MMR_E_NOMEM.
 */
int trace_sink_init(struct writer_sink *sink, int fd, enum writer_sink_mode mode,
                    const char *name) MMR_MUST_CHECK;
void trace_sink_deinit(struct writer_sink *sink);

/* Adds bytes; they may stay in memory until the next flush. */
int trace_sink_append(struct writer_sink *sink, const void *data, size_t size,
                      struct mmr_error *err) MMR_MUST_CHECK;

/* What was appended is in the file: if the process dies now, all of it can be read. */
int trace_sink_flush(struct writer_sink *sink, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * After a failure: forgets what was appended behind to, and what comes next goes there and may use the
 * reserve. MMR_E_IO if this is a stream. The file is cut by trace_sink_close().
 */
int trace_sink_cut(struct writer_sink *sink, uint64_t to) MMR_MUST_CHECK;

/* The file's last bytes were appended: they may use the reserve. */
void trace_sink_last(struct writer_sink *sink);

/* Flushes, cuts the file behind the last byte, and syncs it. */
int trace_sink_close(struct writer_sink *sink, struct mmr_error *err) MMR_MUST_CHECK;

#endif
