/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/metrics: what the page says, in portions and while neighbours go; where it is served, after reloads too. */
#include "bgpd/metrics.h"

#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

#define ONE   "  - {address: 127.0.0.2, remote-as: 65002, passive: true, import: [accept], export: [accept]}\n"
#define OTHER "  - {address: 127.0.0.3, remote-as: 65002, passive: true, table: 100}\n"

static struct bgpdtest t;
static struct speaker s;

/* The whole page, which the caller frees. */
static char *
page(void)
{
	struct metrics_page *p = metrics_page_new(&t.d, OPENMETRICS_1_0);
	struct str out = {0};

	while (!metrics_page_step(p, &out, 0))
		continue;
	metrics_page_free(p);
	return str_steal(&out);
}

static bool
has_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *at = text; (at = strstr(at, line)) != NULL; at += n)
		if ((at == text || at[-1] == '\n') && at[n] == '\n')
			return true;
	return false;
}

static void
says(const char *line)
{
	char *text = page();

	ck_assert_msg(has_line(text, line), "no \"%s\" in\n%s", line, text);
	free(text);
}

/* OpenMetrics 1.0: a family's samples follow its TYPE and HELP, each family is there once, and the end is marked. */
static void
check_format(const char *text)
{
	char *all = xstrdup(text), *rest = all, *line, family[100] = "";
	struct str seen = {0};

	str_add(&seen, "\n");
	while ((line = strsep(&rest, "\n")) != NULL && strcmp(line, "# EOF") != 0) {
		if (strncmp(line, "# TYPE ", 7) == 0) {
			ck_assert_int_eq(sscanf(line, "# TYPE %99s", family), 1);
			if (strncmp(rest, "# UNIT ", 7) == 0)
				line = strsep(&rest, "\n");
			ck_assert_msg(strncmp(rest, "# HELP ", 7) == 0 && strncmp(rest + 7, family, strlen(family)) == 0, "%s", family);
			continue;
		} else if (strncmp(line, "# HELP ", 7) == 0) {
			continue;
		} else {
			ck_assert_msg(strncmp(line, family, strlen(family)) == 0, "%s in %s", line, family);
			*strrchr(line, ' ') = '\0'; /* the figure */
		}
		char *once = xasprintf("\n%s\n", line);
		ck_assert_msg(strstr(str_get(&seen), once) == NULL, "%s twice", line);
		str_add(&seen, once + 1);
		free(once);
	}
	ck_assert_ptr_nonnull(line);
	ck_assert_str_eq(rest, "");
	str_free(&seen);
	free(all);
}

START_TEST(test_figures)
{
	bgpdtest_start(&t, "", "neighbors:\n" ONE OTHER "networks: [{prefix: 10.1.0.0/16}, {prefix: 10.2.0.0/16}, {prefix: 'fd00::/8'}]\n");
	bgpdtest_settle(&t);
	char *text = page();
	check_format(text);
	free(text);
	says("# TYPE godwit_build info");
	says("godwit_neighbors_configured 2");
	says("godwit_rib_prefixes{family=\"ipv4\"} 2");
	says("godwit_rib_paths{family=\"ipv6\",source=\"network\"} 1");
	says("godwit_rib_paths{family=\"ipv4\",source=\"network\"} 2");
	says("godwit_rib_paths{family=\"ipv4\",source=\"bgp\"} 0");
	says("godwit_neighbors{state=\"Active\"} 2");
	char *text_before = page();
	ck_assert_ptr_null(strstr(text_before, "\ngodwit_neighbor_updown_timestamp_seconds{"));
	free(text_before);
	says("godwit_neighbors{state=\"Established\"} 0");
	bgpdtest_session(&t, &s, "127.0.0.2", 65002, 0x0a000002);
	bgpdtest_settle(&t);
	says("godwit_neighbors{state=\"Established\"} 1");
	says("godwit_neighbor_up{neighbor=\"127.0.0.2\"} 1");
	says("godwit_neighbor_up{neighbor=\"127.0.0.3\"} 0");
	says("godwit_neighbor_state{neighbor=\"127.0.0.2\"} 5");
	says("godwit_neighbor_state{neighbor=\"127.0.0.3\"} 2");
	says("godwit_neighbor_established_total{neighbor=\"127.0.0.2\"} 1");
	/* An OPEN and a KEEPALIVE. */
	says("godwit_neighbor_messages_received_total{neighbor=\"127.0.0.2\",type=\"open\"} 1");
	says("godwit_neighbor_messages_received_total{neighbor=\"127.0.0.2\",type=\"keepalive\"} 1");
	says("godwit_neighbor_messages_received_total{neighbor=\"127.0.0.2\",type=\"update\"} 0");
	/* Both families were agreed on; of IPv6 there is no next hop to give. */
	UNTIL(t.d.loop, bgpdtest_peer(&t, "127.0.0.2")->main->state == FSM_ESTABLISHED && pipeline_idle(t.d.pipeline));
	while (text = page(), !has_line(text, "godwit_neighbor_prefixes_sent{neighbor=\"127.0.0.2\",family=\"ipv4\"} 2")) {
		free(text);
		looptest_turn(t.d.loop);
	}
	check_format(text);
	free(text);
	speaker_close(&s);
	bgpdtest_stop(&t);
}
END_TEST

