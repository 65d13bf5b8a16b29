/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every chart of databases of many shapes at many sizes: texts neither overlap nor leave the picture,
 * with the fonts of this machine and with the text canvas; and databases that lie are refused.
 */
#include "unit.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "chart.h"
#include "db.h"
#include "pageblock.h"
#include "palette.h"

struct zone_shape {
	int node;
	const char *name;
	uint64_t start_pfn;
	uint32_t nr_pageblocks;
};

struct shape {
	const char *name;
	int64_t duration_ns;
	uint32_t nr_samples;
	uint32_t nr_stalls;
	bool lost;
	struct zone_shape zones[6];
};

static const struct shape shapes[] = {
	{ "one pageblock", 100000, 1, 0, false, { { 0, "Normal", 0, 1 } } },
	{ "guest of 96 MiB",
	  100000000,
	  40,
	  200,
	  true,
	  { { 0, "DMA", 0, 8 }, { 0, "DMA32", 4096, 40 } } },
	{ "4 GiB, three zones",
	  INT64_C(61000000000),
	  30,
	  500,
	  false,
	  { { 0, "DMA", 0, 8 }, { 0, "DMA32", 4096, 1528 }, { 0, "Normal", 1 << 20, 512 } } },
	{ "two nodes for an hour",
	  INT64_C(3600000000000),
	  90,
	  1500,
	  true,
	  { { 0, "DMA", 0, 8 },
	    { 0, "DMA32", 4096, 900 },
	    { 0, "Normal", 1 << 20, 900 },
	    { 1, "Normal", (1 << 20) + 900 * 512, 900 },
	    { 1, "Movable", (1 << 22), 4 } } },
	{ "no duration", 0, 1, 1, false, { { 0, "Normal", 512, 64 } } },
};
#define NR_SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static const struct {
	double width, height;
} sizes[] = { { 640, 400 }, { 800, 500 }, { 1600, 900 }, { 900, 1600 } };

/* ---- databases ---- */

static char path[64];

static void execute(sqlite3 *sqlite, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(sqlite, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
}

static void execute_file(sqlite3 *sqlite, const char *name)
{
	const char *root = getenv("SOURCE_ROOT");
	char file[4096], *sql;
	size_t size;
	FILE *stream;

	snprintf(file, sizeof(file), "%s/libreplay/results/%s", root ? root : ".", name);
	stream = fopen(file, "r");
	assert_non_null(stream);
	sql = xalloc(1 << 20, 1);
	size = fread(sql, 1, (1 << 20) - 1, stream);
	sql[size] = '\0';
	fclose(stream);
	execute(sqlite, sql);
	free(sql);
}

static sqlite3 *create_database(void)
{
	sqlite3 *sqlite;
	char sql[128];
	int fd;

	memcpy(path, "/tmp/mmr-chart-XXXXXX", sizeof("/tmp/mmr-chart-XXXXXX"));
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
	execute_file(sqlite, "schema.sql");
	execute_file(sqlite, "views.sql");
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d",
	         RESULTS_APPLICATION_ID, RESULTS_USER_VERSION);
	execute(sqlite, sql);
	execute(sqlite, "BEGIN");
	return sqlite;
}

/* Deterministic, and different for every block and sample. */
static uint32_t scramble(uint32_t value)
{
	value = (value ^ value >> 16) * 0x45d9f3bu;
	value = (value ^ value >> 16) * 0x45d9f3bu;
	return value ^ value >> 16;
}

static void fill_state(uint8_t *state, uint32_t nr_pageblocks, uint32_t sample)
{
	for (uint32_t block = 0; block < nr_pageblocks; block++, state += PAGEBLOCK_RECORD) {
		uint32_t random = scramble(block * 977 + sample / 8);
		uint32_t free_pages = random % 513, movable = (512 - free_pages) * (random & 1);

		memset(state, 0, PAGEBLOCK_RECORD);
		if (block % 64 == 63 && nr_pageblocks > 100)
			continue; /* a small hole */
		state[0] = (uint8_t)free_pages;
		state[1] = (uint8_t)(free_pages >> 8);
		state[2] = (uint8_t)movable;
		state[3] = (uint8_t)(movable >> 8);
		state[4] = (uint8_t)(512 - free_pages - movable);
		state[5] = (uint8_t)((512 - free_pages - movable) >> 8);
		state[6] = (uint8_t)(random >> 10) % 6;
		state[7] = (uint8_t)(free_pages ? random % 10 : NO_FREE_ORDER);
	}
}

