/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which events -e chooses, on a made-up tracefs of a kernel that has only some. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "closest.c"
#include "event_set.c"
#include "failure.c"

static char root[64];

static void make_event(const char *system, const char *name)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/events/%s", root, system);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/events/%s/%s", root, system, name);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/events/%s/%s/format", root, system, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
}

static int make_tracefs(void **state)
{
	char path[128];

	(void)state;
	snprintf(root, sizeof(root), "/tmp/event_set_test.XXXXXX");
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/events", root);
	mkdir(path, 0755);
	make_event("kmem", "mm_page_alloc");
	make_event("kmem", "mm_page_free");
	make_event("kmem", "kmalloc");
	make_event("kmem", "rss_stat");
	make_event("sched", "sched_switch");
	make_event("sched", "sched_process_fork");
	make_event("vmscan", "mm_vmscan_writepage"); /* what mm_vmscan_write_folio was called */
	return 0;
}

static int remove_tracefs(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

/* Chooses by up to three items; the present ones as "name name ", and the number of absent ones. */
static const char *chosen(struct event_set *set, const char *a, const char *b, size_t *nr_absent)
{
	static char names[4096];
	const char *items[] = { a, b };
	const struct option_list list = { .items = items, .count = b ? 2 : a ? 1 : 0 };
	struct mmr_error err = { 0 };

	names[0] = '\0';
	*nr_absent = 0;
	if (event_set_choose(set, &list, root, &err) < 0) {
		snprintf(names, sizeof(names), "%s", err.text);
		return names;
	}
	*nr_absent = set->count - set->nr_present;
	for (size_t i = 0; i < set->count; i++) {
		size_t used = strlen(names);

		if (set->events[i].present)
			snprintf(names + used, sizeof(names) - used, "%s ", set->events[i].name);
	}
	event_set_deinit(set);
	return names;
}

static void items_choose_events(void **state)
{
	static const struct {
		const char *a, *b, *names;
	} cases[] = {
		{ NULL, NULL,
		  "mm_page_alloc mm_page_free rss_stat mm_vmscan_writepage sched_process_fork " },
		{ "default", "slab",
		  "mm_page_alloc mm_page_free rss_stat mm_vmscan_writepage sched_process_fork kmalloc " },
		{ "page", NULL, "mm_page_alloc mm_page_free " },
		{ "page", "^mm_page_free", "mm_page_alloc " },
		{ "^page", "^task", "rss_stat mm_vmscan_writepage " },
		{ "kmem:mm_page_a*", NULL, "mm_page_alloc " },
		{ "sched:sched_switch", "sched:sched_switch", "sched_switch " },
		{ "sched_sw?tch", "rss", "sched_switch rss_stat " },
		{ "all", "^kmem:*", "mm_vmscan_writepage sched_process_fork " },
		{ "reclaim", NULL, "mm_vmscan_writepage " },
		{ "page", "^reclaim", "mm_page_alloc mm_page_free " },
	};
	struct event_set set;
	size_t nr_absent;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(chosen(&set, cases[i].a, cases[i].b, &nr_absent),
		                    cases[i].names);
}

static void absent_events_are_kept_by_name(void **state)
{
	struct event_set set;
	size_t nr_absent;

	(void)state;
	assert_string_equal(chosen(&set, "page", NULL, &nr_absent), "mm_page_alloc mm_page_free ");
	/* Those of CMA are not missed. */
	assert_int_equal(nr_absent, 4);
	chosen(&set, "cma:cma_release", NULL, &nr_absent);
	assert_int_equal(nr_absent, 1);
	chosen(&set, "page", "compaction:mm_compaction_begin", &nr_absent);
	assert_int_equal(nr_absent, 5);
}

/* What a group brings may be narrowed; what was asked for by name is not. */
static void names_are_told_from_groups(void **state)
{
	const char *items[] = { "page", "kmem:mm_page_free", "rss" };
	const struct option_list list = { .items = items, .count = 3 };
	struct event_set set;

	(void)state;
	assert_int_equal(event_set_choose(&set, &list, root, NULL), 0);
	for (size_t i = 0; i < set.count; i++)
		assert_int_equal(set.events[i].by_name,
		                 strcmp(set.events[i].name, "mm_page_free") == 0);
	event_set_deinit(&set);
}

static void a_part_that_the_kernel_has_is_recorded(void **state)
{
	struct event_set set;
	size_t nr_absent;

	(void)state;
	make_event("cma", "cma_release");
	assert_string_equal(chosen(&set, "page", NULL, &nr_absent),
	                    "cma_release mm_page_alloc mm_page_free ");
	assert_int_equal(nr_absent, 4);
	assert_non_null(strstr(chosen(&set, NULL, NULL, &nr_absent), "cma_release "));
}

static void wrong_items_are_refused(void **state)
{
	struct event_set set;
	size_t nr_absent;

	(void)state;
	assert_string_equal(chosen(&set, "pgae", NULL, &nr_absent),
	                    "no event or group \"pgae\"; did you mean page?");
	assert_string_equal(
		chosen(&set, "kmem:mm_page_aloc", NULL, &nr_absent),
		"no event or group \"kmem:mm_page_aloc\"; did you mean kmem:mm_page_alloc?");
	assert_non_null(strstr(chosen(&set, "xyzzyxyzzy", NULL, &nr_absent), "no event or group"));
}

static void a_set_may_be_empty(void **state)
{
	struct event_set set;
	size_t nr_absent;

	(void)state;
	/* Known, but this kernel has none of them. */
	assert_string_equal(chosen(&set, "ksm", NULL, &nr_absent), "");
	assert_true(nr_absent > 0);
	assert_string_equal(chosen(&set, "page", "^page", &nr_absent), "");
	assert_int_equal(nr_absent, 0);
}

static void events_go_to_others(void **state)
{
	const char *items[] = { "mm_page_alloc", "mm_page_free" };
	const struct option_list list = { .items = items, .count = 2 };
	struct event_set set;

	(void)state;
	assert_int_equal(event_set_choose(&set, &list, root, NULL), 0);
	assert_int_equal(set.nr_present, 2);
	assert_null(event_set_find(&set, "kmem", "mm_page"));
	assert_non_null(event_set_find(&set, "kmem", "mm_page_free"));
	event_set_remove(&set, "kmem", "mm_page_free");
	assert_null(event_set_find(&set, "kmem", "mm_page_free"));
	assert_int_equal(set.nr_present, 1);
	event_set_remove(&set, "kmem", "mm_page_free");
	assert_int_equal(set.nr_present, 1);
	assert_int_equal(event_set_last_id(&set, root), 0); /* this tracefs has no numbers */
	event_set_deinit(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_choose_events),
		cmocka_unit_test(absent_events_are_kept_by_name),
		cmocka_unit_test(names_are_told_from_groups),
		cmocka_unit_test(wrong_items_are_refused),
		cmocka_unit_test(a_set_may_be_empty),
		cmocka_unit_test(events_go_to_others),
		cmocka_unit_test(a_part_that_the_kernel_has_is_recorded),
	};

	return cmocka_run_group_tests(tests, make_tracefs, remove_tracefs);
}
