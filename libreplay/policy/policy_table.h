/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All policies, in the order of policy/meson.build. */
#ifndef POLICY_TABLE_H
#define POLICY_TABLE_H

#include "policy.h"

/* Policy i, NULL past the last. */
const struct mm_policy_ops *policy_at(unsigned int i);

/* By name; NULL: there is none. */
const struct mm_policy_ops *policy_find(const char *name);

#define POLICY(name) extern const struct mm_policy_ops policy_##name;
#include "policy_list.h"
#undef POLICY

#endif
