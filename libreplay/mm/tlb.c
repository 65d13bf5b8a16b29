/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TLB flushes: which CPUs have to forget what, and when they really do.
 *
 * A CPU has the page tables of one space loaded, and keeps them while it runs threads of the kernel (lazy). A change
 * of a space's tables raises its generation. Whoever changed them flushes here, and sends the other CPUs that have the
 * space loaded there an interrupt, unless they are lazy: those find out by the generation when they come back. Up to
 * tlb_single_page_flush_ceiling pages are flushed one by one, more by forgetting all. With PCIDs a CPU keeps the entries
 * of the last six spaces apart, and a switch flushes only what is not up to date; without, every switch flushes.
 *
 * Reclaim and asynchronous migration leave the flush of what they unmap to one flush at the end of their batch if
 * another CPU has the space loaded; what they write is flushed before.
 *
 * State: of each CPU what it has loaded; of each space its generation; of each logical page the space it was last used
 * through. Nothing where it was not asked for (mm_tlb_enable()).
 *
 * Follows switch_mm_irqs_off(), choose_new_asid(), flush_tlb_mm_range(), flush_tlb_func(), native_flush_tlb_multi(),
 * arch_tlbbatch_flush() of arch/x86/mm/tlb.c, should_defer_flush() and set_tlb_ubc_flush_pending() of mm/rmap.c, v6.12.
 *
 * Not modelled: other architectures' flushes; flushes of the kernel's own addresses, which no event tells of; mm_cpumask
 * kept after a switch (6.14) and broadcast flushes (6.15); all but one of the spaces that share a page; what the switch
 * between two tasks costs.
 */
#include "tlb_state.h"

#include "alloc.h"
#include "error_set.h"
#include "internal.h"

#define PAGE_SHIFT     12
#define HUGE_SHIFT     21
#define CONTEXT_INIT   UINT64_MAX       /* of init_mm, … */
#define CONTEXT_UNSEEN (UINT64_MAX - 1) /* and of whatever a CPU went to without a sign of it */
#define GEN_UNKNOWN    UINT64_MAX       /* TLB_GENERATION_INVALID */
#define MAX_SETS_TOTAL (1u << 20)

/* ---- life ---- */

int mm_tlb_enable(struct mm_machine *machine, const struct mm_tlb_config *config,
                  struct mmr_error *err)
{
	uint32_t nr_sets = 1;
	struct mm_tlb *tlb;

	tlb = base_calloc_err(1, sizeof(*tlb), "TLBs", err);
	if (!tlb)
		return MMR_E_NOMEM;
	machine->tlb = tlb;
	tlb->config = *config;
	tlb->window = 1;
	for (int level = 0; level < MM_TLB_LEVELS; level++)
		for (int size = 0; size < MM_NR_TLB_SIZES; size++)
			if (config->arrays[level][size].entries > nr_sets)
				nr_sets = config->arrays[level][size].entries;
	if (nr_sets > MAX_SETS_TOTAL)
		return base_error(err, MMR_E_LIMIT, "a TLB of %u entries", nr_sets);
	tlb->sets = base_calloc_err(nr_sets, sizeof(*tlb->sets), "TLBs", err);
	tlb->cpus = base_calloc_err(machine->nr_cpus, sizeof(*tlb->cpus), "TLBs", err);
	if (!tlb->sets || !tlb->cpus)
		return MMR_E_NOMEM;
	return mm_tlb_reserve(machine, err);
}

