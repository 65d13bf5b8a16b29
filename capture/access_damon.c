/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses by DAMON (/sys/kernel/mm/damon/admin, v5.18 and later).
 *
 * DAMON looks at one page of each region every sampling interval and counts, over an aggregation interval,
 * how often it had been accessed; regions are split and merged so that what is accessed alike lies together.
 * It tells each region at the end of its interval by the tracepoint damon:damon_aggregated, so the samples
 * are events: in time order with all others, without a reading of sysfs for each. --access-interval is the
 * aggregation interval, of which a twentieth is the sampling interval.
 *
 * The command's address space (vaddr) is monitored, from its process and what that executes; without a
 * command, or in a kernel without DAMON_VADDR, physical memory (paddr). Children of the command are not
 * followed.
 *
 * A DAMON that is configured by anybody, running or not, is left alone: writing nr_kdamonds would remove
 * it. What is made here goes in end(), or is removed by the janitor if the recorder dies.
 *
 * Follows damon_sysfs_kdamonds, damon_va_* and damon_pa_*, v6.12.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "failure.h"
#include "recording.h"
#include "terminal.h"

#define ADMIN       "/sys/kernel/mm/damon/admin/kdamonds"
#define CONTEXT     "0/contexts/0/"
#define SAMPLINGS   20u /* in an aggregation interval */
#define MIN_REGIONS 10u
#define MAX_REGIONS 1000u

/* ---- sysfs ---- */

static int put(struct mmr_error *err, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int put(struct mmr_error *err, const char *name, const char *fmt, ...)
{
	char path[256];
	char text[64];
	va_list args;
	int error = 0;
	int fd;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(path, sizeof(path), ADMIN "/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		error = errno ? errno : EIO;
	if (fd >= 0)
		close(fd);
	if (error == EBUSY)
		return failure(err, MMR_E_UNSUPPORTED,
		               "--access=damon: the kernel's DAMON is in use (%s)", name);
	return error ? failure_errno(err, error, "--access=damon: cannot write \"%s\" to %s", text,
	                             path)
	             : 0;
}

/* First word of a file; "" if there is none. */
static const char *get(const char *name, char *text, int size)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), ADMIN "/%s", name);
	file = fopen(path, "re");
	text[0] = '\0';
	if (file && fgets(text, size, file))
		text[strcspn(text, "\n")] = '\0';
	if (file)
		fclose(file);
	return text;
}

static int check(const struct recording *r, struct mmr_error *err)
{
	char text[32];
	char name[64];

	if (access(ADMIN "/nr_kdamonds", W_OK) < 0)
		return failure(err, MMR_E_UNSUPPORTED,
		               "--access=damon: this kernel has no DAMON (CONFIG_DAMON_SYSFS)");
	if (strcmp(get("nr_kdamonds", text, sizeof(text)), "0") != 0) {
		int nr = (int)strtol(text, NULL, 10);
		int running = 0;

		for (int i = 0; i < nr; i++) {
			snprintf(name, sizeof(name), "%d/state", i);
			running += strcmp(get(name, text, sizeof(text)), "on") == 0;
		}
		return failure(
			err, MMR_E_UNSUPPORTED,
			"--access=damon: somebody uses DAMON already (%d set up, %d running; "
			"see " ADMIN "); mmcap leaves it alone",
			nr, running);
	}
	if (task_filter_wanted(r->options))
		return failure(err, MMR_E_UNSUPPORTED,
		               "--access=damon: not with a filter, which hides what DAMON's own "
		               "thread tells");
	return 0;
}

/* ---- setting it up ---- */

static bool has_operations(const char *name)
{
	char path[256];
	char line[32];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), ADMIN "/" CONTEXT "avail_operations");
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		found |= strncmp(line, name, strlen(name)) == 0;
	if (file)
		fclose(file);
	return found;
}

/* Monitoring intervals; its own attributes otherwise. */
static int set_attributes(uint64_t interval_ns, struct mmr_error *err)
{
	const char *const base = CONTEXT "monitoring_attrs/";
	uint64_t aggregation_us = interval_ns / 1000;
	const struct {
		const char *name;
		uint64_t value;
	} attributes[] = {
		{ "intervals/sample_us", aggregation_us / SAMPLINGS },
		{ "intervals/aggr_us", aggregation_us },
		{ "intervals/update_us", aggregation_us * 5 },
		{ "nr_regions/min", MIN_REGIONS },
		{ "nr_regions/max", MAX_REGIONS },
	};
	int ret = 0;

	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]) && ret == 0; i++) {
		char name[128];

		snprintf(name, sizeof(name), "%s%s", base, attributes[i].name);
		ret = put(err, name, "%llu", (unsigned long long)attributes[i].value);
	}
	return ret;
}

