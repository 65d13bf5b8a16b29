/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shadow_machine.h"

#include "fail_at.h"
#include "shadow_verify.h"

static const char pagetypeinfo[] =
	"Node    0, zone   Normal, type    Unmovable      0      0      1      0      0      0\n"
	"Number of blocks type     Unmovable      Movable  Reclaimable   HighAtomic\n"
	"Node 0, zone   Normal            1           14            1            0\n";
static const char buddyinfo[] = "Node 0, zone   Normal 0 0 0 0 0 0 0 0 0 1 0\n";

/* All that allocates before the first event; 0, or the first failure. */
static int start(struct replay_shadow **ret)
{
	static uint64_t flags[NR_PAGES];
	struct mmr_snapshot_piece piece = { .name = "proc/buddyinfo",
		                            .data = (const uint8_t *)buddyinfo,
		                            .size = sizeof(buddyinfo) - 1,
		                            .begin_ns = 100,
		                            .end_ns = 200 };
	struct mmr_error err = { 0 };
	struct replay_shadow *shadow;
	int rc = replay_shadow_new(&normal_zone, 1, &kernel_612, &shadow, &err);

	if (rc < 0)
		return rc;
	flags[0] = KPF_BUDDY;
	rc = replay_shadow_add_pagetypeinfo(shadow, pagetypeinfo, sizeof(pagetypeinfo) - 1, &err);
	for (unsigned int i = 0; rc == 0 && i < 20; i++)
		rc = replay_shadow_add_chunk(shadow, FIRST_PFN + i * 400, flags, 400, i, &err);
	for (unsigned int i = 0; rc == 0 && i < 20; i++)
		rc = replay_shadow_verify_add(shadow, &piece, 0, &err);
	if (rc == 0) {
		*ret = shadow;
		return 0;
	}
	assert_string_not_equal(err.text, "");
	replay_shadow_destroy(shadow);
	return rc;
}

static void creating_fails_cleanly(void **state)
{
	struct replay_shadow *shadow;
	int rc = MMR_E_NOMEM;

	(void)state;
	for (unsigned long n = 1; rc < 0; n++) {
		assert_in_range(n, 1, 1000);
		fail_at = n;
		nr_allocations = 0;
		rc = start(&shadow);
		if (rc < 0)
			assert_int_equal(rc, MMR_E_NOMEM);
	}
	fail_at = 0;
	shadow_end(shadow);
}

/* Events cannot fail: what needs memory then is left out, and the state stays right. */
static void events_do_without_memory(void **state)
{
	(void)state;
	for (unsigned long n = 1; n < 40; n++) {
		struct replay_shadow *shadow;

		fail_at = 0;
		assert_int_equal(start(&shadow), 0);
		nr_allocations = 0;
		fail_at = n;
		plain_event(shadow, MMR_EVENT_RSS_STAT);
		page_event(shadow, MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED, 0, 0, SHADOW_MOVABLE);
		replay_shadow_finish(shadow);
		fail_at = 0;
		assert_int_equal(free_pages(shadow), 19);
		shadow_end(shadow);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creating_fails_cleanly),
		cmocka_unit_test(events_do_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
