/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MGLRU's generations against the kernel's: what /sys/kernel/debug/lru_gen says in the last snapshot, and what a replay
 * says at that instant: pages by type and age, from the youngest generation on, and how often a new one was begun. A
 * row a type of each recording under MGLRU, means of three seeds; fails if one is past its bound. Most recordings end
 * when their program has: what is left then is little, and the figure coarse.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmreplay/run.h>

#include "recordings.h"

#define MAX_GENS 4 /* MAX_NR_GENS */
#define FEW      64
#define NR_SEEDS 3

enum type { ANON, FILE_PAGES, NR_TYPES };

struct generations {
	uint64_t first; /* sequence numbers */
	uint64_t last;
	uint64_t pages[MAX_GENS][NR_TYPES]; /* [0]: of the youngest */
};

/* Error in percent, by type; these may only fall. Of other recordings it is printed. */
struct bounds {
	const char *recording;
	double error[NR_TYPES];
};

static const struct bounds known_bounds[] = {
	{ "fragment-612-mglru.zst", { 140, 29 } }, { "mix-61-zram.zst", { 118, 14 } },
	{ "oom-61-mglru.zst", { 253, 67 } },       { "scan-612-mglru.zst", { 104, 16 } },
	{ "sqlite-612-mglru.zst", { 104, 69 } },   { "zipf-61-mglru.zst", { 174, 67 } },
	{ "zipf-612-mglru.zst", { 253, 62 } },
};

struct result {
	struct generations begin; /* of the recording, at its start … */
	struct generations end;
	struct generations replay[NR_SEEDS]; /* … and of replays, at its end */
	uint64_t end_ns;
	unsigned int seed;
	bool known; /* the recording has both */
};

/* One generation: "SEQ AGE ANON FILE", sizes that end in x are of generations that the type does not have. */
static void parse_line(struct generations *g, const char *line, uint64_t young)
{
	uint64_t seq, anon, file;
	unsigned int age;
	char rest[2];

	/* Those of tiers have letters behind every number. */
	if (sscanf(line, " %" SCNu64 " %u %" SCNu64 "%*[x ]%" SCNu64 "%1[x]", &seq, &age, &anon,
	           &file, rest) < 4)
		return;
	if (seq < g->first)
		g->first = seq;
	if (seq > g->last)
		g->last = seq;
	if (seq <= young && young - seq < MAX_GENS) {
		g->pages[young - seq][ANON] += anon;
		g->pages[young - seq][FILE_PAGES] += file;
	}
}

/* All memory cgroups and nodes together. Twice: the youngest has to be known. */
static struct generations parse(const char *text)
{
	struct generations g = { .first = UINT64_MAX };

	for (int pass = 0; pass < 2; pass++) {
		uint64_t young = g.last;

		memset(g.pages, 0, sizeof(g.pages));
		for (const char *at = text; at;
		     at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
			char line[128];

			snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
			parse_line(&g, line, young);
		}
	}
	return g;
}

static bool find(const struct mmr_snapshot *snapshot, struct mmr_snapshot_piece *piece)
{
	return mmr_snapshot_find(snapshot, "sys/kernel/debug/lru_gen", piece) ||
	       mmr_snapshot_find(snapshot, "sys/kernel/debug/lru_gen_full", piece);
}

static void read_recorded(struct mmr_trace *trace, struct result *r)
{
	unsigned int nr = 0;
	uint64_t all = 0;

	for (uint32_t i = 0; i < mmr_trace_info(trace)->nr_snapshots; i++) {
		struct mmr_snapshot_piece piece;
		struct mmr_snapshot *snapshot;
		struct mmr_error err;

		if (mmr_trace_snapshot(trace, i, &snapshot, &err) < 0)
			continue;
		if (find(snapshot, &piece)) {
			*(nr ? &r->end : &r->begin) = parse((const char *)piece.data);
			r->end_ns = piece.begin_ns;
			nr++;
		}
		mmr_snapshot_free(snapshot);
	}
	for (int i = 0; i < MAX_GENS; i++)
		all += r->end.pages[i][ANON] + r->end.pages[i][FILE_PAGES];
	/* Under the classic lists the file is there, and empty. */
	r->known = nr > 1 && r->end_ns && all > 0;
}

