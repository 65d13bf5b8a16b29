/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mmanalyze curve says of the miss-ratio curves of a trace. */
#ifndef ANALYZE_CURVE_REPORT_H
#define ANALYZE_CURVE_REPORT_H

#include <mmreplay/curve.h>

#define CURVE_MAX_SIZES    64
#define CURVE_MAX_PERCENTS 8

struct curve_report {
	const char *tool;
	const char *path; /* of the trace */
	const struct mmr_curves *curves;
	const struct mmr_curves_info *info;
	bool wanted[MMR_NR_CURVES];
	uint64_t sizes[CURVE_MAX_SIZES]; /* pages, rising; none: those that suit the curve */
	size_t nr_sizes;
	double percents[CURVE_MAX_PERCENTS]; /* of the uses, that may be refaults */
	size_t nr_percents;
};

/* Each 0, or -1 after a message. */
int curve_report_text(const struct curve_report *report);
int curve_report_json(const struct curve_report *report);
int curve_report_csv(const struct curve_report *report);

#endif
