/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tasks are told apart by pid: as with tracefs' saved_cmdlines, a pid has one name in the whole trace, here the last.
 * That is how trace-cmd names them, and so what the kernel's scripts are given.
 */
#include "trace_tasks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "terminal.h"

#define NAME_SIZE 96

struct entry {
	uint32_t pid;
	void *record;
};

struct trace_tasks {
	struct mmr_trace *trace;
	const char *tool;
	size_t record_size;
	struct entry *entries;
	size_t nr;
	size_t capacity;
	uint32_t *slots; /* entry + 1 by hash of pid; 0: free */
	size_t nr_slots; /* a power of two, at least twice the capacity */
	bool out_of_memory;
};

static uint32_t *slot_of(const struct trace_tasks *tasks, uint32_t pid)
{
	size_t i = pid * UINT64_C(2654435761) & (tasks->nr_slots - 1);

	while (tasks->slots[i] && tasks->entries[tasks->slots[i] - 1].pid != pid)
		i = (i + 1) & (tasks->nr_slots - 1);
	return &tasks->slots[i];
}

static bool grow(struct trace_tasks *tasks)
{
	size_t capacity = tasks->capacity ? 2 * tasks->capacity : 256;
	struct entry *entries = realloc(tasks->entries, capacity * sizeof(*entries));
	uint32_t *slots = calloc(2 * capacity, sizeof(*slots));

	if (entries)
		tasks->entries = entries;
	if (!entries || !slots) {
		free(slots);
		return false;
	}
	free(tasks->slots);
	tasks->slots = slots;
	tasks->nr_slots = 2 * capacity;
	tasks->capacity = capacity;
	for (size_t i = 0; i < tasks->nr; i++)
		*slot_of(tasks, entries[i].pid) = (uint32_t)i + 1;
	return true;
}

/* The record of a task, made if there is none yet. */
static void *record_of(struct trace_tasks *tasks, uint32_t pid)
{
	uint32_t *slot = tasks->nr_slots ? slot_of(tasks, pid) : NULL;
	struct entry *entry;

	if (slot && *slot)
		return tasks->entries[*slot - 1].record;
	if (tasks->nr == tasks->capacity && !grow(tasks))
		return NULL;
	entry = &tasks->entries[tasks->nr];
	entry->pid = pid;
	entry->record = calloc(1, tasks->record_size);
	if (entry->record)
		*slot_of(tasks, pid) = (uint32_t)++tasks->nr;
	return entry->record;
}

static int read_events(struct trace_tasks *tasks, const struct trace_tasks_source *source,
                       struct mmr_error *err)
{
	struct progress progress;
	struct mmr_event event;
	uint64_t nr = 0;
	int code;

	progress_begin(&progress, "reading", mmr_trace_info(tasks->trace)->nr_events, false);
	while ((code = mmr_trace_next(tasks->trace, &event, err)) > 0) {
		void *record;

		if (event.kind == MMR_EVENT_LOST)
			continue;
		record = record_of(tasks, event.pid);
		if (!record) {
			tasks->out_of_memory = true;
			break;
		}
		source->task(source->data, record, tasks->trace, &event);
		if (++nr % 65536 == 0)
			progress_update(&progress, nr, "events");
	}
	progress_end(&progress);
	return code;
}

/* Comes after the reading: only then it is known. */
static void tell_what_is_missing(const struct trace_tasks *tasks)
{
	const struct mmr_trace_damage *damage = mmr_trace_damage(tasks->trace);
	const struct mmr_trace_info *info = mmr_trace_info(tasks->trace);
	struct mmr_trace_limit limit;

	if (damage->nr_frames || info->truncated)
		message(tasks->tool, "the trace is damaged or cut: %s", damage->text);
	if (info->nr_lost)
		message(tasks->tool, "%" PRIu64 " events were lost and are not counted",
		        info->nr_lost);
	for (uint32_t i = 0; mmr_trace_limit(tasks->trace, i, &limit); i++)
		message(tasks->tool, "%s", limit.text);
}

struct trace_tasks *trace_tasks_read(const struct trace_tasks_source *source)
{
	const struct mmr_trace_options options = { .kinds = source->kinds, .nr_threads = 1 };
	struct trace_tasks *tasks = calloc(1, sizeof(*tasks));
	struct mmr_error err = { 0 };
	int code = 0;

	if (!tasks) {
		message(source->tool, "out of memory");
		return NULL;
	}
	tasks->tool = source->tool;
	tasks->record_size = source->task_size;
	if (!source->nr_operands) {
		message(source->tool, "a trace is to be given (see %s --help)", source->tool);
		goto fail;
	}
	code = mmr_trace_open_parts(source->operands, source->nr_operands, &options, &tasks->trace,
	                            &err);
	if (code == 0 && mmr_trace_info(tasks->trace)->has_requests) {
		message(source->tool, "%s holds page requests, and no events (see mmcap info)",
		        source->operands[0]);
		goto fail;
	}
	if (code == 0)
		code = read_events(tasks, source, &err);
	if (code == 0 && !tasks->out_of_memory)
		tell_what_is_missing(tasks);
	if (code < 0)
		fail(source->tool, &err);
	else if (tasks->out_of_memory)
		message(source->tool, "out of memory");
	else
		return tasks;
fail:
	trace_tasks_free(tasks);
	return NULL;
}

