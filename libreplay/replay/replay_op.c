/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One demand op: what it means to the machine, and what it costs the task.
 */
#include "page_idle.h"
#include "replay_state.h"

#include "error_set.h"
#include "gfp.h"

/* How far ahead of all numbers seen so far a new one may be: they are promised to be dense. */
#define DENSE_SLACK (1u << 20)
#define MAX_PAGES   (1u << 28)

static bool has_page(uint8_t kind)
{
	return kind < DEMAND_TASK_START;
}

int replay_op_check(const struct replay *replay, const struct demand_op *op, struct mmr_error *err)
{
	if (op->kind < DEMAND_ANON_TOUCH || op->kind > DEMAND_FILE_AREA)
		return base_error(err, MMR_E_CORRUPT, "a demand op of unknown kind %u", op->kind);
	/* There it is an advice. */
	if (op->order > (op->kind == DEMAND_HUGE_RANGE ? DEMAND_ADVICE_EXEC + DEMAND_ADVICE_GONE
	                                               : MM_MAX_ORDER))
		return base_error(err, MMR_E_CORRUPT, "a demand op of order %u", op->order);
	if (op->task > replay->nr_tasks && op->task - replay->nr_tasks > DENSE_SLACK)
		return base_error(err, MMR_E_CORRUPT, "a demand op of task %u after %u tasks",
		                  op->task, replay->nr_tasks);
	if (!has_page(op->kind))
		return 0;
	if (op->page >= MAX_PAGES ||
	    (op->page > replay->nr_pages && op->page - replay->nr_pages > DENSE_SLACK))
		return base_error(err, MMR_E_CORRUPT, "a demand op of page %u after %u pages",
		                  op->page, replay->nr_pages);
	if ((op->kind == DEMAND_COW || op->kind == DEMAND_RENAME) && op->arg2 != DEMAND_NO_PAGE &&
	    (op->arg2 >= MAX_PAGES || op->arg2 > replay->nr_pages + DENSE_SLACK))
		return base_error(err, MMR_E_CORRUPT, "a copy of page %u", op->arg2);
	return 0;
}

static enum mm_lpage_kind lpage_kind(uint8_t kind)
{
	switch (kind) {
	case DEMAND_FILE_TOUCH:
		return MM_LPAGE_FILE;
	case DEMAND_SHMEM_TOUCH:
		return MM_LPAGE_SHMEM;
	case DEMAND_KERNEL_ALLOC:
		return MM_LPAGE_KERNEL;
	default:
		return MM_LPAGE_ANON;
	}
}

static uint32_t kernel_flags(const struct demand_op *op)
{
	if (op->arg & DEMAND_SLAB)
		return MM_TOUCH_SLAB;
	if (op->arg & DEMAND_HUGETLB)
		return op->arg & DEMAND_SURPLUS ? MM_TOUCH_HUGETLB_USED : MM_TOUCH_HUGETLB;
	return op->arg & DEMAND_PAGE_TABLE ? MM_TOUCH_TABLE : 0;
}

void replay_op_seed(struct replay *replay, const struct demand_op *op)
{
	enum mm_lpage_kind kind = lpage_kind(op->kind);
	int rc;

	if (mm_lpage_is_known(replay->machine, op->page)) {
		replay->stats.nr_mismatched++;
		return;
	}
	if (op->arg & DEMAND_SWAPPED)
		rc = mm_seed_swapped(replay->machine, op->page, kind);
	else
		rc = mm_seed_page(replay->machine, op->page, kind, op->arg2, op->order);
	if (rc >= 0 && kind == MM_LPAGE_KERNEL)
		mm_seed_kmem(replay->machine, op->page, kernel_flags(op));
	if (rc >= 0 && (op->arg & DEMAND_LOCKED))
		mm_lock_page(replay->machine, op->page, true);
	if (rc >= 0 && kind != MM_LPAGE_KERNEL && (op->arg & (DEMAND_ACTIVE | DEMAND_REFERENCED)))
		mm_seed_use(replay->machine, op->page, op->arg & DEMAND_ACTIVE,
		            op->arg & DEMAND_REFERENCED);
	if (rc < 0)
		replay->stats.nr_unplaced++;
	else if (rc == 1)
		replay->stats.nr_placed++;
	else
		replay->stats.nr_moved++;
}

