/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shadow against the kernel's own word: buddyinfo by order, kpageflags by page.
 *
 * A file is read somewhere between two instants. While events pass between them, buddyinfo is
 * compared after each and the nearest comparison of each zone is kept (the kernel reads a zone under its
 * lock, so there is one at which it is right). A page of kpageflags agrees if it does at the first
 * instant or at the last: what changed in between may have been read either way. Where no event comes
 * after a reading, what the last one left is compared at the reading's end.
 *
 * State: the pieces of the snapshot that are still to come or being read, the pages that disagreed
 * at the first instant, the comparisons made. Nothing of it flows back into the shadow.
 */
#include "shadow_verify.h"

#include <string.h>

#include "error_set.h"
#include "le.h"
#include "shadow_buddy.h"
#include "shadow_compaction.h"
#include "shadow_init.h"
#include "shadow_text.h"
#include "vec.h"

#define KPF_BUDDY (1ull << 10)
#define KPF_BITS  8 /* bytes per page */

/* A file, or a chunk of one, that was read between two instants. */
struct reading {
	struct mmr_snapshot_piece piece;
	uint32_t snapshot;
	uint8_t kind; /* enum shadow_check_kind */
};

/* A zone's row of buddyinfo, and the shadow's that came nearest. */
struct row {
	size_t reading;
	uint32_t zone;
	uint64_t distance; /* pages in orders that differ */
	uint64_t t_ns;
	uint64_t kernel[SHADOW_NR_ORDERS];
	uint64_t shadow[SHADOW_NR_ORDERS];
};

/* A page that disagreed at the first instant. */
struct wrong {
	size_t reading;
	uint32_t index;
	bool kernel_free;
};

DEFINE_VEC(reading_vec, struct reading);
DEFINE_VEC(row_vec, struct row);
DEFINE_VEC(wrong_vec, struct wrong);
DEFINE_VEC(check_vec, struct replay_shadow_check);

struct shadow_verify {
	struct shadow_source source; /* zeroed: there is none */
	struct reading_vec readings;
	size_t first;     /* readings before it are done */
	size_t next_open; /* readings before it have begun */
	struct row_vec rows;
	struct wrong_vec wrong;
	struct check_vec checks;
};

static struct shadow_verify *get_verify(struct replay_shadow *s, struct mmr_error *err)
{
	if (!s->verify)
		s->verify = base_calloc_err(1, sizeof(*s->verify), "verification", err);
	return s->verify;
}

void replay_shadow_verify_free(struct shadow_verify *v)
{
	if (!v)
		return;
	if (v->source.destroy)
		v->source.destroy(v->source.data);
	reading_vec_deinit(&v->readings);
	row_vec_deinit(&v->rows);
	wrong_vec_deinit(&v->wrong);
	check_vec_deinit(&v->checks);
	base_free(v);
}

static void add_check(struct replay_shadow *s, struct replay_shadow_check check)
{
	if (check_vec_push(&s->verify->checks, check) < 0)
		s->stats.nr_unchecked++;
}

/* ---- buddyinfo ---- */

static void compare_row(struct replay_shadow *s, struct row *row, uint64_t now_ns)
{
	uint64_t end_ns = s->verify->readings.items[row->reading].piece.end_ns;
	uint64_t blocks[SHADOW_NR_ORDERS];
	uint64_t distance = 0;

	replay_shadow_free_blocks(s, row->zone, blocks);
	for (unsigned int order = 0; order < SHADOW_NR_ORDERS; order++) {
		uint64_t kernel = row->kernel[order];
		uint64_t off =
			kernel > blocks[order] ? kernel - blocks[order] : blocks[order] - kernel;

		distance += off << order;
	}
	if (distance >= row->distance)
		return;
	row->distance = distance;
	row->t_ns = now_ns < end_ns ? now_ns : end_ns;
	memcpy(row->shadow, blocks, sizeof(blocks));
}

static void open_buddyinfo(struct replay_shadow *s, size_t reading)
{
	struct shadow_verify *v = s->verify;
	const struct mmr_snapshot_piece *piece = &v->readings.items[reading].piece;
	const char *line = (const char *)piece->data;
	const char *end = line + piece->size;

	for (const char *next; line < end; line = next) {
		struct row row = { .reading = reading, .distance = UINT64_MAX };
		unsigned int order = 0;

		next = replay_shadow_text_next_line(line, end);
		row.zone = replay_shadow_text_zone(s, &line, next);
		if (row.zone == SHADOW_NONE)
			continue;
		while (order < SHADOW_NR_ORDERS &&
		       replay_shadow_text_number(&line, next, &row.kernel[order]))
			order++;
		if (order == SHADOW_NR_ORDERS && row_vec_push(&v->rows, row) < 0)
			s->stats.nr_unchecked++;
	}
}

static void forget_rows(struct shadow_verify *v, size_t reading)
{
	size_t nr_left = 0;

	for (size_t i = 0; i < v->rows.count; i++)
		if (v->rows.items[i].reading != reading)
			v->rows.items[nr_left++] = v->rows.items[i];
	v->rows.count = nr_left;
}

