/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunables.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "error_set.h"
#include "mm.h"

static const struct replay_tunable rows[REPLAY_NR_TUNABLES] = {
#define TUNABLE(id_, name_, type_, min_, max_, value_, unit_, help_) \
	[REPLAY_TUNABLE_##id_] = { .name = (name_),                  \
		                   .unit = (unit_),                  \
		                   .help = (help_),                  \
		                   .min = (min_),                    \
		                   .max = (max_),                    \
		                   .value = (value_),                \
		                   .type = REPLAY_TUNABLE_##type_ },
#include "tunables.def"
#undef TUNABLE
};

#define PAGE_BYTES 4096 /* suffix p of sizes */

struct suffix {
	const char *text;
	uint64_t factor;
};

/* Largest first; the last one is the unit itself. */
static const struct suffix size_suffixes[] = {
	{ "T", UINT64_C(1) << 40 },
	{ "G", UINT64_C(1) << 30 },
	{ "M", UINT64_C(1) << 20 },
	{ "K", UINT64_C(1) << 10 },
	{ "", 1 },
	{ NULL, 0 },
};
static const struct suffix time_suffixes[] = {
	{ "s", 1000000000 }, { "ms", 1000000 }, { "us", 1000 }, { "ns", 1 }, { NULL, 0 },
};
static const struct suffix no_suffixes[] = {
	{ "", 1 },
	{ NULL, 0 },
};

static const struct suffix *suffixes_of(const struct replay_tunable *row)
{
	switch ((enum replay_tunable_type)row->type) {
	case REPLAY_TUNABLE_SIZE:
		return size_suffixes;
	case REPLAY_TUNABLE_TIME:
		return time_suffixes;
	case REPLAY_TUNABLE_INT:
	case REPLAY_TUNABLE_WORD:
	case REPLAY_TUNABLE_VERSION:
		break;
	}
	return no_suffixes;
}

void replay_tunables_init(struct replay_tunables *tunables)
{
	for (unsigned int i = 0; i < REPLAY_NR_TUNABLES; i++) {
		tunables->value[i] = rows[i].value;
		tunables->source[i] = REPLAY_TUNABLE_DEFAULT;
	}
	tunables->nr_changes = 0;
}

const struct replay_tunable *replay_tunable(unsigned int i)
{
	return i < REPLAY_NR_TUNABLES ? &rows[i] : NULL;
}

static unsigned int find_row(const char *name, size_t len)
{
	unsigned int i = 0;

	while (i < REPLAY_NR_TUNABLES &&
	       (strlen(rows[i].name) != len || memcmp(rows[i].name, name, len) != 0))
		i++;
	return i;
}

/* Letters that both names begin with, and that they end with: near enough for a hint. */
static size_t likeness(const char *name, size_t len, const char *other)
{
	size_t other_len = strlen(other), same = 0, end = 0;

	while (same < len && same < other_len && name[same] == other[same])
		same++;
	while (end < len - same && end < other_len - same &&
	       name[len - 1 - end] == other[other_len - 1 - end])
		end++;
	return 2 * (same + end) * 100 / (len + other_len);
}

static const char *nearest_name(const char *name, size_t len)
{
	const char *nearest = rows[0].name;
	size_t most = 0;

	for (unsigned int i = 0; len > 0 && i < REPLAY_NR_TUNABLES; i++) {
		size_t like = likeness(name, len, rows[i].name);

		/* "swappiness" for "vm.swappiness" */
		if (strlen(rows[i].name) > len &&
		    memcmp(rows[i].name + strlen(rows[i].name) - len, name, len) == 0)
			like = 101;
		if (like > most) {
			most = like;
			nearest = rows[i].name;
		}
	}
	return nearest;
}

/* Suffix of a value; both cases for sizes, and "B", "KB", "KiB" as people write them. */
static uint64_t factor_of(const struct replay_tunable *row, const char *text)
{
	const struct suffix *suffix = suffixes_of(row);
	char letters[4] = { 0 };
	size_t len = strlen(text);

	if (len >= sizeof(letters))
		return 0;
	memcpy(letters, text, len);
	if (row->type == REPLAY_TUNABLE_SIZE && strcmp(letters, "p") == 0)
		return PAGE_BYTES;
	if (row->type == REPLAY_TUNABLE_SIZE) {
		if (letters[0] >= 'a' && letters[0] <= 'z')
			letters[0] = (char)(letters[0] - 'a' + 'A');
		if (strcmp(letters + (len > 0), "iB") == 0 || strcmp(letters + (len > 0), "B") == 0)
			letters[1] = '\0';
		if (strcmp(letters, "B") == 0)
			letters[0] = '\0';
	}
	for (; suffix->text; suffix++) {
		if (strcmp(letters, suffix->text) == 0)
			return suffix->factor;
	}
	/* A bare number of a time is in its unit. */
	return row->type == REPLAY_TUNABLE_TIME && len == 0 ? 1 : 0;
}

/* Digits at *at; false: there are none, or they are more than a version has. */
static bool parse_version_part(const char **at, uint32_t *part)
{
	const char *begin = *at;

	*part = 0;
	while (**at >= '0' && **at <= '9' && *at - begin < 5)
		*part = *part * 10 + (uint32_t)(*(*at)++ - '0');
	return *at > begin && *part <= UINT16_MAX;
}

static int parse_kernel(const struct replay_tunable *row, const char *text, uint64_t *ret,
                        struct mmr_error *err)
{
	const char *at = text;
	uint32_t major, minor;

	if (!parse_version_part(&at, &major) || *at++ != '.' || !parse_version_part(&at, &minor) ||
	    (*at != '\0' && strchr(".-+", *at) == NULL))
		return base_error(err, MMR_E_INVALID, "%s: \"%.40s\" is not a version (as 6.12)",
		                  row->name, text);
	if (MM_KERNEL(major, minor) < row->min || MM_KERNEL(major, minor) > row->max)
		return base_error(err, MMR_E_INVALID, "%s: \"%.40s\" is not between 5.0 and 9.99",
		                  row->name, text);
	*ret = MM_KERNEL(major, minor);
	return 0;
}

/* Word number i of "never|madvise|always"; NULL: there is none. */
static const char *word_of(const struct replay_tunable *row, uint64_t i, size_t *length)
{
	const char *word = row->unit;

	for (; i > 0 && *word; i--) {
		word += strcspn(word, "|");
		word += *word == '|';
	}
	*length = strcspn(word, "|");
	return *length > 0 ? word : NULL;
}

static int parse_word(const struct replay_tunable *row, const char *text, uint64_t *ret,
                      struct mmr_error *err)
{
	const char *word;
	size_t length;

	for (*ret = 0; (word = word_of(row, *ret, &length)); (*ret)++) {
		if (strlen(text) == length && memcmp(text, word, length) == 0)
			return 0;
	}
	return base_error(err, MMR_E_INVALID, "%s: \"%.40s\" is none of %s", row->name, text,
	                  row->unit);
}

static int parse_value(const struct replay_tunable *row, const char *text, uint64_t *ret,
                       struct mmr_error *err)
{
	const char *at = text;
	uint64_t value = 0, factor;

	if (row->type == REPLAY_TUNABLE_VERSION)
		return parse_kernel(row, text, ret, err);
	if (row->type == REPLAY_TUNABLE_WORD)
		return parse_word(row, text, ret, err);
	while (*at >= '0' && *at <= '9') {
		uint64_t digit = (uint64_t)(*at - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return base_error(err, MMR_E_INVALID, "%s: \"%.40s\" is too large",
			                  row->name, text);
		value = value * 10 + digit;
		at++;
	}
	factor = at == text ? 0 : factor_of(row, at);
	if (factor == 0)
		return base_error(err, MMR_E_INVALID, "%s: \"%.40s\" is not %s", row->name, text,
		                  row->type == REPLAY_TUNABLE_SIZE
		                          ? "a size (as 512M, or 1000p: pages)"
		                  : row->type == REPLAY_TUNABLE_TIME ? "a time (as 250ns or 2ms)"
		                                                     : "a whole number");
	if (value > UINT64_MAX / factor || value * factor < row->min || value * factor > row->max)
		return base_error(err, MMR_E_INVALID,
		                  "%s: \"%.40s\" is not between %" PRIu64 " and %" PRIu64 " %s",
		                  row->name, text, row->min, row->max, row->unit);
	*ret = value * factor;
	return 0;
}

/* The others are what the machine was built by, or what the whole replay goes by. */
static bool can_change(unsigned int i)
{
	static const uint8_t fixed[] = {
		REPLAY_TUNABLE_KERNEL,
		REPLAY_TUNABLE_MEMCG_FLUSH,
		REPLAY_TUNABLE_MEMORY,
		REPLAY_TUNABLE_OOM_BEYOND,
		REPLAY_TUNABLE_OOM_EXIT,
		REPLAY_TUNABLE_REFERENCE_MODEL,
		REPLAY_TUNABLE_SWAP,
		REPLAY_TUNABLE_LOWMEM_DMA,
		REPLAY_TUNABLE_LOWMEM_DMA32,
		REPLAY_TUNABLE_LOWMEM_NORMAL,
		REPLAY_TUNABLE_MIN_FREE_KBYTES,
		REPLAY_TUNABLE_PCP_FRACTION,
		REPLAY_TUNABLE_SCALE_FACTOR,
		REPLAY_TUNABLE_THP_ENABLED,
	};

	return !memchr(fixed, (int)i, sizeof(fixed));
}

bool replay_tunable_change(struct replay_tunables *tunables, struct replay_change change)
{
	uint32_t i = tunables->nr_changes;

	if (i == REPLAY_MAX_CHANGES)
		return false;
	for (; i > 0 && tunables->changes[i - 1].t_ns > change.t_ns; i--)
		tunables->changes[i] = tunables->changes[i - 1];
	tunables->changes[i] = change;
	tunables->nr_changes++;
	return true;
}

/* "2.5s": digits, a point and up to nine more, and a unit. */
static bool parse_instant(const char *text, uint64_t *ret)
{
	uint64_t whole = 0, part = 0, scale = 1;
	const struct suffix *suffix = time_suffixes;
	const char *at = text;

	for (; *at >= '0' && *at <= '9' && at - text < 10; at++)
		whole = whole * 10 + (uint64_t)(*at - '0');
	if (at == text)
		return false;
	if (*at == '.') {
		for (at++; *at >= '0' && *at <= '9' && scale < 1000000000; at++) {
			part = part * 10 + (uint64_t)(*at - '0');
			scale *= 10;
		}
	}
	while (suffix->text && strcmp(suffix->text, at) != 0)
		suffix++;
	if (!suffix->text)
		return false;
	*ret = whole * suffix->factor + part * suffix->factor / scale;
	return true;
}

static int set_at(struct replay_tunables *tunables, unsigned int i, const char *value,
                  const char *at, struct mmr_error *err)
{
	struct replay_change change = { .id = (uint8_t)i, .source = REPLAY_TUNABLE_SET };
	char text[64];
	int rc;

	snprintf(text, sizeof(text), "%.*s", (int)(at - value < 60 ? at - value : 60), value);
	rc = parse_value(&rows[i], text, &change.value, err);
	if (rc < 0)
		return rc;
	if (!can_change(i))
		return base_error(err, MMR_E_UNSUPPORTED, "%s cannot change while the machine runs",
		                  rows[i].name);
	if (!parse_instant(at + 1, &change.t_ns))
		return base_error(err, MMR_E_INVALID, "%s: \"%.40s\" is not a time (as 2.5s)",
		                  rows[i].name, at + 1);
	if (!replay_tunable_change(tunables, change))
		return base_error(err, MMR_E_LIMIT, "more than %u settings with a time",
		                  REPLAY_MAX_CHANGES);
	return 0;
}

void replay_tunable_displace(struct replay_tunables *tunables, unsigned int i)
{
	unsigned int bytes;

	if (i == REPLAY_TUNABLE_DIRTY_RATIO)
		bytes = REPLAY_TUNABLE_DIRTY_BYTES;
	else if (i == REPLAY_TUNABLE_DIRTY_BACKGROUND)
		bytes = REPLAY_TUNABLE_DIRTY_BG_BYTES;
	else
		return;
	tunables->value[bytes] = 0;
	tunables->source[bytes] = REPLAY_TUNABLE_SET;
}

int replay_tunable_set(struct replay_tunables *tunables, const char *assignment,
                       struct mmr_error *err)
{
	const char *equals = strchr(assignment, '=');
	size_t len = equals ? (size_t)(equals - assignment) : strlen(assignment);
	unsigned int i = find_row(assignment, len);
	const char *at;
	uint64_t value;
	int rc;

	if (i == REPLAY_NR_TUNABLES)
		return base_error(err, MMR_E_NOTFOUND, "no tunable \"%.*s\"; did you mean \"%s\"?",
		                  len > 60 ? 60 : (int)len, assignment,
		                  nearest_name(assignment, len));
	if (!equals)
		return base_error(err, MMR_E_INVALID, "\"%.60s\" lacks \"=VALUE\"", assignment);
	at = strchr(equals, '@');
	if (at)
		return set_at(tunables, i, equals + 1, at, err);
	rc = parse_value(&rows[i], equals + 1, &value, err);
	if (rc < 0)
		return rc;
	tunables->value[i] = value;
	tunables->source[i] = REPLAY_TUNABLE_SET;
	replay_tunable_displace(tunables, i);
	return 0;
}

bool replay_tunable_record(struct replay_tunables *tunables, const char *name, const char *value)
{
	unsigned int i = find_row(name, strlen(name));
	uint64_t number;

	/* What the user has set stays, whichever comes first. */
	if (i == REPLAY_NR_TUNABLES || parse_value(&rows[i], value, &number, NULL) < 0 ||
	    tunables->source[i] == REPLAY_TUNABLE_SET)
		return false;
	tunables->value[i] = number;
	tunables->source[i] = REPLAY_TUNABLE_RECORDED;
	return true;
}

void replay_tunable_format(const struct replay_tunables *tunables, unsigned int i, char *text,
                           size_t size)
{
	const struct suffix *suffix;
	uint64_t value;
	size_t length;

	if (i >= REPLAY_NR_TUNABLES) {
		snprintf(text, size, "%s", "");
		return;
	}
	value = tunables->value[i];
	if (rows[i].type == REPLAY_TUNABLE_VERSION) {
		snprintf(text, size, "%" PRIu64 ".%" PRIu64, value >> 16, value & UINT16_MAX);
		return;
	}
	if (rows[i].type == REPLAY_TUNABLE_WORD) {
		const char *word = word_of(&rows[i], value, &length);

		snprintf(text, size, "%.*s", (int)length, word ? word : "");
		return;
	}
	suffix = suffixes_of(&rows[i]);
	while (suffix[1].text && (value == 0 || value % suffix->factor != 0))
		suffix++;
	snprintf(text, size, "%" PRIu64 "%s", value / suffix->factor, suffix->text);
}
