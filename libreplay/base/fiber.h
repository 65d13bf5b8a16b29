/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stack of its own for code that has to stop in the middle and go on later, on the same thread.
 *
 *	base_fiber_create()   nothing runs yet
 *	base_fiber_switch()   leaves one where it is and goes on with another; returns when somebody comes back
 *	base_fiber_destroy()  wherever it stands: what it had on its stack is gone without another step
 *
 * Whoever switches first needs one, too: a zeroed struct base_fiber is the stack that the program runs on.
 */
#ifndef BASE_FIBER_H
#define BASE_FIBER_H

#include <stdbool.h>
#include <stddef.h>
#include <ucontext.h>

#include <mmreplay/error.h>

struct base_fiber {
	ucontext_t context;
	const void *bottom; /* of the stack */
	size_t size;
	void *stack; /* NULL: the program's own */
	void (*run)(void *data);
	void *data;
	volatile bool left;      /* context is where it is to go on */
	struct base_fiber *from; /* that went on with this one last */
	void *shadow;            /* what the address sanitizer keeps of it */
};

/* run(data) is to begin with the first switch to the fiber, and must not return. MMR_E_NOMEM. */
int base_fiber_create(void (*run)(void *data), void *data, struct base_fiber **ret,
                      struct mmr_error *err) MMR_MUST_CHECK;
/* Not the one that runs. NULL is fine. */
void base_fiber_destroy(struct base_fiber *fiber);
/* from is the one that runs. */
void base_fiber_switch(struct base_fiber *from, struct base_fiber *to);

#endif
