/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of KSM as rows of vmstat, under the names of the files in /sys/kernel/mm, of recordings and replays. */
#include "run_ksm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ksm.h"

#define KSM_PREFIX "sys/kernel/mm/"

static const struct {
	const char *name;
	size_t offset;
} rows[] = {
	{ "ksm/full_scans", offsetof(struct mm_ksm_stat, full_scans) },
	{ "ksm/ksm_zero_pages", offsetof(struct mm_ksm_stat, zero_pages) },
	{ "ksm/pages_scanned", offsetof(struct mm_ksm_stat, pages_scanned) },
	{ "ksm/pages_shared", offsetof(struct mm_ksm_stat, pages_shared) },
	{ "ksm/pages_sharing", offsetof(struct mm_ksm_stat, pages_sharing) },
	{ "ksm/pages_skipped", offsetof(struct mm_ksm_stat, pages_skipped) },
	{ "ksm/pages_to_scan", offsetof(struct mm_ksm_stat, pages_to_scan) },
	{ "ksm/pages_unshared", offsetof(struct mm_ksm_stat, pages_unshared) },
	{ "ksm/pages_volatile", offsetof(struct mm_ksm_stat, pages_volatile) },
	{ "ksm/stable_node_chains", offsetof(struct mm_ksm_stat, stable_node_chains) },
	{ "ksm/stable_node_dups", offsetof(struct mm_ksm_stat, stable_node_dups) },
};

void replay_run_put_ksm(struct results_db *db, const struct mm_machine *machine, int64_t t_ns)
{
	struct mm_ksm_stat stat;

	if (!mm_ksm_stat(machine, &stat))
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value;

		memcpy(&value, (const char *)&stat + rows[i].offset, sizeof(value));
		results_put_vmstat(db, t_ns, rows[i].name, (int64_t)value);
	}
}

/* A file of a snapshot; false: it has none. */
static bool read_file(const struct mmr_snapshot *snapshot, const char *name, int64_t *value)
{
	struct mmr_snapshot_piece piece;
	char path[96], text[32];

	snprintf(path, sizeof(path), KSM_PREFIX "%.64s", name);
	if (!mmr_snapshot_find(snapshot, path, &piece))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)(piece.size < 24 ? piece.size : 24),
	         (const char *)piece.data);
	*value = strtoll(text, NULL, 10);
	return true;
}

void replay_run_put_ksm_recorded(struct results_db *db, const struct mmr_snapshot *snapshot,
                                 int64_t t_ns)
{
	int64_t run = 0, scans = 0, value;

	read_file(snapshot, "ksm/run", &run);
	read_file(snapshot, "ksm/full_scans", &scans);
	for (size_t i = 0; (run != 0 || scans != 0) && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (read_file(snapshot, rows[i].name, &value))
			results_put_vmstat(db, t_ns, rows[i].name, value);
}
