/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a trace whose events cannot be compressed, as large as asked for: one page allocation in each
 * sub-buffer, a millisecond after the last, followed by noise. Prints their number.
 * usage: bench_large GIB OUTPUT.zst
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmreplay/trace_writer.h>

#include "rng.h"

#define SUBBUF   4096u
#define HEAD     16u /* time stamp, commit */
#define EVENT_ID 7u
#define BATCH    64u
#define DELTA_NS 1000000u
#define START_NS 1000000000ull
#define FIXED    28u /* common fields and those of the format */

static const char format[] =
	"name: mm_page_alloc\nID: 7\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
	"\tfield:unsigned long pfn;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:unsigned int order;\toffset:16;\tsize:4;\tsigned:0;\n"
	"\tfield:unsigned long gfp_flags;\toffset:20;\tsize:4;\tsigned:0;\n"
	"\tfield:int migratetype;\toffset:24;\tsize:4;\tsigned:1;\n\n"
	"print fmt: \"pfn=%lx order=%d\", REC->pfn, REC->order\n";

static void die(const char *why)
{
	fprintf(stderr, "bench_large: %s\n", why);
	exit(2);
}

static void fill(uint8_t *page, uint64_t number, struct rng *rng)
{
	const uint64_t time_ns = START_NS + number * DELTA_NS;
	const uint64_t commit = SUBBUF - HEAD;
	const uint32_t record = 0; /* its length follows, no time has passed */
	const uint32_t length = SUBBUF - HEAD - 4;
	const uint32_t type = EVENT_ID;
	const uint32_t fields[5] = { (uint32_t)(number & 0xfffff), 0, 0, 0x100cca, 1 };

	for (size_t at = HEAD + 8 + FIXED; at + 8 <= SUBBUF; at += 8) {
		const uint64_t noise = base_rng_next(rng);

		memcpy(page + at, &noise, sizeof(noise));
	}
	memcpy(page, &time_ns, 8);
	memcpy(page + 8, &commit, 8);
	memcpy(page + HEAD, &record, 4);
	memcpy(page + HEAD + 4, &length, 4);
	memcpy(page + HEAD + 8, &type, 4);
	memset(page + HEAD + 12, 0, 4);
	memcpy(page + HEAD + 16, fields, sizeof(fields));
}

static struct mmr_writer *create(const char *path, struct mmr_error *err)
{
	static const char *const texts[][2] = {
		{ "kernel.release", "6.12.0" },
		{ "page_size", "4096" },
		{ "clock", "mono" },
		{ "events/kmem/mm_page_alloc/format", format },
	};
	const struct mmr_writer_options options = {
		.nr_cpus = 1,
		.subbuf_size = SUBBUF,
		.nr_threads = 1,
		.io = MMR_WRITER_UNCACHED,
		.force = true,
	};
	struct mmr_writer *w;
	int ret = mmr_writer_create(path, &options, &w, err);

	for (size_t i = 0; ret == 0 && i < sizeof(texts) / sizeof(texts[0]); i++)
		ret = mmr_writer_text(w, texts[i][0], texts[i][1], strlen(texts[i][1]), err);
	if (ret == 0)
		ret = mmr_writer_begin(w, err);
	if (ret == 0)
		ret = mmr_writer_prepare_cpu(w, 0, err);
	if (ret < 0)
		die(err->text);
	return w;
}

int main(int argc, char **argv)
{
	static uint8_t pages[BATCH][SUBBUF];
	struct mmr_error err = { 0 };
	struct rng rng;
	struct mmr_writer *w;
	uint64_t count, number = 0;

	if (argc != 3)
		die("usage: bench_large GIB OUTPUT.zst");
	count = (strtoull(argv[1], NULL, 10) << 30) / SUBBUF;
	base_rng_init(&rng, 1);
	w = create(argv[2], &err);
	while (number < count) {
		for (unsigned int i = 0; i < BATCH; i++)
			fill(pages[i], number++, &rng);
		if (mmr_writer_pages(w, 0, pages, BATCH, &err) < 0)
			die(err.text);
	}
	if (mmr_writer_finish(w, &err) < 0)
		die(err.text);
	printf("%llu\n", (unsigned long long)number);
	return 0;
}
