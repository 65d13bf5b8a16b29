/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small, fast, seeded generator (xoshiro256**): same seed, same bits, on any machine. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

struct rng {
	uint64_t state[4];
};

/* Any seed is fine, 0 too. */
void base_rng_init(struct rng *rng, uint64_t seed);

uint64_t base_rng_next(struct rng *rng);

/* Uniform in [0, bound); bound > 0. */
uint32_t base_rng_below(struct rng *rng, uint32_t bound);

#endif
