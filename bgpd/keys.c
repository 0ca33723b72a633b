/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys: see keys.h.
 */
#include "bgpd/keys.h"

#include "bgpd/daemon.h"
#include "bgpd/peer.h"
#include "lib/log.h"
#include "lib/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(TCP_AO_KEY_MAX == sizeof(((struct listen_key *)0)->key), "a key of either kind has room");

static const uint8_t ao_algorithms[] = {
    [CONF_AO_HMAC_SHA1] = TCP_AO_HMAC_SHA1,
    [CONF_AO_AES_CMAC] = TCP_AO_AES_CMAC,
    [CONF_AO_HMAC_SHA256] = TCP_AO_HMAC_SHA256,
};

unsigned
keys_ao_get(const struct conf_neighbor *nb, struct tcp_ao_key out[CONF_AO_KEYS_MAX])
{
	for (uint32_t i = 0; i < nb->tcp_ao.n; i++) {
		const struct conf_ao_key *from = &nb->tcp_ao.v[i];
		out[i] = (struct tcp_ao_key){.send_id = (uint8_t)from->id,
		    .receive_id = (uint8_t)from->receive_id,
		    .algorithm = ao_algorithms[from->algorithm],
		    .len = (uint8_t)strnlen(from->secret.secret, TCP_AO_KEY_MAX)};
		memcpy(out[i].key, from->secret.secret, out[i].len);
	}
	return nb->tcp_ao.n;
}

/* Where connections of this neighbour come from; FAMILY_NONE: that is not known yet. */
static struct ip_prefix
place(const struct bgpd *d, const struct conf_neighbor *nb)
{
	const struct peer *p = nb->interface != NULL ? peer_table_by_name(&d->peer_table, nb->name) : NULL;
	const struct ip_addr *addr = p != NULL ? &p->addr : &nb->address.addr;

	return conf_neighbor_is_range(nb) || addr->family == FAMILY_NONE
	    ? nb->prefix : ip_prefix_from_addr(addr, family_bits(addr->family));
}

/* Which kind of key an address or a prefix has; neighbours that share one have the same (conf/check.c). */
enum kind { KIND_NONE, KIND_MD5, KIND_AO };

struct spot {
	struct ip_prefix at;
	uint8_t kind;    /* enum kind */
	bool there;      /* its address is known, and its VRF, if it is in one, has a device */
	uint32_t device; /* of its VRF; else 0 */
};

struct list {
	struct listen_key *v;
	size_t n, cap;
};

static struct listen_key *
list_add(struct list *l, const struct spot *at)
{
	if (l->n == l->cap) {
		/* Not realloc: what it leaves behind would still have the secrets. */
		size_t cap = l->cap == 0 ? 16 : 2 * l->cap;
		struct listen_key *v = xcalloc(cap, sizeof *v);
		if (l->n > 0)
			memcpy(v, l->v, l->n * sizeof *v);
		freezero(l->v, l->cap * sizeof *v);
		l->v = v;
		l->cap = cap;
	}
	struct listen_key *k = &l->v[l->n++];
	k->device = at->device;
	k->peer = ip_addr_from_bytes((enum family)at->at.family, at->at.bytes);
	k->prefix_len = at->at.len;
	return k;
}

static void
keys_add(struct list *l, const struct conf_neighbor *nb, const struct spot *at)
{
	struct tcp_ao_key ao[CONF_AO_KEYS_MAX];
	unsigned n = keys_ao_get(nb, ao);

	for (unsigned i = 0; i < n; i++) {
		struct listen_key *k = list_add(l, at);
		k->ao = true;
		k->send_id = ao[i].send_id;
		k->receive_id = ao[i].receive_id;
		k->algorithm = ao[i].algorithm;
		k->len = ao[i].len;
		memcpy(k->key, ao[i].key, ao[i].len);
	}
	explicit_bzero(ao, sizeof ao);
	if (nb->password.secret == NULL)
		return;
	struct listen_key *k = list_add(l, at);
	k->len = (uint8_t)strnlen(nb->password.secret, sizeof k->key);
	memcpy(k->key, nb->password.secret, k->len);
}

static enum kind
kind_of(const struct conf_neighbor *nb)
{
	return nb->tcp_ao.n > 0 ? KIND_AO : nb->password.secret != NULL ? KIND_MD5 : KIND_NONE;
}

/*
 * Keys for a range without those spots inside it that are to have another kind, or none. TCP knows no key that says "no
 * key", and the longest prefix counts: so the range goes onto the listeners in halves that leave them out, as many as it
 * is longer than the spot for each. v: the spots inside at, n > 0 of them.
 */
