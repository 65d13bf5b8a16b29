/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One pass over the trace for all that look for something of the start in the events behind it: costs and pauses
 * of reclaim (calibrate.c), how often pages were found in use (reference_share.c), how fast files were written
 * (file_device.c), page lists (start_lists.c), the bulk allocator (start_bulk.c), pages of tmpfs (start_tmpfs.c), CMA areas (start_cma.c), kcompactd's looks, khugepaged's first.
 *
 * Whoever goes through the whole trace anyway can take it along: see run_replay.c.
 */
#include "start_survey.h"

#include <string.h>

#include "alloc.h"
#include "calibrate.h"
#include "error_set.h"
#include "ksm_cost.h"
#include "start_bulk.h"
#include "start_cma.h"
#include "start_lists.h"
#include "start_tmpfs.h"
#include "vec.h"

DEFINE_VEC(look_vec, uint64_t);

struct replay_survey {
	struct replay_start *start;
	const struct mmr_trace *trace;
	struct look_vec looks;
	struct replay_calibrate *calibrate; /* NULL: the recording lacks the events */
	struct replay_swap_meter *swap;     /* likewise */
	struct replay_lists *lists;         /* NULL: there is no snapshot */
	struct replay_bulk *bulk;           /* likewise, or there is too much memory */
	struct replay_tmpfs *tmpfs;         /* likewise */
	struct replay_ksm_cost ksm;
	struct replay_cma_extents cma;
	uint64_t nr_before; /* events before the start */
	uint64_t nr_seen;
};

static int open_calibrate(const struct mmr_trace *trace, struct replay_survey *survey,
                          struct mmr_error *err)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	struct replay_start *start = survey->start;

	if (!mmr_trace_has_event(trace, MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE))
		return 0;
	survey->calibrate = replay_calibrate_create(info->nr_cpus, info->first_ns);
	if (!survey->calibrate)
		return base_error(err, MMR_E_NOMEM, "out of memory for the costs of reclaim");
	start->reference.first_ns = info->first_ns;
	start->reference.last_ns = info->last_ns;
	start->device.span.first_ns = info->first_ns;
	start->device.span.last_ns = info->last_ns;
	start->swap_device = replay_swap_device_create(info->first_ns, info->last_ns);
	survey->swap = replay_swap_meter_create(info->nr_cpus, start->mglru);
	start->kswapd_cpus = replay_kswapd_cpus_create(info->first_ns, info->last_ns);
	if (!start->swap_device || !survey->swap || !start->kswapd_cpus)
		return base_error(err, MMR_E_NOMEM,
		                  "out of memory for the pace of the swap device");
	return 0;
}

int replay_survey_create(const struct mmr_trace *trace, struct replay_start *start,
                         uint64_t nr_before, struct replay_survey **ret, struct mmr_error *err)
{
	struct replay_survey *survey = base_calloc_err(1, sizeof(*survey), "a survey", err);
	int code;

	if (!survey)
		return MMR_E_NOMEM;
	survey->start = start;
	survey->trace = trace;
	survey->nr_before = nr_before;
	code = open_calibrate(trace, survey, err);
	if (code == 0 && start->exact)
		code = replay_lists_create(start, &survey->lists, err);
	if (code == 0 && start->exact)
		code = replay_bulk_create(start, &survey->bulk, err);
	if (code == 0 && start->exact)
		code = replay_tmpfs_create(start, &survey->tmpfs, err);
	if (code < 0) {
		replay_survey_destroy(survey);
		return code;
	}
	*ret = survey;
	return 0;
}

int replay_survey_ksm(struct replay_survey *survey, struct mmr_trace *trace, struct mmr_error *err)
{
	return replay_ksm_cost_snapshots(trace, &survey->ksm, err);
}

void replay_survey_destroy(struct replay_survey *survey)
{
	if (!survey)
		return;
	replay_calibrate_destroy(survey->calibrate);
	replay_swap_meter_destroy(survey->swap);
	replay_lists_destroy(survey->lists);
	replay_bulk_destroy(survey->bulk);
	replay_tmpfs_destroy(survey->tmpfs);
	look_vec_deinit(&survey->looks);
	base_free(survey);
}

bool replay_survey_asks(const struct replay_survey *survey)
{
	return survey->calibrate || survey->lists;
}

static int note_look(struct replay_survey *survey, const struct mmr_event *event,
                     struct mmr_error *err)
{
	if (event->compact_zone.nid != 0 || look_vec_push(&survey->looks, event->t_ns) == 0)
		return 0;
	return base_error(err, MMR_E_NOMEM, "out of memory for kcompactd's looks");
}

/* Its first look at a file is told when that is over: what it had asked for came before. */
static void note_khugepaged(struct replay_survey *survey, const struct mmr_event *event)
{
	const char *comm = mmr_trace_comm(survey->trace, event->pid);

	if (!comm || strcmp(comm, "khugepaged") != 0)
		return;
	survey->start->khugepaged_pid = event->pid;
	if (survey->start->khugepaged_ns == 0)
		survey->start->khugepaged_ns = event->t_ns;
}

/* Who asks for the events of a kind; calibrate, the lists and kswapd's CPUs see all of them. */
enum {
	FOR_REFERENCE = 1,
	FOR_FILE_DEVICE = 2,
	FOR_SWAP = 4,
	FOR_KSM = 8,
	FOR_CMA = 16,
	FOR_BULK = 32,
	FOR_TMPFS = 64,
	FOR_DAEMONS = 128,
};

