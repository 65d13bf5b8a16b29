/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dumps against the files that the recorded kernel wrote: one strict parser for both. Every line must be in the
 * kernel's format to the last column, the names and their order must be the same, and the numbers must
 * fit each other. The shadow's buddyinfo must be the kernel's own wherever that was read while nothing moved.
 */
#include "kernel_view.h"

#include <mmreplay/run.h>

#include "mm.h"
#include "policy_table.h"
#include "rng.h"
#include "show_views.h"

#define MAX_DUMPS 128

/* ---- recordings and dumps ---- */

struct dumps {
	struct mmr_dump_request requests[MAX_DUMPS];
	size_t nr;
	char *texts[MAX_DUMPS];
	size_t nr_taken;
	uint64_t last_ns;
};

static struct mmr_trace *open_trace(const char *name)
{
	struct mmr_trace *trace;
	struct mmr_error err;
	char path[512];

	snprintf(path, sizeof(path), "%s/traces/%s", getenv("SOURCE_ROOT"), name);
	if (mmr_trace_open(path, NULL, &trace, &err) < 0)
		fail_msg("%s", err.text);
	return trace;
}

static bool keep(void *data, const struct mmr_dump *dump)
{
	struct dumps *dumps = data;

	assert_true(dump->t_ns >= dumps->last_ns);
	assert_int_equal(strlen(dump->text), dump->size);
	dumps->last_ns = dump->t_ns;
	dumps->texts[dump->request] = strdup(dump->text);
	dumps->nr_taken++;
	return dumps->texts[dump->request] != NULL;
}

static void request(struct dumps *dumps, const char *view, uint64_t t_ns)
{
	assert_true(dumps->nr < MAX_DUMPS);
	dumps->requests[dumps->nr++] = (struct mmr_dump_request){ .view = view, .t_ns = t_ns };
}

static int run(struct mmr_trace *trace, struct dumps *dumps, bool shadow, struct mmr_error *err)
{
	const struct mmr_run_options options = { .trace_path = "-",
		                                 .dumps = dumps->requests,
		                                 .nr_dumps = dumps->nr,
		                                 .dump = keep,
		                                 .dump_data = dumps };
	struct mmr_run_report report;
	int code = shadow ? mmr_run_original(trace, &options, &report, err)
	                  : mmr_run_replay(trace, &options, &report, err);

	mmr_run_report_deinit(&report);
	return code;
}