static void add_samples(sqlite3 *sqlite, const struct shape *shape, const struct zone_shape *zone,
                        int run_id)
{
	uint8_t *state = xalloc(zone->nr_pageblocks, PAGEBLOCK_RECORD);
	int zone_id = (int)(zone - shape->zones);
	sqlite3_stmt *stmt;
	char sql[512];

	snprintf(sql, sizeof(sql), "INSERT INTO zone_name VALUES (%d, %d, %d, '%s')", run_id,
	         zone_id, zone->node, zone->name);
	execute(sqlite, sql);
	for (uint32_t sample = 0; sample < shape->nr_samples; sample++) {
		int64_t t_ns = shape->duration_ns * sample / shape->nr_samples;

		snprintf(sql, sizeof(sql),
		         "INSERT INTO pageblock VALUES (%d, %lld, %d, '%s', %llu, 512, %u, ?)",
		         run_id, (long long)t_ns, zone->node, zone->name,
		         (unsigned long long)zone->start_pfn, zone->nr_pageblocks);
		fill_state(state, zone->nr_pageblocks, sample + (uint32_t)run_id);
		assert_int_equal(sqlite3_prepare_v2(sqlite, sql, -1, &stmt, NULL), SQLITE_OK);
		sqlite3_bind_blob(stmt, 1, state, (int)(zone->nr_pageblocks * PAGEBLOCK_RECORD),
		                  SQLITE_STATIC);
		assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
		sqlite3_finalize(stmt);
		snprintf(sql, sizeof(sql),
		         "INSERT OR IGNORE INTO instant VALUES (%d, %lld);"
		         "INSERT INTO free_blocks VALUES"
		         " (%d, %lld, %lld, %d, 1, 0, 0, 0, %u, 0, 0, 0, 0, 0, 0, 0)",
		         run_id, (long long)t_ns, run_id, (long long)t_ns, (long long)t_ns, zone_id,
		         scramble(sample) % (zone->nr_pageblocks * 64));
		execute(sqlite, sql);
	}
	free(state);
}

static void add_stalls(sqlite3 *sqlite, const struct shape *shape, int run_id)
{
	static const char *const kinds[] = { "direct", "kswapd", "memcg", "node", "throttle" };
	static const char *const compactions[] = { "direct", "kcompactd", "khugepaged", "manual" };
	char sql[512];

	for (uint32_t i = 0; i < shape->nr_stalls; i++) {
		long long start = (long long)(scramble(i) % 1000) * (shape->duration_ns / 1000);
		long long duration = (long long)pow(10, 3 + scramble(i + 7) % 5);

		snprintf(
			sql, sizeof(sql),
			"INSERT INTO reclaim_episode VALUES (%d, '%s', 1, 'app', %lld, %lld, 0, 0, "
			"1, 1, '')",
			run_id, kinds[i % 5], start, duration);
		execute(sqlite, sql);
		snprintf(
			sql, sizeof(sql),
			"INSERT INTO compaction_episode VALUES (%d, '%s', 1, 'app', %lld, %lld, 9, "
			"0, 0, 1, 1, 1, 1, '')",
			run_id, compactions[i % 4], start, duration);
		execute(sqlite, sql);
	}
}

static void add_run(sqlite3 *sqlite, const struct shape *shape, int run_id)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
	         "INSERT INTO run VALUES (%d, 1, '%s', '%s', '%s', '6.12.48', 0, 'idle', 0, %lld, "
	         "%lld, 1, '0', '')",
	         run_id, run_id == 1 ? "original" : "replay",
	         run_id == 1 ? "original" : "a rather long label for a replay",
	         run_id == 1 ? "kernel" : "clock", (long long)shape->duration_ns,
	         (long long)shape->duration_ns);
	execute(sqlite, sql);
	if (shape->lost) {
		snprintf(sql, sizeof(sql), "INSERT INTO lost VALUES (%d, %lld, 0, 99)", run_id,
		         (long long)shape->duration_ns / 2);
		execute(sqlite, sql);
	}
	for (size_t i = 0; shape->zones[i].name; i++) {
		const struct zone_shape *zone = &shape->zones[i];
		uint32_t pages = zone->nr_pageblocks * 512;

		snprintf(
			sql, sizeof(sql),
			"INSERT INTO zone VALUES (%d, %d, '%s', %zu, %llu, %u, %u, %u, %u, %u, %u)",
			run_id, zone->node, zone->name, i, (unsigned long long)zone->start_pfn,
			pages, pages, pages, pages / 180, pages / 140, pages / 120);
		execute(sqlite, sql);
		add_samples(sqlite, shape, zone, run_id);
	}
	add_stalls(sqlite, shape, run_id);
}

