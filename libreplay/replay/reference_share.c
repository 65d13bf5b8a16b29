/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How often the recorded kernel's reclaim found a page in use.
 *
 * Classic lists: recorded_look.c tells of each batch how many pages were looked at (L), how many of them were spared
 * because they were in use (K), and how many because they were in use again (A). A spared page comes back for a second
 * look, unless it is freed before, so M = min(K, L - K) of them were second looks and L - M first ones; in a part of the
 * trace, K with those spared earlier that have not come back: on a large machine it takes reclaim seconds to
 * go through its list. The shares are K / (L - M) and A / M. Where A > K in the whole trace, most were not second looks at spared pages: code and what
 * several page tables use become active at once, and what was active before has its mark still. All looks are alike
 * then: (K + A) / L.
 *
 * MGLRU (a batch of up to 4096): mm_vmscan_lru_isolate tells of each batch how many pages it met, and took (T). The
 * others had moved on (P, pages that a walk or a look-around found in use, and protected tiers) or were skipped. Of T,
 * K were spared in use, S beside one of these, and W are being written; they come back unmapped: L = T - W. The shares
 * are K / (L - S) at the last look, S / (T - K) of the batches with a K beside it, and P / (T + P) for walks.
 *
 * From one policy to the other: what a classic recording finds the second time stands for all looks of MGLRU, as walks
 * take the first bits away. What a walk of MGLRU found had been used since the walk before, so P / (L + P) stands for second looks
 * of the classic lists; K and S are mostly pages in tables that walks left out, whose bits are those of their
 * faults still: first looks.
 *
 * All in 128 equal parts of the trace's time; a part with few looks leans towards the whole trace's, the less the more the
 * parts differ from each other beyond chance: reclaim that finds pages in use in one burst finds none at other
 * times. What a walk finds is met later: its share is that of the following sixteenth of the trace.
 *
 * Follows shrink_folio_list(), folio_check_references(), scan_folios(), evict_folios() of v6.12.
 *
 * Bias: nr_activate also counts pages that could not be written or were locked; S pages that were locked. File
 * pages that are only read are scanned but have no bit: the share of mapped ones is higher than what is found
 * here. 6.1 tells nothing of MGLRU's evictions: reference_snapshot.c.
 */
#include "reference_share.h"

#include "mm.h"

#define LEAN       256u /* looks of the whole trace's share that each part is mixed with, at most */
#define LATER      (REPLAY_REFERENCE_BINS / 16)
#define LEAN_LED   64u /* … a batch, where only some batches have such looks */
#define ENOUGH     1024u
#define MGLRU_SCAN 4096u /* what MGLRU asks for */

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

static void add_one(struct replay_reference_count *count, enum replay_reference_item item,
                    uint32_t nr)
{
	if (nr > UINT32_MAX / 2)
		nr = UINT32_MAX / 2;
	if (count->nr[item] > UINT32_MAX / 2) {
		for (uint32_t i = 0; i < REPLAY_NR_REFERENCE_ITEMS; i++)
			count->nr[i] /= 2;
	}
	count->nr[item] += nr;
}

void replay_reference_add(struct replay_reference_count *to,
                          const struct replay_reference_count *count)
{
	for (enum replay_reference_item item = 0; item < REPLAY_NR_REFERENCE_ITEMS; item++)
		add_one(to, item, count->nr[item]);
}

static void add(struct replay_reference_share *share, const struct mmr_event *event,
                enum mm_lru_type type, enum replay_reference_item item, uint32_t nr)
{
	add_one(bin_at(share, event->t_ns, type), item, nr);
	add_one(&share->all[type], item, nr);
}

static void look_event(struct replay_reference_share *share, const struct mmr_event *event,
                       const struct replay_look *look)
{
	uint32_t taken = look->nr_looked + look->nr_back;

	if (!look->generations) {
		add(share, event, look->type, REPLAY_LOOKED, look->nr_looked);
		add(share, event, look->type, REPLAY_KEPT, look->nr_kept);
		add(share, event, look->type, REPLAY_ACTIVATED, look->nr_activated);
		return;
	}
	add(share, event, look->type, REPLAY_MOVED, look->nr_moved);
	add(share, event, look->type, REPLAY_TAKEN, taken);
	add(share, event, look->type, REPLAY_BACK, look->nr_back);
	add(share, event, look->type, REPLAY_YOUNG, look->nr_kept);
	add(share, event, look->type, REPLAY_BESIDE, look->nr_beside);
	if (look->nr_kept == 0)
		return;
	add(share, event, look->type, REPLAY_LED,
	    taken > look->nr_kept ? taken - look->nr_kept : 0);
	add(share, event, look->type, REPLAY_LED_BESIDE, look->nr_beside);
}

