/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf: bounded reading and writing of wire formats.
 *
 * Both sides carry a sticky error: after the first access out of bounds all
 * reads give zero and all writes do nothing, so a caller checks once at the end.
 * Integers are big-endian on the wire, host order in C.
 */
#ifndef LIB_BUF_H
#define LIB_BUF_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* By copies of whole numbers: of shifts gcc 12 makes single octets, and a number read from them waits for all their writes. */
static inline uint16_t
be16_get(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}
static inline uint32_t
be32_get(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}
static inline uint64_t
be64_get(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}
static inline void
be16_put(uint8_t *p, uint16_t v)
{
	v = htobe16(v);
	memcpy(p, &v, sizeof(v));
}
static inline void
be32_put(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}
static inline void
be64_put(uint8_t *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
}

/* Reader over memory it does not own. */
struct rbuf {
	const uint8_t *p;
	const uint8_t *end;
	bool err;
};

static inline struct rbuf
rbuf_of(const void *p, size_t len)
{
	return (struct rbuf){.p = p, .end = (const uint8_t *)p + len, .err = false};
}
static inline size_t
rbuf_left(const struct rbuf *r)
{
	return (size_t)(r->end - r->p);
}
/* The next n octets, or NULL (and the sticky error) where fewer are left. */
static inline const uint8_t *
rbuf_bytes(struct rbuf *r, size_t n)
{
	if (r->err || rbuf_left(r) < n) {
		r->err = true;
		return NULL;
	}
	const uint8_t *p = r->p;
	r->p += n;
	return p;
}
static inline uint8_t
rbuf_u8(struct rbuf *r)
{
	const uint8_t *p = rbuf_bytes(r, 1);
	return p ? *p : 0;
}
static inline uint16_t
rbuf_u16(struct rbuf *r)
{
	const uint8_t *p = rbuf_bytes(r, 2);
	return p ? be16_get(p) : 0;
}
static inline uint32_t
rbuf_u32(struct rbuf *r)
{
	const uint8_t *p = rbuf_bytes(r, 4);
	return p ? be32_get(p) : 0;
}
/* A reader of the next n octets alone; the error is sticky in both. */
static inline struct rbuf
rbuf_sub(struct rbuf *r, size_t n)
{
	const uint8_t *p = rbuf_bytes(r, n);
	struct rbuf s = rbuf_of(p ? p : r->end, p ? n : 0);
	s.err = p == NULL;
	return s;
}

/* Writer into a fixed piece of memory it does not own. */
struct wbuf {
	uint8_t *base;
	size_t len, cap;
	bool err; /* something did not fit */
};

static inline struct wbuf
wbuf_of(void *p, size_t cap)
{
	return (struct wbuf){.base = p, .len = 0, .cap = cap, .err = false};
}
/* Room for n octets, or NULL (and the sticky error). */
static inline uint8_t *
wbuf_room(struct wbuf *w, size_t n)
{
	if (w->err || w->cap - w->len < n) {
		w->err = true;
		return NULL;
	}
	uint8_t *p = w->base + w->len;
	w->len += n;
	return p;
}
static inline void
wbuf_put(struct wbuf *w, const void *src, size_t n)
{
	uint8_t *p = wbuf_room(w, n);
	if (p && n)
		memcpy(p, src, n);
}
static inline void
wbuf_u8(struct wbuf *w, uint8_t v)
{
	uint8_t *p = wbuf_room(w, 1);
	if (p)
		*p = v;
}
static inline void
wbuf_u16(struct wbuf *w, uint16_t v)
{
	uint8_t *p = wbuf_room(w, 2);
	if (p)
		be16_put(p, v);
}
static inline void
wbuf_u32(struct wbuf *w, uint32_t v)
{
	uint8_t *p = wbuf_room(w, 4);
	if (p)
		be32_put(p, v);
}
#endif
