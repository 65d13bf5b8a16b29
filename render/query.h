/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything mmrender asks the database. The file may come from anywhere: it is opened read-only with
 * an untrusted schema, texts are escaped, and numbers are brought into range here, so that charts may
 * rely on: times are 0 to TIME_MAX, in order; durations fit; zone numbers and sizes are small.
 */
#ifndef RENDER_QUERY_H
#define RENDER_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>

#define TIME_MAX  ((int64_t)1 << 60) /* 36 years */
#define NAME_SIZE 96
#define ZONE_SIZE 16

struct db;

struct run {
	int64_t run_id;
	int64_t trace_id;
	bool original;
	bool complete;
	char label[NAME_SIZE];
	char policy[NAME_SIZE];
	char kernel[NAME_SIZE];
	char trace[NAME_SIZE];   /* base name of the trace's path */
	char release[NAME_SIZE]; /* of the kernel that made the trace */
	int64_t duration_ns;
	int64_t page_size;
	int64_t nr_lost;
};

/* NULL with *err filled: missing, no database, not ours, a newer version. */
struct db *db_open(const char *path, struct mmr_error *err);
void db_close(struct db *db);
const char *db_path(const struct db *db);

/*
 * The run called `selector`: a label, or a number that is a run_id, or "original". NULL: the original of
 * the newest run's trace, or else the newest run. A label that several traces have is refused.
 */
int db_find_run(struct db *db, const char *selector, struct run *run, struct mmr_error *err);

/* The original of the trace of `run`; and its newest replay. MMR_E_NOTFOUND if there is none. */
int db_find_original(struct db *db, const struct run *run, struct run *original,
                     struct mmr_error *err);
int db_find_replay(struct db *db, const struct run *run, struct run *replay, struct mmr_error *err);

/* All runs of the trace of `run`, the original first, at most `most`. Returns how many, or a negative MMR_E_*. */
int db_trace_runs(struct db *db, const struct run *run, struct run *runs, size_t most,
                  struct mmr_error *err);

/* One state of a zone's pageblocks; the bytes are fetched when they are wanted. */
struct pageblock_row {
	int64_t rowid;
	int64_t t_ns;
	uint32_t zone; /* index into pageblock_index.zones */
	uint32_t nr_pageblocks;
	uint64_t first_pfn;
};

struct pageblock_zone {
	int64_t node;
	char name[ZONE_SIZE];
	uint64_t first_pfn; /* of its lowest pageblock in any row */
	uint64_t nr_pageblocks;
	uint64_t pageblock_pages;
	size_t first_row; /* in time */
};

#define ZONES_MAX 64

struct pageblock_index {
	struct pageblock_row *rows; /* by time, then zone and address */
	size_t nr_rows;
	struct pageblock_zone zones[ZONES_MAX]; /* by address */
	size_t nr_zones;
};

int db_pageblocks(struct db *db, const struct run *run, struct pageblock_index *index,
                  struct mmr_error *err);
void pageblock_index_deinit(struct pageblock_index *index);

/* *data is valid until the next call; exactly row->nr_pageblocks * PAGEBLOCK_RECORD bytes. */
int db_pageblock_state(struct db *db, const struct pageblock_row *row, const uint8_t **data,
                       struct mmr_error *err);

struct sample {
	int64_t t_ns;
	double value;
};

struct series {
	struct sample *samples; /* by time */
	size_t count, capacity;
};
void series_add(struct series *series, int64_t t_ns, double value);
void series_deinit(struct series *series);

/* A counter or gauge of /proc/vmstat at each instant at which the run has it. */
int db_vmstat(struct db *db, const struct run *run, const char *name, struct series *series,
              struct mmr_error *err);

/* Adds how far a counter moved in the run to *sum; nothing if the run does not have it. */
int db_counter(struct db *db, const struct run *run, const char *name, double *sum,
               struct mmr_error *err);

struct zone_info {
	int64_t node;
	char name[ZONE_SIZE];
	double min, low, high; /* watermarks, pages */
	double managed;        /* pages */
};

/* The zones of a run with any memory, at most `most`. Returns how many, or a negative MMR_E_*. */
int db_zones(struct db *db, const struct run *run, struct zone_info *zones, size_t most,
             struct mmr_error *err);

/* Free pages over time, of one zone or (NULL) of all; from the buddy rows, else from vmstat (all only). */
int db_free_pages(struct db *db, const struct run *run, const struct zone_info *zone,
                  struct series *series, struct mmr_error *err);

/* How many huge pages were got, refused ... (kind of thp_event) at an instant. */
int db_thp_events(struct db *db, const struct run *run, const char *kind, struct series *series,
                  struct mmr_error *err);

#define DB_GENERATIONS ((size_t)4)

/* MGLRU's generations, the youngest first, in pages: each series has a sample at each instant. */
int db_generations(struct db *db, const struct run *run, struct series anon[DB_GENERATIONS],
                   struct series file[DB_GENERATIONS], struct mmr_error *err);

#define DB_ORDERS 13

/* Free pages by order, of all zones or of those of one name: each series has a sample at each instant. */
int db_free_orders(struct db *db, const struct run *run, const char *zone,
                   struct series orders[DB_ORDERS], struct mmr_error *err);

struct stall {
	int64_t start_ns;
	int64_t duration_ns; /* of one that did not end: up to the end of the run */
};

struct stalls {
	struct stall *items; /* by start */
	size_t count, capacity;
	int64_t longest_ns;
	int64_t last_ns; /* end of the one that ends last */
};

/* STALL_DIRTY: those who dirty too much are held back, which stands among reclaim in the database. */
enum stall_source { STALL_RECLAIM, STALL_DIRTY, STALL_COMPACTION, STALL_OOM };

int db_stalls(struct db *db, const struct run *run, enum stall_source source, const char *kind,
              struct stalls *stalls, struct mmr_error *err);
void stalls_deinit(struct stalls *stalls);

/* A task's own waits for memory within a span of time. */
struct task_wait {
	int64_t pid;
	char comm[NAME_SIZE];
	double ns[16]; /* by kind, numbered as in stall_kinds[] */
	double total_ns, longest_ns;
	size_t count;
};

struct task_waits {
	struct task_wait
		*items; /* the one that waited longest first; the recorder is none of them */
	size_t count, capacity;
	double recorder_ns; /* how long it waited itself */
	size_t recorder_count;
};

int db_task_waits(struct db *db, const struct run *run, int64_t since, int64_t until,
                  struct task_waits *waits, struct mmr_error *err);
void task_waits_deinit(struct task_waits *waits);

/* When the first event was lost, or -1. */
int64_t db_first_loss(struct db *db, const struct run *run);

/* When the free lists were looked at first; -1: never. */
int64_t db_first_sample(struct db *db, const struct run *run);

/* Fills *err and returns its code. */
int render_error(struct mmr_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
