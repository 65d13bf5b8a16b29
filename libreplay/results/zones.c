/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Zones of a run by number: a machine has few, so that they are looked for one after the other. */
#include "zones.h"

#include <string.h>

#include "alloc.h"

int64_t results_zones_number(struct results_zones *zones, int64_t node, const char *zone,
                             bool *added)
{
	const struct results_zone_name *names = zones->names.items;
	struct results_zone_name name = { .node = node };
	size_t nr = zones->names.count;

	*added = false;
	for (size_t i = 0; i < nr; i++)
		if (names[i].node == node && strcmp(names[i].zone, zone) == 0)
			return (int64_t)i;
	name.zone = base_strndup(zone, strlen(zone));
	if (!name.zone || results_zone_vec_push(&zones->names, name) < 0) {
		base_free(name.zone);
		return MMR_E_NOMEM;
	}
	*added = true;
	return (int64_t)nr;
}

void results_zones_forget(struct results_zones *zones)
{
	for (size_t i = 0; i < zones->names.count; i++)
		base_free(zones->names.items[i].zone);
	results_zone_vec_deinit(&zones->names);
}
