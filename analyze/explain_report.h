/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ANALYZE_EXPLAIN_REPORT_H
#define ANALYZE_EXPLAIN_REPORT_H

#include <mmreplay/run.h>

/* A table a section, or one JSON object, on stdout. */
void print_explanation(const struct mmr_explanation *explanation, bool json);

#endif
