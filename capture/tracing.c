/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Life of the instance. Its name is "mmcap-PID-START" with the recorder's start time, so that one left
 * by a recorder that died without its janitor can be told from one at work, even if its pid was given
 * to another process since. The kernel refuses to remove an instance that somebody reads.
 */
#include "tracing.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tracefs.h>
#include <unistd.h>

#include "failure.h"

#define PREFIX "mmcap-"

/* Start time of a process in clock ticks since boot, field 22 of its stat; 0: there is none. */
static unsigned long long start_time(long pid)
{
	char path[64];
	char text[1024];
	const char *at;
	unsigned long long start = 0;
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (size <= 0)
		return 0;
	text[size] = '\0';
	at = strrchr(text, ')'); /* behind the comm, which may hold anything */
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		start = strtoull(at, NULL, 10);
	return start;
}

const char *tracing_root(struct mmr_error *err)
{
	const char *root;
	char path[4096];

	tracefs_set_loglevel(TEP_LOG_NONE);
	root = tracefs_tracing_dir();
	if (!root) {
		if (geteuid() != 0)
			failure(err, MMR_E_PERMISSION,
			        "tracefs is not mounted and only root can do it: use sudo");
		else
			failure_errno(err, errno ? errno : ENODEV,
			              "this kernel offers no tracefs (CONFIG_FTRACE)");
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/instances", root);
	if (access(path, W_OK | X_OK) == 0)
		return root;
	if (errno == EACCES || errno == EPERM)
		failure(err, MMR_E_PERMISSION, "no permission to use %s: run it with sudo", root);
	else
		failure_errno(err, errno, "cannot use %s", path);
	return NULL;
}

/* Whether the instance is one of ours whose recorder is gone. */
static bool is_stale(const char *name)
{
	long pid;
	unsigned long long start;
	int end = 0;

	if (sscanf(name, PREFIX "%ld-%llu%n", &pid, &start, &end) != 2 || name[end])
		return false;
	return start_time(pid) != start;
}

void tracing_find_stale(const char *root, void (*found)(const char *name, void *data), void *data)
{
	char path[4096];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/instances", root);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (is_stale(entry->d_name))
			found(entry->d_name, data);
	closedir(dir);
}

struct removal {
	const char *root;
	unsigned int count;
};

static void remove_one(const char *name, void *data)
{
	struct removal *removal = data;
	char path[4096];

	snprintf(path, sizeof(path), "%s/instances/%s", removal->root, name);
	if (rmdir(path) == 0)
		removal->count++;
}

unsigned int tracing_remove_stale(const char *root)
{
	struct removal removal = { .root = root };

	tracing_find_stale(root, remove_one, &removal);
	return removal.count;
}

int tracing_write(const struct tracing *t, const char *file, const char *text,
                  struct mmr_error *err)
{
	char path[4096];
	size_t size = strlen(text);
	ssize_t written;
	int saved;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", t->dir, file);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return failure_errno(err, errno, "cannot open %s", path);
	written = write(fd, text, size);
	saved = errno;
	close(fd);
	if (written != (ssize_t)size)
		return failure_errno(err, written < 0 ? saved : EIO, "cannot write to %s", path);
	return 0;
}

void tracing_append(const struct tracing *t, const char *file, const char *text)
{
	size_t size = strlen(text);
	char path[4096];
	ssize_t written;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", t->dir, file);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return;
	do {
		written = write(fd, text, size);
	} while (written < 0 && errno == EINTR);
	close(fd);
}

char *tracing_read(const char *dir, const char *file, size_t *size)
{
	size_t capacity = 65536;
	char path[4096];
	char *text;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	text = malloc(capacity + 1);
	*size = 0;
	for (;;) {
		ssize_t got;

		if (text && *size == capacity) {
			char *more = reallocarray(text, 2, capacity + 1);

			if (!more)
				break;
			text = more;
			capacity *= 2;
		}
		got = text ? read(fd, text + *size, capacity - *size) : 0;
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		*size += (size_t)got;
	}
	close(fd);
	if (text)
		text[*size] = '\0';
	return text;
}

static uint64_t read_number(const char *dir, const char *file, uint64_t otherwise)
{
	size_t size;
	char *text = tracing_read(dir, file, &size);
	uint64_t value = text ? strtoull(text, NULL, 10) : otherwise;

	free(text);
	return value;
}

static uint32_t count_cpus(const char *instance_dir)
{
	char path[4096];
	struct dirent *entry;
	uint32_t count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/per_cpu", instance_dir);
	dir = opendir(path);
	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		unsigned int cpu;

		if (sscanf(entry->d_name, "cpu%u", &cpu) == 1 && cpu < UINT16_MAX && cpu >= count)
			count = cpu + 1;
	}
	closedir(dir);
	return count;
}

/* "0-3,6" */
static bool parse_cpus(const char *list, bool *online, uint32_t nr_cpus)
{
	bool any = false;

	memset(online, 0, nr_cpus * sizeof(*online));
	while (*list && *list != '\n') {
		char *end;
		unsigned long first = strtoul(list, &end, 10);
		unsigned long last = *end == '-' ? strtoul(end + 1, &end, 10) : first;

		if (end == list || (*end && *end != ',' && *end != '\n'))
			return false;
		for (; first <= last && first < nr_cpus; first++) {
			online[first] = true;
			any = true;
		}
		list = end + (*end == ',');
	}
	return any;
}

