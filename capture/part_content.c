/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Samples of what is in memory that is registered for KSM: which ranges those are (VmFlags "mg" of /proc/PID/smaps, whoever
 * registered them, and however), and a keyed hash of each page in them that is in memory (/proc/PID/pagemap says which, /proc/PID/mem
 * has it). A row is written where the hash is another than before; of a page that has changed from each pass to
 * the next that it changes, until it does not.
 *
 * Its own work: one thread, that works a fifth of the time at most, however much memory there is: a pass begins --content-interval
 * after the one before, or four times as long as that one took after its end. Memory beyond MAX_PAGES pages is
 * left out, and the trace says how much.
 *
 * Bias: what happens between two passes is not seen, so a page that changes and changes back, or changes more slowly than ksmd
 * comes by and faster than a pass, looks steadier than it is. Reading a page marks it as used, and holds it for a moment, in which
 * ksmd leaves it alone. What is in swap is not looked at.
 */
#include "part_content.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "content_hash.h"
#include "failure.h"
#include "recording.h"

#define CHUNK_PAGES 256u       /* read at a time */
#define MAX_ROWS    8192u      /* of a sample */
#define SAMPLE_NS   100000000u /* … and how long it goes on */
#define MAX_PAGES   (4u << 20) /* 16 GiB: 40 MiB of state */
#define MAX_RUN     65536u     /* pages of a row */
#define REST        4u         /* rests so many times as long as it works */
#define PRESENT     (1ull << 63)
#define FILE_PAGE   (1ull << 61)

/* A registered range of a process. */
struct content_range {
	uint64_t first; /* virtual page */
	uint64_t nr;
	uint32_t pid;
	bool seen;
	uint64_t *hashes; /* [nr]; 0: not known */
	uint8_t *changes; /* [nr]: passes in a row that found another; 2: that has been told */
};

struct content_sampler {
	struct mmr_writer *writer;
	pthread_t thread;
	bool running;
	int stop_fd;
	uint64_t interval_ns;
	uint64_t key;
	struct content_range *ranges;
	size_t nr_ranges;
	size_t room;
	uint64_t nr_pages; /* of all ranges */
	struct mmr_access_content *rows;
	uint32_t nr_rows;
	uint64_t begin_ns; /* of the sample */
	uint8_t *bytes;
	uint64_t entries[CHUNK_PAGES];
	uint64_t nr_passes;
	uint64_t nr_hashed;
	uint64_t nr_left_out; /* pages; the most of any pass */
	struct mmr_error err;
	int ret;
};

/* ---- rows ---- */

static bool flush(struct content_sampler *s)
{
	const struct mmr_access_sample sample = {
		.kind = MMR_ACCESS_CONTENTS,
		.begin_ns = s->begin_ns,
		.end_ns = snapshot_clock(),
		.contents = s->rows,
		.nr_contents = s->nr_rows,
	};

	if (s->nr_rows > 0 && s->ret == 0)
		s->ret = mmr_writer_access(s->writer, &sample, &s->err);
	s->nr_rows = 0;
	s->begin_ns = snapshot_clock();
	return s->ret == 0;
}

static bool put(struct content_sampler *s, const struct mmr_access_content *row)
{
	struct mmr_access_content *last = s->nr_rows > 0 ? &s->rows[s->nr_rows - 1] : NULL;

	if (last && last->pid == row->pid && last->hash == row->hash && row->nr_pages == 1 &&
	    row->hash != MMR_CONTENT_REGISTERED && last->nr_pages < MAX_RUN &&
	    last->address + (uint64_t)last->nr_pages * CONTENT_PAGE == row->address) {
		last->nr_pages++;
		return true;
	}
	if (s->nr_rows == MAX_ROWS && !flush(s))
		return false;
	s->rows[s->nr_rows++] = *row;
	return true;
}

/* ---- ranges ---- */

static void free_range(struct content_sampler *s, struct content_range *range)
{
	s->nr_pages -= range->nr;
	free(range->hashes);
	free(range->changes);
}

