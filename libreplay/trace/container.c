/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes of the trace file to structs and back. All integers are little endian and none is aligned.
 * Everything that is read here is untrusted: a length is compared with what is there before it is used.
 */
#include "container.h"

#include <string.h>

#include "alloc.h"
#include "le.h"

int trace_buffer_room(struct trace_buffer *buffer, size_t size)
{
	void *data = buffer->data;
	size_t capacity = buffer->capacity;

	if (size > SIZE_MAX / 4 || buffer->used > SIZE_MAX / 4)
		return MMR_E_NOMEM;
	if (buffer->used + size <= capacity)
		return 0;
	capacity = capacity ? capacity : 4096;
	while (capacity < buffer->used + size)
		capacity *= 2;
	if (base_resize(&data, capacity, 1) < 0)
		return MMR_E_NOMEM;
	buffer->data = data;
	buffer->capacity = capacity;
	return 0;
}

int trace_buffer_reset(struct trace_buffer *buffer)
{
	buffer->used = 0;
	buffer->count = 0;
	if (trace_buffer_room(buffer, TRACE_HEAD_SIZE) < 0)
		return MMR_E_NOMEM;
	buffer->used = TRACE_HEAD_SIZE;
	return 0;
}

void trace_buffer_deinit(struct trace_buffer *buffer)
{
	base_free(buffer->data);
	*buffer = (struct trace_buffer){ 0 };
}

void trace_head_put(uint8_t *bytes, const struct trace_head *head)
{
	le32_put(bytes, TRACE_HEAD_MAGIC);
	le16_put(bytes + 4, head->kind);
	le16_put(bytes + 6, head->flags);
	le32_put(bytes + 8, head->number);
	le32_put(bytes + 12, head->aux);
	le32_put(bytes + 16, head->sequence);
	le32_put(bytes + 20, 0);
	le64_put(bytes + 24, head->first_ns);
	le64_put(bytes + 32, head->last_ns);
	le64_put(bytes + 40, head->count);
	le64_put(bytes + 48, head->lost);
	le64_put(bytes + 56, head->payload);
}

bool trace_head_get(const uint8_t *bytes, size_t size, struct trace_head *head)
{
	if (size < TRACE_HEAD_SIZE || le32_get(bytes) != TRACE_HEAD_MAGIC)
		return false;
	head->kind = le16_get(bytes + 4);
	head->flags = le16_get(bytes + 6);
	head->number = le32_get(bytes + 8);
	head->aux = le32_get(bytes + 12);
	head->sequence = le32_get(bytes + 16);
	head->first_ns = le64_get(bytes + 24);
	head->last_ns = le64_get(bytes + 32);
	head->count = le64_get(bytes + 40);
	head->lost = le64_get(bytes + 48);
	head->payload = le64_get(bytes + 56);
	if (head->payload > TRACE_MAX_CONTENT - TRACE_HEAD_SIZE || head->count > UINT32_MAX)
		return false;
	if (head->kind != TRACE_FRAME_DATA)
		return true;
	return head->number < TRACE_MAX_CPUS && head->payload <= TRACE_MAX_DATA &&
	       head->aux >= 4096 && head->aux <= TRACE_MAX_SUBBUF && head->aux % 4096 == 0;
}

int trace_blob_put(struct trace_buffer *buffer, const struct trace_blob *blob)
{
	uint8_t *p;

	if (blob->size > SIZE_MAX / 8 ||
	    trace_buffer_room(buffer, TRACE_BLOB_HEAD_SIZE + blob->name_size + (size_t)blob->size) <
	            0)
		return MMR_E_NOMEM;
	p = buffer->data + buffer->used;
	le32_put(p, blob->name_size);
	le32_put(p + 4, blob->flags);
	le64_put(p + 8, blob->size);
	le64_put(p + 16, blob->offset);
	le64_put(p + 24, blob->begin_ns);
	le64_put(p + 32, blob->end_ns);
	p += TRACE_BLOB_HEAD_SIZE;
	if (blob->name_size)
		memcpy(p, blob->name, blob->name_size);
	if (blob->size)
		memcpy(p + blob->name_size, blob->data, (size_t)blob->size);
	buffer->used += TRACE_BLOB_HEAD_SIZE + blob->name_size + (size_t)blob->size;
	buffer->count++;
	return 0;
}

