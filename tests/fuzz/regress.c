/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a fuzz target over the files of a directory, with any compiler: usage: fuzz_X DIRECTORY */
#include <dirent.h>
#include <string.h>

#include "fuzz.h"

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(1 << 20);
	uint8_t *exact;
	size_t size;

	if (!file || !data) {
		perror(path);
		exit(2);
	}
	size = fread(data, 1, 1 << 20, file);
	fclose(file);
	/* As large as the input, so that a read beyond it shows. */
	exact = malloc(size ? size : 1);
	if (!exact)
		exit(2);
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	free(data);
	return 1;
}

int main(int argc, char **argv)
{
	const struct dirent *entry;
	char path[4096];
	int count = 0;
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;

	if (!dir) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		count += run_file(path);
	}
	closedir(dir);
	printf("%d inputs\n", count);
	return count == 0;
}
