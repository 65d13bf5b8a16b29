/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "compact_result.h"

const char *replay_compact_result_name(int32_t result)
{
	static const char *const names[] = { "not_suitable_zone", "skipped",   "deferred",
		                             "no_suitable_page",  "continue",  "complete",
		                             "partial_skipped",   "contended", "success" };

	return result >= 0 && result < (int32_t)(sizeof(names) / sizeof(names[0])) ? names[result]
	                                                                           : "unknown";
}
