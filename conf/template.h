/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template: a template in a file, rendered with the partials beside it.
 *
 * Of "/etc/t/bgpd.yaml.mustache" the partial "peer" is "/etc/t/peer.mustache". For
 * a node of its own there may be "/etc/t/bgpd.yaml.NODE.mustache" and
 * "/etc/t/peer.NODE.mustache", which are taken in place of the others. (Of a
 * template whose name does not end in .mustache it is NAME.NODE.)
 *
 * Files are read each time, so that what is rendered is what is there.
 */
#ifndef CONF_TEMPLATE_H
#define CONF_TEMPLATE_H

#include <jansson.h>

#include "lib/str.h"

/*
 * Adds the result to out. 0, or with why in err, for a person, "file:line:column: text": -EAGAIN, a file could not be
 * read for something that may pass; -EINVAL, it will not be another one before a file or the model is. node may be NULL.
 * files, an object or NULL, gets the paths of what was read and of what would have been read had it been there, as keys.
 */
int template_render(const char *src, const char *node, json_t *model, json_t *files, struct str *out, struct str *err);

#endif
