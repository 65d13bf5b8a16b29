/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Miss-ratio curves against memories that are simulated one by one, each an array searched from end to end.
 */
#include "unit.h"

#include <math.h>

#include "miss_curve.c" // its counts of all pages
#include "rng.h"

#define NR_PAGES 80u
#define MAX_SIZE 96u

enum { USE, FREE, EVICT, NR_KINDS };

struct step {
	uint8_t kind;
	uint8_t page;
};

/* ---- one memory ---- */

struct memory {
	uint32_t pages[MAX_SIZE]; /* the newest first */
	uint32_t nr;
	uint32_t size;
};

static void leave(struct memory *memory, uint32_t i)
{
	memmove(&memory->pages[i], &memory->pages[i + 1],
	        (memory->nr - i - 1) * sizeof(memory->pages[0]));
	memory->nr--;
}

static bool hits(struct memory *memory, uint32_t page)
{
	bool found = false;

	for (uint32_t i = 0; i < memory->nr && !found; i++)
		if (memory->pages[i] == page) {
			leave(memory, i);
			found = true;
		}
	if (memory->nr == memory->size)
		memory->nr--;
	memmove(&memory->pages[1], &memory->pages[0], memory->nr * sizeof(memory->pages[0]));
	memory->pages[0] = page;
	memory->nr++;
	return found;
}

static void forget(struct memory *memory, uint32_t page)
{
	for (uint32_t i = 0; i < memory->nr; i++)
		if (memory->pages[i] == page)
			leave(memory, i);
}

/*
 * Refaults of a memory of size pages. What is evicted was used before all else that the original had then, so the
 * others are used first, which nobody sees.
 */
static uint32_t simulate(const struct step *steps, size_t nr_steps, uint32_t size)
{
	struct memory memory = { .size = size }, original = { .size = MAX_SIZE };
	bool used[NR_PAGES] = { false };
	uint32_t refaults = 0;

	for (size_t i = 0; i < nr_steps; i++) {
		uint32_t page = steps[i].page;

		if (steps[i].kind == USE) {
			refaults += !hits(&memory, page) && used[page];
			hits(&original, page);
			used[page] = true;
		} else if (steps[i].kind == FREE) {
			forget(&memory, page);
			forget(&original, page);
			used[page] = false;
		} else {
			forget(&original, page);
			for (uint32_t j = original.nr; j > 0; j--)
				hits(&memory, original.pages[j - 1]);
		}
	}
	return refaults;
}

/* ---- the curve ---- */

static struct curve *follow(const struct step *steps, size_t nr_steps,
                            const struct curve_options *options)
{
	struct curve *curve;

	assert_int_equal(curve_create(options, &curve, NULL), 0);
	for (size_t i = 0; i < nr_steps; i++) {
		int code = steps[i].kind == USE    ? curve_use(curve, steps[i].page, NULL)
		           : steps[i].kind == FREE ? curve_free(curve, steps[i].page, NULL)
		                                   : curve_evict(curve, steps[i].page, NULL);

		assert_int_equal(code, 0);
	}
	for (unsigned int level = 0; level < CURVE_NR_LEVELS; level++) {
		if (options->rate < 1)
			break;
		assert_int_equal(curve->nr_there[level], curve_stack_followed(&curve->far, level));
		assert_int_equal(curve->nr_holes[level], curve->far.levels[level].nr_holes);
	}
	assert_int_equal(curve_finish(curve, NULL), 0);
	return curve;
}

/* Half of the steps go to a few pages, so that there are depths of all kinds. */
static void make_steps(struct step *steps, size_t nr_steps, uint64_t seed,
                       const uint32_t odds[NR_KINDS])
{
	struct rng rng;

	base_rng_init(&rng, seed);
	for (size_t i = 0; i < nr_steps; i++) {
		uint32_t draw = base_rng_below(&rng, odds[USE] + odds[FREE] + odds[EVICT]);
		uint32_t among = base_rng_below(&rng, 2) ? NR_PAGES : 12;

		steps[i].kind = draw < odds[USE]                ? USE
		                : draw < odds[USE] + odds[FREE] ? FREE
		                                                : EVICT;
		steps[i].page = (uint8_t)base_rng_below(&rng, among);
	}
}

/* Of an exact curve. */
static uint64_t refaults_of(const struct mmr_curve *curve, uint64_t pages)
{
	return (uint64_t)mmr_curve_refaults(curve, pages);
}

