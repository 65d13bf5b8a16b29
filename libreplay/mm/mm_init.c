/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Builds a machine: arrays, zones, the zonelist, watermarks and reserves; then what lies where at the
 * start.
 *
 * Watermarks of a zone are its share of vm.min_free_kbytes (min), and two steps of max(min / 4,
 * managed x watermark_scale_factor) above it (low, high). The lowmem reserve of a zone against requests
 * that could have used higher ones is their managed size / ratio. Recorded watermarks are used as they
 * are, since THP and sysctl writes of the past may stand behind them.
 *
 * Memory that is neither seeded as free nor as a page belongs to no block: the machine does not own it
 * (kernel image, pages of which the demand says nothing), though it counts in managed.
 *
 * Follows free_area_init(), build_zonelists(), calculate_min_free_kbytes(),
 * __setup_per_zone_wmarks(), setup_per_zone_lowmem_reserve(), build_all_zonelists() of v6.12.
 *
 * Not modelled: that nodes are not equally far from each other.
 *
 * Not modelled: memory hotplug; node distances (remote nodes
 * come in ascending order); that each CPU prefers its own node: all prefer node 0.
 */
#include "huge_memory.h"
#include "internal.h"
#include "ksm_state.h"

#include "alloc.h"
#include "error_set.h"

/* Rounded up so that the buddy of any block is within the arrays. */
#define PFN_ALIGN  (2u << MM_MAX_ORDER)
#define PFN_LIMIT  (1u << 31)
#define LPAGE_STEP 1024u

static int check_zones(const struct mm_config *config, struct mmr_error *err)
{
	if (config->nr_zones == 0 || config->nr_cpus == 0)
		return base_error(err, MMR_E_INVALID, "a machine without zones or CPUs");
	if (config->nr_zones > MM_MAX_ZONES || config->nr_cpus > MM_MAX_CPUS)
		return base_error(err, MMR_E_LIMIT, "%u zones and %u CPUs are too many",
		                  config->nr_zones, config->nr_cpus);
	for (uint32_t i = 0; i < config->nr_zones; i++) {
		const struct mm_zone_config *zone = &config->zones[i];

		if (zone->node >= MM_MAX_NODES || zone->type >= MM_NR_ZONE_TYPES)
			return base_error(err, MMR_E_LIMIT,
			                  "zone %u: node %u or type %u is too large", i, zone->node,
			                  zone->type);
		if (zone->start_pfn > PFN_LIMIT || zone->spanned > PFN_LIMIT - zone->start_pfn)
			return base_error(err, MMR_E_LIMIT, "zone %u ends above 8 TiB", i);
		if (zone->present > zone->spanned || zone->managed > zone->present)
			return base_error(err, MMR_E_INVALID, "zone %u: %u of %u of %u pages", i,
			                  zone->managed, zone->present, zone->spanned);
		for (uint32_t k = 0; k < i; k++) {
			const struct mm_zone_config *other = &config->zones[k];

			if (zone->spanned && other->spanned &&
			    zone->start_pfn < other->start_pfn + other->spanned &&
			    other->start_pfn < zone->start_pfn + zone->spanned)
				return base_error(err, MMR_E_INVALID, "zones %u and %u overlap", k,
				                  i);
			if (zone->node == other->node && zone->type <= other->type)
				return base_error(err, MMR_E_INVALID, "zone %u is out of order", i);
		}
	}
	return 0;
}

static int init_zone(struct mm_machine *machine, const struct mm_zone_config *config, uint8_t index,
                     struct mmr_error *err)
{
	struct mm_zone *zone = &machine->zones[index];
	struct mm_node *node = &machine->nodes[config->node];

