/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lab's loads, one sub-command each; tests/lab/workloads says with which sizes they are run. What they
 * do is the same in every run, down to the order of accesses; when it happens is up to the machine.
 * Memory that was written is checked when it is used again, so that a kernel that loses a page fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_COLD
#define MADV_COLD    20
#define MADV_PAGEOUT 21
#endif

#define PAGE       4096u
#define HUGE_PAGE  (2u << 20)
#define MIB        (1u << 20)
#define ZIPF_CELLS 1024u
#define PIN_EVERY  64u /* pages of user memory between two pinned pages of the kernel's */
#define KEEP_EVERY 8u  /* one page in so many stays when the memory is fragmented */

static uint64_t state = 0x9e3779b97f4a7c15u;

static void seed(unsigned int n)
{
	state = 0x9e3779b97f4a7c15u * (2u * n + 1u);
}

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static double draw_unit(void)
{
	return (double)(draw() >> 11) / (double)(1ull << 53);
}

static _Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static _Noreturn void fail(const char *format, ...)
{
	va_list arguments;

	fputs("mmwork: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

static size_t to_number(const char *text)
{
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || end == text || *end != '\0')
		fail("%s is not a number", text);
	return (size_t)number;
}

static size_t to_pages(const char *mib)
{
	size_t nr_pages = to_number(mib) * (MIB / PAGE);

	if (nr_pages == 0)
		fail("a size of nothing");
	return nr_pages;
}

static uint8_t *map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		fail("mmap: %s", strerror(errno));
	return memory;
}

/* At a huge page's boundary. */
static uint8_t *map_aligned(size_t size)
{
	uint8_t *memory = map(size + HUGE_PAGE);

	return memory + (HUGE_PAGE - (uintptr_t)memory % HUGE_PAGE) % HUGE_PAGE;
}

/* Memory of whole huge pages. */
static uint8_t *map_huge(size_t size)
{
	uint8_t *memory = map_aligned(size);

	if (madvise(memory, size, MADV_HUGEPAGE))
		fail("madvise: %s", strerror(errno));
	return memory;
}

static int open_file(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd < 0)
		fail("%s: %s", path, strerror(errno));
	return fd;
}

static size_t file_pages(int fd)
{
	struct stat st;

	if (fstat(fd, &st) || st.st_size < PAGE)
		fail("the file has not a single page");
	return (size_t)st.st_size / PAGE;
}

/* A page's number and, so that neither zswap nor zram can fold it, half a page of noise. */
static void fill_page(uint8_t *page, uint64_t number)
{
	memcpy(page, &number, sizeof(number));
	for (size_t i = sizeof(number); i < PAGE / 2; i += sizeof(uint64_t)) {
		uint64_t noise = draw();

		memcpy(page + i, &noise, sizeof(noise));
	}
}

static void check_page(const uint8_t *page, uint64_t number)
{
	if (memcmp(page, &number, sizeof(number)) != 0)
		fail("page %zu lost its contents", (size_t)number);
}

static void fill(uint8_t *memory, size_t nr_pages)
{
	for (size_t i = 0; i < nr_pages; i++)
		fill_page(memory + i * PAGE, i);
}

/* A third of the accesses writes. */
static void access_page(uint8_t *memory, size_t page)
{
	check_page(memory + page * PAGE, page);
	if (draw() % 3 == 0)
		memory[page * PAGE + PAGE - 1]++;
}

/*
 * Zipf's law with exponent 1 over cells of equally many pages, and uniform within a cell: the n-th cell
 * is accessed 1/n as often as the first. The pages of a cell lie scattered, as a program's hot ones do.
 */
static double zipf_sums[ZIPF_CELLS];

static void zipf_init(void)
{
	double sum = 0;

	for (unsigned int i = 0; i < ZIPF_CELLS; i++)
		zipf_sums[i] = sum += 1.0 / (i + 1);
}

static size_t draw_zipf(size_t nr_pages)
{
	double wanted = draw_unit() * zipf_sums[ZIPF_CELLS - 1];
	size_t low = 0, high = ZIPF_CELLS - 1;
	size_t rank;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (zipf_sums[middle] < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	rank = (size_t)(((double)low + draw_unit()) / ZIPF_CELLS * (double)nr_pages);
	return rank * 2654435761u % nr_pages;
}

/* Waits for a child and fails if that one did; false: there is none left. */
static bool wait_one(void)
{
	int status;

	if (wait(&status) < 0)
		return false;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail("a child failed, wait status %#x", (unsigned int)status);
	return true;
}

static void wait_all(void)
{
	while (wait_one())
		;
}

static pid_t start_child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork: %s", strerror(errno));
	return pid;
}