static uint32_t touch_flags(const struct replay *replay, const struct demand_op *op)
{
	uint32_t flags = 0;

	if (op->kind == DEMAND_KERNEL_ALLOC)
		return kernel_flags(op);
	if (op->arg & DEMAND_WRITE)
		flags |= MM_TOUCH_WRITE;
	else if (op->kind == DEMAND_FILE_TOUCH)
		flags |= MM_TOUCH_BACKED;
	if (op->arg & DEMAND_MAPPED)
		flags |= MM_TOUCH_FAULT;
	if (op->arg & DEMAND_FAULTED)
		flags |= MM_TOUCH_FAULTED;
	if (op->arg & DEMAND_EXEC)
		flags |= MM_TOUCH_EXEC;
	if (op->arg & DEMAND_BESIDE)
		flags |= MM_TOUCH_BESIDE;
	if ((op->arg & DEMAND_READAHEAD) && op->arg >> DEMAND_FILE_SHIFT)
		flags |= MM_TOUCH_IN_FAULT;
	if (op->kind == DEMAND_ANON_TOUCH && (op->arg & DEMAND_HANDED))
		flags |= MM_TOUCH_HANDED;
	if (op->arg & DEMAND_AGAIN)
		flags |= MM_TOUCH_UNUSED;
	if ((op->arg & DEMAND_INSERT) &&
	    (replay->traces_reads || (op->arg & (DEMAND_READAHEAD | DEMAND_WRITE))))
		flags |= MM_TOUCH_UNUSED;
	return flags;
}

/* The original asked for a huge page first: the flags are those of that request. */
static uint32_t gfp_of(const struct demand_op *op)
{
	if (op->gfp_flags != 0 && !demand_tried_huge(op))
		return op->gfp_flags;
	return op->kind == DEMAND_KERNEL_ALLOC ? MM_GFP_KERNEL : MM_GFP_HIGHUSER_MOVABLE;
}

static enum mm_advice advice_of(const struct demand_op *op)
{
	if (!(op->arg & DEMAND_ADMITS))
		return MM_ADVICE_NOHUGE;
	return op->arg & DEMAND_ADVISED ? MM_ADVICE_HUGE : MM_ADVICE_NONE;
}

/*
 * Folios of other orders: as the settings have it, where the mapping has room for them; where its extent is not known it has
 * for those that the original has there.
 */
static void ask_for_folio(const struct replay *replay, const struct demand_op *op,
                          struct mm_request *request)
{
	const struct mm_settings *settings = &replay->thp_settings;
	uint32_t room = op->arg & DEMAND_HUGE ? MM_PAGEBLOCK_ORDER : demand_room_order(op->arg);
	enum mm_advice advice = room ? advice_of(op) : MM_ADVICE_HUGE;
	uint32_t orders = mm_folio_orders(settings, advice);

	if (room < op->order)
		room = op->order;
	orders &= (2u << room) - 2;
	request->folio_orders = (uint16_t)orders;
	request->folio_gfp = mm_huge_gfp(settings, advice);
	if (op->order > 0 && op->order < MM_PAGEBLOCK_ORDER) {
		if (!replay->thp_set && op->gfp_flags != 0)
			request->folio_gfp = op->gfp_flags;
		request->pieces = orders == 0;
	}
}

/* Of base pages: of others the original has found no zero pages. */
static bool has_zero_pages(const struct replay *replay, const struct demand_op *op, uint32_t space)
{
	return op->order == 0 && replay->tunables.value[REPLAY_TUNABLE_KERNEL] < MM_KERNEL(6, 13) &&
	       mm_huge_zero_maps(replay->machine, space, op->arg2 >> MM_PAGEBLOCK_ORDER);
}

