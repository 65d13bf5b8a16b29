/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcap trigger: has a flight recorder write its file now, and tells which. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "commands.h"
#include "control.h"
#include "options.h"
#include "terminal.h"

#define TOOL "mmcap trigger"

#define MAX_RECORDERS 256

static struct {
	uint64_t pid;
	bool all;
	uint64_t last_ns;
	const char *output;
	bool json;
} args;

static const struct option_row options[] = {
	{ .long_name = "pid",
	  .short_name = 'p',
	  .type = OPTION_UINT,
	  .argument = "PID",
	  .target = &args.pid,
	  .help = "The recorder's process id; not needed if there is only one" },
	{ .long_name = "all",
	  .short_name = 'a',
	  .type = OPTION_FLAG,
	  .target = &args.all,
	  .help = "All recorders that run with --ring" },
	{ .long_name = "last",
	  .short_name = 'l',
	  .type = OPTION_TIME,
	  .argument = "TIME",
	  .target = &args.last_ns,
	  .help = "Write only what happened in the last TIME (default: all that the ring holds)" },
	{ .long_name = "output",
	  .short_name = 'o',
	  .type = OPTION_STRING,
	  .argument = "FILE",
	  .target = &args.output,
	  .help = "Write to FILE instead of the recorder's next numbered file" },
	{ .long_name = "json",
	  .type = OPTION_FLAG,
	  .target = &args.json,
	  .help = "Print one JSON object a recorder, each on a line" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "Have mmcap record --ring write what it holds to a file, and print its name.",
	.usage = "[options]",
	.options = options,
	.epilogue = "Exit status: 0 the file is written; 2 trouble.\n",
};

static void print_json(pid_t pid, const struct control_message *answer)
{
	static const char *const numbers[] = { "events",  "bytes",   "first_ns",
		                               "last_ns", "took_ns", NULL };
	json_t *object = json_object();
	uint64_t value;

	json_object_set_new(object, "pid", json_integer(pid));
	json_object_set_new(object, "file", json_string(control_get(answer, "file")));
	for (int i = 0; numbers[i]; i++)
		if (control_get_number(answer, numbers[i], &value))
			json_object_set_new(object, numbers[i], json_integer((json_int_t)value));
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

/* Asks one recorder and waits for its answer. */
static int ask(pid_t pid, const struct control_message *question)
{
	struct control_message answer = { .size = 0 };
	struct mmr_error err = { 0 };
	int fd = control_connect(pid, &err);
	const char *file;

	if (fd < 0)
		return fail(TOOL, &err);
	if (control_send(fd, question) < 0 || control_receive(fd, &answer, -1) < 0) {
		message(TOOL, "recorder %d ended before it had written a file", (int)pid);
		close(fd);
		return EXIT_TROUBLE;
	}
	close(fd);
	file = control_get(&answer, "file");
	if (!file) {
		const char *error = control_get(&answer, "error");

		message(TOOL, "recorder %d: %s", (int)pid, error ? error : "no answer");
		return EXIT_TROUBLE;
	}
	if (args.json)
		print_json(pid, &answer);
	else
		puts(file);
	return 0;
}

/* An absolute path: the recorder has a directory of its own. */
static int put_output(struct control_message *question)
{
	bool absolute = args.output && args.output[0] == '/';
	char *path = NULL;
	char *cwd;

	if (!args.output)
		return 0;
	cwd = absolute ? strdup("") : getcwd(NULL, 0);
	if (!cwd || asprintf(&path, "%s%s%s", cwd, absolute ? "" : "/", args.output) < 0)
		path = NULL;
	free(cwd);
	if (!path || strlen(path) >= PATH_MAX) {
		message(TOOL, "%s: the name is too long", args.output);
		free(path);
		return EXIT_TROUBLE;
	}
	control_put(question, "output", path);
	free(path);
	return 0;
}

/* Which recorders are meant; how many, 0 after a message. */
static size_t choose(pid_t pids[MAX_RECORDERS])
{
	size_t count;

	if (args.pid > 0 && args.all) {
		message(TOOL, "--pid and --all exclude each other");
		return 0;
	}
	if (args.pid > INT_MAX) {
		message(TOOL, "--pid: %llu is not a process id", (unsigned long long)args.pid);
		return 0;
	}
	if (args.pid > 0) {
		pids[0] = (pid_t)args.pid;
		return 1;
	}
	count = control_find(pids, MAX_RECORDERS);
	if (count == 0)
		message(TOOL, "no recorder of this user runs with --ring");
	if (count > 1 && !args.all) {
		char list[128] = "";
		size_t used = 0;

		for (size_t i = 0; i < count && used < sizeof(list) - 16; i++)
			used += (size_t)snprintf(list + used, sizeof(list) - used, " %d",
			                         (int)pids[i]);
		message(TOOL, "several recorders run:%s; choose with --pid, or --all", list);
		return 0;
	}
	if (count > 1 && args.output) {
		message(TOOL, "--output: several recorders cannot write one file");
		return 0;
	}
	return count;
}

int cmd_trigger(int argc, char **argv)
{
	struct control_message question = { .size = 0 };
	pid_t pids[MAX_RECORDERS];
	int first = options_parse(&command, argc, argv);
	int status = 0;
	size_t count;

	if (first < 0)
		return EXIT_TROUBLE;
	if (first < argc) {
		message(TOOL, "%s is not expected (see %s --help)", argv[first], TOOL);
		return EXIT_TROUBLE;
	}
	count = choose(pids);
	if (count == 0 || put_output(&question) != 0)
		return EXIT_TROUBLE;
	control_put(&question, "ask", "save");
	if (args.last_ns > 0)
		control_put_number(&question, "last", args.last_ns);
	for (size_t i = 0; i < count; i++)
		status |= ask(pids[i], &question);
	return finish_output(TOOL, status);
}
