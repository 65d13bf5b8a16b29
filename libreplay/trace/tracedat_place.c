/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When was each snapshot file read? The script that took the snapshots ran one `cat` for each file, so
 * the n-th cat that a shell forked read the n-th file. Within a cat the events tell more: its output
 * goes to a ram disk and takes a page-cache page for every 4 KiB, movable and not zeroed, just after
 * the kernel produced those bytes.
 *
 * Two walks: the first notes forks and the exits of cats while the data is copied; the second, only
 * if there are snapshots, the allocations of the cats that count.
 *
 * Not modelled: readers other than cat; snapshots written to a file system that allocates otherwise.
 * Those files are placed between their reader's fork and exit.
 */
#include "tracedat_place.h"

#include <stdlib.h>
#include <string.h>

#include "error_set.h"
#include "subbuf.h"

#define ABSENT       UINT32_MAX
#define COMM_SIZE    16u
#define MIN_READERS  13u /* a shell with fewer cats did not take a snapshot */
#define MAX_NOTED    (4u << 20)
#define MAX_WRITES   (1u << 20)
#define GFP_MOVABLE  0x08u /* the same bits in every kernel since 4.x */
#define GFP_ZERO     0x100u
#define NR_SNAPSHOTS 2

static void find_spot(struct dat_spot *spot, const struct dat *dat, const char *system,
                      const char *name, const char *const fields[2])
{
	const struct dat_format *format = trace_dat_format(dat, system, name);
	uint32_t size;

	spot->id = ABSENT;
	if (!format || !trace_dat_field(format->text, fields[0], &spot->field[0], &size) ||
	    !trace_dat_field(format->text, fields[1], &spot->field[1], &size) ||
	    spot->field[0] > 4096 || spot->field[1] > 4096 ||
	    !trace_dat_format_id(format->text, &spot->id))
		spot->id = ABSENT;
}

void trace_dat_watch_init(struct dat_watch *watch, const struct dat *dat, bool want_adds)
{
	*watch = (struct dat_watch){ .first_ns = UINT64_MAX };
	find_spot(&watch->fork, dat, "sched", "sched_process_fork",
	          (const char *const[]){ "parent_pid", "child_pid" });
	find_spot(&watch->exit, dat, "sched", "sched_process_exit",
	          (const char *const[]){ "comm", "pid" });
	find_spot(&watch->alloc, dat, "kmem", "mm_page_alloc",
	          (const char *const[]){ "order", "gfp_flags" });
	watch->add.id = ABSENT;
	if (want_adds)
		find_spot(&watch->add, dat, "filemap", "mm_filemap_add_to_page_cache",
		          (const char *const[]){ "i_ino", "index" });
}

void trace_dat_readers_deinit(struct dat_reader_vec *readers)
{
	for (size_t i = 0; i < readers->count; i++)
		dat_time_vec_deinit(&readers->items[i].writes);
	dat_reader_vec_deinit(readers);
}

void trace_dat_watch_deinit(struct dat_watch *watch)
{
	dat_fork_vec_deinit(&watch->forks);
	dat_add_vec_deinit(&watch->adds);
	trace_dat_readers_deinit(&watch->readers);
}

/* A field of size bytes; NULL if the record is too short for it. */
static const uint8_t *field(const uint8_t *data, uint32_t size, uint32_t offset, uint32_t need)
{
	return offset <= size && need <= size - offset ? data + offset : NULL;
}

static int note_fork(struct dat_watch *watch, uint64_t t_ns, const uint8_t *data, uint32_t size)
{
	const uint8_t *parent = field(data, size, watch->fork.field[0], 4);
	const uint8_t *child = field(data, size, watch->fork.field[1], 4);

	if (!parent || !child || watch->forks.count >= MAX_NOTED)
		return 0;
	return dat_fork_vec_push(&watch->forks,
	                         (struct dat_fork){ t_ns, le32_get(child), le32_get(parent) });
}

static int note_exit(struct dat_watch *watch, uint64_t t_ns, const uint8_t *data, uint32_t size)
{
	const uint8_t *comm = field(data, size, watch->exit.field[0], COMM_SIZE);
	const uint8_t *pid = field(data, size, watch->exit.field[1], 4);

	if (!comm || !pid || memcmp(comm, "cat", 4) != 0 || watch->readers.count >= MAX_NOTED)
		return 0;
	return dat_reader_vec_push(&watch->readers,
	                           (struct dat_reader){ .end_ns = t_ns, .pid = le32_get(pid) });
}

