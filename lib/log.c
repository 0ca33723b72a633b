/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log: builds a line on the stack and writes it to stderr in one go.
 *
 * Nothing is allocated. A line fits PIPE_BUF, so that a write to a pipe is whole or
 * nothing. stderr is shared with whoever started us, so O_NONBLOCK must not be set
 * on it: instead it is asked with poll(2) whether it takes a line, under a mutex,
 * since another thread could fill the pipe between the question and the write.
 * Text from outside cannot break a line or move a terminal's cursor: what is not
 * printable UTF-8 is escaped.
 */
#include "lib/log.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/mem.h"

#define LINE_MAX_OCTETS  PIPE_BUF
#define VALUE_MAX_OCTETS 1024 /* of a text value before escaping; the rest becomes ... */
#define TAIL_ROOM        32   /* kept free for the mark of a shortened line and its end */

static _Atomic int the_level = LOG_INFO;
static atomic_bool the_json, the_journal;
static _Atomic uint64_t the_dropped;
static pthread_mutex_t write_lock = PTHREAD_MUTEX_INITIALIZER;

static const char *const level_names[] = {
    [LOG_ERROR] = "error",
    [LOG_WARN] = "warn",
    [LOG_INFO] = "info",
    [LOG_DEBUG] = "debug",
};

static const char syslog_levels[] = {[LOG_ERROR] = '3', [LOG_WARN] = '4', [LOG_INFO] = '6', [LOG_DEBUG] = '7'};

struct line {
	char text[LINE_MAX_OCTETS];
	size_t len, cap;
	bool full;
};

static void
put(struct line *l, const char *s, size_t n)
{
	if (l->full || l->cap - l->len < n) {
		l->full = true;
		return;
	}
	memcpy(l->text + l->len, s, n);
	l->len += n;
}

__attribute__((format(printf, 2, 3))) static void
putf(struct line *l, const char *fmt, ...)
{
	char buf[64];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	ASSERT(n >= 0 && (size_t)n < sizeof(buf));
	put(l, buf, (size_t)n);
}

/* Octets of the printable UTF-8 character at s (RFC 3629 section 4), or 0 where there is none. */
static size_t
utf8_printable(const unsigned char *s)
{
	size_t n = s[0] < 0x80   ? 1
		   : s[0] < 0xc2 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
		   : s[0] < 0xf5 ? 4
				 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	switch (s[0]) {
	case 0xc2: /* U+0080..9F are terminal controls */
		return s[1] >= 0xa0 ? n : 0;
	case 0xe0:
		return s[1] >= 0xa0 ? n : 0;
	case 0xed: /* surrogates */
		return s[1] < 0xa0 ? n : 0;
	case 0xf0:
		return s[1] >= 0x90 ? n : 0;
	case 0xf4:
		return s[1] < 0x90 ? n : 0;
	default:
		return n == 1 && (s[0] < 0x20 || s[0] == 0x7f) ? 0 : n;
	}
}

static bool
needs_quotes(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	if (*p == '\0')
		return true;
	while (*p != '\0') {
		size_t n = utf8_printable(p);

		if (n == 0 || *p == ' ' || *p == '"' || *p == '\\')
			return true;
		p += n;
	}
	return false;
}

static void
put_escaped(struct line *l, unsigned char c, bool json)
{
	switch (c) {
	case '\n':
		put(l, "\\n", 2);
		break;
	case '\r':
		put(l, "\\r", 2);
		break;
	case '\t':
		put(l, "\\t", 2);
		break;
	default:
		if (!json)
			putf(l, "\\x%02x", c);
		else if (c < 0x80)
			putf(l, "\\u%04x", c);
		else /* not text: JSON has no octets, U+FFFD stands for one */
			put(l, "\\ufffd", 6);
	}
}

static void
put_quoted(struct line *l, const char *s, bool json)
{
	const unsigned char *p = (const unsigned char *)s;

	put(l, "\"", 1);
	while (*p != '\0' && (size_t)((const char *)p - s) < VALUE_MAX_OCTETS) {
		size_t n = utf8_printable(p);

		if (n == 0) {
			put_escaped(l, *p++, json);
			continue;
		}
		if (*p == '"' || *p == '\\')
			put(l, "\\", 1);
		put(l, (const char *)p, n);
		p += n;
	}
	if (*p != '\0')
		put(l, "...", 3);
	put(l, "\"", 1);
}