/* Of a file of tmpfs, by a system call: as the original asked, unless the user has other settings. */
static void ask_for_written(const struct replay *replay, const struct demand_op *op,
                            struct mm_request *request)
{
	const struct mm_settings *settings = &replay->thp_settings;
	bool set = replay->tmpfs_set, huge = op->order == MM_PAGEBLOCK_ORDER;
	uint32_t gfp_flags = mm_huge_gfp(settings, MM_ADVICE_NONE);

	if (set ? !mm_shmem_file_huge(settings, op->arg & DEMAND_WITHIN)
	        : !huge && !demand_tried_huge(op)) {
		request->pieces = set;
		return;
	}
	if (!set && !replay->thp_set && op->gfp_flags != 0)
		gfp_flags = op->gfp_flags;
	if (huge)
		request->gfp_flags = gfp_flags;
	else if (op->order == 0 && op->arg & DEMAND_HUGE)
		request->huge_gfp = gfp_flags;
}

/*
 * Shared memory: huge pages as the original asked for them, unless the user has other settings; smaller folios as the settings have
 * it.
 */
static void ask_for_shared(const struct replay *replay, const struct demand_op *op,
                           struct mm_request *request)
{
	const struct mm_settings *settings = &replay->thp_settings;
	const uint32_t huge = 1u << MM_PAGEBLOCK_ORDER;
	bool placed = op->arg & DEMAND_MAPPED, has_room = op->arg & DEMAND_HUGE;
	enum mm_advice advice = advice_of(op);
	uint32_t orders = placed ? mm_shmem_orders(settings, advice) : 0;
	uint32_t room = has_room ? MM_PAGEBLOCK_ORDER : demand_room_order(op->arg);
	uint32_t gfp_flags = mm_huge_gfp(settings, advice);

	if (op->arg & DEMAND_RESIDENT)
		return;
	if (!placed) {
		ask_for_written(replay, op, request);
		return;
	}
	if (!replay->shmem_set)
		orders = (orders & ~huge) |
		         (op->order == MM_PAGEBLOCK_ORDER || demand_tried_huge(op) ? huge : 0);
	if (op->gfp_flags != 0 && !replay->thp_set && !replay->shmem_set &&
	    (op->order > 0 || demand_tried_huge(op)))
		gfp_flags = op->gfp_flags;
	if (room < op->order)
		room = op->order;
	orders &= (2u << room) - 2;
	request->folio_orders = (uint16_t)(orders & ~huge);
	request->folio_gfp = gfp_flags;
	if (op->order == MM_PAGEBLOCK_ORDER && (orders & huge))
		request->gfp_flags = gfp_flags;
	else if (orders & huge)
		request->huge_gfp = gfp_flags;
	request->pieces =
		op->order > 0 && !(orders & (op->order == MM_PAGEBLOCK_ORDER ? huge : ~huge));
}

/* Huge pages: as the original asked for them, unless the user has other settings. */
static void ask_for_huge(const struct replay *replay, const struct demand_op *op,
                         struct mm_request *request)
{
	struct mm_settings settings;
	uint32_t gfp_flags = 0;

	if (op->kind == DEMAND_SHMEM_TOUCH)
		ask_for_shared(replay, op, request);
	if (op->kind != DEMAND_ANON_TOUCH)
		return;
	if ((op->arg & DEMAND_HUGE) && has_zero_pages(replay, op, request->space))
		return;
	if (replay->has_folios)
		ask_for_folio(replay, op, request);
	if (!(op->arg & DEMAND_HUGE))
		return;
	if (!replay->thp_set) {
		request->huge_gfp = demand_tried_huge(op) ? op->gfp_flags : 0;
		return;
	}
	settings = (struct mm_settings){
		.thp_enabled = (uint8_t)replay->tunables.value[REPLAY_TUNABLE_THP_ENABLED],
		.thp_defrag = (uint8_t)replay->tunables.value[REPLAY_TUNABLE_THP_DEFRAG],
	};
	if (mm_huge_admits(&settings, advice_of(op)))
		gfp_flags = mm_huge_gfp(&settings, advice_of(op));
	if (op->order == 0)
		request->huge_gfp = gfp_flags;
	else if (gfp_flags != 0)
		request->gfp_flags = gfp_flags;
	else
		request->pieces = true;
}

