/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process may be gone when the recording ends: its maps are read when an address of it comes up that
 * no map known so far covers, at most once in a while, and what the address is in them is kept. The
 * kernel's symbols are read at the end, and only the lines that recorded addresses fall into are kept;
 * all are zero where kernel.kptr_restrict forbids them.
 *
 * A flight recorder may run for days, while all that its ring holds is minutes old. So processes that
 * have ended go, then those that were not heard of for the longest; of addresses the half that was
 * not seen for longer goes when there are too many; and names of files that none of them needs. What was
 * known for long is looked up again: another process may have the number by now.
 */
#include "stack_symbols.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf_symbols.h"
#include "failure.h"
#include "privilege.h"

#define NO_FILE       UINT32_MAX
#define MAX_ADDRESSES (1u << 17)
#define MAX_PROCESSES 512u
#define MIN_FILES     1024u
#define AGAIN_NS      100000000ull   /* maps of a process are read again after this long */
#define STALE_NS      10000000000ull /* and what they say is not believed for longer */

/* Doubles an array at powers of two; false: no memory. */
static bool room(void **items, size_t count, size_t size)
{
	size_t capacity = count < 16 ? 16 : count * 2;
	void *more;

	if (count != 0 && (count < 16 || (count & (count - 1)) != 0))
		return true;
	more = reallocarray(*items, capacity, size);
	if (!more)
		return false;
	*items = more;
	return true;
}

#define ROOM(items, count) room((void **)&(items), count, sizeof(*(items)))

/* ---- processes ---- */

static uint32_t file_number(struct stack_symbols *s, const char *name)
{
	for (size_t i = 0; i < s->nr_files; i++)
		if (strcmp(s->files[i], name) == 0)
			return (uint32_t)i;
	if (!ROOM(s->files, s->nr_files))
		return NO_FILE;
	s->files[s->nr_files] = strdup(name);
	return s->files[s->nr_files] ? (uint32_t)s->nr_files++ : NO_FILE;
}

static void read_maps(struct stack_symbols *s, struct symbol_process *process)
{
	char path[64];
	char line[4400];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/maps", process->tgid);
	file = fopen(path, "re");
	if (!file)
		return; /* it has ended; what was read before may still help */
	process->nr_maps = 0;
	while (fgets(line, sizeof(line), file)) {
		struct symbol_map map;
		char executable;
		int name = 0;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*2c%c%*c %" SCNx64 " %*s %*s %n",
		           &map.start, &map.end, &executable, &map.offset, &name) < 4 ||
		    executable != 'x' || name == 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		map.file = file_number(s, line[name] ? line + name : "[anonymous]");
		if (!ROOM(process->maps, process->nr_maps))
			break;
		process->maps[process->nr_maps++] = map;
	}
	fclose(file);
}

static bool has_ended(const struct symbol_process *process)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u", process->tgid);
	return access(path, F_OK) < 0;
}

static int by_use(const void *a, const void *b)
{
	const struct symbol_process *x = a;
	const struct symbol_process *y = b;

	return (x->used_ns > y->used_ns) - (x->used_ns < y->used_ns);
}

/* Those that have ended, but for what may come late of them; else the quarter that is used least. */
static void forget_processes(struct stack_symbols *s, uint64_t now_ns)
{
	size_t least = s->nr_processes / 4;
	size_t ended = 0;
	size_t kept = 0;

	qsort(s->processes, s->nr_processes, sizeof(*s->processes), by_use);
	for (size_t i = 0; i < s->nr_processes; i++) {
		struct symbol_process *process = &s->processes[i];

		process->ended = now_ns - process->used_ns > 1000000000u && has_ended(process);
		ended += process->ended;
	}
	for (size_t i = 0; i < s->nr_processes; i++) {
		struct symbol_process *process = &s->processes[i];

		if (process->ended || (ended < least && i < least))
			free(process->maps);
		else
			s->processes[kept++] = *process;
	}
	s->nr_processes = kept;
}

static struct symbol_process *process_of(struct stack_symbols *s, uint32_t tgid, uint64_t now_ns)
{
	for (size_t i = s->nr_processes; i-- > 0;)
		if (s->processes[i].tgid == tgid)
			return &s->processes[i];
	if (!s->processes)
		s->processes = calloc(MAX_PROCESSES, sizeof(*s->processes));
	if (!s->processes)
		return NULL;
	if (s->nr_processes == MAX_PROCESSES)
		forget_processes(s, now_ns);
	s->processes[s->nr_processes] = (struct symbol_process){ .tgid = tgid };
	return &s->processes[s->nr_processes++];
}

