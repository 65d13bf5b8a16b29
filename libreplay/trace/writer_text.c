/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "writer_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "container.h"
#include "error_set.h"

static size_t find(const struct writer_texts *texts, const char *name)
{
	size_t i = 0;

	while (i < texts->count && strcmp(texts->items[i].name, name) != 0)
		i++;
	return i;
}

const struct writer_text *trace_texts_find(const struct writer_texts *texts, const char *name)
{
	size_t i = find(texts, name);

	return i < texts->count ? &texts->items[i] : NULL;
}

static int fill(struct writer_text *text, const char *name, const void *data, size_t size)
{
	*text = (struct writer_text){
		.name = base_strndup(name, strlen(name)),
		.data = (uint8_t *)base_strndup(size ? data : "", size),
		.size = size,
	};
	if (text->name && text->data)
		return 0;
	base_free(text->name);
	base_free(text->data);
	return MMR_E_NOMEM;
}

int trace_texts_add(struct writer_texts *texts, const char *name, const void *data, size_t size,
                    struct mmr_error *err)
{
	struct writer_text text;

	if (strlen(name) == 0 || strlen(name) > TRACE_MAX_NAME || size > TRACE_MAX_TEXT)
		return base_error(err, MMR_E_LIMIT, "the text %.80s is too long", name);
	if (find(texts, name) < texts->count)
		return base_error(err, MMR_E_EXISTS, "the text %.80s is there twice", name);
	if (fill(&text, name, data, size) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for the text %.80s", name);
	if (writer_texts_push(texts, text) == 0)
		return 0;
	base_free(text.name);
	base_free(text.data);
	return base_error(err, MMR_E_NOMEM, "out of memory for the text %.80s", name);
}

int trace_texts_number(struct writer_texts *texts, const char *name, uint64_t value,
                       struct mmr_error *err)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%" PRIu64, value);

	if (find(texts, name) < texts->count)
		return 0;
	return trace_texts_add(texts, name, text, (size_t)len, err);
}

void trace_texts_deinit(struct writer_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++) {
		base_free(texts->items[i].name);
		base_free(texts->items[i].data);
	}
	writer_texts_deinit(texts);
}