/* Those beyond REPLAY_REFERENCE_SWITCHES are lost. */
static void note_policy(struct replay_reference_share *share, uint64_t t_ns, bool mglru)
{
	uint32_t nr = share->nr_switches;

	if ((nr > 0 && share->switches[nr - 1].mglru == mglru) || nr == REPLAY_REFERENCE_SWITCHES)
		return;
	share->switches[nr] = (struct replay_reference_switch){ .t_ns = t_ns, .mglru = mglru };
	share->nr_switches++;
}

void replay_reference_event(struct replay_reference_share *share, const struct mmr_event *event)
{
	struct replay_look look;

	if (replay_recorded_look(&share->look, event, &look))
		look_event(share, event, &look);
	if (event->kind == MMR_EVENT_MM_VMSCAN_LRU_ISOLATE)
		note_policy(share, event->t_ns, event->lru_isolate.nr_requested >= MGLRU_SCAN);
}

/* Looks, and how many of them found the page in use. */
struct looks {
	uint64_t nr;
	uint64_t nr_young;
};

static uint64_t nr(const struct replay_reference_count *count, enum replay_reference_item item)
{
	return count->nr[item];
}

static uint64_t nr_taken(const struct replay_reference_share *share)
{
	return nr(&share->all[MM_LRU_ANON], REPLAY_TAKEN) +
	       nr(&share->all[MM_LRU_FILE], REPLAY_TAKEN);
}

bool replay_reference_known(const struct replay_reference_share *share)
{
	return nr(&share->all[MM_LRU_ANON], REPLAY_LOOKED) +
	               nr(&share->all[MM_LRU_FILE], REPLAY_LOOKED) + nr_taken(share) >=
	       ENOUGH;
}

/* nr_waiting: that were kept earlier. */
static uint64_t nr_second(const struct replay_reference_count *count, uint64_t nr_waiting)
{
	uint64_t kept = nr(count, REPLAY_KEPT), others = nr(count, REPLAY_LOOKED) - kept;

	return kept + nr_waiting < others ? kept + nr_waiting : others;
}

/* Pages kept in parts before this one whose second look is still to come. */
static uint64_t nr_waiting(const struct replay_reference_share *share, uint32_t bin,
                           enum mm_lru_type type)
{
	uint64_t waiting = 0;

	for (uint32_t i = 0; i < bin; i++) {
		const struct replay_reference_count *count = &share->bins[i][type];

		waiting += nr(count, REPLAY_KEPT) - nr_second(count, waiting);
	}
	return waiting;
}

static struct looks classic_looks(const struct replay_reference_count *count, bool again,
                                  bool alike, uint64_t nr_waiting)
{
	uint64_t kept = nr(count, REPLAY_KEPT), activated = nr(count, REPLAY_ACTIVATED);
	uint64_t all = nr(count, REPLAY_LOOKED), second;

	if (alike)
		return (struct looks){ .nr = all, .nr_young = kept + activated };
	second = nr_second(count, nr_waiting);
	if (second < activated)
		second = activated;
	if (again)
		return (struct looks){ .nr = second, .nr_young = activated };
	return (struct looks){ .nr = all - second, .nr_young = kept };
}

/* Of pages that were mapped, and so could have been in use. */
static uint64_t nr_mapped(const struct replay_reference_count *count)
{
	uint64_t taken = nr(count, REPLAY_TAKEN), back = nr(count, REPLAY_BACK);
	uint64_t spared = nr(count, REPLAY_YOUNG) + nr(count, REPLAY_BESIDE);
	uint64_t mapped = taken > back ? taken - back : 0;

	/* What is written in one part of the trace may be back in the next. */
	return mapped > spared ? mapped : spared;
}

static struct looks mglru_looks(const struct replay_reference_count *count, enum mm_look look)
{
	uint64_t mapped = nr_mapped(count), moved = nr(count, REPLAY_MOVED);

	switch (look) {
	case MM_LOOK_FIRST:
		return (struct looks){ .nr = mapped - nr(count, REPLAY_BESIDE),
			               .nr_young = nr(count, REPLAY_YOUNG) };
	case MM_LOOK_BESIDE:
		return (struct looks){ .nr = nr(count, REPLAY_LED),
			               .nr_young = nr(count, REPLAY_LED_BESIDE) };
	case MM_LOOK_WALK: /* of all that eviction meets, whatever it has met before */
		return (struct looks){ .nr = nr(count, REPLAY_TAKEN) + moved, .nr_young = moved };
	case MM_LOOK_AGAIN: /* as classic lists would find it */
	case MM_NR_LOOKS:
		break;
	}
	return (struct looks){ .nr = mapped + moved, .nr_young = moved };
}

/* Of a part, or of the whole trace (REPLAY_REFERENCE_BINS). */
static struct looks looks(const struct replay_reference_share *share, uint32_t bin,
                          enum mm_lru_type type, enum mm_look look, bool walks)
{
	const struct replay_reference_count *all = &share->all[type];
	bool part = bin < REPLAY_REFERENCE_BINS;
	const struct replay_reference_count *count = part ? &share->bins[bin][type] : all;

