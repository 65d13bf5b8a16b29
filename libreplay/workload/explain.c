// SPDX-License-Identifier: LGPL-2.1-or-later
/* The words of --explain; the counts are made where the decisions are. */
#include "wl_state.h"

static const char *const section_texts[WL_NR_SECTIONS] = {
#define SECTION_TEXT(name, text) [WL_SECTION_##name] = text,
	WL_SECTION_MAP(SECTION_TEXT)
};

static const struct {
	const char *text;
	enum wl_section section;
} causes[WL_NR_CAUSES] = {
#define CAUSE_TEXT(name, section, text) [WL_##section##_##name] = { text, WL_SECTION_##section },
	WL_CAUSE_MAP(CAUSE_TEXT)
};

const char *wl_section_text(unsigned int section)
{
	return section < WL_NR_SECTIONS ? section_texts[section] : "";
}

const char *wl_cause_text(unsigned int cause)
{
	return cause < WL_NR_CAUSES ? causes[cause].text : "";
}

enum wl_section wl_cause_section(unsigned int cause)
{
	return cause < WL_NR_CAUSES ? causes[cause].section : WL_SECTION_OP;
}

const struct wl_explanation *wl_explain(const struct wl *wl)
{
	return &wl->explain;
}
