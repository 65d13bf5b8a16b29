/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Access samples on their way into frames. A sample is a list of its own: a bitmap is the blobs "mark",
 * "idle" and "known", single addresses are one blob "uses" of rows as struct mmr_access_use has them, contents one blob
 * "contents" of struct mmr_access_content.
 */
#include "error_set.h"
#include "writer.h"

static_assert(sizeof(struct mmr_access_use) == TRACE_USE_SIZE, "rows are written as they are");

static_assert(sizeof(struct mmr_access_content) == TRACE_CONTENT_SIZE, "likewise");

static int add_bitmap(struct mmr_writer *w, const struct mmr_access_sample *sample,
                      struct mmr_error *err)
{
	struct trace_blob blob = {
		.name = "mark",
		.name_size = 4,
		.begin_ns = sample->mark_begin_ns,
		.end_ns = sample->mark_end_ns,
	};
	int ret = trace_list_add(w, &w->access_list, blob, err);

	blob = (struct trace_blob){
		.name = "idle",
		.name_size = 4,
		.data = sample->idle,
		.size = (sample->nr_pfns + 7) / 8,
		.offset = sample->first_pfn / 8,
		.begin_ns = sample->begin_ns,
		.end_ns = sample->end_ns,
	};
	if (ret == 0)
		ret = trace_list_add(w, &w->access_list, blob, err);
	if (ret < 0 || !sample->known)
		return ret;
	blob.name = "known";
	blob.name_size = 5;
	blob.data = sample->known;
	return trace_list_add(w, &w->access_list, blob, err);
}

static int add_rows(struct mmr_writer *w, const struct mmr_access_sample *sample,
                    struct mmr_error *err)
{
	bool uses = sample->kind == MMR_ACCESS_USES;

	return trace_list_add(w, &w->access_list,
	                      (struct trace_blob){
				      .name = uses ? "uses" : "contents",
				      .name_size = uses ? 4 : 8,
				      .data = uses ? (const uint8_t *)sample->uses
	                                           : (const uint8_t *)sample->contents,
				      .size = uses ? sample->nr_uses * TRACE_USE_SIZE
	                                           : sample->nr_contents * TRACE_CONTENT_SIZE,
				      .begin_ns = sample->begin_ns,
				      .end_ns = sample->end_ns,
			      },
	                      err);
}

/* Under the lock of samples. */
static int write_sample(struct mmr_writer *w, const struct mmr_access_sample *sample,
                        struct mmr_error *err)
{
	struct writer_list *list = &w->access_list;
	int ret = trace_list_begin(list, TRACE_FRAME_ACCESS, w->nr_access, sample->kind, err);

	if (ret < 0)
		return ret;
	list->head.first_ns = sample->begin_ns;
	list->head.last_ns = sample->end_ns;
	list->head.count = sample->kind == MMR_ACCESS_BITMAP ? sample->nr_pfns : 0;
	ret = sample->kind == MMR_ACCESS_BITMAP ? add_bitmap(w, sample, err)
	                                        : add_rows(w, sample, err);
	if (ret == 0)
		ret = trace_list_flush(w, list, TRACE_FRAME_LAST, err);
	if (ret == 0)
		w->nr_access++;
	return ret;
}

int mmr_writer_access(struct mmr_writer *w, const struct mmr_access_sample *sample,
                      struct mmr_error *err)
{
	int ret = trace_writer_check(w, err);

	if (ret < 0)
		return ret;
	if (!w->begun || sample->nr_pfns > UINT32_MAX || sample->first_pfn % 64 != 0 ||
	    sample->nr_uses > TRACE_MAX_USES || sample->nr_contents > TRACE_MAX_USES ||
	    sample->kind > MMR_ACCESS_CONTENTS)
		return base_error(err, MMR_E_INVALID, "an access sample cannot be written here");
	pthread_mutex_lock(&w->access);
	ret = write_sample(w, sample, err);
	pthread_mutex_unlock(&w->access);
	return ret;
}
