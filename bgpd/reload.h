/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload: a changed configuration file as a transaction.
 *
 * Reads and checks the file; with any error nothing is changed. Otherwise only
 * what differs is applied: neighbours that did not change do not notice, new ones
 * start, removed ones get Cease/Peer De-configured, changed policy is run again
 * over the routes that are kept.
 */
#ifndef BGPD_RELOAD_H
#define BGPD_RELOAD_H

#include "lib/str.h"

struct bgpd;

/* 0, or -EINVAL with one line an error added to errors and nothing changed. Blocks on reading the files. */
int reload(struct bgpd *d, const char *path, struct str *errors);

#endif
