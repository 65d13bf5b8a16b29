/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rec.zst is written to as rec.0001.zst, rec.0002.zst ...: the number stands before the last suffix, and
 * has four digits or more. What these files are is asked of their headers; here only names are compared.
 */
#include "part_names.h"

#include <ctype.h>
#include <dirent.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_NAMES 1000000u
#define PARTIAL   ".partial"

/* A name cut into what stands before the number and behind it. */
struct shape {
	const char *name; /* behind the last slash */
	size_t stem;      /* bytes */
	const char *suffix;
	size_t suffix_size;
};

static bool ends_with(const char *text, size_t size, const char *end)
{
	return size > strlen(end) && memcmp(text + size - strlen(end), end, strlen(end)) == 0;
}

static struct shape shape_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct shape s = { .name = slash ? slash + 1 : path };
	size_t size = strlen(s.name);
	size_t digits = 0;

	if (ends_with(s.name, size, PARTIAL))
		size -= strlen(PARTIAL);
	s.stem = size;
	while (s.stem > 0 && s.name[s.stem - 1] != '.')
		s.stem--;
	if (s.stem <= 1)
		s.stem = size; /* no suffix, or a hidden file's name */
	else
		s.stem--;
	s.suffix = s.name + s.stem;
	s.suffix_size = size - s.stem;
	while (s.stem > digits && isdigit((unsigned char)s.name[s.stem - digits - 1]))
		digits++;
	if (digits > 0 && s.stem > digits + 1 && s.name[s.stem - digits - 1] == '.')
		s.stem -= digits + 1;
	return s;
}

/* STEM.DIGITS SUFFIX, perhaps with .partial behind it. */
static bool has_shape(const struct shape *s, const char *name)
{
	size_t size = strlen(name);
	size_t at = s->stem;

	if (ends_with(name, size, PARTIAL))
		size -= strlen(PARTIAL);
	if (size < s->stem + 2 + s->suffix_size || strncmp(name, s->name, s->stem) != 0 ||
	    name[at] != '.')
		return false;
	at++;
	while (isdigit((unsigned char)name[at]))
		at++;
	return at > s->stem + 1 && size - at == s->suffix_size &&
	       memcmp(name + at, s->suffix, s->suffix_size) == 0;
}

static int add_name(struct trace_name_vec *names, const char *dir, size_t dir_size,
                    const char *name)
{
	char *path = base_calloc(dir_size + strlen(name) + 1, 1);

	if (!path)
		return MMR_E_NOMEM;
	memcpy(path, dir, dir_size);
	memcpy(path + dir_size, name, strlen(name));
	if (trace_name_vec_push(names, path) < 0) {
		base_free(path);
		return MMR_E_NOMEM;
	}
	return 0;
}

int trace_names_of_parts(const char *path, struct trace_name_vec *names)
{
	struct shape s = shape_of(path);
	size_t dir_size = (size_t)(s.name - path);
	char *dir_name = dir_size ? base_strndup(path, dir_size) : base_strndup(".", 1);
	struct dirent *entry;
	int ret = 0;
	DIR *dir;

	if (!dir_name)
		return MMR_E_NOMEM;
	dir = opendir(dir_name);
	base_free(dir_name);
	while (dir && ret == 0 && names->count < MAX_NAMES && (entry = readdir(dir)))
		if (has_shape(&s, entry->d_name))
			ret = add_name(names, path, dir_size, entry->d_name);
	if (dir)
		closedir(dir);
	return ret;
}

int trace_names_match(const char *pattern, struct trace_name_vec *names)
{
	glob_t found = { 0 };
	int ret = 0;

	if (!strpbrk(pattern, "*?["))
		return 0;
	if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc && ret == 0; i++)
			ret = add_name(names, "", 0, found.gl_pathv[i]);
	globfree(&found);
	return ret;
}

void trace_names_deinit(struct trace_name_vec *names)
{
	for (size_t i = 0; i < names->count; i++)
		base_free(names->items[i]);
	trace_name_vec_deinit(names);
}