static void anon_phases(uint8_t *memory, size_t nr_pages, size_t nr_accesses)
{
	enum { PHASES = 4 };
	size_t window = nr_pages / PHASES;

	for (unsigned int phase = 0; phase < PHASES; phase++)
		for (size_t i = 0; i < nr_accesses / PHASES; i++)
			access_page(memory, phase * window + draw() % window);
}

static void run_anon(char **args)
{
	size_t nr_pages = to_pages(args[1]);
	size_t nr_accesses = to_number(args[2]);
	uint8_t *memory = map(nr_pages * PAGE);

	fill(memory, nr_pages);
	if (strcmp(args[0], "phases") == 0) {
		anon_phases(memory, nr_pages, nr_accesses);
		return;
	}
	if (strcmp(args[0], "zipf") != 0 && strcmp(args[0], "uniform") != 0)
		fail("%s is none of uniform, zipf and phases", args[0]);
	zipf_init();
	for (size_t i = 0; i < nr_accesses; i++)
		access_page(memory, args[0][0] == 'z' ? draw_zipf(nr_pages) : draw() % nr_pages);
}

/* Three reads of four go to the hot eighth of the file, the fourth is the next of a scan. */
static void run_scan(char **args)
{
	int fd = open_file(args[0], O_RDONLY);
	size_t nr_pages = file_pages(fd), nr_hot = nr_pages / 8 + 1, next = 0;
	size_t nr_reads = to_number(args[1]);
	char page[PAGE];

	for (size_t i = 0; i < nr_reads; i++) {
		size_t at = i % 4 ? draw() % nr_hot : next++ % nr_pages;

		if (pread(fd, page, PAGE, (off_t)(at * PAGE)) != PAGE)
			fail("%s: cannot be read", args[0]);
	}
	close(fd);
}

static void run_mapped(char **args)
{
	int fd = open_file(args[0], O_RDWR);
	size_t nr_pages = file_pages(fd);
	size_t nr_accesses = to_number(args[1]), write_percent = to_number(args[2]);
	volatile uint8_t *memory =
		mmap(NULL, nr_pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	unsigned int sum = 0;

	if (memory == MAP_FAILED)
		fail("%s: mmap: %s", args[0], strerror(errno));
	zipf_init();
	for (size_t i = 0; i < nr_accesses; i++) {
		volatile uint8_t *byte = memory + draw_zipf(nr_pages) * PAGE;

		if (draw() % 100 < write_percent)
			*byte = (uint8_t)i;
		else
			sum += *byte;
	}
	printf("read %u\n", sum);
}

static void write_file(const char *path, size_t nr_mib)
{
	static uint64_t block[MIB / sizeof(uint64_t)];
	int fd = open_file(path, O_WRONLY | O_CREAT | O_TRUNC);

	for (size_t i = 0; i < nr_mib; i++) {
		for (size_t at = 0; at < sizeof(block) / sizeof(block[0]); at++)
			block[at] = draw();
		if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block))
			fail("%s: write: %s", path, strerror(errno));
	}
	close(fd);
}

/* Each writer writes its file, overwrites the half of it in random order, and syncs in the end. */
static void one_writer(const char *path, size_t nr_mib)
{
	size_t nr_pages = nr_mib * (MIB / PAGE);
	char page[PAGE];
	int fd;

	write_file(path, nr_mib);
	fd = open_file(path, O_WRONLY);
	memset(page, 'w', sizeof(page));
	for (size_t i = 0; i < nr_pages / 2; i++)
		if (pwrite(fd, page, PAGE, (off_t)(draw() % nr_pages * PAGE)) != PAGE)
			fail("%s: write: %s", path, strerror(errno));
	if (fsync(fd))
		fail("%s: fsync: %s", path, strerror(errno));
	close(fd);
}

static void run_write(char **args)
{
	size_t nr_writers = to_number(args[1]), nr_mib = to_number(args[2]);

	for (unsigned int i = 0; i < nr_writers; i++) {
		char path[256];

		if (start_child() != 0)
			continue;
		seed(i);
		snprintf(path, sizeof(path), "%s/written-%u", args[0], i);
		one_writer(path, nr_mib);
		exit(0);
	}
	wait_all();
}

/* A file of noise; what every workload with a file reads. */
static void run_file(char **args)
{
	write_file(args[0], to_number(args[1]));
	sync();
}

