/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_run: the neighbours of a daemon under test, played as the runner says.
 *
 * Reads one command a line from stdin and answers each with one line of JSON:
 * {"event": VERB, ...}, or {"event": "error", "text": ...}, after which it ends.
 *
 *   table    family=4|6 routes=N seed=N as=N [variants=N] [winner=N] [policy=N] [mrt=FILE]
 *            as is the first of all paths (of variant 0); policy is the length of its list
 *   peers    name=NAME local=ADDR remote=ADDR as=N [same-as] [count=N] [id=N] [hold=N] [sink]
 *            count of them, with ascending addresses, router ids and (but for same-as) AS numbers
 *   expect   passage=external|reflected|unchanged as=N [next-hop=ADDR] [a-next-hop=N]
 *            [originator=ADDR] [cluster=ADDR] [internal]
 *   encode   name=NAME peers=NAME announce|withdraw [variant=N|each] [slice=N] [mod=N rem=N] [internal] [eor]
 *            [next-hop=ADDR]
 *            what each of these peers will send; slice: the n-th peer has the n-th N routes
 *   want     variant=N|winner|policy|none [mod=N rem=N]      of the routes of a part
 *   dial     peers=NAME[,NAME] [limit=N]                     begins; a limit on connections under way
 *   listen   family=4|6
 *   up       [timeout=N]                                     until all that dial, or all, are up
 *   go       [send=PEERS:STREAM[,...]] [close=NAME] [start=NS] [timeout=N]
 *            [dial=NAME [then=NAME] [limit=N]]               then: dialled when the first are up
 *            the clock; ends when everything is sent and every sink has what is wanted
 *   check                                                    the same figures as go, as of now
 *   rules                                                    the policy's prefix list
 *
 * Nothing is encoded and no memory is touched first while a clock runs; sinks record
 * and are judged in silences (see bench_session.h).
 */
#ifndef TOOLS_BENCH_RUN_H
#define TOOLS_BENCH_RUN_H

#include <stdint.h>

/* Until stdin ends. The exit code: 1 after an error. */
int bench_run(uint16_t port);

#endif
