/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sub-buffers on their way into data frames. Each CPU collects in a buffer of its own and compresses
 * it in the caller's thread when it is full, or when it spans more time than a crash should cost;
 * only the append takes a lock. The walk that counts events reads the record headers alone.
 */
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "subbuf.h"
#include "writer.h"

/* A frame spans at most this much time, so that a slow trace that is killed loses little. */
#define FRAME_SPAN_NS (10ull * 1000000000)

static int cpu_start(struct mmr_writer *w, struct writer_cpu *c, struct mmr_error *err)
{
	size_t content = TRACE_HEAD_SIZE + w->options.frame_size;

	c->raw = base_calloc_err(content, 1, "a frame", err);
	if (!c->raw)
		return MMR_E_NOMEM;
	if (trace_writer_zstd_init(&c->zstd, w->options.level, content) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for a compressor");
	return 0;
}

/* Makes the counts reach up to id. */
static int grow_counts(struct writer_cpu *c, uint32_t id)
{
	uint32_t count = (id | 255) + 1;
	void *counts = c->counts;

	if (base_resize(&counts, count, sizeof(*c->counts)) < 0)
		return MMR_E_NOMEM;
	c->counts = counts;
	memset(c->counts + c->nr_counts, 0, (count - c->nr_counts) * sizeof(*c->counts));
	c->nr_counts = count;
	return 0;
}

/* Counts the records of one sub-buffer into the frame's head and the CPU's totals. */
static int count_page(struct mmr_writer *w, struct writer_cpu *c, const uint8_t *page,
                      uint64_t by_group[MMR_NR_EVENT_GROUPS])
{
	struct trace_subbuf s;
	const uint8_t *data;
	uint32_t size;
	uint64_t nr_events = 0;

	trace_subbuf_init(&s, page, w->options.subbuf_size);
	c->head.lost += s.nr_missed;
	while (trace_subbuf_next(&s, &data, &size)) {
		uint32_t id = trace_record_id(data);
		struct mmr_event_count *count;

		if (id >= c->nr_counts && grow_counts(c, id) < 0)
			return MMR_E_NOMEM;
		count = &c->counts[id];
		if (count->nr_events++ == 0)
			count->first_ns = s.t_ns;
		count->last_ns = s.t_ns;
		by_group[id < w->nr_groups ? w->group_of_id[id] : MMR_GROUP_OTHER]++;
		if (nr_events++ == 0 && c->head.count == 0)
			c->head.first_ns = s.t_ns;
	}
	if (nr_events == 0)
		return 0;
	if (c->total.nr_events == 0)
		c->total.first_ns = c->head.first_ns;
	c->head.last_ns = s.t_ns;
	c->head.count += nr_events;
	c->total.last_ns = s.t_ns;
	c->total.nr_events += nr_events;
	return 0;
}

int trace_writer_flush(struct mmr_writer *w, uint32_t cpu, struct mmr_error *err)
{
	struct writer_cpu *c = &w->cpus[cpu];
	int ret;

	if (c->used == 0)
		return 0;
	c->located_lost += c->head.lost;
	/* In discard mode pages carry no marks: what the statistics grew by was lost hereabouts. */
	if (c->stat_lost > c->located_lost) {
		c->head.lost += c->stat_lost - c->located_lost;
		c->located_lost = c->stat_lost;
	}
	c->head.payload = c->used;
	ret = trace_writer_frame(w, &c->zstd, c->raw, &c->head, err);
	c->used = 0;
	c->head.sequence++;
	c->head.count = 0;
	c->head.lost = 0;
	c->head.first_ns = c->head.last_ns = 0;
	return ret;
}

/* Whether this page would stretch the frame too far in time. */
static bool spans_too_long(const struct writer_cpu *c, const uint8_t *page)
{
	uint64_t t_ns = le64_get(page);

	return c->head.count && t_ns > c->head.first_ns && t_ns - c->head.first_ns > FRAME_SPAN_NS;
}

static void publish(struct mmr_writer *w, uint64_t raw_bytes,
                    const uint64_t by_group[MMR_NR_EVENT_GROUPS])
{
	uint64_t nr_events = 0;

	for (int i = 0; i < MMR_NR_EVENT_GROUPS; i++) {
		if (by_group[i])
			atomic_fetch_add(&w->by_group[i], by_group[i]);
		nr_events += by_group[i];
	}
	atomic_fetch_add(&w->nr_events, nr_events);
	atomic_fetch_add(&w->raw_bytes, raw_bytes);
}

int mmr_writer_pages(struct mmr_writer *w, uint32_t cpu, const void *pages, size_t nr_pages,
                     struct mmr_error *err)
{
	uint32_t page_size = w->options.subbuf_size;
	uint64_t by_group[MMR_NR_EVENT_GROUPS] = { 0 };
	const uint8_t *page = pages;
	struct writer_cpu *c;
	int ret = trace_writer_check(w, err);

	if (ret < 0)
		return ret;
	if (!w->begun || cpu >= w->options.nr_streams)
		return base_error(err, MMR_E_INVALID, "pages of CPU %u: %s", cpu,
		                  w->begun ? "there is no such CPU" : "the header is not written");
	c = &w->cpus[cpu];
	if (!c->raw)
		ret = cpu_start(w, c, err);
	for (size_t i = 0; i < nr_pages && ret == 0; i++, page += page_size) {
		uint64_t lost = c->head.lost;

		if (c->used + page_size > w->options.frame_size || spans_too_long(c, page)) {
			ret = trace_writer_flush(w, cpu, err);
			lost = 0;
			if (ret < 0)
				break;
		}
		memcpy(c->raw + TRACE_HEAD_SIZE + c->used, page, page_size);
		c->used += page_size;
		if (count_page(w, c, page, by_group) < 0)
			ret = base_error(err, MMR_E_NOMEM, "out of memory for event counts");
		atomic_fetch_add(&w->nr_lost, c->head.lost - lost);
	}
	publish(w, (uint64_t)(page - (const uint8_t *)pages), by_group);
	return ret;
}

void mmr_writer_set_lost(struct mmr_writer *w, uint32_t cpu, uint64_t nr_lost)
{
	struct writer_cpu *c;
	uint64_t known;

	if (cpu >= w->options.nr_streams)
		return;
	c = &w->cpus[cpu];
	known = c->located_lost + c->head.lost;
	known = known > c->stat_lost ? known : c->stat_lost;
	if (nr_lost > known)
		atomic_fetch_add(&w->nr_lost, nr_lost - known);
	c->stat_lost = nr_lost;
}
