/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/meminfo, /proc/slabinfo, and memory.* of every cgroup (both versions), line by line. What cannot be read is passed over:
 * these texts are the recorded kernel's, but the file may come from anybody.
 */
#include "snapshot_facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_generations.h"

#define CGROUP_ROOT "sys/fs/cgroup/"
#define NO_LIMIT    (INT64_MAX / 2) /* version 1 says so with a number near the largest */

/* The next line of a text that ends in a NUL, copied; false: none is left. */
static bool next_line(const char **text, char *line, size_t size)
{
	size_t length = strcspn(*text, "\n");

	if (!**text)
		return false;
	snprintf(line, size, "%.*s", (int)(length < size ? length : size - 1), *text);
	*text += length + ((*text)[length] == '\n');
	return true;
}

/* ---- slab caches ---- */

/* "dentry 10 20 192 21 1 : tunables 0 0 0 : slabdata 1 2 0". */
static void put_slab_cache(struct results_db *db, const char *line, int64_t t_ns)
{
	char name[64];
	const char *slabs = strstr(line, ": slabdata ");
	int64_t objects, size, pages_per_slab, nr_slabs;
	int used = 0;
	char *end;

	if (sscanf(line, "%63s%n", name, &used) != 1 || !slabs)
		return;
	objects = strtoll(line + used, &end, 10);
	strtoll(end, &end, 10);
	size = strtoll(end, &end, 10);
	strtoll(end, &end, 10);
	pages_per_slab = strtoll(end, &end, 10);
	strtoll(slabs + strlen(": slabdata "), &end, 10);
	nr_slabs = strtoll(end, NULL, 10);
	if (pages_per_slab <= 0 || pages_per_slab > 1 << 10 || nr_slabs <= 0 ||
	    nr_slabs > INT64_MAX >> 11)
		return;
	results_put_slab_cache(db,
	                       &(struct results_slab_cache){ .t_ns = t_ns,
	                                                     .name = name,
	                                                     .objects = objects,
	                                                     .object_size = size,
	                                                     .pages = nr_slabs * pages_per_slab });
}

static void put_slabinfo(struct results_db *db, const char *text, int64_t t_ns)
{
	char line[256];

	while (next_line(&text, line, sizeof(line)))
		put_slab_cache(db, line, t_ns);
}

/* ---- cgroups ---- */

static const char *const single_files[] = {
	"memory.max",
	"memory.high",
	"memory.current",
	"memory.peak",
	"memory.swap.max",
	"memory.swap.current",
	"memory.limit_in_bytes",
	"memory.usage_in_bytes",
	"memory.failcnt",
	"memory.max_usage_in_bytes",
};

static const char *const keyed_files[] = { "memory.events", "memory.events.local" };

