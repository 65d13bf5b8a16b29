/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is in pages, for KSM: a number for each logical page, equal where the contents are.
 *
 * Whoever drives the machine tells it (mm_ksm_set_content()), or a model does: of the pages that ksmd looks at a share
 * is zero, a share has copies, a share has other contents each time, and the rest is like no other. The model draws
 * when a page is looked at first, with a seed of its own; those with copies come in groups of so many that lie up to
 * SPREAD groups apart. A page that is written to after that is like no other from then on.
 *
 * A page of which nothing is known is like no other, and does not change. Nor is one like any other that was shared and is
 * written to, until it is told what is in it then.
 *
 * Not modelled: contents that are equal by chance; a page that is written with what another one has.
 */
#include "huge_memory.h"
#include "internal.h"
#include "ksm_state.h"

#define SPREAD 64u

/* Of what is like no other; the others are below. */
#define OWN_BIT (UINT64_C(1) << 63)

static uint64_t mix(uint64_t value)
{
	value = (value ^ value >> 31) * UINT64_C(0x7fb5d329728ea185);
	value = (value ^ value >> 27) * UINT64_C(0x81dadef4bc2dd44d);
	return value ^ value >> 33;
}

static uint64_t own_content(uint64_t which)
{
	return mix(which) | OWN_BIT;
}

/* As many as copies have the same. */
static uint64_t copied_content(struct mm_ksm *ksm)
{
	uint64_t k = ksm->nr_copies++, round = k / ((uint64_t)SPREAD * ksm->model.copies);

	return (mix((round * SPREAD + k % SPREAD) + 1) & ~OWN_BIT) | 2;
}

static void draw(struct mm_ksm *ksm, struct mm_ksm_page *page, uint32_t number)
{
	const struct mm_ksm_model *model = &ksm->model;
	uint32_t percent = base_rng_below(&ksm->rng, 100);

	page->changing = false;
	if (percent < model->zero_percent)
		page->content = MM_KSM_ZERO_CONTENT;
	else if (percent < model->zero_percent + model->copied_percent && model->copies > 1)
		page->content = copied_content(ksm);
	else
		page->content = own_content(number + 1ull);
	page->changing =
		percent >= model->zero_percent + model->copied_percent &&
		percent < model->zero_percent + model->copied_percent + model->changing_percent;
}

uint64_t mm_ksm_content(struct mm_machine *machine, uint32_t number)
{
	struct mm_ksm *ksm = machine->ksm;
	struct mm_ksm_page *page = &ksm->pages[number];

	if (page->content == 0 && ksm->model.on)
		draw(ksm, page, number);
	if (page->content == 0)
		return own_content(number + 1ull);
	return page->changing ? own_content(page->content + ksm->stat.full_scans) : page->content;
}

uint32_t mm_ksm_checksum(uint64_t content)
{
	uint32_t checksum = (uint32_t)(mix(content) >> 32);

	/* An item has 0 before its page has been looked at. */
	return checksum ? checksum : 1;
}

uint64_t mm_ksm_key(const struct mm_machine *machine, uint32_t number, uint64_t content)
{
	uint32_t head = mm_whole_page(machine, number);

	if (!machine->settings.ksm.within_nodes)
		return content;
	/* Those of other nodes are different with all certainty but for that of a hash. */
	return content ^
	       mix(machine->zones[machine->pages[mm_lpage(machine, head)->pfn].zone].node);
}

void mm_ksm_written(struct mm_machine *machine, uint32_t number)
{
	struct mm_ksm *ksm = machine->ksm;
	struct mm_ksm_page *page = &ksm->pages[number];

	/* Of what is not shared a sample tells as well. */
	if ((ksm->model.on || page->role != MM_KSM_NONE) && page->content != 0 && !page->changing)
		page->content = own_content(++ksm->nr_written << 32 | number);
}

void mm_ksm_set_content(struct mm_machine *machine, const struct mm_request *request,
                        uint32_t number, uint64_t content)
{
	struct mm_ksm_page *page;

	if (!machine->ksm || machine->ksm->model.on)
		return;
	page = &machine->ksm->pages[number];
	if (page->content == content && !page->changing)
		return;
	/* Somebody has written to it, if it is shared still. */
	if (page->role == MM_KSM_SHARED || page->role == MM_KSM_ZERO)
		mm_touch_page(machine, request, number, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	page = &machine->ksm->pages[number];
	page->content = content;
	page->changing = content == MM_KSM_CHANGING_CONTENT;
	if (page->changing)
		page->content = own_content(number + 1ull);
}
