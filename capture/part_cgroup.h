/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --cgroup: looks four times a second who has come into it. */
#ifndef PART_CGROUP_H
#define PART_CGROUP_H

#include "part.h"

extern const struct part_ops part_cgroup;

#endif
