/* SPDX-License-Identifier: Apache-2.0 */
/* update_enc: messages by hand from RFC 4271 4.3, 4760, 6793, 8950 and 4724; and back through the decoder. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bgpd/attr_codec.h"
#include "bgpd/msg.h"
#include "bgpd/update_enc.h"

static uint8_t out[65535];
static struct update_enc e;
static struct attr_scratch scratch;
static struct update_in u;

#define ORIGIN 0x40, 1, 1, 0
#define PATH   0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9
#define MED    0x80, 4, 4, 0, 0, 0, 5

static const uint8_t attrs[] = {ORIGIN, PATH, MED};
static const struct update_form v4 = {.family = FAMILY_IPV4,
				      .as4 = true,
				      .max_len = 4096,
				      .next_hop = {.bytes = {192, 0, 2, 1}, .family = FAMILY_IPV4}};
static const struct update_form v6 = {
    .family = FAMILY_IPV6,
    .as4 = true,
    .max_len = 4096,
    .next_hop = {.bytes = {0x20, 1, 0x0d, 0xb8, [15] = 1}, .family = FAMILY_IPV6}};
static const struct nlri ten = {.path_id = 9, .prefix = {.bytes = {10}, .len = 8, .family = FAMILY_IPV4}};
static const struct nlri six = {.prefix = {.bytes = {0x20, 1}, .len = 16, .family = FAMILY_IPV6}};

/* Compares the message with a body, the header being what it must. */
#define MESSAGE(len, ...)                                                                                    \
	do {                                                                                                 \
		static const uint8_t want[] = {__VA_ARGS__};                                                 \
		ck_assert_uint_eq((len), 19 + sizeof(want));                                                 \
		ck_assert_uint_eq((unsigned)out[16] << 8 | out[17], 19 + sizeof(want));                      \
		ck_assert_uint_eq(out[18], 2);                                                               \
		ck_assert_mem_eq(out + 19, want, sizeof(want));                                              \
	} while (0)

START_TEST(ipv4)
{
	ck_assert(update_enc_begin(&e, out, &v4, attrs, sizeof(attrs)));
	ck_assert(update_enc_add(&e, &ten));
	size_t len = update_enc_finish(&e);
	MESSAGE(len, 0, 0, 0, 27, ORIGIN, PATH, 0x40, 3, 4, 192, 0, 2, 1, MED, 8, 10);
	ck_assert_uint_eq(e.next_hop_len, 4);
	ck_assert_mem_eq(out + e.next_hop_off, "\xc0\x00\x02\x01", 4);
}
END_TEST

START_TEST(ipv4_add_path)
{
	struct update_form f = v4;

	f.add_path = true;
	ck_assert(update_enc_begin(&e, out, &f, attrs, 13)); /* NEXT_HOP comes last */
	ck_assert(update_enc_add(&e, &ten));
	size_t len = update_enc_finish(&e);
	MESSAGE(len, 0, 0, 0, 20, ORIGIN, PATH, 0x40, 3, 4, 192, 0, 2, 1, 0, 0, 0, 9, 8, 10);
}
END_TEST

#define GLOBAL 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
#define LOCAL  0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2

START_TEST(ipv6)
{
	struct update_form f = v6;

	ck_assert(update_enc_begin(&e, out, &f, attrs, sizeof(attrs)));
	ck_assert(update_enc_add(&e, &six));
	size_t len = update_enc_finish(&e);
	MESSAGE(len, 0, 0, 0, 48, 0x90, 14, 0, 24, 0, 2, 1, 16, GLOBAL, 0, 16, 0x20, 1, ORIGIN, PATH, MED);
	ck_assert_uint_eq(e.next_hop_len, 16);
	ck_assert_uint_eq(e.next_hop_off, 31);
	f.link_local = (struct ip_addr){.bytes = {0xfe, 0x80, [15] = 2}, .family = FAMILY_IPV6};
	ck_assert(update_enc_begin(&e, out, &f, attrs, 4));
	ck_assert(update_enc_add(&e, &six));
	len = update_enc_finish(&e);
	MESSAGE(len, 0, 0, 0, 48, 0x90, 14, 0, 40, 0, 2, 1, 32, GLOBAL, LOCAL, 0, 16, 0x20, 1, ORIGIN);
	ck_assert_uint_eq(e.next_hop_len, 32);
}
END_TEST

START_TEST(ipv4_over_ipv6)
{
	struct update_form f = v4;

	f.next_hop = v6.next_hop;
	ck_assert(update_enc_begin(&e, out, &f, attrs, 4));
	ck_assert(update_enc_add(&e, &ten));
	size_t len = update_enc_finish(&e);
	MESSAGE(len, 0, 0, 0, 31, 0x90, 14, 0, 23, 0, 1, 1, 16, GLOBAL, 0, 8, 10, ORIGIN);
}
END_TEST

