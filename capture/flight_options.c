/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flight_options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "terminal.h"
#include "watch.h"

#define TOOL "mmcap record"

#define DEFAULT_ON_INTERVAL 250000000ull /* ns */
#define MIN_ON_INTERVAL     10000000ull
#define DEFAULT_AFTER       100000000ull
#define DEFAULT_COOLDOWN    60000000000ull
#define MIN_RING            (4ull << 20)
#define MAX_RING_BY_AGE     (256ull << 20)
#define MIN_ROTATE_BYTES    (1ull << 20)
#define MIN_ROTATE_NS       1000000000ull

void flight_options_init(struct flight_options *o)
{
	*o = (struct flight_options){
		.on_interval_ns = DEFAULT_ON_INTERVAL,
		.after_ns = DEFAULT_AFTER,
		.cooldown_ns = DEFAULT_COOLDOWN,
	};
}

/* A ring whose size was not told: a sixteenth of the memory, and no more than 256 MiB. */
static uint64_t default_ring(void)
{
	uint64_t bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) / 16;

	return bytes > MAX_RING_BY_AGE ? MAX_RING_BY_AGE : bytes < MIN_RING ? MIN_RING : bytes;
}

/* "10m": a time elsewhere, but where a size may stand it would be either. */
static bool may_be_either(const char *option, const char *value)
{
	size_t number = strspn(value, "0123456789.");

	if (number == 0 || strcmp(value + number, "m") != 0)
		return false;
	message(TOOL, "--%s: is \"%s\" %.*smin (minutes) or %.*sM (megabytes)?", option, value,
	        (int)number, value, (int)number, value);
	return true;
}

int flight_options_ring(const char *value, void *data)
{
	struct flight_options *o = data;
	const char *comma = strchr(value, ',');
	char first[32];

	snprintf(first, sizeof(first), "%.*s", comma ? (int)(comma - value) : 31, value);
	o->ring_bytes = 0;
	o->ring_ns = 0;
	if (may_be_either("ring", first))
		return -1;
	if (parse_time(first, &o->ring_ns) && o->ring_ns > 0) {
		o->ring_bytes = default_ring();
		if (comma && !parse_size(comma + 1, &o->ring_bytes)) {
			message(TOOL, "--ring: \"%s\" is not a size such as 256M", comma + 1);
			return -1;
		}
	} else if (comma || !parse_size(first, &o->ring_bytes)) {
		message(TOOL,
		        "--ring: \"%s\" is neither a size (256M), nor a time (30s, 10min), nor both "
		        "(30s,256M)",
		        value);
		return -1;
	}
	if (o->ring_bytes < MIN_RING) {
		message(TOOL, "--ring: at least 4M");
		return -1;
	}
	return 0;
}

int flight_options_rotate(const char *value, void *data)
{
	struct flight_options *o = data;

	o->rotate_bytes = 0;
	o->rotate_ns = 0;
	if (may_be_either("rotate", value))
		return -1;
	if (!parse_time(value, &o->rotate_ns) && !parse_size(value, &o->rotate_bytes)) {
		message(TOOL, "--rotate: \"%s\" is neither a size (1G) nor a time (60s, 10min, 1h)",
		        value);
		return -1;
	}
	if (o->rotate_bytes < MIN_ROTATE_BYTES && o->rotate_ns < MIN_ROTATE_NS) {
		message(TOOL, "--rotate: at least 1M or 1s");
		return -1;
	}
	return 0;
}

static bool check_stdout(const struct flight_options *o)
{
	if (o->ring_bytes > 0 || o->rotate_bytes > 0 || o->rotate_ns > 0)
		message(TOOL,
		        "--output: --ring and --rotate write files; they cannot go to stdout");
	else if (isatty(STDOUT_FILENO))
		message(TOOL,
		        "--output: a trace is nothing for a terminal; give stdout a file or a pipe");
	else
		return true;
	return false;
}

static bool check_conditions(const struct flight_options *o)
{
	struct mmr_error err = { 0 };
	struct watch watch;
	int ret = watch_init(&watch, &o->on, o->on_interval_ns, &err);

	watch_deinit(&watch);
	if (ret < 0)
		message(TOOL, "%s", err.text);
	return ret == 0;
}

bool flight_options_check(struct flight_options *o, const char *output)
{
	bool ring = o->ring_bytes > 0;
	bool rotate = o->rotate_bytes > 0 || o->rotate_ns > 0;

	if (strcmp(output, "-") == 0 && !check_stdout(o))
		return false;
	if (ring && rotate)
		message(TOOL, "--ring and --rotate exclude each other");
	else if (!ring && (o->on.count > 0 || o->once))
		message(TOOL, "%s needs --ring", o->once ? "--once" : "--on");
	else if (!ring && !rotate && o->max_files > 0)
		message(TOOL, "--max-files needs --ring or --rotate");
	else if (o->on_interval_ns < MIN_ON_INTERVAL)
		message(TOOL, "--on-interval: at least 10ms");
	else
		return o->on.count == 0 || check_conditions(o);
	return false;
}
