/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REPLAY_COMPACT_RESULT_H
#define REPLAY_COMPACT_RESULT_H

#include <stdint.h>

/* Name of the kernel's enum compact_result (include/linux/compaction.h, 4.7 to 6.18); never NULL. */
const char *replay_compact_result_name(int32_t result);

#endif
