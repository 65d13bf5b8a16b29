// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The page cache: which file and index a page is of, and the filemap events.
 *
 * A page is named by the mm_filemap_add_to_page_cache that follows its allocation, and keeps its
 * number while the original has reclaimed it, so that reading it again is a touch of the same page.
 * It ends when mm_filemap_delete_from_page_cache comes outside reclaim, or when four times the memory
 * has been reclaimed since. Follows __filemap_add_folio(),
 * __filemap_remove_folio() and filemap_get_pages(), v6.12.
 *
 * Not modelled: which page of a range a fault that was served by fault-around accessed is taken from
 * the address's place within 16 pages, as do_fault_around() aligns; at the border of a mapping it may
 * be another page of the range.
 */
#include "wl_fault.h"

/* Pages of one filemap_get_pages(): a folio batch (31 since v6.10, 15 before). */
#define READ_BATCH 31u

#define FAULT_AROUND      16
#define FAULT_AROUND_MOST 512 /* fault_around_bytes of a whole page table */

#define FAULT_INSTRUCTION 16u /* in x86's page-fault error code */

/* Pages of files that are remembered while the original has them out: times the page frames, plus. */
#define OUT_TIMES_MEMORY 4
#define OUT_AT_LEAST     4096

static uint32_t *file_chain(const struct wl *wl, uint32_t dev, uint64_t ino, uint32_t high)
{
	return &wl->file_hash
	                .heads[wl_hash_key(ino, dev | (uint64_t)high << 32) & wl->file_hash.mask];
}

uint32_t wl_file_find(const struct wl *wl, uint32_t dev, uint64_t ino, uint64_t index)
{
	uint32_t high = (uint32_t)(index >> 32), i;

	if (!wl->file_hash.heads)
		return WL_NONE;
	i = *file_chain(wl, dev, ino, high);
	while (i != WL_NONE && (wl->files.items[i].ino != ino || wl->files.items[i].dev != dev ||
	                        wl->files.items[i].high != high))
		i = wl->files.items[i].next;
	return i;
}

static void file_hash_in(struct wl *wl, uint32_t i)
{
	struct wl_file *f = &wl->files.items[i];
	uint32_t *head = file_chain(wl, f->dev, f->ino, f->high);

	f->next = *head;
	*head = i;
}

static void note_dev(struct wl *wl, uint32_t dev)
{
	for (uint32_t i = 0; i < wl->nr_devs; i++)
		if (wl->devs[i] == dev)
			return;
	if (wl->nr_devs < WL_MAX_DEVS)
		wl->devs[wl->nr_devs++] = dev;
}

/* The entry of a file, made if it is new. */
static uint32_t file_get(struct wl *wl, uint32_t dev, uint64_t ino, uint64_t index)
{
	uint32_t i = wl_file_find(wl, dev, ino, index);
	bool rehash;

	if (i != WL_NONE)
		return i;
	i = wl->free_file;
	if (i != WL_NONE) {
		wl->free_file = wl->files.items[i].next;
	} else {
		if (wl_file_vec_push(&wl->files, (struct wl_file){ 0 }) < 0) {
			wl->nomem = true;
			return WL_NONE;
		}
		i = (uint32_t)(wl->files.count - 1);
	}
	rehash = wl_hash_grow(wl, &wl->file_hash);
	wl->files.items[i] =
		(struct wl_file){ .dev = dev, .ino = ino, .high = (uint32_t)(index >> 32) };
	if (wl->nomem) {
		wl->files.items[i].next = wl->free_file;
		wl->free_file = i;
		return WL_NONE;
	}
	note_dev(wl, dev);
	if (!rehash) {
		file_hash_in(wl, i);
		return i;
	}
	for (uint32_t f = 0; f < wl->files.count; f++)
		if (wl->files.items[f].nr_pages || f == i)
			file_hash_in(wl, f);
	return i;
}

static void file_put(struct wl *wl, uint32_t i)
{
	const struct wl_file *f = &wl->files.items[i];
	uint32_t *link;

	link = file_chain(wl, f->dev, f->ino, f->high);
	while (*link != i)
		link = &wl->files.items[*link].next;
	*link = f->next;
	wl->file_hash.count--;
	wl->files.items[i].next = wl->free_file;
	wl->free_file = i;
}

