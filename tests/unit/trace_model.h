/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A random trace and what is in it: events of three 6.12 formats and one unknown id on some CPUs,
 * written through mmr_writer_*() into small frames, with a full snapshot and an access sample.
 */
#ifndef TESTS_TRACE_MODEL_H
#define TESTS_TRACE_MODEL_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmreplay/trace_writer.h>

#include "rng.h"
#include "trace_pages.h"

#define MODEL_FREE_ID    584u
#define MODEL_EXEC_ID    300u
#define MODEL_UNKNOWN_ID 9u
#define MODEL_MAX_EVENTS 4096u

#define MODEL_COMMON                                                                   \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"         \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"         \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

static const char model_free_format[] =
	"name: mm_page_free\nID: 584\nformat:\n" MODEL_COMMON
	"\tfield:unsigned long pfn;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:unsigned int order;\toffset:16;\tsize:4;\tsigned:0;\n\n"
	"print fmt: \"pfn=0x%lx order=%d\", REC->pfn, REC->order\n";

static const char model_exec_format[] =
	"name: sched_process_exec\nID: 300\nformat:\n" MODEL_COMMON
	"\tfield:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:0;\n"
	"\tfield:pid_t pid;\toffset:12;\tsize:4;\tsigned:1;\n"
	"\tfield:pid_t old_pid;\toffset:16;\tsize:4;\tsigned:1;\n\n"
	"print fmt: \"filename=%s pid=%d old_pid=%d\", __get_str(filename), REC->pid, REC->old_pid\n";

static const char model_zoneinfo[] =
	"Node 0, zone      DMA\n"
	"  pages free     100\n"
	"        min      1\n        low      2\n        high     3\n"
	"        spanned  4095\n        present  3998\n        managed  3840\n"
	"        protection: (0, 457, 457, 457)\n"
	"  start_pfn:           1\n"
	"Node 0, zone    DMA32\n        spanned  0\n        present  0\n"
	"Node 0, zone   Normal\n"
	"        min      10\n        low      20\n        high     30\n"
	"        spanned  1000\n        present  900\n        managed  800\n"
	"        protection: (0, 0, 0, 0)\n"
	"    cpu: 0\n              high:  7410\n"
	"  start_pfn:           4096\n";

struct model_event {
	uint64_t t_ns;
	uint64_t pfn;
	uint32_t cpu;
	uint32_t pid;
	uint32_t order;
	uint16_t id;
};

struct model {
	struct model_event events[MODEL_MAX_EVENTS];
	size_t nr_events;
	uint32_t nr_cpus;
	uint8_t idle[128];
	uint8_t kpageflags[3000];
};