/* A CPU runs a task again, which was not the last one that it ran. */
static void runs(struct replay *replay, const struct demand_op *op, uint32_t space)
{
	uint32_t *running = &replay->running[op->cpu % REPLAY_RUNNING];

	if (*running != space)
		mm_space_switched(replay->machine, space);
	*running = space;
}

/* It has waited for its device, and was switched to when that was done. */
static void slept(struct replay *replay, const struct demand_op *op)
{
	mm_space_switched(replay->machine, replay_oom_space(replay, op->task));
	if (replay->knows_tlb)
		mm_tlb_run(replay->machine, op->cpu, 0,
		           0); /* idle, until there is a sign of it again */
}

/* What the task had to wait for, and how the fault counts. */
static void charge(struct replay *replay, const struct demand_op *op, enum mm_touch_result result)
{
	struct replay_task_stat *stat = &replay->tasks.items[op->task];

	bool fault = op->kind != DEMAND_SHMEM_TOUCH || (op->arg & DEMAND_MAPPED);

	stat->stalled_ns += replay->worker->slept_ns;
	switch (result) {
	case MM_TOUCH_NEW:
		if (op->kind != DEMAND_KERNEL_ALLOC && op->kind != DEMAND_FILE_TOUCH && fault)
			stat->nr_faults[op->kind == DEMAND_COW ? REPLAY_FAULT_COW
			                                       : REPLAY_FAULT_ANON]++;
		break;
	case MM_TOUCH_SWAPIN:
		stat->nr_faults[REPLAY_FAULT_SWAPIN] += fault;
		if (mm_is_zero_filled(replay->machine, op->page))
			break;
		slept(replay, op);
		stat->stalled_ns += replay->cost.swap_read_ns;
		break;
	case MM_TOUCH_READ:
		slept(replay, op);
		stat->nr_faults[REPLAY_FAULT_FILE]++;
		if (!(op->arg & DEMAND_READAHEAD))
			stat->stalled_ns += replay->cost.file_read_ns;
		break;
	case MM_TOUCH_INVALID:
		replay->stats.nr_mismatched++;
		break;
	case MM_TOUCH_HIT:
	case MM_TOUCH_MINOR:
	case MM_TOUCH_FAILED:
		break;
	}
}

/* A page that nobody knew of is read from swap: it was there before the trace. */
static void learn_swapped(struct replay *replay, const struct demand_op *op)
{
	bool swappable = op->kind == DEMAND_ANON_TOUCH || op->kind == DEMAND_SHMEM_TOUCH;

	if (swappable && (op->arg & DEMAND_REFAULT) && op->order == 0 &&
	    !mm_lpage_is_known(replay->machine, op->page) &&
	    mm_seed_swapped(replay->machine, op->page, lpage_kind(op->kind)) < 0)
		replay->stats.nr_unplaced++;
}

static void note_stall(const struct replay *replay, const struct demand_op *op,
                       enum replay_reclaim_kind kind, uint64_t begin_ns, uint64_t ns)
{
	const struct replay_reclaim stall = {
		.begin_ns = begin_ns,
		.end_ns = begin_ns + ns,
		.task = op->task,
		.gfp_flags = op->gfp_flags,
		.kind = (uint8_t)kind,
	};

	if (replay->hooks.reclaim)
		replay->hooks.reclaim(replay->hooks.data, &stall);
}

/* Nothing else depends on the pause: the devices do not run ahead of the others' demand for its sake. */
static void balance_dirty(struct replay *replay, const struct demand_op *op)
{
	uint32_t nr = mm_current(replay->machine)->nr_dirtied;
	uint64_t pause_ns;

	if (nr == 0)
		return;
	pause_ns = mm_balance_dirty_pages(replay->machine, &replay->dirtiers.items[op->task], nr);
	if (pause_ns == 0)
		return;
	replay->tasks.items[op->task].stalled_ns += pause_ns;
	note_stall(replay, op, REPLAY_RECLAIM_DIRTY, replay->now_ns, pause_ns);
}

