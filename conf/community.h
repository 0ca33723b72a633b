/* SPDX-License-Identifier: Apache-2.0 */
/*
 * community: text of communities and of patterns of communities.
 *
 * aa:nn (RFC 1997), aa:bb:cc (RFC 8092), rt:… and soo:… (RFC 4360, 5668), and
 * the names of well-known ones. In a pattern each part may be * or a range
 * [a-b]. Used by the loader for sets, policies and networks.
 */
#ifndef CONF_COMMUNITY_H
#define CONF_COMMUNITY_H

#include "conf/conf.h"

/* True and *out, or false. Without pattern, only a single community is accepted. */
bool conf_community_parse(const char *text, bool pattern, struct conf_community *out);
/* Adds its text; conf_community_parse reads it back. Well-known ones are printed as numbers. */
void conf_community_text(const struct conf_community *c, struct str *out);
/* The i-th word that is a community, the i-th kind of extended ones, or NULL behind the last. */
const char *conf_community_word(size_t i);
const char *conf_community_kind(size_t i);

#endif
