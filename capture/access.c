/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What auto takes: idle page tracking where the classic LRU decides, since there it shows nearly every
 * access and the kernel made it so that reclaim does not notice. Under MGLRU it takes away what the aging
 * walk looks for, so there it is DAMON's turn, if nobody else uses it, or else nothing. Never faults or
 * perf: the one slows the command down, the other costs an interrupt a sample.
 */
#include "access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "recording.h"
#include "terminal.h"

#define LRU_GEN "/sys/kernel/mm/lru_gen/enabled"

static const struct {
	const char *name;
	enum access_kind kind;
	const struct access_source *source;
} rows[] = {
	{ "none", ACCESS_NONE, NULL },
	{ "auto", ACCESS_AUTO, NULL },
	{ "idle", ACCESS_IDLE, &access_idle },
	{ "damon", ACCESS_DAMON, &access_damon },
	{ "faults", ACCESS_FAULTS, &access_faults },
	{ "perf", ACCESS_PERF, &access_perf },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

bool access_parse(const char *word, enum access_kind *kind)
{
	for (size_t i = 0; i < NR_ROWS; i++) {
		if (strcmp(word, rows[i].name) == 0) {
			*kind = rows[i].kind;
			return true;
		}
	}
	return false;
}

static const struct access_source *source_of(enum access_kind kind)
{
	for (size_t i = 0; i < NR_ROWS; i++)
		if (rows[i].kind == kind)
			return rows[i].source;
	return NULL;
}

static bool is_mglru(void)
{
	FILE *file = fopen(LRU_GEN, "re");
	unsigned int bits = 0;

	if (file) {
		if (fscanf(file, "%x", &bits) != 1)
			bits = 0;
		fclose(file);
	}
	return bits & 1;
}

static const struct access_source *best(const struct recording *r)
{
	const enum access_kind order[] = { ACCESS_IDLE, ACCESS_DAMON };
	struct mmr_error why = { 0 };

	for (size_t i = is_mglru() ? 1 : 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct access_source *source = source_of(order[i]);

		if (source && source->check(r, &why) == 0)
			return source;
		if (r->options->verbose && why.text[0])
			message("mmcap record", "%s", why.text);
	}
	return NULL;
}

int access_choose(struct recording *r, struct mmr_error *err)
{
	struct access *a = &r->access;

	*a = (struct access){ .interval_ns = r->options->access_interval_ns };
	if (r->options->access == ACCESS_NONE)
		return 0;
	if (r->options->access == ACCESS_AUTO) {
		a->source = best(r);
		if (!a->source && !r->options->quiet)
			message("mmcap record",
			        "no access samples: this kernel has no source of them "
			        "that would not disturb it");
	} else {
		a->source = source_of(r->options->access);
		if (a->source && a->source->check(r, err) < 0)
			return err->code;
	}
	if (a->source && a->interval_ns == 0)
		a->interval_ns = a->source->default_interval_ns;
	return 0;
}

int access_choose_events(struct recording *r, const char *root, struct mmr_error *err)
{
	const struct option_list *asked = &r->options->events;
	const struct access_source *source = r->access.source;
	struct option_list list = { .items = calloc(asked->count + 2, sizeof(*list.items)) };
	int ret;

	if (!list.items)
		return failure(err, MMR_E_NOMEM, "out of memory for a list of events");
	if (asked->count == 0)
		list.items[list.count++] = "default";
	for (size_t i = 0; i < asked->count; i++)
		list.items[list.count++] = asked->items[i];
	if (source && source->events)
		list.items[list.count++] = source->events;
	ret = event_set_choose(&r->events, &list, root, err);
	free(list.items);
	return ret;
}

int access_before_child(struct recording *r, struct mmr_error *err)
{
	const struct access_source *source = r->access.source;

	return source && source->before_child ? source->before_child(r, err) : 0;
}

/* ---- the part ---- */

static int write_texts(struct recording *r, struct mmr_error *err)
{
	const struct access *a = &r->access;
	const char *name = a->source ? a->source->name : "none";
	char text[24];
	int size = snprintf(text, sizeof(text), "%llu", (unsigned long long)a->interval_ns);
	int ret = mmr_writer_text(r->writer, "access", name, strlen(name), err);

	if (ret == 0 && a->source)
		ret = mmr_writer_text(r->writer, "access.interval_ns", text, (size_t)size, err);
	return ret;
}

static int prepare(struct recording *r, struct part *part, struct mmr_error *err)
{
	const struct access_source *source = r->access.source;
	int ret = write_texts(r, err);

	return ret == 0 && source && source->part.prepare ? source->part.prepare(r, part, err)
	                                                  : ret;
}

static int begin(struct recording *r, struct part *part, struct mmr_error *err)
{
	const struct access_source *source = r->access.source;

	return source && source->part.begin ? source->part.begin(r, part, err) : 0;
}

static int ready(struct recording *r, struct part *part, struct mmr_error *err)
{
	const struct access_source *source = r->access.source;

	return source && source->part.ready ? source->part.ready(r, part, err) : 0;
}

static int end(struct recording *r, struct part *part, struct mmr_error *err)
{
	const struct access_source *source = r->access.source;

	return source && source->part.end ? source->part.end(r, part, err) : 0;
}

static void deinit(struct recording *r, struct part *part)
{
	const struct access_source *source = r->access.source;

	if (source && source->part.deinit)
		source->part.deinit(r, part);
}

const struct part_ops part_access = {
	.name = "access",
	.prepare = prepare,
	.begin = begin,
	.ready = ready,
	.end = end,
	.deinit = deinit,
};
