/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What decides how this kernel behaves, and who runs on it. Names of pieces are paths without the
 * leading slash; cgroup trees are named as if mounted at sys/fs/cgroup (version 2) and
 * sys/fs/cgroup/memory (version 1), wherever they are.
 *
 * Not recorded: page_owner, whose text is hundreds of bytes for each page.
 */
#include <ctype.h>
#include <dirent.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

#include "snapshot_reader.h"

#define MAX_DEPTH   16
#define MAX_PATH    4096
#define MAX_CGROUPS 4096u

/* Files whose reading changes something, or that are not text. */
static bool is_left_out(const char *name)
{
	static const char *const names[] = { "stat_refresh", "compact_memory", "drop_caches",
		                             "bitmap",       "uevent",         "trace_pipe" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void single(struct snapshot_reader *r, const char *path)
{
	snapshot_file(r, path, path + 1);
}

/* All readable files below path, named as if it were name. */
static void tree(struct snapshot_reader *r, const char *path, const char *name, int depth)
{
	struct dirent *entry;
	DIR *dir = depth < MAX_DEPTH ? opendir(path) : NULL;

	while (dir && (entry = readdir(dir))) {
		char below[MAX_PATH];
		char below_name[MAX_PATH];
		struct stat st;

		if (entry->d_name[0] == '.' || is_left_out(entry->d_name))
			continue;
		if (snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >= MAX_PATH ||
		    snprintf(below_name, sizeof(below_name), "%s/%s", name, entry->d_name) >=
		            MAX_PATH ||
		    lstat(below, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			tree(r, below, below_name, depth + 1);
		else if (S_ISREG(st.st_mode) && (st.st_mode & 0444))
			snapshot_file(r, below, below_name);
	}
	if (dir)
		closedir(dir);
}

/* ---- processes ---- */

static void processes(struct snapshot_reader *r)
{
	struct dirent *entry;
	DIR *dir = opendir("/proc");

	while (dir && (entry = readdir(dir))) {
		static const char *const files[] = { "comm", "maps", "cgroup" };

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			char path[320];

			snprintf(path, sizeof(path), "/proc/%s/%s", entry->d_name, files[i]);
			single(r, path);
		}
	}
	if (dir)
		closedir(dir);
}

/* ---- cgroups ---- */

/* Whether a cgroup's file says something about memory, or who is in the group. */
static bool tells_of_memory(const char *name)
{
	return strcmp(name, "cgroup.procs") == 0 || strncmp(name, "memory.", 7) == 0;
}

static void cgroup_files(struct snapshot_reader *r, const char *path, const char *name,
                         unsigned int *nr_groups, int depth)
{
	struct dirent *entry;
	DIR *dir = depth < MAX_DEPTH && ++*nr_groups <= MAX_CGROUPS ? opendir(path) : NULL;

	while (dir && (entry = readdir(dir))) {
		char below[MAX_PATH];
		char below_name[MAX_PATH];
		struct stat st;

		if (entry->d_name[0] == '.' ||
		    snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >= MAX_PATH ||
		    snprintf(below_name, sizeof(below_name), "%s/%s", name, entry->d_name) >=
		            MAX_PATH ||
		    lstat(below, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			cgroup_files(r, below, below_name, nr_groups, depth + 1);
		else if (tells_of_memory(entry->d_name) && (st.st_mode & 0444))
			snapshot_file(r, below, below_name);
	}
	if (dir)
		closedir(dir);
}

static void cgroups(struct snapshot_reader *r)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	unsigned int nr_groups = 0;
	struct mntent *mount;

	while (mounts && (mount = getmntent(mounts))) {
		char path[MAX_PATH];
		bool v2 = strcmp(mount->mnt_type, "cgroup2") == 0;
		bool v1 = strcmp(mount->mnt_type, "cgroup") == 0 && hasmntopt(mount, "memory");

		if (!v1 && !v2)
			continue;
		/* Where both are mounted, the memory controller is in the one with the option. */
		snprintf(path, sizeof(path), "%s", mount->mnt_dir);
		cgroup_files(r, path, v1 ? "sys/fs/cgroup/memory" : "sys/fs/cgroup", &nr_groups, 0);
	}
	if (mounts)
		endmntent(mounts);
}

/* ---- devices ---- */

/* What a swap area lies on: rotating or not decides about readahead and clustering. */
static void swap_devices(struct snapshot_reader *r)
{
	FILE *swaps = fopen("/proc/swaps", "re");
	char line[1024];

	while (swaps && fgets(line, sizeof(line), swaps)) {
		static const char *const files[] = { "queue/rotational", "../queue/rotational",
			                             "size", "dm/name" };
		char *space = strchr(line, ' ');
		struct stat st;
		dev_t device;

		if (line[0] != '/' || !space)
			continue;
		*space = '\0';
		if (stat(line, &st) < 0)
			continue;
		device = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			char path[128];

			snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", major(device),
			         minor(device), files[i]);
			single(r, path);
		}
	}
	if (swaps)
		fclose(swaps);
}

static void topology(struct snapshot_reader *r)
{
	static const char *const files[] = { "core_id", "physical_package_id",
		                             "thread_siblings_list" };
	char path[MAX_PATH];

	single(r, "/sys/devices/system/cpu/online");
	single(r, "/sys/devices/system/cpu/possible");
	single(r, "/sys/devices/system/cpu/present");
	for (long cpu = 0; cpu < sysconf(_SC_NPROCESSORS_CONF); cpu++) {
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%ld/topology/%s",
			         cpu, files[i]);
			single(r, path);
		}
	}
	single(r, "/sys/devices/system/node/online");
	for (int node = 0; node < 1024; node++) {
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", node);
		if (access(path, R_OK) < 0)
			continue;
		single(r, path);
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/distance", node);
		single(r, path);
	}
}

