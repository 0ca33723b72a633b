/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log: one line an event on stderr, as key=value text or as JSON.
 *
 *     log_info("neighbor.state", LOG_S("neighbor", name), LOG_S("from", "OpenSent"), LOG_U("hold_s", 90));
 *     → 2026-11-23T10:00:00.123Z info neighbor.state neighbor=rack12 from=OpenSent hold_s=90
 *
 * Values with blanks, quotes or control characters are quoted and escaped, so a
 * line is always one line. Writing never blocks the caller: stderr is written
 * with one write(2); what cannot be written at once is dropped and counted.
 * The settings are process-wide; every thread may log.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log_kv {
	const char *key; /* NULL ends the list */
	enum { LOG_KV_STR, LOG_KV_UINT, LOG_KV_INT } kind;
	union {
		const char *s; /* NULL is printed as - (null in JSON) */
		uint64_t u;
		int64_t i;
	} v;
};
#define LOG_S(k, val) {.key = (k), .kind = LOG_KV_STR, .v.s = (val)}
#define LOG_U(k, val) {.key = (k), .kind = LOG_KV_UINT, .v.u = (uint64_t)(val)}
#define LOG_I(k, val) {.key = (k), .kind = LOG_KV_INT, .v.i = (int64_t)(val)}

#define log_at(level, event, ...)                                                            \
	do {                                                                                 \
		if ((level) <= log_get_level())                                              \
			log_write((level), (event), (const struct log_kv[]){__VA_ARGS__, {0}}); \
	} while (0)
#define log_error(event, ...) log_at(LOG_ERROR, event, __VA_ARGS__)
#define log_warn(event, ...)  log_at(LOG_WARN, event, __VA_ARGS__)
#define log_info(event, ...)  log_at(LOG_INFO, event, __VA_ARGS__)
#define log_debug(event, ...) log_at(LOG_DEBUG, event, __VA_ARGS__)

/* Errors of a file, a line each, for people: as they are, for the journal each with its level. */
void log_plain(enum log_level level, const char *lines);
void log_write(enum log_level level, const char *event, const struct log_kv *kv);
enum log_level log_get_level(void);
void log_set_level(enum log_level level);
void log_set_json(bool json);
/*
 * From now on lines are for the journal if standard error is that, by $JOURNAL_STREAM (systemd.exec(5)): each begins with
 * its level as sd-daemon(3) has it, and those of text do not have the time, which the journal has.
 */
void log_journal_detect(void);
bool log_level_parse(const char *text, enum log_level *out); /* error warn info debug */
const char *log_level_name(enum log_level level);
uint64_t log_dropped(void); /* lines lost because stderr would have blocked */

/* Logs at error level and exits with status (sysexits). */
__attribute__((noreturn)) void log_fatal(int status, const char *event, const struct log_kv *kv);

#endif
