/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_open: any octets as the body of an OPEN. What is accepted must survive
 * being sent and read again, and can be negotiated with. Seeds: tests/fuzz/open.
 */
#include "bgpd/msg.h"
#include "bgpd/msg_text.h"
#include "bgpd/open.h"
#include "tests/fuzz/fuzz.h"

/* What the log would say of it, good or bad. */
static void
tell(const uint8_t *body, size_t len)
{
	static const struct msg_text_session s;
	struct str text = {0};

	msg_text(&s, BGP_MSG_OPEN, body, len, &text, &text);
	msg_text(&s, BGP_MSG_NOTIFICATION, body, len, &text, &text);
	msg_text(&s, BGP_MSG_REFRESH, body, len, &text, &text);
	str_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bgp_error err;
	uint8_t out[OPEN_MAX];
	struct open_msg o, again;
	struct open_session s;
	struct msg_frame f;

	if (size < 10) /* the framing lets none through */
		return 0;
	tell(data, size);
	if (!open_decode(data, size, &o, &err)) {
		ASSERT(err.code == BGP_ERR_OPEN && err.reason != NULL);
		return 0;
	}
	size_t len = open_encode(&o, out, sizeof(out));
	ASSERT(len > 0 && msg_frame(out, len, BGP_MSG_MAX, &f, &err) == MSG_FRAME_READY);
	/* Without a family that is known here, the copy falls back to IPv4 unicast. */
	bool ok = open_decode(f.body, f.body_len, &again, &err);
	ASSERT(ok && again.id == o.id && again.hold_s == o.hold_s && again.as == o.as);
	open_negotiate(&o, &again, o.as, 0, &s);
	ASSERT(s.caps.families == o.caps.families && s.internal);
	return 0;
}
