/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_model: random policies and routes, compiled and run by bgpd's code, against an interpretation.
 *
 *     policy_model [SEED [ROUNDS]]
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/model/policy_model.h"

#define ROUTES 60

static uint64_t state;

uint32_t
policy_dice(uint32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % n;
}

int
main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 2000;

	state = seed * 2862933555777941757u + 3037000493u;
	for (unsigned i = 0; i < rounds; i++)
		policy_round(seed, ROUTES);
	printf("seed %llu: %u configurations, %llu routes judged, %llu accepted, %llu changed\n", (unsigned long long)seed,
	       rounds, (unsigned long long)policy_counts.judged, (unsigned long long)policy_counts.accepted,
	       (unsigned long long)policy_counts.changed);
	return policy_counts.accepted > 0 && policy_counts.changed > 0 ? 0 : 1;
}
