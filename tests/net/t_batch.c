/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_batch: batches of route operations against the real kernel, in a network
 * namespace of their own. Needs root (skipped otherwise).
 */
#include "fib/batch.h"
#include "fib/nlsock.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct nl_sock *sock;
static int fd;
static struct batch *b;
static struct route_attrs hole, nowhere;

static void
setup(void)
{
	struct fib_nh nh;

	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	ck_assert_int_eq(nlsock_open(&sock, &fd), 0);
	ck_assert_int_eq(nlsock_probe(fd), 0);
	b = batch_new();
	ck_assert_int_eq(route_attrs_init(&hole, FAMILY_IPV4, FIB_BLACKHOLE, NULL, 0), 0);
	memset(&nh, 0, sizeof nh);
	ck_assert_int_eq(ip_addr_parse("192.0.2.1", &nh.via), 0); /* no interface has that network */
	ck_assert_int_eq(route_attrs_init(&nowhere, FAMILY_IPV4, FIB_UNICAST, &nh, 1), 0);
}

static void
teardown(void)
{
	route_attrs_fini(&hole);
	route_attrs_fini(&nowhere);
	batch_free(b);
	nl_socket_free(sock);
}

static void
add(enum fib_verb verb, uint16_t n, const struct route_attrs *a)
{
	struct fib_op_route r = {.verb = (uint8_t)verb,
				 .family = FAMILY_IPV4,
				 .plen = 32,
				 .protocol = 186,
				 .metric = 20,
				 .table = 254,
				 .dst = {20, 0, (uint8_t)(n >> 8), (uint8_t)n}};
	batch_add(b, &r, a);
}

static unsigned
route_count(void)
{
	FILE *f = popen("ip route show proto 186 | wc -l", "r");
	unsigned n = 0;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%u", &n), 1);
	pclose(f);
	return n;
}

START_TEST(test_errors_come_by_sequence)
{
	for (unsigned round = 0; round < 3; round++) {
		batch_reset(b);
		add(FIB_ADD, 1, &hole);
		add(FIB_ADD, 1, &hole);    /* there already */
		add(FIB_ADD, 2, &nowhere); /* no such network */
		add(FIB_REPLACE, 1, &hole);
		add(FIB_DEL, 9, NULL); /* not there */
		add(FIB_DEL, 1, NULL);
		batch_add_failed(b, &b->ops[0].route, EAFNOSUPPORT);
		batch_send(b, fd);
		ck_assert_int_eq(b->ops[0].error, 0);
		ck_assert_int_eq(b->ops[1].error, EEXIST);
		ck_assert_int_eq(b->ops[2].error, ENETUNREACH);
		ck_assert_int_eq(b->ops[3].error, 0);
		ck_assert_int_eq(b->ops[4].error, ESRCH);
		ck_assert_int_eq(b->ops[5].error, 0);
		ck_assert_int_eq(b->ops[6].error, EAFNOSUPPORT);
		ck_assert(b->acked);
		/* The first that is worth a line, with the kernel's own words. */
		ck_assert_int_eq(b->first_error, 2);
		ck_assert_ptr_nonnull(strstr(b->text, "Nexthop has invalid gateway"));
	}
	ck_assert_uint_eq(route_count(), 0);
}
END_TEST

START_TEST(test_full_batch)
{
	for (uint16_t i = 0; batch_has_room(b); i++)
		add(FIB_ADD, i, &hole);
	ck_assert_uint_eq(b->count, BATCH_MAX);
	batch_send(b, fd);
	ck_assert_uint_eq(b->errors, 0);
	ck_assert_uint_eq(route_count(), BATCH_MAX);
}
END_TEST

START_TEST(test_lost_replies)
{
	int tiny = 1;

	/* The kernel raises it to its minimum of about two thousand octets: room for a few errors only. */
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny), 0);
	add(FIB_ADD, 0, &hole);
	for (uint16_t i = 1; i < 500; i++)
		add(i % 2 == 0 ? FIB_ADD : FIB_DEL, i, i % 4 == 0 ? &nowhere : &hole);
	batch_send(b, fd);
	/* Repeated one by one: what had succeeded is there already, what was to be deleted is not there. */
	ck_assert_int_eq(b->ops[0].error, EEXIST);
	for (unsigned i = 1; i < 500; i++)
		ck_assert_int_eq(b->ops[i].error, i % 2 != 0 ? ESRCH : i % 4 == 0 ? ENETUNREACH : EEXIST);
	ck_assert_uint_eq(route_count(), 126); /* 0 and 2, 6, … 498 */
}
END_TEST

START_TEST(test_without_permission)
{
	ck_assert_int_eq(setuid(65534), 0);
	ck_assert_int_eq(nlsock_probe(fd), -EPERM);
	add(FIB_ADD, 0, &hole);
	batch_send(b, fd);
	ck_assert_int_eq(b->ops[0].error, EPERM);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("batch");
	TCase *tc = tcase_create("batch");

	if (geteuid() != 0) {
		printf("skipped: needs root for a network namespace\n");
		return 77;
	}
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_errors_come_by_sequence);
	tcase_add_test(tc, test_full_batch);
	tcase_add_test(tc, test_lost_replies);
	tcase_add_test(tc, test_without_permission);
	suite_add_tcase(s, tc);
	return suite_end(s);
}
