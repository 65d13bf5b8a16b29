/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small load for a small machine, deterministic but for the machine's own timing:
 *
 *	mmwork ANON_MB ACCESSES FILE HUGE_MB
 *
 * touches ANON_MB of anonymous memory, makes ACCESSES skewed random accesses to it (a third of them
 * writes) while it reads FILE from end to end now and then, punches holes into the memory so that what
 * is free lies scattered, and asks for HUGE_MB of huge pages in what is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE  4096u
#define HUGE  (2u << 20)
#define TURNS 2u

static uint64_t state = 0x9e3779b97f4a7c15u;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Of count pages; the cube of a uniform number, so that an eighth of them gets half of the accesses. */
static size_t draw_page(size_t count)
{
	double u = (double)(draw() >> 11) / (double)(1ull << 53);

	return (size_t)(u * u * u * (double)count);
}

static uint8_t *map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("mmwork: mmap");
		exit(1);
	}
	return memory;
}

static void read_file(const char *path)
{
	static char buffer[65536];
	int fd = open(path, O_RDONLY);

	if (fd < 0) {
		fprintf(stderr, "mmwork: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
	close(fd);
}

static void touch_huge(size_t size)
{
	uint8_t *memory = map(size + HUGE);

	memory += (HUGE - (uintptr_t)memory % HUGE) % HUGE;
	madvise(memory, size, MADV_HUGEPAGE);
	for (size_t at = 0; at < size; at += PAGE)
		memory[at] = 1;
}

int main(int argc, char **argv)
{
	size_t nr_pages;
	unsigned long nr_accesses;
	uint8_t *memory;

	if (argc != 5) {
		fprintf(stderr, "usage: mmwork ANON_MB ACCESSES FILE HUGE_MB\n");
		return 2;
	}
	nr_pages = strtoul(argv[1], NULL, 10) * ((1u << 20) / PAGE);
	nr_accesses = strtoul(argv[2], NULL, 10);
	memory = map(nr_pages * PAGE);
	madvise(memory, nr_pages * PAGE, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < nr_pages; i++) {
		uint64_t words[2] = { i, draw() };

		memcpy(memory + i * PAGE, words, sizeof(words));
	}
	for (unsigned int turn = 0; turn < TURNS; turn++) {
		for (unsigned long i = 0; i < nr_accesses / TURNS; i++) {
			size_t page = draw_page(nr_pages);

			if (*(uint64_t *)(void *)(memory + page * PAGE) != page) {
				fprintf(stderr, "mmwork: page %zu lost its contents\n", page);
				return 1;
			}
			if (draw() % 3 == 0)
				memory[page * PAGE + 16] = (uint8_t)i;
		}
		read_file(argv[3]);
	}
	for (size_t i = 0; i < nr_pages; i += 2)
		madvise(memory + i * PAGE, PAGE, MADV_DONTNEED);
	touch_huge(strtoul(argv[4], NULL, 10) << 20);
	return 0;
}
