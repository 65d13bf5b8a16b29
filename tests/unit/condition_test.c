/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conditions of --on: what parses, what is said of what does not, and when they are met. */
#include "unit.h"

#include <stdio.h>

#include "closest.c"
#include "condition.c"
#include "condition_parse.c"
#include "failure.c"

#define SECOND 1000000000ull
#define STEP   (SECOND / 4)

/* The files, with the numbers that tests change. */
struct machine {
	uint64_t ns;
	unsigned long long allocstall;
	unsigned long long oom;
	unsigned long long fallback;
	unsigned long long free_kb;
	unsigned long long full_us;
	const char *full_avg10;
	bool no_pressure;
	char vmstat[1024];
	char meminfo[512];
	char pressure[256];
};

static struct condition_reading read_machine(struct machine *m)
{
	struct condition_reading now = { .ns = m->ns };

	snprintf(m->vmstat, sizeof(m->vmstat),
	         "nr_free_pages 1000\nnr_dirtied 3\nallocstall_dma 1\nallocstall_normal %llu\n"
	         "allocstall_movable 2\npgscan_kswapd 10\npgscan_direct 20\npgscan_anon 30\n"
	         "oom_kill %llu\nthp_fault_fallback %llu\nthp_fault_fallback_charge 7\n",
	         m->allocstall, m->oom, m->fallback);
	snprintf(
		m->meminfo, sizeof(m->meminfo),
		"MemTotal:  2000 kB\nMemFree:  %llu kB\nMemAvailable:  %llu kB\nActive(anon): 12 kB\n"
		"HugePages_Free:  5\n",
		m->free_kb, 2 * m->free_kb);
	snprintf(m->pressure, sizeof(m->pressure),
	         "some avg10=1.25 avg60=0.10 avg300=0.00 total=500\n"
	         "full avg10=%s avg60=0.00 avg300=0.00 total=%llu\n",
	         m->full_avg10 ? m->full_avg10 : "0.00", m->full_us);
	now.text[CONDITION_VMSTAT] = m->vmstat;
	now.text[CONDITION_MEMINFO] = m->meminfo;
	if (!m->no_pressure)
		now.text[CONDITION_PSI_MEMORY] = m->pressure;
	return now;
}

static struct condition *parse(const char *text)
{
	struct machine m = { 0 };
	struct condition_reading now = read_machine(&m);
	struct mmr_error err = { 0 };
	struct condition *c;

	if (condition_parse(&c, text, STEP, &now, &err) < 0)
		fail_msg("%s", err.text);
	return c;
}

static void refused(const char *text, const char *why)
{
	struct machine m = { 0 };
	struct condition_reading now = read_machine(&m);
	struct mmr_error err = { 0 };
	char expected[300];
	struct condition *c;

	assert_true(condition_parse(&c, text, STEP, &now, &err) < 0);
	snprintf(expected, sizeof(expected), "--on '%s', column %s", text, why);
	assert_string_equal(err.text, expected);
	assert_null(c);
}

static bool update(struct condition *c, struct machine *m)
{
	struct condition_reading now = read_machine(m);

	return condition_update(c, &now);
}

static void test_refused(void **state)
{
	(void)state;
	refused("", "1: a counter's name is missing");
	refused("> 5", "1: a counter's name is missing before \">\"");
	refused("allocstal > 5",
	        "1: /proc/vmstat has no counter allocstal; did you mean allocstall?");
	refused("thp_falt_fallback", "1: /proc/vmstat has no counter thp_falt_fallback; "
	                             "did you mean thp_fault_fallback?");
	refused("xyzzy > 1", "1: /proc/vmstat has no counter xyzzy");
	refused("meminfo.MemFre < 1M",
	        "1: /proc/meminfo has no counter MemFre; did you mean meminfo.MemFree?");
	refused("psi.memory.ful.avg10 > 5",
	        "1: pressure is psi.{memory,io,cpu}.{some,full}.{avg10,avg60,avg300,total}");
	refused("psi.io.full.avg10 > 5", "1: this kernel does not tell psi.io.full.avg10 "
	                                 "(CONFIG_PSI, and psi=1 at boot)");
	refused("oom or", "7: a counter's name is missing");
	refused("oom oom", "5: \"oom\" is not expected here");
	refused("(oom", "5: \")\" is missing");
	refused("oom)", "4: \")\" is not expected here");
	refused("allocstall >", "13: a whole number is missing");
	refused("allocstall > 64M", "14: allocstall is compared with a whole number, not \"64M\"");
	refused("free < 5x", "8: free is compared with a size such as 64M, not \"5x\"");
	refused("psi.memory.full.avg10 > 101",
	        "25: psi.memory.full.avg10 is compared with a share such as 5 or 5.25 %, not \"101\"");
	refused("psi.memory.full.avg10 > 5/s",
	        "27: psi.memory.full.avg10 is a mean already: it has no rate");
	refused("psi.memory.full.total > 5",
	        "25: psi.memory.full.total is compared with a time such as 150ms, not \"5\"");
	refused("allocstall > 5/d",
	        "16: behind / stands ms, s, min or h, or as in /10s; at most /24h");
	refused("allocstall > 5/0s",
	        "16: behind / stands ms, s, min or h, or as in /10s; at most /24h");
	refused("free", "5: free is a level: compare it, as in free < 64M");
	refused("nr_free_pages and oom",
	        "15: nr_free_pages is a level: compare it, as in nr_free_pages < 1000");
}

