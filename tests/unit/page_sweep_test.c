/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sweeps over a file of known contents: every chunk once, by time, evenly if there is no time for all. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "failure.c"
#include "page_sweep.c"
#include "privilege.c"

#define NR_CHUNKS 200u
#define PAGES     (NR_CHUNKS * PAGE_SWEEP_CHUNK / PER_PAGE)

static char path[] = "/tmp/page_sweep_test.XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(path);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

	(void)state;
	for (uint64_t page = 0; file && page < PAGES; page++)
		fwrite(&page, sizeof(page), 1, file);
	return file ? fclose(file) : -1;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

struct seen {
	unsigned int times[NR_CHUNKS];
	unsigned int count;
	uint64_t last_begin_ns;
	uint64_t bytes;
};

static void see(void *data, struct page_chunk *chunk, const uint8_t *bytes, uint32_t size,
                uint64_t begin_ns, uint64_t end_ns)
{
	struct seen *seen = data;
	uint64_t first;

	memcpy(&first, bytes, sizeof(first));
	assert_int_equal(first, chunk->offset / PER_PAGE);
	assert_true(begin_ns >= seen->last_begin_ns);
	assert_true(end_ns >= begin_ns);
	seen->last_begin_ns = begin_ns;
	seen->times[chunk->offset / PAGE_SWEEP_CHUNK]++;
	seen->count++;
	seen->bytes += size;
}

static void see_slowly(void *data, struct page_chunk *chunk, const uint8_t *bytes, uint32_t size,
                       uint64_t begin_ns, uint64_t end_ns)
{
	usleep(500);
	see(data, chunk, bytes, size, begin_ns, end_ns);
}

static void every_chunk_is_read_once(void **state)
{
	struct page_sweep sweep;
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(page_sweep_init(&sweep, NULL), 0);
	for (unsigned int round = 1; round <= 20; round++) {
		page_sweep_clear(&sweep);
		assert_int_equal(page_sweep_add(&sweep, 0, PAGES), 0);
		assert_int_equal(page_sweep_read(&sweep, path, 0, see, &seen), NR_CHUNKS);
		for (unsigned int i = 0; i < NR_CHUNKS; i++)
			assert_int_equal(seen.times[i], round);
	}
	assert_int_equal(seen.bytes, 20u * PAGES * PER_PAGE);
	page_sweep_deinit(&sweep);
}

static void chunks_are_aligned_and_may_be_left_out(void **state)
{
	struct page_sweep sweep;
	struct seen seen = { 0 };
	const uint64_t in_chunk = PAGE_SWEEP_CHUNK / PER_PAGE;

	(void)state;
	assert_int_equal(page_sweep_init(&sweep, NULL), 0);
	assert_int_equal(page_sweep_add(&sweep, 5, 2 * in_chunk + 7), 0);
	assert_int_equal(page_sweep_add(&sweep, 9 * in_chunk, 9 * in_chunk + 1), 0);
	assert_int_equal(sweep.nr_chunks, 4);
	assert_int_equal(sweep.chunks[0].size, (in_chunk - 5) * PER_PAGE);
	assert_int_equal(sweep.chunks[1].offset, PAGE_SWEEP_CHUNK);
	assert_int_equal(sweep.chunks[2].size, 7 * PER_PAGE);
	sweep.chunks[1].wanted = false;
	page_sweep_read(&sweep, path, 0, see, &seen);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.times[1], 0);
	assert_int_equal(page_sweep_read(&sweep, "/nothing/of/this/name", 0, see, &seen), 0);
	page_sweep_deinit(&sweep);
}

/* What was read until then lies evenly: no gap is much longer than it must be. */
static void a_deadline_leaves_an_even_sample(void **state)
{
	struct page_sweep sweep;
	struct seen seen = { 0 };
	unsigned int longest = 0;
	unsigned int gap = 0;
	size_t begun;

	(void)state;
	assert_int_equal(page_sweep_init(&sweep, NULL), 0);
	assert_int_equal(page_sweep_add(&sweep, 0, PAGES), 0);
	begun = page_sweep_read(&sweep, path, now_ns() + 20000000, see_slowly, &seen);
	assert_in_range(begun, 5, NR_CHUNKS - 50);
	assert_int_equal(seen.count, begun);
	for (unsigned int i = 0; i < NR_CHUNKS; i++) {
		assert_true(seen.times[i] <= 1);
		gap = seen.times[i] ? 0 : gap + 1;
		longest = gap > longest ? gap : longest;
	}
	assert_true(longest <= 3 * NR_CHUNKS / begun);
	page_sweep_deinit(&sweep);
}

static void strides_visit_all(void **state)
{
	(void)state;
	for (size_t count = 1; count < 2000; count++) {
		size_t stride = even_stride(count);

		assert_int_equal(gcd(stride, count), 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_chunk_is_read_once),
		cmocka_unit_test(chunks_are_aligned_and_may_be_left_out),
		cmocka_unit_test(a_deadline_leaves_an_even_sample),
		cmocka_unit_test(strides_visit_all),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
