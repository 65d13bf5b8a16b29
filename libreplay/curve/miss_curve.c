// SPDX-License-Identifier: LGPL-2.1-or-later
#include "miss_curve.h"

#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "stack_distance.h"
#include "vec.h"

/* Of a page number. */
#define LIVE    1 /* in the stack */
#define EVICTED 2 /* of its lower level */
#define USED    4 /* a use of it is a reuse */
#define BEFORE  8 /* its first use is not its first */

#define MIN_BUCKETS 65536u /* of estimated depths, before they are merged */

DEFINE_VEC(curve_point_vec, struct mmr_curve_point);

/* How many uses came at which depth. */
struct histogram {
	double *counts; /* bucket i: depths in (i * unit, (i + 1) * unit] */
	uint32_t nr;    /* buckets */
	uint32_t max;   /* 0: any number */
	uint64_t unit;  /* pages, a power of 2 */
	double sum;
};

struct curve {
	struct curve_options options;
	struct curve_stack far;
	struct curve_stack near; /* only where pages may be sampled */
	bool has_near;
	uint8_t *states;
	uint32_t nr_states;
	/* Of all pages, followed or not. */
	uint64_t nr_there[CURVE_NR_LEVELS]; /* pages and holes */
	uint64_t nr_holes[CURVE_NR_LEVELS];
	struct histogram near_depths;
	struct histogram far_depths;
	struct curve_point_vec points;
	struct mmr_curve result;
};

static int no_memory(struct mmr_error *err, int code)
{
	return code == MMR_E_LIMIT ? base_error(err, code, "a curve of 2^30 pages or more")
	                           : base_error(err, code, "no memory for a miss-ratio curve");
}

/* ---- depths ---- */

static int reserve_bucket(struct histogram *histogram, uint64_t bucket)
{
	void *counts = histogram->counts;
	uint64_t want = histogram->nr ? histogram->nr : 1024;

	while (want <= bucket)
		want *= 2;
	if (want > UINT32_MAX / 2)
		return MMR_E_LIMIT;
	if (base_grow(&counts, histogram->nr, (size_t)want, sizeof(*histogram->counts), 0) < 0)
		return MMR_E_NOMEM;
	histogram->counts = counts;
	histogram->nr = (uint32_t)want;
	return 0;
}

static void merge_buckets(struct histogram *histogram)
{
	for (size_t i = 0; i < histogram->nr / 2; i++)
		histogram->counts[i] = histogram->counts[2 * i] + histogram->counts[2 * i + 1];
	memset(histogram->counts + histogram->nr / 2, 0,
	       histogram->nr / 2 * sizeof(*histogram->counts));
	histogram->unit *= 2;
}

static int count_depth(struct histogram *histogram, uint64_t depth, double weight)
{
	uint64_t bucket = (depth - 1) / histogram->unit;
	int code = 0;

	while (histogram->max && bucket >= histogram->max) {
		merge_buckets(histogram);
		bucket = (depth - 1) / histogram->unit;
	}
	if (bucket >= histogram->nr)
		code = reserve_bucket(histogram, bucket);
	if (code < 0)
		return code;
	histogram->counts[bucket] += weight;
	histogram->sum += weight;
	return 0;
}

static double rate_of(const struct curve *curve)
{
	return curve->far.threshold == UINT32_MAX ? 1 : curve->far.threshold / 0x1p32;
}

/* Of so many followed pages and holes above, how many pages and holes there are above in truth. */
static double scale(const struct curve *curve, const uint32_t followed[CURVE_NR_LEVELS],
                    const struct curve_depth *depth)
{
	uint32_t others = followed[depth->level] - 1;
	uint64_t there = curve->nr_there[depth->level];

	if (curve->far.threshold == UINT32_MAX || others == 0 || there == 0)
		return depth->above;
	return depth->above * ((double)(there - 1) / others);
}