/* The one line of a page that begins so; the caller frees. */
static char *
line_of(const char *begin)
{
	char *text = page(), *at = strstr(text, begin);

	ck_assert_ptr_nonnull(at);
	char *line = xasprintf("%.*s", (int)strcspn(at, "\n"), at);
	free(text);
	return line;
}

/* A moment stays the same, whenever within a second it is asked for. */
START_TEST(test_moment)
{
	static const char begin[] = "godwit_neighbor_updown_timestamp_seconds{neighbor=\"127.0.0.2\"}";

	bgpdtest_start(&t, "", "neighbors:\n" ONE OTHER);
	struct peer *p = bgpdtest_session(&t, &s, "127.0.0.2", 65002, 0x0a000002);
	/* In the middle of a second of the epoch, so that the clocks' own steps are far. */
	struct timespec real;
	clock_gettime(CLOCK_REALTIME, &real);
	p->updown_ns = time_mono_ns() - (uint64_t)real.tv_nsec - 500000000;
	char want[100];
	snprintf(want, sizeof(want), "%s %lld", begin, (long long)real.tv_sec - 1);
	for (unsigned i = 0; i < 5; i++) {
		char *line = line_of(begin);
		ck_assert_str_eq(line, want);
		free(line);
		nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL);
		looptest_turn(t.d.loop);
	}
	speaker_close(&s);
	bgpdtest_stop(&t);
}
END_TEST

/* Many neighbours, and most go in the midst of it. */
START_TEST(test_portions)
{
	struct str rest = {0}, out = {0};
	unsigned steps = 0, up = 0;

	str_add(&rest, "neighbors:\n");
	for (unsigned i = 0; i < 500; i++)
		str_addf(&rest, "  - {address: 127.1.%u.%u, remote-as: 65002, passive: true}\n", i / 250, i % 250 + 1);
	bgpdtest_start(&t, "", str_get(&rest));
	struct metrics_page *p = metrics_page_new(&t.d, OPENMETRICS_1_0);
	/* With no time at all it gives way after each of them. */
	for (; steps < 250; steps++)
		ck_assert(!metrics_page_step(p, &out, 0));
	bgpdtest_reload(&t, "", "neighbors:\n" ONE "  - {address: 127.1.1.250, remote-as: 65002, passive: true}\n");
	/* Another configuration: it begins anew. */
	while (!metrics_page_step(p, &out, 0))
		steps++;
	metrics_page_free(p);
	check_format(str_get(&out));
	for (const char *at = str_get(&out); (at = strstr(at, "\ngodwit_neighbor_up{")) != NULL; at++)
		up++;
	ck_assert_uint_eq(up, 2);
	str_free(&out);
	str_free(&rest);
	bgpdtest_stop(&t);
}
END_TEST

/* Somebody who may connect from there does. */
static void
come(struct speaker *sp, const char *from)
{
	struct open_msg o = bgpdtest_open(65002, 0x0a000002);

	speaker_connect(sp, t.d.loop, from, "127.0.0.1", t.port);
	UNTIL(t.d.loop, peer_table_by_name(&t.d.peer_table, from) != NULL);
	speaker_establish(sp, &o);
	UNTIL(t.d.loop, peer_established(peer_table_by_name(&t.d.peer_table, from)));
}