	if (nr_taken(share) > 0)
		return mglru_looks(count, walks ? look : MM_LOOK_AGAIN);
	/* More than were spared: marks do not tell which look it was. A few tell nothing. */
	return classic_looks(count, walks || look != MM_LOOK_FIRST,
	                     nr(all, REPLAY_ACTIVATED) > nr(all, REPLAY_KEPT) + LEAN,
	                     part ? nr_waiting(share, bin, type) : 0);
}

/* What a walk finds, reclaim meets later: within some time from this part on. */
static struct looks later_looks(const struct replay_reference_share *share, uint32_t bin,
                                enum mm_lru_type type, enum mm_look look, bool walks)
{
	struct looks sum = { 0 };

	for (uint32_t i = bin; i < bin + LATER && i < REPLAY_REFERENCE_BINS; i++) {
		struct looks here = looks(share, i, type, look, walks);

		sum.nr += here.nr;
		sum.nr_young += here.nr_young;
	}
	return sum;
}

/*
 * How many looks the whole's share is worth: as many as a part must have for its own share to be as sure, by how far the
 * parts differ from each other beyond chance (the one-way analysis of variance of the beta-binomial). That is asked of
 * what MGLRU counts only: which looks of the classic lists were second ones is not told, and a part of few may have it
 * all wrong.
 */
static uint32_t lean_of(const struct replay_reference_share *share, enum mm_lru_type type,
                        enum mm_look look, bool walks)
{
	uint32_t most = look == MM_LOOK_BESIDE ? LEAN_LED : LEAN;
	struct looks all = looks(share, REPLAY_REFERENCE_BINS, type, look, walks);
	double p = all.nr ? (double)all.nr_young / (double)all.nr : 0, chi2 = 0, n = 0, n2 = 0;
	double parts = 0, rho;

	if (p <= 0 || p >= 1 || nr_taken(share) == 0 || look == MM_LOOK_WALK)
		return most;
	for (uint32_t i = 0; i < REPLAY_REFERENCE_BINS; i++) {
		struct looks here = looks(share, i, type, look, walks);
		double nr = (double)here.nr, off = (double)here.nr_young - nr * p;

		if (here.nr == 0)
			continue;
		chi2 += off * off / (nr * p * (1 - p));
		n += nr;
		n2 += nr * nr;
		parts++;
	}
	if (parts < 2 || n - n2 / n <= parts - 1)
		return most;
	rho = (chi2 - (parts - 1)) / (n - n2 / n - (parts - 1));
	if (rho <= 1.0 / (most + 1))
		return most;
	return rho < 0.5 ? (uint32_t)(1 / rho - 1) : 1;
}

static uint32_t mixed(struct looks here, struct looks all, uint32_t lean)
{
	uint64_t whole = all.nr ? all.nr_young * MM_REFERENCE_ONE / all.nr : 0;

	return (uint32_t)((here.nr_young * MM_REFERENCE_ONE + whole * lean) / (here.nr + lean));
}

uint32_t replay_reference_of(const struct replay_reference_share *share, uint32_t bin,
                             enum mm_lru_type type, enum mm_look look, bool walks)
{
	struct looks all = looks(share, REPLAY_REFERENCE_BINS, type, look, walks);
	uint32_t lean = lean_of(share, type, look, walks);

	if (bin >= REPLAY_REFERENCE_BINS)
		return mixed((struct looks){ 0 }, all, lean);
	if (look == MM_LOOK_WALK)
		return mixed(later_looks(share, bin, type, look, walks), all, lean);
	return mixed(looks(share, bin, type, look, walks), all, lean);
}

static struct looks outcome(const struct replay_reference_count *count, enum mm_look look)
{
	if (look == MM_LOOK_WALK)
		return mglru_looks(count, look);
	return (struct looks){ .nr = nr_mapped(count), .nr_young = nr(count, REPLAY_BESIDE) };
}

uint32_t replay_reference_outcome(const struct replay_reference_share *share, uint32_t bin,
                                  enum mm_lru_type type, enum mm_look look)
{
	const struct replay_reference_count *all = &share->all[type];

	if (nr(all, REPLAY_TAKEN) == 0 || bin >= REPLAY_REFERENCE_BINS)
		return UINT32_MAX;
	return mixed(outcome(&share->bins[bin][type], look), outcome(all, look), LEAN);
}

uint64_t replay_reference_begin_ns(const struct replay_reference_share *share, uint32_t bin)
{
	uint64_t span = share->last_ns - share->first_ns + 1;

	if (bin >= REPLAY_REFERENCE_BINS)
		return UINT64_MAX;
	return share->first_ns + (span / REPLAY_REFERENCE_BINS + 1) * bin;
}