static void write_database(const struct shape *shape)
{
	sqlite3 *sqlite = create_database();
	char sql[512];

	snprintf(sql, sizeof(sql),
	         "INSERT INTO trace VALUES (1, 'f', '/a/long/path/memory-pressure-on-a-small-guest."
	         "zst', '6.12.48-a-release-with-a-suffix', 'x86_64', 'mono', '', 4096, 2, 0, %lld, "
	         "1, %d, %d)",
	         (long long)shape->duration_ns, shape->lost ? 1234567 : 0, !shape->lost);
	execute(sqlite, sql);
	for (int run_id = 1; run_id <= 2; run_id++)
		add_run(sqlite, shape, run_id);
	execute(sqlite, "COMMIT");
	sqlite3_close(sqlite);
}

/* ---- drawing ---- */

static bool overlap(struct rect a, struct rect b)
{
	return a.x < b.x + b.width - 0.5 && b.x < a.x + a.width - 0.5 &&
	       a.y < b.y + b.height - 0.5 && b.y < a.y + a.height - 0.5;
}

static void check_boxes(const struct canvas *canvas, const char *what)
{
	for (size_t i = 0; i < canvas->nr_boxes; i++) {
		const struct text_box *box = &canvas->boxes[i];

		if (box->rect.x < 0 || box->rect.y < 0 ||
		    box->rect.x + box->rect.width > canvas->width + 0.5 ||
		    box->rect.y + box->rect.height > canvas->height)
			fail_msg("%s: '%s' leaves the picture", what, box->text);
		for (size_t j = 0; j < i; j++) {
			if (overlap(box->rect, canvas->boxes[j].rect))
				fail_msg("%s: '%s' overlaps '%s'", what, box->text,
				         canvas->boxes[j].text);
		}
	}
}

static int draw(const struct chart_ops *chart, const struct chart_request *request,
                enum canvas_format format, double width, double height, const char *what,
                struct mmr_error *err)
{
	static size_t nr_drawn;
	struct canvas *canvas =
		canvas_create(&(struct canvas_style){ .format = format,
	                                              .width = width,
	                                              .height = height,
	                                              .theme = &themes[nr_drawn++ % 3] });
	struct buffer out = { 0 };
	int rc = chart->draw(canvas, request, err);

	if (!rc) {
		check_boxes(canvas, what);
		assert_true(canvas->nr_boxes > 2);
		if (format == FORMAT_TEXT || width < 1000) /* compressing takes its time */
			assert_int_equal(canvas_finish(canvas, &out), 0);
		assert_true(out.size > 200 || width > 1000);
	}
	buffer_deinit(&out);
	canvas_destroy(canvas);
	return rc;
}

/* A small picture may be refused for its size, and for nothing else. */
static void draw_at_sizes(const struct chart_ops *chart, const struct chart_request *request,
                          const char *shape, const char *variant)
{
	struct mmr_error err = { 0 };
	char what[128];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (int format = i == 2; format < (i < 3 ? 2 : 1); format++) {
			int rc;

			snprintf(what, sizeof(what), "%s of %s, %s, %zu runs, %.0fx%.0f",
			         chart->name, shape, variant, request->nr_runs, sizes[i].width,
			         sizes[i].height);
			rc = draw(chart, request, format ? FORMAT_SVG : FORMAT_TEXT, sizes[i].width,
			          sizes[i].height, what, &err);
			if (rc && !strstr(err.text, "--size is too small"))
				fail_msg("%s: %s", what, err.text);
			if (rc && sizes[i].height >= 500 && !request->per_zone)
				fail_msg("%s: %s", what, err.text);
		}
	}
}

static void draw_all(const struct shape *shape, struct chart_request *request)
{
	static const char *const shown[] = { "occupancy", "order", "kind", "migratetype" };

	for (size_t i = 0; charts[i]; i++) {
		bool heatmap = strcmp(charts[i]->name, "heatmap") == 0;

		for (size_t j = 0; j < (heatmap ? 4 : 2); j++) {
			request->show = shown[j];
			request->per_zone = !heatmap && j;
			request->difference = heatmap && j < 2 && request->nr_runs == 2;
			draw_at_sizes(charts[i], request, shape->name, shown[j]);
		}
	}
}

