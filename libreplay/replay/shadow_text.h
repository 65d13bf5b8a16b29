/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of /proc/buddyinfo and /proc/pagetypeinfo: "Node 0, zone    DMA32     13      5 …". */
#ifndef REPLAY_SHADOW_TEXT_H
#define REPLAY_SHADOW_TEXT_H

#include "shadow_state.h"

/* The zone that a line is about, or SHADOW_NONE; *at moves past its name. */
uint32_t replay_shadow_text_zone(const struct replay_shadow *s, const char **at, const char *end);

/* Moves *at past a word; false if the text goes on otherwise. */
bool replay_shadow_text_word(const char **at, const char *end, const char *word);

/* The next decimal number, with or without a ">" before it; *at moves past it. False: none is left, or it is out of range. */
bool replay_shadow_text_number(const char **at, const char *end, uint64_t *ret);

/* The line after this one, or end. */
const char *replay_shadow_text_next_line(const char *at, const char *end);

#endif
