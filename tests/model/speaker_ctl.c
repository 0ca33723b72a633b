/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_ctl: a daemon without control sockets.
 */
#include "bgpd/birdsock.h"
#include "bgpd/ctl.h"
#include "bgpd/daemon.h"
#include "lib/mem.h"

#include <stdlib.h>

struct ctl {
	int unused;
};

struct ctl *
ctl_new(struct bgpd *d)
{
	(void)d;
	return xcalloc(1, sizeof(struct ctl));
}

void
ctl_free(struct ctl *ctl)
{
	free(ctl);
}

int
ctl_reconfigure(struct ctl *ctl)
{
	(void)ctl;
	return 0;
}

struct birdsocks *
birdsocks_new(struct bgpd *d)
{
	(void)d;
	return NULL;
}

void
birdsocks_apply(struct birdsocks *b)
{
	(void)b;
}

void
birdsocks_free(struct birdsocks *b)
{
	(void)b;
}
