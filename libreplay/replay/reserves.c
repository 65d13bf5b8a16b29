/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much memory a replay's machine keeps free: vm.min_free_kbytes and with it the watermarks.
 *
 * They are as recorded, unless the replay is to have another size, or huge pages otherwise than the recording. No
 * file of the kernel says whether somebody has set vm.min_free_kbytes: it is taken for the kernel's own if its rule gives about
 * the same for the recorded machine. Then a machine of another size has as much more or less as the rule says. Switching huge
 * pages on raises it to what khugepaged wants, switching them off lets what that had wanted go; what somebody had
 * set stays as long as it is more.
 *
 * Follows enabled_store(), start_stop_khugepaged(), hugepage_flags_enabled() of v6.1, hugepage_pmd_enabled() of v6.12.
 */
#include "mm.h"
#include "replay_state.h"

#define TOLERANCE 10 /* percent that memory freed late at boot may make */

static bool is_set(const struct replay_tunables *tunables, unsigned int id)
{
	return tunables->source[id] == REPLAY_TUNABLE_SET;
}

static uint32_t rule(const struct mm_zone_config *zones, uint32_t nr_zones,
                     const struct mm_settings *settings, bool huge)
{
	struct mm_settings with = *settings;

	with.thp_min_free = huge;
	if (with.kernel == 0)
		with.kernel = MM_KERNEL(6, 12);
	return mm_min_free_kbytes(zones, nr_zones, &with);
}

static bool is_near(uint64_t value, uint64_t expected)
{
	return value * 100 >= expected * (100 - TOLERANCE) &&
	       value * 100 <= expected * (100 + TOLERANCE);
}

bool replay_reserves(const struct replay_config *config, const struct mm_zone_config *recorded,
                     const struct mm_zone_config *zones, struct mm_settings *settings)
{
	const struct replay_tunables *tunables = config->tunables;
	const struct replay_start *start = config->start;
	uint32_t nr_zones = start->nr_zones;
	bool known = tunables->source[REPLAY_TUNABLE_THP_ENABLED] != REPLAY_TUNABLE_DEFAULT;
	bool huge = known && tunables->value[REPLAY_TUNABLE_THP_ENABLED] > 0;
	bool was_huge = start->thp > REPLAY_THP_NEVER;
	bool switched = is_set(tunables, REPLAY_TUNABLE_THP_ENABLED) && huge != was_huge;
	bool resized = is_set(tunables, REPLAY_TUNABLE_MEMORY);
	uint64_t was = settings->min_free_kbytes, is = was, own;

	settings->thp_min_free = huge;
	if (is_set(tunables, REPLAY_TUNABLE_MIN_FREE_KBYTES))
		return true;
	if (was == 0 || (!resized && !switched))
		return resized || switched || is_set(tunables, REPLAY_TUNABLE_SCALE_FACTOR);
	own = rule(recorded, nr_zones, settings, was_huge);
	if (is_near(was, own)) {
		is = was * rule(zones, nr_zones, settings, was_huge) / own;
		if (switched && !huge)
			is = rule(zones, nr_zones, settings, false);
	}
	if (switched && is < rule(zones, nr_zones, settings, huge))
		is = rule(zones, nr_zones, settings, huge);
	settings->min_free_kbytes = (uint32_t)is;
	return true;
}
