/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which CPU the recorded kswapd had, and when: see kswapd_cpu.c. */
#ifndef REPLAY_KSWAPD_CPU_H
#define REPLAY_KSWAPD_CPU_H

#include <stdint.h>

#include <mmreplay/event.h>

#define REPLAY_KSWAPD_NO_CPU UINT32_MAX

struct replay_kswapd_cpus;

/* The times are those of the trace. NULL: out of memory. */
struct replay_kswapd_cpus *replay_kswapd_cpus_create(uint64_t first_ns, uint64_t last_ns);
void replay_kswapd_cpus_destroy(struct replay_kswapd_cpus *cpus);

/* Every event of the trace. */
void replay_kswapd_cpus_event(struct replay_kswapd_cpus *cpus, const struct mmr_event *event);

/* After the last event. */
void replay_kswapd_cpus_finish(struct replay_kswapd_cpus *cpus);

/* The CPU of a node's kswapd when it was last or next seen, whichever is nearer; REPLAY_KSWAPD_NO_CPU: it never was. */
uint32_t replay_kswapd_cpu(const struct replay_kswapd_cpus *cpus, uint32_t node, uint64_t t_ns);

#endif
