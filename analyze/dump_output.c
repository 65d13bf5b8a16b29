/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Views of --dump: one alone goes to stdout as it is, so that whatever reads the kernel's file can read it;
 * several get a heading each, in the manner of head(1), or a file each with --dump-to.
 */
#include "dump_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "terminal.h"

/* The library's own copy of the name; NULL: there is no such view. */
static const char *find_view(const char *name)
{
	const char *view;

	for (unsigned int i = 0; (view = mmr_view_name(i)) && strcmp(view, name) != 0; i++)
		;
	return view;
}

static void list_views(char *text, size_t size)
{
	const char *view;
	size_t length = 0;

	text[0] = '\0';
	for (unsigned int i = 0; (view = mmr_view_name(i)) && length < size; i++)
		length +=
			(size_t)snprintf(text + length, size - length, "%s%s", i ? ", " : "", view);
}

static int add(struct dump_output *output, const char *view, const char *time, uint64_t t_ns)
{
	size_t size = strlen(view) + strlen(time) + 2;
	struct mmr_dump_request *requests =
		reallocarray(output->requests, output->nr + 1, sizeof(*requests));
	char **names = reallocarray(output->names, output->nr + 1, sizeof(*names));
	char *name = malloc(size);

	if (requests)
		output->requests = requests;
	if (names)
		output->names = names;
	if (!requests || !names || !name) {
		message(output->tool, "out of memory");
		free(name);
		return -1;
	}
	snprintf(name, size, "%s@%s", view, time);
	names[output->nr] = name;
	requests[output->nr++] = (struct mmr_dump_request){ .view = view, .t_ns = t_ns };
	return 0;
}

static int add_all(struct dump_output *output, char *views, const char *time, uint64_t t_ns)
{
	char *rest = NULL, known[128];

	for (char *name = strtok_r(views, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		const char *view = find_view(name);

		if (!view) {
			list_views(known, sizeof(known));
			message(output->tool, "--dump: there is no view %s: %s", name, known);
			return -1;
		}
		if (add(output, view, time, t_ns) < 0)
			return -1;
	}
	return 0;
}

int dump_output_add(const char *value, void *data)
{
	struct dump_output *output = data;
	uint64_t t_ns = MMR_DUMP_END;
	char *views = strdup(value), *time;
	int code = -1;

	if (!views) {
		message(output->tool, "out of memory");
		return -1;
	}
	time = strchr(views, '@');
	if (time)
		*time++ = '\0';
	else
		time = views + strlen(views);
	if (views[strspn(views, ",")] == '\0')
		message(output->tool, "--dump: give a view: buddyinfo@2s");
	else if (*time && strcmp(time, "end") != 0 && !parse_time(time, &t_ns))
		message(output->tool, "--dump: %s is not a time (2s, 1500ms, end)", time);
	else
		code = add_all(output, views, *time ? time : "end", t_ns);
	free(views);
	return code;
}

/* ---- output ---- */

static void path_of(const struct dump_output *output, size_t request, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", output->directory, output->names[request]);
}

int dump_output_prepare(const struct dump_output *output)
{
	char path[4096];

	if (!output->directory)
		return 0;
	if (strlen(output->directory) > sizeof(path) - 128) {
		message(output->tool, "--dump-to: the name is too long");
		return -1;
	}
	if (mkdir(output->directory, 0777) < 0 && errno != EEXIST) {
		message(output->tool, "%s: %s", output->directory, strerror(errno));
		return -1;
	}
	for (size_t i = 0; i < output->nr && !output->overwrite; i++) {
		path_of(output, i, path, sizeof(path));
		if (access(path, F_OK) == 0) {
			message(output->tool, "%s is there already (--force overwrites it)", path);
			return -1;
		}
	}
	return 0;
}

static bool write_file(const struct dump_output *output, const struct mmr_dump *dump)
{
	char path[4096];
	FILE *file;
	bool good;

	path_of(output, dump->request, path, sizeof(path));
	file = fopen(path, "w");
	good = file && fwrite(dump->text, 1, dump->size, file) == dump->size;
	if (file && fclose(file) != 0)
		good = false;
	if (!good)
		message(output->tool, "%s: %s", path, strerror(errno));
	return good;
}

bool dump_output_write(void *data, const struct mmr_dump *dump)
{
	struct dump_output *output = data;

	if (output->directory)
		return write_file(output, dump);
	if (output->nr > 1)
		printf("%s==> %s <==\n", output->nr_printed ? "\n" : "",
		       output->names[dump->request]);
	output->nr_printed++;
	return fwrite(dump->text, 1, dump->size, stdout) == dump->size;
}

void dump_output_deinit(struct dump_output *output)
{
	for (size_t i = 0; i < output->nr; i++)
		free(output->names[i]);
	free(output->names);
	free(output->requests);
}