/* ---- all of it ---- */

#ifdef HAVE_ZLIB
/* As text, so that nobody else needs zlib for it. */
static bool unpack_config(struct snapshot_reader *r)
{
	uint64_t begin = snapshot_clock();
	gzFile file = gzopen("/proc/config.gz", "rbe");
	int size = file ? gzread(file, r->buffer, (unsigned int)r->capacity) : -1;

	if (file)
		gzclose(file);
	if (size <= 0)
		return false;
	snapshot_piece(r, &(struct mmr_snapshot_piece){
				  .name = "proc/config",
				  .data = r->buffer,
				  .size = (uint64_t)size,
				  .begin_ns = begin,
				  .end_ns = snapshot_clock(),
			  });
	return true;
}
#else
static bool unpack_config(struct snapshot_reader *r)
{
	single(r, "/proc/config.gz");
	return false;
}
#endif

static void kernel_config(struct snapshot_reader *r)
{
	struct utsname name;
	char path[MAX_PATH];

	if (unpack_config(r))
		return;
	if (uname(&name) < 0)
		return;
	snprintf(path, sizeof(path), "/boot/config-%s", name.release);
	snapshot_file(r, path, "proc/config");
}

void snapshot_system(struct snapshot_reader *r)
{
	static const char *const files[] = { "/proc/version",  "/proc/uptime", "/proc/cpuinfo",
		                             "/proc/slabinfo", "/proc/swaps",  "/proc/stat" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		single(r, files[i]);
	kernel_config(r);
	topology(r);
	swap_devices(r);
	tree(r, "/proc/sys/vm", "proc/sys/vm", 0);
	tree(r, "/sys/kernel/mm", "sys/kernel/mm", 0);
	tree(r, "/sys/kernel/debug/extfrag", "sys/kernel/debug/extfrag", 0);
	single(r, "/sys/kernel/debug/lru_gen_full");
	single(r, "/sys/kernel/debug/lru_gen");
	if (r->private)
		return;
	single(r, "/proc/cmdline");
	single(r, "/proc/mounts");
	single(r, "/proc/self/cgroup");
	cgroups(r);
	processes(r);
}
