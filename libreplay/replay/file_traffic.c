/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mm_filemap_add_to_page_cache and mm_filemap_delete_from_page_cache, summed up by file. A page that comes in twice
 * within the recording was wanted back. What leaves in reclaim was evicted; what leaves otherwise was truncated or
 * invalidated. A page that write() brings in is allocated with __GFP_WRITE, which readahead and faults are not.
 *
 * Not modelled: what was in the cache before the recording and comes back is not known to come again (the kernel's
 * workingset_refault_file knows); pages past MAX_PAGES of a file, and files beyond MAX_WORDS in all, count as new
 * each time. Of more than MAX_FILES files at a time those with little traffic are forgotten, and begin anew.
 *
 * A small file alone moves little, but who reads or writes a whole tree of them moves as much as with a large one: they have a
 * row for all that tasks of one name read and tasks of one name wrote. What is evicted of a file that was forgotten is nobody's, so that
 * a scan of more than MAX_FILES files seems smaller than it was.
 */
#include "file_traffic.h"

#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "gfp.h"

#define MAX_PAGES (UINT64_C(1) << 28) /* a file of 1 TiB */
#define MAX_WORDS (UINT64_C(1) << 25) /* 256 MiB of bitmaps */
#define MAX_FILES 4096                /* those with most traffic are kept */
#define LONG_RUN \
	256 /* eight windows of readahead as they are by default: chance makes none of that length */
#define LEAST_PAGES 256 /* files with less traffic, and such groups of small ones, leave no row */
#define MAX_GROUPS  1024

static uint32_t home(uint64_t ino, uint32_t dev, uint32_t nr_slots)
{
	return (uint32_t)((ino * UINT64_C(0x9e3779b97f4a7c15) ^
	                   dev * UINT64_C(0xff51afd7ed558ccd)) >>
	                  20) &
	       (nr_slots - 1);
}

static uint32_t slot_of(const struct replay_file_traffic *t, uint64_t ino, uint32_t dev)
{
	uint32_t slot = home(ino, dev, t->nr_slots);

	while (t->slots[slot] &&
	       (t->items[t->slots[slot] - 1].ino != ino || t->items[t->slots[slot] - 1].dev != dev))
		slot = (slot + 1) & (t->nr_slots - 1);
	return slot;
}

static void fill_slots(struct replay_file_traffic *t)
{
	memset(t->slots, 0, t->nr_slots * sizeof(*t->slots));
	for (uint32_t i = 0; i < t->count; i++)
		t->slots[slot_of(t, t->items[i].ino, t->items[i].dev)] = i + 1;
}

static void vote(struct replay_file_voter *voter, uint32_t pid, uint64_t nr)
{
	if (voter->pid == pid)
		voter->votes += nr;
	else if (voter->votes < nr)
		voter->pid = pid, voter->votes = nr - voter->votes;
	else
		voter->votes -= nr;
}

/* Too small for a long run, and not one that is used again and again, of which one wants to know by itself. */
static bool is_small(const struct replay_file *file)
{
	return file->added + file->evicted < LEAST_PAGES ||
	       (file->nr_pages < LONG_RUN && file->again * 2 < file->added);
}

static const char *comm_of(const struct replay_file_traffic *t, uint32_t pid)
{
	return pid ? mmr_trace_comm(t->trace, pid) : "";
}

static bool has_comm(const char *kept, const char *comm)
{
	return strncmp(kept, comm, sizeof(((struct replay_small_files *)0)->reader_comm) - 1) == 0;
}

static struct replay_small_files *group_of(struct replay_file_traffic *t,
                                           const struct replay_file *file)
{
	const char *reader = comm_of(t, file->reader.pid), *writer = comm_of(t, file->writer.pid);
	struct replay_small_files *group, new = { .dev = file->dev };

	for (group = t->groups.items; group < t->groups.items + t->groups.count; group++)
		if (group->dev == file->dev && has_comm(group->reader_comm, reader) &&
		    has_comm(group->writer_comm, writer))
			return group;
	if (t->groups.count == MAX_GROUPS)
		return NULL;
	snprintf(new.reader_comm, sizeof(new.reader_comm), "%.15s", reader);
	snprintf(new.writer_comm, sizeof(new.writer_comm), "%.15s", writer);
	if (replay_small_vec_push(&t->groups, new) < 0) {
		t->no_memory = true;
		return NULL;
	}
	return &t->groups.items[t->groups.count - 1];
}

