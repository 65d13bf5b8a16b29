/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counters of snapshots: a run says each name and each instant once, and its values refer to them by number. */
#include "counters.h"

#include <string.h>

#include "alloc.h"

/* Snapshots have their names in the same order: the one after the last is nearly always it. */
int64_t results_counters_name(struct results_counters *counters, const char *name, bool *added)
{
	size_t nr = counters->names.count;
	char *copy;

	*added = !name;
	if (!name)
		return (int64_t)nr;
	for (size_t i = 0; i < nr; i++) {
		size_t at = (counters->next_name + i) % nr;

		if (strcmp(counters->names.items[at], name) == 0) {
			counters->next_name = (at + 1) % nr;
			return (int64_t)at;
		}
	}
	copy = base_strndup(name, strlen(name));
	if (!copy || results_name_vec_push(&counters->names, copy) < 0) {
		base_free(copy);
		return MMR_E_NOMEM;
	}
	counters->next_name = 0;
	*added = true;
	return (int64_t)nr;
}

/* They come in order, but for those of another kind of counters: what is later than all is new. */
int64_t results_counters_instant(struct results_counters *counters, int64_t t_ns, bool *added)
{
	size_t nr = counters->instants.count;
	bool later = nr == 0 || t_ns > counters->latest_ns;

	*added = false;
	for (size_t i = later ? 0 : nr; i-- > 0;)
		if (counters->instants.items[i] == t_ns)
			return (int64_t)i;
	if (results_time_vec_push(&counters->instants, t_ns) < 0)
		return MMR_E_NOMEM;
	if (later)
		counters->latest_ns = t_ns;
	*added = true;
	return (int64_t)nr;
}

void results_counters_forget(struct results_counters *counters)
{
	for (size_t i = 0; i < counters->names.count; i++)
		base_free(counters->names.items[i]);
	results_name_vec_deinit(&counters->names);
	results_time_vec_deinit(&counters->instants);
	*counters = (struct results_counters){ 0 };
}
