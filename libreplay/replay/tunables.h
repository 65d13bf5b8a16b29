/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Settings of the simulated machine, by the names their users know: "vm.swappiness", "memory", …
 * The rows are in tunables.def. A value is an integer in the row's unit.
 */
#ifndef REPLAY_TUNABLES_H
#define REPLAY_TUNABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>

enum replay_tunable_id {
#define TUNABLE(id, name, type, min, max, value, unit, help) REPLAY_TUNABLE_##id,
#include "tunables.def"
#undef TUNABLE
	REPLAY_NR_TUNABLES
};

enum replay_tunable_type {
	REPLAY_TUNABLE_INT,     /* decimal */
	REPLAY_TUNABLE_SIZE,    /* bytes; K, M, G, T; p: pages of 4 KiB */
	REPLAY_TUNABLE_TIME,    /* nanoseconds; ns, us, ms, s */
	REPLAY_TUNABLE_WORD,    /* which of those in the unit, "never|madvise|always", from 0 on */
	REPLAY_TUNABLE_VERSION, /* MM_KERNEL(); "6.12", of "6.12.9-amd64" too */
};

enum replay_tunable_source {
	REPLAY_TUNABLE_DEFAULT,  /* of the row */
	REPLAY_TUNABLE_RECORDED, /* from the trace: its first snapshot, or the times of its events */
	REPLAY_TUNABLE_SET,      /* by the user */
};

/* A row, for --list-tunables and the man page. */
struct replay_tunable {
	const char *name;
	const char *unit; /* "pages", "bytes", "ns", "" */
	const char *help; /* a sentence */
	uint64_t min;
	uint64_t max;
	uint64_t value; /* default */
	uint8_t type;   /* enum replay_tunable_type */
};

#define REPLAY_MAX_CHANGES 16u

/* A value from some time on. */
struct replay_change {
	uint64_t t_ns; /* since the trace's first event; of a replay: absolute */
	uint64_t value;
	uint8_t id;     /* enum replay_tunable_id */
	uint8_t source; /* enum replay_tunable_source */
};

struct replay_tunables {
	uint64_t value[REPLAY_NR_TUNABLES];
	uint8_t source[REPLAY_NR_TUNABLES];               /* enum replay_tunable_source */
	struct replay_change changes[REPLAY_MAX_CHANGES]; /* in the order of time */
	uint32_t nr_changes;
};

/* Whether there are folios below huge pages, at the start or ever after. */
bool replay_tunables_folios(const struct replay_tunables *tunables);
/* Whether khugepaged makes huge pages of files, at some time. */
bool replay_tunables_files(const struct replay_tunables *tunables);

void replay_tunables_init(struct replay_tunables *tunables);

/* Row i < REPLAY_NR_TUNABLES; NULL past the last. */
const struct replay_tunable *replay_tunable(unsigned int i);

/*
 * What tunable i takes back as it is set: vm.dirty_ratio and vm.dirty_background_ratio the limits in bytes, which would
 * hold in their stead (dirty_ratio_handler(), dirty_background_ratio_handler() of v6.12).
 */
void replay_tunable_displace(struct replay_tunables *tunables, unsigned int i);

/*
 * "vm.swappiness=10" or "vm.swappiness=10@2.5s", as in --set. MMR_E_NOTFOUND (the text names the nearest),
 * MMR_E_INVALID, MMR_E_UNSUPPORTED (it cannot change while the machine runs), MMR_E_LIMIT.
 */
int replay_tunable_set(struct replay_tunables *tunables, const char *assignment,
                       struct mmr_error *err) MMR_MUST_CHECK;

/* From t_ns on. false: there are too many changes already. */
bool replay_tunable_change(struct replay_tunables *tunables, struct replay_change change);

/* A recorded value under its name; unknown names and values out of range are ignored: false. */
bool replay_tunable_record(struct replay_tunables *tunables, const char *name, const char *value);

/* The value as text in the row's unit with a suffix where that is exact ("512M"); size >= 32. */
void replay_tunable_format(const struct replay_tunables *tunables, unsigned int i, char *text,
                           size_t size);

#endif