/* What is known of pages that both have. */
static void inherit(struct content_range *range, const struct content_range *old)
{
	uint64_t first = range->first > old->first ? range->first : old->first;
	uint64_t end = range->first + range->nr, old_end = old->first + old->nr;

	end = end < old_end ? end : old_end;
	if (range->pid != old->pid || first >= end)
		return;
	memcpy(range->hashes + (first - range->first), old->hashes + (first - old->first),
	       (end - first) * sizeof(*range->hashes));
	memcpy(range->changes + (first - range->first), old->changes + (first - old->first),
	       end - first);
}

/* A range as it is now. false: it is to end. */
static bool found_range(struct content_sampler *s, uint32_t pid, uint64_t first, uint64_t end,
                        uint64_t *left_out)
{
	struct content_range range = {
		.first = first, .nr = end - first, .pid = pid, .seen = true
	};
	const struct mmr_access_content row = { .address = first * CONTENT_PAGE,
		                                .hash = MMR_CONTENT_REGISTERED,
		                                .pid = pid,
		                                .nr_pages = (uint32_t)range.nr };

	for (size_t i = 0; i < s->nr_ranges; i++) {
		struct content_range *old = &s->ranges[i];

		if (old->pid == pid && old->first == first && old->nr == range.nr) {
			old->seen = true;
			return true;
		}
	}
	if (range.nr > MAX_PAGES || s->nr_pages + range.nr > MAX_PAGES) {
		*left_out += range.nr;
		return true;
	}
	if (s->nr_ranges == s->room) {
		size_t room = s->room ? 2 * s->room : 64;
		void *ranges = reallocarray(s->ranges, room, sizeof(*s->ranges));

		if (!ranges)
			return true; /* it is tried again in the next pass */
		s->ranges = ranges;
		s->room = room;
	}
	range.hashes = calloc(range.nr, sizeof(*range.hashes));
	range.changes = calloc(range.nr, 1);
	if (!range.hashes || !range.changes) {
		free(range.hashes);
		free(range.changes);
		return true;
	}
	for (size_t i = 0; i < s->nr_ranges; i++)
		inherit(&range, &s->ranges[i]);
	s->ranges[s->nr_ranges++] = range;
	s->nr_pages += range.nr;
	return put(s, &row);
}

/* Those of a process. */
static bool find_ranges(struct content_sampler *s, uint32_t pid, uint64_t *left_out)
{
	uint64_t start = 0, end = 0, from, to;
	char path[48], *line = NULL;
	bool goes_on = true;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/smaps", pid);
	file = fopen(path, "re");
	while (file && goes_on && getline(&line, &size, file) > 0) {
		/* Names of fields begin with a capital letter. */
		if ((line[0] < 'A' || line[0] > 'Z') &&
		    sscanf(line, "%" SCNx64 "-%" SCNx64, &from, &to) == 2) {
			start = from / CONTENT_PAGE;
			end = to / CONTENT_PAGE;
		} else if (strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " mg") &&
		           end > start) {
			goes_on = found_range(s, pid, start, end, left_out);
		}
	}
	if (file)
		fclose(file);
	free(line);
	return goes_on;
}

static bool find_all_ranges(struct content_sampler *s)
{
	uint64_t left_out = 0;
	bool goes_on = true;
	struct dirent *entry;
	size_t to = 0;
	DIR *proc;

	for (size_t i = 0; i < s->nr_ranges; i++)
		s->ranges[i].seen = false;
	proc = opendir("/proc");
	while (proc && goes_on && (entry = readdir(proc)) != NULL) {
		unsigned long pid = strtoul(entry->d_name, NULL, 10);

		if (pid > 0 && pid <= UINT32_MAX && (pid_t)pid != getpid())
			goes_on = find_ranges(s, (uint32_t)pid, &left_out);
	}
	if (proc)
		closedir(proc);
	for (size_t i = 0; i < s->nr_ranges; i++) {
		if (s->ranges[i].seen)
			s->ranges[to++] = s->ranges[i];
		else
			free_range(s, &s->ranges[i]);
	}
	s->nr_ranges = to;
	if (left_out > s->nr_left_out)
		s->nr_left_out = left_out;
	return goes_on;
}

