/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_show_status: `show status`, which calico-node's probes and calicoctl read.
 */
#include "bgpd/bird_command.h"
#include "bgpd/bird_reply.h"
#include "bgpd/bird_time.h"
#include "bgpd/birdsock.h"
#include "bgpd/daemon.h"
#include "bgpd/reload.h"

/* Of all tables: the first that waits longest says for how long. */
static bool
recovery(const struct bgpd *d, enum family f, struct restart_wait *out)
{
	struct restart_wait w;
	bool waits = false;

	*out = (struct restart_wait){0};
	for (; d != NULL; d = instance_next(d)) {
		if (!restart_waits(&d->restart, f, &w))
			continue;
		waits = true;
		out->neighbors += w.neighbors;
		if (w.left_s >= out->left_s) {
			out->left_s = w.left_s;
			out->of_s = w.of_s;
		}
	}
	return waits;
}

static uint64_t
ago_s(const struct bgpd *d, uint64_t ns)
{
	return d->loop->turn_start_ns > ns ? (d->loop->turn_start_ns - ns) / 1000000000u : 0;
}

void
bird_show_status(struct bird_client *c, const struct bird_words *args)
{
	const struct bgpd *d = bird_daemon(c);
	struct ip_addr id = ip_addr_v4(d->router_id);
	char addr[IP_ADDR_STRLEN], when[BIRD_TIME_STRLEN];
	struct restart_wait wait;

	if (args->n > 0) {
		bird_syntax(c, args->v[0]);
		return;
	}
	bird_line(c, BIRD_VERSION, "%s", birdsock_name);
	bird_line(c, BIRD_UPTIME, "Router ID is %s", ip_addr_str(&id, addr, sizeof(addr)));
	bird_line(c, BIRD_UPTIME, "Current server time is %s", bird_time_full(0, when));
	bird_line(c, BIRD_UPTIME, "Last reboot on %s", bird_time_full(ago_s(d, d->start_ns), when));
	bird_line(c, BIRD_UPTIME, "Last reconfiguration on %s",
		  bird_time_full(ago_s(d, reload_since_ns(d->reload)), when));
	if (recovery(d, bird_family(c), &wait)) {
		bird_line(c, BIRD_RECOVERY, "Graceful restart recovery in progress");
		bird_line(c, BIRD_RECOVERY, "  Waiting for %u protocols to recover", wait.neighbors);
		bird_line(c, BIRD_RECOVERY, "  Wait timer is %u/%u", wait.left_s, wait.of_s);
	}
	if (d->stopping || d->draining)
		bird_end(c, BIRD_STATUS, "Shutdown in progress");
	else if (!reload_idle(d->reload))
		bird_end(c, BIRD_STATUS, "Reconfiguration in progress");
	else
		bird_end(c, BIRD_STATUS, "Daemon is up and running");
}