int mm_tlb_reserve(struct mm_machine *machine, struct mmr_error *err)
{
	struct mm_tlb *tlb = machine->tlb;
	void *spaces, *pages;

	if (!tlb)
		return 0;
	spaces = tlb->spaces;
	pages = tlb->pages;
	if (machine->nr_spaces > tlb->nr_spaces) {
		if (base_grow(&spaces, tlb->nr_spaces, machine->nr_spaces, sizeof(*tlb->spaces),
		              0) < 0)
			return base_error(err, MMR_E_NOMEM, "no memory for TLBs");
		tlb->spaces = spaces;
		tlb->nr_spaces = machine->nr_spaces;
	}
	if (machine->nr_lpages <= tlb->nr_pages)
		return 0;
	if (base_grow(&pages, tlb->nr_pages, machine->nr_lpages, sizeof(*tlb->pages), 0) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for TLBs");
	tlb->pages = pages;
	tlb->nr_pages = machine->nr_lpages;
	return 0;
}

void mm_tlb_destroy(struct mm_machine *machine)
{
	struct mm_tlb *tlb = machine->tlb;

	if (!tlb)
		return;
	mm_tlb_use_vec_deinit(&tlb->uses);
	base_free(tlb->sets);
	base_free(tlb->cpus);
	base_free(tlb->spaces);
	base_free(tlb->pages);
	base_free(tlb);
	machine->tlb = NULL;
}

/* ---- counts ---- */

static void count(struct mm_tlb *tlb, enum mm_tlb_cause cause, enum mm_tlb_reason reason,
                  uint32_t nr_pages)
{
	enum mm_tlb_extent extent = nr_pages == MM_TLB_ALL ? MM_TLB_FULL
	                            : nr_pages > 0         ? MM_TLB_RANGED
	                                                   : MM_TLB_NONE;
	struct mm_tlb_count *c = &tlb->counts[cause][reason][extent];

	c->flushes++;
	c->pages += extent == MM_TLB_RANGED ? nr_pages : 0;
}

const struct mm_tlb_count *mm_tlb_count(const struct mm_machine *machine, enum mm_tlb_cause cause,
                                        enum mm_tlb_reason reason, enum mm_tlb_extent extent)
{
	return &machine->tlb->counts[cause][reason][extent];
}

const char *mm_tlb_cause_name(enum mm_tlb_cause cause)
{
	static const char *const names[] = {
		[MM_TLB_SWITCH] = "switch",   [MM_TLB_EXIT] = "exit",
		[MM_TLB_FORK] = "fork",       [MM_TLB_COPY] = "copy",
		[MM_TLB_UNMAP] = "unmap",     [MM_TLB_RECLAIM] = "reclaim",
		[MM_TLB_MIGRATE] = "migrate", [MM_TLB_HUGE] = "huge page",
		[MM_TLB_OTHER] = "other",
	};

	return names[cause];
}

const char *mm_tlb_reason_name(enum mm_tlb_reason reason)
{
	static const char *const names[] = {
		[MM_TLB_TASK_SWITCH] = "task switch",
		[MM_TLB_REMOTE_SHOOTDOWN] = "remote shootdown",
		[MM_TLB_LOCAL_SHOOTDOWN] = "local shootdown",
		[MM_TLB_LOCAL_MM_SHOOTDOWN] = "local mm shootdown",
		[MM_TLB_REMOTE_SEND_IPI] = "remote send IPI",
	};

	return names[reason];
}

const char *mm_tlb_extent_name(enum mm_tlb_extent extent)
{
	static const char *const names[] = {
		[MM_TLB_NONE] = "none", [MM_TLB_RANGED] = "ranged", [MM_TLB_FULL] = "full"
	};

	return names[extent];
}

/* ---- switches ---- */

static uint64_t context_of(struct mm_tlb *tlb, uint32_t space)
{
	struct mm_tlb_space *s = &tlb->spaces[space];

	if (space == 0)
		return CONTEXT_INIT;
	if (s->context == 0)
		s->context = ++tlb->last_context;
	return s->context;
}

/* choose_new_asid(): the CPU has the context from now on; true: it has to be flushed. */
static bool choose_asid(struct mm_tlb *tlb, struct mm_tlb_cpu *cpu, uint64_t context, uint64_t gen)
{
	bool flush = true;
	uint8_t i = 0;

	while (tlb->config.pcid && i < MM_TLB_ASIDS && cpu->asids[i].context != context)
		i++;
	if (i < MM_TLB_ASIDS) {
		flush = !tlb->config.pcid || cpu->asids[i].gen < gen;
	} else {
		i = cpu->next_asid++;
		if (i >= MM_TLB_ASIDS) {
			i = 0;
			cpu->next_asid = 1;
		}
	}
	cpu->asid = i;
	cpu->asids[i] = (struct mm_tlb_asid){ .context = context, .gen = gen };
	return flush;
}

static void switch_mm(struct mm_tlb *tlb, struct mm_tlb_cpu *cpu, uint32_t next)
{
	bool was_lazy = cpu->lazy, flush = true, told = !tlb->told || cpu->leaving;
	uint32_t prev = cpu->loaded;

	cpu->lazy = false;
	cpu->leaving = false;
	if (prev == next) {
		/* What came while it was lazy was not told to it. */
		if (!was_lazy || cpu->asids[cpu->asid].gen == tlb->spaces[next].gen)
			return;
	} else {
		if (prev != 0)
			tlb->spaces[prev].nr_loaded--;
		if (next != 0)
			tlb->spaces[next].nr_loaded++;
		cpu->loaded = next;
		flush = choose_asid(tlb, cpu, context_of(tlb, next), tlb->spaces[next].gen);
	}
	cpu->asids[cpu->asid].gen = tlb->spaces[next].gen;
	if (told)
		count(tlb, MM_TLB_SWITCH, MM_TLB_TASK_SWITCH, flush ? MM_TLB_ALL : 0);
}

/* What it left behind there is idle, or others run, of whom nothing was heard yet. */
static void leave_others(struct mm_machine *machine, uint32_t task)
{
	for (uint32_t i = 0; i < machine->nr_cpus; i++) {
		struct mm_tlb_cpu *cpu = &machine->tlb->cpus[i];

		if (cpu->task != task)
			continue;
		cpu->task = 0;
		cpu->lazy = cpu->loaded != 0;
	}
}

void mm_tlb_run(struct mm_machine *machine, uint16_t cpu, uint32_t task, uint32_t space)
{
	struct mm_tlb *tlb = machine->tlb;
	struct mm_tlb_cpu *c = &tlb->cpus[cpu % machine->nr_cpus];

	if (c->task != task && space != 0) {
		leave_others(machine, task);
		c->task = task;
	}
	if (space == 0)
		c->lazy = c->loaded != 0; /* enter_lazy_tlb() */
	else if (space < tlb->nr_spaces)
		switch_mm(tlb, c, space);
}

static void unload(struct mm_tlb *tlb, struct mm_tlb_cpu *cpu)
{
	if (cpu->loaded != 0)
		tlb->spaces[cpu->loaded].nr_loaded--;
	cpu->loaded = 0;
	cpu->lazy = false;
}

void mm_tlb_leave(struct mm_machine *machine, uint16_t number)
{
	struct mm_tlb *tlb = machine->tlb;
	struct mm_tlb_cpu *cpu = &tlb->cpus[number % machine->nr_cpus];

	tlb->told = true;
	if (cpu->leaving)
		count(tlb, MM_TLB_SWITCH, MM_TLB_TASK_SWITCH,
		      choose_asid(tlb, cpu, CONTEXT_UNSEEN, 0) ? MM_TLB_ALL : 0);
	unload(tlb, cpu);
	cpu->leaving = true;
}

/* ---- flushes ---- */

/* flush_tlb_func() on a CPU. space 0: of whatever it has loaded. */
static void flush_cpu(struct mm_machine *machine, const struct mm_tlb_flush *flush, uint32_t number,
                      uint64_t new_gen)
{
	struct mm_tlb *tlb = machine->tlb;
	struct mm_tlb_cpu *cpu = &tlb->cpus[number];
	bool local = number == flush->cpu;
	uint64_t *gen = &cpu->asids[cpu->asid].gen;
	uint64_t mm_gen = tlb->spaces[cpu->loaded].gen;
	uint32_t nr_pages = flush->nr_pages;

	if (cpu->loaded == 0 || (!local && flush->space && flush->space != cpu->loaded))
		return;
	if (cpu->lazy) {
		switch_mm(tlb, cpu, 0);
		return;
	}
	if (new_gen != GEN_UNKNOWN && new_gen <= *gen)
		return;
	if (*gen == mm_gen)
		nr_pages = 0;
	else if (new_gen != *gen + 1 || new_gen != mm_gen)
		nr_pages = MM_TLB_ALL;
	*gen = mm_gen;
	count(tlb, flush->cause,
	      !local         ? MM_TLB_REMOTE_SHOOTDOWN
	      : flush->space ? MM_TLB_LOCAL_MM_SHOOTDOWN
	                     : MM_TLB_LOCAL_SHOOTDOWN,
	      nr_pages);
}

/* Whether a CPU other than this one has the space loaded. */
static bool is_elsewhere(const struct mm_tlb *tlb, uint32_t space, uint16_t cpu)
{
	return tlb->spaces[space].nr_loaded > (tlb->cpus[cpu].loaded == space ? 1u : 0u);
}

static void count_ipi(struct mm_tlb *tlb, const struct mm_tlb_flush *flush)
{
	uint32_t nr = flush->nr_pages;

	count(tlb, flush->cause, MM_TLB_REMOTE_SEND_IPI,
	      nr == MM_TLB_ALL ? MM_TLB_ALL : nr << (flush->shift - PAGE_SHIFT));
}

void mm_tlb_flush(struct mm_machine *machine, const struct mm_tlb_flush *asked)
{
	struct mm_tlb *tlb = machine->tlb;
	struct mm_tlb_flush flush = *asked;
	uint64_t gen;

	if (flush.space == 0 || flush.space >= tlb->nr_spaces)
		return;
	flush.cpu = (uint16_t)(flush.cpu % machine->nr_cpus);
	if (flush.nr_pages > tlb->config.ceiling)
		flush.nr_pages = MM_TLB_ALL;
	gen = ++tlb->spaces[flush.space].gen;
	if (!is_elsewhere(tlb, flush.space, flush.cpu)) {
		if (tlb->cpus[flush.cpu].loaded == flush.space)
			flush_cpu(machine, &flush, flush.cpu, gen);
		return;
	}
	count_ipi(tlb, &flush);
	for (uint32_t i = 0; i < machine->nr_cpus; i++)
		if (tlb->cpus[i].loaded == flush.space &&
		    (flush.freed_tables || !tlb->cpus[i].lazy))
			flush_cpu(machine, &flush, i, gen);
}

/* ---- who shares what ---- */

void mm_tlb_fork(struct mm_machine *machine, uint32_t parent, uint32_t child)
{
	struct mm_tlb *tlb = machine->tlb;
	struct mm_tlb_space *from, *to, *root;

	if (parent == 0 || child == 0 || parent >= tlb->nr_spaces || child >= tlb->nr_spaces)
		return;
	from = &tlb->spaces[parent];
	to = &tlb->spaces[child];
	if (from->family == 0) {
		from->family = parent;
		from->member = 0;
		from->nr_members = 1;
	}
	root = &tlb->spaces[from->family];
	to->born = ++tlb->nr_forks;
	/* Of a family whose first member has ended, or that is too large, no more is known. */
	if (root->family != from->family || root->nr_members >= MM_TLB_FAMILY)
		return;
	to->family = from->family;
	to->member = root->nr_members++;
	to->parent = parent;
}

void mm_tlb_space_end(struct mm_machine *machine, uint32_t space)
{
	struct mm_tlb *tlb = machine->tlb;

	/* CPUs go from the dead one to another without a flush of their own. */
	for (uint32_t i = 0; i < machine->nr_cpus && tlb->spaces[space].nr_loaded > 0; i++)
		if (tlb->cpus[i].loaded == space)
			unload(tlb, &tlb->cpus[i]);
	for (uint32_t i = 1; i < tlb->nr_spaces && tlb->spaces[space].family != 0; i++) {
		if (tlb->spaces[i].parent == space)
			tlb->spaces[i].parent = 0;
		if (tlb->spaces[i].family == space)
			tlb->spaces[i].family = 0;
	}
	tlb->spaces[space] = (struct mm_tlb_space){ 0 };
}

/* The space that used it first, if it is there still: its number may be another's. */
static uint32_t mapper_of(const struct mm_tlb *tlb, uint32_t page)
{
	uint32_t space = page < tlb->nr_pages ? tlb->pages[page].mapper : 0;

	return space < tlb->nr_spaces && tlb->spaces[space].context != 0 ? space : 0;
}

/* Whether a space has the page of another by fork, and not its own copy. */
static bool has_inherited(const struct mm_tlb *tlb, uint32_t space, uint32_t mapper,
                          const struct mm_tlb_page *page)
{
	const struct mm_tlb_space *s = &tlb->spaces[space];

	if (s->family != tlb->spaces[mapper].family || page->left & 1u << s->member)
		return false;
	while (s->parent != 0 && s->parent != mapper)
		s = &tlb->spaces[s->parent];
	return s->parent == mapper && s->born > page->born;
}

void mm_tlb_copied(struct mm_machine *machine, uint32_t source, uint32_t space)
{
	struct mm_tlb *tlb = machine->tlb;

	if (source < tlb->nr_pages && space < tlb->nr_spaces && tlb->spaces[space].family != 0)
		tlb->pages[source].left |= 1u << tlb->spaces[space].member;
}

void mm_tlb_forget(struct mm_machine *machine, uint32_t page, uint32_t order)
{
	for (uint32_t i = page; i < machine->tlb->nr_pages && i - page < 1u << order; i++)
		machine->tlb->pages[i].mapper = 0;
}

/* ---- batches of reclaim and migration ---- */

static void defer(struct mm_machine *machine, uint32_t space, bool dirty)
{
	struct mm_tlb *tlb = machine->tlb;

	tlb->spaces[space].gen++;
	tlb->spaces[space].batched = true;
	tlb->batch_pending = true;
	tlb->batch_writable |= dirty;
	for (uint32_t i = 0; i < machine->nr_cpus; i++)
		tlb->cpus[i].batched |= tlb->cpus[i].loaded == space;
}

static void unmap_from(struct mm_machine *machine, uint16_t cpu, uint32_t space,
                       enum mm_tlb_cause cause, bool may_defer, bool dirty)
{
	if (may_defer && is_elsewhere(machine->tlb, space, cpu))
		defer(machine, space, dirty);
	else
		mm_tlb_flush(machine, &(struct mm_tlb_flush){ .space = space,
		                                              .nr_pages = 1,
		                                              .cpu = cpu,
		                                              .shift = PAGE_SHIFT,
		                                              .cause = cause });
}

/* try_to_unmap() and try_to_migrate(): out of all page tables. */
static void unmap(struct mm_machine *machine, uint16_t cpu, uint32_t page, bool dirty,
                  enum mm_tlb_cause cause, bool may_defer)
{
	const struct mm_tlb *tlb = machine->tlb;
	uint32_t mapper = mapper_of(tlb, page), family;

	if (mapper == 0)
		return;
	cpu = (uint16_t)(cpu % machine->nr_cpus);
	family = tlb->spaces[mapper].family;
	if (family == 0 || !(tlb->pages[page].left & 1u << tlb->spaces[mapper].member))
		unmap_from(machine, cpu, mapper, cause, may_defer, dirty);
	if (family == 0 || tlb->spaces[family].nr_members < 2)
		return;
	for (uint32_t space = 1; space < tlb->nr_spaces; space++)
		if (space != mapper && has_inherited(tlb, space, mapper, &tlb->pages[page]))
			unmap_from(machine, cpu, space, cause, may_defer, dirty);
}

void mm_tlb_unmap(struct mm_machine *machine, uint16_t cpu, uint32_t page, bool dirty)
{
	if (machine->tlb)
		unmap(machine, cpu, page, dirty, MM_TLB_RECLAIM, true);
}

void mm_tlb_migrate(struct mm_machine *machine, uint16_t cpu, uint32_t page, bool at_once)
{
	if (machine->tlb)
		unmap(machine, cpu, page, false, MM_TLB_MIGRATE, !at_once);
}

/* arch_tlbbatch_flush() */
static void flush_batch(struct mm_machine *machine, uint16_t cpu, enum mm_tlb_cause cause)
{
	const struct mm_tlb_flush flush = {
		.nr_pages = MM_TLB_ALL, .cpu = cpu, .shift = PAGE_SHIFT, .cause = cause
	};
	struct mm_tlb *tlb = machine->tlb;
	bool elsewhere = false;

	for (uint32_t i = 0; i < machine->nr_cpus; i++)
		elsewhere |= tlb->cpus[i].batched && i != cpu;
	if (elsewhere)
		count_ipi(tlb, &flush);
	for (uint32_t i = 0; i < machine->nr_cpus; i++) {
		bool batched = tlb->cpus[i].batched;

		tlb->cpus[i].batched = false;
		if (batched && (!elsewhere || !tlb->cpus[i].lazy))
			flush_cpu(machine, &flush, i, GEN_UNKNOWN);
	}
	tlb->batch_pending = false;
	tlb->batch_writable = false;
}

void mm_tlb_unmap_flush(struct mm_machine *machine, uint16_t cpu, bool dirty)
{
	const struct mm_tlb *tlb = machine->tlb;

	if (tlb && tlb->batch_pending && (!dirty || tlb->batch_writable))
		flush_batch(machine, (uint16_t)(cpu % machine->nr_cpus), MM_TLB_RECLAIM);
}

void mm_tlb_migrate_flush(struct mm_machine *machine, uint16_t cpu)
{
	if (machine->tlb && machine->tlb->batch_pending)
		flush_batch(machine, (uint16_t)(cpu % machine->nr_cpus), MM_TLB_MIGRATE);
}

/* ---- huge pages ---- */

void mm_tlb_split(struct mm_machine *machine, uint16_t cpu, uint32_t number)
{
	if (machine->tlb)
		mm_tlb_flush(machine,
		             &(struct mm_tlb_flush){ .space = mapper_of(machine->tlb, number),
		                                     .nr_pages = 1,
		                                     .cpu = cpu,
		                                     .shift = HUGE_SHIFT,
		                                     .cause = MM_TLB_HUGE });
}

/* pmdp_collapse_flush() flushes what the base pages were. */
void mm_tlb_collapse(struct mm_machine *machine, uint16_t cpu, uint32_t space)
{
	if (!machine->tlb)
		return;
	mm_tlb_run(machine, cpu, 0, 0);
	mm_tlb_flush(machine, &(struct mm_tlb_flush){ .space = space,
	                                              .nr_pages = MM_PAGEBLOCK_PAGES,
	                                              .cpu = cpu,
	                                              .shift = PAGE_SHIFT,
	                                              .cause = MM_TLB_HUGE });
}
