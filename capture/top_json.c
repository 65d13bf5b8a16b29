/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top_json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SCHEMA 1

static json_t *known(double value)
{
	return value < 0.0 ? json_null() : json_real(value);
}

static json_t *number(uint64_t value)
{
	return value == TOP_ABSENT ? json_null() : json_integer((json_int_t)value);
}

/* A comm is what the task says: it need not be UTF-8. */
static json_t *text(const char *value)
{
	json_t *string = json_string(value);
	char ascii[64];
	size_t i;

	if (string)
		return string;
	for (i = 0; value[i] && i + 1 < sizeof(ascii); i++) {
		ascii[i] = value[i];
		if (value[i] < ' ' || value[i] > '~')
			ascii[i] = '?';
	}
	ascii[i] = '\0';
	return json_string(ascii);
}

static json_t *zones(const struct top_reading *now)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < now->nr_zones; i++) {
		const struct top_zone *zone = &now->zones[i];
		json_t *blocks = json_array();
		json_t *unusable = json_array();

		for (uint32_t order = 0; order < now->nr_orders; order++) {
			json_array_append_new(blocks, number(zone->nr_blocks[order]));
			json_array_append_new(unusable,
			                      json_real(top_unusable(zone, now->nr_orders, order)));
		}
		json_array_append_new(array,
		                      json_pack("{s:i, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o}",
		                                "node", zone->node, "name", zone->name,
		                                "free_pages", (json_int_t)zone->free, "min",
		                                (json_int_t)zone->min, "low", (json_int_t)zone->low,
		                                "high", (json_int_t)zone->high, "managed",
		                                (json_int_t)zone->managed, "free_blocks", blocks,
		                                "unusable", unusable));
	}
	return array;
}

static json_t *orders(const struct top_model *model)
{
	json_t *array = json_array();

	for (uint32_t order = 0; order < model->now.nr_orders; order++)
		json_array_append_new(
			array, json_pack("{s:i, s:o, s:o}", "order", (int)order, "allocated_per_s",
		                         known(top_model_alloc_rate(model, order)), "freed_per_s",
		                         known(top_model_free_rate(model, order))));
	return array;
}

/* Counters under the kernel's names: what grows as a rate, what is an amount as it is. */
static void counters(const struct top_model *model, json_t *root)
{
	json_t *rates = json_object();
	json_t *amounts = json_object();

	for (unsigned int i = 0; i < TOP_NR_COUNTERS; i++) {
		char name[40];
		size_t length;

		snprintf(name, sizeof(name), "%s", top_counter_name(i));
		length = strlen(name);
		if (name[length - 1] == '_')
			name[length - 1] = '\0';
		if (strncmp(name, "nr_", 3) == 0)
			json_object_set_new(amounts, name, number(model->now.counters[i]));
		else
			json_object_set_new(rates, name, known(top_model_rate(model, i)));
	}
	json_object_set_new(root, "per_second", rates);
	json_object_set_new(root, "pages", amounts);
}

static json_t *pressure(const struct top_model *model, bool full)
{
	const struct top_pressure *p = full ? &model->now.full : &model->now.some;

	if (!model->now.has_pressure)
		return json_null();
	return json_pack("{s:o, s:f, s:f, s:f, s:I}", "now", known(top_model_pressure(model, full)),
	                 "avg10", p->average[0], "avg60", p->average[1], "avg300", p->average[2],
	                 "total_us", (json_int_t)p->total_us);
}

static json_t *active(const struct top_model *model)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < model->nr_active; i++) {
		const struct top_activity *a = &model->active[i];
		uint64_t since = model->now.t_ns > a->begin_ns ? model->now.t_ns - a->begin_ns : 0;

		json_array_append_new(
			array,
			json_pack("{s:I, s:o, s:s, s:o, s:I, s:I, s:I}", "pid", (json_int_t)a->pid,
		                  "comm", text(a->comm), "kind", top_kind_name(a->kind), "order",
		                  a->order < 0 ? json_null() : json_integer(a->order), "for_ns",
		                  (json_int_t)since, "scanned", (json_int_t)a->nr_scanned, "done",
		                  (json_int_t)a->nr_done));
	}
	return array;
}

static json_t *stalls(const struct top_model *model)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < model->nr_stalls; i++) {
		const struct top_stall *s = &model->stalls[i];

		json_array_append_new(
			array,
			json_pack("{s:I, s:o, s:s, s:I, s:I, s:I, s:I, s:I}", "pid",
		                  (json_int_t)s->pid, "comm", text(s->comm), "kind",
		                  top_kind_name(s->kind), "count", (json_int_t)s->count, "total_ns",
		                  (json_int_t)s->total_ns, "longest_ns", (json_int_t)s->longest_ns,
		                  "last_ns", (json_int_t)s->last_ns, "reclaimed",
		                  (json_int_t)s->nr_reclaimed));
	}
	return array;
}

static json_t *events(const struct top_model *model)
{
	json_t *object = json_object();

	for (unsigned int kind = 0; kind < MMR_NR_EVENT_KINDS; kind++)
		if (model->shows_event[kind])
			json_object_set_new(object, mmr_event_name(kind),
			                    known(top_model_event_rate(model, kind)));
	return object;
}

void top_json_print(const struct top_model *model, const struct top_view *view, FILE *stream)
{
	const struct top_reading *now = &model->now;
	json_t *root = json_object();

	json_object_set_new(root, "schema", json_integer(SCHEMA));
	json_object_set_new(root, "time", json_integer((json_int_t)time(NULL)));
	json_object_set_new(root, "t_ns", number(now->t_ns));
	json_object_set_new(root, "seconds", json_real(model->seconds));
	json_object_set_new(root, "problem", view->problem[0] ? text(view->problem) : json_null());
	json_object_set_new(root, "losses", number(model->nr_losses));
	json_object_set_new(root, "memory",
	                    json_pack("{s:I, s:I, s:I, s:I}", "total", (json_int_t)now->total_bytes,
	                              "available", (json_int_t)now->available_bytes, "swap_total",
	                              (json_int_t)now->swap_bytes, "swap_free",
	                              (json_int_t)now->swap_free_bytes));
	counters(model, root);
	json_object_set_new(root, "pressure_some", pressure(model, false));
	json_object_set_new(root, "pressure_full", pressure(model, true));
	json_object_set_new(root, "zones", zones(now));
	json_object_set_new(root, "orders", orders(model));
	json_object_set_new(root, "events_per_second", events(model));
	json_object_set_new(root, "active", active(model));
	json_object_set_new(root, "stalls", stalls(model));
	json_dumpf(root, stream, JSON_COMPACT | JSON_REAL_PRECISION(6));
	putc('\n', stream);
	json_decref(root);
}
