/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "subbuf.h"
#include "trace_pages.h"

static const uint8_t payload[256];

struct walk {
	unsigned int count;
	uint16_t ids[16];
	uint64_t times[16];
	uint32_t sizes[16];
	bool damaged;
};

static struct walk walk(const struct test_page *page)
{
	struct trace_subbuf s;
	struct walk w = { 0 };
	const uint8_t *data;
	uint32_t size;

	trace_subbuf_init(&s, page->bytes, sizeof(page->bytes));
	while (w.count < 16 && trace_subbuf_next(&s, &data, &size)) {
		w.ids[w.count] = trace_record_id(data);
		w.times[w.count] = s.t_ns;
		w.sizes[w.count++] = size;
	}
	w.damaged = s.damaged;
	return w;
}

static void every_encoding_is_walked(void **state)
{
	struct test_page page;
	struct walk w;

	(void)state;
	page_begin(&page, 1000);
	page_record(&page, 5, 1, 10, payload, 0);
	page_time_extend(&page, 1ull << 40);
	page_record(&page, 7, 2, 10, payload, 16);
	page_record(&page, 1, 3, 10, payload, 200);
	page_time_stamp(&page, (1ull << 41) + 3);
	page_record(&page, 0, 4, 10, payload, 4);
	/* Discarded: its time counts, its data does not. */
	le32_put(page_put(&page, 29, 9, 4 + 20), 4 + 20);
	memset(page.bytes + 16 + page.used - 20, 0xff, 20);
	page_record(&page, 1, 5, 10, payload, 4);
	w = walk(&page);
	assert_false(w.damaged);
	assert_int_equal(w.count, 5);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(w.ids[i], i + 1);
	assert_int_equal(w.times[0], 1005);
	assert_int_equal(w.times[1], 1005 + (1ull << 40) + 7);
	assert_int_equal(w.times[2], w.times[1] + 1);
	assert_int_equal(w.times[3], (1ull << 41) + 3);
	assert_int_equal(w.times[4], (1ull << 41) + 3 + 10);
	assert_int_equal(w.sizes[2], 208);
}

static void absolute_stamps_take_the_high_bits_from_before(void **state)
{
	struct test_page page;
	struct walk w;
	uint64_t high = 3ull << 59;

	(void)state;
	page_begin(&page, high | 1000);
	page_time_stamp(&page, 2000);
	page_record(&page, 0, 1, 1, payload, 0);
	page_time_stamp(&page, 500); /* less than before: the 59 bits went round */
	page_record(&page, 0, 1, 1, payload, 0);
	w = walk(&page);
	assert_int_equal(w.times[0], high | 2000);
	assert_int_equal(w.times[1], (4ull << 59) | 500);
}

static void padding_ends_the_page(void **state)
{
	struct test_page page;
	struct walk w;

	(void)state;
	page_begin(&page, 0);
	page_record(&page, 1, 1, 1, payload, 0);
	page_put(&page, 29, 0, 400);
	w = walk(&page);
	assert_int_equal(w.count, 1);
	assert_false(w.damaged);
}

static void losses_are_read_behind_the_data(void **state)
{
	struct test_page page;
	struct trace_subbuf s;

	(void)state;
	page_begin(&page, 0);
	page_record(&page, 1, 1, 1, payload, 0);
	le64_put(page.bytes + 16 + page.used, 4711);
	page_commit(&page, 3u << 30);
	trace_subbuf_init(&s, page.bytes, sizeof(page.bytes));
	assert_true(s.missed);
	assert_int_equal(s.nr_missed, 4711);
	page_commit(&page, 1u << 31);
	trace_subbuf_init(&s, page.bytes, sizeof(page.bytes));
	assert_true(s.missed);
	assert_int_equal(s.nr_missed, 0);
	assert_int_equal(walk(&page).count, 1);
}

static void lies_about_lengths_end_the_walk(void **state)
{
	static const struct {
		uint32_t type, delta, array;
	} lies[] = {
		{ 28, 1, 0 },          /* longer than the page */
		{ 1, 1, 0 },           /* no room for the common fields */
		{ 0, 1, 0 },           /* long record without its own length */
		{ 0, 1, 8 },           /* … too short */
		{ 0, 1, 0xfffffffc },  /* … too long */
		{ 29, 1, 0 },          /* discarded, without a length */
		{ 29, 1, 0xffffffff }, /* … too long */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct test_page page;
		struct walk w;

		page_begin(&page, 0);
		page_record(&page, 1, 7, 1, payload, 8);
		le32_put(page_put(&page, lies[i].type, lies[i].delta, 8), lies[i].array);
		w = walk(&page);
		assert_int_equal(w.count, 1);
		assert_true(w.damaged);
	}
}

static void commit_beyond_the_page_is_damage(void **state)
{
	struct test_page page;

	(void)state;
	page_begin(&page, 0);
	page_record(&page, 1, 7, 1, payload, 8);
	le64_put(page.bytes + 8, PAGE_BYTES - 15);
	assert_true(walk(&page).damaged);
	assert_int_equal(walk(&page).count, 0);
}

static void only_64_bit_kernels_are_taken(void **state)
{
	static const char good[] = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
				   "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
				   "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
				   "\tfield: char data;\toffset:16;\tsize:65520;\tsigned:0;\n";
	static const char small[] = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
				    "\tfield: local_t commit;\toffset:8;\tsize:4;\tsigned:1;\n"
				    "\tfield: char data;\toffset:12;\tsize:4084;\tsigned:0;\n";
	struct mmr_error err = { 0 };
	uint32_t size = 0;

	(void)state;
	assert_int_equal(trace_subbuf_check_layout(good, &size, &err), 0);
	assert_int_equal(size, 65536);
	assert_int_equal(trace_subbuf_check_layout(small, &size, &err), MMR_E_UNSUPPORTED);
	assert_int_equal(trace_subbuf_check_layout("", &size, &err), MMR_E_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_encoding_is_walked),
		cmocka_unit_test(absolute_stamps_take_the_high_bits_from_before),
		cmocka_unit_test(padding_ends_the_page),
		cmocka_unit_test(losses_are_read_behind_the_data),
		cmocka_unit_test(lies_about_lengths_end_the_walk),
		cmocka_unit_test(commit_beyond_the_page_is_damage),
		cmocka_unit_test(only_64_bit_kernels_are_taken),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
