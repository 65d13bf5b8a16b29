/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#undef fail /* cmocka's; terminal.h has its own */

#include <stdio.h>
#include <unistd.h>

#include "cli_private.h"
#include "options.h"
#include "terminal.h"

struct targets {
	bool force;
	bool all;
	const char *output;
	struct option_list events;
	uint64_t count;
	uint64_t size;
	uint64_t time;
};

static struct targets got;

static const struct option_row rows[] = {
	{ "force", 'f', OPTION_FLAG, NULL, &got.force, "Replace an existing file", NULL, false },
	{ "all", 'a', OPTION_FLAG, NULL, &got.all, "All of it", NULL, false },
	{ "output", 'o', OPTION_STRING, "FILE", &got.output, "Write to FILE", NULL, false },
	{ "event", 'e', OPTION_LIST, "EVENT", &got.events, "Events", NULL, false },
	{ "count", 0, OPTION_UINT, "N", &got.count, "How many", NULL, false },
	{ "buffer-size", 'b', OPTION_SIZE, "SIZE", &got.size, "How large", NULL, false },
	{ "interval", 0, OPTION_TIME, "TIME", &got.time, "How often", NULL, false },
	{ .long_name = NULL },
};

static const struct command mixed = { .tool = "tool", .usage = "[options]", .options = rows };
static const struct command record = {
	.tool = "tool record", .usage = "command", .options = rows, .stop_at_operand = true
};

/* Parses words up to a NULL, quietly; argv[] is left as the parser left it. */
static char words[16][32];
static char *argv[16];

static int parse(const struct command *command, const char *const *line)
{
	int argc = 1;
	int saved = dup(STDERR_FILENO);
	int ret;

	got = (struct targets){ 0 };
	argv[0] = words[0];
	for (; line[argc - 1]; argc++) {
		snprintf(words[argc], sizeof(words[argc]), "%s", line[argc - 1]);
		argv[argc] = words[argc];
	}
	argv[argc] = NULL;
	assert_non_null(freopen("/dev/null", "w", stderr));
	ret = options_parse(command, argc, argv);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	return ret;
}

#define LINE(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void options_and_operands_may_be_mixed(void **state)
{
	(void)state;
	assert_int_equal(parse(&mixed, LINE("in", "-o", "out", "two", "-fa", "--count=7")), 5);
	assert_string_equal(argv[5], "in");
	assert_string_equal(argv[6], "two");
	assert_null(argv[7]);
	assert_string_equal(got.output, "out");
	assert_true(got.force && got.all);
	assert_int_equal(got.count, 7);
}

static void values_join_their_option_in_four_ways(void **state)
{
	const char *const *const ways[] = { LINE("-oX"), LINE("-o", "X"), LINE("--output=X"),
		                            LINE("--output", "X") };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_true(parse(&mixed, ways[i]) > 0);
		assert_string_equal(got.output, "X");
	}
	assert_int_equal(parse(&mixed, LINE("-faoX")), 2);
	assert_string_equal(got.output, "X");
}

static void recorded_command_keeps_its_options(void **state)
{
	(void)state;
	assert_int_equal(parse(&record, LINE("-f", "ls", "-a", "--output=x")), 2);
	assert_string_equal(argv[2], "ls");
	assert_string_equal(argv[3], "-a");
	assert_false(got.all);
	assert_null(got.output);
	assert_int_equal(parse(&record, LINE("--", "-f")), 2);
	assert_string_equal(argv[2], "-f");
	assert_false(got.force);
}

static void dash_alone_is_an_operand(void **state)
{
	(void)state;
	assert_int_equal(parse(&mixed, LINE("-", "-f")), 2);
	assert_string_equal(argv[2], "-");
}

static void lists_split_at_commas_and_add_up(void **state)
{
	(void)state;
	assert_int_equal(parse(&mixed, LINE("-e", "page,fault", "--event=kmem:kfree")), 4);
	assert_int_equal(got.events.count, 3);
	assert_string_equal(got.events.items[1], "fault");
	assert_string_equal(got.events.items[2], "kmem:kfree");
	options_deinit(&mixed);
	assert_int_equal(got.events.count, 0);
	assert_int_equal(parse(&mixed, LINE("-e", "page,,fault")), -1);
	options_deinit(&mixed);
}

