/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tracefs instances whose recorder died, and its janitor too. They trace on, for nobody. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "failure.h"
#include "leftover.h"
#include "tracing.h"

struct search {
	const char *root;
	leftover_found *found;
	void *data;
};

static void found_one(const char *name, void *data)
{
	const struct search *search = data;
	char path[4096];

	snprintf(path, sizeof(path), "%s/instances/%s", search->root, name);
	search->found(path, search->data);
}

static int find(leftover_found *found, void *data, struct mmr_error *err)
{
	struct search search = { .root = tracing_root(err), .found = found, .data = data };

	if (!search.root)
		return err->code;
	tracing_find_stale(search.root, found_one, &search);
	return 0;
}

/* Somebody else may have been faster. */
static int remove_instance(const char *path, struct mmr_error *err)
{
	if (rmdir(path) == 0 || errno == ENOENT)
		return 0;
	return failure_errno(err, errno, "cannot remove %s", path);
}

const struct leftover_ops leftover_instances = {
	.what = "tracefs instance",
	.find = find,
	.remove = remove_instance,
};
