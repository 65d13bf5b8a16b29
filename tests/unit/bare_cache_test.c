/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policies in a bare page cache against references that are too simple to be wrong: an array of the pages
 * in the cache, searched from end to end. The same requests must hit and miss one by one.
 */
#include "unit.h"

#include "alloc.h"
#include "future.h"
#include "internal.h"
#include "policy_table.h"

#define MAX_CACHE 300u

/* ---- the references ---- */

struct slot {
	uint32_t page;
	size_t used; /* by which request last, and next */
	size_t next;
	bool young;
};

struct reference {
	struct slot slots[MAX_CACHE];
	uint32_t nr; /* in use, of size */
	uint32_t size;
	uint32_t hand;         /* of fifo and clock */
	const uint32_t *pages; /* all requests */
	size_t *next;          /* of the same page */
};

typedef uint32_t (*victim_fn)(struct reference *ref, size_t at);

static uint32_t fifo_victim(struct reference *ref, size_t at)
{
	(void)at;
	return ref->hand++ % ref->size;
}

static uint32_t clock_victim(struct reference *ref, size_t at)
{
	uint32_t i = fifo_victim(ref, at);

	for (; ref->slots[i].young; i = fifo_victim(ref, at))
		ref->slots[i].young = false;
	return i;
}

static uint32_t lru_victim(struct reference *ref, size_t at)
{
	uint32_t oldest = 0;

	(void)at;
	for (uint32_t i = 1; i < ref->nr; i++)
		if (ref->slots[i].used < ref->slots[oldest].used)
			oldest = i;
	return oldest;
}

static uint32_t opt_victim(struct reference *ref, size_t at)
{
	uint32_t farthest = 0;

	(void)at;
	for (uint32_t i = 1; i < ref->nr; i++)
		if (ref->slots[i].next > ref->slots[farthest].next)
			farthest = i;
	return farthest;
}

/* From the end to the beginning; the engine's pass goes the other way. */
static size_t *next_requests(const uint32_t *pages, size_t nr, uint32_t nr_pages)
{
	size_t *next = base_calloc(nr, sizeof(*next)), *seen = base_calloc(nr_pages, sizeof(*seen));

	assert_non_null(next);
	assert_non_null(seen);
	memset(seen, 0xff, nr_pages * sizeof(*seen));
	for (size_t i = nr; i-- > 0;) {
		next[i] = seen[pages[i]];
		seen[pages[i]] = i;
	}
	base_free(seen);
	return next;
}

/* Whether this request hits. */
static bool reference_request(struct reference *ref, size_t at, victim_fn victim)
{
	uint32_t i = 0;

	while (i < ref->nr && ref->slots[i].page != ref->pages[at])
		i++;
	if (i < ref->nr) {
		ref->slots[i].used = at;
		ref->slots[i].next = ref->next[at];
		ref->slots[i].young = true;
		return true;
	}
	i = ref->nr < ref->size ? ref->nr++ : victim(ref, at);
	ref->slots[i] = (struct slot){ ref->pages[at], at, ref->next[at], false };
	return false;
}

/* ---- the comparison ---- */

static const struct {
	const char *policy;
	victim_fn victim;
} pairs[] = {
	{ "fifo", fifo_victim },
	{ "lru", lru_victim },
	{ "clock", clock_victim },
	{ "opt", opt_victim },
};

/* Half of the requests to an eighth of the pages, and now and then a run of consecutive ones. */
static void random_requests(struct rng *rng, uint32_t *pages, size_t nr, uint32_t nr_pages)
{
	for (size_t i = 0; i < nr;) {
		uint32_t what = base_rng_below(rng, 64), page = base_rng_below(rng, nr_pages);

		if (what == 0) {
			for (uint32_t k = 0; k < 32 && i < nr; k++)
				pages[i++] = (page + k) % nr_pages;
			continue;
		}
		pages[i++] = what % 2 ? page : page / 8;
	}
}