	memcpy(zone->name, config->name, sizeof(zone->name));
	zone->name[sizeof(zone->name) - 1] = '\0';
	zone->type = config->type;
	zone->node = config->node;
	zone->index = index;
	zone->start_pfn = config->start_pfn;
	zone->spanned = config->spanned;
	zone->present = config->present;
	zone->managed = config->managed;
	zone->unknown_left = config->spanned;
	zone->whole_reserve = machine->settings.kernel < MM_KERNEL_STRICT_TYPES;
	memcpy(zone->wmark, config->wmark, sizeof(zone->wmark));
	if (config->wmark[MM_WMARK_HIGH] != 0)
		machine->have_wmarks = true;
	for (uint32_t order = 0; order < MM_NR_ORDERS; order++) {
		for (uint32_t type = 0; type < MM_NR_MIGRATETYPES; type++)
			mm_list_init(&zone->free_area[order].lists[type]);
	}
	zone->pcp = base_calloc_err(machine->nr_cpus, sizeof(*zone->pcp), "per-CPU lists", err);
	if (!zone->pcp)
		return MMR_E_NOMEM;
	for (uint32_t cpu = 0; cpu < machine->nr_cpus; cpu++) {
		for (uint32_t i = 0; i < MM_NR_PCP_LISTS; i++)
			mm_list_init(&zone->pcp[cpu].lists[i]);
	}
	node->zones[node->nr_zones++] = index;
	return 0;
}

static int init_policy(struct mm_node *node, const struct mm_policy_ops *policy, void **state,
                       struct mmr_error *err)
{
	if (policy->state_size > 0) {
		*state = base_calloc_err(1, policy->state_size, "policy state", err);
		if (!*state)
			return MMR_E_NOMEM;
	}
	node->policy_state = *state;
	if (policy->init)
		policy->init(node);
	return 0;
}

static int init_node(struct mm_machine *machine, uint8_t id, struct mmr_error *err)
{
	struct mm_node *node = &machine->nodes[id];

	node->machine = machine;
	node->id = id;
	for (uint32_t i = 0; i < MM_POLICY_LISTS; i++)
		mm_list_init(&node->lists[i]);
	if (!machine->policy)
		return 0;
	/* The one in use comes last, and is where it belongs then. */
	if (machine->other && init_policy(node, machine->other, &node->other_state, err) < 0)
		return MMR_E_NOMEM;
	return init_policy(node, machine->policy, &node->policy_state, err);
}

static void add_zones(struct mm_machine *machine, struct mm_zonelist *list, uint32_t n)
{
	const struct mm_node *node = &machine->nodes[n];

	for (uint32_t i = node->nr_zones; i-- > 0;) {
		if (machine->zones[node->zones[i]].managed > 0)
			list->zones[list->nr++] = node->zones[i];
	}
}

/* One's own node comes first, then the next ones, round the end: find_next_best_node() where all are as far away. */
static void build_zonelists(struct mm_machine *machine)
{
	for (uint32_t own = 0; own < MM_MAX_NODES; own++) {
		struct mm_zonelist *list = &machine->zonelists[own];

		for (uint32_t n = own; n < machine->nr_nodes; n++)
			add_zones(machine, list, n);
		for (uint32_t n = 0; n < own && n < machine->nr_nodes; n++)
			add_zones(machine, list, n);
	}
}

static int settle_cpus(struct mm_machine *machine, const struct mm_config *config,
                       struct mmr_error *err)
{
	machine->homes = base_calloc_err(machine->nr_cpus, 1, "CPUs", err);
	if (!machine->homes)
		return MMR_E_NOMEM;
	for (uint32_t cpu = 0; config->homes && cpu < machine->nr_cpus; cpu++)
		machine->homes[cpu] = config->homes[cpu] % MM_MAX_NODES;
	return 0;
}

static int create_arrays(struct mm_machine *machine, const struct mm_config *config,
                         struct mmr_error *err)
{
	uint32_t end = 0;

