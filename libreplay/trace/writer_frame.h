/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A compressed frame on its way from the compressors to a file, and how frames are compressed. */
#ifndef TRACE_WRITER_FRAME_H
#define TRACE_WRITER_FRAME_H

#include <zstd.h>

#include "container.h"

/* Events of one type in one frame. */
struct writer_count {
	uint64_t first_ns;
	uint64_t last_ns;
	uint32_t id;
	uint32_t nr_events;
};

struct writer_frame {
	struct trace_entry entry; /* its offset is given where it is written */
	const struct writer_count *counts;
	uint32_t nr_counts;
	bool first;          /* of its list */
	const uint8_t *data; /* entry.size bytes */
};

/* A compressor and where its output goes; one for each thread that compresses. */
struct writer_zip {
	ZSTD_CCtx *cctx;
	uint8_t *out;
	size_t out_size;
	int level;
};

/* Compressor for contents of up to content bytes. 0 or MMR_E_NOMEM; free with the second. */
int trace_zip_init(struct writer_zip *zip, int level, size_t content) MMR_MUST_CHECK;
void trace_zip_deinit(struct writer_zip *zip);
void trace_zip_set_level(struct writer_zip *zip, int level);

/* Puts head before its payload (content has room for it) and compresses both: frame's entry and data. */
int trace_zip_frame(struct writer_zip *zip, uint8_t *content, const struct trace_head *head,
                    struct writer_frame *frame, struct mmr_error *err) MMR_MUST_CHECK;

#endif