/* Requests, and what the engine is told of their future. */
struct requests {
	uint32_t *pages;
	uint32_t *next;
	size_t nr;
	uint32_t nr_pages;
};

static struct requests requests_new(uint64_t seed, size_t nr, uint32_t nr_pages)
{
	struct requests r = { base_calloc(nr, 4), base_calloc(nr, 4), nr, nr_pages };
	struct replay_future *future;
	struct rng rng;

	assert_non_null(r.pages);
	assert_non_null(r.next);
	base_rng_init(&rng, seed);
	random_requests(&rng, r.pages, nr, nr_pages);
	assert_int_equal(replay_future_create(&future, NULL), 0);
	assert_int_equal(replay_future_pages(future, r.pages, nr, NULL), 0);
	replay_future_seal(future);
	for (size_t i = 0; i < nr; i++)
		r.next[i] = replay_future_next(future, i);
	replay_future_destroy(future);
	return r;
}

static void requests_deinit(struct requests *r)
{
	base_free(r->pages);
	base_free(r->next);
}

static struct mm_machine *cache_new(const char *policy, uint32_t size, uint32_t nr_pages)
{
	struct mm_machine *machine;

	assert_int_equal(mm_cache_create(policy_find(policy), size, 7, &machine, NULL), 0);
	assert_int_equal(mm_reserve_lpages(machine, nr_pages, NULL), 0);
	return machine;
}

/* Every single request under every policy. */
static void compare(const struct requests *r, uint32_t size, uint64_t seed)
{
	size_t *next = next_requests(r->pages, r->nr, r->nr_pages);

	for (size_t p = 0; p < sizeof(pairs) / sizeof(pairs[0]); p++) {
		struct mm_machine *machine = cache_new(pairs[p].policy, size, r->nr_pages);
		struct reference ref = { .size = size, .pages = r->pages, .next = next };
		uint64_t hits = 0;

		for (size_t i = 0; i < r->nr; i++) {
			uint64_t hit = mm_cache_run(machine, &r->pages[i], &r->next[i], 1);

			if (hit != reference_request(&ref, i, pairs[p].victim))
				fail_msg(
					"%s, seed %llu, %u of %u pages: request %zu of page %u: %s",
					pairs[p].policy, (unsigned long long)seed, size,
					r->nr_pages, i, r->pages[i], hit ? "a hit" : "a miss");
			hits += hit;
		}
		assert_int_equal(mm_status(machine, NULL), 0);
		mm_machine_destroy(machine);
		/* The same in one call. */
		machine = cache_new(pairs[p].policy, size, r->nr_pages);
		assert_int_equal(mm_cache_run(machine, r->pages, r->next, r->nr), hits);
		mm_machine_destroy(machine);
	}
	base_free(next);
}

static void small_traces_hit_as_in_the_reference(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct requests r = requests_new(seed, 3000, 2 + (uint32_t)(seed * 37 % 300));

		compare(&r, 1 + (uint32_t)(seed * 101 % r.nr_pages), seed);
		requests_deinit(&r);
	}
}

static void a_million_requests_hit_as_in_the_reference(void **state)
{
	struct requests r = requests_new(11, 1000000, 1000);

	(void)state;
	compare(&r, 200, 11);
	requests_deinit(&r);
}

