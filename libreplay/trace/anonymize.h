/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What anonymize_record.c (events) and anonymize_text.c (texts of /proc and the header) share. */
#ifndef TRACE_ANONYMIZE_H
#define TRACE_ANONYMIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>

/* Made for one run and thrown away: nobody can look names up, and two runs have nothing in common. */
struct anon_key {
	uint64_t k[2];
};

/* SipHash-2-4. */
uint64_t trace_anon_hash(const struct anon_key *key, const void *data, size_t size);

/* The name that stands for one of a task; threads of the kernel keep theirs. */
void trace_anon_task(const struct anon_key *key, const char *name, size_t size, char out[16]);

enum anon_text {
	ANON_DROP,
	ANON_KEEP,
	ANON_CHANGED, /* *out is to be freed with free() */
};

/* A text of the header or trailer. */
enum anon_text trace_anon_text(const struct anon_key *key, const char *name, const char *text,
                               size_t size, char **out, size_t *out_size);

/* A piece of a snapshot; new_name is what it is called from now on. */
enum anon_text trace_anon_piece(const struct anon_key *key, const char *name, const char *text,
                                size_t size, char **out, size_t *out_size, char new_name[512]);

#endif