	for (uint32_t i = 0; i < config->nr_zones; i++) {
		if (config->zones[i].start_pfn + config->zones[i].spanned > end)
			end = config->zones[i].start_pfn + config->zones[i].spanned;
	}
	machine->nr_pfns = (end + PFN_ALIGN - 1) / PFN_ALIGN * PFN_ALIGN;
	machine->pages = base_calloc_err(machine->nr_pfns, sizeof(*machine->pages), "pages", err);
	if (!machine->pages)
		return MMR_E_NOMEM;
	machine->block_types =
		base_calloc_err(machine->nr_pfns >> MM_PAGEBLOCK_ORDER, 1, "pageblocks", err);
	if (!machine->block_types)
		return MMR_E_NOMEM;
	memset(machine->block_types, MM_MOVABLE, machine->nr_pfns >> MM_PAGEBLOCK_ORDER);
	if (mm_block_states_init(machine, err) < 0)
		return MMR_E_NOMEM;
	machine->skip =
		base_calloc_err(machine->nr_pfns >> MM_PAGEBLOCK_ORDER, 1, "pageblocks", err);
	if (!machine->skip)
		return MMR_E_NOMEM;
	machine->owned = base_calloc_err(machine->nr_pfns >> MM_PAGEBLOCK_ORDER,
	                                 sizeof(*machine->owned), "pageblocks", err);
	if (!machine->owned)
		return MMR_E_NOMEM;
	if (machine->policy && machine->policy->page_size > 0) {
		machine->policy_pages = base_calloc_err(
			machine->nr_pfns, machine->policy->page_size, "the policy's pages", err);
		if (!machine->policy_pages)
			return MMR_E_NOMEM;
	}
	if (mm_writeback_init(machine, err) < 0 || mm_folio_batches_init(machine, err) < 0)
		return MMR_E_NOMEM;
	if (mm_swap_init(machine, config->nr_swap_slots, err) < 0)
		return MMR_E_NOMEM;
	return mm_zram_init(machine, err);
}

int mm_machine_create(const struct mm_config *config, struct mm_machine **ret,
                      struct mmr_error *err)
{
	struct mm_machine *machine;
	int rc = check_zones(config, err);

	if (rc < 0)
		return rc;
	machine = base_calloc_err(1, sizeof(*machine), "machine", err);
	if (!machine)
		return MMR_E_NOMEM;
	machine->policy = config->policy;
	machine->other = config->other;
	machine->settings = config->settings;
	if (machine->settings.kernel == 0)
		machine->settings.kernel = MM_KERNEL(6, 12);
	machine->hooks = config->hooks;
	machine->nr_cpus = config->nr_cpus;
	machine->nr_zones = config->nr_zones;
	machine->building = true;
	machine->huge.deferred.last = MM_NONE;
	machine->copied = MM_NONE;
	machine->oom_stamp = UINT64_MAX;
	mm_list_init(&machine->held);
	mm_list_init(&machine->hugetlb.own);
	mm_list_init(&machine->hugetlb.gigantic);
	mm_list_init(&machine->slab.detached);
	base_rng_init(&machine->rng, config->seed);
	machine->swap.zero_salt = config->seed;
	base_rng_init(&machine->reference.rng, config->seed);
	rc = create_arrays(machine, config, err);
	if (rc == 0)
		rc = settle_cpus(machine, config, err);
	for (uint32_t i = 0; rc == 0 && i < config->nr_zones; i++) {
		if (config->zones[i].node >= machine->nr_nodes)
			machine->nr_nodes = config->zones[i].node + 1u;
		rc = init_zone(machine, &config->zones[i], (uint8_t)i, err);
	}
	for (uint32_t n = 0; rc == 0 && n < machine->nr_nodes; n++)
		rc = init_node(machine, (uint8_t)n, err);
	if (rc < 0) {
		mm_machine_destroy(machine);
		return rc;
	}
	build_zonelists(machine);
	mm_setup_per_zone_wmarks(machine);
	*ret = machine;
	return 0;
}