static uint32_t *chain_of(const struct wl *wl, uint32_t file, uint32_t index)
{
	return &wl->file_page_hash.heads[wl_hash_near(index, file) & wl->file_page_hash.mask];
}

uint32_t wl_file_page(struct wl *wl, uint32_t dev, uint64_t ino, uint64_t index)
{
	uint32_t file = wl_file_find(wl, dev, ino, index);
	uint32_t page;

	if (file == WL_NONE || !wl->file_page_hash.heads)
		return WL_NONE;
	page = *chain_of(wl, file, (uint32_t)index);
	while (page != WL_NONE && (wl->pages.items[page].file != file ||
	                           wl->pages.items[page].index != (uint32_t)index))
		page = wl->pages.items[page].next;
	return page;
}

void wl_file_unname(struct wl *wl, uint32_t page)
{
	struct wl_page *p = &wl->pages.items[page];
	uint32_t *link = chain_of(wl, p->file, p->index);

	while (*link != page)
		link = &wl->pages.items[*link].next;
	*link = p->next;
	p->next = WL_NONE;
	p->flags &= (uint8_t)~WL_PAGE_IN_HASH;
	wl->file_page_hash.count--;
	if (--wl->files.items[p->file].nr_pages == 0)
		file_put(wl, p->file);
}

void wl_file_renumber(struct wl *wl, uint32_t page, uint32_t number)
{
	struct wl_page *p = &wl->pages.items[page];
	uint32_t *link = chain_of(wl, p->file, p->index);

	while (*link != page)
		link = &wl->pages.items[*link].next;
	*link = number;
	wl_page_move(wl, page, number);
	if (p->flags & WL_PAGE_OUT && p->out_slot < wl->outs.count &&
	    wl->outs.items[p->out_slot] == page)
		wl->outs.items[p->out_slot] = number;
	*p = (struct wl_page){ .kind = WL_PAGE_NONE };
	wl_number_put(wl, page);
}

static void chain_in(struct wl *wl, uint32_t page)
{
	uint32_t *head = chain_of(wl, wl->pages.items[page].file, wl->pages.items[page].index);

	wl->pages.items[page].next = *head;
	*head = page;
}

/* Makes page the page of a file at an index; no other may be it. */
static void name_page(struct wl *wl, uint32_t page, const struct mmr_event *event, uint64_t index)
{
	uint32_t file = file_get(wl, event->filemap.dev, event->filemap.ino, index);
	struct wl_page *p = &wl->pages.items[page];

	if (file == WL_NONE)
		return;
	while (p->maps != WL_NONE)
		wl_map_remove(wl, p->maps);
	p->kind = WL_PAGE_FILE;
	p->file = file;
	p->index = (uint32_t)index;
	p->flags &= (uint8_t)~WL_PAGE_GUESS;
	wl->files.items[file].nr_pages++;
	if (wl_hash_grow(wl, &wl->file_page_hash)) {
		for (uint32_t i = 0; i < wl->pages.count; i++)
			if (wl->pages.items[i].flags & WL_PAGE_IN_HASH)
				chain_in(wl, i);
	}
	if (!wl->file_page_hash.heads) {
		wl->files.items[file].nr_pages--;
		return;
	}
	chain_in(wl, page);
	p->flags |= WL_PAGE_IN_HASH;
}

/* Where a page is in its file, for ops of mapped ones. */
uint32_t wl_file_flag(const struct wl *wl, uint32_t page)
{
	const struct wl_page *p = &wl->pages.items[page];

	return p->file < UINT32_MAX >> DEMAND_FILE_SHIFT ? (p->file + 1) << DEMAND_FILE_SHIFT : 0;
}

static uint32_t touch(struct wl *wl, uint32_t page, uint32_t flags)
{
	const struct wl_page *p = &wl->pages.items[page];

	return wl_emit(wl,
	               (struct demand_op){
			       .kind = DEMAND_FILE_TOUCH,
			       .page = page,
			       .arg = flags | (flags & DEMAND_MAPPED ? wl_file_flag(wl, page) : 0u),
			       .arg2 = p->index,
		       });
}

/* Of an access through a mapping: what the fault tells that is open, or that maps pages around although it is not. */
static uint32_t mapped_flags(const struct wl_task *t)
{
	const struct wl_fault *f = &t->fault;
	bool exec = (f->state != WL_STATE_NONE || f->around) && f->error_code & FAULT_INSTRUCTION;

	return DEMAND_MAPPED | (exec ? (uint32_t)DEMAND_EXEC : 0u);
}

