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
#include <sys/utsname.h>
#include <unistd.h>
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

#include "child.h"
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

/* Which threads share an address space, as no event tells of those that are there already. */
static void threads(struct snapshot_reader *r, const char *pid)
{
	uint64_t begin = snapshot_clock();
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	char name[64];

	if (!stream)
		return;
	child_print_tasks(stream, pid);
	snprintf(name, sizeof(name), "proc/%.20s/task", pid);
	if (fclose(stream) == 0)
		snapshot_piece(r, &(struct mmr_snapshot_piece){
					  .name = name,
					  .data = (const uint8_t *)text,
					  .size = size,
					  .begin_ns = begin,
					  .end_ns = snapshot_clock(),
				  });
	free(text);
}

static void processes(struct snapshot_reader *r)
{
	struct dirent *entry;
	DIR *dir = opendir("/proc");

	while (dir && (entry = readdir(dir))) {
		static const char *const files[] = { "comm", "stat", "maps", "cgroup",
			                             "oom_score_adj" };

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			char path[320];

			snprintf(path, sizeof(path), "/proc/%s/%s", entry->d_name, files[i]);
			single(r, path);
		}
		threads(r, entry->d_name);
	}
	if (dir)
		closedir(dir);
}

/* ---- cgroups ---- */

/* Whether a cgroup's file says something about memory, or who is in the group. */
static bool tells_of_memory(const char *name)
{
	static const char *const names[] = { "cgroup.procs", "cgroup.type",
		                             "cgroup.subtree_control" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return strncmp(name, "memory.", 7) == 0;
}

struct cgroup_walk {
	struct snapshot_reader *reader;
	FILE *ids; /* "INODE NAME": events name a group by the inode number of its directory */
	unsigned int nr_groups;
	dev_t seen[8]; /* a hierarchy may be mounted at several places */
	unsigned int nr_seen;
};

static void cgroup_files(struct cgroup_walk *w, const char *path, const char *name, int depth)
{
	struct dirent *entry;
	DIR *dir = depth < MAX_DEPTH && ++w->nr_groups <= MAX_CGROUPS ? opendir(path) : NULL;
	struct stat st;

	if (dir && w->ids && stat(path, &st) == 0)
		fprintf(w->ids, "%llu %s\n", (unsigned long long)st.st_ino, name);
	while (dir && (entry = readdir(dir))) {
		char below[MAX_PATH];
		char below_name[MAX_PATH];

		if (entry->d_name[0] == '.' ||
		    snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >= MAX_PATH ||
		    snprintf(below_name, sizeof(below_name), "%s/%s", name, entry->d_name) >=
		            MAX_PATH ||
		    lstat(below, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			cgroup_files(w, below, below_name, depth + 1);
		else if (tells_of_memory(entry->d_name) && (st.st_mode & 0444))
			snapshot_file(w->reader, below, below_name);
	}
	if (dir)
		closedir(dir);
}

static bool is_seen(struct cgroup_walk *w, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return true;
	for (unsigned int i = 0; i < w->nr_seen; i++)
		if (w->seen[i] == st.st_dev)
			return true;
	if (w->nr_seen < sizeof(w->seen) / sizeof(w->seen[0]))
		w->seen[w->nr_seen++] = st.st_dev;
	return false;
}

static void cgroup_trees(struct cgroup_walk *w)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount;

	while (mounts && (mount = getmntent(mounts))) {
		bool v2 = strcmp(mount->mnt_type, "cgroup2") == 0;
		bool v1 = strcmp(mount->mnt_type, "cgroup") == 0 && hasmntopt(mount, "memory");
		char path[MAX_PATH];

		if ((!v1 && !v2) || is_seen(w, mount->mnt_dir))
			continue;
		/* Where both are mounted, the memory controller is in the one with the option. */
		snprintf(path, sizeof(path), "%s", mount->mnt_dir);
		cgroup_files(w, path, v1 ? "sys/fs/cgroup/memory" : "sys/fs/cgroup", 0);
	}
	if (mounts)
		endmntent(mounts);
}

static void cgroups(struct snapshot_reader *r)
{
	uint64_t begin = snapshot_clock();
	char *text = NULL;
	size_t size = 0;
	struct cgroup_walk walk = { .reader = r, .ids = open_memstream(&text, &size) };

	cgroup_trees(&walk);
	if (walk.ids && fclose(walk.ids) == 0 && size > 0)
		snapshot_piece(r, &(struct mmr_snapshot_piece){
					  .name = "mmcap/cgroup_ids",
					  .data = (const uint8_t *)text,
					  .size = size,
					  .begin_ns = begin,
					  .end_ns = snapshot_clock(),
				  });
	free(text);
}

/* ---- CPUs and nodes ---- */

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
	static const char *const places[] = { "/boot/config-%s", "/lib/modules/%s/config",
		                              "/usr/lib/modules/%s/config",
		                              "/lib/modules/%s/build/.config" };
	struct utsname name;

	if (unpack_config(r) || uname(&name) < 0)
		return;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *hole = strchr(places[i], '%');
		char path[MAX_PATH];

		snprintf(path, sizeof(path), "%.*s%s%s", (int)(hole - places[i]), places[i],
		         name.release, hole + 2);
		if (access(path, R_OK) == 0) {
			snapshot_file(r, path, "proc/config");
			return;
		}
	}
}

void snapshot_system_changes(struct snapshot_reader *r)
{
	static const char *const files[] = { "/proc/uptime", "/proc/slabinfo", "/proc/swaps",
		                             "/proc/stat" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		single(r, files[i]);
	tree(r, "/proc/sys/vm", "proc/sys/vm", 0);
	tree(r, "/sys/kernel/mm", "sys/kernel/mm", 0);
	tree(r, "/sys/kernel/debug/extfrag", "sys/kernel/debug/extfrag", 0);
	tree(r, "/sys/module/zswap/parameters", "sys/module/zswap/parameters", 0);
	tree(r, "/sys/kernel/debug/zswap", "sys/kernel/debug/zswap", 0);
	single(r, "/proc/sys/kernel/numa_balancing");
	single(r, "/sys/kernel/debug/lru_gen_full");
	single(r, "/sys/kernel/debug/lru_gen");
	if (!r->private)
		cgroups(r);
}

void snapshot_system(struct snapshot_reader *r)
{
	single(r, "/proc/version");
	single(r, "/proc/cpuinfo");
	kernel_config(r);
	topology(r);
	snapshot_devices(r);
	single(r, "/sys/kernel/debug/fault_around_bytes");
	if (!r->private) {
		single(r, "/proc/cmdline");
		single(r, "/proc/mounts");
		single(r, "/proc/self/mountinfo"); /* which device number is which file system */
		single(r, "/proc/self/cgroup");
		processes(r);
	}
	snapshot_system_changes(r);
}