static const struct symbol_map *map_of(const struct symbol_process *process, uint64_t address)
{
	for (size_t i = 0; i < process->nr_maps; i++)
		if (address >= process->maps[i].start && address < process->maps[i].end)
			return &process->maps[i];
	return NULL;
}

/* Where in which file it is, as far as can be told. */
static void locate(struct stack_symbols *s, struct symbol_address *a, uint64_t now_ns)
{
	struct symbol_process *process = process_of(s, a->tgid, now_ns);
	const struct symbol_map *map = process ? map_of(process, a->address) : NULL;
	uint64_t enough = map ? STALE_NS : AGAIN_NS;

	if (!process)
		return;
	process->used_ns = now_ns;
	if (process->read_ns == 0 || now_ns - process->read_ns > enough) {
		process->read_ns = now_ns;
		read_maps(s, process);
		map = map_of(process, a->address);
	}
	if (!map)
		return;
	a->file = map->file;
	a->offset = a->address - map->start + map->offset;
}

/* ---- addresses ---- */

static size_t hash(uint32_t tgid, uint64_t address)
{
	uint64_t x = (address ^ ((uint64_t)tgid << 40)) * 0x9e3779b97f4a7c15ull;

	return (size_t)(x >> 32);
}

/* The slot of an address, or the free one where it would be. */
static uint32_t *slot_of(const struct stack_symbols *s, uint32_t tgid, uint64_t address)
{
	size_t mask = s->nr_slots - 1;
	size_t at = hash(tgid, address) & mask;

	while (s->slots[at]) {
		const struct symbol_address *a = &s->addresses[s->slots[at] - 1];

		if (a->tgid == tgid && a->address == address)
			break;
		at = (at + 1) & mask;
	}
	return &s->slots[at];
}

/* At most half of the slots are used. */
static bool grow_slots(struct stack_symbols *s)
{
	size_t nr = s->nr_slots ? s->nr_slots * 2 : 1024;
	uint32_t *slots;

	if ((s->nr_addresses + 1) * 2 <= s->nr_slots)
		return true;
	slots = calloc(nr, sizeof(*slots));
	if (!slots)
		return false;
	free(s->slots);
	s->slots = slots;
	s->nr_slots = nr;
	for (size_t i = 0; i < s->nr_addresses; i++)
		*slot_of(s, s->addresses[i].tgid, s->addresses[i].address) = (uint32_t)i + 1;
	return true;
}

