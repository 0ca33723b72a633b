/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document_int: what the two readers of a document share; see document.h.
 */
#ifndef CONF_DOCUMENT_INT_H
#define CONF_DOCUMENT_INT_H

#include <jansson.h>
#include <stddef.h>

/* The value that a plain scalar is. */
json_t *document_scalar(const char *s);

/*
 * Reads a document that plain.h can read. NULL: it cannot, or something is wrong, which is for the whole reader to say.
 * *line is that of its beginning, from 1. *values counts on when it was read.
 */
json_t *document_plain(const char *text, size_t len, unsigned *line, size_t *values);

#endif
