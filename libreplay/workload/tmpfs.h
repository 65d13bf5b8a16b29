/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where pages of tmpfs that system calls write lie in their files: see tmpfs.c. */
#ifndef WORKLOAD_TMPFS_H
#define WORKLOAD_TMPFS_H

#include "wl_state.h"

/* The task asked for a huge page in vain, and not in a fault: its next page is told of it. */
void wl_tmpfs_tried(struct wl *wl, uint32_t task, uint32_t gfp_flags);
/* The movable page of order 0 that was allocated next, not for a fault; gfp_flags of the vain attempt. */
void wl_tmpfs_allocated(struct wl *wl, uint32_t page, uint32_t gfp_flags);
/*
 * The page, which a system call has brought to life, is tmpfs's: it is numbered by its place, and its op says whether it is the first of a
 * place for a huge page. Its number from then on.
 */
uint32_t wl_tmpfs_page(struct wl *wl, uint32_t page);
/* Likewise a huge page, at its first number, which it keeps: what the task writes next lies behind it. */
void wl_tmpfs_huge(struct wl *wl, uint32_t page);

#endif
