/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which texts may stay, which are changed, and that all others go: a text that nobody has thought of is
 * left out. Numbers stay, words that the kernel itself gives stay, names that somebody chose do not.
 */
#include "anonymize.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the hash ---- */

static uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

uint64_t trace_anon_hash(const struct anon_key *key, const void *data, size_t size)
{
	uint64_t v[4] = { key->k[0] ^ 0x736f6d6570736575u, key->k[1] ^ 0x646f72616e646f6du,
		          key->k[0] ^ 0x6c7967656e657261u, key->k[1] ^ 0x7465646279746573u };
	const uint8_t *bytes = data;

	for (size_t at = 0; at <= size; at += 8) {
		uint64_t word = 0;

		memcpy(&word, bytes + at, size - at < 8 ? size - at : 8);
		if (size - at < 8)
			word |= (uint64_t)(size & 0xff) << 56;
		v[3] ^= word;
		sip_round(v);
		sip_round(v);
		v[0] ^= word;
	}
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* ---- names ---- */

static bool begins(const char *name, size_t size, const char *prefix)
{
	size_t length = strlen(prefix);

	return size >= length && memcmp(name, prefix, length) == 0;
}

/* What the kernel calls a thread of its own, whose work analyses tell apart; NULL: another name. */
static const char *kernel_name(const char *name, size_t size)
{
	static const char *const names[] = { "kswapd",  "kcompactd", "khugepaged", "ksmd",
		                             "kworker", "ksoftirqd", "kthreadd",   "oom_reaper",
		                             "<idle>",  "swapper",   "migration",  "rcu_",
		                             "kdamond", "jbd2",      "mmcap" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (begins(name, size, names[i]))
			return names[i];
	return NULL;
}

void trace_anon_task(const struct anon_key *key, const char *name, size_t size, char out[16])
{
	const char *kernel;
	size_t digits;

	size = strnlen(name, size);
	kernel = kernel_name(name, size);
	memset(out, 0, 16);
	if (size == 0)
		return;
	if (!kernel) {
		snprintf(out, 16, "t%08" PRIx32,
		         (uint32_t)trace_anon_hash(key, name, size < 15 ? size : 15));
		return;
	}
	/* kswapd0 stays, kworker/u8:1-flush-254:0 becomes kworker. */
	digits = strlen(kernel);
	while (digits < size && isdigit((unsigned char)name[digits]))
		digits++;
	snprintf(out, 16, "%.*s", (int)(digits < 15 ? digits : 15), name);
}

/* A path, by components, so that one below another stays so. */
static void put_path(const struct anon_key *key, FILE *out, const char *path, size_t size)
{
	for (size_t at = 0; at < size;) {
		size_t length = 0;

		if (path[at] == '/') {
			fputc('/', out);
			at++;
			continue;
		}
		while (at + length < size && path[at + length] != '/')
			length++;
		fprintf(out, "n%08" PRIx32, (uint32_t)trace_anon_hash(key, path + at, length));
		at += length;
	}
}

/* ---- lines ---- */

typedef void line_writer(const struct anon_key *key, FILE *out, const char *line, size_t size);

static void put_task(const struct anon_key *key, FILE *out, const char *line, size_t size)
{
	char name[16];

	trace_anon_task(key, line, size, name);
	fputs(name, out);
}

/* "PID COMM" */
static void pid_and_task(const struct anon_key *key, FILE *out, const char *line, size_t size)
{
	const char *space = memchr(line, ' ', size);

	if (!space)
		return;
	fprintf(out, "%.*s ", (int)(space - line), line);
	put_task(key, out, space + 1, size - (size_t)(space + 1 - line));
}

/* "PID (COMM) S ...": numbers behind; the comm may hold anything. */
static void process_stat(const struct anon_key *key, FILE *out, const char *line, size_t size)
{
	const char *open = memchr(line, '(', size);
	const char *close = memrchr(line, ')', size);

	if (!open || !close || close < open)
		return;
	fprintf(out, "%.*s", (int)(open + 1 - line), line);
	put_task(key, out, open + 1, (size_t)(close - open - 1));
	fprintf(out, "%.*s", (int)(size - (size_t)(close - line)), close);
}

/* "START-END PERM OFFSET DEV INODE   PATH" */
static void mapping(const struct anon_key *key, FILE *out, const char *line, size_t size)
{
	static const char *const own[] = { "[heap]", "[stack]", "[vdso]", "[vvar]", "[vsyscall]" };
	size_t at = 0;

	for (int field = 0; field < 5 && at < size; field++) {
		while (at < size && line[at] != ' ')
			at++;
		while (at < size && line[at] == ' ')
			at++;
	}
	fprintf(out, "%.*s", (int)at, line);
	if (at == size)
		return;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (size - at == strlen(own[i]) && memcmp(line + at, own[i], size - at) == 0) {
			fputs(own[i], out);
			return;
		}
	if (line[at] == '[')
		fprintf(out, "[anon:n%08" PRIx32 "]",
		        (uint32_t)trace_anon_hash(key, line + at, size - at));
	else
		put_path(key, out, line + at, size - at);
}

/* "ID:CONTROLLERS:PATH" */
static void membership(const struct anon_key *key, FILE *out, const char *line, size_t size)
{
	const char *colon = memchr(line, ':', size);
	const char *path = colon ? memchr(colon + 1, ':', size - (size_t)(colon + 1 - line)) : NULL;

	if (!path)
		return;
	/* A hierarchy may have a name instead of controllers. */
	if (begins(colon + 1, (size_t)(path - colon), "name="))
		fprintf(out, "%.*sname=", (int)(colon + 1 - line), line);
	else
		fprintf(out, "%.*s", (int)(path - line), line);
	fputc(':', out);
	put_path(key, out, path + 1, size - (size_t)(path + 1 - line));
}

/* "PATH  type size used priority", below a heading */
static void swap_area(const struct anon_key *key, FILE *out, const char *line, size_t size)
{
	size_t length = 0;

	if (line[0] == '/') {
		while (length < size && !isspace((unsigned char)line[length]))
			length++;
		put_path(key, out, line, length);
	}
	fprintf(out, "%.*s", (int)(size - length), line + length);
}

/* "memcg ID PATH" among lines of numbers */
static void generation(const struct anon_key *key, FILE *out, const char *line, size_t size)
{
	const char *path = begins(line, size, "memcg") ? memchr(line, '/', size) : NULL;
	size_t before = path ? (size_t)(path - line) : size;

	fprintf(out, "%.*s", (int)before, line);
	if (path)
		put_path(key, out, path, size - before);
}

/* What of the recorder's options names nobody. */
static void option(const struct anon_key *key, FILE *out, const char *line, size_t size)
{
	static const char *const kept[] = { "buffer_size=", "interval_ns=", "duration_ns=",
		                            "snapshot=", "event=" };

	(void)key;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (begins(line, size, kept[i]))
			fprintf(out, "%.*s", (int)size, line);
}

/* What made a flight recorder write; its condition may name a cgroup. */
static void trigger(const struct anon_key *key, FILE *out, const char *line, size_t size)
{
	static const char *const kept[] = { "kind=", "mono_ns=", "wall_ns=", "ignored=" };

	(void)key;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (begins(line, size, kept[i]))
			fprintf(out, "%.*s", (int)size, line);
}

/* That it is filtered stays, by what does not. */
static void some_tasks(const struct anon_key *key, FILE *out, const char *line, size_t size)
{
	(void)key;
	(void)line;
	(void)size;
	fputs("some tasks", out);
}

static void put_cgroup(const struct anon_key *key, FILE *out, const char *name, size_t size);

/* "INODE NAME" */
static void cgroup_id(const struct anon_key *key, FILE *out, const char *line, size_t size)
{
	const char *space = memchr(line, ' ', size);

	if (!space)
		return;
	fprintf(out, "%.*s ", (int)(space - line), line);
	put_cgroup(key, out, space + 1, size - (size_t)(space + 1 - line));
}

static enum anon_text by_line(const struct anon_key *key, line_writer *write, const char *text,
                              size_t size, char **out, size_t *out_size)
{
	FILE *stream = open_memstream(out, out_size);

	if (!stream)
		return ANON_DROP;
	for (size_t at = 0; at < size;) {
		const char *newline = memchr(text + at, '\n', size - at);
		size_t length = newline ? (size_t)(newline - (text + at)) : size - at;

		write(key, stream, text + at, length);
		if (newline)
			fputc('\n', stream);
		at += length + (newline != NULL);
	}
	if (fclose(stream) == 0)
		return ANON_CHANGED;
	free(*out);
	return ANON_DROP;
}

/* ---- which is which ---- */

#define CGROUPS "sys/fs/cgroup"

/* A directory of the tree; what the tree itself is called stays. */
static void put_cgroup(const struct anon_key *key, FILE *out, const char *name, size_t size)
{
	static const char *const roots[] = { CGROUPS "/memory", CGROUPS };

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		size_t length = strlen(roots[i]);

		if (!begins(name, size, roots[i]) || (size > length && name[length] != '/'))
			continue;
		fputs(roots[i], out);
		put_path(key, out, name + length, size - length);
		return;
	}
}

static bool is_listed(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(list[i]);
		bool prefix = list[i][length - 1] == '/';

		if (prefix ? strncmp(name, list[i], length) == 0 : strcmp(name, list[i]) == 0)
			return true;
	}
	return false;
}

