/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * By perf and not by ftrace's stacktrace triggers: a trigger gives the kernel's half alone, and the
 * option that gives the user's half does so at every event of the instance. perf samples the tracepoints
 * where stalls begin with both chains, by the trace's clock, a moment before or after the tracer's own
 * record of the same event; whoever reads the trace joins them by thread and time.
 *
 * There is no tracepoint of a huge page fault that falls back: an allocation of that order that fails
 * stands for it (mm_page_alloc with order and without a page), which hugetlb's are too.
 *
 * User chains follow frame pointers: through code that was built without them they end early.
 */
#include "stall_stacks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "options.h"
#include "self_filter.h"

#define WHAT      "stacks of stalls"
#define RING_SIZE (512u << 10)
#define SECOND_NS 1000000000ull

static const struct {
	const char *system;
	const char *name;
} events[MMR_NR_STALL_CAUSES] = {
	[MMR_STALL_RECLAIM] = { "vmscan", "mm_vmscan_direct_reclaim_begin" },
	[MMR_STALL_MEMCG] = { "vmscan", "mm_vmscan_memcg_reclaim_begin" },
	[MMR_STALL_NODE] = { "vmscan", "mm_vmscan_node_reclaim_begin" },
	[MMR_STALL_COMPACTION] = { "compaction", "mm_compaction_try_to_compact_pages" },
	[MMR_STALL_HUGE] = { "kmem", "mm_page_alloc" },
	[MMR_STALL_OOM] = { "oom", "mark_victim" },
};

/* As perf_event_open(2) has it with PERF_SAMPLE_IDENTIFIER, _TID, _TIME and _CALLCHAIN. */
struct sample {
	struct perf_event_header header;
	uint64_t id;
	uint32_t pid;
	uint32_t tid;
	uint64_t t_ns;
	uint64_t nr;
	uint64_t ips[];
};

/* The record that becomes of it; the chains follow. */
struct stack_record {
	struct subbuf_common common;
	uint32_t cause;
	uint32_t tgid;
	uint32_t kernel; /* __data_loc: length << 16 | offset */
	uint32_t user;
	uint64_t frames[2 * MMR_STACK_FRAMES];
};

bool stall_stacks_parse(const char *text, uint32_t *limit)
{
	uint64_t number;

	*limit = STALL_STACKS_LIMIT;
	if (strcmp(text, "stalls") == 0)
		return true;
	if (strncmp(text, "stalls:", 7) != 0 || !parse_uint(text + 7, &number) || number == 0 ||
	    number > UINT32_MAX)
		return false;
	*limit = (uint32_t)number;
	return true;
}

int stall_stacks_texts(struct stall_stacks *s, uint32_t last_id, struct mmr_writer *writer,
                       struct mmr_error *err)
{
	char causes[512] = "";
	char text[2048];
	int size;

	if (last_id >= UINT16_MAX)
		return failure(err, MMR_E_UNSUPPORTED, WHAT ": there is no free event number");
	s->id = (uint16_t)(last_id + 1);
	for (unsigned int i = 0; i < MMR_NR_STALL_CAUSES; i++)
		snprintf(causes + strlen(causes), sizeof(causes) - strlen(causes),
		         "%s{ %u, \"%s\" }", i ? ", " : "", i, mmr_stall_cause_name(i));
	size = snprintf(
		text, sizeof(text),
		"name: stall_stack\nID: %u\nformat:\n" SUBBUF_COMMON_FORMAT
		"\tfield:unsigned int cause;\toffset:8;\tsize:4;\tsigned:0;\n"
		"\tfield:unsigned int tgid;\toffset:12;\tsize:4;\tsigned:0;\n"
		"\tfield:__data_loc unsigned long[] kernel;\toffset:16;\tsize:4;\tsigned:0;\n"
		"\tfield:__data_loc unsigned long[] user;\toffset:20;\tsize:4;\tsigned:0;\n\n"
		"print fmt: \"cause=%%s tgid=%%u\", __print_symbolic(REC->cause, %s), "
		"REC->tgid\n",
		s->id, causes);
	return mmr_writer_text(writer, "events/mmcap/stall_stack/format", text, (size_t)size, err);
}

/* ---- samples ---- */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* Switches one event on all CPUs: its stalls are as frequent as before, but cost nothing. */
static void pause_row(struct stall_stacks *s, uint32_t row, bool pause)
{
	for (uint32_t i = 0; i < s->reader.count; i++)
		if (row < s->reader.cpus[i].ring.nr_fds)
			ioctl(s->reader.cpus[i].ring.fds[row],
			      pause ? PERF_EVENT_IOC_DISABLE : PERF_EVENT_IOC_ENABLE, 0);
	s->paused[row] = pause;
}

static void begin_second(struct stall_stacks *s, uint64_t t_ns)
{
	if (t_ns - s->second_ns < SECOND_NS)
		return;
	s->second_ns = t_ns;
	memset(s->used, 0, sizeof(s->used));
	for (uint32_t row = 0; row < s->nr_rows; row++)
		if (s->paused[row])
			pause_row(s, row, false);
}

