/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The form is that of mmreplay-trace(5), "DATA". What was lost stands in the commit word of the
 * sub-buffer behind the loss, with the number behind its records: a loss ends a sub-buffer.
 */
#include "subbuf_writer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"

#define HEAD          16u /* time stamp, commit */
#define TAIL          8u  /* number of events missed */
#define WORDS_IN_TYPE 28u /* longer records have their length in a word of its own */
#define TIME_EXTEND   30u
#define DELTA_BITS    27u

#define MISSED_EVENTS (1ull << 31)
#define MISSED_STORED (1ull << 30)

static void put32(struct subbuf_writer *w, uint32_t word)
{
	memcpy(w->page + HEAD + w->used, &word, sizeof(word));
	w->used += (uint32_t)sizeof(word);
}

int subbuf_writer_init(struct subbuf_writer *w, struct mmr_writer *writer, uint32_t stream,
                       uint32_t size, struct mmr_error *err)
{
	*w = (struct subbuf_writer){ .writer = writer, .stream = stream, .size = size };
	w->page = calloc(1, size);
	if (!w->page)
		return failure(err, MMR_E_NOMEM, "out of memory for a sub-buffer");
	memset(w->page, 0, size); /* fault it in before tracing */
	return 0;
}

void subbuf_writer_deinit(struct subbuf_writer *w)
{
	free(w->page);
	w->page = NULL;
}

uint32_t subbuf_writer_limit(const struct subbuf_writer *w)
{
	return w->size - HEAD - TAIL - 16; /* time extend, header of a long record */
}

/* Bytes of a record with its header. */
static uint32_t whole_size(uint32_t size, bool extended)
{
	return (extended ? 8u : 0u) + (size > WORDS_IN_TYPE * 4 ? 8u : 4u) + size;
}

int subbuf_writer_add(struct subbuf_writer *w, uint64_t t_ns, const void *data, uint32_t size,
                      struct mmr_error *err)
{
	uint64_t delta = t_ns > w->t_ns ? t_ns - w->t_ns : 0;
	bool extended = w->used > 0 && delta >> DELTA_BITS;

	if (w->used > 0 && HEAD + w->used + whole_size(size, extended) + TAIL > w->size) {
		int ret = subbuf_writer_flush(w, err);

		if (ret < 0)
			return ret;
	}
	w->t_ns += delta;
	if (w->used == 0) {
		memcpy(w->page, &w->t_ns, sizeof(w->t_ns));
		delta = 0;
	} else if (extended) {
		put32(w, (uint32_t)(delta & ((1u << DELTA_BITS) - 1)) << 5 | TIME_EXTEND);
		put32(w, (uint32_t)(delta >> DELTA_BITS));
		delta = 0;
	}
	if (size > WORDS_IN_TYPE * 4) {
		put32(w, (uint32_t)delta << 5);
		put32(w, size + 4);
	} else {
		put32(w, (uint32_t)delta << 5 | size / 4);
	}
	memcpy(w->page + HEAD + w->used, data, size);
	w->used += size;
	return 0;
}

int subbuf_writer_missed(struct subbuf_writer *w, uint64_t nr_events, struct mmr_error *err)
{
	int ret = subbuf_writer_flush(w, err);

	w->nr_missed += nr_events;
	w->nr_missed_all += nr_events;
	return ret;
}

int subbuf_writer_flush(struct subbuf_writer *w, struct mmr_error *err)
{
	uint64_t commit = w->used;
	uint8_t *end = w->page + HEAD + w->used;

	if (w->used == 0)
		return 0;
	memset(end, 0, w->size - HEAD - w->used);
	if (w->nr_missed > 0) {
		commit |= MISSED_EVENTS | MISSED_STORED;
		memcpy(end, &w->nr_missed, sizeof(w->nr_missed));
		w->nr_missed = 0;
	}
	memcpy(w->page + 8, &commit, sizeof(commit));
	w->used = 0;
	return mmr_writer_pages(w->writer, w->stream, w->page, 1, err);
}
