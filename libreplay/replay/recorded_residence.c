/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A residence begins with the op that has a page used while it is out, or with the start, and ends when the
 * original reclaims it (DEMAND_EVICTED) or its contents go. Residences are numbered in the order of their
 * beginnings, so that a second pass finds the end of each when it begins.
 *
 * The clock: of each type, how many looks reclaim has taken at each page that was there, as a mean. Of 4096
 * equal parts of the trace's time it is the number of pages looked at (recorded_look.c), by the mean number of pages
 * in residence. Kernels whose reclaim tells no scans of a type (MGLRU of 6.1) have taken one
 * look at each page that they evicted. Of looks that keep a page on the classic lists no more count than there are pages,
 * until others are activated, taken or gone: see real_looks().
 *
 * A page that is still there at the end of its contents, or of the trace, has been found in use by every whole
 * look that was taken at it; what came after that is not known.
 *
 * Should the replay evict a page that the recording keeps, no event tells when it is used next. Such pages come back as
 * often as the recording has to bring pages back that the replay has kept (set_difference.c), whichever of them, but
 * none that the recording has looked at for the last time and found unused, before it evicts it: the last look of
 * its residence, or, where that was less than two, its second half. A page that the replay has read ahead from swap is in no
 * page table: its use is a fault there, too, and not one that the replay is spared.
 */
#include "recorded_residence.h"

#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "recorded_look.h"
#include "rng.h"
#include "set_difference.h"
#include "vec.h"

#define TICK_BITS  32
#define PART_SHIFT 20
#define NR_PARTS   (1u << (TICK_BITS - PART_SHIFT))
#define MAX_DRAWS  64u /* for one that can be in use */
#define FEW_PAGES  64u /* fewer are no list whose cycles could be counted */
#define MAX_PAGES  (UINT32_C(1) << 28)
#define KEPT       1u /* in an end: it was not reclaim that ended it */
#define NONE       UINT32_MAX
#define GUESSED    (UINT32_MAX - 1) /* none, and the uses of the one before were to be guessed */
#define TRACED     (1u << 31)       /* with a number: nothing is to be guessed of the page's uses */

DEFINE_VEC(residence_end_vec, uint32_t);
DEFINE_VEC(residence_page_vec, uint32_t);

struct part {
	uint64_t nr_looked;
	uint64_t nr_kept; /* of them, by the classic lists */
	uint64_t nr_evicted;
	uint64_t nr_ended;    /* otherwise */
	uint64_t nr_resident; /* sum over … */
	uint64_t nr_counts;   /* … so many ops */
};

struct replay_residence {
	struct residence_end_vec ends;    /* ticks, | KEPT */
	struct residence_page_vec begins; /* ticks */
	struct residence_page_vec open;   /* by page: number of its residence, or NONE */
	struct residence_page_vec tasks;  /* by page, of the second pass: that had it last */
	struct residence_page_vec dues;   /* pages that are to be used now */
	struct replay_difference difference;
	struct rng rng;
	bool timed;
	uint32_t now; /* tick */
	uint64_t first_ns;
	unsigned int tick_shift;
	uint32_t nr_residences; /* of the second pass */
	uint64_t nr_resident[MM_NR_LRU_TYPES];
	uint32_t nr_out[MM_NR_LRU_TYPES]; /* pages that are GUESSED, of the second pass */
	struct replay_recorded_look look;
	struct part parts[NR_PARTS][MM_NR_LRU_TYPES];
	uint32_t looks[MM_NR_LRU_TYPES][NR_PARTS + 1];
};

int replay_residence_create(uint64_t first_ns, uint64_t last_ns, uint64_t seed,
                            struct replay_residence **ret, struct mmr_error *err)
{
	struct replay_residence *residence =
		base_calloc_err(1, sizeof(*residence), "the residence of pages", err);

	*ret = residence;
	if (!residence)
		return MMR_E_NOMEM;
	residence->first_ns = first_ns;
	base_rng_init(&residence->rng, seed);
	while ((last_ns - first_ns) >> residence->tick_shift >= UINT32_MAX)
		residence->tick_shift++;
	return 0;
}

void replay_residence_destroy(struct replay_residence *residence)
{
	if (!residence)
		return;
	residence_end_vec_deinit(&residence->ends);
	residence_page_vec_deinit(&residence->begins);
	residence_page_vec_deinit(&residence->open);
	residence_page_vec_deinit(&residence->tasks);
	residence_page_vec_deinit(&residence->dues);
	replay_difference_destroy(&residence->difference);
	base_free(residence);
}

