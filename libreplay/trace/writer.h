/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What writer.c (file, texts), writer_list.c, writer_pages.c (sub-buffers) and writer_index.c share. */
#ifndef TRACE_WRITER_PRIVATE_H
#define TRACE_WRITER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <zstd.h>

#include <mmreplay/trace_writer.h>

#include "container.h"

/* A compressor and where its output goes; one for each thread that compresses. */
struct writer_zstd {
	ZSTD_CCtx *cctx;
	uint8_t *out;
	size_t out_size;
};

/* Owned by the thread that feeds this CPU. */
struct writer_cpu {
	struct writer_zstd zstd;
	uint8_t *raw; /* room for the head, then sub-buffers */
	size_t used;  /* bytes of sub-buffers in raw */
	struct trace_head head;
	struct trace_cpu_total total;
	uint64_t stat_lost;             /* as the kernel's own statistics have it */
	uint64_t located_lost;          /* of which frames tell already */
	struct mmr_event_count *counts; /* by event id */
	uint32_t nr_counts;
};

struct writer_text {
	char *name;
	uint8_t *data;
	size_t size;
};

DEFINE_VEC(writer_text_vec, struct writer_text);

struct mmr_writer {
	struct mmr_writer_options options;
	char *path;
	char *partial;
	int fd;
	bool begun;
	bool in_snapshot;

	pthread_mutex_t lock; /* the next three */
	uint64_t offset;
	struct trace_entry_vec entries;
	struct mmr_error error; /* the first failure of the file; all later calls give it again */

	atomic_bool failed;
	struct writer_zstd zstd; /* for lists */
	struct trace_buffer list;
	struct trace_head list_head;
	uint32_t sequence[TRACE_FRAME_TOTALS + 1];
	uint32_t nr_snapshots;
	uint32_t nr_access;
	struct writer_text_vec texts;
	struct writer_text_vec trailer;
	uint8_t *group_of_id; /* enum mmr_event_group by event id */
	uint32_t nr_groups;

	atomic_uint_fast64_t nr_events;
	atomic_uint_fast64_t nr_lost;
	atomic_uint_fast64_t raw_bytes;
	atomic_uint_fast64_t file_bytes;
	atomic_uint_fast64_t by_group[MMR_NR_EVENT_GROUPS];
	struct writer_cpu *cpus;
};

/* Compressor for contents of up to content bytes. 0 or MMR_E_NOMEM; free with the second. */
int trace_writer_zstd_init(struct writer_zstd *z, int level, size_t content) MMR_MUST_CHECK;
void trace_writer_zstd_deinit(struct writer_zstd *z);

/* Puts head before its payload (content has room for it), compresses, appends. Any thread. */
int trace_writer_frame(struct mmr_writer *w, struct writer_zstd *z, uint8_t *content,
                       const struct trace_head *head, struct mmr_error *err) MMR_MUST_CHECK;

/* The first failure again; 0 if there was none. */
int trace_writer_check(struct mmr_writer *w, struct mmr_error *err) MMR_MUST_CHECK;

/* Starts a list of that kind; whatever was collected before is dropped. */
int trace_writer_list_begin(struct mmr_writer *w, enum trace_frame_kind kind, uint32_t number,
                            uint32_t aux, struct mmr_error *err) MMR_MUST_CHECK;
/* Adds a blob; writes a frame when one is full. */
int trace_writer_list_add(struct mmr_writer *w, struct trace_blob blob,
                          struct mmr_error *err) MMR_MUST_CHECK;
int trace_writer_add_texts(struct mmr_writer *w, const struct writer_text_vec *texts,
                           struct mmr_error *err) MMR_MUST_CHECK;
/* Writes the blobs collected so far as a frame with these flags. */
int trace_writer_list_flush(struct mmr_writer *w, uint16_t flags,
                            struct mmr_error *err) MMR_MUST_CHECK;

/* Writes the trailer's texts. */
int trace_writer_trailer(struct mmr_writer *w, struct mmr_error *err) MMR_MUST_CHECK;

/* Renames path to path.old. */
int trace_writer_set_aside(const char *path, struct mmr_error *err) MMR_MUST_CHECK;

/* Closes and frees; gives ret back. */
int trace_writer_free(struct mmr_writer *w, int ret);

/* Writes what a CPU has collected. */
int trace_writer_flush(struct mmr_writer *w, uint32_t cpu, struct mmr_error *err) MMR_MUST_CHECK;

#endif