static void sum_up(struct replay_file_traffic *t, const struct replay_file *file)
{
	struct replay_small_files *group = group_of(t, file);

	if (!group)
		return;
	vote(&group->reader, file->reader.pid, file->added - file->written);
	vote(&group->writer, file->writer.pid, file->written);
	group->files++;
	group->added += file->added;
	group->written += file->written;
	group->again += file->again;
	group->evicted += file->evicted;
}

/* Leaves out the files with least traffic, at least half of them. */
static void make_room(struct replay_file_traffic *t)
{
	uint32_t limit = t->count / 2;

	while (t->count > limit) {
		uint32_t kept = 0;

		t->small = t->small ? t->small * 2 : 2;
		for (uint32_t i = 0; i < t->count; i++) {
			if (t->items[i].added + t->items[i].evicted >= t->small) {
				t->items[kept++] = t->items[i];
				continue;
			}
			sum_up(t, &t->items[i]);
			t->nr_words -= t->items[i].nr_seen;
			base_free(t->items[i].seen);
		}
		t->count = kept;
	}
	t->small /= 2;
	t->last = 0;
	fill_slots(t);
}

static bool grow(struct replay_file_traffic *t)
{
	uint32_t nr_slots = t->nr_slots ? t->nr_slots * 2 : 256;
	void *items = t->items;
	uint32_t *slots;

	if (t->count >= MAX_FILES) {
		make_room(t);
		return true;
	}
	slots = base_calloc(nr_slots, sizeof(*slots));
	if (!slots || base_resize(&items, nr_slots / 2, sizeof(*t->items)) < 0) {
		base_free(slots);
		return false;
	}
	base_free(t->slots);
	t->items = items;
	t->slots = slots;
	t->nr_slots = nr_slots;
	fill_slots(t);
	return true;
}

static bool is(const struct replay_file *file, const struct mmr_event *event)
{
	return file->ino == event->filemap.ino && file->dev == event->filemap.dev;
}

static struct replay_file *file_of(struct replay_file_traffic *t, const struct mmr_event *event)
{
	uint32_t slot;

	if (t->last < t->count && is(&t->items[t->last], event))
		return &t->items[t->last];
	if (t->count >= t->nr_slots / 2 && !grow(t)) {
		t->no_memory = true;
		return NULL;
	}
	slot = slot_of(t, event->filemap.ino, event->filemap.dev);
	if (!t->slots[slot]) {
		t->items[t->count] = (struct replay_file){ .ino = event->filemap.ino,
			                                   .dev = event->filemap.dev };
		t->slots[slot] = ++t->count;
	}
	t->last = t->slots[slot] - 1;
	return &t->items[t->last];
}

/* Notes a page; true: it had come in before. */
static bool seen_before(struct replay_file_traffic *t, struct replay_file *file, uint64_t index)
{
	uint64_t word = index / 64, bit = UINT64_C(1) << index % 64;
	bool before;

	if (index >= MAX_PAGES)
		return false;
	if (word >= file->nr_seen) {
		uint64_t nr = file->nr_seen * 2 > word ? file->nr_seen * 2 + 1 : word + 1;
		void *seen = file->seen;

		if (t->nr_words + nr - file->nr_seen > MAX_WORDS)
			return false;
		if (base_resize(&seen, nr, sizeof(*file->seen)) < 0) {
			t->no_memory = true;
			return false;
		}
		file->seen = seen;
		memset(file->seen + file->nr_seen, 0, (nr - file->nr_seen) * sizeof(*file->seen));
		t->nr_words += nr - file->nr_seen;
		file->nr_seen = nr;
	}
	before = file->seen[word] & bit;
	file->seen[word] |= bit;
	return before;
}

/* How many of nr pages from index on belong to a long run, and those before them where it has just become one. */
static uint64_t in_run(struct replay_file *file, uint64_t index, uint64_t nr)
{
	struct replay_file_run run = { .next = index };
	unsigned int at = 0;
	uint64_t before;

	while (at < REPLAY_FILE_RUNS - 1 && file->runs[at].next != index)
		at++;
	if (file->runs[at].next == index)
		run = file->runs[at];
	before = run.length;
	run.next += nr;
	run.length += nr;
	memmove(&file->runs[1], &file->runs[0], at * sizeof(run));
	file->runs[0] = run;
	if (run.length < LONG_RUN)
		return 0;
	return before < LONG_RUN ? run.length : nr;
}