void mm_machine_destroy(struct mm_machine *machine)
{
	if (!machine)
		return;
	for (uint32_t i = 0; i < machine->nr_zones; i++)
		base_free(machine->zones[i].pcp);
	for (uint32_t i = 0; i < machine->nr_nodes; i++) {
		if (machine->nodes[i].other_state != machine->nodes[i].policy_state)
			base_free(machine->nodes[i].other_state);
		base_free(machine->nodes[i].policy_state);
	}
	mm_writeback_deinit(machine);
	mm_folio_batches_deinit(machine);
	mm_zram_deinit(&machine->zram);
	mm_cma_deinit(machine);
	mm_swap_deinit(&machine->swap);
	base_free(machine->block_types);
	mm_block_states_deinit(machine);
	base_free(machine->skip);
	base_free(machine->owned);
	base_free(machine->policy_pages);
	mm_residence_destroy(machine);
	mm_page_idle_destroy(machine);
	mm_ksm_destroy(machine);
	mm_tables_destroy(machine);
	mm_areas_destroy(machine);
	mm_huge_areas_destroy(machine);
	mm_deferred_split_deinit(machine);
	mm_tlb_destroy(machine);
	base_free(machine->next_use);
	base_free(machine->lpages);
	base_free(machine->owners);
	base_free(machine->spaces);
	base_free(machine->homes);
	base_free(machine->pages);
	base_free(machine);
}

/* ---- watermarks ---- */

/* Of all zones that have a share of min_free_kbytes. */
static uint64_t shared_pages(const struct mm_machine *machine)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < machine->nr_zones; i++) {
		if (mm_shares_min_free(machine->settings.kernel, machine->zones[i].type))
			pages += machine->zones[i].managed;
	}
	return pages;
}

static uint32_t min_free_kbytes(const struct mm_machine *machine)
{
	struct mm_zone_config zones[MM_MAX_ZONES];

	if (machine->settings.min_free_kbytes > 0)
		return machine->settings.min_free_kbytes;
	for (uint32_t i = 0; i < machine->nr_zones; i++)
		zones[i] = (struct mm_zone_config){ .type = machine->zones[i].type,
			                            .managed = machine->zones[i].managed };
	return mm_min_free_kbytes(zones, machine->nr_zones, &machine->settings);
}

static void setup_lowmem_reserve(struct mm_machine *machine, const struct mm_node *node)
{
	for (uint32_t i = 0; i < node->nr_zones; i++) {
		struct mm_zone *zone = &machine->zones[node->zones[i]];
		uint32_t ratio = machine->settings.lowmem_reserve_ratio[zone->type];
		uint64_t managed = 0;
		uint32_t next = i + 1;

		for (uint32_t type = 0; type < MM_NR_ZONE_TYPES; type++) {
			zone->reserve[type] = 0;
			if (type <= zone->type)
				continue;
			if (next < node->nr_zones && machine->zones[node->zones[next]].type == type)
				managed += machine->zones[node->zones[next++]].managed;
			if (ratio != 0 && zone->managed != 0)
				zone->reserve[type] = (uint32_t)(managed / ratio);
		}
	}
}

static void setup_zone_wmarks(struct mm_machine *machine, struct mm_zone *zone, uint64_t pages_min,
                              uint64_t shared)
{
	uint64_t managed = zone->managed, share = shared ? pages_min * managed / shared : 0;

	mm_zone_wmarks(&machine->settings, managed, share, zone->wmark);
	zone->boost = 0;
	if (!mm_shares_min_free(machine->settings.kernel, zone->type)) {
		uint64_t min = managed / 1024;

		min = min < 32 ? 32 : min > 128 ? 128 : min;
		for (uint32_t i = 0; i < MM_NR_WMARKS; i++)
			zone->wmark[i] = (uint32_t)(zone->wmark[i] - share + min);
	}
}

/* Too little memory for pageblocks of each kind: all pages then count as unmovable. */
static bool too_small_for_mobility(const struct mm_machine *machine)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < machine->nr_zones; i++) {
		const struct mm_zone *zone = &machine->zones[i];

		if (zone->managed > zone->wmark[MM_WMARK_HIGH])
			pages += zone->managed - zone->wmark[MM_WMARK_HIGH];
	}
	return pages < (uint64_t)MM_PAGEBLOCK_PAGES * MM_NR_MIGRATETYPES;
}

void mm_setup_per_zone_wmarks(struct mm_machine *machine)
{
	uint32_t kbytes = min_free_kbytes(machine);
	uint64_t shared = shared_pages(machine);

	for (uint32_t i = 0; i < machine->nr_zones; i++) {
		if (!machine->have_wmarks)
			setup_zone_wmarks(machine, &machine->zones[i], kbytes / 4, shared);
	}
	for (uint32_t n = 0; n < machine->nr_nodes; n++)
		setup_lowmem_reserve(machine, &machine->nodes[n]);
	for (uint32_t i = 0; i < machine->nr_zones; i++)
		mm_pcp_set_limits(machine, &machine->zones[i]);
	machine->mobility_disabled = too_small_for_mobility(machine);
}

