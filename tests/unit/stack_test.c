/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks of stalls as the library gives them: frames, names, and records that make no sense. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <mmreplay/stack.h>
#include <mmreplay/trace.h>

#include "trace_model.h"

#define STACK_ID 700u

static const char format[] =
	"name: stall_stack\nID: 700\nformat:\n" MODEL_COMMON
	"\tfield:unsigned int cause;\toffset:8;\tsize:4;\tsigned:0;\n"
	"\tfield:unsigned int tgid;\toffset:12;\tsize:4;\tsigned:0;\n"
	"\tfield:__data_loc unsigned long[] kernel;\toffset:16;\tsize:4;\tsigned:0;\n"
	"\tfield:__data_loc unsigned long[] user;\toffset:20;\tsize:4;\tsigned:0;\n\n"
	"print fmt: \"cause=%u\", REC->cause\n";

static const char kallsyms[] = "ffffffff81000100 T try_to_free_pages\n"
			       "ffffffff81000000 t __traceiter_mm_vmscan_direct_reclaim_begin\n"
			       "no line of it\n"
			       "ffffffffc0000000 t in_a_module\t[snd]\n";

static const char user_symbols[] = "42\t401000\twork\t10\t1000\t/usr/bin/app\n"
				   "42\t7f0000000100\t-\t0\t100\t/lib/lib\033c.so\n"
				   "43\t401000\t-\t0\t0\t-\n"
				   "nonsense\n"
				   "44\t401000\tother\t0\t0\t/usr/bin/app\n";

static char dir[] = "/tmp/mmr-stack-XXXXXX";
static char path[64];

