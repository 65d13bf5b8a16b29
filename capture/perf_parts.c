/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each has a layer of streams of its own behind the ring buffer's: faults, if perf has them; then stacks. */
#include "perf_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "recording.h"
#include "terminal.h"

#define TOOL "mmcap record"

int perf_parts_choose(struct recording *r, const char *root, struct mmr_error *err)
{
	struct mmr_error why = { 0 };
	int ret = fault_source_choose(&r->perf.source, r->options->fault_source, &r->events, root,
	                              &why, err);

	if (ret < 0)
		return ret;
	if (why.text[0])
		message(TOOL, "no page faults are recorded: %s", why.text);
	if (r->events.nr_present == 0 && !r->perf.source.by_perf && r->options->stacks_limit == 0)
		return failure(err, MMR_E_INVALID,
		               "this kernel has none of the events asked for (see mmcap check)");
	return 0;
}

uint32_t perf_parts_streams(const struct recording *r)
{
	return 1u + (r->perf.source.by_perf ? 1u : 0u) + (r->options->stacks_limit > 0 ? 1u : 0u);
}

int perf_parts_texts(struct recording *r, struct mmr_error *err)
{
	const struct fault_source *source = &r->perf.source;
	uint32_t last = source->by_perf ? source->kernel_id
	                                : event_set_last_id(&r->events, r->tracing.root);
	int ret = fault_source_texts(source, r->writer, err);

	if (ret == 0 && r->options->stacks_limit > 0)
		ret = stall_stacks_texts(&r->perf.stacks, last, r->writer, err);
	return ret;
}

/* The threads that are recorded, to free(); NULL: all. */
static int list_tasks(const struct recording *r, char **pids, struct mmr_error *err)
{
	*pids = NULL;
	if (!task_filter_wanted(r->options))
		return 0;
	return task_filter_list(&r->task_filter, r->child.pid, pids, err);
}

static int begin_faults(struct recording *r, struct mmr_error *err)
{
	struct perf_faults *faults = &r->perf.faults;
	char *pids = NULL;
	int ret = list_tasks(r, &pids, err);

	if (ret == 0)
		ret = perf_faults_open(faults, &r->perf.source, &r->tracing, pids, err);
	free(pids);
	faults->reader.failed_fd = r->readers.failed_fd;
	faults->reader.drop_rights = true;
	if (ret == 0)
		ret = perf_reader_start(&faults->reader, r->writer, r->tracing.nr_cpus,
		                        r->tracing.subbuf_size, err);
	if (ret == 0)
		perf_reader_enable(&faults->reader, true);
	return ret;
}

static int begin_stacks(struct recording *r, struct mmr_error *err)
{
	struct stall_stacks *stacks = &r->perf.stacks;
	uint32_t layer = perf_parts_streams(r) - 1;
	char *pids = NULL;
	int ret = list_tasks(r, &pids, err);

	stack_symbols_init(&stacks->symbols);
	stacks->symbols.names_only = r->options->private;
	if (ret == 0)
		ret = stall_stacks_open(stacks, &r->tracing, pids, r->options->stacks_limit, err);
	free(pids);
	stacks->reader.failed_fd = r->readers.failed_fd;
	if (ret == 0)
		ret = perf_reader_start(&stacks->reader, r->writer, layer * r->tracing.nr_cpus,
		                        r->tracing.subbuf_size, err);
	if (ret == 0)
		perf_reader_enable(&stacks->reader, true);
	return ret;
}

int perf_parts_begin(struct recording *r, struct mmr_error *err)
{
	int ret;

	if (perf_parts_streams(r) == 1)
		return 0;
	perf_parts_look(r); /* before: one that comes now is opened twice rather than not */
	ret = r->perf.source.by_perf ? begin_faults(r, err) : 0;
	if (ret == 0 && r->options->stacks_limit > 0)
		ret = begin_stacks(r, err);
	return ret;
}

int perf_parts_between(struct recording *r, struct mmr_error *err)
{
	perf_reader_flush(&r->perf.faults.reader);
	perf_reader_flush(&r->perf.stacks.reader);
	return r->options->stacks_limit > 0 ? stall_stacks_finish(&r->perf.stacks, r->writer, err)
	                                    : 0;
}

/* Of the tasks that are recorded by now, if not of all: those that the tracer follows. */
static int adopt_faults(struct recording *r, uint32_t cpu, struct mmr_error *err)
{
	size_t size;
	char *pids = NULL;
	int ret;

	if (task_filter_wanted(r->options)) {
		pids = tracing_read(r->tracing.dir, "set_event_pid", &size);
		if (!pids)
			return failure(err, MMR_E_IO, "cannot read which tasks are recorded");
	}
	ret = perf_faults_adopt(&r->perf.faults, cpu, pids, err);
	free(pids);
	return ret;
}

/* What is missing is told now and in the trace. */
static void tell_missing(struct recording *r, uint32_t cpu, const char *what,
                         const struct mmr_error *why)
{
	char name[64];

	message(TOOL, "%s of CPU %u, which has come online, are not recorded: %s", what, cpu,
	        why->text);
	snprintf(name, sizeof(name), "perf.missing/%s/cpu%u", what, cpu);
	/* Told once a file; that it was told before is no failure. */
	if (mmr_writer_trailer_text(r->writer, name, why->text, strlen(why->text), NULL) < 0)
		return;
}

static void adopt(struct recording *r, uint32_t cpu)
{
	struct mmr_error err = { 0 };

	if (r->perf.source.by_perf && adopt_faults(r, cpu, &err) < 0)
		tell_missing(r, cpu, "page faults", &err);
	if (r->options->stacks_limit > 0 && stall_stacks_adopt(&r->perf.stacks, cpu, &err) < 0)
		tell_missing(r, cpu, "stacks", &err);
}

void perf_parts_look(struct recording *r)
{
	const uint32_t nr_cpus = r->tracing.nr_cpus;
	bool *online = calloc(nr_cpus, sizeof(*online));

	if (!online || !tracing_online_cpus(online, nr_cpus)) {
		free(online);
		return;
	}
	for (uint32_t cpu = 0; r->perf.online && cpu < nr_cpus; cpu++)
		if (online[cpu] && !r->perf.online[cpu])
			adopt(r, cpu);
	free(r->perf.online);
	r->perf.online = online;
}

int perf_parts_end(struct recording *r, struct mmr_error *err)
{
	int ret = perf_reader_stop(&r->perf.faults.reader, err);
	int stacks = perf_reader_stop(&r->perf.stacks.reader, ret < 0 ? NULL : err);

	ret = ret < 0 ? ret : stacks;
	if (ret == 0 && r->options->stacks_limit > 0)
		ret = stall_stacks_finish(&r->perf.stacks, r->writer, err);
	if (ret == 0 && r->perf.stacks.nr_over > 0 && r->options->verbose)
		message(TOOL, "%llu stacks were left out: more than %u of a kind in a second",
		        (unsigned long long)r->perf.stacks.nr_over, r->options->stacks_limit);
	return ret;
}

void perf_parts_deinit(struct recording *r)
{
	perf_faults_deinit(&r->perf.faults);
	stall_stacks_deinit(&r->perf.stacks);
	free(r->perf.online);
	r->perf.online = NULL;
}
