/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record_options.h"

#include <string.h>

#include "stall_stacks.h"
#include "terminal.h"

#define TOOL             "mmcap record"
#define DEFAULT_INTERVAL 1000000000ull /* ns */
#define DEFAULT_END      60000000ull
#define MIN_INTERVAL     10000000ull
#define MIN_BUFFER       (64ull << 10)

static const char *const snapshot_names[] = {
	[SNAPSHOT_NONE] = "none",
	[MMR_SNAPSHOT_LIGHT] = "light",
	[MMR_SNAPSHOT_FULL] = "full",
};

static int set_snapshot(const char *value, void *data)
{
	uint32_t *snapshot = data;

	for (uint32_t i = 0; i < sizeof(snapshot_names) / sizeof(snapshot_names[0]); i++) {
		if (strcmp(value, snapshot_names[i]) == 0) {
			*snapshot = i;
			return 0;
		}
	}
	message(TOOL, "--snapshot: \"%s\" is none of full, light, none", value);
	return -1;
}

static int set_fault_source(const char *value, void *data)
{
	if (fault_source_parse(value, data))
		return 0;
	message(TOOL, "--fault-source: \"%s\" is none of auto, tracepoint, perf, both", value);
	return -1;
}

static int set_access(const char *value, void *data)
{
	if (access_parse(value, data))
		return 0;
	message(TOOL, "--access: \"%s\" is none of idle, damon, faults, perf, none, auto", value);
	return -1;
}

static int set_stacks(const char *value, void *data)
{
	if (stall_stacks_parse(value, data))
		return 0;
	message(TOOL, "--stacks: \"%s\" is neither stalls nor stalls:N, N > 0", value);
	return -1;
}

static const char epilogue[] =
	"Groups: page fault rss lru filemap reclaim compaction migrate thp ksm oom\n"
	"writeback swap vma task slab tlb access, all, and default (all but slab and\n"
	"access). ^GROUP leaves one out.\n"
	"\n"
	"Examples:\n"
	"  mmcap record -- make -j8\n"
	"  mmcap record -o stall.zst -e default,slab -- ./app --big\n"
	"  mmcap record -a --duration 30s\n"
	"\n"
	"Exit status: the command's, 128+N if signal N killed it; 125 if mmcap itself\n"
	"failed, 126 if the command cannot be run, 127 if there is none of that name.\n";

/* What goes together; 0, or -1 after a message. */
static int check(struct record_options *o)
{
	if (!o->command && !o->all && o->pids.count == 0 && !o->cgroup && o->duration_ns == 0 &&
	    o->flight.ring_bytes == 0) {
		message(TOOL, "nothing to record: give a command, -a, --pid, --cgroup, --duration "
		              "or --ring (see mmcap record --help)");
		return -1;
	}
	if (o->all && (o->pids.count > 0 || o->cgroup || o->only_command)) {
		message(TOOL, "-a excludes --pid, --cgroup and --only-command");
		return -1;
	}
	if (o->only_command && !o->command) {
		message(TOOL, "--only-command: there is no command");
		return -1;
	}
	if (o->content_hash &&
	    (o->private || o->anonymize || o->flight.ring_bytes > 0 || o->flight.ring_ns > 0)) {
		message(TOOL,
		        "--content-hash excludes --private and --anonymize, as it says which processes hold "
		        "the same, and --ring, which would drop what pages held first");
		return -1;
	}
	if (o->content_interval_ns < MIN_INTERVAL) {
		message(TOOL, "--content-interval: at least 10ms");
		return -1;
	}
	if (o->anonymize && o->stacks_limit > 0) {
		message(TOOL, "--anonymize excludes --stacks: a stack is addresses and names");
		return -1;
	}
	if (o->interval_ns < MIN_INTERVAL) {
		message(TOOL, "--interval: at least 10ms");
		return -1;
	}
	if (o->access_interval_ns > 0 && o->access_interval_ns < MIN_INTERVAL) {
		message(TOOL, "--access-interval: at least 10ms");
		return -1;
	}
	if (o->buffer_size > 0 && o->buffer_size < MIN_BUFFER) {
		message(TOOL, "--buffer-size: at least 64K");
		return -1;
	}
	return flight_options_check(&o->flight, o->output) ? 0 : -1;
}

