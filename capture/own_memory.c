/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "own_memory.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define STACK_SIZE (256u << 10)
#define IN_RESERVE (4u << 20)  /* of the heap: what snapshots need; less on a small machine */
#define FROM_MMAP  (32u << 20) /* the most that the C library takes from the heap */

void own_memory_init(void)
{
	pthread_attr_t attr;

	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, (int)FROM_MMAP);
	mallopt(M_TRIM_THRESHOLD, (int)FROM_MMAP);
	if (pthread_attr_init(&attr) != 0)
		return;
	if (pthread_attr_setstacksize(&attr, STACK_SIZE) == 0)
		pthread_setattr_default_np(&attr);
	pthread_attr_destroy(&attr);
}

void own_memory_lock(void)
{
	const size_t share = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE) / 128;
	const size_t size = share < IN_RESERVE ? share : IN_RESERVE;
	char *reserve = malloc(size);

	if (reserve)
		explicit_bzero(reserve, size); /* or it would be left out as without effect */
	free(reserve);
	mlockall(MCL_CURRENT);
}
