/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in memory that programs have registered for KSM (--content-hash). */
#ifndef PART_CONTENT_H
#define PART_CONTENT_H

#include "part.h"

extern const struct part_ops part_content;

#endif
