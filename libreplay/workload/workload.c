// SPDX-License-Identifier: LGPL-2.1-or-later
/* The life of a struct wl. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "error_set.h"
#include "wl_state.h"

uint64_t wl_start_ns(const struct wl *wl)
{
	return wl->start_ns;
}

static int measure(struct wl *wl, const struct wl_options *options, struct mmr_error *err)
{
	uint64_t first = UINT64_MAX;
	uint64_t end = 0;

	for (uint32_t i = 0; i < options->nr_zones; i++) {
		const struct mmr_zone_info *zone = &options->zones[i];

		if (zone->spanned == 0)
			continue;
		if (zone->start_pfn > UINT32_MAX || zone->spanned > UINT32_MAX)
			return base_error(err, MMR_E_LIMIT, "zone %.16s has 2^32 pages or more",
			                  zone->name);
		if (zone->start_pfn < first)
			first = zone->start_pfn;
		if (zone->start_pfn + zone->spanned > end)
			end = zone->start_pfn + zone->spanned;
	}
	if (end == 0)
		return base_error(err, MMR_E_INVALID, "no zones");
	if (end > UINT32_MAX)
		return base_error(err, MMR_E_LIMIT, "the zones have 2^32 pages or more");
	wl->first_pfn = first;
	wl->nr_pfns = end - first;
	return 0;
}

/* "6.1.0-13-amd64" → 6 * 1000 + 1; what is no release is a recent one. */
static unsigned int release_number(const char *release)
{
	unsigned int number[2] = { 0, 0 };

	if (!release || *release < '0' || *release > '9')
		return UINT_MAX;
	for (unsigned int part = 0; part < 2; part++) {
		for (; *release >= '0' && *release <= '9' && number[part] < 1000; release++)
			number[part] = number[part] * 10 + (unsigned int)(*release - '0');
		if (part == 0 && *release++ != '.')
			return UINT_MAX;
	}
	return number[0] * 1000 + number[1];
}

int wl_new(const struct wl_options *options, struct wl **ret, struct mmr_error *err)
{
	struct wl *wl = base_calloc_err(1, sizeof(*wl), "the workload", err);
	int error;

	*ret = NULL;
	if (!wl)
		return MMR_E_NOMEM;
	error = measure(wl, options, err);
	if (error < 0)
		goto fail;
	for (unsigned int class = 0; class <= WL_NR_CLASSES; class ++)
		wl->chunk_lists[class] = WL_NONE;
	wl->free_map = WL_NONE;
	wl->free_file = WL_NONE;
	wl->free_mm = WL_NONE;
	wl->ops_serial = 1;
	wl->seekless_swap = options->seekless_swap;
	wl->generations = options->generations;
	wl->recorder_pid = options->recorder_pid;
	wl->free_span = WL_NONE;
	wl->traces_faults = release_number(options->release) >= 6010;
	wl->rss_per_fault = release_number(options->release) >= 6002;
	error = MMR_E_NOMEM;
	wl->places = base_calloc_err(wl->nr_pfns, sizeof(*wl->places), "page frames", err);
	if (!wl->places)
		goto fail;
	if (wl_task_vec_push(&wl->tasks, (struct wl_task){ .mm = WL_NONE,
	                                                   .populated = WL_NONE,
	                                                   .collapse_pfn = WL_NONE,
	                                                   .collapse_mm = WL_NONE,
	                                                   .migrator = WL_NONE,
	                                                   .last = WL_NONE,
	                                                   .movable_pfn = WL_NONE,
	                                                   .exec_mm = WL_NONE }) < 0) {
		base_error(err, error, "no memory for tasks");
		goto fail;
	}
	*ret = wl;
	return 0;
fail:
	wl_destroy(wl);
	return error;
}

void wl_khugepaged_is(struct wl *wl, uint32_t pid)
{
	wl->khugepaged_pid = pid;
}

void wl_number_folios(struct wl *wl)
{
	wl->folios = true;
}

void wl_number_files(struct wl *wl)
{
	wl->tells_files = true;
}

void wl_destroy(struct wl *wl)
{
	if (!wl)
		return;
	for (unsigned int i = 0; i < WL_MAX_MIGRATORS; i++)
		base_free(wl->migrators[i].moves);
	for (size_t i = 0; i < wl->pieces.count; i++)
		base_free(wl->pieces.items[i].flags);
	wl_piece_vec_deinit(&wl->pieces);
	wl_cma_range_vec_deinit(&wl->cma_ranges);
	wl_page_vec_deinit(&wl->pages);
	wl_chunk_vec_deinit(&wl->chunks);
	wl_map_vec_deinit(&wl->maps);
	wl_span_vec_deinit(&wl->spans);
	wl_file_vec_deinit(&wl->files);
	wl_file_map_vec_deinit(&wl->file_maps);
	for (size_t i = 0; i < wl->mms.count; i++)
		wl_commit_vec_deinit(&wl->mms.items[i].commits);
	wl_mm_vec_deinit(&wl->mms);
	wl_task_vec_deinit(&wl->tasks);
	wl_u32_vec_deinit(&wl->pids);
	wl_bulk_vec_deinit(&wl->bulks);
	wl_tmpfs_vec_deinit(&wl->tmpfs.places);
	wl_u32_vec_deinit(&wl->tmpfs.files);
	wl_u32_vec_deinit(&wl->outs);
	wl_u32_vec_deinit(&wl->slots);
	wl_extent_vec_deinit(&wl->extents);
	wl_u32_vec_deinit(&wl->nameless[0]);
	wl_u32_vec_deinit(&wl->nameless[1]);
	wl_op_vec_deinit(&wl->ops);
	wl_u32_vec_deinit(&wl->late);
	base_free(wl->map_hash.heads);
	base_free(wl->file_hash.heads);
	base_free(wl->file_page_hash.heads);
	base_free(wl->places);
	base_free(wl->born);
	base_free(wl);
}