static int by_time(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The half that was not seen for longer. */
static void forget_addresses(struct stack_symbols *s)
{
	uint64_t *times = calloc(s->nr_addresses, sizeof(*times));
	size_t half = s->nr_addresses / 2;
	size_t kept = 0;

	if (!times)
		return;
	for (size_t i = 0; i < s->nr_addresses; i++)
		times[i] = s->addresses[i].seen_ns;
	qsort(times, s->nr_addresses, sizeof(*times), by_time);
	for (size_t i = 0; i < s->nr_addresses && kept < half; i++)
		if (s->addresses[i].seen_ns >= times[half])
			s->addresses[kept++] = s->addresses[i];
	free(times);
	s->nr_addresses = kept;
	memset(s->slots, 0, s->nr_slots * sizeof(*s->slots));
	for (size_t i = 0; i < s->nr_addresses; i++)
		*slot_of(s, s->addresses[i].tgid, s->addresses[i].address) = (uint32_t)i + 1;
}

/* Names of files that neither an address nor a map needs. */
static void forget_files(struct stack_symbols *s)
{
	uint32_t *numbers = calloc(s->nr_files, sizeof(*numbers));
	size_t kept = 0;

	if (!numbers)
		return;
	for (size_t i = 0; i < s->nr_addresses; i++)
		if (s->addresses[i].file != NO_FILE)
			numbers[s->addresses[i].file] = 1;
	for (size_t i = 0; i < s->nr_processes; i++)
		for (size_t m = 0; m < s->processes[i].nr_maps; m++)
			if (s->processes[i].maps[m].file != NO_FILE)
				numbers[s->processes[i].maps[m].file] = 1;
	for (size_t i = 0; i < s->nr_files; i++) {
		if (numbers[i]) {
			numbers[i] = (uint32_t)kept;
			s->files[kept++] = s->files[i];
		} else {
			free(s->files[i]);
		}
	}
	for (size_t i = 0; i < s->nr_addresses; i++)
		if (s->addresses[i].file != NO_FILE)
			s->addresses[i].file = numbers[s->addresses[i].file];
	for (size_t i = 0; i < s->nr_processes; i++)
		for (size_t m = 0; m < s->processes[i].nr_maps; m++)
			if (s->processes[i].maps[m].file != NO_FILE)
				s->processes[i].maps[m].file =
					numbers[s->processes[i].maps[m].file];
	free(numbers);
	s->nr_files = kept;
	s->nr_files_kept = kept;
}

static void make_room(struct stack_symbols *s)
{
	if (s->nr_addresses == MAX_ADDRESSES)
		forget_addresses(s);
	if (s->nr_files >= MIN_FILES && s->nr_files >= s->nr_files_kept * 2)
		forget_files(s);
}

static void note(struct stack_symbols *s, uint32_t tgid, uint64_t address, uint64_t now_ns)
{
	struct symbol_address *a;
	uint32_t *slot;

	make_room(s);
	if (s->nr_addresses == MAX_ADDRESSES || !grow_slots(s))
		return;
	slot = slot_of(s, tgid, address);
	if (*slot) {
		a = &s->addresses[*slot - 1];
		if (tgid && now_ns - a->seen_ns > STALE_NS)
			locate(s, a, now_ns);
		a->seen_ns = now_ns;
		return;
	}
	if (!ROOM(s->addresses, s->nr_addresses))
		return;
	a = &s->addresses[s->nr_addresses++];
	*slot = (uint32_t)s->nr_addresses;
	*a = (struct symbol_address){
		.address = address, .tgid = tgid, .file = NO_FILE, .seen_ns = now_ns
	};
	if (tgid)
		locate(s, a, now_ns);
}

void stack_symbols_note(struct stack_symbols *s, uint32_t tgid, uint64_t address, uint64_t now_ns)
{
	pthread_mutex_lock(&s->lock);
	note(s, tgid, address, now_ns);
	pthread_mutex_unlock(&s->lock);
}

/* ---- writing them ---- */

/* By process, those of the kernel first, then by address. */
static int by_address(const void *a, const void *b)
{
	const struct symbol_address *x = a;
	const struct symbol_address *y = b;

	if (x->tgid != y->tgid)
		return x->tgid < y->tgid ? -1 : 1;
	return (x->address > y->address) - (x->address < y->address);
}

struct symbol_line {
	uint64_t address;
	const char *text;
};

static int by_line(const void *a, const void *b)
{
	const struct symbol_line *x = a;
	const struct symbol_line *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* The lines of /proc/kallsyms that name functions, sorted; they point into *text. None if it hides them. */
static struct symbol_line *read_kallsyms(char **text, size_t *count)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	struct symbol_line *lines = NULL;
	size_t size = 0;
	ssize_t got;
	char *next;

	*count = 0;
	*text = NULL;
	if (!file)
		return NULL;
	got = getdelim(text, &size, '\0', file);
	fclose(file);
	next = got > 0 ? *text : NULL;
	while (next && *next) {
		char *line = next;
		uint64_t address = strtoull(line, NULL, 16);

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!address || strlen(line) < 20 || !strchr("tTwW", line[17]))
			continue;
		if (!ROOM(lines, *count))
			break;
		lines[(*count)++] = (struct symbol_line){ address, line };
	}
	if (lines)
		qsort(lines, *count, sizeof(*lines), by_line);
	return lines;
}

static int write_kernel(struct stack_symbols *s, struct mmr_writer *writer, struct mmr_error *err)
{
	char *kallsyms;
	size_t nr_lines;
	struct symbol_line *lines = read_kallsyms(&kallsyms, &nr_lines);
	size_t last = SIZE_MAX;
	size_t line = 0;
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	int ret = 0;

	for (size_t i = 0; stream && i < s->nr_addresses && s->addresses[i].tgid == 0; i++) {
		while (line < nr_lines && lines[line].address <= s->addresses[i].address)
			line++;
		if (line == 0 || line - 1 == last)
			continue;
		last = line - 1;
		fprintf(stream, "%s\n", lines[last].text);
	}
	if (!stream || fclose(stream) != 0)
		ret = failure(err, MMR_E_NOMEM, "out of memory for symbols");
	if (ret == 0 && size > 0)
		ret = mmr_writer_trailer_text(writer, "kallsyms", text, size, err);
	free(text);
	free(lines);
	free(kallsyms);
	return ret;
}

