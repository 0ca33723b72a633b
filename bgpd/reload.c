/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload: see reload.h.
 */
#include "bgpd/reload.h"

#include "bgpd/compile.h"
#include "bgpd/ctl.h"
#include "bgpd/daemon.h"
#include "bgpd/groups.h"
#include "bgpd/kernel.h"
#include "bgpd/notify.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "bgpd/pipeline.h"
#include "conf/diff.h"
#include "lib/log.h"
#include "lib/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECTION(s) (1ull << (s))
#define POLICY_SECTIONS                                                                                     \
	(SECTION(CONF_SEC_PREFIX_SETS) | SECTION(CONF_SEC_AS_PATH_SETS) | SECTION(CONF_SEC_COMMUNITY_SETS) | \
	    SECTION(CONF_SEC_POLICIES))

static const struct conf_neighbor *
usable_neighbor(const struct conf *c, const char *name)
{
	const struct conf_neighbor *nb = conf_neighbor_by_name(c, name);

	return nb != NULL && nb->address.addr.family != FAMILY_NONE ? nb : NULL;
}

static void
compile(struct bgpd *d, const struct conf_changes *ch)
{
	struct policies *old = d->policies;
	bool same = (ch->sections & POLICY_SECTIONS) == 0 &&
	    !(ch->neighbors.n > 0 && policies_read_neighbor(old));

	d->policies = policies_new(d, d->conf, same ? old : NULL);
	policies_free(old);
}

/* Peers of the old configuration: changed, or gone. refilter: something that all of them depend on is another one. */
static void
apply_peers(struct bgpd *d, const struct conf_changes *ch, bool refilter)
{
	struct peer *p, *next;

	for (p = TAILQ_FIRST(&d->peers); p != NULL; p = next) {
		next = TAILQ_NEXT(p, entry);
		if (p->removed)
			continue;
		const struct conf_neighbor *nb = usable_neighbor(d->conf, p->name);
		const struct conf_neighbor_change *nc = conf_changes_neighbor(ch, p->name);
		if (nb == NULL || (nc != NULL && nc->kind != CONF_NB_CHANGED)) {
			peer_retire(p);
			continue;
		}
		peer_reconfigure(p, nb);
		uint32_t effects = nc != NULL ? nc->effects : 0;
		if (nc != NULL)
			log_info("neighbor.changed", LOG_S("neighbor", p->name),
			    LOG_S("effect", conf_effect_name(nc->effect)));
		if (nc != NULL && nc->effect == CONF_EFFECT_RESET)
			peer_reset(p, BGP_ERR_CEASE, BGP_CEASE_CONFIG_CHANGE, "its configuration changed");
		else if (refilter || effects & (CONF_EFFECT_BIT(CONF_EFFECT_POLICY) | CONF_EFFECT_BIT(CONF_EFFECT_REFRESH)))
			peer_routes_reconfigure(p);
	}
}

static void
add_peers(struct bgpd *d, const struct conf_changes *ch)
{
	for (uint32_t i = 0; i < ch->neighbors.n; i++) {
		const struct conf_neighbor_change *nc = &ch->neighbors.v[i];
		const struct conf_neighbor *nb = usable_neighbor(d->conf, nc->name);
		if (nc->kind != CONF_NB_ADDED || nb == NULL)
			continue;
		log_info("neighbor.added", LOG_S("neighbor", nb->name));
		struct peer *p = peer_new(d, nb);
		if (p != NULL)
			peer_start(p);
	}
}

static void
apply(struct bgpd *d, struct conf *new_conf)
{
	struct conf *old_conf = d->conf;
	uint32_t old_cluster_id = d->cluster_id;
	bool default_changed =
	    new_conf->router.default_local_preference != old_conf->router.default_local_preference;
	struct conf_changes ch = {0};

	conf_diff(old_conf, new_conf, &ch);
	d->conf = new_conf;
	if (new_conf->router.id != 0)
		d->router_id = new_conf->router.id;
	d->cluster_id = new_conf->router.cluster_id != 0 ? new_conf->router.cluster_id : d->router_id;
	compile(d, &ch);
	apply_peers(d, &ch, d->cluster_id != old_cluster_id || default_changed);
	daemon_apply_settings(d);
	add_peers(d, &ch);
	groups_reconfigure(d->groups);
	if (ch.kernel_export || ch.kernel_learn || (ch.sections & SECTION(CONF_SEC_KERNEL)) || default_changed) {
		kernel_reconfigure(d->kernel);
		pipeline_touch_all(d->pipeline);
	}
	ctl_reconfigure(d->ctl);
	log_info("config.reload", LOG_U("changes", ch.all.n), LOG_U("neighbors", ch.neighbors.n));
	conf_changes_free(&ch);
	conf_free(old_conf);
}

/* An event for each line of a text. */
static void
log_lines(const char *event, const char *text)
{
	char *all = xstrdup(text), *rest = all, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0')
			log_error(event, LOG_S("error", line));
	free(all);
}

int
reload(struct bgpd *d, const char *path, struct str *errors)
{
	struct conf_errors errs = {0};
	struct conf *new_conf = NULL;
	int r = conf_load(path, &new_conf, &errs);

	if (r == 0) {
		apply(d, new_conf);
	} else {
		conf_errors_print(&errs, errors);
		log_lines("config.error", str_get(errors));
		log_error("config.reload", LOG_S("file", path), LOG_U("errors", errs.n + errs.dropped),
		    LOG_S("effect", "nothing changed"));
	}
	conf_errors_free(&errs);
	return r;
}