/* Who truncates a page waits until it has been written (truncate_inode_pages_range()). */
static void wait_written(struct replay *replay, const struct demand_op *op)
{
	uint64_t begin_ns = replay->now_ns;

	if (!mm_lpage_is_written(replay->machine, op->page))
		return;
	replay_simtime_writes(replay);
	while (mm_lpage_is_written(replay->machine, op->page)) {
		uint64_t end_ns = replay->write_done_ns[MM_WRITE_FILE];

		replay_sleep(replay, end_ns > replay->now_ns ? end_ns - replay->now_ns : 1);
	}
	if (op->task < replay->nr_tasks)
		replay->tasks.items[op->task].stalled_ns += replay->worker->slept_ns;
	note_stall(replay, op, REPLAY_RECLAIM_WRITTEN, begin_ns, replay->now_ns - begin_ns);
}

static void learn_shrinker(struct mm_machine *machine, const struct demand_op *op)
{
	const struct mm_shrinker_sample sample = { .nr_scanned = op->arg2,
		                                   .nr_freed = op->arg >> 8,
		                                   .nr_pages = op->gfp_flags,
		                                   .large_batch = op->order == 1 };

	if (op->kind == DEMAND_CACHE_GROWS) {
		mm_shrinker_grow(machine, op->arg, op->order, op->gfp_flags, (int32_t)op->arg2);
		return;
	}
	mm_shrinker_learn(machine, op->arg & 255, &sample);
}

static void change_cache(struct mm_machine *machine, const struct demand_op *op)
{
	if (op->kind == DEMAND_CACHE_GROWS)
		mm_shrinker_grow(machine, op->arg, op->order, op->gfp_flags, (int32_t)op->arg2);
	else
		learn_shrinker(machine, op);
}

static void put_into_area(struct replay *replay, const struct demand_op *op, uint32_t space)
{
	uint32_t area = replay_mappings_area(replay, op);

	for (uint32_t i = 0; area != 0 && i < 1u << op->order; i++)
		mm_set_area(replay->machine, op->page + i, space, area);
}

/* Where the page is in its page table; a copy is where the page is that it was made from. */
static void place(struct replay *replay, const struct demand_op *op,
                  const struct mm_request *request)
{
	uint32_t space = request->space;
	bool copy = op->kind == DEMAND_COW;

	if (replay->knows_areas && (copy || op->kind == DEMAND_ANON_TOUCH))
		put_into_area(replay, op, space);
	if (space == 0 || op->arg2 == 0 || !mm_lpage_is_known(replay->machine, op->page))
		return;
	if (op->kind == DEMAND_SHMEM_TOUCH) {
		if (op->arg & DEMAND_HUGE)
			mm_shmem_place(replay->machine, op->page, space,
			               op->arg2 >> MM_PAGEBLOCK_ORDER);
		return;
	}
	if (replay->ksmd.all && !copy)
		replay_ksm_placed(replay, request, op->arg2);
	if ((op->arg & DEMAND_HUGE) && !copy)
		mm_place_huge(replay->machine, op->page, space, op->arg2 >> MM_PAGEBLOCK_ORDER);
	/* Parts of a larger page have places by number. */
	if (mm_lpage_is_part(replay->machine, op->page))
		return;
	if (copy && op->arg2 != DEMAND_NO_PAGE)
		mm_place_copy(replay->machine, op->page, space, op->arg2);
	else if (op->kind == DEMAND_ANON_TOUCH)
		mm_place_lpage(replay->machine, op->page, space, op->arg2);
}

/* Where the page is in its file; what a fault allocates alone, it does not read around. */
static void place_in_file(struct replay *replay, const struct demand_op *op)
{
	uint32_t file = op->arg >> DEMAND_FILE_SHIFT;

	if (file == 0 || (op->arg & DEMAND_RESIDENT))
		return;
	mm_place_file_page(replay->machine, op->page, (uint16_t)(file - 1), op->arg2);
	if ((op->arg & DEMAND_INSERT) && op->gfp_flags != 0)
		mm_set_read_around(replay->machine, (uint16_t)(file - 1),
		                   op->gfp_flags & MM_GFP_NORETRY);
}

