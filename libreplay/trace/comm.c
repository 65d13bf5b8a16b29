/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of tasks. What the events up to now say comes first (a task is named by its fork, exec and
 * exit), then saved_cmdlines, the kernel's own list at the end of the recording. A hash table with
 * linear probing; the kernel has at most 2^22 pids, so it stays small in any trace.
 *
 * Not modelled: prctl(PR_SET_NAME), for which 6.12 has no event in the groups that are recorded.
 */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "reader.h"

#define MAX_PID (1u << 22)

static struct trace_comm *slot_of(const struct trace_comms *comms, uint32_t pid)
{
	uint32_t i = (pid * 2654435761u) & comms->mask;

	while (comms->slots[i].pid != 0 && comms->slots[i].pid != pid)
		i = (i + 1) & comms->mask;
	return &comms->slots[i];
}

static int grow(struct trace_comms *comms)
{
	struct trace_comms more = { .mask = comms->mask ? comms->mask * 2 + 1 : 255 };

	more.slots = base_calloc(more.mask + 1ul, sizeof(*more.slots));
	if (!more.slots)
		return MMR_E_NOMEM;
	for (uint32_t i = 0; comms->slots && i <= comms->mask; i++)
		if (comms->slots[i].pid)
			*slot_of(&more, comms->slots[i].pid) = comms->slots[i];
	more.used = comms->used;
	base_free(comms->slots);
	*comms = more;
	return 0;
}

static int set(struct trace_comms *comms, uint32_t pid, const char *comm, size_t len)
{
	struct trace_comm *slot;

	if (pid == 0 || pid > MAX_PID)
		return 0;
	if (comms->used * 2ul >= comms->mask && grow(comms) < 0)
		return MMR_E_NOMEM;
	slot = slot_of(comms, pid);
	comms->used += slot->pid == 0;
	slot->pid = pid;
	if (len > sizeof(slot->comm) - 1)
		len = sizeof(slot->comm) - 1;
	memcpy(slot->comm, comm, len);
	slot->comm[len] = '\0';
	return 0;
}

int trace_comms_parse(struct trace_comms *comms, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *end;
		unsigned long pid = strtoul(text, &end, 10);

		if (end > text && *end == ' ' && end < text + len && pid <= MAX_PID &&
		    set(comms, (uint32_t)pid, end + 1, (size_t)(text + len - end - 1)) < 0)
			return MMR_E_NOMEM;
		text += len;
		text += *text == '\n';
	}
	return 0;
}

/* The kernel names a task by the last part of what it executes. */
static int set_from_path(struct trace_comms *comms, uint32_t pid, const char *path)
{
	const char *slash = strrchr(path, '/');

	/* Cut at its front by the decoder: the beginning of the name is not known. */
	if (!slash && strlen(path) == sizeof(((struct mmr_event *)0)->exec.filename) - 1)
		return 0;
	path = slash ? slash + 1 : path;
	return set(comms, pid, path, strlen(path));
}

int trace_comms_learn(struct trace_comms *comms, const struct mmr_event *event)
{
	switch (event->kind) {
	case MMR_EVENT_SCHED_PROCESS_FORK:
		if (set(comms, event->fork.parent_pid, event->fork.parent_comm,
		        strnlen(event->fork.parent_comm, 16)) < 0)
			return MMR_E_NOMEM;
		return set(comms, event->fork.child_pid, event->fork.child_comm,
		           strnlen(event->fork.child_comm, 16));
	case MMR_EVENT_SCHED_PROCESS_EXEC:
		return set_from_path(comms, event->exec.pid, event->exec.filename);
	case MMR_EVENT_SCHED_PROCESS_EXIT:
		return set(comms, event->exit.pid, event->exit.comm, strnlen(event->exit.comm, 16));
	case MMR_EVENT_TASK_NEWTASK:
		return set(comms, event->newtask.pid, event->newtask.comm,
		           strnlen(event->newtask.comm, 16));
	default:
		return 0;
	}
}

const char *trace_comms_find(const struct trace_comms *comms, uint32_t pid)
{
	const struct trace_comm *slot = comms->slots && pid ? slot_of(comms, pid) : NULL;

	return slot && slot->pid ? slot->comm : NULL;
}

void trace_comms_deinit(struct trace_comms *comms)
{
	base_free(comms->slots);
	*comms = (struct trace_comms){ 0 };
}