/* Whether this is what the task's fault waits for. */
static bool is_wanted(const struct wl_task *t, const struct mmr_event *event, uint64_t index)
{
	return t->wants && t->want_ino == event->filemap.ino && t->want_index == index &&
	       t->want_dev == event->filemap.dev;
}

static uint32_t add_flags(const struct wl_task *t, const struct mmr_event *event, uint64_t index,
                          uint32_t gfp_flags)
{
	if (is_wanted(t, event, index))
		return DEMAND_INSERT | mapped_flags(t);
	return DEMAND_INSERT | (gfp_flags & WL_GFP_WRITE ? (uint32_t)DEMAND_WRITE : 0u) |
	       (gfp_flags & WL_GFP_NORETRY ? (uint32_t)DEMAND_READAHEAD : 0u);
}

/*
 * Whether a page that was known can take a new one's place in its op: nothing else has been said of
 * the new one, and the known one is older than the op.
 */
static bool can_replace(const struct wl_page *page, const struct wl_page *was,
                        const struct demand_op *op)
{
	return op->order == 0 && was->nr_ops == 1 && was->op - page->op < UINT32_MAX / 2 &&
	       was->op != page->op;
}

/*
 * Completes the op that brought the page frame's page to life; without one (the allocation was not
 * seen, or is long ago) the page is touched now. A large folio's op is its first page's, and brings
 * all of them to life.
 */
static void complete(struct wl *wl, uint32_t task, const struct mmr_event *event, uint64_t index,
                     const struct wl_page *was, uint32_t was_page, uint32_t page)
{
	uint32_t head = was_page & ~((1u << (event->filemap.order & 15)) - 1);
	struct demand_op *op = was ? wl_op_find(wl, was->op, was_page) : NULL;
	bool out = wl->pages.items[page].flags & WL_PAGE_OUT;
	const struct wl_task *t = &wl->tasks.items[task];
	uint32_t refault = out ? DEMAND_REFAULT : 0;

	if (was && !op)
		op = wl_op_find(wl, was->op, head);
	if (out && wl->started)
		wl_count(wl, WL_OP_REFAULT);
	if (is_wanted(t, event, index))
		wl->tasks.items[task].fault.told = true;
	if (op && (page == was_page || can_replace(&wl->pages.items[page], was, op))) {
		if (wl->started && op->kind == DEMAND_KERNEL_ALLOC) {
			wl->explain.counts[WL_OP_KERNEL]--;
			wl_count(wl, WL_OP_TOUCH);
		}
		op->kind = DEMAND_FILE_TOUCH;
		op->arg2 = (uint32_t)index;
		op->page = op->order ? head : page;
		op->arg = add_flags(t, event, index, op->gfp_flags) | refault;
		if (op->order == 0 &&
		    (op->arg & DEMAND_MAPPED || (t->fault.missed && op->arg & DEMAND_READAHEAD)))
			op->arg |= wl_file_flag(wl, page);
		wl->pages.items[page].op = was->op;
		return;
	}
	if (was && (page != was_page || was->kind == WL_PAGE_MOVABLE))
		wl_emit(wl, (struct demand_op){ .kind = DEMAND_FREE, .page = was_page });
	wl->pages.items[page].op = touch(wl, page, add_flags(t, event, index, 0) | refault);
}

/* Of kernels that do not tell what a fault waits for. */
static void note_wanted(struct wl *wl, uint32_t task, const struct mmr_event *event, uint64_t index,
                        const struct demand_op *op)
{
	struct wl_task *t = &wl->tasks.items[task];

	if (!op || !wl_fault_adds(wl, task, event, index, op->gfp_flags))
		return;
	wl_fault_served(t);
	t->wants = true;
	t->want_dev = event->filemap.dev;
	t->want_ino = event->filemap.ino;
	t->want_index = index;
}

/* Whether a page may turn out to be one of the page cache: it has just been allocated. */
static bool can_be_named(const struct wl_page *p)
{
	return p->kind == WL_PAGE_MOVABLE || (p->kind == WL_PAGE_ANON && p->nr_ops <= 1);
}

