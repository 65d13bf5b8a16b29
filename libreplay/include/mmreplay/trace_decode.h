/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decoding sub-buffers of the kernel's ring buffer that are in no trace file: for programs that look at
 * events while they come. A trace file has a reader of its own (trace.h).
 *
 *	mmr_decoder_create()
 *	mmr_decoder_format() ...       each event that was enabled
 *	mmr_decoder_begin()            a sub-buffer as trace_pipe_raw gives it
 *	mmr_decoder_next() ...         its events in the order in which the CPU wrote them
 *
 * Nothing is allocated after the first mmr_decoder_begin(). One thread at a time.
 */
#ifndef MMREPLAY_TRACE_DECODE_H
#define MMREPLAY_TRACE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>
#include <mmreplay/event.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mmr_decoder;

/*
 * header_page is the text of events/header_page in tracefs. MMR_E_UNSUPPORTED: the ring buffer of a
 * 32-bit kernel; MMR_E_NOMEM. Free with mmr_decoder_destroy().
 */
MMR_API int mmr_decoder_create(const char *header_page, struct mmr_decoder **ret,
                               struct mmr_error *err) MMR_MUST_CHECK;

/* NULL is fine. */
MMR_API void mmr_decoder_destroy(struct mmr_decoder *decoder);

/*
 * Adds an event by the text of events/SYSTEM/NAME/format (copied). One whose text makes no sense, or
 * which events.def does not name, decodes as MMR_EVENT_OTHER. MMR_E_INVALID after the first
 * mmr_decoder_begin(); MMR_E_NOMEM.
 */
MMR_API int mmr_decoder_format(struct mmr_decoder *decoder, const char *system, const char *name,
                               const char *text, size_t size, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Starts with the sub-buffer of size bytes that cpu wrote; it must stay until its events were taken.
 * MMR_E_NOMEM.
 */
MMR_API int mmr_decoder_begin(struct mmr_decoder *decoder, uint16_t cpu, const void *subbuf,
                              size_t size, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * The next event. false: there is none left, or the rest of the sub-buffer makes no sense. If the
 * kernel overwrote events before this sub-buffer the first is MMR_EVENT_LOST, with their number or 0
 * if that is unknown. Records that are too short for their format are left out.
 */
MMR_API bool mmr_decoder_next(struct mmr_decoder *decoder, struct mmr_event *event);

#ifdef __cplusplus
}
#endif
#endif
