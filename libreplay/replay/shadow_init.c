/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shadow's start: zones from the trace's header, free pages from the first full snapshot.
 *
 * kpageflags is read in chunks while the machine runs on, so each chunk becomes known at the instant
 * at which its reading began, and events on pages of later chunks are ignored until then. Events
 * that fall into the reading itself are applied on top: they say "free" or "taken", whichever the
 * reader had seen, and the last one is right either way.
 *
 * Not modelled: zones whose spans overlap (nodes interleaved in physical memory).
 */
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "le.h"
#include "shadow_buddy.h"
#include "shadow_init.h"
#include "shadow_types.h"
#include "shadow_verify.h"

/* Bits of /proc/kpageflags, Documentation/admin-guide/mm/pagemap.rst. */
#define KPF_LRU     (1ull << 5)
#define KPF_SLAB    (1ull << 7)
#define KPF_BUDDY   (1ull << 10)
#define KPF_ANON    (1ull << 12)
#define KPF_NOPAGE  (1ull << 20)
#define KPF_THP     (1ull << 22)
#define KPF_PGTABLE (1ull << 26)

/* A page of a chunk: its state, and whether it belongs to slab or page tables. */
#define CHUNK_KERNEL_PAGE 0x80

static int init_zone(struct replay_shadow *s, uint32_t i, const struct mmr_zone_info *info,
                     uint64_t *next, struct mmr_error *err)
{
	struct shadow_zone *zone = &s->zones[i];
	uint64_t end = info->start_pfn + info->spanned;

	zone->node = info->node;
	memcpy(zone->name, info->name, sizeof(zone->name));
	zone->base = (uint32_t)*next;
	if (info->spanned == 0)
		return 0;
	if (end < info->start_pfn)
		return base_error(err, MMR_E_INVALID, "zone %.16s has no end", info->name);
	zone->start_pfn = info->start_pfn;
	zone->end_pfn = end;
	zone->base_pfn = info->start_pfn & ~(uint64_t)(MAX_ORDER_PAGES - 1);
	if (end - zone->base_pfn > UINT32_MAX - MAX_ORDER_PAGES - *next)
		return base_error(err, MMR_E_LIMIT, "zones span 2^32 pages or more");
	zone->nr = (uint32_t)((end - zone->base_pfn + MAX_ORDER_PAGES - 1) &
	                      ~(uint64_t)(MAX_ORDER_PAGES - 1));
	*next += zone->nr;
	for (uint32_t j = 0; j < i; j++)
		if (zone->start_pfn < s->zones[j].end_pfn && s->zones[j].start_pfn < end)
			return base_error(err, MMR_E_INVALID, "zone %.16s overlaps another",
			                  info->name);
	return 0;
}

static int init_pages(struct replay_shadow *s, uint64_t nr, struct mmr_error *err)
{
	uint64_t nr_blocks = nr / SHADOW_PAGEBLOCK_PAGES;

	if (nr == 0)
		return base_error(err, MMR_E_INVALID, "no zone has memory");
	s->nr_pages = (uint32_t)nr;
	s->page = base_calloc_err(nr, 1, "page states", err);
	s->pageblock = base_calloc_err(nr_blocks, sizeof(*s->pageblock), "pageblocks", err);
	s->list_cpu = base_calloc_err(nr, 1, "page states", err);
	s->refilled = base_calloc_err(nr / 8, 1, "page states", err);
	s->stuck = base_calloc_err(nr / 8, 1, "page states", err);
	s->work = base_calloc_err(nr_blocks, sizeof(*s->work), "pageblocks", err);
	if (!s->page || !s->list_cpu || !s->refilled || !s->pageblock || !s->stuck || !s->work)
		return MMR_E_NOMEM;
	for (uint64_t i = 0; i < nr_blocks; i++) {
		s->pageblock[i].type = SHADOW_MOVABLE;
		s->pageblock[i].nr[PAGE_UNKNOWN] = SHADOW_PAGEBLOCK_PAGES;
		s->pageblock[i].changed = true;
	}
	return 0;
}

int replay_shadow_new(const struct mmr_zone_info *zones, uint32_t nr_zones,
                      const struct replay_shadow_kernel *kernel, struct replay_shadow **ret,
                      struct mmr_error *err)
{
	struct replay_shadow *s = base_calloc_err(1, sizeof(*s), "the shadow", err);
	uint64_t nr = 0;
	int rc = 0;

	if (!s)
		return MMR_E_NOMEM;
	s->kernel = *kernel;
	s->next_check_ns = UINT64_MAX;
	s->next_load_ns = UINT64_MAX;
	s->nr_zones = nr_zones;
	s->zones = base_calloc_err(nr_zones, sizeof(*s->zones), "zones", err);
	s->cpus = base_calloc_err(kernel->nr_cpus, sizeof(*s->cpus), "CPUs", err);
	s->lists =
		base_calloc_err((size_t)kernel->nr_cpus * nr_zones * NR_LIST_ORDERS * NR_LIST_TYPES,
	                        sizeof(*s->lists), "per-CPU lists", err);
	if (!s->zones || (kernel->nr_cpus && (!s->cpus || !s->lists)))
		rc = MMR_E_NOMEM;
	for (uint32_t i = 0; rc == 0 && i < nr_zones; i++)
		rc = init_zone(s, i, &zones[i], &nr, err);
	if (rc == 0)
		rc = init_pages(s, nr, err);
	if (rc < 0) {
		replay_shadow_destroy(s);
		return rc;
	}
	*ret = s;
	return 0;
}

