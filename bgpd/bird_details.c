/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_details: see bird_details.h.
 *
 * Of how often routes have changed there are no figures for each protocol: where BIRD counts changes there
 * are the hyphens that it has for what it does not count.
 */
#include "bgpd/bird_details.h"

#include "bgpd/bird_reply.h"
#include "bgpd/daemon.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "bgpd/sockopt.h"
#include "lib/mem.h"

#include <string.h>
#include <sys/time.h>

#define WIDTH     18 /* of keys */
#define WIDTH_BGP 22 /* of those about the session */

/* A line with a key and what is to be said of it. */
__attribute__((format(printf, 4, 5))) static void
detail(struct bird_client *c, int width, const char *key, const char *fmt, ...)
{
	struct str text = {0};
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	bird_line(c, BIRD_PROTOCOL_DETAILS, "%-*s%s", width, key, str_get(&text));
	str_free(&text);
}

static void
routes(struct bird_client *c, const struct bird_route_counts *n)
{
	static const char *const rows[] = {
	    "Import updates:", "Import withdraws:", "Export updates:", "Export withdraws:"};

	if (n->filtered > 0)
		detail(c, WIDTH, "  Routes:", "%u imported, %u filtered, %u exported, %u preferred",
		       n->imported, n->filtered, n->exported, n->preferred);
	else
		detail(c, WIDTH, "  Routes:", "%u imported, %u exported, %u preferred", n->imported,
		       n->exported, n->preferred);
	bird_line(c, BIRD_PROTOCOL_DETAILS,
		  "  Route change stats:     received   rejected   filtered    ignored   accepted");
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++)
		bird_line(c, BIRD_PROTOCOL_DETAILS, "    %-20s%10s %10s %10s %10s %10s", rows[i], "---",
			  "---", "---", "---", "---");
}

void
bird_pseudo_details(struct bird_client *c, enum bird_pseudo which)
{
	static const unsigned preferences[] = {
	    [BIRD_STATIC] = 200, [BIRD_KERNEL] = 10, [BIRD_DEVICE] = 240, [BIRD_DIRECT] = 240};
	const struct bgpd *d = bird_daemon(c);
	bool filtered = d->conf->kernel.learn.n > 0;
	struct bird_route_counts n;

	detail(c, WIDTH, "  Preference:", "%u", preferences[which]);
	detail(c, WIDTH, "  Input filter:", "%s",
	       which != BIRD_KERNEL ? "ACCEPT"
	       : filtered           ? "(unnamed)"
				    : "REJECT");
	detail(c, WIDTH, "  Output filter:", "%s", which != BIRD_KERNEL ? "REJECT" : "(unnamed)");
	bird_pseudo_counts(d, which, bird_family(c), &n);
	routes(c, &n);
	bird_line(c, BIRD_PROTOCOL_DETAILS, "%s", "");
}

/* ---- neighbours ---- */

/* The name of a policy; of the two that are always there as BIRD writes them. */
static const char *
policy_name(const char *name)
{
	return strcmp(name, "accept") == 0 ? "ACCEPT" : strcmp(name, "reject") == 0 ? "REJECT" : name;
}

/* The policies by their names, or the word for what happens without. */
static void
filter(struct bird_client *c, const char *key, const struct peer *p, const struct conf_ref *v, uint32_t n)
{
	struct str names = {0};

	for (uint32_t i = 0; i < n; i++)
		str_addf(&names, "%s%s", i > 0 ? ", " : "", policy_name(v[i].name));
	if (v == NULL && conf_neighbor_is_inside(p->conf))
		str_add(&names, "ACCEPT");
	else if (n == 0)
		str_add(&names, "REJECT");
	detail(c, WIDTH, key, "%s", str_get(&names));
	str_free(&names);
}

static void
word_if(struct str *out, bool there, const char *word)
{
	if (there)
		str_addf(out, "%s%s", out->len > 0 ? " " : "", word);
}

/* Those of a family that a neighbour has told of. */
static void
caps(struct bird_client *c, const struct open_caps *caps, enum family f)
{
	struct str words = {0};

	word_if(&words, caps->route_refresh, "refresh");
	word_if(&words, caps->enhanced_refresh, "enhanced-refresh");
	word_if(&words, caps->gr, caps->gr_families != 0 ? "restart-able" : "restart-aware");
	word_if(&words, caps->llgr, caps->llgr_families != 0 ? "llgr-able" : "llgr-aware");
	word_if(&words, caps->as4, "AS4");
	word_if(&words, (caps->add_path[f] & ADD_PATH_RECEIVE) != 0, "add-path-rx");
	word_if(&words, (caps->add_path[f] & ADD_PATH_SEND) != 0, "add-path-tx");
	word_if(&words, caps->extended_message, "ext-messages");
	detail(c, WIDTH_BGP, "    Neighbor caps:", "%s", str_get(&words));
	str_free(&words);
}

