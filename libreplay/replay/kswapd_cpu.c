/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which CPU the recorded kswapd had, and when.
 *
 * Each CPU has a queue of its own to the swap device, and hears itself of the ends of its writes (swap_device.c). So it matters
 * whether kswapd writes from the CPU of those who want memory, or from another one; the scheduler moves it about, often several times a
 * second. What it had when it was last or next seen, whichever is nearer, it has in the replay, too.
 *
 *	parts of the trace      . 0 . . 1 1 . 0 . . .      seen on
 *	                        0 0 0 1 1 1 1 0 0 0 0      taken for
 *
 * State: the last CPU in each of NR_PARTS equal parts of the trace, by node.
 *
 * Not modelled: that the replay's kswapd frees to the lists of this CPU, too, and has its batches: it runs beside who woke it
 * (mm_note_waker()).
 */
#include "kswapd_cpu.h"

#include "alloc.h"
#include "mmzone.h"
#include "span_bins.h"

#define NR_PARTS 2048u
#define PART_NS  UINT64_C(1000000)

struct replay_kswapd_cpus {
	struct replay_span span;
	uint32_t nr_nodes;                     /* whose kswapd was seen, or that of a later one */
	uint32_t pids[MM_MAX_NODES];           /* of the kswapds; 0: not seen yet */
	uint16_t seen[MM_MAX_NODES][NR_PARTS]; /* the CPU + 1; 0: none */
};

struct replay_kswapd_cpus *replay_kswapd_cpus_create(uint64_t first_ns, uint64_t last_ns)
{
	struct replay_kswapd_cpus *cpus = base_calloc(1, sizeof(*cpus));

	if (cpus)
		cpus->span = (struct replay_span){ first_ns, last_ns };
	return cpus;
}

void replay_kswapd_cpus_destroy(struct replay_kswapd_cpus *cpus)
{
	base_free(cpus);
}

static uint32_t part_of(const struct replay_kswapd_cpus *cpus, uint64_t t_ns)
{
	return replay_span_bin(cpus->span, NR_PARTS, PART_NS, t_ns);
}

static void note_pid(struct replay_kswapd_cpus *cpus, const struct mmr_event *event)
{
	uint32_t node = (uint32_t)event->reclaim.nid;

	if (node >= MM_MAX_NODES)
		return;
	cpus->pids[node] = event->pid;
	if (cpus->nr_nodes <= node)
		cpus->nr_nodes = node + 1;
}

void replay_kswapd_cpus_event(struct replay_kswapd_cpus *cpus, const struct mmr_event *event)
{
	if (event->pid == 0)
		return;
	if (event->kind == MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE)
		note_pid(cpus, event);
	for (uint32_t node = 0; node < cpus->nr_nodes; node++) {
		if (cpus->pids[node] == event->pid)
			cpus->seen[node][part_of(cpus, event->t_ns)] = (uint16_t)(event->cpu + 1);
	}
}

/* Each part in which it was not seen has what the nearest one has. */
static void fill(uint16_t *seen)
{
	uint32_t next = 0; /* after the last in which it was */

	for (uint32_t i = 0; i < NR_PARTS; i++) {
		if (seen[i] == 0)
			continue;
		for (uint32_t k = next; k < i; k++)
			seen[k] = next > 0 && k - next + 1 < i - k ? seen[next - 1] : seen[i];
		next = i + 1;
	}
	for (uint32_t k = next; next > 0 && k < NR_PARTS; k++)
		seen[k] = seen[next - 1];
}

void replay_kswapd_cpus_finish(struct replay_kswapd_cpus *cpus)
{
	for (uint32_t node = 0; node < MM_MAX_NODES; node++)
		fill(cpus->seen[node]);
}

uint32_t replay_kswapd_cpu(const struct replay_kswapd_cpus *cpus, uint32_t node, uint64_t t_ns)
{
	uint16_t seen = node < MM_MAX_NODES ? cpus->seen[node][part_of(cpus, t_ns)] : 0;

	return seen > 0 ? seen - 1u : REPLAY_KSWAPD_NO_CPU;
}
