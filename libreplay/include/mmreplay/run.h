/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running a trace: the original as the kernel went through it, or its demand under another policy,
 * into a results database (mmreplay-db(5)).
 *
 *	mmr_trace_open()
 *	mmr_run_original()     shadow, stalls, counters
 *	mmr_run_replay()       the engine, under a policy
 *	mmr_run_report_deinit()
 *
 * A run is written as a whole or not at all. The same trace, options and seed give the same rows.
 */
#ifndef MMREPLAY_RUN_H
#define MMREPLAY_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>
#include <mmreplay/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MMR_DUMP_END UINT64_MAX

/* A look at the simulated machine, or at the shadow, at an instant. */
struct mmr_dump_request {
	const char *view; /* a name of mmr_view_name() */
	uint64_t t_ns;    /* since the trace's first event; MMR_DUMP_END: when it is over */
};

/* What was seen, as the kernel's file of that name would say it. */
struct mmr_dump {
	size_t request; /* its number in mmr_run_options.dumps */
	const char *view;
	uint64_t t_ns;    /* since the trace's first event */
	const char *text; /* ended by a null byte; valid until the callback returns */
	size_t size;
};

struct mmr_run_options {
	/*
	 * SQLite file; created if it is not there. NULL: write nothing, and with dumps end after the last
	 * of them.
	 */
	const char *db_path;
	const char *trace_path; /* as the user named the trace; only stored */
	const char *label;      /* NULL: "original", or the policy with its settings */
	/* Of a replay: a name of mmr_policy_name(), or "original" or NULL for the recorded kernel's own. */
	const char *policy;
	const char *const *settings; /* "vm.swappiness=10", as mmr_tunable() names them */
	size_t nr_settings;
	uint64_t seed;
	/*
	 * Between buddy, frag and pageblock rows, in trace time. 0: 100 ms; 10 ms in traces shorter than
	 * 20 s; longer in those of more than an hour.
	 */
	uint64_t interval_ns;
	bool force;  /* also with a recording that can show only a part of it (mmr_trace_limit()) */
	bool verify; /* of the original: compare the shadow with the kernel's own words */
	const struct mmr_dump_request *dumps;
	size_t nr_dumps;
	/* Called for each, in order of their times; false ends the run with MMR_E_IO. */
	bool (*dump)(void *data, const struct mmr_dump *dump);
	void *dump_data;
	/*
	 * Called now and then with the number of events done; may be NULL. Returning false ends the
	 * run with MMR_E_BUSY, and nothing is written.
	 */
	bool (*progress)(void *data, uint64_t nr_events);
	void *progress_data;
};

/* A comparison of the shadow with a snapshot of the kernel's. */
struct mmr_run_check {
	int64_t t_ns;     /* since the trace's first event */
	const char *what; /* "buddyinfo", "buddyinfo.end", "kpageflags", "cause" */
	char zone[16];    /* "" for kpageflags of the whole machine */
	int32_t node;
	int32_t page_order; /* of a buddyinfo row, else -1 */
	uint32_t snapshot;  /* its number in the trace */
	uint64_t kernel;    /* blocks; pages compared; pages that disagree by this cause */
	uint64_t shadow;    /* blocks; pages that agree; 0 */
	const char *cause;  /* of a "cause" row, else ""; static */
	bool good;          /* within what the shadow promises */
};

struct mmr_run_report {
	int64_t run_id; /* 0 without a database */
	uint64_t nr_events;
	uint64_t nr_lost;
	uint64_t nr_reclaim_episodes;
	uint64_t nr_compaction_episodes;
	uint64_t nr_oom;  /* of a replay: allocations that found no memory at all */
	bool complete;    /* nothing lost, damaged, cut off or filtered */
	bool damaged;     /* the file is cut off or parts of it cannot be read */
	bool shadow;      /* the free lists could be followed */
	char policy[96];  /* of a replay: its name, and why that one: "mglru (recorded: …)" */
	char notes[1024]; /* lines: what this recording cannot answer, and why; "" if nothing */
	/* Of a trace of page requests; cache_pages is 0 otherwise. */
	uint64_t nr_requests;
	uint64_t nr_hits;
	uint64_t cache_pages;
	bool exact; /* a bare cache of exactly cache_pages, not a machine with so much memory */
	struct mmr_run_check *checks; /* of --verify, in time order */
	size_t nr_checks;
};

/*
 * Writes the original: counters of its snapshots, stalls of its events, free lists of its shadow.
 * The trace is read from its start. A trace without a full snapshot gives no free lists, and the
 * report's notes say so; with options->verify that is an error (MMR_E_NOTFOUND, MMR_E_UNSUPPORTED).
 * A filtered one is MMR_E_UNSUPPORTED without options->force. options->dumps: MMR_E_NOTFOUND: no such view;
 * MMR_E_UNSUPPORTED: not of this run or of this trace; MMR_E_INVALID: at an instant outside of it.
 */
MMR_API int mmr_run_original(struct mmr_trace *trace, const struct mmr_run_options *options,
                             struct mmr_run_report *report, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Writes a replay, and before it the original if the database does not have it yet (report is the
 * replay's). MMR_E_NOTFOUND: no such policy or tunable; MMR_E_INVALID: a value is out of range;
 * MMR_E_UNSUPPORTED: the recording is filtered or from a ring, and options->force is not set. Dumps as above.
 *
 * A trace of page requests (trace_requests.h) has no original and needs the setting "memory". Under a policy
 * that is nothing but an order of pages it is replayed in a cache of exactly so many pages; under one that
 * is made of the kernel's reclaim, as file reads on a machine with that memory and no swap.
 */
MMR_API int mmr_run_replay(struct mmr_trace *trace, const struct mmr_run_options *options,
                           struct mmr_run_report *report, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Name of view i; NULL past the last. "buddyinfo", "pagetypeinfo", "extfrag_index" and "unusable_index" are
 * to be had of both runs; "zoneinfo", "vmstat", "meminfo", "lru_gen", "lru_gen_full" of a replay. Which lines there are is taken from the
 * trace's own snapshots; what the machine does not know is 0.
 */
MMR_API const char *mmr_view_name(unsigned int i);

/* Frees what a run put into its report. */
MMR_API void mmr_run_report_deinit(struct mmr_run_report *report);

/* What became of the events when the demand was read from them: one row a cause. */
struct mmr_explain_row {
	const char *section; /* "allocations", "frees", …; static, as is text */
	const char *text;
	uint64_t count;
};

struct mmr_explanation {
	uint64_t nr_events;
	uint64_t nr_lost;
	uint64_t pages_at_most; /* logical pages alive at the same time */
	struct mmr_explain_row *rows;
	size_t nr_rows;
};

/* Reads the whole trace from its start. Free the result with mmr_explanation_deinit(). */
MMR_API int mmr_explain(struct mmr_trace *trace, const struct mmr_run_options *options,
                        struct mmr_explanation *ret, struct mmr_error *err) MMR_MUST_CHECK;
MMR_API void mmr_explanation_deinit(struct mmr_explanation *explanation);

/* Name and one-line summary of policy i; NULL past the last. */
MMR_API const char *mmr_policy_name(unsigned int i);
MMR_API const char *mmr_policy_summary(unsigned int i);

/* A setting of the simulated machine. Texts are static; ranges and default are texts with units. */
struct mmr_tunable {
	const char *name;
	const char *unit;
	const char *help;
	char value[32]; /* default */
	char min[32];
	char max[32];
};

/* Tunable i; false past the last. */
MMR_API bool mmr_tunable(unsigned int i, struct mmr_tunable *ret);

#ifdef __cplusplus
}
#endif
#endif
