/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The workload while the N-th allocation fails: an error, and everything is given back. */
#include "unit.h"

#include "fail_at.h"
#include "workload.h"
#include "workload_events.h"

#define NR_EVENTS 4000u

/* A life with every kind of event; 0, or the first failure. */
static int live(struct mmr_error *err)
{
	static uint64_t flags[1024];
	struct mmr_zone_info zone = { .spanned = NR_PFNS, .name = "DMA32" };
	struct wl_options options = { .zones = &zone, .nr_zones = 1 };
	struct rng rng;
	struct wl *wl;
	int rc = wl_new(&options, &wl, err);

	if (rc < 0) {
		assert_null(wl);
		return rc;
	}
	base_rng_init(&rng, 7);
	for (unsigned int i = 0; i < 1024; i++)
		flags[i] = base_rng_next(&rng) & base_rng_next(&rng);
	rc = wl_add_kpageflags(wl, 0, flags, 1024, 500, err);
	for (unsigned int i = 0; rc == 0 && i < NR_EVENTS; i++) {
		struct mmr_event event = random_event(&rng, i);

		rc = wl_event(wl, &event, err);
	}
	if (rc == 0)
		rc = wl_finish(wl, err);
	wl_destroy(wl);
	return rc;
}

static void every_allocation_fails_cleanly(void **state)
{
	struct mmr_error err;
	int rc = MMR_E_NOMEM;

	(void)state;
	for (unsigned long n = 1; rc < 0 || nr_allocations >= n; n++) {
		assert_in_range(n, 1, 2000);
		fail_at = n;
		nr_allocations = 0;
		err = (struct mmr_error){ 0 };
		rc = live(&err);
		if (rc < 0) {
			assert_int_equal(rc, MMR_E_NOMEM);
			assert_string_not_equal(err.text, "");
		}
	}
	fail_at = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_fails_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
