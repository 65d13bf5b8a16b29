/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIGINT and SIGTERM while a recording is read: whoever reads it stops, and leaves nothing half-written. */
#ifndef ANALYZE_INTERRUPTION_H
#define ANALYZE_INTERRUPTION_H

#include <stdbool.h>
#include <stdint.h>

/* From now on the signals are noted. once: a second one of its kind ends the program. Waits end with EINTR. */
void interruption_catch(bool once);
bool interruption_came(void);
/* For mmr_run_options and the like; data is a struct progress. False: the reading is to end. */
bool interruption_progress(void *data, uint64_t nr_events);

#endif
