/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses by idle page tracking (/sys/kernel/mm/page_idle/bitmap, v4.3 and later, 64-bit).
 *
 * Memory is gone through chunk by chunk, and each chunk has times of its own: its bits are read, the
 * pages found in use are marked idle again at once, then their flags are read. So nearly all of the time
 * between two readings of a chunk counts, and both its ends are known to the length of one chunk.
 *
 *	mark            | known      read | mark again       read
 *	[begin .. end]               [begin .. end]          [begin .. end]
 *
 * A page that was found idle needs no second marking: it was not used before it was read, and a use since
 * then shows next time. kpageflags behind the marking says which pages bear the mark: the others (free,
 * not on an LRU list, tails of huge pages) have a 0 in the bitmap, too, which means nothing. That is what
 * "known" is for.
 *
 * A processor sets the bit in the page table when it loads a translation, not at every access. One that
 * keeps translations over a switch of address spaces (PCID, ARM's ASID) may go on with an old one and
 * leave no trace of its accesses; the kernel does not flush for idle tracking. On one that forgets them
 * (no PCID), the sampler runs for an instant on every CPU after marking, and the marking ends with that.
 *
 * Its own work: one thread, memory that is fixed when it begins, at most half of one CPU.
 *
 * Follows page_idle_bitmap_read() and page_idle_bitmap_write(), v6.12. Not sampled: tails of huge pages
 * and of large folios of files (their head stands for all), hugetlb pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "access.h"
#include "failure.h"
#include "privilege.h"
#include "recording.h"

#define BITMAP      "/sys/kernel/mm/page_idle/bitmap"
#define WORD        64u /* the bitmap is read in words */
#define MIN_CHUNK   1024u
#define MAX_CHUNKS  256u
#define SLOT_MEMORY (4u << 20)
#define MAX_TOURS   64u /* visits of a CPU in one pass */
#define KPF_LRU     (1ull << 5)
#define KPF_TAIL    (1ull << 16)
#define KPF_IDLE    (1ull << 25)

/* A piece of the page frames; first is a multiple of WORD. */
struct idle_chunk {
	uint64_t first;
	uint64_t nr;
	uint64_t mark_begin_ns; /* 0: not marked yet */
	uint64_t mark_end_ns;
	uint64_t *known;
};

/* A sample on its way to the main thread. */
struct idle_slot {
	struct mmr_access_sample sample;
	uint64_t *idle;
	uint64_t *known;
};

struct idle_sampler {
	int bitmap_fd;
	int flags_fd;
	int ready_fd; /* slots are filled */
	int stop_fd;
	uint64_t interval_ns;

	struct idle_chunk *chunks;
	size_t nr_chunks;
	uint64_t chunk_pfns; /* the largest */
	uint64_t *known;     /* of all chunks */
	uint64_t *marks;     /* of one chunk: what is to be marked */
	uint64_t *flags;     /* of one chunk */
	unsigned int nr_tours;
	cpu_set_t cpus;

	pthread_t thread;
	bool running;

	pthread_mutex_t lock; /* the rest */
	pthread_cond_t changed;
	struct idle_slot *slots;
	size_t nr_slots;
	size_t first; /* filled slots: first .. first + nr_filled */
	size_t nr_filled;
	bool go;
	bool stop;
};

/* ---- what there is ---- */

static int check(const struct recording *r, struct mmr_error *err)
{
	int fd = open(BITMAP, O_RDWR | O_CLOEXEC);

	(void)r;
	if (fd < 0 && errno == ENOENT)
		return failure(err, MMR_E_UNSUPPORTED,
		               "--access=idle: this kernel has no idle page tracking "
		               "(CONFIG_IDLE_PAGE_TRACKING)");
	if (fd < 0)
		return failure_errno(err, errno, "--access=idle: cannot open " BITMAP);
	close(fd);
	return 0;
}

/* Whether a switch to another address space drops the translations of the one before. */
static bool switch_flushes(void)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char *line = NULL;
	size_t size = 0;
	bool flushes = false;

	while (file && getline(&line, &size, file) > 0) {
		if (strncmp(line, "flags\t", 6) != 0)
			continue;
		flushes = !strstr(line, " pcid ");
		break;
	}
	free(line);
	if (file)
		fclose(file);
	return flushes;
}

