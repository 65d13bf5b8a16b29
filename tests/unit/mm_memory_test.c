/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a simulated machine costs: at most 32 bytes a base page (and 13 a pageblock) and 48 a logical page, of which
 * everything is kept that a replay may ask for. Pages of files cost four more while they are dirty.
 */
#include "machine.h"

#include <malloc.h>

#define NR_PAGES (1u << 18)
#define FIXED \
	(192u << 10) /* what does not grow with either: writes on their way, the machine itself */
#define PAGE      32u
#define PAGEBLOCK 24u
#define LPAGE     48u
#define NR_LPAGES (1u << 20) /* a power of two: no room to spare */

#if defined(__SANITIZE_ADDRESS__)
#define COUNTS_HEAP false
#else
#define COUNTS_HEAP true
#endif

static size_t heap(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* Swap slots are a device's, and writes have a ring of fixed size. */
static void every_policy_fits(void **state)
{
	(void)state;
	for (unsigned int i = 0; COUNTS_HEAP && policy_at(i); i++) {
		size_t before = heap(), machine_bytes, lpage_bytes;
		struct mm_machine *machine = machine_new(NR_PAGES, 4, 64, policy_at(i));

		machine_all_free(machine);
		machine_bytes = heap() - before;
		assert_int_equal(mm_residence_enable(machine, NULL), 0);
		assert_int_equal(mm_reserve_lpages(machine, NR_LPAGES, NULL), 0);
		lpage_bytes = heap() - before - machine_bytes;
		printf("# %-12s %5.2f bytes a base page, %5.2f a logical page\n",
		       policy_at(i)->name, (double)machine_bytes / NR_PAGES,
		       (double)lpage_bytes / NR_LPAGES);
		if (machine_bytes > PAGE * NR_PAGES + PAGEBLOCK * (NR_PAGES / 512) + FIXED +
		                            4 * sizeof(struct mm_cpu_batches))
			fail_msg("%s: %zu bytes for %u base pages", policy_at(i)->name,
			         machine_bytes, NR_PAGES);
		if (lpage_bytes > LPAGE * NR_LPAGES)
			fail_msg("%s: %zu bytes for %u logical pages", policy_at(i)->name,
			         lpage_bytes, NR_LPAGES);
		mm_machine_destroy(machine);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_policy_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
