/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two kinds of run share: the trace's place in time, the database, and samples of the free lists. */
#ifndef REPLAY_RUN_PRIVATE_H
#define REPLAY_RUN_PRIVATE_H

#include <mmreplay/run.h>

#include "mm.h"
#include "pins.h"
#include "reference_share.h"
#include "request_outcome.h"
#include "shadow.h"
#include "show_mem.h"
#include "write.h"

#define RUN_NR_ORDERS      11
#define RUN_NR_TYPES       6
#define RUN_INTERVAL_NS    UINT64_C(100000000)   /* between samples … */
#define RUN_SHORT_NS       UINT64_C(20000000000) /* … a tenth of it in traces shorter than this */
#define RUN_MAX_SAMPLES    20000                 /* … 2, 4, 8 … times that in longer ones */
#define RUN_MAX_PAGEBLOCKS 400                   /* instants of pageblock rows in one run */
#define RUN_MAX_LRU        100                   /* instants of rows about the LRU lists */
#define RUN_PROGRESS_MASK  0xffffu
#define RUN_CAUSE_DIRTY    "too many dirty pages"

/* The instants of the counters that a run's deltas are made of. */
struct run_counters {
	uint64_t begin_ns; /* absolute; both 0: there are no two snapshots */
	uint64_t end_ns;
};

/* Time of a trace: from its index, or by reading it once. */
struct run_span {
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t nr_events;
	uint64_t nr_lost;
};

/* Where a sample of the free lists comes from: the shadow or the engine. Zones as in the trace's header. */
struct run_source {
	const void *state;
	void (*blocks)(const void *state, uint32_t zone,
	               uint32_t blocks[RUN_NR_ORDERS][RUN_NR_TYPES]);
	uint32_t (*nr_pageblocks)(const void *state, uint32_t zone, uint64_t *first_pfn);
	void (*pageblocks)(const void *state, uint32_t zone, uint8_t *records);
	void (*room)(const void *state, uint32_t zone, struct mm_room *room);
	/* Watermarks, reserve and vm.extfrag_threshold. */
	void (*limits)(const void *state, uint32_t zone, struct outcome_zone *limits);
	/* The next pageblock that compaction has been at, from *pfn on: see shadow.h. */
	bool (*next_work)(const void *state, uint32_t zone, uint64_t *pfn,
	                  struct shadow_block_work *work);
	/* Whose pages pin the zone's pageblocks: replay_pins_block() for each. NULL: nobody asks. */
	void (*pins)(void *pins_state, uint32_t zone, struct pins_place *place);
	void *pins_state;
};

/* The last rows about a zone. */
struct run_last {
	uint8_t outcomes[RUN_NR_ORDERS][OUTCOME_NR_TYPES]; /* enum request_outcome + 1 */
	uint32_t pageblocks[3];                            /* free, movable, pinned */
};

/* The free blocks of a zone's migratetype, since when they are so. */
struct run_free_list {
	bool known; /* it had blocks once: until then there are no rows */
	int64_t since_ns;
	uint32_t blocks[RUN_NR_ORDERS];
};

/* Writes free_blocks and pageblock rows at even distances of trace time. */
struct run_sampler {
	struct results_db *db;
	const struct mmr_trace *trace;
	const struct run_source *source;
	uint64_t base_ns;
	uint64_t interval_ns;
	uint64_t next_ns;            /* absolute; UINT64_MAX: none */
	uint64_t pageblock_interval; /* in samples */
	uint64_t nr_samples;
	uint64_t max_samples;                        /* what the trace's length allows */
	int64_t instant_ns;                          /* of this sample, since base_ns, and … */
	int64_t before_ns;                           /* … of the one before; -1: none */
	struct run_free_list (*lists)[RUN_NR_TYPES]; /* per zone */
	uint8_t *records;                            /* of the largest zone */
	uint8_t **last;                              /* per zone: the records written last */
	struct run_last *last_rows;                  /* per zone */
	int64_t room_ns;       /* of the last rows about pageblocks, since base_ns */
	uint64_t pin_interval; /* in samples */
	/* enum request_outcome: the best of the zones at this sample. */
	uint8_t best[RUN_NR_ORDERS][OUTCOME_NR_TYPES];
};