static int count_reuse(struct curve *curve, const uint32_t followed[CURVE_NR_LEVELS],
                       const struct curve_depth *depth, uint64_t nr_near)
{
	double above = scale(curve, followed, depth);
	uint64_t pages = (uint64_t)(above + 0.5) + 1;

	if (depth->level == CURVE_EVICTED)
		pages += curve->nr_there[CURVE_IN_MEMORY];
	/* It is none of the uppermost. */
	if (pages <= nr_near)
		pages = nr_near + 1;
	return count_depth(&curve->far_depths, pages, 1 / rate_of(curve));
}

/* ---- uses ---- */

static int reserve(struct curve *curve, uint32_t page)
{
	void *states = curve->states;
	size_t want = curve->nr_states ? curve->nr_states : 4096;
	int code = 0;

	if (page < curve->nr_states)
		return 0;
	if (page >= CURVE_MAX_PAGE)
		return MMR_E_LIMIT;
	while (want <= page)
		want *= 2;
	code = curve_stack_reserve(&curve->far, (uint32_t)want);
	if (code == 0 && curve->has_near)
		code = curve_stack_reserve(&curve->near, (uint32_t)want);
	if (code == 0)
		code = base_grow(&states, curve->nr_states, want, sizeof(*curve->states), 0);
	if (code < 0)
		return code;
	curve->states = states;
	curve->nr_states = (uint32_t)want;
	return 0;
}

/* What curve_stack_use() does to the numbers of pages and holes, if all were followed. */
static void account(struct curve *curve, uint8_t state)
{
	uint64_t *there = curve->nr_there, *holes = curve->nr_holes;
	uint64_t pages;

	if ((state & LIVE) && !(state & EVICTED))
		return;
	if (holes[CURVE_IN_MEMORY] > 0) {
		holes[CURVE_IN_MEMORY]--;
		holes[CURVE_EVICTED] += (state & EVICTED) != 0;
	} else {
		there[CURVE_IN_MEMORY]++;
		if (state & EVICTED) {
			there[CURVE_EVICTED]--;
		} else if (holes[CURVE_EVICTED] > 0) {
			holes[CURVE_EVICTED]--;
			there[CURVE_EVICTED]--;
		}
	}
	pages = there[0] + there[1] - holes[0] - holes[1];
	if (pages > curve->result.pages_at_most)
		curve->result.pages_at_most = pages;
	if (curve->options.by_evictions && there[CURVE_IN_MEMORY] > curve->result.known_from)
		curve->result.known_from = there[CURVE_IN_MEMORY];
}

/* Follows fewer pages, until there are no more than shall be. */
static int thin(struct curve *curve)
{
	struct curve_stack *far = &curve->far;
	int code = 0;

	while (code == 0 && curve->options.rate <= 0 &&
	       curve_stack_followed(far, 0) + curve_stack_followed(far, 1) >
	               curve->options.max_followed)
		code = curve_stack_thin(far, far->threshold / 8 * 7);
	return code;
}

/* To the top; counted: as a reuse of known depth. */
static int move_up(struct curve *curve, uint32_t page, bool counted)
{
	uint8_t state = curve->states[page];
	const uint32_t followed[] = { curve_stack_followed(&curve->far, 0),
		                      curve_stack_followed(&curve->far, 1) };
	struct curve_depth depth = { .found = false };
	uint64_t nr_near = 0;
	bool near = false;
	int code = 0;

	if (curve->has_near) {
		nr_near = curve_stack_followed(&curve->near, CURVE_IN_MEMORY);
		code = curve_stack_use(&curve->near, page, &depth);
		near = depth.found;
		if (code == 0 && counted && near)
			code = count_depth(&curve->near_depths, depth.above + 1, 1);
	}
	if (code == 0 && curve_stack_follows(&curve->far, page)) {
		code = curve_stack_use(&curve->far, page, &depth);
		if (code == 0 && counted && !near && depth.found)
			code = count_reuse(curve, followed, &depth, nr_near);
	}
	account(curve, state);
	curve->states[page] = (uint8_t)((state | LIVE) & ~EVICTED);
	return code < 0 ? code : thin(curve);
}

