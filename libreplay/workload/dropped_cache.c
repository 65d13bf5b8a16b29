/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes to /proc/sys/vm/drop_caches: no event tells of them, but the counters drop_pagecache and drop_slab between two
 * snapshots do, and pages of many files that one task deletes in a row.
 *
 * In a stretch between snapshots in which the counter grew, a task that deletes pages of a second file, having done nothing but free
 * pages since the first, drops the cache: DEMAND_DROP_CACHES (of slabs when the task goes on), and these pages are out as if reclaim had taken them, for
 * under another policy others are in memory. In a stretch of more than two seconds it takes 32 files: rm deletes several, too.
 *
 * State: the stretches, and the row of deletions that goes on.
 *
 * Bias: pages deleted before a row is long enough are freed one by one, as if truncated.
 *
 * Not modelled: a drop of slabs alone, of a single file's pages, or in a recording without snapshots at both ends.
 */
#include <string.h>

#include "error_set.h"
#include "wl_state.h"

#define LONG_NS    UINT64_C(2000000000)
#define FILES_LONG 32u
#define FILES      2u

enum {
	DROP_PAGECACHE = 1,
	DROP_SLAB = 2,
};

static bool counter_of(const struct mmr_snapshot_piece *piece, const char *name, uint64_t *value)
{
	const char *at = (const char *)piece->data, *end = at + piece->size;
	size_t length = strlen(name);

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t size = (size_t)((stop ? stop : end) - at);

		if (size > length && at[length] == ' ' && memcmp(at, name, length) == 0) {
			*value = 0;
			for (size_t i = length + 1; i < size && at[i] >= '0' && at[i] <= '9'; i++)
				*value = *value * 10 + (uint64_t)(at[i] - '0');
			return true;
		}
		at += size + 1;
	}
	return false;
}

/* The counters of a snapshot; false: it has none. */
static bool read_counters(const struct mmr_snapshot *snapshot, uint64_t counters[2])
{
	struct mmr_snapshot_piece piece;

	for (uint32_t i = 0; mmr_snapshot_piece(snapshot, i, &piece); i++)
		if (strcmp(piece.name, "proc/vmstat") == 0)
			return counter_of(&piece, "drop_pagecache", &counters[0]) &&
			       counter_of(&piece, "drop_slab", &counters[1]);
	return false;
}

void wl_add_drops(struct wl *wl, const struct wl_drops *drops)
{
	if (wl->nr_drops < WL_MAX_DROPS && drops->nr_pagecache + drops->nr_slab > 0)
		wl->drops[wl->nr_drops++] = *drops;
}

int wl_read_drops(struct wl *wl, struct mmr_trace *trace, struct mmr_error *err)
{
	const struct mmr_snapshot_info *info;
	uint64_t was[2], is[2], begin_ns = 0;
	bool known = false;

	for (uint32_t i = 0; (info = mmr_trace_snapshot_info(trace, i)); i++) {
		struct mmr_snapshot *snapshot;
		int code = mmr_trace_snapshot(trace, i, &snapshot, err);
		bool has;

		if (code == MMR_E_CORRUPT)
			continue;
		if (code < 0)
			return code;
		has = read_counters(snapshot, is);
		mmr_snapshot_free(snapshot);
		if (!has)
			continue;
		if (known && is[0] >= was[0] && is[1] >= was[1])
			wl_add_drops(wl,
			             &(struct wl_drops){ .begin_ns = begin_ns,
			                                 .end_ns = info->begin_ns,
			                                 .nr_pagecache = (uint32_t)(is[0] - was[0]),
			                                 .nr_slab = (uint32_t)(is[1] - was[1]) });
		memcpy(was, is, sizeof(was));
		begin_ns = info->begin_ns;
		known = true;
	}
	return 0;
}

/* The stretch at hand; NULL: nothing was dropped now. */
static struct wl_drops *drops_now(struct wl *wl)
{
	while (wl->first_drops < wl->nr_drops && wl->drops[wl->first_drops].end_ns < wl->now_ns)
		wl->first_drops++;
	if (wl->first_drops == wl->nr_drops || wl->drops[wl->first_drops].begin_ns > wl->now_ns)
		return NULL;
	return &wl->drops[wl->first_drops];
}

static void tell(struct wl *wl, uint32_t what)
{
	wl_emit(wl, (struct demand_op){
			    .kind = DEMAND_DROP_CACHES, .page = DEMAND_NO_PAGE, .arg = what });
}

static void begin_drop(struct wl *wl, struct wl_drops *drops)
{
	drops->nr_pagecache--;
	wl->drop_row.drops = true;
	wl->drop_row.slab = drops->nr_slab > 0;
	drops->nr_slab -= wl->drop_row.slab;
	tell(wl, DROP_PAGECACHE);
}

bool wl_is_dropped(struct wl *wl, const struct mmr_event *event)
{
	struct wl_drops *drops = drops_now(wl);
	struct wl_drop_row *row = &wl->drop_row;
	uint32_t enough;

	if (!drops || wl->task == 0)
		return false;
	if (row->task != wl->task)
		*row = (struct wl_drop_row){ .task = wl->task };
	if (row->nr_files == 0 || row->ino != event->filemap.ino || row->dev != event->filemap.dev)
		row->nr_files++;
	row->ino = event->filemap.ino;
	row->dev = event->filemap.dev;
	enough = drops->end_ns - drops->begin_ns > LONG_NS ? FILES_LONG : FILES;
	if (!row->drops && row->nr_files >= enough && drops->nr_pagecache > 0)
		begin_drop(wl, drops);
	return row->drops;
}

void wl_drop_row_ends(struct wl *wl, uint32_t task)
{
	if (task != wl->drop_row.task || task == 0)
		return;
	/* By now the shrinkers' events have told how large the caches are. */
	if (wl->drop_row.slab)
		tell(wl, DROP_SLAB);
	wl->drop_row = (struct wl_drop_row){ .task = 0 };
}
