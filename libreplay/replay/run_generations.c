/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sizes of MGLRU's generations, from the text of /sys/kernel/debug/lru_gen: a snapshot's of the original,
 * the policy's own view of a replay. For each node they are added over memory cgroups, by how far each is
 * from the youngest of its cgroup: that is what reclaim goes by, sequence numbers are each cgroup's own.
 *
 * Follows lru_gen_seq_show() of v6.12 and v6.1.
 */
#include "run_generations.h"

#include <inttypes.h>

#include "text_line.h"

#define NODES       16
#define GENERATIONS 8 /* the kernel has 4 */

struct sizes {
	int64_t anon, file;
};

struct generations {
	struct sizes of[NODES][GENERATIONS];
	uint32_t most[NODES];             /* generations of any cgroup */
	struct sizes listed[GENERATIONS]; /* of the cgroup and node being read, the oldest first */
	uint32_t nr_listed;
	uint64_t node;
};

/* A cgroup's part of a node has been read: the last line was the youngest. */
static void add_listed(struct generations *generations)
{
	uint32_t nr = generations->nr_listed;

	for (uint32_t i = 0; i < nr && generations->node < NODES; i++) {
		struct sizes *sum = &generations->of[generations->node][nr - 1 - i];

		sum->anon += generations->listed[i].anon;
		sum->file += generations->listed[i].file;
		if (nr > generations->most[generations->node])
			generations->most[generations->node] = nr;
	}
	generations->nr_listed = 0;
}

static void read_line(struct generations *generations, const char *line)
{
	struct sizes sizes;
	uint64_t sequence, age_ms, node;

	if (strncmp(line, "memcg", 5) == 0) {
		add_listed(generations);
	} else if (sscanf(line, " node %" SCNu64, &node) == 1) {
		add_listed(generations);
		generations->node = node;
	} else if (sscanf(line, " %" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64, &sequence, &age_ms,
	                  &sizes.anon, &sizes.file) == 4 &&
	           sizes.anon >= 0 && sizes.file >= 0 && sizes.anon < INT64_C(1) << 52 &&
	           sizes.file < INT64_C(1) << 52 && generations->nr_listed < GENERATIONS) {
		generations->listed[generations->nr_listed++] = sizes;
	}
}

void replay_run_put_generations(struct results_db *db, int64_t t_ns, const char *text, size_t size)
{
	struct generations generations = { 0 };
	const char *end = text + size;
	char line[160];

	while (text_line(&text, end, line, sizeof(line)))
		read_line(&generations, line);
	add_listed(&generations);
	for (uint32_t node = 0; node < NODES; node++) {
		for (uint32_t i = 0; i < generations.most[node]; i++)
			results_put_generation(db, t_ns, node, i, generations.of[node][i].anon,
			                       generations.of[node][i].file);
	}
}