/* One that goes in the midst of it and comes again is not there twice, and takes nobody else with it. */
START_TEST(test_come_and_go)
{
	struct speaker first, second;
	struct str out = {0};

	bgpdtest_start(&t, "", "neighbors:\n" ONE "  - {prefix: 127.0.2.0/24, remote-as: external, idle-hold-time: {initial: 0, max: 1}}\n");
	bgpdtest_settle(&t);
	come(&first, "127.0.2.1");
	come(&second, "127.0.2.2");
	struct metrics_page *p = metrics_page_new(&t.d, OPENMETRICS_1_0);
	ck_assert(!metrics_page_step(p, &out, 0));
	ck_assert(!metrics_page_step(p, &out, 0));
	speaker_close(&first);
	UNTIL(t.d.loop, peer_table_by_name(&t.d.peer_table, "127.0.2.1") == NULL);
	come(&first, "127.0.2.1");
	while (!metrics_page_step(p, &out, 0))
		continue;
	metrics_page_free(p);
	check_format(str_get(&out));
	ck_assert(has_line(str_get(&out), "godwit_neighbor_up{neighbor=\"127.0.2.1\"} 1"));
	ck_assert(has_line(str_get(&out), "godwit_neighbor_up{neighbor=\"127.0.2.2\"} 1"));
	ck_assert(has_line(str_get(&out), "godwit_neighbors{state=\"Established\"} 2"));
	str_free(&out);
	speaker_close(&first);
	speaker_close(&second);
	bgpdtest_stop(&t);
}
END_TEST

/* Of a counter in the page. */
static uint64_t
counted(const char *name)
{
	char *text = page(), *line = xasprintf("\n%s_total ", name);
	const char *at = strstr(text, line);

	ck_assert_msg(at != NULL, "%s", name);
	uint64_t n = strtoull(at + strlen(line), NULL, 10);
	free(line);
	free(text);
	return n;
}

#define IN(addr, table) "  - {address: " addr ", remote-as: 65002, passive: true, import: [accept], table: " table "}\n"

/*
 * A page that is begun with another configuration than this one, as far as the neighbour of table 100, which is removed
 * and still there, since its many paths go in slices.
 */
struct leaving {
	struct job job;
	uint64_t generation;
	struct metrics_page *page;
	struct str out;
};

static enum job_result
leaving_look(struct job *job, uint64_t deadline_ns)
{
	struct leaving *l = container_of(job, struct leaving, job);
	const struct bgpd *d = instance_of(&t.d, 100);
	const struct peer *p = d != NULL ? TAILQ_FIRST(&d->peers) : NULL;

	(void)deadline_ns;
	if (reload_generation(t.d.reload) == l->generation)
		return JOB_MORE;
	ck_assert(p != NULL && p->removed);
	l->page = metrics_page_new(&t.d, OPENMETRICS_1_0);
	/* That of the main table is the first. */
	for (unsigned i = 0; i < 2; i++)
		ck_assert(!metrics_page_step(l->page, &l->out, 0));
	return JOB_DONE;
}

#define UPDATES    240
#define OF_UPDATE  512
#define ROUTES     (UPDATES * OF_UPDATE)

/* Routes 20.x.y.z/32 with next hop 10.0.0.2. */
static void
announce(void)
{
	static const uint8_t attributes[] = {0, 0, 0, 20, 0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 65002 >> 8, 65002 & 0xff, 0x40, 3, 4, 10, 0, 0, 2};
	uint8_t update[sizeof(attributes) + 5 * OF_UPDATE];

	memcpy(update, attributes, sizeof(attributes));
	for (unsigned n = 0; n < ROUTES; n++) {
		uint8_t *at = update + sizeof(attributes) + 5 * (n % OF_UPDATE);
		memcpy(at, (const uint8_t[]){32, 20, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}, 5);
		if (n % OF_UPDATE == OF_UPDATE - 1)
			speaker_send_update(&s, update, sizeof(update));
	}
}

