/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which files a trace consists of: the one that was named, or all parts of the recording that it begins.
 * Names only propose; what a file is a part of stands in its header (rotation.id, rotation.part).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "error_set.h"
#include "part_names.h"
#include "reader.h"

struct candidate {
	char *path;
	char id[64];
	uint32_t number;
	uint64_t start_wall_ns;
	bool partial;
};

DEFINE_VEC(candidate_vec, struct candidate);

static int compare_candidates(const void *a, const void *b)
{
	const struct candidate *x = a;
	const struct candidate *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->partial - y->partial;
}

static void candidates_deinit(struct candidate_vec *candidates)
{
	for (size_t i = 0; i < candidates->count; i++)
		base_free(candidates->items[i].path);
	candidate_vec_deinit(candidates);
}

/* Reads what part of what recording a file is. A file that is none is MMR_E_FORMAT. */
static int look_at(const char *path, struct candidate *c, struct mmr_error *err)
{
	size_t size = strlen(path);
	struct mmr_trace *trace;
	const char *id;
	int ret = trace_open_header(path, &trace, err);

	if (ret < 0)
		return ret;
	id = mmr_trace_text(trace, "rotation.id", NULL);
	*c = (struct candidate){
		.number = trace->info.first_part,
		.start_wall_ns = trace->info.start_wall_ns,
	};
	c->partial = size > 8 && strcmp(path + size - 8, ".partial") == 0;
	snprintf(c->id, sizeof(c->id), "%s", id ? id : "");
	mmr_trace_close(trace);
	return 0;
}

static int add_candidate(struct candidate_vec *candidates, struct candidate *c, const char *path)
{
	c->path = base_strndup(path, strlen(path));
	if (c->path && candidate_vec_push(candidates, *c) == 0)
		return 0;
	base_free(c->path);
	return MMR_E_NOMEM;
}

static const char *newest(const struct candidate_vec *candidates)
{
	const struct candidate *found = NULL;

	for (size_t i = 0; i < candidates->count; i++)
		if (!found || candidates->items[i].start_wall_ns > found->start_wall_ns)
			found = &candidates->items[i];
	return found ? found->id : "";
}

/* Sorted, one file for each number, and none of another recording. */
static void pick(struct candidate_vec *candidates, const char *wanted)
{
	size_t kept = 0;
	char id[64];

	snprintf(id, sizeof(id), "%s", wanted ? wanted : newest(candidates));
	if (candidates->count)
		qsort(candidates->items, candidates->count, sizeof(candidates->items[0]),
		      compare_candidates);
	for (size_t i = 0; i < candidates->count; i++) {
		struct candidate *c = &candidates->items[i];

		if (strcmp(c->id, id) != 0 ||
		    (kept && candidates->items[kept - 1].number == c->number))
			base_free(c->path);
		else
			candidates->items[kept++] = *c;
	}
	candidates->count = kept;
}

/*
 * Of the files that have the right names, those that belong to the recording id, or to the newest
 * one (NULL). Files of an earlier one may still lie there; they are left alone.
 */
static int gather(const struct trace_name_vec *names, const char *id,
                  struct candidate_vec *candidates, struct mmr_error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		struct candidate c;
		struct mmr_error why;
		int ret = look_at(names->items[i], &c, &why);

		if (ret == MMR_E_NOMEM || (ret == 0 && c.number > 0 && c.id[0] &&
		                           add_candidate(candidates, &c, names->items[i]) < 0))
			return base_error(err, MMR_E_NOMEM, "out of memory for names of files");
	}
	pick(candidates, id);
	return 0;
}

static int open_candidates(const struct candidate_vec *candidates,
                           const struct mmr_trace_options *options, struct mmr_trace **ret,
                           struct mmr_error *err)
{
	const char **paths = base_calloc(candidates->count, sizeof(*paths));
	struct mmr_trace *trace = NULL;
	int code;

	if (!paths)
		return base_error(err, MMR_E_NOMEM, "out of memory for names of files");
	for (size_t i = 0; i < candidates->count; i++)
		paths[i] = candidates->items[i].path;
	code = trace_open_file(paths[0], options, &trace, err);
	if (code == 0 && candidates->count > 1)
		code = trace_add_parts(trace, paths + 1, candidates->count - 1, err);
	base_free(paths);
	if (code < 0) {
		mmr_trace_close(trace);
		return code;
	}
	*ret = trace;
	return 0;
}

