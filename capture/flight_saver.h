/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread that writes the flight recorder's files while recording goes on. It has the rights of the
 * user, and is there from the beginning, so that a trigger finds nothing to set up.
 */
#ifndef FLIGHT_SAVER_H
#define FLIGHT_SAVER_H

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/trace_writer.h>

#include "cpu_reader.h"

/* One file. */
struct flight_save {
	char path[PATH_MAX]; /* "": the next number; filled in */
	uint64_t since_ns;   /* nothing that ended before; 0: all that is there */
	uint64_t trigger_ns;

	int ret;
	struct mmr_error error;
	uint64_t took_ns; /* from the trigger on */
	uint64_t bytes;
	uint64_t nr_events;
	uint64_t first_ns;
	uint64_t last_ns;
};

struct flight_saver {
	/* For the caller to set. */
	struct mmr_writer *writer;
	struct cpu_readers *readers;
	const char *output; /* the name that gets numbers */
	unsigned int max_files;

	pthread_t thread;
	bool running;
	bool quit;
	int go_fd;   /* eventfd: save is to be written, or the end */
	int done_fd; /* eventfd to poll: it was */
	unsigned int last_number;
	struct flight_save *save;
};

int flight_saver_start(struct flight_saver *saver, struct mmr_error *err) MMR_MUST_CHECK;

/* One at a time, which stays the saver's until flight_saver_finished(). */
void flight_saver_write(struct flight_saver *saver, struct flight_save *save);

/* Whether it is written; wait: until it is. */
bool flight_saver_finished(struct flight_saver *saver, bool wait);

void flight_saver_stop(struct flight_saver *saver);

#endif
