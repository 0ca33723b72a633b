/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_policy: the input is the throws of dice by which policy_world.c writes a configuration with policies and makes
 * routes: an octet each. Compiled and interpreted they must come to the same verdicts and attributes. Where the octets
 * are over each throw is 0, which is the plainest choice. Seeds: tests/fuzz/policy.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/model/policy_model.h"

#define ROUTES 8

static struct rbuf throws;

uint32_t
policy_dice(uint32_t n)
{
	return rbuf_u8(&throws) % n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	throws = rbuf_of(data, size);
	policy_round(0, ROUTES);
	throws = (struct rbuf){0};
	return 0;
}
