/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_kernel: the clock of the fib scenario.
 *
 * A look-up is connect() on a UDP socket, which takes neither a message nor the
 * kernel's routing lock. The address is one that no other route of the table covers,
 * so that it is reachable exactly while that route is there; the source address that
 * the kernel chooses for it tells over which link.
 *
 * When all samples are as they should be, a dump proves it for every route. One that
 * comes too early says which routes are still out, and these are looked up while it goes
 * on and after it: otherwise the clock would tick in dumps, which take a third of a second
 * each, and the order in which a daemon works would decide how many it takes. The clock
 * stops at the last look-up that found something changed.
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
#include "tools/bench_dump.h"
#include "tools/bench_kernel.h"
#include "tools/bench_mrt.h"
#include "tools/bench_netlink.h"
#include "tools/bench_words.h"

#define SAMPLES     1024u
#define SAMPLES_MIN 8u
#define POLL_US     1000
#define LOOK_EVERY  64u /* routes of a dump between two looks */
#define NS_PER_S    1000000000ull

/* What is waited for. */
struct goal {
	bool present; /* or absent */
	uint32_t from; /* the source address of packets that the daemon's host sends there, host order; 0: any */
	struct bench_gateways gateways;
};

/* A route that can be looked up, and the address for that (host order). */
struct lone {
	uint32_t addr, route;
};

struct kernel {
	struct bench_netlink netlink;
	struct bench_table *table;
	struct lone *lone; /* ascending by address */
	uint32_t lone_count;
	uint32_t *late; /* addresses that do not meet the goal: samples, then all that a dump has shown so */
	uint32_t late_count, late_met;
	uint64_t met_ns; /* when the last of them was found to meet it */
	int lookup;
};

/* A dump that is being read, as far as it has come in the list of lone routes. */
struct progress {
	struct kernel *k;
	const struct goal *goal;
	const struct bitmap *seen;
	uint32_t at, messages;
};

static bool
is_met(const struct kernel *k, const struct goal *goal, uint32_t addr)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(addr)}, from = {0};
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	socklen_t len = sizeof(from);

	/* A socket that was connected before would keep its source address. */
	(void)connect(k->lookup, &none, sizeof(none));
	if (connect(k->lookup, (struct sockaddr *)&to, sizeof(to)) != 0)
		return !goal->present;
	if (!goal->present || goal->from == 0)
		return goal->present;
	return getsockname(k->lookup, (struct sockaddr *)&from, &len) == 0 && from.sin_addr.s_addr == htonl(goal->from);
}

/* Looks up those that are late, in their order, up to the first that still is. True: none is. */
static bool
late_look(struct kernel *k, const struct goal *goal)
{
	while (k->late_met < k->late_count && is_met(k, goal, k->late[k->late_met])) {
		k->late_met++;
		k->met_ns = time_mono_ns();
	}
	return k->late_met == k->late_count;
}

static void
samples_choose(struct kernel *k, const struct goal *goal)
{
	uint32_t step = k->lone_count / SAMPLES + 1;

	k->late_count = k->late_met = 0;
	for (uint32_t i = 0; i < k->lone_count; i += step)
		if (!is_met(k, goal, k->lone[i].addr))
			k->late[k->late_count++] = k->lone[i].addr;
}

/* Routes before that address which the dump should have shown, or should not have, are late. */
static void
dump_passed(void *ctx, uint32_t addr)
{
	struct progress *p = ctx;
	struct kernel *k = p->k;

	for (; p->at < k->lone_count && k->lone[p->at].addr < addr; p->at++)
		if (bitmap_test(p->seen, k->lone[p->at].route) != p->goal->present)
			k->late[k->late_count++] = k->lone[p->at].addr;
	if (++p->messages % LOOK_EVERY == 0)
		late_look(k, p->goal);
}

static int
lone_cmp(const void *a, const void *b)
{
	const struct lone *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

static void
lone_find(struct kernel *k)
{
	uint32_t count = k->table->route_count;

	k->lone = xreallocarray(k->lone, count, sizeof(*k->lone));
	k->late = xreallocarray(k->late, count, sizeof(*k->late));
	k->lone_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		k->lone[k->lone_count].route = i;
		if (bench_table_lone(k->table, i, &k->lone[k->lone_count].addr))
			k->lone_count++;
	}
	qsort(k->lone, k->lone_count, sizeof(*k->lone), lone_cmp);
}