/* Read with the page of a fault that misses nothing here. */
static bool is_not_read(const struct replay *replay, const struct demand_op *op)
{
	return (op->arg & DEMAND_READAHEAD) && op->arg >> DEMAND_FILE_SHIFT &&
	       !replay->tasks.items[op->task].missed;
}

/* Had and given back, unless nobody is to have any. */
static void ask_in_vain(struct replay *replay, const struct demand_op *op,
                        const struct mm_request *request)
{
	enum mm_touch_result result;

	if (replay->thp_set && replay->thp_settings.thp_enabled == MM_THP_NEVER)
		return;
	result = mm_touch_page(replay->machine, request, op->page, MM_LPAGE_KERNEL, 0);
	mm_count_fallback(replay->machine, result == MM_TOUCH_NEW);
}

static void touch(struct replay *replay, const struct demand_op *op,
                  const struct mm_request *request)
{
	if (op->kind == DEMAND_FILE_TOUCH) {
		place_in_file(replay, op);
		if (is_not_read(replay, op))
			return;
	}
	if (op->kind == DEMAND_FILE_TOUCH && (op->arg & DEMAND_AROUND)) {
		mm_map_along(replay->machine, op->page, touch_flags(replay, op));
		return;
	}
	if (op->kind == DEMAND_KERNEL_ALLOC && (op->arg & DEMAND_UNCHARGED)) {
		ask_in_vain(replay, op, request);
		return;
	}
	if (replay_table_is_there(replay, op)) {
		replay_oom_own(replay, op);
		return;
	}
	if (op->kind == DEMAND_KERNEL_ALLOC && (op->arg & DEMAND_HUGETLB)) {
		charge(replay, op, replay_hugetlb_page(replay, op, request));
		return;
	}
	charge(replay, op,
	       mm_touch_page(replay->machine, request, op->page, lpage_kind(op->kind),
	                     touch_flags(replay, op)));
	replay_oom_own(replay, op);
	place(replay, op, request);
}

/* Here it is part of a huge page, which stays its owner's: what the others keep of it is a page of its own then. */
static bool is_left_behind(const struct mm_machine *machine, const struct demand_op *op)
{
	return op->arg2 != DEMAND_NO_PAGE && mm_lpage_is_part(machine, op->page) &&
	       !mm_lpage_is_known(machine, op->arg2);
}

static void copy(struct replay *replay, const struct demand_op *op,
                 const struct mm_request *request)
{
	struct mm_machine *machine = replay->machine;

	if (op->arg2 == DEMAND_NO_PAGE || is_left_behind(machine, op))
		charge(replay, op,
		       mm_touch_page(machine, request,
		                     op->arg2 == DEMAND_NO_PAGE ? op->page : op->arg2,
		                     MM_LPAGE_ANON, MM_TOUCH_WRITE));
	else
		charge(replay, op,
		       mm_copy_page(machine, request, op->page, op->arg2,
		                    op->arg & DEMAND_LEAVES ? MM_TOUCH_LEAVES : 0));
	replay_oom_own(replay, op);
	place(replay, op, request);
}

static void use_again(struct replay *replay, const struct demand_op *op,
                      const struct mm_request *request)
{
	struct mm_machine *machine = replay->machine;

	if (mm_lpage_is_known(machine, op->page))
		charge(replay, op,
		       op->arg & DEMAND_TWICE ? mm_activate_page(machine, request, op->page)
		                              : mm_access_page(machine, request, op->page));
}

/* Whoever gave back a part of a huge page of shared memory goes on to use something: that was all of it. */
static void settle_punched(struct replay *replay, const struct demand_op *op)
{
	bool uses = op->kind <= DEMAND_SHMEM_TOUCH || op->kind == DEMAND_COW ||
	            op->kind == DEMAND_PAGE_FAULT;

	if (op->task == 0 || op->task != replay->punch_task || !uses)
		return;
	mm_shmem_settle(replay->machine);
	replay->punched = false;
}

