/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory sampling without a PMU: its description in files made up here, and a ring as the kernel leaves it,
 * with records of several kinds, one of them round the ring's end.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.c"
#include "perf_mem.c"
#include "perf_ring.c"

#define RING 4096u

static char root[] = "/tmp/mmr-pmu-XXXXXX";

static void put_file(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	for (char *slash = strchr(path + sizeof(root), '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static void the_event_is_found_by_its_description(void **state)
{
	struct perf_event_attr attr;
	struct mmr_error err = { 0 };

	(void)state;
	assert_int_equal(perf_mem_find(root, &attr, &err), MMR_E_UNSUPPORTED);
	assert_non_null(strstr(err.text, "--access=perf"));
	put_file("ibs_op/type", "11\n");
	assert_int_equal(perf_mem_find(root, &attr, &err), 0);
	assert_int_equal(attr.type, 11);
	assert_int_equal(attr.config, 0);
	assert_int_equal(attr.exclude_kernel, 0);
	put_file("cpu/type", "4\n");
	put_file("cpu/events/mem-loads", "event=0xcd,umask=0x1,ldlat=3\n");
	put_file("cpu/format/event", "config:0-7\n");
	put_file("cpu/format/umask", "config:8-15\n");
	assert_int_equal(perf_mem_find(root, &attr, &err), 0);
	assert_int_equal(attr.type, 11); /* a term has no format: the next PMU */
	put_file("cpu/format/ldlat", "config1:0-15\n");
	assert_int_equal(perf_mem_find(root, &attr, &err), 0);
	assert_int_equal(attr.type, 4);
	assert_int_equal(attr.config, 0x1cd);
	assert_int_equal(attr.config1, 3);
	assert_int_equal(attr.clockid, CLOCK_MONOTONIC);
}

struct memory_sample {
	struct perf_event_header header;
	uint32_t pid;
	uint32_t tid;
	uint64_t time;
	uint64_t address;
	uint64_t source;
};

/* Writes as the kernel does: bytes at head, round the end. */
static void put_record(struct perf_ring *ring, uint64_t *head, const void *record, size_t size)
{
	for (size_t i = 0; i < size; i++)
		ring->map[ring->page_size + ((*head + i) & (RING - 1))] =
			((const uint8_t *)record)[i];
	*head += size;
	((struct perf_event_mmap_page *)(void *)ring->map)->data_head = *head;
}

static void a_ring_gives_uses(void **state)
{
	struct perf_ring ring = { .page_size = RING,
		                  .data_size = RING,
		                  .map = calloc(2, RING),
		                  .whole = calloc(1, MAX_RECORD) };
	struct memory_sample sample = {
		.header = { .type = PERF_RECORD_SAMPLE, .size = sizeof(sample) }, .tid = 8
	};
	struct perf_event_header other = { .type = PERF_RECORD_THROTTLE, .size = 16 };
	uint64_t filler[2] = { 0 };
	uint64_t head = 0;
	unsigned int count = 0;

	(void)state;
	assert_true(ring.map && ring.whole);
	memcpy(filler, &other, sizeof(other));
	for (uint64_t turn = 0; turn < 1000; turn++) {
		struct mmr_access_use use;
		const struct perf_event_header *record;
		bool store = turn % 3 == 0;

		put_record(&ring, &head, filler, sizeof(filler));
		sample.pid = 7;
		sample.time = 1000 + turn;
		sample.address = turn % 5 == 0 ? 0 : turn % 7 == 0 ? ~0ull : 4096 * turn;
		sample.source = store ? PERF_MEM_OP_STORE : PERF_MEM_OP_LOAD;
		put_record(&ring, &head, &sample, sizeof(sample));
		perf_ring_begin(&ring);
		while ((record = perf_ring_next(&ring))) {
			if (perf_mem_take(record, &use) != 1)
				continue;
			count++;
			assert_int_equal(use.address, 4096 * turn);
			assert_int_equal(use.begin_ns, 1000 + turn);
			assert_int_equal(use.end_ns, 1000 + turn);
			assert_int_equal(use.pid, 7);
			assert_int_equal(use.flags, MMR_USE_SEEN | (store ? MMR_USE_WRITE : 0));
		}
	}
	assert_int_equal(count, 1000 - 200 - 143 + 29); /* no fifth, no seventh; 29 are both */
	free(ring.map);
	free(ring.whole);
}

static void a_short_sample_is_refused(void **state)
{
	struct memory_sample sample = { .header = { .type = PERF_RECORD_SAMPLE, .size = 32 } };
	struct mmr_access_use use;

	(void)state;
	assert_int_equal(perf_mem_take(&sample.header, &use), MMR_E_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_event_is_found_by_its_description),
		cmocka_unit_test(a_ring_gives_uses),
		cmocka_unit_test(a_short_sample_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