/* A table that goes leaves behind what it has counted, and those behind it in a page that is being made. */
START_TEST(test_table_goes)
{
	struct fib_link link = {.ifindex = 2, .name = "e0", .up = true, .mtu = 1500};
	struct fib_address addr = {.ifindex = 2};
	struct leaving l = {.job = {.run = leaving_look, .name = "test"}};
	struct fib_stats stats;

	bgpdtest_start(&t, "", "neighbors:\n" ONE IN("127.0.0.3", "100") IN("127.0.0.4", "200"));
	struct bgpd *d = instance_of(&t.d, 100);
	UNTIL(t.d.loop, d->kernel->synced);
	ck_assert_int_eq(ip_addr_parse("10.0.0.1", &addr.addr), 0);
	addr.subnet = ip_prefix_from_addr(&addr.addr, 24);
	kernel_watch_link(d->kernel, &link);
	kernel_watch_address(d->kernel, &addr);
	come(&s, "127.0.0.3");
	announce();
	UNTIL(t.d.loop, (fib_stats_get(d->kernel->fib, &stats), stats.installed == ROUTES));
	uint64_t before = counted("godwit_fib_operations");
	ck_assert_uint_ge(before, ROUTES);
	l.generation = reload_generation(t.d.reload);
	loop_job_start(t.d.loop, &l.job);
	bgpdtest_reload(&t, "", "neighbors:\n" ONE IN("127.0.0.4", "200"));
	ck_assert_ptr_nonnull(l.page);
	UNTIL(t.d.loop, instance_of(&t.d, 100) == NULL);
	while (!metrics_page_step(l.page, &l.out, 0))
		continue;
	metrics_page_free(l.page);
	check_format(str_get(&l.out));
	ck_assert(has_line(str_get(&l.out), "godwit_neighbor_up{neighbor=\"127.0.0.4\"} 0"));
	ck_assert_ptr_null(strstr(str_get(&l.out), "127.0.0.3"));
	ck_assert_uint_ge(counted("godwit_fib_operations"), before);
	str_free(&l.out);
	speaker_close(&s);
	bgpdtest_stop(&t);
}
END_TEST

/* ---- how sessions end ---- */

#define QUICK "neighbors:\n  - {address: 127.0.0.2, remote-as: 65002, passive: true, idle-hold-time: {initial: 0, max: 1}}\n"

static void
drops(const char *reason)
{
	char *line = xasprintf("godwit_neighbor_drops_total{neighbor=\"127.0.0.2\",reason=\"%s\"} 1", reason);

	UNTIL(t.d.loop, !peer_established(bgpdtest_peer(&t, "127.0.0.2")));
	says(line);
	free(line);
	speaker_close(&s);
}

START_TEST(test_drops)
{
	uint8_t cease[BGP_HEADER_LEN + 2] = {0}, wrong[BGP_HEADER_LEN] = {0};

	memset(cease, 0xff, 16);
	cease[17] = sizeof(cease);
	cease[18] = BGP_MSG_NOTIFICATION;
	cease[19] = BGP_ERR_CEASE;
	cease[20] = BGP_CEASE_ADMIN_RESET;
	bgpdtest_start(&t, "", QUICK);
	bgpdtest_session(&t, &s, "127.0.0.2", 65002, 0x0a000002);
	speaker_close(&s);
	drops("connection");
	bgpdtest_session(&t, &s, "127.0.0.2", 65002, 0x0a000002);
	speaker_write(&s, cease, sizeof(cease));
	drops("notification_received");
	bgpdtest_session(&t, &s, "127.0.0.2", 65002, 0x0a000002);
	speaker_write(&s, wrong, sizeof(wrong)); /* no marker: RFC 4271 6.1 */
	drops("protocol_error");
	bgpdtest_session(&t, &s, "127.0.0.2", 65002, 0x0a000002);
	peer_reset(bgpdtest_peer(&t, "127.0.0.2"), BGP_ERR_CEASE, BGP_CEASE_MAX_PREFIX, "");
	drops("limit");
	bgpdtest_session(&t, &s, "127.0.0.2", 65002, 0x0a000002);
	peer_event(bgpdtest_peer(&t, "127.0.0.2")->main, FSM_EV_HOLD_EXPIRES);
	drops("hold_timer");
	bgpdtest_session(&t, &s, "127.0.0.2", 65002, 0x0a000002);
	says("godwit_neighbors_down 0");
	peer_stop(bgpdtest_peer(&t, "127.0.0.2"), BGP_CEASE_ADMIN_SHUTDOWN, NULL);
	drops("administrative");
	says("godwit_neighbor_established_total{neighbor=\"127.0.0.2\"} 6");
	says("godwit_neighbor_shutdown{neighbor=\"127.0.0.2\"} 1");
	says("godwit_neighbors_down 0");
	says("godwit_neighbors_shutdown 1");
	bgpdtest_stop(&t);
}
END_TEST

