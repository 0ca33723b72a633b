/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench: nanoseconds an operation, for the micro-benchmarks of this folder.
 *
 * Processor time of this process, so that others of the machine disturb little; a
 * step is run several times and the fastest counts. Figures are printed and never
 * judged.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <time.h>

#define BENCH_STEPS 32

struct bench {
	struct {
		const char *name;
		double ns; /* an operation, fastest run so far */
	} step[BENCH_STEPS];
	unsigned steps;
	uint64_t start_ns;
};

static inline uint64_t
bench_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static inline void
bench_start(struct bench *b)
{
	b->start_ns = bench_cpu_ns();
}

/* The end of n operations since bench_start. */
static inline void
bench_stop(struct bench *b, const char *name, uint64_t n)
{
	double ns = (double)(bench_cpu_ns() - b->start_ns) / (double)(n > 0 ? n : 1);
	unsigned i = 0;

	while (i < b->steps && strcmp(b->step[i].name, name) != 0)
		i++;
	if (i == BENCH_STEPS)
		return;
	if (i == b->steps) {
		b->step[i].name = name;
		b->step[i].ns = ns;
		b->steps++;
	}
	if (ns < b->step[i].ns)
		b->step[i].ns = ns;
}

static inline void
bench_print(const struct bench *b)
{
	for (unsigned i = 0; i < b->steps; i++)
		printf("%-36s %8.1f ns\n", b->step[i].name, b->step[i].ns);
}

/* A small generator (xorshift64*): the same numbers everywhere. state ≠ 0. */
static inline uint64_t
bench_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ull;
}

#endif