static void wrong_use_is_refused(void **state)
{
	const char *const *const lines[] = {
		LINE("--nope"),
		LINE("-x"),
		LINE("-o"),
		LINE("--output"),
		LINE("--force=yes"),
		LINE("--count=1x"),
		LINE("--count=-1"),
		LINE("--count="),
		LINE("--buffer-size=1Q"),
		LINE("-b", "1.5.2"),
		LINE("--interval", "100"),
		LINE("--outpu=x"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(parse(&mixed, lines[i]), -1);
}

static void sizes_are_powers_of_1024(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = {
		{ "0", 0 },           { "4096", 4096 },     { "64K", 65536 },
		{ "8M", 8ull << 20 }, { "2G", 2ull << 30 }, { "1T", 1ull << 40 },
		{ "1.5K", 1536 },     { "64KiB", 65536 },   { "16777215T", 16777215ull << 40 },
	};
	static const char *const wrong[] = {
		"",    "K",         "-1",           "1 000",
		"1e3", "16777216T", "1.K",          "18446744073709551616",
		" 1",  "0x10",      "1.0000000001K"
	};
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(parse_size(cases[i].text, &bytes));
		assert_int_equal(bytes, cases[i].bytes);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(parse_size(wrong[i], &bytes));
}

static void times_need_their_unit(void **state)
{
	uint64_t ns = 0;

	(void)state;
	assert_true(parse_time("10ns", &ns) && ns == 10);
	assert_true(parse_time("5us", &ns) && ns == 5000);
	assert_true(parse_time("100ms", &ns) && ns == 100000000);
	assert_true(parse_time("1.5s", &ns) && ns == 1500000000);
	assert_true(parse_time("0.000000001s", &ns) && ns == 1);
	assert_false(parse_time("100", &ns));
	assert_true(parse_time("5m", &ns) && ns == 300000000000);
	assert_true(parse_time("10min", &ns) && ns == 600000000000);
	assert_true(parse_time("1.5h", &ns) && ns == 5400000000000);
	assert_true(parse_time("0.5 d", &ns) && ns == 43200000000000);
	assert_true(parse_time("213503d", &ns));
	assert_false(parse_time("5M", &ns));
	assert_false(parse_time("5mi", &ns));
	assert_false(parse_time("1h30m", &ns));
	assert_false(parse_time("213504d", &ns));
	assert_false(parse_time("18446744074s", &ns));
}

static void numbers_are_readable(void **state)
{
	char text[FORMAT_SIZE];

	(void)state;
	assert_string_equal(format_count(text, 0), "0");
	assert_string_equal(format_count(text, 999), "999");
	assert_string_equal(format_count(text, 1000), "1,000");
	assert_string_equal(format_count(text, 3123376), "3,123,376");
	assert_string_equal(format_count(text, UINT64_MAX), "18,446,744,073,709,551,615");
	assert_string_equal(format_multiple(text, 14800), "×149");
	assert_string_equal(format_bytes(text, 999), "999 B");
	assert_string_equal(format_bytes(text, 999999), "1.0 MB");
	assert_string_equal(format_bytes(text, 15900000), "15.9 MB");
	assert_string_equal(format_bytes(text, UINT64_MAX), "18.4 EB");
	assert_string_equal(format_duration(text, 12), "12 ns");
	assert_string_equal(format_duration(text, 999960), "1.0 ms");
	assert_string_equal(format_duration(text, 1234000000), "1.234 s");
}

static void hostile_text_cannot_steer_the_terminal(void **state)
{
	char text[64];
	char small[8];

	(void)state;
	assert_string_equal(escape_text(text, sizeof(text), "a\033[2J\nb\x7f", 8),
	                    "a\\x1b[2J\\x0ab\\x7f");
	assert_string_equal(escape_text(text, sizeof(text), "comm\0rest", 9), "comm");
	/* UTF-8 stays; a cut, overlong or surrogate one, C1 controls and changes of direction do not. */
	assert_string_equal(escape_text(text, sizeof(text), "\xc3\xa9\xe2\x82\xac", 5),
	                    "\xc3\xa9\xe2\x82\xac");
	assert_string_equal(escape_text(text, sizeof(text), "\xe2\x82", 2), "\\xe2\\x82");
	assert_string_equal(escape_text(text, sizeof(text), "\xc0\xaf", 2), "\\xc0\\xaf");
	assert_string_equal(escape_text(text, sizeof(text), "\xed\xa0\x80", 3), "\\xed\\xa0\\x80");
	assert_string_equal(escape_text(text, sizeof(text), "\xc2\x9b", 2), "\\xc2\\x9b");
	assert_string_equal(escape_text(text, sizeof(text), "\xe2\x80\xae", 3), "\\xe2\\x80\\xae");
	assert_string_equal(escape_text(small, sizeof(small), "abc\001\002", 5), "abc\\x01");
	assert_string_equal(escape_text(small, sizeof(small), "abcdefghij", 10), "abcdefg");
}

static void tables_line_up(void **state)
{
	static const struct table_column columns[] = { { "name", TABLE_LEFT },
		                                       { "n", TABLE_RIGHT },
		                                       { "unit", TABLE_LEFT } };
	struct table *table = table_create(columns, 3);
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	(void)state;
	table_cell(table, "pgfault");
	table_cell(table, "%d", 12345);
	table_cell(table, "faults");
	table_cell(table, "é\t");
	table_cell(table, "%d", 7);
	table_cell(table, "x");
	table_print(table, stream);
	fclose(stream);
	table_destroy(table);
	assert_string_equal(text, "name         n  unit\n"
	                          "-------  -----  ------\n"
	                          "pgfault  12345  faults\n"
	                          "é\\x09        7  x\n");
	free(text);
}

static void wide_tables_are_broken(void **state)
{
	static const struct table_column columns[] = { { "nr", TABLE_RIGHT },
		                                       { "times that failed", TABLE_RIGHT },
		                                       { "cause", TABLE_LEFT },
		                                       { "pid", TABLE_RIGHT } };
	static const char *const whole =
		"nr  times that failed  cause                               pid\n"
		"--  -----------------  ----------------------------------  ---\n"
		" 1                  2  order 0, GFP_KERNEL|__GFP_COMP|é_x    3\n"
		" 4                  5  short                                 6\n";
	static const char *const titles = "     times\n"
					  "      that\n"
					  "nr  failed  cause                               pid\n"
					  "--  ------  ----------------------------------  ---\n"
					  " 1       2  order 0, GFP_KERNEL|__GFP_COMP|é_x    3\n"
					  " 4       5  short                                 6\n";
	static const char *const cells = "     times\n"
					 "      that\n"
					 "nr  failed  cause                pid\n"
					 "--  ------  -------------------  ---\n"
					 " 1       2  order 0,               3\n"
					 "            GFP_KERNEL|\n"
					 "            __GFP_COMP|é_x\n"
					 " 4       5  short                  6\n";
	static const struct {
		size_t width;
		const char *text;
	} cases[] = { { 62, whole }, { 61, titles }, { 51, titles }, { 36, cells } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct table *table = table_create(columns, 4);
		char *text = NULL;
		size_t size = 0;
		FILE *stream = open_memstream(&text, &size);

		table_cell(table, "1");
		table_cell(table, "2");
		table_cell(table, "order 0, GFP_KERNEL|__GFP_COMP|é_x");
		table_cell(table, "3");
		table_cell(table, "4");
		table_cell(table, "5");
		table_cell(table, "short");
		table_cell(table, "6");
		table_print_within(table, stream, cases[i].width);
		fclose(stream);
		table_destroy(table);
		assert_string_equal(text, cases[i].text);
		free(text);
	}
}

static void close_words_are_near(void **state)
{
	(void)state;
	assert_int_equal(cli_distance("outptu", "output", 3), 2);
	assert_int_equal(cli_distance("info", "info", 3), 0);
	assert_int_equal(cli_distance("", "abc", 3), 3);
	assert_int_equal(cli_distance("record", "x", 3), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_operands_may_be_mixed),
		cmocka_unit_test(values_join_their_option_in_four_ways),
		cmocka_unit_test(recorded_command_keeps_its_options),
		cmocka_unit_test(dash_alone_is_an_operand),
		cmocka_unit_test(lists_split_at_commas_and_add_up),
		cmocka_unit_test(wrong_use_is_refused),
		cmocka_unit_test(sizes_are_powers_of_1024),
		cmocka_unit_test(times_need_their_unit),
		cmocka_unit_test(numbers_are_readable),
		cmocka_unit_test(hostile_text_cannot_steer_the_terminal),
		cmocka_unit_test(tables_line_up),
		cmocka_unit_test(wide_tables_are_broken),
		cmocka_unit_test(close_words_are_near),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
