/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checking a trace file to the last byte, and making a whole one of what is left of a file that was cut
 * or damaged.
 *
 * A verification reads every frame, walks and decodes every record, and compares what it found with
 * what the frames' heads, the index and the kernel's own statistics say. Nothing of the file is trusted
 * and nothing is changed.
 */
#ifndef MMREPLAY_TRACE_CHECK_H
#define MMREPLAY_TRACE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum mmr_check_kind {
	MMR_CHECK_FRAMES,     /* every byte belongs to a frame whose checksum and head are sound */
	MMR_CHECK_ORDER,      /* no frame is missing, and times do not go back on any CPU */
	MMR_CHECK_SUBBUFFERS, /* every record can be walked, and heads count what is there */
	MMR_CHECK_RECORDS,    /* every record decodes by the format in the header */
	MMR_CHECK_INDEX,      /* the index says what the frames say */
	MMR_CHECK_SNAPSHOTS,  /* all their pieces are there */
	MMR_CHECK_ACCESSES,   /* so are those of the access samples */
	MMR_CHECK_STATISTICS, /* the kernel counted as many events as there are */
	MMR_NR_CHECKS,
};

enum mmr_check_state {
	MMR_CHECK_SOUND,
	MMR_CHECK_UNKNOWN, /* the file does not hold what would tell; text says so */
	MMR_CHECK_FINDING,
};

struct mmr_check {
	const char *name; /* "frames", "order" … */
	enum mmr_check_state state;
	uint64_t nr_findings;
	char text[200]; /* what was checked, what could not be, or the first finding */
};

struct mmr_check_finding {
	enum mmr_check_kind check;
	uint64_t offset; /* in the file; 0 if it has no place */
	char text[200];
};

/* What the kernel's statistics of one CPU say, from the recording's start to its end. */
struct mmr_check_cpu {
	uint32_t cpu;
	bool known;         /* the statistics are in the file; else only in_frames and lost are */
	uint64_t in_frames; /* events found in the file */
	uint64_t lost;      /* events that the index says were lost */
	uint64_t read;      /* events that were read from the ring buffer */
	uint64_t left;      /* events that were still in it */
	uint64_t overrun;   /* events that were overwritten, or that did not fit */
	uint64_t dropped;   /* events that a full buffer turned away */
};

struct mmr_verification;

struct mmr_verify_options {
	void (*progress)(void *data, uint64_t done, uint64_t total); /* bytes of the file */
	void *progress_data;
};

/*
 * Verifies the file at path, one file whatever it is a part of. options may be NULL. Findings are no
 * errors: errors are those of mmr_trace_open(), and MMR_E_IO and MMR_E_NOMEM in between. *ret is to be
 * freed with mmr_verification_free().
 */
MMR_API int mmr_trace_verify(const char *path, const struct mmr_verify_options *options,
                             struct mmr_verification **ret, struct mmr_error *err) MMR_MUST_CHECK;

MMR_API void mmr_verification_free(struct mmr_verification *verification);

/* Whether no check has a finding. */
MMR_API bool mmr_verification_sound(const struct mmr_verification *verification);

/* Check i < MMR_NR_CHECKS, NULL past the last. Valid until freed. */
MMR_API const struct mmr_check *mmr_verification_check(const struct mmr_verification *verification,
                                                       uint32_t i);

/* Finding i in the order of the file, NULL past the last. Of each check at most 100 are kept. */
MMR_API const struct mmr_check_finding *mmr_verification_finding(
	const struct mmr_verification *verification, uint32_t i);

/* Row i of the CPUs that have events or statistics, NULL past the last. */
MMR_API const struct mmr_check_cpu *mmr_verification_cpu(
	const struct mmr_verification *verification, uint32_t i);

/* ---- copies without names ---- */

struct mmr_anonymize_options {
	bool force; /* replace an existing output */
	void (*progress)(void *data, uint64_t done, uint64_t total); /* bytes of the input */
	void *progress_data;
};

struct mmr_anonymize_report {
	uint64_t nr_events;
	uint64_t nr_unknown; /* of them, of a kind whose fields are not known: they are empty */
	uint64_t nr_dropped; /* texts and pieces of snapshots that are left out */
};

/*
 * Copies a whole trace without names of tasks, files and cgroups and without kernel addresses: names
 * and pointers become keyed hashes, equal ones equal, with a random key that is not kept; what is not
 * known to be harmless is left out. Numbers, times, page frames and user addresses stay, and so
 * does what a replay needs. options and report may be NULL. MMR_E_EXISTS: output is there;
 * MMR_E_TRUNCATED: input is not whole; and the errors of mmr_trace_open() and the writer.
 */
MMR_API int mmr_trace_anonymize(const char *input, const char *output,
                                const struct mmr_anonymize_options *options,
                                struct mmr_anonymize_report *report,
                                struct mmr_error *err) MMR_MUST_CHECK;

/* ---- repair ---- */

struct mmr_repair_options {
	bool in_place; /* output is not used: the file takes input's name, input becomes input.old */
	bool force;    /* replace an existing output */
	void (*progress)(void *data, uint64_t done, uint64_t total); /* bytes of the input */
	void *progress_data;
};

struct mmr_repair_report {
	bool was_sound;     /* there was nothing to repair */
	uint64_t nr_frames; /* kept */
	uint64_t nr_events; /* in them */
	uint64_t nr_bad_frames;
	uint64_t nr_bad_bytes; /* of these frames, and bytes that are no frame */
	uint64_t nr_lost;      /* events known to have been in them */
	char notes[2048];      /* what is missing, a line each */
};

/*
 * Makes a whole file of one that was cut or damaged: every frame of input that can be read, as it is, with
 * a new index. Nothing readable is left out, input is never written to. What is missing goes into the
 * text "repair.notes", and the events that an index told of count as lost where they were. If the
 * file is sound, output becomes a copy of it, and in place nothing happens.
 * report may be NULL. MMR_E_BUSY: a recorder is writing to it; MMR_E_EXISTS: output is there; and the
 * errors of mmr_trace_open(): without a readable header there is nothing to repair.
 */
MMR_API int mmr_trace_repair(const char *input, const char *output,
                             const struct mmr_repair_options *options,
                             struct mmr_repair_report *report,
                             struct mmr_error *err) MMR_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
