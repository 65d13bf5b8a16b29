/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shadow's views against the kernel's own files, on real recordings: buddyinfo and debugfs' extfrag_index
 * and unusable_index, digit by digit, at the instants at which the snapshots read them. A file that was
 * read while the free lists moved (by the shadow's word) says nothing and is counted apart. Prints a row a recording.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmreplay/run.h>

#include "recordings.h"

#define MAX_FILES 4096

static const struct {
	const char *view;
	const char *piece;
} files[] = {
	{ "buddyinfo", "proc/buddyinfo" },
	{ "buddyinfo", "proc/buddyinfo.end" },
	{ "extfrag_index", "sys/kernel/debug/extfrag/extfrag_index" },
	{ "unusable_index", "sys/kernel/debug/extfrag/unusable_index" },
};

#define NR_FILES (sizeof(files) / sizeof(files[0]))

/*
 * Numbers that may differ: where compaction took pages whose numbers no event told. Everywhere else there are
 * none. They only ever go down.
 */
static const struct {
	const char *name;
	unsigned int nr_off;
} allowed[] = {
	{ "fragment-61-classic.zst", 1 },
	{ "small-612-numa.zst", 22 },
};

struct file {
	char *kernel;
	char *shadow[2]; /* when the reading began, and when it was over */
	const char *view;
};

struct comparison {
	struct mmr_dump_request requests[2 * MAX_FILES];
	struct file files[MAX_FILES];
	size_t nr_files;
	unsigned int nr_numbers[2]; /* compared: of buddyinfo, of the indices */
	unsigned int nr_off[2];
	unsigned int nr_moving; /* files */
};

/* After the last event nothing is known to happen. */
static uint64_t instant(const struct mmr_trace_info *info, uint64_t t_ns)
{
	return t_ns >= info->last_ns ? MMR_DUMP_END : t_ns - info->first_ns;
}

static int add_files(struct comparison *c, struct mmr_trace *trace, uint32_t i,
                     struct mmr_error *err)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	struct mmr_snapshot *snapshot;
	struct mmr_snapshot_piece piece;
	int code = mmr_trace_snapshot(trace, i, &snapshot, err);

	if (code < 0)
		return code;
	for (size_t f = 0; f < NR_FILES && c->nr_files < MAX_FILES; f++) {
		size_t n = c->nr_files;

		if (!mmr_snapshot_find(snapshot, files[f].piece, &piece) || piece.begin_ns == 0)
			continue;
		c->files[n].kernel = strndup((const char *)piece.data, piece.size);
		c->files[n].view = files[f].view;
		c->requests[2 * n] =
			(struct mmr_dump_request){ files[f].view, instant(info, piece.begin_ns) };
		c->requests[2 * n + 1] =
			(struct mmr_dump_request){ files[f].view, instant(info, piece.end_ns) };
		c->nr_files++;
	}
	mmr_snapshot_free(snapshot);
	return 0;
}

static bool keep(void *data, const struct mmr_dump *dump)
{
	struct comparison *c = data;

	c->files[dump->request / 2].shadow[dump->request % 2] = strdup(dump->text);
	return true;
}

/* "Node", "0,", "zone" and its name are no numbers. */
static bool is_number(const char *word, size_t length)
{
	return length > 0 && word[length - 1] != ',' &&
	       (*word == '-' || (*word >= '0' && *word <= '9'));
}

/* Words that differ, and how many numbers were compared. */
static unsigned int compare_words(const char *a, const char *b, unsigned int *nr)
{
	unsigned int off = 0;

	while (*a || *b) {
		size_t length_a = strcspn(a, " \n"), length_b = strcspn(b, " \n");

		*nr += is_number(a, length_a);
		off += length_a != length_b || memcmp(a, b, length_a) != 0;
		a += length_a;
		b += length_b;
		a += strspn(a, " \n");
		b += strspn(b, " \n");
	}
	return off;
}

static void compare(struct comparison *c)
{
	for (size_t i = 0; i < c->nr_files; i++) {
		struct file *file = &c->files[i];
		bool index = strcmp(file->view, "buddyinfo") != 0;

		if (!file->kernel || !file->shadow[0] || !file->shadow[1])
			abort();
		if (strcmp(file->shadow[0], file->shadow[1]) != 0) {
			c->nr_moving++;
		} else {
			c->nr_off[index] +=
				compare_words(file->kernel, file->shadow[0], &c->nr_numbers[index]);
			/* Not only the words: to the last blank. */
			if (strlen(file->kernel) != strlen(file->shadow[0]))
				c->nr_off[index]++;
		}
		free(file->kernel);
		free(file->shadow[0]);
		free(file->shadow[1]);
	}
}

static int follow(struct mmr_trace *trace, struct comparison *c, struct mmr_error *err)
{
	const struct mmr_run_options options = {
		.trace_path = "-", .dumps = c->requests, .dump = keep, .dump_data = c
	};
	struct mmr_run_options with_dumps = options;
	struct mmr_run_report report;
	int code = 0;

	/* The first snapshot is what the shadow begins with. */
	for (uint32_t i = 1; code == 0 && i < mmr_trace_info(trace)->nr_snapshots; i++)
		code = add_files(c, trace, i, err);
	if (code < 0)
		return code;
	with_dumps.nr_dumps = 2 * c->nr_files;
	code = mmr_run_original(trace, &with_dumps, &report, err);
	mmr_run_report_deinit(&report);
	if (code == 0)
		compare(c);
	return code;
}

static unsigned int nr_allowed(const char *name)
{
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (strcmp(allowed[i].name, name) == 0)
			return allowed[i].nr_off;
	return 0;
}

static bool check_file(const char *path, const char *name)
{
	struct comparison *c = calloc(1, sizeof(*c));
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;
	bool good = false;
	int code;

	if (!c)
		abort();
	code = mmr_trace_open(path, NULL, &trace, &err);
	if (code == 0) {
		code = follow(trace, c, &err);
		mmr_trace_close(trace);
	}
	if (code < 0) {
		printf("%-28s %s\n", name, err.text);
		good = code == MMR_E_NOTFOUND || code == MMR_E_UNSUPPORTED;
	} else {
		good = c->nr_off[0] + c->nr_off[1] <= nr_allowed(name);
		printf("%-28s %5zu %6u %9u %5u %7u %5u  %s\n", name, c->nr_files, c->nr_moving,
		       c->nr_numbers[0], c->nr_off[0], c->nr_numbers[1], c->nr_off[1],
		       good ? "ok" : "PAST ITS BOUND");
	}
	free(c);
	return good;
}

static void print_head(void)
{
	printf("%-28s %5s %6s %9s %5s %7s %5s\n", "recording", "files", "moving", "buddyinfo",
	       "off", "extfrag", "off");
}

int main(void)
{
	return check_recordings(print_head, check_file);
}