/* A page without a page frame that has a number of its area, if it is of one; or WL_NONE. op: that will bring it to life. */
static uint32_t new_in_area(struct wl *wl, const struct mmr_event *event, uint64_t index,
                            const struct demand_op *op)
{
	uint32_t number = wl_file_area_number(wl, event, index);

	if (number == WL_NONE)
		return WL_NONE;
	if (op && wl_ends_later(wl, op, number)) {
		wl_number_put(wl, number);
		return WL_NONE;
	}
	wl_page_init(wl, number, WL_PAGE_MOVABLE, WL_NONE);
	name_page(wl, number, event, index);
	return number;
}

static void add_page(struct wl *wl, uint32_t task, const struct mmr_event *event, uint64_t i)
{
	uint64_t pfn = event->filemap.pfn + i;
	uint64_t index = event->filemap.index + i;
	uint32_t page = wl_file_page(wl, event->filemap.dev, event->filemap.ino, index);
	uint32_t at = wl_page_at(wl, pfn);
	struct wl_page was;

	if (!wl_pfn_known(wl, pfn))
		return;
	wl_count(wl, WL_FILE_ADD);
	if (at != WL_NONE && wl->pages.items[at].kind == WL_PAGE_KERNEL)
		at = wl_page_split(wl, at, pfn, WL_PAGE_MOVABLE);
	if (at == page && at != WL_NONE)
		return;
	if (at != WL_NONE && !can_be_named(&wl->pages.items[at])) {
		/* Its end there was missed. */
		wl_place_vacate(wl, pfn);
		at = WL_NONE;
	}
	if (at == WL_NONE) {
		wl_count(wl, WL_FILE_ADD_UNSEEN);
		if (page == WL_NONE)
			page = new_in_area(wl, event, index, NULL);
		if (page == WL_NONE) {
			page = wl_page_new(wl, WL_PAGE_MOVABLE, (uint32_t)pfn);
			if (page == WL_NONE)
				return;
			name_page(wl, page, event, index);
		} else {
			wl_page_place(wl, page, (uint32_t)pfn);
		}
		complete(wl, task, event, index, NULL, WL_NONE, page);
	} else {
		wl_recount(wl, at, WL_ALLOC_FILE);
		wl_recount_first(wl, at, WL_FIRST_FILE);
		was = wl->pages.items[at];
		note_wanted(wl, task, event, index, wl_op_find(wl, was.op, at));
		if (page == WL_NONE) {
			page = new_in_area(wl, event, index, wl_op_find(wl, was.op, at));
			/* Older than the op, as those that are known. */
			if (page != WL_NONE)
				wl->pages.items[page].op = was.op - 1;
		}
		if (page == WL_NONE) {
			page = at;
			name_page(wl, page, event, index);
		} else {
			wl_page_forget(wl, at);
			wl_page_place(wl, page, (uint32_t)pfn);
			wl->pages.items[page].alloc_cause = was.alloc_cause;
			wl->pages.items[page].first_cause = WL_NR_CAUSES;
		}
		complete(wl, task, event, index, &was, at, page);
	}
	wl->pages.items[page].flags &= (uint8_t) ~(WL_PAGE_OUT | WL_PAGE_ABSENT);
	wl->pages.items[page].last_mm = is_wanted(&wl->tasks.items[task], event, index)
	                                        ? wl->tasks.items[task].mm
	                                        : WL_NONE;
}

/*
 * Remembers that the original has reclaimed a page, and forgets the one for which that is longest ago:
 * the files of a long trace are many times the memory, and a page that the original could not keep for
 * that long will hardly be kept by another policy.
 */
static void note_out(struct wl *wl, uint32_t page)
{
	size_t most = OUT_TIMES_MEMORY * (size_t)wl->nr_pfns + OUT_AT_LEAST;
	const struct wl_page *p;
	uint32_t oldest;
	size_t slot;

	if (wl->outs.count < most) {
		wl->pages.items[page].out_slot = (uint32_t)wl->outs.count;
		wl->nomem |= wl_u32_vec_push(&wl->outs, page) < 0;
		return;
	}
	slot = wl->oldest_out;
	wl->oldest_out = (wl->oldest_out + 1) % most;
	oldest = wl->outs.items[slot];
	wl->outs.items[slot] = page;
	p = &wl->pages.items[oldest];
	/* Unless it has been in again since. */
	if (oldest != page && p->kind == WL_PAGE_FILE && p->flags & WL_PAGE_OUT &&
	    p->out_slot == slot)
		wl_page_die(wl, oldest);
	wl->pages.items[page].out_slot = (uint32_t)slot;
}