static void test_too_much(void **state)
{
	struct machine m = { 0 };
	struct condition_reading now = read_machine(&m);
	struct mmr_error err = { 0 };
	struct condition *c;
	char text[512] = "oom";
	size_t used = 3;

	(void)state;
	for (int i = 1; i < MAX_TERMS; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " or oom");
	condition_free(parse(text));
	snprintf(text + used, sizeof(text) - used, " or oom");
	assert_int_equal(condition_parse(&c, text, STEP, &now, &err), MMR_E_LIMIT);
	memset(text, '(', 200);
	snprintf(text + 200, sizeof(text) - 200, "oom");
	assert_int_equal(condition_parse(&c, text, STEP, &now, &err), MMR_E_LIMIT);
}

/* Growth counts from the first reading on, not from the boot of the machine. */
static void test_grows(void **state)
{
	struct machine m = { .oom = 3, .fallback = 9 };
	struct condition *c = parse("oom || thp_fault_fallback");
	char why[128];

	(void)state;
	assert_false(update(c, &m));
	m.ns += STEP;
	assert_false(update(c, &m));
	m.ns += STEP;
	m.oom++;
	assert_true(update(c, &m));
	condition_explain(c, why, sizeof(why));
	assert_string_equal(why, "oom +1, thp_fault_fallback +0");
	m.ns += STEP;
	assert_false(update(c, &m));
	m.ns += STEP;
	m.fallback += 2;
	assert_true(update(c, &m));
	condition_free(c);
}

/* 100/s is a hundred within one second, in whatever part of it they come. */
static void test_rate(void **state)
{
	struct machine m = { .allocstall = 1000000 };
	struct condition *c = parse("allocstall > 100/s");
	char why[128];

	(void)state;
	assert_false(update(c, &m));
	for (int i = 0; i < 40; i++) {
		m.ns += STEP - 1000000 + (i % 2 ? 2000000 : 0); /* as timers are */
		m.allocstall += 25;
		assert_false(update(c, &m)); /* 100 in a second are not more than 100 */
	}
	m.ns += STEP;
	m.allocstall += 26;
	assert_true(update(c, &m));
	condition_explain(c, why, sizeof(why));
	assert_string_equal(why, "allocstall +101 in 1s");
	for (int i = 0; i < 3; i++) {
		m.ns += STEP;
		assert_false(update(c, &m));
	}
	m.ns += STEP;
	m.allocstall += 500; /* all at once */
	assert_true(update(c, &m));
	for (int i = 0; i < 3; i++) {
		m.ns += STEP;
		assert_true(update(c, &m));
	}
	m.ns += STEP + STEP / 2;
	assert_false(update(c, &m));
	condition_free(c);
}

/* Few of them in a long window; a thinned history must neither forget nor count twice. */
static void test_long_window(void **state)
{
	struct machine m = { 0 };
	struct condition *c = parse("allocstall > 10/h");
	const unsigned int hour = 4 * 3600;

	(void)state;
	for (unsigned int i = 0; i < 3 * hour; i++) {
		m.ns += STEP;
		m.allocstall += i % (hour * 2 / 19) == 0; /* nine or ten an hour, never eleven */
		if (update(c, &m))
			fail_msg("met after %u readings: %llu", i,
			         (unsigned long long)c->terms[0].value);
	}
	m.allocstall += 2;
	m.ns += STEP;
	assert_true(update(c, &m));
	condition_free(c);
}

/* That something was rare is known only when the whole window was seen. */
static void test_rare(void **state)
{
	struct machine m = { 0 };
	struct condition *c = parse("pgscan_* < 1/s");

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_false(update(c, &m));
		m.ns += STEP;
	}
	assert_true(update(c, &m));
	condition_free(c);
}