/* ---- sums ---- */

#define LAST "  - {address: 127.0.0.4, remote-as: 65002, passive: true}\n"

static char *
sums_conf(uint16_t port, const char *mode, const char *neighbors)
{
	return xasprintf("metrics: {listen: '127.0.0.1:%u', neighbors: %s}\n"
			 "groups: {g: {remote-as: 65002, passive: true}, h: {remote-as: 65002, passive: true}}\nneighbors:\n%s",
			 port, mode, neighbors);
}

static void
sums_change(uint16_t port, const char *mode, const char *neighbors)
{
	char *rest = sums_conf(port, mode, neighbors);

	bgpdtest_reload(&t, "", rest);
	free(rest);
}

static void
says_nothing_of(const char *what)
{
	char *text = page();

	check_format(text);
	ck_assert_ptr_null(strstr(text, what));
	free(text);
}

START_TEST(test_sums)
{
	uint16_t port = speaker_free_port("127.0.0.1");
	char *rest = sums_conf(port, "group", "  - {address: 127.0.0.2, group: g}\n  - {address: 127.0.0.3, group: g}\n" LAST);

	bgpdtest_start(&t, "", rest);
	free(rest);
	bgpdtest_settle(&t);
	bgpdtest_session(&t, &s, "127.0.0.2", 65002, 0x0a000002);
	says_nothing_of("godwit_neighbor_");
	says("godwit_group_neighbors{group=\"g\",state=\"Established\"} 1");
	says("godwit_group_neighbors{group=\"g\",state=\"Active\"} 1");
	says("godwit_group_neighbors{group=\"\",state=\"Active\"} 1");
	says("godwit_group_up{group=\"g\"} 1");
	says("godwit_group_established_total{group=\"g\"} 1");
	says("godwit_group_messages_received_total{group=\"g\",type=\"open\"} 1");
	/* In another group: what it has counted so far stays where it was. */
	sums_change(port, "group", "  - {address: 127.0.0.2, group: h}\n  - {address: 127.0.0.3, group: g}\n" LAST);
	ck_assert(peer_established(bgpdtest_peer(&t, "127.0.0.2")));
	says("godwit_group_established_total{group=\"g\"} 1");
	says("godwit_group_established_total{group=\"h\"} 0");
	says("godwit_group_up{group=\"g\"} 0");
	says("godwit_group_up{group=\"h\"} 1");
	/* It goes: what it has counted since does not. */
	sums_change(port, "group", "  - {address: 127.0.0.3, group: g}\n");
	UNTIL(t.d.loop, TAILQ_NEXT(TAILQ_FIRST(&t.d.peers), entry) == NULL);
	says("godwit_group_established_total{group=\"g\"} 1");
	says("godwit_group_drops_total{group=\"h\",reason=\"administrative\"} 1");
	says("godwit_group_neighbors{group=\"h\",state=\"Established\"} 0");
	speaker_close(&s);
	/* By AS numbers, which are other sums. */
	sums_change(port, "remote-as", "  - {address: 127.0.0.3, group: g}\n  - {prefix: 127.3.0.0/16, remote-as: external}\n");
	says("godwit_group_neighbors{remote_as=\"65002\",state=\"Active\"} 1");
	says("godwit_group_established_total{remote_as=\"65002\"} 0");
	sums_change(port, "none", "  - {address: 127.0.0.3, group: g}\n");
	says_nothing_of("godwit_neighbor_");
	says_nothing_of("godwit_group_");
	says("godwit_neighbors{state=\"Active\"} 1");
	says("godwit_neighbors_down 1");
	sums_change(port, "each", "  - {address: 127.0.0.3, group: g}\n");
	says("godwit_neighbor_config_info{neighbor=\"127.0.0.3\",address=\"127.0.0.3\",remote_as=\"65002\",group=\"g\",vrf=\"\"} 1");
	bgpdtest_stop(&t);
}
END_TEST

