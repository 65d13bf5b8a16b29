/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which pages the recording has in memory and the replay has not, and the other way round; and how often the ones are
 * used, by how often the others were.
 *
 * Uses of what the recording has are hits, and leave no event. Those of what it has not are faults. Where one meets a
 * page that the replay has, the replay is spared a fault; were nothing done, it would have too few of them, as no event
 * makes up for it with a use of a page that only the recording has. But two machines with the same demand and the same
 * rules, which differ by chance, differ by pages that are alike: both took theirs for pages that would not be used soon.
 * So a page that only the recording has is used as often as one that only the replay has; each fault that is
 * spared stands for as many uses of the first as there are pages of them to one of the second. With less memory, or another
 * balance, there are more of the first than of the second. Those that are more are not alike: the replay took them because it had
 * to. The nearest that is known of them is how often the recording has one back of the pages that it has taken, so that
 * each that comes back stands for as many uses of theirs as there are of them to one that is out. Some of these do leave an
 * event: pages of files that were in memory and not in the page table, or had been write-protected. They are faults
 * of the replay anyway, and no others are owed for them.
 *
 * State: of each page on which side it is, of the recording's the list of them. Anonymous and file pages by themselves.
 *
 * Bias: rules that are not those of the recording may choose better, or worse; of that a recording without samples says
 * nothing, so that replays of another policy have as many returns as the original, but for what memory more or less
 * and other proportions of anonymous and file memory change. What went for less memory had been used more
 * recently than what the recording had taken, so it should come back rather more often than this; of a recording that has
 * taken nothing it does not come back at all.
 */
#include "set_difference.h"

#include <string.h>

#define FILE_PAGE (1u << 31) /* with a place: of its type */
#define REPLAYED  (FILE_PAGE - 1)
#define ONE       (INT64_C(1) << 16)
#define MAX_DEBT  (ONE << 16)

int replay_difference_reserve(struct replay_difference *difference, uint32_t nr_pages)
{
	struct replay_difference_vec *places = &difference->places;

	if (nr_pages <= places->count)
		return 0;
	if (replay_difference_vec_reserve(places, nr_pages) < 0)
		return MMR_E_NOMEM;
	memset(places->items + places->count, 0,
	       (nr_pages - places->count) * sizeof(*places->items));
	places->count = nr_pages;
	return 0;
}

void replay_difference_destroy(struct replay_difference *difference)
{
	replay_difference_vec_deinit(&difference->places);
	for (uint32_t type = 0; type < MM_NR_LRU_TYPES; type++)
		replay_difference_vec_deinit(&difference->recorded[type]);
}

static enum mm_lru_type type_of(uint32_t place)
{
	return place & FILE_PAGE ? MM_LRU_FILE : MM_LRU_ANON;
}

static uint32_t bit_of(enum mm_lru_type type)
{
	return type == MM_LRU_FILE ? FILE_PAGE : 0;
}

void replay_difference_forget(struct replay_difference *difference, uint32_t page)
{
	uint32_t *places = difference->places.items, place = places[page];
	enum mm_lru_type type = type_of(place);
	struct replay_difference_vec *recorded = &difference->recorded[type];
	uint32_t at = (place & ~FILE_PAGE) - 1, last;

	places[page] = 0;
	if ((place & ~FILE_PAGE) == 0)
		return;
	if ((place & ~FILE_PAGE) == REPLAYED) {
		difference->nr_replayed[type]--;
		return;
	}
	last = recorded->items[--recorded->count];
	recorded->items[at] = last;
	if (last != page)
		places[last] = place;
}

int replay_difference_recorded(struct replay_difference *difference, uint32_t page,
                               enum mm_lru_type type)
{
	struct replay_difference_vec *recorded = &difference->recorded[type];

	replay_difference_forget(difference, page);
	if (recorded->count >= REPLAYED - 1 || replay_difference_vec_push(recorded, page) < 0)
		return MMR_E_NOMEM;
	difference->places.items[page] = (uint32_t)recorded->count | bit_of(type);
	return 0;
}

void replay_difference_replayed(struct replay_difference *difference, uint32_t page,
                                enum mm_lru_type type)
{
	replay_difference_forget(difference, page);
	difference->places.items[page] = REPLAYED | bit_of(type);
	difference->nr_replayed[type]++;
}

bool replay_difference_is_replayed(const struct replay_difference *difference, uint32_t page)
{
	return (difference->places.items[page] & ~FILE_PAGE) == REPLAYED;
}

static void owe(struct replay_difference *difference, enum mm_lru_type type, int64_t uses)
{
	difference->debt[type] += uses;
	if (difference->debt[type] > MAX_DEBT)
		difference->debt[type] = MAX_DEBT;
}

/* The page itself is still one of the replay's. */
void replay_difference_saved(struct replay_difference *difference, enum mm_lru_type type)
{
	int64_t nr_recorded = (int64_t)difference->recorded[type].count;
	int64_t nr_replayed = difference->nr_replayed[type] ? difference->nr_replayed[type] : 1;

	owe(difference, type, nr_recorded < nr_replayed ? nr_recorded * ONE / nr_replayed : ONE);
}

void replay_difference_back(struct replay_difference *difference, enum mm_lru_type type,
                            uint32_t nr_out)
{
	int64_t nr_recorded = (int64_t)difference->recorded[type].count;
	int64_t nr_replayed = difference->nr_replayed[type];

	if (nr_recorded > nr_replayed && nr_out > 0)
		owe(difference, type, (nr_recorded - nr_replayed) * ONE / nr_out);
}

void replay_difference_told(struct replay_difference *difference, uint32_t page)
{
	uint32_t place = difference->places.items[page];
	enum mm_lru_type type = type_of(place);

	if ((place & ~FILE_PAGE) == 0 || (place & ~FILE_PAGE) == REPLAYED)
		return;
	replay_difference_forget(difference, page);
	if (difference->debt[type] > -MAX_DEBT)
		difference->debt[type] -= ONE;
}

bool replay_difference_owes(const struct replay_difference *difference, enum mm_lru_type type)
{
	return difference->debt[type] >= ONE;
}

bool replay_difference_draw(const struct replay_difference *difference, enum mm_lru_type type,
                            struct rng *rng, uint32_t *page)
{
	const struct replay_difference_vec *recorded = &difference->recorded[type];

	if (recorded->count == 0)
		return false;
	*page = recorded->items[base_rng_below(rng, (uint32_t)recorded->count)];
	return true;
}

void replay_difference_pay(struct replay_difference *difference, enum mm_lru_type type,
                           uint32_t page)
{
	replay_difference_forget(difference, page);
	difference->debt[type] -= ONE;
}

void replay_difference_forgive(struct replay_difference *difference, enum mm_lru_type type)
{
	if (difference->debt[type] > 0)
		difference->debt[type] %= ONE;
}
