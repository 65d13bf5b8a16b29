/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the first snapshot says of swap: how much there is, what it lies on, and whether it is read ahead by address.
 *
 * Which disk an area is on is known by the device number that the recorder noted for it (mmcap/swap_extents), for files as for
 * partitions, or by its name. Whether that rotates stands in sysfs.
 *
 * Not modelled: areas that are switched on or off later; files of file systems that have no disk of their own (btrfs, network), and what
 * has no file in the snapshot: they count as disks that rotate.
 */
#include "start_swap.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mm.h"
#include "text_line.h"

#define BLOCK_PREFIX "sys/block/"

/* ---- disks ---- */

/* The file below a disk's folder, as "queue/rotational"; *disk: its name. NULL: it is no file of a disk. */
static const char *file_of_disk(const char *name, const char **disk, size_t *length)
{
	if (strncmp(name, BLOCK_PREFIX, strlen(BLOCK_PREFIX)) != 0)
		return NULL;
	*disk = name + strlen(BLOCK_PREFIX);
	*length = strcspn(*disk, "/");
	return (*disk)[*length] == '/' ? *disk + *length + 1 : NULL;
}

/* "sda1" is on "sda", "nvme0n1p2" on "nvme0n1". */
static bool is_on_disk(const char *name, const char *disk, size_t length)
{
	if (strncmp(name, disk, length) != 0)
		return false;
	return name[length] == '\0' || (name[length] >= '0' && name[length] <= '9') ||
	       (name[length] == 'p' && name[length + 1] >= '0' && name[length + 1] <= '9');
}

/* Whether a disk rotates, by what sysfs says of it: '0', '1', or '\0' if it says nothing of it. */
static char rotational(const struct mmr_snapshot *snapshot, const char *name)
{
	struct mmr_snapshot_piece piece;

	for (uint32_t i = 0; mmr_snapshot_piece(snapshot, i, &piece); i++) {
		const char *disk, *file;
		size_t length;

		file = file_of_disk(piece.name, &disk, &length);
		if (file && strcmp(file, "queue/rotational") == 0 && piece.size > 0 &&
		    is_on_disk(name, disk, length))
			return (char)piece.data[0];
	}
	return '\0';
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* The disk that has this number ("8:0"), or a partition that has. */
static bool find_disk(const struct mmr_snapshot *snapshot, const char *number, char *name,
                      size_t size)
{
	struct mmr_snapshot_piece piece;

	for (uint32_t i = 0; mmr_snapshot_piece(snapshot, i, &piece); i++) {
		const char *text = (const char *)piece.data, *disk, *file;
		char line[32];
		size_t length;

		file = file_of_disk(piece.name, &disk, &length);
		if (!file || (strcmp(file, "dev") != 0 && !ends_with(file, "/dev")) ||
		    !text_line(&text, text + piece.size, line, sizeof(line)) ||
		    strcmp(line, number) != 0)
			continue;
		snprintf(name, size, "%.*s", (int)length, disk);
		return true;
	}
	return false;
}

/* ---- areas ---- */

/* The device number of an area, by its first extent. */
static bool find_number(const struct mmr_snapshot *snapshot, unsigned int area, char *number,
                        size_t size)
{
	struct mmr_snapshot_piece piece;
	const char *text, *end;
	char line[128];

	if (!mmr_snapshot_find(snapshot, "mmcap/swap_extents", &piece))
		return false;
	text = (const char *)piece.data;
	end = text + piece.size;
	while (text_line(&text, end, line, sizeof(line))) {
		unsigned int of, major, minor;

		if (sscanf(line, "%u %u:%u", &of, &major, &minor) != 3 || of != area)
			continue;
		snprintf(number, size, "%u:%u", major, minor);
		return true;
	}
	return false;
}

static enum mm_swap_device kind_of(const struct mmr_snapshot *snapshot, const char *path,
                                   unsigned int area)
{
	const char *name = strrchr(path, '/') + 1;
	char number[32], disk[64];

	if (strncmp(name, "zram", 4) == 0)
		return MM_SWAP_AT_ONCE;
	if (find_number(snapshot, area, number, sizeof(number)) &&
	    find_disk(snapshot, number, disk, sizeof(disk)))
		name = disk;
	else if (strncmp(path, "/dev/", 5) != 0)
		return MM_SWAP_SEEKS;
	return rotational(snapshot, name) == '0' ? MM_SWAP_NO_SEEKS : MM_SWAP_SEEKS;
}

/* Of several areas the one decides that keeps the kernel from reading ahead by address. */
static enum mm_swap_device read_areas(const struct mmr_snapshot *snapshot,
                                      const struct mmr_snapshot_piece *piece,
                                      struct replay_tunables *tunables)
{
	const char *text = (const char *)piece->data;
	const char *end = text + piece->size;
	enum mm_swap_device device = MM_SWAP_AT_ONCE;
	char line[512], path[256], value[8];
	unsigned int area = 0;

	while (text_line(&text, end, line, sizeof(line))) {
		enum mm_swap_device kind;

		if (sscanf(line, "%255s", path) != 1 || path[0] != '/')
			continue;
		kind = kind_of(snapshot, path, area++);
		if (kind < device)
			device = kind;
	}
	device = area > 0 ? device : MM_SWAP_SEEKS;
	snprintf(value, sizeof(value), "%d", (int)device);
	replay_tunable_record(tunables, "swap.device", value);
	return device;
}

/* The sizes of all together. */
static void read_sizes(const struct mmr_snapshot_piece *piece, struct replay_tunables *tunables)
{
	const char *text = (const char *)piece->data;
	const char *end = text + piece->size;
	uint64_t total_kb = 0, kb;
	char line[512], value[32];

	while (text_line(&text, end, line, sizeof(line)))
		if (sscanf(line, "%*s %*s %" SCNu64, &kb) == 1 && kb < UINT64_C(1) << 40)
			total_kb += kb;
	snprintf(value, sizeof(value), "%" PRIu64 "K", total_kb);
	replay_tunable_record(tunables, "swap", value);
}

/* "true" or "false" */
static void read_vma_readahead(const struct mmr_snapshot_piece *piece,
                               struct replay_tunables *tunables)
{
	const char *text = (const char *)piece->data;
	char line[16];

	if (!text_line(&text, text + piece->size, line, sizeof(line)))
		return;
	if (strcmp(line, "true") == 0 || strcmp(line, "false") == 0)
		replay_tunable_record(tunables, "swap.vma_ra_enabled", line[0] == 't' ? "1" : "0");
}

bool replay_start_swap(const struct mmr_snapshot *snapshot, struct replay_tunables *tunables)
{
	struct mmr_snapshot_piece piece;

	if (mmr_snapshot_find(snapshot, "sys/kernel/mm/swap/vma_ra_enabled", &piece))
		read_vma_readahead(&piece, tunables);
	if (!mmr_snapshot_find(snapshot, "proc/swaps", &piece))
		return false;
	read_sizes(&piece, tunables);
	return read_areas(snapshot, &piece, tunables) == MM_SWAP_AT_ONCE;
}
