/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look costs one read for each file that a condition needs, 50 us for vmstat: at four a second a
 * five-thousandth of a CPU.
 */
#include "watch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"

#define ROOM (64u << 10) /* for a file; vmstat has about 6 KiB */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Opens a file and gets its room; a kernel without it, or without memory for it, has none. */
static void open_source(struct watch *w, enum condition_source source)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s", condition_file(source));
	w->fds[source] = open(path, O_RDONLY | O_CLOEXEC);
	if (w->fds[source] >= 0)
		w->texts[source] = calloc(1, ROOM);
}

static void close_source(struct watch *w, enum condition_source source)
{
	if (w->fds[source] >= 0)
		close(w->fds[source]);
	free(w->texts[source]);
	w->fds[source] = -1;
	w->texts[source] = NULL;
}

static const char *read_source(struct watch *w, enum condition_source source)
{
	char *text = w->texts[source];
	size_t used = 0;
	ssize_t got;

	if (!text)
		return NULL;
	do {
		got = pread(w->fds[source], text + used, ROOM - 1 - used, (off_t)used);
		used += got > 0 ? (size_t)got : 0;
	} while (got > 0 && used < ROOM - 1);
	text[used] = '\0';
	return used > 0 ? text : NULL; /* pressure without psi=1 opens and cannot be read */
}

static void read_all(struct watch *w, struct condition_reading *now)
{
	*now = (struct condition_reading){ .ns = now_ns() };
	for (unsigned int s = 0; s < CONDITION_NR_SOURCES; s++)
		now->text[s] = read_source(w, s);
}

int watch_init(struct watch *w, const struct option_list *on, uint64_t interval_ns,
               struct mmr_error *err)
{
	struct condition_reading now;
	bool needed[CONDITION_NR_SOURCES] = { false };
	int ret = 0;

	*w = (struct watch){ .conditions = calloc(on->count + 1, sizeof(struct condition *)) };
	for (unsigned int s = 0; s < CONDITION_NR_SOURCES; s++)
		open_source(w, s);
	if (!w->conditions)
		return failure(err, MMR_E_NOMEM, "out of memory for conditions");
	read_all(w, &now);
	for (size_t i = 0; i < on->count && ret == 0; i++) {
		ret = condition_parse(&w->conditions[i], on->items[i], interval_ns, &now, err);
		w->count += ret == 0;
	}
	for (size_t i = 0; i < w->count; i++) {
		condition_update(w->conditions[i], &now);
		for (unsigned int s = 0; s < CONDITION_NR_SOURCES; s++)
			needed[s] |= condition_reads(w->conditions[i], s);
	}
	for (unsigned int s = 0; s < CONDITION_NR_SOURCES; s++)
		if (!needed[s])
			close_source(w, s);
	return ret;
}

void watch_deinit(struct watch *w)
{
	if (!w->conditions)
		return;
	for (size_t i = 0; i < w->count; i++)
		condition_free(w->conditions[i]);
	free(w->conditions);
	for (unsigned int s = 0; s < CONDITION_NR_SOURCES; s++)
		close_source(w, s);
	*w = (struct watch){ 0 };
}

const struct condition *watch_look(struct watch *w)
{
	const struct condition *met = NULL;
	struct condition_reading now;

	read_all(w, &now);
	for (size_t i = 0; i < w->count; i++)
		if (condition_update(w->conditions[i], &now) && !met)
			met = w->conditions[i];
	return met;
}
