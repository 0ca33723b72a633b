/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_speaker: the whole speaker against its model, with the input in the place of random numbers.
 *
 * That is tests/model/speaker_model.h: the real daemon between connections, a clock and a kernel that are
 * made up, and a model that works everything out anew. The first octet is the seed: odd ones have a
 * confederation. Every other one is a choice: who comes up with which capabilities, announces, withdraws,
 * asks again, goes, reads slowly; which job or timer runs next; which links, routes of the kernel and keys of
 * the configuration change. When they are used up everything settles and is compared (what each neighbour was
 * told, what the kernel was given); then all is taken away and nothing may be left: no route, attribute set
 * or next hop.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/model/speaker_model.h"

#define STEPS_MAX 2000

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return -1;
	struct model *m = xcalloc(1, sizeof(*m));

	m->seed = m->rng = data[0];
	m->steps = STEPS_MAX;
	m->tape = data + 1;
	m->tape_left = size - 1;
	m->taped = true;
	bool started = model_run(m);
	ASSERT(started);
	free(m);
	return 0;
}