/* No policy of the table loses pages, and none beats opt. */
static void nobody_beats_opt(void **state)
{
	struct requests r = requests_new(3, 20000, 1000);
	struct mm_machine *machine = cache_new("opt", 100, 1000);
	uint64_t best = mm_cache_run(machine, r.pages, r.next, r.nr);

	(void)state;
	mm_machine_destroy(machine);
	for (unsigned int i = 0; policy_at(i); i++) {
		uint64_t hits, in = 0;

		if (policy_at(i)->shrink_begin)
			continue;
		machine = cache_new(policy_at(i)->name, 100, 1000);
		hits = mm_cache_run(machine, r.pages, r.next, r.nr);
		print_message("# %s: %llu hits\n", policy_at(i)->name, (unsigned long long)hits);
		assert_int_equal(mm_status(machine, NULL), 0);
		assert_true(hits > 0 && hits <= best);
		for (uint32_t page = 0; page < 1000; page++)
			in += machine->lpages[page].pfn != MM_NONE;
		assert_int_equal(in, 100);
		assert_int_equal(machine->nodes[0].nr_lru[MM_LRU_FILE], 100);
		mm_machine_destroy(machine);
	}
	requests_deinit(&r);
}

static void random_takes_each_page_as_often(void **state)
{
	struct mm_machine *machine = cache_new("random", 8, 8 + 8000);
	uint32_t gone[8] = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 8; i++)
		mm_cache_run(machine, &i, NULL, 1);
	for (uint32_t i = 8; i < 8008; i++) {
		uint32_t held[8];

		for (uint32_t pfn = 0; pfn < 8; pfn++)
			held[pfn] = machine->pages[pfn].logical;
		mm_cache_run(machine, &i, NULL, 1);
		for (uint32_t pfn = 0; pfn < 8; pfn++)
			gone[pfn] += machine->pages[pfn].logical != held[pfn];
	}
	/* 1000 expected, standard deviation 30. */
	for (uint32_t pfn = 0; pfn < 8; pfn++)
		assert_in_range(gone[pfn], 850, 1150);
	mm_machine_destroy(machine);
}

static void what_cannot_be_a_cache_is_refused(void **state)
{
	struct mm_machine *machine;

	(void)state;
	assert_int_equal(mm_cache_create(policy_find("lru"), 0, 0, &machine, NULL), MMR_E_INVALID);
	assert_int_equal(mm_cache_create(NULL, 8, 0, &machine, NULL), MMR_E_INVALID);
}

/* ---- the future ---- */

static void a_copy_uses_its_source_and_a_freed_page_has_no_future(void **state)
{
	const struct demand_op ops[] = {
		{ .kind = DEMAND_ANON_TOUCH, .page = 5 },     /* use 0 */
		{ .kind = DEMAND_COW, .page = 6, .arg2 = 5 }, /* uses 1 (page 5) and 2 */
		{ .kind = DEMAND_KERNEL_ALLOC, .page = 7 },   /* none */
		{ .kind = DEMAND_ACCESS, .page = 6 },         /* 3 */
		{ .kind = DEMAND_FREE, .page = 6 },           /* none */
		{ .kind = DEMAND_ANON_TOUCH, .page = 6 },     /* 4: another page of that number */
		{ .kind = DEMAND_ANON_TOUCH, .page = 5 },     /* 5 */
	};
	static const uint32_t expected[] = { 1,
		                             5,
		                             3,
		                             REPLAY_FUTURE_NEVER,
		                             REPLAY_FUTURE_NEVER,
		                             REPLAY_FUTURE_NEVER,
		                             REPLAY_FUTURE_NEVER };
	struct replay_future *future;

	(void)state;
	assert_int_equal(replay_future_create(&future, NULL), 0);
	assert_int_equal(replay_future_ops(future, ops, sizeof(ops) / sizeof(ops[0]), NULL), 0);
	replay_future_seal(future);
	for (uint32_t i = 0; i < 7; i++)
		assert_int_equal(replay_future_next(future, i), expected[i]);
	replay_future_destroy(future);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_traces_hit_as_in_the_reference),
		cmocka_unit_test(a_million_requests_hit_as_in_the_reference),
		cmocka_unit_test(nobody_beats_opt),
		cmocka_unit_test(random_takes_each_page_as_often),
		cmocka_unit_test(what_cannot_be_a_cache_is_refused),
		cmocka_unit_test(a_copy_uses_its_source_and_a_freed_page_has_no_future),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