static inline int model_compare(const void *a, const void *b)
{
	const struct model_event *x = a;
	const struct model_event *y = b;

	if (x->t_ns != y->t_ns)
		return x->t_ns < y->t_ns ? -1 : 1;
	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	/* The same CPU and time: the pfn counts up with the place in the ring buffer. */
	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

static inline void model_record(struct test_page *page, uint32_t delta, const struct model_event *e)
{
	uint8_t payload[32] = { 0 };

	if (e->id == MODEL_EXEC_ID) {
		le32_put(payload, 8u << 16 | 20u);
		le32_put(payload + 4, e->pid);
		le32_put(payload + 8, e->pid);
		memcpy(payload + 12, "/bin/ls", 8);
		page_record(page, delta, e->id, e->pid, payload, 20);
		return;
	}
	le64_put(payload, e->pfn);
	le32_put(payload + 8, e->order);
	page_record(page, delta, e->id, e->pid, payload, 12);
}

static inline int model_cpu(struct model *m, struct rng *rng, struct mmr_writer *w, uint32_t cpu,
                            uint32_t nr_events)
{
	struct mmr_error err = { 0 };
	uint64_t t_ns = 1000 + base_rng_below(rng, 5000);
	struct test_page page;

	page_begin(&page, t_ns);
	for (uint32_t i = 0; i < nr_events && m->nr_events < MODEL_MAX_EVENTS; i++) {
		struct model_event *e = &m->events[m->nr_events++];
		uint32_t kind = base_rng_below(rng, 16);
		uint32_t delta = base_rng_below(rng, 4) ? base_rng_below(rng, 300) : 0;

		*e = (struct model_event){
			.pfn = 4096 + m->nr_events,
			.cpu = cpu,
			.pid = 1 + base_rng_below(rng, 99999),
			.order = base_rng_below(rng, 11),
			.id = kind == 0   ? MODEL_UNKNOWN_ID
			      : kind == 1 ? MODEL_EXEC_ID
			                  : MODEL_FREE_ID,
		};
		if (page.used + 64 > PAGE_BYTES - 16 || base_rng_below(rng, 100) == 0) {
			if (mmr_writer_pages(w, cpu, page.bytes, 1, &err) < 0)
				return -1;
			t_ns += base_rng_below(rng, 1000);
			page_begin(&page, t_ns);
		}
		if (kind == 2) {
			uint64_t gap = (uint64_t)base_rng_below(rng, 1000) << 24;

			page_time_extend(&page, gap);
			t_ns += gap;
		} else if (kind == 3) {
			t_ns += base_rng_below(rng, 1 << 20);
			page_time_stamp(&page, t_ns);
		}
		t_ns += delta;
		e->t_ns = t_ns;
		model_record(&page, delta, e);
	}
	return page.used ? mmr_writer_pages(w, cpu, page.bytes, 1, &err) : 0;
}

static inline int model_header(struct mmr_writer *w, struct mmr_error *err)
{
	if (mmr_writer_text(w, "kernel.release", "6.12.117", 8, err) < 0 ||
	    mmr_writer_text(w, "page_size", "4096", 4, err) < 0 ||
	    mmr_writer_text(w, "clock", "mono", 4, err) < 0 ||
	    mmr_writer_text(w, "proc/zoneinfo", model_zoneinfo, sizeof(model_zoneinfo) - 1, err) <
	            0 ||
	    mmr_writer_text(w, "events/kmem/mm_page_free/format", model_free_format,
	                    sizeof(model_free_format) - 1, err) < 0 ||
	    mmr_writer_text(w, "events/sched/sched_process_exec/format", model_exec_format,
	                    sizeof(model_exec_format) - 1, err) < 0)
		return -1;
	return mmr_writer_begin(w, err);
}

static inline int model_lists(struct model *m, struct mmr_writer *w, struct mmr_error *err)
{
	struct mmr_snapshot_piece flags = { .name = "proc/kpageflags",
		                            .data = m->kpageflags,
		                            .size = sizeof(m->kpageflags),
		                            .offset = 8,
		                            .begin_ns = 11,
		                            .end_ns = 12 };
	struct mmr_snapshot_piece buddy = { .name = "proc/buddyinfo",
		                            .data = (const uint8_t *)"Node 0\n",
		                            .size = 7 };
	struct mmr_access_sample sample = { .begin_ns = 21,
		                            .end_ns = 22,
		                            .mark_begin_ns = 23,
		                            .mark_end_ns = 24,
		                            .nr_pfns = 1001,
		                            .idle = m->idle };

	if (mmr_writer_snapshot_begin(w, MMR_SNAPSHOT_FULL, 10, err) < 0 ||
	    mmr_writer_snapshot_piece(w, &buddy, err) < 0 ||
	    mmr_writer_snapshot_piece(w, &flags, err) < 0 ||
	    mmr_writer_snapshot_end(w, 13, err) < 0)
		return -1;
	return mmr_writer_access(w, &sample, err);
}

static inline void model_init(struct model *m, struct rng *rng, uint32_t nr_cpus)
{
	memset(m, 0, sizeof(*m));
	m->nr_cpus = nr_cpus;
	for (size_t i = 0; i < sizeof(m->kpageflags); i++)
		m->kpageflags[i] = (uint8_t)base_rng_next(rng);
	for (size_t i = 0; i < sizeof(m->idle); i++)
		m->idle[i] = (uint8_t)base_rng_next(rng);
}

/* All from the header on but the end. 0 or < 0. */
static inline int model_content(struct model *m, struct rng *rng, struct mmr_writer *w,
                                uint32_t events_a_cpu)
{
	struct mmr_error err = { 0 };

	if (model_header(w, &err) < 0)
		return -1;
	for (uint32_t cpu = 0; cpu < m->nr_cpus; cpu++) {
		if (cpu == m->nr_cpus / 2 && model_lists(m, w, &err) < 0)
			return -1;
		if (model_cpu(m, rng, w, cpu, base_rng_below(rng, events_a_cpu + 1)) < 0)
			return -1;
	}
	return mmr_writer_trailer_text(w, "saved_cmdlines", "1 init\n77 a b\n", 14, &err);
}

/* As the reader should give them. */
static inline void model_sort(struct model *m)
{
	qsort(m->events, m->nr_events, sizeof(m->events[0]), model_compare);
}

/* Writes a trace to path and fills m with what the reader should give, in its order. 0 or < 0. */
static inline int model_write_as(struct model *m, struct rng *rng, const char *path,
                                 const struct mmr_writer_options *options, uint32_t events_a_cpu)
{
	struct mmr_error err = { 0 };
	struct mmr_writer *w;

	model_init(m, rng, options->nr_cpus);
	if (mmr_writer_create(path, options, &w, &err) < 0)
		return -1;
	if (model_content(m, rng, w, events_a_cpu) < 0) {
		mmr_writer_abort(w);
		return -1;
	}
	if (mmr_writer_finish(w, &err) < 0)
		return -1;
	model_sort(m);
	return 0;
}

static inline int model_write(struct model *m, struct rng *rng, const char *path, uint32_t nr_cpus,
                              uint32_t events_a_cpu)
{
	const struct mmr_writer_options options = {
		.nr_cpus = nr_cpus,
		.subbuf_size = PAGE_BYTES,
		.frame_size = 2 * PAGE_BYTES,
		.force = true,
	};

	return model_write_as(m, rng, path, &options, events_a_cpu);
}

/* Whether an event is that of the model. */
static inline bool model_equal(const struct model_event *e, const struct mmr_event *event)
{
	if (event->t_ns != e->t_ns || event->cpu != e->cpu || event->pid != e->pid)
		return false;
	switch (e->id) {
	case MODEL_FREE_ID:
		return event->kind == MMR_EVENT_MM_PAGE_FREE && event->page.pfn == e->pfn &&
		       event->page.order == e->order && event->page.gfp_flags == 0;
	case MODEL_EXEC_ID:
		return event->kind == MMR_EVENT_SCHED_PROCESS_EXEC && event->exec.pid == e->pid &&
		       strcmp(event->exec.filename, "/bin/ls") == 0;
	default:
		return event->kind == MMR_EVENT_OTHER && event->other.event_id == e->id;
	}
}

#endif
