/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keytree: the resolver "keys": any tree of keys as the model of a template.
 *
 * A key is a path of names ("rack1/peers/a"); slashes in front, behind and twice
 * do not count. In the model each name is a member of the object of the names
 * before it. A value is JSON where it is JSON, else its text: "64512" is a number,
 * {"as": 1} an object. A number that would not come out as it was written (1.10,
 * -0, one of 30 digits) stays a text.
 *
 * A key that has a value and keys below it is an object: the keys below count, and
 * its own value is their member "_value", unless there is a key of that name.
 *
 * A key may be a secret: then its value is *** in a model for everybody's eyes.
 */
#ifndef CONF_KEYTREE_H
#define CONF_KEYTREE_H

#include <jansson.h>
#include <stdbool.h>

struct keytree; /* opaque */

struct keytree *keytree_new(void);
void keytree_free(struct keytree *t); /* NULL is fine */

/* True: the model is another one now. A path without any name is ignored. */
bool keytree_put(struct keytree *t, const char *path, const char *value, bool secret);
bool keytree_del(struct keytree *t, const char *path);

/* The model, a new reference; an empty object when there are no keys. secrets: as they are. */
json_t *keytree_model(const struct keytree *t, bool secrets);

#endif
