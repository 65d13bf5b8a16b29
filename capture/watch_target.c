/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The race with the process is settled by pagemap, which tells whether a page bears the mark: right after
 * arming (else there was nothing to arm), and before disarming (else the page was given back and whatever
 * came since is another). Faults that were not of an armed page, or come late, are let go unseen.
 *
 * Follows mwriteprotect_range() and handle_userfault(), v6.12.
 */
#include "watch_target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "snapshot_reader.h"

#define PAGE       4096u
#define TRIES      8u
#define PM_PRESENT (1ull << 63)
#define PM_MARKED  (1ull << 57)
#define PM_PFN     ((1ull << 55) - 1)
#define KPF_HUGE   (1ull << 17 | 1ull << 22)
#define LOOK_NS    500000000ull

void watch_target_init(struct watch_target *t, pid_t pid, int fd)
{
	char path[64];

	*t = (struct watch_target){ .pid = pid, .fd = fd };
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	t->pagemap_fd = open(path, O_RDONLY | O_CLOEXEC);
}

void watch_target_deinit(struct watch_target *t)
{
	if (t->fd >= 0)
		close(t->fd);
	if (t->pagemap_fd >= 0)
		close(t->pagemap_fd);
	*t = (struct watch_target){ .fd = -1, .pagemap_fd = -1 };
}

bool watch_area_parse(const char *line, struct watch_area *area)
{
	char flags[8];
	char path[8] = "";
	uint64_t inode;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*s %*s %" SCNu64 " %7s", &area->start,
	           &area->end, flags, &inode, path) < 4)
		return false;
	return strcmp(flags, "rw-p") == 0 && inode == 0 &&
	       (path[0] == '\0' || strcmp(path, "[heap]") == 0 || strncmp(path, "[anon", 5) == 0);
}

static bool is_known(const struct watch_target *t, const struct watch_area *area)
{
	for (unsigned int i = 0; i < t->nr_areas; i++)
		if (t->areas[i].start == area->start && t->areas[i].end == area->end)
			return true;
	return false;
}

void watch_target_look(struct watch_target *t)
{
	struct watch_area areas[WATCH_MAX_AREAS];
	unsigned int count = 0;
	uint64_t nr_pages = 0;
	char line[512];
	FILE *maps;

	if (t->looked_ns && snapshot_clock() - t->looked_ns < LOOK_NS)
		return;
	t->looked_ns = snapshot_clock();
	snprintf(line, sizeof(line), "/proc/%d/maps", t->pid);
	maps = fopen(line, "re");
	while (maps && count < WATCH_MAX_AREAS && fgets(line, sizeof(line), maps)) {
		struct watch_area *area = &areas[count];
		struct uffdio_register registration;

		if (!watch_area_parse(line, area))
			continue;
		registration = (struct uffdio_register){
			.range = { .start = area->start, .len = area->end - area->start },
			.mode = UFFDIO_REGISTER_MODE_WP,
		};
		if (!is_known(t, area) && ioctl(t->fd, UFFDIO_REGISTER, &registration) < 0)
			continue;
		nr_pages += (area->end - area->start) / PAGE;
		count++;
	}
	if (maps)
		fclose(maps);
	memcpy(t->areas, areas, count * sizeof(areas[0]));
	t->nr_areas = count;
	t->nr_pages = nr_pages;
}

static uint64_t draw(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static uint64_t pagemap_of(const struct watch_target *t, uint64_t address)
{
	uint64_t entry = 0;

	if (pread(t->pagemap_fd, &entry, sizeof(entry), (off_t)(address / PAGE * sizeof(entry))) !=
	    (ssize_t)sizeof(entry))
		return 0;
	return entry;
}

static bool protect(const struct watch_target *t, uint64_t address, bool on)
{
	struct uffdio_writeprotect request = {
		.range = { .start = address, .len = PAGE },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return ioctl(t->fd, UFFDIO_WRITEPROTECT, &request) == 0;
}

static uint64_t address_of(const struct watch_target *t, uint64_t page)
{
	for (unsigned int i = 0; i < t->nr_areas; i++) {
		uint64_t count = (t->areas[i].end - t->areas[i].start) / PAGE;

		if (page < count)
			return t->areas[i].start + page * PAGE;
		page -= count;
	}
	return 0;
}

static bool can_be_armed(const struct watch_target *t, uint64_t address, int kpageflags_fd)
{
	uint64_t entry = pagemap_of(t, address);
	uint64_t flags = 0;

	if (!(entry & PM_PRESENT) || (entry & PM_MARKED))
		return false;
	if (pread(kpageflags_fd, &flags, sizeof(flags),
	          (off_t)((entry & PM_PFN) * sizeof(flags))) != (ssize_t)sizeof(flags))
		return false;
	return !(flags & KPF_HUGE);
}

void watch_target_arm(struct watch_target *t, unsigned int nr, uint64_t *seed, int kpageflags_fd)
{
	for (unsigned int i = 0; i < nr * TRIES && t->nr_pages > 0; i++) {
		uint64_t address = address_of(t, draw(seed) % t->nr_pages);
		uint64_t begin_ns;

		if (t->nr_armed == WATCH_MAX_PAGES || t->nr_armed == nr)
			break;
		if (!can_be_armed(t, address, kpageflags_fd) || !protect(t, address, true))
			continue;
		begin_ns = snapshot_clock();
		/* If it was reclaimed or given back just now, nothing bears the mark. */
		if (!(pagemap_of(t, address) & PM_MARKED))
			continue;
		t->armed[t->nr_armed++] = (struct mmr_access_use){
			.address = address,
			.begin_ns = begin_ns,
			.pid = (uint32_t)t->pid,
		};
	}
}

static void take_fault(struct watch_target *t, uint64_t address, watch_use *use, void *data)
{
	for (unsigned int i = 0; i < t->nr_armed; i++) {
		struct mmr_access_use seen = t->armed[i];

		if (seen.address != address)
			continue;
		t->armed[i] = t->armed[--t->nr_armed];
		seen.end_ns = snapshot_clock();
		seen.flags = MMR_USE_SEEN | MMR_USE_WRITE;
		protect(t, address, false);
		use(data, &seen);
		return;
	}
	protect(t, address, false);
}

void watch_target_faults(struct watch_target *t, watch_use *use, void *data)
{
	struct uffd_msg messages[16];
	ssize_t got;

	while ((got = read(t->fd, messages, sizeof(messages))) > 0) {
		size_t count = (size_t)got / sizeof(messages[0]);

		for (size_t i = 0; i < count; i++)
			if (messages[i].event == UFFD_EVENT_PAGEFAULT)
				take_fault(t, messages[i].arg.pagefault.address / PAGE * PAGE, use,
				           data);
	}
}

void watch_target_disarm(struct watch_target *t, watch_use *use, void *data)
{
	watch_target_faults(t, use, data);
	for (unsigned int i = 0; i < t->nr_armed; i++) {
		struct mmr_access_use unused = t->armed[i];

		unused.end_ns = snapshot_clock();
		if (pagemap_of(t, unused.address) & PM_MARKED)
			use(data, &unused);
		protect(t, unused.address, false);
	}
	t->nr_armed = 0;
}
