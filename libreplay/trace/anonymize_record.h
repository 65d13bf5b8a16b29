/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which bytes of an event's record stay, by event id: made once, then used by any thread. */
#ifndef TRACE_ANONYMIZE_RECORD_H
#define TRACE_ANONYMIZE_RECORD_H

#include "anonymize.h"
#include "decode.h"

struct anon_op {
	uint8_t code; /* enum in anonymize_record.c */
	uint32_t offset;
	uint32_t size;
};

struct anon_record {
	uint32_t first_op;
	uint32_t nr_ops;
	bool known; /* there is a format that is understood */
};

struct anon_records {
	struct anon_key key;
	struct anon_record *records; /* by event id */
	uint32_t nr_records;
	struct anon_op *ops;
	uint32_t nr_ops;
};

/* After the formats, which must be loaded and are not needed any more. 0 or MMR_E_NOMEM. */
int trace_anon_records_init(struct anon_records *records, const struct anon_key *key,
                            const struct trace_formats *formats) MMR_MUST_CHECK;
void trace_anon_records_deinit(struct anon_records *records);

/*
 * Changes the records of a sub-buffer in place. scratch has room for size bytes. Returns the number of
 * events of no known kind, of which nothing but task and time is left.
 */
uint32_t trace_anon_page(const struct anon_records *records, uint8_t *page, size_t size,
                         uint8_t *scratch);

#endif
