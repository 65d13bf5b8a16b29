/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: rotated FILE.zst NR_PARTS READ: a recording in several files, whose statistics say READ events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmreplay/trace_writer.h>

static unsigned char page[4096];

/* One event: a record of 8 bytes, all of them common fields. */
static void fill_page(unsigned long long t_ns)
{
	const unsigned int word = 2;
	const unsigned short id = 500;

	memset(page, 0, sizeof(page));
	memcpy(page, &t_ns, 8);
	page[8] = 12;
	memcpy(page + 16, &word, 4);
	memcpy(page + 20, &id, 2);
}

static void name_part(char *name, size_t size, const char *base, int part)
{
	snprintf(name, size, "%.*s.%04d.zst", (int)(strlen(base) - 4), base, part);
}

static int write_parts(struct mmr_writer *w, const char *base, int nr_parts, const char *nr_read)
{
	static const char *const texts[][2] = {
		{ "kernel.release", "6.12" },
		{ "page_size", "4096" },
		{ "clock", "mono" },
		{ "header_page", "\tfield: u64 timestamp;\toffset:0;\tsize:8;\n"
		                 "\tfield: local_t commit;\toffset:8;\tsize:8;\n"
		                 "\tfield: char data;\toffset:16;\tsize:4080;\n" }
	};
	char text[128];

	for (int i = 0; i < 4; i++)
		if (mmr_writer_text(w, texts[i][0], texts[i][1], strlen(texts[i][1]), NULL) < 0)
			return -1;
	if (mmr_writer_begin(w, NULL) < 0)
		return -1;
	for (int part = 1; part <= nr_parts; part++) {
		name_part(text, sizeof(text), base, part);
		if (part > 1 && mmr_writer_rotate(w, text, NULL) < 0)
			return -1;
		fill_page(1000ull * (unsigned long long)part);
		if (mmr_writer_pages(w, 0, page, 1, NULL) < 0)
			return -1;
	}
	snprintf(text, sizeof(text), "entries: 0\noverrun: 0\ndropped events: 0\nread events: %s\n",
	         nr_read);
	return mmr_writer_trailer_text(w, "per_cpu/cpu0/stats", text, strlen(text), NULL);
}

int main(int argc, char **argv)
{
	const struct mmr_writer_options options = {
		.nr_cpus = 1, .subbuf_size = sizeof(page), .force = true, .rotate = true
	};
	struct mmr_error err = { 0 };
	struct mmr_writer *w;
	char name[128];

	if (argc != 4 || strlen(argv[1]) < 5)
		return 2;
	name_part(name, sizeof(name), argv[1], 1);
	if (mmr_writer_create(name, &options, &w, &err) < 0)
		return 2;
	if (write_parts(w, argv[1], (int)strtol(argv[2], NULL, 10), argv[3]) < 0) {
		mmr_writer_abort(w);
		return 2;
	}
	return mmr_writer_finish(w, &err) < 0 ? 2 : 0;
}
