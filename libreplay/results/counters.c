/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counters of snapshots: a run says each name and each instant once, and its values refer to them by number. */
#include "counters.h"

#include <string.h>

#include "alloc.h"

static int grow(void **array, uint32_t nr, uint32_t *room, size_t size)
{
	uint32_t more = *room ? 2 * *room : 64;
	int code;

	if (nr < *room)
		return 0;
	code = base_grow(array, *room, more, size, 0);
	if (code == 0)
		*room = more;
	return code;
}

/* Snapshots have their names in the same order: the one after the last is nearly always it. */
int64_t results_counters_name(struct results_counters *counters, const char *name, bool *added)
{
	uint32_t nr = counters->nr_names;

	*added = !name;
	if (!name)
		return nr;
	for (uint32_t i = 0; i < nr; i++) {
		uint32_t at = (counters->next_name + i) % nr;

		if (strcmp(counters->names[at], name) == 0) {
			counters->next_name = (at + 1) % nr;
			return at;
		}
	}
	if (grow((void **)&counters->names, nr, &counters->room_names, sizeof(*counters->names)) <
	    0)
		return MMR_E_NOMEM;
	counters->names[nr] = base_strndup(name, strlen(name));
	if (!counters->names[nr])
		return MMR_E_NOMEM;
	counters->nr_names++;
	counters->next_name = 0;
	*added = true;
	return nr;
}

int64_t results_counters_instant(struct results_counters *counters, int64_t t_ns, bool *added)
{
	uint32_t nr = counters->nr_instants;

	*added = false;
	for (uint32_t i = nr; i-- > 0;)
		if (counters->instants[i] == t_ns)
			return i;
	if (grow((void **)&counters->instants, nr, &counters->room_instants,
	         sizeof(*counters->instants)) < 0)
		return MMR_E_NOMEM;
	counters->instants[counters->nr_instants++] = t_ns;
	*added = true;
	return nr;
}

void results_counters_forget(struct results_counters *counters)
{
	for (uint32_t i = 0; i < counters->nr_names; i++)
		base_free(counters->names[i]);
	base_free(counters->names);
	base_free(counters->instants);
	*counters = (struct results_counters){ 0 };
}
