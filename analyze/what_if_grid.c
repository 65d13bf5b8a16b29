/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which replays answer "what if". Lists that were asked for are crossed with each other; without any, each of a few
 * changes stands alone: the kernel's other policy, less and more memory, more and less swapping, kswapd earlier, no
 * huge pages.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terminal.h"
#include "what_if.h"

#define MAX_VALUES 16

struct dimension {
	const char *name; /* "policy", or of a setting */
	size_t name_length;
	const char *values[MAX_VALUES];
	unsigned int nr_values;
};

struct dimensions {
	struct dimension items[WHAT_IF_MAX_SETTINGS];
	unsigned int nr;
};

static const struct {
	const char *name;
	const char *values[3];
} defaults[] = {
	{ "policy", { "classic", "mglru" } }, { "memory", { "0.75x", "1.25x", "1.5x" } },
	{ "vm.swappiness", { "10", "150" } }, { "vm.watermark_scale_factor", { "100" } },
	{ "thp.enabled", { "never" } },
};

static bool is_policy(const struct dimension *dimension)
{
	return dimension->name_length == 6 && memcmp(dimension->name, "policy", 6) == 0;
}

static bool is_memory(const struct dimension *dimension)
{
	return dimension->name_length == 6 && memcmp(dimension->name, "memory", 6) == 0;
}

/* "memory=104857600" of "memory" and "0.5x"; NULL after a message. */
static char *make_setting(const char *tool, const struct what_if_wish *wish,
                          const struct dimension *dimension, const char *value)
{
	size_t length = strlen(value);
	char *end, *text;
	double times;

	if (!is_memory(dimension) || value[length - 1] != 'x') {
		text = sqlite3_mprintf("%.*s=%s", (int)dimension->name_length, dimension->name,
		                       value);
	} else {
		times = strtod(value, &end);
		if (end != value + length - 1 || !(times > 0 && times <= 1000)) {
			message(tool,
			        "--memory: %s is not a multiple of the recorded memory such as 0.5x",
			        value);
			return NULL;
		}
		text = sqlite3_mprintf("memory=%lld",
		                       (long long)(times * (double)wish->memory_bytes / 4096) *
		                               4096);
	}
	if (!text)
		message(tool, "out of memory");
	return text;
}

/* Adds what a dimension has to say to a run. False after a message. */
static bool apply(const char *tool, const struct what_if_wish *wish, struct what_if_run *run,
                  const struct dimension *dimension, const char *value)
{
	size_t length = strlen(run->name);
	const char *gap = length ? " " : "";

	if (is_policy(dimension)) {
		run->policy = value;
		if (strcmp(value, "original") == 0)
			return true;
		snprintf(run->name + length, sizeof(run->name) - length, "%s%s", gap, value);
		run->kind = WHAT_IF_POLICY;
		return true;
	}
	run->settings[run->nr_settings] = make_setting(tool, wish, dimension, value);
	if (!run->settings[run->nr_settings])
		return false;
	run->nr_settings++;
	snprintf(run->name + length, sizeof(run->name) - length, "%s%.*s=%s", gap,
	         (int)dimension->name_length, dimension->name, value);
	if (run->kind != WHAT_IF_POLICY && (is_memory(dimension) || run->kind == WHAT_IF_OWN))
		run->kind = is_memory(dimension) ? WHAT_IF_MEMORY : WHAT_IF_SETTING;
	return true;
}

static struct what_if_run *add_run(const char *tool, struct what_if_grid *grid)
{
	struct what_if_run *run = &grid->runs[grid->nr_runs];

	if (grid->nr_runs == WHAT_IF_MAX_RUNS) {
		message(tool, "%d combinations at most, beside the seeds", WHAT_IF_MAX_RUNS - 1);
		return NULL;
	}
	grid->nr_runs++;
	run->policy = "original";
	return run;
}