static void delete_page(struct wl *wl, const struct wl_task *t, const struct mmr_event *event,
                        uint64_t i)
{
	uint64_t pfn = event->filemap.pfn + i;
	uint64_t index = event->filemap.index + i;
	uint32_t page = wl_file_page(wl, event->filemap.dev, event->filemap.ino, index);
	uint32_t at = wl_page_at(wl, pfn);

	if (!wl_pfn_known(wl, pfn))
		return;
	if (page == WL_NONE && at != WL_NONE && wl->pages.items[at].kind != WL_PAGE_KERNEL &&
	    !(wl->pages.items[at].flags & WL_PAGE_IN_HASH)) {
		/* In memory since before the trace, or added unseen: now its name is known. */
		page = at;
		if (wl->pages.items[page].kind == WL_PAGE_MOVABLE)
			wl_page_to_file(wl, page);
		name_page(wl, page, event, index);
	}
	if (page == WL_NONE) {
		wl_count(wl, WL_FILE_DELETE_UNSEEN);
		if (at == WL_NONE)
			*wl_place(wl, pfn) =
				wl_in_reclaim(t) ? WL_PLACE_RECLAIMED : WL_PLACE_DELETED;
		return;
	}
	/* An unmapped page that compaction moved: the event says where it was in the end. */
	if (at != page)
		wl_page_place(wl, page, (uint32_t)pfn);
	if (wl_in_reclaim(t)) {
		wl_count(wl, WL_FILE_RECLAIM);
		wl_page_unplace(wl, page, WL_PLACE_RECLAIMED);
		wl->pages.items[page].flags |= WL_PAGE_OUT;
		wl_emit_evicted(wl, page);
		note_out(wl, page);
		return;
	}
	wl_count(wl, WL_FILE_DELETE);
	wl_page_unplace(wl, page, WL_PLACE_DELETED);
	if (wl->nr_drops > 0 && wl_is_dropped(wl, event)) {
		wl->pages.items[page].flags |= WL_PAGE_OUT;
		note_out(wl, page);
		return;
	}
	wl_page_die(wl, page);
}

/* Should it be out, the original has it in again, though no event said that it was added. */
static void access_known(struct wl *wl, uint32_t page, uint32_t flags)
{
	wl->pages.items[page].flags &= (uint8_t) ~(WL_PAGE_OUT | WL_PAGE_ABSENT);
	touch(wl, page, flags);
}

/* Whether a read begins in the page where the task's last one of this file ended. */
static bool reads_on(const struct wl_task *t, const struct mmr_event *event)
{
	return t->read_dev == event->filemap.dev && t->read_ino == event->filemap.ino &&
	       t->read_last == event->filemap.index;
}

/*
 * An event tells how far the system call wants to read, not how far it got: a batch ends early at a page that is not
 * there, and at the one that asks for more to be read ahead. The next event then wants the rest, most of which
 * has been touched already. Its pages that have, a bit each.
 */
static uint32_t known_of_rest(const struct wl_task *t, const struct mmr_event *event)
{
	uint64_t index = event->filemap.index;

	if (t->read_dev != event->filemap.dev || t->read_ino != event->filemap.ino ||
	    t->read_wanted != event->filemap.last_index || index <= t->read_first ||
	    index - t->read_first >= READ_BATCH)
		return 0;
	return t->read_known >> (index - t->read_first);
}

static void on_read(struct wl *wl, struct wl_task *t, const struct mmr_event *event)
{
	uint64_t first = event->filemap.index, wanted = event->filemap.last_index;
	uint32_t known = known_of_rest(t, event);
	bool on = reads_on(t, event);
	uint64_t nr = wanted - first < READ_BATCH ? wanted - first + 1 : READ_BATCH;

	if (wanted < first)
		return;
	t->read_dev = event->filemap.dev;
	t->read_ino = event->filemap.ino;
	t->read_first = first;
	t->read_wanted = wanted;
	t->read_last = first + nr - 1;
	for (uint32_t i = 0; i < nr; i++) {
		uint32_t page = wl_file_page(wl, event->filemap.dev, event->filemap.ino, first + i);

		if (known >> i & 1)
			continue;
		wl_count(wl, WL_FILE_READ);
		if (page == WL_NONE)
			continue;
		access_known(wl, page, on && i == 0 ? DEMAND_AGAIN : 0);
		known |= 1u << i;
	}
	t->read_known = known;
}