/* A window shorter than the interval: a share of what the interval brought. */
static void test_short_window(void **state)
{
	struct machine m = { 0 };
	struct condition *c = parse("allocstall > 10/100ms");

	(void)state;
	assert_false(update(c, &m));
	m.ns += STEP;
	m.allocstall += 25;
	assert_false(update(c, &m));
	m.ns += STEP;
	m.allocstall += 28;
	assert_true(update(c, &m));
	condition_free(c);
}

static void test_levels(void **state)
{
	struct machine m = { .free_kb = 64 * 1024, .full_avg10 = "5.00" };
	struct condition *free_low = parse("free < 64M");
	struct condition *available = parse("meminfo.MemAvailable<=100M");
	struct condition *pressure = parse("psi.memory.full.avg10 > 5");
	struct condition *odd = parse("meminfo.Active(anon) >= 12K and meminfo.HugePages_Free > 4");
	char why[128];

	(void)state;
	assert_false(update(free_low, &m));
	assert_false(update(available, &m));
	assert_false(update(pressure, &m));
	assert_true(update(odd, &m));
	m.free_kb--;
	m.full_avg10 = "5.01";
	assert_true(update(free_low, &m));
	assert_true(update(pressure, &m));
	condition_explain(free_low, why, sizeof(why));
	assert_string_equal(why, "free 65535K");
	condition_explain(pressure, why, sizeof(why));
	assert_string_equal(why, "psi.memory.full.avg10 5.01");
	m.free_kb = 50 * 1024;
	assert_true(update(available, &m));
	/* The file is gone: nothing is known. */
	m.no_pressure = true;
	assert_false(update(pressure, &m));
	condition_free(free_low);
	condition_free(available);
	condition_free(pressure);
	condition_free(odd);
}

static void test_pressure_time(void **state)
{
	struct machine m = { .full_us = 5000000 };
	struct condition *c = parse("psi.memory.full.total > 150ms/s");
	char why[128];

	(void)state;
	assert_false(update(c, &m));
	m.ns += STEP;
	m.full_us += 150000;
	assert_false(update(c, &m));
	m.ns += STEP;
	m.full_us += 1;
	assert_true(update(c, &m));
	condition_explain(c, why, sizeof(why));
	assert_string_equal(why, "psi.memory.full.total +150.001ms in 1s");
	condition_free(c);
}

/* "and" binds stronger than "or". */
static void test_precedence(void **state)
{
	struct machine m = { .free_kb = 1000 };
	struct condition *c = parse("free > 1 or free < 1 and free < 1");
	struct condition *d = parse("(free > 1 or free < 1) && free < 1");

	(void)state;
	assert_true(update(c, &m));
	assert_false(update(d, &m));
	assert_true(condition_reads(c, CONDITION_MEMINFO));
	assert_false(condition_reads(c, CONDITION_VMSTAT));
	condition_free(c);
	condition_free(d);
}

/* Whatever is written there, it ends, and refuses or can be evaluated. */
static void test_random(void **state)
{
	static const char *const words[] = { "oom",      "free",       "<",    "> ",
		                             "(",        ")",          "and",  "or",
		                             "64M",      "5",          "/s",   "*",
		                             "/",        " ",          "psi.", "memory.full.total",
		                             "meminfo.", "allocstall", "%",    "ms" };
	struct machine m = { 0 };
	struct condition_reading now = read_machine(&m);
	unsigned int seed = 1;
	unsigned int good = 0;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		char text[200] = "";
		struct mmr_error err = { 0 };
		struct condition *c;

		for (unsigned int n = 1 + (unsigned int)rand_r(&seed) % 8; n > 0; n--) {
			size_t used = strlen(text);

			snprintf(text + used, sizeof(text) - used, "%s%s",
			         words[(unsigned int)rand_r(&seed) % 20],
			         rand_r(&seed) % 2 ? " " : "");
		}
		if (condition_parse(&c, text, STEP, &now, &err) < 0) {
			assert_string_not_equal(err.text, "");
			continue;
		}
		good++;
		condition_update(c, &now);
		condition_free(c);
	}
	assert_true(good > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),       cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_grows),         cmocka_unit_test(test_rate),
		cmocka_unit_test(test_long_window),   cmocka_unit_test(test_rare),
		cmocka_unit_test(test_short_window),  cmocka_unit_test(test_levels),
		cmocka_unit_test(test_pressure_time), cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
