/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sub-buffers of all CPUs in the order of their time stamps. trace.dat has one CPU behind the
 * other; the trace file gets them side by side, as a recorder would have written them, so that a
 * trace that is cut holds a beginning of all CPUs.
 */
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "tracedat.h"

/* One CPU: the run that is being given out. */
struct lane {
	struct dat_pages pages;
	const uint8_t *run;
	size_t nr_pages; /* in run */
	size_t next;
	uint64_t start; /* place in the file */
	bool ended;
};

static const uint8_t *next_page(const struct lane *lane, uint32_t page_size)
{
	return lane->run + lane->next * page_size;
}

/* Loads a run if there is none left. */
static int load(struct lane *lane, struct mmr_error *err)
{
	int ret;

	if (lane->ended || lane->next < lane->nr_pages)
		return 0;
	lane->next = lane->nr_pages = 0;
	ret = trace_dat_pages_next(&lane->pages, &lane->run, &lane->nr_pages, err);
	lane->ended = ret == 0;
	return ret < 0 ? ret : 0;
}

/* The lane whose next sub-buffer is the oldest, and the time of the second oldest; NULL at the end. */
static struct lane *oldest(struct lane *lanes, size_t nr_lanes, uint32_t page_size,
                           uint64_t *second_ns)
{
	struct lane *best = NULL;
	uint64_t best_ns = UINT64_MAX;

	*second_ns = UINT64_MAX;
	for (size_t i = 0; i < nr_lanes; i++) {
		uint64_t t_ns;

		if (lanes[i].ended)
			continue;
		t_ns = le64_get(next_page(&lanes[i], page_size));
		if (!best || t_ns < best_ns) {
			*second_ns = best ? best_ns : UINT64_MAX;
			best_ns = t_ns;
			best = &lanes[i];
		} else if (t_ns < *second_ns) {
			*second_ns = t_ns;
		}
	}
	return best;
}

static int give_pages(const struct dat_copy *copy, struct lane *lanes, struct mmr_error *err)
{
	uint32_t page_size = copy->buffer->page_size;
	size_t nr_lanes = copy->buffer->cpus.count;
	uint64_t second_ns;
	struct lane *lane;

	while ((lane = oldest(lanes, nr_lanes, page_size, &second_ns))) {
		const uint8_t *first = next_page(lane, page_size);
		uint64_t done = 0;
		size_t count = 1;
		int ret;

		while (lane->next + count < lane->nr_pages &&
		       le64_get(first + count * page_size) <= second_ns)
			count++;
		lane->next += count;
		ret = copy->take(copy->data, copy->buffer->cpus.items[lane - lanes].cpu, first,
		                 count, err);
		if (ret == 0)
			ret = load(lane, err);
		if (ret < 0)
			return ret;
		for (size_t i = 0; copy->progress && i < nr_lanes; i++)
			done += lanes[i].pages.pos - lanes[i].start;
		if (copy->progress)
			copy->progress(copy->data, done);
	}
	return 0;
}

int trace_dat_copy(const struct dat *dat, struct dat_copy *copy, struct mmr_error *err)
{
	size_t nr_lanes = copy->buffer->cpus.count;
	struct lane *lanes = base_calloc_err(nr_lanes, sizeof(*lanes), "CPUs", err);
	size_t opened = 0;
	int ret = lanes ? 0 : MMR_E_NOMEM;

	while (ret == 0 && opened < nr_lanes) {
		struct lane *lane = &lanes[opened];

		ret = trace_dat_pages_init(&lane->pages, dat, copy->buffer,
		                           &copy->buffer->cpus.items[opened++], err);
		lane->start = lane->pages.pos;
		if (ret == 0)
			ret = load(lane, err);
	}
	if (ret == 0)
		ret = give_pages(copy, lanes, err);
	for (size_t i = 0; i < opened; i++) {
		copy->nr_bad_chunks += lanes[i].pages.nr_bad_chunks;
		copy->truncated = copy->truncated || lanes[i].pages.truncated;
		trace_dat_pages_deinit(&lanes[i].pages);
	}
	base_free(lanes);
	return ret;
}
