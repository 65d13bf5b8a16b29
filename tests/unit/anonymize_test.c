/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No name is left in any byte of a sub-buffer, whatever it was written over; numbers stay. */
#include "anonymize_record.h"

#include "subbuf.h"
#include "trace_pages.h"
#include "unit.h"

#define ID 77

static const char format[] =
	"name: secret_event\nID: 77\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
	"\tfield:unsigned long call_site;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:const void * ptr;\toffset:16;\tsize:8;\tsigned:0;\n"
	"\tfield:unsigned long pfn;\toffset:24;\tsize:8;\tsigned:0;\n"
	"\tfield:unsigned int order;\toffset:32;\tsize:4;\tsigned:0;\n"
	"\tfield:char comm[16];\toffset:36;\tsize:16;\tsigned:0;\n"
	"\tfield:__data_loc char[] path;\toffset:52;\tsize:4;\tsigned:1;\n\n"
	"print fmt: \"\"\n";

/* Behind the common fields. */
struct __attribute__((packed)) payload {
	uint64_t call_site;
	uint64_t ptr;
	uint64_t pfn;
	uint32_t order;
	char comm[16];
	uint32_t path;
	char text[12];
};

static const struct payload secret = {
	.call_site = 0xffffffff81234567,
	.ptr = 0xffff888012345678,
	.pfn = 0x1234,
	.order = 3,
	.comm = "secret-comm",
	.path = 12u << 16 | 56,
	.text = "secret/path",
};

static struct anon_records records;

static int setup(void **state)
{
	const struct anon_key key = { { 1, 2 } };
	struct trace_formats formats = { 0 };
	uint32_t nr_bad;
	int ret =
		trace_formats_add(&formats, "events/a/secret_event/format", format, strlen(format));

	(void)state;
	if (ret == 0)
		ret = trace_formats_load(&formats, &nr_bad);
	if (ret == 0)
		ret = trace_anon_records_init(&records, &key, &formats);
	trace_formats_deinit(&formats);
	return ret;
}

static int teardown(void **state)
{
	(void)state;
	trace_anon_records_deinit(&records);
	return 0;
}

static bool holds(const struct test_page *page, const char *text)
{
	return memmem(page->bytes, PAGE_BYTES, text, strlen(text)) != NULL;
}

static uint32_t anonymize(struct test_page *page)
{
	uint8_t scratch[PAGE_BYTES];

	return trace_anon_page(&records, page->bytes, PAGE_BYTES, scratch);
}

/* The next record's payload. */
static void next(struct trace_subbuf *s, struct payload *p)
{
	const uint8_t *data;
	uint32_t size;

	assert_true(trace_subbuf_next(s, &data, &size));
	assert_int_equal(trace_record_id(data), ID);
	assert_int_equal(size, 8 + sizeof(*p));
	memcpy(p, data + 8, sizeof(*p));
}

static void numbers_stay_and_names_go(void **state)
{
	struct test_page page;
	struct trace_subbuf s;
	struct payload p[2];

	(void)state;
	page_begin(&page, 1000);
	page_record(&page, 5, ID, 42, &secret, sizeof(secret));
	page_record(&page, 7, ID, 42, &secret, sizeof(secret));
	assert_int_equal(anonymize(&page), 0);
	assert_false(holds(&page, "secret"));
	trace_subbuf_init(&s, page.bytes, PAGE_BYTES);
	next(&s, &p[0]);
	assert_int_equal(s.t_ns, 1005);
	next(&s, &p[1]);
	assert_int_equal(s.t_ns, 1012);
	assert_int_equal(p[0].pfn, secret.pfn);
	assert_int_equal(p[0].order, secret.order);
	assert_int_equal(p[0].path, secret.path);
	assert_int_equal(p[0].call_site, 0);
	assert_true(p[0].ptr != secret.ptr && p[0].ptr != 0);
	assert_int_equal(p[0].comm[0], 't');
	assert_memory_equal(&p[0], &p[1], sizeof(p[0]));
}

