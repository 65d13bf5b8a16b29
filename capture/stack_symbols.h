/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What recorded addresses are: functions of the kernel from /proc/kallsyms, places in programs and
 * libraries from their processes' maps, which are read as long as the process is there, and functions in
 * those from their ELF symbols, at the end.
 */
#ifndef STACK_SYMBOLS_H
#define STACK_SYMBOLS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/trace_writer.h>

/* An executable mapping of a process. */
struct symbol_map {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	uint32_t file; /* in stack_symbols.files */
};

struct symbol_process {
	uint32_t tgid;
	uint64_t read_ns; /* when its maps were read */
	uint64_t used_ns; /* when they were last asked for */
	struct symbol_map *maps;
	size_t nr_maps;
	bool ended; /* as of when that was last looked for */
};

/* An address that was recorded. tgid 0: of the kernel. */
struct symbol_address {
	uint64_t address;
	uint64_t offset; /* in file */
	uint32_t tgid;
	uint32_t file; /* NO_FILE: nobody knows */
	char *function;
	uint64_t function_offset;
	uint64_t seen_ns; /* when it was last noted */
};

/* Bounded, however long it is fed; what was not seen for the longest goes. */
struct stack_symbols {
	pthread_mutex_t lock;
	struct symbol_process *processes;
	size_t nr_processes;
	struct symbol_address *addresses;
	size_t nr_addresses;
	uint32_t *slots; /* index of an address + 1, by hash */
	size_t nr_slots;
	char **files;
	size_t nr_files;
	size_t nr_files_kept; /* when those that nobody needs were last left out */
	bool names_only;      /* no folders in the trace */
};

/* One thread may note while another writes. Free with stack_symbols_deinit(). */
void stack_symbols_init(struct stack_symbols *symbols);
void stack_symbols_deinit(struct stack_symbols *symbols);

/*
 * Notes an address of a process that is at work now, or of the kernel (tgid 0), at the time now_ns.
 * What there is no memory for is left out.
 */
void stack_symbols_note(struct stack_symbols *symbols, uint32_t tgid, uint64_t address,
                        uint64_t now_ns);

/* Looks all so far up and writes them as the trailer's texts kallsyms and user_symbols; as often as wanted. */
int stack_symbols_write(struct stack_symbols *symbols, struct mmr_writer *writer,
                        struct mmr_error *err) MMR_MUST_CHECK;

#endif
