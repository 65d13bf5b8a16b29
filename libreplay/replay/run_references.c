/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many pages were found in use, by look and type: run_param rows reference.*. */
#include <stdio.h>

#include "policy_table.h"
#include "run_private.h"

/* What the recording found in use, and what the replay did, by knowledge and by chance. */
void replay_run_put_references(struct results_db *db, const struct replay_reference_share *share,
                               const struct mm_machine *machine, const char *policy)
{
	static const char *const names[MM_NR_LRU_TYPES][MM_NR_LOOKS] = {
		[MM_LRU_ANON] = { "reference.anon.first", "reference.anon.again",
		                  "reference.anon.beside", "reference.anon.walk" },
		[MM_LRU_FILE] = { "reference.file.first", "reference.file.again",
		                  "reference.file.beside", "reference.file.walk" }
	};
	bool walks = policy_find(policy)->asks_references;

	for (uint32_t i = 0; i < MM_NR_LOOKS * MM_NR_LRU_TYPES; i++) {
		enum mm_lru_type type = i / MM_NR_LOOKS;
		enum mm_look look = i % MM_NR_LOOKS;
		uint32_t recorded =
			replay_reference_of(share, REPLAY_REFERENCE_BINS, type, look, walks);
		struct mm_reference_stats stats = mm_reference_stats(machine, type, look);
		double looks = stats.nr_looks ? (double)stats.nr_looks : 1;
		char text[128];

		snprintf(
			text, sizeof(text),
			"recorded %.1f %%, replayed %.1f %% known and %.1f %% by chance of %llu looks",
			100.0 * recorded / MM_REFERENCE_ONE, 100.0 * (double)stats.nr_known / looks,
			100.0 * (double)stats.nr_guessed / looks,
			(unsigned long long)stats.nr_looks);
		if (stats.nr_looks > 0)
			results_put_param(db, names[type][look], text);
	}
}
