/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tasks of a trace did, in numbers: one record of counters a task, filled event by event and printed as a
 * table or JSON. For the commands that answer as the kernel's own scripts do (Documentation/trace/postprocess).
 */
#ifndef ANALYZE_TRACE_TASKS_H
#define ANALYZE_TRACE_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include <mmreplay/trace.h>

struct trace_tasks;

/*
 * A trace to read: task() is called for each event with the record of the task that was running, which is all
 * zeroes at first. Marks of lost events do not come.
 */
struct trace_tasks_source {
	const char *tool;
	const char *const *operands; /* the files of one recording */
	size_t nr_operands;
	const uint64_t *kinds; /* as in struct mmr_trace_options */
	size_t task_size;      /* bytes of a record */
	void (*task)(void *data, void *task, struct mmr_trace *trace,
	             const struct mmr_event *event);
	void *data;
};

/* Reads all of it; NULL after a message. The trace stays open, for the names of tasks. */
struct trace_tasks *trace_tasks_read(const struct trace_tasks_source *source);
void trace_tasks_free(struct trace_tasks *tasks);

size_t trace_tasks_count(const struct trace_tasks *tasks);

/* Record i < trace_tasks_count(). */
void *trace_tasks_record(const struct trace_tasks *tasks, size_t i);

/* Sorts the records: the largest uint64_t at this offset first, then by pid. */
void trace_tasks_sort(struct trace_tasks *tasks, size_t offset);

/* A counter of the records (uint64_t at offset), or what text() makes of a record, beside its name in JSON. */
struct trace_tasks_column {
	const char *title;
	const char *key;
	size_t offset;
	void (*text)(const void *task, char *text, size_t size);
};

/*
 * Prints the records whose uint64_t at offset shown is not 0 (SIZE_MAX: all), and their total if there are two or
 * more. columns end with one without a title.
 */
void trace_tasks_print(const struct trace_tasks *tasks, const struct trace_tasks_column *columns,
                       size_t shown);
json_t *trace_tasks_json(const struct trace_tasks *tasks, const struct trace_tasks_column *columns,
                         size_t shown);

#endif
