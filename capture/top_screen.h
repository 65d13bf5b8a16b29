/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A frame on a terminal, and the keys pressed there: the only file that knows ncurses. */
#ifndef TOP_SCREEN_H
#define TOP_SCREEN_H

#include <stdbool.h>

#include <mmreplay/error.h>

#include "top_frame.h"

enum top_key {
	TOP_KEY_NONE, /* none is waiting */
	TOP_KEY_OTHER,
	TOP_KEY_QUIT,
	TOP_KEY_PAUSE,
	TOP_KEY_SORT,
	TOP_KEY_RESET,
	TOP_KEY_HELP,
	TOP_KEY_SLOWER,
	TOP_KEY_FASTER,
	TOP_KEY_UP,
	TOP_KEY_DOWN,
	TOP_KEY_REDRAW,
};

/* Takes over the terminal. MMR_E_UNSUPPORTED: there is none, TERM names none, or built without ncurses. */
int top_screen_open(struct mmr_error *err) MMR_MUST_CHECK;

/* Whether it shows UTF-8. */
bool top_screen_utf8(void);

/* Takes over the size that it has now. false: no memory. */
bool top_screen_fit(struct top_frame *frame);

/* Whether the terminal would take text now; a stopped one (Ctrl-S) does not. */
bool top_screen_takes_more(void);

void top_screen_show(const struct top_frame *frame);

/* What was pressed; does not wait. */
enum top_key top_screen_key(void);

/* Everything as it was before. Closed already is fine. */
void top_screen_close(void);

/* Only the terminal's modes as they were; for a signal handler that ends the process. */
void top_screen_abandon(void);

#endif
