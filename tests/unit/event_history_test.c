/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of versions against the formats of real kernels: whoever has an event is new enough for it. */
#include "unit.h"

#include <stdbool.h>
#include <stdlib.h>

#include <mmreplay/event.h>

#include "event_history.c"
#include "stored_formats.h"

/* "6.12", "~3.17", "6.2-6.12": the first and the last version that it may have come with. */
static void versions(const char *since, unsigned int *first, unsigned int *last)
{
	unsigned int number[4] = { 0 };

	since += *since == '~';
	if (sscanf(since, "%u.%u-%u.%u", &number[0], &number[1], &number[2], &number[3]) < 4) {
		number[2] = number[0];
		number[3] = number[1];
	}
	*first = number[0] * 1000 + number[1];
	*last = number[2] * 1000 + number[3];
}

static void every_event_has_its_row(void **state)
{
	(void)state;
	for (unsigned int kind = MMR_EVENT_OTHER + 1; kind < MMR_NR_EVENT_KINDS; kind++) {
		struct event_history history = event_history_of(kind);
		unsigned int first;
		unsigned int last;

		/* What the recorder makes itself is in no kernel. */
		if (mmr_event_group(kind) == MMR_GROUP_OTHER)
			continue;
		if (history.without[0] == '\0')
			fail_msg("%s has no row in event_history.def", mmr_event_name(kind));
		if (history.since[0] == '\0')
			continue;
		versions(history.since, &first, &last);
		assert_in_range(first, 2006, 7000);
		assert_in_range(last, first, 7000);
	}
	assert_string_equal(event_history_of(MMR_EVENT_LOST).since, "");
}

static bool seen[MMR_NR_EVENT_KINDS];

static int note(void *data, const char *path, const char *text, size_t size)
{
	char system[64];
	char name[128];

	(void)size;
	(void)data;
	free((void *)(uintptr_t)text); /* stored_formats.h gives it away */
	if (sscanf(path, "events/%63[^/]/%127[^/]/format", system, name) == 2)
		seen[mmr_event_find(system, name)] = true;
	return 0;
}

static void check(const char *stored, unsigned int version)
{
	unsigned int nr_old = 0;

	memset(seen, 0, sizeof(seen));
	assert_true(stored_formats_walk(stored, note, NULL) > 0);
	for (unsigned int kind = MMR_EVENT_OTHER + 1; kind < MMR_NR_EVENT_KINDS; kind++) {
		unsigned int first;
		unsigned int last;

		if (event_history_of(kind).since[0] == '\0')
			continue;
		versions(event_history_of(kind).since, &first, &last);
		if (seen[kind] && first > version)
			fail_msg("%s is in %s already", mmr_event_name(kind), stored);
		nr_old += last > version && !seen[kind];
	}
	/* 6.1 lacks what came later. */
	if (version == 6001)
		assert_true(nr_old > 5);
}

static void no_kernel_has_what_comes_later(void **state)
{
	(void)state;
	check("6.1", 6001);
	check("6.12", 6012);
	check("6.18", 6018);
}

static void versions_are_put_into_words(void **state)
{
	char text[40];

	(void)state;
	assert_string_equal(event_history_since(MMR_EVENT_MM_FILEMAP_FAULT, text, sizeof(text)),
	                    "6.12");
	assert_string_equal(event_history_since(MMR_EVENT_TLB_FLUSH, text, sizeof(text)),
	                    "about 3.17");
	assert_string_equal(event_history_since(MMR_EVENT_KSM_ENTER, text, sizeof(text)),
	                    "6.2 to 6.12");
	assert_string_equal(event_history_since(MMR_EVENT_NONE, text, sizeof(text)), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_has_its_row),
		cmocka_unit_test(no_kernel_has_what_comes_later),
		cmocka_unit_test(versions_are_put_into_words),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
