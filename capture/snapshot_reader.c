/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot is read while the machine runs on, so each file, and each 64 KiB of the per-page files,
 * carries the instants before and after it was read.
 *
 * Somebody waits for the end: what can only serve a replay's start is left out there, and of the pages'
 * flags, which serve to verify a replay, as many are read as there is time for. pagetypeinfo walks the free lists with the zone locked: as often
 * as it costs at most a thousandth of the time.
 *
 * The order is chosen for who has to make the two ends meet: at the start all that is slow comes first
 * and the counters last; at the end the counters come first. So the difference between the counters
 * holds as little as possible of the reading itself. kpageflags stands next to the counters.
 */
#include "snapshot_reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"

#define PER_PAGE     8u /* bytes a page in a per-page file */
#define KPF_MMAP     (1u << 11)
#define FIRST_BUFFER (1u << 20)
#define MAX_FILE     (256u << 20)
/* For a sysctl the kernel allocates as much as is asked for: never a high order because of us. */
#define READ_SIZE        (64u << 10)
#define SYSCTL_READ_SIZE 4000u

static const char *const light_files[] = {
	"proc/buddyinfo",    "proc/vmstat",  "proc/zoneinfo",
	"proc/pagetypeinfo", "proc/meminfo", "proc/pressure/memory",
};

#define NR_LIGHT     (sizeof(light_files) / sizeof(light_files[0]))
#define PAGETYPEINFO 3u /* its place among them */

uint64_t snapshot_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int snapshot_reader_init(struct snapshot_reader *r, struct mmr_error *err)
{
	*r = (struct snapshot_reader){
		.buffer = malloc(FIRST_BUFFER),
		.capacity = FIRST_BUFFER,
		.light_fds = calloc(NR_LIGHT, sizeof(*r->light_fds)),
		.ranges = calloc(MAX_PFN_RANGES, sizeof(*r->ranges)),
	};
	if (!r->buffer || !r->light_fds || !r->ranges)
		return failure(err, MMR_E_NOMEM, "out of memory for snapshots");
	memset(r->buffer, 0, r->capacity);
	if (page_sweep_init(&r->sweep, err) < 0)
		return MMR_E_NOMEM;
	for (size_t i = 0; i < NR_LIGHT; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/%s", light_files[i]);
		r->light_fds[i] = open(path, O_RDONLY | O_CLOEXEC);
	}
	return 0;
}

void snapshot_reader_deinit(struct snapshot_reader *r)
{
	for (size_t i = 0; r->light_fds && i < NR_LIGHT; i++)
		if (r->light_fds[i] >= 0)
			close(r->light_fds[i]);
	page_sweep_deinit(&r->sweep);
	free(r->light_fds);
	free(r->ranges);
	free(r->buffer);
	*r = (struct snapshot_reader){ 0 };
}

void snapshot_piece(struct snapshot_reader *r, const struct mmr_snapshot_piece *piece)
{
	if (r->error == 0)
		r->error = mmr_writer_snapshot_piece(r->writer, piece, &r->why);
}

static bool grow(struct snapshot_reader *r)
{
	uint8_t *more;

	if (r->capacity >= MAX_FILE)
		return false;
	more = reallocarray(r->buffer, r->capacity, 2);
	if (!more)
		return false;
	r->buffer = more;
	r->capacity *= 2;
	return true;
}

/* Reads from the start of fd to its end, step bytes at a time; the size, or -1. */
static ssize_t read_all(struct snapshot_reader *r, int fd, size_t step)
{
	size_t size = 0;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	for (;;) {
		ssize_t got;

		if (r->capacity - size < step && !grow(r))
			return (ssize_t)size;
		got = read(fd, r->buffer + size, step);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			return (ssize_t)size;
		size += (size_t)got;
	}
}

static void file_of(struct snapshot_reader *r, int fd, const char *name)
{
	uint64_t begin = snapshot_clock();
	bool sysctl = strncmp(name, "proc/sys/", 9) == 0;
	ssize_t size = fd < 0 ? -1 : read_all(r, fd, sysctl ? SYSCTL_READ_SIZE : READ_SIZE);

	if (size < 0)
		return;
	snapshot_piece(r, &(struct mmr_snapshot_piece){
				  .name = name,
				  .data = r->buffer,
				  .size = (uint64_t)size,
				  .begin_ns = begin,
				  .end_ns = snapshot_clock(),
			  });
}

