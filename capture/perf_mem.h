/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory sampling by the PMU: which event this machine has for it (PEBS mem-loads, IBS ops), and what a
 * sample says.
 */
#ifndef PERF_MEM_H
#define PERF_MEM_H

#include <linux/perf_event.h>

#include <mmreplay/trace.h>

/*
 * Finds the event under root (/sys/bus/event_source/devices) and fills attr, period included.
 * MMR_E_UNSUPPORTED: this machine has none; err says what was looked for.
 */
int perf_mem_find(const char *root, struct perf_event_attr *attr,
                  struct mmr_error *err) MMR_MUST_CHECK;

/*
 * A record of that event as a use of an address. 1: a use; 0: another record, or a sample without an
 * address; < 0: it makes no sense.
 */
int perf_mem_take(const struct perf_event_header *record, struct mmr_access_use *use);

#endif
