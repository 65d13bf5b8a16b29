/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUs that come online while perf's page faults or stacks are recorded: looked for four times a second. */
#ifndef PART_PERF_H
#define PART_PERF_H

#include "part.h"

extern const struct part_ops part_perf;

#endif
