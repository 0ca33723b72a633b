/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plain: the part of YAML that programs and configurations are written in, five times as fast as libyaml.
 *
 * A cluster's resources are tens of megabytes, and a node of it has thousands of neighbours in bgpd.yaml, which is read by
 * the check and again by the reload. Nearly all of these are maps and lists by indentation, with scalars and flow
 * collections that end with their line. Such a text is read line by line, and its reader is told what is in it. Whatever
 * could mean more (anchors, tags, block scalars, escapes, octets beyond ASCII, a line deeper than its scalar, a second
 * document) makes it give up, and libyaml reads the text from its beginning. So this never says that something is wrong,
 * and what it does read is what libyaml would have read: tests hold trees and values, with every place, against those of
 * libyaml on mutated texts.
 */
#ifndef CONF_PLAIN_H
#define CONF_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAIN_KEY_MAX 128 /* octets; libyaml looks no further than 1024 for the colon */

/* A place in the text, both from 1. */
struct plain_at {
	uint32_t line, column;
};

/*
 * What a text has, in its order: collections with what is in them between open and close, in maps a key before each value.
 * text points into what is read, and the octet behind it is not looked at any more: it may be written to. A value that is
 * not there is a scalar of no octets. False gives up; open has to at some depth.
 */
struct plain_events {
	bool (*open)(void *ctx, bool is_map, struct plain_at at);
	bool (*close)(void *ctx);
	bool (*key)(void *ctx, struct plain_at at, const char *text, size_t len);
	bool (*scalar)(void *ctx, struct plain_at at, const char *text, size_t len, bool quoted);
};

/*
 * Reads a text of one document that is a map, *line is that of its beginning. False: it is written otherwise, or wrong,
 * or an event gave up; what was told so far is void.
 */
bool plain_read(const char *text, size_t len, const struct plain_events *events, void *ctx, uint32_t *line);

#endif
