/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "leftover.h"

#include <stddef.h>

/* In the order in which they are listed and removed. */
static const struct leftover_ops *const kinds[] = {
	&leftover_instances,
	&leftover_sockets,
};

const struct leftover_ops *leftover_kind(unsigned int i)
{
	return i < sizeof(kinds) / sizeof(kinds[0]) ? kinds[i] : NULL;
}
