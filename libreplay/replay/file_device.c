/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How fast the recorded machine wrote dirty pages to their files.
 *
 * Tasks that dirty pages look at how much is dirty (balance_dirty_pages), and say so where that is so much that the device
 * does not rest. From one look to the next, at most GAP_NS apart, what became dirty (writeback_dirty_folio), less what is
 * dirty more at the end, has been written. So in each of 128 equal parts of the trace's time, of BIN_NS at least, what a page
 * took is known if such looks cover half of it. Elsewhere it is taken from the part in which the median page was written, if
 * MIN_PAGES were at all: there the flusher was at work, not kept from a CPU. Looks further apart bound it: the device may have
 * rested meanwhile, so that it is at least as fast as what was written between them tells, if that is MIN_PAGES.
 *
 * Follows balance_dirty_pages(), folio_account_dirtied() of v6.12.
 *
 * Bias: pages that were truncated count as written; dirty is a counter that each CPU adds to in batches.
 */
#include "file_device.h"

#define GAP_NS    UINT64_C(20000000)
#define BIN_NS    UINT64_C(50000000)
#define MIN_PAGES 1024

static uint32_t bin_of(const struct replay_file_device *device, uint64_t t_ns)
{
	return replay_span_bin(device->span, REPLAY_FILE_DEVICE_BINS, BIN_NS, t_ns);
}

static void look(struct replay_file_device *device, const struct mmr_event *event)
{
	struct replay_file_device_bin *bin = &device->bins[bin_of(device, event->t_ns)];
	uint64_t nr_dirty = event->balance_dirty.dirty;

	if (device->looked_ns > 0 && event->t_ns >= device->looked_ns) {
		if (event->t_ns - device->looked_ns > GAP_NS)
			bin = &device->far_apart;
		bin->ns += event->t_ns - device->looked_ns;
		bin->nr_pages += (int64_t)(device->nr_dirty + device->nr_dirtied - nr_dirty);
	}
	if (device->limit == 0)
		device->limit = event->balance_dirty.limit;
	device->looked_ns = event->t_ns;
	device->nr_dirty = nr_dirty;
	device->nr_dirtied = 0;
}

void replay_file_device_event(struct replay_file_device *device, const struct mmr_event *event)
{
	switch (event->kind) {
	case MMR_EVENT_LOST:
		device->looked_ns = 0;
		break;
	case MMR_EVENT_WRITEBACK_DIRTY_FOLIO:
		device->nr_dirtied++;
		break;
	case MMR_EVENT_BALANCE_DIRTY_PAGES:
		look(device, event);
		break;
	}
}

/* A page longer than all that is known means none was written. */
static uint64_t page_ns(const struct replay_file_device_bin *bin)
{
	return bin->nr_pages > 0 ? bin->ns / (uint64_t)bin->nr_pages : bin->ns;
}

static uint64_t median_ns(const struct replay_file_device *device)
{
	int64_t total = 0;

	for (uint32_t i = 0; i < REPLAY_FILE_DEVICE_BINS; i++)
		total += device->bins[i].nr_pages > 0 ? device->bins[i].nr_pages : 0;
	if (total < MIN_PAGES)
		return 0;
	for (uint32_t i = 0; i < REPLAY_FILE_DEVICE_BINS; i++) {
		uint64_t ns = page_ns(&device->bins[i]);
		int64_t faster = 0, as_fast = 0;

		if (device->bins[i].nr_pages <= 0)
			continue;
		for (uint32_t j = 0; j < REPLAY_FILE_DEVICE_BINS; j++) {
			const struct replay_file_device_bin *other = &device->bins[j];

			if (other->nr_pages > 0 && page_ns(other) < ns)
				faster += other->nr_pages;
			if (other->nr_pages > 0 && page_ns(other) <= ns)
				as_fast += other->nr_pages;
		}
		if (faster * 2 < total && as_fast * 2 >= total)
			return ns;
	}
	return 0;
}

uint64_t replay_file_device_ns(const struct replay_file_device *device)
{
	uint64_t ns = median_ns(device);

	return device->far_apart.nr_pages >= MIN_PAGES && page_ns(&device->far_apart) < ns
	               ? page_ns(&device->far_apart)
	               : ns;
}

uint64_t replay_file_device_at(const struct replay_file_device *device, uint64_t t_ns,
                               uint64_t otherwise_ns)
{
	const struct replay_file_device_bin *bin = &device->bins[bin_of(device, t_ns)];

	return bin->ns * 2 >= replay_span_width(device->span, REPLAY_FILE_DEVICE_BINS, BIN_NS)
	               ? page_ns(bin)
	               : otherwise_ns;
}