static bool
table_do(struct kernel *k, const struct bench_words *w)
{
	const char *mrt = bench_words_get(w, "mrt");
	uint32_t routes = bench_words_u32(w, "routes", 1000000), as = bench_words_u32(w, "as", 65001);
	struct bench_mrt_stats stats = {0};

	bench_table_free(k->table);
	k->table = mrt ? bench_mrt_table(mrt, FAMILY_IPV4, routes, as, &stats)
		       : bench_table_make(FAMILY_IPV4, routes, bench_words_number(w, "seed", 1), as);
	if (k->table == NULL)
		return false;
	lone_find(k);
	printf("{\"event\": \"table\", \"routes\": %u}\n", k->table->route_count);
	return k->lone_count >= SAMPLES_MIN;
}

/* Until none is late. False: no time left. */
static bool
late_wait(struct kernel *k, const struct goal *goal, uint64_t deadline_ns)
{
	while (!late_look(k, goal)) {
		if (time_mono_ns() > deadline_ns)
			return false;
		usleep(POLL_US);
	}
	return true;
}

/* A dump of everything; what it shows to be late is looked up meanwhile, and is in the list afterwards. */
static int
dump_judge(struct kernel *k, const struct goal *goal, struct bench_fib_count *count)
{
	struct bitmap seen = {0};
	struct progress p = {.k = k, .goal = goal, .seen = &seen};
	struct bench_dump_watch watch = {.passed = dump_passed, .ctx = &p};

	k->late_count = k->late_met = 0;
	int rc = bench_dump_count(&k->netlink, k->table, &goal->gateways, count, &seen, &watch);
	dump_passed(&p, UINT32_MAX);
	bitmap_fini(&seen);
	return rc;
}

static uint32_t
address(const struct bench_words *w, const char *key)
{
	struct ip_addr a = bench_words_addr(w, key);

	return a.family == FAMILY_IPV4 ? ip_addr_to_v4(&a) : 0;
}

static struct bench_gateways
gateways_of(const struct bench_words *w)
{
	struct bench_gateways g = {.addr = {address(w, "gateway"), address(w, "and")}, .count = 1};

	g.count += g.addr[1] != 0;
	return g;
}

static bool
wait_do(struct kernel *k, const struct bench_words *w)
{
	struct goal goal = {
	    .present = bench_words_has(w, "present"), .from = address(w, "from"), .gateways = gateways_of(w)};
	uint64_t deadline_ns = time_mono_ns() + bench_words_number(w, "timeout", 300) * NS_PER_S;
	uint32_t want = goal.present ? k->table->route_count : 0, dumps = 0;
	struct bench_fib_count count = {0};
	int rc;

	k->met_ns = time_mono_ns();
	samples_choose(k, &goal);
	do {
		late_wait(k, &goal, deadline_ns);
		dumps++;
		rc = dump_judge(k, &goal, &count);
		/* What is out cannot be looked up, so all that is known is that it was not there when the dump came by. */
		if (k->late_count == 0 && count.there != want)
			k->met_ns = time_mono_ns();
	} while ((rc == 0 || rc == -EAGAIN) && (count.there != want || count.wrong != 0) &&
		 time_mono_ns() < deadline_ns);
	if (rc != 0 && rc != -EAGAIN)
		return false;
	printf("{\"event\": \"wait\", \"end_ns\": %" PRIu64 ", \"dumps\": %u, \"there\": %u, \"wrong\": %u, \"other\": %u}\n",
	       k->met_ns, dumps, count.there, count.wrong, count.other);
	return true;
}

static bool
floor_do(struct kernel *k, const struct bench_words *w)
{
	struct bench_gateways gateways = gateways_of(w);
	struct bench_hop hop = {.gateway = gateways.addr[0],
				.ifindex = if_nametoindex(bench_words_text(w, "dev")),
				.object = bench_words_has(w, "object")};
	struct bench_fib_count in, out;
	uint64_t times[4];
	int rc;

	times[0] = time_mono_ns();
	rc = bench_netlink_install(&k->netlink, k->table, &hop);
	times[1] = time_mono_ns();
	if (rc == 0)
		rc = bench_dump_count(&k->netlink, k->table, &gateways, &in, NULL, NULL);
	times[2] = time_mono_ns();
	if (rc == 0)
		rc = bench_netlink_remove(&k->netlink, k->table, &hop);
	times[3] = time_mono_ns();
	if (rc == 0)
		rc = bench_dump_count(&k->netlink, k->table, &gateways, &out, NULL, NULL);
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
	free(k.lone);
	free(k.late);
	close(k.lookup);
	return rc;
}
