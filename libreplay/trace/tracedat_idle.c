/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Access samples from a file, and the times that the file does not have.
 *
 * The sampler reads the bitmap, writes the sample to a file, marks all pages as idle again, sleeps, and
 * begins anew; the file has the start of each reading. Its writing shows in the events: one task gets a
 * few pages for the page cache once in every period. The reading ended before the first of them, the
 * marking began after the last. The sleep is the same every time, so the shortest rest of a period, cut
 * to a whole number of 50 ms, is taken for it; the marking ended that long before the next reading.
 *
 * Without such a task half of a period bounds reading and marking, which is far from exact.
 */
#include <stdlib.h>

#include "alloc.h"
#include "error_set.h"
#include "io.h"
#include "tracedat_snapshot.h"

#define MAX_FILE   (1u << 30)
#define MAX_SAMPLE (64u << 20)
#define PAGE       4096u
#define SLEEP_STEP 50000000u /* ns */

struct idle_sample {
	uint64_t begin_ns;
	uint64_t first_add_ns; /* 0: not known */
	uint64_t last_add_ns;
	const uint8_t *idle;
	uint64_t size;
};

DEFINE_VEC(idle_sample_vec, struct idle_sample);

/* Splits the file; what follows a damaged sample is left out, with a note. */
static int split(const char *path, const char *data, size_t size, struct idle_sample_vec *samples,
                 struct mmr_import_report *report)
{
	struct le_cursor c = le_cursor_init(data, size);

	while (le_left(&c) > 0) {
		struct idle_sample s = { .begin_ns = le_u64(&c) };

		s.size = le_u64(&c);
		s.idle = s.size <= MAX_SAMPLE ? le_bytes(&c, s.size) : NULL;
		if (!s.idle || c.overrun ||
		    (samples->count > 0 &&
		     s.begin_ns <= samples->items[samples->count - 1].begin_ns)) {
			trace_dat_note(report, "%s: damaged or cut behind sample %zu", path,
			               samples->count);
			return 0;
		}
		if (idle_sample_vec_push(samples, s) < 0)
			return MMR_E_NOMEM;
	}
	return 0;
}

static int by_pid_and_time(const void *a, const void *b)
{
	const struct dat_add *x = a;
	const struct dat_add *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (x->t_ns > y->t_ns) - (x->t_ns < y->t_ns);
}

/*
 * The additions of one task against the samples: how many periods have some, but no more than the
 * sample takes (twice, for what the file system needs). Fills the samples' times if fill is set.
 */
static size_t match(const struct dat_add *adds, size_t count, struct idle_sample_vec *samples,
                    bool fill)
{
	size_t nr_good = 0;
	size_t next = 0;

	for (size_t i = 0; i < samples->count; i++) {
		struct idle_sample *s = &samples->items[i];
		uint64_t end_ns = i + 1 < samples->count ? s[1].begin_ns : UINT64_MAX;
		size_t first;

		while (next < count && adds[next].t_ns <= s->begin_ns)
			next++;
		for (first = next; next < count && adds[next].t_ns < end_ns; next++)
			;
		if (next == first || next - first > 2 * (s->size / PAGE + 2))
			continue;
		nr_good++;
		if (fill) {
			s->first_add_ns = adds[first].t_ns;
			s->last_add_ns = adds[next - 1].t_ns;
		}
	}
	return nr_good;
}

/* Finds the sampler among the tasks: it has to fit three quarters of the samples. */
static void find_sampler(struct dat_add_vec *adds, struct idle_sample_vec *samples)
{
	size_t best = 0;
	size_t best_count = 0;
	size_t most = 0;
	size_t end;

	if (adds->count > 0)
		qsort(adds->items, adds->count, sizeof(*adds->items), by_pid_and_time);
	for (size_t i = 0; i < adds->count; i = end) {
		size_t nr_good;

		for (end = i; end < adds->count && adds->items[end].pid == adds->items[i].pid;
		     end++)
			;
		/* Fewer additions than that cannot fit enough. */
		if ((end - i) * 4 < samples->count * 3)
			continue;
		nr_good = match(adds->items + i, end - i, samples, false);
		if (nr_good > most) {
			most = nr_good;
			best = i;
			best_count = end - i;
		}
	}
	if (samples->count > 0 && most * 4 >= samples->count * 3)
		match(adds->items + best, best_count, samples, true);
}

/* What the sampler sleeps between marking and reading; 0 if it cannot be told. */
static uint64_t find_sleep(const struct idle_sample_vec *samples)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i + 1 < samples->count; i++) {
		const struct idle_sample *s = &samples->items[i];

		if (s->first_add_ns && s[1].begin_ns - s->last_add_ns < least)
			least = s[1].begin_ns - s->last_add_ns;
	}
	if (least == UINT64_MAX)
		return 0;
	return least < SLEEP_STEP ? least : least / SLEEP_STEP * SLEEP_STEP;
}

/* End of the marking that follows sample i, whose successor is there. */
static uint64_t mark_end(const struct idle_sample *s, uint64_t sleep_ns)
{
	uint64_t period = s[1].begin_ns - s->begin_ns;

	return sleep_ns > 0 && sleep_ns < period ? s[1].begin_ns - sleep_ns
	                                         : s->begin_ns + period / 2;
}

static void set_times(const struct idle_sample_vec *samples, size_t i, uint64_t sleep_ns,
                      struct mmr_access_sample *sample)
{
	const struct idle_sample *s = &samples->items[i];
	uint64_t period = i + 1 < samples->count ? s[1].begin_ns - s->begin_ns
	                  : i > 0                ? s->begin_ns - s[-1].begin_ns
	                                         : 0;

	sample->begin_ns = s->begin_ns;
	if (s->first_add_ns)
		sample->end_ns = s->first_add_ns;
	else
		sample->end_ns =
			i + 1 < samples->count ? mark_end(s, sleep_ns) : s->begin_ns + period / 2;
	if (i == 0)
		return;
	sample->mark_begin_ns = s[-1].first_add_ns ? s[-1].last_add_ns : s[-1].begin_ns;
	sample->mark_end_ns = mark_end(&s[-1], sleep_ns);
}

static int write_samples(struct mmr_writer *writer, const struct idle_sample_vec *samples,
                         struct mmr_import_report *report, struct mmr_error *err)
{
	uint64_t sleep_ns = find_sleep(samples);

	if (sleep_ns == 0 && samples->count > 0)
		trace_dat_note(report, "the task that took the access samples is not in the "
		                       "events; when it read and marked is known roughly");
	for (size_t i = 0; i < samples->count; i++) {
		struct mmr_access_sample sample = {
			.nr_pfns = samples->items[i].size * 8,
			.idle = samples->items[i].idle,
		};
		int ret;

		set_times(samples, i, sleep_ns, &sample);
		ret = mmr_writer_access(writer, &sample, err);
		if (ret < 0)
			return ret;
		report->nr_access_samples++;
	}
	return 0;
}

int trace_dat_import_idle(struct mmr_writer *writer, const char *path, struct dat_add_vec *adds,
                          struct mmr_import_report *report, struct mmr_error *err)
{
	struct idle_sample_vec samples = { 0 };
	char *data;
	size_t size;
	int ret = base_read_file(path, MAX_FILE, &data, &size, err);

	if (ret < 0)
		return ret;
	if (split(path, data, size, &samples, report) < 0) {
		ret = base_error(err, MMR_E_NOMEM, "out of memory for access samples");
	} else {
		find_sampler(adds, &samples);
		ret = write_samples(writer, &samples, report, err);
	}
	idle_sample_vec_deinit(&samples);
	base_free(data);
	return ret;
}