int curve_use(struct curve *curve, uint32_t page, struct mmr_error *err)
{
	struct mmr_curve *result = &curve->result;
	int code = reserve(curve, page);
	bool counted = false;
	uint8_t state;

	if (code < 0)
		return no_memory(err, code);
	state = curve->states[page];
	result->nr_uses++;
	if (state & USED) {
		result->nr_reuses++;
		counted = true;
	} else if (state & BEFORE) {
		result->nr_unknown++;
	} else {
		result->nr_first++;
	}
	curve->states[page] |= USED;
	code = move_up(curve, page, counted);
	return code < 0 ? no_memory(err, code) : 0;
}

int curve_enter(struct curve *curve, uint32_t page, bool before, struct mmr_error *err)
{
	int code = reserve(curve, page);

	if (code < 0)
		return no_memory(err, code);
	if (before)
		curve->states[page] |= BEFORE;
	/* Otherwise memory has what was used, and nothing else. */
	if (curve->options.by_evictions)
		code = move_up(curve, page, false);
	return code < 0 ? no_memory(err, code) : 0;
}

int curve_free(struct curve *curve, uint32_t page, struct mmr_error *err)
{
	uint8_t state;
	int code = 0;

	if (page >= curve->nr_states)
		return 0;
	state = curve->states[page];
	curve->states[page] = 0;
	if (!(state & LIVE))
		return 0;
	curve->nr_holes[state & EVICTED ? CURVE_EVICTED : CURVE_IN_MEMORY]++;
	if (curve->has_near)
		code = curve_stack_free(&curve->near, page);
	if (code == 0)
		code = curve_stack_free(&curve->far, page);
	return code < 0 ? no_memory(err, code) : 0;
}

int curve_evict(struct curve *curve, uint32_t page, struct mmr_error *err)
{
	int code;

	if (!curve->options.by_evictions || page >= curve->nr_states ||
	    (curve->states[page] & (LIVE | EVICTED)) != LIVE)
		return 0;
	curve->states[page] |= EVICTED;
	curve->nr_there[CURVE_IN_MEMORY]--;
	curve->nr_there[CURVE_EVICTED]++;
	if (curve->has_near)
		curve_stack_drop(&curve->near, page);
	code = curve_stack_evict(&curve->far, page);
	return code < 0 ? no_memory(err, code) : 0;
}

int curve_rename(struct curve *curve, uint32_t page, uint32_t from, struct mmr_error *err)
{
	int code = reserve(curve, page > from ? page : from);

	if (code == 0)
		code = curve_free(curve, page, err);
	if (code < 0)
		return no_memory(err, code);
	curve->states[page] = curve->states[from];
	curve->states[from] = 0;
	if (curve->has_near)
		curve_stack_rename(&curve->near, page, from);
	curve_stack_rename(&curve->far, page, from);
	return 0;
}

/* ---- the curve ---- */

struct depths {
	const struct histogram *histogram;
	double weight;
	uint32_t i; /* the next bucket with uses; histogram->nr: none */
};

static void skip_empty(struct depths *depths)
{
	while (depths->i < depths->histogram->nr && depths->histogram->counts[depths->i] <= 0)
		depths->i++;
}

static uint64_t end_of(const struct depths *depths)
{
	const struct histogram *histogram = depths->histogram;

	return depths->i < histogram->nr ? (depths->i + 1) * histogram->unit : UINT64_MAX;
}

/* The depths of both histograms, from the lowest on, become points; what is left then. */
static int add_points(struct curve *curve, struct depths depths[2], double *refaults)
{
	skip_empty(&depths[0]);
	skip_empty(&depths[1]);
	while (end_of(&depths[0]) != UINT64_MAX || end_of(&depths[1]) != UINT64_MAX) {
		struct depths *next = &depths[end_of(&depths[1]) < end_of(&depths[0])];
		struct mmr_curve_point point = { .pages = end_of(next) };

		*refaults -= next->histogram->counts[next->i++] * next->weight;
		skip_empty(next);
		if (end_of(&depths[0]) == point.pages || end_of(&depths[1]) == point.pages)
			continue;
		point.refaults = *refaults > 0.5 ? *refaults : 0;
		if (curve_point_vec_push(&curve->points, point) < 0)
			return MMR_E_NOMEM;
	}
	return 0;
}

