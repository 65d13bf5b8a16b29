/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sub-buffers on their way into data frames. Each CPU fills a frame of its own and hands it over when it
 * is full, or when it spans more time than a crash should cost. The walk that counts events reads the
 * record headers alone; what it counts goes with the frame, so that whatever becomes of it (a file, the
 * next file, a ring that drops it) the sums are those of the frames that are there.
 */
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "le.h"
#include "subbuf.h"
#include "writer.h"

/* A frame spans at most this much time, so that a slow trace that is killed loses little. */
#define FRAME_SPAN_NS (10ull * 1000000000)

#define NR_IDS      65536u
#define FIRST_SLOTS 4096u
#define RECORD_MIN  8u   /* bytes of the smallest record that has an event id */
#define MORE_COUNTS 256u /* event types of a frame beyond those that one sub-buffer may bring */

static uint32_t counts_of_page(const struct mmr_writer_options *options)
{
	uint32_t most = options->subbuf_size / RECORD_MIN;

	return most < NR_IDS ? most : NR_IDS;
}

uint32_t trace_job_counts(const struct mmr_writer_options *options)
{
	return counts_of_page(options) + MORE_COUNTS;
}

struct writer_job *trace_job_create(const struct mmr_writer_options *options)
{
	struct writer_job *job = base_calloc(1, sizeof(*job));
	size_t size = TRACE_HEAD_SIZE + options->frame_size;
	size_t nr_counts = trace_job_counts(options);

	if (!job)
		return NULL;
	job->raw = base_calloc(size, 1);
	job->counts = base_calloc(nr_counts, sizeof(*job->counts));
	if (options->anonymize)
		job->scratch = base_calloc(options->subbuf_size, 1);
	if (!job->raw || !job->counts || (options->anonymize && !job->scratch)) {
		trace_job_free(job);
		return NULL;
	}
	/* Touched now, not while recording. */
	memset(job->raw, 0xff, size);
	memset(job->counts, 0xff, nr_counts * sizeof(*job->counts));
	return job;
}

void trace_job_free(struct writer_job *job)
{
	if (!job)
		return;
	base_free(job->raw);
	base_free(job->counts);
	base_free(job->scratch);
	base_free(job);
}

/* Makes the slots reach up to id. */
static int grow_slots(struct writer_cpu *c, uint32_t id)
{
	uint32_t count = (id | (FIRST_SLOTS - 1)) + 1;
	void *slots = c->slots;

	if (base_grow(&slots, c->nr_slots, count, sizeof(*c->slots), 0) < 0)
		return MMR_E_NOMEM;
	c->slots = slots;
	c->nr_slots = count;
	return 0;
}

/* Under the CPU's lock. */
static int prepare(struct mmr_writer *w, struct writer_cpu *c, struct mmr_error *err)
{
	if (!c->job)
		c->job = trace_job_create(&w->options);
	if (!c->job || (c->nr_slots == 0 && grow_slots(c, 0) < 0))
		return base_error(err, MMR_E_NOMEM, "out of memory for a frame");
	c->prepared = true;
	return 0;
}

int mmr_writer_prepare_cpu(struct mmr_writer *w, uint32_t cpu, struct mmr_error *err)
{
	struct writer_cpu *c;
	int ret = 0;

	if (cpu >= w->options.nr_streams)
		return base_error(err, MMR_E_INVALID, "there is no CPU %u", cpu);
	c = &w->cpus[cpu];
	pthread_mutex_lock(&c->lock);
	if (!c->prepared)
		ret = prepare(w, c, err);
	pthread_mutex_unlock(&c->lock);
	return ret;
}

/* Where events of this type are counted; NULL: no memory. */
static inline struct writer_count *count_of(struct writer_cpu *c, uint32_t id, uint64_t t_ns)
{
	struct writer_job *job = c->job;

	if (id >= c->nr_slots && grow_slots(c, id) < 0)
		return NULL;
	if (c->slots[id] == 0) {
		job->counts[job->nr_counts] = (struct writer_count){ .first_ns = t_ns, .id = id };
		c->slots[id] = ++job->nr_counts;
	}
	return &job->counts[c->slots[id] - 1];
}

/* Whether a task is one of the recorder's; their numbers mostly follow one another. */
static inline bool is_own(const struct mmr_writer *w, uint32_t pid)
{
	if (pid - w->own_first > w->own_span)
		return false;
	for (uint32_t i = 0; i < w->nr_own_tasks; i++)
		if (w->own[i] == pid)
			return true;
	return false;
}

/* Counts the records of one sub-buffer. */
static int count_page(struct mmr_writer *w, struct writer_cpu *c, const uint8_t *page,
                      uint64_t by_group[MMR_NR_EVENT_GROUPS])
{
	struct trace_head *head = &c->job->head;
	struct trace_subbuf s;
	const uint8_t *data;
	uint32_t size;
	uint64_t nr_events = 0;
	uint64_t nr_own = 0;

	trace_subbuf_init(&s, page, w->options.subbuf_size);
	head->lost += s.nr_missed;
	while (trace_subbuf_next(&s, &data, &size)) {
		uint32_t id = trace_record_id(data);
		struct writer_count *count = count_of(c, id, s.t_ns);

		if (!count)
			return MMR_E_NOMEM;
		nr_own += is_own(w, trace_record_pid(data));
		count->nr_events++;
		count->last_ns = s.t_ns;
		by_group[id < w->nr_groups ? w->group_of_id[id] : MMR_GROUP_OTHER]++;
		if (nr_events++ == 0 && head->count == 0)
			head->first_ns = s.t_ns;
	}
	if (nr_own)
		atomic_fetch_add(&w->nr_own, nr_own);
	if (nr_events == 0)
		return 0;
	head->last_ns = s.t_ns;
	head->count += nr_events;
	return 0;
}

