/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mglru: its state as text, as /sys/kernel/debug/lru_gen and lru_gen_full have it.
 *
 * A line per generation: sequence number, age in milliseconds, anonymous pages, file pages. The full view has
 * all four slots and under each what refaulted (r), was evicted (e) and protected (p) per tier, for the youngest
 * generation the averages over past ones (R, T), and what walks have seen: entries, young ones,
 * page-table pages, those worth another walk.
 *
 * Follows lru_gen_seq_show(), lru_gen_seq_show_full() of v6.12 and v6.1.
 *
 * Not modelled: memcgs: all is in the root's.
 */
#include "mglru_private.h"
#include "show_text.h"

/* A blank, and the number to the right of width columns. */
static void put_number(struct mm_text *text, size_t width, uint64_t number)
{
	mm_text_put(text, " ");
	mm_text_put_number(text, width, number);
}

static void put_marked(struct mm_text *text, uint64_t number, char mark)
{
	const char string[2] = { mark, '\0' };

	put_number(text, 10, number);
	mm_text_put(text, string);
}

static void show_tier(struct mm_text *text, const struct mglru *lru, uint64_t seq, uint32_t tier)
{
	bool early = lru->version == MGLRU_6_1;
	uint32_t hist = mglru_hist(lru, seq);

	mm_text_put(text, "           ");
	put_number(text, 10, tier);
	for (uint32_t type = 0; type < MM_NR_LRU_TYPES; type++) {
		const char *marks = early ? "   " : "xxx";
		uint64_t n[3] = { 0 };

		if (seq == lru->max_seq) {
			marks = early ? "RT " : "RTx";
			n[0] = lru->avg_refaulted[type][tier];
			n[1] = lru->avg_total[type][tier];
		} else if (seq == lru->min_seq[type] || lru->nr_hist > 1) {
			marks = "rep";
			n[0] = lru->refaulted[hist][type][tier];
			n[1] = lru->evicted[hist][type][tier];
			n[2] = lru->protected[hist][type][tier];
		}
		for (uint32_t i = 0; i < 3; i++)
			put_marked(text, n[i], marks[i]);
	}
	mm_text_put(text, "\n");
}

/* Capitals: since the start, where there is no history. 6.1 has two columns more. */
static void show_walks(struct mm_text *text, const struct mglru *lru, uint64_t seq)
{
	bool early = lru->version == MGLRU_6_1, youngest = seq == lru->max_seq;
	bool shown = youngest == (lru->nr_hist == 1);
	const char *marks = early ? "LOYNFA" : "t.y.fa";

	if (!shown)
		marks = early ? "      " : "x.x.xx";
	mm_text_put(text, "                      ");
	for (uint32_t i = 0; i < MGLRU_NR_WALK_STATS; i++) {
		if (marks[i] != '.')
			put_marked(text, shown ? lru->walked[mglru_hist(lru, seq)][i] : 0,
			           marks[i]);
	}
	mm_text_put(text, "\n");
}

static void show_generation(struct mm_text *text, const struct mm_node *node, uint64_t seq,
                            bool full)
{
	const struct mglru *lru = mglru_of(node);
	uint32_t slot = mglru_slot(seq);

	put_number(text, 10, seq);
	put_number(text, 10, (mglru_now_ns(node) - lru->birth_ns[slot]) / 1000000);
	for (uint32_t type = 0; type < MM_NR_LRU_TYPES; type++) {
		uint64_t pages = 0;

		for (uint32_t zone = 0; zone < MM_NR_ZONE_TYPES; zone++)
			pages += lru->nr_pages[slot][type][zone];
		put_marked(text, pages, full && seq < lru->min_seq[type] ? 'x' : ' ');
	}
	mm_text_put(text, "\n");
	if (!full)
		return;
	for (uint32_t tier = 0; tier < MGLRU_NR_TIERS; tier++)
		show_tier(text, lru, seq, tier);
	show_walks(text, lru, seq);
}

size_t policy_mglru_show(const struct mm_node *node, bool full, char *text, size_t size)
{
	const struct mglru *lru = mglru_of(node);
	struct mm_text out = mm_text_begin(text, size);
	uint64_t seq = lru->min_seq[MM_LRU_ANON];

	if (full)
		seq = lru->max_seq >= MGLRU_NR_GENS ? lru->max_seq - MGLRU_NR_GENS + 1 : 0;
	if (node->id == 0)
		mm_text_put(&out, "memcg     1 /\n");
	mm_text_put(&out, " node");
	put_number(&out, 5, node->id);
	mm_text_put(&out, "\n");
	for (; seq <= lru->max_seq; seq++)
		show_generation(&out, node, seq, full);
	return mm_text_end(&out);
}
