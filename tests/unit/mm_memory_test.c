/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a simulated machine costs: at most 32 bytes a base page and 48 a logical page. opt is past it by its heap,
 * which has eight bytes a base page. What workload/ keeps of logical pages to make the demand is its own.
 */
#include "machine.h"

#include <malloc.h>

#define NR_PAGES  (1u << 18)
#define FIXED     (256u << 10) /* what does not grow with either */
#define NR_LPAGES (1u << 20)   /* a power of two: no room to spare */

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
		assert_int_equal(mm_reserve_lpages(machine, NR_LPAGES, NULL), 0);
		lpage_bytes = heap() - before - machine_bytes;
		printf("# %-12s %5.2f bytes a base page, %5.2f a logical page\n",
		       policy_at(i)->name, (double)machine_bytes / NR_PAGES,
		       (double)lpage_bytes / NR_LPAGES);
		if (machine_bytes > (policy_at(i)->wants_future ? 40u : 32u) * NR_PAGES + FIXED)
			fail_msg("%s: %zu bytes for %u base pages", policy_at(i)->name,
			         machine_bytes, NR_PAGES);
		if (lpage_bytes > 48u * NR_LPAGES)
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