int curve_finish(struct curve *curve, struct mmr_error *err)
{
	struct mmr_curve *result = &curve->result;
	double refaults = (double)result->nr_reuses;
	struct depths depths[] = { { &curve->near_depths, 1, 0 }, { &curve->far_depths, 1, 0 } };
	int code;

	result->rate = rate_of(curve);
	result->by_evictions = curve->options.by_evictions;
	/* As many are deeper as were not found near; of how deep they are the followed ones are a sample. */
	if (result->rate < 1 && curve->far_depths.sum > 0)
		depths[1].weight = (refaults - curve->near_depths.sum) / curve->far_depths.sum;
	code = curve_point_vec_push(&curve->points, (struct mmr_curve_point){ 0, refaults });
	if (code == 0)
		code = add_points(curve, depths, &refaults);
	if (code == 0 && refaults > 0.5)
		code = curve_point_vec_push(&curve->points,
		                            (struct mmr_curve_point){ result->pages_at_most, 0 });
	result->points = curve->points.items;
	result->nr_points = curve->points.count;
	return code < 0 ? no_memory(err, code) : 0;
}

const struct mmr_curve *curve_result(const struct curve *curve)
{
	return &curve->result;
}

double mmr_curve_refaults(const struct mmr_curve *curve, uint64_t pages)
{
	size_t low = 0, high = curve->nr_points;

	while (low + 1 < high) {
		size_t middle = low + (high - low) / 2;

		if (curve->points[middle].pages <= pages)
			low = middle;
		else
			high = middle;
	}
	return curve->nr_points ? curve->points[low].refaults : 0;
}

uint64_t mmr_curve_pages(const struct mmr_curve *curve, double refaults)
{
	size_t low = 0, high = curve->nr_points;

	/* The first point that is low enough. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (curve->points[middle].refaults <= refaults)
			high = middle;
		else
			low = middle + 1;
	}
	if (low < curve->nr_points)
		return curve->points[low].pages;
	return refaults < 0 ? UINT64_MAX : 0;
}

/* ---- life ---- */

int curve_create(const struct curve_options *options, struct curve **ret, struct mmr_error *err)
{
	bool exact = options->rate >= 1;
	struct curve *curve;
	int code;

	if (!(options->rate >= 0 && options->rate <= 1) ||
	    (options->rate > 0 && options->rate * 0x1p32 < 1) ||
	    (options->rate <= 0 &&
	     (options->max_followed == 0 || options->max_followed > CURVE_MAX_PAGE)))
		return base_error(err, MMR_E_INVALID, "%g is no rate of sampling: above 0, up to 1",
		                  options->rate);
	curve = base_calloc_err(1, sizeof(*curve), "a curve", err);
	if (!curve)
		return MMR_E_NOMEM;
	curve->options = *options;
	curve->has_near = !exact;
	curve->near_depths.unit = 1;
	curve->far_depths.unit = 1;
	if (!exact)
		curve->far_depths.max = options->max_followed > MIN_BUCKETS / 2
		                                ? 2 * options->max_followed
		                                : MIN_BUCKETS;
	code = curve_stack_init(&curve->far, UINT32_MAX);
	if (code == 0 && curve->has_near)
		code = curve_stack_init(&curve->near, CURVE_NEAR);
	if (code < 0) {
		curve_destroy(curve);
		return no_memory(err, code);
	}
	if (options->rate > 0 && !exact)
		curve->far.threshold = (uint32_t)(options->rate * 0x1p32);
	*ret = curve;
	return 0;
}

void curve_destroy(struct curve *curve)
{
	if (!curve)
		return;
	curve_stack_deinit(&curve->far);
	curve_stack_deinit(&curve->near);
	base_free(curve->states);
	base_free(curve->near_depths.counts);
	base_free(curve->far_depths.counts);
	curve_point_vec_deinit(&curve->points);
	base_free(curve);
}
