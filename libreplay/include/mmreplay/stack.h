/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The code that a stalled task was in: kernel and user stacks that `mmcap record --stacks=stalls` took
 * where stalls begin (MMR_EVENT_STALL_STACK), and the names of their addresses, which the recorder
 * looked up when the recording ended.
 */
#ifndef MMREPLAY_STACK_H
#define MMREPLAY_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/error.h>
#include <mmreplay/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the task began to wait for: mmr_event.stack.cause. */
#define MMR_STALL_CAUSE_MAP(X)                                                   \
	X(RECLAIM, "direct reclaim", "mm_vmscan_direct_reclaim_begin")           \
	X(MEMCG, "memcg reclaim", "mm_vmscan_memcg_reclaim_begin")               \
	X(NODE, "node reclaim", "mm_vmscan_node_reclaim_begin")                  \
	X(COMPACTION, "direct compaction", "mm_compaction_try_to_compact_pages") \
	X(HUGE, "no huge page", "mm_page_alloc")                                 \
	X(OOM, "out of memory", "mark_victim")

enum mmr_stall_cause {
#define STALL_CAUSE(name, text, event) MMR_STALL_##name,
	MMR_STALL_CAUSE_MAP(STALL_CAUSE)
#undef STALL_CAUSE
		MMR_NR_STALL_CAUSES
};

/* "direct reclaim"; "unknown" for a number that this library does not know. */
MMR_API const char *mmr_stall_cause_name(unsigned int cause);

#define MMR_STACK_FRAMES 64

/* Addresses, innermost first; what is further out than MMR_STACK_FRAMES was not recorded. */
struct mmr_stack {
	uint32_t cause; /* enum mmr_stall_cause */
	uint32_t tgid;  /* process, for mmr_trace_symbol() */
	uint32_t nr_kernel;
	uint32_t nr_user;
	uint64_t kernel[MMR_STACK_FRAMES];
	uint64_t user[MMR_STACK_FRAMES];
};

/*
 * The stack behind the event that mmr_trace_next() gave last, without the frames of the tracer itself;
 * false: that was no stack.
 */
MMR_API bool mmr_trace_stack(struct mmr_trace *trace, struct mmr_stack *stack);

/* What an address is. Strings are valid until the trace is closed, and as untrusted as the trace. */
struct mmr_symbol {
	const char *function; /* NULL: unknown */
	uint64_t offset;      /* within the function */
	const char *file; /* the program, library or kernel module; NULL: the kernel, or unknown */
	uint64_t file_offset; /* within file; 0 in the kernel */
};

/* Of an address in the process tgid, or in the kernel (0). False: nothing is known of it. */
MMR_API bool mmr_trace_symbol(struct mmr_trace *trace, uint32_t tgid, uint64_t address,
                              struct mmr_symbol *symbol);

/*
 * In words: "shrink_node+0x1a2", "malloc+0x20 (libc.so.6)", "app+0x1f30", "0x7f0012345678". Writes at
 * most size bytes with a NUL, returns the full length; control characters are escaped.
 */
MMR_API size_t mmr_trace_format_address(struct mmr_trace *trace, uint32_t tgid, uint64_t address,
                                        char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