static void no_pointer_stays_none(void **state)
{
	struct payload nobody = secret, p;
	struct test_page page;
	struct trace_subbuf s;

	(void)state;
	nobody.ptr = 0;
	page_begin(&page, 1000);
	page_record(&page, 5, ID, 42, &nobody, sizeof(nobody));
	assert_int_equal(anonymize(&page), 0);
	trace_subbuf_init(&s, page.bytes, PAGE_BYTES);
	next(&s, &p);
	assert_int_equal(p.ptr, 0);
}

static void an_unknown_event_is_empty(void **state)
{
	struct test_page page;

	(void)state;
	page_begin(&page, 1000);
	page_record(&page, 5, ID + 1, 42, &secret, sizeof(secret));
	page_record(&page, 5, 60000, 42, &secret, sizeof(secret));
	assert_int_equal(anonymize(&page), 2);
	assert_false(holds(&page, "secret"));
}

/* What a filter turned down, and what an earlier lap left where a sub-buffer was not filled. */
static void padding_is_cleared(void **state)
{
	struct test_page page;
	struct trace_subbuf s;
	struct payload p;
	uint8_t *at;

	(void)state;
	page_begin(&page, 1000);
	at = page_put(&page, SUBBUF_PADDING, 3, 4 + sizeof(secret));
	le32_put(at, 4 + sizeof(secret));
	memcpy(at + 4, &secret, sizeof(secret));
	page_time_extend(&page, 1ull << 30);
	page_record(&page, 5, ID, 42, &secret, sizeof(secret));
	at = page_put(&page, SUBBUF_PADDING, 0, sizeof(secret));
	memcpy(at, &secret, sizeof(secret));
	memcpy(page.bytes + PAGE_BYTES - sizeof(secret), &secret, sizeof(secret));
	assert_int_equal(anonymize(&page), 0);
	assert_false(holds(&page, "secret"));
	trace_subbuf_init(&s, page.bytes, PAGE_BYTES);
	next(&s, &p);
	assert_int_equal(s.t_ns, 1000 + 3 + (1ull << 30) + 5);
	assert_int_equal(p.pfn, secret.pfn);
	assert_false(s.damaged);
}

static void what_makes_no_sense_is_cleared(void **state)
{
	struct test_page page;
	uint8_t *at;

	(void)state;
	page_begin(&page, 1000);
	page_record(&page, 5, ID, 42, &secret, sizeof(secret));
	at = page_put(&page, 1, 3, sizeof(secret));
	memcpy(at, &secret, sizeof(secret));
	assert_int_equal(anonymize(&page), 0);
	assert_false(holds(&page, "secret"));
	page_begin(&page, 1000);
	page_record(&page, 5, ID, 42, &secret, sizeof(secret));
	le64_put(page.bytes + 8, 1u << 29);
	assert_int_equal(anonymize(&page), 0);
	assert_false(holds(&page, "secret"));
}

static void the_number_of_missed_events_stays(void **state)
{
	struct test_page page;
	struct trace_subbuf s;

	(void)state;
	page_begin(&page, 1000);
	page_record(&page, 5, ID, 42, &secret, sizeof(secret));
	page_commit(&page, 3u << 30);
	le64_put(page.bytes + 16 + page.used, 99);
	anonymize(&page);
	trace_subbuf_init(&s, page.bytes, PAGE_BYTES);
	assert_true(s.missed);
	assert_int_equal(s.nr_missed, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_stay_and_names_go),
		cmocka_unit_test(no_pointer_stays_none),
		cmocka_unit_test(an_unknown_event_is_empty),
		cmocka_unit_test(padding_is_cleared),
		cmocka_unit_test(what_makes_no_sense_is_cleared),
		cmocka_unit_test(the_number_of_missed_events_stays),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
