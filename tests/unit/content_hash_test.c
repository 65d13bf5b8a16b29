/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hashes of what is in pages. */
#include "unit.h"

#include <string.h>

#include <mmreplay/trace.h>

#include "content_hash.c"

#define KEY 12345u

static void zeroes_have_a_number_of_their_own(void **state)
{
	uint8_t page[CONTENT_PAGE] = { 0 };

	(void)state;
	assert_true(content_hash(page, KEY) == MMR_CONTENT_ZERO);
	assert_true(content_hash(page, KEY + 1) == MMR_CONTENT_ZERO);
}

/* Wherever a bit is another, and under another key. */
static void others_differ(void **state)
{
	uint8_t page[CONTENT_PAGE] = { 0 };
	uint64_t seen[CONTENT_PAGE / 8];

	(void)state;
	for (size_t i = 0; i < CONTENT_PAGE / 8; i++) {
		page[8 * i + i % 8] = 1;
		seen[i] = content_hash(page, KEY);
		assert_true(seen[i] > MMR_CONTENT_LAST);
		assert_true(seen[i] == content_hash(page, KEY));
		assert_true(seen[i] != content_hash(page, KEY + 1));
		for (size_t k = 0; k < i; k++)
			assert_true(seen[i] != seen[k]);
		page[8 * i + i % 8] = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeroes_have_a_number_of_their_own),
		cmocka_unit_test(others_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
