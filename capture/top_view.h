/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model as a picture: which rows there are in how much room. Pure. */
#ifndef TOP_VIEW_H
#define TOP_VIEW_H

#include "top_frame.h"
#include "top_model.h"

struct top_view {
	enum top_sort sort;
	bool paused;
	bool help;
	bool utf8;       /* bars may have more than ASCII */
	bool plain;      /* nobody can press a key: no hints */
	uint32_t scroll; /* rows of stalls that are above */
	uint64_t interval_ns;
	char host[64];
	char release[64];  /* of the kernel */
	char clock[16];    /* time of day of what is shown */
	char problem[256]; /* why there are no events; "": there are */
};

/* Draws it into the frame, which was cleared. The stalls are shown in the order they have. */
void top_view_draw(struct top_frame *frame, const struct top_model *model,
                   const struct top_view *view);

#endif
