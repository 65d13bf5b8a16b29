/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The recorder's own memory, which must not show up in what it records: got and touched before tracing is
 * on, locked, and not given back and got again. Threads have small stacks, since all of a locked stack is
 * memory, and one heap.
 */
#ifndef OWN_MEMORY_H
#define OWN_MEMORY_H

/* Before there are threads. */
void own_memory_init(void);

/* What there is now cannot be paged out; what malloc() gives from now on is mostly there already. */
void own_memory_lock(void);

#endif