static void close_buddyinfo(struct replay_shadow *s, size_t reading)
{
	struct shadow_verify *v = s->verify;

	for (size_t i = 0; i < v->rows.count; i++) {
		const struct row *row = &v->rows.items[i];

		for (uint8_t order = 0; row->reading == reading && order < SHADOW_NR_ORDERS;
		     order++)
			add_check(s, (struct replay_shadow_check){
					     .t_ns = row->t_ns,
					     .kernel = row->kernel[order],
					     .shadow = row->shadow[order],
					     .snapshot = v->readings.items[reading].snapshot,
					     .zone = row->zone,
					     .kind = v->readings.items[reading].kind,
					     .page_order = order,
				     });
	}
	forget_rows(v, reading);
}

/* ---- kpageflags ---- */

static enum shadow_cause cause_of(struct replay_shadow *s, const struct wrong *wrong)
{
	enum page_state state = page_state(s, wrong->index);

	if (state == PAGE_UNKNOWN)
		return SHADOW_CAUSE_UNKNOWN;
	if (s->stats.nr_lost)
		return SHADOW_CAUSE_LOST;
	if (!wrong->kernel_free)
		return replay_shadow_is_pending(s, wrong->index) ? SHADOW_CAUSE_FREE_PENDING
		                                                 : SHADOW_CAUSE_FREE_ELSE;
	if (state == PAGE_PRIVATE)
		return SHADOW_CAUSE_USED_PRIVATE;
	return state == PAGE_PCP ? SHADOW_CAUSE_USED_PCP : SHADOW_CAUSE_USED_ELSE;
}

/* The part of a chunk that lies in a zone; the number of its pages. */
static uint64_t clip(const struct shadow_zone *zone, const struct mmr_snapshot_piece *piece,
                     uint64_t *first)
{
	uint64_t start = piece->offset / KPF_BITS;
	uint64_t end = start + piece->size / KPF_BITS;

	*first = start < zone->start_pfn ? zone->start_pfn : start;
	end = end > zone->end_pfn ? zone->end_pfn : end;
	return end > *first ? end - *first : 0;
}

static void open_kpageflags(struct replay_shadow *s, size_t reading)
{
	struct shadow_verify *v = s->verify;
	const struct mmr_snapshot_piece *piece = &v->readings.items[reading].piece;

	for (uint32_t i = 0; i < s->nr_zones; i++) {
		const struct shadow_zone *zone = &s->zones[i];
		uint64_t first;
		uint64_t nr = clip(zone, piece, &first);
		const uint8_t *flags = piece->data + (first * KPF_BITS - piece->offset);
		uint32_t index = zone->base + (uint32_t)(first - zone->base_pfn);

		for (; nr > 0; nr--, index++, flags += KPF_BITS) {
			bool kernel_free = le64_get(flags) & KPF_BUDDY;

			if (kernel_free == (page_state(s, index) == PAGE_FREE))
				continue;
			if (wrong_vec_push(&v->wrong,
			                   (struct wrong){ reading, index, kernel_free }) < 0)
				s->stats.nr_unchecked++;
		}
	}
}

static void forget_wrong(struct shadow_verify *v, size_t reading)
{
	size_t nr_left = 0;

	for (size_t i = 0; i < v->wrong.count; i++)
		if (v->wrong.items[i].reading != reading)
			v->wrong.items[nr_left++] = v->wrong.items[i];
	v->wrong.count = nr_left;
}

static void close_kpageflags(struct replay_shadow *s, size_t reading)
{
	struct shadow_verify *v = s->verify;
	struct replay_shadow_check check = {
		.t_ns = v->readings.items[reading].piece.end_ns,
		.snapshot = v->readings.items[reading].snapshot,
	};

	for (uint32_t zone = 0; zone < s->nr_zones; zone++) {
		uint64_t nr_wrong[SHADOW_NR_CAUSES] = { 0 };
		uint64_t first;

		check.zone = zone;
		check.kind = SHADOW_CHECK_KPAGEFLAGS;
		check.cause = SHADOW_CAUSE_NONE;
		check.kernel = clip(&s->zones[zone], &v->readings.items[reading].piece, &first);
		check.shadow = check.kernel;
		if (check.kernel == 0)
			continue;
		for (size_t i = 0; i < v->wrong.count; i++) {
			const struct wrong *wrong = &v->wrong.items[i];
			bool is_free = page_state(s, wrong->index) == PAGE_FREE;

			if (wrong->reading != reading || is_free == wrong->kernel_free ||
			    wrong->index - s->zones[zone].base >= s->zones[zone].nr)
				continue;
			nr_wrong[cause_of(s, wrong)]++;
			check.shadow--;
		}
		add_check(s, check);
		check.kind = SHADOW_CHECK_CAUSE;
		check.shadow = 0;
		for (check.cause = 0; check.cause < SHADOW_NR_CAUSES; check.cause++) {
			check.kernel = nr_wrong[check.cause];
			if (check.kernel)
				add_check(s, check);
		}
	}
	forget_wrong(v, reading);
}

