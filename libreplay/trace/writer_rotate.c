/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A change of file takes a place in the order of frames: what was collected before it goes into the old
 * file, what comes after into the new one. Who hands pages over waits as long as it takes to hand over the
 * last frame of each CPU; index, sync and name of the old file are the output thread's work, while the arena
 * holds what comes.
 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "error_set.h"
#include "writer.h"

static void make_id(struct mmr_writer *w)
{
	uint8_t bytes[16];

	if (getrandom(bytes, sizeof(bytes), GRND_NONBLOCK) != (ssize_t)sizeof(bytes)) {
		/* Early in a boot. What differs between two recordings is enough. */
		const void *where = w;

		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes, &where, sizeof(where));
		getrandom(bytes + 8, 8, GRND_INSECURE);
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(w->rotation_id + 2 * i, 3, "%02x", bytes[i]);
}

int trace_rotation_texts(struct mmr_writer *w, uint32_t number, struct writer_texts *texts,
                         struct mmr_error *err)
{
	int ret;

	if (w->rotation_id[0] == '\0')
		make_id(w);
	ret = trace_texts_add(texts, "rotation.id", w->rotation_id, strlen(w->rotation_id), err);
	return ret < 0 ? ret : trace_texts_number(texts, "rotation.part", number, err);
}

/* The end of the old file and the beginning of the new one, when it is their turn. */
static int change(struct mmr_writer *w, struct writer_part *next, const struct writer_texts *texts,
                  struct mmr_error *err)
{
	struct writer_texts trailer;
	int ret;

	pthread_mutex_lock(&w->lock);
	trailer = w->trailer;
	w->trailer = (struct writer_texts){ 0 };
	pthread_mutex_unlock(&w->lock);
	ret = trace_list_trailer(w, &w->list, &trailer, err);
	trace_texts_deinit(&trailer);
	if (ret < 0) {
		trace_part_abort(next);
		return ret;
	}
	ret = trace_writer_next_part(w, next, err);
	if (ret < 0)
		return ret;
	memset(w->list.sequence, 0, sizeof(w->list.sequence));
	memset(w->access_list.sequence, 0, sizeof(w->access_list.sequence));
	w->nr_snapshots = 0;
	w->nr_access = 0;
	atomic_fetch_add(&w->part_number, 1);
	return trace_list_header(w, &w->list, texts, err);
}

int mmr_writer_rotate(struct mmr_writer *w, const char *path, struct mmr_error *err)
{
	uint32_t number = atomic_load(&w->part_number) + 1;
	struct writer_texts texts = { 0 };
	struct writer_part *next = NULL;
	uint64_t ticket;
	int ret = trace_writer_check(w, err);

	if (ret < 0)
		return ret;
	if (!w->begun || w->in_snapshot || !w->options.rotate)
		return base_error(err, MMR_E_INVALID, "%s: the file cannot change here", path);
	ret = trace_rotation_texts(w, number, &texts, err);
	if (ret == 0)
		ret = trace_part_open(&next, path, &w->options, err);
	if (ret < 0) {
		trace_texts_deinit(&texts);
		return ret;
	}
	next->number = number;
	pthread_mutex_lock(&w->access);
	ret = trace_writer_flush_all(w, true, &ticket, err);
	trace_queue_wait(w, ticket);
	if (ret == 0)
		ret = change(w, next, &texts, err);
	else
		trace_part_abort(next);
	trace_queue_pass(w);
	pthread_mutex_unlock(&w->access);
	trace_texts_deinit(&texts);
	return ret;
}