#define LISTED(name, list) is_listed(name, list, sizeof(list) / sizeof((list)[0]))

enum anon_text trace_anon_text(const struct anon_key *key, const char *name, const char *text,
                               size_t size, char **out, size_t *out_size)
{
	static const char *const kept[] = {
		"kernel.release",
		"machine",
		"tool",
		"page_size",
		"clock",
		"start_ns",
		"start_wall_ns",
		"events/",
		"header_page",
		"header_event",
		"proc/zoneinfo",
		"per_cpu/",
		"recorder.cost",
		"recorder.pid",
		"ring",
		"ring.begin_ns",
		"ring.dropped_events",
		"fault_source",
		"writer.levels",
	};

	if (strcmp(name, "saved_cmdlines") == 0)
		return by_line(key, pid_and_task, text, size, out, out_size);
	if (strcmp(name, "recorder.options") == 0)
		return by_line(key, option, text, size, out, out_size);
	if (strcmp(name, "trigger") == 0)
		return by_line(key, trigger, text, size, out, out_size);
	if (strcmp(name, "filtered") == 0)
		return by_line(key, some_tasks, text, size, out, out_size);
	return LISTED(name, kept) ? ANON_KEEP : ANON_DROP;
}

static line_writer *of_process(const char *file)
{
	if (strcmp(file, "comm") == 0)
		return put_task;
	if (strcmp(file, "stat") == 0)
		return process_stat;
	if (strcmp(file, "maps") == 0)
		return mapping;
	return strcmp(file, "cgroup") == 0 ? membership : NULL;
}

