/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol of perf_event_open(2): the kernel moves data_head behind what it has written, we move
 * data_tail behind what we have read; both only grow. The tail is given back once for all that was
 * found, before the next look.
 */
#include "perf_ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "failure.h"

#define MAX_RECORD 65536u /* header.size has 16 bits */

/* A file for each CPU may be more than the usual 1024. */
static bool more_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
		return false;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

int perf_open(const struct perf_event_attr *attr, pid_t pid, int cpu)
{
	struct perf_event_attr copy = *attr;
	long fd;

	copy.size = sizeof(copy);
	do {
		fd = syscall(SYS_perf_event_open, &copy, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	} while (fd < 0 && errno == EMFILE && more_files());
	return fd < 0 ? -errno : (int)fd;
}

/* kernel.perf_event_paranoid, as far as it can be told. */
static int paranoid(void)
{
	FILE *file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
	int level = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%d", &level) != 1)
		level = 0;
	fclose(file);
	return level;
}

int perf_failure(struct mmr_error *err, int error, const char *what)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return failure(err, MMR_E_PERMISSION,
		               "no permission for %s by perf (kernel.perf_event_paranoid is %d): "
		               "it takes root or CAP_PERFMON",
		               what, paranoid());
	case ENOENT:
	case ENOSYS:
	case EOPNOTSUPP:
	case EINVAL:
		return failure(err, MMR_E_UNSUPPORTED,
		               "this kernel does not give %s by perf (CONFIG_PERF_EVENTS): %s",
		               what, strerror(error));
	default:
		return failure_errno(err, error, "cannot get %s by perf", what);
	}
}

size_t perf_ring_size(uint64_t size)
{
	size_t rounded = (size_t)sysconf(_SC_PAGESIZE);

	while (rounded * 2 <= size)
		rounded *= 2;
	return rounded;
}

static struct perf_event_mmap_page *control(const struct perf_ring *ring)
{
	return (struct perf_event_mmap_page *)(void *)ring->map;
}

int perf_ring_open(struct perf_ring *ring, uint32_t cpu, int fd, size_t data_size,
                   struct mmr_error *err)
{
	void *map;

	*ring = (struct perf_ring){
		.cpu = cpu,
		.page_size = (size_t)sysconf(_SC_PAGESIZE),
		.data_size = data_size,
		.fds = calloc(1, sizeof(*ring->fds)),
		.whole = calloc(1, MAX_RECORD),
	};
	if (!ring->fds || !ring->whole) {
		close(fd);
		return failure(err, MMR_E_NOMEM, "out of memory for a ring of perf");
	}
	ring->fds[0] = fd;
	ring->nr_fds = 1;
	memset(ring->whole, 0, MAX_RECORD); /* fault it in before tracing */
	map = mmap(NULL, ring->page_size + data_size, PROT_READ | PROT_WRITE,
	           MAP_SHARED | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED)
		return failure_errno(err, errno, "cannot map a ring of perf of %zu bytes",
		                     data_size);
	ring->map = map;
	return 0;
}

int perf_ring_add(struct perf_ring *ring, int fd, struct mmr_error *err)
{
	int *fds = reallocarray(ring->fds, ring->nr_fds + 1, sizeof(*fds));

	if (!fds) {
		close(fd);
		return failure(err, MMR_E_NOMEM, "out of memory for a ring of perf");
	}
	ring->fds = fds;
	fds[ring->nr_fds++] = fd;
	if (ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, fds[0]) < 0)
		return failure_errno(err, errno, "cannot share a ring of perf");
	return 0;
}

void perf_ring_enable(const struct perf_ring *ring, bool enable)
{
	for (size_t i = 0; i < ring->nr_fds; i++)
		ioctl(ring->fds[i], enable ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE, 0);
}

void perf_ring_begin(struct perf_ring *ring)
{
	ring->end = __atomic_load_n(&control(ring)->data_head, __ATOMIC_ACQUIRE);
}

const struct perf_event_header *perf_ring_next(struct perf_ring *ring)
{
	const uint8_t *data = ring->map + ring->page_size;
	size_t at = (size_t)ring->tail & (ring->data_size - 1);
	const struct perf_event_header *header;
	size_t first;

	if (ring->end - ring->tail < sizeof(*header)) {
		__atomic_store_n(&control(ring)->data_tail, ring->tail, __ATOMIC_RELEASE);
		return NULL;
	}
	/* Records are multiples of eight bytes: the header is never cut. */
	header = (const struct perf_event_header *)(const void *)(data + at);
	if (header->size < sizeof(*header) || header->size > ring->end - ring->tail) {
		ring->tail = ring->end; /* not to be, but nothing more can be read of this */
		return perf_ring_next(ring);
	}
	ring->tail += header->size;
	first = ring->data_size - at;
	if (header->size <= first)
		return header;
	memcpy(ring->whole, header, first);
	memcpy(ring->whole + first, data, header->size - first);
	return (const struct perf_event_header *)(const void *)ring->whole;
}

uint64_t perf_ring_count(const struct perf_ring *ring)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ring->nr_fds; i++) {
		uint64_t count = 0;

		if (read(ring->fds[i], &count, sizeof(count)) == (ssize_t)sizeof(count))
			sum += count;
	}
	return sum;
}

void perf_ring_close(struct perf_ring *ring)
{
	if (ring->map)
		munmap(ring->map, ring->page_size + ring->data_size);
	for (size_t i = 0; i < ring->nr_fds; i++)
		close(ring->fds[i]);
	free(ring->fds);
	free(ring->whole);
	*ring = (struct perf_ring){ 0 };
}