static uint32_t tick_of(const struct replay_residence *residence, uint64_t t_ns)
{
	uint64_t tick = t_ns > residence->first_ns ? t_ns - residence->first_ns : 0;

	tick >>= residence->tick_shift;
	return tick < UINT32_MAX ? (uint32_t)tick : UINT32_MAX;
}

static struct part *part_at(struct replay_residence *residence, uint64_t t_ns,
                            enum mm_lru_type type)
{
	return &residence->parts[tick_of(residence, t_ns) >> PART_SHIFT][type];
}

void replay_residence_event(struct replay_residence *residence, const struct mmr_event *event)
{
	struct replay_look look;
	struct part *part;

	if (!replay_recorded_look(&residence->look, event, &look))
		return;
	part = part_at(residence, event->t_ns, look.type);
	part->nr_looked += look.nr_looked + look.nr_moved;
	part->nr_kept += look.generations ? 0 : look.nr_kept;
}

/* ---- beginnings and ends ---- */

enum change { CHANGE_NONE, CHANGE_BEGIN, CHANGE_END };

static enum change change_of(const struct demand_op *op)
{
	switch (demand_role(op)) {
	case DEMAND_ROLE_TOUCH:
		return op->arg & DEMAND_SWAPPED && op->arg & DEMAND_RESIDENT ? CHANGE_NONE
		                                                             : CHANGE_BEGIN;
	case DEMAND_ROLE_COPY:
		return CHANGE_BEGIN;
	case DEMAND_ROLE_EVICTED:
	case DEMAND_ROLE_END:
		return CHANGE_END;
	case DEMAND_ROLE_USE:
	case DEMAND_ROLE_KERNEL:
	case DEMAND_ROLE_RENAME:
	case DEMAND_ROLE_OTHER:
		break;
	}
	return CHANGE_NONE;
}

static enum mm_lru_type type_of(const struct demand_op *op)
{
	return op->kind == DEMAND_FILE_TOUCH ? MM_LRU_FILE : MM_LRU_ANON;
}

/* How many base pages it is about, from its page on. */
static uint32_t base_pages(const struct demand_op *op)
{
	bool kernel = op->kind == DEMAND_FREE && !(op->arg & DEMAND_HUGE);

	return kernel ? 1 : UINT32_C(1) << op->order;
}

static int grow(struct residence_page_vec *vec, size_t want, int fill)
{
	size_t had = vec->count;

	if (residence_page_vec_reserve(vec, want) < 0)
		return MMR_E_NOMEM;
	memset(vec->items + had, fill, (want - had) * sizeof(*vec->items));
	vec->count = want;
	return 0;
}

