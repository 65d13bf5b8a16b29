/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A frame is not copied: what has been read becomes the kept one's, and is lent from then on. */
#include "kept.h"

#include <stdatomic.h>

#include "alloc.h"
#include "error_set.h"

struct kept_frame {
	uint8_t *data; /* NULL: it is not kept */
	size_t capacity;
	struct trace_head head;
};

struct trace_kept {
	uint64_t limit;
	_Atomic uint64_t held; /* bytes of frames */
	size_t nr_frames;
	struct kept_frame *frames; /* by entry */
};

int trace_kept_create(struct mmr_trace *trace, uint64_t limit, struct mmr_error *err)
{
	struct trace_kept *kept = base_calloc_err(1, sizeof(*kept), "frames", err);

	if (!kept)
		return MMR_E_NOMEM;
	kept->limit = limit;
	kept->nr_frames = trace->entries.count;
	kept->frames = base_calloc_err(kept->nr_frames + 1, sizeof(*kept->frames), "frames", err);
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
		base_free(kept->frames[i].data);
	base_free(kept->frames);
	base_free(kept);
	trace->kept = NULL;
}

/* Where there is no room for it, the frame is decompressed again. */
static void keep(struct trace_kept *kept, size_t entry, struct trace_content *content)
{
	const size_t size = content->capacity;

	if (atomic_fetch_add(&kept->held, size) + size > kept->limit) {
		atomic_fetch_sub(&kept->held, size);
		return;
	}
	kept->frames[entry] = (struct kept_frame){
		.data = content->data,
		.capacity = size,
		.head = content->head,
	};
	content->lent = true;
}

static void lend(const struct kept_frame *frame, struct trace_content *content)
{
	if (!content->lent)
		base_free(content->data);
	content->data = frame->data;
	content->capacity = frame->capacity;
	content->head = frame->head;
	content->lent = true;
}

int trace_kept_read(const struct mmr_trace *trace, struct trace_unzip *unzip, size_t entry,
                    struct trace_content *content, struct mmr_error *err)
{
	int ret;

	if (trace->kept && trace->kept->frames[entry].data) {
		lend(&trace->kept->frames[entry], content);
		return 0;
	}
	ret = trace_entry_read(trace, unzip, &trace->entries.items[entry], content, err);
	if (ret == 0 && trace->kept)
		keep(trace->kept, entry, content);
	return ret;
}