static struct replay_file_page *page_of(struct replay_file_traffic *t, uint64_t pfn)
{
	return &t->pages[pfn % REPLAY_FILE_PAGES];
}

void replay_file_traffic_alloc(struct replay_file_traffic *t, const struct mmr_event *event)
{
	*page_of(t, event->page.pfn) =
		(struct replay_file_page){ event->page.pfn, event->page.gfp_flags };
}

static bool is_write(struct replay_file_traffic *t, const struct mmr_event *event)
{
	const struct replay_file_page *page = page_of(t, event->filemap.pfn);

	return page->pfn == event->filemap.pfn && page->gfp_flags & MM_GFP_WRITE;
}

static void add(struct replay_file_traffic *t, struct replay_file *file,
                const struct mmr_event *event)
{
	uint64_t nr = UINT64_C(1) << (event->filemap.order & 15), index = event->filemap.index;
	bool write = is_write(t, event);

	for (uint64_t i = 0; i < nr; i++)
		file->again += seen_before(t, file, index + i);
	file->added += nr;
	file->sequential += in_run(file, index, nr);
	if (index + nr > file->nr_pages && index < MAX_PAGES)
		file->nr_pages = index + nr;
	if (write)
		file->written += nr;
	vote(write ? &file->writer : &file->reader, event->pid, nr);
}

void replay_file_traffic_event(struct replay_file_traffic *t, const struct mmr_event *event,
                               bool reclaiming)
{
	struct replay_file *file = file_of(t, event);

	if (!file)
		return;
	if (event->kind == MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE)
		add(t, file, event);
	else if (reclaiming)
		file->evicted += UINT64_C(1) << (event->filemap.order & 15);
}

static void put_file(struct replay_file_traffic *t, const struct replay_file *file)
{
	uint32_t pid = file->reader.pid ? file->reader.pid : file->writer.pid;
	const struct results_file row = {
		.dev_major = file->dev >> 20,
		.dev_minor = file->dev & 0xfffff,
		.ino = (int64_t)file->ino,
		.pages = (int64_t)file->nr_pages,
		.pid = pid,
		.comm = mmr_trace_comm(t->trace, pid),
		.writer_pid = file->writer.pid,
		.writer_comm = mmr_trace_comm(t->trace, file->writer.pid),
		.added = (int64_t)file->added,
		.again = (int64_t)file->again,
		.sequential = (int64_t)file->sequential,
		.evicted = (int64_t)file->evicted,
		.written = (int64_t)file->written,
		.files = 1,
	};

	results_put_file(t->db, &row);
}

static void put_group(struct replay_file_traffic *t, const struct replay_small_files *group)
{
	bool is_read = group->reader.pid != 0;
	const struct results_file row = {
		.dev_major = group->dev >> 20,
		.dev_minor = group->dev & 0xfffff,
		.pid = is_read ? group->reader.pid : group->writer.pid,
		.comm = is_read ? group->reader_comm : group->writer_comm,
		.writer_pid = group->writer.pid,
		.writer_comm = group->writer_comm,
		.added = (int64_t)group->added,
		.again = (int64_t)group->again,
		.evicted = (int64_t)group->evicted,
		.written = (int64_t)group->written,
		.files = (int64_t)group->files,
	};

	if (group->added >= LEAST_PAGES)
		results_put_file(t->db, &row);
}

int replay_file_traffic_finish(struct replay_file_traffic *t, struct mmr_error *err)
{
	for (uint32_t i = 0; i < t->count; i++) {
		if (is_small(&t->items[i]))
			sum_up(t, &t->items[i]);
		else
			put_file(t, &t->items[i]);
	}
	for (size_t i = 0; i < t->groups.count; i++)
		put_group(t, &t->groups.items[i]);
	return t->no_memory ? base_error(err, MMR_E_NOMEM,
	                                 "out of memory for the files of the page cache")
	                    : 0;
}

void replay_file_traffic_deinit(struct replay_file_traffic *t)
{
	for (uint32_t i = 0; i < t->count; i++)
		base_free(t->items[i].seen);
	base_free(t->items);
	base_free(t->slots);
	replay_small_vec_deinit(&t->groups);
	*t = (struct replay_file_traffic){ 0 };
}
