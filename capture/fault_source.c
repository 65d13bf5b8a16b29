/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event numbers: the tracer's are those of its own id files. The ones for perf's faults are the next
 * behind all that this recording has, since tables by number should stay short.
 */
#include "fault_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "perf_faults.h"
#include "self_filter.h"
#include "subbuf_writer.h"
#include "tracing.h"

#define SYSTEM "exceptions"
#define USER   "page_fault_user"
#define KERNEL "page_fault_kernel"

static const char *const words[] = {
	[FAULT_SOURCE_AUTO] = "auto",
	[FAULT_SOURCE_TRACEPOINT] = "tracepoint",
	[FAULT_SOURCE_PERF] = "perf",
	[FAULT_SOURCE_BOTH] = "both",
};

bool fault_source_parse(const char *word, enum fault_source_kind *kind)
{
	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0) {
			*kind = (enum fault_source_kind)i;
			return true;
		}
	return false;
}

/* Whether perf can be used; else *err says why not. */
static int try_perf(struct mmr_error *err)
{
	if (self_filter_in_container())
		return failure(err, MMR_E_UNSUPPORTED,
		               "page faults by perf: in a container it knows threads by other "
		               "numbers than the tracer");
	return perf_faults_try(err);
}

int fault_source_choose(struct fault_source *s, enum fault_source_kind kind, struct event_set *set,
                        const char *root, struct mmr_error *why, struct mmr_error *err)
{
	struct chosen_event *user = event_set_find(set, SYSTEM, USER);
	struct chosen_event *kernel = event_set_find(set, SYSTEM, KERNEL);
	bool present = (user && user->present) || (kernel && kernel->present);
	uint32_t last;
	int ret;

	*s = (struct fault_source){ .kind = kind, .user = user, .kernel = kernel };
	if ((!user && !kernel) || kind == FAULT_SOURCE_TRACEPOINT ||
	    (kind == FAULT_SOURCE_AUTO && present))
		return 0;
	ret = try_perf(kind == FAULT_SOURCE_AUTO ? why : err);
	if (ret < 0)
		return kind == FAULT_SOURCE_AUTO ? 0 : ret;
	s->by_perf = true;
	s->system = kind == FAULT_SOURCE_BOTH && present ? "perf" : SYSTEM;
	if (kind != FAULT_SOURCE_BOTH || !present) {
		event_set_remove(set, SYSTEM, USER);
		event_set_remove(set, SYSTEM, KERNEL);
	}
	last = event_set_last_id(set, root);
	if (last + 2 > UINT16_MAX)
		return failure(err, MMR_E_UNSUPPORTED,
		               "page faults by perf: there is no free event number");
	s->user_id = (uint16_t)(last + 1);
	s->kernel_id = (uint16_t)(last + 2);
	return 0;
}

static int put_format(const struct fault_source *s, struct mmr_writer *writer, const char *name,
                      unsigned int id, struct mmr_error *err)
{
	char path[96];
	char text[1024];
	int size;

	snprintf(path, sizeof(path), "events/%s/%s/format", s->system, name);
	size = snprintf(text, sizeof(text),
	                "name: %s\nID: %u\nformat:\n" SUBBUF_COMMON_FORMAT
	                "\tfield:unsigned long address;\toffset:8;\tsize:8;\tsigned:0;\n"
	                "\tfield:unsigned long ip;\toffset:16;\tsize:8;\tsigned:0;\n"
	                "\tfield:unsigned long error_code;\toffset:24;\tsize:8;\tsigned:0;\n\n"
	                "print fmt: \"address=0x%%lx ip=0x%%lx error_code=0x%%lx\", "
	                "REC->address, REC->ip, REC->error_code\n",
	                name, id);
	return mmr_writer_text(writer, path, text, (size_t)size, err);
}

int fault_source_texts(const struct fault_source *s, struct mmr_writer *writer,
                       struct mmr_error *err)
{
	const char *word = words[s->by_perf ? FAULT_SOURCE_PERF : FAULT_SOURCE_TRACEPOINT];
	int ret;

	if (!s->user && !s->kernel)
		return 0;
	if (s->by_perf && s->kind == FAULT_SOURCE_BOTH)
		word = words[FAULT_SOURCE_BOTH];
	ret = mmr_writer_text(writer, "fault_source", word, strlen(word), err);
	if (ret == 0 && s->by_perf && s->user)
		ret = put_format(s, writer, USER, s->user_id, err);
	if (ret == 0 && s->by_perf && s->kernel)
		ret = put_format(s, writer, KERNEL, s->kernel_id, err);
	return ret;
}
