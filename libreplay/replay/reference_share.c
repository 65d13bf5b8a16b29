/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How often the recorded kernel's reclaim found a page in use.
 *
 * mm_vmscan_lru_shrink_inactive tells of each batch how many pages were scanned, how many of them were spared
 * because they were in use (K, nr_ref_keep), and how many because they were in use again (A, nr_activate of the
 * type). A page that reclaim writes (mm_vmscan_write_folio) comes back unmapped and is scanned once more, without
 * a bit to be found: L looks remain, scanned - written. A spared page comes back for a second look, unless it is
 * freed before, so M = min(K, L - K) of them were second looks and L - M first ones. The shares are K / (L - M)
 * and A / M, in 128 equal parts of the trace's time; a part with few looks leans towards the whole trace's.
 *
 * Follows shrink_folio_list(), folio_check_references(), mm_vmscan_lru_shrink_inactive of v6.12.
 *
 * Bias: nr_activate also counts pages that could not be written or were locked. File pages that are only read
 * are scanned but have no bit: the share of mapped ones is higher than what is found here. MGLRU finds most
 * young pages by walking page tables, which no event tells, and 6.1 tells nothing of its evictions either.
 */
#include "reference_share.h"

#include "mm.h"

#define LEAN      256u /* looks of the whole trace's share that each part is mixed with */
#define ENOUGH    1024u
#define FLAG_ANON 1

static struct replay_reference_count *bin_at(struct replay_reference_share *share, uint64_t t_ns,
                                             enum mm_lru_type type)
{
	uint64_t span = share->last_ns - share->first_ns + 1;
	uint64_t since = t_ns > share->first_ns ? t_ns - share->first_ns : 0;

	if (since >= span)
		since = span - 1;
	/* By a division first, as a trace may last for weeks. */
	return &share->bins[since / (span / REPLAY_REFERENCE_BINS + 1)][type];
}

static void add(struct replay_reference_share *share, const struct mmr_event *event,
                enum mm_lru_type type, struct replay_reference_count count)
{
	struct replay_reference_count *both[2] = { bin_at(share, event->t_ns, type),
		                                   &share->all[type] };

	for (int i = 0; i < 2; i++) {
		both[i]->nr_looked += count.nr_looked;
		both[i]->nr_written += count.nr_written;
		both[i]->nr_kept += count.nr_kept;
		both[i]->nr_activated += count.nr_activated;
	}
}

void replay_reference_event(struct replay_reference_share *share, const struct mmr_event *event)
{
	enum mm_lru_type type;

	switch (event->kind) {
	case MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE:
		type = event->shrink_inactive.reclaim_flags & FLAG_ANON ? MM_LRU_ANON : MM_LRU_FILE;
		add(share, event, type,
		    (struct replay_reference_count){
			    .nr_looked = event->shrink_inactive.nr_scanned,
			    .nr_kept = event->shrink_inactive.nr_ref_keep,
			    .nr_activated = type == MM_LRU_ANON
		                                    ? event->shrink_inactive.nr_activate_anon
		                                    : event->shrink_inactive.nr_activate_file });
		break;
	case MMR_EVENT_MM_VMSCAN_WRITE_FOLIO:
		type = event->write_folio.reclaim_flags & FLAG_ANON ? MM_LRU_ANON : MM_LRU_FILE;
		add(share, event, type, (struct replay_reference_count){ .nr_written = 1 });
		break;
	}
}

bool replay_reference_known(const struct replay_reference_share *share)
{
	return share->all[MM_LRU_ANON].nr_looked + share->all[MM_LRU_FILE].nr_looked >= ENOUGH;
}

/* Looks, and how many of them found the page in use. */
struct looks {
	uint64_t nr;
	uint64_t nr_young;
};

static struct looks looks(const struct replay_reference_count *count, bool again)
{
	uint64_t nr =
		count->nr_looked > count->nr_written ? count->nr_looked - count->nr_written : 0;
	uint64_t left, second;

	if (nr < count->nr_kept + count->nr_activated)
		nr = count->nr_kept + count->nr_activated;
	left = nr - count->nr_kept;
	second = count->nr_kept < left ? count->nr_kept : left;
	if (second < count->nr_activated)
		second = count->nr_activated;
	if (again)
		return (struct looks){ .nr = second, .nr_young = count->nr_activated };
	return (struct looks){ .nr = nr - second, .nr_young = count->nr_kept };
}

uint32_t replay_reference_of(const struct replay_reference_share *share, uint32_t bin,
                             enum mm_lru_type type, bool again)
{
	struct looks all = looks(&share->all[type], again);
	uint64_t whole = all.nr ? all.nr_young * MM_REFERENCE_ONE / all.nr : 0;
	struct looks here;

	if (bin >= REPLAY_REFERENCE_BINS)
		return (uint32_t)whole;
	here = looks(&share->bins[bin][type], again);
	return (uint32_t)((here.nr_young * MM_REFERENCE_ONE + whole * LEAN) / (here.nr + LEAN));
}

uint64_t replay_reference_begin_ns(const struct replay_reference_share *share, uint32_t bin)
{
	uint64_t span = share->last_ns - share->first_ns + 1;

	if (bin >= REPLAY_REFERENCE_BINS)
		return UINT64_MAX;
	return share->first_ns + (span / REPLAY_REFERENCE_BINS + 1) * bin;
}
