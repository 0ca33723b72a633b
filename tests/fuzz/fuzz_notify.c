/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_notify: any octets as the body of a NOTIFICATION and of a ROUTE-REFRESH. What is read must survive
 * being sent and read again, and what is told to people of it is one line.
 */
#include "bgpd/msg.h"
#include "bgpd/msg_text.h"
#include "bgpd/notify.h"
#include "tests/fuzz/fuzz.h"

static void
notification(const uint8_t *body, size_t len)
{
	static uint8_t out[BGP_MSG_MAX];
	static struct bgp_error e, again, wrapped;
	char said[BGP_SHUTDOWN_TEXT_MAX + 1];
	struct msg_frame f;

	notify_decode(body, len, &e);
	ASSERT(e.code == body[0] && e.subcode == body[1] && e.data_len == len - 2);
	ASSERT(notify_code_name(e.code) != NULL && notify_subcode_name(e.code, e.subcode) != NULL);
	size_t n = notify_encode(&e, out, sizeof(out));
	ASSERT(n == BGP_HEADER_LEN + len);
	ASSERT(msg_frame(out, n, BGP_MSG_MAX, &f, &again) == MSG_FRAME_READY && f.body_len == len);
	ASSERT(memcmp(f.body, body, len) == 0);

	bool has_text = notify_shutdown_get(&e, said);
	ASSERT(has_text == (said[0] != '\0'));
	ASSERT(!has_text || !notify_shutdown_malformed(&e));
	for (const char *c = said; *c != '\0'; c++)
		ASSERT((unsigned char)*c >= ' ' && *c != 0x7f);
	if (has_text) {
		/* What was understood can be said again. */
		notify_shutdown_set(&again, BGP_CEASE_ADMIN_SHUTDOWN, said);
		char twice[BGP_SHUTDOWN_TEXT_MAX + 1];
		ASSERT(notify_shutdown_get(&again, twice) && strcmp(said, twice) == 0);
	}

	wrapped = e;
	notify_wrap_hard_reset(&wrapped);
	ASSERT(wrapped.code == BGP_ERR_CEASE && wrapped.subcode == BGP_CEASE_HARD_RESET);
	ASSERT(notify_unwrap_hard_reset(&wrapped) && wrapped.code == e.code && wrapped.subcode == e.subcode);
	ASSERT(memcmp(wrapped.data, e.data, wrapped.data_len) == 0);
	notify_unwrap_hard_reset(&e);
}

static void
refresh(const uint8_t *body, size_t len)
{
	static struct bgp_error err;
	uint8_t *msg = xmalloc(BGP_HEADER_LEN + len);
	struct msg_frame f;
	struct msg_refresh r, again;
	uint8_t out[BGP_REFRESH_LEN];

	msg_header_put(msg, BGP_MSG_REFRESH, BGP_HEADER_LEN + len);
	memcpy(msg + BGP_HEADER_LEN, body, len);
	enum msg_frame_result framed = msg_frame(msg, BGP_HEADER_LEN + len, BGP_MSG_MAX, &f, &err);
	ASSERT(framed == MSG_FRAME_READY);
	for (int enhanced = 0; enhanced < 2; enhanced++) {
		if (!msg_refresh_decode(&f, enhanced, &r, &err)) {
			ASSERT(err.code != 0 && err.reason != NULL);
			continue;
		}
		size_t n = msg_refresh_encode(out, &r);
		struct msg_frame back;
		framed = msg_frame(out, n, BGP_MSG_MAX, &back, &err);
		ASSERT(framed == MSG_FRAME_READY);
		ASSERT(msg_refresh_decode(&back, enhanced, &again, &err));
		ASSERT(again.afi == r.afi && again.safi == r.safi && again.subtype == r.subtype);
	}
	free(msg);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct msg_text_session s;
	struct str text = {0};

	if (size > BGP_MSG_MAX - BGP_HEADER_LEN)
		return -1;
	char *body = fuzz_string(data, size);
	/* The framing lets no shorter one through. */
	for (uint8_t type = 0; type <= BGP_MSG_TYPES; type++)
		if (size >= (type == BGP_MSG_OPEN ? 10 : type == BGP_MSG_NOTIFICATION ? 2 : 4))
			msg_text(&s, type, (const uint8_t *)body, size, &text, &text);
	ASSERT(strpbrk(str_get(&text), "\n\r") == NULL);
	str_free(&text);
	if (size >= 2)
		notification((const uint8_t *)body, size);
	if (size >= 4)
		refresh((const uint8_t *)body, size);
	free(body);
	return 0;
}
