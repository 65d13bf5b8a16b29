/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One process whose pages are watched by userfaultfd write-protection: a few of its pages are armed, the
 * next write to one of them is a fault that comes here, is noted, and let go.
 */
#ifndef WATCH_TARGET_H
#define WATCH_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <mmreplay/trace.h>

#define WATCH_MAX_AREAS 256u
#define WATCH_MAX_PAGES 64u /* armed at a time */

struct watch_area {
	uint64_t start;
	uint64_t end;
};

struct watch_target {
	pid_t pid;
	int fd; /* its userfaultfd; -1: this place is free */
	int pagemap_fd;
	uint64_t looked_ns; /* at its areas */
	struct watch_area areas[WATCH_MAX_AREAS];
	unsigned int nr_areas;
	uint64_t nr_pages; /* in them */
	struct mmr_access_use armed[WATCH_MAX_PAGES];
	unsigned int nr_armed;
};

/* Takes fd over. */
void watch_target_init(struct watch_target *target, pid_t pid, int fd);
void watch_target_deinit(struct watch_target *target);

/* Looks for anonymous memory of the process that is not registered yet. */
void watch_target_look(struct watch_target *target);

/*
 * Arms up to nr pages, chosen at random by *seed among those in memory; kpageflags_fd tells which are
 * parts of huge pages: these are left alone, since arming would split their mapping.
 */
void watch_target_arm(struct watch_target *target, unsigned int nr, uint64_t *seed,
                      int kpageflags_fd);

/* A use for each fault that has come in; what had been watched since is given to use(). */
typedef void watch_use(void *data, const struct mmr_access_use *use);
void watch_target_faults(struct watch_target *target, watch_use *use, void *data);

/* Ends all watches: those whose page is still there and was not written are uses that did not happen. */
void watch_target_disarm(struct watch_target *target, watch_use *use, void *data);

/* Whether a line of /proc/PID/maps is memory that can be watched: private, anonymous, writable. */
bool watch_area_parse(const char *line, struct watch_area *area);

#endif
