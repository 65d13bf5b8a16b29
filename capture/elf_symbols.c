/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Symbols come from .symtab, or from .dynsym in a stripped file. Every number of the file is untrusted:
 * it may be anybody's, and be written to meanwhile, hence read and not mapped.
 */
#include "elf_symbols.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_TABLE    (64u << 20) /* bytes of a table of symbols or names */
#define MAX_FUNCTION (1u << 20)  /* where a symbol has no size */

struct elf_symbols {
	Elf64_Phdr *segments;
	size_t nr_segments;
	Elf64_Sym *symbols; /* functions, by address */
	size_t nr_symbols;
	char *names;
	size_t names_size;
};

/* size bytes at offset with a NUL behind, to free(); NULL: they are not there. */
static void *read_part(int fd, uint64_t offset, uint64_t size)
{
	uint8_t *data;
	size_t done = 0;

	if (size == 0 || size > MAX_TABLE || offset > INT64_MAX - size)
		return NULL;
	data = malloc(size + 1);
	while (data && done < size) {
		ssize_t got = pread(fd, data + done, size - done, (off_t)(offset + done));

		if (got <= 0) {
			free(data);
			return NULL;
		}
		done += (size_t)got;
	}
	if (data)
		data[size] = '\0';
	return data;
}

static int by_address(const void *a, const void *b)
{
	const Elf64_Sym *x = a;
	const Elf64_Sym *y = b;

	return (x->st_value > y->st_value) - (x->st_value < y->st_value);
}

/* Keeps the functions alone, sorted. */
static void keep_functions(struct elf_symbols *elf)
{
	size_t kept = 0;

	for (size_t i = 0; i < elf->nr_symbols; i++) {
		const Elf64_Sym *s = &elf->symbols[i];
		unsigned int type = ELF64_ST_TYPE(s->st_info);

		if ((type == STT_FUNC || type == STT_GNU_IFUNC) && s->st_shndx != SHN_UNDEF &&
		    s->st_name < elf->names_size)
			elf->symbols[kept++] = *s;
	}
	elf->nr_symbols = kept;
	qsort(elf->symbols, kept, sizeof(*elf->symbols), by_address);
}

static bool read_symbols(struct elf_symbols *elf, int fd, const Elf64_Ehdr *head)
{
	Elf64_Shdr *sections;
	const Elf64_Shdr *table = NULL;

	if (head->e_shentsize != sizeof(*sections) || head->e_shnum == 0)
		return false;
	sections = read_part(fd, head->e_shoff, (uint64_t)head->e_shnum * sizeof(*sections));
	if (!sections)
		return false;
	for (size_t i = 0; i < head->e_shnum; i++) {
		const Elf64_Shdr *s = &sections[i];

		if (s->sh_entsize != sizeof(Elf64_Sym) || s->sh_link >= head->e_shnum)
			continue;
		if (s->sh_type == SHT_SYMTAB || (s->sh_type == SHT_DYNSYM && !table))
			table = s;
	}
	if (table) {
		const Elf64_Shdr *names = &sections[table->sh_link];

		elf->symbols = read_part(fd, table->sh_offset, table->sh_size);
		elf->nr_symbols = table->sh_size / sizeof(Elf64_Sym);
		elf->names = read_part(fd, names->sh_offset, names->sh_size);
		elf->names_size = names->sh_size;
	}
	free(sections);
	if (!elf->symbols || !elf->names)
		return false;
	keep_functions(elf);
	return true;
}

static bool read_file(struct elf_symbols *elf, int fd)
{
	const uint16_t one = 1;
	unsigned char order = *(const unsigned char *)&one ? ELFDATA2LSB : ELFDATA2MSB;
	Elf64_Ehdr head;

	if (pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    head.e_ident[EI_DATA] != order || head.e_phentsize != sizeof(Elf64_Phdr))
		return false;
	elf->segments = read_part(fd, head.e_phoff, (uint64_t)head.e_phnum * sizeof(Elf64_Phdr));
	elf->nr_segments = head.e_phnum;
	return elf->segments && read_symbols(elf, fd, &head);
}

struct elf_symbols *elf_symbols_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct elf_symbols *elf;
	struct stat st;

	if (fd < 0)
		return NULL;
	elf = calloc(1, sizeof(*elf));
	if (elf && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !read_file(elf, fd))) {
		elf_symbols_close(elf);
		elf = NULL;
	}
	close(fd);
	return elf;
}

void elf_symbols_close(struct elf_symbols *elf)
{
	if (!elf)
		return;
	free(elf->segments);
	free(elf->symbols);
	free(elf->names);
	free(elf);
}

const char *elf_symbols_find(const struct elf_symbols *elf, uint64_t offset, uint64_t *distance)
{
	const Elf64_Sym *symbol;
	uint64_t address = 0;
	bool found = false;
	size_t low = 0;
	size_t high = elf->nr_symbols;

	for (size_t i = 0; i < elf->nr_segments && !found; i++) {
		const Elf64_Phdr *p = &elf->segments[i];

		found = p->p_type == PT_LOAD && offset >= p->p_offset &&
		        offset - p->p_offset < p->p_filesz;
		address = offset - p->p_offset + p->p_vaddr;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (elf->symbols[middle].st_value <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!found || low == 0)
		return NULL;
	/* Of several names the one that is meant for people. */
	while (low > 1 && elf->names[elf->symbols[low - 1].st_name] == '_' &&
	       elf->symbols[low - 2].st_value == elf->symbols[low - 1].st_value)
		low--;
	symbol = &elf->symbols[low - 1];
	*distance = address - symbol->st_value;
	if (*distance >= (symbol->st_size ? symbol->st_size : MAX_FUNCTION))
		return NULL;
	return elf->names + symbol->st_name;
}
