/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Light snapshots every --interval. */
#ifndef PART_INTERVAL_H
#define PART_INTERVAL_H

#include "part.h"

extern const struct part_ops part_interval;

#endif