/* Children that each write to a share of what they inherited, three of them at a time. */
static void run_fork(char **args)
{
	size_t nr_pages = to_pages(args[0]), nr_children = to_number(args[1]);
	uint8_t *memory = map(nr_pages * PAGE);

	fill(memory, nr_pages);
	for (unsigned int child = 0; child < nr_children; child++) {
		if (child >= 3)
			wait_one();
		if (start_child() == 0) {
			seed(child);
			for (size_t i = 0; i < nr_pages / 4; i++) {
				size_t page = (nr_pages / 8 * child + i) % nr_pages;

				check_page(memory + page * PAGE, page);
				memory[page * PAGE + PAGE - 1] = (uint8_t)child;
			}
			exit(0);
		}
		for (size_t i = 0; i < nr_pages / 64; i++)
			access_page(memory, draw() % nr_pages);
	}
	wait_all();
}

/* One page of the kernel's memory that stays where it is until the process ends. */
static void pin_kernel_page(void)
{
	static const char page[PAGE];
	int fds[2];

	if (pipe2(fds, O_NONBLOCK) || write(fds[1], page, sizeof(page)) != (ssize_t)sizeof(page))
		fail("a pipe: %s", strerror(errno));
}

/* Small pages with pinned ones of the kernel's among them, most of them freed; then huge pages. */
static void run_fragment(char **args)
{
	size_t nr_pages = to_pages(args[0]), huge = to_pages(args[1]) * PAGE;
	uint8_t *memory = map(nr_pages * PAGE);

	madvise(memory, nr_pages * PAGE, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < nr_pages; i++) {
		fill_page(memory + i * PAGE, i);
		if (i % PIN_EVERY == 0)
			pin_kernel_page();
	}
	for (size_t i = 0; i < nr_pages; i++)
		if (i % KEEP_EVERY)
			madvise(memory + i * PAGE, PAGE, MADV_DONTNEED);
	fill(map_huge(huge), huge / PAGE);
	for (size_t i = 0; i < nr_pages; i += KEEP_EVERY)
		check_page(memory + i * PAGE, i);
}

/* A page that a pipe holds, so that nobody can move it; a pipe has room for sixteen. */
static void pin_page(uint8_t *page)
{
	static int fds[2];
	static unsigned int nr;
	struct iovec piece = { .iov_base = page, .iov_len = PAGE };

	if (nr++ % 16 == 0 && pipe(fds))
		fail("a pipe: %s", strerror(errno));
	if (vmsplice(fds[1], &piece, 1, SPLICE_F_NONBLOCK) != (ssize_t)PAGE)
		fail("vmsplice: %s", strerror(errno));
}

/* Small pages of which a few are pinned and all others freed: there is memory, but not in one piece. Then huge pages. */
static void run_pinned(char **args)
{
	size_t nr_pages = to_pages(args[0]), huge = to_pages(args[1]) * PAGE;
	uint8_t *memory = map(nr_pages * PAGE);

	madvise(memory, nr_pages * PAGE, MADV_NOHUGEPAGE);
	fill(memory, nr_pages);
	for (size_t i = 0; i < nr_pages; i += PIN_EVERY)
		pin_page(memory + i * PAGE);
	madvise(memory, nr_pages * PAGE, MADV_DONTNEED);
	fill(map_huge(huge), huge / PAGE);
}

/* Memory that grows evenly and is never used again. */
static void run_leak(char **args)
{
	size_t nr_pages = to_pages(args[0]), nr_steps = 10 * to_number(args[1]);
	uint8_t *memory = map(nr_pages * PAGE);

	for (size_t step = 0; step < nr_steps; step++) {
		size_t from = nr_pages * step / nr_steps, to = nr_pages * (step + 1) / nr_steps;

		fill(memory + from * PAGE, to - from);
		usleep(100000);
	}
}

/*
 * Memory full of what was read once: the next part of a file, twice as much as then a child wants at once, and it ends. So
 * there is always enough that nobody needs, only it is not free.
 */
static void run_burst(char **args)
{
	size_t nr_pages = to_pages(args[1]), nr_rounds = to_number(args[2]);
	int fd = open_file(args[0], O_RDONLY);
	char page[PAGE];

	for (size_t round = 0; round < nr_rounds; round++) {
		for (size_t i = 0; i < 2 * nr_pages; i++)
			if (read(fd, page, PAGE) != PAGE)
				fail("%s: it is too short", args[0]);
		if (start_child() == 0) {
			uint8_t *memory = map(nr_pages * PAGE);

			madvise(memory, nr_pages * PAGE, MADV_NOHUGEPAGE);
			for (size_t i = 0; i < nr_pages; i++)
				memory[i * PAGE] = 1;
			exit(0);
		}
		wait_all();
	}
	close(fd);
}

