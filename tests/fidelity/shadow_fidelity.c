/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shadow against the kernel's own word, on real recordings: buddyinfo by order, free pages,
 * kpageflags by page. Prints a row a recording; fails if one is past its bound. Exact without compaction;
 * with it 0.2 % of the free pages, 5 % or 4 blocks of an order, 0.1 % of the pages.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recordings.h"
#include "shadow.h"

struct result {
	uint64_t nr_events;
	uint64_t isolated;
	unsigned int nr_orders;     /* rows of buddyinfo compared */
	unsigned int nr_orders_off; /* of these, not equal */
	unsigned int nr_orders_bad; /* of these, past the bound */
	uint64_t kernel_free;       /* at the last buddyinfo.end, pages */
	uint64_t shadow_free;
	uint64_t nr_pages;
	uint64_t nr_wrong;
};

static void add_check(struct result *r, const struct replay_shadow *shadow,
                      const struct replay_shadow_check *check)
{
	if (check->kind == SHADOW_CHECK_KPAGEFLAGS) {
		r->nr_pages += check->kernel;
		r->nr_wrong += check->kernel - check->shadow;
	}
	if (check->kind != SHADOW_CHECK_BUDDYINFO && check->kind != SHADOW_CHECK_BUDDYINFO_END)
		return;
	r->nr_orders++;
	r->nr_orders_off += check->kernel != check->shadow;
	r->nr_orders_bad += !replay_shadow_check_good(shadow, check);
	if (check->kind == SHADOW_CHECK_BUDDYINFO_END) {
		r->kernel_free += check->kernel << check->page_order;
		r->shadow_free += check->shadow << check->page_order;
	}
}

static int follow(struct mmr_trace *trace, struct result *r, struct mmr_error *err)
{
	const struct replay_shadow_check *checks;
	struct replay_shadow_stats stats;
	struct replay_shadow *shadow;
	struct mmr_event event;
	size_t nr_checks;
	int rc = replay_shadow_create(trace, &shadow, err);

	if (rc < 0)
		return rc;
	rc = replay_shadow_verify_start(shadow, trace, err);
	while (rc == 0 && (rc = mmr_trace_next(trace, &event, err)) > 0) {
		replay_shadow_event(shadow, &event);
		r->nr_events++;
		rc = 0;
	}
	replay_shadow_finish(shadow);
	checks = replay_shadow_checks(shadow, &nr_checks);
	for (size_t i = 0; i < nr_checks; i++)
		add_check(r, shadow, &checks[i]);
	replay_shadow_stats(shadow, &stats);
	r->isolated = stats.isolated;
	replay_shadow_destroy(shadow);
	return rc;
}

static bool is_good(const struct result *r)
{
	uint64_t off = r->kernel_free > r->shadow_free ? r->kernel_free - r->shadow_free
	                                               : r->shadow_free - r->kernel_free;

	if (r->nr_orders == 0 || r->nr_orders_bad)
		return false;
	if (r->isolated == 0)
		return off == 0 && r->nr_wrong == 0;
	return off * 500 <= r->kernel_free && r->nr_wrong * 1000 <= r->nr_pages;
}

static bool check_file(const char *path, const char *name)
{
	struct mmr_error err = { 0 };
	struct result r = { 0 };
	struct mmr_trace *trace;
	int rc = mmr_trace_open(path, NULL, &trace, &err);

	if (rc == 0) {
		rc = follow(trace, &r, &err);
		mmr_trace_close(trace);
	}
	if (rc < 0) {
		printf("%-28s %s\n", name, err.text);
		return rc == MMR_E_NOTFOUND || rc == MMR_E_UNSUPPORTED;
	}
	printf("%-28s %9llu %9llu %5u %5u %5u %9llu %9lld %9llu %6llu  %s\n", name,
	       (unsigned long long)r.nr_events, (unsigned long long)r.isolated, r.nr_orders,
	       r.nr_orders_off, r.nr_orders_bad, (unsigned long long)r.kernel_free,
	       (long long)(r.shadow_free - r.kernel_free), (unsigned long long)r.nr_pages,
	       (unsigned long long)r.nr_wrong, is_good(&r) ? "ok" : "PAST ITS BOUND");
	return is_good(&r);
}

static void print_head(void)
{
	printf("%-28s %9s %9s %5s %5s %5s %9s %9s %9s %6s\n", "recording", "events", "compacted",
	       "rows", "off", "bad", "free", "shadow", "pages", "wrong");
}

int main(void)
{
	return check_recordings(print_head, check_file);
}