bool tracing_online_cpus(bool *online, uint32_t nr_cpus)
{
	char text[4096];
	int fd = open("/sys/devices/system/cpu/online", O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (size <= 0)
		return false;
	text[size] = '\0';
	return parse_cpus(text, online, nr_cpus);
}

uint32_t tracing_nr_buffers(const struct tracing *t)
{
	uint32_t count = 0;

	for (uint32_t cpu = 0; cpu < t->nr_cpus; cpu++)
		count += t->has_buffer[cpu];
	return count;
}

/* Which CPUs there are. Where the kernel does not tell, all that there may be. */
static int find_cpus(struct tracing *t, struct mmr_error *err)
{
	t->nr_cpus = count_cpus(t->dir);
	if (t->nr_cpus == 0)
		return failure(err, MMR_E_UNSUPPORTED, "%s/per_cpu lists no CPU", t->dir);
	t->has_buffer = calloc(t->nr_cpus, sizeof(*t->has_buffer));
	if (!t->has_buffer)
		return failure(err, MMR_E_NOMEM, "out of memory for %u CPUs", t->nr_cpus);
	if (!tracing_online_cpus(t->has_buffer, t->nr_cpus))
		for (uint32_t cpu = 0; cpu < t->nr_cpus; cpu++)
			t->has_buffer[cpu] = true;
	t->nr_online = tracing_nr_buffers(t);
	return 0;
}

static uint64_t online_memory(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/*
 * 16 MiB hold a third of a second of a million events a second, the reader's longest absence on a busy
 * machine; all CPUs together take at most a 32nd of the memory and 1 GiB.
 */
static uint64_t default_buffer_size(uint32_t nr_cpus)
{
	uint64_t limit = online_memory() / 32;

	if (limit > 1ull << 30)
		limit = 1ull << 30;
	limit /= nr_cpus;
	if (limit > 16ull << 20)
		limit = 16ull << 20;
	return limit < 512ull << 10 ? 512ull << 10 : limit;
}

static int configure(struct tracing *t, uint64_t buffer_size, struct mmr_error *err)
{
	char text[32];
	int ret = find_cpus(t, err);

	if (ret < 0)
		return ret;
	if (buffer_size == 0)
		buffer_size = default_buffer_size(t->nr_online);
	ret = tracing_write(t, "tracing_on", "0", err);
	if (ret == 0)
		ret = tracing_write(t, "trace_clock", "mono", err);
	/* A full buffer drops what is new: what is there stays whole, and the loss is counted. */
	if (ret == 0)
		ret = tracing_write(t, "options/overwrite", "0", err);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)((buffer_size + 1023) / 1024));
	if (ret == 0)
		ret = tracing_write(t, "buffer_size_kb", text, err);
	if (ret < 0)
		return ret;
	/* Wakes the readers at an eighth, not at every event (kernels before 5.0 lack the file). */
	tracing_write(t, "buffer_percent", "12", NULL);
	t->buffer_size = read_number(t->dir, "buffer_size_kb", buffer_size / 1024) * 1024;
	t->subbuf_size = (uint32_t)read_number(t->dir, "buffer_subbuf_size_kb",
	                                       (uint64_t)sysconf(_SC_PAGESIZE) / 1024) *
	                 1024;
	return 0;
}

int tracing_create(struct tracing *t, uint64_t buffer_size, struct mmr_error *err)
{
	char name[64];
	int ret;

	*t = (struct tracing){ .root = tracing_root(err) };
	if (!t->root)
		return err ? err->code : MMR_E_IO;
	snprintf(name, sizeof(name), PREFIX "%ld-%llu", (long)getpid(), start_time(getpid()));
	t->instance = tracefs_instance_create(name);
	if (!t->instance) {
		if (errno == EACCES || errno == EPERM)
			return failure(err, MMR_E_PERMISSION,
			               "cannot make an instance in %s: run it with sudo", t->root);
		return failure_errno(err, errno, "cannot make the instance %s in %s", name,
		                     t->root);
	}
	t->dir = tracefs_instance_get_dir(t->instance);
	ret = t->dir ? configure(t, buffer_size, err)
	             : failure(err, MMR_E_NOMEM, "out of memory for a name");
	if (ret < 0)
		tracing_destroy(t, NULL);
	return ret;
}

int tracing_destroy(struct tracing *t, struct mmr_error *err)
{
	int ret = 0;

	if (!t->instance)
		return 0;
	if (t->dir)
		tracing_write(t, "tracing_on", "0", NULL);
	for (int tries = 0; tracefs_instance_destroy(t->instance) < 0; tries++) {
		/* An event that is being traced holds it for a moment. */
		if (tries == 50) {
			ret = failure_errno(err, errno, "cannot remove %s", t->dir);
			break;
		}
		usleep(20000);
	}
	tracefs_instance_free(t->instance);
	tracefs_put_tracing_file(t->dir);
	free(t->has_buffer);
	*t = (struct tracing){ 0 };
	return ret;
}
