/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that feed a writer as the readers of the ring buffers do: event n of a CPU frees page n, at
 * a time of its own, so that what is missing or doubled in a file shows.
 */
#ifndef TESTS_WRITER_FEED_H
#define TESTS_WRITER_FEED_H

#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include <mmreplay/trace.h>

#include "trace_model.h"

#define FEED_EVENTS_A_PAGE 150u
#define FEED_STEP_NS       1000u

struct feed {
	struct mmr_writer *writer;
	uint32_t cpu;
	uint32_t nr_pages;
	uint32_t pause_us; /* after each page */
	/* How many pages may be fed so far, and were; limit NULL: all of them. */
	const _Atomic uint32_t *limit;
	_Atomic uint32_t nr_fed;
	uint64_t next; /* event */
	pthread_t thread;
	int ret;
	struct mmr_error err;
};

/* Event n of all CPUs: times do not collide. */
static inline uint64_t feed_time(uint64_t n, uint32_t cpu)
{
	return 1000000 + n * FEED_STEP_NS + cpu;
}

static inline int feed_page(struct feed *f)
{
	struct test_page page;

	page_begin(&page, feed_time(f->next, f->cpu) - FEED_STEP_NS);
	for (uint32_t i = 0; i < FEED_EVENTS_A_PAGE; i++, f->next++) {
		struct model_event e = { .pfn = f->next, .pid = 1, .id = MODEL_FREE_ID };

		model_record(&page, FEED_STEP_NS, &e);
	}
	return mmr_writer_pages(f->writer, f->cpu, page.bytes, 1, &f->err);
}

static inline void *feed_run(void *data)
{
	struct feed *f = data;

	for (uint32_t i = 0; i < f->nr_pages && f->ret == 0; i++) {
		while (f->limit && i >= atomic_load(f->limit))
			usleep(200);
		f->ret = feed_page(f);
		atomic_store(&f->nr_fed, i + 1);
		if (f->pause_us)
			usleep(f->pause_us);
	}
	return NULL;
}

static inline void feed_start(struct feed *f, struct mmr_writer *w, uint32_t cpu, uint32_t nr_pages)
{
	f->writer = w;
	f->cpu = cpu;
	f->nr_pages = nr_pages;
	assert_int_equal(pthread_create(&f->thread, NULL, feed_run, f), 0);
}

/* Until every one of the feeds has fed nr_pages. */
static inline void feed_await(struct feed *feeds, uint32_t nr_feeds, uint32_t nr_pages)
{
	for (uint32_t i = 0; i < nr_feeds; i++)
		while (atomic_load(&feeds[i].nr_fed) < nr_pages)
			usleep(200);
}

static inline void feed_join(struct feed *f)
{
	pthread_join(f->thread, NULL);
	if (f->ret < 0)
		print_message("# %s\n", f->err.text);
}

/* What a file holds of one CPU. */
struct fed {
	uint64_t first;
	uint64_t next; /* behind the last */
	uint64_t nr_events;
};

/* Reads path: the events of each CPU must follow one another. The trace stays open. */
static inline struct mmr_trace *feed_read(const char *path, struct fed *fed, uint32_t nr_cpus)
{
	struct mmr_error err = { 0 };
	struct mmr_event event;
	struct mmr_trace *trace;
	int ret;

	memset(fed, 0, nr_cpus * sizeof(*fed));
	ret = mmr_trace_open(path, NULL, &trace, &err);
	if (ret < 0)
		fail_msg("%s: %s", path, err.text);
	while ((ret = mmr_trace_next(trace, &event, &err)) > 0) {
		struct fed *f;

		assert_int_equal(event.kind, MMR_EVENT_MM_PAGE_FREE);
		assert_true(event.cpu < nr_cpus);
		f = &fed[event.cpu];
		if (f->nr_events++ == 0)
			f->first = f->next = event.page.pfn;
		assert_int_equal(event.page.pfn, f->next);
		assert_int_equal(event.t_ns, feed_time(f->next, event.cpu));
		f->next++;
	}
	assert_int_equal(ret, 0);
	return trace;
}

#endif
