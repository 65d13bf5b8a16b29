/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of an ELF file by their place in it. */
#ifndef ELF_SYMBOLS_H
#define ELF_SYMBOLS_H

#include <stdint.h>

struct elf_symbols;

/* NULL: it is not a readable 64-bit ELF file of this machine's byte order, or has no symbols. */
struct elf_symbols *elf_symbols_open(const char *path);
void elf_symbols_close(struct elf_symbols *elf);

/* The function that the byte at offset of the file belongs to, and how far it is in it; NULL: unknown. */
const char *elf_symbols_find(const struct elf_symbols *elf, uint64_t offset, uint64_t *distance);

#endif
