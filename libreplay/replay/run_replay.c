/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mmr_run_replay(): which policy, whether the options make sense, and what goes before: the original, if the
 * database does not have it.
 */
#include <stdio.h>
#include <string.h>

#include <mmreplay/run.h>

#include "alloc.h"
#include "error_set.h"
#include "free_run.h"
#include "recorded_policy.h"
#include "replay.h"
#include "run_private.h"
#include "run_runs.h"
#include "start_survey.h"

/* The original, and in the same pass over the events what the replay begins with. */
static int run_original(struct mmr_trace *trace, struct results_db *db,
                        const struct mmr_run_options *options, struct free_run_start **ret,
                        struct mmr_error *err)
{
	struct free_run_start *start = base_calloc_err(1, sizeof(*start), "a replay", err);
	struct replay_survey *survey = NULL;
	struct mmr_run_report report = { 0 };
	int code;

	if (!start)
		return MMR_E_NOMEM;
	replay_tunables_init(&start->tunables);
	code = replay_start_open(trace, &start->start, &start->tunables, &survey, err);
	if (code == 0)
		code = replay_run_original(trace, db, options, survey, &start->wants_curves,
		                           &report, err);
	mmr_run_report_deinit(&report);
	if (code == 0)
		code = replay_start_close(trace, &start->start, &start->tunables, survey, err);
	replay_survey_destroy(survey);
	if (code < 0) {
		replay_start_deinit(&start->start);
		base_free(start);
		return code;
	}
	*ret = start;
	return 0;
}

/* The original goes first, if the database does not have it: a replay is read against it. */
static int original_first(struct mmr_trace *trace, struct results_db *db,
                          const struct mmr_run_options *options, struct free_run_start **ret,
                          struct mmr_error *err)
{
	struct mmr_run_options original = *options;
	struct run_span span;
	bool has_original;
	int code;

	code = replay_run_span_read(trace, &span, err);
	if (code == 0)
		code = replay_run_put_trace(db, trace, options, &span, err);
	if (code == 0)
		code = results_has_run(db, "original", NULL, &has_original, err);
	if (code < 0 || has_original)
		return code;
	original.label = NULL;
	original.verify = false;
	original.nr_dumps = 0;
	return run_original(trace, db, &original, ret, err);
}

static bool wants_recorded_policy(const struct mmr_run_options *options)
{
	return !options->policy || strcmp(options->policy, REPLAY_POLICY_ORIGINAL) == 0;
}

/* Wrong names are told before anything is read. */
static int check_options(const struct mmr_run_options *options, struct mmr_error *err)
{
	struct replay_tunables tunables;
	const char *name;

	replay_tunables_init(&tunables);
	for (size_t i = 0; i < options->nr_settings; i++) {
		int code = replay_tunable_set(&tunables, options->settings[i], err);

		if (code < 0)
			return code;
	}
	if (wants_recorded_policy(options))
		return 0;
	for (unsigned int i = 0; (name = replay_policy_name(i)); i++)
		if (strcmp(name, options->policy) == 0)
			return 0;
	return base_error(err, MMR_E_NOTFOUND, "there is no policy %.64s (see --list-policies)",
	                  options->policy);
}

/* Fills in the policy that the trace itself names, if none was chosen; it runs like one that was. */
static int choose_policy(struct mmr_trace *trace, const struct mmr_run_options *options,
                         struct replay_recorded_policy *policy, struct mmr_error *err)
{
	int code;

	if (!wants_recorded_policy(options)) {
		*policy = (struct replay_recorded_policy){ .name = options->policy, .why = "set" };
		return 0;
	}
	code = replay_recorded_policy(trace, policy, err);
	if (code == 0 && policy->missing[0])
		snprintf(policy->why, sizeof(policy->why), "in place of %s, which is not there",
		         policy->missing);
	return code;
}

static int check_output(struct mmr_trace *trace, const struct mmr_run_options *options,
                        struct mmr_error *err)
{
	if (mmr_trace_info(trace)->has_requests && options->nr_dumps > 0)
		return base_error(err, MMR_E_UNSUPPORTED,
		                  "page requests are no machine: there is nothing to dump");
	if (!options->db_path && options->nr_dumps == 0)
		return base_error(err, MMR_E_INVALID, "a replay needs a database");
	return 0;
}

int mmr_run_replay(struct mmr_trace *trace, const struct mmr_run_options *options,
                   struct mmr_run_report *report, struct mmr_error *err)
{
	struct mmr_run_options chosen = *options;
	struct replay_recorded_policy policy;
	struct free_run_start *start = NULL;
	struct results_db *db = NULL;
	int code;

	*report = (struct mmr_run_report){ 0 };
	code = check_options(options, err);
	if (code == 0 && mmr_trace_info(trace)->has_requests && wants_recorded_policy(options))
		code = base_error(
			err, MMR_E_INVALID,
			"page requests were recorded under no policy: give one (--policy)");
	if (code == 0)
		code = choose_policy(trace, options, &policy, err);
	if (code < 0)
		return code;
	chosen.policy = policy.name;
	code = check_output(trace, options, err);
	if (code == 0)
		code = replay_run_check_limits(trace, true, options, err);
	if (code < 0)
		return code;
	if (options->db_path)
		code = results_open(options->db_path, &db, err);
	if (code == 0 && mmr_trace_info(trace)->has_requests) {
		code = replay_run_requests(trace, db, options, report, err);
	} else if (code == 0) {
		if (db)
			code = original_first(trace, db, options, &start, err);
		if (code == 0)
			code = replay_free_run(trace, db, &chosen, &policy, start, report, err);
		if (start)
			replay_start_deinit(&start->start);
		base_free(start);
	}
	if (code == 0 && db)
		code = results_commit(db, err);
	results_close(db);
	return code;
}