/* ---- over HTTP ---- */

/* The answer, or NULL if nobody listens there; the caller frees. */
static char *
ask(uint16_t port, const char *path)
{
	struct sockaddr_storage ss;
	socklen_t len = speaker_sockaddr("127.0.0.1", port, &ss);
	struct str answer = {0};
	char buf[4096];
	ssize_t n;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&ss, len) < 0) {
		close(fd);
		return NULL;
	}
	dprintf(fd, "GET %s HTTP/1.0\r\n\r\n", path);
	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) != 0) {
		ck_assert(n > 0 || errno == EAGAIN);
		if (n > 0)
			str_addn(&answer, buf, (size_t)n);
		else
			looptest_turn(t.d.loop);
	}
	close(fd);
	return str_steal(&answer);
}

static void
answers(uint16_t port, const char *path, const char *begin, const char *end)
{
	char *got = ask(port, path);

	ck_assert_ptr_nonnull(got);
	ck_assert_msg(strncmp(got, begin, strlen(begin)) == 0, "%s", got);
	ck_assert_msg(strlen(got) > strlen(end) && strcmp(got + strlen(got) - strlen(end), end) == 0, "%s", got);
	free(got);
}

static void
change(const char *others, uint16_t port)
{
	char *rest = xasprintf("%smetrics: {listen: '127.0.0.1:%u'}\n", others, port);

	bgpdtest_reload(&t, "", rest);
	free(rest);
}

static void
reload_refused(void *ctx, int result, const char *reason)
{
	(void)reason;
	ck_assert_int_eq(result, -EINVAL);
	*(bool *)ctx = true;
}

START_TEST(test_listen)
{
	uint16_t port = speaker_free_port("127.0.0.1"), other = 0;
	int taken = speaker_bind("127.0.0.1", &other);
	char *rest = xasprintf("metrics: {listen: '127.0.0.1:%u'}\n", port);
	bool done = false;

	ck_assert_int_eq(listen(taken, 1), 0);
	bgpdtest_start(&t, "", rest);
	free(rest);
	answers(port, "/metrics", "HTTP/1.1 200 OK\r\n", "\n");
	answers(port, "/healthz", "HTTP/1.1 200 OK\r\n", "\r\n\r\nok\n");
	answers(port, "/", "HTTP/1.1 404 ", "\n");
	bgpdtest_settle(&t);
	UNTIL(t.d.loop, !restart_deferring(&t.d.restart));
	answers(port, "/readyz", "HTTP/1.1 200 OK\r\n", "\r\n\r\nok\n");
	/* A file with errors changes nothing and is counted. */
	bgpdtest_write(&t, "", "metrics: {listen: no}\n");
	reload_file(t.d.reload, 0, reload_refused, &done);
	UNTIL(t.d.loop, done);
	says("godwit_config_reloads_total{result=\"bad\"} 1");
	says("godwit_config_last_reload_successful 0");
	says("godwit_config_reloads_total{result=\"good\"} 0");
	answers(port, "/healthz", "HTTP/1.1 200 OK\r\n", "ok\n");
	/* A port that somebody has: nothing listens, until it can be had. */
	change("", other);
	ck_assert_ptr_null(ask(port, "/healthz"));
	close(taken);
	change("networks: []\n", other);
	answers(other, "/healthz", "HTTP/1.1 200 OK\r\n", "ok\n");
	/* One that has not changed stays. */
	const struct metrics *before = t.d.metrics;
	change("networks: [{prefix: 10.1.0.0/16}]\n", other);
	ck_assert_ptr_eq(t.d.metrics, before);
	answers(other, "/metrics", "HTTP/1.1 200 OK\r\n", "\n");
	says("godwit_config_reloads_total{result=\"good\"} 3");
	says("godwit_config_last_reload_successful 1");
	bgpdtest_reload(&t, "", "");
	ck_assert_ptr_null(ask(other, "/healthz"));
	bgpdtest_stop(&t);
}
END_TEST

SUITE("metrics", test_figures, test_moment, test_portions, test_come_and_go, test_table_goes, test_drops, test_sums, test_listen)
