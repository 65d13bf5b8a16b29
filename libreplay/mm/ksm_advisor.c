/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The advisor: how many pages ksmd looks at in a batch, so that a scan of all takes about as long as it should.
 *
 * After each scan the batch is scaled by how long the scan took against ksm.advisor_target_scan_time, and by a moving
 * mean of how that changed; it stays within what costs ksmd between 10 % and ksm.advisor_max_cpu of a CPU, by
 * what the last scan cost. Whole numbers throughout, as the kernel reckons.
 *
 * Follows scan_time_advisor(), set_advisor_defaults() of v6.12; there since v6.8.
 */
#include "internal.h"
#include "ksm_state.h"

#define NS_PER_MS   UINT64_C(1000000)
#define MIN_CPU     10u /* percent */
#define EWMA_WEIGHT 30u

static bool is_on(const struct mm_machine *machine)
{
	return machine->settings.ksm.advisor && machine->settings.kernel >= MM_KERNEL(6, 8);
}

uint32_t mm_ksm_pages_to_scan(struct mm_machine *machine)
{
	const struct mm_ksm_settings *settings = &machine->settings.ksm;
	struct mm_ksm *ksm = machine->ksm;

	if (!is_on(machine)) {
		ksm->advised = false;
		return settings->pages_to_scan;
	}
	if (!ksm->advised) {
		ksm->advised = true;
		ksm->scan_begin_ns = 0;
		ksm->scan_time = 0;
		ksm->change = 0;
		ksm->cpu_seen_ns = 0;
		ksm->pages_to_scan = settings->advisor_min_pages_to_scan;
	}
	return ksm->pages_to_scan;
}

void mm_ksm_advisor_start(struct mm_machine *machine)
{
	if (is_on(machine))
		machine->ksm->scan_begin_ns = mm_now_ns(machine);
}

static uint64_t at_least_one(uint64_t value)
{
	return value > 0 ? value : 1;
}

void mm_ksm_advisor_stop(struct mm_machine *machine)
{
	const struct mm_ksm_settings *settings = &machine->settings.ksm;
	struct mm_ksm *ksm = machine->ksm;
	uint64_t seconds, percent, factor, change, pages, cost;

	if (!is_on(machine))
		return;
	mm_ksm_pages_to_scan(machine);
	seconds = at_least_one((mm_now_ns(machine) - ksm->scan_begin_ns) / NS_PER_MS / 1000);
	percent =
		at_least_one((ksm->cpu_ns - ksm->cpu_seen_ns) / NS_PER_MS * 100 / (seconds * 1000));
	factor = at_least_one(settings->advisor_target_scan_time * UINT64_C(100) / seconds);
	change = at_least_one(seconds * 100 / (ksm->scan_time ? ksm->scan_time : seconds));
	change = ((100 - EWMA_WEIGHT) * ksm->change + EWMA_WEIGHT * change) / 100;
	pages = ksm->pages_to_scan * UINT64_C(100) / factor * change / 100;
	cost = at_least_one(ksm->pages_to_scan / percent);
	if (pages > cost * settings->advisor_max_cpu)
		pages = cost * settings->advisor_max_cpu;
	if (pages < cost * MIN_CPU)
		pages = cost * MIN_CPU;
	if (pages > settings->advisor_max_pages_to_scan)
		pages = settings->advisor_max_pages_to_scan;
	ksm->change = change;
	ksm->scan_time = seconds;
	ksm->cpu_seen_ns = ksm->cpu_ns;
	ksm->pages_to_scan = (uint32_t)pages;
}