/* ---- the start population ---- */

static struct mm_zone *zone_of_range(struct mm_machine *machine, uint32_t pfn, uint32_t nr)
{
	for (uint32_t i = 0; i < machine->nr_zones; i++) {
		struct mm_zone *zone = &machine->zones[i];

		if (mm_zone_spans(zone, pfn) && zone->spanned - (pfn - zone->start_pfn) >= nr)
			return zone;
	}
	return NULL;
}

/* Whether no page of an aligned range was given to the machine yet. */
static bool is_absent(const struct mm_machine *machine, uint32_t pfn, uint32_t order)
{
	uint32_t first = pfn >> MM_PAGEBLOCK_ORDER;

	if (order >= MM_PAGEBLOCK_ORDER) {
		for (uint32_t i = 0; i < 1u << (order - MM_PAGEBLOCK_ORDER); i++) {
			if (machine->owned[first + i] != 0)
				return false;
		}
		return true;
	}
	if (machine->owned[first] == 0 || machine->owned[first] == MM_PAGEBLOCK_PAGES)
		return machine->owned[first] == 0;
	for (uint32_t o = order + 1; o < MM_PAGEBLOCK_ORDER; o++) {
		const struct mm_page *head = &machine->pages[pfn & ~(mm_block_pages(o) - 1)];

		if (head->state != MM_PAGE_TAIL && head->order >= o)
			return false;
	}
	for (uint32_t i = 0; i < mm_block_pages(order); i++) {
		if (machine->pages[pfn + i].state != MM_PAGE_TAIL)
			return false;
	}
	return true;
}

/* Gives the zone pages that it did not own. false: they are not absent. */
static bool adopt_range(struct mm_machine *machine, uint32_t pfn, uint8_t order)
{
	uint32_t nr = mm_block_pages(order);
	uint32_t nr_each = nr < MM_PAGEBLOCK_PAGES ? nr : MM_PAGEBLOCK_PAGES;
	struct mm_zone *zone;

	if (order > MM_MAX_ORDER || (pfn & (nr - 1)) != 0)
		return false;
	zone = zone_of_range(machine, pfn, nr);
	if (!zone || zone->nr_owned + nr > zone->managed)
		return false;
	if (!is_absent(machine, pfn, order))
		return false;
	for (uint32_t i = 0; i < nr; i += MM_PAGEBLOCK_PAGES)
		machine->owned[(pfn + i) >> MM_PAGEBLOCK_ORDER] =
			(uint16_t)(machine->owned[(pfn + i) >> MM_PAGEBLOCK_ORDER] + nr_each);
	machine->pages[pfn].zone = zone->index;
	zone->nr_owned += nr;
	return true;
}

void mm_seed_block_type(struct mm_machine *machine, uint32_t pfn, uint8_t migratetype)
{
	if (pfn < machine->nr_pfns && migratetype < MM_NR_MIGRATETYPES)
		machine->block_types[pfn >> MM_PAGEBLOCK_ORDER] =
			machine->mobility_disabled && migratetype < MM_NR_PCPTYPES ? MM_UNMOVABLE
										   : migratetype;
}

bool mm_seed_free_block(struct mm_machine *machine, uint32_t pfn, uint8_t order)
{
	uint32_t second = pfn + MM_PAGEBLOCK_PAGES;

	if (!adopt_range(machine, pfn, order))
		return false;
	if (order > MM_PAGEBLOCK_ORDER &&
	    mm_block_type(machine, pfn) != mm_block_type(machine, second)) {
		mm_free_one_page(machine, pfn, --order, mm_block_type(machine, pfn), true);
		machine->pages[second].zone = machine->pages[pfn].zone;
		pfn = second;
	}
	mm_free_one_page(machine, pfn, order, mm_block_type(machine, pfn), true);
	return true;
}

