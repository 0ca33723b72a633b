/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_encode: BGP messages of the benchmark's speakers (RFC 4271 section 4).
 *
 * What will be sent is encoded before any clock runs, so the sender's own work
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

#define BENCH_LOCAL_PREF 100 /* what an internal sender says */

/* Path attribute type codes: RFC 4271, 1997, 4456, 4760, 8092. */
enum bench_attr_type {
	BENCH_ATTR_ORIGIN = 1,
	BENCH_ATTR_AS_PATH = 2,
	BENCH_ATTR_NEXT_HOP = 3,
	BENCH_ATTR_MED = 4,
	BENCH_ATTR_LOCAL_PREF = 5,
	BENCH_ATTR_COMMUNITIES = 8,
	BENCH_ATTR_ORIGINATOR = 9,
	BENCH_ATTR_CLUSTER_LIST = 10,
	BENCH_ATTR_MP_REACH = 14,
	BENCH_ATTR_MP_UNREACH = 15,
	BENCH_ATTR_LARGE = 32,
};

struct bench_stream {
	uint8_t *data;
	size_t len, cap;
	uint32_t update_count; /* without an End-of-RIB at the end */
	uint32_t route_count;
};

/* A part of a table: routes first..end-1, and of these the share that bench_part_has() picks. */
struct bench_part {
	uint32_t first, end;
	uint32_t mod, rem; /* one route in mod; mod 0: all */
};
bool bench_part_has(const struct bench_part *p, uint32_t route);

/* How a sender says it. */
struct bench_voice {
	struct ip_addr next_hop;
	unsigned variant;
	bool internal; /* with LOCAL_PREF */
};

/*
 * That part of t as UPDATE messages, routes of one set together as in a real
 * speaker's feed; end_of_rib adds the marker of RFC 4724. bench_stream_free()
 * gives the memory back.
 */
void bench_stream_announce(struct bench_stream *s, const struct bench_table *t, const struct bench_part *part,
			   const struct bench_voice *voice, bool end_of_rib);
void bench_stream_withdraw(struct bench_stream *s, const struct bench_table *t,
			   const struct bench_part *part);
void bench_stream_free(struct bench_stream *s);

/*
 * Write one message into out (BENCH_MSG_MAX octets) and return its length. The
 * OPEN offers unicast of one family, route refresh and four-octet AS numbers.
 */
size_t bench_open_put(uint8_t *out, enum family family, uint32_t as, uint16_t hold_s, uint32_t router_id);
size_t bench_keepalive_put(uint8_t *out);

#endif
