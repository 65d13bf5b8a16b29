/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a flight recorder knows of addresses after days: no more than its bounds, and the newest. */
#include "unit.h"

#include <errno.h>

#include "stack_symbols.c"

#define SECOND 1000000000ull

static struct stack_symbols symbols;

static int set_up(void **state)
{
	(void)state;
	stack_symbols_init(&symbols);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	stack_symbols_deinit(&symbols);
	return 0;
}

static const struct symbol_address *find(uint32_t tgid, uint64_t address)
{
	uint32_t slot = *slot_of(&symbols, tgid, address);

	return slot ? &symbols.addresses[slot - 1] : NULL;
}

static const char *file_of(const struct symbol_address *a)
{
	return a && a->file != NO_FILE ? symbols.files[a->file] : "";
}

static uint64_t here(void)
{
	return (uint64_t)(uintptr_t)&set_up;
}

/* Process numbers beyond what the kernel gives, as of processes that have ended. */
static void processes_are_bounded(void **state)
{
	uint32_t own = (uint32_t)getpid();

	(void)state;
	for (uint32_t i = 0; i < 20 * MAX_PROCESSES; i++) {
		uint64_t now = 100 * SECOND + i * (SECOND / 10);

		stack_symbols_note(&symbols, 5000000 + i, 0x1000, now);
		stack_symbols_note(&symbols, own, here() + i % 3, now);
		assert_true(symbols.nr_processes <= MAX_PROCESSES);
	}
	assert_string_equal(program_invocation_short_name,
	                    strrchr(file_of(find(own, here())), '/') + 1);
	for (size_t i = 0; i < symbols.nr_processes; i++)
		if (symbols.processes[i].tgid == own)
			return;
	fail_msg("the process that lives was forgotten");
}

/* All at once: none has been silent for long enough to be taken for dead. */
static void as_many_as_there_are_at_once(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 3 * MAX_PROCESSES; i++)
		stack_symbols_note(&symbols, 5000000 + i, 0x1000, 100 * SECOND + i);
	assert_true(symbols.nr_processes <= MAX_PROCESSES);
	assert_int_equal(symbols.processes[symbols.nr_processes - 1].tgid,
	                 5000000 + 3 * MAX_PROCESSES - 1);
}

static void the_newest_addresses_stay(void **state)
{
	const uint64_t count = 5ull * MAX_ADDRESSES / 2;

	(void)state;
	for (uint64_t i = 0; i < count; i++) {
		stack_symbols_note(&symbols, 0, 0x10000 + i, SECOND + i);
		stack_symbols_note(&symbols, 0, 7, SECOND + i); /* seen all the time */
	}
	assert_true(symbols.nr_addresses <= MAX_ADDRESSES);
	assert_non_null(find(0, 7));
	for (uint64_t i = count - MAX_ADDRESSES / 2 + 1; i < count; i++)
		assert_non_null(find(0, 0x10000 + i));
	assert_null(find(0, 0x10000));
}

/* Another process has the number, or another program the process. */
static void what_was_known_is_looked_up_again(void **state)
{
	uint32_t own = (uint32_t)getpid();
	struct symbol_address *a;

	(void)state;
	stack_symbols_note(&symbols, own, here(), SECOND);
	a = &symbols.addresses[*slot_of(&symbols, own, here()) - 1];
	a->file = file_number(&symbols, "/an/earlier/program");
	stack_symbols_note(&symbols, own, here(), 2 * SECOND);
	assert_string_equal(file_of(a), "/an/earlier/program");
	stack_symbols_note(&symbols, own, here(), 2 * SECOND + STALE_NS + 1);
	assert_string_not_equal(file_of(a), "/an/earlier/program");
}

static void names_that_nobody_needs_go(void **state)
{
	uint32_t own = (uint32_t)getpid();
	char name[32];

	(void)state;
	stack_symbols_note(&symbols, own, here(), SECOND);
	for (uint32_t i = 0; i < 3 * MIN_FILES; i++) {
		snprintf(name, sizeof(name), "/build/%u", i);
		file_number(&symbols, name);
		stack_symbols_note(&symbols, 0, 0xffff0000 + i, SECOND);
		assert_true(symbols.nr_files <= MIN_FILES + 32);
	}
	assert_string_equal(program_invocation_short_name,
	                    strrchr(file_of(find(own, here())), '/') + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(processes_are_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(as_many_as_there_are_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_newest_addresses_stay, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_known_is_looked_up_again, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(names_that_nobody_needs_go, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
