/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmanalyze pagealloc: how tasks allocated and freed pages, in the numbers of the kernel's script
 * Documentation/trace/postprocess/trace-pagealloc-postprocess.pl (6.12).
 *
 * State is kept by task: whether its last event took a page from its CPU's list back to the zone, or filled
 * that list from the zone. Events in a row count as one drain, or one refill.
 *
 * Not modelled: --prepend-parent, --ignore-pid. The script cannot read mm_page_alloc_extfrag since kernels print pfn
 * in hexadecimal (5.15); here these are counted as it did before.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "mmanalyze.h"
#include "options.h"
#include "terminal.h"
#include "trace_tasks.h"

#define TOOL         "mmanalyze pagealloc"
#define SEVERE_ORDER 3

static struct {
	bool json;
} args;

static const struct option_row options[] = {
	{ .long_name = "json", .type = OPTION_FLAG, .target = &args.json, .help = "Print JSON" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "Count the pages that each task allocated and freed.",
	.usage = "[options] trace.zst...",
	.options = options,
	.epilogue = "The numbers are those of the kernel's trace-pagealloc-postprocess.pl.\n",
};

struct pagealloc_task {
	uint64_t nr_allocated;
	uint64_t nr_under_lock;
	uint64_t nr_freed;
	uint64_t nr_freed_batched;
	uint64_t nr_drained;
	uint64_t nr_drains;
	uint64_t nr_refills;
	uint64_t nr_fallbacks;
	uint64_t nr_fragmenting;
	uint64_t nr_type_changed;
	uint64_t nr_severe;
	uint64_t nr_moderate;
	uint64_t nr_other;
	bool draining;
	bool refilling;
};

#define COLUMN(title, name)                                                    \
	{                                                                      \
		title, #name, offsetof(struct pagealloc_task, nr_##name), NULL \
	}

static const struct trace_tasks_column columns[] = {
	COLUMN("allocated", allocated),
	COLUMN("under lock", under_lock),
	COLUMN("freed", freed),
	COLUMN("freed batched", freed_batched),
	COLUMN("drained", drained),
	COLUMN("drains", drains),
	COLUMN("refills", refills),
	COLUMN("fallbacks", fallbacks),
	COLUMN("fragmenting", fragmenting),
	COLUMN("type changed", type_changed),
	COLUMN("severe", severe),
	COLUMN("moderate", moderate),
	COLUMN("other events", other),
	{ NULL, NULL, 0, NULL },
};

/* Not a field of the event, but in its text. Without it: that of most machines. */
static int32_t pageblock_order(struct mmr_trace *trace)
{
	static const char key[] = " pageblock_order=";
	char text[512];
	const char *found;

	mmr_trace_format_event(trace, text, sizeof(text));
	found = strstr(text, key);
	return found ? (int32_t)strtol(found + sizeof(key) - 1, NULL, 10) : 9;
}

static void fall_back(struct pagealloc_task *task, const struct mmr_event *event,
                      int32_t block_order)
{
	task->nr_fallbacks++;
	task->nr_type_changed += event->extfrag.change_ownership != 0;
	if (event->extfrag.fallback_order >= block_order)
		return;
	task->nr_fragmenting++;
	if (event->extfrag.fallback_order <= SEVERE_ORDER)
		task->nr_severe++;
	else
		task->nr_moderate++;
}

/* The script takes letters and underscores for a name; lines with others are none to it. */
static bool has_plain_name(struct mmr_trace *trace, const struct mmr_event *event)
{
	const char *system = NULL, *name = mmr_event_name(event->kind);

	if (event->kind == MMR_EVENT_OTHER &&
	    !mmr_trace_event_id_name(trace, event->other.event_id, &system, &name))
		return false;
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")] == '\0';
}

static void count(void *data, void *record, struct mmr_trace *trace, const struct mmr_event *event)
{
	struct pagealloc_task *task = record;
	int32_t *block_order = data;

	switch (event->kind) {
	case MMR_EVENT_MM_PAGE_ALLOC:
		task->nr_allocated++;
		break;
	case MMR_EVENT_MM_PAGE_FREE:
		task->nr_freed++;
		break;
	case MMR_EVENT_MM_PAGE_FREE_BATCHED:
		task->nr_freed_batched++;
		break;
	case MMR_EVENT_MM_PAGE_PCPU_DRAIN:
		task->nr_drained++;
		task->draining = true;
		break;
	case MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED:
		task->nr_under_lock++;
		task->refilling = true;
		break;
	case MMR_EVENT_MM_PAGE_ALLOC_EXTFRAG:
		if (!*block_order)
			*block_order = pageblock_order(trace);
		fall_back(task, event, *block_order);
		break;
	default:
		if (!has_plain_name(trace, event))
			return;
		task->nr_other++;
	}
	if (task->draining && event->kind != MMR_EVENT_MM_PAGE_PCPU_DRAIN) {
		task->nr_drains++;
		task->draining = false;
	}
	if (task->refilling && event->kind != MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED) {
		task->nr_refills++;
		task->refilling = false;
	}
}

static void finish(struct trace_tasks *tasks)
{
	for (size_t i = 0; i < trace_tasks_count(tasks); i++) {
		struct pagealloc_task *task = trace_tasks_record(tasks, i);

		task->nr_drains += task->draining;
		task->nr_refills += task->refilling;
	}
}

int cmd_pagealloc(int argc, char **argv)
{
	int first = options_parse(&command, argc, argv);
	int32_t block_order = 0;
	struct trace_tasks_source source = {
		.tool = TOOL,
		.task_size = sizeof(struct pagealloc_task),
		.task = count,
		.data = &block_order,
	};
	struct trace_tasks *tasks;

	if (first < 0)
		return EXIT_TROUBLE;
	source.operands = (const char *const *)argv + first;
	source.nr_operands = (size_t)(argc - first);
	tasks = trace_tasks_read(&source);
	if (!tasks)
		return EXIT_TROUBLE;
	finish(tasks);
	trace_tasks_sort(tasks, offsetof(struct pagealloc_task, nr_allocated));
	if (args.json)
		print_json_value(trace_tasks_json(tasks, columns, SIZE_MAX));
	else
		trace_tasks_print(tasks, columns, SIZE_MAX);
	trace_tasks_free(tasks);
	return finish_output(TOOL, EXIT_SUCCESS);
}