static int set_memory(const struct snapshot_reader *snapshots, struct mmr_error *err)
{
	const unsigned long long page = (unsigned long long)sysconf(_SC_PAGESIZE);
	const char *const base = CONTEXT "targets/0/regions/";
	char name[128];
	int ret;

	snprintf(name, sizeof(name), "%snr_regions", base);
	ret = put(err, name, "%u", snapshots->nr_ranges);
	for (unsigned int i = 0; i < snapshots->nr_ranges && ret == 0; i++) {
		snprintf(name, sizeof(name), "%s%u/start", base, i);
		ret = put(err, name, "%llu", snapshots->ranges[i].first * page);
		snprintf(name, sizeof(name), "%s%u/end", base, i);
		if (ret == 0)
			ret = put(err, name, "%llu", snapshots->ranges[i].end * page);
	}
	return ret;
}

static int write_texts(struct recording *r, bool is_virtual, struct mmr_error *err)
{
	char pid[24];
	int size = snprintf(pid, sizeof(pid), "%d", r->child.pid);
	const char *operations = is_virtual ? "vaddr" : "paddr";
	int ret = mmr_writer_text(r->writer, "access.damon", operations, strlen(operations), err);

	if (ret == 0)
		ret = mmr_writer_text(r->writer, "access.samplings", "20", 2, err);
	if (ret == 0 && is_virtual)
		ret = mmr_writer_text(r->writer, "access.pid", pid, (size_t)size, err);
	return ret;
}

static int prepare(struct recording *r, struct part *part, struct mmr_error *err)
{
	bool is_virtual;
	int ret = check(r, err); /* again: the look before was some time ago */

	if (ret < 0)
		return ret;
	ret = put(err, "nr_kdamonds", "1");
	if (ret < 0)
		return ret;
	janitor_keep(&r->janitor, JANITOR_DAMON);
	part->state = r; /* there is something to remove */
	ret = put(err, "0/contexts/nr_contexts", "1");
	is_virtual = r->options->command && has_operations("vaddr");
	if (r->options->command && !is_virtual && !r->options->quiet)
		message("mmcap record", "this kernel's DAMON cannot monitor a process: it monitors "
		                        "physical memory");
	if (ret == 0)
		ret = put(err, CONTEXT "operations", "%s", is_virtual ? "vaddr" : "paddr");
	if (ret == 0)
		ret = set_attributes(r->access.interval_ns, err);
	if (ret == 0)
		ret = put(err, CONTEXT "targets/nr_targets", "1");
	if (ret == 0 && is_virtual)
		ret = put(err, CONTEXT "targets/0/pid_target", "%d", r->child.pid);
	return ret == 0 ? write_texts(r, is_virtual, err) : ret;
}

static int begin(struct recording *r, struct part *part, struct mmr_error *err)
{
	char text[32];
	int ret = 0;

	(void)part;
	snapshot_learn_ranges(&r->snapshots);
	if (strcmp(get(CONTEXT "operations", text, sizeof(text)), "paddr") == 0)
		ret = set_memory(&r->snapshots, err);
	return ret == 0 ? put(err, "0/state", "on") : ret;
}

static int end(struct recording *r, struct part *part, struct mmr_error *err)
{
	struct mmr_error ignored;

	(void)r;
	if (!part->state)
		return 0;
	part->state = NULL;
	/* It ends by itself with the process that it monitors. */
	(void)put(&ignored, "0/state", "off");
	return put(err ? err : &ignored, "nr_kdamonds", "0");
}

static void deinit(struct recording *r, struct part *part)
{
	(void)end(r, part, NULL);
}

const struct access_source access_damon = {
	.name = "damon",
	.default_interval_ns = 100000000,
	.events = "damon:damon_aggregated",
	.check = check,
	.part = { .prepare = prepare, .begin = begin, .end = end, .deinit = deinit },
};
