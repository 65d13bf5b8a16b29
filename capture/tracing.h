/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The recorder's own tracefs instance: nothing outside of it is written, so that other tracers on the
 * machine, a second mmcap among them, are not disturbed.
 */
#ifndef TRACING_H
#define TRACING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>

struct tracefs_instance;

struct tracing {
	struct tracefs_instance *instance;
	const char *root; /* of tracefs */
	char *dir;        /* of the instance */
	uint32_t nr_cpus; /* highest CPU number + 1, whether there is one or may come */
	uint32_t nr_online;
	bool *has_buffer; /* by CPU: it has been online since the instance was made */
	uint32_t subbuf_size;
	uint64_t buffer_size; /* bytes for each CPU, as the kernel rounded it */
};

/*
 * Where tracefs is mounted; mounts it if need be. NULL with err filled: this kernel has none or this
 * user may not use it.
 */
const char *tracing_root(struct mmr_error *err);

/* Creates the instance, switched off, clock mono, discarding when full. */
int tracing_create(struct tracing *tracing, uint64_t buffer_size,
                   struct mmr_error *err) MMR_MUST_CHECK;

/* Events off, instance gone; the readers' files must be closed. Empty is fine. */
int tracing_destroy(struct tracing *tracing, struct mmr_error *err);

/* Writes text to a file of the instance. */
int tracing_write(const struct tracing *tracing, const char *file, const char *text,
                  struct mmr_error *err);

/* The same without clearing what is there; a failure goes unsaid. */
void tracing_append(const struct tracing *tracing, const char *file, const char *text);

/* A file of tracefs, or with the prefix of the instance, as fresh text to free(); NULL: none. */
char *tracing_read(const char *dir, const char *file, size_t *size);

/* Sets which of the first nr_cpus are online; false: the kernel does not tell. */
bool tracing_online_cpus(bool *online, uint32_t nr_cpus);

/* How many CPUs have a ring buffer: the kernel makes one when a CPU first comes, and keeps it. */
uint32_t tracing_nr_buffers(const struct tracing *tracing);

/* Calls found for each instance whose recorder is dead. */
void tracing_find_stale(const char *root, void (*found)(const char *name, void *data), void *data);

/* Removes instances whose recorder is dead; how many. One that is still read is left alone. */
unsigned int tracing_remove_stale(const char *root);

#endif
