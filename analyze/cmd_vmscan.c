/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmanalyze vmscan: who reclaimed how much, in the numbers of the kernel's script
 * Documentation/trace/postprocess/trace-vmscan-postprocess.pl (6.12).
 *
 * State is kept by task: when its direct reclaim began last, and since when it is awake as kswapd. Sums of the
 * summary are over tasks that reclaimed directly, or that woke as kswapd; a wakeup of kswapd by any other task is
 * in neither. Times are those of tracefs, to a microsecond, and added up in the script's milliseconds, so that
 * rounding is the same, too.
 *
 * Not modelled: --ignore-pid; a task that has runs of kswapd and of direct reclaim.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "mmanalyze.h"
#include "options.h"
#include "terminal.h"
#include "trace_tasks.h"

#define TOOL      "mmanalyze vmscan"
#define NR_ORDERS 20

enum reclaim_flag { RECLAIM_FILE = 0x2, RECLAIM_SYNC = 0x4 };

static struct {
	bool json;
} args;

static const struct option_row options[] = {
	{ .long_name = "json", .type = OPTION_FLAG, .target = &args.json, .help = "Print JSON" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "Tell who reclaimed how much, and how long kswapd was awake.",
	.usage = "[options] trace.zst...",
	.options = options,
	.epilogue = "The numbers are those of the kernel's trace-vmscan-postprocess.pl.\n",
};

struct vmscan_task {
	uint64_t nr_direct_reclaims;
	uint64_t nr_wakeups; /* of kswapd by this task */
	uint64_t nr_wakes;   /* of this task as kswapd */
	uint64_t nr_rewakes; /* while it was awake */
	uint64_t direct_orders[NR_ORDERS];
	uint64_t wakeup_orders[NR_ORDERS];
	uint64_t wake_orders[NR_ORDERS];
	uint64_t rewake_orders[NR_ORDERS];
	uint64_t nr_scanned;
	uint64_t nr_file_scanned;
	uint64_t nr_anon_scanned;
	uint64_t nr_reclaimed;
	uint64_t nr_file_reclaimed;
	uint64_t nr_anon_reclaimed;
	uint64_t nr_file_sync;
	uint64_t nr_anon_sync;
	uint64_t nr_file_async;
	uint64_t nr_anon_async;
	uint64_t nr_sync;
	uint64_t nr_async;
	uint64_t stalled_ns;
	uint64_t awake_ns;
	double stalled_ms;
	double awake_ms;
	double direct_since_ms;
	double awake_since_ms; /* 0: asleep */
	bool reclaims;         /* it began direct reclaim before */
	bool joined_late;      /* the trace begins within its first direct reclaim */
	bool awake_at_start;
};

struct vmscan_data {
	bool counts_writes; /* the script knows only mm_vmscan_writepage, the name before 5.18 */
};

/* ---- counting ---- */

static double milliseconds(const struct mmr_event *event)
{
	uint64_t us = (event->t_ns + 500) / 1000;
	uint64_t ms_of_seconds = us / 1000000 * 1000;

	return (double)ms_of_seconds + (double)(us % 1000000) / 1000.0;
}

/* The script keeps latencies as text of 15 digits. */
static double as_kept(double ms)
{
	char text[40];

	snprintf(text, sizeof(text), "%.15g", ms);
	return strtod(text, NULL);
}

static void count_order(uint64_t orders[NR_ORDERS], int32_t order)
{
	if (order >= 0 && order < NR_ORDERS)
		orders[order]++;
}

static void direct_begin(struct vmscan_task *task, const struct mmr_event *event)
{
	task->nr_direct_reclaims++;
	task->direct_since_ms = milliseconds(event);
	task->reclaims = true;
	count_order(task->direct_orders, event->reclaim.order);
}

/* Whose first reclaim began before the trace has no latencies in the script: it stops at the gap in the list. */
static void direct_end(struct vmscan_task *task, const struct mmr_event *event)
{
	if (!task->reclaims)
		task->joined_late = true;
	else if (!task->joined_late)
		task->stalled_ms += as_kept(milliseconds(event) - task->direct_since_ms);
}

static void kswapd_wake(struct vmscan_task *task, const struct mmr_event *event)
{
	if (task->awake_since_ms > 0) {
		task->nr_rewakes++;
		count_order(task->rewake_orders, event->reclaim.order);
		return;
	}
	task->nr_wakes++;
	task->awake_since_ms = milliseconds(event);
	count_order(task->wake_orders, event->reclaim.order);
}

/* kswapd that is awake when the trace begins has been since the clock was 0, says the script. */
static void kswapd_sleep(struct vmscan_task *task, const struct mmr_event *event)
{
	if (task->awake_since_ms <= 0)
		task->awake_at_start = true;
	task->awake_ms += as_kept(milliseconds(event) - task->awake_since_ms);
	task->awake_since_ms = 0;
}

/* Only inactive lists count as scanned, as in /proc/vmstat. */
static void isolate(struct vmscan_task *task, const struct mmr_event *event)
{
	uint32_t nr_scanned = event->lru_isolate.nr_scanned;

	if (event->lru_isolate.lru != 0 && event->lru_isolate.lru != 2)
		return;
	task->nr_scanned += nr_scanned;
	if (event->lru_isolate.lru == 2)
		task->nr_file_scanned += nr_scanned;
	else
		task->nr_anon_scanned += nr_scanned;
}

static void shrink_inactive(struct vmscan_task *task, const struct mmr_event *event)
{
	uint32_t nr_reclaimed = event->shrink_inactive.nr_reclaimed;

	task->nr_reclaimed += nr_reclaimed;
	if (event->shrink_inactive.reclaim_flags & RECLAIM_FILE)
		task->nr_file_reclaimed += nr_reclaimed;
	else
		task->nr_anon_reclaimed += nr_reclaimed;
}

static void write_page(struct vmscan_task *task, const struct mmr_event *event)
{
	bool file = event->write_folio.reclaim_flags & RECLAIM_FILE;

	if (event->write_folio.reclaim_flags & RECLAIM_SYNC)
		*(file ? &task->nr_file_sync : &task->nr_anon_sync) += 1;
	else
		*(file ? &task->nr_file_async : &task->nr_anon_async) += 1;
}

static void count(void *data, void *record, struct mmr_trace *trace, const struct mmr_event *event)
{
	struct vmscan_task *task = record;
	struct vmscan_data *state = data;

	switch (event->kind) {
	case MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN:
		direct_begin(task, event);
		break;
	case MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END:
		direct_end(task, event);
		break;
	case MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE:
		kswapd_wake(task, event);
		break;
	case MMR_EVENT_MM_VMSCAN_KSWAPD_SLEEP:
		kswapd_sleep(task, event);
		break;
	case MMR_EVENT_MM_VMSCAN_WAKEUP_KSWAPD:
		task->nr_wakeups++;
		count_order(task->wakeup_orders, event->reclaim.order);
		break;
	case MMR_EVENT_MM_VMSCAN_LRU_ISOLATE:
		isolate(task, event);
		break;
	case MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE:
		shrink_inactive(task, event);
		break;
	case MMR_EVENT_MM_VMSCAN_WRITE_FOLIO:
		if (!state->counts_writes)
			state->counts_writes = mmr_trace_text(
				trace, "events/vmscan/mm_vmscan_writepage/format", NULL);
		if (state->counts_writes)
			write_page(task, event);
		break;
	default:
		break;
	}
}

static uint64_t to_ns(double ms)
{
	return ms > 0 ? (uint64_t)(ms * 1000 + 0.5) * 1000 : 0;
}

static void finish(struct trace_tasks *tasks)
{
	for (size_t i = 0; i < trace_tasks_count(tasks); i++) {
		struct vmscan_task *task = trace_tasks_record(tasks, i);

		task->nr_sync = task->nr_file_sync + task->nr_anon_sync;
		task->nr_async = task->nr_file_async + task->nr_anon_async;
		task->stalled_ns = to_ns(task->stalled_ms);
		task->awake_ns = to_ns(task->awake_ms);
	}
}

/* ---- printing ---- */

static void seconds(const void *record, char *text, size_t size)
{
	const struct vmscan_task *task = record;

	snprintf(text, size, "%.3f", task->stalled_ms / 1000);
}

static void print_orders(char *text, size_t size, const char *what,
                         const uint64_t orders[NR_ORDERS])
{
	for (int order = 0; order < NR_ORDERS; order++) {
		size_t length = strlen(text);

		if (orders[order])
			snprintf(text + length, size - length, "%s%s-%d=%" PRIu64,
			         length ? " " : "", what, order, orders[order]);
	}
}

static void direct_orders(const void *record, char *text, size_t size)
{
	const struct vmscan_task *task = record;

	text[0] = '\0';
	print_orders(text, size, "direct", task->direct_orders);
	print_orders(text, size, "wakeup", task->wakeup_orders);
}

static void kswapd_orders(const void *record, char *text, size_t size)
{
	const struct vmscan_task *task = record;

	text[0] = '\0';
	print_orders(text, size, "wake", task->wake_orders);
	print_orders(text, size, "rewake", task->rewake_orders);
}

#define COLUMN(title, name)                                                 \
	{                                                                   \
		title, #name, offsetof(struct vmscan_task, nr_##name), NULL \
	}

#define PAGE_COLUMNS                                                                            \
	COLUMN("scanned", scanned), COLUMN("file", file_scanned), COLUMN("anon", anon_scanned), \
		COLUMN("reclaimed", reclaimed), COLUMN("file", file_reclaimed),                 \
		COLUMN("anon", anon_reclaimed), COLUMN("sync I/O", sync),                       \
		COLUMN("async I/O", async)

static const struct trace_tasks_column direct_columns[] = {
	COLUMN("reclaims", direct_reclaims),
	COLUMN("wakeups", wakeups),
	PAGE_COLUMNS,
	{ "stalled (s)", "stalled_ns", offsetof(struct vmscan_task, stalled_ns), seconds },
	{ "by order", NULL, 0, direct_orders },
	{ NULL, NULL, 0, NULL },
};

static const struct trace_tasks_column kswapd_columns[] = {
	COLUMN("wakes", wakes),
	COLUMN("rewakes", rewakes),
	PAGE_COLUMNS,
	{ "by order", NULL, 0, kswapd_orders },
	{ NULL, NULL, 0, NULL },
};

/* The summary's lines, in the words of the script. */
static const struct summary_line {
	const char *title;
	const char *key;
	size_t offset;
} summary_lines[] = {
	{ "pages scanned", "scanned", offsetof(struct vmscan_task, nr_scanned) },
	{ "file pages scanned", "file_scanned", offsetof(struct vmscan_task, nr_file_scanned) },
	{ "anon pages scanned", "anon_scanned", offsetof(struct vmscan_task, nr_anon_scanned) },
	{ "pages reclaimed", "reclaimed", offsetof(struct vmscan_task, nr_reclaimed) },
	{ "file pages reclaimed", "file_reclaimed",
	  offsetof(struct vmscan_task, nr_file_reclaimed) },
	{ "anon pages reclaimed", "anon_reclaimed",
	  offsetof(struct vmscan_task, nr_anon_reclaimed) },
	{ "write file sync I/O", "file_sync", offsetof(struct vmscan_task, nr_file_sync) },
	{ "write anon sync I/O", "anon_sync", offsetof(struct vmscan_task, nr_anon_sync) },
	{ "write file async I/O", "file_async", offsetof(struct vmscan_task, nr_file_async) },
	{ "write anon async I/O", "anon_async", offsetof(struct vmscan_task, nr_anon_async) },
};

static uint64_t counter(const struct vmscan_task *task, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)task + offset, sizeof(value));
	return value;
}

