/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frames of page requests, both ways. The numbers of a frame are laid out byte by byte (the lowest bytes of
 * all numbers, then the second ones …): zstd packs the upper bytes, which differ little, and copies the
 * lowest, which do not pack.
 */
#include <mmreplay/trace_requests.h>

#include <string.h>

#include "error_set.h"
#include "le.h"
#include "reader.h"
#include "writer.h"

#define COLUMNS     2u /* pages, ticks */
#define COLUMN_SIZE 4u

static void put_planes(uint8_t *to, const uint32_t *numbers, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		to[i] = (uint8_t)numbers[i];
		to[(size_t)nr + i] = (uint8_t)(numbers[i] >> 8);
		to[2 * (size_t)nr + i] = (uint8_t)(numbers[i] >> 16);
		to[3 * (size_t)nr + i] = (uint8_t)(numbers[i] >> 24);
	}
}

static void get_planes(const uint8_t *restrict from, uint32_t *restrict numbers, uint32_t nr)
{
	const uint8_t *restrict second = from + nr;
	const uint8_t *restrict third = second + nr;
	const uint8_t *restrict fourth = third + nr;

	for (uint32_t i = 0; i < nr; i++)
		numbers[i] = (uint32_t)from[i] | (uint32_t)second[i] << 8 |
		             (uint32_t)third[i] << 16 | (uint32_t)fourth[i] << 24;
}

int mmr_writer_requests(struct mmr_writer *w, const struct mmr_requests *requests,
                        struct mmr_error *err)
{
	struct writer_list *list = &w->list;
	size_t size = (size_t)requests->nr * COLUMNS * COLUMN_SIZE;
	int ret = trace_writer_check(w, err);

	if (ret < 0)
		return ret;
	if (!w->begun || w->in_snapshot || requests->nr == 0 || requests->nr > MMR_MAX_REQUESTS)
		return base_error(err, MMR_E_INVALID, "requests cannot be written here");
	ret = trace_list_begin(list, TRACE_FRAME_REQUESTS, 0, requests->tick_ns, err);
	if (ret == 0 && trace_buffer_room(&list->bytes, size) < 0)
		ret = base_error(err, MMR_E_NOMEM, "out of memory for a frame");
	if (ret < 0)
		return ret;
	put_planes(list->bytes.data + list->bytes.used, requests->pages, requests->nr);
	put_planes(list->bytes.data + list->bytes.used + size / COLUMNS, requests->ticks,
	           requests->nr);
	list->bytes.used += size;
	list->bytes.count = requests->nr;
	list->head.first_ns = requests->first_ns;
	list->head.last_ns = requests->last_ns;
	return trace_list_flush(w, list, TRACE_FRAME_LAST, err);
}

bool trace_requests_sound(const struct trace_head *head)
{
	return head->count > 0 && head->count <= MMR_MAX_REQUESTS &&
	       head->payload == head->count * COLUMNS * COLUMN_SIZE;
}

static uint32_t largest(const uint32_t *numbers, uint32_t nr)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < nr; i++)
		most = numbers[i] > most ? numbers[i] : most;
	return most;
}

/* The columns of a frame as arrays. false: they make no sense. */
static bool unpack(struct trace_request_reader *reader, const struct trace_content *content,
                   struct mmr_requests *requests)
{
	const struct trace_head *head = &content->head;
	const uint8_t *payload = content->data + TRACE_HEAD_SIZE;
	uint32_t nr = (uint32_t)head->count, most;

	if (!trace_requests_sound(head))
		return false;
	get_planes(payload, reader->pages, nr);
	get_planes(payload + head->payload / COLUMNS, reader->ticks, nr);
	most = largest(reader->pages, nr);
	if (most >= reader->nr_requests)
		return false;
	if (most >= reader->nr_pages)
		reader->nr_pages = most + 1;
	*requests = (struct mmr_requests){
		.pages = reader->pages,
		.ticks = reader->ticks,
		.nr = nr,
		.tick_ns = head->aux,
		.first_ns = head->first_ns,
		.last_ns = head->last_ns,
		.nr_pages = reader->nr_pages,
	};
	return true;
}

static int make_room(struct trace_request_reader *reader, struct mmr_error *err)
{
	if (!reader->pages)
		reader->pages = base_calloc(MMR_MAX_REQUESTS, sizeof(*reader->pages));
	if (!reader->ticks)
		reader->ticks = base_calloc(MMR_MAX_REQUESTS, sizeof(*reader->ticks));
	if (!reader->pages || !reader->ticks)
		return base_error(err, MMR_E_NOMEM, "out of memory for requests");
	return 0;
}

int mmr_trace_next_requests(struct mmr_trace *trace, struct mmr_requests *requests,
                            struct mmr_error *err)
{
	struct trace_request_reader *reader = &trace->requests;
	int ret = trace_index_load(trace, err);

	if (ret == 0)
		ret = make_room(reader, err);
	while (ret == 0 && reader->next < trace->entries.count) {
		const struct trace_entry *entry = &trace->entries.items[reader->next++];
		struct mmr_error why = { 0 };

		if (entry->kind != TRACE_FRAME_REQUESTS)
			continue;
		/* What a damaged frame had is unknown, but not more than this. */
		reader->nr_requests +=
			entry->count < MMR_MAX_REQUESTS ? entry->count : MMR_MAX_REQUESTS;
		ret = trace_entry_read(trace, &trace->unzip, entry, &reader->content, &why);
		if (ret == 0 && unpack(reader, &reader->content, requests))
			return 1;
		if (ret == MMR_E_IO || ret == MMR_E_NOMEM) {
			if (err)
				*err = why;
			return ret;
		}
		trace_note_damage(trace, entry->offset, entry->size,
		                  "a frame of requests is damaged");
		ret = 0;
	}
	return ret;
}

void trace_requests_rewind(struct trace_request_reader *reader)
{
	reader->next = 0;
	reader->nr_requests = 0;
	reader->nr_pages = 0;
}

void trace_requests_deinit(struct trace_request_reader *reader)
{
	trace_content_deinit(&reader->content);
	base_free(reader->pages);
	base_free(reader->ticks);
	*reader = (struct trace_request_reader){ 0 };
}