/* path is no file: perhaps what the names of several have in common, or a pattern. */
static int open_by_name(const char *path, const struct mmr_trace_options *options,
                        struct mmr_trace **ret, struct mmr_error *err)
{
	struct candidate_vec candidates = { 0 };
	struct trace_name_vec names = { 0 };
	int code = trace_names_match(path, &names);

	if (code == 0 && names.count == 0)
		code = trace_names_of_parts(path, &names);
	if (code < 0)
		base_error(err, code, "out of memory for names of files");
	if (code == 0 && names.count == 1)
		code = trace_open_file(names.items[0], options, ret, err);
	else if (code == 0)
		code = gather(&names, NULL, &candidates, err);
	if (code == 0 && candidates.count > 0)
		code = open_candidates(&candidates, options, ret, err);
	else if (code == 0 && names.count != 1)
		code = base_error_errno(err, ENOENT, "cannot open %s", path);
	candidates_deinit(&candidates);
	trace_names_deinit(&names);
	return code;
}

/* The first part stands for all. */
static int open_siblings(const char *path, const struct candidate *first,
                         const struct mmr_trace_options *options, struct mmr_trace **ret,
                         struct mmr_error *err)
{
	struct candidate_vec candidates = { 0 };
	struct trace_name_vec names = { 0 };
	int code = trace_names_of_parts(path, &names);

	if (code < 0)
		base_error(err, code, "out of memory for names of files");
	else
		code = gather(&names, first->id, &candidates, err);
	if (code == 0 && candidates.count > 1)
		code = open_candidates(&candidates, options, ret, err);
	else if (code == 0)
		code = trace_open_file(path, options, ret, err);
	candidates_deinit(&candidates);
	trace_names_deinit(&names);
	return code;
}

int mmr_trace_open(const char *path, const struct mmr_trace_options *options,
                   struct mmr_trace **ret, struct mmr_error *err)
{
	struct candidate c;
	int code;

	if (access(path, F_OK) < 0 && errno == ENOENT)
		return open_by_name(path, options, ret, err);
	code = look_at(path, &c, err);
	if (code < 0)
		return code;
	if (c.number == 1 && c.id[0])
		return open_siblings(path, &c, options, ret, err);
	return trace_open_file(path, options, ret, err);
}

int mmr_trace_open_parts(const char *const *paths, size_t nr_paths,
                         const struct mmr_trace_options *options, struct mmr_trace **ret,
                         struct mmr_error *err)
{
	struct candidate_vec candidates = { 0 };
	int code = 0;

	if (nr_paths == 1)
		return mmr_trace_open(paths[0], options, ret, err);
	if (nr_paths == 0)
		return base_error(err, MMR_E_INVALID, "no file was given");
	for (size_t i = 0; i < nr_paths && code == 0; i++) {
		struct candidate c;

		code = look_at(paths[i], &c, err);
		if (code == 0 && (c.number == 0 || !c.id[0]))
			code = base_error(err, MMR_E_INVALID,
			                  "%s is not one of several files of a recording",
			                  paths[i]);
		if (code == 0 && add_candidate(&candidates, &c, paths[i]) < 0)
			code = base_error(err, MMR_E_NOMEM, "out of memory for names of files");
	}
	if (code == 0)
		qsort(candidates.items, candidates.count, sizeof(candidates.items[0]),
		      compare_candidates);
	for (size_t i = 1; i < candidates.count && code == 0; i++) {
		const struct candidate *a = &candidates.items[i - 1];
		const struct candidate *b = &candidates.items[i];

		if (strcmp(a->id, b->id) != 0)
			code = base_error(err, MMR_E_INVALID, "%s and %s belong to two recordings",
			                  a->path, b->path);
		else if (a->number == b->number)
			code = base_error(err, MMR_E_INVALID, "%s and %s are both part %u", a->path,
			                  b->path, a->number);
	}
	if (code == 0)
		code = open_candidates(&candidates, options, ret, err);
	candidates_deinit(&candidates);
	return code;
}
