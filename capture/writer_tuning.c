/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "writer_tuning.h"

#include <sys/resource.h>
#include <unistd.h>

#define MEMORY        (32u << 20) /* of the frames that are being filled */
#define MEMORY_SHARE  512u        /* and of the machine's no more than one part in so many */
#define MIN_FRAME     (64u << 10)
#define MAX_FRAME     (1u << 20)
#define LEVEL         3
#define CPUS_A_THREAD 4u /* one thread compresses what so many CPUs write without pause */
#define MAX_THREADS   16u
#define PRIORITY      (-12) /* after the readers, before the load */

/* On a small machine larger frames would not be worth the memory that they take from the load. */
static uint32_t frames_memory(void)
{
	const long pages = sysconf(_SC_PHYS_PAGES), page_size = sysconf(_SC_PAGESIZE);
	uint64_t share;

	if (pages <= 0 || page_size <= 0)
		return MEMORY;
	share = (uint64_t)pages * (uint64_t)page_size / MEMORY_SHARE;
	return share < MEMORY ? (uint32_t)share : MEMORY;
}

void writer_tuning_options(struct mmr_writer_options *o, uint32_t nr_online)
{
	const uint32_t frame = frames_memory() / (nr_online ? nr_online : 1);
	const uint32_t threads = (nr_online + CPUS_A_THREAD - 1) / CPUS_A_THREAD;

	o->frame_size = frame < MIN_FRAME ? MIN_FRAME : frame > MAX_FRAME ? MAX_FRAME : frame;
	o->level = LEVEL;
	o->nr_threads = threads < 1 ? 1 : threads > MAX_THREADS ? MAX_THREADS : threads;
	o->thread_name = "mmcap";
	o->io = MMR_WRITER_UNCACHED;
}

int writer_tuning_prepare(struct mmr_writer *writer, const struct tracing *tracing,
                          struct mmr_error *err)
{
	int32_t tids[MAX_THREADS];
	size_t count = mmr_writer_tids(writer, tids, MAX_THREADS);
	int ret = 0;

	for (size_t i = 0; i < count && i < MAX_THREADS; i++)
		setpriority(PRIO_PROCESS, (id_t)tids[i], PRIORITY); /* as good as it gets */
	for (uint32_t cpu = 0; cpu < tracing->nr_cpus && ret == 0; cpu++)
		if (tracing->has_buffer[cpu])
			ret = mmr_writer_prepare_cpu(writer, cpu, err);
	return ret;
}
