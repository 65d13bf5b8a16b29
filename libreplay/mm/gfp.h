/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Allocation flags as they stand in traces. The low half is the same in 6.1, 6.12 and 6.18; 0x200
 * (ATOMIC) exists in 6.1 only and decides nothing that HIGH and the reclaim bits do not.
 */
#ifndef MM_GFP_H
#define MM_GFP_H

#include <stdint.h>

#define MM_GFP_DMA            0x1u
#define MM_GFP_HIGHMEM        0x2u
#define MM_GFP_DMA32          0x4u
#define MM_GFP_MOVABLE        0x8u
#define MM_GFP_RECLAIMABLE    0x10u
#define MM_GFP_HIGH           0x20u
#define MM_GFP_IO             0x40u
#define MM_GFP_FS             0x80u
#define MM_GFP_ZERO           0x100u
#define MM_GFP_DIRECT_RECLAIM 0x400u
#define MM_GFP_KSWAPD_RECLAIM 0x800u
#define MM_GFP_WRITE          0x1000u
#define MM_GFP_RETRY_MAYFAIL  0x4000u
#define MM_GFP_NOFAIL         0x8000u
#define MM_GFP_NORETRY        0x10000u
#define MM_GFP_MEMALLOC       0x20000u
#define MM_GFP_NOMEMALLOC     0x80000u
#define MM_GFP_THISNODE       0x200000u

#define MM_GFP_KERNEL           0xcc0u
#define MM_GFP_HIGHUSER_MOVABLE 0x100ccau
#define MM_GFP_TRANSHUGE_LIGHT  0x1c20cau
#define MM_GFP_TRANSHUGE        0x1c24cau

#endif
