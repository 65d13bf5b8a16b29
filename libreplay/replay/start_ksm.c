/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "start_ksm.h"

#include <stdio.h>
#include <string.h>

#include "text_line.h"

#define KSM_PREFIX "sys/kernel/mm/ksm/"

void replay_start_ksm(const struct mmr_snapshot *snapshot, struct replay_tunables *tunables)
{
	struct mmr_snapshot_piece piece;

	for (uint32_t i = 0; mmr_snapshot_piece(snapshot, i, &piece); i++) {
		const char *text = (const char *)piece.data;
		char name[64], value[64];

		if (strncmp(piece.name, KSM_PREFIX, strlen(KSM_PREFIX)) != 0 ||
		    !text_line(&text, text + piece.size, value, sizeof(value)))
			continue;
		/* advisor_mode is the only one with words. */
		if (strchr(value, '['))
			snprintf(value, sizeof(value), "%s",
			         strstr(value, "[scan-time]") ? "scan-time" : "none");
		snprintf(name, sizeof(name), "ksm.%.48s", piece.name + strlen(KSM_PREFIX));
		/* Not all of its files are settings. */
		replay_tunable_record(tunables, name, value);
	}
}
