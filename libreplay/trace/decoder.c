/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One sub-buffer after the other, without a file: subbuf.c walks it, the plans of format.c decode it. */
#include <mmreplay/trace_decode.h>

#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "decode.h"
#include "error_set.h"
#include "subbuf.h"
#include "vec.h"

DEFINE_VEC(decoder_texts, char *);

struct mmr_decoder {
	struct trace_formats formats;
	struct decoder_texts texts; /* the formats point into them */
	struct trace_subbuf walk;
	uint16_t cpu;
	bool tell_lost;
};

int mmr_decoder_create(const char *header_page, struct mmr_decoder **ret, struct mmr_error *err)
{
	struct mmr_decoder *decoder;
	int code = trace_subbuf_check_layout(header_page, NULL, err);

	if (code < 0)
		return code;
	decoder = base_calloc_err(1, sizeof(*decoder), "a decoder", err);
	if (!decoder)
		return MMR_E_NOMEM;
	memset(decoder->formats.wanted, 0xff, sizeof(decoder->formats.wanted));
	*ret = decoder;
	return 0;
}

void mmr_decoder_destroy(struct mmr_decoder *decoder)
{
	if (!decoder)
		return;
	trace_formats_deinit(&decoder->formats);
	for (size_t i = 0; i < decoder->texts.count; i++)
		base_free(decoder->texts.items[i]);
	decoder_texts_deinit(&decoder->texts);
	base_free(decoder);
}

int mmr_decoder_format(struct mmr_decoder *decoder, const char *system, const char *name,
                       const char *text, size_t size, struct mmr_error *err)
{
	char path[192];
	char *copy;

	if (decoder->formats.loaded)
		return base_error(err, MMR_E_INVALID, "the decoder is in use already");
	snprintf(path, sizeof(path), "events/%s/%s/format", system, name);
	copy = base_strndup(text, size);
	if (!copy || decoder_texts_push(&decoder->texts, copy) < 0) {
		base_free(copy);
		return base_error(err, MMR_E_NOMEM, "out of memory for a format");
	}
	if (trace_formats_add(&decoder->formats, path, copy, size) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for a format");
	return 0;
}

int mmr_decoder_begin(struct mmr_decoder *decoder, uint16_t cpu, const void *subbuf, size_t size,
                      struct mmr_error *err)
{
	uint32_t nr_bad;

	if (!decoder->formats.loaded && trace_formats_load(&decoder->formats, &nr_bad) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for the formats");
	trace_subbuf_init(&decoder->walk, subbuf, size);
	decoder->cpu = cpu;
	decoder->tell_lost = decoder->walk.missed;
	return 0;
}

bool mmr_decoder_next(struct mmr_decoder *decoder, struct mmr_event *event)
{
	struct trace_subbuf *walk = &decoder->walk;
	const uint8_t *data;
	uint32_t size;

	if (decoder->tell_lost) {
		decoder->tell_lost = false;
		*event = (struct mmr_event){ .t_ns = walk->t_ns,
			                     .cpu = decoder->cpu,
			                     .kind = MMR_EVENT_LOST,
			                     .lost.nr_events = walk->nr_missed };
		return true;
	}
	while (trace_subbuf_next(walk, &data, &size)) {
		const struct trace_plan *plan =
			trace_plan_of(&decoder->formats, trace_record_id(data));

		event->t_ns = walk->t_ns;
		event->cpu = decoder->cpu;
		if (trace_decode(plan, data, size, event))
			return true;
	}
	return false;
}
