/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of the page allocator's events those of order 0 stay in the kernel: a filter drops them before they
 * reach the buffer, because they are most, and vmstat counts them. Histogram triggers would count all
 * orders without any event; not every kernel has them (CONFIG_HIST_TRIGGERS), and they cost each
 * allocation more than the filter does.
 *
 * CPUs are read one after the other, so that what a later one holds may be older than what an earlier
 * one gave. Hence events go to the model only up to the time at which the round began; the rest waits.
 */
#include "top_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <mmreplay/trace_decode.h>

#include "failure.h"

#define BUFFER_SIZE  (1ull << 20)  /* bytes for each CPU, … */
#define BUFFERS_SIZE (64ull << 20) /* and at most for all */
#define MAX_PENDING  32768u
#define MAX_TEXT     (16u << 20) /* of a file in /proc */

#define HIGHER_ORDERS "order > 0"

static const char *const default_events[] = {
	"kmem:mm_page_alloc",
	"kmem:mm_page_free",
	"vmscan:mm_vmscan_direct_reclaim_begin",
	"vmscan:mm_vmscan_direct_reclaim_end",
	"vmscan:mm_vmscan_memcg_reclaim_begin",
	"vmscan:mm_vmscan_memcg_reclaim_end",
	"vmscan:mm_vmscan_node_reclaim_begin",
	"vmscan:mm_vmscan_node_reclaim_end",
	"vmscan:mm_vmscan_kswapd_wake",
	"vmscan:mm_vmscan_kswapd_sleep",
	"vmscan:mm_vmscan_throttled",
	"vmscan:mm_vmscan_lru_shrink_inactive",
	"compaction:mm_compaction_begin",
	"compaction:mm_compaction_end",
	"compaction:mm_compaction_isolate_migratepages",
	"oom:mark_victim",
	"writeback:balance_dirty_pages",
};

#define NR_DEFAULT (sizeof(default_events) / sizeof(default_events[0]))

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- names ---- */

