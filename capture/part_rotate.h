/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording in several files: the next one is begun when it is time, the oldest are removed. */
#ifndef PART_ROTATE_H
#define PART_ROTATE_H

#include "part.h"

extern const struct part_ops part_rotate;

#endif