static void
keys_around(struct list *l, const struct conf_neighbor *nb, const struct spot *at, const struct spot *v, size_t n)
{
	struct spot *inside;

	if (n == 0) {
		keys_add(l, nb, at);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (v[i].at.len <= at->at.len)
			return;
	inside = xcalloc(n, sizeof *inside);
	for (unsigned bit = 0; bit < 2; bit++) {
		struct spot half = *at;
		size_t k = 0;
		half.at.bytes[at->at.len / 8] |= (uint8_t)(bit << (7 - at->at.len % 8));
		half.at.len++;
		for (size_t i = 0; i < n; i++)
			if (ip_prefix_covers(&half.at, &v[i].at))
				inside[k++] = v[i];
		keys_around(l, nb, &half, inside, k);
	}
	free(inside);
}

static void
range_keys_add(struct list *l, const struct conf_neighbor *nb, const struct spot *at, const struct spot *all, size_t n)
{
	struct spot *others = xcalloc(n + 1, sizeof *others);
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (all[i].there && all[i].device == at->device && all[i].kind != at->kind &&
		    ip_prefix_covers(&at->at, &all[i].at) && all[i].at.family == at->at.family)
			others[k++] = all[i];
	keys_around(l, nb, at, others, k);
	free(others);
}

static struct spot
spot_of(const struct bgpd *d, const struct conf_neighbor *nb)
{
	struct spot s = {.at = place(d, nb), .kind = (uint8_t)kind_of(nb)};

	s.device = nb->vrf != NULL ? instance_device(instance_of_neighbor(d->main, nb)) : 0;
	s.there = s.at.family != FAMILY_NONE && (nb->vrf == NULL || s.device != 0);
	return s;
}

struct listen_key *
keys_wanted(const struct bgpd *d, size_t *n)
{
	struct spot *spots = xcalloc(d->conf->neighbors.n + 1u, sizeof *spots);
	struct list l = {0};

	for (uint32_t i = 0; i < d->conf->neighbors.n; i++)
		spots[i] = spot_of(d, &d->conf->neighbors.v[i]);
	for (uint32_t i = 0; i < d->conf->neighbors.n; i++) {
		const struct conf_neighbor *nb = &d->conf->neighbors.v[i];
		if (!spots[i].there || spots[i].kind == KIND_NONE || keys_missing(nb) != NULL)
			continue;
		if (conf_neighbor_is_range(nb))
			range_keys_add(&l, nb, &spots[i], spots, d->conf->neighbors.n);
		else
			keys_add(&l, nb, &spots[i]);
	}
	free(spots);
	*n = l.n;
	return l.v;
}

const char *
keys_missing(const struct conf_neighbor *nb)
{
	if (nb->tcp_ao.n == 0 || tcp_ao_known())
		return NULL;
	return "this kernel has no TCP-AO (RFC 5925): it takes Linux 6.7 built with CONFIG_TCP_AO=y; or replace tcp-ao by "
	       "password on both sides";
}

bool
keys_protect(const struct conf_neighbor *nb, int fd, const struct listen *at, uint32_t device,
    const struct ip_addr *remote)
{
	if (nb->tcp_ao.n > 0)
		return tcp_ao_protects(fd);
	return nb->password.secret == NULL || (at != NULL && listen_asks_key(at, device, remote));
}

/* The neighbour whose key has this place; there is none any more when it has just gone. */
static const char *
name_at(const struct bgpd *d, const struct ip_prefix *at)
{
	for (uint32_t i = 0; i < d->conf->neighbors.n; i++) {
		const struct conf_neighbor *nb = &d->conf->neighbors.v[i];
		struct ip_prefix own = place(d, nb);
		if (kind_of(nb) != KIND_NONE && own.family != FAMILY_NONE && ip_prefix_covers(&own, at))
			return nb->name;
	}
	return NULL;
}

/* -1: it cannot be read */
static long
optmem_max(void)
{
	FILE *f = fopen("/proc/sys/net/core/optmem_max", "re");
	long max = -1;

	if (f == NULL)
		return -1;
	if (fscanf(f, "%ld", &max) != 1)
		max = -1;
	fclose(f);
	return max;
}

void
keys_shortage(const struct bgpd *d, const struct listen_shortage *s)
{
	if (s->without_in_all == 0) {
		log_info("listen.keys", LOG_S("effect", "there is room for the keys of all neighbours"));
		return;
	}
	log_error("listen.keys", LOG_S("neighbor", name_at(d, &s->first)), LOG_U("without", s->without_in_all),
	    LOG_U("with", s->with), LOG_I("net.core.optmem_max", optmem_max()),
	    LOG_S("error", "the kernel has no room for the keys of this neighbour and of the others without"),
	    LOG_S("effect", "they cannot connect to us, and stay down where we are passive"),
	    LOG_S("hint", "raise the sysctl net.core.optmem_max, by 140 octets a neighbour with a password"));
}
