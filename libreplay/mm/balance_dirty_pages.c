/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dirty throttling: how long a task waits that dirties pages of files faster than they are written.
 *
 * After every so many pages a task looks. Below the middle of the background limit and the limit it goes on at once.
 * Above, the rate at which tasks may dirty is that at which the device was seen to write, shared among them by feedback, times a
 * position ratio: 2 at the ceiling of the free run, 1 at the setpoint between that and the limit, 0 at the limit. The task
 * waits as long as its pages should have taken at that rate, less what it has spent otherwise.
 *
 * State: struct mm_dirty_rate, estimated every 200 ms; struct mm_dirtier of each task.
 *
 * Follows balance_dirty_pages_ratelimited(), balance_dirty_pages(), wb_position_ratio(), wb_update_dirty_ratelimit(),
 * wb_update_write_bandwidth(), wb_min_pause(), page-writeback.c of v6.12; v6.1 does the same.
 *
 * Not modelled: several devices of files (the whole limit is this one's, from the first page written on), memcgs, strictlimit;
 * bdp_ratelimits and dirty_throttle_leaks (who look sooner than their own count says); BDP_ASYNC.
 */
#include "internal.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define DEFAULT_HZ    1000u

#define INIT_BANDWIDTH    25600u /* 100 MB/s */
#define DIRTY_POLL_THRESH 32u
#define EXCEEDED_POLL     8u
#define RATIO_SHIFT       10
#define WORD_BITS         64

/* A task's look at the state of things (struct dirty_throttle_control). */
struct control {
	struct mm_dirty_limits limits;
	uint64_t dirty; /* and being written */
	uint64_t freerun;
	uint64_t limit; /* hard_dirty_limit() */
	uint64_t setpoint;
	uint64_t wb_thresh;
	uint64_t pos_ratio; /* << RATIO_SHIFT */
};

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint32_t log2_of(uint64_t value)
{
	return value > 0 ? 63 - (uint32_t)__builtin_clzll(value) : 0;
}

static uint64_t power_of_two_from(uint64_t value)
{
	return value > 1 ? UINT64_C(2) << log2_of(value - 1) : 1;
}

static uint64_t jiffies(const struct mm_machine *machine)
{
	return mm_now_ns(machine) / (NS_PER_SECOND / machine->writeback.rate.hz);
}

/* MAX_PAUSE and BANDWIDTH_INTERVAL. */
static uint64_t fifth(uint64_t hz)
{
	return larger(hz / 5, 1);
}

/* Of one device of files: all but what is written to swap. */
static uint64_t writeback_pages(const struct mm_machine *machine)
{
	return machine->writeback.queues[MM_WRITE_FILE].count;
}

static struct control look(const struct mm_machine *machine)
{
	const struct mm_dirty_rate *rate = &machine->writeback.rate;
	struct control control = {
		.limits = mm_dirty_limits(machine),
		.dirty = machine->nr_dirty + machine->nr_writeback,
	};

	control.freerun = (control.limits.dirty + control.limits.background) / 2;
	control.limit = larger(rate->limit, control.limits.dirty);
	control.setpoint = (control.freerun + control.limit) / 2;
	control.wb_thresh = machine->writeback.nr_files_written > 0 ? control.limits.dirty : 0;
	return control;
}

/* ---- the position ratio ---- */

static int64_t pos_ratio_polynom(uint64_t setpoint, uint64_t dirty, uint64_t limit)
{
	int64_t x = ((int64_t)setpoint - (int64_t)dirty) * (1 << RATIO_SHIFT) /
	            (int64_t)((limit - setpoint) | 1);
	int64_t ratio = x;

	ratio = (ratio * x) >> RATIO_SHIFT;
	ratio = (ratio * x) >> RATIO_SHIFT;
	ratio += 1 << RATIO_SHIFT;
	if (ratio < 0)
		return 0;
	return ratio < 2 << RATIO_SHIFT ? ratio : 2 << RATIO_SHIFT;
}

static uint64_t position_ratio(const struct mm_machine *machine, const struct control *control)
{
	uint64_t wb_dirty = machine->nr_dirty + writeback_pages(machine);
	uint64_t bandwidth = machine->writeback.rate.avg_write_bandwidth;
	uint64_t wb_thresh, x, wb_setpoint, span, intercept, ratio;

	if (control->dirty >= control->limit)
		return 0;
	ratio = (uint64_t)pos_ratio_polynom(control->setpoint, control->dirty, control->limit);
	wb_thresh = larger(control->wb_thresh, (control->limit - control->dirty) / 8);
	wb_thresh = smaller(wb_thresh, larger(control->limits.dirty, 1));
	x = (wb_thresh << 16) / (control->limits.dirty | 1);
	wb_setpoint = control->setpoint * x >> 16;
	span = (larger(control->limits.dirty, wb_thresh) - wb_thresh + 8 * bandwidth) * x >> 16;
	intercept = wb_setpoint + span;
	if (wb_dirty < intercept - span / 4)
		ratio = ratio * (intercept - wb_dirty) / ((intercept - wb_setpoint) | 1);
	else
		ratio /= 4;
	intercept = wb_thresh / 2;
	if (wb_dirty < intercept)
		ratio = wb_dirty > intercept / 8 ? ratio * intercept / wb_dirty : ratio * 8;
	return ratio;
}

/* ---- the rates ---- */

/* As memory was nearly all free (page_writeback_init()): it goes down only while writers are slowed. */
static uint64_t boot_limit(const struct mm_machine *machine)
{
	uint64_t managed = mm_managed_pages(machine), reserved = mm_totalreserve_pages(machine);

	return mm_dirty_limits_of(machine, managed > reserved ? managed - reserved : 1).dirty;
}

static void init_rate(struct mm_machine *machine)
{
	struct mm_dirty_rate *rate = &machine->writeback.rate;

	if (rate->hz > 0)
		return;
	rate->hz = machine->settings.hz > 0 ? machine->settings.hz : DEFAULT_HZ;
	rate->write_bandwidth = rate->avg_write_bandwidth = INIT_BANDWIDTH;
	rate->ratelimit = rate->balanced_ratelimit = INIT_BANDWIDTH;
	rate->limit = machine->settings.dirty_limit;
	if (rate->limit == 0)
		rate->limit = boot_limit(machine);
	rate->stamp_ns = rate->limit_ns = mm_now_ns(machine);
}

static void update_dirty_limit(struct mm_dirty_rate *rate, const struct control *control,
                               uint64_t now_ns)
{
	uint64_t thresh = control->limits.dirty;

	if ((now_ns - rate->limit_ns) / (NS_PER_SECOND / rate->hz) < fifth(rate->hz))
		return;
	rate->limit_ns = now_ns;
	if (rate->limit < thresh) {
		rate->limit = thresh;
		return;
	}
	thresh = larger(thresh, control->dirty);
	if (rate->limit > thresh)
		rate->limit -= (rate->limit - thresh) >> 5;
}

/* Up while fewer pages are dirty than should be, down while more; slowly, the nearer it is. */
static void update_ratelimit(struct mm_writeback *wb, const struct control *control,
                             uint64_t elapsed)
{
	struct mm_dirty_rate *rate = &wb->rate;
	uint64_t dirty_rate = (wb->nr_dirtied - rate->dirtied_stamp) * rate->hz / elapsed;
	uint64_t task = (rate->ratelimit * control->pos_ratio >> RATIO_SHIFT) + 1;
	uint64_t balanced = task * rate->avg_write_bandwidth / (dirty_rate | 1);
	uint64_t step = 0, shift, x;

	balanced = smaller(balanced, rate->avg_write_bandwidth);
	if (control->dirty < control->setpoint) {
		x = smaller(smaller(rate->balanced_ratelimit, balanced), task);
		step = rate->ratelimit < x ? x - rate->ratelimit : 0;
	} else {
		x = larger(larger(rate->balanced_ratelimit, balanced), task);
		step = rate->ratelimit > x ? rate->ratelimit - x : 0;
	}
	shift = rate->ratelimit / (2 * step + 1);
	step = shift < WORD_BITS ? ((step >> shift) + 7) / 8 : 0;
	if (rate->ratelimit < balanced)
		rate->ratelimit += step;
	else
		rate->ratelimit -= step;
	rate->ratelimit = larger(rate->ratelimit, 1);
	rate->balanced_ratelimit = balanced;
}

static void update_write_bandwidth(struct mm_writeback *wb, uint64_t elapsed)
{
	struct mm_dirty_rate *rate = &wb->rate;
	uint64_t old = rate->write_bandwidth, avg = rate->avg_write_bandwidth;
	uint64_t bandwidth = (wb->nr_files_written - rate->written_stamp) * rate->hz;
	uint64_t span = power_of_two_from(3 * rate->hz);

	if (elapsed > span) {
		bandwidth /= elapsed;
		avg = bandwidth;
	} else {
		bandwidth = (bandwidth + old * (span - elapsed)) / span;
		if (avg > old && old >= bandwidth)
			avg -= (avg - old) >> 3;
		if (avg < old && old <= bandwidth)
			avg += (old - avg) >> 3;
	}
	rate->avg_write_bandwidth = larger(avg, 1);
	rate->write_bandwidth = bandwidth;
}

static void update_rates(struct mm_machine *machine, const struct control *control)
{
	struct mm_writeback *wb = &machine->writeback;
	uint64_t now_ns = mm_now_ns(machine);
	uint64_t elapsed = (now_ns - wb->rate.stamp_ns) / (NS_PER_SECOND / wb->rate.hz);

	if (elapsed <= fifth(wb->rate.hz))
		return;
	if (control) {
		update_dirty_limit(&wb->rate, control, now_ns);
		update_ratelimit(wb, control, elapsed);
	}
	update_write_bandwidth(wb, elapsed);
	wb->rate.dirtied_stamp = wb->nr_dirtied;
	wb->rate.written_stamp = wb->nr_files_written;
	wb->rate.stamp_ns = now_ns;
}

void mm_update_bandwidth(struct mm_machine *machine)
{
	struct mm_writeback *wb = &machine->writeback;

	init_rate(machine);
	/* After a second without a write the past says nothing (wb_bandwidth_estimate_start()). */
	if (wb->queues[MM_WRITE_FILE].count == 0 &&
	    mm_now_ns(machine) - wb->rate.stamp_ns > NS_PER_SECOND) {
		wb->rate.dirtied_stamp = wb->nr_dirtied;
		wb->rate.written_stamp = wb->nr_files_written;
		wb->rate.stamp_ns = mm_now_ns(machine);
		return;
	}
	update_rates(machine, NULL);
}

/* ---- a task's pause ---- */

static uint64_t max_pause(const struct mm_machine *machine)
{
	uint64_t wb_dirty = machine->nr_dirty + writeback_pages(machine);
	const struct mm_dirty_rate *rate = &machine->writeback.rate;
	uint64_t eighth = power_of_two_from(1 + rate->hz / 8);

	return smaller(wb_dirty / (1 + rate->avg_write_bandwidth / eighth) + 1, fifth(rate->hz));
}

/* *pages: after how many the task is to look again. Jiffies. */
static uint64_t min_pause(const struct mm_dirty_rate *rate, uint64_t most, uint64_t task_ratelimit,
                          uint32_t *pages)
{
	uint32_t hi = log2_of(rate->avg_write_bandwidth), lo = log2_of(rate->ratelimit);
	uint64_t hz = rate->hz, second = power_of_two_from(hz);
	uint64_t t = larger(1, hz / 100), nr;

	if (hi > lo)
		t += (hi - lo) * (10 * hz) / 1024;
	t = smaller(t, 1 + most / 2);
	nr = rate->ratelimit * t / second;
	if (nr < DIRTY_POLL_THRESH) {
		t = most;
		nr = rate->ratelimit * t / second;
		if (nr > DIRTY_POLL_THRESH) {
			nr = DIRTY_POLL_THRESH;
			t = hz * DIRTY_POLL_THRESH / rate->ratelimit;
		}
	}
	if (hz * nr / (task_ratelimit + 1) > most) {
		t = most;
		nr = task_ratelimit * t / second;
	}
	*pages = (uint32_t)nr;
	return nr >= DIRTY_POLL_THRESH ? 1 + t / 2 : t;
}

static uint32_t poll_interval(const struct control *control)
{
	uint64_t thresh = control->freerun;

	return thresh > control->dirty ? 1u << (log2_of(thresh - control->dirty) >> 1) : 1;
}

/* Not worth a pause: what was too short, or too long, is set off against the next ones. */
static void carry_over(struct mm_dirtier *dirtier, int64_t pause, uint64_t period, uint64_t now,
                       uint64_t hz)
{
	if (pause < -(int64_t)hz) {
		dirtier->paused_when = now;
		dirtier->nr_dirtied = 0;
	} else if (period > 0) {
		dirtier->paused_when += period;
		dirtier->nr_dirtied = 0;
	} else if (dirtier->nr_dirtied_pause <= dirtier->nr_dirtied) {
		dirtier->nr_dirtied_pause += dirtier->nr_dirtied;
	}
}

static uint64_t throttle(struct mm_machine *machine, struct mm_dirtier *dirtier,
                         struct control *control)
{
	struct mm_dirty_rate *rate = &machine->writeback.rate;
	uint64_t now = jiffies(machine), most = max_pause(machine), period, least, task_ratelimit;
	uint32_t pages;
	int64_t pause;

	control->pos_ratio = position_ratio(machine, control);
	rate->exceeded = control->dirty > control->limits.dirty &&
	                 machine->nr_dirty + writeback_pages(machine) > control->wb_thresh;
	update_rates(machine, control);
	task_ratelimit = rate->ratelimit * control->pos_ratio >> RATIO_SHIFT;
	least = min_pause(rate, most, task_ratelimit, &pages);
	period = task_ratelimit > 0 ? rate->hz * dirtier->nr_dirtied / task_ratelimit : most;
	pause = (int64_t)period;
	if (task_ratelimit > 0 && dirtier->paused_when > 0)
		pause -= (int64_t)(now - dirtier->paused_when);
	if (task_ratelimit > 0 && pause < (int64_t)least) {
		carry_over(dirtier, pause, period, now, rate->hz);
		return 0;
	}
	if (pause > (int64_t)most) {
		now += smaller((uint64_t)pause - most, most);
		pause = (int64_t)most;
	}
	dirtier->paused_when = now + (uint64_t)pause;
	dirtier->nr_dirtied = 0;
	dirtier->nr_dirtied_pause = pages;
	dirtier->asleep_until_ns =
		mm_now_ns(machine) + (uint64_t)pause * (NS_PER_SECOND / rate->hz);
	return (uint64_t)pause * (NS_PER_SECOND / rate->hz);
}

uint64_t mm_balance_dirty_pages(struct mm_machine *machine, struct mm_dirtier *dirtier, uint32_t nr)
{
	const struct mm_dirty_rate *rate = &machine->writeback.rate;
	struct control control;
	uint32_t ratelimit;

	if (dirtier->nr_dirtied_pause == 0 && dirtier->paused_when == 0)
		dirtier->nr_dirtied_pause = DIRTY_POLL_THRESH;
	dirtier->nr_dirtied += nr;
	if (mm_now_ns(machine) < dirtier->asleep_until_ns)
		return 0;
	ratelimit = dirtier->nr_dirtied_pause;
	if (rate->exceeded && ratelimit > EXCEEDED_POLL)
		ratelimit = EXCEEDED_POLL;
	if (dirtier->nr_dirtied < ratelimit)
		return 0;
	init_rate(machine);
	control = look(machine);
	if (machine->nr_dirty > control.limits.background)
		mm_flush(machine);
	if (control.dirty <= control.freerun) {
		dirtier->paused_when = jiffies(machine);
		dirtier->nr_dirtied = 0;
		dirtier->nr_dirtied_pause = poll_interval(&control);
		return 0;
	}
	return throttle(machine, dirtier, &control);
}
