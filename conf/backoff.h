/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backoff: how long to wait before the next try: twice as long each time, up to a limit, and never exactly.
 *
 * A thousand nodes that lost the same server shall not come back at the same moment, so each wait is drawn at random
 * between half of what it would be and all of it.
 */
#ifndef CONF_BACKOFF_H
#define CONF_BACKOFF_H

struct backoff {
	unsigned min_ms, max_ms;
	unsigned at_ms; /* the most that the next wait is; 0: min_ms */
};

/* The wait before the next try, in milliseconds: at least half of min_ms, at most max_ms. */
unsigned backoff_next(struct backoff *b);
/* It went well: the next wait is a short one again. */
void backoff_reset(struct backoff *b);

#endif