static size_t nr_huge_kb(void)
{
	size_t kb = 0, all = 0;
	char line[256];
	FILE *file = fopen("/proc/self/smaps_rollup", "re");

	if (!file)
		fail("smaps_rollup: %s", strerror(errno));
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "AnonHugePages: %zu", &kb) == 1)
			all += kb;
	fclose(file);
	return all;
}

/* Small pages that may become huge ones; khugepaged has so many seconds to do it. */
static void run_khugepaged(char **args)
{
	size_t size = to_pages(args[0]) * PAGE, seconds = to_number(args[1]);
	uint8_t *memory;

	size -= size % HUGE_PAGE;
	memory = map_huge(size);
	madvise(memory, size, MADV_NOHUGEPAGE);
	fill(memory, size / PAGE);
	for (size_t at = 0; at < size / PAGE; at += 16)
		madvise(memory + at * PAGE, PAGE, MADV_DONTNEED);
	madvise(memory, size, MADV_HUGEPAGE);
	for (size_t i = 0; i < 10 * seconds && nr_huge_kb() < size / 1024; i++) {
		for (size_t at = 1; at < size / PAGE; at += 16)
			check_page(memory + at * PAGE, at);
		usleep(100000);
	}
	printf("%zu of %zu kB became huge\n", nr_huge_kb(), size / 1024);
}

/*
 * Small pages that a child shares: of the first half all but a quarter, of the second one quarter, as the parent writes to the
 * others. khugepaged has so many seconds to make them huge.
 */
static void run_shared(char **args)
{
	size_t size = to_pages(args[0]) * PAGE / (2 * HUGE_PAGE) * HUGE_PAGE,
	       nr_pages = size / PAGE;
	size_t seconds = to_number(args[1]);
	uint8_t *memory = map_aligned(2 * size);
	pid_t child;

	madvise(memory, 2 * size, MADV_NOHUGEPAGE);
	fill(memory, 2 * nr_pages);
	child = start_child();
	if (child == 0) {
		pause();
		exit(0);
	}
	for (size_t at = 0; at < nr_pages; at += 4)
		memory[at * PAGE] ^= 1;
	for (size_t at = 0; at < nr_pages; at++)
		if (at % 4 != 0)
			memory[size + at * PAGE] ^= 1;
	madvise(memory, 2 * size, MADV_HUGEPAGE);
	for (size_t i = 0; i < 10 * seconds && nr_huge_kb() < 2 * size / 1024; i++)
		usleep(100000);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	printf("%zu of %zu kB became huge\n", nr_huge_kb(), 2 * size / 1024);
}

/* madvise(MADV_COLLAPSE) of a range: 0, or what it failed with. */
static int collapse(uint8_t *memory, size_t size)
{
	return madvise(memory, size, MADV_COLLAPSE) == 0 ? 0 : errno;
}

/*
 * Small pages that are made huge ones at once: a half has holes, a half is shared with a child. Then what is huge already, what
 * was and has lost a part, and what was never used. To be run where huge pages are not for everybody.
 */
static void run_collapse(char **args)
{
	size_t size = to_pages(args[0]) * PAGE / (2 * HUGE_PAGE) * HUGE_PAGE,
	       nr_pages = size / PAGE;
	uint8_t *memory = map_aligned(2 * size + HUGE_PAGE);
	pid_t child;

	fill(memory, 2 * nr_pages);
	for (size_t at = 0; at < nr_pages; at += 16)
		madvise(memory + at * PAGE, PAGE, MADV_DONTNEED);
	printf("holes: %d\n", collapse(memory, size));
	child = start_child();
	if (child == 0) {
		pause();
		exit(0);
	}
	usleep(100000);
	for (size_t at = 0; at < nr_pages; at += 4)
		memory[size + at * PAGE] ^= 1;
	printf("shared: %d\n", collapse(memory + size, size));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	printf("again: %d\n", collapse(memory, size));
	madvise(memory + size, 100 * PAGE, MADV_DONTNEED);
	printf("in part: %d\n", collapse(memory + size, size));
	printf("never used: %d\n", collapse(memory + 2 * size, HUGE_PAGE));
	printf("%zu of %zu kB became huge\n", nr_huge_kb(), 2 * size / 1024);
}

