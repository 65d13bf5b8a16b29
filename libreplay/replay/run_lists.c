/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policies and tunables, for listings. */
#include <mmreplay/run.h>

#include "replay.h"

const char *mmr_policy_name(unsigned int i)
{
	return replay_policy_name(i);
}

const char *mmr_policy_summary(unsigned int i)
{
	return replay_policy_summary(i);
}

bool mmr_tunable(unsigned int i, struct mmr_tunable *ret)
{
	const struct replay_tunable *row = replay_tunable(i);
	struct replay_tunables values;

	if (!row)
		return false;
	replay_tunables_init(&values);
	*ret = (struct mmr_tunable){ .name = row->name, .unit = row->unit, .help = row->help };
	replay_tunable_format(&values, i, ret->value, sizeof(ret->value));
	values.value[i] = row->min;
	replay_tunable_format(&values, i, ret->min, sizeof(ret->min));
	values.value[i] = row->max;
	replay_tunable_format(&values, i, ret->max, sizeof(ret->max));
	return true;
}
