/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What leaves a per-CPU list tells which frees by interrupts never got onto it. */
#include <stdio.h>

#include "shadow_machine.h"

#include "shadow_list.h"

#define ALLOC       MMR_EVENT_MM_PAGE_ALLOC
#define FREE        MMR_EVENT_MM_PAGE_FREE
#define DRAIN       MMR_EVENT_MM_PAGE_PCPU_DRAIN
#define ZONE_LOCKED MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED
#define SOFTIRQ     0x10
#define CLEARED     0x100 /* __GFP_ZERO */

/* The pages before 512 are free, those of its other pageblocks in use; an event tells the types of both. */
static struct replay_shadow *typed_machine(uint32_t batch)
{
	static const char format[] = "Node 0, zone      DMA\n"
				     "              batch: 7\n"
				     "Node 0, zone   Normal\n"
				     "    cpu: 0\n"
				     "              batch: %u\n";
	struct replay_shadow *shadow = shadow_with(&kernel_612, 512);
	char text[sizeof(format) + 16];

	snprintf(text, sizeof(text), format, batch);
	replay_shadow_list_batches(shadow, text, strlen(text));
	page_event(shadow, FREE, 512, 4, 0);
	page_event(shadow, FREE, 600, 0, 0);
	page_event(shadow, DRAIN, 600, 0, SHADOW_MOVABLE);
	return shadow;
}

static void free_in_interrupt(struct replay_shadow *shadow, uint64_t page)
{
	struct mmr_event event = event_of(FREE);

	event.page.pfn = FIRST_PFN + page;
	event.page.context = SOFTIRQ;
	replay_shadow_event(shadow, &event);
}

/* Two pages of the list's head, before which an interrupt has freed `page`. */
static void interrupted_alloc(struct replay_shadow *shadow, uint64_t page)
{
	page_event(shadow, ZONE_LOCKED, 0, 0, SHADOW_MOVABLE);
	page_event(shadow, ZONE_LOCKED, 1, 0, SHADOW_MOVABLE);
	page_event(shadow, ZONE_LOCKED, 2, 0, SHADOW_MOVABLE);
	page_event(shadow, ALLOC, 0, 0, SHADOW_MOVABLE);
	free_in_interrupt(shadow, page);
	page_event(shadow, ALLOC, 1, 0, SHADOW_MOVABLE);
}

static void what_was_not_taken_first_was_not_on_the_list(void **state)
{
	struct replay_shadow *shadow = typed_machine(3);

	(void)state;
	interrupted_alloc(shadow, 700);
	assert_false(replay_shadow_is_free(shadow,
	                                   FIRST_PFN + 700)); /* may have come after the taking */
	page_event(shadow, ALLOC, 2, 0, SHADOW_MOVABLE);
	assert_true(replay_shadow_is_free(shadow, FIRST_PFN + 700));
	assert_int_equal(repairs(shadow, SHADOW_REPAIR_PAST_PCP), 1);
	shadow_end(shadow);
}

static void what_was_taken_first_was_on_the_list(void **state)
{
	struct replay_shadow *shadow = typed_machine(3);

	(void)state;
	interrupted_alloc(shadow, 700);
	page_event(shadow, ALLOC, 700, 0, SHADOW_MOVABLE);
	page_event(shadow, ALLOC, 2, 0, SHADOW_MOVABLE);
	assert_int_equal(repairs(shadow, SHADOW_REPAIR_PAST_PCP), 0);
	assert_int_equal(repairs(shadow, SHADOW_REPAIR_MISSED_REFILL), 0);
	shadow_end(shadow);
}

/* It is on the list of its pageblock's type, others say nothing of it. */
static void other_lists_tell_nothing(void **state)
{
	struct replay_shadow *shadow = typed_machine(3);

	(void)state;
	interrupted_alloc(shadow, 700);
	page_event(shadow, ZONE_LOCKED, 10, 0, SHADOW_UNMOVABLE);
	page_event(shadow, ZONE_LOCKED, 11, 0, SHADOW_UNMOVABLE);
	page_event(shadow, ALLOC, 10, 0, SHADOW_UNMOVABLE);
	page_event(shadow, ZONE_LOCKED, 12, 1, SHADOW_MOVABLE);
	page_event(shadow, ZONE_LOCKED, 14, 1, SHADOW_MOVABLE);
	page_event(shadow, ALLOC, 12, 1, SHADOW_MOVABLE);
	assert_false(replay_shadow_is_free(shadow, FIRST_PFN + 700));
	shadow_end(shadow);
}

/* The pageblock's type has changed, as far as events tell: on which list it went is not known. */
static void a_pageblock_of_two_types_tells_nothing(void **state)
{
	struct replay_shadow *shadow = typed_machine(3);

	(void)state;
	page_event(shadow, FREE, 601, 0, 0);
	page_event(shadow, DRAIN, 601, 0, SHADOW_UNMOVABLE);
	page_event(shadow, FREE, 602, 0, 0);
	page_event(shadow, DRAIN, 602, 0, SHADOW_MOVABLE);
	interrupted_alloc(shadow, 700);
	page_event(shadow, ALLOC, 2, 0, SHADOW_MOVABLE);
	assert_false(replay_shadow_is_free(shadow, FIRST_PFN + 700));
	shadow_end(shadow);
}

