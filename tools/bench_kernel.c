/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_kernel: the clock of the fib scenario.
 *
 * A look-up is connect() on a UDP socket, which takes neither a message nor the
 * kernel's routing lock. The address is one that no other route of the table covers,
 * so that it is reachable exactly while that route is there.
 *
 * When all samples are as they should be, a dump proves it for every route. One that
 * comes too early says which routes are still out, and the next samples are of those:
 * otherwise the clock would tick in dumps, which take a third of a second each, and the
 * order in which a daemon works would decide how many it takes.
 */
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/loop.h"
#include "lib/mem.h"
#include "tools/bench_kernel.h"
#include "tools/bench_mrt.h"
#include "tools/bench_netlink.h"
#include "tools/bench_words.h"

#define SAMPLES     1024u
#define SAMPLES_MIN 8u
#define POLL_US     1000
#define NS_PER_S    1000000000ull

struct kernel {
	struct bench_netlink netlink;
	struct bench_table *table;
	uint32_t samples[SAMPLES]; /* addresses, host order */
	uint32_t sample_count;
	int lookup;
};

static bool
is_alone(const struct bench_table *t, uint64_t addr, uint32_t but)
{
	for (uint8_t len = 1; len <= 32; len++) {
		int64_t route = bench_table_find(t, bench_addr_mask(addr, len), len);

		if (route >= 0 && route != but)
			return false;
	}
	return true;
}

/* Samples of those routes, of which there are so many, whose bit is not as it should be. */
static void
samples_choose(struct kernel *k, const struct bitmap *seen, bool should, uint32_t count)
{
	const struct bench_table *t = k->table;
	uint32_t step = count / (SAMPLES * 2) + 1, nth = 0;

	k->sample_count = 0;
	for (uint32_t i = 0; i < t->route_count && k->sample_count < SAMPLES; i++) {
		uint64_t first = t->routes[i].addr | 1ull << 32;

		if (bitmap_test(seen, i) == should || nth++ % step != 0)
			continue;
		if (is_alone(t, first, i))
			k->samples[k->sample_count++] = (uint32_t)(first >> 32);
	}
}

static bool
is_reachable(const struct kernel *k, uint32_t addr)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(addr)};

	return connect(k->lookup, (struct sockaddr *)&to, sizeof(to)) == 0;
}

static bool
table_do(struct kernel *k, const struct bench_words *w)
{
	const char *mrt = bench_words_get(w, "mrt");
	uint32_t routes = bench_words_u32(w, "routes", 1000000), as = bench_words_u32(w, "as", 65001);
	struct bench_mrt_stats stats = {0};
	struct bitmap none = {0};

	bench_table_free(k->table);
	k->table = mrt ? bench_mrt_table(mrt, FAMILY_IPV4, routes, as, &stats)
		       : bench_table_make(FAMILY_IPV4, routes, bench_words_number(w, "seed", 1), as);
	if (k->table == NULL)
		return false;
	samples_choose(k, &none, true, k->table->route_count);
	printf("{\"event\": \"table\", \"routes\": %u, \"samples\": %u}\n", k->table->route_count, k->sample_count);
	return k->sample_count >= SAMPLES_MIN;
}

/* Until every sample is (un)reachable; a sample that is done is not asked again. False: no time left. */
static bool
samples_wait(const struct kernel *k, bool present, uint64_t deadline_ns)
{
	for (uint32_t done = 0; done < k->sample_count;) {
		if (is_reachable(k, k->samples[done]) == present) {
			done++;
			continue;
		}
		if (time_mono_ns() > deadline_ns)
			return false;
		usleep(POLL_US);
	}
	return true;
}

static bool
wait_do(struct kernel *k, const struct bench_words *w)
{
	struct ip_addr gateway = bench_words_addr(w, "gateway");
	bool present = bench_words_has(w, "present");
	uint64_t deadline_ns = time_mono_ns() + bench_words_number(w, "timeout", 300) * NS_PER_S, end_ns;
	uint32_t all = k->table->route_count, want = present ? all : 0, dumps = 0;
	struct bench_fib_count count = {0};
	struct bitmap seen = {0};
	int rc;

	samples_choose(k, &seen, true, all);
	do {
		samples_wait(k, present, deadline_ns);
		/* What a dump shows was so when it began. */
		end_ns = time_mono_ns();
		dumps++;
		rc = bench_netlink_count(&k->netlink, k->table, ip_addr_to_v4(&gateway), &count, &seen);
		samples_choose(k, &seen, present, present ? all - count.there : count.there);
	} while ((rc == 0 || rc == -EAGAIN) && (count.there != want || count.wrong != 0) &&
		 time_mono_ns() < deadline_ns);
	bitmap_fini(&seen);
	if (rc != 0 && rc != -EAGAIN)
		return false;
	printf("{\"event\": \"wait\", \"end_ns\": %" PRIu64 ", \"dumps\": %u, \"there\": %u, \"wrong\": %u, \"other\": %u}\n",
	       end_ns, dumps, count.there, count.wrong, count.other);
	return true;
}

static bool
floor_do(struct kernel *k, const struct bench_words *w)
{
	struct ip_addr gateway = bench_words_addr(w, "gateway");
	struct bench_hop hop = {.gateway = ip_addr_to_v4(&gateway),
				.ifindex = if_nametoindex(bench_words_text(w, "dev")),
				.object = bench_words_has(w, "object")};
	struct bench_fib_count in, out;
	uint64_t times[4];
	int rc;

	times[0] = time_mono_ns();
	rc = bench_netlink_install(&k->netlink, k->table, &hop);
	times[1] = time_mono_ns();
	if (rc == 0)
		rc = bench_netlink_count(&k->netlink, k->table, hop.gateway, &in, NULL);
	times[2] = time_mono_ns();
	if (rc == 0)
		rc = bench_netlink_remove(&k->netlink, k->table, &hop);
	times[3] = time_mono_ns();
	if (rc == 0)
		rc = bench_netlink_count(&k->netlink, k->table, hop.gateway, &out, NULL);
	if (rc != 0) {
		printf("{\"event\": \"error\", \"text\": \"netlink: %s\"}\n", strerror(-rc));
		return false;
	}
	printf("{\"event\": \"floor\", \"in_s\": %.6f, \"out_s\": %.6f, \"there\": %u, \"left\": %u}\n",
	       (double)(times[1] - times[0]) / 1e9, (double)(times[3] - times[2]) / 1e9, in.there, out.there);
	return true;
}

static bool
command_do(struct kernel *k, const struct bench_words *w)
{
	if (strcmp(w->verb, "table") == 0)
		return table_do(k, w);
	if (k->table != NULL && strcmp(w->verb, "wait") == 0)
		return wait_do(k, w);
	if (k->table != NULL && strcmp(w->verb, "floor") == 0)
		return floor_do(k, w);
	return false;
}

int
bench_kernel_run(void)
{
	struct kernel k = {.lookup = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
	struct bench_words w;
	char line[1024];
	int rc = k.lookup < 0 ? -errno : bench_netlink_open(&k.netlink);

	if (rc != 0) {
		fprintf(stderr, "bgpbench-peer: %s\n", strerror(-rc));
		return 1;
	}
	while (rc == 0 && fgets(line, sizeof(line), stdin)) {
		if (!bench_words_parse(&w, line) || !command_do(&k, &w))
			rc = 1;
		fflush(stdout);
	}
	bench_netlink_close(&k.netlink);
	bench_table_free(k.table);
	close(k.lookup);
	return rc;
}