START_TEST(two_octet_as)
{
	/* path 65001 65536, aggregator 65536: AS_TRANS in the old places, the truth in the AS4 ones, by type
	 */
	static const uint8_t in[] = {ORIGIN, 0x40, 2,    10, 2,  2, 0, 0, 0xfd, 0xe9, 0, 1, 0, 0, 0xc0, 7, 8,
				     0,      1,    0,    0,  1,  2, 3, 4, 0xc0, 16,   8, 1, 2, 3, 4,    5, 6,
				     7,      8,    0xc0, 32, 12, 0, 0, 0, 1,    0,    0, 0, 2, 0, 0,    0, 3};
	struct update_form f = v4;

	f.as4 = false;
	ck_assert(update_enc_begin(&e, out, &f, in, sizeof(in)));
	ck_assert(update_enc_add(&e, &ten));
	size_t len = update_enc_finish(&e);
	MESSAGE(len, 0, 0, 0, 4 + 9 + 7 + 9 + 11 + 13 + 11 + 15, ORIGIN, 0x40, 2, 6, 2, 2, 0xfd, 0xe9, 0x5b,
		0xa0, 0x40, 3, 4, 192, 0, 2, 1, 0xc0, 7, 6, 0x5b, 0xa0, 1, 2, 3, 4, 0xc0, 16, 8, 1, 2, 3, 4,
		5, 6, 7, 8, 0xc0, 17, 10, 2, 2, 0, 0, 0xfd, 0xe9, 0, 1, 0, 0, 0xc0, 18, 8, 0, 1, 0, 0, 1, 2,
		3, 4, 0xc0, 32, 12, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 8, 10);
	/* and what an old neighbour sends comes back whole */
	struct attr_session s = {.external = true, .families = 2};
	update_decode(&s, out + 19, len - 19, &scratch, &u);
	ck_assert_uint_eq(u.outcome, ATTR_OK);
	ck_assert_uint_eq(u.attrs_len, sizeof(in));
	ck_assert_mem_eq(u.attrs, in, sizeof(in));
	/* numbers that fit need no AS4 attributes */
	ck_assert(update_enc_begin(&e, out, &f, attrs, 13));
	ck_assert(update_enc_add(&e, &ten));
	len = update_enc_finish(&e);
	MESSAGE(len, 0, 0, 0, 18, ORIGIN, 0x40, 2, 4, 2, 1, 0xfd, 0xe9, 0x40, 3, 4, 192, 0, 2, 1, 8, 10);
}
END_TEST

START_TEST(confederation_alone)
{
	static const uint8_t in[] = {ORIGIN, 0x40, 2, 6, 3, 1, 0, 1, 0, 0};
	struct update_form f = v4;

	f.as4 = false; /* RFC 6793 4.2.2: then there is no AS4_PATH */
	ck_assert(update_enc_begin(&e, out, &f, in, sizeof(in)));
	ck_assert(update_enc_add(&e, &ten));
	size_t len = update_enc_finish(&e);
	MESSAGE(len, 0, 0, 0, 18, ORIGIN, 0x40, 2, 4, 3, 1, 0x5b, 0xa0, 0x40, 3, 4, 192, 0, 2, 1, 8, 10);
}
END_TEST

/* Fills a message: how many /32s or /128s go in is arithmetic on what is left behind the rest. */
START_TEST(full)
{
	struct nlri n4 = {.prefix = {.bytes = {10, 1, 2, 3}, .len = 32, .family = FAMILY_IPV4}};
	struct nlri n6 = {.prefix = {.bytes = {0x20, 1}, .len = 128, .family = FAMILY_IPV6}};
	struct attr_session s = {.external = true, .as4 = true, .families = 6};
	unsigned n = 0;

	ck_assert(update_enc_begin(&e, out, &v4, attrs, sizeof(attrs)));
	while (update_enc_add(&e, &n4))
		n++;
	ck_assert_uint_eq(n, (4096 - 23 - 27) / 5);
	size_t len = update_enc_finish(&e);
	ck_assert_uint_eq(len, 50 + n * 5);
	ck_assert_uint_le(len, 4096);

	ck_assert(update_enc_begin(&e, out, &v6, attrs, sizeof(attrs)));
	for (n = 0; update_enc_add(&e, &n6); n++)
		;
	ck_assert_uint_eq(n, (4096 - 23 - 25 - 20) / 17);
	len = update_enc_finish(&e);
	update_decode(&s, out + 19, len - 19, &scratch, &u);
	ck_assert_uint_eq(u.outcome, ATTR_OK);
	ck_assert_uint_eq(u.mp_announce.len, n * 17);
	ck_assert_mem_eq(u.attrs, attrs, sizeof(attrs));
}
END_TEST