static void
put_value(struct line *l, const struct log_kv *kv, bool json)
{
	switch (kv->kind) {
	case LOG_KV_UINT:
		putf(l, "%llu", (unsigned long long)kv->v.u);
		break;
	case LOG_KV_INT:
		putf(l, "%lld", (long long)kv->v.i);
		break;
	case LOG_KV_STR:
		if (kv->v.s == NULL)
			put(l, json ? "null" : "-", json ? 4 : 1);
		else if (json || needs_quotes(kv->v.s) || strlen(kv->v.s) > VALUE_MAX_OCTETS)
			put_quoted(l, kv->v.s, json);
		else
			put(l, kv->v.s, strlen(kv->v.s));
		break;
	}
}

static void
put_head(struct line *l, enum log_level level, const char *event, bool json)
{
	struct timespec ts;
	struct tm tm;
	char when[32];
	bool journal = atomic_load_explicit(&the_journal, memory_order_relaxed);

	if (journal)
		putf(l, "<%c>", syslog_levels[level]);
	if (journal && !json) {
		putf(l, "%s ", level_names[level]);
		put(l, event, strlen(event));
		return;
	}
	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	putf(l, json ? "{\"time\":\"%s.%03uZ\"," : "%s.%03uZ ", when, (unsigned)(ts.tv_nsec / 1000000));
	putf(l, json ? "\"level\":\"%s\",\"event\":" : "%s ", level_names[level]);
	if (json)
		put_quoted(l, event, true);
	else
		put(l, event, strlen(event));
}

static void
emit(const struct line *l)
{
	struct pollfd pfd = {.fd = STDERR_FILENO, .events = POLLOUT};
	ssize_t n = -1;

	pthread_mutex_lock(&write_lock);
	if (poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLOUT))
		n = write(STDERR_FILENO, l->text, l->len);
	pthread_mutex_unlock(&write_lock);
	if (n != (ssize_t)l->len)
		atomic_fetch_add_explicit(&the_dropped, 1, memory_order_relaxed);
}

void
log_write(enum log_level level, const char *event, const struct log_kv *kv)
{
	bool json = atomic_load_explicit(&the_json, memory_order_relaxed);
	bool cut = false;
	struct line l;

	l.len = 0;
	l.cap = sizeof(l.text) - TAIL_ROOM;
	l.full = false;
	put_head(&l, level, event, json);
	for (; kv->key != NULL; kv++) {
		size_t mark = l.len;

		putf(&l, json ? ",\"%s\":" : " %s=", kv->key);
		put_value(&l, kv, json);
		/* A pair that does not fit goes whole, so that what is left can still be parsed. */
		if (l.full) {
			l.len = mark;
			l.full = false;
			cut = true;
		}
	}
	l.cap = sizeof(l.text);
	if (cut)
		putf(&l, "%s", json ? ",\"shortened\":true" : " shortened=true");
	putf(&l, "%s", json ? "}\n" : "\n");
	emit(&l);
}

enum log_level
log_get_level(void)
{
	return (enum log_level)atomic_load_explicit(&the_level, memory_order_relaxed);
}

void
log_set_level(enum log_level level)
{
	atomic_store_explicit(&the_level, (int)level, memory_order_relaxed);
}

void
log_set_json(bool json)
{
	atomic_store_explicit(&the_json, json, memory_order_relaxed);
}

void
log_journal_detect(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	atomic_store_explicit(&the_journal,
	    stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
		st.st_dev == device && st.st_ino == inode,
	    memory_order_relaxed);
}

void
log_plain(enum log_level level, const char *lines)
{
	bool journal = atomic_load_explicit(&the_journal, memory_order_relaxed);

	while (*lines != '\0') {
		size_t n = strcspn(lines, "\n");

		if (journal)
			fprintf(stderr, "<%c>", syslog_levels[level]);
		fprintf(stderr, "%.*s\n", (int)n, lines);
		lines += n + (lines[n] == '\n');
	}
}

bool
log_level_parse(const char *text, enum log_level *out)
{
	for (unsigned i = 0; i < ARRAY_LEN(level_names); i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

const char *
log_level_name(enum log_level level)
{
	return level_names[level];
}

uint64_t
log_dropped(void)
{
	return atomic_load_explicit(&the_dropped, memory_order_relaxed);
}

void
log_fatal(int status, const char *event, const struct log_kv *kv)
{
	log_write(LOG_ERROR, event, kv);
	exit(status);
}