static bool add_chunks(struct idle_sampler *s, const struct pfn_range *range)
{
	for (uint64_t first = range->first / WORD * WORD; first < range->end;) {
		uint64_t next = (first / s->chunk_pfns + 1) * s->chunk_pfns;
		uint64_t end = next < range->end ? next : (range->end + WORD - 1) / WORD * WORD;
		struct idle_chunk *more =
			reallocarray(s->chunks, s->nr_chunks + 1, sizeof(*s->chunks));

		if (!more)
			return false;
		s->chunks = more;
		s->chunks[s->nr_chunks++] =
			(struct idle_chunk){ .first = first, .nr = end - first };
		first = end;
	}
	return true;
}

static bool lay_out(struct idle_sampler *s, const struct pfn_range *ranges, unsigned int nr_ranges)
{
	uint64_t total = 0;
	uint64_t at = 0;

	for (unsigned int i = 0; i < nr_ranges; i++)
		total += ranges[i].end - ranges[i].first;
	s->chunk_pfns = MIN_CHUNK;
	while (s->chunk_pfns * MAX_CHUNKS < total)
		s->chunk_pfns *= 2;
	for (unsigned int i = 0; i < nr_ranges; i++)
		if (!add_chunks(s, &ranges[i]))
			return false;
	for (size_t i = 0; i < s->nr_chunks; i++)
		at += s->chunks[i].nr / WORD;
	s->known = calloc(at + 1, sizeof(*s->known));
	s->marks = calloc(s->chunk_pfns / WORD, sizeof(*s->marks));
	s->flags = calloc(s->chunk_pfns, sizeof(*s->flags));
	at = 0;
	for (size_t i = 0; s->known && i < s->nr_chunks; i++) {
		s->chunks[i].known = s->known + at;
		at += s->chunks[i].nr / WORD;
	}
	return s->known && s->marks && s->flags;
}

static bool make_slots(struct idle_sampler *s)
{
	size_t words = s->chunk_pfns / WORD;

	s->nr_slots = SLOT_MEMORY / (2 * words * sizeof(uint64_t));
	if (s->nr_slots > s->nr_chunks)
		s->nr_slots = s->nr_chunks;
	if (s->nr_slots < 4)
		s->nr_slots = 4;
	s->slots = calloc(s->nr_slots, sizeof(*s->slots));
	for (size_t i = 0; s->slots && i < s->nr_slots; i++) {
		s->slots[i].idle = calloc(words, 2 * sizeof(uint64_t));
		if (!s->slots[i].idle)
			return false;
		s->slots[i].known = s->slots[i].idle + words;
	}
	return s->slots;
}

/* ---- the sampling thread ---- */

/* Waits for a slot; NULL: it is to end. */
static struct idle_slot *free_slot(struct idle_sampler *s)
{
	struct idle_slot *slot = NULL;

	pthread_mutex_lock(&s->lock);
	while (s->nr_filled == s->nr_slots && !s->stop)
		pthread_cond_wait(&s->changed, &s->lock);
	if (!s->stop)
		slot = &s->slots[(s->first + s->nr_filled) % s->nr_slots];
	pthread_mutex_unlock(&s->lock);
	return slot;
}

static void hand_over(struct idle_sampler *s)
{
	pthread_mutex_lock(&s->lock);
	s->nr_filled++;
	pthread_mutex_unlock(&s->lock);
	eventfd_write(s->ready_fd, 1);
}

/* Runs on every CPU once, so that each has switched to another address space. */
static void tour(const struct idle_sampler *s)
{
	cpu_set_t one;

	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &s->cpus))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one); /* one that went offline is passed by */
	}
	sched_setaffinity(0, sizeof(s->cpus), &s->cpus);
}