/* ---- pages ---- */

static bool note(struct content_sampler *s, struct content_range *range, uint64_t i, uint64_t hash)
{
	const bool known = range->hashes[i] != 0, same = range->hashes[i] == hash;
	struct mmr_access_content row = { .address = (range->first + i) * CONTENT_PAGE,
		                          .hash = hash,
		                          .pid = range->pid,
		                          .nr_pages = 1 };
	uint8_t changes = range->changes[i];

	s->nr_hashed++;
	range->hashes[i] = hash;
	if (same) {
		range->changes[i] = 0;
		return changes < 2 || put(s, &row);
	}
	if (known && changes < 2)
		range->changes[i]++;
	if (changes == 2)
		return true;
	if (range->changes[i] == 2)
		row.hash = MMR_CONTENT_CHANGES;
	return put(s, &row);
}

/* nr pages from i on, which are in memory. */
static bool read_pages(struct content_sampler *s, struct content_range *range, int mem_fd,
                       uint64_t i, uint64_t nr)
{
	ssize_t got = pread(mem_fd, s->bytes, nr * CONTENT_PAGE,
	                    (off_t)((range->first + i) * CONTENT_PAGE));

	for (uint64_t k = 0; got > 0 && (k + 1) * CONTENT_PAGE <= (uint64_t)got; k++)
		if (!note(s, range, i + k, content_hash(s->bytes + k * CONTENT_PAGE, s->key)))
			return false;
	return true;
}

static bool is_there(uint64_t entry)
{
	return (entry & (PRESENT | FILE_PAGE)) == PRESENT;
}

static bool read_chunk(struct content_sampler *s, struct content_range *range, const int fds[2],
                       uint64_t first)
{
	uint64_t nr = range->nr - first < CHUNK_PAGES ? range->nr - first : CHUNK_PAGES, end;
	ssize_t got = pread(fds[0], s->entries, nr * sizeof(*s->entries),
	                    (off_t)((range->first + first) * sizeof(*s->entries)));

	nr = got > 0 ? (uint64_t)got / sizeof(*s->entries) : 0;
	for (uint64_t i = 0; i < nr; i = end) {
		for (end = i; end < nr && is_there(s->entries[end]);)
			end++;
		if (end > i && !read_pages(s, range, fds[1], first + i, end - i))
			return false;
		end += end == i;
	}
	return true;
}

static bool is_stopped(const struct content_sampler *s, uint64_t wait_ns)
{
	struct pollfd fd = { .fd = s->stop_fd, .events = POLLIN };
	struct timespec left = { .tv_sec = (time_t)(wait_ns / 1000000000u),
		                 .tv_nsec = (long)(wait_ns % 1000000000u) };

	return ppoll(&fd, 1, &left, NULL) > 0;
}

static bool read_range(struct content_sampler *s, struct content_range *range)
{
	static const char *const names[] = { "pagemap", "mem" };
	bool goes_on = true;
	int fds[2];

	for (int i = 0; i < 2; i++) {
		char path[48];

		snprintf(path, sizeof(path), "/proc/%" PRIu32 "/%s", range->pid, names[i]);
		fds[i] = open(path, O_RDONLY | O_CLOEXEC);
	}
	for (uint64_t i = 0; i < range->nr && goes_on && fds[0] >= 0 && fds[1] >= 0;
	     i += CHUNK_PAGES) {
		goes_on = read_chunk(s, range, fds, i) && !is_stopped(s, 0);
		if (goes_on && snapshot_clock() - s->begin_ns > SAMPLE_NS)
			goes_on = flush(s);
	}
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return goes_on;
}

/* ---- the thread ---- */