/*
 * A page of the zone of which nothing is known, from the top down: what the recorded machine had in use
 * without showing it. MM_NONE: there is none left.
 */
static uint32_t adopt_unknown(struct mm_machine *machine, struct mm_zone *zone)
{
	while (zone->nr_owned < zone->managed && zone->unknown_left > 0) {
		uint32_t pfn = zone->start_pfn + --zone->unknown_left;

		if (adopt_range(machine, pfn, 0))
			return pfn;
	}
	return MM_NONE;
}

bool mm_seed_pcp_block(struct mm_machine *machine, uint16_t cpu, uint32_t pfn, uint8_t order,
                       uint8_t migratetype)
{
	if (cpu >= machine->nr_cpus || !mm_pcp_allowed(order) || !adopt_range(machine, pfn, order))
		return false;
	if (migratetype >= MM_NR_PCPTYPES)
		migratetype = mm_block_type(machine, pfn);
	mm_pcp_seed(machine, cpu, pfn, order, migratetype);
	return true;
}

void mm_seed_pcp(struct mm_machine *machine, uint32_t zone, uint16_t cpu, uint32_t count,
                 uint32_t high)
{
	struct mm_pcp *pcp;

	if (zone >= machine->nr_zones || cpu >= machine->nr_cpus)
		return;
	pcp = &machine->zones[zone].pcp[cpu];
	while (pcp->count < 0 || (uint32_t)pcp->count < count) {
		uint32_t pfn = adopt_unknown(machine, &machine->zones[zone]);

		if (pfn == MM_NONE)
			break;
		mm_pcp_seed(machine, cpu, pfn, 0, mm_block_type(machine, pfn));
	}
	pcp->high = high < INT32_MAX ? (int32_t)high : INT32_MAX;
	if (high == 0)
		pcp->high = pcp->count;
}

/* The block at pfn, from the free lists or from memory that nobody owned. */
static bool seize_block(struct mm_machine *machine, uint32_t pfn, uint8_t order)
{
	if (order > MM_MAX_ORDER || pfn >= machine->nr_pfns ||
	    (pfn & (mm_block_pages(order) - 1)) != 0)
		return false;
	return mm_take_free_block(machine, pfn, order) || adopt_range(machine, pfn, order);
}

/* A block wherever there is one: unknown memory rather than what the recorded machine had free. */
static uint32_t seize_any(struct mm_machine *machine, uint8_t order, uint8_t migratetype)
{
	const struct mm_zonelist *list = &machine->zonelists[0];

	for (uint32_t i = 0; order == 0 && i < list->nr; i++) {
		uint32_t pfn = adopt_unknown(machine, &machine->zones[list->zones[i]]);

		if (pfn != MM_NONE)
			return pfn;
	}
	for (uint32_t i = 0; i < list->nr; i++) {
		struct mm_zone *zone = &machine->zones[list->zones[i]];
		enum mm_rmqueue_mode mode = MM_RMQUEUE_NORMAL;
		uint32_t pfn = mm_rmqueue(machine, zone, order, migratetype, MM_ALLOC_CMA, &mode);

		if (pfn != MM_NONE)
			return pfn;
	}
	return MM_NONE;
}

int mm_seed_page(struct mm_machine *machine, uint32_t page, enum mm_lpage_kind kind, uint32_t pfn,
                 uint8_t order)
{
	int placed = 1;

	MM_CHECK(machine, machine->building && mm_lpage(machine, page)->kind == MM_LPAGE_NONE,
	         page);
	if (order > MM_MAX_ORDER)
		return MMR_E_LIMIT;
	if (kind != MM_LPAGE_KERNEL && !mm_has_room(machine, page, order))
		return MMR_E_LIMIT;
	if (pfn == MM_NONE || !seize_block(machine, pfn, order)) {
		placed = 0;
		pfn = seize_any(machine, order,
		                kind == MM_LPAGE_KERNEL ? MM_UNMOVABLE : MM_MOVABLE);
		if (pfn == MM_NONE)
			return MMR_E_LIMIT;
	}
	mm_prep_block(machine, pfn, order);
	mm_page_bind(machine, pfn, page, kind);
	if (kind != MM_LPAGE_KERNEL)
		mm_lru_add_page(machine, pfn);
	else
		mm_kmem_added(machine, page, MM_KMEM_OTHER);
	return placed;
}