static void start_frame(const struct mmr_writer *w, struct writer_cpu *c, uint32_t cpu)
{
	c->job->head = (struct trace_head){
		.kind = TRACE_FRAME_DATA,
		.number = cpu,
		.aux = w->options.subbuf_size,
		.sequence = c->sequence++,
	};
	c->job->used = 0;
	c->job->nr_counts = 0;
}

int trace_writer_flush(struct mmr_writer *w, struct writer_cpu *c, struct mmr_error *err)
{
	struct writer_job *job = c->job;
	int ret;

	if (!job || job->used == 0)
		return 0;
	c->located_lost += job->head.lost;
	/* In discard mode pages carry no marks: what the statistics grew by was lost hereabouts. */
	if (c->stat_lost > c->located_lost) {
		job->head.lost += c->stat_lost - c->located_lost;
		c->located_lost = c->stat_lost;
	}
	job->head.payload = job->used;
	for (uint32_t i = 0; i < job->nr_counts; i++)
		c->slots[job->counts[i].id] = 0;
	ret = trace_queue_put(w, &c->job, err);
	if (c->job) {
		c->job->used = 0;
		c->job->nr_counts = 0;
	}
	return ret;
}

int trace_writer_flush_all(struct mmr_writer *w, bool restart, uint64_t *ticket,
                           struct mmr_error *err)
{
	uint32_t count = w->options.nr_streams;
	int ret = 0;

	for (uint32_t i = 0; i < count; i++)
		pthread_mutex_lock(&w->cpus[i].lock);
	for (uint32_t i = 0; i < count && ret == 0; i++)
		ret = trace_writer_flush(w, &w->cpus[i], err);
	for (uint32_t i = 0; i < count && restart; i++)
		w->cpus[i].sequence = 0;
	*ticket = trace_queue_ticket(w);
	for (uint32_t i = 0; i < count; i++)
		pthread_mutex_unlock(&w->cpus[i].lock);
	return ret;
}

/* Whether the frame takes no more: bytes, event types, or time. */
static bool is_full(const struct mmr_writer *w, const struct writer_job *job, const uint8_t *page)
{
	uint64_t t_ns = le64_get(page);

	return job->used + w->options.subbuf_size > w->options.frame_size ||
	       job->nr_counts > MORE_COUNTS ||
	       (job->head.count && t_ns > job->head.first_ns &&
	        t_ns - job->head.first_ns > FRAME_SPAN_NS);
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

/* A frame with room for this page. Under the CPU's lock. */
static int make_room(struct mmr_writer *w, uint32_t cpu, const uint8_t *page, struct mmr_error *err)
{
	struct writer_cpu *c = &w->cpus[cpu];
	int ret = 0;

	if (!c->prepared)
		ret = prepare(w, c, err);
	if (ret == 0 && c->job && c->job->used > 0 && is_full(w, c->job, page))
		ret = trace_writer_flush(w, c, err);
	if (ret < 0)
		return ret;
	if (!c->job)
		c->job = trace_queue_get(w);
	if (!c->job)
		return trace_writer_check(w, err);
	if (c->job->used == 0)
		start_frame(w, c, cpu);
	return 0;
}

/* Under the CPU's lock. */
static int add_page(struct mmr_writer *w, uint32_t cpu, const uint8_t *page,
                    uint64_t by_group[MMR_NR_EVENT_GROUPS], struct mmr_error *err)
{
	struct writer_cpu *c = &w->cpus[cpu];
	uint64_t lost;
	int ret = make_room(w, cpu, page, err);

	if (ret < 0)
		return ret;
	lost = c->job->head.lost;
	memcpy(c->job->raw + TRACE_HEAD_SIZE + c->job->used, page, w->options.subbuf_size);
	c->job->used += w->options.subbuf_size;
	if (count_page(w, c, page, by_group) < 0)
		ret = base_error(err, MMR_E_NOMEM, "out of memory for event counts");
	if (c->job->head.lost > lost)
		atomic_fetch_add(&w->nr_lost, c->job->head.lost - lost);
	return ret;
}

int mmr_writer_pages(struct mmr_writer *w, uint32_t cpu, const void *pages, size_t nr_pages,
                     struct mmr_error *err)
{
	uint64_t by_group[MMR_NR_EVENT_GROUPS] = { 0 };
	const uint8_t *page = pages;
	int ret = trace_writer_check(w, err);

	if (ret < 0)
		return ret;
	if (!w->begun || cpu >= w->options.nr_streams)
		return base_error(err, MMR_E_INVALID, "pages of CPU %u: %s", cpu,
		                  w->begun ? "there is no such CPU" : "the header is not written");
	pthread_mutex_lock(&w->cpus[cpu].lock);
	for (size_t i = 0; i < nr_pages && ret == 0; i++, page += w->options.subbuf_size)
		ret = add_page(w, cpu, page, by_group, err);
	pthread_mutex_unlock(&w->cpus[cpu].lock);
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
	pthread_mutex_lock(&c->lock);
	known = c->located_lost + (c->job && c->job->used ? c->job->head.lost : 0);
	known = known > c->stat_lost ? known : c->stat_lost;
	if (nr_lost > known)
		atomic_fetch_add(&w->nr_lost, nr_lost - known);
	c->stat_lost = nr_lost;
	pthread_mutex_unlock(&c->lock);
}