/* The first full snapshot of a trace; NULL: there is none. */
static int first_snapshot(struct mmr_trace *trace, struct mmr_snapshot **ret, uint64_t *begin_ns,
                          struct mmr_error *err)
{
	const struct mmr_snapshot_info *info;

	*ret = NULL;
	for (uint32_t i = 0; (info = mmr_trace_snapshot_info(trace, i)); i++) {
		if (info->kind != MMR_SNAPSHOT_FULL)
			continue;
		*begin_ns = info->begin_ns;
		return mmr_trace_snapshot(trace, i, ret, err);
	}
	return 0;
}

/* Bit 0 of what lru_gen/enabled says, which is a number in hex. */
static bool has_generations(const struct mmr_snapshot *snapshot)
{
	struct mmr_snapshot_piece piece;
	char last = '0';

	if (!mmr_snapshot_find(snapshot, "sys/kernel/mm/lru_gen/enabled", &piece))
		return false;
	while (piece.size > 0 && piece.data[piece.size - 1] <= ' ')
		piece.size--;
	if (piece.size > 0)
		last = (char)piece.data[piece.size - 1];
	return strchr("13579bdf", last);
}

/* Whether the devices that hold swap are known, and none of them has to seek. */
static bool is_seekless(const struct mmr_snapshot *snapshot)
{
	static const char suffix[] = "/queue/rotational";
	struct mmr_snapshot_piece piece;
	bool seekless = false;

	for (uint32_t i = 0; mmr_snapshot_piece(snapshot, i, &piece); i++) {
		size_t length = strlen(piece.name);

		if (length < sizeof(suffix) ||
		    strcmp(piece.name + length - (sizeof(suffix) - 1), suffix) != 0)
			continue;
		if (piece.size == 0 || piece.data[0] != '0')
			return false;
		seekless = true;
	}
	return seekless;
}

static int add_pieces(struct wl *wl, const struct mmr_snapshot *snapshot, uint64_t begin_ns,
                      struct mmr_error *err)
{
	struct mmr_snapshot_piece piece;
	int error = 0;

	for (uint32_t i = 0; error == 0 && mmr_snapshot_piece(snapshot, i, &piece); i++)
		if (strcmp(piece.name, "mmcap/swap_extents") == 0)
			error = wl_parse_swap(wl, (const char *)piece.data, piece.size, err);
		else if (strcmp(piece.name, "proc/kpageflags") == 0)
			error = wl_add_kpageflags(wl, piece.offset / 8, piece.data, piece.size / 8,
			                          piece.begin_ns ? piece.begin_ns : begin_ns, err);
	return error;
}

int wl_create(struct mmr_trace *trace, struct wl **ret, struct mmr_error *err)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	struct wl_options options = { .nr_zones = info->nr_zones, .release = info->kernel_release };
	struct mmr_zone_info *zones = base_calloc_err(info->nr_zones, sizeof(*zones), "zones", err);
	struct mmr_snapshot *snapshot = NULL;
	uint64_t begin_ns = 0;
	const char *pid;
	int error;

	*ret = NULL;
	if (!zones)
		return MMR_E_NOMEM;
	for (uint32_t i = 0; i < info->nr_zones; i++)
		zones[i] = *mmr_trace_zone(trace, i);
	options.zones = zones;
	error = first_snapshot(trace, &snapshot, &begin_ns, err);
	if (snapshot)
		options.seekless_swap = is_seekless(snapshot);
	if (snapshot)
		options.generations = has_generations(snapshot);
	pid = mmr_trace_text(trace, "recorder.pid", NULL);
	if (pid)
		options.recorder_pid = (uint32_t)strtoul(pid, NULL, 10);
	if (error == 0)
		error = wl_new(&options, ret, err);
	if (error == 0 && snapshot)
		error = wl_add_processes(*ret, snapshot, err);
	if (error == 0 && snapshot)
		error = add_pieces(*ret, snapshot, begin_ns, err);
	mmr_snapshot_free(snapshot);
	if (error == 0)
		error = wl_read_drops(*ret, trace, err);
	base_free(zones);
	if (error < 0) {
		wl_destroy(*ret);
		*ret = NULL;
	}
	return error;
}
