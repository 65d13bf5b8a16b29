/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows into tables, each by one prepared statement whose parameters are bound in the columns' order. */
#include "write.h"

#include <stdarg.h>
#include <string.h>

#include "db_private.h"
#include "error_set.h"

#define MAX_COLUMNS 17u /* of any table */

/* A table, and the types of its columns after run_id: i integer, n integer or NULL, t text, b blob. */
static const struct {
	const char *table;
	const char *types;
} statements[RESULTS_NR_STATEMENTS] = {
	[RESULTS_PARAM] = { "run_param", "tt" },
	[RESULTS_NODE] = { "node", "iii" },
	[RESULTS_ZONE] = { "zone", "itiiiiiiii" },
	[RESULTS_COUNTER_NAME] = { "counter_name", "it" },
	[RESULTS_COUNTER_INSTANT] = { "counter_instant", "ii" },
	[RESULTS_VMSTAT] = { "vmstat_value", "iii" },
	[RESULTS_INSTANT] = { "instant", "i" },
	[RESULTS_ZONE_NAME] = { "zone_name", "iit" },
	[RESULTS_FREE_BLOCKS] = { "free_blocks", "iiiiiiiiiiiiiii" },
	[RESULTS_TASK] = { "task", "itin" },
	[RESULTS_RECLAIM] = { "reclaim_episode", "titinnniit" },
	[RESULTS_COMPACTION] = { "compaction_episode", "titinnniiiiit" },
	[RESULTS_THP] = { "thp_event", "iitnt" },
	[RESULTS_OOM] = { "oom_kill", "iitiiii" },
	[RESULTS_FAULT] = { "fault_stat", "itti" },
	[RESULTS_SWAP] = { "swap_stat", "iiii" },
	[RESULTS_GENERATION] = { "lru_generation", "iiiii" },
	[RESULTS_PAGEBLOCKS] = { "pageblock", "iitiiib" },
	[RESULTS_LOST] = { "lost", "iii" },
	[RESULTS_VERIFICATION] = { "verification", "itniit" },
	[RESULTS_STACK] = { "stack", "ittt" },
	[RESULTS_STACK_FRAME] = { "stack_frame", "ititt" },
	[RESULTS_REQUESTS] = { "request_stat", "iiiii" },
	[RESULTS_STALL_STACK] = { "stall_stack", "titini" },
	[RESULTS_ALLOCATION] = { "allocation_stat", "ittiiii" },
	[RESULTS_TASK_MEMORY] = { "task_memory", "iitiiiii" },
	[RESULTS_PIN] = { "pin", "iitii" },
	[RESULTS_OOM_CANDIDATE] = { "oom_candidate", "iitiiiiii" },
	[RESULTS_FILE] = { "file_stat", "tiiitiiiiiiti" },
	[RESULTS_SLAB_CACHE] = { "slab_cache", "itiii" },
	[RESULTS_CGROUP_MEMORY] = { "cgroup_memory", "ittn" },
	[RESULTS_MEMINFO] = { "meminfo_value", "iii" },
	[RESULTS_MEMORY_USE] = { "memory_use", "tiiiiii" },
	[RESULTS_MISS_CURVE] = { "miss_curve", "tii" },
	[RESULTS_TLB_FLUSH] = { "tlb_flush", "tttii" },
	[RESULTS_TLB_REACH] = { "tlb_reach", "tiiiii" },
	[RESULTS_PAGE_TABLE] = { "page_table", "tiii" },
	[RESULTS_OUTCOMES] = { "outcome_change", "iiit" },
	[RESULTS_PAGEBLOCK_COUNT] = { "pageblock_count", "iitiiii" },
	[RESULTS_PIN_HOLDER] = { "pin_holder", "itntnt" },
	[RESULTS_PIN_INSTANT] = { "pin_instant", "i" },
	[RESULTS_PIN_SPAN] = { "pin_span", "iiiiiii" },
	[RESULTS_COMPACTION_BLOCK] = { "compaction_block", "iiitiiiii" },
};