static bool keep(void *data, const struct mmr_dump *dump)
{
	struct result *r = data;

	r->replay[r->seed] = parse(dump->text);
	return true;
}

static int replay(struct mmr_trace *trace, struct result *r, struct mmr_error *err)
{
	const struct mmr_dump_request request = {
		.view = "lru_gen", .t_ns = r->end_ns - mmr_trace_info(trace)->first_ns
	};
	const struct mmr_run_options options = { .trace_path = "-",
		                                 .seed = r->seed,
		                                 .dumps = &request,
		                                 .nr_dumps = 1,
		                                 .dump = keep,
		                                 .dump_data = r };
	struct mmr_run_report report;
	int code = mmr_trace_rewind(trace, err);

	if (code == 0)
		code = mmr_run_replay(trace, &options, &report, err);
	mmr_run_report_deinit(&report);
	return code;
}

static double error_of(const struct result *r, unsigned int seed, enum type type)
{
	uint64_t off = 0, all = 0;

	for (int i = 0; i < MAX_GENS; i++) {
		uint64_t kernel = r->end.pages[i][type], here = r->replay[seed].pages[i][type];

		off += kernel > here ? kernel - here : here - kernel;
		all += kernel;
	}
	return 100 * (double)off / (double)(all > FEW ? all : FEW);
}

static double bound_of(const char *name, enum type type)
{
	for (size_t i = 0; i < sizeof(known_bounds) / sizeof(known_bounds[0]); i++)
		if (strcmp(known_bounds[i].recording, name) == 0)
			return known_bounds[i].error[type];
	return -1;
}

static void print_pages(const struct generations *g, enum type type)
{
	char text[64] = "";

	for (int i = 0; i < MAX_GENS; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%" PRIu64,
		         i ? " " : "", g->pages[i][type]);
	printf("  %-24s", text);
}

static bool report(const char *name, const struct result *r)
{
	bool good = true;

	for (unsigned int t = 0; t < NR_TYPES; t++) {
		enum type type = t;
		double bound = bound_of(name, type), error = 0;

		for (unsigned int seed = 0; seed < NR_SEEDS; seed++)
			error += error_of(r, seed, type) / NR_SEEDS;
		printf("%-26.26s %-4s", name, type == ANON ? "anon" : "file");
		print_pages(&r->end, type);
		print_pages(&r->replay[0], type);
		printf(" %6.1f %3" PRIu64 " %3" PRIu64 "%s\n", error, r->end.last - r->begin.last,
		       r->replay[0].last - r->begin.last,
		       bound >= 0 && error > bound ? "  past its bound" : "");
		good &= bound < 0 || error <= bound;
	}
	return good;
}

static bool check_file(const char *path, const char *name)
{
	struct result r = { 0 };
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;
	bool good = true;
	int rc = 0;

	if (mmr_trace_open(path, NULL, &trace, &err) < 0) {
		printf("%s: %s\n", name, err.text);
		return false;
	}
	read_recorded(trace, &r);
	for (r.seed = 0; r.known && rc == 0 && r.seed < NR_SEEDS; r.seed++)
		rc = replay(trace, &r, &err);
	if (rc < 0)
		printf("%s: %s\n", name, err.text);
	else if (r.known)
		good = report(name, &r);
	mmr_trace_close(trace);
	return good && rc == 0;
}

static void print_head(void)
{
	printf("%-26s %-4s  %-24s  %-24s %6s %s\n", "recording", "", "pages by age, youngest",
	       "here", "off, %", "begun, here");
}

int main(void)
{
	return check_recordings(print_head, check_file);
}
