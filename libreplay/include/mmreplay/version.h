/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MMREPLAY_VERSION_H
#define MMREPLAY_VERSION_H

#include <mmreplay/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Version of the library at run time, such as "0.1.0". Static storage. */
MMR_API const char *mmr_version(void);

#ifdef __cplusplus
}
#endif
#endif
