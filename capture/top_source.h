/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where `mmcap top` gets what it shows: /proc, and an instance of tracefs with few and rare events.
 * Where tracefs may not be used /proc alone has to do, and top_source.problem says why.
 */
#ifndef TOP_SOURCE_H
#define TOP_SOURCE_H

#include "event_set.h"
#include "janitor.h"
#include "options.h"
#include "top_model.h"
#include "tracing.h"

enum { TOP_VMSTAT, TOP_ZONEINFO, TOP_BUDDYINFO, TOP_PRESSURE, TOP_MEMINFO, TOP_NR_FILES };

struct mmr_decoder;

struct top_source {
	int files[TOP_NR_FILES]; /* -1: this kernel has none */
	char *text;
	size_t capacity;

	struct tracing tracing; /* without an instance: no events */
	struct janitor janitor;
	struct event_set events;
	struct mmr_decoder *decoder;
	int *pipes; /* of each CPU, -1: none */
	uint8_t *subbuf;
	struct mmr_event *pending; /* read, but later than what other CPUs may still hold */
	size_t nr_pending;
	uint64_t names_ns; /* when the kernel's list of names was read */
	char *names;
	char problem[256]; /* why there are no events; "": there are */
};

/*
 * Opens it and prepares the model. items are those of -e, added to the default events. Only a wrong -e or no /proc is an
 * error. Call it while the process has one thread; close it in any case.
 */
int top_source_open(struct top_source *source, const struct option_list *items,
                    struct top_model *model, struct mmr_error *err) MMR_MUST_CHECK;

/* The events until now go to the model. How full the fullest CPU's buffer was, in percent. */
unsigned int top_source_drain(struct top_source *source, struct top_model *model);

/* Reads /proc; the result goes to the model. */
int top_source_read(struct top_source *source, struct top_model *model,
                    struct mmr_error *err) MMR_MUST_CHECK;

void top_source_close(struct top_source *source);

#endif