void trace_tasks_free(struct trace_tasks *tasks)
{
	if (!tasks)
		return;
	for (size_t i = 0; i < tasks->nr; i++)
		free(tasks->entries[i].record);
	free(tasks->entries);
	free(tasks->slots);
	mmr_trace_close(tasks->trace);
	free(tasks);
}

size_t trace_tasks_count(const struct trace_tasks *tasks)
{
	return tasks->nr;
}

void *trace_tasks_record(const struct trace_tasks *tasks, size_t i)
{
	return tasks->entries[i].record;
}

static uint64_t counter(const void *record, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)record + offset, sizeof(value));
	return value;
}

static int compare(const void *a, const void *b, void *data)
{
	const struct entry *left = a, *right = b;
	const size_t *offset = data;
	uint64_t x = counter(left->record, *offset), y = counter(right->record, *offset);

	if (x != y)
		return x < y ? 1 : -1;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

void trace_tasks_sort(struct trace_tasks *tasks, size_t offset)
{
	if (!tasks->nr)
		return;
	qsort_r(tasks->entries, tasks->nr, sizeof(*tasks->entries), compare, &offset);
	memset(tasks->slots, 0, tasks->nr_slots * sizeof(*tasks->slots));
	for (size_t i = 0; i < tasks->nr; i++)
		*slot_of(tasks, tasks->entries[i].pid) = (uint32_t)i + 1;
}

/* ---- printing ---- */

static size_t count_columns(const struct trace_tasks_column *columns)
{
	size_t nr = 0;

	while (columns[nr].title)
		nr++;
	return nr;
}

static bool is_shown(const struct entry *entry, size_t shown)
{
	return shown == SIZE_MAX || counter(entry->record, shown);
}

static void print_counter(struct table *table, uint64_t value)
{
	char text[FORMAT_SIZE];

	table_cell(table, "%s", format_count(text, value));
}

static void print_total(const struct trace_tasks *tasks, struct table *table,
                        const struct trace_tasks_column *columns, size_t shown)
{
	table_cell(table, "total");
	for (; columns->title; columns++) {
		uint64_t total = 0;

		for (size_t i = 0; i < tasks->nr && !columns->text; i++)
			if (is_shown(&tasks->entries[i], shown))
				total += counter(tasks->entries[i].record, columns->offset);
		if (columns->text)
			table_cell(table, "%s", "");
		else
			print_counter(table, total);
	}
}

void trace_tasks_print(const struct trace_tasks *tasks, const struct trace_tasks_column *columns,
                       size_t shown)
{
	struct table_column heads[32] = { { "task", TABLE_LEFT } };
	const size_t nr_columns = count_columns(columns);
	size_t nr_rows = 0;
	struct table *table;

	for (size_t i = 0; i < nr_columns; i++)
		heads[i + 1] = (struct table_column){ columns[i].title,
			                              columns[i].text ? TABLE_LEFT : TABLE_RIGHT };
	table = table_create(heads, nr_columns + 1);
	for (size_t i = 0; i < tasks->nr; i++) {
		const struct entry *entry = &tasks->entries[i];
		const char *comm = mmr_trace_comm(tasks->trace, entry->pid);
		char text[256];

		if (!is_shown(entry, shown))
			continue;
		nr_rows++;
		table_cell(table, "%s-%" PRIu32, comm, entry->pid);
		for (size_t k = 0; k < nr_columns; k++) {
			if (columns[k].text) {
				columns[k].text(entry->record, text, sizeof(text));
				table_cell(table, "%s", text);
			} else {
				print_counter(table, counter(entry->record, columns[k].offset));
			}
		}
	}
	if (nr_rows > 1)
		print_total(tasks, table, columns, shown);
	table_print(table, stdout);
	table_destroy(table);
}

json_t *trace_tasks_json(const struct trace_tasks *tasks, const struct trace_tasks_column *columns,
                         size_t shown)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < tasks->nr; i++) {
		const struct entry *entry = &tasks->entries[i];
		const char *comm = mmr_trace_comm(tasks->trace, entry->pid);
		char text[NAME_SIZE];
		json_t *row;

		if (!is_shown(entry, shown))
			continue;
		row = json_object();
		json_object_set_new(
			row, "task",
			json_string(escape_text(text, sizeof(text), comm, strlen(comm))));
		json_object_set_new(row, "pid", json_integer(entry->pid));
		for (const struct trace_tasks_column *column = columns; column->title; column++)
			if (column->key)
				json_object_set_new(row, column->key,
				                    json_integer((json_int_t)counter(
							    entry->record, column->offset)));
		json_array_append_new(rows, row);
	}
	return rows;
}