/* Shared memory at a huge page's boundary. */
static uint8_t *map_shared(size_t size)
{
	uint8_t *place = map_aligned(size);
	void *memory = mmap(place, size, PROT_READ | PROT_WRITE,
	                    MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (memory == MAP_FAILED)
		fail("mmap: %s", strerror(errno));
	return memory;
}

/* Children that all look at the same shared memory, and stay for a while: as many page tables as children. */
static void run_tables(char **args)
{
	size_t nr_pages = to_pages(args[0]), nr_children = to_number(args[1]);
	volatile uint8_t *memory = map_shared(nr_pages * PAGE);

	fill((uint8_t *)memory, nr_pages);
	for (size_t child = 0; child < nr_children; child++) {
		if (start_child() != 0)
			continue;
		for (size_t i = 0; i < nr_pages; i++)
			(void)memory[i * PAGE];
		sleep(6);
		_exit(0);
	}
	wait_all();
}

/*
 * Shared memory, of which a half is to be huge pages by MADV_HUGEPAGE, and a half is not; every page of the one is used, every fourth of
 * the other. A child uses it, too; then a part of two areas is given back, and used again.
 */
static void run_shmem(char **args)
{
	size_t size = to_pages(args[0]) * PAGE / (2 * HUGE_PAGE) * HUGE_PAGE,
	       nr_pages = size / PAGE;
	uint8_t *advised = map_shared(size), *plain = map_shared(size);
	pid_t child;

	madvise(advised, size, MADV_HUGEPAGE);
	for (size_t at = 0; at < nr_pages; at++)
		fill_page(advised + at * PAGE, at);
	for (size_t at = 0; at < nr_pages; at += 4)
		fill_page(plain + at * PAGE, at);
	child = start_child();
	if (child == 0) {
		for (size_t at = 0; at < nr_pages; at += 4)
			check_page(plain + at * PAGE, at);
		for (size_t at = 0; at < nr_pages; at++)
			check_page(advised + at * PAGE, at);
		exit(0);
	}
	wait_all();
	madvise(advised + 100 * PAGE, 200 * PAGE, MADV_REMOVE);
	madvise(plain + 100 * PAGE, 200 * PAGE, MADV_REMOVE);
	usleep(100000);
	for (size_t at = 100; at < 150; at++) {
		fill_page(advised + at * PAGE, at);
		fill_page(plain + at * PAGE, at);
	}
}

/*
 * Shared memory in small pages that is made huge: at once where all of it is used, by a child, too; at once where every other page
 * is; and by khugepaged, which has so many seconds. To be run where huge pages of shared memory are for who asks for them.
 */
static void run_shmem_collapse(char **args)
{
	size_t size = to_pages(args[0]) * PAGE / (3 * HUGE_PAGE) * HUGE_PAGE,
	       nr_pages = size / PAGE;
	uint8_t *all = map_shared(size), *half = map_shared(size), *later = map_shared(size);
	pid_t child;

	fill(all, nr_pages);
	for (size_t at = 0; at < nr_pages; at += 2)
		fill_page(half + at * PAGE, at);
	fill(later, nr_pages);
	child = start_child();
	if (child == 0) {
		for (size_t at = 0; at < nr_pages; at++)
			check_page(all + at * PAGE, at);
		usleep(1000000);
		for (size_t at = 0; at < nr_pages; at++)
			check_page(all + at * PAGE, at);
		exit(0);
	}
	usleep(500000);
	printf("all: %d\n", collapse(all, size));
	printf("half: %d\n", collapse(half, size));
	printf("again: %d\n", collapse(all, size));
	wait_all();
	madvise(later, size, MADV_HUGEPAGE);
	usleep((useconds_t)to_number(args[1]) * 1000000);
	for (size_t at = 0; at < nr_pages; at++)
		check_page(later + at * PAGE, at);
}

static void advise(uint8_t *memory, size_t size, int advice)
{
	if (madvise(memory, size, advice))
		fail("madvise of %d: %s", advice, strerror(errno));
}

static void check_all(uint8_t *memory, size_t nr_pages)
{
	for (size_t at = 0; at < nr_pages; at++)
		check_page(memory + at * PAGE, at);
}

/* What vmstat says of huge pages of files, beside the name of what has just been done. */
static void tell_file_huge(const char *done)
{
	FILE *file = fopen("/proc/vmstat", "r");
	char name[64], text[64];

	if (!file)
		fail("/proc/vmstat: %s", strerror(errno));
	printf("%s:", done);
	while (fscanf(file, "%63s %63s", name, text) == 2)
		if (!strncmp(name, "nr_file_", 8) || !strcmp(name, "nr_mapped") ||
		    !strncmp(name, "thp_file_", 9) || !strncmp(name, "thp_collapse_", 13) ||
		    !strncmp(name, "thp_split_p", 11))
			printf(" %s %s", name, text);
	putchar('\n');
	fflush(stdout);
	fclose(file);
}

static unsigned int sum_pages(const uint8_t *memory, size_t nr_pages, size_t step)
{
	unsigned int sum = 0;

	for (size_t at = 0; at < nr_pages; at += step)
		sum += memory[at * PAGE];
	return sum;
}

/*
 * A file that is mapped to be executed: its first third is for khugepaged, which finds every fourth page in memory, the second one for madvise(),
 * and of the last one nothing is ever used. Then somebody opens it for writing.
 */
static void run_file_collapse(char **args)
{
	int fd = open_file(args[0], O_RDONLY);
	size_t nr_pages = file_pages(fd) / (3 * HUGE_PAGE / PAGE) * (HUGE_PAGE / PAGE);
	size_t size = nr_pages * PAGE;
	uint8_t *text = mmap(NULL, 3 * size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	unsigned int sum = 0;

	if (text == MAP_FAILED)
		fail("%s: mmap: %s", args[0], strerror(errno));
	advise(text, size, MADV_HUGEPAGE);
	for (size_t at = 0; at < nr_pages; at += 4)
		sum += text[at * PAGE];
	for (size_t at = 0; at < nr_pages; at += 64)
		sum += text[size + at * PAGE];
	tell_file_huge("read");
	usleep((useconds_t)to_number(args[1]) * 1000000);
	tell_file_huge("collapsed");
	sum += sum_pages(text, nr_pages, 1);
	tell_file_huge("used");
	printf("in part: %d\n", collapse(text + size, size));
	sum += sum_pages(text + size, nr_pages, 1);
	tell_file_huge("in part");
	printf("never used: %d\n", collapse(text + 2 * size, size));
	tell_file_huge("never used");
	usleep(500000);
	close(open_file(args[0], O_RDWR));
	tell_file_huge("opened");
	sum += sum_pages(text, nr_pages, 1);
	tell_file_huge("read again");
	printf("read %u\n", sum);
}

/* A child maps the file for itself, uses all of it before and after khugepaged was there, and gives half of it back. */
static void share_file(int fd, size_t size, useconds_t pause)
{
	uint8_t *text = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	unsigned int sum;

	if (text == MAP_FAILED)
		fail("mmap: %s", strerror(errno));
	sum = sum_pages(text, size / PAGE, 1);
	usleep(pause);
	sum += sum_pages(text, size / PAGE, 1);
	munmap(text, size / 2);
	usleep(1000000);
	printf("child %u\n", sum);
	fflush(stdout);
	exit(0);
}

/*
 * A file that two processes map, and khugepaged makes huge pages of, for so many seconds. Then it is cut off in the middle of one, by its name, so that
 * nobody opens it; memory of so many MiB takes the others out, some of which come back; and they end with the mapping.
 */
static void run_file_share(char **args)
{
	int fd = open_file(args[0], O_RDONLY);
	size_t nr_pages = file_pages(fd) / (HUGE_PAGE / PAGE) * (HUGE_PAGE / PAGE);
	size_t size = nr_pages * PAGE, left = nr_pages - nr_pages / 4 - 100,
	       nr_others = to_pages(args[2]);
	useconds_t pause = (useconds_t)to_number(args[1]) * 1000000;
	uint8_t *text = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0), *others;
	unsigned int sum;

	if (text == MAP_FAILED)
		fail("%s: mmap: %s", args[0], strerror(errno));
	sum = sum_pages(text, nr_pages, 1);
	tell_file_huge("read");
	if (start_child() == 0)
		share_file(fd, size, pause);
	usleep(pause);
	tell_file_huge("collapsed");
	sum += sum_pages(text, nr_pages, 1);
	tell_file_huge("used");
	usleep(500000);
	tell_file_huge("child has unmapped half");
	wait_all();
	tell_file_huge("child has ended");
	if (truncate(args[0], (off_t)(left * PAGE)))
		fail("%s: %s", args[0], strerror(errno));
	tell_file_huge("cut off");
	sum += sum_pages(text, left, 1);
	tell_file_huge("used again");
	usleep(pause);
	others = map(nr_others * PAGE);
	fill(others, nr_others);
	tell_file_huge("pressed");
	sum += sum_pages(text, left, 1);
	tell_file_huge("read again");
	munmap(others, nr_others * PAGE);
	usleep(pause);
	tell_file_huge("collapsed again");
	sum += sum_pages(text, left, 64);
	tell_file_huge("used in part");
	munmap(text, size);
	tell_file_huge("unmapped");
	printf("read %u\n", sum);
}

/* Memory that has gone to swap, a half of it shared, wanted (MADV_WILLNEED) a huge page's size at a time before it is read. */
static void run_willneed(char **args)
{
	size_t size = to_pages(args[0]) * PAGE / 2 / HUGE_PAGE * HUGE_PAGE;
	uint8_t *halves[] = { map(size), map_shared(size) };

	fill(halves[0], size / PAGE);
	fill(halves[1], size / PAGE);
	for (unsigned long i = 0; i < 2 * to_number(args[1]); i++) {
		uint8_t *memory = halves[i % 2];

		for (size_t at = 0; at < size; at += HUGE_PAGE) {
			advise(memory + at, HUGE_PAGE, MADV_WILLNEED);
			usleep(2000);
			for (size_t page = at / PAGE; page < (at + HUGE_PAGE) / PAGE; page++)
				check_page(memory + page * PAGE, page);
		}
	}
}

/*
 * Memory that its owner has moved out of the way, or to the end of what is to be kept: small pages, huge ones as a whole and in part, some that a
 * child shares, which stay as long, and a mapped file. Most of it is used again.
 */
static void run_advice(char **args)
{
	int fd = open_file(args[0], O_RDWR);
	size_t size = to_pages(args[1]) * PAGE / HUGE_PAGE * HUGE_PAGE, nr_pages = size / PAGE;
	uint8_t *shared = map(HUGE_PAGE), *small, *huge, *file;
	pid_t child;
	unsigned int sum = 0;

	fill(shared, HUGE_PAGE / PAGE);
	child = start_child();
	if (child == 0) {
		pause();
		exit(0);
	}
	small = map(size);
	huge = map_huge(2 * HUGE_PAGE);
	file = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (file == MAP_FAILED)
		fail("%s: mmap: %s", args[0], strerror(errno));
	fill(small, nr_pages);
	fill(huge, 2 * HUGE_PAGE / PAGE);
	for (size_t at = 0; at < nr_pages; at++)
		sum += file[at * PAGE];
	usleep(300000);
	advise(small, size / 2, MADV_COLD);
	advise(shared, HUGE_PAGE, MADV_PAGEOUT);
	usleep(300000);
	advise(small + size / 2, size / 4, MADV_PAGEOUT);
	advise(huge, HUGE_PAGE + HUGE_PAGE / 4, MADV_PAGEOUT);
	advise(file, size / 2, MADV_PAGEOUT);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	advise(shared, HUGE_PAGE / 2, MADV_PAGEOUT);
	usleep(300000);
	check_all(small, nr_pages * 5 / 8);
	check_all(huge, 2 * HUGE_PAGE / PAGE);
	check_all(shared, HUGE_PAGE / PAGE / 4);
	for (size_t at = 0; at < nr_pages; at += 2)
		sum += file[at * PAGE];
	printf("read %u\n", sum);
}

/* Many processes of a few pages each, so many at a time. */
static void run_small(char **args)
{
	size_t nr_processes = to_number(args[0]), at_a_time = to_number(args[1]);
	size_t nr_pages = to_number(args[2]);

	for (unsigned int i = 0; i < nr_processes; i++) {
		if (i >= at_a_time)
			wait_one();
		if (start_child() == 0) {
			uint8_t *memory = map(nr_pages * PAGE);

			seed(i);
			fill(memory, nr_pages);
			usleep(10000 * (useconds_t)(20 + draw() % 80));
			for (size_t n = 0; n < nr_pages; n++)
				access_page(memory, n);
			exit(0);
		}
	}
	wait_all();
}

/* Files of 1 MiB in a folder, written, every second one removed, and what is left read. */
static void run_files(char **args)
{
	size_t nr_files = to_number(args[1]);
	char path[256], page[PAGE];

	for (size_t i = 0; i < nr_files; i++) {
		snprintf(path, sizeof(path), "%s/%zu", args[0], i);
		write_file(path, 1);
		if (i % 2 && i >= nr_files / 2) {
			snprintf(path, sizeof(path), "%s/%zu", args[0], i - nr_files / 2);
			unlink(path);
		}
	}
	for (size_t i = 0; i < nr_files; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/%zu", args[0], i);
		fd = open(path, O_RDONLY);
		if (fd < 0)
			continue;
		while (read(fd, page, PAGE) > 0)
			;
		close(fd);
	}
}

/* A child takes memory until it is killed; that it was is success. In pieces: one of all would be refused. */
static void run_oom(char **args)
{
	size_t limit = to_pages(args[0]), piece = 16 * (MIB / PAGE);
	pid_t child = start_child();
	int status;

	if (child == 0) {
		for (size_t at = 0; at < limit; at += piece)
			fill(map(piece * PAGE), piece);
		exit(0);
	}
	if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status) ||
	    WTERMSIG(status) != SIGKILL)
		fail("there was enough memory: nobody was killed");
}