/* ---- run_references.c ---- */

/* What the recording found in use, and what the replay did, by knowledge and by chance. */
void replay_run_put_references(struct results_db *db, const struct replay_reference_share *share,
                               const struct mm_machine *machine, const char *policy);

/* ---- run_common.c ---- */

/* Reads the index, or the whole trace where there is none; leaves it at its start. */
int replay_run_span_read(struct mmr_trace *trace, struct run_span *span, struct mmr_error *err);

/* Stores the trace's row. */
int replay_run_put_trace(struct results_db *db, struct mmr_trace *trace,
                         const struct mmr_run_options *options, const struct run_span *span,
                         struct mmr_error *err);

/* When the first and the last snapshot read /proc/vmstat. */
int replay_run_counters_find(struct mmr_trace *trace, struct run_counters *counters,
                             struct mmr_error *err);

/* node and zone rows, as the trace's header has them. */
void replay_run_put_zones(struct results_db *db, const struct mmr_trace *trace);

/* Adds a line to the report's notes; what does not fit is left out. */
void replay_run_note(struct mmr_run_report *report, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What of a trace makes it less than complete, as notes; returns whether it is complete. */
bool replay_run_is_complete(struct mmr_trace *trace, const struct run_span *span,
                            struct mmr_run_report *report);

/*
 * Where the samples of page accesses that a replay uses come from: "none", or what mmcap record --access
 * took. DAMON's regions are none: what they say of single pages is mostly wrong (tests/lab/ACCESS.md).
 */
/* Whether it has samples of page accesses. */
bool replay_run_has_accesses(const struct mmr_trace *trace);
const char *replay_run_access_source(const struct mmr_trace *trace);

/* Refuses what this recording is not fit for, unless it is forced. 0 or MMR_E_UNSUPPORTED. */
int replay_run_check_limits(const struct mmr_trace *trace, bool replay,
                            const struct mmr_run_options *options,
                            struct mmr_error *err) MMR_MUST_CHECK;

/* Refuses a trace of page requests, which has nothing to follow. 0 or MMR_E_UNSUPPORTED. */
int replay_run_check_events(const struct mmr_trace *trace, struct mmr_error *err) MMR_MUST_CHECK;

/* What the recording cannot show, as parameters of the run that was begun: "recording.filtered". */
void replay_run_put_limits(struct results_db *db, const struct mmr_trace *trace);

/* ---- run_sample.c ---- */

/* The interval that was asked for, or the one that suits the trace. */
uint64_t replay_run_interval(const struct mmr_run_options *options, const struct run_span *span);

int replay_run_sampler_init(struct run_sampler *sampler, uint64_t duration_ns,
                            struct mmr_error *err);

/* The state at t_ns (absolute). last: also what the interval would have left out. */
void replay_run_sample(struct run_sampler *sampler, uint64_t t_ns, bool last);

/* To be called before an event of t_ns: samples for all instants up to it. */
void replay_run_sample_until(struct run_sampler *sampler, uint64_t t_ns);

void replay_run_sampler_deinit(struct run_sampler *sampler);

/* ---- run_room.c ---- */

int replay_run_room_init(struct run_sampler *sampler, struct mmr_error *err);
void replay_run_room_deinit(struct run_sampler *sampler);

/* What requests would find in a zone, from its free blocks. */
void replay_run_put_outcomes(struct run_sampler *sampler, uint32_t zone, int64_t t_ns,
                             uint32_t blocks[RUN_NR_ORDERS][RUN_NR_TYPES]);

/* Before the zones of a sample, and after them: what requests would find in the best of them. */
void replay_run_begin_outcomes(struct run_sampler *sampler);
void replay_run_end_outcomes(struct run_sampler *sampler, int64_t t_ns);

/* How many of its pageblocks could be emptied, what compaction did to them, and who pins them if it is time to ask. */
void replay_run_put_room(struct run_sampler *sampler, uint32_t zone, int64_t t_ns, bool last);

/* vm.extfrag_threshold as a snapshot has it, or its default. */
int32_t replay_run_extfrag_threshold(struct mmr_trace *trace);

#endif