/* The page of a file that a fault is for, in memory by now. */
static void fault_page(struct wl *wl, uint32_t task, uint32_t page)
{
	const struct wl_task *t = &wl->tasks.items[task];

	wl->pages.items[page].flags &= (uint8_t) ~(WL_PAGE_OUT | WL_PAGE_ABSENT);
	wl_fault_touch_file(wl, task, page,
	                    mapped_flags(t) | wl_map_file(wl, t->mm, t->fault.vpn, page));
}

/* Comes once more when the fault is tried again after it has waited. */
static void on_fault(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	struct wl_task *t = &wl->tasks.items[task];
	uint64_t index = event->filemap.index;
	uint32_t page = wl_file_page(wl, event->filemap.dev, event->filemap.ino, index);
	bool again = is_wanted(t, event, index);

	if (page != WL_NONE)
		page = wl_file_area(wl, task, t->fault.vpn, page);
	if (!again)
		wl_populate_step(wl, task, WL_STEP_FAULT);
	if (!again)
		wl_count(wl, WL_FILE_FAULT);
	wl_fault_served(t);
	if (!again && (page == WL_NONE || wl->pages.items[page].flags & WL_PAGE_OUT))
		wl_fault_misses(wl, task, page);
	/* What is out is touched when it is added. */
	if (page != WL_NONE &&
	    (again ? !t->fault.told : !(wl->pages.items[page].flags & WL_PAGE_OUT)))
		fault_page(wl, task, page);
	t->wants = true;
	t->want_dev = event->filemap.dev;
	t->want_ino = event->filemap.ino;
	t->want_index = event->filemap.index;
}

/*
 * The other pages of the range that a fault maps: those that are there, as if they had been used
 * (x86 wants no old entries, arch_wants_old_prefaulted_pte()).
 */
static void map_around(struct wl *wl, uint32_t task, const struct mmr_event *event, uint64_t index)
{
	const struct wl_task *t = &wl->tasks.items[task];
	uint32_t mm = t->mm, flags = mapped_flags(t) | DEMAND_AROUND;
	uint64_t first = event->filemap.index;
	uint64_t last = event->filemap.last_index;
	uint64_t vpn = t->fault.vpn - (index - first);

	for (uint64_t i = first; i <= last && i - first < FAULT_AROUND_MOST; i++) {
		uint32_t page = WL_NONE;

		if (i != index)
			page = wl_file_page(wl, event->filemap.dev, event->filemap.ino, i);
		if (page != WL_NONE && !(wl->pages.items[page].flags & WL_PAGE_OUT))
			touch(wl, page, flags | wl_map_file(wl, mm, vpn + (i - first), page));
	}
}

/*
 * Comes before rss_stat ends the fault or, from v6.2 on, after it; and again when the fault is tried again.
 */
static void on_map_pages(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	struct wl_task *t = &wl->tasks.items[task];
	uint64_t index = event->filemap.index + (t->fault.vpn & (FAULT_AROUND - 1));
	uint32_t page;

	wl_populate_step(wl, task, WL_STEP_AROUND);
	if (!t->fault.around)
		return;
	if (index > event->filemap.last_index)
		index = event->filemap.index;
	wl_count(wl, WL_FILE_FAULT);
	wl_fault_served(t);
	page = wl_file_page(wl, event->filemap.dev, event->filemap.ino, index);
	if (page != WL_NONE)
		page = wl_file_area(wl, task, t->fault.vpn, page);
	if (page != WL_NONE && !(wl->pages.items[page].flags & WL_PAGE_OUT))
		fault_page(wl, task, page);
	map_around(wl, task, event, index);
	t->fault.around = false;
}

