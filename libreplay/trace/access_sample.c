/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Access samples, loaded one at a time; a sample's blobs are put together from its frames. */
#include <string.h>

#include "error_set.h"
#include "reader.h"

static bool is_named(const struct trace_blob *blob, const char *name)
{
	return blob->name_size == strlen(name) && memcmp(blob->name, name, blob->name_size) == 0;
}

static int append(struct trace_buffer *bytes, const struct trace_blob *blob)
{
	if (bytes->used + blob->size > TRACE_MAX_SNAPSHOT ||
	    trace_buffer_room(bytes, (size_t)blob->size) < 0)
		return MMR_E_NOMEM;
	if (blob->size)
		memcpy(bytes->data + bytes->used, blob->data, (size_t)blob->size);
	bytes->used += (size_t)blob->size;
	return 0;
}

static const char *blob_name(uint32_t kind)
{
	return kind == MMR_ACCESS_BITMAP ? "idle" : kind == MMR_ACCESS_USES ? "uses" : "contents";
}

static int take_blob(struct mmr_trace *trace, const struct trace_blob *blob,
                     struct mmr_access_sample *sample)
{
	bool first = !(blob->flags & TRACE_BLOB_CONTINUES);

	if (is_named(blob, "mark")) {
		sample->mark_begin_ns = blob->begin_ns;
		sample->mark_end_ns = blob->end_ns;
		return 0;
	}
	if (is_named(blob, "known"))
		return append(&trace->access_known, blob);
	if (!is_named(blob, blob_name(sample->kind)))
		return 0;
	sample->begin_ns = blob->begin_ns;
	sample->end_ns = blob->end_ns;
	if (first && blob->offset <= UINT64_MAX / 16)
		sample->first_pfn = blob->offset * 8;
	return append(&trace->access_bytes, blob);
}

/* Collects the frames of sample i; the last frame's head counts. */
static int collect(struct mmr_trace *trace, uint32_t i, struct mmr_access_sample *sample,
                   struct mmr_error *err)
{
	const struct trace_content *content = &trace->access;
	bool last = false;

	for (size_t at = trace->first_of_access[i]; at < trace->entries.count && !last; at++) {
		const struct trace_entry *entry = &trace->entries.items[at];
		struct trace_blob blob;
		size_t pos = 0;
		int ret;

		if (entry->kind != TRACE_FRAME_ACCESS || entry->number != i)
			continue;
		ret = trace_entry_read(trace, &trace->unzip, entry, &trace->access, err);
		if (ret < 0)
			return ret;
		last = content->head.flags & TRACE_FRAME_LAST;
		sample->nr_pfns = content->head.count;
		sample->kind = content->head.aux;
		while ((ret = trace_blob_next(content->data + TRACE_HEAD_SIZE,
		                              (size_t)content->head.payload, &pos, &blob)) > 0)
			if (take_blob(trace, &blob, sample) < 0)
				return base_error(err, MMR_E_NOMEM, "access sample %u is too large",
				                  i);
		if (ret < 0)
			return base_error(err, MMR_E_CORRUPT, "access sample %u makes no sense", i);
	}
	return last ? 0 : base_error(err, MMR_E_CORRUPT, "access sample %u is not whole", i);
}

static bool fits(const struct mmr_trace *trace, struct mmr_access_sample *sample)
{
	uint64_t size = (sample->nr_pfns + 7) / 8;

	if (sample->kind != MMR_ACCESS_BITMAP) {
		sample->nr_pfns = 0;
		sample->nr_uses = sample->kind == MMR_ACCESS_USES
		                          ? trace->access_bytes.used / TRACE_USE_SIZE
		                          : 0; /* of a later version */
		sample->uses = (const void *)trace->access_bytes.data;
		sample->nr_contents = sample->kind == MMR_ACCESS_CONTENTS
		                              ? trace->access_bytes.used / TRACE_CONTENT_SIZE
		                              : 0;
		sample->contents = (const void *)trace->access_bytes.data;
		return true;
	}
	sample->idle = trace->access_bytes.data;
	if (trace->access_known.used > 0)
		sample->known = trace->access_known.data;
	return sample->nr_pfns <= UINT32_MAX && trace->access_bytes.used >= size &&
	       (!sample->known || trace->access_known.used >= size);
}

int mmr_trace_access_sample(struct mmr_trace *trace, uint32_t i, struct mmr_access_sample *sample,
                            struct mmr_error *err)
{
	struct mmr_access_sample found = { 0 };
	int ret;

	if (i >= trace->totals.nr_access)
		return base_error(err, MMR_E_NOTFOUND, "there is no access sample %u", i);
	ret = trace_index_load(trace, err);
	if (ret < 0)
		return ret;
	if (trace->first_of_access[i] == UINT32_MAX)
		return base_error(err, MMR_E_CORRUPT, "access sample %u is missing", i);
	trace->access_bytes.used = 0;
	trace->access_known.used = 0;
	ret = collect(trace, i, &found, err);
	if (ret < 0)
		return ret;
	if (!fits(trace, &found))
		return base_error(err, MMR_E_CORRUPT, "access sample %u is too short", i);
	*sample = found;
	return 0;
}
