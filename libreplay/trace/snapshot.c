/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Snapshots, loaded one at a time. A piece that was too large for one blob is put
 * together again; each piece has memory of its own, with a NUL behind it.
 */
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "reader.h"

struct piece {
	char *name;
	uint8_t *data;
	uint64_t size;
	uint64_t offset;
	uint64_t begin_ns;
	uint64_t end_ns;
};

DEFINE_VEC(piece_vec, struct piece);

struct mmr_snapshot {
	struct piece_vec pieces;
	uint64_t total; /* bytes */
};

const struct mmr_snapshot_info *mmr_trace_snapshot_info(const struct mmr_trace *trace, uint32_t i)
{
	return i < trace->totals.snapshots.count ? &trace->totals.snapshots.items[i].info : NULL;
}

void mmr_snapshot_free(struct mmr_snapshot *snapshot)
{
	if (!snapshot)
		return;
	for (size_t i = 0; i < snapshot->pieces.count; i++) {
		base_free(snapshot->pieces.items[i].name);
		base_free(snapshot->pieces.items[i].data);
	}
	piece_vec_deinit(&snapshot->pieces);
	base_free(snapshot);
}

static bool continues(const struct mmr_snapshot *snapshot, const struct trace_blob *blob)
{
	const struct piece *last;

	if (!(blob->flags & TRACE_BLOB_CONTINUES) || snapshot->pieces.count == 0)
		return false;
	last = &snapshot->pieces.items[snapshot->pieces.count - 1];
	return strlen(last->name) == blob->name_size &&
	       memcmp(last->name, blob->name, blob->name_size) == 0;
}

static int append_piece(struct piece *piece, const struct trace_blob *blob)
{
	void *data = piece->data;

	if (base_resize(&data, (size_t)(piece->size + blob->size + 1), 1) < 0)
		return MMR_E_NOMEM;
	piece->data = data;
	memcpy(piece->data + piece->size, blob->data, (size_t)blob->size);
	piece->size += blob->size;
	piece->data[piece->size] = '\0';
	return 0;
}

static int add_piece(struct mmr_snapshot *snapshot, const struct trace_blob *blob)
{
	struct piece piece = {
		.size = blob->size,
		.offset = blob->offset,
		.begin_ns = blob->begin_ns,
		.end_ns = blob->end_ns,
	};

	snapshot->total += blob->size + TRACE_BLOB_HEAD_SIZE;
	if (snapshot->total > TRACE_MAX_SNAPSHOT || snapshot->pieces.count >= TRACE_MAX_BLOBS)
		return MMR_E_LIMIT;
	if (continues(snapshot, blob))
		return append_piece(&snapshot->pieces.items[snapshot->pieces.count - 1], blob);
	if (blob->flags & TRACE_BLOB_CONTINUES)
		return MMR_E_CORRUPT;
	piece.name = base_strndup(blob->name, blob->name_size);
	piece.data = base_calloc((size_t)blob->size + 1, 1);
	if (!piece.name || !piece.data || piece_vec_push(&snapshot->pieces, piece) < 0) {
		base_free(piece.name);
		base_free(piece.data);
		return MMR_E_NOMEM;
	}
	if (blob->size)
		memcpy(piece.data, blob->data, (size_t)blob->size);
	return 0;
}

static int add_pieces(struct mmr_snapshot *snapshot, const struct trace_content *content)
{
	struct trace_blob blob;
	size_t pos = 0;
	int ret;

	while ((ret = trace_blob_next(content->data + TRACE_HEAD_SIZE,
	                              (size_t)content->head.payload, &pos, &blob)) > 0) {
		ret = add_piece(snapshot, &blob);
		if (ret < 0)
			return ret;
	}
	return ret;
}

/* All frames of one snapshot, from its first entry on; none may be missing. */
static int load(struct mmr_trace *trace, size_t at, struct mmr_snapshot *snapshot,
                struct mmr_error *err)
{
	struct trace_content content = { 0 };
	uint32_t number = trace->entries.items[at].number;
	uint32_t sequence = 0;
	bool first = true;
	bool last = false;
	int ret = 0;

	for (; at < trace->entries.count && ret == 0 && !last; at++) {
		const struct trace_entry *entry = &trace->entries.items[at];

		if (entry->kind != TRACE_FRAME_SNAPSHOT || entry->number != number)
			continue;
		ret = trace_entry_read(trace, &trace->unzip, entry, &content, err);
		if (ret < 0)
			break;
		if (!first && content.head.sequence != sequence + 1)
			ret = MMR_E_CORRUPT;
		sequence = content.head.sequence;
		first = false;
		last = content.head.flags & TRACE_FRAME_LAST;
		if (ret == 0)
			ret = add_pieces(snapshot, &content);
		if (ret == MMR_E_NOMEM || ret == MMR_E_LIMIT)
			ret = base_error(err, ret, "snapshot %u is too large for memory", number);
		else if (ret < 0)
			ret = base_error_at(err, ret, entry->offset, "snapshot %u makes no sense",
			                    number);
	}
	trace_content_deinit(&content);
	if (ret == 0 && !last)
		ret = base_error(err, MMR_E_CORRUPT, "snapshot %u is not whole", number);
	return ret;
}

int mmr_trace_snapshot(struct mmr_trace *trace, uint32_t i, struct mmr_snapshot **ret,
                       struct mmr_error *err)
{
	struct mmr_snapshot *snapshot;
	int code;

	if (i >= trace->totals.snapshots.count)
		return base_error(err, MMR_E_NOTFOUND, "there is no snapshot %u", i);
	code = trace_index_load(trace, err);
	if (code < 0)
		return code;
	if (trace->first_of_snapshot[i] == UINT32_MAX)
		return base_error(err, MMR_E_CORRUPT, "the frames of snapshot %u are missing", i);
	snapshot = base_calloc_err(1, sizeof(*snapshot), "a snapshot", err);
	if (!snapshot)
		return MMR_E_NOMEM;
	code = load(trace, trace->first_of_snapshot[i], snapshot, err);
	if (code < 0) {
		mmr_snapshot_free(snapshot);
		return code;
	}
	*ret = snapshot;
	return 0;
}

bool mmr_snapshot_piece(const struct mmr_snapshot *snapshot, uint32_t i,
                        struct mmr_snapshot_piece *piece)
{
	const struct piece *p;

	if (i >= snapshot->pieces.count)
		return false;
	p = &snapshot->pieces.items[i];
	*piece = (struct mmr_snapshot_piece){
		.name = p->name,
		.data = p->data,
		.size = p->size,
		.offset = p->offset,
		.begin_ns = p->begin_ns,
		.end_ns = p->end_ns,
	};
	return true;
}

bool mmr_snapshot_find(const struct mmr_snapshot *snapshot, const char *name,
                       struct mmr_snapshot_piece *piece)
{
	for (uint32_t i = 0; i < snapshot->pieces.count; i++)
		if (strcmp(snapshot->pieces.items[i].name, name) == 0)
			return mmr_snapshot_piece(snapshot, i, piece);
	return false;
}