void mm_seed_use(struct mm_machine *machine, uint32_t page, bool active, bool referenced)
{
	const struct mm_policy_ops *policy = machine->policy;
	uint32_t pfn = mm_lpage(machine, page)->pfn;

	/* A policy with tokens of its own has neither. */
	if (pfn == MM_NONE || !policy || !policy->nr_active || policy->refault ||
	    !(machine->pages[pfn].flags & MM_PG_LRU))
		return;
	mm_lru_remove_page(machine, pfn);
	machine->pages[pfn].flags |= active ? MM_PG_ACTIVE : 0;
	machine->pages[pfn].flags |= referenced ? MM_PG_REFERENCED : 0;
	mm_lru_add_page(machine, pfn);
}

int mm_seed_swapped(struct mm_machine *machine, uint32_t page, enum mm_lpage_kind kind)
{
	struct mm_lpage *lpage = mm_lpage(machine, page);

	/* Part of a folio, it is there, or the folio is split to make room. */
	if (machine->orders != 0 && mm_base_page(machine, page) != page)
		return 0;
	MM_CHECK(machine, lpage->kind == MM_LPAGE_NONE, page);
	lpage->slot = mm_swap_alloc(machine, 0, page);
	if (lpage->slot == MM_NONE)
		return MMR_E_LIMIT;
	lpage->kind = (uint8_t)kind;
	lpage->pfn = MM_NONE;
	lpage->order = 0;
	lpage->flags = MM_LP_EVICTED;
	return 0;
}

void mm_seed_done(struct mm_machine *machine)
{
	machine->building = false;
	mm_folio_batches_begin(machine);
	machine->nr_extfrag = 0;
	for (uint32_t i = 0; i < machine->nr_zones; i++) {
		machine->zones[i].boost = 0;
		machine->zones[i].flags = 0;
	}
}

int mm_reserve_lpages(struct mm_machine *machine, uint32_t nr_pages, struct mmr_error *err)
{
	void *lpages = machine->lpages, *owners = machine->owners;
	uint64_t nr = machine->nr_lpages;

	if (nr_pages <= machine->nr_lpages)
		return 0;
	if (nr_pages > MM_MAX_LPAGES)
		return base_error(err, MMR_E_LIMIT, "%u logical pages are too many", nr_pages);
	/* By a quarter, and no huge page is cut. */
	nr += nr / 4;
	if (nr < nr_pages)
		nr = nr_pages;
	nr = (nr + LPAGE_STEP - 1) / LPAGE_STEP * LPAGE_STEP;
	if (nr > MM_MAX_LPAGES)
		nr = MM_MAX_LPAGES;
	if (mm_next_use_reserve(machine, (uint32_t)nr, err) < 0 ||
	    mm_residence_reserve(machine, (uint32_t)nr, err) < 0 ||
	    mm_tables_reserve(machine, (uint32_t)nr, err) < 0 ||
	    mm_areas_reserve(machine, (uint32_t)nr, err) < 0 ||
	    mm_ksm_reserve(machine, (uint32_t)nr, err) < 0 ||
	    mm_huge_areas_reserve(machine, (uint32_t)nr, err) < 0)
		return MMR_E_NOMEM;
	if (base_resize(&lpages, nr, sizeof(*machine->lpages)) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for %u logical pages", nr_pages);
	machine->lpages = lpages;
	if (base_grow(&owners, machine->nr_lpages, nr, sizeof(*machine->owners), 0) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for %u logical pages", nr_pages);
	machine->owners = owners;
	for (uint64_t i = machine->nr_lpages; i < nr; i++)
		machine->lpages[i] = (struct mm_lpage){ .pfn = MM_NONE, .slot = MM_NONE };
	machine->nr_lpages = (uint32_t)nr;
	return mm_tlb_reserve(machine, err);
}