/* The same with room for all pages, which a sampled curve has as well. */
static void check(const struct step *steps, size_t nr_steps, bool by_evictions)
{
	const struct curve_options ways[] = { { .rate = 1, .by_evictions = by_evictions },
		                              { .max_followed = 1000,
		                                .by_evictions = by_evictions } };
	uint32_t expected[MAX_SIZE + 1];

	for (uint32_t size = 1; size <= MAX_SIZE; size++)
		expected[size] = simulate(steps, nr_steps, size);
	for (size_t i = 0; i < 2; i++) {
		struct curve *curve = follow(steps, nr_steps, &ways[i]);
		const struct mmr_curve *result = curve_result(curve);

		assert_int_equal(result->nr_uses, result->nr_first + result->nr_reuses);
		assert_int_equal(refaults_of(result, result->pages_at_most), 0);
		for (uint32_t size = 1; size <= MAX_SIZE; size++) {
			double refaults = mmr_curve_refaults(result, size);
			uint64_t least = mmr_curve_pages(result, refaults);

			assert_int_equal((uint32_t)refaults, expected[size]);
			assert_true(least <= size);
			assert_true(mmr_curve_refaults(result, least) <= refaults);
			assert_true(least == 0 || mmr_curve_refaults(result, least - 1) > refaults);
		}
		curve_destroy(curve);
	}
}

static void exact_is_what_each_memory_does(void **state)
{
	static const uint32_t odds[][NR_KINDS] = { { 1, 0, 0 }, { 20, 1, 0 }, { 3, 1, 0 } };
	struct step *steps = test_calloc(6000, sizeof(*steps));

	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++)
		for (size_t i = 0; i < sizeof(odds) / sizeof(odds[0]); i++) {
			make_steps(steps, 6000, seed, odds[i]);
			check(steps, 6000, false);
		}
	test_free(steps);
}

static void evicted_pages_are_below_all_others(void **state)
{
	static const uint32_t odds[NR_KINDS] = { 10, 0, 3 };
	struct step *steps = test_calloc(6000, sizeof(*steps));

	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		make_steps(steps, 6000, seed, odds);
		check(steps, 6000, true);
	}
	test_free(steps);
}

/* With all three there is no memory to simulate; the counts must hold, and nothing must be found too deep. */
static void all_kinds_of_steps_keep_count(void **state)
{
	static const uint32_t odds[NR_KINDS] = { 10, 2, 3 };
	const struct curve_options all = { .rate = 1, .by_evictions = true };
	struct step *steps = test_calloc(6000, sizeof(*steps));

	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct curve *curve;
		const struct mmr_curve *result;

		make_steps(steps, 6000, seed, odds);
		curve = follow(steps, 6000, &all);
		result = curve_result(curve);
		assert_int_equal(refaults_of(result, 0), result->nr_reuses);
		assert_int_equal(refaults_of(result, NR_PAGES), 0);
		assert_in_range(result->known_from, 1, NR_PAGES);
		curve_destroy(curve);
	}
	test_free(steps);
}

static void use_all(struct curve *curve, const char *pages)
{
	for (; *pages; pages++)
		assert_int_equal(curve_use(curve, (uint32_t)*pages, NULL), 0);
}

static void small_cases(void **state)
{
	const struct curve_options all = { .rate = 1 };
	const struct mmr_curve *result;
	struct curve *curve;

	(void)state;
	assert_int_equal(curve_create(&all, &curve, NULL), 0);
	assert_int_equal(curve_enter(curve, 'z', true, NULL), 0);
	use_all(curve, "zabcabc");
	assert_int_equal(curve_rename(curve, 'y', 'a', NULL), 0);
	use_all(curve, "ya");
	assert_int_equal(curve_finish(curve, NULL), 0);
	result = curve_result(curve);
	assert_int_equal(result->nr_uses, 9);
	assert_int_equal(result->nr_unknown, 1);
	assert_int_equal(result->nr_first, 4);
	assert_int_equal(result->nr_reuses, 4);
	assert_int_equal(refaults_of(result, 2), 4);
	assert_int_equal(refaults_of(result, 3), 0);
	assert_int_equal(mmr_curve_pages(result, 0), 3);
	assert_int_equal(mmr_curve_pages(result, 4), 0);
	assert_int_equal(mmr_curve_pages(result, -1), UINT64_MAX);
	curve_destroy(curve);
}

