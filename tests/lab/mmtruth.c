/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A load that knows what it touched, and when: the truth that access samples are scored against.
 *
 *	mmtruth LOG ANON_MB ACCESSES [FILE] [-l]
 *
 * maps ANON_MB of anonymous memory, fills it, and makes ACCESSES skewed random accesses to it and to a
 * shared mapping of FILE (a fifth of them), a third of them writes; each quarter of the run has its hot
 * pages elsewhere, scattered over all memory, or beside each other (-l). After every access it asks /proc/self/pagemap which page frame it was. At the end
 * the log is written: a struct truth_head, then a struct truth_touch for each access (truth.h).
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "truth.h"

#define PAGE      4096u
#define PHASES    4u
#define PFN_MASK  ((1ull << 55) - 1)
#define PRESENT   (1ull << 63)
#define MAX_PAUSE 20000 /* us */

static uint64_t state = 0x9e3779b97f4a7c15u;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static _Noreturn void trouble(const char *what)
{
	fprintf(stderr, "mmtruth: ");
	perror(what);
	exit(1);
}

static uint8_t *map(size_t size, int flags, int fd)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (memory == MAP_FAILED)
		trouble("mmap");
	return memory;
}

/* Of count pages; the fourth power of a uniform number, so that a sixteenth of them gets half. */
static size_t draw_page(size_t count, unsigned int phase, bool local)
{
	double u = (double)(draw() >> 11) / (double)(1ull << 53);
	size_t rank = (size_t)(u * u * u * u * (double)count);

	/* Scattered, neighbours in rank are not neighbours in memory. */
	return (rank * (local ? 1 : 2654435761u) + phase * count / PHASES) % count;
}

struct load {
	uint8_t *anon;
	uint8_t *file;
	size_t nr_anon;
	size_t nr_file;
	int pagemap;
	struct truth_touch *touches;
	size_t nr_touches;
};

static void touch(struct load *l, uint8_t *address, bool write)
{
	struct truth_touch *t = &l->touches[l->nr_touches++];
	volatile uint8_t *byte = address + 8;
	uint64_t entry = 0;

	*t = (struct truth_touch){ .address = (uintptr_t)address, .begin_ns = now() };
	if (write)
		*byte = (uint8_t)l->nr_touches;
	else
		(void)*byte;
	t->flags = write ? TRUTH_WRITE : 0;
	t->end_ns = now();
	if (pread(l->pagemap, &entry, sizeof(entry), (off_t)((uintptr_t)address / PAGE * 8)) !=
	    (ssize_t)sizeof(entry))
		trouble("/proc/self/pagemap");
	t->pfn = entry & PRESENT ? entry & PFN_MASK : 0;
}

static void open_file(struct load *l, const char *path)
{
	int fd = open(path, O_RDWR);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		trouble(path);
	l->nr_file = (size_t)st.st_size / PAGE;
	l->file = map(l->nr_file * PAGE, MAP_SHARED, fd);
	/* Around a fault the kernel would map pages that nobody touched, as used. */
	madvise(l->file, l->nr_file * PAGE, MADV_RANDOM);
	close(fd);
}

static void write_log(const struct load *l, const char *path)
{
	struct truth_head head = { .magic = TRUTH_MAGIC,
		                   .pid = (uint32_t)getpid(),
		                   .anon = (uintptr_t)l->anon,
		                   .nr_anon = l->nr_anon,
		                   .file = (uintptr_t)l->file,
		                   .nr_file = l->nr_file,
		                   .nr_touches = l->nr_touches };
	FILE *log = fopen(path, "w");

	if (!log || fwrite(&head, sizeof(head), 1, log) != 1 ||
	    fwrite(l->touches, sizeof(*l->touches), l->nr_touches, log) != l->nr_touches ||
	    fclose(log) != 0)
		trouble(path);
}

int main(int argc, char **argv)
{
	struct load l = { 0 };
	size_t nr_accesses;
	size_t room;
	bool local = argc > 1 && strcmp(argv[argc - 1], "-l") == 0;

	argc -= local;
	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: mmtruth LOG ANON_MB ACCESSES [FILE] [-l]\n");
		return 2;
	}
	l.nr_anon = strtoul(argv[2], NULL, 10) * ((1u << 20) / PAGE);
	nr_accesses = strtoul(argv[3], NULL, 10);
	l.pagemap = open("/proc/self/pagemap", O_RDONLY);
	if (l.pagemap < 0)
		trouble("/proc/self/pagemap");
	room = (l.nr_anon + nr_accesses) * sizeof(*l.touches);
	l.touches = (void *)map(room, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	mlock(l.touches, room); /* the log itself is not to be swapped */
	l.anon = map(l.nr_anon * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	madvise(l.anon, l.nr_anon * PAGE, MADV_NOHUGEPAGE);
	if (argc == 5)
		open_file(&l, argv[4]);
	for (size_t i = 0; i < l.nr_anon; i++) {
		uint64_t words[2] = { i, draw() };

		touch(&l, l.anon + i * PAGE, true);
		memcpy(l.anon + i * PAGE + 64, words, sizeof(words)); /* not to be zero */
	}
	for (size_t i = 0; i < nr_accesses; i++) {
		unsigned int phase = (unsigned int)(i * PHASES / nr_accesses);
		bool write = draw() % 3 == 0;

		if (l.file && draw() % 5 == 0)
			touch(&l, l.file + draw_page(l.nr_file, phase, local) * PAGE, write);
		else
			touch(&l, l.anon + draw_page(l.nr_anon, phase, local) * PAGE, write);
		if (draw() % 4096 == 0)
			usleep((useconds_t)(draw() % MAX_PAUSE));
	}
	write_log(&l, argv[1]);
	return 0;
}