void wl_file_fault(struct wl *wl, uint32_t task, uint32_t page)
{
	struct wl_task *t = &wl->tasks.items[task];
	struct wl_page *p = &wl->pages.items[page];
	struct demand_op *op = wl_op_find(wl, p->op, page);
	uint64_t index = (uint64_t)wl->files.items[p->file].high << 32 | p->index;
	bool came = index - t->fault.added_first < t->fault.nr_added;

	wl_count(wl, WL_FILE_FAULT);
	wl_fault_served(t);
	if (t->fault.found) {
		wl_map_file(wl, t->mm, t->fault.vpn, page);
	} else if (came && op && op->kind == DEMAND_FILE_TOUCH && op->arg & DEMAND_READAHEAD &&
	           p->nr_ops == 1) {
		/* It came in with the others, and was taken for one of them. */
		op->arg = (op->arg & DEMAND_REFAULT) | DEMAND_INSERT | mapped_flags(t) |
		          wl_map_file(wl, t->mm, t->fault.vpn, page) | wl_file_flag(wl, page);
		t->fault.told = true;
	} else {
		fault_page(wl, task, page);
	}
	wl_file_area(wl, task, t->fault.vpn, page);
}

void wl_file_maps(struct wl *wl, uint32_t task, uint64_t vpn, uint32_t page)
{
	uint32_t mm = wl->tasks.items[task].mm;

	touch(wl, page, DEMAND_MAPPED | DEMAND_AROUND | wl_map_file(wl, mm, vpn, page));
	wl_fault_maps(wl, mm, vpn, page, false);
}

void wl_file_around(struct wl *wl, uint32_t task, const struct mmr_event *event, uint64_t index)
{
	map_around(wl, task, event, index);
}

/* "254:16" → the page cache's device number, 0 if it is not of this form. */
static uint32_t parse_dev(const char name[32])
{
	uint32_t number[2] = { 0 };
	unsigned int part = 0;

	for (unsigned int i = 0; i < 32 && name[i]; i++) {
		if (name[i] == ':' && part == 0)
			part = 1;
		else if (name[i] >= '0' && name[i] <= '9' && number[part] < 1u << 20)
			number[part] = number[part] * 10 + (uint32_t)(name[i] - '0');
		else
			return 0;
	}
	return part ? number[0] << 20 | (number[1] & 0xfffff) : 0;
}

static void on_dirty(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	uint32_t dev = parse_dev(event->writeback.bdi);
	uint32_t page = wl_file_page(wl, dev, event->writeback.ino, event->writeback.index);

	/* The name is the disk's; the files may be on a partition of it. */
	for (uint32_t i = 0; dev && page == WL_NONE && i < wl->nr_devs; i++)
		if (wl->devs[i] >> 20 == dev >> 20)
			page = wl_file_page(wl, wl->devs[i], event->writeback.ino,
			                    event->writeback.index);
	if (page == WL_NONE)
		return;
	wl_count(wl, WL_FILE_DIRTY);
	if (wl->pages.items[page].flags & WL_PAGE_ABSENT)
		access_known(wl, page, DEMAND_INSERT);
	else
		wl_fault_dirties(wl, task, page);
	wl_emit(wl, (struct demand_op){ .kind = DEMAND_DIRTY, .page = page });
}

void wl_file_event(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	struct wl_task *t = &wl->tasks.items[task];
	uint64_t nr = event->filemap.order <= WL_HUGE_ORDER ? 1ull << event->filemap.order : 1;

	switch (event->kind) {
	case MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE:
		wl_populate_sees(wl, task, event);
		for (uint64_t i = 0; i < nr && !wl->nomem; i++)
			add_page(wl, task, event, i);
		break;
	case MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE:
		for (uint64_t i = 0; i < nr && !wl->nomem; i++)
			delete_page(wl, t, event, i);
		break;
	case MMR_EVENT_MM_FILEMAP_GET_PAGES:
		/* A read in a system call: a fault from user space is over by then. */
		wl_fault_end(wl, task);
		on_read(wl, t, event);
		break;
	case MMR_EVENT_MM_FILEMAP_FAULT:
		wl_populate_sees(wl, task, event);
		on_fault(wl, task, event);
		break;
	case MMR_EVENT_MM_FILEMAP_MAP_PAGES:
		wl_populate_sees(wl, task, event);
		on_map_pages(wl, task, event);
		break;
	case MMR_EVENT_WRITEBACK_DIRTY_FOLIO:
		on_dirty(wl, task, event);
		break;
	default:
		break;
	}
}