static bool is_one_of(const char *name, const char *const *names, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void put_cgroup_value(struct results_db *db, const char *path, const char *name,
                             const char *text, int64_t t_ns)
{
	char *end;
	int64_t value = strtoll(text, &end, 10);
	bool is_max = strncmp(text, "max", 3) == 0;
	const struct results_cgroup_memory row = {
		.t_ns = t_ns,
		.path = path,
		.name = name,
		.value = is_max || value >= NO_LIMIT ? RESULTS_NULL : value,
	};

	if (is_max || (end != text && value != 0))
		results_put_cgroup_memory(db, &row);
}

/* "oom_kill 1": the key becomes part of the name. */
static void put_cgroup_keys(struct results_db *db, const char *path, const char *file,
                            const char *text, int64_t t_ns)
{
	char line[128], name[192];

	while (next_line(&text, line, sizeof(line))) {
		char *blank = strchr(line, ' ');

		if (!blank)
			continue;
		*blank = '\0';
		snprintf(name, sizeof(name), "%s:%s", file, line);
		put_cgroup_value(db, path, name, blank + 1, t_ns);
	}
}

static void put_cgroup_file(struct results_db *db, const struct mmr_snapshot_piece *piece,
                            int64_t t_ns)
{
	const char *name = piece->name, *file = strrchr(name, '/');
	char path[512];

	if (strncmp(name, CGROUP_ROOT, strlen(CGROUP_ROOT)) != 0 || !file ||
	    file < name + strlen(CGROUP_ROOT))
		return; /* the root has no limits */
	snprintf(path, sizeof(path), "/%.*s", (int)(file - name - (ptrdiff_t)strlen(CGROUP_ROOT)),
	         name + strlen(CGROUP_ROOT));
	file++;
	if (is_one_of(file, single_files, sizeof(single_files) / sizeof(single_files[0])))
		put_cgroup_value(db, path, file, (const char *)piece->data, t_ns);
	else if (is_one_of(file, keyed_files, sizeof(keyed_files) / sizeof(keyed_files[0])))
		put_cgroup_keys(db, path, file, (const char *)piece->data, t_ns);
}

/* ---- memory ---- */

/* "MemFree:   12345 kB"; numbers of huge pages have no unit and are left out. */
static void put_meminfo(struct results_db *db, const char *text, int64_t t_ns)
{
	char line[128];

	while (next_line(&text, line, sizeof(line))) {
		char *colon = strchr(line, ':'), *end;
		long long kb = colon ? strtoll(colon + 1, &end, 10) : 0;

		if (!colon || strcmp(end, " kB") != 0)
			continue;
		*colon = '\0';
		results_put_meminfo(db, t_ns, line, kb);
	}
}

#define THP_PREFIX "sys/kernel/mm/transparent_hugepage/"
#define HUGE_KB    2048u

static bool is_on(const struct mmr_snapshot *snapshot, unsigned int kb, const char *file)
{
	struct mmr_snapshot_piece piece;
	char name[128];

	snprintf(name, sizeof(name), THP_PREFIX "hugepages-%ukB/%s", kb, file);
	return mmr_snapshot_find(snapshot, name, &piece) &&
	       !strstr((const char *)piece.data, "[never]");
}

/* One of the sizes below huge pages is. */
static bool any_on(const struct mmr_snapshot *snapshot)
{
	for (unsigned int kb = 8; kb < HUGE_KB; kb *= 2)
		if (is_on(snapshot, kb, "enabled") || is_on(snapshot, kb, "shmem_enabled"))
			return true;
	return false;
}

/* "hugepages-64kB/stats/anon_fault_alloc" of a size that is on; those of huge pages beside them, else /proc/vmstat has them. */
static void put_folio_stat(struct results_db *db, const struct mmr_snapshot *snapshot,
                           const struct mmr_snapshot_piece *piece, int64_t t_ns)
{
	const char *file = piece->name + strlen(THP_PREFIX), *stats;
	char name[128];
	unsigned int kb;

	if (strncmp(piece->name, THP_PREFIX, strlen(THP_PREFIX)) != 0 ||
	    sscanf(file, "hugepages-%ukB/", &kb) != 1)
		return;
	stats = strstr(file, "/stats/");
	if (!stats)
		return;
	if (kb == HUGE_KB
	            ? !any_on(snapshot)
	            : !is_on(snapshot, kb, "enabled") && !is_on(snapshot, kb, "shmem_enabled"))
		return;
	snprintf(name, sizeof(name), "hugepages-%ukB/%.64s", kb, stats + strlen("/stats/"));
	results_put_vmstat(db, t_ns, name, strtoll((const char *)piece->data, NULL, 10));
}

void replay_facts_put(struct results_db *db, const struct mmr_snapshot *snapshot, int64_t t_ns)
{
	struct mmr_snapshot_piece piece;

	if (mmr_snapshot_find(snapshot, "proc/meminfo", &piece))
		put_meminfo(db, (const char *)piece.data, t_ns);
	if (mmr_snapshot_find(snapshot, "proc/slabinfo", &piece))
		put_slabinfo(db, (const char *)piece.data, t_ns);
	if (mmr_snapshot_find(snapshot, "sys/kernel/debug/lru_gen", &piece))
		replay_run_put_generations(db, t_ns, (const char *)piece.data, piece.size);
	for (uint32_t i = 0; mmr_snapshot_piece(snapshot, i, &piece); i++) {
		put_cgroup_file(db, &piece, t_ns);
		put_folio_stat(db, snapshot, &piece, t_ns);
	}
}

/* ---- the recorder ---- */

/* What a recording may lack, by an event that it has otherwise, under one of two names. */
static const struct {
	const char *what;
	const char *event;
	const char *older;
} parts[] = {
	{ "allocations", "kmem/mm_page_alloc", NULL },
	{ "faults", "exceptions/page_fault_user", NULL },
	{ "sizes of address spaces", "kmem/rss_stat", NULL },
	{ "the page cache", "filemap/mm_filemap_add_to_page_cache", NULL },
	{ "reclaim", "vmscan/mm_vmscan_direct_reclaim_begin", NULL },
	{ "compaction", "compaction/mm_compaction_begin", NULL },
	{ "OOM kills", "oom/mark_victim", NULL },
	{ "dirtying", "writeback/writeback_dirty_folio", "writeback/writeback_dirty_page" },
	{ "waits of writers", "writeback/balance_dirty_pages", NULL },
	{ "mappings", "syscalls/sys_enter_mmap", NULL },
};

static bool has_event(struct mmr_trace *trace, const char *event)
{
	char name[96];

	snprintf(name, sizeof(name), "events/%s/format", event);
	return mmr_trace_text(trace, name, NULL);
}

void replay_facts_put_recorder(struct results_db *db, struct mmr_trace *trace)
{
	const char *options = mmr_trace_text(trace, "recorder.options", NULL);
	const char *size = options ? strstr(options, "buffer_size=") : NULL;
	uint64_t bytes = size ? strtoull(size + strlen("buffer_size="), NULL, 10) : 0;
	char text[512] = "";
	size_t used = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!has_event(trace, parts[i].event) &&
		    !(parts[i].older && has_event(trace, parts[i].older)))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
			                         used ? ", " : "", parts[i].what);
	if (text[0])
		results_put_param(db, "recorder.lacks", text);
	if (bytes && bytes < UINT64_C(1) << 40) {
		snprintf(text, sizeof(text), "%" PRIu64, bytes * mmr_trace_info(trace)->nr_cpus);
		results_put_param(db, "recorder.buffer_bytes", text);
	}
}
