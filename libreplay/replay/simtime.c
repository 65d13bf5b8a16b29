/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Simulated time: what is due between two demand ops, in order.
 *
 * Five things have times of their own: writes of the swap device (one after the other, cost.swap_write
 * each), the exit of an OOM victim, kswapd of each node, the update of one CPU's counters and lists, once
 * a second each, spread over the second, and that of memory cgroups' statistics. The earliest is done first; ties go in that order. While a task stalls in direct
 * reclaim they go on beyond the demand's time, which stands still (open timing: later demand comes when it
 * came, whatever the stall).
 *
 * Not modelled: reads in the device's queue; that the update is skipped on idle CPUs.
 */
#include "replay_state.h"

#define VMSTAT_PERIOD_NS UINT64_C(1000000000)
#define FLUSH_SECONDS    5

/* When the oldest write ends that begins at begin_ns; REPLAY_NEVER: there is none. */
static uint64_t write_end(const struct replay *replay, uint64_t begin_ns)
{
	uint32_t pages = mm_oldest_write_pages(replay->machine);

	if (pages == 0)
		return REPLAY_NEVER;
	return begin_ns + pages * (mm_oldest_write_is_file(replay->machine)
	                                   ? replay->cost.file_write_ns
	                                   : replay->cost.swap_write_ns);
}

void replay_simtime_writes(struct replay *replay)
{
	if (mm_oldest_write_pages(replay->machine) == 0)
		replay->write_done_ns = REPLAY_NEVER;
	else if (replay->write_done_ns == REPLAY_NEVER)
		replay->write_done_ns = write_end(replay, replay->now_ns + replay->stall_ns);
}

static void end_oldest_write(struct replay *replay)
{
	uint64_t done_ns = replay->write_done_ns;

	mm_end_writeback(replay->machine, 1);
	replay->write_done_ns = write_end(replay, done_ns);
}

static void update_cpu(struct replay *replay)
{
	mm_vmstat_update(replay->machine, (uint16_t)replay->vmstat_cpu);
	replay->vmstat_cpu = replay->vmstat_cpu + 1 < replay->nr_cpus ? replay->vmstat_cpu + 1 : 0;
	replay->vmstat_ns += VMSTAT_PERIOD_NS / replay->nr_cpus;
	if (replay->vmstat_cpu == 0 && ++replay->seconds % FLUSH_SECONDS == 0) {
		mm_flush_expired(replay->machine);
		replay_simtime_writes(replay);
	}
}

static uint64_t updates_due(const struct replay *replay)
{
	return replay->memcg_flush_ns < replay->vmstat_ns ? replay->memcg_flush_ns
	                                                  : replay->vmstat_ns;
}

static void update(struct replay *replay)
{
	if (replay->memcg_flush_ns >= replay->vmstat_ns) {
		update_cpu(replay);
		return;
	}
	mm_flush_memcg_stats(replay->machine);
	replay->memcg_flush_ns += replay->memcg_period_ns;
}

/* Everything due until t_ns. */
static void run_until(struct replay *replay, uint64_t t_ns)
{
	for (;;) {
		uint64_t due = replay->write_done_ns;
		uint32_t node = MM_MAX_NODES;
		bool exits = replay_oom_due(replay) < due;

		if (exits)
			due = replay_oom_due(replay);

		for (uint32_t n = 0; n < MM_MAX_NODES; n++) {
			uint64_t at = replay_kthread_due(replay, n);

			if (at < due) {
				due = at;
				node = n;
			}
		}
		if (due > t_ns && updates_due(replay) > t_ns)
			return;
		if (updates_due(replay) < due)
			update(replay);
		else if (node < MM_MAX_NODES)
			replay_kthread_run(replay, node);
		else if (exits)
			replay_oom_exit(replay);
		else
			end_oldest_write(replay);
	}
}

void replay_simtime_run(struct replay *replay, uint64_t t_ns)
{
	run_until(replay, t_ns);
	if (t_ns > replay->now_ns)
		replay->now_ns = t_ns;
}

void replay_simtime_stall(struct replay *replay, uint64_t ns)
{
	replay_simtime_writes(replay);
	replay->stall_ns += ns;
	run_until(replay, replay->now_ns + replay->stall_ns);
}
