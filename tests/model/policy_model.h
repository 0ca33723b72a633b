/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_model: what policy_model.c (random) and tests/fuzz/fuzz_policy.c (whatever the fuzzer draws) share.
 */
#ifndef TESTS_MODEL_POLICY_MODEL_H
#define TESTS_MODEL_POLICY_MODEL_H

#include <stdint.h>

/* The next number below n; the program's own. */
uint32_t policy_dice(uint32_t n);

/*
 * Writes a configuration, loads it, and judges n_routes routes by a chain of its policies: each route twice and in
 * a changing order, so that what is remembered of earlier ones is used. What comes out must be the same verdict, rule
 * and attribute set that an interpretation of the configuration gives; if not, it says so, naming seed, and ends the
 * process.
 */
void policy_round(uint64_t seed, unsigned n_routes);

/* Of all rounds. */
extern struct policy_counts {
	uint64_t judged, accepted, changed;
} policy_counts;

#endif
