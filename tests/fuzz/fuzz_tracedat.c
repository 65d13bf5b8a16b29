/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The importer over any file. An input that begins with 'i' is a file of access samples, with 'm', 'y' or
 * 'x' one of a snapshot folder (maps, sysctl, mm); any other is a trace.dat. What was imported has to be
 * a trace that the reader takes, with as many events as the importer counted, and to export again.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <mmreplay/trace.h>
#include <mmreplay/trace_import.h>

#include "fuzz.h"
#include "tracedat_snapshot.h"

FUZZ_LEAKS_OF_LIBTRACEEVENT

static char folder[64];
static char output[96];

static void remove_folder(void)
{
	rmdir(folder);
}

static void make_folder(void)
{
	if (folder[0])
		return;
	snprintf(folder, sizeof(folder), "/dev/shm/fuzz-tracedat-%d", (int)getpid());
	snprintf(output, sizeof(output), "%s/out", folder);
	if (mkdir(folder, 0700) < 0 || atexit(remove_folder) != 0)
		abort();
}

static void read_back(const struct mmr_import_report *report)
{
	struct mmr_error err;
	struct mmr_trace *trace;

	if (mmr_trace_open(output, NULL, &trace, &err) < 0)
		abort();
	if (mmr_trace_info(trace)->nr_events != report->nr_events)
		abort();
	mmr_trace_close(trace);
}

static void export_again(void)
{
	struct mmr_export_options options = { .force = true };
	char dat[128];
	struct mmr_error err = { 0 };

	snprintf(dat, sizeof(dat), "%s/dat", folder);
	if (mmr_export_tracedat(output, dat, &options, NULL, &err) < 0 && !err.text[0])
		abort();
	unlink(dat);
}

static void import_dat(const uint8_t *data, size_t size)
{
	struct mmr_import_options options = { .force = true, .level = 1 };
	struct mmr_import_report report;
	struct mmr_error err = { 0 };
	struct fuzz_file file = fuzz_file_open(data, size);

	/* Any folder will do: it makes the importer look for the processes that read it. */
	options.before = options.after = folder;
	if (mmr_import_tracedat(file.path, output, &options, &report, &err) == 0) {
		read_back(&report);
		export_again();
	} else if (err.code >= 0 || !err.text[0]) {
		abort();
	}
	fuzz_file_close(&file);
}

static struct mmr_writer *open_writer(void)
{
	struct mmr_writer_options options = { .nr_cpus = 1, .subbuf_size = 4096, .force = true };
	struct mmr_writer *writer;
	struct mmr_error err;

	if (mmr_writer_create(output, &options, &writer, &err) < 0 ||
	    mmr_writer_text(writer, "kernel.release", "6.12.0", 6, &err) < 0 ||
	    mmr_writer_text(writer, "page_size", "4096", 4, &err) < 0 ||
	    mmr_writer_text(writer, "clock", "mono", 4, &err) < 0 ||
	    mmr_writer_begin(writer, &err) < 0)
		abort();
	return writer;
}

static void import_file(const uint8_t *data, size_t size)
{
	static const struct dat_reader_vec nobody;
	const char *name = data[0] == 'm' ? "maps" : data[0] == 'y' ? "sysctl" : "mm";
	struct mmr_writer *writer = open_writer();
	struct mmr_import_report report = { 0 };
	struct mmr_error err = { 0 };
	struct dat_add_vec adds = { 0 };
	char path[128];
	int ret;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, data[0] == 'i' ? "idle" : name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)size - 1)
		abort();
	close(fd);
	ret = data[0] == 'i' ? trace_dat_import_idle(writer, path, &adds, &report, &err)
	                     : trace_dat_import_folder(writer, folder, &nobody, 1, &report, &err);
	if (ret < 0 && !err.text[0])
		abort();
	if (ret < 0 || size % 2)
		mmr_writer_abort(writer);
	else if (mmr_writer_finish(writer, &err) < 0)
		abort();
	unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	make_folder();
	if (size > 0 && strchr("imyx", data[0]) && data[0])
		import_file(data, size);
	else
		import_dat(data, size);
	unlink(output);
	return 0;
}
