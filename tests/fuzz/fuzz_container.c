/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader, the verification and the repair over any file. An input that begins with 'r' is the bytes of a file; any other is a row of
 * contents (u32 size, bytes), which are packed into zstd frames here, so that the fuzzer reaches what
 * lies behind the compression. Printing is left to fuzz_event, with the kernel's own print formats:
 * libtraceevent 1.7.1 does not stand made-up ones.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include <mmreplay/trace.h>
#include <mmreplay/trace_check.h>

#include "container.h"
#include "fuzz.h"
#include "le.h"

FUZZ_LEAKS_OF_LIBTRACEEVENT

#define MAX_EVENTS 20000
#define MAX_FILE   (1u << 20)

static void read_lists(struct mmr_trace *trace)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	struct mmr_access_sample sample;
	struct mmr_snapshot_piece piece;
	struct mmr_snapshot *snapshot;
	struct mmr_error err;

	for (uint32_t i = 0; i < info->nr_snapshots && i < 8; i++) {
		if (mmr_trace_snapshot(trace, i, &snapshot, &err) < 0)
			continue;
		for (uint32_t p = 0; mmr_snapshot_piece(snapshot, p, &piece); p++)
			if (piece.data[piece.size] != '\0' || !piece.name)
				abort();
		mmr_snapshot_find(snapshot, "proc/buddyinfo", &piece);
		mmr_snapshot_free(snapshot);
	}
	for (uint32_t i = 0; i < info->nr_access_frames && i < 8; i++)
		if (mmr_trace_access_sample(trace, i, &sample, &err) == 0 && sample.nr_pfns &&
		    sample.idle[(sample.nr_pfns - 1) / 8] == 0xff)
			continue;
}

static void read_events(struct mmr_trace *trace)
{
	struct mmr_event event;
	struct mmr_error err;

	for (int i = 0; i < MAX_EVENTS && mmr_trace_next(trace, &event, &err) > 0; i++) {
		size_t size;

		mmr_trace_raw(trace, &size);
		if (strlen(mmr_trace_comm(trace, event.pid)) > 15)
			abort();
	}
}

static void read_all(const char *path)
{
	struct mmr_trace_options options = { .nr_threads = 0 };
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;

	if (mmr_trace_open(path, &options, &trace, &err) < 0) {
		if (err.code >= 0 || err.text[0] == '\0')
			abort();
		return;
	}
	for (uint32_t i = 0; i < mmr_trace_info(trace)->nr_zones; i++)
		if (mmr_trace_zone(trace, i)->spanned == 0)
			abort();
	for (uint32_t i = 0; mmr_trace_text_name(trace, i); i++)
		if (!mmr_trace_text(trace, mmr_trace_text_name(trace, i), NULL))
			abort();
	for (uint32_t i = 0; mmr_trace_count(trace, i); i++)
		mmr_event_name(mmr_trace_count(trace, i)->kind);
	read_events(trace);
	read_lists(trace);
	if (mmr_trace_rewind(trace, &err) == 0)
		read_events(trace);
	mmr_trace_close(trace);
}

/* Whatever a file holds, a repair makes one of it whose index is sound. */
static void check_and_repair(const char *path)
{
	static char output[64];
	struct mmr_repair_options options = { .force = true };
	struct mmr_verification *v;
	struct mmr_error err = { 0 };

	if (mmr_trace_verify(path, NULL, &v, &err) == 0)
		mmr_verification_free(v);
	else if (err.text[0] == '\0')
		abort();
	snprintf(output, sizeof(output), "%s/mmr-fuzz-%d.zst",
	         access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid());
	if (mmr_trace_repair(path, output, &options, NULL, &err) < 0)
		return;
	if (mmr_trace_verify(output, NULL, &v, &err) < 0)
		abort();
	/* Frames whose content is nonsense were written like that: they stay. */
	if (mmr_verification_check(v, MMR_CHECK_INDEX)->state == MMR_CHECK_FINDING) {
		fprintf(stderr, "%s\n", mmr_verification_check(v, MMR_CHECK_INDEX)->text);
		abort();
	}
	mmr_verification_free(v);
	unlink(output);
}

/* Packs the contents; heads get their magic and size, which no fuzzer should have to guess. */
static size_t pack(const uint8_t *data, size_t size, uint8_t *file, size_t room)
{
	ZSTD_CCtx *cctx = ZSTD_createCCtx();
	size_t used = 0;

	ZSTD_CCtx_setParameter(cctx, ZSTD_c_checksumFlag, 1);
	while (size >= 4) {
		size_t len = le32_get(data);
		uint8_t *content;
		size_t packed;

		data += 4;
		size -= 4;
		len = len < size ? len : size;
		content = malloc(len ? len : 1);
		if (!content)
			abort();
		memcpy(content, data, len);
		if (len >= TRACE_HEAD_SIZE) {
			le32_put(content, TRACE_HEAD_MAGIC);
			le64_put(content + 56, len - TRACE_HEAD_SIZE);
		}
		packed = ZSTD_compress2(cctx, file + used, room - used, content, len);
		free(content);
		if (ZSTD_isError(packed))
			break;
		used += packed;
		data += len;
		size -= len;
	}
	ZSTD_freeCCtx(cctx);
	return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_file file;
	uint8_t *packed;

	if (size > 0 && data[0] == 'r') {
		file = fuzz_file_open(data + 1, size - 1);
	} else {
		packed = malloc(MAX_FILE);
		if (!packed)
			abort();
		file = fuzz_file_open(packed,
		                      size ? pack(data + 1, size - 1, packed, MAX_FILE) : 0);
		free(packed);
	}
	read_all(file.path);
	check_and_repair(file.path);
	fuzz_file_close(&file);
	return 0;
}
