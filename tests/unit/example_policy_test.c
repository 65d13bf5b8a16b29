/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy that CONTRIBUTING.md shows: it compiles as it stands there, has less than 100 lines, and does
 * what its paper says, in a cache and on a machine.
 */
#include "machine.h"

#include <stdio.h>

#include "alloc.h"
#include "io.h"

const struct mm_policy_ops policy_sieve;
#include "sieve.c"

#define SIZE     50u
#define NR_PAGES 400u

static char *read_source(const char *name, size_t *size)
{
	const char *root = getenv("SOURCE_ROOT");
	char path[512];
	char *text;
	struct mmr_error err = { 0 };

	snprintf(path, sizeof(path), "%s/%s", root ? root : ".", name);
	if (base_read_file(path, 1 << 20, &text, size, &err) < 0)
		fail_msg("%s", err.text);
	return text;
}

static void the_example_is_the_one_that_is_compiled(void **state)
{
	size_t size, nr_lines = 0;
	char *example = read_source("tests/example/sieve.c", &size);
	char *page = read_source("CONTRIBUTING.md", &size);

	(void)state;
	for (const char *at = example; *at; at++)
		nr_lines += *at == '\n';
	assert_true(nr_lines < 100);
	if (!strstr(page, example))
		fail_msg("CONTRIBUTING.md shows another example than tests/example/sieve.c has");
	base_free(example);
	base_free(page);
}

/* The paper's algorithm on an array: index 0 is the newest. */
struct reference {
	uint32_t pages[SIZE];
	bool used[SIZE];
	uint32_t nr;
	uint32_t hand; /* index; nr: at the tail */
};

static bool reference_request(struct reference *ref, uint32_t page)
{
	uint32_t gone;

	for (uint32_t i = 0; i < ref->nr; i++) {
		if (ref->pages[i] == page) {
			ref->used[i] = true;
			return true;
		}
	}
	gone = ref->nr;
	if (ref->nr < SIZE) {
		ref->nr++;
	} else {
		for (gone = ref->hand; ref->used[gone]; gone = gone > 0 ? gone - 1 : SIZE - 1)
			ref->used[gone] = false;
		/* All before the gap move up by one, and the hand stands before it. */
		ref->hand = gone > 0 ? gone : SIZE - 1;
	}
	memmove(ref->pages + 1, ref->pages, gone * sizeof(ref->pages[0]));
	memmove(ref->used + 1, ref->used, gone * sizeof(ref->used[0]));
	ref->pages[0] = page;
	ref->used[0] = false;
	return false;
}

static void it_hits_as_the_paper_says(void **state)
{
	struct reference ref = { .hand = SIZE - 1 };
	struct mm_machine *machine;
	struct rng rng;

	(void)state;
	base_rng_init(&rng, 5);
	assert_int_equal(mm_cache_create(&policy_sieve, SIZE, 0, &machine, NULL), 0);
	assert_int_equal(mm_reserve_lpages(machine, NR_PAGES, NULL), 0);
	for (uint32_t i = 0; i < 100000; i++) {
		uint32_t page = base_rng_below(&rng, NR_PAGES);

		page = base_rng_below(&rng, 2) ? page : page / 16;
		assert_int_equal(mm_cache_run(machine, &page, NULL, 1),
		                 reference_request(&ref, page));
	}
	assert_int_equal(mm_status(machine, NULL), 0);
	mm_machine_destroy(machine);
}

static void it_runs_a_machine(void **state)
{
	struct mm_machine *machine = machine_new(512 * 8, 1, 0, &policy_sieve);
	const struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };
	struct rng rng;

	(void)state;
	base_rng_init(&rng, 6);
	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, 10000, NULL), 0);
	for (uint32_t i = 0; i < 60000; i++) {
		uint32_t page = base_rng_below(&rng, 10000);

		if (i % 7 == 0)
			mm_free_lpage(machine, 0, page);
		else
			assert_int_not_equal(mm_touch_page(machine, &request, page, MM_LPAGE_FILE,
			                                   MM_TOUCH_BACKED),
			                     MM_TOUCH_FAILED);
		mm_kswapd_step(machine, 0);
	}
	machine_check(machine);
	mm_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_is_the_one_that_is_compiled),
		cmocka_unit_test(it_hits_as_the_paper_says),
		cmocka_unit_test(it_runs_a_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
