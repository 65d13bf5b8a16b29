/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A verification as a whole: what it keeps, and the order in which it looks. */
#include "verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "error_set.h"

#define MAX_FINDINGS 100u /* kept of each check */
#define NR_IDS       65536u

static const char *const check_names[MMR_NR_CHECKS] = {
	[MMR_CHECK_FRAMES] = "frames",         [MMR_CHECK_ORDER] = "order",
	[MMR_CHECK_SUBBUFFERS] = "subbuffers", [MMR_CHECK_RECORDS] = "records",
	[MMR_CHECK_INDEX] = "index",           [MMR_CHECK_SNAPSHOTS] = "snapshots",
	[MMR_CHECK_ACCESSES] = "accesses",     [MMR_CHECK_STATISTICS] = "statistics",
};

void trace_verify_finding(struct verifier *v, enum mmr_check_kind kind, uint64_t offset,
                          const char *fmt, ...)
{
	struct mmr_check *check = &v->out->checks[kind];
	struct mmr_check_finding finding = { .check = kind, .offset = offset };
	va_list args;

	va_start(args, fmt);
	vsnprintf(finding.text, sizeof(finding.text), fmt, args);
	va_end(args);
	if (check->nr_findings == 0)
		memcpy(check->text, finding.text, sizeof(check->text));
	check->state = MMR_CHECK_FINDING;
	if (check->nr_findings++ < MAX_FINDINGS &&
	    verify_finding_vec_push(&v->out->findings, finding) < 0)
		v->ret = MMR_E_NOMEM;
}

void trace_verify_say(struct verifier *v, enum mmr_check_kind kind, enum mmr_check_state state,
                      const char *fmt, ...)
{
	struct mmr_check *check = &v->out->checks[kind];
	va_list args;

	if (check->state >= state && check->text[0])
		return;
	check->state = state;
	va_start(args, fmt);
	vsnprintf(check->text, sizeof(check->text), fmt, args);
	va_end(args);
}

/* Streams for every CPU that the file speaks of. */
static int make_room(struct verifier *v)
{
	const struct trace_entry_vec *entries = &v->trace->entries;

	v->nr_streams = v->trace->info.nr_cpus;
	for (size_t i = 0; i < entries->count; i++)
		if (entries->items[i].kind == TRACE_FRAME_DATA &&
		    entries->items[i].number >= v->nr_streams)
			v->nr_streams = entries->items[i].number + 1;
	v->streams = base_calloc(v->nr_streams, sizeof(*v->streams));
	v->counts = base_calloc(NR_IDS, sizeof(*v->counts));
	return v->streams && v->counts ? 0 : MMR_E_NOMEM;
}

static int prepare(struct verifier *v, struct mmr_error *err)
{
	const struct mmr_trace *trace = v->trace;
	uint32_t nr_bad = 0;
	int ret = trace_index_load(v->trace, err);

	if (ret < 0)
		return ret;
	if (trace_formats_load(&v->trace->formats, &nr_bad) < 0 || make_room(v) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for a verification");
	v->partial =
		mmr_trace_text(trace, "rotation.part", NULL) || mmr_trace_text(trace, "ring", NULL);
	v->imported = strstr(trace->info.tool, "import") != NULL;
	v->repaired = mmr_trace_text(trace, "repair.notes", NULL) != NULL;
	if (nr_bad)
		trace_verify_finding(v, MMR_CHECK_RECORDS, 0, "%u event formats make no sense",
		                     nr_bad);
	return 0;
}

static int verify(struct verifier *v, const struct mmr_verify_options *options,
                  struct mmr_error *err)
{
	int ret = prepare(v, err);

	if (ret == 0)
		ret = trace_verify_frames(v, options, err);
	if (ret < 0)
		return ret;
	trace_verify_index(v);
	ret = trace_verify_snapshots(v, err);
	if (ret < 0)
		return ret;
	trace_verify_accesses(v);
	if (trace_verify_statistics(v) < 0 || v->ret < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for findings");
	return 0;
}

int mmr_trace_verify(const char *path, const struct mmr_verify_options *options,
                     struct mmr_verification **ret, struct mmr_error *err)
{
	static const struct mmr_verify_options defaults = { 0 };
	struct verifier v = { 0 };
	int code;

	v.out = base_calloc_err(1, sizeof(*v.out), "a verification", err);
	if (!v.out)
		return MMR_E_NOMEM;
	for (uint32_t i = 0; i < MMR_NR_CHECKS; i++)
		v.out->checks[i].name = check_names[i];
	code = trace_open_file(path, NULL, &v.trace, err);
	if (code == 0)
		code = verify(&v, options ? options : &defaults, err);
	mmr_trace_close(v.trace);
	trace_content_deinit(&v.content);
	trace_totals_deinit(&v.found);
	base_free(v.streams);
	base_free(v.counts);
	if (code < 0) {
		mmr_verification_free(v.out);
		return code;
	}
	*ret = v.out;
	return 0;
}

void mmr_verification_free(struct mmr_verification *verification)
{
	if (!verification)
		return;
	verify_finding_vec_deinit(&verification->findings);
	verify_cpu_vec_deinit(&verification->cpus);
	base_free(verification);
}

bool mmr_verification_sound(const struct mmr_verification *verification)
{
	for (uint32_t i = 0; i < MMR_NR_CHECKS; i++)
		if (verification->checks[i].state == MMR_CHECK_FINDING)
			return false;
	return true;
}

const struct mmr_check *mmr_verification_check(const struct mmr_verification *verification,
                                               uint32_t i)
{
	return i < MMR_NR_CHECKS ? &verification->checks[i] : NULL;
}

const struct mmr_check_finding *mmr_verification_finding(
	const struct mmr_verification *verification, uint32_t i)
{
	return i < verification->findings.count ? &verification->findings.items[i] : NULL;
}

const struct mmr_check_cpu *mmr_verification_cpu(const struct mmr_verification *verification,
                                                 uint32_t i)
{
	return i < verification->cpus.count ? &verification->cpus.items[i] : NULL;
}
