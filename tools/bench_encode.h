/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_encode: BGP messages of the benchmark's speakers (RFC 4271 section 4).
 *
 * The whole table is encoded before any clock runs, so the sender's own work
 * does not count. AS numbers have four octets (RFC 6793); messages have at most
 * 4096 octets, which every speaker takes.
 */
#ifndef TOOLS_BENCH_ENCODE_H
#define TOOLS_BENCH_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "tools/bench_table.h"

#define BENCH_MSG_OPEN         1
#define BENCH_MSG_UPDATE       2
#define BENCH_MSG_NOTIFICATION 3
#define BENCH_MSG_KEEPALIVE    4

#define BENCH_HEADER_LEN 19
#define BENCH_MSG_MAX    4096

/* Path attribute type codes, RFC 4271, 1997, 8092. */
enum bench_attr_type {
	BENCH_ATTR_ORIGIN = 1,
	BENCH_ATTR_AS_PATH = 2,
	BENCH_ATTR_NEXT_HOP = 3,
	BENCH_ATTR_MED = 4,
	BENCH_ATTR_LOCAL_PREF = 5,
	BENCH_ATTR_COMMUNITIES = 8,
	BENCH_ATTR_LARGE = 32,
};

struct bench_stream {
	uint8_t *data;
	size_t len, cap;
	uint32_t update_count; /* without the End-of-RIB at the end */
};

/*
 * All routes of t as UPDATE messages, then an End-of-RIB marker (RFC 4724).
 * next_hop is in host order. bench_stream_free() gives the memory back.
 */
void bench_stream_make(struct bench_stream *s, const struct bench_table *t, uint32_t next_hop);
void bench_stream_free(struct bench_stream *s);

/*
 * Write one message into out (BENCH_MSG_MAX octets) and return its length. The
 * OPEN offers IPv4 unicast, route refresh and four-octet AS numbers.
 */
size_t bench_open_put(uint8_t *out, uint32_t as, uint16_t hold_s, uint32_t router_id);
size_t bench_keepalive_put(uint8_t *out);

#endif
