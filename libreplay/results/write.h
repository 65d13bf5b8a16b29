/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Adding rows to the run that was begun last. A failure is remembered, and the calls after it do
 * nothing: results_commit() (or results_failed()) reports the first one.
 */
#ifndef RESULTS_WRITE_H
#define RESULTS_WRITE_H

#include "db.h"

void results_put_param(struct results_db *db, const char *name, const char *value);
void results_put_node(struct results_db *db, int64_t node, int64_t present, int64_t managed);
void results_put_zone(struct results_db *db, const struct results_zone *row);
void results_put_vmstat(struct results_db *db, int64_t t_ns, const char *name, int64_t value);
void results_put_instant(struct results_db *db, int64_t t_ns);
void results_put_free_blocks(struct results_db *db, const struct results_free_blocks *row);
void results_put_task(struct results_db *db, int64_t pid, const char *comm, int64_t start_ns,
                      int64_t end_ns);
void results_put_reclaim(struct results_db *db, const struct results_reclaim *row);
void results_put_compaction(struct results_db *db, const struct results_compaction *row);
void results_put_thp(struct results_db *db, const struct results_thp *row);
void results_put_oom(struct results_db *db, const struct results_oom *row);
void results_put_fault(struct results_db *db, int64_t pid, const char *comm, const char *kind,
                       int64_t nr_faults);
void results_put_swap(struct results_db *db, int64_t t_ns, int64_t slots_used, int64_t swapped_in,
                      int64_t swapped_out);

/* generation 0: the youngest; anon, file: pages. */
void results_put_generation(struct results_db *db, int64_t t_ns, int64_t node, int64_t generation,
                            int64_t anon, int64_t file);
void results_put_pageblocks(struct results_db *db, const struct results_pageblocks *row);
void results_put_lost(struct results_db *db, int64_t t_ns, int64_t cpu, int64_t nr_events);
void results_put_verification(struct results_db *db, const struct results_verification *row);
void results_put_stack(struct results_db *db, int64_t stack_id, const char *code,
                       const char *kernel, const char *user);
void results_put_stack_frame(struct results_db *db, const struct results_stack_frame *row);
void results_put_stall_stack(struct results_db *db, const struct results_stall_stack *row);
void results_put_requests(struct results_db *db, const struct results_requests *row);
void results_put_allocation(struct results_db *db, const struct results_allocation *row);
void results_put_task_memory(struct results_db *db, const struct results_task_memory *row);
void results_put_pin(struct results_db *db, const struct results_pin *row);
void results_put_oom_candidate(struct results_db *db, const struct results_oom_candidate *row);
void results_put_file(struct results_db *db, const struct results_file *row);
void results_put_slab_cache(struct results_db *db, const struct results_slab_cache *row);
void results_put_cgroup_memory(struct results_db *db, const struct results_cgroup_memory *row);
void results_put_meminfo(struct results_db *db, int64_t t_ns, const char *name, int64_t kb);
void results_put_memory_use(struct results_db *db, const struct results_memory_use *row);
void results_put_outcomes(struct results_db *db, const struct results_outcomes *row);
void results_put_pageblock_count(struct results_db *db, const struct results_pageblock_count *row);
void results_put_pin_holder(struct results_db *db, const struct results_pin_holder *row);
void results_put_pin_instant(struct results_db *db, int64_t t_ns);
void results_put_pin_span(struct results_db *db, const struct results_pin_span *row);
void results_put_compaction_block(struct results_db *db,
                                  const struct results_compaction_block *row);
void results_put_miss_curve(struct results_db *db, const char *memory, int64_t pages,
                            int64_t refaults);
void results_put_tlb_flush(struct results_db *db, const char *cause, const char *reason,
                           const char *extent, int64_t flushes, int64_t pages);
void results_put_tlb_reach(struct results_db *db, const struct results_tlb_reach *row);
void results_put_page_table(struct results_db *db, const char *layout, int64_t leaves,
                            int64_t uppers, int64_t bytes);

/* 0, or the first failure since the database was opened. */
int results_failed(const struct results_db *db, struct mmr_error *err);

#endif
