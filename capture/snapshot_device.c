/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The devices under swap and page cache: whether they rotate, how far they read ahead, how zram stores.
 * Block devices are recorded that have a size: unused loop and ram disks would be most of it.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "snapshot_reader.h"
#include "swap_map.h"

#define MAX_DEVICES 512u

/* Of a disk. Those that only some kinds have (md, zram) come last. */
static const char *const disk_files[] = {
	"dev",
	"size",
	"ro",
	"removable",
	"queue/rotational",
	"queue/read_ahead_kb",
	"queue/max_sectors_kb",
	"queue/nr_requests",
	"queue/scheduler",
	"queue/logical_block_size",
	"queue/physical_block_size",
	"queue/optimal_io_size",
	"queue/write_cache",
	"queue/stable_writes",
	"queue/discard_max_bytes",
	"queue/wbt_lat_usec",
	"queue/zoned",
	"queue/dax",
	"md/level",
	"comp_algorithm",
	"disksize",
	"mem_limit",
	"mm_stat",
	"bd_stat",
	"backing_dev",
};

static const char *const partition_files[] = { "dev", "start", "size" };

static void files_of(struct snapshot_reader *r, const char *directory, const char *const *files,
                     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char path[640];

		snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		snapshot_file(r, path, path + 1);
	}
}

static bool has_size(const char *directory)
{
	unsigned long long sectors = 0;
	char path[640];
	FILE *file;

	snprintf(path, sizeof(path), "%s/size", directory);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fscanf(file, "%llu", &sectors) != 1)
		sectors = 0;
	fclose(file);
	return sectors > 0;
}

static void partitions(struct snapshot_reader *r, const char *disk)
{
	struct dirent *entry;
	DIR *dir = opendir(disk);

	while (dir && (entry = readdir(dir))) {
		char path[600];
		char start[640];

		snprintf(path, sizeof(path), "%s/%s", disk, entry->d_name);
		snprintf(start, sizeof(start), "%s/start", path);
		if (entry->d_name[0] != '.' && access(start, R_OK) == 0)
			files_of(r, path, partition_files,
			         sizeof(partition_files) / sizeof(partition_files[0]));
	}
	if (dir)
		closedir(dir);
}

static void disks(struct snapshot_reader *r)
{
	unsigned int count = 0;
	struct dirent *entry;
	DIR *dir = opendir("/sys/block");

	while (dir && count < MAX_DEVICES && (entry = readdir(dir))) {
		char path[300];

		snprintf(path, sizeof(path), "/sys/block/%s", entry->d_name);
		if (entry->d_name[0] == '.' || !has_size(path))
			continue;
		count++;
		files_of(r, path, disk_files, sizeof(disk_files) / sizeof(disk_files[0]));
		partitions(r, path);
	}
	if (dir)
		closedir(dir);
}

/* What a file system may keep dirty, and how far it reads ahead; network and fuse ones have no disk. */
static void backing_devices(struct snapshot_reader *r)
{
	static const char *const files[] = { "read_ahead_kb", "min_ratio", "max_ratio",
		                             "stable_pages_required", "strict_limit" };
	unsigned int count = 0;
	struct dirent *entry;
	DIR *dir = opendir("/sys/class/bdi");

	while (dir && count < MAX_DEVICES && (entry = readdir(dir))) {
		unsigned int major;
		unsigned int minor;
		char path[300];

		if (entry->d_name[0] == '.')
			continue;
		if (sscanf(entry->d_name, "%u:%u", &major, &minor) == 2) {
			snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major, minor);
			if (access(path, F_OK) == 0 && !has_size(path))
				continue;
		}
		count++;
		snprintf(path, sizeof(path), "/sys/class/bdi/%s", entry->d_name);
		files_of(r, path, files, sizeof(files) / sizeof(files[0]));
	}
	if (dir)
		closedir(dir);
}

/* "area dev first_slot nr_slots sector", a line for each extent: what makes a sector a swap entry. */
static void swap_extents(struct snapshot_reader *r)
{
	struct swap_extent extents[MAX_SWAP_EXTENTS];
	uint64_t begin = snapshot_clock();
	unsigned int count = swap_map_read(extents);
	char *text = NULL;
	size_t size = 0;
	FILE *stream = count ? open_memstream(&text, &size) : NULL;

	for (unsigned int i = 0; stream && i < count; i++)
		fprintf(stream, "%u %u:%u %llu %llu %llu\n", extents[i].area, extents[i].dev >> 20,
		        extents[i].dev & 0xfffffu, (unsigned long long)extents[i].first_slot,
		        (unsigned long long)extents[i].nr_slots,
		        (unsigned long long)extents[i].sector);
	if (stream && fclose(stream) == 0)
		snapshot_piece(r, &(struct mmr_snapshot_piece){
					  .name = "mmcap/swap_extents",
					  .data = (const uint8_t *)text,
					  .size = size,
					  .begin_ns = begin,
					  .end_ns = snapshot_clock(),
				  });
	free(text);
}

void snapshot_devices(struct snapshot_reader *r)
{
	disks(r);
	backing_devices(r);
	swap_extents(r);
}
