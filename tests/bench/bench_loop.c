/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a long recording out of a short one: its events again and again, each time later by the time that it
 * lasted, between its first and its last snapshot. Prints the number of events.
 * usage: bench_loop TRACE.zst TIMES OUTPUT.zst
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include <mmreplay/trace.h>
#include <mmreplay/trace_writer.h>

#include "io.h"
#include "reader.h"

#define HEAD 16u /* of a sub-buffer: time stamp, commit */

static struct mmr_error err;

static void die(const char *why)
{
	fprintf(stderr, "bench_loop: %s\n", why);
	exit(2);
}

static void check(int code)
{
	if (code < 0)
		die(err.text);
}

/* An absolute time stamp among the records: 59 bits in two words. */
static void shift_stamp(uint8_t *record, uint64_t shift_ns)
{
	uint64_t stamp = (le32_get(record) >> 5) | (uint64_t)le32_get(record + 4) << 27;
	uint32_t words[2];

	stamp += shift_ns;
	words[0] = (uint32_t)(stamp << 5) | 31u;
	words[1] = (uint32_t)(stamp >> 27);
	memcpy(record, words, sizeof(words));
}

/* Moves a sub-buffer on in time. */
static void shift_page(uint8_t *page, uint64_t shift_ns)
{
	const uint64_t t_ns = le64_get(page) + shift_ns;
	uint32_t pos = HEAD;
	const uint32_t end = HEAD + (le32_get(page + 8) & 0xfffff);

	memcpy(page, &t_ns, sizeof(t_ns));
	while (pos + 8 <= end) {
		const uint32_t word = le32_get(page + pos);
		const uint32_t array = le32_get(page + pos + 4);

		switch (word & 31) {
		case 31:
			shift_stamp(page + pos, shift_ns);
			pos += 8;
			break;
		case 30:
			pos += 8;
			break;
		case 29:
			if (word >> 5 == 0)
				return;
			pos += 4 + array;
			break;
		case 0:
			pos += 4 + ((array + 3) & ~3u);
			break;
		default:
			pos += 4 + (word & 31) * 4;
		}
	}
}

static void copy_snapshot(struct mmr_trace *trace, struct mmr_writer *w, uint32_t i,
                          uint64_t shift_ns)
{
	const struct mmr_snapshot_info *info = mmr_trace_snapshot_info(trace, i);
	struct mmr_snapshot_piece piece;
	struct mmr_snapshot *snapshot;

	check(mmr_trace_snapshot(trace, i, &snapshot, &err));
	check(mmr_writer_snapshot_begin(w, info->kind, info->begin_ns + shift_ns, &err));
	for (uint32_t n = 0; mmr_snapshot_piece(snapshot, n, &piece); n++) {
		piece.begin_ns += piece.begin_ns ? shift_ns : 0;
		piece.end_ns += piece.end_ns ? shift_ns : 0;
		check(mmr_writer_snapshot_piece(w, &piece, &err));
	}
	check(mmr_writer_snapshot_end(w, info->end_ns + shift_ns, &err));
	mmr_snapshot_free(snapshot);
}

/* All data frames once more. */
static void copy_events(struct mmr_trace *trace, struct mmr_writer *w, uint64_t shift_ns)
{
	struct trace_content content = { 0 };

	for (size_t i = 0; i < trace->entries.count; i++) {
		const struct trace_entry *entry = &trace->entries.items[i];
		uint8_t *page;

		if (entry->kind != TRACE_FRAME_DATA || entry->number >= trace->info.nr_cpus)
			continue;
		check(trace_entry_read(trace, &trace->unzip, entry, &content, &err));
		page = content.data + TRACE_HEAD_SIZE;
		for (uint64_t at = 0; at + entry->aux <= entry->payload; at += entry->aux)
			shift_page(page + at, shift_ns);
		check(mmr_writer_pages(w, entry->number, page, entry->payload / entry->aux, &err));
	}
	trace_content_deinit(&content);
}

static uint32_t subbuf_size(const struct mmr_trace *trace)
{
	for (size_t i = 0; i < trace->entries.count; i++)
		if (trace->entries.items[i].kind == TRACE_FRAME_DATA)
			return trace->entries.items[i].aux;
	die("there are no events");
	return 0;
}

int main(int argc, char **argv)
{
	struct mmr_writer_options options = { .nr_threads = 1,
		                              .io = MMR_WRITER_UNCACHED,
		                              .force = true };
	struct mmr_writer_stats stats;
	struct mmr_trace *trace;
	struct mmr_writer *w;
	uint64_t times, span_ns;

	if (argc != 4)
		die("usage: bench_loop TRACE.zst TIMES OUTPUT.zst");
	times = strtoull(argv[2], NULL, 10);
	check(mmr_trace_open(argv[1], NULL, &trace, &err));
	check(trace_index_load(trace, &err));
	options.nr_cpus = trace->info.nr_cpus;
	options.subbuf_size = subbuf_size(trace);
	span_ns = trace->info.last_ns - trace->info.first_ns + 1000;
	check(mmr_writer_create(argv[3], &options, &w, &err));
	for (size_t i = 0; i < trace->nr_header_texts; i++)
		check(mmr_writer_text(w, trace->texts.items[i].name, trace->texts.items[i].data,
		                      trace->texts.items[i].size, &err));
	check(mmr_writer_begin(w, &err));
	for (uint32_t cpu = 0; cpu < options.nr_cpus; cpu++)
		check(mmr_writer_prepare_cpu(w, cpu, &err));
	copy_snapshot(trace, w, 0, 0);
	for (uint64_t i = 0; i < times; i++)
		copy_events(trace, w, i * span_ns);
	if (trace->info.nr_snapshots > 1)
		copy_snapshot(trace, w, trace->info.nr_snapshots - 1, (times - 1) * span_ns);
	mmr_writer_stats(w, &stats);
	check(mmr_writer_finish(w, &err));
	mmr_trace_close(trace);
	printf("%llu\n", (unsigned long long)stats.nr_events);
	return 0;
}
