/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shadow_text.h"

#include <string.h>

static const char *skip_spaces(const char *at, const char *end)
{
	while (at < end && *at == ' ')
		at++;
	return at;
}

bool replay_shadow_text_word(const char **at, const char *end, const char *word)
{
	const char *p = skip_spaces(*at, end);
	size_t len = strlen(word);

	if ((size_t)(end - p) < len || memcmp(p, word, len) != 0)
		return false;
	*at = p + len;
	return true;
}

bool replay_shadow_text_number(const char **at, const char *end, uint64_t *ret)
{
	const char *p = skip_spaces(*at, end);
	uint64_t value = 0;

	if (p < end && *p == '>')
		p++;
	if (p == end || *p < '0' || *p > '9')
		return false;
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		if (value > UINT32_MAX)
			return false;
		value = value * 10 + (uint64_t)(*p - '0');
	}
	*at = p;
	*ret = value;
	return true;
}

uint32_t replay_shadow_text_zone(const struct replay_shadow *s, const char **at, const char *end)
{
	const char *p = *at;
	const char *name;
	uint64_t node;

	if (!replay_shadow_text_word(&p, end, "Node") ||
	    !replay_shadow_text_number(&p, end, &node) || !replay_shadow_text_word(&p, end, ",") ||
	    !replay_shadow_text_word(&p, end, "zone"))
		return SHADOW_NONE;
	name = skip_spaces(p, end);
	for (p = name; p < end && *p != ' ' && *p != ',' && *p != '\n'; p++)
		;
	for (uint32_t i = 0; i < s->nr_zones; i++) {
		const struct shadow_zone *zone = &s->zones[i];
		size_t len = strnlen(zone->name, sizeof(zone->name));

		if ((uint64_t)zone->node != node || len != (size_t)(p - name) ||
		    memcmp(zone->name, name, len) != 0)
			continue;
		*at = p;
		return i;
	}
	return SHADOW_NONE;
}

const char *replay_shadow_text_next_line(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	return newline ? newline + 1 : end;
}
