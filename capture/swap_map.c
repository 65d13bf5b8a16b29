/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "swap_map.h"

#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define SECTOR 512u

static uint64_t device_number(dev_t dev, const char *file)
{
	unsigned long long value = 0;
	char path[96];
	FILE *stream;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", major(dev), minor(dev), file);
	stream = fopen(path, "re");
	if (!stream)
		return 0;
	if (fscanf(stream, "%llu", &value) != 1)
		value = 0;
	fclose(stream);
	return value;
}

static uint32_t kernel_dev(dev_t dev)
{
	return major(dev) << 20 | minor(dev);
}

/* /proc/swaps writes a space as \040. */
static void unescape(char *path)
{
	char *to = path;

	for (const char *from = path; *from; to++) {
		if (from[0] == '\\' && from[1] && from[2] && from[3]) {
			const char digits[] = { from[1], from[2], from[3], '\0' };

			*to = (char)strtoul(digits, NULL, 8);
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* The extents of a swap file; 0: the file system does not tell, or there are too many. */
static unsigned int read_file(const char *path, const struct stat *st, unsigned int area,
                              struct swap_extent *extents, unsigned int room)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const uint64_t start = device_number(st->st_dev, "start");
	struct fiemap *map = calloc(1, sizeof(*map) + (room + 1) * sizeof(struct fiemap_extent));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned int count = 0;

	if (map && fd >= 0) {
		map->fm_length = FIEMAP_MAX_OFFSET;
		map->fm_extent_count = room + 1;
		if (ioctl(fd, FS_IOC_FIEMAP, map) == 0 && map->fm_mapped_extents <= room)
			count = map->fm_mapped_extents;
	}
	for (unsigned int i = 0; i < count; i++)
		extents[i] = (struct swap_extent){
			.area = area,
			.dev = kernel_dev(st->st_dev),
			.first_slot = map->fm_extents[i].fe_logical / page,
			.nr_slots = map->fm_extents[i].fe_length / page,
			.sector = start + map->fm_extents[i].fe_physical / SECTOR,
		};
	if (fd >= 0)
		close(fd);
	free(map);
	return count;
}

static unsigned int read_device(const struct stat *st, unsigned int area,
                                struct swap_extent *extents)
{
	extents[0] = (struct swap_extent){
		.area = area,
		.dev = kernel_dev(st->st_rdev),
		.nr_slots = device_number(st->st_rdev, "size") * SECTOR /
		            (uint64_t)sysconf(_SC_PAGESIZE),
		.sector = device_number(st->st_rdev, "start"),
	};
	return extents[0].nr_slots > 0;
}

unsigned int swap_map_read(struct swap_extent extents[MAX_SWAP_EXTENTS])
{
	FILE *swaps = fopen("/proc/swaps", "re");
	unsigned int count = 0;
	unsigned int area = 0;
	char line[4200];

	if (!swaps)
		return 0;
	if (!fgets(line, sizeof(line), swaps)) /* the heading */
		line[0] = '\0';
	for (; fgets(line, sizeof(line), swaps) && count < MAX_SWAP_EXTENTS; area++) {
		struct stat st;

		line[strcspn(line, " \t\n")] = '\0';
		unescape(line);
		if (stat(line, &st) < 0)
			continue;
		if (S_ISBLK(st.st_mode))
			count += read_device(&st, area, extents + count);
		else if (S_ISREG(st.st_mode))
			count += read_file(line, &st, area, extents + count,
			                   MAX_SWAP_EXTENTS - count);
	}
	fclose(swaps);
	return count;
}

bool swap_map_filter(const struct swap_extent *extents, unsigned int count, char *filter,
                     size_t size)
{
	const uint64_t sectors = (uint64_t)sysconf(_SC_PAGESIZE) / SECTOR;
	size_t used = 0;

	for (unsigned int i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(
			filter + used, size - used,
			"%s(dev == %u && sector >= %llu && sector < %llu)", i ? " || " : "",
			extents[i].dev, (unsigned long long)extents[i].sector,
			(unsigned long long)extents[i].sector + extents[i].nr_slots * sectors);
	return count > 0 && used < size;
}
