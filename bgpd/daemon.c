/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon: see daemon.h.
 */
#include "bgpd/daemon.h"

#include "bgpd/birdsock.h"
#include "bgpd/ctl.h"
#include "bgpd/drain.h"
#include "bgpd/instance.h"
#include "bgpd/kernel.h"
#include "bgpd/keys.h"
#include "bgpd/loader.h"
#include "bgpd/metrics.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "bgpd/pid_file.h"
#include "bgpd/policy_place.h"
#include "bgpd/privilege.h"
#include "bgpd/reload.h"
#include "bgpd/sockopt.h"
#include "lib/fdtable.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/service.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define STOP_SECONDS      30 /* more than sessions linger */
#define DESCRIPTORS_OWN   64
#define DESCRIPTORS_TABLE 16 /* of each table of neighbours */
#define DESCRIPTORS_MIN 1024 /* 8 KB of the kernel */

void
daemon_kernel_synced(struct bgpd *d)
{
	/* Without a kernel nobody knows what an earlier run has left. */
	if (!d->kernel->nowhere)
		restart_synced(&d->restart, kernel_kept(d->kernel));
	if (d == d->main) {
		instances_synced(d);
		service_ready(d->service);
	}
	d->start_next = TAILQ_FIRST(&d->peers);
	loop_job_start(d->loop, &d->starts);
}

/*
 * Where a connection came in; NULL: nowhere that neighbours are. With net.ipv4.tcp_l3mdev_accept=1 a listener of no
 * device is given connections of VRFs that have no listener.
 */
static struct bgpd *
domain_of(struct bgpd *d, int fd, uint32_t device)
{
	uint32_t bound = device == 0 ? sockopt_bound(fd) : 0;

	return bound != 0 && kernel_is_elsewhere(d->kernel, bound) ? NULL : instance_of_device(d, device);
}

static void
on_accept(void *ctx, int fd, uint32_t device, const struct ip_addr *local, uint16_t local_port, const struct ip_addr *remote,
    uint16_t remote_port)
{
	struct bgpd *d = ctx, *domain = domain_of(d, fd, device);
	bool shared, ready = domain != NULL && !d->stopping;
	struct peer *p = ready ? peer_find_addr(domain, remote, local, &shared) : NULL;
	char text[IP_ADDR_STRLEN];
	bool known = p != NULL;

	if (p == NULL && ready)
		p = onlink_admit(domain, remote);
	const struct conf_neighbor *nb = p != NULL ? p->conf : ready ? dynamic_find(domain, remote, local) : NULL;
	/* One that is found by its connecting had no key before: it has to connect once more. */
	bool fine = nb != NULL && keys_protect(nb, fd, known || p == NULL ? &d->listen : NULL, device, remote);
	if (p == NULL && fine)
		p = dynamic_admit(domain, remote, local);
	(void)local_port;
	if (p != NULL && fine) {
		peer_accept(p, fd, shared);
		return;
	}
	log_debug(nb != NULL && !fine ? "listen.unprotected" : "listen.stranger", LOG_S("remote", ip_addr_str(remote, text, sizeof text)), LOG_U("port", remote_port));
	close(fd);
}

/* Listeners of a VRF, on those addresses that it can have. Returns how many. */
static size_t
vrf_listeners(const struct bgpd *d, struct listen_addr *want)
{
	const struct conf *c = d->conf;
	size_t n = 0;

	for (uint32_t i = 0; instance_device(d) != 0 && i < c->router.listen.n; i++) {
		const struct conf_listen *l = &c->router.listen.v[i];
		if (!ip_addr_is_unspecified(&l->address) && !kernel_is_own(d->kernel, &l->address))
			continue;
		want[n] = (struct listen_addr){.addr = l->address, .port = (uint16_t)l->port, .device = instance_device(d)};
		strlcpy(want[n++].name, instance_vrf(d), sizeof want->name);
	}
	return n;
}

static void
on_shortage(void *ctx, const struct listen_shortage *s)
{
	keys_shortage(ctx, s);
}

