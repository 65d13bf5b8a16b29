/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counters by the kernel's names. The rows are in vmstat_items.def. */
#ifndef MM_VMSTAT_H
#define MM_VMSTAT_H

enum mm_vmstat_item {
#define GAUGE(id, name)   MM_##id,
#define COUNTER(id, name) MM_##id,
#include "vmstat_items.def"
#undef GAUGE
#undef COUNTER
	MM_NR_VMSTAT_ITEMS
};

#endif