/* Over the tasks whose counter at chosen is not 0. */
static uint64_t sum(const struct trace_tasks *tasks, size_t chosen, size_t offset)
{
	uint64_t total = 0;

	for (size_t i = 0; i < trace_tasks_count(tasks); i++) {
		const struct vmscan_task *task = trace_tasks_record(tasks, i);

		if (counter(task, chosen))
			total += counter(task, offset);
	}
	return total;
}

static double sum_ms(const struct trace_tasks *tasks, bool of_kswapd)
{
	double total = 0;

	for (size_t i = 0; i < trace_tasks_count(tasks); i++) {
		const struct vmscan_task *task = trace_tasks_record(tasks, i);

		total += of_kswapd ? task->awake_ms : task->stalled_ms;
	}
	return total;
}

#define OFFSET(name) offsetof(struct vmscan_task, nr_##name)

static void print_line(const char *who, const char *what, uint64_t value)
{
	char title[64];

	snprintf(title, sizeof(title), "%s%s%s:", who, *what ? " " : "", what);
	printf("  %-38s %" PRIu64 "\n", title, value);
}

static void print_lines(const struct trace_tasks *tasks, const char *who, size_t chosen)
{
	for (size_t i = 0; i < sizeof(summary_lines) / sizeof(summary_lines[0]); i++) {
		const struct summary_line *line = &summary_lines[i];
		bool write = strncmp(line->title, "write", 5) == 0;

		print_line(write && chosen == OFFSET(wakes) ? "Kswapd reclaim" : who, line->title,
		           sum(tasks, chosen, line->offset));
	}
}

