/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Four lanes of 64 bits, each a multiply and a rotation a word, mixed at the end. It need not withstand anybody who chooses
 * contents: two different pages with the same number are as unlikely as 64 bits make it.
 */
#include "content_hash.h"

#include <string.h>

#include <mmreplay/trace.h>

#define LANES 4u

static uint64_t rotate(uint64_t value, unsigned int bits)
{
	return value << bits | value >> (64 - bits);
}

static uint64_t mix(uint64_t value)
{
	value = (value ^ value >> 31) * UINT64_C(0x7fb5d329728ea185);
	value = (value ^ value >> 27) * UINT64_C(0x81dadef4bc2dd44d);
	return value ^ value >> 33;
}

uint64_t content_hash(const void *page, uint64_t key)
{
	uint64_t lanes[LANES] = { key, ~key, mix(key + 1), mix(key + 2) }, any = 0, hash = key;
	uint64_t words[LANES];

	for (uint32_t at = 0; at < CONTENT_PAGE; at += sizeof(words)) {
		memcpy(words, (const uint8_t *)page + at, sizeof(words));
		for (unsigned int i = 0; i < LANES; i++) {
			any |= words[i];
			lanes[i] = rotate((lanes[i] ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15), 29);
		}
	}
	if (any == 0)
		return MMR_CONTENT_ZERO;
	for (unsigned int i = 0; i < LANES; i++)
		hash = mix(hash ^ lanes[i]) + i;
	return hash > MMR_CONTENT_LAST ? hash : hash + MMR_CONTENT_LAST + 1;
}