void snapshot_file(struct snapshot_reader *r, const char *path, const char *name)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return;
	file_of(r, fd, name);
	close(fd);
}

/* KSM, while it is at work: nothing else tells what it has merged. */
static void ksm_state(struct snapshot_reader *r)
{
	static const char *const names[] = {
		"run",
		"full_scans",
		"ksm_zero_pages",
		"pages_scanned",
		"pages_shared",
		"pages_sharing",
		"pages_skipped",
		"pages_to_scan",
		"pages_unshared",
		"pages_volatile",
		"stable_node_chains",
		"stable_node_dups",
	};
	char run = '0';
	int fd = open("/sys/kernel/mm/ksm/run", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, &run, 1) != 1)
		run = '0';
	if (fd >= 0)
		close(fd);
	for (size_t i = 0; run == '1' && i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "/sys/kernel/mm/ksm/%s", names[i]);
		snapshot_file(r, path, path + 1);
	}
}

static void light(struct snapshot_reader *r, enum snapshot_moment moment)
{
	if (moment == SNAPSHOT_BETWEEN)
		ksm_state(r);
	for (size_t i = 0; i < NR_LIGHT; i++) {
		uint64_t begin = snapshot_clock();

		if (i == PAGETYPEINFO && moment == SNAPSHOT_BETWEEN && begin < r->pagetypeinfo_ns)
			continue;
		file_of(r, r->light_fds[i], light_files[i]);
		if (i == PAGETYPEINFO)
			r->pagetypeinfo_ns = begin + (snapshot_clock() - begin) * 1000;
	}
}

static int compare_ranges(const void *a, const void *b)
{
	const struct pfn_range *x = a;
	const struct pfn_range *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* Sorted, and joined where they touch. */
static void tidy_ranges(struct snapshot_reader *r)
{
	unsigned int last = 0;

	if (r->nr_ranges == 0)
		return;
	qsort(r->ranges, r->nr_ranges, sizeof(r->ranges[0]), compare_ranges);
	for (unsigned int i = 1; i < r->nr_ranges; i++) {
		if (r->ranges[i].first > r->ranges[last].end)
			r->ranges[++last] = r->ranges[i];
		else if (r->ranges[i].end > r->ranges[last].end)
			r->ranges[last].end = r->ranges[i].end;
	}
	r->nr_ranges = last + 1;
}

/* Adds a range, or joins it with what is there if there are too many. */
static void add_range(struct snapshot_reader *r, uint64_t first, uint64_t end)
{
	if (r->nr_ranges == MAX_PFN_RANGES)
		tidy_ranges(r);
	if (r->nr_ranges == MAX_PFN_RANGES)
		r->ranges[MAX_PFN_RANGES - 1].end = end;
	else
		r->ranges[r->nr_ranges++] = (struct pfn_range){ first, end };
}

/* Memory that is plugged in block by block: reading what is not there costs as much as what is. */
static void ranges_of_blocks(struct snapshot_reader *r)
{
	FILE *file = fopen("/sys/devices/system/memory/block_size_bytes", "re");
	unsigned long long bytes = 0;
	struct dirent *entry;
	DIR *dir;

	if (!file || fscanf(file, "%llx", &bytes) != 1)
		bytes = 0;
	if (file)
		fclose(file);
	bytes /= (unsigned long long)sysconf(_SC_PAGESIZE);
	dir = bytes ? opendir("/sys/devices/system/memory") : NULL;
	while (dir && (entry = readdir(dir))) {
		unsigned long block;
		char path[320];
		char state[16] = "";

		if (sscanf(entry->d_name, "memory%lu", &block) != 1)
			continue;
		snprintf(path, sizeof(path), "/sys/devices/system/memory/%s/state", entry->d_name);
		file = fopen(path, "re");
		if (file && fgets(state, sizeof(state), file) && strcmp(state, "offline\n") != 0)
			add_range(r, block * bytes, (block + 1) * bytes);
		if (file)
			fclose(file);
	}
	if (dir)
		closedir(dir);
}

static void ranges_of_zones(struct snapshot_reader *r)
{
	FILE *file = fopen("/proc/zoneinfo", "re");
	unsigned long long spanned = 0;
	unsigned long long start;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "Node", 4) == 0)
			spanned = 0;
		if (sscanf(line, " spanned %llu", &spanned) != 1 &&
		    sscanf(line, " start_pfn: %llu", &start) == 1 && spanned > 0)
			add_range(r, start, start + spanned);
	}
	if (file)
		fclose(file);
}

