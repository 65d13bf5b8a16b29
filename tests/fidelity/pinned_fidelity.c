/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pageblocks hold pages that cannot be moved: as the shadow has them when the last full snapshot is read, against
 * that snapshot's kpageflags. Prints a row a recording; fails if more than 2 % of the pageblocks are not as the kernel
 * says. A page without any flag may be free on a CPU's list: what the shadow knows to be there does not count. zram's
 * pages have none either, but can be moved (zs_page_migrate()): recordings with it are not judged.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "le.h"
#include "recordings.h"
#include "shadow_buddy.h"

/* Free, no memory, or of programs and files, also while it is on the way to an LRU list. */
#define KPF_UPTODATE   (1ull << 3)
#define KPF_LRU        (1ull << 5)
#define KPF_BUDDY      (1ull << 10)
#define KPF_MMAP       (1ull << 11)
#define KPF_ANON       (1ull << 12)
#define KPF_SWAPBACKED (1ull << 14)
#define KPF_NOPAGE     (1ull << 20)
#define KPF_THP        (1ull << 22)
#define NOT_PINNED                                                                                \
	(KPF_UPTODATE | KPF_LRU | KPF_BUDDY | KPF_MMAP | KPF_ANON | KPF_SWAPBACKED | KPF_NOPAGE | \
	 KPF_THP)

struct result {
	uint32_t nr_blocks;
	uint32_t nr_kernel; /* pinned, by the kernel */
	uint32_t nr_shadow;
	uint32_t nr_wrong; /* by one of them only */
	bool zram;
};

/* A pageblock of the piece, all of which is there. */
static void compare_block(struct replay_shadow *s, uint64_t pfn, const uint8_t *flags,
                          struct result *r)
{
	uint32_t index = replay_shadow_index(s, pfn, SHADOW_PAGEBLOCK_PAGES);
	bool kernel = false, shadow = false;

	if (index == SHADOW_NONE || index % SHADOW_PAGEBLOCK_PAGES != 0)
		return;
	for (uint32_t i = 0; i < SHADOW_PAGEBLOCK_PAGES; i++) {
		enum page_state state = page_state(s, index + i);

		shadow |= state == PAGE_OTHER;
		kernel |= !(le64_get(flags + (size_t)i * 8) & NOT_PINNED) && state != PAGE_PCP &&
		          state != PAGE_PRIVATE;
	}
	r->nr_blocks++;
	r->nr_kernel += kernel;
	r->nr_shadow += shadow;
	r->nr_wrong += kernel != shadow;
}

static void compare_piece(struct replay_shadow *s, const struct mmr_snapshot_piece *piece,
                          struct result *r)
{
	uint64_t first = piece->offset / 8, end = first + piece->size / 8;

	for (uint64_t pfn = (first + 511) & ~511ull; pfn + 512 <= end; pfn += 512)
		compare_block(s, pfn, piece->data + (pfn - first) * 8, r);
}

static int follow(struct mmr_trace *trace, uint32_t last, struct result *r, struct mmr_error *err)
{
	struct mmr_snapshot *snapshot = NULL;
	struct mmr_snapshot_piece piece;
	struct replay_shadow *shadow = NULL;
	struct mmr_event event;
	uint32_t next = 0;
	int rc = replay_shadow_create(trace, &shadow, err);

	if (rc == 0)
		rc = mmr_trace_snapshot(trace, last, &snapshot, err);
	if (rc == 0 && mmr_snapshot_find(snapshot, "proc/swaps", &piece))
		r->zram = strstr((const char *)piece.data, "zram");
	while (rc >= 0 && (rc = mmr_trace_next(trace, &event, err)) > 0) {
		for (; mmr_snapshot_piece(snapshot, next, &piece) && piece.begin_ns < event.t_ns;
		     next++)
			if (strcmp(piece.name, "proc/kpageflags") == 0)
				compare_piece(shadow, &piece, r);
		replay_shadow_event(shadow, &event);
	}
	for (; rc == 0 && mmr_snapshot_piece(snapshot, next, &piece); next++)
		if (strcmp(piece.name, "proc/kpageflags") == 0)
			compare_piece(shadow, &piece, r);
	mmr_snapshot_free(snapshot);
	replay_shadow_destroy(shadow);
	return rc;
}

static bool check_file(const char *path, const char *name)
{
	const struct mmr_snapshot_info *info;
	struct mmr_error err = { 0 };
	struct result r = { 0 };
	struct mmr_trace *trace;
	uint32_t last = UINT32_MAX;
	bool is_good;
	int rc = mmr_trace_open(path, NULL, &trace, &err);

	if (rc < 0) {
		printf("%-28s %s\n", name, err.text);
		return false;
	}
	for (uint32_t i = 0; (info = mmr_trace_snapshot_info(trace, i)); i++)
		if (info->kind == MMR_SNAPSHOT_FULL)
			last = i;
	if (last != UINT32_MAX)
		rc = follow(trace, last, &r, &err);
	mmr_trace_close(trace);
	if (rc < 0 || last == UINT32_MAX) {
		printf("%-28s %s\n", name, rc < 0 ? err.text : "no full snapshot");
		return rc >= 0 || rc == MMR_E_NOTFOUND || rc == MMR_E_UNSUPPORTED;
	}
	is_good = r.nr_wrong * 50 <= r.nr_blocks || r.zram;
	printf("%-28s %9u %9u %9u %6u  %s\n", name, r.nr_blocks, r.nr_kernel, r.nr_shadow,
	       r.nr_wrong,
	       r.zram    ? "not judged: zram"
	       : is_good ? "ok"
	                 : "PAST ITS BOUND");
	return is_good;
}

static void print_head(void)
{
	printf("%-28s %9s %9s %9s %6s\n", "recording", "blocks", "kernel", "shadow", "wrong");
}

int main(void)
{
	return check_recordings(print_head, check_file);
}
