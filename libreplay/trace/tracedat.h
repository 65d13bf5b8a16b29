/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A trace.dat of trace-cmd, versions 6 and 7 (trace-cmd.dat.v6(5), trace-cmd.dat.v7(5)): what
 * importing needs of it. Every offset, size and count in it is untrusted.
 */
#ifndef TRACE_TRACEDAT_H
#define TRACE_TRACEDAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>
#include <mmreplay/trace_import.h>
#include <mmreplay/trace_writer.h>

#include "container.h"
#include "le.h"
#include "vec.h"

/* Limits: nothing is allocated for a number in the file before it passed one of these. */
#define DAT_MAX_SECTION  (128u << 20) /* formats and symbols of the largest kernels have 30 MiB */
#define DAT_MAX_OWNED    (256u << 20) /* of all sections */
#define DAT_MAX_CHUNK    (32u << 20)  /* trace-cmd makes chunks of some 100 KiB */
#define DAT_MAX_SECTIONS 256u
#define DAT_MAX_FORMATS  16384u /* 6.12 has some 2,500 */
#define DAT_MAX_BUFFERS  1024u
#define DAT_NAME_SIZE    64u

enum dat_compression {
	DAT_NONE,
	DAT_ZSTD,
	DAT_ZLIB,
	DAT_OTHER,
};

/* Points into one of the sections that struct dat owns; not terminated. */
struct dat_text {
	const char *data;
	size_t size;
};

struct dat_format {
	char system[DAT_NAME_SIZE];
	char name[DAT_NAME_SIZE];
	struct dat_text text;
};

DEFINE_VEC(dat_format_vec, struct dat_format);
DEFINE_VEC(dat_text_vec, struct dat_text);

/* Where one CPU's sub-buffers are. */
struct dat_cpu {
	uint32_t cpu;
	uint64_t offset;
	uint64_t
		size; /* as the file says; with chunks, of the compressed bytes without the count */
};

DEFINE_VEC(dat_cpu_vec, struct dat_cpu);

/* One instance's data. */
struct dat_buffer {
	char name[DAT_NAME_SIZE];
	char clock[16];
	uint32_t page_size;
	bool compressed; /* in chunks */
	struct dat_cpu_vec cpus;
};

DEFINE_VEC(dat_buffer_vec, struct dat_buffer);
DEFINE_VEC(dat_owned_vec, void *);

struct dat {
	const char *path;
	int fd;
	uint64_t file_size;
	unsigned int version;
	uint32_t page_size;
	enum dat_compression compression;
	char compression_name[32];
	struct dat_text header_page;
	struct dat_text header_event;
	struct dat_text printk;
	struct dat_text cmdlines;
	struct dat_text uname;
	struct dat_text recorder;  /* version of trace-cmd */
	struct dat_text date;      /* microseconds from the clock to the time of day */
	struct dat_text_vec stats; /* per_cpu/cpuN/stats, in the order of the file */
	struct dat_format_vec formats;
	struct dat_buffer_vec buffers;
	struct dat_owned_vec owned;
	uint64_t owned_bytes;
};

int trace_dat_open(const char *path, struct dat *dat, struct mmr_error *err) MMR_MUST_CHECK;
void trace_dat_close(struct dat *dat);

/* Reads size bytes at offset; MMR_E_TRUNCATED if the file has fewer. */
int trace_dat_read(const struct dat *dat, uint64_t offset, void *data, size_t size,
                   struct mmr_error *err) MMR_MUST_CHECK;

/* Decompresses exactly out_size bytes. MMR_E_CORRUPT or MMR_E_UNSUPPORTED otherwise. */
int trace_dat_inflate(const struct dat *dat, const void *in, size_t in_size, void *out,
                      size_t out_size, struct mmr_error *err) MMR_MUST_CHECK;

/* Zeroed memory that lives as long as dat. MMR_E_LIMIT or MMR_E_NOMEM. */
int trace_dat_own(struct dat *dat, size_t size, uint8_t **ret,
                  struct mmr_error *err) MMR_MUST_CHECK;

/* What the two versions share: parsers of a section's content. */
int trace_dat_header_info(struct dat *dat, struct le_cursor *c, struct mmr_error *err);
int trace_dat_ftrace_formats(struct dat *dat, struct le_cursor *c, struct mmr_error *err);
int trace_dat_event_formats(struct dat *dat, struct le_cursor *c, struct mmr_error *err);
/* An option that means the same in both versions; others are ignored. */
int trace_dat_option(struct dat *dat, unsigned int id, struct dat_text data, struct mmr_error *err);
/* The clock in brackets of a trace_clock file: "local [mono] boot". */
void trace_dat_clock(struct dat_text text, char clock[16]);

/* Reads everything but the ring-buffer data. */
int trace_dat_parse_v6(struct dat *dat, uint64_t offset, struct mmr_error *err) MMR_MUST_CHECK;
int trace_dat_parse_v7(struct dat *dat, uint64_t offset, struct mmr_error *err) MMR_MUST_CHECK;

/* The sub-buffers of one CPU, a run at a time. */
struct dat_pages {
	const struct dat *dat;
	uint32_t page_size;
	bool compressed;
	uint64_t pos; /* in the file */
	uint64_t end;
	uint32_t chunks_left;
	uint8_t *packed;
	size_t packed_size;
	uint8_t *pages; /* the run, then what belongs to the next page */
	size_t pages_size;
	size_t used;
	size_t given; /* bytes at the start of pages that the caller has had */
	uint64_t nr_bad_chunks;
	bool truncated;
};

/* The clean-up is to be called in any case. */
int trace_dat_pages_init(struct dat_pages *p, const struct dat *dat,
                         const struct dat_buffer *buffer, const struct dat_cpu *cpu,
                         struct mmr_error *err) MMR_MUST_CHECK;
void trace_dat_pages_deinit(struct dat_pages *p);
/* 1 and whole sub-buffers, which are valid until the next call; 0 at the end; < 0 on errors. */
int trace_dat_pages_next(struct dat_pages *p, const uint8_t **pages, size_t *nr_pages,
                         struct mmr_error *err) MMR_MUST_CHECK;

/* All CPUs' sub-buffers by time, to one taker. */
struct dat_copy {
	const struct dat_buffer *buffer;
	int (*take)(void *data, uint32_t cpu, const uint8_t *pages, size_t nr_pages,
	            struct mmr_error *err);
	void (*progress)(void *data, uint64_t done); /* bytes of the file; may be NULL */
	void *data;
	uint64_t nr_bad_chunks; /* results */
	bool truncated;
};

int trace_dat_copy(const struct dat *dat, struct dat_copy *copy,
                   struct mmr_error *err) MMR_MUST_CHECK;

/* Offset and size of a field in a format text; false if it has none of this name. */
bool trace_dat_field(struct dat_text format, const char *name, uint32_t *offset, uint32_t *size);
/* The event's number in this trace; false if the format has none. */
bool trace_dat_format_id(struct dat_text format, uint32_t *id);
const struct dat_format *trace_dat_format(const struct dat *dat, const char *system,
                                          const char *name);

#endif
