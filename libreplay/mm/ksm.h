/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* KSM as replay/ uses it: see ksm.c. */
#ifndef MM_KSM_H
#define MM_KSM_H

#include "mm.h"

#define MM_KSM_ZERO_CONTENT     UINT64_C(1)
#define MM_KSM_CHANGING_CONTENT UINT64_C(2) /* others at each scan */

/* What is in pages that ksmd looks at, in percent of them; the rest of 100 is like no other. Off: as it is told. */
struct mm_ksm_model {
	bool on;
	uint32_t zero_percent;
	uint32_t copied_percent;
	uint32_t copies; /* pages that have the same contents */
	uint32_t changing_percent;
};

/* /sys/kernel/mm/ksm */
struct mm_ksm_stat {
	uint64_t pages_shared;
	uint64_t pages_sharing;
	uint64_t pages_unshared;
	uint64_t pages_volatile;
	uint64_t pages_skipped;
	uint64_t pages_scanned;
	uint64_t full_scans;
	uint64_t zero_pages;
	uint64_t stable_node_chains;
	uint64_t stable_node_dups;
	uint64_t rmap_items;    /* addresses that it keeps in mind */
	uint64_t pages_to_scan; /* as they are now */
	uint64_t nr_merged;     /* times that a page was put in place of another */
	uint64_t cpu_ns;        /* that ksmd has had */
};

enum mm_ksm_range {
	MM_KSM_MERGEABLE,
	MM_KSM_UNMERGEABLE, /* what is shared there gets page frames of its own */
	MM_KSM_GONE,        /* there is no VMA */
};

/* From now on the following may be said; without, they do nothing. model: NULL: off. */
int mm_ksm_enable(struct mm_machine *machine, const struct mm_ksm_model *model, uint64_t seed,
                  struct mmr_error *err) MMR_MUST_CHECK;
/* nr virtual pages of request->space, from the low 32 bits of a number on, are this. It may wait. */
void mm_ksm_set_range(struct mm_machine *machine, const struct mm_request *request, uint32_t first,
                      uint32_t nr, enum mm_ksm_range range);
/*
 * What is in a base page (< the number reserved): the same number where it is the same, > 0, MM_KSM_ZERO_CONTENT for zeroes.
 * If it is another than before, somebody has written to it. Does nothing where the model is on. It may wait.
 */
void mm_ksm_set_content(struct mm_machine *machine, const struct mm_request *request, uint32_t page,
                        uint64_t content);
/* Whether ksmd is to run, and has a space to go through. */
bool mm_ksmd_has_work(const struct mm_machine *machine);
/* A part of a batch. true: the batch is over, and it sleeps; otherwise step again when the time is over that it took. */
bool mm_ksmd_step(struct mm_machine *machine, uint16_t cpu);
/* It took so much time of a CPU. */
void mm_ksm_charge(struct mm_machine *machine, uint64_t cpu_ns);
/* A write of 2 to /sys/kernel/mm/ksm/run: nothing is shared any more. It may wait. */
void mm_ksm_unmerge_all(struct mm_machine *machine, const struct mm_request *request);
/* false: it is not enabled. */
bool mm_ksm_stat(const struct mm_machine *machine, struct mm_ksm_stat *stat);

#endif
