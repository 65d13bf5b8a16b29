/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "start_thp.h"

#include <stdio.h>
#include <string.h>

#include "text_line.h"

#define THP_PREFIX "sys/kernel/mm/transparent_hugepage/"
#define SIZE_2M    "hugepages-2048kB/enabled"
#define KHUGEPAGED "khugepaged/"

/* The word in brackets of "always [madvise] never". */
static bool chosen(const struct mmr_snapshot_piece *piece, char *word, size_t size)
{
	const char *text = (const char *)piece->data, *open, *close;
	char line[80];

	if (!text_line(&text, text + piece->size, line, sizeof(line)))
		return false;
	open = strchr(line, '[');
	close = open ? strchr(open, ']') : NULL;
	if (!close || (size_t)(close - open) > size)
		return false;
	snprintf(word, size, "%.*s", (int)(close - open - 1), open + 1);
	return true;
}

/* Kernels from 6.8 on have a file for each size of huge pages (own, or NULL), which can refer to the one for all. */
static void read_enabled(const struct mmr_snapshot_piece *all, const struct mmr_snapshot_piece *own,
                         struct replay_start *start, struct replay_tunables *tunables)
{
	static const char *const words[] = { "never", "madvise", "always" };
	char word[16], special[16];

	if (!chosen(all, word, sizeof(word)))
		return;
	if (own && chosen(own, special, sizeof(special)) && strcmp(special, "inherit") != 0)
		memcpy(word, special, sizeof(word));
	for (uint32_t i = 0; i < 3; i++) {
		if (strcmp(word, words[i]) == 0)
			start->thp = (enum replay_thp)(REPLAY_THP_NEVER + i);
	}
	replay_tunable_record(tunables, "thp.enabled", word);
}

static void read_number(const struct mmr_snapshot_piece *piece, struct replay_tunables *tunables)
{
	const char *text = (const char *)piece->data;
	const char *file = piece->name + strlen(THP_PREFIX);
	char name[64], value[32];

	if (!text_line(&text, text + piece->size, value, sizeof(value)))
		return;
	if (strncmp(file, KHUGEPAGED, strlen(KHUGEPAGED)) == 0)
		snprintf(name, sizeof(name), "thp.khugepaged.%.32s", file + strlen(KHUGEPAGED));
	else
		snprintf(name, sizeof(name), "thp.%.32s", file);
	/* Not all of its files are settings. */
	replay_tunable_record(tunables, name, value);
}

/* "hugepages-64kB/enabled" or "…/shmem_enabled", of a size for which there is a tunable. */
static void read_size(const struct mmr_snapshot_piece *piece, struct replay_tunables *tunables)
{
	const char *file = piece->name + strlen(THP_PREFIX);
	char name[64], word[16], which[16];
	unsigned int kb;

	if (sscanf(file, "hugepages-%ukB/%15s", &kb, which) != 2 ||
	    (strcmp(which, "enabled") != 0 && strcmp(which, "shmem_enabled") != 0) ||
	    !chosen(piece, word, sizeof(word)))
		return;
	snprintf(name, sizeof(name), "thp.hugepages-%ukB.%s", kb, which);
	replay_tunable_record(tunables, name, word);
}

/* A line of /proc/mounts: device, folder, type, options. The first tmpfs that says something of huge pages. */
static bool read_mount(const char *line, struct replay_tunables *tunables)
{
	char type[16], options[256], word[16];
	const char *huge;

	if (sscanf(line, "%*s %*s %15s %255s", type, options) != 2 || strcmp(type, "tmpfs") != 0)
		return false;
	huge = strstr(options, ",huge=");
	if (!huge || sscanf(huge, ",huge=%15[a-z_]", word) != 1)
		return false;
	replay_tunable_record(tunables, "thp.tmpfs_huge", word);
	return true;
}

static void read_mounts(const struct mmr_snapshot_piece *piece, struct replay_tunables *tunables)
{
	const char *text = (const char *)piece->data, *end = text + piece->size;
	char line[512];

	while (text_line(&text, end, line, sizeof(line)))
		if (read_mount(line, tunables))
			return;
}

void replay_start_thp(const struct mmr_snapshot *snapshot, struct replay_start *start,
                      struct replay_tunables *tunables)
{
	struct mmr_snapshot_piece piece, own;
	char word[16];

	for (uint32_t i = 0; mmr_snapshot_piece(snapshot, i, &piece); i++) {
		const char *file = piece.name + strlen(THP_PREFIX);

		if (strcmp(piece.name, "proc/mounts") == 0)
			read_mounts(&piece, tunables);
		if (strncmp(piece.name, THP_PREFIX, strlen(THP_PREFIX)) != 0)
			continue;
		if (strcmp(file, "enabled") == 0)
			read_enabled(&piece,
			             mmr_snapshot_find(snapshot, THP_PREFIX SIZE_2M, &own) ? &own
			                                                                   : NULL,
			             start, tunables);
		else if (strcmp(file, "defrag") == 0 && chosen(&piece, word, sizeof(word)))
			replay_tunable_record(tunables, "thp.defrag", word);
		else if (strcmp(file, "shmem_enabled") == 0 && chosen(&piece, word, sizeof(word)))
			replay_tunable_record(tunables, "thp.shmem_enabled", word);
		else if (strcmp(file, "use_zero_page") == 0 ||
		         strncmp(file, KHUGEPAGED, strlen(KHUGEPAGED)) == 0)
			read_number(&piece, tunables);
		else
			read_size(&piece, tunables);
	}
}