static void
session(struct bird_client *c, const struct peer *p, enum family f)
{
	const struct open_caps *caps = &p->session.caps;
	struct str words = {0};

	str_add(&words, p->session.internal ? "internal" : "external");
	word_if(&words, p->conf->multihop > 1, "multihop");
	word_if(&words, p->conf->route_reflector_client, "route-reflector");
	word_if(&words, p->conf->route_server_client, "route-server");
	word_if(&words, caps->as4, "AS4");
	word_if(&words, (caps->add_path[f] & ADD_PATH_RECEIVE) != 0, "add-path-rx");
	word_if(&words, (caps->add_path[f] & ADD_PATH_SEND) != 0, "add-path-tx");
	word_if(&words, caps->extended_message, "ext-messages");
	detail(c, WIDTH_BGP, "    Session:", "%s", str_get(&words));
	str_free(&words);
}

/* Whole seconds until it goes off; false: it does not run. */
static bool
left_s(const struct event *timer, uint32_t *out)
{
	struct timeval at, now;

	*out = 0;
	if (!event_pending(timer, EV_TIMEOUT, &at))
		return false;
	gettimeofday(&now, NULL);
	if (timercmp(&at, &now, >))
		*out = (uint32_t)(at.tv_sec - now.tv_sec + (at.tv_usec > now.tv_usec ? 1 : 0));
	return true;
}

static void
timer(struct bird_client *c, const char *key, const struct event *ev, uint32_t of_s)
{
	uint32_t s;

	if (left_s(ev, &s))
		detail(c, WIDTH_BGP, key, "%u/%u", s, of_s);
}

/* The hold timer is moved only when it goes off: what is left goes by the last message. */
static uint32_t
hold_left_s(const struct peer_conn *conn)
{
	uint64_t due_ns = conn->last_rx_ns + conn->hold_s * 1000000000ull,
		 now = conn->peer->d->loop->turn_start_ns;

	return due_ns > now ? (uint32_t)((due_ns - now + 999999999) / 1000000000) : 0;
}

static void
established(struct bird_client *c, const struct peer *p)
{
	enum family f = bird_family(c);
	struct ip_addr id = ip_addr_v4(p->main->theirs.id), local, remote;
	uint16_t lport, rport;
	char text[IP_ADDR_STRLEN];

	detail(c, WIDTH_BGP, "    Neighbor ID:", "%s", ip_addr_str(&id, text, sizeof(text)));
	caps(c, &p->main->theirs.caps, f);
	session(c, p, f);
	if (sockopt_ends(session_fd(p->main->session), &local, &lport, &remote, &rport) == 0)
		detail(c, WIDTH_BGP, "    Source address:", "%s", ip_addr_str(&local, text, sizeof(text)));
	if (p->session.hold_s == 0)
		return;
	detail(c, WIDTH_BGP, "    Hold timer:", "%u/%u", hold_left_s(p->main), p->session.hold_s);
	timer(c, "    Keepalive timer:", p->main->keepalive, p->session.keepalive_s);
}

/* Its routes are kept while it is away. */
static void
restarting(struct bird_client *c, const struct peer *p, enum family f)
{
	uint64_t now = p->d->loop->turn_start_ns, due = p->gr.fam[f].due_ns;

	if (!peer_gr_keeps(p, f))
		return;
	bird_line(c, BIRD_PROTOCOL_DETAILS, "    Neighbor graceful restart active");
	detail(c, WIDTH_BGP, "    Restart timer:", "%u/-",
	       due > now ? (unsigned)((due - now) / 1000000000u) : 0);
}

static void
bgp(struct bird_client *c, const struct peer *p)
{
	uint32_t as =
	    p->conf->remote_as.as != 0 || !p->main->has_open ? p->conf->remote_as.as : p->main->theirs.as;
	struct str error = {0};
	char text[IP_ADDR_STRLEN];

	detail(c, WIDTH_BGP, "  BGP state:", "%s", bird_bgp_state(p));
	detail(c, WIDTH_BGP, "    Neighbor address:", "%s", ip_addr_str(&p->addr, text, sizeof(text)));
	detail(c, WIDTH_BGP, "    Neighbor AS:", "%u", as);
	restarting(c, p, bird_family(c));
	if (peer_established(p)) {
		established(c, p);
	} else {
		timer(c, "    Connect delay:", p->connect_retry, p->conf->connect_retry_s);
		timer(c, "    Error wait:", p->idle_hold, p->conf->idle_hold.max_s);
	}
	bird_peer_error(p, &error);
	if (error.len > 0)
		detail(c, WIDTH_BGP, "    Last error:", "%s", str_get(&error));
	str_free(&error);
}

void
bird_peer_details(struct bird_client *c, const struct peer *p)
{
	struct bird_route_counts n;

	if (p->conf->description != NULL)
		detail(c, WIDTH, "  Description:", "%s", p->conf->description);
	detail(c, WIDTH, "  Preference:", "100");
	filter(c, "  Input filter:", p, p->conf->import.v, p->conf->import.n);
	filter(c, "  Output filter:", p, p->conf->export.v, p->conf->export.n);
	if (!bird_peer_is_down(p)) {
		bird_peer_counts(p, bird_family(c), &n);
		routes(c, &n);
	}
	bgp(c, p);
	bird_line(c, BIRD_PROTOCOL_DETAILS, "%s", "");
}
