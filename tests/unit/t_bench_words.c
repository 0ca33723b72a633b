/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of tools/bench_words. */
#include "tools/bench_words.h"

#include "tests/unit/suite.h"

START_TEST(test_parse)
{
	char line[] = "go send=s:full,t:part close= start=12 sink\n";
	struct bench_words w;

	ck_assert(bench_words_parse(&w, line));
	ck_assert_str_eq(w.verb, "go");
	ck_assert_str_eq(bench_words_text(&w, "send"), "s:full,t:part");
	ck_assert_str_eq(bench_words_get(&w, "close"), "");
	ck_assert(bench_words_has(&w, "sink"));
	ck_assert(!bench_words_has(&w, "sin"));
	ck_assert_ptr_null(bench_words_get(&w, "dial"));
	ck_assert_uint_eq(bench_words_number(&w, "start", 0), 12);
	ck_assert_uint_eq(bench_words_number(&w, "timeout", 300), 300);
}
END_TEST

START_TEST(test_addr)
{
	char line[] = "peers local=10.0.0.1";
	struct bench_words w;

	ck_assert(bench_words_parse(&w, line));
	struct ip_addr local = bench_words_addr(&w, "local"), remote = bench_words_addr(&w, "remote");
	ck_assert_uint_eq(ip_addr_to_v4(&local), 0x0a000001);
	ck_assert_uint_eq(remote.family, FAMILY_NONE);
}
END_TEST

START_TEST(test_unreadable)
{
	char empty[] = " \n", many[512] = "v";
	struct bench_words w;

	ck_assert(!bench_words_parse(&w, empty));
	for (int i = 0; i < BENCH_WORDS + 1; i++)
		strcat(many, " k=v");
	ck_assert(!bench_words_parse(&w, many));
}
END_TEST

SUITE("bench_words", test_parse, test_addr, test_unreadable)