void replay_shadow_destroy(struct replay_shadow *s)
{
	if (!s)
		return;
	replay_shadow_verify_free(s->verify);
	for (size_t i = s->next_chunk; i < s->chunks.count; i++)
		base_free(s->chunks.items[i].states);
	shadow_chunk_vec_deinit(&s->chunks);
	replay_shadow_types_deinit(s);
	base_free(s->pageblock);
	base_free(s->list_cpu);
	base_free(s->refilled);
	base_free(s->stuck);
	base_free(s->work);
	base_free(s->page);
	base_free(s->cpus);
	base_free(s->lists);
	base_free(s->zones);
	base_free(s);
}

static uint8_t state_of_flags(uint64_t flags)
{
	if (flags & KPF_NOPAGE)
		return PAGE_HOLE;
	if (flags & KPF_BUDDY)
		return PAGE_FREE;
	if (flags & (KPF_LRU | KPF_ANON | KPF_THP))
		return PAGE_MOVABLE;
	return flags & (KPF_SLAB | KPF_PGTABLE) ? PAGE_OTHER | CHUNK_KERNEL_PAGE : PAGE_OTHER;
}

int replay_shadow_add_chunk(struct replay_shadow *s, uint64_t first_pfn, const void *flags,
                            uint64_t nr_pfns, uint64_t begin_ns, struct mmr_error *err)
{
	struct shadow_chunk chunk = { first_pfn, nr_pfns, begin_ns, NULL };
	const uint8_t *bytes = flags;

	if (first_pfn + nr_pfns < first_pfn)
		return base_error(err, MMR_E_INVALID, "kpageflags: impossible offset");
	if (nr_pfns == 0)
		return 0;
	chunk.states = base_calloc_err(nr_pfns, 1, "the first snapshot", err);
	if (!chunk.states)
		return MMR_E_NOMEM;
	for (uint64_t i = 0; i < nr_pfns; i++)
		chunk.states[i] = state_of_flags(le64_get(bytes + i * 8));
	if (shadow_chunk_vec_push(&s->chunks, chunk) < 0) {
		base_free(chunk.states);
		return base_error(err, MMR_E_NOMEM, "out of memory for the first snapshot");
	}
	s->next_load_ns = s->chunks.items[s->next_chunk].begin_ns;
	return 0;
}

/* Gives the free pages [index, end), which are marked PAGE_PCP for the moment, as aligned blocks. */
static void give_run(struct replay_shadow *s, uint32_t index, uint32_t end)
{
	while (index < end) {
		unsigned int order = SHADOW_NR_ORDERS - 1;

		while (index & ((1u << order) - 1) || index + (1u << order) > end)
			order--;
		replay_shadow_give(s, index, order);
		index += 1u << order;
	}
}

static void count_kernel_page(struct replay_shadow *s, uint32_t index)
{
	struct shadow_pageblock *pb = &s->pageblock[index / SHADOW_PAGEBLOCK_PAGES];

	if (pb->nr_kernel < UINT8_MAX)
		pb->nr_kernel++;
}

/* The part of a chunk that lies in one zone. A page that two chunks hold keeps its first state. */
static void load_range(struct replay_shadow *s, const struct shadow_zone *zone, uint64_t first,
                       uint64_t end, const struct shadow_chunk *chunk)
{
	uint32_t index = zone->base + (uint32_t)(first - zone->base_pfn);
	uint32_t last = index + (uint32_t)(end - first);
	const uint8_t *states = chunk->states + (first - chunk->first_pfn);
	uint32_t run = index;

	for (uint32_t i = index; i < last; i++, states++) {
		enum page_state state = (enum page_state)(*states & ~CHUNK_KERNEL_PAGE);
		bool fresh = page_state(s, i) == PAGE_UNKNOWN;

		if (fresh && state == PAGE_FREE) {
			replay_shadow_set_page(s, i, PAGE_PCP);
			continue;
		}
		if (fresh)
			replay_shadow_set_page(s, i, state);
		if (*states & CHUNK_KERNEL_PAGE)
			count_kernel_page(s, i);
		give_run(s, run, i);
		run = i + 1;
	}
	give_run(s, run, last);
}

/* ---- time ---- */

static void load_chunk(struct replay_shadow *s, struct shadow_chunk *chunk)
{
	for (uint32_t i = 0; i < s->nr_zones; i++) {
		const struct shadow_zone *zone = &s->zones[i];
		uint64_t first = chunk->first_pfn;
		uint64_t end = chunk->first_pfn + chunk->nr_pfns;

		if (first < zone->start_pfn)
			first = zone->start_pfn;
		if (end > zone->end_pfn)
			end = zone->end_pfn;
		if (first < end)
			load_range(s, zone, first, end, chunk);
	}
	base_free(chunk->states);
	chunk->states = NULL;
}

void replay_shadow_load_chunks(struct replay_shadow *s, uint64_t now_ns)
{
	s->next_load_ns = UINT64_MAX;
	while (s->next_chunk < s->chunks.count) {
		struct shadow_chunk *chunk = &s->chunks.items[s->next_chunk];

		if (chunk->begin_ns > now_ns) {
			s->next_load_ns = chunk->begin_ns;
			return;
		}
		load_chunk(s, chunk);
		s->next_chunk++;
	}
	replay_shadow_guess_types(s);
}
