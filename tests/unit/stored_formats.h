/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The formats in tests/data/formats/VERSION/SYSTEM: texts of tracefs format files, one after the other. */
#ifndef TESTS_STORED_FORMATS_H
#define TESTS_STORED_FORMATS_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Called with "events/SYSTEM/NAME/format" and a text of its own; < 0 ends the walk. */
typedef int (*stored_format_fn)(void *arg, const char *path, const char *text, size_t size);

static inline char *stored_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = calloc(1, 1 << 20);

	if (!file || !text)
		abort();
	if (fread(text, 1, (1 << 20) - 1, file) == 0)
		abort();
	fclose(file);
	return text;
}

static inline int stored_system(const char *system, char *text, stored_format_fn fn, void *arg)
{
	int count = 0;

	while (text) {
		char *next = strstr(text, "\nname: ");
		char name[100];
		char path[512];
		char *copy;

		if (sscanf(text, "name: %99s", name) != 1)
			abort();
		copy = strndup(text, next ? (size_t)(next - text + 1) : strlen(text));
		snprintf(path, sizeof(path), "events/%s/%s/format", system, name);
		if (!copy || fn(arg, path, copy, strlen(copy)) < 0)
			return -1;
		count++;
		text = next ? next + 1 : NULL;
	}
	return count;
}

/* Number of formats, < 0 if fn failed. The texts are fn's to keep or free. */
static inline int stored_formats_walk(const char *version, stored_format_fn fn, void *arg)
{
	const char *root = getenv("SOURCE_ROOT");
	char dir_path[4096];
	const struct dirent *entry;
	int count = 0;
	DIR *dir;

	snprintf(dir_path, sizeof(dir_path), "%s/tests/data/formats/%s", root ? root : ".",
	         version);
	dir = opendir(dir_path);
	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		char path[4500];
		char *text;
		int more;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir_path, entry->d_name);
		text = stored_file(path);
		more = stored_system(entry->d_name, text, fn, arg);
		free(text);
		if (more < 0)
			count = -1;
		if (count >= 0)
			count += more;
	}
	closedir(dir);
	return count;
}

#endif
