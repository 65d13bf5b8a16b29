/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "alloc.h"
#include "error_set.h"
#include "io.h"
#include "le.h"
#include "rng.h"
#include "vec.h"

DEFINE_VEC(u32_vec, uint32_t);

static void cursor_stops_at_the_end(void **state)
{
	const uint8_t bytes[] = { 1, 2, 3, 4, 5 };
	struct le_cursor c = le_cursor_init(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(le_u32(&c), 0x04030201);
	assert_false(c.overrun);
	assert_int_equal(le_u16(&c), 0);
	assert_true(c.overrun);
	assert_int_equal(le_u8(&c), 0);
}

static void cursor_takes_no_huge_length(void **state)
{
	struct le_cursor c = le_cursor_init("abc", 3);

	(void)state;
	le_u8(&c);
	assert_null(le_bytes(&c, UINT64_MAX));
	assert_true(c.overrun);
}

static void errors_keep_errno_and_choose_the_code(void **state)
{
	struct mmr_error err = { 0 };

	(void)state;
	assert_int_equal(base_error_errno(&err, ENOSPC, "cannot write %s", "x"), MMR_E_NOSPACE);
	assert_string_equal(err.text, "cannot write x: No space left on device");
	assert_int_equal(err.sys_errno, ENOSPC);
	assert_int_equal(base_error(NULL, MMR_E_LIMIT, "no one listens"), MMR_E_LIMIT);
	assert_string_equal(mmr_error_name(MMR_E_LIMIT), "a size exceeds its limit");
	assert_string_equal(mmr_error_name(-9999), "unknown error");
}

static void vec_grows_and_keeps_its_items(void **state)
{
	struct u32_vec vec = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(u32_vec_push(&vec, i * 3), 0);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(vec.items[i], i * 3);
	u32_vec_deinit(&vec);
	assert_int_equal(vec.count, 0);
}

static void reading_honours_the_limit(void **state)
{
	char path[] = "/tmp/mmr-base-XXXXXX";
	struct mmr_error err = { 0 };
	int fd = mkstemp(path);
	char *data;
	size_t size;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(base_write_all(fd, "hello", 5, path, &err), 0);
	close(fd);
	assert_int_equal(base_read_file(path, 5, &data, &size, &err), 0);
	assert_int_equal(size, 5);
	assert_string_equal(data, "hello");
	base_free(data);
	assert_int_equal(base_read_file(path, 4, &data, &size, &err), MMR_E_LIMIT);
	unlink(path);
	assert_int_equal(base_read_file(path, 4, &data, &size, &err), MMR_E_NOTFOUND);
}

static void same_seed_same_numbers(void **state)
{
	struct rng a, b, c;
	int differs = 0;

	(void)state;
	base_rng_init(&a, 7);
	base_rng_init(&b, 7);
	base_rng_init(&c, 8);
	for (int i = 0; i < 100; i++) {
		uint64_t x = base_rng_next(&a);

		assert_int_equal(x, base_rng_next(&b));
		differs += x != base_rng_next(&c);
	}
	assert_true(differs > 90);
	for (int i = 0; i < 1000; i++)
		assert_true(base_rng_below(&a, 10) < 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cursor_stops_at_the_end),
		cmocka_unit_test(cursor_takes_no_huge_length),
		cmocka_unit_test(errors_keep_errno_and_choose_the_code),
		cmocka_unit_test(vec_grows_and_keeps_its_items),
		cmocka_unit_test(reading_honours_the_limit),
		cmocka_unit_test(same_seed_same_numbers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
