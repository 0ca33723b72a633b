/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_null: a forwarder that does nothing but move messages.
 *
 * It stands where a daemon stands, keeps two sessions and passes UPDATEs on
 * unchanged. What it takes is the floor of the measurement: sockets, framing and
 * the harness itself.
 */
#ifndef TOOLS_BENCH_NULL_H
#define TOOLS_BENCH_NULL_H

#include <stdint.h>

/*
 * Listens on port, all addresses, and forwards UPDATEs from the neighbour with
 * address sender (host order) to the one with address sink, until a session ends.
 * Blocks. Returns an exit code.
 */
int bench_null_run(uint16_t port, uint32_t as, uint32_t sender, uint32_t sink);

#endif
