/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The miss-ratio curves of a recording as rows of its original, where they say something: when pages that were evicted
 * were wanted back. Unless a replay goes through the demand anyway, that takes another pass, so long recordings have them from
 * mmanalyze curve alone.
 */
#include <string.h>

#include <mmreplay/curve.h>

#include "error_set.h"
#include "run_private.h"
#include "run_runs.h"
#include "write.h"

#define MAX_EVENTS UINT64_C(4000000)
#define NR_ROWS    200 /* of a curve */

static const char *const names[MMR_NR_CURVES] = {
	[MMR_CURVE_ANON] = "anon",
	[MMR_CURVE_FILE] = "file",
	[MMR_CURVE_ALL] = "both",
};

static void put_curve(struct results_db *db, const struct mmr_curve *curve, const char *name,
                      uint64_t kernel_pages)
{
	const struct results_memory_use row = {
		.memory = name,
		.uses = (int64_t)(curve->nr_first + curve->nr_reuses),
		.first_uses = (int64_t)curve->nr_first,
		.pages_at_most = (int64_t)curve->pages_at_most,
		.known_from = (int64_t)curve->known_from,
		.only_faults = curve->by_evictions,
		.kernel_pages = (int64_t)kernel_pages,
	};
	uint64_t last = mmr_curve_pages(curve, 0), step = last / NR_ROWS + 1;
	int64_t before = -1;

	results_put_memory_use(db, &row);
	for (uint64_t pages = 0; pages < last + step; pages += step) {
		uint64_t at = pages < last ? pages : last;
		int64_t refaults = (int64_t)(mmr_curve_refaults(curve, at) + 0.5);

		if (refaults != before)
			results_put_miss_curve(db, name, (int64_t)at, refaults);
		before = refaults;
	}
}

bool replay_run_may_put_curves(const struct mmr_trace *trace)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);

	return info->indexed && info->nr_events <= MAX_EVENTS;
}

struct mmr_curve_options replay_run_curve_options(const struct mmr_run_options *options)
{
	return (struct mmr_curve_options){ .progress = options->progress,
		                           .progress_data = options->progress_data };
}

void replay_run_put_curves(struct results_db *db, const struct mmr_curves *curves)
{
	for (unsigned int i = 0; i < MMR_NR_CURVES; i++)
		put_curve(db, mmr_curves_get(curves, i), names[i],
		          mmr_curves_info(curves)->kernel_pages);
}

int replay_run_read_curves(struct results_db *db, struct mmr_trace *trace,
                           const struct replay_start *start, bool folios,
                           const struct mmr_run_options *options, struct mmr_error *err)
{
	const struct mmr_curve_options curve_options = replay_run_curve_options(options);
	struct mmr_curves *curves;
	struct mmr_error why = { 0 };
	int code = start ? replay_curves_read(trace, start, folios, &curve_options, &curves, &why)
	                 : mmr_curves_read(trace, &curve_options, &curves, &why);

	if (code == MMR_E_NOMEM || code == MMR_E_BUSY)
		return base_error(err, code, "%s", why.text);
	/* No curves of a recording that has no replay either. */
	if (code < 0)
		return 0;
	replay_run_put_curves(db, curves);
	mmr_curves_free(curves);
	return 0;
}