static int reserve_pages(struct replay_residence *residence, uint32_t page, struct mmr_error *err)
{
	size_t had = residence->open.count, want = had ? had : 1024;

	if (page < had)
		return 0;
	if (page >= MAX_PAGES)
		return base_error(err, MMR_E_CORRUPT, "page %u is none of a demand", page);
	while (want <= page)
		want *= 2;
	if (grow(&residence->open, want, 0xff) < 0 || grow(&residence->tasks, want, 0) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for the residence of pages");
	return 0;
}

/* It came back with another page: nobody is known to have asked for it. */
static bool is_read_along(const struct demand_op *op)
{
	return op->kind == DEMAND_FILE_TOUCH && (op->arg & DEMAND_READAHEAD);
}

/* The lowest bit of an entry of open says, in the first pass, that it is a file's page. */
static int begin(struct replay_residence *residence, const struct demand_op *op,
                 struct mmr_error *err)
{
	uint32_t *open = &residence->open.items[op->page];
	uint32_t tick = tick_of(residence, op->t_ns);

	if (*open != NONE)
		return 0;
	if (residence->ends.count >= UINT32_MAX / 4)
		return base_error(err, MMR_E_LIMIT, "the demand has too many residences");
	*open = (uint32_t)residence->ends.count << 1 | (type_of(op) == MM_LRU_FILE);
	residence->nr_resident[type_of(op)]++;
	if (residence_end_vec_push(&residence->ends, UINT32_MAX) < 0 ||
	    residence_page_vec_push(&residence->begins, tick) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for the residence of pages");
	return 0;
}

static void end(struct replay_residence *residence, const struct demand_op *op)
{
	uint32_t *open = &residence->open.items[op->page];
	enum mm_lru_type type = *open != NONE && *open & 1 ? MM_LRU_FILE : MM_LRU_ANON;
	uint32_t tick = tick_of(residence, op->t_ns);
	bool evicted = op->kind == DEMAND_EVICTED;

	if (*open == NONE)
		return;
	residence->ends.items[*open >> 1] = evicted ? tick & ~KEPT : tick | KEPT;
	residence->nr_resident[type]--;
	*open = NONE;
	if (evicted)
		part_at(residence, op->t_ns, type)->nr_evicted++;
	else
		part_at(residence, op->t_ns, type)->nr_ended++;
}

static int follow_op(struct replay_residence *residence, struct demand_op op, struct mmr_error *err)
{
	uint32_t nr = base_pages(&op);
	int rc = reserve_pages(residence, op.page + nr - 1, err);

	for (uint32_t i = 0; rc == 0 && i < nr; i++, op.page++) {
		if (change_of(&op) == CHANGE_BEGIN)
			rc = begin(residence, &op, err);
		else
			end(residence, &op);
	}
	return rc;
}

int replay_residence_ops(struct replay_residence *residence, const struct demand_op *ops,
                         size_t nr_ops, struct mmr_error *err)
{
	for (size_t i = 0; i < nr_ops; i++) {
		int rc;

		if (change_of(&ops[i]) == CHANGE_NONE || ops[i].page == DEMAND_NO_PAGE)
			continue;
		rc = follow_op(residence, ops[i], err);
		if (rc < 0)
			return rc;
		for (uint32_t type = 0; type < MM_NR_LRU_TYPES; type++) {
			struct part *part = part_at(residence, ops[i].t_ns, type);

			part->nr_resident += residence->nr_resident[type];
			part->nr_counts++;
		}
	}
	return 0;
}

/* ---- the clock ---- */

static uint64_t less_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * Looks of a part. *waiting: pages that were kept in use and not met since. Their next look activates or takes them, so that
 * there are no more of them than pages: what is kept beyond that was kept for another reason, and nobody learnt anything of it.
 */
static uint64_t real_looks(const struct part *part, uint64_t resident, uint64_t *waiting)
{
	uint64_t others = part->nr_looked - part->nr_kept, beyond;

	*waiting -= less_of(*waiting, others);
	*waiting -= *waiting * less_of(part->nr_ended, resident) / resident;
	*waiting += part->nr_kept;
	beyond = *waiting - less_of(*waiting, resident);
	*waiting -= beyond;
	return part->nr_looked - less_of(beyond, part->nr_kept);
}

static void wind_clock(struct replay_residence *residence, enum mm_lru_type type)
{
	uint32_t *looks = residence->looks[type];
	uint64_t nr_looked = 0, resident = FEW_PAGES, waiting = 0;

	for (uint32_t i = 0; i < NR_PARTS; i++)
		nr_looked += residence->parts[i][type].nr_looked;
	residence->timed |= nr_looked > 0;
	/* Looks begin at 1: an end at 0 is none. */
	looks[0] = 1;
	for (uint32_t i = 0; i < NR_PARTS; i++) {
		const struct part *part = &residence->parts[i][type];
		uint64_t nr = part->nr_evicted;

		if (part->nr_counts)
			resident = part->nr_resident / part->nr_counts;
		resident = resident > FEW_PAGES ? resident : FEW_PAGES;
		if (nr_looked > 0)
			nr = real_looks(part, resident, &waiting);
		nr = (nr << MM_LOOK_SHIFT) / resident;
		looks[i + 1] =
			nr < UINT32_MAX / 2 - looks[i] ? looks[i] + (uint32_t)nr : UINT32_MAX / 2;
	}
}

static uint32_t looks_at(const struct replay_residence *residence, enum mm_lru_type type,
                         uint32_t tick)
{
	uint32_t part = tick >> PART_SHIFT;
	uint64_t in_part = tick & ((1u << PART_SHIFT) - 1);
	uint32_t from = residence->looks[type][part], to = residence->looks[type][part + 1];

	return from + (uint32_t)((to - from) * in_part >> PART_SHIFT);
}

/* The first tick between begin and end at which so many looks have been taken. */
static uint32_t tick_at(const struct replay_residence *residence, enum mm_lru_type type,
                        uint32_t looks, uint32_t begin, uint32_t end)
{
	while (begin < end) {
		uint32_t middle = begin + (end - begin) / 2;

		if (looks_at(residence, type, middle) < looks)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin;
}

bool replay_residence_is_timed(const struct replay_residence *residence)
{
	return residence->timed;
}

int replay_residence_seal(struct replay_residence *residence, struct mmr_error *err)
{
	for (uint32_t type = 0; type < MM_NR_LRU_TYPES; type++)
		wind_clock(residence, type);
	for (size_t i = 0; i < residence->open.count; i++)
		residence->open.items[i] = NONE;
	if (replay_difference_reserve(&residence->difference, (uint32_t)residence->open.count) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for the residence of pages");
	return 0;
}

/* ---- the second pass ---- */

void replay_residence_advance(struct replay_residence *residence, struct mm_machine *machine,
                              uint64_t t_ns)
{
	uint32_t tick = tick_of(residence, t_ns);
	const uint32_t looks[MM_NR_LRU_TYPES] = {
		[MM_LRU_ANON] = looks_at(residence, MM_LRU_ANON, tick),
		[MM_LRU_FILE] = looks_at(residence, MM_LRU_FILE, tick),
	};

	residence->now = tick;
	mm_residence_clock(machine, looks);
}

bool replay_residence_due(struct replay_residence *residence, uint32_t *page, uint32_t *task)
{
	struct residence_page_vec *dues = &residence->dues;

	if (dues->count == 0)
		return false;
	*page = dues->items[--dues->count];
	*task = residence->tasks.items[*page];
	return true;
}

/* From when on the recording knows that the page was not used. */
static uint32_t unused_from(const struct replay_residence *residence, uint32_t number,
                            enum mm_lru_type type)
{
	uint32_t end = residence->ends.items[number], begin = residence->begins.items[number];
	uint32_t looks = looks_at(residence, type, end), since = looks_at(residence, type, begin);

	if (end & KEPT)
		return UINT32_MAX;
	if (looks - since < 2u << MM_LOOK_SHIFT)
		return begin + (end - begin) / 2;
	return tick_at(residence, type, looks - (1u << MM_LOOK_SHIFT), begin, end);
}

void replay_residence_evicted(struct replay_residence *residence, uint32_t page, bool file)
{
	enum mm_lru_type type = file ? MM_LRU_FILE : MM_LRU_ANON;

	if (page >= residence->difference.places.count)
		return;
	/* Out in the recording, too (NONE); or nothing is to be guessed. Without memory it does not come back, that is all. */
	if (residence->open.items[page] & TRACED ||
	    replay_difference_recorded(&residence->difference, page, type) < 0)
		replay_difference_forget(&residence->difference, page);
}

void replay_residence_returned(struct replay_residence *residence, const struct mm_machine *machine,
                               uint32_t page)
{
	if (page >= residence->difference.places.count)
		return;
	if (residence->open.items[page] == GUESSED)
		replay_difference_replayed(&residence->difference, page,
		                           mm_lpage_lru_type(machine, page));
	else
		replay_difference_forget(&residence->difference, page);
}

/* Uses of what only the recording has, when it had one back of what it had taken; or only it had taken that. */
static void pay(struct replay_residence *residence, const struct mm_machine *machine,
                enum mm_lru_type type, bool spared)
{
	struct replay_difference *difference = &residence->difference;
	uint32_t page;

	replay_difference_back(difference, type, residence->nr_out[type]);
	if (spared)
		replay_difference_saved(difference, type);
	for (uint32_t i = 0; i < MAX_DRAWS && replay_difference_owes(difference, type); i++) {
		if (!replay_difference_draw(difference, type, &residence->rng, &page))
			break;
		if (mm_lpage_is_present(machine, page)) {
			replay_difference_forget(difference, page);
		} else if (residence->now <
		           unused_from(residence, residence->open.items[page], type)) {
			if (residence_page_vec_push(&residence->dues, page) < 0)
				break;
			replay_difference_pay(difference, type, page);
		}
	}
	replay_difference_forgive(difference, type);
}

/*
 * Reads have events, or, before 6.10, those that matter to reclaim: of page tables nothing is told. What a fault on
 * another page brought in (it has its file) is in one as soon as it is used.
 */
static bool is_known(const struct demand_op *op)
{
	if (op->kind == DEMAND_SHMEM_TOUCH)
		return !(op->arg & (DEMAND_MAPPED | DEMAND_FAULTED | DEMAND_RESIDENT));
	return op->kind == DEMAND_FILE_TOUCH && !(op->arg & DEMAND_MAPPED) &&
	       (op->arg >> DEMAND_FILE_SHIFT == 0 || op->arg & DEMAND_RESIDENT);
}

/* Of a page that stays, no look but whole ones, and no use after the last. */
static uint32_t until_of(const struct replay_residence *residence, uint32_t number,
                         enum mm_lru_type type)
{
	uint32_t end = residence->ends.items[number];
	uint32_t looks = looks_at(residence, type, end);
	uint32_t since = looks_at(residence, type, residence->begins.items[number]);

	if (end & KEPT)
		looks = since + ((looks - since) & ~((1u << MM_LOOK_SHIFT) - 1)) +
		        (1u << MM_LOOK_SHIFT);
	return looks;
}

static void play_end(struct replay_residence *residence, struct mm_machine *machine,
                     const struct demand_op *op)
{
	uint32_t *open = &residence->open.items[op->page];
	bool guessed = !(*open & TRACED);
	enum mm_lru_type type = mm_lpage_lru_type(machine, op->page);

	if (*open == GUESSED)
		residence->nr_out[type]--;
	else if (op->kind == DEMAND_EVICTED && guessed)
		residence->nr_out[type]++;
	*open = op->kind == DEMAND_EVICTED && guessed ? GUESSED : NONE;
	mm_residence_end(machine, op->page);
	if (op->kind == DEMAND_EVICTED && guessed && mm_lpage_is_present(machine, op->page))
		replay_difference_replayed(&residence->difference, op->page, type);
	else
		replay_difference_forget(&residence->difference, op->page);
}

static void play_begin(struct replay_residence *residence, struct mm_machine *machine,
                       const struct demand_op *op)
{
	struct replay_difference *difference = &residence->difference;
	uint32_t *open = &residence->open.items[op->page];
	bool was_out = *open == GUESSED;

	*open = residence->nr_residences++;
	if (is_known(op))
		*open |= TRACED;
	else
		mm_residence_begin(machine, op->page, type_of(op) == MM_LRU_FILE,
		                   until_of(residence, *open, type_of(op)));
	/* No event tells which base pages of a larger one are used. */
	if (op->order > 0)
		*open |= TRACED;
	if (was_out && !is_read_along(op))
		pay(residence, machine, type_of(op),
		    replay_difference_is_replayed(difference, op->page) &&
		            mm_lpage_is_present(machine, op->page) &&
		            !mm_lpage_is_read_ahead(machine, op->page));
	if (was_out)
		residence->nr_out[type_of(op)]--;
	replay_difference_forget(difference, op->page);
}

/* Of a page that the recording has; the replay will have it, too, if somebody waits for it. */
static void play_use(struct replay_residence *residence, const struct mm_machine *machine,
                     const struct demand_op *op, uint32_t page)
{
	bool waits = !(op->arg & (DEMAND_AROUND | DEMAND_READAHEAD));

	if (waits && !mm_lpage_is_present(machine, page))
		replay_difference_told(&residence->difference, page);
}

static void play_op(struct replay_residence *residence, struct mm_machine *machine,
                    const struct demand_op *op)
{
	if (op->page >= residence->open.count)
		return;
	if (change_of(op) == CHANGE_END) {
		play_end(residence, machine, op);
		return;
	}
	residence->tasks.items[op->page] = op->task;
	if (residence->open.items[op->page] < GUESSED)
		play_use(residence, machine, op, op->page);
	else if (residence->nr_residences < residence->ends.count)
		play_begin(residence, machine, op);
	if (op->kind == DEMAND_COW && op->arg2 < residence->open.count)
		play_use(residence, machine, op, (uint32_t)op->arg2);
}

void replay_residence_op(struct replay_residence *residence, struct mm_machine *machine,
                         const struct demand_op *op)
{
	struct demand_op base = *op;

	if (change_of(op) == CHANGE_NONE || op->page == DEMAND_NO_PAGE)
		return;
	for (uint32_t i = 0; i < base_pages(op); i++, base.page++)
		play_op(residence, machine, &base);
}
