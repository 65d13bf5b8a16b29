/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every recording in $MMR_TRACES or traces/, in the order of their names: what the fidelity programs share. */
#ifndef FIDELITY_RECORDINGS_H
#define FIDELITY_RECORDINGS_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_SKIPPED 77

static int is_trace(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 4 && strcmp(entry->d_name + length - 4, ".zst") == 0;
}

/* check prints a row and tells whether it is within its bound. The program's exit status. */
static int check_recordings(void (*print_head)(void),
                            bool (*check)(const char *path, const char *name))
{
	const char *folder = getenv("MMR_TRACES");
	char default_folder[4096];
	struct dirent **entries;
	unsigned int nr_bad = 0;
	int nr;

	if (!folder) {
		snprintf(default_folder, sizeof(default_folder), "%s/traces",
		         getenv("SOURCE_ROOT") ? getenv("SOURCE_ROOT") : ".");
		folder = default_folder;
	}
	nr = scandir(folder, &entries, is_trace, alphasort);
	if (nr <= 0) {
		printf("no recordings in %s\n", folder);
		return EXIT_SKIPPED;
	}
	print_head();
	for (int i = 0; i < nr; i++) {
		char path[sizeof(default_folder) + 260];

		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		nr_bad += !check(path, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	printf("%d passed, %u failed\n", nr - (int)nr_bad, nr_bad);
	return nr_bad ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