/* Names the functions of all addresses in one file. */
static void name_functions(struct stack_symbols *s, uint32_t file)
{
	struct elf_symbols *elf = elf_symbols_open(s->files[file]);

	for (size_t i = 0; elf && i < s->nr_addresses; i++) {
		struct symbol_address *a = &s->addresses[i];
		const char *name;

		if (a->tgid == 0 || a->file != file)
			continue;
		name = elf_symbols_find(elf, a->offset, &a->function_offset);
		if (name && !strpbrk(name, "\t\n"))
			a->function = strdup(name);
	}
	elf_symbols_close(elf);
}

static void print_user(const struct stack_symbols *s, const struct symbol_address *a, FILE *stream)
{
	const char *file = a->file == NO_FILE ? "-" : s->files[a->file];
	const char *slash = s->names_only ? strrchr(file, '/') : NULL;

	fprintf(stream, "%u\t%" PRIx64 "\t%s\t%" PRIx64 "\t%" PRIx64 "\t%s\n", a->tgid, a->address,
	        a->function ? a->function : "-", a->function_offset, a->offset,
	        slash ? slash + 1 : file);
}

/* With the rights of who gets the trace: they see no more of a file than they may. */
static int name_all(void *data, struct mmr_error *err)
{
	struct stack_symbols *s = data;

	(void)err;
	for (size_t i = 0; i < s->nr_files; i++)
		if (s->files[i][0] == '/')
			name_functions(s, (uint32_t)i);
	return 0;
}

static int write_user(struct stack_symbols *s, struct mmr_writer *writer, struct mmr_error *err)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	int ret = privilege_call(name_all, s, err);

	for (size_t i = 0; stream && i < s->nr_addresses; i++)
		if (s->addresses[i].tgid && s->addresses[i].file != NO_FILE)
			print_user(s, &s->addresses[i], stream);
	if ((!stream || fclose(stream) != 0) && ret == 0)
		ret = failure(err, MMR_E_NOMEM, "out of memory for symbols");
	if (ret == 0 && size > 0)
		ret = mmr_writer_trailer_text(writer, "user_symbols", text, size, err);
	free(text);
	return ret;
}

/* What there is so far. */
static int copy(struct stack_symbols *s, struct stack_symbols *own)
{
	int ret = 0;

	*own = (struct stack_symbols){ .names_only = s->names_only };
	pthread_mutex_lock(&s->lock);
	own->addresses = calloc(s->nr_addresses + 1, sizeof(*own->addresses));
	own->files = calloc(s->nr_files + 1, sizeof(*own->files));
	if (own->addresses && own->files) {
		own->nr_addresses = s->nr_addresses;
		own->nr_files = s->nr_files;
		if (s->nr_addresses)
			memcpy(own->addresses, s->addresses,
			       s->nr_addresses * sizeof(*own->addresses));
		for (size_t i = 0; i < s->nr_files; i++) {
			own->files[i] = strdup(s->files[i]);
			ret = own->files[i] ? ret : MMR_E_NOMEM;
		}
	}
	pthread_mutex_unlock(&s->lock);
	return own->addresses && own->files ? ret : MMR_E_NOMEM;
}

int stack_symbols_write(struct stack_symbols *s, struct mmr_writer *writer, struct mmr_error *err)
{
	struct stack_symbols own;
	int ret = copy(s, &own);

	if (ret < 0)
		failure(err, ret, "out of memory for symbols");
	if (ret == 0 && own.nr_addresses > 0) {
		qsort(own.addresses, own.nr_addresses, sizeof(*own.addresses), by_address);
		ret = write_kernel(&own, writer, err);
		if (ret == 0)
			ret = write_user(&own, writer, err);
	}
	for (size_t i = 0; i < own.nr_addresses; i++)
		free(own.addresses[i].function);
	for (size_t i = 0; i < own.nr_files; i++)
		free(own.files[i]);
	free(own.addresses);
	free(own.files);
	return ret;
}

void stack_symbols_init(struct stack_symbols *s)
{
	*s = (struct stack_symbols){ 0 };
	pthread_mutex_init(&s->lock, NULL);
}

void stack_symbols_deinit(struct stack_symbols *s)
{
	for (size_t i = 0; i < s->nr_processes; i++)
		free(s->processes[i].maps);
	for (size_t i = 0; i < s->nr_files; i++)
		free(s->files[i]);
	free(s->processes);
	free(s->addresses);
	free(s->files);
	free(s->slots);
	*s = (struct stack_symbols){ 0 };
}
