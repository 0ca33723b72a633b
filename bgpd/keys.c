/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys: see keys.h.
 */
#include "bgpd/keys.h"

#include "bgpd/daemon.h"
#include "bgpd/peer.h"
#include "lib/mem.h"

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

struct list {
	struct listen_key *v;
	size_t n, cap;
};

static struct listen_key *
list_add(struct list *l, const struct ip_prefix *at)
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
	k->peer = ip_addr_from_bytes((enum family)at->family, at->bytes);
	k->prefix_len = at->len;
	return k;
}

static void
keys_add(struct list *l, const struct conf_neighbor *nb, const struct ip_prefix *at)
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

struct listen_key *
keys_wanted(const struct bgpd *d, size_t *n)
{
	struct list l = {0};

	for (uint32_t i = 0; i < d->conf->neighbors.n; i++) {
		const struct conf_neighbor *nb = &d->conf->neighbors.v[i];
		struct ip_prefix at = place(d, nb);
		if (at.family != FAMILY_NONE && keys_missing(nb) == NULL)
			keys_add(&l, nb, &at);
	}
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
keys_protect(const struct conf_neighbor *nb, int fd, const struct listen *at, const struct ip_addr *remote)
{
	if (nb->tcp_ao.n > 0)
		return tcp_ao_protects(fd);
	return nb->password.secret == NULL || (at != NULL && listen_asks_key(at, remote));
}
