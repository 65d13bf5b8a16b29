/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmreplay --dump: what was asked for, and where it goes. */
#ifndef ANALYZE_DUMP_OUTPUT_H
#define ANALYZE_DUMP_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <mmreplay/run.h>

struct dump_output {
	const char *tool;
	const char *directory; /* NULL: to stdout */
	bool overwrite;
	struct mmr_dump_request *requests;
	char **names; /* "buddyinfo@2s", as the user wrote it; one a request */
	size_t nr;
	size_t nr_printed;
};

/* "buddyinfo,vmstat@2s": a callback of options.h, data is the struct. 0, or -1 after a message. */
int dump_output_add(const char *value, void *data);

/* Makes the directory and looks whether files are in the way. 0, or -1 after a message. */
int dump_output_prepare(const struct dump_output *output);

/* A callback of struct mmr_run_options; data is the struct. */
bool dump_output_write(void *data, const struct mmr_dump *dump);

void dump_output_deinit(struct dump_output *output);

#endif