static void take(struct mmr_trace *trace, struct dumps *dumps, bool shadow)
{
	struct mmr_error err = { 0 };

	if (run(trace, dumps, shadow, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(dumps->nr_taken, dumps->nr);
}

static void free_dumps(struct dumps *dumps)
{
	for (size_t i = 0; i < dumps->nr; i++)
		free(dumps->texts[i]);
}

/* The kernel's own file at the start; free it. */
static char *recorded(struct mmr_trace *trace, const char *name)
{
	struct mmr_snapshot_piece piece;
	struct mmr_snapshot *snapshot;
	struct mmr_error err;
	char *text = NULL;

	assert_int_equal(mmr_trace_snapshot(trace, 0, &snapshot, &err), 0);
	if (mmr_snapshot_find(snapshot, name, &piece))
		text = strndup((const char *)piece.data, piece.size);
	mmr_snapshot_free(snapshot);
	return text;
}

/* ---- names, order and columns ---- */

static void compare_shape(const char *view, const struct table *real, const struct table *dump)
{
	for (size_t i = 0; i < real->nr && i < dump->nr; i++)
		if (strcmp(real->rows[i].key, dump->rows[i].key) != 0)
			fail_msg("%s: line %zu is \"%s\", not \"%s\"", view, i, dump->rows[i].key,
			         real->rows[i].key);
	assert_int_equal(real->nr, dump->nr);
}

/* ---- numbers ---- */

static void zone_key(char *key, const char *zone, const char *name)
{
	snprintf(key, 96, "%s%s", zone, name);
}

/* Sum of an item over all zones, or over all nodes. */
static uint64_t sum(const struct table *zoneinfo, const char *section, const char *name)
{
	uint64_t total = 0;
	char wanted[96];

	snprintf(wanted, sizeof(wanted), "/%s %s", section, name);
	for (size_t i = 0; i < zoneinfo->nr; i++) {
		const char *key = zoneinfo->rows[i].key, *at = strchr(key, '/');

		at = at ? strchr(at + 1, '/') : NULL;
		if (!at)
			continue;
		/* "0/DMA/zone       nr_free_pages " */
		if (strncmp(at + 1, section, strlen(section)) == 0) {
			const char *item = at + 1 + strlen(section);

			item += strspn(item, " ");
			if (strncmp(item, name, strlen(name)) == 0 &&
			    item[strlen(name) + strspn(item + strlen(name), " ")] == 0)
				total += zoneinfo->rows[i].value;
		}
	}
	return total;
}

static void check_zone(struct table *const tables[NR_VIEWS], const char *zone)
{
	static const char *const types[] = { "Unmovable",  "Movable", "Reclaimable",
		                             "HighAtomic", "CMA",     "Isolate" };
	uint64_t free_pages = 0;
	char key[96];

	for (unsigned int order = 0; order <= 10; order++) {
		uint64_t blocks = 0;

		for (size_t type = 0; type < sizeof(types) / sizeof(types[0]); type++) {
			snprintf(key, sizeof(key), "%s%s/%u", zone, types[type], order);
			for (size_t i = 0; i < tables[PAGETYPEINFO]->nr; i++)
				if (strcmp(tables[PAGETYPEINFO]->rows[i].key, key) == 0)
					blocks += tables[PAGETYPEINFO]->rows[i].value;
		}
		snprintf(key, sizeof(key), "%s%u", zone, order);
		assert_int_equal(value(tables[BUDDYINFO], key), blocks);
		free_pages += blocks << order;
	}
	zone_key(key, zone, "zone   pages free");
	assert_int_equal(value(tables[ZONEINFO], key), free_pages);
	zone_key(key, zone, "zone       nr_free_pages");
	assert_int_equal(value(tables[ZONEINFO], key), free_pages);
}

static void check_sums(struct table *const tables[NR_VIEWS])
{
	static const char *const of_zones[] = { "nr_free_pages",         "nr_zone_inactive_anon",
		                                "nr_zone_active_anon",   "nr_zone_inactive_file",
		                                "nr_zone_active_file",   "nr_zone_unevictable",
		                                "nr_zone_write_pending", "nr_mlock" };
	static const char *const of_nodes[] = {
		"nr_inactive_anon", "nr_active_anon", "nr_inactive_file", "nr_active_file",
		"nr_unevictable",   "nr_anon_pages",  "nr_file_pages",    "nr_dirty",
		"nr_writeback",     "nr_shmem",       "nr_swapcached"
	};
	const struct table *zoneinfo = tables[ZONEINFO], *vmstat = tables[VMSTAT];

	for (size_t i = 0; i < sizeof(of_zones) / sizeof(of_zones[0]); i++)
		assert_int_equal(sum(zoneinfo, "zone", of_zones[i]), value(vmstat, of_zones[i]));
	for (size_t i = 0; i < sizeof(of_nodes) / sizeof(of_nodes[0]); i++)
		assert_int_equal(sum(zoneinfo, "node", of_nodes[i]), value(vmstat, of_nodes[i]));
}

static void check_meminfo(const struct table *meminfo, const struct table *vmstat)
{
	assert_int_equal(value(meminfo, "MemFree"), 4 * value(vmstat, "nr_free_pages"));
	assert_int_equal(value(meminfo, "Active"),
	                 value(meminfo, "Active(anon)") + value(meminfo, "Active(file)"));
	assert_int_equal(value(meminfo, "Inactive"),
	                 value(meminfo, "Inactive(anon)") + value(meminfo, "Inactive(file)"));
	assert_int_equal(value(meminfo, "Inactive(file)"), 4 * value(vmstat, "nr_inactive_file"));
	assert_int_equal(value(meminfo, "Cached") + value(meminfo, "SwapCached"),
	                 4 * value(vmstat, "nr_file_pages"));
	assert_int_equal(value(meminfo, "AnonPages"), 4 * value(vmstat, "nr_anon_pages"));
	assert_in_range(value(meminfo, "MemFree"), 1, value(meminfo, "MemTotal"));
	assert_in_range(value(meminfo, "SwapFree"), 0, value(meminfo, "SwapTotal"));
}

/* Everything that a machine has is free, on per-CPU lists, or in use: and not more. */
static void check_conservation(const struct table *zoneinfo)
{
	uint64_t known = sum(zoneinfo, "zone", "nr_free_pages");

	for (unsigned int cpu = 0; cpu < 8; cpu++) {
		char section[16];

		snprintf(section, sizeof(section), "cpu%u", cpu);
		known += sum(zoneinfo, section, "count:");
	}
	known += sum(zoneinfo, "zone", "nr_zone_inactive_anon") +
	         sum(zoneinfo, "zone", "nr_zone_active_anon") +
	         sum(zoneinfo, "zone", "nr_zone_inactive_file") +
	         sum(zoneinfo, "zone", "nr_zone_active_file") +
	         sum(zoneinfo, "zone", "nr_zone_unevictable");
	assert_in_range(known, 1, sum(zoneinfo, "zone", "managed"));
}

/* What does not change, and is as recorded before anything has happened. */
static void check_start(const struct table *real, const struct table *dump)
{
	static const char *const constant[] = { "zone         min ",    "zone         low ",
		                                "zone         high ",   "zone         promo ",
		                                "zone         spanned", "zone         present",
		                                "zone         managed", "zone protection",
		                                "zoneprotection",       "batch:",
		                                "start_pfn:",           "stats threshold",
		                                "node_unreclaimable",   "cpu:" };
	size_t nr = 0;

	for (size_t i = 0; i < real->nr; i++) {
		for (size_t c = 0; c < sizeof(constant) / sizeof(constant[0]); c++) {
			if (!strstr(real->rows[i].key, constant[c]))
				continue;
			if (real->rows[i].value != dump->rows[i].value)
				fail_msg("%s: %llu, not %llu", real->rows[i].key,
				         (unsigned long long)dump->rows[i].value,
				         (unsigned long long)real->rows[i].value);
			nr++;
			break;
		}
	}
	assert_in_range(nr, 30, MAX_ROWS);
}

static void check_numbers(struct table *const tables[NR_VIEWS])
{
	char last[48] = "";

	for (size_t i = 0; i < tables[BUDDYINFO]->nr; i++) {
		const char *key = tables[BUDDYINFO]->rows[i].key, *end = strrchr(key, '/');
		char zone[48];

		snprintf(zone, sizeof(zone), "%.*s", (int)(end + 1 - key), key);
		if (strcmp(zone, last) != 0)
			check_zone(tables, zone);
		memcpy(last, zone, sizeof(last));
	}
	check_sums(tables);
	check_meminfo(tables[MEMINFO], tables[VMSTAT]);
	check_conservation(tables[ZONEINFO]);
}

/* ---- tests ---- */

static void check_instant(struct mmr_trace *trace, const struct dumps *dumps, size_t first)
{
	struct table *tables[NR_VIEWS] = { NULL };

	for (unsigned int view = 0; view < NR_VIEWS; view++) {
		char *text = recorded(trace, views[view].piece);
		struct table *real;

		if (view == LRU_GEN && dumps->texts[first + view][0] == '#') {
			free(text);
			continue;
		}
		assert_non_null(text);
		real = parse(view, text);
		tables[view] = parse(view, dumps->texts[first + view]);
		/* The kernel has a line for each cgroup. */
		if (view != LRU_GEN)
			compare_shape(views[view].name, real, tables[view]);
		if (view == ZONEINFO && first == 0)
			check_start(real, tables[view]);
		free(real);
		free(text);
	}
	check_numbers(tables);
	for (unsigned int view = 0; view < NR_VIEWS; view++)
		free(tables[view]);
}

static void check_recording(const char *name)
{
	struct mmr_trace *trace = open_trace(name);
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	uint64_t half_ns = (info->last_ns - info->first_ns) / 2;
	const uint64_t instants[] = { 0, half_ns, MMR_DUMP_END };
	struct dumps dumps = { 0 };

	for (size_t i = 0; i < 3; i++)
		for (unsigned int view = 0; view < NR_VIEWS; view++)
			request(&dumps, views[view].name, instants[i]);
	take(trace, &dumps, false);
	for (size_t i = 0; i < 3; i++)
		check_instant(trace, &dumps, i * NR_VIEWS);
	free_dumps(&dumps);
	mmr_trace_close(trace);
}

static void of_612_under_mglru(void **state)
{
	(void)state;
	check_recording("fragment-612-mglru.zst");
}

static void of_612_with_two_nodes(void **state)
{
	(void)state;
	check_recording("small-612-numa.zst");
}

static void of_61(void **state)
{
	(void)state;
	check_recording("zipf-61-mglru.zst");
}

static void of_618(void **state)
{
	(void)state;
	check_recording("live-618-fork.zst");
}

/* Buddyinfos of a recording that are the kernel's own: all, but where the shadow moved while one was read. */
static unsigned int nr_exact(const char *name, unsigned int *nr_moving)
{
	struct mmr_trace *trace = open_trace(name);
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	struct dumps dumps = { 0 };
	char *real[MAX_DUMPS];
	unsigned int nr = 0;
	struct mmr_error err;

	*nr_moving = 0;
	/* The first one is what the shadow begins with. */
	for (uint32_t i = 1; i < info->nr_snapshots; i++) {
		struct mmr_snapshot *snapshot;
		struct mmr_snapshot_piece piece;

		assert_int_equal(mmr_trace_snapshot(trace, i, &snapshot, &err), 0);
		if (mmr_snapshot_find(snapshot, "proc/buddyinfo", &piece) &&
		    piece.end_ns <= info->last_ns) {
			real[dumps.nr] = strndup((const char *)piece.data, piece.size);
			request(&dumps, "buddyinfo", piece.begin_ns - info->first_ns);
			request(&dumps, "buddyinfo", piece.end_ns - info->first_ns);
		}
		mmr_snapshot_free(snapshot);
	}
	take(trace, &dumps, true);
	for (size_t i = 0; i < dumps.nr; i += 2) {
		if (strcmp(dumps.texts[i], dumps.texts[i + 1]) == 0) {
			assert_string_equal(dumps.texts[i], real[i]);
			nr++;
		} else {
			(*nr_moving)++;
		}
		free(real[i]);
	}
	free_dumps(&dumps);
	mmr_trace_close(trace);
	return nr;
}

static void shadow_is_exact(void **state)
{
	static const char *const names[] = { "compiler-612-classic.zst", "fragment-612-mglru.zst",
		                             "pressure.zst", "zipf-61-mglru.zst" };
	unsigned int nr = 0, nr_moving = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		unsigned int moving;

		nr += nr_exact(names[i], &moving);
		nr_moving += moving;
	}
	print_message("# %u buddyinfos equal to the kernel's, %u read while pages moved\n", nr,
	              nr_moving);
	assert_in_range(nr, 29, MAX_DUMPS);
}

static void refuses(void **state)
{
	const struct {
		const char *view;
		uint64_t t_ns;
		bool shadow;
		int code;
		const char *text;
	} cases[] = {
		{ "slabinfo", 0, false, MMR_E_NOTFOUND, "there is no view slabinfo" },
		{ "vmstat", 0, true, MMR_E_UNSUPPORTED, "free lists only" },
		{ "vmstat", UINT64_C(3600000000000), false, MMR_E_INVALID, "the recording ends" },
		{ "buddyinfo", 0, true, MMR_E_INVALID, "first full snapshot" },
	};
	struct mmr_trace *trace = open_trace("fragment-612-mglru.zst");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dumps dumps = { 0 };
		struct mmr_error err = { 0 };

		request(&dumps, cases[i].view, cases[i].t_ns);
		assert_int_equal(run(trace, &dumps, cases[i].shadow, &err), cases[i].code);
		assert_non_null(strstr(err.text, cases[i].text));
		assert_int_equal(dumps.nr_taken, 0);
		assert_int_equal(mmr_trace_rewind(trace, &err), 0);
	}
	mmr_trace_close(trace);
}

