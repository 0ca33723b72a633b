/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_update: one octet of session settings, then any octets as the body of an
 * UPDATE. Attributes that are accepted must come back as the same canonical
 * octets when they are encoded and decoded again. Seeds: tests/fuzz/update.
 */
#include "bgpd/attr_codec.h"
#include "bgpd/msg.h"
#include "bgpd/msg_text.h"
#include "bgpd/update_enc.h"
#include "tests/fuzz/fuzz.h"

static void
walk(const struct update_nlri *field)
{
	enum nlri_result res;
	struct nlri n;

	if (field->family == FAMILY_NONE)
		return;
	struct rbuf r = rbuf_of(field->p, field->len);
	do
		res = nlri_next(&r, (enum family)field->family, field->add_path, &n);
	while (res == NLRI_OK);
	ASSERT(res == NLRI_END); /* the decoder has checked it */
}

static void
round_trip(const struct attr_session *s, const struct update_in *u)
{
	static uint8_t out[BGP_MSG_MAX_EXT];
	static struct attr_scratch scratch;
	static struct update_in back;
	static const struct nlri n = {.prefix = {.bytes = {10}, .len = 8, .family = FAMILY_IPV4}};
	struct attr_session again = *s;
	struct update_enc e;
	struct update_form f = {.family = FAMILY_IPV4,
				.as4 = true,
				.max_len = BGP_MSG_MAX_EXT,
				.next_hop = {.bytes = {192, 0, 2, 1}, .family = FAMILY_IPV4}};

	if (!update_enc_begin(&e, out, &f, u->attrs, u->attrs_len))
		return;
	bool fits = update_enc_add(&e, &n);
	ASSERT(fits);
	size_t len = update_enc_finish(&e);
	again.as4 = true;
	again.first_as = 0;
	again.families = 1u << FAMILY_IPV4;
	again.add_path[FAMILY_IPV4] = false;
	update_decode(&again, out + BGP_HEADER_LEN, len - BGP_HEADER_LEN, &scratch, &back);
	ASSERT(back.outcome == ATTR_OK && back.attrs_len == u->attrs_len);
	ASSERT(memcmp(back.attrs, u->attrs, u->attrs_len) == 0);
}

/* What the log would say of it, good or bad. */
static void
tell(const struct attr_session *s, const uint8_t *body, size_t len)
{
	struct msg_text_session m = {.as4 = s->as4};
	struct str text = {0}, prefixes = {0};

	memcpy(m.add_path, s->add_path, sizeof(m.add_path));
	msg_text(&m, BGP_MSG_UPDATE, body, len, &text, &prefixes);
	str_free(&text);
	str_free(&prefixes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct attr_scratch scratch;
	static struct update_in u;

	if (size < 5 || size - 1 > BGP_MSG_MAX_EXT - BGP_HEADER_LEN)
		return 0;
	struct attr_session s = {
	    .external = data[0] & 1,
	    .as4 = data[0] & 2,
	    .aigp = data[0] & 4,
	    .af_disable = data[0] & 8,
	    .families = 1u << FAMILY_IPV4 | 1u << FAMILY_IPV6,
	    .ext_next_hop = data[0] & 16 ? 1u << FAMILY_IPV4 : 0,
	    .add_path = {[FAMILY_IPV4] = data[0] & 32, [FAMILY_IPV6] = data[0] & 64},
	    .confed = data[0] & 128,
	};
	tell(&s, data + 1, size - 1);
	update_decode(&s, data + 1, size - 1, &scratch, &u);
	ASSERT((u.outcome == ATTR_OK) == (u.err.code == 0));
	if (u.outcome >= ATTR_AF_DISABLE)
		return 0;
	walk(&u.withdraw);
	walk(&u.announce);
	walk(&u.mp_withdraw);
	walk(&u.mp_announce);
	if (u.attrs != NULL)
		round_trip(&s, &u);
	return 0;
}
