/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The policy that the recorded kernel itself followed.
 *
 * Bit 0 of /sys/kernel/mm/lru_gen/enabled in the first snapshot that has it says mglru; without the file
 * the kernel has no MGLRU, and the lists are the classic ones. Where the engine lacks that policy the
 * default one stands in, and says so.
 *
 * Not modelled: switching while the trace goes on.
 */
#include "recorded_policy.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error_set.h"
#include "policy_table.h"

#define LRU_GEN_ENABLED "sys/kernel/mm/lru_gen/enabled"
#define LRU_GEN_CORE    1u

/* As written in the first snapshot that has it; "" if none has. any: there is a full snapshot at all. */
static int find_setting(struct mmr_trace *trace, char text[16], bool *any, struct mmr_error *err)
{
	const struct mmr_snapshot_info *info;

	text[0] = '\0';
	*any = false;
	for (uint32_t i = 0; !text[0] && (info = mmr_trace_snapshot_info(trace, i)); i++) {
		struct mmr_snapshot_piece piece;
		struct mmr_snapshot *snapshot;
		int code;

		if (info->kind != MMR_SNAPSHOT_FULL)
			continue;
		code = mmr_trace_snapshot(trace, i, &snapshot, err);
		if (code == MMR_E_CORRUPT)
			continue;
		if (code < 0)
			return code;
		*any = true;
		if (mmr_snapshot_find(snapshot, LRU_GEN_ENABLED, &piece))
			snprintf(text, 16, "%.*s", (int)(piece.size < 15 ? piece.size : 15),
			         (const char *)piece.data);
		mmr_snapshot_free(snapshot);
	}
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

int replay_recorded_policy(struct mmr_trace *trace, struct replay_recorded_policy *ret,
                           struct mmr_error *err)
{
	bool any, mglru;
	char text[16];
	int code = find_setting(trace, text, &any, err);
	const char *name;

	if (code < 0)
		return code;
	mglru = strtoul(text, NULL, 16) & LRU_GEN_CORE;
	name = mglru ? "mglru" : "classic";
	*ret = (struct replay_recorded_policy){ .name = name, .known = any };
	if (!policy_find(name)) {
		ret->name = policy_at(0)->name;
		snprintf(ret->missing, sizeof(ret->missing), "%s", name);
	}
	if (text[0])
		snprintf(ret->why, sizeof(ret->why), "recorded: lru_gen/enabled %s", text);
	else
		snprintf(ret->why, sizeof(ret->why), "%s",
		         any ? "recorded: a kernel without MGLRU"
		             : "assumed: no snapshot says which");
	return 0;
}