static void tick(void *data)
{
	begin_second(data, now_ns());
}

/* Which of the events it is; nr_rows: none of ours. */
static uint32_t row_of(const struct stall_stacks *s, const struct perf_cpu *cpu, uint64_t id)
{
	const uint64_t *ids = s->sample_ids + (size_t)(cpu - s->reader.cpus) * s->nr_rows;
	uint32_t row = 0;

	while (row < s->nr_rows && ids[row] != id)
		row++;
	return row;
}

static bool within_limit(struct stall_stacks *s, uint32_t row)
{
	if (s->causes[row] == MMR_STALL_OOM)
		return true;
	if (s->used[row] < s->limit) {
		if (++s->used[row] == s->limit)
			pause_row(s, row, true);
		return true;
	}
	s->nr_over++;
	return false;
}

/* Sorts the chain, in which marks tell whose addresses follow, into the record. */
static uint32_t fill(struct stack_record *record, const struct sample *sample, uint64_t nr)
{
	uint32_t offset = (uint32_t)offsetof(struct stack_record, frames);
	uint64_t context = PERF_CONTEXT_KERNEL;
	uint32_t nr_kernel = 0;
	uint32_t nr_user = 0;

	for (uint64_t i = 0; i < nr; i++) {
		uint64_t ip = sample->ips[i];

		if (ip >= PERF_CONTEXT_MAX)
			context = ip;
		else if (context == PERF_CONTEXT_KERNEL && nr_kernel < MMR_STACK_FRAMES)
			record->frames[nr_kernel++] = ip;
	}
	context = PERF_CONTEXT_KERNEL;
	for (uint64_t i = 0; i < nr; i++) {
		uint64_t ip = sample->ips[i];

		if (ip >= PERF_CONTEXT_MAX)
			context = ip;
		else if (context == PERF_CONTEXT_USER && nr_user < MMR_STACK_FRAMES)
			record->frames[nr_kernel + nr_user++] = ip;
	}
	record->kernel = nr_kernel * 8 << 16 | offset;
	record->user = nr_user * 8 << 16 | (offset + nr_kernel * 8);
	return nr_kernel + nr_user;
}

/* The parent of a process; 0: it has none, or has ended. */
static uint32_t parent_of(uint32_t pid)
{
	char path[64];
	char line[256];
	uint32_t parent = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "PPid: %u", &parent) == 1)
			break;
	if (file)
		fclose(file);
	return parent;
}

/* Whether the recording is of this process: it is named, or descends from one that is. */
static bool is_recorded(const struct stall_stacks *s, uint32_t pid)
{
	if (!s->pids)
		return true;
	for (int depth = 0; pid > 0 && depth < 64; depth++, pid = parent_of(pid)) {
		const char *at = s->pids;
		char *end;

		for (unsigned long one; (one = strtoul(at, &end, 10)) > 0; at = end)
			if (one == pid)
				return true;
	}
	return false;
}

static int take(void *data, struct perf_cpu *cpu, const struct perf_event_header *header,
                struct mmr_error *err)
{
	struct stall_stacks *s = data;
	const struct sample *sample = (const struct sample *)(const void *)header;
	struct stack_record record;
	uint64_t nr = 0;
	uint32_t row, count;

	if (header->size >= sizeof(*sample))
		nr = (header->size - sizeof(*sample)) / sizeof(sample->ips[0]);
	row = row_of(s, cpu, sample->id);
	if (header->size < sizeof(*sample) || (pid_t)sample->pid == s->own || row == s->nr_rows)
		return 0;
	begin_second(s, sample->t_ns);
	if (!is_recorded(s, sample->pid))
		return 0;
	if (!within_limit(s, row))
		nr = 0; /* that it was taken is known all the same */
	record = (struct stack_record){
		.common = { .type = s->id, .pid = sample->tid },
		.cause = s->causes[row],
		.tgid = sample->pid,
	};
	count = fill(&record, sample, sample->nr < nr ? sample->nr : nr);
	for (uint32_t i = 0; i < count; i++)
		stack_symbols_note(&s->symbols, i * 8 < record.kernel >> 16 ? 0 : sample->pid,
		                   record.frames[i], now_ns());
	s->nr_stacks++;
	return subbuf_writer_add(
		&cpu->out, sample->t_ns, &record,
		(uint32_t)(offsetof(struct stack_record, frames) + (size_t)count * 8), err);
}

/* ---- setting up ---- */

/* log2 of the pages of a huge page. */
static unsigned int huge_order(void)
{
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "re");
	unsigned long size = 0;
	unsigned int order = 0;

	if (file) {
		if (fscanf(file, "%lu", &size) != 1)
			size = 0;
		fclose(file);
	}
	for (size /= (unsigned long)sysconf(_SC_PAGESIZE); size > 1; size /= 2)
		order++;
	return order;
}

