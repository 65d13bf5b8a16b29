/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Simulated time: what is due between two demand ops, in order.
 *
 * Nine things have times of their own: writes of the swap device (one after the other, cost.swap_write each, but for
 * when it stood still for their queue) and of that of the files (cost.file_write, cost.file_latency), the exit of an OOM victim, kswapd and
 * kcompactd of each node, khugepaged, ksmd, the update of one CPU's counters and lists, once a second each, spread over the second, that of memory
 * cgroups' statistics, the flushers' look at what is old, and tasks that wait in the middle of an op (worker.c). The
 * earliest is done first.
 *
 * Not modelled: reads in the device's queue; that the update is skipped on idle CPUs.
 */
#include "replay_state.h"

#define VMSTAT_PERIOD_NS UINT64_C(1000000000)

static uint64_t file_page_ns(const struct replay *replay, uint64_t t_ns)
{
	uint64_t ns = replay->cost.file_write_ns;

	return replay->device ? replay_file_device_at(replay->device, t_ns, ns) : ns;
}

/* What the device held is done all at once. */
static uint64_t swap_write_end(struct replay *replay, uint32_t queue, uint64_t from_ns,
                               uint32_t pages)
{
	uint64_t begin_ns = mm_oldest_write_begin_ns(replay->machine, queue), held_ns = 0;

	if (replay->swap_device)
		held_ns = replay_swap_device_held(replay->swap_device, queue - MM_WRITE_SWAP,
		                                  begin_ns);
	if (held_ns > 0)
		return held_ns > from_ns ? held_ns : from_ns;
	if (replay->swap_free_ns < from_ns)
		replay->swap_free_ns = from_ns;
	replay->swap_free_ns += pages * replay->cost.swap_write_ns;
	return replay->swap_free_ns;
}

/* When the oldest write of a queue ends of which none was under way until from_ns; REPLAY_NEVER: there is none. */
static uint64_t write_end(struct replay *replay, uint32_t queue, uint64_t from_ns)
{
	uint32_t pages = mm_oldest_write_pages(replay->machine, queue);
	uint64_t begin_ns, end_ns;

	if (pages == 0)
		return REPLAY_NEVER;
	if (queue != MM_WRITE_FILE)
		return swap_write_end(replay, queue, from_ns, pages);
	begin_ns = mm_oldest_write_begin_ns(replay->machine, queue);
	end_ns = from_ns + pages * file_page_ns(replay, from_ns);
	if (end_ns < begin_ns + replay->cost.file_latency_ns)
		end_ns = begin_ns + replay->cost.file_latency_ns;
	return end_ns;
}

void replay_simtime_writes(struct replay *replay)
{
	for (uint32_t i = 0; i < mm_nr_write_queues(replay->machine); i++) {
		if (mm_oldest_write_pages(replay->machine, i) == 0)
			replay->write_done_ns[i] = REPLAY_NEVER;
		else if (replay->write_done_ns[i] == REPLAY_NEVER)
			replay->write_done_ns[i] = write_end(replay, i, replay->now_ns);
	}
}

/* The queue whose oldest write ends first. */
static uint32_t next_queue(const struct replay *replay)
{
	uint32_t next = 0;

	for (uint32_t i = 1; i < mm_nr_write_queues(replay->machine); i++)
		next = replay->write_done_ns[i] <= replay->write_done_ns[next] ? i : next;
	return next;
}

uint64_t replay_simtime_write_ns(const struct replay *replay)
{
	return replay->write_done_ns[next_queue(replay)];
}

static void end_oldest_write(struct replay *replay)
{
	uint32_t queue = next_queue(replay);
	uint64_t done_ns = replay->write_done_ns[queue];

	mm_end_write(replay->machine, queue);
	replay->write_done_ns[queue] = write_end(replay, queue, done_ns);
	replay_simtime_writes(replay);
}

static void update_cpu(struct replay *replay)
{
	mm_vmstat_update(replay->machine, (uint16_t)replay->vmstat_cpu);
	replay->vmstat_cpu = replay->vmstat_cpu + 1 < replay->nr_cpus ? replay->vmstat_cpu + 1 : 0;
	replay->vmstat_ns += VMSTAT_PERIOD_NS / replay->nr_cpus;
}

/* The flushers look at what is old. */
static void flush(struct replay *replay)
{
	mm_flush_expired(replay->machine);
	replay->flush_ns += replay->flush_period_ns;
	replay_simtime_writes(replay);
}

static uint64_t updates_due(const struct replay *replay)
{
	uint64_t due = replay->vmstat_ns;

	if (replay->memcg_flush_ns < due)
		due = replay->memcg_flush_ns;
	return replay->flush_ns < due ? replay->flush_ns : due;
}

static void update(struct replay *replay)
{
	uint64_t due = updates_due(replay);

	if (replay->flush_ns == due) {
		flush(replay);
	} else if (replay->memcg_flush_ns == due && replay->vmstat_ns > due) {
		mm_flush_memcg_stats(replay->machine);
		replay->memcg_flush_ns += replay->memcg_period_ns;
	} else {
		update_cpu(replay);
	}
}

static void reach(struct replay *replay, uint64_t t_ns)
{
	if (t_ns > replay->now_ns)
		replay->now_ns = t_ns;
}

bool replay_simtime_step(struct replay *replay, uint64_t t_ns)
{
	uint32_t nr_nodes = mm_nr_nodes(replay->machine);
	uint64_t due = replay_simtime_write_ns(replay);
	uint32_t node = MM_MAX_NODES;
	bool compacts = false, updates;
	bool exits = replay_oom_due(replay) < due;

	if (exits)
		due = replay_oom_due(replay);
	for (uint32_t n = 0; n < nr_nodes; n++) {
		uint64_t at = replay_kthread_due(replay, n);
		uint64_t compact_at = replay_compactor_due(replay, n);

		if (at < due) {
			due = at;
			node = n;
			compacts = false;
		}
		if (compact_at < due) {
			due = compact_at;
			node = n;
			compacts = true;
		}
	}
	updates = updates_due(replay) < due;
	if (updates)
		due = updates_due(replay);
	if (replay_ksmd_due(replay) < due && replay_ksmd_due(replay) <= t_ns &&
	    replay_ksmd_due(replay) < replay_khugepaged_due(replay) &&
	    replay_ksmd_due(replay) <= replay_worker_due(replay)) {
		reach(replay, replay_ksmd_due(replay));
		replay_ksmd_run(replay);
		return true;
	}
	if (replay_khugepaged_due(replay) < due && replay_khugepaged_due(replay) <= t_ns &&
	    replay_khugepaged_due(replay) <= replay_worker_due(replay)) {
		reach(replay, replay_khugepaged_due(replay));
		replay_khugepaged_run(replay);
		return true;
	}
	if (replay_worker_due(replay) < due && replay_worker_due(replay) <= t_ns) {
		reach(replay, replay_worker_due(replay));
		replay_worker_wake(replay);
		return true;
	}
	if (due > t_ns) {
		reach(replay, t_ns);
		return false;
	}
	reach(replay, due);
	if (updates)
		update(replay);
	else if (node < MM_MAX_NODES && compacts)
		replay_compactor_run(replay, node);
	else if (node < MM_MAX_NODES)
		replay_kthread_run(replay, node);
	else if (exits)
		replay_oom_exit(replay);
	else
		end_oldest_write(replay);
	return true;
}
