/* SPDX-License-Identifier: Apache-2.0 */
/*
 * placed: a file that is replaced as a whole, and back again.
 *
 * The new one is written beside it as ".NAME.stage" and renamed into place; what was
 * there stays as ".NAME.previous" until it is known that the new one works. As long as
 * that is there, whoever reads the file may not have been told of it: it outlives a
 * crash. A symbolic link stays one, and its target is replaced. A file that cannot be
 * renamed over, since it is mounted there (EBUSY), is written anew in place.
 *
 * Nothing that is written is readable by more than mode says at any time; the owner is
 * that of the file in place, or who we are, if we may not give files away. Functions return 0 or -errno and
 * block on the disk.
 */
#ifndef CONF_PLACED_H
#define CONF_PLACED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct placed {
	char *dest, *stage, *previous; /* paths; links are resolved */
	mode_t mode;                   /* permission bits to have */
	bool there;                    /* the rest is of the file in place, when placed_open read it */
	char *text;
	size_t len;
	uid_t uid;
	gid_t gid;
	mode_t mode_was;
};

#define PLACED_MAX (256u << 20) /* octets of a file */

/* Looks at what is in place. placed_close afterwards, whatever it returned. */
int placed_open(struct placed *p, const char *dest, mode_t mode);
void placed_close(struct placed *p);

bool placed_is(const struct placed *p, const char *text, size_t len); /* the same octets */
bool placed_untold(const struct placed *p);                           /* there is a previous one */
int placed_mode_set(struct placed *p);                                /* of the file in place */

int placed_stage(struct placed *p, const char *text, size_t len);
void placed_unstage(struct placed *p);
/* The staged file, which has this text, comes into place; what was there is the previous one. */
int placed_commit(struct placed *p, const char *text, size_t len);
/* The previous one comes back; -ENOENT if there is none. */
int placed_back(struct placed *p);
/* The file in place works: there is no previous one any more. */
void placed_settle(struct placed *p);

#endif