static const uint8_t asked[MMR_NR_EVENT_KINDS] = {
	[MMR_EVENT_LOST] = FOR_FILE_DEVICE | FOR_SWAP,
	[MMR_EVENT_RSS_STAT] = FOR_REFERENCE,
	[MMR_EVENT_SET_MIGRATION_PTE] = FOR_REFERENCE,
	[MMR_EVENT_REMOVE_MIGRATION_PTE] = FOR_REFERENCE,
	[MMR_EVENT_MM_VMSCAN_LRU_ISOLATE] = FOR_REFERENCE | FOR_SWAP,
	[MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE] = FOR_REFERENCE | FOR_SWAP,
	[MMR_EVENT_MM_VMSCAN_WRITE_FOLIO] = FOR_REFERENCE | FOR_SWAP,
	[MMR_EVENT_WRITEBACK_DIRTY_FOLIO] = FOR_FILE_DEVICE,
	[MMR_EVENT_BALANCE_DIRTY_PAGES] = FOR_FILE_DEVICE,
	[MMR_EVENT_KSM_START_SCAN] = FOR_KSM,
	[MMR_EVENT_KSM_STOP_SCAN] = FOR_KSM,
	[MMR_EVENT_CMA_ALLOC_FINISH] = FOR_CMA,
	[MMR_EVENT_CMA_ALLOC_BUSY_RETRY] = FOR_CMA,
	[MMR_EVENT_CMA_RELEASE] = FOR_CMA,
	[MMR_EVENT_MM_PAGE_ALLOC] = FOR_BULK | FOR_TMPFS,
	[MMR_EVENT_MM_PAGE_FREE] = FOR_BULK | FOR_SWAP,
	[MMR_EVENT_MM_PAGE_PCPU_DRAIN] = FOR_BULK,
	[MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED] = FOR_BULK,
	[MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE] = FOR_TMPFS,
	[MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE] = FOR_TMPFS,
	[MMR_EVENT_MM_COMPACTION_KCOMPACTD_SLEEP] = FOR_DAEMONS,
	[MMR_EVENT_MM_KHUGEPAGED_SCAN_PMD] = FOR_DAEMONS,
	[MMR_EVENT_MM_KHUGEPAGED_SCAN_FILE] = FOR_DAEMONS,
};

static void see_reclaim(struct replay_survey *survey, const struct mmr_event *event,
                        unsigned int whom)
{
	struct replay_start *start = survey->start;

	replay_calibrate_event(survey->calibrate, event);
	replay_kswapd_cpus_event(start->kswapd_cpus, event);
	if (whom & FOR_REFERENCE)
		replay_reference_event(&start->reference, event);
	if (whom & FOR_FILE_DEVICE)
		replay_file_device_event(&start->device, event);
	if (whom & FOR_SWAP)
		replay_swap_meter_event(survey->swap, start->swap_device, event);
}

/* Also those of kcompactd that come before the start. */
static int see_daemon(struct replay_survey *survey, const struct mmr_event *event, bool started,
                      struct mmr_error *err)
{
	if (event->kind == MMR_EVENT_MM_COMPACTION_KCOMPACTD_SLEEP)
		return note_look(survey, event, err);
	if (!started)
		return 0;
	if (event->kind == MMR_EVENT_MM_KHUGEPAGED_SCAN_PMD && survey->start->khugepaged_ns == 0)
		survey->start->khugepaged_ns = event->t_ns;
	if (event->kind == MMR_EVENT_MM_KHUGEPAGED_SCAN_FILE && survey->start->khugepaged_pid == 0)
		note_khugepaged(survey, event);
	return 0;
}

int replay_survey_event(struct replay_survey *survey, const struct mmr_event *event,
                        struct mmr_error *err)
{
	const unsigned int whom = asked[event->kind];
	bool started;
	int code = 0;

	if (survey->calibrate)
		see_reclaim(survey, event, whom);
	if (whom & FOR_KSM)
		replay_ksm_cost_event(&survey->ksm, event);
	if (whom & FOR_CMA)
		replay_cma_event(&survey->cma, event);
	if (!survey->lists)
		return 0;
	started = survey->nr_seen++ >= survey->nr_before;
	if (whom & FOR_DAEMONS)
		code = see_daemon(survey, event, started, err);
	if (code < 0 || !started)
		return code;
	code = replay_lists_event(survey->lists, event, err);
	if (code == 0 && whom & FOR_BULK && survey->bulk)
		code = replay_bulk_event(survey->bulk, event, err);
	if (code == 0 && whom & FOR_TMPFS && survey->tmpfs)
		code = replay_tmpfs_event(survey->tmpfs, event, err);
	return code;
}

int replay_survey_finish(struct replay_survey *survey, struct replay_tunables *tunables,
                         struct mmr_error *err)
{
	struct replay_start *start = survey->start;

	if (survey->calibrate) {
		replay_swap_device_finish(start->swap_device);
		replay_kswapd_cpus_finish(start->kswapd_cpus);
		replay_calibrate_finish(survey->calibrate, tunables, start);
	}
	replay_ksm_cost_record(&survey->ksm, tunables);
	replay_cma_finish(&survey->cma, start);
	if (!survey->lists)
		return 0;
	start->looks = survey->looks.items;
	start->nr_looks = survey->looks.count;
	survey->looks = (struct look_vec){ 0 };
	if (survey->bulk)
		replay_bulk_take(survey->bulk, start);
	if (survey->tmpfs)
		replay_tmpfs_take(survey->tmpfs, start);
	return replay_lists_take(survey->lists, start, err);
}
