/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace_texts.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <mmreplay/version.h>

#include "failure.h"
#include "task_filter.h"

/* All of these stop at the first failure, which stays in ret and err. */
struct texts {
	struct mmr_writer *writer;
	struct mmr_error *err;
	int ret;
};

static void put(struct texts *t, const char *name, const char *value)
{
	if (t->ret == 0)
		t->ret = mmr_writer_text(t->writer, name, value, strlen(value), t->err);
}

static void put_number(struct texts *t, const char *name, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	put(t, name, text);
}

static void put_file(struct texts *t, const char *name, const char *dir, const char *file)
{
	size_t size;
	char *text = tracing_read(dir, file, &size);

	if (text && t->ret == 0)
		t->ret = mmr_writer_text(t->writer, name, text, size, t->err);
	free(text);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A word as a shell would take it back. */
static void print_word(FILE *stream, const char *word)
{
	if (word[0] && !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                                  "0123456789_-+=./:,@%^")]) {
		fputs(word, stream);
		return;
	}
	fputc('\'', stream);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", stream);
		else
			fputc(*word, stream);
	}
	fputc('\'', stream);
}

static void put_settings(struct texts *t, const struct tracing *tracing,
                         const struct record_options *o)
{
	static const char *const snapshots[] = { "none", "light", "full" };
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	if (!stream) {
		t->ret = failure(t->err, MMR_E_NOMEM, "out of memory for the header");
		return;
	}
	fprintf(stream, "buffer_size=%llu\ninterval_ns=%llu\nduration_ns=%llu\nsnapshot=%s\n",
	        (unsigned long long)tracing->buffer_size, (unsigned long long)o->interval_ns,
	        (unsigned long long)o->duration_ns, snapshots[o->snapshot]);
	for (size_t i = 0; i < o->events.count; i++)
		fprintf(stream, "event=%s\n", o->events.items[i]);
	for (size_t i = 0; i < o->pids.count; i++)
		fprintf(stream, "pid=%s\n", o->pids.items[i]);
	if (o->cgroup)
		fprintf(stream, "cgroup=%s\n", o->cgroup);
	if (o->only_command)
		fprintf(stream, "only-command=1\n");
	if (fclose(stream) == 0)
		put(t, "recorder.options", text);
	free(text);
	text = NULL;
	stream = o->command ? open_memstream(&text, &size) : NULL;
	for (char **word = o->command; stream && *word; word++) {
		print_word(stream, *word);
		if (word[1])
			fputc(' ', stream);
	}
	if (stream && fclose(stream) == 0)
		put(t, "cmdline", text);
	free(text);
}

static void put_events(struct texts *t, const char *root, const struct event_set *events)
{
	char *absent = calloc(events->count + 1, 160);

	if (!absent) {
		t->ret = failure(t->err, MMR_E_NOMEM, "out of memory for the header");
		return;
	}
	for (size_t i = 0; i < events->count; i++) {
		const struct chosen_event *e = &events->events[i];
		char name[192];

		snprintf(name, sizeof(name), "events/%s/%s/format", e->system, e->name);
		if (e->present)
			put_file(t, name, root, name);
		else
			snprintf(absent + strlen(absent), 160, "%s:%s\n", e->system, e->name);
	}
	if (absent[0])
		put(t, "events/absent", absent);
	free(absent);
}

/* The ring buffer's counts before anything is recorded, for those at the end to be compared with. */
static void put_statistics(struct texts *t, const struct tracing *tracing)
{
	for (uint32_t cpu = 0; cpu < tracing->nr_cpus; cpu++) {
		char file[64];
		char name[72];

		if (!tracing->has_buffer[cpu])
			continue;
		snprintf(file, sizeof(file), "per_cpu/cpu%u/stats", cpu);
		snprintf(name, sizeof(name), "%s.start", file);
		put_file(t, name, tracing->dir, file);
	}
}

int trace_texts_header(struct mmr_writer *writer, const struct tracing *tracing,
                       const struct event_set *events, const struct record_options *o,
                       struct mmr_error *err)
{
	struct texts t = { .writer = writer, .err = err };
	struct utsname name;
	char tool[64];
	char filtered[512];

	if (uname(&name) < 0)
		return failure(err, MMR_E_IO, "cannot tell which kernel this is");
	snprintf(tool, sizeof(tool), "mmcap %s", mmr_version());
	put(&t, "tool", tool);
	put(&t, "kernel.release", name.release);
	put(&t, "kernel.version", name.version);
	put(&t, "machine", name.machine);
	put_number(&t, "page_size", (uint64_t)sysconf(_SC_PAGESIZE));
	put(&t, "clock", "mono");
	put_number(&t, "start_ns", clock_ns(CLOCK_MONOTONIC));
	put_number(&t, "start_wall_ns", clock_ns(CLOCK_REALTIME));
	task_filter_describe(o, filtered, sizeof(filtered));
	if (task_filter_wanted(o))
		put(&t, "filtered", filtered);
	put_settings(&t, tracing, o);
	put_number(&t, "recorder.pid", (uint64_t)getpid());
	put_file(&t, "header_page", tracing->root, "events/header_page");
	put_file(&t, "header_event", tracing->root, "events/header_event");
	put_events(&t, tracing->root, events);
	put_statistics(&t, tracing);
	put_file(&t, "proc/zoneinfo", "/proc", "zoneinfo");
	return t.ret;
}

/* "PID COMM" of every task that is there now. */
static void print_tasks(FILE *stream)
{
	struct dirent *process;
	DIR *proc = opendir("/proc");

	while (proc && (process = readdir(proc))) {
		char path[320];
		struct dirent *task;
		DIR *tasks;

		if (!isdigit((unsigned char)process->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/task", process->d_name);
		tasks = opendir(path);
		while (tasks && (task = readdir(tasks))) {
			char file[600];
			size_t size;
			char *comm;

			if (task->d_name[0] == '.')
				continue;
			snprintf(file, sizeof(file), "%s/comm", task->d_name);
			comm = tracing_read(path, file, &size);
			if (comm && size > 0)
				fprintf(stream, "%s %s", task->d_name, comm);
			free(comm);
		}
		if (tasks)
			closedir(tasks);
	}
	if (proc)
		closedir(proc);
}

int trace_texts_names(struct mmr_writer *writer, const struct tracing *tracing,
                      struct mmr_error *err)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	char *saved;
	int ret = 0;

	if (!stream)
		return failure(err, MMR_E_NOMEM, "out of memory for the names of tasks");
	saved = tracing_read(tracing->root, "saved_cmdlines", &size);
	if (saved)
		fputs(saved, stream);
	free(saved);
	print_tasks(stream); /* the kernel keeps only some */
	if (fclose(stream) == 0)
		ret = mmr_writer_trailer_text(writer, "saved_cmdlines", text, size, err);
	free(text);
	return ret;
}

int trace_texts_trailer(struct mmr_writer *writer, const struct tracing *tracing, bool names,
                        struct mmr_error *err)
{
	int ret = 0;

	for (uint32_t cpu = 0; cpu < tracing->nr_cpus && ret == 0; cpu++) {
		char name[64];
		size_t size;
		char *text;

		if (!tracing->has_buffer[cpu])
			continue;
		snprintf(name, sizeof(name), "per_cpu/cpu%u/stats", cpu);
		text = tracing_read(tracing->dir, name, &size);
		if (text)
			ret = mmr_writer_trailer_text(writer, name, text, size, err);
		free(text);
	}
	return ret < 0 || !names ? ret : trace_texts_names(writer, tracing, err);
}