/* A task's own free always finds the lock; what is gone from the list was allocated in bulk. */
static void only_interrupts_free_past_a_list(void **state)
{
	struct replay_shadow *shadow = typed_machine(3);

	(void)state;
	page_event(shadow, FREE, 700, 0, 0);
	page_event(shadow, ZONE_LOCKED, 0, 0, SHADOW_MOVABLE);
	page_event(shadow, ZONE_LOCKED, 1, 0, SHADOW_MOVABLE);
	page_event(shadow, ALLOC, 0, 0, SHADOW_MOVABLE);
	page_event(shadow, ALLOC, 1, 0, SHADOW_MOVABLE);
	assert_false(replay_shadow_is_free(shadow, FIRST_PFN + 700));
	shadow_end(shadow);
}

static void a_single_page_is_a_refill_where_refills_are_of_one(void **state)
{
	static const uint32_t batches[] = { 1, 3 };

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct replay_shadow *shadow = typed_machine(batches[i]);

		page_event(shadow, ZONE_LOCKED, 0, 0, SHADOW_MOVABLE);
		free_in_interrupt(shadow, 700);
		page_event(shadow, ALLOC, 0, 0, SHADOW_MOVABLE);
		page_event(shadow, ZONE_LOCKED, 1, 0, SHADOW_MOVABLE);
		page_event(shadow, ALLOC, 1, 0, SHADOW_MOVABLE);
		assert_int_equal(replay_shadow_is_free(shadow, FIRST_PFN + 700), batches[i] == 1);
		shadow_end(shadow);
	}
}

/* The tail is drained first: what was freed before what is drained should have gone before it. */
static void a_drain_passes_nothing_over(void **state)
{
	struct replay_shadow *shadow = typed_machine(3);

	(void)state;
	interrupted_alloc(shadow, 700);
	free_in_interrupt(shadow, 702);
	page_event(shadow, ALLOC, 8, 2, SHADOW_UNMOVABLE);
	page_event(shadow, DRAIN, 702, 0, SHADOW_MOVABLE);
	assert_true(replay_shadow_is_free(shadow, FIRST_PFN + 700));
	assert_true(replay_shadow_is_free(shadow, FIRST_PFN + 702));
	shadow_end(shadow);
}

/* It has been on the list, was drained, and came back with a refill: at the tail. */
static void a_page_that_came_back_by_a_refill_is_not_judged(void **state)
{
	struct replay_shadow *shadow = typed_machine(3);

	(void)state;
	interrupted_alloc(shadow, 700);
	page_event(shadow, DRAIN, 2, 0, SHADOW_MOVABLE);
	page_event(shadow, DRAIN, 700, 0, SHADOW_MOVABLE);
	page_event(shadow, ZONE_LOCKED, 5, 0, SHADOW_MOVABLE);
	page_event(shadow, ZONE_LOCKED, 700, 0, SHADOW_MOVABLE);
	page_event(shadow, ALLOC, 5, 0, SHADOW_MOVABLE);
	assert_false(replay_shadow_is_free(shadow, FIRST_PFN + 700));
	shadow_end(shadow);
}

/* More frees than are remembered: the newest are judged, the rest stay where they seemed. */
static void a_long_list_forgets_its_oldest(void **state)
{
	struct replay_shadow *shadow = typed_machine(3);

	(void)state;
	page_event(shadow, ZONE_LOCKED, 0, 0, SHADOW_MOVABLE);
	page_event(shadow, ZONE_LOCKED, 1, 0, SHADOW_MOVABLE);
	page_event(shadow, ALLOC, 0, 0, SHADOW_MOVABLE);
	for (uint64_t page = 700; page < 900; page += 2) {
		free_in_interrupt(shadow, page);
		page_event(shadow, ALLOC, 8, 2, SHADOW_UNMOVABLE);
	}
	page_event(shadow, ALLOC, 1, 0, SHADOW_MOVABLE);
	assert_false(replay_shadow_is_free(shadow, FIRST_PFN + 700));
	assert_true(replay_shadow_is_free(shadow, FIRST_PFN + 898));
	shadow_end(shadow);
}

/* Pages are cleared after the lock is released, and before the event: an interrupt then finds the lock. */
static void an_interrupt_within_the_clearing_finds_the_list(void **state)
{
	struct replay_shadow *shadow = typed_machine(3);
	struct mmr_event alloc;

	(void)state;
	page_event(shadow, ZONE_LOCKED, 0, 0, SHADOW_MOVABLE);
	page_event(shadow, ZONE_LOCKED, 1, 0, SHADOW_MOVABLE);
	free_in_interrupt(shadow, 700);
	alloc = event_of(ALLOC);
	alloc.page.pfn = FIRST_PFN;
	alloc.page.migratetype = SHADOW_MOVABLE;
	alloc.page.gfp_flags = CLEARED;
	replay_shadow_event(shadow, &alloc);
	assert_false(replay_shadow_is_free(shadow, FIRST_PFN + 700));
	shadow_end(shadow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_not_taken_first_was_not_on_the_list),
		cmocka_unit_test(what_was_taken_first_was_on_the_list),
		cmocka_unit_test(other_lists_tell_nothing),
		cmocka_unit_test(a_pageblock_of_two_types_tells_nothing),
		cmocka_unit_test(only_interrupts_free_past_a_list),
		cmocka_unit_test(a_single_page_is_a_refill_where_refills_are_of_one),
		cmocka_unit_test(a_drain_passes_nothing_over),
		cmocka_unit_test(a_page_that_came_back_by_a_refill_is_not_judged),
		cmocka_unit_test(a_long_list_forgets_its_oldest),
		cmocka_unit_test(an_interrupt_within_the_clearing_finds_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
