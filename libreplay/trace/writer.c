/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file and the texts of its header. Frames are appended whole: if one does not fit
 * on the disk the file is cut back to the frame before, so that what is there stays readable.
 */
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "error_set.h"
#include "io.h"
#include "le.h"

#define DEFAULT_FRAME (256u << 10)

int trace_writer_zstd_init(struct writer_zstd *z, int level, size_t content)
{
	z->out_size = ZSTD_compressBound(content);
	z->out = base_calloc(z->out_size, 1);
	z->cctx = ZSTD_createCCtx();
	if (!z->out || !z->cctx)
		return MMR_E_NOMEM;
	ZSTD_CCtx_setParameter(z->cctx, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(z->cctx, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(z->cctx, ZSTD_c_contentSizeFlag, 1);
	return 0;
}

void trace_writer_zstd_deinit(struct writer_zstd *z)
{
	ZSTD_freeCCtx(z->cctx);
	base_free(z->out);
	*z = (struct writer_zstd){ 0 };
}

int trace_writer_check(struct mmr_writer *w, struct mmr_error *err)
{
	int code = 0;

	if (!atomic_load(&w->failed))
		return 0;
	pthread_mutex_lock(&w->lock);
	code = w->error.code;
	if (err)
		*err = w->error;
	pthread_mutex_unlock(&w->lock);
	return code;
}

/* Appends bytes, or cuts the file back and remembers why. Under the lock. */
static int append(struct mmr_writer *w, const void *data, size_t size)
{
	int ret = base_write_all(w->fd, data, size, w->partial, &w->error);

	if (ret == 0) {
		w->offset += size;
		atomic_store(&w->file_bytes, w->offset);
		return 0;
	}
	atomic_store(&w->failed, true);
	if (ftruncate(w->fd, (off_t)w->offset) < 0 || lseek(w->fd, (off_t)w->offset, SEEK_SET) < 0)
		return ret; /* the reader copes with half a frame */
	return ret;
}

int trace_writer_frame(struct mmr_writer *w, struct writer_zstd *z, uint8_t *content,
                       const struct trace_head *head, struct mmr_error *err)
{
	struct trace_entry entry = {
		.first_ns = head->first_ns,
		.last_ns = head->last_ns,
		.lost = head->lost,
		.payload = (uint32_t)head->payload,
		.number = head->number,
		.aux = head->aux,
		.count = (uint32_t)head->count,
		.kind = head->kind,
		.flags = head->flags,
	};
	size_t size;
	int ret;

	trace_head_put(content, head);
	size = ZSTD_compress2(z->cctx, z->out, z->out_size, content,
	                      TRACE_HEAD_SIZE + (size_t)head->payload);
	if (ZSTD_isError(size))
		return base_error(err, MMR_E_NOMEM, "cannot compress a frame: %s",
		                  ZSTD_getErrorName(size));
	pthread_mutex_lock(&w->lock);
	entry.offset = w->offset;
	entry.size = (uint32_t)size;
	ret = w->error.code;
	if (ret == 0)
		ret = append(w, z->out, size);
	if (ret == 0 && trace_entry_vec_push(&w->entries, entry) < 0) {
		ret = base_error(&w->error, MMR_E_NOMEM, "out of memory for the index");
		atomic_store(&w->failed, true);
	}
	if (ret < 0 && err)
		*err = w->error;
	pthread_mutex_unlock(&w->lock);
	return ret;
}

/* ---- texts ---- */

static int keep_text(struct writer_text_vec *texts, const char *name, const void *data, size_t size,
                     struct mmr_error *err)
{
	struct writer_text text = { .size = size };

	if (strlen(name) == 0 || strlen(name) > TRACE_MAX_NAME || size > TRACE_MAX_TEXT)
		return base_error(err, MMR_E_LIMIT, "the text %.80s is too long", name);
	for (size_t i = 0; i < texts->count; i++)
		if (strcmp(texts->items[i].name, name) == 0)
			return base_error(err, MMR_E_EXISTS, "the text %.80s is there twice", name);
	text.name = base_strndup(name, strlen(name));
	text.data = (uint8_t *)base_strndup(size ? data : "", size);
	if (!text.name || !text.data || writer_text_vec_push(texts, text) < 0) {
		base_free(text.name);
		base_free(text.data);
		return base_error(err, MMR_E_NOMEM, "out of memory for the text %.80s", name);
	}
	return 0;
}

static void texts_deinit(struct writer_text_vec *texts)
{
	for (size_t i = 0; i < texts->count; i++) {
		base_free(texts->items[i].name);
		base_free(texts->items[i].data);
	}
	writer_text_vec_deinit(texts);
}

static const struct writer_text *find_text(const struct writer_text_vec *texts, const char *name)
{
	for (size_t i = 0; i < texts->count; i++)
		if (strcmp(texts->items[i].name, name) == 0)
			return &texts->items[i];
	return NULL;
}

/* ---- opening ---- */

int trace_writer_free(struct mmr_writer *w, int ret)
{
	if (w->fd >= 0)
		close(w->fd);
	for (uint32_t i = 0; w->cpus && i < w->options.nr_streams; i++) {
		trace_writer_zstd_deinit(&w->cpus[i].zstd);
		base_free(w->cpus[i].raw);
		base_free(w->cpus[i].counts);
	}
	base_free(w->cpus);
	trace_writer_zstd_deinit(&w->zstd);
	trace_buffer_deinit(&w->list);
	trace_entry_vec_deinit(&w->entries);
	texts_deinit(&w->texts);
	texts_deinit(&w->trailer);
	base_free(w->group_of_id);
	base_free(w->partial);
	base_free(w->path);
	pthread_mutex_destroy(&w->lock);
	base_free(w);
	return ret;
}

/* path with suffix added; NULL if there is no memory. */
static char *with_suffix(const char *path, const char *suffix)
{
	size_t size = strlen(path) + strlen(suffix) + 1;
	char *name = base_calloc(size, 1);

	if (name)
		snprintf(name, size, "%s%s", path, suffix);
	return name;
}

int trace_writer_set_aside(const char *path, struct mmr_error *err)
{
	char *old = with_suffix(path, ".old");
	int ret = 0;

	if (!old)
		return base_error(err, MMR_E_NOMEM, "out of memory for a name");
	if (rename(path, old) < 0)
		ret = base_error_errno(err, errno, "cannot rename %s", path);
	base_free(old);
	return ret;
}

/*
 * Something has the temporary name: another recorder at work holds a lock on it; a dead one does not,
 * and then it is set aside (keep_old), replaced (force), or left to the user.
 */
static int clear_partial(const struct mmr_writer *w, struct mmr_error *err)
{
	int ret = 0;
	int fd = open(w->partial, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return base_error_errno(err, errno, "cannot open %s", w->partial);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		ret = base_error(err, MMR_E_BUSY, "%s is being written by another recorder",
		                 w->partial);
	else if (w->options.force)
		ret = unlink(w->partial) < 0
		              ? base_error_errno(err, errno, "cannot remove %s", w->partial)
		              : 0;
	else if (!w->options.keep_old)
		ret = base_error(err, MMR_E_EXISTS,
		                 "%s is left from a recording that was interrupted; it can be read",
		                 w->partial);
	else
		ret = trace_writer_set_aside(w->partial, err);
	close(fd);
	return ret;
}

static int open_partial(struct mmr_writer *w, struct mmr_error *err)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	struct stat st;

	if (lstat(w->path, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			return base_error(err, MMR_E_INVALID, "%s is not a regular file", w->path);
		if (!w->options.keep_old && !w->options.force)
			return base_error(err, MMR_E_EXISTS, "%s exists", w->path);
	}
	w->fd = open(w->partial, flags, 0600);
	if (w->fd < 0 && errno == EEXIST) {
		int ret = clear_partial(w, err);

		if (ret < 0)
			return ret;
		w->fd = open(w->partial, flags, 0600);
	}
	if (w->fd < 0)
		return base_error_errno(err, errno, "cannot create %s", w->partial);
	flock(w->fd, LOCK_EX | LOCK_NB); /* not on every file system; then there is no guard */
	return 0;
}

static int check_options(struct mmr_writer_options *o, struct mmr_error *err)
{
	if (o->nr_cpus == 0 || o->nr_cpus > TRACE_MAX_CPUS)
		return base_error(err, MMR_E_INVALID, "%u CPUs: at least 1, at most %u", o->nr_cpus,
		                  TRACE_MAX_CPUS);
	if (o->nr_streams == 0)
		o->nr_streams = o->nr_cpus;
	if (o->nr_streams % o->nr_cpus || o->nr_streams > TRACE_MAX_CPUS)
		return base_error(err, MMR_E_INVALID,
		                  "%u streams of %u CPUs: a multiple of that, at most %u",
		                  o->nr_streams, o->nr_cpus, TRACE_MAX_CPUS);
	if (o->subbuf_size == 0 || o->subbuf_size % 4096 || o->subbuf_size > TRACE_MAX_SUBBUF)
		return base_error(err, MMR_E_INVALID,
		                  "sub-buffers of %u bytes: a multiple of 4096, at most %u",
		                  o->subbuf_size, TRACE_MAX_SUBBUF);
	if (o->frame_size == 0)
		o->frame_size = DEFAULT_FRAME;
	if (o->frame_size > TRACE_MAX_DATA)
		return base_error(err, MMR_E_INVALID, "frames of %u bytes: at most %u",
		                  o->frame_size, TRACE_MAX_DATA);
	if (o->frame_size < o->subbuf_size)
		o->frame_size = o->subbuf_size;
	o->frame_size -= o->frame_size % o->subbuf_size;
	if (o->level == 0)
		o->level = 1;
	if (o->ring_bytes || o->rotate)
		return base_error(err, MMR_E_UNSUPPORTED, "a ring and rotation are not there yet");
	return 0;
}

int mmr_writer_create(const char *path, const struct mmr_writer_options *options,
                      struct mmr_writer **ret, struct mmr_error *err)
{
	struct mmr_writer *w = base_calloc_err(1, sizeof(*w), "a trace writer", err);
	int code;

	if (!w)
		return MMR_E_NOMEM;
	w->fd = -1;
	w->options = *options;
	pthread_mutex_init(&w->lock, NULL);
	code = check_options(&w->options, err);
	if (code < 0)
		return trace_writer_free(w, code);
	w->path = base_strndup(path, strlen(path));
	w->partial = with_suffix(path, ".partial");
	w->cpus = base_calloc(w->options.nr_streams, sizeof(*w->cpus));
	if (!w->path || !w->partial || !w->cpus ||
	    trace_writer_zstd_init(&w->zstd, w->options.level, 2 * TRACE_BLOB_FRAME + 4096) < 0)
		return trace_writer_free(
			w, base_error(err, MMR_E_NOMEM, "out of memory for a trace writer"));
	for (uint32_t i = 0; i < w->options.nr_streams; i++)
		w->cpus[i].head = (struct trace_head){
			.kind = TRACE_FRAME_DATA,
			.number = i,
			.aux = w->options.subbuf_size,
		};
	code = open_partial(w, err);
	if (code < 0)
		return trace_writer_free(w, code);
	*ret = w;
	return 0;
}

int mmr_writer_text(struct mmr_writer *w, const char *name, const void *data, size_t size,
                    struct mmr_error *err)
{
	if (w->begun)
		return base_error(err, MMR_E_INVALID, "text %.80s after the header was written",
		                  name);
	return keep_text(&w->texts, name, data, size, err);
}

/* "events/kmem/mm_page_alloc/format" and its line "ID: 497": which group 497 counts for. */
static int learn_group(struct mmr_writer *w, const struct writer_text *text)
{
	char system[64];
	char name[128];
	int end = 0;
	const char *at;
	unsigned long id;

	if (sscanf(text->name, "events/%63[^/]/%127[^/]/format%n", system, name, &end) != 2 ||
	    end == 0 || text->name[end] != '\0')
		return 0;
	at = strstr((const char *)text->data, "\nID:");
	id = at ? strtoul(at + 4, NULL, 10) : UINT16_MAX + 1ul;
	if (id > UINT16_MAX)
		return 0;
	if (id >= w->nr_groups) {
		uint32_t count = ((uint32_t)id | 255) + 1;
		void *groups = w->group_of_id;

		if (base_resize(&groups, count, 1) < 0)
			return MMR_E_NOMEM;
		w->group_of_id = groups;
		memset(w->group_of_id + w->nr_groups, MMR_GROUP_OTHER, count - w->nr_groups);
		w->nr_groups = count;
	}
	w->group_of_id[id] = (uint8_t)mmr_event_group(mmr_event_find(system, name));
	return 0;
}

static int add_number(struct mmr_writer *w, const char *name, uint32_t value, struct mmr_error *err)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", value);

	if (find_text(&w->texts, name))
		return 0;
	return keep_text(&w->texts, name, text, (size_t)len, err);
}

int mmr_writer_begin(struct mmr_writer *w, struct mmr_error *err)
{
	static const char *const needed[] = { "kernel.release", "page_size", "clock" };
	int ret = 0;

	if (w->begun)
		return base_error(err, MMR_E_INVALID, "the header was written already");
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!find_text(&w->texts, needed[i]))
			return base_error(err, MMR_E_INVALID, "the header lacks %s", needed[i]);
	for (size_t i = 0; i < w->texts.count; i++)
		if (learn_group(w, &w->texts.items[i]) < 0)
			return base_error(err, MMR_E_NOMEM, "out of memory for event groups");
	ret = add_number(w, "nr_cpus", w->options.nr_cpus, err);
	if (ret == 0 && w->options.nr_streams > w->options.nr_cpus)
		ret = add_number(w, "nr_streams", w->options.nr_streams, err);
	if (ret == 0)
		ret = add_number(w, "subbuf_size", w->options.subbuf_size, err);
	if (ret == 0)
		ret = trace_writer_list_begin(w, TRACE_FRAME_HEADER, 0,
		                              MMR_TRACE_FORMAT_MAJOR << 16 | MMR_TRACE_FORMAT_MINOR,
		                              err);
	if (ret == 0)
		ret = trace_writer_add_texts(w, &w->texts, err);
	if (ret == 0)
		ret = trace_writer_list_flush(w, TRACE_FRAME_LAST, err);
	if (ret == 0)
		w->begun = true;
	texts_deinit(&w->texts);
	return ret;
}

int mmr_writer_trailer_text(struct mmr_writer *w, const char *name, const void *data, size_t size,
                            struct mmr_error *err)
{
	return keep_text(&w->trailer, name, data, size, err);
}

void mmr_writer_stats(const struct mmr_writer *w, struct mmr_writer_stats *stats)
{
	*stats = (struct mmr_writer_stats){ 0 };
	stats->nr_events = atomic_load(&w->nr_events);
	stats->nr_lost = atomic_load(&w->nr_lost);
	stats->raw_bytes = atomic_load(&w->raw_bytes);
	stats->file_bytes = atomic_load(&w->file_bytes);
	for (int i = 0; i < MMR_NR_EVENT_GROUPS; i++)
		stats->by_group[i] = atomic_load(&w->by_group[i]);
}

/* ---- not there yet ---- */

int mmr_writer_create_stream(int fd, const char *name, const struct mmr_writer_options *options,
                             struct mmr_writer **ret, struct mmr_error *err)
{
	(void)fd, (void)options, (void)ret;
	return base_error(err, MMR_E_UNSUPPORTED, "%s: streams are not there yet", name);
}

size_t mmr_writer_tids(const struct mmr_writer *w, int32_t *tids, size_t max)
{
	(void)w, (void)tids, (void)max;
	return 0;
}

int mmr_writer_prepare_cpu(struct mmr_writer *w, uint32_t cpu, struct mmr_error *err)
{
	return cpu < w->options.nr_cpus ? 0 : base_error(err, MMR_E_INVALID, "no CPU %u", cpu);
}

void mmr_writer_pressure(struct mmr_writer *w, uint32_t cpu, uint32_t per_mille)
{
	(void)w, (void)cpu, (void)per_mille;
}

int mmr_writer_ring_save(struct mmr_writer *w, const char *path, uint64_t since_ns,
                         struct mmr_error *err)
{
	(void)w, (void)since_ns;
	return base_error(err, MMR_E_UNSUPPORTED, "%s: a ring is not there yet", path);
}

int mmr_writer_rotate(struct mmr_writer *w, const char *path, struct mmr_error *err)
{
	(void)w;
	return base_error(err, MMR_E_UNSUPPORTED, "%s: rotation is not there yet", path);
}