static void print_summary(const struct trace_tasks *tasks)
{
	puts("Summary");
	print_line("Direct reclaims", "",
	           sum(tasks, OFFSET(direct_reclaims), OFFSET(direct_reclaims)));
	print_lines(tasks, "Direct reclaim", OFFSET(direct_reclaims));
	print_line("Wake kswapd requests", "",
	           sum(tasks, OFFSET(direct_reclaims), OFFSET(wakeups)));
	printf("  %-38s %.2f seconds\n\n",
	       "Time stalled direct reclaim:", sum_ms(tasks, false) / 1000);
	print_line("Kswapd wakeups", "", sum(tasks, OFFSET(wakes), OFFSET(wakes)));
	print_lines(tasks, "Kswapd", OFFSET(wakes));
	printf("  %-38s %.2f seconds\n", "Time kswapd awake:", sum_ms(tasks, true) / 1000);
}

static void print_tables(struct trace_tasks *tasks)
{
	trace_tasks_sort(tasks, OFFSET(direct_reclaims));
	if (sum(tasks, OFFSET(direct_reclaims), OFFSET(direct_reclaims))) {
		puts("Direct reclaim");
		trace_tasks_print(tasks, direct_columns, OFFSET(direct_reclaims));
		putchar('\n');
	}
	trace_tasks_sort(tasks, OFFSET(wakes));
	if (sum(tasks, OFFSET(wakes), OFFSET(wakes))) {
		puts("kswapd");
		trace_tasks_print(tasks, kswapd_columns, OFFSET(wakes));
		putchar('\n');
	}
	print_summary(tasks);
}