/* A Zipf-like working set in one process and a scan in another. */
static void run_mix(char **args)
{
	if (start_child() == 0) {
		char *anon[] = { "zipf", args[0], args[1] };

		run_anon(anon);
		exit(0);
	}
	run_scan(args + 2);
	wait_all();
}

/* What page at of the duplicates is like: see run_ksm(). */
static void write_duplicate(uint8_t *page, size_t at)
{
	uint64_t *words = (uint64_t *)(void *)page;
	uint64_t kind = at % 16, value = at + 1;

	if (kind < 2)
		return;
	if (kind < 8)
		value = 1ull << 40 | at / 128;
	else if (kind < 10)
		value = 1ull << 41;
	for (size_t i = 0; i < PAGE / sizeof(*words); i += 64)
		words[i] = value;
}

/*
 * Memory for KSM: of 16 pages 2 hold zeroes, 6 are like 42 others, 2 like all others of their kind, 4 like none, and 2
 * change twenty times a second. After two thirds of the time every other one of the 6 becomes like no other.
 */
static void run_ksm(char **args)
{
	size_t nr_pages = to_pages(args[0]), seconds = strtoul(args[1], NULL, 10);
	uint8_t *memory = map_aligned(nr_pages * PAGE);

	madvise(memory, nr_pages * PAGE, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < nr_pages; at++) {
		((volatile uint8_t *)memory)[at * PAGE] = 0;
		write_duplicate(memory + at * PAGE, at);
	}
	if (madvise(memory, nr_pages * PAGE, MADV_MERGEABLE) < 0)
		fail("madvise: %s", strerror(errno));
	for (size_t turn = 0; turn < seconds * 20; turn++) {
		for (size_t at = 0; at < nr_pages; at++)
			if (at % 16 >= 14)
				memory[at * PAGE + 8] = (uint8_t)(turn + 1);
		for (size_t at = 0; at < nr_pages && turn == seconds * 40 / 3; at++)
			if (at % 16 >= 2 && at % 16 < 8 && at % 2 == 0)
				memcpy(memory + at * PAGE + 16, &at, sizeof(at));
		usleep(50000);
	}
}