void snapshot_learn_ranges(struct snapshot_reader *r)
{
	r->nr_ranges = 0;
	ranges_of_blocks(r);
	if (r->nr_ranges == 0)
		ranges_of_zones(r);
	tidy_ranges(r);
}

static void put_chunk(struct snapshot_reader *r, const char *name, const struct page_chunk *chunk,
                      const uint8_t *bytes, uint32_t size, uint64_t begin_ns, uint64_t end_ns)
{
	snapshot_piece(r, &(struct mmr_snapshot_piece){
				  .name = name,
				  .data = bytes,
				  .size = size,
				  .offset = chunk->offset,
				  .begin_ns = begin_ns,
				  .end_ns = end_ns,
			  });
}

static void flags_read(void *data, struct page_chunk *chunk, const uint8_t *bytes, uint32_t size,
                       uint64_t begin_ns, uint64_t end_ns)
{
	uint64_t all = 0;

	for (uint32_t i = 0; i + PER_PAGE <= size; i += PER_PAGE) {
		uint64_t flags;

		memcpy(&flags, bytes + i, sizeof(flags));
		all |= flags;
	}
	chunk->mapped = all & KPF_MMAP;
	put_chunk(data, "proc/kpageflags", chunk, bytes, size, begin_ns, end_ns);
}

static void counts_read(void *data, struct page_chunk *chunk, const uint8_t *bytes, uint32_t size,
                        uint64_t begin_ns, uint64_t end_ns)
{
	put_chunk(data, "proc/kpagecount", chunk, bytes, size, begin_ns, end_ns);
}

/* The pages' flags, then how often each is mapped, where any is. */
static void per_page(struct snapshot_reader *r, bool counts, uint64_t deadline_ns)
{
	int ret = 0;

	page_sweep_clear(&r->sweep);
	for (unsigned int i = 0; i < r->nr_ranges && ret == 0; i++)
		ret = page_sweep_add(&r->sweep, r->ranges[i].first, r->ranges[i].end);
	if (ret < 0 && r->error == 0)
		r->error = failure(&r->why, ret, "out of memory for a snapshot");
	r->nr_chunks = r->sweep.nr_chunks;
	r->nr_chunks_read =
		page_sweep_read(&r->sweep, "/proc/kpageflags", deadline_ns, flags_read, r);
	if (!counts)
		return;
	for (size_t i = 0; i < r->sweep.nr_chunks; i++)
		r->sweep.chunks[i].wanted = r->sweep.chunks[i].mapped;
	page_sweep_read(&r->sweep, "/proc/kpagecount", 0, counts_read, r);
}

static void full_at_end(struct snapshot_reader *r)
{
	const uint64_t deadline = r->end_ns ? snapshot_clock() + r->end_ns : 0;

	light(r, SNAPSHOT_END);
	if (r->end_ns)
		snapshot_system_changes(r);
	else
		snapshot_system(r);
	per_page(r, r->end_ns == 0, deadline);
}

static void full_at_start(struct snapshot_reader *r)
{
	snapshot_learn_ranges(r);
	snapshot_system(r);
	per_page(r, true, 0);
	light(r, SNAPSHOT_START);
}

static void full(struct snapshot_reader *r, enum snapshot_moment moment)
{
	if (moment == SNAPSHOT_END)
		full_at_end(r);
	else
		full_at_start(r);
	snapshot_file(r, "/proc/buddyinfo", "proc/buddyinfo.end");
}

int snapshot_take(struct snapshot_reader *r, uint32_t kind, enum snapshot_moment moment,
                  struct mmr_error *err)
{
	int ret = mmr_writer_snapshot_begin(r->writer, kind, snapshot_clock(), err);

	if (ret < 0)
		return ret;
	r->error = 0;
	if (kind == MMR_SNAPSHOT_FULL)
		full(r, moment);
	else
		light(r, moment);
	if (r->error < 0) {
		if (err)
			*err = r->why;
		return r->error;
	}
	return mmr_writer_snapshot_end(r->writer, snapshot_clock(), err);
}
