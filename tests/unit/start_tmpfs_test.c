/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Places in files of tmpfs, by how the files end. */
#include "unit.h"

#include "alloc.h"
#include "start_tmpfs.h"
#include "workload.h"

#define TMPFS    22u /* 0:22 */
#define DISK     (254u << 20)
#define MOVABLES 0x140ccau
#define FIRST    4096u
#define NR       4096u

struct survey {
	struct mmr_zone_info zone;
	struct replay_start start;
	struct replay_tmpfs *tmpfs;
	uint64_t t_ns;
};

static void begin(struct survey *survey)
{
	*survey = (struct survey){ .zone = { .start_pfn = FIRST, .spanned = NR } };
	survey->start.zones = &survey->zone;
	survey->start.nr_zones = 1;
	assert_int_equal(replay_tmpfs_create(&survey->start, &survey->tmpfs, NULL), 0);
	assert_non_null(survey->tmpfs);
}

static void finish(struct survey *survey)
{
	replay_tmpfs_take(survey->tmpfs, &survey->start);
	replay_tmpfs_destroy(survey->tmpfs);
}

static void send(struct survey *survey, struct mmr_event event)
{
	event.t_ns = survey->t_ns += 10;
	assert_int_equal(replay_tmpfs_event(survey->tmpfs, &event, NULL), 0);
}

static void alloc(struct survey *survey, uint64_t pfn, uint64_t gfp_flags, uint32_t order)
{
	send(survey,
	     (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_ALLOC,
	                         .page = { .pfn = pfn, .order = order, .gfp_flags = gfp_flags } });
}

static void cache(struct survey *survey, uint16_t kind, uint64_t pfn, uint32_t dev, uint64_t index)
{
	send(survey,
	     (struct mmr_event){ .kind = kind,
	                         .filemap = { .pfn = pfn, .ino = 5, .index = index, .dev = dev } });
}

#define ADD    MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE
#define DELETE MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE

static void pages_that_end_have_been_at_their_place(void **state)
{
	struct survey survey;

	(void)state;
	begin(&survey);
	alloc(&survey, FIRST + 1, MOVABLES, 0);
	alloc(&survey, FIRST + 2, MOVABLES, 0);
	alloc(&survey, FIRST + 3, MOVABLES, 0);
	/* Not in the order in which they came; and once only. */
	cache(&survey, DELETE, FIRST + 2, TMPFS, 0);
	cache(&survey, DELETE, FIRST + 1, TMPFS, 7);
	cache(&survey, DELETE, FIRST + 1, TMPFS, 8);
	cache(&survey, DELETE, FIRST + 3, TMPFS + 1, 7);
	finish(&survey);
	assert_int_equal(survey.start.nr_tmpfs_places, 3);
	for (uint32_t i = 0; i < 3; i++) {
		const struct wl_tmpfs_place *place = &survey.start.tmpfs_places[i];

		assert_int_equal(place->t_ns, 10 * (i + 1));
		assert_int_equal(place->pfn, FIRST + 1 + i);
		assert_int_equal(place->index, i == 1 ? 0 : 7);
		assert_int_equal(place->file, i < 2 ? 1 : 2);
	}
	base_free(survey.start.tmpfs_places);
}

static void other_pages_are_no_candidates(void **state)
{
	struct survey survey;

	(void)state;
	begin(&survey);
	/* A file's that is told when it comes; one of a disk; zeroes; a huge page; the kernel's own; one that was there. */
	alloc(&survey, FIRST + 1, MOVABLES, 0);
	cache(&survey, ADD, FIRST + 1, TMPFS, 1);
	alloc(&survey, FIRST + 2, MOVABLES, 0);
	alloc(&survey, FIRST + 3, MOVABLES | 0x100, 0);
	alloc(&survey, FIRST + 512, MOVABLES, 9);
	alloc(&survey, FIRST + 5, MOVABLES & ~8u, 0);
	cache(&survey, DELETE, FIRST + 2, DISK | TMPFS, 1);
	for (uint64_t i = 1; i < 600; i++)
		cache(&survey, DELETE, FIRST + i, TMPFS, 1);
	alloc(&survey, FIRST - 1, MOVABLES, 0);
	cache(&survey, DELETE, FIRST - 1, TMPFS, 1);
	cache(&survey, DELETE, FIRST + NR, TMPFS, 1);
	cache(&survey, DELETE, MMR_PFN_NONE, TMPFS, 1);
	finish(&survey);
	assert_int_equal(survey.start.nr_tmpfs_places, 0);
	base_free(survey.start.tmpfs_places);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_that_end_have_been_at_their_place),
		cmocka_unit_test(other_pages_are_no_candidates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
