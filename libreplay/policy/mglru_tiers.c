/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mglru: which pages that were used through file descriptors are worth keeping, and which type is to be
 * evicted, decided by what came back.
 *
 * Pages of a generation fall into four tiers by the logarithm of how often they were used. For each tier the
 * share of evicted (or protected) pages that refaulted is kept: since the oldest generation is being
 * evicted, plus an average over the ones before it that halves each time. A controller compares two such
 * shares, weighted by gains. A tier that refaults more often than the first one is protected; the type that
 * refaults less often is evicted, by the gains that swappiness gives.
 *
 * Follows read_ctrl_pos(), reset_ctrl_pos(), positive_ctrl_err(), get_tier_idx(), get_type_to_scan() of
 * v6.12 and of v6.18.
 */
#include "mglru_private.h"

/* ceil(log2(n)), n > 0 */
static uint32_t order_base_2(uint32_t n)
{
	return n > 1 ? 32u - (uint32_t)__builtin_clz(n - 1) : 0;
}

uint32_t policy_mglru_refs(const struct mglru *lru, const struct mm_page *page)
{
	if (lru->version == MGLRU_6_18)
		return page->flags & MGLRU_REFERENCED ? mglru_counter(page) + 1 : 0;
	return mglru_counter(page) + (page->flags & MM_PG_WORKINGSET ? 1 : 0);
}

uint32_t policy_mglru_tier(const struct mglru *lru, uint32_t refs, bool workingset)
{
	if (lru->version == MGLRU_6_18)
		return workingset ? MGLRU_NR_TIERS - 1 : order_base_2(refs);
	return order_base_2(refs + 1);
}

struct mglru_position policy_mglru_read(const struct mglru *lru, uint32_t type, uint32_t tier,
                                        uint64_t gain)
{
	struct mglru_position position = { .gain = gain };
	uint32_t hist = mglru_hist(lru, lru->min_seq[type]);
	uint32_t first = tier == MGLRU_ANY_TIER ? 0 : tier;
	uint32_t last = tier == MGLRU_ANY_TIER ? MGLRU_NR_TIERS - 1 : tier;

	for (uint32_t t = first; t <= last; t++) {
		position.refaulted += lru->avg_refaulted[type][t] + lru->refaulted[hist][type][t];
		position.total += lru->avg_total[type][t] + lru->evicted[hist][type][t] +
		                  lru->protected[hist][type][t];
	}
	return position;
}

bool policy_mglru_is_better(const struct mglru_position *sp, const struct mglru_position *pv)
{
	return pv->refaulted < MGLRU_MIN_BATCH ||
	       pv->refaulted * (sp->total + MGLRU_MIN_BATCH) * sp->gain <=
	               (sp->refaulted + 1) * pv->total * pv->gain;
}

static uint32_t limit_against(const struct mglru *lru, const struct mglru_position *sp,
                              uint32_t type, uint64_t gain)
{
	uint32_t tier = 1;

	while (tier < MGLRU_NR_TIERS) {
		struct mglru_position pv = policy_mglru_read(lru, type, tier, gain);

		if (!policy_mglru_is_better(sp, &pv))
			break;
		tier++;
	}
	return tier - 1;
}

uint32_t policy_mglru_tier_limit(const struct mglru *lru, uint32_t type)
{
	uint64_t gain = lru->version == MGLRU_6_18 ? 2 : 1;
	struct mglru_position sp = policy_mglru_read(lru, type, 0, gain);

	/* A margin for what is only chance. */
	return limit_against(lru, &sp, type, gain + 1);
}

uint32_t policy_mglru_choose(const struct mglru *lru, uint32_t swappiness, uint32_t *tier_limit)
{
	uint32_t tier = lru->version == MGLRU_6_18 ? MGLRU_ANY_TIER : 0;
	uint64_t gains[MM_NR_LRU_TYPES] = { swappiness, MGLRU_MAX_SWAPPINESS - swappiness };
	struct mglru_position sp = policy_mglru_read(lru, MM_LRU_ANON, tier, gains[MM_LRU_ANON]);
	struct mglru_position pv = policy_mglru_read(lru, MM_LRU_FILE, tier, gains[MM_LRU_FILE]);
	uint32_t type = policy_mglru_is_better(&sp, &pv) ? MM_LRU_FILE : MM_LRU_ANON;

	if (lru->version == MGLRU_6_18) {
		*tier_limit = policy_mglru_tier_limit(lru, type);
		return type;
	}
	sp = policy_mglru_read(lru, !type, 0, gains[!type]);
	*tier_limit = limit_against(lru, &sp, type, gains[type]);
	return type;
}

bool policy_mglru_is_full(const struct mglru *lru, const struct mm_page *page)
{
	uint32_t refs = policy_mglru_refs(lru, page);

	if (lru->version == MGLRU_6_18)
		return refs == MGLRU_REFS_MAX + 1 && (page->flags & MM_PG_WORKINGSET);
	return refs == MGLRU_REFS_MAX + 1;
}

void policy_mglru_protect(struct mglru *lru, const struct mm_page *page)
{
	uint32_t type = mm_page_lru_type(page);
	uint32_t refs = policy_mglru_refs(lru, page);
	uint32_t tier = policy_mglru_tier(lru, refs, page->flags & MM_PG_WORKINGSET);

	lru->protected[mglru_hist(lru, lru->min_seq[type])][type][tier] +=
		mm_block_pages(page->order);
}

void policy_mglru_reset(struct mglru *lru, uint32_t type, bool carryover)
{
	bool clear = carryover ? lru->nr_hist == 1 : lru->nr_hist > 1;
	uint32_t hist = mglru_hist(lru, carryover ? lru->min_seq[type] : lru->max_seq + 1);

	for (uint32_t tier = 0; tier < MGLRU_NR_TIERS; tier++) {
		uint64_t total = lru->avg_total[type][tier] + lru->evicted[hist][type][tier] +
		                 lru->protected[hist][type][tier];

		if (carryover) {
			lru->avg_refaulted[type][tier] = (lru->avg_refaulted[type][tier] +
			                                  lru->refaulted[hist][type][tier]) /
			                                 2;
			lru->avg_total[type][tier] = total / 2;
		}
		if (clear) {
			lru->refaulted[hist][type][tier] = 0;
			lru->evicted[hist][type][tier] = 0;
			lru->protected[hist][type][tier] = 0;
		}
	}
}