static int set_up(void **state)
{
	(void)state;
	memcpy(dir, "/tmp/mmr-stack-XXXXXX", sizeof(dir));
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/trace.zst", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

/* A trace of one record; payload is what follows the common fields. */
static struct mmr_trace *trace_of(const void *payload, uint32_t size, bool symbols)
{
	struct mmr_writer_options options = { .nr_cpus = 1,
		                              .subbuf_size = PAGE_BYTES,
		                              .frame_size = PAGE_BYTES };
	struct mmr_error err = { 0 };
	struct mmr_trace *trace;
	struct mmr_event event;
	struct test_page page;
	struct mmr_writer *w;

	assert_int_equal(mmr_writer_create(path, &options, &w, &err), 0);
	assert_int_equal(mmr_writer_text(w, "events/mmcap/stall_stack/format", format,
	                                 sizeof(format) - 1, &err),
	                 0);
	assert_int_equal(model_header(w, &err), 0);
	page_begin(&page, 1000);
	page_record(&page, 0, STACK_ID, 45, payload, size);
	assert_int_equal(mmr_writer_pages(w, 0, page.bytes, 1, &err), 0);
	if (symbols) {
		assert_int_equal(mmr_writer_trailer_text(w, "kallsyms", kallsyms,
		                                         sizeof(kallsyms) - 1, &err),
		                 0);
		assert_int_equal(mmr_writer_trailer_text(w, "user_symbols", user_symbols,
		                                         sizeof(user_symbols) - 1, &err),
		                 0);
	}
	assert_int_equal(mmr_writer_finish(w, &err), 0);
	assert_int_equal(mmr_trace_open(path, NULL, &trace, &err), 0);
	assert_int_equal(mmr_trace_next(trace, &event, &err), 1);
	assert_int_equal(event.kind, size >= 8 ? MMR_EVENT_STALL_STACK : MMR_EVENT_LOST);
	return trace;
}

/* Cause, process 42, and as many addresses as there are. */
static uint32_t payload_of(uint8_t *payload, const uint64_t *kernel, uint32_t nr_kernel,
                           const uint64_t *user, uint32_t nr_user)
{
	le32_put(payload, MMR_STALL_COMPACTION);
	le32_put(payload + 4, 42);
	le32_put(payload + 8, nr_kernel * 8 << 16 | 24);
	le32_put(payload + 12, nr_user * 8 << 16 | (24 + nr_kernel * 8));
	for (uint32_t i = 0; i < nr_kernel; i++)
		le64_put(payload + 16 + 8 * i, kernel[i]);
	for (uint32_t i = 0; i < nr_user; i++)
		le64_put(payload + 16 + 8 * (nr_kernel + i), user[i]);
	return 16 + 8 * (nr_kernel + nr_user);
}

static void expect_name(struct mmr_trace *trace, uint32_t tgid, uint64_t address, const char *text)
{
	char name[128];

	assert_int_equal(mmr_trace_format_address(trace, tgid, address, name, sizeof(name)),
	                 strlen(text));
	assert_string_equal(name, text);
}

static void frames_have_names(void **state)
{
	static const uint64_t kernel[] = { 0xffffffff81000010, 0xffffffff81000123 };
	static const uint64_t user[] = { 0x7f0000000100, 0x401000 };
	struct mmr_stack stack;
	struct mmr_symbol symbol;
	struct mmr_trace *trace;
	uint8_t payload[128];

	(void)state;
	trace = trace_of(payload, payload_of(payload, kernel, 2, user, 2), true);
	assert_true(mmr_trace_stack(trace, &stack));
	assert_int_equal(stack.cause, MMR_STALL_COMPACTION);
	assert_string_equal(mmr_stall_cause_name(stack.cause), "direct compaction");
	assert_int_equal(stack.tgid, 42);
	assert_int_equal(stack.nr_kernel, 1); /* the tracer's own frame is left out */
	assert_int_equal(stack.kernel[0], kernel[1]);
	assert_int_equal(stack.nr_user, 2);
	assert_int_equal(stack.user[1], user[1]);
	expect_name(trace, 0, kernel[1], "try_to_free_pages+0x23");
	expect_name(trace, 0, 0xffffffffc0000004, "in_a_module+0x4 (snd)");
	expect_name(trace, 42, user[0], "lib\\x1bc.so+0x100");
	expect_name(trace, 42, user[1], "work+0x10 (app)");
	/* Too far behind what is known, before all of it, of another process, or unknown. */
	expect_name(trace, 0, 0xffffffff82000000, "0xffffffff82000000");
	expect_name(trace, 0, 0x1000, "0x1000");
	expect_name(trace, 43, 0x401000, "0x401000");
	expect_name(trace, 42, 0x401001, "0x401001");
	assert_true(mmr_trace_symbol(trace, 44, 0x401000, &symbol));
	assert_string_equal(symbol.file, "/usr/bin/app");
	mmr_trace_close(trace);
}

static void without_symbols_there_are_addresses(void **state)
{
	static const uint64_t kernel[] = { 0xffffffff81000010 };
	struct mmr_stack stack;
	struct mmr_trace *trace;
	uint8_t payload[128];

	(void)state;
	trace = trace_of(payload, payload_of(payload, kernel, 1, NULL, 0), false);
	assert_true(mmr_trace_stack(trace, &stack));
	assert_int_equal(stack.nr_kernel, 1);
	assert_int_equal(stack.nr_user, 0);
	expect_name(trace, 0, kernel[0], "0xffffffff81000010");
	mmr_trace_close(trace);
}

/* Arrays that lie outside of the record, and more frames than are kept. */
static void nonsense_has_no_frames(void **state)
{
	static const uint32_t places[] = { 8u << 16 | 0xffff, 0xffffu << 16 | 24, 8u << 16 | 33,
		                           7u << 16 | 24 };
	uint64_t many[MMR_STACK_FRAMES + 10];
	struct mmr_stack stack;
	struct mmr_trace *trace;
	uint8_t payload[1024];
	uint32_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		size = payload_of(payload, many, 0, NULL, 0) + 8;
		memset(payload + 16, 0, 8);
		le32_put(payload + 8, places[i]);
		trace = trace_of(payload, size, true);
		assert_true(mmr_trace_stack(trace, &stack));
		assert_int_equal(stack.nr_kernel, 0);
		mmr_trace_close(trace);
		unlink(path);
	}
	for (uint64_t i = 0; i < MMR_STACK_FRAMES + 10; i++)
		many[i] = 0xffffffff90000000 + i;
	size = payload_of(payload, many, MMR_STACK_FRAMES + 10, NULL, 0);
	trace = trace_of(payload, size, true);
	assert_true(mmr_trace_stack(trace, &stack));
	assert_int_equal(stack.nr_kernel, MMR_STACK_FRAMES);
	mmr_trace_close(trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(frames_have_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_symbols_there_are_addresses, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(nonsense_has_no_frames, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
