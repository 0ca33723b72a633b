/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backoff: see backoff.h.
 */
#include "conf/backoff.h"

#include <stdlib.h>

unsigned
backoff_next(struct backoff *b)
{
	unsigned at = b->at_ms != 0 ? b->at_ms : b->min_ms;

	b->at_ms = at < b->max_ms / 2 ? at * 2 : b->max_ms;
	return at / 2 + arc4random_uniform(at - at / 2 + 1);
}

void
backoff_reset(struct backoff *b)
{
	b->at_ms = 0;
}