static void
apply_listeners(struct bgpd *d)
{
	const struct conf *c = d->conf;
	struct listen_addr *want = xcalloc(c->router.listen.n * (1u + c->vrfs.n) + 1u, sizeof *want);
	size_t nkeys, n = 0;
	struct listen_key *keys = keys_wanted(d, &nkeys);

	for (uint32_t i = 0; i < c->router.listen.n; i++)
		want[n++] = (struct listen_addr){
		    .addr = c->router.listen.v[i].address, .port = (uint16_t)c->router.listen.v[i].port};
	for (uint32_t v = 0; v < c->vrfs.n; v++) {
		const struct bgpd *i = instance_of_vrf(d, c->vrfs.v[v]);
		n += i != NULL ? vrf_listeners(i, want + n) : 0;
	}
	listen_keys_set(&d->listen, keys, nkeys);
	listen_set(&d->listen, want, n);
	freezero(keys, nkeys * sizeof *keys);
	free(want);
}

void
daemon_keys_changed(struct bgpd *d)
{
	apply_listeners(d->main);
}

void
daemon_address_added(struct bgpd *d, const struct ip_addr *addr)
{
	for (uint32_t i = 0; i < d->conf->router.listen.n; i++) {
		if (!d->stopping && ip_addr_eq(&d->conf->router.listen.v[i].address, addr)) {
			apply_listeners(d);
			return;
		}
	}
}

static void
apply_log(const struct daemon_options *options, const struct conf *c)
{
	unsigned level = c->log.level + options->verbose;

	log_set_level(level > LOG_DEBUG ? LOG_DEBUG : (enum log_level)level);
	log_set_json(c->log.format == CONF_LOG_JSON);
}

static void
check_descriptors(const struct bgpd *d)
{
	long need = (long)d->conf->neighbors.n + DESCRIPTORS_OWN + DESCRIPTORS_TABLE * (long)(d->conf->tables.n + d->conf->vrfs.n);

	if (d->descriptors == 0 || d->descriptors >= need)
		return;
	log_warn("daemon.descriptors", LOG_I("limit", d->descriptors), LOG_I("needed", need),
	    LOG_S("effect", "not all neighbours can be connected"),
	    LOG_S("hint", "raise the hard limit of open files (LimitNOFILE, ulimit -Hn)"));
}

void
daemon_apply_settings(struct bgpd *d)
{
	apply_log(d->options, d->conf);
	apply_listeners(d);
	memory_apply(&d->memory);
	metrics_apply(d->metrics);
	birdsocks_apply(d->birdsocks);
	check_descriptors(d);
	policy_place_warn(d->conf);
}

int
daemon_room_for(const struct conf *c)
{
	unsigned n = 2 * c->neighbors.n + DESCRIPTORS_OWN + DESCRIPTORS_TABLE * (c->tables.n + c->vrfs.n);

	return fdtable_reserve(n > DESCRIPTORS_MIN ? n : DESCRIPTORS_MIN);
}

/* As many as may be had. */
static void
reserve_descriptors(struct bgpd *d)
{
	long limit = fdtable_limit_raise();
	int r = limit < 0 ? (int)limit : daemon_room_for(d->conf);

	d->descriptors = limit < 0 ? 0 : limit;
	if (r < 0)
		log_warn("daemon.descriptors", LOG_S("error", strerror(-r)));
}

static bool
drains(const struct bgpd *d)
{
	const struct peer *p;

	for (; d != NULL; d = instance_next(d))
		TAILQ_FOREACH(p, &d->peers, entry)
	if (drain_is_on(&p->drain))
		return true;
	return false;
}

static void
on_stop_timer(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval again = {.tv_usec = 20000};
	struct bgpd *d = arg;

	(void)fd;
	(void)what;
	loop_enter(d->loop);
	if (!d->stopping && drains(d)) {
		event_add(d->ev_stop, &again);
		return;
	}
	if (!d->stopping) {
		daemon_stop(d);
		return;
	}
	/* Lingering sessions give up by themselves after SESSION_LINGER_S. */
	if (session_pool_lingering(d->sessions) > 0)
		event_add(d->ev_stop, &again);
	else
		loop_stop(d->loop);
}

