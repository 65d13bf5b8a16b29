/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "numbered.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failure.h"

#define SUFFIX ".zst"
#define DIGITS 9 /* at most; at least 4 are written */

/* path = dir + stem + suffix. */
struct parts {
	char dir[PATH_MAX];
	const char *stem;
	size_t stem_length;
	const char *suffix;
};

static void split(struct parts *parts, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t length;

	parts->stem = slash ? slash + 1 : path;
	snprintf(parts->dir, sizeof(parts->dir), "%.*s", slash ? (int)(slash + 1 - path) : 2,
	         slash ? path : "./");
	length = strlen(parts->stem);
	parts->suffix = "";
	if (length > strlen(SUFFIX) && strcmp(parts->stem + length - strlen(SUFFIX), SUFFIX) == 0) {
		length -= strlen(SUFFIX);
		parts->suffix = SUFFIX;
	}
	parts->stem_length = length;
}

int numbered_name(char name[PATH_MAX], const char *path, unsigned int number, struct mmr_error *err)
{
	struct parts parts;
	int size;

	split(&parts, path);
	size = snprintf(name, PATH_MAX, "%.*s.%04u%s",
	                (int)(parts.stem - path) + (int)parts.stem_length, path, number,
	                parts.suffix);
	if (size < 0 || size >= PATH_MAX)
		return failure(err, MMR_E_LIMIT, "%.80s...: the name is too long", path);
	return 0;
}

/* The number in the name of a file of the series; 0: it is none. */
static unsigned int number_of(const struct parts *parts, const char *name)
{
	size_t digits;
	unsigned int number;

	if (strncmp(name, parts->stem, parts->stem_length) != 0 || name[parts->stem_length] != '.')
		return 0;
	name += parts->stem_length + 1;
	digits = strspn(name, "0123456789");
	if (digits < 4 || digits > DIGITS || (digits > 4 && name[0] == '0') ||
	    strcmp(name + digits, parts->suffix) != 0)
		return 0;
	number = (unsigned int)strtoul(name, NULL, 10);
	return number;
}

/* What is there: how many, the smallest number and the highest. */
static unsigned int survey(const struct parts *parts, unsigned int *first, unsigned int *last)
{
	DIR *dir = opendir(parts->dir);
	struct dirent *entry;
	unsigned int count = 0;

	*first = 0;
	*last = 0;
	while (dir && (entry = readdir(dir))) {
		unsigned int number = number_of(parts, entry->d_name);

		if (number == 0)
			continue;
		if (count++ == 0 || number < *first)
			*first = number;
		if (number > *last)
			*last = number;
	}
	if (dir)
		closedir(dir);
	return count;
}

unsigned int numbered_last(const char *path)
{
	struct parts parts;
	unsigned int first;
	unsigned int last;

	split(&parts, path);
	survey(&parts, &first, &last);
	return last;
}

unsigned int numbered_set_aside(const char *path)
{
	unsigned int renamed = 0;
	struct parts parts;
	unsigned int first;
	unsigned int last;

	split(&parts, path);
	while (survey(&parts, &first, &last) > 0) {
		char name[PATH_MAX];
		char old[PATH_MAX + 4];

		if (numbered_name(name, path, first, NULL) < 0)
			break;
		snprintf(old, sizeof(old), "%s.old", name);
		if (rename(name, old) < 0)
			break;
		renamed++;
	}
	return renamed;
}

unsigned int numbered_bound(const char *path, unsigned int keep)
{
	unsigned int removed = 0;
	struct parts parts;
	unsigned int first;
	unsigned int last;

	split(&parts, path);
	while (survey(&parts, &first, &last) > keep) {
		char name[PATH_MAX];

		if (numbered_name(name, path, first, NULL) < 0 || unlink(name) < 0)
			break;
		removed++;
	}
	return removed;
}
