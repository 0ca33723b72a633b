/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error: collecting what is wrong with a configuration.
 *
 * Used by everything that reads one; the type and what callers outside need are
 * in conf/conf.h. All errors of all files are gathered before anybody gives up.
 */
#ifndef CONF_ERROR_H
#define CONF_ERROR_H

#include "conf/conf.h"

/*
 * Adds one. path says what it is about ("router.as"), the rest what was found
 * and expected; everything is copied. Line 0: the file as a whole. file_no is
 * the file's place in the order of reading.
 */
__attribute__((format(printf, 5, 6))) void conf_errors_add(struct conf_errors *errs,
							   const struct conf_pos *pos, uint32_t file_no,
							   const char *path, const char *fmt, ...);

/* By file, line and column; those at one place stay in the order of adding. */
void conf_errors_sort(struct conf_errors *errs);

/* How the thing found is named in messages: "abc" in quotes, escaped and cut at 60 octets. */
void conf_errors_quote(struct str *out, const char *text, size_t len);

#endif
