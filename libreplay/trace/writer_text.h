/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Named texts that wait for the header or the trailer. */
#ifndef TRACE_WRITER_TEXT_H
#define TRACE_WRITER_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>

#include "vec.h"

struct writer_text {
	char *name;
	uint8_t *data;
	size_t size;
};

DEFINE_VEC(writer_texts, struct writer_text);

/* Adds a copy. A name may be there once. */
int trace_texts_add(struct writer_texts *texts, const char *name, const void *data, size_t size,
                    struct mmr_error *err) MMR_MUST_CHECK;
/* Adds a number, unless the name is there. */
int trace_texts_number(struct writer_texts *texts, const char *name, uint64_t value,
                       struct mmr_error *err) MMR_MUST_CHECK;
const struct writer_text *trace_texts_find(const struct writer_texts *texts, const char *name);
/* Forgets all of them; the vector can be used again. */
void trace_texts_deinit(struct writer_texts *texts);

#endif