static uint64_t event_id(const struct tracing *tracing, enum mmr_stall_cause cause)
{
	char file[128];
	size_t size;
	char *text;
	uint64_t id;

	snprintf(file, sizeof(file), "events/%s/%s/id", events[cause].system, events[cause].name);
	text = tracing_read(tracing->root, file, &size);
	id = text ? strtoull(text, NULL, 10) : 0;
	free(text);
	return id;
}

/* One event on one CPU. 1: it is there; 0: the CPU is offline. */
static int open_one(struct stall_stacks *s, uint32_t cpu, uint64_t config, const char *filter,
                    struct mmr_error *err)
{
	struct perf_cpu *c = perf_reader_cpu(&s->reader, cpu);
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.config = config,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
		               PERF_SAMPLE_CALLCHAIN,
		.sample_max_stack = MMR_STACK_FRAMES,
		.disabled = 1,
		.wakeup_events = 1, /* its maps may be gone soon */
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};
	int fd = perf_open(&attr, -1, (int)cpu);
	uint64_t *id;
	int ret;

	if (fd == -ENODEV)
		return 0;
	if (fd < 0)
		return perf_failure(err, -fd, WHAT);
	ret = c ? perf_ring_add(&c->ring, fd, err)
	        : perf_reader_add(&s->reader, cpu, fd, perf_ring_size(RING_SIZE), err);
	if (ret < 0)
		return ret;
	c = perf_reader_cpu(&s->reader, cpu);
	id = s->sample_ids + (size_t)(c - s->reader.cpus) * s->nr_rows + c->ring.nr_fds - 1;
	if (ioctl(fd, PERF_EVENT_IOC_ID, id) < 0 ||
	    (filter && ioctl(fd, PERF_EVENT_IOC_SET_FILTER, filter) < 0))
		return failure_errno(err, errno, "cannot choose " WHAT);
	return 1;
}

static int open_cpu(void *data, uint32_t cpu, struct mmr_error *err)
{
	struct stall_stacks *s = data;

	for (uint32_t row = 0; row < s->nr_rows; row++) {
		bool huge = s->causes[row] == MMR_STALL_HUGE;
		int ret = open_one(s, cpu, s->configs[row], huge ? s->huge_filter : NULL, err);

		if (ret <= 0)
			return ret;
	}
	return 0;
}

int stall_stacks_open(struct stall_stacks *s, const struct tracing *tracing, const char *pids,
                      uint32_t limit, struct mmr_error *err)
{
	unsigned int order = huge_order();
	int ret;

	s->limit = limit;
	s->pids = pids ? strdup(pids) : NULL;
	s->own = getpid();
	s->reader = (struct perf_reader){
		.name = "mmcap/stacks", .take = take, .tick = tick, .data = s
	};
	if (pids && !s->pids)
		return failure(err, MMR_E_NOMEM, "out of memory for " WHAT);
	if (self_filter_in_container())
		return failure(err, MMR_E_UNSUPPORTED,
		               WHAT ": in a container perf knows threads by other numbers than "
		                    "the tracer");
	for (unsigned int i = 0; i < MMR_NR_STALL_CAUSES; i++) {
		uint64_t id = event_id(tracing, (enum mmr_stall_cause)i);

		if (id == 0 || (i == MMR_STALL_HUGE && order == 0))
			continue;
		s->configs[s->nr_rows] = id;
		s->causes[s->nr_rows++] = (enum mmr_stall_cause)i;
	}
	if (s->nr_rows == 0)
		return failure(err, MMR_E_UNSUPPORTED, "this kernel has no tracepoints of stalls");
	s->sample_ids = calloc((size_t)tracing->nr_cpus * s->nr_rows, sizeof(*s->sample_ids));
	if (!s->sample_ids)
		return failure(err, MMR_E_NOMEM, "out of memory for " WHAT);
	snprintf(s->huge_filter, sizeof(s->huge_filter), "order == %u && pfn == 0xffffffffffffffff",
	         order);
	ret = perf_reader_init(&s->reader, tracing->nr_cpus, err);
	for (uint32_t cpu = 0; cpu < tracing->nr_cpus && ret == 0; cpu++)
		ret = open_cpu(s, cpu, err);
	return ret;
}

int stall_stacks_adopt(struct stall_stacks *s, uint32_t cpu, struct mmr_error *err)
{
	return perf_reader_adopt(&s->reader, cpu, open_cpu, s, err);
}

int stall_stacks_finish(struct stall_stacks *s, struct mmr_writer *writer, struct mmr_error *err)
{
	return stack_symbols_write(&s->symbols, writer, err);
}

void stall_stacks_deinit(struct stall_stacks *s)
{
	perf_reader_deinit(&s->reader);
	stack_symbols_deinit(&s->symbols);
	free(s->sample_ids);
	free(s->pids);
	s->sample_ids = NULL;
	s->pids = NULL;
}