/* Where the service manager's patience would else be too short: 10,000 routes a second leave the slowest kernel. */
static unsigned
stop_seconds(struct bgpd *d, unsigned drain_s)
{
	unsigned s = drain_s + STOP_SECONDS;
	struct rib_stats st;

	for (struct bgpd *i = d; i != NULL; i = instance_next(i)) {
		rib_stats(i->rib, &st);
		s += (unsigned)((st.prefixes[FAMILY_IPV4] + st.prefixes[FAMILY_IPV6]) / 10000);
	}
	return s;
}

static void
peers_stop(struct bgpd *d)
{
	struct peer *p;

	d->stopping = true;
	TAILQ_FOREACH(p, &d->peers, entry)
	if (d->conf->kernel.keep_on_stop)
		peer_leave(p);
	else
		peer_stop(p, BGP_CEASE_ADMIN_SHUTDOWN, NULL);
}

void
daemon_stop(struct bgpd *d)
{
	if (d->stopping)
		return;
	log_info("daemon.stop", LOG_U("pid", getpid()));
	service_stopping(d->service, stop_seconds(d, 0));
	listen_set(&d->listen, NULL, 0);
	for (struct bgpd *i = d; i != NULL; i = instance_next(i))
		peers_stop(i);
	event_add(d->ev_stop, &(struct timeval){.tv_usec = 1000});
}

void
daemon_stop_drained(struct bgpd *d)
{
	const struct conf_drain *dr = &d->conf->router.drain;

	if (!d->draining && !d->stopping && dr->on_stop && drain_begin_all(d, dr->time_s) > 0) {
		d->draining = true;
		log_info("daemon.drain", LOG_U("pid", getpid()), LOG_U("seconds", dr->time_s));
		service_stopping(d->service, stop_seconds(d, dr->time_s));
		event_add(d->ev_stop, &(struct timeval){.tv_usec = 1000});
		return;
	}
	daemon_stop(d);
}

/* The line of systemctl status. */
static void
status_write(void *ctx, char *text, size_t size)
{
	struct bgpd *d = ctx;
	unsigned up = 0, all = 0;
	uint64_t prefixes = 0;
	struct rib_stats st;
	struct peer *p;

	loop_enter(d->loop);
	for (struct bgpd *i = d; i != NULL; i = instance_next(i)) {
		rib_stats(i->rib, &st);
		prefixes += (uint64_t)st.prefixes[FAMILY_IPV4] + st.prefixes[FAMILY_IPV6];
		TAILQ_FOREACH(p, &i->peers, entry) {
			all++;
			up += peer_state(p) == FSM_ESTABLISHED;
		}
	}
	snprintf(text, size, "%u of %u neighbours established, %" PRIu64 " prefixes", up, all, prefixes);
}

static void
log_state(struct bgpd *d)
{
	struct rib_stats st;
	struct peer *p;

	rib_stats(d->rib, &st);
	log_info("daemon.state", LOG_U("table", d->conf->kernel.table), LOG_U("ipv4_prefixes", st.prefixes[FAMILY_IPV4]),
	    LOG_U("ipv6_prefixes", st.prefixes[FAMILY_IPV6]), LOG_U("rib_bytes", st.bytes),
	    LOG_U("attribute_sets", attr_table_count(d->attrs)), LOG_U("stall_max_us", d->loop->stall_max_ns / 1000));
	TAILQ_FOREACH(p, &d->peers, entry)
	log_info("neighbor.state", LOG_S("neighbor", p->name), LOG_S("state", fsm_state_name(peer_state(p))),
	    LOG_S("error", p->last_error));
}

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct bgpd *d = arg;

	(void)what;
	loop_enter(d->loop);
	switch (sig) {
	case SIGHUP:
		reload_file(d->reload, 0, NULL, NULL);
		break;
	case SIGUSR1:
		privilege_log();
		for (struct bgpd *i = d; i != NULL; i = instance_next(i))
			log_state(i);
		break;
	default:
		daemon_stop_drained(d);
		break;
	}
}

static void
signals_start(struct bgpd *d)
{
	static const int signals[] = {SIGHUP, SIGTERM, SIGINT, SIGUSR1};

	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < ARRAY_LEN(signals); i++) {
		d->signals[i] = evsignal_new(d->loop->base, signals[i], on_signal, d);
		ASSERT(d->signals[i] != NULL);
		event_priority_set(d->signals[i], LOOP_PRIO_URGENT);
		event_add(d->signals[i], NULL);
	}
}