int record_options_parse(struct record_options *o, int argc, char **argv)
{
	/* clang-format off */
	const struct option_row rows[] = {
		{ "output", 'o', OPTION_STRING, "FILE", &o->output,
		  "Write the trace to FILE (default: trace.zst); an existing one becomes FILE.old", NULL, false },
		{ "all", 'a', OPTION_FLAG, NULL, &o->all,
		  "Record the whole machine: always done with a command; without one until Ctrl-C", NULL, false },
		{ "pid", 'p', OPTION_LIST, "PID", &o->pids,
		  "Record only these processes and the children they make (no shadow is possible then)", NULL, false },
		{ "cgroup", 'G', OPTION_STRING, "PATH", &o->cgroup,
		  "Record only what runs in this cgroup (no shadow is possible then)", NULL, false },
		{ "only-command", 'c', OPTION_FLAG, NULL, &o->only_command,
		  "Record only the command and what it makes (no shadow is possible then)", NULL, false },
		{ "event", 'e', OPTION_LIST, "EVENT", &o->events,
		  "Record these: a group, name or system:name (may hold * and ?), ^EVENT: not these", NULL, false },
		{ "buffer-size", 'b', OPTION_SIZE, "SIZE", &o->buffer_size,
		  "Kernel buffer for each CPU (default: 16M, less on a small machine)", NULL, false },
		{ "interval", 'i', OPTION_TIME, "TIME", &o->interval_ns,
		  "Time between light snapshots (default: 1s)", NULL, false },
		{ "duration", 'd', OPTION_TIME, "TIME", &o->duration_ns,
		  "Stop after TIME; a command that still runs is sent SIGTERM", NULL, false },
		{ "snapshot", 's', OPTION_CALLBACK, "KIND", &o->snapshot,
		  "Snapshot at start and end: full (default), light or none", set_snapshot, false },
		{ "end-time", 0, OPTION_TIME, "TIME", &o->end_ns,
		  "Time for the full snapshot at the end (default: 60ms; 0s: as much as all of it takes)", NULL, false },
		{ "access", 0, OPTION_CALLBACK, "SOURCE", &o->access,
		  "Sample page accesses by idle (page tracking), damon, faults or perf; auto: the best that disturbs little (default: none)", set_access, false },
		{ "access-interval", 0, OPTION_TIME, "TIME", &o->access_interval_ns,
		  "Time between access samples (default: the source's own, see mmcap-record(1))", NULL, false },
		{ "content-hash", 0, OPTION_FLAG, NULL, &o->content_hash,
		  "Sample a keyed hash of each page that is registered for KSM, for replays with ksm.run=1", NULL, false },
		{ "content-interval", 0, OPTION_TIME, "TIME", &o->content_interval_ns,
		  "Time between these samples (default: 1s; more where there is much memory)", NULL, false },
		{ "fault-source", 0, OPTION_CALLBACK, "SOURCE", &o->fault_source,
		  "Page faults by tracepoint, perf, both, or auto (default): perf where there is no tracepoint", set_fault_source, false },
		{ "stacks", 0, OPTION_CALLBACK, "WHAT", &o->stacks_limit,
		  "Take stacks where tasks begin to wait for memory: stalls, or stalls:N for at most N of a kind a second (default: 100)", set_stacks, false },
		{ "ring", 0, OPTION_CALLBACK, "SIZE|TIME", &o->flight,
		  "Flight recorder: keep the newest in memory (256M, 30s, or 30s,256M), write at a trigger", flight_options_ring, false },
		{ "on", 0, OPTION_LIST, "CONDITION", &o->flight.on,
		  "Trigger when this is so: 'allocstall > 100/s', 'psi.memory.full.avg10 > 5', 'free < 64M', oom", NULL, false },
		{ "on-interval", 0, OPTION_TIME, "TIME", &o->flight.on_interval_ns,
		  "Time between looks at the conditions (default: 250ms)", NULL, false },
		{ "after", 0, OPTION_TIME, "TIME", &o->flight.after_ns,
		  "Write so long after the trigger, to see what followed (default: 100ms)", NULL, false },
		{ "cooldown", 0, OPTION_TIME, "TIME", &o->flight.cooldown_ns,
		  "Let no condition trigger for TIME after one did (default: 60s)", NULL, false },
		{ "once", 0, OPTION_FLAG, NULL, &o->flight.once,
		  "End when the first file is written", NULL, false },
		{ "rotate", 0, OPTION_CALLBACK, "SIZE|TIME", &o->flight,
		  "Go on in a new file after SIZE (1G) or TIME (60s, 10min): trace.0001.zst, trace.0002.zst, ...", flight_options_rotate, false },
		{ "max-files", 0, OPTION_UINT, "N", &o->flight.max_files,
		  "Keep N of these files, or of the flight recorder's, and remove the oldest", NULL, false },
		{ "user", 'u', OPTION_STRING, "USER", &o->user,
		  "Run the command as USER (default: who invoked sudo)", NULL, false },
		{ "private", 0, OPTION_FLAG, NULL, &o->private,
		  "Leave names, maps and cgroups of the machine's processes out, to publish the file", NULL, false },
		{ "anonymize", 0, OPTION_FLAG, NULL, &o->anonymize,
		  "Write keyed hashes instead of names, and no kernel addresses, to publish the file", NULL, false },
		{ "fail-on-loss", 0, OPTION_FLAG, NULL, &o->fail_on_loss,
		  "End with status 125 if the kernel had to drop events", NULL, false },
		{ "overhead", 0, OPTION_FLAG, NULL, &o->overhead,
		  "Tell at the end what the recorder itself cost", NULL, false },
		{ "quiet", 'q', OPTION_FLAG, NULL, &o->quiet,
		  "No summary; losses are still reported", NULL, false },
		{ "verbose", 'v', OPTION_FLAG, NULL, &o->verbose,
		  "Say what is done", NULL, false },
		{ .long_name = NULL },
	};
	/* clang-format on */
	const struct command command = {
		.tool = TOOL,
		.summary = "Record what the memory manager does while a command runs.",
		.usage = "[options] [--] [command [argument...]]",
		.options = rows,
		.epilogue = epilogue,
		.stop_at_operand = true,
	};
	int first;

	*o = (struct record_options){
		.output = "trace.zst",
		.interval_ns = DEFAULT_INTERVAL,
		.content_interval_ns = DEFAULT_INTERVAL,
		.end_ns = DEFAULT_END,
		.snapshot = MMR_SNAPSHOT_FULL,
	};
	flight_options_init(&o->flight);
	first = options_parse(&command, argc, argv);
	if (first < 0)
		return -1;
	if (first < argc)
		o->command = argv + first;
	return check(o);
}

void record_options_deinit(struct record_options *o)
{
	const struct option_row rows[] = {
		{ .long_name = "pid", .type = OPTION_LIST, .target = &o->pids },
		{ .long_name = "event", .type = OPTION_LIST, .target = &o->events },
		{ .long_name = "on", .type = OPTION_LIST, .target = &o->flight.on },
		{ .long_name = NULL },
	};

	options_deinit(&(struct command){ .tool = TOOL, .options = rows });
}