/* ---- time ---- */

static void open_reading(struct replay_shadow *s, size_t i)
{
	if (s->verify->readings.items[i].kind == SHADOW_CHECK_KPAGEFLAGS)
		open_kpageflags(s, i);
	else
		open_buddyinfo(s, i);
}

static void close_reading(struct replay_shadow *s, size_t i)
{
	if (s->verify->readings.items[i].kind == SHADOW_CHECK_KPAGEFLAGS)
		close_kpageflags(s, i);
	else
		close_buddyinfo(s, i);
}

int replay_shadow_verify_add(struct replay_shadow *s, const struct mmr_snapshot_piece *piece,
                             uint32_t snapshot, struct mmr_error *err)
{
	struct shadow_verify *v = get_verify(s, err);
	struct reading reading = { .piece = *piece, .snapshot = snapshot };

	if (!v)
		return MMR_E_NOMEM;
	if (strcmp(piece->name, "proc/kpageflags") == 0)
		reading.kind = SHADOW_CHECK_KPAGEFLAGS;
	else if (strcmp(piece->name, "proc/buddyinfo.end") == 0)
		reading.kind = SHADOW_CHECK_BUDDYINFO_END;
	else if (strncmp(piece->name, "proc/buddyinfo", strlen("proc/buddyinfo")) == 0)
		reading.kind =
			SHADOW_CHECK_BUDDYINFO; /* an importer may have it under several names */
	else
		return 0;
	if (reading_vec_push(&v->readings, reading) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for verification");
	if (piece->begin_ns < s->next_check_ns)
		s->next_check_ns = piece->begin_ns;
	return 0;
}

/* When to look again: the next instant of a reading, or of the next snapshot. */
static uint64_t next_instant(const struct shadow_verify *v)
{
	if (v->first < v->readings.count) {
		uint64_t ns = UINT64_MAX;

		if (v->rows.count)
			return 0; /* after every event */
		if (v->next_open < v->readings.count)
			ns = v->readings.items[v->next_open].piece.begin_ns;
		if (v->first < v->next_open && v->readings.items[v->first].piece.end_ns < ns)
			ns = v->readings.items[v->first].piece.end_ns;
		return ns;
	}
	return v->source.next_ns ? v->source.next_ns(v->source.data) : UINT64_MAX;
}

void replay_shadow_verify_until(struct replay_shadow *s, uint64_t now_ns)
{
	struct shadow_verify *v = s->verify;

	for (;;) {
		while (v->next_open < v->readings.count &&
		       v->readings.items[v->next_open].piece.begin_ns <= now_ns)
			open_reading(s, v->next_open++);
		for (size_t i = 0; i < v->rows.count; i++)
			compare_row(s, &v->rows.items[i], now_ns);
		while (v->first < v->next_open &&
		       v->readings.items[v->first].piece.end_ns <= now_ns)
			close_reading(s, v->first++);
		s->next_check_ns = next_instant(v);
		if (v->first < v->readings.count || s->next_check_ns > now_ns ||
		    s->next_check_ns == UINT64_MAX)
			break;
		v->readings.count = v->first = v->next_open = 0;
		v->source.load(v->source.data, s);
	}
}

int replay_shadow_verify_from(struct replay_shadow *s, const struct shadow_source *source,
                              struct mmr_error *err)
{
	struct shadow_verify *v = get_verify(s, err);

	if (!v)
		return MMR_E_NOMEM;
	v->source = *source;
	s->next_check_ns = next_instant(v);
	return 0;
}

void replay_shadow_verify_unreadable(struct replay_shadow *s, uint32_t snapshot, uint64_t t_ns)
{
	add_check(s, (struct replay_shadow_check){
			     .t_ns = t_ns,
			     .snapshot = snapshot,
			     .kind = SHADOW_CHECK_CAUSE,
			     .cause = SHADOW_CAUSE_UNREADABLE,
		     });
}

void replay_shadow_finish(struct replay_shadow *s)
{
	if (!replay_shadow_ready(s))
		replay_shadow_load_chunks(s, UINT64_MAX);
	if (s->verify)
		replay_shadow_verify_until(s, UINT64_MAX);
}

const struct replay_shadow_check *replay_shadow_checks(const struct replay_shadow *s, size_t *nr)
{
	*nr = s->verify ? s->verify->checks.count : 0;
	return s->verify ? s->verify->checks.items : NULL;
}

bool replay_shadow_check_good(const struct replay_shadow *s,
                              const struct replay_shadow_check *check)
{
	uint64_t off = check->kernel > check->shadow ? check->kernel - check->shadow
	                                             : check->shadow - check->kernel;

	if (off == 0)
		return true;
	if (s->stats.isolated == 0)
		return false;
	if (check->kind == SHADOW_CHECK_KPAGEFLAGS)
		return off * 1000 <= check->kernel;
	return off <= 4 || off * 20 <= check->kernel;
}
