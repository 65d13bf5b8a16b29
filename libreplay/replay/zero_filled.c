/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pages of zeroes are not written to swap from 6.11 on (mm/page_io.c). No event tells which they are: they are counted in
 * swpout_zero, others in pswpout. The share is that between the first and the last snapshot of /proc/vmstat, rounded to the next
 * thousandth.
 *
 * Not modelled: which task's they are, and when: it is one number for the whole recording. 6.11 itself has no such counter.
 */
#include "zero_filled.h"

#include <inttypes.h>
#include <stdio.h>

#include "vmstat_text.h"

struct swapped {
	uint64_t zeroes;
	uint64_t others;
};

/* 1: it is there, 0: there is no such text in this snapshot. */
static int read_swapped(struct mmr_trace *trace, uint32_t number, struct swapped *swapped,
                        struct mmr_error *err)
{
	struct mmr_snapshot_piece piece;
	struct mmr_snapshot *snapshot;
	int code = mmr_trace_snapshot(trace, number, &snapshot, err);

	if (code < 0)
		return code == MMR_E_CORRUPT ? 0 : code;
	if (mmr_snapshot_find(snapshot, "proc/vmstat", &piece)) {
		const char *text = (const char *)piece.data;

		*swapped = (struct swapped){ vmstat_text_value(text, "swpout_zero"),
			                     vmstat_text_value(text, "pswpout") };
		code = 1;
	}
	mmr_snapshot_free(snapshot);
	return code;
}

/* Counters of a damaged file may say anything. */
static uint64_t less(uint64_t a, uint64_t b)
{
	uint64_t left = a > b ? a - b : 0;

	return left < UINT32_MAX ? left : UINT32_MAX;
}

static void record(struct replay_tunables *tunables, const struct swapped *first,
                   const struct swapped *last)
{
	uint64_t zeroes = less(last->zeroes, first->zeroes);
	uint64_t all = zeroes + less(last->others, first->others);
	char text[32];

	if (zeroes == 0)
		return;
	snprintf(text, sizeof(text), "%" PRIu64, (zeroes * 1000 + all / 2) / all);
	replay_tunable_record(tunables, "swap.zero_filled", text);
}

int replay_zero_filled(struct mmr_trace *trace, struct replay_tunables *tunables,
                       struct mmr_error *err)
{
	struct swapped first = { 0 }, last = { 0 };
	uint32_t begin = 0, end = 0;
	int code = 0;

	while (mmr_trace_snapshot_info(trace, end))
		end++;
	while (code == 0 && begin < end)
		code = read_swapped(trace, begin++, &first, err);
	if (code <= 0)
		return code;
	for (code = 0; code == 0 && end > begin;)
		code = read_swapped(trace, --end, &last, err);
	if (code > 0)
		record(tunables, &first, &last);
	return code < 0 ? code : 0;
}
