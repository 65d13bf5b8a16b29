/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line that says how far it is. Silent unless someone is looking. */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "terminal.h"

#define INTERVAL_NS 200000000ull

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* "3.1 M events" and "12.4 M/s"; bytes as "15.9 MB". */
static void format_amount(char buffer[FORMAT_SIZE], double amount, bool bytes)
{
	static const char *const prefixes[] = { "", "k", "M", "G", "T", "P" };
	size_t i = 0;

	for (; amount >= 999.5 && i < 5; i++)
		amount /= 1000;
	snprintf(buffer, FORMAT_SIZE, "%.*f %s%s", i ? 1 : 0, amount, prefixes[i],
	         bytes ? "B" : "");
}

void progress_begin(struct progress *progress, const char *what, uint64_t total, bool quiet)
{
	*progress = (struct progress){
		.what = what,
		.total = total,
		.start_ns = now_ns(),
		.enabled = !quiet && isatty(STDERR_FILENO) == 1,
	};
	progress->last_ns = progress->start_ns;
}

void progress_update(struct progress *progress, uint64_t done, const char *unit)
{
	char amount[FORMAT_SIZE];
	char rate_text[FORMAT_SIZE];
	bool bytes = strcmp(unit, "bytes") == 0;
	uint64_t now;
	double seconds;
	double rate;

	if (!progress->enabled)
		return;
	now = now_ns();
	if (now - progress->last_ns < INTERVAL_NS)
		return;
	progress->last_ns = now;
	seconds = (double)(now - progress->start_ns) / 1e9;
	rate = (double)done / seconds;
	format_amount(amount, (double)done, bytes);
	format_amount(rate_text, rate, bytes);
	fprintf(stderr, "\r%s", progress->what);
	if (progress->total) {
		double part = (double)done / (double)progress->total;

		fprintf(stderr, "  %.0f %%", part < 1 ? part * 100 : 100);
	}
	fprintf(stderr, "  %s%s%s  %s/s", amount, bytes ? "" : " ", bytes ? "" : unit, rate_text);
	if (progress->total > done && rate > 0)
		fprintf(stderr, "  ETA %.0f s", (double)(progress->total - done) / rate + 0.5);
	fputs("\033[K", stderr);
}

void progress_end(struct progress *progress)
{
	if (progress->enabled && progress->last_ns != progress->start_ns)
		fputs("\r\033[K", stderr);
	progress->enabled = false;
}
