/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is handed out is a copy: streams own their frames, and 256 KiB are copied in a tenth of what zstd takes. */
#include "kept.h"

#include <stdatomic.h>
#include <string.h>

#include "alloc.h"
#include "error_set.h"

struct kept_frame {
	size_t size;
	struct trace_head head;
	uint8_t data[];
};

struct trace_kept {
	uint64_t limit;
	_Atomic uint64_t held; /* bytes of frames */
	size_t nr_frames;
	struct kept_frame **frames; /* by entry; NULL: it is not kept */
};

int trace_kept_create(struct mmr_trace *trace, uint64_t limit, struct mmr_error *err)
{
	struct trace_kept *kept = base_calloc_err(1, sizeof(*kept), "frames", err);

	if (!kept)
		return MMR_E_NOMEM;
	kept->limit = limit;
	kept->nr_frames = trace->entries.count;
	kept->frames =
		base_calloc_err(kept->nr_frames + 1, sizeof(struct kept_frame *), "frames", err);
	if (!kept->frames) {
		base_free(kept);
		return MMR_E_NOMEM;
	}
	trace->kept = kept;
	return 0;
}

void trace_kept_destroy(struct mmr_trace *trace)
{
	struct trace_kept *kept = trace->kept;

	if (!kept)
		return;
	for (size_t i = 0; i < kept->nr_frames; i++)
		base_free(kept->frames[i]);
	base_free(kept->frames);
	base_free(kept);
	trace->kept = NULL;
}

/* Where there is no room or no memory, the frame is decompressed again. */
static void keep(struct trace_kept *kept, size_t entry, const struct trace_content *content)
{
	const size_t size = TRACE_HEAD_SIZE + (size_t)content->head.payload;
	struct kept_frame *frame;

	if (atomic_fetch_add(&kept->held, size) + size > kept->limit) {
		atomic_fetch_sub(&kept->held, size);
		return;
	}
	frame = base_calloc(1, sizeof(*frame) + size);
	if (!frame)
		return;
	frame->size = size;
	frame->head = content->head;
	memcpy(frame->data, content->data, size);
	kept->frames[entry] = frame;
}

static int hand_out(const struct kept_frame *frame, struct trace_content *content,
                    struct mmr_error *err)
{
	if (trace_content_room(content, frame->size) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for a frame");
	memcpy(content->data, frame->data, frame->size);
	content->head = frame->head;
	return 0;
}

int trace_kept_read(const struct mmr_trace *trace, struct trace_unzip *unzip, size_t entry,
                    struct trace_content *content, struct mmr_error *err)
{
	int ret;

	if (trace->kept && trace->kept->frames[entry])
		return hand_out(trace->kept->frames[entry], content, err);
	ret = trace_entry_read(trace, unzip, &trace->entries.items[entry], content, err);
	if (ret == 0 && trace->kept)
		keep(trace->kept, entry, content);
	return ret;
}