static json_t *json_summary(const struct trace_tasks *tasks, size_t chosen, const char *count_key,
                            const char *time_key)
{
	json_t *root = json_object();

	json_object_set_new(root, count_key, json_integer((json_int_t)sum(tasks, chosen, chosen)));
	for (size_t i = 0; i < sizeof(summary_lines) / sizeof(summary_lines[0]); i++)
		json_object_set_new(
			root, summary_lines[i].key,
			json_integer((json_int_t)sum(tasks, chosen, summary_lines[i].offset)));
	if (chosen == OFFSET(direct_reclaims))
		json_object_set_new(root, "wakeups",
		                    json_integer((json_int_t)sum(tasks, chosen, OFFSET(wakeups))));
	json_object_set_new(
		root, time_key,
		json_integer((json_int_t)to_ns(sum_ms(tasks, chosen == OFFSET(wakes)))));
	return root;
}

/* As the tables, with times in ns. */
static void print_json(struct trace_tasks *tasks)
{
	json_t *root = json_object();

	trace_tasks_sort(tasks, OFFSET(direct_reclaims));
	json_object_set_new(root, "direct",
	                    trace_tasks_json(tasks, direct_columns, OFFSET(direct_reclaims)));
	trace_tasks_sort(tasks, OFFSET(wakes));
	json_object_set_new(root, "kswapd", trace_tasks_json(tasks, kswapd_columns, OFFSET(wakes)));
	json_object_set_new(
		root, "direct_total",
		json_summary(tasks, OFFSET(direct_reclaims), "direct_reclaims", "stalled_ns"));
	json_object_set_new(root, "kswapd_total",
	                    json_summary(tasks, OFFSET(wakes), "wakes", "awake_ns"));
	print_json_value(root);
}

static void tell_doubts(const struct trace_tasks *tasks)
{
	bool awake = false, late = false;

	for (size_t i = 0; i < trace_tasks_count(tasks); i++) {
		const struct vmscan_task *task = trace_tasks_record(tasks, i);

		awake |= task->awake_at_start;
		late |= task->joined_late;
	}
	if (awake)
		message(TOOL,
		        "kswapd was awake when the recording began: as in the script, it counts"
		        " as awake since the clock was 0");
	if (late)
		message(TOOL, "tasks were in direct reclaim when the recording began: as in the"
		              " script, their times are not counted");
}

int cmd_vmscan(int argc, char **argv)
{
	static const unsigned int wanted[] = {
		MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END,
		MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE,          MMR_EVENT_MM_VMSCAN_KSWAPD_SLEEP,
		MMR_EVENT_MM_VMSCAN_WAKEUP_KSWAPD,        MMR_EVENT_MM_VMSCAN_LRU_ISOLATE,
		MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE,  MMR_EVENT_MM_VMSCAN_WRITE_FOLIO,
	};
	uint64_t kinds[MMR_NR_EVENT_KINDS / 64 + 1] = { 0 };
	int first = options_parse(&command, argc, argv);
	struct vmscan_data data = { 0 };
	struct trace_tasks_source source = {
		.tool = TOOL,
		.kinds = kinds,
		.task_size = sizeof(struct vmscan_task),
		.task = count,
		.data = &data,
	};
	struct trace_tasks *tasks;

	if (first < 0)
		return EXIT_TROUBLE;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		kinds[wanted[i] / 64] |= UINT64_C(1) << (wanted[i] % 64);
	source.operands = (const char *const *)argv + first;
	source.nr_operands = (size_t)(argc - first);
	tasks = trace_tasks_read(&source);
	if (!tasks)
		return EXIT_TROUBLE;
	finish(tasks);
	tell_doubts(tasks);
	if (args.json)
		print_json(tasks);
	else
		print_tables(tasks);
	trace_tasks_free(tasks);
	return finish_output(TOOL, EXIT_SUCCESS);
}
