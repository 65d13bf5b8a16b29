/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For a test that includes a .c file: a trace without a file, with one snapshot of texts and names of tasks "task-PID". */
#ifndef TESTS_FAKE_SNAPSHOT_H
#define TESTS_FAKE_SNAPSHOT_H

#include <stdio.h>
#include <string.h>

#include <mmreplay/trace.h>

/* Names and texts, ended by NULL. */
static const char *const *fake_pieces;
static struct mmr_trace_info fake_info = { .page_size = 4096, .nr_cpus = 2 };
static struct mmr_zone_info fake_zones[2];
static uint32_t fake_nr_zones;
/* Texts of the header, likewise. */
static const char *const *fake_texts;

/* Tasks from here on are all called "many"; 0: none. */
static uint32_t fake_many;

static inline const char *fake_comm(struct mmr_trace *trace, uint32_t pid)
{
	static char text[32];

	(void)trace;
	if (fake_many && pid >= fake_many)
		return "many";
	snprintf(text, sizeof(text), "task-%u", pid);
	return text;
}

static inline const struct mmr_trace_info *fake_trace_info(const struct mmr_trace *trace)
{
	(void)trace;
	return &fake_info;
}

static inline const struct mmr_zone_info *fake_zone(const struct mmr_trace *trace, uint32_t i)
{
	(void)trace;
	return i < fake_nr_zones ? &fake_zones[i] : NULL;
}

static inline const char *fake_text(const struct mmr_trace *trace, const char *name, size_t *size)
{
	(void)trace;
	(void)size;
	for (const char *const *at = fake_texts; at && *at; at += 2)
		if (strcmp(*at, name) == 0)
			return at[1];
	return NULL;
}

static inline int fake_trace_snapshot(struct mmr_trace *trace, uint32_t i,
                                      struct mmr_snapshot **ret, struct mmr_error *err)
{
	(void)trace;
	(void)i;
	(void)err;
	*ret = NULL;
	return 0;
}

static inline bool fake_piece(const struct mmr_snapshot *snapshot, uint32_t i,
                              struct mmr_snapshot_piece *piece)
{
	uint32_t nr = 0;

	(void)snapshot;
	while (fake_pieces && fake_pieces[nr])
		nr += 2;
	if (2 * i >= nr)
		return false;
	*piece = (struct mmr_snapshot_piece){ .name = fake_pieces[2 * i],
		                              .data = (const uint8_t *)fake_pieces[2 * i + 1],
		                              .size = strlen(fake_pieces[2 * i + 1]) };
	return true;
}

static inline bool fake_find(const struct mmr_snapshot *snapshot, const char *name,
                             struct mmr_snapshot_piece *piece)
{
	for (uint32_t i = 0; fake_piece(snapshot, i, piece); i++)
		if (strcmp(piece->name, name) == 0)
			return true;
	return false;
}

static inline void fake_free(struct mmr_snapshot *snapshot)
{
	(void)snapshot;
}

static inline size_t fake_format_gfp(struct mmr_trace *trace, uint64_t gfp_flags, char *text,
                                     size_t size)
{
	(void)trace;
	return (size_t)snprintf(text, size, "0x%llx", (unsigned long long)gfp_flags);
}

#define mmr_trace_format_gfp fake_format_gfp
#define mmr_trace_comm       fake_comm
#define mmr_trace_info       fake_trace_info
#define mmr_trace_zone       fake_zone
#define mmr_trace_text       fake_text
#define mmr_trace_snapshot   fake_trace_snapshot
/* Not the struct of the same name. */
#define mmr_snapshot_piece(...) fake_piece(__VA_ARGS__)
#define mmr_snapshot_find       fake_find
#define mmr_snapshot_free       fake_free

#endif