static void texts_never_overlap(void **state)
{
	struct mmr_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < NR_SHAPES; i++) {
		struct chart_request request = { .since_ns = NO_TIME, .until_ns = NO_TIME };

		write_database(&shapes[i]);
		request.db = db_open(path, &err);
		assert_non_null(request.db);
		assert_int_equal(db_find_run(request.db, NULL, &request.runs[0], &err), 0);
		assert_int_equal(
			db_find_replay(request.db, &request.runs[0], &request.runs[1], &err), 0);
		for (request.nr_runs = 1; request.nr_runs <= 2; request.nr_runs++)
			draw_all(&shapes[i], &request);
		db_close(request.db);
		unlink(path);
	}
}

/* ---- means ---- */

/* Pageblocks of one zone: every other one free and the rest full, or so in every other sample. */
static void write_alternating(uint32_t nr_pageblocks, uint32_t nr_samples, bool by_block)
{
	const struct shape shape = { .duration_ns = INT64_C(10000000000),
		                     .zones = { { 0, "Normal", 0, nr_pageblocks } } };
	uint8_t *state = xalloc(nr_pageblocks, PAGEBLOCK_RECORD);
	sqlite3 *sqlite = create_database();
	sqlite3_stmt *stmt;

	execute(sqlite, "INSERT INTO trace VALUES (1, 'f', 'a.zst', '6.12', 'x86_64', 'mono', '', "
	                "4096, 2, 0, 10000000000, 1, 0, 1)");
	add_run(sqlite, &shape, 1);
	assert_int_equal(sqlite3_prepare_v2(sqlite,
	                                    "INSERT INTO pageblock VALUES (1, ?, 0, 'Normal', 0, "
	                                    "512, ?, ?)",
	                                    -1, &stmt, NULL),
	                 SQLITE_OK);
	for (uint32_t sample = 0; sample < nr_samples; sample++) {
		for (uint32_t block = 0; block < nr_pageblocks; block++) {
			bool is_free = by_block ? block & 1 : sample & 1;
			uint8_t *record = state + (size_t)block * PAGEBLOCK_RECORD;

			memset(record, 0, PAGEBLOCK_RECORD);
			record[is_free ? 1 : 3] = 2; /* 512 pages */
			record[6] = 1;
			record[7] = is_free ? 9 : NO_FREE_ORDER;
		}
		sqlite3_bind_int64(stmt, 1, shape.duration_ns / nr_samples * sample);
		sqlite3_bind_int64(stmt, 2, nr_pageblocks);
		sqlite3_bind_blob(stmt, 3, state, (int)(nr_pageblocks * PAGEBLOCK_RECORD),
		                  SQLITE_STATIC);
		assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
		sqlite3_reset(stmt);
	}
	sqlite3_finalize(stmt);
	execute(sqlite, "COMMIT");
	sqlite3_close(sqlite);
	free(state);
}

/* The heatmap of path as the text canvas lists it; to be freed. */
static char *listed_heatmap(void)
{
	struct chart_request request = { .since_ns = NO_TIME, .until_ns = NO_TIME, .nr_runs = 1 };
	struct canvas *canvas = canvas_create(
		&(struct canvas_style){ .format = FORMAT_TEXT, .width = 400, .height = 300 });
	struct mmr_error err = { 0 };
	struct buffer out = { 0 };

	request.db = db_open(path, &err);
	assert_non_null(request.db);
	assert_int_equal(db_find_run(request.db, NULL, &request.runs[0], &err), 0);
	for (size_t i = 0; charts[i]; i++) {
		if (strcmp(charts[i]->name, "heatmap") == 0)
			assert_int_equal(charts[i]->draw(canvas, &request, &err), 0);
	}
	assert_int_equal(canvas_finish(canvas, &out), 0);
	buffer_append(&out, "", 1);
	canvas_destroy(canvas);
	db_close(request.db);
	unlink(path);
	return out.data;
}

/* Every colour of the heatmap's raster, the second after the legend's, is close to the ramp's middle. */
static void assert_half_free(char *listing)
{
	const char *raster = strstr(strstr(listing, "\nraster ") + 1, "\nraster ");
	struct palette palette;
	size_t nr_colours = 0;

	palette_init(&palette, false);
	assert_non_null(raster);
	for (const char *row = strchr(raster + 1, '\n') + 1; *row == ' ';
	     row = strchr(row, '\n') + 1) {
		const char *end = strchr(row, '\n');

		for (const char *at = strchr(row, '#'); at && at < end; at = strchr(at + 1, '#')) {
			bool near = false;
			char colour[8];

			for (int i = 125; i <= 130; i++) {
				snprintf(colour, sizeof(colour), "#%02x%02x%02x",
				         palette.ramp[i].red, palette.ramp[i].green,
				         palette.ramp[i].blue);
				near |= strncmp(at, colour, 7) == 0;
			}
			if (!near)
				fail_msg("not half free: %.120s", row);
			nr_colours++;
		}
	}
	assert_true(nr_colours > 0);
	free(listing);
}

