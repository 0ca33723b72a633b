/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_place: changes that a policy makes where nothing comes of them.
 *
 * A policy may be used in four places, and what it sets reaches different things
 * there: bgpd.yaml(5), POLICIES, has the table. What would be wrong is refused when
 * the configuration is read (conf/check.c); what does nothing is said in the log.
 */
#ifndef BGPD_POLICY_PLACE_H
#define BGPD_POLICY_PLACE_H

#include "conf/conf.h"

/* One event for each rule, key and place. */
void policy_place_warn(const struct conf *c);
/* The same for whoever asks: tell is called with the rule, the key and the place in words. */
void policy_place_idle(const struct conf *c,
    void (*tell)(void *ctx, const struct conf_policy *p, const struct conf_rule *r, const char *key, const char *place),
    void *ctx);

#endif