int trace_blob_next(const uint8_t *payload, size_t size, size_t *pos, struct trace_blob *blob)
{
	struct le_cursor c = le_cursor_init(payload + *pos, size - *pos);

	if (*pos == size)
		return 0;
	blob->name_size = le_u32(&c);
	blob->flags = le_u32(&c);
	blob->size = le_u64(&c);
	blob->offset = le_u64(&c);
	blob->begin_ns = le_u64(&c);
	blob->end_ns = le_u64(&c);
	if (blob->name_size > TRACE_MAX_NAME)
		return MMR_E_CORRUPT;
	blob->name = le_bytes(&c, blob->name_size);
	blob->data = le_bytes(&c, blob->size);
	if (c.overrun)
		return MMR_E_CORRUPT;
	*pos += c.pos;
	return 1;
}

int trace_entry_put(struct trace_buffer *buffer, const struct trace_entry *entry)
{
	uint8_t *p;

	if (trace_buffer_room(buffer, TRACE_ENTRY_SIZE) < 0)
		return MMR_E_NOMEM;
	p = buffer->data + buffer->used;
	le64_put(p, entry->offset);
	le64_put(p + 8, entry->first_ns);
	le64_put(p + 16, entry->last_ns);
	le64_put(p + 24, entry->lost);
	le32_put(p + 32, entry->size);
	le32_put(p + 36, entry->payload);
	le32_put(p + 40, entry->number);
	le32_put(p + 44, entry->aux);
	le32_put(p + 48, entry->count);
	le16_put(p + 52, entry->kind);
	le16_put(p + 54, entry->flags);
	buffer->used += TRACE_ENTRY_SIZE;
	buffer->count++;
	return 0;
}

int trace_entries_get(const uint8_t *payload, size_t size, struct trace_entry_vec *vec)
{
	if (size % TRACE_ENTRY_SIZE != 0)
		return MMR_E_CORRUPT;
	for (const uint8_t *p = payload; p < payload + size; p += TRACE_ENTRY_SIZE) {
		struct trace_entry entry = {
			.offset = le64_get(p),
			.first_ns = le64_get(p + 8),
			.last_ns = le64_get(p + 16),
			.lost = le64_get(p + 24),
			.size = le32_get(p + 32),
			.payload = le32_get(p + 36),
			.number = le32_get(p + 40),
			.aux = le32_get(p + 44),
			.count = le32_get(p + 48),
			.kind = le16_get(p + 52),
			.flags = le16_get(p + 54),
		};

		if (trace_entry_vec_push(vec, entry) < 0)
			return MMR_E_NOMEM;
	}
	return 0;
}

#define TOTALS_FIXED 80u
#define CPU_SIZE     32u
#define COUNT_SIZE   32u
#define SNAP_SIZE    24u

int trace_totals_put(struct trace_buffer *buffer, const struct trace_totals *totals)
{
	size_t size = TOTALS_FIXED + totals->cpus.count * CPU_SIZE +
	              totals->counts.count * COUNT_SIZE + totals->snapshots.count * SNAP_SIZE;
	uint8_t *p;

	if (trace_buffer_room(buffer, size) < 0)
		return MMR_E_NOMEM;
	p = buffer->data + buffer->used;
	le64_put(p, totals->nr_events);
	le64_put(p + 8, totals->nr_lost);
	le64_put(p + 16, totals->raw_bytes);
	le64_put(p + 24, totals->first_ns);
	le64_put(p + 32, totals->last_ns);
	le64_put(p + 40, totals->nr_entries);
	le64_put(p + 48, totals->trailer_offset);
	le64_put(p + 56, totals->trailer_size);
	le32_put(p + 64, totals->nr_access);
	le32_put(p + 68, (uint32_t)totals->cpus.count);
	le32_put(p + 72, (uint32_t)totals->counts.count);
	le32_put(p + 76, (uint32_t)totals->snapshots.count);
	p += TOTALS_FIXED;
	for (size_t i = 0; i < totals->cpus.count; i++, p += CPU_SIZE) {
		le64_put(p, totals->cpus.items[i].nr_events);
		le64_put(p + 8, totals->cpus.items[i].nr_lost);
		le64_put(p + 16, totals->cpus.items[i].first_ns);
		le64_put(p + 24, totals->cpus.items[i].last_ns);
	}
	for (size_t i = 0; i < totals->counts.count; i++, p += COUNT_SIZE) {
		le32_put(p, totals->counts.items[i].event_id);
		le32_put(p + 4, 0);
		le64_put(p + 8, totals->counts.items[i].nr_events);
		le64_put(p + 16, totals->counts.items[i].first_ns);
		le64_put(p + 24, totals->counts.items[i].last_ns);
	}
	for (size_t i = 0; i < totals->snapshots.count; i++, p += SNAP_SIZE) {
		le32_put(p, totals->snapshots.items[i].info.kind);
		le32_put(p + 4, totals->snapshots.items[i].number);
		le64_put(p + 8, totals->snapshots.items[i].info.begin_ns);
		le64_put(p + 16, totals->snapshots.items[i].info.end_ns);
	}
	buffer->used += size;
	buffer->count++;
	return 0;
}