/* The statement that inserts a row, or those of a batch. NULL: it could not be prepared. */
static sqlite3_stmt *prepared(struct results_db *db, enum results_statement which)
{
	const char *table = statements[which].table, *types = statements[which].types;
	sqlite3_stmt **statement = &db->statements[which];
	char sql[64 + 2 * (MAX_COLUMNS + 1)], *end;

	if (*statement)
		return *statement;
	if (which < RESULTS_NR_BATCHED) {
		*statement = results_batch_prepare(db->sqlite, &db->batches[which], table, types);
	} else {
		sqlite3_snprintf(sizeof(sql), sql, "INSERT INTO %s VALUES (?", table);
		end = sql + strlen(sql);
		for (int i = 0; types[i]; i++) {
			*end++ = ',';
			*end++ = '?';
		}
		*end++ = ')';
		*end = '\0';
		sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
	}
	if (!*statement)
		results_sqlite_error(db, "preparing a table", &db->first_failure);
	return *statement;
}

/* Binds one value; its type comes from the statement's row. */
static void bind(sqlite3_stmt *statement, int column, char type, va_list *values)
{
	const char *text;
	const void *blob;
	int64_t number;

	switch (type) {
	case 't':
		text = va_arg(*values, const char *);
		sqlite3_bind_text(statement, column, text, -1, SQLITE_STATIC);
		break;
	case 'b':
		blob = va_arg(*values, const void *);
		number = va_arg(*values, int64_t);
		sqlite3_bind_blob64(statement, column, blob, (sqlite3_uint64)number, SQLITE_STATIC);
		break;
	default:
		number = va_arg(*values, int64_t);
		if (type == 'n' && number == RESULTS_NULL)
			sqlite3_bind_null(statement, column);
		else
			sqlite3_bind_int64(statement, column, number);
	}
}

/* Runs a statement of which all is bound. */
static void run_statement(struct results_db *db, sqlite3_stmt *statement)
{
	if (sqlite3_step(statement) != SQLITE_DONE)
		results_sqlite_error(db, "writing results", &db->first_failure);
	sqlite3_reset(statement);
}

static void flush(struct results_db *db, enum results_statement which)
{
	sqlite3_stmt *statement = prepared(db, which);

	if (!statement || db->first_failure.code)
		return;
	sqlite3_bind_int64(statement, 1, db->run_id);
	run_statement(db, statement);
	db->batches[which].nr_rows = 0;
}

void results_flush(struct results_db *db)
{
	for (unsigned int i = 0; i < RESULTS_NR_BATCHED; i++)
		if (db->batches[i].nr_rows > 0)
			flush(db, i);
}

/* Adds a row of a table that has batches. */
static void put_batched(struct results_db *db, enum results_statement which, ...)
{
	struct results_batch *batch = &db->batches[which];
	va_list values;

	if (db->first_failure.code || !prepared(db, which))
		return;
	va_start(values, which);
	if (!results_batch_add(batch, &values))
		base_error(&db->first_failure, MMR_E_LIMIT, "%s: a name is too long", db->path);
	va_end(values);
	if (batch->nr_rows == RESULTS_BATCH_ROWS)
		flush(db, which);
}

/* Adds a row; a blob is followed by its size. */
static void put(struct results_db *db, enum results_statement which, ...)
{
	const char *types = statements[which].types;
	sqlite3_stmt *statement;
	va_list values;

	if (db->first_failure.code)
		return;
	statement = prepared(db, which);
	if (!statement)
		return;
	va_start(values, which);
	sqlite3_bind_int64(statement, 1, db->run_id);
	for (int i = 0; types[i]; i++)
		bind(statement, i + 2, types[i], &values);
	va_end(values);
	run_statement(db, statement);
}