/* The kernel's own list of who was seen last, "PID COMM" a line; for tasks that are gone. */
static void find_saved(struct top_source *s, uint32_t pid, char comm[TOP_COMM])
{
	uint64_t now = now_ns();
	size_t size;

	if (!s->names || now - s->names_ns > 100000000u) {
		free(s->names);
		s->names = tracing_read(s->tracing.root, "saved_cmdlines", &size);
		s->names_ns = now;
	}
	for (const char *line = s->names; line && *line;) {
		char *at;

		if (strtoul(line, &at, 10) == pid && *at == ' ') {
			snprintf(comm, TOP_COMM, "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
			return;
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
}

static void find_comm(void *data, uint32_t pid, char comm[TOP_COMM])
{
	char path[64];
	char text[TOP_COMM + 1];
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		find_saved(data, pid, comm);
		return;
	}
	size = read(fd, text, TOP_COMM);
	close(fd);
	if (size <= 0)
		return;
	text[size] = '\0';
	snprintf(comm, TOP_COMM, "%.*s", (int)strcspn(text, "\n"), text);
}

/* ---- events ---- */

static bool is_default(const struct chosen_event *event)
{
	char name[160];

	snprintf(name, sizeof(name), "%s:%s", event->system, event->name);
	for (size_t i = 0; i < NR_DEFAULT; i++)
		if (strcmp(default_events[i], name) == 0)
			return true;
	return false;
}

static int choose(struct top_source *s, const struct option_list *items, const char *root,
                  struct mmr_error *err)
{
	struct option_list all = { .count = NR_DEFAULT + items->count };
	int ret;

	all.items = calloc(all.count, sizeof(*all.items));
	if (!all.items)
		return failure(err, MMR_E_NOMEM, "out of memory for the events");
	for (size_t i = 0; i < all.count; i++)
		all.items[i] = i < NR_DEFAULT ? default_events[i] : items->items[i - NR_DEFAULT];
	ret = event_set_choose(&s->events, &all, root, err);
	free(all.items);
	return ret;
}

static int add_format(struct top_source *s, const struct chosen_event *event, struct mmr_error *err)
{
	char file[192];
	size_t size;
	char *text;
	int ret;

	snprintf(file, sizeof(file), "events/%s/%s/format", event->system, event->name);
	text = tracing_read(s->tracing.root, file, &size);
	if (!text)
		return failure_errno(err, errno, "cannot read %s", file);
	ret = mmr_decoder_format(s->decoder, event->system, event->name, text, size, err);
	free(text);
	return ret;
}

static int enable(struct top_source *s, const struct chosen_event *event, struct top_model *model,
                  struct mmr_error *err)
{
	enum mmr_event_kind kind = mmr_event_find(event->system, event->name);
	char file[192];
	int ret = add_format(s, event, err);

	if (ret == 0 && (kind == MMR_EVENT_MM_PAGE_ALLOC || kind == MMR_EVENT_MM_PAGE_FREE)) {
		snprintf(file, sizeof(file), "events/%s/%s/filter", event->system, event->name);
		ret = tracing_write(&s->tracing, file, HIGHER_ORDERS, err);
		model->counts_orders = kind == MMR_EVENT_MM_PAGE_ALLOC || model->counts_orders;
	}
	if (!is_default(event))
		model->shows_event[kind == MMR_EVENT_NONE ? MMR_EVENT_OTHER : kind] = true;
	snprintf(file, sizeof(file), "events/%s/%s/enable", event->system, event->name);
	return ret < 0 ? ret : tracing_write(&s->tracing, file, "1", err);
}

static int open_decoder(struct top_source *s, struct mmr_error *err)
{
	size_t size;
	char *text = tracing_read(s->tracing.root, "events/header_page", &size);
	int ret = text ? mmr_decoder_create(text, &s->decoder, err)
	               : failure_errno(err, errno, "cannot read events/header_page");

	free(text);
	return ret;
}

static int open_pipes(struct top_source *s, struct mmr_error *err)
{
	char path[4096];

	s->pipes = calloc(s->tracing.nr_cpus, sizeof(*s->pipes));
	s->subbuf = calloc(1, s->tracing.subbuf_size);
	s->pending = calloc(MAX_PENDING, sizeof(*s->pending));
	if (!s->pipes || !s->subbuf || !s->pending)
		return failure(err, MMR_E_NOMEM, "out of memory for events");
	for (uint32_t cpu = 0; cpu < s->tracing.nr_cpus; cpu++) {
		snprintf(path, sizeof(path), "%s/per_cpu/cpu%u/trace_pipe_raw", s->tracing.dir,
		         cpu);
		s->pipes[cpu] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	}
	return 0;
}

static int open_events(struct top_source *s, struct top_model *model, struct mmr_error *err)
{
	long nr_cpus = sysconf(_SC_NPROCESSORS_CONF);
	uint64_t size = nr_cpus > 0 ? BUFFERS_SIZE / (uint64_t)nr_cpus : BUFFER_SIZE;
	int ret = tracing_create(&s->tracing, size > BUFFER_SIZE ? BUFFER_SIZE : size, err);

	if (ret == 0)
		ret = janitor_start(&s->janitor, s->tracing.dir, err);
	/* What is new matters more than what is old. */
	if (ret == 0)
		ret = tracing_write(&s->tracing, "options/overwrite", "1", err);
	if (ret == 0)
		ret = open_decoder(s, err);
	if (ret == 0)
		ret = open_pipes(s, err);
	for (size_t i = 0; i < s->events.count && ret == 0; i++)
		if (s->events.events[i].present)
			ret = enable(s, &s->events.events[i], model, err);
	return ret < 0 ? ret : tracing_write(&s->tracing, "tracing_on", "1", err);
}

static void close_events(struct top_source *s)
{
	for (uint32_t cpu = 0; s->pipes && cpu < s->tracing.nr_cpus; cpu++)
		if (s->pipes[cpu] >= 0)
			close(s->pipes[cpu]);
	mmr_decoder_destroy(s->decoder);
	free(s->pipes);
	free(s->subbuf);
	free(s->pending);
	free(s->names);
	event_set_deinit(&s->events);
	if (tracing_destroy(&s->tracing, NULL) == 0)
		janitor_dismiss(&s->janitor);
	s->decoder = NULL;
	s->pipes = NULL;
	s->subbuf = NULL;
	s->pending = NULL;
	s->nr_pending = 0;
	s->names = NULL;
}

static int compare_times(const void *a, const void *b)
{
	const struct mmr_event *x = a;
	const struct mmr_event *y = b;

	return (x->t_ns > y->t_ns) - (x->t_ns < y->t_ns);
}

/* Events before the horizon go to the model in order, the others stay. */
static void pass_on(struct top_source *s, struct top_model *model, uint64_t horizon_ns)
{
	size_t done = 0;

	qsort(s->pending, s->nr_pending, sizeof(*s->pending), compare_times);
	while (done < s->nr_pending && s->pending[done].t_ns < horizon_ns)
		top_model_event(model, &s->pending[done++]);
	s->nr_pending -= done;
	memmove(s->pending, s->pending + done, s->nr_pending * sizeof(*s->pending));
}

static void take(struct top_source *s, struct top_model *model, uint32_t cpu, size_t size)
{
	if (mmr_decoder_begin(s->decoder, (uint16_t)cpu, s->subbuf, size, NULL) < 0)
		return;
	while (mmr_decoder_next(s->decoder, &s->pending[s->nr_pending])) {
		s->nr_pending++;
		/* So much came at once that order has to give way to bounded memory. */
		if (s->nr_pending == MAX_PENDING)
			pass_on(s, model, UINT64_MAX);
	}
}

unsigned int top_source_drain(struct top_source *s, struct top_model *model)
{
	uint64_t limit =
		s->tracing.subbuf_size ? s->tracing.buffer_size / s->tracing.subbuf_size : 0;
	uint64_t horizon_ns = now_ns();
	uint64_t most = 0;

	for (uint32_t cpu = 0; s->pipes && cpu < s->tracing.nr_cpus; cpu++) {
		uint64_t count = 0;

		/* No more than a buffer: what comes meanwhile is the next round's. */
		while (s->pipes[cpu] >= 0 && count < limit) {
			ssize_t size = read(s->pipes[cpu], s->subbuf, s->tracing.subbuf_size);

			if (size < 0 && errno == EINTR)
				continue;
			if (size <= 0)
				break;
			take(s, model, cpu, (size_t)size);
			count++;
		}
		most = count > most ? count : most;
	}
	if (s->pending)
		pass_on(s, model, horizon_ns);
	return limit ? (unsigned int)(most * 100 / limit) : 0;
}

/* ---- /proc ---- */

static const char *const file_names[TOP_NR_FILES] = {
	[TOP_VMSTAT] = "/proc/vmstat",       [TOP_ZONEINFO] = "/proc/zoneinfo",
	[TOP_BUDDYINFO] = "/proc/buddyinfo", [TOP_PRESSURE] = "/proc/pressure/memory",
	[TOP_MEMINFO] = "/proc/meminfo",
};

/* The whole file as text; NULL: it cannot be read. */
static const char *read_file(struct top_source *s, int fd)
{
	size_t used = 0;

	if (fd < 0)
		return NULL;
	for (;;) {
		ssize_t got;

		if (used + 1 >= s->capacity) {
			size_t capacity = s->capacity ? s->capacity * 2 : 65536;
			char *text = capacity > MAX_TEXT ? NULL : realloc(s->text, capacity);

			if (!text)
				return NULL;
			s->text = text;
			s->capacity = capacity;
		}
		got = pread(fd, s->text + used, s->capacity - used - 1, (off_t)used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return NULL;
		if (got == 0)
			break;
		used += (size_t)got;
	}
	s->text[used] = '\0';
	return s->text;
}

int top_source_read(struct top_source *s, struct top_model *model, struct mmr_error *err)
{
	static void (*const readers[TOP_NR_FILES])(struct top_reading *, const char *) = {
		[TOP_VMSTAT] = top_read_vmstat,       [TOP_ZONEINFO] = top_read_zoneinfo,
		[TOP_BUDDYINFO] = top_read_buddyinfo, [TOP_PRESSURE] = top_read_pressure,
		[TOP_MEMINFO] = top_read_meminfo,
	};
	struct top_reading reading = { .page_size = (uint32_t)sysconf(_SC_PAGESIZE) };

	top_read_vmstat(&reading, "");
	reading.t_ns = now_ns();
	for (int i = 0; i < TOP_NR_FILES; i++) {
		const char *text = read_file(s, s->files[i]);

		if (text)
			readers[i](&reading, text);
		else if (i == TOP_VMSTAT)
			return failure_errno(err, errno, "cannot read %s", file_names[i]);
	}
	top_model_reading(model, &reading);
	return 0;
}

int top_source_open(struct top_source *s, const struct option_list *items, struct top_model *model,
                    struct mmr_error *err)
{
	struct mmr_error own = { 0 };
	const char *root;
	int ret;

	*s = (struct top_source){ .janitor = { .fd = -1 } };
	for (int i = 0; i < TOP_NR_FILES; i++)
		s->files[i] = open(file_names[i], O_RDONLY | O_CLOEXEC);
	if (s->files[TOP_VMSTAT] < 0)
		return failure_errno(err, errno, "cannot open %s", file_names[TOP_VMSTAT]);
	root = tracing_root(&own);
	if (!root) {
		snprintf(s->problem, sizeof(s->problem), "%s", own.text);
		return 0;
	}
	ret = choose(s, items, root, err);
	if (ret < 0)
		return ret;
	tracing_remove_stale(root);
	model->find_comm = find_comm;
	model->find_data = s;
	if (open_events(s, model, &own) < 0) {
		close_events(s);
		model->counts_orders = false;
		snprintf(s->problem, sizeof(s->problem), "%s", own.text);
	}
	return 0;
}

void top_source_close(struct top_source *s)
{
	close_events(s);
	for (int i = 0; i < TOP_NR_FILES; i++)
		if (s->files[i] >= 0)
			close(s->files[i]);
	free(s->text);
	s->text = NULL;
}
