/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace_output.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "failure.h"
#include "numbered.h"
#include "privilege.h"
#include "recording.h"

struct order {
	struct recording *recording;
	struct mmr_writer_options options;
};

static int create(void *data, struct mmr_error *err)
{
	struct order *order = data;
	struct recording *r = order->recording;

	if (strcmp(r->options->output, "-") == 0)
		return mmr_writer_create_stream(STDOUT_FILENO, "stdout", &order->options,
		                                &r->writer, err);
	if (order->options.rotate)
		numbered_set_aside(r->options->output);
	return mmr_writer_create(r->path, &order->options, &r->writer, err);
}

int trace_output_create(struct recording *r, const struct mmr_writer_options *options,
                        struct mmr_error *err)
{
	const struct flight_options *flight = &r->options->flight;
	struct order order = { .recording = r, .options = *options };

	order.options.anonymize = r->options->anonymize;
	order.options.ring_bytes = flight->ring_bytes;
	order.options.ring_ns = flight->ring_ns;
	order.options.rotate = flight->rotate_bytes > 0 || flight->rotate_ns > 0;
	if (strlen(r->options->output) >= sizeof(r->path))
		return failure(err, MMR_E_LIMIT, "%.80s...: the name is too long",
		               r->options->output);
	snprintf(r->path, sizeof(r->path), "%s", r->options->output);
	if (order.options.rotate) {
		int ret = numbered_name(r->path, r->options->output, 1, err);

		if (ret < 0)
			return ret;
	}
	return privilege_call(create, &order, err);
}
