/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy_table.h"

#include <string.h>

static const struct mm_policy_ops *const policies[] = {
#define POLICY(name) &policy_##name,
#include "policy_list.h"
#undef POLICY
};

const struct mm_policy_ops *policy_at(unsigned int i)
{
	return i < sizeof(policies) / sizeof(policies[0]) ? policies[i] : NULL;
}

const struct mm_policy_ops *policy_find(const char *name)
{
	for (unsigned int i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		if (strcmp(policies[i]->name, name) == 0)
			return policies[i];
	}
	return NULL;
}
