/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fiber.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define FIBER_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define FIBER_ASAN 1
#endif

#ifdef FIBER_ASAN
#include <sanitizer/common_interface_defs.h>

#define STACK_SIZE ((size_t)1024 * 1024)
#else
#define STACK_SIZE ((size_t)256 * 1024)
#endif

/* The address sanitizer is told, and tells where the program's own stack is. */
static void depart(struct base_fiber *from, struct base_fiber *to)
{
	to->from = from;
#ifdef FIBER_ASAN
	__sanitizer_start_switch_fiber(&from->shadow, to->bottom, to->size);
#endif
}

static void arrive(struct base_fiber *fiber)
{
#ifdef FIBER_ASAN
	__sanitizer_finish_switch_fiber(fiber->shadow, &fiber->from->bottom, &fiber->from->size);
#else
	(void)fiber;
#endif
}

/* makecontext() passes ints. */
static void begin(unsigned int high, unsigned int low)
{
	uintptr_t address = (uintptr_t)((uint64_t)high << 32 | low);
	struct base_fiber *fiber;

	memcpy(&fiber, &address, sizeof(address));
	arrive(fiber);
	fiber->run(fiber->data);
	abort();
}

int base_fiber_create(void (*run)(void *data), void *data, struct base_fiber **ret,
                      struct mmr_error *err)
{
	struct base_fiber *fiber = base_calloc_err(1, sizeof(*fiber), "fiber", err);
	uint64_t address = (uint64_t)(uintptr_t)fiber;

	if (!fiber)
		return MMR_E_NOMEM;
	fiber->stack = base_calloc_err(1, STACK_SIZE, "fiber's stack", err);
	if (!fiber->stack) {
		base_free(fiber);
		return MMR_E_NOMEM;
	}
	fiber->bottom = fiber->stack;
	fiber->size = STACK_SIZE;
	fiber->run = run;
	fiber->data = data;
	getcontext(&fiber->context);
	fiber->context.uc_stack.ss_sp = fiber->stack;
	fiber->context.uc_stack.ss_size = fiber->size;
	fiber->context.uc_link = NULL;
	makecontext(&fiber->context, (void (*)(void))begin, 2, (unsigned int)(address >> 32),
	            (unsigned int)address);
	*ret = fiber;
	return 0;
}

void base_fiber_destroy(struct base_fiber *fiber)
{
	if (!fiber)
		return;
	base_free(fiber->stack);
	base_free(fiber);
}

void base_fiber_switch(struct base_fiber *from, struct base_fiber *to)
{
	depart(from, to);
	/* swapcontext(), at whose sight the address sanitizer warns that it might be wrong. */
	from->left = false;
	getcontext(&from->context);
	if (!from->left) {
		from->left = true;
		setcontext(&to->context);
	}
	arrive(from);
}