START_TEST(too_long)
{
	static uint8_t big[5004] = {0xd0, 8, 0x13, 0x88}; /* 1250 communities */
	struct update_form f = v4;

	ck_assert(!update_enc_begin(&e, out, &f, big, sizeof(big)));
	f.max_len = 65535;
	ck_assert(update_enc_begin(&e, out, &f, big, sizeof(big)));
	/* what leaves no room for a prefix does not fit either: 23 + 7 + 4061 + 5 = 4096 */
	big[2] = 4057 >> 8;
	big[3] = 4057 & 0xff;
	ck_assert(update_enc_begin(&e, out, &v4, big, 4061));
	big[3]++;
	ck_assert(!update_enc_begin(&e, out, &v4, big, 4062));
}
END_TEST

/*
 * RFC 8654 4: what a malformed one of would be left out of (RFC 7606 7.6, 7.7), ATOMIC_AGGREGATE (3 octets) and
 * AGGREGATOR (11, and AS4_AGGREGATOR with it), may be left out for who takes 4,096 octets; nothing else is.
 */
START_TEST(discard)
{
	static const uint8_t all[] = {ORIGIN, PATH, 0x40, 6, 0, 0xc0, 7, 8, 0, 1, 0x11, 0x70, 192, 0, 2, 9, 0xc0, 8, 4, 0, 1, 0, 1};
	static const uint8_t kept[] = {ORIGIN, PATH, 0xc0, 8, 4, 0, 1, 0, 1};
	static uint8_t big[14 + 4061] = {0x40, 6, 0, 0xc0, 7, 8, 0, 0, 0xfd, 0xe9, 192, 0, 2, 9, 0xd0, 8, 4057 >> 8, 4057 & 0xff};
	struct attr_session s = {.external = true, .families = 2};
	struct update_form f = v4;

	f.as4 = false;
	f.discard = true;
	ck_assert(update_enc_begin(&e, out, &f, all, sizeof(all)));
	ck_assert(update_enc_add(&e, &ten));
	size_t len = update_enc_finish(&e);
	update_decode(&s, out + 19, len - 19, &scratch, &u);
	ck_assert_uint_eq(u.outcome, ATTR_OK);
	ck_assert_uint_eq(u.attrs_len, sizeof(kept));
	ck_assert_mem_eq(u.attrs, kept, sizeof(kept));
	/* the largest one that fits, as in too_long, does so with them left out alone */
	ck_assert(!update_enc_begin(&e, out, &v4, big, sizeof(big)));
	ck_assert(update_enc_begin(&e, out, &f, big, sizeof(big)));
}
END_TEST

START_TEST(withdraw)
{
	update_enc_begin_withdraw(&e, out, &v4);
	ck_assert_uint_eq(update_enc_finish(&e), 0);
	update_enc_begin_withdraw(&e, out, &v4);
	ck_assert(update_enc_add(&e, &ten));
	size_t len = update_enc_finish(&e);
	MESSAGE(len, 0, 2, 8, 10, 0, 0);
	update_enc_begin_withdraw(&e, out, &v6);
	ck_assert(update_enc_add(&e, &six));
	len = update_enc_finish(&e);
	MESSAGE(len, 0, 0, 0, 10, 0x90, 15, 0, 6, 0, 2, 1, 16, 0x20, 1);
	ck_assert_uint_eq(e.next_hop_off, 0);
}
END_TEST

START_TEST(end_of_rib)
{
	MESSAGE(update_enc_eor(out, FAMILY_IPV4), 0, 0, 0, 0);
	MESSAGE(update_enc_eor(out, FAMILY_IPV6), 0, 0, 0, 6, 0x80, 15, 3, 0, 2, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("update_enc");
	TCase *t = tcase_create("update_enc");

	tcase_add_test(t, ipv4);
	tcase_add_test(t, ipv4_add_path);
	tcase_add_test(t, ipv6);
	tcase_add_test(t, ipv4_over_ipv6);
	tcase_add_test(t, two_octet_as);
	tcase_add_test(t, confederation_alone);
	tcase_add_test(t, full);
	tcase_add_test(t, too_long);
	tcase_add_test(t, discard);
	tcase_add_test(t, withdraw);
	tcase_add_test(t, end_of_rib);
	suite_add_tcase(s, t);
	SRunner *sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