void results_finalize_statements(struct results_db *db)
{
	for (int i = 0; i < RESULTS_NR_STATEMENTS; i++) {
		sqlite3_finalize(db->statements[i]);
		db->statements[i] = NULL;
	}
}

int results_failed(const struct results_db *db, struct mmr_error *err)
{
	if (db->first_failure.code && err)
		*err = db->first_failure;
	return db->first_failure.code;
}

void results_put_param(struct results_db *db, const char *name, const char *value)
{
	put(db, RESULTS_PARAM, name, value);
}

void results_put_node(struct results_db *db, int64_t node, int64_t present, int64_t managed)
{
	put(db, RESULTS_NODE, node, present, managed);
}

void results_put_zone(struct results_db *db, const struct results_zone *row)
{
	put(db, RESULTS_ZONE, row->node, row->zone, row->zone_index, row->start_pfn, row->spanned,
	    row->present, row->managed, row->wmark_min, row->wmark_low, row->wmark_high);
}

static void put_counter(struct results_db *db, enum results_statement which, int64_t t_ns,
                        const char *name, int64_t value)
{
	int64_t instant_id, name_id;
	bool new_instant, new_name;

	if (db->first_failure.code)
		return;
	instant_id = results_counters_instant(&db->counters, t_ns, &new_instant);
	name_id = results_counters_name(&db->counters, name, &new_name);
	if (instant_id < 0 || name_id < 0) {
		base_error(&db->first_failure, MMR_E_NOMEM, "out of memory");
		return;
	}
	if (new_instant)
		put(db, RESULTS_COUNTER_INSTANT, instant_id, t_ns);
	if (new_name)
		put(db, RESULTS_COUNTER_NAME, name_id, name);
	put(db, which, name_id, instant_id, value);
}

/* The number of a zone, in the tables that do not have its name; -1: the failure is noted. */
static int64_t zone_id(struct results_db *db, int64_t node, const char *zone)
{
	int64_t number;
	bool new_zone;

	if (db->first_failure.code)
		return -1;
	number = results_zones_number(&db->zones, node, zone, &new_zone);
	if (number < 0)
		base_error(&db->first_failure, MMR_E_NOMEM, "out of memory");
	else if (new_zone)
		put(db, RESULTS_ZONE_NAME, number, node, zone);
	return number;
}

void results_put_vmstat(struct results_db *db, int64_t t_ns, const char *name, int64_t value)
{
	put_counter(db, RESULTS_VMSTAT, t_ns, name, value);
}

void results_put_instant(struct results_db *db, int64_t t_ns)
{
	put(db, RESULTS_INSTANT, t_ns);
}

void results_put_free_blocks(struct results_db *db, const struct results_free_blocks *row)
{
	int64_t zone = zone_id(db, row->node, row->zone);
	const int64_t *blocks = row->blocks;

	put_batched(db, RESULTS_FREE_BLOCKS, row->t_ns, row->last_ns, zone, row->migratetype,
	            blocks[0], blocks[1], blocks[2], blocks[3], blocks[4], blocks[5], blocks[6],
	            blocks[7], blocks[8], blocks[9], blocks[10]);
}

void results_put_task(struct results_db *db, int64_t pid, const char *comm, int64_t start_ns,
                      int64_t end_ns)
{
	put(db, RESULTS_TASK, pid, comm, start_ns, end_ns);
}

void results_put_reclaim(struct results_db *db, const struct results_reclaim *row)
{
	put(db, RESULTS_RECLAIM, row->kind, row->pid, row->comm, row->start_ns, row->duration_ns,
	    row->page_order, row->gfp_flags, row->nr_scanned, row->nr_reclaimed, row->cause);
}

void results_put_compaction(struct results_db *db, const struct results_compaction *row)
{
	put(db, RESULTS_COMPACTION, row->kind, row->pid, row->comm, row->start_ns, row->duration_ns,
	    row->page_order, row->gfp_flags, row->sync, row->nr_migrate_scanned,
	    row->nr_free_scanned, row->nr_migrated, row->nr_failed, row->result);
}

