/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PERF_COUNT_SW_PAGE_FAULTS with a period of one gives a sample for every fault that goes to
 * handle_mm_fault(): address, instruction, thread, time. It happens at the beginning of a fault, right
 * behind the tracepoint (do_user_addr_fault() on x86, do_page_fault() on arm64; v6.12), by the same
 * clock, so that what the fault allocates comes behind it.
 *
 * Not there: the error code, of which only the user bit is known; and faults that never get that far
 * (with page faults disabled, at kernel addresses), which serve nobody a page.
 */
#include "perf_faults.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <mmreplay/event.h>

#include "failure.h"

#define WHAT "page faults"

/* x86's page-fault error code, which the tracepoint gives. */
#define ERROR_USER 4u

/* In the order of perf_event_open(2), "PERF_RECORD_SAMPLE". */
struct sample {
	struct perf_event_header header;
	uint64_t ip;
	uint32_t pid;
	uint32_t tid;
	uint64_t t_ns;
	uint64_t address;
};

/* As fault_source.c describes it. */
struct fault_record {
	struct subbuf_common common;
	uint64_t address;
	uint64_t ip;
	uint64_t error_code;
};

static struct perf_event_attr attributes(const struct fault_source *source, size_t ring_size)
{
	return (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_PAGE_FAULTS,
		.sample_period = 1,
		.sample_type =
			PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR,
		.disabled = 1,
		.exclude_user = !source->user,
		.exclude_kernel = !source->kernel,
		.exclude_hv = 1,
		.watermark = 1,
		.wakeup_watermark = (uint32_t)(ring_size / 8),
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};
}

int perf_faults_try(struct mmr_error *err)
{
	const struct fault_source both = { .user = true, .kernel = true };
	struct perf_event_attr attr = attributes(&both, 4096);
	int fd = -ENODEV;

	for (int cpu = 0; cpu < 4096 && fd == -ENODEV; cpu++) /* some may be offline */
		fd = perf_open(&attr, -1, cpu);
	if (fd < 0)
		return perf_failure(err, -fd, WHAT);
	close(fd);
	return 0;
}

static int take(void *data, struct perf_cpu *cpu, const struct perf_event_header *header,
                struct mmr_error *err)
{
	struct perf_faults *f = data;
	const struct sample *sample = (const struct sample *)(const void *)header;
	bool user = (header->misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_USER;
	struct fault_record record;

	if (header->size < sizeof(*sample))
		return 0;
	if ((pid_t)sample->pid == f->own) {
		f->nr_own++;
		return 0;
	}
	record = (struct fault_record){
		.common.type = user ? f->source->user_id : f->source->kernel_id,
		.common.pid = sample->tid,
		.address = sample->address,
		.ip = sample->ip,
		.error_code = MMR_FAULT_CODE_UNKNOWN | (user ? ERROR_USER : 0u),
	};
	return subbuf_writer_add(&cpu->out, sample->t_ns, &record, sizeof(record), err);
}

/* Faults of one thread, and those that it makes, or of all (-1) on one CPU. */
static int open_one(struct perf_faults *f, uint32_t cpu, pid_t pid, struct mmr_error *err)
{
	struct perf_cpu *ring = perf_reader_cpu(&f->reader, cpu);
	struct perf_event_attr attr = attributes(f->source, f->ring_size);
	int fd;

	attr.inherit = pid != -1;
	fd = perf_open(&attr, pid, (int)cpu);
	if (fd == -ENODEV || fd == -ESRCH) /* the CPU is offline, the thread has ended */
		return 0;
	if (fd < 0)
		return perf_failure(err, -fd, WHAT);
	return ring ? perf_ring_add(&ring->ring, fd, err)
	            : perf_reader_add(&f->reader, cpu, fd, f->ring_size, err);
}

static int open_cpu(struct perf_faults *f, uint32_t cpu, const char *pids, struct mmr_error *err)
{
	char *end;
	int ret = 0;

	if (!pids)
		return open_one(f, cpu, -1, err);
	for (pid_t pid; ret == 0 && (pid = (pid_t)strtol(pids, &end, 10)) > 0; pids = end)
		ret = open_one(f, cpu, pid, err);
	return ret;
}

int perf_faults_open(struct perf_faults *f, const struct fault_source *source,
                     const struct tracing *tracing, const char *pids, struct mmr_error *err)
{
	int ret;

	*f = (struct perf_faults){
		.source = source,
		.own = getpid(),
		/* A sample has 40 bytes, and a fault brings several events: half the tracer's. */
		.ring_size = perf_ring_size(tracing->buffer_size / 2),
		.reader = { .name = "mmcap/faults", .take = take, .data = f },
	};
	ret = perf_reader_init(&f->reader, tracing->nr_cpus, err);
	for (uint32_t cpu = 0; cpu < tracing->nr_cpus && ret == 0; cpu++)
		ret = open_cpu(f, cpu, pids, err);
	if (ret == 0 && f->reader.count == 0 && !pids)
		ret = failure(err, MMR_E_UNSUPPORTED, "no CPU gives page faults by perf");
	return ret;
}

struct adoption {
	struct perf_faults *faults;
	const char *pids;
};

static int open_adopted(void *data, uint32_t cpu, struct mmr_error *err)
{
	const struct adoption *a = data;

	return open_cpu(a->faults, cpu, a->pids, err);
}

int perf_faults_adopt(struct perf_faults *f, uint32_t cpu, const char *pids, struct mmr_error *err)
{
	struct adoption a = { f, pids };

	return perf_reader_adopt(&f->reader, cpu, open_adopted, &a, err);
}

void perf_faults_deinit(struct perf_faults *f)
{
	perf_reader_deinit(&f->reader);
}