static int get_lists(struct le_cursor *c, struct trace_totals *totals, const uint32_t sizes[3])
{
	for (uint32_t i = 0; i < sizes[0]; i++) {
		struct trace_cpu_total cpu = { .nr_events = le_u64(c), .nr_lost = le_u64(c) };

		cpu.first_ns = le_u64(c);
		cpu.last_ns = le_u64(c);
		if (trace_cpu_vec_push(&totals->cpus, cpu) < 0)
			return MMR_E_NOMEM;
	}
	for (uint32_t i = 0; i < sizes[1]; i++) {
		struct mmr_event_count count = { .event_id = le_u32(c) };

		le_u32(c);
		count.nr_events = le_u64(c);
		count.first_ns = le_u64(c);
		count.last_ns = le_u64(c);
		if (trace_count_vec_push(&totals->counts, count) < 0)
			return MMR_E_NOMEM;
	}
	for (uint32_t i = 0; i < sizes[2]; i++) {
		struct trace_snapshot_total snapshot = { .info.kind = le_u32(c) };

		snapshot.number = le_u32(c);
		snapshot.info.begin_ns = le_u64(c);
		snapshot.info.end_ns = le_u64(c);
		if (trace_snapshot_vec_push(&totals->snapshots, snapshot) < 0)
			return MMR_E_NOMEM;
	}
	return 0;
}

int trace_totals_get(const uint8_t *payload, size_t size, struct trace_totals *totals)
{
	struct le_cursor c = le_cursor_init(payload, size);
	uint32_t sizes[3];
	uint64_t need;

	totals->nr_events = le_u64(&c);
	totals->nr_lost = le_u64(&c);
	totals->raw_bytes = le_u64(&c);
	totals->first_ns = le_u64(&c);
	totals->last_ns = le_u64(&c);
	totals->nr_entries = le_u64(&c);
	totals->trailer_offset = le_u64(&c);
	totals->trailer_size = le_u64(&c);
	totals->nr_access = le_u32(&c);
	for (int i = 0; i < 3; i++)
		sizes[i] = le_u32(&c);
	need = (uint64_t)sizes[0] * CPU_SIZE + (uint64_t)sizes[1] * COUNT_SIZE +
	       (uint64_t)sizes[2] * SNAP_SIZE;
	if (c.overrun || need > le_left(&c) || sizes[0] > TRACE_MAX_CPUS)
		return MMR_E_CORRUPT;
	return get_lists(&c, totals, sizes);
}

void trace_totals_deinit(struct trace_totals *totals)
{
	trace_cpu_vec_deinit(&totals->cpus);
	trace_count_vec_deinit(&totals->counts);
	trace_snapshot_vec_deinit(&totals->snapshots);
	*totals = (struct trace_totals){ 0 };
}

void trace_footer_put(uint8_t *bytes, const struct trace_footer *footer)
{
	le64_put(bytes, footer->offset);
	le64_put(bytes + 8, footer->entries);
	le64_put(bytes + 16, footer->totals);
	le64_put(bytes + 24, footer->file_size);
	le32_put(bytes + 32, footer->entry_count);
	le32_put(bytes + 36, footer->version);
	le32_put(bytes + 40, 0);
	le32_put(bytes + 44, TRACE_FOOTER_MAGIC);
}

bool trace_footer_get(const uint8_t *bytes, uint64_t file_size, struct trace_footer *footer)
{
	uint64_t inside;

	footer->offset = le64_get(bytes);
	footer->entries = le64_get(bytes + 8);
	footer->totals = le64_get(bytes + 16);
	footer->file_size = le64_get(bytes + 24);
	footer->entry_count = le32_get(bytes + 32);
	if (le32_get(bytes + 44) != TRACE_FOOTER_MAGIC || footer->file_size != file_size)
		return false;
	if (file_size < TRACE_SKIP_HEAD_SIZE + TRACE_FOOTER_SIZE ||
	    footer->offset > file_size - TRACE_SKIP_HEAD_SIZE - TRACE_FOOTER_SIZE)
		return false;
	inside = file_size - TRACE_FOOTER_SIZE - TRACE_SKIP_HEAD_SIZE - footer->offset;
	return footer->entries <= inside && footer->totals == inside - footer->entries &&
	       footer->totals <= TRACE_MAX_COMPRESSED;
}