static void end_page(struct replay *replay, const struct demand_op *op)
{
	struct mm_machine *machine = replay->machine;

	if (op->kind == DEMAND_SLAB_FREE) {
		mm_detach_slab(machine, op->cpu, op->page);
		return;
	}
	wait_written(replay, op);
	if (mm_free_base(machine, op->cpu, op->page, op->arg & DEMAND_HUGE ? op->order : 0)) {
		replay->punched = mm_shmem_punched(machine) != MM_NONE;
		replay->punch_task = op->task;
		return;
	}
	if (replay->stats.nr_kills > 0 || replay->stats.nr_refused > 0 || replay->hugetlb_set ||
	    replay->zram || mm_slab_freed(machine) > 0)
		replay->stats.nr_dropped++;
	else
		replay->stats.nr_unknown_free++;
}

/* Of no page. */
static void attempt(struct replay *replay, const struct demand_op *op,
                    const struct mm_request *request)
{
	uint32_t area = op->arg2 >> MM_PAGEBLOCK_ORDER, nr = 1 + (op->arg >> DEMAND_FAULTS_SHIFT);

	if (op->kind == DEMAND_HUGETLB_FAIL) {
		replay_hugetlb_failed(replay, request);
		return;
	}
	if (op->kind == DEMAND_CMA_ALLOC || op->kind == DEMAND_CMA_RELEASE) {
		replay_cma_op(replay, op);
		return;
	}
	if (op->kind == DEMAND_DROP_CACHES) {
		mm_drop_caches(replay->machine, op->cpu, op->arg);
		return;
	}
	if (op->kind == DEMAND_IDLE_MARK) {
		if (replay->marks_idle)
			mm_page_idle_mark(replay->machine);
		return;
	}
	if (op->kind == DEMAND_COLLAPSE) {
		replay->stats.nr_collapse_calls++;
		replay->stats.nr_collapse_failed +=
			mm_madvise_collapse(replay->machine, request, op->arg, op->arg2) != 0;
		return;
	}
	if ((op->arg & DEMAND_HUGE) && replay->tunables.value[REPLAY_TUNABLE_USE_ZERO_PAGE] > 0 &&
	    mm_huge_admits(&replay->thp_settings, advice_of(op))) {
		mm_read_huge_area(replay->machine, request, area);
		if (mm_huge_zero_maps(replay->machine, request->space, area))
			nr = 1;
	}
	mm_count_faults(replay->machine, nr);
}

/* madvise() of a page that there is. */
static void advise(struct replay *replay, const struct demand_op *op,
                   const struct mm_request *request)
{
	if (op->kind == DEMAND_COLD)
		replay_cold_op(replay, op, request);
	else if (op->kind == DEMAND_WILLNEED)
		mm_madvise_willneed(replay->machine, request, op->page, op->arg & DEMAND_MORE);
	else
		mm_lazyfree_page(replay->machine, op->cpu, op->page);
}

/* Where huge pages can be; pages of a file lie there. */
static void map_areas(struct mm_machine *machine, const struct demand_op *op, uint32_t space)
{
	if (op->kind == DEMAND_FILE_AREA) {
		mm_file_thp_place(machine, op->arg2, space, op->arg, op->gfp_flags);
		return;
	}
	if (op->gfp_flags & DEMAND_UNMAPS)
		mm_file_thp_unmap(machine, space, op->arg, op->arg2);
	mm_set_huge_range(machine, space, op->arg, op->arg2, (enum mm_advice)op->order);
}

static bool is_missing(const struct replay *replay, uint32_t page)
{
	return page >= replay->nr_pages || (!mm_lpage_is_present(replay->machine, page) &&
	                                    !mm_lpage_is_part(replay->machine, page));
}