void results_put_thp(struct results_db *db, const struct results_thp *row)
{
	put(db, RESULTS_THP, row->t_ns, row->pid, row->kind, row->address, row->detail);
}

void results_put_oom(struct results_db *db, const struct results_oom *row)
{
	put(db, RESULTS_OOM, row->t_ns, row->pid, row->comm, row->total_vm_kb, row->anon_rss_kb,
	    row->file_rss_kb, row->oom_score_adj);
}

void results_put_fault(struct results_db *db, int64_t pid, const char *comm, const char *kind,
                       int64_t nr_faults)
{
	put(db, RESULTS_FAULT, pid, comm, kind, nr_faults);
}

void results_put_swap(struct results_db *db, int64_t t_ns, int64_t slots_used, int64_t swapped_in,
                      int64_t swapped_out)
{
	put(db, RESULTS_SWAP, t_ns, slots_used, swapped_in, swapped_out);
}

void results_put_generation(struct results_db *db, int64_t t_ns, int64_t node, int64_t generation,
                            int64_t anon, int64_t file)
{
	put(db, RESULTS_GENERATION, t_ns, node, generation, anon, file);
}

void results_put_pageblocks(struct results_db *db, const struct results_pageblocks *row)
{
	put(db, RESULTS_PAGEBLOCKS, row->t_ns, row->node, row->zone, row->first_pfn,
	    row->pageblock_pages, row->nr_pageblocks, row->state, row->nr_pageblocks * 8);
}

void results_put_lost(struct results_db *db, int64_t t_ns, int64_t cpu, int64_t nr_events)
{
	put(db, RESULTS_LOST, t_ns, cpu, nr_events);
}

void results_put_verification(struct results_db *db, const struct results_verification *row)
{
	put(db, RESULTS_VERIFICATION, row->t_ns, row->what, row->page_order, row->kernel,
	    row->shadow, row->cause);
}

void results_put_stack(struct results_db *db, int64_t stack_id, const char *code,
                       const char *kernel, const char *user)
{
	put(db, RESULTS_STACK, stack_id, code, kernel, user);
}

void results_put_stack_frame(struct results_db *db, const struct results_stack_frame *row)
{
	put(db, RESULTS_STACK_FRAME, row->stack_id, row->side, row->depth, row->frame, row->file);
}

void results_put_stall_stack(struct results_db *db, const struct results_stall_stack *row)
{
	put(db, RESULTS_STALL_STACK, row->cause, row->pid, row->comm, row->start_ns,
	    row->duration_ns, row->stack_id);
}

void results_put_requests(struct results_db *db, const struct results_requests *row)
{
	put(db, RESULTS_REQUESTS, row->memory, (int64_t)row->exact, row->requests, row->hits,
	    row->requests - row->hits);
}

void results_put_allocation(struct results_db *db, const struct results_allocation *row)
{
	put(db, RESULTS_ALLOCATION, row->pid, row->comm, row->kind, row->allocated, row->most,
	    row->live, row->tasks);
}

void results_put_task_memory(struct results_db *db, const struct results_task_memory *row)
{
	put(db, RESULTS_TASK_MEMORY, row->t_ns, row->pid, row->comm, row->anon, row->file,
	    row->shmem, row->swap, row->kernel);
}

void results_put_pin(struct results_db *db, const struct results_pin *row)
{
	put(db, RESULTS_PIN, row->t_ns, row->pid, row->comm, row->pages, row->pageblocks);
}

void results_put_oom_candidate(struct results_db *db, const struct results_oom_candidate *row)
{
	put(db, RESULTS_OOM_CANDIDATE, row->t_ns, row->pid, row->comm, row->memory, row->swap,
	    row->oom_score_adj, row->points, (int64_t)row->victim, (int64_t)row->asked);
}

