/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * By filter and not by set_event_notrace_pid, for two reasons. What an interrupt does while a reader
 * happens to run, such as freeing pages after a grace period, is not the recorder's work and stays.
 * And the events of the page allocator, the LRU lists, reclaim, swap, compaction, migration and OOM stay whoever runs:
 * pages go through the same lists, and without them nobody could follow these lists exactly, or tell a page that was
 * evicted from one that was freed. They bear the recorder's pid, which the header names; the readers are made so that
 * there are next to none, but where memory is short.
 */
#include "self_filter.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"
#include "swap_map.h"

#define FILTER_SIZE 4000 /* the kernel takes a page at most */

/* TRACE_FLAG_HARDIRQ | TRACE_FLAG_SOFTIRQ of common_flags. */
#define IN_INTERRUPT 0x18

#define INITIAL_PID_NAMESPACE 0xeffffffcu /* PROC_PID_INIT_INO */

/* Second best, as it hides other recorders too: by name, which all tasks of the recorder share. */
#define BY_NAME "common_flags & 24 || !(comm ~ \"mmcap*\")"

static int compare_pids(const void *a, const void *b)
{
	const pid_t *x = a;
	const pid_t *y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * Threads made one after the other mostly have consecutive numbers: ranges keep the filter short.
 * false: it becomes too long all the same.
 */
static bool build(char filter[FILTER_SIZE], pid_t *pids, size_t count)
{
	size_t used;

	qsort(pids, count, sizeof(*pids), compare_pids);
	used = (size_t)snprintf(filter, FILTER_SIZE, "common_flags & %d || (", IN_INTERRUPT);
	for (size_t i = 0; i < count;) {
		size_t last = i;
		const char *and = i ? " && " : "";

		while (last + 1 < count && pids[last + 1] == pids[last] + 1)
			last++;
		if (last == i)
			used += (size_t)snprintf(filter + used, FILTER_SIZE - used,
			                         "%scommon_pid != %d", and, pids[i]);
		else
			used += (size_t)snprintf(filter + used, FILTER_SIZE - used,
			                         "%s(common_pid < %d || common_pid > %d)", and,
			                         pids[i], pids[last]);
		if (used + 2 > FILTER_SIZE)
			return false;
		i = last + 1;
	}
	snprintf(filter + used, FILTER_SIZE - used, ")");
	return true;
}

/* In a container the numbers we know ourselves by are not those that the events bear. */
bool self_filter_in_container(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino != INITIAL_PID_NAMESPACE;
}

/*
 * Groups that are recorded whoever runs. Those that tell where a page is: a reader that drains its CPU's
 * LRU batch puts pages of others on their lists, one that compacts takes free pages, and one that reclaims has others' pages
 * go to swap. And the group oom: it may be the recorder whose
 * allocation has the kernel kill somebody else.
 * Slab events come by the million, and it is the tasks that are traced who evaluate a filter; of the
 * recorder's own there are few.
 */
static bool stays_whole(enum mmr_event_group group)
{
	return group == MMR_GROUP_PAGE || group == MMR_GROUP_LRU || group == MMR_GROUP_COMPACTION ||
	       group == MMR_GROUP_MIGRATE || group == MMR_GROUP_RECLAIM || group == MMR_GROUP_OOM ||
	       group == MMR_GROUP_SLAB;
}

/*
 * As one of a group, block_bio_queue is there for the swap areas, whoever runs. false: there are none (or they are not
 * to be told apart), the event has nothing to say.
 */
static bool filter_swap(char filter[FILTER_SIZE])
{
	struct swap_extent extents[MAX_SWAP_EXTENTS];
	unsigned int count = swap_map_read(extents);

	return swap_map_filter(extents, count, filter, FILTER_SIZE);
}

static int enable_one(const struct tracing *tracing, const struct chosen_event *event,
                      const char *own, struct mmr_error *err)
{
	char filter[FILTER_SIZE];
	char file[192];
	int ret = 0;

	snprintf(filter, sizeof(filter), "%s", own);
	if (event->group == MMR_GROUP_SWAP && !event->by_name && !filter_swap(filter))
		return 0;
	if (!stays_whole(event->group)) {
		snprintf(file, sizeof(file), "events/%s/%s/filter", event->system, event->name);
		ret = tracing_write(tracing, file, filter, err);
	}
	snprintf(file, sizeof(file), "events/%s/%s/enable", event->system, event->name);
	return ret < 0 ? ret : tracing_write(tracing, file, "1", err);
}

pid_t *self_filter_tasks(pid_t other, size_t *count)
{
	DIR *dir = opendir("/proc/self/task");
	pid_t *pids = calloc(2, sizeof(*pids));
	struct dirent *entry;

	*count = 0;
	if (pids)
		pids[(*count)++] = other > 0 ? other : getpid();
	while (pids && dir && (entry = readdir(dir))) {
		pid_t *more;

		if (entry->d_name[0] == '.')
			continue;
		more = reallocarray(pids, *count + 1, sizeof(*pids));
		if (!more)
			break;
		pids = more;
		pids[(*count)++] = (pid_t)strtol(entry->d_name, NULL, 10);
	}
	if (dir)
		closedir(dir);
	return pids;
}

int self_filter_enable(const struct tracing *tracing, const struct event_set *events, pid_t other,
                       struct mmr_error *err)
{
	char filter[FILTER_SIZE];
	size_t count;
	pid_t *pids = self_filter_tasks(other, &count);
	int ret = 0;

	if (!pids)
		return failure(err, MMR_E_NOMEM, "out of memory for an event filter");
	if (self_filter_in_container() || !build(filter, pids, count))
		snprintf(filter, sizeof(filter), "%s", BY_NAME);
	free(pids);
	for (size_t i = 0; i < events->count && ret == 0; i++)
		if (events->events[i].present)
			ret = enable_one(tracing, &events->events[i], filter, err);
	return ret;
}
