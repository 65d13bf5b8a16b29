/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the events of a trace were taken for, without running anything. */
#include <string.h>

#include <mmreplay/run.h>

#include "alloc.h"
#include "error_set.h"
#include "run_private.h"
#include "run_runs.h"
#include "workload.h"

static int feed(struct mmr_trace *trace, const struct mmr_run_options *options, struct wl *wl,
                struct mmr_error *err)
{
	struct mmr_event event;
	struct run_access access = { 0 };
	uint64_t nr_events = 0;
	int more, code = 0;

	while ((more = mmr_trace_next(trace, &event, err)) > 0) {
		if ((nr_events & 255) == 0)
			code = replay_run_next_access(trace, wl, event.t_ns, &access, err);
		if (code == 0)
			code = wl_event(wl, &event, err);
		if (code < 0)
			return code;
		if ((++nr_events & 4095) == 0) {
			size_t nr_ops;

			wl_ops(wl, &nr_ops);
			wl_consume(wl, nr_ops);
		}
		if ((nr_events & RUN_PROGRESS_MASK) == 0 && options->progress &&
		    !options->progress(options->progress_data, nr_events))
			return base_error(err, MMR_E_BUSY, "interrupted");
	}
	return more < 0 ? more : wl_finish(wl, err);
}

int mmr_explain(struct mmr_trace *trace, const struct mmr_run_options *options,
                struct mmr_explanation *ret, struct mmr_error *err)
{
	const struct wl_explanation *explanation;
	struct mmr_explain_row *rows;
	struct wl *wl = NULL;
	int code;

	code = replay_run_check_events(trace, err);
	if (code == 0)
		code = mmr_trace_rewind(trace, err);
	if (code == 0)
		code = wl_create(trace, &wl, err);
	if (code == 0)
		code = feed(trace, options, wl, err);
	rows = code == 0 ? base_calloc_err(WL_NR_CAUSES, sizeof(*rows), "the explanation", err)
	                 : NULL;
	if (!rows) {
		wl_destroy(wl);
		return code < 0 ? code : MMR_E_NOMEM;
	}
	explanation = wl_explain(wl);
	for (unsigned int i = 0; i < WL_NR_CAUSES; i++)
		rows[i] = (struct mmr_explain_row){ .section = wl_section_text(wl_cause_section(i)),
			                            .text = wl_cause_text(i),
			                            .count = explanation->counts[i] };
	*ret = (struct mmr_explanation){ .nr_events = explanation->nr_events,
		                         .nr_lost = explanation->nr_lost,
		                         .pages_at_most = explanation->pages_at_most,
		                         .rows = rows,
		                         .nr_rows = WL_NR_CAUSES };
	wl_destroy(wl);
	return 0;
}

void mmr_explanation_deinit(struct mmr_explanation *explanation)
{
	base_free(explanation->rows);
	explanation->rows = NULL;
	explanation->nr_rows = 0;
}
