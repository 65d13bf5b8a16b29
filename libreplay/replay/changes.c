/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Settings that change while the replay runs: --set NAME=VALUE@TIME, and what the recorded kernel did itself.
 *
 * Bit 0 of lru_gen.enabled changes the policy, between classic and mglru; all others just change.
 */
#include <string.h>

#include "policy_table.h"
#include "replay_state.h"

static void apply(struct replay *replay, const struct replay_change *change)
{
	struct mm_settings settings;

	replay->tunables.value[change->id] = change->value;
	replay_tunable_displace(&replay->tunables, change->id);
	if (change->id == REPLAY_TUNABLE_DIRECT_STRETCH)
		replay->direct_pauses = NULL;
	if (change->id == REPLAY_TUNABLE_KSWAPD_CPU)
		replay->kswapd_pace = NULL;
	if (change->id == REPLAY_TUNABLE_COST_SWAP_WRITE_NS)
		replay->swap_device = NULL;
	settings = replay_machine_settings(replay);
	replay_cost_init(&replay->cost, &replay->tunables);
	if (change->id == REPLAY_TUNABLE_LRU_GEN_ENABLED &&
	    (replay->policy == policy_find("mglru")) != (change->value & 1)) {
		replay->policy = mm_switch_policy(replay->machine);
		replay->walks = replay->policy->asks_references;
		/* What is asked of the reference model changes with it. */
		if (replay->reference)
			replay->reference_bin -= replay->reference_bin > 0;
		if (replay->reference)
			replay->reference_ns = 0;
	}
	mm_set_settings(replay->machine, &settings);
	replay_folios_init(replay);
	if (change->id == REPLAY_TUNABLE_NR_HUGEPAGES || change->id == REPLAY_TUNABLE_NR_GIGANTIC)
		replay_hugetlb_changed(replay, change->id);
	if (change->id == REPLAY_TUNABLE_KSM_RUN)
		replay_ksm_run_changed(replay);
}

void replay_changes_run(struct replay *replay)
{
	const struct replay_tunables *tunables = &replay->tunables;

	while (replay->next_change < tunables->nr_changes &&
	       tunables->changes[replay->next_change].t_ns <= replay->now_ns) {
		const struct replay_change change = tunables->changes[replay->next_change++];

		apply(replay, &change);
	}
	replay->change_ns = replay->next_change < tunables->nr_changes
	                            ? tunables->changes[replay->next_change].t_ns
	                            : REPLAY_NEVER;
}

uint32_t replay_changes_follow(struct replay_tunables *tunables,
                               const struct replay_reference_share *share, const char *policy)
{
	bool mglru = strcmp(policy, "mglru") == 0;
	uint32_t nr = 0;

	for (uint32_t i = 0; i < share->nr_switches; i++) {
		const struct replay_reference_switch *to = &share->switches[i];
		struct replay_change change = { .t_ns = to->t_ns,
			                        .value = to->mglru ? 7 : 0,
			                        .id = REPLAY_TUNABLE_LRU_GEN_ENABLED,
			                        .source = REPLAY_TUNABLE_RECORDED };

		if (to->mglru == mglru || !replay_tunable_change(tunables, change))
			continue;
		mglru = to->mglru;
		nr++;
	}
	return nr;
}

const struct mm_policy_ops *replay_other_policy(const struct replay_config *config)
{
	const struct mm_policy_ops *classic = policy_find("classic"), *mglru = policy_find("mglru");
	const struct mm_policy_ops *policy = policy_find(config->policy);

	for (uint32_t i = 0; i < config->tunables->nr_changes; i++) {
		if (config->tunables->changes[i].id == REPLAY_TUNABLE_LRU_GEN_ENABLED)
			return policy == classic ? mglru : policy == mglru ? classic : NULL;
	}
	return NULL;
}