/* Reads the chunk's bits; those that are to be marked again are left in s->marks. false: to end. */
static bool read_chunk(struct idle_sampler *s, struct idle_chunk *chunk)
{
	size_t size = chunk->nr / 8;
	struct idle_slot *slot = free_slot(s);
	uint64_t begin_ns;
	ssize_t got;

	if (!slot)
		return false;
	begin_ns = snapshot_clock();
	got = pread(s->bitmap_fd, slot->idle, size, (off_t)(chunk->first / 8));
	/* Behind the end of memory nothing is read, and nothing is there. */
	for (size_t i = 0; i < size / sizeof(uint64_t); i++) {
		bool is_read = got > 0 && i < (size_t)got / sizeof(uint64_t);

		s->marks[i] = is_read ? ~slot->idle[i] : 0;
	}
	if (chunk->mark_begin_ns && got > 0) {
		memcpy(slot->known, chunk->known, size);
		slot->sample = (struct mmr_access_sample){
			.kind = MMR_ACCESS_BITMAP,
			.begin_ns = begin_ns,
			.end_ns = snapshot_clock(),
			.mark_begin_ns = chunk->mark_begin_ns,
			.mark_end_ns = chunk->mark_end_ns,
			.first_pfn = chunk->first,
			.nr_pfns = (uint64_t)got * 8,
			.idle = (const uint8_t *)slot->idle,
			.known = (const uint8_t *)slot->known,
		};
		hand_over(s);
	}
	chunk->mark_begin_ns = begin_ns;
	return true;
}

static void mark_chunk(struct idle_sampler *s, struct idle_chunk *chunk)
{
	ssize_t got;

	if (pwrite(s->bitmap_fd, s->marks, chunk->nr / 8, (off_t)(chunk->first / 8)) < 0)
		chunk->mark_begin_ns = 0;
	chunk->mark_end_ns = snapshot_clock();
	memset(chunk->known, 0, chunk->nr / 8);
	got = pread(s->flags_fd, s->flags, chunk->nr * sizeof(uint64_t),
	            (off_t)(chunk->first * sizeof(uint64_t)));
	for (size_t i = 0; got > 0 && i < (size_t)got / sizeof(uint64_t); i++)
		if ((s->flags[i] & (KPF_LRU | KPF_IDLE | KPF_TAIL)) == (KPF_LRU | KPF_IDLE))
			chunk->known[i / WORD] |= 1ull << i % WORD;
}

/* All memory once. false: to end. */
static bool pass(struct idle_sampler *s)
{
	size_t group = s->nr_tours ? (s->nr_chunks + s->nr_tours - 1) / s->nr_tours : s->nr_chunks;

	for (size_t i = 0; i < s->nr_chunks; i++) {
		size_t begin = i / group * group;

		if (!read_chunk(s, &s->chunks[i]))
			return false;
		mark_chunk(s, &s->chunks[i]);
		if (!s->nr_tours || (i + 1 < s->nr_chunks && (i + 1) % group != 0))
			continue;
		tour(s);
		for (size_t k = begin; k <= i; k++)
			s->chunks[k].mark_end_ns = snapshot_clock();
	}
	return true;
}

/* Sleeps until then; true if it is to end. */
static bool sleep_until(const struct idle_sampler *s, uint64_t then_ns)
{
	struct pollfd fd = { .fd = s->stop_fd, .events = POLLIN };
	uint64_t now_ns = snapshot_clock();
	struct timespec left = { 0 };

	if (then_ns > now_ns) {
		left.tv_sec = (time_t)((then_ns - now_ns) / 1000000000u);
		left.tv_nsec = (long)((then_ns - now_ns) % 1000000000u);
	}
	return ppoll(&fd, 1, &left, NULL) > 0;
}

static void *sample(void *data)
{
	struct idle_sampler *s = data;
	struct mmr_error ignored;
	bool stop;

	prctl(PR_SET_NAME, "mmcap/idle");
	if (privilege_drop(&ignored) < 0)
		return NULL; /* its files are open; without rights nothing else is to be had */
	pthread_mutex_lock(&s->lock);
	while (!s->go && !s->stop)
		pthread_cond_wait(&s->changed, &s->lock);
	stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	while (!stop) {
		uint64_t begin_ns = snapshot_clock();
		uint64_t end_ns;

		if (!pass(s))
			break;
		end_ns = snapshot_clock();
		/* At most half of the time, however much memory there is. */
		stop = sleep_until(s, end_ns - begin_ns > s->interval_ns / 2
		                              ? end_ns + (end_ns - begin_ns)
		                              : begin_ns + s->interval_ns);
	}
	return NULL;
}

