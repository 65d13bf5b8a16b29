/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A synthetic trace of page requests in libCacheSim's format oracleGeneral: usage: zipf_requests FILE REQUESTS
 * OBJECTS ALPHA SEED. Popularity follows Zipf's law with exponent ALPHA; which object has which rank is
 * shuffled. The same arguments give the same bytes everywhere that pow() does; "20000000 1000000 1.0 43"
 * is the trace that libCacheSim's miss ratios in request-speed were measured with.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "le.h"
#include "rng.h"

#define RECORD      24u
#define GUIDE       (1u << 20) /* where to begin searching the distribution */
#define A_SECOND    1000u      /* requests */
#define NR_BUFFERED 4096u

struct zipf {
	double *below; /* share of requests to ranks <= i */
	uint32_t *guide;
	uint32_t *object; /* of a rank */
	uint32_t nr;
};

static void *get(size_t nr, size_t size)
{
	void *memory = calloc(nr, size);

	if (!memory) {
		fputs("out of memory\n", stderr);
		exit(2);
	}
	return memory;
}

static void make_distribution(struct zipf *zipf, double alpha)
{
	double sum = 0;
	uint32_t rank = 0;

	for (uint32_t i = 0; i < zipf->nr; i++) {
		sum += pow(i + 1.0, -alpha);
		zipf->below[i] = sum;
	}
	for (uint32_t i = 0; i < zipf->nr; i++)
		zipf->below[i] /= sum;
	for (uint32_t i = 0; i <= GUIDE; i++) {
		while (rank < zipf->nr - 1 && zipf->below[rank] < (double)i / GUIDE)
			rank++;
		zipf->guide[i] = rank;
	}
}

/* Hot objects are not to be neighbours. */
static void shuffle(struct zipf *zipf, struct rng *rng)
{
	for (uint32_t i = 0; i < zipf->nr; i++)
		zipf->object[i] = i;
	for (uint32_t i = zipf->nr - 1; i > 0; i--) {
		uint32_t k = (uint32_t)(base_rng_next(rng) % (i + 1)), was = zipf->object[i];

		zipf->object[i] = zipf->object[k];
		zipf->object[k] = was;
	}
}

static uint32_t draw(const struct zipf *zipf, struct rng *rng)
{
	double u = (double)(base_rng_next(rng) >> 11) * 0x1p-53;
	uint32_t low = zipf->guide[(uint32_t)(u * GUIDE)];
	uint32_t high = zipf->guide[(uint32_t)(u * GUIDE) + 1];

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (zipf->below[middle] < u)
			low = middle + 1;
		else
			high = middle;
	}
	return zipf->object[low];
}

/* When each request's object is requested next; -1: never. */
static int64_t *next_requests(const uint32_t *objects, uint32_t nr, uint32_t nr_objects)
{
	int64_t *next = get(nr, sizeof(*next)), *seen = get(nr_objects, sizeof(*seen));

	for (uint32_t i = 0; i < nr_objects; i++)
		seen[i] = -1;
	for (uint32_t i = nr; i-- > 0;) {
		next[i] = seen[objects[i]];
		seen[objects[i]] = i;
	}
	free(seen);
	return next;
}

static int write_file(const char *path, const uint32_t *objects, const int64_t *next, uint32_t nr)
{
	static uint8_t records[NR_BUFFERED * RECORD];
	FILE *file = fopen(path, "wb");
	int failed = !file;

	for (uint32_t i = 0; i < nr && !failed; i++) {
		uint8_t *record = records + (size_t)(i % NR_BUFFERED) * RECORD;

		le32_put(record, i / A_SECOND);
		le64_put(record + 4, objects[i]);
		le32_put(record + 12, 1);
		le64_put(record + 16, (uint64_t)next[i]);
		if (i % NR_BUFFERED == NR_BUFFERED - 1 || i == nr - 1)
			failed = fwrite(records, RECORD, i % NR_BUFFERED + 1, file) !=
			         i % NR_BUFFERED + 1;
	}
	if (file && fclose(file) != 0)
		failed = 1;
	if (failed)
		perror(path);
	return failed ? 2 : 0;
}

int main(int argc, char **argv)
{
	struct zipf zipf;
	struct rng rng;
	uint32_t *objects, nr;
	int64_t *next;
	int ret;

	if (argc != 6 || strtoul(argv[2], NULL, 10) == 0 || strtoul(argv[3], NULL, 10) == 0) {
		fputs("usage: zipf_requests FILE REQUESTS OBJECTS ALPHA SEED\n", stderr);
		return 2;
	}
	nr = (uint32_t)strtoul(argv[2], NULL, 10);
	zipf.nr = (uint32_t)strtoul(argv[3], NULL, 10);
	zipf.below = get(zipf.nr, sizeof(*zipf.below));
	zipf.guide = get(GUIDE + 1, sizeof(*zipf.guide));
	zipf.object = get(zipf.nr, sizeof(*zipf.object));
	objects = get(nr, sizeof(*objects));
	base_rng_init(&rng, strtoull(argv[5], NULL, 10));
	make_distribution(&zipf, strtod(argv[4], NULL));
	shuffle(&zipf, &rng);
	for (uint32_t i = 0; i < nr; i++)
		objects[i] = draw(&zipf, &rng);
	next = next_requests(objects, nr, zipf.nr);
	ret = write_file(argv[1], objects, next, nr);
	free(zipf.below);
	free(zipf.guide);
	free(zipf.object);
	free(objects);
	free(next);
	return ret;
}