/* Some bytes of a text become others. */
static void spoil(char *text, struct rng *rng)
{
	size_t length = strlen(text);

	for (unsigned int i = 0; i < 20 && length > 0; i++) {
		char *at = text + base_rng_below(rng, (uint32_t)length);

		*at = base_rng_below(rng, 4) ? (char)(1 + base_rng_below(rng, 255))
		                             : "\n :,9("[i % 6];
	}
	if (base_rng_below(rng, 4) == 0)
		text[base_rng_below(rng, (uint32_t)length)] = '\0';
}

/* A model of anything: bounded, the same length whatever the room, nothing that a terminal obeys. */
static void check_model(const struct mm_machine *machine, const char *model, size_t room)
{
	size_t (*const shows[])(const struct mm_machine *machine, const char *model, char *text,
	                        size_t size) = { mm_show_zoneinfo, mm_show_vmstat,
		                                 mm_show_meminfo };

	for (size_t i = 0; i < sizeof(shows) / sizeof(shows[0]); i++) {
		size_t length = shows[i](machine, model, NULL, 0);
		char *text = malloc(room);

		assert_non_null(text);
		assert_int_equal(shows[i](machine, model, text, room), length);
		assert_int_equal(strlen(text), length < room ? length : room - 1);
		for (const char *at = text; *at; at++)
			assert_true(*at == '\n' || (*at >= ' ' && *at <= '~'));
		free(text);
	}
}

