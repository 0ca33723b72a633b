/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/bandwidth: the community of draft-ietf-idr-link-bandwidth octet by octet, and the weights. */
#include "rib/bandwidth.h"

#include "lib/mem.h"
#include "tests/unit/suite.h"

/* 125000 = 0x1.e848p16: exponent 127 + 16, 1250000 = 0x1.312dp20 */
#define F_1MBIT  0x47, 0xf4, 0x24, 0x00
#define F_10MBIT 0x49, 0x98, 0x96, 0x80

START_TEST(test_octets)
{
	static const uint8_t one[8] = {0x40, 4, 0xfd, 0xe9, F_1MBIT}, ten[8] = {0, 4, 0xfd, 0xe9, F_10MBIT};
	static const uint8_t bad[][8] = {
	    {0, 4, 0xfd, 0xe9, 0, 0, 0, 0},          /* 0 */
	    {0, 4, 0xfd, 0xe9, 0x80, 0, 0, 0},       /* -0 */
	    {0, 4, 0xfd, 0xe9, 0xc7, 0xf4, 0x24, 0}, /* negative */
	    {0, 4, 0xfd, 0xe9, 0x7f, 0x80, 0, 0},    /* infinite */
	    {0, 4, 0xfd, 0xe9, 0x7f, 0xc0, 0, 0},    /* no number */
	    {0, 2, 0xfd, 0xe9, F_1MBIT},             /* a route target */
	    {2, 4, 0, 1, 0, 1, 0, 1},                /* another type */
	};
	uint8_t out[8];
	double v;

	ck_assert(bandwidth_read(one, &v) && v == 125000.0);
	ck_assert(bandwidth_read(ten, &v) && v == 1250000.0);
	bandwidth_write(out, 65001, 10 * BANDWIDTH_UNIT);
	ck_assert_mem_eq(out, ten, 8);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert(!bandwidth_read(bad[i], &v));
}
END_TEST

static double
of(const uint8_t *wire, size_t len)
{
	struct attr_table t;

	attr_table_init(&t, 1, NULL);
	double v = bandwidth_of(attr_get(&t, attr_intern(&t, 0, NULL, wire, len)));
	attr_table_fini(&t);
	return v;
}

/* Of several the lowest; one that says nothing is none. */
START_TEST(test_set)
{
	static const uint8_t none[] = {0x40, 1, 1, 0}, other[] = {0xc0, 16, 8, 0, 2, 0xfd, 0xe9, 0, 0, 0, 1};
	static const uint8_t two[] = {0xc0, 16, 16, 0, 4, 0, 1, F_10MBIT, 0x40, 4, 0, 1, F_1MBIT};
	static const uint8_t zero[] = {0xc0, 16, 8, 0x40, 4, 0, 1, 0, 0, 0, 0};

	ck_assert(of(none, sizeof(none)) == 0 && of(other, sizeof(other)) == 0 && of(zero, sizeof(zero)) == 0);
	ck_assert(of(two, sizeof(two)) == 125000.0);
}
END_TEST

START_TEST(test_weights)
{
	static const struct {
		unsigned n;
		double share[3];
		uint16_t want[3];
	} cases[] = {
	    {2, {1e9, 1e9}, {1, 1}},
	    {2, {1e9, 4e9}, {1, 4}},
	    {3, {1, 2, 4}, {1, 2, 4}},
	    {2, {1, 1e6}, {1, 256}},          /* never none at all */
	    {2, {100, 300}, {1, 3}},
	    {3, {3e8, 2e8, 2.5e8}, {6, 4, 5}},
	    {2, {100, 301}, {85, 256}},       /* 85.05 of 256 */
	    {1, {5}, {1}},
	};
	uint16_t weight[3];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bandwidth_weights(cases[i].share, cases[i].n, weight);
		for (unsigned k = 0; k < cases[i].n; k++)
			ck_assert_uint_eq(weight[k], cases[i].want[k]);
	}
}
END_TEST

SUITE("bandwidth", test_octets, test_set, test_weights)