static bool pass(struct content_sampler *s)
{
	s->begin_ns = snapshot_clock();
	if (!find_all_ranges(s))
		return false;
	for (size_t i = 0; i < s->nr_ranges; i++)
		if (!read_range(s, &s->ranges[i]))
			return false;
	s->nr_passes++;
	return flush(s);
}

static void *work(void *data)
{
	struct content_sampler *s = data;
	uint64_t begin_ns, took_ns, rest_ns;

	prctl(PR_SET_NAME, "mmcap/content");
	do {
		begin_ns = snapshot_clock();
		if (!pass(s))
			break;
		took_ns = snapshot_clock() - begin_ns;
		rest_ns = took_ns < s->interval_ns ? s->interval_ns - took_ns : 0;
		if (rest_ns < took_ns * REST)
			rest_ns = took_ns * REST;
	} while (!is_stopped(s, rest_ns));
	flush(s);
	return NULL;
}

/* ---- the part ---- */

static bool wanted(const struct recording *r)
{
	return r->options->content_hash;
}

static int prepare(struct recording *r, struct part *part, struct mmr_error *err)
{
	struct content_sampler *s = calloc(1, sizeof(*s));
	char text[24];
	int size;

	if (!s)
		return failure(err, MMR_E_NOMEM, "out of memory for hashes of contents");
	part->state = s;
	s->writer = r->writer;
	s->interval_ns = r->options->content_interval_ns;
	s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->rows = calloc(MAX_ROWS, sizeof(*s->rows));
	s->bytes = malloc((size_t)CHUNK_PAGES * CONTENT_PAGE);
	if (!s->rows || !s->bytes)
		return failure(err, MMR_E_NOMEM, "out of memory for hashes of contents");
	if (s->stop_fd < 0 || getrandom(&s->key, sizeof(s->key), 0) != sizeof(s->key))
		return failure_errno(err, errno, "--content-hash: cannot begin");
	size = snprintf(text, sizeof(text), "%" PRIu64, s->interval_ns);
	return mmr_writer_text(r->writer, "content.interval_ns", text, (size_t)size, err);
}

/* Before the command, too, there may be registered memory. */
static int begin(struct recording *r, struct part *part, struct mmr_error *err)
{
	struct content_sampler *s = part->state;

	(void)r;
	if (pthread_create(&s->thread, NULL, work, s) != 0)
		return failure(err, MMR_E_NOMEM, "cannot make a thread for hashes of contents");
	s->running = true;
	return 0;
}

static void stop(struct content_sampler *s)
{
	if (!s->running)
		return;
	eventfd_write(s->stop_fd, 1);
	pthread_join(s->thread, NULL);
	s->running = false;
}

static int put_number(struct recording *r, const char *name, uint64_t number, struct mmr_error *err)
{
	char text[24];
	int size = snprintf(text, sizeof(text), "%" PRIu64, number);

	return mmr_writer_trailer_text(r->writer, name, text, (size_t)size, err);
}

static int end(struct recording *r, struct part *part, struct mmr_error *err)
{
	struct content_sampler *s = part->state;
	int ret;

	stop(s);
	if (s->ret < 0)
		return failure(err, s->ret, "%s", s->err.text);
	ret = put_number(r, "content.passes", s->nr_passes, err);
	if (ret == 0)
		ret = put_number(r, "content.pages", s->nr_hashed, err);
	if (ret == 0)
		ret = put_number(r, "content.left_out", s->nr_left_out, err);
	return ret;
}

static void deinit(struct recording *r, struct part *part)
{
	struct content_sampler *s = part->state;

	(void)r;
	if (!s)
		return;
	stop(s);
	for (size_t i = 0; i < s->nr_ranges; i++)
		free_range(s, &s->ranges[i]);
	free(s->ranges);
	free(s->rows);
	free(s->bytes);
	if (s->stop_fd >= 0)
		close(s->stop_fd);
	free(s);
	part->state = NULL;
}

const struct part_ops part_content = {
	.name = "content",
	.wanted = wanted,
	.prepare = prepare,
	.begin = begin,
	.end = end,
	.deinit = deinit,
};