static void takes_any_model(void **state)
{
	const struct mm_zone_config zone = { .name = "DMA32",
		                             .type = MM_ZONE_DMA32,
		                             .start_pfn = 4096,
		                             .spanned = 4096,
		                             .present = 4096,
		                             .managed = 4096 };
	const struct mm_config config = {
		.zones = &zone, .nr_zones = 1, .nr_cpus = 2, .policy = policy_find("classic")
	};
	static const char *const pieces[] = { "proc/zoneinfo", "proc/vmstat", "proc/meminfo" };
	struct mmr_trace *trace = open_trace("fragment-612-mglru.zst");
	struct mm_machine *machine;
	struct mmr_error err;
	struct rng rng;

	(void)state;
	base_rng_init(&rng, 1);
	assert_int_equal(mm_machine_create(&config, &machine, &err), 0);
	mm_seed_free_block(machine, 4096, 10);
	mm_seed_done(machine);
	for (unsigned int i = 0; i < 300; i++) {
		char *model = recorded(trace, pieces[i % 3]);

		spoil(model, &rng);
		check_model(machine, model, 1 + base_rng_below(&rng, i % 2 ? 8192 : 64));
		free(model);
	}
	mm_machine_destroy(machine);
	mmr_trace_close(trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_612_under_mglru),
		cmocka_unit_test(of_612_with_two_nodes),
		cmocka_unit_test(of_61),
		cmocka_unit_test(of_618),
		cmocka_unit_test(shadow_is_exact),
		cmocka_unit_test(refuses),
		cmocka_unit_test(takes_any_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
