/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "task_filter.h"

#include <dirent.h>
#include <errno.h>
#include <mntent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "failure.h"
#include "self_filter.h"
#include "terminal.h"

#define MAX_DEPTH 32

bool task_filter_wanted(const struct record_options *o)
{
	return o->only_command || o->cgroup || o->pids.count > 0;
}

void task_filter_describe(const struct record_options *o, char *text, size_t size)
{
	size_t used = 0;

	if (size == 0)
		return;
	text[0] = '\0';
	if (o->cgroup)
		used = (size_t)snprintf(text, size, "cgroup %s", o->cgroup);
	for (size_t i = 0; i < o->pids.count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s",
		                         i      ? ","
		                         : used ? ", pid "
		                                : "pid ",
		                         o->pids.items[i]);
	if (o->command && used < size)
		snprintf(text + used, size - used, "%s", used ? ", the command" : "the command");
}

/* ---- the cgroup ---- */

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* name as /a/b or as the directory itself; in version 2, or else where version 1 counts memory. */
static bool find_cgroup(const char *name, char *path, size_t size)
{
	for (int version = 2; version >= 1; version--) {
		FILE *mounts = setmntent("/proc/self/mounts", "re");
		const struct mntent *mount;
		bool found = false;

		while (mounts && !found && (mount = getmntent(mounts))) {
			size_t length = strlen(mount->mnt_dir);

			if (version == 2 ? strcmp(mount->mnt_type, "cgroup2") != 0
			                 : strcmp(mount->mnt_type, "cgroup") != 0 ||
			                           !hasmntopt(mount, "memory"))
				continue;
			if (strncmp(name, mount->mnt_dir, length) == 0 &&
			    (name[length] == '/' || !name[length]))
				snprintf(path, size, "%s", name);
			else
				snprintf(path, size, "%s/%s", mount->mnt_dir, name);
			found = is_directory(path);
		}
		if (mounts)
			endmntent(mounts);
		if (found)
			return true;
	}
	return false;
}

static bool copy_lines(FILE *stream, const char *directory, const char *name)
{
	char path[4200];
	char line[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		fputs(line, stream);
	fclose(file);
	return true;
}

/* The threads in a cgroup and in those below it. */
static void print_cgroup(FILE *stream, const char *directory, int depth)
{
	struct dirent *entry;
	DIR *dir = depth < MAX_DEPTH ? opendir(directory) : NULL;

	if (!dir)
		return;
	if (!copy_lines(stream, directory, "cgroup.threads") &&
	    !copy_lines(stream, directory, "tasks"))
		copy_lines(stream, directory, "cgroup.procs");
	while ((entry = readdir(dir))) {
		char below[4096];

		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR &&
		    snprintf(below, sizeof(below), "%s/%s", directory, entry->d_name) <
		            (int)sizeof(below))
			print_cgroup(stream, below, depth + 1);
	}
	closedir(dir);
}

/* ---- setting it up ---- */

static int check_pids(const struct option_list *pids, struct mmr_error *err)
{
	for (size_t i = 0; i < pids->count; i++) {
		uint64_t pid;

		if (!parse_uint(pids->items[i], &pid) || pid == 0 || pid > INT32_MAX)
			return failure(err, MMR_E_INVALID, "--pid: \"%s\" is not a process id",
			               pids->items[i]);
		if (kill((pid_t)pid, 0) < 0 && errno == ESRCH)
			return failure(err, MMR_E_NOTFOUND, "--pid: there is no process %s",
			               pids->items[i]);
	}
	return 0;
}

int task_filter_init(struct task_filter *f, const struct record_options *o, struct mmr_error *err)
{
	*f = (struct task_filter){ .options = o };
	if (task_filter_wanted(o) && self_filter_in_container())
		return failure(err, MMR_E_UNSUPPORTED,
		               "--pid, --cgroup, --only-command: in a container the kernel knows "
		               "processes by other numbers");
	if (o->cgroup && !find_cgroup(o->cgroup, f->cgroup, sizeof(f->cgroup)))
		return failure(err, MMR_E_NOTFOUND, "--cgroup: there is no cgroup %s", o->cgroup);
	return check_pids(&o->pids, err);
}

int task_filter_list(const struct task_filter *f, pid_t command, char **text, struct mmr_error *err)
{
	const struct option_list *pids = &f->options->pids;
	size_t size = 0;
	FILE *stream = open_memstream(text, &size);

	if (!stream)
		return failure(err, MMR_E_NOMEM, "out of memory for the tasks to record");
	for (size_t i = 0; i < pids->count; i++)
		child_print_tasks(stream, pids->items[i]);
	if (f->cgroup[0])
		print_cgroup(stream, f->cgroup, 0);
	/* An empty list would mean all of them: the recorder's own tasks are left out anyway. */
	fprintf(stream, "%d\n", command > 0 ? command : getpid());
	return fclose(stream) == 0
	               ? 0
	               : failure(err, MMR_E_NOMEM, "out of memory for the tasks to record");
}

int task_filter_apply(const struct task_filter *f, const struct tracing *tracing, pid_t command,
                      struct mmr_error *err)
{
	char *text = NULL;
	int ret;

	if (!task_filter_wanted(f->options))
		return 0;
	ret = task_filter_list(f, command, &text, err);
	if (ret == 0)
		ret = tracing_write(tracing, "options/event-fork", "1", err);
	if (ret == 0)
		ret = tracing_write(tracing, "set_event_pid", text, err);
	free(text);
	return ret;
}

/* Whether text, of a line for each, holds the line that begins at line. */
static bool holds(const char *text, const char *line)
{
	size_t length = strcspn(line, "\n") + 1;

	for (; *text; text += strcspn(text, "\n") + 1) {
		if (strncmp(text, line, length) == 0)
			return true;
		if (!strchr(text, '\n'))
			return false;
	}
	return false;
}

void task_filter_look(const struct task_filter *f, const struct tracing *tracing)
{
	char *members = NULL;
	char *known;
	size_t size;
	FILE *stream;

	if (!f->cgroup[0])
		return;
	known = tracing_read(tracing->dir, "set_event_pid", &size);
	stream = open_memstream(&members, &size);
	if (stream) {
		print_cgroup(stream, f->cgroup, 0);
		fclose(stream);
	}
	/* The kernel copies its list for each write: only who is not in it yet. */
	for (const char *line = members; known && line && *line; line += strcspn(line, "\n") + 1) {
		char pid[32];

		if (!strchr(line, '\n'))
			break;
		snprintf(pid, sizeof(pid), "%.*s", (int)strcspn(line, "\n"), line);
		if (!holds(known, line))
			tracing_append(tracing, "set_event_pid", pid);
	}
	free(members);
	free(known);
}
