/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of the parts, and the calls that go to all of them. */
#include "part.h"

#include <poll.h>

#include "access.h"
#include "part_cgroup.h"
#include "part_content.h"
#include "part_flight.h"
#include "part_interval.h"
#include "part_perf.h"
#include "part_rotate.h"
#include "recording.h"

static const struct part_ops *const all_parts[] = {
	&part_flight, /* first, so that it ends last: it writes what the others gave */
	&part_interval, &part_cgroup, &part_access, &part_content, &part_rotate, &part_perf,
};

_Static_assert(sizeof(all_parts) / sizeof(all_parts[0]) <= PARTS_MAX, "PARTS_MAX is too small");

int parts_prepare(struct recording *r, struct mmr_error *err)
{
	int ret = 0;

	for (size_t i = 0; i < sizeof(all_parts) / sizeof(all_parts[0]) && ret == 0; i++) {
		const struct part_ops *ops = all_parts[i];
		struct part *part = &r->parts.parts[r->parts.count];

		if (ops->wanted && !ops->wanted(r))
			continue;
		*part = (struct part){ .ops = ops, .fd = -1 };
		r->parts.count++;
		if (ops->prepare)
			ret = ops->prepare(r, part, err);
	}
	return ret;
}

int parts_begin(struct recording *r, struct mmr_error *err)
{
	int ret = 0;

	for (unsigned int i = 0; i < r->parts.count && ret == 0; i++) {
		struct part *part = &r->parts.parts[i];

		if (part->ops->begin)
			ret = part->ops->begin(r, part, err);
		part->begun = ret == 0;
	}
	return ret;
}

void parts_poll(const struct recording *r, struct pollfd *fds)
{
	for (unsigned int i = 0; i < r->parts.count; i++)
		fds[i] = (struct pollfd){ .fd = r->parts.parts[i].fd, .events = POLLIN };
}

int parts_ready(struct recording *r, const struct pollfd *fds, struct mmr_error *err)
{
	int ret = 0;

	for (unsigned int i = 0; i < r->parts.count && ret == 0; i++) {
		struct part *part = &r->parts.parts[i];

		if (fds[i].revents && part->ops->ready)
			ret = part->ops->ready(r, part, err);
	}
	return ret;
}

int parts_end(struct recording *r, struct mmr_error *err)
{
	int ret = 0;

	for (unsigned int i = r->parts.count; i-- > 0;) {
		struct part *part = &r->parts.parts[i];
		int own;

		if (!part->begun || !part->ops->end)
			continue;
		part->begun = false;
		own = part->ops->end(r, part, ret < 0 ? NULL : err);
		if (ret == 0)
			ret = own;
	}
	return ret;
}

void parts_deinit(struct recording *r)
{
	for (unsigned int i = r->parts.count; i-- > 0;) {
		struct part *part = &r->parts.parts[i];

		if (part->ops->deinit)
			part->ops->deinit(r, part);
	}
	r->parts.count = 0;
}
