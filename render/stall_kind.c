// SPDX-License-Identifier: GPL-2.0-or-later
#include "stall_kind.h"

#include <math.h>
#include <stdio.h>

#include "scale.h"

/* Tasks that had to wait first, then the kernel's own threads. */
const struct stall_kind stall_kinds[NR_STALL_KINDS] = {
	{ STALL_RECLAIM, "direct", "direct reclaim", "stall", false, false, HUE_VERMILLION },
	{ STALL_RECLAIM, "throttle", "throttled reclaim", "stall", false, true, HUE_PURPLE },
	{ STALL_RECLAIM, "memcg", "cgroup reclaim", "stall", false, false, HUE_ORANGE },
	{ STALL_RECLAIM, "node", "node reclaim", "stall", false, false, HUE_YELLOW },
	{ STALL_COMPACTION, "direct", "direct compaction", "stall", false, false, HUE_BLUE },
	{ STALL_DIRTY, "throttle", "throttled writers", "stall", false, false, HUE_PURPLE },
	{ STALL_RECLAIM, "kswapd", "kswapd", "run", true, false, HUE_GREEN },
	{ STALL_COMPACTION, "kcompactd", "kcompactd", "run", true, false, HUE_SKY },
	{ STALL_COMPACTION, "khugepaged", "khugepaged's compaction", "run", true, false, HUE_SKY },
	{ STALL_COMPACTION, "manual", "compaction by hand", "run", true, false, HUE_SKY },
	{ STALL_COMPACTION, "other", "other compaction", "run", true, false, HUE_SKY },
	{ STALL_OOM, "", "out of memory", "kill", false, false, HUE_BLACK },
};

int stall_set_load(struct db *db, const struct run *run, struct stall_set *set,
                   struct mmr_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < NR_STALL_KINDS && !rc; i++)
		rc = db_stalls(db, run, stall_kinds[i].source, stall_kinds[i].kind, &set->of[i],
		               err);
	return rc;
}

void stall_set_deinit(struct stall_set *set)
{
	for (size_t i = 0; i < NR_STALL_KINDS; i++)
		stalls_deinit(&set->of[i]);
}

struct stall_sum stall_sum(const struct stalls *stalls, int64_t since, int64_t until)
{
	struct stall_sum sum = { 0 };

	for (size_t i = 0; i < stalls->count; i++) {
		const struct stall *stall = &stalls->items[i];

		if (stall->start_ns > until || stall->start_ns + stall->duration_ns < since)
			continue;
		sum.count++;
		sum.total_ns += (double)stall->duration_ns;
		sum.longest_ns = fmax(sum.longest_ns, (double)stall->duration_ns);
	}
	return sum;
}

void stall_describe(const struct stall_kind *kind, const struct stall_sum *sum, char *text,
                    size_t size)
{
	char total[SCALE_LABEL], longest[SCALE_LABEL];

	format_time(total, sum->total_ns);
	format_time(longest, sum->longest_ns);
	if (!sum->count)
		snprintf(text, size, "none");
	else if (kind->source == STALL_OOM)
		snprintf(text, size, "%zu %s%s", sum->count, kind->one, sum->count > 1 ? "s" : "");
	else if (sum->count == 1)
		snprintf(text, size, "1 %s of %s", kind->one, longest);
	else
		snprintf(text, size, "%zu %ss, %s in all, longest %s", sum->count, kind->one, total,
		         longest);
}

void stall_decades(double shortest_ns, double longest_ns, double *low_ns, double *high_ns)
{
	double low = floor(log10(fmax(shortest_ns, 1e3)) + 1e-9);
	double high = ceil(log10(fmax(longest_ns, 1e4)) + 1e-9);

	*low_ns = pow(10, fmin(low, high - 2));
	*high_ns = pow(10, fmax(high, 5));
	*low_ns = fmax(*low_ns, 1e3);
}
