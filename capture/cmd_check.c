/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmcap check: what this machine can record, what is missing, and how to get it. Tries things out
 * rather than guess from configuration: it makes and removes an instance.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "commands.h"
#include "event_history.h"
#include "event_set.h"
#include "options.h"
#include "perf_faults.h"
#include "terminal.h"
#include "tracing.h"

#define TOOL "mmcap check"

enum state {
	STATE_OK,
	STATE_PARTLY,  /* recordings are made, and say what they lack */
	STATE_MISSING, /* the same, for one thing */
	STATE_BLOCKED, /* nothing can be recorded */
};

static const char *const state_names[] = {
	[STATE_OK] = "ok",
	[STATE_PARTLY] = "partly",
	[STATE_MISSING] = "missing",
	[STATE_BLOCKED] = "blocked",
};

#define MAX_FINDINGS 64

struct finding {
	enum state state;
	char what[40];
	char detail[320];
	char remedy[200]; /* "" if there is nothing to do */
};

struct report {
	struct finding findings[MAX_FINDINGS];
	size_t count;
	char absent[8192]; /* events that this kernel lacks, a line each */
	bool blocked;
};

static void add(struct report *r, enum state state, const char *what, const char *remedy,
                const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static void add(struct report *r, enum state state, const char *what, const char *remedy,
                const char *fmt, ...)
{
	struct finding *f;
	va_list args;

	if (r->count == MAX_FINDINGS)
		return;
	f = &r->findings[r->count++];
	f->state = state;
	snprintf(f->remedy, sizeof(f->remedy), "%s", state == STATE_OK ? "" : remedy);
	snprintf(f->what, sizeof(f->what), "%s", what);
	va_start(args, fmt);
	vsnprintf(f->detail, sizeof(f->detail), fmt, args);
	va_end(args);
	r->blocked |= state == STATE_BLOCKED;
}

/* ---- events ---- */

/* A line for each group; the names of what is missing are kept for the end. */
static void check_group(struct report *r, const char *root, unsigned int group)
{
	const char *name = mmr_event_group_name(group);
	const struct option_list items = { .items = &name, .count = 1 };
	struct event_set set;
	struct mmr_error err = { 0 };
	char since[40];
	char missing[160] = "";
	char remedy[200] = "";

	if (event_set_choose(&set, &items, root, &err) < 0 || set.nr_present == 0) {
		event_set_deinit(&set);
		if (group == MMR_GROUP_FAULT && perf_faults_try(&err) == 0) {
			add(r, STATE_PARTLY, name, "", "by perf, without error codes");
			return;
		}
		add(r, STATE_MISSING, name,
		    "a kernel with these tracepoints (CONFIG_FTRACE_SYSCALLS for vma)",
		    "none of its events");
		return;
	}
	for (size_t i = 0; i < set.count; i++) {
		const struct chosen_event *e = &set.events[i];
		size_t used = strlen(r->absent);

		if (e->present)
			continue;
		snprintf(r->absent + used, sizeof(r->absent) - used, "%s:%s\n", e->system, e->name);
		used = strlen(missing);
		snprintf(missing + used, sizeof(missing) - used, "%s%s", used ? ", " : "", e->name);
		if (!remedy[0])
			snprintf(remedy, sizeof(remedy),
			         "Linux %s has %s; mmcap list events --missing says what is lost",
			         event_history_since(mmr_event_find(e->system, e->name), since,
			                             sizeof(since)),
			         e->name);
	}
	if (missing[0])
		add(r, STATE_PARTLY, name, remedy, "%zu of %zu events; lacks %s", set.nr_present,
		    set.count, missing);
	else
		add(r, STATE_OK, name, "", "%zu event%s%s", set.count, set.count == 1 ? "" : "s",
		    group == MMR_GROUP_SLAB ? "; only with -e default,slab" : "");
	event_set_deinit(&set);
}

/* ---- tracefs ---- */

static void count_stale(const char *name, void *data)
{
	unsigned int *count = data;

	(void)name;
	++*count;
}

static const char *check_tracefs(struct report *r)
{
	struct tracing tracing;
	struct mmr_error err = { 0 };
	unsigned int nr_stale = 0;
	const char *root = tracing_root(&err);
	char size[FORMAT_SIZE];

	if (!root) {
		add(r, STATE_BLOCKED, "tracefs",
		    err.code == MMR_E_PERMISSION
		            ? "sudo mmcap record ..."
		            : "a kernel with CONFIG_EVENT_TRACING; mount -t tracefs tracefs "
		              "/sys/kernel/tracing",
		    "%s", err.text);
		return NULL;
	}
	tracing_find_stale(root, count_stale, &nr_stale);
	if (tracing_create(&tracing, 0, &err) < 0) {
		add(r, STATE_BLOCKED, "tracefs", "sudo mmcap record ...", "%s", err.text);
		return NULL;
	}
	add(r, STATE_OK, "tracefs", "", "%s; %u CPUs with %s of buffer each, clock mono", root,
	    tracing.nr_online, format_bytes(size, tracing.buffer_size));
	if (tracing_destroy(&tracing, &err) < 0)
		add(r, STATE_PARTLY, "instances", "", "%s", err.text);
	if (nr_stale > 0)
		add(r, STATE_PARTLY, "instances", "the next mmcap record removes them",
		    "%u left by recorders that were killed", nr_stale);
	return root;
}

/* ---- what snapshots need ---- */

static void check_file(struct report *r, const char *path, enum state otherwise, const char *what,
                       const char *remedy)
{
	char byte[8];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, byte, sizeof(byte));

	if (got >= 0)
		add(r, STATE_OK, what, "", "%s", path);
	else if (errno == EACCES || errno == EPERM)
		add(r, otherwise, what, "root (CAP_SYS_ADMIN)", "%s: %s", path, strerror(errno));
	else
		add(r, otherwise, what, remedy, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void check_snapshots(struct report *r)
{
	struct utsname name;
	char path[160];

	check_file(r, "/proc/kpageflags", STATE_MISSING, "page flags",
	           "a kernel with CONFIG_PROC_PAGE_MONITOR; without it no shadow");
	check_file(r, "/proc/kpagecount", STATE_MISSING, "page counts",
	           "a kernel with CONFIG_PROC_PAGE_MONITOR");
	check_file(r, "/proc/pagetypeinfo", STATE_MISSING, "migratetypes", "root");
	check_file(r, "/proc/pressure/memory", STATE_MISSING, "pressure (PSI)",
	           "a kernel with CONFIG_PSI, booted with psi=1");
	check_file(r, "/sys/kernel/debug/extfrag/extfrag_index", STATE_MISSING,
	           "fragmentation index",
	           "mount -t debugfs debugfs /sys/kernel/debug; CONFIG_COMPACTION");
	check_file(r, "/sys/kernel/mm/lru_gen/enabled", STATE_MISSING, "MGLRU",
	           "a kernel with CONFIG_LRU_GEN, only if you want to study MGLRU");
	if (access("/proc/config.gz", R_OK) == 0 || uname(&name) < 0) {
		add(r, STATE_OK, "kernel configuration", "", "/proc/config.gz");
		return;
	}
	snprintf(path, sizeof(path), "/boot/config-%s", name.release);
	check_file(r, path, STATE_MISSING, "kernel configuration",
	           "a kernel with CONFIG_IKCONFIG_PROC, or its config in /boot");
}

/* ---- output ---- */

static void print_text(const struct report *r)
{
	static const struct table_column columns[] = {
		{ "what", TABLE_LEFT },
		{ "state", TABLE_LEFT },
		{ "found", TABLE_LEFT },
	};
	struct table *table = table_create(columns, sizeof(columns) / sizeof(columns[0]));

	for (size_t i = 0; i < r->count; i++) {
		table_cell(table, "%s", r->findings[i].what);
		table_cell(table, "%s", state_names[r->findings[i].state]);
		table_cell(table, "%s", r->findings[i].detail);
	}
	table_print(table, stdout);
	table_destroy(table);
	for (size_t i = 0, heading = 1; i < r->count; i++) {
		const struct finding *f = &r->findings[i];

		if (!f->remedy[0])
			continue;
		if (heading)
			printf("\nTo get what is missing:\n");
		heading = 0;
		printf("  %s: %s\n", f->what, f->remedy);
	}
	printf("\n%s\n",
	       r->blocked ? "This machine does not let us record." : "This machine can record.");
}

static void print_json(const struct report *r)
{
	json_t *root = json_object();
	json_t *items = json_array();
	json_t *absent = json_array();

	for (size_t i = 0; i < r->count; i++) {
		const struct finding *f = &r->findings[i];

		json_array_append_new(items, json_pack("{s:s, s:s, s:s, s:s}", "what", f->what,
		                                       "state", state_names[f->state], "found",
		                                       f->detail, "remedy", f->remedy));
	}
	for (const char *line = r->absent; *line;) {
		size_t length = strcspn(line, "\n");

		json_array_append_new(absent, json_stringn(line, length));
		line += length + 1;
	}
	json_object_set_new(root, "can_record", json_boolean(!r->blocked));
	json_object_set_new(root, "findings", items);
	json_object_set_new(root, "absent_events", absent);
	json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
}

int cmd_check(int argc, char **argv)
{
	bool json = false;
	const struct option_row rows[] = {
		{ "json", 0, OPTION_FLAG, NULL, &json, "Print one JSON object", NULL, false },
		{ .long_name = NULL },
	};
	const struct command command = {
		.tool = TOOL,
		.summary = "Tell what this machine can record, what is missing, and how to get it.",
		.usage = "[options]",
		.options = rows,
		.epilogue =
			"Exit status: 0 if a recording can be made (even if something is missing),\n"
			"1 if none can, 2 on a usage error.\n",
	};
	struct utsname name;
	struct report *r;
	const char *root;
	int first = options_parse(&command, argc, argv);
	int status;

	if (first < 0)
		return EXIT_TROUBLE;
	if (first < argc) {
		message(TOOL, "takes no operand: %s (see %s --help)", argv[first], TOOL);
		return EXIT_TROUBLE;
	}
	r = calloc(1, sizeof(*r));
	if (!r)
		return EXIT_TROUBLE;
	if (uname(&name) == 0)
		add(r, STATE_OK, "kernel", "", "%s %s %s", name.sysname, name.release,
		    name.machine);
	root = check_tracefs(r);
	for (unsigned int group = 0; root && group < MMR_GROUP_OTHER; group++)
		check_group(r, root, group);
	check_snapshots(r);
	if (json)
		print_json(r);
	else
		print_text(r);
	status = r->blocked ? EXIT_FINDING : EXIT_SUCCESS;
	free(r);
	return status;
}