static enum anon_text cgroup_file(const struct anon_key *key, const char *name, char new_name[512])
{
	static const char *const kept[] = { "cgroup.procs", "cgroup.type",
		                            "cgroup.subtree_control" };
	const char *file = strrchr(name, '/') + 1;
	FILE *stream;

	if (!LISTED(file, kept) && strncmp(file, "memory.", 7) != 0)
		return ANON_DROP;
	stream = fmemopen(new_name, 512, "w");
	if (!stream)
		return ANON_DROP;
	put_cgroup(key, stream, name, (size_t)(file - 1 - name));
	fprintf(stream, "/%s", file);
	fputc('\0', stream);
	if (fclose(stream) != 0)
		return ANON_DROP;
	new_name[511] = '\0';
	return ANON_KEEP;
}

enum anon_text trace_anon_piece(const struct anon_key *key, const char *name, const char *text,
                                size_t size, char **out, size_t *out_size, char new_name[512])
{
	static const char *const kept[] = {
		"proc/buddyinfo",
		"proc/buddyinfo.b",
		"proc/buddyinfo.end",
		"proc/vmstat",
		"proc/zoneinfo",
		"proc/pagetypeinfo",
		"proc/meminfo",
		"proc/pressure/",
		"proc/kpageflags",
		"proc/kpagecount",
		"proc/slabinfo",
		"proc/stat",
		"proc/uptime",
		"proc/cpuinfo",
		"proc/config",
		"proc/sys/vm/",
		"sys/kernel/mm/",
		"proc/sys/kernel/numa_balancing",
		"sys/block/",
		"sys/class/bdi/",
		"sys/kernel/debug/extfrag/",
		"sys/devices/system/",
		"sys/kernel/debug/zswap/",
		"sys/module/zswap/parameters/",
		"mmcap/swap_extents",
		"sys/kernel/debug/fault_around_bytes",
	};
	char file[16];
	char end;
	unsigned int pid;
	line_writer *write = NULL;

	snprintf(new_name, 512, "%s", name);
	if (sscanf(name, "proc/%u/%15[a-z_]%c", &pid, file, &end) == 2) {
		write = of_process(file);
		if (!write)
			return strcmp(file, "task") == 0 || strcmp(file, "oom_score_adj") == 0
			               ? ANON_KEEP
			               : ANON_DROP;
	} else if (strncmp(name, CGROUPS "/", strlen(CGROUPS "/")) == 0) {
		return cgroup_file(key, name, new_name);
	} else if (strcmp(name, "proc/swaps") == 0) {
		write = swap_area;
	} else if (strcmp(name, "sys/kernel/debug/lru_gen") == 0 ||
	           strcmp(name, "sys/kernel/debug/lru_gen_full") == 0) {
		write = generation;
	} else if (strcmp(name, "mmcap/cgroup_ids") == 0) {
		write = cgroup_id;
	}
	if (write)
		return by_line(key, write, text, size, out, out_size);
	return LISTED(name, kept) ? ANON_KEEP : ANON_DROP;
}