static void nothing_used_is_an_empty_curve(void **state)
{
	const struct curve_options few = { .max_followed = 10 };
	struct curve *curve;

	(void)state;
	assert_int_equal(curve_create(&few, &curve, NULL), 0);
	assert_int_equal(curve_free(curve, 5, NULL), 0);
	assert_int_equal(curve_evict(curve, 5, NULL), 0);
	assert_int_equal(curve_finish(curve, NULL), 0);
	assert_int_equal(curve_result(curve)->nr_uses, 0);
	assert_int_equal(refaults_of(curve_result(curve), 1), 0);
	curve_destroy(curve);
}

/* ---- sampling ---- */

#define NR_OBJECTS  60000u
#define NR_REQUESTS 60000u

struct zipf {
	double *sums;
	struct rng rng;
};

static uint32_t draw(struct zipf *zipf)
{
	double x = (double)(base_rng_next(&zipf->rng) >> 11) * 0x1p-53 * zipf->sums[NR_OBJECTS - 1];
	uint32_t low = 0, high = NR_OBJECTS - 1;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (zipf->sums[middle] < x)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The same requests into both, pages going now and then; the largest difference of the curves. */
static double compare(const struct curve_options *options, double alpha)
{
	const struct curve_options all = { .rate = 1, .by_evictions = options->by_evictions };
	struct zipf zipf = { .sums = test_calloc(NR_OBJECTS, sizeof(double)) };
	struct curve *exact, *sampled;
	double worst = 0, sum = 0;

	for (uint32_t i = 0; i < NR_OBJECTS; i++)
		zipf.sums[i] = sum += pow(i + 1, -alpha);
	base_rng_init(&zipf.rng, 7);
	assert_int_equal(curve_create(&all, &exact, NULL), 0);
	assert_int_equal(curve_create(options, &sampled, NULL), 0);
	for (uint32_t i = 0; i < NR_REQUESTS; i++) {
		uint32_t page = draw(&zipf);

		assert_int_equal(curve_use(exact, page, NULL) | curve_use(sampled, page, NULL), 0);
		if (i % 5 == 0) {
			page = draw(&zipf);
			assert_int_equal(curve_evict(exact, page, NULL) |
			                         curve_evict(sampled, page, NULL),
			                 0);
		}
		if (i % 50 == 0) {
			page = draw(&zipf);
			assert_int_equal(
				curve_free(exact, page, NULL) | curve_free(sampled, page, NULL), 0);
		}
	}
	assert_int_equal(curve_finish(exact, NULL) | curve_finish(sampled, NULL), 0);
	assert_int_equal(exact->result.nr_first, sampled->result.nr_first);
	assert_int_equal(exact->result.pages_at_most, sampled->result.pages_at_most);
	for (uint64_t pages = 0; pages <= NR_OBJECTS; pages++) {
		double off = fabs(mmr_curve_refaults(&exact->result, pages) -
		                  mmr_curve_refaults(&sampled->result, pages)) /
		             (double)exact->result.nr_uses;

		worst = off > worst ? off : worst;
	}
	curve_destroy(exact);
	curve_destroy(sampled);
	test_free(zipf.sums);
	return worst;
}

static void sampled_is_near_exact_at_every_size(void **state)
{
	static const struct curve_options samples[] = {
		{ .rate = 0.1 },
		{ .rate = 0.05, .by_evictions = true },
		{ .max_followed = 4096 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		for (unsigned int alpha = 0; alpha <= 12; alpha += 12) {
			double off = compare(&samples[i], alpha / 10.0);

			print_message("# rate %g, %u pages, alpha %.1f: %.4f off\n",
			              samples[i].rate, samples[i].max_followed, alpha / 10.0, off);
			assert_true(off < 0.02);
		}
}

static void impossible_rates_are_refused(void **state)
{
	static const struct curve_options bad[] = {
		{ .rate = 1.5 }, { .rate = -0.5 }, { .rate = 1e-12 },
		{ .rate = NAN }, { .rate = 0 },
	};
	struct curve *curve;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(curve_create(&bad[i], &curve, NULL), MMR_E_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_is_what_each_memory_does),
		cmocka_unit_test(evicted_pages_are_below_all_others),
		cmocka_unit_test(all_kinds_of_steps_keep_count),
		cmocka_unit_test(small_cases),
		cmocka_unit_test(nothing_used_is_an_empty_curve),
		cmocka_unit_test(sampled_is_near_exact_at_every_size),
		cmocka_unit_test(impossible_rates_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
