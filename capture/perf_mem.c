/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel describes a PMU by files: its type, under events/ what a name stands for
 * ("event=0xcd,umask=0x1,ldlat=3"), under format/ where each term goes ("config:0-7"). Nothing about a
 * processor is written down here but the names.
 */
#include "perf_mem.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "failure.h"

#define PERIOD 10007u /* loads or ops to a sample; prime, not to beat with loops */
#define SAMPLE (PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_DATA_SRC)

/* In this order; a PMU whose event has no file takes its type alone (IBS). */
static const struct {
	const char *pmu;
	const char *event;
} known[] = {
	{ "cpu", "mem-loads" },      /* Intel */
	{ "cpu_core", "mem-loads" }, /* Intel, of two kinds of cores the large ones */
	{ "ibs_op", NULL },          /* AMD */
};

static bool read_line(const char *root, const char *pmu, const char *name, char *text, int size)
{
	char path[512];
	FILE *file;
	bool done;

	snprintf(path, sizeof(path), "%s/%s/%s", root, pmu, name);
	file = fopen(path, "re");
	done = file && fgets(text, size, file);
	if (file)
		fclose(file);
	if (done)
		text[strcspn(text, "\n")] = '\0';
	return done;
}

/* Puts value where the format of a term says. */
static bool put_term(const char *root, const char *pmu, const char *term, uint64_t value,
                     struct perf_event_attr *attr)
{
	char name[96];
	char format[64];
	unsigned int first;
	__u64 *word = NULL;
	const char *colon;

	snprintf(name, sizeof(name), "format/%.80s", term);
	if (!read_line(root, pmu, name, format, sizeof(format)))
		return false;
	colon = strchr(format, ':');
	if (!colon || sscanf(colon, ":%u", &first) != 1 || first > 63)
		return false;
	if (strncmp(format, "config:", 7) == 0)
		word = &attr->config;
	else if (strncmp(format, "config1:", 8) == 0)
		word = &attr->config1;
	else if (strncmp(format, "config2:", 8) == 0)
		word = &attr->config2;
	if (!word)
		return false;
	*word |= value << first;
	return true;
}

static bool put_terms(const char *root, const char *pmu, char *text, struct perf_event_attr *attr)
{
	char *rest = text;
	char *term;

	while ((term = strsep(&rest, ","))) {
		char *equals = strchr(term, '=');
		uint64_t value = 1;

		if (equals) {
			*equals = '\0';
			value = strtoull(equals + 1, NULL, 0);
		}
		if (!put_term(root, pmu, term, value, attr))
			return false;
	}
	return true;
}

int perf_mem_find(const char *root, struct perf_event_attr *attr, struct mmr_error *err)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		char name[96];
		char text[256];

		if (!read_line(root, known[i].pmu, "type", text, sizeof(text)))
			continue;
		*attr = (struct perf_event_attr){
			.type = (__u32)strtoul(text, NULL, 10),
			.sample_period = PERIOD,
			.sample_type = SAMPLE,
			.disabled = 1,
			.exclude_kernel = 1,
			.exclude_hv = 1,
			.precise_ip = 2,
			.use_clockid = 1,
			.clockid = CLOCK_MONOTONIC,
		};
		if (!known[i].event) {
			attr->exclude_kernel = 0; /* IBS cannot tell; the samples do */
			attr->exclude_hv = 0;
			return 0;
		}
		snprintf(name, sizeof(name), "events/%s", known[i].event);
		if (read_line(root, known[i].pmu, name, text, sizeof(text)) &&
		    put_terms(root, known[i].pmu, text, attr))
			return 0;
	}
	return failure(err, MMR_E_UNSUPPORTED,
	               "--access=perf: this machine's PMU samples no memory accesses (neither "
	               "mem-loads of Intel's nor ibs_op of AMD's is under %s; a virtual machine "
	               "mostly has none)",
	               root);
}

int perf_mem_take(const struct perf_event_header *record, struct mmr_access_use *use)
{
	/* What SAMPLE asks for, in the kernel's order. */
	struct {
		struct perf_event_header header;
		uint32_t pid;
		uint32_t tid;
		uint64_t time;
		uint64_t address;
		uint64_t data_source;
	} sample;
	union perf_mem_data_src source;

	if (record->type != PERF_RECORD_SAMPLE)
		return 0;
	if (record->size < sizeof(sample))
		return MMR_E_CORRUPT;
	memcpy(&sample, record, sizeof(sample));
	source.val = sample.data_source;
	/* An address of the kernel's half is none of a process. */
	if (sample.address == 0 || sample.address >> 63 || (int32_t)sample.pid <= 0 ||
	    source.mem_op == PERF_MEM_OP_NA)
		return 0;
	*use = (struct mmr_access_use){
		.address = sample.address,
		.begin_ns = sample.time,
		.end_ns = sample.time,
		.pid = sample.pid,
		.flags = MMR_USE_SEEN | (source.mem_op & PERF_MEM_OP_STORE ? MMR_USE_WRITE : 0),
	};
	return 1;
}