static void a_cell_is_the_mean_of_what_it_covers(void **state)
{
	(void)state;
	write_alternating(1, 40000, false); /* some hundred samples a column, half of them free */
	assert_half_free(listed_heatmap());
	write_alternating(32768, 3, true); /* some hundred pageblocks a row */
	assert_half_free(listed_heatmap());
}

/* ---- databases that lie ---- */

static int draw_after(const char *sql, struct mmr_error *err)
{
	struct chart_request request = { .since_ns = NO_TIME, .until_ns = NO_TIME, .nr_runs = 1 };
	sqlite3 *sqlite;
	int rc = 0;

	write_database(&shapes[1]);
	assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
	execute(sqlite, sql);
	sqlite3_close(sqlite);
	request.db = db_open(path, err);
	if (!request.db) {
		unlink(path);
		return err->code;
	}
	rc = db_find_run(request.db, NULL, &request.runs[0], err);
	for (size_t i = 0; charts[i] && !rc; i++)
		rc = draw(charts[i], &request, FORMAT_TEXT, 1600, 900, sql, err);
	db_close(request.db);
	unlink(path);
	return rc;
}

static void lies_are_refused(void **state)
{
	static const char *const lies[] = {
		"UPDATE pageblock SET state = x'00'",
		"UPDATE pageblock SET state = x''",
		"UPDATE pageblock SET nr_pageblocks = 1 << 62",
		"UPDATE pageblock SET nr_pageblocks = -1",
		"UPDATE pageblock SET pageblock_pages = 0",
		"UPDATE pageblock SET first_pfn = 77",
		"UPDATE pageblock SET first_pfn = (1 << 51) WHERE t_ns = 0 AND zone = 'DMA'",
		"UPDATE pageblock SET pageblock_pages = 1024 WHERE t_ns = 0",
		"UPDATE pageblock SET node = rowid",
		"DROP VIEW buddy",
		"DELETE FROM run",
		"PRAGMA application_id = 1",
		"PRAGMA user_version = 1000",
	};
	struct mmr_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		err = (struct mmr_error){ 0 };
		if (!draw_after(lies[i], &err))
			fail_msg("drawn in spite of: %s", lies[i]);
		assert_true(err.code < 0 && strlen(err.text) > 10);
	}
}

/* Odd, but nothing to refuse: numbers are brought into range. */
static void oddities_are_drawn(void **state)
{
	static const char *const oddities[] = {
		"UPDATE pageblock SET t_ns = -5 WHERE rowid < 9",
		"UPDATE pageblock SET t_ns = 9223372036854775807 WHERE rowid > 70",
		"UPDATE reclaim_episode SET duration_ns = 9223372036854775807",
		"UPDATE reclaim_episode SET start_ns = -9223372036854775807, duration_ns = NULL",
		"UPDATE free_blocks SET order_3 = 9223372036854775807",
		"UPDATE free_blocks SET order_10 = 9223372036854775807, order_9 = -1",
		"UPDATE free_blocks SET last_ns = 9223372036854775807, t_ns = -5",
		"DROP VIEW buddy; CREATE VIEW buddy AS SELECT run_id, t_ns, 0 AS node, 'DMA' AS zone,"
		" 63 AS page_order, 'Movable' AS migratetype, -1 AS blocks FROM instant",
		"UPDATE zone SET wmark_min = -1, wmark_high = 9223372036854775807",
		"UPDATE run SET duration_ns = 9223372036854775807",
		"UPDATE trace SET page_size = -4096, path = char(27) || '[2J', nr_lost = -1",
		"UPDATE run SET label = char(10, 1, 255), policy = ''",
		"UPDATE trace SET path = '', kernel_release = ''",
		"DELETE FROM zone",
		"DROP TABLE lost",
		"UPDATE pageblock SET state = randomblob(length(state))",
	};
	struct mmr_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(oddities) / sizeof(oddities[0]); i++) {
		if (draw_after(oddities[i], &err))
			fail_msg("%s: %s", oddities[i], err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_never_overlap),
		cmocka_unit_test(a_cell_is_the_mean_of_what_it_covers),
		cmocka_unit_test(lies_are_refused),
		cmocka_unit_test(oddities_are_drawn),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
