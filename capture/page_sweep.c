/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page_sweep.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "privilege.h"

#define PER_PAGE   8u /* bytes */
#define GOLDEN     0.6180339887498949
#define MIN_STRIDE 3u

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static size_t gcd(size_t a, size_t b)
{
	while (b) {
		size_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Steps that visit all of count, any first few of which lie evenly: a golden section of it. */
static size_t even_stride(size_t count)
{
	size_t stride = (size_t)((double)count * GOLDEN);

	if (count <= MIN_STRIDE)
		return 1;
	while (stride < 1 || gcd(stride, count) != 1)
		stride++;
	return stride;
}

/* Takes the next chunk in the order of the sweep; NULL: there is no more, or no more time. */
static struct page_chunk *begin_chunk(struct page_sweep *s, size_t *turn, uint64_t *begin_ns)
{
	*begin_ns = now_ns();
	if (s->next >= s->nr_chunks || (s->deadline_ns && *begin_ns >= s->deadline_ns))
		return NULL;
	*turn = s->next++;
	return &s->chunks[(size_t)((unsigned __int128)*turn * s->stride % s->nr_chunks)];
}

/* With the lock held; it is let go while reading. */
static void work(struct page_sweep *s, uint8_t *buffer)
{
	struct page_chunk *chunk;
	uint64_t begin_ns;
	size_t turn;

	while ((chunk = begin_chunk(s, &turn, &begin_ns))) {
		uint64_t end_ns = begin_ns;
		ssize_t got = 0;

		if (chunk->wanted) {
			pthread_mutex_unlock(&s->lock);
			got = pread(s->fd, buffer, chunk->size, (off_t)chunk->offset);
			end_ns = now_ns();
			pthread_mutex_lock(&s->lock);
		}
		while (s->handed != turn)
			pthread_cond_wait(&s->changed, &s->lock);
		if (got > 0)
			s->read(s->data, chunk, buffer, (uint32_t)got, begin_ns, end_ns);
		s->handed++;
		pthread_cond_broadcast(&s->changed);
	}
}

struct helper {
	struct page_sweep *sweep;
	uint8_t *buffer;
};

static void *help(void *data)
{
	struct helper *helper = data;
	struct page_sweep *s = helper->sweep;
	uint8_t *buffer = helper->buffer;
	uint64_t seen = 0;

	free(helper);
	if (privilege_drop(NULL) < 0)
		return NULL; /* the others do its work */
	pthread_mutex_lock(&s->lock);
	while (!s->quit) {
		if (s->run == seen) {
			pthread_cond_wait(&s->changed, &s->lock);
			continue;
		}
		seen = s->run;
		s->nr_working++;
		work(s, buffer);
		s->nr_working--;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static int start_helper(struct page_sweep *s, unsigned int number)
{
	struct helper *helper = malloc(sizeof(*helper));
	int ret;

	if (!helper)
		return -1;
	*helper = (struct helper){ s, s->buffers[number] };
	ret = pthread_create(&s->threads[s->nr_helpers], NULL, help, helper);
	if (ret != 0) {
		free(helper);
		return -1;
	}
	s->nr_helpers++;
	return 0;
}

int page_sweep_init(struct page_sweep *s, struct mmr_error *err)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int nr = cpus > (long)PAGE_SWEEP_THREADS ? PAGE_SWEEP_THREADS
	                  : cpus > 0                      ? (unsigned int)cpus
	                                                  : 1;

	*s = (struct page_sweep){ .fd = -1 };
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	for (unsigned int i = 0; i < nr; i++) {
		s->buffers[i] = malloc(PAGE_SWEEP_CHUNK);
		if (!s->buffers[i])
			return failure(err, MMR_E_NOMEM, "out of memory for snapshots");
		memset(s->buffers[i], 0, PAGE_SWEEP_CHUNK); /* no faults while recording */
	}
	/* With fewer threads it only takes longer. */
	for (unsigned int i = 1; i < nr && start_helper(s, i) == 0;)
		i++;
	return 0;
}

void page_sweep_deinit(struct page_sweep *s)
{
	if (!s->buffers[0])
		return;
	pthread_mutex_lock(&s->lock);
	s->quit = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	for (unsigned int i = 0; i < s->nr_helpers; i++)
		pthread_join(s->threads[i], NULL);
	for (unsigned int i = 0; i < PAGE_SWEEP_THREADS; i++)
		free(s->buffers[i]);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s->chunks);
	*s = (struct page_sweep){ .fd = -1 };
}

uint64_t page_sweep_cpu_ns(const struct page_sweep *s)
{
	uint64_t ns = 0;

	for (unsigned int i = 0; i < s->nr_helpers; i++) {
		struct timespec used;
		clockid_t id;

		if (pthread_getcpuclockid(s->threads[i], &id) == 0 && clock_gettime(id, &used) == 0)
			ns += (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
	}
	return ns;
}

void page_sweep_clear(struct page_sweep *s)
{
	s->nr_chunks = 0;
}

int page_sweep_add(struct page_sweep *s, uint64_t first_pfn, uint64_t end_pfn)
{
	const uint64_t stop = end_pfn * PER_PAGE;

	for (uint64_t offset = first_pfn * PER_PAGE; offset < stop;) {
		/* Chunks end at multiples of their size, whatever the zone's first pfn. */
		uint64_t size = PAGE_SWEEP_CHUNK - offset % PAGE_SWEEP_CHUNK;

		if (size > stop - offset)
			size = stop - offset;
		if (s->nr_chunks == s->capacity) {
			size_t capacity = s->capacity ? s->capacity * 2 : 1024;
			void *chunks = reallocarray(s->chunks, capacity, sizeof(*s->chunks));

			if (!chunks)
				return MMR_E_NOMEM;
			s->chunks = chunks;
			s->capacity = capacity;
		}
		s->chunks[s->nr_chunks++] = (struct page_chunk){
			.offset = offset,
			.size = (uint32_t)size,
			.wanted = true,
		};
		offset += size;
	}
	return 0;
}

size_t page_sweep_read(struct page_sweep *s, const char *path, uint64_t deadline_ns,
                       page_chunk_read *read, void *data)
{
	size_t nr_begun;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	pthread_mutex_lock(&s->lock);
	s->fd = fd;
	s->deadline_ns = deadline_ns;
	s->stride = deadline_ns ? even_stride(s->nr_chunks) : 1;
	s->next = 0;
	s->handed = 0;
	s->read = read;
	s->data = data;
	s->run++;
	pthread_cond_broadcast(&s->changed);
	work(s, s->buffers[0]);
	while (s->nr_working > 0)
		pthread_cond_wait(&s->changed, &s->lock);
	nr_begun = s->next;
	s->next = SIZE_MAX; /* a helper that wakes up only now finds nothing to do */
	pthread_mutex_unlock(&s->lock);
	close(fd);
	return nr_begun;
}