static const struct load {
	const char *name;
	const char *usage;
	int nr_args;
	void (*run)(char **args);
} loads[] = {
	{ "anon", "uniform|zipf|phases MIB ACCESSES", 3, run_anon },
	{ "scan", "FILE READS", 2, run_scan },
	{ "mapped", "FILE ACCESSES WRITE_PERCENT", 3, run_mapped },
	{ "write", "FOLDER WRITERS MIB", 3, run_write },
	{ "file", "FILE MIB", 2, run_file },
	{ "collapse", "MIB", 1, run_collapse },
	{ "shared", "MIB SECONDS", 2, run_shared },
	{ "fork", "MIB CHILDREN", 2, run_fork },
	{ "fragment", "MIB HUGE_MIB", 2, run_fragment },
	{ "file-collapse", "FILE SECONDS", 2, run_file_collapse },
	{ "file-share", "FILE SECONDS MIB", 3, run_file_share },
	{ "khugepaged", "MIB SECONDS", 2, run_khugepaged },
	{ "advice", "FILE MIB", 2, run_advice },
	{ "willneed", "MIB ROUNDS", 2, run_willneed },
	{ "shmem", "MIB", 1, run_shmem },
	{ "tables", "MIB CHILDREN", 2, run_tables },
	{ "shmem-collapse", "MIB SECONDS", 2, run_shmem_collapse },
	{ "ksm", "MIB SECONDS", 2, run_ksm },
	{ "pinned", "MIB HUGE_MIB", 2, run_pinned },
	{ "leak", "MIB SECONDS", 2, run_leak },
	{ "burst", "FILE MIB ROUNDS", 3, run_burst },
	{ "small", "PROCESSES AT_A_TIME PAGES", 3, run_small },
	{ "files", "FOLDER FILES", 2, run_files },
	{ "oom", "MIB", 1, run_oom },
	{ "mix", "MIB ACCESSES FILE READS", 4, run_mix },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(loads) / sizeof(loads[0]); i++) {
		if (strcmp(argv[1], loads[i].name) != 0)
			continue;
		if (argc - 2 != loads[i].nr_args)
			fail("usage: mmwork %s %s", loads[i].name, loads[i].usage);
		loads[i].run(argv + 2);
		return 0;
	}
	fputs("usage:\n", stderr);
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		fprintf(stderr, "\tmmwork %s %s\n", loads[i].name, loads[i].usage);
	return 2;
}