/* Every combination of values, the last dimension's changing fastest. */
static bool cross(const char *tool, const struct what_if_wish *wish,
                  const struct dimensions *dimensions, struct what_if_grid *grid)
{
	unsigned int at[WHAT_IF_MAX_SETTINGS] = { 0 };
	unsigned int i;

	do {
		struct what_if_run *run = add_run(tool, grid);

		if (!run)
			return false;
		for (i = 0; i < dimensions->nr; i++)
			if (!apply(tool, wish, run, &dimensions->items[i],
			           dimensions->items[i].values[at[i]]))
				return false;
		if (!run->name[0])
			snprintf(run->name, sizeof(run->name), "original");
		for (i = dimensions->nr; i > 0; i--) {
			if (++at[i - 1] < dimensions->items[i - 1].nr_values)
				break;
			at[i - 1] = 0;
		}
	} while (i > 0);
	return true;
}

static bool each_alone(const char *tool, const struct what_if_wish *wish, struct what_if_grid *grid)
{
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		const struct dimension dimension = { .name = defaults[i].name,
			                             .name_length = strlen(defaults[i].name) };

		for (size_t j = 0; j < 3 && defaults[i].values[j]; j++) {
			struct what_if_run *run = add_run(tool, grid);

			if (!run || !apply(tool, wish, run, &dimension, defaults[i].values[j]))
				return false;
		}
	}
	return true;
}

static struct dimension *add_dimension(const char *tool, struct dimensions *dimensions,
                                       const char *name, size_t length)
{
	struct dimension *dimension = &dimensions->items[dimensions->nr];

	for (unsigned int i = 0; i < dimensions->nr; i++)
		if (dimensions->items[i].name_length == length &&
		    memcmp(dimensions->items[i].name, name, length) == 0) {
			message(tool, "%.*s is given twice", (int)length, name);
			return NULL;
		}
	if (dimensions->nr == WHAT_IF_MAX_SETTINGS) {
		message(tool, "%d settings at most", WHAT_IF_MAX_SETTINGS);
		return NULL;
	}
	dimensions->nr++;
	dimension->name = name;
	dimension->name_length = length;
	return dimension;
}

static bool add_value(const char *tool, struct dimension *dimension, const char *value)
{
	if (!*value || dimension->nr_values == MAX_VALUES) {
		message(tool, "%.*s: 1 to %d values", (int)dimension->name_length, dimension->name,
		        MAX_VALUES);
		return false;
	}
	dimension->values[dimension->nr_values++] = value;
	return true;
}

static bool add_list(const char *tool, struct dimensions *dimensions, const char *name,
                     const struct option_list *list)
{
	struct dimension *dimension;

	if (list->count == 0)
		return true;
	dimension = add_dimension(tool, dimensions, name, strlen(name));
	for (size_t i = 0; dimension && i < list->count; i++)
		if (!add_value(tool, dimension, list->items[i]))
			return false;
	return dimension;
}

/* --set vm.swappiness=10,100 comes as "vm.swappiness=10" and "100". */
static bool add_settings(const char *tool, struct dimensions *dimensions,
                         const struct option_list *list)
{
	struct dimension *dimension = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const char *item = list->items[i];
		const char *equals = strchr(item, '=');

		if (equals)
			dimension = add_dimension(tool, dimensions, item, (size_t)(equals - item));
		if (!dimension) {
			if (!equals)
				message(tool, "--set is NAME=VALUE,...: not %s", item);
			return false;
		}
		if (!add_value(tool, dimension, equals ? equals + 1 : item))
			return false;
	}
	return true;
}

bool what_if_grid_make(const char *tool, const struct what_if_wish *wish, struct what_if_grid *grid)
{
	struct dimensions dimensions = { .nr = 0 };
	struct what_if_run *own = add_run(tool, grid);

	snprintf(own->name, sizeof(own->name), "nothing changed");
	if (!add_list(tool, &dimensions, "policy", wish->policies) ||
	    !add_list(tool, &dimensions, "memory", wish->memories) ||
	    !add_settings(tool, &dimensions, wish->settings))
		return false;
	return dimensions.nr ? cross(tool, wish, &dimensions, grid) : each_alone(tool, wish, grid);
}

void what_if_grid_deinit(struct what_if_grid *grid)
{
	for (unsigned int i = 0; i < grid->nr_runs; i++)
		for (unsigned int j = 0; j < grid->runs[i].nr_settings; j++)
			sqlite3_free(grid->runs[i].settings[j]);
	grid->nr_runs = 0;
}
