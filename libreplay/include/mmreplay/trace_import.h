/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace-cmd's files (trace.dat, versions 6 and 7) to trace files and back; public traces of page requests
 * to trace files.
 *
 * The ring-buffer data is taken over as it is, sub-buffer by sub-buffer, so that no event is changed,
 * lost or re-timed on the way. trace.dat has no snapshots and no access samples; both can be added
 * from files (see mmr_import_options).
 */
#ifndef MMREPLAY_TRACE_IMPORT_H
#define MMREPLAY_TRACE_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mmr_import_options {
	/*
	 * Folders with the /proc and /sys files read at the start and at the end of the recording, or
	 * NULL. When each file, and each 64 KiB of kpageflags, was read is taken from the events of
	 * the `cat` processes that read them, where the recording has them.
	 */
	const char *before;
	const char *after;
	/*
	 * Samples of the idle page tracking bitmap, or NULL: records of u64 CLOCK_MONOTONIC ns, u64
	 * size in bytes, then the bitmap. The trace's clock must be mono.
	 */
	const char *idle;
	/* The instance whose events are taken; NULL: the first that has any. */
	const char *instance;
	int level;  /* zstd level, 0 = 3 */
	bool force; /* replace an existing output */
	/* Called now and then with the bytes of ring-buffer data done and in all; may be NULL. */
	void (*progress)(void *data, uint64_t done, uint64_t total);
	void *progress_data;
};

struct mmr_import_report {
	uint64_t nr_events;
	uint64_t nr_lost;
	uint64_t raw_bytes;
	uint64_t file_bytes;
	uint32_t nr_snapshots;
	uint32_t nr_access_samples;
	uint64_t nr_bad_chunks; /* compressed pieces of the input that could not be read */
	bool truncated;         /* the input ends before its data does */
	char notes[1024];       /* lines about what was missing or guessed; "" if nothing was */
};

/*
 * Makes the trace file output from the trace.dat input. report may be NULL. A file that ends early
 * or has damaged pieces gives what is readable, and the report says so. MMR_E_FORMAT: not a trace.dat;
 * MMR_E_UNSUPPORTED: big endian, 32 bit, a clock that does not count ns, or a compression that this
 * build lacks; MMR_E_CORRUPT, MMR_E_TRUNCATED: its header cannot be read; MMR_E_EXISTS.
 */
MMR_API int mmr_import_tracedat(const char *input, const char *output,
                                const struct mmr_import_options *options,
                                struct mmr_import_report *report,
                                struct mmr_error *err) MMR_MUST_CHECK;

/* What an import of page requests found. */
struct mmr_request_import_report {
	uint64_t nr_requests;
	uint64_t nr_pages;   /* different objects; each counts as one page */
	uint64_t nr_early;   /* requests with an earlier time than the one before */
	uint64_t nr_sized;   /* requests with another size than the first one */
	uint64_t file_bytes; /* of the output */
	bool truncated;      /* the input ends within a record, or cannot be unpacked to its end */
	char notes[1024];    /* lines; "" if there is nothing to say */
};

/*
 * Makes a trace of page requests (trace_requests.h) of a trace in libCacheSim's format oracleGeneral, which
 * may be packed with zstd. Of options, level, force and progress count (in bytes of the input). report may
 * be NULL. A file that ends early gives what is readable, and the report says so. MMR_E_FORMAT: no record;
 * MMR_E_LIMIT: more than 2^28 objects; MMR_E_INVALID: not a regular file; MMR_E_EXISTS.
 */
MMR_API int mmr_import_oracle_general(const char *input, const char *output,
                                      const struct mmr_import_options *options,
                                      struct mmr_request_import_report *report,
                                      struct mmr_error *err) MMR_MUST_CHECK;

struct mmr_export_options {
	bool force; /* replace an existing output */
	void (*progress)(void *data, uint64_t done, uint64_t total);
	void *progress_data;
};

/*
 * Makes a trace.dat (version 6, which every trace-cmd and KernelShark reads) of the trace file input.
 * Snapshots and access samples have no place in it and are left out. Damaged frames are left out
 * too: *nr_bad_frames (may be NULL) says how many.
 */
MMR_API int mmr_export_tracedat(const char *input, const char *output,
                                const struct mmr_export_options *options, uint64_t *nr_bad_frames,
                                struct mmr_error *err) MMR_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
