/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Open addressing with linear probing. Removal shifts later entries back, and the last item takes the
 * removed one's place, so both arrays stay dense however many tasks come and go.
 */
#include "task_table.h"

#include <string.h>

#include "alloc.h"

static uint32_t home(const struct replay_task_table *table, uint32_t pid)
{
	return (uint32_t)(pid * 2654435761u) & (table->nr_slots - 1);
}

/* Slot of a pid: where it is, or where it would go. */
static uint32_t probe(const struct replay_task_table *table, uint32_t pid)
{
	uint32_t slot = home(table, pid);

	while (table->slots[slot] && table->items[table->slots[slot] - 1].pid != pid)
		slot = (slot + 1) & (table->nr_slots - 1);
	return slot;
}

static bool grow(struct replay_task_table *table)
{
	uint32_t nr_slots = table->nr_slots ? table->nr_slots * 2 : 256;
	void *items = table->items;
	uint32_t *slots = base_calloc(nr_slots, sizeof(*slots));

	if (!slots)
		return false;
	if (base_resize(&items, nr_slots / 2, sizeof(*table->items)) < 0) {
		base_free(slots);
		return false;
	}
	base_free(table->slots);
	table->items = items;
	table->slots = slots;
	table->nr_slots = nr_slots;
	for (uint32_t i = 0; i < table->count; i++)
		slots[probe(table, table->items[i].pid)] = i + 1;
	return true;
}

struct replay_task *replay_task_find(struct replay_task_table *table, uint32_t pid)
{
	uint32_t slot;

	if (!table->nr_slots)
		return NULL;
	slot = probe(table, pid);
	return table->slots[slot] ? &table->items[table->slots[slot] - 1] : NULL;
}

struct replay_task *replay_task_get(struct replay_task_table *table, uint32_t pid, uint64_t now_ns)
{
	struct replay_task *task = replay_task_find(table, pid);

	if (task)
		return task;
	if (table->count >= table->nr_slots / 2 && !grow(table))
		return NULL;
	task = &table->items[table->count++];
	memset(task, 0, sizeof(*task));
	task->pid = pid;
	task->start_ns = now_ns;
	task->compaction.order = -1;
	table->slots[probe(table, pid)] = table->count;
	return task;
}

/* Empties a slot and closes the gap that it would leave in the probe sequences of others. */
static void empty_slot(struct replay_task_table *table, uint32_t slot)
{
	uint32_t mask = table->nr_slots - 1;
	uint32_t next = slot;

	table->slots[slot] = 0;
	for (;;) {
		uint32_t from;

		next = (next + 1) & mask;
		if (!table->slots[next])
			return;
		from = home(table, table->items[table->slots[next] - 1].pid);
		if (((next - from) & mask) < ((next - slot) & mask))
			continue;
		table->slots[slot] = table->slots[next];
		table->slots[next] = 0;
		slot = next;
	}
}

void replay_task_remove(struct replay_task_table *table, struct replay_task *task)
{
	uint32_t last = table->count - 1;

	empty_slot(table, probe(table, task->pid));
	if (task != &table->items[last]) {
		table->slots[probe(table, table->items[last].pid)] =
			(uint32_t)(task - table->items) + 1;
		*task = table->items[last];
	}
	table->count = last;
}

void replay_task_table_deinit(struct replay_task_table *table)
{
	base_free(table->items);
	base_free(table->slots);
	*table = (struct replay_task_table){ 0 };
}
