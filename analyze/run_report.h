/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run in words. */
#ifndef ANALYZE_RUN_REPORT_H
#define ANALYZE_RUN_REPORT_H

#include <mmreplay/run.h>

/* The comparison with the kernel, as tables or JSON on stdout; false if something is off too far. */
bool print_verification(const struct mmr_run_report *report, bool json);

/* One line on stderr: what was done and where it is. */
void print_run_summary(const char *tool, const struct mmr_run_report *report, const char *db_path);

#endif