/* False: logged; what was started is taken down by daemon_free. */
static bool
start_parts(struct bgpd *d)
{
	d->router_id = d->conf->router.id != 0 ? d->conf->router.id : kernel_highest_ipv4();
	if (d->router_id == 0) {
		log_error("daemon.start", LOG_S("error", "no router id"),
		    LOG_S("hint", "this host has no IPv4 address: set router.id"));
		return false;
	}
	peer_table_init(&d->peer_table);
	dynamic_init(&d->ranges);
	dynamic_apply(d);
	d->cluster_id = d->conf->router.cluster_id != 0 ? d->conf->router.cluster_id : d->router_id;
	instance_init(d);
	d->loader = loader_new(d);
	d->reload = reload_new(d);
	d->sessions = session_pool_new(d->loop);
	listen_init(&d->listen, d->loop, on_accept, on_shortage, d);
	/* First the socket: it tells a second daemon that there is one, before anything of the first is touched. */
	d->ctl = ctl_new(d);
	if (d->ctl == NULL || !instance_open(d))
		return false;
	d->metrics = metrics_new(d);
	d->birdsocks = birdsocks_new(d);
	d->ev_stop = evtimer_new(d->loop->base, on_stop_timer, d);
	ASSERT(d->ev_stop != NULL);
	signals_start(d);
	instance_apply_settings(d);
	daemon_apply_settings(d);
	aggregates_own_apply(&d->aggregates);
	health_apply(&d->health);
	own_begin(&d->own);
	own_run_all(&d->own);
	instance_fill(d);
	if (!instances_start(d))
		return false;
	log_info("daemon.start", LOG_U("as", d->conf->router.as), LOG_U("neighbors", d->conf->neighbors.n),
	    LOG_U("pid", getpid()));
	return true;
}

void
daemon_free(struct bgpd *d, bool keep)
{
	if (d->ctl != NULL)
		ctl_free(d->ctl);
	birdsocks_free(d->birdsocks);
	metrics_free(d->metrics);
	d->metrics = NULL;
	loader_free(d->loader);
	reload_free(d->reload);
	instances_free(d, keep);
	instance_fini(d, keep);
	peer_table_fini(&d->peer_table);
	dynamic_fini(&d->ranges);
	onlink_close(d);
	for (unsigned i = 0; i < ARRAY_LEN(d->signals); i++)
		if (d->signals[i] != NULL)
			event_free(d->signals[i]);
	if (d->ev_stop != NULL)
		event_free(d->ev_stop);
	if (d->sessions != NULL) {
		listen_fini(&d->listen);
		session_pool_free(d->sessions);
	}
	memory_fini(&d->memory);
	service_close(d->service);
	conf_free(d->conf);
	loop_fini(d->loop);
	free(d->loop);
}

bool
daemon_start(struct bgpd *d, const struct daemon_options *options, struct conf *conf)
{
	*d = (struct bgpd){.main = d, .options = options, .conf = conf, .portion = DAEMON_PORTION};
	d->loop = xcalloc(1, sizeof *d->loop);
	LIST_INIT(&d->instances);
	apply_log(d->options, d->conf);
	if (loop_init(d->loop) < 0)
		return false;
	d->start_ns = time_mono_ns();
	memory_init(&d->memory, d);
	d->service = service_open(d->loop->base, status_write, d);
	reserve_descriptors(d);
	return start_parts(d);
}

int
daemon_run(const struct daemon_options *options, struct conf *conf)
{
	struct pid_file pidfile = {.path = NULL};
	struct bgpd d;
	bool started;

	apply_log(options, conf);
	int status = privilege_enter(options, conf, &pidfile);
	if (status != EX_OK) {
		pid_file_close(&pidfile, false);
		conf_free(conf);
		return status;
	}
	started = daemon_start(&d, options, conf);
	if (started)
		pid_file_write(&pidfile);
	if (!started || loop_run(d.loop) < 0)
		status = 1;
	pid_file_close(&pidfile, started);
	/* What is in the kernel before a start has succeeded is of an earlier run, or of another daemon. */
	daemon_free(&d, !started);
	return status;
}
