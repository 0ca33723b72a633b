/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_null: a forwarder that does nothing but move messages.
 *
 * It stands where a daemon stands, keeps all sessions and passes UPDATEs of the
 * neighbours it hears on, unchanged, to all of those it tells. What it takes is the
 * floor of the measurement: sockets, framing and the harness itself.
 */
#ifndef TOOLS_BENCH_NULL_H
#define TOOLS_BENCH_NULL_H

#include <stdint.h>

/*
 * Reads its configuration from a file, one neighbour (or count of them, ascending) a
 * line, which may name itself where it dials:
 *
 *   hear|mute|tell ADDRESS [count=N] [channel=N] [family=4|6] [dial local=ADDRESS]
 *
 * Neighbours that are told get what those heard on the same channel (0) say; mute
 * ones are read and parsed, no more. Blocks until it is killed; an exit code.
 */
int bench_null_run(uint16_t port, uint32_t as, const char *path);

#endif