int trace_dat_watch_page(struct dat_watch *watch, const uint8_t *page, uint32_t page_size)
{
	struct trace_subbuf s;
	const uint8_t *data;
	uint32_t size;

	trace_subbuf_init(&s, page, page_size);
	while (trace_subbuf_next(&s, &data, &size)) {
		uint32_t id = trace_record_id(data);
		int ret = 0;

		if (s.t_ns < watch->first_ns)
			watch->first_ns = s.t_ns;
		if (s.t_ns > watch->last_ns)
			watch->last_ns = s.t_ns;
		if (id == watch->fork.id)
			ret = note_fork(watch, s.t_ns, data, size);
		else if (id == watch->exit.id)
			ret = note_exit(watch, s.t_ns, data, size);
		else if (id == watch->add.id && watch->adds.count < MAX_NOTED)
			ret = dat_add_vec_push(&watch->adds,
			                       (struct dat_add){ s.t_ns, trace_record_pid(data) });
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_pid_and_time(const void *a, const void *b)
{
	const struct dat_fork *x = a;
	const struct dat_fork *y = b;

	return x->pid != y->pid ? compare_u64(x->pid, y->pid) : compare_u64(x->t_ns, y->t_ns);
}

/* Readers of one shell together, in time order. */
static int by_parent_and_time(const void *a, const void *b)
{
	const struct dat_reader *x = a;
	const struct dat_reader *y = b;

	return x->parent != y->parent ? compare_u64(x->parent, y->parent)
	                              : compare_u64(x->begin_ns, y->begin_ns);
}

/* The last fork of pid before t_ns; NULL if there is none. */
static const struct dat_fork *fork_of(const struct dat_watch *watch, uint32_t pid, uint64_t t_ns)
{
	size_t low = 0;
	size_t high = watch->forks.count;
	struct dat_fork key = { .t_ns = t_ns, .pid = pid };

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (by_pid_and_time(&watch->forks.items[middle], &key) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && watch->forks.items[low - 1].pid == pid ? &watch->forks.items[low - 1]
	                                                         : NULL;
}

/* Gives each reader its parent and start; those whose fork was not seen sort to parent 0. */
static void join_forks(struct dat_watch *watch)
{
	if (watch->forks.count > 0)
		qsort(watch->forks.items, watch->forks.count, sizeof(*watch->forks.items),
		      by_pid_and_time);
	for (size_t i = 0; i < watch->readers.count; i++) {
		struct dat_reader *reader = &watch->readers.items[i];
		const struct dat_fork *fork = fork_of(watch, reader->pid, reader->end_ns);

		reader->parent = fork ? fork->parent : 0;
		reader->begin_ns = fork ? fork->t_ns : reader->end_ns;
	}
	if (watch->readers.count > 0)
		qsort(watch->readers.items, watch->readers.count, sizeof(*watch->readers.items),
		      by_parent_and_time);
}

/* Consecutive readers [begin, end) of one shell. */
struct group {
	size_t begin;
	size_t end;
	uint64_t begin_ns;
	uint64_t end_ns;
};

static struct group group_at(const struct dat_watch *watch, size_t begin)
{
	const struct dat_reader *items = watch->readers.items;
	struct group g = { .begin = begin, .end = begin, .begin_ns = items[begin].begin_ns };

	for (; g.end < watch->readers.count && items[g.end].parent == items[begin].parent; g.end++)
		g.end_ns = items[g.end].end_ns > g.end_ns ? items[g.end].end_ns : g.end_ns;
	return g;
}

/* A subshell of the one that takes the snapshot has many cats too; its span lies within the other's. */
static bool is_within_another(const struct dat_watch *watch, const struct group *g)
{
	struct group other;

	for (size_t i = 0; i < watch->readers.count; i = other.end) {
		other = group_at(watch, i);
		if (other.begin != g->begin && other.end - other.begin >= MIN_READERS &&
		    other.begin_ns < g->begin_ns && other.end_ns > g->end_ns)
			return true;
	}
	return false;
}

int trace_dat_watch_select(struct dat_watch *watch, bool last, struct dat_reader_vec *readers)
{
	struct group best = { 0 };
	struct group g;

	join_forks(watch);
	for (size_t i = 0; i < watch->readers.count; i = g.end) {
		g = group_at(watch, i);
		if (watch->readers.items[i].parent == 0 || g.end - g.begin < MIN_READERS ||
		    is_within_another(watch, &g))
			continue;
		if (best.end == 0 ||
		    (last ? g.begin_ns > best.begin_ns : g.begin_ns < best.begin_ns))
			best = g;
	}
	for (size_t i = best.begin; i < best.end; i++)
		if (dat_reader_vec_push(readers, watch->readers.items[i]) < 0)
			return MMR_E_NOMEM;
	return 0;
}

/* The reader that pid was at that time; NULL if none. */
static struct dat_reader *reader_of(struct dat_reader_vec *const sets[NR_SNAPSHOTS], uint32_t pid,
                                    uint64_t t_ns)
{
	for (int i = 0; i < NR_SNAPSHOTS; i++) {
		const struct dat_reader_vec *set = sets[i];

		if (set->count == 0 || t_ns < set->items[0].begin_ns ||
		    t_ns > set->items[set->count - 1].end_ns)
			continue;
		for (size_t j = 0; j < set->count; j++)
			if (set->items[j].pid == pid && t_ns >= set->items[j].begin_ns &&
			    t_ns <= set->items[j].end_ns)
				return &set->items[j];
	}
	return NULL;
}

/* What the second walk needs. */
struct second_walk {
	const struct dat_watch *watch;
	struct dat_reader_vec *sets[NR_SNAPSHOTS];
	uint32_t page_size;
};

static int note_writes(const struct second_walk *walk, const uint8_t *page)
{
	const struct dat_spot *alloc = &walk->watch->alloc;
	struct trace_subbuf s;
	const uint8_t *data;
	uint32_t size;

	trace_subbuf_init(&s, page, walk->page_size);
	while (trace_subbuf_next(&s, &data, &size)) {
		const uint8_t *order;
		const uint8_t *gfp;
		struct dat_reader *reader;

		if (trace_record_id(data) != alloc->id)
			continue;
		order = field(data, size, alloc->field[0], 4);
		gfp = field(data, size, alloc->field[1], 4);
		if (!order || !gfp || le32_get(order) != 0 ||
		    (le32_get(gfp) & (GFP_MOVABLE | GFP_ZERO)) != GFP_MOVABLE)
			continue;
		reader = reader_of(walk->sets, trace_record_pid(data), s.t_ns);
		if (reader && reader->writes.count < MAX_WRITES &&
		    dat_time_vec_push(&reader->writes, s.t_ns) < 0)
			return MMR_E_NOMEM;
	}
	return 0;
}

static int take_writes(void *data, uint32_t cpu, const uint8_t *pages, size_t nr_pages,
                       struct mmr_error *err)
{
	const struct second_walk *walk = data;

	(void)cpu;
	for (size_t i = 0; i < nr_pages; i++)
		if (note_writes(walk, pages + i * walk->page_size) < 0)
			return base_error(err, MMR_E_NOMEM, "out of memory for instants");
	return 0;
}

static int by_time(const void *a, const void *b)
{
	uint64_t x;
	uint64_t y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return compare_u64(x, y);
}

int trace_dat_find_writes(const struct dat *dat, const struct dat_buffer *buffer,
                          const struct dat_watch *watch, struct dat_reader_vec *first,
                          struct dat_reader_vec *last, struct mmr_error *err)
{
	struct second_walk walk = { watch, { first, last }, buffer->page_size };
	struct dat_copy copy = { .buffer = buffer, .take = take_writes, .data = &walk };
	int ret = trace_dat_copy(dat, &copy, err);

	for (int i = 0; i < NR_SNAPSHOTS; i++)
		for (size_t j = 0; j < walk.sets[i]->count; j++) {
			struct dat_time_vec *writes = &walk.sets[i]->items[j].writes;

			if (writes->count > 0)
				qsort(writes->items, writes->count, sizeof(uint64_t), by_time);
		}
	return ret;
}
