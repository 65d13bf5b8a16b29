/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sub-buffers without a file: events, marks for what was overwritten, nonsense. */
#include "unit.h"

#include <mmreplay/trace_decode.h>

#include "trace_pages.h"

#define FORMAT                                                                         \
	"name: mm_page_free\nID: 41\nformat:\n"                                        \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"         \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"         \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"                   \
	"\tfield:unsigned long pfn;\toffset:8;\tsize:8;\tsigned:0;\n"                  \
	"\tfield:unsigned int order;\toffset:16;\tsize:4;\tsigned:0;\n\n"              \
	"print fmt: \"\"\n"

#define LAYOUT                                                      \
	"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"  \
	"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n" \
	"\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n"

#define OVERWRITTEN (1u << 31)

static struct mmr_decoder *make(void)
{
	struct mmr_decoder *decoder = NULL;

	assert_int_equal(mmr_decoder_create(LAYOUT, &decoder, NULL), 0);
	assert_int_equal(
		mmr_decoder_format(decoder, "kmem", "mm_page_free", FORMAT, strlen(FORMAT), NULL),
		0);
	return decoder;
}

static void events_come_with_cpu_and_time(void **state)
{
	static const uint8_t payload[12] = { 0x34, 0x12, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0 };
	struct mmr_decoder *decoder = make();
	struct mmr_event event;
	struct test_page page;

	(void)state;
	page_begin(&page, 1000);
	page_record(&page, 5, 41, 77, payload, 12);
	page_record(&page, 1, 99, 78, payload, 12); /* of an event that was not added */
	page_record(&page, 1, 41, 79, payload, 4);  /* too short */
	page_record(&page, 1, 41, 80, payload, 12);
	assert_int_equal(mmr_decoder_begin(decoder, 2, page.bytes, PAGE_BYTES, NULL), 0);
	assert_true(mmr_decoder_next(decoder, &event));
	assert_int_equal(event.kind, MMR_EVENT_MM_PAGE_FREE);
	assert_int_equal(event.t_ns, 1005);
	assert_int_equal(event.cpu, 2);
	assert_int_equal(event.pid, 77);
	assert_int_equal(event.page.pfn, 0x1234);
	assert_int_equal(event.page.order, 3);
	assert_true(mmr_decoder_next(decoder, &event));
	assert_int_equal(event.kind, MMR_EVENT_OTHER);
	assert_int_equal(event.other.event_id, 99);
	assert_true(mmr_decoder_next(decoder, &event));
	assert_int_equal(event.pid, 80);
	assert_int_equal(event.t_ns, 1008);
	assert_false(mmr_decoder_next(decoder, &event));
	mmr_decoder_destroy(decoder);
}

static void a_hole_is_told_first(void **state)
{
	static const uint8_t payload[12];
	struct mmr_decoder *decoder = make();
	struct mmr_event event;
	struct test_page page;

	(void)state;
	page_begin(&page, 1000);
	page_record(&page, 5, 41, 77, payload, 12);
	page_commit(&page, OVERWRITTEN);
	assert_int_equal(mmr_decoder_begin(decoder, 1, page.bytes, PAGE_BYTES, NULL), 0);
	assert_true(mmr_decoder_next(decoder, &event));
	assert_int_equal(event.kind, MMR_EVENT_LOST);
	assert_int_equal(event.cpu, 1);
	assert_true(mmr_decoder_next(decoder, &event));
	assert_int_equal(event.kind, MMR_EVENT_MM_PAGE_FREE);
	assert_false(mmr_decoder_next(decoder, &event));
	mmr_decoder_destroy(decoder);
}

static void wrong_use_is_refused(void **state)
{
	struct mmr_decoder *decoder = make();
	struct mmr_decoder *other = NULL;
	struct mmr_event event;
	struct test_page page;

	(void)state;
	assert_int_equal(mmr_decoder_create("nothing", &other, NULL), MMR_E_UNSUPPORTED);
	assert_null(other);
	page_begin(&page, 1000);
	assert_int_equal(mmr_decoder_begin(decoder, 0, page.bytes, 8, NULL), 0);
	assert_false(mmr_decoder_next(decoder, &event));
	assert_int_equal(
		mmr_decoder_format(decoder, "kmem", "mm_page_free", FORMAT, strlen(FORMAT), NULL),
		MMR_E_INVALID);
	mmr_decoder_destroy(decoder);
	mmr_decoder_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_with_cpu_and_time),
		cmocka_unit_test(a_hole_is_told_first),
		cmocka_unit_test(wrong_use_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
