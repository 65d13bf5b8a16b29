/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between what a writer is given and what it compresses: texts and pieces of snapshots are changed when
 * they come, records when a frame of them is compressed, in the thread that does. Whatever becomes of
 * a frame then (a file, a pipe, the next of several files, a ring), no name was in it. All files of a
 * writer have one key, which is random, and gone with the writer.
 */
#include "writer_anonymize.h"

#include <string.h>
#include <sys/random.h>

#include "alloc.h"
#include "anonymize_record.h"
#include "error_set.h"
#include "writer.h"

struct writer_anon {
	struct anon_key key;
	struct anon_records records;
	struct anon_counts own;
	struct anon_counts *counts;
};

int trace_writer_anon_create(struct writer_anon **ret, struct mmr_error *err)
{
	struct writer_anon *a = base_calloc_err(1, sizeof(*a), "making names unknown", err);

	if (!a)
		return MMR_E_NOMEM;
	a->counts = &a->own;
	if (getrandom(&a->key, sizeof(a->key), 0) == (ssize_t)sizeof(a->key)) {
		*ret = a;
		return 0;
	}
	base_free(a);
	return base_error(err, MMR_E_IO, "no random numbers for a key");
}

void trace_writer_anon_free(struct writer_anon *a)
{
	if (!a)
		return;
	trace_anon_records_deinit(&a->records);
	explicit_bzero(a, sizeof(*a));
	base_free(a);
}

void trace_writer_anon_count(struct writer_anon *a, struct anon_counts *counts)
{
	a->counts = counts;
}

int trace_writer_anon_begin(struct writer_anon *a, const struct writer_texts *texts,
                            struct mmr_error *err)
{
	struct trace_formats formats = { 0 };
	uint32_t nr_bad;
	int ret = 0;

	for (size_t i = 0; i < texts->count && ret == 0; i++)
		ret = trace_formats_add(&formats, texts->items[i].name,
		                        (const char *)texts->items[i].data, texts->items[i].size);
	if (ret == 0)
		ret = trace_formats_load(&formats, &nr_bad);
	if (ret == 0)
		ret = trace_anon_records_init(&a->records, &a->key, &formats);
	trace_formats_deinit(&formats);
	return ret < 0 ? base_error(err, ret, "out of memory for the events' formats") : 0;
}

void trace_writer_anon_job(struct writer_anon *a, struct writer_job *job, uint32_t subbuf_size)
{
	uint32_t nr_unknown = 0;

	for (size_t at = 0; at < job->used; at += subbuf_size)
		nr_unknown += trace_anon_page(&a->records, job->raw + TRACE_HEAD_SIZE + at,
		                              subbuf_size, job->scratch);
	if (nr_unknown > 0)
		atomic_fetch_add(&a->counts->nr_unknown, nr_unknown);
}

int trace_writer_anon_text(struct writer_anon *a, const char *name, const void **data, size_t *size,
                           char **own)
{
	enum anon_text what = trace_anon_text(&a->key, name, *data, *size, own, size);

	if (what == ANON_DROP) {
		atomic_fetch_add(&a->counts->nr_dropped, 1);
		return 0;
	}
	if (what == ANON_CHANGED)
		*data = *own;
	return 1;
}

int trace_writer_anon_piece(struct writer_anon *a, struct mmr_snapshot_piece *piece,
                            char new_name[512], char **own)
{
	size_t size = 0;
	enum anon_text what = trace_anon_piece(&a->key, piece->name, (const char *)piece->data,
	                                       piece->size, own, &size, new_name);

	if (what == ANON_DROP) {
		atomic_fetch_add(&a->counts->nr_dropped, 1);
		return 0;
	}
	if (what == ANON_CHANGED) {
		piece->data = (const uint8_t *)*own;
		piece->size = size;
	}
	piece->name = new_name;
	return 1;
}