void results_put_file(struct results_db *db, const struct results_file *row)
{
	char dev[32];

	sqlite3_snprintf(sizeof(dev), dev, "%u:%u", row->dev_major, row->dev_minor);
	put(db, RESULTS_FILE, dev, row->ino, row->pages, row->pid, row->comm, row->added,
	    row->again, row->sequential, row->evicted, row->written,
	    row->written ? row->writer_pid : 0, row->written ? row->writer_comm : "", row->files);
}

void results_put_slab_cache(struct results_db *db, const struct results_slab_cache *row)
{
	put(db, RESULTS_SLAB_CACHE, row->t_ns, row->name, row->objects, row->object_size,
	    row->pages);
}

void results_put_cgroup_memory(struct results_db *db, const struct results_cgroup_memory *row)
{
	put(db, RESULTS_CGROUP_MEMORY, row->t_ns, row->path, row->name, row->value);
}

void results_put_meminfo(struct results_db *db, int64_t t_ns, const char *name, int64_t kb)
{
	put_counter(db, RESULTS_MEMINFO, t_ns, name, kb);
}

void results_put_memory_use(struct results_db *db, const struct results_memory_use *row)
{
	put(db, RESULTS_MEMORY_USE, row->memory, row->uses, row->first_uses, row->pages_at_most,
	    row->known_from, (int64_t)row->only_faults, row->kernel_pages);
}

void results_put_miss_curve(struct results_db *db, const char *memory, int64_t pages,
                            int64_t refaults)
{
	put(db, RESULTS_MISS_CURVE, memory, pages, refaults);
}

void results_put_tlb_flush(struct results_db *db, const char *cause, const char *reason,
                           const char *extent, int64_t flushes, int64_t pages)
{
	put(db, RESULTS_TLB_FLUSH, cause, reason, extent, flushes, pages);
}

void results_put_tlb_reach(struct results_db *db, const struct results_tlb_reach *row)
{
	put(db, RESULTS_TLB_REACH, row->entries, row->windows, row->pages, row->needed,
	    row->l1_held, row->l2_held);
}

void results_put_page_table(struct results_db *db, const char *layout, int64_t leaves,
                            int64_t uppers, int64_t bytes)
{
	put(db, RESULTS_PAGE_TABLE, layout, leaves, uppers, bytes);
}

void results_put_outcomes(struct results_db *db, const struct results_outcomes *row)
{
	int64_t zone = zone_id(db, row->node, row->zone);

	put_batched(db, RESULTS_OUTCOMES, row->t_ns, zone, row->migratetype, row->outcomes);
}

void results_put_pageblock_count(struct results_db *db, const struct results_pageblock_count *row)
{
	put(db, RESULTS_PAGEBLOCK_COUNT, row->t_ns, row->node, row->zone, row->pageblocks,
	    row->free, row->movable, row->pinned);
}

void results_put_pin_holder(struct results_db *db, const struct results_pin_holder *row)
{
	put(db, RESULTS_PIN_HOLDER, row->holder_id, row->kind, row->pid, row->comm, row->gfp_flags,
	    row->gfp);
}

void results_put_pin_instant(struct results_db *db, int64_t t_ns)
{
	put(db, RESULTS_PIN_INSTANT, t_ns);
}

void results_put_pin_span(struct results_db *db, const struct results_pin_span *row)
{
	int64_t zone = zone_id(db, row->node, row->zone);

	put_batched(db, RESULTS_PIN_SPAN, row->t_ns, row->last_ns, zone, row->first_pfn,
	            row->holder_id, row->pages, row->holders);
}

void results_put_compaction_block(struct results_db *db, const struct results_compaction_block *row)
{
	put(db, RESULTS_COMPACTION_BLOCK, row->begin_ns, row->t_ns, row->node, row->zone,
	    row->first_pfn, row->migrate_scanned, row->free_scanned, row->moved_out, row->moved_in);
}