/* ---- the source ---- */

static int prepare(struct recording *r, struct part *part, struct mmr_error *err)
{
	struct idle_sampler *s = calloc(1, sizeof(*s));

	if (!s)
		return failure(err, MMR_E_NOMEM, "out of memory for access samples");
	part->state = s;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	s->bitmap_fd = open(BITMAP, O_RDWR | O_CLOEXEC);
	s->flags_fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	s->ready_fd = part->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->interval_ns = r->access.interval_ns;
	if (s->bitmap_fd < 0 || s->flags_fd < 0 || s->ready_fd < 0 || s->stop_fd < 0)
		return failure_errno(err, errno, "--access=idle: cannot begin");
	if (switch_flushes() && sched_getaffinity(0, sizeof(s->cpus), &s->cpus) == 0) {
		unsigned int nr_cpus = (unsigned int)CPU_COUNT(&s->cpus);

		s->nr_tours = nr_cpus < MAX_TOURS ? MAX_TOURS / nr_cpus : 1;
	}
	if (pthread_create(&s->thread, NULL, sample, s) != 0)
		return failure(err, MMR_E_NOMEM, "cannot make a thread for access samples");
	s->running = true;
	return 0;
}

static int begin(struct recording *r, struct part *part, struct mmr_error *err)
{
	struct idle_sampler *s = part->state;

	snapshot_learn_ranges(&r->snapshots);
	if (!lay_out(s, r->snapshots.ranges, r->snapshots.nr_ranges) || !make_slots(s))
		return failure(err, MMR_E_NOMEM, "out of memory for access samples");
	pthread_mutex_lock(&s->lock);
	s->go = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return 0;
}

static int ready(struct recording *r, struct part *part, struct mmr_error *err)
{
	struct idle_sampler *s = part->state;
	eventfd_t count;
	int ret = 0;

	eventfd_read(s->ready_fd, &count);
	pthread_mutex_lock(&s->lock);
	while (s->nr_filled > 0 && ret == 0) {
		const struct idle_slot *slot = &s->slots[s->first];

		pthread_mutex_unlock(&s->lock);
		ret = mmr_writer_access(r->writer, &slot->sample, err);
		pthread_mutex_lock(&s->lock);
		s->first = (s->first + 1) % s->nr_slots;
		s->nr_filled--;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	return ret;
}

static void stop(struct idle_sampler *s)
{
	if (!s->running)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	eventfd_write(s->stop_fd, 1);
	pthread_join(s->thread, NULL);
	s->running = false;
}

static int end(struct recording *r, struct part *part, struct mmr_error *err)
{
	stop(part->state);
	return ready(r, part, err);
}

static void deinit(struct recording *r, struct part *part)
{
	struct idle_sampler *s = part->state;

	(void)r;
	if (!s)
		return;
	stop(s);
	for (size_t i = 0; s->slots && i < s->nr_slots; i++)
		free(s->slots[i].idle);
	free(s->slots);
	free(s->chunks);
	free(s->known);
	free(s->marks);
	free(s->flags);
	for (size_t i = 0; i < 4; i++) {
		int fd = i == 0   ? s->bitmap_fd
		         : i == 1 ? s->flags_fd
		         : i == 2 ? s->ready_fd
		                  : s->stop_fd;

		if (fd >= 0)
			close(fd);
	}
	free(s);
	part->state = NULL;
	part->fd = -1;
}

const struct access_source access_idle = {
	.name = "idle",
	.default_interval_ns = 500000000,
	.check = check,
	.part = { .prepare = prepare,
	          .begin = begin,
	          .ready = ready,
	          .end = end,
	          .deinit = deinit },
};