static void run(struct replay *replay, const struct demand_op *op)
{
	struct mm_machine *machine = replay->machine;
	struct mm_request request = {
		.gfp_flags = gfp_of(op),
		.task = op->task,
		.space = replay_oom_space(replay, op->task),
		.cpu = op->cpu,
		.order = op->order,
	};

	/* zram's memory goes with what is swapped out here, not there. */
	if (replay->zram && op->kind == DEMAND_KERNEL_ALLOC && (op->arg & DEMAND_ZSPAGE))
		return;
	if (replay_oom_drops(replay, op) || replay_mappings_drop(replay, op)) {
		replay->stats.nr_dropped++;
		return;
	}
	replay->cpu = (uint16_t)(op->cpu % replay->nr_cpus);
	ask_for_huge(replay, op, &request);
	replay_table_ask(replay, op, &request);
	learn_swapped(replay, op);
	runs(replay, op, request.space);
	switch ((enum demand_kind)op->kind) {
	case DEMAND_ANON_TOUCH:
	case DEMAND_FILE_TOUCH:
	case DEMAND_SHMEM_TOUCH:
	case DEMAND_KERNEL_ALLOC:
		touch(replay, op, &request);
		break;
	case DEMAND_COW:
		copy(replay, op, &request);
		break;
	case DEMAND_ACCESS:
		use_again(replay, op, &request);
		break;
	case DEMAND_FREE:
	case DEMAND_SLAB_FREE:
		end_page(replay, op);
		break;
	case DEMAND_LAZYFREE:
	case DEMAND_COLD:
	case DEMAND_WILLNEED:
		advise(replay, op, &request);
		break;
	case DEMAND_RENAME:
		if (op->arg2 != DEMAND_NO_PAGE)
			mm_rename_page(machine, op->arg2, op->page);
		break;
	case DEMAND_DIRTY:
		mm_dirty_page(machine, op->page);
		break;
	case DEMAND_UNMAPPED:
		mm_unmap_page(machine, op->page, op->arg == 1);
		break;
	case DEMAND_MLOCK:
	case DEMAND_MUNLOCK:
		mm_lock_page(machine, op->page, op->kind == DEMAND_MLOCK);
		break;
	case DEMAND_CACHE_GROWS:
	case DEMAND_CACHE_SHRUNK:
		change_cache(machine, op);
		break;
	case DEMAND_HUGE_RANGE:
	case DEMAND_FILE_AREA:
		map_areas(machine, op, request.space);
		break;
	case DEMAND_OOM:
		replay_oom_beyond(replay, op);
		break;
	case DEMAND_IDLE_MARK:
	case DEMAND_COLLAPSE:
	case DEMAND_PAGE_FAULT:
	case DEMAND_HUGETLB_FAIL:
	case DEMAND_DROP_CACHES:
	case DEMAND_CMA_ALLOC:
	case DEMAND_CMA_RELEASE:
		attempt(replay, op, &request);
		break;
	case DEMAND_FILE_FAULT:
		replay->tasks.items[op->task].missed = is_missing(replay, op->arg);
		break;
	case DEMAND_KSM_RANGE:
	case DEMAND_CONTENT:
		replay_ksm_op(replay, op, &request);
		break;
	case DEMAND_TLB:
	case DEMAND_TASK_START:
	case DEMAND_TASK_EXIT:
	case DEMAND_TASK_SPACE:
	case DEMAND_TASK_ADJ:
	case DEMAND_TASK_RSS:
	case DEMAND_TASK_FILES:
	case DEMAND_TASK_LEAVES:
	case DEMAND_MAP:
	case DEMAND_UNMAP:
	case DEMAND_EVICTED:
		break;
	}
	balance_dirty(replay, op);
	replay_simtime_writes(replay);
}

void replay_op_run(struct replay *replay, const struct demand_op *op)
{
	if ((op->arg & DEMAND_VOID) && op->kind <= DEMAND_SHMEM_TOUCH)
		return;
	if (replay->punched)
		settle_punched(replay, op);
	if (replay->knows_tlb)
		replay_tlb_before(replay, op, replay_oom_space(replay, op->task));
	run(replay, op);
	if (replay->knows_tlb)
		replay_tlb_after(replay, op, replay_oom_space(replay, op->task));
}
